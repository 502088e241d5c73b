//! Looking at 100 million rows: opening, any page, a page already seen, and a
//! filter over the whole file. The file takes about 20 s and 600 MB to make.
#![allow(clippy::expect_used)] // A benchmark that cannot be set up should stop.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::LazyLock;

use data::grid::{Grid, View};
use data::ops::Random;
use data::polars::prelude::{Column, DataFrame, NamedFrom, ParquetCompression, ParquetWriter, Series};

const GROUPS: u64 = 763;
const GROUP_ROWS: u64 = 1 << 17;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a temporary folder"));

static TABLE: LazyLock<PathBuf> = LazyLock::new(|| {
    let path = FOLDER.path().join("big.parquet");
    let first = group(0);
    let file = std::fs::File::create(&path).expect("creating the table");
    let mut writer = ParquetWriter::new(std::io::BufWriter::new(file))
        .with_compression(ParquetCompression::Snappy)
        .batched(first.schema())
        .expect("a writer");
    writer.write_batch(&first).expect("writing");
    for number in 1..GROUPS {
        writer.write_batch(&group(number)).expect("writing");
    }
    writer.finish().expect("finishing");
    path
});

/// A whole number, a real and a text.
fn group(number: u64) -> DataFrame {
    let rows = number * GROUP_ROWS..(number + 1) * GROUP_ROWS;
    let mut random = Random::new(number);
    let whole: Vec<i64> = rows.clone().map(|row| row as i64).collect();
    let real: Vec<f32> = rows.clone().map(|_| random.below(1 << 10) as f32).collect();
    let text: Vec<&str> = rows.map(|row| ["red", "green", "blue"][(row % 3) as usize]).collect();
    let columns: Vec<Column> = vec![
        Series::new("whole".into(), whole).into(),
        Series::new("real".into(), real).into(),
        Series::new("text".into(), text).into(),
    ];
    DataFrame::new(GROUP_ROWS as usize, columns).expect("equal lengths")
}

fn main() {
    LazyLock::force(&TABLE);
    divan::main();
}

#[divan::bench]
fn open() -> u64 {
    Grid::open(&TABLE).expect("opening").len()
}

#[divan::bench]
fn page_anywhere(bencher: divan::Bencher) {
    let grid = Grid::with_cache(&TABLE, 16 << 20).expect("opening");
    let mut random = Random::new(1);
    bencher.bench_local(|| {
        let start = random.below(grid.len() - 60);
        grid.rows(start..start + 60, None).expect("rows")
    });
}

#[divan::bench]
fn page_seen_before(bencher: divan::Bencher) {
    let grid = Grid::open(&TABLE).expect("opening");
    let start = grid.len() / 2;
    bencher.bench_local(|| grid.rows(start..start + 60, None).expect("rows"));
}

#[divan::bench(sample_count = 2, sample_size = 1)]
fn filter_everything(bencher: divan::Bencher) {
    let grid = Grid::open(&TABLE).expect("opening");
    let filter = Some("real > 1000 AND text = 'red'".to_owned());
    let view = View { filter, ..View::default() };
    bencher.bench_local(|| grid.index(&view, &|_| ControlFlow::Continue(())).expect("index").len());
}
