use proptest::prelude::*;
use serde_json::json;

use super::diff::diff;
use super::layout::{NODE, complete, make_room, size, tidy};
use super::set::set;
use super::*;

/// The drawing: import, clean, split; boosting and train; score and evaluate.
fn diagnosis() -> Pipeline {
    let text = "jobs:
  data:
    component: import_dataset
    inputs:
      dataset: breast_cancer
  clean:
    component: clean_missing_data
    inputs:
      table: ${{parent.jobs.data.outputs.table}}
  boosting:
    component: gradient_boosting
  train:
    component: train_model
    inputs:
      estimator: ${{parent.jobs.boosting.outputs.estimator}}
      table: ${{parent.jobs.clean.outputs.table}}
      label: diagnosis
  score:
    component: score_model
    inputs:
      model: ${{parent.jobs.train.outputs.model}}
      table: ${{parent.jobs.clean.outputs.table}}
  evaluate:
    component: evaluate_model
    inputs:
      table: ${{parent.jobs.score.outputs.table}}
";
    crate::yaml::Document::parse(text).unwrap().pipeline
}

fn refusal(pipeline: &Pipeline, from: (&str, &str), to: (&str, &str)) -> String {
    pipeline.can_connect(&End::new(from.0, from.1), &End::new(to.0, to.1)).unwrap_err()
}

#[test]
fn ports_connect_where_kinds_fit_and_say_why_not() {
    let mut pipeline = diagnosis();
    assert_eq!(
        refusal(&pipeline, ("boosting", "estimator"), ("score", "model")),
        "Score model needs a trained model here; Gradient boosting gives an untrained model. Put Train model between \
         them."
    );
    assert_eq!(refusal(&pipeline, ("score", "table"), ("score", "table")), "A step cannot feed itself.");
    assert_eq!(
        refusal(&pipeline, ("score", "table"), ("clean", "table")),
        "This would make a circle: Score model already depends on Clean missing data."
    );
    assert_eq!(refusal(&pipeline, ("data", "rows"), ("clean", "table")), "Import dataset has no output “rows”.");
    assert_eq!(
        refusal(&pipeline, ("nobody", "rows"), ("clean", "table")),
        "There is no job “nobody” in this pipeline."
    );
    let (from, to) = (End::new("data", "table"), End::new("train", "table"));
    pipeline.connect(&from, &to).unwrap();
    assert!(pipeline.wires().any(|wire| wire.from == from && wire.to == to));
    assert!(pipeline.disconnect(&to));
    assert!(!pipeline.disconnect(&to));
    assert!(!pipeline.disconnect(&End::new("train", "label")), "a parameter is no wire");
    pipeline.connect(&from, &to).unwrap();
    assert_eq!(pipeline.jobs["train"].inputs.keys().collect::<Vec<_>>(), ["estimator", "table", "label"]);
}

#[test]
fn removing_and_renaming_take_the_wires_along() {
    let mut pipeline = diagnosis();
    pipeline.rename("clean", "tidy").unwrap();
    assert_eq!(pipeline.jobs.get_index_of("tidy"), Some(1));
    assert_eq!(pipeline.wires().filter(|wire| wire.from.job == "tidy").count(), 2);
    assert!(pipeline.rename("tidy", "score").unwrap_err().contains("already"));
    assert!(pipeline.rename("tidy", "a b").unwrap_err().contains("letters"));
    assert!(pipeline.rename("nobody", "x").is_err());
    pipeline.remove(&["tidy", "boosting"]);
    assert_eq!(pipeline.jobs.len(), 4);
    assert!(!pipeline.wires().any(|wire| ["tidy", "boosting"].contains(&&*wire.from.job)));
    assert_eq!(pipeline.jobs["train"].inputs.keys().collect::<Vec<_>>(), ["label"]);
}

