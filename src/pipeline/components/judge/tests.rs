use data::polars::df;
use data::polars::prelude::{DataFrame, DataType, NamedFrom, Series};
use data::schema::Role;
use learn::Report;

use super::*;
use crate::component::Component;
use crate::components::testing::{Bench, reals, texts};
use crate::shape::ModelShape;
use crate::value::{TableContent, Value};

/// The class is `b` from 20 on; `size` is ten times `x` and a little noise.
fn rows() -> DataFrame {
    let x: Vec<f64> = (0..60).map(|i| f64::from(i * 17 % 60) / 1.5).collect();
    let size: Vec<f64> = x.iter().map(|x| x * 10.0 + (x * 3.0).sin()).collect();
    let class: Vec<&str> = x.iter().map(|x| if *x >= 20.0 { "b" } else { "a" }).collect();
    let group: Vec<i64> = (0..60).map(|i| i % 6).collect();
    df!("x" => x, "size" => size, "group" => group, "class" => class).unwrap()
}

fn estimator(component: &'static dyn Component) -> Value {
    Bench::new(component).run().remove("estimator").unwrap()
}

fn tree() -> Value {
    estimator(&crate::components::learn::DecisionTree)
}

fn model(estimator: Value, label: &str) -> Value {
    let bench = Bench::new(&TrainModel).value("estimator", estimator).table("table", rows()).set("label", label);
    bench.run().remove("model").unwrap()
}

/// A bench with a model that predicts `class`, which checking knows.
fn scoring(model: Value) -> Bench {
    let shape = ModelShape { label: Some("class".to_owned()), ..ModelShape::default() };
    Bench::new(&ScoreModel).value("model", model).shape("model", Some(Shape::Model(shape)))
}

fn report(bench: &Bench) -> Report {
    match bench.run().remove("report") {
        Some(Value::Report(report)) => (*report).clone(),
        _ => panic!("no report"),
    }
}

#[test]
fn training_scoring_and_judging_fit_together() {
    let model = model(tree(), "class");
    let scored = scoring(model.clone()).table("table", rows());
    let table = scored.out("table");
    assert_eq!(table.roles.get("class"), Some(&Role::Label));
    let frame = table.frame().unwrap();
    assert_eq!(texts(&frame, "predicted"), texts(&frame, "class"));
    assert!(reals(&frame, "probability_b").iter().all(|p| p.is_some_and(|p| p == 0.0 || p == 1.0)));

    let of_scored = Bench::new(&EvaluateModel).value("table", table.clone().into());
    let of_model = Bench::new(&EvaluateModel).table("table", rows()).value("model", model);
    let (one, two) = (report(&of_scored), report(&of_model));
    assert_eq!(one.metrics, two.metrics);
    assert_eq!((one.task, one.value("accuracy")), (Task::Binary, Some(1.0)));
    assert_eq!(of_scored.caption(), "Binary");

    let compared = of_scored.value("compare", table.into());
    assert!(of_model_alone(&one, &compared), "the compared rows have a whole report of their own");
    let mut compared = report(&compared);
    assert_eq!(compared.charts[0].id(), "comparison");
    assert_eq!(compared.charts.len(), one.charts.len() + 1);
    let learn::report::Chart::Curve { series, .. } = compared.chart("roc").unwrap() else { panic!() };
    assert!(series.iter().any(|series| series.name.ends_with(", compared")), "{series:?}");

    let mut first_alone = compared.clone();
    drop_compared(&mut first_alone);
    assert_eq!(first_alone, one);

    name_compared(&mut compared, "Forest", "Line");
    let learn::report::Chart::Table { columns, .. } = compared.chart("comparison").unwrap() else { panic!() };
    assert_eq!(columns, &["Forest", "Line", "Difference"]);
    let learn::report::Chart::Curve { series, .. } = compared.chart("roc").unwrap() else { panic!() };
    let named = |ending: &str| series.iter().filter(|series| series.name.ends_with(ending)).count();
    assert_eq!((named(", Forest"), named(", Line")), (1, 1), "{series:?}");
    let untouched = one.clone();
    let mut alone = one;
    name_compared(&mut alone, "Forest", "Line");
    assert_eq!(alone, untouched);
}

