"""The repositories that the weather comes down on, and what must hold when it is over."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.support.checkpoints import Parameter, model, safetensors
from tests.support.git import Git

NAME = "model.safetensors"
#: A parameter that differs between v1 and v2.
CHANGED = "layers.0.attn.qkv.weight"
HERE = Path(__file__).parent


def v1() -> dict[str, Parameter]:
    """The parameters of the first version."""
    return model(layers=1, width=16)


def v2() -> dict[str, Parameter]:
    """The parameters of the second: one of them changed."""
    return v1() | {CHANGED: v1()[CHANGED].flipped()}


def prepare(base: Path) -> Path:
    """Makes what tests copy: a home, `r` that tracks, `v` with two versions, the remote of both."""
    git = Git(base, base / "home")
    git.run("git-theta", "install")
    git("init", "-q", "--bare", "remote.git")
    git("init", "-q", "r")
    git = git.at("r")
    git("remote", "add", "origin", (base / "remote.git").as_uri())
    git.run("git-theta", "track", "*.safetensors", "*.pt")
    git("add", ".")
    git("commit", "-qm", "attributes")
    shutil.copytree(git.directory, base / "v", symlinks=True)
    git = git.at("../v")
    for tag, parameters in (("v1", v1()), ("v2", v2())):
        save(git, safetensors(parameters))
        git("add", ".")
        git("commit", "-qm", tag)
        git("tag", tag)
    git("push", "-q", "--tags", "origin", "main")
    return base


def copy(source: Path, base: Path) -> Git:
    """A copy of what `prepare` made, with a remote of its own."""
    shutil.copytree(source, base, symlinks=True, dirs_exist_ok=True)
    for directory in ("r", "v"):
        config = base / directory / ".git/config"
        config.write_text(config.read_text().replace(str(source), str(base)))
    return Git(base / "r", base / "home")


def save(git: Git, data: bytes, name: str = NAME) -> Path:
    """Writes a file of the work tree."""
    path = git.directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def entries(git: Git, name: str = NAME) -> dict[str, list[tuple[str, int]]]:
    """Parameter → objects of a checkpoint in git's index."""
    listed = json.loads(git.run("git-theta", "ls", "--json", "--", name))
    return {
        entry["name"]: [(oid, size) for oid, size in entry.get("objects", [])]
        for entry in listed["parameters"]
    }


def store_path(git: Git, oid: str) -> Path:
    """Where an object is in the LFS store."""
    return git.directory / ".git/lfs/objects" / oid[:2] / oid[2:4] / oid


def kept_path(git: Git, oid: str) -> Path:
    """Where an object's kept link is."""
    return git.directory / ".git/theta/unpushed" / oid


def leftovers(git: Git) -> list[str]:
    """Unfinished files and locks: of git, of git-lfs's store, of ours."""
    found = [*(git.directory / ".git").glob("*.lock"), *git.directory.glob(".git-theta-*")]
    for path in (git.directory / ".git/theta").rglob("*"):
        unfinished = "tmp" in path.parts[-2:-1] or path.name.endswith((".tmp", "partial", ".lock"))
        if path.is_file() and (unfinished or path.name.startswith("index.")):
            found.append(path)
    found += [p for p in (git.directory / ".git/lfs").rglob("*") if "partial" in p.name]
    return [str(path.relative_to(git.directory)) for path in found]


@dataclass(frozen=True)
class State:
    """What no failure may change."""

    head: str
    staged: str
    files: dict[str, bytes]
    objects: frozenset[str]

    @classmethod
    def of(cls, git: Git) -> State:
        """The state of a repository now."""
        files = {
            str(path.relative_to(git.directory)): path.read_bytes()
            for path in git.directory.rglob("*")
            if path.is_file() and ".git" not in path.relative_to(git.directory).parts
        }
        store = git.directory / ".git/lfs/objects"
        objects = frozenset(path.name for path in store.rglob("*") if path.is_file())
        return cls(git("rev-parse", "HEAD"), git("ls-files", "-s"), files, objects)


def assert_clear(text: str, *words: str) -> None:
    """Fail unless one line of git-theta's says what is wrong, with these words, and what to do."""
    assert "Traceback" not in text, text
    assert "panicked" not in text, text
    lines = text.splitlines()
    ours = [line for line in lines if line.startswith("git-theta: ")]
    assert ours, text
    for word in words:
        assert any(word in line for line in ours), f"{word!r} is not named in\n{text}"
    assert any(line.startswith("hint: ") for line in lines), text


def assert_sound(git: Git) -> None:
    """Fail if anything is left over, git finds a difference, or fsck finds fault."""
    assert leftovers(git) == []
    assert git.status() == []
    git.run("git-theta", "fsck")
