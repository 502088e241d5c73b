//! The list of runs: the order of all of them, and those that are looked at.
//!
//! The order comes as one narrow index (see `studio::RunIndex`), from which the lines of the table are made
//! here, so that opening a group or a run asks nobody. Runs themselves are read a page at a time.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ops::Range,
    sync::Arc,
};

use studio::{IndexedRun, Run, RunGroup, RunIndex, RunListing, Studio};

use super::{
    columns,
    lines::{Line, Opened, lines},
    query::{compare_text, named},
    sparks::Sparks,
};
use crate::{
    backend::{Backend, Failure, Request},
    panels::Cx,
};

/// Runs that are fetched together.
const PAGE: usize = 100;
/// Runs that are kept.
const KEPT: usize = 4_000;

/// How often a key occurs among the runs that have been seen.
pub type Tally = BTreeMap<String, usize>;
/// Runs are nested in each other no deeper.
const DEEPEST: usize = 32;

struct Kept {
    run: Run,
    revision: u64,
    used: u64,
}

/// The newest order, with what is known of its runs.
#[derive(Default)]
pub struct Pages {
    index: Request<RunIndex>,
    lines: Vec<Line>,
    /// Whether anything on the lines can be opened.
    opens: bool,
    opened: Opened,
    runs: HashMap<i64, Kept>,
    fetching: Request<Vec<(i64, Run)>>,
    /// The revision of the runs on their way.
    fetched: u64,
    /// The revision at which runs could not be read, not to be asked again.
    failed_at: Option<u64>,
    clock: u64,
    /// Counts changes of the workspace.
    pub revision: u64,
    pub metrics: Tally,
    pub params: Tally,
    /// The same, of the runs on the first lines alone: what a column of it would show there.
    pub seen_metrics: Tally,
    seen_params: Tally,
    /// What a filter may say of them.
    pub example: String,
    pub tags: Tally,
    pub curves: Tally,
    /// Parameters of which more than one value has been seen, and a value to tell by.
    varied: BTreeMap<String, Option<String>>,
    sparks: Sparks,
}

impl Pages {
    /// Asks for the order of what `listing` says and for the runs on these lines, and takes in what has come.
    pub fn ensure(&mut self, listing: &RunListing, shown: Range<usize>, backend: &Backend) {
        self.clock += 1;
        let key = (format!("{listing:?}"), self.revision);
        // A question on its way is waited for: changes may come faster than answers.
        let came = if self.index.is_pending() {
            self.index.poll()
        } else {
            let listing = listing.clone();
            self.index.ensure(key, backend, move |studio: &Arc<Studio>| studio.run_index(&listing))
        };
        if came {
            self.relay();
        }
        self.take_runs();
        self.fetch(shown, backend);
    }

    fn relay(&mut self) {
        let index = self.index.value();
        self.lines = index.map(|index| lines(index, &self.opened)).unwrap_or_default();
        let holds = |index: &RunIndex| !index.groups.is_empty() || index.runs.iter().any(|run| run.parent.is_some());
        self.opens = index.is_some_and(holds);
        self.see();
    }

    /// Counts what the runs on the first lines have; where those are groups, or hold nothing but other runs, what the
    /// first runs have.
    fn see(&mut self) {
        let count = |runs: Vec<&Run>| {
            let (mut metrics, mut params) = (Tally::new(), Tally::new());
            for run in runs {
                tally(&mut metrics, run.metrics.keys());
                tally(&mut params, run.params.keys());
            }
            (metrics, params)
        };
        let grouped = self.index.value().is_some_and(|index| !index.groups.is_empty());
        let mut seen = if grouped { Default::default() } else { count(self.on_lines()) };
        if seen.0.is_empty() && seen.1.is_empty() {
            seen = count(self.first());
        }
        (self.seen_metrics, self.seen_params) = seen;
        self.example = self.make_example();
    }

    fn make_example(&self) -> String {
        let metric = columns::telling_metrics(self).into_iter().next();
        let metric = metric.map(|key| format!("{} > 0.9", named("metrics", &key)));
        let param = self.telling_params().into_iter().find_map(|key| {
            let value = self.on_lines().into_iter().find_map(|run| run.params.get(&key))?;
            compare_text("params", &key, "=", value)
        });
        let parts: Vec<String> = [metric, param].into_iter().flatten().collect();
        parts.join(" and ")
    }

