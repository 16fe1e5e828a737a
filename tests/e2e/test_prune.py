"""`git lfs prune`, whenever it runs, loses nothing that is not on a server."""

from __future__ import annotations

import pytest

from tests.support import workshop
from tests.support.git import Git
from tests.support.lfs_server import LfsServer
from tests.support.workshop import COUNT

NAME, OTHER = "head.weight", "embed.weight"


@pytest.fixture(params=["file"])
def git(git: Git, request: pytest.FixtureRequest) -> Git:
    """The first version is pushed; the remote's objects are files, or on a server."""
    if request.param == "http":
        server: LfsServer = request.getfixturevalue("lfs_server")
        name = "".join(c if c.isalnum() else "-" for c in request.node.name)
        git("config", "--global", "lfs.url", server.url(name))
    git("push", "-q", "-u", "origin", "main", "v1")
    return git


#: What git-lfs can ask a server about, it treats in another way.
BOTH = pytest.mark.parametrize(
    "git", ["file", pytest.param("http", marks=pytest.mark.lfs_server)], indirect=True
)


def prune(git: Git) -> None:
    """Prunes as hard as git-lfs can."""
    old = ("-c", "lfs.fetchrecentrefsdays=0", "-c", "lfs.pruneoffsetdays=0")
    git(*old, "lfs", "prune", "--no-verify-remote")


def assert_all_there(git: Git, versions: dict[str, bytes]) -> None:
    """Every version can be checked out here, and in a clone after a push."""
    for name, data in versions.items():
        git("checkout", "-q", "-f", name)
        assert workshop.read(git) == data, name
        assert git.status() == []
    git("push", "-q", "--force", "origin", *(f"{name}:refs/heads/to/{name}" for name in versions))
    clone = workshop.clone(git)
    for name, data in versions.items():
        clone("checkout", "-q", f"to/{name}")
        assert workshop.read(clone) == data, name
        assert clone.status() == []


def test_after_add(git: Git) -> None:
    data = workshop.save(git, workshop.changed(NAME))
    git("add", ".")
    prune(git)
    git("checkout", "-q", "-b", "new")
    git("commit", "-qm", "new")
    assert_all_there(git, {"new": data})


def test_after_add_and_a_switch_away(git: Git) -> None:
    data = workshop.save(git, workshop.changed(NAME))
    git("add", ".")
    blob = git("rev-parse", ":model.safetensors").strip()
    git("reset", "-q", "--hard")
    prune(git)
    restored = git.at(".").run("git", "cat-file", "--filters", "--path=m.safetensors", blob)
    assert restored.encode(errors="surrogateescape") == data


@BOTH
def test_after_commit(git: Git) -> None:
    git("checkout", "-q", "-b", "new")
    data = workshop.commit(git, NAME)
    git("checkout", "-q", "main")
    prune(git)
    assert_all_there(git, {"new": data})


def test_in_the_middle_of_a_merge(git: Git) -> None:
    git("checkout", "-q", "-b", "side")
    side = workshop.commit(git, OTHER)
    git("checkout", "-q", "-b", "new", "v1")
    new = workshop.commit(git, OTHER, at=9)
    git("merge", "side", status=1)
    prune(git)
    git("checkout", "--theirs", "model.safetensors")
    git("add", "model.safetensors")
    prune(git)
    git("commit", "-qm", "merged")
    git("tag", "before", "HEAD^1")
    prune(git)
    assert_all_there(git, {"side": side, "before": new, "new": side})


def test_after_stash(git: Git) -> None:
    data = workshop.save(git, workshop.changed(NAME))
    git("stash", "-q")
    prune(git)
    git("stash", "pop", "-q")
    assert workshop.read(git) == data
    git("checkout", "-q", "-b", "new")
    git("commit", "-qam", "new")
    assert_all_there(git, {"new": data})


def test_after_amend(git: Git) -> None:
    git("checkout", "-q", "-b", "new")
    first = workshop.commit(git, NAME)
    git("tag", "amended")
    data = workshop.save(git, workshop.changed(NAME, at=9))
    git("commit", "-qa", "--amend", "-m", "amended")
    prune(git)
    assert_all_there(git, {"new": data, "amended": first})


@BOTH
def test_a_pointer_that_only_a_merge_commit_has(git: Git) -> None:
    git("checkout", "-q", "-b", "side")
    workshop.commit(git, OTHER)
    git("checkout", "-q", "-b", "new", "v1")
    workshop.commit(git, NAME)
    git("merge", "-q", "--no-commit", "side")
    data = workshop.save(git, workshop.changed("layers.0.mlp.up.weight"))
    git("add", ".")
    git("commit", "-qm", "merged, and more")
    git("checkout", "-q", "main")
    prune(git)
    assert_all_there(git, {"new": data})


@BOTH
def test_prune_as_people_call_it(git: Git) -> None:
    git("checkout", "-q", "-b", "new")
    data = workshop.commit(git, NAME)
    git("checkout", "-q", "main")
    # Asked to verify, git-lfs refuses what the server lacks, or has nobody to ask.
    git.attempt("git", "lfs", "prune", "--verify-remote")
    git.attempt("git", "lfs", "prune")
    assert_all_there(git, {"new": data})


def test_a_merge_of_different_parameters(git: Git) -> None:
    git("checkout", "-q", "-b", "side")
    workshop.commit(git, OTHER)
    git("checkout", "-q", "-b", "new", "v1")
    workshop.commit(git, NAME)
    git("merge", "-q", "-m", "merged", "side")
    data = workshop.read(git)
    git("checkout", "-q", "main")
    prune(git)
    assert_all_there(git, {"new": data})


@BOTH
def test_after_push_the_kept_links_are_gone_and_prune_may_delete(git: Git) -> None:
    assert workshop.kept(git) == set()
    first = workshop.read(git)
    workshop.commit(git, NAME, OTHER)
    git("push", "-q", "origin", "main")
    assert workshop.kept(git) == set()
    prune(git)
    assert len(workshop.objects(git)) == COUNT
    git("checkout", "-q", "v1")
    assert workshop.read(git) == first


def test_a_push_to_one_remote_leaves_nothing_only_on_another_machine(git: Git) -> None:
    git("checkout", "-q", "-b", "new")
    data = workshop.commit(git, NAME)
    workshop.remote(git, "second")
    git("push", "-q", "second", "new")
    git("checkout", "-q", "main")
    prune(git)
    assert_all_there(git, {"new": data})
