//! A date or a moment as people write it.
//!
//! `03/04/2024` is two days; a [`Moment`] says in which orders its text is a
//! date, and the column decides which of them holds ([`super::decide`]).

use super::reading::{DAY_FIRST, MONTH_FIRST, MONTH_NAMED, Readings, YEAR_FIRST};
use crate::temporal::{self, days_from_civil};

const MICROS_PER_DAY: i64 = 86_400_000_000;
const NANOS_PER_HOUR: i64 = 3_600_000_000_000;

/// Two-digit years up to this one are of this century, as POSIX has it.
pub(super) const PIVOT: u32 = 68;

/// A text that is a date or a moment in some order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// The three numbers of the date as they stand; for [`MONTH_NAMED`] year,
    /// month and day.
    numbers: (u32, u32, u32),
    /// Orders in which the numbers are a day that exists.
    pub(super) orders: Readings,
    pub(super) two_digit_year: bool,
    /// `31.12.2024`, where days come first by custom.
    pub(super) dotted: bool,
    /// Nanoseconds since midnight.
    pub(super) clock: Option<i64>,
    /// Seconds east of Greenwich.
    pub(super) offset: Option<i32>,
}

impl Moment {
    /// Scans a trimmed text; `None` if it is no date in any order.
    pub(super) fn scan(text: &str) -> Option<Self> {
        let first = *text.as_bytes().first()?;
        if !first.is_ascii_digit() && !first.is_ascii_alphabetic() {
            return None;
        }
        let (mut moment, rest) = numeric_date(text).or_else(|| named_date(text))?;
        if rest.is_empty() {
            return Some(moment);
        }
        let clock = rest.strip_prefix(['T', 't', ' '])?;
        let (clock, offset) = split_offset(clock.trim_start())?;
        moment.clock = Some(parse_clock(clock.trim_end())?);
        moment.offset = offset;
        Some(moment)
    }

    /// A moment from a date and a clock that are known.
    pub(super) fn known(date: (u32, u32, u32), clock: Option<i64>, offset: Option<i32>, order: Readings) -> Self {
        Self { numbers: date, orders: order, two_digit_year: false, dotted: false, clock, offset }
    }

    /// Days since 1970-01-01 in one of the orders.
    pub(super) fn days(&self, order: Readings) -> Option<i32> {
        let (first, second, third) = self.numbers;
        let year = |number: u32| match (self.two_digit_year, number <= PIVOT) {
            (false, _) => number as i32,
            (true, true) => number as i32 + 2_000,
            (true, false) => number as i32 + 1_900,
        };
        match order {
            DAY_FIRST => days_from_civil(year(third), second, first),
            MONTH_FIRST => days_from_civil(year(third), first, second),
            _ => days_from_civil(year(first), second, third),
        }
    }

    /// Microseconds since 1970-01-01 00:00; in UTC if the text has an offset.
    pub(super) fn micros(&self, order: Readings) -> Option<i64> {
        let local = i64::from(self.days(order)?) * MICROS_PER_DAY + self.clock.unwrap_or(0) / 1_000;
        Some(local - i64::from(self.offset.unwrap_or(0)) * 1_000_000)
    }

    /// Whether a clock has digits that microseconds do not hold.
    pub(super) fn has_nanoseconds(&self) -> bool {
        self.clock.is_some_and(|nanos| nanos % 1_000 != 0)
    }

    /// Whether the day and the month are the same number, so that their order
    /// does not matter.
    pub(super) fn is_symmetric(&self) -> bool {
        self.orders & (DAY_FIRST | MONTH_FIRST) != 0 && self.numbers.0 == self.numbers.1
    }

    fn with_orders(mut self, candidates: Readings) -> Option<Self> {
        for order in [YEAR_FIRST, DAY_FIRST, MONTH_FIRST, MONTH_NAMED] {
            if candidates & order != 0 && self.days(order).is_some() {
                self.orders |= order;
            }
        }
        (self.orders != 0).then_some(self)
    }
}

