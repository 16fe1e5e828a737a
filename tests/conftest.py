"""What every test stands on: a git that knows nothing of the machine, and a clock that stands still."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.git import Git
from tests.support.lfs_server import LfsServer

settings.register_profile("default", deadline=None, print_blob=True)
settings.register_profile(
    "many",
    deadline=None,
    max_examples=2000,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def isolate(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Make this process's environment that of a user of whom nothing is known."""
    alone = Git(home, home).env
    for name in os.environ.keys() - alone.keys():
        monkeypatch.delenv(name)
    for name, value in alone.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session", autouse=True)
def hermetic_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What fixtures of a wider scope than one test see."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        isolate(monkeypatch, tmp_path_factory.mktemp("home"))
        yield


@pytest.fixture(autouse=True)
def hermetic(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own for each test."""
    home = tmp_path_factory.mktemp("home")
    isolate(monkeypatch, home)
    return home


@pytest.fixture
def repo(tmp_path: Path, hermetic: Path) -> Git:
    """An empty repository of a user who has git-theta installed."""
    git = Git(tmp_path, hermetic)
    git("init", "--quiet", "repo")
    git("theta", "install")
    return git.at("repo")


@pytest.fixture(scope="session")
def lfs_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LfsServer]:
    """A real LFS server on loopback; each test takes a repository name of its own on it."""
    with LfsServer(tmp_path_factory.mktemp("lfs")) as server:
        yield server


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests marked `torch` run exactly when torch is there."""
    if item.get_closest_marker("torch") and importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed; `make torch` brings it")
