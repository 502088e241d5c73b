//! Whole pipelines over every type that a table may have: what was planned is what runs, and no
//! number is another one afterwards.

use std::collections::BTreeMap;

use data::normalize::is_stored;
use data::polars::df;
use data::polars::prelude::{
    Categories, DataFrame, DataType, Expr, FrozenCategories, IntoLazy, TimeUnit, TimeZone, col,
};
use data::schema::Schema;

use crate::check::{Checked, check};
use crate::component::PortKind;
use crate::components;
use crate::components::testing::{names, texts};
use crate::execute::outputs::open_output;
use crate::execute::{Options, Outcome, execute};
use crate::memory::{MemoryStore, Recorder};
use crate::plan::{Plan, Target};
use crate::shape::Shape;
use crate::value::{Table, Value};
use crate::yaml::Document;

struct PipelineRun {
    store: MemoryStore,
    recorder: Recorder,
    checked: Checked,
    outcome: Outcome,
}

impl PipelineRun {
    fn of(text: &str, datasets: &[(&str, DataFrame)]) -> Self {
        let store = MemoryStore::new().unwrap();
        for (name, rows) in datasets {
            store.add_dataset(name, rows).unwrap();
        }
        let pipeline = Document::parse(text).unwrap().pipeline;
        let checked = check(&pipeline, &store);
        assert_eq!(checked.errors().count(), 0, "{text}: {:?}", checked.problems);
        let plan = Plan::of(&pipeline, &checked, &Target::All).unwrap();
        let recorder = Recorder::new();
        let outcome = execute(&plan, &store, &recorder, &Options::default());
        Self { store, recorder, checked, outcome }
    }

    fn table(&self, job: &str, port: &str) -> Table {
        assert!(self.outcome.is_success(), "{:?}", self.outcome.failed);
        match open_output(&self.store, &self.recorder.output(job, port).unwrap()).unwrap() {
            Value::Table(table) => table,
            _ => panic!("{job} gives no table on {port}"),
        }
    }

    fn texts(&self, job: &str, column: &str) -> Vec<String> {
        texts(&self.table(job, "table").frame().unwrap(), column)
    }
}

/// Four rows of every type that a file or a script may bring, narrow and odd ones too.
fn odd_types() -> DataFrame {
    let cast = |name: &str, from: &str, dtype: DataType| col(from).cast(dtype).alias(name);
    let days = |name: &str, dtype: DataType| col("i64").cast(DataType::Int32).cast(dtype).alias(name);
    let moment = |name: &str, unit, zone: Option<&str>| {
        let zone = zone.and_then(|zone| TimeZone::opt_try_new(Some(zone)).unwrap());
        (col("i64") * data::polars::prelude::lit(86_400_000_000_i64)).cast(DataType::Datetime(unit, zone)).alias(name)
    };
    let levels = FrozenCategories::new(["a", "b"]).unwrap();
    let frame = df!(
        "i64" => [Some(1_i64), Some(2), None, Some(4)],
        "f64" => [Some(0.5), None, Some(2.0), Some(-1.5)],
        "text" => [Some("a"), Some("b"), None, Some("a")],
        "flag" => [Some(true), None, Some(false), Some(true)],
    );
    let more: Vec<Expr> = vec![
        cast("i8", "i64", DataType::Int8),
        cast("i16", "i64", DataType::Int16),
        cast("i32", "i64", DataType::Int32),
        cast("u8", "i64", DataType::UInt8),
        cast("u16", "i64", DataType::UInt16),
        cast("u32", "i64", DataType::UInt32),
        cast("u64", "i64", DataType::UInt64),
        cast("f32", "f64", DataType::Float32),
        cast("money", "f64", DataType::Decimal(12, 2)),
        cast("units", "i64", DataType::Decimal(5, 0)),
        cast("category", "text", DataType::from_categories(Categories::global())),
        cast("level", "text", DataType::from_frozen_categories(levels)),
        days("day", DataType::Date),
        moment("ms", TimeUnit::Milliseconds, None),
        moment("us", TimeUnit::Microseconds, None),
        moment("zoned", TimeUnit::Microseconds, Some("Europe/Berlin")),
        cast("clock", "i64", DataType::Time),
        cast("length", "i64", DataType::Duration(TimeUnit::Milliseconds)),
    ];
    frame.unwrap().lazy().with_columns(more).collect().unwrap()
}

