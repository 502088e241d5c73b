//! Every answer beside the one of the `git` command.

#[path = "state_tests.rs"]
mod state;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proptest::prelude::*;

use crate::{ChangeKind, Changed, Error, Repo, commit, diff};

/// A repository in a temporary folder, with an identity of its own.
pub(crate) struct Fixture {
    _dir: tempfile::TempDir,
    pub(crate) root: PathBuf,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        Repo::init(&root).unwrap();
        let fixture = Self { _dir: dir, root };
        fixture.git(&["config", "user.name", "Ada Löve"]);
        fixture.git(&["config", "user.email", "ada@example.org"]);
        fixture.git(&["config", "core.quotepath", "false"]);
        fixture
    }

    pub(crate) fn repo(&self) -> Repo {
        Repo::discover(&self.root).unwrap().unwrap()
    }

    pub(crate) fn within(&self, folder: &str) -> Repo {
        fs::create_dir_all(self.root.join(folder)).unwrap();
        Repo::discover(self.root.join(folder)).unwrap().unwrap()
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// What the real git prints.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git_in(&self.root, arguments, "")
    }

    /// The lines of `git status --porcelain`, sorted.
    pub(crate) fn porcelain(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.git(&["status", "--porcelain", "-uall"]).lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }
}

pub(crate) fn git_in(folder: &Path, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new("git")
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("these tests need the git command");
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn kinds(changed: &[Changed]) -> Vec<(&str, ChangeKind, bool)> {
    changed.iter().map(|change| (change.path.as_str(), change.kind, change.staged)).collect()
}

#[test]
fn no_repository_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(Repo::discover(dir.path()).unwrap(), None);
    let missing = Repo::discover(dir.path().join("missing")).unwrap_err().to_string();
    assert!(missing.starts_with("The folder cannot be opened"), "{missing}");
}

#[test]
fn a_repository_without_commits_has_a_branch_and_no_head() {
    let fixture = Fixture::new();
    fixture.write("a.txt", "one\n");
    let status = fixture.repo().status().unwrap();
    assert_eq!(status.branch.as_deref(), Some(fixture.git(&["symbolic-ref", "--short", "HEAD"]).trim()));
    assert_eq!((status.head, status.detached, status.ahead), (None, false, None));
    assert_eq!(kinds(&status.changed), [("a.txt", ChangeKind::Untracked, false)]);
    assert_eq!(fixture.repo().head_commit().unwrap(), None);
    assert!(fixture.repo().log(None, 10).unwrap().is_empty());
    assert!(fixture.repo().uncommitted_diff().unwrap().contains("+one\n"));

    let commit = fixture.repo().commit("First", None).unwrap();
    assert_eq!(fixture.git(&["rev-parse", "HEAD"]).trim(), commit.id);
    assert_eq!(fixture.git(&["log", "-1", "--format=%an <%ae> %s"]).trim(), "Ada Löve <ada@example.org> First");
    assert!(fixture.porcelain().is_empty());
    assert!(!fixture.repo().status().unwrap().is_dirty());
}

#[test]
fn status_names_each_kind_of_change() {
    let fixture = Fixture::new();
    for name in ["edited", "staged", "both", "gone", "removed", "old name"] {
        fixture.write(name, format!("content of {name}\nthat is long enough\nto be recognised\n"));
    }
    fixture.write(".gitignore", "ignored/\n");
    fixture.repo().commit("First", None).unwrap();
    fixture.write("edited", "x");
    fixture.write("staged", "x");
    fixture.write("both", "x");
    fixture.write("added", "x");
    fixture.git(&["add", "staged", "both", "added"]);
    fixture.write("both", "y");
    fs::remove_file(fixture.root.join("gone")).unwrap();
    fixture.git(&["rm", "-q", "removed"]);
    fixture.git(&["mv", "old name", "new name"]);
    fixture.write("ignored/big", "x");
    fixture.write("folder/日本語.txt", "x");
    let status = fixture.repo().status().unwrap();
    assert_eq!(
        kinds(&status.changed),
        [
            ("added", ChangeKind::Added, true),
            ("both", ChangeKind::Modified, false),
            ("edited", ChangeKind::Modified, false),
            ("folder/日本語.txt", ChangeKind::Untracked, false),
            ("gone", ChangeKind::Deleted, false),
            ("new name", ChangeKind::Renamed, true),
            ("removed", ChangeKind::Deleted, true),
            ("staged", ChangeKind::Modified, true),
        ]
    );
    assert_eq!(status.changed[5].old_path.as_deref(), Some("old name"));
    assert_eq!(status.changed.len(), fixture.porcelain().len());
    let head = status.head.unwrap();
    assert_eq!(head.id, fixture.git(&["rev-parse", "HEAD"]).trim());
    assert!(head.id.starts_with(&head.short) && head.short.len() >= 7);

    fixture.repo().commit("All of it", None).unwrap();
    assert!(fixture.porcelain().is_empty(), "{:?}", fixture.porcelain());
    assert_eq!(fixture.git(&["ls-files"]).lines().count(), 7);
}

