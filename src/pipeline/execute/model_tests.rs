//! Whole pipelines that train, score and judge, with the right values of scikit-learn 1.9.

use data::polars::df;
use data::polars::prelude::{Column, DataFrame, DataType};
use learn::Report;

use super::outputs::open_output;
use super::*;
use crate::check::check;
use crate::memory::{MemoryStore, Recorder};
use crate::plan::Target;
use crate::value::{Table, Value};
use crate::yaml::Document;

struct Ran {
    store: MemoryStore,
    outcome: Outcome,
    recorder: Recorder,
}

impl Ran {
    fn of(store: MemoryStore, text: &str) -> Self {
        let (outcome, recorder) = execute_text(&store, text);
        Self { store, outcome, recorder }
    }

    fn value(&self, job: &str, port: &str) -> Value {
        let stored = self.recorder.output(job, port).unwrap_or_else(|| panic!("{:?}", self.recorder.fates()));
        open_output(&self.store, &stored).unwrap()
    }

    fn table(&self, job: &str) -> Table {
        let Value::Table(table) = self.value(job, "table") else { panic!("{job}") };
        table
    }

    fn report(&self, job: &str) -> Report {
        let Value::Report(report) = self.value(job, "report") else { panic!("{job}") };
        (*report).clone()
    }

    fn texts(&self, job: &str, column: &str) -> Vec<String> {
        let texts = self.table(job).frame().unwrap().column(column).unwrap().cast(&DataType::String).unwrap();
        texts.str().unwrap().iter().map(|text| text.unwrap_or("null").to_owned()).collect()
    }

    fn failure(&self, job: &str) -> String {
        let failed = self.outcome.failed.iter().find(|(name, _)| name == job);
        failed.unwrap_or_else(|| panic!("{:?}", self.recorder.fates())).1.clone()
    }
}

fn execute_text(store: &MemoryStore, text: &str) -> (Outcome, Recorder) {
    let pipeline = Document::parse(text).unwrap().pipeline;
    let plan = Plan::of(&pipeline, &check(&pipeline, store), &Target::All).unwrap();
    let recorder = Recorder::new();
    let outcome = execute(&plan, store, &recorder, &Options::default());
    (outcome, recorder)
}

fn run(datasets: &[(&str, DataFrame)], text: &str) -> Ran {
    let store = MemoryStore::new().unwrap();
    for (name, frame) in datasets {
        store.add_dataset(name, frame).unwrap();
    }
    Ran::of(store, text)
}

/// `train` and `new` are datasets; the scored rows are judged against `y`.
fn train_and_score(algorithm: &str, more: &str) -> String {
    format!(
        "jobs:
  rows: {{component: import_dataset, inputs: {{dataset: train}}}}
  new: {{component: import_dataset, inputs: {{dataset: new}}}}
  algorithm: {{component: {algorithm}}}
  train:
    component: train_model
    inputs:
      estimator: ${{{{parent.jobs.algorithm.outputs.estimator}}}}
      table: ${{{{parent.jobs.rows.outputs.table}}}}
      label: y
{more}
  score:
    component: score_model
    inputs: {{model: '${{{{parent.jobs.train.outputs.model}}}}', table: '${{{{parent.jobs.new.outputs.table}}}}'}}
"
    )
}

const JUDGE: &str =
    "  judge: {component: evaluate_model, inputs: {table: '${{parent.jobs.score.outputs.table}}', label: y}}
";

#[test]
fn true_and_false_are_scored_by_a_model_of_texts() {
    let train = df!("flag" => ["True", "False", "Unknown"].repeat(20), "y" => ["yes", "no", "no"].repeat(20)).unwrap();
    let new = df!("flag" => [true, false, true], "y" => ["yes", "no", "yes"]).unwrap();
    let ran = run(&[("train", train), ("new", new)], &(train_and_score("random_forest", "") + JUDGE));
    assert_eq!(ran.texts("score", "predicted"), ["yes", "no", "yes"]);
    assert_eq!(ran.report("judge").value("accuracy"), Some(1.0));
    let log = ran.recorder.log("score");
    assert!(log.contains("Column “flag” is a boolean here and was a text in training"), "{log}");
}

