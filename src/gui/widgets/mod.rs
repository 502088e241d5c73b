//! The widgets that every panel is made of, in the tokens of [`crate::theme`].
//!
//! Each interactive one has an accessible name, a visible focus ring and a hover state, so that
//! panels get these without thinking of them.

mod button;
mod chip;
mod code;
mod completion;
mod confirm;
mod field;
pub mod format;
mod layout;
mod mini;
mod row;
mod select;
mod slider;
mod states;
mod tabs;
mod text;
mod toggle;

pub use button::{Button, link};
pub use chip::{Chip, key_cap, key_cap_at, key_caps};
pub use code::{CodeLine, CodeView, Tone};
pub use completion::{Completion, Offer, cursor};
pub use confirm::{Confirm, confirm};
pub use field::TextField;
pub use layout::{bar, card, card_frame, field_row, key_value, section, separator, side_frame, toggle_row};
pub use mini::{histogram, paint_histogram, paint_proportions, paint_sparkline, progress, proportions, sparkline};
pub use row::{ListRow, grid_row};
pub use select::Select;
pub use slider::slider;
pub use states::{Empty, empty, failed, loading, message, requested};
pub use tabs::{Tab, tabs};
pub use text::{elided, number, paint_text, status, time, tooltip, width as text_width};
pub use toggle::{checkbox, radio, toggle};

use egui::{Painter, Rect, Response, StrokeKind, Ui};

use crate::theme::{self, Tokens};

/// The ring around what has the keyboard; call it after painting a widget of one's own.
pub fn focus_ring(ui: &Ui, response: &Response, radius: f32) {
    if response.has_focus() {
        let t = theme::of(ui);
        paint_ring(ui.painter(), &t, response.rect, radius);
    }
}

/// The ring itself, drawn just outside of `rect`.
pub fn paint_ring(painter: &Painter, t: &Tokens, rect: Rect, radius: f32) {
    painter.rect_stroke(rect, radius, t.focus_ring(), StrokeKind::Outside);
}
