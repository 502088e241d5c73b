//! Expressions over columns: checked while they are typed, completed from the columns and functions there are.

use egui::{Id, Ui};
use serde_json::Value as Json;
use studio::data::expression;
use studio::data::schema::Schema;

use super::columns::glyph;
use super::form::{Known, Typing};
use crate::icons::Glyph;
use crate::widgets::{self, Completion, Offer, TextField};

const OFFERS: usize = 7;

pub fn show(ui: &mut Ui, value: &Json, port: &str, known: &Known<'_>, typing: &mut Typing, id: Id) -> Option<Json> {
    let schema = known.columns(port);
    let mut text = typing.text(id, value.as_str().unwrap_or_default());
    let columns = schema.map(|(schema, _)| schema);
    let focused = ui.memory(|memory| memory.has_focus(id));
    let cursor = widgets::cursor(ui, id).unwrap_or_else(|| text.chars().count());
    let word = word_at(&text, cursor);
    let offers = if focused { offers(columns, &word) } else { Vec::new() };
    let completion = Completion { id, offers: &offers, replaces: word.chars().count(), error: None };
    let mut taken = completion.keys(ui);
    let response =
        ui.add(TextField::new(&mut text).rows(2).mono().hint("\"mean radius\" > 12 AND diagnosis = 'benign'").id(id));
    let mut changed = response.changed();
    taken = taken.or(completion.list(ui, &response));
    if let Some(offer) = taken {
        completion.take(ui, &mut text, offer);
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

/// The beginning of a name right before the cursor.
fn word_at(text: &str, cursor: usize) -> String {
    let before: Vec<char> = text.chars().take(cursor).collect();
    let start = before.iter().rposition(|it| !(it.is_alphanumeric() || *it == '_')).map_or(0, |at| at + 1);
    before[start..].iter().collect()
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
        note: glyph(it.kind).to_owned().into(),
    };
    let begins = |name: &str| name.to_lowercase().starts_with(&lower);
    let first = columns().filter(|it| begins(&it.name)).map(column);
    let functions = expression::FUNCTIONS.iter().filter(|it| begins(it.name)).map(|it| Offer {
        shown: it.signature.to_owned(),
        text: format!("{}(", it.name),
        note: "function".into(),
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
        let word = word_at("age > 3 and me < 2", 14);
        assert_eq!(word, "me");
        let offers = offers(Some(&schema), &word);
        assert_eq!(offers[0].shown, "mean radius");
        assert_eq!(offers[0].text, "\"mean radius\"");
    }

    #[test]
    fn offers_nothing_for_nothing() {
        assert!(offers(None, "").is_empty());
    }
}
