//! Which parameters a metric depends on.
//!
//! Importance is that of a random forest's splits (Breiman, "Random forests", Machine Learning 45, 2001), which also sees
//! what is not monotone; correlation is Pearson's and Spearman's, which say a direction.

use learn::estimator::{MaxFeatures, RandomForest, fit};
use learn::{Estimator, Matrix, Silent, Target};
use serde::Serialize;

use crate::{Result, Run, RunQuery, Studio};

/// With fewer runs a forest would tell stories.
pub const FEWEST_FOR_IMPORTANCE: usize = 10;
/// With fewer runs a correlation is nearly always high.
pub const FEWEST_FOR_CORRELATION: usize = 4;
/// Runs that are looked at at most, the newest ones.
const MOST: usize = 5_000;

/// How a metric goes with the parameters of some runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Influence {
    /// Runs that have the metric.
    pub runs: usize,
    /// Whether there were enough of them to grow a forest.
    pub has_importance: bool,
    pub params: Vec<ParamInfluence>,
}

/// One parameter, the important ones first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParamInfluence {
    pub key: String,
    /// Its share of what all parameters explain, 0 to 1.
    pub importance: Option<f64>,
    /// −1 to 1; nothing for parameters that are not numbers.
    pub pearson: Option<f64>,
    pub spearman: Option<f64>,
}

impl Studio {
    /// How `metric` goes with the parameters of these runs, and with those of every run of the same pipelines and
    /// experiments where `related` says so.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn param_influence(&self, ids: &[String], metric: &str, related: bool) -> Result<Influence> {
        let mut runs = ids.iter().map(|id| self.run_row(id)).collect::<Result<Vec<_>>>()?;
        if related {
            let mut kinds: Vec<(Option<String>, String)> =
                runs.iter().map(|run| (run.pipeline.clone(), run.experiment.clone())).collect();
            kinds.sort();
            kinds.dedup();
            for (pipeline, experiment) in kinds {
                let query = RunQuery {
                    pipeline,
                    experiment: Some(experiment),
                    models: true,
                    limit: MOST,
                    ..RunQuery::default()
                };
                let others = self.workspace.runs(&query)?.runs;
                let known: std::collections::HashSet<String> = runs.iter().map(|run| run.id.clone()).collect();
                runs.extend(others.into_iter().filter(|run| !known.contains(&run.id)));
            }
        }
        Ok(influence(&runs, metric))
    }
}

/// What [`Studio::param_influence`] works out of runs.
pub fn influence(runs: &[Run], metric: &str) -> Influence {
    let of = |run: &Run| run.metrics.get(metric).copied().filter(|value| value.is_finite());
    let runs: Vec<&Run> = runs.iter().filter(|run| of(run).is_some()).collect();
    let target: Vec<f64> = runs.iter().filter_map(|run| of(run)).collect();
    let mut keys: Vec<&String> = runs.iter().flat_map(|run| run.params.keys()).collect();
    keys.sort();
    keys.dedup();
    let columns: Vec<(&String, Column)> =
        keys.into_iter().map(|key| (key, Column::of(&runs, key))).filter(|(_, column)| column.varies()).collect();
    let importance = (runs.len() >= FEWEST_FOR_IMPORTANCE).then(|| importance(&columns, &target)).flatten();
    let correlates = runs.len() >= FEWEST_FOR_CORRELATION;
    let mut params: Vec<ParamInfluence> = columns
        .iter()
        .enumerate()
        .map(|(at, (key, column))| {
            let (x, y) = column.beside(&target);
            ParamInfluence {
                key: (*key).clone(),
                importance: importance.as_ref().map(|all| all[at]),
                pearson: pearson(&x, &y).filter(|_| correlates && column.numeric),
                spearman: pearson(&ranks(&x), &ranks(&y)).filter(|_| correlates && column.numeric),
            }
        })
        .collect();
    let strength = |param: &ParamInfluence| param.importance.or(param.spearman.map(f64::abs)).unwrap_or(0.0);
    params.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
    Influence { runs: runs.len(), has_importance: importance.is_some(), params }
}

/// A parameter of each run; NaN where a run has none. Words are numbered in their order, which a forest can split.
struct Column {
    values: Vec<f64>,
    numeric: bool,
}

impl Column {
    fn of(runs: &[&Run], key: &str) -> Self {
        let texts: Vec<Option<&str>> = runs.iter().map(|run| run.params.get(key).map(String::as_str)).collect();
        let numbers: Vec<Option<f64>> = texts.iter().map(|text| text.and_then(number)).collect();
        if numbers.iter().flatten().count() == texts.iter().flatten().count() {
            return Self { values: numbers.into_iter().map(|n| n.unwrap_or(f64::NAN)).collect(), numeric: true };
        }
        let mut words: Vec<&str> = texts.iter().flatten().copied().collect();
        words.sort_unstable();
        words.dedup();
        let code = |text: &str| words.binary_search(&text).map_or(f64::NAN, |at| at as f64);
        Self { values: texts.into_iter().map(|text| text.map_or(f64::NAN, code)).collect(), numeric: false }
    }

