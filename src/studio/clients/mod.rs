//! The programs that log runs to a server on this machine: how they were started, in what, and with which code.
//!
//! MLflow's protocol tells of a client hardly more than the name of its script. But a client on this machine is a
//! process that can be looked at: its command, its interpreter with every package, its repository. That is done once
//! for each process, on a thread of its own, while the client goes on; what is found becomes the surroundings of its
//! runs, as a pipeline's run has them. Of clients elsewhere, and on systems other than Linux, nothing more is known
//! than what they tell.

mod command;
mod modules;
mod process;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::UNIX_EPOCH;

use git::Repo;
use serde::{Deserialize, Serialize};
use workspace::tracking::RunOrigin;

use crate::interpreter;
use crate::source::Source;
use crate::surroundings::{Scripts, StepsPython, Surroundings, quoted};
use crate::{Result, Studio};

use modules::{ProgramModules, ProgramStart};
use process::Process;

use command::is_python;
pub(crate) use command::{Code, code, is_isolated, is_worker};

/// Runs that wait to be told what they are from.
const WAITING: usize = 10_000;
/// How many processes may stand between a worker and its program.
const GENERATIONS: usize = 8;
/// By how much the start of a process may be told too early, in seconds: it is counted from the start of the machine.
const START_ERROR: u64 = 2;
/// Connections and processes that are remembered.
const REMEMBERED: usize = 1_000;

/// A program that logged runs, as it ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Client {
    pub pid: u32,
    /// Seconds since 1970.
    pub started: u64,
    /// As it was started, the program first.
    pub arguments: Vec<String>,
    /// The folder that it ran in.
    pub folder: PathBuf,
    /// What its code was kept from: the repository of its script, or where there is none the script's folder.
    pub root: PathBuf,
    /// Whether `root` is a repository.
    pub versioned: bool,
    /// Arguments that name files or folders below `root`, by their place, with what they name there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub named: BTreeMap<usize, PathBuf>,
    /// Where it looked for modules before all others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub module_path: Vec<PathBuf>,
    /// The port at which it reached the server.
    pub port: u16,
}

/// Looks at the programs that log to one server.
pub struct Clients {
    port: u16,
    seen: SyncSender<Seen>,
}

/// A run that was created, and the socket that this was asked through.
struct Seen {
    run: String,
    socket: u64,
}

impl Clients {
    /// For a server that listens at `port`. What is found is written into the runs. Its threads end when this is
    /// dropped.
    ///
    /// # Errors
    /// No thread to be had.
    pub fn watch(studio: Studio, port: u16) -> std::io::Result<Self> {
        let (seen, runs) = sync_channel(WAITING);
        let (found, processes) = sync_channel(WAITING);
        // Two, for a program may end while another one is being written down.
        let start = |name: &str| std::thread::Builder::new().name(name.to_owned());
        start("clients").spawn(move || find(&runs, &found))?;
        start("surroundings").spawn(move || write_down(&studio, port, &processes))?;
        Ok(Self { port, seen })
    }

    /// A client is creating a run over the connection that it has from `client`, and waits for the answer.
    pub fn saw(&self, run: &str, client: SocketAddr) {
        if !client.ip().to_canonical().is_loopback() {
            return;
        }
        if let Some(socket) = process::socket(client, self.port) {
            // Where too many wait nothing more is learnt of this one, which a run can do without.
            let _ = self.seen.try_send(Seen { run: run.to_owned(), socket });
        }
    }
}

type Found = Option<Arc<Process>>;

/// Finds the processes while they are there.
fn find(runs: &Receiver<Seen>, found: &SyncSender<(String, Arc<Process>)>) {
    let mut known: HashMap<u64, Found> = HashMap::new();
    while let Ok(Seen { run, socket }) = runs.recv() {
        if known.len() > REMEMBERED {
            known.clear();
        }
        let look = || process::holder(socket).and_then(Process::look).map(|process| Arc::new(leader(process)));
        let Some(process) = known.entry(socket).or_insert_with(look) else { continue };
        if found.send((run, Arc::clone(process))).is_err() {
            return;
        }
    }
}

