//! The first minutes, in the real window by accessible labels: import a CSV of one's own and draw a pipeline.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use eframe::egui::{Key, Modifiers, Pos2};
use egui_kittest::kittest::Queryable;
use gui::commands::Command;
use gui::panels::Action;
use ui_tests::{Theme, Window};

/// A table in which the answer follows from the numbers.
fn table() -> String {
    let row = |index: i32| {
        let (x, y) = ((index * 37) % 100, (index * 61) % 100);
        format!("{x},{y},{}\n", if x + y > 100 { "yes" } else { "no" })
    };
    std::iter::once("width,height,large\n".to_owned()).chain((0..200).map(row)).collect()
}

/// Adds a component by typing its name.
fn add(window: &mut Window, words: &str) {
    window.press(Modifiers::NONE, Key::Tab);
    window.settle();
    window.type_text(words);
    window.settle();
    window.press(Modifiers::NONE, Key::Enter);
    window.settle();
}

fn center(window: &Window, label: &str) -> Pos2 {
    let found = window.harness.query_all_by_label(label).next();
    found.unwrap_or_else(|| panic!("no “{label}” among:\n{}", window.labels().join("\n"))).rect().center()
}

/// Draws a wire from port to port.
fn connect(window: &mut Window, from: &str, to: &str) {
    let (from, to) = (center(window, from), center(window, to));
    window.harness.hover_at(from);
    window.harness.run_steps(1);
    window.harness.drag_at(from);
    window.harness.run_steps(1);
    for share in [0.3, 0.7, 1.0] {
        window.harness.hover_at(from.lerp(to, share));
        window.harness.run_steps(1);
    }
    window.harness.drop_at(to);
    window.settle();
}

#[test]
fn from_a_csv_to_a_drawn_pipeline() {
    let folder = ui_tests::sample();
    let csv = folder.path().join("sizes.csv");
    std::fs::write(&csv, table()).unwrap();
    let mut window = Window::open(folder.path(), Theme::Light, [1600.0, 1000.0]);
    assert!(window.has("Breast cancer study"), "{:?}", window.labels());

    // Import: what a drop on the window sends.
    window.send(Action::Import(vec![csv]));
    window.wait_for("Type of width");
    window.click("Import");
    window.wait_for("Rows");
    assert!(window.says("200 rows"), "{:?}", window.labels());

    // Draw.
    window.send(Action::Run(Command::GoTo("designer")));
    window.click("Pipelines");
    window.click("New pipeline");
    window.wait_for("Pipeline canvas, 0 steps");
    for words in ["import dataset", "split data", "logistic regression", "train model", "score model", "evaluate model"]
    {
        add(&mut window, words);
    }
    window.wait_for("Pipeline canvas, 6 steps");
    window.click("Fit");
    for (from, to) in [
        ("Import dataset, output table", "Split data, input table"),
        ("Logistic regression, output estimator", "Train model, input estimator"),
        ("Split data, output train", "Train model, input table"),
        ("Train model, output model", "Score model, input model"),
        ("Split data, output test", "Score model, input table"),
        ("Score model, output table", "Evaluate model, input table"),
    ] {
        connect(&mut window, from, to);
    }
    window.click("Tidy");

    window.wait_for("Wire Score model table to Evaluate model table");

    // It is on the disk, as the YAML that a person would have written.
    let file = folder.path().join("pipelines/new_pipeline.yaml");
    window.wait_until("the file to be saved", |_| {
        std::fs::read_to_string(&file).is_ok_and(|text| text.contains("${{parent.jobs.score_model.outputs.table}}"))
    });
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("model: ${{parent.jobs.train_model.outputs.model}}"), "{text}");
    assert_eq!(text.matches("component:").count(), 6, "{text}");
}
