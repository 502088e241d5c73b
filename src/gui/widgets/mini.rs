//! Marks small enough to stand in a cell or a column head.

use egui::{Color32, Pos2, Rect, Response, Sense, Shape, Stroke, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use super::format;
use crate::theme;

/// A bar 4 points high, `share` of it filled.
pub fn progress(ui: &mut Ui, share: f32, name: &str) -> Response {
    let t = theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), t.size.progress), Sense::hover());
    let radius = t.size.progress / 2.0;
    ui.painter().rect_filled(rect, radius, t.color.line1);
    let share = share.clamp(0.0, 1.0);
    if share > 0.0 {
        let filled = rect.with_max_x(egui::lerp(rect.x_range(), share).max(rect.left() + 2.0 * radius));
        ui.painter().rect_filled(filled, radius, t.color.accent);
    }
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ProgressIndicator, true, name);
        info.value = Some(f64::from(share));
        info
    });
    response
}

/// Bars of `counts` over the whole of `size`. `marked` is drawn in the full colour: the bin that
/// holds the median, or the one under the pointer.
pub fn histogram(ui: &mut Ui, size: egui::Vec2, counts: &[u64], marked: Option<usize>) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    paint_histogram(ui.painter(), rect, counts, marked);
    response
}

/// As [`histogram`], painted into a rectangle.
pub fn paint_histogram(painter: &egui::Painter, rect: Rect, counts: &[u64], marked: Option<usize>) {
    let t = theme::of(painter.ctx());
    let Some(&most) = counts.iter().max().filter(|&&most| most > 0) else {
        return;
    };
    let step = rect.width() / counts.len() as f32;
    let gap = if step >= 6.0 {
        (step * 0.16).clamp(1.0, 2.0)
    } else if step > 2.0 {
        1.0
    } else {
        0.0
    };
    let quiet = t.data_soft(t.color.surface2, 0);
    for (at, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let height = (rect.height() * (count as f64 / most as f64) as f32).max(1.0);
        let left = rect.left() + at as f32 * step;
        let bar = Rect::from_min_max(pos2(left, rect.bottom() - height), pos2(left + step - gap, rect.bottom()));
        let color = if marked == Some(at) { t.data(0) } else { quiet };
        painter.rect_filled(bar, if step > 8.0 { 1.5 } else { 0.0 }, color);
    }
}

/// Shares of a whole side by side in the data colours: the head of a category column.
pub fn proportions(ui: &mut Ui, size: egui::Vec2, parts: &[(u64, Color32)]) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    paint_proportions(ui.painter(), rect, parts);
    response
}

/// As [`proportions`], painted into a rectangle.
pub fn paint_proportions(painter: &egui::Painter, rect: Rect, parts: &[(u64, Color32)]) {
    let total: u64 = parts.iter().map(|(count, _)| count).sum();
    if total == 0 {
        return;
    }
    let gap = 2.0;
    let room = rect.width() - gap * parts.len().saturating_sub(1) as f32;
    let mut x = rect.left();
    for &(count, color) in parts {
        let width = room * (count as f64 / total as f64) as f32;
        let bar = Rect::from_min_size(pos2(x, rect.top()), vec2(width.max(1.0), rect.height()));
        painter.rect_filled(bar, 1.0, color);
        x += width + gap;
    }
}

/// A curve without axes; `None` where a value is missing. The last value on hover.
pub fn sparkline(ui: &mut Ui, size: egui::Vec2, values: &[f64], color: Color32) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    paint_sparkline(ui.painter(), rect, values, color);
    match values.last() {
        Some(&last) => response.on_hover_text(format::number(last)),
        None => response,
    }
}

/// As [`sparkline`], painted into a rectangle.
pub fn paint_sparkline(painter: &egui::Painter, rect: Rect, values: &[f64], color: Color32) {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    if low > high {
        return;
    }
    let t = theme::of(painter.ctx());
    let rect = rect.shrink(1.0);
    let steps = values.len().saturating_sub(1).max(1) as f32;
    let at = |(i, value): (usize, &f64)| -> Pos2 {
        let y = if high > low { ((value - low) / (high - low)) as f32 } else { 0.5 };
        pos2(rect.left() + rect.width() * i as f32 / steps, rect.bottom() - rect.height() * y)
    };
    let points: Vec<Pos2> = values.iter().enumerate().filter(|(_, value)| value.is_finite()).map(at).collect();
    painter.add(Shape::line(points, Stroke::new(t.size.line_strong, color)));
}
