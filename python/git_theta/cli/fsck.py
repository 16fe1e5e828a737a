"""`git theta fsck`."""

from __future__ import annotations

import sys

import click

from git_theta import git, repository
from git_theta.errors import UsageError, printable
from git_theta.fsck import fsck


@click.command("fsck", short_help="check every object, pointer and hook")
@click.option("--fix", is_flag=True, help="Mend hooks, pointers, pruned and damaged objects.")
@click.argument("revisions", nargs=-1, metavar="[REV]...")
def command(*, fix: bool, revisions: tuple[str, ...]) -> None:
    """Check that the checkpoints of the index and of HEAD, or of REV, can be restored.

    Exits with 1 if something is wrong, or with --fix if something could not be mended.
    """
    found = repository.find()
    has_head = git.succeeds("rev-parse", "-q", "--verify", "HEAD", cwd=found.directory)
    default = ("HEAD",) if has_head else ()
    for revision in revisions:
        tree = f"{revision}^{{tree}}"
        if not git.succeeds("rev-parse", "-q", "--verify", tree, cwd=found.directory):
            raise UsageError(f"'{revision}' is not a commit", hint="git log --oneline lists some")
    problems = fsck(found, revisions or default, fix=fix)
    for problem in problems:
        click.echo(printable(str(problem)))
    if not problems:
        click.echo("all is well", err=True)
    elif not fix:
        click.echo("hint: 'git theta fsck --fix' mends what can be mended", err=True)
    sys.exit(1 if problems else 0)
