"""The LFS server really is one: stock git-lfs pushes to it and clones from it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.support.git import Git
from tests.support.lfs_server import LfsServer

CONTENT = b"a large file, as far as git-lfs can tell\n"
OID = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def user(tmp_path: Path, hermetic: Path) -> Git:
    """Somebody who has git-lfs installed and nothing else."""
    git = Git(tmp_path, hermetic)
    git("lfs", "install")
    return git


@pytest.fixture
def pushed(user: Git, lfs_server: LfsServer) -> str:
    """A bare remote whose one object is on the server, under this test's own name."""
    user("init", "--quiet", "--bare", "bare.git")
    user("init", "--quiet", "work")
    name, work = user.directory.name, user.at("work")
    work("config", "lfs.url", lfs_server.url(name))
    work("lfs", "track", "*.bin")
    (work.directory / "large.bin").write_bytes(CONTENT)
    work("add", ".")
    work("commit", "--quiet", "--message", "one")
    work("push", "--quiet", "../bare.git", "main")
    return name


def clone(user: Git, server: LfsServer, status: int = 0) -> Path:
    url = f"lfs.url={server.url(user.directory.name)}"
    user("clone", "--quiet", "-c", url, "bare.git", "clone", status=status)
    return user.directory / "clone"


@pytest.mark.lfs_server
def test_push_and_clone(user: Git, pushed: str, lfs_server: LfsServer) -> None:
    assert [*lfs_server.objects(pushed)] == [OID]
    assert (clone(user, lfs_server) / "large.bin").read_bytes() == CONTENT


@pytest.mark.lfs_server
def test_a_removed_object_is_missed(user: Git, pushed: str, lfs_server: LfsServer) -> None:
    lfs_server.remove(pushed, OID)
    assert lfs_server.objects(pushed) == {}
    clone(user, lfs_server, status=128)


@pytest.mark.lfs_server
def test_a_damaged_object_is_refused(user: Git, pushed: str, lfs_server: LfsServer) -> None:
    lfs_server.damage(pushed, OID)
    clone(user, lfs_server, status=128)
