//! Very many dense curves as pixels: each column of pixels is filled between the true lowest and highest of every curve.
//!
//! Triangles for 100 curves over 1,500 columns are 10 MB that are copied in every frame; a picture of them is made once
//! for each view, beside the frames, and costs them nothing.

use std::sync::{Mutex, OnceLock, PoisonError};

use egui::{Color32, ColorImage, Rect, pos2};

use super::{
    curve::{Curve, Cuts},
    scale::{Frame, Scale},
    trace::{self, Ink},
};

/// Columns that a thread takes at once.
const TAKEN: usize = 64;

/// A colour as one number: red in the lowest byte, then green, blue, and the alpha that they are multiplied by.
type Packed = u32;

/// The pixels of the screen that a frame touches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sheet {
    /// First and last pixel across and down, the last one excluded.
    x: (usize, usize),
    y: (usize, usize),
    /// Pixels of a point.
    scale: f32,
}

impl Sheet {
    /// Of a screen with `scale` pixels a point. Of what lies beyond the screen's upper and left edge nothing is kept.
    pub fn over(frame: &Frame, scale: f32) -> Self {
        let pixel =
            |low: f32, high: f32| ((low * scale).floor().max(0.0) as usize, (high * scale).ceil().max(1.0) as usize);
        let rect = frame.rect;
        Self { x: pixel(rect.left(), rect.right()), y: pixel(rect.top(), rect.bottom()), scale }
    }

    /// Where its pixels lie, in points.
    pub fn rect(&self) -> Rect {
        let point = |pixel: usize| pixel as f32 / self.scale;
        Rect::from_min_max(pos2(point(self.x.0), point(self.y.0)), pos2(point(self.x.1), point(self.y.1)))
    }

    fn high(&self) -> usize {
        self.y.1.saturating_sub(self.y.0).max(1)
    }

    fn wide(&self) -> usize {
        self.x.1.saturating_sub(self.x.0).max(1)
    }

    /// Draws the curves over each other, the last one on top. The picture lies on its side: a row of it is a column of
    /// the screen, from the top down.
    pub fn draw(&self, frame: &Frame, curves: &[(&Curve, Ink)]) -> ColorImage {
        let (wide, high) = (self.wide(), self.high());
        // Zeros that nobody has to write: the threads are the first to touch them.
        let mut pixels: Vec<Packed> = vec![0; wide * high];
        let parts = Mutex::new(pixels.chunks_mut(TAKEN * high).enumerate());
        let work = || {
            loop {
                let next = parts.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((at, part)) = next else { return };
                self.part(frame, curves, at * TAKEN, part);
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads() {
                // Where no thread is to be had, this one does it all.
                let helper = std::thread::Builder::new().name("draw-curves".to_owned());
                drop(helper.spawn_scoped(scope, work));
            }
            work();
        });
        ColorImage::new([high, wide], pixels.into_iter().map(unpacked).collect())
    }

    /// Draws the columns from `first` on, as many as there is room for in `pixels`.
    fn part(&self, frame: &Frame, curves: &[(&Curve, Ink)], first: usize, pixels: &mut [Packed]) {
        let high = self.high();
        let count = pixels.len() / high;
        // With a column more on both sides: lines are joined across the edges of columns.
        let left = (self.x.0 + first) as f32 / self.scale - 1.0 / self.scale;
        let right = left + (count + 2) as f32 / self.scale;
        let part = self.stretch(frame, left, right);
        let edges = trace::edges(&part, count + 2);
        let mut cuts = Cuts::default();
        for (curve, ink) in curves {
            let half = (ink.width * self.scale / 2.0).max(0.5);
            let color = packed(ink.color);
            let columns = trace::columns(curve, &part, &edges, &mut cuts);
            for (ends, pixels) in columns[1..].iter().zip(pixels.chunks_mut(high)) {
                let Some((top, bottom)) = ends else { continue };
                let pixel = |y: &f32| y * self.scale - self.y.0 as f32;
                fill(pixels, pixel(top) - half, pixel(bottom) + half, color);
            }
        }
    }

