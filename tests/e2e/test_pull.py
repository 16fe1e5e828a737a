"""`git theta pull`: placeholders, and what is not one."""

from __future__ import annotations

import pytest

from tests.support import workshop
from tests.support.git import Git
from tests.support.workshop import MODEL

NAME = "head.weight"


@pytest.mark.parametrize("switch", ["GIT_THETA_SKIP_SMUDGE", "GIT_LFS_SKIP_SMUDGE"])
def test_placeholders_stay_until_they_are_pulled(git: Git, switch: str) -> None:
    workshop.save(git, path="big/other.safetensors")
    git("add", ".")
    git("commit", "-qm", "other")
    git("push", "-q", "origin", "main")
    clone = workshop.clone(git.at(".", **{switch: "1"}))
    assert workshop.read(clone).startswith(b'{"git-theta"')
    assert workshop.objects(clone) == {}
    assert clone.status() == []
    clone = git.at(clone.directory)
    clone.run("git-theta", "pull", "--include", "big/*")
    assert workshop.read(clone, "big/other.safetensors") == workshop.read(git)
    assert workshop.read(clone).startswith(b'{"git-theta"')
    clone.run("git-theta", "pull", "-I", MODEL, "-I", "nothing*")
    assert workshop.read(clone) == workshop.read(git)
    assert clone.status() == []
    assert "restored 0 checkpoints" in clone.run("git-theta", "pull")


def test_nothing_behind_a_link_is_written(git: Git) -> None:
    workshop.save(git, path="big/other.safetensors")
    git("add", ".")
    git("commit", "-qm", "other")
    big, elsewhere = git.directory / "big", git.home / "elsewhere"
    big.rename(elsewhere)
    big.symlink_to(elsewhere)
    placeholder = git("cat-file", "blob", "HEAD:big/other.safetensors")
    (elsewhere / "other.safetensors").write_text(placeholder)
    assert "restored 0 checkpoints" in git.run("git-theta", "pull")
    assert (elsewhere / "other.safetensors").read_text() == placeholder


def test_a_change_is_never_pulled_over(git: Git) -> None:
    data = workshop.save(git, workshop.changed(NAME))
    git.run("git-theta", "pull")
    assert workshop.read(git) == data
