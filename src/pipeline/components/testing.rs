//! A bench to try one component on: sets its inputs and parameters, checks and runs it, and holds what it makes
//! against what it promised.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use data::polars::prelude::{DataFrame, DataType};
use data::schema::{Role, Schema};
use serde_json::Value as Json;

use crate::component::{Component, Params, StepError};
use crate::journal::StepJournal;
use crate::shape::{Known, KnownDataset, Shape, Shapes, TableShape};
use crate::store::{Dataset, Observer, StepContext, StepEvent, Store, Stored, Stream};
use crate::value::{Inputs, Table, TableContent, Value};

#[derive(Clone)]
pub struct Bench {
    component: &'static dyn Component,
    params: Params,
    inputs: Inputs,
    shapes: Shapes,
    world: World,
}

impl Bench {
    pub fn new(component: &'static dyn Component) -> Self {
        let params = Params::defaults(component.spec());
        let world = World { datasets: Vec::new(), folder: std::env::temp_dir() };
        Self { component, params, inputs: Inputs::new(), shapes: Shapes::new(), world }
    }

    /// Connects rows to a port.
    pub fn table(self, port: &str, frame: DataFrame) -> Self {
        self.value(port, Table::raw(TableContent::from(frame)).into())
    }

    /// Gives a column of a connected table a role.
    pub fn role(mut self, port: &str, column: &str, role: Role) -> Self {
        let Some(Value::Table(mut table)) = self.inputs.remove(port) else { panic!("no table on {port}") };
        table.roles.insert(column.to_owned(), role);
        self.value(port, table.into())
    }

    /// Connects any value; a table's shape is its own.
    pub fn value(mut self, port: &str, value: Value) -> Self {
        let shape = match &value {
            Value::Table(table) => {
                let rows = Some(table.frame().unwrap().height() as u64);
                let scored = table.scored.as_ref().map(|scored| scored.task);
                Some(Shape::Table(TableShape { schema: table.schema().unwrap(), open: false, rows, scored }))
            }
            _ => None,
        };
        self.inputs.insert(port.to_owned(), value);
        self.shape(port, shape)
    }

    /// What is known of an input before the run.
    pub fn shape(mut self, port: &str, shape: Option<Shape>) -> Self {
        self.shapes.insert(port.to_owned(), shape);
        self
    }

    pub fn set(mut self, name: &str, value: impl Into<Json>) -> Self {
        let param = self.component.spec().param(name).unwrap_or_else(|| panic!("no parameter {name}"));
        let value = param.kind.conform(&value.into()).unwrap_or_else(|| panic!("wrong type for {name}"));
        self.params = self.params.with(name, value);
        self
    }

    pub fn dataset(mut self, name: &str, version: u32, path: PathBuf, schema: Schema, rows: u64) -> Self {
        let digest = format!("{name}-{version}");
        self.world.datasets.push(Dataset { name: name.to_owned(), version, digest, path, schema, rows });
        self
    }

    pub fn folder(mut self, folder: PathBuf) -> Self {
        self.world.folder = folder;
        self
    }

    pub fn caption(&self) -> String {
        self.component.caption(&self.params, &self.shapes, &self.world)
    }

    pub fn code_digest(&self) -> Option<String> {
        self.component.code_digest(&self.params, &self.world).unwrap()
    }

    fn check(&self) -> (BTreeMap<&'static str, Shape>, Vec<String>) {
        let mut problems = Vec::new();
        let shapes = self.component.infer(&self.params, &self.shapes, &self.world, &mut problems);
        let declared = self.component.spec().outputs;
        for (port, shape) in &shapes {
            let port = declared.iter().find(|candidate| candidate.name == *port).expect("an undeclared output");
            assert_eq!(port.kind, shape.port_kind());
        }
        (shapes.into_iter().collect(), problems.into_iter().map(|problem| problem.message).collect())
    }

    /// What checking complains of.
    pub fn problems(&self) -> Vec<String> {
        self.check().1
    }

