//! Columns as they are built from the fields of a block.

use polars::prelude::{
    BooleanChunkedBuilder, ChunkedBuilder, Column, DataType, IntoColumn, IntoSeries, PrimitiveChunkedBuilder,
    StringChunkedBuilder, TimeUnit,
};
use polars::prelude::{Float64Type, Int32Type, Int64Type};

use super::guess::{self, Guess, Origin, Rules};
use crate::error::Result;
use crate::schema::Kind;
use crate::temporal;

/// What is known of a column before a block is read.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) name: String,
    pub(super) guess: Guess,
    /// The kind a person chose; values that do not fit become missing.
    pub(super) chosen: Option<Kind>,
}

impl Planned {
    pub(super) fn new(name: String) -> Self {
        Self { name, guess: Guess::Unknown, chosen: None }
    }

    pub(super) fn kind(&self) -> Kind {
        self.chosen.unwrap_or(self.guess.kind())
    }
}

/// Something about one column's fields that a person may have to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// Line of the first such field.
    pub(super) line: u64,
    /// The field, shortened.
    pub(super) sample: String,
    /// How many there are.
    pub(super) count: u64,
}

enum Values {
    /// Only nulls so far; nothing is stored.
    Unknown,
    Boolean(BooleanChunkedBuilder),
    Integer(PrimitiveChunkedBuilder<Int64Type>),
    Real(PrimitiveChunkedBuilder<Float64Type>),
    Date(PrimitiveChunkedBuilder<Int32Type>),
    /// Date-times in microseconds or times in nanoseconds.
    Moment(PrimitiveChunkedBuilder<Int64Type>),
    Text(StringChunkedBuilder),
    /// Only looking what the fields are.
    Looking,
}

/// One column of a block.
pub(super) struct Builder {
    name: String,
    guess: Guess,
    chosen: Option<Kind>,
    values: Values,
    rows: usize,
    /// The field that widened the guess last.
    pub(super) contradiction: Option<Finding>,
    /// Fields that do not fit the chosen kind.
    pub(super) misfits: Option<Finding>,
    /// A time with an offset was converted to UTC.
    pub(super) offsets: bool,
}

