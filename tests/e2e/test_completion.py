"""`git theta completion`: the script each shell gets, and what bash makes of it."""

from __future__ import annotations

import pytest

from tests.support.git import Git


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_for_the_shell(git: Git, shell: str) -> None:
    script = git.run("git-theta", "completion", shell)
    assert "_GIT_THETA_COMPLETE" in script
    status, _ = git.attempt("sh", "-c", f"command -v {shell}")
    if status == 0:
        git.run(shell, "-n", "-c", script)


def test_bash_completes_commands_and_options(git: Git) -> None:
    (git.home / "theta.bash").write_text(git.run("git-theta", "completion", "bash"))
    line = """
        . "$HOME/theta.bash"
        COMP_WORDS=(git-theta {words}) COMP_CWORD={at}
        _git_theta_completion git-theta
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    found = git.run("bash", "-c", line.format(words="un", at=1)).split()
    assert found == ["uninstall", "untrack"]
    found = git.run("bash", "-c", line.format(words="ls --", at=2)).split()
    assert "--json" in found


def test_bash_completes_behind_git_as_well(git: Git) -> None:
    (git.home / "theta.bash").write_text(git.run("git-theta", "completion", "bash"))
    # The variables that git's own completion sets before it calls a command's function.
    line = """
        . "$HOME/theta.bash"
        words=(git theta un) cword=2 __git_subcommand_idx=1
        _git_theta
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    assert git.run("bash", "-c", line).split() == ["uninstall", "untrack"]
