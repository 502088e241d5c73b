//! Checking a pipeline without running it: what flows where, and what is wrong.
//!
//! Runs after every edit, so it reads no data: shapes of datasets and of computed outputs come from [`Known`].

mod leaks;
pub(crate) mod params;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use data::schema::closest_of;
use indexmap::IndexMap;

use crate::component::{Component, Params, Port, Spec};
use crate::components;
use crate::graph::{Input, Job, Pipeline};
use crate::shape::Shape;
pub use crate::shape::{Known, KnownDataset, Nothing, Problem, Severity, Shapes};
pub use params::{is_needed, is_shown};

/// Where a problem with a job's environment is marked: it is no parameter, but chosen beside them.
pub const ENVIRONMENT: &str = "environment";

/// What is known of a pipeline without running it.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// By job, then output port; a port that is absent is unknown.
    pub shapes: IndexMap<String, BTreeMap<String, Shape>>,
    /// By job, then input port: what comes in. A port that is absent is not connected.
    pub inputs: IndexMap<String, Shapes>,
    /// By job; jobs without problems are absent.
    pub problems: IndexMap<String, Vec<Problem>>,
    /// By job: the second line of its node.
    pub captions: IndexMap<String, String>,
    /// Jobs so that each stands after those it depends on. Those on a circle or behind one are left out.
    pub order: Vec<String>,
    /// The jobs of one circle, each feeding the next and the last the first.
    pub cycle: Vec<String>,
}

impl Checked {
    pub fn shape(&self, job: &str, port: &str) -> Option<&Shape> {
        self.shapes.get(job)?.get(port)
    }

    pub fn problems(&self, job: &str) -> &[Problem] {
        self.problems.get(job).map_or(&[], Vec::as_slice)
    }

    /// The problems that keep a job from running.
    pub fn errors(&self) -> impl Iterator<Item = (&str, &Problem)> {
        self.problems.iter().flat_map(|(job, problems)| {
            problems.iter().filter(|problem| problem.severity == Severity::Error).map(|problem| (job.as_str(), problem))
        })
    }

    pub fn has_errors(&self, job: &str) -> bool {
        self.problems(job).iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// Checks every job: its component, its connections, its parameters and what its component makes of them.
pub fn check(pipeline: &Pipeline, known: &dyn Known) -> Checked {
    let order = pipeline.order();
    let mut checked = Checked {
        order: order.jobs.iter().map(|job| (*job).to_owned()).collect(),
        cycle: order.cycle.iter().map(|job| (*job).to_owned()).collect(),
        ..Checked::default()
    };
    let sorted: std::collections::HashSet<&str> = order.jobs.iter().copied().collect();
    let behind = pipeline.jobs.keys().map(String::as_str).filter(|job| !sorted.contains(job));
    for name in order.jobs.iter().copied().chain(behind) {
        let Some(job) = pipeline.jobs.get(name) else {
            continue;
        };
        let mut problems = Vec::new();
        if order.cycle.contains(&name) {
            problems.push(circle(pipeline, &order.cycle));
        }
        match components::find(&job.component) {
            Some(component) => {
                let mut checker = Checker { pipeline, known, checked: &checked, name, job, problems: &mut problems };
                let facts = checker.run(component);
                problems.extend(leaks::learnt_before(pipeline, name, component));
                checked.captions.insert(name.to_owned(), facts.caption);
                checked.inputs.insert(name.to_owned(), facts.inputs);
                checked.shapes.insert(name.to_owned(), facts.outputs);
            }
            None => problems.push(unknown_component(&job.component)),
        }
        if job.disabled {
            problems.clear();
        }
        problems.dedup();
        if !problems.is_empty() {
            checked.problems.insert(name.to_owned(), problems);
        }
    }
    checked
}

/// What passes through a disabled job to one of its outputs: the binding of its first connected input of that kind.
pub fn bypass<'a>(job: &'a Job, spec: &Spec, output: &str) -> Option<(&'a str, &'a str)> {
    let kind = spec.output(output)?.kind;
    spec.inputs.iter().filter(|port| port.kind == kind).find_map(|port| match job.inputs.get(port.name) {
        Some(Input::Binding { job, output }) => Some((job.as_str(), output.as_str())),
        _ => None,
    })
}

fn circle(pipeline: &Pipeline, cycle: &[&str]) -> Problem {
    let titles: Vec<&str> = cycle.iter().chain(cycle.first()).map(|job| pipeline.title(job)).collect();
    Problem::error(format!("This step waits for itself: {}. Take one of these wires away.", titles.join(" → ")))
}

fn unknown_component(id: &str) -> Problem {
    if id.is_empty() {
        return Problem::error("This step names no component. Choose one from the palette in its place.");
    }
    let ids = components::all().iter().map(|component| component.spec().id);
    let hint = match closest_of(id, ids) {
        Some(near) => format!("Did you mean “{near}”?"),
        None => "It may come from a newer Atelier. Replace it by one from the palette.".to_owned(),
    };
    Problem::error(format!("There is no component “{id}”. {hint}"))
}

struct Facts {
    caption: String,
    inputs: Shapes,
    outputs: BTreeMap<String, Shape>,
}

struct Checker<'a> {
    pipeline: &'a Pipeline,
    known: &'a dyn Known,
    checked: &'a Checked,
    name: &'a str,
    job: &'a Job,
    problems: &'a mut Vec<Problem>,
}

