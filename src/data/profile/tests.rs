//! Against pandas, NumPy and SciPy; `golden/make.py` made the values.

use polars::df;
use polars::prelude::{DataFrame, DataType, TimeUnit};
use proptest::prelude::*;

use super::*;
use crate::golden::{close, golden, sample_table, values};

#[test]
fn statistics_agree_with_the_references() {
    let profile = of_frame(&sample_table("diabetes.csv")).unwrap();
    assert_eq!(profile.rows, 442);
    for expected in golden()["profile"].as_array().unwrap() {
        let name = expected["name"].as_str().unwrap();
        let column = profile.get(name).unwrap();
        close(column.mean.unwrap(), expected["mean"].as_f64().unwrap(), 1e-13, name);
        close(column.std.unwrap(), expected["std"].as_f64().unwrap(), 1e-13, name);
        close(column.skew.unwrap(), expected["skew"].as_f64().unwrap(), 1e-10, name);
        assert_eq!(column.distinct, expected["distinct"].as_u64().unwrap(), "{name}");
        let quantiles = column.quantiles.as_ref().unwrap();
        assert_eq!(quantiles.rank_error, 0.0);
        for (found, expected) in quantiles.values.iter().zip(values(&expected["quantiles"])) {
            close(found.as_f64().unwrap(), expected, 1e-13, name);
        }
    }
}

fn hostile() -> DataFrame {
    let days = [Some(0), Some(40), None, Some(0)];
    df!(
        "x" => [Some(f64::NAN), Some(f64::INFINITY), None, Some(-0.0)],
        "n" => [Some(i64::MIN), Some(i64::MAX), Some(0), None],
        "t" => [Some("né"), Some(""), None, Some("né")],
        "b" => [Some(true), Some(true), Some(false), None],
        "constant" => [7_i64, 7, 7, 7],
        "none" => [None::<f64>, None, None, None],
        "nan" => [f64::NAN, f64::NAN, f64::NAN, f64::NAN],
        "day" => polars::prelude::Series::new("day".into(), days.as_slice()).cast(&DataType::Date).unwrap(),
        "at" => polars::prelude::Series::new("at".into(), [1_i64, 2, 3, 4].as_slice())
            .cast(&DataType::Datetime(TimeUnit::Milliseconds, None)).unwrap(),
        "huge" => [f64::MAX, f64::MIN, f64::MAX, 1.0],
    )
    .unwrap()
}

use polars::prelude::NamedFrom;

#[test]
fn hostile_values_are_counted_and_survive_json() {
    let profile = of_frame(&hostile()).unwrap();
    let x = profile.get("x").unwrap();
    assert_eq!((x.missing, x.nan, x.infinite, x.zeros, x.distinct), (1, 1, 1, 1, 2));
    assert_eq!((x.min.clone(), x.max.clone()), (Some(Scalar::Real(0.0)), Some(Scalar::Real(0.0))));
    let n = profile.get("n").unwrap();
    assert_eq!(n.min, Some(Scalar::Integer(i64::MIN)));
    assert_eq!(n.histogram.as_ref().unwrap().counts.iter().sum::<u64>(), 3);
    let t = profile.get("t").unwrap();
    assert_eq!(t.top[0], TopValue { value: Scalar::Text("né".into()), count: 2 });
    assert_eq!(t.lengths, Some(Lengths { min: 0, mean: 4.0 / 3.0, max: 2 }));
    assert_eq!(profile.get("b").unwrap().mean, Some(2.0 / 3.0));
    assert!(profile.get("constant").unwrap().constant);
    assert!(profile.get("none").unwrap().constant && profile.get("nan").unwrap().constant);
    assert!(!x.constant && !t.constant);
    let day = profile.get("day").unwrap();
    assert_eq!(day.max, Some(Scalar::Date(40)));
    assert_eq!(day.quantile(0.5), Some(&Scalar::Date(0)));
    assert_eq!(profile.get("at").unwrap().max, Some(Scalar::DateTime(4_000)));
    let json = serde_json::to_string(&profile).unwrap();
    assert_eq!(serde_json::from_str::<Profile>(&json).unwrap(), profile);
}

