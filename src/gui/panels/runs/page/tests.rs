//! The page over the sample's runs by labels, and how long a frame of large charts takes.

use egui::{Event, Pos2, RawInput, Theme, pos2};
use egui_kittest::kittest::{NodeT, Queryable};

use super::{spec::Lines, *};
use crate::{
    backend::BackendOf,
    chart::curve::Curve,
    panels::runs::tests::{Window, picture, sample, settle, until, window},
    theme::Appearance,
};

fn open(studio: &Studio, theme: Theme, size: egui::Vec2) -> egui_kittest::Harness<'static, Window> {
    let mut harness = window(studio, theme, "runs", size);
    until(&mut harness, "the runs are listed", |harness| harness.query_by_label("Open charts").is_some());
    settle(&mut harness);
    harness.get_by_label("Open charts").click();
    until(&mut harness, "charts are drawn", |harness| harness.query_all_by_label_contains("Chart ").next().is_some());
    settle(&mut harness);
    harness
}

fn titles(harness: &egui_kittest::Harness<'_, Window>) -> Vec<String> {
    let charts = harness.query_all_by_label_contains("Chart ");
    charts.filter_map(|node| node.accesskit_node().label()).collect()
}

#[test]
fn the_page_makes_itself_and_every_kind_of_chart_is_added() {
    let studio = sample();
    // So high that no chart is scrolled out of sight, where it is not drawn.
    let mut harness = open(&studio, Theme::Dark, vec2(1600.0, 3200.0));
    picture(&mut harness, "charts-first");
    assert!(titles(&harness).contains(&"Chart Parameters and results".to_owned()), "{:?}", titles(&harness));
    harness.check_accessibility();
    for kind in ["Scatter plot", "Bubbles", "Contour", "Parameter importance", "Text", "Table", "Images"] {
        harness.get_by_label("Add chart").click();
        harness.run_steps(3);
        harness.get_by_label(kind).click();
        settle(&mut harness);
        picture(&mut harness, &format!("charts-{}", kind.to_lowercase().replace(' ', "-")));
        harness.check_accessibility();
    }
    // To be looked at, beside the pictures of the window.
    let folder = std::env::temp_dir().join("atelier-gallery");
    harness.state_mut().0.save_into(folder.clone());
    for (title, file) in [("Parameters and results", "parameters_and_results"), ("ROC curves", "roc_curves")] {
        for format in ["PNG", "SVG"] {
            let saved = folder.join(format!("{file}.{}", format.to_lowercase()));
            let _ = std::fs::remove_file(&saved);
            harness.get_by_label(&format!("More of {title}")).click();
            harness.run_steps(3);
            harness.get_by_label(&format!("Export as {format}…")).click();
            until(&mut harness, "the file is saved", |_| saved.metadata().is_ok_and(|meta| meta.len() > 0));
        }
    }
    let all: Arrangement = serde_json::from_value(studio.setting(SETTING).unwrap().unwrap()).unwrap();
    assert!(all.charts.len() > 8, "{all:?}");
    studio.set_setting(SETTING, &serde_json::Value::Null).unwrap();
}

fn runs(count: usize) -> ChartedRuns {
    let run = |at: usize| {
        let json = serde_json::json!({
            "id": format!("{at:032x}"), "experiment": "e", "name": format!("run {at}"), "status": "done",
            "created_ms": 0, "cancel_requested": false, "details": {}, "params": {}, "metrics": {}, "tags": {},
        });
        serde_json::from_value::<Run>(json).unwrap()
    };
    ChartedRuns { runs: (0..count).map(run).collect(), ..ChartedRuns::default() }
}

/// A noisy walk with a spike now and then.
fn walk(points: usize, seed: u64) -> Curve {
    let (mut state, mut level) = (seed * 2 + 1, 0.0);
    let values = (0..points).map(|at| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let noise = (state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5;
        level += noise * 0.1;
        if at % 4_999 == 0 { level + 20.0 } else { level + noise }
    });
    Curve::counted(values.collect())
}

/// Prints percentiles of the CPU time of a frame while a person zooms, pans and points, and the memory of the curves.
/// Run it in a release build:
/// `cargo test --release -p atelier -p gui --lib charts_frame_time -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn charts_frame_time() {
    for (name, curves, points) in
        [("100 curves of 10,000 points", 100, 10_000), ("one curve of 10,000,000 points", 1, 10_000_000)]
    {
        frame_times(name, curves, points);
    }
}

