//! Numbers, sizes, times and durations as a person reads them.

use std::time::Duration;

use egui::{Context, Id};
use jiff::{Timestamp, tz::TimeZone};

/// Between a number and its unit.
const THIN: char = '\u{202F}';
const MINUS: char = '−';

/// Three significant digits: `0.0123`, `12.3`, `12,300`, `1.23e9`. Whole numbers below a
/// thousand million keep all their digits.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return infinite(value);
    }
    let size = value.abs();
    if value == value.trunc() && size < 1e9 {
        return signed(value, group(&format!("{size:.0}")));
    }
    if !(1e-4..1e9).contains(&size) {
        let text = format!("{size:.2e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        return signed(value, format!("{}e{power}", trim(digits)));
    }
    let decimals = (2 - size.log10().floor() as i32).max(0) as usize;
    let text = format!("{size:.decimals$}");
    signed(value, if decimals == 0 { group(&text) } else { trim(&text).to_owned() })
}

/// A metric with four decimals, so that columns line up: `0.9816`.
pub fn metric(value: f64) -> String {
    if !value.is_finite() {
        return infinite(value);
    }
    if value.abs() >= 1e4 || (value != 0.0 && value.abs() < 5e-5) {
        return number(value);
    }
    signed(value, format!("{:.4}", value.abs()))
}

/// Values that stand below each other, with as many decimals as show four digits of the largest; whole ones with none.
pub fn alike(values: &[f64]) -> Vec<String> {
    let finite = || values.iter().filter(|value| value.is_finite());
    let largest = finite().map(|value| value.abs()).fold(0.0, f64::max);
    if finite().all(|value| value.fract() == 0.0) || !(1e-3..1e9).contains(&largest) {
        return values.iter().map(|value| number(*value)).collect();
    }
    // Four decimals as in [`metric`], unless all would be noughts.
    let most = if largest < 0.01 { 6 } else { 4 };
    let decimals = (3 - largest.log10().floor() as i32).clamp(0, most) as usize;
    let one = |value: f64| match format!("{:.decimals$}", value.abs()) {
        _ if !value.is_finite() => infinite(value),
        text if decimals == 0 => signed(value, group(&text)),
        text => signed(value, text),
    };
    values.iter().map(|value| one(*value)).collect()
}

/// Every digit that the number has.
pub fn exact(value: f64) -> String {
    if value.is_finite() { format!("{value}") } else { infinite(value) }
}

/// A count with its thousands separated: `1,284`.
pub fn count(value: u64) -> String {
    group(&value.to_string())
}

/// "1 row", "1,284 rows".
pub fn counted(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(value), if value == 1 { one } else { many })
}

/// A share as per cent: `62 %`.
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    if value != 0.0 && value.abs() < 10.0 && value.fract() != 0.0 {
        format!("{value:.1}{THIN}%")
    } else {
        format!("{value:.0}{THIN}%")
    }
}

/// Bytes in steps of a thousand: `0.9 MB`.
pub fn bytes(value: u64) -> String {
    if value < 1000 {
        return format!("{value}{THIN}B");
    }
    let mut size = value as f64 / 1000.0;
    for unit in ["kB", "MB", "GB"] {
        if size < 900.0 {
            let decimals = usize::from(size < 100.0);
            return format!("{size:.decimals$}{THIN}{unit}");
        }
        size /= 1000.0;
    }
    format!("{size:.1}{THIN}TB")
}

/// A duration in words: `12 ms`, `2.4 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`.
pub fn duration(value: Duration) -> String {
    let seconds = value.as_secs_f64();
    if seconds < 0.0995 {
        return match seconds * 1000.0 {
            0.0 => format!("0{THIN}s"),
            ms if ms < 9.95 => format!("{ms:.1}{THIN}ms"),
            ms => format!("{ms:.0}{THIN}ms"),
        };
    }
    if seconds < 59.95 {
        return format!("{seconds:.1}{THIN}s");
    }
    let whole = seconds.round() as u64;
    let pair = |large: u64, unit: &str, small: u64, part: &str| match small {
        0 => format!("{large}{THIN}{unit}"),
        _ => format!("{large}{THIN}{unit} {small}{THIN}{part}"),
    };
    match whole {
        0..3_600 => pair(whole / 60, "min", if whole < 600 { whole % 60 } else { 0 }, "s"),
        3_600..86_400 => pair(whole / 3_600, "h", whole % 3_600 / 60, "min"),
        _ => pair(whole / 86_400, "d", whole % 86_400 / 3_600, "h"),
    }
}

/// How long work still takes: `40 s left`, `3 min left`.
pub fn left(value: Duration) -> String {
    let seconds = value.as_secs_f64();
    if seconds < 10.0 {
        format!("{seconds:.1}{THIN}s left")
    } else if seconds < 60.0 {
        format!("{seconds:.0}{THIN}s left")
    } else if seconds < 3_600.0 {
        format!("{:.0}{THIN}min left", seconds / 60.0)
    } else {
        format!("{} left", duration(value))
    }
}

