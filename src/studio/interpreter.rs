//! Python interpreters: which version one is, and what is installed for it, as it says itself.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, UNIX_EPOCH};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::ErrorKind;
use crate::environments::{Progress, run_tool};

/// Asks an interpreter about itself. Prints one line of JSON; needs nothing but Python 3.8.
const ASK: &str = include_str!("interpreter.py");
/// An interpreter that says nothing must not keep a run from starting.
const PATIENCE: Duration = Duration::from_secs(20);

/// A Python interpreter and what is installed for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Interpreter {
    /// Where it lies.
    pub path: String,
    /// `3.11.7`; empty when it could not be asked.
    pub version: String,
    /// `CPython`
    pub implementation: String,
    /// `linux-x86_64`
    pub platform: String,
    /// The version of every installed package, by its normalised name.
    pub packages: IndexMap<String, String>,
    /// Those of them that come from a folder or an address instead of a package index, and from where.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub direct: IndexMap<String, String>,
    /// Why it could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl Interpreter {
    /// What is installed, as lines of a requirements file, in order.
    pub fn pins(&self) -> Vec<String> {
        let mut pins: Vec<String> = self.packages.iter().map(|(name, version)| format!("{name}=={version}")).collect();
        pins.sort();
        pins
    }
}

/// What is kept of an answer: it holds as long as neither the interpreter nor a folder it imports from has changed.
#[derive(Serialize, Deserialize)]
struct Kept {
    interpreter: Interpreter,
    /// Path and time of change in nanoseconds.
    stamps: Vec<(PathBuf, u128)>,
}

/// What the script prints.
#[derive(Deserialize)]
struct Answer {
    executable: String,
    /// The folders that it imports from.
    folders: Vec<PathBuf>,
    #[serde(flatten)]
    interpreter: Interpreter,
}

/// The interpreter at `path` (a path, or a name to be looked for in `PATH`), from `cache` where nothing has changed
/// since. One that cannot be asked is described by its problem.
pub(crate) fn describe(path: &Path, cache: &Path) -> Interpreter {
    let path = on_path(path);
    let file = cache.join("interpreters").join(format!("{}.json", blake3::hash(path.as_os_str().as_encoded_bytes())));
    let kept: Option<Kept> = std::fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    if let Some(kept) = kept.filter(|kept| kept.stamps.iter().all(|(path, then)| stamp(path) == Some(*then))) {
        return kept.interpreter;
    }
    let answer = match ask(&path) {
        Ok(answer) => answer,
        Err(problem) => {
            let path = path.display().to_string();
            return Interpreter { path, problem: Some(problem), ..Interpreter::default() };
        }
    };
    // A shim that chooses among interpreters may choose another one next time, so it is asked every time.
    if Path::new(&answer.executable) == path {
        let folders = answer.folders.into_iter().chain([path]);
        let stamps = folders.filter_map(|path| stamp(&path).map(|stamp| (path, stamp))).collect();
        keep(&file, &Kept { interpreter: answer.interpreter.clone(), stamps });
    }
    answer.interpreter
}

/// The answer may be lost: it is asked for again.
fn keep(file: &Path, kept: &Kept) {
    let made = file.parent().map(std::fs::create_dir_all);
    if let (Some(Ok(())), Ok(text)) = (made, serde_json::to_vec(kept))
        && let Err(error) = workspace::write_atomically(file, &text)
    {
        tracing::warn!("what an interpreter said could not be cached: {error}");
    }
}

fn ask(path: &Path) -> Result<Answer, String> {
    let mut command = Command::new(path);
    // Isolated from the folder it is started in, but not from its user's packages, which scripts see as well.
    command.args(["-c", ASK]);
    let begun = Instant::now();
    let progress = Progress { say: &|_| (), cancelled: &|| begun.elapsed() > PATIENCE };
    let text = run_tool(command, progress).map_err(|error| match error.kind {
        ErrorKind::Cancelled => format!("It did not answer within {} seconds.", PATIENCE.as_secs()),
        _ => format!("It cannot say what is installed. {}", error.message),
    })?;
    let line = text.trim().lines().last().unwrap_or_default();
    let mut answer: Answer =
        serde_json::from_str(line).map_err(|error| format!("It answered something unexpected: {error}."))?;
    answer.interpreter.path = answer.executable.clone();
    Ok(answer)
}

/// The program that a bare name means.
pub(crate) fn on_path(name: &Path) -> PathBuf {
    if name.components().count() != 1 {
        return name.to_owned();
    }
    let file = if cfg!(windows) { name.with_extension("exe") } else { name.to_owned() };
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).map(|folder| folder.join(&file)).find(|path| path.is_file());
    found.unwrap_or_else(|| name.to_owned())
}

fn stamp(path: &Path) -> Option<u128> {
    let changed = std::fs::metadata(path).ok()?.modified().ok()?;
    Some(changed.duration_since(UNIX_EPOCH).ok()?.as_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interpreter_says_what_it_is() {
        let cache = tempfile::tempdir().unwrap();
        let python = on_path(Path::new("python3"));
        let found = describe(&python, cache.path());
        assert_eq!(found.problem, None);
        assert!(found.version.starts_with("3.") && !found.platform.is_empty(), "{found:?}");
        let direct = describe(Path::new(&found.path), cache.path());
        assert_eq!(direct, found);
        assert_eq!(describe(Path::new(&found.path), cache.path()), found, "from the cache");
        assert!(std::fs::read_dir(cache.path().join("interpreters")).unwrap().count() > 0);
    }

    #[test]
    fn one_that_is_not_there_is_described_by_its_problem() {
        let cache = tempfile::tempdir().unwrap();
        let found = describe(Path::new("/nowhere/python"), cache.path());
        assert!(found.problem.unwrap().contains("could not be run"));
        assert_eq!((found.path.as_str(), found.packages.len()), ("/nowhere/python", 0));
    }

    #[test]
    fn what_is_installed_makes_a_requirements_file() {
        let packages = [("six", "1.17.0"), ("attrs", "25.1.0")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        let interpreter = Interpreter { packages: packages.into_iter().collect(), ..Interpreter::default() };
        assert_eq!(interpreter.pins(), ["attrs==25.1.0", "six==1.17.0"]);
    }
}
