//! A manifest's one valid text.

use std::fmt::Write;

use crate::digest::hex;
use crate::manifest::{Manifest, Stored, VERSION, Value, View};
use crate::pointer::Pointer;

/// What the first line tells a person who opens a manifest in place of the model.
pub(super) const NOTE: &str =
    "a checkpoint stored by git-theta: install git-theta, then run 'git theta pull'";

impl Manifest {
    /// The canonical text: JSON, one line for each parameter.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(512 + 320 * self.entries.len());
        let _ = writeln!(text, "{{\"git-theta\": {VERSION}, \"note\": \"{NOTE}\",");
        let _ = writeln!(text, "\"format\": {}, \"size\": {},", quoted(&self.format), self.size);
        let _ = writeln!(text, "\"blake3\": \"{}\",", self.digest);
        if let Some(frames) = &self.frames {
            let _ = writeln!(text, "\"frames\": {{{}}},", value(frames));
        }
        let lines = self.entries.iter().map(|entry| {
            let gap =
                if entry.gap == 0 { String::new() } else { format!(", \"gap\": {}", entry.gap) };
            format!("{{\"name\": {}{gap}, {}}}", quoted(&entry.name), value(&entry.value))
        });
        list(&mut text, "parameters", lines);
        text.push_str(",\n");
        list(&mut text, "views", self.views.iter().map(view));
        text.push_str("}\n");
        text
    }
}

fn list(text: &mut String, name: &str, lines: impl Iterator<Item = String>) {
    let _ = write!(text, "\"{name}\": [");
    let mut separator = "\n";
    for line in lines {
        text.push_str(separator);
        text.push_str(&line);
        separator = ",\n";
    }
    text.push_str(if separator == "\n" { "]" } else { "\n]" });
}

fn value(value: &Value) -> String {
    let mut text = String::with_capacity(256);
    let _ = write!(
        text,
        "\"dtype\": \"{}\", \"shape\": {}, ",
        value.dtype.name(),
        numbers(&value.shape)
    );
    let _ = write!(text, "\"blake3\": \"{}\", ", value.digest);
    match &value.stored {
        Stored::Inline(bytes) => {
            let _ = write!(text, "\"inline\": \"{}\"", hex(bytes));
        }
        Stored::Update(update) => {
            let _ = write!(
                text,
                "\"update\": {}, \"objects\": {}",
                quoted(&update.kind),
                objects(&update.objects)
            );
            if let Some(base) = &update.base {
                let _ = write!(text, ", \"base\": {{{}}}", self::value(base));
            }
        }
    }
    text
}

fn view(view: &View) -> String {
    let (name, of) = (quoted(&view.name), quoted(&view.of));
    let (dtype, shape, stride) = (view.dtype.name(), numbers(&view.shape), numbers(&view.stride));
    format!(
        "{{\"name\": {name}, \"of\": {of}, \"dtype\": \"{dtype}\", \"shape\": {shape}, \"stride\": {stride}, \"offset\": {}}}",
        view.offset
    )
}

fn numbers(numbers: &[u64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
    format!("[{}]", numbers.join(", "))
}

fn objects(objects: &[Pointer]) -> String {
    let objects: Vec<String> =
        objects.iter().map(|object| format!("[\"{}\", {}]", object.oid, object.size)).collect();
    format!("[{}]", objects.join(", "))
}

/// A JSON string: everything but printable ASCII escaped, so that no name can hide in a terminal.
fn quoted(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 2);
    text.push('"');
    for unit in name.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte @ (b'"' | b'\\')) => text.extend(['\\', char::from(byte)]),
            Ok(byte @ b' '..=b'~') => text.push(char::from(byte)),
            _ => {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text.push('"');
    text
}
