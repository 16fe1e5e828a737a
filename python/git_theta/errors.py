"""What can go wrong, as one tree of exceptions.

    ThetaError
    ├── StoredError             the core: bytes that cannot be read, written or trusted
    │   ├── FileError           io           the operating system refused
    │   ├── ManifestError       manifest     a manifest breaks its specification
    │   ├── NewerError          newer        written by a newer git-theta
    │   ├── MissingError        missing      an object is nowhere on this machine
    │   ├── DamagedError        damaged      stored bytes do not match their digest
    │   ├── ChangedError        changed      a file was written to while it was being read
    │   ├── ProtocolError       protocol     git broke the filter protocol, or went away
    │   └── StoppedError        interrupted  stopped on request
    ├── GitError                git          git or git-lfs failed
    ├── ConfigError             config       a setting, or the installation, is wrong
    ├── UsageError              usage        a command was called wrongly
    ├── TransferError           transfer     objects could not be moved to or from a server
    └── ConflictError           conflict     something of the user's stands in the way

`kind` is stable and is what programs look at; messages are for people: lower case, the
name quoted, expected against found. `hint` says what to do next.
"""

from __future__ import annotations

import os


class ThetaError(Exception):
    """Base of everything git-theta raises on purpose.

    Args:
        message: what went wrong, for the person who ran the command.
        hint: what to do about it, if there is anything.
    """

    kind = "error"
    #: What the process exits with: 1 the user's, 2 usage, 128 and above a failure.
    status = 128

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class StoredError(ThetaError):
    """Raised by the core about bytes; its kinds are `Error::KINDS` of the Rust side."""


class FileError(StoredError):
    """The operating system refused to read or write."""

    kind = "io"


class ManifestError(StoredError):
    """A manifest breaks its specification."""

    kind = "manifest"


class NewerError(StoredError):
    """A manifest or an update was written by a newer git-theta."""

    kind = "newer"


class MissingError(StoredError):
    """An object is in none of the places where this machine keeps objects."""

    kind = "missing"


class DamagedError(StoredError):
    """Stored bytes do not match their digest, or do not decode."""

    kind = "damaged"


class ChangedError(StoredError):
    """A file was written to while it was being read."""

    kind = "changed"


class ProtocolError(StoredError):
    """Git broke the long-running filter protocol, or went away."""

    kind = "protocol"


class StoppedError(StoredError):
    """The work was stopped on request."""

    kind = "interrupted"
    status = 130


class GitError(ThetaError):
    """Git or git-lfs failed; the message holds the last line it said."""

    kind = "git"


class ConfigError(ThetaError):
    """A setting, or the installation, is wrong."""

    kind = "config"
    status = 1


class UsageError(ThetaError):
    """A command was called wrongly, or at the wrong place."""

    kind = "usage"
    status = 2


class TransferError(ThetaError):
    """Objects could not be moved to or from a server."""

    kind = "transfer"
    status = 1


class ConflictError(ThetaError):
    """Something of the user's stands in the way; nothing was changed."""

    kind = "conflict"
    status = 1


_HINTS = {
    "io": "nothing was lost; make room or give access, then run the command again",
    "manifest": "'git log' tells who changed it; GIT_THETA_SKIP_SMUDGE=1 leaves it as it is",
    "newer": "upgrade git-theta: pip install --upgrade git-theta",
    "missing": "'git theta pull' fetches it, if a remote has it",
    "damaged": "'git theta fsck --fix REV' gets a sound copy, if a remote has one",
    "changed": "wait until the file is written, then run the command again",
}
_FAULT = "this is a fault of git-theta; GIT_THETA_TRACE=1 shows where"
_STORED = {error.kind: error for error in StoredError.__subclasses__()}
#: The core's kinds, in its order; a test compares them with `Error::KINDS`.
STORED_KINDS = tuple(_STORED)


def from_core(error: BaseException, path: str | None = None) -> StoredError:
    """The public form of a `_core.CoreError`, chosen by its `kind`.

    Args:
        error: what the core raised.
        path: the checkpoint it is about, which is named if the error does not.

    Returns:
        The exception to raise in its place.
    """
    kind = getattr(error, "kind", "")
    what = str(error)
    if path is not None and f"'{path}'" not in what:
        what = f"'{path}': {what}"
    return _STORED.get(kind, StoredError)(what, hint=_HINTS.get(kind))


def told(error: BaseException) -> tuple[str, int]:
    """What standard error shows of an error, and the exit status that goes with it.

    Args:
        error: ours, the core's, the system's; anything else is a fault of git-theta.

    Returns:
        The message, with its hint and the end of each line, and the status.
    """
    if hasattr(error, "kind") and not isinstance(error, ThetaError):
        error = from_core(error)
    if isinstance(error, ThetaError | OSError):
        what, hint = str(error), getattr(error, "hint", None)
    else:
        what, hint = f"{type(error).__name__}: {error}", _FAULT
    text = f"git-theta: {printable(what)}\n" + (f"hint: {printable(hint)}\n" if hint else "")
    return text, error.status if isinstance(error, ThetaError) else ThetaError.status


def is_traced() -> bool:
    """Whether the user wants to see where an error was raised."""
    return os.environ.get("GIT_THETA_TRACE") == "1"


def printable(text: str) -> str:
    """The text in one line, with what could play tricks on a terminal escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
