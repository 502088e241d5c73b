//! The state of the working tree against the last commit.

use git2::{Branch, ErrorCode, Repository, StatusOptions};
use serde::{Deserialize, Serialize};

use crate::{Repo, Result};

/// The state of the repository, as far as our folder goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The branch, also before its first commit; none when a commit is checked out by itself.
    pub branch: Option<String>,
    /// Whether a commit is checked out by itself.
    pub detached: bool,
    /// The last commit; none before the first.
    pub head: Option<Head>,
    /// Files that differ from the last commit, by path.
    pub changed: Vec<Changed>,
    /// Commits that the branch has and its upstream has not; none without an upstream.
    pub ahead: Option<usize>,
    /// Commits that the upstream has and the branch has not, as far as was fetched.
    pub behind: Option<usize>,
    /// What has begun and not ended, such as `merge`; commits wait for it.
    pub in_progress: Option<String>,
}

/// The commit that is checked out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// 40 hex digits.
    pub id: String,
    /// As few of them as tell it apart here.
    pub short: String,
}

/// A file that differs from the last commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Its path within our folder.
    pub path: String,
    /// Where it was, when it was renamed within our folder.
    pub old_path: Option<String>,
    /// How it differs.
    pub kind: ChangeKind,
    /// Whether all of the difference is staged.
    pub staged: bool,
}

/// How a file differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// New, and git was told of it.
    Added,
    /// Other content, type or permission.
    Modified,
    /// Gone.
    Deleted,
    /// The same under another name.
    Renamed,
    /// New, and git was not told of it.
    Untracked,
    /// Two versions that were not merged.
    Conflicted,
}

impl Status {
    /// Whether anything here differs from the last commit.
    pub fn is_dirty(&self) -> bool {
        !self.changed.is_empty()
    }
}

impl Repo {
    /// Branch, last commit, changed files of our folder, and distance from the upstream.
    ///
    /// # Errors
    /// A repository that cannot be read.
    pub fn status(&self) -> Result<Status> {
        let repository = self.open()?;
        let mut status = Status {
            branch: branch_name(&repository)?,
            head: head_of(&repository)?,
            changed: self.changed(&repository)?,
            in_progress: in_progress(&repository).map(str::to_owned),
            ..Status::default()
        };
        status.detached = status.branch.is_none();
        let distance = status.branch.as_deref().and_then(|branch| distance(&repository, branch));
        (status.ahead, status.behind) = distance.unzip();
        Ok(status)
    }

    /// The name that commits are signed with, as far as git was told one.
    ///
    /// # Errors
    /// A repository that cannot be read.
    pub fn author(&self) -> Result<Option<String>> {
        let author = self.open()?.author_from_env();
        Ok(author.ok().and_then(|author| author.name().ok().map(str::to_owned)))
    }

    /// The commit that is checked out; none before the first.
    ///
    /// # Errors
    /// A repository that cannot be read.
    pub fn head_commit(&self) -> Result<Option<Head>> {
        head_of(&self.open()?)
    }

    pub(crate) fn changed(&self, repository: &Repository) -> Result<Vec<Changed>> {
        let mut options = StatusOptions::new();
        options
            .include_untracked(true)
            .recurse_untracked_dirs(true)
            .renames_head_to_index(true)
            .renames_index_to_workdir(true)
            .exclude_submodules(true)
            .include_unreadable(true);
        if !self.prefix.is_empty() {
            options.pathspec(self.prefix.trim_end_matches('/')).disable_pathspec_match(true);
        }
        let mut changed = Vec::new();
        for entry in repository.statuses(Some(&mut options))?.iter() {
            let Some(kind) = kind_of(entry.status()) else {
                continue;
            };
            let delta = entry.index_to_workdir().or_else(|| entry.head_to_index());
            let new = delta.as_ref().and_then(|delta| delta.new_file().path_bytes());
            let path = String::from_utf8_lossy(new.unwrap_or(entry.path_bytes())).into_owned();
            // A folder here is a repository of its own.
            if path.ends_with('/') {
                continue;
            }
            let Some(path) = self.to_folder(&path).map(str::to_owned) else {
                continue;
            };
            // A rename may be known to either half; the oldest name is the one the commit has.
            let first = entry.head_to_index().or_else(|| entry.index_to_workdir());
            let old = first.as_ref().and_then(|delta| delta.old_file().path_bytes()).map(String::from_utf8_lossy);
            let old_path = old
                .filter(|_| kind == ChangeKind::Renamed)
                .and_then(|old| self.to_folder(&old).map(str::to_owned))
                .filter(|old| *old != path);
            changed.push(Changed { path, old_path, kind, staged: is_staged(entry.status()) });
        }
        changed.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(changed)
    }
}

