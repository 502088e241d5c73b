//! A metric over two parameters, as a map with contour lines.
//!
//! Between the runs the map is Shepard's inverse distance weighting with power 2 over both axes scaled to 1 (Shepard,
//! "A two-dimensional interpolation function for irregularly-spaced data", 1968): it passes through every run, invents
//! no value beyond those seen, and says nothing about what lies outside of them. Contour lines are drawn by marching
//! squares.

use egui::{Align2, Color32, Pos2, Rect, Stroke, pos2};
use studio::Studio;

use super::picture::{Csv, Making, Pen, Picture, Under, Who, exact};
use crate::{
    backend::Failure,
    chart::{
        curve::Extent,
        drawing::Drawing,
        grid::Value,
        plot,
        scale::{Frame, Measure, Scale},
    },
    panels::runs::words,
    theme::Tokens,
    widgets::format,
};

/// Cells of the map in each direction.
const CELLS: usize = 48;
/// Contour lines, about.
const LINES: f64 = 6.0;
/// Fewer runs than this span no map.
const FEWEST: usize = 4;
/// A parameter that spans more than this is drawn by its logarithm.
const LOG_FROM: f64 = 50.0;
/// Points from a run that still count as on it.
const NEAR: f32 = 12.0;

/// A run with its x, y and the metric.
type Spot = (Who, f64, f64, f64);

pub struct ContourPicture {
    keys: [String; 3],
    runs: Vec<Spot>,
    x: Scale,
    y: Scale,
    z: Extent,
    /// `CELLS + 1` rows of as many corners, from below.
    map: Vec<Vec<f64>>,
}

impl ContourPicture {
    pub fn new(keys: [&str; 3], making: &Making<'_>) -> Self {
        let [x_key, y_key, metric] = keys;
        let param =
            |run: &studio::Run, key: &str| run.params.get(key)?.trim().parse().ok().filter(|v: &f64| v.is_finite());
        let point = |run: &&studio::Run| {
            let z = run.metrics.get(metric).copied().filter(|z| z.is_finite())?;
            Some((Who::of(run, making), param(run, x_key)?, param(run, y_key)?, z))
        };
        let runs: Vec<Spot> = making.shown.iter().filter_map(point).collect();
        let over = |of: &dyn Fn(&Spot) -> f64| runs.iter().map(of).fold(Extent::NONE, Extent::with);
        let scale = |extent: Extent| {
            let log = extent.low > 0.0 && extent.high / extent.low > LOG_FROM;
            Scale::over(extent, log, 0.04, Measure::Number)
        };
        let (x, y, z) = (scale(over(&|run| run.1)), scale(over(&|run| run.2)), over(&|run| run.3));
        let places: Vec<(f64, f64, f64)> = runs.iter().map(|run| (x.share(run.1), y.share(run.2), run.3)).collect();
        let corner = |at: usize| at as f64 / CELLS as f64;
        let map = (0..=CELLS)
            .map(|row| (0..=CELLS).map(|column| shepard(&places, corner(column), corner(row))).collect())
            .collect();
        Self { keys: keys.map(str::to_owned), runs, x, y, z, map }
    }

    fn color(&self, t: &Tokens, z: f64) -> Color32 {
        let share = ((z - self.z.low) / (self.z.high - self.z.low).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        t.tint(t.color.surface3, t.data(0), 0.06 + 0.74 * share as f32)
    }

    fn corner(&self, frame: &Frame, column: f64, row: f64) -> Pos2 {
        let share = |at: f64| at / CELLS as f64;
        frame.place(self.x.value(share(column)), self.y.value(share(row)))
    }

    /// The ends of a level's line within one cell.
    fn crossings(&self, column: usize, row: usize, level: f64) -> Vec<[(f64, f64); 2]> {
        let corners = [(0, 0), (1, 0), (1, 1), (0, 1)];
        let at = |(x, y): (usize, usize)| self.map[row + y][column + x];
        let mut ends = Vec::new();
        for side in 0..4 {
            let (a, b) = (corners[side], corners[(side + 1) % 4]);
            let (za, zb) = (at(a), at(b));
            if (za < level) != (zb < level) {
                let share = (level - za) / (zb - za);
                let along = |a: usize, b: usize| a as f64 + (b as f64 - a as f64) * share;
                ends.push((column as f64 + along(a.0, b.0), row as f64 + along(a.1, b.1)));
            }
        }
        ends.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect()
    }
}

fn shepard(points: &[(f64, f64, f64)], x: f64, y: f64) -> f64 {
    let (mut sum, mut weights) = (0.0, 0.0);
    for (px, py, z) in points {
        let away = (px - x).powi(2) + (py - y).powi(2);
        if away < 1e-12 {
            return *z;
        }
        sum += z / away;
        weights += 1.0 / away;
    }
    sum / weights
}

impl Picture for ContourPicture {
    fn nothing(&self) -> Option<String> {
        let differ = |of: &dyn Fn(&Spot) -> f64| self.runs.windows(2).any(|pair| of(&pair[0]) != of(&pair[1]));
        let [x, y, _] = [0, 1, 2].map(|at| words::key_title(&self.keys[at]));
        if self.runs.len() < FEWEST {
            let count = self.runs.len();
            return Some(format!("A map needs {FEWEST} runs with numbers for {x} and {y}; {count} of these have them"));
        }
        (!differ(&|run| run.1) || !differ(&|run| run.2))
            .then(|| format!("These runs differ in only one of {x} and {y}"))
    }

