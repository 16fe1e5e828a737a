"""Hooks: whatever is there goes on working, ours stand beside it, and leave no trace."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support import handmade, workshop
from tests.support.git import Git
from tests.support.workshop import MODEL

OURS = b"git-theta"


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return workshop.tracking(tmp_path)


@pytest.fixture
def fresh(tmp_path: Path) -> Git:
    """A repository that git-theta has not seen yet; the filter is installed for the user."""
    git = Git(tmp_path, tmp_path / "home")
    git.run("git-theta", "install")
    git("init", "-q", "work")
    return git.at("work")


def hook(git: Git, name: str, text: str, directory: str = ".git/hooks") -> Path:
    path = git.directory / directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def noting(note: str, extra: str = "") -> str:
    return f'#!/bin/sh\necho "{note} $*" >> "$HOME/notes"\n{extra}'


def notes(git: Git) -> list[str]:
    path = git.home / "notes"
    return path.read_text().splitlines() if path.exists() else []


def snapshot(directory: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(directory)): (path.read_bytes(), path.stat().st_mode)
        for path in directory.rglob("*")
        if path.is_file()
    }


def is_exact(git: Git) -> bool:
    """Whether HEAD has a pointer for the checkpoint's one parameter."""
    return git("ls-tree", "-r", "--name-only", "HEAD", ".git_theta").strip().endswith("/a")


def test_a_hook_that_was_there_runs_first_with_its_arguments(fresh: Git) -> None:
    hook(fresh, "post-checkout", noting("mine"))
    fresh.run("git-theta", "install")
    handmade.commit(fresh, a="1")
    fresh("checkout", "-q", "-b", "x")
    assert [line.split()[0] + line[-2:] for line in notes(fresh)] == ["mine 1"]


def test_a_hook_that_fails_stops_the_commit_as_before(fresh: Git) -> None:
    hook(fresh, "pre-commit", "#!/bin/sh\nexit 7\n")
    fresh.run("git-theta", "track", "*.safetensors")
    status, _ = fresh.attempt("git", "commit", "-qm", "v")
    assert status == 1


def test_a_late_hook_that_fails_does_not_keep_ours_from_running(git: Git) -> None:
    git.run("git-theta", "uninstall", "--local")
    hook(git, "post-commit", "#!/bin/sh\nexit 1\n")
    git.run("git-theta", "install")
    handmade.save(git, a="1")
    git("add", ".")
    git("commit", "-q", "--no-verify", "-m", "v")
    assert is_exact(git)


def test_both_see_what_is_pushed(fresh: Git, tmp_path: Path) -> None:
    hook(fresh, "pre-push", '#!/bin/sh\ncat > "$HOME/pushed"\n')
    fresh.run("git-theta", "track", "*.safetensors")
    fresh.at(tmp_path)("init", "-q", "--bare", "origin.git")
    handmade.commit(fresh, a="1")
    fresh("push", "-q", (tmp_path / "origin.git").as_uri(), "main")
    assert (fresh.home / "pushed").read_text().startswith("refs/heads/main ")
    assert workshop.objects(tmp_path / "origin.git")


def test_git_lfs_runs_once_in_a_repository_that_had_its_hooks(fresh: Git, tmp_path: Path) -> None:
    fresh("lfs", "install", "--local")
    fresh.run("git-theta", "install")
    fresh.run("git-theta", "track", "*.safetensors")
    fresh.at(tmp_path)("init", "-q", "--bare", "origin.git")
    handmade.commit(fresh, a="1")
    log = tmp_path / "trace"
    traced = fresh.at(".", GIT_TRACE=str(log))
    traced("push", "-q", (tmp_path / "origin.git").as_uri(), "main")
    assert log.read_text().count("exec: git-lfs pre-push") == 1
    assert workshop.objects(tmp_path / "origin.git")


def test_installing_twice_is_as_once_and_uninstalling_restores(fresh: Git) -> None:
    hook(fresh, "pre-commit", noting("mine"))
    hook(fresh, "pre-push", "#!/bin/sh\nexit 0\n")
    hooks, config = fresh.directory / ".git/hooks", fresh.directory / ".git/config"
    before, settings = snapshot(hooks), config.read_bytes()
    exclude = (fresh.directory / ".git/info/exclude").read_bytes()
    fresh.run("git-theta", "install", "--local")
    once = snapshot(hooks)
    fresh.run("git-theta", "install", "--local")
    assert snapshot(hooks) == once
    fresh.run("git-theta", "uninstall", "--local")
    assert snapshot(hooks) == before
    assert config.read_bytes() == settings
    assert (fresh.directory / ".git/info/exclude").read_bytes() == exclude


