//! Committing what changed in our folder, and only that.

use std::path::Path;

use git2::{Index, Repository, Signature};
use serde::{Deserialize, Serialize};

use crate::history::Commit;
use crate::status::{ChangeKind, in_progress};
use crate::{Error, Repo, Result};

/// The hooks that `git commit` runs.
const HOOKS: [&str; 4] = ["pre-commit", "prepare-commit-msg", "commit-msg", "post-commit"];

/// What holds for commits that are made here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// `Ada Löve <ada@example.org>`; none when git was not told.
    pub author: Option<String>,
    /// Hooks of the repository, which are not run.
    pub hooks: Vec<String>,
    /// Whether git is set to sign commits, which is not done.
    pub signs: bool,
    /// The message of the last commit, which an amended one begins with; none before the first.
    pub last_message: Option<String>,
}

impl Repo {
    /// Who commits are by, and what of git's own commit is left out here.
    ///
    /// # Errors
    /// A repository that cannot be read.
    pub fn terms(&self) -> Result<Terms> {
        let repository = self.open()?;
        let author = repository.author_from_env().ok().map(|author| {
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            format!("{} <{}>", text(author.name_bytes()), text(author.email_bytes()))
        });
        let signs = repository.config().and_then(|config| config.get_bool("commit.gpgsign")).unwrap_or(false);
        let last = repository.head().and_then(|head| head.peel_to_commit()).ok();
        let last_message = last.map(|last| String::from_utf8_lossy(last.message_bytes()).trim().to_owned());
        Ok(Terms { author, hooks: hooks(&repository), signs, last_message })
    }

    /// Tells git whom commits in this repository are by.
    ///
    /// # Errors
    /// A configuration that cannot be written; a name or an address that is empty.
    pub fn set_identity(&self, name: &str, email: &str) -> Result<()> {
        let (name, email) = (name.trim(), email.trim());
        Signature::now(name, email).map_err(|_| Error::NoIdentity)?;
        let mut config = self.open()?.config()?.open_level(git2::ConfigLevel::Local)?;
        config.set_str("user.name", name)?;
        Ok(config.set_str("user.email", email)?)
    }

    /// Commits what is staged, all over the repository as git does. With `amend`, in place of the last
    /// commit, whose author stays.
    ///
    /// # Errors
    /// [`Error::NothingToCommit`], [`Error::NoMessage`], [`Error::NoIdentity`], [`Error::InProgress`],
    /// [`Error::Conflict`], [`Error::Locked`]. Nothing is committed then.
    pub fn commit_staged(&self, message: &str, amend: bool) -> Result<Commit> {
        let message = message.trim();
        if message.is_empty() {
            return Err(Error::NoMessage);
        }
        let repository = self.open()?;
        if let Some(what) = in_progress(&repository).filter(|what| *what != "bisect") {
            return Err(Error::InProgress(what));
        }
        let mut index = repository.index()?;
        if let Some(conflict) = index.conflicts()?.next() {
            let entry = conflict?.our.map(|entry| entry.path).unwrap_or_default();
            return Err(Error::Conflict { path: String::from_utf8_lossy(&entry).into_owned() });
        }
        let head = match repository.head() {
            Ok(head) => Some(head.peel_to_commit()?),
            Err(_) => None,
        };
        let tree = repository.find_tree(index.write_tree()?)?;
        let (author, committer) = identities(&repository)?;
        let message = format!("{message}\n");
        let id = match head {
            Some(head) if amend => {
                head.amend(Some("HEAD"), None, Some(&committer), None, Some(&message), Some(&tree))?
            }
            Some(head) if head.tree_id() == tree.id() => return Err(Error::NothingToCommit),
            None if tree.is_empty() => return Err(Error::NothingToCommit),
            head => {
                let parents: Vec<_> = head.iter().collect();
                repository.commit(Some("HEAD"), &author, &committer, &message, &tree, &parents)?
            }
        };
        Ok(Commit::of(&repository.find_commit(id)?))
    }

    /// Commits the changed files of our folder, or those among them that `paths` names (files, or
    /// folders with all below), and returns the commit.
    ///
    /// As with `git commit --only`, what is staged elsewhere stays staged and is not committed.
    /// Ignored files stay out. The author is git's configured one, or else the system's user.
    ///
    /// # Errors
    /// [`Error::NothingToCommit`], [`Error::NoMessage`], [`Error::InProgress`], [`Error::Conflict`],
    /// [`Error::Locked`]. Nothing is committed then.
    pub fn commit(&self, message: &str, paths: Option<&[String]>) -> Result<Commit> {
        let message = message.trim();
        if message.is_empty() {
            return Err(Error::NoMessage);
        }
        let repository = self.open()?;
        if let Some(what) = in_progress(&repository).filter(|what| *what != "bisect") {
            return Err(Error::InProgress(what));
        }
        let files = self.files_to_commit(&repository, paths)?;
        let parent = match repository.head() {
            Ok(head) => Some(head.peel_to_commit()?),
            Err(_) => None,
        };
        let mut index = repository.index()?;
        let mut committed = Index::new()?;
        if let Some(parent) = &parent {
            committed.read_tree(&parent.tree()?)?;
        }
        // Removals first: a folder may stand where a file was.
        let (present, gone): (Vec<_>, Vec<_>) = files.iter().partition(|path| is_file(&self.root.join(path)));
        for path in gone {
            remove(&mut index, &mut committed, Path::new(path))?;
        }
        for path in present {
            add(&mut index, &mut committed, Path::new(path))?;
        }
        let tree = repository.find_tree(committed.write_tree_to(&repository)?)?;
        if parent.as_ref().is_some_and(|parent| parent.tree_id() == tree.id()) {
            return Err(Error::NothingToCommit);
        }
        // The index goes first: should the commit fail, the files are staged and nothing is lost.
        index.write()?;
        let (author, committer) = identities_or_local(&repository)?;
        let parents: Vec<_> = parent.iter().collect();
        let id = repository.commit(Some("HEAD"), &author, &committer, message, &tree, &parents)?;
        Ok(Commit::of(&repository.find_commit(id)?))
    }