    /// The shape promised for an output table.
    pub fn promised(&self, port: &str) -> TableShape {
        match self.check().0.remove(port) {
            Some(Shape::Table(shape)) => shape,
            other => panic!("{port} promises {other:?}"),
        }
    }

    /// The shape of a connected table.
    pub fn promised_input(&self, port: &str) -> TableShape {
        crate::shape::table(&self.shapes, port).cloned().unwrap()
    }

    fn run_logged(&self) -> (Result<BTreeMap<&'static str, Value>, StepError>, Vec<String>) {
        let log = Log::default();
        let context =
            StepContext { job: "job", store: &self.world, observer: &log, threads: 1, environment: None, chain: None };
        let outputs = self.component.run(&self.params, &self.inputs, &context);
        (outputs.map(|outputs| outputs.into_iter().collect()), log.0.into_inner().unwrap())
    }

    /// The outputs; every declared one is there, but for optional ones, and every table is what was promised.
    pub fn run(&self) -> BTreeMap<&'static str, Value> {
        let outputs = self.run_logged().0.unwrap();
        let declared = self.component.spec().outputs;
        for port in declared {
            let Some(value) = outputs.get(port.name) else {
                assert!(port.optional, "no output {}", port.name);
                continue;
            };
            assert_eq!(value.kind(), port.kind);
            if let Value::Table(table) = value {
                self.hold_to_promise(port.name, table);
            }
        }
        assert!(outputs.keys().all(|name| declared.iter().any(|port| port.name == *name)), "an undeclared output");
        self.hold_to_preparation(&outputs);
        outputs
    }

    fn hold_to_promise(&self, port: &str, table: &Table) {
        let promised = self.promised(port);
        let actual = table.schema().unwrap();
        if promised.open {
            // Columns may come or go, but those that stay are as promised.
            for column in &promised.schema.columns {
                if let Some(found) = actual.get(&column.name) {
                    assert_eq!(found, column);
                }
            }
        } else {
            assert_eq!(actual, promised.schema);
        }
        if let Some(rows) = promised.rows {
            assert_eq!(table.frame().unwrap().height() as u64, rows);
        }
        for name in table.roles.keys() {
            assert!(actual.contains(name), "a role for {name}, which is no column");
        }
    }

    /// A raw row that goes through an output's preparation, or through the fitted transform, gives that output's row.
    fn hold_to_preparation(&self, outputs: &BTreeMap<&'static str, Value>) {
        let (Some(Value::Table(input)), Some(Value::Table(output))) = (self.inputs.get("table"), outputs.get("table"))
        else {
            return;
        };
        let (input_rows, output_rows) = (input.frame().unwrap(), output.frame().unwrap());
        let learnt = match outputs.get("transform") {
            Some(Value::Transform(steps)) => Some((**steps).clone()),
            _ => None,
        };
        let whole = Some(output.preparation.clone()).filter(|steps| !steps.is_empty() && input.preparation.is_empty());
        for steps in learnt.into_iter().chain(whole) {
            if input_rows.height() == output_rows.height() {
                assert!(steps.apply(&input_rows).unwrap().equals_missing(&output_rows), "{steps:?}");
            }
        }
    }

    pub fn out(&self, port: &str) -> Table {
        match self.run().remove(port) {
            Some(Value::Table(table)) => table,
            _ => panic!("no table on {port}"),
        }
    }

    pub fn frame(&self, port: &str) -> DataFrame {
        self.out(port).frame().unwrap()
    }

    /// The sentence that running fails with, at once or when the output is read.
    pub fn failure(&self) -> String {
        let outputs = match self.run_logged().0 {
            Err(error) => return error.to_string(),
            Ok(outputs) => outputs,
        };
        let errors = outputs.values().filter_map(|value| match value {
            Value::Table(table) => table.frame().err(),
            _ => None,
        });
        errors.map(|error| error.to_string()).next().expect("the run to fail")
    }

    pub fn log(&self) -> Vec<String> {
        self.run_logged().1
    }

    pub fn integers(&self, port: &str, column: &str) -> Vec<i64> {
        integers(&self.frame(port), column)
    }

    pub fn reals(&self, port: &str, column: &str) -> Vec<Option<f64>> {
        reals(&self.frame(port), column)
    }

    pub fn texts(&self, port: &str, column: &str) -> Vec<String> {
        texts(&self.frame(port), column)
    }
}

