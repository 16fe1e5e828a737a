"""Writes the golden torch archives and what each of them holds, with the torch that is installed.

    python tests/golden/make_torch.py

A `.pt` is what `torch.save` wrote; the `.json` beside it lists every tensor by the name
the indexer gives it: dtype, shape, and the sha256 of its elements in row-major order,
taken element by element from the storage. Files that are there already are kept: what
an older torch wrote must be read for ever.
"""

import functools
import hashlib
import itertools
import json
import os
import pathlib
import sys
import types

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent / "torch"
DTYPES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16",
    "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2", "float8_e4m3fnuz": "F8_E4M3FNUZ",
    "float8_e5m2fnuz": "F8_E5M2FNUZ", "float8_e8m0fnu": "F8_E8M0", "float4_e2m1fn_x2": "F4",
    "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8", "uint64": "U64",
    "uint32": "U32", "uint16": "U16", "uint8": "U8", "bool": "BOOL", "complex32": "C32",
    "complex64": "C64", "complex128": "C128", "qint8": "I8", "quint8": "U8", "qint32": "I32",
    "bits8": "U8", "bits16": "U16",
}  # fmt: skip


def storage_bytes(storage):
    """The raw bytes of an untyped storage, without going through any dtype."""
    return torch.tensor([], dtype=torch.uint8).set_(storage).numpy().tobytes()


def elements(tensor):
    """The bytes of the elements in row-major order."""
    data = storage_bytes(tensor.untyped_storage())
    width, strides = tensor.element_size(), tensor.stride()
    places = itertools.product(*map(range, tensor.shape))
    steps = (sum(i * s for i, s in zip(place, strides)) for place in places)
    starts = ((tensor.storage_offset() + step) * width for step in steps)
    return b"".join(data[start : start + width] for start in starts)


def expected(name, tensor):
    """What the index must say about a tensor."""
    dtype = DTYPES.get(str(tensor.dtype).removeprefix("torch."))
    shape, data = list(tensor.shape), elements(tensor)
    if dtype == "F4" and tensor.is_contiguous() and shape:
        shape[-1] *= 2
    elif dtype in (None, "F4"):
        data = storage_bytes(tensor.untyped_storage()) if dtype is None else data
        dtype, shape = "U8", [len(data)] if dtype is None else shape
    digest = hashlib.sha256(data).hexdigest()
    return {"name": name, "dtype": dtype, "shape": shape, "sha256": digest}


def filled(*shape, start=0, dtype=torch.float32):
    """Different numbers in every place."""
    return torch.arange(start, start + np.prod(shape, dtype=int)).reshape(shape).to(dtype)


class Marked(torch.Tensor):
    """A subclass whose instances carry attributes."""


class Packed(torch.Tensor):
    """A wrapper as torchao and DTensor make them: no bytes but those of the tensors it holds."""

    @staticmethod
    def __new__(cls, qdata, scale):
        return torch.Tensor._make_wrapper_subclass(cls, qdata.shape, dtype=torch.float32)

    def __init__(self, qdata, scale):
        self.qdata, self.scale = qdata, scale

    __torch_dispatch__ = classmethod(lambda cls, *_: NotImplemented)


class Net(nn.Module):
    """A small module with parameters, a buffer, a child in a list, and a tie."""

    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(5, 4)
        self.layers = nn.ModuleList([nn.Linear(4, 3), nn.BatchNorm1d(3)])
        self.head = nn.Linear(4, 5, bias=False)
        self.head.weight = self.emb.weight

    def forward(self, x):
        return self.layers[1](self.layers[0](self.emb(x)))


def flat(value, path=""):
    """Names and tensors of nested dicts and lists."""
    if isinstance(value, torch.Tensor):
        return {path: value}
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    inner = [flat(v, f"{path}.{k}" if path else str(k)) for k, v in pairs
             if isinstance(v, (torch.Tensor, dict, list, tuple))]  # fmt: skip
    return functools.reduce(dict.__or__, inner, {})


