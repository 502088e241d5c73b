//! Metrics of predicted numbers.

use super::{mean, weight};

pub fn mean_absolute_error(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> f64 {
    mean(truth.len(), weights, |i| (truth[i] - predicted[i]).abs())
}

pub fn mean_squared_error(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> f64 {
    mean(truth.len(), weights, |i| (truth[i] - predicted[i]).powi(2))
}

pub fn root_mean_squared_error(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> f64 {
    mean_squared_error(truth, predicted, weights).sqrt()
}

/// The weighted median of the absolute errors, half way between the two middle ones where there are two.
pub fn median_absolute_error(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> f64 {
    let mut errors: Vec<(f64, f64)> = (0..truth.len())
        .map(|i| ((truth[i] - predicted[i]).abs(), weight(weights, i)))
        .filter(|(_, w)| *w > 0.0)
        .collect();
    errors.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = errors.iter().map(|(_, w)| w).sum::<f64>() / 2.0;
    let mut below = 0.0;
    for (i, (error, weight)) in errors.iter().enumerate() {
        below += weight;
        if below > half {
            return *error;
        }
        if below == half {
            return errors.get(i + 1).map_or(*error, |next| (error + next.0) / 2.0);
        }
    }
    f64::NAN
}

/// R²: the share of the truth's variance that the predictions explain. For a constant truth 1 if predicted
/// perfectly and 0 otherwise; NaN for fewer than two rows.
pub fn r2(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> f64 {
    if truth.len() < 2 {
        return f64::NAN;
    }
    let centre = mean(truth.len(), weights, |i| truth[i]);
    let total = mean(truth.len(), weights, |i| (truth[i] - centre).powi(2));
    share_explained(mean_squared_error(truth, predicted, weights), total)
}

/// As R², but blind to a constant error.
pub fn explained_variance(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> f64 {
    let n = truth.len();
    let bias = mean(n, weights, |i| truth[i] - predicted[i]);
    let left = mean(n, weights, |i| (truth[i] - predicted[i] - bias).powi(2));
    let centre = mean(n, weights, |i| truth[i]);
    share_explained(left, mean(n, weights, |i| (truth[i] - centre).powi(2)))
}

fn share_explained(left: f64, total: f64) -> f64 {
    match (left == 0.0, total == 0.0) {
        (true, true) => 1.0,
        (false, true) if !left.is_nan() => 0.0,
        _ => 1.0 - left / total,
    }
}

/// A share, not a percentage. Truths of 0 make it huge, as in scikit-learn.
pub fn mean_absolute_percentage_error(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> f64 {
    mean(truth.len(), weights, |i| (truth[i] - predicted[i]).abs() / truth[i].abs().max(f64::EPSILON))
}

/// NaN for no rows.
pub fn max_error(truth: &[f64], predicted: &[f64]) -> f64 {
    let errors = truth.iter().zip(predicted).map(|(t, p)| (t - p).abs());
    errors.fold(f64::NAN, |m, e| if e.is_nan() || m.is_nan() && e >= 0.0 { e } else { m.max(e) })
}

/// The mean squared difference of `ln(1 + value)`; NaN if a value is -1 or less.
pub fn mean_squared_log_error(truth: &[f64], predicted: &[f64], weights: Option<&[f64]>) -> f64 {
    if truth.iter().chain(predicted).any(|v| *v <= -1.0) {
        return f64::NAN;
    }
    mean(truth.len(), weights, |i| (truth[i].ln_1p() - predicted[i].ln_1p()).powi(2))
}
