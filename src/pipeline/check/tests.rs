use data::schema::{Kind, Schema};

use super::*;
use crate::yaml::Document;

struct World;

impl Known for World {
    fn dataset(&self, reference: &str) -> Result<KnownDataset, String> {
        let schema = Schema::new([("mean radius", Kind::Real), ("diagnosis", Kind::Text), ("seen", Kind::Date)]);
        match reference {
            "cancer" => Ok(KnownDataset { name: "cancer".into(), version: 3, schema, rows: 569 }),
            _ => Err(format!("There is no dataset “{reference}”. Did you mean “cancer”?")),
        }
    }

    fn environment(&self, name: &str) -> Result<(), String> {
        if name == "tables" { Ok(()) } else { Err(format!("There is no environment “{name}”.")) }
    }
}

fn checked(jobs: &str) -> Checked {
    check(&Document::parse(jobs).unwrap().pipeline, &World)
}

fn messages(jobs: &str, job: &str) -> Vec<String> {
    checked(jobs).problems(job).iter().map(|problem| problem.message.clone()).collect()
}

const DATA: &str = "jobs:\n  data: {component: import_dataset, inputs: {dataset: cancer}}\n";

fn after_data(job: &str) -> String {
    format!("{DATA}{job}")
}

#[test]
fn shapes_flow_down() {
    let text = after_data(
        "  pick:
    component: select_columns
    inputs:
      table: ${{parent.jobs.data.outputs.table}}
      columns: [mean radius, diagnosis]
  forest: {component: random_forest}
  train:
    component: train_model
    inputs:
      estimator: ${{parent.jobs.forest.outputs.estimator}}
      table: ${{parent.jobs.pick.outputs.table}}
      label: diagnosis
",
    );
    let checked = checked(&text);
    assert!(checked.problems.is_empty(), "{:?}", checked.problems);
    let Some(Shape::Model(model)) = checked.shape("train", "model") else { panic!() };
    assert_eq!((model.label.as_deref(), &model.features[..]), (Some("diagnosis"), &["mean radius".to_owned()][..]));
    assert_eq!(checked.captions["train"], "Label diagnosis");
    assert_eq!(checked.captions["forest"], "100 trees · any depth");
    assert_eq!(checked.order, ["data", "pick", "forest", "train"]);
}

#[test]
fn environments_are_checked_where_a_script_runs() {
    let script =
        |name: &str| messages(&format!("jobs:\n  a: {{component: python_script, environment: {name}}}\n"), "a");
    assert_eq!(script("tables"), [""; 0]);
    assert_eq!(script("nothing"), ["There is no environment “nothing”."]);
    let sql = messages("jobs:\n  a: {component: random_forest, environment: tables}\n", "a");
    assert_eq!(sql, ["Random forest runs no script, so the environment “tables” changes nothing. Remove it."]);
}

#[test]
fn parameters_are_checked() {
    let forest =
        |inputs: &str| messages(&format!("jobs:\n  f:\n    component: random_forest\n    inputs: {inputs}\n"), "f");
    assert_eq!(forest("{trees: 0}"), ["“Trees” should be between 1 and 100,000, but it is 0."]);
    assert_eq!(forest("{trees: many}"), ["“Trees” should be a whole number, but it is the text “many”."]);
    assert_eq!(forest("{treees: 5}"), ["“treees” is no parameter of Random forest. Did you mean “trees”?"]);
    assert_eq!(
        forest("{max_features: squirt}"),
        ["“Features at a split” has no choice “squirt”. Did you mean “sqrt”?"]
    );
    assert_eq!(
        forest("{max_features: share, feature_share: 2}"),
        ["“Share of features” should be between 0.001 and 1, but it is 2."]
    );
    assert_eq!(forest("{feature_share: 2}"), [""; 0], "it has no say");
    assert_eq!(forest("{max_depth: null}"), [""; 0]);
    let dataset =
        |name: &str| messages(&format!("jobs:\n  d: {{component: import_dataset, inputs: {{dataset: {name}}}}}"), "d");
    assert_eq!(dataset("cancr"), ["There is no dataset “cancr”. Did you mean “cancer”?"]);
    assert_eq!(messages("jobs:\n  d: {component: import_dataset}", "d"), ["“Dataset” is needed. Choose one."]);
}

#[test]
fn columns_are_looked_for() {
    let pick = |columns: &str| {
        messages(
            &after_data(&format!(
                "  pick:\n    component: normalise\n    inputs:\n      table: ${{{{parent.jobs.data.outputs.table}}}}\n      columns: {columns}\n"
            )),
            "pick",
        )
    };
    assert_eq!(pick("[mean_radius]"), ["There is no column “mean_radius”. Did you mean “mean radius”?"]);
    let wrong = pick("[diagnosis]");
    assert!(
        wrong.len() == 1 && wrong[0].contains("takes numbers and booleans, but the column “diagnosis” holds a text"),
        "{wrong:?}"
    );
    assert_eq!(pick("[mean radius, mean radius]"), ["“Columns” lists the column “mean radius” twice. Remove one."]);
    assert_eq!(pick("[mean radius]"), [""; 0]);
}

