"""`git-theta-filter`, which git calls; people call `git theta`.

git-theta-filter process                 the long-running filter
git-theta-filter clean PATH              one checkpoint to its manifest
git-theta-filter smudge PATH             one manifest to its checkpoint
git-theta-filter merge %O %A %B %L %P    the merge driver
git-theta-filter hook NAME [ARGUMENTS]   git's hooks
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

from git_theta.errors import UsageError, is_traced, told

#: Hooks that git runs when all is done already; they say what went wrong, and fail nothing.
_LATE = "post-"
# The shell's words for a program that a closed pipe has ended.
_BROKEN_PIPE = 128 + 13
# Git takes 1 to 128 from a merge driver for a conflict.
_BROKEN_DRIVER = 129


def main() -> int:
    """The entry point: runs one command, and tells errors in one line."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    args = sys.argv[1:]
    try:
        return _dispatch(args)
    except BrokenPipeError:
        # Git went away: nobody is left to tell. Python must not try to flush once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return _BROKEN_PIPE
    except Exception as error:
        if is_traced():
            raise
        text, status = told(error)
        sys.stderr.write(text)
        return _status(args, status)


def _status(args: Sequence[str], failed: int) -> int:
    """What git shall make of a failure."""
    if args[:1] == ["hook"] and args[1:2] and args[1].startswith(_LATE):
        return 0
    return max(failed, _BROKEN_DRIVER) if args[:1] == ["merge"] else failed


def _dispatch(args: Sequence[str]) -> int:
    command, rest = (args[0], args[1:]) if args else ("", [])
    if command == "hook" and rest:
        from git_theta import hooks

        return hooks.run(rest[0], rest[1:])
    if command == "merge":
        from git_theta import merge

        return merge.drive(rest)
    if command == "process":
        from git_theta import filter as filters

        return filters.process()
    if command in {"clean", "smudge"} and len(rest) == 1:
        from git_theta import filter as filters

        return filters.single(command, rest[0])
    raise UsageError(f"git-theta-filter: not called as git calls it: {' '.join(args)}")