#[test]
fn new_jobs_get_free_names() {
    let mut pipeline = diagnosis();
    let spec = pipeline.jobs["score"].spec().unwrap();
    assert_eq!(pipeline.add(spec, [0.0, 0.0]), "score_model");
    assert_eq!(pipeline.add(spec, [0.0, 0.0]), "score_model_2");
    assert_eq!(pipeline.unique_name("score_model_2"), "score_model_3");
    assert_eq!(pipeline.unique_name("score"), "score_2");
    assert_eq!(pipeline.unique_name("new"), "new");
}

#[test]
fn a_step_goes_onto_a_wire() {
    let mut pipeline = diagnosis();
    let spec = components::find("normalise").unwrap().spec();
    let name = pipeline.add(spec, [0.0, 0.0]);
    let wire = Wire { from: End::new("data", "table"), to: End::new("clean", "table") };
    pipeline.insert_on_wire(&wire, &name).unwrap();
    let around: Vec<Wire> = pipeline.wires().filter(|wire| wire.from.job == name || wire.to.job == name).collect();
    assert_eq!(
        around,
        [
            Wire { from: End::new("normalise", "table"), to: End::new("clean", "table") },
            Wire { from: End::new("data", "table"), to: End::new("normalise", "table") },
        ]
    );
    let before = pipeline.clone();
    let wire = Wire { from: End::new("boosting", "estimator"), to: End::new("train", "estimator") };
    let free = pipeline.add(spec, [0.0, 0.0]);
    assert_eq!(pipeline.insert_on_wire(&wire, &free).unwrap_err(), "Normalise has no free input that fits this wire.");
    pipeline.remove(&[&free]);
    assert_eq!(pipeline, before);
}

#[test]
fn copies_join_each_other_and_keep_outer_wires_where_they_lead() {
    let mut pipeline = diagnosis();
    complete(&mut pipeline);
    let text = pipeline.copy(&["train", "score"]);
    let names = pipeline.paste(&text, None).unwrap();
    assert_eq!(names, ["train_2", "score_2"]);
    let wires: Vec<Wire> = pipeline.wires().filter(|wire| names.contains(&wire.to.job)).collect();
    let from: Vec<&str> = wires.iter().map(|wire| wire.from.job.as_str()).collect();
    assert_eq!(from, ["boosting", "clean", "train_2", "clean"]);
    let mut other = Pipeline::default();
    let names = other.paste(&text, Some([100.0, 200.0])).unwrap();
    assert_eq!(names, ["train", "score"]);
    assert_eq!(other.wires().count(), 1, "only the wire within the copy");
    assert_eq!(other.layout["train"][1], 200.0);
    assert_eq!(other.jobs["train"].inputs["label"], Input::Value(json!("diagnosis")));
    assert!(other.paste("hello", None).is_err());
    assert!(other.paste("- [", None).is_err());
    assert_eq!(pipeline.duplicate(&["evaluate"]), ["evaluate_2"]);
}

#[test]
fn order_follows_wires_then_the_file() {
    let mut pipeline = diagnosis();
    let order = pipeline.order();
    assert_eq!(order.jobs, ["data", "clean", "boosting", "train", "score", "evaluate"]);
    assert!(order.cycle.is_empty());
    assert_eq!(pipeline.upstream(&["train"]), ["data", "clean", "boosting", "train"]);
    assert_eq!(pipeline.downstream(&["train"]), ["train", "score", "evaluate"]);
    let back = Input::Binding { job: "score".into(), output: "table".into() };
    pipeline.jobs["clean"].inputs.insert("table".into(), back);
    let order = pipeline.order();
    assert_eq!(order.jobs, ["data", "boosting"]);
    let cycle = order.cycle;
    assert!(cycle.len() >= 2 && cycle.contains(&"clean") && cycle.contains(&"score"), "{cycle:?}");
    for (at, job) in cycle.iter().enumerate() {
        let next = cycle[(at + 1) % cycle.len()];
        assert!(pipeline.jobs[next].bindings().any(|(_, source, _)| source == *job), "{job} feeds {next}");
    }
}

