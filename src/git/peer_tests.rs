//! Staging, branches and history, each step beside what the `git` command says of the same repository.

use std::collections::BTreeSet;
use std::fs;

use proptest::prelude::*;

use crate::tests::{Fixture, git_in};
use crate::{Change, ChangeKind, Error, Repo, Sign, hunks};

/// `XY path` or `XY path <- old`, as `git status --porcelain=v2` has it.
fn porcelain(fixture: &Fixture) -> BTreeSet<String> {
    let text = fixture.git(&["status", "--porcelain=v2", "-z", "-uall", "--ignore-submodules", "--renames"]);
    let mut fields = text.split('\0');
    let mut all = BTreeSet::new();
    while let Some(line) = fields.next().filter(|line| !line.is_empty()) {
        // The path comes after so many fields, and may hold blanks itself.
        let after = |fields: usize| line.splitn(fields + 1, ' ').last().unwrap();
        all.insert(match line.as_bytes()[0] {
            b'?' => format!(".? {}", after(1)),
            b'u' => format!("uu {}", after(10)),
            b'2' => format!("{} {} <- {}", &line[2..4], after(9), fields.next().unwrap()),
            _ => format!("{} {}", line[2..4].replace('T', "M"), after(8)),
        });
    }
    all
}

fn ours(changes: &[Change]) -> BTreeSet<String> {
    let letter = |kind: Option<ChangeKind>| match kind {
        None => '.',
        Some(ChangeKind::Added) => 'A',
        Some(ChangeKind::Modified) => 'M',
        Some(ChangeKind::Deleted) => 'D',
        Some(ChangeKind::Renamed) => 'R',
        Some(ChangeKind::Untracked) => '?',
        Some(ChangeKind::Conflicted) => 'u',
    };
    let line = |change: &Change| {
        let staged = if change.unstaged == Some(ChangeKind::Conflicted) { 'u' } else { letter(change.staged) };
        let old = change.old_path.as_ref().map(|old| format!(" <- {old}")).unwrap_or_default();
        format!("{staged}{} {}{old}", letter(change.unstaged), change.path)
    };
    changes.iter().map(line).collect()
}

fn assert_same(fixture: &Fixture) {
    let changes = fixture.repo().changes().unwrap();
    assert_eq!(ours(&changes), porcelain(fixture));
}

