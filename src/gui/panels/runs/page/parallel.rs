//! Parallel coordinates whose axes can be brushed: runs outside of a brush leave every chart of the page.
//!
//! Inselberg, "The plane with parallel coordinates", The Visual Computer 1, 1985; brushing as in Becker and Cleveland,
//! "Brushing scatterplots", Technometrics 29, 1987.

use std::collections::HashSet;

use egui::{Align2, Color32, Pos2, Rect, Response, Stroke, Ui, pos2, vec2};
use studio::{Run, Studio};

use super::{
    picture::{Csv, Making, Pen, Picture, Under, Who, maybe, number},
    spec::Quantity,
};
use crate::{
    backend::Failure,
    chart::{drawing::Drawing, grid::Value},
    panels::runs::{
        parallel::{Axis, distance, of_numbers, of_texts},
        words,
    },
    widgets::format,
};

/// Axes of parameters and of metrics when nobody has chosen.
const PARAMS: usize = 5;
const METRICS: usize = 3;
/// Points from a line, or from an axis, that still count as on it.
const NEAR: f32 = 6.0;
const GRIP: f32 = 12.0;
/// A brush shorter than this, as a share of its axis, is a click that clears.
const SHORTEST: f32 = 0.02;

/// A part of an axis, 0 at its foot and 1 at its head.
#[derive(Clone, Debug, PartialEq)]
pub struct Brush {
    pub axis: Quantity,
    pub low: f32,
    pub high: f32,
}

pub struct ParallelPicture {
    runs: Vec<Who>,
    axes: Vec<(Quantity, Axis)>,
    /// What each run has on each axis, as it is written.
    values: Vec<Vec<String>>,
    brushes: Vec<Brush>,
}

impl ParallelPicture {
    pub fn new(chosen: &[Quantity], brushes: &[Brush], runs: &[&Run], making: &Making<'_>) -> Self {
        let quantities = if chosen.is_empty() { telling(runs) } else { chosen.to_vec() };
        let axes: Vec<(Quantity, Axis)> =
            quantities.into_iter().filter_map(|quantity| Some((quantity.clone(), axis(&quantity, runs)?))).collect();
        let written = |run: &&Run| axes.iter().map(|(quantity, _)| say(run, quantity)).collect();
        Self {
            runs: runs.iter().map(|run| Who::of(run, making)).collect(),
            values: runs.iter().map(written).collect(),
            axes,
            brushes: brushes.to_vec(),
        }
    }

    /// The runs that lie outside of a brush.
    pub fn outside(&self) -> HashSet<String> {
        let out = |run: &usize| {
            self.brushes.iter().any(|brush| {
                let axis = self.axes.iter().find(|(quantity, _)| *quantity == brush.axis);
                axis.is_some_and(|(_, axis)| {
                    axis.places[*run].is_none_or(|at| at < brush.low - 1e-4 || at > brush.high + 1e-4)
                })
            })
        };
        (0..self.runs.len()).filter(out).map(|run| self.runs[run].id.to_string()).collect()
    }

    /// Takes in what the pointer does to the axes.
    pub fn brush(&self, ui: &Ui, response: &Response, area: Rect, pen: &Pen<'_>, brushes: &mut Vec<Brush>) {
        let body = body(area, pen);
        let Some(at) = response.interact_pointer_pos().or(response.hover_pos()) else { return };
        let nearest = (0..self.axes.len())
            .min_by(|&a, &b| (self.x(body, a) - at.x).abs().total_cmp(&(self.x(body, b) - at.x).abs()));
        let Some(axis) = nearest else { return };
        let origin = ui.input(|input| input.pointer.press_origin());
        let held = origin.filter(|_| response.dragged() || response.drag_stopped());
        let near = |x: f32| (0..self.axes.len()).find(|&axis| (self.x(body, axis) - x).abs() < GRIP);
        if held.is_none() && (self.x(body, axis) - at.x).abs() < GRIP {
            ui.set_cursor_icon(egui::CursorIcon::ResizeVertical);
        }
        let share = |y: f32| ((body.bottom() - y) / body.height()).clamp(0.0, 1.0);
        if let Some((origin, axis)) = held.and_then(|origin| Some((origin, near(origin.x)?))) {
            let (a, b) = (share(origin.y), share(at.y));
            let quantity = &self.axes[axis].0;
            brushes.retain(|brush| brush.axis != *quantity);
            if (a - b).abs() > SHORTEST {
                brushes.push(Brush { axis: quantity.clone(), low: a.min(b), high: a.max(b) });
            }
        } else if response.double_clicked() {
            brushes.clear();
        } else if response.clicked()
            && let Some(axis) = near(at.x)
        {
            brushes.retain(|brush| brush.axis != self.axes[axis].0);
        }
    }

