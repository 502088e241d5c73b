//! Parallel coordinates: an axis for each parameter and metric, a line for each run.
//!
//! Inselberg, "The plane with parallel coordinates", The Visual Computer 1, 1985.

use std::collections::BTreeSet;

use egui::{Align2, Color32, Pos2, Rect, Sense, Shape, Stroke, Ui, WidgetInfo, accesskit::Role, pos2, vec2};
use studio::Run;

use super::{charts::Strip, words};
use crate::{
    theme,
    widgets::{format, paint_text},
};

/// Most axes of parameters and of metrics.
const PARAMS: usize = 4;
const METRICS: usize = 2;
/// A parameter that spans more than this is drawn by its logarithm.
const LOG_FROM: f64 = 50.0;
/// Points from a line that still count as on it.
const NEAR: f32 = 6.0;

/// One axis with each run's place on it, 0 at the foot.
#[derive(Debug, PartialEq)]
pub struct Axis {
    pub title: String,
    pub low: String,
    pub high: String,
    pub places: Vec<Option<f32>>,
}

/// Draws the chart `height` high; the run that the pointer is on.
pub fn show(ui: &mut Ui, strip: &Strip<'_>, height: f32) -> Option<String> {
    let t = theme::of(ui);
    let size = vec2(ui.available_width(), height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, "Parameters and results of runs"));
    let mut runs: Vec<&Run> = strip.pages.first();
    for run in strip.together.value().iter().flat_map(|known| &known.runs) {
        if !runs.iter().any(|other| other.id == run.id) {
            runs.push(run);
        }
    }
    let axes = axes(&runs, &params(strip), &metrics(strip, &runs));
    if axes.len() < 2 {
        let words = "Runs that differ in a parameter or a metric are drawn here";
        let face = &t.face.small;
        paint_text(ui.painter(), rect, Align2::CENTER_CENTER, words, face, t.color.text2);
        return None;
    }
    let line = t.face.caption.line;
    let body = Rect::from_min_max(rect.min + vec2(24.0, line + 6.0), rect.max - vec2(24.0, line + 2.0));
    let step = body.width() / (axes.len() - 1) as f32;
    let x = |axis: usize| body.left() + step * axis as f32;
    for (at, axis) in axes.iter().enumerate() {
        ui.painter().vline(x(at), body.y_range(), t.border());
        let label = |y: f32, words: &str, color: Color32| {
            let room = Rect::from_center_size(pos2(x(at), y), vec2(step.min(96.0), line));
            let room = room
                .translate(vec2((rect.left() - room.left()).max(0.0) - (room.right() - rect.right()).max(0.0), 0.0));
            let align = match at {
                0 => Align2::LEFT_CENTER,
                last if last + 1 == axes.len() => Align2::RIGHT_CENTER,
                _ => Align2::CENTER_CENTER,
            };
            paint_text(ui.painter(), room, align, words, &t.face.caption, color);
        };
        label(rect.top() + line / 2.0, &axis.title, t.color.text2);
        label(rect.bottom() - line / 2.0, &axis.low, t.color.text3);
        if response.hovered() {
            label(body.top() + line / 2.0, &axis.high, t.color.text3);
        }
    }
    let points = |run: usize| -> Vec<Pos2> {
        let placed = axes.iter().enumerate();
        placed.filter_map(|(at, axis)| Some(pos2(x(at), body.bottom() - axis.places[run]? * body.height()))).collect()
    };
    let pointer = response.hover_pos();
    let mut nearest: Option<(f32, usize)> = None;
    for run in 0..runs.len() {
        if let Some(distance) = pointer.and_then(|at| distance(&points(run), at))
            && distance < nearest.map_or(NEAR, |(least, _)| least)
        {
            nearest = Some((distance, run));
        }
    }
    let strong = nearest.map(|(_, run)| runs[run].id.as_str()).or(strip.strong);
    // The checked ones over the others, the strong one on top.
    let layer = |run: &Run| {
        let checked = strip.checked.has(&run.id);
        (strong == Some(run.id.as_str()), checked)
    };
    let mut order: Vec<usize> = (0..runs.len()).collect();
    order.sort_by_key(|&run| layer(runs[run]));
    for run in order {
        let (is_strong, _) = layer(runs[run]);
        let stroke = match strip.checked.color(&t, &runs[run].id) {
            Some(color) => Stroke::new(if is_strong { 2.4 } else { 1.5 }, color),
            None if is_strong => Stroke::new(1.8, t.color.text1),
            None => Stroke::new(0.8, t.tint(t.color.surface3, t.color.line2, 0.55)),
        };
        ui.painter().add(Shape::line(points(run), stroke));
    }
    let (_, run) = nearest?;
    response.on_hover_text_at_pointer(&runs[run].name);
    Some(runs[run].id.clone())
}

