"""Files that break the rules of their format, each by its name."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
from collections.abc import Callable

from tests.support.checkpoints import parameter, safetensors
from tests.support.torch_zip import Archive, tensors, torch_zip

TOUCHED = "executed"
_TWO = {"a": parameter("F32", 64, 8), "b": parameter("F16", 100)}


def _header(text: bytes, data: bytes = b"\1" * 400, claimed: int | None = None) -> bytes:
    return struct.pack("<Q", len(text) if claimed is None else claimed) + text + data


def _spans(*offsets: tuple[int, int], names: str = "abc", dtype: str = "U8") -> bytes:
    rows = [
        f'"{name}":'
        + json.dumps({"dtype": dtype, "shape": [end - begin], "data_offsets": [begin, end]})
        for name, (begin, end) in zip(names, offsets, strict=False)
    ]
    return _header(("{" + ",".join(rows) + "}").encode())


def _one(shape: object, offsets: object, dtype: object = "U8") -> bytes:
    entry = {"dtype": dtype, "shape": shape, "data_offsets": offsets}
    return _header(json.dumps({"a": entry}).encode())


def _noise(size: int, seed: int = 7) -> bytes:
    return random.Random(seed).randbytes(size)


SAFETENSORS: dict[str, bytes] = {
    "empty": b"",
    "one byte": b"\0",
    "seven bytes": b"\1" * 7,
    "length only": bytes(8),
    "random": _noise(300_000),
    "truncated in a tensor": safetensors(_TWO)[:-10],
    "truncated in the header": safetensors(_TWO)[:40],
    "longer than it says": safetensors(_TWO) + b"tail",
    "no tensors": safetensors({}),
    "zero-length tensors": safetensors(
        {"z": parameter("F32", 0), "a": parameter("F32", 300), "y": parameter("BF16", 7, 0, 3)}
    ),
    "nothing but zero-length tensors": safetensors({n: parameter("F32", 0) for n in "abc"}),
    "header of 100 MB claimed": _header(b"{}", claimed=100_000_000),
    "header of all there is claimed": _header(b"{}", claimed=(1 << 64) - 1),
    "header of just too much claimed": _header(b"{}", b"", claimed=3),
    "header no JSON": _header(b"{" * 300),
    "header deep": _header(b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
    "header a list": _header(b"[]"),
    "header not UTF-8": _header(b'{"\xff\xfe":{}}'),
    "spans overlapping": _spans((0, 300), (100, 400)),
    "spans equal": _spans((0, 400), (0, 400)),
    "spans out of file": _spans((0, 400), (400, 800)),
    "spans far out of file": _spans((0, 400), (1 << 62, (1 << 62) + 8)),
    "spans with a hole": _spans((0, 100), (200, 400)),
    "span backwards": _one([10], [400, 0]),
    "span negative": _one([400], [-400, 0]),
    "span a fraction": _one([400], [0.5, 400.5]),
    "span huge": _one([400], [0, 10**30]),
    "names equal, spans not": _spans((0, 200), (200, 400), names="aa"),
    "shape overflowing": _one([1 << 40, 1 << 40], [0, 400], "F64"),
    "shape of a thousand dimensions": _one([1] * 1000, [0, 1]),
    "shape not of the span": _one([399], [0, 400]),
    "dtype unknown": _one([400], [0, 400], "F31"),
    "dtype no text": _one([400], [0, 400], {"F32": 1}),
}


def _torch(pickle: bytes, *records: tuple[str, bytes]) -> bytes:
    """An archive around a pickle of one's own."""
    out = io.BytesIO()
    archive = Archive(out, "archive")
    for name, data in (
        ("data.pkl", pickle),
        ("byteorder", b"little"),
        *records,
        ("version", b"3\n"),
    ):
        archive.add(name, data)
    archive.close()
    return out.getvalue()


