//! Arrow IPC files and streams, batch by batch, made readable for the table
//! engine.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::{
    ArrowDataType, ArrowField, ArrowSchema, Column, DataFrame, DataType, IDX_DTYPE, IntoColumn, Series,
};
use polars_arrow::array::Array;
use polars_arrow::datatypes::IntervalUnit;
use polars_arrow::io::ipc::read::{
    Dictionaries, FileMetadata, StreamReader, StreamState, get_row_count, read_batch, read_file_dictionaries,
    read_file_metadata, read_stream_metadata,
};
use polars_arrow::record_batch::RecordBatchT;

use super::guarded;
use super::ipc_gaps::WithoutGaps;
use super::types::{Meaning, readable, unreadable};
use crate::error::{Error, Result};
use crate::schema::Kind;

type Input = BufReader<File>;

/// What an Arrow IPC file begins with; a stream has no mark.
pub(crate) const FILE_MAGIC: &[u8; 6] = b"ARROW1";

/// An Arrow IPC file or stream.
pub(crate) struct ArrowTable {
    path: PathBuf,
    /// The footer of a file, as it is and as it is read; a stream has none.
    footers: Option<Footers>,
    /// The dictionaries of the columns that are read as numbers into one.
    encoded: Vec<Option<Encoded>>,
    fields: Vec<ArrowField>,
    pub(crate) meanings: Vec<Meaning>,
    pub(crate) notes: Vec<String>,
    /// Number of rows; unknown for a stream until it is read.
    pub(crate) rows: Option<u64>,
}

struct Footers {
    original: FileMetadata,
    readable: FileMetadata,
}

/// A column whose values are numbers of the values in a dictionary. The engine
/// reads it too, but refuses whatever stands where a value is missing.
#[derive(Clone)]
struct Encoded {
    id: i64,
    values: ArrowField,
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
                table.decode_dictionaries(&footer);
                let readable = FileMetadata { schema: Arc::new(table.schema()), ..footer.clone() };
                table.footers = Some(Footers { original: footer, readable });
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
        let encoded = vec![None; fields.len()];
        Ok(Self { path: path.to_owned(), footers: None, encoded, fields, meanings, notes, rows: None })
    }

    /// Has columns of dictionaries read as the numbers that they consist of.
    fn decode_dictionaries(&mut self, footer: &FileMetadata) {
        let columns = self.fields.iter_mut().zip(&mut self.encoded).zip(&footer.ipc_schema.fields);
        for ((field, encoded), ipc_field) in columns {
            let (ArrowDataType::Dictionary(key, values, _), Some(id)) = (&field.dtype, ipc_field.dictionary_id) else {
                continue;
            };
            let values = ArrowField::new(field.name.clone(), values.as_ref().clone(), true);
            let key = ArrowDataType::from(*key);
            *encoded = Some(Encoded { id, values });
            field.dtype = key;
            field.metadata = None;
        }
    }

    fn schema(&self) -> ArrowSchema {
        self.fields.iter().map(|field| (field.name.clone(), field.clone())).collect()
    }

    /// Names and types of the columns.
    pub(crate) fn columns(&self) -> Result<Vec<(String, DataType)>> {
        guarded(&self.path, || {
            let named = |(field, encoded): (&ArrowField, &Option<Encoded>)| {
                let dtype = match encoded {
                    Some(encoded) => decoded_type(&DataType::from_arrow_field(&encoded.values)),
                    None => DataType::from_arrow_field(field),
                };
                (field.name.to_string(), dtype)
            };
            Ok(self.fields.iter().zip(&self.encoded).map(named).collect())
        })
    }

    /// Hands every batch of rows to `take`, with how many bytes were read. Stops
    /// early when `take` says so.
    pub(crate) fn each_batch(&self, take: &mut dyn FnMut(DataFrame) -> Result<bool>) -> Result<()> {
        let open = || File::open(&self.path).map_err(Error::file("Opening", &self.path)).map(BufReader::new);
        let failed = |error: polars::prelude::PolarsError| damaged(&self.path, &error.to_string());
        match &self.footers {
            Some(footers) => {
                let mut file = self.without_gaps(open()?, &footers.original)?;
                let (mut scratch, mut message) = (Vec::new(), Vec::new());
                let dictionaries =
                    read_file_dictionaries(&mut file, &footers.original, &mut scratch, Default::default())
                        .map_err(failed)?;
                for number in 0..footers.readable.blocks.len() {
                    let batch = read_batch(
                        &mut file,
                        &dictionaries,
                        &footers.readable,
                        None,
                        None,
                        number,
                        false,
                        &mut message,
                        &mut scratch,
                        Default::default(),
                    );
                    if !take(self.frame(batch.map_err(failed)?, &dictionaries)?)? {
                        break;
                    }
                }
            }
            None => {
                let mut file = open()?;
                let mut start = read_stream_metadata(&mut file).map_err(failed)?;
                start.schema = self.schema();
                for state in StreamReader::new(file, start, None) {
                    match state.map_err(|error| self.broken_stream(&error.to_string()))? {
                        StreamState::Some(batch) => {
                            if !take(self.frame(batch, &Dictionaries::default())?)? {
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

    /// Streams are read by the engine alone, which refuses some that other programs read.
    fn broken_stream(&self, reason: &str) -> Error {
        let sentence = format!(
            "This Arrow stream is damaged, or holds something that only files can ({reason}). Save it as an Arrow IPC \
             file (Feather) or as Parquet."
        );
        Error::malformed(&self.path, None, sentence)
    }

    /// The file with places for buffers of no bytes.
    fn without_gaps(&self, file: Input, footer: &FileMetadata) -> Result<WithoutGaps<Input>> {
        let blocks = footer.dictionaries.iter().flatten().chain(&footer.blocks);
        let messages = blocks.map(|block| (block.offset.max(0) as u64, block.meta_data_length.max(0) as u64));
        WithoutGaps::new(file, messages).map_err(Error::file("Reading", &self.path))
    }

    fn frame(&self, batch: RecordBatchT<Box<dyn Array>>, dictionaries: &Dictionaries) -> Result<DataFrame> {
        let height = batch.len();
        let mut columns: Vec<Column> = Vec::with_capacity(self.fields.len());
        for (at, array) in batch.into_arrays().into_iter().enumerate() {
            let series = Series::try_from((&self.fields[at], vec![array]))?;
            let series = match &self.encoded[at] {
                Some(encoded) => encoded.decode(&series, dictionaries)?,
                None => series,
            };
            columns.push(self.meanings[at].apply(&series.into_column())?);
        }
        Ok(DataFrame::new(height, columns)?)
    }
}

impl Encoded {
    /// The values that numbers into the dictionary stand for.
    fn decode(&self, numbers: &Series, dictionaries: &Dictionaries) -> Result<Series> {
        let missing = || Error::invalid(format!("Column “{}” has lost its dictionary.", numbers.name()));
        let values = dictionaries.get(&self.id).ok_or_else(missing)?;
        let values = Series::try_from((&self.values, vec![values.clone()]))?;
        let places = numbers.cast(&IDX_DTYPE)?;
        let decoded = values.take(places.idx()?)?.with_name(numbers.name().clone());
        Ok(decoded.cast(&decoded_type(decoded.dtype()))?)
    }
}

/// Texts of a dictionary are categories.
fn decoded_type(values: &DataType) -> DataType {
    match values {
        DataType::String => Kind::Category.dtype(),
        other => other.clone(),
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
