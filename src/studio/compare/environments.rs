//! What two runs ran on.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::surroundings::{StepsPython, Surroundings};
use crate::{Result, Studio};

/// The difference between what two runs ran on.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EnvironmentComparison {
    /// The machine and the program, one fact a row; all of them, those that differ marked.
    pub facts: Vec<Fact>,
    /// What the Python steps ran in. Steps that share both interpreters share a row.
    pub pythons: Vec<PythonComparison>,
    /// What is not known, in sentences.
    pub notes: Vec<String>,
}

/// One fact of each run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// For a person: "Processor".
    pub label: &'static str,
    /// Empty where it is not known.
    pub first: String,
    pub second: String,
    pub differs: bool,
}

/// What the same steps ran in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PythonComparison {
    pub steps: Vec<String>,
    /// None where the run has no such step.
    pub first: Option<PythonUse>,
    pub second: Option<PythonUse>,
    /// Packages that were added, removed or changed, by name.
    pub packages: Vec<PackageChange>,
    /// How many packages are the same in both.
    pub same: usize,
}

/// An interpreter as a run used it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PythonUse {
    pub path: String,
    /// `CPython 3.11.7`
    pub version: String,
    /// `linux-x86_64`
    pub platform: String,
    /// The environment's name and digest, where the step chose one.
    pub environment: Option<(String, String)>,
}

/// A package whose version differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PackageChange {
    pub name: String,
    /// None where it was added.
    pub first: Option<String>,
    /// None where it was removed.
    pub second: Option<String>,
}

impl Studio {
    /// How what two runs ran on differs, from the first to the second.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn compare_environments(&self, first: &str, second: &str) -> Result<EnvironmentComparison> {
        let both = [self.surroundings(first)?, self.surroundings(second)?];
        let mut comparison = of(&both[0], &both[1]);
        for (id, surroundings) in [first, second].into_iter().zip(&both) {
            if surroundings.atelier.is_empty() {
                let name = self.run_row(id)?.name;
                comparison.notes.push(format!("Nothing was recorded of the machine of {name}."));
            }
        }
        Ok(comparison)
    }
}

pub(crate) fn of(first: &Surroundings, second: &Surroundings) -> EnvironmentComparison {
    let (ours, theirs) = (facts(first), facts(second));
    let facts = ours.into_iter().zip(theirs).filter(|((_, a), (_, b))| !a.is_empty() || !b.is_empty());
    let facts = facts.map(|((label, first), (_, second))| Fact { label, differs: first != second, first, second });
    EnvironmentComparison { facts: facts.collect(), pythons: pythons(first, second), notes: Vec::new() }
}

fn facts(of: &Surroundings) -> [(&'static str, String); 9] {
    let number = |value: u64| if value == 0 { String::new() } else { value.to_string() };
    let memory = match of.hardware.memory {
        0 => String::new(),
        bytes => format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30)),
    };
    [
        ("Atelier", of.atelier.clone()),
        ("System", of.system.clone()),
        ("Distribution", of.hardware.system.clone()),
        ("Kernel", of.hardware.kernel.clone()),
        ("Architecture", of.architecture.clone()),
        ("Processor", of.hardware.processor.clone()),
        ("Threads", number(of.cores as u64)),
        ("Memory", memory),
        ("Graphics", of.hardware.gpus.join(", ")),
    ]
}

fn pythons(first: &Surroundings, second: &Surroundings) -> Vec<PythonComparison> {
    let mut rows: Vec<(Option<&StepsPython>, Option<&StepsPython>, Vec<String>)> = Vec::new();
    for step in [first, second].into_iter().flat_map(steps).collect::<BTreeSet<_>>() {
        let pair = (of_step(first, step), of_step(second, step));
        match rows.iter_mut().find(|(a, b, _)| (*a, *b) == pair) {
            Some((_, _, steps)) => steps.push(step.to_owned()),
            None => rows.push((pair.0, pair.1, vec![step.to_owned()])),
        }
    }
    let compared = rows.into_iter().map(|(a, b, steps)| {
        let (packages, same) = packages(a, b);
        PythonComparison { steps, first: a.map(used), second: b.map(used), packages, same }
    });
    compared.collect()
}

fn steps(surroundings: &Surroundings) -> impl Iterator<Item = &str> {
    surroundings.python.iter().flat_map(|python| python.steps.iter().map(String::as_str))
}

fn of_step<'a>(surroundings: &'a Surroundings, step: &str) -> Option<&'a StepsPython> {
    surroundings.python.iter().find(|python| python.steps.iter().any(|name| name == step))
}

fn used(python: &StepsPython) -> PythonUse {
    let interpreter = &python.interpreter;
    PythonUse {
        path: interpreter.path.clone(),
        version: format!("{} {}", interpreter.implementation, interpreter.version).trim().to_owned(),
        platform: interpreter.platform.clone(),
        environment: python.environment.as_ref().map(|used| (used.name.clone(), used.digest.clone())),
    }
}

fn packages(first: Option<&StepsPython>, second: Option<&StepsPython>) -> (Vec<PackageChange>, usize) {
    let (Some(first), Some(second)) = (first, second) else { return (Vec::new(), 0) };
    let (old, new) = (&first.interpreter.packages, &second.interpreter.packages);
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut changes = Vec::new();
    let mut same = 0;
    for name in names {
        let (first, second) = (old.get(name).cloned(), new.get(name).cloned());
        if first == second {
            same += 1;
        } else {
            changes.push(PackageChange { name: name.clone(), first, second });
        }
    }
    (changes, same)
}
