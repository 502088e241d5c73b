//! The report of two classes.

use super::charts::{edges, histogram, roc_points, short, thin};
use super::{Better, Chart, Metric, Reference, Report, Series, Task};
use crate::metrics::binary::{self as metric, Counts, Operating};
use crate::metrics::{ratio, weight};

/// Predicted probabilities of the positive class against the truth, a value a row.
#[derive(Debug, Clone, Copy)]
pub struct Binary<'a> {
    /// Whether the row is positive.
    pub truth: &'a [bool],
    /// The predicted probability of the positive class.
    pub probability: &'a [f64],
    pub weights: Option<&'a [f64]>,
    pub positive: &'a str,
    pub negative: &'a str,
    /// Which rows count as predicted positive. Metrics that do not depend on it are the ROC AUC, average precision, log
    /// loss and Brier score.
    pub decision: Decision<'a>,
}

/// What decides which rows count as predicted positive.
#[derive(Debug, Clone, Copy)]
pub enum Decision<'a> {
    /// Those with a probability of at least this.
    Threshold(f64),
    /// Those that the model predicted to be, and the threshold it did so by, if not by which class is likelier.
    Made { positive: &'a [bool], threshold: Option<f64> },
}

const CALIBRATION_BINS: usize = 10;
const SCORE_BINS: usize = 20;

/// Metrics at the threshold and over all of them, and the charts that help to choose one.
pub fn binary(input: &Binary) -> Report {
    let predicted: Vec<bool> = match input.decision {
        Decision::Threshold(threshold) => input.probability.iter().map(|p| *p >= threshold).collect(),
        Decision::Made { positive, .. } => positive.to_vec(),
    };
    let counts = Counts::new(input.truth, &predicted, input.weights);
    let points = metric::operating_points(input.truth, input.probability, input.weights);
    let one_class = counts.positive() == 0.0 || counts.negative() == 0.0;
    let how = match input.decision {
        Decision::Threshold(threshold) | Decision::Made { threshold: Some(threshold), .. } => {
            format!("rows with a probability of {} or more count as predicted positive", short(threshold))
        }
        Decision::Made { threshold: None, .. } => "a row is predicted to be of the likelier class".to_owned(),
    };
    let mut notes = vec![format!("\"{}\" is the positive class; {how}.", input.positive)];
    if one_class {
        notes.push("All rows are of one class, so ROC AUC is not defined.".to_owned());
    }
    notes.extend(imbalance(input.positive, &counts));
    let mut metrics = threshold_metrics(&counts);
    metrics.extend(score_metrics(input, &points, one_class));
    Report { task: Task::Binary, metrics, charts: charts(input, &counts, &points), notes }
}

/// Below this share of rows a class counts as rare.
const RARE: f64 = 0.1;
/// An F1 this far below the accuracy makes the accuracy misleading.
const GAP: f64 = 0.4;

/// Part of the note that the accuracy flatters.
pub(super) const FLATTERS: &str = "Predicting the other class always would have an accuracy of";

/// Says that the accuracy flatters, where few rows are positive or the positives are hardly found.
fn imbalance(positive: &str, counts: &Counts) -> Option<String> {
    let share = ratio(counts.positive(), counts.total());
    let rare = share > 0.0 && share < RARE;
    let misleading = counts.positive() > 0.0 && counts.accuracy() - counts.f1() > GAP;
    if !rare && !misleading {
        return None;
    }
    let always_negative = 1.0 - share;
    Some(format!(
        "{:.1} % of the rows are \"{positive}\". {FLATTERS} {}; here it is {}, with an F1 of {}. Look at precision, recall and average precision, balance the class weights of the \
         algorithm, or choose another threshold with Tune threshold.",
        share * 100.0,
        short(always_negative),
        short(counts.accuracy()),
        short(counts.f1())
    ))
}

/// The keys of metrics that say nothing of rows without a positive, or without a negative: by convention they are 0 or
/// 1, which a mean over several tables must not count.
pub(crate) fn undefined_without(positives: bool, negatives: bool) -> &'static [&'static str] {
    match (positives, negatives) {
        (true, true) => &[],
        (true, false) => &["balanced_accuracy", "specificity", "mcc", "kappa", "roc_auc"],
        (false, true) => {
            &["balanced_accuracy", "precision", "recall", "f1", "mcc", "kappa", "roc_auc", "average_precision"]
        }
        (false, false) => {
            &["balanced_accuracy", "accuracy", "precision", "recall", "f1", "specificity", "mcc", "kappa"]
        }
    }
}

