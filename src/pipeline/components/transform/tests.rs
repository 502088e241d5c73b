//! Components together, drawn and run as a person would.

use std::collections::HashSet;

use data::polars::df;
use data::polars::prelude::DataFrame;
use data::schema::Role;

use crate::check::check;
use crate::component::{Param, ParamKind, Params};
use crate::components;
use crate::components::testing::{integers, names, reals, texts};
use crate::execute::outputs::open_output;
use crate::execute::{Options, execute};
use crate::memory::{MemoryStore, Recorder};
use crate::plan::{Plan, Target};
use crate::shape::{Nothing, Shapes};
use crate::store::Store;
use crate::value::{Table, Value};
use crate::yaml::Document;

/// Sixty people; every fifth age and every seventh city are missing.
fn people() -> DataFrame {
    let age = |row: i64| (row % 5 != 0).then_some(20 + row);
    let city = |row: i64| (row % 7 != 0).then_some(["Bonn", "Oslo", "Rome"][row as usize % 3]);
    df!(
        "id" => (0..60).collect::<Vec<i64>>(),
        "age" => (0..60).map(age).collect::<Vec<_>>(),
        "city" => (0..60).map(city).collect::<Vec<_>>(),
        "income" => (0..60).map(|row| row as f64 * 1000.0).collect::<Vec<_>>(),
        "class" => (0..60).map(|row| if row % 6 == 0 { "yes" } else { "no" }).collect::<Vec<_>>(),
    )
    .unwrap()
}

struct Run {
    store: MemoryStore,
    recorder: Recorder,
}

impl Run {
    /// Checks and runs a pipeline; nothing may be wrong with it.
    fn of(text: &str) -> Self {
        let store = MemoryStore::new().unwrap();
        store.add_dataset("people", &people()).unwrap();
        let pipeline = Document::parse(text).unwrap().pipeline;
        let checked = check(&pipeline, &store);
        assert!(checked.problems.is_empty(), "{:?}", checked.problems);
        let plan = Plan::of(&pipeline, &checked, &Target::All).unwrap();
        let recorder = Recorder::new();
        let outcome = execute(&plan, &store, &recorder, &Options::default());
        assert!(outcome.is_success(), "{:?}", outcome.failed);
        Self { store, recorder }
    }

    fn table(&self, job: &str, port: &str) -> Table {
        let stored = self.recorder.output(job, port).unwrap();
        match open_output(&self.store, &stored).unwrap() {
            Value::Table(table) => table,
            _ => panic!("{job} gives no table on {port}"),
        }
    }

    fn frame(&self, job: &str, port: &str) -> DataFrame {
        self.table(job, port).frame().unwrap()
    }
}

#[test]
fn what_training_rows_taught_is_repeated_on_test_rows() {
    let run = Run::of(
        "jobs:
  people: {component: import_dataset, inputs: {dataset: people}}
  roles:
    component: edit_metadata
    inputs:
      table: ${{parent.jobs.people.outputs.table}}
      edits:
        - {column: id, role: id}
        - {column: class, name: answer, role: label}
  split:
    component: split_data
    inputs: {table: '${{parent.jobs.roles.outputs.table}}', method: stratified, fraction: 0.5}
  fill: {component: clean_missing_data, inputs: {table: '${{parent.jobs.split.outputs.train}}', method: mean}}
  encode: {component: one_hot_encode, inputs: {table: '${{parent.jobs.fill.outputs.table}}'}}
  scale: {component: normalise, inputs: {table: '${{parent.jobs.encode.outputs.table}}', method: min_max}}
  fill_test:
    component: apply_transform
    inputs: {transform: '${{parent.jobs.fill.outputs.transform}}', table: '${{parent.jobs.split.outputs.test}}'}
  encode_test:
    component: apply_transform
    inputs: {transform: '${{parent.jobs.encode.outputs.transform}}', table: '${{parent.jobs.fill_test.outputs.table}}'}
  scale_test:
    component: apply_transform
    inputs: {transform: '${{parent.jobs.scale.outputs.transform}}', table: '${{parent.jobs.encode_test.outputs.table}}'}
",
    );
    let (train, test) = (run.table("scale", "table"), run.table("scale_test", "table"));
    assert_eq!(train.preparation, test.preparation);
    assert_eq!(test.roles.get("answer"), Some(&Role::Label));
    let rows = test.frame().unwrap();
    let expected = ["id", "age", "city_Bonn", "city_Oslo", "city_Rome", "income", "answer"];
    assert_eq!(names(&rows), expected);
    assert_eq!(texts(&rows, "answer").iter().filter(|class| *class == "yes").count(), 5);
    // The same raw rows, prepared all at once.
    let held_back: Vec<bool> = {
        let tested = integers(&rows, "id");
        (0..60).map(|id| tested.contains(&id)).collect()
    };
    let raw = people().filter(&held_back.into_iter().collect()).unwrap();
    assert!(test.preparation.apply(&raw).unwrap().equals_missing(&rows));
}

