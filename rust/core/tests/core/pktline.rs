//! The filter protocol, spoken with a git made of bytes.

use std::io::{self, BufReader, Read, Write};

use proptest::prelude::*;
use theta_core::error::{Error, Result};
use theta_core::pktline::{MOST_PAYLOAD, Request, Session};

fn packet(payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    [format!("{:04x}", payload.len() + 4).as_bytes(), payload].concat()
}

/// A list of lines, as git sends it.
fn list(lines: &[&str]) -> Vec<u8> {
    let packets = lines.iter().map(|line| packet(format!("{line}\n")));
    packets.chain([b"0000".to_vec()]).collect::<Vec<_>>().concat()
}

fn handshake() -> Vec<u8> {
    [
        list(&["git-filter-client", "version=2"]),
        list(&["capability=clean", "capability=smudge", "capability=delay"]),
    ]
    .concat()
}

fn welcome() -> Vec<u8> {
    [list(&["git-filter-server", "version=2"]), list(&["capability=clean", "capability=smudge"])]
        .concat()
}

/// A session after its handshake, with `input` to come.
fn session(input: &[u8]) -> Session<impl Read + use<>, Vec<u8>> {
    let input = io::Cursor::new([handshake(), input.to_vec()].concat());
    Session::open(BufReader::new(input), Vec::new()).unwrap()
}

