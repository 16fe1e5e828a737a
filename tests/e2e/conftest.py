"""What the end-to-end tests share: one prepared machine, copied for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import workshop
from tests.support.git import Git


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The machine that `git` copies."""
    return workshop.template(tmp_path_factory.mktemp("workshop"))


@pytest.fixture
def git(prepared: Path, tmp_path: Path) -> Git:
    """A repository with one commit of a checkpoint, tagged v1 and not pushed."""
    return workshop.copy(prepared, tmp_path)
