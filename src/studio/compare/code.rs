//! The code of two runs.

use std::path::{Path, PathBuf};

use git::{CommitRange, FileDiff, Repo, State};
use serde::Serialize;
use similar::TextDiff;

use crate::{Error, Result, Run, Studio};

/// Commits listed on each side.
const COMMITS: usize = 200;
/// Where MLflow's client writes the commit of the script that logs.
const MLFLOW_COMMIT: &str = "mlflow.source.git.commit";

/// The difference between the code of two runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CodeComparison {
    /// The commits between those that the runs started from, with their messages; none where one of them is not known.
    pub commits: Option<CommitRange>,
    /// How the working trees differ as they were: commit, uncommitted difference and kept scripts together. By path.
    pub files: Vec<FileDiff>,
    /// How the pipelines differ as they were run, dataset versions and this run's own parameters included: unified
    /// text, empty where they are the same.
    pub pipeline: String,
    /// What is not known, in sentences.
    pub notes: Vec<String>,
}

/// The working tree of a run, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunState {
    pub state: State,
    /// What was left out of it when it was kept, in sentences.
    pub left_out: Vec<String>,
    pub place: CodePlace,
}

/// What the code of a run was kept from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CodePlace {
    /// The workspace, which may lie in a repository.
    #[default]
    Workspace,
    /// Another repository, or the whole of the workspace's.
    Repository(PathBuf),
    /// A folder that lay in no repository: all that is known are the files that were kept.
    Folder(PathBuf),
}

impl RunState {
    /// Whether nothing at all is known.
    pub fn is_empty(&self) -> bool {
        self.state == State::default()
    }
}

impl Studio {
    /// The working tree that a run started from: its commit, its uncommitted difference, and the scripts that were
    /// kept with it.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn run_state(&self, run: &str) -> Result<RunState> {
        let row = self.run_row(run)?;
        let surroundings = self.surroundings(run)?;
        let diff = match &row.diff {
            Some(digest) => String::from_utf8_lossy(&self.workspace.read_blob(digest)?).into_owned(),
            None => String::new(),
        };
        let place = match surroundings.client {
            None => CodePlace::Workspace,
            Some(client) if client.versioned => CodePlace::Repository(client.root),
            Some(client) => CodePlace::Folder(client.root),
        };
        let files = surroundings.scripts.into_iter().map(|script| (script.path, script.content.into_bytes())).collect();
        let state = State { commit: commit_of(&row), diff, files };
        let mut left_out = surroundings.left_out;
        left_out.extend(state.left_out());
        left_out.sort();
        left_out.dedup();
        Ok(RunState { state, left_out, place })
    }

    /// How the code of two runs differs, from the first to the second.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn compare_code(&self, first: &str, second: &str) -> Result<CodeComparison> {
        let mut states = [self.run_state(first)?, self.run_state(second)?];
        let rows = [self.run_row(first)?, self.run_row(second)?];
        let mut comparison = CodeComparison { pipeline: self.compare_frozen(&rows)?, ..CodeComparison::default() };
        for (row, state) in rows.iter().zip(&states) {
            if state.is_empty() {
                comparison
                    .notes
                    .push(format!("The code of {} is not known: it was recorded without a commit.", row.name));
            }
            comparison.notes.extend(state.left_out.iter().map(|what| format!("{}: {what}", row.name)));
        }
        if states.iter().any(RunState::is_empty) {
            return Ok(comparison);
        }
        let repository = match self.common_repository(&mut states) {
            Ok(repository) => repository,
            Err(error) => {
                comparison.notes.push(error.message);
                return Ok(comparison);
            }
        };
        comparison.commits = commits(&repository, &states, &mut comparison.notes);
        match repository.compare_states(&states[0].state, &states[1].state) {
            Ok(files) => comparison.files = files,
            Err(error) => comparison.notes.push(error.to_string()),
        }
        Ok(comparison)
    }

    /// How the frozen pipelines differ, as unified text.
    fn compare_frozen(&self, rows: &[Run; 2]) -> Result<String> {
        let [first, second] = rows;
        let (Some(old), Some(new)) = (self.frozen(first)?, self.frozen(second)?) else { return Ok(String::new()) };
        if old.yaml == new.yaml {
            return Ok(String::new());
        }
        let diff = TextDiff::from_lines(old.yaml.as_str(), new.yaml.as_str());
        Ok(diff.unified_diff().header(&first.name, &second.name).to_string())
    }
}

