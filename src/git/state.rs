//! Working trees as they were: a commit's files, with an uncommitted difference and single files laid over them.
//!
//! Objects that this makes live in memory: nothing is added to the repository.

use std::path::Path;

use git2::build::CheckoutBuilder;
use git2::{Delta, Diff, Index, IndexEntry, IndexTime, ObjectType, Oid, Patch, Repository, Sort, Tree};
use serde::{Deserialize, Serialize};

use crate::history::{Commit, changes, find};
use crate::{ChangeKind, DIFF_LIMIT, Error, Repo, Result};

/// Before every place where objects are kept, so that new ones go here.
const IN_MEMORY: i32 = 1000;
const REGULAR: u32 = 0o100_644;

/// What a working tree held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The commit it started from; none before the first.
    pub commit: Option<String>,
    /// What differed from it, as [`Repo::uncommitted_diff`] writes it; may be empty.
    pub diff: String,
    /// Files by their path in our folder, with their content. They are laid over the rest.
    pub files: Vec<(String, Vec<u8>)>,
}

impl State {
    /// What the difference names but does not hold (binary or very large files), in its own words.
    pub fn left_out(&self) -> Vec<String> {
        let comments = self.diff.lines().filter_map(|line| line.strip_prefix("# "));
        comments.map(str::to_owned).collect()
    }

    /// The difference without our comments, of which git's parser knows nothing.
    fn patch(&self) -> String {
        self.diff.split_inclusive('\n').filter(|line| !line.starts_with('#')).collect()
    }
}

/// How one file differs between two states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDiff {
    /// Its path in our folder; where it was, if it is gone.
    pub path: String,
    /// Where it was, when it was renamed.
    pub old_path: Option<String>,
    /// How it differs.
    pub kind: ChangeKind,
    /// Lines added.
    pub added: usize,
    /// Lines removed.
    pub removed: usize,
    /// The file's difference as unified text that `git apply` takes; empty where it is binary or very large.
    pub text: String,
}

/// The commits that lead from one to another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitRange {
    /// The last commit that both have; none without a common history.
    pub base: Option<String>,
    /// Commits of our folder that only the first has, newest first.
    pub only_first: Vec<Commit>,
    /// Commits of our folder that only the second has, newest first.
    pub only_second: Vec<Commit>,
}

impl Repo {
    /// Writes the files of our folder as they were in `state` into the folder `into`, which should be empty.
    ///
    /// # Errors
    /// A commit that is not there any more, a difference that does not fit it, a folder that cannot be written.
    pub fn check_out(&self, state: &State, into: &Path) -> Result<()> {
        let repository = self.open()?;
        let objects = repository.odb()?;
        let _memory = objects.add_new_mempack_backend(IN_MEMORY)?;
        let tree = self.tree(&repository, state)?;
        let ours = match self.prefix.trim_end_matches('/') {
            "" => Some(tree.into_object()),
            prefix => match tree.get_path(Path::new(prefix)) {
                Ok(entry) => Some(entry.to_object(&repository)?),
                Err(_) => None,
            },
        };
        let Some(ours) = ours.filter(|object| object.kind() == Some(ObjectType::Tree)) else { return Ok(()) };
        let mut options = CheckoutBuilder::new();
        options.target_dir(into).update_index(false).force().recreate_missing(true);
        Ok(repository.checkout_tree(&ours, Some(&mut options))?)
    }

