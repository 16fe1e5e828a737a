"""What is stored already is never stored again, and an unchanged file gives the same manifest."""

from __future__ import annotations

import os

from tests.support import workshop
from tests.support.checkpoints import safetensors
from tests.support.git import Git
from tests.support.workshop import COUNT, FIRST, MODEL

NAME = "head.weight"


def test_every_parameter_renamed_stores_the_frames_alone(git: Git) -> None:
    workshop.save(git, {f"model.{name}": value for name, value in FIRST.items()})
    git("commit", "-qam", "renamed")
    assert len(workshop.objects(git)) == COUNT + 1
    assert all(name.startswith("model.") for name in workshop.pointers(git, "HEAD") - {".frames"})


def test_a_second_checkpoint_with_the_same_parameters_stores_its_frames_alone(git: Git) -> None:
    half = dict([*FIRST.items()][:4])
    workshop.save(git, half, "shards/one.safetensors")
    git("add", ".")
    git("commit", "-qm", "shard")
    assert len(workshop.objects(git)) == COUNT + 1
    assert len(git.lines("ls-files", ".git_theta/shards/one.safetensors")) > 1


def test_two_shards_of_one_add_store_a_shared_parameter_once(git: Git) -> None:
    for name in ("one", "two"):
        workshop.save(git, workshop.changed(*FIRST), f"{name}.safetensors")
    git("add", ".")
    before = COUNT
    # The frames are the same as those of the first version: names and shapes are.
    assert len(workshop.objects(git)) == before + COUNT - 1


def test_a_renamed_checkpoint_stores_nothing(git: Git) -> None:
    (git.directory / "models").mkdir()
    git("mv", MODEL, "models/other.safetensors")
    git("commit", "-qm", "moved")
    assert len(workshop.objects(git)) == COUNT
    assert workshop.pointers(git, "HEAD") == set()
    listed = git.lines("ls-files", ".git_theta/models/other.safetensors")
    assert len(listed) == COUNT
    assert "R100\tmodel.safetensors" in git("show", "-M", "--name-status", "--format=")
    assert git.status() == []


def test_switching_back_and_forth_stores_nothing_and_shows_no_change(git: Git) -> None:
    git("checkout", "-q", "-b", "side")
    workshop.commit(git, NAME)
    for name in ("main", "side", "main"):
        git("checkout", "-q", name)
        os.utime(git.directory / MODEL)
        assert git.status() == []
    assert len(workshop.objects(git)) == COUNT + 1


def test_a_version_of_another_branch_stores_nothing_when_made_again(git: Git) -> None:
    git("checkout", "-q", "-b", "side")
    workshop.commit(git, NAME)
    tree = git("rev-parse", "HEAD^{tree}")
    git("checkout", "-q", "main")
    workshop.commit(git, NAME)
    assert git("rev-parse", "HEAD^{tree}") == tree
    assert len(workshop.objects(git)) == COUNT + 1


def test_a_touched_file_is_clean_and_stores_nothing(git: Git) -> None:
    before = git("ls-files", "-s")
    os.utime(git.directory / MODEL, (1, 1))
    assert git.status() == []
    git("add", MODEL)
    assert git("ls-files", "-s") == before
    assert len(workshop.objects(git)) == COUNT


def test_a_touched_file_is_clean_where_no_object_is_left(git: Git) -> None:
    git("push", "-q", "origin", "main")
    workshop.forget(git)
    os.utime(git.directory / MODEL, (1, 1))
    assert git.status() == []
    assert workshop.objects(git) == {}


def test_the_manifest_of_the_index_is_emitted_word_for_word(git: Git) -> None:
    """Whoever encoded an object otherwise, an unmodified file keeps naming theirs."""
    manifest = git("cat-file", "blob", f"HEAD:{MODEL}")
    assert git("hash-object", "--path", MODEL, MODEL) == git("rev-parse", f"HEAD:{MODEL}")
    clone_source = git.home.parent / "origin.git"
    git("push", "-q", "origin", "main")
    assert clone_source.is_dir()
    clone = workshop.clone(git)
    (clone.directory / MODEL).unlink()
    (clone.directory / MODEL).write_bytes(safetensors(FIRST))
    assert clone.status() == []
    clone("add", "--renormalize", MODEL)
    assert clone("cat-file", "blob", f":{MODEL}") == manifest


def test_a_new_home_and_no_caches_give_the_same_manifest(git: Git) -> None:
    manifest = git("rev-parse", f"HEAD:{MODEL}")
    fresh = workshop.start(git.at(git.home.parent), "fresh")
    fresh.run("git-theta", "track", MODEL)
    workshop.save(fresh)
    fresh("add", MODEL)
    assert fresh("rev-parse", f":{MODEL}") == manifest
