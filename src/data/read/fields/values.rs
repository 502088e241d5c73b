//! Values of fields as text: reading what a person typed and writing it again.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::FieldChoice;
use crate::read::options::{Format, Mark, Ragged, TextEncoding};
use crate::schema::{Kind, closest_of};
use crate::temporal::DateOrder;

/// Characters that have a word of their own, as they cannot be seen or mean something to a shell.
const NAMED: [(char, &str); 12] = [
    (',', "comma"),
    (';', "semicolon"),
    ('\t', "tab"),
    (' ', "space"),
    ('|', "bar"),
    ('"', "double"),
    ('\'', "single"),
    ('\\', "backslash"),
    ('.', "dot"),
    ('#', "hash"),
    ('_', "underscore"),
    ('\u{202f}', "narrow-space"),
];

/// The word for “no character”.
pub(super) const NO_MARK: &str = "none";

/// `comma`, `;`, `\t`, …
pub(super) fn character(text: &str) -> Result<char, String> {
    let word = text.to_lowercase();
    if let Some((found, _)) = NAMED.iter().find(|(_, name)| *name == word) {
        return Ok(*found);
    }
    match (word.as_str(), text.chars().next(), text.chars().nth(1)) {
        ("\\t", ..) => Ok('\t'),
        ("pipe", ..) => Ok('|'),
        ("point", ..) => Ok('.'),
        ("apostrophe", ..) => Ok('\''),
        (_, Some(letter), None) => Ok(letter),
        _ => Err(format!("“{text}” is no single character. Give one, or a word such as tab, space or comma.")),
    }
}

/// As [`character`], or `none`.
pub(super) fn mark(text: &str) -> Result<Mark, String> {
    if text.is_empty() || text.eq_ignore_ascii_case(NO_MARK) {
        return Ok(Mark(None));
    }
    character(text).map(|letter| Mark(Some(letter)))
}

/// The word for a character, or itself.
pub(super) fn character_word(letter: char) -> String {
    let named = NAMED.iter().find(|(named, _)| *named == letter);
    named.map_or_else(|| letter.to_string(), |(_, word)| (*word).to_owned())
}

pub(super) fn mark_word(mark: Option<char>) -> String {
    mark.map_or_else(|| NO_MARK.to_owned(), character_word)
}

pub(super) fn yes_no(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "yes" | "true" | "1" => Ok(true),
        "no" | "false" | "0" => Ok(false),
        _ => Err(format!("“{text}” is neither yes nor no.")),
    }
}

pub(super) fn yes_no_word(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

pub(super) fn count(text: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| format!("“{text}” is no whole number of rows."))
}

/// Where fixed columns begin: `0 8 20`, or `none` for delimited text.
pub(super) fn places(text: &str) -> Result<Vec<usize>, String> {
    if text.eq_ignore_ascii_case(NO_MARK) {
        return Ok(Vec::new());
    }
    let parts = text.split([',', ' ', ';']).filter(|part| !part.is_empty());
    let places: Result<Vec<usize>, String> = parts
        .map(|part| part.parse().map_err(|_| format!("“{part}” is no place. Say where columns begin, such as 0,8,20.")))
        .collect();
    let places = places?;
    if places.is_empty() || !places.is_sorted_by(|left, right| left < right) {
        return Err(format!("“{text}” does not go up. Say where columns begin, such as 0,8,20."));
    }
    Ok(places)
}

pub(super) fn places_word(places: &[usize]) -> String {
    if places.is_empty() {
        return NO_MARK.to_owned();
    }
    places.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
}

/// The name that a value is stored under: `day_first`.
fn stored_name<T: Serialize>(value: &T) -> String {
    let json = serde_json::to_value(value).unwrap_or_default();
    json.as_str().unwrap_or_default().to_owned()
}

fn of_stored_name<T: DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_value(name.into()).ok()
}

/// As typed on a command line: `day-first`.
pub(super) fn word<T: Serialize>(value: &T) -> String {
    stored_name(value).replace('_', "-")
}

/// A value of a type that is stored by name, as it is typed: with hyphens, in any case.
pub(super) fn named<T: DeserializeOwned + Serialize>(text: &str, all: &[T]) -> Result<T, String> {
    let folded = text.trim().to_lowercase().replace(['-', ' '], "_");
    if let Some(found) = of_stored_name(&folded) {
        return Ok(found);
    }
    let words: Vec<String> = all.iter().map(word).collect();
    let near = closest_of(text, words.iter().map(String::as_str));
    let hint = match near {
        Some(near) => format!("Did you mean “{near}”?"),
        None => format!("It is one of {}.", words.join(", ")),
    };
    Err(format!("“{text}” is not known. {hint}"))
}

