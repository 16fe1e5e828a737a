"""Rebases: picked, in conflict, edited, split, with merges and other branches."""

from __future__ import annotations

from tests.e2e.matrix.scenario import Scenario

THREE = "br x; par a 7; ca x1; par c 8; par n1 2; ca x2; co main; par a 9; ca m1; co x"
TWO = "par a 1; ca c1; par b 1; ca c2"

SCENARIOS = [
    Scenario(
        "disjoint, two commits",
        "br x; par a 7; ca x1; par b 7; par n1 2; ca x2; co main; par d 9; ca m1; co x\n"
        "git rebase -q main",
    ),
    Scenario(
        "conflict, --continue",
        f"""
        {THREE}
        ! git rebase -q main
        par a 33; git add m.safetensors
        GIT_EDITOR=true git rebase --continue
        """,
    ),
    Scenario(
        "conflict, --abort",
        """
        br x; par a 7; par n1 1; ca x1; co main; par a 9; ca m1; co x
        ! git rebase -q main
        par a 33; git add m.safetensors
        git rebase --abort
        git switch -q zz
        """,
    ),
    Scenario("conflict, --skip", f"{THREE}\n! git rebase -q main\ngit rebase --skip"),
    Scenario(
        "interactive: reorder, fixup, squash",
        """
        par a 1; ca c1; par b 1; ca c2; par c 1; par n1 3; ca c3; par d 1; ca c4
        GIT_EDITOR=true GIT_SEQUENCE_EDITOR="sed -i '2{h;d};3{G};4s/^pick/squash/'" \
git rebase -q -i HEAD~4
        """,
    ),
    Scenario(
        "autosquash",
        """
        par a 1; ca c1; par b 1; ca c2; par a 2; par n1 1
        git commit -qa --fixup HEAD~1
        GIT_SEQUENCE_EDITOR=true git rebase -q -i --autosquash HEAD~3
        """,
    ),
    Scenario(
        "--apply",
        """
        br x; par a 7; ca x1; par b 7; ca x2; co main; par d 9; ca m1; co x
        ? git rebase -q --apply main
        ? git rebase --abort
        """,
    ),
    Scenario(
        "--autostash",
        """
        br x; par a 7; ca x1; co main; par d 9; ca m1; co x; par e 5
        git rebase -q --autostash main
        git commit -qam e
        """,
    ),
    Scenario(
        "parameter changed and deleted, --continue",
        """
        br x; rmp b; ca x1; par d 4; ca x2; co main; par b 9; ca m1; co x
        ! git rebase -q main
        par e 5; git add m.safetensors
        GIT_EDITOR=true git rebase --continue
        """,
    ),
    Scenario(
        "onto a stale commit",
        """
        br x; par a 7; ca x1; par b 7; ca x2; co main; par d 9
        hookless commit -qam stale; co x
        git rebase -q main
        """,
        stale=1,
    ),
    Scenario(
        "--update-refs",
        """
        br x; par a 7; ca x1; git branch y; par c 3; ca x2; co main; par d 9; ca m1; co x
        git rebase -q --update-refs main
        """,
    ),
    Scenario(
        "-r with a merge",
        """
        br x; par a 7; ca x1; br y main; par b 8; ca y1; co x; git merge -q --no-edit y
        co main; par d 9; ca m1; co x
        git rebase -q -r main
        """,
    ),
    Scenario(
        "edit: amend -a, continue",
        f"""
        {TWO}
        GIT_SEQUENCE_EDITOR="sed -i '1s/^pick/edit/'" git rebase -q -i HEAD~2
        par c 5; par n1 4; git commit -q -a --amend --no-edit
        git rebase --continue
        """,
    ),
    Scenario(
        "edit: partial amend, continue",
        f"""
        {TWO}
        GIT_SEQUENCE_EDITOR="sed -i '1s/^pick/edit/'" git rebase -q -i HEAD~2
        par c 5; par n1 4; git commit -q --amend --no-edit m.safetensors
        git rebase --continue
        """,
    ),
    Scenario(
        "break: commit --no-verify, continue",
        f"""
        {TWO}
        GIT_SEQUENCE_EDITOR="sed -i '1abreak'" git rebase -q -i HEAD~2
        par c 5; par n1 4; git commit -q -a --no-verify -m nv
        git rebase --continue
        """,
    ),
    Scenario(
        "edit: a commit split in two",
        """
        par a 1; par n1 3; ca c1; par b 1; ca c2
        GIT_SEQUENCE_EDITOR="sed -i '1s/^pick/edit/'" git rebase -q -i HEAD~2
        git reset -q HEAD^; git commit -qam s1; par e 8; git commit -qm s2 m.safetensors
        ? git rebase --continue
        ? par b 1; git add m.safetensors; GIT_EDITOR=true git rebase --continue
        """,
    ),
    Scenario(
        "pull --rebase",
        """
        git push -q origin main; par a 1; ca mine; git branch mine; git reset -q --hard base
        par b 2; ca theirs; git push -q origin main; git reset -q --hard mine
        git pull -q --rebase origin main
        """,
    ),
]
