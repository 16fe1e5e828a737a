"""The hooks after git changed the work tree or its index."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from git_theta import deferred, state
from git_theta.errors import StoredError, ThetaError, told
from git_theta.repository import Repository
from git_theta.sync import settle, sync, tidy, unmerged


def post_checkout(repository: Repository, args: Sequence[str]) -> int:
    """Lets the pointer files follow; after `checkout -- PATH` the index as well.

    Returns:
        Git's exit status: 1 if a checkpoint could not be restored, here or right before.
    """
    # `restore --source` writes no index, and so comes here only.
    restore_deferred(repository, wait=True)
    if not state.running(repository):
        switched = args[2:3] == ["1"]
        if not switched:
            settle(repository)
        tidy(repository)
    return int(deferred.take_failure(repository))


def post_index_change(repository: Repository, _: Sequence[str]) -> None:
    """Restores what was deferred; makes the index exact once the last conflict is resolved.

    That is before `--continue` looks. Git may have announced conflicts of pointers alone, and
    `rebase --continue` commits without pre-commit.
    """
    if repository.has("index.lock"):
        return
    # A long restore in another terminal must not hold up `git status` in this one.
    restore_deferred(repository, wait=False)
    outside, inside = unmerged(repository)
    if not outside and (inside or state.is_stopped(repository)):
        sync(repository, work_tree=True)
        state.sweep(repository)


def restore_deferred(repository: Repository, *, wait: bool) -> None:
    """Writes the checkpoints that were too large for git's smudge, or tells why it cannot.

    Args:
        repository: whose work tree.
        wait: whether to let another process that is at it finish first.
    """
    with deferred.claimed(repository, wait=wait) as paths:
        if not paths:
            return
        from git_theta.pull import pull

        try:
            pull(repository, paths.__contains__)
        except ThetaError as error:
            if isinstance(error, StoredError):
                # The same command again would find nothing to do.
                error.hint = "it stays a placeholder for now; 'git theta pull' tries again"
            sys.stderr.write(told(error)[0])
            deferred.note_failure(repository)
