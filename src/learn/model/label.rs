//! What is predicted.

use super::encode::numbers;
use crate::error::{Error, Result, count, invalid};
use crate::estimator::Estimator;
use crate::fitted::Prediction;
use crate::matrix::Target;
use data::Scalar;
use data::polars::prelude::{Column, DataFrame, DataType, IntoColumn, NamedFrom, Series};
use data::prepare::matching;
use data::schema::{Kind, Schema};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The column that a model predicts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Label {
    pub name: String,
    /// What it held in training.
    pub kind: Kind,
    /// The classes, in the order of the predicted codes; empty for numbers.
    pub classes: Vec<String>,
    /// Of two classes, the one that binary metrics are about.
    pub positive: Option<String>,
    /// From which probability of the positive class it is predicted; none where the likelier class is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
}

/// True values against what a model knows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Truth {
    /// Coded as in training; classes that the model does not know follow those that it does.
    pub target: Target,
    /// The classes that the model does not know, with their rows.
    pub unknown: Vec<(String, usize)>,
}

/// Whether a label is taken as numbers or as classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelAs {
    /// Texts, categories and booleans are classes. Numbers are numbers, unless they are all 0 or 1 or the estimator
    /// only knows classes.
    #[default]
    Auto,
    Number,
    Class,
}

impl Label {
    /// The label of a table, and its values.
    pub(super) fn of(
        frame: &DataFrame,
        name: &str,
        label_as: LabelAs,
        positive: Option<&str>,
        estimator: &Estimator,
    ) -> Result<(Self, Target)> {
        let Ok(column) = frame.column(name) else {
            return Err(Schema::of(frame).missing(name).into());
        };
        let kind = Kind::of(column.dtype());
        if frame.height() == 0 {
            return invalid("There are no rows to learn from.");
        }
        if !is_class(column, kind, label_as, estimator)? {
            let values = numbers(column, "a number to predict")?;
            refuse_missing(name, values.iter().filter(|v| v.is_nan()).count(), values.len())?;
            return Ok((
                Self { name: name.to_owned(), kind, classes: Vec::new(), positive: None, threshold: None },
                Target::Real(values),
            ));
        }
        if kind.is_temporal() || kind == Kind::Other {
            return invalid(format!(
                "The label “{name}” is {}; choose a text, category, boolean or number.",
                kind.phrase()
            ));
        }
        let texts = texts(column, kind)?;
        refuse_missing(name, texts.iter().filter(|t| t.is_none()).count(), texts.len())?;
        let classes = classes(&texts, kind)?;
        let mut label = Self { name: name.to_owned(), kind, classes, positive: None, threshold: None };
        label.positive = label.choose_positive(positive)?;
        let codes = label.codes(&texts)?;
        let classes = label.classes.clone();
        Ok((label, Target::Classes { codes, classes }))
    }

    fn choose_positive(&self, wanted: Option<&str>) -> Result<Option<String>> {
        match (wanted, &self.classes[..]) {
            (Some(wanted), classes) if classes.iter().any(|c| c == wanted) => {
                Ok((classes.len() == 2).then(|| wanted.to_owned()))
            }
            (Some(wanted), classes) => invalid(format!(
                "The label “{}” has no class \"{wanted}\". Its classes are {}.",
                self.name,
                classes.iter().take(10).map(|c| format!("\"{c}\"")).collect::<Vec<_>>().join(", ")
            )),
            (None, [_, second]) => Ok(Some(second.clone())),
            (None, _) => Ok(None),
        }
    }

    fn codes(&self, texts: &[Option<String>]) -> Result<Vec<u32>> {
        let index: HashMap<&str, u32> = self.classes.iter().map(String::as_str).zip(0..).collect();
        let code = |text: &Option<String>| text.as_deref().and_then(|text| index.get(text)).copied();
        // The classes were made of these very texts.
        texts.iter().map(|text| code(text).ok_or_else(|| missing_truth(&self.name))).collect()
    }

    /// The true values of a table, in whatever type it has them. A class that training had not met is no error: the
    /// model is wrong on its rows.
    ///
    /// # Errors
    /// A label that is absent, missing in some rows or of a kind that is no truth for this model.
    pub(super) fn truth(&self, frame: &DataFrame) -> Result<Truth> {
        let Ok(column) = frame.column(&self.name) else {
            return Err(Schema::of(frame).missing(&self.name).into());
        };
        truth(column, self.kind, &self.classes)
    }

    /// Takes this probability of the positive class as the least for which it is predicted.
    ///
    /// # Errors
    /// A label that has not two classes, a threshold that is no probability.
    pub fn set_threshold(&mut self, threshold: f64) -> Result<()> {
        if self.classes.len() != 2 {
            return invalid(format!(
                "A threshold decides between two classes, but the label “{}” has {}. Leave the threshold empty.",
                self.name,
                if self.classes.is_empty() { "numbers".to_owned() } else { count(self.classes.len(), "class") }
            ));
        }
        if !(0.0..=1.0).contains(&threshold) {
            return invalid(format!("The threshold is {threshold}; it must lie between 0 and 1."));
        }
        self.threshold = Some(threshold);
        Ok(())
    }

    /// Decides anew between two classes where a threshold is set.
    pub(super) fn decide(&self, prediction: &mut Prediction) {
        let (Some(threshold), Some(positive)) = (self.threshold, self.positive_code()) else { return };
        if let Prediction::Classes { codes, probabilities } = prediction {
            for (code, pair) in codes.iter_mut().zip(probabilities.chunks_exact(2)) {
                *code = if pair[positive] >= threshold { positive as u32 } else { 1 - positive as u32 };
            }
        }
    }

