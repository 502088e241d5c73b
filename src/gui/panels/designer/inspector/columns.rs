//! Choosing columns of the incoming table: searched, with the kind of each; by name where the table is not known yet.

use egui::{Id, Popup, PopupCloseBehavior, Response, ScrollArea, Sense, Stroke, StrokeKind, Ui, vec2};
use serde_json::Value as Json;
use studio::data::schema::{Column, Kind};
use studio::pipeline::component::{Accept, Param};

use super::form::{Known, Typing};
use crate::icons;
use crate::theme;
use crate::widgets::{self, Button, ListRow, TextField};

/// Whether a column parameter takes a column of this kind.
pub fn accepts(accept: Accept, kind: Kind) -> bool {
    match accept {
        Accept::Any => true,
        Accept::Numeric => kind.is_numeric(),
        Accept::Text => kind.is_textual(),
        Accept::Temporal => kind.is_temporal(),
        Accept::NumericOrBoolean => kind.is_numeric() || kind == Kind::Boolean,
    }
}

/// A letter or two that tell a column's kind.
pub fn glyph(kind: Kind) -> &'static str {
    match kind {
        Kind::Boolean => "0/1",
        Kind::Integer => "123",
        Kind::Real => "1.2",
        Kind::Decimal => "1.20",
        Kind::Text => "abc",
        Kind::Category => "cat",
        Kind::Date => "day",
        Kind::DateTime | Kind::Time => "time",
        Kind::Duration => "dur",
        Kind::Other => "…",
    }
}

/// One column, or none where that is allowed.
#[expect(clippy::too_many_arguments, reason = "one call for each field; a struct would be built to be taken apart")]
pub fn one(
    ui: &mut Ui,
    param: &Param,
    value: &Json,
    port: &str,
    accept: Accept,
    known: &Known<'_>,
    typing: &mut Typing,
    id: Id,
) -> Option<Json> {
    let current = value.as_str().unwrap_or_default();
    let Some((schema, _)) = known.columns(port).filter(|(schema, _)| !schema.is_empty()) else {
        return by_name(ui, param, current, typing, id);
    };
    let words = if current.is_empty() { if param.optional { "None" } else { "Choose a column" } } else { current };
    let field = opener(ui, id, param.title, words, !current.is_empty());
    let mut chosen = None;
    popup(&field, |ui| {
        let query = search(ui, id);
        if param.optional && query.is_empty() && row_of("None", "", current.is_empty(), ui) {
            chosen = Some(Json::Null);
        }
        list(ui, &schema.columns, accept, &query, |ui, column| {
            if row_of(&column.name, glyph(column.kind), column.name == current, ui) {
                chosen = Some(Json::from(column.name.clone()));
            }
        });
    });
    if chosen.is_some() {
        close(ui, &field, id);
    }
    chosen.filter(|new| new != value)
}

fn by_name(ui: &mut Ui, param: &Param, current: &str, typing: &mut Typing, id: Id) -> Option<Json> {
    let mut text = typing.text(id, current);
    let hint = if param.optional { "None" } else { "Column name" };
    let response = ui.add(TextField::new(&mut text).hint(hint).id(id));
    let response = response.on_hover_text("The columns are not known until a table is connected and checked.");
    typing.keep(id, text.clone(), response.has_focus());
    let new = if text.is_empty() { Json::Null } else { Json::from(text) };
    response.changed().then_some(new)
}

/// Several columns, in the order they were chosen.
#[expect(clippy::too_many_arguments, reason = "one call for each field; a struct would be built to be taken apart")]
pub fn many(
    ui: &mut Ui,
    name: &str,
    value: &Json,
    port: &str,
    accept: Accept,
    empty: &str,
    known: &Known<'_>,
    id: Id,
) -> Option<Json> {
    let mut chosen: Vec<String> = strings(value);
    let before = chosen.clone();
    let words = match chosen.len() {
        0 => empty.to_owned(),
        1 => chosen[0].clone(),
        count => format!("{count} columns"),
    };
    let field = opener(ui, id, name, &words, !chosen.is_empty());
    let columns: &[Column] = known.columns(port).map_or(&[], |(schema, _)| &schema.columns);
    popup(&field, |ui| {
        let query = search(ui, id);
        let fitting = || columns.iter().filter(|column| accepts(accept, column.kind));
        ui.horizontal(|ui| {
            if ui.add(Button::quiet("All")).clicked() {
                for column in fitting().filter(|column| matches(&column.name, &query)) {
                    if !chosen.contains(&column.name) {
                        chosen.push(column.name.clone());
                    }
                }
            }
            if ui.add(Button::quiet("None")).clicked() {
                chosen.retain(|name| !matches(name, &query));
            }
        });
        list(ui, columns, accept, &query, |ui, column| tick(ui, &column.name, glyph(column.kind), &mut chosen));
        // Names that the table does not have (any more) stay visible, so that they can be taken out.
        let gone: Vec<String> =
            chosen.iter().filter(|name| !columns.iter().any(|it| it.name == **name)).cloned().collect();
        for name in gone {
            tick(ui, &name, "not there", &mut chosen);
        }
        let typed = query.trim();
        let unknown =
            !typed.is_empty() && !columns.iter().any(|it| it.name == typed) && !before.iter().any(|it| it == typed);
        if unknown && ui.add(Button::quiet(format!("Add “{typed}”"))).clicked() {
            chosen.push(typed.to_owned());
        }
    });
    chips(ui, &mut chosen);
    (chosen != before).then(|| Json::from(chosen))
}

