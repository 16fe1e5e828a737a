"""Sets, removes and renames parameters of a .safetensors file; run as a program by shell lines.

    python parameters.py set FILE NAME VALUE
    python parameters.py remove FILE NAME
    python parameters.py rename FILE OLD NEW

Every parameter is 256 bytes that repeat its value, so that only names change the layout. The
standard library only: it runs hundreds of times.
"""

from __future__ import annotations

import json
import struct
import sys

SIZE = 256


def read(path: str) -> dict[str, bytes]:
    """Name → bytes, in file order; nothing if the file is not there."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return {}
    (length,) = struct.unpack("<Q", data[:8])
    body = data[8 + length :]
    header = json.loads(data[8 : 8 + length])
    return {name: body[slice(*entry["data_offsets"])] for name, entry in header.items()}


def write(path: str, parameters: dict[str, bytes]) -> None:
    """Writes a checkpoint of byte parameters."""
    header = {
        name: {"dtype": "U8", "shape": [SIZE], "data_offsets": [at * SIZE, (at + 1) * SIZE]}
        for at, name in enumerate(parameters)
    }
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parameters.values()))


def value(text: str) -> bytes:
    """The bytes of a value."""
    filled = text.encode() or b"-"
    return (filled * (SIZE // len(filled) + 1))[:SIZE]


def main(command: str, path: str, name: str, argument: str = "") -> None:
    """Changes one parameter of a file."""
    parameters = read(path)
    if command == "set":
        parameters[name] = value(argument)
    elif command == "remove":
        parameters.pop(name, None)
    elif command == "rename":
        parameters = {argument if n == name else n: data for n, data in parameters.items()}
    else:
        sys.exit(f"no such command: {command}")
    write(path, parameters)


if __name__ == "__main__":
    main(*sys.argv[1:])
