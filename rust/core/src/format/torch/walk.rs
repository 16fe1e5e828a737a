//! Walks the object graph to every tensor in it, and names each by the way it was reached.

use super::archive::Archive;
use super::tensor::Tensor;
use super::value::{Held, Id, Pickle, Value};
use crate::index::{LONGEST_NAME, MOST_PARAMETERS};

/// The deepest nesting that is followed.
const DEEPEST: usize = 128;
/// How much is visited again by other ways: shared values make exponential trees.
const MOST_REVISITS: usize = 1_000_000;
/// The bytes that all names and shapes may take together.
const MOST_TEXT: usize = 256 << 20;
/// The name of a tensor that was pickled alone.
const UNNAMED: &str = "tensor";

/// A tensor and the name of its place.
pub(super) struct Leaf {
    /// The keys on the way to it, joined by dots.
    pub(super) name: String,
    /// What it looks at.
    pub(super) tensor: Tensor,
}

/// Every tensor of the pickled object, in the order of the pickle, once for each way to it.
///
/// A value that holds itself is not entered again, and one that many share is not once
/// [`MOST_REVISITS`] is used up. `None` if a tensor is not what torch writes, or if the
/// graph is too deep or too large.
pub(super) fn leaves(pickle: &Pickle, archive: &Archive) -> Option<Vec<Leaf>> {
    let mut walk = Walk {
        pickle,
        archive,
        marks: vec![Mark::New; pickle.values.len()],
        path: String::new(),
        depth: 0,
        revisits: MOST_REVISITS,
        text: MOST_TEXT,
        leaves: vec![],
    };
    walk.visit(pickle.root, Part::Item)?;
    Some(walk.leaves)
}

/// How far the walk has come with a value.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    Open,
    Done,
}

/// What a value is to the one that holds it, which decides how its parts are named.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// An item: parts are named by their keys and positions.
    Item,
    /// The arguments of a call: the first is what the result is about.
    Arguments,
    /// The attributes of an object: named as a module's `state_dict` names them.
    State,
}

