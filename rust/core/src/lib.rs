//! Checkpoints as parameters: index, objects, manifest, and back to the same bytes.
//!
//! ```text
//! clean   bytes ─source─► index ─► digests ─┬─ known ──► reuse the entry ─┐
//!                                           └─ new ────► object ──────────┴─► manifest ─► git
//! smudge  git ─► manifest ─► objects, decoded in parallel ─► spans in order ─► the same bytes
//! ```
//!
//! An *index* partitions a checkpoint into *spans*: every byte is a parameter's or a
//! frame byte. Each parameter is stored as one *object* of the Git LFS store, named in
//! the *manifest* that git keeps in place of the checkpoint. Restoring needs the manifest
//! and the objects and knows no format.
//!
//! The modules below stand in floors; a module uses only those above it in this list.

// F0: words
pub mod digest;
pub mod dtype;
pub mod error;
pub mod progress;
// F1: shapes of data
pub mod index;
pub mod pktline;
pub mod pointer;
pub mod source;
// F2: how git hands a file over; formats
pub mod channel;
pub mod format;
// F3: objects, and where they are kept
pub mod object;
pub mod store;
// F4: the text git keeps
pub mod manifest;
// F5: what is stored already, and what git sends
pub mod known;
pub mod received;
// F6: the two directions
pub mod clean;
pub mod smudge;
// F7: what stands on both
pub mod merge;
