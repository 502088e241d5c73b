//! JSON, object by object: one on each line, one after the other, or as a list.
//!
//! Numbers are taken as they are written, so that none of their digits are lost,
//! and `NaN` and `Infinity` are read as Python writes them.

use std::borrow::Cow;
use std::collections::HashMap;

use super::blocks::Block;
use super::columns::Builder;
use super::csv::{Layout, Parsed};
use super::guess::Origin;
use crate::error::{Error, Result};

/// Deepest nesting within an object.
const DEEPEST: usize = 256;

/// A value of an object.
#[derive(Clone, Debug, PartialEq)]
enum JsonValue<'a> {
    Null,
    /// A number, `true` or `false` as it is written.
    Literal(&'a str),
    Text(Cow<'a, str>),
    /// A list or an object as it is written.
    Nested(&'a str),
}

/// Parses one block. Names that the layout does not know are reported.
pub(super) fn parse(block: &Block, layout: &Layout) -> Result<Parsed> {
    let text = block.text(layout.path)?;
    let mut builders: Vec<Builder> =
        layout.columns.iter().map(|planned| Builder::new(planned, 0, layout.look)).collect();
    let index: HashMap<&str, usize> =
        layout.columns.iter().enumerate().map(|(at, column)| (column.name.as_str(), at)).collect();
    let mut parsed =
        Parsed { builders: Vec::new(), rows: 0, ragged: None, new_names: Vec::new(), comments: 0, repeated: None };

    let mut cursor = Cursor { text, at: 0 };
    let mut lines = Lines { text, at: 0, line: block.line };
    let mut row: Vec<Option<JsonValue<'_>>> = vec![None; builders.len()];
    while cursor.find_element() {
        let line = lines.line_of(cursor.at);
        let mut repeats = false;
        let read = cursor.object(|name, value| match index.get(name.as_ref()) {
            Some(&at) => repeats |= row[at].replace(value).is_some(),
            None if !parsed.new_names.iter().any(|known| *known == *name) => {
                parsed.new_names.push(name.into_owned());
            }
            None => {}
        });
        if let Err(fault) = read {
            return Err(fault.error(layout, text, &mut lines));
        }
        parsed.rows += 1;
        if repeats {
            let (first, count) = parsed.repeated.unwrap_or((line, 0));
            parsed.repeated = Some((first, count + 1));
        }
        for (builder, value) in builders.iter_mut().zip(&mut row) {
            push(builder, value.take(), line, layout);
        }
    }
    parsed.builders = builders;
    Ok(parsed)
}

/// A value as a field: nested ones as JSON text.
fn push(builder: &mut Builder, value: Option<JsonValue<'_>>, line: u64, layout: &Layout) {
    let rules = layout.rules;
    match value {
        None | Some(JsonValue::Null) => builder.push_null(),
        Some(JsonValue::Literal(text)) => builder.push(text, Origin::Literal, line, rules),
        Some(JsonValue::Text(text)) => builder.push(&text, Origin::Word, line, rules),
        Some(JsonValue::Nested(text)) => builder.push(&compact(text), Origin::Word, line, rules),
    }
}

/// JSON text without spaces between its parts.
fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut quoted, mut escaped) = (false, false);
    for letter in text.chars() {
        if !quoted && letter.is_ascii_whitespace() {
            continue;
        }
        if !escaped && letter == '"' {
            quoted = !quoted;
        }
        escaped = quoted && !escaped && letter == '\\';
        out.push(letter);
    }
    out
}

/// Counts lines as far as they are asked for.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn line_of(&mut self, at: usize) -> u64 {
        let passed = &self.text.as_bytes()[self.at..at.max(self.at)];
        self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.at = self.at.max(at);
        self.line
    }
}

/// Where a text is no JSON, and why.
struct Fault {
    at: usize,
    reason: &'static str,
}

const NO_OBJECT: &str = "no object";

impl Fault {
    fn error(&self, layout: &Layout, text: &str, lines: &mut Lines<'_>) -> Error {
        let at = self.at.min(text.len());
        let line = lines.line_of(at);
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let column = text[start..at].chars().count() + 1;
        let sentence = if self.reason == NO_OBJECT {
            "Here stands no JSON object. A table of JSON is one object { … } for each row, on lines of their own or in \
             one list."
                .to_owned()
        } else {
            format!("This is not JSON: {} at column {column}.", self.reason)
        };
        Error::malformed(layout.path, Some(line), sentence)
    }
}

