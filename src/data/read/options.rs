//! How a file is to be read.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::schema::Kind;
use crate::temporal::DateOrder;

/// A file format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Comma, tab or otherwise delimited text.
    #[default]
    Csv,
    /// Apache Parquet.
    Parquet,
    /// Arrow IPC file ("Feather").
    ArrowIpc,
    /// JSON objects: one on each line, one after the other, or in a list.
    JsonLines,
    /// A workbook of sheets: Excel (.xlsx, .xlsm, .xlsb, .xls) or
    /// OpenDocument (.ods).
    Workbook,
    /// SAS (.sas7bdat).
    Sas,
    /// Stata (.dta).
    Stata,
    /// SPSS (.sav, .zsav).
    Spss,
}

impl Format {
    /// Every format, in the order that choosers show.
    pub const ALL: [Self; 8] =
        [Self::Csv, Self::Parquet, Self::ArrowIpc, Self::JsonLines, Self::Workbook, Self::Sas, Self::Stata, Self::Spss];

    /// Whether it is text, whose types are guessed and whose file may be
    /// compressed; files of the other formats carry the types of their columns
    /// or cells.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Csv | Self::JsonLines)
    }

    /// The name a person sees.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "Delimited text (CSV, TSV)",
            Self::Parquet => "Parquet",
            Self::ArrowIpc => "Arrow IPC",
            Self::JsonLines => "JSON (lines or a list)",
            Self::Workbook => "Workbook (Excel, OpenDocument)",
            Self::Sas => "SAS",
            Self::Stata => "Stata",
            Self::Spss => "SPSS",
        }
    }
}

/// How the bytes of a text file become characters: an encoding by its WHATWG
/// label, such as `utf-8`, `utf-16le`, `windows-1252`, `shift_jis`. A byte order
/// mark at the beginning of a file always wins.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TextEncoding(pub String);

impl TextEncoding {
    /// Labels worth offering, the most common first.
    pub const COMMON: [&'static str; 12] = [
        "UTF-8",
        "windows-1252",
        "UTF-16LE",
        "UTF-16BE",
        "ISO-8859-2",
        "ISO-8859-15",
        "windows-1250",
        "windows-1251",
        "Shift_JIS",
        "EUC-JP",
        "GB18030",
        "Big5",
    ];
}

impl Default for TextEncoding {
    fn default() -> Self {
        Self("UTF-8".to_owned())
    }
}

/// What to do with a row that has more or fewer fields than the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ragged {
    /// Stop and say where it is.
    #[default]
    Refuse,
    /// Missing fields become missing values, surplus fields are dropped.
    PadAndTruncate,
    /// Leave the row out.
    Skip,
}

/// How the Parquet file is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Zstandard, level 1: small files, fast enough.
    #[default]
    Zstd,
    /// Snappy: larger and faster, readable everywhere.
    Snappy,
}

/// One character that means something in a file, or the decision that none does.
/// Serialized as the character, or as an empty string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Mark(pub Option<char>);

impl From<String> for Mark {
    fn from(text: String) -> Self {
        Self(text.chars().next())
    }
}

impl From<Mark> for String {
    fn from(mark: Mark) -> Self {
        mark.0.map(String::from).unwrap_or_default()
    }
}

