//! What can be brought back of a run, looked at before anything is done.

use pipeline::plan::Plan;
use serde::Serialize;
use workspace::{RunInput, Step};

use crate::clients::{self, Client, Code};
use crate::compare::{CodePlace, RunState};
use crate::runs::Frozen;
use crate::surroundings::Surroundings;
use crate::{Error, ErrorKind, Result, Run, Studio};

/// The script that MLflow's client logged from.
const MLFLOW_SOURCE: &str = "mlflow.source.name";

/// What can be brought back of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Inspected {
    /// Whether there is a pipeline or a program to run again; without one only code can be brought back.
    pub runs: bool,
    /// Whether that is a program, which logged by itself.
    pub program: bool,
    /// What cannot be brought back and without which it cannot run, in sentences.
    pub missing: Vec<String>,
    /// What is not as it was and may make a difference, in sentences.
    pub notes: Vec<String>,
    /// The command that made the run, as far as it is known.
    pub command: String,
}

impl Studio {
    /// Looks whether a run can be reproduced, without doing it. Packages are looked for only when it is done.
    ///
    /// # Errors
    /// A run that is not there or goes on.
    pub fn inspect_run(&self, run: &str) -> Result<Inspected> {
        let workspace::RunDetail { run: row, steps, inputs, .. } = self.workspace.run(run)?;
        if !row.status.is_final() {
            let sentence = format!("{} has not ended yet. Wait for its end, or cancel it.", row.name);
            return Err(Error::new(ErrorKind::Conflict, sentence));
        }
        let surroundings = self.surroundings(run)?;
        let state = self.run_state(run)?;
        let frozen = self.frozen(&row)?;
        let command = command(&row, &surroundings);
        let mut inspected = Inspected { runs: frozen.is_some(), command, ..Inspected::default() };
        inspected.code(self, &state);
        match &frozen {
            Some(frozen) => {
                self.inspect_inputs(&inputs, &mut inspected)?;
                inspected.components(&steps);
                inspected.machine(&surroundings);
                inspected.scripts(frozen, &surroundings);
            }
            None => inspected.logged(&row, &state, &surroundings),
        }
        Ok(inspected)
    }

    fn inspect_inputs(&self, inputs: &[RunInput], inspected: &mut Inspected) -> Result<()> {
        for input in inputs {
            let name = format!("{}@{}", input.dataset, input.version);
            let found = self.dataset_version(&name).ok().filter(|version| version.digest == input.digest);
            if found.is_none() {
                inspected
                    .missing
                    .push(format!("The dataset {name} was removed for good, or another one has its name now."));
            } else if !self.workspace.blob_path(&input.digest)?.is_file() {
                inspected.missing.push(format!("The bytes of the dataset {name} are gone. “atelier check” says more."));
            }
        }
        Ok(())
    }
}

impl Inspected {
    fn code(&mut self, studio: &Studio, state: &RunState) {
        for what in &state.left_out {
            self.notes.push(format!("About its code: {what}"));
        }
        if state.is_empty() {
            if self.runs {
                self.notes.push("No code was kept with this run: there was no git repository.".to_owned());
            }
            return;
        }
        if matches!(state.place, CodePlace::Folder(_)) {
            return;
        }
        let failed = |why: String, hint: &str| format!("The code cannot be checked out. {why}{hint}");
        match (studio.code_repository(&state.place), &state.state.commit) {
            (Err(error), _) => self.missing.push(failed(error.message, "")),
            (Ok(repository), Some(commit)) => {
                if let Err(error) = repository.find_commit(commit) {
                    self.missing.push(failed(error.to_string(), " Fetch it, if another clone has it."));
                }
            }
            (Ok(_), None) => {}
        }
    }

    fn components(&mut self, steps: &[Step]) {
        for step in steps {
            match pipeline::components::find(&step.component) {
                None => {
                    let (title, component) = (&step.title, &step.component);
                    self.missing
                        .push(format!("{title} is a “{component}”, which this version of Atelier does not have."));
                }
                Some(component) if component.spec().version.to_string() != step.component_version => {
                    let (then, now) = (&step.component_version, component.spec().version);
                    self.notes.push(format!("{} was version {then} and is version {now} now.", component.spec().title));
                }
                Some(_) => {}
            }
        }
    }

