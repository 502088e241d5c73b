//! Page tokens: base64 of a JSON object with an offset (`SearchUtils.create_page_token`).

use serde_json::{Value, json};
use studio::tracking::python_repr;

use crate::error::{Error, Result};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The token of the page that starts at `offset`.
pub fn token(offset: usize) -> String {
    encode(format!("{{\"offset\": {offset}}}").as_bytes())
}

/// The offset that a token stands for; 0 for none.
///
/// # Errors
/// A token that is none of ours, in MLflow's words.
pub fn offset(token: &str) -> Result<usize> {
    if token.is_empty() {
        return Ok(0);
    }
    let bytes = decode(token).ok_or_else(|| Error::invalid("Invalid page token, could not base64-decode"))?;
    let parsed: Value = serde_json::from_slice(&bytes)
        .map_err(|_| Error::invalid(format!("Invalid page token, decoded value={}", python_bytes(&bytes))))?;
    let bad = || Error::invalid(format!("Invalid page token, parsed value={parsed}"));
    match &parsed["offset"] {
        Value::Number(number) => {
            let offset = number.as_u64().filter(|offset| *offset > 0).ok_or_else(bad)?;
            usize::try_from(offset).map_err(|_| bad())
        }
        Value::String(text) if !text.is_empty() => {
            text.trim().parse().map_err(|_| Error::invalid(format!("Invalid page token, not stringable {text}")))
        }
        _ => Err(bad()),
    }
}

/// Bytes as Python writes them in messages.
fn python_bytes(bytes: &[u8]) -> String {
    let one = |byte: &u8| match byte {
        // As a text of one character, whose repr has its quotes around it.
        byte if byte.is_ascii() && *byte != b'\'' => {
            let quoted = python_repr(&char::from(*byte).to_string());
            quoted[1..quoted.len() - 1].to_owned()
        }
        b'\'' => "\\'".to_owned(),
        byte => format!("\\x{byte:02x}"),
    };
    format!("b'{}'", bytes.iter().map(one).collect::<String>())
}

/// The token of a page of logged models, which says what was searched for (`experiments`, `filter`,
/// `order_by`), so that no other search goes on with it.
pub fn search_token(search: &Value, offset: usize) -> String {
    encode(json!({"search": search, "offset": offset}).to_string().as_bytes())
}

/// The offset of [`search_token`]; 0 for an empty token.
///
/// # Errors
/// A token of another search, or none of ours.
pub fn search_offset(token: &str, search: &Value) -> Result<usize> {
    if token.is_empty() {
        return Ok(0);
    }
    let bad = || Error::invalid(format!("Invalid page token: {token}."));
    let bytes = decode(token).ok_or_else(bad)?;
    let parsed: Value = serde_json::from_slice(&bytes).map_err(|_| bad())?;
    if parsed["search"] != *search {
        return Err(Error::invalid("The page token does not match the requested search."));
    }
    parsed["offset"].as_u64().and_then(|offset| usize::try_from(offset).ok()).ok_or_else(bad)
}

fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            match place <= chunk.len() {
                true => out.push(char::from(ALPHABET[(word >> (18 - 6 * place) & 63) as usize])),
                false => out.push('='),
            }
        }
    }
    out
}

/// Skips what is not of the alphabet, as Python does.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut word, mut count) = (0_u32, 0);
    for byte in text.bytes().take_while(|byte| *byte != b'=') {
        let Some(digit) = ALPHABET.iter().position(|known| *known == byte) else { continue };
        word = word << 6 | digit as u32;
        count += 1;
        if count % 4 == 0 {
            out.extend_from_slice(&word.to_be_bytes()[1..]);
            word = 0;
        }
    }
    let padding = text.bytes().filter(|byte| *byte == b'=').count();
    match count % 4 {
        0 => {}
        2 if padding >= 2 => out.push((word >> 4) as u8),
        3 if padding >= 1 => out.extend_from_slice(&[(word >> 10) as u8, (word >> 2) as u8]),
        _ => return None,
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tokens_are_those_of_mlflow() {
        assert_eq!(token(100), "eyJvZmZzZXQiOiAxMDB9");
        assert_eq!(offset("eyJvZmZzZXQiOiAxMDB9").unwrap(), 100);
        assert_eq!(offset("").unwrap(), 0);
        let said = |token: &str| offset(token).unwrap_err().message;
        assert_eq!(said("abc"), "Invalid page token, could not base64-decode");
        assert_eq!(said(&encode(b"x")), "Invalid page token, decoded value=b'x'");
        assert_eq!(said(&encode(b"{\"offset\": \"x\"}")), "Invalid page token, not stringable x");
    }

    #[test]
    fn a_token_of_another_search_is_refused() {
        let token = search_token(&json!(["0"]), 7);
        assert_eq!(search_offset(&token, &json!(["0"])).unwrap(), 7);
        assert!(search_offset(&token, &json!(["1"])).is_err());
    }

    proptest! {
        #[test]
        fn bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(decode(&encode(&bytes)).unwrap(), bytes);
        }

        #[test]
        fn no_token_breaks_it(token in ".{0,40}") {
            let _ = offset(&token);
        }
    }
}
