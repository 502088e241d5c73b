//! What a chart is drawn as before it is pixels or SVG: a list of marks in points.

use std::sync::Arc;

use egui::{
    Align2, Color32, ColorImage, CornerRadius, Id, Mesh, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, TextureHandle,
    TextureOptions, Vec2,
    epaint::{PathStroke, Vertex},
};

use crate::{theme::Face, widgets::elided};

/// One thing that is drawn.
#[derive(Clone, Debug)]
pub enum Mark {
    Line {
        points: Vec<Pos2>,
        stroke: Stroke,
        dashed: bool,
    },
    /// An outline that is filled, of any form; the window shows it as `mesh`.
    Area {
        outline: Vec<Pos2>,
        color: Color32,
    },
    Mesh(Arc<Mesh>),
    Rect {
        rect: Rect,
        radius: f32,
        fill: Color32,
        edge: Stroke,
    },
    Circle {
        center: Pos2,
        radius: f32,
        fill: Color32,
        edge: Stroke,
    },
    Image {
        rect: Rect,
        /// Names the pixels: the same name is always the same image.
        name: Arc<str>,
        pixels: Arc<ColorImage>,
    },
    /// Dense curves as pixels, which lie on their side: see [`super::sheet`].
    Sheet {
        rect: Rect,
        texture: Texture,
    },
    Text {
        /// The corner or edge that `align` names.
        at: Pos2,
        align: Align2,
        text: String,
        face: Face,
        color: Color32,
    },
}

/// Pixels on the graphics card, gone with the last of its clones.
#[derive(Clone)]
pub struct Texture(TextureHandle);

impl std::fmt::Debug for Texture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Texture").field(&self.0.id()).finish()
    }
}

/// Marks in the order that they are drawn, each with the rectangle that it is cut to.
#[derive(Clone, Debug)]
pub struct Drawing {
    pub rect: Rect,
    marks: Vec<(Rect, Mark)>,
    clip: Rect,
    /// Whether outlines are wanted rather than triangles: for SVG.
    pub vector: bool,
}

impl Drawing {
    pub fn new(rect: Rect, vector: bool) -> Self {
        Self { rect, marks: Vec::new(), clip: rect, vector }
    }

    pub fn marks(&self) -> &[(Rect, Mark)] {
        &self.marks
    }

    pub fn add(&mut self, mark: Mark) {
        self.marks.push((self.clip, mark));
    }

    /// Draws with everything beyond `rect` cut away.
    pub fn within<R>(&mut self, rect: Rect, draw: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.clip;
        self.clip = rect.intersect(before);
        let done = draw(self);
        self.clip = before;
        done
    }

    /// The triangles that are drawn next, to add to: one mesh for all of them is copied to the screen the fastest.
    /// `vertices` and `indices` are how many a curve needs at most.
    pub fn mesh(&mut self, vertices: usize, indices: usize) -> &mut Mesh {
        let goes_on = self.marks.last().is_some_and(|(clip, mark)| *clip == self.clip && matches!(mark, Mark::Mesh(_)));
        if !goes_on {
            let mut mesh = Mesh::default();
            mesh.vertices.reserve(vertices);
            mesh.indices.reserve(indices);
            self.add(Mark::Mesh(Arc::new(mesh)));
        }
        match self.marks.last_mut() {
            Some((_, Mark::Mesh(mesh))) => Arc::make_mut(mesh),
            _ => unreachable!("it was just added"),
        }
    }

    /// Pixels that lie on their side, over `rect`.
    pub fn sheet(&mut self, painter: &Painter, rect: Rect, pixels: ColorImage) {
        let texture = Texture(painter.ctx().load_texture("curves", pixels, TextureOptions::NEAREST));
        self.add(Mark::Sheet { rect, texture });
    }

    pub fn line(&mut self, points: Vec<Pos2>, stroke: Stroke) {
        self.add(Mark::Line { points, stroke, dashed: false });
    }

    pub fn dashed(&mut self, points: Vec<Pos2>, stroke: Stroke) {
        self.add(Mark::Line { points, stroke, dashed: true });
    }

    pub fn rect(&mut self, rect: Rect, radius: f32, fill: Color32) {
        self.add(Mark::Rect { rect, radius, fill, edge: Stroke::NONE });
    }

