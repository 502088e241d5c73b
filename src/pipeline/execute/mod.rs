//! Carrying out a plan: what was computed before is reused, ready steps run side by side, results are kept.
//!
//! A step's **key** is the BLAKE3 digest of everything that decides its result: the component and its version, the
//! parameters with defaults, each input's digest with what the table means (roles, preparation, predictions), and the digests of the
//! code it runs and of the environment it runs in. Two steps of one key have one result. Keys need no table bytes, so a run in which nothing changed
//! reads none.

#[cfg(test)]
mod model_tests;
pub mod outputs;
mod step;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, Scope};
use std::time::Instant;

use serde_json::json;

use crate::component::{Component, Params, Spec, StepError};
use crate::components;
use crate::journal::StepJournal;
use crate::meta::{Meta, TableMeta};
use crate::plan::{Obstacle, Plan, Step};
use crate::refit::Chain;
use crate::store::{Observer, StepEvent, Store, Stored};

/// What a run may use of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Budget {
    /// Threads in all; also the most steps at a time.
    pub threads: usize,
    /// Bytes. A hint: a step waits while those that run are expected to need the rest, but never for ever.
    pub memory: u64,
}

impl Default for Budget {
    fn default() -> Self {
        let threads = thread::available_parallelism().map_or(2, usize::from);
        Self { threads, memory: 4 << 30 }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Runs every step anew, reused or not.
    pub force: bool,
    pub budget: Budget,
}

/// How a run went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub finished: Vec<String>,
    pub reused: Vec<String>,
    /// With the reason.
    pub failed: Vec<(String, String)>,
    pub skipped: Vec<(String, String)>,
    pub cancelled: Vec<String>,
}

impl Outcome {
    /// Nothing failed and nobody stopped it.
    pub fn is_success(&self) -> bool {
        self.failed.is_empty() && self.cancelled.is_empty()
    }
}

/// Bytes a step is expected to need for each byte of its Parquet inputs.
const MEMORY_PER_BYTE: u64 = 8;

/// Deep queries recurse deeply in the table engine.
const STACK: usize = 16 << 20;

/// Carries out a plan. Returns when every step has come to its end, one way or another.
pub fn execute(plan: &Plan, store: &dyn Store, observer: &dyn Observer, options: &Options) -> Outcome {
    let (sender, receiver) = sync_channel(plan.steps.len().max(1));
    thread::scope(|scope| {
        let mut engine = Engine {
            plan,
            store,
            observer,
            options,
            scope,
            sender,
            waiting: (0..plan.steps.len()).collect(),
            running: HashMap::new(),
            ended: HashMap::new(),
            outcome: Outcome::default(),
        };
        engine.run(&receiver);
        engine.outcome
    })
}

/// What a step left behind for those that need it.
enum End {
    Outputs(BTreeMap<String, Stored>),
    Failed,
    Skipped,
    Cancelled,
}

/// From a step's thread: which one, its outputs and what it said or why not, and how long it took.
type Report = (usize, Result<(Vec<Stored>, StepJournal), StepError>, f64);

struct Engine<'scope, 'env> {
    plan: &'env Plan,
    store: &'env dyn Store,
    observer: &'env dyn Observer,
    options: &'env Options,
    scope: &'scope Scope<'scope, 'env>,
    sender: SyncSender<Report>,
    /// Not begun, in plan order.
    waiting: Vec<usize>,
    /// Key and expected memory.
    running: HashMap<usize, (String, u64)>,
    ended: HashMap<&'env str, End>,
    outcome: Outcome,
}

/// A step whose inputs are all there.
struct Ready {
    key: String,
    inputs: BTreeMap<String, Stored>,
    /// How the rows came about that the step divides.
    chain: Option<Chain>,
    memory: u64,
}

