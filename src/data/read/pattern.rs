//! Dates in a pattern that a person gave, in the signs of `strftime`.

use super::moment::{Moment, PIVOT, is_weekday, month_number};
use super::reading::PATTERN;
use crate::error::{Error, Result};
use crate::temporal::split_offset;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Letter(char),
    /// Any number of spaces.
    Space,
    Year,
    ShortYear,
    Month,
    MonthName,
    Day,
    DayOfYear,
    Weekday,
    Hour,
    HalfDayHour,
    Minute,
    Second,
    Fraction,
    HalfDay,
    Offset,
}

/// A parsed pattern such as `%d.%m.%Y %H:%M`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DatePattern {
    parts: Vec<Part>,
}

/// What the parts of a text said so far.
#[derive(Default)]
struct Found {
    year: Option<u32>,
    month: Option<u32>,
    day: Option<u32>,
    day_of_year: Option<u32>,
    hour: Option<u32>,
    afternoon: Option<bool>,
    minute: u32,
    second: u32,
    nanos: u32,
    offset: Option<i32>,
}

impl DatePattern {
    /// # Errors
    /// A sign that is not known, or a pattern without a whole date.
    pub(super) fn new(pattern: &str) -> Result<Self> {
        let spelled = pattern
            .replace("%F", "%Y-%m-%d")
            .replace("%T", "%H:%M:%S")
            .replace("%R", "%H:%M")
            .replace("%D", "%m/%d/%y");
        let mut parts = Vec::new();
        let mut letters = spelled.chars();
        while let Some(letter) = letters.next() {
            if letter.is_whitespace() {
                parts.push(Part::Space);
                continue;
            }
            if letter != '%' {
                parts.push(Part::Letter(letter));
                continue;
            }
            let sign = letters.find(|sign| !matches!(sign, '-' | '_' | '.' | '3' | '6' | '9'));
            parts.push(Self::part(pattern, sign)?);
        }
        let has = |wanted: &[Part]| parts.iter().any(|part| wanted.contains(part));
        let has_date = has(&[Part::Year, Part::ShortYear])
            && (has(&[Part::DayOfYear]) || (has(&[Part::Month, Part::MonthName]) && has(&[Part::Day])));
        if !has_date {
            return Err(Error::invalid(format!(
                "The pattern of dates “{pattern}” does not name a year, a month and a day, such as %d.%m.%Y."
            )));
        }
        Ok(Self { parts })
    }

    fn part(pattern: &str, sign: Option<char>) -> Result<Part> {
        Ok(match sign {
            Some('Y') => Part::Year,
            Some('y') => Part::ShortYear,
            Some('m') => Part::Month,
            Some('b' | 'B' | 'h') => Part::MonthName,
            Some('d' | 'e') => Part::Day,
            Some('j') => Part::DayOfYear,
            Some('a' | 'A') => Part::Weekday,
            Some('H' | 'k') => Part::Hour,
            Some('I' | 'l') => Part::HalfDayHour,
            Some('M') => Part::Minute,
            Some('S') => Part::Second,
            Some('f') => Part::Fraction,
            Some('p' | 'P') => Part::HalfDay,
            Some('z' | 'Z') => Part::Offset,
            Some('%') => Part::Letter('%'),
            Some(sign) => {
                return Err(Error::invalid(format!(
                    "“%{sign}” in the pattern of dates “{pattern}” is not known. Use %Y %y %m %b %d %j %H %I %M %S %f \
                     %p %z."
                )));
            }
            None => {
                return Err(Error::invalid(format!("The pattern of dates “{pattern}” ends in a % without a letter.")));
            }
        })
    }

    /// The moment that a text is in this pattern.
    pub(super) fn scan(&self, text: &str) -> Option<Moment> {
        let mut rest = text;
        let mut found = Found::default();
        for part in &self.parts {
            rest = found.take(*part, rest)?;
        }
        if rest.is_empty() { found.moment(self.has_clock()) } else { None }
    }

    fn has_clock(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Hour | Part::HalfDayHour))
    }
}

