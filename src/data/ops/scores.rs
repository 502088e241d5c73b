//! How much each feature says about a label, one by one.

use std::collections::HashMap;

use polars::prelude::{Column, DataFrame, DataType};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::ranks::{kendall, pearson, spearman};
use super::special::{chi_squared_upper, f_upper, normal_two_sided, t_two_sided};
use crate::error::{Error, Result};
use crate::prepare::quantile;
use crate::schema::{Kind, Schema};

/// Different values up to which a number counts as a category for mutual
/// information; beyond, it is cut into [`BINS`] bins.
const CATEGORIES: usize = 20;
/// Bins of about equal count for mutual information.
const BINS: usize = 10;

/// A measure of how much a feature says about a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Score {
    /// Pearson's correlation of two numbers.
    Pearson,
    /// Spearman's rank correlation.
    Spearman,
    /// Kendall's τ-b, with the p-value of the normal approximation.
    Kendall,
    /// Mutual information in nats; a number of more than 20 different values is cut
    /// into ten bins of about equal count.
    MutualInformation,
    /// χ²: of a non-negative number as scikit-learn's `chi2`, of a category the test
    /// of independence.
    ChiSquared,
    /// The F of a one-way analysis of variance (`f_classif`).
    AnovaF,
    /// Fisher score: variance between classes over variance within.
    Fisher,
}

impl Score {
    /// Every score, in the order that choosers show.
    pub const ALL: [Self; 7] = [
        Self::Pearson,
        Self::Spearman,
        Self::Kendall,
        Self::MutualInformation,
        Self::ChiSquared,
        Self::AnovaF,
        Self::Fisher,
    ];

    /// The name a person sees.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pearson => "Pearson correlation",
            Self::Spearman => "Spearman correlation",
            Self::Kendall => "Kendall correlation",
            Self::MutualInformation => "Mutual information",
            Self::ChiSquared => "Chi-squared",
            Self::AnovaF => "ANOVA F",
            Self::Fisher => "Fisher score",
        }
    }
}

/// The score of one feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureScore {
    /// The feature.
    pub feature: String,
    /// Its score; `None` where it is not defined, as for a constant.
    pub score: Option<f64>,
    /// How likely such a score is by chance, where a test is known.
    pub p_value: Option<f64>,
}

impl FeatureScore {
    /// What to order by: larger says more, undefined least.
    pub fn strength(&self) -> f64 {
        self.score.map_or(f64::NEG_INFINITY, f64::abs)
    }
}

/// Scores each feature against the label, in the given order. Rows in which
/// either is missing are left out, feature by feature.
///
/// # Errors
/// A missing column, or one whose kind the score cannot use.
pub fn feature_scores(frame: &DataFrame, features: &[String], label: &str, score: Score) -> Result<Vec<FeatureScore>> {
    let label = column(frame, label)?;
    features
        .par_iter()
        .map(|name| {
            let feature = column(frame, name)?;
            let (value, p_value) = one(feature, label, score)?.unzip();
            let p_value = p_value.filter(|p: &f64| p.is_finite());
            Ok(FeatureScore { feature: name.clone(), score: value, p_value })
        })
        .collect()
}

fn column<'a>(frame: &'a DataFrame, name: &str) -> Result<&'a Column> {
    frame.column(name).map_err(|_| Schema::of(frame).missing(name))
}

