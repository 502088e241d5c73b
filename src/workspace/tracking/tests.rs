//! The store behind the protocol, each rule as MLflow's SQL store has it.

use proptest::prelude::*;

use super::*;
use crate::test_support::{change, problems, workspace};
use crate::{MetricPoint, NewRun, RunFilter, RunInput, RunStatus, Workspace};

fn new(workspace: &Workspace, name: &str, start_ms: i64) -> String {
    let run = NewTrackedRun { name: name.into(), user: "ada".into(), start_ms, ..NewTrackedRun::default() };
    workspace.write_grouped(change(), move |tx| tx.create_tracked_run(&run)).unwrap()
}

fn point(key: &str, step: i64, value: f64) -> MetricPoint {
    MetricPoint { key: key.into(), value, timestamp_ms: 10 * step, step }
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.into(), value.into())
}

fn log(workspace: &Workspace, run: &str, batch: LogBatch) -> crate::Result<()> {
    let id = run.to_owned();
    workspace.batch_grouped("run.logged", run, move |tx| tx.log_batch(&id, &batch))
}

fn metric(workspace: &Workspace, run: &str, key: &str, value: f64) {
    log(workspace, run, LogBatch { metrics: vec![point(key, 0, value)], ..LogBatch::default() }).unwrap();
}

fn found(workspace: &Workspace, search: RunSearch) -> Vec<String> {
    let search = RunSearch { experiments: vec![0], limit: 1000.max(search.limit), ..search };
    workspace.search_runs(&search).unwrap().items.into_iter().map(|run| run.name).collect()
}

fn when(field: RunField, operator: Operator, value: Value) -> Vec<Condition<RunField>> {
    vec![Condition { field, operator, value }]
}

fn by(field: RunField, ascending: bool) -> Vec<Order<RunField>> {
    vec![Order { field, ascending }]
}

#[test]
fn a_logged_run_comes_back_as_it_was_logged_and_is_one_of_ours() {
    let (_dir, workspace) = workspace();
    let id = new(&workspace, "brisk-heron", 1_000);
    let batch = LogBatch {
        metrics: vec![point("loss", 2, 0.5), point("loss", 1, 0.9), point("nan", 0, f64::NAN)],
        params: vec![pair("depth", "6"), pair("empty", "")],
        tags: vec![pair("team", "red"), pair("team", "blue"), pair(RUN_NAME_TAG, "calm-otter")],
        ..LogBatch::default()
    };
    log(&workspace, &id, batch).unwrap();
    let run = workspace.tracked_run(&id).unwrap();
    assert_eq!((run.name.as_str(), run.user.as_str(), run.status), ("calm-otter", "ada", RunStatus::Running));
    assert_eq!(run.artifact_uri, format!("mlflow-artifacts:/0/{id}/artifacts"));
    assert_eq!(run.metrics[0], point("loss", 2, 0.5));
    assert!(run.metrics[1].value.is_nan());
    assert_eq!(run.params, [pair("depth", "6"), pair("empty", "")]);
    assert_eq!(run.tags, [pair(RUN_NAME_TAG, "calm-otter"), pair("team", "blue")]);
    let update = RunUpdate { status: Some(RunStatus::Done), end_ms: Some(2_000), name: None };
    workspace.write(change(), |tx| tx.update_tracked_run(&id, &update)).unwrap();
    let ours = &workspace.runs(&RunFilter { text: "calm".into(), ..RunFilter::default() }).unwrap().runs[0];
    assert_eq!((ours.status, ours.started_ms, ours.ended_ms), (RunStatus::Done, Some(1_000), Some(2_000)));
    assert_eq!(ours.metrics["loss"], 0.5);
    assert!(problems(&workspace).is_empty());
}

#[test]
fn a_run_that_a_client_logs_is_never_stale_and_may_be_deleted_while_it_runs() {
    let (_dir, workspace) = workspace();
    let id = new(&workspace, "a", 0);
    assert!(workspace.stale_runs(-1_000).unwrap().is_empty());
    workspace.write(change(), |tx| tx.delete_run(&id)).unwrap();
    let error = log(&workspace, &id, LogBatch { params: vec![pair("a", "b")], ..LogBatch::default() }).unwrap_err();
    let expected = format!("The run {id} must be in the 'active' state. Current state is deleted.");
    assert_eq!(error.to_string(), expected);
    assert!(found(&workspace, RunSearch::default()).is_empty());
    assert_eq!(found(&workspace, RunSearch { view: View::Deleted, ..RunSearch::default() }), ["a"]);
    workspace.write(change(), |tx| tx.restore_tracked_run(&id)).unwrap();
    assert_eq!(found(&workspace, RunSearch::default()), ["a"]);
}

