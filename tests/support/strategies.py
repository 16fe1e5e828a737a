"""Hypothesis strategies: checkpoints of every format, sound ones and broken ones."""

from __future__ import annotations

import math
from collections import OrderedDict

from hypothesis import strategies as st

from tests.support.checkpoints import Parameter, parameter, safetensors
from tests.support.torch_pickle import STORAGES, YOUNGER, Storage, Tensor, Value
from tests.support.torch_zip import tensors, torch_zip
from tests.support.weights import BITS

# Names that file systems, git, shells or JSON might trip over.
ODD_NAMES = (
    "a",
    "A",
    "a/b",
    "a.b",
    "../../x",
    "/etc/passwd",
    ".",
    "..",
    ".git",
    "con",
    "aux.txt",
    "a~1",
    "a%2Fb",
    "-x",
    "*",
    "a b ",
    "tab\there",
    "new\nline",
    "nul\0",
    'quote"\\',
    "größe",
    "\N{PILE OF POO}",
    "n" * 300,
)
SEEDS = st.integers(0, 2**32 - 1)


def names() -> st.SearchStrategy[str]:
    """Parameter names: plain, odd, and anything that UTF-8 can spell."""
    part = st.text("abcdefg0123456789_", min_size=1, max_size=8)
    plain = st.lists(part, min_size=1, max_size=4).map(".".join)
    wild = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    return st.one_of(plain, plain, st.sampled_from(ODD_NAMES), wild)


@st.composite
def parameters(draw: st.DrawFn, dtypes: tuple[str, ...] = tuple(BITS)) -> Parameter:
    """A small parameter; scalars and empty ones are among them."""
    dtype = draw(st.sampled_from(dtypes))
    shape = draw(st.lists(st.integers(0, 12), max_size=4).filter(lambda s: math.prod(s) <= 4096))
    if math.prod(shape) * BITS[dtype] % 8:
        shape.append(8)
    return parameter(dtype, *shape, seed=draw(SEEDS))


def named_parameters(
    dtypes: tuple[str, ...] = tuple(BITS), most: int = 6
) -> st.SearchStrategy[dict[str, Parameter]]:
    """What a checkpoint holds, in file order."""
    return st.dictionaries(names(), parameters(dtypes), max_size=most)


@st.composite
def safetensors_files(draw: st.DrawFn) -> bytes:
    """Sound safetensors files; a header may be padded in any way that readers accept."""
    metadata = draw(
        st.none() | st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3)
    )
    content = draw(named_parameters())
    content.pop("__metadata__", None)
    return safetensors(content, metadata, padding=draw(st.sampled_from((1, 8, 8, 64))))


@st.composite
def tied(draw: st.DrawFn) -> dict[str, Value]:
    """Tensors on one storage: whole, transposed, a slice, overlapping ones."""
    rows, columns = draw(st.integers(1, 8)), draw(st.integers(1, 8))
    value = draw(st.sampled_from(tuple(STORAGES)).map(lambda d: parameter(d, rows * columns)))
    storage = Storage(value.dtype, rows * columns, lambda: value.data)
    return {
        "whole": Tensor(storage, (rows, columns)),
        "turned": Tensor(storage, (columns, rows), stride=(1, columns)),
        "tail": Tensor(storage, (rows * columns - 1,), offset=1),
        "column": Tensor(storage, (rows,), offset=columns - 1, stride=(columns,)),
    }


@st.composite
def torch_files(draw: st.DrawFn) -> bytes:
    """Sound torch checkpoints: nested, with optimizer state, ties and plain values."""
    dtypes = (*STORAGES, *YOUNGER)
    state = tensors(draw(named_parameters(dtypes)))
    moments = draw(st.dictionaries(st.integers(0, 300), parameters(("F32",)), max_size=3))
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    value: dict[str, Value] = {
        "model": OrderedDict(state),
        "optimizer": {"state": {key: tensors({"exp_avg": v}) for key, v in moments.items()}},
        "tied": draw(tied()),
        "plain": draw(st.lists(scalars, max_size=4)),
    }
    root = draw(st.sampled_from(("archive", "model", "größe")))
    return torch_zip(value if draw(st.booleans()) else dict(state), root)


def opaque_files() -> st.SearchStrategy[bytes]:
    """Files of no known format, or of none at all."""
    return st.binary(max_size=2048)


@st.composite
def broken_files(draw: st.DrawFn) -> bytes:
    """A sound file cut short, grown, or with bytes overwritten."""
    data = bytearray(draw(safetensors_files() | torch_files()))
    at = draw(st.integers(0, len(data)))
    match draw(st.sampled_from(("cut", "grow", "overwrite"))):
        case "cut":
            del data[at:]
        case "grow":
            data += draw(st.binary(min_size=1, max_size=64))
        case _:
            patch = draw(st.binary(min_size=1, max_size=9))
            data[at : at + len(patch)] = patch
    return bytes(data)


def checkpoints() -> st.SearchStrategy[bytes]:
    """Anything that may be added as a checkpoint."""
    return st.one_of(safetensors_files(), torch_files(), broken_files(), opaque_files())