fn kind_of(status: git2::Status) -> Option<ChangeKind> {
    use git2::Status as S;
    let any = |flags: S| status.intersects(flags);
    Some(if any(S::CONFLICTED) {
        ChangeKind::Conflicted
    } else if any(S::INDEX_NEW) {
        // Staged as new and deleted again: no difference from the last commit is left to commit, but
        // git still lists it, and so do we.
        if any(S::WT_DELETED) { ChangeKind::Deleted } else { ChangeKind::Added }
    } else if any(S::WT_NEW) {
        ChangeKind::Untracked
    } else if any(S::INDEX_RENAMED | S::WT_RENAMED) {
        ChangeKind::Renamed
    } else if any(S::INDEX_DELETED | S::WT_DELETED) {
        ChangeKind::Deleted
    } else if any(S::INDEX_MODIFIED | S::INDEX_TYPECHANGE | S::WT_MODIFIED | S::WT_TYPECHANGE | S::WT_UNREADABLE) {
        ChangeKind::Modified
    } else {
        return None;
    })
}

fn is_staged(status: git2::Status) -> bool {
    use git2::Status as S;
    !status.intersects(
        S::CONFLICTED
            | S::WT_NEW
            | S::WT_MODIFIED
            | S::WT_DELETED
            | S::WT_RENAMED
            | S::WT_TYPECHANGE
            | S::WT_UNREADABLE,
    )
}

pub(crate) fn head_of(repository: &Repository) -> Result<Option<Head>> {
    match repository.head() {
        Ok(head) => {
            let commit = head.peel_to_commit()?;
            Ok(Some(Head { id: commit.id().to_string(), short: short_id(commit.as_object()) }))
        }
        Err(error) if matches!(error.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn short_id(object: &git2::Object<'_>) -> String {
    let short = object.short_id().ok().and_then(|short| short.as_str().ok().map(str::to_owned));
    short.unwrap_or_else(|| object.id().to_string()[..7].to_owned())
}

fn branch_name(repository: &Repository) -> Result<Option<String>> {
    let head = repository.find_reference("HEAD")?;
    let target = head.symbolic_target_bytes().map(String::from_utf8_lossy);
    Ok(target.and_then(|target| target.strip_prefix("refs/heads/").map(str::to_owned)))
}

/// How far the branch and its upstream are apart; none without an upstream that was fetched.
fn distance(repository: &Repository, branch: &str) -> Option<(usize, usize)> {
    let local: Branch<'_> = repository.find_branch(branch, git2::BranchType::Local).ok()?;
    let upstream = local.upstream().ok()?;
    repository.graph_ahead_behind(local.get().target()?, upstream.get().target()?).ok()
}

pub(crate) fn in_progress(repository: &Repository) -> Option<&'static str> {
    use git2::RepositoryState as S;
    match repository.state() {
        S::Clean => None,
        S::Merge => Some("merge"),
        S::Revert | S::RevertSequence => Some("revert"),
        S::CherryPick | S::CherryPickSequence => Some("cherry-pick"),
        S::Bisect => Some("bisect"),
        S::Rebase | S::RebaseInteractive | S::RebaseMerge => Some("rebase"),
        S::ApplyMailbox | S::ApplyMailboxOrRebase => Some("patch series"),
    }
}
