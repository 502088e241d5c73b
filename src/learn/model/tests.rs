use super::*;
use crate::estimator::*;
use crate::report::Task;
use crate::validate::{Folds, Scheme};
use crate::{Error, Silent};
use data::polars::prelude::*;
use data::prepare::{Fitted as FittedStep, ImputeColumn, OneHotColumn, ScaleColumn, Scaling, Step};
use data::schema::{Column as SchemaColumn, Kind, Role};
use data::{Scalar, Schema};
use proptest::prelude::*;

/// 60 rows: two numbers, a colour, a flag, a weight, an id, and labels of three kinds that follow from them.
fn table() -> DataFrame {
    let rows = 60;
    let colours = ["red", "green", "blue"];
    let a: Vec<Option<f64>> = (0..rows).map(|i| Some(f64::from(i % 10))).collect();
    let b: Vec<i64> = (0..rows).map(|i| i64::from(i * 7 % 13)).collect();
    let colour: Vec<Option<&str>> = (0..rows).map(|i| Some(colours[i as usize % 3])).collect();
    let flag: Vec<bool> = (0..rows).map(|i| i % 4 == 0).collect();
    let price: Vec<f64> = (0..rows).map(|i| 2.0 * f64::from(i % 10) + if i % 3 == 0 { 30.0 } else { 0.0 }).collect();
    let kind: Vec<&str> = price.iter().map(|p| if *p >= 20.0 { "dear" } else { "cheap" }).collect();
    let dear: Vec<i64> = price.iter().map(|p| i64::from(*p >= 20.0)).collect();
    let columns = vec![
        Series::new("a".into(), a).into_column(),
        Series::new("b".into(), b).into_column(),
        Series::new("colour".into(), colour).into_column(),
        Series::new("flag".into(), flag).into_column(),
        Series::new("id".into(), (0..rows).collect::<Vec<i32>>()).into_column(),
        Series::new("price".into(), price).into_column(),
        Series::new("kind".into(), kind).into_column(),
        Series::new("dear".into(), dear).into_column(),
    ];
    DataFrame::new(rows as usize, columns).unwrap()
}

fn options(label: &str) -> TrainOptions {
    let roles = ["id", "price", "kind", "dear"].into_iter().filter(|name| *name != label);
    TrainOptions {
        label: Some(label.to_owned()),
        roles: roles.map(|name| (name.to_owned(), Role::Ignore)).collect(),
        ..TrainOptions::default()
    }
}

fn linear() -> Estimator {
    Estimator::LinearRegression(LinearRegression::default())
}

fn forest() -> Estimator {
    Estimator::RandomForest(RandomForest { n_estimators: 15, ..RandomForest::default() })
}

fn train(estimator: &Estimator, frame: &DataFrame, options: &TrainOptions) -> Model {
    Model::train(estimator, frame, options, &Silent).unwrap()
}

fn refusal(estimator: &Estimator, frame: &DataFrame, options: &TrainOptions) -> String {
    let text = Model::train(estimator, frame, options, &Silent).unwrap_err().to_string();
    assert!(text.ends_with(['.', '?']), "{text}");
    text
}

fn reals(frame: &DataFrame, name: &str) -> Vec<f64> {
    frame.column(name).unwrap().f64().unwrap().iter().map(|v| v.unwrap_or(f64::NAN)).collect()
}

fn score(model: &Model, frame: &DataFrame, already: &Preparation) -> DataFrame {
    model.score(frame, already, &Silent).unwrap().frame
}

/// The report of a table that the model scores first.
fn judge(model: &Model, frame: &DataFrame, options: &EvaluateOptions) -> crate::Report {
    let scored = model.score(frame, &raw(), &Silent).unwrap();
    report_of_scored(&scored.frame, &scored.columns, options).unwrap()
}

fn raw() -> Preparation {
    Preparation::default()
}

