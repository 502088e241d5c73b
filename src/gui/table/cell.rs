//! What a source draws a cell with.

use egui::{Align, Align2, Color32, Layout, Rect, Ui, UiBuilder, vec2};

use crate::{
    theme::{self, Face},
    widgets::{self, paint_text},
};

/// One cell: painted directly where that is enough, or a [`Ui`] by [`Cell::show`].
pub struct Cell<'a> {
    pub ui: &'a mut Ui,
    /// The whole cell.
    pub rect: Rect,
    pub row: u64,
    pub column: usize,
    pub align: Align,
    pub selected: bool,
}

impl<'a> Cell<'a> {
    pub(super) fn new(ui: &'a mut Ui, rect: Rect, row: u64, column: usize, align: Align, selected: bool) -> Self {
        Self { ui, rect, row, column, align, selected }
    }

    /// The cell without its margins.
    pub fn inside(&self) -> Rect {
        self.rect.shrink2(vec2(10.0, 0.0))
    }

    /// Text of 12 points in the first colour.
    pub fn text(&self, text: &str) {
        let t = theme::of(self.ui);
        self.set(text, &t.face.small, t.color.text1);
    }

    /// In the second colour.
    pub fn secondary(&self, text: &str) {
        let t = theme::of(self.ui);
        self.set(text, &t.face.small, t.color.text2);
    }

    /// In the third colour: what is missing.
    pub fn quiet(&self, text: &str) {
        let t = theme::of(self.ui);
        // The third colour is too faint on the fill of a selection.
        let color = if self.selected { t.color.text2 } else { t.color.text3 };
        self.set(text, &t.face.small, color);
    }

    /// Ids, commits, values of data.
    pub fn mono(&self, text: &str) {
        let t = theme::of(self.ui);
        self.set(text, &t.face.mono, t.color.text1);
    }

    pub fn set(&self, text: &str, face: &Face, color: Color32) {
        self.set_in(self.inside(), text, face, color);
    }

    /// How wide a text would be.
    pub fn width_of(&self, text: &str, face: &Face) -> f32 {
        widgets::text_width(self.ui.painter(), text, face)
    }

    /// In a part of the cell, after a mark of one's own.
    pub fn set_in(&self, rect: Rect, text: &str, face: &Face, color: Color32) {
        let align = if self.align == Align::Max { Align2::RIGHT_CENTER } else { Align2::LEFT_CENTER };
        paint_text(self.ui.painter(), rect, align, text, face, color);
    }

    /// Widgets, laid out from the side that the column is aligned to.
    pub fn show<R>(&mut self, contents: impl FnOnce(&mut Ui) -> R) -> R {
        let layout = match self.align {
            Align::Max => Layout::right_to_left(Align::Center),
            _ => Layout::left_to_right(Align::Center),
        };
        let builder = UiBuilder::new().max_rect(self.inside()).layout(layout).id_salt((self.row, self.column));
        contents(&mut self.ui.new_child(builder))
    }
}
