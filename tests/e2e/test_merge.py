"""Merging checkpoints: what one side changed is taken, what both changed is asked about."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import handmade, parameters, workshop
from tests.support.git import Git
from tests.support.workshop import MODEL


@pytest.fixture
def git(tmp_path: Path) -> Git:
    git = workshop.tracking(tmp_path)
    handmade.commit(git, a="0", b="0", c="0")
    return git


def fork(git: Git, ours: dict[str, str], theirs: dict[str, str]) -> None:
    """Branch `x` with their change, and `main` with ours, checked out."""
    git("checkout", "-q", "-b", "x")
    handmade.commit(git, "theirs", **theirs)
    git("checkout", "-q", "main")
    handmade.commit(git, "ours", **ours)


def values(git: Git) -> dict[str, str]:
    found = parameters.read(str(git.directory / MODEL))
    return {name: data[:1].decode() for name, data in found.items()}


def conflict(git: Git, *command: str) -> str:
    status, said = git.attempt("git", *command)
    assert status == 1, said
    return said


def test_what_one_side_changed_is_taken(git: Git) -> None:
    fork(git, {"a": "1", "b": "0", "c": "0"}, {"a": "0", "b": "2", "c": "0", "d": "3"})
    git("merge", "-q", "--no-edit", "x")
    assert values(git) == {"a": "1", "b": "2", "c": "0", "d": "3"}
    assert git.status() == []


def test_what_both_changed_is_named_and_ours_stays(git: Git) -> None:
    fork(git, {"a": "1", "b": "1", "c": "0"}, {"a": "2", "b": "0", "c": "2"})
    said = conflict(git, "merge", "x")
    assert f"git-theta: '{MODEL}': both sides changed 'a'; ours is left in place\n" in said
    assert f"hint: git checkout --ours '{MODEL}', or --theirs, then git add '{MODEL}'" in said
    assert values(git) == {"a": "1", "b": "1", "c": "0"}
    assert f"UU {MODEL}" in git.status()


@pytest.mark.parametrize(("side", "expected"), [("--ours", "1"), ("--theirs", "2")])
def test_a_side_is_chosen_as_in_text(git: Git, side: str, expected: str) -> None:
    fork(git, {"a": "1", "b": "0"}, {"a": "2", "b": "0"})
    conflict(git, "merge", "x")
    git("checkout", side, MODEL)
    git("add", MODEL)
    git("commit", "-q", "--no-edit")
    assert values(git)["a"] == expected
    assert git.status() == []


def test_an_index_made_exact_at_a_stop_needs_no_pre_commit(git: Git) -> None:
    fork(git, {"a": "1", "b": "0"}, {"a": "2", "b": "0"})
    conflict(git, "merge", "x")
    handmade.save(git, a="3", b="0", e="4")
    git("add", MODEL)
    staged = git.lines("diff", "--cached", "--name-only")
    assert f".git_theta/{MODEL}/a" in staged
    assert f".git_theta/{MODEL}/e" in staged


def test_both_added_a_checkpoint(git: Git) -> None:
    git("checkout", "-q", "-b", "x")
    handmade.save(git, "new.safetensors", a="1")
    git("add", ".")
    git("commit", "-qm", "x")
    git("checkout", "-q", "main")
    handmade.save(git, "new.safetensors", a="2")
    git("add", ".")
    git("commit", "-qm", "main")
    assert "'new.safetensors': both sides changed 'a'" in conflict(git, "merge", "x")


def test_objects_that_a_merge_needs_are_fetched(git: Git) -> None:
    fork(git, {"a": "1", "b": "0", "c": "0"}, {"a": "0", "b": "2", "c": "0"})
    git("push", "-q", "origin", "main", "x")
    clone = workshop.clone(git)
    clone("merge", "-q", "--no-edit", "origin/x")
    assert values(clone) == {"a": "1", "b": "2", "c": "0"}


def test_an_object_that_is_nowhere_stops_the_merge_and_changes_nothing(git: Git) -> None:
    fork(git, {"a": "1", "b": "0", "c": "0"}, {"a": "0", "b": "2", "c": "0"})
    workshop.forget(git)
    status, said = git.attempt("git", "merge", "--no-edit", "x")
    assert status not in {0, 1}
    assert "neither here nor on a remote" in said
    assert values(git) == {"a": "1", "b": "0", "c": "0"}
    assert git.status() == []


def test_merge_without_a_work_tree(git: Git) -> None:
    fork(git, {"a": "1", "b": "0", "c": "0"}, {"a": "0", "b": "2", "c": "0"})
    tree = git("merge-tree", "--write-tree", "main", "x").strip()
    git("merge", "-q", "--no-edit", "x")
    assert git("rev-parse", "HEAD^{tree}").strip() == tree


def test_a_side_that_is_no_manifest_conflicts(git: Git) -> None:
    git("checkout", "-q", "-b", "x")
    git.run("git-theta", "untrack", "*.safetensors")
    handmade.save(git, a="2", b="0", c="0")
    git("add", "--renormalize", ".")
    git("commit", "-qm", "plain bytes")
    git("checkout", "-q", "main")
    handmade.commit(git, a="1", b="0", c="0")
    assert "one side being no manifest" in conflict(git, "merge", "x")


def test_what_a_newer_git_theta_wrote_keeps_its_pointers(git: Git) -> None:
    text = git("cat-file", "blob", f"HEAD:{MODEL}").replace('{"git-theta": 1', '{"git-theta": 9')
    blob = git("hash-object", "-w", "--stdin", stdin=text.encode()).strip()
    git("update-index", "--cacheinfo", f"100644,{blob},{MODEL}")
    said = git("commit", "-m", "from the future")
    assert "newer git-theta; its pointers are left as they are" in said
    assert len(git.lines("ls-tree", "-r", "--name-only", "HEAD", ".git_theta")) == 4


def test_a_merge_leaves_no_notes(git: Git) -> None:
    fork(git, {"a": "1", "b": "0"}, {"a": "2", "b": "0"})
    conflict(git, "merge", "x")
    assert (git.directory / ".git/theta/conflict").exists()
    git("checkout", "--theirs", MODEL)
    git("add", MODEL)
    git("commit", "-q", "--no-edit")
    assert not (git.directory / ".git/theta/conflict").exists()
