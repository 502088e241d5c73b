//! Tables through real Python, many in one process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use data::normalize::to_stored_types;
use data::polars::prelude::{
    AnyValue, Categories, Column, DataFrame, DataType, Field, FrozenCategories, PlSmallStr, Series, TimeUnit, TimeZone,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};

use super::exchange::Sent;
use super::python_script::{MODULES, RUNNER};
use super::tests::{python, runs};
use crate::value::{Inputs, Table, TableContent, Value};

const IDENTITY: &str = "def run(t):\n    return t\n";
/// Carries out all tasks of a file in one process, and writes what became of each.
const BATCH: &str = "import json, sys
import runner
with open(sys.argv[1], encoding='utf-8') as file:
    tasks = json.load(file)
with open(sys.argv[2], 'w', encoding='utf-8') as file:
    file.write(runner.as_json([runner.result_of(task) for task in tasks]))
";

/// Scripts that run one after the other in the same process, with a table each.
struct Batch {
    folder: tempfile::TempDir,
    python: PathBuf,
    tasks: Vec<Json>,
    sent: Vec<Sent>,
}

impl Batch {
    /// `None` where no Python is installed that has all of the libraries.
    fn new() -> Option<Self> {
        let found = python()?;
        if !runs(&found, "import pandas, polars, pyarrow") {
            eprintln!(
                "skipped: pandas, polars and pyarrow are not all installed; name a Python in ATELIER_TEST_PYTHON"
            );
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in MODULES.into_iter().chain([("runner.py", RUNNER), ("batch.py", BATCH)]) {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Some(Self { folder, python: found, tasks: Vec::new(), sent: Vec::new() })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn made(&self, task: usize) -> PathBuf {
        self.path(&format!("{task}_out.parquet"))
    }

    fn add(&mut self, library: &str, script: &str, table: Option<&DataFrame>) {
        let place = self.tasks.len();
        let mut inputs = Inputs::new();
        if let Some(table) = table {
            let table = Table::raw(TableContent::Frame(table.clone()));
            inputs.insert("table1".to_owned(), Value::Table(table));
        }
        let (inputs, sent) = Sent::of(&inputs, |name| self.path(&format!("{place}_{name}"))).unwrap();
        let outputs = BTreeMap::from([("table", self.made(place))]);
        self.tasks.push(json!({
            "name": "<script>", "source": script, "folder": self.folder.path(), "library": library,
            "inputs": inputs, "outputs": outputs,
        }));
        self.sent.push(sent);
    }

    fn run(&self) -> Vec<Json> {
        std::fs::write(self.path("tasks.json"), Json::from(self.tasks.clone()).to_string()).unwrap();
        let mut command = Command::new(&self.python);
        command.args(["batch.py", "tasks.json", "results.json"]).current_dir(self.folder.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&std::fs::read(self.path("results.json")).unwrap()).unwrap()
    }

    /// The table that a task made, and what is said of its columns.
    fn returned(&self, task: usize) -> (DataFrame, Vec<String>) {
        let (table, said) = self.sent[task].returned(&self.made(task), self.path(&format!("{task}_kept"))).unwrap();
        (table.frame().unwrap(), said)
    }
}

fn enumeration() -> DataType {
    let values = FrozenCategories::new(["z", "ü;", "a", "unused"]).unwrap();
    DataType::from_frozen_categories(values)
}

/// Types as files and steps may have them, stored or not.
fn flat_types() -> impl Strategy<Value = DataType> {
    let zone = |name: &str| TimeZone::opt_try_new(Some(name)).unwrap();
    prop::sample::select(vec![
        DataType::Boolean,
        DataType::Int8,
        DataType::Int16,
        DataType::Int32,
        DataType::Int64,
        DataType::UInt8,
        DataType::UInt16,
        DataType::UInt32,
        DataType::UInt64,
        DataType::Float32,
        DataType::Float64,
        DataType::Decimal(38, 0),
        DataType::Decimal(38, 2),
        DataType::Decimal(38, 20),
        DataType::Decimal(9, 3),
        DataType::String,
        DataType::from_categories(Categories::global()),
        enumeration(),
        DataType::Binary,
        DataType::Date,
        DataType::Time,
        DataType::Datetime(TimeUnit::Microseconds, None),
        DataType::Datetime(TimeUnit::Nanoseconds, None),
        DataType::Datetime(TimeUnit::Milliseconds, None),
        DataType::Datetime(TimeUnit::Microseconds, zone("Europe/Berlin")),
        DataType::Datetime(TimeUnit::Nanoseconds, zone("UTC")),
        DataType::Datetime(TimeUnit::Microseconds, zone("America/St_Johns")),
        DataType::Duration(TimeUnit::Microseconds),
        DataType::Duration(TimeUnit::Nanoseconds),
        DataType::Null,
    ])
}

fn types() -> impl Strategy<Value = DataType> {
    // Categories inside of lists, and lists of nothing, no step makes.
    let plain = |dtype: &DataType| {
        !matches!(dtype, DataType::Null | DataType::Categorical(..) | DataType::Enum(..) | DataType::Decimal(9, _))
    };
    let inner = flat_types().prop_filter("plain", plain);
    let nested = inner.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| DataType::List(Box::new(inner))),
            inner.clone().prop_map(|inner| DataType::Array(Box::new(inner), 2)),
            (inner.clone(), inner).prop_map(|(a, b)| {
                DataType::Struct(vec![Field::new("first".into(), a), Field::new("a.b".into(), b)])
            }),
        ]
    });
    prop_oneof![3 => flat_types(), 1 => nested]
}

