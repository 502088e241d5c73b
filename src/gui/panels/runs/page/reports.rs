//! What the runs' reports hold: confusion matrices side by side, ROC and other curves overlaid.

use std::sync::Arc;

use egui::{Align2, Pos2, Rect, Stroke, pos2, vec2};
use studio::{
    Studio,
    learn::{
        Report,
        report::{Chart, Reference},
    },
};

use super::picture::{Csv, Making, Pen, Picture, Under, Who, exact};
use crate::{
    backend::Failure,
    chart::{
        curve::Extent,
        depth,
        drawing::Drawing,
        grid::Value,
        plot, readable,
        scale::{Frame, Measure, Scale},
    },
    widgets::format,
};

/// Reports by run id, each with the title of its step.
pub type Reports = Vec<(String, Vec<(String, Report)>)>;

/// The least width of a matrix.
const NARROWEST: f32 = 150.0;
/// Points from a curve that still count as on it.
const NEAR: f32 = 10.0;

/// The ids of the charts that the reports hold, in order, those of kind curve.
pub fn curve_ids(reports: &Reports) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for chart in charts(reports) {
        if let Chart::Curve { id, title, .. } = chart
            && !found.iter().any(|(other, _)| other == id)
        {
            found.push((id.clone(), title.clone()));
        }
    }
    found
}

pub fn has_confusion(reports: &Reports) -> bool {
    charts(reports).any(|chart| matches!(chart, Chart::Confusion { .. }))
}

fn charts(reports: &Reports) -> impl Iterator<Item = &Chart> {
    reports.iter().flat_map(|(_, of_run)| of_run).flat_map(|(_, report)| &report.charts)
}

/// The charts of each shown run that `pick` wants, named by the run and, where it has several, by the step.
fn each<'a, T>(
    reports: &'a Reports,
    making: &Making<'_>,
    pick: impl Fn(&'a Chart) -> Option<T>,
) -> Vec<(Who, String, T)> {
    let mut found = Vec::new();
    for run in making.shown {
        let of_run = reports.iter().filter(|(id, _)| *id == run.id).flat_map(|(_, of_run)| of_run);
        let picked = of_run.filter_map(|(step, report)| Some((step, report.charts.iter().find_map(&pick)?)));
        let picked: Vec<_> = picked.collect();
        let several = picked.len() > 1;
        for (step, chart) in picked {
            let who = Who::of(run, making);
            let name = if several { format!("{} · {step}", who.name) } else { who.name.to_string() };
            found.push((who, name, chart));
        }
    }
    found
}

struct Matrix {
    who: Who,
    name: String,
    labels: Vec<String>,
    counts: Vec<Vec<f64>>,
}

pub struct ConfusionPicture(Vec<Matrix>);

impl ConfusionPicture {
    pub fn new(reports: &Reports, making: &Making<'_>) -> Self {
        let found = each(reports, making, |chart| match chart {
            Chart::Confusion { labels, counts, .. } => Some((labels, counts)),
            _ => None,
        });
        let matrices = found.into_iter().map(|(who, name, (labels, counts))| Matrix {
            who,
            name,
            labels: labels.clone(),
            counts: counts.clone(),
        });
        Self(matrices.collect())
    }

    /// Each matrix and its place: as many side by side as there is room for.
    fn places(&self, pen: &Pen<'_>) -> impl Iterator<Item = (&Matrix, Rect)> {
        let (area, gap) = (pen.area, pen.t.size.pad_panel);
        let fit = ((area.width() + gap) / (NARROWEST + gap)).floor().max(1.0) as usize;
        let across = fit.min(self.0.len()).max(1);
        let down = self.0.len().div_ceil(across).max(1);
        let wide = (area.width() - gap * (across - 1) as f32) / across as f32;
        let tall = (area.height() - gap * (down - 1) as f32) / down as f32;
        self.0.iter().enumerate().map(move |(at, matrix)| {
            let corner = area.min + vec2((wide + gap) * (at % across) as f32, (tall + gap) * (at / across) as f32);
            (matrix, Rect::from_min_size(corner, vec2(wide, tall)))
        })
    }

