"""`git theta uninstall`."""

from __future__ import annotations

import click

from git_theta import install
from git_theta.cli.scope import here, scoped


@click.command("uninstall", short_help="undo what install did")
@scoped
def command(scope: str) -> None:
    """Undo what install did, here and in git's settings; hooks that were there come back.

    Checkpoints stay as they are in every commit. git-lfs stays installed.
    """
    found = here(scope)
    install.uninstall(scope, found)
    where = " and this repository's hooks" if found else ""
    click.echo(f"uninstalled the filter and the merge driver ({scope}){where}", err=True)
