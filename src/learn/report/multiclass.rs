//! The report of several classes.

use super::charts::{roc_points, short};
use super::{Better, Chart, Metric, Reference, Report, Series, TableRow, Task};
use crate::metrics::binary::operating_points;
use crate::metrics::multiclass::{self as metric, Average, ClassScores};

/// Predicted classes and probabilities against the truth, a value a row.
#[derive(Debug, Clone, Copy)]
pub struct Multiclass<'a> {
    pub truth: &'a [u32],
    pub predicted: &'a [u32],
    /// Rows x classes.
    pub probabilities: &'a [f64],
    pub classes: &'a [String],
    pub weights: Option<&'a [f64]>,
}

/// ROC curves of the largest classes only, if there are more than this.
const ROC_CLASSES: usize = 10;

pub fn multiclass(input: &Multiclass) -> Report {
    let confusion = metric::confusion(input.truth, input.predicted, input.classes.len(), input.weights);
    let scores = metric::per_class(&confusion);
    let areas = metric::roc_auc_per_class(input.truth, input.probabilities, input.classes.len(), input.weights);
    let mut notes = Vec::new();
    let never: Vec<&str> = named(input, |k| scores[k].support > 0.0 && confusion.iter().all(|row| row[k] == 0.0));
    if !never.is_empty() {
        notes.push(format!("Never predicted, so of precision 0: {}.", never.join(", ")));
    }
    let absent: Vec<&str> = named(input, |k| areas[k].is_nan());
    if !absent.is_empty() {
        notes.push(format!("Left out of the ROC AUC, as no or all rows are of the class: {}.", absent.join(", ")));
    }
    if input.classes.len() > ROC_CLASSES {
        notes.push(format!("ROC curves are drawn for the {ROC_CLASSES} largest classes."));
    }
    let metrics = metrics(input, &confusion, &scores, &areas);
    let charts = vec![
        Chart::Confusion {
            id: "confusion".to_owned(),
            title: "Confusion matrix".to_owned(),
            labels: input.classes.to_vec(),
            counts: confusion,
        },
        roc(input, &scores, &areas),
        table(input, &scores, &areas),
    ];
    Report { task: Task::Multiclass, metrics, charts, notes }
}

fn named<'a>(input: &Multiclass<'a>, keep: impl Fn(usize) -> bool) -> Vec<&'a str> {
    (0..input.classes.len()).filter(|&k| keep(k)).map(|k| input.classes[k].as_str()).collect()
}

fn metrics(input: &Multiclass, confusion: &[Vec<f64>], scores: &[ClassScores], areas: &[f64]) -> Vec<Metric> {
    let Multiclass { truth, probabilities, classes, weights, .. } = *input;
    let higher = |key: &str, label: &str, value, help: &str| Metric::new(key, label, value, Better::Higher, help);
    let accuracy = metric::accuracy(confusion);
    let mut metrics = vec![
        higher("accuracy", "Accuracy", accuracy, "Share of rows predicted right."),
        higher(
            "balanced_accuracy",
            "Balanced accuracy",
            metric::balanced_accuracy(confusion),
            "Mean recall of the classes; does not flatter a model that favours the larger ones.",
        ),
    ];
    let macro_help = "Averaged over the classes, each counting the same.";
    let weighted_help = "Averaged over the classes, each counting by its rows.";
    let micro_help = "Over all rows together; for one class a row it equals the accuracy.";
    type Score = fn(&ClassScores) -> f64;
    let kinds: [(&str, &str, Score); 3] =
        [("precision", "precision", |s| s.precision), ("recall", "recall", |s| s.recall), ("f1", "F1", |s| s.f1)];
    for (key, label, score) in kinds {
        let of = |average| metric::average(scores, average, score);
        metrics.push(higher(&format!("{key}_macro"), &format!("Macro {label}"), of(Average::Macro), macro_help));
        let weighted = of(Average::Weighted);
        metrics.push(higher(&format!("{key}_weighted"), &format!("Weighted {label}"), weighted, weighted_help));
        metrics.push(higher(&format!("{key}_micro"), &format!("Micro {label}"), accuracy, micro_help));
    }
    let defined: Vec<f64> = areas.iter().copied().filter(|a| !a.is_nan()).collect();
    let k = 2.min(classes.len());
    let top_k = metric::top_k_accuracy(truth, probabilities, classes.len(), k, weights);
    metrics.extend([
        higher(
            "roc_auc_macro",
            "ROC AUC (one against rest)",
            defined.iter().sum::<f64>() / defined.len() as f64,
            "Mean over the classes of the chance that a row of the class scores above another.",
        ),
        Metric::new(
            "log_loss",
            "Log loss",
            metric::log_loss(truth, probabilities, classes.len(), weights),
            Better::Lower,
            "Mean negative logarithm of the probability given to the truth; punishes confident mistakes.",
        ),
        higher("kappa", "Cohen's kappa", metric::kappa(confusion), "Agreement of prediction and truth beyond chance."),
        higher(
            "mcc",
            "Matthews correlation",
            metric::mcc(confusion),
            "Correlation of prediction and truth: 1 is perfect, 0 no better than chance.",
        ),
        higher("top_2_accuracy", "Top-2 accuracy", top_k, "Share of rows whose class is among the two likeliest."),
    ]);
    metrics
}

fn roc(input: &Multiclass, scores: &[ClassScores], areas: &[f64]) -> Chart {
    let mut shown: Vec<usize> = (0..input.classes.len()).filter(|&k| !areas[k].is_nan()).collect();
    shown.sort_by(|&a, &b| scores[b].support.total_cmp(&scores[a].support));
    shown.truncate(ROC_CLASSES);
    shown.sort_unstable();
    let series = shown.into_iter().map(|k| {
        let (is, likely) = metric::one_against_others(input.truth, input.probabilities, input.classes.len(), k);
        let points = roc_points(&operating_points(&is, &likely, input.weights));
        Series { name: input.classes[k].clone(), points, note: Some(format!("AUC {}", short(areas[k]))) }
    });
    Chart::Curve {
        id: "roc".to_owned(),
        title: "ROC curves, one against rest".to_owned(),
        x_label: "False positive rate".to_owned(),
        y_label: "True positive rate".to_owned(),
        series: series.collect(),
        reference: Reference::Diagonal,
    }
}

fn table(input: &Multiclass, scores: &[ClassScores], areas: &[f64]) -> Chart {
    let rows = scores.iter().zip(areas).zip(input.classes).map(|((s, area), class)| TableRow {
        label: class.clone(),
        values: vec![s.precision, s.recall, s.f1, *area, s.support],
    });
    Chart::Table {
        id: "classes".to_owned(),
        title: "Classes".to_owned(),
        columns: ["Precision", "Recall", "F1", "ROC AUC", "Rows"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}