/// A score with its p-value (NaN where there is none).
fn one(feature: &Column, label: &Column, score: Score) -> Result<Option<(f64, f64)>> {
    match score {
        Score::Pearson | Score::Spearman | Score::Kendall => {
            let pairs = paired(&numbers(feature)?, &numbers(label)?);
            Ok(correlation(&pairs, score))
        }
        Score::MutualInformation => {
            let pairs = paired(&codes(feature, true)?, &codes(label, true)?);
            Ok(mutual_information(&pairs).map(|information| (information, f64::NAN)))
        }
        Score::ChiSquared if !is_number(feature) => {
            Ok(independence(&paired(&codes(feature, false)?, &codes(label, false)?)))
        }
        Score::ChiSquared => {
            let pairs = paired(&numbers(feature)?, &codes(label, false)?);
            if pairs.iter().any(|(value, _)| *value < 0.0) {
                return Err(Error::invalid(format!(
                    "Chi-squared needs numbers that are not negative, but “{}” has some. Scale it \
                     from 0 to 1, or choose another score.",
                    feature.name()
                )));
            }
            Ok(chi_squared(&pairs))
        }
        Score::AnovaF | Score::Fisher => Ok(variance(&paired(&numbers(feature)?, &codes(label, false)?), score)),
    }
}

fn is_number(column: &Column) -> bool {
    let kind = Kind::of(column.dtype());
    kind.is_numeric() || kind == Kind::Boolean
}

fn numbers(column: &Column) -> Result<Vec<Option<f64>>> {
    if !is_number(column) {
        return Err(Error::WrongKind {
            name: column.name().to_string(),
            found: Kind::of(column.dtype()).phrase().to_owned(),
            needed: "a number".to_owned(),
        });
    }
    let reals = column.cast(&DataType::Float64)?;
    Ok(reals.f64()?.iter().map(|value| value.filter(|value| value.is_finite())).collect())
}

/// Values as small whole numbers; with `bin` a number of many values by its bin.
fn codes(column: &Column, bin: bool) -> Result<Vec<Option<u32>>> {
    if is_number(column) && (bin || column.dtype().is_float()) {
        let numbers = numbers(column)?;
        let mut sorted: Vec<f64> = numbers.iter().flatten().copied().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let distinct = sorted.chunk_by(|left, right| left == right).count();
        if bin && distinct > CATEGORIES {
            let inner: Vec<f64> = (1..BINS).map(|bin| quantile(&sorted, bin as f64 / BINS as f64)).collect();
            let place = |value: f64| inner.partition_point(|&edge| edge <= value) as u32;
            return Ok(numbers.into_iter().map(|value| value.map(place)).collect());
        }
        sorted.dedup();
        let place = |value: f64| sorted.partition_point(|&held| held < value) as u32;
        return Ok(numbers.into_iter().map(|value| value.map(place)).collect());
    }
    let texts = column.cast(&DataType::String)?;
    let mut index: HashMap<String, u32> = HashMap::new();
    let codes = texts.str()?.iter().map(|text| {
        let text = text?;
        if let Some(&code) = index.get(text) {
            return Some(code);
        }
        let code = index.len() as u32;
        index.insert(text.to_owned(), code);
        Some(code)
    });
    Ok(codes.collect())
}

fn paired<A: Copy, B: Copy>(left: &[Option<A>], right: &[Option<B>]) -> Vec<(A, B)> {
    left.iter().zip(right).filter_map(|(left, right)| Some(((*left)?, (*right)?))).collect()
}

fn correlation(pairs: &[(f64, f64)], score: Score) -> Option<(f64, f64)> {
    if score == Score::Kendall {
        return kendall(pairs).map(|(tau, z)| (tau, normal_two_sided(z)));
    }
    let r = if score == Score::Pearson { pearson(pairs)? } else { spearman(pairs)? };
    let df = pairs.len() as f64 - 2.0;
    if df <= 0.0 {
        return Some((r, f64::NAN));
    }
    let t = r * (df / ((1.0 - r) * (1.0 + r)).max(0.0)).sqrt();
    Some((r, t_two_sided(t, df)))
}

/// How often each pair, and each side of it, occurs.
struct Contingency {
    cells: HashMap<(u32, u32), f64>,
    rows: HashMap<u32, f64>,
    columns: HashMap<u32, f64>,
    total: f64,
}