def test_uninstalling_takes_away_what_installing_wrote(tmp_path: Path) -> None:
    git = Git(tmp_path, tmp_path / "home")
    git("lfs", "install", "--skip-repo")
    before = (git.home / ".gitconfig").read_bytes()
    git.run("git-theta", "install")
    git.run("git-theta", "install")
    text = (git.home / ".gitconfig").read_text()
    assert "process = git-theta-filter process" in text
    assert "clean = git-theta-filter clean %f" in text
    assert "smudge = git-theta-filter smudge %f" in text
    git.run("git-theta", "uninstall")
    assert (git.home / ".gitconfig").read_bytes() == before


def test_a_hook_manager_is_told_its_own_name(fresh: Git) -> None:
    hook(fresh, "manager.sh", 'echo "$(basename "$0")" >> "$HOME/notes"\n')
    hook(fresh, "pre-commit", '#!/bin/sh\n. "$(dirname "$0")/manager.sh"\n')
    fresh.run("git-theta", "track", "*.safetensors")
    fresh("commit", "-qm", "v")
    assert notes(fresh) == ["pre-commit"]


def test_a_hook_of_another_language(fresh: Git) -> None:
    text = '#!/usr/bin/env python3\nimport os\nopen(os.environ["HOME"] + "/notes", "w").write("py")'
    hook(fresh, "pre-commit", text)
    fresh.run("git-theta", "track", "*.safetensors")
    fresh("commit", "-qm", "v")
    assert notes(fresh) == ["py"]


def test_a_manager_that_renames_our_hook_is_left_alone(git: Git) -> None:
    """So does the pre-commit framework."""
    ours = git.directory / ".git/hooks/pre-commit"
    ours.rename(ours.with_suffix(".legacy"))
    hook(git, "pre-commit", noting("framework", '"$(dirname "$0")/pre-commit.legacy" "$@"\n'))
    framework = ours.read_bytes()
    handmade.commit(git, a="1")
    assert len(notes(git)) == 1
    assert is_exact(git)
    assert ours.read_bytes() == framework


def test_a_hook_put_over_ours_is_reported_not_overwritten(fresh: Git) -> None:
    hook(fresh, "pre-commit", noting("first"))
    fresh.run("git-theta", "install")
    second = hook(fresh, "pre-commit", noting("second"))
    status, said = fresh.attempt("git-theta", "install")
    assert status == 1
    assert "pre-commit.before-theta' is there already" in said
    assert b"second" in second.read_bytes()


def test_git_lfs_put_over_ours_makes_room(git: Git) -> None:
    git("lfs", "update", "--force")
    handmade.commit(git, a="1")
    assert OURS in (git.directory / ".git/hooks/pre-push").read_bytes()


def test_hooks_in_the_work_tree_stay_as_they_are(git: Git) -> None:
    git.run("git-theta", "uninstall", "--local")
    hook(git, "pre-commit", noting("pre-commit"), "githooks")
    hook(git, "commit-msg", noting("commit-msg"), "githooks")
    git("config", "core.hooksPath", "githooks")
    git("add", "githooks")
    settings = (git.directory / ".git/config").read_bytes()
    git.run("git-theta", "install")
    handmade.commit(git, a="1")
    assert [note.split()[0] for note in notes(git)] == ["pre-commit", "commit-msg"]
    assert is_exact(git)
    assert git.status() == []
    assert sorted(os.listdir(git.directory / "githooks")) == ["commit-msg", "pre-commit"]
    git.run("git-theta", "uninstall", "--local")
    assert (git.directory / ".git/config").read_bytes() == settings


def test_hooks_that_a_user_has_for_all_repositories(fresh: Git) -> None:
    hook(fresh, "pre-commit", noting("user's"), str(fresh.home / "hooks"))
    fresh("config", "--global", "core.hooksPath", "~/hooks")
    fresh.run("git-theta", "track", "*.safetensors")
    handmade.commit(fresh, a="1")
    assert len(notes(fresh)) == 1
    assert is_exact(fresh)
    assert os.listdir(fresh.home / "hooks") == ["pre-commit"]
    fresh.run("git-theta", "uninstall", "--local")
    assert fresh("config", "core.hooksPath").strip() == "~/hooks"


def test_a_manager_that_points_git_elsewhere_later_is_chained(git: Git) -> None:
    """So does husky, at every npm install."""
    for _ in range(2):
        hook(git, "pre-commit", noting("husky"), ".husky/_")
        git("config", "core.hooksPath", ".husky/_")
        handmade.save(git, a="1")
        git("add", MODEL)
    git("commit", "-qm", "v")
    assert len(notes(git)) == 1
    assert is_exact(git)