#[test]
fn a_run_of_a_pipeline_shows_itself_but_only_its_worker_ends_it() {
    let (_dir, workspace) = workspace();
    let input = RunInput {
        step: "train".into(),
        port: "in".into(),
        dataset: "churn".into(),
        version: 2,
        digest: "ab".repeat(32),
    };
    let new = NewRun {
        user: Some("ada".into()),
        commit: Some("c0ffee".into()),
        inputs: vec![input],
        ..crate::test_support::new_run("pipe")
    };
    let id = workspace.write(change(), |tx| tx.insert_run(&new)).unwrap();
    workspace.write(change(), |tx| tx.claim_run(&id, 7)).unwrap();
    let update = RunUpdate { status: Some(RunStatus::Done), end_ms: Some(9), name: Some("pipe 2".into()) };
    let after = workspace.write(change(), |tx| tx.update_tracked_run(&id, &update)).unwrap();
    assert_eq!((after.status, after.end_ms, after.name.as_str()), (RunStatus::Running, None, "pipe 2"));
    let run = workspace.tracked_run(&id).unwrap();
    assert!(run.tags.contains(&pair("mlflow.source.git.commit", "c0ffee")));
    assert!(run.tags.contains(&pair("mlflow.source.name", "pipelines/a.yaml")));
    assert_eq!(run.datasets[0].dataset.digest, "ab".repeat(16));
    assert_eq!(run.datasets[0].tags, [pair(DATASET_CONTEXT_TAG, "train")]);
    let conditions = when(RunField::DatasetName, Operator::Equal, Value::Text("churn".into()));
    assert_eq!(found(&workspace, RunSearch { conditions, ..RunSearch::default() }), ["pipe 2"]);
    assert_eq!(workspace.search_datasets(&[0]).unwrap().len(), 1);
}

#[test]
fn a_parameter_keeps_its_value_and_a_batch_is_whole() {
    let (_dir, workspace) = workspace();
    let id = new(&workspace, "a", 0);
    let params = |pairs: &[(&str, &str)]| LogBatch {
        params: pairs.iter().map(|(key, value)| pair(key, value)).collect(),
        metrics: vec![point("m", 1, 1.0)],
        ..LogBatch::default()
    };
    log(&workspace, &id, params(&[("a", "1"), ("b", "it's")])).unwrap();
    log(&workspace, &id, params(&[("a", "1")])).unwrap();
    let mut batch = params(&[("c", "3"), ("a", "2"), ("b", "x")]);
    batch.metrics = vec![point("m", 2, 1.0)];
    let error = log(&workspace, &id, batch).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "Changing param values is not allowed. Params were already logged='[{{'key': 'a', 'old_value': '1', \
             'new_value': '2'}}, {{'key': 'b', 'old_value': \"it's\", 'new_value': 'x'}}]' for run ID='{id}'."
        )
    );
    let run = workspace.tracked_run(&id).unwrap();
    assert_eq!((run.params.len(), run.metrics[0].step), (2, 1), "nothing of the refused batch is there");
    let own = id.clone();
    let one = workspace.batch_grouped("p", &id, move |tx| tx.log_param(&own, "a", "9")).unwrap_err().to_string();
    assert_eq!(
        one,
        format!(
            "Changing param values is not allowed. Param with key='a' was already logged with value='1' for run \
             ID='{id}'. Attempted logging new value '9'."
        )
    );
}

#[test]
fn missing_things_are_told_in_the_protocols_words() {
    let (_dir, workspace) = workspace();
    assert_eq!(workspace.tracked_run("x").unwrap_err().to_string(), "Run with id=x not found");
    assert_eq!(workspace.tracked_experiment(9).unwrap_err().to_string(), "No Experiment with id=9 exists");
    let id = new(&workspace, "a", 0);
    let error = workspace.write(change(), |tx| tx.delete_tag(&id, "nope")).unwrap_err();
    assert_eq!(error.to_string(), format!("No tag with name: nope in run with id {id}"));
    assert_eq!(workspace.logged_model("m-1", true).unwrap_err().to_string(), "Logged model with ID 'm-1' not found.");
    assert_eq!(workspace.registered_model("x").unwrap_err().to_string(), "Registered Model with name=x not found");
}