/// Scales `a` and the label, one-hot encodes the colour, fills `b`.
fn preparation() -> Preparation {
    let scale =
        |column: &str, center, scale| ScaleColumn { column: column.into(), scaling: Scaling::ZScore, center, scale };
    let one_hot = OneHotColumn {
        column: "colour".into(),
        categories: vec!["blue".into(), "green".into(), "red".into()],
        drop_first: false,
    };
    let impute = ImputeColumn { column: "b".into(), value: Scalar::Integer(3), indicator: None };
    let steps = [
        Step::Drop { columns: vec!["id".into(), "kind".into(), "dear".into()] },
        Step::Impute { columns: vec![impute] },
        Step::Scale { columns: vec![scale("a", 4.5, 3.0), scale("price", 20.0, 10.0)] },
        Step::OneHot { columns: vec![one_hot] },
        Step::Rename { columns: [("price".to_owned(), "target".to_owned())].into_iter().collect() },
    ];
    Preparation(steps.into_iter().map(|step| FittedStep::new(step).unwrap()).collect())
}

#[test]
fn a_regression_learns_numbers_flags_and_categories() {
    let frame = table();
    let model = train(&linear(), &frame, &options("price"));
    assert_eq!(model.task(), Task::Regression);
    assert_eq!(model.features.iter().map(|f| f.column.as_str()).collect::<Vec<_>>(), ["a", "b", "colour", "flag"]);
    assert_eq!(model.encoded_names(), ["a", "b", "colour = blue", "colour = green", "colour = red", "flag"]);
    let scored = score(&model, &frame, &raw());
    let (truth, predicted) = (reals(&frame, "price"), reals(&scored, "predicted"));
    assert!(truth.iter().zip(&predicted).all(|(a, b)| (a - b).abs() < 1e-9), "a linear law is found");
    let importance = model.importance().unwrap();
    assert_eq!(importance.keys().collect::<Vec<_>>(), ["a", "b", "colour", "flag"]);
    assert!(importance["colour"] > importance["a"] && importance["a"] > 0.1 && importance["b"] < 1e-9);
    assert_eq!(model.input.names().collect::<Vec<_>>(), ["a", "b", "colour", "flag"]);
    assert_eq!(model.training.rows, 60);
}

#[test]
fn a_classifier_scores_with_probabilities() {
    let frame = table();
    let model = train(&forest(), &frame, &options("kind"));
    let label = model.label.as_ref().unwrap();
    assert_eq!(
        (&label.classes[..], label.positive.as_deref()),
        (&["cheap".to_owned(), "dear".into()][..], Some("dear"))
    );
    let scored = score(&model, &frame, &raw());
    let (cheap, dear) = (reals(&scored, "probability_cheap"), reals(&scored, "probability_dear"));
    assert!(cheap.iter().zip(&dear).all(|(a, b)| (a + b - 1.0).abs() < 1e-12));
    assert_eq!(scored.column("predicted").unwrap().dtype(), &DataType::String);
    let report = judge(&model, &frame, &EvaluateOptions { label: Some("kind".into()), ..Default::default() });
    assert_eq!(report.task, Task::Binary);
    assert!(report.value("accuracy").unwrap() > 0.95);
    let own = EvaluateOptions { positive: Some("cheap".into()), ..Default::default() };
    let report = model.evaluate(&frame, &raw(), &own).unwrap();
    assert!(report.notes[0].contains("\"cheap\" is the positive class"));
    let twice = score(&model, &scored, &raw());
    assert_eq!(twice.width(), scored.width(), "scoring again replaces the columns");
}

#[test]
fn whole_numbers_are_classes_where_that_is_meant() {
    let frame = table();
    let model = train(&forest(), &frame, &options("dear"));
    assert_eq!(model.label.as_ref().unwrap().classes, ["0", "1"]);
    let scored = score(&model, &frame, &raw());
    assert_eq!(scored.column("predicted").unwrap().dtype(), &DataType::Int64);
    let as_number = TrainOptions { label_as: LabelAs::Number, ..options("dear") };
    assert_eq!(train(&forest(), &frame, &as_number).task(), Task::Regression);
    let logistic = Estimator::LogisticRegression(LogisticRegression::default());
    assert_eq!(train(&logistic, &frame, &options("b")).label.unwrap().classes.len(), 13, "sorted as numbers");
    let model = train(&forest(), &frame, &TrainOptions { label: Some("flag".into()), ..options("price") });
    assert_eq!(model.label.as_ref().unwrap().positive.as_deref(), Some("true"));
    assert_eq!(score(&model, &frame, &raw()).column("predicted").unwrap().dtype(), &DataType::Boolean);
}

