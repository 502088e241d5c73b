//! Reports of predictions that were made elsewhere: by a script, or read from a file.

use super::evaluate::EvaluateOptions;
use super::label::{texts, truth};
use super::{ScoredClass, ScoredColumns, report_of_scored};
use crate::error::{Result, invalid};
use crate::report::{Chart, Report, Task};
use data::polars::prelude::{Column, DataFrame, IntoColumn, NamedFrom, Series};
use data::schema::{Kind, Schema};
use std::collections::BTreeSet;

/// The columns of predictions that no model of ours made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PredictionColumns {
    /// Predicted numbers or classes.
    pub prediction: Option<String>,
    /// Predicted probabilities of the positive class.
    pub probability: Option<String>,
}

/// Keys of metrics and ids of charts that need no probabilities.
const WITHOUT_PROBABILITIES: [&str; 2] = ["confusion", "classes"];
const OF_PROBABILITIES: [&str; 6] =
    ["roc_auc", "average_precision", "log_loss", "brier_score", "roc_auc_macro", "top_2_accuracy"];

/// The report of predictions in columns that a person chose.
///
/// # Errors
/// Columns that are not there or do not fit the label; probabilities that are none.
pub fn report_of_columns(frame: &DataFrame, columns: &PredictionColumns, options: &EvaluateOptions) -> Result<Report> {
    let schema = Schema::of(frame);
    let Some(label) = &options.label else {
        return invalid("The truth is needed to compare predictions with. Choose the label column.");
    };
    let find = |name: &String| frame.column(name).map_err(|_| crate::Error::from(schema.missing(name)));
    let label_column = find(label)?;
    let prediction = columns.prediction.as_ref().map(find).transpose()?;
    let probability = columns.probability.as_ref().map(find).transpose()?;
    let kind = Kind::of(label_column.dtype());
    if let (Some(prediction), None) = (prediction, probability)
        && kind.is_numeric()
        && Kind::of(prediction.dtype()).is_numeric()
        && !is_zero_or_one(label_column)?
    {
        let scored = ScoredColumns {
            task: Task::Regression,
            predicted: prediction.name().to_string(),
            label_kind: Some(kind),
            ..ScoredColumns::of_classes(label, kind, Vec::new())
        };
        return report_of_scored(frame, &scored, options);
    }
    let classes = classes(label_column, prediction, kind)?;
    classified(frame, prediction, probability, &ScoredColumns::of_classes(label, kind, classes), options)
}

fn is_zero_or_one(column: &Column) -> Result<bool> {
    let values = super::encode::numbers(column, "a number")?;
    Ok(values.iter().all(|value| *value == 0.0 || *value == 1.0 || value.is_nan()))
}

/// The classes of the truth and of the predictions.
fn classes(label: &Column, prediction: Option<&Column>, kind: Kind) -> Result<Vec<String>> {
    let of_label: BTreeSet<String> = texts(label, kind)?.into_iter().flatten().collect();
    let mut classes: Vec<String> = of_label.into_iter().collect();
    if kind.is_numeric() {
        let value = |text: &String| text.parse::<f64>().unwrap_or(f64::NAN);
        classes.sort_by(|a, b| value(a).total_cmp(&value(b)));
    }
    if let Some(prediction) = prediction {
        // Predicted classes that no row has.
        let more = truth(prediction, kind, &classes)?.unknown;
        classes.extend(more.into_iter().map(|(class, _)| class));
    }
    Ok(classes)
}

