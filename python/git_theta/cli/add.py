"""`git theta add`."""

from __future__ import annotations

import os
import shlex
import sys

import click

from git_theta import attributes, git, install, repository
from git_theta.errors import UsageError, told
from git_theta.sync import sync

# Scripts and settings, which belong in git, are smaller; checkpoints are larger.
_LARGE = 1 << 20
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
    install.require(found)
    status = git.show("add", *arguments)
    if status:
        sys.exit(status)
    if not _DRY & set(arguments):
        sync(found, work_tree=True)
        _warn_of_strays(arguments)


def _warn_of_strays(arguments: tuple[str, ...]) -> None:
    """Tells of large files which were named, and which nobody made checkpoints."""
    named = [a for a in arguments if os.path.isfile(a) and os.path.getsize(a) >= _LARGE]
    for path, name in attributes.filters(named).items():
        if name == "unspecified":
            typed = shlex.quote(path)
            stray = UsageError(
                f"'{path}' is not tracked as a checkpoint: git itself now stores the whole file",
                hint=f"git theta track {typed}, then git theta add {typed}",
            )
            click.echo(told(stray)[0], nl=False, err=True)
