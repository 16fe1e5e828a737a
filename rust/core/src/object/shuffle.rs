//! Elements into byte planes and back: all first bytes, then all second bytes, and so on.

#![allow(
    clippy::inline_always,
    reason = "each caller compiles this code for the instructions that it may use"
)]

/// Elements handled at a time: enough for the compiler to use the widest registers.
const RUN: usize = 64;

/// Writes the byte planes of `chunk`, whose elements are `item` bytes wide, to `out`, leaving
/// `gap` bytes between one plane and the next.
pub(super) fn shuffle(chunk: &[u8], item: usize, gap: usize, out: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has just said that it knows these instructions.
        return unsafe { wide::shuffle(chunk, item, gap, out) };
    }
    shuffle_any(chunk, item, gap, out);
}

/// Fills `out` with the elements whose byte planes are `planes`.
pub(super) fn unshuffle(planes: &[u8], item: usize, out: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: as above.
        return unsafe { wide::unshuffle(planes, item, out) };
    }
    unshuffle_any(planes, item, out);
}

/// The same code, compiled for processors that have AVX2.
#[cfg(target_arch = "x86_64")]
mod wide {
    #[target_feature(enable = "avx2")]
    pub(super) fn shuffle(chunk: &[u8], item: usize, gap: usize, out: &mut [u8]) {
        super::shuffle_any(chunk, item, gap, out);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn unshuffle(planes: &[u8], item: usize, out: &mut [u8]) {
        super::unshuffle_any(planes, item, out);
    }
}

#[inline(always)]
fn shuffle_any(chunk: &[u8], item: usize, gap: usize, out: &mut [u8]) {
    match item {
        1 => out[..chunk.len()].copy_from_slice(chunk),
        2 => split_2(chunk, gap, out),
        4 => split_4(chunk, gap, out),
        8 => split_8(chunk, gap, out),
        _ => split_16(chunk, gap, out),
    }
}

#[inline(always)]
fn unshuffle_any(planes: &[u8], item: usize, out: &mut [u8]) {
    match item {
        1 => out.copy_from_slice(planes),
        2 => join::<2>(planes, out),
        4 => join::<4>(planes, out),
        8 => join::<8>(planes, out),
        _ => join::<16>(planes, out),
    }
}

/// Splits elements read as numbers, which the compiler narrows a whole run at a time.
macro_rules! split_words {
    ($name:ident, $word:ty) => {
        #[inline(always)]
        fn $name(chunk: &[u8], gap: usize, out: &mut [u8]) {
            const ITEM: usize = size_of::<$word>();
            let elements = chunk.as_chunks::<ITEM>().0;
            let step = elements.len() + gap;
            let (runs, rest) = elements.as_chunks::<RUN>();
            for (number, run) in runs.iter().enumerate() {
                (0..ITEM).for_each(|plane| {
                    let mut bytes = [0; RUN];
                    for (byte, element) in bytes.iter_mut().zip(run) {
                        *byte = (<$word>::from_le_bytes(*element) >> (8 * plane)) as u8;
                    }
                    let start = plane * step + number * RUN;
                    out[start..start + RUN].copy_from_slice(&bytes);
                });
            }
            for (at, element) in rest.iter().enumerate() {
                for (plane, &byte) in element.iter().enumerate() {
                    out[plane * step + runs.len() * RUN + at] = byte;
                }
            }
        }
    };
}
split_words!(split_2, u16);
split_words!(split_4, u32);
split_words!(split_8, u64);
split_words!(split_16, u128);

#[inline(always)]
fn join<const ITEM: usize>(planes: &[u8], out: &mut [u8]) {
    let elements = out.as_chunks_mut::<ITEM>().0;
    let count = elements.len();
    let planes: [&[u8]; ITEM] = std::array::from_fn(|at| &planes[at * count..(at + 1) * count]);
    let (runs, rest) = elements.as_chunks_mut::<RUN>();
    let done = runs.len() * RUN;
    for (number, run) in runs.iter_mut().enumerate() {
        let bytes: [&[u8; RUN]; ITEM] =
            std::array::from_fn(|plane| &planes[plane].as_chunks::<RUN>().0[number]);
        for (at, element) in run.iter_mut().enumerate() {
            *element = std::array::from_fn(|plane| bytes[plane][at]);
        }
    }
    for (at, element) in rest.iter_mut().enumerate() {
        *element = std::array::from_fn(|plane| planes[plane][done + at]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_are_the_transposed_bytes_and_back() {
        for item in [1, 2, 4, 8, 16] {
            for count in [1, 63, 64, 65, 200] {
                let chunk: Vec<u8> = (0..item * count).map(|at| (at * 7 % 251) as u8).collect();
                let expected: Vec<u8> =
                    (0..item * count).map(|at| chunk[at % count * item + at / count]).collect();
                let mut planes = vec![0; chunk.len()];
                shuffle(&chunk, item, 0, &mut planes);
                assert_eq!(planes, expected);
                let mut portable = vec![0; chunk.len()];
                shuffle_any(&chunk, item, 0, &mut portable);
                assert_eq!(portable, expected);
                let mut apart = vec![9; chunk.len() + 4 * (item - 1)];
                shuffle(&chunk, item, 4, &mut apart);
                for (plane, bytes) in expected.chunks(count).enumerate() {
                    assert_eq!(&apart[plane * (count + 4)..][..count], bytes);
                }
                let mut back = vec![0; chunk.len()];
                unshuffle(&planes, item, &mut back);
                assert_eq!(back, chunk);
                unshuffle_any(&planes, item, &mut portable);
                assert_eq!(portable, chunk);
            }
        }
    }
}