fn value(dtype: &DataType) -> BoxedStrategy<AnyValue<'static>> {
    let present = match dtype {
        DataType::Boolean => any::<bool>().prop_map(AnyValue::Boolean).boxed(),
        DataType::Int8 => any::<i8>().prop_map(AnyValue::Int8).boxed(),
        DataType::Int16 => any::<i16>().prop_map(AnyValue::Int16).boxed(),
        DataType::Int32 => any::<i32>().prop_map(AnyValue::Int32).boxed(),
        DataType::Int64 => long().prop_map(AnyValue::Int64).boxed(),
        DataType::UInt8 => any::<u8>().prop_map(AnyValue::UInt8).boxed(),
        DataType::UInt16 => any::<u16>().prop_map(AnyValue::UInt16).boxed(),
        DataType::UInt32 => any::<u32>().prop_map(AnyValue::UInt32).boxed(),
        DataType::UInt64 => any::<u64>().prop_map(AnyValue::UInt64).boxed(),
        DataType::Float32 => prop::num::f32::ANY.prop_map(AnyValue::Float32).boxed(),
        DataType::Float64 => {
            let odd = prop::sample::select(vec![f64::NAN, f64::INFINITY, -0.0, 9_007_199_254_740_993.0]);
            prop_oneof![prop::num::f64::ANY, odd].prop_map(AnyValue::Float64).boxed()
        }
        DataType::Decimal(precision, scale) => {
            let (precision, scale, limit) = (*precision, *scale, 10i128.pow(*precision as u32));
            let units = prop_oneof![-limit + 1..limit, -1_000i128..1_000];
            units.prop_map(move |units| AnyValue::Decimal(units, precision, scale)).boxed()
        }
        DataType::Binary => vec(any::<u8>(), 0..4).prop_map(AnyValue::BinaryOwned).boxed(),
        DataType::Date => any::<i32>().prop_map(AnyValue::Date).boxed(),
        DataType::Time => (0..86_400_000_000_000i64).prop_map(AnyValue::Time).boxed(),
        DataType::Datetime(unit, zone) => {
            let (unit, zone) = (*unit, zone.clone().map(Arc::new));
            moments(unit).prop_map(move |count| AnyValue::DatetimeOwned(count, unit, zone.clone())).boxed()
        }
        DataType::Duration(unit) => {
            let unit = *unit;
            moments(unit).prop_map(move |count| AnyValue::Duration(count, unit)).boxed()
        }
        DataType::String => text().prop_map(|text| AnyValue::StringOwned(text.into())).boxed(),
        DataType::Categorical(..) => "[xyü ]{0,2}".prop_map(|text| AnyValue::StringOwned(text.into())).boxed(),
        DataType::Enum(..) => prop::sample::select(vec!["z", "ü;", "a"]).prop_map(AnyValue::String).boxed(),
        DataType::List(inner) => vec(value(inner), 0..3).prop_map(list(inner)).prop_map(AnyValue::List).boxed(),
        DataType::Array(inner, width) => {
            let width = *width;
            let inner = vec(value(inner), width).prop_map(list(inner));
            inner.prop_map(move |values| AnyValue::Array(values, width)).boxed()
        }
        DataType::Struct(fields) => {
            let values: Vec<_> = fields.iter().map(|field| value(&field.dtype)).collect();
            let fields = fields.clone();
            values.prop_map(move |values| AnyValue::StructOwned(Box::new((values, fields.clone())))).boxed()
        }
        _ => Just(AnyValue::Null).boxed(),
    };
    prop_oneof![3 => present, 1 => Just(AnyValue::Null)].boxed()
}

