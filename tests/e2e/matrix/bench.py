"""The repository that every scenario starts from, and what must hold at its end."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.matrix.scenario import Scenario
from tests.support import parameters
from tests.support.git import CONFIG, Git, WrongExitError

WORDS = Path(__file__).with_name("words.sh")
POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (\d+)\n"
)
MANIFEST = b'{"git-theta"'
TREE = ".git_theta/"
Pointers = Counter[tuple[str, str]]
Tree = dict[str, bytes]


def template(base: Path) -> Path:
    """Makes the repository to start from, and its remote, below `base`."""
    home = base / "home"
    git = Git(base, home)
    git("config", "--global", "rerere.enabled", "false")
    git.run("git-theta", "install")
    git("init", "-q", "--bare", "r.git")
    git("init", "-q", "r")
    git = git.at("r")
    git("remote", "add", "origin", (base / "r.git").as_uri())
    git.run("git-theta", "track", "*.safetensors")
    (git.directory / "README").write_text("readme\n")
    git("add", ".")
    git("commit", "-qm", "attributes")
    script(git, "par a a0; par b b0; par c c0; par d d0; par e e0; git add .; git commit -qm v1")
    script(git, "git tag base; co -b zz; par a zz; par n1 zz; git commit -qam zz; co main")
    (base / "where").unlink()
    assert git.status() == []
    return base


def copy(source: Path, base: Path) -> Git:
    """A copy of the template with a remote of its own."""
    shutil.copytree(source, base, symlinks=True, dirs_exist_ok=True)
    (base / "plain").write_text(CONFIG, encoding="utf-8")
    git = Git(base / "r", base / "home")
    git("remote", "set-url", "origin", (base / "r.git").as_uri())
    return git


def script(git: Git, line: str) -> tuple[int, str]:
    """Runs a line in the words of the scenarios; the next one starts where it ends."""
    base = git.home.parent
    where = base / "where"
    env = {
        "PYTHON": sys.executable,
        "PARAMETERS": parameters.__file__,
        "PLAIN_CONFIG": str(base / "plain"),
        "WHERE": str(where),
    }
    text = f'. "{WORDS}"\n{line}\npwd > "$WHERE"\n'
    found = git.at(where.read_text().strip() if where.exists() else ".", **env)
    return found.attempt("bash", "-c", text)


def play(git: Git, scenario: Scenario) -> None:
    """Runs the scenario's lines.

    Raises:
        WrongExitError: one of them ended otherwise than it should.
    """
    told = []
    for expected, line in scenario.steps:
        status, text = script(git, line)
        told.append(f"$ {line} -> {status}\n{text}")
        if expected != "?" and (status != 0) != (expected == "!"):
            raise WrongExitError(f"{line!r}: exit {status}\n" + "\n".join(told))


def check(git: Git, scenario: Scenario) -> None:
    """Holds the end of a scenario against everything that a user may rely on."""
    status = git.status()
    assert [line for line in status if TREE in line] == [], "status shows the pointer tree"
    assert scenario.dirty or status == [], "status is not clean"
    assert list(_junk(git)) == [], "files are left over"
    assert git("ls-files", "-o", "--", TREE) == "", "stray pointer files"
    history = _history(git, "HEAD", *git.lines("rev-list", "--branches"))
    assert _off(history["HEAD"]) == {}, "HEAD is not exact"
    ours = git.lines("rev-list", "--branches", "^base")
    stale = {commit: off for commit in ours if (off := _off(history[commit]))}
    assert len(stale) == scenario.stale, f"{stale}\n{git('log', '--oneline', '--all', '--graph')}"
    if status:
        git("checkout", "-q", "-f", "HEAD")
    for branch in ("base", "zz", "main"):
        git("checkout", "-q", branch)
        assert git.status() == [], f"after checkout of {branch}"
    lost = _named(history) - _carried(git)
    assert len(lost) == scenario.lost, "objects that stock git-lfs does not push"


def _history(git: Git, *commits: str) -> dict[str, Tree]:
    """Commit → path → content."""
    listed = {commit: _listing(git, commit) for commit in dict.fromkeys(commits)}
    oids = {oid for tree in listed.values() for oid in tree.values()}
    asked = "".join(f"{oid}\n" for oid in oids).encode()
    answer = git("cat-file", "--batch", stdin=asked).encode(errors="surrogateescape")
    texts: dict[str, bytes] = {}
    while answer:
        header, _, rest = answer.partition(b"\n")
        oid, _, size = header.decode().split(" ")
        texts[oid], answer = rest[: int(size)], rest[int(size) + 1 :]
    return {c: {path: texts[oid] for path, oid in tree.items()} for c, tree in listed.items()}


def _listing(git: Git, commit: str) -> dict[str, str]:
    lines = [line for line in git("ls-tree", "-r", "-z", commit).split("\0") if line]
    return {line.partition("\t")[2]: line.partition("\t")[0].split(" ")[2] for line in lines}


def _off(tree: Tree) -> dict[str, tuple[Pointers, Pointers]]:
    """Checkpoint → (pointers missing, pointers too many) in the tree of a commit."""
    wanted: dict[str, Pointers] = {}
    present: dict[str, Pointers] = {}
    for path, blob in tree.items():
        if path.startswith(TREE):
            checkpoint = path.removeprefix(TREE).rpartition("/")[0]
            found = POINTER.fullmatch(blob)
            assert found, f"{path} is no pointer: {blob!r}"
            pair = (found[1].decode(), found[2].decode())
            present.setdefault(checkpoint, Counter())[pair] += 1
        elif blob.startswith(MANIFEST):
            wanted[path] = _wanted(blob)
    off = {}
    for path in wanted.keys() | present.keys():
        want, have = wanted.get(path, Counter()), present.get(path, Counter())
        if want != have:
            off[path] = (want - have, have - want)
    return off


def _wanted(manifest: bytes) -> Pointers:
    """The objects that a manifest names, read as the JSON that it is."""
    text = json.loads(manifest)
    entries = [text["frames"], *text["parameters"]]
    named = [pair for entry in entries for pair in entry.get("objects", [])]
    return Counter((oid, str(size)) for oid, size in named)


def _named(history: dict[str, Tree]) -> set[str]:
    """The objects that some commit names."""
    blobs = {
        blob
        for tree in history.values()
        for path, blob in tree.items()
        if not path.startswith(TREE) and blob.startswith(MANIFEST)
    }
    return {oid for blob in blobs for oid, _ in _wanted(blob)}


def _carried(git: Git) -> set[str]:
    """The objects that `git lfs push --all` brings to the server."""
    git("lfs", "push", "--all", "origin")
    server = git.home.parent / "r.git/lfs/objects"
    return {name for _, _, files in os.walk(server) for name in files}


def _junk(git: Git) -> Iterator[str]:
    directory = git.directory / ".git"
    yield from (f.name for f in directory.iterdir() if f.suffix == ".lock" or "next-" in f.name)
    for path in (directory / "theta").rglob("*"):
        below = path.relative_to(directory)
        if path.is_file() and (path.name.startswith("index.") or "tmp" in below.parts):
            yield str(path)
