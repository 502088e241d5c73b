//! Scoring of tables whose columns are typed otherwise than those of training.

use super::*;
use crate::estimator::*;
use crate::{Report, Silent};
use data::Scalar;
use data::polars::prelude::*;
use data::prepare::{ComputedColumn, Fitted as FittedStep, OneHotColumn, ScaleColumn, Scaling, Step, impute};
use proptest::prelude::*;

fn column<T, S: ?Sized>(name: &str, values: T) -> Column
where
    Series: NamedFrom<T, S>,
{
    Series::new(name.into(), values).into_column()
}

fn frame(columns: Vec<Column>) -> DataFrame {
    DataFrame::new(columns[0].len(), columns).unwrap()
}

fn with(table: &DataFrame, changed: Column) -> DataFrame {
    let mut table = table.clone();
    table.with_column(changed).unwrap();
    table
}

fn tree() -> Estimator {
    Estimator::DecisionTree(DecisionTree::default())
}

fn train(estimator: &Estimator, table: &DataFrame, label: &str, preparation: Preparation) -> Model {
    let prepared = preparation.apply(table).unwrap();
    let raw = Some(data::Schema::of(table));
    let options = TrainOptions { label: Some(label.into()), preparation, raw, ..TrainOptions::default() };
    Model::train(estimator, &prepared, &options, &Silent).unwrap()
}

fn score(model: &Model, table: &DataFrame) -> Result<ScoredRows, String> {
    model.score(table, &Preparation::default(), &Silent).map_err(|error| error.to_string())
}

fn predicted(scored: &ScoredRows) -> Vec<String> {
    let texts = scored.frame.column("predicted").unwrap().cast(&DataType::String).unwrap();
    texts.str().unwrap().iter().map(|text| text.unwrap_or("null").to_owned()).collect()
}

fn judge(model: &Model, table: &DataFrame, label: &str) -> Report {
    let scored = score(model, table).unwrap();
    let options = EvaluateOptions { label: Some(label.into()), ..EvaluateOptions::default() };
    report_of_scored(&scored.frame, &scored.columns, &options).unwrap()
}

#[test]
fn true_and_false_find_their_texts() {
    let flags = ["True", "False", "Unknown"].repeat(20);
    let labels = ["yes", "no", "no"].repeat(20);
    let model = train(&tree(), &frame(vec![column("flag", flags), column("y", labels)]), "y", Preparation::default());
    let scored = score(&model, &frame(vec![column("flag", [true, false, true])])).unwrap();
    assert_eq!(predicted(&scored), ["yes", "no", "yes"]);
    let sentence = "Column “flag” is a boolean here and was a text in training; its values were converted.";
    assert_eq!(scored.notes.sentences(), [sentence]);
    let wrong = score(&model, &frame(vec![column("flag", [7i64])])).unwrap_err();
    assert!(wrong.starts_with("Column “flag” has “7” in row 1, but a text is needed here."), "{wrong}");
}

#[test]
fn texts_that_are_numbers_find_theirs() {
    let sizes = ["1.50", "2.00", "n/a"].repeat(10);
    let labels = [1.0, 2.0, 3.0].repeat(10);
    let model = train(&tree(), &frame(vec![column("size", sizes), column("y", labels)]), "y", Preparation::default());
    let scored = score(&model, &frame(vec![column("size", [2.0, 1.5, 9.0])])).unwrap();
    assert_eq!(predicted(&scored)[..2], ["2.0", "1.0"]);
    assert_eq!(scored.notes.columns["size"].unseen, 1);
}

