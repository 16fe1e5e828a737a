"""Print what an extra of pyproject.toml asks for: `requirement.py torch`."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def main() -> None:
    """Print the requirements of the extra named on the command line, one on each line."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    print(*project["optional-dependencies"][sys.argv[1]], sep="\n")


if __name__ == "__main__":
    main()
