"""Large checkpoints: placeholders for a moment, then the same bytes; and when they are not."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from tests.support import parameters
from tests.support.git import Git, WrongExitError

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


def test_a_command_that_only_wants_the_content_gets_it(versions: tuple[Git, list[bytes]]) -> None:
    git, contents = versions
    git("archive", "--output", "../old.tar", "HEAD~1")
    with tarfile.open(git.directory.parent / "old.tar") as archive:
        member = archive.extractfile(NAME)
        assert member is not None
        assert member.read() == contents[0]


def test_without_hooks_nothing_is_deferred(versions: tuple[Git, list[bytes]]) -> None:
    git, contents = versions
    git("-c", "core.hooksPath=/dev/null", "checkout", "-q", "HEAD~1")
    assert (git.directory / NAME).read_bytes() == contents[0]


def test_a_rebase_of_several_commits_is_not_stopped(versions: tuple[Git, list[bytes]]) -> None:
    git, contents = versions
    git("checkout", "-q", "-b", "base", "HEAD~1")
    (git.directory / "other").write_text("other\n")
    git("add", "other")
    git("commit", "-qm", "other")
    git("checkout", "-q", "main")
    git("commit", "-q", "--allow-empty", "-m", "three")
    git("rebase", "-q", "--autostash", "base")
    assert (git.directory / NAME).read_bytes() == contents[1]
    assert git.status() == []


def test_a_missing_object_still_fails_the_checkout(versions: tuple[Git, list[bytes]]) -> None:
    git, contents = versions
    objects = git("ls-tree", "-r", "HEAD~1", "--format=%(objectname) %(path)").splitlines()
    pointer = next(line.split()[0] for line in objects if ".git_theta/" in line)
    oid = git("cat-file", "blob", pointer).split("sha256:")[1].split()[0]
    for found in (git.directory / ".git").rglob(f"{oid}*"):
        found.unlink()
    with pytest.raises(WrongExitError, match="is missing"):
        git("checkout", "-q", "HEAD~1")
    git("checkout", "-q", "-f", "main")
    assert (git.directory / NAME).read_bytes() == contents[1]
