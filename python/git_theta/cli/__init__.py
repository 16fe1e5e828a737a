"""`git theta …`: what people type. Each command is a file, and loads only when it is called.

Standard output is data, standard error is everything else. Exit status: 0 done, 1 the user's
to deal with, 2 called wrongly, 128 and above a failure.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from typing import NoReturn

import click

from git_theta import __version__
from git_theta.errors import StoppedError, UsageError, is_traced, told

#: Command → what it does; a file beside this one has the command of the same name.
COMMANDS: Mapping[str, str] = {
    "install": "set git up to call git-theta",
    "uninstall": "undo what install did",
    "track": "make files checkpoints, or list what is tracked",
    "untrack": "make checkpoints plain files again",
    "add": "stage checkpoints and their pointers together",
    "ls": "list the parameters of a checkpoint",
    "pull": "restore checkpoints that are placeholders",
    "fsck": "check every object, pointer and hook",
    "completion": "print a completion script for your shell",
}
#: What a completion script sets when it asks for completions.
COMPLETE = "_GIT_THETA_COMPLETE"


class _Commands(click.Group):
    """A group that knows its commands by name, and loads one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"git_theta.cli.{cmd_name}").command
        assert isinstance(command, click.Command)  # noqa: S101 - for the type checker
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="git-theta", message="%(prog)s %(version)s")
def command() -> None:
    """Version model checkpoints with git, parameter by parameter."""


def main() -> NoReturn:
    """The entry point: runs one command, and tells errors in one line."""
    try:
        status = command.main(prog_name="git theta", complete_var=COMPLETE, standalone_mode=False)
    except click.Abort:
        status = StoppedError.status
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        status = UsageError.status
    except click.ClickException as error:
        status = _tell(_as_ours(error))
    except Exception as error:
        if is_traced():
            raise
        status = _tell(error)
    sys.exit(status if isinstance(status, int) else 0)


def _as_ours(error: click.ClickException) -> UsageError:
    message = " ".join(error.format_message().split()).rstrip(".")
    where = getattr(error, "ctx", None)
    # Git itself takes `git theta --help`, and looks for the manual page, which may not be there.
    hint = "git theta -h"
    if where is not None and where.parent is not None:
        hint = f"{where.command_path} --help"
    return UsageError(message[:1].lower() + message[1:], hint=hint)


def _tell(error: Exception) -> int:
    text, status = told(error)
    click.echo(text, nl=False, err=True)
    return status
