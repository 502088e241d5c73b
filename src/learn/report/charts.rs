//! Pieces that several reports' charts share.

use super::{CURVE_POINTS, Chart, Counts, Reference, SCATTER_POINTS};
use crate::metrics::binary::Operating;
use crate::metrics::{ratio, weight};

/// At most [`CURVE_POINTS`] of the points: corners first lose what lies on straight lines, then every so many.
pub(super) fn thin(points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    let mut kept: Vec<[f64; 2]> = Vec::new();
    for point in points {
        if let [.., a, b] = kept[..] {
            let cross = (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]);
            if cross == 0.0 {
                kept.pop();
            }
        }
        kept.push(point);
    }
    let n = kept.len();
    if n <= CURVE_POINTS {
        return kept;
    }
    (0..CURVE_POINTS).map(|i| kept[i * (n - 1) / (CURVE_POINTS - 1)]).collect()
}

/// False positive rate and recall.
pub(super) fn roc_points(points: &[Operating]) -> Vec<[f64; 2]> {
    thin(points.iter().map(|p| [ratio(p.counts.false_positive, p.counts.negative()), p.counts.recall()]).collect())
}

/// A scatter chart of every row, or of evenly spaced ones.
pub(super) fn scatter(
    id: &str,
    title: &str,
    labels: [&str; 2],
    rows: usize,
    point: impl Fn(usize) -> [f64; 2],
    reference: Reference,
) -> Chart {
    let shown = rows.min(SCATTER_POINTS);
    let points: Vec<[f64; 2]> = (0..shown).map(|i| point(i * rows / shown)).collect();
    Chart::Scatter {
        id: id.to_owned(),
        title: title.to_owned(),
        x_label: labels[0].to_owned(),
        y_label: labels[1].to_owned(),
        x: points.iter().map(|p| p[0]).collect(),
        y: points.iter().map(|p| p[1]).collect(),
        note: (shown < rows).then(|| format!("{shown} of {rows} rows, evenly spaced")),
        reference,
    }
}

/// `bins` equal bins from `low` to `high` (widened if they are equal).
pub(super) fn edges(low: f64, high: f64, bins: usize) -> Vec<f64> {
    let (low, high) = match (low.is_finite() && high.is_finite(), low < high) {
        (true, true) => (low, high),
        (true, false) => (low - 0.5, low + 0.5),
        (false, _) => (0.0, 1.0),
    };
    (0..=bins).map(|i| low + (high - low) * i as f64 / bins as f64).collect()
}

/// Summed weights of the values in each bin; values beyond the edges are left out.
pub(super) fn histogram(
    name: &str,
    edges: &[f64],
    values: impl Iterator<Item = (usize, f64)>,
    weights: Option<&[f64]>,
) -> Counts {
    let bins = edges.len() - 1;
    let mut counts = vec![0.0; bins];
    for (row, value) in values {
        if value >= edges[0] && value <= edges[bins] {
            let bin = edges.partition_point(|edge| *edge <= value).saturating_sub(1).min(bins - 1);
            counts[bin] += weight(weights, row);
        }
    }
    Counts { name: name.to_owned(), counts }
}

/// Three significant digits, for notes.
pub(super) fn short(value: f64) -> String {
    let digits = if value == 0.0 || !value.is_finite() { 0 } else { 2 - value.abs().log10().floor() as i32 };
    format!("{value:.*}", digits.clamp(0, 12) as usize)
}
