//! The program of a logged run, run again: its command in the clean folder, with what it logs going to a server over
//! that folder, and what it logs weighed against what it logged then.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::said::said;
use super::{Outcome, Reproduction, Verdict, WeighedOutput, rerun, weigh as scales};
use crate::clients::{Client, Code, code};
use crate::environments::{Progress, follow};
use crate::steps::Serve;
use crate::tracking::Artifact;
use crate::{Error, Result, Studio};

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
        command.env("PYTHONPATH", with_first(&before, "PYTHONPATH"));
        if let Some(own) = self.python.parent() {
            command.env("PATH", with_first(own, "PATH"));
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

    /// Its arguments, with what named its code naming the code in the clean folder.
    fn arguments(&self) -> Vec<String> {
        let Client { arguments, folder, root, .. } = self.client;
        let moved = |path: &Path| {
            let inside = path.strip_prefix(root).ok().filter(|_| root.parent().is_some())?;
            Some(self.folder.join(inside).to_string_lossy().into_owned())
        };
        let script = match code(arguments) {
            Code::Script(script) => arguments.iter().skip(1).position(|word| word == script),
            _ => None,
        };
        let outside = !folder.starts_with(root);
        let one = |(at, word): (usize, &String)| {
            let path = Path::new(word);
            let absolute = if outside && script == Some(at) { folder.join(path).canonicalize().ok() } else { None };
            let path = absolute.as_deref().unwrap_or(path);
            if path.is_absolute() { moved(path).unwrap_or_else(|| word.clone()) } else { word.clone() }
        };
        arguments.iter().skip(1).enumerate().map(one).collect()
    }
}

/// The folders of a variable, after one of ours.
fn with_first(first: &Path, name: &str) -> std::ffi::OsString {
    let known = std::env::var_os(name).unwrap_or_default();
    let all = std::iter::once(first.to_owned()).chain(std::env::split_paths(&known));
    // Only a folder whose name has the separator in it cannot be joined.
    std::env::join_paths(all.filter(|folder| !folder.as_os_str().is_empty())).unwrap_or_else(|_| first.into())
}

/// Weighs what a run's program logged again into `report`. A program may have logged many runs: they are told apart by
/// the order in which they came.
pub(super) fn weigh(
    first: &Studio,
    run: &str,
    again: &Studio,
    ended: Option<String>,
    report: &mut Reproduction,
) -> Result<()> {
    let then = first.workspace.run(run)?.run;
    let siblings = first.workspace.runs_of_environment(then.environment.as_deref())?;
    let place = siblings.iter().position(|id| *id == then.id).unwrap_or_default();
    let logged = again.workspace.runs_of_environment(None)?;
    report.error = ended;
    if siblings.len() > 1 {
        report.notes.push(format!(
            "Its program logged {} runs and this is number {}; now it logged {}.",
            siblings.len(),
            place + 1,
            logged.len()
        ));
    }
    let Some(second) = logged.get(place) else {
        report.verdict = Verdict::Failed;
        report.error.get_or_insert_with(|| "The program ended without logging this run again.".to_owned());
        return Ok(());
    };
    let now = again.workspace.run(second)?.run;
    for (key, old) in &then.params {
        match now.params.get(key) {
            Some(new) if new == old => {}
            Some(new) => report.notes.push(format!("Its parameter {key} was {old} and is {new} now.")),
            None => report.notes.push(format!("Its parameter {key} was {old} and was not logged again.")),
        }
    }
    report.outputs = files((first, run), (again, second), report.tolerance)?;
    report.metrics = rerun::metrics(first, run, again, second, report.tolerance)?;
    report.verdict = rerun::verdict(report, then.status, now.status);
    Ok(())
}

/// Every file of both runs.
fn files(
    (first, run): (&Studio, &str),
    (again, second): (&Studio, &str),
    tolerance: f64,
) -> Result<Vec<WeighedOutput>> {
    let paths = |studio: &Studio, run: &str| -> Result<BTreeSet<String>> {
        Ok(studio.run_files(run)?.into_iter().map(|file| file.path).collect())
    };
    let (old, new) = (paths(first, run)?, paths(again, second)?);
    let weigh = |path: &String| {
        let outcome = match (old.contains(path), new.contains(path)) {
            (true, true) => {
                content(path, first.open_run_file(run, path)?, again.open_run_file(second, path)?, tolerance)?
            }
            (true, false) => Outcome::Missing { how: "It was not logged again.".to_owned() },
            _ => Outcome::Missing { how: "It was not logged then.".to_owned() },
        };
        let (step, title) = (String::new(), String::new());
        Ok(WeighedOutput { step, title, port: path.clone(), kind: "file".to_owned(), outcome })
    };
    old.union(&new).map(weigh).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn client(folder: &str, root: &str, line: &str) -> Client {
        Client {
            arguments: line.split(' ').map(str::to_owned).collect(),
            folder: folder.into(),
            root: root.into(),
            ..Client::default()
        }
    }

    #[test]
    fn a_command_finds_its_code_in_the_clean_folder() {
        let moved = |client: Client| {
            let program = Program { client: &client, python: Path::new("python"), folder: Path::new("/clean") };
            (program.working_folder(), program.arguments().join(" "))
        };
        let (folder, line) = moved(client("/work/study/src", "/work/study", "python train.py --data /data/a.csv"));
        assert_eq!((folder.as_path(), line.as_str()), (Path::new("/clean/src"), "train.py --data /data/a.csv"));
        let (folder, line) = moved(client("/work/study", "/work/study", "python /work/study/a.py /work/study/b c"));
        assert_eq!((folder.as_path(), line.as_str()), (Path::new("/clean"), "/clean/a.py /clean/b c"));
        // What merely begins alike is another folder, and nothing is below everything.
        assert_eq!(moved(client("/w", "/work/study", "python /work/study2/a.py")).1, "/work/study2/a.py");
        assert_eq!(moved(client("/w", "/", "python /work/a.py")).1, "/work/a.py");
    }

    #[test]
    fn a_script_that_was_named_from_elsewhere_is_found() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("study/src")).unwrap();
        std::fs::write(root.join("study/src/train.py"), "").unwrap();
        let client =
            client(&root.to_string_lossy(), &root.join("study").to_string_lossy(), "python study/src/train.py x");
        let program = Program { client: &client, python: Path::new("python"), folder: Path::new("/clean") };
        assert_eq!(program.arguments(), ["/clean/src/train.py", "x"]);
        assert_eq!(program.working_folder(), Path::new("/clean"));
    }
}
