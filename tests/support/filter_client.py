"""Git's end of the long-running filter protocol: what git says to `git-theta-filter process`.

client → server   git-filter-client, version=2, flush
server → client   git-filter-server, version=2, flush
client → server   capability=clean, capability=smudge, flush; the server echoes its own
then, for each file: command=…, pathname=…, flush, content, flush
and back: status=…, flush, content, flush, and a last list that may change the status
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

LONGEST = 65516


class FilterClient:
    """A filter process and the requests made to it, without a git in between."""

    def __init__(self, command: str, cwd: Path, environment: Mapping[str, str]) -> None:
        self._child = subprocess.Popen(
            ["sh", "-c", f"exec {command}"],
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        try:
            self._greet()
        except BaseException:
            self._child.kill()
            self._child.communicate()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._child.communicate()

    def _greet(self) -> None:
        self._send("git-filter-client", "version=2")
        assert self._lines() == ["git-filter-server", "version=2"]
        self._send("capability=clean", "capability=smudge")
        assert {"capability=clean", "capability=smudge"} <= set(self._lines())

    def clean(self, path: str, data: bytes) -> bytes | None:
        """What git would store for `data`; None if the filter refuses."""
        return self._request("clean", path, data)

    def smudge(self, path: str, data: bytes) -> bytes | None:
        """What git would write into the work tree for `data`; None if the filter refuses."""
        return self._request("smudge", path, data)

    def _request(self, command: str, path: str, data: bytes) -> bytes | None:
        return self._request_in_parts(command, path, [data], lambda: None)

    def clean_in_parts(
        self, path: str, parts: Sequence[bytes], between: Callable[[], None]
    ) -> bytes | None:
        """As `clean`, with something done after each part but the last."""
        return self._request_in_parts("clean", path, parts, between)

    def _request_in_parts(
        self, command: str, path: str, parts: Sequence[bytes], between: Callable[[], None]
    ) -> bytes | None:
        self._send(f"command={command}", f"pathname={path}")
        for number, data in enumerate(parts):
            if number:
                between()
            for start in range(0, len(data), LONGEST):
                self._packet(data[start : start + LONGEST])
            self._input.flush()
        self._flush()
        status = self._lines()
        answer = b"".join(self._packets()) if status == ["status=success"] else b""
        later = self._lines() if status == ["status=success"] else status
        return answer if "status=error" not in [*status, *later] else None

    @property
    def _input(self) -> IO[bytes]:
        assert self._child.stdin is not None
        return self._child.stdin

    def _packet(self, data: bytes) -> None:
        self._input.write(b"%04x" % (len(data) + 4) + data)

    def _flush(self) -> None:
        self._input.write(b"0000")
        self._input.flush()

    def _send(self, *lines: str) -> None:
        for line in lines:
            self._packet(line.encode() + b"\n")
        self._flush()

    def _packets(self) -> list[bytes]:
        """Everything up to the next flush."""
        assert self._child.stdout is not None
        found: list[bytes] = []
        while True:
            head = self._child.stdout.read(4)
            if not head:
                raise EOFError("the filter process went away")
            if head == b"0000":
                return found
            found.append(self._child.stdout.read(int(head, 16) - 4))

    def _lines(self) -> list[str]:
        return [packet.decode().removesuffix("\n") for packet in self._packets()]
