"""Running git: what children see, and what their failures say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from git_theta import git
from git_theta.errors import ConfigError, GitError
from tests.support.git import Git


@pytest.fixture
def there(tmp_path: Path) -> str:
    Git(tmp_path, tmp_path / "home")("init", "-q")
    return str(tmp_path)


def test_children_are_marked_and_see_our_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    monkeypatch.setenv("GONE", "1")
    env = git.environment({"GONE": None, "NEW": "x"})
    assert env[git.NESTED] == "1"
    assert env["NEW"] == "x"
    assert "GONE" not in env
    assert "GIT_LITERAL_PATHSPECS" not in env
    assert git.NESTED not in os.environ


def test_a_failure_names_the_command_and_what_git_said(there: str) -> None:
    with pytest.raises(
        GitError, match=r"git rev-parse .*nowhere.*: fatal: Needed a single"
    ) as raised:
        git.run("rev-parse", "--verify", "nowhere^{tree}", cwd=there)
    assert raised.value.kind == "git"
    assert git.run("rev-parse", "--verify", "-q", "nowhere", cwd=there, check=False) == ""


def test_git_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="not on the PATH"):
        git.run("version")


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="no such directory"):
        git.run("version", cwd=str(tmp_path / "gone"))


def test_names_survive_whatever_bytes_they_have(there: str) -> None:
    name = os.fsdecode(b"a\xff\n\tb")
    Path(there, name).touch()
    git.run("add", ".", cwd=there)
    assert git.names("ls-files", "-z", "--", name, cwd=there) == [name]


def test_settings(there: str) -> None:
    assert git.config("theta.test", cwd=there) is None
    git.run("config", "theta.test", " two\nlines ", cwd=there)
    assert git.config("theta.test", cwd=there) == " two\nlines "
    assert git.config("theta.test", "--global", cwd=there) is None


def test_programs_of_the_user_are_not_marked(there: str, tmp_path: Path) -> None:
    script = tmp_path / "hook"
    script.write_text(f'#!/bin/sh\n[ -z "${git.NESTED}" ] && exit 5\n')
    script.chmod(0o755)
    assert git.call([str(script)], cwd=there) == 5
    with pytest.raises(GitError, match="cannot run"):
        git.call([str(tmp_path / "gone")])