def test_hooks_that_are_switched_off_stay_off(git: Git) -> None:
    git.run("git-theta", "uninstall", "--local")
    git("config", "core.hooksPath", "/dev/null")
    handmade.commit(git, a="1")
    assert git("config", "core.hooksPath").strip() == "/dev/null"
    assert not (git.directory / ".git/theta/hooks").exists()


def test_a_repository_that_was_moved_keeps_its_hooks(fresh: Git) -> None:
    hook(fresh, "pre-commit", noting("mine"), "githooks")
    fresh("config", "core.hooksPath", "githooks")
    fresh.run("git-theta", "track", "*.safetensors")
    moved = fresh.directory.with_name("moved")
    fresh.directory.rename(moved)
    there = fresh.at(moved)
    handmade.commit(there, a="1")
    assert len(notes(there)) == 1
    assert is_exact(there)


def test_a_fresh_clone_has_hooks(git: Git) -> None:
    handmade.commit(git, a="1")
    git("push", "-q", "origin", "main")
    clone = workshop.clone(git)
    assert OURS in (clone.directory / ".git/hooks/pre-commit").read_bytes()
    handmade.commit(clone, a="2")
    assert is_exact(clone)


def test_a_linked_work_tree(git: Git) -> None:
    handmade.commit(git, a="1")
    git("worktree", "add", "-q", "../linked", "-b", "linked")
    linked = git.at("../linked")
    data = handmade.commit(linked, a="2")
    assert is_exact(linked)
    assert linked.status() == git.status() == []
    git("merge", "-q", "linked")
    assert (git.directory / MODEL).read_bytes() == data
    assert git.status() == []


def test_a_submodule(git: Git, tmp_path: Path) -> None:
    handmade.commit(git, a="1")
    git("push", "-q", "origin", "main")
    git.at(tmp_path)("init", "-q", "outer")
    outer = git.at(tmp_path / "outer")
    outer("submodule", "--quiet", "add", (tmp_path / "origin.git").as_uri(), "inner")
    inner = outer.at("inner")
    handmade.commit(inner, a="2")
    assert is_exact(inner)
    assert inner.status() == []
    outer("commit", "-qam", "with a submodule")
    assert outer.status() == []


def test_from_a_subdirectory(git: Git) -> None:
    (git.directory / "deep").mkdir()
    handmade.save(git, a="1")
    below = git.at("deep")
    below("add", "..")
    below("commit", "-qm", "v")
    assert is_exact(git)
    assert git.status() == []


def test_without_git_theta_on_the_path_other_work_goes_on(git: Git, tmp_path: Path) -> None:
    handmade.commit(git, a="1")
    # A file as young as git's index would be cleaned again, for which there must be a filter.
    for path in (git.directory / MODEL, *git.directory.glob(".git_theta/*/*")):
        os.utime(path, (0, 0))
    git.status()
    tools = tmp_path / "tools"
    tools.mkdir()
    for directory in filter(os.path.isdir, os.environ["PATH"].split(os.pathsep)):
        for tool in Path(directory).iterdir():
            if not tool.name.startswith("git-theta") and not (tools / tool.name).exists():
                (tools / tool.name).symlink_to(tool)
    without = git.at(".", PATH=str(tools))
    (git.directory / "notes").write_text("x")
    without("add", "notes")
    said = without("commit", "-m", "notes")
    assert said.count("git-theta: ") == 1
    said = without("push", "origin", "main")
    assert said.count("git-theta-filter is not on the PATH") == 1
    assert workshop.objects(tmp_path / "origin.git")


def test_a_merge_conflict_of_many_parameters_is_quick_and_clear(git: Git) -> None:
    handmade.commit(git, **{f"p{n}": "0" for n in range(200)})
    git("checkout", "-q", "-b", "x")
    handmade.commit(git, **{f"p{n}": "x" for n in range(200)})
    git("checkout", "-q", "main")
    ours = handmade.commit(git, **{f"p{n}": "m" for n in range(200)})
    log = git.home / "trace"
    status, said = git.at(".", GIT_TRACE2=str(log)).attempt("git", "merge", "-q", "x")
    assert status == 1
    assert said.count("git-theta:") == 1
    assert "and 195 more" in said
    assert "hint: git checkout --ours" in said
    assert log.read_text().count("git-theta-filter merge") >= 200
    assert (git.directory / MODEL).read_bytes() == ours
    assert [line for line in git.status() if ".git_theta" in line] == []
