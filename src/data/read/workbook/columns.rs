//! What a column of cells holds.

use calamine::{Data, ExcelDateTime};
use polars::prelude::{DataType, NamedFrom, Series, TimeUnit};

use crate::error::Result;
use crate::read::options::ReadOptions;
use crate::temporal;

const MICROS_PER_DAY: i64 = 86_400_000_000;
/// Largest whole number up to which every one is a float.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A column with the type that all of its cells share.
pub(super) struct SheetColumn {
    pub(super) name: String,
    pub(super) series: Series,
    pub(super) notes: Vec<String>,
}

/// A cell as a value.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Missing,
    Error(String),
    Boolean(bool),
    Integer(i64),
    Real(f64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01 00:00.
    DateTime(i64),
    /// Nanoseconds since midnight.
    Time(i64),
    /// Microseconds.
    Duration(i64),
    Text(String),
}

/// What all values of a column can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shared {
    Unknown,
    Boolean,
    Integer,
    Real,
    Date,
    DateTime,
    Time,
    Duration,
    Text,
}

impl Shared {
    fn of(value: &Value) -> Self {
        match value {
            Value::Missing | Value::Error(_) => Self::Unknown,
            Value::Boolean(_) => Self::Boolean,
            Value::Integer(_) => Self::Integer,
            Value::Real(_) => Self::Real,
            Value::Date(_) => Self::Date,
            Value::DateTime(_) => Self::DateTime,
            Value::Time(_) => Self::Time,
            Value::Duration(_) => Self::Duration,
            Value::Text(_) => Self::Text,
        }
    }

    fn join(self, other: Self) -> Self {
        use Shared::{Date, DateTime, Duration, Integer, Real, Text, Time, Unknown};
        match (self, other) {
            (left, right) if left == right => left,
            (Unknown, known) | (known, Unknown) => known,
            (Integer, Real) | (Real, Integer) => Real,
            (Date, DateTime) | (DateTime, Date) => DateTime,
            (Time, Duration) | (Duration, Time) => Duration,
            _ => Text,
        }
    }
}

impl SheetColumn {
    /// Finds the type that loses nothing. Words that mean "missing" do so beside
    /// values of another kind, as in text files.
    pub(super) fn of(name: String, cells: Vec<Data>, null_values: &[String]) -> Result<Self> {
        let mut values: Vec<Value> = cells.into_iter().map(value_of).collect();
        let mut notes = error_note(&name, &values);
        let means_missing = |text: &str| {
            let text = text.trim();
            null_values.iter().any(|null| null == text) || ReadOptions::USUAL_NULLS.contains(&text)
        };

        let word = |value: &Value| matches!(value, Value::Text(text) if means_missing(text));
        let others = values.iter().filter(|value| !word(value)).map(Shared::of);
        let shared = others.fold(Shared::Unknown, Shared::join);
        if shared != Shared::Text && shared != Shared::Unknown {
            let words = values.iter().filter(|value| word(value)).count();
            values.iter_mut().filter(|value| word(value)).for_each(|value| *value = Value::Missing);
            notes.extend((words > 0).then(|| {
                let cells = if words == 1 { "1 cell".to_owned() } else { format!("{words} cells") };
                format!("{cells} of column “{name}” with words such as NA beside other values were read as missing.")
            }));
        }
        let shared = values.iter().map(Shared::of).fold(Shared::Unknown, Shared::join);

        notes.extend(mixture_note(&name, &values, shared));
        let series = series(&name, &values, shared)?;
        Ok(Self { name, series, notes })
    }
}

fn error_note(name: &str, values: &[Value]) -> Vec<String> {
    let errors: Vec<&String> = values
        .iter()
        .filter_map(|value| match value {
            Value::Error(error) => Some(error),
            _ => None,
        })
        .collect();
    let Some(first) = errors.first() else {
        return Vec::new();
    };
    vec![match errors.len() {
        1 => format!("1 cell of column “{name}” holds the error {first}; it is missing."),
        count => format!("{count} cells of column “{name}” hold errors such as {first}; they are missing."),
    }]
}

/// A sentence about a column that became text since its cells are of several kinds.
fn mixture_note(name: &str, values: &[Value], shared: Shared) -> Option<String> {
    let other = |value: &&Value| !matches!(value, Value::Text(_) | Value::Missing | Value::Error(_));
    let others = values.iter().filter(other).count();
    if shared == Shared::Text && others > 0 {
        let texts = values.iter().filter(|value| matches!(value, Value::Text(_))).count();
        return Some(format!(
            "Column “{name}” is text: {texts} of its cells hold text beside {others} of other kinds."
        ));
    }
    let long = |value: &Value| matches!(value, Value::Integer(number) if number.unsigned_abs() >= 10_u64.pow(15));
    let longs = values.iter().filter(|value| long(value)).count();
    (longs > 0 && shared != Shared::Text).then(|| {
        format!(
            "Column “{name}” holds numbers of more than 15 digits, of which workbooks keep only 15. Where they are \
             codes, enter them as text in the workbook."
        )
    })
}

