use std::collections::HashMap;

use egui::{Event, Key, Modifiers, PointerButton, Pos2, Rect, Ui, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use studio::pipeline::graph::Pipeline;

use super::*;
use crate::panels::designer::catalogue::Catalogue;
use crate::panels::designer::edits::{self, Edit, Made};
use crate::theme::{self, Appearance};

/// A canvas with what a document does around it: edits are carried out, asks are kept.
pub(crate) struct Stage {
    pub canvas: Canvas,
    pub pipeline: Pipeline,
    pub catalogue: Catalogue,
    pub states: States,
    pub asks: Vec<Ask>,
    revision: u64,
}

impl Stage {
    pub fn new(pipeline: Pipeline) -> Self {
        Self {
            canvas: Canvas::new(),
            pipeline,
            catalogue: Catalogue::new(),
            states: HashMap::new(),
            asks: Vec::new(),
            revision: 1,
        }
    }

    pub fn ui(&mut self, ui: &mut Ui) {
        let t = theme::of(ui);
        let input = Input {
            pipeline: &self.pipeline,
            catalogue: &self.catalogue,
            states: &self.states,
            revision: self.revision,
            marked: None,
        };
        let out = self.canvas.show(ui, &t, &input);
        self.asks.extend(out.asks);
        for edit in out.edits {
            self.apply(edit);
            ui.request_repaint();
        }
    }

    pub fn apply(&mut self, edit: Edit) -> Made {
        self.revision += 1;
        edits::apply(&mut self.pipeline, &self.catalogue, edit).unwrap()
    }

    fn at(&self, job: &str) -> Pos2 {
        Pos2::from(self.pipeline.layout[job])
    }
}

/// data -> split -> train <- trees; train and split -> score.
pub(crate) fn sample() -> Pipeline {
    let catalogue = Catalogue::new();
    let mut pipeline = Pipeline::default();
    let mut add = |component: &str, at: [f32; 2]| {
        let edit = Edit::Add { component: component.to_owned(), at, wire: None };
        edits::apply(&mut pipeline, &catalogue, edit).unwrap().jobs.remove(0)
    };
    add("import_dataset", [240.0, 0.0]);
    add("split_data", [240.0, 104.0]);
    add("random_forest", [0.0, 208.0]);
    add("train_model", [120.0, 312.0]);
    add("score_model", [320.0, 416.0]);
    let wires = [
        ("import_dataset", "split_data", 0),
        ("random_forest", "train_model", 0),
        ("split_data", "train_model", 0),
        ("train_model", "score_model", 0),
        ("split_data", "score_model", 1),
    ];
    for (from, to, output) in wires {
        let (source, target) = (catalogue.spec(from).unwrap(), catalogue.spec(to).unwrap());
        let output = &source.outputs[output];
        let input = target.inputs.iter().find(|input| input.kind == output.kind).unwrap();
        let from = PortKey { job: from.to_owned(), side: Side::Output, port: output.name.to_owned() };
        let to = PortKey { job: to.to_owned(), side: Side::Input, port: input.name.to_owned() };
        edits::apply(&mut pipeline, &catalogue, Edit::Connect { from, to }).unwrap();
    }
    pipeline
}

fn scene(pipeline: &Pipeline) -> Scene {
    Scene::build(pipeline, &Catalogue::new(), &HashMap::new())
}

fn harness(pipeline: Pipeline) -> Harness<'static, Stage> {
    let builder = Harness::builder().with_size([1000.0, 700.0]);
    let builder = builder.with_context_setup(|ctx| theme::install(ctx, &Appearance::default()));
    let mut harness = builder.build_ui_state(|ui, stage: &mut Stage| stage.ui(ui), Stage::new(pipeline));
    harness.run();
    harness
}

fn drag(harness: &mut Harness<'_, Stage>, from: Pos2, to: Pos2) {
    harness.hover_at(from);
    harness.run_steps(1);
    harness.drag_at(from);
    harness.run_steps(1);
    for share in [0.3, 0.7, 1.0] {
        harness.hover_at(from.lerp(to, share));
        harness.run_steps(1);
    }
    harness.drop_at(to);
    harness.run();
}

fn port_center(harness: &Harness<'_, Stage>, label: &str) -> Pos2 {
    harness.get_by_label(label).rect().center()
}