#[test]
fn a_job_that_is_put_between_others_covers_none() {
    let mut pipeline = diagnosis();
    complete(&mut pipeline);
    let before = pipeline.layout.clone();
    let clip = Job { component: "clip_values".into(), ..Job::default() };
    pipeline.jobs.insert("clip".into(), clip);
    // Dropped in the middle of the wire, over both of its ends.
    let [from, to] = [before["data"], before["clean"]];
    pipeline.layout.insert("clip".into(), [from[0], (from[1] + to[1]) / 2.0]);
    let wire = pipeline.wires().find(|wire| wire.to.job == "clean").unwrap();
    pipeline.insert_on_wire(&wire, "clip").unwrap();
    make_room(&mut pipeline, "clip");
    let covers = |a: &str, b: &str| {
        let (one, other) = (pipeline.layout[a], pipeline.layout[b]);
        (one[0] - other[0]).abs() < NODE[0] && (one[1] - other[1]).abs() < NODE[1]
    };
    for (a, b) in pipeline.jobs.keys().flat_map(|a| pipeline.jobs.keys().map(move |b| (a, b))) {
        assert!(a == b || !covers(a, b), "{a} covers {b}: {:?}", pipeline.layout);
    }
    // What does not follow it stays where it was.
    assert_eq!((pipeline.layout["data"], pipeline.layout["boosting"]), (before["data"], before["boosting"]));
}

#[test]
fn the_tidy_drawing_flows_down_without_crossings() {
    let pipeline = diagnosis();
    let places = tidy(&pipeline);
    let top = |job: &str| places[job][1];
    for wire in pipeline.wires() {
        assert!(top(&wire.from.job) + NODE[1] < top(&wire.to.job), "{wire:?}");
    }
    assert_eq!(top("boosting"), top("train") - 92.0, "an algorithm stands right above what it feeds");
    assert!(places["boosting"][0] < places["clean"][0], "on the side of the port it goes to");
    assert_no_overlap(&pipeline, &places);
}

fn assert_no_overlap(pipeline: &Pipeline, places: &IndexMap<String, [f32; 2]>) {
    let boxes: Vec<(&String, [f32; 2], [f32; 2])> =
        places.iter().map(|(name, at)| (name, *at, size(&pipeline.jobs[name]))).collect();
    for (index, (name, at, extent)) in boxes.iter().enumerate() {
        for (other, there, their) in &boxes[index + 1..] {
            let apart = |axis: usize| at[axis] + extent[axis] <= there[axis] || there[axis] + their[axis] <= at[axis];
            assert!(apart(0) || apart(1), "{name} at {at:?} lies on {other} at {there:?}");
        }
    }
}

#[test]
fn jobs_without_a_place_get_one() {
    let mut pipeline = diagnosis();
    pipeline.layout.insert("data".into(), [500.0, 40.0]);
    pipeline.layout.insert("gone".into(), [0.0, 0.0]);
    complete(&mut pipeline);
    assert_eq!(pipeline.layout["data"], [500.0, 40.0]);
    assert_eq!(pipeline.layout.len(), 6);
    let places = pipeline.layout.clone();
    assert_no_overlap(&pipeline, &places);
}

#[test]
fn a_large_drawing_is_laid_out() {
    let mut pipeline = Pipeline::default();
    for index in 0..500usize {
        let mut job = Job { component: "join".into(), ..Job::default() };
        for (port, back) in [("left", 1), ("right", 7)] {
            if index >= back && index % 11 != 0 {
                let binding = Input::Binding { job: format!("n{}", index - back), output: "table".into() };
                job.inputs.insert(port.into(), binding);
            }
        }
        pipeline.jobs.insert(format!("n{index}"), job);
    }
    let places = tidy(&pipeline);
    assert_no_overlap(&pipeline, &places);
}