impl<'env> Engine<'_, 'env> {
    fn run(&mut self, receiver: &Receiver<Report>) {
        loop {
            self.advance();
            if self.running.is_empty() && (self.waiting.is_empty() || !self.give_up()) {
                break;
            }
            if let Ok((index, result, seconds)) = receiver.recv() {
                self.finish(index, result, seconds);
            }
        }
    }

    /// Decides every step that can be decided now; begins as many as the budget allows.
    fn advance(&mut self) {
        loop {
            let before = self.waiting.len();
            for index in std::mem::take(&mut self.waiting) {
                if !self.decide(index) {
                    self.waiting.push(index);
                }
            }
            if self.waiting.len() == before {
                break;
            }
        }
    }

    /// Ends steps that wait for what never comes (a circle, or a source outside the plan). Returns whether the loop
    /// should go on.
    fn give_up(&mut self) -> bool {
        for index in std::mem::take(&mut self.waiting) {
            let step = &self.plan.steps[index];
            self.skip(step, "What it needs is not part of this run.".to_owned());
        }
        false
    }

    /// Whether the step left the waiting line.
    fn decide(&mut self, index: usize) -> bool {
        let plan = self.plan;
        let step = &plan.steps[index];
        if self.observer.cancelled() {
            self.end(step, End::Cancelled);
            self.outcome.cancelled.push(step.job.clone());
            self.observer.step(StepEvent::Cancelled { job: step.job.clone() });
            return true;
        }
        match &step.obstacle {
            Some(Obstacle::Error(sentence)) => self.fail(step, sentence.clone()),
            Some(Obstacle::Skip(why)) => self.skip(step, why.clone()),
            None => match self.sources(step) {
                Sources::Pending => return false,
                Sources::Broken(why) => self.skip(step, why),
                Sources::Cancelled => {
                    self.end(step, End::Cancelled);
                    self.outcome.cancelled.push(step.job.clone());
                    self.observer.step(StepEvent::Cancelled { job: step.job.clone() });
                }
                Sources::There(inputs) => return self.start(index, step, inputs),
            },
        }
        true
    }

    fn sources(&self, step: &Step) -> Sources {
        let mut inputs = BTreeMap::new();
        for source in &step.inputs {
            match self.ended.get(source.job.as_str()) {
                None => return Sources::Pending,
                Some(End::Cancelled) => return Sources::Cancelled,
                Some(End::Failed) => {
                    return Sources::Broken(format!("The step “{}” before it failed.", source.job));
                }
                Some(End::Skipped) => {
                    return Sources::Broken(format!("The step “{}” before it was skipped.", source.job));
                }
                Some(End::Outputs(outputs)) => match outputs.get(&source.output) {
                    Some(stored) => drop(inputs.insert(source.port.clone(), stored.clone())),
                    None => {
                        let (job, output) = (&source.job, &source.output);
                        return Sources::Broken(format!("The step “{job}” before it made no “{output}”."));
                    }
                },
            }
        }
        Sources::There(inputs)
    }

    /// Reuses or begins a step; `false` while there is no room for it.
    fn start(&mut self, index: usize, step: &'env Step, inputs: BTreeMap<String, Stored>) -> bool {
        if self.running.len() >= self.options.budget.threads.max(1) {
            return false;
        }
        let Some(component) = components::find(&step.component) else {
            self.fail(step, format!("There is no component “{}”.", step.component));
            return true;
        };
        let outputs = |job: &str, port: &str| match self.ended.get(job) {
            Some(End::Outputs(outputs)) => outputs.get(port).cloned(),
            _ => None,
        };
        let chain = Chain::of(self.plan, step, &outputs);
        let key = match key(component, step, &inputs, chain.as_ref(), self.store) {
            Ok(key) => key,
            Err(error) => {
                self.fail(step, error.to_string());
                return true;
            }
        };
        if !self.options.force && component.spec().reusable {
            // A store that cannot be asked is no reason to fail: the step is computed.
            if let (Ok(Some(outputs)), Ok(journal)) = (self.store.find(&key), self.store.journal(&key)) {
                self.reuse(step, key, outputs, journal);
                return true;
            }
        }
        let memory = expected_memory(&inputs);
        let used: u64 = self.running.values().map(|(_, memory)| memory).sum();
        if !self.running.is_empty() && used.saturating_add(memory) > self.options.budget.memory {
            return false;
        }
        self.begin(index, component, step, Ready { key, inputs, chain, memory });
        true
    }

    fn begin(&mut self, index: usize, component: &'static dyn Component, step: &'env Step, ready: Ready) {
        self.observer.step(StepEvent::Started { job: step.job.clone() });
        let threads = (self.options.budget.threads / (self.running.len() + 1)).max(1);
        let (store, observer, sender) = (self.store, self.observer, self.sender.clone());
        let (key, memory) = (ready.key.clone(), ready.memory);
        let work = move || {
            let started = Instant::now();
            let result = step::run(component, step, &ready, store, observer, threads);
            // The engine outlives its steps, so the channel is open; there is nobody to tell otherwise.
            let _ = sender.send((index, result, started.elapsed().as_secs_f64()));
        };
        let name: String = format!("step {}", step.job).chars().filter(|letter| *letter != '\0').collect();
        match thread::Builder::new().name(name).stack_size(STACK).spawn_scoped(self.scope, work) {
            Ok(_) => drop(self.running.insert(index, (key, memory))),
            Err(error) => self.fail(step, format!("The system could not start a thread for this step: {error}.")),
        }
    }

    fn finish(&mut self, index: usize, result: Result<(Vec<Stored>, StepJournal), StepError>, seconds: f64) {
        let step = &self.plan.steps[index];
        let key = self.running.remove(&index).map(|(key, _)| key).unwrap_or_default();
        let kept = result.and_then(|(outputs, journal)| self.store.keep(&key, &outputs, &journal).map(|()| outputs));
        match kept {
            Ok(outputs) => {
                self.end(step, End::Outputs(by_port(&outputs)));
                self.outcome.finished.push(step.job.clone());
                self.observer.step(StepEvent::Finished { job: step.job.clone(), key, outputs, seconds });
            }
            Err(StepError::Failed(message)) => self.fail(step, message),
            Err(StepError::Cancelled) => {
                self.end(step, End::Cancelled);
                self.outcome.cancelled.push(step.job.clone());
                self.observer.step(StepEvent::Cancelled { job: step.job.clone() });
            }
        }
    }

    fn reuse(&mut self, step: &'env Step, key: String, outputs: Vec<Stored>, journal: StepJournal) {
        self.end(step, End::Outputs(by_port(&outputs)));
        self.outcome.reused.push(step.job.clone());
        self.observer.step(StepEvent::Reused { job: step.job.clone(), key, outputs, journal });
    }

    fn fail(&mut self, step: &'env Step, message: String) {
        self.end(step, End::Failed);
        self.outcome.failed.push((step.job.clone(), message.clone()));
        self.observer.step(StepEvent::Failed { job: step.job.clone(), message });
    }

    fn skip(&mut self, step: &'env Step, why: String) {
        self.end(step, End::Skipped);
        self.outcome.skipped.push((step.job.clone(), why.clone()));
        self.observer.step(StepEvent::Skipped { job: step.job.clone(), why });
    }

    fn end(&mut self, step: &'env Step, end: End) {
        self.ended.insert(&step.job, end);
    }
}

