use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::graph::{Input, Job, Note};

pub(super) const HAND: &str = r#"# How malignant is it?
# (kept by the oncology group)
$schema: https://example.org/pipeline.json
type: pipeline
name: diagnosis
display_name: 'Diagnosis, boosted trees'   # shown in the window
experiment_name: "breast cancer"

jobs:

  # The data as it came.
  breast_cancer:
    component: import_dataset
    inputs: {dataset: breast_cancer@3}

  clean:
    component: clean_missing_data
    inputs:
      table: ${{parent.jobs.breast_cancer.outputs.table}}
      columns:            # the worst four
        - mean radius
        - "mean texture"  # sic
        - 'smoothness'
      strategy: median


  # 70 / 30
  split:
    display_name: "Split it"
    component: split_data
    outputs:
      train: {type: mltable}
    inputs:
      table: "${{ parent.jobs.clean.outputs.table }}"
      fraction: 0.30   # for the test
      stratify: diagnosis
      # the answer
      seed: 42
    disabled: false
  script:
    component: python_script
    inputs:
      script: |
        def run(table1):
            # comment inside

            return table1
      table1: ${{parent.jobs.split.outputs.train}}

layout:
  breast_cancer: [520, 40]
  clean:   [520.5, 130]  # under it
  split: [520, 220]
"#;

fn hand() -> Document {
    Document::parse(HAND).unwrap()
}

/// Lines that differ, as `git diff` counts them: removed and added.
fn changed<'a>(old: &'a str, new: &'a str) -> (Vec<&'a str>, Vec<&'a str>) {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut lengths = vec![vec![0usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            lengths[i][j] =
                if old[i] == new[j] { lengths[i + 1][j + 1] + 1 } else { lengths[i + 1][j].max(lengths[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut removed, mut added) = (0, 0, Vec::new(), Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            i += 1;
            j += 1;
        } else if j == new.len() || (i < old.len() && lengths[i + 1][j] >= lengths[i][j + 1]) {
            removed.push(old[i]);
            i += 1;
        } else {
            added.push(new[j]);
            j += 1;
        }
    }
    (removed, added)
}

fn edit(change: impl FnOnce(&mut Pipeline)) -> (Vec<String>, Vec<String>) {
    edit_in(HAND, change)
}

fn edit_in(text: &str, change: impl FnOnce(&mut Pipeline)) -> (Vec<String>, Vec<String>) {
    let document = Document::parse(text).unwrap();
    let mut pipeline = document.pipeline.clone();
    change(&mut pipeline);
    let updated = document.update(&pipeline);
    assert_eq!(Document::parse(&*updated).unwrap().pipeline, pipeline, "{updated}");
    let (removed, added) = changed(text, &updated);
    let owned = |lines: Vec<&str>| lines.into_iter().map(str::to_owned).collect();
    (owned(removed), owned(added))
}

fn set(pipeline: &mut Pipeline, job: &str, key: &str, value: Json) {
    pipeline.jobs[job].inputs.insert(key.to_owned(), Input::Value(value));
}

#[test]
fn reads_what_it_says() {
    let document = hand();
    assert_eq!(document.problems, []);
    let pipeline = &document.pipeline;
    assert_eq!(pipeline.display_name, "Diagnosis, boosted trees");
    assert_eq!(pipeline.jobs.keys().collect::<Vec<_>>(), ["breast_cancer", "clean", "split", "script"]);
    let split = &pipeline.jobs["split"];
    assert_eq!(split.inputs["fraction"], Input::Value(json!(0.3)));
    assert_eq!(split.inputs["table"], Input::Binding { job: "clean".into(), output: "table".into() });
    assert_eq!(split.display_name.as_deref(), Some("Split it"));
    assert_eq!(pipeline.layout["clean"], [520.5, 130.0]);
    assert_eq!(document.line_of("split", Some("fraction")), Some(35));
    assert_eq!(document.line_of("split", None), Some(28));
    assert_eq!(document.update(pipeline), HAND);
}

