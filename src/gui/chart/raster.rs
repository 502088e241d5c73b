//! A drawing as PNG: drawn by egui into triangles, and those filled here, so that a picture needs no graphics card and
//! is as sharp as asked.

use std::collections::HashMap;

use egui::{
    Color32, ColorImage, Context, ImageData, Mesh, Pos2, RawInput, Rect, TextureId, Vec2, ViewportId, ViewportInfo,
    epaint::{ImageDelta, Primitive, Vertex},
    pos2,
};

use super::drawing::Drawing;
use crate::theme::{self, Appearance};

/// The drawing that `draw` makes, `size` points large with `scale` pixels each, as a PNG file. Takes a while: not for a
/// frame.
///
/// # Errors
/// When the picture cannot be encoded.
pub fn png(
    appearance: &Appearance,
    size: Vec2,
    scale: f32,
    draw: impl Fn(&egui::Painter, Rect) -> Drawing,
) -> Result<Vec<u8>, image::ImageError> {
    let ctx = Context::default();
    theme::install(&ctx, appearance);
    let rect = Rect::from_min_size(Pos2::ZERO, size);
    let mut textures = HashMap::new();
    let mut shapes = Vec::new();
    // The first pass loads the fonts at this scale.
    for _ in 0..2 {
        let viewport = ViewportInfo { native_pixels_per_point: Some(scale), ..ViewportInfo::default() };
        let input = RawInput {
            screen_rect: Some(rect),
            viewports: std::iter::once((ViewportId::ROOT, viewport)).collect(),
            // No graphics card has a say.
            max_texture_side: Some(1 << 16),
            ..RawInput::default()
        };
        let mut output = ctx.run_ui(input, |ui| {
            draw(ui.painter(), rect).paint(ui.painter());
        });
        for (id, deltas) in std::mem::take(&mut output.textures_delta.set) {
            deltas.iter().for_each(|delta| take_in(&mut textures, id, delta));
        }
        // What was freed stays: the shapes still show it.
        output.textures_delta.clear();
        shapes = std::mem::take(&mut output.shapes);
    }
    let ground = theme::of(&ctx).color.surface3;
    let mut picture = Picture::new((size.x * scale).ceil() as usize, (size.y * scale).ceil() as usize, ground);
    for part in ctx.tessellate(shapes, scale) {
        if let Primitive::Mesh(mesh) = part.primitive
            && let Some(texture) = textures.get(&mesh.texture_id)
        {
            picture.fill(&mesh, texture, part.clip_rect, scale);
        }
    }
    picture.encode()
}

/// The drawing that `draw` makes, with the tokens that it was drawn with; not painted anywhere.
pub fn drawn(
    appearance: &Appearance,
    size: Vec2,
    draw: impl Fn(&egui::Painter, Rect) -> Drawing,
) -> (Drawing, std::sync::Arc<theme::Tokens>) {
    let ctx = Context::default();
    theme::install(&ctx, appearance);
    let rect = Rect::from_min_size(Pos2::ZERO, size);
    let mut drawing = Drawing::new(rect, true);
    let input = RawInput { screen_rect: Some(rect), ..RawInput::default() };
    ctx.run_ui(input, |ui| drawing = draw(ui.painter(), rect)).textures_delta.clear();
    (drawing, theme::of(&ctx))
}

fn take_in(textures: &mut HashMap<TextureId, ColorImage>, id: TextureId, delta: &ImageDelta) {
    let ImageData::Color(image) = &delta.image;
    match (delta.pos, textures.get_mut(&id)) {
        (Some([left, top]), Some(whole)) => {
            let wide = whole.size[0];
            for (row, pixels) in image.pixels.chunks(image.size[0].max(1)).enumerate() {
                let from = (top + row) * wide + left;
                whole.pixels[from..from + pixels.len()].copy_from_slice(pixels);
            }
        }
        _ => {
            textures.insert(id, (**image).clone());
        }
    }
}

/// Pixels with premultiplied colours, as egui blends them.
struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<[f32; 4]>,
}

impl Picture {
    fn new(width: usize, height: usize, ground: Color32) -> Self {
        let ground = ground.to_array().map(|part| f32::from(part) / 255.0);
        Self { width, height, pixels: vec![ground; width * height] }
    }

