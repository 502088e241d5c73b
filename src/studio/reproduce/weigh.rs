//! Weighing what came out of a run that was repeated against what came out at first.
//!
//! Numbers are **equal** when they differ by at most `tolerance · max(1, |a|, |b|)`: absolutely for small ones,
//! relatively for large ones. NaN equals NaN.

use data::polars::prelude::{Column, DataType, LazyFrame, col};
use learn::Model;
use pipeline::store::{Store, Stored};
use pipeline::value::{Table, Value};
use serde::Serialize;
use serde_json::Value as Json;

use crate::{Error, Result};

/// How something that was repeated stands to what it repeats.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The same values; `bytes` tells whether also the same bytes. What only tells when and how long is not counted.
    Identical { bytes: bool },
    /// Numbers differ, none by more than the tolerance; `difference` is the largest, as the tolerance measures it.
    Equal { difference: f64 },
    /// `how` in words; `difference` is the largest between two numbers, where numbers are all that differs.
    Different { how: String, difference: Option<f64> },
    /// It is on one side only, or cannot be read.
    Missing { how: String },
}

impl Outcome {
    /// Whether it came out as it was, within the tolerance.
    pub fn is_same(&self) -> bool {
        matches!(self, Self::Identical { .. } | Self::Equal { .. })
    }
}

/// Gathers differences of numbers.
struct Scale {
    tolerance: f64,
    /// The largest difference so far.
    worst: f64,
    /// How many numbers differ by more than the tolerance.
    beyond: u64,
}

impl Scale {
    fn new(tolerance: f64) -> Self {
        Self { tolerance, worst: 0.0, beyond: 0 }
    }

    fn put(&mut self, a: f64, b: f64) {
        if a == b || (a.is_nan() && b.is_nan()) {
            return;
        }
        let difference = (a - b).abs() / a.abs().max(b.abs()).max(1.0);
        // NaN against a number, infinity against anything else.
        let difference = if difference.is_nan() { f64::INFINITY } else { difference };
        self.worst = self.worst.max(difference);
        self.beyond += u64::from(difference > self.tolerance);
    }

    fn outcome(&self, how: impl FnOnce(&Self) -> String) -> Outcome {
        match (self.worst, self.beyond) {
            (0.0, _) => Outcome::Identical { bytes: false },
            (difference, 0) => Outcome::Equal { difference },
            (difference, _) => {
                Outcome::Different { how: how(self), difference: Some(difference).filter(|it| it.is_finite()) }
            }
        }
    }
}

/// Two curves of one metric, each value by value.
pub(crate) fn curves(first: &[(i64, f64)], second: &[(i64, f64)], tolerance: f64) -> Outcome {
    if first.len() != second.len() || first.iter().zip(second).any(|(a, b)| a.0 != b.0) {
        let how = format!("It was logged {} times and is now logged {} times.", first.len(), second.len());
        return Outcome::Different { how, difference: None };
    }
    let mut scale = Scale::new(tolerance);
    let mut same = true;
    for ((_, a), (_, b)) in first.iter().zip(second) {
        same &= a.to_bits() == b.to_bits();
        scale.put(*a, *b);
    }
    if same {
        return Outcome::Identical { bytes: true };
    }
    scale.outcome(|scale| match first.len() {
        1 => "Its value differs.".to_owned(),
        steps => format!("{} of {steps} values differ.", scale.beyond),
    })
}

