//! Reproducing a run from its page: what can be brought back, how it goes on, and what came of it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use egui::{ScrollArea, Ui, UiBuilder, vec2};
use studio::Studio;
use studio::environments::Progress;
use studio::reproduce::{Inspected, Outcome, ReproduceOptions, Reproduction, Verdict, WeighedMetric};

use super::words;
use crate::{
    backend::Request,
    icons::{Glyph, Icon, paint_glyph},
    panels::Cx,
    table::{Cell, Column, Table, TableSource, TableState},
    theme,
    widgets::{self, Button, CodeLine, CodeView, Tone, format, message, section},
};

/// Lines that are kept of what is said on the way.
const LINES: usize = 500;

/// What is said while it goes on, written by the thread that does it.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<VecDeque<String>>>);

impl Said {
    fn lines(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &str) {
        let mut lines = self.lines();
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(line.to_owned());
    }
}

/// The tab of one run.
#[derive(Default)]
pub struct Reproduce {
    inspected: Request<Inspected>,
    report: Request<Reproduction>,
    said: Said,
    keep: bool,
    stopped: bool,
    table: TableState,
}

impl Reproduce {
    /// Draws the tab of `run`, whose detail is `revision`.
    pub fn show(&mut self, ui: &mut Ui, cx: &Cx<'_>, run: &str, revision: u64) {
        self.report.poll();
        let id = run.to_owned();
        self.inspected.ensure((run, revision), cx.backend, move |studio: &Arc<Studio>| studio.inspect_run(&id));
        let t = theme::of(ui);
        egui::Frame::NONE.inner_margin(t.size.pad_panel).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = t.size.gap;
            if self.report.is_pending() {
                self.going_on(ui);
            } else {
                self.at_rest(ui, cx, run);
            }
        });
    }

    fn at_rest(&mut self, ui: &mut Ui, cx: &Cx<'_>, run: &str) {
        let mut start = false;
        let mut keep = self.keep;
        let done = self.report.value().is_some();
        let again = widgets::requested(ui, &self.inspected, "what can be brought back", |ui, inspected| {
            start = introduction(ui, inspected, &mut keep, done);
        });
        self.keep = keep;
        if again {
            self.inspected.refresh();
        }
        if self.stopped {
            message(ui, Glyph::Stopped, "It was stopped. Nothing is left of it.");
        } else if let Some(failure) = self.report.failure() {
            message(ui, Glyph::Error, &failure.message);
        } else if let Some(report) = self.report.value() {
            outcome(ui, report, &mut self.table);
        }
        if start {
            self.start(ui, cx, run);
        }
    }

    fn start(&mut self, ui: &Ui, cx: &Cx<'_>, run: &str) {
        self.said = Said::default();
        self.stopped = false;
        let (said, ctx, run) = (self.said.clone(), ui.ctx().clone(), run.to_owned());
        let options =
            ReproduceOptions { keep: self.keep, serve: Some(server::start_for_own), ..ReproduceOptions::default() };
        self.report.clear();
        self.report.ask_cancellable(cx.backend, move |studio, cancel| {
            let say = |line: &str| {
                said.push(line);
                ctx.request_repaint();
            };
            studio.reproduce(&run, &options, Progress { say: &say, cancelled: &|| cancel.is_cancelled() })
        });
    }

    fn going_on(&mut self, ui: &mut Ui) {
        let t = theme::of(ui);
        let lines: Vec<String> = self.said.lines().iter().cloned().collect();
        let mut stop = false;
        ui.horizontal(|ui| {
            let now = lines.last().map_or("Looking at the run", String::as_str);
            widgets::status(ui, Glyph::Running, "Reproducing");
            ui.add(egui::Label::new(t.secondary(now)).truncate());
        });
        ui.horizontal(|ui| {
            stop = ui.add(Button::secondary("Cancel")).clicked();
            ui.label(t.caption("It goes on in a clean folder. Leaving this run stops it."));
        });
        egui::Frame::NONE.fill(t.color.surface1).inner_margin(t.size.pad).show(ui, |ui| {
            CodeView::new("reproducing", lines.len()).follow().show(ui, |at| CodeLine {
                gutter: "",
                text: lines[at].as_str(),
                tone: Tone::Plain,
            });
        });
        if stop {
            // Dropping the question cancels it: its folder goes and its worker is stopped.
            self.report.clear();
            self.stopped = true;
        }
    }
}

/// What will be done and what is known beforehand; whether to begin.
fn introduction(ui: &mut Ui, inspected: &Inspected, keep: &mut bool, done: bool) -> bool {
    let t = theme::of(ui);
    let what = if inspected.program {
        "Brings the code and the packages of the program that logged this run back, starts it again in a clean folder, \
         and compares every file and metric that it logs."
    } else {
        "Brings the code, the data and the environment of this run back into a clean folder, runs it again with \
         nothing reused, and compares every output and metric."
    };
    ui.add(egui::Label::new(t.secondary(what)).wrap());
    if !inspected.command.is_empty() {
        ui.label(t.mono(&inspected.command));
    }
    for sentence in &inspected.missing {
        message(ui, Glyph::Error, sentence);
    }
    if !done {
        for sentence in &inspected.notes {
            message(ui, Glyph::Info, sentence);
        }
    }
    let possible = inspected.missing.is_empty();
    let words = match (inspected.runs, done) {
        (false, _) => "Check out its code",
        (true, false) => "Run it again",
        (true, true) => "Run it once more",
    };
    let mut start = false;
    ui.horizontal(|ui| {
        let button = if done { Button::secondary(words) } else { Button::primary(words) };
        start = ui.add(button.with_icon(Icon::Run).enabled(possible)).clicked();
        if inspected.runs {
            widgets::checkbox(ui, keep, "Keep the folder");
        }
    });
    start
}

