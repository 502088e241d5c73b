//! The whole story without a window: every verb of the real program, as a script or a continuous integration job uses it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value as Json;
use studio::pipeline::graph::set::set;
use studio::{RunStatus, Studio};
use support::{Desk, PIPELINE, is_running, kill, text, wait_until};

/// Far longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn step_states(run: &Json) -> Vec<String> {
    run["steps"].as_array().unwrap().iter().map(|step| text(&step["status"])).collect()
}

#[test]
fn the_story_by_verbs() {
    let desk = Desk::with_flowers();
    let listed = desk.atelier(&["data", "list", "--json"]).json();
    assert_eq!((&listed[0]["name"], &listed[0]["latest"]["rows"]), (&"flowers".into(), &200.into()));
    let shown = desk.atelier(&["data", "show", "flowers@1", "--json"]).json();
    let kinds: Vec<_> =
        shown["schema"]["columns"].as_array().unwrap().iter().map(|column| text(&column["kind"])).collect();
    assert_eq!(kinds, ["real", "real", "text"]);
    let source = PathBuf::from(text(&shown["version"]["source"]["files"][0]));
    assert!(source.is_absolute() && source.ends_with("flowers.csv"), "{source:?}");
    let profile = desk.atelier(&["data", "profile", "flowers", "--json"]).json();
    assert_eq!(profile["columns"][2]["distinct"], 2);

    let run = ["run", "pipelines/flowers.yaml", "--set", "jobs.split.fraction=0.6", "--json"];
    let first = desk.atelier(&run).json();
    assert_eq!(step_states(&first), ["done"; 6]);
    assert!(text(&first["yaml"]).contains("fraction: 0.6") && text(&first["yaml"]).contains("dataset: flowers@1"));
    assert!(first["row"]["metrics"]["accuracy"].as_f64().unwrap() > 0.6);
    let second = desk.atelier(&run).json();
    assert_eq!(step_states(&second), ["reused"; 6]);
    assert_eq!(second["row"]["metrics"]["accuracy"], first["row"]["metrics"]["accuracy"]);
    let other = desk.atelier(&["run", "pipelines/flowers.yaml", "--json"]).json();
    assert_eq!(step_states(&other), ["reused", "done", "reused", "done", "done", "done"]);

    let runs = desk.atelier(&["runs", "list", "--json"]).json();
    let names: Vec<_> = runs["runs"].as_array().unwrap().iter().map(|run| text(&run["name"])).collect();
    assert_eq!(names, [&other, &second, &first].map(|run| text(&run["row"]["name"])));
    let by_name = desk.atelier(&["runs", "show", &names[2], "--json"]).json();
    assert_eq!(by_name["row"]["id"], first["row"]["id"]);

    let registered =
        desk.atelier(&["models", "register", "roses", "--run", &names[2], "--tag", "stage=trial", "--json"]).json();
    assert_eq!((&registered["version"], &registered["tags"]["stage"]), (&1.into(), &"trial".into()));
    desk.atelier(&["models", "register", "roses", "--run", &names[0]]).succeeds();
    let models = desk.atelier(&["models", "list", "--json"]).json();
    assert_eq!(models[0]["latest"]["version"], 2);
    let model = desk.atelier(&["models", "show", "roses@1", "--json"]).json();
    assert_eq!(model["version"]["run"], first["row"]["id"]);
    assert_eq!(model["version"]["datasets"][0][0], "flowers");
    assert_eq!(model["versions"].as_array().unwrap().len(), 2);

    desk.atelier(&["gc"]).succeeds();
    let problems = desk.atelier(&["check", "--json"]).json();
    assert_eq!(problems, Json::Array(Vec::new()));
    assert_eq!(step_states(&desk.atelier(&run).json()), ["reused"; 6], "gc took what was still of use");
}

