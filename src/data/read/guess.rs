//! What a single field of text could be.

use super::moment::{Moment, parse_clock};
use super::number::Literal;
use super::options::{Mark, ReadOptions};
use super::pattern::DatePattern;
use super::reading::{
    BOOLEAN, COMMA, DATES, DOT, FORMULA, GROUP_APOSTROPHE, GROUP_COMMA, GROUP_DOT, GROUP_SPACE, GROUP_SPACE_COMMA,
    GROUPED, INTEGER, PATTERN, Readings, TIME,
};
use crate::error::Result;
use crate::temporal;

/// How a field stood in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Without quotes.
    Bare,
    /// In quotes, which some programs put around numbers too.
    Quoted,
    /// A JSON string, which is never a number and never missing.
    Word,
    /// A JSON number or boolean, whose style is known.
    Literal,
}

/// A field that means "missing".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NullWord {
    /// Nothing at all.
    Empty,
    /// A word that a person named.
    Named,
    /// A word that usually means it.
    Usual,
}

/// Words that mean "missing" where all else in the column is a number, a date,
/// a time or a boolean.
const PLACEHOLDERS: [&str; 33] = [
    "?", ".", "..", "...", "…", "-", "--", "---", "–", "—", "*", "nan", "NaN", "NAN", "-nan", "-NaN", "NaT", "None",
    "none", "NONE", "nil", "n.a.", "N.A.", "na", "missing", "(null)", "[NULL]", "#DIV/0!", "#VALUE!", "#REF!", "#NUM!",
    "#NAME?", "-1.#IND",
];

/// What a field that is not missing could be, alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Field<'a> {
    pub(super) readings: Readings,
    pub(super) number: Option<Literal<'a>>,
    pub(super) moment: Option<Moment>,
    /// Nanoseconds since midnight.
    pub(super) clock: Option<i64>,
    pub(super) boolean: Option<bool>,
    /// NaN or an infinity.
    pub(super) special: Option<f64>,
    /// Means "missing" in a column of numbers, dates, times or booleans.
    pub(super) placeholder: bool,
    /// JSON numbers are not signed codes, nor serial numbers.
    pub(super) literal: bool,
}

/// How fields are to be understood.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    named: Vec<String>,
    null_starts: [bool; 256],
    usual: bool,
    pattern: Option<DatePattern>,
    /// Styles of numbers that a person left open.
    allowed: Readings,
}

impl Rules {
    /// # Errors
    /// A pattern of dates that cannot be understood.
    pub(super) fn new(options: &ReadOptions, delimited: bool) -> Result<Self> {
        let usual = if delimited { ReadOptions::USUAL_NULLS.as_slice() } else { &[] };
        let named: Vec<String> = options.null_values.iter().filter(|word| !word.is_empty()).cloned().collect();
        let mut null_starts = [false; 256];
        for word in named.iter().map(String::as_str).chain(usual.iter().copied()) {
            null_starts[usize::from(word.as_bytes()[0])] = true;
        }
        Ok(Self {
            named,
            null_starts,
            usual: delimited,
            pattern: options.date_format.as_deref().map(DatePattern::new).transpose()?,
            allowed: if delimited { allowed_styles(options) } else { !0 },
        })
    }

    /// Whether a field of delimited text means "missing".
    #[inline]
    pub(super) fn null(&self, text: &str) -> Option<NullWord> {
        match text.as_bytes().first() {
            None => Some(NullWord::Empty),
            Some(&first) if self.null_starts[usize::from(first)] => self.null_word(text),
            Some(_) => None,
        }
    }

    fn null_word(&self, text: &str) -> Option<NullWord> {
        if self.named.iter().any(|word| word == text) {
            return Some(NullWord::Named);
        }
        (self.usual && ReadOptions::USUAL_NULLS.contains(&text)).then_some(NullWord::Usual)
    }