#[test]
fn whole_numbers_and_days_get_a_bin_each() {
    let frame = df!("n" => [1_i64, 2, 2, 5]).unwrap();
    let profile = of_frame(&frame).unwrap();
    let histogram = profile.columns[0].histogram.clone().unwrap();
    assert_eq!(histogram.edges, [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]);
    assert_eq!(histogram.counts, [1, 2, 0, 0, 1]);
}

#[test]
fn pieces_give_what_the_whole_gives() {
    let frame = sample_table("breast_cancer.csv");
    let whole = of_frame(&frame).unwrap();
    let mut profiler = Profiler::new(&Schema::of(&frame));
    for start in (0..frame.height()).step_by(100) {
        profiler.add(&frame.slice(start as i64, 100)).unwrap();
    }
    let pieces = profiler.finish();
    for (piece, whole) in pieces.columns.iter().zip(&whole.columns) {
        assert_eq!(piece.quantiles, whole.quantiles);
        assert_eq!(piece.top, whole.top);
        if let (Some(piece), Some(whole)) = (piece.std, whole.std) {
            close(piece, whole, 1e-12, "std");
        }
    }
}

#[test]
fn beyond_the_limit_estimates_stay_within_their_bounds() {
    // Ten thousand columns share the memory, so that few values are held exactly.
    let schema = Schema::new((0..10_000).map(|at| (format!("c{at}"), crate::schema::Kind::Integer)));
    let mut wide = Profiler::new(&schema);
    wide.keep_first(2);
    let rows = 40_000_i64;
    for start in (0..rows).step_by(5_000) {
        let range = start..start + 5_000;
        let frame = df!(
            "c0" => range.clone().map(|n| (n * 7_919) % rows).collect::<Vec<_>>(),
            "c1" => range.map(|n| n % 7).collect::<Vec<_>>(),
        );
        wide.add(&frame.unwrap()).unwrap();
    }
    let profile = wide.finish();
    let many = &profile.columns[0];
    assert!(many.approximate);
    assert!((many.distinct as f64 / rows as f64 - 1.0).abs() < 0.03, "{}", many.distinct);
    assert_eq!((many.min.clone(), many.max.clone()), (Some(0.into()), Some((rows - 1).into())));
    let quantiles = many.quantiles.as_ref().unwrap();
    assert!(quantiles.rank_error > 0.0 && quantiles.rank_error < 0.01);
    for (p, value) in Quantiles::PROBABILITIES.iter().zip(&quantiles.values) {
        let off = (value.as_f64().unwrap() / rows as f64 - p).abs();
        assert!(off <= quantiles.rank_error + 0.004, "{p}: off by {off}");
    }
    let few = &profile.columns[1];
    assert!(!few.approximate);
    assert_eq!((few.distinct, few.quantiles.as_ref().unwrap().rank_error), (7, 0.0));
    assert_eq!(few.histogram.as_ref().unwrap().counts.len(), 7);
    assert_eq!(few.quantile(0.5), Some(&Scalar::Real(3.0)));
}

proptest! {
    #[test]
    fn every_finite_value_lies_in_a_bin(
        values in proptest::collection::vec(proptest::num::f64::ANY, 1..200),
    ) {
        let finite = values.iter().filter(|value| value.is_finite()).count() as u64;
        let profile = of_frame(&df!("x" => values).unwrap()).unwrap();
        let column = &profile.columns[0];
        let binned = column.histogram.as_ref().map_or(0, |h| h.counts.iter().sum::<u64>());
        prop_assert_eq!(binned, finite);
        if let Some(histogram) = &column.histogram {
            prop_assert!(histogram.counts.len() <= MAX_BINS);
            prop_assert_eq!(histogram.edges.len(), histogram.counts.len() + 1);
        }
        let json = serde_json::to_string(&profile).unwrap();
        prop_assert_eq!(serde_json::from_str::<Profile>(&json).unwrap(), profile);
    }
}