#[test]
fn a_changed_parameter_is_one_line() {
    let (removed, added) = edit(|p| set(p, "split", "fraction", json!(0.25)));
    assert_eq!(removed, ["      fraction: 0.30   # for the test"]);
    assert_eq!(added, ["      fraction: 0.25   # for the test"]);
    let (_, added) = edit(|p| set(p, "split", "stratify", json!("yes: it's")));
    assert_eq!(added, ["      stratify: \"yes: it's\""]);
    let (_, added) = edit(|p| p.display_name = "It's malignant".into());
    assert_eq!(added, ["display_name: 'It''s malignant'   # shown in the window"]);
    let (removed, added) =
        edit(|p| set(p, "clean", "columns", json!(["mean radius", "mean texture", "area", "smoothness"])));
    assert_eq!((removed.len(), added), (0, vec!["        - area".to_owned()]));
    let (removed, added) = edit(|p| {
        set(p, "script", "script", json!("def run(table1):\n    # comment inside\n\n    return table1.head()\n"))
    });
    assert_eq!((removed.len(), added), (1, vec!["            return table1.head()".to_owned()]));
}

#[test]
fn a_moved_node_is_one_line() {
    let (removed, added) = edit(|p| p.layout["clean"] = [1.0, 2.25]);
    assert_eq!(removed, ["  clean:   [520.5, 130]  # under it"]);
    assert_eq!(added, ["  clean: [1, 2.25]  # under it"]);
    let (removed, added) = edit(|p| p.layout.extend([("script".to_owned(), [7.0, 8.0])]));
    assert_eq!((removed.len(), added), (0, vec!["  script: [7, 8]".to_owned()]));
}

#[test]
fn parameters_come_and_go_by_the_line() {
    let (removed, added) = edit(|p| set(p, "split", "mode", json!("random")));
    assert_eq!((removed.len(), added), (0, vec!["      mode: random".to_owned()]));
    let (removed, added) = edit(|p| drop(p.jobs["split"].inputs.shift_remove("seed")));
    assert_eq!((removed, added.len()), (vec!["      # the answer".to_owned(), "      seed: 42".to_owned()], 0));
    let (removed, added) = edit(|p| p.jobs["script"].disabled = true);
    assert_eq!((removed.len(), added), (0, vec!["    disabled: true".to_owned()]));
    let (removed, added) = edit(|p| p.jobs["split"].disabled = true);
    assert_eq!((removed.len(), added), (1, vec!["    disabled: true".to_owned()]));
    let (removed, added) = edit(|p| p.jobs["script"].inputs.clear());
    assert_eq!((removed.len(), added.len()), (7, 0));
    let (_, added) = edit(|p| set(p, "breast_cancer", "dataset", json!("breast_cancer@4")));
    assert_eq!(added, ["    inputs:", "      dataset: breast_cancer@4"]);
}

#[test]
fn jobs_come_go_and_change_their_name() {
    let (removed, added) = edit(|p| {
        let job = Job { component: "export_data".into(), ..Job::default() };
        p.jobs.insert("export".into(), job);
    });
    assert_eq!((removed.len(), added.len()), (0, 3), "{added:?}");
    let (removed, added) = edit(|p| drop(p.jobs.shift_remove("split")));
    assert_eq!((removed.len(), added.len()), (13, 0), "{removed:?}");
    assert!(removed.contains(&"  # 70 / 30".to_owned()));
    let (removed, added) = edit(|p| {
        let index = p.jobs.get_index_of("split").unwrap();
        let job = p.jobs.shift_remove("split").unwrap();
        p.jobs.shift_insert(index, "halve".into(), job);
        let binding = Input::Binding { job: "halve".into(), output: "train".into() };
        p.jobs["script"].inputs.insert("table1".into(), binding);
        let place = p.layout.shift_remove("split").unwrap();
        p.layout.insert("halve".into(), place);
    });
    assert_eq!((removed.len(), added.len()), (3, 3), "{added:?}");
    let (removed, added) = edit(|p| p.jobs.clear());
    assert!(added.is_empty() && removed.len() > 30, "{added:?}");
}

#[test]
fn notes_stand_before_the_layout() {
    let note = |text: &str| Note { text: text.into(), rect: [0.0, 1.0, 200.0, 80.5] };
    let (removed, added) = edit(|p| p.notes.push(note("Check: \"units\"\nand more")));
    let line = "  - {text: \"Check: \\\"units\\\"\\nand more\", rect: [0, 1, 200, 80.5]}";
    assert_eq!((removed.len(), added), (0, vec!["notes:".to_owned(), line.to_owned(), String::new()]));
    let text = "type: pipeline\njobs:\n  a: {component: b}\n";
    let (removed, added) = edit_in(text, |p| p.notes.push(note("x")));
    assert_eq!((removed.len(), added.len()), (0, 3));
}

