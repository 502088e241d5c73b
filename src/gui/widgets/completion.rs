//! What a text field offers to write while something is typed into it.

use std::borrow::Cow;

use egui::text::{CCursor, CCursorRange};
use egui::{Id, Key, Modifiers, Popup, PopupCloseBehavior, Response, TextEdit, Ui};

use super::{ListRow, message};
use crate::icons::Glyph;
use crate::theme;

/// Something that can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What the list shows.
    pub shown: String,
    /// What is written.
    pub text: String,
    /// What it is, at the right of the list.
    pub note: Cow<'static, str>,
}

/// Where a person writes in the field `id`, and what is offered there.
pub struct Completion<'a> {
    pub id: Id,
    pub offers: &'a [Offer],
    /// Characters before the cursor that an offer replaces.
    pub replaces: usize,
    /// Why the text cannot be as it is, said below the offers.
    pub error: Option<&'a str>,
}

impl Completion<'_> {
    /// The offer that was taken by key. Call it before the field is drawn: the keys go no further.
    pub fn keys(&self, ui: &Ui) -> Option<usize> {
        if self.offers.is_empty() {
            return None;
        }
        let at = self.chosen(ui);
        let (up, down, take) = ui.input_mut(|input| {
            let mut pressed = |key| input.consume_key(Modifiers::NONE, key);
            let enter = at.is_some() && pressed(Key::Enter);
            (pressed(Key::ArrowUp), pressed(Key::ArrowDown), pressed(Key::Tab) || enter)
        });
        let moved = match at {
            _ if take => None,
            Some(at) if up => at.checked_sub(1),
            None if down => Some(0),
            Some(at) if down => Some((at + 1).min(self.offers.len() - 1)),
            at => at,
        };
        ui.data_mut(|data| data.insert_temp(self.id.with("offer"), moved));
        take.then_some(at.unwrap_or(0))
    }

    /// The offer that arrows are on.
    fn chosen(&self, ui: &Ui) -> Option<usize> {
        let kept = ui.data(|data| data.get_temp::<Option<usize>>(self.id.with("offer"))).flatten();
        kept.filter(|at| *at < self.offers.len())
    }

    /// Draws the list below the field; the offer that was clicked.
    pub fn list(&self, ui: &Ui, field: &Response) -> Option<usize> {
        if self.offers.is_empty() && self.error.is_none() {
            return None;
        }
        let chosen = self.chosen(ui);
        let shown = Popup::from_response(field)
            .open(true)
            .close_behavior(PopupCloseBehavior::IgnoreClicks)
            .width(field.rect.width())
            .show(|ui| {
                let t = theme::of(ui);
                ui.spacing_mut().item_spacing.y = 0.0;
                let mut taken = None;
                for (at, offer) in self.offers.iter().enumerate() {
                    let row = ListRow::new(&offer.shown).note(offer.note.as_ref()).selected(chosen == Some(at));
                    if row.height(t.size.hit).show(ui).clicked() {
                        taken = Some(at);
                    }
                }
                if let Some(error) = self.error {
                    message(ui, Glyph::Error, error);
                }
                taken
            });
        shown.and_then(|shown| shown.inner)
    }

    /// Writes the offer in place of what was typed, and leaves the cursor after it.
    pub fn take(&self, ui: &Ui, text: &mut String, offer: usize) {
        let Some(offer) = self.offers.get(offer) else { return };
        let at = cursor(ui, self.id).unwrap_or_else(|| text.chars().count());
        let start = at.saturating_sub(self.replaces);
        let head: String = text.chars().take(start).collect();
        let tail: String = text.chars().skip(at).collect();
        *text = format!("{head}{}{tail}", offer.text);
        put_cursor(ui, self.id, start + offer.text.chars().count());
        ui.memory_mut(|memory| memory.request_focus(self.id));
    }
}

/// Where the cursor of a field is, in characters.
pub fn cursor(ui: &Ui, id: Id) -> Option<usize> {
    TextEdit::load_state(ui.ctx(), id)?.cursor.char_range().map(|range| range.primary.index.into())
}

fn put_cursor(ui: &Ui, id: Id, at: usize) {
    if let Some(mut state) = TextEdit::load_state(ui.ctx(), id) {
        state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(at))));
        TextEdit::store_state(ui.ctx(), id, state);
    }
}
