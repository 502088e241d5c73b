use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use data::polars::df;

use super::PythonScript;
use crate::check::check;
use crate::component::{Component, Params};
use crate::components::testing::Bench;
use crate::execute::outputs::open_output;
use crate::execute::{Options, execute};
use crate::graph::{Input, Job, Pipeline};
use crate::memory::{MemoryStore, Recorder};
use crate::plan::{Plan, Target};
use crate::store::{Store, Stream};
use crate::value::Value;

/// The interpreter to test with: `ATELIER_TEST_PYTHON`, or else `python3`.
pub(super) fn python() -> Option<PathBuf> {
    let named = std::env::var_os("ATELIER_TEST_PYTHON").map(PathBuf::from);
    let found = named.unwrap_or_else(|| PathBuf::from("python3"));
    runs(&found, "").then_some(found)
}

/// That interpreter, if it can read tables.
fn python_with_tables() -> Option<PathBuf> {
    let found = python()?;
    let able =
        runs(&found, "import polars") || runs(&found, "import pandas, pyarrow") || runs(&found, "import pyarrow");
    if !able {
        eprintln!("skipped: neither polars nor pyarrow is installed; name an interpreter in ATELIER_TEST_PYTHON");
    }
    able.then_some(found)
}

pub(super) fn runs(interpreter: &std::path::Path, code: &str) -> bool {
    Command::new(interpreter).args(["-c", code]).output().is_ok_and(|output| output.status.success())
}

fn job(component: &str, inputs: &[(&str, Input)]) -> Job {
    let inputs = inputs.iter().map(|(name, input)| ((*name).to_owned(), input.clone())).collect();
    Job { component: component.to_owned(), inputs, ..Job::default() }
}

fn value(value: impl Into<serde_json::Value>) -> Input {
    Input::Value(value.into())
}

/// A pipeline of one script, with the dataset `rows` on its first input if `connected`.
fn pipeline(script: &str, connected: bool) -> Pipeline {
    let mut pipeline = Pipeline::default();
    let mut step = job("python_script", &[("script", value(script))]);
    if connected {
        pipeline.jobs.insert("data".into(), job("import_dataset", &[("dataset", value("rows"))]));
        step.inputs.insert("table1".into(), Input::Binding { job: "data".into(), output: "table".into() });
    }
    pipeline.jobs.insert("script".into(), step);
    pipeline
}

fn store(python: &std::path::Path) -> MemoryStore {
    let store = MemoryStore::new().unwrap().with_python(python);
    let rows = df!("x" => [1.5, 2.5, 3.0], "name" => ["a", "b", "ü"], "day" => [Some(1i64), None, Some(3)]).unwrap();
    store.add_dataset("rows", &rows).unwrap();
    store
}

fn run_in(store: &MemoryStore, pipeline: &Pipeline) -> Recorder {
    let recorder = Recorder::new();
    let plan = Plan::of(pipeline, &check(pipeline, store), &Target::All).unwrap();
    execute(&plan, store, &recorder, &Options::default());
    recorder
}

fn fate(script: &str, connected: bool) -> Option<(String, Recorder)> {
    let store = store(&python()?);
    let recorder = run_in(&store, &pipeline(script, connected));
    Some((recorder.fates()["script"].clone(), recorder))
}

#[test]
fn lines_and_messages_arrive() {
    let script = "import sys, atelier
print('hello', 'wörld')
sys.stderr.write('10%\\r50%\\rdone\\n')
atelier.progress(0.25, 'quarter')
atelier.log_metric('loss', 0.5, step=3)
atelier.log_metric('odd \\ud800', float('nan'))
atelier.log_metric('odd', float('-inf'), step=-2**63)
print('no line end', end='')
def run():
    return None
";
    let Some((fate, recorder)) = fate(script, false) else {
        return;
    };
    assert_eq!(fate, "failed: run() returned nothing. End it with return and a table.");
    let lines = recorder.lines.lock().unwrap();
    let said =
        |stream: Stream| lines.iter().filter(|line| line.1 == stream).map(|line| line.2.as_str()).collect::<Vec<_>>();
    assert_eq!(said(Stream::Stdout), ["hello wörld", "no line end"]);
    assert_eq!(said(Stream::Stderr), ["done"]);
    let points = recorder.points.lock().unwrap();
    let shown = points.iter().map(|(_, name, value, step)| format!("{name} {value} {step}")).collect::<Vec<_>>();
    assert_eq!(shown, ["loss 0.5 3", "odd \\ud800 NaN 0", "odd -inf -9223372036854775808"]);
    assert!(recorder.marks.lock().unwrap().contains(&("script".into(), Some(0.25), "quarter".into())));
}

