"""Plain files become checkpoints, checkpoints plain files, and `uninstall` undoes `install`."""

from __future__ import annotations

from tests.support import workshop
from tests.support.git import Git
from tests.support.workshop import COUNT, MODEL

NAME = "head.weight"


def test_untrack_makes_a_raw_blob_and_the_pointers_go(git: Git) -> None:
    data = workshop.read(git)
    git.run("git-theta", "untrack", "*.safetensors")
    git("add", "--renormalize", MODEL)
    git("commit", "-qm", "raw")
    assert git("cat-file", "-s", f"HEAD:{MODEL}").strip() == str(len(data))
    assert workshop.pointers(git, "HEAD") == set()
    assert git.status() == []
    assert not (git.directory / ".git_theta").exists()
    git("checkout", "-q", "v1")
    git("checkout", "-q", "main")
    assert workshop.read(git) == data


def test_untrack_makes_a_raw_blob_at_the_next_change_too(git: Git) -> None:
    git.run("git-theta", "untrack", "*.safetensors")
    data = workshop.save(git, workshop.changed(NAME))
    git("add", MODEL)
    git("commit", "-qm", "raw")
    assert git("cat-file", "-s", f"HEAD:{MODEL}").strip() == str(len(data))
    assert workshop.pointers(git, "HEAD") == set()
    assert git.status() == []


def test_a_file_that_was_committed_raw_becomes_a_checkpoint(git: Git) -> None:
    (git.directory / "raw.weights").write_bytes(workshop.read(git))
    git("add", ".")
    git("commit", "-qm", "raw")
    git.run("git-theta", "track", "*.weights")
    git("add", "--renormalize", ".")
    assert git("cat-file", "blob", ":raw.weights").startswith('{"git-theta"')
    git("commit", "-qm", "tracked")
    assert len(git.lines("ls-tree", "-r", "HEAD", ".git_theta/raw.weights/")) == COUNT
    assert len(workshop.objects(git)) == COUNT
    assert git.status() == []
    git("checkout", "-q", "HEAD~1")
    git("checkout", "-q", "main")
    assert git.status() == []


def test_attributes_written_by_hand_and_renormalize_will_do(git: Git) -> None:
    (git.directory / "raw.weights").write_bytes(workshop.read(git))
    git("add", ".")
    git("commit", "-qm", "raw")
    with (git.directory / ".gitattributes").open("a") as file:
        file.write("raw.weights filter=theta merge=theta -text\n")
    git("add", "--renormalize", ".")
    git("add", ".gitattributes")
    git("commit", "-qm", "tracked")
    assert len(git.lines("ls-tree", "-r", "HEAD", ".git_theta/raw.weights/")) == COUNT
    assert git.status() == []


def test_uninstall_is_the_mirror_image_of_install(git: Git) -> None:
    settings = git.home / ".gitconfig"
    git("lfs", "install", "--skip-repo")
    before = settings.read_text()
    git.run("git-theta", "uninstall")
    assert "theta" not in settings.read_text()
    assert not any("theta" in path.read_text() for path in (git.directory / ".git/hooks").iterdir())
    assert "theta" not in (git.directory / ".git/info/exclude").read_text()
    assert "prune" not in (git.directory / ".git/config").read_text()
    git.run("git-theta", "install")
    assert sorted(settings.read_text().split("\n")) == sorted(before.split("\n"))
    assert git.status() == []
