"""The `.gitattributes` lines that make files checkpoints: written, found, taken away."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from git_theta.attributes import DIRECTORY
from git_theta.errors import UsageError

_ATTRIBUTES = "filter=theta merge=theta -text"
_TREE_PATTERN = f"{DIRECTORY}/**"
_GLOB = re.compile(r"[*?\[\\]")
_NEEDS_QUOTES = re.compile(r"[\s\"\x00-\x1f\x7f]|^#")
_C_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_LINE = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\S+)\s+(.*)', re.DOTALL)


def pattern(argument: str, top: str, cwd: str) -> str:
    """The pattern that `git theta track ARGUMENT` means, as `.gitattributes` spells it.

    A file that exists is meant literally, and alone, whatever characters its name has;
    otherwise `*`, `?` and `[` make a pattern, which holds in `cwd` and below.

    Args:
        argument: what the user typed.
        top: the top of the work tree.
        cwd: where the user typed it.

    Raises:
        UsageError: it is outside the work tree, a directory, or no pattern of git's.
    """
    path = os.path.join(cwd, argument)
    if os.path.isdir(path):
        raise UsageError(f"'{argument}' is a directory", hint=f'git theta track "{argument}/**"')
    if os.path.lexists(path) or not _GLOB.search(argument):
        return quote("/" + escape(_inside(argument, path, top)))
    if argument.startswith("!"):
        raise UsageError(f"'{argument}': attributes know no negative patterns")
    prefix = escape(_inside(argument, cwd, top))
    if prefix == ".":
        return quote(argument)
    inner = argument.lstrip("/") if "/" in argument else f"**/{argument}"
    return quote(f"/{prefix}/{inner}")


def escape(path: str) -> str:
    """A pattern that matches `path` and nothing else."""
    return _GLOB.sub(lambda found: "\\" + found.group(), path)


def quote(text: str) -> str:
    """A pattern as a line of `.gitattributes` begins: in C quotes where it must be."""
    if not _NEEDS_QUOTES.search(text):
        return text
    return '"' + "".join(_C_ESCAPES.get(c, c) for c in text) + '"'


def track(top: str, patterns: Iterable[str]) -> list[str]:
    """Adds the lines of these patterns.

    Args:
        top: the top of the work tree, whose `.gitattributes` is written.
        patterns: as `pattern` spells them.

    Returns:
        Those that were not there already.
    """
    lines = _read(top)
    there = set(tracked(top))
    new = [text for text in dict.fromkeys(patterns) if text not in there]
    if new or (there and not any(_pattern_of(line) == _TREE_PATTERN for line in lines)):
        # The last line that matches wins: the tree's own stays below every pattern.
        kept = [line for line in lines if _pattern_of(line) != _TREE_PATTERN]
        _write(top, kept + [f"{text} {_ATTRIBUTES}\n" for text in (*new, _TREE_PATTERN)])
    return new


def untrack(top: str, patterns: Iterable[str]) -> list[str]:
    """Takes the lines of these patterns away, and the tree's with the last.

    Returns:
        Those that were there.
    """
    there = set(tracked(top))
    gone = [text for text in dict.fromkeys(patterns) if text in there]
    if gone:
        kept = [line for line in _read(top) if _pattern_of(line) not in gone]
        if len(gone) == len(there):
            kept = [line for line in kept if _pattern_of(line) != _TREE_PATTERN]
        _write(top, kept)
    return gone


def tracked(top: str) -> list[str]:
    """The patterns that `.gitattributes` gives to git-theta, without the tree's own."""
    found = [_pattern_of(line) for line in _read(top)]
    return [text for text in found if text not in {None, _TREE_PATTERN}]


def _pattern_of(line: str) -> str | None:
    parts = _LINE.fullmatch(line)
    if parts is None or line.lstrip().startswith("#") or "filter=theta" not in parts[2].split():
        return None
    return parts[1]


def _inside(argument: str, path: str, top: str) -> str:
    """`path` from the top of the work tree; its directory's links followed, its own not."""
    parent = os.path.realpath(os.path.dirname(path) or ".")
    full = os.path.normpath(os.path.join(parent, os.path.basename(path)))
    relative = os.path.relpath(full, os.path.realpath(top)).replace(os.sep, "/")
    if relative.split("/")[0] in {"..", DIRECTORY, ".git"}:
        raise UsageError(
            f"'{argument}' is not a path for a checkpoint", hint=f"it is outside '{top}'"
        )
    return relative


def _read(top: str) -> list[str]:
    try:
        with open(_file(top), encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            lines = file.readlines()
    except FileNotFoundError:
        return []
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return lines


def _write(top: str, lines: list[str]) -> None:
    path = _file(top)
    if not lines:
        os.unlink(path)
        return
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.writelines(lines)
    os.replace(temporary, path)


def _file(top: str) -> str:
    return os.path.join(top, ".gitattributes")
