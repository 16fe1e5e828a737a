//! The two ways in which git hands over a file: one after another to a long-running
//! process, or each to a process of its own by standard input and output.

use std::fs::File;
use std::io::{Read, Write};

use crate::error::{Error, Result};
use crate::pktline::{Request, Session};

/// Where a checkpoint comes from and its other form goes to.
#[derive(Debug)]
pub enum Channel {
    /// A long-running filter process.
    Process(Session<File, File>),
    /// A process for one file.
    Single(File, File),
}

/// How much a pipe should hold: fewer switches between git and us.
const PIPE: usize = 1 << 20;

impl Channel {
    /// The long-running protocol over `input` and `output`; shakes hands.
    pub fn process(input: File, output: File) -> Result<Self> {
        widen(&input);
        widen(&output);
        Ok(Self::Process(Session::open(input, output)?))
    }

    /// One file from `input` to `output`.
    #[must_use]
    pub fn single(input: File, output: File) -> Self {
        widen(&input);
        Self::Single(input, output)
    }

    /// The next request of a process; never one of a single file.
    pub fn next_request(&mut self) -> Result<Option<Request>> {
        match self {
            Self::Process(session) => session.next_request(),
            Self::Single(..) => Ok(None),
        }
    }

    /// Lets `take` read what git sends, and reads what it leaves: git waits to be rid of all.
    pub fn receive<T>(&mut self, take: impl FnOnce(&mut dyn Read) -> Result<T>) -> Result<T> {
        let mut content: Box<dyn Read + '_> = match self {
            Self::Process(session) => Box::new(session.content()),
            Self::Single(input, _) => Box::new(input),
        };
        let taken = take(&mut content);
        let rest = std::io::copy(&mut content, &mut std::io::sink());
        let drained =
            rest.map_err(|source| Error::Io { context: "reading from git".into(), source });
        taken.and_then(|taken| drained.map(|_| taken))
    }

    /// Answers with what `write` writes. If it fails, git is told to drop it.
    pub fn answer(
        &mut self,
        write: impl FnOnce(&mut (dyn Write + Send)) -> Result<()>,
    ) -> Result<()> {
        match self {
            Self::Process(session) => {
                session.accept()?;
                let written = write(&mut session.answer());
                // A broken pipe cannot be reported through the pipe.
                let ended = session.end(written.is_ok());
                written.and(ended)
            }
            Self::Single(_, output) => {
                write(output)?;
                output
                    .flush()
                    .map_err(|source| Error::Io { context: "writing to git".into(), source })
            }
        }
    }

    /// Refuses the current request.
    pub fn refuse(&mut self) -> Result<()> {
        match self {
            Self::Process(session) => session.refuse(),
            Self::Single(..) => Ok(()),
        }
    }
}

/// A larger pipe, where the system has such a thing; otherwise all goes on, only slower.
#[cfg(target_os = "linux")]
fn widen(file: &File) {
    let _ = rustix::pipe::fcntl_setpipe_size(file, PIPE);
}

#[cfg(not(target_os = "linux"))]
fn widen(_file: &File) {}
