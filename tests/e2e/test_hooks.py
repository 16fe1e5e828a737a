"""Hooks that are there already are kept, called, and put back as they were."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support import workshop
from tests.support.git import Git

NAME = "head.weight"
USERS = ("pre-commit", "post-commit", "commit-msg", "pre-push", "post-checkout")
LFS = ("pre-push", "post-checkout", "post-commit", "post-merge")


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """A repository that has not heard of git-theta yet, though the user has."""
    return workshop.start(workshop.bare(tmp_path))


def put(directory: Path, *names: str) -> dict[str, bytes]:
    """Hooks that note their name, arguments and input in `called` at the top."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = directory / name
        feed = "cat >> called; " if name == "pre-push" else ""
        path.write_text(f'#!/bin/sh\necho "{name} $#" >> called; {feed}exit 0\n')
        path.chmod(0o755)
    return contents(directory)


def contents(directory: Path) -> dict[str, bytes]:
    """Name → bytes of every hook that git would run, and of whatever lies beside them."""
    files = (path for path in directory.iterdir() if path.is_file())
    return {path.name: path.read_bytes() for path in files if path.suffix != ".sample"}


def work(git: Git, *names: str) -> list[str]:
    """Tracks, commits and pushes a checkpoint, checks the result, and says who was called.

    Args:
        git: where.
        names: the parameters that are changed.
    """
    git.run("git-theta", "track", "*.safetensors")
    with (git.directory / ".git/info/exclude").open("a") as file:
        file.write("called\n")
    workshop.save(git, workshop.changed(*names))
    git("add", ".")
    git("commit", "-qm", "v1")
    git("checkout", "-q", "-b", f"b{len(git.lines('branch'))}")
    git("push", "-q", "origin", "HEAD")
    assert workshop.pointers(git, "HEAD") != set()
    assert git.status() == []
    origin = git.home.parent / "origin.git"
    assert workshop.objects(origin).keys() == workshop.objects(git).keys()
    called = git.directory / "called"
    found = called.read_text().splitlines() if called.exists() else []
    called.unlink(missing_ok=True)
    return [line.split()[0] for line in found if line.split()[0] in USERS]


def test_a_user_s_hooks_are_called_and_come_back(git: Git) -> None:
    hooks = git.directory / ".git/hooks"
    before = put(hooks, *USERS)
    assert set(work(git)) == set(USERS)
    git.run("git-theta", "uninstall")
    assert contents(hooks) == before


def test_a_hook_that_is_not_executable_stays_so(git: Git) -> None:
    hooks = git.directory / ".git/hooks"
    put(hooks, "pre-commit")
    (hooks / "pre-commit").chmod(0o644)
    assert "pre-commit" not in work(git)
    git.run("git-theta", "uninstall")
    assert not os.access(hooks / "pre-commit", os.X_OK)


def test_a_user_s_hook_can_stop_a_commit_and_a_push(git: Git) -> None:
    hooks = git.directory / ".git/hooks"
    put(hooks, "pre-commit", "pre-push")
    work(git)
    head = git("rev-parse", "HEAD")
    for name in ("pre-commit", "pre-push"):
        aside = hooks / f"{name}.before-theta"
        aside.write_text("#!/bin/sh\nexit 3\n")
    workshop.save(git, workshop.changed(NAME))
    git("commit", "-qam", "no", status=1)
    assert git("rev-parse", "HEAD") == head
    git("commit", "-q", "--no-verify", "-am", "yes")
    git("push", "-q", "origin", "HEAD", status=1)


def test_git_lfs_s_own_hooks_are_called_and_come_back(git: Git) -> None:
    git("lfs", "install")
    hooks = git.directory / ".git/hooks"
    before = contents(hooks)
    assert set(before) == set(LFS)
    work(git)
    git.run("git-theta", "uninstall")
    assert contents(hooks) == before


def test_without_a_hook_uninstall_leaves_none(git: Git) -> None:
    hooks = git.directory / ".git/hooks"
    before = contents(hooks)
    work(git)
    git.run("git-theta", "uninstall")
    assert contents(hooks) == before


