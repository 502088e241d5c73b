//! Choosing the probability from which a row is predicted positive.

use super::{EvaluateOptions, Model, encode};
use crate::error::{Error, Result, invalid};
use crate::fitted::Prediction;
use crate::matrix::Target;
use crate::metrics::binary::{Counts, Operating, operating_points};
use crate::report::Report;
use data::polars::prelude::DataFrame;
use data::prepare::Preparation;

/// What a threshold is to bring about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ThresholdGoal {
    F1,
    BalancedAccuracy,
    Matthews,
    /// The highest precision that finds at least this share of the positive rows.
    RecallAtLeast(f64),
    /// The highest recall of which at least this share is right.
    PrecisionAtLeast(f64),
}

/// A model with a threshold, and how it does on the rows that it was chosen on.
#[derive(Debug, Clone)]
pub struct TunedModel {
    pub model: Model,
    pub threshold: f64,
    pub report: Report,
}

impl Model {
    /// Chooses the threshold that serves the goal best on the rows of `frame`, which should not be those of training.
    /// `already` is as in [`Model::score`], `weight` the column of row weights.
    ///
    /// # Errors
    /// A model that does not predict two classes, rows without both of them, a goal that no threshold reaches.
    pub fn tune_threshold(
        &self,
        frame: &DataFrame,
        already: &Preparation,
        goal: ThresholdGoal,
        weight: Option<&str>,
    ) -> Result<TunedModel> {
        let two_classes = self.label.as_ref().and_then(|label| Some((label, label.positive_code()?)));
        let Some((label, positive)) = two_classes.filter(|(label, _)| label.classes.len() == 2) else {
            return invalid("A threshold decides between two classes. Connect a model that predicts one of two.");
        };
        let (_, prediction) = self.predict(frame, already)?;
        let truth = label.truth(&self.prepare(frame, already)?)?;
        if let Some((class, _)) = truth.unknown.first() {
            return invalid(format!(
                "Some rows are of the class \"{class}\", which the model had not met in training. Remove them with Filter \
                 rows before the threshold is chosen."
            ));
        }
        let (Target::Classes { codes, .. }, Prediction::Classes { probabilities, .. }) = (truth.target, prediction)
        else {
            return invalid("The model does not predict classes, so there is no threshold to choose.");
        };
        let is_positive: Vec<bool> = codes.iter().map(|code| *code as usize == positive).collect();
        let probability: Vec<f64> = probabilities.chunks_exact(2).map(|pair| pair[positive]).collect();
        let weights = weight.map(|name| encode::weights(frame, name)).transpose()?;

        let points = operating_points(&is_positive, &probability, weights.as_deref());
        let threshold = best(&points, goal)?;
        let mut model = self.clone();
        if let Some(label) = &mut model.label {
            label.set_threshold(threshold)?;
        }
        let options = EvaluateOptions { weight: weight.map(str::to_owned), ..EvaluateOptions::default() };
        let report = model.evaluate(frame, already, &options)?;
        Ok(TunedModel { model, threshold, report })
    }
}

fn best(points: &[Operating], goal: ThresholdGoal) -> Result<f64> {
    let both = points.last().is_some_and(|last| last.counts.positive() > 0.0 && last.counts.negative() > 0.0);
    if !both {
        return invalid("The rows are of one class only, so no threshold can be chosen. Connect rows of both classes.");
    }
    let mut best: Option<(usize, f64)> = None;
    // Before the first threshold nothing is predicted positive.
    for (at, point) in points.iter().enumerate().skip(1) {
        let Some(value) = value(&point.counts, goal) else { continue };
        if best.is_none_or(|(_, highest)| value > highest) {
            best = Some((at, value));
        }
    }
    let Some((at, _)) = best else { return Err(unreachable_goal(points, goal)) };
    Ok(between(points[at].threshold, points.get(at + 1).map(|next| next.threshold)))
}

/// How well the goal is served; none where its condition is not met.
fn value(counts: &Counts, goal: ThresholdGoal) -> Option<f64> {
    match goal {
        ThresholdGoal::F1 => Some(counts.f1()),
        ThresholdGoal::BalancedAccuracy => Some(counts.balanced_accuracy()),
        ThresholdGoal::Matthews => Some(counts.mcc()),
        ThresholdGoal::RecallAtLeast(share) => (counts.recall() >= share).then(|| counts.precision()),
        ThresholdGoal::PrecisionAtLeast(share) => (counts.precision() >= share).then(|| counts.recall()),
    }
}

fn unreachable_goal(points: &[Operating], goal: ThresholdGoal) -> Error {
    let highest = points.iter().map(|point| point.counts.precision()).fold(0.0, f64::max);
    let wanted = if let ThresholdGoal::PrecisionAtLeast(share) = goal { share } else { 1.0 };
    Error::Invalid(format!(
        "No threshold has a precision of {wanted} on these rows; the highest is {highest:.3}. Ask for less, or improve the \
         model."
    ))
}

/// A threshold that tells this probability from the next lower one, in their middle, so that new rows a little off fall
/// to the nearer side.
fn between(lowest_positive: f64, next: Option<f64>) -> f64 {
    let Some(next) = next else { return 0.0 };
    let middle = next + (lowest_positive - next) / 2.0;
    if middle > next { middle.min(lowest_positive) } else { lowest_positive }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counts_at(truth: &[bool], scores: &[f64], threshold: f64) -> Counts {
        let predicted: Vec<bool> = scores.iter().map(|score| *score >= threshold).collect();
        Counts::new(truth, &predicted, None)
    }

    #[test]
    fn goals_are_reached_where_they_can_be() {
        let truth = [true, false, true, false, false];
        let scores = [0.875, 0.75, 0.625, 0.25, 0.125];
        let points = operating_points(&truth, &scores, None);
        assert_eq!(best(&points, ThresholdGoal::F1), Ok(0.4375));
        assert_eq!(best(&points, ThresholdGoal::PrecisionAtLeast(0.9)), Ok(0.8125));
        assert_eq!(best(&points, ThresholdGoal::RecallAtLeast(0.9)), Ok(0.4375));
        let missed = operating_points(&[false, true], &[0.9, 0.1], None);
        let sentence = best(&missed, ThresholdGoal::PrecisionAtLeast(0.9)).unwrap_err().to_string();
        assert!(sentence.contains("the highest is 0.500"), "{sentence}");
        assert!(best(&operating_points(&[true], &[0.5], None), ThresholdGoal::F1).is_err());
    }

    proptest! {
        /// No threshold at all does better than the chosen one, which is one of a probability.
        #[test]
        fn the_best_threshold_is_found(rows in proptest::collection::vec((any::<bool>(), 0u8..20), 2..40)) {
            let truth: Vec<bool> = rows.iter().map(|row| row.0).collect();
            let scores: Vec<f64> = rows.iter().map(|row| f64::from(row.1) / 19.0).collect();
            prop_assume!(truth.contains(&true) && truth.contains(&false));
            let chosen = best(&operating_points(&truth, &scores, None), ThresholdGoal::F1).unwrap();
            prop_assert!((0.0..=1.0).contains(&chosen));
            let highest = (0..=40).map(|at| counts_at(&truth, &scores, f64::from(at) / 40.0).f1()).fold(0.0, f64::max);
            prop_assert!((counts_at(&truth, &scores, chosen).f1() - highest).abs() < 1e-12);
        }
    }
}
