//! JSON as Python's `json` module reads it, which is what MLflow's server does with a body: with a byte order mark, in
//! UTF-16 too, and with the numbers that `json.dumps` writes and the standard does not know.

use serde_json::Value;

/// The name of the only field of an object that stands for a number which JSON has no words for. No client can mean
/// anything else by it: nothing in the protocol is called so.
const NUMBER: &str = "\u{0}number";

/// The value that these bytes are; nothing where they are no JSON.
pub fn parse(bytes: &[u8]) -> Option<Value> {
    let text = decode(bytes)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&spell_out_numbers(text)).ok())
}

/// The number that a value of [`parse`] stands for, if it is one of those that JSON has no words for.
pub fn special_number(value: &Value) -> Option<f64> {
    let fields = value.as_object().filter(|fields| fields.len() == 1)?;
    match fields.get(NUMBER)?.as_str()? {
        "NaN" => Some(f64::NAN),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => Some(f64::INFINITY),
    }
}

/// How Python writes such a number.
pub fn special_word(number: f64) -> &'static str {
    match number {
        number if number.is_nan() => "NaN",
        number if number > 0.0 => "Infinity",
        _ => "-Infinity",
    }
}

/// UTF-8, or UTF-16 that says so by its first bytes (`json.detect_encoding`).
fn decode(bytes: &[u8]) -> Option<String> {
    let units = |of: fn([u8; 2]) -> u16| bytes.chunks_exact(2).map(move |pair| of([pair[0], pair[1]]));
    let wide = bytes.len().is_multiple_of(2);
    match bytes {
        [0xff, 0xfe, ..] if wide => char::decode_utf16(units(u16::from_le_bytes)).collect::<Result<_, _>>().ok(),
        [0xfe, 0xff, ..] if wide => char::decode_utf16(units(u16::from_be_bytes)).collect::<Result<_, _>>().ok(),
        [0, second, ..] if wide && *second != 0 => {
            char::decode_utf16(units(u16::from_be_bytes)).collect::<Result<_, _>>().ok()
        }
        [first, 0, ..] if wide && *first != 0 => {
            char::decode_utf16(units(u16::from_le_bytes)).collect::<Result<_, _>>().ok()
        }
        _ => std::str::from_utf8(bytes).ok().map(str::to_owned),
    }
}

/// Puts an object in the place of each number outside of texts that JSON has no words for.
fn spell_out_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => text_length(rest),
            '-' | '0'..='9' | 'N' | 'I' => {
                let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')));
                end.unwrap_or(rest.len())
            }
            other => other.len_utf8(),
        };
        let token = &rest[..length];
        match special(token) {
            Some(number) => out.push_str(&format!("{{\"\\u0000number\":\"{}\"}}", special_word(number))),
            None => out.push_str(token),
        }
        rest = &rest[length..];
    }
    out
}

/// The number of a token that JSON has no words for.
fn special(token: &str) -> Option<f64> {
    match token {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        // Rust reads more than JSON allows, such as "+1" and "1.", but none of that begins so and is infinite.
        token if token.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
            let digits = token.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit());
            token.parse().ok().filter(|number: &f64| digits && number.is_infinite())
        }
        _ => None,
    }
}

/// The length of the quoted text that `text` begins with, in bytes; all of it where no quote ends it.
fn text_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn number(text: &str) -> Option<f64> {
        special_number(&parse(text.as_bytes())?["v"])
    }

    #[test]
    fn what_python_writes_is_read() {
        assert!(number(r#"{"v": NaN}"#).unwrap().is_nan());
        assert_eq!(number(r#"{"v":Infinity}"#), Some(f64::INFINITY));
        assert_eq!(number(r#"{"v":-Infinity}"#), Some(f64::NEG_INFINITY));
        assert_eq!(number(r#"{"v":1e309}"#), Some(f64::INFINITY));
        assert_eq!(number(r#"{"v":-1e400,"w":"NaN, Infinity \" 1e309"}"#), Some(f64::NEG_INFINITY));
        assert_eq!(parse(br#"{"v":[1e308]}"#).unwrap(), json!({"v": [1e308]}));
        let mixed = parse(br#"{"a\"NaN": "NaN", "b": [NaN]}"#).unwrap();
        assert_eq!(mixed["a\"NaN"], "NaN", "a text stays a text");
        assert_eq!(parse("\u{feff}{\"v\": \"é\"}".as_bytes()).unwrap(), json!({"v": "é"}));
        let wide: Vec<u8> = "\u{feff}{\"v\": 1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(parse(&wide).unwrap(), json!({"v": 1}));
        assert_eq!(parse(&wide[2..]).unwrap(), json!({"v": 1}), "without a mark");
    }

    #[test]
    fn what_python_refuses_is_no_json() {
        for text in [
            "",
            "{",
            r#"{"a": 1} x"#,
            r#"{"a": 0x10}"#,
            r#"{"a": 1_000}"#,
            r#"{"a": nan}"#,
            r#"{"a": +1}"#,
            r#"{"a": NaNs}"#,
            r#"{"a": -NaN}"#,
            r#"{"a": "x}"#,
            r#"{"a": 01}"#,
            r#"{NaN: 1}"#,
            "{'a': 1}",
            r#"{"a": 1,}"#,
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse(b"{\"a\": \"\xff\"}"), None, "no UTF-8");
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            parse(&bytes);
        }

        #[test]
        fn ordinary_json_is_what_it_is(text in r#"[\[\]{}:,"NaInfity0-9e. \\-]{0,40}"#) {
            if let Ok(plain) = serde_json::from_str::<Value>(&text) {
                prop_assert_eq!(parse(text.as_bytes()), Some(plain));
            }
        }
    }
}
