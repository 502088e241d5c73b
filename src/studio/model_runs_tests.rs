use std::collections::BTreeMap;

use tempfile::TempDir;

use super::*;
use crate::tracking::LoggedModelSearch;
use crate::{ModelPlace, RunQuery, RunRequest};

/// 240 rows whose class depends on `x`, with some noise; `z` says nothing.
fn rows() -> String {
    let mut text = String::from("x,y,z,kind\n");
    for row in 0..240_i32 {
        let x = f64::from(row * 37 % 240) / 12.0;
        let noise = f64::from(row * 7919 % 101) / 20.0;
        let kind = if x + noise > 12.0 { "large" } else { "small" };
        text.push_str(&format!("{x},{},{},{kind}\n", f64::from(row * 53 % 97), row % 7));
    }
    text
}

const HEAD: &str = "display_name: Two models
jobs:
  data: {component: import_dataset, inputs: {dataset: rows}}
  split: {component: split_data, inputs: {table: '${{parent.jobs.data.outputs.table}}', fraction: 0.6, seed: 1}}
  trees: {component: gradient_boosting, inputs: {trees: 8}}
  weak: {component: gradient_boosting, inputs: {trees: 1}}
  train:
    component: train_model
    inputs: {estimator: '${{parent.jobs.trees.outputs.estimator}}', table: '${{parent.jobs.split.outputs.train}}', label: kind}
  train_2:
    component: train_model
    inputs: {estimator: '${{parent.jobs.weak.outputs.estimator}}', table: '${{parent.jobs.split.outputs.train}}', label: kind}
  score: {component: score_model, inputs: {model: '${{parent.jobs.train.outputs.model}}', table: '${{parent.jobs.split.outputs.test}}'}}
  score_2: {component: score_model, inputs: {model: '${{parent.jobs.train_2.outputs.model}}', table: '${{parent.jobs.split.outputs.test}}'}}
";
const ONE_EVALUATION: &str = "  judge:
    component: evaluate_model
    inputs: {table: '${{parent.jobs.score.outputs.table}}', compare: '${{parent.jobs.score_2.outputs.table}}'}
";
const TWO_EVALUATIONS: &str =
    "  judge: {component: evaluate_model, inputs: {table: '${{parent.jobs.score.outputs.table}}'}}
  judge_2: {component: evaluate_model, inputs: {table: '${{parent.jobs.score_2.outputs.table}}'}}
";

fn studio() -> (TempDir, Studio) {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio::create(folder.path(), "Test").unwrap();
    let file = folder.path().join("rows.csv");
    std::fs::write(&file, rows()).unwrap();
    let draft = studio.sniff(&[file]).unwrap();
    studio.import_dataset("rows", &draft, &|_| std::ops::ControlFlow::Continue(())).unwrap();
    (folder, studio)
}

fn run(studio: &Studio, jobs: &str, set: &[(&str, &str)]) -> Run {
    let path = studio.folder().join("pipelines/two.yaml");
    std::fs::write(path, jobs).unwrap();
    let set = set.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let request = RunRequest { set, force: true, ..RunRequest::default() };
    let id = studio.run_in_process("pipelines/two.yaml", &request).unwrap();
    let run = studio.run_row(&id).unwrap();
    assert_eq!(run.error, None);
    run
}

/// The pipeline with its first model alone, judged.
fn one_model() -> String {
    let (before, rest) = HEAD.split_once("  weak:").unwrap();
    let first = rest.split_once("  train:").unwrap().1.split_once("  train_2:").unwrap().0;
    let score = HEAD.lines().find(|line| line.starts_with("  score:")).unwrap();
    let judge = TWO_EVALUATIONS.lines().next().unwrap();
    format!("{before}  train:{first}{score}\n{judge}\n")
}

/// The nested runs by what people call them.
fn models(studio: &Studio, run: &Run) -> BTreeMap<String, Run> {
    run.model_runs().into_iter().map(|model| (model.title, studio.run_row(&model.run).unwrap())).collect()
}