fn contingency(pairs: &[(u32, u32)]) -> Contingency {
    let mut table =
        Contingency { cells: HashMap::new(), rows: HashMap::new(), columns: HashMap::new(), total: pairs.len() as f64 };
    for &(row, column) in pairs {
        *table.cells.entry((row, column)).or_default() += 1.0;
        *table.rows.entry(row).or_default() += 1.0;
        *table.columns.entry(column).or_default() += 1.0;
    }
    table
}

fn mutual_information(pairs: &[(u32, u32)]) -> Option<f64> {
    let table = contingency(pairs);
    let mut terms: Vec<f64> = table
        .cells
        .iter()
        .map(|((row, column), &count)| {
            let expected = table.rows[row] * table.columns[column] / table.total;
            count / table.total * (count / expected).ln()
        })
        .collect();
    // A fixed order of addition, since hash maps have none.
    terms.sort_unstable_by(f64::total_cmp);
    (!pairs.is_empty()).then(|| terms.iter().sum::<f64>().max(0.0))
}

/// Pearson's test of independence.
fn independence(pairs: &[(u32, u32)]) -> Option<(f64, f64)> {
    let table = contingency(pairs);
    let df = (table.rows.len() as f64 - 1.0) * (table.columns.len() as f64 - 1.0);
    if df <= 0.0 {
        return None;
    }
    let mut terms = Vec::with_capacity(table.rows.len() * table.columns.len());
    for (row, in_row) in &table.rows {
        for (column, in_column) in &table.columns {
            let expected = in_row * in_column / table.total;
            let observed = table.cells.get(&(*row, *column)).copied().unwrap_or(0.0);
            terms.push((observed - expected).powi(2) / expected);
        }
    }
    terms.sort_unstable_by(f64::total_cmp);
    let statistic = terms.iter().sum();
    Some((statistic, chi_squared_upper(statistic, df)))
}

/// Values of each class.
fn classes(pairs: &[(f64, u32)]) -> Vec<Vec<f64>> {
    let mut classes: Vec<Vec<f64>> = Vec::new();
    for &(value, class) in pairs {
        if classes.len() <= class as usize {
            classes.resize(class as usize + 1, Vec::new());
        }
        classes[class as usize].push(value);
    }
    classes.retain(|values| !values.is_empty());
    classes
}

/// scikit-learn's `chi2`: the sum of a feature over each class against what the
/// class's share of rows would give.
fn chi_squared(pairs: &[(f64, u32)]) -> Option<(f64, f64)> {
    let classes = classes(pairs);
    let total: f64 = pairs.iter().map(|pair| pair.0).sum();
    if classes.len() < 2 || total == 0.0 {
        return None;
    }
    let statistic = classes.iter().map(|values| {
        let expected = total * values.len() as f64 / pairs.len() as f64;
        (values.iter().sum::<f64>() - expected).powi(2) / expected
    });
    let statistic = statistic.sum();
    Some((statistic, chi_squared_upper(statistic, classes.len() as f64 - 1.0)))
}

fn variance(pairs: &[(f64, u32)], score: Score) -> Option<(f64, f64)> {
    let classes = classes(pairs);
    let n = pairs.len() as f64;
    let mean = pairs.iter().map(|pair| pair.0).sum::<f64>() / n;
    let (mut between, mut within) = (0.0, 0.0);
    for values in &classes {
        let size = values.len() as f64;
        let centre = values.iter().sum::<f64>() / size;
        between += size * (centre - mean).powi(2);
        within += values.iter().map(|value| (value - centre).powi(2)).sum::<f64>();
    }
    let df_between = classes.len() as f64 - 1.0;
    let df_within = n - classes.len() as f64;
    // What is left of a constant is rounding.
    let noise = (mean * f64::EPSILON * n).powi(2);
    if df_between < 1.0 || df_within < 1.0 || between + within <= noise {
        return None;
    }
    let f = (between / df_between) / (within / df_within);
    let score = if score == Score::Fisher { between / within } else { f };
    score.is_finite().then(|| (score, f_upper(f, df_between, df_within)))
}
