//! Drives the panel over a real workspace, by labels and keys. The pictures it takes go to the
//! system's folder for temporary files, to be looked at.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use eframe::App;
use egui::{Key, Modifiers, Theme, Ui, Vec2, vec2};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};

use super::*;
use crate::{
    backend::BackendOf,
    gallery::TestDesk,
    panels::{Action, models::Models},
    shell::{Layout, Shell},
    theme::{Appearance, ThemeChoice},
};
use studio::RunQuery;

pub struct Window(pub Shell);

impl App for Window {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.0.ui(ui);
    }
}

/// A workspace with the sample's runs and models, made once; `None` for an empty one.
pub fn sample() -> Studio {
    static SAMPLE: OnceLock<(Studio, tempfile::TempDir)> = OnceLock::new();
    let made = SAMPLE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let studio = Studio::create_sample(&folder.path().join("study"), &|_| {}).unwrap();
        (studio, folder)
    });
    made.0.clone()
}

pub fn window(studio: &Studio, theme: Theme, place: PlaceId, size: Vec2) -> Harness<'static, Window> {
    let dark = theme == Theme::Dark;
    let appearance = Appearance {
        theme: if dark { ThemeChoice::Dark } else { ThemeChoice::Light },
        reduced_motion: true,
        ..Appearance::default()
    };
    let mut layout = Layout { appearance, ..Layout::default() };
    layout.go(place);
    let studio = Arc::new(studio.clone());
    Harness::builder().with_size(size).with_theme(theme).wgpu().build_eframe(move |cc| {
        let backend = BackendOf::new(studio, cc.egui_ctx.clone(), 2);
        let panels: Vec<Box<dyn Panel>> = vec![Box::<Runs>::default(), Box::<Models>::default()];
        let desk = Arc::new(TestDesk);
        Window(Shell::new(&cc.egui_ctx, backend, desk, panels, layout))
    })
}

/// Draws frames until something that another thread answers has come.
pub fn until(harness: &mut Harness<'_, Window>, what: &str, is: impl Fn(&Harness<'_, Window>) -> bool) {
    for _ in 0..2000 {
        harness.step();
        if is(harness) {
            return;
        }
        std::thread::sleep(Duration::from_millis(3));
    }
    panic!("waited in vain until {what}");
}

