//! Reads theme files: colours as `#RRGGBB` or `#RRGGBBAA`.

use super::Tokens;

/// A theme file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("theme file {name}: {source}")]
pub struct ThemeError {
    pub name: String,
    source: serde_json::Error,
}

/// Parses one theme file; every token must be there and nothing else.
pub fn parse(name: &str, text: &str) -> Result<Tokens, ThemeError> {
    serde_json::from_str(text).map_err(|source| ThemeError { name: name.to_owned(), source })
}

/// The one place that makes a colour out of numbers.
#[expect(clippy::disallowed_methods, reason = "theme files are where colours come from")]
fn color(text: &str) -> Option<egui::Color32> {
    let digits = text.strip_prefix('#')?;
    let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    match digits.len() {
        6 => Some(egui::Color32::from_rgb(byte(0)?, byte(2)?, byte(4)?)),
        8 => Some(egui::Color32::from_rgba_unmultiplied(byte(0)?, byte(2)?, byte(4)?, byte(6)?)),
        _ => None,
    }
}

pub mod hex {
    use egui::Color32;
    use serde::{Deserialize, Deserializer, de::Error};

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Color32, D::Error> {
        let text = String::deserialize(from)?;
        super::color(&text).ok_or_else(|| D::Error::custom(format!("{text} is not a colour like #3A50E0")))
    }
}

pub mod hex_list {
    use egui::Color32;
    use serde::{Deserialize, Deserializer, de::Error};

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[Color32; 8], D::Error> {
        let texts = <[String; 8]>::deserialize(from)?;
        let mut colors = [Color32::TRANSPARENT; 8];
        for (color, text) in colors.iter_mut().zip(&texts) {
            *color =
                super::color(text).ok_or_else(|| D::Error::custom(format!("{text} is not a colour like #3A50E0")))?;
        }
        Ok(colors)
    }
}
