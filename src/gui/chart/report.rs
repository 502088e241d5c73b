//! The charts of a report, as `learn` describes them.

use std::borrow::Cow;

use egui::{Align2, Grid, Rect, Response, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2};
use studio::learn::report::{Chart, Counts, Reference, TableRow};

use super::{BarRow, Cloud, LineChart, Scatter, Series, bars, confusion, grid};
use crate::{
    theme,
    widgets::{format, paint_text},
};

/// A curve with a colour of the caller's, as several models are laid over each other.
#[derive(Clone, Debug)]
pub struct Overlay<'a> {
    pub name: String,
    pub color: egui::Color32,
    pub points: &'a [[f64; 2]],
}

/// Draws `chart` as wide as there is room and about `height` high, without its title.
pub fn report_chart(ui: &mut Ui, chart: &Chart, height: f32) {
    let t = theme::of(ui);
    match chart {
        Chart::Curve { id, title, x_label, y_label, series, reference } => {
            let overlays: Vec<Overlay<'_>> = series
                .iter()
                .enumerate()
                .map(|(at, series)| Overlay {
                    name: match &series.note {
                        Some(note) if series.name.is_empty() => note.clone(),
                        Some(note) => format!("{} · {note}", series.name),
                        None => series.name.clone(),
                    },
                    color: t.data(at),
                    points: &series.points,
                })
                .collect();
            overlaid(ui, id, title, (x_label, y_label), &overlays, *reference, height);
        }
        Chart::Confusion { labels, counts, .. } => {
            let names: Vec<&str> = labels.iter().map(String::as_str).collect();
            let whole: Vec<Vec<u64>> =
                counts.iter().map(|row| row.iter().map(|n| n.max(0.0).round() as u64).collect()).collect();
            confusion(ui, &names, &whole);
        }
        Chart::Histogram { title, x_label, edges, series, .. } => {
            histograms(ui, title, x_label, edges, series, height);
        }
        Chart::Scatter { title, x_label, y_label, x, y, note, reference, .. } => {
            let clouds = [Cloud { name: title.into(), color: t.data(0), x, y }];
            let mut scatter = Scatter::new(title, &clouds).labels(x_label, y_label).height(height);
            match reference {
                Reference::Diagonal => scatter = scatter.diagonal(),
                Reference::Horizontal(_) => scatter = scatter.zero(),
                Reference::None => {}
            }
            scatter.show(ui);
            if let Some(note) = note {
                ui.label(t.caption(note));
            }
        }
        Chart::Bars { title, labels, values, .. } => {
            let rows: Vec<BarRow<'_>> = labels
                .iter()
                .zip(values)
                .map(|(name, &value)| BarRow { name: Cow::Borrowed(name), value, color: t.data(0) })
                .collect();
            bars(ui, title, &rows);
        }
        Chart::Table { columns, rows, .. } => table(ui, chart.id(), columns, rows),
    }
}

/// The x and the y of a curve's points.
type Axes = (Vec<f64>, Vec<f64>);