#[test]
fn mistakes_name_their_line() {
    let failing = |script: &str| fate(script, false).map(|(fate, recorder)| (fate, recorder.log("script")));
    let Some((fate, log)) = failing("def inner():\n    return {}['area']\n\ndef run():\n    return inner()\n") else {
        return;
    };
    assert_eq!(fate, "failed: The script failed on line 2 (“return {}['area']”): KeyError: 'area'");
    assert!(log.contains("line 5, in run") && log.contains("return {}['area']") && !log.contains("runner.py"), "{log}");
    let (fate, _) = failing("def run():\n    raise KeyError('half \\ud800')\n").unwrap();
    assert!(fate.ends_with("KeyError: 'half \\ud800'"), "{fate}");
    let (fate, _) = failing("def run():\n    raise ValueError('half \\ud800')\n").unwrap();
    assert!(fate.ends_with("ValueError: half \\ud800"), "{fate}");
    let (fate, _) = failing("def run(:\n    pass\n").unwrap();
    assert_eq!(fate, "failed: The script failed on line 1 (“def run(:”): SyntaxError: invalid syntax");
    let (fate, _) = failing("import sys\nsys.exit(3)\ndef run(): pass\n").unwrap();
    assert_eq!(fate, "failed: The script left with sys.exit(3).");
    let (fate, _) = failing("import os\nos.kill(os.getpid(), 9)\ndef run(): pass\n").unwrap();
    assert!(fate.starts_with("failed: Python ended early (signal: 9"), "{fate}");
    let (fate, _) = failing("def run():\n    return 3\n").unwrap();
    assert!(fate.starts_with("failed: run() returned a int. Return a table"), "{fate}");
}

#[test]
fn the_first_line_of_a_message_is_shown_and_the_module_it_came_from() {
    let store = match python() {
        Some(python) => store(&python),
        None => return,
    };
    let source = store.folder().join("src");
    std::fs::create_dir_all(&source).unwrap();
    std::fs::write(source.join("cleaning.py"), "def go():\n    raise RuntimeError('no rows\\nsee the docs')\n")
        .unwrap();
    std::fs::write(source.join("torn.py"), "x = (\n").unwrap();
    let fate = |script: &str| run_in(&store, &pipeline(script, false)).fates()["script"].clone();
    assert_eq!(
        fate("def run():\n    raise ValueError(\"column amount holds 3 bad rows\\nsee the docs\")\n"),
        "failed: The script failed on line 2 (“raise ValueError(\"column amount holds 3 bad rows\\nsee the docs\")”): \
         ValueError: column amount holds 3 bad rows"
    );
    assert_eq!(
        fate("import cleaning\ndef run():\n    cleaning.go()\n"),
        "failed: The script failed on line 3 (“cleaning.go()”), in line 2 of src/cleaning.py: RuntimeError: no rows"
    );
    assert_eq!(
        fate("import torn\ndef run(): pass\n"),
        "failed: The script failed on line 1 (“import torn”), in line 1 of src/torn.py: \
         SyntaxError: '(' was never closed"
    );
    assert_eq!(
        fate(
            "def run():\n    try:\n        1 / 0\n    except ArithmeticError as error:\n        raise KeyError('rate') from error\n"
        ),
        "failed: The script failed on line 5 (“raise KeyError('rate') from error”): KeyError: 'rate'"
    );
}

#[test]
fn a_reused_step_says_what_it_said() {
    let Some(python) = python_with_tables().filter(|python| runs(python, "import pandas, pyarrow")) else { return };
    let store = store(&python);
    let script = "import atelier\n\ndef run(table):\n    print('printed')\n    \
                  for step in range(3):\n        atelier.log_metric('loss', 1 / (1 + step), step)\n    \
                  table['day'] = table['day'].astype(float)\n    return table\n";
    let pipeline = pipeline(script, true);
    let (first, second) = (run_in(&store, &pipeline), run_in(&store, &pipeline));
    assert_eq!((first.fates()["script"].as_str(), second.fates()["script"].as_str()), ("finished", "reused"));
    let changed = "Column “day” went in as a whole number and came back as a real number.";
    assert_eq!(first.log("script"), format!("printed\n{changed}\n"));
    assert_eq!(second.log("script"), format!("{changed}\n"));
    for recorder in [&first, &second] {
        let points = recorder.points.lock().unwrap();
        let point = |value: f64, step| ("script".to_owned(), "loss".to_owned(), value, step);
        assert_eq!(*points, [point(1.0, 0), point(0.5, 1), point(1.0 / 3.0, 2)]);
        let marks = recorder.marks.lock().unwrap();
        assert_eq!(marks.last().unwrap(), &("script".to_owned(), None, changed.to_owned()), "it stands on the step");
    }
}

