//! The list itself.

use super::values::*;
use super::{FieldEditor, ReadField};
use crate::read::options::{Format, ReadChoices, ReadOptions};
use crate::temporal::DateOrder;

/// Everything that can be said about the reading of files, in a form's order.
pub static READ_FIELDS: [ReadField; 22] = [
    ReadField {
        flag: "format",
        title: "Format",
        value_name: "FORMAT",
        help: "What the files are, whatever they are called",
        advanced: false,
        editor: FieldEditor::Choice(formats),
        applies: |_| true,
        get: |choices| choices.format.iter().map(word).collect(),
        put: |choices, values| put(&mut choices.format, values, |text| named(text, &Format::ALL)),
        guess: |options| short_name(options.format).to_owned(),
    },
    ReadField {
        flag: "sheet",
        title: "Sheet",
        value_name: "NAME|N",
        help: "The sheet of a workbook, by name or by its number from 1; else the first that holds anything",
        advanced: false,
        editor: FieldEditor::Text,
        applies: is_workbook,
        get: |choices| choices.sheet.iter().cloned().collect(),
        put: |choices, values| put(&mut choices.sheet, values, some_text),
        guess: |options| options.sheet.clone().unwrap_or_else(|| "the first that holds anything".to_owned()),
    },
    ReadField {
        flag: "range",
        title: "Cells",
        value_name: "B3:F20",
        help: "The cells of a sheet that hold the table, such as B3:F20, or B3 for all from there on",
        advanced: false,
        editor: FieldEditor::Text,
        applies: is_workbook,
        get: |choices| choices.range.iter().cloned().collect(),
        put: |choices, values| put(&mut choices.range, values, cells),
        guess: |options| options.range.clone().unwrap_or_else(|| "all that are filled".to_owned()),
    },
    ReadField {
        flag: "entry",
        title: "File in the archive",
        value_name: "NAME",
        help: "The file inside a ZIP archive; else all of them",
        advanced: true,
        editor: FieldEditor::Text,
        applies: |_| true,
        get: |choices| choices.entry.iter().cloned().collect(),
        put: |choices, values| put(&mut choices.entry, values, some_text),
        guess: |options| options.entry.clone().unwrap_or_else(|| "all".to_owned()),
    },
    ReadField {
        flag: "delimiter",
        title: "Separator",
        value_name: "CHARACTER",
        help: "What stands between two fields: one character, or comma, semicolon, tab, bar, space",
        advanced: false,
        editor: FieldEditor::Choice(delimiters),
        applies: is_delimited,
        get: |choices| choices.delimiter.map(character_word).into_iter().collect(),
        put: |choices, values| put(&mut choices.delimiter, values, delimiter),
        guess: |options| character_word(options.delimiter),
    },
    ReadField {
        flag: "encoding",
        title: "Encoding",
        value_name: "NAME",
        help: "The text encoding by its WHATWG name, such as utf-8, windows-1252 or utf-16le",
        advanced: false,
        editor: FieldEditor::Choice(encodings),
        applies: is_text,
        get: |choices| choices.encoding.iter().map(|encoding| encoding.0.clone()).collect(),
        put: |choices, values| put(&mut choices.encoding, values, encoding),
        guess: |options| options.encoding.0.clone(),
    },
    ReadField {
        flag: "header",
        title: "First row holds names",
        value_name: "yes|no",
        help: "Whether the first row holds the columns' names; without names they are column_1, column_2, …",
        advanced: false,
        editor: FieldEditor::Choice(yes_or_no),
        applies: |format| is_delimited(format) || is_workbook(format),
        get: |choices| choices.header.map(yes_no_word).into_iter().collect(),
        put: |choices, values| put(&mut choices.header, values, yes_no),
        guess: |options| yes_no_word(options.header),
    },
    ReadField {
        flag: "decimal",
        title: "Decimal mark",
        value_name: "dot|comma",
        help: "The decimal mark of every column",
        advanced: false,
        editor: FieldEditor::Choice(decimals),
        applies: is_text,
        get: |choices| choices.decimal.map(character_word).into_iter().collect(),
        put: |choices, values| put(&mut choices.decimal, values, decimal),
        guess: |options| options.decimal.map_or_else(|| EACH_COLUMN.to_owned(), character_word),
    },
    ReadField {
        flag: "thousands",
        title: "Thousands",
        value_name: "CHARACTER",
        help: "What stands between groups of three digits in every column: comma, dot, space, single, none",
        advanced: false,
        editor: FieldEditor::Choice(thousands),
        applies: is_text,
        get: |choices| choices.thousands.map(|mark| mark_word(mark.0)).into_iter().collect(),
        put: |choices, values| put(&mut choices.thousands, values, mark),
        guess: |options| options.thousands.map_or_else(|| EACH_COLUMN.to_owned(), |mark| mark_word(mark.0)),
    },
    ReadField {
        flag: "date-order",
        title: "Order of dates",
        value_name: "day-first|month-first",
        help: "How 03/04/2024 is read",
        advanced: false,
        editor: FieldEditor::Choice(date_orders),
        applies: is_text,
        get: |choices| choices.date_order.iter().map(word).collect(),
        put: |choices, values| put(&mut choices.date_order, values, date_order),
        guess: |options| options.date_order.map_or_else(|| EACH_COLUMN.to_owned(), |order| word(&order)),
    },
    ReadField {
        flag: "date-format",
        title: "Date format",
        value_name: "FORMAT",
        help: "How dates are written, in the signs of strftime, such as \"%d.%m.%Y %H:%M\"",
        advanced: false,
        editor: FieldEditor::Text,
        applies: is_text,
        get: |choices| choices.date_format.iter().cloned().collect(),
        put: |choices, values| put(&mut choices.date_format, values, date_format),
        guess: |options| options.date_format.clone().unwrap_or_else(|| "the usual ones".to_owned()),
    },
    ReadField {
        flag: "null",
        title: "Missing values",
        value_name: "TEXT",
        help: "A field that means missing in every column, beside the empty one, NA and NULL; may be repeated",
        advanced: false,
        editor: FieldEditor::List,
        applies: is_text,
        get: |choices| choices.null_values.clone(),
        put: |choices, values| {
            choices.null_values = values.iter().map(|text| (*text).to_owned()).collect();
            Ok(())
        },
        guess: |options| match options.null_values.as_slice() {
            [] => ReadOptions::USUAL_NULLS[..2].join(", "),
            named => named.join(", "),
        },
    },
    ReadField {
        flag: "skip-rows",
        title: "Lines before the table",
        value_name: "N",
        help: "Lines to leave out at the beginning of each file",
        advanced: true,
        editor: FieldEditor::Number,
        applies: is_delimited,
        get: |choices| choices.skip_rows.iter().map(u64::to_string).collect(),
        put: |choices, values| put(&mut choices.skip_rows, values, count),
        guess: |options| options.skip_rows.to_string(),
    },
    ReadField {
        flag: "skip-after-names",
        title: "Rows below the names",
        value_name: "N",
        help: "Rows to leave out directly below the names, such as one of units",
        advanced: true,
        editor: FieldEditor::Number,
        applies: is_delimited,
        get: |choices| choices.skip_after_names.iter().map(u64::to_string).collect(),
        put: |choices, values| put(&mut choices.skip_after_names, values, count),
        guess: |options| options.skip_after_names.to_string(),
    },
    ReadField {
        flag: "footer",
        title: "Rows below the table",
        value_name: "N",
        help: "Rows to leave out at the end of each file, such as one of totals",
        advanced: true,
        editor: FieldEditor::Number,
        applies: is_delimited,
        get: |choices| choices.footer.iter().map(u64::to_string).collect(),
        put: |choices, values| put(&mut choices.footer, values, count),
        guess: |options| options.footer.to_string(),
    },
    ReadField {
        flag: "comment",
        title: "Comment lines",
        value_name: "CHARACTER",
        help: "Lines that begin with this character are left out: hash, %, none",
        advanced: true,
        editor: FieldEditor::Choice(comments),
        applies: is_delimited,
        get: |choices| choices.comment.map(|mark| mark_word(mark.0)).into_iter().collect(),
        put: |choices, values| put(&mut choices.comment, values, mark),
        guess: |options| mark_word(options.comment),
    },
    ReadField {
        flag: "quote",
        title: "Quotes",
        value_name: "CHARACTER",
        help: "What encloses a field that holds a separator or a line break: double, single, none",
        advanced: true,
        editor: FieldEditor::Choice(quotes),
        applies: is_delimited,
        get: |choices| choices.quote.map(|mark| mark_word(mark.0)).into_iter().collect(),
        put: |choices, values| put(&mut choices.quote, values, mark),
        guess: |options| mark_word(options.quote),
    },
    ReadField {
        flag: "escape",
        title: "Quotes within quotes",
        value_name: "CHARACTER",
        help: "What makes the next character an ordinary one: backslash, or none where quotes are doubled",
        advanced: true,
        editor: FieldEditor::Choice(escapes),
        applies: is_delimited,
        get: |choices| choices.escape.map(|mark| mark_word(mark.0)).into_iter().collect(),
        put: |choices, values| put(&mut choices.escape, values, mark),
        guess: |options| options.escape.map_or_else(|| "doubled".to_owned(), character_word),
    },
    ReadField {
        flag: "ragged",
        title: "Uneven rows",
        value_name: "refuse|pad|skip",
        help: "What to do with rows of too few or too many fields; without a value they are filled up or cut off",
        advanced: true,
        editor: FieldEditor::Choice(uneven),
        applies: is_delimited,
        get: |choices| choices.ragged.map(ragged_word).into_iter().collect(),
        put: |choices, values| put(&mut choices.ragged, values, ragged),
        guess: |options| ragged_word(options.ragged),
    },
    ReadField {
        flag: "row-names",
        title: "Names of rows",
        value_name: "yes|no",
        help: "Whether the row of names lacks one for the first column, as R writes tables",
        advanced: true,
        editor: FieldEditor::Choice(yes_or_no),
        applies: is_delimited,
        get: |choices| choices.row_names.map(yes_no_word).into_iter().collect(),
        put: |choices, values| put(&mut choices.row_names, values, yes_no),
        guess: |options| yes_no_word(options.row_names),
    },
    ReadField {
        flag: "fixed",
        title: "Fixed columns",
        value_name: "PLACES",
        help: "Where each column begins, counted in characters from 0, such as 0,8,20; none for separated fields",
        advanced: true,
        editor: FieldEditor::Text,
        applies: is_delimited,
        get: |choices| choices.fixed_columns.iter().map(|places| places_word(places)).collect(),
        put: |choices, values| put(&mut choices.fixed_columns, values, places),
        guess: |options| places_word(&options.fixed_columns),
    },
    ReadField {
        flag: "type",
        title: "Types",
        value_name: "COLUMN=TYPE",
        help: "The type of a column: boolean, integer, real, decimal, text, category, date, date-time, time, or guess; \
               may be repeated",
        advanced: false,
        editor: FieldEditor::Columns,
        applies: |_| true,
        get: |choices| choices.kinds.iter().map(|(column, kind)| format!("{column}={}", word(kind))).collect(),
        put: put_types,
        guess: |_| "guessed from all rows".to_owned(),
    },
];

