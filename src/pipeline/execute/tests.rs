use std::path::PathBuf;
use std::sync::{Barrier, Mutex};

use data::polars::df;
use data::polars::prelude::{DataFrame, NamedFrom, Series};

use super::outputs::{open_output, table_meta};
use super::*;
use crate::check::check;
use crate::component::{Category, Params, PortKind, Spec};
use crate::journal::StepJournal;
use crate::memory::{MemoryStore, Recorder};
use crate::plan::Target;
use crate::shape::{Known, Problem, Shape, Shapes};
use crate::store::{Dataset, StepContext, Stream};
use crate::value::{Inputs, Outputs, Value};
use crate::yaml::Document;

/// 200 rows whose class depends on `x`; `y` is in large units and `holes` misses a few values.
fn rows() -> DataFrame {
    let x: Vec<f64> = (0..200).map(|i| f64::from(i * 37 % 200) / 10.0).collect();
    let y: Vec<f64> = (0..200).map(|i| f64::from(i * 53 % 200) * 1000.0).collect();
    let holes: Vec<Option<f64>> = (0..200).map(|i| (i % 10 != 3).then(|| f64::from(i % 7))).collect();
    let kind: Vec<&str> = x.iter().map(|x| if *x + 0.3 * (x * 7.0).sin() > 10.0 { "large" } else { "small" }).collect();
    df!("x" => x, "y" => y, "holes" => holes, "kind" => kind).unwrap()
}

fn store() -> MemoryStore {
    let store = MemoryStore::new().unwrap();
    store.add_dataset("rows", &rows()).unwrap();
    store
}

const PIPELINE: &str = "jobs:
  data: {component: import_dataset, inputs: {dataset: rows}}
  clean: {component: clean_missing_data, inputs: {table: '${{parent.jobs.data.outputs.table}}'}}
  scale: {component: normalise, inputs: {table: '${{parent.jobs.clean.outputs.table}}'}}
  split:
    component: split_data
    inputs: {table: '${{parent.jobs.scale.outputs.table}}', fraction: 0.7, seed: 1}
  knn: {component: k_nearest_neighbours}
  train:
    component: train_model
    inputs:
      estimator: ${{parent.jobs.knn.outputs.estimator}}
      table: ${{parent.jobs.split.outputs.train}}
      label: kind
  score:
    component: score_model
    inputs: {model: '${{parent.jobs.train.outputs.model}}', table: '${{parent.jobs.split.outputs.test}}'}
  raw:
    component: score_model
    inputs: {model: '${{parent.jobs.train.outputs.model}}', table: '${{parent.jobs.data.outputs.table}}'}
  prepared:
    component: score_model
    inputs: {model: '${{parent.jobs.train.outputs.model}}', table: '${{parent.jobs.scale.outputs.table}}'}
  judge: {component: evaluate_model, inputs: {table: '${{parent.jobs.score.outputs.table}}'}}
";

fn plan(text: &str, store: &MemoryStore, target: &Target) -> Plan {
    let pipeline = Document::parse(text).unwrap().pipeline;
    Plan::of(&pipeline, &check(&pipeline, store), target).unwrap()
}

fn run(text: &str, store: &MemoryStore) -> (Outcome, Recorder) {
    let recorder = Recorder::new();
    let outcome = execute(&plan(text, store, &Target::All), store, &recorder, &Options::default());
    (outcome, recorder)
}

fn texts(recorder: &Recorder, store: &MemoryStore, job: &str, column: &str) -> Vec<String> {
    let Value::Table(table) = open_output(store, &recorder.output(job, "table").unwrap()).unwrap() else { panic!() };
    let frame = table.frame().unwrap();
    frame.column(column).unwrap().str().unwrap().iter().map(|text| text.unwrap_or("").to_owned()).collect()
}

#[test]
fn a_pipeline_runs_and_runs_again_without_reading() {
    let store = store();
    let (outcome, recorder) = run(PIPELINE, &store);
    assert_eq!(outcome.finished.len(), 10, "{:?}", recorder.fates());
    let report = recorder.output("judge", "report").unwrap();
    let metrics = Meta::of(&report).unwrap().metrics();
    assert!(metrics["roc_auc"] > 0.9, "{metrics:?}");
    let Some(Meta::Model(model)) = Meta::of(&recorder.output("train", "model").unwrap()) else { panic!() };
    assert_eq!((model.label.as_deref(), model.classes.len(), model.features.len()), (Some("kind"), 2, 3));
    assert_eq!(texts(&recorder, &store, "raw", "predicted"), texts(&recorder, &store, "prepared", "predicted"));

    let unread = Unread(&store);
    let again = Recorder::new();
    let outcome = execute(&plan(PIPELINE, &store, &Target::All), &unread, &again, &Options::default());
    assert_eq!(outcome.reused.len(), 10, "{:?}", again.fates());
    assert_eq!(again.output("judge", "report").unwrap(), report);
}

