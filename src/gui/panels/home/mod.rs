//! Home: what changed, what runs, what needs a person, and where to go on; three doors while there is nothing.

use egui::{Frame, Margin, ScrollArea, Ui};
use jiff::Timestamp;
use studio::{Overview, PipelineRow, Run, RunStatus};

use super::{Cx, Event, Panel, PlaceId, Subject};
use crate::backend::Request;
use crate::commands::Command;
use crate::icons::{Glyph, Icon};
use crate::theme;
use crate::widgets::{self, Button, ListRow, format};

/// What a run is judged by at a glance, the most telling first.
const HEADLINES: [(&str, &str); 4] =
    [("roc_auc", "ROC AUC"), ("r2", "R²"), ("accuracy", "accuracy"), ("silhouette", "silhouette")];
/// As wide as a page of text is comfortable.
const WIDTH: f32 = 1080.0;

#[derive(Default)]
pub struct Home {
    overview: Request<Overview>,
}

impl Panel for Home {
    fn id(&self) -> PlaceId {
        "home"
    }

    fn title(&self) -> &'static str {
        "Home"
    }

    fn icon(&self) -> Icon {
        Icon::Home
    }

    fn has_inspector(&self, _cx: &Cx<'_>) -> bool {
        false
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        self.overview.ensure((), cx.backend, |studio| studio.overview());
        if let (None, Some(failure)) = (self.overview.value(), self.overview.failure().cloned()) {
            if widgets::failed(ui, "The workspace cannot be read", &failure, "Try again") {
                self.overview.clear();
            }
            return;
        }
        let Some(overview) = self.overview.value() else {
            return;
        };
        let t = cx.theme;
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let side = ((ui.available_width() - WIDTH) / 2.0).max(t.size.pad_panel);
            egui::Frame::NONE.inner_margin(egui::Margin::symmetric(side as i8, 24)).show(ui, |ui| {
                page(ui, cx, overview);
            });
        });
    }

    fn on_event(&mut self, event: &Event, _cx: &mut Cx<'_>) {
        match event {
            Event::Changed(_) | Event::Shown => self.overview.refresh(),
            Event::Workspace => self.overview.clear(),
            _ => {}
        }
    }
}

fn page(ui: &mut Ui, cx: &mut Cx<'_>, overview: &Overview) {
    let t = cx.theme;
    ui.label(t.page(cx.status.workspace.clone()));
    ui.label(t.secondary(format!(
        "{} · {} · {} · {}",
        format::counted(overview.datasets as u64, "dataset", "datasets"),
        format::counted(overview.pipelines.len() as u64, "pipeline", "pipelines"),
        format::counted(overview.runs as u64, "run", "runs"),
        format::counted(overview.models as u64, "model", "models")
    )));
    ui.add_space(20.0);
    doors(ui, cx, overview);
    needs(ui, cx, overview);
    ui.spacing_mut().item_spacing.x = cx.theme.size.pad;
    ui.columns(2, |columns| {
        let [left, right] = columns else { return };
        list_card(left, "Recent runs", |ui| runs(ui, cx, overview));
        list_card(right, "Pipelines", |ui| pipelines(ui, cx, &overview.pipelines));
    });
}

/// The first steps, as buttons; quiet once there is work to go on with.
fn doors(ui: &mut Ui, cx: &mut Cx<'_>, overview: &Overview) {
    let fresh = overview.datasets == 0 && overview.pipelines.is_empty();
    ui.horizontal(|ui| {
        let import = if fresh { Button::primary("Import data…") } else { Button::secondary("Import data…") };
        if ui.add(import).clicked() {
            cx.run(Command::ImportData);
        }
        if ui.add(Button::secondary("Draw a pipeline")).clicked() {
            cx.run(Command::GoTo("designer"));
        }
        if ui.add(Button::secondary("Open a workspace…")).clicked() {
            cx.run(Command::OpenWorkspace);
        }
    });
    ui.add_space(20.0);
}

