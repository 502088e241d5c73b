use std::collections::BTreeMap;
use std::io::Write;

use serde_json::Value;
use studio::tracking::{LogBatch, MetricPoint, NewTrackedRun};

use super::*;

fn studio() -> (tempfile::TempDir, Studio) {
    let dir = tempfile::tempdir().unwrap();
    let studio = Studio::create(dir.path(), "Test").unwrap();
    (dir, studio)
}

fn get(studio: &Studio, path: &str) -> (u16, String) {
    let page = answer(studio, path, &Method::GET, b"").expect("a page").unwrap();
    (page.status.as_u16(), page.body)
}

fn run(studio: &Studio, name: &str) -> String {
    studio.tracking().create_run(NewTrackedRun { name: name.into(), ..NewTrackedRun::default() }).unwrap().id
}

#[test]
fn a_run_shows_what_was_logged() {
    let (_dir, studio) = studio();
    let id = run(&studio, "brisk-heron");
    let point = |step: i64, value: f64| MetricPoint { key: "loss".into(), value, timestamp_ms: step, step };
    let batch = LogBatch {
        metrics: vec![point(0, 1.0), point(1, f64::NAN), point(2, 0.123_456)],
        params: vec![("depth".into(), "6".into())],
        tags: vec![("team".into(), "red".into()), ("mlflow.user".into(), "ada".into())],
        ..LogBatch::default()
    };
    studio.tracking().log_batch(&id, batch).unwrap();
    let mut upload = studio.tracking().upload().unwrap();
    upload.write_all(b"hello").unwrap();
    studio.tracking().finish_upload(upload, &format!("0/{id}/artifacts/plots/a b.txt")).unwrap();
    let (status, page) = get(&studio, &format!("/experiments/0/runs/{id}"));
    assert_eq!(status, 200);
    for shown in [
        "brisk-heron",
        ">loss<",
        ">0.123<",
        "title=\"0.123456\"",
        ">depth<",
        ">6<",
        ">team<",
        "<polyline points=\"0.0,",
    ] {
        assert!(page.contains(shown), "{shown} is missing in {page}");
    }
    let link = format!("href=\"/get-artifact?run_id={id}&amp;path=plots%2Fa%20b%2Etxt\">plots/a b.txt</a>");
    assert!(page.contains(&link), "{page}");
    assert!(page.contains("Open in Atelier") && !page.contains("mlflow.user"));
    let (_, list) = get(&studio, "/experiments/0");
    assert!(list.contains(&format!("/experiments/0/runs/{id}")) && list.contains(">loss</th>"));
    assert!(get(&studio, "/").1.contains("href=\"/experiments/0\">Default</a>"));
    for nothing in ["/experiments/77", "/experiments/x", "/experiments/0/runs/none"] {
        assert_eq!(get(&studio, nothing).0, 404, "{nothing}");
    }
    assert!(answer(&studio, "/experiments/0", &Method::POST, b"").is_none());
}

/// CVE-2023-43472, CVE-2024-27132 and their kin: what clients wrote is text and nothing else.
#[test]
fn what_clients_wrote_is_never_a_part_of_the_page() {
    let (_dir, studio) = studio();
    let bad = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&\u{202e}\u{0}";
    let id = run(&studio, bad);
    let batch = LogBatch {
        params: vec![(bad.into(), bad.into())],
        tags: vec![
            (bad.into(), bad.into()),
            ("mlflow.note.content".into(), bad.into()),
            ("mlflow.source.name".into(), bad.into()),
        ],
        metrics: vec![MetricPoint { key: bad.into(), value: 1.0, timestamp_ms: 1, step: 1 }],
        ..LogBatch::default()
    };
    studio.tracking().log_batch(&id, batch).unwrap();
    studio.tracking().rename_experiment(0, bad).unwrap();
    let mut upload = studio.tracking().upload().unwrap();
    upload.write_all(b"x").unwrap();
    studio.tracking().finish_upload(upload, &format!("0/{id}/artifacts/<b>.txt")).unwrap();
    for path in ["/", "/experiments/0", &format!("/experiments/0/runs/{id}")] {
        let (_, page) = get(&studio, path);
        for part in ["<script>", "<img", "<b>", "onerror=alert(1)>", "\u{202e}"] {
            assert!(!page.contains(part), "{part} in {path}: {page}");
        }
        assert!(page.contains("&lt;script&gt;alert(1)"), "{path}");
        assert_eq!(page.matches("<script").count(), 1, "only ours");
    }
}

#[test]
fn a_page_may_do_little() {
    let (_dir, studio) = studio();
    let response = answer(&studio, "/", &Method::GET, b"").unwrap().unwrap().into_response();
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    for (path, kind) in [("/pages/style.css", "text/css"), ("/pages/go.js", "text/javascript")] {
        let response = answer(&studio, path, &Method::GET, b"").unwrap().unwrap().into_response();
        assert!(response.headers()[header::CONTENT_TYPE].to_str().unwrap().starts_with(kind));
    }
}

#[test]
fn a_window_is_asked_for_a_run_that_is_there() {
    let (_dir, studio) = studio();
    let id = run(&studio, "r");
    let body = format!("run={id}");
    let ask = |body: &str| answer(&studio, "/pages/open", &Method::POST, body.as_bytes()).unwrap();
    assert!(ask("run=..%2f").is_err() && ask("").is_err());
    assert_eq!(ask(&format!("run={}", "0".repeat(32))).unwrap().status, 404);
    assert!(ask(&body).unwrap().body.contains("No window answered"));
    let window = studio.clone();
    let seen = studio.last_change().unwrap();
    let shown = std::thread::Builder::new().name("window".into()).spawn(move || {
        loop {
            let asked =
                window.changes_since(seen).unwrap().into_iter().find(|event| event.kind == studio::ASKED_TO_SHOW);
            if let Some(asked) = asked {
                window.say_shown(&asked.subject).unwrap();
                return asked.subject;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    let shown = shown.unwrap();
    assert!(ask(&body).unwrap().body.contains("Atelier shows the run"));
    assert_eq!(shown.join().unwrap(), id);
}

/// The colors of the pages are those of the window.
#[test]
fn the_style_has_the_tokens_of_the_themes() {
    let (light, dark) = STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
    for (part, theme) in [
        (light, include_str!("../../../assets/themes/light.json")),
        (dark, include_str!("../../../assets/themes/dark.json")),
    ] {
        let theme: Value = serde_json::from_str(theme).unwrap();
        let mut found: BTreeMap<&str, &str> = BTreeMap::new();
        for declared in part.split(['{', ';', '}']) {
            if let Some((name, color)) = declared.trim().strip_prefix("--").and_then(|rest| rest.split_once(": ")) {
                found.insert(name, color);
            }
        }
        assert!(found.len() >= 16);
        for (name, color) in found {
            assert_eq!(theme["color"][name].as_str().unwrap(), color, "{name}");
        }
    }
}

#[test]
fn numbers_have_three_digits() {
    for (value, shown) in [
        (0.123_456, "0.123"),
        (12.345, "12.3"),
        (1234.5, "1234"),
        (3.0, "3"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "∞"),
        (1e-9, "1.00e-9"),
        (0.0, "0"),
    ] {
        assert_eq!(short(value), shown);
    }
}
