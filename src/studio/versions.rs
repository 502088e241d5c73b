//! Versions of a file: in the working tree, staged, at a commit, as a run had it; and any two of them beside each other.

use std::collections::HashMap;

use git::{Commit, FileDiff, Hunk, Kept};
use pipeline::graph::Pipeline;
use pipeline::graph::diff::{PipelineDiff, diff};
use pipeline::yaml::Document;
use workspace::{Run, RunFilter};

use crate::{Error, Result, Studio};

/// A text longer than this many bytes is not compared line by line.
const TEXT_LIMIT: usize = 4 << 20;
/// Runs that are looked at for the commits of one history.
const RUNS: usize = 1000;
/// Commits and runs that a file's versions are chosen from.
const VERSIONS: usize = 200;

/// Where a file's content is taken from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Version {
    /// No file: what comes before the first version.
    #[default]
    Nothing,
    Worktree,
    Staged,
    /// `path` where the file had another name then.
    Commit {
        id: String,
        path: Option<String>,
    },
    /// What the commit changed: the file at its first parent.
    Before {
        commit: String,
        path: Option<String>,
    },
    /// The pipeline as this run had it, with the versions of its datasets written out.
    Run(String),
}

/// One of the versions that a file can be compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionRow {
    pub version: Version,
    /// A commit's message, a run's name.
    pub title: String,
    /// A commit's short id; empty for a run.
    pub short: String,
    /// Milliseconds since 1970; `None` for what is not committed.
    pub time_ms: Option<i64>,
}

/// One side of a comparison.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Side {
    pub present: bool,
    /// Bytes.
    pub size: usize,
    /// `None` for a file that is missing, too large to show, or no text in UTF-8.
    pub text: Option<String>,
}

/// Two versions of a file beside each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    pub old: Side,
    pub new: Side,
    /// Of texts only.
    pub hunks: Vec<Hunk>,
    /// For a pipeline's file that can be read on both sides.
    pub pipeline: Option<PipelineComparison>,
}

/// Two versions of a pipeline and what differs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PipelineComparison {
    pub old: Pipeline,
    pub new: Pipeline,
    pub diff: PipelineDiff,
}

/// A commit in a history, with the runs that started from it.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryRow {
    pub commit: Commit,
    /// In the history of one file: its name at that commit, and whether it is there.
    pub path: Option<String>,
    pub present: bool,
    /// In the history of one file: its name before, where this commit renamed it.
    pub renamed_from: Option<String>,
    /// Newest first.
    pub runs: Vec<Run>,
}

impl Studio {
    /// Commits, newest first, at most `limit`, each with its runs; of one file under all names that it had when `path`
    /// names one, with the runs of that pipeline only.
    pub fn git_history(&self, path: Option<&str>, limit: usize) -> Result<Vec<HistoryRow>> {
        let repository = self.repository()?;
        let mut rows: Vec<HistoryRow> = match path {
            None => repository.log(None, limit)?.into_iter().map(of_commit).collect(),
            Some(path) => repository.file_log(path, limit)?.into_iter().map(of_file).collect(),
        };
        let ids: Vec<String> = rows.iter().map(|row| row.commit.id.clone()).collect();
        let mut runs: HashMap<String, Vec<Run>> = HashMap::new();
        for run in self.workspace.runs_of_commits(&ids, RUNS)? {
            let wanted = path.is_none_or(|path| !is_pipeline(path) || run.pipeline.as_deref() == Some(path));
            if let Some(commit) = run.commit.clone().filter(|_| wanted) {
                runs.entry(commit).or_default().push(run);
            }
        }
        for row in &mut rows {
            row.runs = runs.remove(&row.commit.id).unwrap_or_default();
        }
        Ok(rows)
    }

    /// The files that a commit changed.
    ///
    /// # Errors
    /// A commit that is not there.
    pub fn git_commit_files(&self, commit: &str) -> Result<Vec<FileDiff>> {
        Ok(self.repository()?.commit_files(commit)?)
    }

    /// A commit with its runs.
    ///
    /// # Errors
    /// A commit that is not there.
    pub fn git_commit_row(&self, commit: &str) -> Result<HistoryRow> {
        let mut row = of_commit(self.repository()?.find_commit(commit)?);
        row.runs = self.workspace.runs_of_commits(std::slice::from_ref(&row.commit.id), RUNS)?;
        Ok(row)
    }

