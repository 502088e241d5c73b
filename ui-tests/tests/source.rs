//! Git in the real window, by accessible labels, beside what the `git` command says of the same repository.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::process::Command as Process;

use eframe::egui::{Event, Key, Modifiers};
use gui::commands::Command;
use gui::panels::{Action, Subject};
use studio::{RunQuery, Studio, Version};
use ui_tests::{Theme, Window};

const PIPELINE: &str = "pipelines/diagnosis.yaml";

fn git(folder: &Path, arguments: &[&str]) -> String {
    let done = Process::new("git").current_dir(folder).args(arguments).output().expect("these tests need git");
    assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// The sample workspace, signed by Ada.
fn sample() -> tempfile::TempDir {
    let folder = ui_tests::sample();
    git(folder.path(), &["config", "user.name", "Ada Löve"]);
    git(folder.path(), &["config", "user.email", "ada@example.org"]);
    folder
}

fn text(folder: &Path, path: &str) -> String {
    std::fs::read_to_string(folder.join(path)).unwrap_or_default()
}

fn go(window: &mut Window, place: &'static str) {
    window.send(Action::Run(Command::GoTo(place)));
}

/// Sets the trees of the pipeline's boosting in the Designer, and waits until it is on the disk.
fn draw_trees(window: &mut Window, folder: &Path, trees: &str) {
    window.send(Action::Open(Subject::Pipeline { path: PIPELINE.into() }));
    window.wait_for("Split data, output train");
    window.click_last("Gradient boosting");
    window.fill("Trees", trees);
    window.press(Modifiers::NONE, Key::Tab);
    let wanted = format!("trees: {trees}");
    window.wait_until("the file to be saved", |_| text(folder, PIPELINE).contains(&wanted));
    window.settle();
}

#[test]
fn a_pipeline_is_edited_committed_compared_and_restored() {
    let folder = sample();
    let path = folder.path();
    let before = text(path, PIPELINE);
    let mut window = Window::open(path, Theme::Light, [1600.0, 1000.0]);
    draw_trees(&mut window, path, "77");

    // The change, as a drawing and as text; then staged and committed by the keyboard.
    window.wait_until("the branch to tell of the change", |window| window.says("1 changed"));
    go(&mut window, "source");
    window.click("pipelines/diagnosis.yaml, changed");
    window.wait_for("Gradient boosting, changed");
    assert!(window.value_says("Gradient boosting", "→ 77"), "{:?}", window.labels());
    window.click("One below the other");
    window.wait_for("Stage part 1");
    window.click("As a drawing");
    window.click("Stage pipelines/diagnosis.yaml");
    window.wait_for("pipelines/diagnosis.yaml, changed, staged");
    assert_eq!(git(path, &["diff", "--cached", "--name-only"]).trim(), PIPELINE);
    window.fill("Message", "Grow fewer trees");
    window.press(Modifiers::COMMAND, Key::Enter);
    window.wait_for("Everything is committed");
    assert_eq!(git(path, &["log", "-1", "--format=%s|%an"]).trim(), "Grow fewer trees|Ada Löve");
    assert_eq!(git(path, &["status", "--porcelain"]), "");

    // Its history, and back to how it began, as an edit.
    window.send(Action::Open(Subject::Pipeline { path: PIPELINE.into() }));
    window.click("Pipelines");
    window.click_last("History…");
    window.wait_until("the commit in the history", |window| window.says("Grow fewer trees, Ada Löve"));
    let rows = || window_rows(&window);
    assert_eq!(rows().len(), 2, "{:?}", window.labels());
    let first = rows()[1].clone();
    assert!(first.starts_with("Start the study") && first.contains("runs"), "{first}");
    window.click(&first.clone());
    window.wait_until("all steps to be new", |window| window.value_says("Gradient boosting", "added"));
    window.click("Restore this version");
    window.wait_until("the old version", |_| text(path, PIPELINE) == before);
    assert_eq!(git(path, &["log", "-1", "--format=%s"]).trim(), "Grow fewer trees", "an edit, not a checkout");
    window.click("Undo");
    window.wait_until("the edit to be taken back", |_| text(path, PIPELINE).contains("trees: 77"));
}

/// The rows of the history, as a screen reader says them.
fn window_rows(window: &Window) -> Vec<String> {
    window
        .labels()
        .into_iter()
        .filter(|label| label.contains(", Ada Löve, ") || label.starts_with("Start the study, "))
        .collect()
}

#[test]
fn runs_lead_to_their_commit_and_back() {
    let folder = sample();
    let path = folder.path();
    let studio = Studio::open(path).unwrap();
    let run = studio.runs(&RunQuery::default()).unwrap().runs[0].clone();
    let commit = run.commit.clone().unwrap();
    let mut window = Window::open(path, Theme::Dark, [1600.0, 1000.0]);
    window.send(Action::Open(Subject::Run { id: run.id.clone() }));
    window.click_last(&commit[..7]);
    window.wait_for("Runs from this commit");
    window.wait_for("pipelines/diagnosis.yaml, new");
    window.click(&run.name);
    window.wait_for("All steps");

    // The pipeline as the run had it, beside the file: the run wrote the versions of its datasets out.
    window.send(Action::Open(Subject::History { path: run.pipeline.clone().unwrap(), commit: None }));
    window.click("Working tree");
    window.wait_for("Old version");
    let pipeline = run.pipeline.unwrap();
    let listed = studio.file_versions(&pipeline).unwrap();
    assert!(listed.iter().any(|row| row.title == run.name), "{listed:?}");
    let found = studio.compare_versions(&pipeline, &Version::Run(run.id), &Version::Worktree).unwrap();
    let differs = found.pipeline.expect("two pipelines").diff;
    assert!(differs.added.is_empty() && differs.removed.is_empty() && !differs.changed.is_empty(), "{differs:?}");
}

#[test]
fn branches_are_made_and_switched_without_losing_a_word() {
    let folder = sample();
    let path = folder.path();
    let main = git(path, &["branch", "--show-current"]).trim().to_owned();
    let script = path.join("src/clean.py");
    std::fs::create_dir_all(script.parent().unwrap()).unwrap();
    std::fs::write(&script, "a = 1\n").unwrap();
    git(path, &["add", "."]);
    git(path, &["commit", "-q", "-m", "A script"]);
    let mut window = Window::open(path, Theme::Light, [1280.0, 800.0]);
    go(&mut window, "source");
    window.click("Branches");
    window.fill("Find or make a branch", "try/other");
    window.click("Make branch try/other");
    window.wait_until("the branch", |_| git(path, &["branch", "--show-current"]).trim() == "try/other");

    std::fs::write(&script, "a = 2\n").unwrap();
    git(path, &["commit", "-q", "-am", "Two"]);
    std::fs::write(&script, "a = 3  # typed for an hour\n").unwrap();
    window.wait_for("src/clean.py, changed");
    window.click("Branches");
    window.click_last(&main);
    window.wait_for(&format!("Set aside and go to {main}"));
    assert_eq!(git(path, &["branch", "--show-current"]).trim(), "try/other", "nothing happened yet");
    window.click(&format!("Set aside and go to {main}"));
    window.wait_until("the switch", |_| git(path, &["branch", "--show-current"]).trim() == main);
    assert_eq!(text(path, "src/clean.py"), "a = 1\n");
    window.wait_for("Undo");
    window.click("Undo");
    window.wait_until("the words to be back", |_| text(path, "src/clean.py").contains("typed for an hour"));

    // A branch with commits of its own goes only when asked about, and can be had back.
    window.click("Branches");
    window.click("Delete branch try/other");
    window.wait_for("Delete branch try/other?");
    window.click("Delete");
    window.wait_until("the branch to go", |_| !git(path, &["branch"]).contains("try/other"));
    window.click("Undo");
    window.wait_until("the branch to be back", |_| git(path, &["branch"]).contains("try/other"));
}

#[test]
fn discarding_keeps_what_was_typed_and_parts_are_staged_alone() {
    let folder = sample();
    let path = folder.path();
    let script = path.join("src/long.py");
    std::fs::create_dir_all(script.parent().unwrap()).unwrap();
    let old: String = (1..=40).map(|line| format!("x{line} = {line}\n")).collect();
    std::fs::write(&script, &old).unwrap();
    git(path, &["add", "."]);
    git(path, &["commit", "-q", "-m", "A script"]);
    let new = old.replace("x2 = 2\n", "x2 = 22\n").replace("x39 = 39\n", "x39 = 93\n");
    std::fs::write(&script, &new).unwrap();
    let mut window = Window::open(path, Theme::Dark, [1280.0, 800.0]);
    go(&mut window, "source");
    window.click("src/long.py, changed");
    window.click("Stage part 2");
    window.wait_for("src/long.py, changed, staged");
    assert!(git(path, &["diff", "--cached"]).contains("+x39 = 93") && !git(path, &["diff", "--cached"]).contains("x2"));
    window.click("Discard changes in src/long.py");
    window.wait_until("the first part to go", |_| !text(path, "src/long.py").contains("x2 = 22\n"));
    window.wait_for("Undo");
    window.click("Undo");
    window.wait_until("it to be back", |_| text(path, "src/long.py") == new);
    window.click("Side by side");
    window.settle();
    window.click("src/long.py, changed, staged");
    window.click("Unstage part 1");
    window.wait_until("nothing to be staged", |_| git(path, &["diff", "--cached"]).is_empty());
}

#[test]
fn a_workspace_without_a_repository_gets_one_and_a_name() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("study");
    Studio::create(&folder, "Study").unwrap();
    std::fs::remove_dir_all(folder.join(".git")).unwrap();
    let mut window = Window::open(&folder, Theme::Light, [1280.0, 800.0]);
    go(&mut window, "source");
    window.click("Make a repository");
    window.wait_until("the repository", |_| folder.join(".git").is_dir());
    window.wait_until("the files", |window| window.says("atelier.toml, new"));
    if window.has("Who are you?") {
        window.fill("Your name", "Grace");
        window.fill("Your address", "grace@example.org");
        window.click("Use these here");
    }
    window.wait_for("Message");
    window.fill("Message", "Start");
    window.press(Modifiers::COMMAND, Key::Enter);
    window.wait_until("the commit", |_| git(&folder, &["log", "--all", "--format=%s"]).trim() == "Start");
}

