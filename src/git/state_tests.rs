//! States of a working tree, beside the trees that the `git` command makes of the same files.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::Fixture;
use crate::{ChangeKind, Repo, State};

/// The working tree as a tree object of the real git, untracked files included, without touching its index.
fn real_tree(fixture: &Fixture) -> String {
    let index = fixture.root.join(".git/peer-index");
    let _ = fs::remove_file(&index);
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        let output = command.current_dir(&fixture.root).env("GIT_INDEX_FILE", &index).args(arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["add", "-A"]);
    git(&["write-tree"])
}

fn now(repo: &Repo) -> State {
    State {
        commit: repo.head_commit().unwrap().map(|head| head.id),
        diff: repo.uncommitted_diff().unwrap(),
        files: Vec::new(),
    }
}

/// Every file below a folder with its content, `.git` aside.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    fn walk(root: &Path, folder: &Path, into: &mut Vec<(String, Vec<u8>)>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if entry.file_name() == ".git" {
                continue;
            }
            if path.is_dir() {
                walk(root, &path, into);
            } else {
                into.push((path.strip_prefix(root).unwrap().display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    let mut all = Vec::new();
    walk(folder, folder, &mut all);
    all.sort();
    all
}

/// A repository in two states, each with the tree that git makes of it and its files.
struct Two {
    fixture: Fixture,
    states: [State; 2],
    trees: [String; 2],
    held: [Vec<(String, Vec<u8>)>; 2],
}

fn two() -> Two {
    let fixture = Fixture::new();
    let long = "a line\nanother line\nand a third one\nthat make it long enough\n";
    fixture.write("kept.py", "kept\n");
    fixture.write("edited.py", "a\nb\nc\n");
    fixture.write("gone.py", "x\n");
    fixture.write("moved.py", long);
    fixture.write("end.py", "no newline");
    fixture.repo().commit("One", None).unwrap();
    fixture.write("edited.py", "a\nB\nc\n");
    fixture.write("folder/ünï code.py", "new\n");
    fixture.write("empty.py", "");
    let first = (now(&fixture.repo()), real_tree(&fixture), files(&fixture.root));
    fixture.repo().commit("Two", None).unwrap();
    fixture.write("edited.py", "a\nB\nC\nd\n");
    fs::remove_file(fixture.root.join("gone.py")).unwrap();
    fs::rename(fixture.root.join("moved.py"), fixture.root.join("folder/elsewhere.py")).unwrap();
    fixture.write("end.py", "a newline\n");
    fixture.git(&["add", "end.py"]);
    let second = (now(&fixture.repo()), real_tree(&fixture), files(&fixture.root));
    Two { fixture, states: [first.0, second.0], trees: [first.1, second.1], held: [first.2, second.2] }
}

#[test]
fn a_state_is_checked_out_as_it_was() {
    let two = two();
    let before = (files(&two.fixture.root), two.fixture.porcelain());
    let objects = two.fixture.git(&["count-objects", "-v"]);
    for (state, held) in two.states.iter().zip(&two.held) {
        let target = tempfile::tempdir().unwrap();
        two.fixture.repo().check_out(state, target.path()).unwrap();
        assert_eq!(&files(target.path()), held);
    }
    assert_eq!((files(&two.fixture.root), two.fixture.porcelain()), before, "the working tree was touched");
    assert_eq!(two.fixture.git(&["count-objects", "-v"]), objects, "objects were added");
}

#[test]
fn two_states_differ_as_git_says() {
    let two = two();
    let found = two.fixture.repo().compare_states(&two.states[0], &two.states[1]).unwrap();
    let ours: Vec<String> = found
        .iter()
        .map(|file| {
            let path = file.old_path.as_ref().map_or(file.path.clone(), |old| format!("{old}\0{}", file.path));
            format!("{}\t{}\t{path}", file.added, file.removed)
        })
        .collect();
    // With -z a renamed file's line is "added removed NUL old NUL new NUL".
    let numbers = two.fixture.git(&["diff", "-M", "--numstat", "-z", &two.trees[0], &two.trees[1]]);
    let mut theirs = Vec::new();
    let mut parts = numbers.split('\0').filter(|part| !part.is_empty());
    while let Some(part) = parts.next() {
        let renamed = part.ends_with('\t');
        let names =
            if renamed { format!("{}\0{}", parts.next().unwrap(), parts.next().unwrap()) } else { String::new() };
        theirs.push(format!("{part}{names}"));
    }
    let by_path = |line: &String| line.rsplit(['\0', '\t']).next().unwrap().to_owned();
    theirs.sort_by_key(by_path);
    assert_eq!(ours, theirs);
    let kinds: Vec<_> = found.iter().map(|file| (file.path.as_str(), file.kind)).collect();
    assert_eq!(
        kinds,
        [
            ("edited.py", ChangeKind::Modified),
            ("end.py", ChangeKind::Modified),
            ("folder/elsewhere.py", ChangeKind::Renamed),
            ("gone.py", ChangeKind::Deleted)
        ]
    );
    assert!(found[0].text.contains("+d\n"), "{}", found[0].text);
    let same = two.fixture.repo().compare_states(&two.states[0], &two.states[0]).unwrap();
    assert_eq!(same, []);
}

#[test]
fn single_files_lie_over_the_rest() {
    let two = two();
    let mut state = two.states[0].clone();
    state.files.push(("edited.py".into(), b"other\n".to_vec()));
    state.files.push(("ignored/secret.py".into(), b"x\n".to_vec()));
    let target = tempfile::tempdir().unwrap();
    two.fixture.repo().check_out(&state, target.path()).unwrap();
    let read = |path: &str| fs::read_to_string(target.path().join(path)).unwrap();
    assert_eq!(
        (read("edited.py"), read("ignored/secret.py"), read("kept.py")),
        ("other\n".into(), "x\n".into(), "kept\n".into())
    );
    for outside in ["../x", "/x", "a/../../x", ".git/../../x"] {
        let mut state = state.clone();
        state.files.push((outside.into(), Vec::new()));
        assert!(two.fixture.repo().check_out(&state, target.path()).is_err(), "{outside}");
    }
}

#[test]
fn before_the_first_commit_everything_is_difference() {
    let fixture = Fixture::new();
    fixture.write("a.py", "one\n");
    fixture.write("image.bin", [0, 159, 146, 150]);
    let state = now(&fixture.repo());
    assert_eq!(state.commit, None);
    assert_eq!(state.left_out(), ["Binary or larger than 1 MiB, not shown: image.bin"]);
    let target = tempfile::tempdir().unwrap();
    fixture.repo().check_out(&state, target.path()).unwrap();
    assert_eq!(files(target.path()), [("a.py".to_owned(), b"one\n".to_vec())]);
}

#[test]
fn a_corner_of_a_repository_is_checked_out_alone() {
    let fixture = Fixture::new();
    fixture.write("outside.py", "1\n");
    fixture.write("work/inside.py", "1\n");
    let repo = fixture.within("work");
    fixture.repo().commit("Start", None).unwrap();
    fixture.write("outside.py", "2\n");
    fixture.write("work/inside.py", "2\n");
    let state = now(&repo);
    let target = tempfile::tempdir().unwrap();
    repo.check_out(&state, target.path()).unwrap();
    assert_eq!(files(target.path()), [("inside.py".to_owned(), b"2\n".to_vec())]);
    let clean = State { diff: String::new(), ..state.clone() };
    let found = repo.compare_states(&clean, &state).unwrap();
    assert_eq!(found.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["inside.py"]);
}

#[test]
fn what_does_not_fit_is_said() {
    let two = two();
    let repo = two.fixture.repo();
    let wrong = State { commit: two.states[0].commit.clone(), ..two.states[1].clone() };
    let target = tempfile::tempdir().unwrap();
    let error = repo.check_out(&wrong, target.path()).unwrap_err().to_string();
    assert!(error.starts_with("The changes that were not committed do not fit"), "{error}");
    let gone = State { commit: Some("0".repeat(40)), ..State::default() };
    assert!(repo.check_out(&gone, target.path()).unwrap_err().to_string().contains("There is no commit"));
}

#[test]
fn the_commits_between_are_those_of_git() {
    let fixture = Fixture::new();
    let repo = fixture.repo();
    let commit = |name: &str| {
        fixture.write(name, name);
        repo.commit(name, None).unwrap().id
    };
    let base = commit("base");
    let main = [commit("one"), commit("two")];
    fixture.git(&["checkout", "-q", "-b", "side", &base]);
    let side = commit("three");
    let range = repo.commits_between(&main[1], &side, 100).unwrap();
    let ids = |commits: &[crate::Commit]| commits.iter().map(|commit| commit.id.clone()).collect::<Vec<_>>();
    let real = |range: &str| fixture.git(&["rev-list", range]).lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(range.base, Some(base));
    assert_eq!(ids(&range.only_first), real(&format!("{side}..{}", main[1])));
    assert_eq!(ids(&range.only_second), real(&format!("{}..{side}", main[1])));
    assert_eq!(repo.commits_between(&side, &side, 100).unwrap().only_first, []);
}

#[test]
fn the_remote_is_that_of_the_branch() {
    let fixture = Fixture::new();
    fixture.write("a", "1");
    fixture.repo().commit("One", None).unwrap();
    assert_eq!(fixture.repo().remote().unwrap(), None);
    fixture.git(&["remote", "add", "other", "https://ada:token@example.org/other.git"]);
    assert_eq!(fixture.repo().remote().unwrap().as_deref(), Some("https://example.org/other.git"));
    fixture.git(&["remote", "add", "origin", "git@example.org:study.git"]);
    assert_eq!(fixture.repo().remote().unwrap().as_deref(), Some("git@example.org:study.git"));
}
