//! One byte plane of one chunk: coded by zstd as its histogram advises, or left raw.

use zstd_safe::{CCtx, CParameter, DCtx, ParamSwitch};

/// A plane is kept raw unless coding saves at least this fraction of it.
const LEAST_SAVING: usize = 64;
/// Below this entropy, matches are searched for: one bit.
const MATCHES_BELOW: u64 = 1 << FRACTION;
/// Above this one, no Huffman code saves a sixty-fourth, and none is tried: 7.95 bits.
const NOISE: u64 = 795 * (1 << FRACTION) / 100;
/// The histogram is taken from one run of this length in every sixteen.
const RUN: usize = 1024;
const EVERY: usize = 16;
/// Planes shorter than this are counted whole.
const COUNTED_WHOLE: usize = 64 << 10;

/// Codes planes; holds zstd's working memory, so each thread keeps one.
///
/// Two codings, both plain zstd frames: *matches* (level 1) and *Huffman* (level -1000 with
/// literals forced to be compressed, which switches the search for matches off). Above one
/// bit of entropy a byte, Huffman is smaller and four times faster on the exponents of
/// trained weights; below, runs of zeros need matches.
pub struct Coder {
    matches: CCtx<'static>,
    huffman: CCtx<'static>,
    coded: Vec<u8>,
    other: Vec<u8>,
}

impl std::fmt::Debug for Coder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Coder")
    }
}

impl Default for Coder {
    fn default() -> Self {
        let mut coder = Self {
            matches: CCtx::create(),
            huffman: CCtx::create(),
            coded: Vec::new(),
            other: Vec::new(),
        };
        // These parameters exist in the zstd this crate bundles, so setting them cannot fail.
        let _ = coder.matches.set_parameter(CParameter::CompressionLevel(1));
        let _ = coder.huffman.set_parameter(CParameter::CompressionLevel(-1000));
        let forced = CParameter::LiteralCompressionMode(ParamSwitch::Enable);
        let _ = coder.huffman.set_parameter(forced);
        coder
    }
}

impl Coder {
    /// The coded plane, or `None` when coding does not pay.
    ///
    /// `float` chooses the coding by entropy; other planes, which are rare, are coded both ways.
    pub fn encode(&mut self, plane: &[u8], float: bool) -> Option<&[u8]> {
        if float {
            let entropy = Entropy::of(plane);
            if entropy.exceeds(NOISE) {
                return None;
            }
            let by_huffman = entropy.exceeds(MATCHES_BELOW);
            let context = if by_huffman { &mut self.huffman } else { &mut self.matches };
            compress(context, plane, &mut self.coded);
        } else {
            compress(&mut self.matches, plane, &mut self.coded);
            compress(&mut self.huffman, plane, &mut self.other);
            if self.other.len() < self.coded.len() {
                std::mem::swap(&mut self.other, &mut self.coded);
            }
        }
        let pays = self.coded.len() < plane.len() - plane.len() / LEAST_SAVING;
        pays.then_some(&self.coded)
    }
}

/// Replaces `out` by the coded plane.
fn compress(context: &mut CCtx<'static>, plane: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.reserve(zstd_safe::compress_bound(plane.len()));
    if context.compress2(out, plane).is_err() {
        // With room for the bound zstd cannot fail; were it to, the plane stays raw.
        out.clear();
        out.extend_from_slice(plane);
    }
}

/// Decodes planes; holds zstd's working memory.
pub struct Decoder(DCtx<'static>);

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Decoder")
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self(DCtx::create())
    }
}

impl Decoder {
    /// Decodes into exactly `plane`; `None` if the coded bytes are damaged or of another length.
    pub fn decode(&mut self, coded: &[u8], plane: &mut [u8]) -> Option<()> {
        let size = self.0.decompress(plane, coded).ok()?;
        (size == plane.len()).then_some(())
    }
}

/// How much a plane's bytes tell, judged on a sample.
///
/// Integer arithmetic throughout, so that every machine chooses alike.
struct Entropy {
    /// The sampled bytes, and the information in all of them, in fixed-point bits.
    count: u64,
    information: u64,
}

impl Entropy {
    fn of(plane: &[u8]) -> Self {
        let mut counts = [0u32; 256];
        let step = if plane.len() < COUNTED_WHOLE { RUN } else { RUN * EVERY };
        for start in (0..plane.len()).step_by(step) {
            for &byte in &plane[start..plane.len().min(start + RUN)] {
                counts[usize::from(byte)] += 1;
            }
        }
        let total: u32 = counts.iter().sum();
        // n·H = n·log2(n) - Σ c·log2(c)
        let weighted = |count: u32| u64::from(count) * log2(count);
        let parts: u64 = counts.iter().map(|&count| weighted(count)).sum();
        Self { count: total.into(), information: weighted(total).saturating_sub(parts) }
    }

    /// Whether a byte carries more than `bits`, a fixed-point number.
    fn exceeds(&self, bits: u64) -> bool {
        self.information > self.count * bits
    }
}

/// Bits after the binary point of [`log2`].
const FRACTION: u32 = 12;

/// The binary logarithm in fixed point, rounded down, by repeated squaring; 0 for 0.
fn log2(number: u32) -> u64 {
    if number == 0 {
        return 0;
    }
    let whole = number.ilog2();
    let mut mantissa = u64::from(number) << (31 - whole);
    let mut result = u64::from(whole);
    for _ in 0..FRACTION {
        mantissa = (mantissa * mantissa) >> 31;
        result <<= 1;
        if mantissa >= 1 << 32 {
            mantissa >>= 1;
            result |= 1;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_right_to_its_last_bit() {
        for number in [1u32, 2, 3, 5, 7, 255, 1000, 65_535, 1 << 20, u32::MAX] {
            let exact = f64::from(number).log2() * f64::from(1u32 << FRACTION);
            let found = f64::from(log2(number) as u32);
            assert!((exact - found).abs() <= 2.0, "{number}: {exact} against {found}");
        }
    }

    #[test]
    fn one_bit_is_the_border() {
        let two: Vec<u8> =
            (0..4096u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 31) as u8).collect();
        let three: Vec<u8> = (0..4096u32).map(|at| (at % 3) as u8).collect();
        let tells = |plane: &[u8]| Entropy::of(plane).exceeds(MATCHES_BELOW);
        assert!(!tells(&[0; 4096]));
        assert!(!tells(&two));
        assert!(tells(&three));
        assert!(!tells(&[]));
    }
}