    /// The changed files, as paths of the repository; both names of one that was renamed.
    fn files_to_commit(&self, repository: &Repository, paths: Option<&[String]>) -> Result<Vec<String>> {
        let wanted = paths.map(|paths| paths.iter().map(|path| self.to_repository(path)).collect::<Result<Vec<_>>>());
        let wanted = wanted.transpose()?;
        let is_wanted = |file: &str| match &wanted {
            None => true,
            Some(wanted) => wanted.iter().any(|path| {
                file.strip_prefix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }),
        };
        let mut files = Vec::new();
        for change in self.changed(repository)? {
            let file = format!("{}{}", self.prefix, change.path);
            let old = change.old_path.map(|old| format!("{}{old}", self.prefix));
            if !is_wanted(&file) && !old.as_deref().is_some_and(is_wanted) {
                continue;
            }
            if change.kind == ChangeKind::Conflicted {
                return Err(Error::Conflict { path: change.path });
            }
            files.push(file);
            files.extend(old);
        }
        if files.is_empty() { Err(Error::NothingToCommit) } else { Ok(files) }
    }
}

/// Whether a file or a link lies there.
fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|meta| !meta.is_dir())
}

/// Brings a file of the working tree into both indexes.
fn add(index: &mut Index, committed: &mut Index, path: &Path) -> Result<()> {
    index.add_path(path)?;
    if let Some(entry) = index.get_path(path, 0) {
        committed.add(&entry)?;
    }
    Ok(())
}

/// Takes a file out of both indexes. Staged as new and deleted again, it is not in the last commit.
fn remove(index: &mut Index, committed: &mut Index, path: &Path) -> Result<()> {
    index.remove_path(path)?;
    if committed.get_path(path, 0).is_some() {
        committed.remove(path, 0)?;
    }
    Ok(())
}

/// Author and committer, or user and host where git was told none: for what the program commits by itself.
fn identities_or_local(repository: &Repository) -> Result<(Signature<'static>, Signature<'static>)> {
    match identities(repository) {
        Err(Error::NoIdentity) => {
            let (name, email) = local_identity();
            let local = Signature::now(&name, &email)?;
            Ok((local.clone(), local))
        }
        known => known,
    }
}

/// Author and committer: git's environment variables and configuration.
fn identities(repository: &Repository) -> Result<(Signature<'static>, Signature<'static>)> {
    let author = repository.author_from_env().map_err(|_| Error::NoIdentity)?;
    let committer = repository.committer_from_env().map_err(|_| Error::NoIdentity)?;
    Ok((author, committer))
}

/// `USER` and `USER@HOST`, as git itself would guess.
pub(crate) fn local_identity() -> (String, String) {
    let clean = |text: String| text.chars().filter(|c| !c.is_control() && !"<>".contains(*c)).collect::<String>();
    let variable = |names: &[&str]| {
        let found = names.iter().filter_map(|name| std::env::var(name).ok());
        found.map(clean).find(|value| !value.trim().is_empty())
    };
    let user = variable(&["USER", "LOGNAME", "USERNAME"]).unwrap_or_else(|| "user".into());
    let host = variable(&["HOSTNAME", "COMPUTERNAME"])
        .or_else(|| std::fs::read_to_string("/etc/hostname").ok().map(|text| text.trim().to_owned()))
        .filter(|host| !host.is_empty())
        .unwrap_or_else(|| "localhost".into());
    let email = format!("{}@{host}", user.replace(char::is_whitespace, "."));
    (user, email)
}

/// The hooks of a commit that git itself would run here.
fn hooks(repository: &Repository) -> Vec<String> {
    let configured = repository.config().and_then(|config| config.get_path("core.hooksPath"));
    let folder = configured.unwrap_or_else(|_| repository.commondir().join("hooks"));
    let root = repository.workdir().unwrap_or_else(|| repository.path());
    let folder = root.join(folder);
    let there = |name: &&&str| is_executable(&folder.join(name));
    HOOKS.iter().filter(there).map(|name| (*name).to_owned()).collect()
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}
