//! Switches, checkboxes and radio buttons.

use egui::{
    Color32, CursorIcon, Pos2, Rect, Response, Sense, Stroke, StrokeKind, Ui, WidgetInfo, accesskit::Role, vec2,
};

use super::paint_ring;
use crate::{
    icons::{self, Icon},
    theme,
};

/// A switch. `name` is its accessible name; the words stand beside it.
pub fn toggle(ui: &mut Ui, on: &mut bool, name: &str) -> Response {
    let t = theme::of(ui);
    let (rect, mut response) = ui.allocate_exact_size(vec2(30.0, t.size.hit), Sense::click());
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    response.widget_info(|| WidgetInfo::selected(Role::Switch, ui.is_enabled(), *on, name));
    let track = Rect::from_center_size(rect.center(), vec2(30.0, 16.0));
    let share = ui.animate_bool_responsive(response.id, *on);
    let fill = t.tint(t.color.surface4, t.color.accent, share);
    let edge = if *on { Stroke::NONE } else { t.border() };
    ui.painter().rect(track, 8.0, fill, edge, StrokeKind::Inside);
    let knob = Pos2::new(egui::lerp(track.left() + 8.0..=track.right() - 8.0, share), track.center().y);
    ui.painter().circle_filled(knob, 5.5, t.tint(t.color.text2, t.color.on_accent, share));
    if response.has_focus() {
        paint_ring(ui.painter(), &t, track.expand(1.0), 9.0);
    }
    response.on_hover_cursor(CursorIcon::PointingHand)
}

/// A checkbox with its words.
pub fn checkbox(ui: &mut Ui, on: &mut bool, words: &str) -> Response {
    let mut response = choice(ui, Role::CheckBox, *on, words);
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    response
}

/// One of several choices.
pub fn radio<T: PartialEq>(ui: &mut Ui, value: &mut T, this: T, words: &str) -> Response {
    let mut response = choice(ui, Role::RadioButton, *value == this, words);
    if response.clicked() && *value != this {
        *value = this;
        response.mark_changed();
    }
    response
}

fn choice(ui: &mut Ui, role: Role, on: bool, words: &str) -> Response {
    let t = theme::of(ui);
    let side = 14.0;
    let galley = ui.painter().layout_no_wrap(words.to_owned(), t.face.small.font(), t.color.text1);
    let gap = if words.is_empty() { 0.0 } else { t.size.gap };
    let size = vec2((side + gap + galley.size().x).max(t.size.hit), t.size.hit);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(role, ui.is_enabled(), on, words));
    let left = if words.is_empty() { rect.center().x - side / 2.0 } else { rect.left() + 1.0 };
    let mark = Rect::from_min_size(Pos2::new(left, rect.center().y - side / 2.0), vec2(side, side));
    let hovered = response.hovered();
    let edge = Stroke::new(t.size.line_strong, if hovered { t.color.text3 } else { t.color.line2 });
    let painter = ui.painter();
    let radius = if role == Role::RadioButton { side / 2.0 } else { t.size.grid };
    let (fill, edge) = if on { (t.color.accent, Stroke::NONE) } else { (Color32::TRANSPARENT, edge) };
    painter.rect(mark, radius, fill, edge, StrokeKind::Inside);
    if on && role == Role::RadioButton {
        painter.circle_filled(mark.center(), 2.5, t.color.on_accent);
    } else if on {
        icons::paint(painter, Icon::Check, mark.shrink(1.5), t.color.on_accent);
    }
    painter.galley(Pos2::new(mark.right() + gap, rect.center().y - galley.size().y / 2.0), galley, t.color.text1);
    if response.has_focus() {
        paint_ring(painter, &t, mark.expand(1.0), radius + 1.0);
    }
    response.on_hover_cursor(CursorIcon::PointingHand)
}
