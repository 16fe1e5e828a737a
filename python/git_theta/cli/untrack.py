"""`git theta untrack`."""

from __future__ import annotations

import os

import click

from git_theta import repository, tracking
from git_theta.cli.track import stage_attributes
from git_theta.errors import UsageError


@click.command("untrack", short_help="make checkpoints plain files again")
@click.argument("patterns", nargs=-1, required=True, metavar="FILE|PATTERN...")
def command(patterns: tuple[str, ...]) -> None:
    """Take the lines of these files or patterns out of .gitattributes, and stage it.

    Commits keep what they have. `git add --renormalize FILE` then puts the file itself
    into git.
    """
    top = repository.find().work_tree
    for argument in patterns:
        spellings = (tracking.pattern(argument, top, os.getcwd()), tracking.quote(argument))
        gone = tracking.untrack(top, spellings)
        if not gone:
            raise UsageError(f"'{argument}' is not tracked", hint="git theta track lists what is")
        stage_attributes(top)
        click.echo(f"no longer tracking {gone[0]}", err=True)
    click.echo("hint: git add --renormalize FILE puts a file itself into git", err=True)
