"""Remotes: tags, a second remote, force, mirrors, pushes without hooks or without objects."""

from __future__ import annotations

from tests.support import workshop
from tests.support.git import Git
from tests.support.workshop import COUNT

NAME, OTHER = "head.weight", "embed.weight"


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