fn series(name: &str, values: &[Value], shared: Shared) -> Result<Series> {
    let name = name.into();
    let numbers = |number: fn(&Value) -> Option<i64>| values.iter().map(number).collect::<Vec<Option<i64>>>();
    Ok(match shared {
        Shared::Unknown => Series::new_null(name, values.len()),
        Shared::Boolean => {
            let truths = values.iter().map(|value| match value {
                Value::Boolean(truth) => Some(*truth),
                _ => None,
            });
            Series::new(name, truths.collect::<Vec<_>>())
        }
        Shared::Integer => Series::new(
            name,
            numbers(|value| match value {
                Value::Integer(number) => Some(*number),
                _ => None,
            }),
        ),
        Shared::Real => {
            let reals = values.iter().map(|value| match value {
                Value::Integer(number) => Some(*number as f64),
                Value::Real(number) => Some(*number),
                _ => None,
            });
            Series::new(name, reals.collect::<Vec<_>>())
        }
        Shared::Date => {
            let days = values.iter().map(|value| match value {
                Value::Date(days) => Some(*days),
                _ => None,
            });
            Series::new(name, days.collect::<Vec<_>>()).cast(&DataType::Date)?
        }
        Shared::DateTime => {
            let moments = numbers(|value| match value {
                Value::Date(days) => Some(i64::from(*days) * MICROS_PER_DAY),
                Value::DateTime(micros) => Some(*micros),
                _ => None,
            });
            Series::new(name, moments).cast(&DataType::Datetime(TimeUnit::Microseconds, None))?
        }
        Shared::Time => {
            let times = numbers(|value| match value {
                Value::Time(nanos) => Some(*nanos),
                _ => None,
            });
            Series::new(name, times).cast(&DataType::Time)?
        }
        Shared::Duration => {
            let lengths = numbers(|value| match value {
                Value::Time(nanos) => Some(nanos / 1_000),
                Value::Duration(micros) => Some(*micros),
                _ => None,
            });
            Series::new(name, lengths).cast(&DataType::Duration(TimeUnit::Microseconds))?
        }
        Shared::Text => Series::new(name, values.iter().map(text).collect::<Vec<_>>()),
    })
}

/// A cell's value as text, where its column is text.
fn text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Missing | Value::Error(_) => return None,
        Value::Boolean(truth) => truth.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Date(days) => temporal::format_date(i64::from(*days)),
        Value::DateTime(micros) => temporal::format_datetime(*micros),
        Value::Time(nanos) => temporal::format_time(*nanos),
        Value::Duration(micros) => temporal::format_duration(*micros),
        Value::Text(text) => text.clone(),
    })
}

/// A cell as text; `None` for one without a value.
pub(super) fn text_of(cell: &Data) -> Option<String> {
    text(&value_of(cell.clone())).filter(|text| !text.trim().is_empty())
}

