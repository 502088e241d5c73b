//! The form of a step, made from its component's declared parameters.

use std::collections::HashMap;

use egui::{Align2, Id, Sense, Ui, vec2};
use serde_json::Value as Json;
use studio::LoadableModel;
use studio::data::schema::Schema;
use studio::pipeline::check::is_shown;
use studio::pipeline::component::{Param, ParamKind, Params, Spec};
use studio::pipeline::graph::Job;
use studio::pipeline::shape::{Problem, Severity, Shape, Shapes};

use super::field;
use crate::icons::Glyph;
use crate::panels::designer::edits::Edit;
use crate::theme;
use crate::widgets;

/// What a dataset field can choose from: name and number of versions.
pub type Datasets = [(String, u32)];

/// What the fields of one step may know.
pub struct Known<'a> {
    pub job: &'a str,
    /// The shapes on the step's inputs.
    pub inputs: &'a Shapes,
    pub datasets: &'a Datasets,
    /// What a model field can choose from.
    pub models: &'a [LoadableModel],
}

impl Known<'_> {
    /// The columns on input `port`, as far as they are known, and whether there may be more.
    pub fn columns(&self, port: &str) -> Option<(&Schema, bool)> {
        match self.inputs.get(port) {
            Some(Some(Shape::Table(table))) => Some((&table.schema, table.open)),
            _ => None,
        }
    }
}

/// Text that is being typed, by field: it may not be a value yet.
#[derive(Debug, Default)]
pub struct Typing {
    buffers: HashMap<Id, String>,
    advanced: bool,
}

impl Typing {
    /// The text of the field `id`: what is typed, else `value`.
    pub fn text(&mut self, id: Id, value: &str) -> String {
        self.buffers.get(&id).cloned().unwrap_or_else(|| value.to_owned())
    }

    /// Keeps what is typed while the field has the keyboard, or while it is no value yet.
    pub fn keep(&mut self, id: Id, text: String, keep: bool) {
        if keep {
            self.buffers.insert(id, text);
        } else {
            self.buffers.remove(&id);
        }
    }

    /// Another step is shown.
    pub fn clear(&mut self) {
        self.buffers.clear();
    }
}

/// Draws the form; what it changes.
pub fn show(
    ui: &mut Ui,
    spec: &'static Spec,
    job: &Job,
    problems: &[Problem],
    known: &Known<'_>,
    typing: &mut Typing,
) -> Vec<Edit> {
    let params = Params::of(spec, job);
    let mut edits = Vec::new();
    let (advanced, plain): (Vec<&Param>, Vec<&Param>) =
        spec.params.iter().filter(|param| is_shown(param, &params)).partition(|param| param.advanced);
    for param in plain {
        edits.extend(row(ui, param, &params, job, problems, known, typing));
    }
    if !advanced.is_empty() {
        let wrong = advanced.iter().any(|param| problems.iter().any(|it| it.param.as_deref() == Some(param.name)));
        if fold(ui, "Advanced", typing.advanced || wrong) {
            typing.advanced = !typing.advanced;
        }
        if typing.advanced || wrong {
            for param in advanced {
                edits.extend(row(ui, param, &params, job, problems, known, typing));
            }
        }
    }
    edits
}

/// A line that folds what is below; true when it was clicked.
pub fn fold(ui: &mut Ui, title: &str, open: bool) -> bool {
    let icon = if open { crate::icons::Icon::ChevronDown } else { crate::icons::Icon::ChevronRight };
    let t = theme::of(ui);
    widgets::ListRow::new(title).icon(icon).quiet().height(t.size.control).show(ui).clicked()
}

fn row(
    ui: &mut Ui,
    param: &'static Param,
    params: &Params,
    job: &Job,
    problems: &[Problem],
    known: &Known<'_>,
    typing: &mut Typing,
) -> Option<Edit> {
    let value = params.0.get(param.name).cloned().unwrap_or(Json::Null);
    let set = job.inputs.contains_key(param.name);
    let id = Id::unique(("param", known.job, param.name));
    let mut changed = None;
    let mut reset = false;
    ui.push_id(param.name, |ui| {
        if is_wide(param) {
            reset = label(ui, param, set, true);
            changed = ui.name_inputs(param.title, |ui| field::show(ui, param, &value, known, typing, id));
        } else {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = theme::of(ui).size.gap;
                reset = label(ui, param, set, false);
                changed = ui.name_inputs(param.title, |ui| field::show(ui, param, &value, known, typing, id));
            });
        }
        for problem in problems.iter().filter(|problem| problem.param.as_deref() == Some(param.name)) {
            let glyph = if problem.severity == Severity::Error { Glyph::Error } else { Glyph::Warn };
            widgets::message(ui, glyph, &problem.message);
        }
    });
    let value = if reset {
        typing.keep(id, String::new(), false);
        None
    } else {
        Some(changed?)
    };
    Some(Edit::Set { job: known.job.to_owned(), param: param.name.to_owned(), value })
}

/// Code, tables and lists need the whole width.
fn is_wide(param: &Param) -> bool {
    matches!(
        param.kind,
        ParamKind::Multiline
            | ParamKind::Columns { .. }
            | ParamKind::Expression { .. }
            | ParamKind::Code { .. }
            | ParamKind::Csv
            | ParamKind::Rows { .. }
            | ParamKind::Dataset
            | ParamKind::Model
    )
}

/// The label, its help, and a dot where the value is not the default; true when it is to be reset.
fn label(ui: &mut Ui, param: &Param, set: bool, wide: bool) -> bool {
    let t = theme::of(ui);
    let width = ui.available_width();
    let size = if wide { vec2(width, t.face.small.line) } else { vec2((width * 0.46).floor(), t.size.control) };
    let (_, rect) = ui.allocate_space(size);
    let response = ui.interact(rect, ui.scope_id().with(("label", param.name)), Sense::CLICK);
    let text = widgets::paint_text(ui.painter(), rect, Align2::LEFT_CENTER, param.title, &t.face.small, t.color.text2);
    if set {
        let at = egui::pos2((text.right() + 7.0).min(rect.right() - 3.0), text.center().y);
        ui.painter().circle_filled(at, 2.0, t.color.accent);
    }
    let mut reset = false;
    response.context_menu(|ui| {
        let words = format!("Reset to {}", default_words(param));
        if ui.add_enabled(set, egui::Button::new(t.small(words)).frame(false)).clicked() {
            reset = true;
            ui.close();
        }
    });
    response.on_hover_ui(|ui| {
        ui.label(t.small(param.help));
        if set {
            ui.label(t.secondary(format!("Changed from {}. Right-click to reset.", default_words(param))));
        }
    });
    reset
}

fn default_words(param: &Param) -> String {
    match param.default.to_json() {
        Json::Null => "none".to_owned(),
        Json::String(text) if text.is_empty() => "empty".to_owned(),
        Json::String(text) => match param.kind {
            ParamKind::Choice(choices) => {
                choices.iter().find(|it| it.value == text).map_or(text, |it| it.title.to_owned())
            }
            _ => text,
        },
        Json::Bool(true) => "on".to_owned(),
        Json::Bool(false) => "off".to_owned(),
        Json::Array(items) if items.is_empty() => "empty".to_owned(),
        other => other.to_string(),
    }
}