/// Three numbers with the same separator, and the rest of the text.
fn numeric_date(text: &str) -> Option<(Moment, &str)> {
    let (first, first_length, rest) = leading_number(text)?;
    let separator = *rest.as_bytes().first()?;
    if !matches!(separator, b'-' | b'/' | b'.') {
        return None;
    }
    let (second, second_length, rest) = leading_number(&rest[1..])?;
    let rest = rest.strip_prefix(char::from(separator))?;
    let (third, third_length, rest) = leading_number(rest)?;
    let mut moment = Moment::known((first, second, third), None, None, 0);
    moment.dotted = separator == b'.';
    let candidates = match (first_length, second_length, third_length) {
        (4, 1..=2, 1..=2) => YEAR_FIRST,
        (1..=2, 1..=2, 4) => DAY_FIRST | MONTH_FIRST,
        // 1.2.10 is a version, and 1-2-10 a chapter.
        (2, 2, 2) if separator == b'-' => DAY_FIRST | MONTH_FIRST | YEAR_FIRST,
        (2, 2, 2) => DAY_FIRST | MONTH_FIRST,
        (1..=2, 1..=2, 2) if separator == b'/' => DAY_FIRST | MONTH_FIRST,
        _ => return None,
    };
    moment.two_digit_year = third_length == 2 && first_length != 4;
    Some((moment.with_orders(candidates)?, rest))
}

/// A date with the month's English name, and the rest of the text.
fn named_date(text: &str) -> Option<(Moment, &str)> {
    let mut rest = text;
    let (mut numbers, mut month) = ([(0_u32, 0_usize); 2], None);
    let mut count = 0;
    let mut day_before = false;
    let mut begun = false;
    loop {
        if let Some((number, length, behind)) = leading_number(rest) {
            if count == 2 {
                return None;
            }
            numbers[count] = (number, length);
            count += 1;
            day_before |= month.is_none();
            rest = behind;
        } else {
            let length = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            let (word, behind) = rest.split_at(length);
            match (month_number(word), is_weekday(word)) {
                (Some(number), _) if month.is_none() => month = Some(number),
                (None, true) if !begun => {}
                _ => return None,
            }
            rest = behind;
        }
        begun = true;
        if count == 2 && month.is_some() {
            break;
        }
        rest = rest.trim_start_matches([',', '.']);
        rest = rest.strip_prefix(['-', '/']).unwrap_or_else(|| rest.trim_start());
        if rest.is_empty() {
            return None;
        }
    }
    let month = month?;
    let (day, year) = match (numbers[0], numbers[1]) {
        ((year, 4), (day, 1..=2)) if day_before => ((day, 2), (year, 4)),
        (day @ (_, 1..=2), year @ (_, 4 | 2)) => (day, year),
        _ => return None,
    };
    let mut moment = Moment::known((year.0, month, day.0), None, None, 0);
    moment.two_digit_year = year.1 == 2;
    Some((moment.with_orders(MONTH_NAMED)?, rest))
}

