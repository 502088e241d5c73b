//! The program of a logged run, run again: its command in the clean folder, with what it logs going to a server over
//! that folder, and what it logs weighed against what it logged then.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use indexmap::IndexMap;

use super::said::said;
use super::{Outcome, Reproduction, Verdict, WeighedOutput, rerun, weigh as scales};
use crate::clients::{Client, Code, code};
use crate::environments::{Progress, follow};
use crate::steps::Serve;
use crate::tracking::Artifact;
use crate::{Error, ModelPlace, Result, Run, Studio};

/// What stands before the program, as `sitecustomize`.
const AGAIN: &str = include_str!("again.py");
/// Lines of a program that failed which are quoted.
const QUOTED: usize = 5;
/// How much of a file is read whose bytes differ; a longer one says nothing.
const READ: u64 = 32 << 20;
/// What would lead the program's log elsewhere.
const FORGOTTEN: [&str; 6] = [
    "MLFLOW_RUN_ID",
    "MLFLOW_EXPERIMENT_ID",
    "MLFLOW_REGISTRY_URI",
    "VIRTUAL_ENV",
    "PYTHONHOME",
    "MLFLOW_ACTIVE_MODEL_ID",
];

/// A program that is to run again.
pub(super) struct Program<'a> {
    pub client: &'a Client,
    pub python: &'a Path,
    /// Packages that were installed from folders, with their addresses.
    pub direct: &'a IndexMap<String, String>,
    /// Where its code is now.
    pub folder: &'a Path,
}

impl Program<'_> {
    /// Runs it to its end, logging into `again`. Returns why it failed, if it did.
    ///
    /// # Errors
    /// One that cannot be started, a person who cancelled.
    pub fn run(&self, again: &Studio, serve: Serve, progress: Progress<'_>) -> Result<Option<String>> {
        let served = serve(again)?;
        let port = served.uri.rsplit(':').next().unwrap_or_default().trim_end_matches('/').to_owned();
        let before = again.workspace.private_folder().join("again");
        let failed = |error: std::io::Error| Error::storage(format!("The clean folder cannot be written: {error}."));
        std::fs::create_dir_all(&before).map_err(failed)?;
        std::fs::write(before.join("sitecustomize.py"), AGAIN).map_err(failed)?;
        let folder = self.working_folder();
        std::fs::create_dir_all(&folder).map_err(failed)?;

        let mut command = Command::new(self.python);
        command.args(self.arguments()).current_dir(folder);
        for name in FORGOTTEN {
            command.env_remove(name);
        }
        command.envs(served.variables()).env("ATELIER_PORT_THEN", self.client.port.to_string());
        command.env("ATELIER_PORT_NOW", port).env("PYTHONUNBUFFERED", "1");
        command.env("PYTHONPATH", joined(std::iter::once(before).chain(self.module_path())));
        command.env("ATELIER_STARTED_BY", std::process::id().to_string());
        if let Some(own) = self.python.parent() {
            let paths = std::env::var_os("PATH").unwrap_or_default();
            command.env("PATH", joined(std::iter::once(own.to_owned()).chain(std::env::split_paths(&paths))));
        }
        let (status, last) = follow(command, progress)?;
        if status.success() {
            return Ok(None);
        }
        let last = &last[last.len().saturating_sub(QUOTED)..];
        let words = if last.is_empty() { String::new() } else { format!(" Its last lines were:\n{}", last.join("\n")) };
        Ok(Some(format!("The program ended with {status}.{words}")))
    }

    /// Its folder among the code, or the uppermost one where it ran elsewhere.
    fn working_folder(&self) -> PathBuf {
        self.folder.join(self.client.folder.strip_prefix(&self.client.root).unwrap_or(Path::new("")))
    }

    /// Its arguments, with what named its code naming the code in the clean folder, as far as that is there.
    fn arguments(&self) -> Vec<String> {
        let Client { arguments, folder, named, .. } = self.client;
        let script = match code(arguments) {
            Code::Script(at) => Some(at),
            _ => None,
        };
        let one = |(at, word): (usize, &String)| {
            let moved = named.get(&at).map(|inside| self.folder.join(inside));
            let moved = moved.filter(|path| script == Some(at) || path.exists() || !Path::new(word).exists());
            // A command that was installed stays where it is.
            let moved = moved.or_else(|| (script == Some(at)).then(|| folder.join(word)));
            moved.map_or_else(|| word.clone(), |path| path.to_string_lossy().into_owned())
        };
        arguments.iter().enumerate().skip(1).map(one).collect()
    }

    /// Where it looks for modules: its packages that were installed from its own code, and what it was told.
    fn module_path(&self) -> Vec<PathBuf> {
        let Client { root, folder, module_path, .. } = self.client;
        let inside = |path: &Path| Some(self.folder.join(path.strip_prefix(root).ok()?));
        let own = self.direct.values().filter_map(|address| inside(Path::new(address.strip_prefix("file://")?)));
        let own = own.flat_map(|package| [package.join("src"), package]).filter(|path| path.is_dir());
        let told = module_path.iter().map(|path| folder.join(path));
        own.chain(told.map(|path| inside(&path).unwrap_or(path))).collect()
    }
}

