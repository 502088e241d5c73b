//! Delimited text, record by record.

use std::path::Path;

use super::blocks::{Block, ascii};
use super::columns::{Builder, Planned};
use super::guess::{Origin, Rules};
use super::options::{Ragged, ReadOptions};
use crate::error::{Error, Result};

/// How records are split into fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    pub(super) quote: Option<u8>,
}

impl Dialect {
    /// Lines that are not split.
    pub(super) fn lines() -> Self {
        Self { delimiter: b'\n', quote: None }
    }

    pub(super) fn new(options: &ReadOptions) -> Result<Self> {
        let quote = options.quote.map(|quote| ascii(quote, "quote")).transpose()?;
        let delimiter = ascii(options.delimiter, "delimiter")?;
        if quote == Some(delimiter) {
            return Err(Error::invalid(
                "The delimiter and the quote are the same character. Choose two different ones.",
            ));
        }
        Ok(Self { delimiter, quote })
    }
}

/// A field as it stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    /// Without enclosing quotes; doubled quotes are still doubled.
    pub(super) raw: &'a str,
    pub(super) quoted: bool,
    /// Whether quotes within have to be undoubled.
    pub(super) doubled: bool,
}

impl<'a> Field<'a> {
    pub(super) fn text(&self, dialect: Dialect) -> std::borrow::Cow<'a, str> {
        match dialect.quote {
            Some(quote) if self.doubled => unquoted(self.raw, char::from(quote)).into(),
            _ => self.raw.into(),
        }
    }
}

/// Undoubles quotes; what follows a closing quote is kept as it is.
fn unquoted(raw: &str, quote: char) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut letters = raw.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == quote && letters.next_if_eq(&quote).is_none() {
            // A lone quote closed the field too early.
            continue;
        }
        out.push(letter);
    }
    out
}

/// A record of fields.
pub(super) struct Record<'r, 'a> {
    /// Its first line.
    pub(super) line: u64,
    /// Where the next record begins.
    pub(super) end: usize,
    pub(super) fields: &'r [Field<'a>],
}

/// Hands every record to `take`; blank lines are left out if `blank` is false.
/// Stops early when `take` says so by an error.
pub(super) fn each_record<'a, E>(
    text: &'a str,
    first_line: u64,
    dialect: Dialect,
    blank: bool,
    mut take: impl FnMut(Record<'_, 'a>) -> Result<(), E>,
) -> Result<(), E> {
    let bytes = text.as_bytes();
    let mut fields: Vec<Field<'a>> = Vec::new();
    let (mut at, mut line) = (0, first_line);
    while at < bytes.len() {
        let started = line;
        fields.clear();
        loop {
            let (field, next) = field(text, at, dialect);
            if field.quoted {
                line += memchr::memchr_iter(b'\n', field.raw.as_bytes()).count() as u64;
            }
            fields.push(field);
            at = next;
            if at >= bytes.len() || bytes[at] == b'\n' {
                break;
            }
            at += 1;
        }
        at += 1;
        line += 1;
        if let Some(last) = fields.last_mut().filter(|last| !last.quoted) {
            last.raw = last.raw.strip_suffix('\r').unwrap_or(last.raw);
        }
        let is_blank = fields.len() == 1 && fields[0].raw.is_empty() && !fields[0].quoted;
        if !is_blank || blank {
            take(Record { line: started, end: at.min(bytes.len()), fields: &fields })?;
        }
    }
    Ok(())
}

/// The field at a place, and where the delimiter or line break behind it is.
#[inline]
fn field(text: &str, at: usize, dialect: Dialect) -> (Field<'_>, usize) {
    let bytes = text.as_bytes();
    let rest = &bytes[at..];
    if let Some(quote) = dialect.quote
        && rest.first() == Some(&quote)
    {
        return quoted_field(text, at, quote, dialect.delimiter);
    }
    let length = rest.iter().position(|&byte| byte == dialect.delimiter || byte == b'\n');
    let end = length.map_or(bytes.len(), |length| at + length);
    (Field { raw: &text[at..end], quoted: false, doubled: false }, end)
}

fn quoted_field(text: &str, at: usize, quote: u8, delimiter: u8) -> (Field<'_>, usize) {
    let bytes = text.as_bytes();
    let start = at + 1;
    let mut close = start;
    let mut doubled = false;
    loop {
        match memchr::memchr(quote, &bytes[close..]) {
            None => {
                close = bytes.len();
                break;
            }
            Some(offset) if bytes.get(close + offset + 1) == Some(&quote) => {
                doubled = true;
                close += offset + 2;
            }
            Some(offset) => {
                close += offset;
                break;
            }
        }
    }
    let after = (close + 1).min(bytes.len());
    let trailing = bytes[after..].iter().position(|&byte| byte == delimiter || byte == b'\n');
    let end = trailing.map_or(bytes.len(), |offset| after + offset);
    let stray = &text[after..end];
    if stray.is_empty() || stray == "\r" {
        return (Field { raw: &text[start..close], quoted: true, doubled }, end);
    }
    // Text behind the closing quote stays, and the quote goes.
    (Field { raw: &text[start..end], quoted: true, doubled: true }, end)
}