    /// What a field that is not missing could be, alone.
    pub(super) fn read<'a>(&self, text: &'a str, origin: Origin) -> Field<'a> {
        let text = text.trim();
        let mut field = Field { literal: origin == Origin::Literal, ..Field::default() };
        if text.is_empty() {
            field.placeholder = origin != Origin::Word;
            return field;
        }
        if origin != Origin::Word {
            self.read_value(text, &mut field);
        }
        if origin != Origin::Literal && field.readings & !TIME == 0 {
            self.read_moment(text, &mut field);
        }
        if let Some(moment) = self.pattern.as_ref().and_then(|pattern| pattern.scan(text)) {
            field.moment = Some(moment);
            field.readings |= PATTERN;
        }
        field
    }

    fn read_value<'a>(&self, text: &'a str, field: &mut Field<'a>) {
        let first = text.as_bytes()[0];
        if !first.is_ascii_digit() && text.len() <= 8 && PLACEHOLDERS.contains(&text) {
            field.placeholder = true;
        }
        if let Some(special) = special_real(text) {
            field.special = Some(special);
            field.readings = if special.is_nan() { 0 } else { DOT | COMMA };
            return;
        }
        if let Some(number) = Literal::scan(text) {
            let styles = if field.literal { INTEGER | DOT } else { self.allowed };
            field.readings = number.readings() & styles;
            field.number = Some(number);
            return;
        }
        field.boolean = boolean(text);
        if field.boolean.is_some() {
            field.readings = BOOLEAN;
        } else if formula_text(text).is_some() {
            field.readings = FORMULA;
        }
    }

    fn read_moment(&self, text: &str, field: &mut Field<'_>) {
        if let Some(moment) = Moment::scan(text) {
            field.readings |= moment.orders & DATES;
            field.moment = Some(moment);
        } else if text.as_bytes()[0].is_ascii_digit() {
            field.clock = parse_clock(text);
            field.readings |= if field.clock.is_some() { TIME } else { 0 };
        }
    }
}

/// The styles of numbers that go with what a person said of the decimal mark and
/// the thousands.
fn allowed_styles(options: &ReadOptions) -> Readings {
    let mut allowed = !0;
    match options.decimal {
        Some(',') => allowed &= !(DOT | GROUP_COMMA | GROUP_SPACE | GROUP_APOSTROPHE),
        Some(_) => allowed &= !(COMMA | GROUP_DOT | GROUP_SPACE_COMMA),
        None => {}
    }
    match options.thousands {
        Some(Mark(None)) => allowed &= !GROUPED,
        Some(Mark(Some(mark))) => {
            let style = match mark {
                ',' => GROUP_COMMA,
                '.' => GROUP_DOT,
                '\'' => GROUP_APOSTROPHE,
                _ => GROUP_SPACE | GROUP_SPACE_COMMA,
            };
            // A mark between thousands is no decimal mark.
            let not_decimal = match mark {
                ',' => COMMA,
                '.' => DOT,
                _ => 0,
            };
            allowed &= (!GROUPED | style) & !not_decimal;
        }
        None => {}
    }
    allowed
}

/// NaN or an infinity, as programs write them.
pub(super) fn special_real(text: &str) -> Option<f64> {
    let last = *text.as_bytes().last()?;
    if text.len() > 9 || !last.is_ascii_alphabetic() {
        return None;
    }
    text.parse().ok()
}

/// A whole number of at most 15 digits, written without a plus or zeros that it
/// does not need. The quick way for most fields; [`Literal`] knows all.
#[inline]
pub(super) fn short_integer(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    };
    let needless_zero = digits.first() == Some(&b'0') && (negative || digits.len() > 1);
    if digits.is_empty() || digits.len() > 15 || needless_zero {
        return None;
    }
    let mut value = 0_i64;
    for &digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

/// A real number in the style of machines, of which every digit can be kept. The
/// quick way for most fields; [`Literal`] knows all.
#[inline]
pub(super) fn short_real(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let digits = match bytes {
        [b'-', rest @ ..] => rest,
        _ => bytes,
    };
    let first = *digits.first()?;
    let needless_zero = first == b'0' && digits.get(1).is_some_and(u8::is_ascii_digit);
    if !(first.is_ascii_digit() || first == b'.') || needless_zero {
        return None;
    }
    if digits.len() > 15 {
        let whole = memchr::memchr(b'.', digits)?;
        if whole > 15 || digits.len() > 19 {
            return None;
        }
    }
    let value: f64 = text.parse().ok()?;
    // A serial number with an E in it may be too large, or too small, for a real.
    let vanished = value == 0.0 && memchr::memchr2(b'e', b'E', bytes).is_some();
    (value.is_finite() && !vanished).then_some(value)
}

/// A day written as `2024-12-31`. The quick way for most dates; [`Moment`] knows
/// all.
#[inline]
pub(super) fn iso_date(text: &str) -> Option<i32> {
    if text.len() != 10 || text.as_bytes()[4] != b'-' {
        return None;
    }
    temporal::parse_date(text, None)
}

