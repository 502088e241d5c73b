//! What the engine itself costs: an edit of a large drawing, and a step beside its work.
//!
//! `cargo bench -p pipeline`

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot set itself up should stop")]

use data::polars::df;
use divan::Bencher;
use pipeline::check::{Nothing, check};
use pipeline::execute::{Options, execute};
use pipeline::graph::{Input, Job, Pipeline, layout};
use pipeline::memory::{MemoryStore, Recorder};
use pipeline::plan::{Plan, Target};
use pipeline::yaml::Document;

fn main() {
    divan::main();
}

fn job(component: &str, inputs: &[(&str, Input)]) -> Job {
    let inputs = inputs.iter().map(|(name, input)| ((*name).to_owned(), input.clone())).collect();
    Job { component: component.to_owned(), inputs, ..Job::default() }
}

fn wire(job: String) -> Input {
    Input::Binding { job, output: "table".to_owned() }
}

/// 500 nodes and about 800 wires over a table of 30 columns typed by hand.
fn large() -> Pipeline {
    let header = (0..30).map(|column| format!("column {column}")).collect::<Vec<_>>().join(",");
    let row = (0..30).map(|column| column.to_string()).collect::<Vec<_>>().join(",");
    let csv = Input::Value(format!("{header}\n{row}\n").into());
    let mut pipeline = Pipeline::default();
    pipeline.jobs.insert("n0".to_owned(), job("enter_data", &[("data", csv)]));
    for index in 1..500usize {
        let before = format!("n{}", index - 1);
        let step = if index % 5 < 3 {
            let other = format!("n{}", index.saturating_sub(9));
            job("append_rows", &[("first", wire(before)), ("second", wire(other))])
        } else {
            job("remove_duplicates", &[("table", wire(before))])
        };
        pipeline.jobs.insert(format!("n{index}"), step);
    }
    layout::complete(&mut pipeline);
    pipeline
}

#[divan::bench]
fn check_500_nodes(bencher: Bencher) {
    let pipeline = large();
    bencher.bench(|| check(&pipeline, &Nothing));
}

#[divan::bench]
fn tidy_500_nodes(bencher: Bencher) {
    let pipeline = large();
    bencher.bench(|| layout::tidy(&pipeline));
}

#[divan::bench]
fn write_one_change_among_500_nodes(bencher: Bencher) {
    let pipeline = large();
    let document = Document::new(&pipeline);
    let mut changed = pipeline.clone();
    changed.layout["n250"] = [1.0, 2.0];
    bencher.bench(|| document.update(&changed));
}

/// Import and nine steps that do next to nothing.
fn ten_steps(store: &MemoryStore) -> Plan {
    let mut pipeline = Pipeline::default();
    let dataset = Input::Value("rows".into());
    pipeline.jobs.insert("n0".to_owned(), job("import_dataset", &[("dataset", dataset)]));
    for index in 1..10 {
        let step = job("remove_duplicates", &[("table", wire(format!("n{}", index - 1)))]);
        pipeline.jobs.insert(format!("n{index}"), step);
    }
    Plan::of(&pipeline, &check(&pipeline, store), &Target::All).unwrap()
}

fn store() -> MemoryStore {
    let store = MemoryStore::new().unwrap();
    store.add_dataset("rows", &df!("x" => [1, 2, 3]).unwrap()).unwrap();
    store
}

#[divan::bench]
fn run_10_small_steps(bencher: Bencher) {
    let store = store();
    let plan = ten_steps(&store);
    let options = Options { force: true, ..Options::default() };
    bencher.bench(|| assert!(execute(&plan, &store, &Recorder::new(), &options).is_success()));
}

#[divan::bench]
fn run_10_cached_steps(bencher: Bencher) {
    let store = store();
    let plan = ten_steps(&store);
    execute(&plan, &store, &Recorder::new(), &Options::default());
    bencher.bench(|| {
        let outcome = execute(&plan, &store, &Recorder::new(), &Options::default());
        assert_eq!(outcome.reused.len(), 10);
    });
}
