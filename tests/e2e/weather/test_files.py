"""Whatever a file holds, it is stored and comes back byte for byte, and never runs."""

from __future__ import annotations

import shutil

import pytest

from tests.e2e.weather import ground, hostile
from tests.support.git import Git


class Result:
    """What became of every hostile file: added, committed, checked out, cleaned again."""

    def __init__(self, git: Git) -> None:
        for name, data in hostile.FILES.items():
            ground.save(git, data, name)
        self.said = git("add", ".")
        git("commit", "-qm", "hostile")
        self.blobs = self._blobs(git)
        self.status = git.status()
        shutil.rmtree(git.directory / ".git/theta/cache")
        self.again = self._fresh(git)
        git("worktree", "add", "-q", "../checkout", "-b", "hostile")
        self.checkout = git.at("../checkout")

    @staticmethod
    def _blobs(git: Git) -> dict[str, str]:
        lines = git("ls-files", "-s", "-z").split("\0")
        return {line.partition("\t")[2]: line.split(" ")[1] for line in lines if line}

    def _fresh(self, git: Git) -> dict[str, str]:
        """The blobs that a repository without any history makes of the same files."""
        git.at("..")("init", "-q", "fresh")
        fresh = git.at("../fresh")
        for name in (".gitattributes", *hostile.FILES):
            shutil.copyfile(git.directory / name, fresh.directory / name)
        fresh("add", ".")
        return self._blobs(fresh)


@pytest.fixture(scope="module")
def result(shared: Git) -> Result:
    return Result(shared)


@pytest.mark.parametrize("name", hostile.FILES)
def test_a_hostile_file_comes_back_byte_for_byte(name: str, result: Result) -> None:
    assert (result.checkout.directory / name).read_bytes() == hostile.FILES[name]


@pytest.mark.parametrize("name", hostile.FILES)
def test_a_hostile_file_is_cleaned_to_the_same_manifest_again(name: str, result: Result) -> None:
    assert result.again[name] == result.blobs[name]


def test_hostile_files_are_added_without_a_word_and_run_nothing(result: Result) -> None:
    assert result.said == ""
    assert result.status == []
    assert result.checkout.status() == []
    home = result.checkout.home.parent
    assert not [*home.rglob(hostile.TOUCHED)]
    result.checkout.run("git-theta", "fsck")
