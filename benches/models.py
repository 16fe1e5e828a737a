"""Checkpoints of a given size that look like trained language models, made from a seed.

Every matrix is gaussian with a log-normal scale for each row, as trained ones roughly
are; `one_layer` adds a small gaussian step to the parameters of the first layer.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from scripts import real_model
from tests.support.torch_pickle import Storage, Tensor
from tests.support.torch_zip import write_torch_zip

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]
WIDTHS = {"F32": 4, "BF16": 2}
VARIANTS = ("base", "one_layer")
STEP = 0.003


@dataclass(frozen=True)
class Recipe:
    """A parameter that is made when it is asked for, so that models may be larger than memory."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    read: Callable[[], bytes]

    @property
    def size(self) -> int:
        """Its bytes."""
        return math.prod(self.shape) * WIDTHS[self.dtype]


def shapes(count: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and shapes of a decoder of about `count` parameters."""
    width = 64 * max(1, round(math.sqrt(count / 200) / 64))
    width, vocabulary = min(width, 2048), min(32000, 16 * width)
    each = 12 * width * width + 2 * width
    layers = max(2, round((count - 2 * vocabulary * width) / each))
    yield "model.embed_tokens.weight", (vocabulary, width)
    for layer in range(layers):
        for part, shape in {
            "input_layernorm": (width,),
            "self_attn.q_proj": (width, width),
            "self_attn.k_proj": (width, width),
            "self_attn.v_proj": (width, width),
            "self_attn.o_proj": (width, width),
            "mlp.up_proj": (4 * width, width),
            "mlp.down_proj": (width, 4 * width),
            "post_attention_layernorm": (width,),
        }.items():
            yield f"model.layers.{layer}.{part}.weight", shape
    yield "model.norm.weight", (width,)
    yield "lm_head.weight", (vocabulary, width)


def make(name: str, shape: tuple[int, ...], *, step: bool) -> Floats:
    """The values of a parameter, one small step further if asked."""
    rng = np.random.Generator(np.random.SFC64([*name.encode()]))
    values: Floats = rng.standard_normal(shape, dtype=np.float32)
    scale = np.exp(0.25 * rng.standard_normal((shape[0], 1), dtype=np.float32)) / np.sqrt(shape[-1])
    if len(shape) == 1:
        return values * np.float32(0.05) + np.float32(1)
    values *= scale
    if step:
        values += rng.standard_normal(shape, dtype=np.float32) * scale * np.float32(STEP)
    return values


def coded(values: Floats, dtype: str) -> bytes:
    """The values as stored; bfloat16 rounds to the nearest even."""
    if dtype == "F32":
        return values.tobytes()
    bits = values.view(np.uint32)
    bits = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return (bits >> np.uint32(16)).astype(np.uint16).tobytes()


def weights(size: int, dtype: str, variant: str) -> list[Recipe]:
    """Every parameter of a model of about `size` bytes."""

    def reader(name: str, shape: tuple[int, ...]) -> Callable[[], bytes]:
        step = variant == "one_layer" and ".layers.0." in name
        return lambda: coded(make(name, shape, step=step), dtype)

    return [
        Recipe(name, dtype, shape, reader(name, shape))
        for name, shape in shapes(size // WIDTHS[dtype])
    ]


def write_safetensors(path: Path, parameters: list[Recipe]) -> None:
    """Write them as safetensors' own writer would, one in memory at a time."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for recipe in parameters:
        end = offset + recipe.size
        entry = {"dtype": recipe.dtype, "shape": recipe.shape, "data_offsets": [offset, end]}
        header[recipe.name], offset = entry, end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for recipe in parameters:
            file.write(recipe.read())


def write_torch(path: Path, parameters: list[Recipe]) -> None:
    """Write them as torch.save would."""
    state: dict[str, object] = {
        r.name: Tensor(Storage(r.dtype, math.prod(r.shape), r.read), r.shape) for r in parameters
    }
    with path.open("wb") as file:
        write_torch_zip(file, state, root="model")


def model(cache: Path, size: int, dtype: str, suffix: str) -> dict[str, Path]:
    """The files of a model, by variant; made once."""
    cache.mkdir(parents=True, exist_ok=True)
    found = {v: cache / f"{dtype.lower()}-{size}-{v}.{suffix}" for v in VARIANTS}
    for variant, path in found.items():
        if not path.exists():
            unfinished = path.with_suffix(".partial")
            write = write_torch if suffix == "pt" else write_safetensors
            write(unfinished, weights(size, dtype, variant))
            unfinished.rename(path)
    return found


def real(cache: Path, dtype: str) -> Path:
    """Trained weights, as published (`F32`) or rounded to bfloat16."""
    published = real_model.fetch(cache)
    path = published.with_name("minilm-bf16.safetensors")
    if dtype == "F32" or path.exists():
        return published if dtype == "F32" else path
    data = memoryview(published.read_bytes())
    rounded = [
        Recipe(name, "BF16", shape, partial(_rounded, data[start:end]))
        for name, stored, shape, start, end in real_model.parameters(data)
        if stored == "F32"
    ]
    write_safetensors(path, rounded)
    return path


def _rounded(raw: memoryview) -> bytes:
    return coded(np.frombuffer(raw, np.float32), "BF16")
