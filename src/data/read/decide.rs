//! What a column is, from what all of its fields have shown.
//!
//! Where two readings are possible the one that loses nothing is taken, which is
//! mostly text, and a [`Doubt`] says what a person can choose.

use super::evidence::{Evidence, seen};
use super::number::is_comma_style;
use super::options::ReadOptions;
use super::reading::{
    BOOLEAN, COMMA, DATES, DAY_FIRST, DOT, FORMULA, GROUP_APOSTROPHE, GROUP_COMMA, GROUP_DOT, GROUP_SPACE,
    GROUP_SPACE_COMMA, GROUPED, INTEGER, MONTH_FIRST, NUMBERS, PATTERN, Readings, TIME, YEAR_FIRST,
};
use crate::schema::Kind;
use crate::temporal::DateOrder;

/// How a column's fields are turned into values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Nothing but missing values so far.
    Unknown,
    Boolean,
    /// Whole numbers in a style.
    Integer(Readings),
    Real(Readings),
    Decimal {
        style: Readings,
        scale: usize,
    },
    Date(Readings),
    DateTime {
        order: Readings,
        zoned: bool,
    },
    Time,
    /// The word `NA` is kept or missing.
    Text {
        keeps_na: bool,
    },
    /// Texts within `="…"`.
    Formula,
}

impl Plan {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Boolean => Kind::Boolean,
            Self::Integer(_) => Kind::Integer,
            Self::Real(_) => Kind::Real,
            Self::Decimal { .. } => Kind::Decimal,
            Self::Date(_) => Kind::Date,
            Self::DateTime { .. } => Kind::DateTime,
            Self::Time => Kind::Time,
            Self::Unknown | Self::Text { .. } | Self::Formula => Kind::Text,
        }
    }

    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Text { .. } | Self::Formula)
    }
}

/// Why a column was not read as what it might be, or how it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// `1,234`: a thousand, or a little over one.
    GroupOrDecimal,
    /// `3,4`: two numbers, or one.
    PairOrDecimal,
    /// `1.10` in a file whose decimals are commas.
    DotBesideComma,
    /// `123 456`: a number, or a code.
    GroupOrCode,
    /// Values in quotes, where others of the file have none.
    QuotedValues,
    /// Numbers, but no style fits all.
    MixedStyles,
    MixedPercent,
    MixedCurrencies,
    /// `(1)`, `(2)`: negative, or numbered.
    OnlyParentheses,
    /// `+49 …`
    Telephone,
    /// `1E5`: a number, or a serial number.
    Serial,
    /// Reals beside whole numbers that reals cannot hold.
    LongBesideReal,
    /// `03/04/2024`
    DateOrder,
    MixedDateOrders,
    MixedOffsets,
}

/// What a column is, and what is doubtful about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) plan: Plan,
    pub(super) doubt: Option<Doubt>,
}

/// What the rest of a file says about one column's numbers and dates.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Surroundings {
    /// Fields are separated by semicolons, as where commas are decimal.
    semicolons: bool,
    /// Fields are separated by commas, which then are hardly decimal.
    commas: bool,
    decimal: Option<char>,
    thousands_chosen: bool,
    date_order: Option<DateOrder>,
    /// Some column has numbers whose dots can only be decimal, or whose commas.
    dots: bool,
    clear_dots: bool,
    decimal_commas: bool,
    /// Some column has values other than texts, without quotes.
    bare_values: bool,
}

impl Surroundings {
    pub(super) fn new<'e>(options: &ReadOptions, delimited: bool, columns: impl Iterator<Item = &'e Evidence>) -> Self {
        let mut around = Self {
            semicolons: delimited && options.delimiter == ';',
            commas: delimited && options.delimiter == ',',
            decimal: options.decimal.filter(|_| delimited),
            thousands_chosen: options.thousands.is_some_and(|mark| mark.0.is_some()),
            date_order: options.date_order,
            ..Self::default()
        };
        for evidence in columns {
            around.bare_values |= evidence.readings != 0 && evidence.has(seen::VALUE | seen::BARE);
            let numbers = evidence.readings & NUMBERS;
            if numbers & INTEGER != 0 || numbers == 0 {
                continue;
            }
            if evidence.has(seen::DOT_MARK) && numbers & DOT != 0 {
                around.dots |= numbers & GROUP_DOT == 0;
                around.clear_dots |= evidence.has(seen::CLEAR_DOT);
            }
            if evidence.has(seen::COMMA_MARK) && numbers & (DOT | GROUP_COMMA) == 0 {
                let clear = evidence.has(seen::CLEAR_COMMA) || numbers & COMMA == 0;
                around.decimal_commas |= clear || around.semicolons;
            }
        }
        around
    }
}

