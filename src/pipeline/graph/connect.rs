//! Which ports fit together, and why others don't.

use std::collections::HashSet;

use super::{End, Input, Job, Pipeline};
use crate::component::{Port, PortKind};

impl Pipeline {
    /// Whether an output may feed an input. An input that is connected already may be connected anew.
    ///
    /// # Errors
    /// A sentence: what is needed, what was given, and what to do instead.
    pub fn can_connect(&self, from: &End, to: &End) -> Result<(), String> {
        let source = self.port(from, |job| job.spec().and_then(|spec| spec.output(&from.port)), "output")?;
        let target = self.port(to, |job| job.spec().and_then(|spec| spec.input(&to.port)), "input")?;
        if from.job == to.job {
            return Err("A step cannot feed itself.".to_owned());
        }
        let (giver, taker) = (self.title(&from.job), self.title(&to.job));
        if source.kind != target.kind {
            let (needs, gives) = (target.kind.with_article(), source.kind.with_article());
            let advice = advice(source.kind, target.kind);
            return Err(format!("{taker} needs {needs} here; {giver} gives {gives}. {advice}"));
        }
        if self.depends(&from.job, &to.job) {
            return Err(format!("This would make a circle: {giver} already depends on {taker}."));
        }
        Ok(())
    }

    /// Connects an output to an input, in place of what was connected there.
    ///
    /// # Errors
    /// As [`Self::can_connect`].
    pub fn connect(&mut self, from: &End, to: &End) -> Result<(), String> {
        self.can_connect(from, to)?;
        let Some(job) = self.jobs.get_mut(&to.job) else {
            return Ok(());
        };
        let binding = Input::Binding { job: from.job.clone(), output: from.port.clone() };
        let ports = job.inputs.values().filter(|input| matches!(input, Input::Binding { .. })).count();
        match job.inputs.get_mut(&to.port) {
            Some(input) => *input = binding,
            // Connections stand before parameters, as they do in a file written by hand.
            None => drop(job.inputs.shift_insert(ports.min(job.inputs.len()), to.port.clone(), binding)),
        }
        Ok(())
    }

    /// Takes away the wire that ends at an input; returns whether there was one.
    pub fn disconnect(&mut self, to: &End) -> bool {
        let Some(job) = self.jobs.get_mut(&to.job) else {
            return false;
        };
        match job.inputs.get(&to.port) {
            Some(Input::Binding { .. }) => job.inputs.shift_remove(&to.port).is_some(),
            _ => false,
        }
    }

    /// Whether a job needs another one, directly or through others. Asked for every port while a wire is dragged, so
    /// it walks no further than it must.
    fn depends(&self, job: &str, on: &str) -> bool {
        let mut seen = HashSet::new();
        let mut open = vec![job];
        while let Some(next) = open.pop() {
            for (_, source, _) in self.jobs.get(next).into_iter().flat_map(Job::bindings) {
                if source == on {
                    return true;
                }
                if seen.insert(source) {
                    open.push(source);
                }
            }
        }
        false
    }

    fn port(
        &self,
        end: &End,
        find: impl Fn(&Job) -> Option<&'static Port>,
        what: &str,
    ) -> Result<&'static Port, String> {
        let Some(job) = self.jobs.get(&end.job) else {
            return Err(format!("There is no job “{}” in this pipeline.", end.job));
        };
        find(job).ok_or_else(|| format!("{} has no {what} “{}”.", job.title(), end.port))
    }
}

fn advice(from: PortKind, to: PortKind) -> &'static str {
    use PortKind::{Estimator, Model, Report, Table, Transform};
    match (from, to) {
        (Estimator, Model) => "Put Train model between them.",
        (Table, Model) => "Connect the output of Train model.",
        (Model, Estimator) | (Table, Estimator) => "Connect an algorithm from Learn, such as Random forest.",
        (Model, Table) => "Put Score model between them.",
        (Estimator, Table) => "Train it with Train model, then use Score model.",
        (Report, _) => "A report is an end; connect what it was made of instead.",
        (Transform, Table) => "Put Apply transform between them, or connect the table output beside it.",
        (_, Transform) => "Connect the transform output of a step such as Clean missing data.",
        _ => "Connect an output of the same kind.",
    }
}
