//! Bringing back what a run's scripts ran in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use crate::clients::Client;
use crate::environments::Progress;
use crate::interpreter::{self, Interpreter};
use crate::surroundings::{StepsPython, UsedEnvironment};
use crate::{Error, ErrorKind, Result, Studio};

/// What installs packages decides nothing.
const INSTALLERS: [&str; 3] = ["pip", "uv", "wheel"];
/// Changed packages that a sentence names.
const NAMED: usize = 5;

/// The interpreter for each step that runs a script.
pub(super) type Pythons = BTreeMap<String, PathBuf>;

impl Studio {
    /// An interpreter with the packages of that time for every step: the same one if nothing changed, else an
    /// environment that is built anew; and what is not as it was, in sentences.
    ///
    /// # Errors
    /// A version of Python or a package that cannot be had.
    pub(super) fn bring_back_pythons(&self, run: &str, progress: Progress<'_>) -> Result<(Pythons, Vec<String>)> {
        let mut pythons = Pythons::new();
        let mut notes = Vec::new();
        for python in self.surroundings(run)?.python {
            let path = match &python.environment {
                Some(used) => self.environment_again(run, used, &python, progress, &mut notes)?,
                None => self.interpreter_again(&python.interpreter, progress, &mut notes)?,
            };
            pythons.extend(python.steps.into_iter().map(|step| (step, path.clone())));
        }
        Ok((pythons, notes))
    }

    /// The interpreter that a program ran in, as [`Self::bring_back_pythons`] has those of steps.
    ///
    /// # Errors
    /// One that cannot be had again.
    pub(super) fn interpreter_of(
        &self,
        client: &Client,
        then: &Interpreter,
        progress: Progress<'_>,
        notes: &mut Vec<String>,
    ) -> Result<PathBuf> {
        for (name, address) in &then.direct {
            let folder = address.strip_prefix("file://").map(Path::new);
            if folder.is_some_and(|folder| !folder.starts_with(&client.root)) {
                notes.push(format!("{name} is installed from {address}, which is used as it is now."));
            }
        }
        self.interpreter_again(then, progress, notes)
    }

    fn environment_again(
        &self,
        run: &str,
        used: &UsedEnvironment,
        python: &StepsPython,
        progress: Progress<'_>,
        notes: &mut Vec<String>,
    ) -> Result<PathBuf> {
        let builder = self.builder()?;
        if let Some(built) = builder.built(&used.digest) {
            return Ok(built.interpreter);
        }
        (progress.say)(&format!("Building the environment “{}” again", used.name));
        let built = if used.digest.is_empty() {
            // It was never built: the run ended before.
            let row = self.run_row(run)?;
            let wanted = self.frozen(&row)?.and_then(|frozen| frozen.environments.get(&used.name).cloned());
            builder.make(&wanted.unwrap_or_default(), progress)
        } else {
            builder.rebuild(&python.interpreter.version, used.pins.clone(), used.options.clone(), progress)
        };
        let built = built.map_err(|error| unavailable(&format!("The environment “{}”", used.name), error))?;
        if !used.digest.is_empty() && built.digest != used.digest {
            notes.push(format!(
                "The environment “{}” has the same packages for {} on {}, and was for {} {} on {}.",
                used.name,
                built.python,
                built.platform,
                python.interpreter.implementation,
                python.interpreter.version,
                python.interpreter.platform
            ));
        }
        Ok(built.interpreter)
    }

