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
    /// One JSON object a line.
    JsonLines,
}

impl Format {
    /// Every format, in the order that choosers show.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Parquet, Self::ArrowIpc, Self::JsonLines];

    /// The name a person sees.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "Delimited text (CSV, TSV)",
            Self::Parquet => "Parquet",
            Self::ArrowIpc => "Arrow IPC",
            Self::JsonLines => "JSON lines",
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

/// How a file is to be read: guessed by [`super::sniff`], then changeable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadOptions {
    /// The file's format.
    pub format: Format,
    /// What separates two fields; one ASCII character.
    pub delimiter: char,
    /// What encloses a field that holds a delimiter or a line break; `None`
    /// when quotes are ordinary characters.
    pub quote: Option<char>,
    /// How bytes become characters.
    pub encoding: TextEncoding,
    /// Whether the first row holds names; else columns are `column_1`, ….
    pub header: bool,
    /// Whether `1,5` is one and a half.
    pub decimal_comma: bool,
    /// How `03/04/2024` is read; `None` leaves such columns text.
    pub date_order: Option<DateOrder>,
    /// Unquoted fields that mean "missing".
    pub null_values: Vec<String>,
    /// Lines to leave out at the beginning of each file.
    pub skip_rows: u64,
    /// What to do with rows of the wrong length.
    pub ragged: Ragged,
    /// Kinds that a person chose, by column name. A value that does not fit a
    /// chosen kind becomes missing, with a warning.
    pub kinds: IndexMap<String, Kind>,
    /// How the Parquet file is compressed.
    pub compression: Compression,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: Format::Csv,
            delimiter: ',',
            quote: Some('"'),
            encoding: TextEncoding::default(),
            header: true,
            decimal_comma: false,
            date_order: None,
            null_values: default_null_values(),
            skip_rows: 0,
            ragged: Ragged::Refuse,
            kinds: IndexMap::new(),
            compression: Compression::Zstd,
        }
    }
}

/// The fields that mean "missing" unless told otherwise. "None" is not among
/// them: it is a common category.
pub fn default_null_values() -> Vec<String> {
    ["", "NA", "N/A", "n/a", "#N/A", "<NA>", "NULL", "null"].map(str::to_owned).to_vec()
}