#[test]
fn experiments_are_made_renamed_tagged_deleted_with_their_runs_and_restored() {
    let (_dir, workspace) = workspace();
    let tags = [pair("a", "1")];
    let id = workspace
        .write(change(), |tx| tx.create_tracked_experiment("Churn", Some("s3://bucket/x?sig=1"), &tags))
        .unwrap();
    let taken = workspace.write(change(), |tx| tx.create_tracked_experiment("Churn", None, &[])).unwrap_err();
    assert_eq!(taken.to_string(), "Experiment(name=Churn) already exists.");
    let run = NewTrackedRun { experiment: id, name: "r".into(), ..NewTrackedRun::default() };
    let run = workspace.write(change(), |tx| tx.create_tracked_run(&run)).unwrap();
    assert_eq!(workspace.tracked_run(&run).unwrap().artifact_uri, format!("s3://bucket/x/{run}/artifacts?sig=1"));
    workspace.write(change(), |tx| tx.set_experiment_tag(id, "b", "2")).unwrap();
    workspace.write(change(), |tx| tx.delete_experiment_tag(id, "a")).unwrap();
    assert!(workspace.write(change(), |tx| tx.delete_experiment_tag(id, "a")).is_err());
    workspace.write(change(), |tx| tx.delete_tracked_experiment(id)).unwrap();
    assert!(workspace.tracked_run(&run).unwrap().deleted);
    assert!(workspace.write(change(), |tx| tx.delete_tracked_experiment(id)).is_err());
    let rename = workspace.write(change(), |tx| tx.rename_tracked_experiment(id, "New")).unwrap_err();
    assert!(matches!(rename, crate::Error::State(_)));
    assert!(workspace.write(change(), |tx| tx.set_experiment_tag(id, "b", "2")).is_err());
    workspace.write(change(), |tx| tx.restore_tracked_experiment(id)).unwrap();
    assert!(!workspace.tracked_run(&run).unwrap().deleted);
    workspace.write(change(), |tx| tx.rename_tracked_experiment(id, "New")).unwrap();
    let found = workspace.tracked_experiment_by_name("New").unwrap().unwrap();
    assert_eq!(found.tags, [pair("b", "2")]);
    let search = |conditions| ExperimentSearch { conditions, limit: 10, ..ExperimentSearch::default() };
    let named = |field, operator, text: &str| {
        let condition = Condition { field, operator, value: Value::Text(text.into()) };
        let page = workspace.search_experiments(&search(vec![condition])).unwrap();
        page.items.into_iter().map(|experiment| experiment.name).collect::<Vec<_>>()
    };
    assert_eq!(named(ExperimentField::Name, Operator::ILike, "n%"), ["New"]);
    assert_eq!(named(ExperimentField::Tag("b".into()), Operator::Equal, "2"), ["New"]);
    assert_eq!(workspace.search_experiments(&search(vec![])).unwrap().items[0].name, "New", "newest first");
}

