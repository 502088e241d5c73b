use polars::df;
use polars::prelude::{DataFrame, DataType, IntoLazy};

use super::*;
use crate::checked::convert::texts;
use crate::golden::expressions::{agrees, cases, table};

fn run(query: &str, tables: &[(&str, &DataFrame)]) -> Result<DataFrame> {
    let tables = tables.iter().map(|(name, table)| (*name, (*table).clone().lazy())).collect();
    Ok(plan(query, tables)?.collect()?)
}

fn values(frame: &DataFrame, name: &str) -> Vec<Option<String>> {
    let column = frame.column(name).unwrap();
    let column = match column.dtype() {
        DataType::Duration(_) => column.cast(&DataType::Int64).unwrap(),
        _ => column.clone(),
    };
    texts(&column).unwrap().iter().map(|text| text.map(str::to_owned)).collect()
}

#[test]
fn expressions_mean_in_a_query_what_they_mean_elsewhere() {
    let golden = table();
    let (mut wrong, cases) = (Vec::new(), cases());
    for case in &cases {
        let text = &case.expression;
        // A literal alone is one row in any SQL; beside a column it is as many as there are.
        let query = if case.values.len() == 1 {
            format!("SELECT {text} AS value FROM t")
        } else {
            format!("SELECT n, {text} AS value FROM t")
        };
        match run(&query, &[("t", &golden)]) {
            Err(error) => wrong.push(format!("{text}: {error}")),
            Ok(result) => {
                let found = values(&result, "value");
                let same = found.len() == case.values.len()
                    && found.iter().zip(&case.values).all(|(found, value)| agrees(found.as_deref(), value.as_deref()));
                if !same {
                    wrong.push(format!("{text}: {found:?} instead of {:?}", case.values));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// Holds random expressions within queries against DuckDB's values (`golden/random_expressions.py`).
#[test]
#[ignore = "needs a file made by golden/random_expressions.py"]
fn random_expressions_mean_the_same_in_a_query() {
    let golden = table();
    crate::golden::expressions::hold_random_against(|text| {
        let result = run(&format!("SELECT n, {text} AS value FROM t"), &[("t", &golden)]);
        result.map(|result| values(&result, "value")).map_err(|error| error.to_string())
    });
}

#[test]
fn expressions_stand_wherever_sql_has_them() {
    let golden = table();
    let first = |query: &str| {
        let result = run(query, &[("t", &golden)]).unwrap_or_else(|error| panic!("{query}: {error}"));
        let name = result.get_column_names()[0].to_string();
        values(&result, &name).into_iter().map(|value| value.unwrap_or("missing".to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(first("SELECT n FROM t WHERE t IN ('Abc', 'héllo') ORDER BY n"), ["7", "1250"]);
    assert_eq!(first("SELECT n FROM t WHERE day IN ('2024-01-31') AND n > 1"), ["7"]);
    assert_eq!(first("SELECT n FROM t WHERE n NOT IN (7, NULL)"), [] as [&str; 0]);
    let grouped =
        "SELECT upper(left(t, 1)) AS k, SUM(n) AS s FROM t WHERE t <> '' GROUP BY upper(left(t, 1)) ORDER BY s DESC";
    assert_eq!(first(grouped), ["H", "A", " ", "B"]);
    assert_eq!(first("SELECT CASE WHEN SUM(n) > 0 THEN 'plus' ELSE 'minus' END AS s FROM t"), ["plus"]);
    assert_eq!(first("SELECT SUM(CASE WHEN n <> 0 THEN 14 // n ELSE 0 END) AS s FROM t"), ["4"]);
    assert_eq!(first("SELECT n FROM t WHERE n IN (SELECT m + 5 FROM t) ORDER BY n"), ["3", "7"]);
    assert_eq!(first("SELECT s.k FROM (SELECT lower(t) AS k, n FROM t) AS s WHERE s.k LIKE 'a%'"), ["abc"]);
    let ranked = "SELECT coalesce(SUM(n) OVER (PARTITION BY m), 0) AS s FROM t WHERE m = 2";
    assert_eq!(first(ranked), ["0", "0"]);
    assert_eq!(first("WITH u AS (SELECT substr(t, 1, 1) AS k FROM t) SELECT COUNT(DISTINCT k) AS n FROM u"), ["5"]);
    assert_eq!(
        first("SELECT a.n FROM t AS a JOIN t AS b ON a.n = b.n AND lower(a.t) = lower(b.t) WHERE a.n > 5 ORDER BY a.n"),
        ["7", "1250"]
    );
    assert_eq!(
        first("SELECT n FROM t ORDER BY CASE WHEN n IS NULL THEN 1 ELSE 0 END, abs(n) DESC LIMIT 2"),
        ["1250", "7"]
    );
}

#[test]
fn columns_without_an_alias_keep_their_names() {
    let golden = table();
    let names = |query: &str| {
        let result = run(query, &[("t", &golden)]).unwrap();
        result.get_column_names().into_iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(names("SELECT upper(t), CAST(n AS DOUBLE) FROM t"), ["t", "n"]);
    assert_eq!(names("SELECT CASE WHEN a THEN n ELSE m END FROM t"), ["n"]);
    assert_eq!(names("SELECT CASE WHEN a THEN 'x' END, n FROM t"), ["literal", "n"]);
}

#[test]
fn results_are_stored_types_and_overflow_is_said() {
    let narrow = df!("i" => [i32::MAX, i32::MAX], "u" => [0_u8, 1], "f" => [0.5_f32, 1.0]).unwrap();
    let result =
        run("SELECT SUM(i) AS s, MIN(u - 1) AS d, COUNT(*) AS n, MAX(f) AS f FROM t", &[("t", &narrow)]).unwrap();
    let types: Vec<DataType> = result.dtypes();
    assert_eq!(types, [DataType::Int64, DataType::Int64, DataType::Int64, DataType::Float64]);
    assert_eq!(values(&result, "s"), [Some("4294967294".to_owned())]);
    assert_eq!(values(&result, "d"), [Some("-1".to_owned())]);
    let large = df!("x" => [i64::MAX, 1], "g" => ["a", "a"]).unwrap();
    for query in [
        "SELECT x + 1 AS y FROM t",
        "SELECT g, SUM(x) AS y FROM t GROUP BY g",
        "SELECT SUM(x) OVER (PARTITION BY g) AS y FROM t",
        "SELECT CASE WHEN g = 'a' THEN x * 2 ELSE 0 END AS y FROM t",
        "WITH u AS (SELECT x + x AS y FROM t) SELECT y FROM u",
        "SELECT g AS y FROM t WHERE x IN (SELECT x * 3 FROM t)",
        "SELECT x AS y FROM t UNION ALL SELECT x - 2 - 9223372036854775807 - 9223372036854775807 FROM t",
    ] {
        let error = run(query, &[("t", &large)]).unwrap_err().to_string();
        assert!(error.contains("does not fit") && !error.contains("engine"), "{query}: {error}");
    }
}
