//! A run that makes two models, looked at in the window.

use egui::{Key, Theme, accesskit::Role, vec2};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use studio::{RunRequest, Studio};

use super::tests::{Window, picture, settle, until, window};
use crate::panels::{Action, Subject};

const PIPELINE: &str = "display_name: Two models
jobs:
  data: {component: import_dataset, inputs: {dataset: rows}}
  split: {component: split_data, inputs: {table: '${{parent.jobs.data.outputs.table}}', fraction: 0.6, seed: 1}}
  boosting: {component: gradient_boosting, inputs: {trees: 8}}
  line: {component: logistic_regression}
  train:
    component: train_model
    inputs: {estimator: '${{parent.jobs.boosting.outputs.estimator}}', table: '${{parent.jobs.split.outputs.train}}', label: kind}
  train_2:
    component: train_model
    inputs: {estimator: '${{parent.jobs.line.outputs.estimator}}', table: '${{parent.jobs.split.outputs.train}}', label: kind}
  score: {component: score_model, inputs: {model: '${{parent.jobs.train.outputs.model}}', table: '${{parent.jobs.split.outputs.test}}'}}
  score_2: {component: score_model, inputs: {model: '${{parent.jobs.train_2.outputs.model}}', table: '${{parent.jobs.split.outputs.test}}'}}
  judge:
    component: evaluate_model
    inputs: {table: '${{parent.jobs.score.outputs.table}}', compare: '${{parent.jobs.score_2.outputs.table}}'}
";
const BOOSTING: &str = "Gradient boosting";
const LINE: &str = "Logistic regression";

/// A workspace with two runs of two models each.
fn two_models() -> (tempfile::TempDir, Studio) {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio::create(folder.path(), "Test").unwrap();
    let mut text = String::from("x,y,kind\n");
    for row in 0..200_i32 {
        let (x, noise) = (f64::from(row * 37 % 200) / 10.0, f64::from(row * 7919 % 101) / 6.0);
        text.push_str(&format!("{x},{},{}\n", row % 7, if x + noise > 18.0 { "large" } else { "small" }));
    }
    let file = folder.path().join("rows.csv");
    std::fs::write(&file, text).unwrap();
    let draft = studio.sniff(&[file]).unwrap();
    studio.import_dataset("rows", &draft, &|_| std::ops::ControlFlow::Continue(())).unwrap();
    std::fs::write(folder.path().join("pipelines/two.yaml"), PIPELINE).unwrap();
    for (name, trees) in [("heron", "8"), ("egret", "1")] {
        let set = vec![("jobs.boosting.trees".to_owned(), trees.to_owned())];
        let request = RunRequest { name: Some(name.to_owned()), set, ..RunRequest::default() };
        studio.run_in_process("pipelines/two.yaml", &request).unwrap();
    }
    (folder, studio)
}

fn rows(harness: &Harness<'_, Window>) -> Vec<String> {
    let rows = harness.query_all_by_label_contains(", Done");
    rows.filter_map(|row| row.accesskit_node().label()).collect()
}

fn listed(studio: &Studio) -> Harness<'static, Window> {
    let mut harness = window(studio, Theme::Dark, "runs", vec2(1600.0, 1000.0));
    until(&mut harness, "the runs and their models are listed", |harness| rows(harness).len() == 6);
    settle(&mut harness);
    harness
}