    /// What of the axis lies between `left` and `right`, in points.
    fn stretch(&self, frame: &Frame, left: f32, right: f32) -> Frame {
        let rect = frame.rect;
        let own = |x: f32| {
            let share = f64::from(x - rect.left()) / f64::from(rect.width());
            frame.x.low + (frame.x.high - frame.x.low) * share
        };
        let x = Scale { low: own(left), high: own(right), ..frame.x };
        Frame { rect: Rect::from_x_y_ranges(left..=right, rect.y_range()), x, y: frame.y }
    }
}

fn packed(color: Color32) -> Packed {
    Packed::from_le_bytes(color.to_array())
}

#[expect(clippy::disallowed_methods, reason = "they are colours of the theme again, over each other")]
fn unpacked(pixel: Packed) -> Color32 {
    let [r, g, b, a] = pixel.to_le_bytes();
    Color32::from_rgba_premultiplied(r, g, b, a)
}

/// Colours the pixels from `top` to `bottom`, those at the ends as far as they are covered.
fn fill(pixels: &mut [Packed], top: f32, bottom: f32, color: Packed) {
    let end = pixels.len() as f32;
    let (top, bottom) = (top.clamp(0.0, end), bottom.clamp(0.0, end));
    // Not so for NaN either.
    let covers = top < bottom;
    if !covers {
        return;
    }
    let (first, last) = (top as usize, (bottom.ceil() as usize).min(pixels.len()));
    let part = |share: f32| (share * 256.0) as u32;
    if last - first == 1 {
        return blend(&mut pixels[first], color, part(bottom - top));
    }
    blend(&mut pixels[first], color, part(first as f32 + 1.0 - top));
    blend(&mut pixels[last - 1], color, part(bottom - (last - 1) as f32));
    let inside = &mut pixels[first + 1..last - 1];
    if color >> 24 == 255 {
        inside.fill(color);
    } else {
        inside.iter_mut().for_each(|pixel| blend(pixel, color, 256));
    }
}

/// `color` over `under`, as far as it covers it, in parts of 256. Two channels in one multiplication: most of what is
/// drawn of thin curves is their soft ends.
fn blend(under: &mut Packed, color: Packed, covered: u32) {
    const PAIR: u32 = 0x00ff_00ff;
    let pairs = |color: Packed| [color & PAIR, (color >> 8) & PAIR];
    let over = pairs(color).map(|pair| ((pair * covered + 0x0080_0080) >> 8) & PAIR);
    let alpha = over[1] >> 16;
    let stays = 256 - alpha - (alpha >> 7);
    // Rounded down, so that no channel runs over into the next.
    let kept = pairs(*under).map(|pair| ((pair * stays) >> 8) & PAIR);
    *under = (over[0] + kept[0]) | ((over[1] + kept[1]) << 8);
}

/// How many threads draw; asking the system each time would read files.
fn threads() -> usize {
    static THREADS: OnceLock<usize> = OnceLock::new();
    *THREADS.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from).min(4))
}

#[cfg(test)]
mod tests {
    use egui::vec2;

    use super::*;
    use crate::chart::{curve::Extent, scale::Measure};

    const INK: Color32 = Color32::RED;

    fn frame(wide: f32) -> Frame {
        let scale = |high: f64| Scale::over(Extent { low: 0.0, high }, false, 0.0, Measure::Number);
        Frame {
            rect: Rect::from_min_size(pos2(10.0, 20.0), vec2(wide, 50.0)),
            x: scale(f64::from(wide)),
            y: scale(50.0),
        }
    }

    /// The pixel at `x`, `y` of the sheet.
    fn pixel(image: &ColorImage, x: usize, y: usize) -> Color32 {
        image.pixels[x * image.size[0] + y]
    }

