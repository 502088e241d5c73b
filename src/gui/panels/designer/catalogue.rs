//! The components on offer, and the search over them.

use std::collections::HashMap;

use studio::pipeline::component::{Category, ParamKind, PortKind, Spec};
use studio::pipeline::components;
use studio::pipeline::graph::{Input, Job};

use super::canvas::Side;

/// Components by id, in the order the palette shows them.
#[derive(Debug)]
pub struct Catalogue {
    specs: Vec<&'static Spec>,
    by_id: HashMap<&'static str, &'static Spec>,
}

/// What a component must have for a wire that hangs in the air.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fits {
    /// The side of the component that the wire would go into.
    pub side: Side,
    pub kind: PortKind,
}

impl Default for Catalogue {
    fn default() -> Self {
        Self::new()
    }
}

impl Catalogue {
    /// Everything that the engine can carry out.
    pub fn new() -> Self {
        Self::of_specs(components::all().iter().map(|component| component.spec()))
    }

    pub fn of_specs(specs: impl IntoIterator<Item = &'static Spec>) -> Self {
        let specs: Vec<_> = specs.into_iter().collect();
        let by_id = specs.iter().map(|spec| (spec.id, *spec)).collect();
        Self { specs, by_id }
    }

    pub fn spec(&self, id: &str) -> Option<&'static Spec> {
        self.by_id.get(id).copied()
    }

    pub fn specs(&self) -> impl Iterator<Item = &'static Spec> + '_ {
        self.specs.iter().copied()
    }

    /// The components of one category, in catalogue order.
    pub fn of(&self, category: Category) -> impl Iterator<Item = &'static Spec> + '_ {
        self.specs().filter(move |spec| spec.category == category)
    }

    /// The components that match every word of `query`, best first; with `fits`, only those with such a port.
    pub fn search(&self, query: &str, fits: Option<Fits>) -> Vec<&'static Spec> {
        let query = query.to_lowercase();
        let words: Vec<&str> = query.split_whitespace().collect();
        let mut found: Vec<(u32, usize, &'static Spec)> = self
            .specs()
            .enumerate()
            .filter(|(_, spec)| fits.is_none_or(|fits| fits.port_of(spec).is_some()))
            .filter_map(|(index, spec)| Some((score(spec, &words)?, index, spec)))
            .collect();
        found.sort_by_key(|&(score, index, _)| (score, index));
        found.into_iter().map(|(_, _, spec)| spec).collect()
    }

    /// The node's title where the person gave none: a dataset's name for its import, else the component's title.
    pub fn title(&self, job: &Job) -> String {
        if let Some(title) = job.display_name.as_ref().filter(|title| !title.is_empty()) {
            return title.clone();
        }
        let Some(spec) = self.spec(&job.component) else {
            return job.component.clone();
        };
        dataset_name(spec, job).unwrap_or_else(|| spec.title.to_owned())
    }
}

impl Fits {
    /// The first port of `spec` that the wire could go into.
    pub fn port_of(self, spec: &'static Spec) -> Option<&'static str> {
        let ports = match self.side {
            Side::Input => spec.inputs,
            Side::Output => spec.outputs,
        };
        ports.iter().find(|port| port.kind == self.kind).map(|port| port.name)
    }
}

fn dataset_name(spec: &Spec, job: &Job) -> Option<String> {
    let param = spec.params.iter().find(|param| matches!(param.kind, ParamKind::Dataset))?;
    let Some(Input::Value(value)) = job.inputs.get(param.name) else {
        return None;
    };
    let name = value.as_str()?.split('@').next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// Smaller is better; `None` when a word is nowhere.
fn score(spec: &Spec, words: &[&str]) -> Option<u32> {
    let title = spec.title.to_lowercase();
    let mut total = 0;
    for word in words {
        total += if title.starts_with(word) {
            0
        } else if title.split_whitespace().any(|part| part.starts_with(word)) {
            1
        } else if title.contains(word) {
            2
        } else if spec.keywords.iter().any(|keyword| keyword.to_lowercase().contains(word)) {
            3
        } else if spec.category.title().to_lowercase().starts_with(word) {
            4
        } else if spec.summary.to_lowercase().contains(word) {
            5
        } else {
            return None;
        };
    }
    Some(total)
}
