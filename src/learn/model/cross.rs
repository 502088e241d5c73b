//! Cross-validation of tables.

use super::encode;
use super::evaluate::codes_of;
use super::label::Label;
use super::train::TrainOptions;
use crate::error::{Result, invalid};
use crate::estimator::{Estimator, fit};
use crate::matrix::Target;
use crate::observer::Observer;
use crate::report::Options;
use crate::validate::{CrossValidation, Fold, FoldOutcome, Folds, Scheme, cross_validate_by};
use data::polars::prelude::{DataFrame, DataType, IdxCa, IdxSize, NewChunkedArray};
use data::schema::{Kind, Role, Schema};

/// The rows of one fold, as a model is to see them.
#[derive(Debug, Clone)]
pub struct FoldTables {
    pub train: DataFrame,
    pub test: DataFrame,
}

/// Where the rows of a fold come from. Whatever was learnt from rows on their way to the table must be learnt anew from
/// the fold's training rows: it must not have seen the test rows.
pub trait FoldRows: Sync {
    /// The training and the test rows of a fold, in its order.
    ///
    /// # Errors
    /// When a step of the preparation cannot be fitted on the training rows.
    fn tables(&self, fold: &Fold) -> Result<FoldTables>;

    /// By row, the row that it is a copy of, where rows may come more than once: copies of a row must not be divided.
    fn origins(&self) -> Option<&[usize]> {
        None
    }
}

/// The rows of a table that nothing was fitted on.
pub struct TableFolds<'a>(pub &'a DataFrame);

impl FoldRows for TableFolds<'_> {
    fn tables(&self, fold: &Fold) -> Result<FoldTables> {
        let take = |rows: &[usize]| -> Result<DataFrame> {
            let rows = IdxCa::from_iter_values("".into(), rows.iter().map(|&row| row as IdxSize));
            Ok(self.0.take(&rows)?)
        };
        Ok(FoldTables { train: take(&fold.train)?, test: take(&fold.test)? })
    }
}

/// Cross-validates an estimator. `frame` has the labels, groups and times of all rows; `rows` gives each fold what to
/// train and test on. `by` names the column of grouped folds or of time series folds.
///
/// # Errors
/// A sentence for a table that the estimator cannot learn from, or that cannot be divided so.
pub fn cross_validate(
    estimator: &Estimator,
    frame: &DataFrame,
    rows: &dyn FoldRows,
    options: &TrainOptions,
    folds: &Folds,
    by: Option<&str>,
    observer: &dyn Observer,
) -> Result<CrossValidation> {
    if estimator.is_clustering() {
        return invalid("Clustering has no label to test against, so it cannot be cross-validated.");
    }
    let mut options = options.clone();
    let mut groups = None;
    let mut time = None;
    if let Some(name) = by {
        // What divides the rows must not be learnt from.
        options.roles.insert(name.to_owned(), Role::Ignore);
        match folds.scheme {
            Scheme::Group => groups = Some(codes_of(frame, name)?),
            Scheme::TimeSeries => time = Some(times(frame, name)?),
            Scheme::Auto | Scheme::KFold | Scheme::Stratified => {}
        }
    }
    let Some(name) = options.label_name(frame) else {
        return invalid(format!("{} needs a label to learn from. Choose the column to predict.", estimator.title()));
    };
    let (label, target) = options.label_of(frame, &name, estimator)?;
    let folds = match rows.origins().and_then(first_copies) {
        None => folds.split(frame.height(), Some(&target), groups.as_deref(), time.as_deref())?,
        Some(copies) => {
            let firsts = &copies.firsts;
            let groups = groups.map(|groups| firsts.iter().map(|&row| groups[row]).collect::<Vec<_>>());
            let time = time.map(|time| firsts.iter().map(|&row| time[row]).collect::<Vec<_>>());
            let some = folds.split(firsts.len(), Some(&target.take(firsts)), groups.as_deref(), time.as_deref())?;
            some.iter().map(|fold| copies.all(fold)).collect()
        }
    };

    let judged = Judged { estimator, options: &options, label: &label, rows };
    let report = Options { positive: label.positive_code(), decided_at: label.threshold, ..Options::default() };
    cross_validate_by(&folds, &target, &report, observer, |fold, observer| judged.score(fold, observer))
}

/// Rows of which some are copies of others.
struct Copies {
    /// The first row of each origin, in order.
    firsts: Vec<usize>,
    /// By first row (its position in `firsts`), all rows of its origin.
    copies: Vec<Vec<usize>>,
}

impl Copies {
    /// The fold of first rows with all their copies.
    fn all(&self, fold: &Fold) -> Fold {
        let all = |firsts: &[usize]| firsts.iter().flat_map(|&at| self.copies[at].iter().copied()).collect();
        Fold { train: all(&fold.train), test: all(&fold.test) }
    }
}

/// None where no row is a copy of another.
fn first_copies(origins: &[usize]) -> Option<Copies> {
    let mut position = std::collections::HashMap::new();
    let mut found = Copies { firsts: Vec::new(), copies: Vec::new() };
    for (row, origin) in origins.iter().enumerate() {
        let at = *position.entry(*origin).or_insert_with(|| {
            found.firsts.push(row);
            found.copies.push(Vec::new());
            found.copies.len() - 1
        });
        found.copies[at].push(row);
    }
    (found.firsts.len() < origins.len()).then_some(found)
}

/// What every fold trains and tests.
struct Judged<'a> {
    estimator: &'a Estimator,
    options: &'a TrainOptions,
    label: &'a Label,
    rows: &'a dyn FoldRows,
}

impl Judged<'_> {
    fn score(&self, fold: &Fold, observer: &dyn Observer) -> Result<FoldOutcome> {
        let FoldTables { train, test } = self.rows.tables(fold)?;
        let weight = self.options.weight_name(&train);
        let features = self.options.choose_features(&train, Some(&self.label.name), weight.as_deref())?;
        if features.is_empty() {
            return invalid("There are no features to learn from. Keep at least one column besides the label.");
        }
        let weights = |frame: &DataFrame| weight.as_ref().map(|name| encode::weights(frame, name)).transpose();

        let y = self.truth(&train)?;
        let x = encode::matrix(&features, &train)?;
        encode::refuse_missing(&features, &x, self.estimator)?;
        let fitted = fit(self.estimator, &x, Some(&y), weights(&train)?.as_deref(), observer)?;

        let mut prediction = fitted.predict(&encode::matrix(&features, &test)?)?;
        self.label.decide(&mut prediction);
        Ok(FoldOutcome { truth: self.truth(&test)?, prediction, weights: weights(&test)? })
    }

    /// The labels of a fold's rows, coded alike in all folds.
    fn truth(&self, frame: &DataFrame) -> Result<Target> {
        let truth = self.label.truth(frame)?;
        match truth.unknown.first() {
            None => Ok(truth.target),
            Some((class, _)) => invalid(format!(
                "A step before the cross-validation makes the label \"{class}\" of some folds' rows, which it does not \
                 make of all rows together. Make the label before anything that learns from rows.",
            )),
        }
    }
}

/// A column as points in time, or any numbers.
fn times(frame: &DataFrame, name: &str) -> Result<Vec<f64>> {
    let column = frame.column(name).map_err(|_| Schema::of(frame).missing(name))?;
    if Kind::of(column.dtype()).is_temporal() {
        let ticks = column.cast(&DataType::Int64)?.cast(&DataType::Float64)?;
        return Ok(ticks.f64()?.iter().map(|v| v.unwrap_or(f64::NAN)).collect());
    }
    encode::numbers(column, "a date, a time or a number")
}
