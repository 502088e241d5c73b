use std::time::Duration;

use super::*;
use crate::test_support::{change, insert_run, problems, workspace};
use crate::tracking::{LogBatch, NewLoggedModel, NewRegisteredVersion, NewTrackedRun};
use crate::{MetricPoint, NewModelVersion, now_ms};

/// Stores bytes at a path as an upload does, and settles the claim on them.
fn put(workspace: &Workspace, path: &str, bytes: &[u8]) -> String {
    let blob = workspace.put_bytes(bytes).unwrap();
    workspace
        .write(change(), |tx| {
            tx.put_artifact(path, &blob)?;
            tx.settle_blob(&blob.digest)
        })
        .unwrap();
    blob.digest
}

fn logged_run(workspace: &Workspace, experiment: i64) -> String {
    let new = NewTrackedRun { experiment, name: "heron".into(), ..NewTrackedRun::default() };
    workspace.write(change(), |tx| tx.create_tracked_run(&new)).unwrap()
}

fn stored(workspace: &Workspace, digest: &str) -> bool {
    workspace.blob(digest).unwrap().is_some() && workspace.blob_path(digest).unwrap().is_file()
}

#[test]
fn what_is_written_over_goes_at_once_and_what_others_use_stays() {
    let (_dir, workspace) = workspace();
    let run = logged_run(&workspace, 0);
    let path = format!("0/{run}/artifacts/last.ckpt");
    let digests: Vec<String> = (0..20).map(|n| put(&workspace, &path, &[n; 100])).collect();
    let other = put(&workspace, &format!("0/{run}/artifacts/best.ckpt"), &[3; 100]);
    assert_eq!(other, digests[3]);
    let swept = workspace.sweep().unwrap();
    assert_eq!((swept.blobs, swept.bytes), (18, 1800));
    let left: Vec<usize> = (0..20).filter(|n| stored(&workspace, &digests[*n])).collect();
    assert_eq!(left, [3, 19], "the one that another path names, and the last");
    workspace.write(change(), |tx| tx.delete_artifacts(&format!("0/{run}"))).unwrap();
    assert_eq!(workspace.sweep().unwrap().blobs, 2, "a deleted artifact frees its bytes");
    assert_eq!(workspace.sweep().unwrap(), crate::Collected::default());
    assert_eq!(problems(&workspace), []);
}

#[test]
fn what_somebody_is_about_to_use_stays_until_it_is_clear_that_nobody_does() {
    let (_dir, workspace) = workspace();
    let digest = put(&workspace, "0/r/artifacts/a", b"same");
    // Another process stores the same bytes and has yet to say what for.
    workspace.put_bytes(b"same").unwrap();
    workspace.write(change(), |tx| tx.delete_artifacts("0/r")).unwrap();
    assert_eq!(workspace.sweep().unwrap().blobs, 0);
    let collected = workspace.gc(Workspace::GRACE).unwrap();
    assert_eq!((collected.blobs, collected.left_blobs, collected.left_bytes), (0, 1, 4));
    assert!(stored(&workspace, &digest));
    workspace
        .write(change(), |tx| tx.put_artifact("0/r/artifacts/b", &workspace.blob(&digest).unwrap().unwrap()))
        .unwrap();
    workspace.write(change(), |tx| tx.delete_artifacts("0/r")).unwrap();
    workspace.db.write(|conn| Ok(conn.execute("UPDATE blobs SET created_at = 0", [])?)).unwrap();
    assert_eq!(workspace.sweep().unwrap().blobs, 1, "whoever stored it an hour ago was killed");
}

#[test]
fn parts_that_are_given_up_go_at_once() {
    let (_dir, workspace) = workspace();
    let digests: Vec<String> = (0..3).map(|n| workspace.put_bytes(&[n; 10]).unwrap().digest).collect();
    workspace.abandon_blobs(&digests).unwrap();
    assert_eq!(workspace.sweep().unwrap().blobs, 3);
}

#[test]
fn a_purged_run_leaves_nothing_and_says_so_before() {
    let (_dir, workspace) = workspace();
    let run = logged_run(&workspace, 0);
    put(&workspace, &format!("0/{run}/artifacts/a.bin"), &[1; 1000]);
    let kept = logged_run(&workspace, 0);
    put(&workspace, &format!("0/{kept}/artifacts/b.bin"), &[2; 1000]);
    let model = NewLoggedModel { name: "forest".into(), source_run: Some(run.clone()), ..NewLoggedModel::default() };
    let model = workspace.write(change(), |tx| tx.create_logged_model(&model)).unwrap();
    put(&workspace, &format!("0/models/{model}/artifacts/MLmodel"), &[3; 500]);
    let point = MetricPoint { key: "m".into(), value: 1.0, timestamp_ms: 1, step: 0 };
    let batch = LogBatch { metrics: vec![point], ..LogBatch::default() };
    workspace.write(change(), |tx| tx.log_batch(&run, &batch)).unwrap();

    let purge = Purge::Runs(vec![run.clone()]);
    assert!(workspace.preview_purge(&purge).is_err(), "it was not deleted before");
    workspace.write(change(), |tx| tx.delete_tracked_run(&run)).unwrap();
    let told = workspace.preview_purge(&purge).unwrap();
    assert_eq!((told.runs, told.logged_models, told.files, told.bytes), (1, 1, 2, 1500));
    assert!(workspace.tracked_run(&run).is_ok(), "saying it does nothing");
    assert_eq!(workspace.purge(&purge).unwrap(), told);
    assert!(workspace.tracked_run(&run).is_err() && workspace.logged_model(&model, true).is_err());
    assert_eq!(workspace.artifacts_in("0").unwrap().len(), 1);
    let points: i64 =
        workspace.db.read(|conn| Ok(conn.query_row("SELECT count(*) FROM metrics", [], |row| row.get(0))?)).unwrap();
    assert_eq!(points, 0);
    assert_eq!(workspace.gc(Duration::ZERO).unwrap().blobs, 0);
    assert_eq!(problems(&workspace), []);
}