#[test]
fn exit_codes_tell_a_script_what_happened() {
    let desk = Desk::with_flowers();
    desk.run(&["runs", "frobnicate"]).exits(2);
    desk.run(&["frobnicate"]).fails(3, &["frobnicate", "--help"]);
    desk.run(&["check"]).fails(3, &["no workspace", "--workspace"]);
    desk.atelier(&["data", "show", "roses"]).fails(3, &["roses"]);
    desk.atelier(&["data", "show", "flowers@9"]).fails(3, &["version 9"]);
    desk.atelier(&["data", "add", "roses", "roses.csv"]).fails(3, &["roses.csv"]);
    desk.atelier(&["runs", "show", "roses"]).fails(3, &["roses"]);
    desk.atelier(&["models", "show", "roses"]).fails(3, &["roses"]);
    desk.atelier(&["run", "pipelines/roses.yaml"]).fails(3, &["pipelines/roses.yaml"]);
    desk.atelier(&["data", "show", "flowers@x"]).fails(4, &["NAME@VERSION"]);
    desk.atelier(&["run", "pipelines/flowers.yaml", "--set", "jobs.splitt.fraction=0.3"])
        .fails(4, &["Did you mean “split”?"]);
    desk.atelier(&["run", "pipelines/flowers.yaml", "--set", "fraction"]).fails(4, &["jobs.split.fraction=0.3"]);
    desk.run(&["new", "W"]).fails(5, &["already a workspace"]);
    let error = desk.atelier(&["data", "show", "roses", "--json"]).exits(3).stderr;
    let error: Json = serde_json::from_str(&error).unwrap();
    assert_eq!(error["error"], "not_found");
}

#[test]
fn a_new_workspace_with_the_sample_has_something_to_show() {
    let desk = Desk::new();
    desk.run(&["new", "sample", "--sample"]).succeeds();
    let studio = Studio::open(&desk.home().join("sample")).unwrap();
    let pipelines = studio.pipelines().unwrap();
    assert_eq!(pipelines.len(), 2);
    for row in &pipelines {
        assert_eq!(row.problem, None);
        assert_eq!(row.last_run.as_ref().map(|run| run.status), Some(RunStatus::Done), "{}", row.path);
    }
    assert_eq!((studio.datasets().unwrap().len(), studio.models().unwrap().len()), (2, 2));
    assert_eq!(studio.check(&|_| ()).unwrap(), []);
}

#[test]
fn a_run_knows_its_commit_and_what_was_not_committed() {
    let desk = Desk::with_flowers();
    let studio = desk.studio();
    let commit = {
        studio.git_set_identity("Ada", "ada@example.org").unwrap();
        studio.git_commit(&studio::CommitRequest::everything("Start")).unwrap()
    };
    let path = "pipelines/flowers.yaml";
    let clean = desk.atelier(&["run", path, "--json"]).json();
    assert_eq!((text(&clean["row"]["commit"]), &clean["diff"]), (commit.id.clone(), &Json::Null));

    let document = studio.open_pipeline(path).unwrap();
    let mut pipeline = document.pipeline.clone();
    set(&mut pipeline, "jobs.split.fraction", "0.55").unwrap();
    studio.save_pipeline(path, &document, &pipeline).unwrap();
    let run = desk.atelier(&["run", path, "--json"]).json();
    assert_eq!(text(&run["row"]["commit"]), commit.id);
    let diff = text(&run["diff"]);
    let changed: Vec<&str> = diff.lines().filter(|line| line.starts_with(['+', '-'])).collect();
    let lines = [
        "--- a/pipelines/flowers.yaml",
        "+++ b/pipelines/flowers.yaml",
        "-      fraction: 0.7",
        "+      fraction: 0.55",
    ];
    assert_eq!(changed, lines);
    // What git itself says.
    let git = Command::new("git").args(["diff", "--numstat"]).current_dir(desk.workspace()).output();
    if let Ok(git) = git {
        assert_eq!(String::from_utf8_lossy(&git.stdout).trim(), "1\t1\tpipelines/flowers.yaml");
    }
}

