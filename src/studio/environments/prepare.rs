//! Making a run's environments ready, before its first step.

use std::collections::BTreeMap;

use pipeline::plan::Plan;
use pipeline::store::{Environment, Observer, Stream};

use super::{BuiltEnvironment, Progress};
use crate::runs::Frozen;
use crate::{Result, Studio};

/// What a plan's steps may ask for: by name, ready, or a sentence why not.
pub(crate) type Ready = BTreeMap<String, std::result::Result<Environment, String>>;

/// Builds what the frozen run chose. Its steps hear how it goes on; one that fails fails those steps, not the others.
pub(crate) fn prepare(studio: &Studio, run: &str, frozen: &Frozen, observer: &dyn Observer) -> Result<Ready> {
    let mut built: BTreeMap<String, BuiltEnvironment> = BTreeMap::new();
    let mut ready = Ready::new();
    for (name, wanted) in &frozen.environments {
        let steps = users(&frozen.plan, name);
        let say = |line: &str| {
            for step in &steps {
                observer.log(step, Stream::Info, line);
                observer.progress(step, None, line);
            }
        };
        let progress = Progress { say: &say, cancelled: &|| observer.cancelled() };
        let made = studio.builder()?.make(wanted, progress);
        ready.insert(name.clone(), made.as_ref().map(usable).map_err(|error| unready(name, &error.message)));
        if let Ok(made) = made {
            built.insert(name.clone(), made);
        }
    }
    studio.note_environments(run, &built)?;
    Ok(ready)
}

fn users<'a>(plan: &'a Plan, environment: &str) -> Vec<&'a str> {
    let steps = plan.steps.iter().filter(|step| step.environment.as_deref() == Some(environment));
    steps.map(|step| step.job.as_str()).collect()
}

pub(crate) fn usable(built: &BuiltEnvironment) -> Environment {
    Environment { digest: built.digest.clone(), interpreter: built.interpreter.clone() }
}

fn unready(name: &str, why: &str) -> String {
    format!("The environment “{name}” could not be made. {why}")
}
