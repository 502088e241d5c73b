//! Curves of metrics, and averages over groups of runs.

use std::sync::Arc;

use egui::{Color32, Pos2, pos2};
use studio::Studio;

use super::{
    curves::{Drawn, Prepared},
    picture::{Csv, Making, Pen, Picture, Under, exact},
    spec::{Along, Behind, Lines},
};
use crate::{
    backend::Failure,
    chart::{
        curve::{Curve, Cuts, Extent},
        drawing::Drawing,
        grid::Value,
        plot,
        scale::{Frame, Measure, Scale},
        sheet::Sheet,
        trace::{self, Ink, edges, pixels, trace},
    },
    panels::runs::words,
    widgets::format,
};

/// Names stand at the ends of so many curves; of more the pointer tells.
const LABELLED: usize = 8;
/// The box at the crosshair lists so many.
const LISTED: usize = 10;
/// Points that count as near a curve.
const NEAR: f32 = 14.0;
/// Points and columns that lines and triangles are made of; of more the frame would take too long.
const DENSE: usize = 24_000;
/// How strong the curve behind its smoothed one is.
const FAINT: f32 = 0.28;
/// Points across that a band takes together.
const BAND: f32 = 8.0;

/// The picture of a chart of lines.
pub struct LinesPicture {
    lines: Lines,
    prepared: Arc<Prepared>,
    colors: Vec<Color32>,
}

impl LinesPicture {
    pub fn new(lines: &Lines, prepared: Arc<Prepared>, making: &Making<'_>) -> Self {
        let color = |line: &Drawn| match (line.group, line.runs.first()) {
            (Some(group), _) => making.t.data(group),
            (None, Some(run)) => making.color(run),
            (None, None) => making.t.color.text3,
        };
        Self { lines: lines.clone(), colors: prepared.lines.iter().map(color).collect(), prepared }
    }

    fn each(&self) -> impl Iterator<Item = (&Drawn, Color32)> {
        self.prepared.lines.iter().zip(self.colors.iter().copied())
    }

    fn measure(&self) -> Measure {
        match self.lines.x {
            Along::Relative => Measure::Seconds,
            Along::Time => Measure::Time,
            Along::Step | Along::Metric(_) => Measure::Number,
        }
    }

    /// A curve's name: of its run, and of its metric where there are several.
    fn name(&self, line: &Drawn) -> String {
        match self.lines.metrics.as_slice() {
            [_] => line.name.clone(),
            keys => format!("{} · {}", line.name, words::key_title(&keys[line.metric])),
        }
    }

    fn labels(&self) -> bool {
        (2..=LABELLED).contains(&self.prepared.lines.len())
    }

    /// What lies behind a line: how far it spreads.
    fn bands(&self, drawing: &mut Drawing, frame: &Frame, edges: &[f64], line: &Drawn, color: Color32) {
        let color = color.gamma_multiply(0.18);
        if let Some((lower, upper)) = &line.spread {
            band(drawing, frame, lower, upper, edges, color);
        }
        if line.smooth.is_some() && self.lines.behind == Behind::Band {
            extent_band(drawing, frame, &line.curve, color);
        }
    }

    /// The curves of a line, the one in front last.
    fn curves<'a>(&self, line: &'a Drawn, ink: Ink) -> impl Iterator<Item = (&'a Curve, Ink)> {
        // Other metrics of the same run are told apart by their lines.
        let ink = Ink { dashed: line.metric % 2 == 1, ..ink };
        let faint = Ink { color: ink.color.gamma_multiply(FAINT), width: 1.0, ..ink };
        let original = (line.smooth.is_some() && self.lines.behind == Behind::Original).then_some(&*line.curve);
        original.map(|curve| (curve, faint)).into_iter().chain([(line.front(), ink)])
    }

    fn under_x(&self, frame: &Frame, pointer: Pos2) -> Vec<(usize, f64, f64, Pos2)> {
        let x = frame.x_at(pointer.x);
        let near = self.prepared.lines.iter().enumerate().filter_map(|(at, line)| {
            let curve = line.front();
            let point = curve.nearest(x)?;
            let (px, py) = (curve.x(point), curve.y(point));
            let place = frame.place(px, py);
            // What ended long before the pointer is not under it.
            let close = (place.x - pointer.x).abs() < frame.rect.width() * 0.1;
            (py.is_finite() && close).then_some((at, px, py, place))
        });
        near.collect()
    }
}

impl Picture for LinesPicture {
    fn nothing(&self) -> Option<String> {
        self.prepared.lines.is_empty().then(|| {
            if self.lines.metrics.is_empty() {
                "Choose a metric in the chart's settings".to_owned()
            } else {
                "None of these runs logged this metric".to_owned()
            }
        })
    }

