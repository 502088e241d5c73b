//! Tables to files of common formats, so that reading them back gives the same values.
//!
//! Text formats are written by this crate, not by the table engine, because each value has to
//! survive the way back through [`crate::read`]:
//!
//! | value | delimited text | JSON lines |
//! |---|---|---|
//! | missing | nothing; `NULL` where the row would be an empty line | `null` |
//! | empty text, the texts `NA`, `null`, `12`, `true` | in quotes | in quotes, as every text |
//! | integer, decimal | all digits | all digits |
//! | real | the fewest digits that give the same number, always with a point | the same |
//! | NaN, infinities | `NaN`, `inf`, `-inf` | `NaN`, `Infinity`, `-Infinity`, as Python writes them |
//! | date, time | ISO 8601, to the nanosecond where there is one | the same, in quotes |
//! | time with a zone | local time with its offset | the same, in quotes |
//! | list, structure | refused | nested JSON |

mod cell;
mod rows;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use polars::prelude::{
    DataType, Engine, FileWriteFormat, IpcWriterOptions, LazyFrame, ParquetWriteOptions, PlRefPath, PlanCallback,
    ScanArgsParquet, Schema as PolarsSchema, SinkDestination, SinkTarget, UnifiedSinkArgs, len,
};

pub use cell::cell_text;
pub use rows::{RowWriter, TextFormat, text_cells};

use crate::error::{Error, Result};
use crate::schema::{Kind, Schema};

/// A format to write a table in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Delimited text with a header, in UTF-8.
    Delimited(u8),
    /// One JSON object a line.
    JsonLines,
    /// Apache Parquet.
    Parquet,
    /// Arrow IPC file ("Feather").
    ArrowIpc,
}

impl FileFormat {
    /// The endings that [`Self::of_path`] knows, for a sentence.
    pub const ENDINGS: &'static str = ".csv, .tsv, .parquet, .arrow or .jsonl";

    /// The format that a file's ending says; text is delimited by commas, or by tabs in a `.tsv`.
    pub fn of_path(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_string_lossy().to_lowercase();
        Some(match ending.as_str() {
            "csv" | "txt" => Self::Delimited(b','),
            "tsv" | "tab" => Self::Delimited(b'\t'),
            "parquet" | "pq" => Self::Parquet,
            "arrow" | "feather" | "ipc" => Self::ArrowIpc,
            "jsonl" | "ndjson" | "json" => Self::JsonLines,
            _ => return None,
        })
    }

    fn text(self) -> Option<TextFormat> {
        match self {
            Self::Delimited(delimiter) => Some(TextFormat::Delimited(delimiter)),
            Self::JsonLines => Some(TextFormat::JsonLines),
            Self::Parquet | Self::ArrowIpc => None,
        }
    }

    /// Returns a sentence about the first column that this format has no place for.
    pub fn refusal(self, schema: &PolarsSchema) -> Option<String> {
        let fits = |dtype: &DataType| match self {
            Self::Delimited(_) => !dtype.is_nested() && !is_binary(dtype),
            Self::JsonLines => !holds_binary(dtype),
            Self::Parquet | Self::ArrowIpc => !matches!(dtype, DataType::Unknown(_)),
        };
        let (name, _) = schema.iter().find(|(_, dtype)| !fits(dtype))?;
        Some(match self {
            Self::Delimited(_) => no_place_in_csv(name),
            _ => format!(
                "The column “{name}” holds binary values, which JSON cannot. Write Parquet, or \
                 drop the column."
            ),
        })
    }

    /// [`Self::refusal`] as far as the kinds of columns tell, before there is a table.
    pub fn planned_refusal(self, schema: &Schema) -> Option<String> {
        let nested = schema.columns.iter().find(|column| column.kind == Kind::Other)?;
        matches!(self, Self::Delimited(_)).then(|| no_place_in_csv(&nested.name))
    }
}

fn no_place_in_csv(name: &str) -> String {
    format!(
        "The column “{name}” holds nested or binary values, which CSV cannot. Write Parquet, or \
         drop the column."
    )
}

