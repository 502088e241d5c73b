//! A number as people write it: signs, currencies, per cent, groups of digits.
//!
//! `1,234` is a thousand and more in one country and a little over one in
//! another. A [`Literal`] therefore says in which styles its text is a number;
//! the column decides which of them holds ([`super::decide`]).

use super::reading::{
    COMMA, DOT, GROUP_APOSTROPHE, GROUP_COMMA, GROUP_DOT, GROUP_SPACE, GROUP_SPACE_COMMA, INTEGER, NUMBERS, Readings,
};

/// Runs of digits that a number has at most; more are a code.
const RUNS: usize = 16;
/// Whole numbers up to this many digits are exact as reals.
const EXACT_DIGITS: usize = 15;
/// Significant digits that a real keeps at most.
const REAL_DIGITS: usize = 17;

/// What separates two runs of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Separator {
    Dot,
    Comma,
    Space,
    Apostrophe,
}

/// Signs and marks of money. Letters must be set off by a space, or `CAD12` would
/// be money.
const CURRENCIES: [&str; 34] = [
    "US$", "R$", "A$", "C$", "HK$", "NZ$", "$", "€", "£", "¥", "₹", "₽", "₺", "₩", "₪", "₫", "฿", "zł", "Kč", "kr",
    "Ft", "USD", "EUR", "GBP", "JPY", "CHF", "INR", "CNY", "AUD", "CAD", "SEK", "NOK", "DKK", "PLN",
];

/// A text that is a number in some style.
#[derive(Clone, Debug)]
pub(super) struct Literal<'a> {
    /// Digits, separators and exponent, without sign and decoration.
    body: &'a str,
    pub(super) negative: bool,
    pub(super) plus: bool,
    /// In parentheses, as accountants write what is negative.
    pub(super) parentheses: bool,
    pub(super) percent: bool,
    /// Place in [`CURRENCIES`].
    pub(super) currency: Option<u8>,
    /// Styles in which the text is a number, codes included.
    pub(super) styles: Readings,
    pub(super) shape: Shape,
}

/// What the digits of a number look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// Begins with a zero that no number needs.
    pub(super) leading_zero: bool,
    /// Begins with a zero, or with the mark.
    pub(super) starts_with_zero: bool,
    /// Digits before the first dot or comma that is not between groups.
    pub(super) whole_digits: usize,
    /// Digits in all, without the exponent.
    pub(super) digits: usize,
    /// Digits behind the only separator.
    pub(super) fraction_digits: Option<usize>,
    pub(super) fraction_leads_with_zero: bool,
    pub(super) fraction_ends_with_zero: bool,
    pub(super) has_dot: bool,
    pub(super) has_comma: bool,
    pub(super) has_group: bool,
    pub(super) exponent: bool,
    /// Digits, an E and digits, as serial numbers are written too.
    pub(super) plain_exponent: bool,
}

impl Shape {
    /// Digits alone, and more of them than are surely exact as a real.
    pub(super) fn is_long_whole(&self) -> bool {
        self.fraction_digits.is_none() && !self.exponent && !self.has_group && self.digits > EXACT_DIGITS
    }
}

impl<'a> Literal<'a> {
    /// Scans a trimmed text; `None` if it is no number in any style. The words
    /// `nan` and `inf` are not scanned here.
    pub(super) fn scan(text: &'a str) -> Option<Self> {
        let mut literal = Self::undecorated(text)?;
        let (shape, styles) = scan_body(literal.body)?;
        (literal.shape, literal.styles) = (shape, styles);
        Some(literal)
    }

    fn undecorated(text: &'a str) -> Option<Self> {
        let mut literal = Self {
            body: text,
            negative: false,
            plus: false,
            parentheses: false,
            percent: false,
            currency: None,
            styles: 0,
            shape: Shape::default(),
        };
        let bytes = text.as_bytes();
        let (first, last) = (*bytes.first()?, *bytes.last()?);
        if first.is_ascii_digit() && last.is_ascii_digit() {
            return Some(literal);
        }
        if !bytes.iter().any(u8::is_ascii_digit) {
            return None;
        }
        literal.take_parentheses();
        literal.take_sign();
        literal.take_currency_before();
        literal.take_parentheses();
        literal.take_sign();
        if let Some(number) = literal.body.strip_suffix('%') {
            literal.percent = true;
            literal.body = number.trim_end();
        } else if literal.currency.is_none() {
            literal.take_currency_behind();
        }
        let signed_twice = literal.parentheses && (literal.negative || literal.plus);
        if signed_twice || (literal.percent && literal.currency.is_some()) {
            return None;
        }
        literal.negative |= literal.parentheses;
        Some(literal)
    }

