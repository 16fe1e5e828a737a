"""`git theta add`."""

from __future__ import annotations

import sys

import click

from git_theta import git, repository
from git_theta.sync import sync

_DRY = frozenset({"-n", "--dry-run"})


class _Verbatim(click.Command):
    """A command whose arguments are git's, `--` among them; only a leading `--help` is ours."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args if args[:1] == ["--help"] else ["--", *args])


@click.command(
    "add",
    cls=_Verbatim,
    short_help="stage checkpoints and their pointers together",
    context_settings={"help_option_names": ["--help"]},
)
@click.argument(
    "arguments", nargs=-1, type=click.UNPROCESSED, metavar="[OPTIONS OF GIT ADD] PATH..."
)
def command(arguments: tuple[str, ...]) -> None:
    """Stage files as `git add` does, and every parameter's pointer with them.

    So git status lists the parameters that the commit will change. Plain `git add` does as
    well; it leaves the pointers to the commit.
    """
    found = repository.find()
    status = git.show("add", *arguments)
    if status:
        sys.exit(status)
    if not _DRY & set(arguments):
        sync(found, work_tree=True)
