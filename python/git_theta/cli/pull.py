"""`git theta pull`."""

from __future__ import annotations

import click

from git_theta import repository
from git_theta.pull import pull


@click.command("pull", short_help="restore checkpoints that are placeholders")
@click.option(
    "--include", "-I", multiple=True, metavar="GLOB", help="Only paths that match; repeatable."
)
def command(include: tuple[str, ...]) -> None:
    """Turn placeholders into the checkpoints they stand for.

    Placeholders are what a checkout leaves with GIT_THETA_SKIP_SMUDGE=1, and what a clone
    made without git-theta has. What is missing is fetched from the remotes in one batch.
    """
    restored = pull(repository.find(), include)
    noun = "checkpoint" if len(restored) == 1 else "checkpoints"
    click.echo(f"restored {len(restored)} {noun}", err=True)