#[test]
fn what_cannot_be_converted_names_column_and_value() {
    let train = df!("size" => [1.5, 2.5, 3.5].repeat(10), "y" => ["a", "b", "c"].repeat(10)).unwrap();
    let new = df!("size" => ["1.50", "huge"]).unwrap();
    let ran = run(&[("train", train), ("new", new)], &train_and_score("decision_tree", ""));
    assert_eq!(ran.failure("score"), "Column “size” has “huge” in row 2, but a real number is needed here.");
}

#[test]
fn unseen_values_are_in_the_log_and_in_the_metadata() {
    let train = df!("c" => ["a", "b", "c"].repeat(30), "y" => [1.0, 2.0, 3.0].repeat(30)).unwrap();
    let new = df!("c" => ["a", "z"]).unwrap();
    let ran = run(&[("train", train), ("new", new)], &train_and_score("decision_tree", ""));
    let log = ran.recorder.log("score");
    assert!(log.contains("Column “c”: 1 of 2 values was not met in training, such as “z”."), "{log}");
    let Some(Meta::Table(meta)) = Meta::of(&ran.recorder.output("score", "table").unwrap()) else { panic!() };
    assert_eq!(meta.notes.unwrap().columns["c"].unseen, 1);
}

#[test]
fn a_class_that_is_only_in_the_test_rows_fails_nothing() {
    let train = df!("x" => (0..24).collect::<Vec<i64>>(), "y" => ["b", "a"].repeat(12)).unwrap();
    let new = df!("x" => [0i64, 1, 99], "y" => ["b", "a", "rare"]).unwrap();
    let ran = run(&[("train", train), ("new", new)], &(train_and_score("decision_tree", "") + JUDGE));
    let report = ran.report("judge");
    assert_eq!(report.value("accuracy"), Some(2.0 / 3.0));
    assert!(ran.recorder.log("judge").contains("1 row is of the class \"rare\""), "{}", ran.recorder.log("judge"));
}

#[test]
fn a_feature_may_be_called_a_probability() {
    let rain: Vec<f64> = (0..40).map(|row| f64::from(row % 9) / 10.0).collect();
    let x: Vec<i64> = (0..40).collect();
    let y: Vec<f64> = x.iter().map(|x| 2.0 * *x as f64 + 1.5).collect();
    let rows = df!("probability_of_rain" => rain, "x" => x, "y" => y).unwrap();
    let ran = run(&[("train", rows.clone()), ("new", rows)], &(train_and_score("linear_regression", "") + JUDGE));
    let report = ran.report("judge");
    assert_eq!(report.task, learn::Task::Regression);
    assert!((report.value("r2").unwrap() - 1.0).abs() < 1e-12);
}

/// 40 rows, 7 of them bad, which logistic regression does not tell apart quite.
fn goods() -> DataFrame {
    let y: Vec<&str> = (0..40).map(|row| if row >= 34 || row == 5 { "bad" } else { "good" }).collect();
    df!("x" => (0..40).map(f64::from).collect::<Vec<_>>(), "y" => y).unwrap()
}

