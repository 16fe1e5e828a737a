"""Writes the golden checkpoints of a manifest version, their manifests and their objects.

    python tests/golden/make_manifests.py

Run by hand, once for each version, with the program that wrote it. What is there already is
kept: it must be read for ever.
"""

import os
import pathlib
import shutil
import struct
import subprocess
import tempfile

from tests.support.checkpoints import Parameter, parameter, safetensors

HERE = pathlib.Path(__file__).parent
TARGET = HERE / "manifest-1"


def wave(count):
    """Floats that compress well, so that a chunked value is small in git."""
    return b"".join(struct.pack("<f", (at % 1000 // 10) * 0.25) for at in range(count))


def small():
    """Several dtypes, values in the manifest, an empty one, odd names."""
    return {
        "embed.weight": parameter("BF16", 96, 40),
        "head.weight": parameter("F32", 32, 40),
        "norm.weight": parameter("F16", 40),
        "positions": Parameter("I64", (64,), b"".join(struct.pack("<q", at) for at in range(64))),
        "mask": Parameter("BOOL", (20, 20), bytes(at % 20 <= at // 20 for at in range(400))),
        "quantized": parameter("F8_E4M3", 16, 40),
        "packed": parameter("F4", 33, 32),
        "step": Parameter("I64", (), struct.pack("<q", 1000)),
        "nan": Parameter("F32", (2, 50), struct.pack("<I", 0x7FC01234) * 99 + b"\1\0\x80\xff"),
        "empty": Parameter("F32", (0, 40), b""),
        "größe/\n\N{PILE OF POO}": parameter("U8", 200),
    }


def checkpoints():
    """File name and content."""
    yield "small.safetensors", safetensors(small(), {"format": "pt"})
    # 1.6 MiB in two chunks of rows, the second padded.
    rows = Parameter("F32", (1601, 256), wave(1601 * 256))
    tied = Parameter("F32", (2, 3, 50, 40), wave(12_000))
    yield "chunks.safetensors", safetensors({"rows": rows, "a": tied, "b": tied})
    yield "opaque.bin", b"no format that anybody knows\n" * 100
    yield "bare.safetensors", safetensors({})
    yield (
        "example.safetensors",
        safetensors(
            {"embed.weight": parameter("BF16", 64, 32), "step": small()["step"]}, padding=1
        ),
    )


def clean(git, path, target):
    """Cleans the file at `path` by the real filter."""
    command = ["git-theta-filter", "clean", path.name]
    text = subprocess.run(
        command, cwd=git, input=path.read_bytes(), stdout=subprocess.PIPE, check=True
    )
    (target / f"{path.name}.manifest").write_bytes(text.stdout)


def main():
    """Makes what is not there."""
    objects = TARGET / "objects"
    os.makedirs(objects, exist_ok=True)
    with tempfile.TemporaryDirectory() as git:
        subprocess.run(["git", "init", "-q"], cwd=git, check=True)
        for name, data in checkpoints():
            if not (TARGET / name).exists():
                (TARGET / name).write_bytes(data)
                clean(git, TARGET / name, TARGET)
        for path in [HERE / "torch/views.pt", HERE / "torch/training.pt"]:
            if not (TARGET / f"{path.name}.manifest").exists():
                clean(git, path, TARGET)
        for path in pathlib.Path(git, ".git/lfs/objects").rglob("*"):
            if path.is_file() and not (objects / path.name).exists():
                shutil.copyfile(path, objects / path.name)


if __name__ == "__main__":
    main()
