//! Columns as they are built from the fields of a block.

use polars::prelude::{
    BooleanChunkedBuilder, ChunkedBuilder, Column, DataType, Float64Type, Int32Type, Int64Type, Int128Type, IntoColumn,
    IntoSeries, PrimitiveChunkedBuilder, StringChunkedBuilder, TimeUnit, TimeZone,
};

use super::decide::Plan;
use super::evidence::{Evidence, seen, shortened};
use super::guess::{self, Field, NullWord, Origin, Rules};
use super::reading::{ALL, BOOLEAN, DATES, DOT, GROUP_DOT, INTEGER, NUMBERS, Readings, TIME, YEAR_FIRST};
use crate::decimal::MAX_DIGITS;
use crate::error::Result;
use crate::schema::Kind;
use crate::temporal::days_from_civil;

/// What is known of a column before a block is read.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) name: String,
    pub(super) evidence: Evidence,
    pub(super) plan: Plan,
    /// The kind a person chose; values that do not fit become missing.
    pub(super) chosen: Option<Kind>,
}

impl Planned {
    pub(super) fn new(name: String) -> Self {
        Self { name, evidence: Evidence::default(), plan: Plan::Unknown, chosen: None }
    }

    pub(super) fn kind(&self) -> Kind {
        self.chosen.unwrap_or(self.plan.kind())
    }

    /// The type that the column is stored in.
    pub(super) fn dtype(&self) -> DataType {
        dtype(self.plan, self.kind())
    }
}

fn dtype(plan: Plan, kind: Kind) -> DataType {
    match plan {
        Plan::DateTime { zoned: true, .. } => DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::UTC)),
        Plan::Decimal { scale, .. } => DataType::Decimal(MAX_DIGITS, scale),
        _ => kind.dtype(),
    }
}

/// Something about some of a column's fields that a person may have to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// Line of the first such field.
    pub(super) line: u64,
    /// The field, shortened.
    pub(super) sample: String,
    /// How many there are.
    pub(super) count: u64,
}

impl Finding {
    fn add(into: &mut Option<Self>, line: u64, text: &str) {
        into.get_or_insert_with(|| Self { line, sample: shortened(text), count: 0 }).count += 1;
    }

    /// Takes over what was found in a later block.
    pub(super) fn join(into: &mut Option<Self>, later: Option<&Self>) {
        if let Some(later) = later {
            into.get_or_insert_with(|| Self { count: 0, ..later.clone() }).count += later.count;
        }
    }
}

/// Fields that were not simply taken over.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    /// Fields that do not fit the chosen kind.
    pub(super) misfits: Option<Finding>,
    /// Placeholders such as `?` that became missing.
    pub(super) placeholders: Option<Finding>,
    /// Words such as `NULL` that became missing in a column of texts.
    pub(super) null_words: Option<Finding>,
    /// The word `NA`, kept as a text.
    pub(super) kept_na: Option<Finding>,
}

impl Findings {
    pub(super) fn join(&mut self, later: &Self) {
        Finding::join(&mut self.misfits, later.misfits.as_ref());
        Finding::join(&mut self.placeholders, later.placeholders.as_ref());
        Finding::join(&mut self.null_words, later.null_words.as_ref());
        Finding::join(&mut self.kept_na, later.kept_na.as_ref());
    }
}

enum Values {
    /// Only nulls so far; nothing is stored.
    Unknown,
    Boolean(BooleanChunkedBuilder),
    Integer(PrimitiveChunkedBuilder<Int64Type>),
    Real(PrimitiveChunkedBuilder<Float64Type>),
    Decimal(PrimitiveChunkedBuilder<Int128Type>),
    Date(PrimitiveChunkedBuilder<Int32Type>),
    /// Date-times in microseconds or times in nanoseconds.
    Moment(PrimitiveChunkedBuilder<Int64Type>),
    Text(StringChunkedBuilder),
    /// Only looking what the fields are.
    Looking,
}

