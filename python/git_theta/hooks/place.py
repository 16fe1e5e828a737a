"""Puts the dispatchers where git looks for hooks, and takes them away again.

In a repository's own hooks directory a hook that is there already is renamed, and chained.
A directory that `core.hooksPath` names is somebody else's, maybe tracked, maybe shared by all
repositories of a user: it stays as it is, and `core.hooksPath` is pointed to a directory of
ours, whose dispatchers run the hooks of that one.
"""

from __future__ import annotations

import os
import shutil

from git_theta import git
from git_theta.errors import ConflictError
from git_theta.hooks.scripts import MARK, OTHERS, OURS, SUFFIX, dispatcher
from git_theta.repository import Repository

_PATH = "core.hooksPath"
# In our directory: what ours stand before, and what the repository's own setting was.
_NOTE = "before-theta"
# The pre-commit framework renames the hook it finds, and runs it.
_LEGACY = ".legacy"


def are_placed(repository: Repository) -> bool:
    """Whether every dispatcher is there and as it should be; starts no program."""
    directory = repository.hooks_dir
    if directory == _own(repository):
        chained, _ = _read_note(repository)
        return all(_read(f"{directory}/{name}") == dispatcher(name, chained) for name in OURS)
    if not _belongs_to(repository, directory):
        return False
    return all(_is_current(directory, name) for name in OURS)


def place(repository: Repository) -> None:
    """Puts every dispatcher in its place.

    Raises:
        ConflictError: a hook was put over ours while an earlier one is still chained.
    """
    if _belongs_to(repository, repository.hooks_dir):
        _place_beside(repository.hooks_dir)
    elif not _is_switched_off(repository):
        _place_before(repository)


def remove(repository: Repository) -> None:
    """Takes the dispatchers away and puts back what was there before."""
    own, cwd = _own(repository), repository.directory
    if os.path.isdir(own):
        _, replaced = _read_note(repository)
        if _is_own_setting(git.config(_PATH, "--local", cwd=cwd)):
            change = ("--unset-all", _PATH) if replaced is None else (_PATH, replaced)
            git.run("config", "--local", *change, cwd=cwd)
        shutil.rmtree(own)
    directories = {os.path.join(repository.common_dir, "hooks")}
    if _belongs_to(repository, repository.hooks_dir):
        directories.add(repository.hooks_dir)
    for directory in directories:
        for name in OURS:
            _put_back(os.path.join(directory, name))


def _put_back(path: str) -> None:
    for ours in (path, path + _LEGACY):
        if _is_ours(ours):
            os.unlink(ours)
            if os.path.lexists(path + SUFFIX):
                os.rename(path + SUFFIX, ours)
    if os.path.lexists(path + SUFFIX) and not os.path.lexists(path):
        os.rename(path + SUFFIX, path)


def _place_beside(directory: str) -> None:
    for name in OURS:
        path = os.path.join(directory, name)
        if _is_current(directory, name):
            continue
        if os.path.lexists(path) and not _is_ours(path):
            _set_aside(path)
        _write(path, dispatcher(name))


def _set_aside(path: str) -> None:
    """Gives a hook its other name, whatever another git-theta does at the same time."""
    aside = path + SUFFIX
    try:
        # Unlike a renaming, a link never takes the place of anything; the caller then
        # replaces the first name.
        os.link(path, aside, follow_symlinks=False)
    except FileExistsError:
        if os.path.samefile(path, aside) or _is_ours(path) or _calls_git_lfs_only(path):
            return
        raise ConflictError(
            f"'{path}' was put over git-theta's hook, and '{aside}' is there already",
            hint="make one hook of the two, leave it as the first, and delete the second",
        ) from None
    except OSError:
        # No hard links on this file system.
        os.rename(path, aside)


def _place_before(repository: Repository) -> None:
    cwd, own = repository.directory, _own(repository)
    local = git.config(_PATH, "--local", cwd=cwd)
    if _is_own_setting(local):
        # Ours already, maybe with the name that the repository had before it was moved.
        chained, local = _read_note(repository)
    else:
        chained = git.run("config", "--path", "--get", _PATH, cwd=cwd).rstrip("\n")
    note = chained if local is None else f"{chained}\n{local}"
    _write(os.path.join(own, _NOTE), os.fsencode(note))
    for name in (*OURS, *OTHERS):
        _write(os.path.join(own, name), dispatcher(name, chained))
    git.run("config", "--local", _PATH, own, cwd=cwd)
    repository.hooks_dir = own


def _read_note(repository: Repository) -> tuple[str, str | None]:
    note = os.fsdecode(_read(os.path.join(_own(repository), _NOTE)))
    chained, _, replaced = note.partition("\n")
    return chained, replaced or None


def _is_own_setting(setting: str | None) -> bool:
    return setting is not None and setting.endswith("/theta/hooks")


def _is_switched_off(repository: Repository) -> bool:
    """Whether hooks are off for good (`/dev/null`), or elsewhere for one command only."""
    if repository.hooks_dir == os.devnull:
        return True
    scope = git.run("config", "--show-scope", "--get", _PATH, cwd=repository.directory, check=False)
    return scope.startswith("command")


def _belongs_to(repository: Repository, directory: str) -> bool:
    """Whether a hooks directory is this repository's own, and not the one we made."""
    inside = directory.startswith(os.path.join(repository.common_dir, ""))
    return inside and directory != _own(repository)


def _is_current(directory: str, name: str) -> bool:
    path = os.path.join(directory, name)
    return _read(path) == dispatcher(name) or _is_ours(path + _LEGACY)


def _is_ours(path: str) -> bool:
    return MARK in _read(path)


def _calls_git_lfs_only(path: str) -> bool:
    lines = [line for line in _read(path).splitlines() if line and not line.startswith(b"#")]
    return len(lines) <= 2 and all(b"git-lfs" in line or b"git lfs" in line for line in lines)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _write(path: str, text: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "wb") as file:
        file.write(text)
    # As git gives its own samples: whoever may read it may run it.
    os.chmod(temporary, os.stat(temporary).st_mode | 0o111)  # noqa: S103
    os.replace(temporary, path)


def _own(repository: Repository) -> str:
    return os.path.join(repository.theta_dir, "hooks")