/// Refuses to give any bytes.
struct Unread<'a>(&'a MemoryStore);

impl Store for Unread<'_> {
    fn dataset(&self, name: &str, version: Option<u32>) -> Result<Dataset, StepError> {
        Store::dataset(self.0, name, version)
    }
    fn find(&self, key: &str) -> Result<Option<Vec<Stored>>, StepError> {
        self.0.find(key)
    }
    fn journal(&self, key: &str) -> Result<StepJournal, StepError> {
        self.0.journal(key)
    }
    fn keep(&self, _: &str, _: &[Stored], _: &StepJournal) -> Result<(), StepError> {
        panic!("nothing is new")
    }
    fn put_file(&self, _: PathBuf) -> Result<String, StepError> {
        panic!("nothing is new")
    }
    fn put_bytes(&self, _: &[u8]) -> Result<String, StepError> {
        panic!("nothing is new")
    }
    fn path(&self, _: &str) -> Result<PathBuf, StepError> {
        panic!("nothing is read")
    }
    fn scratch_file(&self, _: &str) -> Result<PathBuf, StepError> {
        panic!("nothing is written")
    }
    fn folder(&self) -> PathBuf {
        self.0.folder()
    }
    fn python(&self) -> Result<PathBuf, StepError> {
        self.0.python()
    }
}

#[test]
fn only_what_changed_runs_again() {
    let store = store();
    run(PIPELINE, &store);
    let (outcome, _) = run(
        &PIPELINE.replace(
            "knn: {component: k_nearest_neighbours}",
            "knn: {component: k_nearest_neighbours, inputs: {neighbours: 3}}",
        ),
        &store,
    );
    assert_eq!(outcome.reused, ["data", "clean", "scale", "split"]);
    let mut finished = outcome.finished.clone();
    finished.sort();
    assert_eq!(finished, ["judge", "knn", "prepared", "raw", "score", "train"]);
    let (outcome, _) = run(&PIPELINE.replace("neighbours}", "neighbours, inputs: {neighbours: 5}}"), &store);
    assert_eq!(outcome.reused.len(), 10, "a default that is written out changes nothing");
    store.add_dataset("rows", &rows().head(Some(150))).unwrap();
    let (outcome, _) = run(PIPELINE, &store);
    assert_eq!(outcome.reused, ["knn"], "a new version of the dataset");
    let forced = Options { force: true, ..Options::default() };
    let outcome = execute(&plan(PIPELINE, &store, &Target::All), &store, &Recorder::new(), &forced);
    assert_eq!(outcome.finished.len(), 10);
}

#[test]
fn a_target_runs_what_it_needs() {
    let store = store();
    let to = plan(PIPELINE, &store, &Target::UpTo("train".into()));
    let jobs: Vec<&str> = to.steps.iter().map(|step| step.job.as_str()).collect();
    assert_eq!(jobs, ["data", "clean", "scale", "split", "knn", "train"]);
    let pipeline = Document::parse(PIPELINE).unwrap().pipeline;
    let checked = check(&pipeline, &store);
    assert!(Plan::of(&pipeline, &checked, &Target::UpTo("nobody".into())).unwrap_err().contains("nobody"));
    let json = serde_json::to_string(&to).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), to, "a plan survives being written down");
    assert!(known_results(&to, &store).is_empty());
    execute(&to, &store, &Recorder::new(), &Options::default());
    let whole = plan(PIPELINE, &store, &Target::All);
    let known = known_results(&whole, &store);
    assert_eq!(known.len(), 6);
    assert_eq!(table_meta(&known["data"].1[0]).unwrap().1, 200);
}

#[test]
fn importing_copies_nothing() {
    let store = store();
    let dataset = Store::dataset(&store, "rows", None).unwrap();
    let (_, recorder) = run(PIPELINE, &store);
    assert_eq!(recorder.output("data", "table").unwrap().digest, dataset.digest);
}

const BROKEN: &str = "jobs:
  data: {component: import_dataset, inputs: {dataset: rows}}
  wrong:
    component: select_columns
    inputs: {table: '${{parent.jobs.data.outputs.table}}', columns: [nothing]}
  after: {component: remove_duplicates, inputs: {table: '${{parent.jobs.wrong.outputs.table}}'}}
  last: {component: remove_duplicates, inputs: {table: '${{parent.jobs.after.outputs.table}}'}}
  forest: {component: random_forest}
  text: {component: linear_regression}
  train:
    component: train_model
    inputs:
      estimator: ${{parent.jobs.forest.outputs.estimator}}
      table: ${{parent.jobs.data.outputs.table}}
      label: kind
      max_categories: 2
";

