"""Large checkpoints: placeholders for a moment, then the same bytes; and when they are not."""

from __future__ import annotations

import os
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import parameters
from tests.support.git import Git, WrongExitError

NAME = "model.safetensors"
# A pull in which the user writes into the restored file right before a step.
WRITING = f"""
from git_theta import pull, repository
usual, restored = {{step}}, []
def writing(*args):
    if restored:
        with open("{NAME}", "wb") as file:
            file.write(b"the user's own")
    return usual(*args)
{{step}} = writing
write = pull.restore
pull.restore = lambda *args: restored.append(args) or write(*args)
pull.pull(repository.find(), lambda path: True)
assert restored
"""


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


def test_a_clone_whose_hooks_are_elsewhere_has_the_bytes(
    versions: tuple[Git, list[bytes]], tmp_path: Path
) -> None:
    """Git has read `core.hooksPath` before the filter can point it to git-theta's hooks."""
    git, contents = versions
    git("config", "--global", "core.hooksPath", str(tmp_path / "hooks"))
    git("clone", "-q", ".", "../clone")
    clone = git.at("../clone")
    assert (clone.directory / NAME).read_bytes() == contents[1]
    clone("checkout", "-q", "HEAD~1")
    assert (clone.directory / NAME).read_bytes() == contents[0]
    assert clone.status() == []


def test_a_limit_that_is_no_number_stops_the_checkout(versions: tuple[Git, list[bytes]]) -> None:
    git, contents = versions
    git("config", "theta.smudgeLimit", "a lot")
    status, text = git.attempt("git", "checkout", "-q", "HEAD~1")
    assert status == 128
    assert "'theta.smudgeLimit' is 'a lot', expected a number of bytes" in text
    git("config", "theta.smudgeLimit", "1k")
    git("checkout", "-q", "-f", "HEAD~1")
    assert (git.directory / NAME).read_bytes() == contents[0]


@pytest.mark.parametrize("is_locked", [False, True])
def test_a_command_that_only_wants_the_content_gets_it(
    versions: tuple[Git, list[bytes]],
    is_locked: bool,  # noqa: FBT001
) -> None:
    git, contents = versions
    if is_locked:
        (git.directory / ".git/index.lock").touch()
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


def test_a_restore_that_fails_fails_the_checkout_once(versions: tuple[Git, list[bytes]]) -> None:
    git, contents = versions
    pointer = git("cat-file", "blob", f"HEAD~1:.git_theta/{NAME}/weight")
    oid = pointer.split("sha256:")[1].split()[0]
    found = git.directory / ".git/lfs/objects" / oid[:2] / oid[2:4] / oid
    sound = found.read_bytes()
    found.write_bytes(bytes(len(sound)))
    status, text = git.attempt("git", "checkout", "-q", "HEAD~1")
    assert status == 1
    assert text.count("is damaged") == 1
    assert "'git theta pull' tries again" in text
    assert git("checkout", "-q") == ""
    found.write_bytes(sound)
    git.run("git-theta", "pull")
    assert (git.directory / NAME).read_bytes() == contents[0]
    assert git.status() == []


KILLED = f"""\
[ "$1" != hook ] || exec {sys.executable} -c "
import os
from git_theta import plumbing, pull
pull.pull = lambda *_: os._exit(137)
plumbing.main()
" "$@"
"""


def test_what_a_killed_hook_left_is_restored_by_the_next_command(
    versions: tuple[Git, list[bytes]],
) -> None:
    git, contents = versions
    with filter_after(git, KILLED):
        assert git.attempt("git", "checkout", "-q", "HEAD~1")[0] == 1
        assert (git.directory / NAME).read_bytes() != contents[0]
        assert git.status() == []
    (git.directory / "other").write_text("other\n")
    git("add", "other")
    assert (git.directory / NAME).read_bytes() == contents[0]
    assert git.status() == ["A  other"]


@pytest.mark.parametrize("step", ["pull.listing.staged", "pull.refresh.refresh"])
def test_what_is_written_right_after_a_restore_is_not_staged(
    versions: tuple[Git, list[bytes]], step: str
) -> None:
    git, contents = versions
    git.at(".", GIT_THETA_SKIP_SMUDGE="1")("checkout", "-q", "HEAD~1")
    git.run("python", "-c", WRITING.format(step=step))
    assert (git.directory / NAME).read_bytes() == b"the user's own"
    assert git("diff", "--name-only") == f"{NAME}\n"
    assert git("diff", "--cached", "--name-only") == ""
    git("checkout", "-q", "--", NAME)
    assert (git.directory / NAME).read_bytes() == contents[0]


def test_another_git_that_locks_the_index_is_waited_for(
    versions: tuple[Git, list[bytes]],
) -> None:
    git, contents = versions
    with filter_after(git, KILLED):
        git.attempt("git", "checkout", "-q", "HEAD~1")
    lock = git.directory / ".git/index.lock"
    lock.touch()
    timer = threading.Timer(1.5, lock.unlink)
    timer.start()
    git.run("git-theta", "pull")
    timer.join()
    assert (git.directory / NAME).read_bytes() == contents[0]
    assert git.status() == []


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_took_a_placeholders_place_stays(
    versions: tuple[Git, list[bytes]], make: Callable[[Path], None]
) -> None:
    git, _ = versions
    file = git.directory / NAME
    with filter_after(git, KILLED):
        assert git.attempt("git", "checkout", "-q", "HEAD~1")[0] == 1
    file.unlink()
    make(file)
    git("checkout", "-q")
    assert file.exists()
    assert not file.is_file()


@contextmanager
def filter_after(git: Git, line: str) -> Iterator[None]:
    """Lets a line of shell run before our program, whenever git or a hook calls it."""
    directory, name, path = git.home / "bin", "git-theta-filter", git.env["PATH"]
    real = git.run("which", name).strip()
    directory.mkdir()
    script = directory / name
    script.write_text(f'#!/bin/sh\n{line}exec {real} "$@"\n')
    script.chmod(0o755)
    git.env["PATH"] = f"{directory}:{path}"
    yield
    git.env["PATH"] = path