    fn take_parentheses(&mut self) {
        let inner = self.body.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        if let Some(inner) = inner.filter(|_| !self.parentheses) {
            (self.parentheses, self.body) = (true, inner.trim());
        }
    }

    fn take_sign(&mut self) {
        if self.negative || self.plus {
            return;
        }
        if let Some(rest) = self.body.strip_prefix(['-', '\u{2212}']) {
            (self.negative, self.body) = (true, rest);
        } else if let Some(rest) = self.body.strip_prefix('+') {
            (self.plus, self.body) = (true, rest);
        }
    }

    fn take_currency_before(&mut self) {
        for (at, symbol) in CURRENCIES.iter().enumerate() {
            let Some(rest) = self.body.strip_prefix(symbol) else {
                continue;
            };
            if rest.starts_with(char::is_whitespace) || !symbol.ends_with(char::is_alphabetic) {
                (self.currency, self.body) = (Some(at as u8), rest.trim_start());
                return;
            }
        }
    }

    fn take_currency_behind(&mut self) {
        for (at, symbol) in CURRENCIES.iter().enumerate() {
            let Some(rest) = self.body.strip_suffix(symbol) else {
                continue;
            };
            if rest.ends_with(char::is_whitespace) || !symbol.starts_with(char::is_alphabetic) {
                (self.currency, self.body) = (Some(at as u8), rest.trim_end());
                return;
            }
        }
    }

    /// The styles in which this is a number and nothing of the text is lost: no
    /// leading zero, no digit.
    pub(super) fn readings(&self) -> Readings {
        let shape = &self.shape;
        if shape.leading_zero {
            return 0;
        }
        if shape.is_long_whole() {
            return self.long_readings();
        }
        let mut readings = self.styles;
        if self.negative && self.body == "0" {
            // A whole number cannot be minus zero.
            readings &= !INTEGER;
        }
        // Beyond that many digits before the mark not even the units are exact.
        if shape.digits > REAL_DIGITS && shape.whole_digits > EXACT_DIGITS {
            readings &= INTEGER;
        }
        if shape.exponent || shape.whole_digits > 300 {
            let value = self.real(DOT).or_else(|| self.real(COMMA)).unwrap_or(f64::NAN);
            let nothing_left = value == 0.0
                && self.body.bytes().take_while(|b| !b.eq_ignore_ascii_case(&b'e')).any(|b| (b'1'..=b'9').contains(&b));
            if !value.is_finite() || nothing_left {
                return 0;
            }
        }
        readings
    }

    /// A whole number of many digits is a number if it fits 64 bits, and a real
    /// only if that keeps every digit.
    fn long_readings(&self) -> Readings {
        let fits = self.integer(INTEGER).is_some();
        let exact = match self.integer(INTEGER) {
            Some(value) => (value as f64) as i128 == i128::from(value),
            None => self.real(DOT).is_some_and(|value| value.abs().to_string() == self.body),
        };
        let whole = if fits { INTEGER } else { 0 };
        if exact { (self.styles & !INTEGER) | whole } else { whole }
    }

    /// The value in one of its styles; `None` if it is none of them.
    pub(super) fn real(&self, style: Readings) -> Option<f64> {
        if self.styles & style == 0 {
            return None;
        }
        let mut kept = Kept::default();
        let text = kept.number(self.body, decimal_mark(style))?;
        let value: f64 = text.parse().ok()?;
        Some(if self.negative { -value } else { value })
    }

    /// The whole number in one of its styles; `None` if it has a fraction other
    /// than zero, or 64 bits do not hold it.
    pub(super) fn integer(&self, style: Readings) -> Option<i64> {
        if self.styles & style == 0 {
            return None;
        }
        let mut kept = Kept::default();
        let text = kept.number(self.body, decimal_mark(style))?;
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if self.shape.exponent {
            let value: f64 = text.parse().ok()?;
            let exact = value.fract() == 0.0 && value < 9e15;
            return exact.then_some(if self.negative { -(value as i64) } else { value as i64 });
        }
        if fraction.bytes().any(|digit| digit != b'0') {
            return None;
        }
        let magnitude: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        i64::try_from(if self.negative { -magnitude } else { magnitude }).ok()
    }