/// Where a port's label says it is.
fn label_of(pipeline: &Pipeline, job: &str, side: Side, index: usize) -> String {
    scene(pipeline).node(job).unwrap().ports(side)[index].label.clone()
}

#[test]
fn a_view_goes_there_and_back_and_zooms_at_the_pointer() {
    let area = Rect::from_min_size(pos2(200.0, 44.0), vec2(800.0, 600.0));
    let mut view = View { origin: pos2(-30.0, 12.0), zoom: 0.7 };
    let at = pos2(640.0, 300.0);
    let held = view.to_canvas(area, at);
    assert!(view.to_screen(area, held).distance(at) < 1e-3);
    view.zoom_at(area, at, 1.7);
    assert!(view.to_screen(area, held).distance(at) < 1e-2);
    view.zoom_at(area, at, 1e6);
    assert_eq!(view.zoom, View::MAX_ZOOM);
}

#[test]
fn fitting_shows_everything_and_never_larger_than_life() {
    let area = Rect::from_min_size(pos2(0.0, 0.0), vec2(800.0, 600.0));
    let large = Rect::from_min_size(pos2(-500.0, 100.0), vec2(4000.0, 900.0));
    assert!(View::fit(large, area).visible(area).contains_rect(large));
    let small = Rect::from_min_size(pos2(0.0, 0.0), vec2(232.0, 60.0));
    assert_eq!(View::fit(small, area).zoom, 1.0);
    assert_eq!(View::fit(Rect::NOTHING, area), View::default());
}

#[test]
fn wires_are_hit_on_their_curve_only() {
    let curve = wire::curve(pos2(0.0, 0.0), pos2(200.0, 300.0));
    let middle = wire::at(&curve, 0.5);
    assert!(middle.distance(wire::bounds(&curve).center()) < 0.01, "the middle of the label is on the wire");
    assert!(wire::distance(&curve, middle) < 0.5);
    assert!(wire::distance(&curve, pos2(180.0, 20.0)) > 60.0);
}

#[test]
fn hits_ports_before_nodes_before_wires() {
    let scene = scene(&sample());
    let node = scene.node("split_data").unwrap();
    assert!(
        matches!(scene.hit(node.outputs[0].at, 1.0), Hit::Port(port) if port.side == Side::Output && port.port == 0)
    );
    assert!(matches!(scene.hit(node.rect.center(), 1.0), Hit::Node(_)));
    let middle = wire::at(&scene.wires[0].curve, 0.5);
    assert_eq!(scene.hit(middle, 1.0), Hit::Wire(0));
    assert_eq!(scene.hit(pos2(-500.0, 0.0), 1.0), Hit::Nothing);
}

#[test]
fn says_why_a_wire_does_not_fit() {
    let scene = scene(&sample());
    let port = |job: &str, side: Side, port: usize| PortRef { node: scene.index(job).unwrap(), side, port };
    let (split, score) = (port("split_data", Side::Output, 0), port("score_model", Side::Output, 0));
    let into_split = port("split_data", Side::Input, 0);
    assert!(fit::check(&scene, split, into_split).unwrap_err().contains("itself"));
    assert!(fit::check(&scene, score, into_split).unwrap_err().contains("circle"));
    let forest = port("random_forest", Side::Output, 0);
    assert!(fit::check(&scene, forest, into_split).unwrap_err().contains("untrained model"));
    let takers = fit::Takers::new(&scene, split);
    assert!(!takers.takes(&scene, into_split));
    assert!(takers.port_of(&scene, scene.index("score_model").unwrap()).is_some());
}

#[test]
fn a_click_on_a_label_selects() {
    let mut harness = harness(sample());
    let title = scene(&sample()).node("split_data").unwrap().title.clone();
    harness.get_by_label(&title).click();
    harness.run();
    assert_eq!(harness.state().canvas.selection.single(), Some("split_data"));
    let wire = scene(&sample()).wires[0].label.clone();
    harness.get_by_label(&wire).click();
    harness.run();
    assert_eq!(harness.state().canvas.selection.wires.len(), 1);
    harness.key_press(Key::Delete);
    harness.run();
    assert_eq!(harness.state().pipeline.wires().count(), 4);
}