/// The inputs, beside the table, with which each component is tried; more than one line tries it twice.
fn trials() -> BTreeMap<&'static str, Vec<String>> {
    let numbers = "[i8, u8, u64, f32, money, units, i64]";
    let one = |inputs: &str| vec![inputs.to_owned()];
    let expressions = [
        "1 - u8",
        "i8 * 100",
        "i16 + u32",
        "-i32",
        "u64 // 2",
        "u64 % 3",
        "f32 / 2",
        "money + i8",
        "money * 2",
        "units - 1",
        "abs(i8)",
        "round(f32, 1)",
        "category = 'a'",
        "level || '!'",
        "CASE WHEN flag THEN i8 ELSE u32 END",
        "coalesce(money, units)",
        "greatest(i8, i64)",
        "day + 1",
        "us - day",
        "extract(year FROM ms)",
        "zoned + INTERVAL '1 day'",
        "length > INTERVAL '1 hour'",
        "clock < '12:00'",
        "i8 IN (1, 2)",
        "level IN ('a', 'b')",
        "CAST(u8 AS TEXT)",
        "CAST(money AS BIGINT)",
    ];
    let figures: Vec<String> = ["i8", "u8", "u64", "f32", "money", "units", "flag"]
        .iter()
        .flat_map(|column| {
            let figure = move |function: &str| format!("{{function: {function}, column: {column}}}");
            ["sum", "mean", "min", "max", "count", "distinct", "first", "median", "std", "quantile", "missing"]
                .map(figure)
        })
        .collect();
    let key = |name: &str| format!("right: TABLE, left_keys: [{name}], how: outer");
    BTreeMap::from([
        ("select_columns", one("columns: [level, u8]")),
        ("edit_metadata", vec![
            "edits: [{column: u8, kind: real}, {column: f32, kind: integer}, {column: money, kind: real}]".to_owned(),
            "edits: [{column: money, kind: text}, {column: i8, kind: boolean}, {column: level, kind: text}]".to_owned(),
            "edits: [{column: ms, kind: date}, {column: day, kind: date_time}, {column: i32, kind: text}]".to_owned(),
        ]),
        ("add_column", expressions.map(|text| format!("name: made, expression: \"{text}\"")).to_vec()),
        ("filter_rows", one("condition: \"u8 > 1 OR level = 'a'\"")),
        ("sort_rows", one("by: [{column: level}, {column: u8, descending: true}]")),
        ("remove_duplicates", one("columns: [level]")),
        ("join", ["i8", "u64", "f32", "money", "level", "category", "ms", "zoned", "day", "length"].map(key).to_vec()),
        ("append_rows", vec!["second: TABLE".to_owned(), "second: TABLE, third: TABLE, match: position".to_owned()]),
        ("append_columns", one("right: TABLE")),
        ("group_and_aggregate", vec![
            format!("keys: [level, i8], figures: [{}]", figures.join(", ")),
            format!("figures: [{}]", figures.join(", ")),
        ]),
        ("clean_missing_data", ["mean", "mode", "minimum", "drop_rows", "drop_columns"].map(|method| format!("method: {method}, columns: {numbers}")).to_vec()),
        ("clip_values", one(&format!("columns: {numbers}, lower: 1, upper: 2"))),
        ("normalise", one(&format!("columns: {numbers}"))),
        ("bin", vec![format!("columns: {numbers}, method: edges, edges: \"0, 2, 5\""), "columns: [u8], bins: 2, suffix: _bin".to_owned()]),
        ("one_hot_encode", one("columns: [level, category, u8, flag]")),
        ("filter_feature_selection", one("label: i64, columns: [u8, f32]")),
        ("sample", vec!["method: head, rows: 2".to_owned(), "method: rows, rows: 2, replacement: true".to_owned()]),
        ("split_data", vec!["fraction: 0.5".to_owned(), "method: expression, condition: \"u8 > 1\"".to_owned()]),
        ("summarise_data", one("")),
        ("sql_query", vec![
            "query: \"SELECT level, SUM(u8) AS s, COUNT(*) AS n, MAX(money) AS m, MIN(i8 - 1) AS d, AVG(f32) AS a FROM t1 GROUP BY level\"".to_owned(),
            "query: \"SELECT *, u8 + i8 AS k, length(text) AS l, extract(month FROM ms) AS o FROM t1\"".to_owned(),
        ]),
    ])
}

