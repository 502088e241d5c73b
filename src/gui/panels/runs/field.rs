//! The field that runs are filtered in: coloured, completed, and underlined where it is wrong.

use std::sync::Arc;

use egui::{Color32, Response, Stroke, TextFormat, Ui, text::LayoutJob};
use server::filter::lex;
use studio::{RunKeys, RunSort, Studio};

use super::query::{Fault, Meaning, named, quoted};
use crate::{
    backend::{Backend, Request},
    icons::Icon,
    theme::{self, Tokens},
    widgets::{self, Completion, Offer, TextField},
};

/// Offers that are listed at once.
const OFFERS: usize = 8;
const NUMERIC: [&str; 6] = [">", ">=", "<", "<=", "=", "!="];
const TEXTUAL: [&str; 6] = ["=", "!=", "LIKE", "ILIKE", "IS NULL", "IS NOT NULL"];
const ATTRIBUTE: [&str; 6] = ["=", "!=", "LIKE", "ILIKE", "IN", "NOT IN"];
const STATUSES: [&str; 5] = ["FINISHED", "RUNNING", "FAILED", "KILLED", "SCHEDULED"];
const ATTRIBUTES: [&str; 6] = ["status", "run_name", "user_id", "start_time", "end_time", "run_id"];

/// What the field knows beside its text.
#[derive(Default)]
pub struct FilterField {
    keys: Request<RunKeys>,
    values: Request<Vec<String>>,
    /// The text that was read, and what is wrong with it.
    read: String,
    faults: Vec<Fault>,
    dismissed: bool,
}

/// Where in a comparison the cursor is.
#[derive(Clone, Debug, PartialEq)]
enum Place {
    Name,
    /// After this name.
    Operator(String),
    /// To compare this name with.
    Value(String),
    /// After a comparison.
    Joint,
}

impl FilterField {
    pub fn show(
        &mut self,
        ui: &mut Ui,
        text: &mut String,
        example: &str,
        width: f32,
        revision: u64,
        backend: &Backend,
    ) -> Response {
        self.keys.ensure(revision, backend, |studio: &Arc<Studio>| studio.run_keys());
        let id = ui.make_persistent_id("filter");
        let focused = ui.memory(|memory| memory.has_focus(id));
        let cursor = widgets::cursor(ui, id).unwrap_or_else(|| text.chars().count());
        let before: String = text.chars().take(cursor).collect();
        let (place, word) = place(&before);
        let offers = if focused && !self.dismissed { self.offers(&place, word, &before, backend) } else { Vec::new() };
        self.read(text);
        // While a comparison is being written, that it is not one yet goes without saying.
        let at_end = cursor == text.chars().count();
        let error = self.faults.first().filter(|fault| !at_end || fault.at.end < text.len());
        let error = error.map(|fault| fault.words.clone());
        let completion = Completion {
            id,
            offers: &offers,
            replaces: word.chars().count(),
            error: error.as_deref().filter(|_| focused),
        };
        let mut taken = completion.keys(ui);
        let t = theme::of(ui);
        let faults = self.faults.clone();
        let layout = |text: &str| coloured(&t, text, &faults);
        let field = TextField::search(text, if example.is_empty() { "metrics.auc > 0.9" } else { example })
            .name("Filter runs")
            .icon(Icon::Search)
            .width(width)
            .mono()
            .error(error.is_some())
            .layout(&layout)
            .id(id);
        let mut response = ui.add(field);
        taken = taken.or(completion.list(ui, &response));
        if response.changed() {
            self.dismissed = false;
        }
        if focused && ui.input(|input| input.key_pressed(egui::Key::Escape)) {
            self.dismissed = true;
        }
        if let Some(offer) = taken {
            completion.take(ui, text, offer);
            response.mark_changed();
        }
        match self.faults.first().filter(|_| !focused) {
            Some(fault) => response.on_hover_text(&fault.words),
            None => response,
        }
    }

