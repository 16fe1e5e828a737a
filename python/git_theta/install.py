"""Makes git call git-theta, and takes it back: filter, merge driver, hooks, settings."""

from __future__ import annotations

import os
import sys

from git_theta import git, transfer
from git_theta.errors import ConfigError, ThetaError
from git_theta.hooks import place
from git_theta.repository import Repository

# A conflict in a model of ten thousand parameters calls the driver ten thousand times more, for
# the pointers: the shell answers for them ("ours") unless the manifest driver left notes.
_DRIVER = (
    "case %P in .git_theta/*) theta=${GIT_DIR:-.git};"
    ' [ -d "$theta" ] || theta=$(git rev-parse --git-dir);'
    ' [ -e "$theta/theta/merged" ] || exit 0 ;; esac;'
    " git-theta-filter merge %O %A %B %L %P"
)
#: What `install` sets, in this order, and `uninstall` takes away.
SETTINGS = {
    "filter.theta.required": "true",
    "filter.theta.process": "git-theta-filter process",
    "filter.theta.clean": "git-theta-filter clean %f",
    "filter.theta.smudge": "git-theta-filter smudge %f",
    "merge.theta.name": "merge checkpoints parameter by parameter",
    "merge.theta.driver": _DRIVER,
}
# Without these `git lfs prune` deletes objects that no server has.
_PRUNE = ("lfs.pruneverifyremotealways", "lfs.pruneverifyunreachablealways")
_EXCLUDED = b"/.git_theta/\n"
_COMMENT = b"# git-theta: stray pointers are not shown; tracked ones are not affected\n"


def install(scope: str, repository: Repository | None) -> None:
    """Sets git-theta up for a user, or for one repository.

    Args:
        scope: `--global`, `--system` or `--local`.
        repository: gets its hooks too; None outside of one.

    Raises:
        ConfigError: git-lfs is not installed.
        ConflictError: somebody's hook is in the way.
    """
    cwd = repository.directory if repository else None
    transfer.require_lfs()
    if git.config("filter.lfs.process", cwd=cwd) is None:
        only = [] if scope == "--global" else [scope]
        git.run("lfs", "install", "--skip-repo", *only, cwd=cwd)
    for name, value in SETTINGS.items():
        git.run("config", scope, name, value, cwd=cwd)
    if repository is not None:
        prepare(repository)


def require(repository: Repository) -> None:
    """Makes sure that git calls git-theta here, or it would keep whole checkpoints itself.

    Raises:
        ConfigError: `git theta install` is still to be run.
    """
    if not git.config("filter.theta.process", cwd=repository.directory):
        raise ConfigError("git is not set up to call git-theta", hint="git theta install")


def uninstall(scope: str, repository: Repository | None) -> None:
    """Takes away what `install` did; git-lfs, which others may use, stays.

    Args:
        scope: `--global`, `--system` or `--local`.
        repository: loses its hooks too; None outside of one.
    """
    cwd = repository.directory if repository else None
    for name in SETTINGS:
        git.run("config", scope, "--unset-all", name, cwd=cwd, check=False)
    if repository is not None:
        withdraw(repository)


def prepare(repository: Repository) -> None:
    """Gives a repository its hooks, its exclude line and its settings against pruning.

    Raises:
        ConflictError: somebody's hook is in the way.
    """
    place.place(repository)
    _exclude(repository)
    for name in _PRUNE:
        if git.config(name, "--local", cwd=repository.directory) is None:
            git.run("config", "--local", name, "true", cwd=repository.directory)


def withdraw(repository: Repository) -> None:
    """Undoes `prepare`."""
    place.remove(repository)
    _include(repository)
    for name in _PRUNE:
        if git.config(name, "--local", cwd=repository.directory) == "true":
            git.run("config", "--local", "--unset-all", name, cwd=repository.directory)


def ensure_hooks(repository: Repository) -> bool:
    """Prepares a repository unless it is; a fresh clone gets its hooks in this way.

    Cheap when nothing is to be done: it reads eight small files. It never fails: whoever
    runs git now wants something else.

    Returns:
        Whether the hooks are where the git that is running looks for them.
    """
    directory = repository.hooks_dir
    try:
        if place.are_placed(repository) and _is_excluded(repository):
            return True
        prepare(repository)
    except (ThetaError, OSError) as error:
        sys.stderr.write(f"git-theta: cannot install the hooks: {error}\n")
    # It has read its settings: a directory that `core.hooksPath` names now is for the next one.
    return repository.hooks_dir == directory and place.are_placed(repository)


def _exclude(repository: Repository) -> None:
    if _is_excluded(repository):
        return
    path = _exclude_file(repository)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    text = _read(path)
    newline = b"" if not text or text.endswith(b"\n") else b"\n"
    with open(path, "ab") as file:
        file.write(newline + _COMMENT + _EXCLUDED)


def _include(repository: Repository) -> None:
    if _is_excluded(repository):
        path = _exclude_file(repository)
        text = _read(path).replace(_COMMENT, b"").replace(_EXCLUDED, b"")
        with open(path, "wb") as file:
            file.write(text)


def _is_excluded(repository: Repository) -> bool:
    return _EXCLUDED in _read(_exclude_file(repository)).splitlines(keepends=True)


def _exclude_file(repository: Repository) -> str:
    return os.path.join(repository.common_dir, "info", "exclude")


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
