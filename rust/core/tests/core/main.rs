//! The core's tests: one binary, one module for each module under test.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod torch;