    /// How our folder differs between two states, by path. Renamed files are found.
    ///
    /// # Errors
    /// A commit that is not there any more, a difference that does not fit its commit.
    pub fn compare_states(&self, first: &State, second: &State) -> Result<Vec<FileDiff>> {
        let repository = self.open()?;
        let objects = repository.odb()?;
        let _memory = objects.add_new_mempack_backend(IN_MEMORY)?;
        let (old, new) = (self.tree(&repository, first)?, self.tree(&repository, second)?);
        let mut options = self.options(None)?;
        let mut diff = repository.diff_tree_to_tree(Some(&old), Some(&new), Some(&mut options))?;
        diff.find_similar(None)?;
        let mut files = Vec::new();
        let mut room = DIFF_LIMIT;
        for at in 0..diff.deltas().len() {
            if let Some(file) = self.file_diff(&diff, at, &mut room)? {
                files.push(file);
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// How a commit changed our folder against its first parent, by path.
    ///
    /// # Errors
    /// A commit that is not there.
    pub fn commit_files(&self, commit: &str) -> Result<Vec<FileDiff>> {
        let (id, parent) = {
            let repository = self.open()?;
            let commit = find(&repository, commit)?;
            (commit.id().to_string(), commit.parent_id(0).ok().map(|id| id.to_string()))
        };
        let at = |commit: Option<String>| State { commit, ..State::default() };
        self.compare_states(&at(parent), &at(Some(id)))
    }

    /// The commits between two (ids, branches, tags) that changed our folder, `limit` at most on each side.
    ///
    /// # Errors
    /// A commit that is not there.
    pub fn commits_between(&self, first: &str, second: &str, limit: usize) -> Result<CommitRange> {
        let repository = self.open()?;
        let (a, b) = (find(&repository, first)?.id(), find(&repository, second)?.id());
        Ok(CommitRange {
            base: repository.merge_base(a, b).ok().map(|id| id.to_string()),
            only_first: self.reachable(&repository, a, b, limit)?,
            only_second: self.reachable(&repository, b, a, limit)?,
        })
    }

    /// Where the branch comes from: its upstream's remote, else `origin`, else the only one. Without user names,
    /// passwords and tokens.
    ///
    /// # Errors
    /// A repository that cannot be read.
    pub fn remote(&self) -> Result<Option<String>> {
        let repository = self.open()?;
        let upstream = || {
            let head = repository.head().ok()?;
            let name = repository.branch_upstream_remote(head.name().ok()?).ok()?;
            name.as_str().ok().map(str::to_owned)
        };
        let names = repository.remotes()?;
        let known: Vec<String> = names.iter().flatten().flatten().map(str::to_owned).collect();
        let origin = || known.iter().find(|name| *name == "origin").or(known.first()).cloned();
        let Some(name) = upstream().or_else(origin) else { return Ok(None) };
        let url = repository.find_remote(&name).ok().and_then(|remote| remote.url().ok().map(without_credentials));
        Ok(url)
    }

    fn reachable(&self, repository: &Repository, from: Oid, not_from: Oid, limit: usize) -> Result<Vec<Commit>> {
        let mut walk = repository.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME)?;
        walk.push(from)?;
        walk.hide(not_from)?;
        let prefix = self.prefix.trim_end_matches('/');
        let mut commits = Vec::new();
        for id in walk {
            let commit = repository.find_commit(id?)?;
            if prefix.is_empty() || changes(&commit, Path::new(prefix))? {
                commits.push(Commit::of(&commit));
            }
            if commits.len() == limit {
                break;
            }
        }
        Ok(commits)
    }

    /// The whole tree of a state.
    fn tree<'r>(&self, repository: &'r Repository, state: &State) -> Result<Tree<'r>> {
        let base = match &state.commit {
            Some(commit) => find(repository, commit)?.tree()?,
            None => repository.find_tree(Index::new()?.write_tree_to(repository)?)?,
        };
        let patch = state.patch();
        let mut index = if patch.trim().is_empty() {
            let mut index = Index::new()?;
            index.read_tree(&base)?;
            index
        } else {
            let unfit = |error: git2::Error| Error::Apply { reason: error.message().trim_end_matches('.').to_owned() };
            let diff = Diff::from_buffer(patch.as_bytes()).map_err(unfit)?;
            repository.apply_to_tree(&base, &diff, None).map_err(unfit)?
        };
        for (path, content) in &state.files {
            let path = self.to_repository(path)?;
            let mode = index.get_path(Path::new(&path), 0).map(|entry| entry.mode);
            let mode = mode.filter(|mode| mode >> 12 == REGULAR >> 12).unwrap_or(REGULAR);
            index.add(&entry(path, mode, repository.blob(content)?))?;
        }
        Ok(repository.find_tree(index.write_tree_to(repository)?)?)
    }

    fn file_diff(&self, diff: &Diff<'_>, at: usize, room: &mut usize) -> Result<Option<FileDiff>> {
        let Some(delta) = diff.get_delta(at) else { return Ok(None) };
        let kind = match delta.status() {
            Delta::Added => ChangeKind::Added,
            Delta::Deleted => ChangeKind::Deleted,
            Delta::Renamed => ChangeKind::Renamed,
            Delta::Unmodified | Delta::Ignored => return Ok(None),
            _ => ChangeKind::Modified,
        };
        let path = |file: git2::DiffFile<'_>| {
            let path = String::from_utf8_lossy(file.path_bytes()?).into_owned();
            self.to_folder(&path).map(str::to_owned)
        };
        let (old, new) = (path(delta.old_file()), path(delta.new_file()));
        let Some(shown) = new.or_else(|| old.clone()) else { return Ok(None) };
        let old_path = old.filter(|old| kind == ChangeKind::Renamed && *old != shown);
        let mut file = FileDiff { path: shown, old_path, kind, added: 0, removed: 0, text: String::new() };
        if let Some(mut patch) = Patch::from_diff(diff, at)? {
            (_, file.added, file.removed) = patch.line_stats()?;
            let binary = patch.delta().flags().is_binary();
            let text = patch.to_buf()?;
            if !binary && text.len() <= *room {
                *room -= text.len();
                file.text = String::from_utf8_lossy(&text).into_owned();
            }
        }
        Ok(Some(file))
    }
}

/// An index entry whose times are unknown, so that git looks at the file anew.
pub(crate) fn entry(path: String, mode: u32, id: Oid) -> IndexEntry {
    let never = IndexTime::new(0, 0);
    IndexEntry {
        ctime: never,
        mtime: never,
        dev: 0,
        ino: 0,
        mode,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.into_bytes(),
    }
}

/// A remote's address as it may be written down: what stands before the host is a secret, unless it is only the
/// user name that ssh needs; what stands behind a question mark may be a token.
fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        // git@host:path, or a path.
        return match url.rsplit_once('@') {
            Some((user, rest)) if user.contains(':') && !user.contains('/') => rest.to_owned(),
            _ => url.to_owned(),
        };
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = match host.rsplit_once('@') {
        Some((user, host)) if scheme.starts_with("ssh") => {
            format!("{}@{host}", user.split(':').next().unwrap_or_default())
        }
        Some((_, host)) => host.to_owned(),
        None => host.to_owned(),
    };
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    #[test]
    fn an_address_is_kept_without_its_secrets() {
        for (url, kept) in [
            ("https://ada:secret@example.org/lab/study.git", "https://example.org/lab/study.git"),
            ("https://token@example.org:8443/study", "https://example.org:8443/study"),
            ("https://example.org/study?private_token=x#y", "https://example.org/study"),
            ("https://a@b:p@example.org/x@y", "https://example.org/x@y"),
            ("ssh://git:pw@example.org/study", "ssh://git@example.org/study"),
            ("git@example.org:lab/study.git", "git@example.org:lab/study.git"),
            ("/srv/git/study.git", "/srv/git/study.git"),
        ] {
            assert_eq!(without_credentials(url), kept);
        }
    }
}
