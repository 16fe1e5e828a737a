"""`git theta …` from the keyboard: what it does, and what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import handmade, workshop
from tests.support.git import Git
from tests.support.workshop import MODEL

ODD = [
    "my model.st",
    "my [1] model.st",
    'a "b".st',
    "st*r.st",
    "-dash.st",
    "#x.st",
    "!y.st",
    "é.st",
]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return workshop.tracking(tmp_path)


def theta(git: Git, *args: str, status: int = 0) -> str:
    return git.run("git", "theta", *args, status=status)


def test_add_stages_every_parameter(git: Git) -> None:
    handmade.save(git, a="1", b="2")
    theta(git, "add", MODEL)
    assert git.status() == [
        f"A  .git_theta/{MODEL}/a",
        f"A  .git_theta/{MODEL}/b",
        f"A  {MODEL}",
    ]
    git("commit", "-qm", "v1")
    handmade.save(git, a="1", b="3")
    theta(git, "add", ".")
    assert git.status() == [f"M  .git_theta/{MODEL}/b", f"M  {MODEL}"]


def test_add_tells_that_a_large_file_is_no_checkpoint(git: Git) -> None:
    for name, size in (("my model.bin", 1 << 20), ("notes.txt", 100)):
        (git.directory / name).write_bytes(bytes(size))
    said = theta(git, "add", "my model.bin", "notes.txt")
    assert "git-theta: 'my model.bin' is not tracked as a checkpoint" in said
    assert "hint: git theta track 'my model.bin', then" in said
    assert "notes.txt" not in said
    theta(git, "track", "my model.bin")
    assert theta(git, "add", "my model.bin") == ""


def test_add_from_below_and_with_gits_own_options(git: Git) -> None:
    handmade.save(git, "sub/m.safetensors", a="1")
    handmade.save(git, a="1")
    below = git.at("sub")
    assert "add 'sub/m.safetensors'" in theta(below, "add", "--dry-run", ".")
    assert [line[:2] for line in git.status()] == ["??", "??"]
    said = theta(below, "add", "-v", "m.safetensors")
    assert "add 'sub/m.safetensors'" in said
    assert git.status() == [
        "A  .git_theta/sub/m.safetensors/a",
        "A  sub/m.safetensors",
        f"?? {MODEL}",
    ]
    theta(below, "add", "-A")
    assert f"A  {MODEL}" in git.status()


def test_add_fails_as_git_does(git: Git) -> None:
    assert "did not match any files" in theta(git, "add", "nowhere", status=128)


@pytest.mark.parametrize("path", ODD)
def test_paths_that_shells_and_patterns_stumble_over(git: Git, path: str) -> None:
    data = handmade.save(git, path, a="1")
    theta(git, "track", "--", path)
    theta(git, "add", "--", path)
    git("commit", "-qm", "v1")
    assert git.status() == []
    assert git("ls-files", "-z", ".git_theta").split("\0")[:-1] == [f".git_theta/{path}/a"]
    git("push", "-q", "origin", "main")
    clone = workshop.clone(git)
    assert (clone.directory / path).read_bytes() == data
    assert clone.status() == []


def test_track_stages_the_attributes_and_lists(git: Git) -> None:
    assert theta(git, "track") == "*.safetensors\n"
    assert theta(git, "track", "*.pt") == "tracking *.pt\n"
    assert theta(git, "track", "*.pt") == "already tracking *.pt\n"
    assert git.status() == ["M  .gitattributes"]
    assert "hint: git theta track" in theta(git, "untrack", "*.gguf", status=2)
    theta(git, "untrack", "*.pt")
    assert git.status() == []


def test_what_was_in_git_itself_is_taken_over(git: Git) -> None:
    handmade.save(git, "model.bin", a="1")
    git("add", ".")
    git("commit", "-qm", "plain")
    theta(git, "track", "model.bin")
    assert " M model.bin" in git.status()
    theta(git, "add", "model.bin")
    git("commit", "-qm", "tracked")
    assert git("cat-file", "blob", "HEAD:model.bin").startswith('{"git-theta"')
    theta(git, "untrack", "model.bin")
    git("add", "--renormalize", ".")
    git("commit", "-qm", "untracked")
    assert git("ls-files", ".git_theta") == ""
    assert not git("cat-file", "blob", "HEAD:model.bin").startswith('{"git-theta"')
    assert git.status() == []


def test_untracking_the_last_leaves_no_trace(git: Git) -> None:
    theta(git, "untrack", "*.safetensors")
    assert not (git.directory / ".gitattributes").exists()
    assert git.status() == ["D  .gitattributes"]


@pytest.mark.parametrize(
    ("args", "status", "line"),
    [
        (["install", "--loca"], 2, "no such option"),
        (["wat"], 2, "no such command 'wat'"),
        (["untrack"], 2, "missing argument"),
        (["track", ".."], 2, "is a directory"),
        (["track", "../x.pt"], 2, "is not a path for a checkpoint"),
        (["completion", "tcsh"], 2, "invalid value"),
        (["completion"], 2, "choose from: bash, zsh, fish"),
        (["fsck", "wat"], 2, "'wat' is not a commit"),
        (["ls", "HEAD:no model"], 2, "'no model' is not in 'head'"),
    ],
)
def test_a_mistake_is_told_in_one_line_and_a_hint(
    git: Git, args: list[str], status: int, line: str
) -> None:
    said = theta(git, *args, status=status)
    assert said.startswith("git-theta: ")
    assert line in said.splitlines()[0].lower()
    assert said.count("\n") == 1 + said.count("hint: ")


def test_outside_of_a_repository(tmp_path: Path) -> None:
    git = Git(tmp_path, tmp_path / "home")
    for args in (["track", "x"], ["add", "x"], ["install", "--local"]):
        said = git.run("git-theta", *args, status=2)
        assert said.startswith("git-theta: this directory is not in a git repository\nhint: ")


@pytest.mark.parametrize("args", [["track", "x.pt"], ["add", MODEL], ["pull"]])
def test_before_install_nothing_is_done(git: Git, args: list[str]) -> None:
    handmade.save(git, a="1")
    git.run("git-theta", "uninstall")
    before = git.status()
    said = theta(git, *args, status=1)
    assert said == "git-theta: git is not set up to call git-theta\nhint: git theta install\n"
    assert git.status() == before


def test_without_git_lfs(tmp_path: Path) -> None:
    git = Git(tmp_path, tmp_path / "home")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").symlink_to(git.run("sh", "-c", "command -v git").strip())
    (tools / "git-theta").symlink_to(git.run("sh", "-c", "command -v git-theta").strip())
    said = git.at(".", PATH=str(tools)).run("git-theta", "install", status=1)
    assert "git-lfs is not installed" in said
    assert "hint: apt-get install git-lfs" in said
    assert "theta" not in (git.home / ".gitconfig").read_text()


def test_a_push_without_git_lfs_says_what_is_lacking(git: Git, tmp_path: Path) -> None:
    handmade.commit(git, a="1")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("git", "git-theta-filter", "sh", "cat", "grep"):
        (tools / name).symlink_to(git.run("sh", "-c", f"command -v {name}").strip())
    said = git.at(".", PATH=str(tools))("push", "-q", "origin", "main", status=1)
    assert "git-theta: git-lfs is not installed" in said
    assert "hint: apt-get install git-lfs" in said


def test_git_lfs_gets_its_filter_where_ours_goes(tmp_path: Path) -> None:
    git = Git(tmp_path, tmp_path / "home")
    git("init", "-q", "work")
    work = git.at("work")
    work.run("git-theta", "install", "--local")
    assert "git-lfs filter-process" in work("config", "--local", "filter.lfs.process")
    assert work.attempt("git", "config", "--global", "filter.lfs.process")[0] == 1


def test_help_names_every_command(git: Git) -> None:
    said = git.run("git-theta", "--help")
    for name in ("install", "uninstall", "track", "untrack", "add", "completion"):
        assert f"\n  {name} " in said
        assert git.run("git-theta", name, "--help").startswith(f"Usage: git theta {name}")
    assert git.run("git-theta", "--version").startswith("git-theta 0.")
