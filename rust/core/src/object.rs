//! Objects: one parameter, or one part of it, as one Zarr v3 shard of Blosc frames.
//!
//! ```text
//! parameter ─grid─► parts ─► chunks of about 1 MiB ─► byte planes ─► zstd or raw
//!                   │ one object each                 └── one Blosc-1 frame a chunk
//!                   └── frames, one after another, then the shard index and its crc32c
//! ```
//!
//! Any Zarr v3 reader opens an object as an array (tensorstore, zarr-python); nothing
//! in it is private. What an object's bytes are depends only on the parameter's
//! bytes, dtype and shape, so two machines store the same object under the same oid.

pub mod blosc;
pub mod grid;
pub mod plane;
pub mod shard;
mod shuffle;