struct Walk<'a> {
    pickle: &'a Pickle,
    archive: &'a Archive,
    marks: Vec<Mark>,
    path: String,
    depth: usize,
    revisits: usize,
    text: usize,
    leaves: Vec<Leaf>,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, id: Id, part: Part) -> Option<()> {
        let (pickle, at) = (self.pickle, id as usize);
        if pickle.is_scalar(id) || self.marks[at] == Mark::Open {
            return Some(());
        }
        if self.marks[at] == Mark::Done {
            let Some(left) = self.revisits.checked_sub(1 + pickle.breadth(id)) else {
                return Some(());
            };
            self.revisits = left;
        }
        self.marks[at] = Mark::Open;
        self.deepen()?;
        self.parts(id, part)?;
        self.depth -= 1;
        self.marks[at] = Mark::Done;
        Some(())
    }

    fn parts(&mut self, id: Id, part: Part) -> Option<()> {
        match self.pickle.get(id) {
            Value::Storage(_) => self.leaf(Tensor::of_storage(self.pickle, self.archive, id)?),
            Value::Tuple(parts) => match (part, &parts[..]) {
                (Part::State, [attributes, slots]) => {
                    self.visit(*attributes, part)?;
                    self.visit(*slots, part)
                }
                (Part::Arguments, [first, ..]) => {
                    self.visit(*first, Part::Item)?;
                    self.items(parts, 1)
                }
                _ => self.items(parts, 0),
            },
            Value::List(items) => self.items(items, 0),
            Value::Dict(pairs) => self.pairs(pairs, part),
            Value::Call { function, arguments, held } => {
                self.call(*function, *arguments)?;
                held.as_deref().map_or(Some(()), |held| self.held(held))
            }
            _ => Some(()),
        }
    }

    fn items(&mut self, items: &[Id], first: usize) -> Option<()> {
        for (at, &item) in items.iter().enumerate().skip(first) {
            if !self.pickle.is_scalar(item) {
                self.enter(at.to_string().as_bytes(), item)?;
            }
        }
        Some(())
    }

    fn pairs(&mut self, pairs: &[Id], part: Part) -> Option<()> {
        for (at, pair) in pairs.chunks_exact(2).enumerate() {
            let value = pair[1];
            match self.pickle.get(pair[0]) {
                _ if self.pickle.is_scalar(value) => {}
                Value::Text(key) => match self.pickle.bytes(*key) {
                    b"_parameters" | b"_buffers" | b"_modules" if part == Part::State => {
                        self.visit(value, Part::Item)?;
                    }
                    key => self.enter(key, value)?,
                },
                Value::Int(key) => self.enter(key.to_string().as_bytes(), value)?,
                _ => self.enter(at.to_string().as_bytes(), value)?,
            }
        }
        Some(())
    }

    fn held(&mut self, held: &Held) -> Option<()> {
        for &state in &held.states {
            self.visit(state, Part::State)?;
        }
        self.items(&held.list, 0)?;
        self.pairs(&held.dict, Part::Item)
    }

    /// Visits what a call is made of: torch's own by their meaning, others by position.
    fn call(&mut self, function: Id, arguments: Id) -> Option<()> {
        let pickle: &'a Pickle = self.pickle;
        let name = pickle.torch_name(function).unwrap_or(b"");
        if !name.starts_with(b"_rebuild_") {
            return self.visit(arguments, Part::Arguments);
        }
        match (name, pickle.tuple(arguments)?) {
            (b"_rebuild_tensor" | b"_rebuild_tensor_v2" | b"_rebuild_tensor_v3", tensor) => {
                self.tensor(name, tensor)
            }
            (b"_rebuild_qtensor", parts) => {
                self.tensor(name, parts)?;
                let [_, scales, zero_points, ..] = pickle.tuple(*parts.get(4)?)? else {
                    return None;
                };
                self.named(&["scales", "zero_points"], &[*scales, *zero_points])
            }
            (b"_rebuild_parameter_with_state", [data, _, _, state]) => {
                self.visit(*data, Part::Item)?;
                self.visit(*state, Part::State)
            }
            (b"_rebuild_from_type_v2" | b"_rebuild_from_type", [function, _, arguments, state]) => {
                self.deepen()?;
                self.call(*function, *arguments)?;
                self.depth -= 1;
                self.visit(*state, Part::State)
            }
            (b"_rebuild_sparse_tensor", [layout, data]) => self.sparse(*layout, *data),
            (b"_rebuild_nested_tensor", parts) => {
                self.named(&["values", "sizes", "strides", "storage_offsets"], parts)
            }
            _ => self.visit(arguments, Part::Arguments),
        }
    }

    fn sparse(&mut self, layout: Id, data: Id) -> Option<()> {
        let pickle: &'a Pickle = self.pickle;
        let layout = match pickle.get(layout) {
            Value::Call { arguments, .. } => pickle.text(*pickle.tuple(*arguments)?.first()?)?,
            _ => return None,
        };
        let names: &[&str] = match layout {
            b"torch.sparse_coo" => &["indices", "values"],
            b"torch.sparse_csr" | b"torch.sparse_bsr" => &["crow_indices", "col_indices", "values"],
            b"torch.sparse_csc" | b"torch.sparse_bsc" => &["ccol_indices", "row_indices", "values"],
            _ => return self.visit(data, Part::Item),
        };
        self.named(names, pickle.tuple(data)?)
    }

    fn named(&mut self, names: &[&str], parts: &[Id]) -> Option<()> {
        names.iter().zip(parts).try_for_each(|(name, &part)| self.enter(name.as_bytes(), part))
    }

    fn tensor(&mut self, function: &[u8], arguments: &[Id]) -> Option<()> {
        self.leaf(Tensor::rebuild(self.pickle, self.archive, function, arguments)?)
    }

    fn leaf(&mut self, tensor: Tensor) -> Option<()> {
        let name = if self.path.is_empty() { UNNAMED } else { &self.path };
        self.text = self.text.checked_sub(name.len() + 16 * tensor.shape.len())?;
        self.leaves.push(Leaf { name: name.to_owned(), tensor });
        (self.leaves.len() <= MOST_PARAMETERS).then_some(())
    }

    /// Visits `id` with one more key on the path.
    fn enter(&mut self, key: &[u8], id: Id) -> Option<()> {
        let length = self.path.len();
        self.text = self.text.checked_sub(key.len())?;
        if length + key.len() >= LONGEST_NAME {
            return None;
        }
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(&String::from_utf8_lossy(key));
        self.visit(id, Part::Item)?;
        self.path.truncate(length);
        Some(())
    }

    fn deepen(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= DEEPEST).then_some(())
    }
}