    pub fn circle(&mut self, center: Pos2, radius: f32, fill: Color32, edge: Stroke) {
        self.add(Mark::Circle { center, radius, fill, edge });
    }

    /// One line of text within `room`, cut with `…` where it is longer. Returns where it came to lie.
    pub fn text(
        &mut self,
        painter: &Painter,
        room: Rect,
        align: Align2,
        text: &str,
        face: &Face,
        color: Color32,
    ) -> Rect {
        let galley = elided(painter, text, face, color, room.width());
        let lies = align.align_size_within_rect(galley.size(), room);
        let shown: String = galley.rows.iter().map(|row| row.text()).collect();
        let at = align.pos_in_rect(&lies);
        self.add(Mark::Text { at, align, text: shown, face: face.clone(), color });
        lies
    }

    /// The area between an upper and a lower line over the same x.
    pub fn band(&mut self, upper: &[Pos2], lower: &[Pos2], color: Color32) {
        if self.vector {
            let outline = upper.iter().chain(lower.iter().rev()).copied().collect();
            self.add(Mark::Area { outline, color });
            return;
        }
        let mesh = self.mesh(2 * upper.len(), 6 * upper.len());
        let mut joined = false;
        for (top, bottom) in upper.iter().zip(lower) {
            let at = mesh.vertices.len() as u32;
            mesh.colored_vertex(*top, color);
            mesh.colored_vertex(*bottom, color);
            if joined {
                mesh.add_triangle(at - 2, at - 1, at);
                mesh.add_triangle(at - 1, at, at + 1);
            }
            joined = true;
        }
    }

    /// Paints everything.
    pub fn paint(&self, painter: &Painter) {
        let around = painter.clip_rect();
        for (clip, mark) in &self.marks {
            let painter = painter.with_clip_rect(clip.intersect(around));
            paint(&painter, mark);
        }
    }
}

/// Dash and gap of a dashed line.
pub const DASH: Vec2 = Vec2::new(4.0, 3.0);

fn paint(painter: &Painter, mark: &Mark) {
    match mark {
        Mark::Line { points, stroke, dashed: false } => {
            painter.add(Shape::line(points.clone(), PathStroke::from(*stroke)));
        }
        Mark::Line { points, stroke, dashed: true } => {
            painter.extend(Shape::dashed_line(points, *stroke, DASH.x, DASH.y));
        }
        // Only vector drawings have outlines.
        Mark::Area { outline, color } => {
            painter.add(Shape::closed_line(outline.clone(), Stroke::new(1.0, *color)));
        }
        Mark::Mesh(mesh) => {
            painter.add(Shape::Mesh(mesh.clone()));
        }
        Mark::Rect { rect, radius, fill, edge } => {
            painter.rect(*rect, CornerRadius::same(*radius as u8), *fill, *edge, StrokeKind::Inside);
        }
        Mark::Circle { center, radius, fill, edge } => {
            painter.circle(*center, *radius, *fill, *edge);
        }
        Mark::Image { rect, name, pixels } => {
            let id = Id::unique(("gui::chart::image", name));
            let texture = painter.ctx().load_texture_cached(&**name, id, pixels.clone(), TextureOptions::LINEAR);
            let whole = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
            painter.image(texture.id(), *rect, whole, Color32::WHITE);
        }
        Mark::Sheet { rect, texture } => {
            let mut mesh = Mesh::with_texture(texture.0.id());
            // Across the picture is down the screen.
            let corners = [
                (rect.left_top(), [0.0, 0.0]),
                (rect.right_top(), [0.0, 1.0]),
                (rect.left_bottom(), [1.0, 0.0]),
                (rect.right_bottom(), [1.0, 1.0]),
            ];
            mesh.vertices.extend(corners.map(|(pos, [u, v])| Vertex {
                pos,
                uv: Pos2::new(u, v),
                color: Color32::WHITE,
            }));
            mesh.indices.extend([0, 1, 2, 2, 1, 3]);
            painter.add(Shape::mesh(mesh));
        }
        Mark::Text { at, align, text, face, color } => {
            painter.text(*at, *align, text, face.font(), *color);
        }
    }
}
