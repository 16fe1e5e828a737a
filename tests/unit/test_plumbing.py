"""`git-theta-filter`: dispatch, and errors in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from git_theta import hooks, plumbing
from git_theta.errors import ManifestError, TransferError, from_core
from tests.support.git import Git

Call = Callable[..., int]
Said = pytest.CaptureFixture[str]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    monkeypatch.chdir(tmp_path)

    def main(*args: str) -> int:
        monkeypatch.setattr(sys, "argv", ["git-theta-filter", *args])
        return plumbing.main()

    return main


def failing(error: Exception) -> Call:
    def run(*_: object) -> int:
        raise error

    return run


@pytest.mark.parametrize(
    "args", [[], ["what"], ["hook"], ["hook", "pre-tend"], ["clean"], ["merge", "a"]]
)
def test_what_git_would_not_call(call: Call, args: list[str], capsys: Said) -> None:
    status = call(*args)
    assert status == (129 if args[:1] == ["merge"] else 2)
    said = capsys.readouterr().err
    assert said.startswith("git-theta: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "line", "status"),
    [
        (TransferError("no way", hint="walk"), "git-theta: no way\nhint: walk\n", 1),
        (
            OSError(28, "No space left on device"),
            "git-theta: [Errno 28] No space left on device\n",
            128,
        ),
        (
            ZeroDivisionError("oh"),
            "git-theta: ZeroDivisionError: oh\nhint: this is a fault of",
            128,
        ),
    ],
)
def test_an_error_is_told_in_a_line(
    call: Call,
    capsys: Said,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    line: str,
    status: int,
) -> None:
    monkeypatch.setattr(hooks, "run", failing(error))
    assert call("hook", "pre-commit") == status
    assert capsys.readouterr().err.startswith(line)
    # What is done already cannot be failed any more.
    assert call("hook", "post-commit") == 0
    monkeypatch.setenv("GIT_THETA_TRACE", "1")
    with pytest.raises(type(error)):
        call("hook", "pre-commit")


def test_git_going_away_is_no_error(
    call: Call, monkeypatch: pytest.MonkeyPatch, capfd: Said
) -> None:
    monkeypatch.setattr(hooks, "run", failing(BrokenPipeError()))
    assert call("hook", "pre-push") == 141
    assert capfd.readouterr().err == ""


def test_the_cores_errors_become_ours() -> None:
    class CoreError(Exception):
        kind = "manifest"

    error = from_core(CoreError("line 3"))
    assert isinstance(error, ManifestError)
    assert str(error) == "line 3"


def test_it_starts_without_what_it_does_not_need(tmp_path: Path) -> None:
    code = (
        "import sys, git_theta.plumbing, git_theta.hooks.commit, git_theta.filter;"
        "print(*{'click','rich','numpy','torch','typing','dataclasses','pathlib','inspect'}"
        " & sys.modules.keys())"
    )
    git = Git(tmp_path, tmp_path / "home")
    loaded = git.run(sys.executable, "-S", "-c", "import site; site.main();" + code).split()
    assert set(loaded) <= {"typing", "pathlib"}, loaded
