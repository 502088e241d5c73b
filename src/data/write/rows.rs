//! Rows as delimited text or JSON, batch by batch.

use std::io::{self, Write};

use polars::prelude::{AnyValue, Column, DataFrame, DataType, IntoColumn, IntoSeries, PolarsError};

use rayon::prelude::*;

use super::cell::{cell_text, per_second, push_json, push_json_text, push_object, push_plain};

/// A way to write rows as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFormat {
    /// Fields between this character, with a header.
    Delimited(u8),
    /// One JSON object a line.
    JsonLines,
    /// One JSON list of objects.
    JsonList,
}

/// Rows that one thread makes text of at a time.
const PIECE: usize = 4_096;

/// Writes batches of one table's rows.
pub struct RowWriter<W: Write> {
    out: W,
    format: TextFormat,
    names: Vec<String>,
    rows: u64,
}

impl<W: Write> RowWriter<W> {
    /// Starts a table with these columns.
    ///
    /// # Errors
    /// What the disk says.
    pub fn new(mut out: W, format: TextFormat, names: Vec<String>) -> io::Result<Self> {
        match format {
            TextFormat::Delimited(delimiter) => out.write_all(header(&names, delimiter).as_bytes())?,
            TextFormat::JsonLines => {}
            TextFormat::JsonList => out.write_all(b"[")?,
        }
        Ok(Self { out, format, names, rows: 0 })
    }

    /// Adds rows with the columns given at the start; several threads make text of them.
    ///
    /// # Errors
    /// What the disk says, and a column of times that cannot be shown in its zone.
    pub fn push(&mut self, frame: &DataFrame) -> io::Result<()> {
        let starts: Vec<usize> = (0..frame.height()).step_by(PIECE).collect();
        let (format, names, before) = (self.format, &self.names, self.rows);
        let text_of = |start: &usize| {
            let piece = frame.slice(*start as i64, PIECE);
            text(&piece, format, names, before + *start as u64)
        };
        let texts: Vec<io::Result<String>> = starts.par_iter().map(text_of).collect();
        for text in texts {
            self.out.write_all(text?.as_bytes())?;
        }
        self.rows += frame.height() as u64;
        Ok(())
    }

    /// Ends the table and returns how many rows it has.
    ///
    /// # Errors
    /// What the disk says.
    pub fn finish(&mut self) -> io::Result<u64> {
        if self.format == TextFormat::JsonList {
            self.out.write_all(if self.rows == 0 { b"]\n" } else { b"\n]\n" })?;
        }
        self.out.flush()?;
        Ok(self.rows)
    }
}

fn header(names: &[String], delimiter: u8) -> String {
    let mut line = String::new();
    for (at, name) in names.iter().enumerate() {
        if at > 0 {
            line.push(char::from(delimiter));
        }
        // A name that is a number would make the row of names look like one of values.
        let number = name.starts_with(|first: char| first.is_ascii_digit());
        push_quoted_unless(is_bare(name, delimiter) && !number, name, &mut line);
    }
    line.push('\n');
    line
}

/// The rows as text; `before` rows of the table stand above them.
fn text(frame: &DataFrame, format: TextFormat, names: &[String], before: u64) -> io::Result<String> {
    let columns = writable(frame)?;
    // Times in a zone became texts, which must not be quoted as texts are.
    let quotes: Vec<bool> = frame.columns().iter().map(|column| !is_zoned(column)).collect();
    let mut cells: Vec<_> = columns.iter().map(|column| column.as_materialized_series().iter()).collect();

    let mut out = String::new();
    let mut values: Vec<AnyValue> = Vec::with_capacity(cells.len());
    for row in 0..frame.height() {
        values.clear();
        values.extend(cells.iter_mut().map(|column| column.next().unwrap_or(AnyValue::Null)));
        match format {
            TextFormat::Delimited(delimiter) => push_delimited(&values, &quotes, delimiter, &mut out),
            TextFormat::JsonLines => push_object(names.iter().map(String::as_str).zip(&values), &mut out),
            TextFormat::JsonList => {
                out.push_str(if before + row as u64 == 0 { "\n" } else { ",\n" });
                push_object(names.iter().map(String::as_str).zip(&values), &mut out);
            }
        }
        if format != TextFormat::JsonList {
            out.push('\n');
        }
    }
    Ok(out)
}

