//! Drives the panel over a real workspace.

use egui::{Theme, vec2};
use egui_kittest::kittest::Queryable;
use studio::Studio;

use crate::panels::runs::tests::{SIZES, picture, sample, until, window};

#[test]
fn models_are_listed_with_where_they_came_from() {
    let studio = sample();
    for (theme, size, name) in SIZES {
        let mut harness = window(&studio, theme, "models", size);
        until(&mut harness, "the model is described", |harness| harness.query_by_label("What it looks at").is_some());
        harness.get_by_label("Signature");
        picture(&mut harness, &format!("models-{name}"));
        harness.check_accessibility();
        harness.get_by_label_contains("progression").click();
        picture(&mut harness, &format!("models-regression-{name}"));
        harness.check_accessibility();
    }
}

#[test]
fn without_models_it_goes_to_runs() {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio::create(folder.path(), "Empty").unwrap();
    let mut harness = window(&studio, Theme::Light, "models", vec2(1280.0, 800.0));
    until(&mut harness, "it says that there are none", |harness| harness.query_by_label("Go to Runs").is_some());
    harness.get_by_label("Go to Runs").click();
    harness.run_steps(4);
    assert_eq!(harness.state().0.layout().active, "runs");
}
