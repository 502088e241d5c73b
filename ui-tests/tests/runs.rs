//! Reviewing runs in the window: filtered, grouped, nested, starred, noted, put away, compared.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use eframe::egui::{Key, Modifiers};
use gui::commands::Command;
use gui::panels::Action;
use studio::Studio;
use studio::tracking::{LogBatch, MetricPoint, NewTrackedRun, RunStatus, RunUpdate};
use ui_tests::{Theme, Window};

const SIZE: [f32; 2] = [1440.0, 900.0];

/// A workspace with a sweep as Python code logs it: a parent with four nested runs, and one run beside them.
fn logged() -> (tempfile::TempDir, Studio) {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio::create(&folder.path().join("study"), "Study").unwrap();
    let sweep = run(&studio, "sweep", &[], &[], &[]);
    for (name, rate, model, auc) in [
        ("alder", "0.1", "forest", 0.91),
        ("birch", "0.2", "forest", 0.95),
        ("cedar", "0.1", "linear", 0.88),
        ("dogwood", "0.3", "linear", 0.93),
    ] {
        let params = [("rate", rate), ("model", model)];
        run(&studio, name, &params, &[("mlflow.parentRunId", &sweep)], &[("auc", auc)]);
    }
    run(&studio, "elm", &[("rate", "0.1"), ("model", "forest")], &[("team", "red")], &[("auc", 0.97)]);
    (folder, studio)
}

fn run(studio: &Studio, name: &str, params: &[(&str, &str)], tags: &[(&str, &str)], metrics: &[(&str, f64)]) -> String {
    let pairs = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let tracking = studio.tracking();
    let start_ms = studio::now_ms();
    let new = NewTrackedRun { name: name.to_owned(), user: "ada".into(), start_ms, tags: pairs(tags), experiment: 0 };
    let id = tracking.create_run(new).unwrap().id;
    let point = |(key, value): &(&str, f64)| MetricPoint {
        key: (*key).to_owned(),
        value: *value,
        timestamp_ms: start_ms,
        step: 0,
    };
    let batch = LogBatch { metrics: metrics.iter().map(point).collect(), params: pairs(params), ..LogBatch::default() };
    tracking.log_batch(&id, batch).unwrap();
    let update = RunUpdate { status: Some(RunStatus::Done), end_ms: Some(start_ms + 1500), name: None };
    tracking.update_run(&id, update).unwrap();
    id
}

fn open(folder: &tempfile::TempDir) -> Window {
    let mut window = Window::open(&folder.path().join("study"), Theme::Dark, SIZE);
    window.send(Action::Run(Command::GoTo("runs")));
    window.wait_for("elm, Done, checked");
    window
}

/// Whether a line of the table begins so.
fn lists(window: &Window, name: &str) -> bool {
    window.labels().iter().any(|label| label.starts_with(&format!("{name}, Done")))
}

#[test]
fn runs_are_filtered_in_mlflows_language_with_completion() {
    let (folder, _studio) = logged();
    let mut window = open(&folder);
    window.click("Filter runs");
    window.type_text("met");
    window.wait_for("metrics.auc");
    window.press(Modifiers::NONE, Key::Tab);
    window.settle();
    window.type_text("> 0.96");
    window.wait_until("one run is left", |window| lists(window, "elm") && !lists(window, "sweep"));
    window.fill("Filter runs", "params.model = 'linear' and params.rate = 0.3");
    window.press(Modifiers::NONE, Key::Home);
    window.settle();
    assert!(window.says("Expected a quoted string value"), "{:?}", window.labels());
    window.fill("Filter runs", "params.model = 'linear'");
    window.wait_until("both are listed", |window| lists(window, "cedar") && lists(window, "dogwood"));
    assert!(!lists(&window, "elm"));
    window.fill("Filter runs", "birc");
    window.wait_until("words are looked for too", |window| lists(window, "birch") && !lists(window, "cedar"));
}

#[test]
fn runs_are_grouped_and_nested() {
    let (folder, _studio) = logged();
    let mut window = open(&folder);
    assert!(!lists(&window, "birch"), "nested runs wait below the one that started them");
    window.click("Open sweep");
    window.wait_until("they follow it", |window| lists(window, "birch") && lists(window, "alder"));
    window.click("Close sweep");
    window.wait_until("they are gone again", |window| !lists(window, "birch"));
    window.click("Group");
    window.click("model");
    window.wait_for("forest, 3 runs, closed");
    window.wait_for("No model, 1 run, closed");
    window.click("Open forest");
    window.wait_until("its runs follow", |window| lists(window, "alder") && lists(window, "elm"));
    assert!(!lists(&window, "cedar"));
}

