//! What a page holds: charts as plain values, remembered with the workspace.

use serde::{Deserialize, Serialize};

use super::super::words;
use crate::chart::smooth::Spread;

/// Columns that a page may have.
pub const COLUMNS: u8 = 4;
/// How high a chart's contents may be, in points.
pub const HEIGHTS: std::ops::RangeInclusive<f32> = 140.0..=900.0;
const USUAL: f32 = 232.0;

/// The charts in their order, and how many stand side by side.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Arrangement {
    /// As many as there is room for, when nobody has chosen.
    pub columns: Option<u8>,
    pub charts: Vec<Spec>,
}

/// One chart.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Spec {
    /// Unique within the page, and never given again while it is open.
    pub id: u64,
    #[serde(default = "one")]
    pub wide: u8,
    #[serde(default = "usual")]
    pub height: f32,
    #[serde(flatten)]
    pub kind: Kind,
}

fn one() -> u8 {
    1
}

fn usual() -> f32 {
    USUAL
}

impl Spec {
    pub fn new(id: u64, kind: Kind) -> Self {
        Self { id, wide: 1, height: USUAL, kind }
    }
}

/// What a chart shows, and of what.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    Lines(Lines),
    /// The latest value of a metric of each run.
    Bars {
        metric: String,
    },
    Scatter(Points),
    /// A scatter whose points are as large as a third quantity says.
    Bubbles(Points),
    /// An axis for each quantity; none lets the runs decide.
    Parallel {
        axes: Vec<Quantity>,
    },
    /// A metric over two parameters.
    Contour {
        x: String,
        y: String,
        metric: String,
    },
    /// Which parameters a metric depends on.
    Importance {
        metric: String,
        related: bool,
    },
    /// Confusion matrices side by side.
    Confusion,
    /// A curve of the runs' reports, such as `roc`, overlaid.
    Report {
        curve: String,
    },
    /// Images of the same name side by side.
    Images {
        name: String,
    },
    /// A text of each run, with the differences from the first.
    Text {
        name: String,
    },
    /// A table of each run, with the cells that differ.
    Table {
        name: String,
    },
}

/// Curves over an axis.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Lines {
    pub metrics: Vec<String>,
    pub x: Along,
    pub log_x: bool,
    pub log_y: bool,
    /// 0 for none, below 1.
    pub smoothing: f64,
    pub behind: Behind,
    /// Leaves values beyond the 1st and the 99th percentile out of sight.
    pub no_outliers: bool,
    /// One average for all runs that have this in common.
    pub group: Option<Common>,
    pub spread: Spread,
}

/// What the x axis of curves is.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Along {
    #[default]
    Step,
    /// Seconds since the curve's first point.
    Relative,
    Time,
    /// The value of this metric at the same step, or the last before it.
    Metric(String),
}

/// What stands behind a smoothed line.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Behind {
    #[default]
    Original,
    /// From the lowest to the highest of every few pixels.
    Band,
    Nothing,
}

/// What runs can have in common.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Common {
    Param(String),
    Tag(String),
}

/// The axes of points.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Points {
    pub x: Quantity,
    pub y: Quantity,
    /// What a bubble's area says.
    pub size: Option<Quantity>,
    #[serde(default)]
    pub log_x: bool,
    #[serde(default)]
    pub log_y: bool,
}

/// A number or a word that each run has.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    Param(String),
    Metric(String),
    /// Seconds.
    Duration,
    /// Milliseconds since 1970.
    Started,
}

impl Quantity {
    pub fn title(&self) -> String {
        match self {
            Self::Param(key) | Self::Metric(key) => words::long_title(key),
            Self::Duration => "duration".to_owned(),
            Self::Started => "started".to_owned(),
        }
    }
}

impl Along {
    pub fn title(&self) -> String {
        match self {
            Self::Step => "step".to_owned(),
            Self::Relative => "relative time".to_owned(),
            Self::Time => "wall time".to_owned(),
            Self::Metric(key) => words::long_title(key),
        }
    }
}

impl Common {
    pub fn title(&self) -> String {
        match self {
            Self::Param(key) | Self::Tag(key) => words::key_title(key),
        }
    }

