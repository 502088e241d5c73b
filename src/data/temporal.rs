//! Dates and times as numbers and as ISO 8601 text, without a calendar library.
//!
//! Civil-date arithmetic follows Howard Hinnant, *chrono-Compatible Low-Level
//! Date Algorithms* (proleptic Gregorian calendar, day 0 = 1970-01-01).

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// Days since 1970-01-01 of a civil date; `None` when there is no such day.
pub fn days_from_civil(year: i32, month: u32, day: u32) -> Option<i32> {
    if !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) {
        return None;
    }
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let shifted = i64::from((month + 9) % 12);
    let day_of_year = (153 * shifted + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    i32::try_from(era * 146_097 + day_of_era - 719_468).ok()
}

/// Year, month and day of a number of days since 1970-01-01.
pub fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted - era * 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_shifted + 2) / 5 + 1;
    let month = if month_shifted < 10 { month_shifted + 3 } else { month_shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month as u32, day as u32)
}

fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `2024-02-29`.
pub fn format_date(days: i64) -> String {
    let (year, month, day) = civil_from_days(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `2024-02-29 13:05:00`, with a fraction only if there is one. Argument in
/// microseconds since 1970-01-01 00:00.
pub fn format_datetime(micros: i64) -> String {
    let date = format_date(micros.div_euclid(MICROS_PER_DAY));
    format!("{date} {}", format_time(micros.rem_euclid(MICROS_PER_DAY) * 1_000))
}

/// `13:05:00`, with a fraction only if there is one. Argument in nanoseconds
/// since midnight.
pub fn format_time(nanos: i64) -> String {
    let seconds = nanos.div_euclid(NANOS_PER_SECOND);
    let fraction = nanos.rem_euclid(NANOS_PER_SECOND);
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if fraction == 0 {
        return clock;
    }
    let digits = format!("{fraction:09}");
    format!("{clock}.{}", digits.trim_end_matches('0'))
}

/// `3 d 04:05:06`, with a sign if negative. Argument in microseconds.
pub fn format_duration(micros: i64) -> String {
    let magnitude = micros.unsigned_abs();
    let days = magnitude / MICROS_PER_DAY as u64;
    let rest = (magnitude % MICROS_PER_DAY as u64) as i64;
    let sign = if micros < 0 { "-" } else { "" };
    let clock = format_time(rest * 1_000);
    if days == 0 { format!("{sign}{clock}") } else { format!("{sign}{days} d {clock}") }
}

/// How the numbers of a date such as `03/04/2024` are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// `31/12/2024`, `31.12.2024`
    DayFirst,
    /// `12/31/2024`
    MonthFirst,
}

/// Days since 1970-01-01 of `2024-02-29`, `2024/02/29`, and, if the order is
/// known, `29.02.2024` or `29/02/2024`. `None` for anything else.
pub fn parse_date(text: &str, order: Option<DateOrder>) -> Option<i32> {
    let bytes = text.as_bytes();
    match bytes {
        [_, _, _, _, separator @ (b'-' | b'/'), rest @ ..] => {
            let year = digits(&bytes[..4])?;
            let (month, day) = split_pair(rest, *separator)?;
            days_from_civil(year as i32, month, day)
        }
        _ if bytes.len() >= 8 && bytes.len() <= 10 => {
            let separator = *bytes.iter().find(|byte| !byte.is_ascii_digit())?;
            let at = bytes.len().checked_sub(5)?;
            if !matches!(separator, b'.' | b'/' | b'-') || bytes[at] != separator {
                return None;
            }
            let year = digits(&bytes[at + 1..])?;
            let (first, second) = split_pair(&bytes[..at], separator)?;
            let (day, month) = match (separator, order) {
                (b'.', _) | (_, Some(DateOrder::DayFirst)) => (first, second),
                (_, Some(DateOrder::MonthFirst)) => (second, first),
                (_, None) => return None,
            };
            days_from_civil(year as i32, month, day)
        }
        _ => None,
    }
}

/// Microseconds since 1970-01-01 00:00 of a date, `T` or a space, and a time
/// (`2024-02-29T13:05`, seconds, fraction and offset optional). The flag says
/// whether an offset was given; the result is then in UTC.
pub fn parse_datetime(text: &str, order: Option<DateOrder>) -> Option<(i64, bool)> {
    let split = text.bytes().position(|byte| matches!(byte, b'T' | b't' | b' '))?;
    let days = i64::from(parse_date(&text[..split], order)?);
    let rest = text[split + 1..].trim_start();
    let (clock, offset) = split_offset(rest)?;
    let micros = parse_time(clock.trim_end())? / 1_000;
    let local = days.checked_mul(MICROS_PER_DAY)?.checked_add(micros)?;
    match offset {
        None => Some((local, false)),
        Some(seconds) => Some((local - i64::from(seconds) * MICROS_PER_SECOND, true)),
    }
}

/// Nanoseconds since midnight of `13:05`, `13:05:00` or `13:05:00.125`.
pub fn parse_time(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let colon = bytes.iter().position(|&byte| byte == b':')?;
    if colon == 0 || colon > 2 {
        return None;
    }
    let hours = digits(&bytes[..colon])?;
    let minutes = digits(bytes.get(colon + 1..colon + 3)?)?;
    let (seconds, nanos) = match &bytes[colon + 3..] {
        [] => (0, 0),
        [b':', rest @ ..] => {
            let seconds = digits(rest.get(..2)?)?;
            (seconds, fraction(&rest[2..])?)
        }
        _ => return None,
    };
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let whole = i64::from(hours) * 3_600 + i64::from(minutes) * 60 + i64::from(seconds);
    Some(whole * NANOS_PER_SECOND + nanos)
}

/// Nanoseconds of `.125` or `,125`; 0 for nothing.
fn fraction(bytes: &[u8]) -> Option<i64> {
    let [b'.' | b',', digits @ ..] = bytes else {
        return bytes.is_empty().then_some(0);
    };
    if digits.is_empty() || digits.len() > 12 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let padded = digits.iter().copied().chain(std::iter::repeat(b'0')).take(9);
    Some(padded.fold(0, |value, digit| value * 10 + i64::from(digit - b'0')))
}

/// Splits `Z`, `+02:00`, `+0200` or `+02` from a time; the offset in seconds.
pub(crate) fn split_offset(text: &str) -> Option<(&str, Option<i32>)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, Some(0)));
    }
    let Some(at) = text.rfind(['+', '-']) else {
        return Some((text, None));
    };
    let sign = if text.as_bytes()[at] == b'-' { -1 } else { 1 };
    let bytes = &text.as_bytes()[at + 1..];
    let (hours, minutes) = match bytes {
        [_, _] => (digits(bytes)?, 0),
        [_, _, _, _] => (digits(&bytes[..2])?, digits(&bytes[2..])?),
        [_, _, b':', _, _] => (digits(&bytes[..2])?, digits(&bytes[3..])?),
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    Some((&text[..at], Some(sign * (hours * 3_600 + minutes * 60) as i32)))
}