#[test]
fn runs_are_starred_noted_and_tagged() {
    let (folder, studio) = logged();
    let mut window = open(&folder);
    window.click("elm, Done, checked");
    window.wait_for("Star elm");
    window.click("Star elm");
    window.wait_for("Unstar elm");
    window.click("Write a note…");
    window.click_last("Note");
    window.type_text("**Best** so far");
    window.click("Close note");
    window.wait_for("Edit note");
    window.fill("Add a tag", "owner = clinic");
    window.press(Modifiers::NONE, Key::Enter);
    window.wait_for("Remove the tag owner");
    let elm = studio.run_row(&studio.find_run("elm").unwrap()).unwrap();
    assert_eq!(elm.tags["mlflow.note.content"], "**Best** so far");
    assert_eq!(elm.tags["owner"], "clinic");
    assert_eq!(elm.tags["atelier.starred"], "true");
    window.click("Remove the tag owner");
    window.wait_gone("Remove the tag owner");
    assert!(!studio.run_row(&elm.id).unwrap().tags.contains_key("owner"));
}

#[test]
fn checked_runs_are_put_away_deleted_and_brought_back() {
    let (folder, studio) = logged();
    let mut window = open(&folder);
    window.fill("Filter runs", "params.model = 'linear'");
    window.wait_until("both are listed", |window| lists(window, "cedar") && lists(window, "dogwood"));
    let menu = |window: &Window| {
        let counts = |label: &String| label.contains(" of ") || label.ends_with(" selected");
        window.labels().into_iter().find(counts).unwrap()
    };
    let checked = menu(&window);
    window.click(&checked);
    window.click("Uncheck every run");
    window.click("cedar, Done");
    window.press(Modifiers::NONE, Key::Space);
    window.wait_for("cedar, Done, checked");
    let checked = menu(&window);
    window.click(&checked);
    window.click("Archive");
    window.click("Undo");
    window.wait_until("it left the archive", |window| lists(window, "cedar"));
    let checked = menu(&window);
    window.click(&checked);
    window.click("Archive");
    window.wait_until("it is put away", |window| !lists(window, "cedar"));
    window.choose("Which runs", "Archived");
    window.wait_until("it is in the archive", |window| lists(window, "cedar"));
    let checked = menu(&window);
    window.click(&checked);
    window.click("Take out of the archive");
    window.choose("Which runs", "Every run");
    window.wait_until("it is back", |window| lists(window, "cedar"));
    let checked = menu(&window);
    window.click(&checked);
    window.click("Delete");
    window.click("Undo");
    window.wait_until("it is brought back", |window| lists(window, "cedar"));
    assert!(studio.run_row(&studio.find_run("cedar").unwrap()).unwrap().deleted_ms.is_none());
}

#[test]
fn a_view_is_kept_under_a_name() {
    let (folder, _studio) = logged();
    let mut window = open(&folder);
    window.fill("Filter runs", "params.model = 'forest'");
    window.click("Views");
    window.fill("Name of the view", "Forests");
    window.click("Save view");
    window.press(Modifiers::NONE, Key::Escape);
    window.fill("Filter runs", "e");
    window.press(Modifiers::NONE, Key::Backspace);
    window.wait_until("all are listed", |window| lists(window, "sweep"));
    drop(window);
    let mut window = open(&folder);
    window.click("Views");
    window.click("Forests");
    window.wait_until("the view is shown", |window| !lists(window, "sweep") && lists(window, "elm"));
}

#[test]
fn differences_of_runs_are_written() {
    let (folder, _studio) = logged();
    let mut window = open(&folder);
    window.fill("Filter runs", "params.model = 'forest'");
    window.wait_until("three are listed", |window| lists(window, "alder") && lists(window, "birch"));
    window.click("Compare");
    window.wait_for("AUC, differs, best elm");
    window.wait_for("rate, differs");
    for tab in ["Code", "Environment", "Data"] {
        // The rail has a place of the same name.
        window.click_last(tab);
        assert!(window.has("From") && window.has("To"), "{tab}");
    }
}