enum Sources {
    Pending,
    Broken(String),
    Cancelled,
    There(BTreeMap<String, Stored>),
}

fn by_port(outputs: &[Stored]) -> BTreeMap<String, Stored> {
    outputs.iter().map(|stored| (stored.port.clone(), stored.clone())).collect()
}

/// A table that passes through several ports is counted once.
fn expected_memory(inputs: &BTreeMap<String, Stored>) -> u64 {
    let mut seen = HashSet::new();
    let bytes = inputs.values().filter(|stored| seen.insert(&stored.digest)).map(|stored| match Meta::of(stored) {
        Some(Meta::Table(table)) => table.bytes,
        _ => 0,
    });
    bytes.sum::<u64>().saturating_mul(MEMORY_PER_BYTE)
}

/// The digest of everything that decides a step's result.
///
/// # Errors
/// When the code it runs (a script, a dataset) cannot be found.
pub fn key(
    component: &dyn Component,
    step: &Step,
    inputs: &BTreeMap<String, Stored>,
    chain: Option<&Chain>,
    store: &dyn Store,
) -> Result<String, StepError> {
    let spec = component.spec();
    let inputs: BTreeMap<&str, _> = inputs
        .iter()
        .map(|(port, stored)| {
            let carried = match Meta::of(stored) {
                Some(Meta::Table(table)) => carried(&table),
                _ => json!(null),
            };
            (port.as_str(), json!([stored.digest, carried]))
        })
        .collect();
    let mut parts = json!({
        "component": spec.id,
        "version": spec.version,
        "params": decisive(spec, &step.params),
        "inputs": inputs,
        "code": component.code_digest(&step.params, store)?,
    });
    if let Some(chain) = chain {
        parts["chain"] = chain.key(store)?;
    }
    // Only where one is chosen, so that keys from before there were environments stay good.
    if let Some(name) = &step.environment {
        parts["environment"] = store.environment(name)?.digest.into();
    }
    Ok(blake3::hash(parts.to_string().as_bytes()).to_hex().to_string())
}

