//! Where the canvas is looked at from: canvas points to screen points and back.

use egui::{Pos2, Rect, Vec2};

/// Nodes and notes stand on this grid, in canvas points.
pub const GRID: f32 = 8.0;

/// Around what is shown as a whole, in screen points.
pub const MARGIN: f32 = 32.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// The canvas point at the area's left top.
    pub origin: Pos2,
    /// Screen points for one canvas point.
    pub zoom: f32,
}

impl Default for View {
    fn default() -> Self {
        Self { origin: Pos2::new(-40.0, -40.0), zoom: 1.0 }
    }
}

impl View {
    pub const MIN_ZOOM: f32 = 0.08;
    pub const MAX_ZOOM: f32 = 2.0;

    pub fn to_screen(self, area: Rect, point: Pos2) -> Pos2 {
        area.min + (point - self.origin) * self.zoom
    }

    pub fn rect_to_screen(self, area: Rect, rect: Rect) -> Rect {
        Rect::from_min_max(self.to_screen(area, rect.min), self.to_screen(area, rect.max))
    }

    pub fn to_canvas(self, area: Rect, point: Pos2) -> Pos2 {
        self.origin + (point - area.min) / self.zoom
    }

    /// The part of the canvas that `area` shows.
    pub fn visible(self, area: Rect) -> Rect {
        Rect::from_min_size(self.origin, area.size() / self.zoom)
    }

    /// Moves the content by `by` screen points.
    pub fn pan(&mut self, by: Vec2) {
        self.origin -= by / self.zoom;
    }

    /// Zooms by `factor` so that the canvas point under `at` stays there.
    pub fn zoom_at(&mut self, area: Rect, at: Pos2, factor: f32) {
        let held = self.to_canvas(area, at);
        self.zoom = (self.zoom * factor).clamp(Self::MIN_ZOOM, Self::MAX_ZOOM);
        self.origin = held - (at - area.min) / self.zoom;
    }

    /// `content` in the middle of `area` with a margin, never larger than life.
    pub fn fit(content: Rect, area: Rect) -> Self {
        if !content.is_positive() || !area.is_positive() {
            return Self::default();
        }
        let room = (area.size() - Vec2::splat(2.0 * MARGIN)).max(Vec2::splat(1.0));
        let zoom = (room / content.size()).min_elem().clamp(Self::MIN_ZOOM, 1.0);
        Self { origin: content.center() - area.size() / (2.0 * zoom), zoom }
    }

    /// The view around `center` with the same zoom.
    pub fn centered(self, center: Pos2, area: Rect) -> Self {
        Self { origin: center - area.size() / (2.0 * self.zoom), ..self }
    }

    /// Between two views, `share` 0 to 1.
    pub fn lerp(self, to: Self, share: f32) -> Self {
        Self { origin: self.origin.lerp(to.origin, share), zoom: egui::lerp(self.zoom..=to.zoom, share) }
    }

    /// Whether every part is a number that can be drawn with.
    pub fn is_finite(self) -> bool {
        self.origin.is_finite() && self.zoom.is_finite()
    }
}

pub fn snap(point: Pos2, grid: f32) -> Pos2 {
    Pos2::new((point.x / grid).round() * grid, (point.y / grid).round() * grid)
}
