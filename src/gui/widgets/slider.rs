//! A number that is drawn along a line.

use std::ops::RangeInclusive;

use egui::{Align2, CursorIcon, EventFilter, Key, Pos2, Rect, Response, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{paint_ring, paint_text};
use crate::theme;

/// Room for the number at the right.
const WORDS: f32 = 44.0;
const KNOB: f32 = 6.0;

/// A slider as wide as there is room, in steps of `step`, with the value in `words` at its right. The arrow keys move it
/// by a step, Home and End to its ends.
pub fn slider(
    ui: &mut Ui,
    name: &str,
    value: &mut f64,
    range: RangeInclusive<f64>,
    step: f64,
    words: impl Fn(f64) -> String,
) -> Response {
    let t = theme::of(ui);
    let (rect, mut response) =
        ui.allocate_exact_size(vec2(ui.available_width(), t.size.control), Sense::click_and_drag());
    let lane = Rect::from_x_y_ranges(rect.left() + KNOB..=rect.right() - WORDS, rect.y_range());
    let (low, high) = (*range.start(), *range.end());
    let before = *value;
    if let Some(at) = response.interact_pointer_pos().filter(|_| response.dragged() || response.clicked()) {
        let share = f64::from((at.x - lane.left()) / lane.width()).clamp(0.0, 1.0);
        *value = low + (high - low) * share;
    }
    if response.has_focus() {
        let arrows = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
        let pressed = |key: Key| ui.input(|input| input.num_presses(key)) as f64;
        *value += (pressed(Key::ArrowRight) - pressed(Key::ArrowLeft)) * step;
        if pressed(Key::Home) > 0.0 {
            *value = low;
        }
        if pressed(Key::End) > 0.0 {
            *value = high;
        }
    }
    // Whole steps, without the dust of floating point in what is kept.
    *value = ((*value / step).round() * step * 1e9).round() / 1e9;
    *value = value.clamp(low, high);
    if *value != before {
        response.mark_changed();
    }
    response.widget_info(|| WidgetInfo::slider(ui.is_enabled(), *value, name));
    let share = ((*value - low) / (high - low).max(f64::MIN_POSITIVE)) as f32;
    let knob = pos2(lane.left() + lane.width() * share, lane.center().y);
    let track = |from: f32, to: f32| Rect::from_min_max(pos2(from, knob.y - 2.0), Pos2::new(to, knob.y + 2.0));
    let painter = ui.painter();
    painter.rect_filled(track(lane.left(), lane.right()), 2.0, t.color.line2);
    painter.rect_filled(track(lane.left(), knob.x), 2.0, t.color.accent);
    let held = response.hovered() || response.dragged();
    painter.circle(
        knob,
        if held { KNOB + 1.0 } else { KNOB },
        t.color.accent,
        egui::Stroke::new(2.0, t.color.surface2),
    );
    let place = rect.with_min_x(lane.right() + t.size.gap);
    paint_text(painter, place, Align2::RIGHT_CENTER, &words(*value), &t.face.small, t.color.text2);
    if response.has_focus() {
        paint_ring(painter, &t, Rect::from_center_size(knob, vec2(2.0, 2.0) * (KNOB + 2.0)), KNOB + 2.0);
    }
    response.on_hover_cursor(CursorIcon::PointingHand)
}