#[test]
fn every_component_makes_what_was_planned_of_every_type() {
    let mut trials = trials();
    for component in components::all() {
        let spec = component.spec();
        let of_tables = |ports: &[crate::component::Port]| ports.iter().any(|port| port.kind == PortKind::Table);
        // Components that train, judge, or run programs have their own tests.
        let other = [
            "train_model",
            "score_model",
            "evaluate_model",
            "cross_validate",
            "python_script",
            "apply_transform",
            "export_data",
        ];
        let plain = of_tables(spec.inputs) && spec.inputs.iter().all(|port| port.kind == PortKind::Table);
        if !plain || !of_tables(spec.outputs) || other.contains(&spec.id) {
            continue;
        }
        let tried = trials.remove(spec.id).unwrap_or_else(|| panic!("add trials for {}", spec.id));
        for inputs in tried {
            try_component(spec.id, spec.inputs[0].name, &inputs);
        }
    }
    assert!(trials.is_empty(), "no component for {:?}", trials.keys());
}

fn try_component(id: &str, port: &str, inputs: &str) {
    let table = "'${{parent.jobs.data.outputs.table}}'";
    let others = inputs.replace("TABLE", table);
    let comma = if others.is_empty() { "" } else { ", " };
    let text = format!(
        "jobs:\n  data: {{component: import_dataset, inputs: {{dataset: odd}}}}\n  step:\n    component: {id}\n    \
         inputs: {{{port}: {table}{comma}{others}}}\n"
    );
    let run = PipelineRun::of(&text, &[("odd", odd_types())]);
    assert!(run.outcome.is_success(), "{text}: {:?}", run.outcome.failed);
    for output in components::find(id).unwrap().spec().outputs {
        if output.kind != PortKind::Table {
            continue;
        }
        let made = run.table("step", output.name);
        let frame = made.frame().unwrap();
        assert!(is_stored(&frame), "{text}: {:?}", frame.schema());
        let Some(Shape::Table(planned)) = run.checked.shape("step", output.name) else {
            continue;
        };
        let actual = made.schema().unwrap();
        if planned.open {
            for column in &planned.schema.columns {
                assert!(actual.get(&column.name).is_none_or(|found| found == column), "{text}: {}", column.name);
            }
        } else {
            assert_eq!(actual, planned.schema, "{text}");
        }
    }
}

#[test]
fn a_dataset_of_narrow_types_is_widened_where_it_comes_in() {
    let run = PipelineRun::of(
        "jobs:\n  data: {component: import_dataset, inputs: {dataset: odd}}\n",
        &[("odd", odd_types())],
    );
    let table = run.table("data", "table");
    assert!(is_stored(&table.frame().unwrap()));
    assert_eq!(Schema::of(&table.frame().unwrap()).names().count(), odd_types().width());
    assert_eq!(run.texts("data", "u8"), ["1", "2", "null", "4"]);
}

