"""Stashes, and switches that carry changes along."""

from __future__ import annotations

from tests.e2e.matrix.scenario import Scenario

SCENARIOS = [
    Scenario(
        "stash, switch, pop, commit",
        """
        par a 1; par n1 1
        git stash -q
        git switch -q zz
        git switch -q main
        git stash pop -q
        git commit -qam v
        """,
    ),
    Scenario(
        "stash -u, pop",
        """
        par a 1; par n1 1; cp m.safetensors k.safetensors
        git stash -q -u
        git stash pop -q
        git add .; git commit -qm v
        """,
    ),
    Scenario(
        "staged commit given up, stash, pop --index",
        """
        par a 1; par n1 1; git add m.safetensors
        ! git -c core.editor=true commit
        git stash -q
        git switch -q zz
        git switch -q main
        git stash pop -q --index
        git commit -qam v
        """,
    ),
    Scenario(
        "pop onto another change",
        """
        par a 1; par n1 1
        git stash -q
        par b 2; ca c
        git stash pop -q
        git commit -qam v
        """,
    ),
    Scenario(
        "pop in conflict, resolved",
        """
        par a 1; par n1 1
        git stash -q
        par a 2; ca c
        ! git stash pop -q
        par a 3; git add m.safetensors
        git commit -qm v
        git stash drop -q
        """,
    ),
    Scenario(
        "checkout -m",
        """
        br x; par a 7; ca x1; co main; par d 9
        git checkout -q -m x
        git commit -qam v
        """,
    ),
]
