"""Checkpoints too large for git's smudge: left as placeholders, restored right after.

Git keeps the whole output of a smudge in memory. Beyond a size that depends on the machine's
memory the filter hands out the placeholder, and the hook that follows writes the file past git.
"""

from __future__ import annotations

import contextlib
import os

from git_theta import git
from git_theta.repository import Repository

#: The setting that overrules the default, in bytes; git's suffixes k, m and g are known.
SETTING = "theta.smudgeLimit"
_NOTE = "deferred"
# Git needs the file's size once, and half as much again while its buffer grows.
_SHARE_OF_MEMORY = 4


def limit(repository: Repository) -> int:
    """The size in bytes beyond which a checkpoint is restored outside of git's smudge."""
    cwd = repository.directory
    chosen = git.run("config", "--type=int", "--get", SETTING, cwd=cwd, check=False).strip()
    if chosen:
        return int(chosen)
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // _SHARE_OF_MEMORY


def defer(repository: Repository, path: str) -> None:
    """Notes that the hook shall restore `path`.

    Args:
        repository: whose work tree.
        path: relative to its top.
    """
    os.makedirs(repository.local_dir, exist_ok=True)
    with open(_file(repository), "ab") as file:
        file.write(os.fsencode(path) + b"\0")


def waiting(repository: Repository) -> list[str]:
    """The paths that were deferred, once each."""
    try:
        with open(_file(repository), "rb") as file:
            names = os.fsdecode(file.read()).split("\0")
    except FileNotFoundError:
        return []
    return [*dict.fromkeys(filter(None, names))]


def forget(repository: Repository) -> None:
    """Drops the note; what is still a placeholder waits for `git theta pull`."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(_file(repository))


def _file(repository: Repository) -> str:
    return os.path.join(repository.local_dir, _NOTE)
