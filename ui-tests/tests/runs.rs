//! Reviewing runs in the window: filtered, grouped, nested, starred, noted, put away, compared.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::Write;

use eframe::egui::{self, Key, Modifiers};
use egui_kittest::kittest::Queryable;
use gui::commands::Command;
use gui::panels::{Action, Subject};
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
    assert!(lists(&window, "birch"), "runs that are checked at first are seen");
    window.click("Close sweep");
    window.wait_until("nested runs wait below the one that started them", |window| !lists(window, "birch"));
    window.click("Open sweep");
    window.wait_until("they follow it", |window| lists(window, "birch") && lists(window, "alder"));
    window.click("Group");
    window.click("model");
    window.wait_for("forest, 3 runs, closed");
    window.wait_for("No model, 1 run, closed");
    assert!(window.has("AUC") && window.has("rate"), "closed groups keep their columns: {:?}", window.labels());
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
        let counts = |label: &String| label.ends_with(" selected");
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

/// The value under the pointer offers to narrow the list to it.
#[test]
fn a_click_on_a_value_narrows_the_list() {
    let (folder, _studio) = logged();
    let mut window = open(&folder);
    // A chart may have the name of a column.
    let rect = |window: &Window, label: &str| window.harness.query_all_by_label(label).last().unwrap().rect();
    let at = |window: &Window, head: &str| {
        let row = window.labels().into_iter().find(|label| label.starts_with("alder, Done")).unwrap();
        egui::pos2(rect(window, head).center().x, rect(window, &row).center().y)
    };
    let alder = at(&window, "rate");
    window.harness.hover_at(alder);
    window.harness.run_steps(3);
    window.click("Only rate 0.1");
    window.wait_until("two are left", |window| !lists(window, "birch") && lists(window, "alder"));
    let alder = at(&window, "AUC");
    window.harness.hover_at(alder);
    window.harness.run_steps(3);
    window.click("AUC at least 0.9100");
    window.wait_until("cedar is below", |window| !lists(window, "cedar") && lists(window, "alder"));
    assert!(window.value_says("Filter runs", "params.rate = '0.1' AND metrics.auc >= 0.91"));
}

/// Every file of a run that code logged, looked at as what it is, and saved as it is.
#[test]
fn the_files_of_a_logged_run_are_looked_at_and_saved() {
    let (folder, studio) = logged();
    let elm = studio.find_run("elm").unwrap();
    let root = studio.tracking().run(&elm).unwrap().artifact_uri;
    let root = root.strip_prefix("mlflow-artifacts:/").unwrap();
    let photo = include_bytes!("../../assets/samples/china.jpg");
    let table = br#"{"columns": ["patient", "risk"], "data": [["Ada", 0.25], ["Zo\u00eb", 0.75]]}"#;
    let files: [(&str, &[u8]); 6] = [
        ("plots/photo.jpg", photo),
        ("tables/risks.json", table),
        ("pickled/MLmodel", b"flavors:\n  sklearn:\n    pickled_model: model.pkl\n"),
        ("pickled/model.pkl", b"\x80\x04\x95"),
        ("empty.txt", b""),
        ("broken.png", b"no picture"),
    ];
    for (path, bytes) in files {
        let mut upload = studio.tracking().upload().unwrap();
        upload.write_all(bytes).unwrap();
        studio.tracking().finish_upload(upload, &format!("{root}/{path}")).unwrap();
    }
    let mut window = open(&folder);
    let out = tempfile::tempdir().unwrap();
    window.harness.state_mut().save_into(out.path().to_owned());
    window.send(Action::Open(Subject::Run { id: elm }));
    window.wait_for("Files");
    window.click("Files");
    window.wait_for("photo.jpg");
    assert!(!window.has("Logs"), "no step of it could have said anything");
    window.click("photo.jpg");
    window.wait_for("640 × 427");
    window.click("Save as…");
    let saved = out.path().join("photo.jpg");
    window.wait_until("it is saved", |_| std::fs::read(&saved).is_ok_and(|bytes| bytes == photo));
    window.click("risks.json");
    window.wait_for("2 rows");
    window.click("MLmodel");
    window.wait_until("its text", |window| window.says("pickled_model: model.pkl"));
    window.click("model.pkl");
    window.wait_until("what to do", |window| window.says("Save it to open it elsewhere"));
    window.click("broken.png");
    window.wait_until("what is wrong", |window| window.says("is no image"));
    window.click("empty.txt");
    window.wait_for("0 lines");
    window.click("pickled");
    window.wait_gone("MLmodel");
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
