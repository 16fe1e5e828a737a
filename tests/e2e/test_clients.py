"""Other clients: Debian's git-lfs, and machines without git-theta."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support import workshop
from tests.support.git import CONFIG, Git
from tests.support.workshop import COUNT, MODEL

NAME = "head.weight"


@pytest.fixture
def clone(git: Git) -> Git:
    """A clone of a remote with two versions, all objects fetched."""
    workshop.commit(git, NAME)
    git("push", "-q", "origin", "main", "v1")
    return workshop.clone(git)


@pytest.fixture
def plain(git: Git, tmp_path: Path) -> Git:
    """Another user's clone of the remote; they never heard of git-theta."""
    git("push", "-q", "origin", "main")
    home = tmp_path / "plain"
    home.mkdir()
    (home / ".gitconfig").write_text(CONFIG, encoding="utf-8")
    path = os.pathsep.join(_without_theta())
    user = Git(tmp_path, home)
    user = Git(tmp_path, home, {**user.env, "PATH": path})
    user.run("git", "lfs", "install")
    user("clone", "-q", (tmp_path / "origin.git").as_uri(), "theirs")
    return user.at("theirs")


def _without_theta() -> list[str]:
    """A PATH on which everything is but git-theta."""
    folders = os.environ["PATH"].split(os.pathsep)
    return [name for name in folders if not (Path(name) / "git-theta-filter").exists()]


@pytest.mark.parametrize("command", ["pull", "checkout"])
def test_content_that_git_lfs_writes_over_pointers_harms_nothing(clone: Git, command: str) -> None:
    index = clone("ls-files", "-s")
    clone("lfs", command)
    assert clone("ls-files", "-s") == index
    assert clone.status() == []
    data = workshop.commit(clone, "embed.weight")
    assert clone.status() == []
    for path in clone.lines("ls-tree", "-r", "--name-only", "HEAD", ".git_theta/"):
        assert clone("cat-file", "blob", f"HEAD:{path}").startswith("version https://git-lfs")
    clone("push", "-q", "origin", "main")
    clone("checkout", "-q", "v1")
    clone("checkout", "-q", "main")
    assert workshop.read(clone) == data
    assert clone.status() == []


def test_git_lfs_reads_what_is_there(clone: Git) -> None:
    listed = clone.lines("lfs", "ls-files", "--name-only")
    assert len(listed) == COUNT
    assert f".git_theta/{MODEL}/{NAME}" in listed
    assert "Git LFS fsck OK" in clone("lfs", "fsck")
    clone("lfs", "migrate", "info", "--everything", "--pointers=follow")
    clone("lfs", "migrate", "info")
    clone("lfs", "status")
    assert clone.status() == []


def test_git_lfs_fsck_finds_a_damaged_object(clone: Git) -> None:
    path = next(iter(workshop.objects(clone).values()))
    path.chmod(0o644)
    path.write_bytes(b"?" * path.stat().st_size)
    clone("lfs", "fsck", "--objects", status=1)


def test_without_git_theta_a_clone_has_a_placeholder_that_says_what_to_do(plain: Git) -> None:
    first = workshop.read(plain).decode().splitlines()[0]
    assert "git theta" in first
    assert "git-theta" in first
    assert plain.status() == []


def test_without_git_theta_other_work_is_not_harmed(plain: Git, git: Git) -> None:
    (plain.directory / "notes").write_text("theirs\n")
    plain("add", ".")
    plain("commit", "-qm", "notes")
    plain("push", "-q", "origin", "main")
    git("pull", "-q", "--ff-only", "origin", "main")
    assert git.status() == []
    assert workshop.pointers(git, "HEAD") == workshop.pointers(git, "v1")
    workshop.commit(git, NAME)
    git("push", "-q", "origin", "main")
    plain("pull", "-q")
    assert plain.status() == []


def test_git_theta_installed_later_restores(plain: Git, git: Git) -> None:
    later = git.at(plain.directory)
    assert "restored 1 checkpoint" in later.run("git-theta", "pull")
    assert workshop.read(later) == workshop.read(git)
    assert later.status() == []
    data = workshop.commit(later, NAME)
    later("push", "-q", "origin", "main")
    git("pull", "-q", "origin", "main")
    assert workshop.read(git) == data


def test_hooks_of_a_repository_do_not_fail_without_git_theta(plain: Git, git: Git) -> None:
    shared = plain.at(git.directory)
    (git.directory / "notes").write_text("one\n")
    shared("add", "notes")
    said = shared("commit", "-qm", "notes", "--", "notes")
    assert "git-theta-filter is not on the PATH" in said
    shared("push", "-q", "origin", "main")
    shared("checkout", "-q", "-b", "more")


def test_installed_but_not_on_the_path_says_so(git: Git, plain: Git) -> None:
    git("push", "-q", "origin", "main")
    user = Git(plain.directory.parent, git.home, {**git.env, "PATH": plain.env["PATH"]})
    url = (git.home.parent / "origin.git").as_uri()
    status, said = user.attempt("git", "clone", "-q", url, "lost")
    assert status != 0
    assert "git-theta-filter" in said
    assert not (user.directory / "lost" / MODEL).exists()


def test_a_placeholder_added_by_mistake_changes_nothing(git: Git) -> None:
    git("push", "-q", "origin", "main")
    clone = workshop.clone(git.at(".", GIT_LFS_SKIP_SMUDGE="1"))
    before = clone("ls-files", "-s")
    os.utime(clone.directory / MODEL)
    clone("add", "--renormalize", ".")
    clone("add", ".")
    assert clone("ls-files", "-s") == before
    assert clone.status() == []
