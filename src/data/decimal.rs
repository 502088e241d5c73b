//! Exact decimal numbers: a whole number of units and how many of its digits
//! stand behind the point.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Most digits of a decimal number, as in SQL, Arrow and Parquet.
pub const MAX_DIGITS: usize = 38;

/// An exact decimal number, `units` × 10^−`scale`. Numbers of different scales
/// are equal when their values are: 1.5 is 1.50.
///
/// ```
/// use data::decimal::Decimal;
///
/// let price: Decimal = "12.50".parse().unwrap();
/// assert_eq!((price.units(), price.scale()), (1250, 2));
/// assert_eq!(price.to_string(), "12.50");
/// assert_eq!(price, "12.5".parse().unwrap());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    units: i128,
    scale: u8,
}

/// A text that is no decimal number of at most [`MAX_DIGITS`] digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a decimal number of at most 38 digits")]
pub struct NotDecimal;

impl Decimal {
    /// A number from its units and scale; `None` if it has more than
    /// [`MAX_DIGITS`] digits before or behind the point.
    pub fn new(units: i128, scale: usize) -> Option<Self> {
        let fits = scale <= MAX_DIGITS && units.unsigned_abs() < POWERS[MAX_DIGITS].unsigned_abs();
        fits.then_some(Self { units, scale: scale as u8 })
    }

    /// The number without its point.
    pub fn units(self) -> i128 {
        self.units
    }

    /// Number of digits behind the point.
    pub fn scale(self) -> usize {
        usize::from(self.scale)
    }

    /// The shortest decimal number that reads as this float; `None` for NaN,
    /// infinities and what has too many digits.
    pub fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then(|| value.to_string().parse().ok()).flatten()
    }

    /// The nearest float.
    pub fn to_f64(self) -> f64 {
        // Both are exact below these limits, so that one division rounds once.
        const EXACT: u128 = 1 << 53;
        if self.units.unsigned_abs() <= EXACT && self.scale <= 22 {
            return self.units as f64 / 10_f64.powi(i32::from(self.scale));
        }
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The units of the same value at another scale; `None` when digits other
    /// than zero would be lost or it grows too long.
    pub fn units_at(self, scale: usize) -> Option<i128> {
        let (units, lost) = self.split_at(scale)?;
        (lost == 0).then_some(units)
    }

    /// The units at another scale of the largest value that is not above this
    /// one; `None` when it grows too long.
    pub fn floor_at(self, scale: usize) -> Option<i128> {
        let (units, lost) = self.split_at(scale)?;
        Some(units - i128::from(lost < 0))
    }

    /// The units at another scale of the smallest value that is not below this
    /// one; `None` when it grows too long.
    pub fn ceil_at(self, scale: usize) -> Option<i128> {
        let (units, lost) = self.split_at(scale)?;
        Some(units + i128::from(lost > 0))
    }

    /// Units at another scale, towards zero, and what was cut off.
    fn split_at(self, scale: usize) -> Option<(i128, i128)> {
        if scale > MAX_DIGITS {
            return None;
        }
        if scale >= self.scale() {
            let units = self.units.checked_mul(POWERS[scale - self.scale()])?;
            return Self::new(units, scale).map(|decimal| (decimal.units, 0));
        }
        let power = POWERS[self.scale() - scale];
        Some((self.units / power, self.units % power))
    }

    /// Without zeros at its end.
    fn shortest(mut self) -> Self {
        while self.scale > 0 && self.units % 10 == 0 {
            self.units /= 10;
            self.scale -= 1;
        }
        self
    }
}

/// The powers of ten that 128 bits hold.
const POWERS: [i128; MAX_DIGITS + 1] = {
    let mut powers = [1_i128; MAX_DIGITS + 1];
    let mut at = 1;
    while at <= MAX_DIGITS {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self { units: i128::from(value), scale: 0 }
    }
}

impl FromStr for Decimal {
    type Err = NotDecimal;

