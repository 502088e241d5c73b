use super::*;
use crate::test_support::{change, new_run, workspace};
use crate::{ARCHIVED_TAG, MetricPoint, NewRun, Purge, RunFilter, RunListing, RunSort, StepUpdate, Workspace};

fn model(subject: &str, title: &str) -> NewModelRun {
    NewModelRun {
        subject: subject.into(),
        title: title.into(),
        algorithm: title.into(),
        steps: vec![subject.into()],
        params: vec![("depth".into(), subject.len().to_string())],
    }
}

/// A run whose two steps each train a model, and the ids of the models.
fn with_models(workspace: &Workspace, name: &str) -> (String, Vec<String>) {
    let models = vec![model("split", "Forest"), model("train", "Line")];
    let new = NewRun { models, ..new_run(name) };
    let run = workspace.write(change(), |tx| tx.insert_run(&new)).unwrap();
    let models = workspace.run(&run).unwrap().run.model_runs();
    (run, models.into_iter().map(|model| model.run).collect())
}

fn log(workspace: &Workspace, run: &str, value: f64) {
    let point = MetricPoint { key: "auc".into(), value, timestamp_ms: 1, step: 0 };
    workspace.batch("m", run, |batch| batch.log_metrics(run, std::slice::from_ref(&point))).unwrap();
}

fn statuses(workspace: &Workspace, runs: &[String]) -> Vec<RunStatus> {
    runs.iter().map(|run| workspace.run(run).unwrap().run.status).collect()
}

fn names(workspace: &Workspace, listing: &RunListing) -> Vec<String> {
    let index = workspace.run_index(listing).unwrap();
    let rows: Vec<i64> = index.runs.iter().map(|run| run.row).collect();
    workspace.indexed_runs(&rows).unwrap().into_iter().map(|(_, run)| run.name).collect()
}

fn everything() -> RunFilter {
    RunFilter { models: true, ..RunFilter::default() }
}

#[test]
fn the_models_of_a_run_are_runs_nested_in_it() {
    let (_dir, workspace) = workspace();
    let (run, models) = with_models(&workspace, "heron");
    let line = workspace.run(&models[1]).unwrap().run;
    assert_eq!(line.name, "heron · Line");
    assert_eq!(line.params["depth"], "5");
    assert_eq!((line.pipeline.as_deref(), line.plan.as_deref()), (Some("pipelines/a.yaml"), None));
    assert_eq!(line.model_of().unwrap().run, run);
    assert_eq!(line.tags[MODEL_TAG], "train");
    assert!(workspace.run(&run).unwrap().run.params.is_empty(), "a parameter belongs to a model");

    let index = workspace.run_index(&RunListing { filter: everything(), nested: true, ..RunListing::default() });
    let index = index.unwrap();
    let nested: Vec<(bool, bool)> = index.runs.iter().map(|run| (run.is_model, run.parent.is_some())).collect();
    assert_eq!(nested, [(true, true), (true, true), (false, false)]);
    assert_eq!(workspace.runs(&RunFilter::default()).unwrap().total, 1, "other lists are of whole runs");
    assert_eq!(workspace.runs(&everything()).unwrap().total, 3);
}