#[test]
fn only_the_named_paths_are_committed() {
    let fixture = Fixture::new();
    for name in ["a", "b", "dir/c", "dir/d", "directory"] {
        fixture.write(name, "1");
    }
    fixture.repo().commit("First", None).unwrap();
    for name in ["a", "b", "dir/c", "directory"] {
        fixture.write(name, "2");
    }
    fs::remove_file(fixture.root.join("dir/d")).unwrap();
    fixture.git(&["add", "b"]);
    fixture.repo().commit("Some", Some(&["a".into(), "dir/".into()])).unwrap();
    assert_eq!(fixture.git(&["show", "--name-status", "--format=", "HEAD"]), "M\ta\nM\tdir/c\nD\tdir/d\n");
    assert_eq!(fixture.porcelain(), [" M directory", "M  b"], "what was staged stays staged");
    let error = fixture.repo().commit("None", Some(&["a".into()])).unwrap_err();
    assert!(matches!(error, Error::NothingToCommit), "{error}");
    for bad in ["../a", "/etc/passwd", ""] {
        assert!(matches!(fixture.repo().commit("x", Some(&[bad.into()])), Err(Error::Path { .. })), "{bad}");
    }
}

#[test]
fn a_subfolder_keeps_to_itself() {
    let fixture = Fixture::new();
    fixture.write("outside.txt", "1");
    fixture.write("work/inside.txt", "1");
    fixture.write("work later/other.txt", "1");
    let whole = fixture.repo();
    let repo = fixture.within("work");
    assert_eq!(repo.root(), fixture.root);
    assert_eq!(repo.unconfined(), whole);
    assert_eq!(kinds(&repo.status().unwrap().changed), [("inside.txt", ChangeKind::Untracked, false)]);
    fixture.git(&["add", "outside.txt"]);
    repo.commit("Inside", None).unwrap();
    assert_eq!(fixture.git(&["ls-tree", "-r", "--name-only", "HEAD"]).trim(), "work/inside.txt");
    assert_eq!(fixture.porcelain(), ["?? \"work later/other.txt\"", "A  outside.txt"]);
    whole.commit("Outside", None).unwrap();
    assert_eq!(repo.log(None, 10).unwrap().len(), 1);
    assert_eq!(whole.log(None, 10).unwrap().len(), 2);
    assert_eq!(repo.file_at("HEAD", "inside.txt").unwrap().unwrap(), b"1");
    fixture.write("outside.txt", "2");
    assert_eq!(repo.uncommitted_diff().unwrap(), "");
    fixture.write("work/inside.txt", "2");
    let diff = repo.uncommitted_diff().unwrap();
    assert!(diff.contains("a/work/inside.txt") && !diff.contains("outside"), "{diff}");
}

#[test]
fn what_cannot_be_committed_is_said() {
    let fixture = Fixture::new();
    let nothing = fixture.repo().commit("First", None).unwrap_err().to_string();
    assert!(nothing.starts_with("There is nothing to commit"), "{nothing}");
    fixture.write("a", "1\n");
    assert!(matches!(fixture.repo().commit("  \n", None), Err(Error::NoMessage)));
    fixture.repo().commit("First", None).unwrap();
    let branch = fixture.repo().status().unwrap().branch.unwrap();
    fixture.git(&["checkout", "-q", "-b", "side"]);
    fixture.write("a", "2\n");
    fixture.repo().commit("Side", None).unwrap();
    fixture.git(&["checkout", "-q", &branch]);
    fixture.write("a", "3\n");
    fixture.repo().commit("Main", None).unwrap();
    Command::new("git").current_dir(&fixture.root).args(["merge", "-q", "side"]).output().unwrap();
    let status = fixture.repo().status().unwrap();
    assert_eq!(status.in_progress.as_deref(), Some("merge"));
    assert_eq!(kinds(&status.changed), [("a", ChangeKind::Conflicted, false)]);
    let error = fixture.repo().commit("x", None).unwrap_err().to_string();
    assert!(error.starts_with("A merge is in progress"), "{error}");

    fixture.git(&["merge", "--abort"]);
    fixture.write("a", "4\n");
    fs::write(fixture.root.join(".git/index.lock"), "").unwrap();
    assert!(matches!(fixture.repo().commit("x", None), Err(Error::Locked)));
    fs::remove_file(fixture.root.join(".git/index.lock")).unwrap();
    fixture.repo().commit("x", None).unwrap();
}

