//! Wires: cubic Béziers that leave and enter vertically.

use egui::{Pos2, Rect, Shape, Stroke, pos2};

/// The four control points, in canvas points.
pub type Curve = [Pos2; 4];

/// The curve from an output down (or around) to an input.
pub fn curve(from: Pos2, to: Pos2) -> Curve {
    let drop = to.y - from.y;
    // A wire that runs back up bows out, so that it is seen to leave downwards.
    let bend = if drop >= 0.0 { (drop * 0.5).max(6.0) } else { (-drop * 0.5).clamp(40.0, 160.0) };
    [from, pos2(from.x, from.y + bend), pos2(to.x, to.y - bend), to]
}

pub fn bounds(curve: &Curve) -> Rect {
    Rect::from_points(curve)
}

pub fn at([a, b, c, d]: &Curve, t: f32) -> Pos2 {
    let u = 1.0 - t;
    let (ka, kb, kc, kd) = (u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t);
    pos2(ka * a.x + kb * b.x + kc * c.x + kd * d.x, ka * a.y + kb * b.y + kc * c.y + kd * d.y)
}

/// From `point` to the nearest point of the curve; exact to a fraction of a point.
pub fn distance(curve: &Curve, point: Pos2) -> f32 {
    const PARTS: usize = 32;
    let mut least = f32::INFINITY;
    let mut from = curve[0];
    for part in 1..=PARTS {
        let to = at(curve, part as f32 / PARTS as f32);
        least = least.min(segment_distance(from, to, point));
        from = to;
    }
    least
}

fn segment_distance(from: Pos2, to: Pos2, point: Pos2) -> f32 {
    let along = to - from;
    let length = along.length_sq();
    let share = if length > 0.0 { ((point - from).dot(along) / length).clamp(0.0, 1.0) } else { 0.0 };
    (from + along * share).distance(point)
}

/// The curve as a broken line.
pub fn dashed(curve: &Curve, stroke: Stroke) -> Vec<Shape> {
    const DASH: f32 = 6.0;
    const GAP: f32 = 4.0;
    Shape::dashed_line(&points(curve), stroke, DASH, GAP)
}

fn points(curve: &Curve) -> Vec<Pos2> {
    let length = curve[0].distance(curve[1]) + curve[1].distance(curve[2]) + curve[2].distance(curve[3]);
    let parts = ((length / 9.0) as usize).clamp(4, 48);
    (0..=parts).map(|part| at(curve, part as f32 / parts as f32)).collect()
}

/// The curve as a line of as many parts as its length on the screen asks for.
pub fn shape(curve: &Curve, stroke: Stroke) -> Shape {
    if (curve[0].x - curve[3].x).abs() < 0.5 && curve[3].y >= curve[0].y {
        return Shape::line_segment([curve[0], curve[3]], stroke);
    }
    Shape::line(points(curve), stroke)
}
