//! Against scikit-learn; `golden/make.py` made the values.

use indexmap::IndexMap;
use polars::df;
use polars::prelude::{AnyValue, DataFrame};
use proptest::prelude::*;

use super::*;
use crate::golden::{close, column_names, golden, sample_table, values};
use crate::scalar::Scalar;
use crate::schema::{Kind, Role};

fn reals(frame: &DataFrame, name: &str) -> Vec<f64> {
    let column = frame.column(name).unwrap().cast(&Kind::Real.dtype()).unwrap();
    column.f64().unwrap().iter().map(|value| value.unwrap()).collect()
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Applies a step and checks that its planned columns are those it made.
fn applied(step: &Fitted, frame: &DataFrame) -> DataFrame {
    let out = step.apply(frame).unwrap();
    assert_eq!(Schema::of(&out), without_roles(&step.output_schema(&Schema::of(frame)).unwrap()));
    out
}

fn without_roles(schema: &Schema) -> Schema {
    Schema::new(schema.columns.iter().map(|column| (column.name.clone(), column.kind)))
}

#[test]
fn scaling_agrees_with_scikit_learn() {
    let frame = sample_table("diabetes.csv");
    for (scaling, name) in [(Scaling::ZScore, "z_score"), (Scaling::MinMax, "min_max"), (Scaling::Robust, "robust")] {
        let expected = &golden()["scale"][name];
        let columns: Vec<String> = serde_json::from_value(expected["columns"].clone()).unwrap();
        let out = applied(&scale::fit(&frame, &columns, scaling).unwrap(), &frame);
        for (at, column) in columns.iter().enumerate() {
            let found = reals(&out, column);
            for row in 0..5 {
                let value = values(&expected["first"][row])[at];
                assert!((found[row] - value).abs() < 1e-12, "{name} {column} {row}");
            }
            let squares: f64 = found.iter().map(|value| value * value).sum();
            close(squares, values(&expected["squares"])[at], 1e-11, name);
        }
    }
}

#[test]
fn constants_scale_by_one() {
    let frame = df!("x" => [3.0, 3.0, 3.0], "y" => [0.1, 0.1, 0.1]).unwrap();
    for scaling in Scaling::ALL {
        let out = scale::fit(&frame, &owned(&["x", "y"]), scaling).unwrap().apply(&frame).unwrap();
        assert!(reals(&out, "x").iter().all(|value| *value == 0.0), "{scaling:?}");
        assert!(reals(&out, "y").iter().all(|value| value.abs() < 1e-15), "{scaling:?}");
    }
}

#[test]
fn imputing_agrees_with_scikit_learn() {
    let expected = &golden()["impute"];
    let holes: Vec<Option<f64>> = serde_json::from_value(expected["holes"].clone()).unwrap();
    // Half of the holes as NaN, half as null: both are missing.
    let mut seen = 0;
    let mixed: Vec<Option<f64>> = holes
        .iter()
        .map(|value| {
            seen += usize::from(value.is_none());
            value.or((seen == 1).then_some(f64::NAN))
        })
        .collect();
    let frame = df!("x" => mixed).unwrap();
    for (strategy, name) in
        [(impute::Strategy::Mean, "mean"), (impute::Strategy::Median, "median"), (impute::Strategy::Mode, "mode")]
    {
        let step = impute::fit(&frame, &owned(&["x"]), &strategy, true).unwrap();
        let out = applied(&step, &frame);
        for (found, expected) in reals(&out, "x").iter().zip(values(&expected[name])) {
            close(*found, expected, 1e-14, name);
        }
        let missing = out.column("x_missing").unwrap().bool().unwrap().sum();
        assert_eq!(missing, Some(2), "{name}");
    }
}

#[test]
fn imputing_keeps_kinds_where_it_can() {
    let frame = df!(
        "whole" => [Some(1_i64), None, Some(4)],
        "text" => [Some("a"), None, Some("a")],
        "yes" => [Some(true), None, Some(false)],
        "empty" => [None::<f64>, None, None],
    )
    .unwrap();
    let fill = |name: &str, strategy| impute::fit(&frame, &owned(&[name]), &strategy, false);
    let out = applied(&fill("whole", impute::Strategy::Mean).unwrap(), &frame);
    assert_eq!(reals(&out, "whole"), [1.0, 2.5, 4.0]);
    let out = applied(&fill("whole", impute::Strategy::Minimum).unwrap(), &frame);
    assert_eq!(Schema::of(&out).get("whole").unwrap().kind, Kind::Integer);
    let out = applied(&fill("text", impute::Strategy::Mode).unwrap(), &frame);
    assert_eq!(out.column("text").unwrap().get(1).unwrap(), AnyValue::String("a"));
    let constant = impute::Strategy::Constant(Scalar::Boolean(true));
    let out = applied(&fill("yes", constant).unwrap(), &frame);
    assert_eq!(out.column("yes").unwrap().bool().unwrap().sum(), Some(2));
    assert!(fill("text", impute::Strategy::Mean).unwrap_err().to_string().contains("“text”"));
    let error = fill("empty", impute::Strategy::Median).unwrap_err();
    assert!(error.to_string().contains("no values to learn from"), "{error}");
    let wrong = impute::Strategy::Constant(Scalar::Text("many".into()));
    assert!(fill("whole", wrong).unwrap_err().to_string().contains("cannot be filled"));
}

#[test]
fn binning_agrees_with_scikit_learn() {
    let frame = sample_table("diabetes.csv");
    for (binning, name) in [(bin::Binning::EqualWidth(7), "equal_width"), (bin::Binning::Quantile(5), "quantile")] {
        let expected = &golden()["bin"][name];
        let step = bin::fit(&frame, &owned(&["bmi"]), &binning, None, None).unwrap();
        let Step::Bin { columns } = step.step() else { panic!("{step:?}") };
        for (found, edge) in columns[0].edges.iter().zip(values(&expected["edges"])) {
            close(*found, edge, 1e-14, name);
        }
        let codes = reals(&applied(&step, &frame), "bmi");
        let mut counts = vec![0.0; columns[0].edges.len() - 1];
        codes.iter().for_each(|code| counts[*code as usize] += 1.0);
        assert_eq!(counts, values(&expected["counts"]), "{name}");
        assert_eq!(codes[..20], values(&expected["first"])[..], "{name}");
    }
}

#[test]
fn bins_have_names_and_take_what_lies_outside() {
    let frame = df!("x" => [Some(-5.0), Some(0.0), Some(10.0), Some(99.0), None]).unwrap();
    let edges = bin::Binning::Edges(vec![0.0, 5.0, 10.0]);
    let labels = owned(&["low", "high"]);
    let step = bin::fit(&frame, &owned(&["x"]), &edges, Some(&labels), Some("_bin")).unwrap();
    let out = applied(&step, &frame);
    let bins: Vec<_> = out.column("x_bin").unwrap().str().unwrap().iter().collect();
    assert_eq!(bins, [Some("low"), Some("low"), Some("high"), Some("high"), None]);
    let error = bin::fit(&frame, &owned(&["x"]), &edges, Some(&labels[..1]), None).unwrap_err();
    assert!(error.to_string().contains("2 bins but 1 labels"), "{error}");
}

#[test]
fn one_hot_agrees_with_scikit_learn() {
    let expected = &golden()["one_hot"];
    let fitted: Vec<String> = serde_json::from_value(expected["fitted"].clone()).unwrap();
    let asked: Vec<String> = serde_json::from_value(expected["asked"].clone()).unwrap();
    let step = one_hot::fit(&df!("colour" => fitted).unwrap(), &owned(&["colour"]), false, 10);
    let step = step.unwrap();
    let out = applied(&step, &df!("n" => [1, 2, 3], "colour" => asked, "z" => [1, 2, 3]).unwrap());
    let names: Vec<String> = serde_json::from_value(expected["names"].clone()).unwrap();
    assert_eq!(column_names(&out)[1..4], names);
    assert_eq!((column_names(&out)[0], column_names(&out)[4]), ("n", "z"));
    for (row, codes) in expected["codes"].as_array().unwrap().iter().enumerate() {
        let found: Vec<f64> = names.iter().map(|name| reals(&out, name)[row]).collect();
        assert_eq!(found, values(codes), "row {row}");
    }
}

#[test]
fn one_hot_of_numbers_missing_values_and_too_many() {
    let frame = df!("n" => [Some(10_i64), Some(9), None, Some(10)]).unwrap();
    let step = one_hot::fit(&frame, &owned(&["n"]), true, 10).unwrap();
    let out = applied(&step, &frame);
    assert_eq!(column_names(&out), ["n_10"]);
    assert_eq!(reals(&out, "n_10"), [1.0, 0.0, 0.0, 1.0]);
    assert!(one_hot::fit(&frame, &owned(&["n"]), true, 1).is_err());
}

#[test]
fn clipping() {
    let frame = df!(
        "x" => [Some(1.0), Some(f64::NAN), Some(100.0), None],
        "n" => [Some(i64::MAX), Some(3), Some(-3), None],
    )
    .unwrap();
    let limits = clip::Limits::Values { lower: Some(1.5), upper: Some(50.0) };
    let step = clip::fit(&frame, &owned(&["x"]), limits, Outside::Limit).unwrap();
    let out = applied(&step, &frame);
    let found: Vec<_> = out.column("x").unwrap().f64().unwrap().iter().collect();
    assert_eq!((found[0], found[2], found[3]), (Some(1.5), Some(50.0), None));
    assert!(found[1].unwrap().is_nan());
    let limits = clip::Limits::Values { lower: Some(-2.5), upper: None };
    let step = clip::fit(&frame, &owned(&["n"]), limits, Outside::Missing).unwrap();
    let out = applied(&step, &frame);
    let found: Vec<_> = out.column("n").unwrap().i64().unwrap().iter().collect();
    assert_eq!(found, [Some(i64::MAX), Some(3), None, None]);
    let limits = clip::Limits::Percentiles { lower: Some(25.0), upper: Some(75.0) };
    let five = df!("x" => [0.0, 1.0, 2.0, 3.0, 4.0]).unwrap();
    let out = clip::fit(&five, &owned(&["x"]), limits, Outside::Limit).unwrap().apply(&five).unwrap();
    assert_eq!(reals(&out, "x"), [1.0, 1.0, 2.0, 3.0, 3.0]);
    let wrong = clip::Limits::Values { lower: Some(2.0), upper: Some(1.0) };
    assert!(clip::fit(&five, &owned(&["x"]), wrong, Outside::Limit).is_err());
}

fn step(step: Step) -> Fitted {
    Fitted::new(step).unwrap()
}

#[test]
fn plain_steps() {
    let frame = df!("a" => [1_i64, 2], "b" => ["1.5", "x"], "c" => [true, false]).unwrap();
    let out = applied(&step(Step::Select { columns: owned(&["c", "a"]) }), &frame);
    assert_eq!(column_names(&out), ["c", "a"]);
    let out = applied(&step(Step::Drop { columns: owned(&["b"]) }), &frame);
    assert_eq!(column_names(&out), ["a", "c"]);
    let swap = IndexMap::from([("a".into(), "b".into()), ("b".into(), "a".into())]);
    let out = applied(&step(Step::Rename { columns: swap }), &frame);
    assert_eq!(column_names(&out), ["b", "a", "c"]);
    let cast = IndexMap::from([("b".into(), Kind::Real), ("c".into(), Kind::Integer)]);
    let out = applied(&step(Step::Cast { columns: cast }), &frame);
    assert_eq!(out.column("b").unwrap().f64().unwrap().iter().collect::<Vec<_>>(), [Some(1.5), None]);
    let computed = vec![
        ComputedColumn { name: "double".into(), expression: "a * 2".into() },
        ComputedColumn { name: "a".into(), expression: "double + 1".into() },
    ];
    let out = applied(&step(Step::Compute { columns: computed }), &frame);
    assert_eq!(reals(&out, "a"), [3.0, 5.0]);
    let roles = IndexMap::from([("a".into(), Some(Role::Label))]);
    let schema = step(Step::SetRole { columns: roles }).output_schema(&Schema::of(&frame)).unwrap();
    assert_eq!(schema.get("a").unwrap().role, Some(Role::Label));
}

#[test]
fn mistakes_are_named() {
    let frame = df!("age" => [1.0, 2.0], "name" => ["x", "y"]).unwrap();
    let fitted = scale::fit(&frame, &owned(&["age"]), Scaling::ZScore).unwrap();
    let error = fitted.apply(&df!("Age" => [1.0]).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "There is no column “age”. Did you mean “Age”?");
    let error = scale::fit(&frame, &owned(&["name"]), Scaling::ZScore).unwrap_err();
    assert_eq!(error.to_string(), "Column “name” is a text, but a number is needed here.");
    let clash = IndexMap::from([("age".to_owned(), "name".to_owned())]);
    let error = step(Step::Rename { columns: clash }).apply(&frame).unwrap_err();
    assert!(error.to_string().contains("two columns named “name”"), "{error}");
    let cast = IndexMap::from([("age".to_owned(), Kind::Category)]);
    assert!(step(Step::Cast { columns: cast }).apply(&frame).is_err());
    let mean = vec![ComputedColumn { name: "m".into(), expression: "avg(age)".into() }];
    let error = step(Step::Compute { columns: mean }).apply(&frame).unwrap_err();
    assert!(error.to_string().contains("several rows"), "{error}");
}

fn example() -> Preparation {
    let frame = df!("x" => [Some(1.0), None, Some(0.1 + 0.2)], "c" => ["a", "b", "a"]).unwrap();
    Preparation(vec![
        impute::fit(&frame, &owned(&["x"]), &impute::Strategy::Mean, true).unwrap(),
        step(Step::Scale {
            columns: vec![ScaleColumn {
                column: "x".into(),
                scaling: Scaling::Robust,
                center: 1.0 / 3.0,
                scale: 1e-300,
            }],
        }),
        one_hot::fit(&frame, &owned(&["c"]), false, 10).unwrap(),
        step(Step::SetRole { columns: IndexMap::from([("c_a".into(), None)]) }),
    ])
}

#[test]
fn json_round_trips_with_the_same_ids() {
    let preparation = example();
    let json = serde_json::to_string_pretty(&preparation).unwrap();
    let back: Preparation = serde_json::from_str(&json).unwrap();
    assert_eq!(back, preparation);
    assert_eq!(back.0[0].id().len(), 64);
    let newer = json.replace("\"version\": 1", "\"version\": 2");
    let error = serde_json::from_str::<Preparation>(&newer).unwrap_err();
    assert!(error.to_string().contains("newer version"), "{error}");
    let damaged = json.replace("1e-300", "0");
    assert!(serde_json::from_str::<Preparation>(&damaged).is_err());
}

/// Written by version 1; it must be read for ever, with the id it had then.
#[test]
fn the_first_version_is_still_read() {
    let stored = r#"[{"version":1,"id":"","step":"scale","columns":[
        {"column":"x","scaling":"z_score","center":1.5,"scale":2.0}]}]"#;
    let preparation: Preparation = serde_json::from_str(stored).unwrap();
    assert_eq!(preparation.0[0].id(), "a3ebdd357fc5d3f3b7f26f33826903241584294edc099f5f916b1f1e4631aa05");
}