#[test]
fn detached_and_upstream() {
    let fixture = Fixture::new();
    fixture.write("a", "1");
    let first = fixture.repo().commit("First", None).unwrap();
    let branch = fixture.repo().status().unwrap().branch.unwrap();
    let remote = tempfile::tempdir().unwrap();
    git_in(remote.path(), &["init", "-q", "--bare"], "");
    fixture.git(&["remote", "add", "origin", remote.path().to_str().unwrap()]);
    fixture.git(&["push", "-q", "-u", "origin", &branch]);
    let distance = |fixture: &Fixture| {
        let status = fixture.repo().status().unwrap();
        (status.ahead, status.behind)
    };
    assert_eq!(distance(&fixture), (Some(0), Some(0)));
    fixture.write("a", "2");
    let second = fixture.repo().commit("Second", None).unwrap();
    assert_eq!(distance(&fixture), (Some(1), Some(0)));
    fixture.git(&["push", "-q"]);
    fixture.git(&["reset", "-q", "--hard", &first.id]);
    assert_eq!(distance(&fixture), (Some(0), Some(1)));
    fixture.git(&["checkout", "-q", &second.id]);
    let status = fixture.repo().status().unwrap();
    assert_eq!((status.branch, status.detached, status.ahead), (None, true, None));
    assert_eq!(status.head.unwrap().id, second.id);
}

#[test]
fn history_is_that_of_git() {
    let fixture = Fixture::new();
    for (index, (path, text)) in
        [("a", "1"), ("b/c", "1"), ("a", "2"), ("b/c", "2"), ("b/d", "1")].into_iter().enumerate()
    {
        fixture.write(path, text);
        fixture.repo().commit(&format!("Commit {index}\n\nWhy {index}."), None).unwrap();
    }
    let repo = fixture.repo();
    for (path, arguments) in [(None, vec![]), (Some("a"), vec!["--", "a"]), (Some("b"), vec!["--", "b"])] {
        let mut command = vec!["log", "--topo-order", "--format=%H %h %s"];
        command.extend(arguments);
        let ours = repo.log(path, 100).unwrap();
        let ours: Vec<_> = ours.iter().map(|c| format!("{} {} {}", c.id, c.short, c.summary)).collect();
        assert_eq!(ours, fixture.git(&command).lines().collect::<Vec<_>>());
    }
    assert_eq!(repo.log(None, 2).unwrap().len(), 2);
    let newest = &repo.log(None, 1).unwrap()[0];
    assert_eq!((newest.body.as_str(), newest.author.as_str()), ("Why 4.", "Ada Löve"));
    assert_eq!(newest.time.as_second().to_string(), fixture.git(&["log", "-1", "--format=%ct"]).trim());
    assert_eq!(repo.find_commit("HEAD~2").unwrap().summary, "Commit 2");
    assert_eq!(repo.file_at("HEAD~3", "a").unwrap().unwrap(), b"1");
    assert_eq!(repo.file_at("HEAD~4", "b/c").unwrap(), None);
    assert_eq!(repo.file_at("HEAD", "b").unwrap(), None);
    let error = repo.file_at("no-such", "a").unwrap_err().to_string();
    assert_eq!(error, "There is no commit “no-such” in this repository.");
    assert_eq!(repo.diff_between("HEAD~2", "HEAD", None).unwrap(), fixture.git(&["diff", "HEAD~2", "HEAD"]));
    assert_eq!(
        repo.diff_between("HEAD~4", "HEAD", Some("a")).unwrap(),
        fixture.git(&["diff", "HEAD~4", "HEAD", "--", "a"])
    );
}

