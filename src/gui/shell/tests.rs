//! Drives the window as a person does, by labels and keys, with no display. The pictures it
//! takes go to the system's folder for temporary files, to be looked at.

use std::{path::PathBuf, sync::Arc, time::Duration};

use eframe::App;
use egui::{Key, Modifiers, Theme, Ui, vec2};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};

use super::*;
use crate::{
    gallery::{self, TestDesk},
    theme::{Appearance, ThemeChoice},
};

struct Window(Shell);

impl App for Window {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.0.ui(ui);
    }
}

fn window(theme: Theme, place: &'static str, desk: &Arc<TestDesk>) -> Harness<'static, Window> {
    let choice = if theme == Theme::Dark { ThemeChoice::Dark } else { ThemeChoice::Light };
    let appearance = Appearance { theme: choice, reduced_motion: true, ..Appearance::default() };
    let mut layout = Layout { appearance, ..Layout::default() };
    layout.go(place);
    let desk = desk.clone();
    let mut harness = Harness::builder()
        .with_size(vec2(1600.0, 1000.0))
        .with_theme(theme)
        .wgpu()
        .build_eframe(move |cc| Window(gallery::shell(&cc.egui_ctx, desk, layout)));
    until(&mut harness, "the bars are filled", |harness| harness.query_by_label("2 notices").is_some());
    harness
}

/// Draws frames until something that another thread answers has come.
fn until(harness: &mut Harness<'_, Window>, what: &str, is: impl Fn(&Harness<'_, Window>) -> bool) {
    for _ in 0..1000 {
        harness.step();
        if is(harness) {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("waited in vain until {what}");
}

fn picture(harness: &mut Harness<'_, Window>, name: &str) {
    let folder = std::env::temp_dir().join("atelier-gallery");
    std::fs::create_dir_all(&folder).unwrap();
    harness.run_steps(3);
    harness.render().unwrap().save(folder.join(format!("{name}.png"))).unwrap();
}

#[test]
fn every_place_draws_in_both_themes() {
    for (theme, name) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        for place in ["designer", "runs", "home"] {
            let mut harness = window(theme, place, &Arc::default());
            picture(&mut harness, &format!("{place}-{name}"));
            harness.check_accessibility();
        }
    }
}

#[test]
fn the_palette_finds_and_goes_by_keyboard() {
    let mut harness = window(Theme::Dark, "home", &Arc::default());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    harness.run_steps(3);
    harness.event(egui::Event::Text("goruns".to_owned()));
    harness.run_steps(2);
    picture(&mut harness, "palette-dark");
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    let layout = harness.state().0.layout();
    assert_eq!((layout.active.as_str(), layout.recent[0].as_str()), ("runs", "Go to Runs"));
    let kept = harness.state_mut().0.take_requests();
    assert!(matches!(kept.last(), Some(WindowRequest::KeepLayout(layout)) if layout.active == "runs"));
}

#[test]
fn a_place_opens_to_the_side_and_closes() {
    let mut harness = window(Theme::Light, "designer", &Arc::default());
    harness.state_mut().0.send(Action::Run(Command::OpenToSide("runs")));
    harness.run_steps(4);
    assert!(harness.state().0.layout().is_split());
    picture(&mut harness, "split-light");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::W);
    harness.run_steps(3);
    assert_eq!(harness.state().0.layout().shown(), ["designer"]);
}

#[test]
fn the_branch_in_the_top_bar_leads_to_source() {
    let mut harness = window(Theme::Dark, "home", &Arc::default());
    harness.get_by_label("main 2 changed").click();
    harness.run_steps(3);
    assert_eq!(harness.state().0.layout().active, "source");
    harness.state_mut().0.send(Action::Run(Command::GoTo("home")));
    harness.run_steps(2);
    harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::C);
    harness.run_steps(3);
    assert_eq!(harness.state().0.layout().active, "source", "committing begins there, too");
}

#[test]
fn jobs_are_listed_and_a_failure_is_told() {
    let mut harness = window(Theme::Light, "home", &Arc::default());
    harness.get_by_label_contains("1 job").click();
    harness.run_steps(3);
    harness.get_by_label("Cancel brisk-heron-64");
    picture(&mut harness, "jobs-light");
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    harness.get_by_label("2 notices").click();
    harness.run_steps(3);
    harness.get_all_by_label("Dismiss").next().unwrap().click();
    until(&mut harness, "the failure is told", |harness| harness.query_by_label_contains("gone already").is_some());
    picture(&mut harness, "toast-light");
}

