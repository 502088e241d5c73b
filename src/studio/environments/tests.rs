//! Environments from a file to an interpreter, with the real uv and a small package from PyPI.

use std::sync::Mutex;

use super::*;
use crate::ErrorKind;

const QUIET: Progress<'static> = Progress { say: &|_| (), cancelled: &|| false };

fn studio() -> (tempfile::TempDir, Studio) {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio::create(&folder.path().join("w"), "Test").unwrap();
    (folder, studio)
}

fn put(studio: &Studio, name: &str, text: &str) {
    std::fs::write(studio.folder().join("environments").join(name), text).unwrap();
}

/// Whether this machine reaches PyPI; without it only the sentence is tested.
fn online(error: &Error) -> bool {
    let offline =
        error.message.contains("PyPI cannot be reached") || error.message.contains("uv, which is not installed");
    if offline {
        eprintln!("skipped: {error}");
    }
    !offline
}

#[test]
fn a_reference_is_read_as_azure_ml_writes_it() {
    for text in ["study", "azureml:study@latest", "environments/study.yaml", "study.txt", " study "] {
        assert_eq!(name_of(text).unwrap(), "study");
    }
    assert!(name_of("azureml:study:3").unwrap_err().message.contains("Write environment: study."));
    assert_eq!(name_of("v1.2").unwrap(), "v1.2");
}

#[test]
fn files_are_listed_with_what_is_wrong_with_them() {
    let (_folder, studio) = studio();
    put(&studio, "good.txt", "six==1.17.0\n");
    put(&studio, "bad.yaml", "dependencies: [numpy]\n");
    put(&studio, "good.yaml", "dependencies: [pip]\n");
    put(&studio, "README.md", "no environment");
    let rows = studio.environments().unwrap();
    let listed: Vec<_> = rows.iter().map(|row| (row.file.as_str(), row.problem.is_some())).collect();
    assert_eq!(
        listed,
        [("environments/bad.yaml", true), ("environments/good.txt", false), ("environments/good.yaml", true)]
    );
    assert!(!rows[1].built && rows[1].resolved.is_none());
    assert!(studio.wanted_environment("bad").unwrap_err().message.contains("asked of conda"));
    let missing = studio.environment("goood").unwrap_err();
    assert_eq!((missing.kind, missing.message.contains("Did you mean “good”?")), (ErrorKind::NotFound, true));
}

#[test]
fn an_environment_is_built_once_and_named_by_its_content() {
    let (_folder, studio) = studio();
    put(&studio, "small.txt", "iniconfig==2.0.0\n");
    let said = Mutex::new(Vec::new());
    let say = |line: &str| said.lock().unwrap().push(line.to_owned());
    let progress = Progress { say: &say, cancelled: &|| false };
    let built = match studio.build_environment("small", progress) {
        Err(error) if !online(&error) => return,
        built => built.unwrap(),
    };
    assert_eq!(
        (built.pins.as_slice(), built.packages["iniconfig"].as_str()),
        (&["iniconfig==2.0.0".to_owned()][..], "2.0.0")
    );
    assert!(built.interpreter.starts_with(studio.folder().join(".atelier/cache/environments").join(&built.digest)));
    assert!(said.lock().unwrap().iter().any(|line| line.starts_with("Resolving")), "{said:?}");
    let spoken = said.lock().unwrap().len();
    assert_eq!(studio.build_environment("small", progress).unwrap(), built);
    assert_eq!(said.lock().unwrap().len(), spoken, "built twice");

    // The same content under another name is the same environment.
    put(&studio, "same.yaml", "dependencies:\n  - pip:\n    - iniconfig==2.0.0  \n");
    assert_eq!(studio.build_environment("same", QUIET).unwrap().digest, built.digest);
    // Half-built, it is built anew.
    let record = studio.folder().join(".atelier/cache/environments").join(&built.digest).join("environment.json");
    std::fs::remove_file(&record).unwrap();
    assert_eq!(studio.built_environment("small").unwrap(), None);
    let again = [0, 1].map(|_| {
        let studio = studio.clone();
        std::thread::Builder::new()
            .name("build".into())
            .spawn(move || studio.build_environment("small", QUIET))
            .unwrap()
    });
    for thread in again {
        assert_eq!(thread.join().unwrap().unwrap(), built);
    }
}

#[test]
fn what_pypi_does_not_have_is_said() {
    let (_folder, studio) = studio();
    put(&studio, "wrong.txt", "iniconfig==99.0\n");
    let error = studio.build_environment("wrong", QUIET).unwrap_err();
    if online(&error) {
        assert!(error.message.contains("iniconfig==99.0"), "{error}");
    }
    let stopped = studio.build_environment("wrong", Progress { say: &|_| (), cancelled: &|| true }).unwrap_err();
    assert_eq!(stopped.kind, ErrorKind::Cancelled);
}
