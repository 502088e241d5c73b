//! Tables on their way into a script and back: exactly what they were, or said.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use data::normalize::{is_stored, to_stored_types};
use data::polars::prelude::{DataFrame, DataType, Expr, Field, LazyFrame, PlSmallStr, Schema, TimeZone, col};
use data::schema::Kind;

use crate::component::StepError;
use crate::execute::outputs::keep_query;
use crate::value::{Inputs, Table, TableContent, Value};

/// Changed columns that are named one by one.
const NAMED: usize = 10;

/// The types with which columns went into a script, by name. Several tables may have a column of one name.
#[derive(Default)]
pub(super) struct Sent(BTreeMap<PlSmallStr, Vec<DataType>>);

impl Sent {
    /// The connected tables as Parquet files that Python's libraries read exactly, by port, and what was sent. Those
    /// that are such files already stay where they are; others are written to the paths that `path` makes of a name.
    ///
    /// # Errors
    /// When a table cannot be computed or its file not be written.
    pub(super) fn of(
        inputs: &Inputs,
        path: impl Fn(&str) -> PathBuf,
    ) -> Result<(BTreeMap<String, PathBuf>, Self), StepError> {
        let (mut paths, mut sent) = (BTreeMap::new(), Self::default());
        for (port, value) in inputs {
            let Value::Table(table) = value else { continue };
            let mut query = table.lazy()?;
            let schema = query.collect_schema()?;
            sent.remember(&schema);

            let portable = casts(&schema, portable);
            let file = match &table.content {
                TableContent::File(file) if portable.is_empty() => file.clone(),
                _ => {
                    let file = path(&format!("{port}_in.parquet"));
                    keep_query(query.with_columns(portable), &file)?;
                    file
                }
            };
            paths.insert(port.clone(), file);
        }
        Ok((paths, sent))
    }

    fn remember(&mut self, schema: &Schema) {
        for (name, dtype) in schema.iter() {
            self.0.entry(name.clone()).or_default().push(dtype.clone());
        }
    }

    /// The table in a file that a script made, in the types that tables are stored in, and a sentence for each column
    /// that lost something or came back in another type than it went. `kept` is where a file goes that is good as it
    /// is.
    ///
    /// # Errors
    /// When the file is none that can be read or moved, or when a column holds values that no table stores.
    pub(super) fn returned(&self, made: &Path, kept: PathBuf) -> Result<(Table, Vec<String>), StepError> {
        let mut query = Table::raw(TableContent::File(made.to_owned())).lazy()?;
        let came = query.collect_schema()?;
        let restoring = self.restored(&query, &came)?;
        let restored = !restoring.is_empty();
        let mut query = query.with_columns(restoring);
        let schema = query.collect_schema()?;

        if is_stored(&DataFrame::empty_with_schema(&schema)) {
            if restored {
                keep_query(query, &kept)?;
            } else {
                fs::rename(made, &kept).map_err(|error| unwritable(&kept, &error))?;
            }
            return Ok((Table::raw(TableContent::File(kept)), self.changes(&schema)));
        }
        let normalized = to_stored_types(&query.collect()?)?;
        let mut sentences = normalized.notes;
        sentences.extend(lost_orders(&schema));
        sentences.extend(self.changes(normalized.frame.schema()));
        Ok((Table::raw(TableContent::Frame(normalized.frame)), sentences))
    }

    /// Casts that give back to columns the types that they had before they were made portable.
    fn restored(&self, query: &LazyFrame, came: &Schema) -> Result<Vec<Expr>, StepError> {
        let mut casts = Vec::new();
        for (name, dtype) in came.iter() {
            let before = self.0.get(name).into_iter().flatten();
            let Some(before) = before.clone().find(|sent| *sent != dtype && portable(sent).as_ref() == Some(dtype))
            else {
                continue;
            };
            // A list that the script changed may not fit any more; it stays a list.
            let cast = col(name.clone()).strict_cast(before.clone());
            if query.clone().select([cast.clone()]).collect().is_ok() {
                casts.push(cast);
            }
        }
        Ok(casts)
    }