/// A type by its name or by one that other programs give it.
pub(super) fn kind(text: &str) -> Result<Kind, String> {
    let alias = match text.trim().to_lowercase().as_str() {
        "bool" => "boolean",
        "int" | "int64" | "whole" => "integer",
        "float" | "float64" | "double" | "number" => "real",
        "str" | "string" => "text",
        "datetime" | "timestamp" => "date_time",
        other => return named(other, &importable_kinds()),
    };
    named(alias, &importable_kinds())
}

/// The kinds that a column of a file can be read as.
pub fn importable_kinds() -> Vec<Kind> {
    Kind::ALL.into_iter().filter(|kind| !matches!(kind, Kind::Duration | Kind::Other)).collect()
}

/// `COLUMN=TYPE`; the last sign of equality counts, as names may hold some.
pub(super) fn typed_column(text: &str) -> Result<(String, Option<Kind>), String> {
    let Some((column, name)) = text.rsplit_once('=') else {
        return Err(format!("“{text}” names no type. Write COLUMN=TYPE, such as zip=text."));
    };
    let kind = if name.eq_ignore_ascii_case("guess") { None } else { Some(kind(name)?) };
    Ok((column.to_owned(), kind))
}

pub(super) fn encoding(text: &str) -> Result<TextEncoding, String> {
    match encoding_rs::Encoding::for_label(text.trim().as_bytes()) {
        Some(_) => Ok(TextEncoding(text.trim().to_owned())),
        None => {
            let near = closest_of(text, TextEncoding::COMMON.into_iter());
            let hint = near.map_or_else(String::new, |near| format!(" Did you mean “{near}”?"));
            Err(format!("“{text}” is no text encoding.{hint}"))
        }
    }
}

fn offered(value: impl Into<String>, words: impl Into<String>) -> FieldChoice {
    FieldChoice { value: value.into(), words: words.into() }
}

pub(super) fn formats() -> Vec<FieldChoice> {
    Format::ALL.iter().map(|format| offered(word(format), format.name())).collect()
}

pub(super) fn encodings() -> Vec<FieldChoice> {
    TextEncoding::COMMON.iter().map(|name| offered(*name, *name)).collect()
}

pub(super) fn delimiters() -> Vec<FieldChoice> {
    vec![
        offered("comma", "Comma"),
        offered("semicolon", "Semicolon"),
        offered("tab", "Tab"),
        offered("bar", "Vertical bar"),
        offered("space", "Space"),
        offered("^", "Caret ^"),
        offered("~", "Tilde ~"),
        offered(":", "Colon"),
    ]
}

pub(super) fn quotes() -> Vec<FieldChoice> {
    vec![offered("double", "Double quotes"), offered("single", "Single quotes"), offered(NO_MARK, "None")]
}

pub(super) fn escapes() -> Vec<FieldChoice> {
    vec![offered(NO_MARK, "Doubled quotes"), offered("backslash", "Backslash")]
}

pub(super) fn comments() -> Vec<FieldChoice> {
    vec![
        offered(NO_MARK, "None"),
        offered("hash", "#"),
        offered("%", "%"),
        offered("semicolon", "Semicolon"),
        offered("!", "!"),
    ]
}

pub(super) fn yes_or_no() -> Vec<FieldChoice> {
    vec![offered("yes", "Yes"), offered("no", "No")]
}

pub(super) fn decimals() -> Vec<FieldChoice> {
    vec![offered("dot", "Point, as in 1.5"), offered("comma", "Comma, as in 1,5")]
}

pub(super) fn thousands() -> Vec<FieldChoice> {
    vec![
        offered(NO_MARK, "None"),
        offered("comma", "Comma, as in 1,234"),
        offered("dot", "Point, as in 1.234"),
        offered("space", "Space, as in 1 234"),
        offered("single", "Apostrophe, as in 1'234"),
        offered("underscore", "Underscore, as in 1_234"),
    ]
}

pub(super) fn date_orders() -> Vec<FieldChoice> {
    vec![
        offered(word(&DateOrder::DayFirst), "Day first, as in 31/12/2024"),
        offered(word(&DateOrder::MonthFirst), "Month first, as in 12/31/2024"),
    ]
}

pub(super) fn uneven() -> Vec<FieldChoice> {
    vec![offered("refuse", "Stop and say where"), offered("pad", "Fill up or cut off"), offered("skip", "Leave out")]
}

pub(super) fn ragged(text: &str) -> Result<Ragged, String> {
    match text.to_lowercase().as_str() {
        "pad" => Ok(Ragged::PadAndTruncate),
        other => named(other, &[Ragged::Refuse, Ragged::PadAndTruncate, Ragged::Skip]),
    }
}

pub(super) fn ragged_word(ragged: Ragged) -> String {
    if ragged == Ragged::PadAndTruncate { "pad".to_owned() } else { word(&ragged) }
}
