"""After any plain git command the pointer tree is exact, status is clean, nothing is blocked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.matrix import SCENARIOS, bench
from tests.e2e.matrix.scenario import Scenario


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bench.template(tmp_path_factory.mktemp("matrix"))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_matrix(scenario: Scenario, template: Path, tmp_path: Path) -> None:
    git = bench.copy(template, tmp_path)
    bench.play(git, scenario)
    bench.check(git, scenario)