/// The parameters that the checked runs differ in; where they differ in none, those that all runs differ in.
fn params(strip: &Strip<'_>) -> Vec<String> {
    let compared = strip.together.value().into_iter().flat_map(|known| &known.params);
    let mut keys: Vec<String> = compared.filter(|one| one.differs).map(|one| one.key.clone()).collect();
    if !keys.is_empty() {
        return keys;
    }
    let has = |key: &String| {
        let mut runs = strip.together.value().into_iter().flat_map(|known| &known.runs);
        runs.any(|run| run.params.contains_key(key))
    };
    let known = strip.together.value().is_some();
    for key in strip.pages.telling_params() {
        if !known || has(&key) {
            keys.push(key);
        }
    }
    keys
}

/// The metrics of the checked runs, or of all; without those that have a curve.
fn metrics(strip: &Strip<'_>, runs: &[&Run]) -> Vec<String> {
    let mut keys: Vec<String> = match strip.together.value() {
        Some(known) => known.metrics.iter().map(|one| one.key.clone()).collect(),
        None => runs.iter().flat_map(|run| run.metrics.keys().cloned()).collect(),
    };
    keys.retain(|key| !strip.pages.curves.contains_key(key));
    keys.sort_by_cached_key(|key| (words::rank(key), key.clone()));
    keys.dedup();
    keys
}

fn axes(runs: &[&Run], params: &[String], metrics: &[String]) -> Vec<Axis> {
    let mut axes: Vec<Axis> = params
        .iter()
        .filter_map(|key| {
            let values: Vec<Option<&str>> = runs.iter().map(|run| run.params.get(key).map(String::as_str)).collect();
            of_texts(words::key_title(key), &values)
        })
        .take(PARAMS)
        .collect();
    axes.extend(
        metrics
            .iter()
            .filter_map(|key| {
                let values: Vec<Option<f64>> = runs.iter().map(|run| run.metrics.get(key).copied()).collect();
                of_numbers(words::key_title(key), &values)
            })
            .take(METRICS),
    );
    axes
}

/// Numbers on a scale, other texts in their order; nothing when all are the same.
pub fn of_texts(title: String, values: &[Option<&str>]) -> Option<Axis> {
    let numbers: Vec<Option<f64>> = values.iter().map(|value| value.and_then(|text| text.parse().ok())).collect();
    let known = values.iter().flatten().count();
    if numbers.iter().flatten().count() == known {
        return of_numbers(title, &numbers);
    }
    let texts: BTreeSet<&str> = values.iter().flatten().copied().collect();
    let texts: Vec<&str> = texts.into_iter().collect();
    let last = texts.len().checked_sub(1).filter(|last| *last > 0)?;
    let place = |text: &&str| {
        let at = texts.iter().position(|other| other == text)?;
        Some(at as f32 / last as f32)
    };
    Some(Axis {
        low: texts[0].to_owned(),
        high: texts[last].to_owned(),
        places: values.iter().map(|value| value.as_ref().and_then(place)).collect(),
        title,
    })
}

pub fn of_numbers(title: String, values: &[Option<f64>]) -> Option<Axis> {
    let finite = || values.iter().flatten().copied().filter(|v| v.is_finite());
    let low = finite().reduce(f64::min)?;
    let high = finite().reduce(f64::max)?;
    if low >= high {
        return None;
    }
    let log = low > 0.0 && high / low > LOG_FROM;
    let scale = |value: f64| if log { value.ln() } else { value };
    let place = |value: f64| ((scale(value) - scale(low)) / (scale(high) - scale(low))) as f32;
    Some(Axis {
        title,
        low: format::number(low),
        high: format::number(high),
        places: values.iter().map(|value| value.filter(|value| value.is_finite()).map(place)).collect(),
    })
}

/// How far `at` is from the line through `points`.
pub fn distance(points: &[Pos2], at: Pos2) -> Option<f32> {
    points
        .windows(2)
        .map(|ends| {
            let along = ends[1] - ends[0];
            let share = ((at - ends[0]).dot(along) / along.length_sq().max(1e-6)).clamp(0.0, 1.0);
            (ends[0] + along * share).distance(at)
        })
        .reduce(f32::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_scaled_and_wide_ones_by_their_logarithm() {
        let axis = of_texts("rate".into(), &[Some("1"), None, Some("2"), Some("3")]);
        assert_eq!(axis.unwrap().places, [Some(0.0), None, Some(0.5), Some(1.0)]);
        let axis = of_texts("rate".into(), &[Some("0.001"), Some("0.1"), Some("0.01")]);
        let places = axis.unwrap().places;
        assert!((places[2].unwrap() - 0.5).abs() < 1e-6);
        assert_eq!(of_texts("same".into(), &[Some("7"), Some("7")]), None);
    }

    #[test]
    fn other_texts_stand_in_their_order() {
        let axis = of_texts("loss".into(), &[Some("b"), Some("a"), Some("c")]).unwrap();
        assert_eq!(axis.places, [Some(0.5), Some(0.0), Some(1.0)]);
        assert_eq!((axis.low.as_str(), axis.high.as_str()), ("a", "c"));
    }

    #[test]
    fn a_point_beside_a_line_is_near_it() {
        let points = [pos2(0.0, 0.0), pos2(10.0, 0.0)];
        assert_eq!(distance(&points, pos2(5.0, 3.0)), Some(3.0));
        assert_eq!(distance(&points[..1], pos2(5.0, 3.0)), None);
    }
}