fn paths(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn both_halves_are_what_git_says() {
    let fixture = Fixture::new();
    for name in ["edited", "staged", "both", "gone", "removed", "old name", "שלום עולם.py", "日本語/é.txt"]
    {
        fixture.write(name, format!("content of {name}\nthat is long enough\nto be recognised\n"));
    }
    assert_same(&fixture);
    fixture.repo().stage(&fixture.repo().changes().unwrap().into_iter().map(|it| it.path).collect::<Vec<_>>()).unwrap();
    assert_same(&fixture);
    fixture.repo().commit_staged("First", false).unwrap();
    assert!(porcelain(&fixture).is_empty());

    for name in ["edited", "staged", "both", "שלום עולם.py", "日本語/é.txt", "neu"] {
        fixture.write(name, "x\n");
    }
    fs::remove_file(fixture.root.join("gone")).unwrap();
    fs::remove_file(fixture.root.join("removed")).unwrap();
    fs::rename(fixture.root.join("old name"), fixture.root.join("new name")).unwrap();
    fixture.repo().stage(&paths(&["staged", "both", "removed", "old name", "new name", "שלום עולם.py"])).unwrap();
    fixture.write("both", "y\n");
    assert_same(&fixture);
    let renamed = fixture.repo().changes().unwrap().into_iter().find(|it| it.path == "new name").unwrap();
    assert_eq!((renamed.staged, renamed.old_path.as_deref()), (Some(ChangeKind::Renamed), Some("old name")));

    fixture.repo().unstage(&paths(&["new name", "old name", "both", "שלום עולם.py"])).unwrap();
    assert_same(&fixture);
    assert_eq!(fixture.git(&["diff", "--cached", "--name-status"]), "D\tremoved\nM\tstaged\n");
}

#[test]
fn before_the_first_commit() {
    let fixture = Fixture::new();
    assert!(fixture.repo().changes().unwrap().is_empty());
    assert!(fixture.repo().branches().unwrap().is_empty());
    assert!(fixture.repo().file_log("a", 9).unwrap().is_empty());
    assert!(matches!(fixture.repo().commit_staged("x", false), Err(Error::NothingToCommit)));
    assert!(matches!(fixture.repo().create_branch("side", None), Err(Error::NoCommit { .. })));
    fixture.write("a", "1\n");
    fixture.repo().stage(&paths(&["a"])).unwrap();
    assert_same(&fixture);
    fixture.repo().unstage(&paths(&["a"])).unwrap();
    assert_same(&fixture);
}

#[test]
fn a_hunk_is_staged_unstaged_and_discarded_alone() {
    let fixture = Fixture::new();
    let old: String = (1..=30).map(|line| format!("{line}\n")).collect();
    fixture.write("a", &old);
    fixture.repo().commit("First", None).unwrap();
    let new = old.replace("2\n3\n", "2\ntwo and a half\n3\n").replace("\n29\n", "\nninety\n");
    fixture.write("a", &new);
    let repo = fixture.repo();
    let text = |bytes: Option<Vec<u8>>| String::from_utf8(bytes.unwrap()).unwrap();
    let unstaged = || hunks(&text(repo.staged_file("a").unwrap()), &text(repo.working_file("a").unwrap())).unwrap();
    let found = unstaged();
    let first = found.iter().find(|hunk| hunk.lines.iter().any(|line| line.text.contains("half"))).unwrap();
    repo.stage_hunk("a", first).unwrap();
    assert_eq!(fixture.git(&["diff", "--cached", "--shortstat"]).trim(), "1 file changed, 1 insertion(+)");
    assert!(matches!(repo.stage_hunk("a", first), Err(Error::Moved { .. })), "it is staged already");

    let staged = hunks(&old, &text(repo.staged_file("a").unwrap())).unwrap();
    repo.unstage_hunk("a", &staged[0]).unwrap();
    assert_eq!(fixture.git(&["diff", "--cached", "--name-only"]), "");

    let found = unstaged();
    let kept = repo.discard_hunk("a", found.last().unwrap(), "Discarded a part of a").unwrap().unwrap();
    let now = fs::read_to_string(fixture.root.join("a")).unwrap();
    assert!(now.contains("half") && now.contains("\n29\n") && !now.contains("ninety"));
    repo.restore_kept(&kept.id).unwrap();
    assert_eq!(fs::read_to_string(fixture.root.join("a")).unwrap(), new);
}

#[test]
fn what_is_discarded_can_be_had_back() {
    let fixture = Fixture::new();
    fixture.write("a", "1\n");
    fixture.write("gone", "1\n");
    fixture.repo().commit("First", None).unwrap();
    fixture.write("a", "typed for an hour\n");
    fixture.write("new/שלום", [0, 159, 146, 150]);
    fs::remove_file(fixture.root.join("gone")).unwrap();
    let repo = fixture.repo();
    let kept = repo.discard(&paths(&["a", "new/שלום", "gone"]), "Discarded 3 files").unwrap().unwrap();
    assert!(porcelain(&fixture).is_empty());
    assert!(!fixture.root.join("new").exists(), "the folder that it alone filled goes");
    assert_eq!(kept.paths, ["a", "new/שלום"]);
    fixture.git(&["gc", "-q", "--prune=now"]);
    assert_eq!(repo.all_kept().unwrap(), std::slice::from_ref(&kept));
    fixture.write("a", "something else\n");
    let second = repo.restore_kept(&kept.id).unwrap().unwrap();
    assert_eq!(fs::read_to_string(fixture.root.join("a")).unwrap(), "typed for an hour\n");
    assert_eq!(fs::read(fixture.root.join("new/שלום")).unwrap(), [0, 159, 146, 150]);
    repo.restore_kept(&second.id).unwrap();
    assert_eq!(fs::read_to_string(fixture.root.join("a")).unwrap(), "something else\n");
    assert!(matches!(repo.restore_kept("0000"), Err(Error::NoCommit { .. })));
    assert_eq!(fixture.git(&["branch", "--list"]).lines().count(), 1, "nobody sees them among the branches");
}

#[test]
fn only_what_is_staged_is_committed_and_amended() {
    let fixture = Fixture::new();
    fixture.write("a", "1\n");
    fixture.write("b", "1\n");
    let repo = fixture.repo();
    repo.stage(&paths(&["a"])).unwrap();
    repo.commit_staged("First\n\nWhy.", false).unwrap();
    assert_eq!(fixture.git(&["show", "--name-only", "--format=%an|%s|%b"]), "Ada Löve|First|Why.\n\n\na\n");
    assert_eq!(repo.terms().unwrap().last_message.as_deref(), Some("First\n\nWhy."));
    repo.stage(&paths(&["b"])).unwrap();
    let amended = repo.commit_staged("First, both", true).unwrap();
    assert_eq!(fixture.git(&["rev-list", "--count", "HEAD"]).trim(), "1");
    assert_eq!(fixture.git(&["log", "-1", "--format=%H %s"]).trim(), format!("{} First, both", amended.id));
    assert!(matches!(repo.commit_staged("x", false), Err(Error::NothingToCommit)));
    assert!(matches!(repo.commit_staged(" ", false), Err(Error::NoMessage)));
    let files = repo.commit_files("HEAD").unwrap();
    let names: Vec<_> = files.iter().map(|it| (it.path.as_str(), it.kind, it.added, it.removed)).collect();
    assert_eq!(names, [("a", ChangeKind::Added, 1, 0), ("b", ChangeKind::Added, 1, 0)]);
}

#[cfg(unix)]
#[test]
fn terms_name_hooks_and_a_missing_identity() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    let terms = fixture.repo().terms().unwrap();
    assert_eq!(terms.author.as_deref(), Some("Ada Löve <ada@example.org>"));
    assert!(terms.hooks.is_empty() && !terms.signs);
    let hook = fixture.root.join(".git/hooks/pre-commit");
    fixture.write(".git/hooks/pre-commit", "#!/bin/sh\nexit 1\n");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    fixture.git(&["config", "commit.gpgsign", "true"]);
    let terms = fixture.repo().terms().unwrap();
    assert_eq!((terms.hooks, terms.signs), (paths(&["pre-commit"]), true));
    fixture.git(&["config", "user.name", ""]);
    fixture.write("a", "1");
    fixture.repo().stage(&paths(&["a"])).unwrap();
    if std::env::var_os("GIT_AUTHOR_NAME").is_none() {
        assert!(matches!(fixture.repo().commit_staged("x", false), Err(Error::NoIdentity)));
    }
    assert!(matches!(fixture.repo().set_identity("", ""), Err(Error::NoIdentity)));
    fixture.repo().set_identity("Grace", "grace@example.org").unwrap();
    fixture.repo().commit_staged("x", false).unwrap();
    assert_eq!(fixture.git(&["log", "-1", "--format=%an <%ae>"]).trim(), "Grace <grace@example.org>");
}

