//! What the selected port holds.

use egui::Ui;
use studio::data::profile::ColumnProfile;
use studio::pipeline::component::ParamKind;
use studio::pipeline::graph::Input;
use studio::pipeline::shape::Shape;
use studio::{Error, Studio};

use super::Shown;
use crate::backend::Request;
use crate::commands::{Command, PanelCommand};
use crate::icons::Icon;
use crate::output::Content;
use crate::panels::Cx;
use crate::panels::designer::canvas::Side;
use crate::panels::designer::inspector::kind_glyph;
use crate::theme;
use crate::widgets::{self, Empty, format};

/// Where the content of a port is to be had.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Source {
    Result {
        run: String,
        job: String,
        port: String,
    },
    /// A dataset that is imported needs no run to be looked at.
    Dataset(String),
}

#[derive(Default)]
pub struct Preview {
    source: Option<Source>,
    content: Request<Content>,
    note: String,
}

impl Preview {
    pub fn note(&self) -> &str {
        &self.note
    }

    /// The column that stands for what the port holds.
    pub fn column(&self) -> Option<&ColumnProfile> {
        self.source.as_ref().and(self.content.value())?.column()
    }

    pub fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, shown: &Shown<'_>) {
        let Some(port) = shown.port else {
            self.source = None;
            self.note.clear();
            let text = "Click a port on the canvas to see what it holds";
            widgets::empty(ui, &Empty { icon: Icon::Eye, text, step: "" });
            return;
        };
        let Some(source) = source(shown) else {
            self.source = None;
            self.note.clear();
            return not_yet(ui, cx, shown, &port.job, &port.port);
        };
        if self.source.as_ref() != Some(&source) {
            self.content.clear();
            self.source = Some(source.clone());
        }
        self.content.ensure(&source, cx.backend, {
            let source = source.clone();
            move |studio| open(studio, &source)
        });
        let failure = self.content.failure().cloned();
        match self.content.value_mut() {
            Some(content) => {
                self.note = content.note();
                content.show(ui, cx.backend);
            }
            None => match failure {
                Some(failure) => {
                    if widgets::failed(ui, "The preview could not be read", &failure, "Try again") {
                        self.content.refresh();
                    }
                }
                None => widgets::loading(ui, "Reading the preview…"),
            },
        }
    }
}

/// The output that a port shows: an input shows what comes into it.
fn output_of(shown: &Shown<'_>) -> Option<(String, String)> {
    let port = shown.port?;
    if port.side == Side::Output {
        return Some((port.job.clone(), port.port.clone()));
    }
    match shown.document.pipeline.jobs.get(&port.job)?.inputs.get(&port.port)? {
        Input::Binding { job, output } => Some((job.clone(), output.clone())),
        Input::Value(_) => None,
    }
}

fn source(shown: &Shown<'_>) -> Option<Source> {
    let (job, port) = output_of(shown)?;
    let step = shown.document.pipeline.jobs.get(&job)?;
    let spec = step.spec()?;
    if let Some(param) = spec.params.iter().find(|param| matches!(param.kind, ParamKind::Dataset)) {
        let reference = match step.inputs.get(param.name) {
            Some(Input::Value(value)) => value.as_str().filter(|it| !it.is_empty())?,
            _ => return None,
        };
        return Some(Source::Dataset(reference.to_owned()));
    }
    let run = shown.document.run_of(&job)?;
    Some(Source::Result { run, job, port })
}

fn open(studio: &Studio, source: &Source) -> Result<Content, Error> {
    match source {
        Source::Dataset(reference) => Content::of_dataset(studio, reference),
        Source::Result { run, job, port } => Content::of_step(studio, run, job, port),
    }
}

/// Before the step ran: the columns that are known, and the way to get the rest.
fn not_yet(ui: &mut Ui, cx: &mut Cx<'_>, shown: &Shown<'_>, job: &str, port: &str) {
    let known = shown.document.checked().and_then(|checked| checked.shape(job, port));
    let columns = match known {
        Some(Shape::Table(table)) => Some(&table.schema),
        _ => None,
    };
    let text = match columns {
        Some(schema) => {
            format!("Not run yet. It will have {}.", format::counted(schema.len() as u64, "column", "columns"))
        }
        None => "Not run yet, so there is nothing to see here".to_owned(),
    };
    let step = if shown.job.is_some() && !shown.document.is_running() { "Run up to here" } else { "" };
    if widgets::empty(ui, &Empty { icon: Icon::Eye, text: &text, step }) {
        cx.run(Command::Panel(PanelCommand { place: "designer", verb: "run-to", argument: String::new() }));
    }
    let Some(schema) = columns else { return };
    let t = theme::of(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(t.size.grid, t.size.grid);
        ui.add_space(t.size.pad);
        for column in schema.columns.iter().take(60) {
            ui.add(widgets::Chip::new(&column.name).note(kind_glyph(column.kind), None));
        }
    });
}