#[test]
fn rows_made_of_others_count_as_raw() {
    let run = Run::of(
        "jobs:
  people: {component: import_dataset, inputs: {dataset: people@1}}
  cities: {component: enter_data, inputs: {data: \"city,country\\nBonn,Germany\\nOslo,Norway\\n\"}}
  scale: {component: normalise, inputs: {table: '${{parent.jobs.people.outputs.table}}', columns: [income]}}
  adults: {component: filter_rows, inputs: {table: '${{parent.jobs.scale.outputs.table}}', condition: age > 30}}
  ratio:
    component: add_column
    inputs: {table: '${{parent.jobs.adults.outputs.table}}', name: ratio, expression: income / age}
  join:
    component: join
    inputs:
      left: ${{parent.jobs.ratio.outputs.table}}
      right: ${{parent.jobs.cities.outputs.table}}
      left_keys: [city]
  group:
    component: group_and_aggregate
    inputs:
      table: ${{parent.jobs.join.outputs.table}}
      keys: [country]
      figures:
        - {function: count}
        - {function: max, column: age, name: oldest}
  query:
    component: sql_query
    inputs: {t1: '${{parent.jobs.group.outputs.table}}', query: SELECT country FROM t1 WHERE oldest > 77}
  twice:
    component: append_rows
    inputs: {first: '${{parent.jobs.adults.outputs.table}}', second: '${{parent.jobs.adults.outputs.table}}'}
  summary: {component: summarise_data, inputs: {table: '${{parent.jobs.twice.outputs.table}}'}}
  export:
    component: export_data
    inputs: {table: '${{parent.jobs.query.outputs.table}}', path: exports/countries.csv}
",
    );
    let steps = |job: &str| run.table(job, "table").preparation.0.len();
    assert_eq!(["scale", "adults", "ratio", "join", "group", "query", "twice"].map(steps), [1, 1, 2, 0, 0, 0, 1]);
    let groups = run.frame("group", "table");
    assert_eq!(texts(&groups, "country"), ["Germany", "Norway"]);
    assert_eq!(reals(&groups, "oldest"), [Some(77.0), Some(78.0)]);
    assert_eq!(texts(&run.frame("query", "table"), "country"), ["Norway"]);
    let twice = run.frame("twice", "table").height() as i64;
    assert_eq!(twice, 2 * run.frame("adults", "table").height() as i64);
    let summary = run.frame("summary", "table");
    assert!(integers(&summary, "count").iter().zip(integers(&summary, "missing")).all(|(n, gaps)| n + gaps == twice));
    let written = std::fs::read_to_string(run.store.folder().join("exports/countries.csv")).unwrap();
    assert_eq!(written, "country\nNorway\n");
}

/// The parameters of a component and the fields of their rows, each with those that stand beside it.
fn declared(params: &'static [Param]) -> Vec<(&'static Param, &'static [Param])> {
    let fields = params.iter().flat_map(|param| match &param.kind {
        ParamKind::Rows { fields } => declared(fields),
        _ => Vec::new(),
    });
    params.iter().map(|param| (param, params)).chain(fields).collect()
}

fn values(param: &Param) -> Vec<&'static str> {
    match &param.kind {
        ParamKind::Choice(choices) => choices.iter().map(|choice| choice.value).collect(),
        ParamKind::Boolean => vec!["true", "false"],
        _ => Vec::new(),
    }
}

#[test]
fn every_declaration_in_the_catalogue_makes_sense() {
    let mut ids = HashSet::new();
    for component in components::all() {
        let spec = component.spec();
        assert!(ids.insert(spec.id), "{} is there twice", spec.id);
        assert!(spec.summary.ends_with('.') && !spec.docs.trim().is_empty(), "{}", spec.id);
        let inputs = spec.inputs.iter().map(|port| port.name);
        let mut names = HashSet::new();
        for name in inputs.chain(spec.params.iter().map(|param| param.name)) {
            assert!(names.insert(name), "{}: {name} is there twice", spec.id);
        }
        for (param, beside) in declared(spec.params) {
            let place = format!("{}.{}", spec.id, param.name);
            assert!(!param.title.is_empty() && param.help.ends_with('.'), "{place}");
            let default = param.default.to_json();
            let fits = default.is_null() || param.kind.conform(&default).is_some();
            assert!(fits, "{place} has a default of another type");
            if let (ParamKind::Choice(_), Some(default)) = (&param.kind, default.as_str()) {
                assert!(values(param).contains(&default), "{place} has no choice {default}");
            }
            if let ParamKind::Column { port, .. } | ParamKind::Columns { port, .. } | ParamKind::Expression { port } =
                &param.kind
            {
                assert!(spec.input(port).is_some(), "{place} names no input");
            }
            if let Some(when) = &param.when {
                let other = beside.iter().find(|other| other.name == when.param);
                let known = values(other.unwrap_or_else(|| panic!("{place} depends on nothing")));
                assert!(when.one_of.iter().all(|value| known.contains(value)), "{place}");
            }
        }
    }
}

#[test]
fn every_component_can_be_checked_before_anything_is_connected() {
    for component in components::all() {
        let spec = component.spec();
        let params = Params::defaults(spec);
        let unknown = spec.inputs.iter().map(|port| (port.name.to_owned(), None)).collect();
        for inputs in [Shapes::new(), unknown] {
            component.caption(&params, &inputs, &Nothing);
            let shapes = component.infer(&params, &inputs, &Nothing, &mut Vec::new());
            for (port, shape) in shapes {
                let declared = spec.output(port).map(|port| port.kind);
                assert_eq!(declared, Some(shape.port_kind()), "{}.{port}", spec.id);
            }
        }
    }
}