/// A place in JSON text.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn fault<T>(&self, reason: &'static str) -> Result<T, Fault> {
        Err(Fault { at: self.at, reason })
    }

    fn expect(&mut self, byte: u8, reason: &'static str) -> Result<(), Fault> {
        self.skip_space();
        if self.peek() != Some(byte) {
            return self.fault(reason);
        }
        self.at += 1;
        Ok(())
    }

    /// Moves to the next element of the table, over what separates them and
    /// the brackets of the list that may hold them.
    fn find_element(&mut self) -> bool {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b'[' | b']' | 0x1e)) {
            self.at += 1;
        }
        self.at < self.text.len()
    }

    /// Reads an object and hands over its members.
    fn object(&mut self, mut take: impl FnMut(Cow<'a, str>, JsonValue<'a>)) -> Result<(), Fault> {
        if self.peek() != Some(b'{') {
            return self.fault(NO_OBJECT);
        }
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return self.fault("a name in quotes is missing");
            }
            let name = self.string()?;
            self.expect(b':', "a colon is missing")?;
            let value = self.value()?;
            take(name, value);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(_) => return self.fault("a comma or a closing brace is missing"),
                None => return self.fault("the object is not closed"),
            }
        }
    }

    fn value(&mut self) -> Result<JsonValue<'a>, Fault> {
        self.skip_space();
        let start = self.at;
        match self.peek() {
            Some(b'"') => Ok(JsonValue::Text(self.string()?)),
            Some(b'{' | b'[') => {
                self.skip_nested()?;
                Ok(JsonValue::Nested(&self.text[start..self.at]))
            }
            Some(_) => {
                self.literal()?;
                let text = &self.text[start..self.at];
                Ok(if text == "null" { JsonValue::Null } else { JsonValue::Literal(text) })
            }
            None => self.fault("a value is missing"),
        }
    }

    /// Passes over a list or an object, checking that its parts are JSON and in
    /// their places.
    fn skip_nested(&mut self) -> Result<(), Fault> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            self.skip_space();
            match self.peek() {
                Some(byte @ (b'{' | b'[')) => {
                    if open.len() == DEEPEST {
                        return self.fault("lists and objects are nested too deeply");
                    }
                    open.push(byte);
                    self.at += 1;
                    self.skip_space();
                    if self.peek() == Some(closing(byte)) {
                        self.at += 1;
                        open.pop();
                    } else {
                        self.skip_name(&open)?;
                        continue;
                    }
                }
                Some(b'"') => drop(self.string()?),
                Some(_) => self.literal()?,
                None => return self.fault("a value is missing"),
            }
            // Behind a value: close what ends here, then expect the next.
            loop {
                let Some(&innermost) = open.last() else {
                    return Ok(());
                };
                self.skip_space();
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        self.skip_name(&open)?;
                        break;
                    }
                    Some(byte) if byte == closing(innermost) => {
                        self.at += 1;
                        open.pop();
                    }
                    Some(_) => return self.fault("a comma or a closing bracket is missing"),
                    None => return self.fault("a list or an object is not closed"),
                }
            }
        }
    }

    /// Passes over the name of a member, if the innermost is an object.
    fn skip_name(&mut self, open: &[u8]) -> Result<(), Fault> {
        if open.last() != Some(&b'{') {
            return Ok(());
        }
        self.skip_space();
        if self.peek() != Some(b'"') {
            return self.fault("a name in quotes is missing");
        }
        self.string()?;
        self.expect(b':', "a colon is missing")
    }

    /// A number, `true`, `false`, `null`, or what Python writes for NaN and
    /// infinities.
    fn literal(&mut self) -> Result<(), Fault> {
        let rest = &self.text[self.at..];
        let end = rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || "+-.".contains(letter)));
        let word = &rest[..end.unwrap_or(rest.len())];
        let known = matches!(word, "null" | "true" | "false" | "NaN" | "Infinity" | "-Infinity");
        if word.is_empty() || !(known || is_json_number(word)) {
            return self.fault("this is no value");
        }
        self.at += word.len();
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let mut at = start;
        let mut decoded: Option<String> = None;
        let mut kept = start;
        loop {
            let Some(offset) = memchr::memchr2(b'"', b'\\', &bytes[at..]) else {
                return self.fault("a text is not closed");
            };
            at += offset;
            if bytes[at] == b'"' {
                break;
            }
            let into = decoded.get_or_insert_with(String::new);
            into.push_str(&self.text[kept..at]);
            match unescape(&self.text[at + 1..]) {
                Some((letter, length)) => {
                    into.push(letter);
                    at += 1 + length;
                }
                None => {
                    self.at = at;
                    return self.fault("this is no escape");
                }
            }
            kept = at;
        }
        self.at = at + 1;
        Ok(match decoded {
            None => Cow::Borrowed(&self.text[start..at]),
            Some(mut text) => {
                text.push_str(&self.text[kept..at]);
                Cow::Owned(text)
            }
        })
    }
}

fn closing(opening: u8) -> u8 {
    if opening == b'{' { b'}' } else { b']' }
}

/// The character behind a backslash, and how many bytes it took.
fn unescape(text: &str) -> Option<(char, usize)> {
    let letter = match text.as_bytes().first()? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unescape_unicode(text),
        _ => return None,
    };
    Some((letter, 1))
}

