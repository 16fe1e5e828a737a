"""Checkpoints in other places: linked work trees, submodules, shallow and partial clones."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.support import workshop
from tests.support.git import Git
from tests.support.workshop import COUNT, MODEL

NAME, OTHER = "head.weight", "embed.weight"


def test_a_linked_work_tree_commits_checks_out_and_goes(git: Git) -> None:
    first = workshop.read(git)
    git("worktree", "add", "-q", "../linked", "-b", "side")
    linked = git.at(git.directory.parent / "linked")
    assert workshop.read(linked) == first
    data = workshop.commit(linked, NAME)
    assert linked.status() == []
    linked("checkout", "-q", "--detach", "v1")
    assert workshop.read(linked) == first
    assert "all is well" in linked.run("git-theta", "fsck")
    linked("push", "-q", "origin", "side")
    assert workshop.kept(git) == set()
    git("worktree", "remove", "../linked")
    git("checkout", "-q", "side")
    assert workshop.read(git) == data
    assert workshop.pointers(git, "side") == workshop.pointers(git, "v1")
    assert git.status() == []


def test_a_bare_repository_is_checked(git: Git) -> None:
    git("push", "-q", "origin", "main")
    bare = git.at(git.home.parent / "origin.git")
    assert bare.run("git-theta", "fsck") == "all is well\n"
    oid = next(iter(workshop.objects(bare)))
    (bare.directory / f"lfs/objects/{oid[:2]}/{oid[2:4]}/{oid}").unlink()
    assert f"object {oid}" in bare.run("git-theta", "fsck", status=1)


def test_a_submodule_holds_a_checkpoint(git: Git) -> None:
    git("push", "-q", "origin", "main")
    beside = git.at(git.home.parent)
    url = (beside.directory / "origin.git").as_uri()
    beside("init", "-q", "outer")
    outer = beside.at("outer")
    outer("submodule", "--quiet", "add", url, "models")
    outer("commit", "-qm", "models")
    inner = outer.at("models")
    data = workshop.commit(inner, NAME)
    assert inner.status() == []
    inner("push", "-q", "origin", "HEAD:main")
    outer("commit", "-qam", "newer models")
    beside("clone", "-q", "--recurse-submodules", (outer.directory).as_uri(), "again")
    again = beside.at("again/models")
    assert workshop.read(again) == data
    assert again.status() == []
    assert len(workshop.objects(inner)) == COUNT + 1
    assert (outer.directory / ".git/modules/models/lfs/objects").is_dir()


def test_a_shallow_clone_commits_and_pushes(git: Git) -> None:
    workshop.commit(git, NAME)
    workshop.commit(git, OTHER)
    git("push", "-q", "origin", "main")
    clone = workshop.clone(git, "--depth=1")
    assert len(workshop.objects(clone)) == COUNT
    data = workshop.commit(clone, "layers.0.mlp.up.weight")
    clone("push", "-q", "origin", "main")
    git("pull", "-q", "origin", "main")
    assert workshop.read(git) == data
    assert workshop.pointers(git, "HEAD") == workshop.pointers(git, "v1")


@pytest.mark.parametrize("wanted", ["blob:none", "tree:0"])
def test_a_partial_clone_checks_out_commits_and_pushes(git: Git, wanted: str) -> None:
    first = workshop.read(git)
    workshop.commit(git, NAME)
    git("push", "-q", "origin", "main", "v1")
    git.at(git.home.parent / "origin.git")("config", "uploadpack.allowFilter", "true")
    clone = workshop.clone(git, f"--filter={wanted}")
    workshop.save(clone, workshop.changed(OTHER, at=9))
    clone("add", ".")
    data = workshop.commit(clone, OTHER)
    assert clone.status() == []
    missing = clone.lines("rev-list", "--objects", "--missing=print", "HEAD")
    clone("push", "-q", "origin", "main")
    # The object that is added but in no commit has the push look for it, not fetch for it.
    assert clone.lines("rev-list", "--objects", "--missing=print", "HEAD") == missing
    clone("checkout", "-q", "v1")
    assert workshop.read(clone) == first
    git("pull", "-q", "origin", "main")
    assert workshop.read(git) == data


def test_a_store_outside_of_the_repository(git: Git, tmp_path: Path) -> None:
    first = workshop.read(git)
    git("push", "-q", "origin", "main", "v1")
    storage = tmp_path / "lfs"
    git("config", "lfs.storage", str(storage))
    git("checkout", "-q", "-b", "new")
    data = workshop.commit(git, NAME)
    assert len(workshop.objects(tmp_path)) == len(workshop.kept(storage)) == 1
    git("checkout", "-q", "main")
    assert workshop.read(git) == first
    assert len(workshop.objects(tmp_path)) == COUNT + 1
    git("lfs", "prune")
    git("checkout", "-q", "new")
    assert workshop.read(git) == data
    git("push", "-q", "origin", "new")
    assert workshop.kept(storage) == set()
    assert workshop.read(workshop.clone(git, "--branch", "new")) == data


def test_a_repository_is_moved(git: Git) -> None:
    """The hooks of one whose `core.hooksPath` is ours are found again."""
    git("config", "core.hooksPath", ".husky")
    workshop.commit(git, NAME)
    moved = git.at(git.directory.rename(git.directory.parent / "moved"))
    workshop.save(moved, workshop.changed(OTHER))
    moved("add", ".")
    moved("commit", "-qm", "next")
    changed = set(moved.lines("show", "--name-only", "--format="))
    assert f".git_theta/{MODEL}/{OTHER}" in changed
    assert moved.status() == []


def test_every_command_works_in_a_subdirectory(git: Git) -> None:
    inside = git.at("models/large")
    inside.directory.mkdir(parents=True)
    inside.run("git-theta", "track", "one.safetensors", "*.pt")
    lines = (git.directory / ".gitattributes").read_text()
    assert "/models/large/one.safetensors filter=theta" in lines
    assert "/models/large/**/*.pt filter=theta" in lines
    data = workshop.save(inside, workshop.FIRST, "one.safetensors")
    inside.run("git-theta", "add", "one.safetensors")
    assert "A  .git_theta/models/large/one.safetensors/head.weight" in git.status()
    inside("commit", "-qm", "one")
    assert NAME in inside.run("git-theta", "ls", "one.safetensors")
    assert NAME in inside.run("git-theta", "ls", f"HEAD:./{'one.safetensors'}")
    assert NAME in inside.run("git-theta", "ls", f"../../{MODEL}")
    inside.at(".", GIT_THETA_SKIP_SMUDGE="1")("checkout", "-q", "HEAD~1")
    inside.directory.mkdir(parents=True, exist_ok=True)
    inside.at(".", GIT_THETA_SKIP_SMUDGE="1")("checkout", "-q", "main")
    inside.run("git-theta", "pull")
    assert workshop.read(inside, "one.safetensors") == data
    assert "all is well" in inside.run("git-theta", "fsck")
    inside.run("git-theta", "untrack", "one.safetensors")
    assert "one.safetensors" not in (git.directory / ".gitattributes").read_text()
    inside.run("git-theta", "install", "--local")
    inside.run("git-theta", "uninstall", "--local")


def test_a_checkpoint_of_a_subdirectory_goes_by_the_directory_s_attributes(git: Git) -> None:
    (git.directory / "deep").mkdir()
    (git.directory / "deep/.gitattributes").write_text("*.bin filter=theta merge=theta -text\n")
    (git.directory / "deep/x.bin").write_bytes(b"opaque " * 100)
    git("add", ".")
    git("commit", "-qm", "deep")
    assert git.lines("ls-files", ".git_theta/deep/x.bin") != []
    git("push", "-q", "origin", "main")
    assert workshop.read(workshop.clone(git), "deep/x.bin") == b"opaque " * 100


def test_stash_keeps_a_change_and_a_staged_one(git: Git) -> None:
    first = workshop.read(git)
    data = workshop.save(git, workshop.changed(NAME))
    git.run("git-theta", "add", MODEL)
    git("stash", "-q")
    assert workshop.read(git) == first
    assert git.status() == []
    git("stash", "pop", "-q", "--index")
    assert workshop.read(git) == data
    git("commit", "-qm", "next")
    assert git.status() == []


def test_a_partial_commit_takes_its_pointers_and_no_others(git: Git) -> None:
    workshop.save(git, path="other.safetensors")
    git("add", ".")
    git("commit", "-qm", "other")
    workshop.save(git, workshop.changed(NAME))
    workshop.save(git, workshop.changed(OTHER), "other.safetensors")
    git("add", ".")
    git("commit", "-qm", "one of them", MODEL)
    changed = set(git.lines("show", "--name-only", "--format="))
    assert changed == {MODEL, f".git_theta/{MODEL}/{NAME}"}
    git("commit", "-qm", "the other")
    changed = set(git.lines("show", "--name-only", "--format="))
    assert changed == {"other.safetensors", f".git_theta/other.safetensors/{OTHER}"}
    assert git.status() == []


def test_rebase_and_cherry_pick_carry_the_pointers(git: Git) -> None:
    git("checkout", "-q", "-b", "side")
    workshop.commit(git, NAME)
    git("checkout", "-q", "main")
    (git.directory / "notes").write_text("one\n")
    git("add", ".")
    git("commit", "-qm", "notes")
    git("rebase", "-q", "main", "side")
    data = workshop.read(git)
    assert set(git.lines("show", "--name-only", "--format=")) == {
        MODEL,
        f".git_theta/{MODEL}/{NAME}",
    }
    git("checkout", "-q", "-b", "picked", "v1")
    git("cherry-pick", "side")
    assert workshop.read(git) == data
    assert git.status() == []


def test_a_signed_commit_keeps_its_signature(git: Git, tmp_path: Path) -> None:
    key = tmp_path / "key"
    git.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", str(key))
    (tmp_path / "signers").write_text(f"ada@example.org {key.with_suffix('.pub').read_text()}")
    assert not stat.S_IMODE(os.stat(key).st_mode) & 0o077
    for name, value in {
        "gpg.format": "ssh",
        "user.signingKey": str(key),
        "gpg.ssh.allowedSignersFile": str(tmp_path / "signers"),
    }.items():
        git("config", name, value)
    data = workshop.save(git, workshop.changed(NAME))
    git("commit", "-qS", "-am", "signed")
    git("verify-commit", "HEAD")
    workshop.save(git, workshop.changed(OTHER))
    git("commit", "-qS", "--no-verify", "-am", "signed and hasty")
    git("verify-commit", "HEAD")
    assert git.status() == []
    git("push", "-q", "origin", "main")
    clone = workshop.clone(git)
    assert workshop.read(clone) == workshop.read(git)
    clone("checkout", "-q", "HEAD~1")
    assert workshop.read(clone) == data
