//! Text in the flow, and text painted into a rectangle.

use std::sync::Arc;

use egui::{
    Align2, Color32, FontSelection, Galley, Label, Painter, Pos2, Rect, Response, RichText, Sense, Ui, WidgetInfo,
    accesskit::Role,
    text::{LayoutJob, TextWrapping},
    vec2,
};
use jiff::Timestamp;

use super::format;
use crate::{
    icons::{Glyph, paint_glyph},
    theme::{self, Face},
};

/// `text` on one line at most `width` wide, with `…` where it had to be cut.
pub fn elided(painter: &Painter, text: &str, face: &Face, color: Color32, width: f32) -> Arc<Galley> {
    let mut job = LayoutJob::simple_singleline(text.to_owned(), face.font(), color);
    job.wrap = TextWrapping::truncate_at_width(width.max(0.0));
    painter.layout_job(job)
}

/// Paints one line into `rect`, cut to fit; returns where it came to lie.
pub fn paint_text(painter: &Painter, rect: Rect, align: Align2, text: &str, face: &Face, color: Color32) -> Rect {
    let galley = elided(painter, text, face, color, rect.width());
    let at = align.align_size_within_rect(galley.size(), rect);
    painter.galley(at.min, galley, color);
    at
}

/// A status as shape, word and colour together.
pub fn status(ui: &mut Ui, glyph: Glyph, word: &str) -> Response {
    let t = theme::of(ui);
    // The glyph carries the colour; a word takes it too where something is wrong.
    let alarming = matches!(glyph, Glyph::Warn | Glyph::Error);
    let color = if alarming { glyph.color(&t) } else { t.color.text2 };
    let galley = elided(ui.painter(), word, &t.face.small, color, ui.available_width() - 16.0);
    let size = vec2(16.0 + galley.size().x, t.face.small.line);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    paint_glyph(ui.painter(), &t, glyph, Pos2::new(rect.left() + 6.0, rect.center().y));
    let at = Pos2::new(rect.left() + 16.0, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, color);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, word));
    response
}

/// A number with three significant digits; all of them on hover, copied by a click.
pub fn number(ui: &mut Ui, value: f64) -> Response {
    let t = theme::of(ui);
    copyable(ui, t.small(format::number(value)), format::exact(value))
}

/// A time as "3 min ago"; the date on hover.
pub fn time(ui: &mut Ui, when: Timestamp) -> Response {
    let t = theme::of(ui);
    let text = t.secondary(format::ago(when, format::now(ui)));
    ui.add(Label::new(text)).on_hover_text(format::date_time(when))
}

fn copyable(ui: &mut Ui, text: RichText, full: String) -> Response {
    let response = ui.add(Label::new(text).sense(Sense::click()));
    if response.clicked() {
        ui.copy_text(full.clone());
    }
    response.on_hover_text(format!("{full} · click to copy"))
}

/// A tooltip with the shortcut of the same action.
pub fn tooltip(response: Response, text: &str, shortcut: Option<&str>) -> Response {
    response.on_hover_ui(|ui| {
        let t = theme::of(ui);
        ui.horizontal(|ui| {
            ui.label(t.small(text));
            if let Some(shortcut) = shortcut {
                super::key_caps(ui, shortcut);
            }
        });
    })
}

/// The width that `text` takes on one line.
pub fn width(painter: &Painter, text: &str, face: &Face) -> f32 {
    let font = FontSelection::FontId(face.font()).resolve(&painter.ctx().global_style());
    painter.layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER).size().x
}
