"""Runs git and git-lfs: the one module that starts programs.

Every child is marked with `GIT_THETA_NESTED`, so that a hook which one of our own calls
sets off returns at once. Names cross the border with `os.fsdecode`, so any bytes survive.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence

from git_theta.errors import ConfigError, GitError

#: Set in the environment of every child; the hooks look at it.
NESTED = "GIT_THETA_NESTED"
# A user's `git --literal-pathspecs commit` would reach our `:(attr:…)` through the hooks.
_PATHSPECS = ("LITERAL", "GLOB", "NOGLOB", "ICASE")
_UNFILTERED = tuple(
    argument
    for setting in ("process=", "clean=", "smudge=", "required=false")
    for argument in ("-c", f"filter.theta.{setting}")
)

Environment = Mapping[str, str | None]


def run(
    *args: str,
    input: bytes | None = None,  # noqa: A002 - the word of subprocess.run
    env: Environment | None = None,
    cwd: str | None = None,
    check: bool = True,
) -> str:
    """What `git ARGS` prints.

    Args:
        args: the command line after `git`.
        input: what the command reads; nothing by default.
        env: changes to the environment; None takes a variable away.
        cwd: where to run; here by default.
        check: whether a failure raises; else what was printed until then is returned.

    Raises:
        GitError: the command failed.
    """
    return os.fsdecode(run_bytes(*args, input=input, env=env, cwd=cwd, check=check))


def run_bytes(
    *args: str,
    input: bytes | None = None,  # noqa: A002
    env: Environment | None = None,
    cwd: str | None = None,
    check: bool = True,
) -> bytes:
    """As `run`, undecoded."""
    done = _start(("git", *args), input=input, env=environment(env), cwd=cwd)
    if check and done.returncode != 0:
        raise GitError(f"git {_brief(args)}: {_last_line(done.stderr, done.returncode)}")
    return done.stdout


def names(*args: str, env: Environment | None = None, cwd: str | None = None) -> list[str]:
    """The NUL-separated names that `git ARGS` prints."""
    return [name for name in run(*args, env=env, cwd=cwd).split("\0") if name]


def succeeds(*args: str, env: Environment | None = None, cwd: str | None = None) -> bool:
    """Whether `git ARGS` exits with 0; nothing of what it says is shown."""
    return _start(("git", *args), env=environment(env), cwd=cwd).returncode == 0


def config(name: str, *scope: str, cwd: str | None = None) -> str | None:
    """The value of one setting, or None.

    Args:
        name: such as `lfs.storage`.
        scope: such as `--local`; every scope by default.
        cwd: whose settings; this directory's repository by default.
    """
    found = run("config", *scope, "-z", "--get", name, cwd=cwd, check=False)
    return found.removesuffix("\0") if found else None


def show(*args: str, input: bytes | None = None, cwd: str | None = None) -> int:  # noqa: A002
    """Runs `git ARGS` on the user's own terminal and returns its exit status."""
    return call(("git", *args), input=input, cwd=cwd, nested=True)


def call(
    command: Sequence[str],
    *,
    input: bytes | None = None,  # noqa: A002
    cwd: str | None = None,
    nested: bool = False,
) -> int:
    """Runs a program with our own standard output and error and returns its exit status.

    Args:
        command: the program and its arguments; a hook of the user's is one.
        input: what it reads; our own input by default.
        cwd: where to run.
        nested: whether our hooks shall stay out of what it does.
    """
    # What the user said about pathspecs holds: the arguments are the user's.
    env = {k: v for k, v in os.environ.items() if k != NESTED} | ({NESTED: "1"} if nested else {})
    try:
        return subprocess.run(command, input=input, env=env, cwd=cwd, check=False).returncode
    except OSError as error:
        raise GitError(f"cannot run '{command[0]}': {error.strerror}") from error


def transfer(*args: str, input: bytes, cwd: str, show: bool) -> str | None:  # noqa: A002
    """Runs a command that moves data, and returns what it complained of if it failed.

    Args:
        args: the command line after `git`.
        input: what the command reads.
        cwd: where to run.
        show: whether its progress goes to our standard error. Never to our standard output,
            which is git's pipe in the filter.
    """
    command = ("git", *args)
    if not show:
        done = _start(command, input=input, env=environment(), cwd=cwd)
        said = done.stderr.strip() or done.stdout
        return _last_line(said, done.returncode) if done.returncode else None
    env = environment()
    status = subprocess.run(
        command, input=input, env=env, cwd=cwd, stdout=2, check=False
    ).returncode
    return _last_line(b"", status) if status else None


def unfiltered(*args: str) -> tuple[str, ...]:
    """`args` with the filter off, which is right for `diff-files` and `diff-index` only.

    A command that writes the index must never run so: git asks the filter about racily
    clean entries while it writes, and would record the checkpoint as modified.
    """
    return (*_UNFILTERED, *args)


def using(index: str | None) -> Environment | None:
    """The change to the environment by which git uses this index; None for its own."""
    return {"GIT_INDEX_FILE": index} if index else None


def environment(changes: Environment | None = None) -> dict[str, str]:
    """The environment of a child: ours, marked, and with `changes`."""
    env = {**os.environ, NESTED: "1"}
    for mode in _PATHSPECS:
        env.pop(f"GIT_{mode}_PATHSPECS", None)
    for name, value in (changes or {}).items():
        env.pop(name, None)
        if value is not None:
            env[name] = value
    return env


def _start(
    command: Sequence[str],
    *,
    input: bytes | None = None,  # noqa: A002
    env: Mapping[str, str],
    cwd: str | None,
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            command, input=input or b"", env=env, cwd=cwd, capture_output=True, check=False
        )
    except FileNotFoundError as error:
        if cwd is not None and not os.path.isdir(cwd):
            raise GitError(f"no such directory: '{cwd}'") from error
        raise ConfigError("'git' is not on the PATH") from error


def _brief(args: Sequence[str]) -> str:
    words = [arg for arg in args if not arg.startswith(("-c", "filter.theta."))]
    return " ".join(words[:3])


def _last_line(stderr: bytes, status: int) -> str:
    lines = stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"exit status {status}"
