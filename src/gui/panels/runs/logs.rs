//! What a run's steps have said, as it comes.

use std::sync::Arc;

use egui::Ui;
use studio::{LogLine, Studio};

use super::words;
use crate::{
    backend::Request,
    panels::Cx,
    theme,
    widgets::{self, CodeLine, CodeView, Tone},
};

/// Seconds between two looks while the run goes on.
const EVERY: f64 = 0.4;
/// As many lines as one question answers with; more are asked for at once.
const BATCH: usize = 10_000;

/// The lines of a run, or of one of its steps.
#[derive(Default)]
pub struct Logs {
    of: Option<(String, Option<String>)>,
    lines: Vec<LogLine>,
    times: Vec<String>,
    request: Request<Vec<LogLine>>,
    complete: bool,
    asked_at: f64,
}

impl Logs {
    fn ensure(&mut self, ui: &Ui, cx: &Cx<'_>, run: &str, step: Option<&str>, ended: bool) {
        let of = Some((run.to_owned(), step.map(str::to_owned)));
        if self.of != of {
            *self = Self { of, asked_at: f64::NEG_INFINITY, ..Self::default() };
        }
        if self.request.poll() && self.request.failure().is_none() {
            let came = self.request.value_mut().map(std::mem::take).unwrap_or_default();
            self.complete = ended && came.len() < BATCH;
            for line in came {
                let time = words::time(line.timestamp_ms);
                let time = time.to_zoned(jiff::tz::TimeZone::system());
                self.times.push(time.strftime("%H:%M:%S").to_string());
                self.lines.push(line);
            }
        }
        // A run that was resumed goes on after it had ended.
        self.complete &= ended;
        if self.complete || self.request.is_pending() {
            return;
        }
        let now = ui.input(|input| input.time);
        if now - self.asked_at < EVERY {
            ui.request_repaint_after_secs((EVERY - (now - self.asked_at)) as f32);
            return;
        }
        self.asked_at = now;
        let after = self.lines.last().map_or(0, |line| line.seq);
        let (run, step) = (run.to_owned(), step.map(str::to_owned));
        self.request.ask(cx.backend, move |studio: &Arc<Studio>| studio.run_logs(&run, step.as_deref(), after));
    }

    pub fn show(&mut self, ui: &mut Ui, cx: &Cx<'_>, run: &str, step: Option<&str>, ended: bool) {
        self.ensure(ui, cx, run, step, ended);
        if self.lines.is_empty() {
            match self.request.failure() {
                Some(failure) => {
                    if widgets::failed(ui, "Could not read the log", failure, "Try again") {
                        self.of = None;
                    }
                }
                None if self.complete => widgets::loading(ui, "Nothing was logged here."),
                None => widgets::loading(ui, "Waiting for the first line…"),
            }
            return;
        }
        let t = theme::of(ui);
        egui::Frame::NONE.fill(t.color.surface1).inner_margin(t.size.pad).show(ui, |ui| {
            CodeView::new("log", self.lines.len()).follow().show(ui, |at| CodeLine {
                gutter: &self.times[at],
                text: &self.lines[at].text,
                tone: tone(self.lines[at].stream.as_str()),
            });
        });
    }
}

fn tone(stream: &str) -> Tone {
    match stream {
        "stderr" | "warn" => Tone::Warn,
        "error" => Tone::Error,
        "info" => Tone::Quiet,
        _ => Tone::Plain,
    }
}
