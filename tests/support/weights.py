"""Seeded bytes that look like weights: gaussian exponents, random mantissas, no numpy."""

from __future__ import annotations

import struct
from functools import cache
from random import Random

# Bits of one element, by safetensors' name of the dtype.
BITS = {
    "BOOL": 8,
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "F8_E8M0": 8,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "C64": 64,
    "F64": 64,
    "I64": 64,
    "U64": 64,
}
FLOAT_CODES = {"F16": "<e", "BF16": "<f", "F32": "<f", "C64": "<f", "F64": "<d"}
SPREAD = 0.03


def size_of(dtype: str, count: int) -> int:
    """Bytes that `count` elements take; sub-byte elements are packed."""
    return BITS[dtype] * count // 8


def weights(dtype: str, count: int, seed: object = 0) -> bytes:
    """The bytes of `count` elements of `dtype`, the same for the same seed everywhere."""
    rng = Random(f"{seed} {dtype} {count}")
    size = size_of(dtype, count)
    if dtype in FLOAT_CODES:
        return _floats(rng, dtype, size)
    if dtype in ("I16", "I32", "I64", "U16", "U32", "U64"):
        return _integers(rng, BITS[dtype] // 8, count)
    if dtype == "BOOL":
        return bytes(byte & 1 for byte in rng.randbytes(size))
    if dtype.startswith("F8"):
        return bytes(rng.choices(_small_floats(), k=size))
    return rng.randbytes(size)


def _floats(rng: Random, dtype: str, size: int) -> bytes:
    """The two top bytes of each element come from gaussian values, the others are noise."""
    width = {"C64": 4}.get(dtype, BITS[dtype] // 8)
    out = bytearray(rng.randbytes(size))
    tops = rng.choices(_tops(dtype), k=size // width)
    out[width - 2 :: width] = bytes(top & 0xFF for top in tops)
    out[width - 1 :: width] = bytes(top >> 8 for top in tops)
    return bytes(out)


@cache
def _tops(dtype: str) -> list[int]:
    rng = Random(dtype)
    coded = (struct.pack(FLOAT_CODES[dtype], rng.gauss(0, SPREAD)) for _ in range(4096))
    return [int.from_bytes(value[-2:], "little") for value in coded]


@cache
def _small_floats() -> list[int]:
    rng = Random("f8")
    return [rng.choice((0, 0x80)) | min(0x7E, round(abs(rng.gauss(48, 8)))) for _ in range(4096)]


def _integers(rng: Random, width: int, count: int) -> bytes:
    out = bytearray(width * count)
    out[0::width] = rng.randbytes(count)
    out[1::width] = bytes(byte & 3 for byte in rng.randbytes(count))
    return bytes(out)