@pytest.mark.parametrize("command", ["install", "update"])
def test_git_lfs_force_puts_its_hooks_over_ours_and_they_come_back(git: Git, command: str) -> None:
    hooks = git.directory / ".git/hooks"
    put(hooks, "pre-commit")
    work(git)
    git("lfs", command, "--force")
    assert "pre-commit" in work(git, NAME)
    for name in LFS:
        assert b"git-theta hook" in (hooks / name).read_bytes()
    git.run("git-theta", "uninstall")
    left = contents(hooks)
    assert set(left) == {"pre-commit", *LFS}
    assert not any(b"theta" in text for text in left.values())


def test_hooks_in_the_work_tree_stay_as_they_are(git: Git) -> None:
    """As husky has them: tracked files, named by a relative `core.hooksPath`."""
    before = put(git.directory / ".husky", *USERS)
    git("add", ".")
    git("commit", "-qm", "husky")
    git("config", "core.hooksPath", ".husky")
    assert set(work(git)) == set(USERS)
    assert contents(git.directory / ".husky") == before
    git.run("git-theta", "uninstall")
    assert git("config", "core.hooksPath").strip() == ".husky"
    assert not (git.directory / ".git/theta/hooks").exists()


def test_a_hook_manager_that_comes_later_and_insists(git: Git) -> None:
    work(git)
    put(git.directory / ".husky", "pre-commit")
    for name in (NAME, "embed.weight"):
        git("config", "core.hooksPath", ".husky")
        assert "pre-commit" in work(git, name)
    git("lfs", "update", "--force")
    git("config", "core.hooksPath")
    assert "pre-commit" in work(git)
    git.run("git-theta", "uninstall")
    assert git("config", "core.hooksPath").strip() == ".husky"


def test_hooks_of_all_repositories_of_a_user_stay_as_they_are(git: Git) -> None:
    shared = git.home / "hooks"
    before = put(shared, *USERS)
    git("config", "--global", "core.hooksPath", "~/hooks")
    assert set(work(git)) == set(USERS)
    assert contents(shared) == before
    assert git("config", "--global", "core.hooksPath").strip() == "~/hooks"
    git.run("git-theta", "uninstall")
    assert git("config", "core.hooksPath").strip() == "~/hooks"
    git("config", "--local", "core.hooksPath", status=1)


def test_the_pre_commit_framework_keeps_ours_and_runs_it(git: Git) -> None:
    """It renames the hook it finds to `.legacy`, and runs that first."""
    hooks = git.directory / ".git/hooks"
    users = put(hooks, "pre-commit")["pre-commit"]
    work(git)
    ours = (hooks / "pre-commit").rename(hooks / "pre-commit.legacy").read_bytes()
    framework = (
        '#!/bin/sh\n"$(dirname "$0")/pre-commit.legacy" "$@" || exit\necho post-commit >> called\n'
    )
    (hooks / "pre-commit").write_text(framework)
    (hooks / "pre-commit").chmod(0o755)
    assert work(git, NAME) == ["pre-commit", "post-commit"]
    assert (hooks / "pre-commit").read_text() == framework
    assert (hooks / "pre-commit.legacy").read_bytes() == ours
    git.run("git-theta", "uninstall")
    assert contents(hooks) == {
        "pre-commit": framework.encode(),
        "pre-commit.legacy": users,
    }


def test_a_hook_installed_later_over_ours_is_told(git: Git) -> None:
    hooks = git.directory / ".git/hooks"
    put(hooks, "pre-commit")
    work(git)
    put(hooks, "pre-commit")
    workshop.save(git, workshop.changed(NAME))
    said = git("add", ".")
    assert "cannot install the hooks" in said
    assert "pre-commit" in said


def test_a_clone_gets_its_hooks_by_itself(git: Git) -> None:
    work(git)
    clone = workshop.clone(git, "--branch", "b1")
    names = contents(clone.directory / ".git/hooks")
    assert {"pre-commit", "pre-push"} <= names.keys()
    workshop.commit(clone, NAME)
    assert workshop.pointers(clone, "HEAD") == workshop.pointers(git, "HEAD")
