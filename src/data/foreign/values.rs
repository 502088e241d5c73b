//! Values read as bytes, in what they stand for.

use polars::prelude::{
    BinaryChunked, Column, DataType, Float64Chunked, IntoColumn, IntoSeries, NewChunkedArray, StringChunked,
};

use super::Meaning;
use crate::error::Result;

impl Meaning {
    /// The polars type of what the values stand for; `None` when it is their own.
    pub(crate) fn dtype(self) -> Option<DataType> {
        match self {
            Self::Plain => None,
            Self::Half => Some(DataType::Float64),
            // Only all values together say what type holds them.
            Self::WideDecimal { .. } | Self::Uuid => Some(DataType::String),
        }
    }

    /// A column that was read as bytes, as what it stands for.
    pub(crate) fn apply(self, column: &Column) -> Result<Column> {
        if self == Self::Plain || column.dtype() != &DataType::Binary {
            return Ok(column.clone());
        }
        let bytes = column.as_materialized_series().binary()?;
        Ok(match self {
            Self::Plain => column.clone(),
            Self::Half => {
                let reals = bytes.iter().map(|bytes| bytes.and_then(half));
                Float64Chunked::from_iter_options(column.name().clone(), reals).into_series().into_column()
            }
            Self::WideDecimal { scale, big_endian } => {
                let text = |bytes: &[u8]| decimal_text(bytes, big_endian, scale);
                texts(bytes, text)
            }
            Self::Uuid => texts(bytes, uuid),
        })
    }
}

fn texts(bytes: &BinaryChunked, text: impl Fn(&[u8]) -> String) -> Column {
    let texts = bytes.iter().map(|bytes| bytes.map(&text));
    StringChunked::from_iter_options(bytes.name().clone(), texts).into_series().into_column()
}

/// A real of 16 bits, little-endian (IEEE 754 binary16).
fn half(bytes: &[u8]) -> Option<f64> {
    let bits = u16::from_le_bytes(bytes.try_into().ok()?);
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff) / 1024.0;
    Some(match exponent {
        0 => sign * fraction * 2_f64.powi(-14),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        exponent => sign * (1.0 + fraction) * 2_f64.powi(exponent - 15),
    })
}

/// A whole number with a sign, of any number of bytes, as a decimal text.
fn decimal_text(bytes: &[u8], big_endian: bool, scale: usize) -> String {
    let mut magnitude: Vec<u8> = bytes.to_vec();
    if !big_endian {
        magnitude.reverse();
    }
    let negative = magnitude.first().is_some_and(|first| first >> 7 == 1);
    if negative {
        negate(&mut magnitude);
    }

    let mut digits = digits_of(magnitude);
    while digits.len() <= scale {
        digits.insert(0, b'0');
    }
    let mut text: String = if negative { "-".to_owned() } else { String::new() };
    let point = digits.len() - scale;
    text.extend(digits[..point].iter().map(|&digit| char::from(digit)));
    if scale > 0 {
        text.push('.');
        text.extend(digits[point..].iter().map(|&digit| char::from(digit)));
    }
    text
}

/// Two's complement.
fn negate(bytes: &mut [u8]) {
    let mut carry = true;
    for byte in bytes.iter_mut().rev() {
        let (value, over) = (!*byte).overflowing_add(u8::from(carry));
        (*byte, carry) = (value, over);
    }
}

/// The decimal digits of a big-endian number, by dividing it again and again.
fn digits_of(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut digits = Vec::new();
    while bytes.iter().any(|&byte| byte != 0) {
        let mut rest = 0_u16;
        for byte in &mut bytes {
            let value = rest << 8 | u16::from(*byte);
            *byte = (value / 10) as u8;
            rest = value % 10;
        }
        digits.push(b'0' + rest as u8);
    }
    digits.reverse();
    digits
}

fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn halves() {
        let of = |bits: u16| half(&bits.to_le_bytes()).unwrap();
        assert_eq!((of(0x3e00), of(0x4100), of(0xc000)), (1.5, 2.5, -2.0));
        assert_eq!((of(0x7bff), of(0x0001), of(0xfc00)), (65504.0, 2_f64.powi(-24), f64::NEG_INFINITY));
        assert!(of(0x7e00).is_nan());
        assert_eq!(half(&[1]), None);
    }

    #[test]
    fn long_decimals_and_uuids() {
        assert_eq!(decimal_text(&[0xff, 0x85], true, 2), "-1.23");
        assert_eq!(decimal_text(&[0x7b, 0], false, 5), "0.00123");
        assert_eq!(decimal_text(&[0; 32], true, 0), "0");
        let largest = [&[0x7f][..], &[0xff; 31]].concat();
        let expected = "57896044618658097711785492504343953926634992332820282019728792003956564819967";
        assert_eq!(decimal_text(&largest, true, 0), expected);
        assert_eq!(uuid(&[0x12; 16]), "12121212-1212-1212-1212-121212121212");
    }

    proptest! {
        #[test]
        fn texts_agree_with_128_bits(value: i128) {
            prop_assert_eq!(decimal_text(&value.to_be_bytes(), true, 0), value.to_string());
            prop_assert_eq!(decimal_text(&value.to_le_bytes(), false, 0), value.to_string());
        }
    }
}
