//! Verbs for scripts and for people who write pipelines by hand: rows by query and in files, the catalogue of
//! components, pipeline files checked, formatted and drawn. All of it with the real program.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

use serde_json::{Value as Json, json};
use support::{Desk, PIPELINE, text};

/// Values that rounding, grouping, floats or a second guess would change.
const EXACT: &str = "id,price,name,seen\n9007199254740993,0.1,NA,2024-02-29\n-3,1234567.125,\"NA\",\n\
                     7,,\"\"\"quoted\"\", with a comma\",1999-12-31\n";

fn with_exact() -> Desk {
    let desk = Desk::new();
    let file = desk.file("exact.csv", EXACT);
    desk.atelier(&["data", "add", "exact", file.to_str().unwrap()]).succeeds();
    desk
}

#[test]
fn head_and_query_print_values_exactly() {
    let desk = with_exact();
    let rows = desk.atelier(&["data", "head", "exact", "-n", "2", "--json"]).json();
    assert_eq!(rows.as_array().unwrap().len(), 2);
    assert_eq!(rows[0]["id"], json!(9_007_199_254_740_993_i64));
    assert_eq!((&rows[0]["price"], &rows[0]["seen"]), (&json!(0.1), &json!("2024-02-29")));
    assert_eq!(rows[1]["seen"], Json::Null);

    let shown = desk.atelier(&["data", "head", "exact"]).succeeds().stdout;
    for part in ["9007199254740993", "1234567.125", "2024-02-29", "3 rows"] {
        assert!(shown.contains(part), "“{part}” is missing in {shown}");
    }
    let query = "SELECT id, price FROM exact WHERE price IS NOT NULL ORDER BY id";
    let csv = desk.atelier(&["data", "query", "exact", query, "--csv"]).succeeds().stdout;
    assert_eq!(csv, "id,price\n-3,1234567.125\n9007199254740993,0.1\n");
    let none = desk.atelier(&["data", "query", "exact", "SELECT id FROM exact WHERE id > 9999999999999999", "--json"]);
    assert_eq!(none.json(), json!([]));
}

#[test]
fn a_query_reads_versions_and_other_datasets() {
    let desk = with_exact();
    let second = desk.file("second.csv", "id,price\n7,8.5\n8,9.5\n");
    desk.atelier(&["data", "add", "exact", second.to_str().unwrap(), "--guess-anew"]).succeeds();
    let cities = desk.file("cities.csv", "id,city\n7,Bonn\n8,Oslo\n");
    desk.atelier(&["data", "add", "my-cities", cities.to_str().unwrap()]).succeeds();

    let joined = "SELECT exact.id, city FROM exact JOIN \"my-cities\" AS c ON exact.id = c.id ORDER BY exact.id";
    let rows = desk.atelier(&["data", "query", "exact", joined, "--json"]).json();
    assert_eq!(rows, json!([{"id": 7, "city": "Bonn"}, {"id": 8, "city": "Oslo"}]));
    let count = |reference: &str, query: &str| desk.atelier(&["data", "query", reference, query, "--json"]).json();
    assert_eq!(count("exact@1", "SELECT COUNT(*) AS n FROM exact")[0]["n"], 3);
    assert_eq!(count("exact", "SELECT COUNT(*) AS n FROM \"exact@1\"")[0]["n"], 3);
    assert_eq!(count("exact", "SELECT COUNT(*) AS n FROM t1")[0]["n"], 2);
    let with = "WITH dear AS (SELECT * FROM exact WHERE price > 9) SELECT id FROM dear";
    assert_eq!(count("exact", with), json!([{"id": 8}]));

    let wrong = |query: &str| desk.atelier(&["data", "query", "exact", query]);
    wrong("SELECT * FROM exct").fails(3, &["“exct”", "Did you mean “exact”?"]);
    wrong("SELECT * FROM \"exact@9\"").fails(3, &["no version 9"]);
    wrong("SELECT prize FROM exact").fails(4, &["prize"]);
    wrong("DROP TABLE exact").fails(4, &["begins with SELECT"]);
    wrong("SELECT * FROM read_csv('second.csv')").fails(4, &["read_csv is refused"]);
    desk.atelier(&["data", "query", "roses", "SELECT 1"]).fails(3, &["roses"]);
}

