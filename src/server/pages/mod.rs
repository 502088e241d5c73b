//! Small pages for the addresses that MLflow's client prints: an experiment, a run. They are made here, whole, of what
//! the store says; they change nothing, load nothing from elsewhere, and run one script of ours, which turns the `#` of
//! such an address into a path.
//!
//! Pages are where stored names meet a browser (CVE-2023-43472, CVE-2024-27132 and their kin): [`html::Html`] lets no
//! text in but as text, and the policy that goes with each page lets no script run that is not ours.

mod html;
mod run;

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use studio::RunStatus;
use studio::Studio;
use studio::tracking::{ExperimentSearch, RunSearch, TrackedRun, View, utc_text};

use crate::error::Result;
use html::{Html, encoded};

/// What a browser lets a page of ours do.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("go.js");
/// Runs of an experiment that its page lists.
const RUNS: usize = 200;
/// Experiments that are listed.
const EXPERIMENTS: usize = 1000;
/// Metrics that are columns of an experiment's page.
const COLUMNS: usize = 5;
/// How long a window has to come forward.
const PATIENCE: Duration = Duration::from_secs(2);

/// A page, or one of the two files that pages load.
pub(crate) struct Page {
    kind: &'static str,
    status: StatusCode,
    body: String,
}

impl Page {
    fn html(title: &str, content: &Html) -> Self {
        Self::of_status(StatusCode::OK, title, content)
    }

    fn of_status(status: StatusCode, title: &str, content: &Html) -> Self {
        let mut page = Html::default();
        page.raw("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>").text(title);
        page.raw(" · Atelier</title><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        page.raw(
            "<link rel=\"stylesheet\" href=\"/pages/style.css\"><script src=\"/pages/go.js\" defer></script></head>",
        );
        page.raw(
            "<body><header class=\"bar\"><a href=\"/\">Experiments</a><span class=\"quiet\">Atelier, read-only</span>",
        );
        page.raw("</header><main>").add(content).raw("</main></body></html>\n");
        Self { kind: "text/html; charset=utf-8", status, body: page.into_string() }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, self.kind),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::REFERRER_POLICY, "same-origin"),
            (header::CACHE_CONTROL, "no-store"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// The page at a path; none where there is none.
pub(crate) fn answer(studio: &Studio, path: &str, method: &Method, body: &[u8]) -> Option<Result<Page>> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match (parts.as_slice(), method.as_str()) {
        ([""], "GET") => Some(experiments(studio)),
        (["pages", "style.css"], "GET") => {
            Some(Ok(Page { kind: "text/css; charset=utf-8", status: StatusCode::OK, body: STYLE.to_owned() }))
        }
        (["pages", "go.js"], "GET") => {
            Some(Ok(Page { kind: "text/javascript; charset=utf-8", status: StatusCode::OK, body: SCRIPT.to_owned() }))
        }
        (["experiments", id], "GET") => Some(or_missing(id.parse().ok().map(|id| experiment(studio, id)))),
        // The experiment's number in the address is for people; the run's id says it all.
        (["experiments", _, "runs", run], "GET") => Some(or_missing(Some(run::page(studio, run)))),
        (["pages", "open"], "POST") => Some(open(studio, body)),
        _ => None,
    }
}

/// A page that says so where there is nothing, as a person reads it.
fn or_missing(page: Option<Result<Page>>) -> Result<Page> {
    match page {
        Some(Err(error)) if error.code.status() == 404 => Ok(missing()),
        Some(page) => page,
        None => Ok(missing()),
    }
}

fn missing() -> Page {
    let mut content = Html::default();
    content.raw(
        "<h1>There is nothing here</h1><p>This workspace has no such run or experiment. It may have been deleted ",
    );
    content.raw("for good, or belong to another workspace. <a href=\"/\">All experiments</a></p>");
    Page::of_status(StatusCode::NOT_FOUND, "Nothing here", &content)
}

fn experiments(studio: &Studio) -> Result<Page> {
    let search = ExperimentSearch { limit: EXPERIMENTS, ..ExperimentSearch::default() };
    let found = studio.tracking().search_experiments(&search)?;
    let mut content = Html::default();
    content.raw("<h1>").text(studio.name()).raw("</h1>");
    content.raw("<p class=\"quiet\">This is Atelier's tracking server. Set <code>MLFLOW_TRACKING_URI</code> to its ");
    content.raw("address, and open the workspace in Atelier to chart, compare and register runs.</p>");
    content
        .raw("<section class=\"card\"><h2>Experiments</h2><table><thead><tr><th>Name</th><th>Last changed</th></tr>");
    content.raw("</thead><tbody>");
    for experiment in &found.items {
        content.raw("<tr><td>").link(&format!("/experiments/{}", experiment.id), &experiment.name);
        content.raw("</td><td class=\"quiet\">").text(&utc_text(experiment.updated_ms)).raw("</td></tr>");
    }
    content.raw("</tbody></table></section>");
    Ok(Page::html(studio.name(), &content))
}