#[test]
fn what_is_registered_keeps_what_it_lies_in() {
    let (_dir, workspace) = workspace();
    let run = logged_run(&workspace, 0);
    put(&workspace, &format!("0/{run}/artifacts/model/MLmodel"), b"x");
    workspace
        .write(change(), |tx| {
            tx.create_registered_model("churn", "", &[])?;
            tx.create_registered_version(&NewRegisteredVersion {
                model: "churn".into(),
                source: format!("runs:/{run}/model"),
                ..NewRegisteredVersion::default()
            })?;
            tx.delete_tracked_run(&run)
        })
        .unwrap();
    let purged = workspace.purge(&Purge::DeletedBefore(now_ms() + 1)).unwrap();
    assert_eq!(purged.runs, 0);
    assert_eq!(purged.kept.len(), 1);
    assert_eq!(purged.kept[0].why, "churn@1 lies among its files");
    assert!(workspace.artifact(&format!("0/{run}/artifacts/model/MLmodel")).is_ok());
    workspace.write(change(), |tx| tx.delete_registered_model("churn")).unwrap();
    let purged = workspace.purge(&Purge::DeletedBefore(now_ms() + 1)).unwrap();
    assert_eq!((purged.models, purged.model_versions, purged.runs, purged.kept.len()), (1, 1, 1, 0));
}

#[test]
fn a_model_of_ours_outlives_its_run() {
    let (_dir, workspace) = workspace();
    let run = insert_run(&workspace, "heron");
    let digest = workspace.put_bytes(b"model").unwrap().digest;
    let new = NewModelVersion { model: "m".into(), digest, run: Some(run.clone()), ..NewModelVersion::default() };
    workspace.write(change(), |tx| tx.add_model_version(&new)).unwrap();
    workspace.write(change(), |tx| tx.delete_run(&run)).unwrap();
    let purged = workspace.purge(&Purge::Runs(vec![run])).unwrap();
    assert_eq!((purged.runs, purged.kept[0].why.as_str()), (1, "m@1 is registered from it"));
    let version = workspace.registered_version("m", 1).unwrap();
    let source = version.source.strip_prefix("models:/").unwrap().to_owned();
    let location = workspace.logged_model(&source, false).unwrap().artifact_location;
    assert_eq!(version.storage_location.as_deref(), Some(location.as_str()));
    let folder = location.strip_prefix(HERE).unwrap();
    assert_eq!(workspace.artifact(&format!("{folder}/model.atelier")).unwrap().blob.size, 5);
    assert_eq!(problems(&workspace), []);
}

#[test]
fn a_purged_experiment_gives_its_name_back() {
    let (_dir, workspace) = workspace();
    let create = || workspace.write(change(), |tx| tx.create_tracked_experiment("gone", None, &[]));
    let id = create().unwrap();
    let run = logged_run(&workspace, id);
    put(&workspace, &format!("{id}/{run}/artifacts/a"), b"x");
    assert!(workspace.purge(&Purge::Experiment(id)).is_err(), "not deleted before");
    workspace.write(change(), |tx| tx.delete_tracked_experiment(id)).unwrap();
    assert!(create().is_err(), "its name is taken as long as it can come back");
    let purged = workspace.purge(&Purge::DeletedBefore(now_ms() + 1)).unwrap();
    assert_eq!((purged.experiments, purged.runs, purged.files, purged.bytes), (1, 1, 1, 1));
    let again = create().unwrap();
    let runs = [logged_run(&workspace, again), logged_run(&workspace, again)];
    workspace.write(change(), |tx| tx.delete_tracked_experiment(again)).unwrap();
    assert_eq!(workspace.purge(&Purge::Runs(vec![runs[0].clone()])).unwrap().experiments, 0, "a run of it stays");
    assert_eq!(workspace.purge(&Purge::Runs(vec![runs[1].clone()])).unwrap().experiments, 1, "with its last run");
    create().unwrap();
    workspace.write(change(), |tx| tx.delete_tracked_experiment(0)).unwrap();
    let purged = workspace.purge(&Purge::DeletedBefore(now_ms() + 1)).unwrap();
    assert_eq!((purged.experiments, purged.kept.len()), (0, 1), "there is always a Default");
}

#[test]
fn files_elsewhere_are_named_and_not_touched() {
    let (dir, workspace) = workspace();
    let place = dir.path().join("mine");
    let location = format!("file://{}", place.display());
    let id = workspace.write(change(), |tx| tx.create_tracked_experiment("mine", Some(&location), &[])).unwrap();
    let run = logged_run(&workspace, id);
    let file = place.join(&run).join("artifacts/a.txt");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "x").unwrap();
    workspace.write(change(), |tx| tx.delete_tracked_run(&run)).unwrap();
    let purged = workspace.purge(&Purge::Runs(vec![run.clone()])).unwrap();
    assert_eq!(purged.elsewhere, [format!("{location}/{run}/artifacts")]);
    assert!(file.is_file());
}
