//! What the tests of this crate share.

use std::ops::ControlFlow;

use crate::{Change, NewRun, NewStep, Problem, Workspace};

/// A workspace in a temporary folder that goes with the first value.
pub(crate) fn workspace() -> (tempfile::TempDir, Workspace) {
    let dir = tempfile::tempdir().unwrap();
    let workspace = Workspace::create(dir.path(), "Test").unwrap();
    (dir, workspace)
}

/// A change that nobody looks at.
pub(crate) fn change() -> Change {
    Change::new("test.change", "test")
}

/// What `check` finds.
pub(crate) fn problems(workspace: &Workspace) -> Vec<Problem> {
    workspace.check(|_| ControlFlow::Continue(())).unwrap()
}

/// A run with two steps.
pub(crate) fn new_run(name: &str) -> NewRun {
    let step = |name: &str| NewStep { name: name.into(), title: name.to_uppercase(), ..NewStep::default() };
    NewRun {
        name: name.into(),
        pipeline: Some("pipelines/a.yaml".into()),
        steps: vec![step("split"), step("train")],
        ..NewRun::default()
    }
}

/// Records [`new_run`].
pub(crate) fn insert_run(workspace: &Workspace, name: &str) -> String {
    workspace.write(change(), |tx| tx.insert_run(&new_run(name))).unwrap()
}
