"""A git-theta-filter that waits at a gate: tests act on it, or on git, at a known moment.

The gate is a pair of named pipes. Opening one blocks until the other side does so too, so
that nobody has to guess how long anything takes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.git import Git

_DEADLINE = 60
_HELD = """\
#!{python}
import os, signal, sys
from git_theta import filter as filters, plumbing

signal.signal(signal.SIGXFSZ, signal.SIG_DFL)

def held(command):
    real = getattr(filters, command)
    def wait(session, repository, path, **more):
        if not path.startswith(".git_theta/"):
            with open(os.environ["GATE_REACHED"], "w") as file:
                file.write(str(os.getpid()))
            with open(os.environ["GATE_OPENED"]) as file:
                file.read()
        real(session, repository, path, **more)
    setattr(filters, command, wait)

if "GATE" in os.environ:
    held(os.environ["GATE"])
sys.exit(plumbing.main())
"""


def frail(git: Git, base: Path) -> Git:
    """The same user with a filter that a file beyond the limit kills at once, unlike Python's."""
    script = base / "bin/git-theta-filter"
    if not script.exists():
        script.parent.mkdir(exist_ok=True)
        script.write_text(_HELD.format(python=sys.executable))
        script.chmod(0o755)
    return git.at(".", PATH=f"{script.parent}{os.pathsep}{git.env['PATH']}")


class Gate:
    """A git command whose filter is held as it begins to clean, or to smudge, a checkpoint.

    Attributes:
        filter: the process number of the filter that waits.
        git: the git command.
    """

    def __init__(self, git: Git, base: Path, command: str, *args: str) -> None:
        self._reached, self._opened = base / "reached", base / "opened"
        for pipe in (self._reached, self._opened):
            os.mkfifo(pipe)
        gate = {"GATE_REACHED": str(self._reached), "GATE_OPENED": str(self._opened)}
        held = frail(git, base).at(".", GATE=command, **gate)
        self.git = subprocess.Popen(
            ["git", *args],
            cwd=held.directory,
            env=held.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.filter = int(self._reached.read_text())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.git.kill()
        self.git.communicate()
        for pipe in (self._reached, self._opened):
            pipe.unlink()

    def open(self) -> None:
        """Lets the filter go on."""
        self._opened.write_text("go")

    def kill(self) -> None:
        """Kills the filter, which cannot prevent it."""
        os.kill(self.filter, signal.SIGKILL)

    def end(self) -> tuple[int, str]:
        """Exit status and output of git."""
        text, _ = self.git.communicate(timeout=_DEADLINE)
        return self.git.returncode, text.decode(errors="replace")

    def filter_ended(self) -> bool:
        """Waits until the filter is gone; False if it stays."""
        deadline = time.monotonic() + _DEADLINE
        while time.monotonic() < deadline:
            try:
                if (
                    Path(f"/proc/{self.filter}/stat").read_text().rpartition(")")[2].split()[0]
                    == "Z"
                ):
                    return True
            except (FileNotFoundError, ProcessLookupError):
                return True
            os.sched_yield()
        return False
