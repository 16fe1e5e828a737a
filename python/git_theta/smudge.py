"""smudge: what `git checkout` does with one file of a commit."""

from __future__ import annotations

import os

from git_theta import _core, deferred, progress, transfer
from git_theta.attributes import DIRECTORY
from git_theta.errors import MissingError, from_core
from git_theta.repository import Repository

#: Any of these set to 1 leaves the manifest in the work tree, to be restored by `git theta pull`.
SKIPPING = ("GIT_THETA_SKIP_SMUDGE", "GIT_LFS_SKIP_SMUDGE")


class Told(Exception):  # noqa: N818 - not an error of its own, but the state of the answer
    """The cause was met after the answer had begun; git has been told to drop it."""


def smudge(
    session: _core.Session, repository: Repository, path: str, *, switching: bool = False
) -> None:
    """Answers git's request to smudge `path`.

    Args:
        session: the conversation with git; the content has not been read yet.
        repository: where objects are.
        path: relative to the top of the work tree.
        switching: whether git is switching the work tree to a commit, and will run our hooks.

    Raises:
        ThetaError: nothing has been answered.
        Told: the answer began and was taken back.
    """
    store = repository.store()
    content = session.receive(store)
    text = content.bytes()
    is_manifest = text is not None and _core.Manifest.is_manifest(text)
    if text is None or not is_manifest or path.startswith(f"{DIRECTORY}/") or skipping():
        session.send(content)
        return
    manifest = _core.Manifest.parse(text)
    fetch(repository, path, manifest)
    if deferred.is_due(repository, manifest.size, switching=switching):
        deferred.defer(repository, path)
        session.send(content)
        return
    with progress.shown(f"restoring '{path}'", manifest.size) as counter:
        try:
            session.smudge(manifest, path, store, counter)
        except _core.CoreError as error:
            raise Told from from_core(error, path)


def skipping() -> bool:
    """Whether checkpoints shall stay placeholders for now."""
    return any(os.environ.get(name, "").lower() in {"1", "true", "t"} for name in SKIPPING)


def fetch(repository: Repository, path: str, manifest: _core.Manifest) -> None:
    """Brings what restoring needs into the store.

    Args:
        repository: whose store.
        path: the checkpoint, for the message.
        manifest: its manifest.

    Raises:
        MissingError: no remote has given all of it.
    """
    missing = manifest.missing(repository.store())
    lacking = set(transfer.fetch(repository, missing)) if missing else set()
    if not lacking:
        return
    entries = manifest.entries()
    names = [e.name for e in entries if any(oid in lacking for oid, _ in e.objects)]
    first = f"parameter '{names[0]}'" if names else "frames"
    raise MissingError(
        f"'{path}': {first} is missing: object {min(lacking)} is neither here nor on a remote"
        + (f" ({len(lacking)} objects are)" if len(lacking) > 1 else ""),
        hint="fetch from a remote that has it, or check out with GIT_THETA_SKIP_SMUDGE=1",
    )