fn threshold_metrics(counts: &Counts) -> Vec<Metric> {
    let higher = |key, label, value, help| Metric::new(key, label, value, Better::Higher, help);
    let none_predicted = (counts.predicted_positive() == 0.0).then_some("0, because no row is predicted positive");
    let none_true = (counts.positive() == 0.0).then_some("0, because no row is positive");
    let none_negative = (counts.negative() == 0.0).then_some("0, because no row is negative");
    vec![
        higher("accuracy", "Accuracy", counts.accuracy(), "Share of rows predicted right."),
        higher(
            "balanced_accuracy",
            "Balanced accuracy",
            counts.balanced_accuracy(),
            "Mean of recall and specificity; does not flatter a model that favours the larger class.",
        ),
        higher("precision", "Precision", counts.precision(), "Of the rows predicted positive, the share that is.")
            .noted(none_predicted),
        higher("recall", "Recall", counts.recall(), "Of the positive rows, the share that is predicted so.")
            .noted(none_true),
        higher("f1", "F1", counts.f1(), "Harmonic mean of precision and recall.")
            .noted(none_true.filter(|_| counts.predicted_positive() == 0.0)),
        higher("specificity", "Specificity", counts.specificity(), "Of the negative rows, the share predicted so.")
            .noted(none_negative),
        higher(
            "mcc",
            "Matthews correlation",
            counts.mcc(),
            "Correlation of prediction and truth: 1 is perfect, 0 no better than chance.",
        ),
        higher("kappa", "Cohen's kappa", counts.kappa(), "Agreement of prediction and truth beyond chance."),
    ]
}

fn score_metrics(input: &Binary, points: &[Operating], one_class: bool) -> Vec<Metric> {
    let Binary { truth, probability, weights, .. } = *input;
    let undefined = one_class.then_some("Not defined, because all rows are of one class");
    let none = points.last().is_none_or(|p| p.counts.positive() == 0.0);
    vec![
        Metric::new(
            "roc_auc",
            "ROC AUC",
            metric::roc_auc_of(points),
            Better::Higher,
            "Chance that a positive row scores above a negative one: 1 is perfect, 0.5 is guessing.",
        )
        .noted(undefined),
        Metric::new(
            "average_precision",
            "Average precision",
            metric::average_precision_of(points),
            Better::Higher,
            "Precision averaged over all recalls; tells more than ROC AUC where positives are rare.",
        )
        .noted(none.then_some("0, because no row is positive")),
        Metric::new(
            "log_loss",
            "Log loss",
            metric::log_loss(truth, probability, weights),
            Better::Lower,
            "Mean negative logarithm of the probability given to the truth; punishes confident mistakes.",
        ),
        Metric::new(
            "brier_score",
            "Brier score",
            metric::brier_score(truth, probability, weights),
            Better::Lower,
            "Mean squared difference of probability and truth.",
        ),
    ]
}

fn charts(input: &Binary, counts: &Counts, points: &[Operating]) -> Vec<Chart> {
    let labels = vec![input.negative.to_owned(), input.positive.to_owned()];
    vec![
        roc(input, points),
        precision_recall(input, points, counts),
        Chart::Confusion {
            id: "confusion".to_owned(),
            title: "Confusion matrix".to_owned(),
            labels,
            counts: counts.matrix(),
        },
        calibration(input),
        thresholds(points),
        scores(input),
        gain(points),
        lift(points),
    ]
}

fn curve(id: &str, title: &str, labels: [&str; 2], series: Vec<Series>, reference: Reference) -> Chart {
    let [x_label, y_label] = labels.map(str::to_owned);
    Chart::Curve { id: id.to_owned(), title: title.to_owned(), x_label, y_label, series, reference }
}

fn series(name: &str, points: Vec<[f64; 2]>, note: Option<String>) -> Series {
    Series { name: name.to_owned(), points, note }
}

fn roc(input: &Binary, points: &[Operating]) -> Chart {
    let auc = metric::roc_auc_of(points);
    let note = (!auc.is_nan()).then(|| format!("AUC {}", short(auc)));
    let line = series(input.positive, roc_points(points), note);
    let labels = ["False positive rate", "True positive rate"];
    curve("roc", "ROC curve", labels, vec![line], Reference::Diagonal)
}

