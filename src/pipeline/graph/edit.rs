//! Adding, removing, renaming and inserting jobs.

use super::{End, Input, Job, Pipeline, Wire};
use crate::component::Spec;

impl Pipeline {
    /// Adds a job of that component with nothing set; returns its name.
    pub fn add(&mut self, spec: &Spec, at: [f32; 2]) -> String {
        let name = self.unique_name(spec.id);
        self.jobs.insert(name.clone(), Job { component: spec.id.to_owned(), ..Job::default() });
        self.layout.insert(name.clone(), at);
        name
    }

    /// `base`, or `base_2`, `base_3`, … whichever is free first. Numbers at the end of `base` count on.
    pub fn unique_name(&self, base: &str) -> String {
        if !self.jobs.contains_key(base) {
            return base.to_owned();
        }
        let stem = base.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let stem = stem.strip_suffix('_').filter(|stem| !stem.is_empty()).unwrap_or(base);
        let free = (2u64..).map(|number| format!("{stem}_{number}")).find(|name| !self.jobs.contains_key(name));
        free.unwrap_or_else(|| base.to_owned())
    }

    /// Removes jobs and every wire that ends at them.
    pub fn remove(&mut self, jobs: &[&str]) {
        self.jobs.retain(|name, _| !jobs.contains(&name.as_str()));
        self.layout.retain(|name, _| !jobs.contains(&name.as_str()));
        for job in self.jobs.values_mut() {
            job.inputs.retain(|_, input| match input {
                Input::Binding { job, .. } => !jobs.contains(&job.as_str()),
                Input::Value(_) => true,
            });
        }
    }

    /// Gives a job another name; the wires from it follow.
    ///
    /// # Errors
    /// A sentence when there is no such job, or the name is taken or not letters, digits and underscores.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), String> {
        let Some(index) = self.jobs.get_index_of(from) else {
            return Err(format!("There is no job “{from}” in this pipeline."));
        };
        if from == to {
            return Ok(());
        }
        if self.jobs.contains_key(to) {
            return Err(format!("There is already a job “{to}”. Choose another name."));
        }
        let starts_well = to.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
        if !starts_well || !to.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
            return Err(format!(
                "“{to}” cannot be a job’s name. Use letters, digits and underscores, and start with a letter."
            ));
        }
        if let Some(job) = self.jobs.shift_remove(from) {
            self.jobs.shift_insert(index, to.to_owned(), job);
        }
        if let Some((place, _, at)) = self.layout.shift_remove_full(from) {
            self.layout.shift_insert(place, to.to_owned(), at);
        }
        for job in self.jobs.values_mut() {
            for input in job.inputs.values_mut() {
                if let Input::Binding { job, .. } = input
                    && job == from
                {
                    *job = to.to_owned();
                }
            }
        }
        Ok(())
    }

    /// Puts a job that is already in the pipeline between the ends of a wire: its first free input that fits takes
    /// the wire's source, its first output that fits feeds the wire's target.
    ///
    /// # Errors
    /// A sentence when no input or no output fits; nothing is changed then.
    pub fn insert_on_wire(&mut self, wire: &Wire, job: &str) -> Result<(), String> {
        let mut trial = self.clone();
        trial.disconnect(&wire.to);
        let spec = trial.jobs.get(job).and_then(Job::spec);
        let Some(spec) = spec else {
            return Err(format!("There is no job “{job}” that could go on a wire."));
        };
        let input = spec.inputs.iter().map(|port| End::new(job, port.name)).find(|end| {
            let bound = trial.jobs[job].inputs.contains_key(&end.port);
            !bound && trial.can_connect(&wire.from, end).is_ok()
        });
        let Some(input) = input else {
            return Err(format!("{} has no free input that fits this wire.", trial.title(job)));
        };
        trial.connect(&wire.from, &input)?;
        let outputs = spec.outputs.iter().map(|port| End::new(job, port.name));
        let Some(output) = outputs.into_iter().find(|end| trial.can_connect(end, &wire.to).is_ok()) else {
            return Err(format!("{} has no output that fits this wire.", trial.title(job)));
        };
        trial.connect(&output, &wire.to)?;
        *self = trial;
        Ok(())
    }
}
