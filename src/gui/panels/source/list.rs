//! The column at the left: changes with the commit below them, or the history.

use egui::{Align, Align2, Layout, ScrollArea, Ui, UiBuilder, vec2};
use studio::git::{Change, Kept};

use super::doing::Done;
use super::{Half, Source, Tab, words};
use crate::icons::Icon;
use crate::panels::Cx;
use crate::theme;
use crate::widgets::{self, Button, Empty, ListRow, format, grid_row, paint_text};

/// As many files are listed; whoever changed more stages them together.
const LISTED: usize = 500;
/// What was kept of discarded files is listed this far back.
const KEPT: usize = 5;

/// What was asked of a row.
enum Ask {
    Show(String, Half),
    Stage(Vec<String>),
    Unstage(Vec<String>),
    Discard(Vec<String>),
    Restore(Kept),
}

impl Source {
    pub(super) fn list(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ui.spacing_mut().item_spacing.y = 0.0;
        self.head(ui, cx);
        match self.tab {
            Tab::Changes => self.changes(ui, cx),
            Tab::History => self.commits(ui),
        }
    }

    /// The branch, and which of the two lists is shown.
    fn head(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let t = theme::of(ui);
        let status = self.worktree.value().map(|it| it.status.clone()).unwrap_or_default();
        widgets::bar(
            ui,
            |ui| drop(ui.label(t.title("Source"))),
            |ui| {
                let branches = self.branches.value().map_or(&[][..], Vec::as_slice);
                if let Some(ask) = self.menu.show(ui, &status, branches) {
                    super::branches::carry_out(ask, &mut self.doing, &mut self.menu, cx);
                }
            },
        );
        let (staged, unstaged) = self.counts();
        let margin = egui::Margin::symmetric(t.size.pad_panel as i8, 0);
        let bar = egui::Frame::NONE.inner_margin(margin).show(ui, |ui| {
            ui.set_min_size(vec2(ui.available_width(), t.size.control + t.size.gap));
            ui.set_height(t.size.control + t.size.gap);
            let mut chosen = self.tab as usize;
            let changes = self.worktree.value().map_or(0, |it| it.changes.len()).max(staged.max(unstaged));
            let tabs = [widgets::Tab { title: "Changes", count: changes }, widgets::Tab { title: "History", count: 0 }];
            if ui.horizontal_centered(|ui| widgets::tabs(ui, &mut chosen, &tabs)).inner {
                self.turn_to(if chosen == 0 { Tab::Changes } else { Tab::History });
            }
        });
        let rect = bar.response.rect;
        ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, t.hairline());
    }

    fn changes(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(worktree) = self.worktree.value().cloned() else { return };
        let area = ui.available_rect_before_wrap();
        ui.advance_cursor_after_rect(area);
        // The commit stands at the foot, as high as it needs; the list has the rest.
        let height = self.commit_box.height(ui, &worktree);
        let (above, below) = area.split_top_bottom_at_y((area.bottom() - height).max(area.top()));
        let mut asks = Vec::new();
        let mut list = ui.new_child(UiBuilder::new().max_rect(above).id_salt("changes"));
        list.shrink_clip_rect(above);
        self.change_list(&mut list, &worktree, &mut asks);
        let mut foot = ui.new_child(UiBuilder::new().max_rect(below).id_salt("commit"));
        foot.shrink_clip_rect(below);
        let counts = self.counts();
        if let Some(ask) = self.commit_box.show(&mut foot, &worktree, counts, &mut self.keep.message) {
            self.commit_box.carry_out(ask, cx);
        }
        for ask in asks {
            self.answer(ask, cx);
        }
    }

    fn change_list(&self, ui: &mut Ui, worktree: &studio::Worktree, asks: &mut Vec<Ask>) {
        let t = theme::of(ui);
        if worktree.changes.is_empty() && worktree.kept.is_empty() {
            widgets::empty(ui, &Empty { icon: Icon::Check, text: "Everything is committed", step: "" });
            return;
        }
        ScrollArea::vertical().id_salt("changes").auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            egui::Frame::NONE.inner_margin(egui::Margin::symmetric(t.size.gap as i8, t.size.grid as i8)).show(
                ui,
                |ui| {
                    if worktree.changes.is_empty() {
                        ui.add_space(t.size.grid);
                        ui.label(t.secondary("Everything is committed"));
                    }
                    for (half, title) in [(Half::Staged, "Staged"), (Half::Unstaged, "Not staged")] {
                        self.section(ui, &worktree.changes, half, title, asks);
                    }
                    kept_list(ui, &worktree.kept, asks);
                },
            );
        });
    }

    fn section(&self, ui: &mut Ui, changes: &[Change], half: Half, title: &str, asks: &mut Vec<Ask>) {
        let t = theme::of(ui);
        let of: Vec<&Change> = changes.iter().filter(|it| words::half(it, half).is_some()).collect();
        if of.is_empty() {
            return;
        }
        ui.horizontal(|ui| {
            ui.set_height(t.size.control);
            ui.label(t.section(format!("{title}  {}", of.len())));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let paths = || of.iter().flat_map(|it| names(it, half)).collect();
                let (icon, name) = match half {
                    Half::Staged => (Icon::Minus, "Unstage all"),
                    Half::Unstaged => (Icon::Plus, "Stage all"),
                };
                if ui.add(Button::icon(icon, name)).clicked() {
                    asks.push(match half {
                        Half::Staged => Ask::Unstage(paths()),
                        Half::Unstaged => Ask::Stage(paths()),
                    });
                }
            });
        });
        for change in of.iter().take(LISTED) {
            self.row(ui, change, half, asks);
        }
        if of.len() > LISTED {
            ui.label(t.caption(format!("and {} more", format::count((of.len() - LISTED) as u64))));
        }
        ui.add_space(t.size.gap);
    }

    fn row(&self, ui: &mut Ui, change: &Change, half: Half, asks: &mut Vec<Ask>) {
        let t = theme::of(ui);
        let Some(kind) = words::half(change, half) else { return };
        let shown = self.shown.as_ref().is_some_and(|it| it.path == change.path && it.half == Some(half));
        let (name, folder) = words::split(&change.path);
        let said =
            format!("{}, {}{}", change.path, words::word(kind), if half == Half::Staged { ", staged" } else { "" });
        let (response, ()) = grid_row(ui, &said, t.size.control, shown, |ui| {
            let (mark, _) = ui.allocate_exact_size(vec2(14.0, t.size.control), egui::Sense::hover());
            let letter = words::letter(kind);
            let color = words::color(&t, kind);
            paint_text(ui.painter(), mark, Align2::LEFT_CENTER, letter, &t.face.mono_strong, color);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 0.0;
                row_buttons(ui, change, half, asks);
                let room = ui.available_rect_before_wrap();
                let at = paint_text(ui.painter(), room, Align2::LEFT_CENTER, name, &t.face.small, t.color.text1);
                let rest = room.with_min_x(at.right() + t.size.gap);
                if rest.width() > 24.0 {
                    paint_text(ui.painter(), rest, Align2::LEFT_CENTER, folder, &t.face.caption, t.color.text3);
                }
            });
        });
        let from = change.old_path.as_ref().filter(|_| half == Half::Staged);
        let words = from.map_or(change.path.clone(), |old| format!("{old} → {}", change.path));
        if response.on_hover_text(format!("{words}\n{}", words::word(kind))).clicked() {
            asks.push(Ask::Show(change.path.clone(), half));
        }
    }

    fn answer(&mut self, ask: Ask, cx: &mut Cx<'_>) {
        match ask {
            Ask::Show(path, half) => self.show_change(&path, half),
            Ask::Stage(paths) => self.stage(paths, cx),
            Ask::Unstage(paths) => self.unstage(paths, cx),
            Ask::Discard(paths) => self.discard(paths, cx),
            Ask::Restore(kept) => self.doing.start(cx, "It could not be brought back.", move |studio| {
                let before = studio.git_restore(&kept.id)?;
                Ok(Done::kept(
                    format!("Brought back {}", format::counted(kept.paths.len() as u64, "file", "files")),
                    before,
                ))
            }),
        }
    }

    pub(super) fn stage(&mut self, paths: Vec<String>, cx: &mut Cx<'_>) {
        self.doing
            .start(cx, "It could not be staged.", move |studio| studio.git_stage(&paths).map(|()| Done::quietly()));
    }

    pub(super) fn unstage(&mut self, paths: Vec<String>, cx: &mut Cx<'_>) {
        self.doing
            .start(cx, "It could not be unstaged.", move |studio| studio.git_unstage(&paths).map(|()| Done::quietly()));
    }

    pub(super) fn discard(&mut self, paths: Vec<String>, cx: &mut Cx<'_>) {
        self.doing.start(cx, "The changes could not be discarded.", move |studio| {
            let words = match paths.as_slice() {
                [one] => format!("Discarded changes in {}", words::split(one).0),
                more => format!("Discarded changes in {} files", more.len()),
            };
            Ok(Done::kept(words, studio.git_discard(&paths)?))
        });
    }

    fn paths(&self, half: Half) -> Vec<String> {
        let changes = self.worktree.value().map_or(&[][..], |it| it.changes.as_slice());
        changes.iter().filter(|it| words::half(it, half).is_some()).flat_map(|it| names(it, half)).collect()
    }

    pub(super) fn stage_all(&mut self, cx: &mut Cx<'_>) {
        self.stage(self.paths(Half::Unstaged), cx);
    }

    pub(super) fn unstage_all(&mut self, cx: &mut Cx<'_>) {
        self.unstage(self.paths(Half::Staged), cx);
    }
}

