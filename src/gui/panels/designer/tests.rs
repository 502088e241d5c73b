//! The panel over a real workspace, driven by names and keys.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use egui::{Event as Input, Key, Modifiers, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use studio::Studio;

use super::document::Disk;
use super::*;
use crate::backend::Backend;
use crate::panels::Action;
use crate::shell::Status;
use crate::theme::Appearance;

struct Window {
    panel: Designer,
    backend: Backend,
    actions: Vec<Action>,
}

impl Window {
    fn ui(&mut self, ui: &mut Ui) {
        let t = theme::of(ui);
        let (appearance, status) = (Appearance::default(), Status::default());
        let mut cx = Cx {
            theme: &t,
            backend: &self.backend,
            selection: None,
            appearance: &appearance,
            status: &status,
            active: true,
            actions: &mut self.actions,
        };
        egui::Panel::right("inspector").exact_size(320.0).show(ui, |ui| self.panel.inspector(ui, &mut cx));
        egui::Panel::left("side").exact_size(200.0).show(ui, |ui| self.panel.side(ui, &mut cx));
        self.panel.ui(ui, &mut cx);
    }

    fn document(&self) -> &Document {
        &self.panel.open[self.panel.current.unwrap()].document
    }
}

fn window(folder: &Path) -> Harness<'static, Window> {
    let studio = Studio::open(folder).unwrap();
    let builder = Harness::builder().with_size(vec2(1400.0, 900.0));
    let builder = builder.with_context_setup(|ctx| theme::install(ctx, &Appearance::default()));
    let ctx = egui::Context::default();
    let backend = Backend::new(Arc::new(studio), ctx, 2);
    let window = Window { panel: Designer::default(), backend, actions: Vec::new() };
    builder.build_ui_state(|ui, window: &mut Window| window.ui(ui), window)
}

/// Draws frames until something that another thread answers has come.
fn until(harness: &mut Harness<'_, Window>, what: &str, is: impl Fn(&Harness<'_, Window>) -> bool) {
    for _ in 0..1000 {
        harness.step();
        if is(harness) {
            return;
        }
        std::thread::sleep(Duration::from_millis(3));
    }
    panic!("waited in vain until {what}");
}

fn add(harness: &mut Harness<'_, Window>, words: &str) {
    // The canvas takes the keyboard in the frame after the one that it first shows in.
    harness.run_steps(3);
    harness.key_press(Key::Tab);
    harness.run_steps(3);
    harness.event(Input::Text(words.to_owned()));
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(3);
}

#[test]
fn a_pipeline_is_made_saved_undone_and_picked_up_from_disk() {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio::create(folder.path(), "Test").unwrap();
    let mut harness = window(folder.path());
    until(&mut harness, "the empty state shows", |harness| harness.query_by_label("New pipeline").is_some());
    harness.get_by_label("New pipeline").click();
    until(&mut harness, "the canvas shows", |harness| harness.query_by_label("Pipeline canvas, 0 steps").is_some());

    add(&mut harness, "split");
    assert_eq!(harness.state().document().pipeline.jobs.len(), 1);
    until(&mut harness, "the file is written", |harness| harness.state().document().disk == Disk::Saved);
    let path = harness.state().document().path.clone();
    let file = folder.path().join(&path);
    assert!(std::fs::read_to_string(&file).unwrap().contains("component: split_data"));
    until(&mut harness, "the check is there", |harness| {
        let states = &harness.state().document().states;
        states.get("split_data").is_some_and(|state| !state.errors.is_empty())
    });

    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_steps(3);
    assert!(harness.state().document().pipeline.jobs.is_empty());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Y);
    harness.run_steps(3);
    assert_eq!(harness.state().document().pipeline.jobs.len(), 1);
    until(&mut harness, "the file is written again", |harness| harness.state().document().disk == Disk::Saved);

    // Another program renames the pipeline.
    let document = studio.open_pipeline(&path).unwrap();
    let mut theirs = document.pipeline.clone();
    theirs.display_name = "Theirs".to_owned();
    studio.save_pipeline(&path, &document, &theirs).unwrap();
    let Window { panel, backend, .. } = harness.state_mut();
    panel.open[0].document.reread(backend);
    until(&mut harness, "their change shows", |harness| harness.state().document().pipeline.display_name == "Theirs");
}

