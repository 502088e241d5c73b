//! What a run ran on: machine, interpreters with every installed package, scripts that git does not have, and what
//! else it takes to run it again. Frozen into one JSON blob beside the run's row when it starts.
//!
//! Format 1 knew `atelier`, `system`, `architecture` and `cores`, and is read as a format 2 that knows no more.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use git::Repo;
use indexmap::IndexMap;
use pipeline::component::Component;
use pipeline::plan::{Plan, Step, Target};
use pipeline::store::Store;
use serde::{Deserialize, Serialize};
use workspace::{Change, RunInput};

use crate::clients::Client;
use crate::environments::BuiltEnvironment;
use crate::interpreter::{self, Interpreter};
use crate::source::Source;
use crate::store::WorkspaceStore;
use crate::{Error, Result, RunRequest, Studio};

/// The version of the blob that this program writes.
const FORMAT: u32 = 2;
/// Larger scripts are not kept, in bytes.
const SCRIPT_LIMIT: u64 = 1 << 20;
/// All scripts of a run together, in bytes.
const SCRIPTS_LIMIT: u64 = 8 << 20;

/// What a run ran on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Surroundings {
    pub format: u32,
    /// The version of the program that ran it.
    pub atelier: String,
    /// `linux`
    pub system: String,
    /// `x86_64`
    pub architecture: String,
    /// Threads that the machine runs at a time.
    pub cores: usize,
    pub hardware: Hardware,
    /// Where the repository comes from, without credentials.
    pub remote: Option<String>,
    /// Scripts that the run's steps use and that its commit does not have as they were.
    pub scripts: Vec<Script>,
    /// What could not be kept, in sentences.
    pub left_out: Vec<String>,
    /// The command that repeats it from its folder.
    pub command: String,
    /// Parameters that steer chance, by `job.parameter`.
    pub seeds: IndexMap<String, String>,
    /// The dataset versions it reads, with the digests of their bytes.
    pub inputs: Vec<RunInput>,
    /// What its scripts run in.
    pub python: Vec<StepsPython>,
    /// The program that logged it; none for a pipeline's run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<Client>,
}

impl Surroundings {
    /// Of anything that runs on this machine.
    pub(crate) fn of_machine() -> Self {
        Self {
            format: FORMAT,
            atelier: env!("CARGO_PKG_VERSION").to_owned(),
            system: std::env::consts::OS.to_owned(),
            architecture: std::env::consts::ARCH.to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            hardware: hardware().clone(),
            ..Self::default()
        }
    }
}

/// The machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hardware {
    /// The processor's model.
    pub processor: String,
    pub physical_cores: Option<usize>,
    /// Bytes.
    pub memory: u64,
    /// `Linux (Debian GNU/Linux 12)`
    pub system: String,
    pub kernel: String,
    /// Models of graphics cards, as far as they are cheap to learn.
    pub gpus: Vec<String>,
}

/// A file of a person's code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Script {
    /// Within the workspace, or within [`Client::root`], with `/`.
    pub path: String,
    pub digest: String,
    pub content: String,
}

/// An interpreter and the steps that ran in it; none of a program that logged by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepsPython {
    pub steps: Vec<String>,
    /// The environment that they chose; none where they ran in an interpreter as it was.
    pub environment: Option<UsedEnvironment>,
    pub interpreter: Interpreter,
}

/// The exact environment of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UsedEnvironment {
    /// What the pipeline calls it.
    pub name: String,
    /// Digest of interpreter and exact versions; empty until the worker has built it.
    pub digest: String,
    /// Exact versions, as a requirements file has them.
    pub pins: Vec<String>,
    /// Where packages come from besides PyPI.
    pub options: Vec<String>,
}

/// What is about to run.
pub(crate) struct Starting<'a> {
    pub path: &'a str,
    pub request: &'a RunRequest,
    pub plan: &'a Plan,
    pub inputs: &'a [RunInput],
    pub source: &'a Source,
}

