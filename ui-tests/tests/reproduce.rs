//! Runs that are run again from what was kept of them, with the real program, the real git and the real uv.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/http.rs"]
mod http;
#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use egui_kittest::kittest::Queryable;
use gui::panels::{Action, Subject};
use http::Served;
use serde_json::Value as Json;
use std::time::Duration;
use studio::{RunQuery, Studio};
use support::{Desk, Outcome, is_running, kill, text, wait_until};
use ui_tests::{Theme, Window};

/// Import, a script in a file, split, train, score, evaluate.
const STUDY: &str = "type: pipeline
display_name: Study

jobs:
  flowers:
    component: import_dataset
    inputs:
      dataset: flowers
  clean:
    component: python_script
    inputs:
      table1: ${{parent.jobs.flowers.outputs.table}}
      source: file
      file: src/clean.py
  split:
    component: split_data
    inputs:
      table: ${{parent.jobs.clean.outputs.table}}
      fraction: 0.7
      seed: 1
  forest:
    component: random_forest
    inputs:
      trees: 20
  train:
    component: train_model
    inputs:
      estimator: ${{parent.jobs.forest.outputs.estimator}}
      table: ${{parent.jobs.split.outputs.train}}
      label: kind
  score:
    component: score_model
    inputs:
      model: ${{parent.jobs.train.outputs.model}}
      table: ${{parent.jobs.split.outputs.test}}
  evaluate:
    component: evaluate_model
    inputs:
      table: ${{parent.jobs.score.outputs.table}}
";

fn write(desk: &Desk, path: &str, content: &str) {
    let path = desk.workspace().join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

fn study() -> Desk {
    let desk = Desk::with_flowers();
    desk.pipeline("study", STUDY);
    write(
        &desk,
        "src/clean.py",
        "from units import FACTOR\n\ndef run(table):\n    table['length'] *= FACTOR\n    return table\n",
    );
    write(&desk, "src/units.py", "FACTOR = 1\n");
    desk.studio().git_set_identity("Ada", "ada@example.org").unwrap();
    desk.studio().git_commit(&studio::CommitRequest::everything("Start")).unwrap();
    desk
}

fn run(desk: &Desk, path: &str) -> Json {
    desk.atelier(&["run", path, "--json"]).json()
}

fn id(run: &Json) -> String {
    text(&run["row"]["id"])
}

fn reproduce(desk: &Desk, run: &str, more: &[&str]) -> (Outcome, Json) {
    let outcome = desk.atelier(&[&["reproduce", run, "--json"], more].concat());
    let report = serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {}", outcome.stderr));
    (outcome, report)
}

fn outcomes(report: &Json, of: &str) -> Vec<String> {
    report[of].as_array().unwrap().iter().map(|one| text(&one["outcome"])).collect()
}

/// Every file of a person's own with its content.
fn own_files(desk: &Desk) -> Vec<(PathBuf, Vec<u8>)> {
    fn walk(folder: &Path, into: &mut Vec<(PathBuf, Vec<u8>)>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                if ![".git", ".atelier", "__pycache__"].contains(&entry.file_name().to_str().unwrap()) {
                    walk(&path, into);
                }
            } else {
                into.push((path.clone(), std::fs::read(&path).unwrap()));
            }
        }
    }
    let mut files = Vec::new();
    walk(&desk.workspace(), &mut files);
    files.sort();
    files
}