#[test]
fn what_remains_is_what_comes_after() {
    let whole = example();
    let part = Preparation(whole.0[..2].to_vec());
    assert_eq!(whole.remaining_after(&part).unwrap(), Preparation(whole.0[2..].to_vec()));
    assert_eq!(whole.remaining_after(&Preparation::default()).unwrap(), whole);
    assert!(whole.remaining_after(&whole).unwrap().is_empty());
    let error = part.remaining_after(&whole).unwrap_err();
    assert!(error.to_string().contains("“One-hot encode” (step 3)"), "{error}");
    let mut other = part.clone();
    other.0[1] = step(Step::Drop { columns: owned(&["x"]) });
    let error = whole.remaining_after(&other).unwrap_err().to_string();
    assert!(error.contains("“Drop columns” where the model expects “Normalise”"), "{error}");
    let mut refitted = part;
    refitted.0[0] =
        impute::fit(&df!("x" => [Some(5.0), None]).unwrap(), &owned(&["x"]), &impute::Strategy::Mean, true).unwrap();
    let error = whole.remaining_after(&refitted).unwrap_err().to_string();
    assert!(error.contains("fitted on other rows"), "{error}");
}

#[test]
fn preparation_gives_the_planned_columns() {
    let preparation = example();
    let frame = df!("x" => [Some(7.0), None], "c" => ["b", "z"]).unwrap();
    let out = preparation.apply(&frame).unwrap();
    let planned = preparation.output_schema(&Schema::of(&frame)).unwrap();
    assert_eq!(Schema::of(&out), without_roles(&planned));
    let names = column_names(&out);
    assert_eq!(names, ["x", "c_a", "c_b", "x_missing"]);
}

