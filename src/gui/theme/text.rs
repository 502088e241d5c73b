//! The type ramp as egui text: size, line height, family and colour in one call.

use egui::{FontFamily, FontId, RichText};
use serde::{Deserialize, Deserializer, de::Error};

use super::{Tokens, fonts};

/// One step of the ramp. Lengths in points.
#[derive(Clone, Debug, PartialEq)]
pub struct Face {
    pub size: f32,
    pub line: f32,
    pub family: FontFamily,
}

impl Face {
    pub fn font(&self) -> FontId {
        FontId::new(self.size, self.family.clone())
    }

    /// `text` set in this face; its colour is egui's text colour until one is given.
    pub fn of(&self, text: impl Into<String>) -> RichText {
        RichText::new(text).font(self.font()).line_height(Some(self.line))
    }
}

impl<'de> Deserialize<'de> for Face {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            size: f32,
            line: f32,
            family: String,
        }
        let File { size, line, family } = File::deserialize(from)?;
        let known = [fonts::INTER, fonts::INTER_MEDIUM, fonts::INTER_SEMIBOLD, fonts::MONO, fonts::MONO_MEDIUM];
        if !known.contains(&family.as_str()) {
            return Err(D::Error::custom(format!("{family} is not one of {}", known.join(", "))));
        }
        Ok(Self { size, line, family: fonts::family(&family) })
    }
}

impl Tokens {
    /// 13 point text in the first colour.
    pub fn body(&self, text: impl Into<String>) -> RichText {
        self.face.body.of(text).color(self.color.text1)
    }

    /// 13 point medium.
    pub fn strong(&self, text: impl Into<String>) -> RichText {
        self.face.body_strong.of(text).color(self.color.text1)
    }

    /// 12 point text of tables and fields, in the first colour.
    pub fn small(&self, text: impl Into<String>) -> RichText {
        self.face.small.of(text).color(self.color.text1)
    }

    /// 12 point medium.
    pub fn small_strong(&self, text: impl Into<String>) -> RichText {
        self.face.small_strong.of(text).color(self.color.text1)
    }

    /// 12 point text in the second colour.
    pub fn secondary(&self, text: impl Into<String>) -> RichText {
        self.face.small.of(text).color(self.color.text2)
    }

    /// 11 point captions and column heads, in the third colour.
    pub fn caption(&self, text: impl Into<String>) -> RichText {
        self.face.caption.of(text).color(self.color.text3)
    }

    /// 11 point semibold: the heading of a section.
    pub fn section(&self, text: impl Into<String>) -> RichText {
        self.face.caption_strong.of(text).color(self.color.text3)
    }

    /// 15 point semibold: the title of a panel.
    pub fn title(&self, text: impl Into<String>) -> RichText {
        self.face.title.of(text).color(self.color.text1)
    }

    /// 20 point semibold: what a page is about.
    pub fn page(&self, text: impl Into<String>) -> RichText {
        self.face.page.of(text).color(self.color.text1)
    }

    /// Code, ids and data cells.
    pub fn mono(&self, text: impl Into<String>) -> RichText {
        self.face.mono.of(text).color(self.color.text1)
    }
}