/// Whether the second of two reports is what judging those rows alone gives.
fn of_model_alone(alone: &Report, bench: &Bench) -> bool {
    matches!(bench.run().remove("compared"), Some(Value::Report(report)) if *report == *alone)
}

#[test]
fn predictions_may_come_alone() {
    let model = model(tree(), "class");
    let bench = scoring(model).table("table", rows()).role("table", "group", Role::Id);
    let frame = bench.set("keep_columns", false).frame("table");
    let names: Vec<&str> = frame.get_column_names().into_iter().map(|name| name.as_str()).collect();
    assert_eq!(names, ["group", "class", "predicted", "probability_a", "probability_b"]);
}

#[test]
fn numbers_and_clusters_are_judged_too() {
    let linear = model(estimator(&crate::components::learn::LinearRegression), "size");
    let bench = Bench::new(&EvaluateModel).table("table", rows()).value("model", linear);
    let judged = report(&bench);
    assert_eq!(judged.task, Task::Regression);
    assert!(judged.value("r2").unwrap() > 0.99, "{:?}", judged.metrics);

    let means = Bench::new(&crate::components::learn::KMeans).set("clusters", 3).run().remove("estimator").unwrap();
    let numeric = rows().drop("class").unwrap();
    let bench = Bench::new(&TrainModel).value("estimator", means).table("table", numeric.clone());
    let clusters = bench.run().remove("model").unwrap();
    let scored = Bench::new(&ScoreModel).value("model", clusters.clone()).table("table", numeric.clone()).out("table");
    assert!(scored.schema().unwrap().contains("cluster") && scored.schema().unwrap().contains("distance"));
    let judged = report(&Bench::new(&EvaluateModel).value("table", scored.into()));
    assert_eq!(judged.task, Task::Clustering);
    let with_model = report(&Bench::new(&EvaluateModel).value("model", clusters).table("table", numeric));
    assert_eq!(judged.value("silhouette"), with_model.value("silhouette"));
}

#[test]
fn boosting_reports_its_curve() {
    let boosting = Bench::new(&crate::components::learn::GradientBoosting).set("trees", 12).set("early_stopping", 50);
    let boosting = boosting.run().remove("estimator").unwrap();
    let bench = Bench::new(&TrainModel).value("estimator", boosting).table("table", rows()).set("label", "class");
    let Some(Value::Model(model)) = bench.run().remove("model") else { panic!() };
    let keys: Vec<&str> = model.training.metrics.iter().map(|metric| metric.key.as_str()).collect();
    assert!(keys.len() >= 2, "training and validation: {keys:?}");
    assert!(bench.log()[0].starts_with("Trained Gradient boosting on 60 rows and 3 features in "), "{:?}", bench.log());
}

#[test]
fn cross_validation_gives_means_and_folds() {
    let bench = Bench::new(&CrossValidate).value("estimator", tree()).table("table", rows()).set("label", "class");
    let outputs = bench.run();
    let Some(Value::Report(report)) = outputs.get("report") else { panic!() };
    let Some(Value::Table(folds)) = outputs.get("folds") else { panic!() };
    let folds = folds.frame().unwrap();
    assert_eq!(folds.height(), 5);
    let accuracy: Vec<f64> = reals(&folds, "accuracy").into_iter().flatten().collect();
    let mean = accuracy.iter().sum::<f64>() / 5.0;
    assert!((report.value("accuracy").unwrap() - mean).abs() < 1e-12 && mean > 0.8);
    assert!(report.value("accuracy_std").is_some());
    assert_eq!(report.charts[0].id(), "folds");
    assert_eq!(bench.caption(), "5 folds");
    assert_eq!(bench.clone().set("repeats", 3).caption(), "5 folds × 3");
    assert_eq!(bench.clone().set("repeats", 2).frame("folds").height(), 10);
    let grouped = bench.set("scheme", "group");
    assert!(grouped.problems()[0].starts_with("Choose the column that names each row’s group."));
    let grouped = grouped.set("by", "group").set("folds", 3);
    assert_eq!(grouped.caption(), "3 folds · grouped by group");
    assert_eq!(grouped.integers("folds", "test_rows"), [20, 20, 20]);
}