/// The file, and where it was when that half renamed it.
pub(super) fn names(change: &Change, half: Half) -> Vec<String> {
    let old = change.old_path.clone().filter(|_| half == Half::Staged);
    std::iter::once(change.path.clone()).chain(old).collect()
}

fn row_buttons(ui: &mut Ui, change: &Change, half: Half, asks: &mut Vec<Ask>) {
    let paths = || names(change, half);
    match half {
        Half::Staged => {
            if ui.add(Button::icon(Icon::Minus, format!("Unstage {}", change.path))).clicked() {
                asks.push(Ask::Unstage(paths()));
            }
        }
        Half::Unstaged => {
            if ui.add(Button::icon(Icon::Plus, format!("Stage {}", change.path))).clicked() {
                asks.push(Ask::Stage(paths()));
            }
            if ui.add(Button::icon(Icon::Undo, format!("Discard changes in {}", change.path))).clicked() {
                asks.push(Ask::Discard(paths()));
            }
        }
    }
}

/// What was discarded or set aside, to be had back.
fn kept_list(ui: &mut Ui, kept: &[Kept], asks: &mut Vec<Ask>) {
    let t = theme::of(ui);
    if kept.is_empty() {
        return;
    }
    let now = format::now(ui);
    ui.horizontal(|ui| {
        ui.set_height(t.size.control);
        ui.label(t.section("Kept from what was discarded"));
    });
    for one in kept.iter().take(KEPT) {
        let row = ListRow::new(one.why.as_str()).icon(Icon::Undo).note(format::ago(one.time, now)).quiet();
        let files = one.paths.join("\n");
        let hint = format!("{}\n\nClick to bring back\n{files}", one.why);
        if row.height(t.size.control).show(ui).on_hover_text(hint).clicked() {
            asks.push(Ask::Restore(one.clone()));
        }
    }
}