    /// Says which columns came back in another type than they went.
    fn changes(&self, schema: &Schema) -> Vec<String> {
        let mut sentences = Vec::new();
        for (name, dtype) in schema.iter() {
            let Some(sent) = self.0.get(name) else { continue };
            if sent.iter().any(|sent| is_same_type(sent, dtype)) {
                continue;
            }
            if let Some(first) = sent.first() {
                let (went, came) = phrases(first, dtype);
                sentences.push(format!("Column “{name}” went in as {went} and came back as {came}."));
            }
        }
        if sentences.len() > NAMED {
            let more = sentences.len() - NAMED;
            sentences.truncate(NAMED);
            sentences.push(format!("{more} more columns came back in another type than they went."));
        }
        sentences
    }
}

/// Says which categories had an order of their own, which stored categories have not.
fn lost_orders(schema: &Schema) -> Vec<String> {
    let ordered = schema.iter().filter(|(_, dtype)| matches!(dtype, DataType::Enum(..)));
    ordered.map(|(name, _)| format!("The order of the categories of column “{name}” was not kept.")).collect()
}

/// The casts that a schema needs for `wanted`, which gives the type of a column if it is to be another one.
fn casts(schema: &Schema, wanted: impl Fn(&DataType) -> Option<DataType>) -> Vec<Expr> {
    let columns = schema.iter().filter_map(|(name, dtype)| Some((name, wanted(dtype)?)));
    columns.map(|(name, dtype)| col(name.clone()).strict_cast(dtype)).collect()
}

/// The type in which values of `dtype` cross, if it is another one: pyarrow cannot read lists of a fixed length from
/// Parquet where one of them is missing.
fn portable(dtype: &DataType) -> Option<DataType> {
    match dtype {
        DataType::Array(inner, _) => {
            let inner = portable(inner).unwrap_or_else(|| (**inner).clone());
            Some(DataType::List(Box::new(inner)))
        }
        DataType::List(inner) => Some(DataType::List(Box::new(portable(inner)?))),
        DataType::Struct(fields) if fields.iter().any(|field| portable(&field.dtype).is_some()) => {
            let field = |field: &Field| {
                let dtype = portable(&field.dtype).unwrap_or_else(|| field.dtype.clone());
                Field::new(field.name.clone(), dtype)
            };
            Some(DataType::Struct(fields.iter().map(field).collect()))
        }
        _ => None,
    }
}

/// Whether a person would call both the same type: widths and units do not matter, zones, orders and what is nested do.
fn is_same_type(sent: &DataType, came: &DataType) -> bool {
    match (sent, came) {
        // Nothing but missing values, which every type holds.
        (DataType::Null, _) => true,
        (before, after) if Kind::of(before) != Kind::of(after) => false,
        (DataType::Datetime(_, before), DataType::Datetime(_, after)) => before == after,
        (DataType::List(before), DataType::List(after)) => is_same_type(before, after),
        (DataType::Array(before, width), DataType::Array(after, now)) => width == now && is_same_type(before, after),
        (DataType::Struct(before), DataType::Struct(after)) => {
            let same = |(before, after): (&Field, &Field)| {
                before.name == after.name && is_same_type(&before.dtype, &after.dtype)
            };
            before.len() == after.len() && before.iter().zip(after).all(same)
        }
        (before, after) if Kind::of(before) == Kind::Other => before == after,
        _ => true,
    }
}

/// Both types in words, told apart.
fn phrases(went: &DataType, came: &DataType) -> (String, String) {
    let (before, after) = (Kind::of(went), Kind::of(came));
    if before != after {
        return (before.phrase().to_owned(), after.phrase().to_owned());
    }
    match (went, came) {
        (DataType::Datetime(_, before), DataType::Datetime(_, after)) => {
            let zoned = |zone: &Option<TimeZone>| match zone {
                Some(zone) => format!("a date and time in the zone {zone}"),
                None => "a date and time without a zone".to_owned(),
            };
            (zoned(before), zoned(after))
        }
        _ => (went.to_string(), came.to_string()),
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> StepError {
    StepError::Failed(format!("A temporary file cannot be written: {error}. File: {}", path.display()))
}
