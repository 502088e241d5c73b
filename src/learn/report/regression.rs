//! The report of predicted numbers.

use super::charts::{edges, histogram, scatter};
use super::{Better, Chart, Metric, Reference, Report, Task};
use crate::metrics::regression as metric;

const BINS: usize = 30;

/// Predicted numbers against the true ones, a value a row.
pub fn regression(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> Report {
    let charts =
        vec![predicted_actual(truth, predicted), residuals(truth, predicted), errors(truth, predicted, weights)];
    Report { task: Task::Regression, metrics: metrics(truth, predicted, weights), charts, notes: Vec::new() }
}

fn metrics(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> Vec<Metric> {
    let lower = |key, label, value, help| Metric::new(key, label, value, Better::Lower, help);
    let higher = |key, label, value, help| Metric::new(key, label, value, Better::Higher, help);
    let log_error = lower(
        "mean_squared_log_error",
        "MSLE",
        metric::mean_squared_log_error(truth, predicted, weights),
        "Mean squared difference of the logarithms of 1 + value, for targets that span magnitudes.",
    );
    let negative = truth.iter().chain(predicted).any(|v| *v <= -1.0);
    let zero = truth.contains(&0.0);
    vec![
        higher(
            "r2",
            "R²",
            metric::r2(truth, predicted, weights),
            "Share of the target's variance that is explained: 1 is perfect, 0 no better than the mean.",
        )
        .noted((truth.len() < 2).then_some("Needs at least two rows")),
        lower(
            "mean_absolute_error",
            "MAE",
            metric::mean_absolute_error(truth, predicted, weights),
            "Mean size of the error, in the target's unit.",
        ),
        lower(
            "root_mean_squared_error",
            "RMSE",
            metric::root_mean_squared_error(truth, predicted, weights),
            "Root of the mean squared error, in the target's unit; large errors count more.",
        ),
        lower(
            "mean_squared_error",
            "MSE",
            metric::mean_squared_error(truth, predicted, weights),
            "Mean squared error.",
        ),
        lower(
            "median_absolute_error",
            "Median absolute error",
            metric::median_absolute_error(truth, predicted, weights),
            "Half of the rows are predicted better than this; outliers do not matter.",
        ),
        lower(
            "mean_absolute_percentage_error",
            "MAPE",
            metric::mean_absolute_percentage_error(truth, predicted, weights),
            "Mean error as a share of the true value.",
        )
        .noted(zero.then_some("Huge, because some true values are 0")),
        higher(
            "explained_variance",
            "Explained variance",
            metric::explained_variance(truth, predicted, weights),
            "As R², but blind to a constant error.",
        ),
        lower("max_error", "Largest error", metric::max_error(truth, predicted), "The worst error of any row."),
        log_error.noted(negative.then_some("Not defined for values of -1 or less")),
    ]
}

fn predicted_actual(truth: &[f64], predicted: &[f64]) -> Chart {
    let point = |i: usize| [truth[i], predicted[i]];
    let labels = ["Actual", "Predicted"];
    scatter("predicted_actual", "Predicted and actual", labels, truth.len(), point, Reference::Diagonal)
}

fn residuals(truth: &[f64], predicted: &[f64]) -> Chart {
    let point = |i: usize| [predicted[i], truth[i] - predicted[i]];
    let labels = ["Predicted", "Actual minus predicted"];
    scatter("residuals", "Residuals", labels, truth.len(), point, Reference::Horizontal(0.0))
}

fn errors(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> Chart {
    let residuals: Vec<f64> = truth.iter().zip(predicted).map(|(t, p)| t - p).collect();
    let finite = || residuals.iter().filter(|r| r.is_finite());
    let low = finite().fold(f64::INFINITY, |m, v| m.min(*v));
    let high = finite().fold(f64::NEG_INFINITY, |m, v| m.max(*v));
    let edges = edges(low, high, BINS);
    let series = vec![histogram("Residuals", &edges, residuals.iter().copied().enumerate(), weights)];
    Chart::Histogram {
        id: "residual_histogram".to_owned(),
        title: "Distribution of residuals".to_owned(),
        x_label: "Actual minus predicted".to_owned(),
        edges,
        series,
    }
}
