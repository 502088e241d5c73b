//! The whole pipeline in the corner; click or drag to move.

use egui::{Painter, Pos2, Rect, Stroke, StrokeKind, Vec2, vec2};

use super::paint;
use super::scene::{Node, Scene};
use super::view::View;
use crate::theme::Tokens;

const SIZE: Vec2 = vec2(148.0, 108.0);
const MARGIN: f32 = 12.0;
/// The width that the map takes from the canvas.
pub const ROOM: f32 = SIZE.x + 2.0 * MARGIN;

/// Canvas points to points on the map.
pub struct Map {
    pub rect: Rect,
    world: Rect,
    scale: f32,
}

impl Map {
    /// `None` when the canvas is too small or too empty for a map to help, or when it would hide a part of what is in
    /// sight as a whole.
    pub fn new(scene: &Scene, view: View, area: Rect) -> Option<Self> {
        if scene.nodes.len() < 2 || area.width() < 3.0 * SIZE.x || area.height() < 2.0 * SIZE.y {
            return None;
        }
        let rect = Rect::from_min_size(area.max - SIZE - Vec2::splat(MARGIN), SIZE);
        let under = |it: Rect| view.rect_to_screen(area, it).intersects(rect);
        let drawn = scene.nodes.iter().map(Node::with_comment).chain(scene.notes.iter().copied());
        if view.visible(area).contains_rect(scene.bounds()) && drawn.into_iter().any(under) {
            return None;
        }
        let world = scene.bounds().union(view.visible(area)).expand(40.0);
        let room = rect.shrink(6.0);
        let scale = (room.size() / world.size()).min_elem();
        Some(Self { rect, world, scale })
    }

    fn to_map(&self, point: Pos2) -> Pos2 {
        self.rect.center() + (point - self.world.center()) * self.scale
    }

    pub fn to_canvas(&self, point: Pos2) -> Pos2 {
        self.world.center() + (point - self.rect.center()) / self.scale
    }

    fn rect(&self, rect: Rect) -> Rect {
        Rect::from_min_max(self.to_map(rect.min), self.to_map(rect.max))
    }

    pub fn draw(&self, painter: &Painter, t: &Tokens, scene: &Scene, view: View, area: Rect) {
        let radius = paint::radius(t.size.radius);
        painter.rect(self.rect, radius, t.color.surface2, t.hairline(), StrokeKind::Inside);
        let painter = painter.with_clip_rect(self.rect.intersect(painter.clip_rect()));
        for note in &scene.notes {
            painter.rect_filled(self.rect(*note), 1.0, t.color.surface4);
        }
        for node in &scene.nodes {
            let color = paint::category_color(t, node.spec.map(|spec| spec.category));
            let rect = self.rect(node.rect);
            let rect = Rect::from_center_size(rect.center(), rect.size().max(Vec2::splat(2.0)));
            painter.rect_filled(rect, 1.0, t.tint(t.color.surface2, color, 0.8));
        }
        let shown = self.rect(view.visible(area)).shrink(0.5);
        painter.rect_stroke(shown, 2.0, Stroke::new(1.0, t.color.accent), StrokeKind::Inside);
    }
}
