//! How a parameter is cut into parts (objects) and chunks, on Zarr's regular grids.

use std::ops::Range;

use crate::dtype::Dtype;

/// Sizes at which parameters are cut; smaller ones make edge cases fit into tests.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most bytes in a chunk.
    pub chunk: u64,
    /// The most bytes, before encoding, in a part. Hosts cap LFS objects at 2 GiB.
    pub part: u64,
}

/// The sizes that stored objects have; they are part of the manifest's version.
pub const LIMITS: Limits = Limits { chunk: 1 << 20, part: 1 << 30 };

/// The cut of one parameter. Chunks are contiguous runs of its bytes, in order.
///
/// The chunk's grid is `[1, …, 1, rows, full, …, full]`: the first axis whose rows fit
/// into a chunk is cut into runs of rows, axes before it into single steps. A part is
/// cut by the same rule with the larger limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Bytes in an element; 1 for dtypes narrower than a byte.
    pub item: usize,
    /// Floating-point planes are coded by their histogram, others by trying.
    pub float: bool,
    /// The array's dimensions: the parameter's, or its bytes in one dimension.
    pub shape: Vec<u64>,
    /// The chunk's dimensions.
    pub chunk_shape: Vec<u64>,
    /// The part's dimensions: a whole number of chunks on each axis.
    pub part_shape: Vec<u64>,
    axis: usize,
    row: u64,
    chunks_per_group: u64,
    chunks_per_part: u64,
    groups: u64,
}

/// One chunk: which bytes of the parameter it holds, and how long it is with its padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Its bytes in the parameter.
    pub bytes: Range<u64>,
    /// Its length with the zeros that fill the last rows of the grid.
    pub padded: usize,
}

impl Grid {
    /// The cut of a parameter. `shape` must have a size that does not overflow, and not zero.
    #[must_use]
    pub fn new(dtype: Dtype, shape: &[u64], limits: Limits) -> Self {
        let whole = dtype.bits().is_multiple_of(8);
        let item = if whole { dtype.bits() / 8 } else { 1 };
        let shape = if whole { shape.to_vec() } else { vec![dtype.size_of(shape).unwrap_or(0)] };
        let (axis, rows, row) = cut(&shape, item, limits.chunk);
        let mut chunk_shape = vec![1; shape.len()];
        let mut padded = shape.clone();
        if let Some(dim) = shape.get(axis) {
            chunk_shape[axis] = rows;
            chunk_shape[axis + 1..].copy_from_slice(&shape[axis + 1..]);
            padded[axis] = dim.div_ceil(rows) * rows;
        }
        let mut grid = Self {
            item: item as usize,
            float: dtype.is_float() && whole,
            part_shape: padded.clone(),
            shape,
            chunk_shape,
            axis,
            row,
            chunks_per_group: 1,
            chunks_per_part: 1,
            groups: 1,
        };
        grid.cut_into_parts(&padded, limits.part);
        grid
    }

    fn cut_into_parts(&mut self, padded: &[u64], limit: u64) {
        let chunk_size = self.chunk_size() as u64;
        let total: u64 = padded.iter().product::<u64>() * self.item as u64;
        self.chunks_per_group = total / chunk_size;
        self.chunks_per_part = self.chunks_per_group;
        if total <= limit {
            return;
        }
        let (mut axis, mut inner) = (0, total);
        while axis < self.axis {
            inner /= padded[axis];
            if inner <= limit {
                break;
            }
            axis += 1;
        }
        let unit = if axis == self.axis { chunk_size } else { inner };
        let steps = (limit / unit).max(1);
        let step = if axis == self.axis { self.chunk_shape[axis] } else { 1 };
        self.groups = padded[..axis].iter().product();
        self.chunks_per_group /= self.groups;
        self.chunks_per_part = steps * unit / chunk_size;
        self.part_shape = padded.to_vec();
        self.part_shape[..axis].fill(1);
        self.part_shape[axis] = steps * step;
    }

    /// The length of every chunk, padding included.
    #[must_use]
    pub fn chunk_size(&self) -> usize {
        let elements: u64 = self.chunk_shape.iter().product();
        elements as usize * self.item
    }

    /// How many chunks a full part's index lists; those past the array's edge are absent.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.chunks_per_part as usize
    }

    /// How many parts there are.
    #[must_use]
    pub fn parts(&self) -> usize {
        (self.groups * self.chunks_per_group.div_ceil(self.chunks_per_part)) as usize
    }

    /// The chunks of part `part`, by their numbers in the parameter.
    #[must_use]
    pub fn part(&self, part: usize) -> Range<u64> {
        let per_group = self.chunks_per_group.div_ceil(self.chunks_per_part);
        let (group, place) = (part as u64 / per_group, part as u64 % per_group);
        let first = group * self.chunks_per_group;
        let start = first + place * self.chunks_per_part;
        start..(start + self.chunks_per_part).min(first + self.chunks_per_group)
    }

    /// The part that holds chunk number `number` of the parameter.
    #[must_use]
    pub fn part_of(&self, number: u64) -> usize {
        let per_group = self.chunks_per_group.div_ceil(self.chunks_per_part);
        let (group, place) = (number / self.chunks_per_group, number % self.chunks_per_group);
        (group * per_group + place / self.chunks_per_part) as usize
    }

    /// How many chunks the parameter has.
    #[must_use]
    pub fn chunks(&self) -> u64 {
        self.groups * self.chunks_per_group
    }

    /// Chunk number `number` of the parameter.
    #[must_use]
    pub fn chunk(&self, number: u64) -> Chunk {
        let Some(&dim) = self.shape.get(self.axis) else {
            return Chunk { bytes: 0..self.item as u64, padded: self.item };
        };
        let rows = self.chunk_shape[self.axis];
        let per_outer = dim.div_ceil(rows);
        let (outer, place) = (number / per_outer, number % per_outer);
        let first = outer * dim + place * rows;
        let count = rows.min(dim - place * rows);
        Chunk { bytes: first * self.row..(first + count) * self.row, padded: self.chunk_size() }
    }
}

/// The first axis whose rows fit `limit`, how many of them make a chunk, and a row's bytes.
///
/// Rows are shared out evenly, so that little of the last chunk is padding.
fn cut(shape: &[u64], item: u64, limit: u64) -> (usize, u64, u64) {
    let mut row: u64 = shape.iter().product::<u64>() * item;
    for (axis, &dim) in shape.iter().enumerate() {
        row /= dim;
        if row <= limit {
            let most = (limit / row).max(1);
            return (axis, dim.div_ceil(dim.div_ceil(most)), row);
        }
    }
    (shape.len(), 1, item)
}
