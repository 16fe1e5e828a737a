"""What a push brings to a remote, as far as checkpoints and pointers are concerned."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator

from git_theta import _core, attributes, blobs, git, pointers
from git_theta.attributes import DIRECTORY
from git_theta.repository import Repository, temporary_index

_ATTRIBUTES = ".gitattributes"


class Pushed:
    """The blobs that some commits have and others have not.

    Costs one walk over the history between them, and little more when no checkpoint is in it.

    Args:
        repository: whose.
        tips: what is pushed.
        without: what the remote has; names that are unknown here are left out.
    """

    def __init__(self, repository: Repository, tips: Iterable[str], without: Iterable[str]) -> None:
        self._repository = repository
        self._tips = list(dict.fromkeys(tips))
        self._edges: list[str] = []
        #: blob or tree oid → path, outside the pointer tree
        self._others: dict[str, str] = {}
        #: blob oid → path, below the pointer tree
        self._new: dict[str, str] = {}
        if self._tips:
            self._walk(without)

    def wanted_pointers(self) -> dict[bytes, str]:
        """Pointer text → a path of it, for all that the pushed manifests want."""
        chosen = self._checkpoints()
        named = [oid for oid, path in self._others.items() if path in chosen]
        texts: dict[bytes, str] = {}
        for oid, blob in blobs.read(named, self._repository.directory):
            path = self._others[oid]
            try:
                texts.update((text, name) for name, text in pointers.of_manifest(path, blob))
            except _core.CoreError as error:
                sys.stderr.write(f"git-theta: '{path}': {error}; its objects are not checked\n")
        return texts

    def without_pointer(self, wanted: dict[bytes, str]) -> dict[bytes, str]:
        """Those of the wanted pointers that are in no tree that git-lfs looks at.

        A pointer is either new, so that git-lfs uploads its object now, or in the tree of
        a tip or of a commit that the remote has, so that it was uploaded earlier.
        """
        algorithm = self._repository.algorithm
        left = {blobs.oid(text, algorithm): text for text in wanted}
        left = {oid: text for oid, text in left.items() if oid not in self._new}
        for commit in (*self._tips, *self._edges):
            if not left:
                break
            for oid in self._pointers_in(commit):
                left.pop(oid, None)
        return {text: wanted[text] for text in left.values()}

    def new_pointers(self, wanted: dict[bytes, str]) -> dict[bytes, str]:
        """Those that git-lfs will look at, wanted by a pushed manifest or not, and a path of each."""
        known = {blobs.oid(text, self._repository.algorithm): text for text in wanted}
        found = {text: wanted[text] for oid, text in known.items() if oid in self._new}
        extra = self._new.keys() - known.keys()
        for oid, text in blobs.read(extra, self._repository.directory):
            found[text] = self._new[oid]
        return found

    def _walk(self, without: Iterable[str]) -> None:
        cwd = self._repository.directory
        excluded = (f"^{oid}" for oid in existing(without, cwd))
        text = "".join(f"{revision}\n" for revision in (*self._tips, *excluded)).encode()
        # What a partial clone has never had is none of ours.
        walk = ("rev-list", "--objects", "--boundary", "--missing=allow-promisor", "--stdin")
        for line in git.run(*walk, input=text, cwd=cwd).split("\n"):
            oid, _, path = line.partition(" ")
            if oid.startswith("-"):
                self._edges.append(oid[1:])
            elif attributes.in_tree(path):
                self._new[oid] = path
            elif path:
                self._others[oid] = path

    def _checkpoints(self) -> set[str]:
        """The paths at which a pushed manifest may be; its content decides in the end."""
        paths = set(self._others.values())
        if not paths:
            return set()
        cwd = self._repository.directory
        pointed = {attributes.checkpoint_of(path) for path in self._new.values()}
        chosen = attributes.checkpoints(paths, cwd=cwd) | (paths & pointed)
        for index in self._attribute_indexes():
            chosen |= attributes.checkpoints(paths, "--cached", index=index, cwd=cwd)
        return chosen

    def _attribute_indexes(self) -> Iterator[str]:
        """Temporary indexes that hold the `.gitattributes` of the tips and of the way there."""
        cwd = self._repository.directory
        for tip in self._tips:
            with temporary_index(self._repository) as index:
                env = git.using(index)
                if git.succeeds("read-tree", f"{tip}^{{tree}}", env=env, cwd=cwd):
                    yield index
        files = [oid for oid, path in self._others.items() if path.endswith(_ATTRIBUTES)]
        for oid, text in blobs.read(files, cwd):
            if b"filter=theta" in text:
                line = os.fsencode(f"100644 {oid}\t{self._others[oid]}\0")
                with temporary_index(self._repository) as index:
                    env = git.using(index)
                    git.run("update-index", "-z", "--index-info", input=line, env=env, cwd=cwd)
                    yield index

    def _pointers_in(self, commit: str) -> list[str]:
        listing = ("ls-tree", "-r", "-z", commit, f"{DIRECTORY}/")
        # A tag may name something that is no tree: then it names no pointers either.
        lines = git.run(*listing, cwd=self._repository.directory, check=False).split("\0")
        return [line.partition("\t")[0].split(" ")[2] for line in lines if line]


def existing(oids: Iterable[str], cwd: str) -> list[str]:
    """Those of these names that git has here.

    Args:
        oids: names of any kind of object.
        cwd: whose.
    """
    asked = "".join(f"{oid}\n" for oid in oids).encode()
    answer = git.run("cat-file", "--batch-check", input=asked, cwd=cwd) if asked else ""
    return [line.split(" ")[0] for line in answer.splitlines() if not line.endswith(" missing")]
