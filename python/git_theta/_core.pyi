"""The Rust core: bytes, digests, objects, manifests. Every call releases the GIL."""

from collections.abc import Callable

class CoreError(Exception):
    """Raised by every function here; `git_theta.errors` turns it into the public tree."""

    kind: str

class Entry:
    """One line of a manifest: a stored parameter, or a view on one."""

    name: str
    dtype: str
    shape: list[int]
    size: int
    digest: str | None
    update: str
    objects: list[tuple[str, int]]
    view: str | None

class Manifest:
    """The text git keeps in place of a checkpoint."""

    @staticmethod
    def is_manifest(data: bytes) -> bool:
        """Whether `data`, or just its first 64 bytes, begins as a manifest does."""

    @staticmethod
    def parse(data: bytes) -> Manifest: ...
    @property
    def format(self) -> str: ...
    @property
    def size(self) -> int:
        """The checkpoint's size in bytes."""

    @property
    def digest(self) -> str:
        """The blake3 of the whole checkpoint, in hex."""

    def text(self) -> bytes: ...
    def entries(self) -> list[Entry]: ...
    def objects(self) -> list[tuple[str, int]]:
        """Every (oid, size) that restoring needs, once each, in manifest order."""

    def pointers(self) -> list[tuple[str, bytes]]:
        """(file name below `.git_theta/<checkpoint>/`, pointer text), one per object."""

class Counter:
    """Bytes done so far by a call that runs in another thread; read it for progress."""

    def __init__(self) -> None: ...
    @property
    def done(self) -> int: ...
    @property
    def total(self) -> int: ...

class Store:
    """The LFS objects of one repository, and the links that keep unpushed ones alive."""

    def __init__(self, objects: str, kept: str, temporary: str) -> None: ...
    def path(self, oid: str) -> str:
        """Where the object is, or would be, in the LFS store."""

    def has(self, oid: str) -> bool:
        """Whether the object is here; puts it back if only its kept link is left."""

    def release(self, oids: list[str]) -> None:
        """Drops the kept links of objects that are on a server now."""

def parse_pointer(text: bytes) -> tuple[str, int] | None:
    """(oid, size) of a canonical LFS pointer, or None."""
