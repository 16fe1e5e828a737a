"""Large checkpoints: left as placeholders by the smudge, restored by the hook right after.

Git keeps the whole output of a smudge in memory, and only then writes it: for each gigabyte it
needs as much memory, and more time than decoding does. What is large is therefore written past
git, provided that git is about to run the hook that does it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator

from git_theta import git, state
from git_theta.errors import ConfigError, GitError
from git_theta.repository import Repository

#: The setting that overrules the default, in bytes; git's suffixes k, m and g are known.
SETTING = "theta.smudgeLimit"
#: The file of the notes, below `theta` in the git directory.
NOTE = "deferred"
_FAILURE = "deferred.failed"
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

    Raises:
        ConfigError: the setting is no number.
    """
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = _limit(repository) if switching else memory // _SHARE_OF_MEMORY
    # Commands that only want the content, such as `git archive`, hold no lock on the index.
    return size > limit and not state.running(repository) and state.has_locked_index(repository)


def _limit(repository: Repository) -> int:
    cwd = repository.directory
    if (chosen := git.config(SETTING, cwd=cwd)) is None:
        return _LARGE
    try:
        return int(git.run("config", "--type=int", "--get", SETTING, cwd=cwd))
    except GitError as error:
        raise ConfigError(
            f"'{SETTING}' is '{chosen}', expected a number of bytes",
            hint=f"git config {SETTING} 256m",
        ) from error


def defer(repository: Repository, path: str) -> None:
    """Notes that the hook shall restore `path`.

    Args:
        repository: whose work tree.
        path: relative to its top.
    """
    os.makedirs(repository.local_dir, exist_ok=True)
    with _lock(repository.local_dir), open(_file(repository), "ab") as file:
        file.write(os.fsencode(path) + b"\0")


@contextlib.contextmanager
def claimed(repository: Repository, *, wait: bool) -> Iterator[frozenset[str]]:
    """The paths that were deferred, for one process at a time.

    In the end they are forgotten, also after a failure, which is told once and not after every
    command. A process that is killed leaves them to the next hook.

    Args:
        repository: whose work tree.
        wait: whether to let another process restore its paths first. Otherwise there are none
            for us as long as it does.

    Yields:
        The paths; whoever asked restores them.
    """
    if not os.path.exists(_file(repository)):
        yield frozenset()
        return
    with _lock(repository.git_dir, wait=wait) as alone:
        noted = _read(repository) if alone else b""
        try:
            yield frozenset(filter(None, os.fsdecode(noted).split("\0")))
        finally:
            if noted:
                _forget(repository, len(noted))


def note_failure(repository: Repository) -> None:
    """Notes that something stayed a placeholder, for the hook that can let git fail."""
    with open(os.path.join(repository.local_dir, _FAILURE), "wb"):
        pass


def take_failure(repository: Repository) -> bool:
    """Whether something stayed a placeholder since this was asked last."""
    try:
        os.unlink(os.path.join(repository.local_dir, _FAILURE))
    except FileNotFoundError:
        return False
    return True


def _forget(repository: Repository, length: int) -> None:
    """Drops the first bytes of the note; another process may have added to it."""
    with _lock(repository.local_dir):
        left = _read(repository)[length:]
        if left:
            with open(_file(repository), "wb") as file:
                file.write(left)
        else:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(_file(repository))


def _read(repository: Repository) -> bytes:
    try:
        with open(_file(repository), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


@contextlib.contextmanager
def _lock(directory: str, *, wait: bool = True) -> Iterator[bool]:
    """Keeps other processes out until the body, or this process, ends; says whether it does."""
    opened = os.open(directory, os.O_RDONLY)
    try:
        yield _try_lock(opened, wait=wait)
    finally:
        os.close(opened)


def _try_lock(opened: int, *, wait: bool) -> bool:
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        # A file system without locks: to restore twice harms nobody.
        return True
    return True


def _file(repository: Repository) -> str:
    return os.path.join(repository.local_dir, NOTE)
