//! What a manifest must say besides being spelled right: sizes add up, names are unique, views fit.

use std::collections::HashMap;

use crate::dtype::Dtype;
use crate::error::{Error, Result};
use crate::index;
use crate::manifest::{LARGEST, Manifest, Value, View};

type Checked<T> = std::result::Result<T, String>;

/// The lines before `"parameters": [` when there are no frames.
const HEAD: usize = 3;

impl Manifest {
    /// Checks the rules that go beyond one line.
    pub(super) fn check(&self) -> Result<()> {
        let wrong = |line: usize| move |what: String| Error::Manifest { line, what };
        self.check_sizes().map_err(wrong(0))?;
        let first = HEAD + usize::from(self.frames.is_some()) + 2;
        let mut sizes = HashMap::with_capacity(self.entries.len() + self.views.len());
        for (number, entry) in self.entries.iter().enumerate() {
            if sizes.insert(entry.name.as_str(), Some(entry.value.size())).is_some() {
                let what = format!("parameter '{}' comes twice", entry.name);
                return Err(wrong(first + number)(what));
            }
        }
        let first = first + self.entries.len() + if self.entries.is_empty() { 1 } else { 2 };
        for (number, view) in self.views.iter().enumerate() {
            let size = sizes.get(view.of.as_str()).copied().flatten();
            check_view(view, size).map_err(wrong(first + number))?;
            if sizes.insert(&view.name, None).is_some() {
                let what = format!("parameter '{}' comes twice", view.name);
                return Err(wrong(first + number)(what));
            }
        }
        Ok(())
    }

    fn check_sizes(&self) -> Checked<()> {
        let frames = self.frames.as_ref().map_or(0, Value::size);
        let is_plain =
            |value: &Value| value.size() > 0 && value.dtype == Dtype::U8 && value.shape.len() == 1;
        if !self.frames.as_ref().is_none_or(is_plain) {
            return Err("expected frames to be U8 in one dimension that is not 0".into());
        }
        let sum = |sizes: &mut dyn Iterator<Item = u64>| sizes.fold(0, u64::saturating_add);
        let gaps = sum(&mut self.entries.iter().map(|entry| entry.gap));
        if gaps > frames {
            return Err(format!("expected gaps of at most {frames} bytes, found {gaps}"));
        }
        let values = sum(&mut self.entries.iter().map(|entry| entry.value.size()));
        let total = values.saturating_add(frames);
        if total != self.size || self.size > LARGEST {
            let size = self.size;
            return Err(format!("expected parameters and frames of {size} bytes, found {total}"));
        }
        Ok(())
    }
}

/// Checks a view on an entry of `size` bytes, if there is that entry.
fn check_view(view: &View, size: Option<u64>) -> Checked<()> {
    let View { name, of, .. } = view;
    let size = size.ok_or_else(|| format!("view '{name}' is of '{of}', which holds no bytes"))?;
    let end = index::View {
        name: String::new(),
        span: 0,
        dtype: view.dtype,
        shape: view.shape.clone(),
        stride: view.stride.clone(),
        offset: view.offset,
    }
    .end();
    if end.is_some_and(|end| end <= size) {
        return Ok(());
    }
    Err(format!("view '{name}' reaches past the {size} bytes of '{of}'"))
}
