"""Checkpoints too large for git's smudge: placeholders for a moment, then the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import parameters
from tests.support.git import Git

NAME = "model.safetensors"


@pytest.fixture
def versions(tmp_path: Path) -> tuple[Git, list[bytes]]:
    """A repository with two versions, where every checkpoint is too large for a smudge."""
    git = Git(tmp_path, tmp_path / "home")
    git.run("git-theta", "install")
    git("config", "--global", "theta.smudgeLimit", "100")
    git("init", "-q", "repo")
    git = git.at("repo")
    git.run("git-theta", "track", NAME)
    contents = []
    for value in ("one", "two"):
        parameters.main("set", str(git.directory / NAME), "weight", value)
        git.run("git-theta", "add", NAME, ".gitattributes")
        git("commit", "-qm", value)
        contents.append((git.directory / NAME).read_bytes())
    return git, contents


@pytest.mark.parametrize(
    "there",
    [
        ("checkout", "-q", "HEAD~1"),
        ("reset", "-q", "--hard", "HEAD~1"),
        ("checkout", "-q", "HEAD~1", "--", NAME),
        ("restore", "--source", "HEAD~1", NAME),
        ("revert", "--no-edit", "HEAD"),
        ("switch", "-q", "-c", "other", "HEAD~1"),
    ],
)
def test_every_way_back_restores_the_bytes(
    versions: tuple[Git, list[bytes]], there: tuple[str, ...]
) -> None:
    git, contents = versions
    git(*there)
    assert (git.directory / NAME).read_bytes() == contents[0]
    changed = git("diff", "--name-only").splitlines()
    assert changed == ([NAME] if there[0] == "restore" else [])


def test_a_clone_has_the_bytes(versions: tuple[Git, list[bytes]]) -> None:
    git, contents = versions
    git("clone", "-q", ".", "../clone")
    clone = git.at("../clone")
    assert (clone.directory / NAME).read_bytes() == contents[1]
    assert clone.status() == []
