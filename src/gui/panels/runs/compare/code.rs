//! The code of two runs: the commits between them, and how their working trees differ as they were.

use std::ops::Range;

use egui::{Align, Layout, Ui, UiBuilder};
use studio::{
    compare::CodeComparison,
    git::{ChangeKind, Commit, FileDiff},
};

use super::notes;
use crate::{
    theme,
    widgets::{self, CodeLine, CodeView, ListRow, format, section},
};

/// What is shown of the files.
#[derive(Default)]
pub struct CodeTab {
    /// The path of the chosen file.
    chosen: Option<String>,
    /// Where the lines of the difference lie in its text, and of which answer and file they are.
    lines: Vec<Range<usize>>,
    of: Option<(u64, Option<String>)>,
}

/// How the pipeline as it was run is called among the files.
const PIPELINE: &str = "Pipeline as it was run";

impl CodeTab {
    /// `revision` is that of the answer `code`.
    pub fn show(&mut self, ui: &mut Ui, code: &CodeComparison, revision: u64) {
        let t = theme::of(ui);
        notes(ui, &code.notes);
        if code.files.is_empty() && code.pipeline.is_empty() {
            widgets::loading(ui, "Their working trees were the same, and so was the pipeline.");
            commits(ui, code);
            return;
        }
        let area = ui.available_rect_before_wrap();
        let side = area.with_max_x(area.left() + 300.0);
        let rest = area.with_min_x(side.right() + t.size.pad);
        let mut left =
            ui.new_child(UiBuilder::new().max_rect(side).layout(Layout::top_down(Align::Min)).id_salt("files"));
        egui::ScrollArea::vertical().id_salt("files").auto_shrink(false).show(&mut left, |ui| {
            self.files(ui, code);
            commits(ui, code);
        });
        let mut right = ui.new_child(UiBuilder::new().max_rect(rest).id_salt("difference"));
        let chosen = self.chosen.as_deref();
        let file = code.files.iter().find(|file| Some(file.path.as_str()) == chosen);
        let text = match file.or(code.files.first()) {
            Some(file) if chosen != Some(PIPELINE) => file.text.as_str(),
            _ => code.pipeline.as_str(),
        };
        let of = Some((revision, self.chosen.clone()));
        if self.of != of {
            self.lines = text.lines().map(|line| span_of(text, line)).collect();
            self.of = of;
        }
        difference(&mut right, text, &self.lines);
        ui.advance_cursor_after_rect(area);
    }

    fn files(&mut self, ui: &mut Ui, code: &CodeComparison) {
        let height = theme::of(ui).size.control;
        let differ = match code.files.len() {
            0 => "No other file differs".to_owned(),
            count => format::counted(count as u64, "file differs", "files differ"),
        };
        section(ui, &differ);
        ui.add_space(theme::of(ui).size.grid);
        ui.spacing_mut().item_spacing.y = 0.0;
        let first = code.files.first().map_or(PIPELINE, |file| file.path.as_str());
        let chosen = self.chosen.clone().unwrap_or_else(|| first.to_owned());
        let row = |ui: &mut Ui, path: &str, note: String| {
            ListRow::new(path).note(note).selected(chosen == path).height(height).show(ui).clicked()
        };
        for file in &code.files {
            if row(ui, &file.path, counts(file)) {
                self.chosen = Some(file.path.clone());
            }
        }
        if !code.pipeline.is_empty() && row(ui, PIPELINE, String::new()) {
            self.chosen = Some(PIPELINE.to_owned());
        }
    }
}

/// "+3 −1", or what happened to the file.
fn counts(file: &FileDiff) -> String {
    match file.kind {
        ChangeKind::Added => format!("new, +{}", file.added),
        ChangeKind::Deleted => format!("gone, −{}", file.removed),
        _ if file.text.is_empty() => "binary".to_owned(),
        _ => format!("+{} −{}", file.added, file.removed),
    }
}

fn commits(ui: &mut Ui, code: &CodeComparison) {
    let t = theme::of(ui);
    let Some(range) = &code.commits else { return };
    ui.add_space(t.size.pad);
    section(ui, "Commits between them");
    if range.only_first.is_empty() && range.only_second.is_empty() {
        ui.label(t.secondary("Both started from the same commit."));
    }
    for (sign, list) in [("+", &range.only_second), ("−", &range.only_first)] {
        for commit in list {
            one(ui, sign, commit);
        }
    }
}

fn one(ui: &mut Ui, sign: &str, commit: &Commit) {
    let t = theme::of(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = t.size.gap;
        ui.label(t.mono(format!("{sign} {}", commit.short)));
        let summary = ui.add(egui::Label::new(t.small(&commit.summary)).truncate());
        summary.on_hover_text(format!("{}, {}\n\n{}", commit.author, format::date_time(commit.time), commit.body));
    });
}

/// Where `part` lies in the text that it is a part of.
fn span_of(text: &str, part: &str) -> Range<usize> {
    let begin = part.as_ptr() as usize - text.as_ptr() as usize;
    begin..begin + part.len()
}

fn difference(ui: &mut Ui, text: &str, lines: &[Range<usize>]) {
    let t = theme::of(ui);
    egui::Frame::NONE.fill(t.color.surface1).corner_radius(t.size.radius).inner_margin(t.size.gap).show(ui, |ui| {
        if text.is_empty() {
            widgets::loading(ui, "The file is binary, or too large to be shown.");
            return;
        }
        let line = |at: usize| CodeLine::of_diff(text.get(lines[at].clone()).unwrap_or_default());
        CodeView::new("difference", lines.len()).show(ui, line);
    });
}
