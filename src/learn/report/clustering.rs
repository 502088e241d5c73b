//! The report of clusters.

use super::charts::{edges, histogram};
use super::{Better, Chart, Metric, Report, Task};
use crate::matrix::Matrix;
use crate::metrics::clustering as metric;

/// Found clusters, a value a row.
#[derive(Debug, Clone, Copy)]
pub struct Clustering<'a> {
    /// What was clustered.
    pub x: &'a Matrix,
    pub codes: &'a [u32],
    /// Distances to the cluster's centre, if known.
    pub distances: Option<&'a [f64]>,
    pub weights: Option<&'a [f64]>,
    /// True classes to compare with, if known.
    pub truth: Option<&'a [u32]>,
}

/// The silhouette compares every pair of this many rows at most.
pub const SILHOUETTE_ROWS: usize = 4000;

pub fn clustering(input: &Clustering) -> Report {
    let rows = input.codes.len();
    let mut notes = Vec::new();
    let silhouette = if rows > SILHOUETTE_ROWS {
        notes.push(format!("The silhouette is that of {SILHOUETTE_ROWS} of {rows} rows, evenly spaced."));
        let some: Vec<usize> = (0..SILHOUETTE_ROWS).map(|i| i * rows / SILHOUETTE_ROWS).collect();
        let codes: Vec<u32> = some.iter().map(|&r| input.codes[r]).collect();
        metric::silhouette(&input.x.take(&some), &codes)
    } else {
        metric::silhouette(input.x, input.codes)
    };
    if silhouette.is_nan() {
        notes.push("The shape of clusters is measured only for at least two of them, and fewer than rows.".to_owned());
    }
    let mut metrics = shape(input, silhouette);
    if let Some(truth) = input.truth {
        metrics.extend(agreement(truth, input.codes));
    }
    Report { task: Task::Clustering, metrics, charts: charts(input), notes }
}

fn shape(input: &Clustering, silhouette: f64) -> Vec<Metric> {
    let mut metrics = vec![
        Metric::new(
            "silhouette",
            "Silhouette",
            silhouette,
            Better::Higher,
            "How much nearer rows are to their own cluster than to the next, -1 to 1.",
        ),
        Metric::new(
            "calinski_harabasz",
            "Calinski–Harabasz",
            metric::calinski_harabasz(input.x, input.codes),
            Better::Higher,
            "Spread between clusters over spread within them.",
        ),
        Metric::new(
            "davies_bouldin",
            "Davies–Bouldin",
            metric::davies_bouldin(input.x, input.codes),
            Better::Lower,
            "How much each cluster overlaps its worst neighbour; 0 is perfect.",
        ),
    ];
    if let Some(distances) = input.distances {
        metrics.push(Metric::new(
            "inertia",
            "Inertia",
            metric::inertia(distances, input.weights),
            Better::Lower,
            "Sum of squared distances to the centres; falls with every further cluster.",
        ));
    }
    metrics
}

fn agreement(truth: &[u32], codes: &[u32]) -> Vec<Metric> {
    let agreement = metric::agreement(truth, codes);
    let higher = |key, label, value, help| Metric::new(key, label, value, Better::Higher, help);
    vec![
        higher(
            "adjusted_rand",
            "Adjusted Rand index",
            metric::adjusted_rand(truth, codes),
            "Agreement with the true classes over pairs of rows, beyond chance; 1 is perfect.",
        ),
        higher(
            "normalised_mutual_information",
            "Normalised mutual information",
            agreement.normalised_mutual_information,
            "What clusters tell about true classes, 0 to 1.",
        ),
        higher("homogeneity", "Homogeneity", agreement.homogeneity, "1 if each cluster holds one class only."),
        higher("completeness", "Completeness", agreement.completeness, "1 if each class lies in one cluster only."),
        higher("v_measure", "V-measure", agreement.v_measure, "Harmonic mean of homogeneity and completeness."),
    ]
}

fn charts(input: &Clustering) -> Vec<Chart> {
    let clusters = input.codes.iter().max().map_or(0, |m| *m as usize + 1);
    let mut sizes = vec![0.0; clusters];
    input.codes.iter().for_each(|&c| sizes[c as usize] += 1.0);
    let mut charts = vec![Chart::Bars {
        id: "sizes".to_owned(),
        title: "Rows in each cluster".to_owned(),
        labels: (0..clusters).map(|c| c.to_string()).collect(),
        values: sizes,
    }];
    if let Some(distances) = input.distances {
        let farthest = distances.iter().fold(0.0f64, |m, d| m.max(*d));
        let edges = edges(0.0, farthest, 30);
        charts.push(Chart::Histogram {
            id: "distances".to_owned(),
            title: "Distance to the centre".to_owned(),
            x_label: "Distance".to_owned(),
            series: vec![histogram("Rows", &edges, distances.iter().copied().enumerate(), None)],
            edges,
        });
    }
    charts
}
