"""However large a checkpoint is, git-theta's processes stay small."""

from __future__ import annotations

import json
import random
import shutil
import struct
import sys
from pathlib import Path

import pytest

from tests.e2e.weather.ground import NAME
from tests.support.git import Git

MIB = 1 << 20
MOST = 300 * MIB
RECORDER = """\
#!{python}
import os, resource, subprocess, sys
done = subprocess.run([{real!r}, *sys.argv[1:]])
with open({record!r}, "a") as file:
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024, file=file)
sys.exit(done.returncode)
"""


def sparse(path: Path, size: int) -> None:
    """Two tensors, nearly all of them a hole, with noise here and there."""
    half = size // 2
    rows = {
        name: {"dtype": "F32", "shape": [half // 4096, 1024], "data_offsets": [at, at + half]}
        for name, at in (("a", 0), ("b", half))
    }
    text = json.dumps(rows).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        noise = random.Random(1).randbytes(8 * MIB)
        for at in range(0, size, size // 4):
            file.seek(8 + len(text) + at)
            file.write(noise)
        file.truncate(8 + len(text) + size)


@pytest.mark.slow
def test_a_large_checkpoint_takes_little_memory(git: Git, tmp_path: Path) -> None:
    record = tmp_path / "peaks"
    script = tmp_path / "bin/git-theta-filter"
    script.parent.mkdir()
    real = shutil.which("git-theta-filter", path=git.env["PATH"])
    script.write_text(RECORDER.format(python=sys.executable, real=real, record=str(record)))
    script.chmod(0o755)
    git = git.at(".", PATH=f"{script.parent}:{git.env['PATH']}")
    sparse(git.directory / NAME, 600 * MIB)
    # Opaque: nothing of it is known before its bytes are looked at.
    with (git.directory / "opaque.pt").open("wb") as file:
        file.write(random.Random(2).randbytes(MIB) * 64)
    git("add", ".")
    git("commit", "-qm", "large")
    (git.directory / NAME).rename(tmp_path / "before")
    (git.directory / "opaque.pt").unlink()
    git("checkout", "--", ".")
    assert (git.directory / NAME).stat().st_size == (tmp_path / "before").stat().st_size
    git.run("cmp", NAME, str(tmp_path / "before"))
    peaks = [int(line) for line in record.read_text().split()]
    assert len(peaks) >= 2
    assert max(peaks) < MOST, f"expected at most {MOST >> 20} MiB, found {max(peaks) >> 20}"
