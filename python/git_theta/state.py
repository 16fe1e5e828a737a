"""What git is in the middle of, and the notes a merge leaves for the hooks."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from git_theta.repository import Repository

#: Operations that make several commits; HEAD must not be moved under them.
_RUNNING = ("rebase-merge", "rebase-apply", "sequencer")
#: What is in the git directory while a merge, pick or rebase waits for the user.
STOPPED = (
    "theta/conflict",
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "rebase-merge/stopped-sha",
    "rebase-apply/original-commit",
)
_CONFLICT = "conflict"
_MERGED = "merged"


def running(repository: Repository) -> list[str]:
    """The operations of several commits that are in progress."""
    return [name for name in _RUNNING if repository.has(name)]


def is_stopped(repository: Repository) -> bool:
    """Whether a merge, pick or rebase waits for the user."""
    return repository.has(*STOPPED)


def stopped_in_rebase(repository: Repository) -> bool:
    """Whether a rebase waits, so that a commit now is the user's own."""
    return repository.has("rebase-merge/stopped-sha")


def has_locked_index(repository: Repository) -> bool:
    """Whether a git that called us, and no other one, holds the lock on the work tree's index."""
    lock = os.path.realpath(repository.index) + ".lock"
    if not os.path.exists(lock):
        return False
    process = os.getppid()
    while process > 1:
        try:
            if lock in _opened(process):
                return True
            process = _parent(process)
        except OSError:
            # Another user's, or a system without /proc.
            return False
    return False


def _opened(process: int) -> Iterator[str]:
    for descriptor in os.listdir(f"/proc/{process}/fd"):
        with contextlib.suppress(FileNotFoundError):
            yield os.readlink(f"/proc/{process}/fd/{descriptor}")


def _parent(process: int) -> int:
    with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
        # The program's name, in parentheses, may hold any character.
        return int(file.read().rpartition(")")[2].split()[1])


def read(repository: Repository, name: str) -> str:
    """A file of git's own notes, such as `sequencer/head`; empty if it is not there."""
    try:
        with open(os.path.join(repository.git_dir, name), encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


def mark_conflict(repository: Repository, path: str) -> None:
    """Notes that a checkpoint could not be merged, for post-index-change to wait for it."""
    _append(repository, _CONFLICT, f"{path}\n")


def remember_merged(repository: Repository, decided: dict[str, tuple[str, int]]) -> None:
    """Notes pointers that the manifest driver has decided, for the pointer driver.

    Args:
        repository: whose merge.
        decided: key → (oid, size); the key is made of the pointer's path and both sides.
    """
    lines = [f"{key} {oid} {size}\n" for key, (oid, size) in decided.items()]
    if lines:
        _append(repository, _MERGED, "".join(lines))


def merged(repository: Repository, key: str) -> tuple[str, int] | None:
    """(oid, size) of the pointer that was decided under this key."""
    for line in read(repository, f"theta/{_MERGED}").splitlines():
        found, oid, size = line.split(" ")
        if found == key:
            return oid, int(size)
    return None


def sweep(repository: Repository) -> None:
    """Forgets the notes of a merge that is over."""
    for name in (_CONFLICT, _MERGED):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(repository.local_dir, name))


def _append(repository: Repository, name: str, text: str) -> None:
    os.makedirs(repository.local_dir, exist_ok=True)
    path = os.path.join(repository.local_dir, name)
    with open(path, "a", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