#[test]
fn metrics_parameters_and_curves_belong_to_a_model() {
    let (_folder, studio) = studio();
    for evaluations in [ONE_EVALUATION, TWO_EVALUATIONS] {
        let run = run(&studio, &format!("{HEAD}{evaluations}"), &[]);
        assert!(run.metrics.is_empty() && run.params.is_empty(), "{:?} {:?}", run.metrics, run.params);

        let models = models(&studio, &run);
        let titles: Vec<&String> = models.keys().collect();
        assert_eq!(titles, ["Gradient boosting (train)", "Gradient boosting (train_2)"]);
        let [strong, weak] = [&models[titles[0]], &models[titles[1]]];
        assert_eq!((strong.params["trees"].as_str(), weak.params["trees"].as_str()), ("8", "1"));
        assert!(strong.metrics["roc_auc"] > weak.metrics["roc_auc"], "{:?} {:?}", strong.metrics, weak.metrics);
        assert!(strong.metrics.keys().all(|key| !key.contains('.')), "{:?}", strong.metrics);
        assert!(studio.run_curves(&strong.id).unwrap().iter().any(|curve| curve.points.len() == 8));
        assert_eq!(strong.status, workspace::RunStatus::Done);

        // Each has the very numbers of its own report.
        for model in [strong, weak] {
            let reports = studio.run_reports(&model.id).unwrap();
            assert_eq!(reports.len(), 1);
            assert_eq!(reports[0].1.value("roc_auc"), Some(model.metrics["roc_auc"]));
            assert!(reports[0].1.chart("comparison").is_none());
        }
        let of_run: Vec<String> = studio.run_reports(&run.id).unwrap().into_iter().map(|(title, _)| title).collect();
        assert_eq!(of_run, [format!("Evaluate model · {}", titles[0]), format!("Evaluate model · {}", titles[1])]);
    }
}

#[test]
fn a_report_of_two_models_names_both() {
    let (_folder, studio) = studio();
    let run = run(&studio, &format!("{HEAD}{ONE_EVALUATION}"), &[]);
    let compared = |report: &Report| match report.chart("comparison") {
        Some(learn::report::Chart::Table { columns, .. }) => columns.clone(),
        other => panic!("{other:?}"),
    };
    let expected = ["Gradient boosting (train)", "Gradient boosting (train_2)", "Difference"];
    assert_eq!(compared(&studio.run_reports(&run.id).unwrap()[0].1), expected);
    let Output::Report(report) = studio.output(&run.id, "judge", "report").unwrap() else { panic!() };
    assert_eq!(compared(&report), expected);
}

#[test]
fn tuning_the_second_model_changes_its_metrics_alone() {
    let (_folder, studio) = studio();
    let text = format!("{HEAD}{ONE_EVALUATION}");
    let before = run(&studio, &text, &[]);
    let after = run(&studio, &text, &[("jobs.weak.trees", "20")]);
    let (before, after) = (models(&studio, &before), models(&studio, &after));
    let of = |models: &BTreeMap<String, Run>, job: &str| models[&format!("Gradient boosting ({job})")].metrics.clone();
    assert_eq!(of(&before, "train")["roc_auc"], of(&after, "train")["roc_auc"]);
    assert_ne!(of(&before, "train_2")["roc_auc"], of(&after, "train_2")["roc_auc"]);
}

#[test]
fn a_registered_model_has_its_own_metrics_data_and_reports() {
    let (folder, studio) = studio();
    let file = folder.path().join("others.csv");
    std::fs::write(&file, rows()).unwrap();
    let draft = studio.sniff(&[file]).unwrap();
    studio.import_dataset("others", &draft, &|_| std::ops::ControlFlow::Continue(())).unwrap();
    let text = format!("{HEAD}{ONE_EVALUATION}")
        .replace("  split:", "  more: {component: import_dataset, inputs: {dataset: others}}\n  split:")
        .replace(
            "'${{parent.jobs.split.outputs.train}}', label: kind}\n  score:",
            "'${{parent.jobs.more.outputs.table}}', label: kind}\n  score:",
        );
    let run = run(&studio, &text, &[]);
    let models = models(&studio, &run);

    let offered: Vec<String> = studio.run(&run.id).unwrap().models.into_iter().map(|model| model.title).collect();
    assert_eq!(offered, ["Gradient boosting (train)", "Gradient boosting (train_2)"]);
    for (job, title) in [("train", &offered[0]), ("train_2", &offered[1])] {
        // Asked of the run or of its model, it is the same model.
        let nested = &models[title];
        let place = ModelPlace::Port { job: job.into(), port: "model".into() };
        assert_eq!(
            studio.run(&nested.id).unwrap().models,
            [crate::RunModel { title: title.clone(), place: place.clone() }]
        );
        let version = studio.register_model(&nested.id, &place, job, "", BTreeMap::new()).unwrap();
        assert_eq!((version.run.as_deref(), version.step.as_deref()), (Some(run.id.as_str()), Some(job)));
        assert_eq!(version.metrics["roc_auc"], nested.metrics["roc_auc"]);
        let trained_on: Vec<&str> = version.datasets.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(trained_on, if job == "train" { ["rows"] } else { ["others"] });
        let detail = studio.model(job).unwrap();
        assert_eq!(detail.reports.len(), 1);
        assert_eq!(detail.reports[0].1.value("roc_auc"), Some(nested.metrics["roc_auc"]));
        assert_eq!(studio.models_of_run(&nested.id).unwrap().len(), 1);
    }
    assert_eq!(studio.models_of_run(&run.id).unwrap().len(), 2);
}