/// How a file is read, everything decided: made by [`super::sniff_with`] out of
/// what a person chose and what the file looks like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadOptions {
    /// The file's format.
    pub format: Format,
    /// The sheet of a workbook, by name or by its number from 1; `None` for the
    /// first that holds anything.
    pub sheet: Option<String>,
    /// The cells of a sheet that hold the table, such as `B3:F20` or, to its
    /// end, `B3`; `None` for all that are filled.
    pub range: Option<String>,
    /// The file inside a ZIP archive; `None` for all of them.
    pub entry: Option<String>,
    /// What separates two fields; one ASCII character.
    pub delimiter: char,
    /// What encloses a field that holds a delimiter or a line break; `None`
    /// when quotes are ordinary characters.
    pub quote: Option<char>,
    /// What makes the next character an ordinary one (`\"` within quotes); `None`
    /// where a quote within quotes is doubled.
    pub escape: Option<char>,
    /// Lines that begin with it are left out.
    pub comment: Option<char>,
    /// Where each column begins, in characters from 0, for text whose columns
    /// stand under one another without a delimiter; empty for delimited text.
    pub fixed_columns: Vec<usize>,
    /// How bytes become characters.
    pub encoding: TextEncoding,
    /// Whether the first row holds names; else columns are `column_1`, ….
    pub header: bool,
    /// Whether the row of names lacks one for the first column, which holds the
    /// names of rows (R writes tables so).
    pub row_names: bool,
    /// Lines to leave out at the beginning of each file.
    pub skip_rows: u64,
    /// Rows to leave out directly beneath the names, such as one of units.
    pub skip_after_names: u64,
    /// Rows to leave out at the end of each file, such as one of totals.
    pub footer: u64,
    /// The decimal mark of every column, `.` or `,`; `None` decides column by
    /// column, from all rows.
    #[serde(alias = "decimal_comma", deserialize_with = "decimal_mark")]
    pub decimal: Option<char>,
    /// What stands between groups of three digits in every column; `None` decides
    /// column by column, from all rows.
    pub thousands: Option<Mark>,
    /// How `03/04/2024` is read; `None` decides column by column, and leaves text
    /// what can be read in two ways.
    pub date_order: Option<DateOrder>,
    /// How dates are written, in the signs of `strftime` (`%d.%m.%Y %H:%M`).
    /// Columns that are not written so are read as without it.
    pub date_format: Option<String>,
    /// Unquoted fields that mean "missing" in every column, beside the empty one.
    /// `NA`, `NULL` and the like need not be named: see
    /// [`Self::USUAL_NULLS`].
    pub null_values: Vec<String>,
    /// What to do with rows of the wrong length.
    pub ragged: Ragged,
    /// Kinds that a person chose, by column name. A value that does not fit a
    /// chosen kind becomes missing, with a warning.
    pub kinds: IndexMap<String, Kind>,
    /// How the Parquet file is compressed.
    pub compression: Compression,
    /// What the guess could not be sure of, each a sentence. They are repeated
    /// among the warnings of the preview and the import.
    pub notes: Vec<String>,
}

impl ReadOptions {
    /// Unquoted words that mean "missing" without being named. In a column of
    /// texts `NA` is kept, unless its texts stand in quotes, as it may be one
    /// (Namibia); what was taken for missing there is said.
    pub const USUAL_NULLS: [&'static str; 7] = ["NA", "N/A", "n/a", "#N/A", "<NA>", "NULL", "null"];
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: Format::Csv,
            sheet: None,
            range: None,
            entry: None,
            delimiter: ',',
            quote: Some('"'),
            escape: None,
            comment: None,
            fixed_columns: Vec::new(),
            encoding: TextEncoding::default(),
            header: true,
            row_names: false,
            skip_rows: 0,
            skip_after_names: 0,
            footer: 0,
            decimal: None,
            thousands: None,
            date_order: None,
            date_format: None,
            null_values: Vec::new(),
            ragged: Ragged::Refuse,
            kinds: IndexMap::new(),
            compression: Compression::Zstd,
            notes: Vec::new(),
        }
    }
}

/// What a person chose about the reading of a file; everything else is guessed
/// with these in force. Kept with a dataset, so that its next version is read in
/// the same way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadChoices {
    /// See [`ReadOptions::format`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// See [`ReadOptions::sheet`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// See [`ReadOptions::range`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// See [`ReadOptions::entry`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// See [`ReadOptions::delimiter`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// See [`ReadOptions::quote`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<Mark>,
    /// See [`ReadOptions::escape`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escape: Option<Mark>,
    /// See [`ReadOptions::comment`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<Mark>,
    /// See [`ReadOptions::fixed_columns`]; an empty list means that fields are
    /// delimited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_columns: Option<Vec<usize>>,
    /// See [`ReadOptions::encoding`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<TextEncoding>,
    /// See [`ReadOptions::header`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// See [`ReadOptions::row_names`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row_names: Option<bool>,
    /// See [`ReadOptions::skip_rows`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_rows: Option<u64>,
    /// See [`ReadOptions::skip_after_names`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_after_names: Option<u64>,
    /// See [`ReadOptions::footer`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub footer: Option<u64>,
    /// See [`ReadOptions::decimal`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<char>,
    /// See [`ReadOptions::thousands`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thousands: Option<Mark>,
    /// See [`ReadOptions::date_order`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// See [`ReadOptions::date_format`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_format: Option<String>,
    /// See [`ReadOptions::null_values`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub null_values: Vec<String>,
    /// See [`ReadOptions::ragged`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ragged: Option<Ragged>,
    /// See [`ReadOptions::kinds`].
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub kinds: IndexMap<String, Kind>,
    /// See [`ReadOptions::compression`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<Compression>,
}