fn push_delimited(values: &[AnyValue], quotes: &[bool], delimiter: u8, out: &mut String) {
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.push(char::from(delimiter));
        }
        match (value.get_str().filter(|_| quotes[at]), value) {
            (Some(text), _) => push_field(text, delimiter, out),
            // An empty line is no row to most readers, and NA may be a text.
            (None, AnyValue::Null) if values.len() == 1 => out.push_str("NULL"),
            (None, value) => drop(push_plain(value, out)),
        }
    }
}

/// Every cell of a table as text for a person: exact, missing ones as `None`, nested ones as
/// JSON, texts that would be mistaken for something else in quotes.
///
/// # Errors
/// A column of times that cannot be shown in its zone.
pub fn text_cells(frame: &DataFrame) -> io::Result<Vec<Vec<Option<String>>>> {
    let columns = writable(frame)?;
    let mut rows = Vec::with_capacity(frame.height());
    for row in 0..frame.height() {
        let cells = columns.iter().map(|column| {
            let value = column.get(row).ok()?;
            shown(&value)
        });
        rows.push(cells.collect());
    }
    Ok(rows)
}

fn shown(value: &AnyValue) -> Option<String> {
    if let Some(text) = value.get_str() {
        let odd = text.is_empty() || text.trim() != text || text.starts_with('"') || text.chars().any(char::is_control);
        let mut quoted = String::new();
        if odd {
            push_json_text(text, &mut quoted);
        } else {
            quoted.push_str(text);
        }
        return Some(quoted);
    }
    match value {
        AnyValue::Null => None,
        value => cell_text(value).or_else(|| {
            let mut text = String::new();
            push_json(value, &mut text);
            Some(text)
        }),
    }
}

/// The columns in one piece each, with times in a zone as the text of their local hour.
fn writable(frame: &DataFrame) -> io::Result<Vec<Column>> {
    let columns = frame.columns().iter().map(|column| {
        let column = if is_zoned(column) { local_text(column)? } else { column.clone() };
        Ok(column.rechunk())
    });
    columns.collect()
}

fn is_zoned(column: &Column) -> bool {
    matches!(column.dtype(), DataType::Datetime(_, Some(_)))
}

fn local_text(column: &Column) -> io::Result<Column> {
    let failed = |error: PolarsError| io::Error::other(error.to_string());
    let times = column.datetime().map_err(failed)?;
    // The table engine panics at moments that its calendar does not reach.
    let units = per_second(times.time_unit());
    let reaches = |count: i64| (count / units).abs() < CALENDAR_SECONDS;
    if !times.physical().iter().flatten().all(reaches) {
        let sentence = format!(
            "The column “{}” holds a time more than 200,000 years away, which cannot be shown in \
             its zone. Write Parquet, or drop the column.",
            column.name()
        );
        return Err(io::Error::other(sentence));
    }
    Ok(times.to_string(LOCAL).map_err(failed)?.into_series().into_column())
}

/// About 200,000 years; the calendar of the table engine ends at 262,000.
const CALENDAR_SECONDS: i64 = 200_000 * 31_556_952;

/// `2024-02-29T13:05:00.5+01:00`, with a fraction only if there is one.
const LOCAL: &str = "%Y-%m-%dT%H:%M:%S%.f%:z";

/// Adds a text as a field that reads back as this text, never as missing, a number or a date.
fn push_field(text: &str, delimiter: u8, out: &mut String) {
    push_quoted_unless(is_bare(text, delimiter) && is_surely_text(text), text, out);
}

fn push_quoted_unless(bare: bool, text: &str, out: &mut String) {
    if bare {
        out.push_str(text);
        return;
    }
    out.push('"');
    out.push_str(&text.replace('"', "\"\""));
    out.push('"');
}

/// Whether a text can stand without quotes: nothing in it cuts fields or lines.
fn is_bare(text: &str, delimiter: u8) -> bool {
    let cuts = |byte: u8| byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r' | b'\\' | b'#');
    !text.is_empty() && text.trim() == text && !text.bytes().any(cuts)
}

/// Words that a reader may take for something other than text, in lower case.
const WORDS: [&str; 17] = [
    "na", "n/a", "nan", "nil", "null", "none", "inf", "infinity", "true", "false", "yes", "no", "t", "f", "y", "n",
    "missing",
];

/// Whether no reader takes the text for a value of another kind.
fn is_surely_text(text: &str) -> bool {
    let begins_as_word = text.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_');
    // “May 5 2024” is a date to a reader that knows months.
    let perhaps_date = text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| matches!(byte, b' ' | b'-' | b'/' | b':' | b'.'));
    let word = text.len() <= 8 && WORDS.contains(&text.to_ascii_lowercase().as_str());
    begins_as_word && !perhaps_date && !word
}
