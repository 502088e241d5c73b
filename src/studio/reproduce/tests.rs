//! What is told of runs that cannot run again; those that can are in the tests of the whole program.

use std::path::PathBuf;

use workspace::{Change, NewRun, RunStatus};

use super::*;
use crate::{CommitRequest, Error};

const QUIET: Progress<'static> = Progress { say: &|_| (), cancelled: &|| false };

fn studio() -> (tempfile::TempDir, Studio) {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio::create(&folder.path().join("w"), "Test").unwrap();
    (folder, studio)
}

/// A run as a client logs it: without a plan.
fn logged(studio: &Studio, new: NewRun) -> String {
    let id = workspace::new_run_id();
    let new = NewRun { id: Some(id.clone()), name: "from a notebook".into(), ..new };
    let end = |tx: &workspace::Tx<'_>| {
        tx.insert_run(&new)?;
        tx.finish_run(&id, RunStatus::Done, None)
    };
    studio.workspace.write(Change::new("run.logged", &id), end).unwrap();
    id
}

fn reproduce(studio: &Studio, run: &str) -> Result<Reproduction> {
    studio.reproduce(run, &ReproduceOptions::default(), QUIET)
}

#[test]
fn of_a_logged_run_the_code_is_checked_out() {
    let (_folder, studio) = studio();
    std::fs::write(studio.folder().join("src/train.py"), "print(1)\n").unwrap();
    let commit = studio.git_commit(&CommitRequest::everything("Start")).unwrap().id;
    std::fs::write(studio.folder().join("src/train.py"), "print(2)\n").unwrap();
    let tags = vec![
        ("mlflow.source.git.commit".to_owned(), commit),
        ("mlflow.source.name".to_owned(), "src/train.py".to_owned()),
    ];
    let run = logged(&studio, NewRun { tags, ..NewRun::default() });
    let report = reproduce(&studio, &run).unwrap();
    assert_eq!((report.verdict, report.command.as_str()), (Verdict::NotRun, "python src/train.py"));
    assert!(report.missing.is_empty() && report.notes[0].contains("It was made by: python src/train.py"), "{report:?}");
    let folder: PathBuf = report.folder.unwrap();
    assert_eq!(std::fs::read_to_string(folder.join("src/train.py")).unwrap(), "print(1)\n");
    assert_eq!(std::fs::read_to_string(studio.folder().join("src/train.py")).unwrap(), "print(2)\n");
}

#[test]
fn of_a_run_without_code_only_its_command_is_told() {
    let (_folder, studio) = studio();
    let tags = vec![("mlflow.source.name".to_owned(), "train.py".to_owned())];
    let run = logged(&studio, NewRun { tags, ..NewRun::default() });
    let report = reproduce(&studio, &run).unwrap();
    assert_eq!(report.missing.len(), 1);
    assert!(report.missing[0].ends_with("nothing of its code is known. It was made by: python train.py"), "{report:?}");
    assert!(report.folder.is_none());
}

#[test]
fn a_run_that_goes_on_is_left_alone() {
    let (_folder, studio) = studio();
    let id = workspace::new_run_id();
    let new = NewRun { id: Some(id.clone()), name: "busy".into(), ..NewRun::default() };
    studio.workspace.write(Change::new("run.started", &id), |tx| tx.insert_run(&new)).unwrap();
    let Error { kind, message } = reproduce(&studio, &id).unwrap_err();
    assert_eq!((kind, message.starts_with("busy has not ended yet.")), (ErrorKind::Conflict, true));
}

#[test]
#[cfg(unix)]
fn a_link_in_a_commit_leads_nowhere() {
    let (_folder, studio) = studio();
    // A commit whose .atelier is a link into the person's own workspace.
    std::fs::write(studio.folder().join(".gitignore"), "").unwrap();
    std::fs::rename(studio.folder().join(".atelier"), studio.folder().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(studio.folder().join("elsewhere"), studio.folder().join(".atelier")).unwrap();
    studio.git_stage(&[".atelier".to_owned()]).unwrap();
    let trap = CommitRequest { message: "A trap".to_owned(), ..CommitRequest::default() };
    let commit = studio.git_commit(&trap).unwrap().id;
    let run = logged(&studio, NewRun { commit: Some(commit), ..NewRun::default() });
    let folder = reproduce(&studio, &run).unwrap().folder.unwrap();
    assert!(folder.join(".atelier").symlink_metadata().is_err());
    assert!(studio.folder().join("elsewhere/studio.db").is_file());
}