/// The process that one works for, if it cannot be started alone.
fn leader(mut process: Process) -> Process {
    for _ in 0..GENERATIONS {
        match process.parent.and_then(Process::look) {
            Some(parent) if is_worker(&process.arguments, &parent.arguments) => process = parent,
            _ => break,
        }
    }
    process
}

fn write_down(studio: &Studio, port: u16, processes: &Receiver<(String, Arc<Process>)>) {
    // By its number and start: a later one may have its number.
    let mut known: HashMap<(u32, u64), RunOrigin> = HashMap::new();
    while let Ok((run, process)) = processes.recv() {
        if known.len() > REMEMBERED {
            known.clear();
        }
        let id = (process.pid, process.started);
        let origin = match known.get(&id) {
            Some(origin) => Ok(origin.clone()),
            None => studio.look_at(&process, port),
        };
        let written = origin.and_then(|origin| {
            let (told, run_id) = (origin.clone(), run.clone());
            let write = move |batch: &workspace::Batch<'_>| batch.set_run_origin(&run_id, &told);
            studio.workspace.batch_grouped("run.surroundings", &run, write)?;
            Ok(origin)
        });
        match written {
            Ok(origin) => drop(known.insert(id, origin)),
            Err(error) => {
                // What it was kept as may have been collected meanwhile.
                known.remove(&id);
                tracing::warn!("what logged a run could not be written down: {error}");
            }
        }
    }
}

impl Studio {
    /// Writes down what a process is, and says what its runs are to be told.
    fn look_at(&self, process: &Process, port: u16) -> Result<RunOrigin> {
        let mut left_out = Vec::new();
        let python = is_python(&process.program);
        let script_at = match code(&process.arguments) {
            Code::Script(at) if python => Some(at),
            _ => None,
        };
        let (folder, script) = script_of(process, script_at);
        let folder = folder_of_module(process).unwrap_or(folder);
        if let (Some(at), None) = (script_at, &script) {
            let name = &process.arguments[at];
            left_out.push(format!("{name} is not where the program was started, so it was not kept."));
        }
        // A command that was installed beside the interpreter says nothing of where one's own code is.
        let installed = |script: &Path| {
            script.parent() == process.program.parent().and_then(|bin| bin.canonicalize().ok()).as_deref()
        };
        let is_command = script.as_deref().is_some_and(installed);
        let script = script.filter(|_| !is_command);
        let start = if is_command {
            Some(ProgramStart { file: None, imports_from: folder.clone() })
        } else {
            ProgramStart::of(&process.arguments, &folder, script.as_deref(), &process.module_path)
        };
        let start = start.filter(|_| python);
        let place = start.as_ref().map_or_else(|| folder.clone(), ProgramStart::place);
        let repository = repository(&place, &mut left_out);
        let source = repository.as_ref().map(Source::of).transpose()?.unwrap_or_default();
        left_out.extend(source.left_out());
        let ProgramModules { root, files, left_out: more } = match (&repository, start) {
            // The commit and the difference have all others.
            (Some(repository), start) => ProgramModules {
                root: repository.root().to_owned(),
                files: start.and_then(|start| start.file).into_iter().collect(),
                left_out: None,
            },
            (None, Some(start)) => ProgramModules::of(&start, &folder, &process.module_path),
            (None, None) => ProgramModules { root: place, ..ProgramModules::default() },
        };
        left_out.extend(more);
        left_out.extend(changed_since(process.started, &root, &files, &source));
        let client = Client {
            pid: process.pid,
            started: process.started,
            named: named(&process.arguments, &root, script_at.zip(script.as_deref())),
            folder,
            root,
            versioned: repository.is_some(),
            module_path: process.module_path.clone(),
            port,
            arguments: process.arguments.clone(),
        };
        let mut surroundings = Surroundings {
            remote: repository.as_ref().and_then(|repository| repository.remote().ok().flatten()),
            left_out,
            command: client.arguments.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "),
            ..Surroundings::of_machine()
        };
        if python {
            let interpreter = interpreter::describe(&process.program, &self.cache_folder());
            surroundings.python = vec![StepsPython { interpreter, ..StepsPython::default() }];
        }
        let mut scripts = Scripts::new(&client.root, repository, &source, &mut surroundings);
        files.iter().for_each(|file| scripts.keep(file));
        surroundings.client = Some(client);
        Ok(RunOrigin {
            environment: self.put_json(&surroundings)?,
            diff: source.keep_diff(&self.workspace)?,
            commit: source.commit,
            branch: source.branch,
        })
    }
}

