//! What a page shows before anybody has arranged it, and what a new chart begins with.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use studio::{ArtifactKind, ChartedRuns, Run, RunArtifact};

use super::{
    reports::{self, Reports},
    spec::{Arrangement, HEIGHTS, Kind, Lines, Points, Quantity, Spec},
};
use crate::{icons::Icon, panels::runs::words};

/// Charts of curves, and of bars, that a page begins with.
const CURVES: usize = 6;
const BARS: usize = 2;

/// What each run left behind, by run id.
pub type Artifacts = Vec<(String, Vec<RunArtifact>)>;

/// What is known of the runs.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    pub charted: &'a ChartedRuns,
    pub reports: &'a Reports,
    pub artifacts: &'a Artifacts,
}

impl Known<'_> {
    /// Metrics with curves, those that most runs have first, then those of validation.
    pub fn curves(&self) -> Vec<&String> {
        let mut keys: Vec<(&String, &usize)> = self.charted.curves.iter().collect();
        keys.sort_by_key(|(key, count)| (std::cmp::Reverse(**count), !key.contains("valid"), *key));
        keys.into_iter().map(|(key, _)| key).collect()
    }

    /// Every metric, those first that people look at first.
    pub fn metrics(&self) -> Vec<&String> {
        let mut keys: Vec<&String> = self.charted.runs.iter().flat_map(|run| run.metrics.keys()).collect();
        keys.sort_by_key(|key| (self.charted.curves.contains_key(*key), words::rank(key), *key));
        keys.dedup();
        keys
    }

    /// Every parameter, those first that differ between the runs.
    pub fn params(&self) -> Vec<&String> {
        let mut keys: Vec<&String> = self.charted.runs.iter().flat_map(|run| run.params.keys()).collect();
        keys.sort_by_key(|key| (!self.differs(key), *key));
        keys.dedup();
        keys
    }

    fn differs(&self, key: &str) -> bool {
        self.charted.runs.windows(2).any(|pair| pair[0].params.get(key) != pair[1].params.get(key))
    }

    /// The parameters that differ and are numbers.
    fn numeric(&self) -> Vec<&String> {
        let is_number = |run: &Run, key: &str| run.params.get(key).is_none_or(|text| text.parse::<f64>().is_ok());
        let all = |key: &String| self.charted.runs.iter().all(|run| is_number(run, key));
        self.params().into_iter().filter(|key| self.differs(key) && all(key)).collect()
    }

    pub fn tags(&self) -> Vec<&String> {
        let mut keys: Vec<&String> = self.charted.runs.iter().flat_map(|run| run.tags.keys()).collect();
        keys.sort();
        keys.dedup();
        keys
    }

    /// The names of what the runs left behind of a kind.
    pub fn names(&self, kind: ArtifactKind) -> Vec<&String> {
        let all = self.artifacts.iter().flat_map(|(_, artifacts)| artifacts);
        let mut seen = HashSet::new();
        let named = all.filter(|artifact| artifact.kind == kind).map(|artifact| &artifact.name);
        named.filter(|name| seen.insert(*name)).collect()
    }
}

/// A line chart for each curve, the best metrics as bars, parameters beside results, and what reports and images there
/// are.
pub fn page(known: Known<'_>) -> Arrangement {
    let curves = known.curves();
    let lines = |key: &&String| Kind::Lines(Lines { metrics: vec![(*key).clone()], ..Lines::default() });
    let mut kinds: Vec<Kind> = curves.iter().take(CURVES).map(lines).collect();
    let several = known.charted.runs.len() > 1;
    if several {
        kinds.push(Kind::Parallel { axes: Vec::new() });
    }
    let single = known.metrics().into_iter().filter(|key| !known.charted.curves.contains_key(*key));
    kinds.extend(single.take(BARS).map(|key| Kind::Bars { metric: key.clone() }));
    if reports::has_confusion(known.reports) {
        kinds.push(Kind::Confusion);
    }
    let drawn = reports::curve_ids(known.reports);
    for curve in ["roc", "precision_recall"] {
        if drawn.iter().any(|(id, _)| id == curve) {
            kinds.push(Kind::Report { curve: curve.to_owned() });
        }
    }
    kinds.extend(known.names(ArtifactKind::Image).into_iter().take(1).map(|name| Kind::Images { name: name.clone() }));
    let spec = |kind: Kind| {
        let mut spec = Spec::new(id(&kind), kind);
        match spec.kind {
            Kind::Images { .. } => spec.wide = 2,
            // A few bars leave no empty room below them.
            Kind::Bars { .. } => {
                spec.height = (known.charted.runs.len() as f32 * 24.0).clamp(*HEIGHTS.start(), spec.height)
            }
            _ => {}
        }
        spec
    };
    Arrangement { columns: None, charts: kinds.into_iter().map(spec).collect() }
}

/// The same chart has the same id as long as nobody has changed the page.
fn id(kind: &Kind) -> u64 {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(kind).unwrap_or_default().hash(&mut hasher);
    // Whole in the numbers of JSON's readers elsewhere.
    hasher.finish() >> 12
}

/// Every kind of chart, as a person may add it now: icon, words, and what it begins with.
pub fn offers(known: Known<'_>) -> Vec<(Icon, &'static str, Kind)> {
    let metric = known.metrics().first().map(|key| (*key).clone()).unwrap_or_default();
    let curve = known.curves().first().map_or_else(|| metric.clone(), |key| (*key).clone());
    let mut numeric = known.numeric().into_iter().cloned();
    let (x, y) = (numeric.next(), numeric.next());
    let points = Points {
        x: x.clone().map_or(Quantity::Duration, Quantity::Param),
        y: Quantity::Metric(metric.clone()),
        size: None,
        log_x: false,
        log_y: false,
    };
    let name = |kind| known.names(kind).first().map(|name| (*name).clone()).unwrap_or_default();
    let report = |curve: &str| Kind::Report { curve: curve.to_owned() };
    let axis = |key: Option<String>, spare: usize| {
        key.or_else(|| known.params().get(spare).map(|key| (*key).clone())).unwrap_or_default()
    };
    vec![
        (Icon::Runs, "Lines", Kind::Lines(Lines { metrics: vec![curve], ..Lines::default() })),
        (Icon::Chart, "Bars", Kind::Bars { metric: metric.clone() }),
        (Icon::More, "Scatter plot", Kind::Scatter(points.clone())),
        (Icon::Commit, "Bubbles", Kind::Bubbles(Points { size: Some(Quantity::Duration), ..points })),
        (Icon::Columns, "Parallel coordinates", Kind::Parallel { axes: Vec::new() }),
        (Icon::Fit, "Contour", Kind::Contour { x: axis(x, 0), y: axis(y, 1), metric: metric.clone() }),
        (Icon::Filter, "Parameter importance", Kind::Importance { metric, related: true }),
        (Icon::Table, "Confusion matrices", Kind::Confusion),
        (Icon::Runs, "ROC curves", report("roc")),
        (Icon::Runs, "Precision and recall", report("precision_recall")),
        (Icon::Eye, "Images", Kind::Images { name: name(ArtifactKind::Image) }),
        (Icon::File, "Text", Kind::Text { name: name(ArtifactKind::Text) }),
        (Icon::Table, "Table", Kind::Table { name: name(ArtifactKind::Table) }),
    ]
}