#[test]
fn a_drag_moves_on_the_grid_and_escape_takes_it_back() {
    let mut harness = harness(sample());
    let title = scene(&sample()).node("split_data").unwrap().title.clone();
    let from = harness.get_by_label(&title).rect().center() + vec2(0.0, 14.0);
    let before = harness.state().at("split_data");
    drag(&mut harness, from, from + vec2(99.0, 41.0));
    let moved = harness.state().at("split_data");
    assert_eq!(moved - before, vec2(96.0, 40.0));

    harness.hover_at(from + vec2(99.0, 41.0));
    harness.drag_at(from + vec2(99.0, 41.0));
    harness.run_steps(1);
    harness.hover_at(from + vec2(250.0, 41.0));
    harness.run_steps(2);
    assert_ne!(harness.state().at("split_data"), moved);
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    harness.drop_at(from);
    harness.run();
    assert_eq!(harness.state().at("split_data"), moved);
}

#[test]
fn a_wire_is_drawn_from_either_end_and_let_go_asks_for_a_component() {
    let pipeline = sample();
    let mut harness = harness(pipeline.clone());
    let wire = scene(&pipeline).wires.iter().position(|wire| {
        let scene = scene(&pipeline);
        scene.nodes[wire.from.node].job == "import_dataset"
    });
    let key = scene(&pipeline).wire_key(wire.unwrap());
    harness.state_mut().apply(Edit::Disconnect(key));
    harness.run();
    assert_eq!(harness.state().pipeline.wires().count(), 4);
    let output = port_center(&harness, &label_of(&pipeline, "import_dataset", Side::Output, 0));
    let input = port_center(&harness, &label_of(&pipeline, "split_data", Side::Input, 0));
    drag(&mut harness, input, output);
    assert_eq!(harness.state().pipeline.wires().count(), 5);

    drag(&mut harness, output, pos2(30.0, 30.0));
    assert!(
        matches!(harness.state().asks.last(), Some(Ask::Search { wire: Some(port), .. }) if port.job == "import_dataset")
    );
}

#[test]
fn the_end_of_a_wire_can_be_taken_off() {
    let pipeline = sample();
    let mut harness = harness(pipeline.clone());
    let input = port_center(&harness, &label_of(&pipeline, "split_data", Side::Input, 0));
    drag(&mut harness, input, pos2(30.0, 600.0));
    assert_eq!(harness.state().pipeline.wires().count(), 4);
}

#[test]
fn keys_select_copy_duplicate_and_nudge() {
    let mut harness = harness(sample());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run();
    assert_eq!(harness.state().canvas.selection.jobs.len(), 5);
    let before = harness.state().at("train_model");
    harness.key_press(Key::ArrowRight);
    harness.run();
    assert_eq!(harness.state().at("train_model") - before, vec2(GRID, 0.0));
    harness.key_press_modifiers(Modifiers::COMMAND, Key::D);
    harness.run();
    assert_eq!(harness.state().pipeline.jobs.len(), 10);
    assert_eq!(harness.state().pipeline.wires().count(), 10, "the copies are wired among themselves");
    harness.event(Event::Copy);
    harness.key_press(Key::Tab);
    harness.run();
    assert!(harness.state().asks.contains(&Ask::Copy { cut: false }));
    assert!(matches!(harness.state().asks.last(), Some(Ask::Search { wire: None, .. })));
}

#[test]
fn a_frame_selects_and_the_wheel_zooms() {
    let mut harness = harness(sample());
    drag(&mut harness, pos2(5.0, 5.0), pos2(995.0, 695.0));
    assert_eq!(harness.state().canvas.selection.jobs.len(), 5);
    let before = harness.state().canvas.view.zoom;
    harness.hover_at(pos2(500.0, 300.0));
    harness.event_modifiers(
        Event::MouseWheel {
            unit: egui::MouseWheelUnit::Line,
            delta: vec2(0.0, -3.0),
            phase: egui::TouchPhase::Move,
            modifiers: Modifiers::COMMAND,
            source: egui::MouseWheelSource::Wheel,
        },
        Modifiers::COMMAND,
    );
    harness.run();
    assert!(harness.state().canvas.view.zoom < before);
}

