"""Placeholders added by mistake, damaged, or of checkpoints that are nowhere."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.e2e.weather import ground
from tests.e2e.weather.ground import CHANGED, NAME, State
from tests.support.checkpoints import parameter, safetensors
from tests.support.git import Git


@pytest.fixture
def skipped(committed: Git) -> Git:
    """A repository whose work tree has the placeholder."""
    (committed.directory / NAME).unlink()
    committed.at(".", GIT_THETA_SKIP_SMUDGE="1")("checkout", "--", NAME)
    assert (committed.directory / NAME).read_bytes().startswith(b'{"git-theta"')
    return committed


def test_a_placeholder_added_by_mistake_changes_nothing(skipped: Git) -> None:
    before = State.of(skipped)
    os.utime(skipped.directory / NAME, (1, 1))
    assert skipped("add", ".") == ""
    assert State.of(skipped) == before
    assert skipped.status() == []


def test_a_placeholder_under_another_name_is_that_checkpoint(skipped: Git) -> None:
    shutil.copy(skipped.directory / NAME, skipped.directory / "copy.safetensors")
    skipped("add", ".")
    skipped("commit", "-qm", "copy")
    (skipped.directory / "copy.safetensors").unlink()
    skipped("checkout", "--", "copy.safetensors")
    assert (skipped.directory / "copy.safetensors").read_bytes() == safetensors(ground.v2())
    ground.assert_sound(skipped)


DAMAGE = {
    "cut short": lambda text: text[:-20],
    "a digit changed": lambda text: text.replace(b'"size": ', b'"size": 1', 1),
    "conflict markers": lambda text: text.replace(b"\n", b"\n<<<<<<< ours\n", 3),
    "another line ending": lambda text: text.replace(b"\n", b"\r\n"),
}
NEWER = {"of a newer git-theta": lambda text: text.replace(b": 1,", b": 99,", 1)}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_placeholder_is_stored_as_it_is_with_a_warning(damage: str, skipped: Git) -> None:
    path = skipped.directory / NAME
    text = DAMAGE[damage](path.read_bytes())
    path.write_bytes(text)
    ground.assert_clear(skipped("add", "."), f"'{NAME}'", "placeholder")
    skipped("commit", "-qm", "damaged")
    path.unlink()
    skipped("checkout", "--", NAME)
    assert path.read_bytes() == text
    ground.assert_sound(skipped)
    skipped("checkout", "-q", "HEAD~", "--", NAME)
    assert path.read_bytes() == safetensors(ground.v2())


@pytest.mark.parametrize("damage", ["conflict markers", "of a newer git-theta"])
def test_a_damaged_manifest_that_is_committed_stands_in_nobodys_way(
    damage: str, committed: Git
) -> None:
    """A merge on a server may make one: the branch can still be checked out and mended."""
    git = committed
    text = (DAMAGE | NEWER)[damage](git("cat-file", "blob", f":{NAME}").encode())
    oid = git("hash-object", "-w", "--stdin", stdin=text).strip()
    git("update-index", "--cacheinfo", f"100644,{oid},{NAME}")
    git("commit", "-qm", "damaged")
    (git.directory / NAME).unlink()
    found, said = git.attempt("git", "checkout", "--", NAME)
    assert found == 128
    ground.assert_clear(said, f"'{NAME}'", "newer" if "newer" in damage else "manifest line")
    git.at(".", GIT_THETA_SKIP_SMUDGE="1")("checkout", "--", NAME)
    assert (git.directory / NAME).read_bytes() == text
    os.utime(git.directory / NAME, (1, 1))
    git("add", ".")
    assert git.status() == []
    for command in ("ls", "pull", "fsck"):
        arguments = [NAME] if command == "ls" else []
        found, said = git.attempt("git-theta", command, *arguments)
        assert found in {1, 128}
        assert f"'{NAME}'" in said
        assert "Traceback" not in said
    git("checkout", "-q", "v2", "--", NAME)
    git("commit", "-qm", "mended")
    assert (git.directory / NAME).read_bytes() == safetensors(ground.v2())
    ground.assert_sound(git)


def test_a_placeholder_whose_objects_are_nowhere_is_kept_and_named(git: Git) -> None:
    ground.save(git, safetensors({CHANGED: parameter("F32", 64, seed="nowhere")}))
    git("add", ".")
    [(oid, _)] = ground.entries(git)[CHANGED]
    text = git("cat-file", "blob", f":{NAME}").encode()
    git("rm", "-q", "-r", "--cached", NAME)
    for directory in ("lfs/objects", "theta"):
        shutil.rmtree(git.directory / ".git" / directory)
    ground.save(git, text)
    assert git("add", ".") == ""
    git("commit", "-qm", "nowhere")
    assert git("cat-file", "blob", f"HEAD:{NAME}").encode() == text
    found, said = git.attempt("git-theta", "pull")
    assert found == 128
    ground.assert_clear(said, f"'{NAME}'", f"parameter '{CHANGED}'", oid, "missing")
    assert (git.directory / NAME).read_bytes() == text
    found, said = git.attempt("git-theta", "fsck", "--fix")
    assert (found, said.split(":")[0]) == (1, "missing")
    found, said = git.attempt("git", "push", "-q", "origin", "main:nowhere")
    assert found != 0
    assert oid in said
    assert git("ls-remote", "origin", "nowhere") == ""
    assert git.status() == []
