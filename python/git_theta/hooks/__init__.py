"""What git-theta does in git's hooks, one function for each.

pre-commit          the index is made exact; its tree is noted as such
post-commit         HEAD is re-created if it lacks a pointer; index and work tree follow
post-merge          the same for a merge commit; a squash's index is made exact
post-rewrite        the same for every commit of a rebase
post-checkout       large checkpoints are restored; the work tree's pointer files follow the index
post-index-change   the same checkpoints; while a merge, pick or rebase is stopped: the index is
                    made exact
pre-push            what the commits name is on the server before they are
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from git_theta import repository
from git_theta.errors import UsageError


def run(name: str, args: Sequence[str]) -> int:
    """Runs one hook.

    Args:
        name: git's name of it.
        args: what git passed.

    Returns:
        The exit status, by which git goes on or stops.

    Raises:
        UsageError: it is none of ours.
    """
    if name == "pre-push":
        from git_theta.hooks import push

        if len(args) != 2:
            raise UsageError(f"pre-push has 2 arguments, not {len(args)}: remote, URL")
        return push.pre_push(repository.find(), args)
    from git_theta.hooks import after, commit

    known: dict[str, Callable[[repository.Repository, Sequence[str]], int | None]] = {
        "pre-commit": commit.pre_commit,
        "post-commit": commit.post_commit,
        "post-merge": commit.post_merge,
        "post-rewrite": commit.post_rewrite,
        "post-checkout": after.post_checkout,
        "post-index-change": after.post_index_change,
    }
    if name not in known:
        raise UsageError(f"no hook is called '{name}'")
    return known[name](repository.find(), args) or 0