#[test]
fn clients_see_each_model_with_its_metrics() {
    let (_folder, studio) = studio();
    let run = run(&studio, &format!("{HEAD}{ONE_EVALUATION}"), &[]);
    let search = LoggedModelSearch { experiments: vec![0], limit: 10, ..LoggedModelSearch::default() };
    let logged = studio.tracking().search_logged_models(&search).unwrap().items;
    assert_eq!(logged.len(), 2);
    for model in run.model_runs() {
        let own = logged.iter().find(|logged| logged.name == model.subject).unwrap();
        assert_eq!(own.source_run.as_ref(), Some(&run.id));
        let nested = studio.run_row(&model.run).unwrap();
        let auc: Vec<_> = own.metrics.iter().filter(|(_, metric)| metric.point.key == "roc_auc").collect();
        assert_eq!(auc.len(), 1);
        assert_eq!((&auc[0].0, auc[0].1.point.value), (&model.run, nested.metrics["roc_auc"]));
        assert!(own.metrics.iter().any(|(_, metric)| metric.point.key.starts_with("train_")), "{:?}", own.metrics);
        let seen = studio.tracking().run(&model.run).unwrap();
        assert!(seen.tags.contains(&("mlflow.parentRunId".to_owned(), run.id.clone())));
        assert_eq!(seen.model_outputs.iter().map(|output| &output.model_id).collect::<Vec<_>>(), [&own.id]);
    }
}

#[test]
fn cross_validation_beside_a_model_keeps_its_metrics_apart() {
    let (_folder, studio) = studio();
    let folds = "  folds:
    component: cross_validate
    inputs: {estimator: '${{parent.jobs.trees.outputs.estimator}}', table: '${{parent.jobs.data.outputs.table}}', label: kind, folds: 3}
";
    let run = run(&studio, &format!("{}{folds}", one_model()), &[]);
    let models = models(&studio, &run);
    let titles: Vec<&String> = models.keys().collect();
    assert_eq!(titles, ["Cross-validate · Gradient boosting", "Gradient boosting"]);
    assert!(models[titles[0]].metrics.contains_key("accuracy_std"));
    assert!(!models[titles[1]].metrics.contains_key("accuracy_std"));
}

#[test]
fn a_reused_step_says_again_what_was_measured_of_its_model() {
    let (_folder, studio) = studio();
    let first = run(&studio, &format!("{HEAD}{ONE_EVALUATION}"), &[]);
    let id = studio.run_in_process("pipelines/two.yaml", &RunRequest::default()).unwrap();
    let again = studio.run_row(&id).unwrap();
    let (first, again) = (models(&studio, &first), models(&studio, &again));
    for (title, model) in &first {
        let reused = &again[title];
        assert_eq!(reused.metrics, model.metrics, "{title}");
        let curves = |run: &Run| studio.run_curves(&run.id).unwrap();
        assert_eq!(curves(reused), curves(model), "{title}");
    }
}

#[test]
fn a_run_of_one_model_records_all_itself() {
    let (_folder, studio) = studio();
    let run = run(&studio, &one_model(), &[]);
    assert!(run.model_runs().is_empty());
    assert!(run.metrics.contains_key("roc_auc") && run.params["trees"] == "8", "{:?}", run.metrics);
    assert_eq!(studio.runs(&RunQuery { models: true, ..RunQuery::default() }).unwrap().total, 1);
    assert!(studio.run_curves(&run.id).unwrap().iter().any(|curve| curve.key.starts_with("train.train_")));
    let version = studio.register_model(&run.id, &studio.model_made(&run.id, None).unwrap(), "m", "", BTreeMap::new());
    assert_eq!(version.unwrap().metrics["roc_auc"], run.metrics["roc_auc"]);
}

#[test]
fn metrics_of_a_run_that_was_recorded_before_keep_their_names() {
    let (_folder, studio) = studio();
    let recorded = run(&studio, &format!("{HEAD}{TWO_EVALUATIONS}"), &[]);
    let plan = studio.frozen(&recorded).unwrap().unwrap().plan;
    let details = serde_json::json!({ "algorithm": "" });
    let places = MetricPlaces::of(&Run { details, ..recorded.clone() }, &plan);
    let place = places.of_report("judge_2", "report", "f1");
    assert_eq!((place.run.as_str(), place.key.as_str()), (recorded.id.as_str(), "judge_2.f1"));
    assert_eq!(places.of_curve("train", "loss").key, "train.loss");
}