/// The report of predicted classes: by their probabilities, or by themselves.
fn classified(
    frame: &DataFrame,
    prediction: Option<&Column>,
    probability: Option<&Column>,
    scored: &ScoredColumns,
    options: &EvaluateOptions,
) -> Result<Report> {
    let classes = scored.class_names();
    let mut table = frame.clone();
    let mut options = options.clone();
    if let Some(probability) = probability {
        let [first, second] = &classes[..] else {
            return invalid("A probability column is about two classes, but the label has other ones as well.");
        };
        let positive = options.positive.clone().unwrap_or_else(|| second.clone());
        let values = super::encode::numbers(probability, "a probability")?;
        if let Some(wrong) = values.iter().find(|value| !(0.0..=1.0).contains(*value)) {
            return invalid(format!(
                "The column “{}” has the value {wrong}, which is no probability. Choose a column of numbers from 0 to 1.",
                probability.name()
            ));
        }
        for class in [first, second] {
            let own: Vec<f64> = values.iter().map(|p| if *class == positive { *p } else { 1.0 - p }).collect();
            table.with_column(Series::new(hidden(class).as_str().into(), own).into_column())?;
        }
        if prediction.is_none() {
            let negative = if *first == positive { second } else { first };
            let predicted: Vec<&String> = values.iter().map(|p| if *p > 0.5 { &positive } else { negative }).collect();
            let predicted: Vec<&str> = predicted.into_iter().map(String::as_str).collect();
            table.with_column(Series::new(hidden("").as_str().into(), predicted).into_column())?;
        }
        options.positive = Some(positive);
    }
    let decided = match prediction {
        Some(prediction) => prediction.clone().with_name(hidden("").as_str().into()),
        None => table.column(&hidden(""))?.clone(),
    };
    if probability.is_none() {
        let crate::matrix::Target::Classes { codes, .. } =
            truth(&decided, scored.label_kind.unwrap_or(Kind::Text), &classes)?.target
        else {
            return invalid("The predictions and the label are of different kinds, so they cannot be compared.");
        };
        for (at, class) in classes.iter().enumerate() {
            let certain: Vec<f64> = codes.iter().map(|code| f64::from(u8::from(*code as usize == at))).collect();
            table.with_column(Series::new(hidden(class).as_str().into(), certain).into_column())?;
        }
    }
    table.with_column(decided)?;
    let mut report = report_of_scored(&table, scored, &options)?;
    if probability.is_none() {
        report.metrics.retain(|metric| !OF_PROBABILITIES.contains(&metric.key.as_str()));
        report.charts.retain(|chart: &Chart| WITHOUT_PROBABILITIES.contains(&chart.id()));
        report.notes.push(
            "Only predicted classes are known, so metrics and charts of probabilities, such as the ROC AUC, are left out."
                .to_owned(),
        );
    }
    Ok(report)
}

/// The name of a column that holds a class's probabilities while they are judged.
fn hidden(class: &str) -> String {
    format!("\u{0}{class}")
}

impl ScoredColumns {
    fn of_classes(label: &str, kind: Kind, classes: Vec<String>) -> Self {
        let scored = |class: String| ScoredClass { probability: hidden(&class), class };
        Self {
            task: if classes.len() == 2 { Task::Binary } else { Task::Multiclass },
            predicted: hidden(""),
            distance: None,
            clustered: Vec::new(),
            label: Some(label.to_owned()),
            label_kind: Some(kind),
            classes: classes.into_iter().map(scored).collect(),
            positive: None,
            threshold: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> DataFrame {
        data::polars::df!(
            "y" => ["a", "b", "b", "a"],
            "guess" => ["a", "b", "a", "a"],
            "p" => [0.1, 0.9, 0.4, 0.2],
            "n" => [1.0, 2.0, 3.0, 4.5],
            "m" => [1.0, 2.0, 3.0, 4.0],
        )
        .unwrap()
    }

    fn columns(prediction: Option<&str>, probability: Option<&str>) -> PredictionColumns {
        PredictionColumns { prediction: prediction.map(Into::into), probability: probability.map(Into::into) }
    }

    fn options(label: &str) -> EvaluateOptions {
        EvaluateOptions { label: Some(label.into()), ..EvaluateOptions::default() }
    }

    #[test]
    fn classes_probabilities_and_numbers_of_others_are_judged() {
        let classes = report_of_columns(&frame(), &columns(Some("guess"), None), &options("y")).unwrap();
        assert_eq!((classes.value("accuracy"), classes.value("recall")), (Some(0.75), Some(0.5)));
        assert!(classes.value("roc_auc").is_none() && classes.chart("roc").is_none());
        let probable = report_of_columns(&frame(), &columns(None, Some("p")), &options("y")).unwrap();
        assert_eq!((probable.value("accuracy"), probable.value("roc_auc")), (Some(0.75), Some(1.0)));
        let positive = EvaluateOptions { positive: Some("a".into()), ..options("y") };
        let turned = report_of_columns(&frame(), &columns(None, Some("p")), &positive).unwrap();
        assert_eq!(turned.value("roc_auc"), Some(0.0));
        let numbers = report_of_columns(&frame(), &columns(Some("m"), None), &options("n")).unwrap();
        assert_eq!((numbers.task, numbers.value("mean_absolute_error").is_some()), (Task::Regression, true));
        let wrong = report_of_columns(&frame(), &columns(None, Some("n")), &options("y")).unwrap_err().to_string();
        assert!(wrong.contains("has the value 2, which is no probability"), "{wrong}");
    }
}
