//! What all fields of a column have shown so far.

use super::guess::{Field, Origin};
use super::number::{Literal, Shape};
use super::reading::{ALL, DATES, INTEGER, NUMBERS, Readings};

/// Things seen in some field of a column, as a set of bits.
pub(super) mod seen {
    /// A field that is neither missing nor a placeholder.
    pub const VALUE: u64 = 1;
    /// A placeholder such as `?`.
    pub const PLACEHOLDER: u64 = 1 << 1;
    /// A value without quotes.
    pub const BARE: u64 = 1 << 2;
    /// The word `NA` without quotes.
    pub const NA: u64 = 1 << 3;
    /// A whole number of at most three digits, and one of more, without groups.
    pub const SMALL_WHOLE: u64 = 1 << 4;
    pub const LARGE_WHOLE: u64 = 1 << 5;
    /// A dot, and a comma, in a number.
    pub const DOT_MARK: u64 = 1 << 6;
    pub const COMMA_MARK: u64 = 1 << 7;
    /// A mark that can be nothing but decimal, such as in `0.75` or `29,08`.
    pub const CLEAR_DOT: u64 = 1 << 8;
    pub const CLEAR_COMMA: u64 = 1 << 9;
    /// A fraction that ends in a zero.
    pub const ENDING_ZERO: u64 = 1 << 10;
    /// `12E4`, and any other exponent.
    pub const SERIAL_EXPONENT: u64 = 1 << 11;
    pub const EXPONENT: u64 = 1 << 12;
    pub const PLUS: u64 = 1 << 13;
    /// A plus before as many digits as a telephone number has.
    pub const LONG_PLUS: u64 = 1 << 14;
    pub const MINUS: u64 = 1 << 15;
    pub const PERCENT: u64 = 1 << 16;
    pub const NO_PERCENT: u64 = 1 << 17;
    pub const PARENTHESES: u64 = 1 << 18;
    pub const NO_PARENTHESES: u64 = 1 << 19;
    /// More digits than a real keeps.
    pub const ROUNDED: u64 = 1 << 20;
    pub const NAN: u64 = 1 << 21;
    pub const INFINITY: u64 = 1 << 22;
    /// A date without a clock, a clock without an offset, one with an offset.
    pub const DAY: u64 = 1 << 23;
    pub const LOCAL_CLOCK: u64 = 1 << 24;
    pub const OFFSET_CLOCK: u64 = 1 << 25;
    pub const NANOSECONDS: u64 = 1 << 26;
    pub const SHORT_YEAR: u64 = 1 << 27;
    /// A date whose order of day and month matters and is not known by dots.
    pub const UNDOTTED: u64 = 1 << 28;
    pub const ORDER_MATTERS: u64 = 1 << 29;
    /// A field that is no number in any style, and one that is no date.
    pub const NO_NUMBER: u64 = 1 << 30;
    pub const NO_DATE: u64 = 1 << 31;
    /// A field in quotes that needs none.
    pub const NEEDLESS_QUOTES: u64 = 1 << 33;
    /// Quotes around nothing, or around a word that means "missing" without.
    pub const QUOTED_NULL: u64 = 1 << 34;
    /// A whole number that a real would not keep.
    pub const LONG_WHOLE: u64 = 1 << 32;

    /// What a plain number shows of itself: with all of it seen, only its digits
    /// have to be looked at.
    pub const PLAIN: u64 = VALUE | NO_PERCENT | NO_PARENTHESES | NO_DATE;
}

/// What all fields of a column have shown so far. Joining is commutative,
/// associative and idempotent, so the result does not depend on the order of
/// rows or on how a file is cut into blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Evidence {
    /// Ways to read that all fields share.
    pub(super) readings: Readings,
    /// Ways to read that some field has.
    pub(super) any: Readings,
    pub(super) seen: u64,
    /// Signs of money, by their place in the list.
    pub(super) currencies: u64,
    /// Fewest and most digits behind the only separator.
    pub(super) fraction: Span,
    /// Fewest and most digits of numbers with groups.
    pub(super) grouped: Span,
    /// Most digits behind the last mark of a number.
    pub(super) scale: u8,
    /// Least and greatest offset in seconds.
    pub(super) offsets: Span,
    /// A field that is more than plain digits or a plain date, for sentences.
    pub(super) sample: Option<Box<str>>,
    /// A field.
    pub(super) first: Option<Box<str>>,
}

