"""fsck: everything that could keep a checkpoint from coming back, found and mended."""

from __future__ import annotations

import os
from collections.abc import Iterable

from git_theta import _core, git, listing, progress, transfer
from git_theta.errors import StoredError
from git_theta.hooks import place
from git_theta.install import SETTINGS, prepare
from git_theta.repository import Repository
from git_theta.sync import plan, sync


class Problem:
    """One thing that is wrong.

    Attributes:
        kind: `missing`, `damaged`, `manifest`, `pointers`, `hooks` or `config`.
        what: what is wrong with what, in a line.
    """

    __slots__ = ("kind", "what")

    def __init__(self, kind: str, what: str) -> None:
        self.kind = kind
        self.what = what

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


def fsck(repository: Repository, revisions: Iterable[str], *, fix: bool) -> list[Problem]:
    """Checks the installation, the pointer tree, and every object of the checkpoints.

    Args:
        repository: which.
        revisions: commits whose checkpoints are checked, besides the index.
        fix: whether to mend what can be mended: hooks, pointers, pruned and damaged objects.

    Returns:
        What is wrong, or with `fix` what is still wrong.
    """
    problems = [*_check_installation(repository, fix=fix), *_check_pointers(repository, fix=fix)]
    broken: list[StoredError] = []
    found = listing.staged(repository, broken)
    for revision in revisions:
        found += listing.committed(repository, revision, broken)
    checkpoints = {(c.path, c.oid): c for c in found}
    problems += [Problem(kind, what) for kind, what in dict.fromkeys(map(_said, broken))]
    users = _users(checkpoints.values())
    bad = _check_objects(repository, users)
    if bad and fix:
        _mend(repository, bad)
        bad = _check_objects(repository, {key: users[key] for key in bad})
    problems += [Problem(kind, f"{users[key]}: object {key[0]}") for key, kind in bad.items()]
    for checkpoint in checkpoints.values():
        if not any(item in bad for item in checkpoint.manifest.objects()):
            problems += _check_values(repository, checkpoint)
    return problems


def _said(error: StoredError) -> tuple[str, str]:
    return error.kind, str(error)


Objects = dict[tuple[str, int], str]


def _users(checkpoints: Iterable[listing.Checkpoint]) -> Objects:
    """(oid, size) → the first parameter that needs the object."""
    users: Objects = {}
    for checkpoint in checkpoints:
        for entry in checkpoint.manifest.entries():
            for item in entry.objects:
                users.setdefault(item, f"'{checkpoint.path}': parameter '{entry.name}'")
        for item in checkpoint.manifest.objects():
            users.setdefault(item, f"'{checkpoint.path}': frames")
    return users


def _check_objects(repository: Repository, users: Objects) -> Objects:
    """(oid, size) → `missing` or `damaged`, for each object that is not as it should be."""
    store, bad = repository.store(), {}
    with progress.shown("checking objects", sum(size for _, size in users)) as counter:
        for oid, size in users:
            if store.verify(oid, size):
                counter.add(size)
                continue
            bad[oid, size] = "damaged" if os.path.exists(store.path(oid)) else "missing"
    return bad


def _mend(repository: Repository, bad: Objects) -> None:
    """Puts damaged objects aside and fetches those and the missing ones."""
    store = repository.store()
    aside = os.path.join(repository.store_dir, "damaged")
    for (oid, _), kind in bad.items():
        if kind == "damaged":
            os.makedirs(aside, exist_ok=True)
            os.replace(store.path(oid), os.path.join(aside, oid))
            # The kept link is most likely the same file.
            store.release([oid])
    transfer.fetch(repository, bad)


def _check_values(repository: Repository, checkpoint: listing.Checkpoint) -> list[Problem]:
    manifest = checkpoint.manifest
    try:
        with progress.shown(f"checking '{checkpoint.path}'", manifest.size) as counter:
            repository.store().restore(manifest, checkpoint.path, None, counter)
    except _core.CoreError as error:
        return [Problem(error.kind, str(error))]
    return []


def _check_pointers(repository: Repository, *, fix: bool) -> list[Problem]:
    todo = plan(repository)
    if not todo:
        return []
    if fix:
        sync(repository, work_tree=True)
        return []
    return [
        *(Problem("pointers", f"'{path}' is not in the index") for path in todo.adds),
        *(Problem("pointers", f"'{path}' is in the index for nothing") for path in todo.removals),
    ]


def _check_installation(repository: Repository, *, fix: bool) -> list[Problem]:
    cwd = repository.directory
    problems = [
        Problem("config", f"'{name}' is not set to '{value}': run 'git theta install'")
        for name, value in SETTINGS.items()
        if name != "merge.theta.name" and git.config(name, cwd=cwd) != value
    ]
    if not git.succeeds("lfs", "version", cwd=cwd):
        problems.append(Problem("config", "git-lfs is not installed, and it does all transfers"))
    if repository.top is None:
        # Nothing is committed here.
        return problems
    if not place.are_placed(repository) and fix:
        prepare(repository)
    if not place.are_placed(repository):
        problems.append(Problem("hooks", "git-theta's hooks are not all in place"))
    return problems