#[test]
fn models_share_the_fate_of_their_run() {
    let (_dir, workspace) = workspace();
    let (run, models) = with_models(&workspace, "heron");
    assert_eq!(statuses(&workspace, &models), [RunStatus::Waiting; 2]);
    workspace.write(change(), |tx| tx.claim_run(&run, 1)).unwrap();
    assert_eq!(statuses(&workspace, &models), [RunStatus::Running; 2]);

    let step = |name: &str, status: StepStatus| {
        let update = StepUpdate { status: Some(status), ..StepUpdate::default() };
        workspace.batch("s", &run, |batch| batch.update_step(&run, name, &update)).unwrap();
    };
    step("split", StepStatus::Done);
    step("train", StepStatus::Failed);
    workspace.write(change(), |tx| tx.finish_run(&run, RunStatus::Failed, Some("It failed."))).unwrap();
    assert_eq!(statuses(&workspace, &models), [RunStatus::Done, RunStatus::Failed], "each ends as its steps did");

    workspace.write(change(), |tx| tx.requeue_run(&run)).unwrap();
    assert_eq!(statuses(&workspace, &models), [RunStatus::Waiting; 2]);
    workspace.write(change(), |tx| tx.finish_run(&run, RunStatus::Cancelled, None)).unwrap();
    assert_eq!(statuses(&workspace, &models), [RunStatus::Done, RunStatus::Cancelled]);

    workspace.write(change(), |tx| tx.rename_run(&run, "egret")).unwrap();
    assert_eq!(workspace.run(&models[0]).unwrap().run.name, "egret · Forest");
    assert_eq!(workspace.runs(&RunFilter { text: "EGRET".into(), ..everything() }).unwrap().total, 3);

    workspace.write(change(), |tx| tx.delete_run(&run)).unwrap();
    assert_eq!(workspace.runs(&everything()).unwrap().total, 0);
    workspace.write(change(), |tx| tx.restore_run(&run)).unwrap();
    assert_eq!(workspace.runs(&everything()).unwrap().total, 3);
    workspace.write(change(), |tx| tx.delete_tracked_run(&run)).unwrap();
    let purged = workspace.purge(&Purge::Runs(vec![run.clone()])).unwrap();
    assert_eq!(purged.runs, 1, "{purged:?}");
    assert!(models.iter().all(|model| workspace.run(model).is_err()), "they go with their run for good");
}

#[test]
fn a_run_stands_where_its_best_model_does() {
    let (_dir, workspace) = workspace();
    let (_, first) = with_models(&workspace, "first");
    let (_, second) = with_models(&workspace, "second");
    for (model, value) in first.iter().chain(&second).zip([0.5, 0.9, 0.7, 0.6]) {
        log(&workspace, model, value);
    }
    let filter = RunFilter { sort: RunSort::Metric("auc".into()), ..everything() };
    let listing = RunListing { filter, nested: true, ..RunListing::default() };
    let expected = ["first", "first · Line", "second", "second · Forest", "second · Line", "first · Forest"];
    assert_eq!(names(&workspace, &listing), expected);
    let flat = RunListing { nested: false, ..listing };
    let expected = ["first · Line", "second · Forest", "second · Line", "first · Forest", "second", "first"];
    assert_eq!(names(&workspace, &flat), expected);
}

#[test]
fn groups_count_whole_runs() {
    let (_dir, workspace) = workspace();
    with_models(&workspace, "first");
    with_models(&workspace, "second");
    let listing = RunListing { filter: everything(), nested: true, ..RunListing::default() };
    let by_pipeline = RunListing { group: Some(RunSort::Pipeline), ..listing.clone() };
    let counts = |listing: &RunListing| -> Vec<usize> {
        workspace.run_index(listing).unwrap().groups.iter().map(|group| group.runs).collect()
    };
    assert_eq!(counts(&by_pipeline), [2]);
    // A parameter is the models' own: they are what there is of it.
    let by_depth = RunListing { group: Some(RunSort::Param("depth".into())), ..listing };
    assert_eq!(counts(&by_depth).iter().sum::<usize>(), 6);
}

#[test]
fn models_are_put_away_with_their_run() {
    let (_dir, workspace) = workspace();
    let (run, _) = with_models(&workspace, "heron");
    let tag = [(ARCHIVED_TAG.to_owned(), "true".to_owned())];
    workspace.write(change(), |tx| tx.set_tags(&run, &tag)).unwrap();
    let listing = |archived: bool| RunListing { filter: everything(), archived, ..RunListing::default() };
    assert!(names(&workspace, &listing(false)).is_empty());
    assert_eq!(names(&workspace, &listing(true)).len(), 3);
}

#[test]
fn a_tag_that_a_client_set_makes_no_model() {
    let (_dir, workspace) = workspace();
    let (run, _) = with_models(&workspace, "heron");
    let tags = [(PARENT_TAG.to_owned(), run.clone()), (MODEL_TAG.to_owned(), "mine".to_owned())];
    let other = workspace.write(change(), |tx| tx.insert_run(&NewRun { tags: tags.to_vec(), ..new_run("mine") }));
    workspace.write(change(), |tx| tx.rename_run(&run, "egret")).unwrap();
    assert_eq!(workspace.run(&other.unwrap()).unwrap().run.name, "mine");
}