#[test]
fn cancelling_kills_the_script_and_its_children() {
    let Some(python) = python() else { return };
    let store = store(&python);
    let alive = store.folder().join("alive");
    let script = format!(
        "import subprocess, sys, time
def run():
    child = 'import time, pathlib\\nwhile True: pathlib.Path({alive:?}).write_text(str(time.time())); time.sleep(0.02)'
    subprocess.Popen([sys.executable, '-c', child])
    print('running', flush=True)
    time.sleep(60)
"
    );
    let pipeline = pipeline(&script, false);
    let plan = Plan::of(&pipeline, &check(&pipeline, &store), &Target::All).unwrap();
    let recorder = Recorder::new();
    let started = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !alive.exists() && started.elapsed() < Duration::from_secs(20) {
                std::thread::sleep(Duration::from_millis(5));
            }
            recorder.cancel();
        });
        execute(&plan, &store, &recorder, &Options::default());
    });
    assert_eq!(recorder.fates()["script"], "cancelled");
    assert!(started.elapsed() < Duration::from_secs(30));
    let heartbeat = || std::fs::read_to_string(&alive).unwrap();
    let last = heartbeat();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(heartbeat(), last, "the child of the script lives on");
}

#[test]
fn tables_go_in_and_out() {
    let Some(python) = python_with_tables() else {
        return;
    };
    let store = store(&python);
    let script = "def run(table1, table2):
    assert table2 is None
    assert len(table1) == 3
    return table1, [{'n': len(table1), 'ü': 'x'}]
";
    let pipeline = pipeline(script, true);
    let recorder = run_in(&store, &pipeline);
    assert_eq!(recorder.fates()["script"], "finished", "{}", recorder.log("script"));
    let frame = |port: &str| {
        let Value::Table(table) = open_output(&store, &recorder.output("script", port).unwrap()).unwrap() else {
            panic!()
        };
        table.frame().unwrap()
    };
    assert_eq!(frame("table").shape(), (3, 3));
    assert_eq!(frame("table2").column("n").unwrap().i64().unwrap().get(0), Some(3));
    assert_eq!(run_in(&store, &pipeline).fates()["script"], "reused");
}

#[test]
fn an_output_that_is_not_returned_is_not_there() {
    let Some(python) = python_with_tables() else {
        return;
    };
    let store = store(&python);
    let mut pipeline = pipeline("def run(table1):\n    return table1\n", true);
    let second = Input::Binding { job: "script".into(), output: "table2".into() };
    pipeline.jobs.insert("sort".into(), job("remove_duplicates", &[("table", second)]));
    let recorder = run_in(&store, &pipeline);
    assert_eq!(recorder.fates()["script"], "finished", "{}", recorder.log("script"));
    assert_eq!(recorder.fates()["sort"], "skipped: The step “script” before it made no “table2”.");
}

#[test]
fn missing_packages_are_named() {
    let Some(python) = python().filter(|python| !runs(python, "import polars") && !runs(python, "import pyarrow"))
    else {
        return;
    };
    let store = store(&python);
    let recorder = run_in(&store, &pipeline("def run(table1):\n    return table1\n", true));
    let fate = &recorder.fates()["script"];
    assert!(fate.contains("Python cannot read tables without pandas with pyarrow, polars, or pyarrow."), "{fate}");
    assert!(fate.contains("-m pip install polars"), "{fate}");
}

#[test]
fn an_interpreter_that_is_not_there_is_told() {
    let store = store(std::path::Path::new("/nowhere/python"));
    let recorder = run_in(&store, &pipeline("def run():\n    pass\n", false));
    let fate = &recorder.fates()["script"];
    assert!(fate.starts_with("failed: Python could not be started") && fate.ends_with("/nowhere/python"), "{fate}");
}