#[test]
fn the_positive_class_of_training_is_that_of_scored_rows() {
    let more = "  direct:
    component: evaluate_model
    inputs: {table: '${{parent.jobs.new.outputs.table}}', model: '${{parent.jobs.train.outputs.model}}', label: y}
  sorted:
    component: sort_rows
    inputs: {table: '${{parent.jobs.score.outputs.table}}', by: [{column: x, descending: true}]}
  query:
    component: sql_query
    inputs: {t1: '${{parent.jobs.score.outputs.table}}', query: 'SELECT * FROM t1 WHERE x >= 0'}
  judge_sorted: {component: evaluate_model, inputs: {table: '${{parent.jobs.sorted.outputs.table}}'}}
  judge_query: {component: evaluate_model, inputs: {table: '${{parent.jobs.query.outputs.table}}', label: y}}
";
    let text = train_and_score("logistic_regression", "      positive: bad") + JUDGE + more;
    let ran = run(&[("train", goods()), ("new", goods())], &text);
    let direct = ran.report("direct");
    let expected = [("accuracy", 0.95), ("precision", 1.0), ("recall", 5.0 / 7.0), ("f1", 5.0 / 6.0)];
    for (key, value) in expected.into_iter().chain([("roc_auc", 0.878_787_878_787_878_8)]) {
        assert!((direct.value(key).unwrap() - value).abs() < 1e-9, "{key}: {:?}", direct.value(key));
    }
    for job in ["judge", "judge_sorted", "judge_query"] {
        let report = ran.report(job);
        for (ours, theirs) in report.metrics.iter().zip(&direct.metrics) {
            assert!((ours.value.unwrap() - theirs.value.unwrap()).abs() < 1e-12, "{job} {}", ours.key);
        }
    }
}

#[test]
fn a_tuned_threshold_decides_wherever_the_model_goes() {
    let more = "      positive: bad
  tune:
    component: tune_threshold
    inputs: {model: '${{parent.jobs.train.outputs.model}}', table: '${{parent.jobs.rows.outputs.table}}'}
  score_tuned:
    component: score_model
    inputs: {model: '${{parent.jobs.tune.outputs.model}}', table: '${{parent.jobs.new.outputs.table}}'}
  judge_tuned: {component: evaluate_model, inputs: {table: '${{parent.jobs.score_tuned.outputs.table}}', label: y}}
";
    let text = train_and_score("logistic_regression", more);
    let ran = run(&[("train", goods()), ("new", goods())], &text);
    // The highest F1 of any threshold, at a probability of 0.4839.
    for report in [ran.report("tune"), ran.report("judge_tuned")] {
        assert!((report.value("f1").unwrap() - 12.0 / 13.0).abs() < 1e-9, "{:?}", report.value("f1"));
    }
    let Some(Meta::Model(meta)) = Meta::of(&ran.recorder.output("tune", "model").unwrap()) else { panic!() };
    let threshold = meta.threshold.unwrap();
    assert!((0.4394..0.4839).contains(&threshold), "{threshold}");
    assert_eq!(ran.texts("score_tuned", "predicted").iter().filter(|class| *class == "bad").count(), 6);
}

#[test]
fn rare_classes_are_warned_of() {
    let y: Vec<&str> = (0..100).map(|row| if row % 33 == 7 { "rare" } else { "common" }).collect();
    let rows = df!("x" => (0..100).map(|row| f64::from(row * 37 % 100)).collect::<Vec<_>>(), "y" => y).unwrap();
    let text = train_and_score("logistic_regression", "      positive: rare") + JUDGE;
    let ran = run(&[("train", rows.clone()), ("new", rows)], &text);
    let trained = ran.recorder.log("train");
    assert!(trained.contains("Only 3.0 % of the rows (3 of 100) are “rare”"), "{trained}");
    let judged = ran.recorder.log("judge");
    assert!(judged.contains("3.0 % of the rows are \"rare\"") && judged.contains("accuracy of 0.970"), "{judged}");
}

/// Labels and features that have nothing to do with each other.
fn noise() -> DataFrame {
    let mut state = 42u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1u32 << 31)
    };
    let mut columns: Vec<Column> = (0..600)
        .map(|at| Column::new(format!("f{at}").as_str().into(), (0..80).map(|_| random()).collect::<Vec<_>>()))
        .collect();
    columns.push(Column::new("y".into(), (0..80).map(|row| ["a", "b"][row % 2]).collect::<Vec<_>>()));
    DataFrame::new(80, columns).unwrap()
}

