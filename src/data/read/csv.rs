//! Delimited text, record by record.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use super::blocks::{Block, ascii};
use super::columns::{Builder, Planned};
use super::guess::{Origin, Rules};
use super::options::{Ragged, ReadOptions};
use crate::error::{Error, Result};

/// How records are split into fields.
#[derive(Clone, Debug)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    pub(super) quote: Option<u8>,
    pub(super) escape: Option<u8>,
    pub(super) comment: Option<u8>,
    /// Where columns begin, in characters, where there is no delimiter.
    pub(super) fixed_columns: Arc<[usize]>,
}

impl Dialect {
    /// Lines that are not split.
    pub(super) fn lines() -> Self {
        Self { delimiter: b'\n', quote: None, escape: None, comment: None, fixed_columns: Arc::default() }
    }

    pub(super) fn new(options: &ReadOptions) -> Result<Self> {
        let quote = options.quote.map(|quote| ascii(quote, "quote")).transpose()?;
        let escape = options.escape.map(|escape| ascii(escape, "escape character")).transpose()?;
        let comment = options.comment.map(|comment| ascii(comment, "comment character")).transpose()?;
        if !options.fixed_columns.is_empty() {
            let fixed_columns = in_order(&options.fixed_columns)?;
            return Ok(Self { comment, fixed_columns, ..Self::lines() });
        }
        let delimiter = ascii(options.delimiter, "delimiter")?;
        if quote == Some(delimiter) {
            return Err(Error::invalid(
                "The delimiter and the quote are the same character. Choose two different ones.",
            ));
        }
        if escape == Some(delimiter) {
            return Err(Error::invalid(
                "The delimiter and the escape character are the same. Choose two different ones.",
            ));
        }
        // A doubled quote is what a quote that escapes itself means.
        let escape = escape.filter(|escape| Some(*escape) != quote);
        Ok(Self { delimiter, quote, escape, comment, fixed_columns: Arc::default() })
    }
}

/// Places of columns, which must rise from the first to the last.
fn in_order(columns: &[usize]) -> Result<Arc<[usize]>> {
    if columns.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(Error::invalid(
            "The places where columns begin must rise from each to the next, such as 0, 5, 12.",
        ));
    }
    Ok(columns.into())
}

/// A field as it stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    /// Without enclosing quotes; doubled quotes are still doubled, and what is
    /// escaped still is.
    pub(super) raw: &'a str,
    pub(super) quoted: bool,
    /// Whether quotes within have to be undoubled or characters unescaped.
    pub(super) marked: bool,
}

impl<'a> Field<'a> {
    fn bare(raw: &'a str) -> Self {
        Self { raw, quoted: false, marked: false }
    }

    pub(super) fn text(&self, dialect: &Dialect) -> Cow<'a, str> {
        if self.marked { unmarked(self, dialect).into() } else { self.raw.into() }
    }

    /// Whether text follows the closing quote, as where quotes are not doubled.
    pub(super) fn has_lone_quote(&self, dialect: &Dialect) -> bool {
        let Some(quote) = dialect.quote.filter(|_| self.quoted && self.marked) else {
            return false;
        };
        let mut bytes = self.raw.bytes().peekable();
        while let Some(byte) = bytes.next() {
            if Some(byte) == dialect.escape {
                bytes.next();
            } else if byte == quote && bytes.next_if_eq(&quote).is_none() {
                return true;
            }
        }
        false
    }
}

