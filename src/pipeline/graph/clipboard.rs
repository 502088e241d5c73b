//! Copies of jobs, as text that also reads as a pipeline file.

use std::collections::HashMap;

use super::{Input, Pipeline};
use crate::yaml::{Document, snippet};

/// How far a pasted copy stands from its original.
const OFFSET: f32 = 32.0;

impl Pipeline {
    /// The named jobs as YAML for the clipboard. Wires from other jobs are kept by name, so that a copy pasted into
    /// the same pipeline keeps them.
    pub fn copy(&self, jobs: &[&str]) -> String {
        let chosen = |name: &String| jobs.contains(&name.as_str());
        let part = Self {
            jobs: self
                .jobs
                .iter()
                .filter(|(name, _)| chosen(name))
                .map(|(name, job)| (name.clone(), job.clone()))
                .collect(),
            layout: self.layout.iter().filter(|(name, _)| chosen(name)).map(|(name, at)| (name.clone(), *at)).collect(),
            ..Self::default()
        };
        snippet(&part)
    }

    /// Adds the jobs of a copied text under free names and returns these. Wires within the copy join the copies;
    /// wires from elsewhere stay where a job of that name and output is here, and are dropped where there isn't.
    /// `at` is where the copy's top left corner goes; without it, a little beside the original.
    ///
    /// # Errors
    /// A sentence when the text holds no jobs.
    pub fn paste(&mut self, text: &str, at: Option<[f32; 2]>) -> Result<Vec<String>, String> {
        let copied = Document::parse(text).map(|document| document.pipeline).unwrap_or_default();
        if copied.jobs.is_empty() {
            return Err("The clipboard holds no steps. Copy some on the canvas first.".to_owned());
        }
        let corner = |axis: usize| copied.layout.values().map(|place| place[axis]).reduce(f32::min).unwrap_or_default();
        let corner = [corner(0), corner(1)];
        let shift = at.map_or([OFFSET; 2], |at| [at[0] - corner[0], at[1] - corner[1]]);
        let mut names: HashMap<String, String> = HashMap::new();
        let mut added = Vec::new();
        for (name, job) in &copied.jobs {
            let new = self.unique_name(name);
            self.jobs.insert(new.clone(), job.clone());
            let place = copied.layout.get(name).copied().unwrap_or(corner);
            self.layout.insert(new.clone(), [place[0] + shift[0], place[1] + shift[1]]);
            names.insert(name.clone(), new.clone());
            added.push(new);
        }
        for name in &added {
            self.relink(name, &names, &added);
        }
        Ok(added)
    }

    /// A copy of jobs beside them; returns the new names.
    pub fn duplicate(&mut self, jobs: &[&str]) -> Vec<String> {
        let text = self.copy(jobs);
        self.paste(&text, None).unwrap_or_default()
    }

    fn relink(&mut self, name: &str, names: &HashMap<String, String>, added: &[String]) {
        let Some(mut inputs) = self.jobs.get_mut(name).map(|job| std::mem::take(&mut job.inputs)) else {
            return;
        };
        inputs.retain(|_, input| match input {
            Input::Value(_) => true,
            Input::Binding { job, output } => match names.get(job) {
                Some(copy) => {
                    copy.clone_into(job);
                    true
                }
                None => self.jobs.get(job).is_some_and(|source| {
                    let known = source.spec().is_none_or(|spec| spec.output(output).is_some());
                    known && !added.contains(job)
                }),
            },
        });
        if let Some(job) = self.jobs.get_mut(name) {
            job.inputs = inputs;
        }
    }
}