def trained():
    net = Net()
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    net(torch.arange(4)).sum().backward()
    optimizer.step()
    return net, optimizer


def training():
    net, optimizer = trained()
    return {
        "model": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "lr": 1e-3,
        "size": torch.Size([2, 3]), "dtype": torch.bfloat16, "device": torch.device("cpu"),
        "none": None, "set": {1, 2}, "huge": 10**30, "text": "ü", "bytes": b"\0\1", "yes": True,
    }  # fmt: skip


def views():
    base = filled(6, 8)
    tied, apart, gaps, grid = filled(4), filled(4, 4), filled(6, 8), filled(4, 6)
    buffer, pairs = filled(12), torch.view_as_complex(filled(3, 2))
    return {
        "tied.a": tied, "tied.b": tied, "top": apart[:2], "bottom": apart[2:],
        "left": buffer[:4], "right": buffer[6:].view(2, 3),
        "rows": base[:4], "more rows": base[2:], "columns": gaps[:, ::2], "transposed": grid.t(),
        "whole": (whole := filled(3, 3)), "whole row": whole[1], "whole turned": whole.t(),
        "expanded": torch.ones(1, 4).expand(3, 4), "scalar": torch.tensor(3.0),
        "last": filled(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "empty": torch.zeros(0, 5), "one": filled(8)[5], "conj": pairs.conj(),
    }  # fmt: skip


def dtypes():
    bits = torch.arange(64, dtype=torch.uint8)
    plain = [name for name in DTYPES if not name.startswith("q")]
    made = {name: bits.clone().view(getattr(torch, name)) for name in plain if name != "bool"}
    made["bool"] = bits > 31
    made["float4 square"] = bits.clone().view(torch.float4_e2m1fn_x2).reshape(4, 16)
    return made


def quantized():
    q, whole = torch.quantize_per_tensor, filled(8)
    scales, zeros = torch.full((4,), 0.1), torch.zeros(4)
    channel = torch.quantize_per_channel(filled(4, 2), scales, zeros, 0, torch.quint8)
    nibble = torch.quantize_per_channel(filled(4, 2), scales, zeros, 0, torch.quint4x2)
    made = {"i8": q(whole, 0.1, 0, torch.qint8), "i32": q(whole, 0.1, 0, torch.qint32)}
    names = {**made, "channel": channel, "nibble": nibble}
    for name in ("channel", "nibble"):
        names[f"{name}.scales"] = names[name].q_per_channel_scales()
        names[f"{name}.zero_points"] = names[name].q_per_channel_zero_points()
    return {**made, "channel": channel, "nibble": nibble}, names


def sparse():
    coo, csr = torch.eye(3).to_sparse(), torch.eye(3).to_sparse_csr()
    csc = torch.eye(2).to_sparse_csc()
    nested = torch.nested.nested_tensor([filled(2, 2), filled(1, 2)])
    names = {
        "coo.indices": coo._indices(), "coo.values": coo._values(),
        "csr.crow_indices": csr.crow_indices(), "csr.col_indices": csr.col_indices(),
        "csr.values": csr.values(), "csc.ccol_indices": csc.ccol_indices(),
        "csc.row_indices": csc.row_indices(), "csc.values": csc.values(),
        "nested.values": nested.values(), "nested.sizes": nested._nested_tensor_size(),
        "nested.strides": nested._nested_tensor_strides(),
        "nested.storage_offsets": nested._nested_tensor_storage_offsets(),
    }  # fmt: skip
    return {"coo": coo, "csr": csr, "csc": csc, "nested": nested}, names


def subclasses():
    marked = filled(4).as_subclass(Marked)
    marked.extra = filled(2, start=9)
    packed = Packed(filled(2, 3, dtype=torch.int8), filled(2))
    parameter = nn.Parameter(filled(3))
    stated = nn.Parameter(filled(2))
    stated.extra = filled(5)
    values = {
        "marked": marked, "packed": packed, "parameter": parameter, "stated": stated,
        "buffer": nn.Buffer(filled(2)), "meta": torch.empty(4, 4, device="meta"),
    }  # fmt: skip
    names = {
        "marked": marked.as_subclass(torch.Tensor), "marked.extra": marked.extra,
        "packed.qdata": packed.qdata, "packed.scale": packed.scale, "parameter": parameter,
        "stated": stated, "stated.extra": stated.extra, "buffer": values["buffer"],
    }  # fmt: skip
    return values, names


def odd():
    cycle = {"w": filled(2)}
    cycle["self"] = cycle
    record = types.SimpleNamespace(weight=filled(3), deep=[{"x": filled(2)}])
    shared = [filled(2)]
    values = {
        "a/b.c": filled(2), "ü\n": filled(3), 7: filled(1), ("t", 1): filled(4), True: filled(2),
        "cycle": cycle, "record": record, "once": shared, "twice": shared, "": filled(1),
        "partial": functools.partial(print, filled(2)), "x#2": filled(1), "x": filled(2),
        "numpy": np.arange(6, dtype=np.float16).reshape(2, 3), "scalar": np.float32(2.5),
        "random": torch.get_rng_state()[:16].clone(), "storage": filled(3).untyped_storage(),
    }  # fmt: skip
    names = {
        "a/b.c": values["a/b.c"], "ü\n": values["ü\n"], "7": values[7], "3": values["t", 1],
        "4": values[True], "cycle.w": cycle["w"], "record.weight": record.weight,
        "record.deep.0.x": record.deep[0]["x"], "once.0": shared[0], "twice.0": shared[0],
        "tensor": values[""], "partial.1.0": values["partial"].args[0], "x#2": values["x#2"],
        "x": values["x"], "random": values["random"],
        "storage": torch.tensor([], dtype=torch.uint8).set_(values["storage"]),
    }  # fmt: skip
    return values, names


def module():
    net, optimizer = trained()
    state = flat(optimizer.state_dict()["state"], "optimizer.state")
    parameters = {f"optimizer.param_groups.0.params.{i}": p for i, p in enumerate(net.parameters())}
    named = {f"net.{k}": v for k, v in net.state_dict().items()}
    return {"net": net, "optimizer": optimizer}, {**named, **parameters, **state}


class Scripted(nn.Module):
    """What torch.jit.script takes."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 3)

    def forward(self, x):
        return self.layer(x)


def save(name, value, names=None, **options):
    write = functools.partial(torch.save, value, **options)
    describe(name, write, flat(value) if names is None else names)


def describe(name, write, names):
    path = HERE / f"{name}.pt"
    if path.exists():
        return
    write(path)
    rows = [json.dumps(expected(name, tensor)) for name, tensor in names.items()]
    path.with_suffix(".json").write_text("[\n" + ",\n".join(rows) + "\n]\n")


def main():
    torch.manual_seed(0)
    HERE.mkdir(exist_ok=True)
    for make in (training, views, dtypes):
        save(make.__name__, make())
    for make in (quantized, sparse, subclasses, odd, module):
        save(make.__name__, *make())
    save("protocol4", trained()[0].state_dict(), pickle_protocol=4)
    save("protocol5", {"a": [filled(2), {"b": filled(3)}], "n": np.arange(4)}, pickle_protocol=5)
    save("bare", filled(2, 3), {"tensor": filled(2, 3)})
    save("listed", [filled(2), (filled(3), 4)])
    script = torch.jit.script(Scripted())
    write = functools.partial(torch.jit.save, script)
    describe("script", write, dict(script.named_parameters()))


if __name__ == "__main__":
    sys.modules["make_torch"] = sys.modules["__main__"]
    for kind in (Marked, Packed, Net, Scripted):
        kind.__module__ = "make_torch"
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    main()