/// Decides what a column is.
pub(super) fn decide(evidence: &Evidence, chosen: Option<Kind>, around: &Surroundings) -> Decision {
    if let Some(kind) = chosen {
        return decide_chosen(kind, evidence, around);
    }
    let sure = |plan| Decision { plan, doubt: None };
    if !evidence.has(seen::VALUE) {
        // Placeholders alone, and words in quotes, may be the column's values.
        return sure(if evidence.has(seen::NAN | seen::BARE) {
            Plan::Real(DOT)
        } else if evidence.has_any(seen::PLACEHOLDER | seen::QUOTED_NULL) {
            text(evidence)
        } else {
            Plan::Unknown
        });
    }
    let readings = evidence.readings;
    let quoted = evidence.has(seen::NEEDLESS_QUOTES) && !evidence.has(seen::BARE);
    // Money, per cent and groups of digits are no codes.
    let plain = evidence.currencies == 0 && !evidence.has_any(seen::PERCENT | seen::PARENTHESES);
    let plain = plain && readings & !(GROUPED | COMMA) != 0;
    if quoted && around.bare_values && plain {
        // Who puts quotes around some values only puts them around texts.
        return Decision { plan: text(evidence), doubt: Some(Doubt::QuotedValues) };
    }
    if readings & PATTERN != 0 {
        return decide_date(evidence, around);
    }
    if readings & BOOLEAN != 0 {
        sure(Plan::Boolean)
    } else if readings & NUMBERS != 0 {
        decide_number(evidence, around)
    } else if readings & DATES != 0 {
        decide_date(evidence, around)
    } else if readings & TIME != 0 {
        sure(Plan::Time)
    } else if readings & FORMULA != 0 {
        sure(Plan::Formula)
    } else {
        Decision { plan: text(evidence), doubt: why_text(evidence) }
    }
}

fn text(evidence: &Evidence) -> Plan {
    Plan::Text { keeps_na: evidence.has(seen::BARE) }
}

/// What a column of texts nearly was.
fn why_text(evidence: &Evidence) -> Option<Doubt> {
    if !evidence.has(seen::NO_DATE) && evidence.any & DATES != 0 {
        return Some(Doubt::MixedDateOrders);
    }
    if evidence.has(seen::NO_NUMBER) {
        return None;
    }
    if evidence.has(seen::LONG_WHOLE) && evidence.has_any(seen::DOT_MARK | seen::COMMA_MARK | seen::EXPONENT) {
        return Some(Doubt::LongBesideReal);
    }
    if evidence.has(seen::ROUNDED) && evidence.any & NUMBERS != 0 {
        return Some(Doubt::LongBesideReal);
    }
    let both_marks = evidence.has(seen::DOT_MARK | seen::COMMA_MARK);
    (both_marks && evidence.any & NUMBERS != 0).then_some(Doubt::MixedStyles)
}

/// What speaks against reading numbers as numbers.
fn number_doubt(evidence: &Evidence) -> Option<Doubt> {
    if evidence.has(seen::PERCENT | seen::NO_PERCENT) {
        return Some(Doubt::MixedPercent);
    }
    if evidence.currencies.count_ones() > 1 {
        return Some(Doubt::MixedCurrencies);
    }
    let marks = seen::DOT_MARK | seen::COMMA_MARK;
    if evidence.has(seen::PARENTHESES) && !evidence.has_any(seen::NO_PARENTHESES | marks) {
        return Some(Doubt::OnlyParentheses);
    }
    if evidence.has(seen::LONG_PLUS) || (evidence.has(seen::PLUS) && !evidence.has_any(seen::MINUS | marks)) {
        return Some(Doubt::Telephone);
    }
    let other = marks | seen::EXPONENT;
    (evidence.has(seen::SERIAL_EXPONENT) && !evidence.has_any(other)).then_some(Doubt::Serial)
}

fn decide_number(evidence: &Evidence, around: &Surroundings) -> Decision {
    let as_text = |doubt| Decision { plan: text(evidence), doubt: Some(doubt) };
    if let Some(doubt) = number_doubt(evidence) {
        return as_text(doubt);
    }
    let readings = evidence.readings;
    let found = if readings & INTEGER != 0 {
        Ok(INTEGER)
    } else if readings & DOT != 0 {
        dotted_style(evidence, around)
    } else if readings & COMMA != 0 {
        comma_style(evidence, around)
    } else {
        grouped_style(evidence, around)
    };
    match found {
        Ok(style) => Decision { plan: number_plan(evidence, style), doubt: None },
        Err(doubt) => as_text(doubt),
    }
}

