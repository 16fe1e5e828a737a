"""Cherry-picks, reverts and mailed patches."""

from __future__ import annotations

from tests.e2e.matrix.scenario import Scenario

SCENARIOS = [
    Scenario(
        "cherry-pick a range",
        """
        br x; par a 7; ca x1; par b 7; par n1 1; ca x2; co main; par d 9; ca m1
        git cherry-pick main..x
        """,
    ),
    Scenario(
        "cherry-pick a range, conflict, --continue",
        """
        br x; par a 7; ca x1; par b 8; par n1 1; ca x2; co main; par a 9; ca m1
        ! git cherry-pick main..x
        par a 33; git add m.safetensors
        git -c core.editor=true cherry-pick --continue
        """,
    ),
    Scenario("cherry-pick one", "br x; par a 7; ca x1; co main; par d 9; ca m1\ngit cherry-pick x"),
    Scenario("revert", "par a 1; par n1 1; ca c1; par b 2; ca c2\ngit revert --no-edit HEAD~1"),
    Scenario(
        "revert a merge",
        """
        br x; par a 7; ca x1; co main; par d 9; ca m1; git merge -q --no-edit x
        git revert --no-edit -m1 HEAD
        """,
    ),
    Scenario(
        "revert two, conflict, --continue",
        """
        par a 1; ca c1; par b 1; ca c2; par a 2; ca c3
        ! git revert --no-edit HEAD~2 HEAD~1
        par a 5; git add m.safetensors
        git -c core.editor=true revert --continue
        """,
    ),
    Scenario(
        "am",
        """
        br x; par a 7; par n1 2; ca x1; co main
        git format-patch -q -1 --stdout x > ../p
        git am -q ../p
        """,
    ),
]
