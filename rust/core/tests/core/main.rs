//! The core's tests: one binary, one module for each module under test.
