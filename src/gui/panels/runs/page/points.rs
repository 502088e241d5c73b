//! Scatter plots and bubbles: a point for each run.

use egui::{Color32, Pos2, Stroke};
use studio::Studio;

use super::{
    picture::{Csv, Making, Pen, Picture, Under, Who, exact, maybe, number},
    spec::{Points, Quantity},
};
use crate::{
    backend::Failure,
    chart::{
        curve::Extent,
        drawing::Drawing,
        grid::Value,
        plot,
        scale::{Frame, Measure, Scale},
    },
    widgets::format,
};

/// Radius of a point, and the smallest and the largest of a bubble.
const RADIUS: f32 = 4.5;
const RADII: (f32, f32) = (4.0, 20.0);
/// Points from a mark that still count as on it.
const NEAR: f32 = 10.0;
/// Names stand beside so many points.
const LABELLED: usize = 10;

struct Point {
    who: Who,
    x: f64,
    y: f64,
    size: Option<f64>,
    radius: f32,
}

pub struct PointsPicture {
    spec: Points,
    points: Vec<Point>,
}

impl PointsPicture {
    pub fn new(spec: &Points, making: &Making<'_>) -> Self {
        let point = |run: &&studio::Run| {
            let size = spec.size.as_ref().and_then(|size| number(run, size));
            let (x, y) = (number(run, &spec.x)?, number(run, &spec.y)?);
            let shown = (!spec.log_x || x > 0.0) && (!spec.log_y || y > 0.0);
            shown.then(|| Point { who: Who::of(run, making), x, y, size, radius: RADIUS })
        };
        let mut points: Vec<Point> = making.shown.iter().filter_map(point).collect();
        let sizes = points.iter().filter_map(|point| point.size).fold(Extent::NONE, Extent::with);
        for point in points.iter_mut().filter(|_| spec.size.is_some()) {
            // The area says the size, as people compare areas.
            let share = point.size.map_or(0.0, |size| match sizes.high > sizes.low {
                true => (size - sizes.low) / (sizes.high - sizes.low),
                false => 0.5,
            });
            let (least, most) = (RADII.0.powi(2), RADII.1.powi(2));
            point.radius = (least + (most - least) * share as f32).sqrt();
        }
        // Small ones over large ones.
        points.sort_by(|a, b| b.radius.total_cmp(&a.radius));
        Self { spec: spec.clone(), points }
    }

    fn one(&self, drawing: &mut Drawing, pen: &Pen<'_>, frame: &Frame, point: &Point, extra: f32) {
        let fill = if self.spec.size.is_some() { point.who.color.gamma_multiply(0.45) } else { point.who.color };
        let edge = Stroke::new(pen.t.size.line, point.who.color);
        drawing.circle(frame.place(point.x, point.y), point.radius + extra, fill, edge);
    }
}

fn measure(quantity: &Quantity) -> Measure {
    match quantity {
        Quantity::Duration => Measure::Seconds,
        Quantity::Started => Measure::Time,
        Quantity::Param(_) | Quantity::Metric(_) => Measure::Number,
    }
}

impl Picture for PointsPicture {
    fn nothing(&self) -> Option<String> {
        let Points { x, y, .. } = &self.spec;
        self.points
            .is_empty()
            .then(|| format!("None of these runs has numbers for both {} and {}", x.title(), y.title()))
    }

    fn frame(&self, pen: &Pen<'_>) -> Option<Frame> {
        let over = |of: &dyn Fn(&Point) -> f64| self.points.iter().map(of).fold(Extent::NONE, Extent::with);
        let x = Scale::over(over(&|point| point.x), self.spec.log_x, 0.08, measure(&self.spec.x));
        let y = Scale::over(over(&|point| point.y), self.spec.log_y, 0.1, measure(&self.spec.y));
        let rect = plot::inside(pen.painter, pen.t, pen.area, &y, 0.0);
        Some(Frame { rect, x, y })
    }

