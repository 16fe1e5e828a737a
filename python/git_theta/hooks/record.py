"""Which commits were pushed with all that they need, remote by remote."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable

from git_theta.repository import Repository

# Forgetting older ones costs a longer walk, and nothing else.
_KEPT = 100


def read(repository: Repository, remote: str) -> list[str]:
    """The commits that this machine's pre-push has let pass to a remote.

    Args:
        repository: whose.
        remote: its name or URL.
    """
    try:
        with open(_file(repository, remote), encoding="ascii") as file:
            return file.read().split()
    except OSError:
        return []


def add(repository: Repository, remote: str, tips: Iterable[str]) -> None:
    """Notes that everything these commits need is on a remote's server."""
    commits = list(dict.fromkeys([*tips, *read(repository, remote)]))[:_KEPT]
    path = _file(repository, remote)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        file.write("".join(f"{commit}\n" for commit in commits))


def _file(repository: Repository, remote: str) -> str:
    name = hashlib.sha256(os.fsencode(remote)).hexdigest()[:16]
    return os.path.join(repository.theta_dir, "pushed", name)