#[test]
fn a_failure_stops_only_its_own_branch() {
    let store = store();
    let (outcome, recorder) = run(BROKEN, &store);
    let fates = recorder.fates();
    assert!(fates["wrong"].starts_with("failed: There is no column “nothing”."), "{fates:?}");
    assert_eq!(fates["after"], "skipped: The step “wrong” before it failed.");
    assert_eq!(fates["last"], "skipped: The step “after” before it was skipped.");
    assert_eq!((&*fates["train"], &*fates["text"]), ("finished", "finished"));
    assert!(!outcome.is_success());
    let planned = plan(BROKEN, &store, &Target::All);
    assert_eq!(planned.errors().map(|(job, _)| job).collect::<Vec<_>>(), ["wrong"]);
}

#[test]
fn disabled_steps_are_passed_by() {
    let store = store();
    let text = PIPELINE.replace("scale: {component: normalise,", "scale: {component: normalise, disabled: true,");
    let (outcome, recorder) = run(&text, &store);
    assert_eq!(outcome.skipped, [("scale".to_owned(), "It is disabled.".to_owned())]);
    assert_eq!(outcome.finished.len(), 9, "{:?}", recorder.fates());
    let text = PIPELINE
        .replace("knn: {component: k_nearest_neighbours}", "knn: {component: k_nearest_neighbours, disabled: true}");
    let (outcome, recorder) = run(&text, &store);
    let fates = recorder.fates();
    assert_eq!(fates["train"], "skipped: k-nearest neighbours is disabled and passes nothing on.");
    assert_eq!(outcome.skipped.len(), 6, "{fates:?}");
}

#[test]
fn a_circle_fails_and_the_rest_runs() {
    let store = store();
    let text = "jobs:
  a: {component: remove_duplicates, inputs: {table: '${{parent.jobs.b.outputs.table}}'}}
  b: {component: remove_duplicates, inputs: {table: '${{parent.jobs.a.outputs.table}}'}}
  data: {component: import_dataset, inputs: {dataset: rows}}
";
    let (outcome, recorder) = run(text, &store);
    assert_eq!(outcome.finished, ["data"]);
    assert_eq!(outcome.failed.len(), 2, "{:?}", recorder.fates());
}

#[test]
fn cancelling_begins_nothing_more() {
    let store = store();
    let recorder = Recorder::new();
    recorder.cancel();
    let outcome = execute(&plan(PIPELINE, &store, &Target::All), &store, &recorder, &Options::default());
    assert_eq!(outcome.cancelled.len(), 10);
    assert_eq!(store.kept(), 0);
}

/// Two steps that are ready run at the same time: each waits inside for the other.
#[test]
fn ready_steps_run_side_by_side() {
    struct Meeting(Barrier, Mutex<Vec<Option<String>>>);
    impl Observer for Meeting {
        fn progress(&self, _: &str, _: Option<f32>, message: &str) {
            if message == "Reading rows" {
                self.1.lock().unwrap().push(std::thread::current().name().map(str::to_owned));
                self.0.wait();
            }
        }
        fn metric(&self, _: &str, _: &str, _: f64, _: i64) {}
        fn log(&self, _: &str, _: Stream, _: &str) {}
        fn step(&self, _: StepEvent) {}
        fn cancelled(&self) -> bool {
            false
        }
    }
    let store = store();
    let mut text =
        "jobs:\n  data: {component: import_dataset, inputs: {dataset: rows}}\n  tree: {component: decision_tree}\n"
            .to_owned();
    for seed in [1, 2] {
        text += &format!(
            "  train_{seed}:\n    component: train_model\n    inputs:\n      estimator: ${{{{parent.jobs.tree.outputs.estimator}}}}\n      table: ${{{{parent.jobs.data.outputs.table}}}}\n      label: kind\n      seed: {seed}\n"
        );
    }
    let observer = Meeting(Barrier::new(2), Mutex::default());
    let options = Options { force: false, budget: Budget { threads: 2, memory: 1 << 30 } };
    let outcome = execute(&plan(&text, &store, &Target::All), &store, &observer, &options);
    assert!(outcome.is_success() && outcome.finished.len() == 4, "{outcome:?}");
    let mut names = observer.1.into_inner().unwrap();
    names.sort();
    assert_eq!(names, [Some("step train_1".to_owned()), Some("step train_2".to_owned())]);
}

/// A step larger than the budget still runs, alone.
#[test]
fn a_small_budget_is_no_deadlock() {
    let store = store();
    let options = Options { force: false, budget: Budget { threads: 1, memory: 0 } };
    let outcome = execute(&plan(PIPELINE, &store, &Target::All), &store, &Recorder::new(), &options);
    assert_eq!(outcome.finished.len(), 10);
}

struct Faulty;

