//! Charts as files: PNG and SVG of what is in sight, CSV of the numbers behind it.

use std::sync::Arc;

use egui::{Align2, Painter, Rect, Vec2, pos2, vec2};
use studio::Studio;

use super::picture::{Pen, Picture};
use crate::{
    backend::Failure,
    chart::{self, drawing::Drawing, plot::Zoom},
    theme::{self, Appearance, ThemeChoice, Tokens},
};

/// Pixels of a point in a PNG.
const SCALE: f32 = 2.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Format {
    Png,
    Svg,
    Csv,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Png, Self::Svg, Self::Csv];

    pub fn word(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Svg => "SVG",
            Self::Csv => "CSV",
        }
    }
}

/// A file that was made and is to be saved.
#[derive(Clone, Debug)]
pub struct File {
    pub name: String,
    pub bytes: Arc<[u8]>,
}

/// Everything that a file is made of, apart from the window.
pub struct Export {
    pub picture: Arc<dyn Picture>,
    pub title: String,
    pub note: String,
    pub zoom: Zoom,
    /// Of the chart itself, in points.
    pub size: Vec2,
    pub dark: bool,
    /// Names and colours of the runs.
    pub legend: Vec<(String, egui::Color32)>,
}

impl Export {
    /// Makes the file. On a background thread.
    ///
    /// # Errors
    /// Data that cannot be read, a picture that cannot be encoded.
    pub fn make(&self, format: Format, studio: &Studio) -> Result<File, Failure> {
        let appearance = Appearance {
            theme: if self.dark { ThemeChoice::Dark } else { ThemeChoice::Light },
            ..Appearance::default()
        };
        let bytes: Vec<u8> = match format {
            Format::Csv => self.picture.csv(studio)?.into_text().into_bytes(),
            Format::Png => {
                chart::png(&appearance, self.whole(), SCALE, |painter, rect| self.draw(painter, rect, false))
                    .map_err(|error| Failure::new(format!("The picture could not be made: {error}")))?
            }
            Format::Svg => {
                let (drawing, t) =
                    chart::drawn(&appearance, self.whole(), |painter, rect| self.draw(painter, rect, true));
                chart::svg(&drawing, t.color.surface3).into_bytes()
            }
        };
        let name = format!("{}.{}", studio::slug(&self.title), format.word().to_lowercase());
        Ok(File { name, bytes: bytes.into() })
    }

    /// With the title above and the runs below.
    fn whole(&self) -> Vec2 {
        let rows = self.legend.len().div_ceil(self.across()) as f32;
        self.size + vec2(2.0 * PAD, 2.0 * PAD + HEAD + rows * ROW)
    }

    fn across(&self) -> usize {
        ((self.size.x / ENTRY) as usize).max(1)
    }

    fn draw(&self, painter: &Painter, rect: Rect, vector: bool) -> Drawing {
        let t = theme::of(painter.ctx());
        let mut drawing = Drawing::new(rect, vector);
        let inside = rect.shrink(PAD);
        let head = inside.with_max_y(inside.top() + HEAD);
        let title = drawing.text(painter, head, Align2::LEFT_CENTER, &self.title, &t.face.small_strong, t.color.text1);
        let rest = head.with_min_x((title.right() + t.size.pad).min(head.right()));
        drawing.text(painter, rest, Align2::LEFT_CENTER, &self.note, &t.face.caption, t.color.text3);
        let area = Rect::from_min_size(head.left_bottom(), self.size);
        let mut pen = Pen { painter, t: &t, area, frame: None, scale: SCALE };
        pen.frame = self.picture.frame(&pen).map(|whole| self.zoom.of(whole));
        drawing.within(area.expand(PAD / 2.0), |drawing| self.picture.draw(drawing, &pen));
        self.legend(&mut drawing, painter, &t, area.left_bottom().y + t.size.grid, area);
        drawing
    }

    fn legend(&self, drawing: &mut Drawing, painter: &Painter, t: &Tokens, top: f32, area: Rect) {
        let across = self.across();
        for (at, (name, color)) in self.legend.iter().enumerate() {
            let corner = pos2(area.left() + ENTRY * (at % across) as f32, top + ROW * (at / across) as f32);
            drawing.rect(Rect::from_min_size(corner + vec2(0.0, 4.0), vec2(8.0, 8.0)), 2.0, *color);
            let room = Rect::from_min_size(corner + vec2(14.0, 0.0), vec2(ENTRY - 18.0, ROW));
            drawing.text(painter, room, Align2::LEFT_CENTER, name, &t.face.caption, t.color.text2);
        }
    }
}

const PAD: f32 = 16.0;
const HEAD: f32 = 28.0;
const ROW: f32 = 16.0;
const ENTRY: f32 = 140.0;
