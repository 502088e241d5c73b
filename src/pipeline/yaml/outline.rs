//! Where things stand in a YAML file: the lines and columns of a block mapping's entries.
//!
//! This reads form, not meaning. It knows the part of YAML that people write configuration in (block mappings, flow
//! collections, quoted and block scalars, comments) and answers `None` for the rest, which the caller then writes anew.

use std::ops::Range;

/// One `key: value` of a block mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub key: String,
    /// Columns of the key as it is written, quotes included.
    pub key_span: Range<usize>,
    pub indent: usize,
    /// The key's line, from 0.
    pub line: usize,
    /// After the last line with content; comments and blank lines that follow are nobody's.
    pub end: usize,
    /// Columns of the value on the key's line without a trailing comment; empty when it starts below.
    pub value: Range<usize>,
}

impl Entry {
    /// The lines below the key's that belong to the value.
    pub fn body(&self) -> Range<usize> {
        self.line + 1..self.end
    }

    /// Whether the value is a nested block on the lines below, or nothing at all.
    pub fn is_block(&self) -> bool {
        self.value.is_empty()
    }
}

/// The entries of the block mapping that fills `range`; empty when nothing but comments stands there.
pub(super) fn entries(lines: &[&str], range: Range<usize>) -> Option<Vec<Entry>> {
    let mut found = Vec::new();
    let mut indent = None;
    let mut line = range.start;
    while line < range.end {
        let text = lines[line];
        if is_filler(text) || (line == 0 && text.trim_end() == "---") {
            line += 1;
            continue;
        }
        let here = indentation(text)?;
        if here != *indent.get_or_insert(here) {
            return None;
        }
        let entry = entry(lines, line, here, range.end)?;
        line = entry.end;
        found.push(entry);
    }
    Some(found)
}

/// Blank, or a comment alone.
pub(super) fn is_filler(line: &str) -> bool {
    let text = line.trim_start();
    text.is_empty() || text.starts_with('#')
}

fn indentation(line: &str) -> Option<usize> {
    let indent = line.len() - line.trim_start_matches(' ').len();
    (!line[indent..].starts_with('\t')).then_some(indent)
}

fn entry(lines: &[&str], line: usize, indent: usize, limit: usize) -> Option<Entry> {
    let text = lines[line];
    let (key, key_end) = key(text, indent)?;
    let colon = key_end + text[key_end..].find(':')?;
    if !text[key_end..colon].trim().is_empty() {
        return None;
    }
    let after = &text[colon + 1..];
    if !after.is_empty() && !after.starts_with([' ', '\t']) {
        return None;
    }
    let start = colon + 1 + (after.len() - after.trim_start().len());
    let value = start..start + value_length(&text[start..]);
    // The indent of the line that opened the block of text we are in, where a # is no comment.
    let mut block = opens_block(text).then_some(indent);
    let mut end = line + 1;
    for (below, text) in lines.iter().enumerate().take(limit).skip(line + 1) {
        if text.trim().is_empty() {
            continue;
        }
        let margin = text.len() - text.trim_start_matches(' ').len();
        block = block.filter(|opened| margin > *opened);
        if block.is_none() && is_filler(text) {
            continue;
        }
        let here = indentation(text)?;
        if block.is_none() && opens_block(text) {
            block = Some(here);
        }
        let item = here == indent && (text[here..].starts_with("- ") || text[here..].trim_end() == "-");
        if here <= indent && !(item && value.is_empty()) {
            break;
        }
        end = below + 1;
    }
    Some(Entry { key, key_span: indent..key_end, indent, line, end, value })
}

/// Whether a line ends with the sign of a block of text (`|`, `>-`, …), which the next lines hold.
fn opens_block(text: &str) -> bool {
    let code = text.find(" #").map_or(text, |comment| &text[..comment]);
    let mut words = code.split_whitespace().rev();
    let (sign, before) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let header = sign.strip_prefix(['|', '>']);
    header.is_some_and(|rest| rest.chars().all(|letter| matches!(letter, '+' | '-' | '1'..='9')))
        && (before.ends_with(':') || before == "-")
}

