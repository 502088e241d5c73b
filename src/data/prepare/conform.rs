//! Bringing a column to the kind that something was fitted on, without losing or inventing a value.
//!
//! Files are typed by what they hold: the same column is whole numbers in one file and reals in the next, or text where
//! one value is a word. What was fitted on one of them must read the other as the same values, or refuse it.

use std::collections::HashMap;

use polars::prelude::{BooleanChunked, Column, DataType, Int64Chunked, IntoColumn, NamedFrom, NewChunkedArray, Series};

use super::columns::{convert, parse_boolean};
use crate::decimal::MAX_DIGITS;
use crate::error::{Error, Result};
use crate::schema::Kind;
use crate::{scalar::Scalar, temporal};

/// How the texts of a column that was fitted as text matter to what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling<'a> {
    /// Only these texts have a meaning; all others count as unseen.
    Known(&'a [String]),
    /// The texts are read as values again, so that any spelling of a value does.
    ByValue,
    /// The letters themselves are computed with.
    Letters,
}

/// The column as one of `kind`, with the values it has. Text and category stand for each other.
///
/// | wanted | taken |
/// |---|---|
/// | number | any number, booleans as 0 and 1, text that is a number |
/// | whole number | the same; fractions stay, as reals, unless its values are categories |
/// | boolean | 0 and 1, text that says true or false |
/// | text | text; any other value where `spelling` tells which of the known texts it stands for |
/// | date, date and time, time | each other where nothing is lost, and text in ISO 8601 |
///
/// A column without any value is taken as any kind.
///
/// # Errors
/// A sentence that names the column and the first value that cannot be read as `kind`.
pub fn conform(column: &Column, kind: Kind, spelling: Spelling) -> Result<Column> {
    let found = Kind::of(column.dtype());
    if column.null_count() == column.len() && found != kind {
        let dtype = if kind == Kind::Other { column.dtype().clone() } else { kind.dtype() };
        return Ok(Series::full_null(column.name().clone(), column.len(), &dtype).into_column());
    }
    match kind {
        Kind::Integer => whole_numbers(column, found, spelling),
        Kind::Boolean => booleans(column, found),
        Kind::Text | Kind::Category => texts(column, found, kind, spelling),
        Kind::Date | Kind::DateTime | Kind::Time => times(column, found, kind),
        kind if kind.is_numeric() => numbers(column, found, kind, spelling),
        _ if found == kind => Ok(column.clone()),
        _ => Err(refuse(column, first_value(column), kind, "")),
    }
}

/// The first value that is there, with its row from 0.
fn first_value(column: &Column) -> Option<(usize, String)> {
    (0..column.len()).find_map(|row| Some((row, value_at(column, row)?)))
}

fn value_at(column: &Column, row: usize) -> Option<String> {
    let value = column.get(row).ok()?;
    if value.is_null() {
        return None;
    }
    Some(Scalar::from_any(&value).map_or_else(|| value.to_string(), |scalar| scalar.to_string()))
}

fn refuse(column: &Column, value: Option<(usize, String)>, kind: Kind, hint: &str) -> Error {
    let (name, kind) = (column.name(), kind.phrase());
    Error::invalid(match value {
        Some((row, value)) => {
            format!("Column “{name}” has “{value}” in row {}, but {kind} is needed here.{hint}", row + 1)
        }
        None => format!("Column “{name}” is {}, but {kind} is needed here.{hint}", Kind::of(column.dtype()).phrase()),
    })
}

/// Refuses the first value that is there in `before` and was lost in `after`.
fn refuse_lost(before: &Column, after: &Column, kind: Kind) -> Result<()> {
    let lost = (0..before.len()).find(|&row| {
        let there = value_at(before, row).is_some_and(|value| !stands_for_missing(&value));
        there && after.get(row).is_ok_and(|value| value.is_null())
    });
    match lost {
        Some(row) => Err(refuse(before, value_at(before, row).map(|value| (row, value)), kind, "")),
        None => Ok(()),
    }
}