/// What runs and what failed.
fn needs(ui: &mut Ui, cx: &mut Cx<'_>, overview: &Overview) {
    if !overview.running.is_empty() {
        list_card(ui, "Running now", |ui| {
            for run in &overview.running {
                run_row(ui, cx, run);
                inset(ui, |ui| widgets::progress(ui, run.progress.unwrap_or(0.0) as f32, &run.name));
            }
        });
        ui.add_space(12.0);
    }
    if !overview.failed.is_empty() {
        list_card(ui, "Needs you", |ui| {
            for run in &overview.failed {
                run_row(ui, cx, run);
                if let Some(error) = &run.error {
                    inset(ui, |ui| widgets::message(ui, Glyph::Error, error));
                }
            }
        });
        ui.add_space(12.0);
    }
}

fn runs(ui: &mut Ui, cx: &mut Cx<'_>, overview: &Overview) {
    if overview.recent.is_empty() {
        inset(ui, |ui| ui.label(cx.theme.secondary("Runs of your pipelines and of your own code appear here")));
    }
    for run in &overview.recent {
        run_row(ui, cx, run);
    }
}

/// A card of rows: each reaches from edge to edge, with its text below the title.
fn list_card(ui: &mut Ui, title: &str, rows: impl FnOnce(&mut Ui)) {
    let t = theme::of(ui);
    let margin = t.size.pad_panel as i8;
    widgets::card_frame(&t).inner_margin(margin).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.label(t.small_strong(title));
        Frame::NONE.inner_margin(Margin::symmetric(-margin, 0)).show(ui, rows);
    });
}

/// In line with the text of rows.
fn inset<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let side = theme::of(ui).size.pad_panel as i8;
    Frame::NONE.inner_margin(Margin { left: side, right: side, top: 0, bottom: 8 }).show(ui, contents).inner
}

fn run_row(ui: &mut Ui, cx: &mut Cx<'_>, run: &Run) {
    let when = Timestamp::from_millisecond(run.created_ms).unwrap_or_default();
    let row = ListRow::new(&run.name)
        .glyph(glyph(run.status))
        .note(format::ago(when, format::now(ui.ctx())))
        .second(run.pipeline_title.clone().unwrap_or_default(), headline(run));
    if row.show(ui).clicked() {
        cx.open(Subject::Run { id: run.id.clone() });
    }
}

fn glyph(status: RunStatus) -> Glyph {
    match status {
        RunStatus::Waiting => Glyph::Waiting,
        RunStatus::Running => Glyph::Running,
        RunStatus::Done => Glyph::Ok,
        RunStatus::Failed => Glyph::Error,
        RunStatus::Cancelled => Glyph::Stopped,
    }
}

/// The one metric that says most, by what people look at first.
fn headline(run: &Run) -> String {
    // Each of several models has metrics of its own; none of them is the run's.
    let models = run.model_runs().len();
    if models > 0 {
        return format::counted(models as u64, "model", "models");
    }
    let first = HEADLINES.iter().find_map(|(key, name)| Some((name, run.metrics.get(*key)?)));
    first.map(|(name, value)| format!("{name} {}", format::metric(*value))).unwrap_or_default()
}

fn pipelines(ui: &mut Ui, cx: &mut Cx<'_>, pipelines: &[PipelineRow]) {
    if pipelines.is_empty() {
        inset(ui, |ui| ui.label(cx.theme.secondary("Pipelines that you draw appear here")));
    }
    for pipeline in pipelines {
        let when = Timestamp::from_millisecond(pipeline.modified_ms).unwrap_or_default();
        let steps = format::counted(pipeline.jobs as u64, "step", "steps");
        let row = ListRow::new(&pipeline.title)
            .icon(Icon::Designer)
            .note(format::ago(when, format::now(ui.ctx())))
            .second(pipeline.path.clone(), pipeline.problem.clone().unwrap_or(steps));
        if row.show(ui).clicked() {
            cx.open(Subject::Pipeline { path: pipeline.path.clone() });
        }
    }
}
