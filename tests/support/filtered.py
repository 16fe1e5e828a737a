"""`git-theta-filter clean` and `smudge` as git runs them where it knows no filter processes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.support.git import Git


def ground(base: Path) -> Git:
    """An empty repository, with nothing installed."""
    git = Git(base, base.with_name(f"home-of-{base.name}"))
    git("init", "--quiet")
    return git


def run(git: Git, command: str, content: bytes) -> bytes:
    """What the filter makes of `content`."""
    done = subprocess.run(
        ["git-theta-filter", command, "model.ckpt"],
        cwd=git.directory,
        env=git.env,
        input=content,
        stdout=subprocess.PIPE,
        check=True,
    )
    return done.stdout


def stored(git: Git, oid: str) -> Path:
    """Where an object is."""
    return git.directory / ".git/lfs/objects" / oid[:2] / oid[2:4] / oid


def lines(text: bytes) -> dict[str, dict[str, Any]]:
    """A manifest's stored parameters by name, as any reader of JSON sees them."""
    return {line["name"]: line for line in json.loads(text)["parameters"]}
