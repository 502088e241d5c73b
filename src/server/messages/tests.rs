use serde_json::json;

use super::*;

#[test]
fn numbers_come_as_numbers_or_texts_and_names_in_either_spelling() {
    let body = json!({"runId": "a", "key": "k", "value": "NaN", "timestamp": "12", "step": 3.0, "unknown": {}});
    let read = LogMetric::request(&body).unwrap();
    assert!(read.value.is_nan());
    assert_eq!((read.run_id.as_str(), read.timestamp, read.step), ("a", 12, 3));
    let infinite = LogMetric::request(&json!({"run_id": "a", "key": "k", "value": "-Infinity", "timestamp": 1}));
    assert_eq!(infinite.unwrap().value, f64::NEG_INFINITY);
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let said = |body| LogMetric::request(&body).unwrap_err().message;
    const SEE: &str = " See the API docs for more information about request parameters.";
    assert_eq!(
        said(json!({"run_id": "a", "value": 1, "timestamp": 1})),
        format!("Missing value for required parameter 'key'.{SEE}")
    );
    assert_eq!(
        said(json!({"run_id": "a", "key": ["é"], "value": 1, "timestamp": 1})),
        format!("Invalid value [\"\\u00e9\"] for parameter 'key' supplied:  Hint: Value was of type 'list'.{SEE}")
    );
    assert_eq!(
        said(json!({"run_id": "a", "key": "k", "value": "x", "timestamp": 1})),
        format!("Invalid value \"x\" for parameter 'value' supplied:  Hint: Value was of type 'str'.{SEE}")
    );
    let batch = json!({"run_id": "a", "metrics": [{"key": "k", "value": 1, "timestamp": 1}, {"key": "k"}]});
    assert_eq!(
        LogBatch::checked(&batch).unwrap_err().message,
        format!("Missing value for required parameter 'metrics[1].value'.{SEE}")
    );
    assert!(RunId::request(&json!({"run_uuid": "old"})).is_ok(), "the old name of the id");
    assert!(RunId::request(&json!([])).is_err());
}

#[test]
fn an_address_gives_lists_and_booleans() {
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let read =
        SearchRegistry::query(&[pair("order_by", "a"), pair("order_by", "b"), pair("max_results", "5")]).unwrap();
    assert_eq!((read.order_by.len(), read.max_results), (2, Some(5)));
    let wrong = TransitionStage::query(&[pair("archive_existing_versions", "yes")]).unwrap_err().message;
    assert_eq!(wrong, "Invalid boolean value: yes, must be 'true' or 'false'.");
    assert_eq!(
        SearchExperiments::query(&[pair("view_type", "ALL")]).unwrap().view_type,
        Some(View(studio::tracking::View::All))
    );
}

#[test]
fn a_response_leaves_out_what_is_empty_and_writes_nan_as_text() {
    let point = studio::tracking::MetricPoint { key: "m".into(), value: f64::NAN, timestamp_ms: 1, step: 0 };
    assert_eq!(metric(&point).to_string(), r#"{"key":"m","value":"NaN","timestamp":1,"step":0}"#);
}
