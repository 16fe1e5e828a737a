"""A repository for each test, copied from one that is made once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.git import Git

pytest.register_assert_rewrite("tests.e2e.weather.ground")

from tests.e2e.weather import ground  # noqa: E402 - only now are its assertions explained


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ground.prepare(tmp_path_factory.mktemp("weather"))


@pytest.fixture
def git(prepared: Path, tmp_path: Path) -> Git:
    """A repository that tracks *.safetensors and *.pt, with a remote beside it."""
    return ground.copy(prepared, tmp_path)


@pytest.fixture(scope="module")
def shared(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Git:
    """The same, for tests that only look at what one fixture of theirs did."""
    return ground.copy(prepared, tmp_path_factory.mktemp("shared"))


@pytest.fixture
def committed(git: Git) -> Git:
    """The same with two versions of a checkpoint: tags v1 and v2, v2 checked out and pushed."""
    shutil.rmtree(git.directory)
    shutil.copytree(git.home.parent / "v", git.directory, symlinks=True)
    return git
