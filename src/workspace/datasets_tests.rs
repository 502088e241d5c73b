use serde_json::json;

use super::*;
use crate::test_support::{change, insert_run, new_run, problems, workspace};
use crate::{NewModelVersion, NewRun, Purge, RunInput};

fn dataset(workspace: &Workspace, name: &str) -> NewDatasetVersion {
    let blob = workspace.put_bytes(name.as_bytes()).unwrap();
    NewDatasetVersion {
        dataset: name.into(),
        digest: blob.digest,
        rows: 569,
        columns: 31,
        bytes: blob.size,
        source: json!({"files": ["a.csv"]}),
        schema: json!([{"name": "a"}]),
        profile: json!({"a": {"mean": 1.5}}),
    }
}

fn add(workspace: &Workspace, new: &NewDatasetVersion) -> u32 {
    workspace.write(change(), |tx| tx.add_dataset_version(new)).unwrap()
}

#[test]
fn versions_count_up_and_are_never_given_twice() {
    let (_dir, workspace) = workspace();
    let new = dataset(&workspace, "breast cancer");
    assert_eq!((add(&workspace, &new), add(&workspace, &new)), (1, 2));
    let latest = workspace.dataset_version("breast cancer", None).unwrap();
    assert_eq!((latest.version, latest.rows, latest.columns, &latest.source), (2, 569, 31, &new.source));
    assert_eq!(workspace.dataset_schema("breast cancer", 1).unwrap(), new.schema);
    assert_eq!(workspace.dataset_profile("breast cancer", 1).unwrap(), new.profile);
    workspace.write(change(), |tx| tx.delete_dataset_version("breast cancer", 2)).unwrap();
    assert_eq!(workspace.dataset_version("breast cancer", None).unwrap().version, 1);
    assert!(workspace.dataset_version("breast cancer", Some(2)).unwrap().deleted_ms.is_some());
    let listed = &workspace.datasets().unwrap()[0];
    assert_eq!((listed.versions, listed.latest.as_ref().unwrap().version), (1, 1));
    let purged = workspace.purge(&Purge::DeletedBefore(crate::now_ms() + 1)).unwrap();
    assert_eq!(purged.dataset_versions, 1, "only what was deleted");
    assert_eq!(add(&workspace, &new), 3);
    workspace.write(change(), |tx| tx.delete_dataset_version("breast cancer", 3)).unwrap();
    workspace.write(change(), |tx| tx.restore_dataset_version("breast cancer", 3)).unwrap();
    let versions: Vec<_> = workspace.dataset_versions("breast cancer").unwrap().iter().map(|v| v.version).collect();
    assert_eq!(versions, [3, 1]);
    workspace.write(change(), |tx| tx.set_dataset_profile("breast cancer", 3, &json!(1))).unwrap();
    assert_eq!(workspace.dataset_profile("breast cancer", 3).unwrap(), json!(1));
}

#[test]
fn the_number_is_in_the_audit_trail() {
    let (_dir, workspace) = workspace();
    add(&workspace, &dataset(&workspace, "a"));
    assert_eq!(workspace.audit(None, None, 1).unwrap()[0].details["version"], 1);
}

#[test]
fn a_dataset_is_renamed_described_deleted_and_brought_back() {
    let (_dir, workspace) = workspace();
    let new = dataset(&workspace, "a");
    add(&workspace, &new);
    add(&workspace, &dataset(&workspace, "taken"));
    let input = RunInput { step: "s".into(), port: "p".into(), dataset: "a".into(), version: 1, digest: new.digest };
    let run = NewRun { inputs: vec![input], ..new_run("r") };
    let run = workspace.write(change(), |tx| tx.insert_run(&run)).unwrap();
    assert!(matches!(workspace.write(change(), |tx| tx.rename_dataset("a", "taken")), Err(Error::Exists(_))));
    workspace.write(change(), |tx| tx.rename_dataset("a", "b")).unwrap();
    workspace.write(change(), |tx| tx.describe_dataset("b", "Ours")).unwrap();
    assert_eq!(workspace.run(&run).unwrap().inputs[0].dataset, "b");
    assert!(matches!(workspace.dataset_version("a", None), Err(Error::NotFound(_))));
    workspace.write(change(), |tx| tx.delete_dataset("b")).unwrap();
    let listed = &workspace.datasets().unwrap()[0];
    assert!(listed.deleted_ms.is_some() && listed.description == "Ours");
    assert!(workspace.dataset_version("b", Some(1)).unwrap().deleted_ms.is_some());
    workspace.write(change(), |tx| tx.restore_dataset("b")).unwrap();
    assert!(workspace.dataset_version("b", Some(1)).unwrap().deleted_ms.is_none());
}