fn frame_times(name: &str, curves: usize, points: usize) {
    let ctx = egui::Context::default();
    theme::install(&ctx, &Appearance::default());
    let folder = tempfile::tempdir().unwrap();
    let studio = Arc::new(Studio::create(folder.path(), "Empty").unwrap());
    let backend = BackendOf::new(studio, ctx.clone(), 2);
    let charted = runs(curves);
    let shelf = Shelf::default();
    let mut bytes = 0;
    let began = std::time::Instant::now();
    for (at, run) in charted.runs.iter().enumerate() {
        let curve = walk(points, at as u64);
        bytes += curve.bytes();
        shelf.put(&run.id, "loss", curve);
    }
    println!(
        "{name}: {:.1} MB, {:.2} bytes a point, made in {:.2} s",
        bytes as f64 / 1e6,
        bytes as f64 / (curves * points) as f64,
        began.elapsed().as_secs_f64()
    );
    let shown: Vec<&Run> = charted.runs.iter().collect();
    let t = theme::of(&ctx);
    let colors = shown.iter().enumerate().map(|(at, run)| (run.id.clone(), t.data(at))).collect();
    let env = Env {
        t: &t,
        backend: &backend,
        charted: &charted,
        generation: 1,
        revision: 0,
        shown: &shown,
        colors: &colors,
        brushes: &[],
        reports: None,
        shelf: &shelf,
    };
    let spec = Spec::new(1, spec::Kind::Lines(Lines { metrics: vec!["loss".into()], ..Lines::default() }));
    let mut live = Live::default();
    let place = Rect::from_min_size(Pos2::ZERO, vec2(1600.0, 1000.0));
    let mut frame = |at: usize, events: Vec<Event>| {
        let input = RawInput { screen_rect: Some(place), time: Some(at as f64 / 60.0), events, ..RawInput::default() };
        let mut brushes = Vec::new();
        let began = std::time::Instant::now();
        let mut output = ctx.run_ui(input, |ui| {
            let around = Around { selected: false, full: true, strong: None, brushes: &mut brushes };
            card::show(ui, place, &spec, &mut live, &env, around);
        });
        let shapes = ctx.tessellate(std::mem::take(&mut output.shapes), 1.0);
        let took = began.elapsed().as_secs_f64() * 1e3;
        // Many curves are a picture, one is triangles.
        let texels = |delta: &egui::epaint::ImageDelta| delta.image.width() * delta.image.height();
        let largest = output.textures_delta.set.values().flatten().map(texels).max().unwrap_or(0);
        output.textures_delta.clear();
        let vertices: usize = shapes
            .iter()
            .map(|shape| match &shape.primitive {
                egui::epaint::Primitive::Mesh(mesh) => mesh.vertices.len(),
                egui::epaint::Primitive::Callback(_) => 0,
            })
            .sum();
        (took, vertices > 5_000 || largest > 1_000_000)
    };
    // Until the curves have come from the background.
    let mut drawn = false;
    for at in 0..10_000 {
        (_, drawn) = frame(at, Vec::new());
        if drawn {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(drawn, "the curves were drawn");
    let mut number = 20_000;
    for (what, turned) in [("still, pointing", 0.0), ("zooming in", 12.0), ("zooming out", -12.0)] {
        let (mut times, mut redrawn) = (Vec::new(), 0);
        for at in 0..240 {
            number += 1;
            let pointer = pos2(300.0 + at as f32 * 4.0, 300.0 + (at % 50) as f32);
            let mut events = vec![Event::PointerMoved(pointer)];
            if turned != 0.0 {
                events.push(Event::MouseWheel {
                    unit: egui::MouseWheelUnit::Point,
                    delta: vec2(0.0, turned),
                    phase: egui::TouchPhase::Move,
                    source: egui::MouseWheelSource::Wheel,
                    modifiers: egui::Modifiers::NONE,
                });
            }
            let (took, drawn) = frame(number, events);
            times.push(took);
            redrawn += u32::from(drawn);
            // As a screen has them: what is drawn beside the frame has the time between two of them.
            std::thread::sleep(std::time::Duration::from_secs_f64((1.0 / 60.0 - took / 1e3).max(0.0)));
        }
        times.drain(..20);
        times.sort_by(f64::total_cmp);
        let percentile = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        let [median, high] = [0.5, 0.99].map(percentile);
        println!("  {what}: median {median:.2} ms, 99th {high:.2} ms, drawn anew in {redrawn} of 240 frames");
    }
}