/// Whether a first row holds names: as many texts as there are filled columns,
/// and either a column of other values stands below, or all of them differ.
pub(super) fn are_names(first: &[Data], below: &[Vec<Data>]) -> bool {
    let mut names = Vec::new();
    let mut typed = false;
    for (cell, column) in first.iter().zip(below) {
        let values: Vec<Value> = column.iter().take(1_000).cloned().map(value_of).collect();
        let shared = values.iter().map(Shared::of).fold(Shared::Unknown, Shared::join);
        typed |= !matches!(shared, Shared::Unknown | Shared::Text);
        match value_of(cell.clone()) {
            Value::Text(text) => names.push(text),
            Value::Missing => {}
            // A year or a date may name a column of something else.
            value if Shared::of(&value).join(shared) == Shared::Text && shared != Shared::Unknown => {
                names.extend(text_of(cell));
            }
            Value::Integer(year) if (1_800..=2_200).contains(&year) && is_no_year(&values) => {
                names.push(year.to_string());
            }
            _ => return false,
        }
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    count > 0 && (typed || names.len() == count)
}

/// Whether values are unlike a column of years.
fn is_no_year(values: &[Value]) -> bool {
    let year = |value: &Value| match value {
        Value::Integer(number) => (1_800..=2_200).contains(number),
        Value::Missing | Value::Error(_) => true,
        _ => false,
    };
    values.iter().any(|value| !year(value))
}

fn value_of(cell: Data) -> Value {
    match cell {
        Data::Empty => Value::Missing,
        Data::Error(error) => Value::Error(error.to_string()),
        Data::Bool(truth) => Value::Boolean(truth),
        Data::Int(number) => Value::Integer(number),
        Data::Float(number) => number_of(number),
        Data::String(text) if text.is_empty() => Value::Missing,
        Data::String(text) => Value::Text(text),
        Data::DateTime(moment) => moment_of(&moment),
        Data::DateTimeIso(text) => iso_moment(&text),
        Data::DurationIso(text) => iso_duration(&text).unwrap_or(Value::Text(text)),
    }
}

/// Workbooks keep every number as a float.
fn number_of(number: f64) -> Value {
    let whole = number.fract() == 0.0 && number.abs() < 9.2e18 && !(number == 0.0 && number.is_sign_negative());
    if whole { Value::Integer(number as i64) } else { Value::Real(number) }
}

fn moment_of(moment: &ExcelDateTime) -> Value {
    let serial = moment.as_f64();
    if !serial.is_finite() || serial.abs() > EXACT {
        return Value::Real(serial);
    }
    if moment.is_duration() {
        return Value::Duration((serial * MICROS_PER_DAY as f64 / 1_000.0).round() as i64 * 1_000);
    }
    // Below one day, a serial number is a time of day; workbooks know no date before 1900.
    if (0.0..1.0).contains(&serial) {
        let millis = (serial * 86_400_000.0).round() as i64;
        return if millis < 86_400_000 { Value::Time(millis * 1_000_000) } else { Value::Real(serial) };
    }
    if !(0.0..=2_958_466.0).contains(&serial) {
        return Value::Real(serial);
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let Some(days) = temporal::days_from_civil(i32::from(year), u32::from(month), u32::from(day)) else {
        // 29 February 1900, which only workbooks have.
        return Value::Real(serial);
    };
    let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
    let micros = (seconds * 1_000 + i64::from(milli)) * 1_000;
    if micros == 0 { Value::Date(days) } else { Value::DateTime(i64::from(days) * MICROS_PER_DAY + micros) }
}

fn iso_moment(text: &str) -> Value {
    if let Some(days) = temporal::parse_date(text, None) {
        return Value::Date(days);
    }
    match temporal::parse_datetime(text, None) {
        Some((micros, _)) if micros.rem_euclid(MICROS_PER_DAY) == 0 => Value::Date((micros / MICROS_PER_DAY) as i32),
        Some((micros, _)) => Value::DateTime(micros),
        None => Value::Text(text.to_owned()),
    }
}

/// `PT10H30M05.5S` as a time of day, or a duration from a day on.
fn iso_duration(text: &str) -> Option<Value> {
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let mut rest = rest.strip_prefix("PT")?;
    let mut micros = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|letter: char| letter.is_ascii_alphabetic())?;
        let number: f64 = rest[..end].replace(',', ".").parse().ok()?;
        let unit = match &rest[end..=end] {
            "H" => 3_600e6,
            "M" => 60e6,
            "S" => 1e6,
            _ => return None,
        };
        micros += number * unit;
        rest = &rest[end + 1..];
    }
    let micros = micros.round() as i64;
    Some(match negative {
        false if micros < MICROS_PER_DAY => Value::Time(micros * 1_000),
        false => Value::Duration(micros),
        true => Value::Duration(-micros),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_open_documents() {
        assert_eq!(iso_duration("PT10H30M05S"), Some(Value::Time(37_805_000_000_000)));
        assert_eq!(iso_duration("PT25H00M00S"), Some(Value::Duration(90_000_000_000)));
        assert_eq!(iso_duration("-PT1H"), Some(Value::Duration(-3_600_000_000)));
        assert_eq!(iso_duration("P1D"), None);
    }

    #[test]
    fn first_rows_that_are_names() {
        let text = |text: &str| Data::String(text.to_owned());
        let numbers = || vec![Data::Float(1.0), Data::Float(2.5)];
        assert!(are_names(&[text("a"), text("b")], &[numbers(), vec![text("x")]]));
        assert!(are_names(&[text("a"), Data::Float(2019.0)], &[vec![text("x")], numbers()]));
        assert!(!are_names(&[Data::Float(1.0), text("b")], &[numbers(), vec![text("x")]]));
        assert!(!are_names(&[text("x"), text("x")], &[vec![text("y")], vec![text("z")]]));
    }
}