/// Undoubles quotes and removes escapes; what follows a closing quote is kept as
/// it is.
fn unmarked(field: &Field<'_>, dialect: &Dialect) -> String {
    let quote = dialect.quote.filter(|_| field.quoted).map(char::from);
    let escape = dialect.escape.map(char::from);
    let special = |letter: char| {
        u8::try_from(letter).is_ok_and(|byte| {
            byte == dialect.delimiter || Some(byte) == dialect.quote || Some(byte) == dialect.escape || byte == b'\n'
        })
    };
    let mut out = String::with_capacity(field.raw.len());
    let mut letters = field.raw.chars().peekable();
    while let Some(letter) = letters.next() {
        if Some(letter) == escape {
            // An escape before an ordinary letter is one itself: C:\temp.
            let next = letters.next_if(|next| special(*next));
            out.push(next.unwrap_or(letter));
            continue;
        }
        if Some(letter) == quote && letters.next_if(|next| *next == letter).is_none() {
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

/// Hands every record to `take`; blank lines are left out if `blank` is false,
/// and comments always. Stops early when `take` says so by an error. Returns the
/// number of comments.
pub(super) fn each_record<'a, E>(
    text: &'a str,
    first_line: u64,
    dialect: &Dialect,
    blank: bool,
    mut take: impl FnMut(Record<'_, 'a>) -> Result<(), E>,
) -> Result<u64, E> {
    let bytes = text.as_bytes();
    let mut fields: Vec<Field<'a>> = Vec::new();
    let (mut at, mut line, mut comments) = (0, first_line, 0);
    while at < bytes.len() {
        let started = line;
        fields.clear();
        if dialect.comment == Some(bytes[at]) || !dialect.fixed_columns.is_empty() {
            let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length);
            if dialect.comment == Some(bytes[at]) {
                comments += 1;
                at = end + 1;
                line += 1;
                continue;
            }
            cut_line(text[at..end].trim_end_matches('\r'), &dialect.fixed_columns, &mut fields);
            at = end;
        } else {
            at = split_record(text, at, dialect, &mut fields, &mut line);
        }
        at += 1;
        line += 1;
        let is_blank = fields.len() == 1 && fields[0].raw.is_empty() && !fields[0].quoted;
        if !is_blank || blank {
            take(Record { line: started, end: at.min(bytes.len()), fields: &fields })?;
        }
    }
    Ok(comments)
}

/// Splits a record at its delimiters; returns where its line break is.
#[inline]
fn split_record<'a>(
    text: &'a str,
    mut at: usize,
    dialect: &Dialect,
    fields: &mut Vec<Field<'a>>,
    line: &mut u64,
) -> usize {
    let bytes = text.as_bytes();
    loop {
        let (field, next) = field(text, at, dialect);
        if field.quoted {
            *line += memchr::memchr_iter(b'\n', field.raw.as_bytes()).count() as u64;
        }
        fields.push(field);
        at = next;
        if at >= bytes.len() || bytes[at] == b'\n' {
            break;
        }
        at += 1;
    }
    if let Some(last) = fields.last_mut().filter(|last| !last.quoted) {
        last.raw = last.raw.trim_end_matches('\r');
    }
    at
}

/// Cuts a line where columns begin; a line without text gives one empty field.
fn cut_line<'a>(line: &'a str, columns: &[usize], fields: &mut Vec<Field<'a>>) {
    if line.trim().is_empty() {
        fields.push(Field::bare(""));
        return;
    }
    let place = |column: usize| {
        if line.is_ascii() {
            column.min(line.len())
        } else {
            line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
        }
    };
    for (at, column) in columns.iter().enumerate() {
        let end = columns.get(at + 1).map_or(line.len(), |next| place(*next));
        fields.push(Field::bare(line[place(*column)..end].trim()));
    }
}

/// The field at a place, and where the delimiter or line break behind it is.
#[inline]
fn field<'a>(text: &'a str, at: usize, dialect: &Dialect) -> (Field<'a>, usize) {
    let bytes = text.as_bytes();
    let rest = &bytes[at..];
    if let Some(quote) = dialect.quote
        && rest.first() == Some(&quote)
    {
        return quoted_field(text, at, quote, dialect);
    }
    if let Some(escape) = dialect.escape {
        return escaped_field(text, at, escape, dialect);
    }
    let length = rest.iter().position(|&byte| byte == dialect.delimiter || byte == b'\n');
    let end = length.map_or(bytes.len(), |length| at + length);
    (Field::bare(&text[at..end]), end)
}

/// A field without quotes in which a delimiter may be escaped.
fn escaped_field<'a>(text: &'a str, at: usize, escape: u8, dialect: &Dialect) -> (Field<'a>, usize) {
    let bytes = text.as_bytes();
    let mut end = at;
    let mut marked = false;
    while end < bytes.len() && bytes[end] != dialect.delimiter && bytes[end] != b'\n' {
        let escapes = bytes[end] == escape && bytes.get(end + 1).is_some_and(|next| *next != b'\n' && next.is_ascii());
        marked |= escapes;
        end += if escapes { 2 } else { 1 };
    }
    (Field { raw: &text[at..end], quoted: false, marked }, end)
}