#[test]
fn branches_are_made_switched_and_deleted() {
    let fixture = Fixture::new();
    fixture.write("a", "1\n");
    fixture.write("b", "1\n");
    let repo = fixture.repo();
    repo.commit("First", None).unwrap();
    let main = repo.status().unwrap().branch.unwrap();
    repo.create_branch("try/wälder", None).unwrap();
    assert!(matches!(repo.create_branch("try/wälder", None), Err(Error::BranchExists { .. })));
    assert!(matches!(repo.create_branch("with space", None), Err(Error::BranchName { .. })));
    repo.switch("try/wälder").unwrap();
    assert_eq!(fixture.git(&["branch", "--show-current"]).trim(), "try/wälder");
    fixture.write("a", "2\n");
    repo.commit("On the side", None).unwrap();

    // What the branch does not touch comes along; what it does stops the switch and changes nothing.
    fixture.write("b", "mine\n");
    repo.switch(&main).unwrap();
    assert_eq!(porcelain(&fixture), [".M b".to_owned()].into());
    fixture.write("a", "mine too\n");
    let error = repo.switch("try/wälder").unwrap_err();
    assert!(matches!(&error, Error::WouldLose { files, .. } if *files == ["a"]), "{error}");
    assert_eq!(fs::read_to_string(fixture.root.join("a")).unwrap(), "mine too\n");
    assert_eq!(fixture.git(&["branch", "--show-current"]).trim(), main);

    let listed = repo.branches().unwrap();
    let listed: Vec<_> = listed.iter().map(|it| (it.name.as_str(), it.current, it.merged)).collect();
    assert_eq!(listed, [(main.as_str(), true, true), ("try/wälder", false, false)]);
    assert!(matches!(repo.delete_branch(&main, true), Err(Error::CurrentBranch { .. })));
    assert!(matches!(repo.delete_branch("try/wälder", false), Err(Error::NotMerged { .. })));
    let was = repo.delete_branch("try/wälder", true).unwrap();
    repo.create_branch("again", Some(&was)).unwrap();
    assert_eq!(fixture.git(&["log", "-1", "--format=%s", "again"]).trim(), "On the side");
    assert!(matches!(repo.switch("nowhere"), Err(Error::NoBranch { .. })));
}