/// The key and the column after it.
fn key(text: &str, start: usize) -> Option<(String, usize)> {
    let rest = &text[start..];
    match rest.chars().next()? {
        quote @ ('"' | '\'') => {
            let end = start + quoted_length(rest, quote)?;
            let key = serde_norway::from_str::<String>(&text[start..end]).ok()?;
            Some((key, end))
        }
        '-' | '?' | '[' | '{' | '&' | '*' | '!' | '%' | '@' | '`' | '|' | '>' | ',' | ']' | '}' => None,
        _ => {
            let colon = rest.match_indices(':').find(|(at, _)| {
                let after = &rest[at + 1..];
                after.is_empty() || after.starts_with([' ', '\t'])
            })?;
            let key = rest[..colon.0].trim_end();
            (!key.contains(" #")).then(|| (key.to_owned(), start + key.len()))
        }
    }
}

/// Bytes of a value up to a trailing comment, without the spaces before it.
fn value_length(text: &str) -> usize {
    let mut skip = 0;
    if let Some(quote @ ('"' | '\'')) = text.chars().next() {
        match quoted_length(text, quote) {
            Some(length) => skip = length,
            None => return text.trim_end().len(),
        }
    } else if text.starts_with(['[', '{']) {
        skip = flow_length(text);
    }
    if text.starts_with('#') {
        return 0;
    }
    let comment = text[skip..].match_indices('#').find(|(at, _)| {
        let before = text[..skip + at].chars().next_back();
        before.is_none_or(|letter| letter == ' ' || letter == '\t')
    });
    let end = comment.map_or(text.len(), |(at, _)| skip + at);
    text[..end].trim_end().len()
}

/// Bytes of a quoted scalar with its quotes, if it ends on this line.
fn quoted_length(text: &str, quote: char) -> Option<usize> {
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == '\\' && quote == '"' {
            letters.next();
        } else if letter == quote {
            let doubled = quote == '\'' && letters.peek().is_some_and(|(_, next)| *next == quote);
            if !doubled {
                return Some(at + 1);
            }
            letters.next();
        }
    }
    None
}

/// Bytes of a flow collection as far as it reaches on this line.
fn flow_length(text: &str) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        match letter {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            '"' | '\'' => match quoted_length(&text[at..], letter) {
                Some(length) => {
                    at += length;
                    continue;
                }
                None => return text.len(),
            },
            '#' if at > 0 && text[..at].ends_with([' ', '\t']) => return at,
            _ => {}
        }
        at += letter.len_utf8();
        if depth == 0 {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(text: &str) -> Option<Vec<Entry>> {
        let lines: Vec<&str> = text.lines().collect();
        entries(&lines, 0..lines.len())
    }

    fn spans(text: &str) -> Vec<(String, usize, usize, String)> {
        let lines: Vec<&str> = text.lines().collect();
        let found = entries(&lines, 0..lines.len()).unwrap();
        found
            .iter()
            .map(|entry| (entry.key.clone(), entry.line, entry.end, lines[entry.line][entry.value.clone()].to_owned()))
            .collect()
    }

    #[test]
    fn finds_values_comments_and_extents() {
        let text = "---\n# head\na: 1  # one\n\nb:\n  c: 2\n  # inner\n\n'd e': \"x # y\" # z\nf: [1, '#'] # list\ng: |\n  # text\n\n  more\nh: #none\n- 1\n- 2\n";
        let found = spans(text);
        let expected = [
            ("a", 2, 3, "1"),
            ("b", 4, 6, ""),
            ("d e", 8, 9, "\"x # y\""),
            ("f", 9, 10, "[1, '#']"),
            ("g", 10, 14, "|"),
            ("h", 14, 17, ""),
        ];
        let expected: Vec<_> =
            expected.map(|(key, line, end, value)| (key.to_owned(), line, end, value.to_owned())).into();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_block_of_text_within_another_entry_keeps_its_last_lines() {
        let found = spans("a:\n  b: |  # note\n    text\n\n    # still text\n# a comment\nc: 1\n");
        let places: Vec<_> = found.iter().map(|(key, line, end, _)| (key.as_str(), *line, *end)).collect();
        assert_eq!(places, [("a", 0, 5), ("c", 6, 7)]);
    }

    #[test]
    fn declines_what_it_does_not_know() {
        assert_eq!(outline("? a\n: b\n"), None);
        assert_eq!(outline("  a: 1\n b: 2\n"), None);
        assert_eq!(outline("\ta: 1\n"), None);
        assert_eq!(outline("- a\n"), None);
        assert_eq!(outline("just text\n"), None);
        assert_eq!(outline("# nothing\n"), Some(Vec::new()));
    }
}