/// The folders of a variable.
fn joined(folders: impl Iterator<Item = PathBuf>) -> std::ffi::OsString {
    let usable = |folder: &PathBuf| !folder.as_os_str().is_empty() && std::env::join_paths([folder]).is_ok();
    std::env::join_paths(folders.filter(usable)).unwrap_or_default()
}

/// Weighs what a run's program logged again into `report`.
pub(super) fn weigh(
    first: &Studio,
    run: &str,
    again: &Studio,
    ended: Option<String>,
    report: &mut Reproduction,
) -> Result<()> {
    let then = first.run_row(run)?;
    let siblings = first.workspace.runs_of_environment(then.environment.as_deref())?;
    let logged = again.workspace.runs_of_environment(None)?;
    report.error = ended;
    if siblings.len() > 1 || siblings.len() != logged.len() {
        report.notes.push(format!(
            "Its program logged {} and now it logged {}.",
            counted(siblings.len()),
            if logged.len() == siblings.len() { "as many".to_owned() } else { counted(logged.len()) }
        ));
    }
    let Some(now) = twin(&then, &siblings, &logged) else {
        report.verdict = Verdict::Failed;
        report.error.get_or_insert_with(|| "The program ended without logging this run again.".to_owned());
        return Ok(());
    };
    for (key, old) in &then.params {
        match now.params.get(key) {
            Some(new) if new == old => {}
            Some(new) => report.notes.push(format!("Its parameter {key} was {old} and is {new} now.")),
            None => report.notes.push(format!("Its parameter {key} was {old} and was not logged again.")),
        }
    }
    report.outputs = files((first, run), (again, &now.id), report.tolerance)?;
    report.metrics = rerun::metrics(first, run, again, &now.id, report.tolerance)?;
    report.verdict = rerun::verdict(report, then.status, now.status);
    Ok(())
}

fn counted(runs: usize) -> String {
    if runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") }
}

/// Which of the runs that were `logged` again is the one that `then` was among its `siblings`: the only one of its name,
/// the only one with its parameters, or the one that came in its place.
fn twin<'a>(then: &Run, siblings: &[Run], logged: &'a [Run]) -> Option<&'a Run> {
    let only = |alike: &dyn Fn(&Run) -> bool| {
        let mut found = logged.iter().filter(|run| alike(run));
        let one = found.next().filter(|_| found.next().is_none())?;
        (siblings.iter().filter(|run| alike(run)).count() == 1).then_some(one)
    };
    let by_name = || only(&|run| run.name == then.name);
    let by_params = || only(&|run| run.params == then.params);
    let by_place = || {
        let place = siblings.iter().position(|run| run.id == then.id)?;
        logged.get(place)
    };
    by_name().or_else(by_params).or_else(by_place)
}

/// Every file of both runs.
fn files(
    (first, run): (&Studio, &str),
    (again, second): (&Studio, &str),
    tolerance: f64,
) -> Result<Vec<WeighedOutput>> {
    let (old, new) = (paths(first, run)?, paths(again, second)?);
    let weigh = |path: &String| {
        let outcome = match (old.get(path), new.get(path)) {
            (Some(then), Some(now)) => first
                .open_run_file(run, then)
                .and_then(|then| content(path, then, again.open_run_file(second, now)?, tolerance))
                .unwrap_or_else(|error| Outcome::Missing { how: error.message }),
            (Some(_), None) => Outcome::Missing { how: "It was not logged again.".to_owned() },
            _ => Outcome::Missing { how: "It was not logged then.".to_owned() },
        };
        let (step, title) = (String::new(), String::new());
        WeighedOutput { step, title, port: path.clone(), kind: "file".to_owned(), outcome }
    };
    let all: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    Ok(all.into_iter().map(weigh).collect())
}

/// The files of a run by names that another run has as well: models that share a name are told apart by their ids, which
/// no other run has, so they are counted here.
fn paths(studio: &Studio, run: &str) -> Result<BTreeMap<String, String>> {
    let models = studio.models_made(run)?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut names: Vec<(String, String)> = Vec::new();
    for model in &models {
        let ModelPlace::Logged { id } = &model.place else { continue };
        let Some(name) = model.title.strip_suffix(id.as_str()).map(str::trim_end) else { continue };
        let count = counts.entry(name).or_default();
        *count += 1;
        let shown = |title: &str| format!("models/{}/", title.replace('/', "-"));
        names.push((shown(&model.title), shown(&format!("{name} {count}"))));
    }
    let named = |path: String| {
        let moved = names.iter().find_map(|(from, to)| Some(format!("{to}{}", path.strip_prefix(from.as_str())?)));
        (moved.unwrap_or_else(|| path.clone()), path)
    };
    Ok(studio.run_files(run)?.into_iter().map(|file| named(file.path)).collect())
}

