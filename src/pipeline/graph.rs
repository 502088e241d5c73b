//! The pipeline as a person draws it, and what one can do to the drawing.

mod clipboard;
mod connect;
pub mod diff;
mod edit;
pub mod layout;
mod order;
pub mod picture;
pub mod set;
#[cfg(test)]
mod tests;

use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::component::Spec;
use crate::components;

pub use order::Order;

/// One pipeline file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pipeline {
    /// What people read ("Diagnosis, boosted trees").
    pub display_name: String,
    pub description: String,
    /// By job name (snake_case, unique), in file order.
    pub jobs: IndexMap<String, Job>,
    /// Free notes on the canvas.
    pub notes: Vec<Note>,
    /// Canvas positions (left, top) by job name.
    pub layout: IndexMap<String, [f32; 2]>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Job {
    /// A component's id.
    pub component: String,
    /// The node's title where it differs from the component's.
    pub display_name: Option<String>,
    pub comment: Option<String>,
    /// Parameters and bindings, in file order; what equals the default is left out.
    pub inputs: IndexMap<String, Input>,
    pub disabled: bool,
    pub collapsed: bool,
    /// The compute target; `None` is this machine.
    pub compute: Option<String>,
    /// The environment that a script runs in; `None` is the workspace's own.
    pub environment: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Value(Json),
    /// `${{parent.jobs.JOB.outputs.PORT}}`
    Binding {
        job: String,
        output: String,
    },
}

/// A comment on the canvas.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Note {
    pub text: String,
    /// left, top, width, height
    pub rect: [f32; 4],
}

/// One port of one job.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct End {
    pub job: String,
    pub port: String,
}

impl End {
    pub fn new(job: impl Into<String>, port: impl Into<String>) -> Self {
        Self { job: job.into(), port: port.into() }
    }
}

/// A connection from an output to an input.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Wire {
    pub from: End,
    pub to: End,
}

impl Job {
    /// The component's declaration, if there is such a component.
    pub fn spec(&self) -> Option<&'static Spec> {
        components::find(&self.component).map(|component| component.spec())
    }

    /// What the node says: its own title, or else its component's.
    pub fn title(&self) -> &str {
        let own = self.display_name.as_deref().filter(|title| !title.is_empty());
        own.or_else(|| self.spec().map(|spec| spec.title)).unwrap_or(&self.component)
    }

    /// The job's bound inputs: port, source job, source output.
    pub fn bindings(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.inputs.iter().filter_map(|(port, input)| match input {
            Input::Binding { job, output } => Some((port.as_str(), job.as_str(), output.as_str())),
            Input::Value(_) => None,
        })
    }
}

impl Pipeline {
    /// Every connection, in file order, dangling ones included.
    pub fn wires(&self) -> impl Iterator<Item = Wire> {
        self.jobs.iter().flat_map(|(name, job)| {
            job.bindings()
                .map(move |(port, source, output)| Wire { from: End::new(source, output), to: End::new(name, port) })
        })
    }

    /// The title of a job, or its name when there is no such job.
    pub fn title<'a>(&'a self, job: &'a str) -> &'a str {
        self.jobs.get(job).map_or(job, Job::title)
    }
}
