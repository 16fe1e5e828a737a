"""Progress on a terminal: bytes, rate and time left; silent anywhere else."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from git_theta import _core

#: Work that is done sooner than this shows nothing. Seconds.
_PATIENCE = 0.5
_EVERY = 0.1


@contextmanager
def shown(what: str, total: int = 0) -> Iterator[_core.Counter]:
    """Shows on standard error how far a call of the core has come, while the body runs.

    Args:
        what: what is being done, such as `adding 'model.safetensors'`.
        total: the bytes to do; 0 when nobody knows.

    Yields:
        The counter to hand to the core.
    """
    counter = _core.Counter()
    counter.expect(total)
    if not sys.stderr.isatty():
        yield counter
        return
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(what, counter, done), daemon=True)
    watcher.start()
    try:
        yield counter
    finally:
        done.set()
        watcher.join()


def _watch(what: str, counter: _core.Counter, done: threading.Event) -> None:
    if done.wait(_PATIENCE):
        return
    # Only now, because importing it takes longer than most work does.
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        DownloadColumn(binary_units=False),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )

    class Terminal(Console):
        """Leaves the cursor alone: a process that ctrl-C ends could not bring it back."""

        def show_cursor(self, show: bool = True) -> bool:  # noqa: FBT001, FBT002 - rich's words
            del show
            return False

    with Progress(*columns, console=Terminal(stderr=True), transient=True) as bar:
        task = bar.add_task(what.replace("[", r"\["), total=counter.total or None)
        while not done.wait(_EVERY):
            bar.update(task, completed=counter.done)