    /// The value that a run has of it.
    pub fn of(&self, run: &studio::Run) -> String {
        let found = match self {
            Self::Param(key) => run.params.get(key),
            Self::Tag(key) => run.tags.get(key),
        };
        found.cloned().unwrap_or_else(|| "none".to_owned())
    }
}

impl Kind {
    /// What stands over the chart.
    pub fn title(&self) -> String {
        match self {
            Self::Lines(lines) => match lines.metrics.as_slice() {
                [] => "Lines".to_owned(),
                keys => keys.iter().map(|key| words::key_title(key)).collect::<Vec<_>>().join(", "),
            },
            Self::Bars { metric } => format!("{}, latest", words::long_title(metric)),
            Self::Scatter(points) => format!("{} over {}", points.y.title(), points.x.title()),
            Self::Bubbles(points) => {
                let size = points.size.as_ref().map(|size| format!(", size {}", size.title()));
                format!("{} over {}{}", points.y.title(), points.x.title(), size.unwrap_or_default())
            }
            Self::Parallel { .. } => "Parameters and results".to_owned(),
            Self::Contour { x, y, metric } => {
                let [x, y, metric] = [x, y, metric].map(|key| words::key_title(key));
                format!("{metric} by {x} and {y}")
            }
            Self::Importance { metric, .. } => format!("What {} depends on", words::long_title(metric)),
            Self::Confusion => "Confusion matrices".to_owned(),
            Self::Report { curve } => match curve.as_str() {
                "roc" => "ROC curves".to_owned(),
                "precision_recall" => "Precision and recall".to_owned(),
                other => words::key_title(other),
            },
            Self::Images { name } => named("Images", name),
            Self::Text { name } => named("Texts", name),
            Self::Table { name } => named("Tables", name),
        }
    }

    /// What stands quietly beside the title: how the data was changed on its way to the picture.
    pub fn note(&self) -> String {
        let lines = match self {
            Self::Lines(lines) => lines,
            // What the y axis is; the x axis bears its name.
            Self::Report { curve } if curve == "roc" => return "true positive rate".to_owned(),
            Self::Report { curve } if curve == "precision_recall" => return "precision".to_owned(),
            _ => return String::new(),
        };
        let mut said = Vec::new();
        if let Some(group) = &lines.group {
            let spread = if lines.spread == Spread::MinMax { "min to max" } else { "± 1 sd" };
            said.push(format!("mean by {}, {spread}", group.title()));
        }
        if lines.smoothing > 0.0 {
            said.push(format!("smoothed {:.2}", lines.smoothing));
        }
        if lines.no_outliers {
            said.push("without outliers".to_owned());
        }
        said.join(" · ")
    }
}

fn named(what: &str, name: &str) -> String {
    if name.is_empty() { what.to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrangement_is_read_as_it_was_written() {
        let lines = Lines {
            metrics: vec!["loss".into()],
            x: Along::Metric("epoch".into()),
            smoothing: 0.6,
            group: Some(Common::Tag("model".into())),
            ..Lines::default()
        };
        let points =
            Points { x: Quantity::Param("c".into()), y: Quantity::Duration, size: None, log_x: true, log_y: false };
        let kinds = [
            Kind::Lines(lines),
            Kind::Scatter(points.clone()),
            Kind::Bubbles(points),
            Kind::Parallel { axes: vec![Quantity::Metric("auc".into())] },
            Kind::Confusion,
            Kind::Report { curve: "roc".into() },
        ];
        let charts = kinds.into_iter().enumerate().map(|(id, kind)| Spec::new(id as u64, kind)).collect();
        let arrangement = Arrangement { columns: Some(2), charts };
        let json = serde_json::to_value(&arrangement).unwrap();
        assert_eq!(serde_json::from_value::<Arrangement>(json).unwrap(), arrangement);
    }

    #[test]
    fn what_a_person_left_out_has_its_usual_value() {
        let spec: Spec = serde_json::from_str(r#"{"id": 1, "kind": "lines", "metrics": ["loss"]}"#).unwrap();
        assert_eq!((spec.wide, spec.height, spec.kind.title()), (1, USUAL, "loss".to_owned()));
    }
}