#[test]
fn unseen_missing_and_far_values_are_counted() {
    let table = frame(vec![
        column("c", ["a", "b", "c"].repeat(10)),
        column("x", (0..30).map(f64::from).collect::<Vec<_>>()),
        column("y", [1.0, 2.0, 3.0].repeat(10)),
    ]);
    let model = train(&tree(), &table, "y", Preparation::default());
    let rows = frame(vec![column("c", ["a", "z", "z"]), column("x", [Some(-1.0), None, Some(1e9)])]);
    let notes = score(&model, &rows).unwrap().notes;
    let (c, x) = (&notes.columns["c"], &notes.columns["x"]);
    assert_eq!((notes.rows, c.unseen, c.examples.clone()), (3, 2, vec!["z".to_owned()]));
    assert_eq!((x.missing, x.out_of_range, x.range), (1, 2, Some([0.0, 29.0])));
    assert_eq!(score(&model, &table).unwrap().notes.columns, indexmap::IndexMap::new());
}

#[test]
fn ranges_are_told_in_the_units_of_the_raw_column() {
    let table = frame(vec![
        column("x", (0..30).map(|row| f64::from(row) * 10.0).collect::<Vec<_>>()),
        column("y", [1.0, 2.0, 3.0].repeat(10)),
    ]);
    let scale = ScaleColumn { column: "x".into(), scaling: Scaling::ZScore, center: 145.0, scale: 86.5 };
    let rename = Step::Rename { columns: [("x".to_owned(), "z".to_owned())].into_iter().collect() };
    let steps = [Step::Scale { columns: vec![scale] }, rename].map(|step| FittedStep::new(step).unwrap());
    let model = train(&tree(), &table, "y", Preparation(steps.to_vec()));
    let notes = score(&model, &frame(vec![column("x", [300i64, 5])])).unwrap().notes;
    let sentences = notes.sentences();
    assert!(sentences.contains(&"Column “x”: 1 of 2 values is outside the range of training, 0 to 290.".to_owned()));
    assert!(sentences[0].starts_with("Column “x” is a whole number here and was a real number"), "{sentences:?}");
}

#[test]
fn a_filled_and_encoded_column_finds_its_texts() {
    let table = frame(vec![
        column("flag", [Some("True"), Some("False"), None].repeat(10)),
        column("y", ["yes", "no", "no"].repeat(10)),
    ]);
    let names = ["flag".to_owned()];
    let constant = impute::Strategy::Constant(Scalar::Text("Unknown".into()));
    let fill = impute::fit(&table, &names, &constant, false).unwrap();
    let categories = ["False", "True", "Unknown"].map(str::to_owned).to_vec();
    let encode = Step::OneHot { columns: vec![OneHotColumn { column: "flag".into(), categories, drop_first: false }] };
    let preparation = Preparation(vec![fill, FittedStep::new(encode).unwrap()]);
    let model = train(&tree(), &table, "y", preparation);
    let scored = score(&model, &frame(vec![column("flag", [Some(true), Some(false), None])])).unwrap();
    assert_eq!(predicted(&scored), ["yes", "no", "no"]);
    assert_eq!((scored.notes.columns["flag"].missing, scored.notes.columns["flag"].unseen), (1, 0));
}

#[test]
fn missing_values_that_an_algorithm_cannot_use_are_named() {
    let table = frame(vec![column("x", [1.0, 2.0, 3.0].repeat(5)), column("y", [1.0, 2.0, 3.0].repeat(5))]);
    let linear = Estimator::LinearRegression(LinearRegression::default());
    let model = train(&linear, &table, "y", Preparation::default());
    let refused = score(&model, &frame(vec![column("x", [Some(1.0), None])])).unwrap_err();
    assert!(refused.starts_with("Column “x” has 1 missing value, which linear regression cannot use."), "{refused}");
}

#[test]
fn letters_that_are_not_known_are_refused() {
    let table = frame(vec![column("code", ["01a", "02b"].repeat(10)), column("y", ["yes", "no"].repeat(10))]);
    let compute = ComputedColumn { name: "first".into(), expression: "substr(code, 1, 2)".into() };
    let steps = [Step::Compute { columns: vec![compute] }, Step::Drop { columns: vec!["code".into()] }];
    let preparation = Preparation(steps.map(|step| FittedStep::new(step).unwrap()).to_vec());
    let model = train(&tree(), &table, "y", preparation);
    assert_eq!(predicted(&score(&model, &table.head(Some(2))).unwrap()), ["yes", "no"]);
    let refused = score(&model, &frame(vec![column("code", [1i64])])).unwrap_err();
    assert!(refused.contains("Column “code” has “1” in row 1") && refused.contains("as text"), "{refused}");
}