impl Values {
    fn new(plan: Plan, name: &str, capacity: usize) -> Self {
        let name = name.into();
        match plan {
            Plan::Unknown => Self::Unknown,
            Plan::Boolean => Self::Boolean(BooleanChunkedBuilder::new(name, capacity)),
            Plan::Integer(_) => Self::Integer(PrimitiveChunkedBuilder::new(name, capacity)),
            Plan::Real(_) => Self::Real(PrimitiveChunkedBuilder::new(name, capacity)),
            Plan::Decimal { .. } => Self::Decimal(PrimitiveChunkedBuilder::new(name, capacity)),
            Plan::Date(_) => Self::Date(PrimitiveChunkedBuilder::new(name, capacity)),
            Plan::DateTime { .. } | Plan::Time => Self::Moment(PrimitiveChunkedBuilder::new(name, capacity)),
            Plan::Text { .. } | Plan::Formula => Self::Text(StringChunkedBuilder::new(name, capacity)),
        }
    }

    fn push_null(&mut self) {
        match self {
            Self::Unknown | Self::Looking => {}
            Self::Boolean(builder) => builder.append_null(),
            Self::Integer(builder) => builder.append_null(),
            Self::Real(builder) => builder.append_null(),
            Self::Decimal(builder) => builder.append_null(),
            Self::Date(builder) => builder.append_null(),
            Self::Moment(builder) => builder.append_null(),
            Self::Text(builder) => builder.append_null(),
        }
    }
}

/// One column of a block.
pub(super) struct Builder {
    name: String,
    plan: Plan,
    chosen: Option<Kind>,
    values: Values,
    rows: usize,
    /// What these fields have shown, beside what was known before.
    pub(super) evidence: Evidence,
    /// Whether most fields need no more than to be parsed, as nothing that they
    /// could show is not known yet.
    quick: bool,
    /// Digits of every fraction so far, if some end in a zero: another number of
    /// them has to be noticed.
    fraction_digits: Option<usize>,
    /// The field that the plan has no place for.
    pub(super) contradiction: Option<Finding>,
    pub(super) findings: Findings,
}