#[test]
fn connections_are_checked() {
    let score = |inputs: &str| {
        messages(
            &after_data(&format!(
                "  forest: {{component: random_forest}}\n  s:\n    component: score_model\n    inputs: {inputs}\n"
            )),
            "s",
        )
    };
    assert_eq!(
        score("{}"),
        ["Connect a trained model to the input “Trained model”.", "Connect a table to the input “Rows”."]
    );
    let table = "table: '${{parent.jobs.data.outputs.table}}'";
    assert_eq!(
        score(&format!("{{{table}, model: '${{{{parent.jobs.forest.outputs.estimator}}}}'}}")),
        [
            "Score model needs a trained model here; Random forest gives an untrained model. Put Train model between them."
        ]
    );
    assert_eq!(
        score(&format!("{{{table}, model: '${{{{parent.jobs.forst.outputs.model}}}}'}}")),
        ["The input “Trained model” comes from a job “forst” that is not here. Did you mean “forest”?"]
    );
    assert_eq!(
        score(&format!("{{{table}, model: '${{{{parent.jobs.forest.outputs.estimatr}}}}'}}")),
        [
            "The input “Trained model” comes from “estimatr”, which Random forest does not give. Did you mean “estimator”?"
        ]
    );
    let found = score(&format!("{{{table}, model: 3, rows: '${{{{parent.jobs.data.outputs.table}}}}'}}"));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("“model” is a connection."));
    assert!(found[1].starts_with("Score model has no input “rows”."));
}

#[test]
fn unknown_components_and_circles_are_told() {
    let text = "jobs:
  a: {component: sort_row, inputs: {}}
  b:
    component: append_rows
    inputs: {first: '${{parent.jobs.c.outputs.table}}'}
  c:
    component: append_rows
    inputs: {first: '${{parent.jobs.b.outputs.table}}'}
";
    let checked = checked(text);
    assert_eq!(checked.problems("a")[0].message, "There is no component “sort_row”. Did you mean “sort_rows”?");
    let circle = &checked.problems("b")[0].message;
    assert!(circle.starts_with("This step waits for itself: Append rows → Append rows → Append rows."), "{circle}");
    assert_eq!(checked.cycle.len(), 2);
    assert_eq!(checked.order, ["a"]);
    assert!(checked.has_errors("c"));
}

#[test]
fn disabled_jobs_are_passed_by_and_have_no_problems() {
    let text = after_data(
        "  sort:
    component: sort_rows
    disabled: true
    inputs:
      table: ${{parent.jobs.data.outputs.table}}
      nonsense: 3
  forest: {component: random_forest, disabled: true}
  train:
    component: train_model
    inputs:
      estimator: ${{parent.jobs.forest.outputs.estimator}}
      table: ${{parent.jobs.sort.outputs.table}}
      label: diagnosis
",
    );
    let checked = checked(&text);
    assert_eq!(checked.problems("sort"), []);
    assert_eq!(checked.shape("sort", "table"), checked.shape("data", "table"));
    let problems = checked.problems("train");
    assert_eq!(problems[0].severity, Severity::Warning);
    assert!(problems[0].message.starts_with("Random forest is disabled and passes nothing on"), "{problems:?}");
}

#[test]
fn computed_shapes_win() {
    struct Computed;
    impl Known for Computed {
        fn dataset(&self, reference: &str) -> Result<KnownDataset, String> {
            World.dataset(reference)
        }
        fn computed(&self, job: &str) -> Option<BTreeMap<String, Shape>> {
            let table = crate::shape::TableShape::closed(Schema::new([("exact", Kind::Real)]));
            (job == "script").then(|| BTreeMap::from([("table".to_owned(), Shape::Table(table))]))
        }
    }
    let text = after_data(
        "  script: {component: python_script, inputs: {table1: '${{parent.jobs.data.outputs.table}}'}}
  sort: {component: select_columns, inputs: {table: '${{parent.jobs.script.outputs.table}}', columns: [other]}}
",
    );
    assert_eq!(messages(&text, "sort"), [""; 0], "a script may give any column");
    let checked = check(&Document::parse(&*text).unwrap().pipeline, &Computed);
    assert_eq!(checked.problems("sort").len(), 1);
}

#[test]
fn numbers_are_grouped() {
    assert_eq!([0, 999, 1000, -1_234_567].map(params::grouped), ["0", "999", "1,000", "-1,234,567"]);
}