#[test]
fn a_search_meets_conditions_as_mlflow_does() {
    let (_dir, workspace) = workspace();
    let ids: Vec<_> = (0..4).map(|n| new(&workspace, &format!("Run {n}"), n)).collect();
    for (id, value) in ids.iter().zip([1.0, f64::NAN, 3.0]) {
        metric(&workspace, id, "loss/a b", value);
    }
    let params = LogBatch { params: vec![pair("opt", "Adam")], tags: vec![pair("t", "x")], ..LogBatch::default() };
    log(&workspace, &ids[2], params).unwrap();
    let metric = || RunField::Metric("loss/a b".into());
    let search = |conditions| found(&workspace, RunSearch { conditions, ..RunSearch::default() });
    assert_eq!(search(when(metric(), Operator::Greater, Value::Number(-9.0))), ["Run 2", "Run 0"], "NaN is no number");
    assert_eq!(search(when(metric(), Operator::NotEqual, Value::Number(1.0))), ["Run 2", "Run 1"]);
    let param = || RunField::Param("opt".into());
    assert_eq!(search(when(param(), Operator::Like, Value::Text("A%m".into()))), ["Run 2"]);
    assert!(search(when(param(), Operator::Like, Value::Text("a%".into()))).is_empty(), "LIKE minds the case");
    assert_eq!(search(when(param(), Operator::ILike, Value::Text("a%".into()))), ["Run 2"]);
    assert!(search(when(param(), Operator::NotEqual, Value::Text("Adam".into()))).is_empty(), "it must be there");
    assert_eq!(search(when(param(), Operator::IsNull, Value::Nothing)), ["Run 3", "Run 1", "Run 0"]);
    assert_eq!(search(when(RunField::Tag("t".into()), Operator::IsNotNull, Value::Nothing)), ["Run 2"]);
    let name = RunField::Tag(RUN_NAME_TAG.into());
    assert_eq!(search(when(name, Operator::Equal, Value::Text("Run 1".into()))), ["Run 1"]);
    assert_eq!(search(when(RunField::Status, Operator::Equal, Value::Text("RUNNING".into()))).len(), 4);
    let some = Value::List(vec![ids[3].clone(), ids[0].clone()]);
    assert_eq!(search(when(RunField::Id, Operator::In, some.clone())), ["Run 3", "Run 0"]);
    assert_eq!(search(when(RunField::Id, Operator::NotIn, some)), ["Run 2", "Run 1"]);
    assert_eq!(search(when(RunField::Start, Operator::LessEqual, Value::Integer(1))), ["Run 1", "Run 0"]);
    assert!(search(when(RunField::End, Operator::Greater, Value::Integer(0))).is_empty(), "none has ended");
    assert!(search(when(RunField::Metric("other".into()), Operator::NotEqual, Value::Number(0.0))).is_empty());
    let uri = Value::Text(format!("%{}%", ids[1]));
    assert_eq!(search(when(RunField::ArtifactUri, Operator::Like, uri)), ["Run 1"]);
}

/// Among many runs SQLite decides plain comparisons, among few they are decided here: the same runs either way.
#[test]
fn many_runs_meet_a_condition_as_few_do() {
    use Operator::*;
    const RUNS: usize = 1200;
    let (_dir, workspace) = workspace();
    let values = [1.0, f64::NAN, -2.5, f64::INFINITY, 0.0, f64::NEG_INFINITY];
    workspace
        .write(change(), |tx| {
            for n in 0..RUNS {
                let name = n.to_string();
                let run =
                    tx.create_tracked_run(&NewTrackedRun { name, start_ms: n as i64, ..NewTrackedRun::default() })?;
                let metrics = if n % 7 == 6 { Vec::new() } else { vec![point("m", 0, values[n % 6])] };
                let text = ["a", "b", "A", ""][n % 4].to_owned();
                let (params, tags) = (vec![("p".to_owned(), text.clone())], vec![("t".to_owned(), text)]);
                tx.log_batch(&run, &LogBatch { metrics, params, tags, ..LogBatch::default() })?;
            }
            Ok(())
        })
        .unwrap();
    let number = |operator, value: f64| when(RunField::Metric("m".into()), operator, Value::Number(value));
    let text = |field, value: &str| when(field, Equal, Value::Text(value.into()));
    let (param, tag) = (RunField::Param("p".into()), RunField::Tag("t".into()));
    let mut all = vec![text(param.clone(), "a"), text(param, ""), text(tag, "A")];
    for operator in [Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual] {
        all.extend([0.0, 1.0, f64::INFINITY, -7.0].map(|value| number(operator, value)));
        all.push(when(RunField::Metric("m".into()), operator, Value::Integer(1)));
    }
    for conditions in all {
        let many = found(&workspace, RunSearch { conditions: conditions.clone(), limit: RUNS, ..RunSearch::default() });
        // Asked beside a run's name there are few left when the condition is looked at.
        let few = (0..40).filter(|n| {
            let mut both = when(RunField::Name, Equal, Value::Text(n.to_string()));
            both.extend(conditions.clone());
            !found(&workspace, RunSearch { conditions: both, ..RunSearch::default() }).is_empty()
        });
        let few: Vec<usize> = few.collect();
        let mut many: Vec<usize> = many.iter().map(|name| name.parse().unwrap()).filter(|n| *n < 40).collect();
        many.sort_unstable();
        assert_eq!(many, few, "{conditions:?}");
    }
}