fn is_binary(dtype: &DataType) -> bool {
    matches!(dtype, DataType::Binary | DataType::BinaryOffset | DataType::Unknown(_))
}

/// Whether values of this type are bytes or hold some.
fn holds_binary(dtype: &DataType) -> bool {
    match dtype {
        DataType::List(inner) | DataType::Array(inner, _) => holds_binary(inner),
        DataType::Struct(fields) => fields.iter().any(|field| holds_binary(field.dtype())),
        dtype => is_binary(dtype),
    }
}

/// Writes the rows to `path` in bounded memory and returns how many there were. A file that is
/// there already is replaced, but only once the new one is complete.
///
/// # Errors
/// A column that the format has no place for, a query that fails, a disk that refuses, and
/// [`Error::Cancelled`] once `cancelled` says so. Nothing new is left at `path` then.
pub fn write(rows: LazyFrame, format: FileFormat, path: &Path, cancelled: &(dyn Fn() -> bool + Sync)) -> Result<u64> {
    let schema = rows.clone().collect_schema()?;
    if let Some(sentence) = format.refusal(&schema) {
        return Err(Error::invalid(sentence));
    }

    let part = unfinished(path);
    let written = match format.text() {
        Some(text) => write_text(rows, text, &schema, &part),
        None => write_typed(rows, format, &part),
    };
    let finished = written.and_then(|rows| {
        if cancelled() {
            return Err(Error::Cancelled);
        }
        std::fs::rename(&part, path).map_err(Error::file("Writing", path))?;
        Ok(rows)
    });
    if finished.is_err() {
        // The failure is what matters; a leftover is only untidy.
        let _ = std::fs::remove_file(&part);
    }
    finished
}

/// A name beside the file for what is not complete yet.
fn unfinished(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.{}.part", std::process::id()))
}

fn write_text(rows: LazyFrame, format: TextFormat, schema: &PolarsSchema, part: &Path) -> Result<u64> {
    let file = File::create(part).map_err(Error::file("Creating", part))?;
    let names = schema.iter_names().map(|name| name.to_string()).collect();
    let out: Box<dyn Write + Send> = Box::new(BufWriter::with_capacity(1 << 18, file));
    let writer = RowWriter::new(out, format, names).map_err(Error::file("Writing", part))?;

    // The table engine calls back from its own threads; what the disk said is kept beside the
    // writer, as the engine's error has no place for it.
    let shared = Arc::new(Mutex::new((writer, None::<std::io::Error>)));
    let for_engine = Arc::clone(&shared);
    let push = PlanCallback::new(move |frame| {
        let mut held = for_engine.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = held.0.push(&frame) {
            held.1.get_or_insert(error);
        }
        Ok(held.1.is_some())
    });
    rows.sink_batches(push, true, None)?.collect_with_engine(Engine::Streaming)?;

    let mut held = shared.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(refused) = held.1.take() {
        return Err(Error::file("Writing", part)(refused));
    }
    held.0.finish().map_err(Error::file("Writing", part))
}

fn write_typed(rows: LazyFrame, format: FileFormat, part: &Path) -> Result<u64> {
    let written = match format {
        FileFormat::ArrowIpc => FileWriteFormat::Ipc(IpcWriterOptions::default()),
        _ => FileWriteFormat::Parquet(Arc::new(ParquetWriteOptions::default())),
    };
    let target = SinkTarget::Path(PlRefPath::new(part.to_string_lossy()));
    let sink = rows.sink(SinkDestination::File { target }, written, UnifiedSinkArgs::default())?;
    sink.collect_with_engine(Engine::Streaming)?;

    let place = PlRefPath::new(part.to_string_lossy());
    let scan = match format {
        FileFormat::ArrowIpc => LazyFrame::scan_ipc(place, Default::default(), Default::default())?,
        _ => LazyFrame::scan_parquet(place, ScanArgsParquet { glob: false, ..Default::default() })?,
    };
    let counted = scan.select([len()]).collect()?;
    let count = counted.columns().first().and_then(|column| column.get(0).ok()?.extract::<u64>());
    Ok(count.unwrap_or_default())
}

#[cfg(test)]
mod tests;
