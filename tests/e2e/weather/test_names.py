"""Parameters and checkpoints may be called anything."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.e2e.weather import ground
from tests.support.checkpoints import parameter, safetensors
from tests.support.git import Git

TREE = f".git_theta/{ground.NAME}/"
PARAMETERS = {
    "upwards": "../../x",
    "absolute": "/etc/x",
    "a device": "con",
    "a device with an extension": "nul.weight",
    "a prefix of another": "a",
    "below another": "a/b",
    "in upper case": "A",
    "long": "n" * 5000,
    "long, the end differs": "n" * 4999 + "m",
    "two lines": "two\nlines",
    "a NUL": "nul\0byte",
    "an emoji": "🎈 é",
    "a surrogate's neighbour": "\ufffe",
    "the frames'": ".frames",
    "git's": "git",
    "git's directory": ".git",
    "empty": "",
    "a dot": ".",
    "two dots": "..",
    "an option": "-f",
    "a backslash": "a\\b",
    "a second object": "a~1",
    "encoded already": "a%2Fb",
    "trailing dot": "a.",
    "an escape sequence": "\x1b[31mred",
    "metadata": "__metadata",
}
NAMES = {
    "a blank": b"with space.safetensors",
    "quotes": b"q\"u'o`te.safetensors",
    "glob characters": b"m[1]*?.safetensors",
    "a dash": b"-dash.safetensors",
    "an option": b"--force",
    "not ASCII": "é-🎈.safetensors".encode(),
    "not UTF-8": b"caf\xe9-\xff.safetensors",
    "a newline": b"two\nlines.safetensors",
    "a tab": b"a\ttab.safetensors",
    "a backslash": b"back\\slash.safetensors",
    "a colon": b"HEAD:m.safetensors",
    "magic": b":(top)m.safetensors",
    "an exclamation mark": b"!m.safetensors",
    "a hash": b"#m.safetensors",
    "a percent sign": b"%f %s$HOME.safetensors",
    "a hidden one": b".hidden",
    "a directory": b"dir with space/s\xe9/m.safetensors",
    "a checkpoint and a directory": b"d.safetensors.d/d.safetensors",
}


@pytest.fixture(scope="module")
def named(shared: Git) -> Git:
    """A repository whose one checkpoint has parameters of every name; a clone of it is beside."""
    values = {name: parameter("F32", 64, seed=name) for name in PARAMETERS.values()}
    ground.save(shared, safetensors(values))
    shared.run("git-theta", "add", ground.NAME)
    (shared.home / "status").write_text(shared("status", "--porcelain", "-z"))
    shared("commit", "-qm", "names")
    shared("push", "-q", "origin", "main:names")
    shared.at("..")("clone", "-q", "-b", "names", "remote.git", "clone")
    return shared


@pytest.mark.parametrize("kind", PARAMETERS)
def test_a_parameter_of_any_name_has_one_pointer_in_its_checkpoints_directory(
    kind: str, named: Git
) -> None:
    [(oid, size)] = ground.entries(named)[PARAMETERS[kind]]
    lines = named("ls-tree", "-r", "-z", "HEAD").split("\0")
    paths = {line.split("\t")[1]: line.split(" ")[2].split("\t")[0] for line in lines if line}
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n"
    blob = named("hash-object", "--stdin", "--no-filters", stdin=text.encode()).strip()
    [path] = [path for path, found in paths.items() if found == blob]
    assert path.startswith(TREE)
    assert "/" not in path.removeprefix(TREE)
    assert len(path.removeprefix(TREE)) <= 255
    assert f"A  {path}\0" in (named.home / "status").read_text()


def test_a_checkpoint_with_parameters_of_any_name_is_cloned(named: Git) -> None:
    assert (named.directory / ground.NAME).read_bytes() == (
        named.directory / "../clone" / ground.NAME
    ).read_bytes()
    ground.assert_sound(named)
    ground.assert_sound(named.at("../clone"))
    written = {path.name for path in named.directory.iterdir()}
    assert written == {".git", ".git_theta", ".gitattributes", ground.NAME}


def test_names_play_no_tricks_on_a_terminal(named: Git) -> None:
    listed = named.run("git-theta", "ls", ground.NAME)
    assert "\x1b" not in listed
    assert "\0" not in listed
    assert len(listed.splitlines()) == len(PARAMETERS) + 1


class Journey:
    """What became of a checkpoint with each name: two versions, a rename, a pull."""

    def __init__(self, git: Git) -> None:
        self.git = git
        self.names = {kind: os.fsdecode(name) for kind, name in NAMES.items()}
        paths = [*self.names.values()]
        self._save(1)
        git.run("git-theta", "track", "--", *paths)
        git.at(".", GIT_LITERAL_PATHSPECS="1").run("git-theta", "add", "--", *paths)
        self.staged = set(git("diff", "--cached", "--name-only", "-z").split("\0"))
        git("commit", "-qm", "v1")
        self._save(2)
        git("add", "--all")
        git("commit", "-qm", "v2")
        git("checkout", "-q", "HEAD~")
        self.first = self._read(git.directory)
        git("checkout", "-q", "main")
        self.second = self._read(git.directory)
        self.status = git.status()
        git.at(".", GIT_THETA_SKIP_SMUDGE="1")("worktree", "add", "-q", "../pulled", "-b", "pulled")
        self.said = git.at("../pulled").run("git-theta", "pull")
        self.pulled = self._read(git.directory / "../pulled")
        self.pulled_status = git.at("../pulled").status()
        self.fsck = git.attempt("git-theta", "fsck")

    @staticmethod
    def value(kind: str, version: int) -> bytes:
        return safetensors({"w": parameter("F32", 64, seed=f"{kind} {version}")})

    def _save(self, version: int) -> None:
        for kind, name in self.names.items():
            ground.save(self.git, self.value(kind, version), name)

    def _read(self, directory: Path) -> dict[str, bytes]:
        return {kind: (directory / name).read_bytes() for kind, name in self.names.items()}


@pytest.fixture(scope="module")
def journey(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Journey:
    return Journey(ground.copy(prepared, tmp_path_factory.mktemp("journey")))


@pytest.mark.parametrize("kind", NAMES)
def test_a_checkpoint_of_any_name_is_staged_with_its_pointer(kind: str, journey: Journey) -> None:
    name = journey.names[kind]
    assert {name, f".git_theta/{name}/w"} <= journey.staged


@pytest.mark.parametrize("kind", NAMES)
def test_a_checkpoint_of_any_name_is_checked_out(kind: str, journey: Journey) -> None:
    assert journey.first[kind] == journey.value(kind, 1)
    assert journey.second[kind] == journey.value(kind, 2)


@pytest.mark.parametrize("kind", NAMES)
def test_a_checkpoint_of_any_name_is_pulled(kind: str, journey: Journey) -> None:
    assert journey.pulled[kind] == journey.value(kind, 2)


@pytest.mark.parametrize("kind", NAMES)
def test_a_checkpoint_of_any_name_is_listed(kind: str, journey: Journey) -> None:
    assert list(ground.entries(journey.git, journey.names[kind])) == ["w"]
    assert list(ground.entries(journey.git, f"HEAD~:{journey.names[kind]}")) == ["w"]


def test_checkpoints_of_any_name_leave_git_clean(journey: Journey) -> None:
    assert journey.status == []
    assert journey.pulled_status == []
    assert journey.said == f"restored {len(NAMES)} checkpoints\n"
    assert journey.fsck == (0, "all is well\n")
    assert ground.leftovers(journey.git) == []


def test_a_checkpoint_of_any_name_can_be_renamed(journey: Journey) -> None:
    git = journey.git
    shutil.copytree(git.directory, git.directory / "../renamed", symlinks=True)
    git = git.at("../renamed")
    for name in journey.names.values():
        git("mv", "--", name, f"{name}.moved")
    git.run("git-theta", "track", "--", *(f"{name}.moved" for name in journey.names.values()))
    git("commit", "-qam", "rename")
    assert git.status() == []
    for kind, name in journey.names.items():
        assert (git.directory / f"{name}.moved").read_bytes() == journey.value(kind, 2)
        assert f".git_theta/{name}.moved/w" in git("ls-files", "-z").split("\0")
    git("checkout", "-q", "HEAD~")
    git("checkout", "-q", "-")
    git.run("git-theta", "fsck")
