//! Branches: which there are, making one, going to another, deleting.

use std::cell::RefCell;

use git2::build::CheckoutBuilder;
use git2::{BranchType, CheckoutNotificationType, ErrorCode, Repository};
use serde::{Deserialize, Serialize};

use crate::history::Commit;
use crate::status::in_progress;
use crate::{Error, Repo, Result};

/// A local branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// Such as `main` or `try/forest`.
    pub name: String,
    /// Whether it is the one that is checked out.
    pub current: bool,
    /// Its newest commit.
    pub commit: Commit,
    /// Whether the branch that is checked out, or its upstream, has all of its commits.
    pub merged: bool,
}

impl Repo {
    /// The local branches, the current one first, then by their newest commit.
    ///
    /// # Errors
    /// A repository that cannot be read.
    pub fn branches(&self) -> Result<Vec<Branch>> {
        let repository = self.open()?;
        let mut all = Vec::new();
        for found in repository.branches(Some(BranchType::Local))? {
            let (branch, _) = found?;
            let name = String::from_utf8_lossy(branch.name_bytes()?).into_owned();
            let commit = branch.get().peel_to_commit()?;
            let merged = is_merged(&repository, &branch, &commit)?;
            all.push(Branch { name, current: branch.is_head(), commit: Commit::of(&commit), merged });
        }
        all.sort_by(|a, b| (b.current, b.commit.time, &a.name).cmp(&(a.current, a.commit.time, &b.name)));
        Ok(all)
    }

    /// Makes a branch at a commit (an id, a branch, a tag; the one that is checked out by default)
    /// without going to it.
    ///
    /// # Errors
    /// [`Error::BranchName`], [`Error::BranchExists`], a commit that is not there.
    pub fn create_branch(&self, name: &str, at: Option<&str>) -> Result<()> {
        if !git2::Branch::name_is_valid(name).unwrap_or(false) {
            return Err(Error::BranchName { name: name.to_owned() });
        }
        let repository = self.open()?;
        let at = at.unwrap_or("HEAD");
        let missing = |_| Error::NoCommit { name: at.to_owned() };
        let commit = repository.revparse_single(at).map_err(missing)?.peel_to_commit().map_err(missing)?;
        match repository.branch(name, &commit, false) {
            Err(error) if error.code() == ErrorCode::Exists => Err(Error::BranchExists { name: name.to_owned() }),
            made => Ok(made.map(drop)?),
        }
    }

    /// Goes to a branch. What is not committed comes along, as with `git switch`.
    ///
    /// # Errors
    /// [`Error::WouldLose`] with the files whose changes the branch would write over; nothing is changed
    /// then. [`Error::InProgress`], [`Error::NoBranch`], [`Error::Locked`].
    pub fn switch(&self, name: &str) -> Result<()> {
        let repository = self.open()?;
        if let Some(what) = in_progress(&repository) {
            return Err(Error::InProgress(what));
        }
        let missing = |_| Error::NoBranch { name: name.to_owned() };
        let branch = repository.find_branch(name, BranchType::Local).map_err(missing)?;
        let reference = String::from_utf8_lossy(branch.get().name_bytes()).into_owned();
        let tree = branch.get().peel_to_tree()?;
        let lost = RefCell::new(Vec::new());
        let mut checkout = CheckoutBuilder::new();
        checkout.safe().notify_on(CheckoutNotificationType::CONFLICT).notify(|_, path, _, _, _| {
            lost.borrow_mut().extend(path.map(|path| path.to_string_lossy().into_owned()));
            true
        });
        let done = repository.checkout_tree(tree.as_object(), Some(&mut checkout));
        drop(checkout);
        match done {
            Err(error) if error.code() == ErrorCode::Conflict => {
                let mut files = lost.into_inner();
                files.sort();
                files.dedup();
                Err(Error::WouldLose { branch: name.to_owned(), files })
            }
            done => {
                done?;
                Ok(repository.set_head(&reference)?)
            }
        }
    }

    /// Deletes a branch; with `unmerged` also one whose commits no other branch here need have. The
    /// commit that it was at, to make it again.
    ///
    /// # Errors
    /// [`Error::CurrentBranch`], [`Error::NotMerged`], [`Error::NoBranch`].
    pub fn delete_branch(&self, name: &str, unmerged: bool) -> Result<String> {
        let repository = self.open()?;
        let missing = |_| Error::NoBranch { name: name.to_owned() };
        let mut branch = repository.find_branch(name, BranchType::Local).map_err(missing)?;
        if branch.is_head() {
            return Err(Error::CurrentBranch { name: name.to_owned() });
        }
        let commit = branch.get().peel_to_commit()?;
        if !unmerged && !is_merged(&repository, &branch, &commit)? {
            return Err(Error::NotMerged { name: name.to_owned() });
        }
        branch.delete()?;
        Ok(commit.id().to_string())
    }
}

/// As `git branch -d` judges: against the upstream where there is one, else what is checked out.
fn is_merged(repository: &Repository, branch: &git2::Branch<'_>, commit: &git2::Commit<'_>) -> Result<bool> {
    let onto = match branch.upstream() {
        Ok(upstream) => upstream.get().target(),
        Err(_) => repository.head().ok().and_then(|head| head.target()),
    };
    match onto {
        Some(onto) if onto == commit.id() => Ok(true),
        Some(onto) => Ok(repository.graph_descendant_of(onto, commit.id())?),
        None => Ok(false),
    }
}