/// A column's values; none may be missing.
pub fn integers(frame: &DataFrame, column: &str) -> Vec<i64> {
    let values = frame.column(column).unwrap().cast(&DataType::Int64).unwrap();
    values.i64().unwrap().iter().map(Option::unwrap).collect()
}

pub fn reals(frame: &DataFrame, column: &str) -> Vec<Option<f64>> {
    let values = frame.column(column).unwrap().cast(&DataType::Float64).unwrap();
    values.f64().unwrap().iter().collect()
}

/// A column's values as text; a missing one is "null".
pub fn texts(frame: &DataFrame, column: &str) -> Vec<String> {
    let values = frame.column(column).unwrap().cast(&DataType::String).unwrap();
    values.str().unwrap().iter().map(|text| text.unwrap_or("null").to_owned()).collect()
}

/// Column names, in order.
pub fn names(frame: &DataFrame) -> Vec<String> {
    frame.get_column_names().into_iter().map(|name| name.to_string()).collect()
}

#[derive(Clone)]
struct World {
    datasets: Vec<Dataset>,
    folder: PathBuf,
}

impl World {
    fn find(&self, name: &str, version: Option<u32>) -> Result<Dataset, String> {
        let named = self.datasets.iter().filter(|dataset| dataset.name == name);
        let newest = named.filter(|dataset| version.is_none_or(|version| version == dataset.version));
        newest.max_by_key(|dataset| dataset.version).cloned().ok_or_else(|| format!("There is no dataset “{name}”."))
    }
}

impl Known for World {
    fn dataset(&self, reference: &str) -> Result<KnownDataset, String> {
        let (name, version) = match reference.split_once('@') {
            Some((name, version)) => (name, version.parse().ok()),
            None => (reference, None),
        };
        let Dataset { name, version, schema, rows, .. } = self.find(name, version)?;
        Ok(KnownDataset { name, version, schema, rows })
    }
}

impl Store for World {
    fn dataset(&self, name: &str, version: Option<u32>) -> Result<Dataset, StepError> {
        self.find(name, version).map_err(StepError::Failed)
    }

    fn find(&self, _key: &str) -> Result<Option<Vec<Stored>>, StepError> {
        Ok(None)
    }

    fn journal(&self, _key: &str) -> Result<StepJournal, StepError> {
        Ok(StepJournal::default())
    }

    fn keep(&self, _key: &str, _outputs: &[Stored], _journal: &StepJournal) -> Result<(), StepError> {
        Ok(())
    }

    fn put_file(&self, path: PathBuf) -> Result<String, StepError> {
        panic!("a component keeps no files, but kept {}", path.display())
    }

    fn put_bytes(&self, _bytes: &[u8]) -> Result<String, StepError> {
        panic!("a component keeps no bytes")
    }

    fn path(&self, digest: &str) -> Result<PathBuf, StepError> {
        panic!("a component asks for no blob, but asked for {digest}")
    }

    fn scratch_file(&self, extension: &str) -> Result<PathBuf, StepError> {
        Ok(self.folder.join(format!("scratch.{extension}")))
    }

    fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    fn python(&self) -> Result<PathBuf, StepError> {
        Err(StepError::failed("There is no Python here."))
    }
}

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Observer for Log {
    fn progress(&self, _job: &str, _fraction: Option<f32>, _message: &str) {}

    fn metric(&self, _job: &str, _name: &str, _value: f64, _step: i64) {}

    fn log(&self, _job: &str, _stream: Stream, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }

    fn step(&self, _event: StepEvent) {}

    fn cancelled(&self) -> bool {
        false
    }
}
