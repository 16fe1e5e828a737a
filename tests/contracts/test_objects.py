"""Objects are Zarr v3 shards of Blosc frames: readers that know nothing of git-theta open them."""

from __future__ import annotations

import itertools
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import filtered, twin
from tests.support.checkpoints import Parameter, parameter, safetensors
from tests.support.git import Git

# Zarr's names: as tensorstore has them, and as zarr-python, which lacks some, can be told.
NAMES = {
    "F32": ("float32", "float32"),
    "F64": ("float64", "float64"),
    "F16": ("float16", "float16"),
    "BF16": ("bfloat16", "uint16"),
    "F8_E4M3": ("float8_e4m3fn", "uint8"),
    "F8_E5M2": ("float8_e5m2", "uint8"),
    "I8": ("int8", "int8"),
    "I64": ("int64", "int64"),
    "BOOL": ("bool", "bool"),
    "C64": ("complex64", "complex64"),
}
# One chunk; two with a padded last one; rows too wide for a chunk; up to four dimensions.
SHAPES = [(300,), (300_001,), (1025, 513), (3, 700_001), (5, 7, 11, 13), (2, 3, 301, 501)]


@dataclass(frozen=True)
class Stored:
    """A parameter, its line in a manifest, and where its objects are."""

    value: Parameter
    line: dict[str, Any]
    paths: Sequence[Path]


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Git:
    return filtered.ground(tmp_path_factory.mktemp("objects"))


def store(git: Git, value: Parameter) -> Stored:
    line = filtered.lines(filtered.run(git, "clean", safetensors({"x": value})))["x"]
    return Stored(value, line, [filtered.stored(git, oid) for oid, _ in line["objects"]])


def zarr_json(line: dict[str, Any], data_type: str) -> dict[str, Any]:
    """The metadata of the array that the objects of `line` are shards of."""
    item, shape = twin.array(line["dtype"], line["shape"])
    chunk, part = twin.grid(shape, item)
    little = {"name": "bytes", "configuration": {"endian": "little"}}
    options = {"cname": "zstd", "clevel": 1, "blocksize": 0, "typesize": item}
    options["shuffle"] = "shuffle" if item > 1 else "noshuffle"
    sharding = {
        "chunk_shape": chunk,
        "codecs": [little, {"name": "blosc", "configuration": options}],
        "index_codecs": [little, {"name": "crc32c"}],
        "index_location": "end",
    }
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        "data_type": data_type,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": part}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": False if data_type == "bool" else _zero(data_type),
        "codecs": [{"name": "sharding_indexed", "configuration": sharding}],
        "attributes": {},
    }


def _zero(data_type: str) -> object:
    return [0.0, 0.0] if data_type == "complex64" else 0


def as_zarr(stored: Stored, data_type: str, base: Path) -> Path:
    """A directory with the metadata and the objects, which is all that a Zarr array is."""
    base.mkdir()
    metadata = zarr_json(stored.line, data_type)
    (base / "zarr.json").write_text(json.dumps(metadata))
    part = metadata["chunk_grid"]["configuration"]["chunk_shape"]
    counts = [math.ceil(d / s) for d, s in zip(metadata["shape"], part, strict=True)]
    places = itertools.product(*map(range, counts))
    for place, path in zip(places, stored.paths, strict=True):
        target = base.joinpath("c", *map(str, place))
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, target)
    return base


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", NAMES)
def test_tensorstore_and_zarr_read_the_very_bits(
    git: Git, tmp_path: Path, dtype: str, shape: tuple[int, ...]
) -> None:
    import numpy as np
    import tensorstore
    import zarr

    stored = store(git, parameter(dtype, *shape))
    theirs, plain = NAMES[dtype]
    place = as_zarr(stored, theirs, tmp_path / "tensorstore")
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{place}/"}}
    found = tensorstore.open(spec, read=True).result().read().result()
    assert found.shape == shape
    assert np.ascontiguousarray(found).tobytes() == stored.value.data

    array = zarr.open_array(str(as_zarr(stored, plain, tmp_path / "zarr")), mode="r")
    assert np.ascontiguousarray(array[...]).tobytes() == stored.value.data


@pytest.mark.parametrize("dtype", ["F32", "BF16"])
def test_not_a_number_keeps_its_payload(git: Git, tmp_path: Path, dtype: str) -> None:
    import numpy as np
    import tensorstore

    patterns = bytes(range(256)) + b"\x01\xff\x7f\x80" * 64
    stored = store(git, Parameter(dtype, (512 // (4 if dtype == "F32" else 2),), patterns))
    place = as_zarr(stored, NAMES[dtype][0], tmp_path / "tensorstore")
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{place}/"}}
    found = tensorstore.open(spec, read=True).result().read().result()
    assert np.ascontiguousarray(found).tobytes() == patterns


@pytest.mark.parametrize("dtype", [*NAMES, "F4", "F8_E8M0", "U16", "U64"])
def test_numcodecs_decodes_every_frame(git: Git, dtype: str) -> None:
    from numcodecs import blosc

    stored = store(git, parameter(dtype, 1030, 520))
    item, shape = twin.array(stored.line["dtype"], stored.line["shape"])
    chunk, part = twin.grid(shape, item)
    [(oid, size)] = stored.line["objects"]
    frames = twin.shard(oid, size, math.prod(part) // math.prod(chunk), read(git))
    decoded = b"".join(bytes(blosc.decompress(frame)) for frame in frames)
    assert {len(blosc.decompress(frame)) for frame in frames} == {math.prod(chunk) * item}
    assert decoded[: len(stored.value.data)] == stored.value.data
    assert not any(decoded[len(stored.value.data) :])


def read(git: Git) -> twin.Read:
    """What gives an object's bytes by its oid."""
    return lambda oid: filtered.stored(git, oid).read_bytes()
