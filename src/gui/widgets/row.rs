//! Rows of lists.

use std::borrow::Cow;

use egui::{
    Align2, Color32, CursorIcon, Pos2, Rect, Response, Sense, Ui, UiBuilder, WidgetInfo, accesskit::Role, vec2,
};

use super::{chip, paint_ring, text};
use crate::{
    icons::{self, Glyph, Icon, paint_glyph},
    theme,
};

/// A row of a list as wide as there is room: a mark, a text, a note at the right. A second line
/// of text makes it two lines high.
#[must_use = "call show"]
pub struct ListRow<'a> {
    text: Cow<'a, str>,
    note: Cow<'a, str>,
    second: Option<(Cow<'a, str>, Cow<'a, str>)>,
    icon: Option<Icon>,
    glyph: Option<Glyph>,
    swatch: Option<Color32>,
    shortcut: Option<Cow<'a, str>>,
    hits: &'a [usize],
    selected: bool,
    height: Option<f32>,
    indent: f32,
    sense: Sense,
    quiet: bool,
}

impl<'a> ListRow<'a> {
    pub fn new(text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            text: text.into(),
            note: "".into(),
            second: None,
            icon: None,
            glyph: None,
            swatch: None,
            shortcut: None,
            hits: &[],
            selected: false,
            height: None,
            indent: 0.0,
            sense: Sense::click(),
            quiet: false,
        }
    }

    /// At the right edge, quietly.
    pub fn note(self, note: impl Into<Cow<'a, str>>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// A second line, and what stands at its right.
    pub fn second(self, text: impl Into<Cow<'a, str>>, note: impl Into<Cow<'a, str>>) -> Self {
        Self { second: Some((text.into(), note.into())), ..self }
    }

    pub fn icon(self, icon: Icon) -> Self {
        Self { icon: Some(icon), ..self }
    }

    /// Before the text, or before the second line where there is one.
    pub fn glyph(self, glyph: Glyph) -> Self {
        Self { glyph: Some(glyph), ..self }
    }

    /// A small square in a data colour before the text.
    pub fn swatch(self, color: Color32) -> Self {
        Self { swatch: Some(color), ..self }
    }

    pub fn shortcut(self, shortcut: impl Into<Cow<'a, str>>) -> Self {
        Self { shortcut: Some(shortcut.into()), ..self }
    }

    /// Characters of the text that were searched for, drawn strongly.
    pub fn hits(self, hits: &'a [usize]) -> Self {
        Self { hits, ..self }
    }

    pub fn selected(self, selected: bool) -> Self {
        Self { selected, ..self }
    }

    pub fn height(self, height: f32) -> Self {
        Self { height: Some(height), ..self }
    }

    /// Begins so many points further to the right: a tree.
    pub fn indent(self, indent: f32) -> Self {
        Self { indent, ..self }
    }

    /// Clicks by default; give it drags too for a palette.
    pub fn sense(self, sense: Sense) -> Self {
        Self { sense, ..self }
    }

    /// In the second text colour: a palette, a list of commands that cannot be run.
    pub fn quiet(self) -> Self {
        Self { quiet: true, ..self }
    }

    pub fn show(self, ui: &mut Ui) -> Response {
        let t = theme::of(ui);
        let height = self.height.unwrap_or(if self.second.is_some() { 62.0 } else { t.size.row });
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), self.sense);
        response
            .widget_info(|| WidgetInfo::selected(Role::ListItem, ui.is_enabled(), self.selected, self.text.as_ref()));
        if ui.is_rect_visible(rect) {
            self.paint(ui, rect, &response);
        }
        if self.sense.senses_click() { response.on_hover_cursor(CursorIcon::PointingHand) } else { response }
    }

    fn paint(&self, ui: &Ui, rect: Rect, response: &Response) {
        let t = theme::of(ui);
        let painter = ui.painter();
        let fill = match (self.selected, response.hovered()) {
            (true, _) => t.color.accent_soft,
            (false, true) => t.color.surface4,
            (false, false) => Color32::TRANSPARENT,
        };
        let radius = if self.second.is_some() { 0.0 } else { t.size.radius };
        painter.rect_filled(rect, radius, fill);
        let mut inside = rect.shrink2(vec2(t.size.gap, 0.0));
        inside.min.x += self.indent;
        let second = self.second.as_ref().map(|words| {
            inside = inside.expand2(vec2(-t.size.gap, 0.0));
            let (top, bottom) = inside.shrink2(vec2(0.0, 10.0)).split_top_bottom_at_fraction(0.5);
            inside = top;
            (words, bottom)
        });
        if let Some(((words, note), mut bottom)) = second {
            if let Some(glyph) = self.glyph {
                paint_glyph(painter, &t, glyph, bottom.left_center() + vec2(5.0, 0.0));
                bottom.min.x += 14.0;
            }
            bottom = self.paint_note(ui, bottom, note, t.color.text2);
            text::paint_text(painter, bottom, Align2::LEFT_CENTER, words, &t.face.small, t.color.text2);
        } else if let Some(glyph) = self.glyph {
            paint_glyph(painter, &t, glyph, inside.left_center() + vec2(6.0, 0.0));
            inside.min.x += 18.0;
        }
        if let Some(icon) = self.icon {
            let color = if self.selected { t.color.accent } else { t.color.text2 };
            icons::paint_at(painter, icon, inside.left_center() + vec2(8.0, 0.0), t.size.icon_small, color);
            inside.min.x += 24.0;
        }
        if let Some(color) = self.swatch {
            let square = Rect::from_center_size(inside.left_center() + vec2(4.0, 0.0), vec2(8.0, 8.0));
            painter.rect_filled(square, 2.0, color);
            inside.min.x += 16.0;
        }
        if let Some(shortcut) = &self.shortcut {
            let width = chip::cap_width(painter, &t, shortcut);
            chip::paint_cap(
                painter,
                &t,
                inside.right_center() - vec2(width, 0.0),
                shortcut,
                t.color.text3,
                t.color.line2,
            );
            inside.max.x -= width + t.size.gap;
        }
        let note = if self.selected { t.color.text2 } else { t.color.text3 };
        inside = self.paint_note(ui, inside, &self.note, note);
        let color = if self.quiet { t.color.text2 } else { t.color.text1 };
        self.paint_title(ui, inside, color);
        if response.has_focus() {
            paint_ring(painter, &t, rect.shrink(2.0), radius);
        }
    }

    /// Paints `note` at the right of `rect`; what is left of it.
    fn paint_note(&self, ui: &Ui, rect: Rect, note: &str, color: Color32) -> Rect {
        if note.is_empty() {
            return rect;
        }
        let t = theme::of(ui);
        let room = rect.with_min_x(rect.left() + rect.width() * 0.3);
        let at = text::paint_text(ui.painter(), room, Align2::RIGHT_CENTER, note, &t.face.small, color);
        rect.with_max_x(at.left() - t.size.gap)
    }

    fn paint_title(&self, ui: &Ui, rect: Rect, color: Color32) {
        let t = theme::of(ui);
        let face = if self.second.is_some() { &t.face.body_strong } else { &t.face.small };
        if self.hits.is_empty() {
            text::paint_text(ui.painter(), rect, Align2::LEFT_CENTER, &self.text, face, color);
            return;
        }
        let mut job = egui::text::LayoutJob::default();
        for (at, letter) in self.text.chars().enumerate() {
            let (face, color) =
                if self.hits.contains(&at) { (&t.face.small_strong, t.color.accent) } else { (face, color) };
            job.append(letter.encode_utf8(&mut [0; 4]), 0.0, egui::TextFormat::simple(face.font(), color));
        }
        job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width());
        let galley = ui.painter().layout_job(job);
        ui.painter().galley(Pos2::new(rect.left(), rect.center().y - galley.size().y / 2.0), galley, color);
    }
}

/// A row with contents of one's own, `height` high, that can be clicked. `name` is its
/// accessible name.
pub fn grid_row<R>(
    ui: &mut Ui,
    name: &str,
    height: f32,
    selected: bool,
    contents: impl FnOnce(&mut Ui) -> R,
) -> (Response, R) {
    let t = theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::ListItem, ui.is_enabled(), selected, name));
    let fill = match (selected, response.hovered()) {
        (true, _) => t.color.accent_soft,
        (false, true) => t.color.surface4,
        (false, false) => Color32::TRANSPARENT,
    };
    ui.painter().rect_filled(rect, t.size.radius, fill);
    let inside = rect.shrink2(vec2(t.size.gap, 0.0));
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    let mut child = ui.new_child(UiBuilder::new().max_rect(inside).layout(layout));
    let result = contents(&mut child);
    if response.has_focus() {
        paint_ring(ui.painter(), &t, rect.shrink(2.0), t.size.radius);
    }
    (response.on_hover_cursor(CursorIcon::PointingHand), result)
}
