"""Git's blobs, read and written many at a time."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator

from git_theta import git

#: The modes of files in git's listings; links and submodules have others.
FILES = frozenset({"100644", "100755"})
_BLOB = 3
# Up to here the objects stay loose: a pack for a handful would only wait for `git gc`.
_LOOSE = 100


def oid(text: bytes, algorithm: str) -> str:
    """The name git gives to a blob of this content.

    Args:
        text: the content.
        algorithm: the repository's object format, sha1 or sha256.
    """
    header = b"blob %d\0" % len(text)
    return hashlib.new(algorithm, header + text, usedforsecurity=False).hexdigest()


def read(names: Iterable[str], cwd: str | None = None) -> Iterator[tuple[str, bytes]]:
    """(name, content) of each blob, asked for once each; those git lacks are left out.

    Args:
        names: oids, or names of one line such as `HEAD:model.pt`; repetitions are dropped.
        cwd: whose blobs.

    Raises:
        GitError: a blob cannot be read.
    """
    unique = list(dict.fromkeys(names))
    if not unique:
        return
    asked = os.fsencode("".join(f"{name}\n" for name in unique))
    answer = git.run_bytes("cat-file", "--batch", input=asked, cwd=cwd)
    at = 0
    for name in unique:
        end = answer.index(b"\n", at)
        header = answer[at:end].split(b" ")
        at = end + 1
        if len(header) == 3 and header[2].isdigit():
            size = int(header[2])
            if header[1] == b"blob":
                yield name, answer[at : at + size]
            at += size + 1


def write(texts: Iterable[bytes], algorithm: str, cwd: str | None = None) -> None:
    """Adds blobs to the repository, all in one process.

    Args:
        texts: their contents.
        algorithm: the repository's object format.
        cwd: which repository.
    """
    unique = list(dict.fromkeys(texts))
    if not unique:
        return
    command = ("unpack-objects", "-q") if len(unique) <= _LOOSE else ("index-pack", "--stdin")
    git.run_bytes(*command, input=_pack(unique, algorithm), cwd=cwd)


def _pack(texts: list[bytes], algorithm: str) -> bytes:
    parts = [b"PACK" + (2).to_bytes(4) + len(texts).to_bytes(4)]
    for text in texts:
        parts.append(_entry_header(len(text)))
        parts.append(zlib.compress(text, 1))
    body = b"".join(parts)
    return body + hashlib.new(algorithm, body, usedforsecurity=False).digest()


def _entry_header(size: int) -> bytes:
    """Type and size as packs spell them: four bits of size beside the type, then sevens."""
    byte = _BLOB << 4 | size & 0x0F
    size >>= 4
    header = bytearray()
    while size:
        header.append(byte | 0x80)
        byte = size & 0x7F
        size >>= 7
    header.append(byte)
    return bytes(header)
