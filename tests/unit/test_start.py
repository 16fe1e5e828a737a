"""The entry point of `git theta`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

INTERRUPTED = "import os, signal; os.kill(os.getpid(), signal.SIGINT)\n"


def test_an_interruption_while_it_loads_shows_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text(INTERRUPTED)
    program = Path(sys.executable).with_name("git-theta")
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([program, "--version"], env=env, capture_output=True, check=False)
    assert done.stderr == b""
    assert done.returncode == -signal.SIGINT
