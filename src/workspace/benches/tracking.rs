//! How fast the protocol's store logs and searches: batches, single points, many clients, 10,000 runs.

// A benchmark that cannot set up has nothing to measure.
#![allow(clippy::expect_used)]

use divan::{Bencher, counter::ItemsCount};
use workspace::tracking::{Condition, LogBatch, NewTrackedRun, Operator, Order, RunField, RunSearch, RunUpdate, Value};
use workspace::{Change, MetricPoint, RunStatus, Workspace};

const BATCHES: usize = 50;

fn main() {
    divan::main();
}

fn new_workspace() -> (tempfile::TempDir, Workspace) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let workspace = Workspace::create(dir.path(), "Benchmark").expect("a new workspace");
    (dir, workspace)
}

fn new_run(workspace: &Workspace, start_ms: i64) -> String {
    let run = NewTrackedRun { name: "run".into(), user: "ada".into(), start_ms, ..NewTrackedRun::default() };
    workspace.write_grouped(Change::new("run.created", ""), move |tx| tx.create_tracked_run(&run)).expect("a run")
}

fn log(workspace: &Workspace, run: &str, batch: LogBatch) {
    let id = run.to_owned();
    workspace.batch_grouped("run.logged", run, move |tx| tx.log_batch(&id, &batch)).expect("logged");
}

fn points(keys: i64, first: i64) -> LogBatch {
    let point = |i: i64| MetricPoint {
        key: format!("metric {}", i % keys),
        value: i as f64,
        timestamp_ms: 1_700_000_000_000 + first + i,
        step: first + i / keys,
    };
    LogBatch { metrics: (0..1000).map(point).collect(), ..LogBatch::default() }
}

/// 50 calls of 1,000 points each, of so many metrics, from one client; each call is on the disk.
#[divan::bench(args = [1, 20, 1000], sample_count = 10)]
fn log_batch(bencher: Bencher<'_, '_>, keys: i64) {
    let (_dir, workspace) = new_workspace();
    let run = new_run(&workspace, 0);
    let mut first = 0;
    bencher
        .counter(ItemsCount::new(1000 * BATCHES))
        .with_inputs(|| {
            (0..BATCHES)
                .map(|_| {
                    first += 1000;
                    points(keys, first)
                })
                .collect::<Vec<_>>()
        })
        .bench_local_values(|batches| {
            for batch in batches {
                log(&workspace, &run, batch);
            }
        });
}

/// The same from four clients at once, each with a run of its own.
#[divan::bench(sample_count = 10)]
fn log_batch_by_4(bencher: Bencher<'_, '_>) {
    let (_dir, workspace) = new_workspace();
    let runs: Vec<String> = (0..4).map(|n| new_run(&workspace, n)).collect();
    let mut first = 0;
    bencher.counter(ItemsCount::new(4 * 1000 * BATCHES)).bench_local(|| {
        first += 1_000_000;
        std::thread::scope(|scope| {
            for run in &runs {
                let workspace = &workspace;
                scope.spawn(move || {
                    for n in 0..BATCHES as i64 {
                        log(workspace, run, points(20, first + 1000 * n));
                    }
                });
            }
        });
    });
}

/// One point, on the disk.
#[divan::bench]
fn log_metric(bencher: Bencher<'_, '_>) {
    let (_dir, workspace) = new_workspace();
    let run = new_run(&workspace, 0);
    let mut step = 0;
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        step += 1;
        let point = MetricPoint { key: "loss".into(), value: 0.5, timestamp_ms: step, step };
        log(&workspace, &run, LogBatch { metrics: vec![point], ..LogBatch::default() });
    });
}

/// 100 single points from each of 32 clients at once.
#[divan::bench(sample_count = 10)]
fn log_metric_by_32(bencher: Bencher<'_, '_>) {
    let (_dir, workspace) = new_workspace();
    let run = new_run(&workspace, 0);
    let mut first = 0;
    bencher.counter(ItemsCount::new(3200_usize)).bench_local(|| {
        first += 100;
        std::thread::scope(|scope| {
            for client in 0..32 {
                let (workspace, run) = (&workspace, &run);
                scope.spawn(move || {
                    for step in first..first + 100 {
                        let key = format!("loss {client}");
                        let point = MetricPoint { key, value: 0.5, timestamp_ms: step, step };
                        log(workspace, run, LogBatch { metrics: vec![point], ..LogBatch::default() });
                    }
                });
            }
        });
    });
}

