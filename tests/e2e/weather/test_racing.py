"""Others write while git-theta works: the file, another git, another filter."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.weather import ground
from tests.e2e.weather.gate import Gate
from tests.e2e.weather.ground import NAME
from tests.support.checkpoints import parameter, safetensors
from tests.support.filter_client import FilterClient
from tests.support.git import Git

FILTER = "git-theta-filter process"
OLD = safetensors({"w": parameter("F32", 1024, 2048, seed="old")})
NEW = safetensors({"w": parameter("F32", 1024, 2048, seed="new")})


def overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(NEW)


def replace(path: Path) -> None:
    path.with_name("next").write_bytes(NEW)
    path.with_name("next").replace(path)


def truncate(path: Path) -> None:
    os.truncate(path, 100)


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def into_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


CHANGES: list[Callable[[Path], None]] = [overwrite, replace, truncate, append, into_directory]
CHANGES.append(Path.unlink)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_git_read_is_what_is_staged_whatever_happens_to_the_file(
    change: Callable[[Path], None], git: Git, tmp_path: Path
) -> None:
    """Git has sent the beginning when the file changes, and is about to send the rest."""
    path = ground.save(git, OLD)
    with Gate(git, tmp_path, "clean", "add", NAME) as gate:
        change(path)
        gate.open()
        found, text = gate.end()
    assert (found, text) == (0, "")
    git("checkout-index", "--prefix=staged/", NAME)
    staged = (git.directory / "staged" / NAME).read_bytes()
    same = len(os.path.commonprefix([staged, OLD]))  # noqa: RUF071 - bytes, not paths
    assert same >= 1 << 16
    assert staged[same:] in {b"", b"more", NEW[same:]}
    assert ground.leftovers(git) == []
    if path.is_file():
        git("add", NAME)
        git("commit", "-qm", "again")
        data = path.read_bytes()
        path.unlink()
        git("checkout", "--", NAME)
        assert path.read_bytes() == data


def test_a_file_that_changes_under_the_filter_is_never_stored_under_the_wrong_digest(
    git: Git,
) -> None:
    path = ground.save(git, OLD)
    half = len(OLD) // 2
    with FilterClient(FILTER, git.directory, git.env) as client:
        manifest = client.clean_in_parts(NAME, [OLD[:half], OLD[half:]], lambda: overwrite(path))
    if manifest is not None:
        with FilterClient(FILTER, git.directory, git.env) as client:
            assert client.smudge(NAME, manifest) == OLD
    assert ground.leftovers(git) == []
    git("add", NAME)
    path.unlink()
    git("checkout", "--", NAME)
    assert path.read_bytes() == NEW


def test_while_one_git_adds_others_look_and_the_second_add_is_told_to_wait(
    git: Git, tmp_path: Path
) -> None:
    ground.save(git, OLD)
    ground.save(git, NEW, "other.safetensors")
    with Gate(git, tmp_path, "clean", "add", NAME) as gate:
        assert git.status() == [f"?? {NAME}", "?? other.safetensors"]
        found, text = git.attempt("git", "add", "other.safetensors")
        assert found == 128
        assert "index.lock" in text
        gate.open()
        assert gate.end() == (0, "")
    assert git.status() == [f"A  {NAME}", "?? other.safetensors"]
    git("add", ".")
    git("commit", "-qm", "both")
    ground.assert_sound(git)


def test_linked_work_trees_add_the_same_checkpoint_at_once(git: Git) -> None:
    for name in ("one", "two"):
        git("worktree", "add", "-q", f"../{name}", "-b", name)
        ground.save(git.at(f"../{name}"), OLD)
    adds = [
        subprocess.Popen(["git", "add", "."], cwd=git.at(f"../{name}").directory, env=git.env)
        for name in ("one", "two")
    ]
    assert [add.wait() for add in adds] == [0, 0]
    for name in ("one", "two"):
        tree = git.at(f"../{name}")
        tree("commit", "-qm", name)
        (tree.directory / NAME).unlink()
        tree("checkout", "--", NAME)
        assert (tree.directory / NAME).read_bytes() == OLD
        ground.assert_sound(tree)


def test_filters_that_store_the_same_objects_at_once_agree(git: Git) -> None:
    files = [safetensors({"w": parameter("F32", 64, 512, seed=n % 2)}) for n in range(8)]

    def clean(number: int) -> bytes | None:
        with FilterClient(FILTER, git.directory, git.env) as client:
            return client.clean(f"{number}.safetensors", files[number])

    with ThreadPoolExecutor(4) as pool:
        manifests = [*pool.map(clean, range(8))]
    assert len(set(manifests)) == 2
    with FilterClient(FILTER, git.directory, git.env) as client:
        assert [client.smudge(NAME, manifest or b"") for manifest in manifests] == files
    assert ground.leftovers(git) == []
