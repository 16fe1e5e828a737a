"""Remotes: branches deleted, tags, several remotes, force, mirrors, objects that are nowhere."""

from __future__ import annotations

from tests.support import workshop
from tests.support.git import Git
from tests.support.workshop import COUNT, MODEL

NAME, OTHER = "head.weight", "embed.weight"


def test_a_remote_branch_is_deleted(git: Git) -> None:
    git("push", "-q", "origin", "main", "main:b")
    workshop.forget(git)
    git("push", "-q", "origin", ":b")
    assert len(git.lines("ls-remote", "--heads", "origin")) == 1


def test_a_new_branch_is_pushed_from_a_clone(git: Git) -> None:
    git("push", "-q", "origin", "main")
    clone = workshop.clone(git)
    clone("checkout", "-q", "-b", "new")
    data = workshop.commit(clone, NAME)
    clone("push", "-q", "-u", "origin", "new")
    git("fetch", "-q")
    git("checkout", "-q", "new")
    assert workshop.read(git) == data


def test_tags_alone_are_pushed(git: Git) -> None:
    git("tag", "-am", "annotated", "v1a")
    data = workshop.commit(git, NAME)
    git("tag", "-am", "annotated", "v2a")
    git("push", "-q", "origin", "v1", "v2a")
    clone = workshop.clone(git, "--branch", "v2a")
    assert workshop.read(clone) == data
    clone("checkout", "-q", "v1")
    assert len(workshop.objects(clone)) == COUNT + 1


def test_a_second_remote_that_has_none_of_the_objects(git: Git) -> None:
    git("push", "-q", "origin", "main")
    data = workshop.commit(git, NAME)
    second = workshop.remote(git, "second")
    git("push", "-q", "second", "main")
    assert len(workshop.objects(second)) == COUNT + 1
    assert workshop.read(workshop.clone(git, source="second.git")) == data


def test_objects_that_only_another_remote_has_go_along(git: Git) -> None:
    first = workshop.read(git)
    workshop.commit(git, NAME)
    git("push", "-q", "origin", "main")
    clone = workshop.clone(git)
    assert len(workshop.objects(clone)) == COUNT
    workshop.remote(clone, "second")
    clone("push", "-q", "second", "main")
    other = workshop.clone(git, name="other", source="second.git")
    other("checkout", "-q", "HEAD~1")
    assert workshop.read(other) == first


def test_stock_git_lfs_mirrors_every_version(git: Git) -> None:
    versions = {"v1": workshop.read(git)}
    for name in (NAME, OTHER):
        versions[name] = workshop.commit(git, name)
        git("tag", name)
    git("push", "-q", "origin", "--all")
    git("push", "-q", "origin", "--tags")
    clone = workshop.clone(git)
    mirror = workshop.remote(clone, "mirror")
    clone("lfs", "fetch", "--all", "origin")
    clone("lfs", "push", "--all", "mirror")
    workshop.hookless(clone)("push", "-q", "mirror", "--all")
    workshop.hookless(clone)("push", "-q", "mirror", "--tags")
    assert len(workshop.objects(mirror)) == COUNT + 2
    other = workshop.clone(git, name="other", source="mirror.git")
    for name, data in versions.items():
        other("checkout", "-q", name)
        assert workshop.read(other) == data


def test_a_forced_push_of_another_history(git: Git) -> None:
    workshop.commit(git, NAME)
    git("push", "-q", "origin", "main")
    git("reset", "-q", "--hard", "v1")
    data = workshop.commit(git, OTHER)
    git("push", "-q", "origin", "main", status=1)
    git("push", "-q", "--force", "origin", "main")
    assert workshop.read(workshop.clone(git)) == data


def test_a_push_without_hooks_is_made_good_by_the_next(git: Git) -> None:
    git("push", "-q", "origin", "main")
    git("checkout", "-q", "-b", "new")
    versions = [workshop.commit(git, NAME), workshop.commit(git, OTHER)]
    git("push", "-q", "--no-verify", "origin", "new")
    assert len(workshop.objects(git.home.parent / "origin.git")) == COUNT
    versions.append(workshop.commit(git, "layers.0.mlp.up.weight"))
    git("push", "-q", "origin", "new")
    assert workshop.kept(git) == set()
    clone = workshop.clone(git, "--branch", "new")
    for back, data in zip((2, 1, 0), versions, strict=True):
        clone("checkout", "-q", f"origin/new~{back}")
        assert workshop.read(clone) == data


def test_a_push_of_an_object_that_is_nowhere_fails_and_names_it(git: Git) -> None:
    git("push", "-q", "origin", "main")
    workshop.commit(git, NAME)
    workshop.forget(git)
    said = git("push", "origin", "main", status=1)
    assert f"(missing) .git_theta/{MODEL}/{NAME}" in said
    assert "Traceback" not in said
    assert git("rev-parse", "v1") == git("rev-parse", "origin/main")


def test_a_push_of_other_work_does_not_need_the_objects(git: Git) -> None:
    git("push", "-q", "origin", "main")
    clone = workshop.clone(git.at(".", GIT_THETA_SKIP_SMUDGE="1"))
    (clone.directory / "notes").write_text("one\n")
    clone("add", ".")
    clone("commit", "-qm", "notes")
    clone("push", "-q", "origin", "main")
    assert workshop.objects(clone) == {}


def test_a_commit_pushed_with_no_verify_keeps_its_pointers(git: Git) -> None:
    data = workshop.save(git, workshop.changed(NAME))
    git("commit", "-q", "--no-verify", "-am", "hasty")
    git("push", "-q", "origin", "main")
    assert workshop.pointers(git, "HEAD") == workshop.pointers(git, "v1")
    assert workshop.read(workshop.clone(git)) == data