proptest! {
    #[test]
    fn scaled_columns_have_their_moments(values in proptest::collection::vec(-1e6_f64..1e6, 2..60)) {
        let frame = df!("x" => values.clone()).unwrap();
        let out = scale::fit(&frame, &owned(&["x"]), Scaling::MinMax).unwrap().apply(&frame).unwrap();
        prop_assert!(reals(&out, "x").iter().all(|value| (0.0..=1.0).contains(value)));
        let out = scale::fit(&frame, &owned(&["x"]), Scaling::ZScore).unwrap().apply(&frame).unwrap();
        let scaled = reals(&out, "x");
        let mean = scaled.iter().sum::<f64>() / scaled.len() as f64;
        prop_assert!(mean.abs() < 1e-6);
    }

    #[test]
    fn every_value_falls_into_a_bin(
        values in proptest::collection::vec(-10_i32..10, 1..50),
        bins in 2_usize..8,
    ) {
        let frame = df!("x" => values.clone()).unwrap();
        for binning in [bin::Binning::EqualWidth(bins), bin::Binning::Quantile(bins)] {
            let step = bin::fit(&frame, &owned(&["x"]), &binning, None, None).unwrap();
            let codes = reals(&step.apply(&frame).unwrap(), "x");
            prop_assert!(codes.iter().all(|code| *code >= 0.0 && *code < bins as f64));
        }
    }
}
