"""No command ever shows a traceback: wherever it is called, and with whatever words."""

from __future__ import annotations

from pathlib import Path

import pytest

from git_theta.cli import COMMANDS
from tests.e2e.weather import ground
from tests.e2e.weather.ground import NAME
from tests.support.git import Git

# What each command takes, for it to go as far as it gets.
ARGUMENTS = {
    "track": ["x.safetensors"],
    "untrack": ["x.safetensors"],
    "add": [NAME],
    "ls": [NAME],
    "completion": ["bash"],
}
PLUMBING = {
    "process": b"0010not a packet" + b"\xff" * 50,
    "process, cut short": b"0016git-filter-client\n0",
    "process, no packets": b"",
    "clean": b"",
    f"clean {NAME}": b"some bytes",
    "smudge": b"",
    f"smudge {NAME}": b'{"git-theta": 1, broken',
    "merge": b"",
    "merge 1 2 3 4 5": b"",
    "hook": b"",
    "hook no-such-hook": b"",
    "hook pre-push": b"",
    "hook pre-commit": b"",
    "hook post-commit": b"",
    "hook post-checkout x": b"",
    "hook post-rewrite rebase": b"garbage\n",
    "no-such-command": b"",
    "": b"",
}


@pytest.fixture(scope="module")
def settled(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Git:
    """A repository with a checkpoint, for commands that must not change it."""
    return ground.copy(prepared, tmp_path_factory.mktemp("settled")).at("../v")


@pytest.fixture(params=["outside", "bare", "empty", "inside .git"])
def place(request: pytest.FixtureRequest, git: Git) -> Git:
    if request.param == "outside":
        return git.at("..", GIT_CEILING_DIRECTORIES=str(git.home.parent))
    if request.param == "empty":
        git.at("..")("init", "-q", "empty")
    return git.at({"bare": "../remote.git", "empty": "../empty"}.get(request.param, ".git"))


def assert_told(found: int, text: str) -> None:
    """Fail unless it went well, or ended with a message for people."""
    assert "Traceback" not in text, text
    assert "panicked" not in text, text
    assert "fault of git-theta" not in text, text
    assert found in {0, 1, 2, 128, 129, 130}, text
    # The last is what fsck finds in a repository that git-theta was never used in.
    said = ("git-theta: ", "error: ", "fatal: ", "Usage: ", "hooks: ")
    assert found == 0 or text.startswith(said), text


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_where_it_has_nothing_to_do_says_so(name: str, place: Git) -> None:
    before = sorted(place.directory.iterdir())
    found, text = place.attempt("git-theta", name, *ARGUMENTS.get(name, []))
    assert_told(found, text)
    if found:
        assert sorted(place.directory.iterdir()) == before


@pytest.mark.parametrize("name", [*COMMANDS, "no-such-command"])
@pytest.mark.parametrize("words", [["--no-such-option"], ["-x"], ["\xff", "a", "b", "c"], [""]])
def test_a_command_with_words_it_does_not_know_says_so(
    name: str, words: list[str], settled: Git
) -> None:
    found, text = settled.attempt("git-theta", name, *words)
    assert_told(found, text)


def test_words_that_are_not_known_change_nothing(settled: Git) -> None:
    assert settled.status() == []


@pytest.mark.parametrize("words", PLUMBING)
def test_plumbing_called_by_hand_says_so(words: str, settled: Git) -> None:
    command = words.partition(",")[0].split()
    found, text = settled.attempt("git-theta-filter", *command, stdin=PLUMBING[words])
    if words != f"clean {NAME}":
        assert_told(found, text)
    assert settled.status() == []


def test_a_reader_that_goes_away_is_no_error(settled: Git) -> None:
    script = "{ git-theta ls model.safetensors; echo $? >&2; } | true"
    found, text = settled.attempt("bash", "-c", script)
    assert found == 0
    assert "Traceback" not in text
    assert "BrokenPipe" not in text


def test_a_repository_in_a_directory_with_an_odd_name_is_served(git: Git) -> None:
    directory = Path(git.directory.parent) / "two \u2028 lines é"
    git.directory.rename(directory)
    git = git.at(directory)
    git.run("git-theta", "track", "*.bin")
    git.run("git-theta", "fsck")
