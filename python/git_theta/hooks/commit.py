"""The hooks around commits: before one, after one, after a merge, after a rebase."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from git_theta import git, state
from git_theta.repair import remember_exact, repair
from git_theta.repository import Repository, real_index_in_use
from git_theta.sync import settle, sync, tidy


def pre_commit(repository: Repository, _: Sequence[str]) -> None:
    """Makes the index that is being committed exact.

    Pointer files are written only in step with the real index. `commit -a` and `commit PATH`
    use a temporary one: should that commit be given up, files would be left that block the
    next switch. After it, post-commit writes them.
    """
    sync(repository, work_tree=real_index_in_use(repository))
    remember_exact(repository)


def post_commit(repository: Repository, _: Sequence[str]) -> None:
    """Mends HEAD, unless git is in the middle of several commits."""
    running = state.running(repository)
    if not running:
        repair(repository)
        _finish(repository)
    elif state.stopped_in_rebase(repository):
        # The user's own commit at a stop: a partial one leaves the real index off.
        settle(repository)
        tidy(repository)
    elif running == ["sequencer"] and _is_last_pick(repository):
        start = state.read(repository, "sequencer/head")
        chain = git.run(
            "rev-list", "--reverse", "--topo-order", "HEAD", f"^{start}", cwd=repository.directory
        )
        repair(repository, chain.split())
        _finish(repository)


def post_merge(repository: Repository, args: Sequence[str]) -> None:
    """Mends a merge commit, or makes the index of a squash exact.

    A fast-forward brings other people's commits, which are never touched.
    """
    if args[:1] == ["1"]:
        sync(repository, work_tree=True)
    elif not state.running(repository):
        if git.succeeds("rev-parse", "-q", "--verify", "HEAD^2", cwd=repository.directory):
            repair(repository)
        _finish(repository)


def post_rewrite(repository: Repository, args: Sequence[str]) -> None:
    """Mends what a rebase made; after an amendment post-commit has done so."""
    if args[:1] != ["rebase"]:
        return
    made = {words[1] for line in sys.stdin if len(words := line.split()) > 1}
    onto = state.read(repository, "rebase-merge/onto") or state.read(
        repository, "rebase-apply/onto"
    )
    below = ["--not", "--remotes", *filter(None, [onto])]
    order = ("rev-list", "--reverse", "--topo-order")
    chain = git.run(*order, "HEAD", *below, cwd=repository.directory).split()
    if made & set(chain):
        repair(repository, chain)
    _finish(repository)


def _finish(repository: Repository) -> None:
    settle(repository)
    tidy(repository)
    state.sweep(repository)


def _is_last_pick(repository: Repository) -> bool:
    lines = state.read(repository, "sequencer/todo").splitlines()
    return len([line for line in lines if line.strip() and not line.startswith("#")]) <= 1
