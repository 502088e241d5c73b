//! Keeping a step's outputs and reading them again.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use data::normalize::{is_stored, stored_query, to_stored_types};
use data::polars::prelude::{
    DataFrame, FileWriteFormat, LazyFrame, ParquetReader, ParquetWriteOptions, ParquetWriter, PlRefPath, SerReader,
    SinkDestination, SinkTarget, UnifiedSinkArgs,
};
use data::schema::Schema;
use learn::report::Report;

use crate::component::{ParamKind, Params, Spec, StepError};
use crate::meta::{Meta, ModelMeta, TableMeta};
use crate::shape::EstimatorTask;
use crate::store::{Store, Stored};
use crate::value::{Table, TableContent, Value};

/// Files that a step may hand on as they are: its inputs' and its datasets', which the store has already.
#[derive(Default)]
pub struct Passed {
    /// Digest, and what is known of the table.
    files: BTreeMap<PathBuf, (String, Option<TableMeta>)>,
}

impl Passed {
    /// # Errors
    /// When an input's bytes are gone.
    pub fn new(
        spec: &Spec,
        params: &Params,
        inputs: &BTreeMap<String, Stored>,
        store: &dyn Store,
    ) -> Result<Self, StepError> {
        let mut files = BTreeMap::new();
        for stored in inputs.values() {
            if let Some(Meta::Table(table)) = Meta::of(stored) {
                files.insert(store.path(&stored.digest)?, (stored.digest.clone(), Some(table)));
            }
        }
        for param in spec.params.iter().filter(|param| matches!(param.kind, ParamKind::Dataset)) {
            let (name, version) = split_reference(params.text(param.name));
            if let Ok(dataset) = store.dataset(name, version) {
                files.insert(dataset.path, (dataset.digest, None));
            }
        }
        Ok(Self { files })
    }
}

/// `name` or `name@version`.
pub fn split_reference(reference: &str) -> (&str, Option<u32>) {
    match reference.rsplit_once('@').and_then(|(name, version)| Some((name, version.parse().ok()?))) {
        Some((name, version)) => (name, Some(version)),
        None => (reference, None),
    }
}

/// Keeps an output. Rows yet to be computed are streamed into a file; a file that the store has already stays.
///
/// # Errors
/// When the rows cannot be computed or the bytes not be written.
pub fn keep_output(store: &dyn Store, port: &str, value: Value, passed: &Passed) -> Result<Stored, StepError> {
    let kind = value.kind();
    let (digest, meta) = match value {
        Value::Table(table) => keep_table(store, table, passed)?,
        Value::Estimator(estimator) => {
            let title = estimator.title().to_owned();
            (put_json(store, &*estimator)?, Meta::Estimator { title, task: estimator_task(&estimator) })
        }
        Value::Model(model) => keep_model(store, &model)?,
        Value::Transform(preparation) => {
            let steps = preparation.0.iter().map(|fitted| fitted.step().name().to_owned()).collect();
            (put_json(store, &*preparation)?, Meta::Transform { steps })
        }
        Value::Report(report) => {
            let defined = report.metrics.iter().filter_map(|metric| Some((metric.key.clone(), metric.value?)));
            let metrics = defined.filter(|(_, value)| value.is_finite()).collect();
            (put_json(store, &*report)?, Meta::Report { task: report.task, metrics })
        }
    };
    Ok(Stored { port: port.to_owned(), kind, digest, meta: meta.to_json() })
}

/// Which label an estimator can learn.
pub fn estimator_task(estimator: &learn::Estimator) -> EstimatorTask {
    match estimator {
        learn::Estimator::LinearRegression(_) => EstimatorTask::Regression,
        learn::Estimator::LogisticRegression(_) => EstimatorTask::Classification,
        learn::Estimator::KMeans(_) => EstimatorTask::Clustering,
        _ => EstimatorTask::Either,
    }
}

fn keep_model(store: &dyn Store, model: &learn::Model) -> Result<(String, Meta), StepError> {
    let digest = store.put_bytes(&model.to_bytes()?)?;
    Ok((digest, Meta::Model(ModelMeta::of(model))))
}

