//! Arrow IPC files and streams, batch by batch, made readable for the table
//! engine.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::{ArrowDataType, ArrowField, ArrowSchema, Column, DataFrame, DataType, IntoColumn, Series};
use polars_arrow::array::Array;
use polars_arrow::datatypes::IntervalUnit;
use polars_arrow::io::ipc::read::{
    FileMetadata, FileReader, StreamReader, StreamState, get_row_count, read_file_metadata, read_stream_metadata,
};
use polars_arrow::record_batch::RecordBatchT;

use super::guarded;
use super::types::{Meaning, readable, unreadable};
use crate::error::{Error, Result};

/// What an Arrow IPC file begins with; a stream has no mark.
pub(crate) const FILE_MAGIC: &[u8; 6] = b"ARROW1";

/// An Arrow IPC file or stream.
pub(crate) struct ArrowTable {
    path: PathBuf,
    /// The footer of a file; a stream has none.
    footer: Option<FileMetadata>,
    fields: Vec<ArrowField>,
    pub(crate) meanings: Vec<Meaning>,
    pub(crate) notes: Vec<String>,
    /// Number of rows; unknown for a stream until it is read.
    pub(crate) rows: Option<u64>,
}

impl ArrowTable {
    /// Reads the types of the columns.
    ///
    /// # Errors
    /// A damaged file, two columns of one name, or a column of a type that
    /// nothing can stand in for.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        guarded(path, || {
            let mut file = BufReader::new(File::open(path).map_err(Error::file("Opening", path))?);
            let mut magic = [0; 6];
            let whole = file.read_exact(&mut magic).is_ok() && magic == *FILE_MAGIC;
            file.seek(SeekFrom::Start(0)).map_err(Error::file("Reading", path))?;
            if whole {
                let footer = read_file_metadata(&mut file).map_err(|error| damaged(path, &error.to_string()))?;
                let rows = get_row_count(&mut file).map_err(|error| damaged(path, &error.to_string()))?;
                let mut table = Self::of(path, &footer.schema, footer.ipc_schema.fields.len())?;
                table.rows = u64::try_from(rows).ok();
                table.footer = Some(FileMetadata { schema: Arc::new(table.schema()), ..footer });
                return Ok(table);
            }
            let start = read_stream_metadata(&mut file).map_err(|error| damaged(path, &error.to_string()))?;
            Self::of(path, &start.schema, start.ipc_schema.fields.len())
        })
    }

    fn of(path: &Path, schema: &ArrowSchema, columns: usize) -> Result<Self> {
        if schema.len() != columns {
            let sentence = "Two columns of this file have the same name, so that they cannot be told apart. Rename one \
                            in the program that wrote it.";
            return Err(Error::malformed(path, None, sentence));
        }
        let (mut fields, mut meanings, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        for field in schema.iter_values() {
            if let Some(what) = unreadable(&field.dtype) {
                let name = &field.name;
                let sentence = format!("Column “{name}” holds {what}, which cannot be read. Save the file without it.");
                return Err(Error::malformed(path, None, sentence));
            }
            let mut field = readable(field, &mut notes);
            meanings.push(with_same_layout(&mut field));
            fields.push(field);
        }
        Ok(Self { path: path.to_owned(), footer: None, fields, meanings, notes, rows: None })
    }

    fn schema(&self) -> ArrowSchema {
        self.fields.iter().map(|field| (field.name.clone(), field.clone())).collect()
    }

    /// Names and types of the columns.
    pub(crate) fn columns(&self) -> Result<Vec<(String, DataType)>> {
        guarded(&self.path, || {
            let named = |field: &ArrowField| (field.name.to_string(), DataType::from_arrow_field(field));
            Ok(self.fields.iter().map(named).collect())
        })
    }

    /// Hands every batch of rows to `take`, with how many bytes were read. Stops
    /// early when `take` says so.
    pub(crate) fn each_batch(&self, take: &mut dyn FnMut(DataFrame) -> Result<bool>) -> Result<()> {
        let open = || File::open(&self.path).map_err(Error::file("Opening", &self.path)).map(BufReader::new);
        let failed = |error: polars::prelude::PolarsError| damaged(&self.path, &error.to_string());
        match &self.footer {
            Some(footer) => {
                for batch in FileReader::new(open()?, footer.clone(), None, None) {
                    if !take(self.frame(batch.map_err(failed)?)?)? {
                        break;
                    }
                }
            }
            None => {
                let mut file = open()?;
                let mut start = read_stream_metadata(&mut file).map_err(failed)?;
                start.schema = self.schema();
                for state in StreamReader::new(file, start, None) {
                    match state.map_err(failed)? {
                        StreamState::Some(batch) => {
                            if !take(self.frame(batch)?)? {
                                break;
                            }
                        }
                        StreamState::Waiting => break,
                    }
                }
            }
        }
        Ok(())
    }

    fn frame(&self, batch: RecordBatchT<Box<dyn Array>>) -> Result<DataFrame> {
        let height = batch.len();
        let mut columns: Vec<Column> = Vec::with_capacity(self.fields.len());
        for ((field, array), meaning) in self.fields.iter().zip(batch.into_arrays()).zip(&self.meanings) {
            let series = Series::try_from((field, vec![array]))?;
            columns.push(meaning.apply(&series.into_column())?);
        }
        Ok(DataFrame::new(height, columns)?)
    }
}

/// Replaces a type that the engine has no place for by one with the same bytes.
fn with_same_layout(field: &mut ArrowField) -> Meaning {
    match &field.dtype {
        ArrowDataType::Decimal256(_, scale) => {
            let meaning = Meaning::WideDecimal { scale: *scale, big_endian: false };
            field.dtype = ArrowDataType::FixedSizeBinary(32);
            meaning
        }
        ArrowDataType::Interval(IntervalUnit::YearMonth) => {
            field.dtype = ArrowDataType::Int32;
            Meaning::Plain
        }
        ArrowDataType::Interval(IntervalUnit::DayTime) => {
            field.dtype = ArrowDataType::FixedSizeBinary(8);
            Meaning::Plain
        }
        ArrowDataType::Interval(_) => {
            field.dtype = ArrowDataType::FixedSizeBinary(16);
            Meaning::Plain
        }
        _ => Meaning::Plain,
    }
}

fn damaged(path: &Path, reason: &str) -> Error {
    Error::malformed(path, None, format!("This is not an Arrow IPC file, or it is damaged ({reason})."))
}
