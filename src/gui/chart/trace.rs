//! A curve as marks: a line where its points stand apart, and where they stand closer than pixels the true lowest and
//! highest of every pixel.

use egui::{Color32, Pos2, Stroke, pos2};

use super::{
    curve::{Curve, Cuts, Extent},
    drawing::{Drawing, Mark},
    scale::Frame,
};

/// Upper and lower end of what a column of pixels shows, in points of the screen.
pub type Column = Option<(f32, f32)>;

/// How a curve is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Ink {
    pub color: Color32,
    pub width: f32,
    pub dashed: bool,
}

impl Ink {
    pub fn new(color: Color32, width: f32) -> Self {
        Self { color, width, dashed: false }
    }
}

/// The x of the edges of `frame`'s columns, one more than there are columns. All curves of a chart share them.
pub fn edges(frame: &Frame, columns: usize) -> Vec<f64> {
    (0..=columns).map(|column| frame.x.value(column as f64 / columns as f64)).collect()
}

/// The columns of `frame` on a screen with `scale` pixels a point: one for each pixel.
pub fn pixels(frame: &Frame, scale: f32) -> usize {
    (frame.rect.width() * scale).ceil().max(1.0) as usize
}

/// Draws the part of `curve` that `frame` shows in columns between `edges`; `cuts` is kept from curve to curve.
pub fn trace(drawing: &mut Drawing, curve: &Curve, frame: &Frame, edges: &[f64], cuts: &mut Cuts, ink: Ink) {
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else { return };
    let seen = curve.within(*first, *last);
    if seen.len() < edges.len() {
        return lines(drawing, curve, frame, ink, seen.start.saturating_sub(1)..(seen.end + 1).min(curve.len()));
    }
    let columns = columns(curve, frame, edges, cuts);
    envelope(drawing, &columns, frame, ink);
}

/// Straight from point to point, broken where a value is missing.
fn lines(drawing: &mut Drawing, curve: &Curve, frame: &Frame, ink: Ink, part: std::ops::Range<usize>) {
    let stroke = Stroke::new(ink.width, ink.color);
    let mut points: Vec<Pos2> = Vec::with_capacity(part.len());
    let mut flush = |points: &mut Vec<Pos2>| match points.len() {
        0 => {}
        1 => drawing.circle(points.remove(0), ink.width, ink.color, Stroke::NONE),
        _ => drawing.add(Mark::Line { points: std::mem::take(points), stroke, dashed: ink.dashed }),
    };
    for at in part {
        let y = curve.y(at);
        if y.is_nan() {
            flush(&mut points);
        } else {
            points.push(frame.place(curve.x(at), y));
        }
    }
    flush(&mut points);
}

/// What the column between each two of `edges` shows: every point in it, and the line through it where it has none.
/// Columns side by side whose points do not overlap in height are drawn out to where the line between them crosses
/// their common edge, so that it does not break.
///
/// The first column takes in the left edge and the last one the right edge.
pub fn columns(curve: &Curve, frame: &Frame, edges: &[f64], cuts: &mut Cuts) -> Vec<Column> {
    let count = edges.len() - 1;
    let lens = frame.lens();
    let wide = frame.rect.width() / count as f32;
    let edge = |column: usize| frame.rect.left() + wide * column as f32;
    let mut all: Vec<Column> = Vec::with_capacity(count);
    for (column, ends) in curve.cuts(edges, cuts).windows(2).enumerate() {
        let (from, to) = (ends[0], ends[1]);
        if from == to {
            let ends = [edge(column), edge(column + 1)].map(|across| crossing(curve, frame, from, across));
            all.push(ends[0].zip(ends[1]).map(|(a, b)| (a.min(b), a.max(b))));
            continue;
        }
        let Extent { low, high } = curve.extent(from..to);
        let mut now: Column = (low <= high).then(|| (lens.up(high), lens.up(low)));
        if let (Some((top, bottom)), Some(Some((before_top, before_bottom)))) = (&mut now, all.last_mut())
            && (*top > *before_bottom || *bottom < *before_top)
            && let Some(y) = crossing(curve, frame, from, edge(column))
        {
            (*top, *bottom) = (top.min(y), bottom.max(y));
            (*before_top, *before_bottom) = (before_top.min(y), before_bottom.max(y));
        }
        all.push(now);
    }
    all
}