    fn draw(&self, drawing: &mut Drawing, pen: &Pen<'_>) {
        let Some(frame) = pen.frame else { return };
        plot::axes(drawing, pen.painter, pen.t, &frame, &self.spec.x.title());
        let mut taken: Vec<egui::Rect> = Vec::new();
        drawing.within(frame.rect.expand(pen.t.size.grid), |drawing| {
            for point in &self.points {
                self.one(drawing, pen, &frame, point, 0.0);
            }
            for point in self.points.iter().filter(|_| self.points.len() <= LABELLED) {
                let at = frame.place(point.x, point.y);
                let side = at.x < frame.rect.center().x;
                let room = egui::Rect::from_center_size(at, egui::vec2(2.0 * (point.radius + 104.0), 14.0));
                let (room, align) = if side {
                    (room.with_min_x(at.x + point.radius + 5.0), egui::Align2::LEFT_CENTER)
                } else {
                    (room.with_max_x(at.x - point.radius - 5.0), egui::Align2::RIGHT_CENTER)
                };
                // A name that would lie on another is left to the pointer.
                let galley = crate::widgets::elided(
                    pen.painter,
                    &point.who.name,
                    &pen.t.face.caption,
                    Color32::PLACEHOLDER,
                    room.width(),
                );
                let lies = align.align_size_within_rect(galley.size(), room);
                if !taken.iter().any(|other| other.intersects(lies)) {
                    drawing.text(pen.painter, room, align, &point.who.name, &pen.t.face.caption, pen.t.color.text2);
                    taken.push(lies);
                }
            }
        });
    }

    fn emphasise(&self, drawing: &mut Drawing, pen: &Pen<'_>, run: &str) {
        let Some(frame) = pen.frame else { return };
        drawing.within(frame.rect.expand(pen.t.size.grid), |drawing| {
            for point in self.points.iter().filter(|point| &*point.who.id == run) {
                self.one(drawing, pen, &frame, point, 2.0);
            }
        });
    }

    fn under(&self, pen: &Pen<'_>, pointer: Pos2) -> Option<Under> {
        let frame = pen.frame.filter(|frame| frame.rect.contains(pointer))?;
        let away = |point: &Point| (frame.place(point.x, point.y).distance(pointer) - point.radius).max(0.0);
        let found = self.points.iter().rev().min_by(|a, b| away(a).total_cmp(&away(b)))?;
        if away(found) > NEAR {
            return None;
        }
        let row = |quantity: &Quantity, value: f64| Value {
            name: quantity.title(),
            value: match measure(quantity) {
                Measure::Number => format::number(value),
                _ => frame_say(quantity, value),
            },
            color: found.who.color,
        };
        let mut values = vec![row(&self.spec.x, found.x), row(&self.spec.y, found.y)];
        values.extend(self.spec.size.as_ref().zip(found.size).map(|(quantity, size)| row(quantity, size)));
        Some(Under {
            run: Some(found.who.id.to_string()),
            at: frame.place(found.x, found.y),
            head: found.who.name.to_string(),
            values,
            ..Under::default()
        })
    }

    fn csv(&self, _studio: &Studio) -> Result<Csv, Failure> {
        let size = self.spec.size.as_ref().map(Quantity::title);
        let (x, y) = (self.spec.x.title(), self.spec.y.title());
        let mut head = vec!["run_id", "run", &x, &y];
        head.extend(size.as_deref());
        let mut csv = Csv::new(&head);
        for point in &self.points {
            let mut row = vec![point.who.id.to_string(), point.who.name.to_string(), exact(point.x), exact(point.y)];
            row.extend(size.as_ref().map(|_| maybe(point.size)));
            csv.row(&row);
        }
        Ok(csv)
    }
}

fn frame_say(quantity: &Quantity, value: f64) -> String {
    Scale { low: 0.0, high: 1.0, log: false, measure: measure(quantity) }.say(value)
}
