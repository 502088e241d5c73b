//! Which job comes before which.

use std::collections::{HashMap, HashSet, VecDeque};

use super::Pipeline;

/// The jobs so that each stands after those it depends on; ties keep the file's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order<'a> {
    /// All jobs that are neither on a circle nor behind one.
    pub jobs: Vec<&'a str>,
    /// One circle, each job feeding the next and the last the first; empty when there is none.
    pub cycle: Vec<&'a str>,
}

/// The graph with jobs as numbers.
pub(crate) struct Links<'a> {
    pub names: Vec<&'a str>,
    pub index: HashMap<&'a str, usize>,
    /// By job, those that it needs, each once.
    pub sources: Vec<Vec<usize>>,
    /// By job, those that need it, each once.
    pub targets: Vec<Vec<usize>>,
}

impl<'a> Links<'a> {
    pub fn of(pipeline: &'a Pipeline) -> Self {
        let names: Vec<&str> = pipeline.jobs.keys().map(String::as_str).collect();
        let index: HashMap<&str, usize> = names.iter().enumerate().map(|(at, name)| (*name, at)).collect();
        let (mut sources, mut targets) = (vec![Vec::new(); names.len()], vec![Vec::new(); names.len()]);
        for (to, job) in pipeline.jobs.values().enumerate() {
            for (_, source, _) in job.bindings() {
                if let Some(&from) = index.get(source).filter(|from| !sources[to].contains(*from)) {
                    sources[to].push(from);
                    targets[from].push(to);
                }
            }
        }
        Self { names, index, sources, targets }
    }

    /// Jobs in order, and how many were left over.
    pub fn sorted(&self) -> Vec<usize> {
        let mut waiting: Vec<usize> = self.sources.iter().map(Vec::len).collect();
        let mut ready: std::collections::BTreeSet<usize> =
            (0..self.names.len()).filter(|&job| waiting[job] == 0).collect();
        let mut order = Vec::with_capacity(self.names.len());
        while let Some(job) = ready.pop_first() {
            order.push(job);
            for &target in &self.targets[job] {
                waiting[target] -= 1;
                if waiting[target] == 0 {
                    ready.insert(target);
                }
            }
        }
        order
    }

    /// Everything reachable from `from` along `next`, without `from` itself unless it is on a circle.
    pub fn reach(&self, from: impl IntoIterator<Item = usize>, next: &[Vec<usize>]) -> HashSet<usize> {
        let mut queue: VecDeque<usize> = from.into_iter().collect();
        let mut seen = HashSet::new();
        while let Some(job) = queue.pop_front() {
            queue.extend(next[job].iter().copied().filter(|&next| seen.insert(next)));
        }
        seen
    }
}

impl Pipeline {
    pub fn order(&self) -> Order<'_> {
        let links = Links::of(self);
        let sorted = links.sorted();
        let cycle = if sorted.len() < links.names.len() { circle(&links, &sorted) } else { Vec::new() };
        let name = |job: usize| links.names[job];
        Order { jobs: sorted.into_iter().map(name).collect(), cycle: cycle.into_iter().map(name).collect() }
    }

    /// The jobs that any of these need, themselves included, in file order.
    pub fn upstream(&self, jobs: &[&str]) -> Vec<&str> {
        self.reachable(jobs, |links| &links.sources)
    }

    /// The jobs that need any of these, themselves included, in file order.
    pub fn downstream(&self, jobs: &[&str]) -> Vec<&str> {
        self.reachable(jobs, |links| &links.targets)
    }

    fn reachable(&self, jobs: &[&str], next: for<'b> fn(&'b Links<'_>) -> &'b Vec<Vec<usize>>) -> Vec<&str> {
        let links = Links::of(self);
        let start: Vec<usize> = jobs.iter().filter_map(|job| links.index.get(job).copied()).collect();
        let mut found = links.reach(start.iter().copied(), next(&links));
        found.extend(start);
        let mut found: Vec<usize> = found.into_iter().collect();
        found.sort_unstable();
        found.into_iter().map(|job| links.names[job]).collect()
    }
}

/// Walks up from a job that could not be sorted until one comes round again: every such job has such a source.
fn circle(links: &Links<'_>, sorted: &[usize]) -> Vec<usize> {
    let sorted: HashSet<usize> = sorted.iter().copied().collect();
    let stuck = |job: &usize| !sorted.contains(job);
    let mut path: Vec<usize> = (0..links.names.len()).find(|job| stuck(job)).into_iter().collect();
    while let Some(&last) = path.last() {
        let Some(&source) = links.sources[last].iter().find(|job| stuck(job)) else {
            break;
        };
        if let Some(start) = path.iter().position(|&job| job == source) {
            let mut circle = path.split_off(start);
            circle.reverse();
            return circle;
        }
        path.push(source);
    }
    Vec::new()
}
