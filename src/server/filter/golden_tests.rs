//! What the real mlflow said to each input (`golden/make.py`), and what this says.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use studio::tracking::RunField;

use super::*;

/// Inputs that MLflow refuses for a reason of its own, or in words that name its own insides; with why.
const DIFFERENT: &[(&str, &str)] = &[
    ("attribute.name ilike '%X%'", "3.17 refuses small letters here, 3.18 takes them"),
    ("metrics.a > 1, metrics.b > 1", "names the whole list; here its parts"),
    ("run_id = ('a', b)", "an internal error of Python"),
    ("name IS NULL", "lacks a space for logged models"),
];

/// The members of a set in one order: Python shows them in any.
fn normal(message: &str) -> String {
    let Some((before, rest)) = message.split_once('{') else { return message.to_owned() };
    let Some((inside, after)) = rest.split_once('}') else { return message.to_owned() };
    let mut members: Vec<&str> = inside.split(", ").collect();
    members.sort_unstable();
    format!("{before}{{{}}}{after}", members.join(", "))
}

fn literal(value: &Literal) -> Json {
    match value {
        Literal::Text(text) => json!({"text": text}),
        Literal::Integer(number) => json!({"number": *number as f64}),
        Literal::Float(number) => json!({"number": number}),
        Literal::List(list) => json!({"list": list}),
        Literal::Nothing => json!({}),
    }
}

fn described(filter: &str, dialect: Dialect) -> Json {
    let clauses = clauses(filter, dialect).unwrap();
    clauses.iter().map(|c| json!([c.kind.word(), c.key, c.comparator, literal(&c.value)])).collect()
}

/// Numbers as numbers, whether Python wrote them with a point or not.
fn floats(value: &Json) -> Json {
    match value {
        Json::Number(number) => json!(number.as_f64().unwrap()),
        Json::Array(list) => list.iter().map(floats).collect(),
        Json::Object(map) => map.iter().map(|(key, value)| (key.clone(), floats(value))).collect(),
        other => other.clone(),
    }
}

fn compare(name: &str, said: impl Fn(&str) -> crate::Result<Json>) {
    let golden: Json = serde_json::from_str(include_str!("../golden/filters.json")).unwrap();
    for case in golden[name].as_array().unwrap() {
        let text = case[0].as_str().unwrap();
        let ours = said(text);
        match (case[1].get("ok"), ours) {
            (Some(theirs), Ok(ours)) => assert_eq!(floats(&ours), floats(theirs), "{name}: {text}"),
            (Some(_), Err(error)) => panic!("{name}: {text}: MLflow takes it, but {error}"),
            (None, _) if DIFFERENT.iter().any(|(known, _)| *known == text) => {}
            (None, Ok(ours)) => panic!("{name}: {text}: MLflow refuses it ({}), but {ours}", case[1]["error"]),
            (None, Err(error)) => {
                assert_eq!(normal(&error.message), normal(case[1]["error"].as_str().unwrap()), "{name}: {text}");
            }
        }
    }
}

#[test]
fn filters_are_read_as_mlflow_reads_them() {
    compare("runs", |text| runs(text).map(|_| described(text, Dialect::Runs)));
    compare("experiments", |text| experiments(text).map(|_| described(text, Dialect::Experiments)));
    compare("models", |text| models(text).map(|_| described(text, Dialect::Models)));
    compare("versions", |text| versions(text).map(|_| described(text, Dialect::Versions)));
    compare("logged_models", |text| logged_models(text).map(|_| described(text, Dialect::LoggedModels)));
}

#[test]
fn orders_are_read_as_mlflow_reads_them() {
    let named = |field: &RunField| match field {
        RunField::Metric(key) => json!(["metric", key]),
        RunField::Param(key) => json!(["parameter", key]),
        RunField::Tag(key) => json!(["tag", key]),
        RunField::Id => json!(["attribute", "run_id"]),
        RunField::Name => json!(["attribute", "run_name"]),
        RunField::Status => json!(["attribute", "status"]),
        RunField::End => json!(["attribute", "end_time"]),
        _ => json!(["attribute", "start_time"]),
    };
    compare("orders", |text| {
        let order = order_of_runs(&[text.to_owned()])?.remove(0);
        let mut shown = named(&order.field);
        // MLflow translates these names only later.
        if text.to_lowercase().starts_with("created") {
            shown[1] = text.split(' ').next().into();
        }
        shown.as_array_mut().unwrap().push(order.ascending.into());
        Ok(json!([shown]))
    });
}

#[test]
fn a_field_comes_once_in_an_order_by_whatever_name() {
    let error = order_of_runs(&["start_time".into(), "attributes.created DESC".into()]).unwrap_err();
    assert_eq!(error.message, "`order_by` contains duplicate fields: ['start_time', 'attributes.created DESC']");
    assert_eq!(error.code.status(), 500);
    assert!(order_of_runs(&["metrics.a".into(), "params.a".into()]).is_ok());
    assert!(order_of_models(&["timestamp".into(), "last_updated_timestamp DESC".into()]).is_err());
    assert!(order_of_versions(&["name ASC".into(), "version_number DESC".into()]).is_ok());
    assert!(order_of_experiments(&["tags.a".into()]).is_err());
    assert!(logged_model_order("metrics.a.b", true, None).is_ok());
    assert!(logged_model_order("params.a", true, None).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    /// No filter breaks the parser, and none that it takes says something else the second time.
    #[test]
    fn no_filter_breaks_it(text in "([a-zé.`'\"()=<>!;, 0-9\\\\-]|metrics\\.|params\\.| AND | LIKE | IN | IS NULL){0,24}") {
        // An empty filter is none; one of spaces is refused.
        prop_assume!(!text.is_empty());
        for dialect in [Dialect::Runs, Dialect::Experiments, Dialect::Models, Dialect::Versions, Dialect::LoggedModels] {
            prop_assert_eq!(clauses(&text, dialect).is_ok(), clauses(&format!(" {text}"), dialect).is_ok());
        }
        let _ = order_of_runs(std::slice::from_ref(&text));
    }

    /// What is written comes back, whatever the names and values.
    #[test]
    fn what_is_written_comes_back(
        parts in prop::collection::vec(("[a-z/ .é-]{1,9}", "[^'\\\\]{0,9}", any::<bool>()), 1..5),
    ) {
        let written: Vec<String> = parts.iter().map(|(key, value, like)| {
            format!("params.`{key}` {} '{value}'", if *like { "LIKE" } else { "!=" })
        }).collect();
        let read = clauses(&written.join(" AND "), Dialect::Runs).unwrap();
        for (clause, (key, value, _)) in read.iter().zip(&parts) {
            prop_assert_eq!(&clause.key, key);
            prop_assert_eq!(&clause.value, &Literal::Text(value.clone()));
        }
        prop_assert_eq!(read.len(), parts.len());
    }
}