    /// The units of the number at `scale` digits behind the mark; `None` where it
    /// has more of them or more than 38 digits.
    pub(super) fn decimal(&self, style: Readings, scale: usize) -> Option<i128> {
        if self.styles & style == 0 || self.shape.exponent {
            return None;
        }
        let mut kept = Kept::default();
        let text = kept.number(self.body, decimal_mark(style))?;
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let fraction = fraction.trim_end_matches('0');
        let digits = whole.trim_start_matches('0');
        if fraction.len() > scale || digits.len() + scale > 38 {
            return None;
        }
        let written = digits.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', scale - fraction.len()));
        let units = written.fold(0_i128, |units, digit| units * 10 + i128::from(digit - b'0'));
        Some(if self.negative { -units } else { units })
    }

    /// The money's sign or letters.
    pub(super) fn currency_name(at: usize) -> &'static str {
        CURRENCIES.get(at).copied().unwrap_or("currency")
    }
}

/// Whether a style's decimal mark is the comma.
pub(super) fn is_comma_style(style: Readings) -> bool {
    style & (COMMA | GROUP_DOT | GROUP_SPACE_COMMA) != 0
}

fn decimal_mark(style: Readings) -> char {
    if is_comma_style(style) { ',' } else { '.' }
}

/// Room for a number written in the machine's style.
struct Kept {
    short: [u8; 64],
    long: String,
}

impl Default for Kept {
    fn default() -> Self {
        Self { short: [0; 64], long: String::new() }
    }
}

impl Kept {
    /// Digits, a dot as decimal mark, and the exponent.
    fn number(&mut self, body: &str, mark: char) -> Option<&str> {
        let letters = body.chars().filter_map(|letter| match letter {
            letter if letter == mark => Some('.'),
            '0'..='9' | 'e' | 'E' | '+' | '-' => Some(letter),
            _ => None,
        });
        if body.len() > self.short.len() {
            self.long = letters.collect();
            return Some(&self.long);
        }
        let mut length = 0;
        for letter in letters {
            self.short[length] = letter as u8;
            length += 1;
        }
        std::str::from_utf8(&self.short[..length]).ok()
    }
}

/// The runs of digits of a number and what stands between them.
struct Runs {
    lengths: [usize; RUNS],
    separators: [Separator; RUNS],
    /// Number of separators.
    count: usize,
}

/// Shape and styles of a number's digits.
fn scan_body(body: &str) -> Option<(Shape, Readings)> {
    let mut runs = Runs { lengths: [0; RUNS], separators: [Separator::Dot; RUNS], count: 0 };
    let mut shape = Shape::default();
    let mut digits_end = body.len();
    for (at, letter) in body.char_indices() {
        let separator = match letter {
            '0'..='9' => {
                runs.lengths[runs.count] += 1;
                shape.digits += 1;
                continue;
            }
            '.' => Separator::Dot,
            ',' => Separator::Comma,
            ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' => Separator::Space,
            '\'' | '\u{2019}' => Separator::Apostrophe,
            'e' | 'E' if shape.digits > 0 => {
                digits_end = at;
                let power = &body[at + 1..];
                let digits = power.strip_prefix(['-', '+']).unwrap_or(power);
                if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return None;
                }
                shape.exponent = true;
                shape.plain_exponent = power.len() == digits.len() && runs.count == 0;
                break;
            }
            _ => return None,
        };
        if runs.count + 1 == RUNS {
            return None;
        }
        runs.separators[runs.count] = separator;
        runs.count += 1;
    }
    if shape.digits == 0 {
        return None;
    }
    describe(&runs, &body[..digits_end], &mut shape);
    let styles = styles(&runs, body, &shape);
    (styles != 0).then_some((shape, styles))
}