/// Said of what is decided for each column alone.
const EACH_COLUMN: &str = "each column alone";

/// A format's name without its endings: “Delimited text”.
fn short_name(format: Format) -> &'static str {
    let name = format.name();
    name.split_once(" (").map_or(name, |(short, _)| short)
}

fn is_delimited(format: Format) -> bool {
    format == Format::Csv
}

fn is_text(format: Format) -> bool {
    format.is_text()
}

fn is_workbook(format: Format) -> bool {
    format == Format::Workbook
}

/// Takes the last value over, or none.
fn put<T>(into: &mut Option<T>, values: &[&str], parse: impl Fn(&str) -> Result<T, String>) -> Result<(), String> {
    *into = values.last().map(|text| parse(text)).transpose()?;
    Ok(())
}

fn some_text(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("It is empty.".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// `B3`, or `B3:F20`.
fn cells(text: &str) -> Result<String, String> {
    let is_cell = |cell: &str| {
        let letters = cell.len() - cell.trim_start_matches(|sign: char| sign.is_ascii_alphabetic()).len();
        let digits = &cell[letters..];
        (1..=3).contains(&letters) && !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
    };
    let text = text.trim().to_uppercase();
    if text.split(':').count() <= 2 && text.split(':').all(is_cell) {
        return Ok(text);
    }
    Err(format!("“{text}” are no cells. Write the first and the last, such as B3:F20."))
}

fn delimiter(text: &str) -> Result<char, String> {
    let letter = character(text)?;
    if letter.is_ascii() && !letter.is_ascii_alphanumeric() && !matches!(letter, '\n' | '\r' | '"') {
        return Ok(letter);
    }
    Err(format!("“{text}” cannot separate fields. Give a sign of ASCII, or a word such as tab or semicolon."))
}

fn decimal(text: &str) -> Result<char, String> {
    match character(text)? {
        letter @ ('.' | ',') => Ok(letter),
        _ => Err(format!("“{text}” is no decimal mark. It is dot or comma.")),
    }
}

fn date_order(text: &str) -> Result<DateOrder, String> {
    match text.to_lowercase().as_str() {
        "day" | "dmy" => Ok(DateOrder::DayFirst),
        "month" | "mdy" => Ok(DateOrder::MonthFirst),
        other => named(other, &[DateOrder::DayFirst, DateOrder::MonthFirst]),
    }
}

fn date_format(text: &str) -> Result<String, String> {
    if text.contains('%') {
        return Ok(text.to_owned());
    }
    Err(format!("“{text}” holds no sign such as %d, %m or %Y. Write 31.12.2024 as %d.%m.%Y."))
}

fn put_types(choices: &mut ReadChoices, values: &[&str]) -> Result<(), String> {
    if values.is_empty() {
        choices.kinds.clear();
    }
    for text in values {
        let (column, kind) = typed_column(text)?;
        match kind {
            Some(kind) => drop(choices.kinds.insert(column, kind)),
            None => drop(choices.kinds.shift_remove(&column)),
        }
    }
    Ok(())
}
