//! Tokens of a filter, as `sqlparse` 0.5 and later cuts and groups them.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A name, perhaps of several parts with dots, each bare or quoted: also a text in double quotes.
    Identifier,
    /// A text in single quotes.
    Text,
    /// A whole number.
    Integer,
    /// A number with a point or an exponent.
    Float,
    /// `=`, `<`, `LIKE`, `NOT LIKE` and the like.
    Comparison,
    /// Anything between a parenthesis and the one that closes it.
    Parenthesis,
    /// A word of SQL.
    Keyword,
    /// A `;`, after which another statement would begin.
    Semicolon,
    /// Anything else.
    Other,
}

/// A token and its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// As it was written, quotes included.
    pub text: &'a str,
    /// Where it starts, in bytes.
    pub start: usize,
}

impl Token<'_> {
    /// Whether it is this word of SQL, in letters of either case.
    pub fn is(&self, word: &str) -> bool {
        self.kind == Kind::Keyword && self.text.eq_ignore_ascii_case(word)
    }
}

/// Those of sqlparse's keywords that people may write by mistake where a name or a value belongs.
const KEYWORDS: &[&str] = &[
    "ALL", "AND", "ANY", "AS", "ASC", "BETWEEN", "BY", "CASE", "COLUMN", "CREATE", "DELETE", "DESC", "DISTINCT",
    "DROP", "ELSE", "END", "EXISTS", "FALSE", "FROM", "FULL", "GROUP", "HAVING", "IN", "INNER", "INSERT", "INTO", "IS",
    "JOIN", "LEFT", "LIMIT", "NOT", "NULL", "OFFSET", "ON", "OR", "ORDER", "OUTER", "RIGHT", "SELECT", "SET", "TABLE",
    "THEN", "TRUE", "UNION", "UPDATE", "USING", "VALUES", "WHEN", "WHERE", "WITH",
];

/// Cuts a filter into its tokens; spaces are left out.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer { text, at: 0 };
    let mut found = Vec::new();
    while let Some(token) = lexer.next() {
        found.push(token);
    }
    found
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_spaces(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_spaces();
        let start = self.at;
        let first = self.rest().chars().next()?;
        let kind = match first {
            '\'' => self.quoted('\'', Kind::Text),
            '"' | '`' => self.name(),
            '(' => self.parenthesis(),
            ';' => self.take(1, Kind::Semicolon),
            '<' | '>' | '=' | '~' | '!' => {
                let length = self.rest().find(|c| !matches!(c, '<' | '>' | '=' | '~' | '!'));
                self.take(length.unwrap_or(self.rest().len()), Kind::Comparison)
            }
            '-' | '.' | '0'..='9' if number(self.rest()).is_some() => {
                let (length, kind) = number(self.rest()).unwrap_or((1, Kind::Other));
                self.take(length, kind)
            }
            c if c.is_alphabetic() || c == '_' => self.name(),
            // Such as 0x1F, or a name that begins with a digit.
            '0'..='9' => {
                let length = self.rest().find(|c: char| !c.is_alphanumeric() && c != '_');
                self.take(length.unwrap_or(self.rest().len()), Kind::Other)
            }
            c => self.take(c.len_utf8(), Kind::Other),
        };
        Some(Token { kind, text: &self.text[start..self.at], start })
    }

    fn take(&mut self, length: usize, kind: Kind) -> Kind {
        self.at += length;
        kind
    }

    /// A quoted text; a quote within is doubled or follows a backslash.
    fn quoted(&mut self, quote: char, kind: Kind) -> Kind {
        match quoted_length(self.rest(), quote) {
            Some(length) => self.take(length, kind),
            None => self.take(quote.len_utf8(), Kind::Other),
        }
    }

    /// A name with all its parts, or a keyword.
    fn name(&mut self) -> Kind {
        let start = self.at;
        if self.part() == Kind::Other {
            return Kind::Other;
        }
        let mut parts = 1;
        while self.rest().starts_with('.') {
            let dot = self.at;
            self.at += 1;
            if self.part() == Kind::Other {
                self.at = dot;
                break;
            }
            parts += 1;
        }
        let word = &self.text[start..self.at];
        if parts == 1 && !word.starts_with(['"', '`']) {
            return self.word(word);
        }
        Kind::Identifier
    }

    fn part(&mut self) -> Kind {
        match self.rest().chars().next() {
            Some(quote @ ('"' | '`')) => self.quoted(quote, Kind::Identifier),
            Some(c) if c.is_alphabetic() || c == '_' => {
                let length = self.rest().find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '#')));
                self.take(length.unwrap_or(self.rest().len()), Kind::Identifier)
            }
            _ => Kind::Other,
        }
    }

    fn word(&mut self, word: &str) -> Kind {
        let like = |word: &str| ["LIKE", "ILIKE", "RLIKE"].iter().any(|known| known.eq_ignore_ascii_case(word));
        if like(word) {
            return Kind::Comparison;
        }
        if word.eq_ignore_ascii_case("NOT") {
            let before = self.at;
            self.skip_spaces();
            let length = self.rest().find(|c: char| !c.is_alphanumeric()).unwrap_or(self.rest().len());
            let next = &self.rest()[..length];
            if like(next) {
                return self.take(length, Kind::Comparison);
            }
            if next.eq_ignore_ascii_case("NULL") {
                return self.take(length, Kind::Keyword);
            }
            self.at = before;
        }
        if KEYWORDS.iter().any(|known| known.eq_ignore_ascii_case(word)) { Kind::Keyword } else { Kind::Identifier }
    }

    fn parenthesis(&mut self) -> Kind {
        let mut depth = 0;
        let mut at = 0;
        let rest = self.rest();
        while let Some(c) = rest[at..].chars().next() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                '\'' | '"' | '`' => {
                    let length = quoted_length(&rest[at..], c).unwrap_or(1);
                    at += length;
                    continue;
                }
                _ => {}
            }
            at += c.len_utf8();
            if depth == 0 {
                return self.take(at, Kind::Parenthesis);
            }
        }
        self.take(1, Kind::Other)
    }
}

/// The length of the quoted text that `text` begins with.
fn quoted_length(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1).peekable();
    let mut end = None;
    while let Some((at, c)) = chars.next() {
        let doubled = c == quote && chars.peek().is_some_and(|(_, next)| *next == quote);
        let escaped = c == '\\' && quote != '`' && chars.peek().is_some_and(|(_, next)| *next == quote);
        if doubled {
            chars.next();
        } else if escaped {
            // Unless no other quote closes the text: then this one does.
            end = chars.peek().map(|(at, _)| at + 1);
            chars.next();
        } else if c == quote {
            return Some(at + quote.len_utf8());
        }
    }
    end
}

/// The length and kind of the number that `text` begins with.
fn number(text: &str) -> Option<(usize, Kind)> {
    let sign = usize::from(text.starts_with('-'));
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(sign);
    let mut end = sign + whole;
    let mut kind = Kind::Integer;
    if text[end..].starts_with('.') {
        let fraction = digits(end + 1);
        if whole + fraction == 0 {
            return None;
        }
        kind = Kind::Float;
        end += 1 + fraction;
    } else if whole == 0 {
        return None;
    }
    if text[end..].starts_with(['e', 'E']) {
        let minus = usize::from(text[end + 1..].starts_with('-'));
        let exponent = digits(end + 1 + minus);
        if exponent > 0 && whole > 0 {
            return Some((end + 1 + minus + exponent, Kind::Float));
        }
    }
    let glued = text[end..].chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    (!glued).then_some((end, kind))
}