impl Builder {
    /// With `look` no values are kept, only what they are.
    pub(super) fn new(planned: &Planned, capacity: usize, look: bool) -> Self {
        let values = if look { Values::Looking } else { Values::new(planned.plan, &planned.name, capacity) };
        let mut builder = Self {
            name: planned.name.clone(),
            plan: planned.plan,
            chosen: planned.chosen,
            values,
            rows: 0,
            evidence: planned.evidence.clone(),
            quick: false,
            fraction_digits: None,
            contradiction: None,
            findings: Findings::default(),
        };
        builder.settle();
        builder
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// How fields were to be read.
    pub(super) fn plan(&self) -> Plan {
        self.plan
    }

    /// Decides whether fields can be taken the quick way.
    fn settle(&mut self) {
        let plain = self.evidence.has(seen::PLAIN) && !self.evidence.has(seen::PERCENT);
        let readings = self.evidence.readings;
        let iso = seen::VALUE | seen::NO_NUMBER | seen::UNDOTTED | seen::ORDER_MATTERS;
        self.quick = match self.plan {
            _ if self.chosen.is_some() => self.chosen == Some(Kind::Text) || self.chosen == Some(Kind::Category),
            Plan::Text { .. } => readings == 0,
            Plan::Integer(INTEGER) => plain,
            Plan::Real(DOT) => plain && self.evidence.has(seen::DOT_MARK) && readings & (GROUP_DOT | INTEGER) == 0,
            Plan::Boolean => self.evidence.has(seen::VALUE | seen::NO_NUMBER | seen::NO_DATE),
            Plan::Date(YEAR_FIRST) => readings == YEAR_FIRST && self.evidence.has(iso | seen::DAY),
            Plan::DateTime { order: YEAR_FIRST, zoned: false } => {
                readings == YEAR_FIRST && self.evidence.has(iso | seen::LOCAL_CLOCK)
            }
            _ => false,
        };
        let fraction = self.evidence.fraction;
        self.fraction_digits = (self.evidence.has(seen::ENDING_ZERO) && fraction.is_single())
            .then_some(usize::try_from(fraction.least).unwrap_or_default());
    }

    #[inline]
    pub(super) fn push(&mut self, text: &str, origin: Origin, line: u64, rules: &Rules) {
        self.rows += 1;
        if matches!(origin, Origin::Bare | Origin::Quoted)
            && let Some(word) = rules.null(text)
            && self.push_null_word(word, text, origin, line)
        {
            return;
        }
        if self.quick && self.push_quickly(text, origin) {
            return;
        }
        self.push_slowly(text, origin, line, rules);
    }

    pub(super) fn push_null(&mut self) {
        self.rows += 1;
        self.values.push_null();
    }

    /// Takes a field that may mean "missing"; `false` if it is a text after all.
    fn push_null_word(&mut self, word: NullWord, text: &str, origin: Origin, line: u64) -> bool {
        let is_text = matches!(self.values, Values::Text(_));
        if origin == Origin::Quoted {
            // A quoted "NA" is text, but says nothing in a column of numbers.
            self.evidence.seen |= seen::QUOTED_NULL;
            if !is_text {
                self.values.push_null();
            }
            return !is_text;
        }
        if word == NullWord::Usual && text == "NA" {
            self.evidence.seen |= seen::NA;
            if is_text && self.plan == (Plan::Text { keeps_na: true }) {
                Finding::add(&mut self.findings.kept_na, line, text);
                if let Values::Text(builder) = &mut self.values {
                    builder.append_value(text);
                }
                return true;
            }
        }
        if word == NullWord::Usual && is_text {
            Finding::add(&mut self.findings.null_words, line, text);
        }
        self.values.push_null();
        true
    }

    /// Takes a field that is what most fields are.
    #[inline]
    fn push_quickly(&mut self, text: &str, origin: Origin) -> bool {
        if origin == Origin::Bare {
            self.evidence.seen |= seen::BARE;
        }
        match &mut self.values {
            Values::Text(builder) => {
                builder.append_value(text);
                true
            }
            Values::Integer(builder) if origin != Origin::Word => {
                let Some(value) = guess::short_integer(text.trim_ascii()) else {
                    return false;
                };
                let large = value.unsigned_abs() > 999;
                self.evidence.seen |= if large { seen::LARGE_WHOLE } else { seen::SMALL_WHOLE };
                builder.append_value(value);
                true
            }
            Values::Real(builder) if origin != Origin::Word => {
                let text = text.trim_ascii();
                let noticed = self.evidence.seen & seen::ENDING_ZERO != 0;
                if is_other_fraction(text, noticed, self.fraction_digits) {
                    return false;
                }
                let Some(value) = guess::short_real(text) else {
                    return false;
                };
                builder.append_value(value);
                true
            }
            Values::Boolean(builder) if origin != Origin::Word => {
                let value = guess::boolean(text);
                value.map(|value| builder.append_value(value)).is_some()
            }
            Values::Date(builder) => guess::iso_date(text).map(|days| builder.append_value(days)).is_some(),
            Values::Moment(builder) => guess::iso_moment(text).map(|micros| builder.append_value(micros)).is_some(),
            _ => false,
        }
    }

    fn push_slowly(&mut self, text: &str, origin: Origin, line: u64, rules: &Rules) {
        if self.chosen.is_some() {
            return self.push_chosen(text, origin, line, rules);
        }
        if self.plan.is_text() && self.evidence.readings == 0 {
            return self.push_text(text, origin);
        }
        let field = rules.read(text, origin);
        self.evidence.add(text, &field, origin);
        if matches!(self.values, Values::Looking) {
            return;
        }
        if self.plan == Plan::Formula {
            match guess::formula_text(text.trim()) {
                Some(inner) => self.push_text(inner, origin),
                None => self.contradict(text, line),
            }
        } else if self.plan.is_text() {
            self.push_text(text, origin);
        } else if !self.store(&field) && (!field.placeholder || self.plan != Plan::Unknown) {
            if field.placeholder {
                Finding::add(&mut self.findings.placeholders, line, text);
                self.values.push_null();
            } else {
                self.contradict(text, line);
            }
        }
        self.settle();
    }

    fn push_text(&mut self, text: &str, origin: Origin) {
        if origin == Origin::Bare {
            self.evidence.seen |= seen::BARE;
        }
        if let Values::Text(builder) = &mut self.values {
            builder.append_value(text);
        }
    }

    /// Keeps a value if it is what the column is expected to hold.
    fn store(&mut self, field: &Field<'_>) -> bool {
        let held = |wanted: Readings| field.readings & wanted != 0;
        match (&mut self.values, self.plan) {
            (Values::Boolean(builder), _) => match field.boolean {
                Some(value) if held(BOOLEAN) => builder.append_value(value),
                _ => return false,
            },
            (Values::Integer(builder), Plan::Integer(style)) => match &field.number {
                Some(number) if held(style) => match number.integer(style) {
                    Some(value) => builder.append_value(value),
                    None => return false,
                },
                _ => return false,
            },
            (Values::Real(builder), Plan::Real(style)) => match (&field.number, field.special) {
                (_, Some(special)) => builder.append_value(special),
                (Some(number), _) if held(style) => match number.real(style) {
                    Some(value) => builder.append_value(value),
                    None => return false,
                },
                _ => return false,
            },
            (Values::Date(builder), Plan::Date(order)) => match field.moment {
                Some(moment) if held(order) && moment.clock.is_none() => match moment.days(order) {
                    Some(days) => builder.append_value(days),
                    None => return false,
                },
                _ => return false,
            },
            (Values::Moment(builder), Plan::DateTime { order, zoned }) => match field.moment {
                Some(moment) if held(order) && moment.offset.is_some() == zoned => match moment.micros(order) {
                    Some(micros) => builder.append_value(micros),
                    None => return false,
                },
                _ => return false,
            },
            (Values::Moment(builder), _) => match field.clock {
                Some(nanos) if held(TIME) => builder.append_value(nanos),
                _ => return false,
            },
            _ => return false,
        }
        true
    }

    /// Takes a field of a column whose kind was chosen, as far as it can be
    /// understood.
    fn push_chosen(&mut self, text: &str, origin: Origin, line: u64, rules: &Rules) {
        let wanted = match self.chosen {
            Some(Kind::Integer | Kind::Real | Kind::Decimal) => NUMBERS,
            Some(Kind::Date | Kind::DateTime) => DATES,
            Some(Kind::Text | Kind::Category) => {
                self.push_text(text, origin);
                return;
            }
            _ => ALL,
        };
        // A JSON string is a number here, since a person said so.
        let origin = if origin == Origin::Word { Origin::Quoted } else { origin };
        let field = rules.read(text, origin);
        self.evidence.add_chosen(text, &field, wanted);
        if matches!(self.values, Values::Looking) || self.store_chosen(text.trim(), &field) {
            return;
        }
        if field.placeholder || field.special.is_some_and(f64::is_nan) {
            Finding::add(&mut self.findings.placeholders, line, text);
        } else {
            Finding::add(&mut self.findings.misfits, line, text);
        }
        self.values.push_null();
    }

    fn store_chosen(&mut self, text: &str, field: &Field<'_>) -> bool {
        match (&mut self.values, self.plan) {
            (Values::Boolean(builder), _) => chosen_boolean(text).map(|value| builder.append_value(value)),
            (Values::Integer(builder), Plan::Integer(style)) => {
                let value = field.number.as_ref().and_then(|number| number.integer(any_style(style)));
                value.map(|value| builder.append_value(value))
            }
            (Values::Real(builder), Plan::Real(style)) => {
                let value = field.number.as_ref().and_then(|number| number.real(any_style(style)));
                let finite = value.filter(|value| value.is_finite());
                finite.or(field.special).map(|value| builder.append_value(value))
            }
            (Values::Decimal(builder), Plan::Decimal { style, scale }) => {
                let number = field.number.as_ref();
                number
                    .and_then(|number| number.decimal(any_style(style), scale))
                    .map(|units| builder.append_value(units))
            }
            (Values::Date(builder), Plan::Date(order)) => {
                let moment = field.moment.filter(|it| it.orders & order != 0 && it.clock.unwrap_or(0) == 0);
                let days = moment.and_then(|moment| moment.days(order)).or_else(|| compact_date(text));
                days.map(|days| builder.append_value(days))
            }
            (Values::Moment(builder), Plan::DateTime { order, zoned }) => {
                let moment = field.moment.filter(|it| it.orders & order != 0 && it.offset.is_some() == zoned);
                moment.and_then(|moment| moment.micros(order)).map(|micros| builder.append_value(micros))
            }
            (Values::Moment(builder), _) => field.clock.map(|nanos| builder.append_value(nanos)),
            _ => None,
        }
        .is_some()
    }

    /// A value that the plan has no place for.
    #[cold]
    fn contradict(&mut self, text: &str, line: u64) {
        Finding::add(&mut self.contradiction, line, text);
        self.values = Values::Looking;
    }

    /// The finished column.
    pub(super) fn finish(self) -> Result<Column> {
        let kind = self.chosen.unwrap_or(self.plan.kind());
        let dtype = dtype(self.plan, kind);
        let series = match self.values {
            Values::Unknown | Values::Looking => {
                return Ok(Column::full_null(self.name.into(), self.rows, &dtype));
            }
            Values::Boolean(builder) => builder.finish().into_series(),
            Values::Integer(builder) => builder.finish().into_series(),
            Values::Real(builder) => builder.finish().into_series(),
            Values::Decimal(builder) => match dtype {
                DataType::Decimal(precision, scale) => {
                    builder.finish().into_decimal_unchecked(precision, scale).into_series()
                }
                _ => builder.finish().into_series(),
            },
            Values::Date(builder) => builder.finish().into_date().into_series(),
            Values::Moment(builder) if kind == Kind::Time => builder.finish().into_time().into_series(),
            Values::Moment(builder) => {
                let zone = if let DataType::Datetime(_, zone) = dtype { zone } else { None };
                builder.finish().into_datetime(TimeUnit::Microseconds, zone).into_series()
            }
            Values::Text(builder) => builder.finish().into_series(),
        };
        let series = if kind == Kind::Category { series.cast(&Kind::Category.dtype())? } else { series };
        debug_assert!(series.dtype() != &DataType::Null);
        Ok(series.into_column())
    }
}

/// Whether the digits behind the dot show something new: the first zero at their
/// end, or another number of digits where there are such zeros.
#[inline]
fn is_other_fraction(text: &str, zeros_noticed: bool, digits: Option<usize>) -> bool {
    let bytes = text.as_bytes();
    let new_zero =
        !zeros_noticed && bytes.last() == Some(&b'0') && bytes.len().checked_sub(2).map(|at| bytes[at]) != Some(b'.');
    let other_length =
        digits.is_some_and(|digits| bytes.len().checked_sub(digits + 1).and_then(|at| bytes.get(at)) != Some(&b'.'));
    (new_zero || other_length) && memchr::memchr(b'.', bytes).is_some()
}

/// Whole numbers are numbers in every style.
fn any_style(style: Readings) -> Readings {
    if style == INTEGER { DOT } else { style }
}

/// For a column chosen to be true or false, more words are understood.
fn chosen_boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "t" | "y" | "1" | "on" => Some(true),
        "false" | "no" | "f" | "n" | "0" | "off" => Some(false),
        _ => None,
    }
}

/// For a column chosen to be dates, `20240131` is one too.
fn compact_date(text: &str) -> Option<i32> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| text[range].parse::<u32>().ok();
    days_from_civil(number(0..4)? as i32, number(4..6)?, number(6..8)?)
}
