"""The dispatchers: tiny shell scripts that stand where git looks for hooks.

Each runs the hook that was there before, with its input and arguments, then git-theta's own.
They start no Python unless there is something to do, and they hold up no commit when
git-theta is not on the PATH.
"""

from __future__ import annotations

from git_theta import deferred, state

#: What git-theta does something in.
OURS = (
    "pre-commit",
    "post-commit",
    "post-merge",
    "post-rewrite",
    "post-checkout",
    "post-index-change",
    "pre-push",
)
#: The other hooks of a work tree, passed through when `core.hooksPath` points to us.
OTHERS = (
    "applypatch-msg",
    "commit-msg",
    "post-applypatch",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-merge-commit",
    "pre-rebase",
    "prepare-commit-msg",
    "sendemail-validate",
)
#: What the name of a hook that was there before gets.
SUFFIX = ".before-theta"
#: How our scripts are told from others'.
MARK = b"# git-theta hook"

_HEAD = """\
#!/bin/sh
# git-theta hook: runs the hook that was here before, then git-theta's own.
# 'git theta uninstall' takes it away and puts back what was here.
name={name}
before={before}
before() {{
    [ -x "$before" ] || return 0
{run}
}}
"""
_DIRECTLY = """    "$before" "$@\""""
# Hook managers look at $0: a shell script is told its old name.
_BY_ITS_NAME = """\
    read -r first <"$before" || :
    case $first in
    '#!'*/sh | '#!'*/bash | '#!'*/dash | '#!'*/env\\ sh | '#!'*/env\\ bash | '#!'*/env\\ dash)
        ${first#??} -c '. "$0.before-theta"' "${0%/*}/$name" "$@" ;;
    *)
        "$before" "$@" ;;
    esac"""
_THETA = """\
theta() {
    command -v git-theta-filter >/dev/null 2>&1 || return 0
    git-theta-filter hook "$name" "$@"
}
"""
# git-lfs keeps lockable files read-only in these; it cannot install its own where we stand.
_POST = """\
status=0
before "$@" || status=$?
[ -z "$GIT_THETA_NESTED" ] || exit "$status"
theta "$@" || status=$?
"""
_POST_LFS = """\
if { [ ! -x "$before" ] || ! grep -q 'git[- ]lfs' "$before"; } &&
    command -v git-lfs >/dev/null 2>&1; then
    git lfs "$name" "$@" || status=$?
fi
"""
_END = 'exit "$status"\n'
_PRE_COMMIT = """\
before "$@" || exit
[ -z "$GIT_THETA_NESTED" ] || exit 0
command -v git-theta-filter >/dev/null 2>&1 ||
    echo "git-theta: git-theta-filter is not on the PATH; this commit may lack pointers" >&2
theta "$@"
"""
# Git calls this after every change of its index: mostly nothing of this is there.
_NOTES = " ".join((f"theta/{deferred.NOTE}", *state.STOPPED))
_POST_INDEX_CHANGE = f"""\
status=0
before "$@" || status=$?
[ -z "$GIT_THETA_NESTED" ] || exit "$status"
dir=${{GIT_DIR:-$(git rev-parse --git-dir)}}
[ ! -e "$dir/index.lock" ] || exit "$status"
for note in {_NOTES}; do
    [ ! -e "$dir/$note" ] || {{ theta "$@"; exit "$status"; }}
done
[ -z "$(git ls-files -u -- .git_theta)" ] || theta "$@"
"""
_INPUT = """\
input=$(cat)
feed() { [ -z "$input" ] || printf '%s\\n' "$input"; }
"""
_POST_REWRITE = """\
status=0
feed | before "$@" || status=$?
[ -z "$GIT_THETA_NESTED" ] || exit "$status"
feed | theta "$@" || status=$?
"""
# A hook that calls git-lfs takes git-lfs's turn, which is last: pruned objects must be
# back in the store by then.
_PRE_PUSH = """\
lfs=
if [ -x "$before" ] && grep -q 'git[- ]lfs' "$before"; then
    lfs=$before
else
    feed | before "$@" || exit
fi
if command -v git-theta-filter >/dev/null 2>&1; then
    feed | GIT_THETA_LFS_HOOK=$lfs git-theta-filter hook "$name" "$@"
    exit
fi
echo "git-theta: git-theta-filter is not on the PATH; pushing without its checks" >&2
if [ -n "$lfs" ]; then
    feed | before "$@"
else
    feed | git lfs "$name" "$@"
fi
"""
_BODIES = {
    "pre-commit": _THETA + _PRE_COMMIT,
    "post-commit": _THETA + _POST + _POST_LFS + _END,
    "post-merge": _THETA + _POST + _POST_LFS + _END,
    "post-rewrite": _INPUT + _THETA + _POST_REWRITE + _END,
    "post-checkout": _THETA + _POST + _POST_LFS + _END,
    "post-index-change": _THETA + _POST_INDEX_CHANGE + _END,
    "pre-push": _INPUT + _PRE_PUSH,
}
_OTHER_BODY = 'before "$@"\n'


def dispatcher(name: str, chained: str | None = None) -> bytes:
    """The script of one hook.

    Args:
        name: the hook's name.
        chained: the directory of the hooks that ours stand before, as `core.hooksPath`
            named it; by default they are beside ours, renamed.
    """
    if chained is None:
        before, run = f'"${{0%/*}}/{name}{SUFFIX}"', _BY_ITS_NAME
    else:
        before, run = _quote(f"{chained}/{name}"), _DIRECTLY
    head = _HEAD.format(name=name, before=before, run=run)
    return (head + _BODIES.get(name, _OTHER_BODY)).encode("utf-8", "surrogateescape")


def _quote(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