    fn read(&mut self, text: &str) {
        if self.read != text {
            self.read = text.to_owned();
            self.faults = match Meaning::of(text) {
                Meaning::Faults(faults) => faults,
                _ => Vec::new(),
            };
        }
    }

    fn offers(&mut self, place: &Place, word: &str, before: &str, backend: &Backend) -> Vec<Offer> {
        let plain = |text: &str, note: &'static str| Offer {
            shown: text.to_owned(),
            text: format!("{text} "),
            note: note.into(),
        };
        let begins = |text: &&str| text.to_lowercase().starts_with(&word.to_lowercase()) && *text != word;
        match place {
            Place::Name if word.is_empty() && before.trim().is_empty() => Vec::new(),
            Place::Name => self.names(word),
            Place::Operator(name) => {
                let all = if name.starts_with("metric") || name.ends_with("_time") {
                    &NUMERIC
                } else if entity(name) == Some("attributes") {
                    &ATTRIBUTE
                } else {
                    &TEXTUAL
                };
                all.iter().copied().filter(begins).map(|text| plain(text, "")).collect()
            }
            Place::Value(name) => self.values(name, word, backend),
            Place::Joint => ["AND"].into_iter().filter(begins).map(|text| plain(text, "and also")).collect(),
        }
    }

    /// Names that hold the word: those that begin with it first.
    fn names(&self, word: &str) -> Vec<Offer> {
        let Some(keys) = self.keys.value() else { return Vec::new() };
        let word = word.to_lowercase();
        let keyed = |entity: &'static str, note: &'static str, keys: &[String]| -> Vec<Offer> {
            let offer = |key: &String| {
                let text = named(entity, key);
                Offer { shown: text.clone(), text: format!("{text} "), note: note.into() }
            };
            keys.iter().map(offer).collect()
        };
        let mut all = keyed("metrics", "metric", &keys.metrics);
        all.extend(keyed("params", "parameter", &keys.params));
        all.extend(keyed("tags", "tag", &keys.tags));
        let attributes: Vec<String> = ATTRIBUTES.iter().map(|name| (*name).to_owned()).collect();
        all.extend(keyed("attributes", "of the run", &attributes));
        let mut fits: Vec<(bool, Offer)> = all
            .into_iter()
            .filter_map(|offer| {
                let shown = offer.shown.to_lowercase();
                let key = shown.split_once('.').map_or("", |(_, key)| key.trim_matches('`'));
                let begins = shown.starts_with(&word) || key.starts_with(&word);
                (begins || shown.contains(&word)).then_some((!begins, offer))
            })
            .collect();
        fits.sort_by_key(|(later, _)| *later);
        fits.into_iter().map(|(_, offer)| offer).take(OFFERS).collect()
    }

    /// Values that runs have of this parameter or tag.
    fn values(&mut self, name: &str, word: &str, backend: &Backend) -> Vec<Offer> {
        let Some((entity, key)) = entity(name).zip(name.split_once('.').map(|(_, key)| key.trim_matches(['`', '"'])))
        else {
            return Vec::new();
        };
        let known: Vec<String> = match entity {
            "attributes" if key == "status" => STATUSES.iter().map(|word| (*word).to_owned()).collect(),
            "params" | "tags" => {
                let of = if entity == "params" { RunSort::Param(key.to_owned()) } else { RunSort::Tag(key.to_owned()) };
                self.values.ensure_of(name, (), backend, move |studio: &Arc<Studio>| studio.run_values(&of, 200));
                self.values.value().cloned().unwrap_or_default()
            }
            _ => return Vec::new(),
        };
        let needle = word.trim_matches(['\'', '"']).to_lowercase();
        let fits = known.into_iter().filter(|value| value.to_lowercase().contains(&needle));
        let offer =
            |value: String| Some(Offer { text: format!("{} ", quoted(&value)?), shown: value, note: "".into() });
        fits.filter_map(offer).filter(|offer| offer.text.trim() != word).take(OFFERS).collect()
    }
}

