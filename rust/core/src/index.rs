//! The index of a checkpoint: which of its bytes are which parameter's.

use std::collections::HashSet;

use crate::dtype::Dtype;

/// A stored run of bytes: one parameter's value, exactly as the file holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The parameter's name, as the checkpoint spells it; unique in the index.
    /// `None`: named after its content once that is known (opaque chunks).
    pub name: Option<String>,
    /// The type of its elements.
    pub dtype: Dtype,
    /// Its dimensions, outermost first, as the bytes lie in the file.
    pub shape: Vec<u64>,
    /// Where its bytes begin, counted from the start of the file.
    pub offset: u64,
}

impl Span {
    /// Its length in bytes. Zero if the shape overflows, which [`Index::new`] refuses.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.dtype.size_of(&self.shape).unwrap_or(0)
    }
}

/// A parameter without bytes of its own: another way to look at a stored span.
///
/// Tied weights, strided and overlapping tensors of one storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The parameter's name; unique among spans and views.
    pub name: String,
    /// The position of the span in [`Index::spans`].
    pub span: usize,
    /// The type of its elements.
    pub dtype: Dtype,
    /// Its dimensions, outermost first.
    pub shape: Vec<u64>,
    /// Its steps, in elements, one for each dimension.
    pub stride: Vec<u64>,
    /// Where its first element lies, in bytes from the start of the span.
    pub offset: u64,
}

/// A partition of a checkpoint into parameters and frames.
///
/// The spans are ordered, in bounds and free of overlap; every byte outside them
/// is a *frame* byte. That alone makes the way back exact: whatever an indexer
/// says, spans and frames put together again are the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// The indexer and its version, such as `safetensors/1`.
    pub format: &'static str,
    /// The size of the checkpoint in bytes.
    pub size: u64,
    /// The stored parameters, in the order of the file.
    pub spans: Vec<Span>,
    /// The parameters that look into them, in the order of the indexer.
    pub views: Vec<View>,
}

/// The most parameters a checkpoint may have before it is stored as opaque bytes.
pub const MOST_PARAMETERS: usize = 4_000_000;
/// The most dimensions a parameter may have; what `NumPy` and Zarr readers take.
pub const MOST_DIMENSIONS: usize = 64;
/// The longest name of a parameter, in bytes.
pub const LONGEST_NAME: usize = 65_536;

impl Index {
    /// Checks that the spans partition a file of `size` bytes and that the views stay inside
    /// their spans; sorts the spans and makes every name unique. `None` if a rule is broken:
    /// the file is then opaque.
    ///
    /// A name that comes again gets `#2`, `#3` … in the order given.
    #[must_use]
    pub fn new(
        format: &'static str,
        size: u64,
        spans: Vec<Span>,
        views: Vec<View>,
    ) -> Option<Self> {
        let mut order: Vec<usize> = (0..spans.len()).collect();
        order.sort_by_key(|&at| (spans[at].offset, spans[at].size(), at));
        let mut place = vec![0; spans.len()];
        for (to, &from) in order.iter().enumerate() {
            place[from] = to;
        }
        let mut index = Self { format, size, spans, views };
        index.make_names_unique();
        let mut unsorted: Vec<Option<Span>> = index.spans.into_iter().map(Some).collect();
        index.spans = order.iter().filter_map(|&from| unsorted[from].take()).collect();
        for view in &mut index.views {
            view.span = *place.get(view.span)?;
        }
        index.is_partition().then_some(index)
    }

    fn is_partition(&self) -> bool {
        let mut end = 0;
        let named = |name: &str, shape: &[u64]| {
            name.len() <= LONGEST_NAME && shape.len() <= MOST_DIMENSIONS
        };
        self.spans.len() + self.views.len() <= MOST_PARAMETERS
            && self.spans.iter().all(|span| {
                let size = span.dtype.size_of(&span.shape);
                let next = size.and_then(|size| span.offset.checked_add(size));
                let fits = span.offset >= end && next.is_some_and(|next| next <= self.size);
                end = next.unwrap_or(end);
                fits && named(span.name.as_deref().unwrap_or(""), &span.shape)
            })
            && self.views.iter().all(|view| {
                named(&view.name, &view.shape)
                    && view.end().is_some_and(|end| end <= self.spans[view.span].size())
            })
    }

    fn make_names_unique(&mut self) {
        let spans = self.spans.iter_mut().filter_map(|span| span.name.as_mut());
        let names = spans.chain(self.views.iter_mut().map(|view| &mut view.name));
        let mut names: Vec<&mut String> = names.collect();
        let mut taken: HashSet<String> = names.iter().map(|name| (**name).clone()).collect();
        let mut seen = HashSet::new();
        let mut tries = std::collections::HashMap::<String, u64>::new();
        for name in &mut names {
            if seen.insert((**name).clone()) {
                continue;
            }
            let count = tries.entry((**name).clone()).or_insert(1);
            let fresh = loop {
                *count += 1;
                let fresh = format!("{name}#{count}");
                if taken.insert(fresh.clone()) {
                    break fresh;
                }
            };
            seen.insert(fresh.clone());
            **name = fresh;
        }
    }

    /// How many bytes are frame bytes, outside every span.
    #[must_use]
    pub fn frame_size(&self) -> u64 {
        self.size - self.spans.iter().map(Span::size).sum::<u64>()
    }
}

impl View {
    /// The byte after its last element, from the start of the span; `None` on overflow.
    #[must_use]
    pub fn end(&self) -> Option<u64> {
        if self.stride.len() != self.shape.len() || self.dtype.bits() < 8 {
            return None;
        }
        if self.shape.contains(&0) {
            return Some(self.offset);
        }
        let last =
            self.shape.iter().zip(&self.stride).try_fold(0u64, |last, (&dim, &step)| {
                last.checked_add((dim - 1).checked_mul(step)?)
            })?;
        let bytes = last.checked_add(1)?.checked_mul(self.dtype.bits() / 8)?;
        self.offset.checked_add(bytes)
    }
}
