"""Makes the pointer tree exact: in an index, and in the work tree.

`sync` makes an index want what its manifests want, `settle` does so
only where a commit left the index off, `tidy` makes the work tree follow the index.
"""

from __future__ import annotations

import contextlib
import os
import sys

from git_theta import attributes, blobs, git, pointers
from git_theta.attributes import DIRECTORY, PATHSPEC
from git_theta.repository import Repository

_IN_TREE = f":(top){DIRECTORY}"


class Plan:
    """What makes an index exact.

    Attributes:
        adds: pointer path → text, to be staged.
        removals: pointer paths to be taken out.
    """

    __slots__ = ("adds", "removals")

    def __init__(self, adds: dict[str, bytes], removals: list[str]) -> None:
        self.adds = adds
        self.removals = removals

    def __bool__(self) -> bool:
        return bool(self.adds or self.removals)


class _Listing:
    """An index as far as checkpoints and pointers are concerned."""

    __slots__ = ("checkpoints", "pointers", "unmerged_checkpoints", "unmerged_pointers")

    def __init__(self) -> None:
        self.checkpoints: dict[str, str] = {}
        self.pointers: dict[str, str] = {}
        self.unmerged_checkpoints: set[str] = set()
        self.unmerged_pointers: set[str] = set()

    def add(self, line: str) -> None:
        """Takes one line of `ls-files -s`: mode, oid, stage, tab, path."""
        fields, _, path = line.partition("\t")
        mode, oid, stage = fields.split(" ")
        in_tree = attributes.in_tree(path)
        if stage != "0":
            (self.unmerged_pointers if in_tree else self.unmerged_checkpoints).add(path)
        elif in_tree:
            self.pointers[path] = oid
        elif mode in blobs.FILES:
            self.checkpoints[path] = oid


def plan(repository: Repository, index: str | None = None) -> Plan:
    """What makes an index exact.

    Args:
        repository: whose.
        index: which index; the one git would use by default.
    """
    listing = _list(repository, index)
    if not (listing.checkpoints or listing.pointers or listing.unmerged_pointers):
        return Plan({}, [])
    wanted = pointers.wanted(listing.checkpoints.items(), repository.directory)
    for path, why in wanted.unreadable.items():
        sys.stderr.write(f"git-theta: '{path}': {why}; its pointers are left as they are\n")
    alone = listing.unmerged_checkpoints | wanted.unreadable.keys()
    algorithm = repository.algorithm
    adds = {
        path: text
        for path, text in wanted.texts.items()
        if listing.pointers.get(path) != blobs.oid(text, algorithm)
    }
    removals = [
        path
        for path in (*listing.pointers, *listing.unmerged_pointers)
        if path not in wanted.texts and attributes.checkpoint_of(path) not in alone
    ]
    return Plan(adds, removals)


def sync(repository: Repository, index: str | None = None, *, work_tree: bool) -> bool:
    """Stages what makes an index exact.

    Args:
        repository: whose.
        index: which index; the one git would use by default.
        work_tree: whether to write the pointer files too; right for the real index alone.

    Returns:
        Whether anything had to be done.
    """
    todo = plan(repository, index)
    if not todo:
        return False
    algorithm, cwd = repository.algorithm, repository.directory
    blobs.write(todo.adds.values(), algorithm, cwd)
    # Removals go first, so that a file may take the place of a directory. Stage 0, which
    # is what both kinds of line write, also clears the unmerged stages of a path.
    lines = [f"0 {'0' * len(blobs.oid(b'', algorithm))}\t{path}\0" for path in todo.removals]
    lines += [f"100644 {blobs.oid(text, algorithm)}\t{path}\0" for path, text in todo.adds.items()]
    git.run_bytes(
        "update-index",
        "-z",
        "--index-info",
        input=os.fsencode("".join(lines)),
        env=git.using(index),
        cwd=cwd,
    )
    if work_tree and repository.top is not None:
        _check_out(repository, todo.adds)
        for path in todo.removals:
            _drop(repository.top, path)
    return True


