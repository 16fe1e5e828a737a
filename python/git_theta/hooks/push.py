"""The net before a push: what the pushed commits name is on the server before they are.

git-lfs uploads what has a pointer. This adds the four things it cannot know: objects whose
pointer is lacking (a commit made without hooks), objects that `git lfs prune` took from the
store while a kept link was left, objects that only another remote has, and objects of commits
that were pushed without hooks, so that git-lfs takes the remote to have them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Sequence

from git_theta import git, pointers, transfer
from git_theta.errors import TransferError
from git_theta.hooks import record
from git_theta.hooks.pushed import Pushed
from git_theta.repository import Repository

_SHOWN = 3


def pre_push(repository: Repository, args: Sequence[str]) -> int:
    """Uploads what git-lfs would leave behind, then lets it upload the rest.

    Args:
        repository: whose.
        args: the remote's name and its URL.

    Returns:
        git-lfs's exit status.

    Raises:
        TransferError: an object is nowhere to be had.
        ConfigError: git-lfs is not installed.
    """
    remote, said = args[0], sys.stdin.buffer.read()
    tips, known = _refs(said)
    pushed = Pushed(repository, tips, [*known, *_tracked(repository, remote)])
    wanted = pushed.wanted_pointers()
    pointed = pushed.new_pointers(wanted)
    left = pushed.without_pointer(wanted) | _left_earlier(repository, remote, tips, wanted)
    if left:
        _upload(repository, remote, left)
    if _absent(repository, pointed):
        _find(repository, args, said, pointed)
    status = _git_lfs(args, said)
    if status:
        transfer.require_lfs()
    absent = _absent(repository, pointed) if status else {}
    if absent:
        raise _nowhere(pointed, absent)
    if status == 0:
        repository.store().release(list(_objects([*pointed, *wanted, *left])))
        record.add(repository, remote, tips)
    return status


def _refs(said: bytes) -> tuple[list[str], list[str]]:
    """(what is pushed, what the remote has in its place), without deletions and new refs."""
    fields = [line.split(" ") for line in os.fsdecode(said).splitlines()]
    pairs = [(line[1], line[3]) for line in fields if len(line) == 4 and line[1].strip("0")]
    return [local for local, _ in pairs], [old for _, old in pairs if old.strip("0")]


def _tracked(repository: Repository, remote: str) -> list[str]:
    pattern = f"refs/remotes/{remote}/"
    question = ("for-each-ref", "--format=%(objectname)", pattern)
    return git.run(*question, cwd=repository.directory).split()


def _left_earlier(
    repository: Repository, remote: str, tips: Sequence[str], wanted: dict[bytes, str]
) -> dict[bytes, str]:
    """Pointers to objects that an earlier push without hooks has left here.

    Such an object still has its kept link. To know whether the pushed commits need it, the
    history since the last push that this hook saw is searched; mostly there is nothing to do.
    """
    kept = repository.kept().keys() - _objects(wanted).keys()
    if not kept or not tips:
        return {}
    since = Pushed(repository, tips, record.read(repository, remote))
    earlier = since.wanted_pointers()
    earlier |= since.new_pointers(earlier)
    return {text: path for text, path in earlier.items() if _objects([text]).keys() & kept}


def _upload(repository: Repository, remote: str, texts: dict[bytes, str]) -> None:
    objects = _objects(texts)
    others = [name for name in transfer.remotes(repository) if name != remote]
    gone = transfer.fetch(repository, objects.items(), [remote, *others])
    if gone:
        raise _nowhere(texts, gone)
    sys.stderr.write(
        f"git-theta: uploading {_count(objects)} that git-lfs alone would leave behind\n"
    )
    transfer.upload(repository, remote, objects.items())


def _find(
    repository: Repository, args: Sequence[str], said: bytes, pointed: dict[bytes, str]
) -> None:
    """Gets objects that are not here from other remotes, unless this one has them anyway."""
    others = [name for name in transfer.remotes(repository) if name != args[0]]
    command = ("lfs", "pre-push", *args)
    if others and git.transfer(*command, input=said, cwd=repository.directory, show=False):
        transfer.fetch(repository, _objects(pointed).items(), others)


def _git_lfs(args: Sequence[str], said: bytes) -> int:
    """Runs the user's hook that calls git-lfs, if there is one, or else git-lfs itself."""
    chained = os.environ.get("GIT_THETA_LFS_HOOK")
    command = [chained] if chained else ["git", "lfs", "pre-push"]
    return git.call([*command, *args], input=said)


def _absent(repository: Repository, texts: Iterable[bytes]) -> dict[str, int]:
    """Objects that are not here; on the way, those that were pruned come back."""
    store = repository.store()
    return {oid: size for oid, size in _objects(texts).items() if not store.has(oid, size)}


def _objects(texts: Iterable[bytes]) -> dict[str, int]:
    parsed = (pointers.parse(text) for text in texts)
    return dict(pointer for pointer in parsed if pointer is not None)


def _nowhere(texts: dict[bytes, str], gone: Collection[str]) -> TransferError:
    lost = set(gone)
    named = [path for text, path in texts.items() if _objects([text]).keys() & lost]
    shown = ", ".join(f"'{path}'" for path in named[:_SHOWN])
    more = " …" if len(named) > _SHOWN else ""
    verb = "is" if len(lost) == 1 else "are"
    return TransferError(
        f"{_count(lost)} {verb} neither here nor on any remote: {shown}{more}",
        hint="push from a machine that has them, or: git lfs push --object-id REMOTE OID there",
    )


def _count(objects: Collection[str]) -> str:
    return f"{len(objects)} object" + ("" if len(objects) == 1 else "s")
