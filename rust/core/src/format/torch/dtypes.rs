//! torch's names of element types.

use crate::dtype::Dtype;

/// The type of the elements of a storage class, such as `FloatStorage`.
///
/// `None` if it has no name or if elements share bytes: the storage is then plain bytes.
pub(super) fn of_storage(class: &[u8]) -> Option<Dtype> {
    Some(match class {
        b"DoubleStorage" => Dtype::F64,
        b"FloatStorage" => Dtype::F32,
        b"HalfStorage" => Dtype::F16,
        b"BFloat16Storage" => Dtype::BF16,
        b"LongStorage" => Dtype::I64,
        b"IntStorage" | b"QInt32Storage" => Dtype::I32,
        b"ShortStorage" => Dtype::I16,
        b"CharStorage" | b"QInt8Storage" => Dtype::I8,
        b"ByteStorage" | b"QUInt8Storage" | b"UntypedStorage" => Dtype::U8,
        b"BoolStorage" => Dtype::BOOL,
        b"ComplexFloatStorage" => Dtype::C64,
        b"ComplexDoubleStorage" => Dtype::C128,
        _ => return None,
    })
}

/// The type that `torch.<name>` stands for; `None` as in [`of_storage`].
///
/// [`Dtype::F4`] is `float4_e2m1fn_x2`, whose elements are pairs, one byte wide.
pub(super) fn of_tensor(name: &[u8]) -> Option<Dtype> {
    Some(match name {
        b"float64" => Dtype::F64,
        b"float32" => Dtype::F32,
        b"float16" => Dtype::F16,
        b"bfloat16" => Dtype::BF16,
        b"float8_e4m3fn" => Dtype::F8_E4M3,
        b"float8_e5m2" => Dtype::F8_E5M2,
        b"float8_e4m3fnuz" => Dtype::F8_E4M3FNUZ,
        b"float8_e5m2fnuz" => Dtype::F8_E5M2FNUZ,
        b"float8_e8m0fnu" => Dtype::F8_E8M0,
        b"float4_e2m1fn_x2" => Dtype::F4,
        b"int64" => Dtype::I64,
        b"int32" | b"qint32" => Dtype::I32,
        b"int16" => Dtype::I16,
        b"int8" | b"qint8" => Dtype::I8,
        b"uint64" => Dtype::U64,
        b"uint32" => Dtype::U32,
        b"uint16" | b"bits16" => Dtype::U16,
        b"uint8" | b"quint8" | b"bits8" | b"bits1x8" | b"bits2x4" | b"bits4x2" => Dtype::U8,
        b"bool" => Dtype::BOOL,
        b"complex32" => Dtype::C32,
        b"complex64" => Dtype::C64,
        b"complex128" => Dtype::C128,
        _ => return None,
    })
}