#[test]
fn a_file_is_followed_through_its_names() {
    let fixture = Fixture::new();
    let body: String = (0..20).map(|line| format!("line {line}\n")).collect();
    fixture.write("one.yaml", &body);
    fixture.repo().commit("Begin", None).unwrap();
    fixture.write("other.txt", "x");
    fixture.repo().commit("Elsewhere", None).unwrap();
    fixture.write("one.yaml", format!("{body}more\n"));
    fixture.repo().commit("More", None).unwrap();
    fixture.git(&["mv", "one.yaml", "zwei ñ.yaml"]);
    fixture.write("zwei ñ.yaml", format!("{body}more and more\n"));
    fixture.repo().commit("Rename and edit", None).unwrap();
    fixture.write("zwei ñ.yaml", format!("{body}end\n"));
    fixture.repo().commit("End", None).unwrap();
    let ours = fixture.repo().file_log("zwei ñ.yaml", 99).unwrap();
    let git = fixture.git(&["log", "--follow", "--format=%H", "--", "zwei ñ.yaml"]);
    assert_eq!(ours.iter().map(|it| it.commit.id.as_str()).collect::<Vec<_>>(), git.lines().collect::<Vec<_>>());
    assert_eq!(ours.iter().map(|it| it.path.as_str()).collect::<Vec<_>>()[1..3], ["zwei ñ.yaml", "one.yaml"]);
    assert_eq!(ours[1].renamed_from.as_deref(), Some("one.yaml"));
    for it in &ours {
        let text = fixture.git(&["show", &format!("{}:{}", it.commit.id, it.path)]);
        assert_eq!(fixture.repo().file_at(&it.commit.id, &it.path).unwrap().unwrap(), text.into_bytes());
    }
    // From within a folder that the file was moved into.
    fs::create_dir_all(fixture.root.join("sub")).unwrap();
    fixture.git(&["mv", "zwei ñ.yaml", "sub/three.yaml"]);
    fixture.repo().commit("Move", None).unwrap();
    let inside = fixture.within("sub");
    let log = inside.file_log("three.yaml", 99).unwrap();
    assert_eq!((log.len(), log[1].path.as_str()), (5, "../zwei ñ.yaml"));
    assert!(inside.file_at(&log[4].commit.id, &log[4].path).unwrap().is_some());
}