/// What a block of records gave.
pub(super) struct Parsed {
    pub(super) builders: Vec<Builder>,
    pub(super) rows: usize,
    /// Rows of the wrong length that were padded, cut or left out, with the line
    /// of the first.
    pub(super) ragged: Option<(u64, u64)>,
    /// Names not known before (JSON only).
    pub(super) new_names: Vec<String>,
}

/// How a file's records become columns.
pub(super) struct Layout<'a> {
    pub(super) path: &'a Path,
    pub(super) columns: &'a [Planned],
    /// Which column each field of a record belongs to.
    pub(super) order: &'a [usize],
    pub(super) dialect: Dialect,
    pub(super) rules: &'a Rules,
    pub(super) ragged: Ragged,
    /// Only find out what the fields are.
    pub(super) look: bool,
}

/// Parses one block.
pub(super) fn parse(block: &Block, layout: &Layout) -> Result<Parsed> {
    let text = block.text(layout.path)?;
    let width = layout.order.len();
    let guessed_rows = if layout.look { 0 } else { guess_rows(text) };
    let new = |planned| Builder::new(planned, guessed_rows, layout.look);
    let mut builders: Vec<Builder> = layout.columns.iter().map(new).collect();
    let (mut rows, mut ragged) = (0, None);
    // In a table of one column a blank line is a missing value.
    each_record(text, block.line, layout.dialect, width == 1, |Record { line, fields, .. }| {
        let surplus_end = fields.len() == width + 1 && fields[width].raw.is_empty();
        if fields.len() != width && !surplus_end {
            if layout.ragged == Ragged::Refuse {
                return Err(wrong_length(layout.path, line, fields.len(), width));
            }
            let (first, count) = ragged.unwrap_or((line, 0));
            ragged = Some((first, count + 1));
            if layout.ragged == Ragged::Skip {
                return Ok(());
            }
        }
        rows += 1;
        for (at, field) in fields.iter().take(width).enumerate() {
            let builder = &mut builders[layout.order[at]];
            let origin = if field.quoted { Origin::Quoted } else { Origin::Bare };
            if field.doubled {
                builder.push(&field.text(layout.dialect), origin, line, layout.rules);
            } else {
                builder.push(field.raw, origin, line, layout.rules);
            }
        }
        for &column in layout.order.iter().skip(fields.len()) {
            builders[column].push_null();
        }
        Ok(())
    })?;
    Ok(Parsed { builders, rows, ragged, new_names: Vec::new() })
}

/// A guess from the first lines, to save growing.
fn guess_rows(text: &str) -> usize {
    let start = &text.as_bytes()[..text.len().min(4_096)];
    let lines = memchr::memchr_iter(b'\n', start).count().max(1);
    text.len() * lines / start.len().max(1) + 16
}

fn wrong_length(path: &Path, line: u64, found: usize, expected: usize) -> Error {
    let fields = |count: usize| match count {
        1 => "1 field".to_owned(),
        count => format!("{count} fields"),
    };
    let sentence = format!(
        "A row has {} where the table has {}. Correct it, or choose to fill up and cut, or to \
         leave out, rows of the wrong length.",
        fields(found),
        fields(expected)
    );
    Error::malformed(path, Some(line), sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COMMA: Dialect = Dialect { delimiter: b',', quote: Some(b'"') };

    fn split(text: &str) -> Vec<Vec<String>> {
        let mut records = Vec::new();
        each_record(text, 1, COMMA, false, |record| {
            records.push(record.fields.iter().map(|field| field.text(COMMA).into_owned()).collect());
            Ok::<_, ()>(())
        })
        .unwrap();
        records
    }

    #[test]
    fn records() {
        assert_eq!(split("a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n"), [["a", "b"], ["1", "x, \"y\"\nz"]]);
        assert_eq!(split("a,\n,b"), [["a", ""], ["", "b"]]);
        assert_eq!(split("5\" pipe,\"x\"y"), [["5\" pipe", "xy"]]);
        assert_eq!(split("\n\na\n\n"), [["a"]]);
        assert!(split("").is_empty());
    }

    proptest! {
        #[test]
        fn written_fields_read_back(
            table in proptest::collection::vec(
                proptest::collection::vec("[a-z,\"\n\r é]{0,6}", 2..4), 1..5),
        ) {
            let quoted = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
            let lines = table.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(","));
            let text = lines.collect::<Vec<_>>().join("\r\n");
            prop_assert_eq!(split(&text), table);
        }
    }
}
