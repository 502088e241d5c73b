//! Squares of colour: confusion matrices and heat maps.

use egui::{Align2, Color32, Rect, Response, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use crate::{
    theme::{self, Tokens},
    widgets::{format, paint_text},
};

/// Counts of true classes (rows) against predicted ones (columns), `counts[true][predicted]`.
/// Each cell's depth is its share of its row; the share shows on hover.
pub fn confusion(ui: &mut Ui, labels: &[&str], counts: &[Vec<u64>]) -> Response {
    let t = theme::of(ui);
    let count = labels.len().max(1);
    let width = ui.available_width();
    let names = (width * 0.3).min(120.0);
    let side = ((width - names) / count as f32).clamp(20.0, 64.0);
    let tall = side.min(36.0);
    let head = t.face.caption.line * 2.0;
    let size = vec2(names + side * count as f32, head + tall * count as f32);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, "Confusion matrix"));
    let painter = ui.painter();
    let grid = rect.min + vec2(names, head);
    let top = Rect::from_min_size(pos2(grid.x, rect.top()), vec2(side * count as f32, t.face.caption.line));
    paint_text(painter, top, Align2::LEFT_CENTER, "Predicted", &t.face.caption, t.color.text3);
    let corner = Rect::from_min_size(rect.min, vec2(names, head));
    paint_text(painter, corner, Align2::LEFT_BOTTOM, "True", &t.face.caption, t.color.text3);
    let mut hovered = None;
    for (row, label) in labels.iter().enumerate() {
        let y = grid.y + tall * row as f32;
        let words = Rect::from_min_size(pos2(rect.left(), y), vec2(names - t.size.gap, tall));
        paint_text(painter, words, Align2::LEFT_CENTER, label, &t.face.caption, t.color.text2);
        let above = Rect::from_min_size(
            pos2(grid.x + side * row as f32, rect.top() + head / 2.0),
            vec2(side - 2.0, head / 2.0),
        );
        paint_text(painter, above, Align2::CENTER_CENTER, label, &t.face.caption, t.color.text2);
        let total: u64 = counts.get(row).map_or(0, |row| row.iter().sum());
        for (column, taken_for) in labels.iter().enumerate() {
            let value = counts.get(row).and_then(|row| row.get(column)).copied().unwrap_or(0);
            let share = if total > 0 { value as f64 / total as f64 } else { 0.0 };
            let at = pos2(grid.x + side * column as f32, y);
            let cell = Rect::from_min_size(at, vec2(side - 2.0, tall - 2.0));
            let fill = depth(&t, share as f32);
            painter.rect_filled(cell, 2.0, fill);
            let color = readable(&t, fill);
            paint_text(painter, cell, Align2::CENTER_CENTER, &format::count(value), &t.face.caption, color);
            if response.hover_pos().is_some_and(|pointer| cell.contains(pointer)) {
                hovered =
                    Some(format!("{} taken for {}: {value}, {} of its row", label, taken_for, format::percent(share)));
            }
        }
    }
    match hovered {
        Some(words) => response.on_hover_text_at_pointer(words),
        None => response,
    }
}

/// Values between 0 and 1 over rows and columns. `alarm` picks the cells that are drawn in the
/// colour of errors. The name of the cell under the pointer is asked of `say`.
pub fn heatmap(
    ui: &mut Ui,
    rows: &[&str],
    values: &[Vec<f32>],
    alarm: impl Fn(f32) -> bool,
    say: impl Fn(usize, usize) -> String,
) -> Response {
    let t = theme::of(ui);
    let columns = values.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let width = ui.available_width();
    let names = (width * 0.2).min(160.0);
    let side = ((width - names) / columns as f32).clamp(6.0, 29.0);
    let tall = 27.0;
    let size = vec2(names + side * columns as f32, tall * rows.len() as f32);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, "Heat map"));
    let mut hovered = None;
    for (row, name) in rows.iter().enumerate() {
        let y = rect.top() + tall * row as f32;
        let words = Rect::from_min_size(pos2(rect.left(), y), vec2(names - 10.0, tall - 4.0));
        paint_text(ui.painter(), words, Align2::RIGHT_CENTER, name, &t.face.caption, t.color.text2);
        for (column, &value) in values.get(row).into_iter().flatten().enumerate() {
            let at = pos2(rect.left() + names + side * column as f32, y);
            let cell = Rect::from_min_size(at, vec2(side - 4.0, tall - 4.0));
            let value = value.clamp(0.0, 1.0);
            let color = if alarm(value) { t.color.error } else { t.color.accent };
            ui.painter().rect_filled(cell, 3.0, t.tint(t.color.surface3, color, 0.08 + 0.85 * value));
            if response.hover_pos().is_some_and(|pointer| cell.contains(pointer)) {
                hovered = Some(say(row, column));
            }
        }
    }
    match hovered {
        Some(words) => response.on_hover_text_at_pointer(words),
        None => response,
    }
}

/// The fill of a cell that holds `share` of its row.
pub fn depth(t: &Tokens, share: f32) -> Color32 {
    t.tint(t.color.surface4, t.data(0), if share > 0.0 { 0.06 + 0.94 * share } else { 0.0 })
}

/// The text colour of the two that reads better on `fill`.
pub fn readable(t: &Tokens, fill: Color32) -> Color32 {
    let away = |color: Color32| (color.intensity() - fill.intensity()).abs();
    if away(t.color.text1) >= away(t.color.on_accent) { t.color.text1 } else { t.color.on_accent }
}