#[test]
fn a_search_orders_with_nan_after_numbers_and_nothing_last() {
    let (_dir, workspace) = workspace();
    let ids: Vec<_> = (0..5).map(|n| new(&workspace, &n.to_string(), n)).collect();
    for (id, value) in ids.iter().zip([2.0, f64::NAN, f64::NEG_INFINITY, 7.0]) {
        metric(&workspace, id, "m", value);
    }
    let order = |order| found(&workspace, RunSearch { order, ..RunSearch::default() });
    assert_eq!(order(by(RunField::Metric("m".into()), true)), ["2", "0", "3", "1", "4"]);
    assert_eq!(order(by(RunField::Metric("m".into()), false)), ["3", "0", "2", "1", "4"]);
    assert_eq!(order(by(RunField::Start, true)), ["0", "1", "2", "3", "4"]);
    assert_eq!(order(by(RunField::Start, false)), order(vec![]));
    assert_eq!(order(by(RunField::Name, false)), ["4", "3", "2", "1", "0"]);
    assert_eq!(order(by(RunField::Param("none".into()), true)), order(vec![]));
    let page = |offset| {
        let search = RunSearch {
            experiments: vec![0],
            order: by(RunField::Metric("m".into()), true),
            offset,
            limit: 2,
            ..RunSearch::default()
        };
        let page = workspace.search_runs(&search).unwrap();
        (page.items.into_iter().map(|run| run.name).collect::<String>(), page.more)
    };
    assert_eq!([page(0), page(2), page(4)], [("20".into(), true), ("31".into(), true), ("4".into(), false)]);
}

#[test]
fn histories_are_paged_gathered_and_sampled() {
    let (_dir, workspace) = workspace();
    let (a, b) = (new(&workspace, "a", 0), new(&workspace, "b", 1));
    for id in [&a, &b] {
        let metrics = (0..10).map(|step| point("m", step, step as f64)).collect();
        log(&workspace, id, LogBatch { metrics, ..LogBatch::default() }).unwrap();
    }
    let page = workspace.metric_page(&a, "m", 8, Some(2)).unwrap();
    assert_eq!((page.items.len(), page.more), (2, false));
    assert!(workspace.metric_page(&a, "m", 7, Some(2)).unwrap().more);
    assert_eq!(workspace.metric_page(&a, "m", 0, None).unwrap().items.len(), 10);
    let both = workspace.metric_histories_of(&[b.clone(), a.clone(), "none".into()], "m", 12).unwrap();
    assert_eq!(both.len(), 12);
    assert!(both.windows(2).all(|pair| pair[0].run <= pair[1].run));
    let steps = |limit, range| {
        let points = workspace.sampled_histories(std::slice::from_ref(&a), "m", limit, range).unwrap();
        points.iter().map(|p| p.point.step).collect::<Vec<_>>()
    };
    assert_eq!(steps(4, None), [0, 3, 6, 9]);
    assert_eq!(steps(10, Some((2, 5))), [2, 3, 4, 5]);
    assert!(workspace.sampled_histories(&["none".into()], "m", 4, None).unwrap().is_empty(), "as of a bulk");
}

