"""Run a command; append the most memory it had, in bytes, to a file: `peak.py FILE COMMAND…`."""

from __future__ import annotations

import os
import resource
import subprocess
import sys


def main() -> None:
    """Hand standard input and output through untouched; exit as the command does."""
    with subprocess.Popen(sys.argv[2:]) as child:
        status = child.wait()
    kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    descriptor = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, b"%d\n" % (kilobytes * 1024))
    os.close(descriptor)
    sys.exit(status)


if __name__ == "__main__":
    main()
