//! What a field of text could be, and what a column of such fields must be.

use crate::schema::Kind;
use crate::temporal::{self, DateOrder};

/// What a column's fields so far have in common. Widening is the join of a
/// lattice, so the result does not depend on the order of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Guess {
    /// Nothing but missing values.
    #[default]
    Unknown,
    Boolean,
    Integer,
    Real,
    Date,
    DateTime,
    Time,
    Text,
}

impl Guess {
    /// The narrowest guess that holds both.
    pub(super) fn join(self, other: Self) -> Self {
        use Guess::{Date, DateTime, Integer, Real, Text, Unknown};
        match (self, other) {
            (left, right) if left == right => left,
            (Unknown, known) | (known, Unknown) => known,
            (Integer, Real) | (Real, Integer) => Real,
            (Date, DateTime) | (DateTime, Date) => DateTime,
            _ => Text,
        }
    }

    /// What a column is imported as; one without any value becomes text.
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Boolean => Kind::Boolean,
            Self::Integer => Kind::Integer,
            Self::Real => Kind::Real,
            Self::Date => Kind::Date,
            Self::DateTime => Kind::DateTime,
            Self::Time => Kind::Time,
            Self::Unknown | Self::Text => Kind::Text,
        }
    }

    /// How a column of a chosen kind is read; `None` for kinds that text cannot
    /// be read as.
    pub(super) fn of(kind: Kind) -> Option<Self> {
        Some(match kind {
            Kind::Boolean => Self::Boolean,
            Kind::Integer => Self::Integer,
            Kind::Real => Self::Real,
            Kind::Date => Self::Date,
            Kind::DateTime => Self::DateTime,
            Kind::Time => Self::Time,
            Kind::Text | Kind::Category => Self::Text,
            Kind::Decimal | Kind::Duration | Kind::Other => return None,
        })
    }
}

/// How a field stood in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Without quotes.
    Bare,
    /// In quotes, which some programs put around numbers too.
    Quoted,
    /// A JSON string, which is never a number and never missing.
    Word,
}

/// How fields are to be understood.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    nulls: Vec<String>,
    null_starts: [bool; 256],
    empty_is_null: bool,
    pub(super) decimal_comma: bool,
    pub(super) date_order: Option<DateOrder>,
}

impl Rules {
    pub(super) fn new(nulls: &[String], decimal_comma: bool, date_order: Option<DateOrder>) -> Self {
        let mut null_starts = [false; 256];
        for first in nulls.iter().filter_map(|null| null.as_bytes().first()) {
            null_starts[usize::from(*first)] = true;
        }
        Self {
            empty_is_null: nulls.iter().any(String::is_empty),
            nulls: nulls.to_vec(),
            null_starts,
            decimal_comma,
            date_order,
        }
    }

    /// Whether a field means "missing".
    #[inline]
    pub(super) fn is_null(&self, text: &str) -> bool {
        match text.as_bytes().first() {
            None => self.empty_is_null,
            Some(&first) => self.null_starts[usize::from(first)] && self.nulls.iter().any(|null| null == text),
        }
    }

    /// What a field that is not missing could be, alone.
    pub(super) fn classify(&self, text: &str, origin: Origin) -> Guess {
        let text = text.trim();
        let Some(&first) = text.as_bytes().first() else {
            return Guess::Text;
        };
        let starts_number = first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.' | b',');
        if origin != Origin::Word {
            if starts_number || matches!(first, b'n' | b'N' | b'i' | b'I') {
                if integer(text).is_some() {
                    return Guess::Integer;
                }
                if self.real(text).is_some() {
                    return Guess::Real;
                }
            }
            if boolean(text).is_some() {
                return Guess::Boolean;
            }
        }
        if !first.is_ascii_digit() {
            return Guess::Text;
        }
        if temporal::parse_date(text, self.date_order).is_some() {
            Guess::Date
        } else if temporal::parse_datetime(text, self.date_order).is_some() {
            Guess::DateTime
        } else if temporal::parse_time(text).is_some() {
            Guess::Time
        } else {
            Guess::Text
        }
    }