/// Microseconds of a moment written as `2024-12-31 23:59:00`, with a fraction
/// that microseconds hold and without an offset.
#[inline]
pub(super) fn iso_moment(text: &str) -> Option<i64> {
    let plain = (16..=26).contains(&text.len()) && text.as_bytes()[4] == b'-' && text.as_bytes()[10] != b'+';
    if !plain {
        return None;
    }
    let (micros, has_offset) = temporal::parse_datetime(text, None)?;
    (!has_offset).then_some(micros)
}

/// `true` or `false`, in lower case, capitalized or in capitals.
#[inline]
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// The text within `="…"`.
pub(super) fn formula_text(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("=\"")?.strip_suffix('"')?;
    (!inner.contains('"')).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::super::reading::{DAY_FIRST, MONTH_FIRST, NUMBERS, YEAR_FIRST};
    use super::*;
    use proptest::prelude::*;

    fn rules() -> Rules {
        Rules::new(&ReadOptions::default(), true).unwrap()
    }

    #[test]
    fn fields() {
        let dot = DOT | GROUP_COMMA | GROUP_SPACE | GROUP_APOSTROPHE;
        for (text, readings) in [
            ("12", NUMBERS),
            (" -7 ", NUMBERS),
            ("007", 0),
            ("0.5", dot),
            ("1e-3", DOT | COMMA),
            ("-inf", DOT | COMMA),
            ("9223372036854775808", 0),
            ("12345678901234567891", 0),
            ("True", BOOLEAN),
            ("yes", 0),
            ("2024-02-29", YEAR_FIRST),
            ("2023-02-29", 0),
            ("2024-02-29T10:00:00Z", YEAR_FIRST),
            ("10:30", TIME),
            ("03/04/2024", DAY_FIRST | MONTH_FIRST),
            ("item", 0),
            ("=\"007\"", FORMULA),
        ] {
            assert_eq!(rules().read(text, Origin::Bare).readings, readings, "{text}");
        }
        assert_eq!(rules().read("12", Origin::Word).readings, 0);
        assert_eq!(rules().read("2024-02-29", Origin::Word).readings, YEAR_FIRST);
        assert_eq!(rules().read("1.234", Origin::Literal).readings, DOT);
        for word in ["?", "nan", "#N/A N/A", " "] {
            assert_eq!(rules().read(word, Origin::Bare).placeholder, word != "#N/A N/A", "{word}");
        }
    }

    #[test]
    fn choices_narrow_the_styles() {
        let of = |decimal, thousands, text: &str| {
            let options = ReadOptions { decimal, thousands, ..ReadOptions::default() };
            Rules::new(&options, true).unwrap().read(text, Origin::Bare).readings
        };
        assert_eq!(of(Some(','), None, "1.5"), 0);
        assert_eq!(of(Some(','), None, "1.234"), GROUP_DOT);
        assert_eq!(of(Some('.'), None, "1,234"), GROUP_COMMA);
        assert_eq!(of(Some('.'), None, "3,4"), 0);
        assert_eq!(of(None, Some(Mark(None)), "1,234"), COMMA);
        assert_eq!(of(None, Some(Mark(Some(','))), "1,234"), GROUP_COMMA);
    }

    proptest! {
        #[test]
        fn quick_dates_agree_with_the_slow_one(text in "[0-9]{4}[-/.][0-9]{2}[-/.][0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?(Z|[+]02:00)?)?") {
            let field = rules().read(&text, Origin::Bare);
            let moment = field.moment.filter(|moment| moment.orders & YEAR_FIRST != 0);
            if let Some(days) = iso_date(&text) {
                let moment = moment.unwrap();
                prop_assert_eq!((moment.days(YEAR_FIRST), moment.clock), (Some(days), None));
            }
            if let Some(micros) = iso_moment(&text) {
                let moment = moment.unwrap();
                prop_assert_eq!((moment.micros(YEAR_FIRST), moment.offset), (Some(micros), None));
                prop_assert!(moment.clock.is_some() && !moment.has_nanoseconds());
            }
        }

        #[test]
        fn quick_ways_agree_with_the_slow_one(text in "[-+]?[0-9]{0,17}([.][0-9]{0,10})?(e-?[0-9]{1,3})?") {
            let field = rules().read(&text, Origin::Bare);
            if let Some(value) = short_integer(&text) {
                prop_assert_ne!(field.readings & INTEGER, 0, "{}", text);
                prop_assert_eq!(field.number.as_ref().unwrap().integer(INTEGER), Some(value));
            }
            if let Some(value) = short_real(&text) {
                prop_assert_ne!(field.readings & DOT, 0, "{}", text);
                prop_assert_eq!(field.number.as_ref().unwrap().real(DOT), Some(value));
            }
        }
    }
}
