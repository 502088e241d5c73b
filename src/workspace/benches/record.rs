//! How fast a workspace records and lists: metric points in batches, and 100,000 runs.

// A benchmark that cannot set up has nothing to measure.
#![allow(clippy::expect_used)]

use divan::{Bencher, counter::ItemsCount};
use workspace::{Change, MetricPoint, NewRun, RunFilter, RunListing, RunSort, Workspace};

const RUNS: usize = 100_000;

fn main() {
    divan::main();
}

fn new_workspace() -> (tempfile::TempDir, Workspace) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let workspace = Workspace::create(dir.path(), "Benchmark").expect("a new workspace");
    (dir, workspace)
}

/// 1,000 points of 20 metrics, made durable: what one call of a logging client sends.
#[divan::bench]
fn metric_batch(bencher: Bencher<'_, '_>) {
    let (_dir, workspace) = new_workspace();
    let run = workspace.write(Change::new("run", "r"), |tx| tx.insert_run(&NewRun::default())).expect("a run");
    let mut step = 0;
    bencher
        .counter(ItemsCount::new(1000_usize))
        .with_inputs(|| {
            step += 50;
            let point = |i: i64| MetricPoint {
                key: format!("metric {}", i % 20),
                value: i as f64,
                timestamp_ms: step,
                step: step + i / 20,
            };
            (0..1000).map(point).collect::<Vec<_>>()
        })
        .bench_local_values(|points| {
            workspace.batch("m", &run, |batch| batch.log_metrics(&run, &points)).expect("logged")
        });
}

fn many_runs() -> (tempfile::TempDir, Workspace) {
    let (dir, workspace) = new_workspace();
    let ids = workspace
        .write(Change::new("runs", ""), |tx| {
            (0..RUNS)
                .map(|index| {
                    tx.insert_run(&NewRun {
                        name: format!("run {index}"),
                        experiment: format!("experiment {}", index % 7),
                        pipeline: Some(format!("pipelines/{}.yaml", index % 11)),
                        params: (0..5).map(|p| (format!("param {p}"), (index * p % 97).to_string())).collect(),
                        ..NewRun::default()
                    })
                })
                .collect::<Result<Vec<_>, _>>()
        })
        .expect("runs");
    workspace
        .batch("m", "", |batch| {
            for (index, id) in ids.iter().enumerate() {
                let value = (index * 7919 % RUNS) as f64;
                batch.log_metrics(id, &[MetricPoint { key: "auc".into(), value, timestamp_ms: 1, step: 0 }])?;
            }
            Ok(())
        })
        .expect("metrics");
    (dir, workspace)
}

/// A page of 200 of 100,000 runs with their params and metrics, by each way a person sorts and filters.
#[divan::bench(sample_count = 20)]
fn list_runs(bencher: Bencher<'_, '_>) {
    let (_dir, workspace) = many_runs();
    let filters = [
        RunFilter::default(),
        RunFilter { offset: 50_000, ..RunFilter::default() },
        RunFilter { sort: RunSort::Name, ..RunFilter::default() },
        RunFilter { sort: RunSort::Metric("auc".into()), ..RunFilter::default() },
        RunFilter { sort: RunSort::Param("param 3".into()), ..RunFilter::default() },
        RunFilter { text: "run 4711".into(), ..RunFilter::default() },
        RunFilter { experiment: Some("experiment 3".into()), ..RunFilter::default() },
    ];
    for filter in &filters {
        let start = std::time::Instant::now();
        let total = workspace.runs(filter).expect("a list").total;
        eprintln!(
            "{:>9.1?} for {total} by {:?}, offset {}, text {:?}, experiment {:?}",
            start.elapsed(),
            filter.sort,
            filter.offset,
            filter.text,
            filter.experiment
        );
    }
    bencher.bench_local(|| workspace.runs(&filters[3]).expect("a list"));
}

/// Every run in order: by a metric, by a parameter, grouped by a parameter with two metrics summed up, those with a
/// text in their names.
#[divan::bench(args = ["created", "metric", "param", "grouped", "searched"])]
fn run_index(bencher: Bencher<'_, '_>, what: &str) {
    let (_dir, workspace) = many_runs();
    let sort = match what {
        "metric" => RunSort::Metric("auc".into()),
        "param" => RunSort::Param("param 3".into()),
        _ => RunSort::Created,
    };
    let group = (what == "grouped").then(|| RunSort::Param("param 1".into()));
    let measures = if group.is_some() { vec!["auc".to_owned(), "loss".to_owned()] } else { Vec::new() };
    let text = if what == "searched" { "run 4711".to_owned() } else { String::new() };
    let filter = RunFilter { sort, text, ..RunFilter::default() };
    let listing = RunListing { filter, group, measures, nested: true, ..RunListing::default() };
    bencher.bench_local(|| workspace.run_index(&listing).expect("an index"));
}
