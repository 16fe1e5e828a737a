#!/usr/bin/env bash
# Prints the path of a Python 3.11 or later: PYTHON if it is set, else the first on PATH.
set -euo pipefail

probe='import sys; sys.exit(1) if sys.version_info < (3, 11) else print(sys.executable)'
for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
    if "$candidate" -c "$probe" 2>/dev/null; then
        exit 0
    fi
done
echo "no Python 3.11 or later: ${PYTHON:-none on PATH}" >&2
echo "hint: install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2
exit 1
