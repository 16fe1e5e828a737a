#!/usr/bin/env bash
# Makes sure that git, git-lfs and a recent enough Rust are there before anything is built.
set -euo pipefail

here=$(dirname "$0")
wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$here/../Cargo.toml")

command -v git >/dev/null || "$here/apt-install.sh" git
git lfs version >/dev/null 2>&1 || "$here/apt-install.sh" git-lfs

found=$(cargo --version 2>/dev/null | cut -d' ' -f2 || true)
if [ "$(printf '%s\n' "$wanted" "${found:-0}" | sort -V | head -n 1)" != "$wanted" ]; then
    echo "Rust $wanted or later is needed, found ${found:-none}; get it with rustup" >&2
    exit 1
fi
