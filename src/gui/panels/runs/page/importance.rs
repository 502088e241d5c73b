//! Which parameters a metric depends on: importance by a random forest, and correlation with its direction.

use std::sync::Arc;

use egui::{Align2, Color32, Pos2, Rect, pos2};
use studio::{FEWEST_FOR_CORRELATION, FEWEST_FOR_IMPORTANCE, Influence, ParamInfluence, Studio};

use super::picture::{Csv, Pen, Picture, Under, maybe};
use crate::{
    backend::Failure,
    chart::{drawing::Drawing, grid::Value},
    panels::runs::words,
    theme::Tokens,
    widgets::format,
};

const BAR: f32 = 10.0;
const HEADS: [&str; 3] = ["importance", "Pearson", "Spearman"];

pub struct ImportancePicture {
    influence: Arc<Influence>,
}

impl ImportancePicture {
    pub fn new(influence: Arc<Influence>) -> Self {
        Self { influence }
    }

    /// What a reader must know of so few or so many runs.
    fn said(&self) -> String {
        let runs = format::counted(self.influence.runs as u64, "run", "runs");
        if self.influence.has_importance {
            return format!("{runs} · random forest of 200 trees");
        }
        format!("{runs} · importance needs {FEWEST_FOR_IMPORTANCE}")
    }

    /// The place of a row, or of the head for `None`, and the rooms within it for the name and the three values.
    fn rooms(pen: &Pen<'_>, row: usize) -> (Rect, Rect, [Rect; 3]) {
        let height = pen.t.size.row_compact;
        let top = pen.area.top() + height * row as f32;
        let row = Rect::from_min_max(pos2(pen.area.left(), top), pos2(pen.area.right(), top + height));
        let names = row.with_max_x(row.left() + row.width() * 0.26);
        let step = (row.right() - names.right()) / 3.0;
        let room = |at: usize| {
            let left = names.right() + step * at as f32;
            Rect::from_min_max(pos2(left + pen.t.size.gap, row.top()), pos2(left + step, row.bottom()))
        };
        (row, names, [0, 1, 2].map(room))
    }

    fn values(param: &ParamInfluence) -> [Option<f64>; 3] {
        [param.importance, param.pearson, param.spearman]
    }

    fn bar(drawing: &mut Drawing, pen: &Pen<'_>, room: Rect, value: Option<f64>, signed: bool) {
        let t = pen.t;
        let words = value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}").replace('-', "−"));
        let place = room.with_min_x(room.right() - 34.0);
        let color = if value.is_some() { t.color.text2 } else { t.color.text3 };
        drawing.text(pen.painter, place, Align2::RIGHT_CENTER, &words, &t.face.caption, color);
        let lane = room.with_max_x(place.left() - t.size.grid);
        let zero = if signed { lane.center().x } else { lane.left() };
        let Some(value) = value else { return };
        let reach = if signed { lane.width() / 2.0 } else { lane.width() };
        let end = zero + reach * value as f32;
        let y = lane.center().y;
        // Against and with: told apart by their side, and by colour.
        let color = if value < 0.0 { t.data(1) } else { t.data(0) };
        drawing.rect(Rect::from_two_pos(pos2(zero, y - BAR / 2.0), pos2(end, y + BAR / 2.0)), 1.5, color);
        if signed {
            drawing.line(vec![pos2(zero, y - BAR), pos2(zero, y + BAR)], t.border());
        }
    }
}

impl Picture for ImportancePicture {
    fn nothing(&self) -> Option<String> {
        let Influence { runs, params, .. } = &*self.influence;
        if *runs < FEWEST_FOR_CORRELATION {
            let runs = format::counted(*runs as u64, "run has", "runs have");
            return Some(format!(
                "{runs} this metric; correlation needs {FEWEST_FOR_CORRELATION}, importance {FEWEST_FOR_IMPORTANCE}"
            ));
        }
        params.is_empty().then(|| "These runs differ in no parameter".to_owned())
    }

    fn height(&self, t: &Tokens) -> Option<f32> {
        Some((self.influence.params.len() + 2) as f32 * t.size.row_compact)
    }

    fn draw(&self, drawing: &mut Drawing, pen: &Pen<'_>) {
        let t = pen.t;
        let (_, names, rooms) = Self::rooms(pen, 0);
        drawing.text(pen.painter, names, Align2::LEFT_CENTER, "parameter", &t.face.caption, t.color.text3);
        for (room, head) in rooms.into_iter().zip(HEADS) {
            drawing.text(pen.painter, room, Align2::RIGHT_CENTER, head, &t.face.caption, t.color.text3);
        }
        for (at, param) in self.influence.params.iter().enumerate() {
            let (_, names, rooms) = Self::rooms(pen, at + 1);
            let name = words::key_title(&param.key);
            drawing.text(pen.painter, names, Align2::LEFT_CENTER, &name, &t.face.caption, t.color.text1);
            for (column, (room, value)) in rooms.into_iter().zip(Self::values(param)).enumerate() {
                Self::bar(drawing, pen, room, value, column > 0);
            }
        }
        let (foot, ..) = Self::rooms(pen, self.influence.params.len() + 1);
        drawing.text(pen.painter, foot, Align2::LEFT_CENTER, &self.said(), &t.face.caption, t.color.text3);
    }

    /// Its rows are parameters.
    fn has_runs(&self) -> bool {
        false
    }

    fn emphasise(&self, _drawing: &mut Drawing, _pen: &Pen<'_>, _run: &str) {}

    fn under(&self, pen: &Pen<'_>, pointer: Pos2) -> Option<Under> {
        let params = self.influence.params.iter().enumerate();
        let mut found = params.filter(|(at, _)| Self::rooms(pen, at + 1).0.contains(pointer));
        let (_, param) = found.next()?;
        let row = |(name, value): (&str, Option<f64>)| Value {
            name: name.to_owned(),
            value: value.map_or_else(|| "n/a".to_owned(), format::number),
            color: Color32::TRANSPARENT,
        };
        let values = HEADS.into_iter().zip(Self::values(param)).map(row).collect();
        Some(Under { at: pointer, head: param.key.clone(), values, ..Under::default() })
    }

    fn csv(&self, _studio: &Studio) -> Result<Csv, Failure> {
        let mut csv = Csv::new(&["parameter", "importance", "pearson", "spearman"]);
        for param in &self.influence.params {
            let [importance, pearson, spearman] = Self::values(param).map(maybe);
            csv.row(&[&param.key, &importance, &pearson, &spearman]);
        }
        Ok(csv)
    }
}
