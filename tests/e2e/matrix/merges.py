"""Merges: disjoint, in conflict, squashed, criss-cross, of renamed and deleted things."""

from __future__ import annotations

from tests.e2e.matrix.scenario import Scenario

BOTH = "br x; par a 7; par n1 x; ca x1; co main; par a 9; ca m1"
DISJOINT = "br x; par a 7; ca x1; co main; par d 9; ca m1"
DELETED = "br x; rmp b; par c 7; ca x1; co main; par b 9; ca m1"
RENAMED = "br x; mvp b b2; ca x1; co main; par b 9; ca m1"
MOVED = "br x; git mv m.safetensors k.safetensors; git commit -qm mv"
CRISS_CROSS = """\
br x; par a 1; ca x1; co main; par b 2; ca m1
git merge -q --no-edit x; co x; git merge -q --no-edit main~1
"""

SCENARIOS = [
    Scenario("disjoint", f"{DISJOINT}\ngit merge -q --no-edit x"),
    Scenario("disjoint, --no-verify", f"{DISJOINT}\ngit merge -q --no-verify --no-edit x"),
    Scenario(
        "disjoint, one side adds a parameter",
        "br x; par a 7; par n1 1; ca x1; co main; par d 9; ca m1\ngit merge -q --no-edit x",
    ),
    Scenario("disjoint, squashed", f"{DISJOINT}\ngit merge -q --squash x\ngit commit -qm squashed"),
    Scenario(
        "both changed a parameter to the same",
        "br x; par a 7; ca x1; co main; par a 7; par d 9; ca m1\ngit merge -q --no-edit x",
    ),
    Scenario(
        "conflict, resolved, committed",
        f"""
        {BOTH}
        ! git merge -q --no-edit x
        git checkout -q --theirs m.safetensors; git add m.safetensors
        git commit -q --no-edit
        """,
    ),
    Scenario(
        "conflict, aborted, switched",
        f"{BOTH}\n! git merge -q --no-edit x\ngit merge --abort\ngit switch -q zz",
    ),
    Scenario(
        "conflict, commit -a",
        f"{BOTH}\n! git merge -q --no-edit x\npar a 11; git commit -q -a --no-edit",
    ),
    Scenario(
        "octopus, which git gives up",
        """
        br x; par a 7; ca x1; br y main; par c 8; ca y1; co main; par e 9; ca m1
        ? git merge -q --no-edit x y
        ? git merge --abort
        ? git reset -q --hard
        git switch -q zz
        """,
    ),
    Scenario(
        "criss-cross, disjoint",
        f"{CRISS_CROSS}par c 5; ca x2; co main; par d 6; ca m2\ngit merge -q --no-edit x",
    ),
    Scenario(
        "criss-cross, a conflict between the ancestors",
        """
        br x; par a 1; ca x1; co main; par a 2; ca m1
        git merge -q --no-edit -s ours x; co x; git merge -q --no-edit -s ours main~1
        par c 5; ca x2; co main; par d 6; ca m2
        ! git merge -q --no-edit x
        par a 3; git add m.safetensors; git commit -q --no-edit
        """,
    ),
    Scenario(
        "both added a checkpoint, resolved",
        """
        br x; cp m.safetensors k.safetensors; par a 1 k.safetensors; ca x1; co main
        cp m.safetensors k.safetensors; par a 2 k.safetensors; ca m1
        ! git merge -q --no-edit x
        git checkout -q --theirs k.safetensors; git add k.safetensors
        git commit -q --no-edit
        """,
    ),
    Scenario(
        "parameter changed and deleted, staged, committed",
        f"""
        {DELETED}
        ! git merge -q --no-edit x
        par e 5; git add m.safetensors
        git commit -q --no-edit
        """,
    ),
    Scenario(
        "parameter changed and deleted, commit -a",
        f"{DELETED}\n! git merge -q --no-edit x\npar e 5; git commit -q -a --no-edit",
    ),
    Scenario(
        "parameter changed and renamed",
        f"""
        {RENAMED}
        ! git merge -q --no-edit x
        rmp b; par b2 9; git add m.safetensors
        git commit -q --no-edit
        """,
    ),
    Scenario(
        "false rename of a twin value",
        """
        par b V; par c V; ca tw; br x; rmp b; par z V; ca x1; co main; par b 9; par a 2; ca m1
        ? git merge -q --no-edit x
        par b 9; git add m.safetensors
        ? git commit -q --no-edit
        """,
    ),
    Scenario(
        "checkpoint moved, parameter added",
        f"""
        {MOVED}; co main; par n1 9; ca m1
        ? git merge -q --no-edit x
        ? git commit -q --no-edit
        """,
    ),
    Scenario(
        "checkpoint moved, parameter changed",
        f"{MOVED}; co main; par b 9; ca m1\ngit merge -q --no-edit x",
    ),
    Scenario(
        "checkpoint moved and changed, another parameter changed",
        f"""
        {MOVED}; par c 8 k.safetensors; git commit -qam c; co main; par b 9; ca m1
        ? git merge -q --no-edit x
        ? git commit -q --no-edit
        """,
    ),
    Scenario(
        "checkpoint changed and deleted, kept",
        """
        br x; git rm -q m.safetensors; git commit -qm rm; co main; par b 9; ca m1
        ! git merge -q --no-edit x
        git add m.safetensors
        git commit -q --no-edit
        """,
    ),
    Scenario(
        "value moved between parameters",
        """
        br x; par c c1; par a c0; ca x1; co main; par c c2; par b 4; ca m1
        ! git merge -q --no-edit x
        git add m.safetensors; git commit -q --no-edit
        """,
    ),
    Scenario(
        "merge --no-commit, changed, committed",
        f"""
        {DISJOINT}
        git merge -q --no-commit x
        par e 5; git add m.safetensors; git commit -q --no-edit
        """,
    ),
    Scenario(
        "rerere, the same conflict twice",
        f"""
        git config rerere.enabled true; {BOTH}
        ! git merge -q --no-edit x
        par a 11; git add m.safetensors; git commit -q --no-edit
        git reset -q --hard HEAD^
        ? git merge -q --no-edit x
        par a 11; git add m.safetensors
        git commit -q --no-edit
        """,
    ),
    Scenario(
        "resolved in part, aborted, switched",
        """
        br x; par a 7; par n1 4; ca x1; co main; par a 9; ca m1
        ! git merge -q --no-edit x
        git checkout -q --theirs m.safetensors; git add m.safetensors
        git merge --abort
        git switch -q zz
        """,
    ),
    Scenario(
        "conflict, reset --hard, switched",
        f"""
        {BOTH}
        ! git merge -q --no-edit x
        git add m.safetensors
        git reset -q --hard
        git switch -q zz
        """,
    ),
    Scenario(
        "on a detached HEAD",
        f"{DISJOINT}; co --detach\ngit merge -q --no-edit x\ngit branch keepit",
    ),
    Scenario(
        "a checkpoint whose path sorts before the pointers",
        """
        cp m.safetensors ./-z.safetensors; git add ./-z.safetensors; git commit -qm z
        br x; par a 7 ./-z.safetensors; ca x1; co main; par b 9 ./-z.safetensors; ca m1
        git merge -q --no-edit x
        """,
    ),
    Scenario(
        "a file and a directory of one name",
        """
        br x; mkdir q.safetensors; cp m.safetensors q.safetensors/i.safetensors; ca x1
        co main; cp m.safetensors q.safetensors; ca m1
        ! git merge -q --no-edit x
        git merge --abort
        git switch -q x
        git switch -q main
        """,
    ),
    Scenario(
        "into a stale HEAD",
        """
        br x; par a 7; ca x1; co main; par d 9
        hookless commit -qam stale
        git merge -q --no-edit x
        """,
        stale=1,
    ),
    Scenario(
        "in a plain clone, disjoint",
        f"""
        {DISJOINT}; git push -q origin main x
        cd ..; plain clone -q r.git srv; cd srv
        ? plain merge -q --no-edit origin/x && plain push -q origin main
        cd ../r; git pull -q --no-edit origin main
        par c 3; git commit -qam after
        """,
    ),
    Scenario(
        "in a plain clone, both changed",
        f"""
        {BOTH}; git push -q origin main x
        cd ..; plain clone -q r.git srv; cd srv
        ? plain merge -q --no-edit origin/x && plain push -q origin main
        cd ../r; git pull -q --no-edit origin main; par c 3; git commit -qam after
        """,
    ),
]