/// Curves over one pair of axes, with their names where the curves leave room.
pub fn overlaid(
    ui: &mut Ui,
    id: &str,
    title: &str,
    (x_label, y_label): (&str, &str),
    curves: &[Overlay<'_>],
    reference: Reference,
    height: f32,
) {
    let t = theme::of(ui);
    let split: Vec<Axes> = curves.iter().map(|curve| curve.points.iter().map(|[x, y]| (*x, *y)).unzip()).collect();
    let mut series: Vec<Series<'_>> = curves
        .iter()
        .zip(&split)
        .map(|(curve, (x, y))| Series::new(curve.name.as_str(), curve.color, y).x(x))
        .collect();
    let finite = split.iter().flat_map(|(x, _)| x.iter().copied()).filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    let ends = [low, high];
    let level = match reference {
        Reference::Diagonal => Some(ends),
        Reference::Horizontal(level) => Some([level, level]),
        Reference::None => None,
    };
    if let Some(level) = level.as_ref().filter(|_| low < high) {
        let name = match id {
            "roc" | "gain" => "chance",
            "calibration" => "ideal",
            _ => "reference",
        };
        series.insert(0, Series::new(name, t.color.line2, level).x(&ends).dashed());
    }
    let crowded = matches!(id, "roc" | "gain" | "precision_recall" | "calibration");
    let mut chart = LineChart::new(title, &series).height(height).x_label(x_label).y_label(y_label).labels(!crowded);
    if crowded {
        chart = chart.x_range(0.0, 1.0).y_range(0.0, 1.0);
    }
    let shown = chart.show(ui);
    if crowded && shown.x.is_none() {
        names(ui, shown.response.rect, id, curves);
    }
}

/// The curves' names in the corner that such curves leave empty.
fn names(ui: &Ui, area: Rect, id: &str, curves: &[Overlay<'_>]) {
    let t = theme::of(ui);
    let line = t.face.caption.line + 2.0;
    let left = id == "precision_recall";
    let bottom = area.bottom() - 44.0;
    for (at, curve) in curves.iter().enumerate().filter(|(_, c)| !c.name.is_empty()) {
        let y = bottom - line * (curves.len() - at) as f32;
        let row = Rect::from_min_max(pos2(area.left() + 52.0, y), pos2(area.right() - 12.0, y + line));
        let align = if left { Align2::LEFT_CENTER } else { Align2::RIGHT_CENTER };
        // No grid line goes through the words.
        let wide = crate::widgets::text_width(ui.painter(), &curve.name, &t.face.caption).min(row.width());
        let behind = align.align_size_within_rect(vec2(wide, line), row).expand2(vec2(t.size.grid, 0.0));
        ui.painter().rect_filled(behind, 0.0, t.color.surface3);
        paint_text(ui.painter(), row, align, &curve.name, &t.face.caption, t.readable(curve.color));
    }
}

/// Bars of several series side by side over common bins.
fn histograms(ui: &mut Ui, title: &str, x_label: &str, edges: &[f64], series: &[Counts], height: f32) -> Response {
    let t = theme::of(ui);
    let size = vec2(ui.available_width(), height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, title));
    let line = t.face.caption.line;
    let most = series.iter().flat_map(|one| one.counts.iter().copied()).fold(0.0, f64::max);
    let bins = edges.len().saturating_sub(1);
    if bins == 0 || most <= 0.0 {
        grid::nothing(ui, rect);
        return response;
    }
    let head = if series.len() > 1 { line + 4.0 } else { 0.0 };
    let area = Rect::from_min_max(rect.min + vec2(0.0, head), rect.max - vec2(0.0, line + t.size.grid));
    let under = response.hover_pos().filter(|at| area.contains(*at)).map(|at| {
        let share = (at.x - area.left()) / area.width();
        ((share * bins as f32) as usize).min(bins - 1)
    });
    let painter = ui.painter();
    painter.hline(area.x_range(), area.bottom(), t.hairline());
    let wide = area.width() / bins as f32;
    let bar = ((wide - 2.0) / series.len() as f32).max(1.0);
    for (at, one) in series.iter().enumerate() {
        for (bin, &count) in one.counts.iter().enumerate().take(bins) {
            let tall = (count / most) as f32 * area.height();
            let left = area.left() + wide * bin as f32 + 1.0 + bar * at as f32;
            let bounds = Rect::from_min_max(pos2(left, area.bottom() - tall), pos2(left + bar - 0.5, area.bottom()));
            let color = if under == Some(bin) { t.data(at) } else { t.tint(t.color.surface3, t.data(at), 0.75) };
            painter.rect_filled(bounds, 1.0, color);
        }
    }
    let mut x = rect.left();
    for (at, one) in series.iter().enumerate().filter(|_| series.len() > 1) {
        let place = Rect::from_min_size(pos2(x, rect.top()), vec2(rect.right() - x, line));
        let drawn = paint_text(painter, place, Align2::LEFT_CENTER, &one.name, &t.face.caption, t.readable(t.data(at)));
        x = drawn.right() + t.size.pad;
    }
    let below = rect.with_min_y(area.bottom() + t.size.grid);
    let say = |align, words: &str| {
        paint_text(painter, below, align, words, &t.face.caption, t.color.text2);
    };
    say(Align2::LEFT_CENTER, &format::number(edges[0]));
    say(Align2::CENTER_CENTER, x_label);
    say(Align2::RIGHT_CENTER, &format::number(edges[bins]));
    let Some(bin) = under else { return response };
    let mut words = format!("{} to {}", format::number(edges[bin]), format::number(edges[bin + 1]));
    for one in series {
        let count = one.counts.get(bin).copied().unwrap_or(0.0);
        words.push_str(&format!("\n{} {}", one.name, format::number(count)));
    }
    response.on_hover_text_at_pointer(words)
}

fn table(ui: &mut Ui, id: &str, columns: &[String], rows: &[TableRow]) {
    let t = theme::of(ui);
    let spacing = vec2(t.size.pad_panel, t.size.grid);
    Grid::new(id).spacing(spacing).show(ui, |ui| {
        ui.label("");
        for column in columns {
            ui.label(t.caption(column));
        }
        ui.end_row();
        for row in rows {
            ui.label(t.secondary(&row.label));
            for value in &row.values {
                ui.label(t.small(format::number(*value))).on_hover_text(format::exact(*value));
            }
            ui.end_row();
        }
    });
}