/// A run from its start to its end: 20 parameters, 5 tags, 1,000 points.
#[divan::bench(sample_count = 50)]
fn whole_run(bencher: Bencher<'_, '_>) {
    let (_dir, workspace) = new_workspace();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        let run = new_run(&workspace, 0);
        let params = (0..20).map(|n| (format!("param {n}"), n.to_string())).collect();
        log(&workspace, &run, LogBatch { params, ..LogBatch::default() });
        let tags = (0..5).map(|n| (format!("tag {n}"), n.to_string())).collect();
        log(&workspace, &run, LogBatch { tags, ..LogBatch::default() });
        log(&workspace, &run, points(10, 0));
        let update = RunUpdate { status: Some(RunStatus::Done), end_ms: Some(1), name: None };
        workspace
            .write_grouped(Change::new("run.updated", run.clone()), move |tx| tx.update_tracked_run(&run, &update))
            .expect("ended");
    });
}

fn many_runs(count: usize) -> (tempfile::TempDir, Workspace) {
    let (dir, workspace) = new_workspace();
    workspace
        .write(Change::new("runs", ""), |tx| {
            for index in 0..count {
                let run = NewTrackedRun { name: format!("run {index}"), start_ms: index as i64, ..Default::default() };
                let id = tx.create_tracked_run(&run)?;
                let point = |key: &str, salt: usize| MetricPoint {
                    key: key.into(),
                    value: (index * salt % count) as f64 / count as f64,
                    timestamp_ms: 1,
                    step: 0,
                };
                tx.log_metrics(&id, &[point("auc", 7919), point("loss", 104_729), point("f1", 31)])?;
                let params: Vec<_> =
                    (0..5).map(|p| (format!("param {p}"), (index * (p + 1) % 97).to_string())).collect();
                tx.set_params(&id, &params)?;
                tx.set_tags(&id, &[("team".into(), ["red", "blue", "green"][index % 3].into())])?;
            }
            Ok(())
        })
        .expect("runs");
    (dir, workspace)
}

fn is(field: RunField, operator: Operator, value: Value) -> Condition<RunField> {
    Condition { field, operator, value }
}

fn searches() -> [(&'static str, RunSearch); 5] {
    let all = RunSearch { experiments: vec![0], limit: 100, ..RunSearch::default() };
    let by = |field, ascending| vec![Order { field, ascending }];
    let auc = || RunField::Metric("auc".into());
    let good = is(auc(), Operator::Greater, Value::Number(0.5));
    let deep = is(RunField::Param("param 3".into()), Operator::Equal, Value::Text("7".into()));
    let red = is(RunField::Tag("team".into()), Operator::Like, Value::Text("r%".into()));
    [
        ("the newest", all.clone()),
        ("by a metric", RunSearch { order: by(auc(), false), ..all.clone() }),
        (
            "metric > x by another",
            RunSearch {
                conditions: vec![good.clone()],
                order: by(RunField::Metric("loss".into()), true),
                ..all.clone()
            },
        ),
        (
            "metric, param and tag by a metric",
            RunSearch { conditions: vec![good, deep, red.clone()], order: by(auc(), false), ..all.clone() },
        ),
        (
            "tag by a param, page 20",
            RunSearch {
                conditions: vec![red],
                order: by(RunField::Param("param 1".into()), true),
                offset: 2000,
                ..all
            },
        ),
    ]
}

/// A page of 100 runs with all their data.
#[divan::bench(args = [10_000, 100_000], sample_count = 20)]
fn search_runs(bencher: Bencher<'_, '_>, count: usize) {
    let (_dir, workspace) = many_runs(count);
    for (what, search) in &searches() {
        let mut times: Vec<_> = (0..7)
            .map(|_| {
                let start = std::time::Instant::now();
                workspace.search_runs(search).expect("a page");
                start.elapsed()
            })
            .collect();
        times.sort();
        eprintln!("{:>9.2?} (median of 7) of {count} runs: {what}", times[3]);
    }
    let (_, search) = &searches()[2];
    bencher.bench_local(|| workspace.search_runs(search).expect("a page"));
}