    fn frame(&self, pen: &Pen<'_>) -> Option<Frame> {
        let rect = plot::inside(pen.painter, pen.t, pen.area, &self.y, 0.0);
        let rect = rect.with_max_y(rect.bottom() - pen.t.face.caption.line);
        Some(Frame { rect, x: self.x, y: self.y })
    }

    fn draw(&self, drawing: &mut Drawing, pen: &Pen<'_>) {
        let (Some(frame), t) = (pen.frame, pen.t) else { return };
        plot::axes(drawing, pen.painter, t, &frame, &words::key_title(&self.keys[0]));
        drawing.within(frame.rect, |drawing| {
            for row in 0..CELLS {
                for column in 0..CELLS {
                    let middle = (self.map[row][column] + self.map[row + 1][column + 1]) / 2.0;
                    let (x, y) = (column as f64, row as f64);
                    let cell = Rect::from_two_pos(self.corner(&frame, x, y), self.corner(&frame, x + 1.0, y + 1.0));
                    // A hair larger, so that no ground shows between cells.
                    drawing.rect(cell.expand(0.3), 0.0, self.color(t, middle));
                }
            }
            let levels = Scale::over(self.z, false, 0.0, Measure::Number).ticks(LINES);
            let stroke = Stroke::new(t.size.line, t.color.text2.gamma_multiply(0.55));
            for level in &levels {
                let mut named: Option<Pos2> = None;
                for (row, column) in (0..CELLS).flat_map(|row| (0..CELLS).map(move |column| (row, column))) {
                    for ends in self.crossings(column, row, level.at) {
                        let points = ends.map(|(x, y)| self.corner(&frame, x, y));
                        drawing.line(points.to_vec(), stroke);
                        if column == CELLS / 3 || row == CELLS / 3 {
                            named = named.or(Some(points[0]));
                        }
                    }
                }
                if let Some(at) = named.filter(|at| frame.rect.shrink(12.0).contains(*at)) {
                    let room = Rect::from_center_size(at, egui::vec2(48.0, 14.0));
                    drawing.text(
                        pen.painter,
                        room,
                        Align2::CENTER_CENTER,
                        &level.words,
                        &t.face.caption,
                        t.color.text1,
                    );
                }
            }
            for (who, x, y, _) in &self.runs {
                drawing.circle(frame.place(*x, *y), 4.0, who.color, Stroke::new(t.size.line_strong, t.color.surface3));
            }
        });
        let foot = Rect::from_min_max(pos2(frame.rect.left(), pen.area.bottom() - t.face.caption.line), pen.area.max);
        let said = format!("↑ {} · between runs: inverse distance weighting, power 2", words::key_title(&self.keys[1]));
        drawing.text(pen.painter, foot, Align2::LEFT_CENTER, &said, &t.face.caption, t.color.text3);
    }

    fn emphasise(&self, drawing: &mut Drawing, pen: &Pen<'_>, run: &str) {
        let Some(frame) = pen.frame else { return };
        for (who, x, y, _) in self.runs.iter().filter(|(who, ..)| &*who.id == run) {
            drawing.circle(frame.place(*x, *y), 6.5, who.color, Stroke::new(pen.t.size.focus, pen.t.color.text1));
        }
    }

    fn under(&self, pen: &Pen<'_>, pointer: Pos2) -> Option<Under> {
        let frame = pen.frame.filter(|frame| frame.rect.contains(pointer))?;
        let away = |run: &&Spot| frame.place(run.1, run.2).distance(pointer);
        let near = self.runs.iter().min_by(|a, b| away(a).total_cmp(&away(b))).filter(|run| away(run) < NEAR);
        let places: Vec<(f64, f64, f64)> =
            self.runs.iter().map(|run| (self.x.share(run.1), self.y.share(run.2), run.3)).collect();
        let (x, y) = (frame.x_at(pointer.x), frame.y_at(pointer.y));
        let (x, y, z) = match near {
            Some(run) => (run.1, run.2, run.3),
            None => (x, y, shepard(&places, self.x.share(x), self.y.share(y))),
        };
        let color = near.map_or(pen.t.color.text3, |run| run.0.color);
        let row = |at: usize, value: f64| Value {
            name: words::key_title(&self.keys[at]),
            value: format::number(value),
            color,
        };
        Some(Under {
            run: near.map(|run| run.0.id.to_string()),
            at: pointer,
            head: near.map_or_else(|| "between runs".to_owned(), |run| run.0.name.to_string()),
            values: vec![row(0, x), row(1, y), row(2, z)],
            ..Under::default()
        })
    }

    fn csv(&self, _studio: &Studio) -> Result<Csv, Failure> {
        let [x, y, z] = &self.keys;
        let mut csv = Csv::new(&["run_id", "run", x, y, z]);
        for (who, x, y, z) in &self.runs {
            csv.row(&[&*who.id, &*who.name, &exact(*x), &exact(*y), &exact(*z)]);
        }
        Ok(csv)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_passes_through_every_run_and_stays_between_them() {
        let points = [(0.0, 0.0, 1.0), (1.0, 0.0, 2.0), (0.5, 1.0, 5.0)];
        for (x, y, z) in points {
            assert_eq!(shepard(&points, x, y), z);
        }
        for at in 0..100 {
            let z = shepard(&points, f64::from(at % 10) / 10.0, f64::from(at / 10) / 10.0);
            assert!((1.0..=5.0).contains(&z));
        }
    }
}
