//! Chips and key caps.

use std::borrow::Cow;

use egui::{
    Color32, CursorIcon, Painter, Pos2, Rect, Response, Sense, Stroke, StrokeKind, Ui, Widget, WidgetInfo,
    accesskit::Role, vec2,
};

use super::{focus_ring, text};
use crate::{
    icons::{self, Glyph, Icon, paint_glyph},
    theme::{self, Tokens},
};

/// A small framed word: a tag, a filter, a stage. Give it a sense of clicks by [`Chip::click`].
#[must_use = "add it to a ui"]
pub struct Chip<'a> {
    text: Cow<'a, str>,
    note: Option<(Cow<'a, str>, Option<Color32>)>,
    icon: Option<Icon>,
    glyph: Option<Glyph>,
    color: Option<Color32>,
    caret: bool,
    click: bool,
    selected: bool,
    name: Option<Cow<'a, str>>,
}

impl<'a> Chip<'a> {
    pub fn new(text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            text: text.into(),
            note: None,
            icon: None,
            glyph: None,
            color: None,
            caret: false,
            click: false,
            selected: false,
            name: None,
        }
    }

    /// A second word after the first, in a colour of its own: "main *2 changed*".
    pub fn note(self, note: impl Into<Cow<'a, str>>, color: Option<Color32>) -> Self {
        Self { note: Some((note.into(), color)), ..self }
    }

    pub fn icon(self, icon: Icon) -> Self {
        Self { icon: Some(icon), ..self }
    }

    pub fn glyph(self, glyph: Glyph) -> Self {
        Self { glyph: Some(glyph), ..self }
    }

    pub fn color(self, color: Color32) -> Self {
        Self { color: Some(color), ..self }
    }

    /// Marks a chip that opens a menu, and lets it be clicked.
    pub fn caret(self) -> Self {
        Self { caret: true, click: true, ..self }
    }

    pub fn click(self) -> Self {
        Self { click: true, ..self }
    }

    pub fn selected(self, selected: bool) -> Self {
        Self { selected, ..self }
    }

    /// The accessible name when the text alone does not say it.
    pub fn name(self, name: impl Into<Cow<'a, str>>) -> Self {
        Self { name: Some(name.into()), ..self }
    }
}

impl Widget for Chip<'_> {
    fn ui(self, ui: &mut Ui) -> Response {
        let t = theme::of(ui);
        let face = &t.face.small;
        let lay = |words: &str| ui.painter().layout_no_wrap(words.to_owned(), face.font(), Color32::PLACEHOLDER);
        let galley = lay(&self.text);
        let note = self.note.as_ref().map(|(words, color)| (lay(words), *color));
        let mark = if self.icon.is_some() || self.glyph.is_some() { 16.0 } else { 0.0 };
        let caret = if self.caret { 13.0 } else { 0.0 };
        let note_width = note.as_ref().map_or(0.0, |(galley, _)| galley.size().x + 6.0);
        let size = vec2(2.0 * t.size.gap + mark + galley.size().x + note_width + caret, t.size.hit);
        let (rect, response) = ui.allocate_exact_size(size, if self.click { Sense::click() } else { Sense::hover() });
        let role = if self.click { Role::Button } else { Role::Label };
        let name = self.name.as_deref().map_or_else(
            || match &self.note {
                Some((note, _)) => format!("{} {note}", self.text),
                None => self.text.to_string(),
            },
            str::to_owned,
        );
        response.widget_info(|| WidgetInfo::labeled(role, ui.is_enabled(), &name));

        let c = &t.color;
        let hovered = self.click && response.hovered();
        let (fill, edge) = match (self.selected, hovered) {
            (true, _) => (c.accent_soft, Stroke::new(t.size.line, c.accent)),
            (false, true) => (c.surface4, t.border()),
            (false, false) => (c.surface3, t.hairline()),
        };
        let color = self.color.unwrap_or(if self.selected { c.accent } else { c.text2 });
        let painter = ui.painter();
        painter.rect(rect, t.size.radius, fill, edge, StrokeKind::Inside);
        let centre = rect.center().y;
        let mut x = rect.left() + t.size.gap;
        let at = Pos2::new(x + 5.0, centre);
        if let Some(icon) = self.icon {
            icons::paint_at(painter, icon, at, 14.0, color);
        }
        if let Some(glyph) = self.glyph {
            paint_glyph(painter, &t, glyph, at);
        }
        x += mark;
        let text_width = galley.size().x;
        painter.galley(Pos2::new(x, centre - galley.size().y / 2.0), galley, color);
        x += text_width + 6.0;
        if let Some((galley, color)) = note {
            painter.galley(Pos2::new(x, centre - galley.size().y / 2.0), galley, color.unwrap_or(c.text3));
        }
        if self.caret {
            icons::paint_caret(painter, Pos2::new(rect.right() - t.size.gap - 3.0, centre), color);
        }
        focus_ring(ui, &response, t.size.radius);
        if self.click { response.on_hover_cursor(CursorIcon::PointingHand) } else { response }
    }
}

/// The width of a key cap.
pub fn cap_width(painter: &Painter, t: &Tokens, key: &str) -> f32 {
    (text::width(painter, key, &t.face.caption) + 11.0).max(18.0)
}

/// Paints a key cap whose left edge is at `at.x` and whose middle is at `at.y`.
pub fn paint_cap(painter: &Painter, t: &Tokens, at: Pos2, key: &str, color: Color32, edge: Color32) -> Rect {
    let size = vec2(cap_width(painter, t, key), 18.0);
    let rect = Rect::from_min_size(Pos2::new(at.x, at.y - size.y / 2.0), size);
    painter.rect_stroke(rect, t.size.grid, Stroke::new(t.size.line, edge), StrokeKind::Inside);
    painter.text(rect.center(), egui::Align2::CENTER_CENTER, key, t.face.caption.font(), color);
    rect
}

/// One key in a box: "Ctrl K".
pub fn key_cap(ui: &mut Ui, key: &str) -> Response {
    let t = theme::of(ui);
    let size = vec2(cap_width(ui.painter(), &t, key), t.face.small.line);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    paint_cap(ui.painter(), &t, rect.left_center(), key, t.color.text3, t.color.line2);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, key));
    response
}

/// A shortcut: one box for the keys of `Ctrl+Shift+K`, with thin gaps instead of signs.
pub fn key_caps(ui: &mut Ui, shortcut: &str) -> Response {
    key_cap(ui, &shortcut.replace('+', " "))
}

/// Paints a key cap whose right edge is at `right.x` and whose middle is at `right.y`.
pub fn key_cap_at(painter: &Painter, right: Pos2, key: &str) -> Rect {
    let t = theme::of(painter.ctx());
    let left = right - vec2(cap_width(painter, &t, key), 0.0);
    paint_cap(painter, &t, left, key, t.color.text3, t.color.line2)
}