fn precision_recall(input: &Binary, points: &[Operating], counts: &Counts) -> Chart {
    // Before the first threshold nothing is predicted; by convention its precision is 1.
    let start = std::iter::once([0.0, 1.0]);
    let line = points.iter().skip(1).map(|p| [p.counts.recall(), p.counts.precision()]);
    let note = format!("AP {}", short(metric::average_precision_of(points)));
    let line = series(input.positive, thin(start.chain(line).collect()), Some(note));
    let share = ratio(counts.positive(), counts.total());
    let labels = ["Recall", "Precision"];
    curve("precision_recall", "Precision and recall", labels, vec![line], Reference::Horizontal(share))
}

/// Mean probability and share of positives, in ten equal bins of probability.
fn calibration(input: &Binary) -> Chart {
    let mut bins = [[0.0f64; 3]; CALIBRATION_BINS];
    for (i, p) in input.probability.iter().enumerate().filter(|(_, p)| p.is_finite()) {
        let bin = &mut bins[((p * CALIBRATION_BINS as f64) as usize).min(CALIBRATION_BINS - 1)];
        let weight = weight(input.weights, i);
        bin[0] += weight;
        bin[1] += weight * p;
        bin[2] += weight * f64::from(input.truth[i]);
    }
    let points = bins.iter().filter(|b| b[0] > 0.0).map(|b| [b[1] / b[0], b[2] / b[0]]).collect();
    let labels = ["Mean predicted probability", "Share of positives"];
    let line = series(input.positive, points, Some("10 equal bins".to_owned()));
    curve("calibration", "Calibration", labels, vec![line], Reference::Diagonal)
}

/// Precision, recall, F1 and accuracy at 101 thresholds from 0 to 1.
fn thresholds(points: &[Operating]) -> Chart {
    let at = |threshold: f64| {
        // Thresholds fall; the last point at or above is the one in force.
        let n = points.partition_point(|p| p.threshold >= threshold);
        points[n.saturating_sub(1)].counts
    };
    let counts: Vec<(f64, Counts)> = (0..=100).map(|i| f64::from(i) / 100.0).map(|t| (t, at(t))).collect();
    let line = |name: &str, value: &dyn Fn(&Counts) -> f64| {
        series(name, counts.iter().map(|(t, c)| [*t, value(c)]).collect(), None)
    };
    let lines = vec![
        line("Precision", &Counts::precision),
        line("Recall", &Counts::recall),
        line("F1", &Counts::f1),
        line("Accuracy", &Counts::accuracy),
    ];
    curve("thresholds", "Metrics by threshold", ["Threshold", "Value"], lines, Reference::None)
}

fn scores(input: &Binary) -> Chart {
    let edges = edges(0.0, 1.0, SCORE_BINS);
    let of = |class: bool| input.probability.iter().copied().enumerate().filter(move |(i, _)| input.truth[*i] == class);
    let series = vec![
        histogram(input.negative, &edges, of(false), input.weights),
        histogram(input.positive, &edges, of(true), input.weights),
    ];
    Chart::Histogram {
        id: "scores".to_owned(),
        title: "Predicted probabilities by true class".to_owned(),
        x_label: format!("Probability of {}", input.positive),
        edges,
        series,
    }
}

/// Share of rows, likeliest first, and the share of all positives among them.
fn gains(points: &[Operating]) -> Vec<[f64; 2]> {
    points.iter().map(|p| [ratio(p.counts.predicted_positive(), p.counts.total()), p.counts.recall()]).collect()
}

fn gain(points: &[Operating]) -> Chart {
    let line = series("Gain", thin(gains(points)), None);
    let labels = ["Share of rows, likeliest first", "Share of positives found"];
    curve("gain", "Cumulative gain", labels, vec![line], Reference::Diagonal)
}

fn lift(points: &[Operating]) -> Chart {
    let lifts =
        gains(points).into_iter().filter(|[share, _]| *share > 0.0).map(|[share, found]| [share, found / share]);
    let line = series("Lift", thin(lifts.collect()), None);
    let labels = ["Share of rows, likeliest first", "Times better than chance"];
    curve("lift", "Lift", labels, vec![line], Reference::Horizontal(1.0))
}
