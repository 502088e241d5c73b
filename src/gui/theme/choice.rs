//! What a person chooses about the look.

use serde::{Deserialize, Serialize};

/// Which of the two themes.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    /// As the system has it.
    #[default]
    System,
    Light,
    Dark,
}

impl ThemeChoice {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The words of the setting.
    pub fn text(self) -> &'static str {
        match self {
            Self::System => "As the system",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }
}

/// Theme, size and motion; kept with the layout.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Appearance {
    pub theme: ThemeChoice,
    /// 1.0 is 100 %.
    pub zoom: f32,
    /// No motion at all, for people whom it disturbs.
    pub reduced_motion: bool,
}

impl Default for Appearance {
    fn default() -> Self {
        Self { theme: ThemeChoice::default(), zoom: 1.0, reduced_motion: false }
    }
}