#[test]
fn line_ends_and_a_missing_last_one_stay() {
    let text = HAND.replace('\n', "\r\n");
    let document = Document::parse(&*text).unwrap();
    assert_eq!(document.pipeline.jobs["script"], hand().pipeline.jobs["script"]);
    let mut pipeline = document.pipeline.clone();
    set(&mut pipeline, "split", "seed", json!(7));
    set(&mut pipeline, "split", "more", json!([1, 2]));
    let updated = document.update(&pipeline);
    assert!(updated.lines().count() == text.lines().count() + 1 && !updated.replace("\r\n", "").contains('\n'));
    let text = HAND.trim_end();
    let document = Document::parse(text).unwrap();
    let mut pipeline = document.pipeline.clone();
    pipeline.layout.insert("script".into(), [0.0, 0.0]);
    assert_eq!(document.update(&pipeline), format!("{text}\n  script: [0, 0]"));
}

#[test]
fn an_exotic_file_keeps_comments_and_unknown_keys() {
    let text = "# why\n{type: pipeline, tags: {a: 1}, jobs: {split: {component: split_data, outputs: {x: y}}}}\n";
    let document = Document::parse(text).unwrap();
    let mut pipeline = document.pipeline.clone();
    set(&mut pipeline, "split", "fraction", json!(0.5));
    let updated = document.update(&pipeline);
    assert!(updated.starts_with("# why\ntype: pipeline\n"), "{updated}");
    for kept in ["tags:\n  a: 1\n", "    outputs:\n      x: y\n", "      fraction: 0.5\n"] {
        assert!(updated.contains(kept), "{kept} in {updated}");
    }
    assert_eq!(Document::parse(updated).unwrap().pipeline, pipeline);
}

#[test]
fn anchors_are_understood_and_survive_an_edit() {
    let text = "type: pipeline\nbase: &base\n  seed: 1\njobs:\n  a:\n    component: sample\n    inputs:\n      <<: *base\n      rows: 3\n";
    let document = Document::parse(text).unwrap();
    assert_eq!(document.pipeline.jobs["a"].inputs["seed"], Input::Value(json!(1)));
    let (removed, added) = edit_in(text, |p| set(p, "a", "rows", json!(4)));
    assert_eq!((removed.len(), added.len()), (1, 1));
}

#[test]
fn wrong_files_say_where() {
    let error = |text: &str| Document::parse(text).unwrap_err().to_string();
    let twice = error("jobs:\n  a: {component: x}\n  a: {component: y}\n");
    assert_eq!(twice, "Line 3: The job “a” stands here and on line 2. Rename or remove one of the two.");
    assert!(error("jobs:\n  a: [1\nb: 2\n").starts_with("Line "));
    assert!(error("- 1\n- 2\n").contains("no pipeline"));
    let document = Document::parse(
        "type: command\njobs:\n  a:\n    disabled: maybe\n    component: x\n    inputs:\n      t: ${{parent.a}}\n  b: 3\nlayout:\n  a: [1]\n",
    )
    .unwrap();
    let problems: Vec<String> = document.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "Line 1: The type should be “pipeline”, but it is “command”.",
            "Line 7: The input “t” of the job “a” is bound to “${{parent.a}}”. A binding is written \
             ${{parent.jobs.JOB.outputs.PORT}}.",
            "Line 4: In the job “a” “disabled” should be true or false, but it is “maybe”.",
            "Line 8: The job “b” should have keys such as “component”, not 3.",
            "Line 10: The layout of “a” should be [left, top], such as [120, 40].",
        ]
    );
    assert_eq!(Document::parse("").unwrap().pipeline, Pipeline::default());
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z][a-z0-9_]{0,8}",
        1 => "[ -~]{0,12}",
        1 => "[a-z #:\\n-]{0,20}",
        1 => any::<String>(),
        1 => prop::sample::select(vec!["yes", "null", "~", "1e3", "0x1f", "2024-01-01", "1:30", ".5", "- a", "a: b", "…", "<<", "=", "true", "'", "\"", "|", "\u{85}", "\u{2028}x"]).prop_map(str::to_owned),
    ]
    .prop_filter("a text is no binding", |text| !text.trim_start().starts_with("${{"))
}

fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        (-1e9..1e9f64).prop_map(Json::from),
        prop::num::f64::NORMAL.prop_map(Json::from),
        text().prop_map(Json::from),
        Just(Json::Null),
    ]
}

fn value() -> impl Strategy<Value = Json> {
    prop_oneof![
        4 => scalar(),
        1 => prop::collection::vec(scalar(), 0..8).prop_map(Json::from),
        1 => prop::collection::vec(prop::collection::vec((name(), scalar()), 1..3), 1..4).prop_map(|rows| {
            rows.into_iter().map(|row| Json::Object(row.into_iter().collect())).collect::<Vec<_>>().into()
        }),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![9 => "[a-z][a-z0-9_]{0,6}", 1 => "[a-zé :#'\"-]{1,6}"]
        .prop_filter("YAML's merge key", |name| name != "<<" && name == name.trim())
}

fn input() -> impl Strategy<Value = Input> {
    let binding = ("[a-z]{1,4}", "[a-z]{1,4}").prop_map(|(job, output)| Input::Binding { job, output });
    prop_oneof![value().prop_map(Input::Value), binding]
}

fn job() -> impl Strategy<Value = Job> {
    let inputs = prop::collection::vec((name(), input()), 0..5);
    let maybe = || prop::option::of(text());
    (("[a-z]{1,6}", maybe(), maybe()), inputs, any::<(bool, bool)>(), (maybe(), maybe())).prop_map(
        |((component, display_name, comment), inputs, (disabled, collapsed), (compute, environment))| Job {
            component,
            display_name,
            comment,
            inputs: inputs.into_iter().collect(),
            disabled,
            collapsed,
            compute,
            environment,
        },
    )
}

pub(super) fn pipelines() -> impl Strategy<Value = Pipeline> {
    let place = || -1e4..1e4f32;
    let jobs = prop::collection::vec((name(), job(), (place(), place())), 0..6);
    let notes = prop::collection::vec((text(), prop::array::uniform4(place())), 0..3);
    (text(), text(), jobs, notes).prop_map(|(display_name, description, jobs, notes)| Pipeline {
        display_name,
        description,
        layout: jobs.iter().map(|(name, _, (left, top))| (name.clone(), [*left, *top])).collect(),
        jobs: jobs.into_iter().map(|(name, job, _)| (name, job)).collect::<IndexMap<_, _>>(),
        notes: notes.into_iter().map(|(text, rect)| Note { text, rect }).collect(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn any_pipeline_round_trips(pipeline in pipelines()) {
        let document = Document::new(&pipeline);
        let read = Document::parse(&*document.text).unwrap();
        prop_assert_eq!(&read.pipeline, &pipeline, "{}", &document.text);
        prop_assert_eq!(read.update(&pipeline), &*document.text);
    }

    #[test]
    fn any_edit_gives_what_was_asked_for(old in pipelines(), new in pipelines()) {
        let document = Document::new(&old);
        let updated = document.update(&new);
        prop_assert_eq!(&Document::parse(&*updated).unwrap().pipeline, &new, "{}", updated);
        let hand = hand();
        let updated = hand.update(&new);
        prop_assert_eq!(&Document::parse(&*updated).unwrap().pipeline, &new, "{}", updated);
        prop_assert!(updated.starts_with("# How malignant is it?\n# (kept by the oncology group)\n$schema"));
    }

    #[test]
    fn one_scalar_is_one_line(pipeline in pipelines(), job in any::<prop::sample::Index>(), new in scalar()) {
        prop_assume!(!pipeline.jobs.is_empty());
        prop_assume!(!new.as_str().is_some_and(|text| text.contains('\n')));
        let mut before = pipeline.clone();
        let (_, target) = before.jobs.get_index_mut(job.index(pipeline.jobs.len())).unwrap();
        target.inputs.insert("value".into(), Input::Value(json!(0.125)));
        let mut after = before.clone();
        let (_, target) = after.jobs.get_index_mut(job.index(pipeline.jobs.len())).unwrap();
        target.inputs.insert("value".into(), Input::Value(new));
        let document = Document::new(&before);
        let updated = document.update(&after);
        let (removed, added) = changed(&document.text, &updated);
        prop_assert!(removed.len() <= 1 && added.len() <= 1, "{removed:?} {added:?}");
        prop_assert_eq!(&Document::parse(&*updated).unwrap().pipeline, &after);
    }
}
