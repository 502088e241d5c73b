use polars::df;
use polars::prelude::ParquetWriter;

use super::*;
use crate::golden::column_names;
use std::ops::ControlFlow;

/// 1,000 rows in row groups of 100.
fn sample(folder: &tempfile::TempDir) -> Grid {
    let path = folder.path().join("t.parquet");
    let mut frame = df!(
        "n" => (0..1_000_i64).collect::<Vec<_>>(),
        "x" => (0..1_000).map(|n| (n % 7 != 0).then_some(f64::from(n * 37 % 1_000))).collect::<Vec<_>>(),
        "name" => (0..1_000).map(|n| format!("Zeile {}", n % 50)).collect::<Vec<_>>(),
    )
    .unwrap();
    let file = std::fs::File::create(&path).unwrap();
    ParquetWriter::new(file).with_row_group_size(Some(100)).finish(&mut frame).unwrap();
    Grid::open(&path).unwrap()
}

fn whole_numbers(frame: &DataFrame) -> Vec<i64> {
    frame.column("n").unwrap().i64().unwrap().iter().flatten().collect()
}

fn on(_: f64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn any_rows_and_columns() {
    let folder = tempfile::tempdir().unwrap();
    let grid = sample(&folder);
    assert_eq!((grid.len(), grid.schema().len()), (1_000, 3));
    let rows = grid.rows(95..205, None).unwrap();
    assert_eq!(whole_numbers(&rows), (95..205).collect::<Vec<_>>());
    let rows = grid.rows(990..2_000, Some(&[2, 0])).unwrap();
    assert_eq!(column_names(&rows), ["name", "n"]);
    assert_eq!(rows.height(), 10);
    assert_eq!(grid.rows(5_000..6_000, None).unwrap().height(), 0);
    assert!(grid.rows(0..1, Some(&[9])).is_err());
}

#[test]
fn the_cache_stays_within_its_bound() {
    let folder = tempfile::tempdir().unwrap();
    let grid = sample(&folder);
    let small = Grid::with_cache(grid.file().path(), 3_000).unwrap();
    for start in (0..1_000).step_by(50) {
        small.rows(start..start + 50, Some(&[0, 1])).unwrap();
        assert!(small.cached_bytes() <= 3_000);
    }
    assert!(small.cached_bytes() > 0);
}

#[test]
fn views_sort_filter_and_search() {
    let folder = tempfile::tempdir().unwrap();
    let grid = sample(&folder);
    let view = View {
        sort: vec![SortBy { column: "x".into(), descending: true, nulls_last: true }],
        filter: Some("n < 300".into()),
        search: Some("ZEILE 1".into()),
    };
    let index = grid.index(&view, &on).unwrap();
    let rows = grid.rows_of(&index, 0..index.len(), None).unwrap();
    let kept = (0..300).filter(|n| (n % 50).to_string().starts_with('1'));
    assert_eq!(index.len(), kept.count() as u64);
    let x: Vec<Option<f64>> = rows.column("x").unwrap().f64().unwrap().iter().collect();
    let filled = x.iter().flatten().count();
    assert!(x[..filled].windows(2).all(|pair| pair[0] >= pair[1]));
    assert!(x[filled..].iter().all(Option::is_none) && filled < x.len());
    assert_eq!(grid.rows_of(&index, 3..6, Some(&[0])).unwrap(), rows.slice(3, 3).select(["n"]).unwrap());
}

#[test]
fn a_plain_view_is_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let grid = sample(&folder);
    let index = grid.index(&View::default(), &on).unwrap();
    assert_eq!(index, Index::all(&grid));
    assert_eq!(whole_numbers(&grid.rows_of(&index, 7..9, None).unwrap()), [7, 8]);
}

#[test]
fn mistakes_and_cancelling() {
    let folder = tempfile::tempdir().unwrap();
    let grid = sample(&folder);
    let filter = |text: &str| View { filter: Some(text.into()), ..View::default() };
    assert!(grid.index(&filter("nn > 3"), &on).unwrap_err().to_string().contains("“nn”"));
    assert_eq!(grid.index(&filter("1 = 2"), &on).unwrap().len(), 0);
    assert_eq!(grid.index(&filter("1 = 1"), &on).unwrap().len(), 1_000);
    let stopped = grid.index(&filter("n > 3"), &|_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(Error::Cancelled)));
    let sort = vec![SortBy { column: "q".into(), descending: false, nulls_last: true }];
    assert!(grid.index(&View { sort, ..View::default() }, &on).is_err());
    let text = folder.path().join("t.csv");
    std::fs::write(&text, "a,b\n1,2\n").unwrap();
    assert!(Grid::open(&text).err().unwrap().to_string().contains("not a Parquet file"));
    assert!(Grid::open(&folder.path().join("none")).is_err());
}
