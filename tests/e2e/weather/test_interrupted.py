"""Killed in the middle, of an add or of a checkout: the second try makes it right."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.e2e.weather import ground
from tests.e2e.weather.gate import Gate, frail
from tests.e2e.weather.ground import NAME, State
from tests.support.checkpoints import parameter, safetensors
from tests.support.git import Git

# More than a pipe holds, so that neither side can be done when the other one dies.
LARGE = safetensors({name: parameter("F32", 1024, 1024, seed=name) for name in "ab"})
LIMITED = "ulimit -c 0; ulimit -f 2000; exec "


def unchanged(git: Git, before: State) -> None:
    after = State.of(git)
    assert (after.head, after.staged, after.files) == (before.head, before.staged, before.files)


def add_again(git: Git) -> None:
    git("add", ".")
    git("commit", "-qm", "again")
    assert git("cat-file", "-p", f":.git_theta/{NAME}/a").startswith("version ")
    ground.assert_sound(git)


def test_a_filter_killed_in_the_middle_of_an_object_leaves_nothing_staged(
    git: Git, tmp_path: Path
) -> None:
    """The kernel kills it at a write: no moment is more in the middle."""
    ground.save(git, LARGE)
    before = State.of(git)
    found, text = frail(git, tmp_path).attempt("sh", "-c", LIMITED + "git add .")
    assert found == 128
    assert "Traceback" not in text
    unchanged(git, before)
    assert ground.leftovers(git), "the filter was not killed while it wrote"
    add_again(git)


def test_a_filter_killed_before_it_answers_leaves_nothing_staged(git: Git, tmp_path: Path) -> None:
    ground.save(git, LARGE)
    before = State.of(git)
    with Gate(git, tmp_path, "clean", "add", ".") as gate:
        gate.kill()
        found, text = gate.end()
    assert found == 128
    assert "clean filter 'theta' failed" in text
    unchanged(git, before)
    add_again(git)


def test_git_killed_at_add_takes_the_filter_with_it(git: Git, tmp_path: Path) -> None:
    ground.save(git, LARGE)
    before = State.of(git)
    with Gate(git, tmp_path, "clean", "add", ".") as gate:
        gate.git.kill()
        gate.git.wait()
        gate.open()
        assert gate.filter_ended()
    unchanged(git, before)
    # Git's own lock, which git tells people to remove; nothing else.
    assert ground.leftovers(git) == [".git/index.lock"]
    (git.directory / ".git/index.lock").unlink()
    add_again(git)


@pytest.fixture
def large(git: Git) -> Git:
    """A repository with a large checkpoint on a branch that is not checked out."""
    git("checkout", "-q", "-b", "large")
    ground.save(git, LARGE)
    git("add", ".")
    git("commit", "-qm", "large")
    git("checkout", "-q", "main")
    return git


@pytest.mark.parametrize("victim", ["filter", "git"])
def test_a_checkout_killed_in_the_middle_of_a_file_works_the_second_time(
    victim: str, large: Git, tmp_path: Path
) -> None:
    before = large("rev-parse", "HEAD")
    with Gate(large, tmp_path, "smudge", "checkout", "-q", "large") as gate:
        # While git sleeps the filter gets no further than the pipe holds.
        gate.git.send_signal(signal.SIGSTOP)
        gate.open()
        if victim == "filter":
            gate.kill()
            gate.git.send_signal(signal.SIGCONT)
            found, text = gate.end()
            assert found == 128
            assert "smudge filter theta failed" in text
        else:
            gate.git.kill()
            gate.git.wait()
        assert gate.filter_ended()
    assert large("rev-parse", "HEAD") == before
    assert ground.leftovers(large) == ([".git/index.lock"] if victim == "git" else [])
    (large.directory / ".git/index.lock").unlink(missing_ok=True)
    assert (large.directory / NAME).exists() is False
    large("checkout", "-q", "-f", "large")
    assert (large.directory / NAME).read_bytes() == LARGE
    ground.assert_sound(large)


def test_a_pull_killed_in_the_middle_leaves_the_placeholder(large: Git) -> None:
    git = large.at(".", GIT_THETA_SKIP_SMUDGE="1")
    git("checkout", "-q", "large")
    placeholder = (git.directory / NAME).read_bytes()
    program = (
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL);"
        "from git_theta.cli import main; import sys; sys.argv = ['git-theta', 'pull']; main()"
    )
    found, _ = git.attempt("sh", "-c", LIMITED + f'python -c "{program}"')
    assert found == -signal.SIGXFSZ
    assert (git.directory / NAME).read_bytes() == placeholder
    assert [path for path in ground.leftovers(git) if not path.startswith(".git/theta/tmp/")] == []
    git.run("git-theta", "pull")
    assert (git.directory / NAME).read_bytes() == LARGE
    ground.assert_sound(git)


def test_a_deferred_checkpoint_killed_in_the_middle_is_restored_the_second_time(
    large: Git, tmp_path: Path
) -> None:
    large("config", "theta.smudgeLimit", "100")
    _, text = frail(large, tmp_path).attempt("sh", "-c", LIMITED + "git checkout -q large")
    assert "Traceback" not in text
    placeholder = (large.directory / NAME).read_bytes()
    assert placeholder.startswith(b'{"git-theta"'), "the hook was not killed while it wrote"
    large("checkout", "-q", "large")
    assert (large.directory / NAME).read_bytes() == LARGE
    ground.assert_sound(large)
