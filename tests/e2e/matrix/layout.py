"""Checkpoints and parameters that come, go, move, and have odd names."""

from __future__ import annotations

from tests.e2e.matrix.scenario import Scenario

SCENARIOS = [
    Scenario("git mv", "git mv m.safetensors k.safetensors\ngit commit -qm mv"),
    Scenario("git rm", "git rm -q m.safetensors\ngit commit -qm rm"),
    Scenario(
        "attribute taken off, the bytes in git",
        """
        sed -i 1d .gitattributes; git add --renormalize .; git add .gitattributes
        git commit -qm untrack
        """,
    ),
    Scenario(
        "two checkpoints in one commit",
        """
        mkdir -p d; cp m.safetensors d/k.safetensors; par a 1 d/k.safetensors; par b 2; git add .
        git commit -qm two
        """,
    ),
    Scenario("parameters renamed, added, removed", "mvp a a2; rmp b; par n1 1\ngit commit -qam v"),
    Scenario(
        "odd names",
        """
        par W 1; par w 1; par x/y/z 2; par 'q:*?' 3; par .hid 4; par con 5; par 'é' 6
        par ../../up 7; par '' 8; par .frames 9; par "$(printf 'two\\nlines')" 10
        git commit -qam v
        par W 2; git commit -qam v2
        """,
    ),
    Scenario(
        "linked work tree",
        """
        git worktree add -q ../wt -b wt
        cd ../wt; par a 1; par n1 1; git commit -qam wt; cd ../r
        git merge -q --no-edit wt
        """,
    ),
]