fn row_of(name: &str, note: &str, on: bool, ui: &mut Ui) -> bool {
    let row = ListRow::new(name).note(note).selected(on).height(theme::of(ui).size.control);
    let row = if on { row.icon(icons::Icon::Check) } else { row };
    row.show(ui).clicked()
}

fn tick(ui: &mut Ui, name: &str, note: &str, chosen: &mut Vec<String>) {
    let on = chosen.iter().any(|it| it == name);
    if row_of(name, note, on, ui) {
        if on { chosen.retain(|it| it != name) } else { chosen.push(name.to_owned()) }
    }
}

/// The first few chosen names below the field; a click takes one out.
fn chips(ui: &mut Ui, chosen: &mut Vec<String>) {
    const MOST: usize = 8;
    if chosen.len() < 2 {
        return;
    }
    let mut out = None;
    ui.horizontal_wrapped(|ui| {
        let t = theme::of(ui);
        ui.spacing_mut().item_spacing = vec2(t.size.grid, t.size.grid);
        for (index, name) in chosen.iter().take(MOST).enumerate() {
            let chip =
                widgets::Chip::new(name.as_str()).icon(icons::Icon::Close).click().name(format!("Take out {name}"));
            if ui.add(chip).clicked() {
                out = Some(index);
            }
        }
        if chosen.len() > MOST {
            ui.label(t.caption(format!("and {} more", chosen.len() - MOST)));
        }
    });
    if let Some(out) = out {
        chosen.remove(out);
    }
}

pub fn strings(value: &Json) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned)).collect()
}

fn matches(name: &str, query: &str) -> bool {
    query.is_empty() || name.to_lowercase().contains(&query.to_lowercase())
}

/// The closed field.
fn opener(ui: &mut Ui, id: Id, name: &str, words: &str, filled: bool) -> Response {
    let t = theme::of(ui);
    let (_, rect) = ui.allocate_space(vec2(ui.available_width(), t.size.control));
    let response = ui.interact(rect, id, Sense::click());
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::ComboBox, ui.is_enabled(), name);
        info.current_text_value = Some(words.to_owned());
        info
    });
    let edge = if Popup::is_id_open(ui, Popup::default_response_id(&response)) {
        Stroke::new(t.size.line, t.color.accent)
    } else if response.hovered() {
        t.border()
    } else {
        t.hairline()
    };
    ui.painter().rect(rect, t.size.radius, t.color.surface1, edge, StrokeKind::Inside);
    let inside = rect.shrink2(vec2(t.size.gap, 0.0)).with_max_x(rect.right() - 20.0);
    let color = if filled { t.color.text1 } else { t.color.text2 };
    widgets::paint_text(ui.painter(), inside, egui::Align2::LEFT_CENTER, words, &t.face.small, color);
    icons::paint_caret(ui.painter(), rect.right_center() - vec2(12.0, 0.0), t.color.text2);
    widgets::focus_ring(ui, &response, t.size.radius);
    response
}

fn popup(field: &Response, contents: impl FnOnce(&mut Ui)) {
    Popup::menu(field)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .width(field.rect.width().max(220.0))
        .show(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            contents(ui);
        });
}

fn close(ui: &Ui, field: &Response, id: Id) {
    Popup::close_id(ui, Popup::default_response_id(field));
    ui.data_mut(|data| data.remove::<String>(id.with("query")));
}

fn search(ui: &mut Ui, id: Id) -> String {
    let key = id.with("query");
    let mut query = ui.data(|data| data.get_temp::<String>(key)).unwrap_or_default();
    ui.add(TextField::search(&mut query, "Find a column"));
    ui.data_mut(|data| data.insert_temp(key, query.clone()));
    query
}

/// The fitting columns that match; only those in sight are drawn.
fn list(ui: &mut Ui, columns: &[Column], accept: Accept, query: &str, mut row: impl FnMut(&mut Ui, &Column)) {
    let t = theme::of(ui);
    let found: Vec<&Column> =
        columns.iter().filter(|column| accepts(accept, column.kind) && matches(&column.name, query)).collect();
    if found.is_empty() {
        ui.label(t.secondary("No column fits"));
        return;
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    let height = t.size.control;
    ScrollArea::vertical().max_height(260.0).show_rows(ui, height, found.len(), |ui, rows| {
        for column in &found[rows] {
            row(ui, column);
        }
    });
}
