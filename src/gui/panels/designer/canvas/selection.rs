//! What is selected on the canvas, by name, so that it survives every edit.

use std::collections::BTreeSet;

use super::scene::{Scene, WireKey};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    pub jobs: BTreeSet<String>,
    pub notes: BTreeSet<usize>,
    pub wires: BTreeSet<WireKey>,
}

impl Selection {
    pub fn of_jobs(jobs: impl IntoIterator<Item = String>) -> Self {
        Self { jobs: jobs.into_iter().collect(), ..Self::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.notes.is_empty() && self.wires.is_empty()
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The step, if exactly one is selected and nothing else.
    pub fn single(&self) -> Option<&str> {
        let alone = self.jobs.len() == 1 && self.notes.is_empty();
        self.jobs.first().filter(|_| alone).map(String::as_str)
    }

    pub fn jobs(&self) -> Vec<String> {
        self.jobs.iter().cloned().collect()
    }

    pub fn notes(&self) -> Vec<usize> {
        self.notes.iter().copied().collect()
    }

    /// In if it was out, out if it was in.
    pub fn toggle_job(&mut self, job: &str) {
        if !self.jobs.remove(job) {
            self.jobs.insert(job.to_owned());
        }
    }

    pub fn toggle_note(&mut self, note: usize) {
        if !self.notes.remove(&note) {
            self.notes.insert(note);
        }
    }

    pub fn toggle_wire(&mut self, wire: WireKey) {
        if !self.wires.remove(&wire) {
            self.wires.insert(wire);
        }
    }

    /// Lets go of what is no longer there.
    pub fn retain(&mut self, scene: &Scene) {
        self.jobs.retain(|job| scene.index(job).is_some());
        self.notes.retain(|&note| note < scene.notes.len());
        self.wires.retain(|wire| scene.find_wire(wire).is_some());
    }
}