    fn x(&self, body: Rect, axis: usize) -> f32 {
        body.left() + body.width() * axis as f32 / (self.axes.len().max(2) - 1) as f32
    }

    fn points(&self, body: Rect, run: usize) -> Vec<Pos2> {
        let placed = self.axes.iter().enumerate();
        let place = |(at, (_, axis)): (usize, &(Quantity, Axis))| {
            Some(pos2(self.x(body, at), body.bottom() - axis.places[run]? * body.height()))
        };
        placed.filter_map(place).collect()
    }

    fn labels(&self, drawing: &mut Drawing, pen: &Pen<'_>, body: Rect) {
        let t = pen.t;
        let line = t.face.caption.line;
        let step = body.width() / (self.axes.len().max(2) - 1) as f32;
        // Half of a name's width, at most half of the way to the next axis.
        let half = |at: usize| {
            let title = self.axes.get(at).map_or("", |(_, axis)| &axis.title);
            let galley = pen.painter.layout_no_wrap(title.to_owned(), t.face.caption.font(), t.color.text1);
            (galley.size().x / 2.0 + 3.0).min(step * 0.5)
        };
        for (at, (_, axis)) in self.axes.iter().enumerate() {
            let x = self.x(body, at);
            // The outer names begin and end with the picture, and reach as far as their neighbours let them.
            let (left, right, align) = match at {
                0 => (pen.area.left(), x + step - half(1), Align2::LEFT_CENTER),
                last if last + 1 == self.axes.len() => {
                    (x - step + half(last - 1), pen.area.right(), Align2::RIGHT_CENTER)
                }
                _ => (x - step * 0.5 + 3.0, x + step * 0.5 - 3.0, Align2::CENTER_CENTER),
            };
            let mut say = |y: f32, words: &str, color: Color32| {
                let room = Rect::from_x_y_ranges(left..=right.max(left), y - line / 2.0..=y + line / 2.0);
                drawing.text(pen.painter, room, align, words, &t.face.caption, color);
            };
            say(pen.area.top() + line / 2.0, &axis.title, t.color.text1);
            say(body.top() - line / 2.0 - 1.0, &axis.high, t.color.text3);
            say(body.bottom() + line / 2.0 + 2.0, &axis.low, t.color.text3);
        }
    }
}

/// Where the lines are: titles and the highest values stand above, the lowest below.
fn body(area: Rect, pen: &Pen<'_>) -> Rect {
    let line = pen.t.face.caption.line;
    Rect::from_min_max(area.min + vec2(14.0, 2.0 * line + 2.0), area.max - vec2(14.0, line + 4.0))
}

fn say(run: &Run, quantity: &Quantity) -> String {
    match quantity {
        Quantity::Param(key) => run.params.get(key).cloned().unwrap_or_default(),
        other => maybe(number(run, other)),
    }
}

fn axis(quantity: &Quantity, runs: &[&Run]) -> Option<Axis> {
    match quantity {
        Quantity::Param(key) => {
            let texts: Vec<Option<&str>> = runs.iter().map(|run| run.params.get(key).map(String::as_str)).collect();
            of_texts(quantity.title(), &texts)
        }
        other => of_numbers(other.title(), &runs.iter().map(|run| number(run, other)).collect::<Vec<_>>()),
    }
}