fn keep_table(store: &dyn Store, table: Table, passed: &Passed) -> Result<(String, Meta), StepError> {
    let Table { content, roles, preparation, raw, scored, notes } = table;
    let (digest, known) = match content {
        TableContent::File(path) => match passed.files.get(&path) {
            Some((digest, meta)) => (digest.clone(), meta.clone()),
            None => (store.put_file(path)?, None),
        },
        TableContent::Frame(frame) => {
            let path = store.scratch_file("parquet")?;
            // What was planned on 64 bits must run on them: no output keeps a narrower type.
            let frame = if is_stored(&frame) { frame } else { to_stored_types(&frame)?.frame };
            write_frame(frame, &path)?;
            (store.put_file(path)?, None)
        }
        TableContent::Lazy(query) => {
            let path = store.scratch_file("parquet")?;
            keep_query(stored_query(*query)?, &path)?;
            (store.put_file(path)?, None)
        }
    };
    let mut meta = match known {
        Some(known) => known,
        None => read_meta(&store.path(&digest)?)?,
    };
    for column in &mut meta.schema.columns {
        column.role = roles.get(&column.name).copied();
    }
    Ok((digest, Meta::Table(TableMeta { preparation, raw, scored, notes, ..meta })))
}

fn write_frame(mut frame: DataFrame, path: &Path) -> Result<(), StepError> {
    let file = File::create(path).map_err(|error| unwritable(path, &error))?;
    ParquetWriter::new(file).finish(&mut frame)?;
    Ok(())
}

/// Streams a query into a Parquet file without holding its rows.
///
/// # Errors
/// When the query cannot be carried out or the file not be written.
pub fn keep_query(query: LazyFrame, path: &Path) -> Result<(), StepError> {
    let target = SinkDestination::File { target: SinkTarget::Path(PlRefPath::new(path.to_string_lossy())) };
    let format = FileWriteFormat::Parquet(Arc::new(ParquetWriteOptions::default()));
    query.sink(target, format, UnifiedSinkArgs::default())?.collect()?;
    Ok(())
}

/// Columns and rows from a Parquet file's footer.
fn read_meta(path: &Path) -> Result<TableMeta, StepError> {
    let schema = Table::raw(TableContent::File(path.to_owned())).schema()?;
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let bytes = file.metadata().map_or(0, |metadata| metadata.len());
    let rows = ParquetReader::new(file).num_rows()? as u64;
    Ok(TableMeta { schema, rows, bytes, ..TableMeta::default() })
}

/// Reads an output again. A table's rows stay on disk until they are asked for.
///
/// # Errors
/// When its bytes are gone or of a form that this version cannot read.
pub fn open_output(store: &dyn Store, stored: &Stored) -> Result<Value, StepError> {
    let path = store.path(&stored.digest)?;
    let read = || fs::read(&path).map_err(|error| unreadable(&path, &error));
    Ok(match stored.kind {
        crate::component::PortKind::Table => {
            let Some(Meta::Table(meta)) = Meta::of(stored) else {
                return Err(foreign(&stored.port));
            };
            let (roles, content) = (meta.roles(), TableContent::File(path));
            let TableMeta { preparation, raw, scored, .. } = meta;
            Value::Table(Table { content, roles, preparation, raw, scored, notes: None })
        }
        crate::component::PortKind::Estimator => Value::Estimator(Arc::new(from_json(&read()?, &stored.port)?)),
        crate::component::PortKind::Model => Value::Model(Arc::new(learn::Model::from_bytes(&read()?)?)),
        crate::component::PortKind::Transform => Value::Transform(Arc::new(from_json(&read()?, &stored.port)?)),
        crate::component::PortKind::Report => Value::Report(Arc::new(from_json::<Report>(&read()?, &stored.port)?)),
    })
}

/// The schema with roles, and the number of rows, of a kept table, without its bytes.
pub fn table_meta(stored: &Stored) -> Option<(Schema, u64)> {
    match Meta::of(stored)? {
        Meta::Table(table) => Some((table.schema, table.rows)),
        _ => None,
    }
}

fn put_json<T: serde::Serialize>(store: &dyn Store, value: &T) -> Result<String, StepError> {
    let bytes = serde_json::to_vec(value)
        .map_err(|error| StepError::Failed(format!("The result cannot be written as JSON: {error}.")))?;
    store.put_bytes(&bytes)
}

fn from_json<T: serde::de::DeserializeOwned>(bytes: &[u8], port: &str) -> Result<T, StepError> {
    serde_json::from_slice(bytes).map_err(|_| foreign(port))
}

fn foreign(port: &str) -> StepError {
    StepError::Failed(format!(
        "The result “{port}” was made by another version of Atelier and cannot be read. Run its step again."
    ))
}

fn unwritable(path: &Path, error: &std::io::Error) -> StepError {
    StepError::Failed(format!("The result cannot be written: {error}. File: {}", path.display()))
}

fn unreadable(path: &Path, error: &std::io::Error) -> StepError {
    StepError::Failed(format!("The result cannot be read: {error}. File: {}", path.display()))
}
