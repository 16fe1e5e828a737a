# The words of the scenarios' lines, beside git's own.
set -e
par() { "$PYTHON" -I -S "$PARAMETERS" set "${3:-m.safetensors}" "$1" "$2"; }
rmp() { "$PYTHON" -I -S "$PARAMETERS" remove "${2:-m.safetensors}" "$1"; }
mvp() { "$PYTHON" -I -S "$PARAMETERS" rename "${3:-m.safetensors}" "$1" "$2"; }
br() { git checkout -q -b "$@"; }
co() { git checkout -q "$@"; }
ca() { git add -A && git commit -qm "$1"; }
# A client that never heard of git-theta.
plain() { GIT_CONFIG_GLOBAL=$PLAIN_CONFIG git -c core.hooksPath=/dev/null "$@"; }
hookless() { git -c core.hooksPath=/dev/null "$@"; }
