//! Channels: the same conversation with a long-running process and with one for a single file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use theta_core::channel::Channel;
use theta_core::error::Error;

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file
}

/// What was written to a file that shares its place with `file`.
fn written(file: &File) -> Vec<u8> {
    let mut file = file.try_clone().unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

fn packets(payloads: &[&str]) -> Vec<u8> {
    let packet = |payload: &&str| match *payload {
        "" => "0000".to_owned(),
        payload => format!("{:04x}{payload}", payload.len() + 4),
    };
    payloads.iter().map(packet).collect::<String>().into_bytes()
}

const HELLO: [&str; 6] =
    ["git-filter-client\n", "version=2\n", "", "capability=clean\n", "capability=smudge\n", ""];

/// A process that was asked to clean two files, and what it has written.
fn process() -> (Channel, File) {
    let requests = ["command=clean\n", "pathname=a\n", "", "first ", "content", ""];
    let more = ["command=clean\n", "pathname=b\n", "", "second", ""];
    let input = [&HELLO[..], &requests, &more].concat();
    let output = file(b"");
    (Channel::process(file(&packets(&input)), output.try_clone().unwrap()).unwrap(), output)
}

fn take(content: &mut dyn Read, count: usize) -> Vec<u8> {
    let mut taken = vec![0; count];
    content.read_exact(&mut taken).unwrap();
    taken
}

#[test]
fn a_single_file_is_taken_to_its_end_and_answered() {
    let (input, output) = (file(b"the content"), file(b""));
    let mut channel = Channel::single(input.try_clone().unwrap(), output.try_clone().unwrap());
    assert!(channel.next_request().unwrap().is_none());
    assert_eq!(channel.receive(|content| Ok(take(content, 3))).unwrap(), b"the");
    assert_eq!((&input).stream_position().unwrap(), 11, "git is rid of all");
    channel.answer(|output| output.write_all(b"answer").map_err(|_| Error::Interrupted)).unwrap();
    channel.refuse().unwrap();
    assert_eq!(written(&output), b"answer");
}

#[test]
fn a_failed_answer_to_a_single_file_is_an_error() {
    let mut channel = Channel::single(file(b"x"), file(b""));
    assert!(channel.receive::<()>(|_| Err(Error::Interrupted)).is_err());
    assert!(channel.answer(|_| Err(Error::Interrupted)).is_err());
}

#[test]
fn a_process_leaves_nothing_of_a_request_behind() {
    let (mut channel, output) = process();
    let hello = written(&output).len();
    assert_eq!(channel.next_request().unwrap().unwrap().pathname, b"a");
    assert_eq!(channel.receive(|content| Ok(take(content, 2))).unwrap(), b"fi");
    channel.answer(|output| output.write_all(b"A").map_err(|_| Error::Interrupted)).unwrap();
    let first = written(&output).len();
    assert_eq!(&written(&output)[hello..], packets(&["status=success\n", "", "A", "", ""]));
    assert_eq!(channel.next_request().unwrap().unwrap().pathname, b"b");
    let failed = channel.receive::<()>(|content| {
        take(content, 1);
        Err(Error::Interrupted)
    });
    assert_eq!(failed.unwrap_err().kind(), "interrupted");
    channel.refuse().unwrap();
    assert_eq!(&written(&output)[first..], packets(&["status=error\n", ""]));
    assert!(channel.next_request().unwrap().is_none());
}

#[test]
fn git_is_told_to_drop_half_an_answer() {
    let (mut channel, output) = process();
    let hello = written(&output).len();
    channel.next_request().unwrap();
    channel.receive(|content| Ok(take(content, 1))).unwrap();
    let answered = channel.answer(|output| {
        output.write_all(b"half").map_err(|_| Error::Interrupted)?;
        Err(Error::Interrupted)
    });
    assert_eq!(answered.unwrap_err().kind(), "interrupted");
    let expected = packets(&["status=success\n", "", "half", "", "status=error\n", ""]);
    assert_eq!(&written(&output)[hello..], expected);
}