#[test]
fn a_shortcut_reaches_the_panel_and_f6_goes_round() {
    let mut harness = window(Theme::Dark, "designer", &Arc::default());
    harness.key_press(Key::F5);
    harness.run_steps(2);
    harness.get_by_label("ran 1 times");
    let mut regions = Vec::new();
    for _ in 0..7 {
        harness.key_press(Key::F6);
        harness.run_steps(2);
        let focused = harness.root().children_recursive().find(|node| node.is_focused());
        regions.push(focused.and_then(|node| node.accesskit_node().label()).unwrap_or_default());
    }
    assert_eq!(regions, ["Top bar", "Places", "Side", "Inspector", "Drawer", "Centre", "Top bar"]);
}

#[test]
fn dropped_files_go_to_the_data_panel() {
    #[derive(Debug)]
    struct File(PathBuf);
    impl egui::DroppedFile for File {
        fn path(&self) -> &std::path::Path {
            &self.0
        }
        fn bytes(&self) -> Result<Vec<u8>, String> {
            Err("the window reads no file".to_owned())
        }
    }
    let mut harness = window(Theme::Dark, "home", &Arc::default());
    harness.input_mut().dropped_files = vec![Arc::new(File("a.csv".into())), Arc::new(File("b.csv".into()))];
    harness.run_steps(3);
    assert_eq!(harness.state().0.layout().active, "data");
    harness.get_by_label("2 files");
}

#[test]
fn a_table_of_a_hundred_million_rows_is_walked_by_keyboard() {
    let mut harness = window(Theme::Dark, "designer", &Arc::default());
    harness.get_by_label("Row 1").click();
    harness.run_steps(2);
    harness.key_press(Key::ArrowDown);
    harness.run_steps(2);
    harness.key_press(Key::End);
    harness.run_steps(2);
    harness.get_by_label("Row 100000000");
    picture(&mut harness, "last-row-dark");
    harness.get_by_label("mean area").click();
    harness.run_steps(2);
    harness.get_by_label("Log").click();
    harness.run_steps(2);
    picture(&mut harness, "log-dark");
}

#[test]
fn a_chart_says_its_values_and_zooms_by_the_wheel() {
    let mut harness = window(Theme::Dark, "runs", &Arc::default());
    harness.hover_at(egui::pos2(300.0, 250.0));
    harness.run_steps(3);
    picture(&mut harness, "crosshair-dark");
    let before = harness.render().unwrap();
    harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: vec2(0.0, 120.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    harness.run_steps(8);
    picture(&mut harness, "zoomed-dark");
    assert!(harness.render().unwrap() != before);
}

#[test]
fn an_idle_window_does_not_repaint() {
    let mut harness = window(Theme::Dark, "data", &Arc::default());
    let delay = |harness: &Harness<'_, Window>| harness.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    // Answers of other threads repaint until the last has come; then only the clock of the job that runs.
    for _ in 0..500 {
        harness.step();
        if delay(&harness) >= Duration::from_millis(300) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("still repaints after {:?}", delay(&harness));
}

/// A processor that stands in for a graphics card pays for every pixel that is painted over another.
#[test]
fn a_frame_paints_few_pixels_twice() {
    for place in ["designer", "runs", "home"] {
        let mut harness = window(Theme::Dark, place, &Arc::default());
        harness.run_steps(3);
        let shapes = harness.output().shapes.clone();
        let painted: f32 = harness.ctx.tessellate(shapes, 1.0).iter().map(painted).sum();
        let times = painted / (1600.0 * 1000.0);
        println!("{place}: every pixel is painted {times:.1} times");
        assert!(times < 4.0, "{place}: every pixel is painted {times:.1} times");
    }
}

/// The area of a mesh's triangles within its clip, in square points.
fn painted(primitive: &egui::ClippedPrimitive) -> f32 {
    let egui::epaint::Primitive::Mesh(mesh) = &primitive.primitive else { return 0.0 };
    let clip = primitive.clip_rect;
    let triangle = |at: &[u32]| {
        let corners = [at[0], at[1], at[2]].map(|index| mesh.vertices[index as usize].pos);
        let bounds = egui::Rect::from_points(&corners);
        let whole = ((corners[1] - corners[0]).x * (corners[2] - corners[0]).y
            - (corners[1] - corners[0]).y * (corners[2] - corners[0]).x)
            .abs()
            / 2.0;
        // The share of its bounds that the clip leaves stands for the share of the triangle.
        let seen = bounds.intersect(clip);
        if seen.is_positive() && bounds.area() > 0.0 { whole * seen.area() / bounds.area() } else { 0.0 }
    };
    mesh.indices.as_chunks::<3>().0.iter().map(|at| triangle(at)).sum()
}