/// Where the line from the point before `next` to `next` crosses the vertical at `across`.
fn crossing(curve: &Curve, frame: &Frame, next: usize, across: f32) -> Option<f32> {
    let before = next.checked_sub(1).filter(|_| next < curve.len())?;
    let (low, high) = (curve.y(before), curve.y(next));
    if low.is_nan() || high.is_nan() {
        return None;
    }
    let [from, to] = [before, next].map(|at| frame.place(curve.x(at), curve.y(at)));
    if from.y.is_nan() || to.y.is_nan() {
        return None;
    }
    let share = (across - from.x) / (to.x - from.x).max(f32::MIN_POSITIVE);
    let y = from.y + (to.y - from.y) * share.clamp(0.0, 1.0);
    // From a value that is far away, rounding would overshoot.
    Some(y.clamp(from.y.min(to.y), from.y.max(to.y)))
}

/// Fills each column between its ends, half a line's width beyond them.
fn envelope(drawing: &mut Drawing, columns: &[Column], frame: &Frame, ink: Ink) {
    let wide = frame.rect.width() / columns.len() as f32;
    let x = |column: usize| frame.rect.left() + wide * (column as f32 + 0.5);
    // Nothing is drawn beyond the picture, however far a spike goes.
    let (top, bottom) = (frame.rect.top() - 8.0, frame.rect.bottom() + 8.0);
    let ends = |column: usize| columns[column].map(|(a, b)| (a.clamp(top, bottom), b.clamp(top, bottom)));
    if drawing.vector {
        for part in parts(columns) {
            let upper: Vec<Pos2> =
                part.clone().filter_map(|c| Some(pos2(x(c), ends(c)?.0 - ink.width / 2.0))).collect();
            let lower: Vec<Pos2> = part.filter_map(|c| Some(pos2(x(c), ends(c)?.1 + ink.width / 2.0))).collect();
            drawing.band(&upper, &lower, ink.color);
        }
        return;
    }
    const ROWS: u32 = 4;
    let mesh = drawing.mesh(columns.len() * ROWS as usize, columns.len() * 6 * (ROWS as usize - 1));
    let mut joined = false;
    for column in 0..columns.len() {
        let Some((high, low)) = ends(column) else {
            joined = false;
            continue;
        };
        let x = x(column);
        let (half, middle) = (ink.width / 2.0, (high + low) / 2.0);
        let first = mesh.vertices.len() as u32;
        // Soft edges.
        mesh.colored_vertex(pos2(x, high - half - 0.5), Color32::TRANSPARENT);
        mesh.colored_vertex(pos2(x, (high - half + 0.5).min(middle)), ink.color);
        mesh.colored_vertex(pos2(x, (low + half - 0.5).max(middle)), ink.color);
        mesh.colored_vertex(pos2(x, low + half + 0.5), Color32::TRANSPARENT);
        if joined {
            for row in first..first + ROWS - 1 {
                let before = row - ROWS;
                mesh.indices.extend_from_slice(&[before, before + 1, row, before + 1, row, row + 1]);
            }
        }
        joined = true;
    }
}

/// Ranges of columns without a gap.
fn parts(columns: &[Column]) -> Vec<std::ops::Range<usize>> {
    let mut parts = Vec::new();
    let mut from = None;
    for (at, column) in columns.iter().enumerate() {
        match (column, from) {
            (Some(_), None) => from = Some(at),
            (None, Some(first)) => {
                parts.push(first..at);
                from = None;
            }
            _ => {}
        }
    }
    parts.extend(from.map(|first| first..columns.len()));
    parts
}