#[test]
fn differences_are_found() {
    let old = diagnosis();
    let mut new = old.clone();
    new.remove(&["evaluate"]);
    new.jobs["train"].inputs.insert("seed".into(), Input::Value(json!(1)));
    new.jobs["train"].inputs.shift_remove("label");
    new.jobs["score"].disabled = true;
    new.add(components::find("k_means").unwrap().spec(), [0.0, 0.0]);
    let found = diff(&old, &new);
    let names = |jobs: &IndexMap<String, Job>| jobs.keys().cloned().collect::<Vec<_>>();
    assert_eq!((names(&found.added), names(&found.removed)), (vec!["k_means".to_owned()], vec!["evaluate".to_owned()]));
    let titles = |job: &str| found.changed[job].iter().map(|change| change.title(None)).collect::<Vec<_>>();
    assert_eq!(titles("train"), ["seed", "label"]);
    assert_eq!(titles("score"), ["Disabled"]);
    assert_eq!(found.wires_removed, [Wire { from: End::new("score", "table"), to: End::new("evaluate", "table") }]);
    assert!(found.wires_added.is_empty() && diff(&old, &old).is_empty());
}

#[test]
fn parameters_are_set_by_path() {
    let mut pipeline = diagnosis();
    set(&mut pipeline, "jobs.boosting.learning_rate", "0.3").unwrap();
    set(&mut pipeline, "jobs.boosting.inputs.trees", "50").unwrap();
    set(&mut pipeline, "jobs.train.label", "12").unwrap();
    set(&mut pipeline, "jobs.boosting.max_leaves", "null").unwrap();
    set(&mut pipeline, "jobs.clean.disabled", "true").unwrap();
    assert_eq!(pipeline.jobs["boosting"].inputs["learning_rate"], Input::Value(json!(0.3)));
    assert_eq!(pipeline.jobs["boosting"].inputs["trees"], Input::Value(json!(50)));
    assert_eq!(pipeline.jobs["train"].inputs["label"], Input::Value(json!("12")), "a column may be called 12");
    assert_eq!(pipeline.jobs["boosting"].inputs["max_leaves"], Input::Value(json!(null)));
    assert!(pipeline.jobs["clean"].disabled);
    let mut wrong = |path: &str, value: &str| set(&mut pipeline, path, value).unwrap_err();
    assert_eq!(
        wrong("jobs.boostin.trees", "5"),
        "There is no job “boostin” in this pipeline. Did you mean “boosting”?"
    );
    assert_eq!(wrong("jobs.boosting.tree", "5"), "“tree” is no parameter of Gradient boosting. Did you mean “trees”?");
    assert_eq!(
        wrong("jobs.boosting.trees", "many"),
        "“trees” of Gradient boosting should be a whole number, not “many”."
    );
    assert!(wrong("boosting.trees", "5").contains("Write jobs.JOB.PARAMETER"));
    assert!(wrong("jobs.train.table", "5").contains("is a connection, not a parameter"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// Whatever the graph, circles included, nodes lie apart and every job has a place.
    #[test]
    fn nodes_never_overlap(wires in prop::collection::vec((0usize..14, 0usize..14), 0..30), folded in any::<u16>()) {
        let mut pipeline = Pipeline::default();
        for index in 0..14usize {
            let collapsed = folded >> index & 1 == 1;
            pipeline.jobs.insert(format!("n{index}"), Job { component: "join".into(), collapsed, ..Job::default() });
        }
        for (at, (from, to)) in wires.iter().enumerate() {
            let port = if at % 2 == 0 { "left" } else { "right" };
            let binding = Input::Binding { job: format!("n{from}"), output: "table".into() };
            pipeline.jobs[*to].inputs.insert(port.into(), binding);
        }
        let places = tidy(&pipeline);
        prop_assert_eq!(places.len(), 14);
        assert_no_overlap(&pipeline, &places);
        let order = pipeline.order();
        for (at, job) in order.jobs.iter().enumerate() {
            for (_, source, _) in pipeline.jobs[*job].bindings() {
                prop_assert!(order.jobs[..at].contains(&source));
            }
        }
        prop_assert_eq!(order.jobs.len() < 14, !order.cycle.is_empty());
    }
}