/// Texts that a reader of numbers takes for a missing one.
fn stands_for_missing(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.eq_ignore_ascii_case("nan")
}

/// A column of numbers, booleans or texts as reals; missing and NaN are null.
fn reals(column: &Column, found: Kind, kind: Kind) -> Result<Vec<Option<f64>>> {
    if found.is_textual() {
        let cast = column.cast(&DataType::String)?;
        let mut reals = Vec::with_capacity(column.len());
        for (row, text) in cast.str()?.iter().enumerate() {
            reals.push(match text {
                Some(text) if !stands_for_missing(text) => match text.trim().parse::<f64>() {
                    Ok(value) => Some(value),
                    Err(_) => return Err(refuse(column, Some((row, text.to_owned())), kind, "")),
                },
                _ => None,
            });
        }
        return Ok(reals);
    }
    if !found.is_numeric() && found != Kind::Boolean {
        return Err(refuse(column, first_value(column), kind, ""));
    }
    let cast = column.cast(&DataType::Float64)?;
    refuse_lost(column, &cast, kind)?;
    Ok(cast.f64()?.iter().map(|value| value.filter(|value| !value.is_nan())).collect())
}

fn numbers(column: &Column, found: Kind, kind: Kind, spelling: Spelling) -> Result<Column> {
    if kind == Kind::Decimal {
        return decimals(column, found, spelling);
    }
    if found == kind {
        return Ok(column.cast(&DataType::Float64)?);
    }
    Ok(Series::new(column.name().clone(), reals(column, found, kind)?).into_column())
}

/// Decimals with the digits that the known texts have, so that `1.5` and `1.50` are the same text.
fn decimals(column: &Column, found: Kind, spelling: Spelling) -> Result<Column> {
    let plain = if found == Kind::Category { column.cast(&DataType::String)? } else { column.clone() };
    let mut read = convert(&plain, Kind::Decimal)?.into_column();
    if let Spelling::Known(known) = spelling {
        let digits = |text: &String| text.split_once('.').map_or(0, |(_, digits)| digits.len());
        let scale = known.iter().map(digits).max().unwrap_or(0).min(MAX_DIGITS);
        read = read.cast(&DataType::Decimal(MAX_DIGITS, scale))?;
    }
    refuse_lost(column, &read, Kind::Decimal)?;
    Ok(read)
}

/// 2^63, the first real that is no whole number of 64 bits.
const BEYOND: f64 = 9_223_372_036_854_775_808.0;

fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && (-BEYOND..BEYOND).contains(&value)).then_some(value as i64)
}

fn whole_numbers(column: &Column, found: Kind, spelling: Spelling) -> Result<Column> {
    if found == Kind::Integer || found == Kind::Boolean {
        let cast = column.cast(&DataType::Int64)?;
        refuse_lost(column, &cast, Kind::Integer)?;
        return Ok(cast);
    }
    if found.is_textual() {
        // Digits beyond 2^53 are exact only when they are read as whole numbers.
        let cast = column.cast(&DataType::String)?;
        let parsed: Vec<Option<i64>> =
            cast.str()?.iter().map(|text| text.and_then(|text| text.trim().parse().ok())).collect();
        let read = Int64Chunked::from_iter_options(column.name().clone(), parsed.into_iter()).into_column();
        if refuse_lost(column, &read, Kind::Integer).is_ok() {
            return Ok(read);
        }
    }
    if found == Kind::Decimal {
        let read: Vec<Option<i64>> = (0..column.len()).map(|row| whole_decimal(column, row)).collect();
        let read = Int64Chunked::from_iter_options(column.name().clone(), read.into_iter()).into_column();
        if refuse_lost(column, &read, Kind::Integer).is_ok() {
            return Ok(read);
        }
    }
    let reals = reals(column, found, Kind::Integer)?;
    let fraction = reals.iter().position(|value| value.is_some_and(|value| whole(value).is_none()));
    match (fraction, spelling) {
        (None, _) => {
            let values = reals.iter().map(|value| value.and_then(whole));
            Ok(Int64Chunked::from_iter_options(column.name().clone(), values).into_column())
        }
        (Some(row), Spelling::Known(_)) => {
            Err(refuse(column, value_at(column, row).map(|value| (row, value)), Kind::Integer, ""))
        }
        (Some(_), _) => Ok(Series::new(column.name().clone(), reals).into_column()),
    }
}

