"""Clients without hooks, and people who meddle with the pointer files."""

from __future__ import annotations

from tests.e2e.matrix.scenario import Scenario

SCENARIOS = [
    Scenario(
        "hookless commit, then normal work",
        """
        par a 1; par n1 1
        hookless commit -qam stale
        git switch -q zz
        git switch -q main
        br y; echo 1 >> README; git commit -qam readme
        """,
        stale=1,
    ),
    Scenario(
        "fast-forward to somebody's stale commit, which stays as it is",
        """
        git push -q origin main; cd ..; git clone -q -n r.git c2; cp -r r/.git/lfs c2/.git/; cd c2
        git config core.hooksPath /dev/null; git checkout -q main; par a 1; par n1 1
        git commit -qam stale
        git lfs push --object-id origin $(find .git/lfs/objects -type f -printf '%f ') > ../log
        git push -q origin main; cp -r .git/lfs ../r/.git/; cd ../r
        git pull -q --ff-only origin main
        [ $(git rev-parse HEAD) = $(git -C ../c2 rev-parse HEAD) ]
        git status --porcelain; [ -z "$(git status --porcelain)" ]
        par c 3; git commit -qam after
        """,
        stale=1,
    ),
    Scenario(
        "bytes in a pointer file, as an old `git lfs pull` leaves them",
        """
        git lfs pull origin > ../log 2>&1; cp README .git_theta/m.safetensors/a
        par b 3; git commit -qam v
        """,
    ),
    Scenario("pointer files deleted", "rm -rf .git_theta; par b 3; git commit -qam v"),
    Scenario(
        "pointer files edited by hand, added",
        """
        for f in .git_theta/m.safetensors/*; do sed -i 's/size .*/size 99/' $f; done
        git add .; git commit -qm x --allow-empty
        """,
    ),
    Scenario(
        "hookless commit, the parameter replaced next",
        """
        par n1 1
        hookless commit -qam stale
        par n1 2; git commit -qam next
        """,
        stale=1,
        lost=1,
    ),
    Scenario(
        "--no-verify commit, pushed",
        """
        par n1 1; git commit -q --no-verify -am v; git push -q origin main
        par n1 2; git commit -qam next
        """,
    ),
]
