//! Values of a pickle: inert nodes that hold each other by number, cycles and all.

use std::ops::Range;

/// The number of a value in its [`Pickle`].
pub(super) type Id = u32;

/// The value that stands for everything without parts that nobody asks about.
pub(super) const PLAIN: Id = 0;

/// A stretch of the pickle's own bytes.
#[derive(Clone, Copy)]
pub(super) struct Text {
    start: u32,
    end: u32,
}

impl From<Range<usize>> for Text {
    fn from(range: Range<usize>) -> Self {
        Self { start: range.start as u32, end: range.end as u32 }
    }
}

/// What an opcode made. Nothing is ever looked up, called or built.
pub(super) enum Value {
    /// None, a truth value, a float, bytes, a huge integer.
    Plain,
    /// An integer.
    Int(i64),
    /// A string.
    Text(Text),
    /// A class or function, by module and name: a label.
    Global(Text, Text),
    /// A tuple.
    Tuple(Vec<Id>),
    /// A list or a set.
    List(Vec<Id>),
    /// A dict: keys and values in turn.
    Dict(Vec<Id>),
    /// What calling `function` with `arguments` would have made.
    Call {
        /// The function or class.
        function: Id,
        /// Its arguments, a tuple.
        arguments: Id,
        /// What was put into the result afterwards.
        held: Option<Box<Held>>,
    },
    /// A persistent id: torch's reference to a storage.
    Storage(Id),
}

/// What the result of a call was given after the call.
#[derive(Default)]
pub(super) struct Held {
    /// Its states and keyword arguments.
    pub(super) states: Vec<Id>,
    /// Items appended to it.
    pub(super) list: Vec<Id>,
    /// Items set in it: keys and values in turn.
    pub(super) dict: Vec<Id>,
}

/// A pickle that has been read.
pub(super) struct Pickle {
    /// Its bytes, which the texts are in.
    pub(super) bytes: Vec<u8>,
    /// Every value, parts before wholes except where the pickle changed a value later.
    pub(super) values: Vec<Value>,
    /// The pickled object.
    pub(super) root: Id,
}

impl Pickle {
    /// The value with this number.
    pub(super) fn get(&self, id: Id) -> &Value {
        &self.values[id as usize]
    }

    /// Whether the value has no parts.
    pub(super) fn is_scalar(&self, id: Id) -> bool {
        matches!(self.get(id), Value::Plain | Value::Int(_) | Value::Text(_) | Value::Global(..))
    }

    /// How many parts the value has of its own.
    pub(super) fn breadth(&self, id: Id) -> usize {
        match self.get(id) {
            Value::Tuple(parts) | Value::List(parts) | Value::Dict(parts) => parts.len(),
            Value::Call { held: Some(held), .. } => {
                held.states.len() + held.list.len() + held.dict.len()
            }
            _ => 0,
        }
    }

    /// The bytes of a text.
    pub(super) fn bytes(&self, text: Text) -> &[u8] {
        &self.bytes[text.start as usize..text.end as usize]
    }

    /// The parts of a tuple.
    pub(super) fn tuple(&self, id: Id) -> Option<&[Id]> {
        if let Value::Tuple(parts) = self.get(id) { Some(parts) } else { None }
    }

    /// The bytes of a string.
    pub(super) fn text(&self, id: Id) -> Option<&[u8]> {
        if let Value::Text(text) = self.get(id) { Some(self.bytes(*text)) } else { None }
    }

    /// The name of a class or function, without its module.
    pub(super) fn name(&self, id: Id) -> Option<&[u8]> {
        if let Value::Global(_, name) = self.get(id) { Some(self.bytes(*name)) } else { None }
    }

    /// The name of a class or function that torch itself has.
    pub(super) fn torch_name(&self, id: Id) -> Option<&[u8]> {
        let Value::Global(module, name) = self.get(id) else { return None };
        let module = self.bytes(*module);
        (module == b"torch" || module.starts_with(b"torch.")).then(|| self.bytes(*name))
    }

    /// A number that cannot be negative.
    pub(super) fn count(&self, id: Id) -> Option<u64> {
        if let Value::Int(number) = self.get(id) { u64::try_from(*number).ok() } else { None }
    }
}