    /// A real number. Whole numbers too long to be kept exactly, and those with
    /// leading zeros, are codes rather than numbers.
    #[inline]
    pub(super) fn real(&self, text: &str) -> Option<f64> {
        let value = self.any_real(text)?;
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text).as_bytes();
        let suspicious = digits.len() > 15 || (digits.len() > 1 && digits[0] == b'0');
        if suspicious && digits.iter().all(u8::is_ascii_digit) {
            let coded = digits[0] == b'0' || format!("{}", value.abs()).as_bytes() != digits;
            return (!coded || integer(text).is_some()).then_some(value);
        }
        Some(value)
    }

    /// A real number, however it is written.
    #[inline]
    pub(super) fn any_real(&self, text: &str) -> Option<f64> {
        if !self.decimal_comma {
            return text.parse().ok();
        }
        if text.contains('.') {
            return None;
        }
        if text.contains(',') { text.replacen(',', ".", 1).parse().ok() } else { text.parse().ok() }
    }
}

/// A whole number without leading zeros that 64 bits hold.
#[inline]
pub(super) fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text).as_bytes();
    if digits.len() > 1 && digits[0] == b'0' {
        return None;
    }
    any_integer(text)
}

/// A whole number that 64 bits hold.
#[inline]
pub(super) fn any_integer(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, bytes),
    };
    if digits.is_empty() {
        return None;
    }
    if digits.len() > 18 {
        return text.parse().ok();
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

/// `true` or `false`, in lower case, capitalised or in capitals.
#[inline]
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rules() -> Rules {
        Rules::new(&super::super::ReadOptions::USUAL_NULLS.map(str::to_owned), false, None)
    }

    #[test]
    fn fields() {
        for (text, guess) in [
            ("12", Guess::Integer),
            (" -7 ", Guess::Integer),
            ("+3", Guess::Integer),
            ("007", Guess::Text),
            ("0", Guess::Integer),
            ("0.5", Guess::Real),
            (".5", Guess::Real),
            ("1e-3", Guess::Real),
            ("nan", Guess::Real),
            ("-inf", Guess::Real),
            ("9223372036854775807", Guess::Integer),
            ("9223372036854775808", Guess::Text),
            ("100000000000000000000", Guess::Real),
            ("12345678901234567891", Guess::Text),
            ("True", Guess::Boolean),
            ("yes", Guess::Text),
            ("2024-02-29", Guess::Date),
            ("2023-02-29", Guess::Text),
            ("2024-02-29T10:00:00Z", Guess::DateTime),
            ("10:30", Guess::Time),
            ("03/04/2024", Guess::Text),
            ("1,5", Guess::Text),
            ("-", Guess::Text),
            ("item", Guess::Text),
            ("0x1F", Guess::Text),
        ] {
            assert_eq!(rules().classify(text, Origin::Bare), guess, "{text}");
        }
        assert_eq!(rules().classify("12", Origin::Word), Guess::Text);
        assert_eq!(rules().classify("2024-02-29", Origin::Word), Guess::Date);
        let comma = Rules::new(&[], true, Some(DateOrder::DayFirst));
        assert_eq!(comma.classify("1,5", Origin::Bare), Guess::Real);
        assert_eq!(comma.classify("1.5", Origin::Bare), Guess::Text);
        assert_eq!(comma.classify("03/04/2024", Origin::Bare), Guess::Date);
    }

    proptest! {
        #[test]
        fn joining_is_a_semilattice(a in 0_usize..8, b in 0_usize..8, c in 0_usize..8) {
            use Guess::*;
            let all = [Unknown, Boolean, Integer, Real, Date, DateTime, Time, Text];
            let (a, b, c) = (all[a], all[b], all[c]);
            prop_assert_eq!(a.join(b), b.join(a));
            prop_assert_eq!(a.join(b).join(c), a.join(b.join(c)));
            prop_assert_eq!(a.join(a), a);
        }

        #[test]
        fn integers_agree_with_the_standard_library(text in "[+-]?[0-9]{1,20}") {
            prop_assert_eq!(any_integer(&text), text.parse().ok());
        }
    }
}