    /// What a file can be compared with: the working tree, what is staged, its commits, and the runs of a pipeline.
    pub fn file_versions(&self, path: &str) -> Result<Vec<VersionRow>> {
        let plain =
            |version, title: &str| VersionRow { version, title: title.into(), short: String::new(), time_ms: None };
        let mut rows = vec![plain(Version::Worktree, "Working tree"), plain(Version::Staged, "Staged")];
        for it in self.repository()?.file_log(path, VERSIONS)?.into_iter().filter(|it| it.present) {
            let other = (it.path != path).then_some(it.path);
            rows.push(VersionRow {
                version: Version::Commit { id: it.commit.id, path: other },
                title: it.commit.summary,
                short: it.commit.short,
                time_ms: Some(it.commit.time.as_millisecond()),
            });
        }
        if is_pipeline(path) {
            let query = RunFilter { pipeline: Some(path.to_owned()), limit: VERSIONS, ..RunFilter::default() };
            rows.extend(self.workspace.runs(&query)?.runs.into_iter().map(|run| VersionRow {
                version: Version::Run(run.id),
                title: run.name,
                short: String::new(),
                time_ms: Some(run.created_ms),
            }));
        }
        Ok(rows)
    }

    /// Two versions of a file beside each other.
    ///
    /// # Errors
    /// A commit or a run that is not there, a file that cannot be read.
    pub fn compare_versions(&self, path: &str, old: &Version, new: &Version) -> Result<Comparison> {
        let (old, new) = (self.side(path, old)?, self.side(path, new)?);
        let texts = (text_of(&old), text_of(&new));
        let hunks = match texts {
            (Some(old), Some(new)) => git::hunks(old, new)?,
            _ => Vec::new(),
        };
        let pipeline = match texts {
            (Some(old), Some(new)) if is_pipeline(path) => compare_pipelines(old, new),
            _ => None,
        };
        Ok(Comparison { hunks, pipeline, old, new })
    }

    /// A pipeline as a version has it.
    ///
    /// # Errors
    /// A version without the file, or whose file is no pipeline.
    pub fn pipeline_version(&self, path: &str, version: &Version) -> Result<Pipeline> {
        let side = self.side(path, version)?;
        let text = side.text.ok_or_else(|| Error::not_found(format!("That version has no pipeline {path}.")))?;
        let document = Document::parse(text);
        document
            .map(|it| it.pipeline)
            .map_err(|error| Error::invalid(format!("{path} was not a pipeline then. {error}")))
    }

    /// Writes an old version of a file into the working tree. What the file holds now can be had back by
    /// [`Self::git_restore`].
    ///
    /// # Errors
    /// A version without the file.
    pub fn restore_version(&self, path: &str, version: &Version) -> Result<Option<Kept>> {
        let missing = || Error::not_found(format!("That version has no file {path}."));
        let content = self.content(path, version)?.ok_or_else(missing)?;
        let why = format!("Restored an old version of {path}");
        let kept = self.writable_source()?.replace(path, &content, &why)?;
        self.record_git("git.file_restored", path)?;
        Ok(kept)
    }

    fn side(&self, path: &str, version: &Version) -> Result<Side> {
        let content = self.content(path, version)?;
        let size = content.as_ref().map_or(0, Vec::len);
        let present = content.is_some();
        let text = content.filter(|bytes| bytes.len() <= TEXT_LIMIT && !bytes.contains(&0));
        Ok(Side { present, size, text: text.and_then(|bytes| String::from_utf8(bytes).ok()) })
    }

    fn content(&self, path: &str, version: &Version) -> Result<Option<Vec<u8>>> {
        let then = |other: &Option<String>| other.clone().unwrap_or_else(|| path.to_owned());
        Ok(match version {
            Version::Nothing => None,
            Version::Worktree => self.repository()?.working_file(path)?,
            Version::Staged => self.repository()?.staged_file(path)?,
            Version::Commit { id, path } => self.repository()?.file_at(id, &then(path))?,
            Version::Before { commit, path } => match self.repository()?.file_at(&format!("{commit}^"), &then(path)) {
                // The first commit has no parent; the last one of an empty repository is not there.
                Err(git::Error::NoCommit { .. }) => None,
                found => found?,
            },
            Version::Run(id) => {
                let run = self.run_row(id)?;
                self.frozen(&run)?.map(|frozen| frozen.yaml.into_bytes())
            }
        })
    }
}

/// The text of a side; a missing file is an empty one.
fn text_of(side: &Side) -> Option<&str> {
    if side.present { side.text.as_deref() } else { Some("") }
}

fn compare_pipelines(old: &str, new: &str) -> Option<PipelineComparison> {
    let read = |text: &str| match text {
        "" => Some(Pipeline::default()),
        text => Document::parse(text).ok().map(|document| document.pipeline),
    };
    let (old, new) = (read(old)?, read(new)?);
    Some(PipelineComparison { diff: diff(&old, &new), old, new })
}

