"""Repositories to race in: ours, git-lfs's, and one whose smudge only copies a file.

Each stands in a home of its own. Every timed command starts after the disk has settled
and after the second in which files were written, or git would take them for racy and run
the filters once more.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.filter_client import FilterClient

CHILD = Path(__file__).with_name("peak.py")


@dataclass
class Arena:
    """A fresh repository with one tracked checkpoint; `setup` are the git commands that make it so."""

    folder: Path
    models: dict[str, Path]
    setup: tuple[tuple[str, ...], ...]
    digests: dict[str, str]
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        home = self.folder / "home"
        home.mkdir(parents=True)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PYTHON", "XDG_"))}
        self.environment = {**kept, "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
        self.repository = self.folder / "repository"
        self.repository.mkdir()
        self.model = "model" + self.models["base"].suffix
        for command in (
            ("init", "--quiet", "--initial-branch=main"),
            ("config", "user.name", "Ada"),
            ("config", "user.email", "ada@example.org"),
            ("config", "gc.auto", "0"),
            *self.setup,
        ):
            self.git(*command)

    def git(self, *arguments: str) -> str:
        """Run git here; its answer."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.repository,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"git {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def timed(self, *arguments: str) -> float:
        """Seconds that a git command takes, once everything before it has settled."""
        os.sync()
        time.sleep(1.1)
        start = time.perf_counter()
        self.git(*arguments)
        return time.perf_counter() - start

    def put(self, variant: str) -> None:
        """Save a variant over the checkpoint, as a training script does."""
        partial = self.repository / "partial"
        shutil.copyfile(self.models[variant], partial)
        partial.rename(self.repository / self.model)

    def check(self, variant: str) -> None:
        """Stop the race if the work tree does not hold the variant's very bytes."""
        with (self.repository / self.model).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != self.digests[variant]:
            raise RuntimeError(f"{self.repository}: '{self.model}' is not '{variant}'")

    def stored(self) -> int:
        """Bytes of objects in the LFS store."""
        found = (self.repository / ".git/lfs/objects").rglob("*")
        return sum(path.stat().st_size for path in found if path.is_file())

    def remove(self) -> None:
        """Give the disk back."""
        shutil.rmtree(self.folder)


def ours(folder: Path, models: dict[str, Path], digests: dict[str, str]) -> Arena:
    """git-theta, as a user installs it."""
    name = "model" + models["base"].suffix
    setup = (("theta", "install"), ("theta", "track", name), ("add", ".gitattributes"))
    return Arena(folder, models, setup, digests)


def git_lfs(folder: Path, models: dict[str, Path], digests: dict[str, str]) -> Arena:
    """git-lfs, as a user installs it."""
    name = "model" + models["base"].suffix
    setup = (("lfs", "install"), ("lfs", "track", name), ("add", ".gitattributes"))
    return Arena(folder, models, setup, digests)


def floor(folder: Path, models: dict[str, Path], digests: dict[str, str]) -> Arena:
    """A smudge that only copies the file: what git itself costs at checkout."""
    source, last = models["base"].parent, folder / "last"
    arena = Arena(folder, models, (), digests)
    smudge = f'read name && echo $name >"{last}" && exec cat "{source}/$name"'
    arena.git("config", "filter.floor.smudge", smudge)
    arena.git("config", "filter.floor.clean", f'cat >"{os.devnull}" && cat "{last}"')
    (arena.repository / ".gitattributes").write_text(f"{arena.model} filter=floor -text\n")
    arena.git("add", ".gitattributes")
    for variant, path in models.items():
        named = arena.folder / "name"
        named.write_text(path.name + "\n")
        blob = arena.git("hash-object", "-w", "--no-filters", str(named)).strip()
        arena.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{arena.model}")
        arena.git("commit", "--quiet", "--message", variant)
        arena.git("tag", variant)
    arena.git("checkout", "--quiet", "--force", "base")
    return arena


def peak(arena: Arena, *arguments: str) -> int:
    """The most memory, in bytes, that any process of ours had while git ran a command."""
    report, shim = arena.folder / "peak", arena.folder / "bin" / "git-theta-filter"
    report.write_text("0\n")
    shim.parent.mkdir(exist_ok=True)
    real = shutil.which(shim.name)
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{CHILD}" "{report}" "{real}" "$@"\n')
    shim.chmod(0o755)
    path = arena.environment["PATH"]
    arena.environment["PATH"] = f"{shim.parent}{os.pathsep}{path}"
    try:
        arena.git(*arguments)
    finally:
        arena.environment["PATH"] = path
    return max(int(line) for line in report.read_text().split())


def start_time(arena: Arena) -> float:
    """Seconds from starting our filter process to the end of its greetings with git."""
    command = arena.git("config", "filter.theta.process").strip()
    start = time.perf_counter()
    with FilterClient(command, arena.repository, arena.environment):
        return time.perf_counter() - start
