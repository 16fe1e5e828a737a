"""The merge drivers: one for manifests, one for pointers; git calls both as one.

Git merges what one side changed by itself, pointers too. For the rest the manifest driver
decides, and notes what it decided about pointers; git calls the pointer driver later, which
looks that up. A pointer is never in conflict: the manifest's conflict is the one that counts.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence

from git_theta import _core, git, pointers, repository, state, transfer
from git_theta.attributes import DIRECTORY, in_tree
from git_theta.errors import MissingError, UsageError, from_core
from git_theta.repository import Repository

_MARKER_SIZE = 7
_SHOWN = 5


def drive(args: Sequence[str]) -> int:
    """Merges one file, as git asks a merge driver to.

    Args:
        args: git's %O %A %B %L %P: three temporary files, the marker size, the path. The
            result goes into the second file.

    Returns:
        0 if it merged, 1 if it is in conflict.

    Raises:
        UsageError: git called with other arguments.
        StoredError: a manifest cannot be read, or an object is missing.
    """
    if len(args) != 5:
        raise UsageError(f"a merge driver has 5 arguments, not {len(args)}: %O %A %B %L %P")
    ancestor_file, ours_file, theirs_file, marker, path = args
    ours, theirs = _read(ours_file), _read(theirs_file)
    if in_tree(path):
        return _merge_pointer(path, ours_file, ours, theirs)
    whose = repository.find()
    nested = _is_nested(whose, path, int(marker or _MARKER_SIZE))
    ancestor = _read(ancestor_file)
    if not all(map(_core.Manifest.is_manifest, (ours, theirs, ancestor or ours))):
        return _refuse(whose, path, ["all of it, one side being no manifest"])
    try:
        # First without objects: nothing is downloaded for a merge that ends in a conflict.
        merged, conflicts = _core.merge(ancestor, ours, theirs, whose.store(), nested=True)
        if not (nested or conflicts):
            _fetch(whose, path, (ours, theirs))
            merged, conflicts = _core.merge(ancestor, ours, theirs, whose.store(), nested=False)
        decided = {} if nested or conflicts else _decide(path, ours, theirs, merged)
    except _core.CoreError as error:
        raise from_core(error) from error
    if conflicts and nested:
        # The ancestor's ancestor differs from both sides, so that the outer merge conflicts.
        _write(ours_file, ancestor or ours)
        return 1
    if conflicts:
        return _refuse(whose, path, conflicts)
    _write(ours_file, merged)
    state.remember_merged(whose, decided)
    return 0


def _merge_pointer(path: str, result: str, ours: bytes, theirs: bytes) -> int:
    found = state.merged(repository.find(), _key(path, ours, theirs))
    if found is not None:
        _write(result, pointers.text(*found))
    return 0


def _fetch(whose: Repository, path: str, sides: Sequence[bytes]) -> None:
    """Brings what the merged checkpoint is made of into the store; its digest needs it."""
    store = whose.store()
    missing = [each for text in sides for each in _core.Manifest.parse(text).missing(store)]
    gone = transfer.fetch(whose, missing)
    if gone:
        raise MissingError(f"'{path}': {len(gone)} objects are neither here nor on a remote")


def _decide(path: str, ours: bytes, theirs: bytes, merged: bytes) -> dict[str, tuple[str, int]]:
    """What the pointer driver shall answer where both sides differ and not just ours stays."""
    left, right, result = (
        dict(_core.Manifest.parse(text).pointers()) for text in (ours, theirs, merged)
    )
    decided: dict[str, tuple[str, int]] = {}
    for name in left.keys() & right.keys() & result.keys():
        pointer = pointers.parse(result[name])
        if left[name] != right[name] and result[name] != left[name] and pointer is not None:
            decided[_key(f"{DIRECTORY}/{path}/{name}", left[name], right[name])] = pointer
    return decided


def _refuse(whose: Repository, path: str, conflicts: list[str]) -> int:
    """Leaves ours in place, tells the user what to do, and has git record a conflict."""
    state.mark_conflict(whose, path)
    shown = ", ".join(f"'{name}'" for name in conflicts[:_SHOWN])
    more = f" and {len(conflicts) - _SHOWN} more" if len(conflicts) > _SHOWN else ""
    sys.stderr.write(
        f"git-theta: '{path}': both sides changed {shown}{more}; ours is left in place\n"
        f"hint: git checkout --ours '{path}', or --theirs, then git add '{path}'\n"
    )
    return 1


def _is_nested(whose: Repository, path: str, marker: int) -> bool:
    """Whether git merges two ancestors of a criss-cross: it widens the markers for that."""
    if marker <= _MARKER_SIZE:
        return False
    question = ("check-attr", "-z", "conflict-marker-size", "--", path)
    value = git.run(*question, cwd=whose.directory).split("\0")[2]
    return marker > (int(value) if value.isdigit() else _MARKER_SIZE)


def _key(path: str, ours: bytes, theirs: bytes) -> str:
    return hashlib.sha256(b"\0".join((os.fsencode(path), ours, theirs))).hexdigest()


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _write(path: str, text: bytes) -> None:
    with open(path, "wb") as file:
        file.write(text)
