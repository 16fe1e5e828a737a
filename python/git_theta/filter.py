"""The filter: git's requests to clean and smudge, one after another."""

from __future__ import annotations

import os
import sys

from git_theta import _core, install, repository
from git_theta.clean import clean
from git_theta.errors import ThetaError, from_core, is_traced, told
from git_theta.smudge import Told, smudge


def process() -> int:
    """Serves git's long-running filter protocol until git closes it.

    Returns:
        The exit status: 0, also when single requests have failed and git was told so.
    """
    session = _core.Session.process()
    here = repository.find()
    hooked = install.ensure_hooks(here)
    here.store().sweep()
    while (request := session.next()) is not None:
        command, name, treeish = request
        path, switching = os.fsdecode(name), hooked and treeish is not None
        try:
            _serve(session, here, command, path, switching=switching)
        except Told as taken_back:
            _tell(taken_back.__cause__)
        except (ThetaError, OSError) as error:
            _tell(error)
            session.refuse()
    return 0


def single(command: str, path: str) -> int:
    """Serves one request, for programs that do not know the long-running protocol.

    Args:
        command: `clean` or `smudge`.
        path: relative to the top of the work tree.

    Returns:
        The exit status; with any but 0, what was printed is of no use.
    """
    try:
        _serve(_core.Session.single(), repository.find(), command, path)
    except Told as taken_back:
        _tell(taken_back.__cause__)
        return 1
    return 0


def _serve(
    session: _core.Session,
    here: repository.Repository,
    command: str,
    path: str,
    *,
    switching: bool = False,
) -> None:
    try:
        if command == "clean":
            clean(session, here, path)
        else:
            smudge(session, here, path, switching=switching)
    except _core.CoreError as error:
        raise from_core(error, path) from error


def _tell(error: BaseException | None) -> None:
    if error is None:
        return
    if is_traced():
        import traceback

        traceback.print_exception(error)
    sys.stderr.write(told(error)[0])