#[test]
fn inputs_outputs_and_logged_models_hang_together() {
    let (_dir, workspace) = workspace();
    let run = new(&workspace, "a", 0);
    let model = NewLoggedModel {
        name: "clf".into(),
        source_run: Some(run.clone()),
        params: vec![pair("depth", "6")],
        ..NewLoggedModel::default()
    };
    let id = workspace.write(change(), |tx| tx.create_logged_model(&model)).unwrap();
    let dataset = LoggedDataset { name: "d".into(), digest: "x1".into(), source: "{}".into(), ..Default::default() };
    let input = DatasetInput { dataset, tags: vec![pair(DATASET_CONTEXT_TAG, "eval")] };
    let again = DatasetInput { tags: vec![], ..input.clone() };
    workspace
        .batch("i", &run, |tx| {
            tx.log_inputs(&run, &[input.clone(), again], &[ModelInput { model_id: id.clone() }])?;
            tx.log_outputs(&run, &[ModelOutput { model_id: id.clone(), step: 3 }])
        })
        .unwrap();
    let metric = ModelMetric {
        model_id: id.clone(),
        point: point("auc", 1, 0.9),
        dataset_name: Some("d".into()),
        dataset_digest: Some("x1".into()),
    };
    let batch = LogBatch { model_metrics: vec![metric.clone(), metric], ..LogBatch::default() };
    log(&workspace, &run, batch).unwrap();
    let seen = workspace.tracked_run(&run).unwrap();
    assert_eq!((seen.datasets, seen.model_inputs), (vec![input], vec![id.clone()]));
    assert_eq!(seen.model_outputs, [ModelOutput { model_id: id.clone(), step: 3 }]);
    workspace.write(change(), |tx| tx.finish_logged_model(&id, LoggedModelStatus::Ready)).unwrap();
    let found = workspace.logged_model(&id, false).unwrap();
    assert_eq!((found.metrics.len(), found.status), (1, LoggedModelStatus::Ready));
    assert_eq!(found.artifact_location, format!("mlflow-artifacts:/0/models/{id}/artifacts"));
    let search = |field, operator, value, datasets: Vec<DatasetFilter>| {
        let conditions = vec![Condition { field, operator, value }];
        let search = LoggedModelSearch { experiments: vec![0], conditions, datasets, limit: 10, ..Default::default() };
        workspace.search_logged_models(&search).unwrap().items.len()
    };
    let auc = || LoggedModelField::Metric("auc".into());
    assert_eq!(search(auc(), Operator::Greater, Value::Number(0.5), vec![]), 1);
    let other = DatasetFilter { name: "e".into(), digest: None };
    assert_eq!(search(auc(), Operator::Greater, Value::Number(0.5), vec![other]), 0);
    assert_eq!(search(LoggedModelField::Status, Operator::Equal, Value::Text("READY".into()), vec![]), 1);
    workspace.write(change(), |tx| tx.delete_logged_model(&id)).unwrap();
    assert!(workspace.logged_model(&id, false).is_err() && workspace.logged_model(&id, true).is_ok());
}

#[test]
fn a_registered_model_has_versions_stages_aliases_and_starts_anew_when_deleted() {
    let (_dir, workspace) = workspace();
    let register = |name: &str| workspace.write(change(), |tx| tx.create_registered_model(name, "", &[]));
    register("clf").unwrap();
    assert_eq!(register("clf").unwrap_err().to_string(), "Registered Model (name=clf) already exists.");
    let version = || {
        let new = NewRegisteredVersion { model: "clf".into(), source: "s".into(), ..Default::default() };
        workspace.write(change(), |tx| tx.create_registered_version(&new))
    };
    assert_eq!([version().unwrap(), version().unwrap(), version().unwrap()], [1, 2, 3]);
    let stage = |v, stage, archive| workspace.write(change(), |tx| tx.set_version_stage("clf", v, stage, archive));
    stage(1, Stage::Production, false).unwrap();
    stage(2, Stage::Production, true).unwrap();
    assert!(stage(3, Stage::Archived, true).is_err());
    assert_eq!(workspace.registered_version("clf", 1).unwrap().stage, Stage::Archived);
    workspace.write(change(), |tx| tx.set_model_alias("clf", "champion", Some(2))).unwrap();
    assert_eq!(workspace.version_of_alias("clf", "champion").unwrap().version, 2);
    assert_eq!(workspace.version_of_alias("clf", "latest").unwrap().version, 3);
    let latest: Vec<_> = workspace.registered_model("clf").unwrap().latest.iter().map(|v| v.version).collect();
    assert_eq!(latest, [1, 2, 3], "one of each stage");
    workspace.write(change(), |tx| tx.tag_registered_version("clf", 3, "k", Some("v"))).unwrap();
    workspace.write(change(), |tx| tx.delete_registered_version("clf", 2)).unwrap();
    assert!(workspace.version_of_alias("clf", "champion").is_err());
    assert_eq!(version().unwrap(), 4, "a number is not given twice");
    let search = |field, value| {
        let conditions = vec![Condition { field, operator: Operator::Equal, value }];
        let order = vec![Order { field: VersionField::Number, ascending: false }];
        let search = VersionSearch { conditions, order, limit: 10, ..Default::default() };
        let page = workspace.search_registered_versions(&search).unwrap();
        page.items.iter().map(|v| v.version).collect::<Vec<_>>()
    };
    assert_eq!(search(VersionField::Tag("k".into()), Value::Text("v".into())), [3]);
    assert_eq!(search(VersionField::Name, Value::Text("clf".into())), [4, 3, 1]);
    // The window sees the same model, and can restore it after a client began another of its name.
    assert_eq!(workspace.models().unwrap()[0].versions, 3);
    workspace.write(change(), |tx| tx.delete_registered_model("clf")).unwrap();
    register("clf").unwrap();
    assert_eq!(version().unwrap(), 1);
    assert_eq!(workspace.models().unwrap().len(), 2);
    assert!(problems(&workspace).is_empty());
}