static FAULTY: Spec = Spec {
    id: "faulty",
    version: 1,
    title: "Faulty",
    category: Category::Code,
    summary: "",
    docs: "",
    keywords: &[],
    inputs: &[],
    outputs: &[crate::component::Port::new("table", "Table", PortKind::Table, "")],
    params: &[],
    reusable: true,
};

impl Component for Faulty {
    fn spec(&self) -> &'static Spec {
        &FAULTY
    }
    fn caption(&self, _: &Params, _: &Shapes, _: &dyn Known) -> String {
        String::new()
    }
    fn infer(&self, _: &Params, _: &Shapes, _: &dyn Known, _: &mut Vec<Problem>) -> Vec<(&'static str, Shape)> {
        Vec::new()
    }
    fn run(&self, params: &Params, _: &Inputs, _: &StepContext<'_>) -> Result<Outputs, StepError> {
        let nothing: Vec<u8> = Vec::new();
        assert!(!params.boolean("panic"), "index {} is out of place", nothing.len());
        Ok(Vec::new())
    }
}

#[test]
fn a_panic_is_a_failure_with_a_sentence() {
    let store = store();
    let recorder = Recorder::new();
    let failure = |params: Params| {
        let (job, component) = ("job".to_owned(), "faulty".to_owned());
        let planned = Step { job, component, params, inputs: Vec::new(), environment: None, obstacle: None };
        let ready = Ready { key: String::new(), inputs: BTreeMap::new(), chain: None, memory: 0 };
        step::run(&Faulty, &planned, &ready, &store, &recorder, 1).unwrap_err().to_string()
    };
    let broke = failure(Params::default().with("panic", true));
    assert!(broke.starts_with("Faulty broke off: index 0 is out of place. This is a mistake in Atelier"), "{broke}");
    assert_eq!(recorder.log("job"), "index 0 is out of place\n");
    assert!(failure(Params::default()).starts_with("Faulty ended without its output “table”."));
}

#[test]
fn every_kind_of_output_can_be_read_again() {
    let store = store();
    let (_, recorder) = run(PIPELINE, &store);
    for (job, port) in
        [("scale", "table"), ("scale", "transform"), ("knn", "estimator"), ("train", "model"), ("judge", "report")]
    {
        let stored = recorder.output(job, port).unwrap();
        assert_eq!(open_output(&store, &stored).unwrap().kind(), stored.kind);
        assert!(Meta::of(&stored).is_some(), "{job}");
    }
    let Value::Table(table) = open_output(&store, &recorder.output("scale", "table").unwrap()).unwrap() else {
        panic!()
    };
    assert_eq!(table.preparation.0.len(), 2, "filled and scaled");
    let scored = recorder.output("score", "table").unwrap();
    let (schema, count) = table_meta(&scored).unwrap();
    assert_eq!(count, 60);
    assert_eq!(schema.get("kind").unwrap().role, Some(data::schema::Role::Label));
}

#[test]
fn keys_follow_roles_and_preparation() {
    let store = store();
    let (_, recorder) = run(PIPELINE, &store);
    let planned = plan(PIPELINE, &store, &Target::All);
    let train = planned.steps.iter().find(|step| step.job == "train").unwrap();
    let component = components::find("train_model").unwrap();
    let inputs = |change: &dyn Fn(&mut crate::meta::TableMeta)| {
        let mut stored = recorder.output("split", "train").unwrap();
        let Some(Meta::Table(mut table)) = Meta::of(&stored) else { panic!() };
        change(&mut table);
        stored.meta = Meta::Table(table).to_json();
        let estimator = recorder.output("knn", "estimator").unwrap();
        BTreeMap::from([("estimator".to_owned(), estimator), ("table".to_owned(), stored)])
    };
    let digest =
        |change: &dyn Fn(&mut crate::meta::TableMeta)| key(component, train, &inputs(change), None, &store).unwrap();
    let same = digest(&|_| {});
    assert_eq!(same, digest(&|table| table.rows += 1), "how many rows there are is in the digest already");
    assert_ne!(same, digest(&|table| table.schema.columns[0].role = Some(data::schema::Role::Ignore)));
    assert_ne!(same, digest(&|table| table.preparation.0.truncate(1)));
}

#[test]
fn lazy_rows_are_streamed_to_a_file() {
    use data::polars::prelude::IntoLazy;
    let store = store();
    let frame = DataFrame::new(3, vec![Series::new("a".into(), [3i64, 1, 2]).into()]).unwrap();
    let table = crate::value::Table::raw(frame.clone().lazy().into());
    let stored = outputs::keep_output(&store, "table", table.into(), &outputs::Passed::default()).unwrap();
    let Value::Table(back) = open_output(&store, &stored).unwrap() else { panic!() };
    assert!(back.frame().unwrap().equals(&frame));
}
