//! The wheel and the two thin bars.

use egui::{Id, Rect, Response, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use super::{Frame, Placed, TableState};
use crate::theme;

/// Scrolls by wheel and touchpad while the pointer is over the table, and takes that much out
/// of the input so that nothing around it scrolls too.
pub fn wheel(ui: &Ui, state: &mut TableState, frame: &Frame, rows: u64, width: f32, area: Rect) {
    if !ui.rect_contains_pointer(area) {
        return;
    }
    let tall = rows as f64 * f64::from(frame.row_height) > f64::from(frame.body.height());
    let wide = width > frame.body.width();
    ui.input_mut(|input| {
        let delta = input.smooth_scroll_delta;
        if tall && delta.y != 0.0 {
            state.offset -= f64::from(delta.y);
            input.smooth_scroll_delta.y = 0.0;
        }
        if wide && delta.x != 0.0 {
            state.x -= delta.x;
            input.smooth_scroll_delta.x = 0.0;
        }
    });
}

pub fn bars(ui: &mut Ui, id: Id, state: &mut TableState, frame: &Frame, rows: u64, placed: &Placed) {
    let t = theme::of(ui);
    let body = frame.body;
    let content = rows as f64 * f64::from(frame.row_height);
    let thick = t.size.scrollbar;
    if content > f64::from(body.height()) {
        let track = body.with_min_x(body.right() - thick);
        let share = (f64::from(body.height()) / content) as f32;
        let length = (track.height() * share).max(t.size.hit);
        let room = content - f64::from(body.height());
        let top = track.top() + (state.offset / room) as f32 * (track.height() - length);
        let handle = Rect::from_min_size(pos2(track.left(), top), vec2(thick, length));
        let response = bar(ui, id.with("down"), track, handle, "Scroll rows");
        if let Some(delta) = dragged(&response) {
            state.offset += f64::from(delta.y) * room / f64::from((track.height() - length).max(1.0));
        } else if let Some(at) =
            response.interact_pointer_pos().filter(|at| response.clicked() && !handle.contains(*at))
        {
            let share = f64::from((at.y - track.top() - length / 2.0) / (track.height() - length).max(1.0));
            state.offset = share * room;
        }
    }
    if placed.total > body.width() + 0.5 {
        let track = Rect::from_x_y_ranges(body.x_range(), frame.across - thick..=frame.across);
        let length = (track.width() * body.width() / placed.total).max(t.size.hit);
        let room = placed.total - body.width();
        let left = track.left() + state.x / room * (track.width() - length);
        let handle = Rect::from_min_size(pos2(left, track.top()), vec2(length, thick));
        let response = bar(ui, id.with("across"), track, handle, "Scroll columns");
        if let Some(delta) = dragged(&response) {
            state.x += delta.x * room / (track.width() - length).max(1.0);
        }
    }
}

fn dragged(response: &Response) -> Option<egui::Vec2> {
    response.dragged().then(|| response.drag_delta())
}

fn bar(ui: &Ui, id: Id, track: Rect, handle: Rect, name: &str) -> Response {
    let t = theme::of(ui);
    let response = ui.interact(track, id, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::ScrollBar, ui.is_enabled(), name));
    let active = response.hovered() || response.dragged();
    let slim = if active { 1.0 } else { 2.5 };
    let color = t.color.text3.gamma_multiply(if active { 0.8 } else { 0.4 });
    ui.painter().rect_filled(handle.shrink(slim), t.size.scrollbar / 2.0, color);
    response
}