fn split_pair(bytes: &[u8], separator: u8) -> Option<(u32, u32)> {
    let at = bytes.iter().position(|&byte| byte == separator)?;
    let (first, second) = (&bytes[..at], &bytes[at + 1..]);
    if first.len() > 2 || second.len() > 2 {
        return None;
    }
    Some((digits(first)?, digits(second)?))
}

fn digits(bytes: &[u8]) -> Option<u32> {
    if bytes.is_empty() || bytes.len() > 9 || !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(bytes.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_days() {
        assert_eq!(days_from_civil(1970, 1, 1), Some(0));
        assert_eq!(days_from_civil(2000, 2, 29), Some(11_016));
        assert_eq!(days_from_civil(1900, 2, 29), None);
        assert_eq!(days_from_civil(2024, 13, 1), None);
        assert_eq!(format_date(-1), "1969-12-31");
    }

    #[test]
    fn dates_with_and_without_order() {
        let expected = days_from_civil(2024, 4, 3);
        assert_eq!(parse_date("2024-04-03", None), expected);
        assert_eq!(parse_date("2024/4/3", None), expected);
        assert_eq!(parse_date("03.04.2024", None), expected);
        assert_eq!(parse_date("03/04/2024", None), None);
        assert_eq!(parse_date("03/04/2024", Some(DateOrder::DayFirst)), expected);
        assert_eq!(parse_date("4/3/2024", Some(DateOrder::MonthFirst)), expected);
        for wrong in ["2024-02-30", "2024-1", "20240403", "ab.cd.2024", "1.2.3", ""] {
            assert_eq!(parse_date(wrong, Some(DateOrder::DayFirst)), None, "{wrong}");
        }
    }

    #[test]
    fn datetimes_with_offsets() {
        let noon = parse_datetime("2024-04-03T12:00:00Z", None).unwrap();
        assert_eq!(parse_datetime("2024-04-03 14:00+02:00", None).unwrap(), noon);
        assert_eq!(parse_datetime("2024-04-03 12:00:00", None).unwrap(), (noon.0, false));
        assert_eq!(parse_datetime("2024-04-03 12:00:00.25", None).unwrap().0, noon.0 + 250_000);
        assert_eq!(parse_datetime("2024-04-03 25:00", None), None);
        assert_eq!(parse_datetime("2024-04-03", None), None);
    }

    proptest! {
        #[test]
        fn days_round_trip(days in -700_000_i64..2_900_000) {
            let (year, month, day) = civil_from_days(days);
            prop_assert_eq!(days_from_civil(year as i32, month, day), Some(days as i32));
        }

        #[test]
        fn datetime_text_round_trips(micros in -62_000_000_000_000_000_i64..250_000_000_000_000_000) {
            let text = format_datetime(micros);
            prop_assert_eq!(parse_datetime(&text, None), Some((micros, false)), "{}", text);
        }

        #[test]
        fn never_panics(text in "\\PC{0,24}") {
            let _ = parse_date(&text, Some(DateOrder::DayFirst));
            let _ = parse_datetime(&text, None);
            let _ = parse_time(&text);
        }
    }
}
