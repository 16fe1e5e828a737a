"""Independent readers agree with our builders of safetensors files and torch zips."""

from __future__ import annotations

import io
import zipfile
from collections import OrderedDict

import pytest

from tests.support.checkpoints import model, parameter, safetensors
from tests.support.torch_pickle import Storage, Tensor
from tests.support.torch_zip import tensor, tensors, torch_zip
from tests.support.weights import BITS, weights


def test_weights_are_the_same_everywhere() -> None:
    assert weights("F32", 4, seed=1).hex() == weights("F32", 4, seed=1).hex()
    assert weights("F32", 4, seed=1) != weights("F32", 4, seed=2)


def test_the_reference_reader_reads_every_dtype() -> None:
    from safetensors import deserialize

    wanted = {dtype: parameter(dtype, 4, 8) for dtype in BITS}
    read = dict(deserialize(safetensors(wanted, {"format": "pt"})))
    assert {name: bytes(value["data"]) for name, value in read.items()} == {
        name: value.data for name, value in wanted.items()
    }


def test_zipfile_finds_every_record_sound() -> None:
    archive = zipfile.ZipFile(io.BytesIO(torch_zip(tensors(model()))))
    assert archive.testzip() is None
    assert archive.read("archive/version") == b"3\n"
    assert archive.getinfo("archive/data/0").file_size == 8 * 16 * 16 * 4


@pytest.mark.torch
def test_torch_reads_every_value() -> None:
    import torch

    shared = Storage("F32", 12, lambda: parameter("F32", 12).data)
    value = {
        "state": OrderedDict(tensors(model(dtype="BF16"))),
        "step": 2**40,
        "lr": [0.5, -3, None, True, ("a", "a", 1, 2)],
        "tied": Tensor(shared, (3, 4)),
        "strided": Tensor(shared, (4, 2), offset=1, stride=(1, 4)),
        **{dtype: tensor(parameter(dtype, 5)) for dtype in ("U16", "F8_E4M3", "BOOL", "C64")},
    }
    read = torch.load(io.BytesIO(torch_zip(value)), weights_only=True)
    assert read["step"] == 2**40
    assert read["lr"] == value["lr"]
    assert read["tied"].data_ptr() + 4 == read["strided"].data_ptr()
    assert read["U16"].dtype == torch.uint16
    raw = read["state"]["embed.weight"].contiguous().view(torch.uint8).numpy().tobytes()
    assert raw == model(dtype="BF16")["embed.weight"].data


@pytest.mark.torch
def test_our_file_is_what_torch_writes_but_for_its_serial_number() -> None:
    import torch

    state: dict[str, object] = {"lr": [0.5, 7], "n": [300, 2**33, -1], "empty": ({}, [], ())}
    values = tensors({f"layers.{n}.weight": parameter("F32", 3, 4, seed=n) for n in range(300)})
    ours = zipfile.ZipFile(io.BytesIO(torch_zip({**values, **state})))
    out = io.BytesIO()
    torch.save(torch.load(io.BytesIO(torch_zip({**values, **state}))), out)
    theirs = zipfile.ZipFile(out)
    for mine, other in zip(ours.infolist(), theirs.infolist(), strict=True):
        assert (mine.filename, mine.header_offset) == (other.filename, other.header_offset)
        if not mine.filename.endswith("serialization_id"):
            assert ours.read(mine) == theirs.read(other)
