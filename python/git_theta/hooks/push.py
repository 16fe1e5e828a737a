"""The net before a push: what the pushed commits name is on the server before they are.

git-lfs uploads what has a pointer. This adds the four things it cannot know: objects whose
pointer is lacking (a commit made without hooks), objects that `git lfs prune` took from the
store while a kept link was left, objects that only another remote has, and objects of commits
that were pushed without hooks, so that git-lfs takes the remote to have them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

from git_theta import git, pointers, transfer
from git_theta.errors import TransferError
from git_theta.hooks.pushed import Pushed
from git_theta.repository import Repository

_SHOWN = 3


def pre_push(repository: Repository, args: Sequence[str]) -> int:
    """Uploads what has no pointer, then lets git-lfs upload the rest.

    Args:
        repository: whose.
        args: the remote's name and its URL.

    Returns:
        git-lfs's exit status.

    Raises:
        TransferError: an object is nowhere to be had.
    """
    remote = args[0]
    said = sys.stdin.buffer.read()
    pushed = Pushed(repository, remote, said)
    wanted = pushed.wanted_pointers()
    lacking = pushed.without_pointer(wanted)
    if lacking:
        _upload(repository, remote, lacking)
    pointed = _objects(pushed.new_pointers(wanted))
    absent = _absent(repository, pointed)
    if absent:
        _find(repository, args, said, absent)
    status = _git_lfs(args, said)
    if status == 0:
        carried = pointed | _objects(wanted)
        repository.store().release([*carried, *_make_good(repository, remote, pushed, carried)])
    return status


def _upload(repository: Repository, remote: str, texts: dict[bytes, str]) -> None:
    objects = _objects(texts)
    others = [name for name in transfer.remotes(repository) if name != remote]
    gone = transfer.fetch(repository, objects.items(), [remote, *others])
    if gone:
        raise _nowhere(texts, gone)
    sys.stderr.write(
        f"git-theta: {len(objects)} objects have no pointer in the commits that are pushed; "
        "they are uploaded all the same\n"
    )
    transfer.upload(repository, remote, objects.items())


def _make_good(
    repository: Repository, remote: str, pushed: Pushed, carried: dict[str, int]
) -> dict[str, int]:
    """Uploads what an earlier push without hooks left behind: its kept links are still there."""
    left = {oid: size for oid, size in repository.kept().items() if oid not in carried}
    texts = pushed.old_pointers({pointers.text(oid, size) for oid, size in left.items()})
    transfer.upload(repository, remote, _objects(texts).items())
    return _objects(texts)


def _find(repository: Repository, args: Sequence[str], said: bytes, absent: dict[str, int]) -> None:
    """Gets objects that are not here from other remotes, unless this one has them anyway."""
    others = [name for name in transfer.remotes(repository) if name != args[0]]
    command = ("lfs", "pre-push", *args)
    if others and git.transfer(*command, input=said, cwd=repository.directory, show=False):
        transfer.fetch(repository, absent.items(), others)


def _git_lfs(args: Sequence[str], said: bytes) -> int:
    """Runs the user's hook that calls git-lfs, if there is one, or else git-lfs itself."""
    chained = os.environ.get("GIT_THETA_LFS_HOOK")
    command = [chained] if chained else ["git", "lfs", "pre-push"]
    return git.call([*command, *args], input=said)


def _absent(repository: Repository, objects: dict[str, int]) -> dict[str, int]:
    """Those that are not here; on the way, objects that were pruned come back."""
    store = repository.store()
    return {oid: size for oid, size in objects.items() if not store.has(oid, size)}


def _objects(texts: Iterable[bytes]) -> dict[str, int]:
    parsed = (pointers.parse(text) for text in texts)
    return dict(pointer for pointer in parsed if pointer is not None)


def _nowhere(texts: dict[bytes, str], gone: Sequence[str]) -> TransferError:
    lost = set(gone)
    named = [path for text, path in texts.items() if _objects([text]).keys() & lost]
    shown = ", ".join(f"'{path}'" for path in named[:_SHOWN])
    return TransferError(
        f"{len(gone)} objects are neither here nor on any remote: {shown}"
        + (" …" if len(named) > _SHOWN else ""),
        hint="a machine that has them can push them: git lfs push --object-id REMOTE OID",
    )