#[test]
fn raw_rows_go_through_the_preparation() {
    let frame = table();
    let prepared = preparation().apply(&frame).unwrap();
    let options = TrainOptions { label: Some("target".into()), preparation: preparation(), ..TrainOptions::default() };
    let model = train(&linear(), &prepared, &options);
    let kinds: Vec<(&str, Kind)> = model.input.columns.iter().map(|c| (c.name.as_str(), c.kind)).collect();
    assert_eq!(model.input.len(), 4, "{kinds:?}");
    assert!(kinds.contains(&("colour", Kind::Text)) && kinds.contains(&("a", Kind::Real)));

    let expected = reals(&score(&model, &prepared, &preparation()), "predicted");
    let from_raw = score(&model, &frame, &raw());
    assert_eq!(reals(&from_raw, "predicted"), expected);
    assert!(from_raw.column("kind").is_ok(), "raw columns stay");
    let some = Preparation(preparation().0[..2].to_vec());
    assert_eq!(reals(&score(&model, &some.apply(&frame).unwrap(), &some), "predicted"), expected);
    // What no feature depends on may be absent: the label, and what is dropped anyway.
    let bare = frame.select(["a", "b", "colour", "flag"]).unwrap();
    assert_eq!(reals(&score(&model, &bare, &raw()), "predicted"), expected);
    let without = model.score(&bare.drop("a").unwrap(), &raw(), &Silent).unwrap_err().to_string();
    assert!(without.contains("no column “a”"), "{without}");
    let other = Preparation(preparation().0[1..].to_vec());
    assert!(model.score(&prepared, &other, &Silent).is_err(), "another preparation");
    let report = model.evaluate(&frame, &raw(), &EvaluateOptions::default()).unwrap();
    assert!(report.value("r2").unwrap() > 0.999999);

    let exact = Schema::of(&frame);
    let options = TrainOptions { raw: Some(exact), ..options };
    let model = train(&linear(), &prepared, &options);
    assert_eq!(model.input.get("b"), Some(&SchemaColumn::new("b", Kind::Integer)));
}

#[test]
fn computed_features_need_what_they_mention() {
    let frame = table();
    let compute = data::prepare::ComputedColumn { name: "both".into(), expression: "a + \"b\" * 2".into() };
    let step = FittedStep::new(Step::Compute { columns: vec![compute] }).unwrap();
    let preparation = Preparation(vec![step]);
    let prepared = preparation.apply(&frame).unwrap();
    let options = TrainOptions { features: Some(vec!["both".into()]), preparation, ..options("price") };
    let model = train(&linear(), &prepared, &options);
    assert_eq!(model.input.names().collect::<Vec<_>>(), ["a", "b"]);
    let bare = frame.select(["a", "b"]).unwrap();
    assert_eq!(score(&model, &bare, &raw()).height(), 60);
}

#[test]
fn unknown_and_missing_values_at_scoring() {
    let mut frame = table();
    let model = train(&forest(), &frame, &options("kind"));
    let colour: Vec<Option<&str>> = (0..60).map(|i| if i % 2 == 0 { Some("violet") } else { None }).collect();
    frame.with_column(Series::new("colour".into(), colour).into_column()).unwrap();
    frame.with_column(Series::full_null("a".into(), 60, &DataType::Float64).into_column()).unwrap();
    let scored = score(&model, &frame, &raw());
    assert!(reals(&scored, "probability_dear").iter().all(|p| p.is_finite()));
    // A column of numbers that was read as text still is one; other text is not.
    let texts = frame.column("b").unwrap().cast(&DataType::String).unwrap();
    frame.with_column(texts).unwrap();
    assert!(model.score(&frame, &raw(), &Silent).is_ok());
    frame.with_column(Series::new("b".into(), vec!["many"; 60]).into_column()).unwrap();
    let text = model.score(&frame, &raw(), &Silent).unwrap_err().to_string();
    assert_eq!(text, "Column “b” has “many” in row 1, but a whole number is needed here.");
}