impl Studio {
    /// What a run ran on. Empty for one whose client could not be looked at.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn surroundings(&self, run: &str) -> Result<Surroundings> {
        let row = self.workspace.run(run)?.run;
        let Some(digest) = &row.environment else { return Ok(Surroundings::default()) };
        let bytes = self.workspace.read_blob(digest)?;
        serde_json::from_slice(&bytes)
            .map_err(|error| Error::storage(format!("What run {} ran on cannot be read: {error}", row.name)))
    }

    /// Looks at everything that a run is about to use.
    pub(crate) fn look_around(&self, starting: &Starting<'_>) -> Result<Surroundings> {
        let store = WorkspaceStore::new(Arc::clone(&self.workspace));
        let repository = Repo::discover(self.folder())?;
        let mut surroundings = Surroundings {
            remote: repository.as_ref().and_then(|repository| repository.remote().ok().flatten()),
            left_out: starting.source.left_out(),
            command: command(starting),
            seeds: seeds(starting.plan),
            inputs: starting.inputs.to_vec(),
            python: self.pythons(starting.plan, &store),
            ..Surroundings::of_machine()
        };
        let mut scripts = Scripts::new(self.folder(), repository, starting.source, &mut surroundings);
        for (component, step) in coded(starting.plan) {
            for file in component.code(&step.params, &store).unwrap_or_default().files {
                scripts.keep(&file);
            }
        }
        Ok(surroundings)
    }

    /// The interpreters of a plan's scripts. What is in an environment is known once it is built.
    fn pythons(&self, plan: &Plan, store: &dyn Store) -> Vec<StepsPython> {
        let mut all: Vec<StepsPython> = Vec::new();
        for (component, step) in coded(plan) {
            let used =
                step.environment.as_ref().map(|name| UsedEnvironment { name: name.clone(), ..Default::default() });
            let interpreter = match &used {
                Some(_) => Interpreter::default(),
                None => match component.code(&step.params, store).and_then(|code| code.interpreter) {
                    Some(path) => interpreter::describe(&path, &self.cache_folder()),
                    None => continue,
                },
            };
            match all.iter_mut().find(|one| one.interpreter == interpreter && one.environment == used) {
                Some(one) => one.steps.push(step.job.clone()),
                None => all.push(StepsPython { steps: vec![step.job.clone()], environment: used, interpreter }),
            }
        }
        all
    }

    /// Writes down which exact environments a run uses, once they are built.
    pub(crate) fn note_environments(&self, run: &str, built: &BTreeMap<String, BuiltEnvironment>) -> Result<()> {
        if built.is_empty() {
            return Ok(());
        }
        let mut surroundings = self.surroundings(run)?;
        for python in &mut surroundings.python {
            let Some(used) = &mut python.environment else { continue };
            let Some(built) = built.get(&used.name) else { continue };
            used.digest.clone_from(&built.digest);
            used.pins.clone_from(&built.pins);
            used.options.clone_from(&built.options);
            python.interpreter = interpreter::describe(&built.interpreter, &self.cache_folder());
        }
        let digest = self.put_json(&surroundings)?;
        let change = Change::new("run.environment", run);
        Ok(self.workspace.write(change, |tx| tx.set_run_environment(run, &digest))?)
    }
}

/// The steps that will run a person's code.
fn coded(plan: &Plan) -> impl Iterator<Item = (&'static dyn Component, &Step)> {
    let steps = plan.steps.iter().filter(|step| step.obstacle.is_none());
    steps
        .filter_map(|step| Some((pipeline::components::find(&step.component)?, step)))
        .filter(|(component, _)| component.takes_environment())
}

/// Collects scripts as they are now.
pub(crate) struct Scripts<'a> {
    folder: &'a Path,
    repository: Option<Repo>,
    source: &'a Source,
    kept: &'a mut Surroundings,
    bytes: u64,
}

impl<'a> Scripts<'a> {
    /// Files below `folder`, whose code `source` is, are added to `kept`.
    pub(crate) fn new(
        folder: &'a Path,
        repository: Option<Repo>,
        source: &'a Source,
        kept: &'a mut Surroundings,
    ) -> Self {
        Self { folder, repository, source, kept, bytes: 0 }
    }

    pub(crate) fn keep(&mut self, file: &Path) {
        let Some(path) = self.within(file) else {
            self.leave_out(format!("{} lies outside of the workspace.", file.display()));
            return;
        };
        if self.kept.scripts.iter().any(|script| script.path == path) {
            return;
        }
        let size = std::fs::metadata(file).map_or(0, |meta| meta.len());
        if size > SCRIPT_LIMIT || self.bytes + size > SCRIPTS_LIMIT {
            self.leave_out(format!("{path} was not kept: it is too large, with {size} bytes."));
            return;
        }
        // One that cannot be read fails its step with a sentence.
        let Ok(bytes) = std::fs::read(file) else { return };
        if self.is_committed(&path, &bytes) {
            return;
        }
        match String::from_utf8(bytes) {
            Ok(content) => {
                self.bytes += size;
                let digest = blake3::hash(content.as_bytes()).to_hex().to_string();
                self.kept.scripts.push(Script { path, digest, content });
            }
            Err(_) => self.leave_out(format!("{path} was not kept: it is no text in UTF-8.")),
        }
    }

