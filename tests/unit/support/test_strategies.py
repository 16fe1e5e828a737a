"""The strategies make what they say, judged by independent readers."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings

from tests.support import strategies


@given(strategies.safetensors_files())
def test_the_reference_reader_takes_every_safetensors_file(data: bytes) -> None:
    from safetensors import deserialize

    deserialize(data)


@given(strategies.torch_files())
def test_zipfile_takes_every_torch_file(data: bytes) -> None:
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None


@pytest.mark.torch
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(strategies.torch_files())
def test_torch_takes_every_torch_file(data: bytes) -> None:
    import torch

    torch.load(io.BytesIO(data), weights_only=True)
