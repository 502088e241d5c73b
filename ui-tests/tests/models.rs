//! A run that makes two models: by the program's verbs, through the real `mlflow` client, and run again.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/http.rs"]
mod http;
#[path = "../support/mod.rs"]
mod support;

use std::process::Command;

use http::Served;
use serde_json::Value as Json;
use support::{Desk, text};

/// Two algorithms trained on the same rows, judged by one step.
const PIPELINE: &str = "type: pipeline
display_name: Two models

jobs:
  flowers: {component: import_dataset, inputs: {dataset: flowers}}
  split: {component: split_data, inputs: {table: '${{parent.jobs.flowers.outputs.table}}', fraction: 0.7, seed: 1}}
  logistic: {component: logistic_regression}
  tree: {component: decision_tree, inputs: {max_depth: 1}}
  train:
    component: train_model
    inputs: {estimator: '${{parent.jobs.logistic.outputs.estimator}}', table: '${{parent.jobs.split.outputs.train}}', label: kind}
  train_2:
    component: train_model
    inputs: {estimator: '${{parent.jobs.tree.outputs.estimator}}', table: '${{parent.jobs.split.outputs.train}}', label: kind}
  score: {component: score_model, inputs: {model: '${{parent.jobs.train.outputs.model}}', table: '${{parent.jobs.split.outputs.test}}'}}
  score_2: {component: score_model, inputs: {model: '${{parent.jobs.train_2.outputs.model}}', table: '${{parent.jobs.split.outputs.test}}'}}
  judge:
    component: evaluate_model
    inputs: {table: '${{parent.jobs.score.outputs.table}}', compare: '${{parent.jobs.score_2.outputs.table}}'}
";

/// A desk on which the pipeline ran once, and what the program says of that run.
fn ran() -> (Desk, Json) {
    let desk = Desk::with_flowers();
    let path = desk.pipeline("two", PIPELINE);
    let run = desk.atelier(&["run", &path, "--json"]).json();
    (desk, run)
}

fn log_loss(model: &Json) -> f64 {
    model["metrics"]["log_loss"].as_f64().unwrap()
}

#[test]
fn verbs_tell_the_models_of_a_run_apart() {
    let (desk, run) = ran();
    let id = text(&run["row"]["id"]);
    assert_eq!(run["row"]["metrics"], serde_json::json!({}), "no metric is the run's");
    let models = run["model_runs"].as_array().unwrap();
    let names: Vec<String> = models.iter().map(|model| text(&model["name"])).collect();
    let name = text(&run["row"]["name"]);
    assert_eq!(names, [format!("{name} · Logistic regression"), format!("{name} · Decision tree")]);
    assert_ne!(log_loss(&models[0]), log_loss(&models[1]));

    let shown = desk.atelier(&["runs", "show", &id]).succeeds();
    assert!(names.iter().all(|name| shown.stdout.contains(name.as_str())), "{}", shown.stdout);
    let good = desk.atelier(&["runs", "list", "--filter", "metrics.accuracy > 0", "--json"]).json();
    assert_eq!(good["runs"].as_array().unwrap().len(), 2, "the models are what has the metric");
    assert_eq!(desk.atelier(&["runs", "list", "--json"]).json()["runs"].as_array().unwrap().len(), 1);

    let which = ["train (Logistic regression)", "train_2 (Decision tree)"];
    desk.atelier(&["models", "register", "kind", "--run", &id]).fails(4, &which);
    for (job, model) in ["train", "train_2"].iter().zip(models) {
        let version = desk.atelier(&["models", "register", "kind", "--run", &id, "--job", job, "--json"]).json();
        assert_eq!((log_loss(&version), text(&version["step"])), (log_loss(model), (*job).to_owned()));
    }
    desk.is_whole();
}

/// What the client must see, given the server and the run.
const CLIENT: &str = r#"
import sys
import mlflow

uri, run = sys.argv[1:]
mlflow.set_tracking_uri(uri)
client = mlflow.MlflowClient()
assert client.get_run(run).data.metrics == {}, client.get_run(run).data
nested = client.search_runs(["0"], f"tags.`mlflow.parentRunId` = '{run}'", order_by=["metrics.log_loss ASC"])
by_model = {one.data.tags["atelier.model"]: one for one in nested}
assert sorted(by_model) == ["train", "train_2"], by_model
assert by_model["train_2"].data.params["max_depth"] == "1", by_model["train_2"].data.params
assert all(one.info.status == "FINISHED" for one in nested)

models = mlflow.search_logged_models(experiment_ids=["0"], output_format="list",
    order_by=[{"field_name": "metrics.log_loss", "ascending": True}])
assert [model.name for model in models] == [one.data.tags["atelier.model"] for one in nested], models
for model in models:
    own = by_model[model.name]
    measured = {metric.key: metric for metric in model.metrics}
    assert measured["log_loss"].value == own.data.metrics["log_loss"]
    assert measured["log_loss"].run_id == own.info.run_id and measured["log_loss"].model_id == model.model_id
    assert [output.model_id for output in own.outputs.model_outputs] == [model.model_id]
"#;

#[test]
fn the_real_client_sees_nested_runs_and_logged_models() {
    let (desk, run) = ran();
    let served = Served::start(&desk);
    let mut command = Command::new("python3");
    command.args(["-c", CLIENT, &served.uri(), &text(&run["row"]["id"])]).env("MLFLOW_DISABLE_TELEMETRY", "true");
    let ended = command.current_dir(desk.home()).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn a_run_of_two_models_comes_out_again_model_by_model() {
    let (desk, run) = ran();
    let id = text(&run["row"]["id"]);
    let outcome = desk.atelier(&["reproduce", &id, "--json"]);
    let report: Json = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{}", outcome.stderr));
    assert_eq!(text(&report["verdict"]), "identical", "{report:#}");
    let keys: Vec<String> = report["metrics"].as_array().unwrap().iter().map(|metric| text(&metric["key"])).collect();
    for key in ["train.accuracy", "train_2.accuracy"] {
        assert!(keys.contains(&key.to_owned()), "{keys:?}");
    }
    let model = text(&run["model_runs"][0]["id"]);
    let refused = desk.atelier(&["reproduce", &model]);
    let said = format!("{}{}", refused.stdout, refused.stderr);
    assert!(said.contains(&format!("Reproduce its run {id}.")), "{said}");
}

#[test]
fn runs_from_before_are_opened_and_registered_with_what_is_theirs() {
    for archive in ["1.tar.gz", "2.tar.gz"] {
        let folder = tempfile::tempdir().unwrap();
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("workspaces").join(archive);
        let unpacked = Command::new("tar").arg("xzf").arg(&path).arg("-C").arg(folder.path()).status().unwrap();
        assert!(unpacked.success());
        let found = std::fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.path());
        let inner: Vec<_> = found.filter(|path| path.join("atelier.toml").is_file()).collect();
        let studio = studio::Studio::open(inner.first().map_or(folder.path(), |path| path)).unwrap();
        let runs = studio.runs(&studio::RunQuery::default()).unwrap().runs;
        assert!(!runs.is_empty());
        for run in runs {
            let detail = studio.run(&run.id).unwrap();
            let reports = studio.run_reports(&run.id).unwrap();
            for model in &detail.models {
                let registered = studio.register_model(&run.id, &model.place, "old", "", Default::default()).unwrap();
                let measured = reports.iter().find_map(|(_, report)| report.value("accuracy").or(report.value("r2")));
                let kept = registered.metrics.get("accuracy").or(registered.metrics.get("r2")).copied();
                assert_eq!(kept, measured, "{archive}, {}", run.name);
            }
        }
    }
}
