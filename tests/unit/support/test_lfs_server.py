"""The LFS server really is one: stock git-lfs pushes to it and clones from it."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from tests.support.lfs_server import LfsServer

CONTENT = b"a large file, as far as git-lfs can tell\n"
OID = hashlib.sha256(CONTENT).hexdigest()


def git(folder: Path, *arguments: str, expect: int = 0) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == expect, done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def pushed(tmp_path: Path, lfs_server: LfsServer) -> Path:
    """A bare remote whose one object is on the server, under this test's own name."""
    bare, work = tmp_path / "bare.git", tmp_path / "work"
    git(tmp_path, "init", "--quiet", "--bare", str(bare))
    git(tmp_path, "init", "--quiet", str(work))
    git(work, "lfs", "install")
    git(work, "config", "lfs.url", lfs_server.url(tmp_path.name))
    git(work, "lfs", "track", "*.bin")
    (work / "large.bin").write_bytes(CONTENT)
    git(work, "add", ".")
    git(work, "commit", "--quiet", "--message", "one")
    git(work, "remote", "add", "origin", bare.as_uri())
    git(work, "push", "--quiet", "origin", "main")
    return bare


def clone(bare: Path, server: LfsServer, expect: int = 0) -> Path:
    target = bare.parent / "clone"
    url = f"lfs.url={server.url(bare.parent.name)}"
    git(bare.parent, "clone", "--quiet", "-c", url, bare.as_uri(), str(target), expect=expect)
    return target


@pytest.mark.lfs_server
def test_push_and_clone(pushed: Path, lfs_server: LfsServer, tmp_path: Path) -> None:
    assert [*lfs_server.objects(tmp_path.name)] == [OID]
    assert (clone(pushed, lfs_server) / "large.bin").read_bytes() == CONTENT


@pytest.mark.lfs_server
def test_a_removed_object_is_missed(pushed: Path, lfs_server: LfsServer, tmp_path: Path) -> None:
    lfs_server.remove(tmp_path.name, OID)
    assert lfs_server.objects(tmp_path.name) == {}
    clone(pushed, lfs_server, expect=128)


@pytest.mark.lfs_server
def test_a_damaged_object_is_refused(pushed: Path, lfs_server: LfsServer, tmp_path: Path) -> None:
    lfs_server.damage(tmp_path.name, OID)
    clone(pushed, lfs_server, expect=128)