    fn varies(&self) -> bool {
        let mut known = self.values.iter().filter(|value| !value.is_nan());
        known.next().is_some_and(|first| known.any(|other| other != first))
    }

    /// The runs that have both, column by column.
    fn beside(&self, target: &[f64]) -> (Vec<f64>, Vec<f64>) {
        self.values.iter().zip(target).filter(|(x, _)| !x.is_nan()).map(|(x, y)| (*x, *y)).unzip()
    }
}

/// A finite number, or 0 and 1 for the words of truth.
fn number(text: &str) -> Option<f64> {
    match text {
        "true" | "True" => Some(1.0),
        "false" | "False" => Some(0.0),
        _ => text.trim().parse().ok().filter(|value: &f64| value.is_finite()),
    }
}

/// Each column's share of the forest's splits; nothing where no forest grows.
fn importance(columns: &[(&String, Column)], target: &[f64]) -> Option<Vec<f64>> {
    let filled: Vec<Vec<f64>> = columns.iter().map(|(_, column)| filled(&column.values)).collect();
    let x = Matrix::from_columns(&filled).ok().filter(|x| x.columns() > 0)?;
    let forest = RandomForest { n_estimators: 200, max_features: MaxFeatures::Share(0.5), ..RandomForest::default() };
    let fitted = fit(&Estimator::RandomForest(forest), &x, Some(&Target::Real(target.to_vec())), None, &Silent);
    fitted.ok()?.importance()
}

/// Missing cells below every other, so that missing itself can be split off.
fn filled(values: &[f64]) -> Vec<f64> {
    let low = values.iter().copied().filter(|value| !value.is_nan()).fold(f64::INFINITY, f64::min);
    values.iter().map(|value| if value.is_nan() { low - 1.0 } else { *value }).collect()
}

/// Pearson's correlation; nothing where one side does not vary.
fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    let count = x.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / count;
    let (mx, my) = (mean(x), mean(y));
    let sum = |of: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(x, y)| of(x - mx, y - my)).sum::<f64>();
    let both = (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt();
    (both > 0.0).then(|| (sum(&|x, y| x * y) / both).clamp(-1.0, 1.0))
}

/// Places in the order from 1 on; equal values share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let (mut ranks, mut below) = (vec![0.0; values.len()], 0);
    for alike in order.chunk_by(|&a, &b| values[a] == values[b]) {
        for &at in alike {
            ranks[at] = below as f64 + (alike.len() as f64 + 1.0) / 2.0;
        }
        below += alike.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(count: usize) -> Vec<Run> {
        let run = |at: usize| {
            let json = serde_json::json!({
                "id": format!("{at:032x}"), "experiment": "e", "name": format!("run {at}"), "status": "done",
                "created_ms": 0, "cancel_requested": false, "details": {},
                "params": {
                    "depth": at.to_string(),
                    "noise": ((at * 7919) % 13).to_string(),
                    "loss": if at.is_multiple_of(2) { "hinge" } else { "log" },
                    "same": "1",
                },
                "metrics": { "auc": (at as f64).powi(3) }, "tags": {},
            });
            serde_json::from_value(json).unwrap()
        };
        (0..count).map(run).collect()
    }

    #[test]
    fn the_parameter_that_decides_comes_first() {
        let found = influence(&runs(40), "auc");
        assert_eq!((found.runs, found.has_importance), (40, true));
        let keys: Vec<&str> = found.params.iter().map(|param| param.key.as_str()).collect();
        assert_eq!(keys[0], "depth");
        assert!(!keys.contains(&"same"), "what does not vary explains nothing");
        let depth = &found.params[0];
        assert!(depth.importance.unwrap() > 0.8, "{depth:?}");
        assert_eq!(depth.spearman, Some(1.0));
        assert!(depth.pearson.unwrap() > 0.9 && depth.pearson.unwrap() < 1.0);
        let loss = found.params.iter().find(|param| param.key == "loss").unwrap();
        assert_eq!((loss.pearson, loss.spearman), (None, None), "words have no direction");
    }

    #[test]
    fn few_runs_tell_little_and_say_so() {
        let few = influence(&runs(FEWEST_FOR_IMPORTANCE - 1), "auc");
        assert!(!few.has_importance && few.params.iter().all(|param| param.importance.is_none()));
        assert!(few.params.iter().any(|param| param.spearman.is_some()));
        let fewer = influence(&runs(FEWEST_FOR_CORRELATION - 1), "auc");
        assert!(fewer.params.iter().all(|param| param.spearman.is_none()));
        assert_eq!(influence(&runs(20), "none").runs, 0);
    }

    #[test]
    fn equal_values_share_their_rank() {
        assert_eq!(ranks(&[5.0, 1.0, 5.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        assert_eq!(pearson(&[1.0, 2.0], &[3.0, 3.0]), None);
    }
}