#[test]
fn prompts_are_found_only_by_those_who_ask() {
    let (_dir, workspace) = workspace();
    workspace
        .write(change(), |tx| {
            tx.create_registered_model("model", "", &[])?;
            tx.create_registered_model("prompt", "", &[pair("mlflow.prompt.is_prompt", "true")])
        })
        .unwrap();
    let search = |conditions| {
        let page = workspace.search_registered_models(&ModelSearch { conditions, limit: 9, ..Default::default() });
        page.unwrap().items.into_iter().map(|model| model.name).collect::<Vec<_>>()
    };
    let tag = |operator, value: &str| {
        let field = ModelField::Tag("mlflow.prompt.is_prompt".into());
        search(vec![Condition { field, operator, value: Value::Text(value.into()) }])
    };
    assert_eq!(search(vec![]), ["model"]);
    assert_eq!(tag(Operator::Equal, "true"), ["prompt"]);
    assert_eq!(tag(Operator::NotEqual, "true"), ["model"]);
}

#[test]
fn patterns_match_as_in_sql() {
    for (text, pattern) in
        [("", ""), ("", "%"), ("abc", "%"), ("abc", "a_c"), ("abc", "%c"), ("ab%c", "ab%c"), ("a\nb", "a_b")]
    {
        assert!(like(text, pattern), "{text:?} LIKE {pattern:?}");
    }
    for (text, pattern) in [("abc", "ab"), ("abc", "A%"), ("", "_"), ("abc", "b%"), ("abc", "%b")] {
        assert!(!like(text, pattern), "{text:?} LIKE {pattern:?}");
    }
    assert!(!like(&"a".repeat(5000), &format!("{}b", "%a".repeat(50))), "and no pattern takes for ever");
}

#[test]
fn names_are_quoted_as_python_does() {
    assert_eq!(python_repr("a"), "'a'");
    assert_eq!(python_repr("it's"), "\"it's\"");
    assert_eq!(python_repr("it's \"q\""), "'it\\'s \"q\"'");
    assert_eq!(python_repr("a\\b\n\u{1}ä"), "'a\\\\b\\n\\x01ä'");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    /// A page of a search is the same part of the whole, however the page is chosen; and a search of many
    /// runs, which reads the indexes, says the same as one of few, which looks each up.
    #[test]
    fn pages_are_parts_of_the_whole(
        values in prop::collection::vec(prop::option::of(-3i32..3), 1..40), offset in 0usize..45, limit in 1usize..20,
    ) {
        let (_dir, workspace) = workspace();
        workspace.write(change(), |tx| {
            for (index, value) in values.iter().enumerate() {
                let run = NewTrackedRun { name: index.to_string(), start_ms: (index % 3) as i64, ..Default::default() };
                let id = tx.create_tracked_run(&run)?;
                if let Some(value) = value {
                    tx.log_metrics(&id, &[point("m", 0, f64::from(*value))])?;
                }
            }
            Ok(())
        }).unwrap();
        let search = RunSearch { order: by(RunField::Metric("m".into()), false), ..RunSearch::default() };
        let whole = found(&workspace, search.clone());
        let page = workspace
            .search_runs(&RunSearch { experiments: vec![0, 0, 7], offset, limit, ..search })
            .unwrap();
        let names: Vec<_> = page.items.iter().map(|run| run.name.clone()).collect();
        let expected: Vec<_> = whole.iter().skip(offset).take(limit).cloned().collect();
        prop_assert_eq!(names, expected);
        prop_assert_eq!(page.more, whole.len() > offset + limit);
        // With a condition, so that some of the best are passed over.
        let conditions = when(RunField::Metric("m".into()), Operator::NotEqual, Value::Number(1.0));
        let search = RunSearch { conditions, order: by(RunField::Metric("m".into()), true), ..RunSearch::default() };
        let whole = found(&workspace, search.clone());
        let page = workspace.search_runs(&RunSearch { experiments: vec![0], limit, ..search }).unwrap();
        let names: Vec<_> = page.items.iter().map(|run| run.name.clone()).collect();
        prop_assert_eq!(names, whole.into_iter().take(limit).collect::<Vec<_>>());
    }
}