/// A stream that ends up in a shared place, for a look at what was written.
#[derive(Clone, Default)]
struct Shared(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The requests and contents of a script, and all that was written in answer.
fn serve(
    script: &[u8],
    mut answer: impl FnMut(&Request, Vec<u8>, &mut dyn FnMut(Option<&[u8]>, bool)),
) -> (Result<()>, Vec<u8>) {
    let output = Shared::default();
    let result = Session::open(BufReader::new(script), output.clone()).and_then(|mut session| {
        while let Some(request) = session.next_request()? {
            let mut content = Vec::new();
            if session.content().read_to_end(&mut content).is_err() {
                return Err(Error::Protocol { what: "content".into() });
            }
            answer(&request, content, &mut |bytes, success| {
                let Some(bytes) = bytes else { return session.refuse().unwrap() };
                session.accept().unwrap();
                session.answer().write_all(bytes).unwrap();
                session.end(success).unwrap();
            });
        }
        Ok(())
    });
    let written = output.0.lock().unwrap().clone();
    (result, written)
}

#[test]
fn a_conversation() {
    let script = [
        handshake(),
        list(&["command=clean", "pathname=a dir/m=1.pt"]),
        packet("hello "),
        packet("world"),
        b"0000".to_vec(),
        list(&["command=smudge", "pathname=b", "ref=refs/heads/x", "treeish=abc", "blob=def"]),
        b"0000".to_vec(),
        list(&["command=smudge", "pathname=c"]),
        packet("x"),
        b"0000".to_vec(),
    ]
    .concat();
    let mut seen = Vec::new();
    let (result, written) = serve(&script, |request, content, reply| {
        match request.pathname.as_slice() {
            b"b" => reply(None, false),
            b"c" => reply(Some(b"half of it"), false),
            _ => reply(Some(b"MANIFEST"), true),
        }
        seen.push((request.clone(), content));
    });
    result.unwrap();
    let request = |command: &str, path: &[u8], treeish: Option<&str>| Request {
        command: command.into(),
        pathname: path.to_vec(),
        treeish: treeish.map(Into::into),
    };
    assert_eq!(
        seen,
        [
            (request("clean", b"a dir/m=1.pt", None), b"hello world".to_vec()),
            (request("smudge", b"b", Some("abc")), b"".to_vec()),
            (request("smudge", b"c", None), b"x".to_vec()),
        ]
    );
    let accepted = [list(&["status=success"]), packet("MANIFEST"), list(&[]), list(&[])];
    let refused = [list(&["status=error"])];
    let taken_back =
        [list(&["status=success"]), packet("half of it"), list(&[]), list(&["status=error"])];
    let expected = [vec![welcome()], accepted.into(), refused.into(), taken_back.into()];
    assert_eq!(written, expected.concat().concat());
}

#[test]
fn an_empty_answer_is_a_flush() {
    let script = [handshake(), list(&["command=clean", "pathname=a"]), list(&[])].concat();
    let (_, written) = serve(&script, |_, _, reply| reply(Some(b""), true));
    assert_eq!(written, [welcome(), list(&["status=success"]), b"00000000".to_vec()].concat());
}

#[test]
fn answers_go_out_in_full_packets() {
    let script = [handshake(), list(&["command=clean", "pathname=a"]), list(&[])].concat();
    let output = Shared::default();
    let mut session = Session::open(script.as_slice(), output.clone()).unwrap();
    session.next_request().unwrap();
    session.accept().unwrap();
    output.0.lock().unwrap().clear();
    let bytes: Vec<u8> = (0..200_000u32).map(|at| at as u8).collect();
    for part in bytes.chunks(777) {
        session.answer().write_all(part).unwrap();
    }
    session.end(true).unwrap();
    let packets: Vec<u8> = bytes.chunks(MOST_PAYLOAD).flat_map(packet).collect();
    assert_eq!(*output.0.lock().unwrap(), [packets, b"00000000".to_vec()].concat());
}

#[test]
fn a_flush_sends_what_has_gathered() {
    let output = Shared::default();
    let mut session = Session::open(io::Cursor::new(handshake()), output.clone()).unwrap();
    output.0.lock().unwrap().clear();
    session.answer().write_all(b"some").unwrap();
    assert!(output.0.lock().unwrap().is_empty());
    session.answer().flush().unwrap();
    session.answer().flush().unwrap();
    assert_eq!(*output.0.lock().unwrap(), packet("some"));
}

#[test]
fn the_longest_packets_are_taken() {
    let payload = vec![b'x'; MOST_PAYLOAD];
    let script = [
        list(&["command=clean", "pathname=a"]),
        packet(&payload),
        packet(""),
        packet(&payload),
        b"0000".to_vec(),
    ];
    assert_eq!(&script[1][..4], b"fff0");
    let mut session = session(&script.concat());
    session.next_request().unwrap().unwrap();
    let mut content = Vec::new();
    session.content().read_to_end(&mut content).unwrap();
    assert_eq!(content, [payload.clone(), payload].concat());
    assert_eq!(session.next_request().unwrap(), None);
}

#[test]
fn packets_without_payload_are_not_the_end() {
    let request = list(&["command=clean", "pathname=a"]);
    let script = [&request[..], b"0004", b"0004", b"0005x", b"0004", b"0000"].concat();
    let mut session = session(&script);
    session.next_request().unwrap();
    let mut content = Vec::new();
    session.content().read_to_end(&mut content).unwrap();
    assert_eq!(content, b"x");
    assert_eq!(session.content().read(&mut [0; 9]).unwrap(), 0, "the end stays");
}

#[test]
fn content_left_unread_is_thrown_away() {
    let request = |name: &str| list(&["command=clean", &format!("pathname={name}")]);
    let content = [packet("12345"), packet("6789"), b"0000".to_vec()].concat();
    let script = [request("a"), content.clone(), request("b"), content, request("c"), list(&[])];
    let mut session = session(&script.concat());
    session.next_request().unwrap();
    assert_eq!(session.next_request().unwrap().unwrap().pathname, b"b");
    session.content().read_exact(&mut [0; 3]).unwrap();
    let mut more = [0; 3];
    session.content().read_exact(&mut more).unwrap();
    assert_eq!(&more, b"456", "reading goes on where it stopped");
    assert_eq!(session.next_request().unwrap().unwrap().pathname, b"c");
    assert_eq!(session.next_request().unwrap(), None);
}

#[test]
fn paths_are_bytes() {
    let script = [packet(b"command=clean\n"), packet(b"pathname=\xff\n\n"), b"0000".to_vec()];
    let request = session(&script.concat()).next_request().unwrap().unwrap();
    assert_eq!(request.pathname, b"\xff\n");
}

fn is_protocol<T>(result: Result<T>) -> bool {
    matches!(result, Err(Error::Protocol { .. }))
}

#[test]
fn other_clients_are_refused() {
    for welcome in [
        list(&["git-filter-client", "version=1"]),
        list(&["git-filter-server", "version=2"]),
        list(&["version=2", "git-filter-client"]),
        list(&[]),
        b"".to_vec(),
        b"00".to_vec(),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        list(&["x"; 100]),
        [list(&["git-filter-client", "version=2"]), list(&["capability=clean"])].concat(),
        list(&["git-filter-client", "version=2"]),
    ] {
        assert!(is_protocol(Session::open(welcome.as_slice(), Vec::new())), "{welcome:?}");
    }
}

#[test]
fn bad_requests_are_refused() {
    for request in [
        list(&["command"]),
        list(&["command=clean"]),
        list(&["pathname=a"]),
        list(&[]),
        list(&["command=clean", "", "pathname=a"]),
        list(&[&["command=clean", "pathname=a"], &["key=value"; 63][..]].concat()),
        [list(&["command=clean", "pathname=a"]), packet("x")].concat()[..20].to_vec(),
    ] {
        let result = session(&request).next_request();
        assert!(is_protocol(result), "{}", String::from_utf8_lossy(&request));
    }
}

#[test]
fn unknown_keys_are_skipped() {
    let lines = [&["command=clean", "pathname=a"], &["key=value"; 62][..]].concat();
    assert!(session(&list(&lines)).next_request().unwrap().is_some());
}

#[test]
fn bad_lengths_are_refused() {
    let more = "x".repeat(70_000);
    for header in ["0001", "0002", "0003", "fff1", "ffff", "+00a", "-001", " 10", "0x10", "zzzz"] {
        let packet = format!("{header}{more}");
        assert!(is_protocol(session(packet.as_bytes()).next_request()), "{header}");
        let script = [&list(&["command=clean", "pathname=a"])[..], packet.as_bytes()].concat();
        let mut session = session(&script);
        session.next_request().unwrap();
        assert!(session.content().read(&mut [0; 9]).is_err(), "{header}");
    }
}

#[test]
fn upper_case_lengths_are_taken() {
    let payload = "command=clean\n";
    assert_eq!(payload.len() + 4, 0x12);
    let script = [b"001Bpathname=0123456789abc\n", &packet(payload)[..], b"0000"].concat();
    assert!(session(&script).next_request().unwrap().is_some());
}

#[test]
fn the_end_is_an_end_only_between_requests() {
    let script = [
        list(&["command=clean", "pathname=a"]),
        packet("some content"),
        packet("and more"),
        b"0000".to_vec(),
    ]
    .concat();
    for length in 0..script.len() {
        let mut session = session(&script[..length]);
        let ended = session.next_request().and_then(|request| {
            let Some(_) = request else { return Ok(true) };
            let mut content = Vec::new();
            let whole = session.content().read_to_end(&mut content).is_ok();
            assert!(!whole, "content cut at {length} looked whole");
            session.next_request().map(|_| false)
        });
        assert_eq!(ended.is_ok(), length == 0, "cut at {length}");
    }
}

/// A stream that gives one byte at a time and is interrupted between them.
struct Trickle<'a>(&'a [u8], bool);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let most = buffer.len().min(1);
        self.0.read(&mut buffer[..most])
    }
}

