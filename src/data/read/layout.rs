//! How delimited text is laid out: what separates fields, which lines are not
//! part of the table, and whether it has names.

use super::csv::{Dialect, Field, each_record};
use super::guess::{Origin, Rules};
use super::header::{FirstRow, first_row, fits_column, has_typed_column, has_units};
use super::options::{ReadChoices, ReadOptions};
use crate::error::Result;

/// First words of a row that sums up those above it.
const TOTALS: [&str; 6] = ["total", "totals", "grand total", "sum", "summe", "gesamt"];
/// How many records are looked at.
const RECORDS: usize = 500;
/// Most lines before a table that are taken for a preamble.
const PREAMBLE: usize = 50;
/// Most rows at the end that are taken for a footer.
const FOOTER: usize = 5;

/// A record of a file's beginning.
struct Row {
    line: u64,
    fields: Vec<String>,
    /// Some field goes on behind its closing quote.
    lone_quote: bool,
    /// Which fields stand in quotes.
    quoted: Vec<bool>,
    /// The last field is empty, as behind a delimiter too many.
    open_end: bool,
}

/// The beginning of a file.
pub(super) struct Beginning<'a> {
    pub(super) text: &'a str,
    /// It is the whole file.
    pub(super) whole: bool,
    pub(super) ending: &'a str,
    /// The last lines of a longer file.
    pub(super) tail: Option<&'a str>,
}

/// Guesses everything about the layout that was not chosen. `options` already
/// hold what was.
///
/// # Errors
/// Choices that exclude each other.
pub(super) fn guess(start: &Beginning<'_>, choices: &ReadChoices, options: &mut ReadOptions) -> Result<()> {
    let text = separator_line(start.text, choices, options);
    if choices.comment.is_none() && choices.skip_rows.is_none() {
        options.comment = comment_mark(text, &Rules::new(options, true)?);
    }
    if !options.fixed_columns.is_empty() {
        return guess_rows(start, text, choices, options);
    }
    guess_marks(text, start.ending, choices, options)?;
    if choices.comment.is_none() && options.comment.is_none() {
        guess_comments(text, options)?;
    }
    let undivided = choices.delimiter.is_none() && choices.fixed_columns.is_none() && !is_divided(text, options)?;
    if undivided {
        guess_columns_of_spaces(text, options)?;
    }
    guess_rows(start, text, choices, options)
}

/// Takes `sep=;` at the beginning for what spreadsheets mean by it, and returns
/// the text behind it and behind what is skipped.
fn separator_line<'a>(text: &'a str, choices: &ReadChoices, options: &mut ReadOptions) -> &'a str {
    if let Some(lines) = choices.skip_rows {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).take(usize::try_from(lines).unwrap_or(usize::MAX));
        return ends.last().map_or(text, |end| &text[end + 1..]);
    }
    let Some((first, rest)) = text.split_once('\n') else {
        return text;
    };
    let line = first.trim_end_matches('\r').trim_matches('"');
    let marked = line.strip_prefix("sep=").or_else(|| line.strip_prefix("Sep=")).or_else(|| line.strip_prefix("SEP="));
    let mut marks = marked.unwrap_or_default().chars();
    match (marks.next(), marks.next()) {
        (Some(mark), None) if mark.is_ascii() => {
            options.skip_rows = 1;
            options.delimiter = choices.delimiter.unwrap_or(mark);
            rest
        }
        _ => text,
    }
}