#[test]
fn clusters() {
    let frame = table();
    let estimator = Estimator::KMeans(KMeans { n_clusters: 3, ..KMeans::default() });
    let roles = ["id", "dear", "flag"].map(|name| (name.to_owned(), Role::Ignore)).into_iter().collect();
    let features = Some(vec!["a".into(), "price".into()]);
    let model = train(&estimator, &frame, &TrainOptions { roles, features, ..TrainOptions::default() });
    assert_eq!((model.task(), &model.label), (Task::Clustering, &None));
    let scored = score(&model, &frame, &raw());
    assert_eq!(scored.column("cluster").unwrap().dtype(), &DataType::Int64);
    let report = model.evaluate(&frame, &raw(), &EvaluateOptions { label: Some("kind".into()), ..Default::default() });
    assert!(report.unwrap().value("adjusted_rand").unwrap() > 0.0);
    let columns = model.score(&frame, &raw(), &Silent).unwrap().columns;
    let ours = report_of_scored(&scored, &columns, &EvaluateOptions::default()).unwrap();
    let theirs = model.evaluate(&frame, &raw(), &EvaluateOptions::default()).unwrap();
    assert_eq!(ours.value("silhouette"), theirs.value("silhouette"));
    assert_eq!(ours.value("inertia"), theirs.value("inertia"));
}

#[test]
fn weights_and_roles_choose_columns() {
    let frame = table();
    let mut options = options("price");
    options.label = None;
    options.roles.insert("price".into(), Role::Label);
    options.roles.insert("b".into(), Role::Weight);
    let model = train(&linear(), &frame, &options);
    assert_eq!(model.features.iter().map(|f| f.column.as_str()).collect::<Vec<_>>(), ["a", "colour", "flag"]);
    assert_eq!(model.label.unwrap().name, "price");
    let twice = TrainOptions { features: Some(vec!["a".into(), "price".into()]), ..options.clone() };
    assert!(refusal(&linear(), &frame, &twice).contains("cannot be a feature too"));
    let wrong = TrainOptions { weight: Some("colour".into()), ..options };
    assert!(refusal(&linear(), &frame, &wrong).contains("a number for the row weight"));
}

#[test]
fn columns_that_cannot_be_learnt_from_are_refused_with_advice() {
    let mut frame = table();
    assert!(refusal(&linear(), &frame, &options("prise")).contains("Did you mean “price”?"));
    assert!(refusal(&linear(), &frame, &TrainOptions::default()).contains("needs a label"));
    assert!(refusal(&linear(), &frame, &options("kind")).contains("a number to predict"));
    let date = Series::new("day".into(), (0..60).collect::<Vec<i32>>()).cast(&DataType::Date).unwrap();
    let mut dated = frame.clone();
    dated.with_column(date.into_column()).unwrap();
    assert!(refusal(&linear(), &dated, &options("price")).contains("Compute numbers from it"));
    let names: Vec<String> = (0..60).map(|i| format!("name {i}")).collect();
    let mut named = frame.clone();
    named.with_column(Series::new("name".into(), names).into_column()).unwrap();
    let few = TrainOptions { max_categories: 50, ..options("price") };
    assert!(refusal(&linear(), &named, &few).contains("60 different texts; at most 50"));
    let price: Vec<Option<f64>> = (0..60).map(|i| (i > 0).then_some(1.0)).collect();
    frame.with_column(Series::new("price".into(), price).into_column()).unwrap();
    assert!(refusal(&linear(), &frame, &options("price")).contains("missing in 1 of 60 rows"));
    assert!(refusal(&forest(), &frame.head(Some(0)), &options("kind")).contains("no rows"));
    let only = TrainOptions { features: Some(Vec::new()), ..options("price") };
    assert!(refusal(&linear(), &frame, &only).contains("no features"));
}