/// The kind of thing that a name means, in the word that MLflow prefers.
fn entity(name: &str) -> Option<&'static str> {
    match name.split_once('.').map(|(entity, _)| entity) {
        Some("metric" | "metrics") => Some("metrics"),
        Some("param" | "params" | "parameter" | "parameters") => Some("params"),
        Some("tag" | "tags") => Some("tags"),
        None | Some("attribute" | "attributes" | "attr" | "run") => Some("attributes"),
        _ => None,
    }
}

/// What is expected at the end of `before`, and the beginning of it that is already written.
fn place(before: &str) -> (Place, &str) {
    let mut tokens = lex::tokens(before);
    let open = unclosed(before);
    let word = match (open, tokens.last()) {
        (Some(at), _) => {
            tokens.retain(|token| token.start < at);
            &before[at..]
        }
        (None, Some(last)) if !before.ends_with(char::is_whitespace) => {
            let at = last.start;
            tokens.pop();
            &before[at..]
        }
        _ => "",
    };
    let place = match tokens.as_slice() {
        [] => Place::Name,
        [.., last] if last.is("AND") => Place::Name,
        [.., name, last] if last.kind == lex::Kind::Comparison || last.is("IN") => Place::Value(name.text.to_owned()),
        [.., last] if last.kind == lex::Kind::Identifier => Place::Operator(last.text.to_owned()),
        _ => Place::Joint,
    };
    (place, word)
}

/// Where a quote begins that nothing closes.
fn unclosed(text: &str) -> Option<usize> {
    let mut open: Option<(char, usize)> = None;
    for (at, c) in text.char_indices() {
        match open {
            Some((quote, _)) if c == quote => open = None,
            None if matches!(c, '\'' | '"') => open = Some((c, at)),
            _ => {}
        }
    }
    open.map(|(_, at)| at)
}

fn coloured(t: &Tokens, text: &str, faults: &[Fault]) -> LayoutJob {
    let mut job = LayoutJob { break_on_newline: false, ..LayoutJob::default() };
    let mut at = 0;
    let tokens = lex::tokens(text);
    let mut push = |range: std::ops::Range<usize>, color: Color32| {
        let wrong = faults.iter().any(|fault| fault.at.start < range.end && range.start < fault.at.end);
        let underline = if wrong { Stroke::new(t.size.line_strong, t.color.error) } else { Stroke::NONE };
        let format = TextFormat { font_id: t.face.mono.font(), color, underline, ..TextFormat::default() };
        job.append(&text[range], 0.0, format);
    };
    let language = tokens.iter().any(|token| token.kind == lex::Kind::Comparison);
    for token in &tokens {
        if at < token.start {
            push(at..token.start, t.color.text1);
        }
        at = token.start + token.text.len();
        push(token.start..at, if language { colour(t, token.kind) } else { t.color.text1 });
    }
    if at < text.len() {
        push(at..text.len(), t.color.text1);
    }
    job
}

fn colour(t: &Tokens, kind: lex::Kind) -> Color32 {
    match kind {
        lex::Kind::Keyword => t.color.accent,
        lex::Kind::Text | lex::Kind::Parenthesis => t.color.ok,
        lex::Kind::Comparison => t.color.text2,
        _ => t.color.text1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_next_is_known() {
        let at = |text: &str| {
            let (place, word) = place(text);
            (place, word.to_owned())
        };
        assert_eq!(at(""), (Place::Name, String::new()));
        assert_eq!(at("met"), (Place::Name, "met".to_owned()));
        assert_eq!(at("metrics.a"), (Place::Name, "metrics.a".to_owned()));
        assert_eq!(at("metrics.auc "), (Place::Operator("metrics.auc".to_owned()), String::new()));
        assert_eq!(at("params.a = "), (Place::Value("params.a".to_owned()), String::new()));
        assert_eq!(at("params.a = 'x y"), (Place::Value("params.a".to_owned()), "'x y".to_owned()));
        assert_eq!(at("params.a = 'x' "), (Place::Joint, String::new()));
        assert_eq!(at("params.a = 'x' and m"), (Place::Name, "m".to_owned()));
    }
}