/// Selects the best features, then cross-validates what stands between `{` and `}` after it.
fn selected(between: &str, table: &str) -> String {
    format!(
        "jobs:
  data: {{component: import_dataset, inputs: {{dataset: noise}}}}
  select:
    component: filter_feature_selection
    inputs: {{table: '${{{{parent.jobs.data.outputs.table}}}}', label: y, score: anova_f, keep: 10}}
{between}
  scale: {{component: normalise, inputs: {{table: '${{{{parent.jobs.{table}.outputs.table}}}}'}}}}
  algorithm: {{component: logistic_regression}}
  cross:
    component: cross_validate
    inputs:
      estimator: ${{{{parent.jobs.algorithm.outputs.estimator}}}}
      table: ${{{{parent.jobs.scale.outputs.table}}}}
      label: y
"
    )
}

#[test]
fn what_learnt_from_the_rows_learns_anew_in_every_fold() {
    let ran = run(&[("noise", noise())], &selected("", "select"));
    let report = ran.report("cross");
    let accuracy = report.value("accuracy").unwrap();
    assert!((0.3..0.7).contains(&accuracy), "noise cannot be predicted, but the accuracy is {accuracy}");
    let log = ran.recorder.log("cross");
    assert!(
        log.contains("Learnt anew from the training rows of each fold: Filter based feature selection, Normalise.")
    );
    // The same with the rows in another order and some of them left out.
    let rows = "  some: {component: filter_rows, inputs: {table: '${{parent.jobs.select.outputs.table}}', condition: 'f0 >= 0 OR f0 < 0 OR TRUE'}}
  sorted: {component: sort_rows, inputs: {table: '${{parent.jobs.some.outputs.table}}', by: [{column: y}]}}";
    let ran = run(
        &[("noise", noise())],
        &selected(rows, "sorted").replace("condition: 'f0 >= 0 OR f0 < 0 OR TRUE'", "condition: \"y <> 'c'\""),
    );
    let accuracy = ran.report("cross").value("accuracy").unwrap();
    assert!((0.3..0.7).contains(&accuracy), "{accuracy}");
}

#[test]
fn a_step_that_cannot_learn_anew_is_warned_of() {
    let query = "  query: {component: sql_query, inputs: {t1: '${{parent.jobs.select.outputs.table}}', query: 'SELECT * FROM t1'}}";
    let ran = run(&[("noise", noise())], &selected(query, "query"));
    let log = ran.recorder.log("cross");
    assert!(log.contains("not learnt anew: Filter based feature selection."), "{log}");
    assert!(ran.report("cross").notes.iter().any(|note| note.contains("The metrics may be too good")));
}

#[test]
fn copies_of_a_row_stay_together() {
    let sample = "  sample:
    component: sample
    inputs: {table: '${{parent.jobs.select.outputs.table}}', method: fraction, fraction: 4, replacement: true}";
    let text =
        selected(sample, "sample").replace("logistic_regression", "k_nearest_neighbours, inputs: {neighbours: 1}");
    let accuracy = run(&[("noise", noise())], &text).report("cross").value("accuracy").unwrap();
    assert!((0.25..0.75).contains(&accuracy), "copies in the training rows give the answer away: {accuracy}");
}

/// 100 rows, 5 of them positive.
fn rare_positives(label: [&str; 2]) -> DataFrame {
    let y: Vec<&str> = (0..100).map(|row| label[usize::from(row % 21 == 3)]).collect();
    df!("x" => (0..100).map(|row| i64::from(row * 37 % 101)).collect::<Vec<_>>(), "y" => y).unwrap()
}

fn crossed(more: &str) -> String {
    format!(
        "jobs:
  data: {{component: import_dataset, inputs: {{dataset: rows}}}}
  algorithm: {{component: decision_tree, inputs: {{max_depth: 1}}}}
  cross:
    component: cross_validate
    inputs:
      estimator: ${{{{parent.jobs.algorithm.outputs.estimator}}}}
      table: ${{{{parent.jobs.data.outputs.table}}}}
      label: y
{more}"
    )
}

