//! What a step's port holds, drawn alike wherever one looks at it: rows, metrics and charts, a model, an estimator,
//! what a transform does.

pub mod model;
pub mod report;

use egui::{ScrollArea, Ui};
use studio::{Error, Output, Studio, data::profile::ColumnProfile};

use crate::{backend::Backend, grid::GridView, theme, widgets};

/// What a port holds, ready to be drawn.
pub enum Content {
    Table(Box<GridView>),
    Other(Box<Output>),
}

impl Content {
    /// The rows of a dataset, which needs no run to be looked at.
    pub fn of_dataset(studio: &Studio, reference: &str) -> Result<Self, Error> {
        let detail = studio.dataset(reference)?;
        let grid = studio.grid(reference)?;
        Ok(Self::Table(Box::new(GridView::new(grid, detail.schema, detail.profile))))
    }

    /// What the step `job` of a run put out at `port`.
    pub fn of_step(studio: &Studio, run: &str, job: &str, port: &str) -> Result<Self, Error> {
        Ok(match studio.output(run, job, port)? {
            Output::Table { schema, profile } => {
                let grid = studio.output_grid(run, job, port)?;
                Self::Table(Box::new(GridView::new(grid, schema, profile)))
            }
            output => Self::Other(Box::new(output)),
        })
    }

    /// "398 rows · 31 columns" of a table, nothing of anything else.
    pub fn note(&self) -> String {
        match self {
            Self::Table(rows) => rows.note(),
            Self::Other(_) => String::new(),
        }
    }

    /// The column of a table that was clicked, or its first with a distribution.
    pub fn column(&self) -> Option<&ColumnProfile> {
        let Self::Table(rows) = self else { return None };
        let first = || rows.profile().columns.iter().find(|column| column.histogram.is_some());
        rows.selected.and_then(|column| rows.column_profile(column)).or_else(first)
    }

    /// Fills what is left of `ui`.
    pub fn show(&mut self, ui: &mut Ui, backend: &Backend) {
        match self {
            Self::Table(rows) => {
                rows.show(ui, backend);
            }
            Self::Other(output) => {
                let t = theme::of(ui);
                ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                    egui::Frame::NONE.inner_margin(t.size.pad_panel).show(ui, |ui| {
                        ui.spacing_mut().item_spacing.y = t.size.grid;
                        other(ui, output);
                    });
                });
            }
        }
    }
}

fn other(ui: &mut Ui, output: &Output) {
    let t = theme::of(ui);
    match output {
        // Shown as rows, see [`Content::of_step`].
        Output::Table { .. } => {}
        Output::Report(report) => report::show(ui, report),
        Output::Model(card) => model::show(ui, card),
        Output::Estimator(estimator) => {
            ui.label(t.title(estimator.title()));
            ui.label(t.secondary("Not trained yet; connect it to Train model or Cross-validate"));
            ui.add_space(t.size.gap);
            settings(ui, &serde_json::to_value(estimator).unwrap_or_default());
        }
        Output::Transform { steps } => {
            ui.label(t.title("What it does to a table"));
            for (index, step) in steps.iter().enumerate() {
                ui.label(t.small(format!("{}. {step}", index + 1)));
            }
        }
    }
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
