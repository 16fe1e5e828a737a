#!/usr/bin/env bash
# Installs the Debian packages named, as root; otherwise says in one line what to run.
set -euo pipefail

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing $* with apt-get"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update
    exec apt-get -qq install --yes --no-install-recommends "$@"
fi
echo "missing: $*; run: sudo apt-get install $*  (or your system's own installer)" >&2
exit 1