#[test]
fn what_was_exported_reads_back_as_the_same_values() {
    let desk = with_exact();
    let all = desk.atelier(&["data", "head", "exact", "-n", "100", "--json"]).json();
    for ending in ["csv", "tsv", "parquet", "arrow", "jsonl"] {
        let file = desk.home().join(format!("out.{ending}"));
        let exported = desk.atelier(&["data", "export", "exact", file.to_str().unwrap(), "--json"]).json();
        assert_eq!((&exported["rows"], &exported["version"]), (&json!(3), &json!(1)), "{ending}");
        desk.atelier(&["data", "add", &format!("back_{ending}"), file.to_str().unwrap()]).succeeds();
        let back = desk.atelier(&["data", "head", &format!("back_{ending}"), "-n", "100", "--json"]).json();
        assert_eq!(back, all, "{ending}");
    }

    let csv = std::fs::read_to_string(desk.home().join("out.csv")).unwrap();
    let again = desk.atelier(&["data", "export", "exact@1", "out.csv"]);
    again.fails(5, &["already", "out.csv"]);
    desk.atelier(&["data", "export", "back_parquet", "out.csv", "--replace"]).succeeds();
    assert_eq!(std::fs::read_to_string(desk.home().join("out.csv")).unwrap(), csv);
    desk.atelier(&["data", "export", "exact", "out.docx"]).fails(4, &["no format", ".parquet", "out.docx"]);
    desk.atelier(&["data", "export", "exact", "."]).fails(4, &["no format"]);
    desk.atelier(&["data", "export", "exact", "missing/out.csv"]).fails(3, &["missing/"]);
}

#[test]
fn a_pipeline_can_be_written_from_the_catalogue() {
    let desk = Desk::with_flowers();
    // Needs no workspace.
    let listed = desk.run(&["components", "list", "--json"]).json();
    let ids: Vec<String> = listed.as_array().unwrap().iter().map(|row| text(&row["id"])).collect();
    assert!(ids.len() > 30 && ids.contains(&"split_data".to_owned()));
    let found = desk.run(&["components", "list", "--find", "clip"]).succeeds().stdout;
    assert!(found.contains("clip_values") && !found.contains("split_data"), "{found}");

    let card = desk.run(&["components", "show", "split_data", "--json"]).json();
    let fraction = card["parameters"].as_array().unwrap().iter().find(|it| it["name"] == "fraction").unwrap().clone();
    assert_eq!((&fraction["type"], fraction["default"].as_f64().is_some()), (&json!("real"), true));
    assert_eq!(card["inputs"][0]["kind"], "table");
    let shown = desk.run(&["components", "show", "Split data"]).succeeds().stdout;
    for part in
        ["split_data", "Inputs", "Outputs", "Parameters", "fraction: real", "by default", "component: split_data"]
    {
        assert!(shown.contains(part), "“{part}” is missing in {shown}");
    }
    desk.run(&["components", "show", "splitdata"]).fails(3, &["Did you mean “split_data”?"]);

    // Each example is a job that the checker understands, but for what a person has to fill in.
    for id in ids {
        let card = desk.run(&["components", "show", &id, "--json"]).json();
        let path = desk.pipeline("example", &text(&card["example"]));
        let checked = desk.atelier(&["pipelines", "check", &path, "--json"]);
        assert!(matches!(checked.code, Some(0 | 1)), "{id}: {}", checked.stderr);
        let checked: Json = serde_json::from_str(&checked.stdout).unwrap();
        for problem in checked[0]["problems"].as_array().unwrap() {
            let message = text(&problem["message"]);
            assert!(!message.contains("is no parameter") && !message.contains("has no input"), "{id}: {message}");
        }
    }
}

