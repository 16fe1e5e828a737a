"""Where things are: in plain, linked, bare and nested repositories."""

from __future__ import annotations

from pathlib import Path

import pytest

from git_theta import repository
from git_theta.errors import UsageError
from tests.support.git import Git


@pytest.fixture
def git(tmp_path: Path) -> Git:
    git = Git(tmp_path, tmp_path / "home")
    git("init", "-q", "work")
    git = git.at("work")
    git("commit", "-q", "--allow-empty", "-m", "0")
    return git


def test_a_plain_one_also_from_below(git: Git) -> None:
    (git.directory / "sub").mkdir()
    for cwd in (git.directory, git.directory / "sub"):
        found = repository.find(str(cwd))
        assert found.top == found.directory == str(git.directory)
        assert found.git_dir == found.common_dir == str(git.directory / ".git")
        assert found.hooks_dir == str(git.directory / ".git/hooks")
        assert found.algorithm == "sha1"


def test_a_linked_work_tree(git: Git) -> None:
    git("worktree", "add", "-q", "../linked")
    found = repository.find(str(git.directory.parent / "linked"))
    assert found.common_dir == str(git.directory / ".git")
    assert found.git_dir == str(git.directory / ".git/worktrees/linked")
    assert found.theta_dir == str(git.directory / ".git/theta")
    assert found.local_dir == f"{found.git_dir}/theta"
    assert found.index == f"{found.git_dir}/index"
    assert found.lfs_dir == f"{found.common_dir}/lfs"


def test_a_bare_one(git: Git) -> None:
    git("clone", "-q", "--bare", ".", "../bare.git")
    found = repository.find(str(git.directory.parent / "bare.git"))
    assert found.top is None
    assert found.directory == found.git_dir == str(git.directory.parent / "bare.git")


def test_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not in a git repository") as raised:
        repository.find(str(tmp_path))
    assert raised.value.hint
    with pytest.raises(UsageError, match="no such directory"):
        repository.find(str(tmp_path / "gone"))


@pytest.mark.parametrize("setting", ["", "elsewhere", "../outside", "/absolute"])
def test_the_store_is_where_git_lfs_has_it(git: Git, setting: str) -> None:
    if setting:
        git("config", "lfs.storage", setting)
    found = repository.find(str(git.directory))
    said = [line for line in git.lines("lfs", "env") if line.startswith("LocalMediaDir=")]
    assert said == [f"LocalMediaDir={found.lfs_dir}/objects"]
    assert str(found.store().path("ab" * 32)) == f"{found.lfs_dir}/objects/ab/ab/{'ab' * 32}"


def test_the_real_index_and_others(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    found = repository.find(str(git.directory))
    monkeypatch.chdir(git.directory)
    assert repository.real_index_in_use(found)
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    assert repository.real_index_in_use(found)
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/next-index-1.lock")
    assert not repository.real_index_in_use(found)


def test_a_temporary_index_leaves_nothing(git: Git) -> None:
    found = repository.find(str(git.directory))
    with repository.temporary_index(found) as index:
        Path(index).touch()
        Path(index + ".lock").touch()
    assert list(Path(found.local_dir).iterdir()) == []