#[test]
fn slow_and_interrupted_streams_are_read() {
    let script =
        [handshake(), list(&["command=clean", "pathname=a"]), packet("slow"), list(&[])].concat();
    let mut session = Session::open(Trickle(&script, false), Vec::new()).unwrap();
    session.next_request().unwrap();
    let mut content = Vec::new();
    session.content().read_to_end(&mut content).unwrap();
    assert_eq!(content, b"slow");
    assert_eq!(session.next_request().unwrap(), None);
}

/// A stream that nobody reads any more.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_output_is_an_error() {
    let result = Session::open(io::Cursor::new(handshake()), Closed);
    assert!(matches!(result, Err(Error::Io { .. })));
}

proptest! {
    #[test]
    fn content_is_what_was_sent(
        parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..20),
        step in 1usize..60,
    ) {
        let mut script = list(&["command=clean", "pathname=a"]);
        for part in &parts {
            script.extend(packet(part));
        }
        script.extend(b"0000");
        let mut session = session(&script);
        session.next_request().unwrap();
        let mut content = Vec::new();
        let mut buffer = vec![0; step];
        loop {
            let count = session.content().read(&mut buffer).unwrap();
            if count == 0 {
                break;
            }
            content.extend_from_slice(&buffer[..count]);
        }
        prop_assert_eq!(content, parts.concat());
        prop_assert_eq!(session.next_request().unwrap(), None);
    }

    #[test]
    fn any_input_ends_in_a_request_or_an_error(
        mutations in proptest::collection::vec(crate::checkpoints::any_mutation(), 0..6),
        noise in proptest::collection::vec(any::<u8>(), 0..60),
    ) {
        let mut script = [handshake(), list(&["command=clean", "pathname=a"]), packet("x")].concat();
        for mutation in &mutations {
            mutation.apply(&mut script);
        }
        script.extend(noise);
        let _ = serve(&script, |_, _, reply| reply(Some(b"y"), true)).0.is_ok();
    }
}
