//! Metrics of two classes, one of them named positive.

use super::{mean, ratio, weight};

/// Summed weights by truth and prediction.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Counts {
    pub true_positive: f64,
    pub false_positive: f64,
    pub false_negative: f64,
    pub true_negative: f64,
}

impl Counts {
    pub fn new(truth: &[bool], predicted: &[bool], weights: Option<&[f64]>) -> Self {
        let mut counts = Self::default();
        for (i, (truth, predicted)) in truth.iter().zip(predicted).enumerate() {
            let cell = match (truth, predicted) {
                (true, true) => &mut counts.true_positive,
                (false, true) => &mut counts.false_positive,
                (true, false) => &mut counts.false_negative,
                (false, false) => &mut counts.true_negative,
            };
            *cell += weight(weights, i);
        }
        counts
    }

    pub fn total(&self) -> f64 {
        self.true_positive + self.false_positive + self.false_negative + self.true_negative
    }
    pub fn positive(&self) -> f64 {
        self.true_positive + self.false_negative
    }
    pub fn negative(&self) -> f64 {
        self.false_positive + self.true_negative
    }
    pub fn predicted_positive(&self) -> f64 {
        self.true_positive + self.false_positive
    }

    /// NaN for no rows.
    pub fn accuracy(&self) -> f64 {
        (self.true_positive + self.true_negative) / self.total()
    }

    /// The mean recall of the classes that have rows.
    pub fn balanced_accuracy(&self) -> f64 {
        match (self.positive() > 0.0, self.negative() > 0.0) {
            (true, true) => (self.recall() + self.specificity()) / 2.0,
            (true, false) => self.recall(),
            (false, true) => self.specificity(),
            (false, false) => f64::NAN,
        }
    }

    /// 0 if nothing is predicted positive.
    pub fn precision(&self) -> f64 {
        ratio(self.true_positive, self.predicted_positive())
    }

    /// 0 if nothing is positive.
    pub fn recall(&self) -> f64 {
        ratio(self.true_positive, self.positive())
    }

    /// 0 if nothing is negative.
    pub fn specificity(&self) -> f64 {
        ratio(self.true_negative, self.negative())
    }

    /// 0 if nothing is or is predicted positive.
    pub fn f1(&self) -> f64 {
        ratio(2.0 * self.true_positive, self.positive() + self.predicted_positive())
    }

    /// Matthews' correlation coefficient, -1 to 1; 0 if truth or prediction is one class only.
    pub fn mcc(&self) -> f64 {
        super::multiclass::mcc(&self.matrix())
    }

    /// Cohen's kappa: agreement beyond chance; NaN if truth and prediction are the same one class.
    pub fn kappa(&self) -> f64 {
        super::multiclass::kappa(&self.matrix())
    }

    /// Rows: truth; columns: prediction; negative first.
    pub fn matrix(&self) -> Vec<Vec<f64>> {
        vec![vec![self.true_negative, self.false_positive], vec![self.false_negative, self.true_positive]]
    }
}

/// Counts at a threshold: scores at or above it are predicted positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Operating {
    pub threshold: f64,
    pub counts: Counts,
}

/// The counts at every distinct score, from the highest down, after an infinite threshold that predicts nothing
/// positive.
pub fn operating_points(truth: &[bool], scores: &[f64], weights: Option<&[f64]>) -> Vec<Operating> {
    let mut order: Vec<usize> = (0..truth.len()).filter(|&i| weight(weights, i) > 0.0).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let mut counts = Counts::default();
    for &i in &order {
        let cell = if truth[i] { &mut counts.false_negative } else { &mut counts.true_negative };
        *cell += weight(weights, i);
    }
    let (positive, negative) = (counts.false_negative, counts.true_negative);
    let mut points = vec![Operating { threshold: f64::INFINITY, counts }];
    for (at, &i) in order.iter().enumerate() {
        let w = weight(weights, i);
        if truth[i] {
            counts.true_positive += w;
            counts.false_negative = positive - counts.true_positive;
        } else {
            counts.false_positive += w;
            counts.true_negative = negative - counts.false_positive;
        }
        if order.get(at + 1).is_none_or(|&next| scores[next] != scores[i]) {
            points.push(Operating { threshold: scores[i], counts });
        }
    }
    points
}

/// The area under the ROC curve; NaN unless both classes have rows.
pub fn roc_auc(truth: &[bool], scores: &[f64], weights: Option<&[f64]>) -> f64 {
    roc_auc_of(&operating_points(truth, scores, weights))
}

pub(crate) fn roc_auc_of(points: &[Operating]) -> f64 {
    let Some(last) = points.last() else {
        return f64::NAN;
    };
    let area: f64 = points
        .windows(2)
        .map(|pair| {
            let width = pair[1].counts.false_positive - pair[0].counts.false_positive;
            width * (pair[1].counts.true_positive + pair[0].counts.true_positive) / 2.0
        })
        .sum();
    area / (last.counts.positive() * last.counts.negative())
}

/// The precision at each threshold, weighted by the recall it adds (not interpolated); 0 if nothing is positive.
pub fn average_precision(truth: &[bool], scores: &[f64], weights: Option<&[f64]>) -> f64 {
    average_precision_of(&operating_points(truth, scores, weights))
}

pub(crate) fn average_precision_of(points: &[Operating]) -> f64 {
    let steps = points.windows(2).map(|pair| {
        let recall = pair[1].counts.recall() - pair[0].counts.recall();
        recall * pair[1].counts.precision()
    });
    steps.sum()
}

/// The mean negative logarithm of the probability given to the truth, clipped to `f64::EPSILON`.
pub fn log_loss(truth: &[bool], probability: &[f64], weights: Option<&[f64]>) -> f64 {
    mean(truth.len(), weights, |i| {
        let p = if truth[i] { probability[i] } else { 1.0 - probability[i] };
        -p.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
    })
}

/// The mean squared difference between probability and truth.
pub fn brier_score(truth: &[bool], probability: &[f64], weights: Option<&[f64]>) -> f64 {
    mean(truth.len(), weights, |i| (probability[i] - f64::from(truth[i])).powi(2))
}
