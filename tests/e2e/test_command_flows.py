"""The commands beside plain git: pull, ls, untrack, uninstall, completion, and placeholders."""

from __future__ import annotations

import json

import pytest

from tests.support import workshop
from tests.support.git import Git
from tests.support.workshop import COUNT, FIRST, MODEL

NAME = "head.weight"


@pytest.mark.parametrize("switch", ["GIT_THETA_SKIP_SMUDGE", "GIT_LFS_SKIP_SMUDGE"])
def test_placeholders_stay_until_they_are_pulled(git: Git, switch: str) -> None:
    workshop.save(git, path="big/other.safetensors")
    git("add", ".")
    git("commit", "-qm", "other")
    git("push", "-q", "origin", "main")
    clone = workshop.clone(git.at(".", **{switch: "1"}))
    assert workshop.read(clone).startswith(b'{"git-theta"')
    assert workshop.objects(clone) == {}
    assert clone.status() == []
    clone = git.at(clone.directory)
    clone.run("git-theta", "pull", "--include", "big/*")
    assert workshop.read(clone, "big/other.safetensors") == workshop.read(git)
    assert workshop.read(clone).startswith(b'{"git-theta"')
    clone.run("git-theta", "pull", "-I", MODEL, "-I", "nothing*")
    assert workshop.read(clone) == workshop.read(git)
    assert clone.status() == []
    assert "restored 0 checkpoints" in clone.run("git-theta", "pull")


def test_a_change_is_never_pulled_over(git: Git) -> None:
    data = workshop.save(git, workshop.changed(NAME))
    git.run("git-theta", "pull")
    assert workshop.read(git) == data


def test_ls_lists_the_parameters_of_any_version(git: Git) -> None:
    workshop.commit(git, NAME)
    rows = [line.split() for line in git.run("git-theta", "ls", MODEL).splitlines()]
    assert rows[0] == ["NAME", "DTYPE", "SHAPE", "SIZE", "STORED", "BLAKE3", "UPDATE"]
    assert [row[0] for row in rows[1:]] == [*FIRST]
    assert rows[1][1:4] == ["F32", "64x8", "2048"]
    old = {row.split()[0]: row for row in git.lines("theta", "ls", f"v1:{MODEL}")}
    new = {row.split()[0]: row for row in git.lines("theta", "ls", MODEL)}
    assert {name for name in new if new[name] != old[name]} == {NAME}


def test_ls_json_is_one_document(git: Git) -> None:
    found = json.loads(git.run("git-theta", "ls", "--json", f"v1:{MODEL}"))
    assert found["checkpoint"] == MODEL
    assert found["size"] == len(workshop.read(git))
    assert {item["name"]: item["shape"] for item in found["parameters"]} == {
        name: [*value.shape] for name, value in FIRST.items()
    }
    oids = {oid for item in found["parameters"] for oid, _ in item.get("objects", [])}
    assert oids < workshop.objects(git).keys()
    assert found["stored"] == sum(path.stat().st_size for path in workshop.objects(git).values())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nothing.safetensors", "is not in the index"),
        ("v1:nothing.safetensors", "is not in 'v1'"),
        ("nowhere:model.safetensors", "is not in 'nowhere'"),
        (".gitattributes", "is stored by git itself"),
    ],
)
def test_ls_says_why_it_cannot(git: Git, name: str, told: str) -> None:
    said = git.run("git-theta", "ls", name, status=2)
    assert told in said
    assert "hint: " in said


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


def test_bash_completes_commands_and_options(git: Git) -> None:
    (git.home / "theta.bash").write_text(git.run("git-theta", "completion", "bash"))
    line = """
        . "$HOME/theta.bash"
        COMP_WORDS=(git-theta {words}) COMP_CWORD={at}
        _git_theta_completion git-theta
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    found = git.run("bash", "-c", line.format(words="un", at=1)).split()
    assert found == ["uninstall", "untrack"]
    found = git.run("bash", "-c", line.format(words="ls --", at=2)).split()
    assert "--json" in found


def test_bash_completes_behind_git_as_well(git: Git) -> None:
    (git.home / "theta.bash").write_text(git.run("git-theta", "completion", "bash"))
    # The variables that git's own completion sets before it calls a command's function.
    line = """
        . "$HOME/theta.bash"
        words=(git theta un) cword=2 __git_subcommand_idx=1
        _git_theta
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    assert git.run("bash", "-c", line).split() == ["uninstall", "untrack"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_get_a_script(git: Git, shell: str) -> None:
    script = git.run("git-theta", "completion", shell)
    assert "_GIT_THETA_COMPLETE" in script
    assert "Traceback" not in script