#[test]
fn an_old_run_comes_out_as_it_did_whatever_changed_since() {
    let desk = study();
    // Uncommitted: the pipeline, a script, a module git was not told of, and one that git ignores.
    let edited = STUDY.replace("trees: 20", "trees: 25");
    desk.pipeline("study", &edited);
    write(
        &desk,
        "src/clean.py",
        "from units import FACTOR\nfrom fresh import SHIFT\nfrom secret import KEY\n\ndef run(table):\n    table['length'] = table['length'] * FACTOR + SHIFT + KEY\n    return table\n",
    );
    write(&desk, "src/fresh.py", "SHIFT = 0.5\n");
    write(&desk, "src/secret.py", "KEY = 0.25\n");
    write(&desk, ".gitignore", ".atelier/\n.atelier-*.tmp\nsrc/secret.py\n__pycache__/\n");
    let old = run(&desk, "pipelines/study.yaml");
    assert_eq!(old["row"]["status"], "done", "{old}");
    let kept: Vec<String> =
        old["environment"]["scripts"].as_array().unwrap().iter().map(|script| text(&script["path"])).collect();
    assert_eq!(kept, ["src/clean.py", "src/fresh.py", "src/secret.py"]);
    assert_eq!(old["environment"]["seeds"]["split.seed"], "1");
    assert_eq!(old["environment"]["command"], "atelier run pipelines/study.yaml");
    let packages = &old["environment"]["python"][0]["interpreter"]["packages"];
    assert!(packages["pandas"].is_string() && packages["pyarrow"].is_string(), "{packages}");

    // Everything changes again, and is committed.
    desk.pipeline("study", &edited.replace("seed: 1", "seed: 2"));
    write(&desk, "src/clean.py", "def run(table):\n    return table\n");
    for gone in ["src/fresh.py", "src/secret.py"] {
        std::fs::remove_file(desk.workspace().join(gone)).unwrap();
    }
    let new = run(&desk, "pipelines/study.yaml");
    assert_eq!(new["row"]["status"], "done");
    desk.studio().git_commit(&studio::CommitRequest::everything("Start over")).unwrap();

    let before = own_files(&desk);
    let (outcome, report) = reproduce(&desk, &id(&old), &[]);
    assert_eq!((outcome.code, text(&report["verdict"])), (Some(0), "identical".to_owned()), "{report:#}");
    assert!(
        outcomes(&report, "outputs").len() >= 7 && outcomes(&report, "outputs").iter().all(|one| one == "identical")
    );
    assert!(
        outcomes(&report, "metrics").len() > 3 && outcomes(&report, "metrics").iter().all(|one| one == "identical")
    );
    assert_eq!(own_files(&desk), before, "a person's own files were touched");
    let left = std::fs::read_dir(desk.workspace().join(".atelier/cache/reproduce")).unwrap().count();
    assert_eq!(left, 0, "the clean folder stays");
    desk.is_whole();

    let kept = reproduce(&desk, &id(&new), &["--keep"]).1;
    let folder = PathBuf::from(text(&kept["folder"]));
    assert_eq!(std::fs::read_to_string(folder.join("src/clean.py")).unwrap(), "def run(table):\n    return table\n");
    assert!(folder.join(".atelier/studio.db").is_file() && !folder.join("src/fresh.py").exists());
}

#[test]
fn what_chance_made_is_reported_as_different() {
    let desk = study();
    write(
        &desk,
        "src/clean.py",
        "import random\n\ndef run(table):\n    table['length'] += random.random()\n    return table\n",
    );
    let first = run(&desk, "pipelines/study.yaml");
    let (outcome, report) = reproduce(&desk, &id(&first), &[]);
    assert_eq!((outcome.code, text(&report["verdict"])), (Some(1), "different".to_owned()), "{report:#}");
    let clean = report["outputs"].as_array().unwrap().iter().find(|output| output["step"] == "clean").unwrap();
    assert_eq!((&clean["outcome"], &clean["how"]), (&"different".into(), &"200 values differ, in length.".into()));
    assert!(clean["difference"].as_f64().unwrap() > 0.0);
    let import = report["outputs"].as_array().unwrap().iter().find(|output| output["step"] == "flowers").unwrap();
    assert_eq!((&import["outcome"], &import["bytes"]), (&"identical".into(), &true.into()));
    let said = desk.atelier(&["reproduce", &id(&first)]).exits(1).stdout;
    assert!(said.contains("Different") && said.contains("200 values differ, in length."), "{said}");
}

#[test]
fn what_cannot_be_brought_back_is_said_before_anything_runs() {
    let desk = study();
    let old = run(&desk, "pipelines/study.yaml");
    let digest = text(&old["inputs"][0]["digest"]);
    let blob = desk.workspace().join(".atelier/blobs").join(&digest[..2]).join(&digest[2..]);
    std::fs::remove_file(blob).unwrap();
    // Another history in which the commit never was.
    std::fs::remove_dir_all(desk.workspace().join(".git")).unwrap();
    Command::new("git").args(["init", "-q"]).current_dir(desk.workspace()).status().unwrap();
    let (outcome, report) = reproduce(&desk, &id(&old), &[]);
    assert_eq!((outcome.code, text(&report["verdict"])), (Some(4), "not_run".to_owned()));
    let missing: Vec<String> = report["missing"].as_array().unwrap().iter().map(text).collect();
    assert!(missing[0].starts_with("The code cannot be checked out. There is no commit"), "{missing:?}");
    assert!(missing[1].starts_with("The bytes of the dataset flowers@1 are gone"), "{missing:?}");
    desk.atelier(&["reproduce", "nobody"]).fails(3, &["nobody"]);
    desk.atelier(&["reproduce", &id(&old), "--tolerance", "NaN"]).fails(4, &["tolerance"]);
}

