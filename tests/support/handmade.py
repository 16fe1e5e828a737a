"""Checkpoints made by hand: each parameter is given as a word, such as `a="1"`."""

from __future__ import annotations

from tests.support import parameters
from tests.support.git import Git
from tests.support.workshop import MODEL


def save(git: Git, path: str = MODEL, **values: str) -> bytes:
    """Writes a checkpoint whose parameters have these values, and returns its bytes."""
    target = git.directory / path
    target.parent.mkdir(parents=True, exist_ok=True)
    data = {name: parameters.value(text) for name, text in values.items()}
    parameters.write(str(target), data)
    return target.read_bytes()


def commit(git: Git, message: str = "v", **values: str) -> bytes:
    """Saves the checkpoint and commits it, with all else that is new."""
    data = save(git, **values)
    git("add", ".")
    git("commit", "-qm", message)
    return data
