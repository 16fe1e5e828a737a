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
    "newer": "upgrade git-theta: pip install --upgrade git-theta",
    "missing": "'git theta pull' fetches it, if a remote has it",
    "damaged": "'git theta fsck' names everything that is damaged; a remote may have a sound copy",
    "changed": "wait until the file is written, then run the command again",
}
_STORED = {error.kind: error for error in StoredError.__subclasses__()}
#: The core's kinds, in its order; a test compares them with `Error::KINDS`.
STORED_KINDS = tuple(_STORED)


def from_core(error: Exception) -> StoredError:
    """The public form of a `_core.CoreError`, chosen by its `kind`.

    Args:
        error: what the core raised.

    Returns:
        The exception to raise in its place.
    """
    kind = getattr(error, "kind", "")
    return _STORED.get(kind, StoredError)(str(error), hint=_HINTS.get(kind))
