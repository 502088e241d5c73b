//! One module a verb. Each takes its arguments, asks the studio, prints the answer; none has logic of its own.

pub mod components;
pub mod data;
pub mod env;
pub mod models;
pub mod new;
pub mod pipelines;
pub mod reproduce;
pub mod run;
pub mod runs;
pub mod serve;
pub mod upkeep;

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar on a terminal's standard error; silent elsewhere.
pub fn progress_bar(json: bool) -> ProgressBar {
    if json {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(1000);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {wide_bar} {percent:>3} %  {elapsed}") {
        bar.set_style(style.progress_chars("━━ "));
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

pub fn show_progress(bar: &ProgressBar, fraction: Option<f32>, message: &str) {
    if let Some(fraction) = fraction {
        bar.set_position((fraction.clamp(0.0, 1.0) * 1000.0) as u64);
    }
    bar.set_message(message.to_owned());
}