#[test]
fn detached_merging_locked_and_nested() {
    let fixture = Fixture::new();
    fixture.write("a", "1\n");
    let repo = fixture.repo();
    let first = repo.commit("First", None).unwrap();
    let main = repo.status().unwrap().branch.unwrap();
    repo.create_branch("side", None).unwrap();
    fixture.write("a", "2\n");
    repo.commit("Second", None).unwrap();
    fixture.git(&["checkout", "-q", &first.id]);
    assert!(repo.branches().unwrap().iter().all(|branch| !branch.current));
    fixture.write("a", "3\n");
    repo.stage(&paths(&["a"])).unwrap();
    repo.commit_staged("On nothing", false).unwrap();
    assert_eq!(fixture.git(&["log", "-1", "--format=%s"]).trim(), "On nothing");

    fixture.git(&["branch", "-f", "side", "HEAD"]);
    repo.switch(&main).unwrap();
    std::process::Command::new("git").current_dir(&fixture.root).args(["merge", "-q", "side"]).output().unwrap();
    assert_same(&fixture);
    assert_eq!(ours(&repo.changes().unwrap()), ["uu a".to_owned()].into());
    assert!(matches!(repo.switch("side"), Err(Error::InProgress("merge"))));
    assert!(matches!(repo.commit_staged("x", false), Err(Error::InProgress("merge"))));
    assert!(repo.staged_file("a").unwrap().is_some(), "ours, while it is in conflict");
    fixture.git(&["merge", "--abort"]);

    let nested = tempfile::tempdir().unwrap();
    git_in(nested.path(), &["init", "-q"], "");
    git_in(
        nested.path(),
        &["-c", "user.name=N", "-c", "user.email=n@n", "commit", "-q", "--allow-empty", "-m", "N"],
        "",
    );
    let from = nested.path().to_str().unwrap().to_owned();
    fixture.git(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", &from, "sub"]);
    fixture.git(&["commit", "-q", "-m", "With a submodule"]);
    fixture.write("sub/inside.txt", "x");
    assert_same(&fixture);
    assert!(repo.changes().unwrap().is_empty());

    fixture.write("a", "5\n");
    fs::write(fixture.root.join(".git/index.lock"), "").unwrap();
    assert!(matches!(repo.stage(&paths(&["a"])), Err(Error::Locked)));
    assert!(matches!(repo.unstage(&paths(&["a"])), Err(Error::Locked)));
    assert_eq!(ours(&repo.changes().unwrap()), [".M a".to_owned()].into(), "looking does not wait for the lock");
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_said_and_loses_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    fixture.write("a", "1\n");
    fixture.repo().commit("First", None).unwrap();
    fixture.write("a", "2\n");
    let set = |mode| fs::set_permissions(fixture.root.join(".git/objects"), fs::Permissions::from_mode(mode)).unwrap();
    set(0o555);
    // The superuser writes everywhere.
    let barred = fs::write(fixture.root.join(".git/objects/probe"), "").is_err();
    if barred {
        assert!(fixture.repo().discard(&paths(&["a"]), "x").is_err());
        assert_eq!(fs::read_to_string(fixture.root.join("a")).unwrap(), "2\n", "not kept, so not discarded");
    }
    set(0o755);
}

/// The hunks as text, beside `git diff`.
#[test]
fn hunks_are_those_of_git() {
    let fixture = Fixture::new();
    let old: String = (1..=40).map(|line| format!("line {line}\n")).collect();
    let new = old.replace("line 3\n", "").replace("line 20\n", "line 20\nnew ünïcode\n").replace("line 40\n", "end");
    fixture.write("a", &old);
    fixture.repo().commit("First", None).unwrap();
    fixture.write("a", &new);
    let git = fixture.git(&["diff", "--", "a"]);
    let git: Vec<&str> = git.lines().skip(4).filter(|line| !line.starts_with('\\')).collect();
    let mut ours = Vec::new();
    for hunk in hunks(&old, &new).unwrap() {
        ours.push(hunk.header());
        ours.extend(hunk.lines.iter().map(|line| {
            let sign = match line.sign {
                Sign::Same => ' ',
                Sign::Added => '+',
                Sign::Removed => '-',
            };
            format!("{sign}{}", line.text.trim_end_matches('\n'))
        }));
    }
    // Git writes the function it is in after the second @@.
    let git: Vec<String> = git
        .iter()
        .map(|line| match line.strip_prefix("@@ ").and_then(|rest| rest.split_once(" @@")) {
            Some((ranges, _)) => format!("@@ {ranges} @@"),
            None => (*line).to_owned(),
        })
        .collect();
    assert_eq!(ours, git);
}

#[derive(Debug, Clone)]
enum Step {
    Write(u8, u8),
    Remove(u8),
    Rename(u8, u8),
    Stage(u8),
    Unstage(u8),
    Discard(u8),
    Commit,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..5u8, 0..4u8).prop_map(|(file, text)| Step::Write(file, text)),
        (0..5u8).prop_map(Step::Remove),
        (0..5u8, 0..5u8).prop_map(|(from, to)| Step::Rename(from, to)),
        (0..5u8).prop_map(Step::Stage),
        (0..5u8).prop_map(Step::Unstage),
        (0..5u8).prop_map(Step::Discard),
        Just(Step::Commit),
    ]
}

