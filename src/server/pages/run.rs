//! The page of a run: its metrics with their curves, its parameters, its files.

use studio::Studio;
use studio::tracking::{RunPoint, TrackedRun, Tracking, protocol_status, utc_text};

use super::html::{Html, encoded};
use super::{Page, status, value};
use crate::error::Result;

/// Metrics whose curves are drawn.
const CURVES: usize = 60;
/// Points of a drawn curve.
const POINTS: usize = 120;
/// Files that are listed.
const FILES: usize = 500;
/// The size of a curve, in the units of its drawing.
const SIZE: (f64, f64) = (120.0, 24.0);

pub(super) fn page(studio: &Studio, id: &str) -> Result<Page> {
    let store = studio.tracking();
    let run = store.run(id)?;
    let mut content = Html::default();
    head(&mut content, store, &run)?;
    metrics(&mut content, store, &run)?;
    pairs(&mut content, "Parameters", "No parameter was logged.", &run.params);
    files(&mut content, studio, &run)?;
    let tags: Vec<(String, String)> = run
        .tags
        .iter()
        .filter(|(key, _)| !key.starts_with("mlflow.") && !key.starts_with("atelier."))
        .cloned()
        .collect();
    pairs(&mut content, "Tags", "No tag was set.", &tags);
    Ok(Page::html(&run.name, &content))
}

fn head(content: &mut Html, store: Tracking<'_>, run: &TrackedRun) -> Result<()> {
    content.raw("<div class=\"head\"><h1>").text(&run.name).raw("</h1>");
    status(content, run.status);
    content
        .raw("<form method=\"post\" action=\"/pages/open\"><input type=\"hidden\" name=\"run\" value=\"")
        .text(&run.id);
    content.raw("\"><button>Open in Atelier</button></form></div>");
    if run.deleted {
        content.raw("<p class=\"status warn\">▲ This run is deleted; it can be brought back.</p>");
    }

    content.raw("<section class=\"card\"><dl><dt>Experiment</dt><dd>");
    content.link(&format!("/experiments/{}", run.experiment), &store.experiment(run.experiment)?.name);
    content.raw("</dd><dt>Run</dt><dd class=\"mono\">").text(&run.id);
    content.raw("</dd><dt>Status</dt><dd>").text(protocol_status(run.status));
    content.raw("</dd><dt>Started</dt><dd>").text(&utc_text(run.start_ms));
    if let Some(end) = run.end_ms {
        content.raw("</dd><dt>Took</dt><dd>").text(&took(end - run.start_ms));
    }
    if !run.user.is_empty() {
        content.raw("</dd><dt>By</dt><dd>").text(&run.user);
    }
    if let Some((_, source)) = run.tags.iter().find(|(key, _)| key == "mlflow.source.name") {
        content.raw("</dd><dt>Source</dt><dd class=\"mono\">").text(source);
    }
    if let Some((_, note)) = run.tags.iter().find(|(key, _)| key == "mlflow.note.content") {
        content.raw("</dd><dt>Note</dt><dd>").text(note);
    }
    content.raw("</dd></dl></section>");
    Ok(())
}

/// A duration in words: "0.4 s", "3 min 20 s", "2 h 5 min".
fn took(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    match seconds {
        0..60 => format!("{:.1} s", ms.max(0) as f64 / 1000.0),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

fn metrics(content: &mut Html, store: Tracking<'_>, run: &TrackedRun) -> Result<()> {
    content.raw("<section class=\"card\"><h2>Metrics</h2>");
    if run.metrics.is_empty() {
        content.raw("<p class=\"quiet\">No metric was logged.</p></section>");
        return Ok(());
    }
    content.raw(
        "<table><thead><tr><th>Name</th><th class=\"number\">Latest</th><th class=\"number\">Step</th><th>Curve</th>",
    );
    content.raw("</tr></thead><tbody>");
    for (place, point) in run.metrics.iter().enumerate() {
        content.raw("<tr><td>").text(&point.key).raw("</td><td class=\"number\">");
        value(content, point.value);
        content.raw("</td><td class=\"number\">").text(&point.step.to_string()).raw("</td><td>");
        if place < CURVES {
            let points = store.sampled_histories(std::slice::from_ref(&run.id), &point.key, POINTS, None)?;
            curve(content, &points);
        }
        content.raw("</td></tr>");
    }
    content.raw("</tbody></table></section>");
    Ok(())
}

/// Draws the finite values of a curve over their order; nothing for a single point.
fn curve(content: &mut Html, points: &[RunPoint]) {
    let values: Vec<f64> = points.iter().map(|point| point.point.value).filter(|value| value.is_finite()).collect();
    if values.len() < 2 {
        return;
    }
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // Halves, as the difference of two numbers may be none.
    let range = (most / 2.0 - least / 2.0).max(f64::MIN_POSITIVE);
    let (width, height) = SIZE;
    content.raw(
        "<svg class=\"spark\" viewBox=\"0 0 120 24\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"curve\">",
    );
    content.raw("<polyline points=\"");
    for (at, value) in values.iter().enumerate() {
        let x = width * at as f64 / (values.len() - 1) as f64;
        let share = (value / 2.0 - least / 2.0) / range;
        let y = if most > least { 2.0 + (height - 4.0) * (1.0 - share) } else { height / 2.0 };
        content.number(x).raw(",").number(y).raw(" ");
    }
    content.raw("\"/></svg>");
}

fn pairs(content: &mut Html, title: &'static str, none: &'static str, pairs: &[(String, String)]) {
    content.raw("<section class=\"card\"><h2>").raw(title).raw("</h2>");
    if pairs.is_empty() {
        content.raw("<p class=\"quiet\">").raw(none).raw("</p></section>");
        return;
    }
    content.raw("<dl>");
    for (key, value) in pairs {
        content.raw("<dt>").text(key).raw("</dt><dd class=\"mono\">").text(value).raw("</dd>");
    }
    content.raw("</dl></section>");
}

fn files(content: &mut Html, studio: &Studio, run: &TrackedRun) -> Result<()> {
    content.raw("<section class=\"card\"><h2>Artifacts</h2>");
    let files = match studio.run_files(&run.id) {
        Ok(files) => files,
        // A bucket that does not answer is no reason to show nothing of the run.
        Err(error) => {
            content.raw("<p class=\"status error\">✕ ").text(&error.to_string()).raw("</p></section>");
            return Ok(());
        }
    };
    if files.is_empty() {
        content.raw("<p class=\"quiet\">No file was logged. They would lie at <code>").text(&run.artifact_uri);
        content.raw("</code></p></section>");
        return Ok(());
    }
    content.raw("<table><thead><tr><th>File</th><th class=\"number\">Bytes</th></tr></thead><tbody>");
    for file in files.iter().take(FILES) {
        content.raw("<tr><td class=\"mono\">");
        match file.path.strip_prefix("files/") {
            Some(path) => {
                let address = format!("/get-artifact?run_id={}&path={}", encoded(&run.id), encoded(path));
                content.link(&address, path);
            }
            // A file of a model that the run logged; its own page is the window's.
            None => {
                content.text(&file.path);
            }
        }
        content.raw("</td><td class=\"number\">").text(&file.size.to_string()).raw("</td></tr>");
    }
    content.raw("</tbody></table>");
    if files.len() > FILES {
        content.raw("<p class=\"caption\">The first 500 files are listed. Atelier lists all.</p>");
    }
    content.raw("</section>");
    Ok(())
}
