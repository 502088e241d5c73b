//! The heads of columns: title, sort, width, order, and what the source draws below.

use egui::{Align, Align2, CursorIcon, Id, Pos2, Rect, Response, Sense, Ui, WidgetInfo, accesskit::Role, vec2};

use super::{Cell, Column, Frame, Placed, TableResponse, TableSource, TableState, columns::order};
use crate::{
    icons::{self, Icon},
    theme,
    widgets::{self, paint_text},
};

/// Points either side of an edge that grab it.
const GRAB: f32 = 4.0;

#[expect(clippy::too_many_arguments, reason = "the parts of one frame, borrowed apart")]
pub fn show(
    ui: &mut Ui,
    id: Id,
    columns: &[Column],
    state: &mut TableState,
    frame: &Frame,
    placed: &Placed,
    source: &mut dyn TableSource,
    answer: &mut TableResponse,
) {
    let t = theme::of(ui);
    let clip = ui.clip_rect().intersect(frame.head);
    for column in placed.seen(frame.head) {
        let rect = Rect::from_x_y_ranges(column.x.0..=column.x.1, frame.head.y_range());
        ui.set_clip_rect(clip.intersect(column.clip));
        let spec = &columns[column.index];
        let response = ui.interact(rect.intersect(column.clip), id.with(("head", &spec.id)), Sense::click_and_drag());
        title(ui, spec, state, rect.with_max_y(rect.top() + t.size.control), &response);
        let extra = rect.with_min_y(rect.top() + t.size.control).shrink2(vec2(0.0, t.size.grid));
        if extra.height() > 0.0 {
            source.head(&mut Cell::new(ui, extra, 0, column.index, spec.align, false));
        }
        if spec.sortable && response.clicked() {
            state.toggle_sort(&spec.id);
            answer.sorted = true;
        }
        if source.has_menus() {
            response.context_menu(|ui| source.head_menu(ui, column.index));
        }
        reorder(ui, columns, state, frame, placed, spec, &response);
        resize(ui, id, state, spec, rect);
    }
    ui.set_clip_rect(clip);
    ui.painter().hline(frame.head.x_range(), frame.head.bottom() - 0.5, t.hairline());
    if let Some(x) = placed.edge {
        ui.painter().vline(x, frame.head.y_range(), t.hairline());
    }
}

fn title(ui: &Ui, spec: &Column, state: &TableState, rect: Rect, response: &Response) {
    let t = theme::of(ui);
    response.widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, ui.is_enabled(), &spec.title));
    let sort = state.sort.as_ref().filter(|sort| sort.column == spec.id);
    let mut inside = rect.shrink2(vec2(10.0, 0.0));
    let strong = sort.is_some() || (spec.sortable && response.hovered());
    let color = if strong { t.color.text1 } else { t.color.text2 };
    let arrow = 12.0;
    let right = spec.align == Align::Max;
    let align = if right { Align2::RIGHT_CENTER } else { Align2::LEFT_CENTER };
    if sort.is_some() {
        inside.max.x -= arrow;
    }
    let at = paint_text(ui.painter(), inside, align, &spec.title, &t.face.caption, color);
    if let Some(sort) = sort {
        let icon = if sort.descending { Icon::ArrowDown } else { Icon::ArrowUp };
        let centre = Pos2::new(at.right() + arrow / 2.0 + 1.0, rect.center().y);
        icons::paint_at(ui.painter(), icon, centre, 11.0, color);
    }
    widgets::focus_ring(ui, response, 0.0);
}

/// Drags the right edge; a double click sets the width back.
fn resize(ui: &Ui, id: Id, state: &mut TableState, spec: &Column, rect: Rect) {
    let t = theme::of(ui);
    let grip = Rect::from_center_size(rect.right_center(), vec2(2.0 * GRAB, rect.height()));
    let response = ui.interact(grip, id.with(("edge", &spec.id)), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Splitter, ui.is_enabled(), format!("Width of {}", spec.title)));
    if response.dragged() {
        let width = (rect.width() + response.drag_delta().x).max(spec.min_width);
        state.widths.insert(spec.id.clone(), width);
    }
    if response.double_clicked() {
        state.widths.remove(&spec.id);
    }
    if response.hovered() || response.dragged() {
        let line = egui::Stroke::new(t.size.focus, t.color.accent);
        ui.painter().vline(rect.right() - 1.0, rect.y_range(), line);
    }
    response.on_hover_and_drag_cursor(CursorIcon::ResizeColumn);
}

/// Drags a head to another place; a line shows where it would go.
fn reorder(
    ui: &Ui,
    columns: &[Column],
    state: &mut TableState,
    frame: &Frame,
    placed: &Placed,
    spec: &Column,
    response: &Response,
) {
    if !(response.dragged() || response.drag_stopped()) {
        return;
    }
    let Some(pointer) = ui.pointer_interact_pos() else {
        return;
    };
    let far = response.total_drag_delta().is_some_and(|delta| delta.x.abs() > 8.0);
    let target = placed.columns.iter().position(|c| pointer.x < (c.x.0 + c.x.1) / 2.0).unwrap_or(placed.columns.len());
    if response.drag_stopped() {
        let mut ids: Vec<String> = order(columns, state).into_iter().map(|i| columns[i].id.clone()).collect();
        if let Some(from) = ids.iter().position(|id| *id == spec.id).filter(|_| far || !response.clicked()) {
            let id = ids.remove(from);
            ids.insert(if target > from { target - 1 } else { target }, id);
            state.order = ids;
        }
    } else if far {
        let t = theme::of(ui);
        let x = placed.columns.get(target).map_or_else(|| placed.columns.last().map_or(0.0, |c| c.x.1), |c| c.x.0);
        let stroke = egui::Stroke::new(t.size.focus, t.color.accent);
        ui.painter().with_clip_rect(frame.head).vline(x, frame.head.y_range(), stroke);
    }
}
