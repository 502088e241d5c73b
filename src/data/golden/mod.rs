//! Values made by the reference implementations (`make.py`), and the tables they
//! were made from, for tests.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use polars::prelude::DataFrame;
use serde_json::Value;

/// Everything in `golden.json`.
pub(crate) fn golden() -> &'static Value {
    static GOLDEN: OnceLock<Value> = OnceLock::new();
    GOLDEN.get_or_init(|| serde_json::from_str(include_str!("golden.json")).unwrap())
}

/// A list of numbers.
pub(crate) fn values(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

/// One of the sample tables.
pub(crate) fn sample_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/samples").join(name)
}

/// One of the sample tables, read.
pub(crate) fn sample_table(name: &str) -> DataFrame {
    let path = sample_path(name);
    let options = crate::read::sniff(&path).unwrap().options;
    crate::read::preview(&path, &options, usize::MAX).unwrap().rows
}

/// Fails unless both agree within a relative (near zero: absolute) tolerance.
#[track_caller]
pub(crate) fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    let allowed = tolerance * expected.abs().max(1e-12) + f64::MIN_POSITIVE;
    assert!((found - expected).abs() <= allowed, "{what}: {found} instead of {expected}");
}

/// A table's column names.
pub(crate) fn column_names(frame: &DataFrame) -> Vec<&str> {
    frame.columns().iter().map(|column| column.name().as_str()).collect()
}

/// Expressions with their values by DuckDB (`expressions.py`).
pub mod expressions {
    use polars::prelude::{DataFrame, DataType, NamedFrom, Series, TimeUnit};
    use serde_json::Value;

    /// A case of `expressions.json`.
    pub struct ExpressionCase {
        /// The operator that it shows, if it shows one.
        pub form: Option<String>,
        /// The text of the expression.
        pub expression: String,
        /// What it gives in each row; one value if it looks at all of them.
        pub values: Vec<Option<String>>,
    }

    fn file() -> Value {
        serde_json::from_str(include_str!("expressions.json")).unwrap()
    }

    fn texts(values: &Value) -> Vec<Option<String>> {
        values.as_array().unwrap().iter().map(|value| value.as_str().map(str::to_owned)).collect()
    }

    /// Every case.
    pub fn cases() -> Vec<ExpressionCase> {
        let file = file();
        let case = |case: &Value| ExpressionCase {
            form: case["form"].as_str().map(str::to_owned),
            expression: case["expression"].as_str().unwrap().to_owned(),
            values: texts(&case["values"]),
        };
        file["cases"].as_array().unwrap().iter().map(case).collect()
    }

    /// The table that the cases are computed over.
    pub fn table() -> DataFrame {
        let file = file();
        let columns = file["table"].as_object().unwrap().iter().map(|(name, column)| {
            let texts = Series::new(name.as_str().into(), texts(&column["values"]));
            let text = || texts.str().unwrap();
            let typed = match column["type"].as_str().unwrap() {
                "DOUBLE" => texts.cast(&DataType::Float64).unwrap(),
                "BIGINT" => texts.cast(&DataType::Int64).unwrap(),
                "DECIMAL(38,2)" => texts.cast(&DataType::Decimal(38, 2)).unwrap(),
                "DECIMAL(38,3)" => texts.cast(&DataType::Decimal(38, 3)).unwrap(),
                "BOOLEAN" => {
                    let flags = text().iter().map(|text| text.map(|text| text == "true"));
                    Series::new(name.as_str().into(), flags.collect::<Vec<_>>())
                }
                "DATE" => {
                    let days = text().iter().map(|text| text.and_then(|text| crate::temporal::parse_date(text, None)));
                    Series::new(name.as_str().into(), days.collect::<Vec<_>>()).cast(&DataType::Date).unwrap()
                }
                "TIMESTAMP" => {
                    let micros = text().iter();
                    let micros = micros.map(|text| text.and_then(crate::checked::convert::parse_moment));
                    let micros = Series::new(name.as_str().into(), micros.collect::<Vec<_>>());
                    micros.cast(&DataType::Datetime(TimeUnit::Microseconds, None)).unwrap()
                }
                "TIME" => {
                    let nanos = text().iter().map(|text| text.and_then(crate::temporal::parse_time));
                    Series::new(name.as_str().into(), nanos.collect::<Vec<_>>()).cast(&DataType::Time).unwrap()
                }
                _ => texts.clone(),
            };
            typed.into()
        });
        let columns: Vec<_> = columns.collect();
        DataFrame::new(6, columns).unwrap()
    }

    /// Whether a value is the expected one: numbers by value, reals to twelve digits, everything
    /// else by its text.
    pub fn agrees(found: Option<&str>, expected: Option<&str>) -> bool {
        let (Some(found), Some(expected)) = (found, expected) else {
            return found.is_none() && expected.is_none();
        };
        if found == expected {
            return true;
        }
        let (Ok(left), Ok(right)) = (found.parse::<f64>(), expected.parse::<f64>()) else {
            return false;
        };
        let both_whole = !found.contains(['.', 'e']) && !expected.contains(['.', 'e']);
        (left.is_nan() && right.is_nan())
            || left == right && !both_whole
            || !both_whole && (left - right).abs() <= 1e-12 * right.abs().max(1e-3)
    }

    /// Holds the cases of the file that `ATELIER_EXPRESSIONS` names against what `computed` gives.
    pub fn hold_random_against(computed: impl Fn(&str) -> Result<Vec<Option<String>>, String>) {
        let path = std::env::var("ATELIER_EXPRESSIONS").unwrap();
        let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut wrong = Vec::new();
        for case in &cases {
            let text = case["expression"].as_str().unwrap();
            let same = |(found, value): (&Option<String>, &Value)| agrees(found.as_deref(), value.as_str());
            match (computed(text), case["values"].as_array()) {
                (Ok(found), Some(values)) if found.iter().zip(values).all(same) => {}
                (Ok(found), Some(values)) => wrong.push(format!("{text}: {found:?} instead of {values:?}")),
                (Err(sentence), Some(_)) => wrong.push(format!("{text}: {sentence}")),
                // What DuckDB refuses ours may compute; what overflows there must not have a value here.
                (Ok(found), None) if case["refused"].as_str().unwrap().contains("Overflow") => {
                    wrong.push(format!("{text}: {found:?} instead of an overflow"));
                }
                _ => {}
            }
        }
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    }
}

/// A file of another program, which `files.py` made.
pub(crate) fn file_of_others(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/files").join(name)
}
