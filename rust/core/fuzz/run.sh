#!/bin/sh
# Fuzzes every target, or those named, for some seconds each, with the stable toolchain.
#
#     rust/core/fuzz/run.sh [SECONDS [TARGET...]]
#
# Needs cargo and a C++ compiler; installs cargo-fuzz if it is missing. The corpus begins
# with seeds/ and the files of tests/golden and grows in corpus/. A crash is kept in
# artifacts/ and ends the run with an error.
set -eu

seconds=${1:-60}
[ $# -eq 0 ] || shift
cd "$(dirname "$0")"
golden=../../../tests/golden

cargo fuzz --version >/dev/null 2>&1 || cargo install cargo-fuzz --locked

[ $# -gt 0 ] || set -- index safetensors torch pointer pktline manifest object
for target; do
    corpus=corpus/$target
    mkdir -p "$corpus"
    if [ -d "$golden" ]; then
        find "$golden" -type f -size -1024k | while read -r file; do
            cp "$file" "$corpus/golden-$(printf %s "$file" | tr / _)"
        done
    fi
    [ ! -d "seeds/$target" ] || cp "seeds/$target"/* "$corpus"
    words=
    [ ! -f "seeds/$target.dict" ] || words=-dict=seeds/$target.dict
    # Only sanitizers need a nightly compiler; the parsers are safe Rust and do without.
    cargo fuzz run --fuzz-dir . --sanitizer none "$target" "$corpus" -- \
        $words -max_total_time="$seconds" -rss_limit_mb=4096 -timeout=10 -max_len=65536 \
        -verbosity=0 -print_final_stats=1
done