#[test]
fn models_are_rows_below_their_run_sorted_by_their_metrics() {
    let (_folder, studio) = two_models();
    let mut harness = listed(&studio);
    picture(&mut harness, "runs-models");
    assert!(rows(&harness).contains(&"heron, Done, checked, open".to_owned()), "{:?}", rows(&harness));
    for run in ["heron", "egret"] {
        for model in [BOOSTING, LINE] {
            harness.get_by_label(&format!("{run} · {model}, Done, checked"));
        }
    }
    // One column of the metric, whatever model it is of.
    assert_eq!(harness.query_all_by_role_and_label(Role::ColumnHeader, "ROC AUC").count(), 1);
    harness.get_by_role_and_label(Role::ColumnHeader, "ROC AUC").click();
    settle(&mut harness);
    let value = |run: &str, model: &str| {
        let id = studio.find_run(&format!("{run} · {model}")).unwrap();
        studio.run_row(&id).unwrap().metrics["roc_auc"]
    };
    let all = ["heron", "egret"].map(|run| value(run, BOOSTING).max(value(run, LINE)));
    let best = if all[0] > all[1] { "heron" } else { "egret" };
    let worst = ["heron", "egret"].map(|run| value(run, BOOSTING).min(value(run, LINE)));
    let last = if worst[0] < worst[1] { "heron" } else { "egret" };
    let first_of = |harness: &Harness<'_, Window>| rows(harness)[0].split(',').next().unwrap().to_owned();
    let up = first_of(&harness);
    harness.get_by_role_and_label(Role::ColumnHeader, "ROC AUC").click();
    settle(&mut harness);
    let down = first_of(&harness);
    // Which way round the first click sorts is the table's business.
    let (mut found, mut expected) = ([up, down], [best.to_owned(), last.to_owned()]);
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "a run stands where the first of its models does");
    harness.check_accessibility();
}

#[test]
fn a_run_is_checked_and_compared_by_its_models() {
    let (_folder, studio) = two_models();
    let mut harness = listed(&studio);
    let row = |name: &str, harness: &Harness<'_, Window>| {
        rows(harness).into_iter().find(|row| row.starts_with(&format!("{name},"))).unwrap()
    };
    let heron = row("heron", &harness);
    harness.get_by_label(&heron).click();
    settle(&mut harness);
    harness.key_press(Key::Space);
    until(&mut harness, "its models are unchecked", |harness| {
        rows(harness).iter().filter(|row| row.contains(", checked")).count() == 3
    });
    assert!(!row("heron", &harness).contains("checked") && row("egret", &harness).contains("checked"));
    harness.get_by_label("Compare").click();
    until(&mut harness, "the models are compared", |harness| {
        harness.query_by_label("Compare 2 runs").is_some() && harness.query_by_label("Metrics").is_some()
    });
    picture(&mut harness, "runs-models-compare");
    assert!(harness.query_all_by_label_contains(&format!("egret · {BOOSTING}")).next().is_some());
    harness.check_accessibility();
}

#[test]
fn the_models_of_a_run_are_told_apart_wherever_it_is_looked_at() {
    let (_folder, studio) = two_models();
    let mut harness = listed(&studio);
    let heron = rows(&harness).into_iter().find(|row| row.starts_with("heron,")).unwrap();
    harness.get_by_label(&heron).click();
    until(&mut harness, "its models are in the inspector", |harness| {
        [BOOSTING, LINE].iter().all(|model| harness.query_by_role_and_label(Role::Link, model).is_some())
    });
    harness.get_by_label("Register model…").click();
    until(&mut harness, "the model is asked for", |harness| {
        harness.query_by_role_and_label(Role::TextInput, "Name").is_some()
    });
    picture(&mut harness, "runs-models-register");
    assert!(harness.query_by_role_and_label(Role::ComboBox, "Model").is_some(), "which of the two is a choice");
    harness.get_by_label("Cancel").click();
    settle(&mut harness);

    let id = studio.find_run("heron").unwrap();
    harness.state_mut().0.send(Action::Open(Subject::Run { id }));
    until(&mut harness, "both reports name their model", |harness| {
        [BOOSTING, LINE].iter().all(|model| harness.query_by_label(&format!("Evaluate model · {model}")).is_some())
    });
    assert!(harness.query_by_label(&format!("train log loss · {BOOSTING}")).is_some(), "a curve names its model");
    picture(&mut harness, "run-models");
    harness.check_accessibility();

    let model = studio.find_run(&format!("heron · {LINE}")).unwrap();
    harness.state_mut().0.send(Action::Open(Subject::Run { id: model }));
    until(&mut harness, "the model leads to its run", |harness| harness.query_by_label("Model of").is_some());
    picture(&mut harness, "run-model");
    assert!(harness.query_by_label("All steps").is_none());
    harness.check_accessibility();
}
