//! One editor for each kind of parameter.

use egui::{Id, Key, Ui};
use serde_json::Value as Json;
use studio::pipeline::component::{Param, ParamKind};

use super::form::{Known, Typing};
use super::{code, columns, csv, expression, rows};
use crate::icons::Glyph;
use crate::theme;
use crate::widgets::{self, Select, TextField};

/// The editor of `param`; the new value when it changed to a valid one.
pub fn show(
    ui: &mut Ui,
    param: &'static Param,
    value: &Json,
    known: &Known<'_>,
    typing: &mut Typing,
    id: Id,
) -> Option<Json> {
    match param.kind {
        ParamKind::Boolean => boolean(ui, param, value),
        ParamKind::Integer { min, max } => integer(ui, value, min, max, param.optional, typing, id),
        ParamKind::Real { min, max, unit } => real(ui, value, &Range { min, max, unit }, param.optional, typing, id),
        ParamKind::Text => text(ui, value, param.optional, 1, typing, id),
        ParamKind::Multiline => text(ui, value, param.optional, 3, typing, id),
        ParamKind::Choice(choices) => {
            let options: Vec<(Json, &str)> = choices.iter().map(|it| (Json::from(it.value), it.title)).collect();
            choose(ui, param.title, value, &options, "Choose")
        }
        ParamKind::Column { port, accept } => columns::one(ui, param, value, port, accept, known, typing, id),
        ParamKind::Columns { port, accept, empty } => {
            columns::many(ui, param.title, value, port, accept, empty, known, id)
        }
        ParamKind::Expression { port } => expression::show(ui, value, port, known, typing, id),
        ParamKind::Code { language } => code::show(ui, value, language, typing, id),
        ParamKind::Csv => csv::show(ui, value, typing, id),
        ParamKind::Dataset => dataset(ui, value, known),
        ParamKind::Model => model(ui, value, known),
        ParamKind::Rows { fields } => rows::show(ui, value, fields, known, typing, id),
    }
}

fn boolean(ui: &mut Ui, param: &Param, value: &Json) -> Option<Json> {
    let mut on = value.as_bool().unwrap_or_default();
    widgets::toggle(ui, &mut on, param.title).changed().then_some(Json::Bool(on))
}

fn choose(ui: &mut Ui, name: &str, value: &Json, options: &[(Json, &str)], empty: &str) -> Option<Json> {
    let mut chosen = value.clone();
    Select::new(name).empty(empty).show(ui, &mut chosen, options).changed().then_some(chosen)
}

fn text(ui: &mut Ui, value: &Json, optional: bool, rows: usize, typing: &mut Typing, id: Id) -> Option<Json> {
    let mut text = typing.text(id, value.as_str().unwrap_or_default());
    let response = ui.add(TextField::new(&mut text).rows(rows).id(id));
    typing.keep(id, text.clone(), response.has_focus());
    let new = if optional && text.is_empty() { Json::Null } else { Json::from(text) };
    (response.changed() && new != *value).then_some(new)
}

struct Range {
    min: f64,
    max: f64,
    unit: &'static str,
}

fn integer(ui: &mut Ui, value: &Json, min: i64, max: i64, optional: bool, typing: &mut Typing, id: Id) -> Option<Json> {
    number(ui, value, optional, "", typing, id, |text, step| {
        let number: i64 = text.parse().map_err(|_| "Write a whole number".to_owned())?;
        let number = number.saturating_add(step as i64);
        if (min..=max).contains(&number) { Ok(Json::from(number)) } else { Err(range_words(min, max)) }
    })
}

fn real(ui: &mut Ui, value: &Json, range: &Range, optional: bool, typing: &mut Typing, id: Id) -> Option<Json> {
    let Range { min, max, unit } = *range;
    number(ui, value, optional, unit, typing, id, |text, step| {
        let number: f64 = text.parse().map_err(|_| "Write a number".to_owned())?;
        // One step is a unit of the last written decimal, so that 0.1 goes to 0.2 and 15 to 16.
        let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len().min(12)) as i32;
        let scale = 10_f64.powi(decimals);
        let number = if step == 0 { number } else { (number * scale + f64::from(step)).round() / scale };
        let fits = number.is_finite() && (min..=max).contains(&number);
        if fits { Ok(Json::from(number)) } else { Err(real_range_words(min, max)) }
    })
}

/// A number as text: what is no number, or out of range, says so below and is not taken over.
fn number(
    ui: &mut Ui,
    value: &Json,
    optional: bool,
    unit: &str,
    typing: &mut Typing,
    id: Id,
    parse: impl Fn(&str, i32) -> Result<Json, String>,
) -> Option<Json> {
    let shown = if value.is_null() { String::new() } else { value.to_string() };
    let mut text = typing.text(id, &shown);
    let mut wrong = None;
    let mut changed = None;
    ui.vertical(|ui| {
        let hint = if optional { "none" } else { "" };
        let read = |text: &str, step: i32| match text.trim() {
            "" if optional => Ok(Json::Null),
            text => parse(text, step),
        };
        let error = read(&text, 0).err();
        let response = ui.add(TextField::new(&mut text).hint(hint).id(id).error(error.is_some()));
        if !unit.is_empty() {
            unit_mark(ui, response.rect, unit);
        }
        let step = if response.has_focus() { arrows(ui) } else { 0 };
        if step != 0
            && let Ok(stepped) = read(&text, step)
        {
            text = stepped.to_string();
        }
        if response.changed() || step != 0 {
            changed = read(&text, 0).ok().filter(|new| new != value);
        }
        wrong = read(&text, 0).err();
        typing.keep(id, text.clone(), response.has_focus() || wrong.is_some());
        if let Some(wrong) = &wrong {
            widgets::message(ui, Glyph::Error, wrong);
        }
    });
    changed
}