    fn frame(&self, pen: &Pen<'_>) -> Option<Frame> {
        let (x, y) = (self.prepared.x?, self.prepared.y.unwrap_or(Extent { low: 0.0, high: 1.0 }));
        let y = self.prepared.y_inner.filter(|_| self.lines.no_outliers).unwrap_or(y);
        let y = Scale::over(positive(y, self.lines.log_y, &self.prepared), self.lines.log_y, 0.05, Measure::Number);
        let names: Vec<String> = self.prepared.lines.iter().map(|line| self.name(line)).collect();
        let most = (pen.area.width() * 0.28).min(140.0);
        let right = if self.labels() {
            plot::label_room(pen.painter, pen.t, names.iter().map(String::as_str), most)
        } else {
            0.0
        };
        let rect = plot::inside(pen.painter, pen.t, pen.area, &y, right);
        // Step 0 has no place on a logarithmic axis; the first step beyond it begins the axis.
        let x = if self.lines.log_x && x.low <= 0.0 { Extent { low: 1.0_f64.min(x.high), ..x } } else { x };
        Some(Frame { rect, x: Scale::over(x, self.lines.log_x, 0.0, self.measure()), y })
    }

    fn draw(&self, drawing: &mut Drawing, pen: &Pen<'_>) {
        let Some(frame) = pen.frame else { return };
        plot::axes(drawing, pen.painter, pen.t, &frame, &self.lines.x.title());
        let columns = pixels(&frame, pen.scale);
        let ink = Ink::new(Color32::TRANSPARENT, pen.t.size.line_strong);
        drawing.within(frame.rect.expand2(egui::vec2(1.0, 2.0)), |drawing| {
            let (edges, mut cuts) = (edges(&frame, columns), Cuts::default());
            self.each().for_each(|(line, color)| self.bands(drawing, &frame, &edges, line, color));
            let curves: Vec<(&Curve, Ink)> =
                self.each().flat_map(|(line, color)| self.curves(line, Ink { color, ..ink })).collect();
            if !drawing.vector && dense(curves.iter().map(|(curve, _)| *curve), &frame, columns) {
                let sheet = Sheet::over(&frame, pen.scale);
                return drawing.sheet(pen.painter, sheet.rect(), sheet.draw(&frame, &curves));
            }
            for (curve, ink) in curves {
                trace(drawing, curve, &frame, &edges, &mut cuts, ink);
            }
        });
        if self.labels() {
            let names: Vec<String> = self.prepared.lines.iter().map(|line| self.name(line)).collect();
            let ends = self.each().zip(&names).filter_map(|((line, color), name)| {
                let last = line.front().values().iter().rfind(|y| y.is_finite())?;
                Some((frame.up(*last), (name.as_str(), color)))
            });
            plot::end_labels(drawing, pen.painter, pen.t, &frame, ends.collect());
        }
    }

    fn is_slow(&self, pen: &Pen<'_>) -> bool {
        let curves = self.prepared.lines.iter().map(|line| line.front());
        pen.frame.is_some_and(|frame| dense(curves, &frame, pixels(&frame, pen.scale)))
    }

    fn emphasise(&self, drawing: &mut Drawing, pen: &Pen<'_>, run: &str) {
        let Some(frame) = pen.frame else { return };
        let edges = edges(&frame, pixels(&frame, pen.scale));
        let mut cuts = Cuts::default();
        drawing.within(frame.rect.expand2(egui::vec2(1.0, 2.0)), |drawing| {
            for (line, color) in self.each().filter(|(line, _)| line.runs.iter().any(|id| id == run)) {
                self.bands(drawing, &frame, &edges, line, color);
                for (curve, ink) in self.curves(line, Ink::new(color, pen.t.size.line_strong + 0.8)) {
                    trace(drawing, curve, &frame, &edges, &mut cuts, ink);
                }
            }
        });
    }

    fn under(&self, pen: &Pen<'_>, pointer: Pos2) -> Option<Under> {
        let frame = pen.frame.filter(|frame| frame.rect.contains(pointer))?;
        let mut near = self.under_x(&frame, pointer);
        near.sort_by(|a, b| (a.3.y - pointer.y).abs().total_cmp(&(b.3.y - pointer.y).abs()));
        let nearest = *near.first()?;
        let line = &self.prepared.lines[nearest.0];
        let close = (nearest.3.y - pointer.y).abs() < NEAR || spans(line.front(), &frame, pointer);
        let more = near.len().saturating_sub(LISTED);
        near.truncate(LISTED);
        near.sort_by(|a, b| b.2.total_cmp(&a.2));
        let mut values: Vec<Value> = near
            .iter()
            .map(|&(at, _, y, _)| Value {
                name: self.name(&self.prepared.lines[at]),
                value: format::number(y),
                color: self.colors[at],
            })
            .collect();
        if more > 0 {
            values.push(Value { name: format!("and {more} more"), value: String::new(), color: Color32::TRANSPARENT });
        }
        let say = frame.x.say(nearest.1);
        Some(Under {
            run: (close && line.runs.len() == 1).then(|| line.runs[0].clone()),
            at: pos2(nearest.3.x, pointer.y),
            crosshair: true,
            head: format!("{} {say}", self.lines.x.title()),
            values,
            dots: near.iter().map(|&(at, _, _, place)| (place, self.colors[at])).collect(),
        })
    }

