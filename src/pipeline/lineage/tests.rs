use data::polars::df;
use proptest::prelude::*;

use super::*;
use crate::check::check;
use crate::memory::MemoryStore;
use crate::plan::Target;
use crate::yaml::Document;

/// Two algorithms, each trained on the same rows and scored.
const TWO_MODELS: &str = "jobs:
  data: {component: import_dataset, inputs: {dataset: rows}}
  trees: {component: random_forest}
  line: {component: logistic_regression}
  train:
    component: train_model
    inputs: {estimator: '${{parent.jobs.trees.outputs.estimator}}', table: '${{parent.jobs.data.outputs.table}}', label: kind}
  train_2:
    component: train_model
    inputs: {estimator: '${{parent.jobs.line.outputs.estimator}}', table: '${{parent.jobs.data.outputs.table}}', label: kind}
  score:
    component: score_model
    inputs: {model: '${{parent.jobs.train.outputs.model}}', table: '${{parent.jobs.data.outputs.table}}'}
  score_2:
    component: score_model
    inputs: {model: '${{parent.jobs.train_2.outputs.model}}', table: '${{parent.jobs.data.outputs.table}}'}
";

fn with(more: &str) -> String {
    format!("{TWO_MODELS}{more}")
}

fn lineage(text: &str) -> Lineage {
    let (pipeline, plan) = planned(text);
    let lineage = Lineage::of(&plan);
    let titles = lineage.titles(&pipeline);
    let mut different = titles.clone();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), titles.len(), "two subjects share a title: {titles:?}");
    lineage
}

fn planned(text: &str) -> (Pipeline, Plan) {
    let store = MemoryStore::new().unwrap();
    store
        .add_dataset(
            "rows",
            &df!("x" => [1.0, 2.0, 3.0], "kind" => ["a", "b", "a"], "predicted" => ["a", "b", "b"]).unwrap(),
        )
        .unwrap();
    let pipeline = Document::parse(text).unwrap().pipeline;
    let plan = Plan::of(&pipeline, &check(&pipeline, &store), &Target::All).unwrap();
    (pipeline, plan)
}

fn ids(lineage: &Lineage) -> Vec<&str> {
    lineage.subjects().iter().map(|subject| subject.id.as_str()).collect()
}

fn measured<'a>(lineage: &'a Lineage, job: &str, port: &str) -> Option<&'a str> {
    lineage.measured_by(job, port).map(|subject| subject.id.as_str())
}

#[test]
fn one_evaluation_of_two_models_reports_on_both() {
    let found = lineage(&with(
        "  judge:
    component: evaluate_model
    inputs: {table: '${{parent.jobs.score.outputs.table}}', compare: '${{parent.jobs.score_2.outputs.table}}'}
",
    ));
    assert_eq!(ids(&found), ["train", "train_2"]);
    assert_eq!(measured(&found, "judge", "report"), Some("train"));
    assert_eq!(measured(&found, "judge", "compared"), Some("train_2"));
    for port in ["report", "compared"] {
        assert_eq!(found.metric_key("judge", port, "roc_auc"), "roc_auc");
    }
    assert_eq!(found.run_metric_key("judge", "compared", "roc_auc"), "judge.compared.roc_auc");
    assert_eq!(found.made_by("train_2").unwrap().estimator.as_deref(), Some("line"));
}

#[test]
fn two_evaluations_report_on_a_model_each() {
    let found = lineage(&with(
        "  judge: {component: evaluate_model, inputs: {table: '${{parent.jobs.score.outputs.table}}'}}
  judge_2: {component: evaluate_model, inputs: {table: '${{parent.jobs.score_2.outputs.table}}'}}
",
    ));
    assert_eq!(measured(&found, "judge", "report"), Some("train"));
    assert_eq!(measured(&found, "judge_2", "report"), Some("train_2"));
    assert_eq!(found.measured_by("judge", "compared"), None, "nothing is compared");
    assert_eq!(found.metric_key("judge_2", "report", "f1"), "f1");
}

#[test]
fn two_evaluations_of_one_model_are_told_apart() {
    let found = lineage(&with(
        "  judge: {component: evaluate_model, inputs: {table: '${{parent.jobs.score.outputs.table}}'}}
  again:
    component: evaluate_model
    inputs: {table: '${{parent.jobs.data.outputs.table}}', model: '${{parent.jobs.train.outputs.model}}'}
",
    ));
    assert_eq!(measured(&found, "again", "report"), Some("train"));
    assert_eq!(found.metric_key("again", "report", "f1"), "again.f1");
    assert_eq!(found.metric_key("judge", "report", "f1"), "judge.f1");
    assert_eq!(found.reports_of("train").count(), 2);
}