    fn interpreter_again(
        &self,
        then: &Interpreter,
        progress: Progress<'_>,
        notes: &mut Vec<String>,
    ) -> Result<PathBuf> {
        let path = PathBuf::from(&then.path);
        if then.problem.is_some() {
            // It did not run then, and is not asked to run better now.
            return Ok(path);
        }
        let now = interpreter::describe(Path::new(&then.path), &self.cache_folder());
        let Some(change) = difference(then, &now) else { return Ok(path) };
        (progress.say)(&format!("{} {change} Building what it was", then.path));
        let pins = then.pins().into_iter().filter(|pin| {
            let name = pin.split("==").next().unwrap_or_default();
            !INSTALLERS.contains(&name) && !then.direct.contains_key(name)
        });
        match self.builder()?.rebuild(&then.version, pins.collect(), Vec::new(), progress) {
            Ok(built) => {
                notes.push(format!("{} {change} It was built again from PyPI.", then.path));
                let direct: Vec<&str> = then.direct.keys().map(String::as_str).collect();
                if !direct.is_empty() {
                    notes.push(format!("Not from PyPI, so not brought back: {}.", direct.join(", ")));
                }
                Ok(built.interpreter)
            }
            Err(error) if error.kind == ErrorKind::Cancelled || now.problem.is_some() => {
                Err(unavailable(&format!("The interpreter {}", then.path), error))
            }
            Err(error) => {
                notes.push(format!(
                    "{} {change} Its packages of that time could not be brought back, so it is used as it is. {}",
                    then.path, error.message
                ));
                Ok(path)
            }
        }
    }
}

fn unavailable(what: &str, error: Error) -> Error {
    if error.kind == ErrorKind::Cancelled {
        return error;
    }
    Error::invalid(format!("{what} cannot be brought back. {}", error.message))
}

/// What has changed about an interpreter, in a sentence; none if nothing that matters has.
fn difference(then: &Interpreter, now: &Interpreter) -> Option<String> {
    if let Some(problem) = &now.problem {
        return Some(format!("cannot be used any more. {problem}"));
    }
    if (&then.version, &then.implementation) != (&now.version, &now.implementation) {
        return Some(format!("is {} {} now and was {}.", now.implementation, now.version, then.version));
    }
    let packages = changed(&then.packages, &now.packages);
    if packages.is_empty() {
        return None;
    }
    let more = if packages.len() > NAMED { format!(" and {} more", packages.len() - NAMED) } else { String::new() };
    Some(format!("has other packages now: {}{more}.", packages[..packages.len().min(NAMED)].join(", ")))
}

/// `numpy 2.1.0 (was 1.26.4)`
fn changed(then: &IndexMap<String, String>, now: &IndexMap<String, String>) -> Vec<String> {
    let counts = |name: &&String| !INSTALLERS.contains(&name.as_str());
    let mut words = Vec::new();
    for (name, old) in then.iter().filter(|(name, _)| counts(name)) {
        match now.get(name) {
            Some(new) if new == old => {}
            Some(new) => words.push(format!("{name} {new} (was {old})")),
            None => words.push(format!("no {name} (was {old})")),
        }
    }
    words.extend(
        now.iter()
            .filter(|(name, _)| counts(name) && !then.contains_key(*name))
            .map(|(name, new)| format!("{name} {new} (new)")),
    );
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interpreter(packages: &[(&str, &str)]) -> Interpreter {
        let packages = packages.iter().map(|(name, version)| ((*name).to_owned(), (*version).to_owned())).collect();
        Interpreter { version: "3.11.7".to_owned(), packages, ..Interpreter::default() }
    }

    #[test]
    fn a_change_of_packages_is_named() {
        let then = interpreter(&[("numpy", "1.26.4"), ("pip", "23.2"), ("six", "1.16.0")]);
        assert_eq!(difference(&then, &then), None);
        assert_eq!(difference(&then, &interpreter(&[("numpy", "1.26.4"), ("six", "1.16.0"), ("uv", "0.9")])), None);
        let now = interpreter(&[("numpy", "2.1.0"), ("pip", "24"), ("attrs", "25.1")]);
        assert_eq!(
            difference(&then, &now).unwrap(),
            "has other packages now: numpy 2.1.0 (was 1.26.4), no six (was 1.16.0), attrs 25.1 (new)."
        );
        let newer = Interpreter { version: "3.12.1".to_owned(), ..then.clone() };
        assert!(difference(&then, &newer).unwrap().contains("3.12.1 now and was 3.11.7"));
    }
}
