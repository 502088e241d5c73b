//! The first minutes, in the real window by accessible labels: import a CSV of one's own, draw a pipeline, run it,
//! compare, and find the model.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use eframe::egui::{Key, Modifiers, Pos2};
use egui_kittest::kittest::Queryable;
use gui::commands::{Command, PanelCommand};
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
fn from_a_csv_to_a_registered_model() {
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

    draw(&mut window);
    // It is on the disk, as the YAML that a person would have written.
    let file = folder.path().join("pipelines/new_pipeline.yaml");
    window.wait_until("the file to be saved", |_| {
        std::fs::read_to_string(&file).is_ok_and(|text| text.contains("${{parent.jobs.score_model.outputs.table}}"))
    });
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("model: ${{parent.jobs.train_model.outputs.model}}"), "{text}");
    assert_eq!(text.matches("component:").count(), 6, "{text}");

    set_and_run(&mut window);
    compare(&mut window);
    register(&mut window);
}

/// Six components and the wires between them.
fn draw(window: &mut Window) {
    window.send(Action::Run(Command::GoTo("designer")));
    window.click("Pipelines");
    window.click("New pipeline");
    window.wait_for("Pipeline canvas, 0 steps");
    for words in ["import dataset", "split data", "logistic regression", "train model", "score model", "evaluate model"]
    {
        add(window, words);
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
        connect(window, from, to);
    }
    window.click("Tidy");
    window.wait_for("Wire Score model table to Evaluate model table");
}

/// What was chosen in the forms is what runs; a second run computes only what changed.
fn set_and_run(window: &mut Window) {
    window.click_last("Import dataset");
    window.choose("Dataset", "sizes");
    // What is missing is said on the node, before it runs.
    window.wait_until("the missing label", |window| window.value_says("Train model", "Choose the label column"));
    window.click_last("Train model");
    window.choose("Label column", "large");
    window.wait_until("the problems to go", |window| !window.value_says("Train model", "Choose the label column"));
    window.press(Modifiers::NONE, Key::F5);
    window.wait_until("the first run to end", |window| window.value_says("Evaluate model", "done"));

    window.click_last("Logistic regression");
    window.fill("Inverse penalty (C)", "0.001");
    window.press(Modifiers::NONE, Key::F5);
    window.wait_until("the second run to end", |window| {
        window.value_says("Split data", "reused") && window.value_says("Evaluate model", "done")
    });
}

/// Both runs beside each other: what was changed, and what came of it.
fn compare(window: &mut Window) {
    window.send(Action::Run(Command::GoTo("runs")));
    window.choose("Which runs", "New pipeline");
    window.wait_until("the two runs", |window| runs(window).len() == 2);
    // What the panel had checked by itself.
    window.send(Action::Run(Command::Panel(PanelCommand { place: "runs", verb: "uncheck", argument: String::new() })));
    window.click(&runs(window)[0]);
    for key in [Key::Space, Key::ArrowDown, Key::Space] {
        window.press(Modifiers::NONE, key);
        window.settle();
    }
    window.wait_until("two checked runs", |window| window.says("2 selected"));
    window.click("Compare");
    window.wait_for("Compare 2 runs");
    window.wait_for("c, differs");
    assert!(window.says("log loss, differs, best "), "the better one is marked: {:?}", window.labels());
    window.click_last("Runs");
}

/// The names of the runs in the table, as the table says them.
fn runs(window: &Window) -> Vec<String> {
    let row = |label: &String| label.ends_with(", Done") || label.ends_with(", Done, checked");
    window.labels().into_iter().filter(row).collect()
}

/// The model of the better run gets a name, and is found with where it came from.
fn register(window: &mut Window) {
    window.send(Action::Run(Command::GoTo("runs")));
    window.wait_until("the two runs", |window| runs(window).len() == 2);
    window.click(&runs(window)[1]);
    window.click("Register model…");
    window.wait_for("Register model");
    window.fill("Name", "sizes");
    window.click("Register");
    window.wait_gone("Register model");
    window.send(Action::Run(Command::GoTo("models")));
    window.click("sizes");
    window.wait_for("Where it came from");
    window.wait_until("its dataset", |window| window.says("sizes v1"));
    assert!(window.says("Logistic regression"), "{:?}", window.labels());
}