/// A time seen from `now`: `3 min ago`, `yesterday`, `12 Nov`.
pub fn ago(when: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - when.as_second();
    match seconds {
        i64::MIN..-60 => return date_time(when),
        -60..45 => return "just now".to_owned(),
        45..3_570 => return format!("{}{THIN}min ago", (seconds + 30) / 60),
        _ => {}
    }
    let [when, now] = [when, now].map(|time| time.to_zoned(TimeZone::system()));
    let days = (now.date() - when.date()).get_days();
    match (days, when.year() == now.year()) {
        (0, _) => format!("{}{THIN}h ago", (seconds + 1_800) / 3_600),
        (1, _) => "yesterday".to_owned(),
        (_, true) => when.strftime("%-d %b").to_string(),
        (_, false) => when.strftime("%-d %b %Y").to_string(),
    }
}

/// Date and time of day where one sits: `20 Nov 2026, 14:02`.
pub fn date_time(when: Timestamp) -> String {
    when.to_zoned(TimeZone::system()).strftime("%-d %b %Y, %H:%M").to_string()
}

fn clock() -> Id {
    Id::unique("gui::clock")
}

/// The time that "ago" counts from; a test stops it by [`freeze`].
pub fn now(ctx: &Context) -> Timestamp {
    ctx.data(|data| data.get_temp(clock())).unwrap_or_else(Timestamp::now)
}

/// Stops the clock of `ctx`, so that a snapshot looks the same tomorrow.
pub fn freeze(ctx: &Context, at: Timestamp) {
    ctx.data_mut(|data| data.insert_temp(clock(), at));
}

fn infinite(value: f64) -> String {
    if value.is_nan() {
        "n/a".to_owned()
    } else if value > 0.0 {
        "∞".to_owned()
    } else {
        format!("{MINUS}∞")
    }
}

fn signed(value: f64, size: String) -> String {
    let zero = size.chars().all(|c| matches!(c, '0' | '.'));
    if value < 0.0 && !zero { format!("{MINUS}{size}") } else { size }
}

/// Drops noughts after the point that say nothing.
fn trim(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

fn group(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: String) -> String {
        text.replace(THIN, " ")
    }

    #[test]
    fn numbers_have_three_significant_digits() {
        let cases = [
            (0.0, "0"),
            (42.0, "42"),
            (1284.0, "1,284"),
            (123_456_789.0, "123,456,789"),
            (12_345.678, "12,346"),
            (0.981_64, "0.982"),
            (13.4, "13.4"),
            (0.5, "0.5"),
            (-0.004_12, "−0.00412"),
            (0.000_012_3, "1.23e-5"),
            (5e-300, "5e-300"),
            (2.5e12, "2.5e12"),
            (f64::NAN, "n/a"),
            (f64::NEG_INFINITY, "−∞"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
        assert_eq!(alike(&[0.989_47, 0.99, -0.000_01]), ["0.9895", "0.9900", "0.0000"]);
        assert_eq!(alike(&[1234.6, 12_345.6]), ["1,235", "12,346"]);
        assert_eq!(alike(&[1234.6, f64::NAN]), ["1,235", "n/a"]);
        assert_eq!(alike(&[0.047_33, 0.05]), ["0.0473", "0.0500"]);
        assert_eq!(alike(&[3.0, 12.0]), ["3", "12"]);
        assert_eq!(metric(0.981_64), "0.9816");
        assert_eq!(metric(-0.000_01), "−1e-5");
        assert_eq!(metric(-0.0), "0.0000");
    }

    #[test]
    fn durations_are_words() {
        let cases = [
            (0.0, "0 s"),
            (0.000_31, "0.3 ms"),
            (0.012, "12 ms"),
            (0.1, "0.1 s"),
            (2.44, "2.4 s"),
            (59.96, "1 min"),
            (185.0, "3 min 5 s"),
            (1_900.0, "31 min"),
            (7_800.0, "2 h 10 min"),
            (273_600.0, "3 d 4 h"),
        ];
        for (seconds, text) in cases {
            assert_eq!(plain(duration(Duration::from_secs_f64(seconds))), text, "{seconds} s");
        }
        assert_eq!(plain(left(Duration::from_millis(1500))), "1.5 s left");
        assert_eq!(plain(left(Duration::from_secs(40))), "40 s left");
    }

    #[test]
    fn sizes_and_shares() {
        assert_eq!(plain(bytes(999)), "999 B");
        assert_eq!(plain(bytes(12_300)), "12.3 kB");
        assert_eq!(plain(bytes(905_000)), "0.9 MB");
        assert_eq!(plain(bytes(3_100_000_000)), "3.1 GB");
        assert_eq!(plain(percent(0.62)), "62 %");
        assert_eq!(plain(percent(0.025)), "2.5 %");
        assert_eq!(counted(1, "row", "rows"), "1 row");
        assert_eq!(counted(1284, "row", "rows"), "1,284 rows");
    }

    #[test]
    fn times_are_relative() {
        let now: Timestamp = "2026-11-20T14:02:00Z".parse().unwrap();
        let before = |seconds| Timestamp::from_second(now.as_second() - seconds).unwrap();
        assert_eq!(plain(ago(before(10), now)), "just now");
        assert_eq!(plain(ago(before(180), now)), "3 min ago");
        assert_eq!(plain(ago(before(3_540), now)), "59 min ago");
        assert_eq!(ago(before(86_400 * 300), now), ago(before(86_400 * 300), now));
        assert!(ago(before(86_400 * 400), now).ends_with("2025"));
    }
}
