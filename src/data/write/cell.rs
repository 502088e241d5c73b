//! One value as text that reads back as the same value.

use std::fmt::Write;

use polars::prelude::{AnyValue, TimeUnit};

use crate::temporal;

/// The value as text, exactly: all digits, no grouping. `None` for missing and nested values.
pub fn cell_text(value: &AnyValue) -> Option<String> {
    let mut text = String::new();
    push_plain(value, &mut text).then_some(text)
}

/// Adds the value's text; false for missing and nested values, which have none.
pub(super) fn push_plain(value: &AnyValue, out: &mut String) -> bool {
    match value {
        AnyValue::Null => return false,
        AnyValue::Boolean(flag) => out.push_str(if *flag { "true" } else { "false" }),
        AnyValue::String(text) => out.push_str(text),
        AnyValue::StringOwned(text) => out.push_str(text),
        AnyValue::Float64(number) => push_real(*number, out),
        AnyValue::Float32(number) => push_real(f64::from(*number), out),
        AnyValue::Float16(_) => push_real(value.extract::<f64>().unwrap_or(f64::NAN), out),
        AnyValue::Decimal(digits, _, scale) => push_decimal(*digits, *scale, out),
        AnyValue::Date(days) => out.push_str(&temporal::format_date(i64::from(*days))),
        AnyValue::Datetime(count, unit, _) => push_datetime(*count, *unit, out),
        AnyValue::DatetimeOwned(count, unit, _) => push_datetime(*count, *unit, out),
        AnyValue::Duration(count, unit) => push_duration(*count, *unit, out),
        AnyValue::Time(nanos) => out.push_str(&temporal::format_time(*nanos)),
        AnyValue::UInt128(number) => push(out, number),
        AnyValue::Int128(number) => push(out, number),
        AnyValue::UInt64(number) => push(out, number),
        value if value.is_integer() => push(out, value.extract::<i64>().unwrap_or_default()),
        value => match value.get_str() {
            Some(text) => out.push_str(text),
            None => return false,
        },
    }
    true
}

fn push(out: &mut String, value: impl std::fmt::Display) {
    // Writing into a text cannot fail.
    let _ = write!(out, "{value}");
}

/// The fewest digits that read back as the same number, with a point, so that a column of whole
/// reals stays a column of reals, and none of them looks like a serial number with an E in it.
fn push_real(number: f64, out: &mut String) {
    let start = out.len();
    let _ = write!(out, "{number:?}");
    if let Some(exponent) = out[start..].find('e').filter(|_| !out[start..].contains('.')) {
        out.insert_str(start + exponent, ".0");
    }
}

/// All digits of `digits` · 10^-`scale`.
fn push_decimal(digits: i128, scale: usize, out: &mut String) {
    let magnitude = digits.unsigned_abs().to_string();
    let padded = format!("{magnitude:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    if digits < 0 {
        out.push('-');
    }
    out.push_str(whole);
    if scale > 0 {
        out.push('.');
        out.push_str(fraction);
    }
}

/// Units in a second.
pub(super) fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Nanoseconds => 1_000_000_000,
        TimeUnit::Microseconds => 1_000_000,
        TimeUnit::Milliseconds => 1_000,
    }
}

/// `2024-02-29T13:05:00.123456789`, with a fraction only if there is one.
fn push_datetime(count: i64, unit: TimeUnit, out: &mut String) {
    let (seconds, nanos) = split(count, unit);
    out.push_str(&temporal::format_date(seconds.div_euclid(86_400)));
    out.push('T');
    out.push_str(&temporal::format_time(seconds.rem_euclid(86_400) * 1_000_000_000 + nanos));
}

/// Whole seconds and the nanoseconds that follow.
fn split(count: i64, unit: TimeUnit) -> (i64, i64) {
    let units = per_second(unit);
    (count.div_euclid(units), count.rem_euclid(units) * (1_000_000_000 / units))
}

/// ISO 8601: `P1DT2H3M4.5S`, with a sign before it if negative.
fn push_duration(count: i64, unit: TimeUnit, out: &mut String) {
    let units = per_second(unit) as u64;
    let magnitude = count.unsigned_abs();
    let (seconds, rest) = (magnitude / units, magnitude % units * (1_000_000_000 / units));
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);

    out.push_str(if count < 0 { "-P" } else { "P" });
    if days > 0 {
        push(out, format_args!("{days}D"));
    }
    out.push('T');
    if hours > 0 {
        push(out, format_args!("{hours}H"));
    }
    if minutes > 0 {
        push(out, format_args!("{minutes}M"));
    }
    push(out, seconds % 60);
    if rest > 0 {
        let digits = format!("{rest:09}");
        push(out, format_args!(".{}", digits.trim_end_matches('0')));
    }
    out.push('S');
}

/// The value as JSON. Texts and times are strings; NaN and infinities are the bare words that
/// Python writes and our own reader knows.
pub(super) fn push_json(value: &AnyValue, out: &mut String) {
    match value {
        AnyValue::List(values) | AnyValue::Array(values, _) => {
            out.push('[');
            for (at, item) in values.rechunk().iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                push_json(&item, out);
            }
            out.push(']');
        }
        AnyValue::Struct(_, _, fields) => {
            let values = value._iter_struct_av();
            let values: Vec<AnyValue> = values.collect();
            push_object(fields.iter().map(|field| field.name().as_str()).zip(&values), out);
        }
        AnyValue::StructOwned(owned) => {
            let names = owned.1.iter().map(|field| field.name().as_str());
            push_object(names.zip(&owned.0), out);
        }
        AnyValue::Binary(bytes) => push_json_text(&hexadecimal(bytes), out),
        AnyValue::BinaryOwned(bytes) => push_json_text(&hexadecimal(bytes), out),
        AnyValue::Float64(number) => push_json_real(*number, out),
        AnyValue::Float32(number) => push_json_real(f64::from(*number), out),
        AnyValue::Float16(_) => push_json_real(value.extract::<f64>().unwrap_or(f64::NAN), out),
        AnyValue::Boolean(_) | AnyValue::Decimal(..) => {
            push_plain(value, out);
        }
        value if value.is_integer() => {
            push_plain(value, out);
        }
        value => {
            let mut text = String::new();
            if push_plain(value, &mut text) {
                push_json_text(&text, out);
            } else {
                out.push_str("null");
            }
        }
    }
}

/// Bytes as a person reads them: `0x00ff`.
fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = "0x".to_owned();
    for byte in bytes {
        push(&mut text, format_args!("{byte:02x}"));
    }
    text
}

/// `{"name":value,…}`.
pub(super) fn push_object<'a>(fields: impl Iterator<Item = (&'a str, &'a AnyValue<'a>)>, out: &mut String) {
    out.push('{');
    for (at, (name, value)) in fields.enumerate() {
        if at > 0 {
            out.push(',');
        }
        push_json_text(name, out);
        out.push(':');
        push_json(value, out);
    }
    out.push('}');
}

fn push_json_real(number: f64, out: &mut String) {
    match number {
        number if number.is_nan() => out.push_str("NaN"),
        f64::INFINITY => out.push_str("Infinity"),
        f64::NEG_INFINITY => out.push_str("-Infinity"),
        number => push_real(number, out),
    }
}

/// The text in quotes with everything escaped that JSON asks for.
pub(super) fn push_json_text(text: &str, out: &mut String) {
    // A text has always a form in JSON.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}
