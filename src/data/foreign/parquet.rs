//! Footers of Parquet files, made readable for the table engine.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use polars::prelude::{ArrowDataType, ArrowField, ArrowSchema, ArrowTimeUnit, FileMetadataRef};
use polars_parquet::parquet::metadata::FileMetadata;
use polars_parquet::parquet::read::deserialize_metadata;
use polars_parquet::parquet::schema::types::{ParquetType, PhysicalType, PrimitiveLogicalType, PrimitiveType};
use polars_parquet::read::read_metadata;
use polars_parquet::read::schema::{
    SchemaInferenceOptions, infer_schema_with_options, parquet_to_arrow_schema_with_options,
};
use polars_parquet::write::schema_to_metadata_key;
use polars_parquet_format as thrift_format;
use thrift_format::thrift::protocol::{TCompactInputProtocol, TCompactOutputProtocol};

use super::types::{Meaning, readable, unreadable};
use super::{guarded, unique_names};
use crate::decimal::MAX_DIGITS;
use crate::error::{Error, Result};

/// Largest footer that is parsed again to tell doubled names apart.
const LARGEST_FOOTER: u64 = 256 << 20;

/// A footer with types and names that can be read.
pub(crate) struct ReadableFooter {
    pub(crate) metadata: FileMetadataRef,
    pub(crate) schema: ArrowSchema,
    /// What the columns' values stand for, in order.
    pub(crate) meanings: Vec<Meaning>,
    /// What a person should know, each a sentence.
    pub(crate) notes: Vec<String>,
}

/// Reads a footer.
///
/// # Errors
/// A damaged file, or a column of a type that nothing can stand in for, by name.
pub(crate) fn open(file: &mut File, path: &Path) -> Result<ReadableFooter> {
    guarded(path, || {
        let metadata = read_metadata(file).map_err(|error| damaged(path, &error.to_string()))?;
        let (metadata, mut notes) = with_unique_names(metadata, file, path)?;
        let (schema, meanings) = schema(&metadata, path, &mut notes)?;

        let mut metadata = metadata;
        // The engine takes a file's types from here, rather than from its columns.
        metadata.key_value_metadata = Some(vec![schema_to_metadata_key(&schema)]);
        Ok(ReadableFooter { metadata: Arc::new(metadata), schema, meanings, notes })
    })
}

fn damaged(path: &Path, reason: &str) -> Error {
    Error::malformed(path, None, format!("This Parquet file is damaged or cut off ({reason})."))
}

/// The file's types as the engine reads them, and what they stand for.
fn schema(metadata: &FileMetadata, path: &Path, notes: &mut Vec<String>) -> Result<(ArrowSchema, Vec<Meaning>)> {
    let fields = metadata.schema().fields();
    let stored = stored_schema(metadata, path);
    let bare = parquet_to_arrow_schema_with_options(fields, &Some(in_microseconds()));

    let mut schema = ArrowSchema::with_capacity(fields.len());
    let mut meanings = Vec::with_capacity(fields.len());
    for column in fields {
        let name = column.name();
        let own = bare.get(name).ok_or_else(|| damaged(path, "a column without a type"))?;
        // What the writing program noted of its types is more exact, if it fits the columns.
        let field = stored.as_ref().and_then(|stored| stored.get(name)).unwrap_or(own);
        if let Some(what) = unreadable(&field.dtype) {
            let sentence = format!("Column “{name}” holds {what}, which cannot be read. Save the file without it.");
            return Err(Error::malformed(path, None, sentence));
        }
        let mut field = readable(field, notes);
        take_units(&mut field.dtype, &own.dtype);
        let meaning = match column {
            ParquetType::PrimitiveType(primitive) => of_primitive(primitive, own, &mut field),
            group if has_coarse_leaf(group) => {
                field = readable(own, notes);
                Meaning::Plain
            }
            _ => Meaning::Plain,
        };
        if without_halves(&mut field.dtype) {
            notes.push(format!("Column “{name}” holds reals of 16 bits inside nested values; they are kept as bytes."));
        }
        schema.insert(field.name.clone(), field);
        meanings.push(meaning);
    }
    Ok((schema, meanings))
}