fn quoted_field<'a>(text: &'a str, at: usize, quote: u8, dialect: &Dialect) -> (Field<'a>, usize) {
    let bytes = text.as_bytes();
    let start = at + 1;
    let mut close = start;
    let mut marked = false;
    loop {
        let found = match dialect.escape {
            Some(escape) => memchr::memchr2(quote, escape, &bytes[close..]),
            None => memchr::memchr(quote, &bytes[close..]),
        };
        let Some(offset) = found else {
            close = bytes.len();
            break;
        };
        close += offset;
        let escapes = bytes[close] != quote && bytes.get(close + 1).is_some_and(u8::is_ascii);
        if escapes || (bytes[close] == quote && bytes.get(close + 1) == Some(&quote)) {
            marked = true;
            close += 2;
        } else if bytes[close] == quote {
            break;
        } else {
            close += 1;
        }
    }
    let close = close.min(bytes.len());
    let after = (close + 1).min(bytes.len());
    let trailing = bytes[after..].iter().position(|&byte| byte == dialect.delimiter || byte == b'\n');
    let end = trailing.map_or(bytes.len(), |offset| after + offset);
    let stray = text[after..end].trim_end_matches('\r');
    if stray.is_empty() {
        return (Field { raw: &text[start..close], quoted: true, marked }, end);
    }
    // Text behind the closing quote stays, and the quote goes.
    (Field { raw: &text[start..after + stray.len()], quoted: true, marked: true }, end)
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
    /// Lines left out as comments.
    pub(super) comments: u64,
    /// Objects that name a column twice, with the line of the first (JSON only).
    pub(super) repeated: Option<(u64, u64)>,
}

/// How a file's records become columns.
pub(super) struct Layout<'a> {
    pub(super) path: &'a Path,
    pub(super) columns: &'a [Planned],
    /// Which column each field of a record belongs to.
    pub(super) order: &'a [usize],
    pub(super) dialect: &'a Dialect,
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
    let comments = each_record(text, block.line, layout.dialect, width == 1, |Record { line, fields, .. }| {
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
            if field.marked {
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
    Ok(Parsed { builders, rows, ragged, new_names: Vec::new(), comments, repeated: None })
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

    fn comma() -> Dialect {
        Dialect::new(&ReadOptions::default()).unwrap()
    }

    fn split_with(text: &str, dialect: &Dialect) -> Vec<Vec<String>> {
        let mut records = Vec::new();
        each_record(text, 1, dialect, false, |record| {
            records.push(record.fields.iter().map(|field| field.text(dialect).into_owned()).collect());
            Ok::<_, ()>(())
        })
        .unwrap();
        records
    }

    fn split(text: &str) -> Vec<Vec<String>> {
        split_with(text, &comma())
    }

    #[test]
    fn records() {
        assert_eq!(split("a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n"), [["a", "b"], ["1", "x, \"y\"\nz"]]);
        assert_eq!(split("a,\n,b"), [["a", ""], ["", "b"]]);
        assert_eq!(split("5\" pipe,\"x\"y"), [["5\" pipe", "xy"]]);
        assert_eq!(split("\n\na\n\n"), [["a"]]);
        assert!(split("").is_empty());
        assert_eq!(split("a,\"b\"\r\r\n1,2\r\r\n"), [["a", "b"], ["1", "2"]]);
    }

    #[test]
    fn escapes_comments_and_fixed_columns() {
        let escaped = Dialect { escape: Some(b'\\'), ..comma() };
        assert_eq!(split_with(r#"1,"a \"b\", c""#, &escaped), [["1", r#"a "b", c"#]]);
        assert_eq!(split_with(r"C:\temp,x\,y,\\,\", &escaped), [[r"C:\temp", "x,y", r"\", r"\"]]);
        assert_eq!(split_with("\"a\\", &escaped), [["a\\"]]);

        let commented = Dialect { comment: Some(b'#'), ..comma() };
        assert_eq!(split_with("#x,\"y\na,#b\n#\n1,2", &commented), [["a", "#b"], ["1", "2"]]);

        let fixed = Dialect { fixed_columns: [0, 5, 11].into(), ..Dialect::lines() };
        let text = "id   name  x\n1    änn   2.5\r\n\n22   bob\n";
        assert_eq!(split_with(text, &fixed), [["id", "name", "x"], ["1", "änn", "2.5"], ["22", "bob", ""]]);
        let falling = ReadOptions { fixed_columns: vec![0, 7, 5], ..ReadOptions::default() };
        assert!(Dialect::new(&falling).unwrap_err().to_string().contains("rise"));
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
