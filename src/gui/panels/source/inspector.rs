//! The commit that is looked at, and what differs between two versions of a pipeline.

use egui::{Align2, Label, Ui, vec2};
use studio::HistoryRow;
use studio::git::FileDiff;

use super::{Source, Tab, words};
use crate::panels::runs::words as runs;
use crate::panels::{Cx, Subject};
use crate::theme;
use crate::widgets::{self, ListRow, format, grid_row, key_value, link, paint_text, section, separator};

/// Runs of a commit that are listed.
const RUNS: usize = 8;

impl Source {
    pub(super) fn inspect(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let t = theme::of(ui);
        ui.spacing_mut().interact_size.y = t.face.small.line;
        if self.tab == Tab::History && self.commit.is_some() {
            let mut chosen = None;
            let again = widgets::requested(ui, &self.row, "the commit", |ui, row| {
                facts(ui, cx, row);
                list_runs(ui, cx, row);
                let files = self.files.value().map_or(&[][..], Vec::as_slice);
                let shown = self.shown.as_ref().map(|it| it.path.as_str());
                chosen = list_files(ui, files, shown);
            });
            if again {
                self.row.refresh();
            }
            if let Some(file) = chosen {
                self.show_file(&file);
            }
            if self.draws() {
                separator(ui);
            }
        }
        if self.draws() {
            self.picture.list(ui);
        }
    }
}

fn facts(ui: &mut Ui, cx: &mut Cx<'_>, row: &HistoryRow) {
    let t = theme::of(ui);
    let commit = &row.commit;
    ui.add(Label::new(t.title(&commit.summary)).wrap());
    if !commit.body.is_empty() {
        ui.add_space(t.size.grid);
        ui.add(Label::new(t.secondary(&commit.body)).wrap());
    }
    ui.add_space(t.size.grid);
    key_value(ui, "By", t.small(&commit.author)).on_hover_text(&commit.email);
    let ago = t.small(format::ago(commit.time, format::now(ui)));
    key_value(ui, "When", ago).on_hover_text(format::date_time(commit.time));
    ui.horizontal(|ui| {
        ui.set_min_height(t.face.small.line);
        ui.label(t.secondary("Id"));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if link(ui, &commit.short).on_hover_text(format!("{} · click to copy", commit.id)).clicked() {
                cx.copy(commit.id.clone());
            }
        });
    });
}

/// The runs that started from this commit.
fn list_runs(ui: &mut Ui, cx: &mut Cx<'_>, row: &HistoryRow) {
    let t = theme::of(ui);
    separator(ui);
    section(ui, "Runs from this commit");
    if row.runs.is_empty() {
        ui.label(t.secondary("None"));
        return;
    }
    for run in row.runs.iter().take(RUNS) {
        let dirty = if run.diff.is_some() { "with changes" } else { "" };
        let line = ListRow::new(run.name.as_str()).glyph(runs::run_glyph(run)).note(dirty).height(t.size.control);
        let hint = format!("{}\n{}", runs::pipeline_title(run), runs::run_word(run));
        if line.show(ui).on_hover_text(hint).clicked() {
            cx.open(Subject::Run { id: run.id.clone() });
        }
    }
    let more = row.runs.len().saturating_sub(RUNS);
    if more > 0 {
        ui.label(t.caption(format!("{more} more")));
    }
}

/// The files of the commit; the one that was chosen.
fn list_files(ui: &mut Ui, files: &[FileDiff], shown: Option<&str>) -> Option<FileDiff> {
    let t = theme::of(ui);
    separator(ui);
    section(ui, &format!("Files  {}", files.len()));
    let mut chosen = None;
    for file in files {
        let said = format!("{}, {}", file.path, words::word(file.kind));
        let selected = shown == Some(file.path.as_str());
        let (response, ()) = grid_row(ui, &said, t.size.control, selected, |ui| {
            let (mark, _) = ui.allocate_exact_size(vec2(14.0, t.size.control), egui::Sense::hover());
            let (letter, color) = (words::letter(file.kind), words::color(&t, file.kind));
            paint_text(ui.painter(), mark, Align2::LEFT_CENTER, letter, &t.face.mono_strong, color);
            let room = ui.available_rect_before_wrap();
            let counts = format!("+{} −{}", file.added, file.removed);
            let counts = if file.added + file.removed == 0 { String::new() } else { counts };
            let at = paint_text(ui.painter(), room, Align2::RIGHT_CENTER, &counts, &t.face.caption, t.color.text3);
            let room = room.with_max_x(at.left() - t.size.gap);
            let (name, folder) = words::split(&file.path);
            let at = paint_text(ui.painter(), room, Align2::LEFT_CENTER, name, &t.face.small, t.color.text1);
            let rest = room.with_min_x(at.right() + t.size.gap);
            if rest.width() > 24.0 {
                paint_text(ui.painter(), rest, Align2::LEFT_CENTER, folder, &t.face.caption, t.color.text3);
            }
        });
        let from = file.old_path.as_ref().map_or(file.path.clone(), |old| format!("{old} → {}", file.path));
        if response.on_hover_text(from).clicked() {
            chosen = Some(file.clone());
        }
    }
    chosen
}
