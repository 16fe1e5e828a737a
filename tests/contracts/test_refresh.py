"""Git's index with our notes in it, as git itself reads it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from git_theta import refresh, repository
from tests.support.git import Git

NAMES = ("a/deep/model.safetensors", "a/deep/model.safetensors2", "model é.pt", "z")


def _make(tmp_path: Path, *settings: str, algorithm: str = "sha1") -> Git:
    """A repository with files of many lengths of name; the index knows nothing of what `stat` says."""
    git = Git(tmp_path, tmp_path / "home")
    git("init", "-q", f"--object-format={algorithm}", "repo")
    git = git.at("repo")
    for setting in settings:
        git("config", *setting.split("="))
    names = (*NAMES, *(f"n{'x' * length}" for length in range(20)))
    for number, name in enumerate(names):
        (git.directory / name).parent.mkdir(parents=True, exist_ok=True)
        (git.directory / name).write_bytes(b"%d" % number)
    git("add", ".")
    lines = git("ls-files", "-s", "-z")
    git("read-tree", "--empty")
    git("update-index", "-z", "--index-info", stdin=os.fsencode(lines))
    return git


def _files(git: Git) -> dict[str, tuple[str, os.stat_result]]:
    found = {}
    for line in git("ls-files", "-s", "-z").split("\0")[:-1]:
        fields, _, name = line.partition("\t")
        found[name] = (fields.split()[1], os.lstat(git.directory / name))
    return found


def _refresh(git: Git, monkeypatch: pytest.MonkeyPatch, wanted: tuple[str, ...]) -> set[str]:
    monkeypatch.chdir(git.directory)
    files = {name: found for name, found in _files(git).items() if name in wanted}
    return refresh.refresh(repository.find(), files)


def _stale(git: Git) -> set[str]:
    """The paths that git would have to read before it trusts them."""
    return set(git("diff-files", "--name-only", "-z").split("\0")[:-1])


@pytest.mark.parametrize(
    ("settings", "algorithm"),
    [
        (("index.version=2",), "sha1"),
        (("index.version=4",), "sha1"),
        (("index.version=4",), "sha256"),
        (("index.skipHash=true",), "sha1"),
        (("core.untrackedCache=true", "feature.manyFiles=true"), "sha1"),
    ],
    ids=["2", "4", "4, sha256", "unhashed", "many files"],
)
def test_git_trusts_what_is_noted_and_nothing_else(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: tuple[str, ...],
    algorithm: str,
) -> None:
    git = _make(tmp_path, *settings, algorithm=algorithm)
    before = git("ls-files", "-s", "-z")
    everything = _stale(git)
    assert everything >= set(NAMES)
    assert _refresh(git, monkeypatch, NAMES) == set(NAMES)
    assert _stale(git) == everything - set(NAMES)
    assert git("ls-files", "-s", "-z") == before
    git("fsck", "--strict")
    (git.directory / "z").write_bytes(b"?")
    assert "z" in _stale(git)


def test_entries_of_version_3_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = _make(tmp_path, "index.version=2")
    git("update-index", "--skip-worktree", "nxx", "a/deep/model.safetensors")
    assert (git.directory / ".git/index").read_bytes()[:8] == b"DIRC\0\0\0\3"
    assert _refresh(git, monkeypatch, NAMES) == set(NAMES)
    assert not _stale(git) & set(NAMES)


def test_a_split_index_is_left_to_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = _make(tmp_path)
    git("update-index", "--split-index")
    before = (git.directory / ".git/index").read_bytes()
    assert _refresh(git, monkeypatch, NAMES) == set()
    assert (git.directory / ".git/index").read_bytes() == before


@pytest.mark.parametrize("damage", ["locked", "another blob", "damaged", "newer", "cut", "gone"])
def test_what_cannot_be_noted_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    git = _make(tmp_path)
    monkeypatch.chdir(git.directory)
    files, index = _files(git), git.directory / ".git/index"
    lock = index.with_suffix(".lock")
    data = index.read_bytes()
    if damage == "locked":
        lock.touch()
    elif damage == "another blob":
        files = {name: ("0" * 40, stat) for name, (_, stat) in files.items()}
    elif damage == "gone":
        index.unlink()
    else:
        found = {"damaged": data[:50] + b"?" + data[51:], "newer": b"DIRC\0\0\0\5" + data[8:]}
        index.write_bytes(found.get(damage, data[:90] + bytes(20)))
    data = index.read_bytes() if index.exists() else b""
    assert refresh.refresh(repository.find(), files) == set()
    assert (index.read_bytes() if index.exists() else b"") == data
    assert lock.exists() == (damage == "locked")