#[test]
fn a_title_is_edited_where_it_stands() {
    let mut harness = harness(sample());
    let title = scene(&sample()).node("split_data").unwrap().title.clone();
    harness.get_by_label(&title).click();
    harness.run();
    harness.key_press(Key::F2);
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.event(Event::Text("Holdout".to_owned()));
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(harness.state().pipeline.jobs["split_data"].display_name.as_deref(), Some("Holdout"));
    assert!(harness.query_by_label("Holdout").is_some());
}

#[test]
fn the_middle_button_pans() {
    let mut harness = harness(sample());
    let before = harness.state().canvas.view.origin;
    let button = |pos: Pos2, pressed: bool| Event::PointerButton {
        pos,
        button: PointerButton::Middle,
        pressed,
        modifiers: Modifiers::NONE,
    };
    harness.hover_at(pos2(50.0, 50.0));
    harness.event(button(pos2(50.0, 50.0), true));
    harness.run_steps(1);
    harness.hover_at(pos2(90.0, 80.0));
    harness.run_steps(2);
    harness.event(button(pos2(90.0, 80.0), false));
    harness.run();
    assert!((harness.state().canvas.view.origin - before).length() > 20.0);
}

/// 500 steps and 800 wires in a grid, as many as a designer must hold at 8 ms a frame.
pub(crate) fn large() -> Pipeline {
    let catalogue = Catalogue::new();
    let mut pipeline = Pipeline::default();
    let spec = catalogue.specs().find(|spec| spec.id == "split_data").unwrap();
    let joins = catalogue.specs().find(|spec| spec.inputs.len() == 2 && spec.outputs.len() == 1).unwrap();
    for index in 0..500 {
        let spec = if index % 2 == 0 { spec } else { joins };
        pipeline.add(spec, [(index % 25) as f32 * 264.0, (index / 25) as f32 * 104.0]);
    }
    pipeline
}

/// Prints percentiles of the CPU time of a frame. Run it in a release build:
/// `cargo test --release -p gui designer_frame_time -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn designer_frame_time() {
    let pipeline = wired(large(), 800);
    for (name, zoom) in [("all at once", 0.15), ("half size", 0.5), ("full size", 1.0)] {
        let ctx = egui::Context::default();
        theme::install(&ctx, &Appearance::default());
        let mut stage = Stage::new(pipeline.clone());
        let mut times = Vec::new();
        for frame in 0..300 {
            let at = pos2(400.0 + frame as f32, 300.0);
            let input = egui::RawInput {
                screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(1600.0, 1000.0))),
                time: Some(f64::from(frame) / 60.0),
                events: vec![Event::PointerMoved(at)],
                ..Default::default()
            };
            let began = std::time::Instant::now();
            let mut output = ctx.run_ui(input, |ui| stage.ui(ui));
            output.textures_delta.clear();
            let shapes = ctx.tessellate(std::mem::take(&mut output.shapes), 1.0);
            times.push(began.elapsed().as_secs_f64() * 1e3);
            std::hint::black_box(shapes);
            stage.canvas.view.zoom = zoom;
            stage.canvas.view.origin = pos2(frame as f32 * 4.0, 0.0);
        }
        times.drain(..20);
        times.sort_by(f64::total_cmp);
        let percentile = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        println!("{name}: median {:.2} ms, 99th {:.2} ms", percentile(0.5), percentile(0.99));
    }
}

/// Joins tables until there are `count` wires, without a circle.
pub(crate) fn wired(mut pipeline: Pipeline, count: usize) -> Pipeline {
    let scene = scene(&pipeline);
    let mut made = 0;
    'all: for reach in [1, 25, 26, 3] {
        for to in reach..scene.nodes.len() {
            if made == count {
                break 'all;
            }
            let (source, target) = (&scene.nodes[to - reach], &scene.nodes[to]);
            let free = target.inputs.iter().find(|port| !pipeline.jobs[&target.job].inputs.contains_key(&port.name));
            let (Some(output), Some(input)) = (source.outputs.first(), free) else {
                continue;
            };
            let binding =
                studio::pipeline::graph::Input::Binding { job: source.job.clone(), output: output.name.clone() };
            pipeline.jobs[&target.job].inputs.insert(input.name.clone(), binding);
            made += 1;
        }
    }
    pipeline
}
