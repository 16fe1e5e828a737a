"""One scenario: shell lines in a small repository, and how it may end.

A line that begins with `!` must fail, one with `?` may. The words that the lines use beside
git's are in `words.sh`. Every scenario starts on branch `main` of a repository with two
branches: `main`, tagged `base`, where m.safetensors has parameters a to e, and `zz`, where a
is changed and n1 added.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    """A row of the matrix.

    Attributes:
        name: what is tried.
        script: the lines.
        stale: commits that may lack pointers, because no hook saw them being made.
        lost: objects that only a pre-push of git-theta carries, as no commit points to them.
        dirty: what `git status` may show in the end, beside the pointer tree.
    """

    name: str
    script: str
    stale: int = 0
    lost: int = 0
    dirty: bool = False

    @property
    def steps(self) -> list[tuple[str, str]]:
        """(expectation, line): '' must succeed, '!' must fail, '?' may."""
        lines = [line.strip() for line in self.script.splitlines() if line.strip()]
        return [
            (line[0], line[2:]) if line.startswith(("! ", "? ")) else ("", line) for line in lines
        ]