impl ReadChoices {
    /// Puts what was chosen into `options`, and leaves the rest of them alone.
    pub fn apply(&self, options: &mut ReadOptions) {
        fn put<T: Clone>(chosen: Option<&T>, into: &mut T) {
            if let Some(value) = chosen {
                into.clone_from(value);
            }
        }
        put(self.format.as_ref(), &mut options.format);
        put(self.delimiter.as_ref(), &mut options.delimiter);
        options.sheet = self.sheet.clone().or_else(|| options.sheet.take());
        options.range = self.range.clone().or_else(|| options.range.take());
        options.entry = self.entry.clone().or_else(|| options.entry.take());
        put(self.quote.map(|mark| mark.0).as_ref(), &mut options.quote);
        put(self.escape.map(|mark| mark.0).as_ref(), &mut options.escape);
        put(self.comment.map(|mark| mark.0).as_ref(), &mut options.comment);
        put(self.fixed_columns.as_ref(), &mut options.fixed_columns);
        put(self.encoding.as_ref(), &mut options.encoding);
        put(self.header.as_ref(), &mut options.header);
        put(self.row_names.as_ref(), &mut options.row_names);
        put(self.skip_rows.as_ref(), &mut options.skip_rows);
        put(self.skip_after_names.as_ref(), &mut options.skip_after_names);
        put(self.footer.as_ref(), &mut options.footer);
        put(self.ragged.as_ref(), &mut options.ragged);
        put(self.compression.as_ref(), &mut options.compression);
        options.decimal = self.decimal.or(options.decimal);
        options.thousands = self.thousands.or(options.thousands);
        options.date_order = self.date_order.or(options.date_order);
        options.date_format = self.date_format.clone().or_else(|| options.date_format.take());
        options.null_values.extend(self.null_values.iter().cloned());
        options.kinds.extend(self.kinds.iter().map(|(name, kind)| (name.clone(), *kind)));
    }
}

/// Earlier versions kept a flag "decimal comma" in place of the mark.
fn decimal_mark<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<char>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Kept {
        Comma(bool),
        Mark(Option<char>),
    }
    Ok(match Kept::deserialize(deserializer)? {
        Kept::Comma(comma) => comma.then_some(','),
        Kept::Mark(mark) => mark,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_earlier_versions_still_open() {
        let kept = r#"{"format":"csv","delimiter":";","quote":null,"encoding":"UTF-8","header":false,
            "decimal_comma":true,"date_order":"day_first","null_values":["","NA"],"skip_rows":2,
            "ragged":"skip","kinds":{"a":"text"},"compression":"zstd"}"#;
        let options: ReadOptions = serde_json::from_str(kept).unwrap();
        assert_eq!((options.decimal, options.quote, options.header), (Some(','), None, false));
        assert_eq!((options.skip_rows, options.kinds["a"]), (2, Kind::Text));
        let again: ReadOptions = serde_json::from_str(&serde_json::to_string(&options).unwrap()).unwrap();
        assert_eq!(again, options);
        let dots: ReadOptions = serde_json::from_str(r#"{"decimal_comma":false}"#).unwrap();
        assert_eq!(dots, ReadOptions::default());
    }

    #[test]
    fn choices_change_only_what_was_chosen() {
        let mut options = ReadOptions { delimiter: ';', ..ReadOptions::default() };
        ReadChoices::default().apply(&mut options);
        assert_eq!(options, ReadOptions { delimiter: ';', ..ReadOptions::default() });
        assert_eq!(serde_json::to_string(&ReadChoices::default()).unwrap(), "{}");

        let chosen = ReadChoices {
            quote: Some(Mark(None)),
            thousands: Some(Mark(Some('.'))),
            null_values: vec!["-99".to_owned()],
            ..ReadChoices::default()
        };
        let kept = serde_json::to_string(&chosen).unwrap();
        assert_eq!(kept, r#"{"quote":"","thousands":".","null_values":["-99"]}"#);
        assert_eq!(serde_json::from_str::<ReadChoices>(&kept).unwrap(), chosen);
        chosen.apply(&mut options);
        assert_eq!((options.quote, options.delimiter), (None, ';'));
        assert_eq!(options.thousands, Some(Mark(Some('.'))));
        assert_eq!(options.null_values, ["-99"]);
    }
}
