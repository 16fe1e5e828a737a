"""`git theta track`."""

from __future__ import annotations

import os

import click

from git_theta import git, install, repository, tracking
from git_theta.attributes import PATHSPEC, in_tree


@click.command("track", short_help="make files checkpoints, or list what is tracked")
@click.argument("patterns", nargs=-1, metavar="[FILE|PATTERN]...")
def command(patterns: tuple[str, ...]) -> None:
    """Make files checkpoints: write their lines to .gitattributes, and stage it.

    A FILE that exists is meant literally. A PATTERN such as "*.pt" (mind your shell: quote it)
    holds in this directory and below. Without arguments, list what is tracked.
    """
    found = repository.find()
    top = found.work_tree
    if not patterns:
        for text in tracking.tracked(top):
            click.echo(os.fsencode(text))
        return
    install.require(found)
    before = _matching(top)
    wanted = [tracking.pattern(argument, top, os.getcwd()) for argument in patterns]
    new = tracking.track(top, wanted)
    install.prepare(found)
    stage_attributes(top)
    for path in sorted(_matching(top) - before):
        # Git looks at a file again only if it seems to have changed.
        os.utime(os.path.join(top, path))
    for text in wanted:
        click.echo(f"{'tracking' if text in new else 'already tracking'} {text}", err=True)


def stage_attributes(top: str) -> None:
    """Stages `.gitattributes`, also when it is gone."""
    git.run("update-index", "--add", "--remove", "--", ".gitattributes", cwd=top)


def _matching(top: str) -> set[str]:
    paths = git.names("ls-files", "-z", "--", PATHSPEC, cwd=top)
    return {path for path in paths if not in_tree(path) and os.path.exists(f"{top}/{path}")}