impl Checker<'_> {
    fn run(&mut self, component: &dyn Component) -> Facts {
        let spec = component.spec();
        let inputs = self.inputs(spec);
        params::check(spec, self.job, &inputs, self.known, self.problems);
        self.environment(component);
        let params = Params::of(spec, self.job);
        let caption = component.caption(&params, &inputs, self.known);
        let outputs = if self.job.disabled {
            self.passed_through(spec, &inputs)
        } else {
            let inferred = component.infer(&params, &inputs, self.known, self.problems);
            let mut outputs: BTreeMap<String, Shape> =
                inferred.into_iter().map(|(port, shape)| (port.to_owned(), shape)).collect();
            outputs.extend(self.known.computed(self.name).into_iter().flatten());
            outputs
        };
        Facts { caption, inputs, outputs }
    }

    fn environment(&mut self, component: &dyn Component) {
        let Some(name) = &self.job.environment else { return };
        if !component.takes_environment() {
            let title = component.spec().title;
            let sentence = format!("{title} runs no script, so the environment “{name}” changes nothing. Remove it.");
            self.problems.push(Problem::warning(sentence).at_param(ENVIRONMENT));
        } else if let Err(sentence) = self.known.environment(name) {
            self.problems.push(Problem::error(sentence).at_param(ENVIRONMENT));
        }
    }

    fn passed_through(&self, spec: &Spec, inputs: &Shapes) -> BTreeMap<String, Shape> {
        let shape = |port: &Port| {
            let source = spec.inputs.iter().find(|input| input.kind == port.kind && inputs.contains_key(input.name))?;
            Some((port.name.to_owned(), inputs.get(source.name)?.clone()?))
        };
        spec.outputs.iter().filter_map(shape).collect()
    }

    fn inputs(&mut self, spec: &Spec) -> Shapes {
        let mut shapes = Shapes::new();
        for port in spec.inputs {
            match self.job.inputs.get(port.name) {
                Some(Input::Binding { job, output }) => {
                    if let Some(shape) = self.source(port, job, output) {
                        shapes.insert(port.name.to_owned(), shape);
                    }
                }
                Some(Input::Value(_)) => {
                    let sentence = format!(
                        "“{}” is a connection. Write ${{{{parent.jobs.JOB.outputs.PORT}}}}, or draw a wire.",
                        port.name
                    );
                    self.problems.push(Problem::error(sentence).at_port(port.name));
                }
                None if port.optional => {}
                None => {
                    let sentence = format!("Connect {} to the input “{}”.", port.kind.with_article(), port.title);
                    self.problems.push(Problem::error(sentence).at_port(port.name));
                }
            }
        }
        for (port, ..) in self.job.bindings().filter(|(port, ..)| spec.input(port).is_none()) {
            self.problems.push(misplaced(spec, port));
        }
        shapes
    }

    /// What comes along a wire: `None` when the wire is wrong, `Some(None)` when it isn't known.
    fn source(&mut self, port: &Port, source: &str, output: &str) -> Option<Option<Shape>> {
        let wrong = |sentence: String| Problem::error(sentence).at_port(port.name);
        let Some(job) = self.pipeline.jobs.get(source) else {
            let near = closest_of(source, self.pipeline.jobs.keys().map(String::as_str));
            let sentence = format!("The input “{}” comes from a job “{source}” that is not here.", port.title);
            self.problems.push(wrong(format!("{sentence}{}", hint(near, "Draw the wire anew."))));
            return None;
        };
        let Some(spec) = job.spec() else {
            return Some(None);
        };
        let Some(given) = spec.output(output) else {
            let near = closest_of(output, spec.outputs.iter().map(|port| port.name));
            let sentence =
                format!("The input “{}” comes from “{output}”, which {} does not give.", port.title, job.title());
            self.problems.push(wrong(format!("{sentence}{}", hint(near, "Draw the wire anew."))));
            return None;
        };
        if given.kind != port.kind {
            let from = crate::graph::End::new(source, output);
            let to = crate::graph::End::new(self.name, port.name);
            let sentence = self.pipeline.can_connect(&from, &to).err().unwrap_or_default();
            self.problems.push(wrong(sentence));
            return None;
        }
        if job.disabled && bypass(job, spec, output).is_none() {
            let sentence = format!("{} is disabled and passes nothing on, so this step will be skipped.", job.title());
            self.problems.push(Problem::warning(sentence).at_port(port.name));
        }
        Some(self.checked.shape(source, output).cloned())
    }
}

fn misplaced(spec: &Spec, port: &str) -> Problem {
    if spec.param(port).is_some() {
        return Problem::error(format!(
            "“{port}” is a parameter of {}, so nothing can be connected to it.",
            spec.title
        ))
        .at_param(port);
    }
    let near = closest_of(port, spec.inputs.iter().map(|port| port.name));
    Problem::error(format!("{} has no input “{port}”.{}", spec.title, hint(near, "Take the wire away."))).at_port(port)
}

fn hint(near: Option<&str>, otherwise: &str) -> String {
    near.map_or(format!(" {otherwise}"), |near| format!(" Did you mean “{near}”?"))
}
