"""pull: placeholders in the work tree become the checkpoints they stand for."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping, Sequence

from git_theta import _core, git, listing, progress, refresh, transfer
from git_theta.errors import GitError, StoredError, from_core
from git_theta.repository import Repository
from git_theta.smudge import fetch

_TRIES = 20
_PAUSE = 0.25  # seconds
_REFRESH = (
    *("--literal-pathspecs", "add", "--refresh"),
    *("--pathspec-from-file=-", "--pathspec-file-nul"),
)


def pull(repository: Repository, wanted: Callable[[str], bool]) -> list[str]:
    """Restores every placeholder, after fetching what is missing in one batch.

    A file that is no placeholder is left alone, whether it has changes or not.

    Args:
        repository: whose work tree.
        wanted: tells for a path, from the top of the work tree, whether it is meant.

    Returns:
        The paths of the checkpoints restored.

    Raises:
        UsageError: there is no work tree.
        StoredError: some could not be restored; the others were.
    """
    top = repository.work_tree
    store = repository.store()
    store.sweep()
    failed: list[StoredError] = []
    waiting = [
        found
        for checkpoint in listing.staged(repository, failed)
        if wanted(checkpoint.path) and (found := _placeholder(top, checkpoint)) is not None
    ]
    missing = [item for checkpoint in waiting for item in checkpoint.manifest.missing(store)]
    if missing:
        transfer.fetch(repository, missing)
    restored: dict[str, int] = {}
    for checkpoint in waiting:
        try:
            # Says which parameter is lacking, if one still is.
            fetch(repository, checkpoint.path, checkpoint.manifest)
            changed = restore(repository, top, checkpoint)
        except StoredError as error:
            failed.append(error)
        else:
            if changed is not None:
                restored[checkpoint.path] = changed
    _note_in_index(repository, [c for c in waiting if c.path in restored], restored)
    if failed:
        raise failed[0]
    return [*restored]


def restore(repository: Repository, top: str, checkpoint: listing.Checkpoint) -> int | None:
    """Writes one checkpoint in place of its placeholder, whole or not at all.

    Args:
        repository: whose store.
        top: the top of the work tree.
        checkpoint: all of whose objects are here.

    Returns:
        The file's time of change, in nanoseconds; None if the placeholder was not there any more
        in the end. What took its place meanwhile stays.

    Raises:
        StoredError: an object is damaged, or the disk is full.
    """
    path = os.path.join(top, checkpoint.path)
    manifest = checkpoint.manifest
    with progress.shown(f"restoring '{checkpoint.path}'", manifest.size) as counter:
        try:
            changed = repository.store().restore(manifest, checkpoint.path, path, counter)
        except _core.CoreError as error:
            raise from_core(error, checkpoint.path) from error
    if changed is not None and checkpoint.executable:
        mode = os.stat(path).st_mode
        os.chmod(path, mode | (mode & 0o444) >> 2)
    return changed


def _placeholder(top: str, staged: listing.Checkpoint) -> listing.Checkpoint | None:
    """What the file in the work tree stands for, if it is a placeholder.

    Most often it is what is staged; after `git restore --source REV` it is not.
    """
    path = os.path.join(top, staged.path)
    directory = os.path.dirname(path)
    if os.path.relpath(os.path.realpath(directory), os.path.realpath(top)) != os.path.normpath(
        os.path.dirname(staged.path)
    ):
        # Behind a link of the user's there are files of another place.
        return None
    try:
        # A pipe in its place would be waited for.
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return None
        with open(path, "rb") as file:
            head = file.read(64)
            if not _core.Manifest.is_manifest(head):
                return None
            text = head + file.read()
        manifest = staged.manifest if text == staged.manifest.text() else _core.Manifest.parse(text)
    except (OSError, _core.CoreError):
        # Nothing there, or bytes that only begin as a manifest does: a file of the user's.
        return None
    return listing.Checkpoint(staged.path, staged.oid, manifest, executable=staged.executable)


def _note_in_index(
    repository: Repository, restored: Sequence[listing.Checkpoint], changed: Mapping[str, int]
) -> None:
    """Lets git see that the files are what the index says; its own refresh is not enough."""
    staged = {c.path: c for c in listing.staged(repository, [])} if restored else {}
    same = [
        now
        for before in restored
        if (now := staged.get(before.path)) and now.manifest.digest == before.manifest.digest
    ]
    files = {}
    for checkpoint in same:
        found = os.lstat(os.path.join(repository.work_tree, checkpoint.path))
        if found.st_mtime_ns == changed[checkpoint.path]:
            files[checkpoint.path] = checkpoint.oid, found
    noted = refresh.refresh(repository, files) if files else set()
    if rest := [checkpoint for checkpoint in same if checkpoint.path not in noted]:
        _let_git_look(repository, rest)


def _let_git_look(repository: Repository, restored: Sequence[listing.Checkpoint]) -> None:
    """The index forgets how large the files were, so that git compares them.

    To add them would stage what the user has written into them since.
    """
    lines = [f"{'100755' if c.executable else '100644'} {c.oid}\t{c.path}\0" for c in restored]
    paths = "\0".join(c.path for c in restored) + "\0"
    for *command, text in (
        ("update-index", "-z", "--index-info", "".join(lines)),
        (*_REFRESH, paths),
    ):
        _patiently(*command, input=os.fsencode(text), cwd=repository.top)


def _patiently(*command: str, input: bytes, cwd: str | None) -> None:  # noqa: A002
    """Runs git again for a while if it fails: another git may hold the lock on the index."""
    for _ in range(_TRIES):
        try:
            git.run_bytes(*command, input=input, cwd=cwd)
        except GitError:
            time.sleep(_PAUSE)
        else:
            return
    git.run_bytes(*command, input=input, cwd=cwd)
