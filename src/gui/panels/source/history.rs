//! The history at the left: commits, each with its runs.

use egui::{Align2, ScrollArea, Sense, Ui, WidgetInfo, accesskit::Role, vec2};
use studio::{HistoryRow, Version};

use super::{COMMITS, Shown, Source, words};
use crate::icons::{self, Icon};
use crate::panels::runs::words as runs;
use crate::theme;
use crate::widgets::{self, Button, Empty, focus_ring, format, paint_text};

const ROW: f32 = 52.0;

/// What was asked of the list.
enum Ask {
    Commit(String),
    Worktree,
    More,
}

impl Source {
    pub(super) fn commits(&mut self, ui: &mut Ui) {
        self.of_file(ui);
        let path = self.of.clone();
        let chosen = self.commit.clone();
        let at_worktree = self.commit.is_none() && self.shown.is_some();
        let (limit, mut ask) = (self.limit.max(COMMITS), None);
        let again = widgets::requested(ui, &self.history, "the history", |ui, rows| {
            let what = match &path {
                Some(_) => Empty { icon: Icon::Commit, text: "This file was not committed yet", step: "" },
                None => Empty { icon: Icon::Commit, text: "Nothing was committed yet", step: "" },
            };
            if rows.is_empty() && path.is_none() {
                widgets::empty(ui, &what);
                return;
            }
            // A file's history begins with what is not committed; a full list ends with the way to more.
            let first = usize::from(path.is_some());
            let more = usize::from(rows.len() >= limit);
            ui.spacing_mut().item_spacing.y = 0.0;
            ScrollArea::vertical().id_salt("commits").auto_shrink(false).show_rows(
                ui,
                ROW,
                rows.len() + first + more,
                |ui, seen| {
                    for at in seen {
                        if at < first {
                            if plain_row(ui, "Working tree", "As the file is now", at_worktree) {
                                ask = Some(Ask::Worktree);
                            }
                        } else if let Some(row) = rows.get(at - first) {
                            if commit_row(ui, row, chosen.as_ref() == Some(&row.commit.id)) {
                                ask = Some(Ask::Commit(row.commit.id.clone()));
                            }
                        } else if plain_row(ui, "Show more", "Commits before these", false) {
                            ask = Some(Ask::More);
                        }
                    }
                },
            );
        });
        if again {
            self.history.refresh();
        }
        match ask {
            Some(Ask::Commit(id)) => self.show_commit(id),
            Some(Ask::Worktree) => self.show_worktree(),
            Some(Ask::More) => self.limit = limit + COMMITS,
            None => {}
        }
    }

    /// Whose history it is, when it is a file's, and the way back to all.
    fn of_file(&mut self, ui: &mut Ui) {
        let t = theme::of(ui);
        let Some(path) = self.of.clone() else { return };
        let size = vec2(ui.available_width(), t.size.row);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, t.hairline());
        let inside = rect.shrink2(vec2(t.size.pad_panel, 0.0));
        let side = t.size.control;
        let at = egui::Rect::from_center_size(inside.right_center() - vec2(side / 2.0, 0.0), vec2(side, side));
        let icon = inside.left_center() + vec2(t.size.icon_small / 2.0, 0.0);
        icons::paint_at(ui.painter(), Icon::File, icon, t.size.icon_small, t.color.text2);
        let room = inside.with_min_x(inside.left() + t.size.icon_small + t.size.gap).with_max_x(at.left());
        paint_text(ui.painter(), room, Align2::LEFT_CENTER, &path, &t.face.small, t.color.text2);
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(at));
        if child.add(Button::icon(Icon::Close, "Show the history of everything")).clicked() {
            self.of = None;
            (self.commit, self.shown) = (None, None);
            self.history.clear();
        }
    }

    /// The file as it is now, beside the last commit's.
    fn show_worktree(&mut self) {
        let Some(path) = self.of.clone() else { return };
        self.commit = None;
        let old = Version::Commit { id: "HEAD".to_owned(), path: None };
        self.shown = Some(Shown { path, old, new: Version::Worktree, half: None });
    }
}

fn plain_row(ui: &mut Ui, title: &str, second: &str, selected: bool) -> bool {
    let row = widgets::ListRow::new(title).second(second, "").height(ROW).selected(selected);
    let response = row.show(ui);
    line_below(ui, &response);
    response.clicked()
}

/// Message and age; author, id and runs below.
fn commit_row(ui: &mut Ui, row: &HistoryRow, selected: bool) -> bool {
    let t = theme::of(ui);
    let commit = &row.commit;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let runs = run_words(row);
    let name = format!("{}, {}, {}{}", commit.summary, commit.author, commit.short, said(&runs));
    response.widget_info(|| WidgetInfo::selected(Role::ListItem, ui.is_enabled(), selected, &name));
    let fill = match (selected, response.hovered()) {
        (true, _) => t.color.accent_soft,
        (false, true) => t.color.surface4,
        (false, false) => egui::Color32::TRANSPARENT,
    };
    let painter = ui.painter();
    painter.rect_filled(rect, 0.0, fill);
    let inside = rect.shrink2(vec2(t.size.pad_panel, 7.0));
    let (above, below) = inside.split_top_bottom_at_fraction(0.5);
    let ago = format::ago(commit.time, format::now(ui));
    let at = paint_text(painter, above, Align2::RIGHT_CENTER, &ago, &t.face.caption, t.color.text3);
    let room = above.with_max_x(at.left() - t.size.gap);
    paint_text(painter, room, Align2::LEFT_CENTER, &commit.summary, &t.face.small_strong, t.color.text1);

    let at = paint_text(painter, below, Align2::RIGHT_CENTER, &commit.short, &t.face.mono, t.color.text2);
    let mut rest = below.with_max_x(at.left() - t.size.gap);
    if let (Some(newest), false) = (row.runs.first(), runs.is_empty()) {
        let at = paint_text(painter, rest, Align2::RIGHT_CENTER, &runs, &t.face.caption, t.color.text2);
        icons::paint_glyph(painter, &t, runs::run_glyph(newest), at.left_center() - vec2(10.0, 0.0));
        rest.max.x = at.left() - 20.0 - t.size.grid;
    }
    let quiet = match &row.renamed_from {
        Some(old) => format!("{} · was {}", commit.author, words::split(old).0),
        None if !row.present => format!("{} · deleted it", commit.author),
        None => commit.author.clone(),
    };
    paint_text(painter, rest, Align2::LEFT_CENTER, &quiet, &t.face.caption, t.color.text3);
    focus_ring(ui, &response, 0.0);
    line_below(ui, &response);
    let hint = format!("{}\n{} · {}", commit.summary, commit.author, format::date_time(commit.time));
    response.on_hover_cursor(egui::CursorIcon::PointingHand).on_hover_text(hint).clicked()
}

fn line_below(ui: &Ui, response: &egui::Response) {
    let t = theme::of(ui);
    ui.painter().hline(response.rect.x_range(), response.rect.bottom() - 0.5, t.hairline());
}

fn run_words(row: &HistoryRow) -> String {
    if row.runs.is_empty() { String::new() } else { format::counted(row.runs.len() as u64, "run", "runs") }
}

fn said(runs: &str) -> String {
    if runs.is_empty() { String::new() } else { format!(", {runs}") }
}