/// `#` or `%`, if the text begins with lines of it that are not its names.
fn comment_mark(text: &str, rules: &Rules) -> Option<char> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let mark = lines.next()?.chars().next().filter(|mark| matches!(mark, '#' | '%'))?;
    let comments = text.lines().filter(|line| !line.trim().is_empty()).take_while(|line| line.starts_with(mark));
    let last = comments.last()?;
    let following = text.lines().filter(|line| !line.trim().is_empty()).find(|line| !line.starts_with(mark))?;

    // “#chrom	start	end” over rows of as many fields are names.
    const DELIMITERS: [char; 4] = ['\t', ',', ';', '|'];
    let divided = |line: &str| DELIMITERS.map(|delimiter| line.matches(delimiter).count());
    let (names, row) = (divided(last), divided(following));
    let delimiter = names.iter().position(|count| *count > 0).map(|at| DELIMITERS[at]);
    let values =
        delimiter.is_some_and(|it| following.split(it).any(|cell| rules.read(cell, Origin::Bare).readings != 0));
    let are_names = names == row && delimiter.is_some() && (values || !last[1..].starts_with(' '));
    (!are_names).then_some(mark)
}

fn rows(text: &str, dialect: &Dialect) -> Vec<Row> {
    let mut rows = Vec::new();
    // The only error is the one that ends the walk.
    let _ = each_record(text, 1, dialect, false, |record| {
        let fields = record.fields;
        rows.push(Row {
            line: record.line,
            fields: fields.iter().map(|field| field.text(dialect).into_owned()).collect(),
            lone_quote: fields.iter().any(|field: &Field<'_>| field.has_lone_quote(dialect)),
            quoted: fields.iter().map(|field| field.quoted).collect(),
            open_end: fields.last().is_some_and(|field| field.raw.is_empty() && !field.quoted),
        });
        if rows.len() < RECORDS { Ok(()) } else { Err(()) }
    });
    rows
}

/// The width that most rows have, and how many have it.
fn usual_width(rows: &[Row]) -> (usize, usize) {
    let mut counts: std::collections::HashMap<usize, usize> = std::collections::HashMap::new();
    for row in rows {
        *counts.entry(row.fields.len()).or_default() += 1;
    }
    let usual = counts.into_iter().max_by_key(|(width, count)| (*count, *width));
    usual.unwrap_or((1, 0))
}

/// Guesses delimiter, quote and escape.
fn guess_marks(text: &str, ending: &str, choices: &ReadChoices, options: &mut ReadOptions) -> Result<()> {
    if options.skip_rows != 1 || choices.skip_rows.is_some() {
        options.delimiter = match choices.delimiter {
            Some(delimiter) => delimiter,
            None => delimiter(text, ending, options),
        };
    }
    if choices.quote.is_none() && choices.escape.is_none() {
        guess_single_quotes(text, options)?;
    }
    if choices.escape.is_none() && options.quote.is_some() {
        guess_escape(text, options)?;
    }
    Ok(())
}

/// The delimiter that cuts the most records into the same number of fields, at
/// least two; of equally good ones the one seldom found in text.
fn delimiter(text: &str, ending: &str, options: &ReadOptions) -> char {
    let tabs = matches!(ending, "tsv" | "tab");
    if !tabs && is_column_of_comma_numbers(text, options) {
        return ';';
    }
    let mut best = (if tabs { '\t' } else { ',' }, 0.0);
    for candidate in ['\t', ';', '|', ',', '^', '~'] {
        let with = ReadOptions { delimiter: candidate, ..options.clone() };
        let Ok(dialect) = Dialect::new(&with) else {
            continue;
        };
        let rows = rows(text, &dialect);
        let (width, count) = usual_width(&rows);
        let first = rows.first().map_or(0, |row| row.fields.len());
        // Lines before the table are narrower; prose is of any width.
        let begins = first == width || first + 1 == width || table_begins(&rows, width).is_some();
        if width < 2 || !begins {
            continue;
        }
        let share = count as f64 / rows.len() as f64;
        if share > best.1 + 0.05 {
            best = (candidate, share);
        }
    }
    best.0
}

/// Whether a name stands over lines that are each one number with a comma, so
/// that the comma separates nothing.
fn is_column_of_comma_numbers(text: &str, options: &ReadOptions) -> bool {
    let Ok(rules) = Rules::new(options, true) else {
        return false;
    };
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(RECORDS);
    let named = lines.next().is_some_and(|name| !name.contains([',', ';', '\t', '|']));
    let (mut numbers, mut commas) = (0, 0);
    for line in lines {
        let is_number = rules.read(line, Origin::Bare).number.is_some() || rules.null(line).is_some();
        if !is_number {
            return false;
        }
        numbers += 1;
        commas += usize::from(line.contains(','));
    }
    named && numbers > 0 && commas > 0
}

/// The first row of the table, if narrower ones stand before it and all behind
/// it are of that width, but for a footer.
fn table_begins(rows: &[Row], width: usize) -> Option<usize> {
    let begins = rows.iter().position(|row| row.fields.len() == width)?;
    let before_are_narrower = rows[..begins].iter().all(|row| row.fields.len() < width);
    let others = rows[begins..].iter().filter(|row| row.fields.len() != width).count();
    let many = rows.len() - begins >= 2 && others <= FOOTER && others * 3 <= rows.len() - begins;
    (before_are_narrower && begins <= PREAMBLE && many).then_some(begins)
}

fn is_divided(text: &str, options: &ReadOptions) -> Result<bool> {
    let rows = rows(text, &Dialect::new(options)?);
    let (width, _) = usual_width(&rows);
    Ok(width > 1 || rows.iter().any(|row| row.fields.len() > 1))
}

/// Whether rows differ in width, or go on behind a quote.
fn is_uneven(rows: &[Row]) -> bool {
    let (width, _) = usual_width(rows);
    rows.iter().any(|row| row.fields.len() != width || row.lone_quote)
}

/// Takes `'` for the quote if that makes rows even which are not.
fn guess_single_quotes(text: &str, options: &mut ReadOptions) -> Result<()> {
    let double = rows(text, &Dialect::new(options)?);
    let single_options = ReadOptions { quote: Some('\''), ..options.clone() };
    let single = rows(text, &Dialect::new(&single_options)?);
    let quoted = |rows: &[Row]| rows.iter().any(|row| row.quoted.contains(&true));
    let used = quoted(&single) && !quoted(&double);
    if used && is_uneven(&double) && !is_uneven(&single) && usual_width(&single).0 > 1 {
        options.quote = Some('\'');
        options.notes.push("Texts seem to stand in single quotes. Choose the quote if that is wrong.".to_owned());
    }
    Ok(())
}

/// Takes the backslash for an escape if quotes within quotes are marked by it.
fn guess_escape(text: &str, options: &mut ReadOptions) -> Result<()> {
    if !text.contains("\\\"") {
        return Ok(());
    }
    let plain = rows(text, &Dialect::new(options)?);
    let escaped_options = ReadOptions { escape: Some('\\'), ..options.clone() };
    let escaped = rows(text, &Dialect::new(&escaped_options)?);
    if is_uneven(&plain) && !escaped.iter().any(|row| row.lone_quote) && usual_width(&escaped).0 > 1 {
        options.escape = Some('\\');
        options.notes.push(
            "Quotes within texts seem to be marked by a backslash. Choose the escape character if that is wrong."
                .to_owned(),
        );
    }
    Ok(())
}

/// Takes lines that begin with `#` for comments if rows are even without them,
/// and only then.
fn guess_comments(text: &str, options: &mut ReadOptions) -> Result<()> {
    if !text.contains("\n#") {
        return Ok(());
    }
    let all = rows(text, &Dialect::new(options)?);
    let commented = ReadOptions { comment: Some('#'), ..options.clone() };
    let without = rows(text, &Dialect::new(&commented)?);
    if is_uneven(&all) && !is_uneven(&without) && usual_width(&without).0 > 1 {
        options.comment = Some('#');
    }
    Ok(())
}

/// Divides lines without a delimiter where all have a space, or at single
/// spaces, if that gives columns of values.
fn guess_columns_of_spaces(text: &str, options: &mut ReadOptions) -> Result<()> {
    let rules = Rules::new(options, true)?;
    let undivided: Vec<Vec<String>> = rows(text, &Dialect::new(options)?).into_iter().map(|row| row.fields).collect();
    if has_typed_column(&undivided, &rules) {
        return Ok(());
    }
    let columns = columns_of_spaces(text, options);
    if columns.len() > 1 {
        let fixed = ReadOptions { fixed_columns: columns.clone(), ..options.clone() };
        let cut: Vec<Vec<String>> = rows(text, &Dialect::new(&fixed)?).into_iter().map(|row| row.fields).collect();
        let named =
            cut.first().is_some_and(|row| row.len() == columns.len() && row.iter().all(|cell| !cell.is_empty()));
        let filled = named && cut.iter().all(|row| row.first().is_some_and(|cell| !cell.is_empty()));
        if cut.len() > 1 && filled && has_typed_column(&cut, &rules) {
            options.fixed_columns = columns;
            options.notes.push(
                "Columns seem to stand at fixed places, without a delimiter. Check in the preview that they are cut \
                 where they begin."
                    .to_owned(),
            );
            return Ok(());
        }
    }
    let spaced = ReadOptions { delimiter: ' ', ..options.clone() };
    let split = rows(text, &Dialect::new(&spaced)?);
    let (width, count) = usual_width(&split);
    let even = width > 1 && count == split.len() && split.len() > 1;
    let cells: Vec<Vec<String>> = split.into_iter().map(|row| row.fields).collect();
    if even && cells.iter().flatten().all(|cell| !cell.is_empty()) && has_typed_column(&cells, &rules) {
        options.delimiter = ' ';
        options.notes.push("Fields seem to be separated by spaces. Choose the delimiter if that is wrong.".to_owned());
    }
    Ok(())
}

/// Where columns begin: behind characters that are spaces in all lines.
fn columns_of_spaces(text: &str, options: &ReadOptions) -> Vec<usize> {
    let mut filled: Vec<bool> = Vec::new();
    let mut lines = 0;
    for line in text.lines().filter(|line| !line.trim().is_empty()).take(RECORDS) {
        if options.comment.is_some_and(|mark| line.starts_with(mark)) {
            continue;
        }
        if line.contains('\t') {
            return Vec::new();
        }
        lines += 1;
        for (at, letter) in line.chars().enumerate() {
            if at == filled.len() {
                filled.push(false);
            }
            filled[at] |= !letter.is_whitespace();
        }
    }
    if lines < 2 {
        return Vec::new();
    }
    let begins = |at: &usize| filled[*at] && (*at == 0 || !filled[*at - 1]);
    let mut columns: Vec<usize> = (0..filled.len()).filter(begins).collect();
    if let Some(first) = columns.first_mut() {
        *first = 0;
    }
    columns
}

/// Guesses which rows are names, units, footers, or not part of the table.
fn guess_rows(start: &Beginning<'_>, text: &str, choices: &ReadChoices, options: &mut ReadOptions) -> Result<()> {
    let dialect = Dialect::new(options)?;
    let rules = Rules::new(options, true)?;
    let mut rows = rows(text, &dialect);
    let (width, _) = usual_width(&rows);
    if choices.skip_rows.is_none() {
        skip_preamble(text, &mut rows, width, &rules, options);
    }
    if options.comment.is_some() && choices.comment.is_none() {
        options.notes.push(format!(
            "Lines that begin with {} are left out as comments.",
            options.comment.map(String::from).unwrap_or_default()
        ));
    }
    if choices.row_names.is_none() {
        options.row_names = lacks_first_name(&rows, width) && choices.header != Some(false);
    }
    if choices.footer.is_none() && choices.ragged.is_none() {
        guess_footer(start, &dialect, &mut rows, width, &rules, options);
    }

    let quoted_name = has_quoted_name(&rows, &rules);
    let mut records: Vec<Vec<String>> = rows.into_iter().map(|row| row.fields).collect();
    if options.row_names
        && let Some(names) = records.first_mut()
    {
        names.insert(0, String::new());
    }
    guess_header(&records, quoted_name, &rules, choices, options);
    if options.header && choices.skip_after_names.is_none() && has_units(&records[1.min(records.len())..], &rules) {
        options.skip_after_names = 1;
        options.notes.push(format!(
            "The row beneath the names seems to hold units ({}); it is left out.",
            records[1].iter().filter(|unit| !unit.is_empty()).take(4).cloned().collect::<Vec<_>>().join(", ")
        ));
    }
    Ok(())
}

/// Leaves out lines before the table, if it is sure where that begins.
fn skip_preamble(text: &str, rows: &mut Vec<Row>, width: usize, rules: &Rules, options: &mut ReadOptions) {
    if width < 2 {
        return;
    }
    let found = begins_behind_blank(text, rows, width, rules).or_else(|| table_begins(rows, width));
    let Some(begins) = found.filter(|begins| *begins > 0) else {
        return;
    };
    let line = rows[begins].line;
    let set_off = is_set_off(text, rows, begins);
    let words = rows[begins].fields.iter().all(|name| name.is_empty() || name.contains(char::is_alphabetic));
    let named = words && is_surely_named(&rows[begins..], rules);
    // “x, y” over rows of three may name all but the first column.
    let row_names = begins == 1 && rows[0].fields.len() + 1 == width && !named;
    if row_names || !(named || set_off) {
        return;
    }
    let skipped = line - 1;
    options.skip_rows += skipped;
    options.notes.push(if skipped == 1 {
        format!("The first line, “{}”, seems to stand before the table; it is left out.", shown(&rows[0].fields))
    } else {
        format!("{skipped} lines seem to stand before the table, from “{}”; they are left out.", shown(&rows[0].fields))
    });
    rows.drain(..begins);
}

/// The last row, among rows that are all as wide, before which a blank line ends
/// what is no table, while a table with names begins there.
fn begins_behind_blank(text: &str, rows: &[Row], width: usize, rules: &Rules) -> Option<usize> {
    let mut candidates = (1..rows.len().min(PREAMBLE)).rev().filter(|at| is_set_off(text, rows, *at));
    candidates.find(|at| {
        let others = rows[*at..].iter().filter(|row| row.fields.len() != width).count();
        let even = rows[*at].fields.len() == width && others <= FOOTER && others * 3 <= rows.len() - at;
        even && is_surely_named(&rows[*at..], rules) && !is_surely_named(&rows[..*at], rules)
    })
}

/// Whether a blank line stands before a row.
fn is_set_off(text: &str, rows: &[Row], at: usize) -> bool {
    let (before, line) = (rows[at - 1].line, rows[at].line);
    let mut between = text.lines().skip(before as usize).take((line - before) as usize - 1);
    between.any(|line| line.trim().is_empty())
}

/// Whether the first of some rows holds names beyond doubt, over values or over
/// units of them.
fn is_surely_named(rows: &[Row], rules: &Rules) -> bool {
    let table: Vec<Vec<String>> = rows.iter().map(|row| row.fields.clone()).collect();
    first_row(&table, rules) == FirstRow::SurelyNames || has_units(&table[1.min(table.len())..], rules)
}

fn shown(fields: &[String]) -> String {
    super::evidence::shortened(&fields.join(" "))
}

/// Whether the first row has one field fewer than all others.
fn lacks_first_name(rows: &[Row], width: usize) -> bool {
    let Some((names, body)) = rows.split_first() else {
        return false;
    };
    let full = body.iter().all(|row| row.fields.len() == width) && body.iter().any(|row| !row.open_end);
    names.fields.len() > 1 && names.fields.len() + 1 == width && !body.is_empty() && full
}

/// Leaves out shorter rows at the end of a file that is complete.
fn guess_footer(
    start: &Beginning<'_>,
    dialect: &Dialect,
    beginning: &mut Vec<Row>,
    width: usize,
    rules: &Rules,
    options: &mut ReadOptions,
) {
    let tail = match (start.whole, start.tail) {
        (true, _) => start.text,
        (false, Some(tail)) => tail,
        (false, None) => return,
    };
    // A file that was cut off ends within a line.
    if width < 2 || !tail.ends_with(['\n', '\r']) {
        return;
    }
    let of_tail;
    let whole = start.whole && beginning.len() < RECORDS;
    let rows: &[Row] = if whole {
        beginning
    } else {
        of_tail = last_rows(tail, dialect);
        &of_tail
    };
    let short = rows.iter().rev().take_while(|row| row.fields.len() < width).count();
    let last = rows.last().filter(|_| short == 0).and_then(|row| row.fields.first());
    if let Some(word) = last.filter(|word| TOTALS.contains(&word.trim().to_lowercase().as_str())) {
        options.notes.push(format!(
            "The last row begins with “{word}”. Choose a footer of one row if it is no row of the table."
        ));
    }
    let table = &rows[..rows.len() - short];
    let even = table.len() >= 2 && table.iter().skip(1).all(|row| row.fields.len() == width);
    if short == 0 || short > FOOTER || !even {
        return;
    }
    let body: Vec<Vec<String>> = table[1..].iter().map(|row| row.fields.clone()).collect();
    let footer = &rows[rows.len() - short..];
    if footer.iter().any(|row| fits_column(&row.fields[0], &body, 0, rules)) {
        return;
    }
    options.footer = short as u64;
    let text = shown(&footer[0].fields);
    options.notes.push(if short == 1 {
        format!("The last row, “{text}”, is shorter than the others; it is left out.")
    } else {
        format!("The last {short} rows, from “{text}”, are shorter than the others; they are left out.")
    });
    if whole {
        beginning.truncate(beginning.len() - short);
    }
}

/// Whole rows of a file's end.
fn last_rows(tail: &str, dialect: &Dialect) -> Vec<Row> {
    let from = tail.find('\n').map_or(0, |at| at + 1);
    let mut lines: Vec<&str> = tail[from..].lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines.split_off(lines.len().saturating_sub(40));
    rows(&last.join("\n"), dialect)
}

/// Whether the first row holds a number or a date in quotes over values without
/// any, as programs write names.
fn has_quoted_name(rows: &[Row], rules: &Rules) -> bool {
    let Some((first, body)) = rows.split_first() else {
        return false;
    };
    let is_value = |text: &str| rules.null(text).is_none() && rules.read(text, Origin::Bare).readings != 0;
    (0..first.fields.len()).any(|at| {
        let bare =
            |row: &Row| row.quoted.get(at) == Some(&false) && row.fields.get(at).is_some_and(|text| is_value(text));
        first.quoted[at] && is_value(&first.fields[at]) && body.iter().any(bare)
    })
}

fn guess_header(
    records: &[Vec<String>],
    quoted_name: bool,
    rules: &Rules,
    choices: &ReadChoices,
    options: &mut ReadOptions,
) {
    if choices.header.is_some() {
        return;
    }
    if options.row_names || quoted_name {
        options.header = true;
        return;
    }
    let found = first_row(records, rules);
    options.header = found.holds_names();
    match found {
        FirstRow::Values => {
            options.notes.push("The first row seems to hold values, not names; columns are numbered.".to_owned())
        }
        FirstRow::PerhapsNames => options.notes.push(format!(
            "The first row, “{}”, is taken for names. Choose that there are none if it holds values.",
            records.first().map(|fields| shown(fields)).unwrap_or_default()
        )),
        FirstRow::SurelyNames | FirstRow::Names => {}
    }
}
