"""`git theta install`."""

from __future__ import annotations

import click

from git_theta import install
from git_theta.cli.scope import here, scoped


@click.command("install", short_help="set git up to call git-theta")
@scoped
def command(scope: str) -> None:
    """Set git up to call git-theta: filter, merge driver and, in a repository, its hooks.

    Run it once for each user. Fresh clones get their hooks by themselves.
    """
    found = here(scope)
    install.install(scope, found)
    where = " and this repository's hooks" if found else ""
    click.echo(f"installed the filter and the merge driver ({scope}){where}", err=True)