/// Two files of one name: by their bytes, and where those differ by what they say.
fn content(path: &str, old: (Artifact, File), new: (Artifact, File), tolerance: f64) -> Result<Outcome> {
    if old.0.blob.digest == new.0.blob.digest {
        return Ok(Outcome::Identical { bytes: true });
    }
    let read = |file: File| -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let failed = |error: std::io::Error| Error::storage(format!("{path} cannot be read: {error}."));
        file.take(READ).read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    };
    let said = said(path, &read(old.1)?).zip(said(path, &read(new.1)?));
    match said {
        Some((old, new)) => scales::values(&old, &new, tolerance),
        None => Ok(Outcome::Different { how: "Its bytes differ.".to_owned(), difference: None }),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn client(folder: &str, line: &str, named: &[(usize, &str)]) -> Client {
        Client {
            arguments: line.split(' ').map(str::to_owned).collect(),
            folder: folder.into(),
            root: "/work/study".into(),
            named: named.iter().map(|(at, path)| (*at, path.into())).collect(),
            ..Client::default()
        }
    }

    fn moved(client: &Client, clean: &Path) -> (PathBuf, String) {
        let program = Program { client, python: Path::new("python"), folder: clean, direct: &IndexMap::new() };
        (program.working_folder(), program.arguments().join(" "))
    }

    #[test]
    fn a_command_finds_its_code_in_the_clean_folder() {
        let clean = tempfile::tempdir().unwrap();
        std::fs::create_dir(clean.path().join("known")).unwrap();
        let at = |path: &str| clean.path().join(path).to_string_lossy().into_owned();
        let script = client("/work/study/src", "python train.py --data /data/a.csv", &[(1, "src/train.py")]);
        let (folder, line) = moved(&script, clean.path());
        assert_eq!(
            (folder.to_string_lossy(), line),
            (at("src").into(), format!("{} --data /data/a.csv", at("src/train.py")))
        );
        // What git does not know stays where it is; where it is gone, so is the old place.
        let named = [(1, "a.py"), (2, "known"), (3, "tmp"), (4, "gone")];
        let line = "python /link/a.py /link/known /tmp /work/study/gone";
        let expected = format!("{} {} /tmp {}", at("a.py"), at("known"), at("gone"));
        assert_eq!(moved(&client("/work/study", line, &named), clean.path()).1, expected);
        // From elsewhere, and a command that was installed.
        let elsewhere = client("/home/ada", "python study/a.py", &[(1, "a.py")]);
        assert_eq!(moved(&elsewhere, clean.path()), (clean.path().to_owned(), at("a.py")));
        assert_eq!(moved(&client("/home/ada", "python bin/kedro run", &[]), clean.path()).1, "/home/ada/bin/kedro run");
        assert_eq!(moved(&client("/work/study", "python -m pkg x.py", &[]), clean.path()).1, "-m pkg x.py");
    }

    #[test]
    fn modules_come_from_the_clean_folder() {
        let clean = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(clean.path().join("pkg/src")).unwrap();
        let mut client = client("/work/study", "python -m pkg", &[]);
        client.module_path = ["lib", "/opt/lib"].map(PathBuf::from).to_vec();
        let addresses = [("pkg", "file:///work/study/pkg"), ("other", "file:///elsewhere"), ("x", "https://x/y.whl")];
        let direct = addresses.map(|(name, address)| (name.to_owned(), address.to_owned())).into_iter().collect();
        let program = Program { client: &client, python: Path::new("python"), folder: clean.path(), direct: &direct };
        let expected = ["pkg/src", "pkg", "lib"].map(|path| clean.path().join(path));
        assert_eq!(program.module_path(), [&expected[..], &[PathBuf::from("/opt/lib")]].concat());
    }

    #[test]
    fn runs_are_told_apart_by_name_then_parameters_then_place() {
        let folder = tempfile::tempdir().unwrap();
        let studio = Studio::create(folder.path(), "Test").unwrap();
        let log = |name: &str, depth: &str| {
            let new = crate::tracking::NewTrackedRun { name: name.into(), ..Default::default() };
            let id = studio.tracking().create_run(new).unwrap().id;
            studio.tracking().log_param(&id, "depth", depth).unwrap();
            studio.run_row(&id).unwrap()
        };
        let then = [log("a", "1"), log("a", "2"), log("b", "2"), log("c", "2")];
        let now = [log("x", "2"), log("a", "2"), log("a", "1"), log("b", "2")];
        let twin = |at: usize| twin(&then[at], &then, &now);
        assert_eq!(twin(2), Some(&now[3]), "by its name");
        assert_eq!(twin(0), Some(&now[2]), "by its parameters");
        assert_eq!(twin(1), Some(&now[1]), "by its place");
        assert_eq!(super::twin(&then[3], &then, &now[..3]), None);
    }
}