    /// The points as they were logged, whatever is drawn of them.
    fn csv(&self, studio: &Studio) -> Result<Csv, Failure> {
        let mut csv = Csv::new(&["run_id", "run", "metric", "step", "timestamp_ms", "value"]);
        for line in &self.prepared.lines {
            let key = &self.lines.metrics[line.metric];
            for run in &line.runs {
                let name = studio.run_row(run)?.name;
                let points = studio.metric_columns(run, key)?;
                for at in 0..points.values.len() {
                    csv.row(&[
                        run,
                        &name,
                        key,
                        &points.steps[at].to_string(),
                        &points.times_ms[at].to_string(),
                        &exact(points.values[at]),
                    ]);
                }
            }
        }
        Ok(csv)
    }
}

/// Whether what of the curves is in sight is so much that it becomes pixels.
fn dense<'a>(curves: impl Iterator<Item = &'a Curve>, frame: &Frame, columns: usize) -> bool {
    let (low, high) = (frame.x.value(0.0), frame.x.value(1.0));
    curves.map(|curve| curve.within(low, high).len().min(columns)).sum::<usize>() > DENSE
}

/// What of `y` a logarithmic axis can show.
fn positive(y: Extent, log: bool, prepared: &Prepared) -> Extent {
    if !log || y.low > 0.0 {
        return y;
    }
    let values = prepared
        .lines
        .iter()
        .flat_map(|line| line.curve.values().iter().step_by(line.curve.len().div_ceil(10_000).max(1)));
    let above = values.filter(|y| **y > 0.0 && y.is_finite()).fold(Extent::NONE, |all, y| all.with(*y));
    above.some().unwrap_or(y)
}

/// Whether the pointer is between the lowest and the highest that a dense curve has there.
fn spans(curve: &Curve, frame: &Frame, pointer: Pos2) -> bool {
    let around = curve.within(frame.x_at(pointer.x - 1.0), frame.x_at(pointer.x + 1.0));
    let seen = curve.extent(around);
    !seen.is_none() && (frame.up(seen.high)..=frame.up(seen.low)).contains(&pointer.y)
}

/// The area between two curves.
fn band(drawing: &mut Drawing, frame: &Frame, lower: &Curve, upper: &Curve, edges: &[f64], color: Color32) {
    let (Some(low), Some(high)) = (edges.first(), edges.last()) else { return };
    let seen = lower.within(*low, *high);
    let points = |curve: &Curve, top: bool| -> Vec<Pos2> {
        if seen.len() < edges.len() {
            let around = seen.start.saturating_sub(1)..(seen.end + 1).min(curve.len());
            return around.map(|at| frame.place(curve.x(at), curve.y(at))).collect();
        }
        let columns = trace::columns(curve, frame, edges, &mut Cuts::default());
        let wide = frame.rect.width() / columns.len() as f32;
        let x = |at: usize| frame.rect.left() + wide * (at as f32 + 0.5);
        let ends = columns.iter().enumerate().filter_map(|(at, ends)| Some((at, (*ends)?)));
        ends.map(|(at, (up, down))| pos2(x(at), if top { up } else { down })).collect()
    };
    let finite = |(a, b): &(Pos2, Pos2)| a.y.is_finite() && b.y.is_finite();
    let pairs = points(upper, true).into_iter().zip(points(lower, false)).filter(finite);
    let (up, down): (Vec<Pos2>, Vec<Pos2>) = pairs.unzip();
    drawing.band(&up, &down, color);
}

/// From the lowest to the highest of every few points across.
fn extent_band(drawing: &mut Drawing, frame: &Frame, curve: &Curve, color: Color32) {
    let count = (frame.rect.width() / BAND).ceil().max(2.0) as usize;
    let columns = trace::columns(curve, frame, &edges(frame, count), &mut Cuts::default());
    let wide = frame.rect.width() / count as f32;
    let ends = columns.iter().enumerate().filter_map(|(at, ends)| Some((at, (*ends)?)));
    let x = |at: usize| frame.rect.left() + wide * (at as f32 + 0.5);
    let (up, down): (Vec<Pos2>, Vec<Pos2>) = ends.map(|(at, (up, down))| (pos2(x(at), up), pos2(x(at), down))).unzip();
    drawing.band(&up, &down, color);
}
