"""The net before a push: nothing that a pushed commit names is ever left behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support import handmade, workshop
from tests.support.git import Git
from tests.support.workshop import MODEL


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return workshop.tracking(tmp_path)


def model(git: Git) -> bytes:
    return (git.directory / MODEL).read_bytes()


def test_a_clone_gets_the_same_bytes(git: Git) -> None:
    data = handmade.commit(git, a="1", b="2")
    git("push", "-q", "origin", "main")
    assert model(workshop.clone(git)) == data


def test_kept_links_go_when_the_server_has_the_objects(git: Git) -> None:
    handmade.commit(git, a="1", b="2")
    assert len(workshop.kept(git)) == 2
    git("push", "-q", "origin", "main")
    assert workshop.kept(git) == set()


def test_a_commit_without_hooks_is_carried(git: Git) -> None:
    handmade.commit(git, a="1")
    data = handmade.save(git, a="2", b="3")
    workshop.hookless(git)("commit", "-qam", "hookless")
    said = git("push", "origin", "main")
    assert "uploading 2 objects that git-lfs alone would leave behind" in said
    assert model(workshop.clone(git)) == data
    assert workshop.kept(git) == set()


def test_a_value_that_no_commit_points_to_is_carried(git: Git) -> None:
    handmade.commit(git, a="1")
    first = handmade.save(git, a="2")
    workshop.hookless(git)("commit", "-qam", "hookless")
    handmade.commit(git, a="3")
    git("push", "-q", "origin", "main")
    clone = workshop.clone(git)
    clone("checkout", "-q", "HEAD~1")
    assert model(clone) == first


def test_nothing_is_uploaded_twice_for_a_commit_on_top(git: Git) -> None:
    handmade.commit(git, a="1", b="2")
    git("push", "-q", "origin", "main")
    handmade.commit(git, a="1", b="3")
    assert "leave behind" not in git("push", "origin", "main")


def test_a_push_without_hooks_is_made_good_by_the_next(git: Git) -> None:
    first = handmade.commit(git, a="1")
    git("push", "-q", "--no-verify", "origin", "main")
    assert workshop.objects(git.home.parent / "origin.git") == {}
    handmade.commit(git, a="2")
    git("push", "-q", "origin", "main")
    clone = workshop.clone(git)
    clone("checkout", "-q", "HEAD~1")
    assert model(clone) == first
    assert workshop.kept(git) == set()


def test_objects_of_branches_that_are_not_pushed_stay_here(git: Git) -> None:
    handmade.commit(git, a="1")
    git("checkout", "-q", "-b", "private")
    handmade.commit(git, a="2")
    git("checkout", "-q", "main")
    for _ in range(2):
        git("commit", "-q", "--allow-empty", "-m", "more")
        git("push", "-q", "origin", "main")
    assert len(workshop.objects(git.home.parent / "origin.git")) == 1
    assert len(workshop.kept(git)) == 1


def test_pruned_objects_come_back_from_their_kept_links(git: Git) -> None:
    data = handmade.commit(git, a="1", b="2")
    shutil.rmtree(git.directory / ".git/lfs/objects")
    git("push", "-q", "origin", "main")
    assert model(workshop.clone(git)) == data


def test_git_lfs_prune_cannot_lose_what_is_not_pushed(git: Git) -> None:
    handmade.commit(git, a="1")
    git("push", "-q", "origin", "main")
    data = handmade.commit(git, a="2")
    git("reset", "-q", "--hard", "HEAD~1")
    git("lfs", "prune")
    git("reset", "-q", "--hard", "HEAD@{1}")
    assert model(git) == data


def test_an_object_that_is_nowhere_stops_the_push(git: Git) -> None:
    handmade.commit(git, a="1")
    git("push", "-q", "origin", "main")
    handmade.commit(git, a="2")
    workshop.forget(git)
    status, said = git.attempt("git", "push", "-q", "origin", "main")
    assert status == 1
    assert f"1 object is neither here nor on any remote: '.git_theta/{MODEL}/a'" in said
    assert f"(missing) .git_theta/{MODEL}/a" in said
    assert "Traceback" not in said
    assert git("rev-parse", "origin/main") == git("rev-parse", "HEAD~1")


def test_an_object_without_a_pointer_that_is_nowhere_stops_the_push(git: Git) -> None:
    handmade.commit(git, a="1")
    handmade.save(git, a="2")
    workshop.hookless(git)("commit", "-qam", "hookless")
    workshop.forget(git)
    status, said = git.attempt("git", "push", "-q", "origin", "main")
    assert status == 1
    assert f"neither here nor on any remote: '.git_theta/{MODEL}/" in said
    assert "Traceback" not in said
    assert git.lines("ls-remote", "origin") == []


def test_objects_that_only_another_remote_has_are_fetched_first(git: Git) -> None:
    base = git.home.parent
    first = handmade.commit(git, a="1")
    handmade.commit(git, a="2")
    git("push", "-q", "origin", "main")
    clone = workshop.clone(git)
    git.at(base)("init", "-q", "--bare", "second.git")
    clone("remote", "add", "second", (base / "second.git").as_uri())
    clone("push", "-q", "second", "main")
    git.at(base)("clone", "-q", (base / "second.git").as_uri(), "other")
    other = git.at(base / "other")
    other("checkout", "-q", "HEAD~1")
    assert model(other) == first


def test_a_remote_that_has_the_objects_is_not_sent_them_again(git: Git) -> None:
    handmade.commit(git, a="1")
    git("push", "-q", "origin", "main")
    clone = workshop.clone(git)
    workshop.forget(clone)
    clone("push", "-q", "origin", "HEAD:refs/heads/copy")
    assert workshop.objects(clone.directory / ".git") == {}


def test_deleting_a_remote_branch(git: Git) -> None:
    handmade.commit(git, a="1")
    git("push", "-q", "origin", "main", "main:other")
    workshop.forget(git)
    git("push", "-q", "origin", ":other")
    assert len(git.lines("ls-remote", "--heads", "origin")) == 1


def test_tags_and_several_branches_at_once(git: Git) -> None:
    first = handmade.commit(git, a="1")
    git("tag", "-am", "one", "v1")
    git("checkout", "-q", "-b", "side")
    second = handmade.commit(git, a="2", b="1")
    git("checkout", "-q", "main")
    git("push", "-q", "origin", "main", "side", "v1")
    clone = workshop.clone(git)
    for name, data in (("v1", first), ("side", second)):
        clone("checkout", "-q", name)
        assert model(clone) == data


def test_a_tag_of_something_that_is_no_commit(git: Git) -> None:
    handmade.commit(git, a="1")
    git("tag", "blob", git("hash-object", "-w", ".gitattributes").strip())
    git("push", "-q", "origin", "main", "blob")


def test_a_new_branch_from_a_clone(git: Git) -> None:
    handmade.commit(git, a="1")
    git("push", "-q", "origin", "main")
    clone = workshop.clone(git)
    clone("checkout", "-q", "-b", "new")
    data = handmade.commit(clone, a="5")
    clone("push", "-q", "-u", "origin", "new")
    git("pull", "-q", "origin", "new")
    assert model(git) == data


def test_a_remote_given_by_its_address(git: Git) -> None:
    data = handmade.commit(git, a="1")
    handmade.save(git, a="1", b="9")
    workshop.hookless(git)("commit", "-qam", "hookless")
    git("push", "-q", git("remote", "get-url", "origin").strip(), "main")
    assert model(workshop.clone(git)) != data
    assert workshop.kept(git) == set()


def test_a_checkpoint_that_is_no_longer_tracked_at_the_tip(git: Git) -> None:
    first = handmade.save(git, a="1")
    workshop.hookless(git)("add", ".")
    workshop.hookless(git)("commit", "-qm", "hookless")
    git.run("git-theta", "untrack", "*.safetensors")
    git("add", "--renormalize", ".")
    workshop.hookless(git)("commit", "-qam", "untracked")
    git("push", "-q", "origin", "main")
    clone = workshop.clone(git)
    clone("checkout", "-q", "HEAD~1")
    assert model(clone) == first


def test_a_push_without_checkpoints_asks_git_little(git: Git) -> None:
    handmade.commit(git, a="1")
    git("push", "-q", "origin", "main")
    for number in range(30):
        (git.directory / "notes").write_text(str(number))
        git("add", "notes")
        git("commit", "-qm", str(number))
    log = git.home / "trace"
    git.at(".", GIT_TRACE2=str(log))("push", "-q", "origin", "main")
    started = [line for line in log.read_text().splitlines() if " start git " in f" {line} "]
    children = [line for line in log.read_text().splitlines() if "cmd_name" in line]
    assert len(children) < 40, "\n".join([*started, *children])


def test_a_push_from_a_bare_repository(git: Git) -> None:
    base = git.home.parent
    handmade.commit(git, a="1")
    git("push", "-q", "origin", "main")
    git.at(base)("clone", "-q", "--bare", (base / "origin.git").as_uri(), "mirror.git")
    bare = git.at(base / "mirror.git")
    bare.run("git-theta", "install")
    git.at(base)("init", "-q", "--bare", "second.git")
    bare("lfs", "fetch", "--all", "origin")
    bare("push", "-q", (base / "second.git").as_uri(), "main")
    assert len(workshop.objects(base / "second.git")) == 1
