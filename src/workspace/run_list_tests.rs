use proptest::prelude::*;

use super::*;
use crate::test_support::{change, insert_run, new_run, workspace};
use crate::{MetricPoint, NewRun};

fn names(workspace: &Workspace, filter: &RunFilter) -> Vec<String> {
    workspace.runs(filter).unwrap().runs.into_iter().map(|run| run.name).collect()
}

fn log(workspace: &Workspace, run: &str, key: &str, value: f64) {
    let point = MetricPoint { key: key.into(), value, timestamp_ms: 1, step: 0 };
    workspace.batch("m", run, |batch| batch.log_metrics(run, std::slice::from_ref(&point))).unwrap();
}

#[test]
fn filters_narrow_and_text_finds_in_any_field() {
    let (_dir, workspace) = workspace();
    let add = |new: NewRun| workspace.write(change(), |tx| tx.insert_run(&new)).unwrap();
    let first =
        add(NewRun { experiment: "Churn".into(), tags: vec![("team".into(), "red".into())], ..new_run("brisk-heron") });
    add(NewRun {
        pipeline: Some("pipelines/b_c.yaml".into()),
        pipeline_title: Some("Über%Größe".into()),
        ..new_run("calm-owl")
    });
    add(NewRun {
        branch: Some("feature".into()),
        user: Some("ada".into()),
        commit: Some("abc1234".into()),
        ..new_run("wild-fox")
    });
    let with = |filter: RunFilter| names(&workspace, &filter);
    let text = |text: &str| with(RunFilter { text: text.into(), ..RunFilter::default() });
    assert_eq!(with(RunFilter::default()), ["wild-fox", "calm-owl", "brisk-heron"]);
    assert_eq!(with(RunFilter { experiment: Some("Churn".into()), ..RunFilter::default() }), ["brisk-heron"]);
    assert_eq!(with(RunFilter { pipeline: Some("pipelines/b_c.yaml".into()), ..RunFilter::default() }), ["calm-owl"]);
    assert_eq!(with(RunFilter { tags: vec![("team".into(), "red".into())], ..RunFilter::default() }), ["brisk-heron"]);
    assert!(with(RunFilter { tags: vec![("team".into(), "blue".into())], ..RunFilter::default() }).is_empty());
    assert_eq!(text("HERON"), ["brisk-heron"]);
    assert_eq!(text("r%G"), ["calm-owl"], "a percent sign is itself");
    assert_eq!(text("b_c"), ["calm-owl"], "so is an underscore");
    assert_eq!(text("feature"), ["wild-fox"]);
    assert_eq!(text("abc1"), ["wild-fox"]);
    assert_eq!(text(&first[..10]), ["brisk-heron"]);
    workspace.write(change(), |tx| tx.claim_run(&first, 1)).unwrap();
    let statuses = vec![RunStatus::Running, RunStatus::Failed];
    assert_eq!(with(RunFilter { statuses, ..RunFilter::default() }), ["brisk-heron"]);
    let page = workspace.runs(&RunFilter { offset: 1, limit: 1, ..RunFilter::default() }).unwrap();
    assert_eq!((page.total, page.runs.len(), page.runs[0].name.as_str()), (3, 1, "calm-owl"));
    let by_id = workspace.runs_by_id(&["nope".into(), first.clone()]).unwrap();
    assert_eq!(by_id.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), [first.as_str()]);
}

#[test]
fn every_order_sorts_and_absent_values_are_last() {
    let (_dir, workspace) = workspace();
    for (name, depth) in [("b", Some("10")), ("a", Some("9")), ("d", Some("deep")), ("c", None)] {
        let params = depth.map(|depth| ("depth".to_owned(), depth.to_owned()));
        let new = NewRun { params: params.into_iter().collect(), ..new_run(name) };
        workspace.write(change(), |tx| tx.insert_run(&new)).unwrap();
    }
    let by = |sort: RunSort, descending| names(&workspace, &RunFilter { sort, descending, ..RunFilter::default() });
    assert_eq!(by(RunSort::Name, false), ["a", "b", "c", "d"]);
    assert_eq!(by(RunSort::Created, false), ["b", "a", "d", "c"]);
    assert_eq!(by(RunSort::Param("depth".into()), false), ["a", "b", "d", "c"]);
    assert_eq!(by(RunSort::Param("depth".into()), true), ["b", "a", "d", "c"]);
    for sort in [
        RunSort::Started,
        RunSort::Ended,
        RunSort::Duration,
        RunSort::Status,
        RunSort::Experiment,
        RunSort::Pipeline,
        RunSort::User,
        RunSort::Tag("x".into()),
        RunSort::Metric("x".into()),
    ] {
        for descending in [false, true] {
            assert_eq!(by(sort.clone(), descending).len(), 4, "{sort:?}");
        }
    }
}

