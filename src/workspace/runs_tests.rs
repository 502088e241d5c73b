use super::*;
use crate::test_support::{change, insert_run, new_run, problems, workspace};
use crate::{NewLogLine, Output, Purge, RunFilter, StepStatus, StepUpdate, Stream};
use serde_json::json;

fn update(status: StepStatus) -> StepUpdate {
    StepUpdate { status: Some(status), ..StepUpdate::default() }
}

#[test]
fn a_run_comes_back_with_all_that_was_given() {
    let (_dir, workspace) = workspace();
    let blob = workspace.put_bytes(b"plan").unwrap();
    let new = NewRun {
        experiment: "Churn".into(),
        user: Some("ada".into()),
        commit: Some("c".repeat(40)),
        branch: Some("main".into()),
        plan: Some(blob.digest.clone()),
        pipeline_title: Some("Diagnosis".into()),
        details: json!({"dirty": true}),
        params: vec![("depth".into(), "6".into())],
        tags: vec![("kind".into(), "trial".into())],
        inputs: vec![RunInput {
            step: "split".into(),
            port: "in".into(),
            dataset: "cancer".into(),
            version: 3,
            digest: blob.digest.clone(),
        }],
        ..new_run("brisk-heron")
    };
    let id = workspace.write(change(), |tx| tx.insert_run(&new)).unwrap();
    assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()));
    let detail = workspace.run(&id).unwrap();
    let run = &detail.run;
    assert_eq!((run.name.as_str(), run.experiment.as_str(), run.status), ("brisk-heron", "Churn", RunStatus::Waiting));
    assert_eq!((&run.user, &run.plan, &run.details), (&new.user, &new.plan, &new.details));
    assert_eq!((&run.commit, &run.branch, &run.pipeline_title), (&new.commit, &new.branch, &new.pipeline_title));
    assert_eq!((run.params["depth"].as_str(), run.tags["kind"].as_str()), ("6", "trial"));
    assert_eq!((run.progress, run.started_ms, run.duration_ms(0)), (Some(0.0), None, None));
    assert_eq!(detail.inputs, new.inputs);
    assert_eq!(detail.steps.iter().map(|step| step.title.as_str()).collect::<Vec<_>>(), ["SPLIT", "TRAIN"]);
    assert_eq!(workspace.runs_of_dataset("cancer", 3).unwrap(), [id.as_str()]);
    assert!(workspace.runs_of_dataset("cancer", 2).unwrap().is_empty());
    assert_eq!(workspace.find_run(&id[..8]).unwrap(), id);
    assert!(workspace.find_run("zz").is_err());
    let experiments = workspace.experiments().unwrap();
    assert_eq!(
        experiments.iter().map(|e| (e.name.as_str(), e.runs)).collect::<Vec<_>>(),
        [("Churn", 1), ("Default", 0)]
    );
    let again = NewRun { id: Some(id), ..new };
    assert!(matches!(workspace.write(change(), |tx| tx.insert_run(&again)), Err(Error::Exists(_))));
}

#[test]
fn a_run_goes_from_waiting_to_its_end() {
    let (_dir, workspace) = workspace();
    let id = insert_run(&workspace, "a");
    workspace.write(change(), |tx| tx.claim_run(&id, 77)).unwrap();
    assert!(workspace.write(change(), |tx| tx.claim_run(&id, 78)).is_err(), "two workers on one run");
    assert_eq!(workspace.heartbeat(&id, 77).unwrap(), Beat { cancel: false, lost: false });
    assert_eq!(workspace.heartbeat(&id, 78).unwrap(), Beat { cancel: false, lost: true });
    let model = workspace.put_bytes(b"model").unwrap();
    let output =
        Output { port: "model".into(), kind: "model".into(), digest: Some(model.digest), meta: json!({"trees": 3}) };
    workspace
        .batch("run.step", &id, |batch| {
            batch.update_step(&id, "split", &update(StepStatus::Reused))?;
            batch.update_step(
                &id,
                "train",
                &StepUpdate { progress: Some(0.5), message: Some("Tree 5".into()), ..update(StepStatus::Running) },
            )?;
            batch.set_step_outputs(&id, "train", std::slice::from_ref(&output))?;
            batch.log_lines(
                &id,
                &[NewLogLine {
                    step: Some("train".into()), timestamp_ms: 5, stream: Stream::Stderr, text: "ü".into()
                }],
            )
        })
        .unwrap();
    let detail = workspace.run(&id).unwrap();
    assert_eq!(detail.run.progress, Some(0.75));
    assert_eq!(detail.steps[1].outputs, [output]);
    assert_eq!((detail.steps[1].message.as_deref(), detail.steps[1].ended_ms), (Some("Tree 5"), None));
    workspace.write(change(), |tx| tx.request_cancel(&id)).unwrap();
    assert!(workspace.heartbeat(&id, 77).unwrap().cancel);
    assert!(workspace.cancel_requested(&id).unwrap());
    assert!(workspace.write(change(), |tx| tx.delete_run(&id)).is_err(), "it runs");
    workspace.write(change(), |tx| tx.finish_run(&id, RunStatus::Cancelled, None)).unwrap();
    let detail = workspace.run(&id).unwrap();
    assert_eq!((detail.run.status, detail.steps[1].status), (RunStatus::Cancelled, StepStatus::Cancelled));
    assert!(detail.run.ended_ms.is_some() && detail.run.started_ms.is_some() && detail.steps[1].ended_ms.is_some());
    assert!(workspace.heartbeat(&id, 77).unwrap().lost);
    assert!(workspace.write(change(), |tx| tx.request_cancel(&id)).is_err());
    assert!(workspace.write(change(), |tx| tx.claim_run(&id, 1)).is_err());

    workspace.write(change(), |tx| tx.requeue_run(&id)).unwrap();
    workspace.write(change(), |tx| tx.claim_run(&id, 79)).unwrap();
    let detail = workspace.run(&id).unwrap();
    assert_eq!(detail.steps.iter().map(|s| s.status).collect::<Vec<_>>(), [StepStatus::Reused, StepStatus::Waiting]);
    workspace.write(change(), |tx| tx.finish_run(&id, RunStatus::Failed, Some("It broke."))).unwrap();
    let detail = workspace.run(&id).unwrap();
    assert_eq!((detail.run.error.as_deref(), detail.steps[1].status), (Some("It broke."), StepStatus::Skipped));
    assert!(workspace.write(change(), |tx| tx.finish_run(&id, RunStatus::Running, None)).is_err());
}

