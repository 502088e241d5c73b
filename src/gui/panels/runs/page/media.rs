//! Images of the same name side by side, a row for each run and a column for each step.

use std::sync::Arc;

use egui::{Align2, ColorImage, Pos2, Rect, Vec2, pos2, vec2};
use studio::{ArtifactContent, ArtifactKind, RunArtifact, Studio};

use super::picture::{Csv, Making, Pen, Picture, Under, Who};
use crate::{
    backend::Failure,
    chart::drawing::{Drawing, Mark},
    theme::Tokens,
};

/// Images that are read at once at most, and pixels that one is shown with along its longer side.
const MOST: usize = 64;
const SIDE: u32 = 1024;
/// Points that a row is high.
const ROW: f32 = 132.0;

/// An image of a run, decoded.
pub struct Shot {
    pub run: String,
    pub path: String,
    pub step: Option<i64>,
    pub pixels: Arc<ColorImage>,
}

/// Reads the images called `name` of the runs, the last steps where there are too many. On a background thread.
///
/// # Errors
/// A file that is no image, and those of the studio.
pub fn read(studio: &Studio, runs: &[String], name: &str) -> Result<Vec<Shot>, Failure> {
    let mut shots = Vec::new();
    let each = (MOST / runs.len().max(1)).max(1);
    for run in runs {
        let images: Vec<RunArtifact> = studio
            .run_artifacts(run)?
            .into_iter()
            .filter(|artifact| artifact.kind == ArtifactKind::Image && artifact.name == name)
            .collect();
        for image in &images[images.len().saturating_sub(each)..] {
            let ArtifactContent::Image(bytes) = studio.read_run_artifact(run, &image.path)? else { continue };
            let pixels = Arc::new(
                decode(&bytes, SIDE).map_err(|why| Failure::new(format!("{} is no image: {why}", image.path)))?,
            );
            shots.push(Shot { run: run.clone(), path: image.path.clone(), step: image.step, pixels });
        }
    }
    Ok(shots)
}

/// The pixels of a PNG or JPEG file, fewer of them where its longer side has more than `side`; its own size is
/// `source_size`.
///
/// # Errors
/// Bytes that are neither.
pub fn decode(bytes: &[u8], side: u32) -> Result<ColorImage, image::ImageError> {
    let image = image::load_from_memory(bytes)?;
    let source_size = vec2(image.width() as f32, image.height() as f32);
    let image = if image.width().max(image.height()) > side { image.thumbnail(side, side) } else { image };
    let image = image.to_rgba8();
    let size = [image.width() as usize, image.height() as usize];
    Ok(ColorImage { source_size, ..ColorImage::from_rgba_unmultiplied(size, image.as_raw()) })
}

pub struct ImagesPicture {
    rows: Vec<(Who, Vec<Arc<Shot>>)>,
    steps: Vec<Option<i64>>,
}

impl ImagesPicture {
    pub fn new(shots: &[Arc<Shot>], making: &Making<'_>) -> Self {
        let mut steps: Vec<Option<i64>> = shots.iter().map(|shot| shot.step).collect();
        steps.sort_unstable();
        steps.dedup();
        let row = |run: &&studio::Run| {
            let of_run: Vec<Arc<Shot>> = shots.iter().filter(|shot| shot.run == run.id).cloned().collect();
            (!of_run.is_empty()).then(|| (Who::of(run, making), of_run))
        };
        Self { rows: making.shown.iter().filter_map(row).collect(), steps }
    }

