"""The manual page has every command, option and setting there is, and no other."""

from __future__ import annotations

import re
import tomllib

import click
import pytest

from git_theta.cli import COMMANDS, command
from tests.support import tree

DATA = tomllib.loads((tree.ROOT / "pyproject.toml").read_text())["tool"]["maturin"]["data"]
PAGE = (tree.ROOT / DATA / "data/share/man/man1/git-theta.1").read_text(encoding="utf-8")
SOURCE = "".join(
    path.read_text(encoding="utf-8")
    for path in tree.files(".py", ".rs")
    if path.is_relative_to(tree.PACKAGE) or path.is_relative_to(tree.CORE)
)
# What git-theta tells itself.
INTERNAL = {"GIT_THETA_NESTED", "GIT_THETA_LFS_HOOK"}


def section(name: str) -> str:
    """What is below a heading of the page."""
    found = re.search(rf"^\.Sh {name}\n(.*?)(?=^\.Sh |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def entries() -> dict[str, str]:
    """Command → what the page says of it."""
    parts = re.split(r"^\.It Ic (?=\w)", section("COMMANDS"), flags=re.MULTILINE)
    return {part.split()[0]: f".It Ic {part}" for part in parts[1:]}


def options(lines: list[str]) -> set[str]:
    """The options that lines of the page show."""
    return {f"-{word}" for line in lines for word in re.findall(r"(?:Fl|\|) (-?[\w-]+)", line)}


def real(name: str) -> set[str]:
    """The options of a command, but for its help."""
    found = command.get_command(click.Context(command), name)
    assert found is not None
    return {
        flag
        for parameter in found.params
        if isinstance(parameter, click.Option)
        for flag in parameter.opts
    }


def test_every_command_has_an_entry() -> None:
    assert [*entries()] == [*COMMANDS]


@pytest.mark.parametrize("name", COMMANDS)
def test_an_entry_shows_every_option_and_describes_it(name: str) -> None:
    lines = [line for line in entries()[name].splitlines() if "Fl " in line]
    described = [line for line in lines if line.startswith(".It Fl ")]
    assert options(lines) == real(name)
    # It has those of install.
    assert options(described) == (set() if name == "uninstall" else real(name))


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_where_the_page_says(name: str) -> None:
    above = command.make_context("git theta", [name], resilient_parsing=True)
    found = command.get_command(above, name)
    assert found is not None
    context = found.make_context(name, [], parent=above, resilient_parsing=True)
    helps = {"--help"} if name == "add" else {"-h", "--help"}
    assert set(found.get_help_option_names(context)) == helps


def test_the_synopsis_shows_the_options_before_a_command() -> None:
    above = command.make_context("git theta", ["ls"], resilient_parsing=True)
    flags = {flag for parameter in command.get_params(above) for flag in parameter.opts}
    assert options(section("SYNOPSIS").splitlines()) == flags


def test_every_setting_is_there() -> None:
    read = set(re.findall(r"\"(theta\.\w+)\"", SOURCE))
    listed = re.findall(r"^\.It Cm (\S+)", section("CONFIGURATION"), re.MULTILINE)
    assert set(listed) == read
    assert set(re.findall(r"\btheta\.\w+", PAGE)) - {"theta"} == read


def test_every_variable_is_there() -> None:
    read = set(re.findall(r"\bGIT_(?:THETA|LFS)_\w+", SOURCE)) - INTERNAL
    assert set(re.findall(r"\bGIT_(?:THETA|LFS)_\w+", section("ENVIRONMENT"))) == read
    assert set(re.findall(r"\bGIT_\w+", PAGE)) == read