fn describe(runs: &Runs, digits: &str, shape: &mut Shape) {
    shape.leading_zero = runs.lengths[0] > 1 && digits.starts_with('0');
    shape.starts_with_zero = runs.lengths[0] == 0 || digits.starts_with('0');
    shape.whole_digits = runs.lengths[0];
    let separators = &runs.separators[..runs.count];
    shape.has_dot = separators.contains(&Separator::Dot);
    shape.has_comma = separators.contains(&Separator::Comma);
    shape.has_group = runs.count > 1 || separators.iter().any(|it| !matches!(it, Separator::Dot | Separator::Comma));
    if shape.has_group {
        let fraction_apart = runs.count > 1 && separators[runs.count - 1] != separators[0];
        let groups = if fraction_apart { runs.count } else { runs.count + 1 };
        shape.whole_digits = runs.lengths[..groups].iter().sum();
    } else if runs.count == 1 {
        let fraction = &digits[digits.len() - runs.lengths[1]..];
        shape.fraction_digits = Some(fraction.len());
        shape.fraction_leads_with_zero = fraction.len() > 1 && fraction.starts_with('0');
        // Machines write a whole real as 5.0.
        shape.fraction_ends_with_zero = fraction.len() > 1 && fraction.ends_with('0');
    }
}

/// The styles in which these digits are a number.
fn styles(runs: &Runs, body: &str, shape: &Shape) -> Readings {
    let first = runs.lengths[0];
    let last = runs.lengths[runs.count];
    let grouped = |runs_of_whole: usize| {
        let following = runs.lengths[1..runs_of_whole].iter().all(|length| *length == 3);
        (1..=3).contains(&first) && !body.starts_with('0') && following && !shape.exponent
    };
    if runs.count == 0 {
        return if shape.exponent { DOT | COMMA } else { NUMBERS };
    }
    if runs.count == 1 {
        let has_both = first > 0 && last > 0 && !shape.exponent;
        let as_group = grouped(2);
        return match runs.separators[0] {
            Separator::Dot => {
                let beside = if has_both { GROUP_COMMA | GROUP_SPACE | GROUP_APOSTROPHE } else { 0 };
                DOT | beside | if as_group { GROUP_DOT } else { 0 }
            }
            Separator::Comma if last == 0 => 0,
            Separator::Comma => {
                let beside = if has_both { GROUP_DOT | GROUP_SPACE_COMMA } else { 0 };
                COMMA | beside | if as_group { GROUP_COMMA } else { 0 }
            }
            Separator::Space if as_group => GROUP_SPACE | GROUP_SPACE_COMMA,
            Separator::Apostrophe if as_group => GROUP_APOSTROPHE,
            Separator::Space | Separator::Apostrophe => 0,
        };
    }
    let between = runs.separators[0];
    let closing = runs.separators[runs.count - 1];
    if runs.separators[..runs.count - 1].iter().any(|separator| *separator != between) {
        return 0;
    }
    let all_groups = closing == between;
    let groups = if all_groups { runs.count + 1 } else { runs.count };
    if !grouped(groups) || last == 0 {
        return 0;
    }
    match (between, if all_groups { between } else { closing }) {
        (Separator::Comma, Separator::Comma | Separator::Dot) => GROUP_COMMA,
        (Separator::Dot, Separator::Dot | Separator::Comma) => GROUP_DOT,
        (Separator::Space, Separator::Space) => GROUP_SPACE | GROUP_SPACE_COMMA,
        (Separator::Space, Separator::Dot) => GROUP_SPACE,
        (Separator::Space, Separator::Comma) => GROUP_SPACE_COMMA,
        (Separator::Apostrophe, Separator::Apostrophe | Separator::Dot) => GROUP_APOSTROPHE,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn styles_of(text: &str) -> Readings {
        Literal::scan(text).map_or(0, |literal| literal.readings())
    }

    #[test]
    fn styles_of_numbers() {
        assert_eq!(styles_of("12"), NUMBERS);
        assert_eq!(styles_of("1.5"), DOT | GROUP_COMMA | GROUP_SPACE | GROUP_APOSTROPHE);
        assert_eq!(styles_of("1.234") & (DOT | GROUP_DOT), DOT | GROUP_DOT);
        assert_eq!(styles_of("0.234") & GROUP_DOT, 0);
        assert_eq!(styles_of("1,234") & (COMMA | GROUP_COMMA), COMMA | GROUP_COMMA);
        assert_eq!(styles_of("3,4") & (COMMA | GROUP_COMMA), COMMA);
        assert_eq!(styles_of("1,234.56"), GROUP_COMMA);
        assert_eq!(styles_of("1.234.567,8"), GROUP_DOT);
        assert_eq!(styles_of("1\u{202f}234,50"), GROUP_SPACE_COMMA);
        assert_eq!(styles_of("1'234.5"), GROUP_APOSTROPHE);
        assert_eq!(styles_of("1e5"), DOT | COMMA);
        for code in [
            "007",
            "001.0",
            "00.5",
            "1,23,456",
            "1.2.3",
            "12E4567",
            "47583311587E590003",
            "1e-400",
            "1_000",
            "0x10",
            "-",
            "",
            ".",
            "e5",
            "1e",
            "1.5.",
            "12345678901234567.89",
            "CAD12",
            "((1))",
            "(-1)",
            "5%€",
        ] {
            assert_eq!(styles_of(code), 0, "{code}");
        }
    }

    #[test]
    fn values_of_numbers() {
        let value = |text: &str, style| Literal::scan(text).unwrap().real(style);
        assert_eq!(value("1,234.56", GROUP_COMMA), Some(1234.56));
        assert_eq!(value("1.234,56 €", GROUP_DOT), Some(1234.56));
        assert_eq!(value("-$1.50", DOT), Some(-1.5));
        assert_eq!(value("$-1.50", DOT), Some(-1.5));
        assert_eq!(value("(12.50)", DOT), Some(-12.5));
        assert_eq!(value("$(12.50)", DOT), Some(-12.5));
        assert_eq!(value("($12.50)", DOT), Some(-12.5));
        assert_eq!(value("\u{2212}7 %", DOT), Some(-7.0));
        assert_eq!(value("USD 3", DOT), Some(3.0));
        assert_eq!(value("1.", DOT), Some(1.0));
        assert_eq!(value("1 234", COMMA), None);
        let whole = |text: &str, style| Literal::scan(text).unwrap().integer(style);
        assert_eq!(whole("1,234", GROUP_COMMA), Some(1234));
        assert_eq!(whole("1,234", COMMA), None);
        assert_eq!(whole("-9223372036854775808", INTEGER), Some(i64::MIN));
        assert_eq!(whole("9223372036854775808", INTEGER), None);
        let units = |text: &str, scale| Literal::scan(text).unwrap().decimal(DOT, scale);
        assert_eq!(units("-12345678901234567.89", 2), Some(-1_234_567_890_123_456_789));
        assert_eq!(units("0.5", 3), Some(500));
        assert_eq!(units("0.55", 1), None);
    }

    #[test]
    fn long_numbers_stay_exact() {
        assert_eq!(styles_of("1582218195625938945"), INTEGER);
        assert_eq!(styles_of("9007199254740992"), NUMBERS, "a power of two is exact as a real");
        assert_eq!(styles_of("18446744073709551617"), 0);
        assert_eq!(styles_of("100000000000000000000") & (INTEGER | DOT), DOT);
    }

    proptest! {
        #[test]
        fn plain_reals_agree_with_the_standard_library(value in any::<f64>().prop_filter("finite", |v| v.is_finite())) {
            for text in [format!("{value:e}"), format!("{value:?}")] {
                let literal = Literal::scan(&text).unwrap();
                prop_assert_eq!(literal.real(DOT).map(f64::to_bits), Some(value.to_bits()), "{}", text);
            }
        }

        #[test]
        fn grouped_whole_numbers_read_back(value in any::<i64>(), separator in "[,.' ]") {
            let digits = value.unsigned_abs().to_string();
            let mut text = String::new();
            for (at, digit) in digits.chars().enumerate() {
                if at > 0 && (digits.len() - at) % 3 == 0 {
                    text.push_str(&separator);
                }
                text.push(digit);
            }
            let style = match separator.as_str() { "," => GROUP_COMMA, "." => GROUP_DOT, "'" => GROUP_APOSTROPHE, _ => GROUP_SPACE };
            let text = if value < 0 { format!("-{text}") } else { text };
            prop_assert_eq!(Literal::scan(&text).unwrap().integer(style), Some(value), "{}", text);
        }

        #[test]
        fn any_text_is_scanned(text in "\\PC{0,24}") {
            if let Some(literal) = Literal::scan(&text) {
                let _ = (literal.readings(), literal.real(DOT), literal.integer(GROUP_COMMA), literal.decimal(COMMA, 4));
            }
        }
    }
}
