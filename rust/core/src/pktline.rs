//! Git's pkt-line framing and the long-running filter protocol, version 2.
//!
//! The stages, as `gitattributes(5)` tells them: git sends its welcome and the
//! versions it knows, we answer with ours; git sends its capabilities, we answer with
//! the ones we want; then, for each file: a list of `key=value` packets, the content,
//! and our answer: a status, the content, and a second status that may take back the
//! first. A flush packet (`0000`) ends every list and every content.
//!
//! Whoever serves this protocol owns standard input and output: anything else
//! written there makes git hang or fail.

use std::io::{self, Read, Write};

use crate::error::{Error, Result};

/// The most payload that git accepts in one packet.
pub const MOST_PAYLOAD: usize = 65_516;
/// The most packets in a list; git sends fewer than ten.
const MOST_LINES: usize = 64;

fn protocol(what: impl Into<String>) -> Error {
    Error::Protocol { what: what.into() }
}

fn broken(source: io::Error) -> Error {
    Error::Io { context: "talking to git".into(), source }
}

/// One file that git wants cleaned or smudged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `clean` or `smudge`.
    pub command: String,
    /// The path in the work tree, relative to its top, as raw bytes.
    pub pathname: Vec<u8>,
    /// The commit or tree being checked out, when git says so.
    pub treeish: Option<String>,
}

/// The server's side of the protocol over any pair of streams.
#[derive(Debug)]
pub struct Session<R, W> {
    input: R,
    output: W,
}

impl<R: Read, W: Write> Session<R, W> {
    /// Shakes hands; after this, requests come.
    pub fn open(input: R, output: W) -> Result<Self> {
        let mut session = Self { input, output };
        let welcome = session.lines()?;
        let wanted = [b"git-filter-client".to_vec(), b"version=2".to_vec()];
        if welcome.first() != Some(&wanted[0]) || !welcome.contains(&wanted[1]) {
            return Err(protocol("expected git-filter-client with version=2"));
        }
        session.list(&["git-filter-server", "version=2"])?;
        let offered = session.lines()?;
        for capability in ["capability=clean", "capability=smudge"] {
            if !offered.iter().any(|line| line == capability.as_bytes()) {
                return Err(protocol(format!("expected {capability} to be offered")));
            }
        }
        session.list(&["capability=clean", "capability=smudge"])?;
        Ok(session)
    }

    /// The next request, or `None` when git has closed its end.
    ///
    /// The caller must then drain [`Session::content`] and answer.
    pub fn next_request(&mut self) -> Result<Option<Request>> {
        let Some(first) = self.packet_or_end()? else { return Ok(None) };
        let mut lines = self.lines()?;
        lines.insert(0, first);
        let mut request = Request::default();
        for line in lines {
            let at = line
                .iter()
                .position(|&byte| byte == b'=')
                .ok_or_else(|| protocol("expected key=value"))?;
            let value = line[at + 1..].to_vec();
            let text = || String::from_utf8_lossy(&value).into_owned();
            match &line[..at] {
                b"command" => request.command = text(),
                b"pathname" => request.pathname = value,
                b"treeish" => request.treeish = Some(text()),
                _ => {}
            }
        }
        Ok(Some(request))
    }

    /// The content of the current request, up to its flush packet.
    pub fn content(&mut self) -> Content<'_, R> {
        Content { input: &mut self.input, left: 0, ended: false }
    }

    /// Says that the content follows; write it to [`Session::answer`].
    pub fn accept(&mut self) -> Result<()> {
        self.list(&["status=success"])
    }

    /// Refuses the current request before any content.
    pub fn refuse(&mut self) -> Result<()> {
        self.list(&["status=error"])
    }

    /// Where the content of the answer goes.
    pub fn answer(&mut self) -> Answer<'_, W> {
        Answer { output: &mut self.output }
    }

    /// Ends the content; with `success` false git throws away what it got.
    pub fn end(&mut self, success: bool) -> Result<()> {
        self.list(&[])?;
        if success { self.list(&[]) } else { self.list(&["status=error"]) }
    }

    fn list(&mut self, lines: &[&str]) -> Result<()> {
        let mut packets = Vec::new();
        for line in lines {
            packets.extend_from_slice(format!("{:04x}{line}\n", line.len() + 5).as_bytes());
        }
        packets.extend_from_slice(b"0000");
        self.output.write_all(&packets).and_then(|()| self.output.flush()).map_err(broken)
    }

    fn lines(&mut self) -> Result<Vec<Vec<u8>>> {
        let mut lines = Vec::new();
        loop {
            match self.packet_or_end()? {
                Some(line) if line == FLUSH => return Ok(lines),
                Some(line) if lines.len() < MOST_LINES => lines.push(line),
                Some(_) => return Err(protocol("expected a flush packet, found more lines")),
                None => return Err(protocol("expected a flush packet, found the end")),
            }
        }
    }

    /// One packet without its newline; a flush packet is [`FLUSH`], `None` the end of the stream.
    fn packet_or_end(&mut self) -> Result<Option<Vec<u8>>> {
        let Some(length) = read_length(&mut self.input).map_err(broken)? else { return Ok(None) };
        let Some(length) = length else { return Ok(Some(FLUSH.to_vec())) };
        let mut payload = vec![0; length];
        self.input.read_exact(&mut payload).map_err(broken)?;
        if payload.last() == Some(&b'\n') {
            payload.pop();
        }
        Ok(Some(payload))
    }
}

/// No line of the protocol holds a NUL, so this can stand for the flush packet.
const FLUSH: &[u8] = b"\0flush";

/// The length of the next packet's payload: outer `None` at the end, inner at a flush packet.
fn read_length(input: &mut impl Read) -> io::Result<Option<Option<usize>>> {
    let mut header = [0; 4];
    let mut got = 0;
    while got < 4 {
        match input.read(&mut header[got..]) {
            Ok(0) if got == 0 => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => got += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let length =
        std::str::from_utf8(&header).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
    match length {
        Some(0) => Ok(Some(None)),
        Some(length @ 4..=65_520) => Ok(Some(Some(length - 4))),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "bad length of a packet")),
    }
}

/// Reads one request's content; ends at the flush packet.
#[derive(Debug)]
pub struct Content<'a, R> {
    input: &'a mut R,
    left: usize,
    ended: bool,
}

impl<R: Read> Read for Content<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 && !self.ended {
            match read_length(self.input)? {
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
                Some(None) => self.ended = true,
                Some(Some(length)) => self.left = length,
            }
        }
        let most = self.left.min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let count = self.input.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count;
        Ok(count)
    }
}

/// Writes one answer's content as packets.
#[derive(Debug)]
pub struct Answer<'a, W> {
    output: &'a mut W,
}

impl<W: Write> Write for Answer<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.chunks(MOST_PAYLOAD) {
            self.output.write_all(format!("{:04x}", part.len() + 4).as_bytes())?;
            self.output.write_all(part)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}