fn shape(task: EstimatorTask, title: &str) -> Option<Shape> {
    Some(Shape::Estimator { title: title.to_owned(), task })
}

#[test]
fn what_cannot_be_learned_is_told_before_the_run() {
    let bench = Bench::new(&TrainModel).table("table", rows()).shape("estimator", shape(EstimatorTask::Either, "Tree"));
    assert_eq!(bench.problems(), ["Choose the label column, the one to predict."]);
    assert_eq!(bench.caption(), "No label chosen");
    assert_eq!(bench.clone().role("table", "class", Role::Label).problems(), [""; 0]);
    assert_eq!(bench.clone().role("table", "class", Role::Label).caption(), "Label class");
    let linear = bench.clone().shape("estimator", shape(EstimatorTask::Regression, "Linear regression"));
    let problems = linear.set("label", "class").problems();
    assert!(problems[0].starts_with("Linear regression predicts numbers, but the label “class”"), "{problems:?}");
    let means = bench.clone().shape("estimator", shape(EstimatorTask::Clustering, "K-means"));
    assert_eq!((means.problems(), means.caption().as_str()), (Vec::new(), "No label needed"));
    let problems = bench.table("table", dated()).set("label", "class").problems();
    assert!(problems[0].starts_with("The column “day” holds a date"), "{problems:?}");
}

#[test]
fn what_cannot_be_judged_is_told_before_the_run() {
    let bench = Bench::new(&EvaluateModel).table("table", rows());
    let problems = bench.problems();
    assert!(problems[0].starts_with("These rows have no predictions."), "{problems:?}");
    let model = Shape::Model(ModelShape { task: Some(Task::Regression), ..ModelShape::default() });
    let with_model = bench.shape("model", Some(model));
    assert_eq!((with_model.problems(), with_model.caption().as_str()), (Vec::new(), "Regression"));
    let cluster = Bench::new(&CrossValidate)
        .table("table", rows())
        .shape("estimator", shape(EstimatorTask::Clustering, "K-means"));
    assert!(cluster.problems()[0].starts_with("Clustering has no label"));
}

fn dated() -> DataFrame {
    let mut rows = rows();
    let days = Series::new("day".into(), vec![1i32; rows.height()]).cast(&DataType::Date).unwrap();
    rows.with_column(days.into()).unwrap();
    rows
}

#[test]
fn a_table_on_disk_is_scored_like_one_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    let file = std::fs::File::create(&path).unwrap();
    data::polars::prelude::ParquetWriter::new(file).finish(&mut rows()).unwrap();
    let table = Table::raw(TableContent::File(path));
    let model = model(tree(), "class");
    let bench = |value: Value| scoring(model.clone()).value("table", value);
    let memory = Table::raw(TableContent::Frame(rows()));
    assert!(bench(table.into()).frame("table").equals(&bench(memory.into()).frame("table")));
}

#[test]
fn a_label_that_was_normalised_is_refused() {
    let scaled =
        Bench::new(&crate::components::transform::Normalise).table("table", rows()).run().remove("table").unwrap();
    let bench = Bench::new(&TrainModel)
        .value("estimator", estimator(&crate::components::learn::LinearRegression))
        .value("table", scaled)
        .set("label", "x");
    assert!(bench.failure().contains("The label “x” was normalised before training"));
}
