"""The line on the terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

PROGRAM = """
import time
from git_theta.progress import shown
with shown("adding", 10):
    time.sleep(0.8)
"""
HIDE_CURSOR = b"\x1b[?25l"


def test_the_cursor_stays_as_it_is() -> None:
    """A filter that ctrl-C has ended could not show it again."""
    master, terminal = pty.openpty()
    env = {**os.environ, "TERM": "xterm"}
    subprocess.run([sys.executable, "-c", PROGRAM], stderr=terminal, env=env, check=True)
    os.close(terminal)
    said = os.read(master, 1 << 16)
    os.close(master)
    assert b"adding" in said
    assert HIDE_CURSOR not in said
