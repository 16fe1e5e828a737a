//! Reads a pickle into inert values: a stack machine that imports, calls and builds nothing.

use std::collections::HashMap;
use std::ops::Range;

use super::number;
use super::opcode as op;
use super::value::{Held, Id, PLAIN, Pickle, Text, Value};

/// The most opcodes that are run, which bounds the stack and the parts of values.
const MOST_OPCODES: usize = 40_000_000;
/// The most values that are kept, and that the memo may hold.
const MOST_VALUES: usize = 10_000_000;

/// Reads the pickle that `bytes` begin with. `None` if it is broken or needs what it may not.
pub(super) fn read(bytes: Vec<u8>) -> Option<Pickle> {
    let (values, root) = Machine::new(&bytes).run()?;
    Some(Pickle { bytes, values, root })
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Value>,
    stack: Vec<Id>,
    marks: Vec<u32>,
    memo: HashMap<u32, Id>,
}

impl<'a> Machine<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let values = vec![Value::Plain];
        Self { bytes, at: 0, values, stack: vec![], marks: vec![], memo: HashMap::new() }
    }

    fn run(mut self) -> Option<(Vec<Value>, Id)> {
        for _ in 0..MOST_OPCODES {
            let opcode = self.unsigned(1)? as u8;
            if opcode == op::STOP {
                let root = self.pop()?;
                return Some((self.values, root));
            }
            self.step(opcode)?;
        }
        None
    }

    fn step(&mut self, opcode: u8) -> Option<()> {
        match opcode {
            op::PROTO => (self.unsigned(1)? <= 5).then_some(()),
            op::FRAME => self.unsigned(8).map(drop),
            op::NONE | op::NEWTRUE | op::NEWFALSE => self.plain(0),
            op::BINFLOAT => self.plain(8),
            op::BININT1 => self.integer(1, false),
            op::BININT2 => self.integer(2, false),
            op::BININT => self.integer(4, true),
            op::LONG1 => self.long(1),
            op::LONG4 => self.long(4),
            op::SHORT_BINSTRING | op::SHORT_BINUNICODE => self.text(1),
            op::BINSTRING | op::BINUNICODE => self.text(4),
            op::BINUNICODE8 => self.text(8),
            op::SHORT_BINBYTES => self.blob(1),
            op::BINBYTES => self.blob(4),
            op::BINBYTES8 | op::BYTEARRAY8 => self.blob(8),
            op::GLOBAL | op::STACK_GLOBAL => self.global(opcode),
            op::REDUCE | op::NEWOBJ | op::NEWOBJ_EX | op::BUILD => self.call(opcode),
            op::BINPERSID => {
                let reference = self.pop()?;
                self.push(Value::Storage(reference))
            }
            _ => self.gather(opcode),
        }
    }

    /// Makes a container, or puts items into one.
    fn gather(&mut self, opcode: u8) -> Option<()> {
        match opcode {
            op::EMPTY_TUPLE => self.push(Value::Tuple(vec![])),
            op::EMPTY_LIST | op::EMPTY_SET => self.push(Value::List(vec![])),
            op::EMPTY_DICT => self.push(Value::Dict(vec![])),
            op::TUPLE1 => self.tuple(1),
            op::TUPLE2 => self.tuple(2),
            op::TUPLE3 => self.tuple(3),
            op::TUPLE | op::LIST | op::FROZENSET | op::DICT => self.container(opcode),
            op::APPEND => {
                let item = self.pop()?;
                self.append(&[item])
            }
            op::APPENDS | op::ADDITEMS => {
                let items = self.pop_to_mark()?;
                self.append(&items)
            }
            op::SETITEM => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set(&[key, value])
            }
            op::SETITEMS => {
                let items = self.pop_to_mark()?;
                self.set(&items)
            }
            _ => self.arrange(opcode),
        }
    }

    /// Makes a container of all that lies above the mark.
    fn container(&mut self, opcode: u8) -> Option<()> {
        let parts = self.pop_to_mark()?;
        let even = parts.len().is_multiple_of(2);
        self.push(match opcode {
            op::TUPLE => Value::Tuple(parts),
            op::DICT => even.then_some(Value::Dict(parts))?,
            _ => Value::List(parts),
        })
    }

    /// Moves values between stack and memo.
    fn arrange(&mut self, opcode: u8) -> Option<()> {
        match opcode {
            op::MARK => self.marks.push(self.stack.len() as u32),
            op::POP if self.fence() == self.stack.len() => self.marks.pop().map(drop)?,
            op::POP => self.pop().map(drop)?,
            op::POP_MARK => self.pop_to_mark().map(drop)?,
            op::DUP => self.stack.push(self.top()?),
            op::BINPUT | op::LONG_BINPUT | op::MEMOIZE => {
                let key = match opcode {
                    op::BINPUT => self.unsigned(1)?,
                    op::LONG_BINPUT => self.unsigned(4)?,
                    _ => self.memo.len() as u64,
                };
                self.memo.insert(key as u32, self.top()?);
                return (self.memo.len() <= MOST_VALUES).then_some(());
            }
            op::BINGET | op::LONG_BINGET => {
                let key = self.unsigned(if opcode == op::BINGET { 1 } else { 4 })?;
                self.stack.push(*self.memo.get(&(key as u32))?);
            }
            _ => return None,
        }
        Some(())
    }

    fn global(&mut self, opcode: u8) -> Option<()> {
        let (module, name) = if opcode == op::GLOBAL {
            (self.line()?, self.line()?)
        } else {
            let (name, module) = (self.pop()?, self.pop()?);
            let text = |id: Id| match self.values[id as usize] {
                Value::Text(text) => Some(text),
                _ => None,
            };
            (text(module)?, text(name)?)
        };
        self.push(Value::Global(module, name))
    }

    fn call(&mut self, opcode: u8) -> Option<()> {
        let state = matches!(opcode, op::BUILD | op::NEWOBJ_EX).then(|| self.pop());
        if opcode != op::BUILD {
            let (arguments, function) = (self.pop()?, self.pop()?);
            self.push(Value::Call { function, arguments, held: None })?;
        }
        if let Some(state) = state {
            let state = state?;
            self.held()?.states.push(state);
        }
        Some(())
    }

    /// What the call on top of the stack holds.
    fn held(&mut self) -> Option<&mut Held> {
        let top = self.top()? as usize;
        let Value::Call { held, .. } = &mut self.values[top] else { return None };
        Some(held.get_or_insert_default())
    }

    fn append(&mut self, items: &[Id]) -> Option<()> {
        let top = self.top()? as usize;
        let list = match &mut self.values[top] {
            Value::List(list) => list,
            _ => &mut self.held()?.list,
        };
        list.extend_from_slice(items);
        Some(())
    }

    fn set(&mut self, items: &[Id]) -> Option<()> {
        let top = self.top()? as usize;
        let dict = match &mut self.values[top] {
            Value::Dict(dict) => dict,
            _ => &mut self.held()?.dict,
        };
        dict.extend_from_slice(items);
        items.len().is_multiple_of(2).then_some(())
    }

    fn tuple(&mut self, length: usize) -> Option<()> {
        let at = self.stack.len().checked_sub(length).filter(|&at| at >= self.fence())?;
        let parts = self.stack.drain(at..).collect();
        self.push(Value::Tuple(parts))
    }

    fn push(&mut self, value: Value) -> Option<()> {
        let id = self.values.len();
        self.values.push(value);
        self.stack.push(id as Id);
        (id < MOST_VALUES).then_some(())
    }

    /// How much of the stack lies below the last mark, out of reach.
    fn fence(&self) -> usize {
        self.marks.last().map_or(0, |&mark| mark as usize)
    }

    fn top(&self) -> Option<Id> {
        self.stack.get(self.fence()..)?.last().copied()
    }

    fn pop(&mut self) -> Option<Id> {
        let top = self.top()?;
        self.stack.pop();
        Some(top)
    }

    fn pop_to_mark(&mut self) -> Option<Vec<Id>> {
        let mark = self.marks.pop()? as usize;
        Some(self.stack.drain(mark..).collect())
    }

    fn unsigned(&mut self, width: usize) -> Option<u64> {
        let value = number(self.bytes, self.at, width)?;
        self.at += width;
        Some(value)
    }

    fn integer(&mut self, width: usize, signed: bool) -> Option<()> {
        let value = self.unsigned(width)?.cast_signed();
        let unused = 64 - 8 * width;
        let value = if signed { value << unused >> unused } else { value };
        self.push(Value::Int(value))
    }

    /// An integer of as many bytes as a number of `width` bytes says.
    fn long(&mut self, width: usize) -> Option<()> {
        let bytes = self.sized(width)?;
        let length = bytes.len();
        if length > 8 {
            return self.plain(0);
        }
        if length == 0 {
            return self.push(Value::Int(0));
        }
        self.at = bytes.start;
        self.integer(length, true)
    }

    /// A value that nobody asks about, in `width` bytes.
    fn plain(&mut self, width: usize) -> Option<()> {
        self.unsigned(width)?;
        self.stack.push(PLAIN);
        Some(())
    }

    fn blob(&mut self, width: usize) -> Option<()> {
        self.sized(width)?;
        self.plain(0)
    }

    fn text(&mut self, width: usize) -> Option<()> {
        let text = self.sized(width)?.into();
        self.push(Value::Text(text))
    }

    /// As many bytes as a number of `width` bytes says.
    fn sized(&mut self, width: usize) -> Option<Range<usize>> {
        let length = usize::try_from(self.unsigned(width)?).ok()?;
        let end = self.at.checked_add(length).filter(|&end| end <= self.bytes.len())?;
        Some(std::mem::replace(&mut self.at, end)..end)
    }

    fn line(&mut self) -> Option<Text> {
        let length = self.bytes.get(self.at..)?.iter().position(|&byte| byte == b'\n')?;
        let line = self.at..self.at + length;
        self.at = line.end + 1;
        Some(line.into())
    }
}