    /// Where the cells of a matrix are.
    fn cells(matrix: &Matrix, place: Rect, pen: &Pen<'_>) -> Rect {
        let line = pen.t.face.caption.line;
        let names = (place.width() * 0.36).min(84.0);
        let room = Rect::from_min_max(place.min + vec2(names, 2.0 * line + 4.0), place.max - vec2(0.0, line));
        let count = matrix.labels.len().max(1) as f32;
        let side = vec2((room.width() / count).min(84.0), (room.height() / count).min(52.0));
        Rect::from_min_size(room.min, side * count)
    }

    fn cell(matrix: &Matrix, cells: Rect, row: usize, column: usize) -> Rect {
        let count = matrix.labels.len().max(1) as f32;
        let side = cells.size() / count;
        Rect::from_min_size(cells.min + side * vec2(column as f32, row as f32), side - vec2(2.0, 2.0))
    }

    fn one(drawing: &mut Drawing, pen: &Pen<'_>, matrix: &Matrix, place: Rect) {
        let t = pen.t;
        let line = t.face.caption.line;
        let head = place.with_max_y(place.top() + line);
        drawing.rect(
            Rect::from_center_size(head.left_center() + vec2(4.0, 0.0), vec2(8.0, 8.0)),
            2.0,
            matrix.who.color,
        );
        let words = head.with_min_x(head.left() + 14.0);
        drawing.text(pen.painter, words, Align2::LEFT_CENTER, &matrix.name, &t.face.caption, t.color.text1);
        let cells = Self::cells(matrix, place, pen);
        for (row, label) in matrix.labels.iter().enumerate() {
            let first = Self::cell(matrix, cells, row, 0);
            let words = Rect::from_min_max(pos2(place.left(), first.top()), pos2(cells.left() - 6.0, first.bottom()));
            drawing.text(pen.painter, words, Align2::RIGHT_CENTER, label, &t.face.caption, t.color.text2);
            let above = Self::cell(matrix, cells, 0, row);
            let words =
                Rect::from_min_max(pos2(above.left(), cells.top() - line - 1.0), pos2(above.right(), cells.top()));
            drawing.text(pen.painter, words, Align2::CENTER_CENTER, label, &t.face.caption, t.color.text2);
            let total: f64 = matrix.counts.get(row).into_iter().flatten().sum();
            for (column, count) in matrix.counts.get(row).into_iter().flatten().enumerate() {
                let cell = Self::cell(matrix, cells, row, column);
                let fill = depth(t, if total > 0.0 { (count / total) as f32 } else { 0.0 });
                drawing.rect(cell, 2.0, fill);
                let words = format::number(*count);
                drawing.text(pen.painter, cell, Align2::CENTER_CENTER, &words, &t.face.caption, readable(t, fill));
            }
        }
        let below = Rect::from_min_max(pos2(cells.left(), cells.bottom()), pos2(place.right(), cells.bottom() + line));
        drawing.text(pen.painter, below, Align2::LEFT_CENTER, "true ↓ predicted →", &t.face.caption, t.color.text3);
    }
}

impl Picture for ConfusionPicture {
    fn nothing(&self) -> Option<String> {
        self.0.is_empty().then(|| "None of these runs reported a confusion matrix".to_owned())
    }

    fn draw(&self, drawing: &mut Drawing, pen: &Pen<'_>) {
        for (matrix, place) in self.places(pen) {
            Self::one(drawing, pen, matrix, place);
        }
    }

    fn emphasise(&self, drawing: &mut Drawing, pen: &Pen<'_>, run: &str) {
        for (matrix, place) in self.places(pen).filter(|(matrix, _)| &*matrix.who.id == run) {
            Self::one(drawing, pen, matrix, place);
        }
    }

