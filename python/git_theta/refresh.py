"""Tells git's index what restored files look like, so that git trusts them without reading them.

`git update-index` would send each of them through the filter once more. The index's form is
gitformat-index(5). What `stat` said of a file has one place and one length in all its
versions, so that nothing else in it changes but the checksum.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator, Mapping

from git_theta.repository import Repository, real_index_in_use

_HEADER = struct.Struct(">4sLL")
_VERSIONS = (2, 3, 4)
_WITH_PREFIXES = 4
# ctime, mtime, device and inode; then the mode; then owner, group and size.
_TIMES, _OWNER = struct.Struct(">6L"), struct.Struct(">3L")
_OWNER_AT, _OID_AT = 28, 40
_EXTENDED, _STAGE = 0x4000, 0x3000
_32_BITS = 0xFFFFFFFF
# What comes of reading what is no index, and of a full disk; git will say more of it.
_DAMAGED = (ValueError, IndexError, struct.error, OSError)


def refresh(repository: Repository, files: Mapping[str, tuple[str, os.stat_result]]) -> set[str]:
    """Notes in the index that files are unchanged.

    Args:
        repository: whose index; nothing is done while another git has locked it, or when it
            is of a form that this does not know.
        files: path → the oid that the index must have for it, and what `stat` says of it.

    Returns:
        The paths that were noted.
    """
    if not real_index_in_use(repository):
        return set()
    index = os.path.realpath(repository.index)
    lock = index + ".lock"
    try:
        mode = os.stat(index).st_mode & 0o777
        descriptor = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError:
        return set()
    noted: set[str] = set()
    try:
        with open(descriptor, "wb") as out:
            os.chmod(lock, mode)
            with open(index, "rb") as file:
                data, noted = _noted(file.read(), repository.algorithm, files)
            out.write(data)
    except _DAMAGED:
        noted = set()
    except BaseException:
        os.unlink(lock)
        raise
    if noted:
        os.replace(lock, index)
    else:
        os.unlink(lock)
    return noted


def _noted(
    found: bytes, algorithm: str, files: Mapping[str, tuple[str, os.stat_result]]
) -> tuple[bytes, set[str]]:
    digest = hashlib.new(algorithm, usedforsecurity=False)
    length = digest.digest_size
    body, checksum = bytearray(found[:-length]), found[-length:]
    digest.update(body)
    # With `index.skipHash` there are zeros in its place.
    is_hashed = any(checksum)
    if is_hashed and digest.digest() != checksum:
        return b"", set()
    noted = set()
    for at, name in _entries(found, length):
        oid, stat = files.get(os.fsdecode(name), (None, None))
        if stat is None or bytes.fromhex(oid or "") != found[at + _OID_AT : at + _OID_AT + length]:
            continue
        # Git takes a size of 0 here for "look again", and a multiple of 4 GiB for that size.
        if stat.st_size & _32_BITS:
            _write_stat(body, at, stat)
            noted.add(os.fsdecode(name))
    digest = hashlib.new(algorithm, body, usedforsecurity=False)
    return bytes(body) + (digest.digest() if is_hashed else checksum), noted


def _write_stat(body: bytearray, at: int, stat: os.stat_result) -> None:
    times = (*divmod(stat.st_ctime_ns, 10**9), *divmod(stat.st_mtime_ns, 10**9))
    words = [word & _32_BITS for word in (*times, stat.st_dev, stat.st_ino)]
    _TIMES.pack_into(body, at, *words)
    owner = [word & _32_BITS for word in (stat.st_uid, stat.st_gid, stat.st_size)]
    _OWNER.pack_into(body, at + _OWNER_AT, *owner)


def _entries(data: bytes, length: int) -> Iterator[tuple[int, bytes]]:
    """Where each entry of a path without conflict begins, and its path."""
    signature, version, count = _HEADER.unpack_from(data)
    if signature != b"DIRC" or version not in _VERSIONS:
        return
    at, name = _HEADER.size, b""
    for _ in range(count):
        start, at = at, at + _OID_AT + length + 2
        flags = int.from_bytes(data[at - 2 : at])
        at += 2 if flags & _EXTENDED else 0
        if version == _WITH_PREFIXES:
            dropped, at = _varint(data, at)
            end = data.index(0, at)
            name = name[: len(name) - dropped] + data[at:end]
            at = end + 1
        else:
            end = data.index(0, at)
            name = data[at:end]
            at = start + (end - start + 8) // 8 * 8
        if not flags & _STAGE:
            yield start, name


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number as git writes offsets of packs, and where it ends."""
    byte = data[at]
    value = byte & 0x7F
    while byte & 0x80:
        at += 1
        byte = data[at]
        value = (value + 1 << 7) + (byte & 0x7F)
    return value, at + 1
