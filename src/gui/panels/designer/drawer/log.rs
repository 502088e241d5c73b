//! The log of the selected step, or of the whole run, as it is written.

use egui::Ui;
use studio::LogLine;

use super::Shown;
use crate::backend::Request;
use crate::icons::Icon;
use crate::panels::Cx;
use crate::widgets::{self, CodeLine, CodeView, Empty, Tone};

#[derive(Default)]
pub struct Log {
    /// The run and step whose lines these are.
    of: (String, Option<String>),
    lines: Vec<(String, LogLine)>,
    more: Request<Vec<LogLine>>,
    asked: f64,
    ended: bool,
}

/// Seconds between two looks while the run goes on.
const EVERY: f64 = 0.4;

impl Log {
    pub fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, shown: &Shown<'_>) {
        let live = shown.document.watched().map(|watched| watched.detail.row.id.clone());
        let run = live.or_else(|| shown.job.and_then(|job| shown.document.run_of(job)));
        let Some(run) = run else {
            let text = "What steps say while they run stands here";
            widgets::empty(ui, &Empty { icon: Icon::Code, text, step: "" });
            return;
        };
        let of = (run, shown.job.map(str::to_owned));
        if of != self.of {
            *self = Self { of, asked: f64::NEG_INFINITY, ..Self::default() };
        }
        self.follow(ui, cx, shown.document.is_running());
        if self.lines.is_empty() {
            let text = if self.more.is_pending() { "Reading the log…" } else { "The step said nothing" };
            return widgets::loading(ui, text);
        }
        let job = self.of.1.is_some();
        CodeView::new("log", self.lines.len()).follow().show(ui, |at| {
            let (time, line) = &self.lines[at];
            let gutter = if job { time.as_str() } else { line.step.as_deref().unwrap_or(time) };
            CodeLine { gutter, text: &line.text, tone: tone(line) }
        });
    }

    fn follow(&mut self, ui: &Ui, cx: &mut Cx<'_>, running: bool) {
        let now = ui.input(|input| input.time);
        match self.more.take() {
            Some(Ok(lines)) => {
                self.ended = lines.is_empty() && !running;
                self.lines.extend(lines.into_iter().map(|line| (clock(line.timestamp_ms), line)));
            }
            Some(Err(failure)) => {
                tracing::warn!("the log could not be read: {failure}");
                self.ended = true;
            }
            None => {}
        }
        self.ended &= !running;
        if self.ended || self.more.is_pending() {
            return;
        }
        let left = self.asked + EVERY - now;
        if left > 0.0 {
            return ui.ctx().request_repaint_after_secs(left as f32);
        }
        self.asked = now;
        let after = self.lines.last().map_or(0, |(_, line)| line.seq);
        let (run, job) = self.of.clone();
        self.more.ask(cx.backend, move |studio| studio.run_logs(&run, job.as_deref(), after));
    }
}

fn tone(line: &LogLine) -> Tone {
    match line.stream.to_string().as_str() {
        "stderr" | "error" => Tone::Error,
        "warning" => Tone::Warn,
        "info" => Tone::Quiet,
        _ => Tone::Plain,
    }
}

/// The time of day with seconds.
fn clock(at: i64) -> String {
    let when = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    when.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string()
}