    fn machine(&mut self, then: &Surroundings) {
        let mut differ = |what: &str, then: &str, now: &str| {
            if !then.is_empty() && then != now {
                self.notes.push(format!("{what} is not the same: {then} then, {now} now."));
            }
        };
        differ("Atelier’s version", &then.atelier, env!("CARGO_PKG_VERSION"));
        differ("The system", &then.system, std::env::consts::OS);
        differ("The architecture", &then.architecture, std::env::consts::ARCH);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        if then.cores != 0 {
            differ("The number of threads", &then.cores.to_string(), &cores.to_string());
        }
    }

    fn scripts(&mut self, frozen: &Frozen, surroundings: &Surroundings) {
        if runs_scripts(&frozen.plan) && surroundings.python.is_empty() {
            self.notes.push(
                "This run was recorded before interpreters were, so its scripts run in the workspace’s present one."
                    .to_owned(),
            );
        }
    }

    /// A run that a client logged has no pipeline, but there may be a program to start.
    fn logged(&mut self, row: &Run, state: &RunState, surroundings: &Surroundings) {
        let tag = |name: &str| row.tags.get(name);
        if let (Some(parent), Some(step)) = (tag(workspace::tracking::PARENT_TAG), tag(workspace::tracking::STEP_TAG)) {
            self.missing.push(format!("{} is what the step {step} logged. Reproduce its run {parent}.", row.name));
            return;
        }
        if let Some(part) = row.model_of() {
            self.missing.push(format!("{} is one of the models of a run. Reproduce its run {}.", row.name, part.run));
            return;
        }
        let obstacle = match &surroundings.client {
            Some(client) => obstacle(client, surroundings),
            None => Some("nothing is known of how it was started"),
        };
        let Some(obstacle) = obstacle else {
            (self.runs, self.program) = (true, true);
            self.machine(surroundings);
            if state.is_empty() {
                self.notes.push("No code was kept with this run: only its command is run again.".to_owned());
            }
            self.notes.push(
                "The clean folder has what git knows of, and not what it ignores. Other files that the program names \
                 by their whole path are read as they are now, and those it writes are written again."
                    .to_owned(),
            );
            return;
        };
        let command =
            if self.command.is_empty() { String::new() } else { format!(" It was made by: {}", self.command) };
        if state.is_empty() {
            self.missing.push(format!(
                "{} was logged by a program, {obstacle}, and nothing of its code is known.{command}",
                row.name
            ));
        } else {
            self.notes.push(format!(
                "{} was logged by a program, and {obstacle}, so Atelier cannot run it; its code is checked out.{command}",
                row.name
            ));
        }
    }
}

/// Why a program cannot be started again.
fn obstacle(client: &Client, surroundings: &Surroundings) -> Option<&'static str> {
    if surroundings.python.is_empty() {
        return Some("it was no Python program");
    }
    if clients::is_worker(&client.arguments, &[]) {
        return Some("it worked for another program that had ended");
    }
    if clients::is_isolated(&client.arguments) {
        return Some("its interpreter was told to load nothing (-I, -E or -S) that could lead its log elsewhere");
    }
    match clients::code(&client.arguments) {
        Code::Typed => Some("it was typed into an interpreter"),
        Code::Module(module) if module.starts_with("ipykernel") => Some("it was a notebook"),
        _ => None,
    }
}

fn runs_scripts(plan: &Plan) -> bool {
    let steps = plan.steps.iter().filter(|step| step.obstacle.is_none());
    steps.filter_map(|step| pipeline::components::find(&step.component)).any(|component| component.takes_environment())
}

fn command(row: &Run, surroundings: &Surroundings) -> String {
    match (surroundings.command.is_empty(), row.tags.get(MLFLOW_SOURCE), &row.pipeline) {
        (false, ..) => surroundings.command.clone(),
        (true, Some(script), _) => format!("python {script}"),
        (true, None, Some(pipeline)) => format!("atelier run {pipeline}"),
        (true, None, None) => String::new(),
    }
}
