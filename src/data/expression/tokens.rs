//! Where the words of an expression are, so that errors can point at them.

use std::ops::Range;

/// A piece of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A bare name, keyword or function.
    Word,
    /// `"a name"` or `` `a name` ``.
    Name,
    /// `'text'`.
    Text,
    Number,
    Symbol,
    /// Text or a name whose quote is not closed.
    OpenText,
    OpenName,
}

impl Token {
    pub(super) fn text<'a>(&self, text: &'a str) -> &'a str {
        &text[self.span.clone()]
    }

    pub(super) fn is(&self, text: &str, word: &str) -> bool {
        self.text(text).eq_ignore_ascii_case(word)
    }

    /// The column that the token may name.
    pub(super) fn name(&self, text: &str) -> Option<String> {
        match self.kind {
            TokenKind::Word => Some(self.text(text).to_owned()),
            TokenKind::Name => {
                let inner = &text[self.span.start + 1..self.span.end - 1];
                let quote = &text[self.span.start..=self.span.start];
                Some(inner.replace(&quote.repeat(2), quote))
            }
            _ => None,
        }
    }
}

/// Splits an expression; spaces are left out. Never fails.
pub(super) fn tokenize(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let start = text.len() - rest.len();
        let (kind, length) = match first {
            c if c.is_whitespace() => {
                rest = &rest[c.len_utf8()..];
                continue;
            }
            '\'' => quoted_token(rest, '\'', TokenKind::Text, TokenKind::OpenText),
            '"' | '`' => quoted_token(rest, first, TokenKind::Name, TokenKind::OpenName),
            c if c.is_alphabetic() || c == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                (TokenKind::Word, end.unwrap_or(rest.len()))
            }
            c if c.is_ascii_digit() => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.');
                (TokenKind::Number, end.unwrap_or(rest.len()))
            }
            _ if ["<>", "<=", ">=", "!=", "||", "::"].iter().any(|s| rest.starts_with(s)) => (TokenKind::Symbol, 2),
            c => (TokenKind::Symbol, c.len_utf8()),
        };
        tokens.push(Token { kind, span: start..start + length });
        rest = &rest[length..];
    }
    tokens
}

/// A quoted piece at the beginning; a doubled quote stands for itself.
fn quoted_token(rest: &str, quote: char, closed: TokenKind, open: TokenKind) -> (TokenKind, usize) {
    let mut at = 1;
    while let Some(next) = rest[at..].find(quote) {
        at += next + 1;
        if rest[at..].starts_with(quote) {
            at += 1;
        } else {
            return (closed, at);
        }
    }
    (open, rest.len())
}

/// The expression with backtick names in double quotes, as the SQL standard
/// has them. Lengths stay, unless a name holds a quote.
pub(super) fn standard(text: &str, tokens: &[Token]) -> String {
    let mut sql = text.to_owned();
    for token in tokens.iter().rev() {
        let backticks = token.kind == TokenKind::Name && token.text(text).starts_with('`');
        if let (true, Some(name)) = (backticks, token.name(text)) {
            sql.replace_range(token.span.clone(), &format!("\"{}\"", name.replace('"', "\"\"")));
        }
    }
    sql
}

/// A column's name as it must be written in an expression.
pub(super) fn quoted(name: &str) -> String {
    let mut letters = name.chars();
    let plain = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !is_keyword(name);
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// The token at a 1-based line and column (in characters).
pub(super) fn span_at(text: &str, line: u64, column: u64) -> Option<Range<usize>> {
    let start = if line <= 1 { 0 } else { text.match_indices('\n').nth(line as usize - 2).map(|(at, _)| at + 1)? };
    let offset = text[start..].char_indices().nth(column.saturating_sub(1) as usize);
    let at = offset.map_or(text.len(), |(offset, _)| start + offset);
    let token = tokenize(text).into_iter().find(|token| token.span.contains(&at));
    Some(token.map_or(at..text.len().max(at), |token| token.span))
}

/// Words of the language that may stand before a parenthesis or clash with a
/// column's name.
pub(super) fn is_keyword(word: &str) -> bool {
    const KEYWORDS: [&str; 44] = [
        "and",
        "or",
        "not",
        "in",
        "is",
        "null",
        "like",
        "ilike",
        "between",
        "case",
        "when",
        "then",
        "else",
        "end",
        "cast",
        "try_cast",
        "as",
        "true",
        "false",
        "interval",
        "extract",
        "from",
        "exists",
        "any",
        "all",
        "some",
        "date",
        "time",
        "timestamp",
        "datetime",
        "distinct",
        "select",
        "where",
        "order",
        "group",
        "by",
        "having",
        "limit",
        "union",
        "rlike",
        "regexp",
        "over",
        "position",
        "on",
    ];
    KEYWORDS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}
