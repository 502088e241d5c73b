//! Status glyphs: each state has a shape of its own besides its colour.

use std::f32::consts::TAU;

use egui::{Color32, Painter, Pos2, Shape, Stroke, vec2};

use super::{Icon, paint_at};
use crate::theme::Tokens;

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Glyph {
    /// A tick.
    Ok,
    /// A triangle.
    Warn,
    /// A cross.
    Error,
    /// A ring with a dot.
    Info,
    /// An arrow going round: the result was there already.
    Reused,
    /// An empty ring.
    Waiting,
    /// A ring filled so far, 0 to 1.
    Progress(f32),
    /// A ring with a gap, for work without a measure.
    Running,
    /// A small square: stopped by a person.
    Stopped,
    /// A filled dot in a colour of the caller's.
    Dot(Color32),
}

impl Glyph {
    pub fn color(self, t: &Tokens) -> Color32 {
        match self {
            Self::Ok => t.color.ok,
            Self::Warn => t.color.warn,
            Self::Error => t.color.error,
            Self::Info | Self::Reused => t.color.info,
            Self::Waiting | Self::Stopped => t.color.text3,
            Self::Progress(_) | Self::Running => t.color.accent,
            Self::Dot(color) => color,
        }
    }
}

/// Draws `glyph` about 10 points wide around `centre`, in its own colour.
pub fn paint_glyph(painter: &Painter, t: &Tokens, glyph: Glyph, centre: Pos2) {
    let color = glyph.color(t);
    let thin = Stroke::new(1.3, color);
    match glyph {
        Glyph::Ok => paint_at(painter, Icon::Check, centre, 12.0, color),
        Glyph::Error => paint_at(painter, Icon::Close, centre, 11.0, color),
        Glyph::Reused => paint_at(painter, Icon::Reuse, centre, 12.0, color),
        Glyph::Warn => {
            let points = vec![centre + vec2(0.0, -5.0), centre + vec2(5.5, 4.5), centre + vec2(-5.5, 4.5)];
            painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
        }
        Glyph::Info => {
            painter.circle_stroke(centre, 4.5, thin);
            painter.circle_filled(centre, 1.4, color);
        }
        Glyph::Waiting => {
            painter.circle_stroke(centre, 3.8, thin);
        }
        Glyph::Stopped => {
            painter.rect_filled(egui::Rect::from_center_size(centre, vec2(7.0, 7.0)), 1.0, color);
        }
        Glyph::Progress(share) => {
            painter.circle_stroke(centre, 4.5, thin);
            painter.add(Shape::convex_polygon(sector(centre, 4.5, share.clamp(0.0, 0.5)), color, Stroke::NONE));
            if share > 0.5 {
                // The second half apart: a sector beyond a half circle is not convex.
                let rest = sector_from(centre, 4.5, 0.5, share.min(1.0));
                painter.add(Shape::convex_polygon(rest, color, Stroke::NONE));
            }
        }
        Glyph::Running => {
            let points = sector_from(centre, 4.5, 0.1, 0.85).split_off(1);
            painter.add(Shape::line(points, Stroke::new(1.5, color)));
        }
        Glyph::Dot(color) => {
            painter.circle_filled(centre, 4.0, color);
        }
    }
}

fn sector(centre: Pos2, radius: f32, to: f32) -> Vec<Pos2> {
    sector_from(centre, radius, 0.0, to)
}

/// The centre, then the arc between two shares of a turn, clockwise from the top.
fn sector_from(centre: Pos2, radius: f32, from: f32, to: f32) -> Vec<Pos2> {
    let steps = 16;
    let arc = (0..=steps).map(|i| {
        let turn = from + (to - from) * i as f32 / steps as f32;
        centre + radius * egui::Vec2::angled(turn * TAU - TAU / 4.0)
    });
    std::iter::once(centre).chain(arc).collect()
}
