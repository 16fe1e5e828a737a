"""The main job, before your eyes: `make demo`, or `make demo CHECKPOINT=path`.

Versions real checkpoints in a throw-away repository with plain git, and checks at every
step that the bytes which come back are the bytes that went in.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scripts import real_model

CACHE = Path("target/models")
LOW_BIT = bytes(byte ^ 1 for byte in range(256))


class Demo:
    """A repository of its own, in a home of its own; every command is shown and timed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cwd = folder
        self.times: list[tuple[str, float]] = []
        self.wrong: list[str] = []
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PYTHON", "XDG_"))}
        home = folder / "home"
        home.mkdir()
        self.environment = {**kept, "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
        self.git("config", "--global", "user.name", "Ada", shown=False)
        self.git("config", "--global", "user.email", "ada@example.org", shown=False)
        self.git("config", "--global", "init.defaultBranch", "main", shown=False)
        self.git("config", "--global", "advice.detachedHead", "false", shown=False)

    def say(self, text: str) -> None:
        """A heading."""
        print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n# {text}", flush=True)

    def git(self, *arguments: str, shown: bool = True, step: str = "", most: int = 0) -> str:
        """Run git; show the command and at most so many lines of its answer."""
        command = ["git", *arguments]
        if shown:
            shown_as = shlex.join(command).replace(f"file://{self.folder}/", "")
            print("$", shown_as.replace(f"{self.folder}/", ""), flush=True)
        start = time.perf_counter()
        done = subprocess.run(
            command,
            cwd=self.cwd,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if sys.stderr.isatty() else subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{done.stdout}{done.stderr or ''}\n'{shlex.join(command)}' failed")
        if step:
            self.times.append((step, time.perf_counter() - start))
            print(f"  {self.times[-1][1]:.2f} s")
        lines = done.stdout.splitlines()
        for line in lines[:most]:
            print(f"  {line}")
        if len(lines) > most > 0:
            print(f"  … {len(lines) - most} more")
        return done.stdout

    def compare(self, folder: Path, wanted: dict[str, str], what: str) -> None:
        """Check that the files are byte for byte what they should be."""
        for name, digest in wanted.items():
            same = sha256(folder / name) == digest
            print(f"  {'same bytes' if same else 'DIFFERENT BYTES'}: {name}, {what}")
            if not same:
                self.wrong.append(f"{name}, {what}")


def sha256(path: Path) -> str:
    """The file's digest, by a means that git-theta has no part in."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size_below(folder: Path) -> int:
    """Bytes of the files in a folder; hard links of one file count once."""
    found = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return sum({stat.st_ino: stat.st_size for stat in found}.values())


def megabytes(size: int) -> str:
    """A size for people."""
    return f"{size / 1e6:,.1f} MB"


def prepare(chosen: str | None, work: Path) -> list[str]:
    """Put the checkpoints into the work tree; their names."""
    if chosen:
        source = Path(chosen)
        shutil.copyfile(source, work / source.name)
        return [source.name]
    model = real_model.fetch(CACHE)
    training, author = real_model.training_checkpoint(model)
    shutil.copyfile(model, work / "model.safetensors")
    shutil.copyfile(training, work / "training.pt")
    print(f"model.safetensors  a sentence model's weights, {megabytes(model.stat().st_size)}")
    size = megabytes(training.stat().st_size)
    print(f"training.pt        the same with optimizer state, {size}, {author}")
    return ["model.safetensors", "training.pt"]


def change_layer(path: Path) -> str:
    """A step of training in small: another last bit in every element of one parameter."""
    name, start, end = real_model.layer(path)
    with path.open("r+b") as file:
        file.seek(start)
        data = bytearray(file.read(end - start))
        data[::4] = data[::4].translate(LOW_BIT)
        file.seek(start)
        file.write(data)
    return f"{name} ({megabytes(end - start)})"


def first_version(demo: Demo, names: list[str]) -> dict[str, str]:
    """Install, track, add, commit."""
    demo.say("Tell git about checkpoints: once per user, and once per repository")
    demo.git("theta", "install")
    demo.git("theta", "track", *names)
    demo.say("Add and commit: every parameter is a line of its own")
    demo.git("add", ".gitattributes")
    demo.git("theta", "add", *names, step="add, new files")
    demo.git("status", "--short", most=8)
    demo.git("commit", "--quiet", "--message", "First version", step="commit, new files")
    demo.git("theta", "ls", names[0], most=5)
    return {name: sha256(demo.cwd / name) for name in names}


def second_version(demo: Demo, names: list[str]) -> dict[str, str]:
    """Change a layer of each checkpoint, commit."""
    demo.say("Change one layer; plain git add does it too")
    for name in names:
        print(f"  {name}: {change_layer(demo.cwd / name)}")
    demo.git("add", *names, step="add, one layer changed")
    demo.git("status", "--short", most=8)
    demo.git("commit", "--quiet", "--message", "Second version", step="commit, one layer changed")
    demo.git("show", "--name-status", "--format=", most=6)
    return {name: sha256(demo.cwd / name) for name in names}


def travel(demo: Demo, first: dict[str, str], second: dict[str, str]) -> None:
    """Check both versions out, push them, clone them."""
    demo.say("Go back, and forth")
    demo.git("checkout", "--quiet", "HEAD~1", step="checkout, first version")
    demo.compare(demo.cwd, first, "first version")
    demo.git("checkout", "--quiet", "main", step="checkout, second version")
    demo.compare(demo.cwd, second, "second version")
    demo.say("Push, and clone")
    bare, clone = demo.folder / "remote.git", demo.folder / "clone"
    demo.git("init", "--quiet", "--bare", str(bare))
    demo.git("remote", "add", "origin", bare.as_uri(), shown=False)
    demo.git("push", "--quiet", "--set-upstream", "origin", "main", step="push")
    demo.git("clone", "--quiet", bare.as_uri(), str(clone), step="clone")
    demo.compare(clone, second, "clone")
    demo.git("-C", str(clone), "checkout", "--quiet", "HEAD~1", step="checkout, in the clone")
    demo.compare(clone, first, "clone, first version")


def report(demo: Demo, stored: list[int], whole: int) -> None:
    """Print what was stored, and how long each step took."""
    demo.say("What was stored")
    objects = size_below(demo.cwd / ".git/lfs/objects")
    rows = [("the checkpoints", whole), ("first version", stored[0])]
    rows += [("second version, on top", objects - stored[0]), ("both versions", objects)]
    for what, size in rows:
        print(f"  {what:<26} {megabytes(size):>12}")
    print(f"  {'git-lfs would have stored':<26} {megabytes(2 * whole):>12}")
    demo.say("How long it took")
    for step, seconds in demo.times:
        print(f"  {step:<26} {seconds:>10.2f} s")


def main() -> None:
    """Run the whole story; exit 1 if any byte came back wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", nargs="?", help="a checkpoint of your own")
    chosen = parser.parse_args().checkpoint
    if chosen and not Path(chosen).is_file():
        parser.error(f"'{chosen}' is not a file")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE.parent, prefix="demo-") as folder:
        demo = Demo(Path(folder).resolve())
        demo.git("init", "--quiet", str(demo.folder / "repository"), shown=False)
        demo.cwd = demo.folder / "repository"
        names = prepare(chosen, demo.cwd)
        whole = sum((demo.cwd / name).stat().st_size for name in names)
        first = first_version(demo, names)
        stored = [size_below(demo.cwd / ".git/lfs/objects")]
        second = second_version(demo, names)
        travel(demo, first, second)
        report(demo, stored, whole)
    if demo.wrong:
        sys.exit("bytes differ: " + "; ".join(demo.wrong))
    print("\nEvery version came back byte for byte.")


if __name__ == "__main__":
    main()
