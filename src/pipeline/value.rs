//! What a port holds when a step runs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use data::polars::prelude::{DataFrame, IntoLazy, LazyFrame, PlRefPath, ScanArgsParquet};
use data::prepare::Preparation;
use data::schema::{Role, Schema};
use learn::model::{ScoredColumns, ScoringNotes};
use learn::report::Report;

use crate::component::{PortKind, StepError};

/// A table on its way between steps.
#[derive(Clone)]
pub struct Table {
    pub content: TableContent,
    /// Roles set by "Edit metadata", by column name.
    pub roles: BTreeMap<String, Role>,
    /// What the rows went through since they were raw; travels with a model trained on them.
    pub preparation: Preparation,
    /// The columns as they were raw, where the rows went through something: what a model trained on them takes.
    pub raw: Option<Arc<Schema>>,
    /// The columns that Score model added, and what they mean.
    pub scored: Option<Arc<ScoredColumns>>,
    /// What Score model met that training had not; said of its own output, and not handed on.
    pub notes: Option<ScoringNotes>,
}

/// Rows in memory, on disk, or yet to be computed; the engine streams the last into a file without holding it.
#[derive(Clone)]
pub enum TableContent {
    Frame(DataFrame),
    Lazy(Box<LazyFrame>),
    /// A Parquet file.
    File(PathBuf),
}

#[derive(Clone)]
pub enum Value {
    Table(Table),
    Estimator(Arc<learn::Estimator>),
    Model(Arc<learn::Model>),
    Transform(Arc<Preparation>),
    Report(Arc<Report>),
}

impl Table {
    /// Raw rows: no roles, no preparation.
    pub fn raw(content: TableContent) -> Self {
        Self {
            content,
            roles: BTreeMap::new(),
            preparation: Preparation::default(),
            raw: None,
            scored: None,
            notes: None,
        }
    }

    /// Other rows that keep what these mean: the roles, the preparation, the predictions.
    pub fn with(&self, content: TableContent) -> Self {
        Self {
            content,
            roles: self.roles.clone(),
            preparation: self.preparation.clone(),
            raw: self.raw.clone(),
            scored: self.scored.clone(),
            notes: None,
        }
    }

    /// The columns that these rows had when they were raw.
    ///
    /// # Errors
    /// When the query is wrong or the file not readable.
    pub fn raw_schema(&self) -> Result<Option<Arc<Schema>>, StepError> {
        match &self.raw {
            Some(raw) => Ok(Some(Arc::clone(raw))),
            None if self.preparation.is_empty() => Ok(Some(Arc::new(self.schema()?))),
            // Kept by a version that did not note it.
            None => Ok(None),
        }
    }

    /// The rows as a query; nothing is read yet.
    ///
    /// # Errors
    /// When the file cannot be opened as Parquet.
    pub fn lazy(&self) -> Result<LazyFrame, StepError> {
        Ok(match &self.content {
            TableContent::Frame(frame) => frame.clone().lazy(),
            TableContent::Lazy(query) => (**query).clone(),
            TableContent::File(path) => {
                let path = PlRefPath::new(path.to_string_lossy());
                LazyFrame::scan_parquet(path, ScanArgsParquet { glob: false, ..ScanArgsParquet::default() })?
            }
        })
    }

    /// All rows in memory.
    ///
    /// # Errors
    /// When the query cannot be carried out or the file not be read.
    pub fn frame(&self) -> Result<DataFrame, StepError> {
        match &self.content {
            TableContent::Frame(frame) => Ok(frame.clone()),
            _ => Ok(self.lazy()?.collect()?),
        }
    }

    /// The columns with their roles, without reading rows.
    ///
    /// # Errors
    /// When the query is wrong or the file not readable.
    pub fn schema(&self) -> Result<Schema, StepError> {
        let mut schema = Schema::from_polars(&*self.lazy()?.collect_schema()?);
        for column in &mut schema.columns {
            column.role = self.roles.get(&column.name).copied();
        }
        Ok(schema)
    }
}

impl From<DataFrame> for TableContent {
    fn from(frame: DataFrame) -> Self {
        Self::Frame(frame)
    }
}

impl From<LazyFrame> for TableContent {
    fn from(query: LazyFrame) -> Self {
        Self::Lazy(Box::new(query))
    }
}

impl Value {
    pub fn kind(&self) -> PortKind {
        match self {
            Self::Table(_) => PortKind::Table,
            Self::Estimator(_) => PortKind::Estimator,
            Self::Model(_) => PortKind::Model,
            Self::Transform(_) => PortKind::Transform,
            Self::Report(_) => PortKind::Report,
        }
    }
}

impl From<Table> for Value {
    fn from(table: Table) -> Self {
        Self::Table(table)
    }
}

/// Typed access to a step's inputs. The engine has already refused a missing or wrongly connected input, so an error
/// here means that a component asks for a port it did not declare.
pub trait InputsExt {
    /// # Errors
    /// When there is no table on that port.
    fn table(&self, port: &str) -> Result<&Table, StepError>;
    fn maybe_table(&self, port: &str) -> Option<&Table>;
    /// # Errors
    /// When there is no estimator on that port.
    fn estimator(&self, port: &str) -> Result<&Arc<learn::Estimator>, StepError>;
    /// # Errors
    /// When there is no model on that port.
    fn model(&self, port: &str) -> Result<&Arc<learn::Model>, StepError>;
    /// # Errors
    /// When there is no transform on that port.
    fn transform(&self, port: &str) -> Result<&Arc<Preparation>, StepError>;
}

impl InputsExt for Inputs {
    fn table(&self, port: &str) -> Result<&Table, StepError> {
        self.maybe_table(port).ok_or_else(|| absent(port, PortKind::Table))
    }

    fn maybe_table(&self, port: &str) -> Option<&Table> {
        match self.get(port) {
            Some(Value::Table(table)) => Some(table),
            _ => None,
        }
    }

    fn estimator(&self, port: &str) -> Result<&Arc<learn::Estimator>, StepError> {
        match self.get(port) {
            Some(Value::Estimator(estimator)) => Ok(estimator),
            _ => Err(absent(port, PortKind::Estimator)),
        }
    }

    fn model(&self, port: &str) -> Result<&Arc<learn::Model>, StepError> {
        match self.get(port) {
            Some(Value::Model(model)) => Ok(model),
            _ => Err(absent(port, PortKind::Model)),
        }
    }

    fn transform(&self, port: &str) -> Result<&Arc<Preparation>, StepError> {
        match self.get(port) {
            Some(Value::Transform(transform)) => Ok(transform),
            _ => Err(absent(port, PortKind::Transform)),
        }
    }
}

fn absent(port: &str, kind: PortKind) -> StepError {
    StepError::Failed(format!("The input “{port}” needs {}. Connect one.", kind.with_article()))
}

/// A step's inputs by port name; optional ports that are not connected are absent.
pub type Inputs = BTreeMap<String, Value>;

/// A step's outputs by port name.
pub type Outputs = Vec<(&'static str, Value)>;
