//! The core's tests: one binary, one module for each module under test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "in a test a panic is the report, and calls should read well"
)]
#![allow(unreachable_pub, reason = "a test binary exports nothing")]

mod channel;
mod checkpoints;
mod drain;
mod format;
mod golden;
mod grid;
mod index;
mod known;
mod manifest;
mod merge;
mod object;
mod opaque;
mod pktline;
mod place;
mod pointer;
mod restore;
mod roundtrip;
mod safetensors;
mod store;
mod torch;