def settle(repository: Repository) -> None:
    """Syncs the real index, but only if its pointers differ from HEAD's already.

    So a commit that some other client made without pointers keeps a clean status; the
    next commit heals it.
    """
    different = not git.succeeds(
        *git.unfiltered("diff-index", "--cached", "--quiet", "HEAD", "--", _IN_TREE),
        cwd=repository.directory,
    )
    if different:
        sync(repository, work_tree=True)


def tidy(repository: Repository) -> None:
    """Makes the pointer files of the work tree follow the index; strays are deleted."""
    top = repository.top
    if top is None or repository.has("index.lock"):
        return
    if not os.path.isdir(os.path.join(top, DIRECTORY)) and not _has_pointers(repository):
        return
    changed = git.names(*git.unfiltered("diff-files", "--name-only", "-z", "--", _IN_TREE), cwd=top)
    if changed:
        unmerged = {line.partition("\t")[2] for line in _list_unmerged(repository)}
        _check_out(repository, {path: b"" for path in changed if path not in unmerged})
    for path in git.names("ls-files", "-o", "-z", "--", _IN_TREE, cwd=top):
        if _is_pointer_file(os.path.join(top, path)):
            _drop(top, path)


def unmerged(repository: Repository) -> tuple[set[str], set[str]]:
    """The unmerged paths of the real index: (those outside the pointer tree, those in it)."""
    paths = {line.partition("\t")[2] for line in _list_unmerged(repository)}
    inside = {path for path in paths if attributes.in_tree(path)}
    return paths - inside, inside


def _list(repository: Repository, index: str | None) -> _Listing:
    """What is in an index; a temporary one goes by the `.gitattributes` it holds itself."""
    cwd, env = repository.directory, git.using(index)
    listing = _Listing()
    if index is None:
        lines = git.names("ls-files", "-s", "-z", "--", PATHSPEC, _IN_TREE, env=env, cwd=cwd)
    else:
        lines = git.names("ls-files", "-s", "-z", env=env, cwd=cwd)
        paths = {line.partition("\t")[2] for line in lines}
        chosen = attributes.checkpoints(paths, "--cached", index=index, cwd=cwd)
        lines = [
            line for line in lines if line.partition("\t")[2] in chosen or f"\t{DIRECTORY}/" in line
        ]
    for line in lines:
        listing.add(line)
    # The attribute may be off while the pointers are still there: the manifest decides.
    known = listing.checkpoints.keys() | listing.unmerged_checkpoints
    rest = {attributes.checkpoint_of(path) for path in listing.pointers} - known - {""}
    if rest:
        literal = [f":(top,literal){path}" for path in sorted(rest)]
        for line in git.names("ls-files", "-s", "-z", "--", *literal, env=env, cwd=cwd):
            listing.add(line)
    return listing


def _list_unmerged(repository: Repository) -> list[str]:
    return git.names("ls-files", "-u", "-z", cwd=repository.directory)


def _has_pointers(repository: Repository) -> bool:
    return bool(git.names("ls-files", "-z", "--", _IN_TREE, cwd=repository.directory))


def _check_out(repository: Repository, paths: dict[str, bytes]) -> None:
    # With the filter on, slow as that is: see `git.unfiltered`.
    if paths:
        git.run_bytes(
            *("checkout-index", "-f", "-u", "-q", "-z", "--stdin"),
            input=os.fsencode("\0".join(paths)),
            cwd=repository.top,
        )


def _is_pointer_file(path: str) -> bool:
    try:
        if os.path.islink(path) or os.path.getsize(path) >= pointers.LIMIT:
            return False
        with open(path, "rb") as file:
            return pointers.parse(file.read()) is not None
    except OSError:
        return False


def _drop(top: str, path: str) -> None:
    """Deletes a pointer file and the directories it leaves empty."""
    if os.path.islink(os.path.join(top, DIRECTORY)):
        return  # It leads out of the work tree, to files that are none of ours.
    with contextlib.suppress(OSError):
        os.unlink(os.path.join(top, path))
    while path := path.rpartition("/")[0]:
        try:
            os.rmdir(os.path.join(top, path))
        except OSError:
            return