#[test]
fn what_could_not_be_written_is_there_in_the_next_window() {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio::create(folder.path(), "Test").unwrap();
    let path = studio.create_pipeline("Theirs").unwrap();
    let document = studio.open_pipeline(&path).unwrap();
    let mut mine = document.pipeline.clone();
    mine.display_name = "Mine".to_owned();
    let file = folder.path().join(&path);
    std::fs::write(&file, document.text.replace("Theirs", "Theirs again")).unwrap();
    assert_eq!(studio.save_pipeline(&path, &document, &mine).unwrap_err().kind, studio::ErrorKind::Conflict);

    let mut harness = window(folder.path());
    until(&mut harness, "the question which to keep", |harness| harness.query_by_label("Keep mine").is_some());
    assert_eq!(harness.state().document().pipeline.display_name, "Mine");
    harness.get_by_label("Keep mine").click();
    until(&mut harness, "the file is written", |harness| harness.state().document().disk == Disk::Saved);
    assert!(std::fs::read_to_string(&file).unwrap().contains("Mine"));
    assert!(studio.unsaved_pipeline(&path).unwrap().is_none());
}

#[test]
fn a_typed_number_is_one_step_of_undo_and_one_line_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    Studio::create(folder.path(), "Test").unwrap().create_pipeline("Numbers").unwrap();
    let mut harness = window(folder.path());
    until(&mut harness, "the canvas shows", |harness| harness.query_by_label("Pipeline canvas, 0 steps").is_some());
    add(&mut harness, "random forest");
    until(&mut harness, "the file is written", |harness| harness.state().document().disk == Disk::Saved);
    let before = std::fs::read_to_string(folder.path().join(&harness.state().document().path)).unwrap();

    let spec = harness.state().panel.catalogue.spec("random_forest").unwrap();
    let numbers = |kind: &studio::pipeline::component::ParamKind| matches!(kind, studio::pipeline::component::ParamKind::Integer { max, .. } if *max >= 77);
    let param = spec.params.iter().find(|param| numbers(&param.kind) && !param.advanced && !param.optional).unwrap();
    harness.get_by_role_and_label(egui::accesskit::Role::TextInput, param.title).click();
    harness.run_steps(2);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.event(Input::Text("7".to_owned()));
    harness.run_steps(2);
    harness.event(Input::Text("7".to_owned()));
    harness.run_steps(2);
    let value = |harness: &Harness<'_, Window>| {
        harness.state().document().pipeline.jobs["random_forest"].inputs.get(param.name).cloned()
    };
    assert_eq!(value(&harness), Some(studio::pipeline::graph::Input::Value(77.into())));
    harness.key_press(Key::Enter);
    until(&mut harness, "the file is written", |harness| harness.state().document().disk == Disk::Saved);
    let after = std::fs::read_to_string(folder.path().join(&harness.state().document().path)).unwrap();
    let new: Vec<&str> = after.lines().filter(|line| !before.lines().any(|it| it == *line)).collect();
    assert!(new.iter().any(|line| line.trim() == format!("{}: 77", param.name)), "{new:?}");

    harness.run_steps(2);
    let Window { panel, .. } = harness.state_mut();
    panel.open[0].document.undo(0.0);
    assert_eq!(value(&harness), None);
}

#[test]
fn a_pipeline_that_was_asked_for_comes_though_the_folder_changes_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio::create(folder.path(), "Test").unwrap();
    let paths = ["One", "Two"].map(|title| studio.create_pipeline(title).unwrap());
    let mut harness = window(folder.path());
    until(&mut harness, "the canvas shows", |harness| harness.query_by_label("Pipeline canvas, 0 steps").is_some());
    let other = paths.into_iter().find(|path| *path != harness.state().document().path).unwrap();

    harness.state_mut().panel.pipelines.choose(other.clone(), None);
    harness.step();
    harness.state_mut().panel.pipelines.refresh();
    until(&mut harness, "the other one shows", |harness| harness.state().document().path == other);

    // One that is not there leaves the one that is shown.
    harness.state_mut().panel.pipelines.choose("pipelines/none.yaml".to_owned(), None);
    until(&mut harness, "the answer has come", |harness| !harness.state().panel.pipelines.is_reading());
    assert_eq!(harness.state().document().path, other);
}
