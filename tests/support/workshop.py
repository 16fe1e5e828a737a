"""Places for the end-to-end tests: a user with git-theta, repositories, remotes, clones, stores.

Preparing a place costs a second, copying it next to nothing: most tests begin with a copy of
one, whose `MODEL` is a small language model. `handmade` is for tests that care for values.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.support.checkpoints import Parameter, model, safetensors
from tests.support.git import Git

MODEL = "model.safetensors"
#: Parameters of the first version: two of them are small enough to be inlined.
FIRST = model(layers=1, width=8)
#: The objects of the first version: its larger parameters, and its frames.
COUNT = 7


def bare(base: Path) -> Git:
    """A user's home in `base`, with git-theta installed, and an empty remote `origin.git`."""
    git = Git(base, base / "home")
    git.run("git-theta", "install")
    git("init", "-q", "--bare", "origin.git")
    return git


def start(git: Git, name: str = "work") -> Git:
    """A new repository beside the remote, with nothing in it."""
    git("init", "-q", name)
    inside = git.at(name)
    inside("remote", "add", "origin", _address(git.directory))
    return inside


def tracking(base: Path) -> Git:
    """A new repository beside its remote that tracks `*.safetensors`, and has committed so."""
    git = start(bare(base))
    git.run("git-theta", "track", "*.safetensors")
    git("commit", "-qm", "attributes")
    return git


def template(base: Path) -> Path:
    """Makes what `copy` copies: a commit of `MODEL`, tagged v1, that nobody has pushed."""
    git = start(bare(base))
    git.run("git-theta", "track", "*.safetensors")
    save(git)
    git("add", ".")
    git("commit", "-qm", "v1")
    git("tag", "v1")
    assert len(objects(git)) == COUNT
    return base


def copy(source: Path, base: Path) -> Git:
    """A copy of the template for one test, with a remote of its own."""
    shutil.copytree(source, base, symlinks=True, dirs_exist_ok=True)
    git = Git(base / "work", base / "home")
    git("remote", "set-url", "origin", _address(base))
    # The copied files have other stamps; without this the test's first command would look.
    git("status")
    return git


def save(git: Git, parameters: Mapping[str, Parameter] = FIRST, path: str = MODEL) -> bytes:
    """Writes a checkpoint and returns its bytes."""
    target = git.directory / path
    target.parent.mkdir(parents=True, exist_ok=True)
    data = safetensors(parameters)
    target.write_bytes(data)
    return data


def changed(*names: str, at: int = 0) -> dict[str, Parameter]:
    """The first version with one byte of each of these parameters flipped."""
    return {**FIRST, **{name: FIRST[name].flipped(at) for name in names}}


def commit(git: Git, *names: str, message: str = "next", at: int = 0) -> bytes:
    """Commits the first version with these parameters changed; returns the file's bytes."""
    data = save(git, changed(*names, at=at))
    git("commit", "-qam", message)
    return data


def read(git: Git, path: str = MODEL) -> bytes:
    """The bytes of a file in the work tree."""
    return (git.directory / path).read_bytes()


def clone(git: Git, *options: str, name: str = "clone", source: str = "origin.git") -> Git:
    """A fresh clone of a remote beside it, made by the same user."""
    beside = git.at(git.home.parent)
    beside("clone", "-q", *options, (beside.directory / source).as_uri(), name)
    return git.at(beside.directory / name)


def remote(git: Git, name: str) -> Path:
    """Adds an empty bare repository beside the others as a remote."""
    beside = git.at(git.home.parent)
    beside("init", "-q", "--bare", f"{name}.git")
    path = beside.directory / f"{name}.git"
    git("remote", "add", name, path.as_uri())
    return path


def objects(git: Git | Path) -> dict[str, Path]:
    """Oid → file for the LFS store of a repository, or of a directory that has it in `lfs`."""
    return _files((_common(git) if isinstance(git, Git) else git) / "lfs/objects")


def kept(git: Git | Path) -> set[str]:
    """The oids that have a kept link, in a repository or beside a store elsewhere."""
    return {*_files((_common(git) if isinstance(git, Git) else git) / "theta/unpushed")}


def forget(git: Git) -> None:
    """Loses every object of a repository, kept ones too."""
    for path in ("lfs/objects", "theta/unpushed"):
        shutil.rmtree(_common(git) / path, ignore_errors=True)


def pointers(git: Git, revision: str) -> set[str]:
    """The names in the pointer tree of `MODEL` in a commit."""
    prefix = f".git_theta/{MODEL}/"
    listed = git.lines("ls-tree", "-r", "--name-only", revision, prefix)
    return {line.removeprefix(prefix) for line in listed}


def hookless(git: Git) -> Git:
    """The same user with a git that runs no hooks."""
    setting = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.hooksPath"}
    return git.at(".", **setting, GIT_CONFIG_VALUE_0=os.devnull)


def _common(git: Git) -> Path:
    found = git("rev-parse", "--path-format=absolute", "--git-common-dir").strip()
    return Path(found)


def _files(directory: Path) -> dict[str, Path]:
    return {path.name: path for path in sorted(directory.rglob("*")) if path.is_file()}


def _address(base: Path) -> str:
    return (base / "origin.git").as_uri()