#[test]
fn cross_validation_of_a_table() {
    let frame = table();
    let rows = TableFolds(&frame);
    let stratified = Folds { scheme: Scheme::Stratified, folds: 3, ..Folds::default() };
    let result = cross_validate(&forest(), &frame, &rows, &options("kind"), &stratified, None, &Silent).unwrap();
    assert_eq!((result.folds.len(), result.pooled.task), (3, Task::Binary));
    let group = Folds { scheme: Scheme::Group, folds: 3, ..Folds::default() };
    assert!(cross_validate(&linear(), &frame, &rows, &options("price"), &group, Some("colour"), &Silent).is_ok());
    let series = Folds { scheme: Scheme::TimeSeries, folds: 3, ..Folds::default() };
    assert!(cross_validate(&linear(), &frame, &rows, &options("price"), &series, Some("id"), &Silent).is_ok());
}

fn file_error(bytes: &[u8]) -> String {
    match Model::from_bytes(bytes) {
        Err(Error::File(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn files_that_are_no_models_are_refused() {
    let bytes = train(&forest(), &table(), &options("kind")).to_bytes().unwrap();
    assert!(file_error(b"").contains("ends too early"));
    assert!(file_error(b"a,b,c\n1,2,3\n").contains("not a model file"));
    assert!(file_error(&bytes[..bytes.len() / 2]).contains("ends too early"));
    assert!(file_error(&bytes[..bytes.len() - 1]).contains("digest does not fit"));
    let mut newer = bytes.clone();
    newer[8] = 2;
    assert!(file_error(&newer).contains("newer version of Atelier"));
    let mut huge = bytes.clone();
    huge[12..20].fill(0xFF);
    assert!(file_error(&huge).contains("ends too early"));
    for at in (0..bytes.len()).step_by(97) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x20;
        assert!(Model::from_bytes(&flipped).is_err(), "byte {at}");
    }
}

#[test]
fn a_file_whose_parts_do_not_fit_is_refused() {
    let mut model = train(&forest(), &table(), &options("kind"));
    model.features.pop();
    assert!(file_error(&model.to_bytes().unwrap()).contains("do not fit each other"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn saved_models_predict_the_same_bits(
        values in proptest::collection::vec((-1e6..1e6f64, any::<Option<bool>>(), 0u8..4), 12..40),
        algorithm in 0usize..6,
        seed: u64,
    ) {
        let rows = values.len();
        let columns = vec![
            Series::new("x".into(), values.iter().map(|v| v.0).collect::<Vec<_>>()).into_column(),
            Series::new("flag".into(), values.iter().map(|v| v.1.unwrap_or(false)).collect::<Vec<_>>()).into_column(),
            Series::new("text".into(), values.iter().map(|v| format!("t{}", v.2)).collect::<Vec<_>>()).into_column(),
            Series::new("y".into(), (0..rows).map(|i| format!("class {}", i % 3)).collect::<Vec<_>>()).into_column(),
        ];
        let frame = DataFrame::new(rows, columns).unwrap();
        let estimator = match algorithm {
            0 => Estimator::LogisticRegression(LogisticRegression::default()),
            1 => Estimator::DecisionTree(DecisionTree { seed, ..DecisionTree::default() }),
            2 => Estimator::RandomForest(RandomForest { seed, n_estimators: 5, ..RandomForest::default() }),
            3 => Estimator::GradientBoosting(GradientBoosting { seed, n_estimators: 5, ..GradientBoosting::default() }),
            4 => Estimator::KNearestNeighbours(KNearestNeighbours::default()),
            _ => Estimator::KMeans(KMeans { seed, n_clusters: 3, ..KMeans::default() }),
        };
        let label = TrainOptions { label: Some("y".into()), ..TrainOptions::default() };
        let model = train(&estimator, &frame, &label);
        let bytes = model.to_bytes().unwrap();
        let back = Model::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&back, &model);
        prop_assert_eq!(back.predict(&frame, &raw()).unwrap(), model.predict(&frame, &raw()).unwrap());
        prop_assert_eq!(back.to_bytes().unwrap(), bytes);
    }
}