fn experiment(studio: &Studio, id: i64) -> Result<Page> {
    let store = studio.tracking();
    let experiment = store.experiment(id)?;
    let view = if experiment.deleted { View::All } else { View::Active };
    let search = RunSearch { experiments: vec![id], view, limit: RUNS, ..RunSearch::default() };
    let found = store.search_runs(&search)?;
    let mut content = Html::default();
    content.raw("<h1>").text(&experiment.name).raw("</h1>");
    if experiment.deleted {
        content.raw("<p class=\"status warn\">▲ This experiment is deleted; it can be brought back.</p>");
    }
    content.raw("<section class=\"card\"><h2>Runs</h2>");
    if found.items.is_empty() {
        content.raw(
            "<p class=\"quiet\">No run was logged here yet. Call <code>mlflow.start_run()</code> with this server as ",
        );
        content.raw("tracking URI.</p>");
    } else {
        table_of_runs(&mut content, id, &found.items);
    }
    if found.more {
        content.raw("<p class=\"caption\">The newest 200 runs are listed. Atelier lists all.</p>");
    }
    content.raw("</section>");
    Ok(Page::html(&experiment.name, &content))
}

fn table_of_runs(content: &mut Html, experiment: i64, runs: &[TrackedRun]) {
    let metrics = common_metrics(runs);
    content.raw("<table><thead><tr><th>Run</th><th>Status</th><th>Started</th>");
    for metric in &metrics {
        content.raw("<th class=\"number\">").text(metric).raw("</th>");
    }
    content.raw("</tr></thead><tbody>");
    for run in runs {
        content.raw("<tr><td>").link(&format!("/experiments/{experiment}/runs/{}", encoded(&run.id)), &run.name);
        content.raw("</td><td>");
        status(content, run.status);
        content.raw("</td><td class=\"quiet\">").text(&utc_text(run.start_ms)).raw("</td>");
        for metric in &metrics {
            content.raw("<td class=\"number\">");
            if let Some(point) = run.metrics.iter().find(|point| point.key == *metric) {
                value(content, point.value);
            }
            content.raw("</td>");
        }
        content.raw("</tr>");
    }
    content.raw("</tbody></table>");
}

/// The metrics that most of the runs have, by name.
fn common_metrics(runs: &[TrackedRun]) -> Vec<String> {
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for point in runs.iter().flat_map(|run| &run.metrics) {
        *counts.entry(&point.key).or_default() += 1;
    }
    let mut named: Vec<_> = counts.into_iter().collect();
    named.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut metrics: Vec<String> = named.into_iter().take(COLUMNS).map(|(name, _)| name.to_owned()).collect();
    metrics.sort();
    metrics
}

/// A status with its shape.
fn status(content: &mut Html, status: RunStatus) {
    content.raw(match status {
        RunStatus::Done => "<span class=\"status ok\">✓ Finished</span>",
        RunStatus::Failed => "<span class=\"status error\">✕ Failed</span>",
        RunStatus::Cancelled => "<span class=\"status warn\">▲ Stopped</span>",
        RunStatus::Running => "<span class=\"status info\">↺ Running</span>",
        RunStatus::Waiting => "<span class=\"status info\">↺ Waiting</span>",
    });
}

/// A number with three digits that matter, and all of them where one looks closer.
fn value(content: &mut Html, value: f64) {
    content.raw("<span title=\"").text(&format!("{value}")).raw("\">").text(&short(value)).raw("</span>");
}

fn short(value: f64) -> String {
    let size = value.abs();
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "∞" } else { "−∞" }.to_owned()
    } else if value == 0.0 || (value.fract() == 0.0 && size < 1e15) {
        format!("{value}")
    } else if (1e-3..1e6).contains(&size) {
        let digits = (2 - size.log10().floor() as i32).clamp(0, 6) as usize;
        format!("{value:.digits$}")
    } else {
        format!("{value:.2e}")
    }
}

/// `POST pages/open`: a window of this workspace comes forward with the run.
fn open(studio: &Studio, body: &[u8]) -> Result<Page> {
    let text = String::from_utf8_lossy(body);
    let run = text.strip_prefix("run=").unwrap_or_default();
    crate::names::run_id(run)?;
    let mut content = Html::default();
    let back = |content: &mut Html| {
        content.raw("<p>").link(&format!("/experiments/0/runs/{}", encoded(run)), "Back to the run").raw("</p>");
    };
    match studio.ask_to_show(run, PATIENCE) {
        Ok(true) => {
            content.raw("<h1>Atelier shows the run</h1><p>The window of this workspace has come to it.</p>");
            back(&mut content);
            Ok(Page::html("Shown", &content))
        }
        Ok(false) => {
            content.raw("<h1>No window answered</h1><p>Atelier is not open on this workspace. Start it with <code>atelier open ");
            content.text(&studio.folder().display().to_string()).raw("</code>, then press the button again.</p>");
            back(&mut content);
            Ok(Page::html("No window answered", &content))
        }
        Err(error) if error.kind == studio::ErrorKind::NotFound => Ok(missing()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