fn whole_decimal(column: &Column, row: usize) -> Option<i64> {
    match Scalar::from_any(&column.get(row).ok()?)? {
        Scalar::Decimal(value) => value.units_at(0)?.try_into().ok(),
        _ => None,
    }
}

fn booleans(column: &Column, found: Kind) -> Result<Column> {
    if found == Kind::Boolean {
        return Ok(column.clone());
    }
    let name = column.name().clone();
    let mut values = Vec::with_capacity(column.len());
    if found.is_textual() {
        let cast = column.cast(&DataType::String)?;
        for (row, text) in cast.str()?.iter().enumerate() {
            let text = text.map(str::trim).filter(|text| !text.is_empty());
            let value = text.and_then(parse_boolean);
            if let (Some(text), None) = (text, value) {
                return Err(refuse(column, Some((row, text.to_owned())), Kind::Boolean, ""));
            }
            values.push(value);
        }
    } else {
        for (row, value) in reals(column, found, Kind::Boolean)?.into_iter().enumerate() {
            values.push(match value {
                None => None,
                Some(0.0) => Some(false),
                Some(1.0) => Some(true),
                Some(_) => {
                    return Err(refuse(column, value_at(column, row).map(|value| (row, value)), Kind::Boolean, ""));
                }
            });
        }
    }
    Ok(BooleanChunked::from_iter_options(name, values.into_iter()).into_column())
}

fn times(column: &Column, found: Kind, kind: Kind) -> Result<Column> {
    if found == kind {
        return Ok(column.clone());
    }
    let convertible = found.is_textual() || matches!((found, kind), (Kind::Date, Kind::DateTime));
    let read = match (found, kind) {
        (Kind::Category, _) => convert(&column.cast(&DataType::String)?, kind)?.into_column(),
        (Kind::DateTime, Kind::Date) => {
            let days = column.cast(&DataType::Date)?;
            let back = days.cast(column.dtype())?;
            let changed = (0..column.len()).find(|&row| column.get(row).ok() != back.get(row).ok());
            if let Some(row) = changed {
                return Err(refuse(column, value_at(column, row).map(|value| (row, value)), kind, ""));
            }
            return Ok(days);
        }
        _ if convertible => convert(column, kind)?.into_column(),
        _ => return Err(refuse(column, first_value(column), kind, "")),
    };
    refuse_lost(column, &read, kind)?;
    Ok(read)
}

fn texts(column: &Column, found: Kind, kind: Kind, spelling: Spelling) -> Result<Column> {
    if found.is_textual() {
        return Ok(if found == kind { column.clone() } else { column.cast(&kind.dtype())? });
    }
    let mut meanings: HashMap<String, String> = HashMap::new();
    let mut texts: Vec<Option<String>> = Vec::with_capacity(column.len());
    for row in 0..column.len() {
        let value = column.get(row)?;
        let Some(scalar) = Scalar::from_any(&value).filter(|scalar| !is_nan(scalar)) else {
            if value.is_null() || matches!(Scalar::from_any(&value), Some(Scalar::Real(_))) {
                texts.push(None);
                continue;
            }
            return Err(refuse(column, Some((row, value.to_string())), kind, ""));
        };
        let plain = scalar.to_string();
        if let Some(meaning) = meanings.get(&plain) {
            texts.push(Some(meaning.clone()));
            continue;
        }
        let meaning = meaning(&scalar, &plain, spelling).map_err(|hint| {
            let hint = format!(" {hint}");
            refuse(column, Some((row, plain.clone())), kind, &hint)
        })?;
        meanings.insert(plain, meaning.clone());
        texts.push(Some(meaning));
    }
    Ok(Series::new(column.name().clone(), texts).cast(&kind.dtype())?.into_column())
}