#[test]
fn every_problem_of_a_pipeline_has_its_line() {
    let desk = Desk::with_flowers();
    assert_eq!(desk.atelier(&["pipelines", "check"]).succeeds().stdout, "The pipeline is in order.\n");
    let broken = PIPELINE
        .replace("fraction: 0.7", "fraction: many")
        .replace("dataset: flowers", "dataset: flwers")
        .replace("component: train_model", "component: trainmodel");
    let path = desk.pipeline("broken", &broken);
    let checked = desk.atelier(&["pipelines", "check", &path]).exits(1).stdout;
    for (part, words) in [("fraction: many", "“many”"), ("dataset: flwers", "flowers"), ("trainmodel", "train_model")]
    {
        let line = 1 + broken.lines().position(|line| line.contains(part)).unwrap();
        let lines: Vec<&str> = checked.lines().filter(|said| said.contains(words)).collect();
        let place = format!("{path}:{line}: error: ");
        // An unknown component is a fault of its job, whose line stands above.
        let job = format!("{path}:{}: error: ", line - 1);
        assert!(lines.iter().any(|said| said.starts_with(&place) || said.starts_with(&job)), "{part}: {checked}");
    }
    let json: Json = serde_json::from_str(&desk.atelier(&["pipelines", "check", "--json"]).exits(1).stdout).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 2);

    let outside = desk.file("no_yaml.yaml", "jobs:\n  a: [1\nb: 2\n");
    let said = desk.atelier(&["pipelines", "check", outside.to_str().unwrap()]).exits(1).stdout;
    assert!(said.contains("no_yaml.yaml:3: error: The YAML cannot be read"), "{said}");
    desk.atelier(&["pipelines", "check", "roses.yaml"]).fails(3, &["roses.yaml"]);
}

#[test]
fn formatting_changes_the_form_alone() {
    let desk = Desk::with_flowers();
    desk.atelier(&["pipelines", "format"]).succeeds();
    desk.atelier(&["pipelines", "format", "--check"]).succeeds();
    let hand = "# mine\njobs: {rows: {component: import_dataset, inputs: {dataset: flowers}}}\nlayout:\n    rows: [0,  0] # here\n";
    let path = desk.pipeline("hand", hand);
    let file = desk.workspace().join(&path);
    let said = desk.atelier(&["pipelines", "format", "--check"]).exits(1).stdout;
    assert_eq!(said, "pipelines/hand.yaml is not in the canonical form.\n");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), hand);

    let studio = desk.studio();
    let before = studio.open_pipeline(&path).unwrap().pipeline;
    desk.atelier(&["pipelines", "format", &path]).succeeds();
    let formatted = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        formatted,
        "# mine\ntype: pipeline\n\njobs:\n  rows:\n    component: import_dataset\n    inputs:\n      dataset: flowers\n\n\
         layout:\n  rows: [0, 0]  # here\n"
    );
    assert_eq!(studio.open_pipeline(&path).unwrap().pipeline, before);
    desk.atelier(&["pipelines", "format", "--check"]).succeeds();

    // One that cannot be formatted leaves the others as they were.
    std::fs::write(&file, hand).unwrap();
    desk.pipeline("zz", "jobs:\n  a: {component: sql_query,\n    # why\n    inputs: {}}\n");
    desk.atelier(&["pipelines", "format"]).fails(4, &["pipelines/zz.yaml", "# why", "Line 3"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), hand);
}

#[test]
fn the_graph_is_drawn_for_people_and_programs() {
    let desk = Desk::with_flowers();
    let path = "pipelines/flowers.yaml";
    let shown = desk.atelier(&["pipelines", "graph", path]).succeeds().stdout;
    assert!(shown.contains("split  split_data") && shown.contains("  train → train.table"), "{shown}");
    let mermaid = desk.atelier(&["pipelines", "graph", path, "--as", "mermaid"]).succeeds().stdout;
    assert!(mermaid.starts_with("flowchart TD\n"), "{mermaid}");
    let dot = desk.atelier(&["pipelines", "graph", path, "--as", "dot"]).succeeds().stdout;
    assert!(dot.starts_with("digraph pipeline {"), "{dot}");
    let graph = desk.atelier(&["pipelines", "graph", path, "--json"]).json();
    assert_eq!(graph["jobs"]["split"], "split_data");
    assert!(graph["wires"].as_array().unwrap().contains(&json!({
        "from": {"job": "split", "port": "train"},
        "to": {"job": "train", "port": "table"},
    })));
}
