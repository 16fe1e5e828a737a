//! Tensors: how a tensor of torch looks into the bytes of its storage.

use super::archive::Archive;
use super::dtypes;
use super::value::{Id, Pickle, Value};
use crate::dtype::Dtype;
use crate::index::MOST_DIMENSIONS;

/// A way to look at the bytes of a storage.
pub(super) struct Tensor {
    /// The position of the storage's entry in [`Archive::entries`].
    pub(super) entry: usize,
    /// The type of its elements. [`Dtype::F4`] has pairs for elements, one byte wide.
    pub(super) dtype: Dtype,
    /// Its dimensions, outermost first.
    pub(super) shape: Vec<u64>,
    /// Its steps, in elements.
    pub(super) stride: Vec<u64>,
    /// Where its first element begins in the storage, in bytes.
    pub(super) start: u64,
    /// Where its last element ends in the storage.
    pub(super) end: u64,
}

impl Tensor {
    /// The tensor that `torch._utils.<function>(*arguments)` would rebuild.
    pub(super) fn rebuild(
        pickle: &Pickle,
        archive: &Archive,
        function: &[u8],
        arguments: &[Id],
    ) -> Option<Self> {
        let [storage, offset, shape, stride, rest @ ..] = arguments else { return None };
        let storage = Storage::find(pickle, archive, *storage)?;
        let dtype = match function {
            b"_rebuild_tensor_v3" => dtypes::of_tensor(pickle.name(*rest.get(2)?)?),
            _ => storage.dtype,
        };
        let Some(dtype) = dtype else { return storage.bytes() };
        let steps = (counts(pickle, *shape)?, counts(pickle, *stride)?);
        Self::new(storage.entry, storage.size, dtype, pickle.count(*offset)?, steps)
    }

    /// All of the storage that the persistent id `reference` means.
    pub(super) fn of_storage(pickle: &Pickle, archive: &Archive, reference: Id) -> Option<Self> {
        let storage = Storage::find(pickle, archive, reference)?;
        let Some(dtype) = storage.dtype else { return storage.bytes() };
        Self::new(storage.entry, storage.size, dtype, 0, (vec![storage.count], vec![1]))
    }

    /// `None` if it would leave the `size` bytes of its storage.
    fn new(
        entry: usize,
        size: u64,
        dtype: Dtype,
        offset: u64,
        (shape, stride): (Vec<u64>, Vec<u64>),
    ) -> Option<Self> {
        if shape.len() != stride.len() || shape.len() > MOST_DIMENSIONS {
            return None;
        }
        let mut tensor = Self { entry, dtype, shape, stride, start: 0, end: 0 };
        if !tensor.is_empty() {
            let mut steps = tensor.shape.iter().zip(&tensor.stride);
            let last = steps.try_fold(offset, |last, (&dim, &step)| {
                last.checked_add((dim - 1).checked_mul(step)?)
            });
            let end = last?.checked_add(1)?;
            tensor.start = offset.checked_mul(tensor.width())?;
            tensor.end = end.checked_mul(tensor.width())?;
        }
        (tensor.end <= size).then_some(tensor)
    }

    /// The bytes of one element.
    pub(super) fn width(&self) -> u64 {
        self.dtype.bits().div_ceil(8)
    }

    /// Whether it has no elements.
    pub(super) fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// Whether its elements lie one after the other, the last dimension fastest.
    pub(super) fn is_contiguous(&self) -> bool {
        let mut step = Some(1u64);
        self.shape.iter().zip(&self.stride).rev().all(|(&dim, &stride)| {
            let fits = dim == 1 || Some(stride) == step;
            step = step.and_then(|step| step.checked_mul(dim));
            fits
        })
    }

    /// Its type and shape as a run of elements; pairs are told apart where that is possible.
    pub(super) fn unpacked(&self) -> (Dtype, Vec<u64>) {
        let mut shape = self.shape.clone();
        match (self.dtype, shape.last_mut()) {
            (Dtype::F4, Some(last)) if self.is_contiguous() => {
                *last = last.saturating_mul(2);
                (Dtype::F4, shape)
            }
            _ => (self.plain_dtype(), shape),
        }
    }

    /// Its type, where a pair of elements is a byte.
    pub(super) fn plain_dtype(&self) -> Dtype {
        if self.dtype == Dtype::F4 { Dtype::U8 } else { self.dtype }
    }
}

/// What a persistent id says.
struct Storage {
    /// The position of its entry.
    entry: usize,
    /// The size of the entry.
    size: u64,
    /// The type of its elements; `None`: plain bytes.
    dtype: Option<Dtype>,
    /// The number of its elements.
    count: u64,
}

impl Storage {
    fn find(pickle: &Pickle, archive: &Archive, reference: Id) -> Option<Self> {
        let Value::Storage(parts) = pickle.get(reference) else { return None };
        let [kind, class, key, _, count] = pickle.tuple(*parts)? else { return None };
        if pickle.text(*kind)? != b"storage" {
            return None;
        }
        let entry = archive.storage(pickle.text(*key)?)?;
        let size = archive.entries[entry].size;
        let dtype = dtypes::of_storage(pickle.name(*class)?);
        let count = pickle.count(*count)?;
        let claimed = dtype.map_or(Some(0), |dtype| dtype.size_of(&[count]));
        claimed.is_some_and(|claimed| claimed <= size).then_some(Self { entry, size, dtype, count })
    }

    /// All of it, as bytes.
    fn bytes(&self) -> Option<Tensor> {
        Tensor::new(self.entry, self.size, Dtype::U8, 0, (vec![self.size], vec![1]))
    }
}

fn counts(pickle: &Pickle, tuple: Id) -> Option<Vec<u64>> {
    let parts = pickle.tuple(tuple).filter(|parts| parts.len() <= MOST_DIMENSIONS)?;
    parts.iter().map(|&part| pickle.count(part)).collect()
}
