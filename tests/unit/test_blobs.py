"""Blobs, written in packs made by hand: git must read back what went in."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from git_theta import blobs
from tests.support.git import Git


@pytest.fixture(params=["sha1", "sha256"])
def git(request: pytest.FixtureRequest, tmp_path: Path) -> Git:
    git = Git(tmp_path, tmp_path / "home")
    git("init", "-q", f"--object-format={request.param}")
    return git


def algorithm(git: Git) -> str:
    return git("rev-parse", "--show-object-format").strip()


@pytest.mark.parametrize("count", [1, 100, 101, 500])
def test_what_is_written_is_read(git: Git, count: int) -> None:
    texts = [b"%d " % n * (n % 300) for n in range(count)]
    blobs.write([*texts, *texts[:3]], algorithm(git), str(git.directory))
    names = [blobs.oid(text, algorithm(git)) for text in texts]
    assert dict(blobs.read(names, str(git.directory))) == dict(zip(names, texts, strict=True))
    git("fsck", "--strict")


def test_writing_what_is_there_already(git: Git) -> None:
    for count in (3, 150):
        texts = [b"%d" % n for n in range(count)]
        for _ in range(2):
            blobs.write(texts, algorithm(git), str(git.directory))
    blobs.write([], algorithm(git), str(git.directory))


def test_names_are_gits_own(git: Git) -> None:
    for text in (b"", b"x", b"\0" * 5000):
        found = git("hash-object", "--stdin", stdin=text).strip()
        assert blobs.oid(text, algorithm(git)) == found


def test_what_is_no_blob_or_not_there_is_left_out(git: Git) -> None:
    blobs.write([b"x"], algorithm(git), str(git.directory))
    there = blobs.oid(b"x", algorithm(git))
    tree = git("mktree", stdin=f"100644 blob {there}\tx\n".encode()).strip()
    lacking = blobs.oid(b"y", algorithm(git))
    asked = [lacking, tree, there, there, "no such name"]
    assert list(blobs.read(asked, str(git.directory))) == [(there, b"x")]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(texts=st.lists(st.binary(max_size=40000), max_size=5))
def test_any_bytes(git: Git, texts: list[bytes]) -> None:
    blobs.write(texts, algorithm(git), str(git.directory))
    names = {blobs.oid(text, algorithm(git)): text for text in texts}
    assert dict(blobs.read(names, str(git.directory))) == names
