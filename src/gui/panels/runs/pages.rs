//! The list of runs, fetched a page at a time where it is looked at.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ops::Range,
    sync::Arc,
};

use studio::{Curve, Run, RunPage, RunQuery, Studio};

use crate::{
    backend::{Backend, Failure, Request},
    panels::Cx,
};

/// Runs of a page.
const PAGE: usize = 100;
/// Pages that are kept.
const KEPT: usize = 12;
/// Sparklines that are kept.
const SPARKS: usize = 2_000;
/// Points of a sparkline.
const POINTS: usize = 64;

/// How often a key occurs among the runs that have been seen.
pub type Tally = BTreeMap<String, usize>;

#[derive(Default)]
struct Page {
    request: Request<RunPage>,
    used: u64,
}

/// Pages of the newest query, with what they hold besides runs.
#[derive(Default)]
pub struct Pages {
    pages: HashMap<usize, Page>,
    total: Option<usize>,
    /// Counts changes of the workspace.
    pub revision: u64,
    clock: u64,
    pub metrics: Tally,
    pub params: Tally,
    /// Parameters of which more than one value has been seen, and a value to tell by.
    varied: BTreeMap<String, Option<String>>,
    pub curves: Tally,
    sparks: HashMap<String, Spark>,
    fetching: Request<Vec<(String, Vec<Curve>)>>,
    /// The revision at which curves could not be read, not to be asked again.
    failed_at: Option<u64>,
}

/// A run's curves, thinned.
struct Spark {
    revision: u64,
    ended: bool,
    curves: Vec<(String, Vec<f64>)>,
}

impl Pages {
    /// Asks for the pages that `rows` lie on and takes in what has come.
    pub fn ensure(&mut self, query: &RunQuery, rows: Range<usize>, backend: &Backend) {
        self.clock += 1;
        let fingerprint = serde_json::to_string(query).unwrap_or_default();
        let last = rows.end.saturating_sub(1).max(rows.start) / PAGE;
        for number in rows.start / PAGE..=last {
            let page = self.pages.entry(number).or_default();
            page.used = self.clock;
            let query = RunQuery { offset: number * PAGE, limit: PAGE, ..query.clone() };
            let key = (&fingerprint, self.revision);
            // A question on its way is waited for: changes may come faster than answers.
            let came = if page.request.is_pending() {
                page.request.poll()
            } else {
                let ask = move |studio: &Arc<Studio>| studio.runs(&query);
                page.request.ensure(key, backend, ask)
            };
            if came && let Some(answer) = page.request.value() {
                self.total = Some(answer.total);
                for run in &answer.runs {
                    tally(&mut self.metrics, run.metrics.keys());
                    tally(&mut self.params, run.params.keys());
                    vary(&mut self.varied, run);
                }
            }
        }
        if self.pages.len() > KEPT {
            let mut ages: Vec<u64> = self.pages.values().map(|page| page.used).collect();
            ages.sort_unstable();
            let oldest = ages[ages.len() - KEPT];
            self.pages.retain(|_, page| page.used >= oldest);
        }
    }

    /// Another query: what is seen stays until its answer comes, what is not seen goes.
    pub fn changed_query(&mut self) {
        self.pages.retain(|number, _| *number == 0);
    }

    pub fn total(&self) -> Option<usize> {
        self.total
    }

    pub fn run(&self, row: usize) -> Option<&Run> {
        let page = self.pages.get(&(row / PAGE))?;
        page.request.value()?.runs.get(row % PAGE)
    }

    /// The row of a run among the pages that are here.
    pub fn row_of(&self, id: &str) -> Option<usize> {
        self.pages.iter().find_map(|(number, page)| {
            let runs = &page.request.value()?.runs;
            let at = runs.iter().position(|run| run.id == id)?;
            Some(number * PAGE + at)
        })
    }

    pub fn find(&self, id: &str) -> Option<&Run> {
        self.row_of(id).and_then(|row| self.run(row))
    }

    /// The runs of the first page, in order.
    pub fn first(&self) -> &[Run] {
        self.pages.get(&0).and_then(|page| page.request.value()).map_or(&[], |page| &page.runs)
    }

    /// Why the first page did not come.
    pub fn failure(&self) -> Option<&Failure> {
        self.pages.values().find_map(|page| page.request.failure())
    }

    /// Whether any of these rows may still change by itself.
    pub fn is_live(&self, rows: Range<usize>) -> bool {
        rows.filter_map(|row| self.run(row)).any(|run| !run.status.is_final())
    }

    /// The parameters to show when nobody has chosen: those that vary, then the common ones.
    pub fn telling_params(&self) -> Vec<String> {
        let mut keys: Vec<&String> = self.params.keys().collect();
        let varies = |key: &String| self.varied.get(key).is_some_and(Option::is_none);
        keys.sort_by_key(|key| (std::cmp::Reverse(varies(key)), std::cmp::Reverse(self.params[*key])));
        keys.into_iter().cloned().collect()
    }

    /// Fetches the curves of the runs on these rows that are not here yet.
    pub fn ensure_sparks(&mut self, rows: Range<usize>, cx: &Cx<'_>) {
        if self.fetching.poll() {
            self.failed_at = self.fetching.failure().map(|_| self.revision);
            for (id, curves) in self.fetching.value_mut().map(std::mem::take).unwrap_or_default() {
                tally(&mut self.curves, curves.iter().map(|curve| &curve.key));
                let ended = self.find(&id).is_some_and(|run| run.status.is_final());
                let curves = curves.into_iter().map(|curve| (curve.key, thin(&curve.points))).collect();
                let spark = Spark { revision: self.revision, ended, curves };
                self.sparks.insert(id, spark);
            }
        }
        if self.fetching.is_pending() || self.failed_at == Some(self.revision) {
            return;
        }
        if self.sparks.len() > SPARKS {
            self.sparks.clear();
        }
        let stale = |run: &&Run| match self.sparks.get(&run.id) {
            None => true,
            Some(spark) => !spark.ended && spark.revision != self.revision,
        };
        let ids: HashSet<String> =
            rows.filter_map(|row| self.run(row)).filter(stale).map(|run| run.id.clone()).collect();
        if !ids.is_empty() {
            self.fetching.ask(cx.backend, move |studio: &Arc<Studio>| {
                ids.into_iter()
                    .map(|id| studio.run_curves(&id).map(|curves| (id, curves)))
                    .collect::<studio::Result<Vec<_>>>()
            });
        }
    }

    pub fn spark(&self, id: &str, key: &str) -> Option<&[f64]> {
        let spark = self.sparks.get(id)?;
        let found = spark.curves.iter().find(|(name, _)| name == key)?;
        Some(&found.1)
    }
}

fn tally<'a>(into: &mut Tally, keys: impl Iterator<Item = &'a String>) {
    for key in keys {
        match into.get_mut(key) {
            Some(count) => *count += 1,
            None => {
                into.insert(key.clone(), 1);
            }
        }
    }
}

fn vary(varied: &mut BTreeMap<String, Option<String>>, run: &Run) {
    for (key, value) in &run.params {
        let known = varied.entry(key.clone()).or_insert_with(|| Some(value.clone()));
        if known.as_ref().is_some_and(|known| known != value) {
            *known = None;
        }
    }
}

/// At most [`POINTS`] values, evenly, with the last one.
fn thin(points: &[(i64, f64)]) -> Vec<f64> {
    let step = points.len().div_ceil(POINTS).max(1);
    let mut values: Vec<f64> = points.iter().step_by(step).map(|point| point.1).collect();
    if step > 1
        && let Some(last) = points.last()
    {
        values.push(last.1);
    }
    values
}