    #[test]
    fn a_flat_line_is_as_thick_as_its_ink_everywhere() {
        // More columns than one thread takes at once.
        let frame = frame(300.0);
        let curve = Curve::counted(vec![25.0; 301]);
        let sheet = Sheet::over(&frame, 1.0);
        let image = sheet.draw(&frame, &[(&curve, Ink::new(INK, 2.0))]);
        assert_eq!(image.size, [50, 300]);
        for x in 0..300 {
            let column: Vec<usize> = (0..50).filter(|y| pixel(&image, x, *y).a() > 0).collect();
            assert_eq!(column, [24, 25], "column {x}");
            assert_eq!(pixel(&image, x, 24), INK);
        }
    }

    #[test]
    fn what_is_drawn_is_what_the_columns_say_however_they_are_shared_out() {
        let frame = frame(200.0);
        let curve = Curve::counted((0..5000).map(|at| 25.0 + 24.0 * (f64::from(at) * 0.37).sin()).collect());
        let frame = Frame { x: Scale { high: 4999.0, ..frame.x }, ..frame };
        let image = Sheet::over(&frame, 1.0).draw(&frame, &[(&curve, Ink::new(INK, 1.0))]);
        let edges = trace::edges(&frame, 200);
        let columns = trace::columns(&curve, &frame, &edges, &mut Cuts::default());
        for (x, ends) in columns.iter().enumerate() {
            let (top, bottom) = ends.unwrap();
            let shown: Vec<usize> = (0..50).filter(|y| pixel(&image, x, *y).a() > 127).collect();
            let (first, last) = (*shown.first().unwrap() as f32, *shown.last().unwrap() as f32 + 1.0);
            assert!((first - (top - 20.5)).abs() <= 1.0 && (last - (bottom - 19.5)).abs() <= 1.0, "column {x}");
        }
    }

    #[test]
    fn ends_are_soft_and_the_last_curve_is_on_top() {
        let (ink, white) = (packed(INK), packed(Color32::WHITE));
        let mut pixels = [0; 5];
        fill(&mut pixels, 0.25, 3.5, ink);
        assert_eq!(pixels.map(|pixel| pixel >> 24), [191, 255, 255, 128, 0]);
        fill(&mut pixels, 1.0, 2.0, white);
        assert_eq!([pixels[1], pixels[2]], [white, ink]);
        fill(&mut pixels, f32::NAN, f32::NAN, white);
        fill(&mut pixels, f32::NEG_INFINITY, f32::INFINITY, ink);
        assert_eq!(pixels, [ink; 5]);
    }

    #[test]
    fn blending_is_that_of_the_screen_but_for_rounding() {
        let colors = [Color32::WHITE, Color32::LIGHT_RED, Color32::GREEN.gamma_multiply(0.5), Color32::TRANSPARENT];
        for (under, over) in colors.iter().flat_map(|under| colors.iter().map(move |over| (*under, *over))) {
            for covered in [0, 1, 64, 100, 255, 256] {
                let expected = under.blend(over.gamma_multiply(covered as f32 / 256.0));
                let mut pixel = packed(under);
                blend(&mut pixel, packed(over), covered);
                let apart =
                    unpacked(pixel).to_array().iter().zip(expected.to_array()).map(|(a, b)| a.abs_diff(b)).max();
                assert!(apart <= Some(2), "{over:?} over {under:?} by {covered}: {:?}, {expected:?}", unpacked(pixel));
            }
        }
    }

    #[test]
    fn screens_with_finer_pixels_have_more_of_them() {
        let sheet = Sheet::over(&frame(30.5), 2.0);
        assert_eq!((sheet.wide(), sheet.high()), (61, 100));
        assert_eq!(sheet.rect(), Rect::from_min_size(pos2(10.0, 20.0), vec2(30.5, 50.0)));
    }
}