    fn under(&self, pen: &Pen<'_>, pointer: Pos2) -> Option<Under> {
        let (matrix, place) = self.places(pen).find(|(_, place)| place.contains(pointer))?;
        let cells = Self::cells(matrix, place, pen);
        let count = matrix.labels.len();
        let places = (0..count).flat_map(|row| (0..count).map(move |column| (row, column)));
        let mut under = places.filter(|(row, column)| Self::cell(matrix, cells, *row, *column).contains(pointer));
        let Some((row, column)) = under.next() else {
            return Some(Under { run: Some(matrix.who.id.to_string()), ..Under::default() });
        };
        let value = matrix.counts.get(row).and_then(|row| row.get(column)).copied().unwrap_or(0.0);
        let total: f64 = matrix.counts.get(row).into_iter().flatten().sum();
        let said = |name: &str, value: String| Value { name: name.to_owned(), value, color: matrix.who.color };
        Some(Under {
            run: Some(matrix.who.id.to_string()),
            at: pointer,
            head: format!("{} taken for {}", matrix.labels[row], matrix.labels[column]),
            values: vec![
                said("rows", format::number(value)),
                said("of the true class", format::percent(value / total.max(f64::MIN_POSITIVE))),
            ],
            ..Under::default()
        })
    }

    fn csv(&self, _studio: &Studio) -> Result<Csv, Failure> {
        let mut csv = Csv::new(&["run_id", "run", "true", "predicted", "rows"]);
        for matrix in &self.0 {
            for (row, label) in matrix.labels.iter().enumerate() {
                for (column, count) in matrix.counts.get(row).into_iter().flatten().enumerate() {
                    csv.row(&[&*matrix.who.id, &matrix.name, label, &matrix.labels[column], &exact(*count)]);
                }
            }
        }
        Ok(csv)
    }
}

struct Curve {
    who: Who,
    name: String,
    points: Arc<[[f64; 2]]>,
}

/// A curve of each run's report over common axes.
pub struct ReportPicture {
    title: String,
    axes: [String; 2],
    curves: Vec<Curve>,
    reference: Reference,
}

impl ReportPicture {
    pub fn new(curve: &str, reports: &Reports, making: &Making<'_>) -> Self {
        let found = each(reports, making, |chart| match chart {
            Chart::Curve { id, title, x_label, y_label, series, reference } if id == curve => {
                Some((title, [x_label, y_label], series, *reference))
            }
            _ => None,
        });
        let (title, axes, reference) =
            found.first().map_or((curve.to_owned(), Default::default(), Reference::None), |first| {
                let (title, axes, _, reference) = &first.2;
                ((*title).clone(), axes.map(Clone::clone), *reference)
            });
        let curves = found.into_iter().flat_map(|(who, name, (_, _, series, _))| {
            let several = series.len() > 1;
            series.iter().map(move |one| {
                let mut name = if several { format!("{name} · {}", one.name) } else { name.clone() };
                if let Some(note) = &one.note {
                    name = format!("{name} · {note}");
                }
                Curve { who: who.clone(), name, points: one.points.as_slice().into() }
            })
        });
        Self { title, axes, curves: curves.collect(), reference }
    }

    fn line(&self, drawing: &mut Drawing, frame: &Frame, curve: &Curve, width: f32) {
        let points = curve.points.iter().filter(|[x, y]| x.is_finite() && y.is_finite());
        drawing.line(points.map(|[x, y]| frame.place(*x, *y)).collect(), Stroke::new(width, curve.who.color));
    }
}

impl Picture for ReportPicture {
    fn nothing(&self) -> Option<String> {
        self.curves.is_empty().then(|| format!("None of these runs reported this curve ({})", self.title))
    }

    fn frame(&self, pen: &Pen<'_>) -> Option<Frame> {
        let all = || self.curves.iter().flat_map(|curve| curve.points.iter());
        let over =
            |axis: usize| all().map(|point| point[axis]).filter(|v| v.is_finite()).fold(Extent::NONE, Extent::with);
        let unit = |extent: Extent| {
            // Rates are seen whole: a curve that hugs a corner should.
            if extent.low >= 0.0 && extent.high <= 1.0 { Extent { low: 0.0, high: 1.0 } } else { extent }
        };
        let (x, y) = (unit(over(0)), unit(over(1)));
        let margin = |extent: Extent| if extent.high == 1.0 { 0.015 } else { 0.05 };
        let y = Scale::over(y, false, margin(y), Measure::Number);
        let rect = plot::inside(pen.painter, pen.t, pen.area, &y, 0.0);
        Some(Frame { rect, x: Scale::over(x, false, 0.015, Measure::Number), y })
    }

