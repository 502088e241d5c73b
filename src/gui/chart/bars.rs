//! Bars: named values, and the distribution of one.

use std::borrow::Cow;

use egui::{Align2, Color32, Rect, Response, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2};

use super::grid;
use crate::{
    theme,
    widgets::{format, paint_text},
};

/// A named value.
#[derive(Clone, Debug)]
pub struct BarRow<'a> {
    pub name: Cow<'a, str>,
    pub value: f64,
    pub color: Color32,
}

/// Lying bars, one below another, each with its name at the left and its value at its end.
/// Negative values go to the left of the common nought. Returns the index that was clicked.
pub fn bars(ui: &mut Ui, name: &str, rows: &[BarRow<'_>]) -> Option<usize> {
    let t = theme::of(ui);
    let width = ui.available_width();
    let wide = |row: &BarRow<'_>| {
        ui.painter().layout_no_wrap(row.name.to_string(), t.face.small.font(), t.color.text2).size().x
    };
    let longest = rows.iter().map(wide).fold(0.0, f32::max) + t.size.gap;
    let names = longest.clamp((width * 0.25).min(80.0), (width * 0.5).min(240.0));
    let values = 64.0;
    let finite = rows.iter().map(|row| row.value).filter(|value| value.is_finite());
    let (low, high) = finite.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    let room = (width - names - values).max(20.0);
    let scale = if high > low { f64::from(room) / (high - low) } else { 0.0 };
    let zero = names + (-low * scale) as f32;
    let mut clicked = None;
    ui.spacing_mut().item_spacing.y = 0.0;
    let values_alike = format::alike(&rows.iter().map(|row| row.value).collect::<Vec<_>>());
    for (at, (row, value)) in rows.iter().zip(&values_alike).enumerate() {
        let (rect, response) = ui.allocate_exact_size(vec2(width, t.size.control), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, format!("{name}, {} {value}", row.name)));
        let words = rect.with_max_x(rect.left() + names - t.size.gap);
        paint_text(ui.painter(), words, Align2::LEFT_CENTER, &row.name, &t.face.small, t.color.text2);
        let end = zero + (row.value * scale) as f32;
        let y = rect.center().y;
        let bar = Rect::from_two_pos(pos2(rect.left() + zero, y - 5.0), pos2(rect.left() + end, y + 5.0));
        let color = if response.hovered() { row.color } else { t.tint(t.color.surface3, row.color, 0.85) };
        ui.painter().rect_filled(bar, 1.5, color);
        let words = Rect::from_min_size(pos2(bar.right() + 7.0, rect.top()), vec2(values, rect.height()));
        paint_text(ui.painter(), words, Align2::LEFT_CENTER, value, &t.face.small, t.color.text2);
        if response.clicked() {
            clicked = Some(at);
        }
        response.on_hover_text(format!("{} {}", row.name, format::exact(row.value)));
    }
    clicked
}

/// Standing bars over their edges (one more than counts), with the smallest and largest value
/// below, and `middle` between them: "median 13.4". The bin under the pointer says its count.
pub fn histogram(
    ui: &mut Ui,
    height: f32,
    edges: &[f64],
    counts: &[u64],
    middle: &str,
    marked: Option<usize>,
) -> Response {
    let t = theme::of(ui);
    let caption = if edges.is_empty() { 0.0 } else { t.face.caption.line + t.size.grid };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height + caption), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, format!("Histogram, {middle}")));
    let area = rect.with_max_y(rect.top() + height);
    if counts.iter().all(|&count| count == 0) {
        grid::nothing(ui, area);
        return response;
    }
    let under = response.hover_pos().filter(|at| area.contains(*at)).map(|at| {
        let share = (at.x - area.left()) / area.width();
        ((share * counts.len() as f32) as usize).min(counts.len() - 1)
    });
    crate::widgets::paint_histogram(ui.painter(), area, counts, under.or(marked));
    if let (Some(low), Some(high)) = (edges.first(), edges.last()) {
        let below = rect.with_min_y(area.bottom() + t.size.grid);
        let say = |align, words: &str| {
            paint_text(ui.painter(), below, align, words, &t.face.caption, t.color.text2);
        };
        say(Align2::LEFT_CENTER, &format::number(*low));
        say(Align2::CENTER_CENTER, middle);
        say(Align2::RIGHT_CENTER, &format::number(*high));
    }
    match under {
        Some(bin) => {
            let range = edges.get(bin).zip(edges.get(bin + 1));
            let range = range.map_or_else(String::new, |(low, high)| {
                format!("{} to {} · ", format::number(*low), format::number(*high))
            });
            response.on_hover_text_at_pointer(format!("{range}{}", format::counted(counts[bin], "row", "rows")))
        }
        None => response,
    }
}
