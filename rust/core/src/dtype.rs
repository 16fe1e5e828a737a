//! Element types: their names in manifests, and their widths in bits.

/// The type of a parameter's elements, named as safetensors names it.
///
/// A dtype here says how wide an element is and which coder suits it; the core
/// never does arithmetic on the values. Types that no table knows are stored as
/// [`Dtype::U8`], which loses nothing because parameters are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each name is its own description")]
#[allow(non_camel_case_types, reason = "names as safetensors writes them")]
pub enum Dtype {
    BOOL,
    F4,
    F6_E2M3,
    F6_E3M2,
    U8,
    I8,
    F8_E5M2,
    F8_E4M3,
    F8_E8M0,
    F8_E4M3FNUZ,
    F8_E5M2FNUZ,
    I16,
    U16,
    F16,
    BF16,
    I32,
    U32,
    F32,
    I64,
    U64,
    F64,
    C32,
    C64,
    C128,
}

#[allow(clippy::enum_glob_use, reason = "the table reads better")]
use Dtype::*;

/// Every dtype with its name and its width in bits.
const TABLE: [(Dtype, &str, u64); 24] = [
    (BOOL, "BOOL", 8),
    (F4, "F4", 4),
    (F6_E2M3, "F6_E2M3", 6),
    (F6_E3M2, "F6_E3M2", 6),
    (U8, "U8", 8),
    (I8, "I8", 8),
    (F8_E5M2, "F8_E5M2", 8),
    (F8_E4M3, "F8_E4M3", 8),
    (F8_E8M0, "F8_E8M0", 8),
    (F8_E4M3FNUZ, "F8_E4M3FNUZ", 8),
    (F8_E5M2FNUZ, "F8_E5M2FNUZ", 8),
    (I16, "I16", 16),
    (U16, "U16", 16),
    (F16, "F16", 16),
    (BF16, "BF16", 16),
    (I32, "I32", 32),
    (U32, "U32", 32),
    (F32, "F32", 32),
    (I64, "I64", 64),
    (U64, "U64", 64),
    (F64, "F64", 64),
    (C32, "C32", 32),
    (C64, "C64", 64),
    (C128, "C128", 128),
];

impl Dtype {
    /// Every dtype, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.0)
    }

    /// The dtype with this name, if there is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// The name in manifests and safetensors headers.
    #[must_use]
    pub fn name(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// The width of one element, in bits.
    #[must_use]
    pub fn bits(self) -> u64 {
        TABLE[self as usize].2
    }

    /// Whether elements are floating-point numbers, whose byte planes code unlike integers'.
    #[must_use]
    pub fn is_float(self) -> bool {
        !matches!(self, BOOL | U8 | I8 | I16 | U16 | I32 | U32 | I64 | U64)
    }

    /// The bytes that `shape` takes, or `None` on overflow or on a broken last byte.
    ///
    /// Multiplied from left to right, as safetensors does: a zero saves from overflow
    /// the dimensions after it, not those before.
    #[must_use]
    pub fn size_of(self, shape: &[u64]) -> Option<u64> {
        let count = shape.iter().try_fold(1u64, |product, &dim| product.checked_mul(dim))?;
        let bits = count.checked_mul(self.bits())?;
        bits.is_multiple_of(8).then_some(bits / 8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_variants() {
        for (position, row) in TABLE.iter().enumerate() {
            assert_eq!(row.0 as usize, position);
            assert_eq!(Dtype::parse(row.1), Some(row.0));
        }
    }

    #[test]
    fn sizes_are_checked() {
        assert_eq!(F32.size_of(&[]), Some(4));
        assert_eq!(F4.size_of(&[3]), None);
        assert_eq!(F4.size_of(&[4]), Some(2));
        assert_eq!(U8.size_of(&[u64::MAX, 2]), None);
        assert_eq!(U8.size_of(&[u64::MAX, 2, 0]), None);
        assert_eq!(U8.size_of(&[0, u64::MAX, 2]), Some(0));
    }
}