impl Found {
    /// Takes one part from the beginning of a text.
    fn take<'a>(&mut self, part: Part, text: &'a str) -> Option<&'a str> {
        let rest = match part {
            Part::Letter(letter) => return text.strip_prefix(letter),
            Part::Space => return Some(text.trim_start()),
            Part::Year => take_number(text, 4, 4, &mut self.year)?,
            Part::ShortYear => {
                let mut short = None;
                let rest = take_number(text, 2, 2, &mut short)?;
                self.year = short.map(|year| if year <= PIVOT { year + 2_000 } else { year + 1_900 });
                rest
            }
            Part::Month => take_number(text, 1, 2, &mut self.month)?,
            Part::Day => take_number(text.trim_start(), 1, 2, &mut self.day)?,
            Part::DayOfYear => take_number(text, 1, 3, &mut self.day_of_year)?,
            Part::Hour | Part::HalfDayHour => take_number(text.trim_start(), 1, 2, &mut self.hour)?,
            Part::Minute => take_into(text, 2, &mut self.minute)?,
            Part::Second => take_into(text, 2, &mut self.second)?,
            Part::Fraction => {
                // “%S.%f” and chrono's “%S%.f” both end here.
                let digits = text.strip_prefix('.').unwrap_or(text);
                let length = digits.bytes().take_while(u8::is_ascii_digit).count().min(9);
                let written: u32 = digits[..length].parse().ok()?;
                self.nanos = written * 10_u32.pow(9 - length as u32);
                &digits[length..]
            }
            Part::MonthName | Part::Weekday => {
                let length = text.bytes().take_while(u8::is_ascii_alphabetic).count();
                let (word, rest) = text.split_at(length);
                if part == Part::Weekday {
                    return is_weekday(word).then_some(rest);
                }
                self.month = Some(month_number(word)?);
                rest
            }
            Part::HalfDay => {
                let word = text.get(..2)?;
                self.afternoon = Some(word.eq_ignore_ascii_case("pm"));
                if !word.eq_ignore_ascii_case("am") && self.afternoon == Some(false) {
                    return None;
                }
                &text[2..]
            }
            Part::Offset => {
                let (before, offset) = match text {
                    "UTC" | "GMT" => ("", Some(0)),
                    text => split_offset(text)?,
                };
                self.offset = Some(offset.filter(|_| before.is_empty())?);
                ""
            }
        };
        Some(rest)
    }

    fn moment(&self, has_clock: bool) -> Option<Moment> {
        let year = self.year?;
        let (month, day) = match self.day_of_year {
            Some(day) => date_of_day(year, day)?,
            None => (self.month?, self.day?),
        };
        let hour = self.hour.unwrap_or(0);
        let hour = match self.afternoon {
            Some(_) if !(1..=12).contains(&hour) => return None,
            Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
            None => hour,
        };
        if hour > 23 || self.minute > 59 || self.second > 59 {
            return None;
        }
        let seconds = i64::from(hour) * 3_600 + i64::from(self.minute) * 60 + i64::from(self.second);
        let clock = seconds * NANOS_PER_SECOND + i64::from(self.nanos);
        let moment = Moment::known((year, month, day), has_clock.then_some(clock), self.offset, PATTERN);
        moment.days(PATTERN).map(|_| moment)
    }
}

/// Month and day of the day of a year, counted from 1.
fn date_of_day(year: u32, day: u32) -> Option<(u32, u32)> {
    let first = crate::temporal::days_from_civil(year as i32, 1, 1)?;
    let (found, month, day_of_month) = crate::temporal::civil_from_days(i64::from(first) + i64::from(day) - 1);
    (day > 0 && found == i64::from(year)).then_some((month, day_of_month))
}

fn take_number<'a>(text: &'a str, least: usize, most: usize, into: &mut Option<u32>) -> Option<&'a str> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count().min(most);
    if length < least {
        return None;
    }
    *into = Some(text[..length].parse().ok()?);
    Some(&text[length..])
}

fn take_into<'a>(text: &'a str, digits: usize, into: &mut u32) -> Option<&'a str> {
    let mut number = None;
    let rest = take_number(text, digits, digits, &mut number)?;
    *into = number?;
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::temporal::format_datetime;
    use proptest::prelude::*;

    fn read(pattern: &str, text: &str) -> Option<String> {
        DatePattern::new(pattern).unwrap().scan(text)?.micros(PATTERN).map(format_datetime)
    }

    #[test]
    fn patterns() {
        for (pattern, text) in [
            ("%Y%m%d", "20240705"),
            ("%d.%m.%Y", "5.7.2024"),
            ("%d-%b-%y", "05-Jul-24"),
            ("%A, %B %e, %Y", "Friday, July 5, 2024"),
            ("%Y-%j", "2024-187"),
            ("%D", "07/05/24"),
        ] {
            assert_eq!(read(pattern, text).as_deref(), Some("2024-07-05 00:00:00"), "{pattern}");
        }
        assert_eq!(read("%d/%m/%Y %I:%M %p", "05/07/2024 12:30 AM").as_deref(), Some("2024-07-05 00:30:00"));
        assert_eq!(read("%FT%T.%f", "2024-07-05T01:02:03.5").as_deref(), Some("2024-07-05 01:02:03.5"));
        assert_eq!(read("%F %T%z", "2024-07-05 01:02:03+0200").as_deref(), Some("2024-07-04 23:02:03"));
        assert_eq!(read("%Y%m%d", "20240230"), None);
        assert_eq!(read("%Y%m%d", "2024-02-03"), None);
        assert_eq!(read("%Y-%j", "2023-366"), None);
        assert!(DatePattern::new("%Y-%m").unwrap_err().to_string().contains("a year, a month and a day"));
        assert!(DatePattern::new("%Y-%m-%Q").unwrap_err().to_string().contains("%Q"));
        assert!(DatePattern::new("%Y-%m-%d %").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_scanned(pattern in "[%YmdHMSfpzj .:é-]{0,16}", text in "\\PC{0,24}") {
            if let Ok(pattern) = DatePattern::new(&format!("%Y%m%d{pattern}")) {
                let _ = pattern.scan(&text);
            }
        }
    }
}
