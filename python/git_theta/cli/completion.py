"""`git theta completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from git_theta import cli

_PROGRAM = "git-theta"
# What git's own completion calls for `git theta …`, in the words of each shell.
_GIT = {
    "bash": """
_git_theta() {
    local IFS=$'\\n' line response
    response=$(COMP_WORDS="git-theta ${words[*]:__git_subcommand_idx+1}" \\
        COMP_CWORD=$((cword - __git_subcommand_idx)) _GIT_THETA_COMPLETE=bash_complete git-theta)
    COMPREPLY=()
    for line in $response; do
        case $line in
        dir,*) compopt -o dirnames ;;
        file,*) compopt -o default ;;
        *) COMPREPLY+=("${line#*,}") ;;
        esac
    done
}
""",
    "zsh": """
_git-theta() { _git_theta_completion }
""",
    "fish": """
complete -c git -n '__fish_git_using_command theta' -f -a '(_git_theta_completion)'
""",
}


@click.command("completion", short_help="print a completion script for your shell")
@click.argument("shell", type=click.Choice([*_GIT]))
def command(shell: str) -> None:
    """Print a script that completes `git theta`, to be read when your shell starts.

    \b
    bash:  git theta completion bash > ~/.local/share/bash-completion/completions/git-theta
    zsh:   git theta completion zsh > ~/.zfunc/_git-theta
    fish:  git theta completion fish > ~/.config/fish/completions/git-theta.fish
    """  # noqa: D301 - click's mark for lines that it must not wrap
    maker = get_completion_class(shell)
    assert maker is not None  # noqa: S101 - click knows every shell that Choice lets pass
    click.echo(maker(cli.command, {}, _PROGRAM, cli.COMPLETE).source() + _GIT[shell])
