//! The crate's one error type; each variant has a stable kind that Python mirrors.

use std::io;
use std::path::Path;

/// What went wrong, in words for the person who ran the command.
///
/// Messages are lower case, name the file, the parameter or the object, and put
/// what was expected beside what was found. [`Error::kind`] is stable and is what
/// programs should look at.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused to read or write.
    #[error("{context}: {source}")]
    Io {
        /// What was being done, and to which file.
        context: String,
        /// The operating system's answer.
        source: io::Error,
    },
    /// A manifest breaks its specification (`docs/manifest.md`).
    #[error("manifest line {line}: {what}")]
    Manifest {
        /// The line, counted from 1; 0 when the text as a whole is meant.
        line: usize,
        /// The rule that is broken, expected against found.
        what: String,
    },
    /// A manifest or an update is from a newer git-theta.
    #[error("{what} needs a newer git-theta")]
    Newer {
        /// The unknown version or update kind.
        what: String,
    },
    /// An object is in none of the places where this machine keeps objects.
    #[error("{what} is missing: object {oid} is not in the local store")]
    Missing {
        /// The parameter, or another user of the object.
        what: String,
        /// The object's LFS oid, in hex.
        oid: String,
    },
    /// Stored bytes do not match their digest, or do not decode.
    #[error("{what} is damaged: {detail}")]
    Damaged {
        /// The parameter and the object.
        what: String,
        /// Expected against found.
        detail: String,
    },
    /// The file was written to while it was being read.
    #[error("'{path}' changed while it was being added")]
    Changed {
        /// The file in the work tree.
        path: String,
    },
    /// Git broke the long-running filter protocol, or went away.
    #[error("git filter protocol: {what}")]
    Protocol {
        /// What was expected against what came.
        what: String,
    },
    /// The work was stopped on request.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// The stable name of this kind of error.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Io { .. } => "io",
            Self::Manifest { .. } => "manifest",
            Self::Newer { .. } => "newer",
            Self::Missing { .. } => "missing",
            Self::Damaged { .. } => "damaged",
            Self::Changed { .. } => "changed",
            Self::Protocol { .. } => "protocol",
            Self::Interrupted => "interrupted",
        }
    }

    /// Every kind, in the order of the variants; a test compares it with Python's.
    pub const KINDS: [&'static str; 8] =
        ["io", "manifest", "newer", "missing", "damaged", "changed", "protocol", "interrupted"];

    /// An [`Error::Io`] about `path`.
    #[must_use]
    pub fn io(doing: &str, path: &Path, source: io::Error) -> Self {
        Self::Io { context: format!("{doing} '{}'", path.display()), source }
    }
}

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;
