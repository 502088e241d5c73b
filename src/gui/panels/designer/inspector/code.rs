//! Code in the mono face, with its words coloured.

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::{FontSelection, Frame, Galley, Id, Margin, ScrollArea, TextBuffer, TextEdit, Ui};
use serde_json::Value as Json;

use super::form::Typing;
use crate::theme::{self, Tokens};

const ROWS: usize = 12;

pub fn show(ui: &mut Ui, value: &Json, language: &'static str, typing: &mut Typing, id: Id) -> Option<Json> {
    let t = theme::of(ui);
    let mut text = typing.text(id, value.as_str().unwrap_or_default());
    let words = words_of(language);
    let mut layouter = |ui: &Ui, text: &dyn TextBuffer, width: f32| -> Arc<Galley> {
        let mut job = highlight(&t, text.as_str(), words, language);
        job.wrap.max_width = width;
        ui.painter().layout_job(job)
    };
    let frame = Frame::NONE.fill(t.color.surface1).stroke(t.hairline()).corner_radius(t.size.radius);
    let frame = frame.inner_margin(Margin::same(t.size.gap as i8));
    let response = frame
        .show(ui, |ui| {
            ScrollArea::both().id_salt(id).max_height(ROWS as f32 * t.face.mono.line * 1.5).show(ui, |ui| {
                let edit = TextEdit::multiline(&mut text)
                    .id(id)
                    .font(FontSelection::FontId(t.face.mono.font()))
                    .frame(Frame::NONE)
                    .desired_width(f32::INFINITY)
                    .desired_rows(ROWS)
                    .lock_focus(true)
                    .layouter(&mut layouter);
                ui.add(edit)
            })
        })
        .inner
        .inner;
    if language == "python" {
        ui.add(
            egui::Label::new(
                t.caption("Longer code lives well in src/ of the workspace, from where this can import it."),
            )
            .wrap(),
        );
    }
    typing.keep(id, text.clone(), response.has_focus());
    response.changed().then(|| Json::from(text))
}

fn words_of(language: &str) -> &'static [&'static str] {
    match language {
        "sql" => &[
            "select", "from", "where", "group", "by", "order", "having", "join", "left", "right", "inner", "outer",
            "full", "cross", "on", "as", "and", "or", "not", "null", "is", "in", "like", "between", "case", "when",
            "then", "else", "end", "limit", "offset", "distinct", "union", "all", "with", "desc", "asc", "cast",
        ],
        _ => &[
            "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
            "except", "False", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "None",
            "nonlocal", "not", "or", "pass", "raise", "return", "True", "try", "while", "with", "yield",
        ],
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Plain,
    Word,
    Text,
    Number,
    Comment,
}

/// Keywords, strings, numbers and comments told apart; enough to read by, fast enough for every frame.
fn highlight(t: &Tokens, text: &str, words: &[&str], language: &str) -> LayoutJob {
    let mut job = LayoutJob::default();
    for (piece, part) in pieces(text, words, language == "sql") {
        let color = match piece {
            Piece::Plain => t.color.text1,
            Piece::Word => t.data(0),
            Piece::Text => t.color.ok,
            Piece::Number => t.data(1),
            Piece::Comment => t.color.text3,
        };
        job.append(
            part,
            0.0,
            TextFormat { line_height: Some(t.face.mono.line), ..TextFormat::simple(t.face.mono.font(), color) },
        );
    }
    job
}

fn pieces<'a>(text: &'a str, words: &[&str], sql: bool) -> Vec<(Piece, &'a str)> {
    let mut pieces: Vec<(Piece, &'a str)> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let comment = if sql { rest.starts_with("--") } else { first == '#' };
        let (piece, length) = if comment {
            (Piece::Comment, rest.find('\n').unwrap_or(rest.len()))
        } else if first == '"' || first == '\'' {
            (Piece::Text, string_length(rest, first))
        } else if first.is_ascii_digit() {
            (Piece::Number, run(rest, |it| it.is_ascii_alphanumeric() || it == '.'))
        } else if first.is_alphabetic() || first == '_' {
            let length = run(rest, |it| it.is_alphanumeric() || it == '_');
            let word = &rest[..length];
            let known = words.iter().any(|it| if sql { it.eq_ignore_ascii_case(word) } else { *it == word });
            (if known { Piece::Word } else { Piece::Plain }, length)
        } else {
            (Piece::Plain, first.len_utf8())
        };
        pieces.push((piece, &rest[..length]));
        rest = &rest[length..];
    }
    pieces
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|it| !belongs(it)).unwrap_or(text.len())
}

/// Up to and with the closing quote; a text in three quotes runs over lines.
fn string_length(text: &str, quote: char) -> usize {
    let triple: String = std::iter::repeat_n(quote, 3).collect();
    if text.starts_with(&triple) {
        return text[3..].find(&triple).map_or(text.len(), |at| at + 6);
    }
    let mut escaped = false;
    for (at, it) in text.char_indices().skip(1) {
        match it {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => return at,
            it if it == quote => return at + it.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str, sql: bool) -> Vec<(Piece, &str)> {
        let words = words_of(if sql { "sql" } else { "python" });
        pieces(text, words, sql).into_iter().filter(|it| it.0 != Piece::Plain).collect()
    }

    #[test]
    fn nothing_is_lost_and_pieces_are_told_apart() {
        let python = "def f(x):  # double\n    return x * 2 + len(\"a\\\"b\")\n'''two\nlines'''";
        assert_eq!(pieces(python, words_of("python"), false).iter().map(|it| it.1).collect::<String>(), python);
        let found = kinds(python, false);
        assert!(found.contains(&(Piece::Word, "def")) && found.contains(&(Piece::Comment, "# double")));
        assert!(found.contains(&(Piece::Text, "\"a\\\"b\"")) && found.contains(&(Piece::Text, "'''two\nlines'''")));
        assert!(kinds("SELECT a FROM t -- all", true).contains(&(Piece::Word, "SELECT")));
    }

    #[test]
    fn an_open_string_ends_with_its_line() {
        assert_eq!(kinds("'abc\nx", false), [(Piece::Text, "'abc")]);
    }
}