/// The least and the greatest of some numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) least: i32,
    pub(super) most: i32,
}

impl Span {
    const NOTHING: Self = Self { least: i32::MAX, most: i32::MIN };

    fn add(&mut self, number: i32) {
        self.least = self.least.min(number);
        self.most = self.most.max(number);
    }

    fn join(&mut self, other: Self) {
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
    }

    /// Whether all numbers are the same, and there is one.
    pub(super) fn is_single(self) -> bool {
        self.least == self.most
    }
}

impl Default for Evidence {
    fn default() -> Self {
        Self {
            readings: ALL,
            any: 0,
            seen: 0,
            currencies: 0,
            fraction: Span::NOTHING,
            grouped: Span::NOTHING,
            scale: 0,
            offsets: Span::NOTHING,
            sample: None,
            first: None,
        }
    }
}

impl Evidence {
    pub(super) fn has(&self, bits: u64) -> bool {
        self.seen & bits == bits
    }

    pub(super) fn has_any(&self, bits: u64) -> bool {
        self.seen & bits != 0
    }

    /// Takes over what other fields of the column showed.
    pub(super) fn join(&mut self, other: &Self) {
        self.readings &= other.readings;
        self.any |= other.any;
        self.seen |= other.seen;
        self.currencies |= other.currencies;
        self.fraction.join(other.fraction);
        self.grouped.join(other.grouped);
        self.offsets.join(other.offsets);
        self.scale = self.scale.max(other.scale);
        if self.sample.is_none() {
            self.sample.clone_from(&other.sample);
        }
        if self.first.is_none() {
            self.first.clone_from(&other.first);
        }
    }

    /// Adds a field that is not missing.
    pub(super) fn add(&mut self, text: &str, field: &Field<'_>, origin: Origin) {
        if origin == Origin::Bare {
            self.seen |= seen::BARE;
        }
        if field.placeholder || field.special.is_some_and(f64::is_nan) {
            self.seen |= seen::PLACEHOLDER;
            self.seen |= if field.special.is_some() { seen::NAN } else { 0 };
            return;
        }
        self.readings &= field.readings;
        self.any |= field.readings;
        self.seen |= seen::VALUE;
        if origin == Origin::Quoted && !text.contains([',', ';', '\t', '|', '"', '\n']) {
            self.seen |= seen::NEEDLESS_QUOTES;
        }
        self.add_number(field);
        self.add_moment(field);
        if self.first.is_none() {
            self.first = Some(shortened(text).into());
        }
        let odd = field.readings & INTEGER == 0;
        if odd && self.sample.is_none() {
            self.sample = Some(shortened(text).into());
        }
    }

    /// Adds a field of a column whose kind was chosen, where garbage says nothing.
    pub(super) fn add_chosen(&mut self, text: &str, field: &Field<'_>, wanted: Readings) {
        let readings = match (&field.number, &field.moment) {
            (Some(number), _) if wanted & NUMBERS != 0 => number.styles,
            _ => field.readings,
        };
        if readings & wanted != 0 {
            self.add(text, &Field { readings: readings & wanted, ..field.clone() }, Origin::Quoted);
        }
    }

    fn add_number(&mut self, field: &Field<'_>) {
        if field.special.is_some() {
            self.seen |= seen::INFINITY | seen::NO_DATE;
            return;
        }
        let Some(number) = &field.number else {
            self.seen |= seen::NO_NUMBER;
            return;
        };
        if field.literal {
            self.seen |= seen::PLAIN;
            let real = number.shape.has_dot || number.shape.exponent;
            self.seen |= if real { seen::DOT_MARK | seen::CLEAR_DOT } else { 0 };
        } else {
            self.add_decoration(number);
            self.add_shape(&number.shape);
            if number.negative && number.shape.starts_with_zero && number.shape.has_comma {
                // Nobody counts to minus nothing.
                self.seen |= seen::CLEAR_COMMA;
            }
        }
        let fraction = number.shape.digits - number.shape.whole_digits;
        self.scale = self.scale.max(fraction.min(38) as u8);
        if number.shape.digits > 18 && !number.shape.is_long_whole() {
            self.seen |= seen::ROUNDED;
        }
        if field.readings & NUMBERS == INTEGER || number.shape.is_long_whole() {
            self.seen |= seen::LONG_WHOLE;
        }
    }

