"""clean: what `git add` does with one file of the work tree."""

from __future__ import annotations

import os
import sys

from git_theta import _core, blobs, progress
from git_theta.attributes import DIRECTORY
from git_theta.errors import GitError, ManifestError, NewerError, told
from git_theta.repository import Repository


def clean(session: _core.Session, repository: Repository, path: str) -> None:
    """Answers git's request to clean `path`.

    Args:
        session: the conversation with git; the content has not been read yet.
        repository: where objects go.
        path: relative to the top of the work tree, where this process runs.

    Raises:
        _core.CoreError: nothing has been answered.
    """
    store = repository.store()
    if path.startswith(f"{DIRECTORY}/"):
        session.clean_pointer(store)
        return
    memory = os.path.join(repository.theta_dir, "cache")
    with progress.shown(f"adding '{path}'", _size(path)) as counter:
        session.clean(path, store, found := bases(path), memory, counter)
    _warn_of_damage(path, found)


def bases(path: str) -> list[bytes]:
    """The manifests that the index and HEAD have for `path`, if they have any.

    Args:
        path: relative to the top of the work tree.
    """
    if "\n" in path:
        # `cat-file --batch` reads lines; such a name is only cleaned more slowly.
        return []
    try:
        texts = dict.fromkeys(text for _, text in blobs.read((f":0:{path}", f"HEAD:{path}")))
    except GitError:
        # What git cannot read is not known; adding the file again may be what mends it.
        return []
    return [text for text in texts if _core.Manifest.is_manifest(text[:64])]


def _warn_of_damage(path: str, known: list[bytes]) -> None:
    """Says so if what is now stored as a checkpoint was a placeholder once."""
    try:
        with open(path, "rb") as file:
            if not _core.Manifest.is_manifest(head := file.read(64)):
                return
            text = head + file.read()
        if text not in known and not any(_size_of(base) == len(text) for base in known):
            _core.Manifest.parse(text)
    except OSError:
        return
    except _core.CoreError as error:
        if error.kind == NewerError.kind:
            return
        damage = ManifestError(
            f"'{path}' looks like a placeholder, but {error}; it is stored as it is",
            hint="the last sound one comes back with: git checkout HEAD -- PATH",
        )
        sys.stderr.write(told(damage)[0])


def _size_of(manifest: bytes) -> int | None:
    """The size of its checkpoint; what was added before needs no second warning."""
    try:
        return _core.Manifest.parse(manifest).size
    except _core.CoreError:
        return None


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0