/// Applying the difference to a clone of the last commit gives the working tree again.
#[test]
fn the_difference_applies_elsewhere() {
    let fixture = Fixture::new();
    fixture.write("edited.py", "a\nb\nc\n");
    fixture.write("gone.py", "x\n");
    fixture.write("end.py", "no newline");
    fixture.write("image.bin", [0, 159, 146, 150]);
    fixture.repo().commit("First", None).unwrap();
    fixture.write("edited.py", "a\nB\nc\n");
    fixture.write("end.py", "still no newline");
    fixture.write("image.bin", [0, 159, 146, 151]);
    fixture.write("new/ünïcode name.py", "new\n");
    fixture.write("staged.py", "staged\n");
    fixture.git(&["add", "staged.py"]);
    fs::remove_file(fixture.root.join("gone.py")).unwrap();
    let diff = fixture.repo().uncommitted_diff().unwrap();
    assert!(diff.contains("# Binary or larger than 1 MiB, not shown: image.bin\n"), "{diff}");

    let clone = tempfile::tempdir().unwrap();
    git_in(clone.path(), &["clone", "-q", fixture.root.to_str().unwrap(), "."], "");
    git_in(clone.path(), &["apply"], &diff);
    for path in ["edited.py", "end.py", "new/ünïcode name.py", "staged.py"] {
        assert_eq!(fs::read(clone.path().join(path)).unwrap(), fs::read(fixture.root.join(path)).unwrap(), "{path}");
    }
    assert!(!clone.path().join("gone.py").exists());
}

#[test]
fn a_huge_difference_is_cut_between_files_and_says_so() {
    let fixture = Fixture::new();
    let line = "0123456789abcde\n";
    for index in 0..6 {
        fixture.write(&format!("file{index}.txt"), line.repeat(60_000));
    }
    fixture.write("huge.txt", line.repeat(100_000));
    let diff = fixture.repo().uncommitted_diff().unwrap();
    assert!(diff.len() < diff::DIFF_LIMIT + 1000);
    assert!(diff.contains("# Binary or larger than 1 MiB, not shown: huge.txt"));
    assert!(diff.ends_with("so these are not shown: file4.txt, file5.txt\n"), "{}", &diff[diff.len() - 200..]);
    let dir = tempfile::tempdir().unwrap();
    git_in(dir.path(), &["init", "-q"], "");
    git_in(dir.path(), &["apply"], &diff);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 5, "four files and .git");
}

#[cfg(unix)]
#[test]
fn links_modes_and_nested_repositories() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    fixture.write("script.sh", "echo");
    std::os::unix::fs::symlink("script.sh", fixture.root.join("link")).unwrap();
    fixture.write("nested/file", "x");
    git_in(&fixture.root.join("nested"), &["init", "-q"], "");
    fixture.repo().commit("First", None).unwrap();
    assert_eq!(fixture.git(&["ls-files"]).lines().collect::<Vec<_>>(), ["link", "script.sh"]);
    fs::set_permissions(fixture.root.join("script.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    fixture.repo().commit("Executable", None).unwrap();
    assert!(fixture.git(&["ls-tree", "HEAD", "script.sh"]).starts_with("100755"));
    assert_eq!(fixture.repo().log(Some("script.sh"), 10).unwrap().len(), 2);
}

#[test]
fn the_local_identity_has_a_name_and_an_address() {
    let (name, email) = commit::local_identity();
    assert!(!name.is_empty() && email.contains('@') && !email.contains(char::is_whitespace), "{name} {email}");
    git2::Signature::now(&name, &email).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    /// Whatever is written, added and deleted, committing leaves nothing, as git sees it.
    #[test]
    fn committing_leaves_a_clean_tree(
        first in prop::collection::btree_map("[a-cé]{1,2}(/[a-c ]{1,2}x)?", "[a-z\n]{0,30}", 1..6),
        second in prop::collection::btree_map("[a-cé]{1,2}(/[a-c ]{1,2}x)?", "[a-z\n]{0,30}", 0..6),
    ) {
        let fixture = Fixture::new();
        let put = |files: &std::collections::BTreeMap<String, String>| {
            for (path, text) in files {
                let target = fixture.root.join(path);
                // A path may want a folder where a file is, or the other way round.
                if fs::create_dir_all(target.parent().unwrap()).is_ok() && !target.is_dir() {
                    fs::write(target, text).unwrap();
                }
            }
        };
        put(&first);
        fixture.repo().commit("First", None).unwrap();
        prop_assert!(fixture.porcelain().is_empty());
        for path in first.keys().take(2) {
            let path = fixture.root.join(path);
            if path.is_file() {
                fs::remove_file(path).unwrap();
            }
        }
        put(&second);
        let dirty = !fixture.porcelain().is_empty();
        prop_assert_eq!(fixture.repo().status().unwrap().is_dirty(), dirty);
        prop_assert_eq!(fixture.repo().commit("Second", None).is_ok(), dirty);
        prop_assert!(fixture.porcelain().is_empty(), "{:?}", fixture.porcelain());
    }
}