def _text(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def _laughs(depth: int) -> bytes:
    """A list of ten lists of ten lists …, each written once and fetched nine times."""
    body = b"]q\0"
    for number in range(depth):
        body += (
            b"]q"
            + bytes([number + 1])
            + b"("
            + b"h"
            + bytes([number])
            + (b"h" + bytes([number])) * 9
            + b"e"
        )
    return b"\x80\2" + body + b"."


def _storage(count: bytes) -> bytes:
    text = b"(" + _text("storage") + b"ctorch\nFloatStorage\n" + _text("0") + _text("cpu")
    return text + count + b"tQ"


def _rebuilt(count: bytes, offset: bytes, shape: bytes, stride: bytes) -> bytes:
    """A state dict of one tensor whose numbers say what they like."""
    parts = b"(" + _storage(count) + offset + shape + stride + b"\x89)t"
    return b"\x80\2}" + _text("w") + b"ctorch._utils\n_rebuild_tensor_v2\n" + parts + b"Rs."


def _tensor(count: bytes, offset: bytes, shape: bytes, stride: bytes) -> bytes:
    return _torch(_rebuilt(count, offset, shape, stride), ("data/0", b"\2" * 400))


_SYSTEM = b"\x80\2cposix\nsystem\n" + _text(f"touch {TOUCHED}") + b"\x85R."
_BIG, _HUNDRED, _ZERO, _ONE = b"\x8a\x08" + b"\xff" * 7 + b"\x7f", b"Kd", b"K\0", b"K\1"
_T1 = b"\x85"

PICKLES: dict[str, bytes] = {
    "pickle deep": _torch(b"\x80\2" + b"]" * 500_000 + b"a" * 499_999 + b"."),
    "pickle deep in tuples": _torch(b"\x80\2N" + b"\x85" * 500_000 + b"."),
    "pickle of marks": _torch(b"\x80\2" + b"(" * 500_000 + b"."),
    "pickle cyclic": _torch(b"\x80\2}q\0" + _text("self") + b"h\0s."),
    "pickle cyclic list": _torch(b"\x80\2]q\0h\0a."),
    "pickle of a billion laughs": _torch(_laughs(40)),
    "pickle doubling tuples": _torch(b"\x80\2N" + b"2\x86" * 5_000 + b"."),
    "pickle claiming a huge text": _torch(b"\x80\4\x8d" + b"\xff" * 7 + b"\x7f."),
    "pickle claiming 4 GB of bytes": _torch(b"\x80\4B\xff\xff\xff\xff."),
    "pickle claiming a huge number": _torch(b"\x80\2\x8b\xff\xff\xff\x7f."),
    "pickle remembering far off": _torch(b"\x80\2Nr\xff\xff\xff\xff."),
    "pickle recalling nothing": _torch(b"\x80\2h\7."),
    "pickle popping nothing": _torch(b"\x80\0020000."),
    "pickle without end": _torch(b"\x80\2}"),
    "pickle empty": _torch(b""),
    "pickle of noise": _torch(_noise(5000)),
    "pickle that would run a program": _torch(_SYSTEM),
    "pickle asking for a module": _torch(b"\x80\2cthis_module\nis_not_there\n."),
    "pickle extension": _torch(b"\x80\2\x82\1."),
    "tensor of a huge storage": _tensor(_BIG, _ZERO, _HUNDRED + _T1, _ONE + _T1),
    "tensor beyond its storage": _tensor(_HUNDRED, _HUNDRED, _HUNDRED + _T1, _ONE + _T1),
    "tensor with a huge offset": _tensor(_HUNDRED, _BIG, _HUNDRED + _T1, _ONE + _T1),
    "tensor with a huge stride": _tensor(_HUNDRED, _ZERO, _HUNDRED + _T1, _BIG + _T1),
    "tensor of a huge shape": _tensor(
        _HUNDRED, _ZERO, _BIG + _BIG + b"\x86", _ONE + _ONE + b"\x86"
    ),
    "tensor of a negative shape": _tensor(_HUNDRED, _ZERO, b"J\xff\xff\xff\xff" + _T1, _ONE + _T1),
    "tensor without a stride": _tensor(_HUNDRED, _ZERO, _HUNDRED + _T1, b")"),
    "tensor whose storage is not there": _torch(
        _rebuilt(_HUNDRED, _ZERO, _HUNDRED + _T1, _ONE + _T1)
    ),
}


def _zip(*records: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method, compresslevel=9) as archive:
        for name, data in records:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


_GOOD = torch_zip(tensors(_TWO))
_PICKLE = _rebuilt(_HUNDRED, _ZERO, _HUNDRED + _T1, _ONE + _T1)
_DATA = ("archive/data/0", b"\2" * 400)


def _patched(find: bytes, at: int, value: bytes, *, last: bool = False) -> bytes:
    """The good archive with bytes written over, counted from a signature."""
    start = (_GOOD.rindex(find) if last else _GOOD.index(find)) + at
    return _GOOD[:start] + value + _GOOD[start + len(value) :]


_ALL = b"\xff\xff\xff\x7f"
ZIPS: dict[str, bytes] = {
    "zip empty": b"",
    "zip of noise": b"PK\3\4" + _noise(100_000),
    "zip truncated": _GOOD[:-30],
    "zip cut in half": _GOOD[: len(_GOOD) // 2],
    "zip with a tail": _GOOD + b"tail",
    "zip with a head": b"head" + _GOOD,
    "zip twice": _GOOD + _GOOD,
    "zip bomb in the pickle": _zip(
        ("archive/data.pkl", bytes(60_000_000)), _DATA, method=zipfile.ZIP_DEFLATED
    ),
    "zip bomb in a storage": _zip(
        ("archive/data.pkl", _PICKLE),
        ("archive/data/0", bytes(60_000_000)),
        method=zipfile.ZIP_DEFLATED,
    ),
    "zip with two storages of a name": _torch(
        _PICKLE, ("data/0", b"\2" * 400), ("data/0", b"\3" * 400)
    ),
    "zip with two pickles": _torch(_PICKLE, ("data.pkl", _SYSTEM), ("data/0", b"\2" * 400)),
    "zip with paths upwards": _zip(("../../data.pkl", _PICKLE), ("../../data/0", b"\2" * 400)),
    "zip with a lying size in the directory": _patched(b"PK\1\2", 20, _ALL + _ALL),
    "zip with a lying size of the last record": _patched(b"PK\1\2", 20, _ALL + _ALL, last=True),
    "zip with a lying offset": _patched(b"PK\1\2", 42, _ALL),
    "zip with all records at one place": _GOOD.replace(
        b"PK\1\2" + _GOOD[_GOOD.rindex(b"PK\1\2") + 4 : _GOOD.rindex(b"PK\1\2") + 42],
        b"PK\1\2" + _GOOD[_GOOD.index(b"PK\1\2") + 4 : _GOOD.index(b"PK\1\2") + 42],
    ),
    "zip with a lying name length": _patched(b"PK\1\2", 28, b"\xff\xff"),
    "zip with a lying local header": _patched(b"PK\3\4", 26, b"\xff\xff\xff\xff"),
    "zip with a lying count": _patched(b"PK\5\6", 8, b"\xfe\xff\xfe\xff"),
    "zip with a lying directory": _patched(b"PK\5\6", 12, _ALL + _ALL),
    "zip with a lying 64-bit directory": _patched(b"PK\6\6", 24, b"\xff" * 32),
    "zip with a lying locator": _patched(b"PK\6\7", 8, b"\xff" * 8),
    "zip with a wrong checksum": _patched(b"PK\1\2", 16, b"\0\0\0\0"),
    "zip with bad bytes in a storage": _patched(b"data/0FB", 40, b"\x99"),
}

FILES: dict[str, bytes] = {
    **{f"{name}.safetensors": data for name, data in SAFETENSORS.items()},
    **{f"{name}.pt": data for name, data in (PICKLES | ZIPS).items()},
    "a torch archive.safetensors": _GOOD,
    "a safetensors file.pt": safetensors(_TWO),
}
Make = Callable[[], bytes]