/// Two outputs of one port, each in its own store.
///
/// # Errors
/// Bytes that are missing or cannot be read.
pub(crate) fn outputs(
    (store, first): (&dyn Store, &Stored),
    (again, second): (&dyn Store, &Stored),
    tolerance: f64,
) -> Result<Outcome> {
    if first.kind != second.kind {
        let how = "Another kind of result came out.".to_owned();
        return Ok(Outcome::Different { how, difference: None });
    }
    if first.digest == second.digest {
        return Ok(Outcome::Identical { bytes: true });
    }
    let old = pipeline::execute::outputs::open_output(store, first)?;
    let new = pipeline::execute::outputs::open_output(again, second)?;
    match (&old, &new) {
        (Value::Table(old), Value::Table(new)) => tables(old, new, tolerance),
        (Value::Model(old), Value::Model(new)) => models(old, new, tolerance),
        (Value::Estimator(old), Value::Estimator(new)) => values(&json(&**old)?, &json(&**new)?, tolerance),
        (Value::Transform(old), Value::Transform(new)) => values(&json(&**old)?, &json(&**new)?, tolerance),
        (Value::Report(old), Value::Report(new)) => values(&json(&**old)?, &json(&**new)?, tolerance),
        _ => Ok(Outcome::Different { how: "Another kind of result came out.".to_owned(), difference: None }),
    }
}

/// How long a training took and which program did it say nothing of the model.
fn models(old: &Model, new: &Model, tolerance: f64) -> Result<Outcome> {
    let mut timed = new.clone();
    timed.training.seconds = old.training.seconds;
    timed.created_by.clone_from(&old.created_by);
    if *old == timed {
        return Ok(Outcome::Identical { bytes: false });
    }
    values(&model(old)?, &model(new)?, tolerance)
}

fn model(model: &Model) -> Result<Json> {
    let Model { preparation, input, features, label, estimator, fitted, training, .. } = model;
    let parts: [(&str, Json); 8] = [
        ("preparation", json(preparation)?),
        ("input", json(input)?),
        ("features", json(features)?),
        ("label", json(label)?),
        ("estimator", json(estimator)?),
        ("fitted", json(fitted)?),
        ("rows", json(&training.rows)?),
        ("metrics", json(&training.metrics)?),
    ];
    Ok(Json::Object(parts.into_iter().map(|(key, part)| (key.to_owned(), part)).collect()))
}

fn json(value: &impl Serialize) -> Result<Json> {
    serde_json::to_value(value).map_err(|error| Error::storage(format!("A result cannot be compared: {error}.")))
}

/// Two structures, number by number.
pub(crate) fn values(old: &Json, new: &Json, tolerance: f64) -> Result<Outcome> {
    let mut scale = Scale::new(tolerance);
    let mut place = None;
    if let Some(how) = walk(old, new, "", &mut scale, &mut place) {
        return Ok(Outcome::Different { how, difference: None });
    }
    Ok(scale.outcome(|scale| {
        let place = place.unwrap_or_default();
        format!("{} numbers differ, the first at {place}.", scale.beyond)
    }))
}

/// The first difference that is not one of numbers; those go into `scale`, and where the first is beyond the
/// tolerance into `place`.
fn walk(old: &Json, new: &Json, path: &str, scale: &mut Scale, place: &mut Option<String>) -> Option<String> {
    match (old, new) {
        (Json::Number(a), Json::Number(b)) => {
            scale.put(a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            if scale.beyond > 0 && place.is_none() {
                *place = Some(path.to_owned());
            }
            None
        }
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(at, (a, b))| walk(a, b, &format!("{path}[{at}]"), scale, place))
        }
        (Json::Array(a), Json::Array(b)) => Some(format!("{path} has {} entries and had {}.", b.len(), a.len())),
        (Json::Object(a), Json::Object(b)) if a.len() == b.len() && a.keys().all(|key| b.contains_key(key)) => {
            a.iter().find_map(|(key, value)| {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(value, &b[key.as_str()], &path, scale, place)
            })
        }
        (a, b) if a == b => None,
        _ => Some(format!("{} differs.", if path.is_empty() { "It" } else { path })),
    }
}