    /// Position of the positive class.
    pub fn positive_code(&self) -> Option<usize> {
        let positive = self.positive.as_ref()?;
        self.classes.iter().position(|class| class == positive)
    }

    /// Predicted codes as a column of the label's own kind.
    pub(super) fn column(&self, name: &str, codes: &[u32]) -> Column {
        let class = |code: &u32| self.classes[*code as usize].as_str();
        let name = name.into();
        match self.kind {
            Kind::Boolean => Series::new(name, codes.iter().map(|c| class(c) == "true").collect::<Vec<_>>()),
            Kind::Integer => Series::new(name, codes.iter().map(|c| class(c).parse::<i64>().ok()).collect::<Vec<_>>()),
            Kind::Real => Series::new(name, codes.iter().map(|c| class(c).parse::<f64>().ok()).collect::<Vec<_>>()),
            _ => Series::new(name, codes.iter().map(class).collect::<Vec<_>>()),
        }
        .into_column()
    }
}

fn is_class(column: &Column, kind: Kind, label_as: LabelAs, estimator: &Estimator) -> Result<bool> {
    Ok(match (label_as, estimator) {
        (LabelAs::Number, _) => false,
        (LabelAs::Class, _) | (_, Estimator::LogisticRegression(_)) => true,
        (_, Estimator::LinearRegression(_)) => false,
        _ if kind.is_numeric() => {
            let values = numbers(column, "a number")?;
            values.contains(&0.0)
                && values.contains(&1.0)
                && values.iter().all(|v| *v == 0.0 || *v == 1.0 || v.is_nan())
        }
        _ => true,
    })
}

fn missing_truth(name: &str) -> Error {
    Error::Invalid(format!(
        "The label “{name}” is missing in some rows. Remove those rows with \"Clean missing data\"."
    ))
}

/// True values in a column of any kind, for a label that held `kind` in training and has these classes, or numbers.
pub(super) fn truth(column: &Column, kind: Kind, classes: &[String]) -> Result<Truth> {
    if classes.is_empty() {
        let values = numbers(column, "a number to compare with")?;
        refuse_missing(column.name(), values.iter().filter(|v| v.is_nan()).count(), values.len())?;
        return Ok(Truth { target: Target::Real(values), unknown: Vec::new() });
    }
    let mut all = classes.to_vec();
    let mut unknown: Vec<(String, usize)> = Vec::new();
    let mut met: HashMap<String, u32> = HashMap::new();
    let mut codes = Vec::with_capacity(column.len());
    for row in 0..column.len() {
        let value = column.get(row)?;
        let scalar = Scalar::from_any(&value).filter(|scalar| !matches!(scalar, Scalar::Real(v) if v.is_nan()));
        let Some(scalar) = scalar else { return Err(missing_truth(column.name())) };
        let plain = scalar.to_string();
        let code = match met.get(&plain) {
            Some(code) => *code,
            None => {
                let class = matching(classes, &scalar, kind);
                let at = class.and_then(|class| classes.iter().position(|known| known == class));
                let code = at.unwrap_or_else(|| {
                    all.push(plain.clone());
                    unknown.push((plain.clone(), 0));
                    all.len() - 1
                }) as u32;
                met.insert(plain, code);
                code
            }
        };
        if let Some((_, rows)) = (code as usize).checked_sub(classes.len()).and_then(|at| unknown.get_mut(at)) {
            *rows += 1;
        }
        codes.push(code);
    }
    Ok(Truth { target: Target::Classes { codes, classes: all }, unknown })
}

fn refuse_missing(name: &str, missing: usize, rows: usize) -> Result<()> {
    if missing == 0 {
        return Ok(());
    }
    invalid(format!(
        "The label “{name}” is missing in {missing} of {}. Remove those rows with \"Clean missing data\" first.",
        count(rows, "row")
    ))
}

/// Values as class names; whole numbers without a fraction.
pub(super) fn texts(column: &Column, kind: Kind) -> Result<Vec<Option<String>>> {
    if kind == Kind::Real {
        let cast = column.cast(&DataType::Float64)?;
        let text = |v: f64| {
            if v.is_nan() { None } else { Some(v.to_string()) }
        };
        return Ok(cast.f64()?.iter().map(|v| v.and_then(text)).collect());
    }
    let cast = column.cast(&DataType::String)?;
    Ok(cast.str()?.iter().map(|text| text.map(str::to_owned)).collect())
}

/// At most this many classes; a label of more is not one of classes.
const MAX_CLASSES: usize = 1000;

fn classes(texts: &[Option<String>], kind: Kind) -> Result<Vec<String>> {
    let mut classes: Vec<String> =
        texts.iter().flatten().collect::<std::collections::BTreeSet<_>>().into_iter().cloned().collect();
    if classes.len() > MAX_CLASSES {
        return invalid(format!(
            "The label has {} different values, which are too many classes. Use an estimator for numbers, or another \
             label.",
            classes.len()
        ));
    }
    if kind.is_numeric() {
        let value = |text: &String| text.parse::<f64>().unwrap_or(f64::NAN);
        classes.sort_by(|a, b| value(a).total_cmp(&value(b)));
    }
    Ok(classes)
}
