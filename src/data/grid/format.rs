//! Cells as text.

use polars::prelude::{AnyValue, Column};

use crate::scalar::Scalar;

/// How many digits of a real are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Digits {
    /// Three significant ones; whole thousands are never cut.
    #[default]
    Short,
    /// So many decimals, zeros too, so that the points of a column stand below each other.
    Decimals(u8),
    /// All that are needed to read the same number back.
    Full,
}

impl Digits {
    /// What suits all values of a column: as many decimals as they need, but no more than two, or than show four digits
    /// of the largest.
    pub fn of_column(column: &Column) -> Self {
        let Ok(values) = column.f64() else { return Self::Short };
        let finite = || values.iter().flatten().filter(|value| value.is_finite());
        let largest = finite().map(f64::abs).fold(0.0, f64::max);
        if !(1e-3..1e9).contains(&largest) {
            return Self::Short;
        }
        let most = (3 - largest.log10().floor() as i32).clamp(2, 6) as u8;
        let exact = |value: f64, decimals: u8| {
            let scaled = value * 10_f64.powi(i32::from(decimals));
            (scaled - scaled.round()).abs() <= 1e-9 * scaled.abs().max(1.0)
        };
        Self::Decimals((0..most).find(|decimals| finite().all(|value| exact(value, *decimals))).unwrap_or(most))
    }
}

/// What separates thousands.
const SEPARATOR: char = ',';

/// A cell as text; `None` for null, which the caller shows in its own way.
pub fn format_value(value: &AnyValue, digits: Digits) -> Option<String> {
    if matches!(value, AnyValue::Null) {
        return None;
    }
    Some(match Scalar::from_any(value) {
        Some(Scalar::Real(value)) => format_number(value, digits),
        Some(Scalar::Integer(value)) => grouped(&value.to_string()),
        // Every digit of a decimal was meant.
        Some(Scalar::Decimal(value)) => grouped(&value.to_string()),
        Some(scalar) => scalar.to_string(),
        None => value.to_string(),
    })
}

/// A real as text: `12 345.7` becomes `12 346` in short, `0.00012345` becomes
/// `0.000123`, and very large or small numbers get an exponent.
pub fn format_number(value: f64, digits: Digits) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞".to_owned() } else { "−∞".to_owned() };
    }
    if value == 0.0 {
        return match digits {
            Digits::Decimals(decimals) => format!("{:.1$}", 0.0, usize::from(decimals)),
            _ => "0".to_owned(),
        };
    }
    let magnitude = value.abs();
    if !(1e-5..1e15).contains(&magnitude) {
        return match digits {
            Digits::Short | Digits::Decimals(_) => trimmed_exponent(&format!("{value:.2e}")),
            Digits::Full => format!("{value:e}"),
        }
        .replace('-', "−");
    }
    let text = match digits {
        Digits::Full => value.to_string(),
        Digits::Decimals(decimals) => format!("{value:.0$}", usize::from(decimals)),
        Digits::Short => {
            // Rounding may carry into another digit (0.9996 → 1.00).
            let exponent = magnitude.log10().floor() as i32;
            let decimals = (2 - exponent).clamp(0, 7) as usize;
            let rounded = format!("{value:.decimals$}");
            if rounded.contains('.') { rounded.trim_end_matches('0').trim_end_matches('.').to_owned() } else { rounded }
        }
    };
    grouped(&text)
}

/// `1.50e10` as `1.5e10`.
fn trimmed_exponent(text: &str) -> String {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
    format!("{mantissa}e{exponent}")
}

/// Groups the digits before the point by thousands, from five digits on, with a
/// true minus sign.
fn grouped(text: &str) -> String {
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("−", rest));
    let (whole, fraction) = rest.find('.').map_or((rest, ""), |at| rest.split_at(at));
    let mut out = String::with_capacity(text.len() + 8);
    out.push_str(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && whole.len() > 4 && (whole.len() - at) % 3 == 0 {
            out.push(SEPARATOR);
        }
        out.push(digit);
    }
    out.push_str(fraction);
    out
}

#[cfg(test)]
mod tests {
    use polars::prelude::{TimeUnit, TimeZone};

    use super::*;

    #[test]
    fn numbers_in_short_and_full() {
        let cases = [
            (0.0, "0", "0"),
            (17.99, "18", "17.99"),
            (0.07871, "0.0787", "0.07871"),
            (1_234_567.891, "1,234,568", "1,234,567.891"),
            (1234.5, "1234", "1234.5"),
            (-12_345.0, "−12,345", "−12,345"),
            (1.5e20, "1.5e20", "1.5e20"),
            (1.234_5e-9, "1.23e−9", "1.2345e−9"),
            (0.1 + 0.2, "0.3", "0.30000000000000004"),
            (f64::NAN, "NaN", "NaN"),
            (f64::NEG_INFINITY, "−∞", "−∞"),
        ];
        for (value, short, full) in cases {
            assert_eq!(format_number(value, Digits::Short), short);
            assert_eq!(format_number(value, Digits::Full), full);
        }
    }

    #[test]
    fn a_column_has_the_decimals_that_its_values_need() {
        let of = |values: &[f64]| Digits::of_column(&Column::new("x".into(), values));
        assert_eq!(of(&[1.0, 200.0, f64::NAN]), Digits::Decimals(0));
        assert_eq!(of(&[0.5, 20.25]), Digits::Decimals(2));
        assert_eq!(of(&[0.118_4, 0.1]), Digits::Decimals(4));
        assert_eq!(of(&[17.991, 1001.0]), Digits::Decimals(2));
        assert_eq!(of(&[1e-9]), Digits::Short);
        assert_eq!(format_number(0.1, Digits::Decimals(4)), "0.1000");
        assert_eq!(format_number(0.0, Digits::Decimals(2)), "0.00");
        assert_eq!(format_number(-12_345.678, Digits::Decimals(1)), "−12,345.7");
    }

    #[test]
    fn cells() {
        assert_eq!(format_value(&AnyValue::Null, Digits::Short), None);
        assert_eq!(format_value(&AnyValue::Int64(-1_000_000), Digits::Short).unwrap(), "−1,000,000");
        assert_eq!(format_value(&AnyValue::Decimal(-1_234_550, 38, 2), Digits::Short).unwrap(), "−12,345.50");
        assert_eq!(format_value(&AnyValue::UInt64(u64::MAX), Digits::Short).unwrap(), "18,446,744,073,709,551,615");
        let berlin = TimeZone::opt_try_new(Some("Europe/Berlin")).unwrap().unwrap();
        let noon = AnyValue::Datetime(1_719_828_000_000_000, TimeUnit::Microseconds, Some(&berlin));
        assert_eq!(format_value(&noon, Digits::Short).unwrap(), "2024-07-01 12:00:00 CEST");
        assert_eq!(format_value(&AnyValue::String("a"), Digits::Short).unwrap(), "a");
        assert_eq!(format_value(&AnyValue::Date(0), Digits::Short).unwrap(), "1970-01-01");
    }
}
