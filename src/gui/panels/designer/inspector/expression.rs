//! Expressions over columns: checked while they are typed, completed from the columns and functions there are.

use egui::text::{CCursor, CCursorRange};
use egui::{Id, Key, Modifiers, Popup, PopupCloseBehavior, TextEdit, Ui};
use serde_json::Value as Json;
use studio::data::expression;
use studio::data::schema::Schema;

use super::columns::glyph;
use super::form::{Known, Typing};
use crate::icons::Glyph;
use crate::theme;
use crate::widgets::{self, ListRow, TextField};

/// Something that can be completed to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Offer {
    /// What the list shows.
    shown: String,
    /// What is written.
    text: String,
    note: String,
}

const OFFERS: usize = 7;

pub fn show(ui: &mut Ui, value: &Json, port: &str, known: &Known<'_>, typing: &mut Typing, id: Id) -> Option<Json> {
    let schema = known.columns(port);
    let mut text = typing.text(id, value.as_str().unwrap_or_default());
    let columns = schema.map(|(schema, _)| schema);
    let focused = ui.memory(|memory| memory.has_focus(id));
    let cursor = cursor(ui, id).unwrap_or_else(|| text.chars().count());
    let word = word_at(&text, cursor);
    let offers = if focused { offers(columns, &word) } else { Vec::new() };
    let taken = if offers.is_empty() { None } else { keys(ui, id, offers.len()) };

    let response =
        ui.add(TextField::new(&mut text).rows(2).mono().hint("\"mean radius\" > 12 AND diagnosis = 'benign'").id(id));
    let mut changed = response.changed();
    let mut taken = taken;
    if !offers.is_empty() {
        let chosen = chosen(ui, id, offers.len());
        Popup::from_response(&response)
            .open(true)
            .close_behavior(PopupCloseBehavior::IgnoreClicks)
            .width(response.rect.width())
            .show(|ui| {
                let t = theme::of(ui);
                ui.spacing_mut().item_spacing.y = 0.0;
                for (index, offer) in offers.iter().enumerate() {
                    let row = ListRow::new(&offer.shown).note(&offer.note).selected(index == chosen);
                    if row.height(t.size.hit).show(ui).clicked() {
                        taken = Some(index);
                    }
                }
            });
    }
    if let Some(offer) = taken.and_then(|index| offers.get(index)) {
        let end = complete(&mut text, cursor, &word, &offer.text);
        put_cursor(ui, id, end);
        ui.memory_mut(|memory| memory.request_focus(id));
        changed = true;
    }
    if let Some((schema, open)) = schema
        && !open
        && !text.trim().is_empty()
        && let Err(error) = expression::validate(&text, schema)
    {
        let hint = error.suggestion.as_ref().map_or_else(String::new, |it| format!(" Did you mean {it}?"));
        widgets::message(ui, Glyph::Error, &format!("{}{hint}", error.sentence));
    }
    typing.keep(id, text.clone(), focused || taken.is_some());
    changed.then(|| Json::from(text)).filter(|new| new != value)
}

/// Up, down, and Tab or Enter to take the offer; the keys go no further.
fn keys(ui: &Ui, id: Id, count: usize) -> Option<usize> {
    let at = chosen(ui, id, count);
    let (up, down, take) = ui.input_mut(|input| {
        let mut pressed = |key| input.consume_key(Modifiers::NONE, key);
        (pressed(Key::ArrowUp), pressed(Key::ArrowDown), pressed(Key::Tab) || pressed(Key::Enter))
    });
    let moved = if up {
        at.saturating_sub(1)
    } else if down {
        (at + 1).min(count - 1)
    } else {
        at
    };
    ui.data_mut(|data| data.insert_temp(id.with("offer"), if take { 0 } else { moved }));
    take.then_some(at)
}

fn chosen(ui: &Ui, id: Id, count: usize) -> usize {
    ui.data(|data| data.get_temp::<usize>(id.with("offer"))).unwrap_or_default().min(count.saturating_sub(1))
}

/// In characters.
fn cursor(ui: &Ui, id: Id) -> Option<usize> {
    TextEdit::load_state(ui.ctx(), id)?.cursor.char_range().map(|range| range.primary.index.into())
}

fn put_cursor(ui: &Ui, id: Id, at: usize) {
    if let Some(mut state) = TextEdit::load_state(ui.ctx(), id) {
        state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(at))));
        TextEdit::store_state(ui.ctx(), id, state);
    }
}

/// The beginning of a name right before the cursor.
fn word_at(text: &str, cursor: usize) -> String {
    let before: Vec<char> = text.chars().take(cursor).collect();
    let start = before.iter().rposition(|it| !(it.is_alphanumeric() || *it == '_')).map_or(0, |at| at + 1);
    before[start..].iter().collect()
}

/// Replaces `word` before the cursor; where the cursor stands then, in characters.
fn complete(text: &mut String, cursor: usize, word: &str, by: &str) -> usize {
    let start = cursor - word.chars().count();
    let head: String = text.chars().take(start).collect();
    let tail: String = text.chars().skip(cursor).collect();
    *text = format!("{head}{by}{tail}");
    start + by.chars().count()
}

/// Columns first, then functions, that begin with `word`; then columns that contain it.
fn offers(schema: Option<&Schema>, word: &str) -> Vec<Offer> {
    if word.is_empty() {
        return Vec::new();
    }
    let lower = word.to_lowercase();
    let columns = || schema.into_iter().flat_map(|schema| &schema.columns);
    let column = |it: &studio::data::schema::Column| Offer {
        shown: it.name.clone(),
        text: quoted(&it.name),
        note: glyph(it.kind).to_owned(),
    };
    let begins = |name: &str| name.to_lowercase().starts_with(&lower);
    let first = columns().filter(|it| begins(&it.name)).map(column);
    let functions = expression::FUNCTIONS.iter().filter(|it| begins(it.name)).map(|it| Offer {
        shown: it.signature.to_owned(),
        text: format!("{}(", it.name),
        note: "function".to_owned(),
    });
    let rest = columns().filter(|it| !begins(&it.name) && it.name.to_lowercase().contains(&lower)).map(column);
    let all = first.chain(functions).chain(rest);
    // A name that is written out needs no offer of itself.
    all.filter(|offer| offer.text != word).take(OFFERS).collect()
}

/// A column's name as an expression writes it.
fn quoted(name: &str) -> String {
    let plain = name.chars().next().is_some_and(|it| it.is_alphabetic() || it == '_')
        && name.chars().all(|it| it.is_alphanumeric() || it == '_');
    if plain { name.to_owned() } else { format!("\"{name}\"") }
}

#[cfg(test)]
mod tests {
    use studio::data::schema::Kind;

    use super::*;

    #[test]
    fn completes_the_word_before_the_cursor() {
        let schema = Schema::new([("mean radius", Kind::Real), ("age", Kind::Integer)]);
        let mut text = "age > 3 and me < 2".to_owned();
        let word = word_at(&text, 14);
        assert_eq!(word, "me");
        let offers = offers(Some(&schema), &word);
        assert_eq!(offers[0].shown, "mean radius");
        let end = complete(&mut text, 14, &word, &offers[0].text);
        assert_eq!(text, "age > 3 and \"mean radius\" < 2");
        assert_eq!(end, 25);
    }

    #[test]
    fn offers_nothing_for_nothing() {
        assert!(offers(None, "").is_empty());
    }
}
