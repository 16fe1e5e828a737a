"""The options by which `install` and `uninstall` choose a configuration file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from git_theta import repository
from git_theta.errors import UsageError
from git_theta.repository import Repository


def scoped(function: Callable[..., None]) -> Callable[..., Any]:
    """Adds `--local` and `--system` to a command, which gets git's word as `scope`."""
    for flag, text in (
        ("system", "For all users of this machine."),
        ("local", "For this repository only."),
        ("global", "For you, in ~/.gitconfig (default)."),
    ):
        option = click.option(
            f"--{flag}", "scope", flag_value=f"--{flag}", default="--global", help=text
        )
        function = option(function)
    return function


def here(scope: str) -> Repository | None:
    """The repository around the current directory; `--local` needs one.

    Args:
        scope: git's word for the configuration file.

    Raises:
        UsageError: there is none, and there has to be one.
    """
    try:
        return repository.find()
    except UsageError:
        if scope == "--local":
            raise
        return None