/// The right values are scikit-learn's: `accuracy_score`, `f1_score(average="macro")`, `confusion_matrix`.
#[test]
fn a_class_that_training_had_not_is_wrong_and_nothing_else() {
    let x: Vec<f64> = (0..24).map(f64::from).collect();
    let labels: Vec<&str> = (0..24).map(|row| if row % 2 == 0 { "b" } else { "a" }).collect();
    let model = train(&tree(), &frame(vec![column("x", x), column("y", labels)]), "y", Preparation::default());
    let rows = frame(vec![column("x", [0.0, 1.0, 2.0, 99.0]), column("y", ["b", "a", "b", "rare"])]);
    let report = judge(&model, &rows, "y");
    assert_eq!(report.task, Task::Multiclass);
    assert_eq!(report.value("accuracy"), Some(0.75));
    assert!((report.value("f1_macro").unwrap() - (2.0 / 3.0 + 1.0 + 0.0) / 3.0).abs() < 1e-12, "{report:?}");
    assert!(report.notes.iter().any(|note| note.starts_with("1 row is of the class \"rare\"")), "{:?}", report.notes);
    let direct = EvaluateOptions::default();
    let direct = model.evaluate(&rows, &Preparation::default(), &direct).unwrap();
    assert_eq!(direct.metrics, report.metrics);
}

#[test]
fn the_truth_may_be_typed_otherwise_too() {
    let x: Vec<f64> = (0..20).map(f64::from).collect();
    let y: Vec<i64> = (0..20).map(|row| i64::from(row >= 10)).collect();
    let model = train(&tree(), &frame(vec![column("x", x.clone()), column("y", y)]), "y", Preparation::default());
    let truths = [
        column("y", (0..20).map(|row| row >= 10).collect::<Vec<bool>>()),
        column("y", (0..20).map(|row| f64::from(row >= 10)).collect::<Vec<f64>>()),
        column("y", (0..20).map(|row| if row >= 10 { "1.0" } else { "0" }).collect::<Vec<_>>()),
    ];
    for truth in truths {
        let report = judge(&model, &frame(vec![column("x", x.clone()), truth]), "y");
        assert_eq!((report.task, report.value("accuracy")), (Task::Binary, Some(1.0)));
    }
}

#[test]
fn a_threshold_travels_in_the_file_and_decides() {
    let x: Vec<f64> = (0..40).map(f64::from).collect();
    let y: Vec<&str> = (0..40).map(|row| if row >= 34 || row == 5 { "bad" } else { "good" }).collect();
    let table = frame(vec![column("x", x), column("y", y)]);
    let options = TrainOptions {
        label: Some("y".into()),
        positive: Some("bad".into()),
        threshold: Some(0.1),
        ..TrainOptions::default()
    };
    let logistic = Estimator::LogisticRegression(LogisticRegression::default());
    let model = Model::train(&logistic, &table, &options, &Silent).unwrap();
    let model = Model::from_bytes(&model.to_bytes().unwrap()).unwrap();
    let scored = score(&model, &table).unwrap();
    let probability = scored.frame.column("probability_bad").unwrap().f64().unwrap().clone();
    let by_threshold: Vec<&str> = probability.iter().map(|p| if p.unwrap() >= 0.1 { "bad" } else { "good" }).collect();
    assert_eq!(predicted(&scored), by_threshold);
    assert!(by_threshold.iter().filter(|class| **class == "bad").count() > 7);

    let report = judge(&model, &table, "y");
    let right = table.column("y").unwrap().str().unwrap().iter().zip(&by_threshold).filter(|(y, p)| *y == Some(**p));
    assert_eq!(report.value("accuracy"), Some(right.count() as f64 / 40.0));
    assert!(report.notes[0].contains("\"bad\" is the positive class; rows with a probability of 0.100"));
    let three = TrainOptions { threshold: Some(1.5), ..options };
    assert!(Model::train(&logistic, &table, &three, &Silent).unwrap_err().to_string().contains("between 0 and 1"));
}

