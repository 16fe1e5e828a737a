"""pull: placeholders in the work tree become the checkpoints they stand for."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from git_theta import _core, git, listing, progress, transfer
from git_theta.errors import MissingError, UsageError
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
        MissingError: no remote has some object.
    """
    top = repository.top
    if top is None:
        raise UsageError("a bare repository has no files to restore")
    waiting = [
        checkpoint
        for checkpoint in listing.staged(repository)
        if wanted(checkpoint.path) and _is_placeholder(top, checkpoint)
    ]
    store = repository.store()
    missing = [item for checkpoint in waiting for item in checkpoint.manifest.missing(store)]
    if missing:
        transfer.fetch(repository, missing)
    restored: list[str] = []
    failed: MissingError | None = None
    for checkpoint in waiting:
        try:
            # Says which parameter is lacking, if one still is.
            fetch(repository, checkpoint.path, checkpoint.manifest)
        except MissingError as error:
            failed = failed or error
            continue
        restore(repository, top, checkpoint)
        restored.append(checkpoint.path)
    _note_in_index(repository, restored)
    if failed:
        raise failed
    return restored


def restore(repository: Repository, top: str, checkpoint: listing.Checkpoint) -> None:
    """Writes one checkpoint into the work tree, whole or not at all.

    Args:
        repository: whose store.
        top: the top of the work tree.
        checkpoint: all of whose objects are here.

    Raises:
        CoreError: an object is damaged.
    """
    path = os.path.join(top, checkpoint.path)
    manifest = checkpoint.manifest
    with progress.shown(f"restoring '{checkpoint.path}'", manifest.size) as counter:
        repository.store().restore(manifest, checkpoint.path, path, counter)
    if checkpoint.executable:
        mode = os.stat(path).st_mode
        os.chmod(path, mode | (mode & 0o444) >> 2)


def _is_placeholder(top: str, checkpoint: listing.Checkpoint) -> bool:
    path = os.path.join(top, checkpoint.path)
    text = checkpoint.manifest.text()
    try:
        if os.path.islink(path) or os.path.getsize(path) != len(text):
            return False
        with open(path, "rb") as file:
            return _core.Manifest.is_manifest(file.read(64)) and _whole(path) == text
    except OSError:
        return False


def _whole(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _note_in_index(repository: Repository, paths: Sequence[str]) -> None:
    """Lets git see that the files are what the index says; a refresh alone does not."""
    if paths:
        git.run_bytes(
            *("update-index", "-z", "--stdin"),
            input=os.fsencode("\0".join(paths) + "\0"),
            cwd=repository.top,
        )
