//! What a person changed and has not committed: staging, discarding, committing.
//!
//! What goes from a file is kept first ([`git::Kept`]) and can be had back by [`Studio::git_restore`].

use git::{Change, Hunk, Kept, Terms};
use workspace::Change as Record;

use crate::{Error, Result, Studio};

/// The working tree against the last commit, and what holds for the next one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Worktree {
    pub status: git::Status,
    pub changes: Vec<Change>,
    pub terms: Terms,
    /// What was discarded or replaced here, newest first.
    pub kept: Vec<Kept>,
}

/// A commit to be made of what is staged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitRequest {
    pub message: String,
    /// In place of the last commit.
    pub amend: bool,
    /// Stage everything that changed first.
    pub everything: bool,
}

impl CommitRequest {
    /// A commit of everything that changed.
    pub fn everything(message: impl Into<String>) -> Self {
        Self { message: message.into(), everything: true, amend: false }
    }
}

impl Studio {
    /// # Errors
    /// A workspace that lies in no git repository.
    pub fn git_worktree(&self) -> Result<Worktree> {
        let repository = self.repository()?;
        Ok(Worktree {
            status: repository.status()?,
            changes: repository.changes()?,
            terms: repository.terms()?,
            kept: repository.all_kept()?,
        })
    }

    /// Stages files as they are now; of a renamed one both names.
    pub fn git_stage(&self, paths: &[String]) -> Result<()> {
        self.writable_source()?.stage(paths)?;
        self.record_git("git.staged", &listed(paths))
    }

    /// Takes files out of what is staged; they stay as they are.
    pub fn git_unstage(&self, paths: &[String]) -> Result<()> {
        self.writable_source()?.unstage(paths)?;
        self.record_git("git.unstaged", &listed(paths))
    }

    /// Stages a part of a file.
    ///
    /// # Errors
    /// A part that has changed since it was looked at.
    pub fn git_stage_hunk(&self, path: &str, hunk: &Hunk) -> Result<()> {
        self.writable_source()?.stage_hunk(path, hunk)?;
        self.record_git("git.staged", path)
    }

    /// Takes a part of a file out of what is staged.
    ///
    /// # Errors
    /// A part that has changed since it was looked at.
    pub fn git_unstage_hunk(&self, path: &str, hunk: &Hunk) -> Result<()> {
        self.writable_source()?.unstage_hunk(path, hunk)?;
        self.record_git("git.unstaged", path)
    }

    /// Brings files back as they are staged, and takes away those that git does not know of. What they held can be had
    /// back by [`Self::git_restore`].
    pub fn git_discard(&self, paths: &[String]) -> Result<Option<Kept>> {
        let kept = self.writable_source()?.discard(paths, &format!("Discarded changes in {}", listed(paths)))?;
        self.record_git("git.discarded", &listed(paths))?;
        Ok(kept)
    }

    /// Takes a part of a file back to what is staged.
    ///
    /// # Errors
    /// A part that has changed since it was looked at.
    pub fn git_discard_hunk(&self, path: &str, hunk: &Hunk) -> Result<Option<Kept>> {
        let why = format!("Discarded a part of {path}");
        let kept = self.writable_source()?.discard_hunk(path, hunk, &why)?;
        self.record_git("git.discarded", path)?;
        Ok(kept)
    }

    /// Writes what was kept back into its files; what they hold now is kept in turn.
    ///
    /// # Errors
    /// What is kept no longer.
    pub fn git_restore(&self, id: &str) -> Result<Option<Kept>> {
        let kept = self.writable_source()?.restore_kept(id)?;
        self.record_git("git.restored", id)?;
        Ok(kept)
    }

    /// Commits what is staged.
    ///
    /// # Errors
    /// Nothing to commit, an empty message, no name to sign with, a merge under way.
    pub fn git_commit(&self, request: &CommitRequest) -> Result<git::Commit> {
        let repository = self.writable_source()?;
        if request.everything {
            let changes = repository.changes()?;
            let paths: Vec<String> =
                changes.into_iter().flat_map(|it| [Some(it.path), it.old_path]).flatten().collect();
            repository.stage(&paths)?;
        }
        let commit = repository.commit_staged(&request.message, request.amend)?;
        let record = Record::new("git.committed", &commit.id).with("message", commit.summary.as_str());
        self.workspace.write(record, |_| Ok(()))?;
        Ok(commit)
    }

    /// Tells git whom commits in this repository are by.
    ///
    /// # Errors
    /// A name or an address that is empty.
    pub fn git_set_identity(&self, name: &str, email: &str) -> Result<()> {
        self.writable_source()?.set_identity(name, email)?;
        self.record_git("git.identity", name)
    }

    /// The repository, unless the workspace cannot be written.
    pub(crate) fn writable_source(&self) -> Result<git::Repo> {
        if self.is_read_only() {
            let folder = self.folder().display();
            return Err(Error::storage(format!("This workspace is opened for reading only: {folder}")));
        }
        self.repository()
    }

    /// One audit entry and one event for what was done to the repository.
    pub(crate) fn record_git(&self, action: &str, subject: &str) -> Result<()> {
        Ok(self.workspace.write(Record::new(action, subject), |_| Ok(()))?)
    }
}

/// `a.py`, or `a.py and 3 more files`.
pub(crate) fn listed(paths: &[String]) -> String {
    match paths {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first, rest @ ..] if rest.len() == 1 => format!("{first} and 1 more file"),
        [first, rest @ ..] => format!("{first} and {} more files", rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::ChangeKind;

    fn studio() -> (tempfile::TempDir, Studio) {
        let folder = tempfile::tempdir().unwrap();
        let studio = Studio::create(&folder.path().join("study"), "Study").unwrap();
        studio.git_set_identity("Ada", "ada@example.org").unwrap();
        (folder, studio)
    }

    #[test]
    fn a_change_is_staged_committed_discarded_and_had_back() {
        let (_folder, studio) = studio();
        let first = studio.git_commit(&CommitRequest::everything("First")).unwrap();
        assert!(studio.git_worktree().unwrap().changes.is_empty());
        let path = studio.create_pipeline("Try").unwrap();
        let found = studio.git_worktree().unwrap();
        assert_eq!(
            (found.changes[0].path.as_str(), found.changes[0].unstaged),
            (path.as_str(), Some(ChangeKind::Untracked))
        );
        let before = studio.last_change().unwrap();
        let kept = studio.git_discard(std::slice::from_ref(&path)).unwrap().unwrap();
        assert!(!studio.folder().join(&path).exists());
        studio.git_restore(&kept.id).unwrap();
        assert!(studio.folder().join(&path).exists());
        studio.git_stage(std::slice::from_ref(&path)).unwrap();
        let second =
            studio.git_commit(&CommitRequest { message: "Second".into(), ..CommitRequest::default() }).unwrap();
        let told: Vec<String> = studio.changes_since(before).unwrap().into_iter().map(|event| event.kind).collect();
        assert_eq!(told, ["git.discarded", "git.restored", "git.staged", "git.committed"]);
        let log = studio.git_log(None, 9).unwrap();
        assert_eq!(log.iter().map(|it| &it.id).collect::<Vec<_>>(), [&second.id, &first.id]);
    }

    #[test]
    fn many_files_are_named_in_short() {
        let names = |count: usize| (0..count).map(|at| at.to_string()).collect::<Vec<_>>();
        assert_eq!(listed(&names(1)), "0");
        assert_eq!(listed(&names(2)), "0 and 1 more file");
        assert_eq!(listed(&names(4)), "0 and 3 more files");
    }
}
