//! The pipeline itself, while no step is selected.

use egui::Ui;
use studio::pipeline::shape::Severity;
use studio::{Run, RunQuery, RunStatus};

use super::Output;
use crate::backend::Request;
use crate::icons::Glyph;
use crate::panels::designer::document::Document;
use crate::panels::designer::edits::Edit;
use crate::panels::{Cx, Subject};
use crate::theme;
use crate::widgets::{self, ListRow, TextField, format};

/// Problems shown here; the drawer has them all.
const PROBLEMS: usize = 8;
const RUNS: usize = 6;

#[derive(Default)]
pub struct Overview {
    path: String,
    title: Option<String>,
    description: Option<String>,
    runs: Request<Vec<Run>>,
    again: u64,
}

impl Overview {
    pub fn refresh(&mut self) {
        self.again += 1;
    }

    pub fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, document: &Document, out: &mut Output) {
        if self.path != document.path {
            *self = Self { path: document.path.clone(), ..Self::default() };
        }
        let query = RunQuery { pipeline: Some(document.path.clone()), limit: RUNS, ..RunQuery::default() };
        let running = document.is_running();
        self.runs.ensure((&self.path, self.again, running), cx.backend, move |studio| {
            studio.runs(&query).map(|page| page.runs)
        });
        let t = theme::of(ui);
        ui.label(t.title("Pipeline"));
        ui.add_space(t.size.grid);
        self.fields(ui, document, out);
        problems(ui, document, out);
        widgets::separator(ui);
        widgets::section(ui, "Last runs");
        if let Some(failure) = self.runs.failure() {
            widgets::message(ui, Glyph::Error, &failure.message);
        }
        let Some(runs) = self.runs.value() else { return };
        if runs.is_empty() {
            ui.label(t.secondary("None yet. F5 runs the pipeline."));
        }
        for run in runs {
            if run_row(ui, run) {
                cx.open(Subject::Run { id: run.id.clone() });
            }
        }
    }

    fn fields(&mut self, ui: &mut Ui, document: &Document, out: &mut Output) {
        let pipeline = &document.pipeline;
        let mut title = self.title.clone().unwrap_or_else(|| pipeline.display_name.clone());
        let field = widgets::field_row(ui, "Title", |ui| ui.add(TextField::new(&mut title).hint(&document.path))).inner;
        if field.changed() {
            out.edits.push(Edit::Title(title.clone()));
        }
        self.title = field.has_focus().then_some(title);
        let t = theme::of(ui);
        ui.label(t.secondary("Description"));
        let mut text = self.description.clone().unwrap_or_else(|| pipeline.description.clone());
        let field = ui.add(TextField::new(&mut text).rows(3).name("Description").hint("What it is for"));
        if field.changed() {
            out.edits.push(Edit::Description(text.clone()));
        }
        self.description = field.has_focus().then_some(text);
    }
}

fn problems(ui: &mut Ui, document: &Document, out: &mut Output) {
    let Some(checked) = document.checked() else {
        return;
    };
    let t = theme::of(ui);
    widgets::separator(ui);
    widgets::section(ui, "Problems");
    let all: Vec<_> = checked.problems.iter().flat_map(|(job, all)| all.iter().map(move |it| (job, it))).collect();
    if all.is_empty() {
        widgets::status(ui, Glyph::Ok, "None found");
    }
    for (job, problem) in all.iter().take(PROBLEMS) {
        let glyph = if problem.severity == Severity::Error { Glyph::Error } else { Glyph::Warn };
        let row = ListRow::new(document.pipeline.title(job)).glyph(glyph).height(t.size.control);
        if row.show(ui).on_hover_text(&problem.message).clicked() {
            out.reveal = Some((*job).clone());
        }
    }
    if all.len() > PROBLEMS {
        ui.label(t.caption(format!("and {} more in the drawer", all.len() - PROBLEMS)));
    }
}

/// One run; true when it is to be opened.
pub fn run_row(ui: &mut Ui, run: &Run) -> bool {
    let t = theme::of(ui);
    let when = jiff::Timestamp::from_millisecond(run.created_ms).unwrap_or_default();
    let row = ListRow::new(&run.name).glyph(glyph(run)).note(format::ago(when, format::now(ui))).height(t.size.control);
    row.show(ui).clicked()
}

pub fn glyph(run: &Run) -> Glyph {
    match run.status {
        RunStatus::Waiting => Glyph::Waiting,
        RunStatus::Running => Glyph::Progress(run.progress.unwrap_or_default() as f32),
        RunStatus::Done => Glyph::Ok,
        RunStatus::Failed => Glyph::Error,
        RunStatus::Cancelled => Glyph::Stopped,
    }
}