/// Pictures over the frozen workspace, with changes, a branch and a commit of fixed dates.
fn pictured() -> PathBuf {
    let folder = ui_tests::written_by(1).keep();
    let date = "2026-11-21T13:10:00Z";
    let run = |arguments: &[&str]| {
        let mut git = Process::new("git");
        git.current_dir(&folder).args(arguments).env("GIT_AUTHOR_DATE", date).env("GIT_COMMITTER_DATE", date);
        assert!(git.output().unwrap().status.success(), "{arguments:?}");
    };
    run(&["config", "user.name", "Ada Löve"]);
    run(&["config", "user.email", "ada@example.org"]);
    run(&["checkout", "-q", "-B", "try/forest"]);
    run(&["add", "."]);
    run(&["commit", "-q", "--allow-empty", "-m", "Grow 280 trees\n\nMore did not help."]);
    let path = folder.join(PIPELINE);
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = text
        .replace("  boosting:\n    component: gradient_boosting\n    inputs:\n      trees: 280\n", FOREST)
        .replace("parent.jobs.boosting.outputs", "parent.jobs.forest.outputs")
        .replace("  boosting: [", "  forest: [")
        .replace("fraction: 0.7\n      seed: 42", "fraction: 0.75\n      seed: 7");
    assert_ne!(text, changed);
    std::fs::write(&path, changed).unwrap();
    std::fs::create_dir_all(folder.join("src")).unwrap();
    std::fs::write(folder.join("src/features.py"), SCRIPT).unwrap();
    run(&["add", "src/features.py"]);
    std::fs::write(folder.join("src/features.py"), SCRIPT.replace("0.5", "0.25  # narrower")).unwrap();
    folder
}