/// The parameters that differ, then the metrics that people look at first.
pub fn telling(runs: &[&Run]) -> Vec<Quantity> {
    let mut params: Vec<&String> = runs.iter().flat_map(|run| run.params.keys()).collect();
    params.sort();
    params.dedup();
    let differs = |key: &&String| runs.windows(2).any(|pair| pair[0].params.get(*key) != pair[1].params.get(*key));
    let mut metrics: Vec<&String> = runs.iter().flat_map(|run| run.metrics.keys()).collect();
    metrics.sort_by_key(|key| (words::rank(key), *key));
    metrics.dedup();
    let params = params.into_iter().filter(differs).take(PARAMS).cloned().map(Quantity::Param);
    params.chain(metrics.into_iter().take(METRICS).cloned().map(Quantity::Metric)).collect()
}

impl Picture for ParallelPicture {
    fn nothing(&self) -> Option<String> {
        (self.axes.len() < 2).then(|| "Runs that differ in a parameter or a metric are drawn here".to_owned())
    }

    fn draw(&self, drawing: &mut Drawing, pen: &Pen<'_>) {
        let body = body(pen.area, pen);
        for at in 0..self.axes.len() {
            let x = self.x(body, at);
            drawing.line(vec![pos2(x, body.top()), pos2(x, body.bottom())], pen.t.border());
        }
        let out = self.outside();
        let faint = pen.t.tint(pen.t.color.surface3, pen.t.color.line2, 0.7);
        for strong in [false, true] {
            for (at, who) in self.runs.iter().enumerate().filter(|(_, who)| out.contains(&*who.id) != strong) {
                let color = if strong { who.color } else { faint };
                drawing.line(self.points(body, at), Stroke::new(pen.t.size.line_strong, color));
            }
        }
        for brush in &self.brushes {
            let Some(at) = self.axes.iter().position(|(quantity, _)| *quantity == brush.axis) else { continue };
            let x = self.x(body, at);
            let y = |share: f32| body.bottom() - share * body.height();
            let area = Rect::from_min_max(pos2(x - 5.0, y(brush.high)), pos2(x + 5.0, y(brush.low)));
            let edge = Stroke::new(pen.t.size.line, pen.t.color.accent);
            let fill = pen.t.color.accent.gamma_multiply(0.25);
            drawing.add(crate::chart::drawing::Mark::Rect { rect: area, radius: 3.0, fill, edge });
        }
        self.labels(drawing, pen, body);
    }

    fn emphasise(&self, drawing: &mut Drawing, pen: &Pen<'_>, run: &str) {
        let body = body(pen.area, pen);
        for (at, who) in self.runs.iter().enumerate().filter(|(_, who)| &*who.id == run) {
            let points = self.points(body, at);
            for point in &points {
                drawing.circle(*point, 3.0, who.color, Stroke::NONE);
            }
            drawing.line(points, Stroke::new(pen.t.size.line_strong + 0.9, who.color));
        }
    }

    fn under(&self, pen: &Pen<'_>, pointer: Pos2) -> Option<Under> {
        let body = body(pen.area, pen);
        let away = |run: usize| distance(&self.points(body, run), pointer).unwrap_or(f32::INFINITY);
        let run = (0..self.runs.len()).min_by(|&a, &b| away(a).total_cmp(&away(b)))?;
        if away(run) > NEAR {
            return None;
        }
        let color = self.runs[run].color;
        let row = |((_, axis), text): (&(Quantity, Axis), &String)| Value {
            name: axis.title.clone(),
            value: text.parse().map_or_else(|_| text.clone(), format::number),
            color,
        };
        Some(Under {
            run: Some(self.runs[run].id.to_string()),
            at: pointer,
            head: self.runs[run].name.to_string(),
            values: self.axes.iter().zip(&self.values[run]).map(row).collect(),
            ..Under::default()
        })
    }

    fn csv(&self, _studio: &Studio) -> Result<Csv, Failure> {
        let mut head = vec!["run_id", "run"];
        head.extend(self.axes.iter().map(|(quantity, axis)| match quantity {
            Quantity::Param(key) | Quantity::Metric(key) => key.as_str(),
            _ => axis.title.as_str(),
        }));
        let mut csv = Csv::new(&head);
        for (who, values) in self.runs.iter().zip(&self.values) {
            let mut row = vec![&*who.id, &*who.name];
            row.extend(values.iter().map(String::as_str));
            csv.row(&row);
        }
        Ok(csv)
    }
}
