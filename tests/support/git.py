"""Git as the end-to-end tests call it: a home of its own, a clock that stands still."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

DATE = "2024-02-03T04:05:06+00:00"
CONFIG = """\
[user]
\tname = Ada Tester
\temail = ada@example.org
[init]
\tdefaultBranch = main
[advice]
\tdetachedHead = false
[protocol "file"]
\tallow = always
[pull]
\trebase = false
[gc]
\tauto = 0
"""
SCRIPTS = Path(sys.executable).parent


class WrongExitError(AssertionError):
    """A command ended otherwise than the test expects; the message holds what it said."""


@dataclass
class Git:
    """Runs git, and shell lines, in one directory.

    Attributes:
        directory: where commands run.
        home: where the user's settings are.
        env: the whole environment of every command.
    """

    directory: Path
    home: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.env:
            self.home.mkdir(parents=True, exist_ok=True)
            config = self.home / ".gitconfig"
            if not config.exists():
                config.write_text(CONFIG, encoding="utf-8")
            self.env = environment(self.home)

    def __call__(self, *args: str, status: int = 0, stdin: bytes = b"") -> str:
        """What `git ARGS` prints, on both outputs.

        Args:
            args: the command line after `git`.
            status: the exit status that the test expects.
            stdin: what the command reads.
        """
        return self.run("git", *args, status=status, stdin=stdin)

    def run(self, *command: str, status: int = 0, stdin: bytes = b"") -> str:
        """As calling it, for any program."""
        found, text = self.attempt(*command, stdin=stdin)
        if found != status:
            raise WrongExitError(f"{' '.join(command)}: exit {found}, expected {status}\n{text}")
        return text

    def attempt(self, *command: str, stdin: bytes = b"") -> tuple[int, str]:
        """Exit status and output of a program that may fail."""
        done = subprocess.run(
            command,
            cwd=self.directory,
            env=self.env,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return done.returncode, done.stdout.decode(errors="surrogateescape")

    def at(self, directory: Path | str, **env: str) -> Git:
        """The same user elsewhere, or with more in the environment."""
        return Git(self.directory / directory, self.home, {**self.env, **env})

    def lines(self, *args: str) -> list[str]:
        """The lines that `git ARGS` prints."""
        return self(*args).splitlines()

    def status(self) -> list[str]:
        """`git status`, one line for each path."""
        return self.lines("status", "--porcelain")


def environment(home: Path) -> dict[str, str]:
    """An environment in which nothing of the machine's or the user's settings is seen."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "LC_", "PYTHON", "XDG_"))
    }
    return kept | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_EDITOR": "true",
        "GIT_AUTHOR_DATE": DATE,
        "GIT_COMMITTER_DATE": DATE,
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "PATH": str(SCRIPTS) + os.pathsep + os.environ["PATH"],
    }