/// Whole numbers where no field has a fraction in the style.
fn number_plan(evidence: &Evidence, style: Readings) -> Plan {
    let mark = if is_comma_style(style) { seen::COMMA_MARK } else { seen::DOT_MARK };
    let real = evidence.has_any(mark | seen::EXPONENT | seen::SERIAL_EXPONENT | seen::INFINITY);
    let whole = style == INTEGER || (style & GROUPED != 0 && !real);
    if whole { Plan::Integer(style) } else { Plan::Real(style) }
}

/// `1.5`, and `1.234`, which may have a dot between thousands.
fn dotted_style(evidence: &Evidence, around: &Surroundings) -> Result<Readings, Doubt> {
    let readings = evidence.readings;
    if around.decimal.is_some() || !evidence.has(seen::DOT_MARK) {
        return Ok(DOT);
    }
    if readings & GROUP_DOT == 0 {
        let odd = around.decimal_commas && !evidence.has(seen::CLEAR_DOT) && !around.clear_dots;
        return if odd { Err(Doubt::DotBesideComma) } else { Ok(DOT) };
    }
    // Who puts marks between thousands puts them everywhere.
    let grouped = !evidence.has(seen::LARGE_WHOLE);
    if !grouped || around.clear_dots {
        return Ok(DOT);
    }
    let money_of_commas = evidence.currencies != 0 && around.semicolons;
    if around.decimal_commas || money_of_commas {
        return Ok(GROUP_DOT);
    }
    let always_three_digits = !evidence.has(seen::SMALL_WHOLE);
    let usual = always_three_digits && !around.semicolons;
    if usual || around.dots { Ok(DOT) } else { Err(Doubt::GroupOrDecimal) }
}

/// `1,5`, and `1,234`, which may have a comma between thousands.
fn comma_style(evidence: &Evidence, around: &Surroundings) -> Result<Readings, Doubt> {
    if around.decimal.is_some() {
        return Ok(COMMA);
    }
    let other_decimals = around.dots && !evidence.has(seen::CLEAR_COMMA);
    if evidence.readings & GROUP_COMMA == 0 {
        let decimal = evidence.has(seen::CLEAR_COMMA) || around.semicolons || around.decimal_commas;
        let clear_dots = around.clear_dots && other_decimals;
        return if decimal && !clear_dots { Ok(COMMA) } else { Err(Doubt::PairOrDecimal) };
    }
    let wholes = evidence.has_any(seen::SMALL_WHOLE | seen::LARGE_WHOLE);
    // A program writes all digits of a fraction, or leaves out ending zeros.
    let decimal = !(wholes && evidence.has(seen::ENDING_ZERO));
    let grouped = !evidence.has(seen::LARGE_WHOLE);
    match (decimal, grouped) {
        // Nobody counts money in thousandths.
        (_, true) if evidence.currencies != 0 => Ok(GROUP_COMMA),
        (_, true) if around.thousands_chosen || other_decimals || around.commas => Ok(GROUP_COMMA),
        (true, _) if around.decimal_commas => Ok(COMMA),
        (false, true) => Ok(GROUP_COMMA),
        (true, false) if around.semicolons => Ok(COMMA),
        _ => Err(Doubt::GroupOrDecimal),
    }
}

/// Numbers that have groups in some field.
fn grouped_style(evidence: &Evidence, around: &Surroundings) -> Result<Readings, Doubt> {
    let readings = evidence.readings;
    for style in [GROUP_COMMA, GROUP_DOT, GROUP_APOSTROPHE] {
        if readings & style != 0 {
            return Ok(style);
        }
    }
    let fractions = evidence.has_any(seen::DOT_MARK | seen::COMMA_MARK);
    let varied = !evidence.grouped.is_single() || evidence.has(seen::SMALL_WHOLE);
    let style = if readings & GROUP_SPACE != 0 { GROUP_SPACE } else { GROUP_SPACE_COMMA };
    if fractions || varied || around.thousands_chosen { Ok(style) } else { Err(Doubt::GroupOrCode) }
}