/// Sets the units of times to those of the file. A program may note seconds and write milliseconds, as Parquet knows no
/// seconds; read as what was noted, such times would be a thousand times too large.
fn take_units(noted: &mut ArrowDataType, own: &ArrowDataType) {
    use ArrowDataType::{FixedSizeList, LargeList, List, Map, Struct, Time32, Time64, Timestamp};
    match (noted, own) {
        (Timestamp(noted, _), Timestamp(unit, _)) => *noted = *unit,
        (noted @ (Time32(_) | Time64(_)), Time32(_) | Time64(_)) => *noted = own.clone(),
        (
            List(noted) | LargeList(noted) | FixedSizeList(noted, _) | Map(noted, _),
            List(own) | LargeList(own) | FixedSizeList(own, _) | Map(own, _),
        ) => take_units(&mut noted.dtype, &own.dtype),
        (Struct(noted), Struct(own)) => {
            for (noted, own) in noted.iter_mut().zip(own) {
                take_units(&mut noted.dtype, &own.dtype);
            }
        }
        _ => {}
    }
}

/// Reads reals of 16 bits inside nested values as bytes, which the engine does
/// not stop at. Says whether there were any.
fn without_halves(dtype: &mut ArrowDataType) -> bool {
    match dtype {
        ArrowDataType::Float16 => {
            *dtype = ArrowDataType::FixedSizeBinary(2);
            true
        }
        ArrowDataType::List(field)
        | ArrowDataType::LargeList(field)
        | ArrowDataType::FixedSizeList(field, _)
        | ArrowDataType::Map(field, _) => without_halves(&mut field.dtype),
        ArrowDataType::Struct(fields) => {
            // Every field has to be looked at, not only up to the first of them.
            let mut found = false;
            for field in fields.iter_mut() {
                found |= without_halves(&mut field.dtype);
            }
            found
        }
        _ => false,
    }
}

/// Times of 96 bits reach further than nanoseconds of 64.
fn in_microseconds() -> SchemaInferenceOptions {
    SchemaInferenceOptions { int96_coerce_to_timeunit: ArrowTimeUnit::Microsecond }
}

/// The types that the writing program noted, if they can be read and are of the
/// file's columns.
fn stored_schema(metadata: &FileMetadata, path: &Path) -> Option<ArrowSchema> {
    let infer = || Ok(infer_schema_with_options(metadata, &Some(in_microseconds()))?);
    let schema = guarded(path, infer).ok()?;
    let fields = metadata.schema().fields();
    let same = schema.len() == fields.len() && fields.iter().all(|field| schema.contains(field.name()));
    same.then_some(schema)
}

/// Sets a type that the engine reads the column's bytes as, and says what they
/// stand for.
fn of_primitive(primitive: &PrimitiveType, own: &ArrowField, field: &mut ArrowField) -> Meaning {
    let physical = primitive.physical_type;
    let logical = primitive.logical_type;
    if let Some(size) = fixed_size(physical) {
        let meaning = match (&field.dtype, logical) {
            (_, Some(PrimitiveLogicalType::Float16)) if size == 2 => Meaning::Half,
            (ArrowDataType::Float16, _) if size == 2 => Meaning::Half,
            (_, Some(PrimitiveLogicalType::Uuid)) if size == 16 => Meaning::Uuid,
            (ArrowDataType::Decimal(precision, scale) | ArrowDataType::Decimal256(precision, scale), _)
                if size > 16 || *precision > MAX_DIGITS =>
            {
                Meaning::WideDecimal { scale: *scale, big_endian: true }
            }
            _ => Meaning::Plain,
        };
        if meaning != Meaning::Plain || matches!(field.dtype, ArrowDataType::Interval(_)) {
            field.dtype = ArrowDataType::FixedSizeBinary(size);
            return meaning;
        }
    }

    match (&field.dtype, physical) {
        (ArrowDataType::Decimal256(precision, scale), _) => {
            field.dtype = ArrowDataType::Decimal((*precision).min(MAX_DIGITS), *scale);
        }
        (ArrowDataType::Decimal(precision, scale), PhysicalType::ByteArray) if *precision > MAX_DIGITS => {
            let scale = *scale;
            field.dtype = ArrowDataType::BinaryView;
            return Meaning::WideDecimal { scale, big_endian: true };
        }
        (ArrowDataType::Dictionary(_, values, _), _) => {
            let text = matches!(values.as_ref(), ArrowDataType::Utf8View) && physical == PhysicalType::ByteArray;
            if !text {
                field.dtype = own.dtype.clone();
            }
        }
        (ArrowDataType::BinaryView, PhysicalType::ByteArray) => {
            use PrimitiveLogicalType::{Enum, Json};
            if matches!(logical, Some(Enum | Json)) {
                field.dtype = ArrowDataType::Utf8View;
            }
        }
        _ => {}
    }
    Meaning::Plain
}