/// Two tables by their content, a column at a time, so that no more than two columns are in memory.
fn tables(old: &Table, new: &Table, tolerance: f64) -> Result<Outcome> {
    let (before, after) = (old.schema()?, new.schema()?);
    let different = |how: String| Ok(Outcome::Different { how, difference: None });
    let names = |schema: &data::schema::Schema| schema.names().map(str::to_owned).collect::<Vec<_>>();
    if names(&before) != names(&after) {
        return different(other_columns(&names(&before), &names(&after)));
    }
    let mut scale = Scale::new(tolerance);
    let (mut cells, mut columns) = (0_u64, Vec::new());
    for name in before.names() {
        let (a, b) = (column(old.lazy()?, name)?, column(new.lazy()?, name)?);
        if a.len() != b.len() {
            return different(format!("It has {} rows and had {}.", b.len(), a.len()));
        }
        let beyond = scale.beyond;
        let unlike = cell_by_cell(&a, &b, &mut scale)?;
        if unlike > 0 || scale.beyond > beyond {
            columns.push(name.to_owned());
        }
        cells += unlike;
    }
    if cells == 0 {
        return Ok(scale.outcome(|scale| in_columns(scale.beyond, &columns)));
    }
    different(in_columns(cells + scale.beyond, &columns))
}

fn in_columns(cells: u64, columns: &[String]) -> String {
    let first: Vec<&str> = columns.iter().take(3).map(String::as_str).collect();
    let more = if columns.len() > 3 { format!(" and {} more", columns.len() - 3) } else { String::new() };
    format!("{cells} values differ, in {}{more}.", first.join(", "))
}

fn other_columns(before: &[String], after: &[String]) -> String {
    let only = |of: &[String], others: &[String]| {
        of.iter().filter(|name| !others.contains(name)).cloned().collect::<Vec<_>>().join(", ")
    };
    match (only(after, before), only(before, after)) {
        (added, gone) if added.is_empty() && gone.is_empty() => "Its columns stand in another order.".to_owned(),
        (added, gone) if gone.is_empty() => format!("It has columns that it had not: {added}."),
        (added, gone) if added.is_empty() => format!("Columns are missing: {gone}."),
        (added, gone) => format!("It has columns that it had not ({added}), and others are missing ({gone})."),
    }
}

fn column(query: LazyFrame, name: &str) -> Result<Column> {
    let frame = query.select([col(name)]).collect().map_err(data::Error::from)?;
    Ok(frame.column(name).map_err(data::Error::from)?.clone())
}

/// How many cells differ that are not both numbers; those go into `scale`.
fn cell_by_cell(a: &Column, b: &Column, scale: &mut Scale) -> Result<u64> {
    let (old, new) = (a.as_materialized_series(), b.as_materialized_series());
    if old.dtype() == new.dtype() && old.equals_missing(new) {
        return Ok(0);
    }
    if old.dtype().is_primitive_numeric() && new.dtype().is_primitive_numeric() {
        let number = |column: &Column| column.cast(&DataType::Float64).map_err(data::Error::from);
        let (old, new) = (number(a)?, number(b)?);
        let (old, new) = (old.f64().map_err(data::Error::from)?, new.f64().map_err(data::Error::from)?);
        let mut unlike = 0;
        for pair in old.iter().zip(new.iter()) {
            match pair {
                (Some(a), Some(b)) => scale.put(a, b),
                (None, None) => {}
                _ => unlike += 1,
            }
        }
        return Ok(unlike);
    }
    if old.dtype() != new.dtype() {
        return Ok(old.len() as u64);
    }
    let unlike = (0..old.len()).filter(|at| old.get(*at).ok() != new.get(*at).ok());
    Ok(unlike.count() as u64)
}

#[cfg(test)]
mod tests {
    use data::polars::df;
    use data::polars::prelude::DataFrame;
    use pipeline::value::TableContent;
    use serde_json::json;

    use super::*;

    fn table(frame: DataFrame) -> Table {
        Table::raw(TableContent::Frame(frame))
    }

    fn weighed(old: DataFrame, new: DataFrame) -> Outcome {
        tables(&table(old), &table(new), 1e-9).unwrap()
    }

