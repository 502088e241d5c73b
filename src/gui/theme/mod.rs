//! The design tokens: the one place that holds colours, sizes and fonts.
//!
//! Two data files, `assets/themes/dark.json` and `light.json`, each define every token. They are
//! built into the program; a debug build reads them again when they change on disk.
//!
//! ```ignore
//! let t = theme::of(ui);
//! ui.label(t.caption("Rows").color(t.color.text3));
//! ```

mod apply;
mod choice;
mod contrast;
mod fonts;
mod parse;
#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;

use egui::{Color32, Context, Stroke};
use serde::Deserialize;

use contrast::{READABLE, contrast};

pub use choice::{Appearance, ThemeChoice};
pub use fonts::{INTER, INTER_MEDIUM, INTER_SEMIBOLD, MONO, MONO_MEDIUM};
pub use text::Face;

/// Every token of one theme.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    pub name: String,
    pub dark: bool,
    pub color: Colors,
    pub size: Sizes,
    #[serde(rename = "type")]
    pub face: Faces,
    pub motion: Motion,
}

/// Colours; the meaning of each is in the comment beside it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Colors {
    /// Canvas, behind cards, inside inputs.
    #[serde(with = "parse::hex")]
    pub surface1: Color32,
    /// Bars, rail, side panels.
    #[serde(with = "parse::hex")]
    pub surface2: Color32,
    /// Cards, nodes, buttons.
    #[serde(with = "parse::hex")]
    pub surface3: Color32,
    /// Hover, selected quietly.
    #[serde(with = "parse::hex")]
    pub surface4: Color32,
    /// Separators.
    #[serde(with = "parse::hex")]
    pub line1: Color32,
    /// Borders that must be seen.
    #[serde(with = "parse::hex")]
    pub line2: Color32,
    #[serde(with = "parse::hex")]
    pub text1: Color32,
    #[serde(with = "parse::hex")]
    pub text2: Color32,
    /// Quiet; never carries what must be read.
    #[serde(with = "parse::hex")]
    pub text3: Color32,
    /// The one action, selection, focus.
    #[serde(with = "parse::hex")]
    pub accent: Color32,
    #[serde(with = "parse::hex")]
    pub accent_soft: Color32,
    #[serde(with = "parse::hex")]
    pub on_accent: Color32,
    #[serde(with = "parse::hex")]
    pub ok: Color32,
    #[serde(with = "parse::hex")]
    pub warn: Color32,
    #[serde(with = "parse::hex")]
    pub error: Color32,
    #[serde(with = "parse::hex")]
    pub info: Color32,
    #[serde(with = "parse::hex")]
    pub shadow: Color32,
    /// Behind a modal.
    #[serde(with = "parse::hex")]
    pub scrim: Color32,
    /// Series, labels and categories, in this order.
    #[serde(with = "parse::hex_list")]
    pub data: [Color32; 8],
}

/// Lengths in points.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Sizes {
    pub top_bar: f32,
    pub rail: f32,
    /// A place on the rail, square.
    pub place: f32,
    pub panel_bar: f32,
    pub status_bar: f32,
    pub inspector: f32,
    pub palette: f32,
    pub row: f32,
    pub row_compact: f32,
    /// Height of buttons and inputs.
    pub control: f32,
    /// Smallest side of anything that can be clicked.
    pub hit: f32,
    pub drawer: f32,
    pub radius: f32,
    pub radius_card: f32,
    pub line: f32,
    pub line_strong: f32,
    pub focus: f32,
    pub icon: f32,
    pub icon_small: f32,
    pub grid: f32,
    pub gap: f32,
    pub pad: f32,
    pub pad_panel: f32,
    pub progress: f32,
    pub scrollbar: f32,
    pub tooltip: f32,
    pub popover: f32,
}

/// The type ramp.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Faces {
    /// The word below an icon of the rail, which is only 48 points wide.
    pub place: Face,
    pub caption: Face,
    pub caption_strong: Face,
    pub small: Face,
    pub small_strong: Face,
    pub body: Face,
    pub body_strong: Face,
    pub title: Face,
    pub page: Face,
    pub mono: Face,
    pub mono_strong: Face,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Motion {
    /// Milliseconds that a panel or a selection takes to move.
    pub panel_ms: f32,
}

impl Tokens {
    /// The colour of series, label or category `index`; starts again after eight.
    pub fn data(&self, index: usize) -> Color32 {
        self.color.data[index % self.color.data.len()]
    }

    /// A data colour as that of words: as near to it as can be read on every surface.
    pub fn readable(&self, color: Color32) -> Color32 {
        let c = &self.color;
        let reads = |color: &Color32| {
            [c.surface1, c.surface2, c.surface3].into_iter().all(|surface| contrast(*color, surface) >= READABLE)
        };
        let nearer = (0_u8..=10).map(|tenth| color.lerp_to_gamma(c.text1, f32::from(tenth) / 10.0));
        nearer.into_iter().find(reads).unwrap_or(c.text1)
    }

    /// `color` laid thinly over `surface`, opaque: fills of chips, bars and glyph tiles.
    pub fn tint(&self, surface: Color32, color: Color32, share: f32) -> Color32 {
        surface.lerp_to_gamma(color, share)
    }

    /// The fill of a histogram bar and of other quiet data marks.
    pub fn data_soft(&self, surface: Color32, index: usize) -> Color32 {
        self.tint(surface, self.data(index), 0.55)
    }

    /// A separator.
    pub fn hairline(&self) -> Stroke {
        Stroke::new(self.size.line, self.color.line1)
    }

    /// A border that must be seen.
    pub fn border(&self) -> Stroke {
        Stroke::new(self.size.line, self.color.line2)
    }

    /// The ring around what has the keyboard.
    pub fn focus_ring(&self) -> Stroke {
        Stroke::new(self.size.focus, self.color.accent)
    }
}

/// The tokens that `ctx` is drawn with now.
pub fn of(ctx: &Context) -> Arc<Tokens> {
    apply::current(ctx)
}

/// Sets fonts and both styles. Call once for a context, before the first frame.
pub fn install(ctx: &Context, appearance: &Appearance) {
    fonts::install(ctx);
    apply::install(ctx, appearance);
}

/// Applies a changed choice of theme, zoom or motion.
pub fn set_appearance(ctx: &Context, appearance: &Appearance) {
    apply::set_appearance(ctx, appearance);
}

/// In a debug build, shows a colour that is typed into a theme file at once: a thread looks at
/// the files twice a second for as long as the program runs. The program calls it once.
pub fn watch(ctx: &Context) {
    if !cfg!(debug_assertions) {
        return;
    }
    let ctx = ctx.clone();
    let watching = std::thread::Builder::new().name("theme-files".to_owned()).spawn(move || {
        loop {
            std::thread::sleep(std::time::Duration::from_millis(500));
            apply::reload(&ctx);
        }
    });
    if let Err(error) = watching {
        tracing::warn!("no thread to watch the theme files: {error}");
    }
}