#[test]
fn an_environment_goes_before_the_interpreter() {
    let nowhere = std::path::Path::new("/nowhere/python");
    let store = store(nowhere);
    let mut pipeline = pipeline("def run():\n    return 1\n", false);
    pipeline.jobs["script"].environment = Some("tables".to_owned());
    let recorder = run_in(&store, &pipeline);
    assert_eq!(recorder.fates()["script"], "failed: There is no environment “tables” here.");
    let Some(python) = python() else { return };
    let store = self::store(nowhere).with_environment("tables", "1234", python);
    let fate = &run_in(&store, &pipeline).fates()["script"];
    assert!(fate.starts_with("failed: run() returned a int"), "{fate}");
}

#[test]
fn the_environment_belongs_to_the_key() {
    let plan = |environment: Option<&str>| {
        let mut pipeline = pipeline("def run(): pass\n", false);
        pipeline.jobs["script"].environment = environment.map(str::to_owned);
        let store =
            MemoryStore::new().unwrap().with_environment("a", "1", "python").with_environment("b", "2", "python");
        let plan = Plan::of(&pipeline, &check(&pipeline, &store), &Target::All).unwrap();
        crate::execute::key(&PythonScript, &plan.steps[0], &Default::default(), None, &store).unwrap()
    };
    assert_eq!(plan(Some("a")), plan(Some("a")));
    assert!(plan(Some("a")) != plan(Some("b")) && plan(None) != plan(Some("a")));
}

#[test]
fn the_files_of_a_script_are_told() {
    let store = MemoryStore::new().unwrap();
    let source = store.folder().join("src");
    std::fs::create_dir_all(&source).unwrap();
    std::fs::write(source.join("clean.py"), "import helper\n").unwrap();
    std::fs::write(source.join("helper.py"), "").unwrap();
    let params = Params::defaults(PythonScript.spec()).with("source", "file").with("file", "src/clean.py");
    let files = PythonScript.code(&params, &store).unwrap().files;
    assert_eq!(files, [source.join("clean.py"), source.join("helper.py")]);
    let inline = Params::defaults(PythonScript.spec()).with("script", "import helper\n");
    assert_eq!(PythonScript.code(&inline, &store).unwrap().files, [source.join("helper.py")]);
}

#[test]
fn the_code_digest_follows_what_is_imported() {
    let store = MemoryStore::new().unwrap();
    let source = store.folder().join("src");
    std::fs::create_dir_all(source.join("pack")).unwrap();
    let put = |name: &str, text: &str| std::fs::write(source.join(name), text).unwrap();
    put("helper.py", "from pack import part\n");
    put("pack/__init__.py", "");
    put("pack/part.py", "A = 1\n");
    put("other.py", "B = 1\n");
    let params = |script: &str| Params::defaults(PythonScript.spec()).with("script", script);
    let digest = |script: &str| PythonScript.code_digest(&params(script), &store).unwrap().unwrap();
    let script = "import os, helper as h\ndef run(): pass\n";
    let before = digest(script);
    put("other.py", "B = 2\n");
    assert_eq!(digest(script), before);
    put("pack/part.py", "A = 2\n");
    assert_ne!(digest(script), before, "imported through another module");
    assert_ne!(digest("def run(): pass\n"), digest("def run(): return 1\n"));
    let file = Params::defaults(PythonScript.spec()).with("source", "file").with("file", "src/helper.py");
    let before = PythonScript.code_digest(&file, &store).unwrap();
    put("helper.py", "def run(): pass\n");
    assert_ne!(PythonScript.code_digest(&file, &store).unwrap(), before);
    let missing = file.with("file", "src/none.py");
    assert!(PythonScript.code_digest(&missing, &store).unwrap_err().to_string().contains("none.py"));
    let anew = params(script).with("reuse", false);
    let digest = || PythonScript.code_digest(&anew, &store).unwrap();
    assert_ne!(digest(), digest());
}

#[test]
fn captions_and_problems() {
    assert_eq!(Bench::new(&PythonScript).caption(), "2 lines");
    assert_eq!(Bench::new(&PythonScript).set("source", "file").set("file", "src/a.py").caption(), "src/a.py");
    let problems = Bench::new(&PythonScript).set("script", "x = 1\n").problems();
    assert!(problems[0].starts_with("The script should define a function run."));
    assert!(Bench::new(&PythonScript).problems().is_empty());
}
