//! Branches of the repository.

use git::{Branch, Kept};

use crate::changes::listed;
use crate::{Result, Studio};

impl Studio {
    /// The local branches, the current one first.
    pub fn git_branches(&self) -> Result<Vec<Branch>> {
        Ok(self.repository()?.branches()?)
    }

    /// Makes a branch and goes to it; what is not committed comes along.
    ///
    /// # Errors
    /// A name that is taken or no name for a branch, a repository without commits.
    pub fn git_create_branch(&self, name: &str) -> Result<()> {
        let repository = self.writable_source()?;
        repository.create_branch(name.trim(), None)?;
        repository.switch(name.trim())?;
        self.record_git("git.branch_created", name.trim())
    }

    /// Goes to a branch; what is not committed comes along.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) when the branch would write over changes; nothing is changed
    /// then, and [`Self::git_switch_aside`] goes anyway.
    pub fn git_switch(&self, name: &str) -> Result<()> {
        self.writable_source()?.switch(name)?;
        self.record_git("git.switched", name)
    }

    /// Goes to a branch and sets aside the changes that it would write over: they are kept, and can be had back by
    /// [`Self::git_restore`].
    pub fn git_switch_aside(&self, name: &str) -> Result<Option<Kept>> {
        let repository = self.writable_source()?;
        let kept = match repository.switch(name) {
            Err(git::Error::WouldLose { files, .. }) => {
                // The files may lie beside the workspace, in the rest of the repository.
                let whole = repository.unconfined();
                let why = format!("Set aside {} to go to {name}", listed(&files));
                whole.unstage(&files)?;
                let kept = whole.discard(&files, &why)?;
                whole.switch(name)?;
                kept
            }
            done => {
                done?;
                None
            }
        };
        self.record_git("git.switched", name)?;
        Ok(kept)
    }

    /// Deletes a branch; the commit that it was at, for [`Self::git_restore_branch`].
    ///
    /// # Errors
    /// The branch that is checked out; without `unmerged` one whose commits are in no other branch.
    pub fn git_delete_branch(&self, name: &str, unmerged: bool) -> Result<String> {
        let commit = self.writable_source()?.delete_branch(name, unmerged)?;
        self.record_git("git.branch_deleted", name)?;
        Ok(commit)
    }

    /// Makes a branch again that was deleted at `commit`.
    ///
    /// # Errors
    /// A name that is taken.
    pub fn git_restore_branch(&self, name: &str, commit: &str) -> Result<()> {
        self.writable_source()?.create_branch(name, Some(commit))?;
        self.record_git("git.branch_created", name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CommitRequest, ErrorKind};

    #[test]
    fn a_switch_that_would_lose_changes_is_refused_or_sets_them_aside() {
        let folder = tempfile::tempdir().unwrap();
        let studio = Studio::create(&folder.path().join("study"), "Study").unwrap();
        studio.git_set_identity("Ada", "ada@example.org").unwrap();
        let commit = |message: &str| studio.git_commit(&CommitRequest::everything(message)).unwrap();
        let file = studio.folder().join("src/a.py");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, "1\n").unwrap();
        commit("First");
        let main = studio.git_status().unwrap().branch.unwrap();
        studio.git_create_branch("side").unwrap();
        std::fs::write(&file, "2\n").unwrap();
        commit("Second");
        studio.git_switch(&main).unwrap();
        std::fs::write(&file, "mine\n").unwrap();
        let refused = studio.git_switch("side").unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Conflict);
        assert!(refused.message.contains("src/a.py"), "{refused}");
        let kept = studio.git_switch_aside("side").unwrap().unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "2\n");
        studio.git_restore(&kept.id).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine\n");

        let error = studio.git_delete_branch("side", true).unwrap_err();
        assert!(error.message.contains("checked out"), "{error}");
        studio.git_switch_aside(&main).unwrap();
        assert_eq!(studio.git_delete_branch("side", false).unwrap_err().kind, ErrorKind::Conflict);
        let at = studio.git_delete_branch("side", true).unwrap();
        studio.git_restore_branch("side", &at).unwrap();
        assert_eq!(studio.git_branches().unwrap().len(), 2);
    }
}
