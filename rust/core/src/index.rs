//! The index of a checkpoint: which of its bytes are which parameter's.

use std::collections::{HashMap, HashSet};

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

    /// The byte after its last one, in the file; `None` if the shape or the sum overflows.
    #[must_use]
    pub fn end(&self) -> Option<u64> {
        self.offset.checked_add(self.dtype.size_of(&self.shape)?)
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
/// The most bytes that the names, shapes and objects of a checkpoint may take when written out.
pub const MOST_TEXT: u64 = 1 << 30;

impl Index {
    /// Checks that the spans partition a file of `size` bytes and that the views stay inside
    /// their spans; sorts the spans and makes every name unique. `None` if a rule is broken:
    /// the file is then opaque.
    ///
    /// A name that comes again gets `#2`, `#3` … in the order given, spans before views.
    #[must_use]
    pub fn new(
        format: &'static str,
        size: u64,
        mut spans: Vec<Span>,
        mut views: Vec<View>,
    ) -> Option<Self> {
        if spans.len() + views.len() > MOST_PARAMETERS {
            return None;
        }
        make_names_unique(&mut spans, &mut views);
        let mut numbered: Vec<(usize, Span)> = spans.into_iter().enumerate().collect();
        numbered.sort_by_key(|(_, span)| (span.offset, span.size()));
        let mut place = vec![0; numbered.len()];
        for (to, (from, _)) in numbered.iter().enumerate() {
            place[*from] = to;
        }
        for view in &mut views {
            view.span = *place.get(view.span)?;
        }
        let spans = numbered.into_iter().map(|(_, span)| span).collect();
        let index = Self { format, size, spans, views };
        (index.is_partition() && index.text_size() <= MOST_TEXT).then_some(index)
    }

    /// At least as many bytes as a line for each parameter takes: names escaped, numbers written
    /// out, and an object for every half of a GiB.
    fn text_size(&self) -> u64 {
        let spans = self.spans.iter().map(|span| {
            let name = span.name.as_deref().unwrap_or_default();
            let small = span.size() <= 128;
            let stored = if small { 2 * span.size() } else { 120 + (span.size() >> 29) * 150 };
            escaped(name) + 22 * span.shape.len() as u64 + stored + 200
        });
        let views = self.views.iter().map(|view| {
            let name = self.spans[view.span].name.as_deref().unwrap_or_default();
            escaped(&view.name) + escaped(name) + 44 * view.shape.len() as u64 + 150
        });
        spans.chain(views).fold(1000, u64::saturating_add)
    }

    /// Whether the spans are ordered, in bounds and free of overlap, the views inside their
    /// spans, and all of them named and shaped within the limits.
    #[must_use]
    pub fn is_partition(&self) -> bool {
        let fits = |name: &str, shape: &[u64]| {
            name.len() <= LONGEST_NAME && shape.len() <= MOST_DIMENSIONS
        };
        let mut end = 0;
        let mut follows = |span: &Span| {
            let before = std::mem::replace(&mut end, span.end().unwrap_or(u64::MAX));
            before <= span.offset && span.end().is_some_and(|end| end <= self.size)
        };
        let is_inside = |view: &View| {
            let span = self.spans.get(view.span);
            span.is_some_and(|span| view.end().is_some_and(|end| end <= span.size()))
        };
        let name = |span: &Span| fits(span.name.as_deref().unwrap_or(""), &span.shape);
        self.spans.iter().all(|span| follows(span) && name(span))
            && self.views.iter().all(|view| is_inside(view) && fits(&view.name, &view.shape))
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

/// The bytes of `name` in JSON, at most.
fn escaped(name: &str) -> u64 {
    let length = |byte| match byte {
        b'"' | b'\\' => 2,
        b' '..=b'~' => 1,
        _ => 6,
    };
    name.bytes().map(length).sum()
}

fn make_names_unique(spans: &mut [Span], views: &mut [View]) {
    let stored = spans.iter_mut().filter_map(|span| span.name.as_mut());
    let names: Vec<_> = stored.chain(views.iter_mut().map(|view| &mut view.name)).collect();
    // How often each name has come so far; numbers tried, once it came again.
    let mut counts: HashMap<&str, u64> = HashMap::with_capacity(names.len());
    for name in &names {
        counts.insert(name, 0);
    }
    if counts.len() == names.len() {
        return;
    }
    let mut taken: HashSet<String> = HashSet::new();
    let mut renamed = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let mut count = counts.get(name.as_str()).copied().unwrap_or_default() + 1;
        if count > 1 {
            let numbered = (count..).map(|count| (count, format!("{name}#{count}")));
            let mut fresh = numbered
                .filter(|(_, name)| !counts.contains_key(name.as_str()) && !taken.contains(name));
            let Some((found, name)) = fresh.next() else { return };
            count = found;
            taken.insert(name.clone());
            renamed.push((place, name));
        }
        counts.insert(name, count);
    }
    let mut names = names;
    for (place, name) in renamed {
        *names[place] = name;
    }
}
