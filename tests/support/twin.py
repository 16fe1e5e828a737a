"""A naive reader of manifests and objects: `docs/manifest.md` once more, in as few lines as will do.

It shares no code with the core, and believes nothing that it can check.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from blake3 import blake3

CHUNK, PART = 1 << 20, 1 << 30
Line = dict[str, Any]
Read = Callable[[str], bytes]


def restore(text: bytes, read: Read) -> bytes:
    """The checkpoint of a manifest; `read` gives an object's bytes by its oid."""
    manifest = json.loads(text)
    frames = value(manifest["frames"], read) if "frames" in manifest else b""
    pieces, at = [], 0
    for line in manifest["parameters"]:
        gap = line.get("gap", 0)
        pieces += [frames[at : at + gap], value(line, read)]
        at += gap
    whole = b"".join([*pieces, frames[at:]])
    assert (len(whole), blake3(whole).hexdigest()) == (manifest["size"], manifest["blake3"])
    return whole


def value(line: Line, read: Read) -> bytes:
    """The bytes of one value."""
    data = bytes.fromhex(line["inline"]) if "inline" in line else dense(line, read)
    assert blake3(data).hexdigest() == line["blake3"]
    return data


def array(dtype: str, shape: list[int]) -> tuple[int, list[int]]:
    """Bytes in an element, and the shape of the array that is cut: bytes, for narrow dtypes."""
    digits = re.search(r"\d+", dtype)
    bits = int(digits[0]) if digits else 8
    return (bits // 8, shape) if bits % 8 == 0 else (1, [math.prod(shape) * bits // 8])


def grid(shape: list[int], item: int) -> tuple[list[int], list[int]]:
    """The shape of a chunk, and that of a part."""
    sizes = [math.prod(shape[axis + 1 :]) * item for axis in range(len(shape))]
    axis = next(axis for axis, size in enumerate(sizes) if size <= CHUNK)
    count = math.ceil(shape[axis] / max(CHUNK // sizes[axis], 1))
    chunk = [1] * axis + [math.ceil(shape[axis] / count)] + shape[axis + 1 :]
    padded = [math.ceil(dim / step) * step for dim, step in zip(shape, chunk, strict=True)]
    if math.prod(padded) * item <= PART:
        return chunk, padded
    sizes = [math.prod(padded[at + 1 :]) * item for at in range(axis)]
    outer = next((at for at, size in enumerate(sizes) if size <= PART), axis)
    step = chunk[outer]
    steps = max(PART // (math.prod(padded[outer + 1 :]) * step * item), 1)
    return chunk, [1] * outer + [steps * step] + padded[outer + 1 :]


def dense(line: Line, read: Read) -> bytes:
    """The bytes of a value that is stored in objects."""
    from numcodecs import blosc

    assert line["update"] == "dense"
    item, shape = array(line["dtype"], line["shape"])
    chunk, part = grid(shape, item)
    slots = math.prod(part) // math.prod(chunk)
    axis = next(at for at, dim in enumerate(chunk) if dim != 1 or at + 1 == len(chunk))
    frames = [frame for oid, size in line["objects"] for frame in shard(oid, size, slots, read)]
    chunks = [bytes(blosc.decompress(frame)) for frame in frames]
    # Only the last chunk of each run along the cut axis is padded.
    run = math.ceil(shape[axis] / chunk[axis])
    short = (run * chunk[axis] - shape[axis]) * math.prod(shape[axis + 1 :]) * item
    for at in range(run - 1, len(chunks), run):
        assert not any(chunks[at][len(chunks[at]) - short :])
        chunks[at] = chunks[at][: len(chunks[at]) - short]
    return b"".join(chunks)


def shard(oid: str, size: int, slots: int, read: Read) -> list[bytes]:
    """The frames of an object, in order."""
    data = read(oid)
    assert (sha256(data).hexdigest(), len(data)) == (oid, size)
    table = data[-4 - 16 * slots : -4]
    words = [int.from_bytes(table[at : at + 8], "little") for at in range(0, len(table), 8)]
    places = zip(words[::2], words[1::2], strict=True)
    return [data[start : start + length] for start, length in places if start != 2**64 - 1]
