use proptest::prelude::*;

use super::*;
use crate::test_support::{insert_run, workspace};

fn point(key: &str, step: i64, timestamp_ms: i64, value: f64) -> MetricPoint {
    MetricPoint { key: key.into(), value, timestamp_ms, step }
}

fn log(workspace: &Workspace, run: &str, points: &[MetricPoint]) {
    workspace.batch("run.metrics", run, |batch| batch.log_metrics(run, points)).unwrap();
}

#[test]
fn every_value_comes_back_in_order() {
    let (_dir, workspace) = workspace();
    let run = insert_run(&workspace, "a");
    let values = [0.1 + 0.2, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, f64::MIN_POSITIVE, 1e308, 3.0];
    let points: Vec<_> =
        values.iter().enumerate().map(|(step, value)| point("loss/train.x", step as i64, 5, *value)).collect();
    let mut shuffled = points.clone();
    shuffled.reverse();
    log(&workspace, &run, &shuffled);
    let history = workspace.metric_history(&run, "loss/train.x").unwrap();
    assert_eq!(history.len(), values.len());
    for (seen, value) in history.iter().zip(values) {
        assert!(seen.value == value || (seen.value.is_nan() && value.is_nan()), "{} for {value}", seen.value);
    }
    assert!(workspace.metric_history(&run, "other").unwrap().is_empty());
    assert_eq!(workspace.run(&run).unwrap().run.metrics["loss/train.x"], 3.0);
}

#[test]
fn the_same_point_twice_is_one_and_another_value_beside_it_stays() {
    let (_dir, workspace) = workspace();
    let run = insert_run(&workspace, "a");
    for _ in 0..3 {
        log(
            &workspace,
            &run,
            &[point("m", 1, 1, 0.5), point("m", 1, 1, f64::NAN), point("m", 1, 1, 0.7), point("m", 1, 1, 0.5)],
        );
    }
    let history = workspace.metric_history(&run, "m").unwrap();
    assert_eq!(history.len(), 3, "{history:?}");
    assert_eq!((history[0].value, history[2].value), (0.5, 0.7));
    assert!(history[1].value.is_nan());
}

#[test]
fn columns_hold_what_the_history_holds() {
    let (_dir, workspace) = workspace();
    let run = insert_run(&workspace, "a");
    log(&workspace, &run, &[point("m", 7, 3, f64::NAN), point("m", 2, 9, -1.5), point("one", 1, 1, 1.0)]);
    log(&workspace, &run, &[point("m", 2, 9, 4.0)]);
    let columns = workspace.metric_columns(&run, "m").unwrap();
    assert_eq!((columns.steps, columns.times_ms), (vec![2, 2, 7], vec![9, 9, 3]));
    assert_eq!(columns.values[..2], [-1.5, 4.0]);
    assert!(columns.values[2].is_nan());
    assert_eq!(workspace.metric_columns(&run, "other").unwrap(), MetricColumns::default());
    assert_eq!(workspace.curve_keys(&run).unwrap(), ["m"], "one point is no curve");
    assert!(workspace.metric_columns("none", "m").is_err());
}

/// Prints how long 10,000,000 points take from the database. Run it in a release build:
/// `cargo test --release -p atelier -p workspace --lib ten_million -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn ten_million_points_are_read() {
    const BATCH: i64 = 500_000;
    let (_dir, workspace) = workspace();
    let run = insert_run(&workspace, "a");
    let began = std::time::Instant::now();
    for first in (0..10_000_000).step_by(BATCH as usize) {
        let points: Vec<_> = (first..first + BATCH).map(|step| point("m", step, step, (step as f64).sin())).collect();
        log(&workspace, &run, &points);
    }
    println!("written in {:.1} s", began.elapsed().as_secs_f64());
    let began = std::time::Instant::now();
    let columns = workspace.metric_columns(&run, "m").unwrap();
    println!("{} points read in {:.2} s", columns.values.len(), began.elapsed().as_secs_f64());
}

#[test]
fn curves_are_kept_apart_by_name_and_by_run() {
    let (_dir, workspace) = workspace();
    let (run, other) = (insert_run(&workspace, "a"), insert_run(&workspace, "b"));
    log(&workspace, &run, &[point("b", 2, 1, 2.0), point("a", 1, 1, 1.0), point("b", 1, 1, 1.0)]);
    log(&workspace, &other, &[point("a", 9, 9, 9.0)]);
    let count = |run: &str, key: &str| workspace.metric_columns(run, key).unwrap().values.len();
    assert_eq!([count(&run, "a"), count(&run, "b"), count(&other, "a"), count(&other, "b")], [1, 2, 1, 0]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(16) })]

    /// However points are cut into batches, the latest is the greatest by step, time and value.
    #[test]
    fn the_latest_does_not_depend_on_the_batches(
        points in prop::collection::vec((0i64..3, 0i64..3, -3i32..3), 1..12),
        size in 1usize..5,
    ) {
        let (_dir, workspace) = workspace();
        let run = insert_run(&workspace, "a");
        let points: Vec<_> = points.into_iter().map(|(step, ts, value)| point("m", step, ts, value.into())).collect();
        for batch in points.chunks(size) {
            log(&workspace, &run, batch);
        }
        let latest = workspace.run(&run).unwrap().metrics.remove(0);
        let expected = points.iter().max_by(|a, b| order(a, b)).unwrap();
        prop_assert_eq!(&latest, expected);
    }
}