fn is_pipeline(path: &str) -> bool {
    path.starts_with("pipelines/") && (path.ends_with(".yaml") || path.ends_with(".yml"))
}

fn of_commit(commit: Commit) -> HistoryRow {
    HistoryRow { commit, path: None, present: true, renamed_from: None, runs: Vec::new() }
}

fn of_file(it: git::FileCommit) -> HistoryRow {
    HistoryRow {
        commit: it.commit,
        path: Some(it.path),
        present: it.present,
        renamed_from: it.renamed_from,
        runs: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CommitRequest;

    fn studio() -> (tempfile::TempDir, Studio) {
        let folder = tempfile::tempdir().unwrap();
        let studio = Studio::create(&folder.path().join("study"), "Study").unwrap();
        studio.git_set_identity("Ada", "ada@example.org").unwrap();
        (folder, studio)
    }

    fn commit(studio: &Studio, message: &str) -> String {
        studio.git_commit(&CommitRequest::everything(message)).unwrap().id
    }

    const PIPELINE: &str = "jobs:\n  boosting:\n    component: gradient_boosting\n    inputs:\n      trees: 50\n";

    #[test]
    fn versions_of_a_pipeline_are_compared_and_an_old_one_is_restored() {
        let (_folder, studio) = studio();
        let path = "pipelines/a.yaml";
        let file = studio.folder().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, PIPELINE).unwrap();
        let first = commit(&studio, "First");
        std::fs::write(&file, PIPELINE.replace("50", "80")).unwrap();
        let at_first = Version::Commit { id: first.clone(), path: None };
        let found = studio.compare_versions(path, &at_first, &Version::Worktree).unwrap();
        assert_eq!(found.hunks.len(), 1);
        let pipelines = found.pipeline.unwrap();
        assert_eq!(pipelines.diff.changed["boosting"].len(), 1);
        let begun = Version::Before { commit: first, path: None };
        let found = studio.compare_versions(path, &begun, &at_first).unwrap();
        assert!(!found.old.present && found.pipeline.unwrap().diff.added.contains_key("boosting"));
        assert!(studio.compare_versions(path, &at_first, &Version::Staged).unwrap().hunks.is_empty());

        let kept = studio.restore_version(path, &at_first).unwrap().unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), PIPELINE);
        studio.git_restore(&kept.id).unwrap();
        assert!(std::fs::read_to_string(&file).unwrap().contains("80"));
        assert_eq!(studio.pipeline_version(path, &at_first).unwrap().jobs.len(), 1);
        assert!(studio.pipeline_version("pipelines/none.yaml", &Version::Worktree).is_err());
        let titles: Vec<String> = studio.file_versions(path).unwrap().into_iter().map(|row| row.title).collect();
        assert_eq!(titles, ["Working tree", "Staged", "First"]);
    }

    #[test]
    fn what_is_no_text_is_told_by_its_size() {
        let (_folder, studio) = studio();
        std::fs::write(studio.folder().join("image.bin"), [0, 159, 146, 150]).unwrap();
        let found = studio.compare_versions("image.bin", &Version::Nothing, &Version::Worktree).unwrap();
        assert_eq!((found.new.present, found.new.size, found.new.text), (true, 4, None));
        assert!(found.hunks.is_empty());
    }

    #[test]
    fn a_history_names_the_runs_of_each_commit() {
        let (_folder, studio) = studio();
        let path = studio.create_pipeline("Try").unwrap();
        let first = commit(&studio, "First");
        let new = workspace::NewRun {
            name: "brisk-heron".into(),
            commit: Some(first.clone()),
            pipeline: Some(path.clone()),
            ..workspace::NewRun::default()
        };
        studio.workspace.write(workspace::Change::new("run.started", ""), |tx| tx.insert_run(&new)).unwrap();
        std::fs::write(studio.folder().join("src.py"), "x").unwrap();
        commit(&studio, "Second");
        let whole = studio.git_history(None, 9).unwrap();
        let names = |row: &HistoryRow| row.runs.iter().map(|run| run.name.clone()).collect::<Vec<_>>();
        assert_eq!((whole.len(), names(&whole[0]), names(&whole[1])), (2, vec![], vec!["brisk-heron".to_owned()]));
        let of_file = studio.git_history(Some(&path), 9).unwrap();
        assert_eq!((of_file.len(), of_file[0].runs.len()), (1, 1));
        assert_eq!(studio.git_commit_row(&first).unwrap().runs.len(), 1);
        assert!(studio.git_commit_files(&first).unwrap().iter().any(|file| file.path == path));
    }
}
