"""The hooks after git changed the work tree or its index."""

from __future__ import annotations

from collections.abc import Sequence

from git_theta import deferred, state
from git_theta.repository import Repository
from git_theta.sync import settle, sync, tidy, unmerged


def post_checkout(repository: Repository, args: Sequence[str]) -> None:
    """Lets the pointer files follow; after `checkout -- PATH` the index as well."""
    # `restore --source` writes no index, and so comes here only.
    restore_deferred(repository)
    if state.running(repository):
        return
    switched = args[2:3] == ["1"]
    if not switched:
        settle(repository)
    tidy(repository)


def post_index_change(repository: Repository, _: Sequence[str]) -> None:
    """Restores what was deferred; makes the index exact once the last conflict is resolved, before `--continue` looks.

    Git may have announced conflicts of pointers alone, and `rebase --continue` commits
    without pre-commit.
    """
    if repository.has("index.lock"):
        return
    restore_deferred(repository)
    outside, inside = unmerged(repository)
    if not outside and (inside or state.is_stopped(repository)):
        sync(repository, work_tree=True)
        state.sweep(repository)


def restore_deferred(repository: Repository) -> None:
    """Writes the checkpoints that were too large for git's smudge.

    Raises:
        ThetaError: one could not be restored; it stays a placeholder.
    """

    def restore(paths: frozenset[str]) -> None:
        from git_theta.pull import pull

        pull(repository, paths.__contains__)

    deferred.work_off(repository, restore)