#[test]
fn the_folder_one_stands_in_decides() {
    let desk = Desk::with_flowers();
    for inside in ["", "pipelines"] {
        let mut command = support::program();
        command.current_dir(desk.workspace().join(inside)).args(["data", "list", "--json"]);
        let listed = support::outcome(command.output().unwrap()).json();
        assert_eq!(listed[0]["name"], "flowers");
    }
    let mut command = support::program();
    command.current_dir(desk.workspace().join("pipelines")).args(["run", "pipelines/flowers.yaml", "--json"]);
    let run = support::outcome(command.output().unwrap()).json();
    assert_eq!(run["row"]["pipeline"], "pipelines/flowers.yaml");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let desk = Desk::with_flowers();
    let mut child = desk.start(&["data", "profile", "flowers", "--json"]);
    drop(child.stdout.take());
    let ended = support::outcome(child.wait_with_output().unwrap());
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

/// The interpreter that `ui-tests/prerequisites` made and `ui-tests/test` puts first in the PATH.
fn python() -> PathBuf {
    let status = Command::new("python3").args(["-c", "import pandas, pyarrow"]).stderr(Stdio::null()).status();
    assert!(status.unwrap().success(), "python3 has no pandas and pyarrow; run the tests with: sh ui-tests/test");
    "python3".into()
}

fn script_pipeline(python: &std::path::Path, wire: &str, script: &str) -> String {
    let script: String = script.lines().map(|line| format!("        {line}\n")).collect();
    let interpreter = python.display();
    format!(
        "jobs:\n  flowers:\n    component: import_dataset\n    inputs:\n      dataset: flowers\n  script:\n    \
         component: python_script\n    inputs:\n{wire}      interpreter: '{interpreter}'\n      script: |\n{script}"
    )
}

#[test]
fn a_python_step_runs_and_its_traceback_is_in_the_log() {
    let python = python();
    let desk = Desk::with_flowers();
    let failing = script_pipeline(&python, "", "def run():\n    print('so far so good')\n    return [][3]");
    let path = desk.pipeline("failing", &failing);
    let ended = desk.atelier(&["run", &path, "--json"]).exits(1);
    let run: Json = serde_json::from_str(&ended.stdout).unwrap();
    assert!(text(&run["row"]["error"]).contains("list index out of range"), "{}", run["row"]["error"]);
    let lines = desk.studio().run_logs(&text(&run["row"]["id"]), Some("script"), 0).unwrap();
    let log: String = lines.iter().map(|line| format!("{}\n", line.text)).collect();
    for part in ["so far so good", "Traceback", "return [][3]", "IndexError"] {
        assert!(log.contains(part), "“{part}” is missing in {log}");
        assert!(ended.stderr.contains(part), "“{part}” was not shown: {}", ended.stderr);
    }
    desk.is_whole();
    let wire = "      table1: ${{parent.jobs.flowers.outputs.table}}\n";
    let script = "def run(table):\n    table['area'] = table['length'] * table['width']\n    return table";
    let path = desk.pipeline("area", &script_pipeline(&python, wire, script));
    let run = desk.atelier(&["run", &path, "--json"]).json();
    let columns = run["steps"][1]["outputs"][0]["meta"]["schema"]["columns"].as_array().unwrap();
    assert_eq!(text(&columns.last().unwrap()["name"]), "area");
}

#[test]
fn a_run_that_failed_says_why_and_goes_on_where_it_stopped() {
    let desk = Desk::with_flowers();
    let python = python();
    let flag = desk.workspace().with_file_name("go");
    let wire = "      table1: ${{parent.jobs.flowers.outputs.table}}\n";
    let script = format!(
        "import os\ndef run(table):\n    print('looking')\n    if not os.path.exists({flag:?}):\n        raise ValueError('not yet')\n    return table",
    );
    let path = desk.pipeline("gate", &script_pipeline(&python, wire, &script));
    // Named from the folder that it lies in.
    let file = PathBuf::from(&path);
    let mut command = desk.command(&["run", file.file_name().unwrap().to_str().unwrap(), "--json"]);
    command.current_dir(desk.workspace().join("pipelines"));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let run: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert!(text(&run["row"]["error"]).contains("not yet"), "{run}");
    let name = text(&run["row"]["name"]);
    let lines = desk.atelier(&["runs", "logs", &name, "--json"]).json();
    assert!(lines.as_array().unwrap().iter().any(|line| text(&line["text"]) == "looking"), "{lines}");

    std::fs::write(&flag, "").unwrap();
    let resumed = desk.atelier(&["runs", "resume", &name, "--json"]).json();
    assert_eq!((text(&resumed["row"]["status"]), &resumed["row"]["id"]), ("done".to_owned(), &run["row"]["id"]));
    desk.is_whole();
}

/// A pipeline that runs for minutes.
fn long() -> String {
    let estimator = "component: random_forest\n    inputs:\n      trees: 10000";
    PIPELINE.replace("component: logistic_regression", estimator).replace("dataset: flowers", "dataset: many")
}

/// Starts the long pipeline and returns the run and its worker's process once it trains.
fn start_long(desk: &Desk) -> (String, u32) {
    let table = desk.file("many.csv", support::flowers(20_000));
    desk.atelier(&["data", "add", "many", table.to_str().unwrap()]).succeeds();
    let path = desk.pipeline("long", &long());
    let id = text(&desk.atelier(&["run", &path, "--detach", "--json"]).json()["id"]);
    let studio = desk.studio();
    let trains =
        || studio.run(&id).unwrap().steps.iter().any(|step| step.name == "train" && step.status.as_str() == "running");
    wait_until("the training to start", PATIENCE, trains);
    let pid = studio.run_row(&id).unwrap().pid.unwrap();
    assert!(is_running(pid));
    (id, pid)
}

#[test]
fn a_detached_run_is_cancelled_at_once() {
    let desk = Desk::with_flowers();
    let (id, pid) = start_long(&desk);
    let studio = desk.studio();
    desk.atelier(&["runs", "cancel", &id]).succeeds();
    let limit = Duration::from_secs(2);
    let over = || studio.run_row(&id).unwrap().status == RunStatus::Cancelled && !is_running(pid);
    let took = wait_until("the run to be cancelled and its process gone", limit, over);
    println!("cancelled after {took:?}");
    desk.is_whole();
}

#[test]
fn a_killed_worker_fails_its_run_and_the_run_can_be_resumed() {
    let desk = Desk::with_flowers();
    let (id, pid) = start_long(&desk);
    kill(pid);
    let status = || {
        let listed = desk.atelier(&["runs", "list", "--json"]).json();
        text(&listed["runs"][0]["status"])
    };
    wait_until("the dead run to be noticed", Duration::from_secs(20), || status() == "failed");
    let row = desk.studio().run_row(&id).unwrap();
    assert!(row.error.as_ref().is_some_and(|error| error.contains("ended without a word")), "{:?}", row.error);
    desk.is_whole();

    let studio = desk.studio();
    studio.resume_run(&id).unwrap();
    let resumed =
        || studio.run(&id).unwrap().steps.iter().any(|step| step.name == "train" && step.status.as_str() == "running");
    wait_until("the resumed run to train", PATIENCE, resumed);
    let states = studio.run(&id).unwrap().steps;
    assert_eq!(states[1].status.as_str(), "reused", "what was done before the kill is done again: {states:?}");
    studio.cancel_run(&id).unwrap();
    wait_until("the resumed run to be cancelled", PATIENCE, || studio.run_row(&id).unwrap().status.is_final());
    desk.is_whole();
}
