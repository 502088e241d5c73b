//! The selected run at the right of the window.

use egui::{Align, Label, Layout, Ui};
use studio::{ModelVersion, Run, RunDetail, RunStatus};

use super::{Verb, table::param, words};
use crate::{
    icons::Glyph,
    panels::{Cx, Subject},
    theme,
    widgets::{self, Button, key_value, link, message, section, separator, status},
};

/// The tag in which clients say what logged the run.
const SOURCE_TAG: &str = "mlflow.source.name";

/// Draws the run; what a person asked of it.
pub fn show(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    run: &Run,
    detail: Option<&RunDetail>,
    models: &[ModelVersion],
    opened: bool,
) -> Option<Verb> {
    let t = theme::of(ui);
    let mut verb = None;
    ui.spacing_mut().interact_size.y = t.face.small.line;
    ui.add(Label::new(t.title(&run.name)).wrap());
    status(ui, words::run_glyph(run), &words::run_word(run));
    // The open run says it beside this already.
    if let Some(error) = run.error.as_ref().filter(|_| !opened) {
        ui.add_space(t.size.grid);
        message(ui, Glyph::Error, error);
        let next = "Change the pipeline and run it again, or resume: steps that are done are reused.";
        ui.add(Label::new(t.caption(next)).wrap());
    }
    if !opened {
        ui.add_space(t.size.grid);
        verb = buttons(ui, run);
    }
    separator(ui);
    facts(ui, cx, run, detail);
    if !run.metrics.is_empty() {
        separator(ui);
        section(ui, "Metrics");
        let titles = words::told_apart(run.metrics.keys().map(String::as_str));
        for ((key, value), title) in run.metrics.iter().zip(titles) {
            let exact = widgets::format::exact(*value);
            let words = t.small(widgets::format::metric(*value));
            key_value(ui, &title, words).on_hover_text(format!("{key}\n{exact}"));
        }
    }
    if !run.params.is_empty() {
        separator(ui);
        section(ui, "Parameters");
        let titles = words::told_apart(run.params.keys().map(String::as_str));
        for ((key, value), title) in run.params.iter().zip(titles) {
            key_value(ui, &title, t.small(param(value))).on_hover_text(format!("{key}\n{value}"));
        }
    }
    if let Some(detail) = detail {
        of_models(ui, cx, detail);
    }
    related(ui, cx, detail, models);
    verb
}

/// The metrics of each model that are shown beside its run: those that people look at first.
const TOLD: usize = 4;

/// The models that a run makes, each with what was measured of it; of a model, the run that it belongs to.
fn of_models(ui: &mut Ui, cx: &mut Cx<'_>, detail: &RunDetail) {
    let t = theme::of(ui);
    if let Some(part) = detail.row.model_of() {
        separator(ui);
        section(ui, "Model of");
        let name = detail.row.name.strip_suffix(&format!(" · {}", part.title)).unwrap_or("its run");
        if link(ui, name).clicked() {
            cx.open(Subject::Run { id: part.run });
        }
    }
    if detail.model_runs.is_empty() {
        return;
    }
    separator(ui);
    section(ui, "Models");
    for model in &detail.model_runs {
        if link(ui, words::model_title(model).unwrap_or(&model.name)).clicked() {
            cx.open(Subject::Run { id: model.id.clone() });
        }
        let mut metrics: Vec<(&String, &f64)> = model.metrics.iter().collect();
        metrics.sort_by_key(|(key, _)| words::rank(key));
        for (key, value) in metrics.into_iter().take(TOLD) {
            let words = t.small(widgets::format::metric(*value));
            key_value(ui, &words::key_title(key), words).on_hover_text(widgets::format::exact(*value));
        }
    }
}

fn buttons(ui: &mut Ui, run: &Run) -> Option<Verb> {
    let t = theme::of(ui);
    let mut verb = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().interact_size.y = 0.0;
        ui.spacing_mut().item_spacing.x = t.size.gap;
        if ui.add(Button::secondary("Open")).clicked() {
            verb = Some(Verb::Open);
        }
        if !run.status.is_final() && ui.add(Button::secondary("Cancel run")).clicked() {
            verb = Some(Verb::Cancel);
        }
        let resumes = matches!(run.status, RunStatus::Failed | RunStatus::Cancelled);
        if resumes && ui.add(Button::secondary("Resume")).clicked() {
            verb = Some(Verb::Resume);
        }
    });
    verb
}

fn facts(ui: &mut Ui, cx: &mut Cx<'_>, run: &Run, detail: Option<&RunDetail>) {
    let t = theme::of(ui);
    let now = widgets::format::now(ui);
    if let Some(path) = &run.pipeline
        && linked(ui, "Pipeline", words::pipeline_title(run))
    {
        cx.open(Subject::Pipeline { path: path.clone() });
    }
    if !words::algorithm(run).is_empty() {
        key_value(ui, "Model", t.small(words::algorithm(run)));
    }
    let started = words::time(run.started_ms.unwrap_or(run.created_ms));
    let ago = t.small(widgets::format::ago(started, now));
    key_value(ui, "Started", ago).on_hover_text(widgets::format::date_time(started));
    if let Some(ms) = run.duration_ms(now.as_millisecond()) {
        key_value(ui, "Took", t.small(words::millis(ms)));
    }
    let elsewhere = detail.and_then(|detail| detail.repository.as_ref());
    match (&run.commit, elsewhere) {
        (Some(commit), None) if linked(ui, "Commit", words::short_commit(commit)) => {
            cx.open(Subject::Commit { id: commit.clone() });
        }
        (Some(commit), Some(root)) => {
            let value = t.small(words::short_commit(commit));
            key_value(ui, "Commit", value).on_hover_text(format!("{commit} in {}", root.display()));
        }
        _ => {}
    }
    if let Some(branch) = &run.branch {
        key_value(ui, "Branch", t.small(branch));
    }
    let dirty = run.diff.is_some() || detail.is_some_and(|detail| detail.diff.is_some());
    if dirty {
        status(ui, Glyph::Warn, "With changes that were not committed");
    }
    if let Some(user) = &run.user {
        key_value(ui, "By", t.small(user));
    }
    // A pipeline is named above.
    if let Some(source) = run.tags.get(SOURCE_TAG).filter(|_| run.pipeline.is_none()) {
        key_value(ui, "Source", t.small(source)).on_hover_text(source);
    }
}

fn related(ui: &mut Ui, cx: &mut Cx<'_>, detail: Option<&RunDetail>, models: &[ModelVersion]) {
    if let Some(detail) = detail.filter(|detail| !detail.inputs.is_empty()) {
        separator(ui);
        section(ui, "Inputs");
        for input in &detail.inputs {
            if link(ui, &format!("{} version {}", input.dataset, input.version)).clicked() {
                cx.open(Subject::Dataset { name: input.dataset.clone(), version: Some(input.version) });
            }
        }
    }
    if !models.is_empty() {
        separator(ui);
        section(ui, "Registered as");
        for model in models {
            if link(ui, &format!("{} version {}", model.model, model.version)).clicked() {
                cx.open(Subject::Model { name: model.model.clone(), version: Some(model.version) });
            }
        }
    }
}

/// A name, and at the right edge what it goes to.
pub fn linked(ui: &mut Ui, key: &str, words: &str) -> bool {
    let t = theme::of(ui);
    ui.horizontal(|ui| {
        ui.set_min_height(t.face.small.line);
        ui.label(t.secondary(key));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| link(ui, words).clicked()).inner
    })
    .inner
}