/// The verdict, what may have made a difference, and everything that was compared.
fn outcome(ui: &mut Ui, report: &Reproduction, state: &mut TableState) {
    let t = theme::of(ui);
    widgets::separator(ui);
    let (glyph, words) = verdict(report);
    widgets::status(ui, glyph, &words);
    for sentence in &report.missing {
        message(ui, Glyph::Error, sentence);
    }
    if let Some(error) = &report.error {
        message(ui, Glyph::Error, error);
    }
    ScrollArea::vertical().id_salt("notes").max_height(t.size.row * 4.0).show(ui, |ui| {
        for sentence in &report.notes {
            message(ui, Glyph::Info, sentence);
        }
    });
    if let Some(folder) = &report.folder {
        widgets::key_value(ui, "Folder", t.mono(folder.display().to_string()));
    }
    let rows = rows(report);
    if rows.is_empty() {
        return;
    }
    section(ui, "Compared");
    let columns = [
        Column::new("what", "Output or metric", 230.0).pinned(true),
        Column::new("outcome", "Outcome", 100.0),
        Column::new("difference", "Largest difference", 130.0).right(),
        Column::new("how", "How", 420.0),
    ];
    let rect = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(rect);
    let mut child = ui.new_child(UiBuilder::new().max_rect(rect).id_salt("compared"));
    Table::new("compared", &columns).compact(true, ui).show(&mut child, state, &mut Rows(&rows));
}

fn verdict(report: &Reproduction) -> (Glyph, String) {
    let compared = report.outputs.len() + report.metrics.len();
    let compared = format!("{} compared", format::counted(compared as u64, "result", "results"));
    match report.verdict {
        Verdict::Identical => (Glyph::Ok, format!("Identical, {compared}")),
        Verdict::Equal => (Glyph::Ok, format!("Equal within {:.0e}, {compared}", report.tolerance)),
        Verdict::Different => (Glyph::Error, format!("Different, {compared}")),
        Verdict::Failed => (Glyph::Error, "It ended otherwise than it did then".to_owned()),
        Verdict::NotRun if report.missing.is_empty() => (Glyph::Info, "Its code was checked out".to_owned()),
        Verdict::NotRun => (Glyph::Warn, "It could not be run again".to_owned()),
    }
}

/// One comparison as the table shows it.
struct Row<'a> {
    name: String,
    outcome: &'a Outcome,
    how: String,
}

/// What differs first, in the order of the steps.
fn rows(report: &Reproduction) -> Vec<Row<'_>> {
    let outputs = report.outputs.iter().map(|output| Row {
        name: match output.title.as_str() {
            "" => output.port.clone(),
            title => format!("{title} · {}", output.port.replace('_', " ")),
        },
        outcome: &output.outcome,
        how: how(&output.outcome).to_owned(),
    });
    let metrics = report.metrics.iter().map(|metric| Row {
        name: words::key_title(&metric.key),
        outcome: &metric.outcome,
        how: values(metric),
    });
    let mut rows: Vec<Row<'_>> = outputs.chain(metrics).collect();
    rows.sort_by_key(|row| row.outcome.is_same());
    rows
}

struct Rows<'a>(&'a [Row<'a>]);

impl TableSource for Rows<'_> {
    fn rows(&self) -> u64 {
        self.0.len() as u64
    }

    fn cell(&mut self, cell: &mut Cell<'_>) {
        let row = &self.0[cell.row as usize];
        match cell.column {
            0 => cell.text(&row.name),
            1 => {
                let t = theme::of(cell.ui);
                let (glyph, word) = word(row.outcome);
                let inside = cell.inside();
                paint_glyph(cell.ui.painter(), &t, glyph, inside.left_center() + vec2(6.0, 0.0));
                cell.set_in(inside.with_min_x(inside.left() + 18.0), word, &t.face.small, t.color.text1);
            }
            2 => cell.text(&difference(row.outcome).map(|value| format!("{value:.1e}")).unwrap_or_default()),
            _ => cell.secondary(&row.how),
        }
    }

    fn row_name(&self, row: u64) -> String {
        let row = &self.0[row as usize];
        format!("{}, {}", row.name, word(row.outcome).1)
    }
}

fn word(outcome: &Outcome) -> (Glyph, &'static str) {
    match outcome {
        Outcome::Identical { .. } => (Glyph::Ok, "Identical"),
        Outcome::Equal { .. } => (Glyph::Ok, "Equal"),
        Outcome::Different { .. } => (Glyph::Error, "Different"),
        Outcome::Missing { .. } => (Glyph::Warn, "Missing"),
    }
}

fn difference(outcome: &Outcome) -> Option<f64> {
    match outcome {
        Outcome::Equal { difference } => Some(*difference),
        Outcome::Different { difference, .. } => *difference,
        _ => None,
    }
}

/// A metric's last values: one, where it came out as it was.
fn values(metric: &WeighedMetric) -> String {
    match (metric.first, metric.second) {
        (Some(then), Some(_)) if matches!(metric.outcome, Outcome::Identical { .. }) => format::metric(then),
        (Some(then), Some(now)) => {
            format!("{} then, {} now. {}", format::exact(then), format::exact(now), how(&metric.outcome))
        }
        _ => how(&metric.outcome).to_owned(),
    }
}

fn how(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Different { how, .. } | Outcome::Missing { how } => how,
        Outcome::Identical { bytes: false } => "The same values in other bytes",
        _ => "",
    }
}
