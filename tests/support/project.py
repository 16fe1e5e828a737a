"""A repository with git-theta, a remote and a checkpoint: where the end-to-end tests begin."""

from __future__ import annotations

import os
from pathlib import Path

from tests.support import parameters
from tests.support.git import Git

MODEL = "model.safetensors"


def create(base: Path) -> Git:
    """A new repository in `base`/work with a bare remote, `base`/origin.git, and git-theta."""
    git = Git(base, base / "home")
    git.run("git-theta", "install")
    git("init", "-q", "--bare", "origin.git")
    git("init", "-q", "work")
    git = git.at("work")
    git("remote", "add", "origin", (base / "origin.git").as_uri())
    git.run("git-theta", "track", "*.safetensors")
    git("commit", "-qm", "attributes")
    return git


def save(git: Git, path: str = MODEL, **values: str) -> bytes:
    """Writes a checkpoint whose parameters have these values, and returns its bytes."""
    target = git.directory / path
    target.parent.mkdir(parents=True, exist_ok=True)
    data = {name: parameters.value(text) for name, text in values.items()}
    parameters.write(str(target), data)
    return target.read_bytes()


def commit(git: Git, message: str = "v", **values: str) -> bytes:
    """Saves the checkpoint and commits it."""
    data = save(git, **values)
    git("add", ".")
    git("commit", "-qm", message)
    return data


def hookless(git: Git) -> Git:
    """The same user with a git that runs no hooks."""
    count = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.hooksPath"}
    return git.at(".", **count, GIT_CONFIG_VALUE_0="/dev/null")


def clone(git: Git, name: str = "clone") -> Git:
    """A fresh clone of the remote, made by the same user."""
    base = git.home.parent
    git.at(base)("clone", "-q", (base / "origin.git").as_uri(), name)
    return git.at(base / name)


def objects(directory: Path) -> set[str]:
    """The oids in the LFS store of a git directory."""
    return {name for _, _, files in os.walk(directory / "lfs/objects") for name in files}


def kept(git: Git) -> set[str]:
    """The oids that have a kept link."""
    directory = git.directory / ".git/theta/unpushed"
    return {name for _, _, files in os.walk(directory) for name in files}


def forget(git: Git) -> None:
    """Takes every object from the store, as `git lfs prune` would, and the kept links too."""
    for directory in ("lfs/objects", "theta/unpushed"):
        for base, _, files in os.walk(git.directory / ".git" / directory):
            for name in files:
                (Path(base) / name).unlink()