impl Builder {
    /// With `look` no values are kept, only what they are.
    pub(super) fn new(planned: &Planned, capacity: usize, look: bool) -> Self {
        let name = planned.name.as_str();
        let values = match planned.guess {
            _ if look => Values::Looking,
            Guess::Unknown => Values::Unknown,
            Guess::Boolean => Values::Boolean(BooleanChunkedBuilder::new(name.into(), capacity)),
            Guess::Integer => Values::Integer(PrimitiveChunkedBuilder::new(name.into(), capacity)),
            Guess::Real => Values::Real(PrimitiveChunkedBuilder::new(name.into(), capacity)),
            Guess::Date => Values::Date(PrimitiveChunkedBuilder::new(name.into(), capacity)),
            Guess::DateTime | Guess::Time => Values::Moment(PrimitiveChunkedBuilder::new(name.into(), capacity)),
            Guess::Text => Values::Text(StringChunkedBuilder::new(name.into(), capacity)),
        };
        Self {
            name: planned.name.clone(),
            guess: planned.guess,
            chosen: planned.chosen,
            values,
            rows: 0,
            contradiction: None,
            misfits: None,
            offsets: false,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What the fields turned out to be.
    pub(super) fn guess(&self) -> Guess {
        self.guess
    }

    #[inline]
    pub(super) fn push(&mut self, text: &str, origin: Origin, line: u64, rules: &Rules) {
        self.rows += 1;
        // A quoted "NA" is text, but says nothing in a column of numbers.
        let missing = origin != Origin::Word && rules.is_null(text);
        if missing && (origin == Origin::Bare || self.guess != Guess::Text) {
            self.store_null();
            return;
        }
        if !self.store(text, origin, rules) {
            self.refuse(text, origin, line, rules);
        }
    }

    pub(super) fn push_null(&mut self) {
        self.rows += 1;
        self.store_null();
    }

    fn store_null(&mut self) {
        match &mut self.values {
            Values::Unknown | Values::Looking => {}
            Values::Boolean(builder) => builder.append_null(),
            Values::Integer(builder) => builder.append_null(),
            Values::Real(builder) => builder.append_null(),
            Values::Date(builder) => builder.append_null(),
            Values::Moment(builder) => builder.append_null(),
            Values::Text(builder) => builder.append_null(),
        }
    }

    /// Keeps a value if it is what the column is expected to hold.
    #[inline]
    fn store(&mut self, text: &str, origin: Origin, rules: &Rules) -> bool {
        let word = origin == Origin::Word;
        let chosen = self.chosen.is_some();
        let number = if word && !chosen { None } else { Some(text.trim_ascii()) };
        match &mut self.values {
            Values::Text(builder) => builder.append_value(text),
            Values::Real(builder) => {
                let parse = |text| {
                    if chosen { rules.any_real(text) } else { rules.real(text) }
                };
                let Some(value) = number.and_then(parse) else {
                    return false;
                };
                builder.append_value(value);
            }
            Values::Integer(builder) => {
                let parse = |text| {
                    if chosen { chosen_integer(text, rules) } else { guess::integer(text) }
                };
                let Some(value) = number.and_then(parse) else {
                    return false;
                };
                builder.append_value(value);
            }
            Values::Boolean(builder) => {
                let parse = |text| {
                    if chosen { chosen_boolean(text) } else { guess::boolean(text) }
                };
                let Some(value) = number.and_then(parse) else {
                    return false;
                };
                builder.append_value(value);
            }
            Values::Date(builder) => {
                let Some(days) = temporal::parse_date(text.trim_ascii(), rules.date_order) else {
                    return false;
                };
                builder.append_value(days);
            }
            Values::Moment(builder) => {
                let Some((value, offset)) = moment(self.guess, text.trim_ascii(), rules) else {
                    return false;
                };
                self.offsets |= offset;
                builder.append_value(value);
            }
            Values::Unknown => return false,
            Values::Looking => {
                return self.guess == Guess::Text
                    || self.chosen.is_some()
                    || rules.classify(text, origin).join(self.guess) == self.guess;
            }
        }
        true
    }

    /// A value that is not what was expected.
    #[cold]
    fn refuse(&mut self, text: &str, origin: Origin, line: u64, rules: &Rules) {
        let here = || Finding { line, sample: shortened(text), count: 1 };
        if self.chosen.is_some() {
            self.misfits.get_or_insert_with(|| Finding { count: 0, ..here() }).count += 1;
            self.store_null();
            return;
        }
        self.guess = self.guess.join(rules.classify(text, origin));
        self.contradiction = Some(here());
        self.values = Values::Looking;
    }

    /// The finished column.
    pub(super) fn finish(self) -> Result<Column> {
        let kind = self.chosen.unwrap_or(self.guess.kind());
        let series = match self.values {
            Values::Unknown | Values::Looking => {
                return Ok(Column::full_null(self.name.into(), self.rows, &kind.dtype()));
            }
            Values::Boolean(builder) => builder.finish().into_series(),
            Values::Integer(builder) => builder.finish().into_series(),
            Values::Real(builder) => builder.finish().into_series(),
            Values::Date(builder) => builder.finish().into_date().into_series(),
            Values::Moment(builder) if kind == Kind::Time => builder.finish().into_time().into_series(),
            Values::Moment(builder) => builder.finish().into_datetime(TimeUnit::Microseconds, None).into_series(),
            Values::Text(builder) => builder.finish().into_series(),
        };
        let series = if kind == Kind::Category { series.cast(&Kind::Category.dtype())? } else { series };
        debug_assert!(series.dtype() != &DataType::Null);
        Ok(series.into_column())
    }
}

fn moment(guess: Guess, text: &str, rules: &Rules) -> Option<(i64, bool)> {
    if guess == Guess::Time {
        return Some((temporal::parse_time(text)?, false));
    }
    temporal::parse_datetime(text, rules.date_order).or_else(|| {
        let days = temporal::parse_date(text, rules.date_order)?;
        Some((i64::from(days) * 86_400_000_000, false))
    })
}

/// For a column chosen to be whole numbers, `3.0` is one too.
fn chosen_integer(text: &str, rules: &Rules) -> Option<i64> {
    guess::any_integer(text).or_else(|| {
        let value = rules.any_real(text)?;
        (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64)
    })
}

/// For a column chosen to be true or false, more words are understood.
fn chosen_boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "t" | "y" | "1" | "on" => Some(true),
        "false" | "no" | "f" | "n" | "0" | "off" => Some(false),
        _ => None,
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
