"""The manifests of an index, of a commit, or of one file of either."""

from __future__ import annotations

import os
import shlex

from git_theta import _core, blobs, git
from git_theta.attributes import PATHSPEC, checkpoint_of, in_tree
from git_theta.errors import StoredError, UsageError, from_core
from git_theta.repository import Repository


class Checkpoint:
    """A checkpoint as git has it.

    Attributes:
        path: relative to the top of the work tree.
        oid: its blob's name in git.
        manifest: what the blob says.
        executable: whether git notes the file as executable.
    """

    __slots__ = ("executable", "manifest", "oid", "path")

    def __init__(self, path: str, oid: str, manifest: _core.Manifest, *, executable: bool) -> None:
        self.path = path
        self.oid = oid
        self.manifest = manifest
        self.executable = executable


def staged(repository: Repository, broken: list[StoredError] | None = None) -> list[Checkpoint]:
    """The checkpoints in the index, without unmerged ones.

    Args:
        repository: whose index.
        broken: takes the errors about manifests that cannot be read.

    Raises:
        StoredError: a manifest cannot be read, and there is no `broken`.
    """
    lines = git.names("ls-files", "-s", "-z", "--", PATHSPEC, cwd=repository.directory)
    found = []
    for line in lines:
        fields, _, path = line.partition("\t")
        mode, oid, stage = fields.split(" ")
        if stage == "0":
            found.append((mode, oid, path))
    return _read(repository, found, broken)


def committed(
    repository: Repository, revision: str, broken: list[StoredError] | None = None
) -> list[Checkpoint]:
    """The checkpoints of a commit: every file that has a directory in its pointer tree.

    Args:
        repository: whose commit.
        revision: as git spells revisions.
        broken: takes the errors about manifests that cannot be read.

    Raises:
        StoredError: a manifest cannot be read, and there is no `broken`.
    """
    lines = git.names("ls-tree", "-r", "-z", revision, cwd=repository.directory)
    found = []
    for line in lines:
        fields, _, path = line.partition("\t")
        mode, _, oid = fields.split(" ")
        found.append((mode, oid, path))
    with_pointers = {checkpoint_of(path) for _, _, path in found if in_tree(path)}
    return _read(repository, [item for item in found if item[2] in with_pointers], broken)


def one(repository: Repository, name: str, cwd: str) -> Checkpoint:
    """The checkpoint that `[REV:]PATH` names; without REV, the one in the index.

    A file that is there is meant as such, whatever characters its name has.

    Args:
        repository: whose.
        name: as the user typed it; a path without REV is relative to `cwd`.
        cwd: where the user typed it.

    Raises:
        UsageError: there is no such file, or it is no checkpoint of git-theta's.
    """
    typed = shlex.quote(name)
    revision, colon, path = name.partition(":")
    if not colon or os.path.lexists(os.path.join(cwd, name)):
        revision = ""
        top = repository.top or repository.git_dir
        path = os.path.relpath(os.path.realpath(os.path.join(cwd, name)), os.path.realpath(top))
    asked = f"{revision or ':0'}:{path}"
    line = git.run("rev-parse", "--verify", "-q", asked, cwd=cwd, check=False).strip()
    blob = dict(blobs.read([line], repository.directory)).get(line) if line else None
    if blob is None:
        if revision:
            listed = f"git ls-tree -r --name-only {shlex.quote(revision)}"
            raise UsageError(f"'{path}' is not in '{revision}'", hint=f"{listed} lists what is")
        raise UsageError(f"'{path}' is not in the index", hint=f"git theta add {typed}")
    if not _core.Manifest.is_manifest(blob):
        raise UsageError(
            f"'{path}' is stored by git itself, not by git-theta",
            hint=f"git theta track {typed}, then git theta add {typed}",
        )
    return Checkpoint(path, line, _parse(path, blob), executable=False)


def _read(
    repository: Repository, found: list[tuple[str, str, str]], broken: list[StoredError] | None
) -> list[Checkpoint]:
    files = [item for item in found if item[0] in blobs.FILES]
    texts = dict(blobs.read((oid for _, oid, _ in files), repository.directory))
    checkpoints = []
    for mode, oid, path in files:
        text = texts.get(oid, b"")
        if not _core.Manifest.is_manifest(text[:64]):
            continue
        try:
            manifest = _parse(path, text)
        except StoredError as error:
            if broken is None:
                raise
            broken.append(error)
        else:
            checkpoints.append(Checkpoint(path, oid, manifest, executable=mode == "100755"))
    return checkpoints


def _parse(path: str, text: bytes) -> _core.Manifest:
    try:
        return _core.Manifest.parse(text)
    except _core.CoreError as error:
        raise from_core(error, path) from error
