//! Small curves of the runs on screen.

use std::{collections::HashMap, sync::Arc};

use studio::{Curve, Run, Studio};

use crate::{backend::Request, panels::Cx};

/// Runs whose curves are kept.
const KEPT: usize = 2_000;
/// Points of a curve.
const POINTS: usize = 64;

/// The curves of runs, thinned, fetched where they are looked at.
#[derive(Default)]
pub struct Sparks {
    runs: HashMap<String, Spark>,
    fetching: Request<Vec<(String, Vec<Curve>)>>,
    /// The revision at which curves could not be read, not to be asked again.
    failed_at: Option<u64>,
}

struct Spark {
    revision: u64,
    ended: bool,
    curves: Vec<(String, Vec<f64>)>,
}

impl Sparks {
    /// Fetches the curves of these runs that are not here yet or may have grown. `learn` is told of the keys
    /// of each run's curves that have come.
    pub fn ensure<'a>(
        &mut self,
        runs: impl Iterator<Item = &'a Run>,
        revision: u64,
        cx: &Cx<'_>,
        mut learn: impl FnMut(&str, &[Curve]),
    ) {
        let runs: Vec<&Run> = runs.collect();
        if self.fetching.poll() {
            self.failed_at = self.fetching.failure().map(|_| revision);
            for (id, curves) in self.fetching.value_mut().map(std::mem::take).unwrap_or_default() {
                learn(&id, &curves);
                let ended = runs.iter().any(|run| run.id == id && run.status.is_final());
                let curves = curves.into_iter().map(|curve| (curve.key, thin(&curve.points))).collect();
                self.runs.insert(id, Spark { revision, ended, curves });
            }
        }
        if self.fetching.is_pending() || self.failed_at == Some(revision) {
            return;
        }
        if self.runs.len() > KEPT {
            self.runs.clear();
        }
        let stale = |run: &&&Run| match self.runs.get(&run.id) {
            None => true,
            Some(spark) => !spark.ended && spark.revision != revision,
        };
        let ids: Vec<String> = runs.iter().filter(stale).map(|run| run.id.clone()).collect();
        if !ids.is_empty() {
            self.fetching.ask(cx.backend, move |studio: &Arc<Studio>| {
                ids.into_iter()
                    .map(|id| studio.run_curves(&id).map(|curves| (id, curves)))
                    .collect::<studio::Result<Vec<_>>>()
            });
        }
    }

    pub fn of(&self, id: &str, key: &str) -> Option<&[f64]> {
        let found = self.runs.get(id)?.curves.iter().find(|(name, _)| name == key)?;
        Some(&found.1)
    }
}

/// At most [`POINTS`] values and the last one: of each stretch in turn its least and its greatest, so that no
/// spike is lost.
fn thin(points: &[(i64, f64)]) -> Vec<f64> {
    if points.len() <= POINTS {
        return points.iter().map(|point| point.1).collect();
    }
    let stretch = points.len().div_ceil(POINTS / 2);
    let mut values: Vec<f64> = Vec::with_capacity(POINTS + 1);
    for part in points.chunks(stretch) {
        let by_value = |a: &&(i64, f64), b: &&(i64, f64)| a.1.total_cmp(&b.1);
        if let (Some(least), Some(greatest)) = (part.iter().min_by(by_value), part.iter().max_by(by_value)) {
            let (first, second) = if least.0 <= greatest.0 { (least, greatest) } else { (greatest, least) };
            values.extend([first.1, second.1]);
        }
    }
    values.extend(points.last().map(|point| point.1));
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_is_kept() {
        let mut points: Vec<(i64, f64)> = (0..10_000).map(|step| (step, 1.0)).collect();
        points[5_003].1 = 9.0;
        let thinned = thin(&points);
        assert!(thinned.len() <= POINTS + 1);
        assert!(thinned.contains(&9.0));
        assert_eq!(thin(&points[..3]), [1.0; 3]);
    }
}