#[test]
fn the_sample_comes_out_as_it_did() {
    let sample = ui_tests::sample();
    let mut list = support::program();
    list.args(["runs", "list", "--json", "--workspace"]).arg(sample.path());
    let runs = support::outcome(list.output().unwrap()).json();
    let run = text(&runs["runs"][0]["id"]);
    let mut again = support::program();
    again.args(["reproduce", &run, "--json", "--workspace"]).arg(sample.path());
    let report = support::outcome(again.output().unwrap()).json();
    assert_eq!(report["verdict"], "identical", "{report:#}");
    assert_eq!(report["missing"], Json::Array(Vec::new()));
}

#[test]
fn a_step_runs_in_its_environment_which_the_run_names() {
    let desk = study();
    write(
        &desk,
        "environments/small.yaml",
        "name: small\ndependencies:\n  - pip\n  - pip:\n    - pyarrow==26.0.1\n    - iniconfig==2.0.0\n",
    );
    let script = "import iniconfig, sys\n\ndef run(table):\n    print('prefix', sys.prefix)\n    return table\n";
    write(&desk, "src/clean.py", script);
    let path = desk.pipeline(
        "study",
        &STUDY.replace(
            "    component: python_script\n",
            "    component: python_script\n    environment: azureml:small@latest\n",
        ),
    );
    let listed = desk.atelier(&["env", "list", "--json"]).json();
    assert_eq!((&listed[0]["name"], &listed[0]["built"]), (&"small".into(), &false.into()));
    let built = desk.atelier(&["env", "build", "small", "--json"]);
    if built.stderr.contains("PyPI cannot be reached") || built.stderr.contains("could not be fetched") {
        eprintln!("skipped: {}", built.stderr);
        return;
    }
    let built = built.json();
    let digest = text(&built["digest"]);
    assert_eq!(built["packages"]["iniconfig"], "2.0.0");
    let ran = run(&desk, &path);
    assert_eq!(ran["row"]["status"], "done", "{ran:#}");
    let python = &ran["environment"]["python"][0];
    assert_eq!(
        (&python["environment"]["digest"], &python["environment"]["name"]),
        (&digest.clone().into(), &"azureml:small@latest".into())
    );
    assert_eq!(python["environment"]["pins"], serde_json::json!(["iniconfig==2.0.0", "pyarrow==26.0.1"]));
    assert_eq!(python["interpreter"]["packages"]["pyarrow"], "26.0.1");
    let logs = desk.atelier(&["runs", "logs", &id(&ran)]).succeeds().stdout;
    assert!(logs.contains(&format!("environments/{digest}")), "{logs}");
    // It belongs to the key of the step.
    let again = run(&desk, &path);
    let reused = |run: &Json| {
        run["steps"].as_array().unwrap().iter().find(|step| step["name"] == "clean").unwrap()["status"].clone()
    };
    assert_eq!(reused(&again), "reused");
    write(&desk, "environments/small.yaml", "dependencies:\n  - pip:\n    - pyarrow==26.0.1\n    - iniconfig==2.1.0\n");
    let other = run(&desk, &path);
    assert_eq!(reused(&other), "done");
    assert_ne!(other["environment"]["python"][0]["environment"]["digest"], digest.clone());

    // Even when what was built is gone, and the file says something else now.
    std::fs::remove_dir_all(desk.workspace().join(".atelier/cache/environments")).unwrap();
    let (outcome, report) = reproduce(&desk, &id(&ran), &[]);
    assert_eq!((outcome.code, text(&report["verdict"])), (Some(0), "identical".to_owned()), "{report:#}");
    assert!(desk.workspace().join(".atelier/cache/environments").join(&digest).join("environment.json").is_file());
    let shown = desk.atelier(&["env", "show", "small", "--json"]).json();
    assert_eq!(shown["wanted"]["requirements"][1], "iniconfig==2.1.0");
    desk.atelier(&["env", "show", "smal"]).fails(3, &["Did you mean “small”?"]);
    write(&desk, "environments/conda.yaml", "dependencies:\n  - numpy=2\n");
    desk.atelier(&["env", "build", "conda"]).fails(4, &["environments/conda.yaml, line 2", "asked of conda"]);
    let unknown = desk.pipeline(
        "unknown",
        &STUDY.replace("    component: python_script\n", "    component: python_script\n    environment: smalll\n"),
    );
    desk.atelier(&["run", &unknown]).fails(4, &["There is no environment “smalll”", "Did you mean “small”?"]);
}

