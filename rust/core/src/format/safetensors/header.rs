//! The JSON header of a safetensors file, read without building a tree of it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::dtype::Dtype;
use crate::index::{MOST_DIMENSIONS, MOST_PARAMETERS};

/// What the header says of one tensor; offsets count from the end of the header.
pub(super) struct Tensor {
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<u64>,
    pub(super) begin: u64,
    pub(super) end: u64,
}

/// The named tensors in the order of the header, or `None` if it breaks a rule.
pub(super) fn parse(header: &[u8]) -> Option<Vec<(String, Tensor)>> {
    let text = std::str::from_utf8(header).ok()?;
    serde_json::from_str::<Header>(text).ok().map(|header| header.0)
}

/// A [`Deserialize`] by one visitor, which says what it expects.
macro_rules! deserialize {
    ($value:ident as $what:literal { $($visit:tt)* }) => {
        impl<'de> Deserialize<'de> for $value {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                struct Visit;
                impl<'de> Visitor<'de> for Visit {
                    type Value = $value;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($what)
                    }
                    $($visit)*
                }
                input.deserialize_any(Visit)
            }
        }
    };
}

struct Header(Vec<(String, Tensor)>);

deserialize!(Header as "tensors by name" {
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let mut tensors: HashMap<String, (usize, Tensor)> = HashMap::new();
        let mut metadata = None;
        while let Some(name) = map.next_key::<String>()? {
            if name == "__metadata__" {
                once(&mut metadata, map.next_value::<Option<Metadata>>()?)?;
                continue;
            }
            let tensor: Tensor = map.next_value()?;
            let position = tensors.len();
            match tensors.entry(name) {
                Entry::Vacant(place) => drop(place.insert((position, tensor))),
                Entry::Occupied(mut place) => place.get_mut().1 = tensor.again(&place.get().1)?,
            }
            if tensors.len() > MOST_PARAMETERS {
                return Err(A::Error::custom("too many tensors"));
            }
        }
        let mut ordered: Vec<_> = tensors.into_iter().collect();
        ordered.sort_unstable_by_key(|(_, (position, _))| *position);
        Ok(Header(ordered.into_iter().map(|(name, (_, tensor))| (name, tensor)).collect()))
    }
});

deserialize!(Tensor as "a tensor's dtype, shape and offsets" {
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tensor, A::Error> {
        let (mut dtype, mut shape, mut offsets) = (None, None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "dtype" => once(&mut dtype, map.next_value::<Element>()?.0)?,
                "shape" => once(&mut shape, map.next_value::<Shape>()?.0)?,
                "data_offsets" => once(&mut offsets, map.next_value::<(u64, u64)>()?)?,
                _ => {
                    map.next_value::<Anything>()?;
                }
            }
        }
        let (begin, end) = offsets.ok_or_else(|| A::Error::missing_field("data_offsets"))?;
        Ok(Tensor {
            dtype: dtype.ok_or_else(|| A::Error::missing_field("dtype"))?,
            shape: shape.ok_or_else(|| A::Error::missing_field("shape"))?,
            begin,
            end,
        })
    }
});

impl Tensor {
    /// A tensor whose name was there before must be the same bytes; the later one counts.
    fn again<E: Error>(self, before: &Self) -> Result<Self, E> {
        let same = (self.begin, self.end) == (before.begin, before.end);
        if same { Ok(self) } else { Err(E::custom("a name for two tensors")) }
    }
}

/// Fills `place`, which a repeated key would fill twice.
fn once<T, E: Error>(place: &mut Option<T>, value: T) -> Result<(), E> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::custom("a key comes twice")),
    }
}

struct Element(Dtype);

deserialize!(Element as "a dtype of safetensors" {
    fn visit_str<E: Error>(self, name: &str) -> Result<Element, E> {
        // torch has these two and safetensors has not.
        let known = |dtype: &Dtype| !matches!(dtype, Dtype::C32 | Dtype::C128);
        let dtype = Dtype::parse(name).filter(known);
        dtype.map(Element).ok_or_else(|| E::custom("unknown dtype"))
    }
});

struct Shape(Vec<u64>);

deserialize!(Shape as "dimensions" {
    fn visit_seq<A: SeqAccess<'de>>(self, mut dimensions: A) -> Result<Shape, A::Error> {
        let mut shape = Vec::new();
        while let Some(dimension) = dimensions.next_element()? {
            if shape.len() == MOST_DIMENSIONS {
                return Err(A::Error::custom("too many dimensions"));
            }
            shape.push(dimension);
        }
        Ok(Shape(shape))
    }
});

/// Strings by name, checked and forgotten.
struct Metadata;

deserialize!(Metadata as "strings by name" {
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metadata, A::Error> {
        while map.next_entry::<String, String>()?.is_some() {}
        Ok(Metadata)
    }
});

/// Any JSON value, checked and forgotten.
///
/// Unlike serde's `IgnoredAny` it refuses what the reference reader refuses: numbers out
/// of range, halves of surrogate pairs, nesting beyond 128.
struct Anything;

deserialize!(Anything as "a JSON value" {
    fn visit_unit<E>(self) -> Result<Anything, E> {
        Ok(Anything)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Anything, E> {
        Ok(Anything)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Anything, E> {
        Ok(Anything)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Anything, E> {
        Ok(Anything)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Anything, E> {
        Ok(Anything)
    }
    fn visit_str<E>(self, _: &str) -> Result<Anything, E> {
        Ok(Anything)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Anything, A::Error> {
        while seq.next_element::<Anything>()?.is_some() {}
        Ok(Anything)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Anything, A::Error> {
        while map.next_entry::<String, Anything>()?.is_some() {}
        Ok(Anything)
    }
});