    fn fill(&mut self, mesh: &Mesh, texture: &ColorImage, clip: Rect, scale: f32) {
        let clip = Rect::from_min_max((clip.min.to_vec2() * scale).to_pos2(), (clip.max.to_vec2() * scale).to_pos2());
        for corners in mesh.indices.chunks_exact(3) {
            let corner = |at: usize| mesh.vertices[corners[at] as usize];
            self.triangle([corner(0), corner(1), corner(2)], texture, clip, scale);
        }
    }

    /// Fills the pixels whose middle lies inside. Of two triangles that share an edge one takes its pixels.
    fn triangle(&mut self, corners: [Vertex; 3], texture: &ColorImage, clip: Rect, scale: f32) {
        let mut corners = corners;
        let mut at = corners.map(|corner| (corner.pos.to_vec2() * scale).to_pos2());
        let mut area = cross(at[0], at[1], at[2]);
        if area < 0.0 {
            corners.swap(1, 2);
            at.swap(1, 2);
            area = -area;
        }
        if area < 1e-9 || !area.is_finite() {
            return;
        }
        let bounds = Rect::from_points(&at).intersect(clip);
        let within = |low: f32, high: f32, most: usize| {
            (low - 0.5).ceil().max(0.0) as usize..((high - 0.5).ceil().max(0.0) as usize).min(most)
        };
        let plain = corners.iter().all(|corner| corner.color == corners[0].color && corner.uv == corners[0].uv);
        let plain = plain.then(|| color(&corners, [1.0, 0.0, 0.0], texture));
        for y in within(bounds.top(), bounds.bottom(), self.height) {
            let (left, right) = row(&at, y as f32 + 0.5, bounds);
            for x in within(left, right, self.width) {
                let middle = pos2(x as f32 + 0.5, y as f32 + 0.5);
                let shares = [(1, 2), (2, 0), (0, 1)].map(|(a, b)| (cross(at[a], at[b], middle), at[b] - at[a]));
                // On an edge: only where it is a left or a top one.
                let inside = shares.iter().all(|(share, edge)| {
                    *share > 0.0 || (*share == 0.0 && (edge.y < 0.0 || (edge.y == 0.0 && edge.x > 0.0)))
                });
                if inside {
                    let over = plain.unwrap_or_else(|| color(&corners, shares.map(|(share, _)| share / area), texture));
                    self.blend(x, y, over);
                }
            }
        }
    }

    fn blend(&mut self, x: usize, y: usize, over: [f32; 4]) {
        let under = &mut self.pixels[y * self.width + x];
        for (under, over_one) in under.iter_mut().zip(over) {
            *under = over_one + *under * (1.0 - over[3]);
        }
    }

    fn encode(&self) -> Result<Vec<u8>, image::ImageError> {
        let bytes = self.pixels.iter().flat_map(|pixel| pixel.map(|part| (part.clamp(0.0, 1.0) * 255.0).round() as u8));
        let image = image::RgbaImage::from_raw(self.width as u32, self.height as u32, bytes.collect());
        let mut file = std::io::Cursor::new(Vec::new());
        image.unwrap_or_default().write_to(&mut file, image::ImageFormat::Png)?;
        Ok(file.into_inner())
    }
}

/// Where a row crosses the triangle, a pixel wider on both sides than it must be.
fn row(corners: &[Pos2; 3], y: f32, bounds: Rect) -> (f32, f32) {
    let (mut left, mut right) = (f32::INFINITY, f32::NEG_INFINITY);
    for (a, b) in [(0, 1), (1, 2), (2, 0)] {
        let (a, b) = (corners[a], corners[b]);
        if (a.y - y) * (b.y - y) <= 0.0 {
            let share = if a.y == b.y { [0.0, 1.0] } else { [(y - a.y) / (b.y - a.y); 2] };
            for share in share {
                let x = a.x + (b.x - a.x) * share;
                (left, right) = (left.min(x), right.max(x));
            }
        }
    }
    ((left - 1.0).max(bounds.left()), (right + 1.0).min(bounds.right()))
}

/// Twice the area of the triangle, positive when it turns the way y grows.
fn cross(a: Pos2, b: Pos2, c: Pos2) -> f32 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