fn list(inner: &DataType) -> impl Fn(Vec<AnyValue<'static>>) -> Series + 'static {
    let inner = inner.clone();
    move |values| Series::from_any_values_and_dtype("".into(), &values, &inner, true).unwrap()
}

/// Ids that a real number cannot hold, among others.
fn long() -> impl Strategy<Value = i64> {
    prop_oneof![any::<i64>(), -3..3i64, Just(i64::MIN), Just(i64::MAX), Just((1 << 53) + 1)]
}

/// Counts from 1970 on, far outside of the years that Python itself knows.
fn moments(unit: TimeUnit) -> BoxedStrategy<i64> {
    match unit {
        // Stored in microseconds.
        TimeUnit::Milliseconds => (-9_000_000_000_000_000..9_000_000_000_000_000i64).boxed(),
        _ => long().boxed(),
    }
}

fn text() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec!["", "NA", "nan", "None", "1", "\0", "\r\n", "🙂"]);
    prop_oneof!["\\PC{0,6}", odd.prop_map(str::to_owned)]
}

/// Tables of no to seven columns and no to six rows, with odd names.
fn tables() -> impl Strategy<Value = DataFrame> {
    let names = prop::sample::subsequence(
        vec![
            "",
            " ",
            "a",
            "A",
            "a.b",
            "index",
            "level_0",
            "__index_level_0__",
            "0",
            "None",
            "new\nline",
            "ünï 🙂",
            "“q”",
        ],
        0..8,
    );
    (names, 0..6usize).prop_flat_map(|(names, rows)| {
        let column = move |name: &str| {
            let name = PlSmallStr::from_str(name);
            let values = types().prop_flat_map(move |dtype| (Just(dtype.clone()), vec(value(&dtype), rows)));
            values.prop_map(move |(dtype, values)| {
                Column::from(Series::from_any_values_and_dtype(name.clone(), &values, &dtype, true).unwrap())
            })
        };
        let columns: Vec<_> = names.into_iter().map(column).collect();
        columns.prop_map(move |columns| DataFrame::new(if columns.is_empty() { 0 } else { rows }, columns).unwrap())
    })
}