/// `u00e9`, or two halves of a character beyond 16 bits.
fn unescape_unicode(text: &str) -> Option<(char, usize)> {
    let unit = |text: &str| {
        let digits = text.get(..4)?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let first = unit(text.get(1..)?)?;
    if !(0xD800..0xDC00).contains(&first) {
        return Some((char::from_u32(first)?, 5));
    }
    let second = unit(text.get(5..)?.strip_prefix("\\u")?)?;
    if !(0xDC00..0xE000).contains(&second) {
        return None;
    }
    Some((char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))?, 11))
}

/// Whether a word is a number as JSON has it.
fn is_json_number(word: &str) -> bool {
    let digits_of = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    let whole = digits_of(unsigned);
    if whole == 0 || (whole > 1 && unsigned.starts_with('0')) {
        return false;
    }
    let mut rest = &unsigned[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let length = digits_of(fraction);
        if length == 0 {
            return false;
        }
        rest = &fraction[length..];
    }
    if let Some(power) = rest.strip_prefix(['e', 'E']) {
        let digits = power.strip_prefix(['+', '-']).unwrap_or(power);
        return !digits.is_empty() && digits_of(digits) == digits.len();
    }
    rest.is_empty()
}

/// Finds where top-level objects end, as text comes in pieces.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ObjectScan {
    depth: usize,
    quoted: bool,
    escaped: bool,
}

impl ObjectScan {
    /// Looks at more text; where the last object ends in it, if one does.
    pub(super) fn scan(&mut self, text: &[u8]) -> Option<usize> {
        let mut end = None;
        for (at, &byte) in text.iter().enumerate() {
            if self.quoted {
                if self.escaped {
                    self.escaped = false;
                } else if byte == b'\\' {
                    self.escaped = true;
                } else if byte == b'"' {
                    self.quoted = false;
                }
                continue;
            }
            match byte {
                b'"' => self.quoted = self.depth > 0,
                b'{' => self.depth += 1,
                // The list around all objects does not count.
                b'[' if self.depth > 0 => self.depth += 1,
                b'}' | b']' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        end = Some(at + 1);
                    }
                }
                _ => {}
            }
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn members(text: &str) -> Result<Vec<(String, String)>, String> {
        let mut cursor = Cursor { text, at: 0 };
        let mut out = Vec::new();
        let read = cursor.object(|name, value| {
            let value = match value {
                JsonValue::Null => "null".to_owned(),
                JsonValue::Literal(text) => text.to_owned(),
                JsonValue::Text(text) => format!("“{text}”"),
                JsonValue::Nested(text) => compact(text),
            };
            out.push((name.into_owned(), value));
        });
        read.map(|()| out).map_err(|fault| format!("{} at {}", fault.reason, fault.at))
    }

    #[test]
    fn objects() {
        let text =
            r#"{"a": 36893488147419103233, "b" :"x\"\u00e9\ud83d\ude00\n", "c":[1, {"d": "[ ]"}], "e": NaN, "f":null}"#;
        let expected = [
            ("a", "36893488147419103233"),
            ("b", "“x\"é😀\n”"),
            ("c", r#"[1,{"d":"[ ]"}]"#),
            ("e", "NaN"),
            ("f", "null"),
        ];
        let found = members(text).unwrap();
        let found: Vec<(&str, &str)> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, expected);
        assert_eq!(members("{ }").unwrap(), []);
        for (wrong, reason) in [
            (r#"{"a": }"#, "no value"),
            (r#"{"a": 01}"#, "no value"),
            (r#"{"a": 1"#, "not closed"),
            (r#"{"a" 1}"#, "colon"),
            (r#"{a: 1}"#, "name in quotes"),
            (r#"{"a": "x}"#, "not closed"),
            (r#"{"a": "\x"}"#, "escape"),
            (r#"{"a": "\ud800"}"#, "escape"),
            (r#"{"a": [1 2]}"#, "comma"),
            (r#"{"a": {"b" 2}}"#, "colon"),
            ("7", "no object"),
        ] {
            assert!(members(wrong).unwrap_err().contains(reason), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_serde_writes_reads_back(
            texts in proptest::collection::btree_map("\\PC{0,6}", "\\PC{0,8}|[\"\\\\\n\t\u{0}-\u{1f}]{0,4}", 0..5),
            indent in any::<bool>(),
        ) {
            let text = if indent { serde_json::to_string_pretty(&texts) } else { serde_json::to_string(&texts) };
            let found: std::collections::BTreeMap<String, String> = members(&text.unwrap()).unwrap().into_iter().collect();
            let quoted: std::collections::BTreeMap<String, String> =
                texts.into_iter().map(|(name, text)| (name, format!("“{text}”"))).collect();
            prop_assert_eq!(found, quoted);
        }

        #[test]
        fn numbers_agree_with_serde(text in "-?[0-9]{0,3}[.]?[0-9]{0,2}(e[+-]?[0-9]{0,2})?") {
            let serde = serde_json::from_str::<f64>(&text).is_ok();
            prop_assert_eq!(is_json_number(&text), serde, "{}", text);
        }

        #[test]
        fn any_text_is_an_object_or_a_fault(text in "[{}\\[\\]\",:a1é\\\\ .-]{0,20}") {
            let _ = members(&text);
        }
    }
}
