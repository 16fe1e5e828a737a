"""Moves exact objects to and from servers; git-lfs does the moving."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from git_theta import blobs, git, pointers
from git_theta.errors import ConfigError, TransferError
from git_theta.repository import Repository

# How many oids fit on a command line anywhere, for a git-lfs that reads none from its input.
_ARGUMENTS = 100


def remotes(repository: Repository) -> list[str]:
    """The remotes in the order in which they are asked: the branch's, origin, the others."""
    cwd = repository.directory
    names = git.run("remote", cwd=cwd).splitlines()
    if len(names) < 2:
        return names
    branch = git.run("symbolic-ref", "-q", "--short", "HEAD", cwd=cwd, check=False).strip()
    upstream = git.config(f"branch.{branch}.remote", cwd=cwd) if branch else None
    default = git.config("remote.lfsdefault", cwd=cwd)
    first = [name for name in (upstream, default, "origin") if name in names]
    return list(dict.fromkeys([*filter(None, first), *names]))


def fetch(
    repository: Repository,
    objects: Iterable[tuple[str, int]],
    asked: Sequence[str] | None = None,
) -> list[str]:
    """Brings objects into the store, each remote being asked for what is still missing.

    A tree that no commit has, made of pointers to just these objects, tells git-lfs what to
    fetch: in one batch, through whatever transfer agent is configured.

    Args:
        repository: whose store.
        objects: (oid, size); those that are here already cost nothing.
        asked: the remotes to ask, in order; all of them by default.

    Returns:
        The oids that no remote has given.
    """
    store = repository.store()
    missing = {oid: size for oid, size in objects if not store.has(oid, size)}
    if not missing:
        return []
    for remote in remotes(repository) if asked is None else asked:
        tree = _tree(repository, missing)
        # The empty patterns overrule lfs.fetchinclude and lfs.fetchexclude.
        _lfs(repository, ("fetch", "--include=", "--exclude=", remote, tree))
        missing = {oid: size for oid, size in missing.items() if not store.has(oid, size)}
        if not missing:
            break
    return list(missing)


def upload(repository: Repository, remote: str, objects: Iterable[tuple[str, int]]) -> None:
    """Brings objects to a remote's server; those that it has already are not sent again.

    Args:
        repository: whose store; objects of which only the kept link is left are put back.
        remote: its name or URL.
        objects: (oid, size), all of which must be here.

    Raises:
        TransferError: an object is not here, or git-lfs failed.
    """
    wanted = dict(objects)
    if not wanted:
        return
    store = repository.store()
    absent = [oid for oid, size in wanted.items() if not store.has(oid, size)]
    if absent:
        raise TransferError(f"{len(absent)} objects are not here, first {absent[0]}")
    oids = list(wanted)
    command = ("push", "--object-id", remote)
    said = _lfs(repository, (*command, "--stdin"), "".join(f"{oid}\n" for oid in oids).encode())
    if said is not None and "--stdin" in said:
        # An old git-lfs, which does not know the option.
        for at in range(0, len(oids), _ARGUMENTS):
            said = _lfs(repository, (*command, *oids[at : at + _ARGUMENTS]))
            if said is not None:
                break
    if said is not None:
        raise TransferError(f"cannot upload {len(oids)} objects to '{remote}': {said}")


def _tree(repository: Repository, objects: dict[str, int]) -> str:
    texts = {oid: pointers.text(oid, size) for oid, size in objects.items()}
    blobs.write(texts.values(), repository.algorithm, repository.directory)
    lines = "".join(
        f"100644 blob {blobs.oid(text, repository.algorithm)}\t{oid}\0"
        for oid, text in texts.items()
    )
    return git.run("mktree", "-z", input=lines.encode(), cwd=repository.directory).strip()


def require_lfs() -> None:
    """Makes sure that git-lfs is there.

    Raises:
        ConfigError: it is not.
    """
    if not git.succeeds("lfs", "version"):
        raise ConfigError(
            "git-lfs is not installed; it stores and moves the objects",
            hint="apt-get install git-lfs, brew install git-lfs, or https://git-lfs.com",
        )


def _lfs(repository: Repository, args: Sequence[str], text: bytes = b"") -> str | None:
    """Runs git-lfs, showing its progress on a terminal; what it complained of, if it failed."""
    return git.transfer(
        *("lfs", *args), input=text, cwd=repository.directory, show=sys.stderr.isatty()
    )
