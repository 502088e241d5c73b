//! The second run: watched to its end, and weighed against the first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use workspace::Step;

use super::{Outcome, Reproduction, Verdict, WeighedMetric, WeighedOutput, ended_well, weigh as scales};
use crate::environments::Progress;
use crate::store::{WorkspaceStore, stored};
use crate::{Result, RunStatus, Studio};

const TICK: Duration = Duration::from_millis(50);

/// Starts the run and waits for its end; passes on what its steps say.
///
/// # Errors
/// A worker that cannot be started, a person who cancelled; then the run is stopped before this returns.
pub(super) fn watch(studio: &Studio, run: &str, progress: Progress<'_>) -> Result<()> {
    studio.spawn_worker(run)?;
    let mut seen = 0;
    let mut stopped = None;
    loop {
        let row = studio.run_row(run)?;
        for line in studio.run_logs(run, None, seen)? {
            seen = line.seq;
            (progress.say)(&format!("{}: {}", line.step.as_deref().unwrap_or_default(), line.text));
        }
        if row.status.is_final() {
            return stopped.map_or(Ok(()), Err);
        }
        if stopped.is_none()
            && let Err(error) = progress.check()
        {
            studio.cancel_run(run)?;
            stopped = Some(error);
        }
        std::thread::sleep(TICK);
    }
}

/// Weighs every output and every metric into `report`.
pub(super) fn weigh(first: &Studio, run: &str, again: &Studio, second: &str, report: &mut Reproduction) -> Result<()> {
    let (old, new) = (first.workspace.run(run)?, again.workspace.run(second)?);
    report.outputs = outputs(first, &old.steps, again, &new.steps, report.tolerance);
    report.metrics = metrics(first, run, again, second, report.tolerance)?;
    report.error.clone_from(&new.run.error);
    report.verdict = verdict(report, old.run.status, new.run.status);
    Ok(())
}

pub(super) fn verdict(report: &Reproduction, then: RunStatus, now: RunStatus) -> Verdict {
    let outcomes =
        || report.outputs.iter().map(|one| &one.outcome).chain(report.metrics.iter().map(|one| &one.outcome));
    // A run that someone stopped was on its way to an end that nobody knows.
    if ended_well(then) != ended_well(now) && then != RunStatus::Cancelled {
        Verdict::Failed
    } else if outcomes().all(|outcome| matches!(outcome, Outcome::Identical { .. })) {
        Verdict::Identical
    } else if outcomes().all(Outcome::is_same) {
        Verdict::Equal
    } else {
        Verdict::Different
    }
}

fn outputs(first: &Studio, old: &[Step], again: &Studio, new: &[Step], tolerance: f64) -> Vec<WeighedOutput> {
    let stores = [first, again].map(|studio| WorkspaceStore::new(Arc::clone(&studio.workspace)));
    let mut weighed = Vec::new();
    for step in old {
        let twin = new.iter().find(|other| other.name == step.name);
        for output in &step.outputs {
            let other = twin.and_then(|twin| twin.outputs.iter().find(|other| other.port == output.port));
            let outcome = match (stored(output.clone()), other.cloned().and_then(stored)) {
                (Some(a), Some(b)) => scales::outputs((&stores[0], &a), (&stores[1], &b), tolerance)
                    .unwrap_or_else(|error| Outcome::Missing { how: error.message }),
                (None, _) => Outcome::Missing { how: "What it was cannot be read any more.".to_owned() },
                (_, None) => Outcome::Missing { how: "It did not come out again.".to_owned() },
            };
            weighed.push(WeighedOutput {
                step: step.name.clone(),
                title: step.title.clone(),
                port: output.port.clone(),
                kind: output.kind.clone(),
                outcome,
            });
        }
    }
    weighed
}

type Curves = Vec<(String, Vec<(i64, f64)>)>;

/// The metrics of a run, those of its models as `model.metric`, and those that its scripts logged through MLflow's
/// client as `step.metric`.
fn curves(studio: &Studio, run: &str) -> Result<Curves> {
    let mut curves = curves_of(studio, run, "")?;
    for model in studio.run_row(run)?.model_runs() {
        curves.extend(curves_of(studio, &model.run, &format!("{}.", model.subject))?);
    }
    // A step that was broken off and went on in a resumed run has another one; the newest counts.
    let logged: BTreeMap<String, String> = studio.workspace.step_runs(run)?.into_iter().collect();
    for (step, logged) in logged {
        curves.extend(curves_of(studio, &logged, &format!("{step}."))?);
    }
    Ok(curves)
}

fn curves_of(studio: &Studio, run: &str, prefix: &str) -> Result<Curves> {
    let curve = |key: String| {
        let points = studio.metric_columns(run, &key)?;
        Ok((format!("{prefix}{key}"), points.steps.into_iter().zip(points.values).collect()))
    };
    studio.run_row(run)?.metrics.into_keys().map(curve).collect()
}

/// Leaves out what a run records today and that one of an older program did not: the metrics of rows that others were
/// compared with.
fn leave_out_new(studio: &Studio, run: &str, old: &Curves, new: &mut Curves) -> Result<()> {
    let row = studio.run_row(run)?;
    let Some(models) = studio.run_models(&row)?.filter(|_| row.model_runs().is_empty()) else { return Ok(()) };
    let second: Vec<String> = models.lineage.second_reports().collect();
    let was_recorded = |key: &String| old.iter().any(|(known, _)| known == key);
    new.retain(|(key, _)| was_recorded(key) || !second.iter().any(|prefix| key.starts_with(prefix)));
    Ok(())
}

/// Every metric of both runs, by its history.
pub(super) fn metrics(
    first: &Studio,
    run: &str,
    again: &Studio,
    second: &str,
    tolerance: f64,
) -> Result<Vec<WeighedMetric>> {
    let (old, mut new) = (curves(first, run)?, curves(again, second)?);
    leave_out_new(again, second, &old, &mut new)?;
    let find = |curves: &Curves, key: &str| curves.iter().find(|(name, _)| name == key).map(|(_, curve)| curve.clone());
    let keys: BTreeSet<&String> = old.iter().chain(&new).map(|(key, _)| key).collect();
    let weigh = |key: &String| {
        let (a, b) = (find(&old, key), find(&new, key));
        let last = |curve: &Option<Vec<(i64, f64)>>| curve.as_ref().and_then(|curve| curve.last()).map(|point| point.1);
        let outcome = match (&a, &b) {
            (Some(a), Some(b)) => scales::curves(a, b, tolerance),
            (Some(_), None) => Outcome::Missing { how: "It was not logged again.".to_owned() },
            _ => Outcome::Missing { how: "It was not logged then.".to_owned() },
        };
        WeighedMetric { key: key.clone(), first: last(&a), second: last(&b), outcome }
    };
    Ok(keys.into_iter().map(weigh).collect())
}
