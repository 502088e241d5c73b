//! The latest value of a metric, a bar for each run.

use egui::{Align2, Color32, Pos2, Rect, pos2};
use studio::Studio;

use super::picture::{Csv, Making, Pen, Picture, Under, Who, exact};
use crate::{
    backend::Failure,
    chart::{drawing::Drawing, grid::Value},
    panels::runs::words,
    theme::Tokens,
    widgets::format,
};

const BAR: f32 = 10.0;

struct Bar {
    who: Who,
    value: f64,
    words: String,
    best: bool,
    /// How far it is from the best: bars from nought hardly differ.
    away: String,
}

pub struct BarsPicture {
    metric: String,
    bars: Vec<Bar>,
}

impl BarsPicture {
    pub fn new(metric: &str, making: &Making<'_>) -> Self {
        let values: Vec<Option<f64>> = making.shown.iter().map(|run| run.metrics.get(metric).copied()).collect();
        let best = words::best(metric, &values).and_then(|at| values[at]);
        let known = making.shown.iter().zip(&values).filter_map(|(run, value)| Some((run, (*value)?)));
        let known: Vec<_> = known.collect();
        let all = format::alike(&known.iter().map(|(_, value)| *value).collect::<Vec<_>>());
        let bars = known.into_iter().zip(all).map(|((run, value), words)| Bar {
            who: Who::of(run, making),
            best: best == Some(value),
            away: best.filter(|best| *best != value).map(|best| difference(value - best)).unwrap_or_default(),
            value,
            words,
        });
        Self { metric: metric.to_owned(), bars: bars.collect() }
    }

    fn rows(&self, pen: &Pen<'_>) -> impl Iterator<Item = (&Bar, Rect)> {
        let (area, row) = (pen.area, pen.t.size.row_compact);
        self.bars.iter().enumerate().map(move |(at, bar)| {
            let top = area.top() + row * at as f32;
            (bar, Rect::from_min_max(pos2(area.left(), top), pos2(area.right(), top + row)))
        })
    }

    fn one(&self, drawing: &mut Drawing, pen: &Pen<'_>, bar: &Bar, row: Rect, strong: bool) {
        let t = pen.t;
        let wide = |text: &str| {
            pen.painter.layout_no_wrap(text.to_owned(), t.face.caption.font(), Color32::PLACEHOLDER).size().x
        };
        let names = self.bars.iter().map(|bar| wide(&bar.who.name)).fold(0.0, f32::max).min(row.width() * 0.36);
        let said = |bar: &Bar| wide(&bar.words) + wide(&bar.away).max(12.0);
        let values = self.bars.iter().map(said).fold(0.0, f32::max) + 20.0;
        let from = row.left() + names + t.size.gap;
        let room = (row.right() - values - from).max(10.0);
        let finite = || self.bars.iter().map(|bar| bar.value).filter(|value| value.is_finite());
        let (low, high) = finite().fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        let x =
            |value: f64| from + room * ((value.clamp(low, high) - low) / (high - low).max(f64::MIN_POSITIVE)) as f32;
        let ink = if strong { t.color.text1 } else { t.color.text2 };
        let words = row.with_max_x(from - t.size.gap);
        drawing.text(pen.painter, words, Align2::LEFT_CENTER, &bar.who.name, &t.face.caption, ink);
        let y = row.center().y;
        let lies = Rect::from_two_pos(pos2(x(0.0), y - BAR / 2.0), pos2(x(bar.value), y + BAR / 2.0));
        let color = if strong { bar.who.color } else { t.tint(t.color.surface3, bar.who.color, 0.85) };
        if bar.value.is_finite() {
            drawing.rect(lies, 1.5, color);
        }
        let words = Rect::from_min_max(pos2(lies.right() + 6.0, row.top()), row.max);
        let said = if bar.best { format!("{} ✓", bar.words) } else { bar.words.clone() };
        let ink = if bar.best { t.color.text1 } else { ink };
        let lies = drawing.text(pen.painter, words, Align2::LEFT_CENTER, &said, &t.face.caption, ink);
        let rest = words.with_min_x((lies.right() + 6.0).min(words.right()));
        drawing.text(pen.painter, rest, Align2::LEFT_CENTER, &bar.away, &t.face.caption, t.color.text3);
    }
}

/// A difference with its sign: `+0.012`.
fn difference(value: f64) -> String {
    if value > 0.0 { format!("+{}", format::number(value)) } else { format::number(value) }
}

impl Picture for BarsPicture {
    fn nothing(&self) -> Option<String> {
        self.bars.is_empty().then(|| "None of these runs has this metric".to_owned())
    }

    fn height(&self, t: &Tokens) -> Option<f32> {
        Some(self.bars.len() as f32 * t.size.row_compact)
    }

    fn draw(&self, drawing: &mut Drawing, pen: &Pen<'_>) {
        for (bar, row) in self.rows(pen) {
            self.one(drawing, pen, bar, row, false);
        }
    }

    fn emphasise(&self, drawing: &mut Drawing, pen: &Pen<'_>, run: &str) {
        for (bar, row) in self.rows(pen).filter(|(bar, _)| &*bar.who.id == run) {
            self.one(drawing, pen, bar, row, true);
        }
    }

    fn under(&self, pen: &Pen<'_>, pointer: Pos2) -> Option<Under> {
        let (bar, row) = self.rows(pen).find(|(_, row)| row.contains(pointer))?;
        let value =
            Value { name: words::key_title(&self.metric), value: format::exact(bar.value), color: bar.who.color };
        Some(Under {
            run: Some(bar.who.id.to_string()),
            at: pos2(pointer.x, row.center().y),
            head: bar.who.name.to_string(),
            values: vec![value],
            ..Under::default()
        })
    }

    fn csv(&self, _studio: &Studio) -> Result<Csv, Failure> {
        let mut csv = Csv::new(&["run_id", "run", &self.metric]);
        for bar in &self.bars {
            csv.row(&[&*bar.who.id, &*bar.who.name, &exact(bar.value)]);
        }
        Ok(csv)
    }
}
