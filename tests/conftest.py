"""What every test stands on: a git that knows nothing of the machine, and a clock that stands still."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

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

DATE = "2024-02-03T04:05:06+00:00"
GIT_CONFIG = """\
[user]
\tname = Ada Tester
\temail = ada@example.org
[init]
\tdefaultBranch = main
[advice]
\tdetachedHead = false
[gc]
\tauto = 0
[protocol "file"]
\tallow = always
"""


def isolate(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Leave no setting of the machine or the user in sight."""
    for name in [*os.environ]:
        if name.startswith(("GIT_", "XDG_", "LC_")):
            monkeypatch.delenv(name)
    config = home / ".gitconfig"
    config.write_text(GIT_CONFIG, encoding="utf-8")
    for name, value in {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_EDITOR": "true",
        "GIT_AUTHOR_DATE": DATE,
        "GIT_COMMITTER_DATE": DATE,
        "LC_ALL": "C",
        "LANGUAGE": "C",
        "NO_COLOR": "1",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session", autouse=True)
def hermetic_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What fixtures of a wider scope than one test see; git finds the git-theta under test."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        isolate(monkeypatch, tmp_path_factory.mktemp("home"))
        monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        yield


@pytest.fixture(autouse=True)
def hermetic(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own for each test."""
    home = tmp_path_factory.mktemp("home")
    isolate(monkeypatch, home)
    return home


@pytest.fixture(scope="session")
def lfs_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LfsServer]:
    """A real LFS server on loopback; each test takes a repository name of its own on it."""
    with LfsServer(tmp_path_factory.mktemp("lfs")) as server:
        yield server


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests marked `torch` run exactly when torch is there."""
    if item.get_closest_marker("torch") and importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed; `make torch` brings it")
