"""pull: placeholders in the work tree become the checkpoints they stand for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from git_theta import _core, git, listing, progress, refresh, transfer
from git_theta.errors import StoredError, from_core
from git_theta.repository import Repository
from git_theta.smudge import fetch


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
    failed: list[StoredError] = []
    waiting = [
        found
        for checkpoint in listing.staged(repository, failed)
        if wanted(checkpoint.path) and (found := _placeholder(top, checkpoint)) is not None
    ]
    store = repository.store()
    missing = [item for checkpoint in waiting for item in checkpoint.manifest.missing(store)]
    if missing:
        transfer.fetch(repository, missing)
    restored: dict[str, os.stat_result | None] = {}
    for checkpoint in waiting:
        try:
            # Says which parameter is lacking, if one still is.
            fetch(repository, checkpoint.path, checkpoint.manifest)
            restored[checkpoint.path] = restore(repository, top, checkpoint)
        except StoredError as error:
            failed.append(error)
    _note_in_index(repository, waiting, restored)
    if failed:
        raise failed[0]
    return [*restored]


def restore(
    repository: Repository, top: str, checkpoint: listing.Checkpoint
) -> os.stat_result | None:
    """Writes one checkpoint into the work tree, whole or not at all.

    Args:
        repository: whose store.
        top: the top of the work tree.
        checkpoint: all of whose objects are here.

    Returns:
        What `stat` says of the file, unless somebody else has changed it since.

    Raises:
        StoredError: an object is damaged, or the disk is full.
    """
    path = os.path.join(top, checkpoint.path)
    manifest = checkpoint.manifest
    with progress.shown(f"restoring '{checkpoint.path}'", manifest.size) as counter:
        try:
            time = repository.store().restore(manifest, checkpoint.path, path, counter)
        except _core.CoreError as error:
            raise from_core(error, checkpoint.path) from error
    if checkpoint.executable:
        mode = os.stat(path).st_mode
        os.chmod(path, mode | (mode & 0o444) >> 2)
    found = os.lstat(path)
    return found if found.st_mtime_ns == time else None


def _placeholder(top: str, staged: listing.Checkpoint) -> listing.Checkpoint | None:
    """What the file in the work tree stands for, if it is a placeholder.

    Most often it is what is staged; after `git restore --source REV` it is not.
    """
    path = os.path.join(top, staged.path)
    try:
        if os.path.islink(path):
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
    repository: Repository,
    checkpoints: Sequence[listing.Checkpoint],
    restored: Mapping[str, os.stat_result | None],
) -> None:
    """Lets git see that the files are what the index says."""
    staged = {c.path: c for c in listing.staged(repository, [])} if restored else {}
    same = [
        staged[c.path]
        for c in checkpoints
        if c.path in restored
        and c.path in staged
        and staged[c.path].manifest.digest == c.manifest.digest
    ]
    files = {c.path: (c.oid, stat) for c in same if (stat := restored[c.path]) is not None}
    noted = refresh.refresh(repository, files) if files else set()
    # Git's own refresh is not enough: the sizes differ.
    if rest := [c.path for c in same if c.path not in noted]:
        git.run_bytes(
            *("update-index", "-z", "--stdin"),
            input=os.fsencode("\0".join(rest) + "\0"),
            cwd=repository.top,
        )
