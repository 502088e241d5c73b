//! A list of objects: one small form each.

use egui::{Id, Ui};
use serde_json::{Map, Value as Json};
use studio::pipeline::component::Param;

use super::field;
use super::form::{Known, Typing};
use crate::icons::Icon;
use crate::theme;
use crate::widgets::{self, Button};

pub fn show(
    ui: &mut Ui,
    value: &Json,
    fields: &'static [Param],
    known: &Known<'_>,
    typing: &mut Typing,
    id: Id,
) -> Option<Json> {
    let mut rows: Vec<Map<String, Json>> =
        value.as_array().into_iter().flatten().map(|row| row.as_object().cloned().unwrap_or_default()).collect();
    let before = rows.clone();
    let mut todo = None;
    let count = rows.len();
    for (index, row) in rows.iter_mut().enumerate() {
        ui.push_id(index, |ui| {
            todo = one(ui, row, fields, known, typing, id.with(index), index, count).or(todo.take());
        });
    }
    match todo {
        Some(Todo::Remove(index)) => {
            rows.remove(index);
            typing.clear();
        }
        Some(Todo::Up(index)) => {
            rows.swap(index, index - 1);
            typing.clear();
        }
        None => {}
    }
    if ui.add(Button::quiet("Add").with_icon(Icon::Plus)).clicked() {
        rows.push(Map::new());
    }
    let rows_json = |rows: Vec<Map<String, Json>>| Json::Array(rows.into_iter().map(Json::Object).collect());
    (rows != before).then(|| rows_json(rows))
}

enum Todo {
    Remove(usize),
    Up(usize),
}

#[expect(clippy::too_many_arguments, reason = "one call for each row; a struct would be built to be taken apart")]
fn one(
    ui: &mut Ui,
    row: &mut Map<String, Json>,
    fields: &'static [Param],
    known: &Known<'_>,
    typing: &mut Typing,
    id: Id,
    index: usize,
    count: usize,
) -> Option<Todo> {
    let t = theme::of(ui);
    let mut todo = None;
    widgets::card_frame(&t).inner_margin(t.size.gap).fill(t.color.surface2).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.label(t.caption(format!("{}", index + 1)));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.add(Button::icon(Icon::Close, format!("Take out entry {}", index + 1))).clicked() {
                    todo = Some(Todo::Remove(index));
                }
                let up =
                    Button::icon(Icon::ArrowUp, format!("Move entry {} up", index + 1)).enabled(index > 0 && count > 1);
                if ui.add(up).clicked() {
                    todo = Some(Todo::Up(index));
                }
            });
        });
        for param in fields {
            let value = row.get(param.name).cloned().unwrap_or_else(|| param.default.to_json());
            let id = id.with(param.name);
            let shown = widgets::field_row(ui, param.title, |ui| field::show(ui, param, &value, known, typing, id));
            if let Some(new) = shown.inner {
                row.insert(param.name.to_owned(), new);
            }
        }
    });
    todo
}
