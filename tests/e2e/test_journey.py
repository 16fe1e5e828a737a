"""What a user gets, word for word: from `git theta install` to the same bytes in a clone."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.support import workshop
from tests.support.checkpoints import model, safetensors
from tests.support.git import Git
from tests.support.lfs_server import LfsServer
from tests.support.torch_zip import tensors, torch_zip

LARGE = model(layers=1, width=32)
LATER = {**LARGE, "head.weight": LARGE["head.weight"].flipped(5)}
NOISE = Random(7).randbytes(700_000)


def versions(name: str) -> tuple[bytes, bytes]:
    """Two versions of a checkpoint of the kind that its name's suffix says."""
    if name.endswith(".safetensors"):
        return safetensors(LARGE), safetensors(LATER)
    if name.endswith(".pt"):
        state = {"epoch": 1, "model": tensors(LARGE)}
        return torch_zip(state), torch_zip({**state, "model": tensors(LATER)})
    return NOISE, NOISE[:-1] + b"?"


KINDS = pytest.mark.parametrize("name", ["model.safetensors", "model.pt", "model.bin"])


@KINDS
def test_two_versions_travel_to_a_clone(name: str, tmp_path: Path) -> None:
    git = workshop.bare(tmp_path)
    _journey(git, name)
    stored = {*workshop.objects(git.at("work"))}
    assert {*workshop.objects(tmp_path / "origin.git")} == stored


@KINDS
@pytest.mark.lfs_server
def test_two_versions_travel_over_http(name: str, tmp_path: Path, lfs_server: LfsServer) -> None:
    git = workshop.bare(tmp_path)
    repository = name.replace(".", "-")
    git("config", "--global", "lfs.url", lfs_server.url(repository))
    _journey(git, name)
    stored = {*workshop.objects(git.at("work"))}
    assert {*lfs_server.objects(repository)} == stored
    assert {*workshop.objects(git.at("clone"))} == stored


def _journey(git: Git, name: str) -> None:
    first, second = versions(name)
    work = workshop.start(git)
    work.run("git-theta", "track", name)
    _stage(work, name, first)
    work("commit", "-qm", "v1")
    work("tag", "v1")
    work("push", "-q", "-u", "origin", "main", "v1")
    before = {*workshop.objects(work)}
    (work.directory / name).write_bytes(second)
    assert work.status() == [f" M {name}"]
    work("commit", "-qam", "v2")
    # One parameter, and no frames: those of torch hold checksums.
    assert len(workshop.objects(work).keys() - before) == (2 if name.endswith(".pt") else 1)
    work("push", "-q")
    clone = workshop.clone(git)
    assert workshop.read(clone, name) == second
    clone("checkout", "-q", "v1")
    assert workshop.read(clone, name) == first
    assert clone.status() == []


def _stage(work: Git, name: str, data: bytes) -> None:
    (work.directory / name).write_bytes(data)
    work.run("git-theta", "add", name)
    told = work("status")
    _, _, staged = told.partition("Changes to be committed:")
    assert f"new file:   {name}\n" in staged
    assert "new file:   .gitattributes\n" in staged
    listed = work.lines("ls-files", ".git_theta")
    assert len(listed) == len(workshop.objects(work))
    assert all(f"new file:   {path}\n" in staged for path in listed)
    if not name.endswith(".bin"):
        assert any(path.endswith("layers.0.mlp.up.weight") for path in listed)
    assert "Untracked" not in told


@KINDS
def test_single_commands_do_what_the_process_does(name: str, tmp_path: Path) -> None:
    git = workshop.bare(tmp_path)
    first, second = versions(name)
    work = workshop.start(git)
    work.run("git-theta", "track", name)
    (work.directory / name).write_bytes(first)
    work("add", name)
    manifest = work("rev-parse", f":{name}")
    work("rm", "-q", "--cached", name)
    # What a client does that knows no process: an empty setting would switch the filter off.
    work("config", "--global", "--unset", "filter.theta.process")
    work("add", name)
    assert work("rev-parse", f":{name}") == manifest
    work("commit", "-qm", "v1")
    (work.directory / name).write_bytes(second)
    work("commit", "-qam", "v2")
    work("checkout", "-q", "HEAD~1")
    assert workshop.read(work, name) == first
    work("checkout", "-q", "main")
    assert workshop.read(work, name) == second
    assert work.status() == []