#[test]
fn a_page_carries_latest_metrics_params_and_tags() {
    let (_dir, workspace) = workspace();
    let id = insert_run(&workspace, "a");
    log(&workspace, &id, "auc", 0.5);
    log(&workspace, &id, "nan", f64::NAN);
    workspace.batch("t", &id, |batch| batch.set_tags(&id, &[("a".into(), "1".into())])).unwrap();
    workspace.batch("t", &id, |batch| batch.set_params(&id, &[("p".into(), "2".into())])).unwrap();
    let run = workspace.runs(&RunFilter::default()).unwrap().runs.remove(0);
    assert_eq!(run.metrics["auc"], 0.5);
    assert!(run.metrics["nan"].is_nan());
    assert_eq!((run.tags["a"].as_str(), run.params["p"].as_str()), ("1", "2"));
    let keys = workspace.run_keys().unwrap();
    let tags = ["a", "mlflow.source.name", "mlflow.source.type", "mlflow.user"];
    assert_eq!(
        (keys.metrics, keys.params, keys.tags),
        (vec!["auc".into(), "nan".into()], vec!["p".into()], tags.map(str::to_owned).to_vec())
    );
    workspace.batch("t", &id, |batch| batch.remove_tag(&id, "a")).unwrap();
    assert!(!workspace.run(&id).unwrap().run.tags.contains_key("a"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    /// Paging through an order by metric gives each run once, in the order a plain sort has.
    #[test]
    fn pages_by_metric_join_to_the_whole(
        values in prop::collection::vec(prop::option::of(prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), -9.0..9.0f64]), 1..12),
        limit in 1usize..5,
        descending: bool,
    ) {
        let (_dir, workspace) = workspace();
        for (index, value) in values.iter().enumerate() {
            let id = insert_run(&workspace, &index.to_string());
            if let Some(value) = value {
                log(&workspace, &id, "auc", *value);
            }
        }
        let mut pages = Vec::new();
        for page in 0..=values.len() / limit {
            let sort = RunSort::Metric("auc".into());
            let filter = RunFilter { sort, descending, offset: page * limit, limit, ..RunFilter::default() };
            pages.extend(names(&workspace, &filter).into_iter().map(|name| name.parse::<usize>().unwrap()));
        }
        let has = |index: &usize| values[*index].is_some_and(|value| !value.is_nan());
        let (mut expected, mut absent): (Vec<usize>, Vec<usize>) = (0..values.len()).partition(has);
        expected.sort_by(|a, b| values[*a].partial_cmp(&values[*b]).unwrap().then(a.cmp(b)));
        if descending {
            expected.reverse();
        }
        absent.reverse();
        expected.extend(absent);
        prop_assert_eq!(pages, expected);
    }
}

#[test]
fn runs_are_found_by_their_commit() {
    let (_dir, workspace) = workspace();
    let commits = ["a".repeat(40), "b".repeat(40), "c".repeat(40)];
    let mut ids = Vec::new();
    for commit in [&commits[0], &commits[1], &commits[0]] {
        let run = NewRun { commit: Some(commit.clone()), ..new_run("r") };
        ids.push(workspace.write(change(), |tx| tx.insert_run(&run)).unwrap());
    }
    let found = |wanted: &[String], limit| {
        let runs = workspace.runs_of_commits(wanted, limit).unwrap();
        runs.into_iter().map(|run| run.id).collect::<Vec<_>>()
    };
    assert_eq!(found(&commits[..1], 9), [ids[2].clone(), ids[0].clone()]);
    assert_eq!(found(&commits, 2), [ids[2].clone(), ids[1].clone()]);
    assert!(found(&commits[2..], 9).is_empty() && found(&[], 9).is_empty());
    workspace.write(change(), |tx| tx.delete_run(&ids[2])).unwrap();
    assert_eq!(found(&commits[..1], 9), [ids[0].clone()]);
}
