"""Commits: whole, partial, amended, given up, undone."""

from __future__ import annotations

from tests.e2e.matrix.scenario import Scenario

SCENARIOS = [
    Scenario("add and commit", "par a 1; par n1 1; git add m.safetensors; git commit -qm v2"),
    Scenario("add everything and commit", "par a 1; par n1 1; git add .; git commit -qm v2"),
    Scenario("commit -a", "par a 1; par n1 1\ngit commit -qam v2"),
    Scenario(
        "partial commit",
        """
        par a 1; par n1 1
        echo hi >> README; git add README
        git commit -qm v2 m.safetensors
        git reset -q --hard
        """,
    ),
    Scenario(
        "partial commit, another checkpoint staged",
        """
        cp m.safetensors k.safetensors; par a k k.safetensors; git add k.safetensors; par a 1
        git commit -qm v2 m.safetensors
        git commit -qm k
        """,
    ),
    Scenario(
        "amend",
        """
        par a 1; ca v2; par a 2; par n1 5
        git add m.safetensors; git commit -q --amend --no-edit
        """,
    ),
    Scenario("commit --no-verify", "par a 1; par n1 1\ngit commit -q --no-verify -am v2"),
    Scenario(
        "commit -a given up, discarded, switched",
        """
        par a 1; par n1 1
        ! git -c core.editor=true commit -a
        git checkout -q -- m.safetensors
        git checkout -q zz
        """,
    ),
    Scenario(
        "partial commit given up, restored, switched",
        """
        par a 1; par n1 1
        ! git -c core.editor=true commit m.safetensors
        git restore m.safetensors
        git switch -q zz
        """,
    ),
    Scenario(
        "staged commit given up, reset --hard",
        """
        par a 1; par n1 1; git add m.safetensors
        ! git -c core.editor=true commit
        git reset -q --hard
        git switch -q zz
        """,
    ),
    Scenario(
        "staged commit given up, restore --staged --worktree",
        """
        par a 1; par n1 1; git add m.safetensors
        ! git -c core.editor=true commit
        git restore --staged --worktree m.safetensors
        ? git switch -q zz
        """,
    ),
    Scenario(
        "checkout -f",
        """
        par a 1; par n1 1; git add m.safetensors
        ! git -c core.editor=true commit
        git checkout -q -f zz
        """,
    ),
    Scenario(
        "switch -c with a staged checkpoint",
        "par a 1; par n1 1; git add m.safetensors\ngit switch -q -c new\ngit commit -qm v",
    ),
    Scenario(
        "checkout of a path from a branch, commit",
        """
        br x; par a 7; par n1 2; ca x1; co main
        git checkout -q x -- m.safetensors
        git commit -qm co
        """,
    ),
    Scenario(
        "reset --hard", "par a 1; par n1 1; ca v\ngit reset -q --hard HEAD~1\ngit switch -q zz"
    ),
    Scenario(
        "reset --mixed, commit -a",
        "par a 1; par n1 1; ca v\ngit reset -q HEAD~1\ngit commit -qam v2",
    ),
    Scenario(
        "reset --mixed, discarded, switched",
        """
        par a 1; par n1 1; ca v
        git reset -q HEAD~1
        git checkout -q -- m.safetensors
        git switch -q zz
        """,
    ),
    Scenario(
        "reset --soft, commit",
        "par a 1; par n1 1; ca v\ngit reset -q --soft HEAD~1\ngit commit -qam v2",
    ),
    Scenario(
        "reset --mixed, stashed, switched at once",
        """
        par a 1; par n1 1; ca v; git tag keep
        git reset -q HEAD~1
        git stash -q
        ? git switch -q zz
        """,
    ),
    Scenario(
        "an index file of the user's",
        """
        cp .git/index ../idx; par a 1; par n1 1; GIT_INDEX_FILE=../idx git commit -qam v
        git reset -q
        git switch -q zz
        """,
    ),
    Scenario(
        "signed --no-verify commit, then normal work",
        """
        ssh-keygen -q -t ed25519 -N '' -f ../k; git config gpg.format ssh
        git config user.signingkey $PWD/../k.pub; git config commit.gpgsign true
        par a 1; par n1 1; git commit -q --no-verify -am nv
        [ -z "$(git status --porcelain)" ]
        git switch -q zz; git switch -q main
        par b 2; git commit -qam next
        """,
        stale=1,
    ),
]