    /// Each image with its run and its place.
    fn places(&self, pen: &Pen<'_>) -> Vec<(&Who, &Arc<Shot>, Rect)> {
        let (line, gap) = (pen.t.face.caption.line, pen.t.size.gap);
        let columns = self.steps.len().max(1) as f32;
        let wide = (pen.area.width() - gap * (columns - 1.0)) / columns;
        let mut places = Vec::new();
        for (row, (who, shots)) in self.rows.iter().enumerate() {
            for shot in shots {
                let column = self.steps.iter().position(|step| *step == shot.step).unwrap_or(0);
                let top = pen.area.top() + line + (ROW + gap) * row as f32;
                let corner = pos2(pen.area.left() + (wide + gap) * column as f32, top + line);
                let room = Rect::from_min_size(corner, vec2(wide, ROW - line));
                let [width, height] = shot.pixels.size.map(|side| side.max(1) as f32);
                let scale = (room.width() / width).min(room.height() / height);
                let lies = Rect::from_min_size(room.min, Vec2::new(width, height) * scale);
                places.push((who, shot, lies));
            }
        }
        places
    }
}

impl Picture for ImagesPicture {
    fn nothing(&self) -> Option<String> {
        self.rows.is_empty().then(|| "None of these runs logged an image of this name".to_owned())
    }

    fn height(&self, t: &Tokens) -> Option<f32> {
        Some(t.face.caption.line + (ROW + t.size.gap) * self.rows.len() as f32)
    }

    fn draw(&self, drawing: &mut Drawing, pen: &Pen<'_>) {
        let t = pen.t;
        let line = t.face.caption.line;
        let mut headed: Vec<Option<i64>> = Vec::new();
        let mut named: Vec<&str> = Vec::new();
        for (who, shot, place) in self.places(pen) {
            if let Some(step) = shot.step.filter(|_| !headed.contains(&shot.step)) {
                let head = Rect::from_min_size(pos2(place.left(), pen.area.top()), vec2(90.0, line));
                drawing.text(
                    pen.painter,
                    head,
                    Align2::LEFT_CENTER,
                    &format!("step {step}"),
                    &t.face.caption,
                    t.color.text3,
                );
                headed.push(shot.step);
            }
            if !named.contains(&&*who.id) {
                let words = Rect::from_min_size(place.min - vec2(0.0, line), vec2(pen.area.width(), line));
                drawing.text(pen.painter, words, Align2::LEFT_CENTER, &who.name, &t.face.caption, who.color);
                named.push(&who.id);
            }
            let name = format!("{}/{}", shot.run, shot.path).into();
            drawing.add(Mark::Image { rect: place, name, pixels: shot.pixels.clone() });
        }
    }

    fn emphasise(&self, drawing: &mut Drawing, pen: &Pen<'_>, run: &str) {
        for (who, shot, place) in self.places(pen).into_iter().filter(|(who, ..)| &*who.id == run) {
            let name = format!("{}/{}", shot.run, shot.path).into();
            drawing.add(Mark::Image { rect: place, name, pixels: shot.pixels.clone() });
            let words = Rect::from_min_size(place.min - vec2(0.0, pen.t.face.caption.line), vec2(200.0, 16.0));
            drawing.text(pen.painter, words, Align2::LEFT_CENTER, &who.name, &pen.t.face.caption, who.color);
        }
    }

    fn under(&self, pen: &Pen<'_>, pointer: Pos2) -> Option<Under> {
        let places = self.places(pen);
        let (who, shot, _) = places.into_iter().find(|(.., place)| place.contains(pointer))?;
        let step = shot.step.map(|step| format!(", step {step}")).unwrap_or_default();
        let [width, height] = shot.pixels.size;
        let value = crate::chart::grid::Value {
            name: shot.path.clone(),
            value: format!("{width} × {height}"),
            color: who.color,
        };
        Some(Under {
            run: Some(who.id.to_string()),
            at: pointer,
            head: format!("{}{step}", who.name),
            values: vec![value],
            ..Under::default()
        })
    }

    /// Where the images are; their pixels are files of their own.
    fn csv(&self, _studio: &Studio) -> Result<Csv, Failure> {
        let mut csv = Csv::new(&["run_id", "run", "step", "path"]);
        for (who, shots) in &self.rows {
            for shot in shots {
                let step = shot.step.map(|step| step.to_string()).unwrap_or_default();
                csv.row(&[&*who.id, &*who.name, &step, &shot.path]);
            }
        }
        Ok(csv)
    }
}