/// +1 or −1 for an arrow key, ten times that with Shift.
fn arrows(ui: &Ui) -> i32 {
    ui.input(|input| {
        let by = if input.modifiers.shift { 10 } else { 1 };
        by * (input.num_presses(Key::ArrowUp) as i32 - input.num_presses(Key::ArrowDown) as i32)
    })
}

fn unit_mark(ui: &Ui, field: egui::Rect, unit: &str) {
    let t = theme::of(ui);
    let rect = field.expand2(egui::vec2(0.0, 0.0));
    widgets::paint_text(ui.painter(), rect, egui::Align2::RIGHT_CENTER, unit, &t.face.caption, t.color.text3);
}

fn range_words(min: i64, max: i64) -> String {
    match (min == i64::MIN, max == i64::MAX) {
        (true, true) => "Write a whole number".to_owned(),
        (false, true) => format!("At least {min}"),
        (true, false) => format!("At most {max}"),
        (false, false) => format!("From {min} to {max}"),
    }
}

fn real_range_words(min: f64, max: f64) -> String {
    let text = widgets::format::exact;
    match (min.is_finite() && min > f64::MIN, max.is_finite() && max < f64::MAX) {
        (false, false) => "Write a number".to_owned(),
        (true, false) => format!("At least {}", text(min)),
        (false, true) => format!("At most {}", text(max)),
        (true, true) => format!("From {} to {}", text(min), text(max)),
    }
}

/// `name` or `name@version`: which dataset, and which of its versions.
fn dataset(ui: &mut Ui, value: &Json, known: &Known<'_>) -> Option<Json> {
    let reference = value.as_str().unwrap_or_default();
    let (name, version) = reference.split_once('@').unwrap_or((reference, ""));
    let names: Vec<(String, &str)> = known.datasets.iter().map(|(name, _)| (name.clone(), name.as_str())).collect();
    let mut chosen = name.to_owned();
    let empty = match (name.is_empty(), names.is_empty()) {
        (true, true) => "Import a dataset first",
        (true, false) => "Choose a dataset",
        (false, _) => name,
    };
    if Select::new("Dataset").empty(empty).show(ui, &mut chosen, &names).changed() {
        return Some(Json::from(chosen));
    }
    let count = known.datasets.iter().find(|(it, _)| it == name).map_or(0, |it| it.1);
    if count < 1 {
        return None;
    }
    let mut versions = vec![(String::new(), format!("Newest version ({count})"))];
    versions.extend((1..=count).rev().map(|version| (version.to_string(), format!("Version {version}"))));
    let mut chosen = version.to_owned();
    let changed = Select::new("Version").show(ui, &mut chosen, &versions).changed();
    changed.then(|| if chosen.is_empty() { Json::from(name) } else { Json::from(format!("{name}@{chosen}")) })
}

/// `name`, `name@version` or `name@alias`: which registered model, and which of its versions.
fn model(ui: &mut Ui, value: &Json, known: &Known<'_>) -> Option<Json> {
    let reference = value.as_str().unwrap_or_default();
    let (name, which) = reference.rsplit_once('@').unwrap_or((reference, ""));
    let names: Vec<(String, &str)> = known.models.iter().map(|model| (model.name.clone(), &*model.name)).collect();
    let mut chosen = name.to_owned();
    let empty = match (name.is_empty(), names.is_empty()) {
        (true, true) => "Register a model first",
        (true, false) => "Choose a model",
        (false, _) => name,
    };
    if Select::new("Model").empty(empty).show(ui, &mut chosen, &names).changed() {
        return Some(Json::from(chosen));
    }
    let model = known.models.iter().find(|model| model.name == name)?;
    let newest = model.versions.first().copied().unwrap_or_default();
    let mut choices = vec![(String::new(), format!("Newest version ({newest})"))];
    choices
        .extend(model.aliases.iter().map(|(alias, version)| (alias.clone(), format!("{alias} (version {version})"))));
    choices.extend(model.versions.iter().map(|version| (version.to_string(), format!("Version {version}"))));
    let mut chosen = which.to_owned();
    let changed = Select::new("Version").empty(which).show(ui, &mut chosen, &choices).changed();
    changed.then(|| if chosen.is_empty() { Json::from(name) } else { Json::from(format!("{name}@{chosen}")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_said_as_far_as_they_reach() {
        assert_eq!(range_words(1, 10), "From 1 to 10");
        assert_eq!(range_words(0, i64::MAX), "At least 0");
        assert_eq!(real_range_words(0.0, 1.0), "From 0 to 1");
        assert_eq!(real_range_words(f64::NEG_INFINITY, f64::INFINITY), "Write a number");
        assert_eq!(real_range_words(f64::MIN, 5.0), "At most 5");
    }
}