/// A column of training values, and the same values in every type that holds all of them.
fn typings(values: &[i64], name: &str) -> Vec<Column> {
    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
    let padded: Vec<String> = values.iter().map(|value| format!(" {value}.0 ")).collect();
    let reals: Vec<f64> = values.iter().map(|value| *value as f64).collect();
    let mut typed = vec![
        column(name, values.to_vec()),
        column(name, reals),
        column(name, texts.clone()),
        column(name, padded),
        column(name, values.iter().map(|value| *value as i32).collect::<Vec<_>>()),
        column(name, texts).cast(&data::schema::Kind::Category.dtype()).unwrap(),
    ];
    if values.iter().all(|value| *value == 0 || *value == 1) {
        typed.push(column(name, values.iter().map(|value| *value == 1).collect::<Vec<_>>()));
    }
    typed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Scores are the same bits whatever type the columns come in, or the column is named.
    #[test]
    fn the_same_values_score_the_same(
        values in proptest::collection::vec((-50i64..50, 0i64..2, 0usize..3), 12..40),
        trained_as in (0usize..6, 0usize..7),
        fill: bool,
        algorithm in 0usize..3,
    ) {
        let numbers: Vec<i64> = values.iter().map(|value| value.0).collect();
        let flags: Vec<i64> = values.iter().map(|value| value.1).collect();
        let words: Vec<String> = values.iter().map(|value| ["No", "Yes", "1.50"][value.2].to_owned()).collect();
        let y: Vec<&str> = (0..values.len()).map(|row| if row % 3 == 0 { "p" } else { "q" }).collect();
        let (x, flag) = (typings(&numbers, "x"), typings(&flags, "flag"));
        let table = frame(vec![
            x[trained_as.0 % x.len()].clone(),
            flag[trained_as.1 % flag.len()].clone(),
            column("word", words),
            column("y", y),
        ]);
        let estimator = match algorithm {
            0 => tree(),
            1 => Estimator::LogisticRegression(LogisticRegression::default()),
            _ => Estimator::KNearestNeighbours(KNearestNeighbours::default()),
        };
        let filled = ["x", "flag"].map(str::to_owned);
        let steps = if fill {
            vec![impute::fit(&table, &filled, &impute::Strategy::Mode, false).unwrap()]
        } else {
            Vec::new()
        };
        let model = train(&estimator, &table, "y", Preparation(steps));
        let expected = score(&model, &table).unwrap().frame;
        for typed in x.iter().chain(&flag) {
            // Texts are what they spell: `1` and ` 1.0 ` are two of them.
            let trained = table.column(typed.name()).unwrap();
            let texts = |column: &Column| column.cast(&DataType::String).unwrap();
            let textual = [trained, typed].iter().all(|it| data::schema::Kind::of(it.dtype()).is_textual());
            if textual && !texts(trained).equals(&texts(typed)) {
                continue;
            }
            match score(&model, &with(&table, typed.clone())) {
                Ok(scored) => {
                    for name in ["predicted", "probability_p", "probability_q"] {
                        let (ours, theirs) = (scored.frame.column(name).unwrap(), expected.column(name).unwrap());
                        prop_assert!(ours.equals(theirs), "{} as {:?}", typed.name(), typed.dtype());
                    }
                }
                Err(sentence) => prop_assert!(sentence.contains(&format!("Column “{}”", typed.name())), "{sentence}"),
            }
        }
    }
}
