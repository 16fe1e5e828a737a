"""The scenarios of the matrix: plain git commands after which the pointer tree must be exact."""

from __future__ import annotations

from tests.e2e.matrix import commits, layout, merges, others, picks, rebases, stashes
from tests.e2e.matrix.scenario import Scenario

SCENARIOS: list[Scenario] = [
    scenario
    for module in (commits, merges, rebases, picks, stashes, layout, others)
    for scenario in module.SCENARIOS
]
