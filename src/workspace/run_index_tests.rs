use proptest::prelude::*;

use super::*;
use crate::test_support::{change, new_run, workspace};
use crate::tracking::{Operator, Value};
use crate::{MetricPoint, NewRun};

fn add(workspace: &Workspace, name: &str, params: &[(&str, &str)], tags: &[(&str, &str)]) -> String {
    let own = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let new = NewRun { params: own(params), tags: own(tags), ..new_run(name) };
    workspace.write(change(), |tx| tx.insert_run(&new)).unwrap()
}

fn log(workspace: &Workspace, run: &str, key: &str, value: f64) {
    let point = MetricPoint { key: key.into(), value, timestamp_ms: 1, step: 0 };
    workspace.batch("m", run, |batch| batch.log_metrics(run, std::slice::from_ref(&point))).unwrap();
}

fn names(workspace: &Workspace, index: &RunIndex) -> Vec<String> {
    let rows: Vec<i64> = index.runs.iter().map(|run| run.row).collect();
    workspace.indexed_runs(&rows).unwrap().into_iter().map(|(_, run)| run.name).collect()
}

#[test]
fn runs_are_narrowed_put_away_and_nested() {
    let (_dir, workspace) = workspace();
    let parent = add(&workspace, "sweep", &[], &[]);
    add(&workspace, "first", &[("rate", "0.1")], &[(PARENT_TAG, &parent)]);
    add(&workspace, "second", &[("rate", "0.2")], &[(PARENT_TAG, &parent)]);
    add(&workspace, "old", &[], &[(ARCHIVED_TAG, "true")]);
    let listing = RunListing { nested: true, ..RunListing::default() };
    let index = workspace.run_index(&listing).unwrap();
    assert_eq!(names(&workspace, &index), ["second", "first", "sweep"]);
    let parents: Vec<Option<u32>> = index.runs.iter().map(|run| run.parent).collect();
    assert_eq!(parents, [Some(2), Some(2), None]);
    let archived = workspace.run_index(&RunListing { archived: true, ..RunListing::default() }).unwrap();
    assert_eq!(names(&workspace, &archived), ["old"]);
    let rate = Condition {
        field: RunField::Param("rate".into()),
        operator: Operator::Equal,
        value: Value::Text("0.2".into()),
    };
    let narrowed = workspace.run_index(&RunListing { conditions: vec![rate], ..listing }).unwrap();
    assert_eq!(names(&workspace, &narrowed), ["second"]);
    assert_eq!(narrowed.runs[0].parent, None, "a parent that does not pass is not there");
}

#[test]
fn groups_come_in_the_order_of_their_means_and_are_summed_up() {
    let (_dir, workspace) = workspace();
    for (name, model, auc) in [("a", "forest", 0.9), ("b", "forest", 0.6), ("c", "linear", 0.8), ("d", "", 0.1)] {
        let params = if model.is_empty() { vec![] } else { vec![("model", model)] };
        let run = add(&workspace, name, &params, &[]);
        log(&workspace, &run, "auc", auc);
    }
    let filter = RunFilter { sort: RunSort::Metric("auc".into()), ..RunFilter::default() };
    let listing = RunListing {
        filter,
        group: Some(RunSort::Param("model".into())),
        measures: vec!["auc".into(), "none".into()],
        ..RunListing::default()
    };
    let index = workspace.run_index(&listing).unwrap();
    assert_eq!(names(&workspace, &index), ["a", "c", "b", "d"]);
    let groups: Vec<(Option<&str>, usize)> =
        index.groups.iter().map(|group| (group.value.as_deref(), group.runs)).collect();
    assert_eq!(groups, [(Some("linear"), 1), (Some("forest"), 2), (None, 1)]);
    let of_runs: Vec<u32> = index.runs.iter().map(|run| run.group).collect();
    assert_eq!(of_runs, [1, 0, 1, 2], "the best run is not in the best group");
    let forest = index.groups[1].measures[0];
    assert_eq!((forest.count, forest.least, forest.greatest), (2, 0.6, 0.9));
    assert!((forest.mean - 0.75).abs() < 1e-12);
    assert!((forest.deviation().unwrap() - 0.3 / 2f64.sqrt()).abs() < 1e-12);
    assert_eq!(index.groups[1].measures[1].count, 0);
    let status = RunListing { group: Some(RunSort::Status), ..RunListing::default() };
    let by_status = workspace.run_index(&status).unwrap();
    assert_eq!(by_status.groups.len(), 1);
    assert_eq!(workspace.run_values(&RunSort::Param("model".into()), 9).unwrap(), ["forest", "linear"]);
}

#[test]
fn an_index_has_the_order_of_the_list() {
    let (_dir, workspace) = workspace();
    for (name, depth) in [("b", Some("10")), ("a", Some("9")), ("d", Some("deep")), ("c", None), ("e", Some("10"))] {
        let params: Vec<(&str, &str)> = depth.map(|depth| ("depth", depth)).into_iter().collect();
        let run = add(&workspace, name, &params, &[]);
        let value = match name {
            "a" => f64::NAN,
            "b" => 2.5,
            "d" | "e" => 7.0,
            _ => -1.0,
        };
        log(&workspace, &run, "m", value);
        if name < "d" {
            let tag = [("team".to_owned(), name.to_uppercase())];
            workspace.batch("t", &run, |batch| batch.set_tags(&run, &tag)).unwrap();
        }
    }
    let by_value = [RunSort::Metric("m".into()), RunSort::Param("depth".into()), RunSort::Tag("team".into())];
    for sort in [RunSort::Name, RunSort::Created].into_iter().chain(by_value) {
        for descending in [false, true] {
            let filter = RunFilter { sort: sort.clone(), descending, ..RunFilter::default() };
            let listed: Vec<String> = workspace.runs(&filter).unwrap().runs.into_iter().map(|run| run.name).collect();
            let index = workspace.run_index(&RunListing { filter, ..RunListing::default() }).unwrap();
            let indexed = names(&workspace, &index);
            assert_eq!(indexed, listed, "{sort:?} {descending}");
        }
    }
}

proptest! {
    /// Against the textbook's two passes.
    #[test]
    fn a_spread_is_mean_and_deviation(values in prop::collection::vec(-1e6f64..1e6, 2..50)) {
        let mut spread = Spread::default();
        values.iter().chain([f64::NAN, f64::INFINITY].iter()).for_each(|value| spread.add(*value));
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        prop_assert!((spread.mean - mean).abs() < 1e-6);
        prop_assert!((spread.deviation().unwrap() - (squares / (n - 1.0)).sqrt()).abs() < 1e-4);
        prop_assert_eq!(spread.count, values.len());
    }
}
