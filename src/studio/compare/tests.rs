//! Two runs compared, in a workspace with a repository.

use std::ops::ControlFlow;

use crate::surroundings::{StepsPython, Surroundings, UsedEnvironment};
use crate::{Interpreter, RunRequest, Studio};

const PIPELINE: &str = "type: pipeline\njobs:\n  data:\n    component: import_dataset\n    inputs:\n      dataset: rows\n  \
                        split:\n    component: split_data\n    inputs:\n      table: ${{parent.jobs.data.outputs.table}}\n      seed: 7\n";

fn studio() -> (tempfile::TempDir, Studio) {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio::create(&folder.path().join("w"), "Test").unwrap();
    studio.git_set_identity("Ada", "ada@example.org").unwrap();
    std::fs::write(studio.folder().join("pipelines/p.yaml"), PIPELINE).unwrap();
    import(&studio, "x,name\n1,a\n2,b\n3,c\n");
    (folder, studio)
}

fn import(studio: &Studio, rows: &str) {
    let file = studio.folder().parent().unwrap().join("rows.csv");
    std::fs::write(&file, rows).unwrap();
    let draft = studio.sniff(&[file]).unwrap();
    studio.import_dataset("rows", &draft, &|_| ControlFlow::Continue(())).unwrap();
}

fn record(studio: &Studio, set: &[(&str, &str)]) -> String {
    let set = set.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    studio.record_run("pipelines/p.yaml", &RunRequest { set, ..RunRequest::default() }).unwrap()
}

#[test]
fn the_code_of_two_runs_is_compared_as_it_was() {
    let (_folder, studio) = studio();
    let write = |path: &str, text: &str| std::fs::write(studio.folder().join(path), text).unwrap();
    write("src/a.py", "one\n");
    let start = studio.git_commit(&crate::CommitRequest::everything("Start")).unwrap();
    write("src/a.py", "two\n");
    let first = record(&studio, &[]);
    let second_commit = studio.git_commit(&crate::CommitRequest::everything("Change a")).unwrap();
    write("src/b.py", "new\n");
    let second = record(&studio, &[("jobs.split.seed", "8")]);
    let code = studio.compare_code(&first, &second).unwrap();
    assert_eq!(code.notes, [""; 0]);
    let files: Vec<_> = code.files.iter().map(|file| (file.path.as_str(), file.added, file.removed)).collect();
    assert_eq!(files, [("src/b.py", 1, 0)], "what was uncommitted before is committed now");
    let range = code.commits.unwrap();
    assert_eq!((range.base, range.only_first.len()), (Some(start.id), 0));
    assert_eq!(range.only_second.iter().map(|commit| commit.summary.as_str()).collect::<Vec<_>>(), ["Change a"]);
    assert_eq!(range.only_second[0].id, second_commit.id);
    assert!(code.pipeline.contains("-      seed: 7\n+      seed: 8\n"), "{}", code.pipeline);
}

#[test]
fn the_data_of_two_runs_is_compared_by_profiles() {
    let (_folder, studio) = studio();
    let first = record(&studio, &[]);
    import(&studio, "x,extra\n1,a\n2,b\n30,c\n,d\n");
    let second = record(&studio, &[]);
    let data = studio.compare_data(&first, &second).unwrap();
    let [pair] = data.datasets.as_slice() else { panic!("{data:?}") };
    assert!(!pair.same && pair.step == "data");
    let used = |used: &Option<crate::compare::DatasetUse>| used.as_ref().map(|used| (used.version, used.rows));
    assert_eq!((used(&pair.first), used(&pair.second)), (Some((1, Some(3))), Some((2, Some(4)))));
    assert_eq!(
        (pair.columns_added.as_slice(), pair.columns_removed.as_slice()),
        (&["extra".to_owned()][..], &["name".to_owned()][..])
    );
    let mean = pair.moved.iter().find(|moved| moved.statistic == "Mean").unwrap();
    assert_eq!((mean.column.as_str(), mean.first, mean.second, mean.shift), ("x", Some(2.0), Some(11.0), 9.0));
    let same = studio.compare_data(&first, &first).unwrap();
    assert!(same.datasets[0].same && same.datasets[0].moved.is_empty());
}

#[test]
fn what_two_runs_ran_on_is_compared() {
    let python = |packages: &[(&str, &str)], environment: &str| StepsPython {
        steps: vec!["clean".into(), "plot".into()],
        environment: Some(UsedEnvironment {
            name: environment.into(),
            digest: environment.into(),
            ..Default::default()
        }),
        interpreter: Interpreter {
            packages: packages.iter().map(|(name, version)| ((*name).into(), (*version).into())).collect(),
            ..Interpreter::default()
        },
    };
    let ran =
        |cores, python| Surroundings { cores, atelier: "1".into(), python: vec![python], ..Surroundings::default() };
    let first = ran(2, python(&[("numpy", "1.0"), ("six", "1.1"), ("old", "1")], "a"));
    let second = ran(4, python(&[("numpy", "2.0"), ("six", "1.1"), ("new", "1")], "b"));
    let found = super::environments::of(&first, &second);
    let differing: Vec<_> = found.facts.iter().filter(|fact| fact.differs).map(|fact| fact.label).collect();
    assert_eq!(differing, ["Threads"]);
    let [pair] = found.pythons.as_slice() else { panic!("{found:?}") };
    assert_eq!((pair.steps.len(), pair.same), (2, 1));
    let changes: Vec<_> = pair
        .packages
        .iter()
        .map(|change| (change.name.as_str(), change.first.as_deref(), change.second.as_deref()))
        .collect();
    assert_eq!(changes, [("new", None, Some("1")), ("numpy", Some("1.0"), Some("2.0")), ("old", Some("1"), None)]);
}
