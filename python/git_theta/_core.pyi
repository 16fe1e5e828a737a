"""The Rust core: bytes, digests, objects, manifests. Long calls release the GIL."""

from typing import Self, final

__all__ = [
    "Content",
    "CoreError",
    "Counter",
    "Entry",
    "Manifest",
    "Session",
    "Store",
    "merge",
    "parse_pointer",
]

class CoreError(Exception):
    """Raised by every function here; `git_theta.errors` turns it into the public tree."""

    kind: str

@final
class Counter:
    """Bytes done so far by a call that runs in another thread; read it for progress."""

    def __new__(cls) -> Self: ...
    @property
    def done(self) -> int: ...
    @property
    def total(self) -> int: ...
    def add(self, count: int) -> None:
        """Note that `count` more bytes are done."""

    def expect(self, count: int) -> None:
        """Note that `count` more bytes are to be done."""

@final
class Entry:
    """One parameter of a manifest: a stored one, or a view on one."""

    @property
    def name(self) -> str: ...
    @property
    def dtype(self) -> str: ...
    @property
    def shape(self) -> list[int]: ...
    @property
    def size(self) -> int: ...
    @property
    def digest(self) -> str | None: ...
    @property
    def update(self) -> str: ...
    @property
    def objects(self) -> list[tuple[str, int]]: ...
    @property
    def view(self) -> str | None: ...

@final
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

    def missing(self, store: Store) -> list[tuple[str, int]]:
        """Those of `objects()` that are not in the store; puts back pruned ones that are kept."""

    def pointers(self) -> list[tuple[str, bytes]]:
        """(file name below `.git_theta/<checkpoint>/`, pointer text), one per object."""

@final
class Store:
    """The LFS objects of one repository, and the links that keep unpushed ones alive."""

    def __new__(cls, objects: str, kept: str, temporary: str) -> Self: ...
    def path(self, oid: str) -> str:
        """Where the object is, or would be, in the LFS store."""

    def has(self, oid: str, size: int | None = None) -> bool:
        """Whether the object is here; puts it back if only its kept link is left."""

    def verify(self, oid: str, size: int) -> bool:
        """Whether the object is here and its sha256 is its oid."""

    def release(self, oids: list[str]) -> None:
        """Drop the kept links of objects that are on a server now."""

    def sweep(self) -> None:
        """Remove what processes that no longer run have left unfinished."""

    def restore(
        self, manifest: Manifest, name: str, path: str | None, counter: Counter
    ) -> int | None:
        """Put the checkpoint in place of its placeholder at `path`; None: only check that it can be.

        Its time of change then, in nanoseconds; None if the placeholder was gone, or another,
        and nothing was changed. `name` is for messages.
        """

@final
class Content:
    """What git sent to be smudged."""

    def bytes(self) -> bytes | None:
        """The bytes, if they are few; None when they are kept in a file."""

@final
class Session:
    """Our end of the pipes between git and this process."""

    @staticmethod
    def process() -> Session:
        """Speak the long-running filter protocol on standard input and output."""

    @staticmethod
    def single() -> Session:
        """Take one file from standard input and answer on standard output."""

    def next(self) -> tuple[str, bytes, str | None] | None:
        """(command, path name, treeish) of the next request; None at the end."""

    def clean(
        self, path: str, store: Store, bases: list[bytes], memory: str, counter: Counter
    ) -> None:
        """Clean the content and answer; when it raises, nothing has been answered."""

    def clean_pointer(self, store: Store) -> None:
        """Clean a file of the pointer tree and answer."""

    def receive(self, store: Store) -> Content:
        """Take the content of a request, whole."""

    def send(self, content: Content) -> None:
        """Answer with content as it came."""

    def smudge(self, manifest: Manifest, name: str, store: Store, counter: Counter) -> None:
        """Answer with the restored checkpoint; when it raises, git has been told to drop it."""

    def refuse(self) -> None:
        """Answer that the request failed."""

def merge(
    ancestor: bytes, ours: bytes, theirs: bytes, store: Store, nested: bool
) -> tuple[bytes, list[str]]:
    """Merge three manifests' texts: (merged text, names of parameters that both sides changed)."""

def parse_pointer(text: bytes) -> tuple[str, int] | None:
    """(oid, size) of a canonical LFS pointer, or None."""