    /// The runs that have come.
    fn take_runs(&mut self) {
        if !self.fetching.poll() {
            return;
        }
        self.failed_at = self.fetching.failure().map(|_| self.fetched);
        for (row, run) in self.fetching.value_mut().map(std::mem::take).unwrap_or_default() {
            if !self.runs.contains_key(&row) {
                tally(&mut self.metrics, run.metrics.keys());
                tally(&mut self.params, run.params.keys());
                tally(&mut self.tags, run.tags.keys());
            }
            vary(&mut self.varied, &run);
            self.runs.insert(row, Kept { run, revision: self.fetched, used: self.clock });
        }
        self.see();
        if self.runs.len() > KEPT {
            let newest = self.clock;
            self.runs.retain(|_, kept| kept.used + 1 >= newest);
        }
    }

    /// Asks for the runs on these lines and the first ones, which charts look at, that are not here as they are now.
    fn fetch(&mut self, shown: Range<usize>, backend: &Backend) {
        if self.fetching.is_pending() || self.failed_at == Some(self.revision) {
            return;
        }
        let Some(index) = self.index.value() else { return };
        let first = index.runs.iter().take(PAGE).map(|run| run.row);
        let around = shown.start / PAGE * PAGE..shown.end.div_ceil(PAGE) * PAGE;
        let lines = self.lines.get(around.start..around.end.min(self.lines.len())).unwrap_or_default();
        let seen = lines.iter().filter_map(|line| match line {
            Line::Run { place, .. } => index.runs.get(*place as usize).map(|run| run.row),
            Line::Group { .. } => None,
        });
        let mut wanted = HashSet::new();
        let rows: Vec<i64> = first.chain(seen).filter(|row| wanted.insert(*row)).collect();
        let mut missing = Vec::new();
        for row in rows {
            match self.runs.get_mut(&row) {
                Some(kept) => {
                    kept.used = self.clock;
                    if kept.revision != self.revision {
                        missing.push(row);
                    }
                }
                None => missing.push(row),
            }
        }
        if !missing.is_empty() {
            self.fetched = self.revision;
            self.fetching.ask(backend, move |studio: &Arc<Studio>| studio.indexed_runs(&missing));
        }
    }

    /// How many runs there are, without the models that are nested in them; unknown before the first answer.
    pub fn total(&self) -> Option<usize> {
        self.index.value().map(|index| index.runs.iter().filter(|run| !run.is_model).count())
    }

    /// Whether anything on the lines can be opened.
    pub fn opens(&self) -> bool {
        self.opens
    }

