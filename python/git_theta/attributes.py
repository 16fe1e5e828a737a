"""Which paths are checkpoints, and which belong to the pointer tree."""

from __future__ import annotations

import os
from collections.abc import Iterable

from git_theta import git

#: The pointer tree, at the top of the work tree.
DIRECTORY = ".git_theta"
#: Selects checkpoints, and pointers, in git's own listings.
PATHSPEC = ":(top,attr:filter=theta)"


def checkpoints(
    paths: Iterable[str], *args: str, index: str | None = None, cwd: str | None = None
) -> set[str]:
    """Those of `paths` that the attributes say are checkpoints.

    Args:
        paths: paths from `cwd`.
        args: `--cached` to go by the `.gitattributes` in the index alone.
        index: which index; the one git would use by default.
        cwd: the top of the work tree, or a bare repository.
    """
    found = filters(paths, *args, index=index, cwd=cwd)
    return {path for path, name in found.items() if name == "theta" and not in_tree(path)}


def filters(
    paths: Iterable[str], *args: str, index: str | None = None, cwd: str | None = None
) -> dict[str, str]:
    """Path → the filter that the attributes give it, or `unspecified`; arguments as above."""
    asked = os.fsencode("\0".join(paths))
    if not asked:
        return {}
    question = ("check-attr", *args, "--stdin", "-z", "filter")
    answer = git.run(*question, input=asked, env=git.using(index), cwd=cwd)
    fields = answer.split("\0")
    return dict(zip(fields[0::3], fields[2::3], strict=False))


def in_tree(path: str) -> bool:
    """Whether `path` is the pointer tree or below it."""
    return path == DIRECTORY or path.startswith(DIRECTORY + "/")


def checkpoint_of(pointer_path: str) -> str:
    """The checkpoint that a path of the pointer tree belongs to."""
    return pointer_path[len(DIRECTORY) + 1 :].rpartition("/")[0]