/// The folder that a process was started in, and its script there.
fn script_of(process: &Process, at: Option<usize>) -> (PathBuf, Option<PathBuf>) {
    let in_folder = |folder: &PathBuf| {
        let script = folder.join(&process.arguments[at?]).canonicalize().ok().filter(|script| script.is_file())?;
        Some((folder.canonicalize().ok()?, Some(script)))
    };
    let first = || (process.folders.first().cloned().unwrap_or_default(), None);
    process.folders.iter().find_map(in_folder).unwrap_or_else(first)
}

/// The folder that a process was started in, if it runs a module that lies there or on its path.
fn folder_of_module(process: &Process) -> Option<PathBuf> {
    let mut folders = process.folders.iter().filter_map(|folder| folder.canonicalize().ok());
    let has_module = |folder: &PathBuf| {
        let is_module = matches!(code(&process.arguments), Code::Module(_));
        let start = ProgramStart::of(&process.arguments, folder, None, &process.module_path);
        is_module && start.is_some_and(|start| start.file.is_some())
    };
    folders.find(has_module)
}

/// What arguments name below `root`: links on the way are followed, as the same file may be reached by several names.
fn named(arguments: &[String], root: &Path, script: Option<(usize, &Path)>) -> BTreeMap<usize, PathBuf> {
    // Everything lies below the uppermost folder, which is nobody's code.
    let below = |path: &Path| path.strip_prefix(root).ok().filter(|_| root.parent().is_some()).map(Path::to_owned);
    let absolute = arguments.iter().enumerate().skip(1).filter(|(_, word)| Path::new(word).is_absolute());
    let mut named: BTreeMap<usize, PathBuf> =
        absolute.filter_map(|(at, word)| Some((at, below(&Path::new(word).canonicalize().ok()?)?))).collect();
    named.extend(script.and_then(|(at, script)| Some((at, below(script)?))));
    named
}

/// What was edited while the program ran already: it had read it before. In sentences.
fn changed_since(started: u64, root: &Path, files: &[PathBuf], source: &Source) -> Vec<String> {
    let edited = source.diff.iter().flat_map(|diff| diff.lines()).filter_map(|line| line.strip_prefix("+++ b/"));
    let files: BTreeSet<PathBuf> = edited.map(|path| root.join(path)).chain(files.iter().cloned()).collect();
    let later = |file: &PathBuf| {
        let changed = std::fs::metadata(file).and_then(|meta| meta.modified()).ok()?;
        (changed.duration_since(UNIX_EPOCH).ok()?.as_secs() > started + START_ERROR).then(|| file.display().to_string())
    };
    let said = |file: String| {
        format!("{file} was changed after the program had started, and is kept as it was when the run began.")
    };
    files.iter().filter_map(later).map(said).collect()
}

/// The whole repository around a folder. One that is a person's whole home is none: it would be read through for hours.
fn repository(place: &Path, left_out: &mut Vec<String>) -> Option<Repo> {
    let home = directories::BaseDirs::new().and_then(|dirs| dirs.home_dir().canonicalize().ok());
    match Repo::discover(place) {
        Ok(found) => {
            found.map(|repository| repository.unconfined()).filter(|whole| Some(whole.root()) != home.as_deref())
        }
        Err(error) => {
            left_out.push(error.to_string());
            None
        }
    }
}
