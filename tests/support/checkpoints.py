"""Builders of safetensors files: any dtype, any shape, any order, by the standard library alone."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tests.support.weights import size_of, weights


@dataclass(frozen=True)
class Parameter:
    """A named tensor's value: what `safetensors` and `torch_zip` put into a checkpoint."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes

    def flipped(self, at: int = 0) -> Parameter:
        """The same parameter with the lowest bit of one byte changed."""
        data = bytearray(self.data)
        data[at] ^= 1
        return replace(self, data=bytes(data))


def parameter(dtype: str, *shape: int, seed: object = 0) -> Parameter:
    """A parameter of weights that depend on the arguments only."""
    count = math.prod(shape)
    data = weights(dtype, count, seed)
    assert len(data) == size_of(dtype, count)
    return Parameter(dtype, shape, data)


def safetensors(
    parameters: Mapping[str, Parameter],
    metadata: Mapping[str, str] | None = None,
    *,
    padding: int = 8,
) -> bytes:
    """The file, its parameters in the order given, its header padded as the reference writer does."""
    header: dict[str, object] = {} if metadata is None else {"__metadata__": dict(metadata)}
    offset = 0
    for name, value in parameters.items():
        end = offset + len(value.data)
        header[name] = {
            "dtype": value.dtype,
            "shape": list(value.shape),
            "data_offsets": [offset, end],
        }
        offset = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % padding)
    return b"".join([len(text).to_bytes(8, "little"), text, *(p.data for p in parameters.values())])


def model(
    layers: int = 2, width: int = 16, dtype: str = "F32", seed: object = 0
) -> dict[str, Parameter]:
    """A small language model's parameters: embedding, attention and norm of each layer, head."""
    parts: dict[str, tuple[int, ...]] = {
        "attn.qkv.weight": (3 * width, width),
        "attn.out.weight": (width, width),
        "mlp.up.weight": (4 * width, width),
        "mlp.down.weight": (width, 4 * width),
        "norm.weight": (width,),
    }
    shapes: dict[str, tuple[int, ...]] = {"embed.weight": (8 * width, width)}
    for layer in range(layers):
        shapes |= {f"layers.{layer}.{part}": shape for part, shape in parts.items()}
    shapes |= {"norm.weight": (width,), "head.weight": (8 * width, width)}
    return {name: parameter(dtype, *shape, seed=f"{seed} {name}") for name, shape in shapes.items()}