#[cfg(test)]
mod tests {
    use egui::{Rect, vec2};
    use proptest::prelude::*;

    use super::*;
    use crate::chart::scale::{Measure, Scale};

    fn frame(low: f64, high: f64, log: bool) -> Frame {
        let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(40.0, 100.0));
        let plain = |low, high, log| Scale { low, high, log, measure: Measure::Number };
        Frame { rect, x: plain(low, high, log), y: plain(-10.0, 10.0, false) }
    }

    fn plain(y: Vec<f64>, last: f64) -> Vec<Column> {
        let frame = frame(0.0, last, false);
        columns(&Curve::counted(y), &frame, &edges(&frame, 40), &mut Cuts::default())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

        /// Looking at every point finds nothing outside of what a column shows, and the ends are really there: either
        /// a point in the column or the line to a neighbour.
        #[test]
        fn every_column_shows_its_lowest_and_highest(
            points in prop::collection::vec((0..2000_u32, prop_oneof![9 => -9.0..9.0_f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)]), 60..1200),
            low in 0.0..900.0_f64, wide in 50.0..1500.0_f64, log in any::<bool>(),
        ) {
            let x: Vec<f64> = points.iter().map(|(x, _)| f64::from(*x) + 1.0).collect();
            let y: Vec<f64> = points.iter().map(|(_, y)| *y).collect();
            let frame = if log { frame((low + 1.0).log10(), (low + wide).log10(), true) } else { frame(low, low + wide, false) };
            let curve = Curve::new(x, y);
            let edges = edges(&frame, 40);
            let shown = columns(&curve, &frame, &edges, &mut Cuts::default());
            let edge = |column: usize| edges[column];
            for (column, ends) in shown.iter().enumerate() {
                let last = column == 39;
                let inside = |x: f64| edge(column) <= x && (x < edge(column + 1) || (last && x <= edge(column + 1)));
                let values: Vec<f64> =
                    (0..curve.len()).filter(|&at| inside(curve.x(at)) && !curve.y(at).is_nan()).map(|at| curve.y(at)).collect();
                for y in &values {
                    let (top, bottom) = ends.expect("a column with points shows something");
                    // Two ways to multiply differ in the last digits.
                    let up = frame.up(*y);
                    prop_assert!(top <= up + 1e-3 && up - 1e-3 <= bottom, "{top} to {bottom}, but {up}");
                }
                if let Some((top, bottom)) = ends {
                    // The lines in and out end at the points on both sides.
                    let from = curve.first_from(edge(column), 0);
                    let to = if last { curve.first_beyond(edge(column + 1), 0) } else { curve.first_from(edge(column + 1), 0) };
                    let around = from.saturating_sub(1)..(to + 1).min(curve.len());
                    let all = Extent::of(&curve.values()[around]);
                    prop_assert!(*top >= frame.up(all.high) - 1e-3 && *bottom <= frame.up(all.low) + 1e-3);
                }
            }
        }
    }

    #[test]
    fn one_spike_among_a_million_is_seen() {
        let mut y = vec![0.0; 1_000_000];
        y[654_321] = 9.0;
        let shown = plain(y, 999_999.0);
        let spike = shown.iter().position(|ends| ends.is_some_and(|(top, _)| top < 6.0));
        assert_eq!(spike, Some(654_321 * 40 / 1_000_000));
        assert_eq!(shown.iter().flatten().filter(|(top, _)| *top < 40.0).count(), 1);
    }

    #[test]
    fn a_missing_value_breaks_the_line() {
        let y: Vec<f64> = (0..400).map(|at| if (200..260).contains(&at) { f64::NAN } else { 1.0 }).collect();
        let shown = plain(y, 399.0);
        assert_eq!(parts(&shown).len(), 2);
    }
}