    fn leave_out(&mut self, sentence: String) {
        if !self.kept.left_out.contains(&sentence) {
            self.kept.left_out.push(sentence);
        }
    }

    fn within(&self, file: &Path) -> Option<String> {
        let parts = file.strip_prefix(self.folder).ok()?.components().map(|part| match part {
            std::path::Component::Normal(part) => part.to_str(),
            _ => None,
        });
        Some(parts.collect::<Option<Vec<&str>>>()?.join("/"))
    }

    /// Whether the commit has the file with this content, so that it need not be kept.
    fn is_committed(&self, path: &str, bytes: &[u8]) -> bool {
        let (Some(repository), Some(commit)) = (&self.repository, &self.source.commit) else { return false };
        repository.file_at(commit, path).is_ok_and(|committed| committed.as_deref() == Some(bytes))
    }
}

fn seeds(plan: &Plan) -> IndexMap<String, String> {
    let mut seeds = IndexMap::new();
    for step in plan.steps.iter().filter(|step| step.obstacle.is_none()) {
        for (name, value) in &step.params.0 {
            let steers = matches!(name.as_str(), "seed" | "random_state" | "random_seed");
            if steers && !value.is_null() {
                seeds.insert(
                    format!("{}.{name}", step.job),
                    value.as_str().map_or_else(|| value.to_string(), str::to_owned),
                );
            }
        }
    }
    seeds
}

/// `atelier run pipelines/a.yaml --set jobs.split.fraction=0.3`
fn command(starting: &Starting<'_>) -> String {
    let mut words = vec!["atelier".to_owned(), "run".to_owned(), quoted(starting.path)];
    for (key, value) in &starting.request.set {
        words.push("--set".to_owned());
        words.push(quoted(&format!("{key}={value}")));
    }
    if let Target::UpTo(job) = &starting.request.target {
        words.push("--up-to".to_owned());
        words.push(quoted(job));
    }
    if starting.request.force {
        words.push("--force".to_owned());
    }
    words.join(" ")
}

/// A word as a shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The machine, looked at once.
fn hardware() -> &'static Hardware {
    static SEEN: OnceLock<Hardware> = OnceLock::new();
    SEEN.get_or_init(|| {
        use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};
        let kinds = RefreshKind::nothing()
            .with_cpu(CpuRefreshKind::nothing())
            .with_memory(MemoryRefreshKind::nothing().with_ram());
        let system = System::new_with_specifics(kinds);
        Hardware {
            processor: system.cpus().first().map(|cpu| cpu.brand().trim().to_owned()).unwrap_or_default(),
            physical_cores: System::physical_core_count(),
            memory: system.total_memory(),
            system: System::long_os_version().unwrap_or_default(),
            kernel: System::kernel_version().unwrap_or_default(),
            gpus: gpus(),
        }
    })
}

/// The cards that NVIDIA's driver lists, which is where scripts compute. Others would need a slow look at the bus.
fn gpus() -> Vec<String> {
    let Ok(cards) = std::fs::read_dir("/proc/driver/nvidia/gpus") else { return Vec::new() };
    let model = |card: std::fs::DirEntry| {
        let text = std::fs::read_to_string(card.path().join("information")).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("Model:"))?;
        Some(line.trim().to_owned())
    };
    cards.flatten().filter_map(model).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_program_wrote_is_read() {
        let old = r#"{"atelier":"0.1.0","system":"linux","architecture":"x86_64","cores":2}"#;
        let read: Surroundings = serde_json::from_str(old).unwrap();
        assert_eq!((read.format, read.cores, read.atelier.as_str()), (0, 2, "0.1.0"));
        assert!(read.python.is_empty() && read.hardware == Hardware::default());
    }

    #[test]
    fn a_command_can_be_pasted_into_a_shell() {
        assert_eq!(quoted("pipelines/a.yaml"), "pipelines/a.yaml");
        assert_eq!(quoted("jobs.a.text=it's"), "'jobs.a.text=it'\\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn the_machine_has_a_name_and_memory() {
        let hardware = hardware();
        assert!(hardware.memory > 1 << 20 && !hardware.system.is_empty(), "{hardware:?}");
    }
}