fn commits(repository: &Repo, states: &[RunState; 2], notes: &mut Vec<String>) -> Option<CommitRange> {
    let [first, second] = states;
    let (from, to) = (first.state.commit.as_ref()?, second.state.commit.as_ref()?);
    match repository.commits_between(from, to, COMMITS) {
        Ok(range) => Some(range),
        Err(error) => {
            notes.push(error.to_string());
            None
        }
    }
}

/// The commit of a run; of one that MLflow's client logged, the one it named.
pub(crate) fn commit_of(row: &Run) -> Option<String> {
    row.commit.clone().or_else(|| row.tags.get(MLFLOW_COMMIT).cloned()).filter(|commit| !commit.is_empty())
}

impl Studio {
    /// The repository that has both states; their files come to be named as it names them.
    fn common_repository(&self, states: &mut [RunState; 2]) -> Result<Repo> {
        use CodePlace::{Folder, Repository, Workspace};
        match [&states[0].place, &states[1].place] {
            [Workspace, Workspace] => self.code_repository(&Workspace),
            [Repository(first), Repository(second)] if first == second => self.code_repository(&states[0].place),
            // Files alone can be compared in any repository.
            [Folder(_), Folder(_)] => {
                let any = Repo::discover(self.folder())?.map(|repository| repository.unconfined());
                any.ok_or_else(|| {
                    Error::not_found("Files can be compared where the workspace lies in a git repository.")
                })
            }
            [Workspace, Repository(root)] | [Repository(root), Workspace] => {
                let repository = self.code_repository(&Workspace)?;
                if repository.root() != root {
                    return Err(apart(&states[0].place, &states[1].place));
                }
                let inside = repository.folder().strip_prefix(root).unwrap_or(Path::new("")).to_owned();
                let own = states.iter_mut().filter(|state| state.place == Workspace);
                for (path, _) in own.flat_map(|state| &mut state.state.files) {
                    *path = inside.join(&*path).to_string_lossy().replace('\\', "/");
                }
                Ok(repository.unconfined())
            }
            [first, second] => Err(apart(first, second)),
        }
    }

    /// The repository that code was kept from.
    ///
    /// # Errors
    /// A sentence where there is none any more.
    pub(crate) fn code_repository(&self, place: &CodePlace) -> Result<Repo> {
        match place {
            CodePlace::Workspace => Repo::discover(self.folder())?
                .ok_or_else(|| Error::not_found("This workspace lies in no git repository any more.")),
            CodePlace::Repository(root) => {
                let found = if root.is_dir() { Repo::discover(root)? } else { None };
                found.map(|repository| repository.unconfined()).filter(|whole| whole.root() == root).ok_or_else(|| {
                    let root = root.display();
                    Error::not_found(format!("The repository that its code was in, {root}, is not there any more."))
                })
            }
            CodePlace::Folder(folder) => Err(Error::not_found(format!(
                "The code lay in no git repository, so only the files that were kept of {} are known.",
                folder.display()
            ))),
        }
    }
}

fn apart(first: &CodePlace, second: &CodePlace) -> Error {
    let name = |place: &CodePlace| match place {
        CodePlace::Workspace => "this workspace".to_owned(),
        CodePlace::Repository(root) | CodePlace::Folder(root) => root.display().to_string(),
    };
    Error::not_found(format!("Their code is from different places: {} and {}.", name(first), name(second)))
}
