"""Writer of torch's zip container, record by record as torch.save lays it out, without torch."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from tests.support.checkpoints import Parameter
from tests.support.torch_pickle import Bytes, Pickler, Storage, Tensor, Value

ALIGNMENT = 64
# Names are UTF-8; sizes and CRC follow the data.
FLAGS = 0x0808
U32 = 0xFFFF_FFFF


def tensor(parameter: Parameter) -> Tensor:
    """A contiguous tensor on a storage of its own."""
    count = 1
    for length in parameter.shape:
        count *= length
    return Tensor(Storage(parameter.dtype, count, lambda: parameter.data), parameter.shape)


def tensors(parameters: Mapping[str, Parameter]) -> dict[str, Value]:
    """A state dict's items."""
    return {name: tensor(value) for name, value in parameters.items()}


def torch_zip(value: Value, root: str = "archive") -> bytes:
    """The bytes of a whole checkpoint that holds `value`."""
    out = io.BytesIO()
    write_torch_zip(out, value, root)
    return out.getvalue()


def write_torch_zip(out: BinaryIO, value: Value, root: str = "archive") -> None:
    """Write a checkpoint that holds `value`, one storage in memory at a time."""
    pickler = Pickler()
    archive = Archive(out, root)
    archive.add("data.pkl", pickler.dump(value))
    archive.add(".format_version", b"1")
    archive.add(".storage_alignment", str(ALIGNMENT).encode())
    archive.add("byteorder", b"little")
    for number, storage in enumerate(pickler.storages):
        archive.add(f"data/{number}", storage.read())
    archive.add("version", b"3\n")
    archive.add(".data/serialization_id", b"%040d" % archive.digest)
    archive.close()


@dataclass
class Archive:
    """A zip file that is written forward only."""

    out: BinaryIO
    root: str
    digest: int = 0
    position: int = 0
    directory: list[bytes] = field(default_factory=list)

    def _write(self, data: Bytes) -> None:
        self.out.write(data)
        self.position += len(data)

    def add(self, name: str, data: Bytes) -> None:
        """Append a stored record, its data aligned by an extra field."""
        path = f"{self.root}/{name}".encode()
        offset, size, crc = self.position, len(data), zlib.crc32(data)
        large = max(offset, size) >= U32
        extra = struct.pack("<HHQQ", 1, 16, 0, 0) if large else b""
        start = offset + 30 + len(path) + len(extra) + 4
        padding = -start % ALIGNMENT
        extra += struct.pack("<2sH", b"FB", padding) + b"Z" * padding
        sizes = (0, U32, U32) if large else (0, 0, 0)
        head = (b"PK\3\4", 0, FLAGS, 0, 0, 0, *sizes, len(path), len(extra))
        self._write(struct.pack("<4s5H3I2H", *head) + path + extra)
        self._write(data)
        self._write(struct.pack("<4sIQQ" if large else "<4sIII", b"PK\7\10", crc, size, size))
        self.directory.append(self._central(path, offset, size, crc))
        self.digest = (self.digest * 31 + crc) % 10**18

    def _central(self, path: bytes, offset: int, size: int, crc: int) -> bytes:
        wide = b""
        if size >= U32:
            wide += struct.pack("<QQ", size, size)
        if offset >= U32:
            wide += struct.pack("<Q", offset)
        extra = struct.pack("<HH", 1, len(wide)) + wide if wide else b""
        shown = min(size, U32)
        head = (b"PK\1\2", 0, 0, FLAGS, 0, 0, 0, crc, shown, shown, len(path), len(extra))
        tail = (0, 0, 0, 0, min(offset, U32))
        return struct.pack("<4s6H3I2H3HII", *head, *tail) + path + extra

    def close(self) -> None:
        """Append the directory and both of its ends; torch always writes the 64-bit one."""
        count, start = len(self.directory), self.position
        for entry in self.directory:
            self._write(entry)
        size, end = self.position - start, self.position
        wide = (b"PK\6\6", 44, 0x031E, 45, 0, 0, count, count, size, start)
        self._write(struct.pack("<4sQHHIIQQQQ", *wide))
        self._write(struct.pack("<4sIQI", b"PK\6\7", 0, end, 1))
        many, long, far = min(count, 0xFFFF), min(size, U32), min(start, U32)
        self._write(struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, many, many, long, far, 0))