    /// How many lines the table has.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn line(&self, at: usize) -> Option<Line> {
        self.lines.get(at).copied()
    }

    /// A group by its place in the index.
    pub fn group(&self, group: u32) -> Option<&RunGroup> {
        self.index.value()?.groups.get(group as usize)
    }

    /// The run on a line, if there is one and it has come.
    pub fn run(&self, line: usize) -> Option<&Run> {
        let Line::Run { place, .. } = self.line(line)? else { return None };
        self.at(place as usize)
    }

    fn at(&self, place: usize) -> Option<&Run> {
        let row = self.index.value()?.runs.get(place)?.row;
        self.runs.get(&row).map(|kept| &kept.run)
    }

    pub fn find(&self, id: &str) -> Option<&Run> {
        self.runs.values().map(|kept| &kept.run).find(|run| run.id == id)
    }

    /// The runs that hold what was measured of a run: its models, where it makes several, or it itself.
    pub fn measured_runs(&self, id: &str) -> Vec<String> {
        let models = self.find(id).map(Run::model_runs).unwrap_or_default();
        if models.is_empty() { vec![id.to_owned()] } else { models.into_iter().map(|model| model.run).collect() }
    }

    /// The first runs in order, as far as they have come.
    pub fn first(&self) -> Vec<&Run> {
        (0..PAGE).map_while(|place| self.at(place)).collect()
    }

    /// The runs on the first lines, as far as they have come.
    pub fn on_lines(&self) -> Vec<&Run> {
        (0..PAGE).filter_map(|line| self.run(line)).collect()
    }

    /// Opens what these runs are nested in, where they are among the first.
    pub fn reveal(&mut self, ids: &[String]) {
        let Some(index) = self.index.value() else { return };
        let mut rows = Vec::new();
        for place in 0..PAGE.min(index.runs.len()) {
            if !self.at(place).is_some_and(|run| ids.contains(&run.id)) {
                continue;
            }
            let above = |run: &IndexedRun| run.parent.map(|parent| index.runs[parent as usize]);
            // Clients may tag runs as each other's parents.
            rows.extend(std::iter::successors(above(&index.runs[place]), above).take(DEEPEST).map(|run| run.row));
        }
        if !rows.is_empty() {
            rows.into_iter().for_each(|row| self.opened.set_run(row, true));
            self.relay();
        }
    }

    /// The ids of the runs on all lines, as far as they have come.
    pub fn listed(&self) -> Vec<&str> {
        (0..self.lines.len()).filter_map(|line| self.run(line)).map(|run| run.id.as_str()).collect()
    }

    /// Why the order or the runs did not come.
    pub fn failure(&self) -> Option<&Failure> {
        self.index.failure().or_else(|| self.fetching.failure())
    }

    /// Opens or closes what a line holds; whether it holds anything.
    pub fn open(&mut self, line: usize, open: Option<bool>) -> bool {
        let Some(found) = self.line(line) else { return false };
        let (was, index) = match (found, self.index.value()) {
            (Line::Group { open, .. }, Some(index)) => (open, index),
            (Line::Run { children: 1.., open, .. }, Some(index)) => (open, index),
            _ => return false,
        };
        let open = open.unwrap_or(!was);
        match found {
            Line::Group { group, .. } => {
                let Some(group) = index.groups.get(group as usize) else { return false };
                set(&mut self.opened.groups, group.value.clone(), open);
            }
            Line::Run { place, .. } => {
                let Some(run) = index.runs.get(place as usize) else { return false };
                self.opened.set_run(run.row, open);
            }
        }
        self.relay();
        true
    }

    /// Opens every group and every run that holds others, or closes them.
    pub fn open_all(&mut self, open: bool) {
        self.opened = Opened::default();
        if let Some(index) = self.index.value() {
            if open {
                self.opened.groups = index.groups.iter().map(|group| group.value.clone()).collect();
            }
            let parents = index.runs.iter().filter_map(|run| run.parent);
            parents.for_each(|parent| self.opened.set_run(index.runs[parent as usize].row, open));
        }
        self.relay();
    }

    /// Whether any of these lines may still change by itself.
    pub fn is_live(&self, lines: Range<usize>) -> bool {
        lines.filter_map(|line| self.run(line)).any(|run| !run.status.is_final())
    }

    /// The parameters to show when nobody has chosen: those that vary, then the common ones; none that no line has.
    pub fn telling_params(&self) -> Vec<String> {
        let mut keys: Vec<&String> = self.seen_params.keys().collect();
        let varies = |key: &String| self.varied.get(key).is_some_and(Option::is_none);
        keys.sort_by_key(|key| (std::cmp::Reverse(varies(key)), std::cmp::Reverse(self.seen_params[*key])));
        keys.into_iter().cloned().collect()
    }

    /// Fetches the curves of the runs on these lines that are not here yet.
    pub fn ensure_sparks(&mut self, lines: Range<usize>, cx: &Cx<'_>) {
        let mut sparks = std::mem::take(&mut self.sparks);
        let mut curves = std::mem::take(&mut self.curves);
        let runs = lines.filter_map(|line| self.run(line));
        sparks.ensure(runs, self.revision, cx, |_, came| tally(&mut curves, came.iter().map(|curve| &curve.key)));
        (self.sparks, self.curves) = (sparks, curves);
    }

    pub fn spark(&self, id: &str, key: &str) -> Option<&[f64]> {
        self.sparks.of(id, key)
    }
}

fn set<T: std::hash::Hash + Eq>(set: &mut HashSet<T>, value: T, on: bool) {
    if on {
        set.insert(value);
    } else {
        set.remove(&value);
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
