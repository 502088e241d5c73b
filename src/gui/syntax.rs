//! Code with its words coloured: enough to read by, fast enough for every frame.

use egui::Color32;
use egui::text::{LayoutJob, TextFormat};

use crate::theme::Tokens;

/// How a text is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    Plain,
    Python,
    Sql,
    Yaml,
}

impl Language {
    /// By a name such as `python`, or a file's ending.
    pub fn of(name: &str) -> Self {
        match name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase().as_str() {
            "python" | "py" => Self::Python,
            "sql" => Self::Sql,
            "yaml" | "yml" | "toml" => Self::Yaml,
            _ => Self::Plain,
        }
    }

    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Sql => &[
                "select", "from", "where", "group", "by", "order", "having", "join", "left", "right", "inner", "outer",
                "full", "cross", "on", "as", "and", "or", "not", "null", "is", "in", "like", "between", "case", "when",
                "then", "else", "end", "limit", "offset", "distinct", "union", "all", "with", "desc", "asc", "cast",
            ],
            Self::Python => &[
                "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
                "except", "False", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "None",
                "nonlocal", "not", "or", "pass", "raise", "return", "True", "try", "while", "with", "yield",
            ],
            Self::Plain | Self::Yaml => &[],
        }
    }
}

/// What a part of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    Plain,
    /// A keyword, or the key of a mapping.
    Word,
    Text,
    Number,
    Comment,
}

impl Piece {
    pub fn color(self, t: &Tokens) -> Color32 {
        match self {
            Self::Plain => t.color.text1,
            Self::Word => t.data(0),
            Self::Text => t.color.ok,
            Self::Number => t.data(1),
            Self::Comment => t.color.text3,
        }
    }
}

/// `text` in the mono face.
pub fn layout(t: &Tokens, text: &str, language: Language) -> LayoutJob {
    let mut job = LayoutJob::default();
    for (piece, part) in pieces(text, language) {
        job.append(part, 0.0, format(t, piece));
    }
    job
}

/// How a part is set.
pub fn format(t: &Tokens, piece: Piece) -> TextFormat {
    let format = TextFormat::simple(t.face.mono.font(), piece.color(t));
    TextFormat { line_height: Some(t.face.mono.line), ..format }
}

/// The parts of a text; one after the other they are the text.
pub fn pieces(text: &str, language: Language) -> Vec<(Piece, &str)> {
    match language {
        Language::Plain => vec![(Piece::Plain, text)],
        Language::Yaml => text.split_inclusive('\n').flat_map(yaml_line).collect(),
        Language::Python | Language::Sql => code(text, language),
    }
}

fn code(text: &str, language: Language) -> Vec<(Piece, &str)> {
    let (words, sql) = (language.words(), language == Language::Sql);
    let mut pieces: Vec<(Piece, &str)> = Vec::new();
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

/// The key, the value and the comment of a line; TOML's are near enough.
fn yaml_line(line: &str) -> Vec<(Piece, &str)> {
    let start = line.len() - line.trim_start_matches([' ', '-']).len();
    let (head, rest) = line.split_at(start);
    let mut pieces = vec![(Piece::Plain, head)];
    let end = rest.find(": ").or_else(|| rest.find(":\n")).or_else(|| rest.strip_suffix(':').map(str::len));
    let end = end.or_else(|| rest.find(" = ")).filter(|end| !rest[..*end].contains(['#', '{', '[', '"']));
    let value = match end {
        Some(end) => {
            pieces.push((Piece::Word, &rest[..end]));
            &rest[end..]
        }
        None => rest,
    };
    let comment = if value.starts_with('#') { Some(0) } else { value.find(" #") };
    let (value, comment) = value.split_at(comment.unwrap_or(value.len()));
    pieces.extend(code(value, Language::Yaml));
    pieces.push((Piece::Comment, comment));
    pieces.retain(|(_, part)| !part.is_empty());
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

    fn kinds(text: &str, language: Language) -> Vec<(Piece, &str)> {
        pieces(text, language).into_iter().filter(|it| it.0 != Piece::Plain).collect()
    }

    #[test]
    fn nothing_is_lost_and_pieces_are_told_apart() {
        let python = "def f(x):  # double\n    return x * 2 + len(\"a\\\"b\")\n'''two\nlines'''";
        assert_eq!(pieces(python, Language::Python).iter().map(|it| it.1).collect::<String>(), python);
        let found = kinds(python, Language::Python);
        assert!(found.contains(&(Piece::Word, "def")) && found.contains(&(Piece::Comment, "# double")));
        assert!(found.contains(&(Piece::Text, "\"a\\\"b\"")) && found.contains(&(Piece::Text, "'''two\nlines'''")));
        assert!(kinds("SELECT a FROM t -- all", Language::Sql).contains(&(Piece::Word, "SELECT")));
    }

    #[test]
    fn an_open_string_ends_with_its_line() {
        assert_eq!(kinds("'abc\nx", Language::Python), [(Piece::Text, "'abc")]);
    }

    #[test]
    fn keys_of_a_mapping_are_words() {
        let yaml = "jobs:\n  - split: 0.3  # of it\n    text: \"a: b\"\n# all\n  plain\n";
        assert_eq!(pieces(yaml, Language::Yaml).iter().map(|it| it.1).collect::<String>(), yaml);
        let found = kinds(yaml, Language::Yaml);
        let wanted = [
            (Piece::Word, "jobs"),
            (Piece::Word, "split"),
            (Piece::Number, "0.3"),
            (Piece::Comment, " # of it\n"),
            (Piece::Word, "text"),
            (Piece::Text, "\"a: b\""),
            (Piece::Comment, "# all\n"),
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn languages_are_known_by_their_endings() {
        assert_eq!(Language::of("src/clean.py"), Language::Python);
        assert_eq!(Language::of("pipelines/a.YAML"), Language::Yaml);
        assert_eq!(Language::of("python"), Language::Python);
        assert_eq!(Language::of("README"), Language::Plain);
    }
}
