//! Where the parts of a pipeline file stand, as far as its form is one we know.

use super::outline::{Entry, entries};

/// The places of a file's parts. What is written in an unfamiliar form is absent.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    /// Whether the file's top level was understood.
    pub known: bool,
    pub top: Vec<Entry>,
    pub jobs: Vec<JobForm>,
    pub layout: Vec<Entry>,
}

#[derive(Clone, Debug)]
pub(super) struct JobForm {
    pub entry: Entry,
    /// `None` when the job isn't written as a block of `key: value` lines.
    pub fields: Option<Vec<Entry>>,
    /// `None` when there are no inputs or they aren't written as a block.
    pub inputs: Option<Vec<Entry>>,
}

impl Form {
    pub fn of(lines: &[&str]) -> Self {
        let Some(top) = entries(lines, 0..lines.len()) else {
            return Self::default();
        };
        let block = |key: &str| {
            let entry = find(&top, key).filter(|entry| entry.is_block())?;
            entries(lines, entry.body())
        };
        let job = |entry: Entry| {
            let fields = if entry.is_block() { entries(lines, entry.body()) } else { None };
            let inputs = fields.as_ref().and_then(|fields| find(fields, "inputs")).filter(|entry| entry.is_block());
            let inputs = inputs.and_then(|entry| entries(lines, entry.body()));
            JobForm { entry, fields, inputs }
        };
        let jobs = block("jobs").unwrap_or_default().into_iter().map(job).collect();
        let layout = block("layout").unwrap_or_default();
        Self { known: true, top, jobs, layout }
    }

    pub fn top(&self, key: &str) -> Option<&Entry> {
        find(&self.top, key)
    }

    pub fn job(&self, name: &str) -> Option<&JobForm> {
        self.jobs.iter().find(|job| job.entry.key == name)
    }

    /// The line, from 1, of a job, of one of its fields, or of one of its inputs.
    pub fn line_of(&self, job: &str, part: Option<&str>) -> Option<usize> {
        let job = self.job(job)?;
        let part = part.and_then(|part| job.input(part).or_else(|| job.field(part)));
        Some(part.unwrap_or(&job.entry).line + 1)
    }
}

impl JobForm {
    pub fn field(&self, key: &str) -> Option<&Entry> {
        find(self.fields.as_deref()?, key)
    }

    pub fn input(&self, key: &str) -> Option<&Entry> {
        find(self.inputs.as_deref()?, key)
    }
}

fn find<'a>(entries: &'a [Entry], key: &str) -> Option<&'a Entry> {
    entries.iter().find(|entry| entry.key == key)
}
