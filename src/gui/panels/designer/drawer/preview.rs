//! What the selected port holds: rows, metrics and charts, a model, an estimator, what a transform does.

use egui::{ScrollArea, Ui};
use studio::data::profile::Profile;
use studio::data::schema::Schema;
use studio::pipeline::component::ParamKind;
use studio::pipeline::graph::Input;
use studio::pipeline::shape::Shape;
use studio::{Error, ModelCard, Output, Studio};

use super::{Shown, report};
use crate::backend::Request;
use crate::chart::{BarRow, bars};
use crate::commands::{Command, PanelCommand};
use crate::grid::GridView;
use crate::icons::Icon;
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

/// What a port holds, ready to be drawn.
pub enum Content {
    Table(Box<GridView>),
    Other(Box<Output>),
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

    pub fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, shown: &Shown<'_>) {
        let Some(port) = shown.port else {
            self.note.clear();
            let text = "Click a port on the canvas to see what it holds";
            widgets::empty(ui, &Empty { icon: Icon::Eye, text, step: "" });
            return;
        };
        let Some(source) = source(shown) else {
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
            Some(Content::Table(rows)) => {
                self.note = rows.note();
                rows.show(ui, cx.backend);
            }
            Some(Content::Other(output)) => {
                self.note.clear();
                ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                    let t = theme::of(ui);
                    egui::Frame::NONE.inner_margin(t.size.pad).show(ui, |ui| other(ui, output));
                });
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
        Source::Dataset(reference) => {
            let detail = studio.dataset(reference)?;
            let grid = studio.grid(reference)?;
            Ok(Content::Table(Box::new(GridView::new(grid, detail.schema, detail.profile))))
        }
        Source::Result { run, job, port } => match studio.output(run, job, port)? {
            Output::Table { schema, profile } => {
                let grid = studio.output_grid(run, job, port)?;
                Ok(Content::Table(Box::new(GridView::new(grid, schema, profile))))
            }
            output => Ok(Content::Other(Box::new(output))),
        },
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

fn other(ui: &mut Ui, output: &Output) {
    match output {
        Output::Table { schema, profile } => table_words(ui, schema, profile),
        Output::Report(it) => report::show(ui, it),
        Output::Model(card) => model(ui, card),
        Output::Estimator(estimator) => {
            let t = theme::of(ui);
            ui.label(t.title(estimator.title()));
            ui.label(t.secondary("Not trained yet; connect it to Train model or Cross-validate"));
            ui.add_space(t.size.gap);
            settings(ui, &serde_json::to_value(estimator).unwrap_or_default());
        }
        Output::Transform { steps } => {
            let t = theme::of(ui);
            ui.label(t.title("What it does to a table"));
            for (index, step) in steps.iter().enumerate() {
                ui.label(t.small(format!("{}. {step}", index + 1)));
            }
        }
    }
}

fn table_words(ui: &mut Ui, schema: &Schema, profile: &Profile) {
    let t = theme::of(ui);
    let rows = format::counted(profile.rows, "row", "rows");
    ui.label(t.small(format!("{rows} · {}", format::counted(schema.len() as u64, "column", "columns"))));
}

/// An estimator's settings as names and values.
fn settings(ui: &mut Ui, value: &serde_json::Value) {
    let Some(object) = value.as_object() else {
        return;
    };
    ui.set_max_width(360.0);
    let t = theme::of(ui);
    for (key, value) in object {
        match value {
            serde_json::Value::Object(_) => settings(ui, value),
            serde_json::Value::Null => drop(widgets::key_value(ui, &words(key), t.small("none"))),
            serde_json::Value::String(text) => drop(widgets::key_value(ui, &words(key), t.small(words(text)))),
            other => drop(widgets::key_value(ui, &words(key), t.small(other.to_string()))),
        }
    }
}

fn words(key: &str) -> String {
    let text = key.replace('_', " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn model(ui: &mut Ui, card: &ModelCard) {
    let t = theme::of(ui);
    ui.columns_const(|[left, right]| {
        left.label(t.title(&card.algorithm));
        let facts = [
            ("Predicts", card.label.clone().unwrap_or_else(|| "clusters".to_owned())),
            ("Classes", card.classes.join(", ")),
            ("Trained on", format::counted(card.rows, "row", "rows")),
            ("Features", card.features.len().to_string()),
            ("Training took", format::duration(std::time::Duration::from_secs_f64(card.seconds.max(0.0)))),
        ];
        for (key, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
            widgets::key_value(left, key, t.small(value));
        }
        if !card.preparation.is_empty() {
            left.add_space(t.size.gap);
            widgets::section(left, "Preparation that travels with it");
            for step in &card.preparation {
                left.add(egui::Label::new(t.secondary(step)).wrap());
            }
        }
        let rows: Vec<BarRow<'_>> = card
            .features
            .iter()
            .filter_map(|feature| Some((feature, feature.importance?)))
            .take(12)
            .map(|(feature, value)| BarRow { name: feature.column.as_str().into(), value, color: t.data(0) })
            .collect();
        if !rows.is_empty() {
            widgets::section(right, "Importance of features");
            bars(right, "Importance of features", &rows);
        }
    });
}
