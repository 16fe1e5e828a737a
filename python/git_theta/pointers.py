"""The pointers that manifests want: their paths in the pointer tree, and their text."""

from __future__ import annotations

from collections.abc import Iterable

from git_theta import _core, blobs
from git_theta.attributes import DIRECTORY

#: git-lfs takes no blob of this size or more for a pointer.
LIMIT = 1024


class Wanted:
    """What the manifests of one tree want.

    Attributes:
        texts: pointer path → the pointer's text.
        unreadable: checkpoint path → why its manifest cannot be read; nobody knows which
            pointers these want, so theirs are left as they are.
    """

    __slots__ = ("texts", "unreadable")

    def __init__(self) -> None:
        self.texts: dict[str, bytes] = {}
        self.unreadable: dict[str, str] = {}


def wanted(checkpoints: Iterable[tuple[str, str]], cwd: str | None = None) -> Wanted:
    """The pointers that the manifests among these blobs want.

    Args:
        checkpoints: (path, blob oid); blobs that are no manifests want nothing.
        cwd: whose blobs.
    """
    pairs = list(checkpoints)
    manifests = dict(blobs.read((oid for _, oid in pairs), cwd))
    result = Wanted()
    for path, oid in pairs:
        try:
            result.texts.update(of_manifest(path, manifests.get(oid, b"")))
        except _core.CoreError as error:
            result.unreadable[path] = str(error)
    return result


def of_manifest(path: str, blob: bytes) -> list[tuple[str, bytes]]:
    """(pointer path, text) for every object that a checkpoint's blob names.

    Args:
        path: the checkpoint's.
        blob: its manifest; anything else wants nothing.

    Raises:
        CoreError: it begins as a manifest does, but cannot be read.
    """
    if not _core.Manifest.is_manifest(blob):
        return []
    named = _core.Manifest.parse(blob).pointers()
    return [(f"{DIRECTORY}/{path}/{name}", text) for name, text in named]


def parse(text: bytes) -> tuple[str, int] | None:
    """(oid, size) of a canonical pointer, or None."""
    return _core.parse_pointer(text) if len(text) < LIMIT else None


def text(oid: str, size: int) -> bytes:
    """The canonical pointer to an object."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n".encode()