    fn draw(&self, drawing: &mut Drawing, pen: &Pen<'_>) {
        let (Some(frame), t) = (pen.frame, pen.t) else { return };
        plot::axes(drawing, pen.painter, t, &frame, &self.axes[0]);
        drawing.within(frame.rect, |drawing| {
            let (low, high) = (frame.x.value(0.0), frame.x.value(1.0));
            let ends = match self.reference {
                Reference::Diagonal => Some([frame.place(0.0, 0.0), frame.place(1.0, 1.0)]),
                Reference::Horizontal(level) => Some([frame.place(low, level), frame.place(high, level)]),
                Reference::None => None,
            };
            if let Some(ends) = ends {
                drawing.dashed(ends.to_vec(), Stroke::new(t.size.line, t.color.line2));
            }
            for curve in &self.curves {
                self.line(drawing, &frame, curve, t.size.line_strong);
            }
        });
        // Such curves leave the lower part of the picture to their names.
        let line = t.face.caption.line;
        let top = frame.rect.bottom() - line * self.curves.len().min(8) as f32 - t.size.gap;
        for (at, curve) in self.curves.iter().take(8).enumerate() {
            let y = top + line * at as f32;
            let room = Rect::from_min_max(
                pos2(frame.rect.left() + t.size.pad, y),
                pos2(frame.rect.right() - t.size.pad, y + line),
            );
            drawing.text(
                pen.painter,
                room,
                Align2::RIGHT_CENTER,
                &curve.name,
                &t.face.caption,
                t.readable(curve.who.color),
            );
        }
    }

    fn emphasise(&self, drawing: &mut Drawing, pen: &Pen<'_>, run: &str) {
        let Some(frame) = pen.frame else { return };
        drawing.within(frame.rect, |drawing| {
            for curve in self.curves.iter().filter(|curve| &*curve.who.id == run) {
                self.line(drawing, &frame, curve, pen.t.size.line_strong + 0.8);
            }
        });
    }

    fn under(&self, pen: &Pen<'_>, pointer: Pos2) -> Option<Under> {
        let frame = pen.frame.filter(|frame| frame.rect.contains(pointer))?;
        let nearest = |curve: &Curve| {
            let points = curve.points.iter().map(|[x, y]| (*x, *y, frame.place(*x, *y)));
            points.min_by(|a, b| a.2.distance_sq(pointer).total_cmp(&b.2.distance_sq(pointer)))
        };
        let near = self.curves.iter().filter_map(|curve| Some((curve, nearest(curve)?)));
        let near: Vec<(&Curve, (f64, f64, Pos2))> = near.collect();
        let (curve, (x, y, at)) =
            near.into_iter().min_by(|a, b| a.1.2.distance_sq(pointer).total_cmp(&b.1.2.distance_sq(pointer)))?;
        if at.distance(pointer) > 4.0 * NEAR {
            return None;
        }
        let said = |name: &str, value: f64| Value {
            name: name.to_owned(),
            value: format::number(value),
            color: curve.who.color,
        };
        Some(Under {
            run: Some(curve.who.id.to_string()),
            at,
            head: curve.name.clone(),
            values: vec![said(&self.axes[0], x), said(&self.axes[1], y)],
            dots: vec![(at, curve.who.color)],
            ..Under::default()
        })
    }

    fn csv(&self, _studio: &Studio) -> Result<Csv, Failure> {
        let mut csv = Csv::new(&["run_id", "run", &self.axes[0], &self.axes[1]]);
        for curve in &self.curves {
            for [x, y] in curve.points.iter() {
                csv.row(&[&*curve.who.id, &curve.name, &exact(*x), &exact(*y)]);
            }
        }
        Ok(csv)
    }
}
