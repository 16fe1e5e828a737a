"""Lines of `.gitattributes`: what git reads in them is what the user meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from git_theta import attributes, tracking
from git_theta.errors import UsageError
from tests.support.git import Git

ODD = [
    "model.st",
    "my model.st",
    "my [1] model.st",
    'say "cheese".st',
    "back\\slash.st",
    "st*r.st",
    "wh?t.st",
    "#comment.st",
    "!not.st",
    "-dash.st",
    "[attr]macro",
    "tab\there.st",
    "line\nbreak.st",
    " leading and trailing ",
    "ünïcode.st",
    "deep/er/model.st",
]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    git = Git(tmp_path / "work", tmp_path / "home")
    git.directory.mkdir()
    git("init", "-q")
    return git


def top(git: Git) -> str:
    return str(git.directory)


def touch(git: Git, path: str) -> None:
    file = git.directory / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()


def track(git: Git, argument: str, cwd: str = "") -> None:
    where = str(git.directory / cwd)
    tracking.track(top(git), [tracking.pattern(argument, top(git), where)])


def tracked(git: Git, *paths: str) -> set[str]:
    return attributes.checkpoints(paths, cwd=top(git))


@pytest.mark.parametrize("path", ODD)
def test_a_file_is_meant_literally_and_alone(git: Git, path: str) -> None:
    touch(git, path)
    others = [f"x{path}", f"{path}x", f"sub/{path}", "my 1 model.st", "stuff.st", "whet.st"]
    track(git, path)
    assert tracked(git, path, *others) == {path}


@given(st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=20))
def test_an_escaped_path_matches_itself(name: str) -> None:
    spelled = tracking.quote("/" + tracking.escape(name))
    assert "\n" not in spelled
    found = tracking._LINE.fullmatch(f"{spelled} filter=theta\n")  # noqa: SLF001
    assert found is not None
    assert found[1] == spelled


def test_a_pattern_stays_one(git: Git) -> None:
    track(git, "*.pt")
    assert tracked(git, "a.pt", "b/c.pt", "a.st") == {"a.pt", "b/c.pt"}


def test_a_name_that_is_no_file_yet_is_meant_literally(git: Git) -> None:
    track(git, "later.pt")
    assert tracked(git, "later.pt", "sub/later.pt") == {"later.pt"}


def test_a_pattern_holds_where_it_was_typed(git: Git) -> None:
    touch(git, "a [b]/x.pt")
    track(git, "*.pt", "a [b]")
    assert tracked(git, "a [b]/x.pt", "a [b]/c/y.pt", "x.pt", "a b/x.pt") == {
        "a [b]/x.pt",
        "a [b]/c/y.pt",
    }
    track(git, "c/*.st", "a [b]")
    assert tracked(git, "a [b]/c/z.st", "a [b]/d/z.st", "c/z.st") == {"a [b]/c/z.st"}


def test_a_path_from_a_subdirectory(git: Git) -> None:
    touch(git, "sub/x.pt")
    touch(git, "y.pt")
    track(git, "x.pt", "sub")
    track(git, "../y.pt", "sub")
    assert tracked(git, "sub/x.pt", "x.pt", "y.pt") == {"sub/x.pt", "y.pt"}


@pytest.mark.parametrize("argument", ["../out.pt", ".git_theta/x", ".git/config", "!*.pt", "."])
def test_what_can_be_no_checkpoint(git: Git, argument: str) -> None:
    with pytest.raises(UsageError):
        track(git, argument)


def test_the_pointer_tree_has_its_line_as_long_as_anything_is_tracked(git: Git) -> None:
    file = git.directory / ".gitattributes"
    track(git, "*.pt")
    track(git, "*.st")
    tree = ".git_theta/** filter=theta merge=theta -text\n"
    assert file.read_text().count(tree) == 1
    assert file.read_text().endswith(tree)
    assert tracking.untrack(top(git), ["*.pt"]) == ["*.pt"]
    assert tree in file.read_text()
    assert tracking.untrack(top(git), ["*.st"]) == ["*.st"]
    assert not file.exists()


def test_tracking_twice_is_as_once(git: Git) -> None:
    track(git, "*.pt")
    once = (git.directory / ".gitattributes").read_bytes()
    track(git, "*.pt")
    assert (git.directory / ".gitattributes").read_bytes() == once
    assert tracking.tracked(top(git)) == ["*.pt"]


def test_other_lines_stay_as_they_are(git: Git) -> None:
    file = git.directory / ".gitattributes"
    others = b"# *.pt filter=theta\r\n*.txt text\n\xff* -text\n*.bin filter=lfs"
    file.write_bytes(others)
    track(git, "*.pt")
    assert file.read_bytes().startswith(others + b"\n")
    tracking.untrack(top(git), ["*.pt"])
    assert file.read_bytes() == others + b"\n"


def test_what_lfs_had_is_taken_over(git: Git) -> None:
    (git.directory / ".gitattributes").write_text("*.pt filter=lfs diff=lfs merge=lfs -text\n")
    touch(git, "m.pt")
    track(git, "m.pt")
    assert tracked(git, "m.pt", "other.pt") == {"m.pt"}


def test_pointers_are_never_checkpoints(git: Git) -> None:
    track(git, "*.pt")
    assert tracked(git, ".git_theta/m.pt/x.pt", "m.pt") == {"m.pt"}
