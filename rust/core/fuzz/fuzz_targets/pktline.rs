//! A session survives any git, and what it writes are whole packets.
#![no_main]

use std::io::{Read, Write};

use libfuzzer_sys::fuzz_target;
use theta_core::error::Result;
use theta_core::pktline::Session;

const HANDSHAKE: &[u8] = b"0016git-filter-client\n000eversion=2\n0000\
    0015capability=clean\n0016capability=smudge\n0000";

fuzz_target!(|bytes: &[u8]| {
    for input in [bytes, &[HANDSHAKE, bytes].concat()] {
        let mut output = Vec::new();
        let _ = serve(input, &mut output);
        check(&output);
    }
});

fn serve(input: &[u8], output: &mut Vec<u8>) -> Result<()> {
    let mut session = Session::open(input, output)?;
    while let Some(request) = session.next_request()? {
        let mut content = Vec::new();
        let whole = session.content().read_to_end(&mut content).is_ok();
        session.accept()?;
        session.answer().write_all(&request.pathname).expect("memory takes all");
        session.answer().write_all(&content).expect("memory takes all");
        session.end(whole)?;
    }
    Ok(())
}

fn check(mut packets: &[u8]) {
    while !packets.is_empty() {
        let header = std::str::from_utf8(&packets[..4]).expect("digits");
        let length = usize::from_str_radix(header, 16).expect("digits");
        assert!(length == 0 || (5..=65_520).contains(&length));
        packets = &packets[length.max(4)..];
    }
}
