#!/usr/bin/env bash
# Makes the virtual environment $1, unless it is there, with an up-to-date pip and maturin in it.
set -euo pipefail

here=$(dirname "$0")
venv=$1
if ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
    python=$("$here/find-python.sh")
    # Debian keeps the means to make a virtual environment in a package of its own.
    "$python" -c 'import ensurepip' 2>/dev/null || "$here/apt-install.sh" \
        "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    "$python" -m venv --clear "$venv"
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check 'pip>=25' 'maturin>=1.9.4,<2'
