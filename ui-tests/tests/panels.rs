//! Every panel in both themes, as pictures under `snapshots/`. `UPDATE_SNAPSHOTS=1` makes them anew; look at what
//! changed before you commit it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use eframe::egui::{Event, Key, Modifiers};
use gui::commands::Command;
use gui::panels::{Action, Subject};
use studio::{RunQuery, Studio};
use ui_tests::{Theme, Window};

/// A while after the last run of the workspace that is drawn.
const NOW: &str = "2026-11-21T13:30:00Z";
const SIZE: [f32; 2] = [1280.0, 800.0];

/// A file with doubts: the order of its dates, and what its thousands are.
const DELIVERIES: &str = "code;when;price;city;weight\n00123;03/04/2024;1.234,50;Köln;12,5\n\
    00124;05/04/2024;19,90;Bonn;7,25\n00125;07/05/2024;;Trier;\n00126;08/05/2024;3.000,00;Mainz;104,125\n";

fn open(folder: &Path, theme: Theme) -> Window {
    Window::over(Studio::open(folder).unwrap(), theme, SIZE, Some(NOW.parse().unwrap()))
}

fn go(window: &mut Window, place: &'static str) {
    window.send(Action::Run(Command::GoTo(place)));
    // The pointer would light up what lies under it.
    window.harness.event(Event::PointerGone);
    window.settle();
}

fn run_named(folder: &Path, pipeline: &str) -> String {
    let query = RunQuery { pipeline: Some(pipeline.to_owned()), ..RunQuery::default() };
    Studio::open(folder).unwrap().runs(&query).unwrap().runs[0].id.clone()
}

fn pictures(theme: Theme) {
    let folder = ui_tests::written_by(1);
    let mut window = open(folder.path(), theme);
    let picture = |window: &mut Window, name: &str| window.snapshot(&format!("{name}-{}", theme.name()));

    go(&mut window, "home");
    picture(&mut window, "home");

    go(&mut window, "data");
    picture(&mut window, "data");

    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("deliveries.csv");
    std::fs::write(&file, DELIVERIES).unwrap();
    window.send(Action::Import(vec![file]));
    window.wait_for("Type of price");
    go(&mut window, "data");
    picture(&mut window, "import");
    window.click("Cancel");

    window.send(Action::Open(Subject::Pipeline { path: "pipelines/diagnosis.yaml".into() }));
    window.wait_for("Split data, output train");
    window.click("Split data, output train");
    window.wait_until("the preview", |window| window.says("398 rows"));
    go(&mut window, "designer");
    picture(&mut window, "designer");

    go(&mut window, "runs");
    picture(&mut window, "runs");
    window.click("Compare");
    go(&mut window, "runs");
    picture(&mut window, "runs-compare");
    for (name, pipeline) in [("run", "pipelines/diagnosis.yaml"), ("run-failed", "pipelines/checks.yaml")] {
        window.send(Action::Open(Subject::Run { id: run_named(folder.path(), pipeline) }));
        go(&mut window, "runs");
        picture(&mut window, name);
    }

    window.send(Action::Open(Subject::Model { name: "diagnosis".into(), version: None }));
    go(&mut window, "models");
    picture(&mut window, "models");

    window.press(Modifiers::COMMAND, Key::K);
    window.type_text("reg");
    window.settle();
    picture(&mut window, "palette");
}

/// What a workspace looks like before there is anything in it.
fn empty(theme: Theme) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study");
    Studio::create(&path, "Study").unwrap();
    let mut window = open(&path, theme);
    for place in ["home", "data", "designer", "runs", "models"] {
        go(&mut window, place);
        window.snapshot(&format!("empty-{place}-{}", theme.name()));
    }
}

#[test]
fn panels_in_the_light() {
    pictures(Theme::Light);
}

#[test]
fn panels_in_the_dark() {
    pictures(Theme::Dark);
}

#[test]
fn empty_panels_in_the_light() {
    empty(Theme::Light);
}

#[test]
fn empty_panels_in_the_dark() {
    empty(Theme::Dark);
}

/// Nothing is lost of what an older program wrote, and it goes on.
#[test]
fn workspaces_of_every_version_open() {
    for version in 1..=studio::SCHEMA {
        let folder = ui_tests::written_by(version);
        let studio = Studio::open(folder.path()).unwrap();
        assert_eq!(studio.runs(&RunQuery::default()).unwrap().total, 8, "version {version}");
        assert_eq!(studio.models().unwrap().len(), 2, "version {version}");
        assert!(studio.check(&|_| ()).unwrap().is_empty(), "version {version}");
    }
}
