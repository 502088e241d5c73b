//! What every kind of chart can do: draw itself, say what lies under the pointer, and give its numbers away.

use std::{collections::HashMap, sync::Arc};

use egui::{Color32, Painter, Pos2, Rect};
use studio::{Run, Studio};

use super::spec::Quantity;
use crate::{
    backend::Failure,
    chart::{drawing::Drawing, grid::Value, scale::Frame},
    theme::Tokens,
};

/// A chart with all that it is drawn from, to be drawn in the window or into a file.
pub trait Picture: Send + Sync {
    /// Why there is nothing to see, in a sentence.
    fn nothing(&self) -> Option<String> {
        None
    }

    /// The axes over all that there is, for a picture that a person can move in.
    fn frame(&self, _pen: &Pen<'_>) -> Option<Frame> {
        None
    }

    /// How high it is by itself, where that is more than there may be room for.
    fn height(&self, _t: &Tokens) -> Option<f32> {
        None
    }

    fn draw(&self, drawing: &mut Drawing, pen: &Pen<'_>);

    /// Whether drawing it takes longer than a frame may.
    fn is_slow(&self, _pen: &Pen<'_>) -> bool {
        false
    }

    /// Whether its marks are runs, of which one can be drawn over the others.
    fn has_runs(&self) -> bool {
        true
    }

    /// Draws a run again, over the others.
    fn emphasise(&self, drawing: &mut Drawing, pen: &Pen<'_>, run: &str);

    /// What lies under the pointer.
    fn under(&self, pen: &Pen<'_>, pointer: Pos2) -> Option<Under>;

    /// Its numbers, every digit of them. On a background thread.
    ///
    /// # Errors
    /// Data that cannot be read.
    fn csv(&self, studio: &Studio) -> Result<Csv, Failure>;
}

/// Where a picture is drawn, and with what.
pub struct Pen<'a> {
    pub painter: &'a Painter,
    pub t: &'a Tokens,
    pub area: Rect,
    /// What is in sight.
    pub frame: Option<Frame>,
    /// Pixels of a point.
    pub scale: f32,
}

/// What the pointer is on.
#[derive(Default)]
pub struct Under {
    pub run: Option<String>,
    /// Where the box with the values hangs, and the line of the crosshair.
    pub at: Pos2,
    pub crosshair: bool,
    pub head: String,
    pub values: Vec<Value>,
    pub dots: Vec<(Pos2, Color32)>,
}

/// What pictures are made of.
#[derive(Clone, Copy)]
pub struct Making<'a> {
    pub t: &'a Tokens,
    /// The runs that are shown, in the order that they were checked.
    pub shown: &'a [&'a Run],
    pub colors: &'a HashMap<String, Color32>,
}

impl Making<'_> {
    pub fn color(&self, run: &str) -> Color32 {
        self.colors.get(run).copied().unwrap_or(self.t.color.text3)
    }
}

/// A run as pictures know it.
#[derive(Clone, Debug)]
pub struct Who {
    pub id: Arc<str>,
    pub name: Arc<str>,
    pub color: Color32,
}

impl Who {
    pub fn of(run: &Run, making: &Making<'_>) -> Self {
        Self { id: run.id.as_str().into(), name: run.name.as_str().into(), color: making.color(&run.id) }
    }
}

/// The number that a run has of a quantity.
pub fn number(run: &Run, quantity: &Quantity) -> Option<f64> {
    match quantity {
        Quantity::Param(key) => run.params.get(key)?.trim().parse().ok(),
        Quantity::Metric(key) => run.metrics.get(key).copied(),
        Quantity::Duration => Some((run.ended_ms? - run.started_ms?) as f64 / 1000.0),
        Quantity::Started => run.started_ms.map(|at| at as f64),
    }
    .filter(|value: &f64| value.is_finite())
}

/// Rows of a CSV file (RFC 4180).
#[derive(Debug, Default)]
pub struct Csv(String);

impl Csv {
    pub fn new(head: &[&str]) -> Self {
        let mut csv = Self::default();
        csv.row(head);
        csv
    }

    pub fn row<T: AsRef<str>>(&mut self, cells: &[T]) {
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.0.push(',');
            }
            let cell = cell.as_ref();
            if cell.contains([',', '"', '\n', '\r']) {
                self.0.push('"');
                self.0.push_str(&cell.replace('"', "\"\""));
                self.0.push('"');
            } else {
                self.0.push_str(cell);
            }
        }
        self.0.push_str("\r\n");
    }

    pub fn into_text(self) -> String {
        self.0
    }
}

/// A number with every digit, as programs read it.
pub fn exact(value: f64) -> String {
    match value {
        _ if value.is_nan() => "NaN".to_owned(),
        _ if value.is_infinite() => if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        _ => value.to_string(),
    }
}

/// As [`exact`], nothing for nothing.
pub fn maybe(value: Option<f64>) -> String {
    value.map(exact).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_with_commas_and_quotes_stand_in_quotes() {
        let mut csv = Csv::new(&["run", "value"]);
        csv.row(&["a, \"b\"", &exact(0.1 + 0.2)]);
        csv.row(&["c", &exact(f64::NEG_INFINITY)]);
        assert_eq!(csv.into_text(), "run,value\r\n\"a, \"\"b\"\"\",0.30000000000000004\r\nc,-Infinity\r\n");
    }
}