    fn how(outcome: Outcome) -> String {
        match outcome {
            Outcome::Different { how, .. } => how,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn tables_are_weighed_by_their_content() {
        let frame =
            || df!("x" => [1.0, f64::NAN, 3.0], "n" => [Some(1i64), None, Some(3)], "t" => ["a", "b", "c"]).unwrap();
        assert_eq!(weighed(frame(), frame()), Outcome::Identical { bytes: false });
        let near = df!("x" => [1.0, f64::NAN, 3.0 + 1e-12], "n" => [Some(1i64), None, Some(3)], "t" => ["a", "b", "c"])
            .unwrap();
        let Outcome::Equal { difference } = weighed(frame(), near) else { panic!() };
        assert!(difference > 0.0 && difference < 1e-11, "{difference}");
        let other = df!("x" => [1.0, 2.0, 3.5], "n" => [Some(1i64), None, None], "t" => ["a", "b", "c"]).unwrap();
        assert_eq!(how(weighed(frame(), other)), "3 values differ, in x, n.");
        let text =
            df!("x" => [1.0, f64::NAN, 3.0], "n" => [Some(1i64), None, Some(3)], "t" => ["a", "B", "c"]).unwrap();
        assert_eq!(how(weighed(frame(), text)), "1 values differ, in t.");
        assert_eq!(how(weighed(frame(), frame().head(Some(2)))), "It has 2 rows and had 3.");
        assert_eq!(how(weighed(frame(), frame().drop("t").unwrap())), "Columns are missing: t.");
        assert_eq!(how(weighed(frame().drop("t").unwrap(), frame())), "It has columns that it had not: t.");
        let turned = frame().select(["t", "x", "n"]).unwrap();
        assert_eq!(how(weighed(frame(), turned)), "Its columns stand in another order.");
    }

    #[test]
    fn a_number_type_alone_makes_no_difference() {
        let whole = df!("x" => [1i64, 2]).unwrap();
        let real = df!("x" => [1.0, 2.0]).unwrap();
        assert_eq!(weighed(whole, real), Outcome::Identical { bytes: false });
    }

    #[test]
    fn structures_are_weighed_number_by_number() {
        let weighed = |old: Json, new: Json| values(&old, &new, 1e-6).unwrap();
        let old = json!({"a": [1.0, 2.0], "b": "x", "c": "NaN"});
        assert_eq!(weighed(old.clone(), old.clone()), Outcome::Identical { bytes: false });
        assert!(matches!(
            weighed(old.clone(), json!({"a": [1.0, 2.0000001], "b": "x", "c": "NaN"})),
            Outcome::Equal { difference } if difference < 1e-6
        ));
        assert_eq!(
            how(weighed(old.clone(), json!({"a": [1.0, 3.0], "b": "x", "c": "NaN"}))),
            "1 numbers differ, the first at a[1]."
        );
        assert_eq!(how(weighed(old.clone(), json!({"a": [1.0], "b": "x", "c": "NaN"}))), "a has 1 entries and had 2.");
        assert_eq!(how(weighed(old, json!({"a": [1.0, 2.0], "b": "y", "c": "NaN"}))), "b differs.");
    }

    #[test]
    fn curves_are_weighed_step_by_step() {
        let curve = [(0, 1.0), (1, f64::NAN)];
        assert_eq!(curves(&curve, &curve, 0.0), Outcome::Identical { bytes: true });
        assert_eq!(how(curves(&curve, &curve[..1], 0.0)), "It was logged 2 times and is now logged 1 times.");
        assert_eq!(how(curves(&curve, &[(0, 2.0), (1, 0.0)], 0.1)), "2 of 2 values differ.");
        assert!(matches!(curves(&[(0, 1000.0)], &[(0, 1000.1)], 1e-3), Outcome::Equal { .. }));
        assert!(matches!(curves(&[(0, f64::INFINITY)], &[(0, 1.0)], 1e9), Outcome::Different { difference: None, .. }));
    }
}