/// A threshold for the first model, and rows scored by the model that has it.
const TUNED: &str = "  tune:
    component: tune_threshold
    inputs: {model: '${{parent.jobs.train.outputs.model}}', table: '${{parent.jobs.data.outputs.table}}'}
  tuned:
    component: score_model
    inputs: {model: '${{parent.jobs.tune.outputs.model}}', table: '${{parent.jobs.data.outputs.table}}'}
  judge: {component: evaluate_model, inputs: {table: '${{parent.jobs.tuned.outputs.table}}'}}
";

#[test]
fn a_step_that_finishes_a_model_makes_no_other() {
    // Without the step that scores by the model as it was trained.
    let text = with(TUNED).replace("  score:\n", "  score:\n    disabled: true\n");
    let found = lineage(&text);
    assert_eq!(ids(&found), ["train", "train_2"]);
    assert_eq!(measured(&found, "judge", "report"), Some("train"));
    assert_eq!(measured(&found, "tune", "report"), Some("train"));
    assert_eq!(found.metric_key("judge", "report", "f1"), "f1", "the judgement keeps its plain name");
    assert_eq!(found.metric_key("tune", "report", "f1"), "tune.f1");
    assert_eq!(found.subject("train").unwrap().model.as_ref().unwrap().job, "tune");
}

#[test]
fn a_model_that_is_used_as_it_was_stays_one_of_its_own() {
    let found = lineage(&with(TUNED));
    assert_eq!(ids(&found), ["train", "train_2", "tune"]);
    assert_eq!(measured(&found, "judge", "report"), Some("tune"));
    assert_eq!(found.subject("tune").unwrap().estimator.as_deref(), Some("trees"));
    assert_eq!(found.metric_key("judge", "report", "f1"), "f1");
}

#[test]
fn a_model_that_nobody_judges_is_a_model_still() {
    let found = lineage(TWO_MODELS);
    assert_eq!(ids(&found), ["train", "train_2"]);
    assert_eq!(found.reports_of("train").count() + found.reports_of("train_2").count(), 0);
}

#[test]
fn cross_validation_stands_beside_what_is_trained() {
    let text = with(
        "  folds:
    component: cross_validate
    inputs: {estimator: '${{parent.jobs.trees.outputs.estimator}}', table: '${{parent.jobs.data.outputs.table}}', label: kind}
  judge: {component: evaluate_model, inputs: {table: '${{parent.jobs.score.outputs.table}}'}}
",
    );
    let found = lineage(&text);
    assert_eq!(measured(&found, "folds", "report"), Some("folds"));
    assert_eq!(measured(&found, "judge", "report"), Some("train"));
    let validated = found.subject("folds").unwrap();
    assert_eq!((validated.kind, validated.estimator.as_deref()), (SubjectKind::Validated, Some("trees")));
    let (pipeline, _) = planned(&text);
    let mut titles = found.titles(&pipeline);
    titles.sort();
    assert_eq!(titles, ["Cross-validate · Random forest", "Logistic regression", "Random forest"]);
}

#[test]
fn the_nearest_scoring_counts() {
    // Rows scored by the forest are what the line is trained on and scores: its predictions take their place.
    let found = lineage(
        "jobs:
  data: {component: import_dataset, inputs: {dataset: rows}}
  trees: {component: random_forest}
  line: {component: logistic_regression}
  train:
    component: train_model
    inputs: {estimator: '${{parent.jobs.trees.outputs.estimator}}', table: '${{parent.jobs.data.outputs.table}}', label: kind}
  score:
    component: score_model
    inputs: {model: '${{parent.jobs.train.outputs.model}}', table: '${{parent.jobs.data.outputs.table}}'}
  stack:
    component: train_model
    inputs: {estimator: '${{parent.jobs.line.outputs.estimator}}', table: '${{parent.jobs.score.outputs.table}}', label: kind}
  rescore:
    component: score_model
    inputs: {model: '${{parent.jobs.stack.outputs.model}}', table: '${{parent.jobs.score.outputs.table}}'}
  some: {component: sort_rows, inputs: {table: '${{parent.jobs.rescore.outputs.table}}', by: [{column: x}]}}
  judge: {component: evaluate_model, inputs: {table: '${{parent.jobs.some.outputs.table}}'}}
",
    );
    assert_eq!(measured(&found, "judge", "report"), Some("stack"));
}

