"""Re-creates commits whose tree lacks a pointer, where that does nobody harm.

It hardly ever fires: pre-commit, the merge drivers and git's own merge make exact trees.
What remains is `commit --no-verify`, and merges or rebases onto a commit made without hooks.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from git_theta import git
from git_theta.repository import Repository, temporary_index
from git_theta.sync import Plan, plan, sync

# Labels of `rebase -r` are still there when its last hook runs; a stash is nobody's history.
_OTHERS_IGNORED = ("refs/rewritten/", "refs/stash")


def remember_exact(repository: Repository) -> None:
    """Notes that the tree of the index is exact, so that post-commit need not look again."""
    tree = git.run("write-tree", cwd=repository.directory, check=False).strip()
    if tree:
        os.makedirs(repository.local_dir, exist_ok=True)
        with open(_note(repository), "w", encoding="ascii") as file:
            file.write(tree)


def remembered_exact(repository: Repository, commit: str = "HEAD") -> bool:
    """Whether the tree of `commit` is the one that was noted."""
    try:
        with open(_note(repository), encoding="ascii") as file:
            noted = file.read()
    except OSError:
        return False
    found = git.run("rev-parse", "-q", "--verify", f"{commit}^{{tree}}", cwd=repository.directory)
    return found.strip() == noted


def inexact(repository: Repository, commit: str) -> Plan:
    """What would make the tree of a commit exact: adds are missing, removals superfluous."""
    with temporary_index(repository) as index:
        _read_tree(repository, commit, index)
        return plan(repository, index)


def repair(repository: Repository, chain: Sequence[str] | None = None) -> bool:
    """Re-creates the commits of HEAD's chain that lack a pointer, and those above them.

    A superset of pointers is left alone. Left alone too are signed commits, and those that
    another ref contains: they are somebody else's already.

    Args:
        repository: whose.
        chain: commits from the oldest to HEAD; HEAD alone by default.

    Returns:
        Whether HEAD was moved.
    """
    if chain is None and remembered_exact(repository):
        return False
    cwd = repository.directory
    head = git.run("rev-parse", "-q", "--verify", "HEAD", cwd=cwd).strip()
    todo = chain or [head]
    lacking = {commit for commit in todo if inexact(repository, commit).adds}
    new: dict[str, str] = {}
    for commit in todo if lacking else ():
        old = git.run("rev-parse", f"{commit}^@", cwd=cwd).split()
        parents = [new.get(parent, parent) for parent in old]
        mends = commit in lacking and _is_ours_alone(repository, commit)
        if mends or parents != old:
            created = _recreate(repository, commit, parents, mends=mends)
            if created is None:
                return False
            new[commit] = created
    if head not in new:
        return False
    note = "git-theta: complete the pointer tree"
    git.run("update-ref", "-m", note, "HEAD", new[head], head, cwd=cwd)
    return True


def _recreate(
    repository: Repository, commit: str, parents: Sequence[str], *, mends: bool
) -> str | None:
    """The same commit with other parents and, if it `mends`, an exact tree; None if signed.

    The raw text is edited, which keeps author, dates, encoding and every other header.
    """
    cwd = repository.directory
    head, _, body = git.run_bytes("cat-file", "commit", commit, cwd=cwd).partition(b"\n\n")
    lines = head.split(b"\n")
    if any(line.startswith(b"gpgsig") for line in lines):
        return None
    tree = _exact_tree(repository, commit).encode() if mends else lines[0].removeprefix(b"tree ")
    kept = [line for line in lines if not line.startswith((b"tree ", b"parent "))]
    parent_lines = [b"parent " + parent.encode() for parent in parents]
    text = b"\n".join([b"tree " + tree, *parent_lines, *kept]) + b"\n\n" + body
    return git.run("hash-object", "-t", "commit", "-w", "--stdin", input=text, cwd=cwd).strip()


def _exact_tree(repository: Repository, commit: str) -> str:
    with temporary_index(repository) as index:
        _read_tree(repository, commit, index)
        sync(repository, index, work_tree=False)
        return git.run("write-tree", env=git.using(index), cwd=repository.directory).strip()


def _read_tree(repository: Repository, commit: str, index: str) -> None:
    git.run("read-tree", f"{commit}^{{tree}}", env=git.using(index), cwd=repository.directory)


def _is_ours_alone(repository: Repository, commit: str) -> bool:
    cwd = repository.directory
    branch = git.run("symbolic-ref", "-q", "HEAD", cwd=cwd, check=False).strip()
    refs = git.run("for-each-ref", f"--contains={commit}", "--format=%(refname)", cwd=cwd)
    return all(ref == branch or ref.startswith(_OTHERS_IGNORED) for ref in refs.split())


def _note(repository: Repository) -> str:
    return os.path.join(repository.local_dir, "exact")