    fn add_decoration(&mut self, number: &Literal<'_>) {
        self.seen |= if number.percent { seen::PERCENT } else { seen::NO_PERCENT };
        self.seen |= if number.parentheses { seen::PARENTHESES } else { seen::NO_PARENTHESES };
        self.seen |= if number.negative { seen::MINUS } else { 0 };
        if number.plus {
            let telephone = number.shape.digits >= 7 && !number.shape.has_dot && !number.shape.has_comma;
            self.seen |= seen::PLUS | if telephone { seen::LONG_PLUS } else { 0 };
        }
        if let Some(currency) = number.currency {
            self.currencies |= 1 << currency;
        }
    }

    fn add_shape(&mut self, shape: &Shape) {
        if shape.has_dot {
            self.seen |= seen::DOT_MARK;
        }
        if shape.has_comma {
            self.seen |= seen::COMMA_MARK;
        }
        if shape.exponent {
            self.seen |= if shape.plain_exponent { seen::SERIAL_EXPONENT } else { seen::EXPONENT };
        } else if shape.fraction_digits.is_none() && !shape.has_group {
            self.seen |= if shape.digits > 3 { seen::LARGE_WHOLE } else { seen::SMALL_WHOLE };
        }
        if shape.has_group {
            self.grouped.add(shape.whole_digits as i32);
        }
        let Some(fraction) = shape.fraction_digits else {
            return;
        };
        self.fraction.add(fraction as i32);
        self.seen |= if shape.fraction_ends_with_zero { seen::ENDING_ZERO } else { 0 };
        let long = fraction > 4 || shape.exponent;
        let below_one = shape.starts_with_zero && shape.whole_digits <= 1;
        if shape.has_dot && (long || below_one) {
            self.seen |= seen::CLEAR_DOT;
        }
        if shape.has_comma && (long || shape.fraction_leads_with_zero) {
            self.seen |= seen::CLEAR_COMMA;
        }
    }

    fn add_moment(&mut self, field: &Field<'_>) {
        let Some(moment) = field.moment.filter(|_| field.readings & DATES != 0) else {
            self.seen |= seen::NO_DATE;
            return;
        };
        self.seen |= match (moment.clock, moment.offset) {
            (None, _) => seen::DAY,
            (Some(_), None) => seen::LOCAL_CLOCK,
            (Some(_), Some(offset)) => {
                self.offsets.add(offset);
                seen::OFFSET_CLOCK
            }
        };
        self.seen |= if moment.has_nanoseconds() { seen::NANOSECONDS } else { 0 };
        self.seen |= if moment.two_digit_year { seen::SHORT_YEAR } else { 0 };
        self.seen |= if moment.dotted { 0 } else { seen::UNDOTTED };
        self.seen |= if moment.is_symmetric() { 0 } else { seen::ORDER_MATTERS };
    }
}

/// A field as it fits into a sentence.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::guess::Rules;
    use super::super::options::ReadOptions;
    use super::*;
    use proptest::prelude::*;

    fn of(fields: &[String]) -> Evidence {
        let rules = Rules::new(&ReadOptions::default(), true).unwrap();
        let mut evidence = Evidence::default();
        for text in fields {
            evidence.add(text, &rules.read(text, Origin::Bare), Origin::Bare);
        }
        Evidence { sample: None, first: None, ..evidence }
    }

    fn joined(left: &Evidence, right: &Evidence) -> Evidence {
        let mut both = left.clone();
        both.join(right);
        both
    }

    fn some_fields() -> impl Strategy<Value = Vec<String>> {
        let field = prop_oneof![
            "[0-9]{1,4}",
            "[0-9]{1,2}[.,][0-9]{1,3}",
            "[0-9]{2}/[0-9]{2}/2024",
            "[a-z?]{1,3}",
            "[$][0-9]%?"
        ];
        proptest::collection::vec(field, 0..4)
    }

    proptest! {
        #[test]
        fn joining_is_a_semilattice(a in some_fields(), b in some_fields(), c in some_fields()) {
            let all: Vec<String> = a.iter().chain(&b).chain(&c).cloned().collect();
            let (a, b, c) = (of(&a), of(&b), of(&c));
            prop_assert_eq!(joined(&a, &b), joined(&b, &a));
            prop_assert_eq!(joined(&joined(&a, &b), &c), joined(&a, &joined(&b, &c)));
            prop_assert_eq!(&joined(&a, &a), &a);
            prop_assert_eq!(joined(&joined(&a, &b), &c), of(&all));
        }
    }
}
