"""A store that is damaged, incomplete, full or shut: a clear message, and nothing lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.weather import ground
from tests.e2e.weather.ground import CHANGED, NAME, State
from tests.support.checkpoints import parameter, safetensors
from tests.support.git import Git

LARGE = safetensors({name: parameter("F32", 300, 512, seed=name) for name in "ab"})


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


# What is done to an object, what the switch calls it, and what fsck calls it. An object of
# the wrong size counts as missing: it is fetched again.
HARM: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "a flipped bit": (flip, "damaged", "damaged"),
    "an object cut short": (cut, "missing", "damaged"),
    "a missing object": (Path.unlink, "missing", "missing"),
}


def harm(git: Git, kind: str) -> str:
    """Harms the object that v1 has for one parameter and v2 has not; gives its oid."""
    [(oid, _)] = ground.entries(git, f"v1:{NAME}")[CHANGED]
    HARM[kind][0](ground.store_path(git, oid))
    return oid


def server(git: Git, *, gone: bool) -> None:
    """Takes the objects of the remote away, or brings them back."""
    places = [git.home.parent / "remote.git/lfs/objects", git.home.parent / "hidden"]
    source, target = places if gone else reversed(places)
    shutil.rmtree(target, ignore_errors=True)
    source.rename(target)


@pytest.mark.parametrize("kind", HARM)
def test_a_switch_to_a_version_that_cannot_be_restored_fails_cleanly(
    kind: str, committed: Git
) -> None:
    git = committed
    server(git, gone=True)
    oid, before = harm(git, kind), State.of(git)
    found, text = git.attempt("git", "checkout", "-q", "v1")
    assert found == 128
    ground.assert_clear(text, f"'{NAME}'", f"parameter '{CHANGED}'", oid, HARM[kind][1])
    after = State.of(git)
    assert (after.head, after.staged, git("branch", "--show-current")) == (
        before.head,
        before.staged,
        "main\n",
    )
    # Git takes the old file away before it asks for the new one.
    assert after.files.get(NAME) in {None, before.files[NAME]}
    found, text = git.attempt("git-theta", "fsck", "v1")
    assert (found, text.splitlines()) == (
        1,
        [
            f"{HARM[kind][2]}: '{NAME}': parameter '{CHANGED}': object {oid}",
            "hint: 'git theta fsck --fix' mends what can be mended",
        ],
    )
    git.run("git-theta", "fsck", "--fix", "v1", status=1)
    git("reset", "-q", "--hard")
    assert State.of(git).files == before.files
    server(git, gone=False)
    git.run("git-theta", "fsck", "--fix", "v1")
    git("checkout", "-q", "v1")
    assert (git.directory / NAME).read_bytes() == safetensors(ground.v1())
    ground.assert_sound(git)


def test_a_missing_object_is_fetched_by_the_switch_that_needs_it(committed: Git) -> None:
    harm(committed, "a missing object")
    committed("checkout", "-q", "v1")
    assert (committed.directory / NAME).read_bytes() == safetensors(ground.v1())
    ground.assert_sound(committed)


def test_damaged_frames_are_named_as_frames(committed: Git) -> None:
    frames = committed("show", f"v1:.git_theta/{NAME}/.frames")
    oid = frames.partition("sha256:")[2][:64]
    flip(ground.store_path(committed, oid))
    (committed.directory / NAME).unlink()
    found, text = committed.attempt("git", "checkout", "--", NAME)
    assert found == 128
    ground.assert_clear(text, f"'{NAME}': frames", oid)
    committed.run("git-theta", "fsck", "--fix")
    committed("checkout", "--", NAME)
    ground.assert_sound(committed)


def test_pull_restores_what_it_can_and_names_what_it_cannot(committed: Git) -> None:
    git = committed
    ground.save(git, safetensors({"other": parameter("F32", 64)}), "other.safetensors")
    git("add", ".")
    git("commit", "-qm", "two")
    [(oid, _)] = ground.entries(git)[CHANGED]
    flip(ground.store_path(git, oid))
    for name in (NAME, "other.safetensors"):
        (git.directory / name).unlink()
    git.at(".", GIT_THETA_SKIP_SMUDGE="1")("checkout", "--", ".")
    placeholder = (git.directory / NAME).read_bytes()
    found, text = git.attempt("git-theta", "pull")
    assert found == 128
    ground.assert_clear(text, f"'{NAME}': parameter '{CHANGED}'", oid)
    assert (git.directory / NAME).read_bytes() == placeholder
    assert (git.directory / "other.safetensors").read_bytes()[:1] != b"{"
    assert git.status() == []
    assert ground.leftovers(git) == []
    git.run("git-theta", "fsck", "--fix")
    git.run("git-theta", "pull")
    ground.assert_sound(git)


def test_adding_a_checkpoint_again_replaces_a_damaged_object(git: Git) -> None:
    path = ground.save(git, safetensors(ground.v1()))
    git("add", NAME)
    [(oid, _)] = ground.entries(git)[CHANGED]
    for object_path in (ground.store_path(git, oid), ground.kept_path(git, oid)):
        data = object_path.read_bytes()
        object_path.unlink()
        object_path.write_bytes(data)
        flip(object_path)
    git("rm", "-q", "--cached", NAME)
    shutil.rmtree(git.directory / ".git/theta/cache")
    path.touch()
    git("add", NAME)
    git("commit", "-qm", "again")
    ground.assert_sound(git)


SHUT = [".git/theta/tmp", ".git/theta/unpushed", ".git/theta", ".git/lfs/objects"]


@pytest.mark.parametrize("place", SHUT)
def test_adding_to_a_store_that_takes_nothing_stages_nothing(place: str, git: Git) -> None:
    """A file stands where a directory should be: that stops even root."""
    ground.save(git, LARGE)
    before, directory = State.of(git), git.directory / place
    shut = directory.with_name("shut")
    if directory.exists():
        directory.rename(shut)
    directory.write_text("in the way")
    found, text = git.attempt("git", "add", ".")
    assert found == 128
    ground.assert_clear(text, f"'{NAME}'", place)
    directory.unlink()
    if shut.exists():
        shut.rename(directory)
    assert State.of(git) == before
    assert ground.leftovers(git) == []
    git("add", ".")
    git("commit", "-qm", "room")
    ground.assert_sound(git)


def test_a_full_disk_at_add_stages_nothing_and_leaves_nothing_unfinished(git: Git) -> None:
    """No file may grow beyond a few blocks, as if the disk were full."""
    ground.save(git, LARGE)
    before = State.of(git)
    found, text = git.attempt("sh", "-c", "ulimit -f 400; exec git add .")
    assert found == 128
    ground.assert_clear(text, f"'{NAME}'", "File too large")
    after = State.of(git)
    assert (after.head, after.staged, after.files) == (before.head, before.staged, before.files)
    assert ground.leftovers(git) == []
    git("add", ".")
    git("commit", "-qm", "room")
    ground.assert_sound(git)


def test_a_full_disk_at_pull_leaves_the_placeholder(git: Git) -> None:
    ground.save(git, LARGE)
    git("add", ".")
    git("commit", "-qm", "large")
    (git.directory / NAME).unlink()
    git.at(".", GIT_THETA_SKIP_SMUDGE="1")("checkout", "--", ".")
    placeholder = (git.directory / NAME).read_bytes()
    found, text = git.attempt("sh", "-c", "ulimit -f 400; exec git-theta pull")
    assert found == 128
    ground.assert_clear(text, f"'{NAME}'", "File too large")
    assert (git.directory / NAME).read_bytes() == placeholder
    assert ground.leftovers(git) == []
    git.run("git-theta", "pull")
    assert (git.directory / NAME).read_bytes() == LARGE
    ground.assert_sound(git)


def test_a_store_on_another_file_system_is_served(git: Git, tmp_path: Path) -> None:
    """People move `.git/lfs` to a larger disk and leave a link; /dev/shm plays the disk."""
    disk = Path("/dev/shm") / f"git-theta-{os.getpid()}"  # noqa: S108
    disk.mkdir()
    try:
        (git.directory / ".git/lfs").rename(tmp_path / "lfs")
        (git.directory / ".git/lfs").symlink_to(disk)
        ground.save(git, LARGE)
        git("add", ".")
        git("commit", "-qm", "elsewhere")
        (git.directory / NAME).unlink()
        git("checkout", "--", NAME)
        assert (git.directory / NAME).read_bytes() == LARGE
        [(oid, _)] = ground.entries(git)["a"]
        ground.store_path(git, oid).unlink()
        ground.assert_sound(git)
    finally:
        shutil.rmtree(disk)