/// A program as people write them: it names its server, reads a module and its arguments, and logs what it did.
const TRAIN: &str = "import argparse, json, sys
import mlflow
import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from scaling import SCALE

parser = argparse.ArgumentParser()
parser.add_argument('--c', type=float, default=1.0)
parser.add_argument('--port')
asked = parser.parse_args()
mlflow.set_tracking_uri(f'http://127.0.0.1:{asked.port}')
mlflow.set_experiment('flowers')
x, y = load_iris(return_X_y=True)
with mlflow.start_run(run_name='regression'):
    mlflow.log_param('c', asked.c)
    model = LogisticRegression(C=asked.c, max_iter=500).fit(x * SCALE, y)
    for step in range(5):
        mlflow.log_metric('accuracy', model.score(x * SCALE, y) - step / 10, step=step)
    mlflow.log_dict({'coefficients': np.round(model.coef_, 9).tolist()}, 'coefficients.json')
    mlflow.sklearn.log_model(model, name='model', input_example=x[:2])
";

fn python(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.args(arguments).current_dir(folder).env("MLFLOW_DISABLE_TELEMETRY", "true");
    command
}

fn ran(mut command: Command) {
    let ended = command.output().unwrap();
    let error = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{error} (run the tests with: sh ui-tests/test)");
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]).args(arguments);
    assert!(command.current_dir(folder).output().unwrap().status.success(), "git {arguments:?}");
}

/// The runs that were logged, the oldest first, once what logged them is known of each.
fn logged(desk: &Desk, count: usize) -> Vec<Json> {
    let mut runs = Vec::new();
    wait_until("the programs to be looked at", Duration::from_secs(60), || {
        let listed = desk.atelier(&["runs", "list", "--json"]).json();
        let ids = listed["runs"].as_array().unwrap().iter().rev().map(|run| text(&run["id"]));
        runs = ids.map(|id| desk.atelier(&["runs", "show", &id, "--json"]).json()).collect();
        runs.len() == count && runs.iter().all(|run| run["environment"]["client"].is_object())
    });
    runs
}

