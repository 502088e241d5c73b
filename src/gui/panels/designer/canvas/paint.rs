//! What nodes, marks and text share when they are drawn at any zoom.

use std::sync::Arc;

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Color32, CornerRadius, FontId, Galley, Painter, Pos2, Rect, Shape, Stroke, Vec2, pos2, vec2};
use studio::pipeline::component::{Category, PortKind};

use super::state::{Mark, Tone};
use crate::theme::{Face, Tokens};

/// Wires and ports by what flows.
pub fn kind_color(t: &Tokens, kind: Option<PortKind>) -> Color32 {
    match kind {
        Some(PortKind::Table) => t.data(0),
        Some(PortKind::Estimator | PortKind::Model) => t.data(1),
        Some(PortKind::Transform) => t.data(2),
        Some(PortKind::Report) => t.data(3),
        None => t.color.text3,
    }
}

pub fn category_color(t: &Tokens, category: Option<Category>) -> Color32 {
    match category {
        Some(Category::Data) => t.data(0),
        Some(Category::Transform) => t.data(2),
        Some(Category::Learn) => t.data(1),
        Some(Category::Judge) => t.data(3),
        Some(Category::Code) => t.data(4),
        None => t.color.text3,
    }
}

pub fn tone_color(t: &Tokens, tone: Tone) -> Color32 {
    match tone {
        Tone::Quiet => t.color.text3,
        Tone::Ok => t.color.ok,
        Tone::Warn => t.color.warn,
        Tone::Error => t.color.error,
        Tone::Info => t.color.info,
        Tone::Accent => t.color.accent,
    }
}

/// Text at a zoom. Sizes are rounded to quarter points, so that a moving zoom does not lay out anew every frame.
pub struct Text<'a> {
    pub painter: &'a Painter,
    pub zoom: f32,
}

impl Text<'_> {
    fn font(&self, face: &Face) -> (FontId, f32) {
        let size = ((face.size * self.zoom * 4.0).round() / 4.0).max(1.0);
        (FontId::new(size, face.family.clone()), size / face.size)
    }

    /// One line, cut with an ellipsis at `width` canvas points.
    pub fn line(&self, text: &str, face: &Face, width: f32) -> Arc<Galley> {
        let (font, scale) = self.font(face);
        let mut job = LayoutJob::simple_singleline(text.to_owned(), font, Color32::PLACEHOLDER);
        job.wrap = TextWrapping::truncate_at_width(width * scale);
        self.painter.layout_job(job)
    }

    /// Several lines within `width` canvas points.
    pub fn block(&self, text: &str, face: &Face, width: f32, rows: usize) -> Arc<Galley> {
        let (font, scale) = self.font(face);
        let mut job = LayoutJob::simple(text.to_owned(), font, Color32::PLACEHOLDER, width * scale);
        job.wrap.max_rows = rows;
        self.painter.layout_job(job)
    }

    pub fn put(&self, galley: Arc<Galley>, at: Pos2, anchor: Align2, color: Color32) -> Rect {
        let rect = anchor.anchor_size(at, galley.size());
        self.painter.galley(rect.min, galley, color);
        rect
    }
}

/// A status mark of side `size` around `center`.
pub fn mark(painter: &Painter, mark: Mark, center: Pos2, size: f32, color: Color32, ground: Color32) {
    let r = size / 2.0;
    let stroke = Stroke::new((size * 0.13).max(1.0), color);
    let p = |x: f32, y: f32| center + vec2(x, y) * r;
    match mark {
        Mark::Check => {
            painter.line(vec![p(-0.85, 0.05), p(-0.25, 0.62), p(0.85, -0.6)], stroke);
        }
        Mark::Cross => {
            painter.line_segment([p(-0.62, -0.62), p(0.62, 0.62)], stroke);
            painter.line_segment([p(-0.62, 0.62), p(0.62, -0.62)], stroke);
        }
        Mark::Triangle => {
            painter.add(Shape::convex_polygon(vec![p(0.0, -0.85), p(0.9, 0.75), p(-0.9, 0.75)], color, Stroke::NONE));
            painter.line_segment([p(0.0, -0.25), p(0.0, 0.3)], Stroke::new(stroke.width, ground));
        }
        Mark::Ring => {
            painter.circle_stroke(center, r * 0.75, stroke);
        }
        Mark::Reused => {
            painter.line(arc(center, r * 0.72, -0.32, 0.52), stroke);
            let tip = p(-0.72 * 0.9, -0.5);
            painter
                .line(vec![tip + vec2(-0.05, -0.55) * r, tip + vec2(0.0, 0.1) * r, tip + vec2(0.62, 0.1) * r], stroke);
        }
        Mark::Pie(share) => {
            painter.circle_stroke(center, r * 0.8, stroke);
            // Only convex shapes can be filled, so a wedge over half a circle is drawn as two.
            let share = share.clamp(0.02, 1.0);
            for (from, share) in [(-0.25, share.min(0.5)), (0.25, share - 0.5)] {
                if share > 0.0 {
                    let mut points = arc(center, r * 0.8, from, share);
                    points.push(center);
                    painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
                }
            }
        }
        Mark::Dash => {
            painter.line_segment([p(-0.6, 0.0), p(0.6, 0.0)], stroke);
        }
    }
}

/// Part of a circle; `from` and `share` in turns, clockwise from the right.
fn arc(center: Pos2, radius: f32, from: f32, share: f32) -> Vec<Pos2> {
    const PARTS: usize = 20;
    let point = |part: usize| {
        let angle = std::f32::consts::TAU * (from + share * part as f32 / PARTS as f32);
        center + Vec2::angled(angle) * radius
    };
    (0..=PARTS).map(point).collect()
}

/// The dots behind everything, as one mesh; they thin out when the canvas is far away.
pub fn dots(painter: &Painter, area: Rect, origin: Pos2, zoom: f32, color: Color32) {
    const STEP: f32 = 24.0;
    let mut step = STEP;
    while step * zoom < 14.0 {
        step *= 2.0;
    }
    let half = (0.75 * zoom.sqrt()).clamp(0.5, 1.1);
    let mut mesh = egui::Mesh::default();
    let first = pos2((origin.x / step).floor() * step, (origin.y / step).floor() * step);
    let columns = (area.width() / (step * zoom)).ceil() as usize + 1;
    let rows = (area.height() / (step * zoom)).ceil() as usize + 1;
    mesh.reserve_triangles(columns * rows * 2);
    mesh.reserve_vertices(columns * rows * 4);
    for row in 0..=rows {
        for column in 0..=columns {
            let at = first + vec2(column as f32, row as f32) * step;
            let center = area.min + (at - origin) * zoom;
            mesh.add_colored_rect(Rect::from_center_size(center, Vec2::splat(2.0 * half)), color);
        }
    }
    painter.add(mesh);
}

/// The square with a component's initial.
pub fn tile(text: &Text<'_>, t: &Tokens, center: Pos2, side: f32, initial: char, color: Color32, ground: Color32) {
    let zoom = text.zoom;
    let rect = Rect::from_center_size(center, Vec2::splat(side * zoom));
    text.painter.rect_filled(rect, radius(5.0 * zoom), t.tint(ground, color, 0.22));
    let galley = text.line(initial.encode_utf8(&mut [0; 4]), &t.face.caption_strong, side);
    text.put(galley, center, Align2::CENTER_CENTER, color);
}

pub fn radius(points: f32) -> CornerRadius {
    CornerRadius::same(points.round().clamp(0.0, 255.0) as u8)
}
