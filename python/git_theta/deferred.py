"""Large checkpoints: left as placeholders by the smudge, restored by the hook right after.

Git keeps the whole output of a smudge in memory, and only then writes it: for each gigabyte it
needs as much memory, and more time than decoding does. What is large is therefore written past
git, provided that git is about to run the hook that does it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable

from git_theta import git, state
from git_theta.repository import Repository

#: The setting that overrules the default, in bytes; git's suffixes k, m and g are known.
SETTING = "theta.smudgeLimit"
_NOTE = "deferred"
# Below this, starting the hook takes longer than what it saves.
_LARGE = 256 << 20
# Git needs the file's size once, and half as much again while its buffer grows.
_SHARE_OF_MEMORY = 4


def is_due(repository: Repository, size: int, *, switching: bool) -> bool:
    """Whether a checkpoint shall be restored outside of git's smudge.

    Not while a rebase goes from commit to commit: it would take the restored file for a change.

    Args:
        repository: where git runs.
        size: the checkpoint's size in bytes.
        switching: whether git is switching the work tree to a commit, and will run our hook.
            Commands that only want the content, such as `git archive`, hold no lock on the index.
    """
    if state.running(repository):
        return False
    if switching and repository.has("index.lock"):
        return size > _limit(repository)
    return size > os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // _SHARE_OF_MEMORY


def _limit(repository: Repository) -> int:
    cwd = repository.directory
    chosen = git.run("config", "--type=int", "--get", SETTING, cwd=cwd, check=False).strip()
    return int(chosen) if chosen else _LARGE


def defer(repository: Repository, path: str) -> None:
    """Notes that the hook shall restore `path`.

    Args:
        repository: whose work tree.
        path: relative to its top.
    """
    os.makedirs(repository.local_dir, exist_ok=True)
    with open(_file(repository), "ab") as file:
        file.write(os.fsencode(path) + b"\0")


def work_off(repository: Repository, restore: Callable[[frozenset[str]], object]) -> None:
    """Has what was deferred restored, unless another process is at it already.

    The note goes also if that fails, so that a failure is told once; what is still a
    placeholder then waits for `git theta pull`. If the process is killed the note stays, and
    the next hook does the rest.

    Args:
        repository: whose work tree.
        restore: called with the paths.
    """
    try:
        number = os.open(_file(repository), os.O_RDONLY)
    except FileNotFoundError:
        return
    with open(number, "rb") as note:
        try:
            fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        try:
            # Another command may defer more meanwhile.
            while names := note.read():
                restore(frozenset(filter(None, os.fsdecode(names).split("\0"))))
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(_file(repository))


def _file(repository: Repository) -> str:
    return os.path.join(repository.local_dir, _NOTE)