#[test]
#[cfg(target_os = "linux")]
fn a_program_that_logged_runs_again_as_it_was() {
    let desk = Desk::new();
    let served = Served::start(&desk);
    // A repository of its own, with a change and a module that nobody committed.
    let code = tempfile::tempdir().unwrap();
    let code = code.path().canonicalize().unwrap();
    std::fs::create_dir(code.join("src")).unwrap();
    std::fs::write(code.join("src/train.py"), "print('nothing yet')\n").unwrap();
    git(&code, &["init", "-q", "-b", "trunk"]);
    git(&code, &["add", "."]);
    git(&code, &["commit", "-qm", "Start"]);
    std::fs::write(code.join("src/train.py"), TRAIN).unwrap();
    std::fs::write(code.join("src/scaling.py"), "SCALE = 1.5\n").unwrap();
    let port = served.port.to_string();
    ran(python(&code, &["-W", "ignore", "src/train.py", "--c", "0.25", "--port", &port]));
    let run = logged(&desk, 1).remove(0);
    assert_eq!((&run["row"]["branch"], run["row"]["commit"].as_str().map(str::len)), (&"trunk".into(), Some(40)));
    let known = &run["environment"];
    let command = text(&known["command"]);
    assert!(command.ends_with(&format!("-W ignore src/train.py --c 0.25 --port {port}")), "{command}");
    assert_eq!(known["client"]["root"], code.to_string_lossy().as_ref());
    let packages = &known["python"][0]["interpreter"]["packages"];
    assert!(packages["mlflow"].is_string() && packages["scikit-learn"].is_string(), "{packages}");
    assert!(run["diff"].as_str().unwrap().contains("+SCALE = 1.5"));

    // Everything changes, and the server is gone.
    std::fs::write(code.join("src/train.py"), "raise SystemExit(3)\n").unwrap();
    std::fs::remove_file(code.join("src/scaling.py")).unwrap();
    git(&code, &["add", "."]);
    git(&code, &["commit", "-qm", "Start over"]);
    served.kill();
    let (outcome, report) = reproduce(&desk, &id(&run), &[]);
    let same = |of: &str| report[of].as_array().unwrap().iter().filter(|one| one["outcome"] == "identical").count();
    assert_eq!(text(&report["verdict"]), "identical", "{report:#}\n{}", outcome.stderr);
    assert_eq!(outcome.code, Some(0));
    assert_eq!(same("metrics"), 1);
    assert!(same("outputs") > 3, "the files of the run and of its model");
    let kept = desk.workspace().join(".atelier/cache/reproduce");
    assert_eq!(std::fs::read_dir(kept).unwrap().count(), 0, "the clean folder stays");
    assert_eq!(desk.atelier(&["runs", "list", "--json"]).json()["runs"].as_array().unwrap().len(), 1);
    let mut window = Window::open(&desk.workspace(), Theme::Light, [1280.0, 800.0]);
    // mlflow prints signs that no font here has.
    window.harness.ctx.set_missing_glyph_policy(egui::MissingGlyphPolicy::Tofu);
    window.send(Action::Open(Subject::Run { id: id(&run) }));
    window.click("Reproduce");
    window.wait_for("Run it again");
    window.harness.get_by_label("Run it again").click();
    // Beside other work this takes longer than a window is given to come to rest.
    let begun = std::time::Instant::now();
    while !window.says("Identical, ") && begun.elapsed() < Duration::from_secs(300) {
        window.harness.step();
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(window.has("models/model/model.skops, Identical"), "{:?}", window.labels());
    desk.is_whole();
}

#[test]
#[cfg(target_os = "linux")]
fn programs_outside_of_any_repository_are_kept_file_by_file() {
    let desk = Desk::new();
    let served = Served::start(&desk);
    let code = tempfile::tempdir().unwrap();
    let code = code.path().canonicalize().unwrap();
    let script = "import sys, mlflow, random\nfrom chance import number\nmlflow.set_tracking_uri(sys.argv[1])\n\
                  for name in ['certain', 'chance']:\n    with mlflow.start_run(run_name=name):\n        \
                  mlflow.log_metric('m', 1.0 if name == 'certain' else number())\n";
    std::fs::write(code.join("two.py"), script).unwrap();
    std::fs::write(code.join("chance.py"), "import random\nnumber = random.random\n").unwrap();
    ran(python(&desk.workspace(), &[code.join("two.py").to_str().unwrap(), &served.uri()]));
    // One that nobody can repeat: it was typed.
    let mut typed = python(&code, &["-"]);
    typed.stdin(std::fs::File::open(code.join("two.py")).unwrap()).env("MLFLOW_TRACKING_URI", served.uri());
    std::fs::write(code.join("two.py"), script.replace("mlflow.set_tracking_uri(sys.argv[1])", "")).unwrap();
    ran(typed);
    let runs = logged(&desk, 4);
    let kept: Vec<String> =
        runs[0]["environment"]["scripts"].as_array().unwrap().iter().map(|script| text(&script["path"])).collect();
    assert_eq!(kept, ["two.py", "chance.py"]);
    std::fs::remove_dir_all(&code).unwrap();

    let (outcome, certain) = reproduce(&desk, &id(&runs[0]), &[]);
    assert_eq!((outcome.code, text(&certain["verdict"])), (Some(0), "identical".to_owned()), "{certain:#}");
    let notes = certain["notes"].to_string();
    assert!(notes.contains("Its program logged 2 runs and now it logged as many."), "{notes}");
    let (outcome, chance) = reproduce(&desk, &id(&runs[1]), &[]);
    assert_eq!((outcome.code, text(&chance["verdict"])), (Some(1), "different".to_owned()), "{chance:#}");
    assert_eq!(chance["metrics"][0]["how"], "Its value differs.");
    let (outcome, typed) = reproduce(&desk, &id(&runs[3]), &[]);
    assert_eq!((outcome.code, text(&typed["verdict"])), (Some(4), "not_run".to_owned()), "{typed:#}");
    assert!(typed["missing"][0].as_str().unwrap().contains("it was typed into an interpreter"), "{typed:#}");
    desk.is_whole();
}

/// Programs in packages, as larger ones are: one started by `python -m`, which imports from subfolders and by names that
/// only it knows, and a script that imports from the folder it is started in.
#[test]
#[cfg(target_os = "linux")]
fn a_program_of_modules_outside_of_any_repository_runs_again() {
    let desk = Desk::new();
    let served = Served::start(&desk);
    let code = tempfile::tempdir().unwrap();
    let code = code.path().canonicalize().unwrap();
    let put = |path: &str, text: &str| {
        let path = code.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put("flowers/__init__.py", "");
    put("flowers/model/__init__.py", "");
    put("flowers/model/line.py", "from .. import units\n\ndef slope():\n    return 2.5 * units.FACTOR\n");
    put("flowers/units.py", "FACTOR = 2\n");
    put("plugins/extra.py", "BONUS = 1.25\n");
    put("shared/base.py", "START = 100\n");
    let log = "from flowers.model.line import slope\nfrom shared.base import START\nmlflow.set_tracking_uri(sys.argv[1])\n\
               with mlflow.start_run(run_name='train'):\n    mlflow.log_metric('m', START + slope() + BONUS)\n";
    let named = "import importlib, sys, mlflow\nBONUS = importlib.import_module('plugins.' + 'extra').BONUS\n";
    put("flowers/train.py", &format!("{named}{log}"));
    put("scripts/run.py", &format!("import os, sys, mlflow\nsys.path.append(os.getcwd())\nBONUS = 0\n{log}"));
    ran(python(&code, &["-m", "flowers.train", &served.uri()]));
    ran(python(&code, &["scripts/run.py", &served.uri()]));
    let runs = logged(&desk, 2);
    served.kill();
    for run in &runs {
        assert_eq!(run["environment"]["client"]["root"], code.to_string_lossy().as_ref());
        assert_eq!(run["environment"]["left_out"], Json::Array(Vec::new()));
    }
    let kept = |run: &Json| {
        let scripts = run["environment"]["scripts"].as_array().unwrap();
        scripts.iter().map(|script| text(&script["path"])).collect::<Vec<_>>()
    };
    assert_eq!(kept(&runs[0]).len(), 8, "{:?}", kept(&runs[0]));
    let imported = ["flowers/__init__.py", "flowers/model/__init__.py", "flowers/model/line.py", "flowers/train.py"];
    let mut second = kept(&runs[1]);
    assert_eq!(second.remove(0), "scripts/run.py");
    second.sort();
    assert_eq!(second, [&imported[..], &["flowers/units.py", "shared/base.py"]].concat());

    std::fs::remove_dir_all(&code).unwrap();
    for (run, metric) in runs.iter().zip([106.25, 105.0]) {
        let (outcome, report) = reproduce(&desk, &id(run), &[]);
        assert_eq!((outcome.code, text(&report["verdict"])), (Some(0), "identical".to_owned()), "{report:#}");
        assert_eq!(report["metrics"][0]["first"], metric);
    }
    desk.is_whole();
}

/// A step that is reused has what it logged, in the run and through MLflow's client, so that the run is the same again.
#[test]
fn a_run_of_reused_steps_comes_out_as_it_did() {
    let desk = study();
    let script = "import atelier, mlflow\n\ndef run(table):\n    for step in range(4):\n        \
                  atelier.log_metric('loss', 1 / (1 + step), step)\n        \
                  mlflow.log_metric('rows', len(table) + step, step=step)\n    mlflow.log_param('depth', 3)\n    \
                  mlflow.log_text('done', 'note.txt')\n    return table\n";
    write(&desk, "src/clean.py", script);
    let boosted = STUDY.replace("component: random_forest", "component: gradient_boosting");
    let path = desk.pipeline("study", &boosted);
    let first = run(&desk, &path);
    assert_eq!(first["row"]["status"], "done", "{first:#}");
    let second = run(&desk, &path);
    let statuses: Vec<String> = second["steps"].as_array().unwrap().iter().map(|step| text(&step["status"])).collect();
    assert!(statuses.iter().all(|status| status == "reused"), "{statuses:?}");
    assert_eq!(second["row"]["metrics"], first["row"]["metrics"]);

    for run in [&first, &second] {
        let (outcome, report) = reproduce(&desk, &id(run), &[]);
        assert_eq!((outcome.code, text(&report["verdict"])), (Some(0), "identical".to_owned()), "{report:#}");
        let keys: Vec<String> =
            report["metrics"].as_array().unwrap().iter().map(|metric| text(&metric["key"])).collect();
        assert!(keys.iter().any(|key| key == "clean.loss") && keys.iter().any(|key| key == "clean.rows"), "{keys:?}");
        assert!(keys.len() > 5, "the curves of training as well: {keys:?}");
    }
    let listed = desk.atelier(&["runs", "list", "--json"]).json();
    assert_eq!(listed["runs"].as_array().unwrap().len(), 4, "each run has that of its step");
    desk.is_whole();
}

/// What an attempt had logged that was broken off is no part of the run that goes on.
#[test]
#[cfg(unix)]
fn a_resumed_run_has_each_point_once() {
    let desk = study();
    let marker = desk.home().join("slow");
    let script = format!(
        "import atelier, mlflow, os, time\n\ndef run(table):\n    for step in range(4):\n        \
         atelier.log_metric('loss', 1 / (1 + step), step)\n        mlflow.log_metric('rows', step * 2, step=step)\n    \
         if os.path.exists({marker:?}):\n        time.sleep(60)\n    return table\n"
    );
    write(&desk, "src/clean.py", &script);
    std::fs::write(&marker, "").unwrap();
    let mut child = desk.start(&["run", "pipelines/study.yaml"]);
    let studio = desk.studio();
    let begun = || {
        let runs = studio.runs(&RunQuery::default()).unwrap().runs;
        let run = runs.into_iter().find(|run| run.pid.is_some())?;
        let points = studio.metric_columns(&run.id, "clean.loss").ok()?;
        (points.steps.len() == 4).then_some(run)
    };
    let found = std::cell::RefCell::new(None);
    wait_until("the script to log", Duration::from_secs(60), || {
        *found.borrow_mut() = begun();
        found.borrow().is_some()
    });
    let run = found.take().unwrap();
    kill(run.pid.unwrap());
    wait_until("the dead run to be noticed", Duration::from_secs(30), || {
        studio.run_row(&run.id).unwrap().status.is_final()
    });
    child.wait().unwrap();

    std::fs::remove_file(&marker).unwrap();
    let resumed = desk.atelier(&["runs", "resume", &run.id, "--json"]).json();
    assert_eq!(resumed["row"]["status"], "done", "{resumed:#}");
    let points = studio.metric_columns(&run.id, "clean.loss").unwrap();
    assert_eq!((points.steps, points.values), (vec![0, 1, 2, 3], vec![1.0, 0.5, 1.0 / 3.0, 0.25]));
    let (outcome, report) = reproduce(&desk, &run.id, &[]);
    assert_eq!((outcome.code, text(&report["verdict"])), (Some(0), "identical".to_owned()), "{report:#}");
    desk.is_whole();
}

#[test]
fn a_run_is_reproduced_from_its_page() {
    let desk = study();
    let done = run(&desk, "pipelines/study.yaml");
    let mut window = Window::open(&desk.workspace(), Theme::Dark, [1280.0, 800.0]);
    window.send(Action::Open(Subject::Run { id: id(&done) }));
    window.wait_for("Reproduce");
    window.click("Reproduce");
    window.wait_for("Run it again");
    // Not waiting for the window to come to rest, which it does when all is over.
    window.harness.get_by_label("Run it again").click();
    window.wait_for("Cancel");
    window.wait_until("the second run to begin", |window| window.says("Running again"));
    window.harness.get_by_label("Cancel").click();
    window.wait_until("it to be stopped", |window| window.says("It was stopped"));
    let scratch = desk.workspace().join(".atelier/cache/reproduce");
    let empty = || std::fs::read_dir(&scratch).map_or(0, Iterator::count) == 0;
    window.wait_until("the clean folder to go", |_| empty());
    window.click("Run it again");
    window.wait_until("the verdict", |window| window.says("Identical, "));
    assert!(window.has("Split data · train, Identical") && empty());
    window.click("Environment");
    window.wait_until("the packages", |window| window.says("pyarrow"));
}

#[test]
fn an_environment_is_chosen_in_the_designer() {
    let desk = study();
    write(&desk, "environments/tables.txt", "pyarrow\n");
    let mut window = Window::open(&desk.workspace(), Theme::Light, [1600.0, 1000.0]);
    window.send(Action::Open(Subject::Pipeline { path: "pipelines/study.yaml".into() }));
    window.click_last("Python script");
    window.choose("Environment", "tables");
    let saved = || std::fs::read_to_string(desk.workspace().join("pipelines/study.yaml")).unwrap();
    window.wait_until("the file to say so", |_| saved().contains("    environment: tables\n"));
    window.wait_for("Install now");
}

#[test]
#[cfg(unix)]
fn a_second_run_ends_with_the_one_who_wants_it() {
    let desk = study();
    let marker = desk.home().join("slow");
    let script = format!(
        "import os, time\n\ndef run(table):\n    if os.path.exists({marker:?}):\n        time.sleep(60)\n    return table\n"
    );
    write(&desk, "src/clean.py", &script);
    let done = run(&desk, "pipelines/study.yaml");
    std::fs::write(&marker, "").unwrap();
    let mut child = desk.start(&["reproduce", &id(&done)]);
    let scratch = desk.workspace().join(".atelier/cache/reproduce");
    let worker = || {
        let folder = std::fs::read_dir(&scratch).ok()?.flatten().next()?.path();
        // Opened earlier, it would be made by this test.
        let again = folder.join(".atelier/studio.db").is_file().then(|| Studio::open(&folder).ok())??;
        again.runs(&RunQuery::default()).ok()?.runs.first()?.pid
    };
    let found = std::cell::Cell::new(None);
    wait_until("the second run", Duration::from_secs(60), || {
        found.set(worker());
        found.get().is_some()
    });
    let worker = found.get().unwrap();
    assert!(is_running(worker));
    kill(child.id());
    child.wait().unwrap();
    wait_until("its worker to leave", Duration::from_secs(10), || !is_running(worker));
}

#[test]
#[cfg(unix)]
fn the_packages_of_that_time_are_brought_back() {
    let desk = study();
    let venv = desk.home().join("venv");
    let python = venv.join("bin/python");
    assert!(Command::new("python3").args(["-m", "venv"]).arg(&venv).status().unwrap().success());
    let install = |packages: &[&str]| {
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(packages);
        pip.status().unwrap().success()
    };
    if !install(&["pyarrow==26.0.1", "iniconfig==2.0.0"]) {
        eprintln!("skipped: PyPI cannot be reached");
        return;
    }
    write(
        &desk,
        "src/clean.py",
        "from importlib.metadata import version\n\ndef run(table):\n    print('iniconfig', version('iniconfig'))\n    return table\n",
    );
    let named = format!("      file: src/clean.py\n      interpreter: {}\n", python.display());
    let path = desk.pipeline("study", &STUDY.replace("      file: src/clean.py\n", &named));
    let done = run(&desk, &path);
    assert_eq!(done["environment"]["python"][0]["interpreter"]["packages"]["iniconfig"], "2.0.0");
    let same = reproduce(&desk, &id(&done), &[]).1;
    assert_eq!((&same["verdict"], &same["notes"]), (&"identical".into(), &Json::Array(Vec::new())));
    assert!(install(&["iniconfig==2.1.0"]));
    let (outcome, report) = reproduce(&desk, &id(&done), &["--keep"]);
    assert_eq!((outcome.code, text(&report["verdict"])), (Some(0), "identical".to_owned()), "{report:#}");
    let note = text(&report["notes"][0]);
    assert!(
        note.ends_with("has other packages now: iniconfig 2.1.0 (was 2.0.0). It was built again from PyPI."),
        "{note}"
    );
    let mut logs = support::program();
    let second = Studio::open(Path::new(&text(&report["folder"]))).unwrap().runs(&RunQuery::default()).unwrap();
    logs.args(["runs", "logs", &second.runs[0].id, "--workspace", &text(&report["folder"])]);
    let logs = support::outcome(logs.output().unwrap()).stdout;
    assert!(logs.contains("iniconfig 2.0.0"), "{logs}");
}