#[test]
fn a_label_of_zeros_and_ones_is_stratified_like_one_of_words() {
    let words = rare_positives(["no", "yes"]);
    let mut numbers = words.clone();
    let y = words.column("y").unwrap().str().unwrap().iter().map(|y| i64::from(y == Some("yes"))).collect::<Vec<_>>();
    numbers.with_column(Column::new("y".into(), y)).unwrap();
    let reports = [words, numbers].map(|rows| {
        let ran = run(&[("rows", rows)], &crossed(""));
        let Value::Table(folds) = ran.value("cross", "folds") else { panic!() };
        let folds = folds.frame().unwrap();
        // Each fold has one positive, so no metric is undefined in any.
        assert_eq!(folds.column("recall").unwrap().null_count(), 0);
        assert_eq!(folds.column("roc_auc").unwrap().null_count(), 0);
        assert!(ran.recorder.points.lock().unwrap().is_empty(), "a fold's metric is none of the run");
        ran.report("cross")
    });
    let [words, numbers] = &reports;
    for (ours, theirs) in words.metrics.iter().zip(&numbers.metrics) {
        assert_eq!((&ours.key, ours.value), (&theirs.key, theirs.value));
    }
}

#[test]
fn a_fold_without_a_positive_is_not_perfect() {
    let plain = "      scheme: k_fold\n      shuffle: false\n      folds: 10\n";
    let ran = run(&[("rows", rare_positives(["no", "yes"]))], &crossed(plain));
    let report = ran.report("cross");
    let recall = report.metrics.iter().find(|metric| metric.key == "recall").unwrap();
    assert!(recall.note.as_deref().unwrap().ends_with("over 5 of 10 folds"), "{recall:?}");
    let accuracy = report.metrics.iter().find(|metric| metric.key == "accuracy").unwrap();
    assert!(accuracy.note.as_deref().unwrap().ends_with("over 10 folds"), "{accuracy:?}");
    assert!(report.notes.iter().any(|note| note.contains("Recall (over 5)")), "{:?}", report.notes);
}

#[test]
fn a_registered_model_scores_without_its_training() {
    let rows =
        df!("x" => (0..40).collect::<Vec<i64>>(), "y" => (0..40).map(|x| 2.0 * f64::from(x)).collect::<Vec<_>>());
    let rows = rows.unwrap();
    let ran = run(&[("train", rows.clone()), ("new", rows)], &train_and_score("linear_regression", ""));
    let Value::Model(model) = ran.value("train", "model") else { panic!() };
    let expected = ran.texts("score", "predicted");

    let store = MemoryStore::new().unwrap();
    store.add_model("doubler", &model).unwrap();
    // A file in which the numbers are texts.
    store.add_dataset("new", &df!("x" => (0..40).map(|x| x.to_string()).collect::<Vec<_>>()).unwrap()).unwrap();
    let text = "jobs:
  new: {component: import_dataset, inputs: {dataset: new}}
  model: {component: load_model, inputs: {model: doubler}}
  score:
    component: score_model
    inputs: {model: '${{parent.jobs.model.outputs.model}}', table: '${{parent.jobs.new.outputs.table}}'}
";
    let loaded = Ran::of(store, text);
    assert_eq!(loaded.texts("score", "predicted"), expected);
    assert_eq!(execute_text(&loaded.store, text).0.reused.len(), 3);
    // Another version under the same name is another result.
    let mut other = (*model).clone();
    other.created_by = "another".to_owned();
    loaded.store.add_model("doubler", &other).unwrap();
    assert_eq!(execute_text(&loaded.store, text).0.reused, ["new"]);
    assert_eq!(execute_text(&loaded.store, &text.replace("doubler", "doubler@1")).0.reused.len(), 3);

    let pipeline = Document::parse(text.replace("doubler", "nobody")).unwrap().pipeline;
    let checked = check(&pipeline, &loaded.store);
    assert!(checked.problems("model")[0].message.contains("no registered model “nobody”"));
}