/// What a table means beside its bytes. What a table does not have is left out, so that keys of tables from before there
/// was such a thing stay good.
pub(crate) fn carried(table: &TableMeta) -> serde_json::Value {
    let mut carried = json!({"roles": table.roles(), "preparation": table.preparation});
    if let Some(raw) = &table.raw {
        carried["raw"] = json!(raw);
    }
    if let Some(scored) = &table.scored {
        carried["scored"] = json!(scored);
    }
    carried
}

/// The parameters that decide a result. A reference to a dataset or a model does not: the digest of what it refers to
/// does, whether it names the version or takes the newest.
pub(crate) fn decisive(spec: &Spec, params: &Params) -> Params {
    let is_reference = |name: &str| spec.param(name).is_some_and(|param| param.kind.is_reference());
    Params(
        params
            .0
            .iter()
            .filter(|(name, _)| !is_reference(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

/// The keys of a plan's steps as far as they can be told without running: for each step whose sources are all
/// computed, its key and the outputs kept under it. Tells the designer which nodes are up to date.
pub fn known_results(plan: &Plan, store: &dyn Store) -> HashMap<String, (String, Vec<Stored>)> {
    let mut known: HashMap<String, (String, Vec<Stored>)> = HashMap::new();
    for step in plan.steps.iter().filter(|step| step.obstacle.is_none()) {
        let stored = |source: &crate::plan::Source| {
            let (_, outputs) = known.get(&source.job)?;
            let stored = outputs.iter().find(|stored| stored.port == source.output)?;
            Some((source.port.clone(), stored.clone()))
        };
        let inputs: Option<BTreeMap<String, Stored>> = step.inputs.iter().map(stored).collect();
        let (Some(inputs), Some(component)) = (inputs, components::find(&step.component)) else {
            continue;
        };
        let computed = |job: &str, port: &str| {
            let (_, outputs) = known.get(job)?;
            outputs.iter().find(|stored| stored.port == port).cloned()
        };
        let chain = Chain::of(plan, step, &computed);
        let Ok(key) = key(component, step, &inputs, chain.as_ref(), store) else {
            continue;
        };
        if let Ok(Some(outputs)) = store.find(&key) {
            known.insert(step.job.clone(), (key, outputs));
        }
    }
    known
}
