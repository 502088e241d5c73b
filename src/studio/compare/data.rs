//! The data of two runs.

use ::data::profile::{ColumnProfile, Profile};
use ::data::schema::Kind;
use serde::Serialize;
use workspace::RunInput;

use crate::{DatasetDetail, Result, Studio};

/// The difference between the datasets of two runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DataComparison {
    /// What is read at the same place stands together.
    pub datasets: Vec<DatasetPair>,
    /// What is not known, in sentences.
    pub notes: Vec<String>,
}

/// What two runs read at one place.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DatasetPair {
    /// The step that reads it, in the second run if that has it.
    pub step: String,
    /// None where the run reads nothing there.
    pub first: Option<DatasetUse>,
    pub second: Option<DatasetUse>,
    /// The bytes are the same, whatever they are called.
    pub same: bool,
    pub columns_added: Vec<String>,
    pub columns_removed: Vec<String>,
    /// Columns that hold another kind of values.
    pub kinds_changed: Vec<KindChange>,
    /// Statistics of common columns that moved, those of the column that moved most first.
    pub moved: Vec<ColumnMove>,
}

/// A dataset version as a run read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DatasetUse {
    pub dataset: String,
    pub version: u32,
    pub digest: String,
    /// None where the version was removed for good.
    pub rows: Option<u64>,
}

/// A column whose values are of another kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KindChange {
    pub column: String,
    pub first: Kind,
    pub second: Kind,
}

/// One statistic of one column that moved.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnMove {
    pub column: String,
    /// For a person: "Mean", "Share missing".
    pub statistic: &'static str,
    pub first: Option<f64>,
    pub second: Option<f64>,
    /// How far the column moved: the difference of means in standard deviations of the first, or the difference of
    /// the shares missing if that is more; 0 where neither is known.
    pub shift: f64,
}

impl Studio {
    /// How the data of two runs differs, from the first to the second, by the profiles of the dataset versions.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn compare_data(&self, first: &str, second: &str) -> Result<DataComparison> {
        let old = self.whole_run(first)?.0.inputs;
        let mut new = self.whole_run(second)?.0.inputs;
        let mut comparison = DataComparison::default();
        for input in &old {
            let pair = partner(input, &new).map(|at| new.remove(at));
            comparison.datasets.push(self.dataset_pair(Some(input), pair.as_ref(), &mut comparison.notes));
        }
        for input in &new {
            comparison.datasets.push(self.dataset_pair(None, Some(input), &mut comparison.notes));
        }
        Ok(comparison)
    }

    fn dataset_pair(
        &self,
        first: Option<&RunInput>,
        second: Option<&RunInput>,
        notes: &mut Vec<String>,
    ) -> DatasetPair {
        let mut seen = |input: Option<&RunInput>| {
            let input = input?;
            let detail = self.dataset(&format!("{}@{}", input.dataset, input.version));
            // A name can be given anew after its versions were removed, so the digest decides.
            let detail = detail.ok().filter(|detail| detail.version.digest == input.digest);
            if detail.is_none() {
                let (name, version) = (&input.dataset, input.version);
                notes.push(format!("{name}@{version} was removed for good, so its columns are not known."));
            }
            Some((used(input, detail.as_ref()), detail))
        };
        let (old, new) = (seen(first), seen(second));
        let step = second.or(first).map(|input| input.step.clone()).unwrap_or_default();
        let mut pair = DatasetPair { step, ..DatasetPair::default() };
        if let (Some((_, Some(old))), Some((_, Some(new)))) = (&old, &new) {
            compare(&old.profile, &new.profile, &mut pair);
        }
        pair.same = first.zip(second).is_some_and(|(a, b)| a.digest == b.digest);
        pair.first = old.map(|(used, _)| used);
        pair.second = new.map(|(used, _)| used);
        pair
    }
}

/// What the other run reads at the same step and port, else from the same dataset.
fn partner(input: &RunInput, others: &[RunInput]) -> Option<usize> {
    let same_place = |other: &RunInput| other.step == input.step && other.port == input.port;
    let place = others.iter().position(same_place);
    place.or_else(|| others.iter().position(|other| other.dataset == input.dataset))
}

fn used(input: &RunInput, detail: Option<&DatasetDetail>) -> DatasetUse {
    DatasetUse {
        dataset: input.dataset.clone(),
        version: input.version,
        digest: input.digest.clone(),
        rows: detail.map(|detail| detail.version.rows),
    }
}

/// Columns and statistics of two profiles, into `pair`.
fn compare(old: &Profile, new: &Profile, pair: &mut DatasetPair) {
    let missing = |from: &Profile, of: &Profile| -> Vec<String> {
        of.columns.iter().filter(|column| from.get(&column.name).is_none()).map(|column| column.name.clone()).collect()
    };
    pair.columns_added = missing(old, new);
    pair.columns_removed = missing(new, old);
    for column in &old.columns {
        let Some(other) = new.get(&column.name) else { continue };
        if column.kind != other.kind {
            let name = column.name.clone();
            pair.kinds_changed.push(KindChange { column: name, first: column.kind, second: other.kind });
        }
        pair.moved.extend(moves(column, other, old.rows, new.rows));
    }
    pair.moved.sort_by(|a, b| b.shift.total_cmp(&a.shift));
}

fn moves(old: &ColumnProfile, new: &ColumnProfile, old_rows: u64, new_rows: u64) -> Vec<ColumnMove> {
    let (first, second) = (statistics(old, old_rows), statistics(new, new_rows));
    let share = |value: &[(&str, Option<f64>)]| value.first().and_then(|(_, share)| *share).unwrap_or_default();
    let missing = (share(&first) - share(&second)).abs();
    let means = old.mean.zip(new.mean).zip(old.std.filter(|std| *std > 0.0));
    let shift = means.map_or(0.0, |((a, b), std)| (b - a).abs() / std).max(missing);
    let pairs = first.into_iter().zip(second).filter(|((_, a), (_, b))| differ(*a, *b));
    let moved = pairs.map(|((statistic, first), (_, second))| ColumnMove {
        column: old.name.clone(),
        statistic,
        first,
        second,
        shift,
    });
    moved.collect()
}

fn statistics(column: &ColumnProfile, rows: u64) -> [(&'static str, Option<f64>); 7] {
    let share = (rows > 0).then(|| column.missing as f64 / rows as f64);
    [
        ("Share missing", share),
        ("Mean", column.mean),
        ("Standard deviation", column.std),
        ("Minimum", column.min.as_ref().and_then(::data::scalar::Scalar::as_f64)),
        ("Median", column.quantile(0.5).and_then(::data::scalar::Scalar::as_f64)),
        ("Maximum", column.max.as_ref().and_then(::data::scalar::Scalar::as_f64)),
        ("Distinct values", Some(column.distinct as f64)),
    ]
}

/// Sums in another order differ in the last digits, which is no move.
fn differ(first: Option<f64>, second: Option<f64>) -> bool {
    match (first, second) {
        (Some(a), Some(b)) => (a - b).abs() > 1e-12 * a.abs().max(b.abs()).max(1e-300),
        (None, None) => false,
        _ => true,
    }
}
