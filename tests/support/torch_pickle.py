"""The pickle inside a torch checkpoint, written opcode by opcode: no torch, no `pickle`.

Values are None, bool, int, float, str, list, tuple, dict, `OrderedDict` and `Tensor`;
what torch.save writes for them is written here, memo included.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Bytes: TypeAlias = bytes | bytearray | memoryview
Value: TypeAlias = object

# The standard pickler fills lists and dicts by so many rows at a time.
BATCH = 1000
STORAGES = {
    "BOOL": "BoolStorage",
    "U8": "ByteStorage",
    "I8": "CharStorage",
    "I16": "ShortStorage",
    "I32": "IntStorage",
    "I64": "LongStorage",
    "F16": "HalfStorage",
    "BF16": "BFloat16Storage",
    "F32": "FloatStorage",
    "F64": "DoubleStorage",
    "C64": "ComplexFloatStorage",
}
# Younger dtypes have no storage class: torch writes an untyped storage and names the dtype.
YOUNGER = {
    "U16": "uint16",
    "U32": "uint32",
    "U64": "uint64",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "F8_E8M0": "float8_e8m0fnu",
}


@dataclass(frozen=True, eq=False)
class Storage:
    """A run of elements in the file; several tensors may look at one."""

    dtype: str
    count: int
    read: Callable[[], Bytes]


@dataclass(frozen=True, eq=False)
class Tensor:
    """A look at a storage: offset and strides count elements."""

    storage: Storage
    shape: tuple[int, ...]
    offset: int = 0
    stride: tuple[int, ...] | None = None


def row_major(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of a contiguous tensor."""
    strides: list[int] = []
    step = 1
    for length in reversed(shape):
        strides.insert(0, step)
        step *= max(length, 1)
    return tuple(strides)


@dataclass
class Pickler:
    """Writes one pickle of protocol 2; collects the storages it meets, in order."""

    out: bytearray = field(default_factory=lambda: bytearray(b"\x80\x02"))
    storages: dict[Storage, int] = field(default_factory=dict)
    known: dict[object, int] = field(default_factory=dict)
    memo: int = 0

    def dump(self, value: Value) -> bytes:
        """The whole pickle of `value`."""
        self.put(value)
        return bytes(self.out + b".")

    def put(self, value: Value) -> None:
        """Append the opcodes that build `value`."""
        match value:
            case None:
                self.out += b"N"
            case bool():
                self.out += b"\x88" if value else b"\x89"
            case int():
                self._int(value)
            case float():
                self.out += b"G" + struct.pack(">d", value)
            case str():
                self._shared(value, lambda: self._text(value))
            case Tensor():
                self._tensor(value)
            case _:
                self._container(value)

    def _container(self, value: Value) -> None:
        match value:
            case tuple():
                self._tuple(*value)
            case list():
                self.out += b"]"
                self._remember()
                self._batches([(item,) for item in value], b"a", b"e")
            case OrderedDict():
                self._reduce("collections", "OrderedDict")
                self._batches([*value.items()], b"s", b"u")
            case dict():
                self.out += b"}"
                self._remember()
                self._batches([*value.items()], b"s", b"u")
            case _:
                raise TypeError(f"a torch pickle of {type(value).__name__} is not written here")

    def _batches(self, rows: Sequence[tuple[object, ...]], one: bytes, many: bytes) -> None:
        """Fill the container on the stack; a single row goes without a mark."""
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            if len(batch) > 1:
                self.out += b"("
            for row in batch:
                for item in row:
                    self.put(item)
            self.out += many if len(batch) > 1 else one

    def _tuple(self, *items: Value) -> None:
        short = {1: b"\x85", 2: b"\x86", 3: b"\x87"}.get(len(items))
        if not items:
            self.out += b")"
            return
        if short is None:
            self.out += b"("
        for item in items:
            self.put(item)
        self.out += short or b"t"
        self._remember()

    def _int(self, value: int) -> None:
        if 0 <= value < 1 << 16:
            code, width = (b"K", 1) if value < 1 << 8 else (b"M", 2)
            self.out += code + value.to_bytes(width, "little")
        elif -(1 << 31) <= value < 1 << 31:
            self.out += b"J" + value.to_bytes(4, "little", signed=True)
        else:
            raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
            self.out += b"\x8a" + bytes([len(raw)]) + raw

    def _text(self, value: str) -> None:
        raw = value.encode("utf-8", "surrogatepass")
        self.out += b"X" + struct.pack("<I", len(raw)) + raw

    def _class(self, module: str, name: str) -> None:
        line = f"c{module}\n{name}\n".encode()
        self._shared((module, name), lambda: self.out.extend(line))

    def _reduce(self, module: str, name: str, *arguments: Value) -> None:
        self._class(module, name)
        self._tuple(*arguments)
        self.out += b"R"
        self._remember()

    def _shared(self, key: object, write: Callable[[], None]) -> None:
        """Write and remember once; afterwards fetch from the memo."""
        number = self.known.get(key)
        if number is None:
            write()
            self.known[key] = self._remember()
        else:
            self.out += struct.pack("<cI", b"j", number) if number > 0xFF else bytes([0x68, number])

    def _remember(self) -> int:
        """Put the top of the stack into the memo, as the standard pickler does with nearly all."""
        number, self.memo = self.memo, self.memo + 1
        self.out += struct.pack("<cI", b"r", number) if number > 0xFF else bytes([0x71, number])
        return number

    def _tensor(self, value: Tensor) -> None:
        younger = YOUNGER.get(value.storage.dtype)
        self._class("torch._utils", "_rebuild_tensor_v3" if younger else "_rebuild_tensor_v2")
        self.out += b"("
        self._storage(value.storage)
        self.put(value.offset)
        self.put(value.shape)
        self.put(row_major(value.shape) if value.stride is None else value.stride)
        self.put(False)  # noqa: FBT003 - requires_grad
        self._reduce("collections", "OrderedDict")
        if younger:
            self._class("torch", younger)
        self.out += b"t"
        self._remember()
        self.out += b"R"
        self._remember()

    def _storage(self, storage: Storage) -> None:
        number = self.storages.setdefault(storage, len(self.storages))
        name = STORAGES.get(storage.dtype)
        self.out += b"("
        self.put("storage")
        self._class(*(("torch", name) if name else ("torch.storage", "UntypedStorage")))
        self.put(str(number))
        self.put("cpu")
        self.put(storage.count if name else len(storage.read()))
        self.out += b"t"
        self._remember()
        self.out += b"Q"