const FOREST: &str = "  forest:\n    component: random_forest\n    inputs:\n      trees: 200\n";
const SCRIPT: &str = "import pandas as pd\n\n\ndef ratios(table: pd.DataFrame) -> pd.DataFrame:\n    \"\"\"Ratios of the worst to the mean.\"\"\"\n    for name in (\"radius\", \"texture\"):\n        table[f\"{name} ratio\"] = table[f\"worst {name}\"] / table[f\"mean {name}\"]\n    return table.clip(upper=0.5)\n";

fn pictures(theme: Theme) {
    let folder = pictured();
    let now = "2026-11-21T13:30:00Z".parse().unwrap();
    let mut window = Window::over(Studio::open(&folder).unwrap(), theme, [1280.0, 800.0], Some(now));
    let picture = |window: &mut Window, name: &str| {
        window.harness.event(Event::PointerGone);
        window.settle();
        window.snapshot(&format!("source-{name}-{}", theme.name()));
    };
    go(&mut window, "source");
    window.click("pipelines/diagnosis.yaml, changed");
    window.wait_for("Differences, 8 steps");
    picture(&mut window, "changes");
    window.click("src/features.py, changed");
    picture(&mut window, "text");
    window.click("pipelines/diagnosis.yaml, changed");
    window.click("Side by side");
    picture(&mut window, "side-by-side");
    window.click("As a drawing");
    window.send(Action::Open(Subject::History { path: PIPELINE.into(), commit: None }));
    window.wait_until("the history", |window| window.says("Start the study"));
    let row = window_rows(&window).first().cloned().expect("a commit");
    window.click(&row);
    picture(&mut window, "history");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn pictures_in_the_light() {
    pictures(Theme::Light);
}

#[test]
fn pictures_in_the_dark() {
    pictures(Theme::Dark);
}