#[test]
fn names_and_digests_are_checked() {
    let (_dir, workspace) = workspace();
    for name in ["", " a", "a@1", "a/b", "a:b", "a\nb", &"x".repeat(201)] {
        let new = NewDatasetVersion { dataset: name.into(), ..dataset(&workspace, "ok") };
        let error = workspace.write(change(), |tx| tx.add_dataset_version(&new)).unwrap_err();
        assert!(matches!(error, Error::Invalid(_)), "{name:?}: {error}");
    }
    let unknown = NewDatasetVersion { digest: "0".repeat(64), ..dataset(&workspace, "ok") };
    assert!(workspace.write(change(), |tx| tx.add_dataset_version(&unknown)).is_err());
    assert!(workspace.datasets().unwrap().is_empty());
    add(&workspace, &dataset(&workspace, "données 数据 100%"));
    assert!(problems(&workspace).is_empty());
}

#[test]
fn a_model_version_knows_where_it_came_from() {
    let (_dir, workspace) = workspace();
    let run = insert_run(&workspace, "brisk-heron");
    let blob = workspace.put_bytes(b"a model").unwrap();
    let new = NewModelVersion {
        model: "diagnosis".into(),
        digest: blob.digest,
        run: Some(run.clone()),
        step: Some("train".into()),
        port: Some("model".into()),
        metrics: [("auc".to_owned(), 0.99)].into_iter().collect(),
        tags: [("stage".to_owned(), "trial".to_owned())].into_iter().collect(),
        datasets: vec![("cancer".into(), 2)],
        details: json!({"algorithm": "Gradient boosting"}),
        ..NewModelVersion::default()
    };
    let version = workspace.write(change(), |tx| tx.add_model_version(&new)).unwrap();
    let model = workspace.model_version("diagnosis", Some(version)).unwrap();
    assert_eq!((model.bytes, model.run_name.as_deref(), model.run.as_ref()), (7, Some("brisk-heron"), Some(&run)));
    assert_eq!(
        (&model.metrics, &model.tags, &model.datasets, &model.details),
        (&new.metrics, &new.tags, &new.datasets, &new.details)
    );
    assert_eq!(workspace.model_versions_of_run(&run).unwrap(), [model]);
    workspace
        .write(change(), |tx| {
            tx.describe_model("diagnosis", "Ours")?;
            tx.describe_model_version("diagnosis", 1, "First")?;
            tx.set_model_version_tags("diagnosis", 1, &Default::default())?;
            tx.rename_model("diagnosis", "diagnosis-2")?;
            tx.delete_model_version("diagnosis-2", 1)
        })
        .unwrap();
    assert!(matches!(workspace.model_version("diagnosis-2", None), Err(Error::NotFound(_))));
    assert!(workspace.model_versions_of_run(&run).unwrap().is_empty());
    workspace.write(change(), |tx| tx.restore_model_version("diagnosis-2", 1)).unwrap();
    let listed = &workspace.models().unwrap()[0];
    assert_eq!((listed.description.as_str(), listed.versions), ("Ours", 1));
    assert_eq!(listed.latest.as_ref().unwrap().description, "First");
    workspace.write(change(), |tx| tx.delete_run(&run)).unwrap();
    workspace.purge(&Purge::Runs(vec![run])).unwrap();
    assert_eq!(workspace.model_version("diagnosis-2", Some(1)).unwrap().run, None);
    let nan = NewModelVersion { metrics: [("auc".to_owned(), f64::NAN)].into_iter().collect(), ..new };
    assert!(matches!(workspace.write(change(), |tx| tx.add_model_version(&nan)), Err(Error::Invalid(_))));
    assert!(problems(&workspace).is_empty());
}