/// Gives answers on their way time to come.
pub fn settle(harness: &mut Harness<'_, Window>) {
    for _ in 0..15 {
        harness.step();
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn picture(harness: &mut Harness<'_, Window>, name: &str) {
    let folder: PathBuf = std::env::temp_dir().join("atelier-gallery");
    std::fs::create_dir_all(&folder).unwrap();
    settle(harness);
    let file = folder.join(format!("{name}.png"));
    harness.render().unwrap().save(file).unwrap();
}

/// Small and large, dark and light.
pub const SIZES: [(Theme, Vec2, &str); 3] = [
    (Theme::Dark, vec2(1600.0, 1000.0), "dark"),
    (Theme::Light, vec2(1600.0, 1000.0), "light"),
    (Theme::Dark, vec2(1280.0, 800.0), "small"),
];

fn has_row(harness: &Harness<'_, Window>) -> bool {
    harness.query_all_by_label_contains(", Done").next().is_some()
}

fn first_row(harness: &Harness<'_, Window>) -> String {
    let row = harness.query_all_by_label_contains(", Done").next().unwrap();
    row.accesskit_node().label().unwrap()
}

#[test]
fn runs_are_listed_selected_and_compared() {
    let studio = sample();
    for (theme, size, name) in SIZES {
        let mut harness = window(&studio, theme, "runs", size);
        until(&mut harness, "the runs are listed", has_row);
        settle(&mut harness);
        picture(&mut harness, &format!("runs-{name}"));
        let row = first_row(&harness);
        harness.get_by_label(&row).click();
        until(&mut harness, "the run is described", |harness| harness.query_by_label("Parameters").is_some());
        picture(&mut harness, &format!("runs-selected-{name}"));
        harness.check_accessibility();
        harness.get_by_label("Compare").click();
        until(&mut harness, "runs are compared", |harness| {
            harness.query_by_label("Compare 3 runs").is_some() && harness.query_by_label("Metrics").is_some()
        });
        picture(&mut harness, &format!("runs-compare-{name}"));
        harness.check_accessibility();
    }
}

#[test]
fn a_run_opens_with_its_steps_logs_and_outputs() {
    let studio = sample();
    let run = studio.runs(&RunQuery::default()).unwrap().runs.remove(0);
    for (theme, size, name) in SIZES {
        let mut harness = window(&studio, theme, "runs", size);
        until(&mut harness, "the runs are listed", has_row);
        let subject = Subject::Run { id: run.id.clone() };
        harness.state_mut().0.send(Action::Open(subject));
        until(&mut harness, "the run is open", |harness| harness.query_by_label("All steps").is_some());
        for page in opened::Page::STEPS {
            harness.get_by_label(page.title()).click();
            picture(&mut harness, &format!("run-{}-{name}", page.title().to_lowercase()));
            harness.check_accessibility();
        }
        harness.key_press_modifiers(Modifiers::ALT, Key::ArrowLeft);
        until(&mut harness, "the list is back", has_row);
    }
}

#[test]
fn a_model_is_registered_from_a_run() {
    let studio = sample();
    let before = studio.models().unwrap().len();
    let mut harness = window(&studio, Theme::Light, "runs", vec2(1280.0, 800.0));
    until(&mut harness, "the runs are listed", has_row);
    let row = first_row(&harness);
    harness.get_by_label(&row).click();
    until(&mut harness, "the run is described", |harness| harness.query_by_label("Parameters").is_some());
    // At once, whether or not the run has been read by now.
    harness.get_by_label("Register model…").click();
    until(&mut harness, "the name is asked for", |harness| {
        harness.query_by_role_and_label(egui::accesskit::Role::TextInput, "Name").is_some()
    });
    harness.get_by_role_and_label(egui::accesskit::Role::TextInput, "Name").focus();
    harness.run_steps(2);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.event(egui::Event::Text("second-opinion".to_owned()));
    harness.run_steps(2);
    picture(&mut harness, "runs-register-light");
    harness.get_by_label("Register").click();
    until(&mut harness, "it is registered", |_| studio.models().unwrap().len() > before);
    let models = studio.models().unwrap();
    assert!(models.iter().any(|model| model.name == "second-opinion"));
}

#[test]
fn a_deleted_run_is_brought_back() {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio::create(folder.path(), "Empty").unwrap();
    let mut harness = window(&studio, Theme::Dark, "runs", vec2(1280.0, 800.0));
    until(&mut harness, "it says that there are none", |harness| harness.query_by_label("Go to Designer").is_some());
    picture(&mut harness, "runs-empty-dark");

    let studio = sample();
    let count = || studio.runs(&RunQuery::default()).unwrap().total;
    let before = count();
    let mut harness = window(&studio, Theme::Dark, "runs", vec2(1280.0, 800.0));
    until(&mut harness, "the runs are listed", has_row);
    let row = first_row(&harness);
    harness.get_by_label(&row).click();
    settle(&mut harness);
    let delete = CommandSpec::panel("runs", "delete", "").command;
    harness.state_mut().0.send(Action::Run(delete));
    until(&mut harness, "it is gone", |_| count() == before - 1);
    until(&mut harness, "it can be brought back", |harness| harness.query_by_label("Undo").is_some());
    harness.get_by_label("Undo").click();
    until(&mut harness, "it is back", |_| count() == before);
}

#[test]
fn a_run_is_deleted_for_good_after_it_was_said_what_goes() {
    let studio = sample();
    let runs = studio.runs(&RunQuery::default()).unwrap();
    let mut harness = window(&studio, Theme::Light, "runs", vec2(1280.0, 800.0));
    until(&mut harness, "the runs are listed", has_row);
    let row = first_row(&harness);
    harness.get_by_label(&row).click();
    settle(&mut harness);
    let run = runs.runs.iter().find(|run| row.contains(&run.name)).expect("the row says its run's name").clone();
    studio.delete_runs(std::slice::from_ref(&run.id)).unwrap();
    let purge = CommandSpec::panel("runs", "purge", "").command;
    harness.state_mut().0.send(Action::Run(purge));
    let said =
        |harness: &egui_kittest::Harness<'_, _>| harness.query_by_label_contains("This cannot be undone").is_some();
    until(&mut harness, "it says what goes", said);
    picture(&mut harness, "runs-purge-light");
    harness.get_by_role_and_label(egui::accesskit::Role::Button, "Delete for good").click();
    until(&mut harness, "it is gone", |_| studio.run_row(&run.id).is_err());
    assert_eq!(studio.runs(&RunQuery::default()).unwrap().total, runs.total - 1);
    assert!(studio.check(&|_| ()).unwrap().is_empty());
}

/// Prints the CPU time of a frame while 100,000 runs are scrolled, how long it takes to order them, and the memory.
/// Run it in a release build: `cargo test --release -p atelier -p gui --lib runs_frame_time -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn runs_frame_time() {
    let folder =
        tempfile::tempdir_in(if std::path::Path::new("/dev/shm").is_dir() { "/dev/shm" } else { "." }).unwrap();
    let studio = Studio::create(folder.path(), "Many").unwrap();
    many(&studio, 100_000);
    let ctx = egui::Context::default();
    let appearance = Appearance { reduced_motion: true, ..Appearance::default() };
    crate::theme::install(&ctx, &appearance);
    let mut layout = Layout { appearance, ..Layout::default() };
    layout.go("runs");
    let before = resident();
    let backend = BackendOf::new(Arc::new(studio), ctx.clone(), 2);
    let panels: Vec<Box<dyn Panel>> = vec![Box::<Runs>::default()];
    let mut shell = Shell::new(&ctx, backend.clone(), Arc::new(TestDesk), panels, layout);
    let mut frame = |number: u32, events: Vec<egui::Event>| {
        let input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, vec2(1600.0, 1000.0))),
            time: Some(f64::from(number) / 60.0),
            events,
            ..Default::default()
        };
        let began = cpu_ms();
        let mut output = ctx.run_ui(input, |ui| shell.ui(ui));
        let shapes = ctx.tessellate(std::mem::take(&mut output.shapes), 1.0);
        std::hint::black_box(shapes);
        output.textures_delta.clear();
        cpu_ms() - began
    };
    let mut number = 0;
    while number < 60 || !backend.is_idle() {
        frame(number, Vec::new());
        number += 1;
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut times: Vec<f64> = (0..600)
        .map(|_| {
            number += 1;
            // Answers come between frames, as they do between those of a screen.
            std::thread::sleep(Duration::from_millis(4));
            let wheel = egui::Event::MouseWheel {
                unit: egui::MouseWheelUnit::Point,
                delta: vec2(0.0, -90.0),
                modifiers: Modifiers::NONE,
                phase: egui::TouchPhase::Move,
                source: egui::MouseWheelSource::Unknown,
            };
            frame(number, vec![egui::Event::PointerMoved(egui::pos2(700.0, 700.0)), wheel])
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let percentile = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("scrolling: median {:.2} ms, 99th {:.2} ms", percentile(0.5), percentile(0.99));
    println!("the window's share of memory: {} MiB", resident().saturating_sub(before) / 1024);
}

/// The time that this thread was on a processor, ms: what other threads take of a small machine is not its own.
fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e6
}

/// Runs with five parameters and two metrics each.
fn many(studio: &Studio, count: usize) {
    use studio::tracking::{LogBatch, MetricPoint, NewTrackedRun, RunUpdate};
    let tracking = studio.tracking();
    for index in 0..count {
        let new = NewTrackedRun { name: format!("run {index}"), start_ms: index as i64, ..NewTrackedRun::default() };
        let id = tracking.create_run(new).unwrap().id;
        let value = |metric: usize| ((index * (metric + 7)) % 1009) as f64 / 1009.0;
        let metrics = ["auc", "loss"].iter().enumerate().map(|(at, key)| MetricPoint {
            key: (*key).to_owned(),
            value: value(at),
            timestamp_ms: 0,
            step: 0,
        });
        let params = (0..5).map(|p| (format!("param_{p}"), (index * p % 97).to_string()));
        let batch = LogBatch { metrics: metrics.collect(), params: params.collect(), ..LogBatch::default() };
        tracking.log_batch(&id, batch).unwrap();
        let update = RunUpdate { status: Some(RunStatus::Done), end_ms: Some(index as i64 + 10), name: None };
        tracking.update_run(&id, update).unwrap();
    }
}

/// Memory of this process, KiB; 0 where the system does not tell.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