fn decide_date(evidence: &Evidence, around: &Surroundings) -> Decision {
    let as_text = |doubt| Decision { plan: text(evidence), doubt: Some(doubt) };
    let order = match date_order(evidence, around) {
        Ok(order) => order,
        Err(doubt) => return as_text(doubt),
    };
    if evidence.has(seen::OFFSET_CLOCK) && evidence.has_any(seen::LOCAL_CLOCK | seen::DAY) {
        return as_text(Doubt::MixedOffsets);
    }
    let zoned = evidence.has(seen::OFFSET_CLOCK);
    let plan =
        if zoned || evidence.has(seen::LOCAL_CLOCK) { Plan::DateTime { order, zoned } } else { Plan::Date(order) };
    Decision { plan, doubt: None }
}

fn date_order(evidence: &Evidence, around: &Surroundings) -> Result<Readings, Doubt> {
    let readings = evidence.readings & DATES;
    if readings & PATTERN != 0 {
        return Ok(PATTERN);
    }
    let by_day_or_month = readings & (DAY_FIRST | MONTH_FIRST);
    if by_day_or_month == DAY_FIRST | MONTH_FIRST {
        return match around.date_order {
            Some(DateOrder::DayFirst) => Ok(DAY_FIRST),
            Some(DateOrder::MonthFirst) => Ok(MONTH_FIRST),
            None if readings & YEAR_FIRST != 0 => Err(Doubt::DateOrder),
            None if !evidence.has(seen::ORDER_MATTERS) || !evidence.has(seen::UNDOTTED) => Ok(DAY_FIRST),
            None => Err(Doubt::DateOrder),
        };
    }
    if by_day_or_month != 0 {
        // 24-12-31 may begin with the year, or with the day.
        let short_year_first = readings & YEAR_FIRST != 0 && around.date_order.is_none();
        return if short_year_first { Err(Doubt::DateOrder) } else { Ok(by_day_or_month) };
    }
    Ok(if readings & YEAR_FIRST != 0 { YEAR_FIRST } else { readings })
}

/// How fields are read as the kind that a person chose.
fn decide_chosen(kind: Kind, evidence: &Evidence, around: &Surroundings) -> Decision {
    let sure = |plan| Decision { plan, doubt: None };
    match kind {
        Kind::Boolean => sure(Plan::Boolean),
        Kind::Integer => sure(Plan::Integer(chosen_style(kind, evidence, around))),
        Kind::Real => sure(Plan::Real(chosen_style(kind, evidence, around))),
        Kind::Decimal => {
            let style = chosen_style(kind, evidence, around);
            let mark = if is_comma_style(style) { seen::COMMA_MARK } else { seen::DOT_MARK };
            let scale = if evidence.has(mark) { evidence.scale } else { 0 };
            sure(Plan::Decimal { style, scale: usize::from(scale) })
        }
        Kind::Time => sure(Plan::Time),
        Kind::Date | Kind::DateTime => {
            let (order, doubt) = match date_order(evidence, around) {
                Ok(0) => (YEAR_FIRST, None),
                Ok(order) => (order, None),
                Err(doubt) => (DAY_FIRST, Some(doubt)),
            };
            let mixed = evidence.has(seen::OFFSET_CLOCK) && evidence.has_any(seen::LOCAL_CLOCK | seen::DAY);
            let zoned = evidence.has(seen::OFFSET_CLOCK) && !mixed;
            let plan = if kind == Kind::Date { Plan::Date(order) } else { Plan::DateTime { order, zoned } };
            Decision { plan, doubt }
        }
        Kind::Text | Kind::Category | Kind::Duration | Kind::Other => sure(text(evidence)),
    }
}

/// The style in which most is a number of the chosen kind.
fn chosen_style(kind: Kind, evidence: &Evidence, around: &Surroundings) -> Readings {
    let readings = evidence.readings & NUMBERS;
    if readings & INTEGER != 0 {
        return INTEGER;
    }
    let whole = kind == Kind::Integer;
    let has = |style: Readings| readings & style != 0;
    if has(DOT) {
        return if whole && has(GROUP_DOT) && around.decimal.is_none() { GROUP_DOT } else { DOT };
    }
    if has(COMMA) {
        let grouped = has(GROUP_COMMA) && (whole || !(around.semicolons || around.decimal_commas));
        return if grouped && around.decimal.is_none() { GROUP_COMMA } else { COMMA };
    }
    let styles = [GROUP_COMMA, GROUP_DOT, GROUP_APOSTROPHE, GROUP_SPACE, GROUP_SPACE_COMMA];
    let fitting = styles.into_iter().find(|style| has(*style));
    fitting.unwrap_or(if around.decimal == Some(',') { COMMA } else { DOT })
}