#[test]
fn lists_of_values_work_in_rows_columns_conditions_and_cases() {
    let run = PipelineRun::of(
        "jobs:
  a: {component: enter_data, inputs: {data: \"city,day,n\\nBonn,2024-01-31,1\\nOslo,2024-02-01,2\\nRome,2024-02-02,\\n\"}}
  rows: {component: filter_rows, inputs: {table: '${{parent.jobs.a.outputs.table}}', condition: \"city IN ('Bonn', 'Oslo')\"}}
  days: {component: filter_rows, inputs: {table: '${{parent.jobs.a.outputs.table}}', condition: \"day NOT IN ('2024-01-31')\"}}
  gap: {component: filter_rows, inputs: {table: '${{parent.jobs.a.outputs.table}}', condition: 'n NOT IN (2, NULL)'}}
  column:
    component: add_column
    inputs:
      table: ${{parent.jobs.a.outputs.table}}
      name: near
      expression: CASE WHEN city IN ('Bonn', 'Rome') THEN n IN (1) ELSE false END
  query: {component: sql_query, inputs: {t1: '${{parent.jobs.a.outputs.table}}', query: \"SELECT city FROM t1 WHERE day IN ('2024-02-01', '2024-02-02') ORDER BY city\"}}
",
        &[],
    );
    assert_eq!(run.texts("rows", "city"), ["Bonn", "Oslo"]);
    assert_eq!(run.texts("days", "city"), ["Oslo", "Rome"]);
    assert_eq!(run.table("gap", "table").frame().unwrap().height(), 0);
    assert_eq!(run.texts("column", "near"), ["true", "false", "null"]);
    assert_eq!(run.texts("query", "city"), ["Oslo", "Rome"]);
}

#[test]
fn encoded_categories_and_narrow_integers_do_not_wrap() {
    let narrow = df!("g" => ["a", "a", "b"], "x" => [i32::MAX, i32::MAX, 1]).unwrap();
    let run = PipelineRun::of(
        "jobs:
  i: {component: enter_data, inputs: {data: \"g\\na\\nb\\n\"}}
  h: {component: one_hot_encode, inputs: {table: '${{parent.jobs.i.outputs.table}}'}}
  c: {component: add_column, inputs: {table: '${{parent.jobs.h.outputs.table}}', name: diff, expression: g_a - g_b}}
  c2: {component: add_column, inputs: {table: '${{parent.jobs.c.outputs.table}}', name: neg, expression: -g_a}}
  d: {component: import_dataset, inputs: {dataset: int32}}
  sum: {component: group_and_aggregate, inputs: {table: '${{parent.jobs.d.outputs.table}}', keys: [g], figures: [{function: sum, column: x}]}}
  twice: {component: add_column, inputs: {table: '${{parent.jobs.d.outputs.table}}', name: y, expression: x + x}}
  query: {component: sql_query, inputs: {t1: '${{parent.jobs.d.outputs.table}}', query: 'SELECT SUM(x) AS s, SUM(x * 2) AS t FROM t1'}}
",
        &[("int32", narrow)],
    );
    assert_eq!(
        (run.texts("c2", "diff"), run.texts("c2", "neg")),
        (vec!["1".into(), "-1".into()], vec!["-1".into(), "0".into()])
    );
    assert_eq!(run.texts("sum", "x_sum"), ["4294967294", "1"]);
    assert_eq!(run.texts("twice", "y"), ["4294967294", "4294967294", "2"]);
    assert_eq!(
        (run.texts("query", "s"), run.texts("query", "t")),
        (vec!["4294967295".into()], vec!["8589934590".into()])
    );
}

#[test]
fn long_ids_beside_a_gap_match_exactly() {
    let run = PipelineRun::of(
        "jobs:
  l: {component: enter_data, inputs: {data: \"id,v\\n1582218195625938945,a\\n1582218195625938946,b\\n1582218195625938947,c\\n\"}}
  r: {component: enter_data, inputs: {data: \"id,w\\n1582218195625938946,B\\nnan,N\\n\"}}
  j: {component: join, inputs: {left: '${{parent.jobs.l.outputs.table}}', right: '${{parent.jobs.r.outputs.table}}', left_keys: [id]}}
",
        &[],
    );
    assert_eq!((run.texts("j", "v"), run.texts("j", "w")), (vec!["b".to_owned()], vec!["B".to_owned()]));
}

#[test]
fn what_a_conversion_loses_stands_in_the_log() {
    let run = PipelineRun::of(
        "jobs:
  i: {component: enter_data, inputs: {data: \"x\\n1.7\\n-0.5\\n1e300\\n\"}}
  k: {component: edit_metadata, inputs: {table: '${{parent.jobs.i.outputs.table}}', edits: [{column: x, kind: integer}]}}
",
        &[],
    );
    assert_eq!(run.texts("k", "x"), ["1", "0", "null"]);
    let log = run.recorder.log("k");
    assert!(log.contains("1 value of “x” could not become a whole number and became missing."), "{log}");
    assert!(log.contains("2 values of “x” had a fraction, which was cut off: 1.7 became 1."), "{log}");
}

#[test]
fn decimals_go_through_every_step() {
    let prices = df!("amount" => ["19.99", "0.01", "5.00"], "y" => [1_i64, 2, 3]).unwrap().lazy();
    let prices = prices.with_column(col("amount").cast(DataType::Decimal(10, 2))).collect().unwrap();
    let run = PipelineRun::of(
        "jobs:
  i: {component: import_dataset, inputs: {dataset: prices}}
  real: {component: edit_metadata, inputs: {table: '${{parent.jobs.i.outputs.table}}', edits: [{column: amount, kind: real}]}}
  total: {component: group_and_aggregate, inputs: {table: '${{parent.jobs.i.outputs.table}}', figures: [{function: sum, column: amount}]}}
  more: {component: add_column, inputs: {table: '${{parent.jobs.i.outputs.table}}', name: gross, expression: amount * 1.19}}
  some: {component: filter_rows, inputs: {table: '${{parent.jobs.i.outputs.table}}', condition: amount > 0.01}}
  query: {component: sql_query, inputs: {t1: '${{parent.jobs.i.outputs.table}}', query: 'SELECT SUM(amount) AS s, MAX(amount * 2) AS d FROM t1 WHERE amount IN (19.99, 5)'}}
  m: {component: linear_regression}
  t: {component: train_model, inputs: {estimator: '${{parent.jobs.m.outputs.estimator}}', table: '${{parent.jobs.i.outputs.table}}', label: y}}
",
        &[("prices", prices)],
    );
    assert_eq!(run.texts("real", "amount"), ["19.99", "0.01", "5.0"]);
    assert_eq!(run.texts("total", "amount_sum"), ["25.00"]);
    assert_eq!(run.texts("more", "gross"), ["23.7881", "0.0119", "5.9500"]);
    assert_eq!(run.texts("some", "amount"), ["19.99", "5.00"]);
    assert_eq!(
        (run.texts("query", "s"), run.texts("query", "d")),
        (vec!["24.99".to_owned()], vec!["39.98".to_owned()])
    );
}

#[test]
fn a_missing_text_has_no_place_and_whole_parts_go_towards_zero() {
    let run = PipelineRun::of(
        "jobs:
  i: {component: enter_data, inputs: {data: \"t,n\\nabc,1\\n,2\\n\"}}
  c: {component: add_column, inputs: {table: '${{parent.jobs.i.outputs.table}}', name: p, expression: \"strpos(t, 'z')\"}}
  c2: {component: add_column, inputs: {table: '${{parent.jobs.c.outputs.table}}', name: q, expression: 'div(-7, 2)'}}
  query: {component: sql_query, inputs: {t1: '${{parent.jobs.i.outputs.table}}', query: \"SELECT strpos(t, 'z') AS p, n - n - 7 // 2 AS q FROM t1\"}}
",
        &[],
    );
    assert_eq!(
        (run.texts("c2", "p"), run.texts("c2", "q")),
        (vec!["0".into(), "null".into()], vec!["-3".into(), "-3".into()])
    );
    assert_eq!(
        (run.texts("query", "p"), run.texts("query", "q")),
        (vec!["0".into(), "null".into()], vec!["-3".into(), "-3".into()])
    );
    assert_eq!(names(&run.table("c2", "table").frame().unwrap()), ["t", "n", "p", "q"]);
}

#[test]
fn what_goes_wrong_while_rows_are_read_is_said_once() {
    let large = df!("x" => [i64::MAX]).unwrap();
    let run = PipelineRun::of(
        "jobs:
  i: {component: import_dataset, inputs: {dataset: large}}
  c: {component: add_column, inputs: {table: '${{parent.jobs.i.outputs.table}}', name: y, expression: x + 1}}
",
        &[("large", large)],
    );
    let fates = run.recorder.fates();
    let sentence = fates["c"].strip_prefix("failed: ").unwrap();
    assert!(sentence.starts_with("9223372036854775807 + 1 does not fit into a whole number of 64 bits"), "{sentence}");
    assert_eq!(sentence.matches("carry this out").count(), 0, "{sentence}");
}
