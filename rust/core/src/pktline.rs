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

use std::io::{self, IoSlice, Read, Write};

use crate::error::{Error, Result};

/// The most payload that git accepts in one packet.
pub const MOST_PAYLOAD: usize = MOST_PACKET - HEADER;
/// The most packets in a list; git sends fewer than ten.
const MOST_LINES: usize = 64;
const MOST_PACKET: usize = 65_520;
/// Four hexadecimal digits that count themselves and the payload.
const HEADER: usize = 4;

fn protocol(what: impl Into<String>) -> Error {
    Error::Protocol { what: what.into() }
}

fn broken(source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::InvalidData => protocol(source.to_string()),
        io::ErrorKind::UnexpectedEof => protocol("expected more, found the end"),
        _ => Error::Io { context: "talking to git".into(), source },
    }
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

impl Request {
    fn parse(lines: Vec<Vec<u8>>) -> Result<Self> {
        let mut request = Self::default();
        for line in lines {
            let at = line.iter().position(|&byte| byte == b'=');
            let at = at.ok_or_else(|| protocol("expected key=value"))?;
            let value = &line[at + 1..];
            let text = || String::from_utf8_lossy(value).into_owned();
            match &line[..at] {
                b"command" => request.command = text(),
                b"pathname" => request.pathname = value.to_vec(),
                b"treeish" => request.treeish = Some(text()),
                _ => {}
            }
        }
        if request.command.is_empty() || request.pathname.is_empty() {
            return Err(protocol("expected a command and a pathname"));
        }
        Ok(request)
    }
}

/// The server's side of the protocol over any pair of streams.
///
/// Neither stream needs a buffer: content is read to where it is wanted, and written from where
/// it is, a whole packet at a time.
#[derive(Debug)]
pub struct Session<R, W> {
    input: R,
    output: W,
    /// The answer's next packet: room for its header, and the payload so far.
    packet: Vec<u8>,
    /// The unread bytes of the content's current packet; `None` outside of any content.
    left: Option<usize>,
}

impl<R: Read, W: Write> Session<R, W> {
    /// Shakes hands; after this, requests come.
    pub fn open(input: R, output: W) -> Result<Self> {
        let mut session = Self { input, output, packet: vec![0; HEADER], left: None };
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
    /// The caller must then read [`Session::content`], to its end before any content of
    /// its own: git writes all before it reads. What is left is thrown away.
    pub fn next_request(&mut self) -> Result<Option<Request>> {
        io::copy(&mut self.content(), &mut io::sink()).map_err(broken)?;
        let request = self.lines_or_end()?.map(Request::parse).transpose()?;
        self.left = request.as_ref().map(|_| 0);
        Ok(request)
    }

    /// What is still unread of the current request's content, up to its flush packet.
    pub fn content(&mut self) -> Content<'_, R> {
        Content { input: &mut self.input, left: &mut self.left }
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
        Answer { output: &mut self.output, packet: &mut self.packet }
    }

    /// Ends the content; with `success` false git throws away what it got.
    pub fn end(&mut self, success: bool) -> Result<()> {
        self.answer().send().map_err(broken)?;
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
        self.lines_or_end()?.ok_or_else(|| broken(io::ErrorKind::UnexpectedEof.into()))
    }

    /// The lines up to the flush packet; `None` if the stream ends before the first.
    fn lines_or_end(&mut self) -> Result<Option<Vec<Vec<u8>>>> {
        let mut lines = Vec::new();
        loop {
            match Header::read(&mut self.input).map_err(broken)? {
                Header::Flush => return Ok(Some(lines)),
                Header::Payload(_) if lines.len() == MOST_LINES => {
                    return Err(protocol("expected a flush packet, found more lines"));
                }
                Header::Payload(length) => lines.push(self.line(length)?),
                Header::End if lines.is_empty() => return Ok(None),
                Header::End => return Err(broken(io::ErrorKind::UnexpectedEof.into())),
            }
        }
    }

    /// A payload without its newline.
    fn line(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut line = vec![0; length];
        self.input.read_exact(&mut line).map_err(broken)?;
        line.pop_if(|last| *last == b'\n');
        Ok(line)
    }
}

/// What the next four bytes of the stream say.
enum Header {
    /// Nothing more: the stream has ended.
    End,
    /// A list or a content ends here.
    Flush,
    /// So many bytes follow.
    Payload(usize),
}

impl Header {
    fn read(input: &mut impl Read) -> io::Result<Self> {
        let mut header = [0; HEADER];
        let mut got = 0;
        while got < HEADER {
            match input.read(&mut header[got..]) {
                Ok(0) if got == 0 => return Ok(Self::End),
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => got += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let nibble = |digit: &u8| char::from(*digit).to_digit(16);
        let length = header.iter().try_fold(0, |sum, digit| Some(sum << 4 | nibble(digit)?));
        match length.map(|length| length as usize) {
            Some(0) => Ok(Self::Flush),
            Some(length @ HEADER..=MOST_PACKET) => Ok(Self::Payload(length - HEADER)),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "bad length of a packet")),
        }
    }
}

/// Reads one request's content; ends at the flush packet.
#[derive(Debug)]
pub struct Content<'a, R> {
    input: &'a mut R,
    left: &'a mut Option<usize>,
}

impl<R: Read> Read for Content<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while *self.left == Some(0) {
            *self.left = match Header::read(self.input)? {
                Header::End => return Err(io::ErrorKind::UnexpectedEof.into()),
                Header::Flush => None,
                Header::Payload(length) => Some(length),
            };
        }
        let Some(left) = self.left else { return Ok(0) };
        let most = buffer.len().min(*left);
        let count = self.input.read(&mut buffer[..most])?;
        if count == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        *left -= count;
        Ok(count)
    }
}

/// Writes one answer's content, in packets as long as git takes them.
///
/// What does not fill a packet waits for more, for a flush, or for [`Session::end`].
#[derive(Debug)]
pub struct Answer<'a, W> {
    output: &'a mut W,
    packet: &'a mut Vec<u8>,
}

impl<W: Write> Answer<'_, W> {
    /// Sends what has gathered; never an empty packet, which git would take for the end.
    fn send(&mut self) -> io::Result<()> {
        if self.packet.len() > HEADER {
            let header = format!("{:04x}", self.packet.len());
            self.packet[..HEADER].copy_from_slice(header.as_bytes());
            self.output.write_all(self.packet)?;
            self.packet.truncate(HEADER);
        }
        Ok(())
    }
}

/// Sends a packet from where its payload lies.
fn send_whole(output: &mut impl Write, payload: &[u8]) -> io::Result<()> {
    let header = format!("{:04x}", payload.len() + HEADER);
    let mut written = loop {
        let slices = [IoSlice::new(header.as_bytes()), IoSlice::new(payload)];
        match output.write_vectored(&slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            written => break written?,
        }
    };
    if written < HEADER {
        output.write_all(&header.as_bytes()[written..])?;
        written = HEADER;
    }
    output.write_all(&payload[written - HEADER..])
}

impl<W: Write> Write for Answer<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.packet.len() == HEADER && bytes.len() >= MOST_PAYLOAD {
            send_whole(self.output, &bytes[..MOST_PAYLOAD])?;
            return Ok(MOST_PAYLOAD);
        }
        let count = bytes.len().min(MOST_PACKET - self.packet.len());
        self.packet.extend_from_slice(&bytes[..count]);
        if self.packet.len() == MOST_PACKET {
            self.send()?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()?;
        self.output.flush()
    }
}