#[test]
fn runs_whose_worker_is_silent_are_stale() {
    let (_dir, workspace) = workspace();
    let (waiting, running, ended) =
        (insert_run(&workspace, "w"), insert_run(&workspace, "r"), insert_run(&workspace, "e"));
    workspace
        .write(change(), |tx| {
            tx.claim_run(&running, 1)?;
            tx.claim_run(&ended, 1)?;
            tx.finish_run(&ended, RunStatus::Done, None)
        })
        .unwrap();
    assert!(workspace.stale_runs(60_000).unwrap().is_empty());
    let stale = workspace.stale_runs(0).unwrap();
    assert_eq!(stale.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), [waiting.as_str(), running.as_str()]);
}

#[test]
fn deleted_is_hidden_restored_is_back_purged_is_gone() {
    let (_dir, workspace) = workspace();
    let id = insert_run(&workspace, "a");
    let total = |deleted| workspace.runs(&RunFilter { deleted, ..RunFilter::default() }).unwrap().total;
    let purge = Purge::Runs(vec![id.clone()]);
    assert!(workspace.purge(&purge).is_err(), "not deleted before");
    workspace.write(change(), |tx| tx.delete_run(&id)).unwrap();
    assert_eq!((total(false), total(true)), (0, 1));
    workspace.write(change(), |tx| tx.restore_run(&id)).unwrap();
    assert_eq!((total(false), total(true)), (1, 0));
    workspace.write(change(), |tx| tx.rename_run(&id, " calm-owl ")).unwrap();
    assert_eq!(workspace.run(&id).unwrap().run.name, "calm-owl");
    workspace.write(change(), |tx| tx.delete_run(&id)).unwrap();
    assert_eq!(workspace.purge(&purge).unwrap().runs, 1);
    let error = workspace.run(&id).unwrap_err().to_string();
    assert_eq!(error, format!("There is no run “{id}” in this workspace."));
    assert!(problems(&workspace).is_empty());
}

#[test]
fn logs_are_read_on_from_where_one_was() {
    let (_dir, workspace) = workspace();
    let (id, other) = (insert_run(&workspace, "a"), insert_run(&workspace, "b"));
    let line = |step: Option<&str>, text: &str| NewLogLine {
        step: step.map(str::to_owned),
        timestamp_ms: 1,
        stream: Stream::Stdout,
        text: text.into(),
    };
    workspace.batch("log", &id, |batch| batch.log_lines(&id, &[line(Some("split"), "1"), line(None, "2")])).unwrap();
    workspace.batch("log", &other, |batch| batch.log_lines(&other, &[line(Some("split"), "x")])).unwrap();
    workspace
        .batch("log", &id, |batch| batch.log_lines(&id, &[line(Some("train"), "3"), line(Some("split"), "4")]))
        .unwrap();
    let texts = |lines: Vec<crate::LogLine>| lines.into_iter().map(|line| line.text).collect::<Vec<_>>();
    let all = workspace.logs(&id, None, 0, 100).unwrap();
    assert_eq!(all[1].step, None);
    assert_eq!(texts(workspace.logs(&id, None, all[1].seq, 100).unwrap()), ["3", "4"]);
    assert_eq!(texts(workspace.logs(&id, Some("split"), 0, 100).unwrap()), ["1", "4"]);
    assert_eq!(texts(workspace.log_tail(&id, None, 2).unwrap()), ["3", "4"]);
    assert_eq!(texts(workspace.log_tail(&id, Some("split"), 1).unwrap()), ["4"]);
    assert!(workspace.logs(&id, Some("nope"), 0, 1).is_err());
}

#[test]
fn a_cached_step_is_found_while_its_blobs_are() {
    let (_dir, workspace) = workspace();
    let blob = workspace.put_bytes(b"table").unwrap();
    let outputs = [
        Output { port: "metrics".into(), kind: "metrics".into(), digest: None, meta: json!({"auc": 0.9}) },
        Output { port: "table".into(), kind: "table".into(), digest: Some(blob.digest.clone()), meta: json!({}) },
    ];
    assert_eq!(workspace.cached_step("key").unwrap(), None);
    for _ in 0..2 {
        workspace.batch("cache", "key", |batch| batch.remember_step("key", None, Some("split"), &outputs)).unwrap();
    }
    assert_eq!(workspace.cached_step("key").unwrap().unwrap().outputs, outputs);
    std::fs::remove_file(workspace.blob_path(&blob.digest).unwrap()).unwrap();
    assert_eq!(workspace.cached_step("key").unwrap(), None);
    let unknown = Output { digest: Some("0".repeat(64)), ..outputs[1].clone() };
    assert!(
        workspace
            .batch("cache", "x", |batch| batch.remember_step("x", None, None, std::slice::from_ref(&unknown)))
            .is_err()
    );
}

#[test]
fn run_ids_do_not_repeat() {
    let ids: std::collections::HashSet<_> = (0..10_000).map(|_| new_run_id()).collect();
    assert_eq!(ids.len(), 10_000);
}
