//! Differences as unified text that `git apply` takes.

use std::cell::RefCell;

use git2::{Diff, DiffDelta, DiffFormat, DiffLine, DiffOptions, Tree};

use crate::{Error, Repo, Result};

/// A difference stays below this many bytes; what does not fit is named in it instead.
pub const DIFF_LIMIT: usize = 4 << 20;
/// Files larger than this many bytes count as binary.
const FILE_LIMIT: i64 = 1 << 20;

impl Repo {
    /// What differs from the last commit in our folder, staged or not, with the content of new files.
    ///
    /// Paths in it are relative to the repository's root, so `git apply` takes it there. Binary and
    /// very large files, and all that exceeds [`DIFF_LIMIT`], are named in lines that start with `#`,
    /// which `git apply` skips. Empty when nothing differs.
    ///
    /// # Errors
    /// A repository that cannot be read.
    pub fn uncommitted_diff(&self) -> Result<String> {
        let repository = self.open()?;
        let head = match repository.head() {
            Ok(head) => Some(head.peel_to_tree()?),
            Err(_) => None,
        };
        let mut options = self.options(None)?;
        options.include_untracked(true).recurse_untracked_dirs(true).show_untracked_content(true);
        let diff = repository.diff_tree_to_workdir_with_index(head.as_ref(), Some(&mut options))?;
        text(&diff, DIFF_LIMIT)
    }

    /// What differs between two commits (ids, branches, tags) in our folder, or in one path of it.
    ///
    /// # Errors
    /// A commit that is not there.
    pub fn diff_between(&self, a: &str, b: &str, path: Option<&str>) -> Result<String> {
        let repository = self.open()?;
        let tree = |name: &str| -> Result<Tree<'_>> {
            let object = repository.revparse_single(name).map_err(|_| Error::NoCommit { name: name.to_owned() })?;
            Ok(object.peel_to_tree()?)
        };
        let mut options = self.options(path)?;
        let mut diff = repository.diff_tree_to_tree(Some(&tree(a)?), Some(&tree(b)?), Some(&mut options))?;
        diff.find_similar(None)?;
        text(&diff, DIFF_LIMIT)
    }

    pub(crate) fn options(&self, path: Option<&str>) -> Result<DiffOptions> {
        let mut options = DiffOptions::new();
        options.max_size(FILE_LIMIT).include_typechange(true).ignore_submodules(true);
        let confined = match path {
            Some(path) => self.to_repository(path)?,
            None => self.prefix.trim_end_matches('/').to_owned(),
        };
        if !confined.is_empty() {
            options.pathspec(confined).disable_pathspec_match(true);
        }
        Ok(options)
    }
}

/// The patches of whole files, one after the other, as long as they fit.
#[derive(Default)]
struct Patches {
    out: String,
    /// The file whose lines are coming, and what came of it.
    file: String,
    patch: String,
    binary: bool,
    left_out: Vec<String>,
}

impl Patches {
    fn line(&mut self, delta: &DiffDelta<'_>, line: &DiffLine<'_>, limit: usize) {
        let path = delta.new_file().path_bytes().or_else(|| delta.old_file().path_bytes());
        let path = path.map(String::from_utf8_lossy).unwrap_or_default();
        if path != self.file {
            self.end_file(limit);
            self.file = path.into_owned();
        }
        self.binary |= delta.flags().is_binary() || line.origin() == 'B';
        // Enough is enough: the rest of a huge patch would only be thrown away.
        if self.binary || self.out.len() + self.patch.len() > limit {
            return;
        }
        if matches!(line.origin(), '+' | '-' | ' ') {
            self.patch.push(line.origin());
        }
        self.patch.push_str(&String::from_utf8_lossy(line.content()));
    }

    fn end_file(&mut self, limit: usize) {
        let patch = std::mem::take(&mut self.patch);
        let file = std::mem::take(&mut self.file);
        let binary = std::mem::take(&mut self.binary);
        if file.is_empty() {
            return;
        }
        if binary {
            self.out.push_str(&format!("# Binary or larger than 1 MiB, not shown: {file}\n"));
        } else if self.out.len() + patch.len() > limit {
            self.left_out.push(file);
        } else {
            self.out.push_str(&patch);
        }
    }
}

fn text(diff: &Diff<'_>, limit: usize) -> Result<String> {
    let patches = RefCell::new(Patches::default());
    diff.print(DiffFormat::Patch, |delta, _, line| {
        patches.borrow_mut().line(&delta, &line, limit);
        true
    })?;
    let mut patches = patches.into_inner();
    patches.end_file(limit);
    if !patches.left_out.is_empty() {
        patches.out.push_str(&format!(
            "# The difference is larger than {} MiB, so these are not shown: {}\n",
            limit >> 20,
            patches.left_out.join(", ")
        ));
    }
    Ok(patches.out)
}
