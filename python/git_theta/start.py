"""The entry point of `git theta`: until its commands are loaded, ctrl-C ends it without a word."""

from __future__ import annotations

import signal
from typing import NoReturn


def main() -> NoReturn:
    """Loads the commands, and runs one."""
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from git_theta import cli

    signal.signal(signal.SIGINT, before)
    cli.main()