fn is_nan(scalar: &Scalar) -> bool {
    matches!(scalar, Scalar::Real(value) if value.is_nan())
}

/// The text that a value stands for, or why that cannot be told.
fn meaning(value: &Scalar, plain: &str, spelling: Spelling) -> std::result::Result<String, String> {
    let known = match spelling {
        Spelling::ByValue => return Ok(plain.to_owned()),
        Spelling::Letters => {
            return Err("What was trained computes with the letters of the text, and how this value was spelled is \
                        not known. Read the column as text."
                .to_owned());
        }
        Spelling::Known(known) => known,
    };
    let readable = known.iter().filter(|text| reads_like(text, value)).count();
    let same: Vec<&String> = known.iter().filter(|text| is_same(text, value)).collect();
    match same[..] {
        [one] => Ok(one.clone()),
        [] if readable > 0 => Ok(plain.to_owned()),
        [] => {
            let example = known.first().map(|text| format!(" such as “{text}”")).unwrap_or_default();
            Err(format!("In training it held texts{example}."))
        }
        [one, two, ..] => {
            // The very spelling decides where a value was written in two ways.
            match same.iter().find(|text| **text == plain) {
                Some(exact) => Ok((*exact).clone()),
                None => Err(format!("It may mean “{one}” or “{two}”. Read the column as text.")),
            }
        }
    }
}