#[test]
fn tables_come_back_as_they_went() {
    const TABLES: usize = 150;
    let Some(mut batch) = Batch::new() else { return };
    let mut runner = TestRunner::deterministic();
    let tables: Vec<DataFrame> = (0..TABLES).map(|_| tables().new_tree(&mut runner).unwrap().current()).collect();
    let libraries = ["pandas", "polars", "pyarrow"];
    for table in &tables {
        libraries.iter().for_each(|library| batch.add(library, IDENTITY, Some(table)));
    }

    for (place, result) in batch.run().iter().enumerate() {
        let (table, library) = (&tables[place / libraries.len()], libraries[place % libraries.len()]);
        assert_eq!(result["error"], Json::Null, "{library}: {table:?} {:?}", table.schema());
        let expected = to_stored_types(table).unwrap().frame;
        let (came, said) = batch.returned(place);
        let names = |table: &DataFrame| table.get_column_names_owned();
        assert_eq!(names(&came), names(&expected), "{library}");
        for (before, after) in expected.columns().iter().zip(came.columns()) {
            let went = table.column(before.name()).unwrap();
            assert_eq!(after.dtype(), before.dtype(), "{library}, from {:?}", went.dtype());
            assert!(after.equals_missing(before), "{library}: {:?} {went:?} came back as {after:?}", went.dtype());
        }
        let wide = |sentence: &String| {
            let mut columns = table.columns().iter().filter(|column| *column.dtype() == DataType::UInt64);
            columns.any(|column| sentence.contains(column.name().as_str()))
        };
        let changed: Vec<&String> = said.iter().filter(|said| said.contains("went in as") && !wide(said)).collect();
        assert!(changed.is_empty(), "{library}: {changed:?}");
    }
}

