//! Three manifests become one, as far as no parameter was changed on both sides.
//!
//! What one side changed is taken, as git does with lines. The *layout* (frames, names,
//! order, types and shapes) is taken whole from the one side that changed it. What both
//! changed is a conflict, which is somebody else's to decide.

use std::collections::HashMap;

use crate::clean::{default_limits, default_threads};
use crate::digest::Digest;
use crate::error::Result;
use crate::manifest::{Entry, Manifest, Value};
use crate::progress::Counter;
use crate::smudge::Smudger;
use crate::store::Store;

/// The result of a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The merged manifest; ours where there are conflicts.
    pub manifest: Manifest,
    /// What both sides changed, by name; `frames` for the layout.
    pub conflicts: Vec<String>,
}

/// Merges. `ancestor` is `None` when both sides added the checkpoint.
///
/// With `store` the merged checkpoint's digest is computed by restoring it; without, as for the
/// virtual ancestor of a criss-cross merge, it is one side's, and nobody will restore it.
pub fn merge(
    ancestor: Option<&Manifest>,
    ours: &Manifest,
    theirs: &Manifest,
    store: Option<&Store>,
) -> Result<Merged> {
    for (same, taken) in [(theirs, ours), (ours, theirs)] {
        if ours == theirs || ancestor == Some(same) {
            return Ok(Merged { manifest: taken.clone(), conflicts: vec![] });
        }
    }
    let sides = Sides {
        ancestor: by_name(ancestor),
        ours: by_name(Some(ours)),
        theirs: by_name(Some(theirs)),
    };
    let mut conflicts = Vec::new();
    let (kept, other) = one_layout(ancestor, ours, theirs).unwrap_or_else(|| {
        conflicts.push("frames".to_owned());
        (ours, theirs)
    });
    let mut manifest = kept.clone();
    conflicts.extend(sides.fill(&mut manifest));
    conflicts.extend(sides.lost(kept, other));
    if !conflicts.is_empty() {
        return Ok(Merged { manifest: ours.clone(), conflicts });
    }
    if let Some(store) = store {
        manifest.digest = digest(&manifest, store)?;
    }
    Ok(Merged { manifest, conflicts })
}

/// The side whose layout is kept, and the other; `None` if both changed it.
fn one_layout<'a>(
    ancestor: Option<&Manifest>,
    ours: &'a Manifest,
    theirs: &'a Manifest,
) -> Option<(&'a Manifest, &'a Manifest)> {
    let old = ancestor.map(Layout::of);
    let (our, their) = (Layout::of(ours), Layout::of(theirs));
    if our == their || old.as_ref() == Some(&their) {
        Some((ours, theirs))
    } else if old.as_ref() == Some(&our) {
        Some((theirs, ours))
    } else {
        None
    }
}

fn digest(manifest: &Manifest, store: &Store) -> Result<Digest> {
    let counter = Counter::default();
    let (threads, limits) = (default_threads(), default_limits());
    Smudger { store, threads, limits, counter: &counter }.digest(manifest)
}

type Values<'a> = HashMap<&'a str, &'a Value>;

fn by_name(manifest: Option<&Manifest>) -> Values<'_> {
    let entries = manifest.into_iter().flat_map(|manifest| &manifest.entries);
    entries.map(|entry| (entry.name.as_str(), &entry.value)).collect()
}

struct Sides<'a> {
    ancestor: Values<'a>,
    ours: Values<'a>,
    theirs: Values<'a>,
}

impl<'a> Sides<'a> {
    /// Gives every entry of the kept layout its value; the names of those that both sides changed.
    fn fill(&self, manifest: &mut Manifest) -> Vec<String> {
        let mut conflicts = Vec::new();
        for entry in &mut manifest.entries {
            match self.pick(entry) {
                Some(value) => entry.value = value.clone(),
                None => conflicts.push(entry.name.clone()),
            }
        }
        conflicts
    }

    /// The value of an entry of the kept layout; `None` if both sides changed it.
    fn pick(&self, kept: &Entry) -> Option<&'a Value> {
        let name = kept.name.as_str();
        let (ours, theirs) = (self.ours.get(name), self.theirs.get(name));
        let same = |one: Option<&&Value>, other: Option<&&Value>| match (one, other) {
            (Some(one), Some(other)) => is_same(one, other),
            (None, None) => true,
            _ => false,
        };
        let ancestor = self.ancestor.get(name);
        let picked = if same(ours, theirs) || same(theirs, ancestor) {
            ours
        } else if same(ours, ancestor) {
            theirs
        } else {
            None
        };
        // A value of another type or shape does not fit the kept layout.
        let (dtype, shape) = (kept.value.dtype, &kept.value.shape);
        picked.copied().filter(|value| (value.dtype, &value.shape) == (dtype, shape))
    }

    /// Parameters that the kept layout has no place for, though the other side changed them.
    fn lost(&self, kept: &Manifest, other: &Manifest) -> Vec<String> {
        let places = by_name(Some(kept));
        let gone = other.entries.iter().filter(|entry| !places.contains_key(entry.name.as_str()));
        let changed = |entry: &&Entry| {
            self.ancestor.get(entry.name.as_str()).is_none_or(|old| !is_same(old, &entry.value))
        };
        gone.filter(changed).map(|entry| entry.name.clone()).collect()
    }
}

fn is_same(one: &Value, other: &Value) -> bool {
    (one.digest, one.dtype, &one.shape) == (other.digest, other.dtype, &other.shape)
}

/// All of a manifest but its parameters' values.
#[derive(PartialEq, Eq)]
struct Layout<'a> {
    format: &'a str,
    frames: Option<Digest>,
    entries: Vec<(&'a str, u64, crate::dtype::Dtype, &'a [u64])>,
    views: &'a [crate::manifest::View],
}

impl<'a> Layout<'a> {
    fn of(manifest: &'a Manifest) -> Self {
        let entries = manifest.entries.iter();
        Self {
            format: &manifest.format,
            frames: manifest.frames.as_ref().map(|frames| frames.digest),
            entries: entries
                .map(|entry| {
                    (
                        entry.name.as_str(),
                        entry.gap,
                        entry.value.dtype,
                        entry.value.shape.as_slice(),
                    )
                })
                .collect(),
            views: &manifest.views,
        }
    }
}
