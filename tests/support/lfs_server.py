"""A real LFS server on loopback: giftless in a child process, its objects plain files.

The child binds a free port itself and prints it once it listens, so nobody waits and no
port is ever taken by somebody else in between.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from types import TracebackType
from typing import Self


class LfsServer:
    """The server's life, and the objects it holds, one repository name at a time."""

    def __init__(self, folder: Path) -> None:
        self.store = folder / "objects"
        self.store.mkdir(parents=True, exist_ok=True)
        self.log = folder / "log"
        self.port = 0
        self._child: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the child; return once it listens."""
        with self.log.open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-W", "ignore", __file__, str(self.store)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert child.stdout is not None
        line = child.stdout.readline()
        if not line:
            child.wait()
            raise RuntimeError(f"the LFS server did not start: {self.log.read_text()[-2000:]}")
        self._child, self.port = child, int(line)

    def stop(self) -> None:
        """End the child, if it runs; its objects stay."""
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None

    def url(self, repository: str) -> str:
        """What `lfs.url` of a clone of `repository` must be; the server knows any name."""
        return f"http://127.0.0.1:{self.port}/tests/{repository}.git/info/lfs"

    def objects(self, repository: str) -> dict[str, Path]:
        """Every object that `repository` has on the server: oid and file."""
        folder = self.store / "tests" / repository
        return {path.name: path for path in sorted(folder.rglob("*")) if path.is_file()}

    def damage(self, repository: str, oid: str, at: int = -1) -> None:
        """Flip the lowest bit of the byte at `at`."""
        path = self.objects(repository)[oid]
        data = bytearray(path.read_bytes())
        data[at] ^= 1
        path.write_bytes(data)

    def remove(self, repository: str, oid: str) -> None:
        """Lose an object, as a server's garbage collection might."""
        self.objects(repository)[oid].unlink()


def end_with_parent() -> None:
    """End this process when its standard input ends: when whoever started it is gone."""
    sys.stdin.read()
    os._exit(0)


def serve(store: str) -> None:
    """Serve the objects below `store` until killed; print the port once it listens."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from giftless.app import init_app
        from waitress import create_server
    storage = {"basic": {"options": {"storage_options": {"path": store}}}}
    app = init_app(
        additional_config={
            "AUTH_PROVIDERS": ["giftless.auth.allow_anon:read_write"],
            "TRANSFER_ADAPTERS": storage,
        }
    )
    threading.Thread(target=end_with_parent, daemon=True).start()
    server = create_server(app, host="127.0.0.1", port=0, threads=8)
    print(server.effective_port, flush=True)  # noqa: T201 - this line is the child's protocol
    server.run()


if __name__ == "__main__":
    serve(sys.argv[1])