#[test]
fn rows_of_several_models_or_of_none_are_not_given_to_one() {
    let found = lineage(&with(
        "  both:
    component: append_rows
    inputs: {first: '${{parent.jobs.score.outputs.table}}', second: '${{parent.jobs.score_2.outputs.table}}'}
  mixed: {component: evaluate_model, inputs: {table: '${{parent.jobs.both.outputs.table}}'}}
  foreign:
    component: evaluate_model
    inputs: {table: '${{parent.jobs.data.outputs.table}}', compare: '${{parent.jobs.data.outputs.table}}', label: kind}
",
    ));
    assert_eq!(measured(&found, "mixed", "report"), Some("mixed"));
    assert_eq!(measured(&found, "foreign", "report"), Some("foreign"));
    assert_eq!(measured(&found, "foreign", "compared"), Some("foreign.compared"));
    assert_eq!(found.subject("mixed").unwrap().kind, SubjectKind::Predictions);
    assert!(found.made_by("mixed").is_none(), "it judges and makes nothing");
}

#[test]
fn titles_say_the_step_and_the_algorithm() {
    let text = "jobs:
  data: {component: import_dataset, inputs: {dataset: rows}}
  trees: {component: random_forest}
  deep: {component: random_forest, display_name: Deep forest}
  train:
    component: train_model
    inputs: {estimator: '${{parent.jobs.trees.outputs.estimator}}', table: '${{parent.jobs.data.outputs.table}}', label: kind}
  train_2:
    component: train_model
    inputs: {estimator: '${{parent.jobs.trees.outputs.estimator}}', table: '${{parent.jobs.data.outputs.table}}', label: kind}
  best:
    component: train_model
    display_name: The best
    inputs: {estimator: '${{parent.jobs.deep.outputs.estimator}}', table: '${{parent.jobs.data.outputs.table}}', label: kind}
";
    let (pipeline, _) = planned(text);
    let mut titles = lineage(text).titles(&pipeline);
    titles.sort();
    assert_eq!(titles, ["Random forest (train)", "Random forest (train_2)", "The best · Deep forest"]);
}

proptest! {
    /// However many models there are and whichever are judged, every report has the model that its rows were scored
    /// by, and no two metrics of a run share a name.
    #[test]
    fn every_report_finds_its_model(judged in prop::collection::vec((0_usize..4, any::<bool>(), 0_usize..3), 0..6)) {
        let mut text = String::from("jobs:\n  data: {component: import_dataset, inputs: {dataset: rows}}\n");
        text.push_str("  line: {component: logistic_regression}\n");
        for model in 0..4 {
            text.push_str(&format!(
                "  train{model}: {{component: train_model, inputs: {{estimator: '${{{{parent.jobs.line.outputs.estimator}}}}', \
                 table: '${{{{parent.jobs.data.outputs.table}}}}', label: kind}}}}\n  score{model}_0: {{component: score_model, \
                 inputs: {{model: '${{{{parent.jobs.train{model}.outputs.model}}}}', table: '${{{{parent.jobs.data.outputs.table}}}}'}}}}\n"
            ));
            for step in 1..3 {
                let before = step - 1;
                text.push_str(&format!(
                    "  score{model}_{step}: {{component: remove_duplicates, \
                     inputs: {{table: '${{{{parent.jobs.score{model}_{before}.outputs.table}}}}'}}}}\n"
                ));
            }
        }
        for (at, (model, direct, steps)) in judged.iter().enumerate() {
            let input = if *direct {
                format!("table: '${{{{parent.jobs.data.outputs.table}}}}', model: '${{{{parent.jobs.train{model}.outputs.model}}}}'")
            } else {
                format!("table: '${{{{parent.jobs.score{model}_{steps}.outputs.table}}}}'")
            };
            text.push_str(&format!("  judge{at}: {{component: evaluate_model, inputs: {{{input}}}}}\n"));
        }
        let found = lineage(&text);
        let mut names = BTreeSet::new();
        for (at, (model, _, _)) in judged.iter().enumerate() {
            let job = format!("judge{at}");
            let subject = measured(&found, &job, "report").map(str::to_owned);
            prop_assert_eq!(subject.clone(), Some(format!("train{model}")));
            prop_assert!(names.insert((subject, found.metric_key(&job, "report", "f1"))));
        }
    }
}