/// Texts of which no two are alike enough to pass for a renamed one.
fn text(of: u8) -> String {
    (0..12)
        .map(|line| format!("{} {}\n", char::from(b'a' + of).to_string().repeat(9), line * (of as usize + 3)))
        .collect()
}

fn take(fixture: &Fixture, repo: &Repo, step: &Step) {
    let name = |file: u8| ["a", "ü b", "dir/c", "dir/שם", "e"][file as usize].to_owned();
    let known = |file: u8| repo.staged_file(&name(file)).unwrap().is_some();
    let there = |file: u8| fixture.root.join(name(file)).exists();
    match *step {
        Step::Write(file, of) => fixture.write(&name(file), text(of)),
        Step::Remove(file) => drop(fs::remove_file(fixture.root.join(name(file)))),
        Step::Rename(from, to) if there(from) => {
            fs::create_dir_all(fixture.root.join(name(to)).parent().unwrap()).unwrap();
            fs::rename(fixture.root.join(name(from)), fixture.root.join(name(to))).unwrap();
        }
        Step::Stage(file) if known(file) || there(file) => repo.stage(&[name(file)]).unwrap(),
        Step::Unstage(file) => repo.unstage(&[name(file)]).unwrap(),
        Step::Discard(file) if known(file) || there(file) => drop(repo.discard(&[name(file)], "x").unwrap()),
        Step::Commit => drop(repo.commit_staged("x", false)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(16) })]

    /// Whatever is done, both of us see the same afterwards.
    #[test]
    fn status_is_that_of_git_after_every_step(steps in prop::collection::vec(step(), 1..24)) {
        let fixture = Fixture::new();
        let repo = fixture.repo();
        for step in &steps {
            take(&fixture, &repo, step);
        }
        let ours = ours(&repo.changes().unwrap());
        // Which of several equal files was renamed into which is a matter of taste.
        let halves = |all: &BTreeSet<String>| all.iter().map(|line| line.split(" <- ").next().unwrap().to_owned()).collect::<BTreeSet<_>>();
        prop_assert_eq!(halves(&ours), halves(&porcelain(&fixture)), "{:?}", steps);
    }
}
