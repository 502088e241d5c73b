//! How a step goes while it runs, and where its result came from.

use std::time::Duration;

use egui::{Align, Layout, Ui};
use studio::pipeline::component::ParamKind;
use studio::pipeline::graph::Input;
use studio::{Step, StepStatus};

use crate::chart::{LineChart, Series, legend};
use crate::icons::Glyph;
use crate::panels::designer::document::Document;
use crate::panels::designer::states;
use crate::panels::{Cx, Subject};
use crate::theme;
use crate::widgets::{self, format};

/// Progress, message and live curves of a step that runs or has run just now.
pub fn show(ui: &mut Ui, cx: &mut Cx<'_>, document: &Document, job: &str) {
    let Some(watched) = document.watched() else {
        return before(ui, document, job);
    };
    let Some(step) = watched.detail.steps.iter().find(|step| step.name == job) else {
        return;
    };
    if step.status == StepStatus::Waiting {
        return;
    }
    let t = theme::of(ui);
    widgets::separator(ui);
    widgets::section(ui, "Progress");
    line(ui, step);
    if step.status == StepStatus::Running {
        widgets::progress(ui, step.progress as f32, "Progress of the step");
    }
    if let Some(error) = &step.error {
        widgets::message(ui, Glyph::Error, error);
    }
    let prefix = format!("{job}.");
    let curves: Vec<(&str, Vec<f64>, Vec<f64>)> = watched
        .curves
        .iter()
        .filter_map(|curve| {
            let name = curve.key.strip_prefix(&prefix)?;
            let (x, y) = curve.points.iter().map(|&(step, value)| (step as f64, value)).unzip();
            Some((name, x, y))
        })
        .collect();
    if !curves.is_empty() {
        let series: Vec<Series<'_>> = curves
            .iter()
            .enumerate()
            .map(|(index, (name, x, y))| Series::new(name.replace('_', " "), t.data(index), y).x(x))
            .collect();
        LineChart::new("Curves of the step", &series).height(120.0).labels(false).show(ui);
        ui.horizontal_wrapped(|ui| {
            for (index, (name, _, y)) in curves.iter().enumerate() {
                let last = y.last().copied().map(format::number).unwrap_or_default();
                legend(ui, &format!("{} {last}", name.replace('_', " ")), t.data(index));
            }
        });
    }
    if watched.detail.row.status.is_final() && widgets::link(ui, "Open the run").clicked() {
        cx.open(Subject::Run { id: watched.detail.row.id.clone() });
    }
}

/// The step's last failure, when no run is shown.
fn before(ui: &mut Ui, document: &Document, job: &str) {
    let Some(error) = document.job_state(job).and_then(|state| state.step.error.as_ref()) else {
        return;
    };
    widgets::separator(ui);
    widgets::section(ui, "Last run");
    widgets::message(ui, Glyph::Error, error);
}

fn line(ui: &mut Ui, step: &Step) {
    let t = theme::of(ui);
    let words = match step.status {
        StepStatus::Running => step.message.clone().unwrap_or_else(|| "Running".to_owned()),
        StepStatus::Reused => "Reused an earlier result".to_owned(),
        StepStatus::Done => "Done".to_owned(),
        StepStatus::Failed => "Failed".to_owned(),
        StepStatus::Cancelled => "Stopped".to_owned(),
        StepStatus::Skipped => "Skipped".to_owned(),
        StepStatus::Waiting => "Waiting".to_owned(),
    };
    ui.horizontal(|ui| {
        ui.label(t.secondary(words));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(t.secondary(times(step))));
    });
}

/// "2.4 s · 1.5 s left"
fn times(step: &Step) -> String {
    if step.status != StepStatus::Running {
        return format::duration(Duration::from_secs_f64(states::seconds(step)));
    }
    let Some(started) = step.started_ms else {
        return String::new();
    };
    let gone = (studio::now_ms() - started).max(0) as f64 / 1000.0;
    let mut words = format::duration(Duration::from_secs_f64(gone));
    if step.progress > 0.02 && step.progress < 1.0 {
        let left = gone * (1.0 - step.progress) / step.progress;
        words = format!("{words} · {}", format::left(Duration::from_secs_f64(left)));
    }
    words
}

/// Commit, datasets and run that the newest result came from.
pub fn lineage(ui: &mut Ui, cx: &mut Cx<'_>, document: &Document, job: &str) {
    let Some(state) = document.job_state(job) else {
        return;
    };
    let t = theme::of(ui);
    widgets::separator(ui);
    widgets::section(ui, "Lineage");
    if let Some(commit) = &state.commit {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = t.size.grid;
            ui.label(t.secondary("Commit"));
            ui.label(t.mono(commit.get(..7).unwrap_or(commit)).color(t.color.text2));
            if state.uncommitted {
                ui.label(t.secondary("and uncommitted changes"));
            }
        });
    }
    for dataset in datasets(document, job) {
        let (name, version) = dataset.split_once('@').unwrap_or((&dataset, ""));
        let words =
            if version.is_empty() { format!("{name}, newest version") } else { format!("{name} version {version}") };
        ui.label(t.secondary(words));
    }
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = t.size.grid;
        ui.label(t.secondary("Run"));
        if widgets::link(ui, &state.run_name).clicked() {
            cx.open(Subject::Run { id: state.run.clone() });
        }
        if !state.current {
            ui.label(t.secondary("before the last changes"));
        }
    });
}

/// The datasets that flow into a step, by reference.
fn datasets(document: &Document, job: &str) -> Vec<String> {
    let mut found = Vec::new();
    for name in document.pipeline.upstream(&[job]) {
        let Some(job) = document.pipeline.jobs.get(name) else {
            continue;
        };
        let Some(spec) = job.spec() else { continue };
        for param in spec.params.iter().filter(|param| matches!(param.kind, ParamKind::Dataset)) {
            if let Some(Input::Value(value)) = job.inputs.get(param.name)
                && let Some(reference) = value.as_str()
                && !found.iter().any(|it| it == reference)
            {
                found.push(reference.to_owned());
            }
        }
    }
    found
}