/// The known text that is the same value as one read from a column of any kind, for texts that were written from values
/// of `kind`: their own spelling first, then the only one that means the same.
pub fn matching<'a>(known: &'a [String], value: &Scalar, kind: Kind) -> Option<&'a str> {
    let plain = value.to_string();
    if let Some(exact) = known.iter().find(|text| **text == plain) {
        return Some(exact);
    }
    // Words of a text column are words; those of other columns were values once.
    let value = match value {
        Scalar::Text(text) if kind == Kind::Boolean => Scalar::Boolean(parse_boolean(text.trim())?),
        Scalar::Text(text) if kind.is_numeric() => Scalar::Real(text.trim().parse().ok()?),
        Scalar::Text(_) => return None,
        other => other.clone(),
    };
    let mut same = known.iter().filter(|text| is_same(text, &value));
    match (same.next(), same.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

/// Whether a text is a value of the same kind.
fn reads_like(text: &str, value: &Scalar) -> bool {
    let text = text.trim();
    match value {
        Scalar::Boolean(_) => parse_boolean(text).is_some(),
        Scalar::Date(_) | Scalar::DateTime(_) => temporal::parse_date(text, None).is_some() || datetime(text).is_some(),
        Scalar::Time(_) => temporal::parse_time(text).is_some(),
        _ => text.parse::<f64>().is_ok(),
    }
}

/// Whether a text is this value.
fn is_same(text: &str, value: &Scalar) -> bool {
    let text = text.trim();
    match value {
        Scalar::Boolean(value) => parse_boolean(text) == Some(*value),
        Scalar::Integer(value) => match text.parse::<i64>() {
            Ok(read) => read == *value,
            Err(_) => text.parse::<f64>().ok().and_then(whole) == Some(*value),
        },
        Scalar::Date(value) => {
            temporal::parse_date(text, None) == Some(*value) || datetime(text) == Some(i64::from(*value) * DAY)
        }
        Scalar::DateTime(value) => {
            let day = || temporal::parse_date(text, None).map(|days| i64::from(days) * DAY);
            datetime(text).or_else(day) == Some(*value)
        }
        Scalar::Time(value) => temporal::parse_time(text) == Some(*value),
        value => value.as_f64().is_some_and(|value| text.parse::<f64>() == Ok(value)),
    }
}

/// Microseconds.
const DAY: i64 = 86_400_000_000;

fn datetime(text: &str) -> Option<i64> {
    temporal::parse_datetime(text, None).map(|(micros, _)| micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column<T, S: ?Sized>(values: T) -> Column
    where
        Series: NamedFrom<T, S>,
    {
        Series::new("c".into(), values).into_column()
    }

    fn values(column: &Column) -> Vec<String> {
        (0..column.len()).map(|row| value_at(column, row).unwrap_or_else(|| "null".to_owned())).collect()
    }

    fn read(column: &Column, kind: Kind) -> Vec<String> {
        let conformed = conform(column, kind, Spelling::ByValue).unwrap();
        assert_eq!(Kind::of(conformed.dtype()), kind);
        values(&conformed)
    }

    fn refusal(column: &Column, kind: Kind, spelling: Spelling) -> String {
        conform(column, kind, spelling).unwrap_err().to_string()
    }

    fn texts(all: &[&str]) -> Vec<String> {
        all.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn numbers_are_the_same_in_every_type() {
        assert_eq!(read(&column([1i32, 2]), Kind::Real), ["1", "2"]);
        assert_eq!(
            read(&column([Some("1.50"), Some(" 2e0 "), Some(""), None]), Kind::Real),
            ["1.5", "2", "null", "null"]
        );
        assert_eq!(read(&column([1.0, 2.0, f64::NAN]), Kind::Integer), ["1", "2", "null"]);
        assert_eq!(read(&column([true, false]), Kind::Integer), ["1", "0"]);
        assert_eq!(read(&column(["9007199254740993"]), Kind::Integer), ["9007199254740993"]);
        assert_eq!(read(&column([None::<bool>, None]), Kind::Real), ["null", "null"]);
        let fraction = conform(&column([1.0, 2.5]), Kind::Integer, Spelling::ByValue).unwrap();
        assert_eq!(values(&fraction), ["1", "2.5"]);
    }

    #[test]
    fn decimals_keep_their_digits() {
        let read_decimal = |column: &Column| read(column, Kind::Decimal);
        assert_eq!(read_decimal(&column(["9007199254740993.25", ""])), ["9007199254740993.25", "null"]);
        let decimal = convert(&column(["9007199254740993", "1"]), Kind::Decimal).unwrap().into_column();
        assert_eq!(read(&decimal, Kind::Integer), ["9007199254740993", "1"]);
        assert_eq!(read(&decimal, Kind::Real)[1], "1");
        let known = texts(&["1.50", "2.25"]);
        let shorter = convert(&column(["1.5"]), Kind::Decimal).unwrap().into_column();
        let same = conform(&shorter, Kind::Decimal, Spelling::Known(&known)).unwrap();
        assert_eq!(values(&same), ["1.50"]);
    }

    #[test]
    fn what_is_no_number_is_named() {
        let sentence = "Column “c” has “many” in row 2, but a real number is needed here.";
        assert_eq!(refusal(&column(["1", "many"]), Kind::Real, Spelling::ByValue), sentence);
        let day = column([1i32]).cast(&DataType::Date).unwrap();
        assert!(refusal(&day, Kind::Integer, Spelling::ByValue).contains("has “1970-01-02” in row 1"));
        let codes = texts(&["1", "2"]);
        assert!(refusal(&column([1.0, 2.5]), Kind::Integer, Spelling::Known(&codes)).contains("“2.5” in row 2"));
        let large = column([u64::MAX]);
        assert!(refusal(&large, Kind::Integer, Spelling::ByValue).contains("row 1"));
    }

    #[test]
    fn booleans_are_read_from_words_and_digits() {
        assert_eq!(read(&column(["True", "no", ""]), Kind::Boolean), ["true", "false", "null"]);
        assert_eq!(read(&column([1.0, 0.0]), Kind::Boolean), ["true", "false"]);
        assert!(refusal(&column(["True", "Unknown"]), Kind::Boolean, Spelling::ByValue).contains("“Unknown” in row 2"));
        assert!(refusal(&column([0i64, 2]), Kind::Boolean, Spelling::ByValue).contains("“2” in row 2"));
    }

    #[test]
    fn values_find_the_text_that_they_were() {
        let known = texts(&["True", "False", "Unknown"]);
        let conformed = conform(&column([true, false]), Kind::Text, Spelling::Known(&known)).unwrap();
        assert_eq!(values(&conformed), ["True", "False"]);
        let known = texts(&["1.50", "002", "none"]);
        let conformed = conform(&column([1.5, 2.0, 7.0]), Kind::Category, Spelling::Known(&known)).unwrap();
        assert_eq!(values(&conformed), ["1.50", "002", "7"]);
        let known = texts(&["2024-02-29"]);
        let day = column([19782i32]).cast(&DataType::Date).unwrap();
        assert_eq!(values(&conform(&day, Kind::Text, Spelling::Known(&known)).unwrap()), ["2024-02-29"]);
        let known = texts(&["9007199254740993"]);
        let conformed = conform(&column([9_007_199_254_740_993i64]), Kind::Text, Spelling::Known(&known)).unwrap();
        assert_eq!(values(&conformed), known);
    }

    #[test]
    fn a_value_that_could_be_two_texts_is_refused() {
        let known = texts(&["01", "001"]);
        let sentence = refusal(&column([1i64]), Kind::Text, Spelling::Known(&known));
        assert!(sentence.contains("has “1” in row 1") && sentence.contains("“01” or “001”"), "{sentence}");
        let known = texts(&["1", "01"]);
        assert_eq!(values(&conform(&column([1i64]), Kind::Text, Spelling::Known(&known)).unwrap()), ["1"]);
        let known = texts(&["a", "b"]);
        assert!(refusal(&column([1i64]), Kind::Text, Spelling::Known(&known)).contains("such as “a”"));
        assert!(refusal(&column([true]), Kind::Text, Spelling::Letters).contains("Read the column as text"));
    }

    #[test]
    fn a_value_is_matched_by_spelling_and_then_by_meaning() {
        let classes = texts(&["0", "1"]);
        assert_eq!(matching(&classes, &Scalar::Real(1.0), Kind::Integer), Some("1"));
        assert_eq!(matching(&classes, &Scalar::Boolean(true), Kind::Integer), Some("1"));
        assert_eq!(matching(&classes, &Scalar::Text("1.0".into()), Kind::Integer), Some("1"));
        assert_eq!(matching(&classes, &Scalar::Text("1.0".into()), Kind::Text), None);
        assert_eq!(matching(&classes, &Scalar::Integer(2), Kind::Integer), None);
        assert_eq!(matching(&texts(&["true", "false"]), &Scalar::Text("False".into()), Kind::Boolean), Some("false"));
        assert_eq!(matching(&texts(&["01", "001"]), &Scalar::Integer(1), Kind::Text), None);
    }

    #[test]
    fn days_and_times_are_read_where_nothing_is_lost() {
        assert_eq!(read(&column(["2024-02-29", ""]), Kind::Date), ["2024-02-29", "null"]);
        let day = column([1i32]).cast(&DataType::Date).unwrap();
        assert_eq!(read(&day, Kind::DateTime), ["1970-01-02 00:00:00"]);
        let midnight = day.cast(&Kind::DateTime.dtype()).unwrap();
        assert_eq!(read(&midnight, Kind::Date), ["1970-01-02"]);
        let noon = column([DAY / 2]).cast(&Kind::DateTime.dtype()).unwrap();
        assert!(refusal(&noon, Kind::Date, Spelling::ByValue).contains("12:00"));
        assert!(refusal(&column(["yesterday"]), Kind::Date, Spelling::ByValue).contains("“yesterday” in row 1"));
    }
}