/// A number of at most four digits, how many it has, and the rest of the text.
fn leading_number(text: &str) -> Option<(u32, usize, &str)> {
    let bytes = text.as_bytes();
    let mut value = 0;
    let mut length = 0;
    while let Some(digit) = bytes.get(length).filter(|byte| byte.is_ascii_digit()) {
        if length == 4 {
            return None;
        }
        value = value * 10 + u32::from(digit - b'0');
        length += 1;
    }
    (length > 0).then(|| (value, length, &text[length..]))
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// 1 to 12 for a month's English name or its first three letters.
pub(super) fn month_number(word: &str) -> Option<u32> {
    let at = MONTHS
        .iter()
        .position(|name| is_name(word, name) || word.eq_ignore_ascii_case("sept") && name.starts_with("sept"))?;
    Some(at as u32 + 1)
}

/// Whether a word is an English weekday or its first three letters.
pub(super) fn is_weekday(word: &str) -> bool {
    WEEKDAYS.iter().any(|name| is_name(word, name))
}

fn is_name(word: &str, name: &str) -> bool {
    word.eq_ignore_ascii_case(name) || word.eq_ignore_ascii_case(&name[..3])
}

/// Nanoseconds since midnight of `13:05`, `13:05:00.5`, or `1:05 PM`.
pub(super) fn parse_clock(text: &str) -> Option<i64> {
    let last = *text.as_bytes().last()?;
    if !last.is_ascii_alphabetic() && last != b'.' {
        return temporal::parse_time(text);
    }
    let lower = text.to_ascii_lowercase();
    let afternoon = |ending: &str| lower.strip_suffix(ending).map(str::trim_end);
    let (clock, late) = match afternoon("am").or_else(|| afternoon("a.m.")) {
        Some(clock) => (clock, false),
        None => (afternoon("pm").or_else(|| afternoon("p.m."))?, true),
    };
    let hour_only = clock.len() <= 2 && clock.bytes().all(|byte| byte.is_ascii_digit());
    let nanos = if hour_only { temporal::parse_time(&format!("{clock}:00"))? } else { temporal::parse_time(clock)? };
    let hour = nanos / NANOS_PER_HOUR;
    match (hour, late) {
        (12, false) => Some(nanos - 12 * NANOS_PER_HOUR),
        (12, true) | (1..=11, false) => Some(nanos),
        (1..=11, true) => Some(nanos + 12 * NANOS_PER_HOUR),
        _ => None,
    }
}

/// Splits `Z`, ` UTC`, `+02:00`, `+0200` or `+02` from a clock; the offset in
/// seconds.
fn split_offset(text: &str) -> Option<(&str, Option<i32>)> {
    for name in ["UTC", "GMT"] {
        if let Some(clock) = text.strip_suffix(name) {
            return Some((clock, Some(0)));
        }
    }
    temporal::split_offset(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::temporal::{format_date, format_datetime};
    use proptest::prelude::*;

    fn date(text: &str, order: Readings) -> Option<String> {
        let moment = Moment::scan(text)?;
        let days = (moment.orders & order != 0).then(|| moment.days(order))??;
        Some(format_date(i64::from(days)))
    }

    fn moment(text: &str, order: Readings) -> Option<String> {
        let moment = Moment::scan(text)?;
        (moment.orders & order != 0).then(|| moment.micros(order).map(format_datetime))?
    }

    #[test]
    fn dates_in_every_order() {
        for text in ["2024-01-05", "2024/1/5", "2024.01.05"] {
            assert_eq!(date(text, YEAR_FIRST).as_deref(), Some("2024-01-05"), "{text}");
        }
        for text in ["05/01/2024", "5.1.2024", "05-01-2024", "05/01/24", "05.01.24"] {
            assert_eq!(date(text, DAY_FIRST).as_deref(), Some("2024-01-05"), "{text}");
            assert_eq!(date(text, MONTH_FIRST).as_deref(), Some("2024-05-01"), "{text}");
        }
        for text in [
            "05-Jan-2024",
            "5 January 2024",
            "Jan 5, 2024",
            "JAN-05-2024",
            "05JAN2024",
            "5 Jan. 2024",
            "Fri, 05 Jan 2024",
            "2024 Jan 5",
            "05-Jan-24",
        ] {
            assert_eq!(date(text, MONTH_NAMED).as_deref(), Some("2024-01-05"), "{text}");
        }
        assert_eq!(date("31/12/69", DAY_FIRST).as_deref(), Some("1969-12-31"));
        assert_eq!(Moment::scan("31/12/2024").unwrap().orders, DAY_FIRST);
        for text in [
            "2024-02-30",
            "13/13/2024",
            "1.2.10",
            "10-1-20",
            "1/2",
            "Jan 2024",
            "May",
            "2024-1",
            "20240105",
            "5 Jan",
            "1/2/2024x",
            "Mon",
        ] {
            assert_eq!(Moment::scan(text), None, "{text}");
        }
    }

    #[test]
    fn clocks_and_offsets() {
        assert_eq!(moment("12/31/2024 11:59:00 PM", MONTH_FIRST).as_deref(), Some("2024-12-31 23:59:00"));
        assert_eq!(moment("1/5/2025 12:30:00 AM", MONTH_FIRST).as_deref(), Some("2025-01-05 00:30:00"));
        assert_eq!(moment("2024-07-01T10:00:00+02:00", YEAR_FIRST).as_deref(), Some("2024-07-01 08:00:00"));
        assert_eq!(moment("2024-07-01 10:00:00 UTC", YEAR_FIRST).as_deref(), Some("2024-07-01 10:00:00"));
        assert_eq!(moment("Mon, 01 Jul 2024 10:00:00 +0200", MONTH_NAMED).as_deref(), Some("2024-07-01 08:00:00"));
        assert_eq!(moment("2024-07-01 13:00 PM", YEAR_FIRST), None);
        assert_eq!(moment("2024-07-01 24:00:00", YEAR_FIRST), None);
        assert!(Moment::scan("2024-07-01T10:00:00.123456789").unwrap().has_nanoseconds());
        assert_eq!(parse_clock("9 pm"), Some(21 * NANOS_PER_HOUR));
    }

    proptest! {
        #[test]
        fn any_text_is_scanned(text in "[0-9A-Za-zé:./ +-]{0,24}") {
            if let Some(moment) = Moment::scan(&text) {
                for order in [YEAR_FIRST, DAY_FIRST, MONTH_FIRST, MONTH_NAMED] {
                    prop_assert_eq!(moment.orders & order != 0 && moment.days(order).is_none(), false);
                    let _ = moment.micros(order);
                }
            }
        }
    }
}
