"""Over HTTP, against a real LFS server: what is counted, damaged, lost and mended there."""

from __future__ import annotations

import pytest

from tests.support import workshop
from tests.support.git import Git
from tests.support.lfs_server import LfsServer
from tests.support.workshop import COUNT, MODEL

pytestmark = pytest.mark.lfs_server
NAME = "head.weight"


@pytest.fixture
def repository(git: Git, lfs_server: LfsServer, request: pytest.FixtureRequest) -> str:
    """A repository name of the test's own on the server, which both sides use."""
    name = str(request.node.name).replace("_", "-")
    git("config", "--global", "lfs.url", lfs_server.url(name))
    return name


def oid_of(git: Git, parameter: str, revision: str = "HEAD") -> str:
    """The object of a parameter in a commit, by its pointer."""
    text = git("cat-file", "blob", f"{revision}:.git_theta/{MODEL}/{parameter}")
    return text.split("sha256:")[1].split()[0]


def test_the_second_version_uploads_only_what_changed(
    git: Git, repository: str, lfs_server: LfsServer
) -> None:
    git("push", "-q", "origin", "main")
    first = lfs_server.objects(repository)
    assert len(first) == COUNT
    workshop.commit(git, NAME)
    git("push", "-q", "origin", "main")
    second = lfs_server.objects(repository)
    assert second.keys() - first.keys() == {oid_of(git, NAME)}
    assert first.keys() <= second.keys()


def test_a_fresh_clone_fetches_what_the_version_needs_and_no_more(
    git: Git, repository: str, lfs_server: LfsServer
) -> None:
    data = workshop.commit(git, NAME)
    git("push", "-q", "origin", "main")
    clone = workshop.clone(git)
    assert workshop.read(clone) == data
    assert len(workshop.objects(clone)) == COUNT
    assert len(lfs_server.objects(repository)) == COUNT + 1


def test_a_damaged_object_is_told_by_its_parameter_and_a_push_mends_it(
    git: Git, repository: str, lfs_server: LfsServer
) -> None:
    git("push", "-q", "origin", "main")
    oid = oid_of(git, NAME)
    lfs_server.damage(repository, oid)
    assert_clone_fails(git, oid)
    # A server believes what it has: the damaged copy must be gone before it takes another.
    lfs_server.remove(repository, oid)
    assert_push_mends(git)


def test_a_removed_object_is_told_by_its_parameter_and_a_push_mends_it(
    git: Git, repository: str, lfs_server: LfsServer
) -> None:
    git("push", "-q", "origin", "main")
    oid = oid_of(git, NAME)
    lfs_server.remove(repository, oid)
    assert_clone_fails(git, oid)
    assert_push_mends(git)


def assert_clone_fails(git: Git, oid: str) -> None:
    """The clone says which parameter of which checkpoint, and leaves no wrong file."""
    base = git.home.parent
    url = (base / "origin.git").as_uri()
    status, said = git.at(base).attempt("git", "clone", "-q", url, "broken")
    assert status != 0
    assert f"git-theta: '{MODEL}': parameter '{NAME}' is missing: object {oid}" in said
    assert "hint: " in said
    assert "Traceback" not in said
    assert not (base / "broken" / MODEL).exists()


def assert_push_mends(git: Git) -> None:
    """Whoever has the objects can send them again."""
    git("lfs", "push", "--all", "origin")
    broken = git.at(git.home.parent / "broken")
    broken("checkout", "-q", "-f", "main")
    assert workshop.read(broken) == workshop.read(git)
    assert broken.status() == []


def test_a_server_that_is_away_loses_nothing(
    git: Git, repository: str, lfs_server: LfsServer
) -> None:
    git("config", "--global", "lfs.url", "http://127.0.0.1:9/nobody")
    status, said = git.attempt("git", "push", "-q", "origin", "main")
    assert status != 0, said
    assert git.lines("ls-remote", "origin") == []
    assert len(workshop.kept(git)) == COUNT
    git("config", "--global", "lfs.url", lfs_server.url(repository))
    git("push", "-q", "origin", "main")
    assert len(lfs_server.objects(repository)) == COUNT
    assert workshop.kept(git) == set()


def test_theta_pull_fetches_all_placeholders_in_one_batch(
    git: Git, repository: str, lfs_server: LfsServer
) -> None:
    workshop.save(git, workshop.changed(NAME), "second.safetensors")
    git("add", ".")
    git("commit", "-qm", "second")
    git("push", "-q", "origin", "main")
    assert len(lfs_server.objects(repository)) == COUNT + 1
    clone = workshop.clone(git.at(".", GIT_THETA_SKIP_SMUDGE="1"))
    assert workshop.objects(clone) == {}
    trace = git.home / "trace"
    said = git.at(clone.directory, GIT_TRACE=str(trace)).run("git-theta", "pull")
    assert "restored 2 checkpoints" in said
    assert trace.read_text().count("exec: git-lfs fetch") == 1
    assert workshop.read(clone) == workshop.read(git)
    assert clone.status() == []