/// What pandas is given, by the values that are in a column.
#[test]
fn pandas_gets_its_own_types_where_they_lose_nothing() {
    let Some(mut batch) = Batch::new() else { return };
    let table = data::polars::df!(
        "whole" => [1i64, 2], "gap" => [Some(1i64), None], "yes" => [true, false], "maybe" => [Some(true), None],
        "real" => [Some(1.5), None], "nan" => [Some(f64::NAN), None], "text" => [Some("a"), None]
    );
    batch.add("pandas", "def run(t):\n    raise KeyError(' '.join(map(str, t.dtypes)))\n", Some(&table.unwrap()));
    let error = batch.run()[0]["error"].as_str().unwrap().to_owned();
    let expected = "KeyError: 'int64 Int64 bool boolean float64 double[pyarrow] ";
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn what_no_table_holds_is_refused_with_its_column() {
    let Some(mut batch) = Batch::new() else { return };
    let cases = [
        ("pd.DataFrame({'m': pd.period_range('2024-01', periods=2, freq='M')})", "“m” holds periods"),
        ("pd.DataFrame({'m': pd.interval_range(0, 2)})", "“m” holds intervals"),
        ("pd.DataFrame({'m': [1j]})", "“m” holds complex numbers"),
        ("pd.DataFrame([[1, 2]], columns=['a', 'a'])", "Two columns are called “a”"),
        ("pd.DataFrame([[1, 2]], columns=['1', 1])", "Two columns are called “1”"),
        ("pa.table([[1], [2]], names=['a', 'a'])", "Two columns are called “a”"),
        (
            "pd.DataFrame({'a': [1], 'b': [2]}).groupby('a').agg(['sum', 'max'])",
            "names of 2 levels, such as ('b', 'sum')",
        ),
        ("pd.DataFrame({'x': [1, 'a']})", "“x” mixes whole numbers and texts (row 2 holds 'a')"),
        ("{'x': [1, 'a']}", "“x” mixes whole numbers and texts (row 2 holds 'a')"),
        ("pd.DataFrame({'x': [1, True]})", "“x” mixes whole numbers and booleans"),
        ("pd.DataFrame({'x': [D('1.5'), 0.25]})", "“x” mixes decimals and real numbers"),
        ("pd.DataFrame({'x': pd.Series([2**53 + 1, 0.5], dtype=object)})", "the whole number 9007199254740993 (row 1)"),
        (
            "pd.DataFrame({'x': pd.Series([dt.date(2024, 1, 1), dt.datetime(2024, 1, 1, 5)], dtype=object)})",
            "mixes dates and dates with times",
        ),
        (
            "pd.DataFrame({'x': [[dt.date(2024, 1, 1), dt.datetime(2024, 1, 1, 5)]]})",
            "mixes dates and dates with times in its lists",
        ),
        (
            "pd.DataFrame({'x': pd.Series([dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc)], dtype=object)})",
            "with a time zone and times without one",
        ),
        ("pd.DataFrame({'x': [10**40]})", "whole numbers of more than 38 digits"),
        (
            "pa.table({'x': pa.array([D(10)**45], pa.decimal256(50, 2))})",
            "“x” holds values of the type decimal256(50, 2)",
        ),
        ("pd.DataFrame({'x': [object()]})", "“x” holds values of the type object"),
        ("pd.DataFrame({'x': ['a', chr(0xd800)]}, dtype=object)", "Row 2 of column “x” holds half of a character"),
        ("pl.DataFrame({'x': pl.Series([object()], dtype=pl.Object)})", "“x” holds Python objects"),
        ("pl.DataFrame({'x': [{}]})", "“x” holds values of the type Struct({})"),
        ("pl.LazyFrame({'x': [{}]})", "“x” holds values of the type Struct({})"),
        (
            "pa.table({'x': pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], ['a', 'a'])})",
            "two fields of one name",
        ),
        ("pd.Series([1])", "run() returned a Series"),
    ];
    for (made, _) in cases {
        batch.add("auto", &script(made), None);
    }
    for ((made, expected), result) in cases.iter().zip(batch.run()) {
        let error = result["error"].as_str().unwrap_or_default();
        assert!(error.contains(expected) && result["raised"].is_null(), "{made}: {result}");
    }
}

fn script(made: &str) -> String {
    format!(
        "import datetime as dt, decimal\nimport numpy as np, pandas as pd, polars as pl, pyarrow as pa\n\
         D = decimal.Decimal\n\ndef run():\n    return {made}\n"
    )
}

#[test]
fn odd_tables_become_stored_ones() {
    let Some(mut batch) = Batch::new() else { return };
    let zoned = |zone: &str| DataType::Datetime(TimeUnit::Microseconds, TimeZone::opt_try_new(Some(zone)).unwrap());
    let category = || DataType::from_categories(Categories::global());
    let cases: Vec<(&str, &str, DataType, &str, &str)> = vec![
        ("pd.DataFrame({'x': np.array([.5], np.float16)})", "x", DataType::Float64, "0.5", ""),
        ("pl.DataFrame({'x': pl.Series([.5], dtype=pl.Float16)})", "x", DataType::Float64, "0.5", ""),
        ("pd.DataFrame({'x': np.array([-128], np.int8)})", "x", DataType::Int64, "-128", ""),
        ("pd.DataFrame({'x': [2**63]})", "x", DataType::Decimal(38, 0), "9223372036854775808", ""),
        ("pd.DataFrame({'x': [2**70, None]})", "x", DataType::Decimal(38, 0), "1180591620717411303424", ""),
        (
            "pl.DataFrame({'x': pl.Series([2**100], dtype=pl.Int128)})",
            "x",
            DataType::Decimal(38, 0),
            "1267650600228229401496703205376",
            "",
        ),
        ("{'x': [2**53 + 1, None]}", "x", DataType::Int64, "9007199254740993", ""),
        ("[{'x': 2**53 + 1}, {'y': 'a'}]", "x", DataType::Int64, "9007199254740993", ""),
        (
            "pd.DataFrame({'x': pd.to_datetime(['2024-07-01 10:00']).tz_localize('Europe/Berlin')})",
            "x",
            zoned("Europe/Berlin"),
            "2024-07-01 10:00:00 CEST",
            "",
        ),
        (
            "pd.DataFrame({'x': pd.to_datetime(['2024-07-01 10:00+02:00'])})",
            "x",
            zoned("Etc/GMT-2"),
            "2024-07-01 10:00:00 +02",
            "",
        ),
        (
            "pd.DataFrame({'x': pd.to_datetime(['2024-07-01 10:00+05:30'])})",
            "x",
            zoned("UTC"),
            "2024-07-01 04:30:00 UTC",
            "at +05:30 from UTC",
        ),
        (
            "pd.DataFrame({'x': pd.cut(pd.Series([1.0, 3.0]), [0, 2, 4])})",
            "x",
            category(),
            "(0, 2]",
            "are stored as texts",
        ),
        ("pd.DataFrame({'x': pd.Categorical([3, 1, None])})", "x", DataType::Int64, "3", ""),
        ("pd.DataFrame({'x': pd.arrays.SparseArray([7, 0])})", "x", DataType::Int64, "7", ""),
        ("pa.table({'x': pa.array([D('1.5')], pa.decimal256(50, 2))})", "x", DataType::Decimal(38, 2), "1.50", ""),
        (
            "pd.DataFrame({'g': ['a', 'a'], 'x': [1, 2]}).groupby('g').sum()",
            "g",
            DataType::String,
            "a",
            "The index “g” became a column.",
        ),
        ("pd.DataFrame({'x': [1, 2]}).describe()", "x", DataType::Float64, "2.0", "(count, mean, …) have no name"),
        ("pd.DataFrame({'x': [None, float('nan'), pd.NA, 'a']}, dtype=object)", "x", DataType::String, "null", ""),
        ("pl.LazyFrame({'x': [1]})", "x", DataType::Int64, "1", ""),
    ];
    for (made, ..) in &cases {
        batch.add("auto", &script(made), None);
    }
    for (place, ((made, column, dtype, first, note), result)) in cases.iter().zip(batch.run()).enumerate() {
        assert_eq!(result["error"], Json::Null, "{made}");
        assert!(result["notes"].to_string().contains(note), "{made}: {result}");
        assert!(!note.is_empty() || result["notes"] == json!([]), "{made}: {result}");
        let (table, _) = batch.returned(place);
        let column = table.column(column).unwrap();
        let value = column.get(0).unwrap();
        let shown = value.get_str().map_or_else(|| value.to_string(), str::to_owned);
        assert_eq!((column.dtype(), shown.as_str()), (dtype, *first), "{made}");
    }
}

#[test]
fn a_column_that_came_back_otherwise_is_named() {
    let Some(mut batch) = Batch::new() else { return };
    let table = data::polars::df!(
        "amount" => [Some(1i64), None], "day" => [1i64, 2], "tags" => [1i64, 2], "same" => [1i64, 2]
    )
    .unwrap();
    let changing = "import pandas as pd\ndef run(t):\n    t['amount'] = t['amount'].astype(float)\n    \
                    t['day'] = pd.to_datetime(t['day'], unit='s', utc=True).dt.as_unit('us')\n    t['same'] = t['same'] + 1\n    \
                    t['tags'] = [['a'], ['b']]\n    t['new'] = 'x'\n    return t\n";
    batch.add("pandas", changing, Some(&table));
    assert_eq!(batch.run()[0]["error"], Json::Null);
    let (_, said) = batch.returned(0);
    assert_eq!(
        said,
        [
            "Column “amount” went in as a whole number and came back as a real number.",
            "Column “day” went in as a whole number and came back as a date and time.",
            "Column “tags” went in as a whole number and came back as a nested or binary value.",
        ]
    );
}

/// A path that says `a=1` adds no column, and one that holds a star names one file.
#[test]
fn only_the_columns_of_a_file_are_read() {
    let Some(mut batch) = Batch::new() else { return };
    let table = data::polars::df!("x" => [1i64]).unwrap();
    let folder = batch.path("a=1");
    std::fs::create_dir(&folder).unwrap();
    for library in ["pandas", "polars", "pyarrow"] {
        batch.add(library, IDENTITY, Some(&table));
        let place = batch.tasks.len() - 1;
        let from = batch.tasks[place]["inputs"]["table1"].as_str().map(Path::new).unwrap().to_owned();
        let to = folder.join(format!("{place}*.parquet"));
        std::fs::rename(from, &to).unwrap();
        batch.tasks[place]["inputs"]["table1"] = json!(to);
    }
    for (place, result) in batch.run().iter().enumerate() {
        assert_eq!(result["error"], Json::Null);
        assert!(batch.returned(place).0.equals(&table));
    }
}
