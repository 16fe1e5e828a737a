"""`git theta pull`."""

from __future__ import annotations

import fnmatch
import os

import click

from git_theta import install, repository
from git_theta.pull import pull


@click.command("pull", short_help="restore checkpoints that are placeholders")
@click.option(
    "--include",
    "-I",
    multiple=True,
    metavar="GLOB",
    help="Only paths, or base names, that match; repeatable.",
)
def command(include: tuple[str, ...]) -> None:
    """Turn placeholders into the checkpoints they stand for.

    Placeholders are what a checkout leaves with GIT_THETA_SKIP_SMUDGE=1, and what a clone
    made without git-theta has. What is missing is fetched from the remotes in one batch.
    """

    def wanted(path: str) -> bool:
        names = (path, os.path.basename(path))
        return not include or any(fnmatch.fnmatchcase(n, glob) for n in names for glob in include)

    found = repository.find()
    install.require(found)
    restored = pull(found, wanted)
    noun = "checkpoint" if len(restored) == 1 else "checkpoints"
    click.echo(f"restored {len(restored)} {noun}", err=True)