fn fixed_size(physical: PhysicalType) -> Option<usize> {
    match physical {
        PhysicalType::FixedLenByteArray(size) => Some(size),
        _ => None,
    }
}

/// Whether something inside a nested column is a time of 96 bits, whose noted
/// type would overflow.
fn has_coarse_leaf(column: &ParquetType) -> bool {
    match column {
        ParquetType::PrimitiveType(primitive) => primitive.physical_type == PhysicalType::Int96,
        ParquetType::GroupType { fields, .. } => fields.iter().any(has_coarse_leaf),
    }
}

/// The footer with names that differ: the engine finds columns by them.
fn with_unique_names(metadata: FileMetadata, file: &mut File, path: &Path) -> Result<(FileMetadata, Vec<String>)> {
    let given: Vec<String> = metadata.schema().fields().iter().map(|field| field.name().to_owned()).collect();
    let distinct: std::collections::HashSet<&String> = given.iter().collect();
    if distinct.len() == given.len() {
        return Ok((metadata, Vec::new()));
    }

    let (names, notes) = unique_names(&given);
    let mut footer = parsed_footer(file, path)?;
    let mut at = 1;
    for name in &names {
        let element = footer.schema.get_mut(at).ok_or_else(|| damaged(path, "fewer columns than names"))?;
        element.name.clone_from(name);
        at = behind(&footer.schema, at);
    }
    // What the writing program noted of its types goes by the old names.
    footer.key_value_metadata = None;

    let failed = |error: thrift_format::thrift::Error| damaged(path, &error.to_string());
    let mut bytes = Vec::new();
    footer.write_to_out_protocol(&mut TCompactOutputProtocol::new(&mut bytes)).map_err(failed)?;
    let renamed = deserialize_metadata(bytes.into()).map_err(|error| damaged(path, &error.to_string()))?;
    Ok((renamed, notes))
}

/// The place behind an element of a schema and all that is nested in it.
fn behind(schema: &[thrift_format::SchemaElement], at: usize) -> usize {
    let children = schema.get(at).and_then(|element| element.num_children).unwrap_or(0);
    (0..children).fold(at + 1, |next, _| if next < schema.len() { behind(schema, next) } else { next })
}

/// The footer as it stands in the file: its length and the mark `PAR1` end it.
fn parsed_footer(file: &mut File, path: &Path) -> Result<thrift_format::FileMetaData> {
    let failed = || Error::file("Reading", path);
    let end = file.seek(SeekFrom::End(-8)).map_err(failed())?;
    let mut length = [0; 4];
    file.read_exact(&mut length).map_err(failed())?;
    let length = u64::from(u32::from_le_bytes(length));
    if length > end || length > LARGEST_FOOTER {
        return Err(damaged(path, "its footer is too long"));
    }

    file.seek(SeekFrom::Start(end - length)).map_err(failed())?;
    let mut bytes = vec![0; length as usize];
    file.read_exact(&mut bytes).map_err(failed())?;
    let most = bytes.len() * 8 + 1024;
    let mut protocol = TCompactInputProtocol::new(bytes.as_slice(), most);
    thrift_format::FileMetaData::read_from_in_protocol(&mut protocol).map_err(|error| damaged(path, &error.to_string()))
}