    /// Reads a sign, digits and a point; no exponent and no spaces.
    fn from_str(text: &str) -> Result<Self, NotDecimal> {
        let (negative, digits) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            all => (false, all),
        };
        let (mut units, mut scale, mut seen, mut point) = (0_i128, 0, false, false);
        for &byte in digits {
            match byte {
                b'.' if !point => point = true,
                b'0'..=b'9' => {
                    let digit = i128::from(byte - b'0');
                    units = units.checked_mul(10).and_then(|units| units.checked_add(digit)).ok_or(NotDecimal)?;
                    scale += usize::from(point);
                    seen = true;
                }
                _ => return Err(NotDecimal),
            }
        }
        let value = Self::new(if negative { -units } else { units }, scale);
        value.filter(|_| seen).ok_or(NotDecimal)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        if self.scale == 0 {
            return write!(f, "{sign}{}", self.units.unsigned_abs());
        }
        let power = POWERS[self.scale()].unsigned_abs();
        let magnitude = self.units.unsigned_abs();
        write!(f, "{sign}{}.{:0width$}", magnitude / power, magnitude % power, width = self.scale())
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let whole = |decimal: &Self| decimal.units / POWERS[decimal.scale()];
        // A fraction is below one, so that it fits at any scale.
        let scale = self.scale().max(other.scale());
        let fraction = |decimal: &Self| decimal.units % POWERS[decimal.scale()] * POWERS[scale - decimal.scale()];
        whole(self).cmp(&whole(other)).then_with(|| fraction(self).cmp(&fraction(other)))
    }
}

impl std::hash::Hash for Decimal {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let shortest = self.shortest();
        (shortest.units, shortest.scale).hash(state);
    }
}

/// As text, since a JSON number would be read as a float.
impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| de::Error::custom(format!("“{text}” is not a decimal number")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn texts_keep_every_digit() {
        for text in ["0.30", "-0.05", "12.50", "99999999999999999999999999999999999999", "0", "-7"] {
            assert_eq!(decimal(text).to_string(), text);
        }
        assert_eq!(decimal(".5").to_string(), "0.5");
        assert_eq!(decimal("+5.").to_string(), "5");
        for wrong in ["", ".", "-", "1e5", "1,5", "1.2.3", " 1", "100000000000000000000000000000000000000"] {
            assert_eq!(wrong.parse::<Decimal>(), Err(NotDecimal), "{wrong}");
        }
    }

    #[test]
    fn scales_change_only_without_loss() {
        assert_eq!(decimal("1.50").units_at(1), Some(15));
        assert_eq!(decimal("1.55").units_at(1), None);
        assert_eq!((decimal("1.55").floor_at(1), decimal("1.55").ceil_at(1)), (Some(15), Some(16)));
        assert_eq!((decimal("-1.55").floor_at(1), decimal("-1.55").ceil_at(1)), (Some(-16), Some(-15)));
        assert_eq!(decimal("99999999999999999999999999999999999999").units_at(1), None);
    }

    #[test]
    fn floats_go_through_their_shortest_text() {
        assert_eq!(Decimal::from_f64(0.1), Some(decimal("0.1")));
        assert_eq!(Decimal::from_f64(1e300), None);
        assert_eq!(Decimal::from_f64(f64::NAN), None);
        assert_eq!(decimal("0.30").to_f64(), 0.3);
        assert_eq!(decimal("18446744073709551615").to_f64(), 18_446_744_073_709_551_615.0);
    }

    proptest! {
        #[test]
        fn order_is_that_of_the_values(
            left in -1_000_i128..1_000, right in -1_000_i128..1_000, a in 0_usize..4, b in 0_usize..4,
        ) {
            let (one, two) = (Decimal::new(left, a).unwrap(), Decimal::new(right, b).unwrap());
            let exact = (left * 10_i128.pow(4 - a as u32)).cmp(&(right * 10_i128.pow(4 - b as u32)));
            prop_assert_eq!(one.cmp(&two), exact);
        }

        #[test]
        fn text_round_trips(units: i128, scale in 0_usize..39) {
            if let Some(value) = Decimal::new(units, scale) {
                let back: Decimal = value.to_string().parse().unwrap();
                prop_assert_eq!((back.units(), back.scale()), (units, scale));
            }
        }
    }
}