fn color(corners: &[Vertex; 3], shares: [f32; 3], texture: &ColorImage) -> [f32; 4] {
    let mix = |of: &dyn Fn(&Vertex) -> f32| corners.iter().zip(shares).map(|(corner, share)| of(corner) * share).sum();
    let ink = [0, 1, 2, 3].map(|part| mix(&|corner| f32::from(corner.color.to_array()[part]) / 255.0));
    let at = [mix(&|corner| corner.uv.x), mix(&|corner| corner.uv.y)];
    let texel = sample(texture, at);
    [0, 1, 2, 3].map(|part| ink[part] * texel[part])
}

/// Bilinear, as the window does it.
fn sample(texture: &ColorImage, at: [f32; 2]) -> [f32; 4] {
    let [width, height] = texture.size;
    let place = |at: f32, count: usize| {
        let at = (at * count as f32 - 0.5).clamp(0.0, count.saturating_sub(1) as f32);
        (at as usize, (at as usize + 1).min(count.saturating_sub(1)), at.fract())
    };
    let ((left, right, x), (top, bottom, y)) = (place(at[0], width), place(at[1], height));
    let texel = |x: usize, y: usize| texture.pixels.get(y * width + x).copied().unwrap_or(Color32::TRANSPARENT);
    let corners = [(left, top), (right, top), (left, bottom), (right, bottom)].map(|(x, y)| texel(x, y).to_array());
    let shares = [(1.0 - x) * (1.0 - y), x * (1.0 - y), (1.0 - x) * y, x * y];
    [0, 1, 2, 3]
        .map(|part| corners.iter().zip(shares).map(|(corner, share)| f32::from(corner[part]) / 255.0 * share).sum())
}

#[cfg(test)]
mod tests {
    use egui::{Align2, Stroke, vec2};

    use super::*;

    #[test]
    fn a_sheet_stands_up_again() {
        let bytes = png(&Appearance::default(), vec2(3.0, 2.0), 1.0, |painter, rect| {
            let mut drawing = Drawing::new(rect, false);
            // Two pixels in a row, three rows: each a column of the screen.
            let [a, b, c] = [Color32::RED, Color32::GREEN, Color32::BLUE];
            let pixels = ColorImage::new([2, 3], vec![a, b, b, c, c, a]);
            drawing.sheet(painter, rect, pixels);
            drawing
        });
        let picture = image::load_from_memory(&bytes.unwrap()).unwrap().to_rgba8();
        let [a, b, c] = [Color32::RED, Color32::GREEN, Color32::BLUE].map(|color| color.to_array());
        let colors = [0, 1, 2].map(|x| [0, 1].map(|y| picture.get_pixel(x, y).0));
        assert_eq!(colors, [[a, b], [b, c], [c, a]]);
    }

    #[test]
    fn a_drawing_becomes_a_picture_of_its_size() {
        let bytes = png(&Appearance::default(), vec2(120.0, 60.0), 2.0, |painter, rect| {
            let t = theme::of(painter.ctx());
            let mut drawing = Drawing::new(rect, false);
            drawing.rect(Rect::from_min_size(pos2(10.0, 10.0), vec2(20.0, 20.0)), 0.0, t.color.accent);
            drawing.line(vec![pos2(40.0, 50.0), pos2(110.0, 50.0)], Stroke::new(2.0, t.color.error));
            drawing.text(painter, rect, Align2::RIGHT_TOP, "auc", &t.face.small, t.color.text1);
            drawing
        });
        let picture = image::load_from_memory(&bytes.unwrap()).unwrap().to_rgba8();
        assert_eq!(picture.dimensions(), (240, 120));
        let ctx = Context::default();
        theme::install(&ctx, &Appearance::default());
        let t = theme::of(&ctx);
        let pixel = |x, y| picture.get_pixel(x, y).0;
        assert_eq!(pixel(40, 40), t.color.accent.to_array());
        assert_eq!(pixel(150, 100), t.color.error.to_array());
        assert_eq!(pixel(2, 2), t.color.surface3.to_array());
        let words = (180..240).flat_map(|x| (0..40).map(move |y| (x, y)));
        assert!(words.filter(|(x, y)| pixel(*x, *y) != pixel(2, 2)).count() > 60, "the text is drawn");
    }
}
