//! The middle: which two versions, what can be done with them, and the difference.

use std::sync::Arc;

use egui::{Align2, Frame, Margin, Ui, vec2};
use studio::pipeline::graph::Pipeline;
use studio::{Studio, Version, VersionComparison};

use super::doing::Done;
use super::text::Part;
use super::{Half, Source, Tab, View, words};
use crate::backend::State;
use crate::icons::{Glyph, Icon};
use crate::panels::{Action, Cx, Subject};
use crate::syntax::Language;
use crate::theme;
use crate::widgets::{self, Button, Empty, Select, format, message, paint_text};

/// Below this many points the old and the new text do not fit beside each other.
const NARROW: f32 = 360.0;

/// What was asked of the versions that are shown.
enum Ask {
    Stage,
    Unstage,
    Discard,
    History,
    Restore(Version),
    OpenDesigner,
}

impl Source {
    pub(super) fn page(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
        if self.menu.poll(cx) {
            self.revision += 1;
        }
        self.restored(cx);
        match self.worktree.state() {
            State::Idle | State::Pending(None) => return widgets::loading(ui, "Reading the repository…"),
            State::Failed(_, None) if cx.status.git.is_none() => return self.no_repository(ui, cx),
            State::Failed(failure, None) => {
                if widgets::failed(ui, "Could not read the repository", failure, "Try again") {
                    self.revision += 1;
                }
                return;
            }
            _ => {}
        }
        let going = self.menu.refused.as_ref().map(|(name, _)| name.clone());
        if self.menu.banner(ui)
            && let Some(name) = going
        {
            super::branches::set_aside(name, &mut self.doing, cx);
        }
        if self.shown.is_none() {
            return self.nothing(ui, cx);
        }
        self.bar(ui, cx);
        self.strip(ui);
        self.body(ui, cx);
    }

    fn no_repository(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let what = Empty {
            icon: Icon::Branch,
            text: "This workspace lies in no git repository, so nothing remembers its versions",
            step: "Make a repository",
        };
        if widgets::empty(ui, &what) {
            self.doing.start(cx, "The repository could not be made.", |studio| {
                studio.git_init().map(|()| Done::said("The workspace is a git repository now"))
            });
        }
    }

    fn nothing(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let (text, step) = match self.tab {
            Tab::Changes if self.worktree.value().is_some_and(|it| it.changes.is_empty()) => {
                ("Everything is committed. What you change from here on shows here.", "Open the Designer")
            }
            Tab::Changes => ("Choose a file to see what changed in it", ""),
            Tab::History => ("Choose a commit to see what it changed", ""),
        };
        if widgets::empty(ui, &Empty { icon: Icon::Check, text, step }) {
            cx.run(crate::commands::Command::GoTo("designer"));
        }
    }

    /// Whether both versions are a pipeline's and are shown as a drawing.
    pub(super) fn draws(&self) -> bool {
        self.keep.view == View::Canvas && self.picture.is_there() && self.shown.is_some()
    }

    fn bar(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(shown) = self.shown.clone() else { return };
        let t = theme::of(ui);
        let (name, folder) = words::split(&shown.path);
        let pipeline = is_pipeline(&shown.path);
        let mut asked = None;
        let drawn = self.picture.is_there();
        let view = &mut self.keep.view;
        let of_file = self.of.is_some();
        widgets::bar(
            ui,
            |ui| {
                ui.add(egui::Label::new(t.title(name)).truncate());
                ui.add(egui::Label::new(t.secondary(folder).color(t.color.text3)).truncate());
            },
            |ui| {
                asked = actions(ui, &shown, of_file, pipeline);
                ui.add_space(t.size.gap);
                views(ui, view, drawn);
            },
        );
        if let Some(ask) = asked {
            self.answer_page(ask, shown.path, cx);
        }
    }

    /// Which two versions, to be chosen anew, and how much differs.
    fn strip(&mut self, ui: &mut Ui) {
        let Some(shown) = self.shown.clone() else { return };
        let t = theme::of(ui);
        let rows = self.versions.value().map_or(&[][..], Vec::as_slice);
        let now = format::now(ui);
        let options = |chosen: &Version| {
            let mut options: Vec<(Version, String)> =
                rows.iter().map(|row| (row.version.clone(), words::choice(row, now))).collect();
            if !options.iter().any(|(version, _)| version == chosen) {
                options.insert(0, (chosen.clone(), words::version(chosen, rows)));
            }
            options
        };
        let (mut old, mut new) = (shown.old.clone(), shown.new.clone());
        let summary = self.summary();
        let margin = Margin::symmetric(t.size.pad_panel as i8, t.size.grid as i8);
        let strip = Frame::NONE.fill(t.color.surface2).inner_margin(margin).show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = t.size.gap;
                let room = ui.available_width();
                let width = (room * 0.31).min(260.0);
                Select::new("Old version").width(width).show(ui, &mut old, &options(&shown.old));
                ui.label(t.secondary("→").color(t.color.text3));
                Select::new("New version").width(width).show(ui, &mut new, &options(&shown.new));
                let (rest, _) =
                    ui.allocate_exact_size(vec2(ui.available_width(), t.size.control), egui::Sense::hover());
                paint_text(ui.painter(), rest, Align2::RIGHT_CENTER, &summary, &t.face.small, t.color.text2);
            });
        });
        let rect = strip.response.rect;
        ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, t.hairline());
        if old != shown.old || new != shown.new {
            self.shown = Some(super::Shown { old, new, half: None, ..shown });
        }
    }

    fn summary(&self) -> String {
        if self.draws() {
            return self.picture.summary();
        }
        match self.rows.counts {
            (0, 0) => String::new(),
            (added, removed) => format!("+{} −{}", format::count(added as u64), format::count(removed as u64)),
        }
    }

    fn body(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(shown) = self.shown.clone() else { return };
        let comparison = match self.comparison.state() {
            State::Failed(failure, _) => {
                if widgets::failed(ui, "The versions cannot be compared", failure, "Try again") {
                    self.comparison.refresh();
                }
                return;
            }
            State::Idle | State::Pending(None) => return widgets::loading(ui, "Reading both versions…"),
            State::Ready(value) | State::Pending(Some(value)) => value,
        };
        if self.compared.as_ref().is_none_or(|compared| compared.path != shown.path) {
            return widgets::loading(ui, "Reading both versions…");
        }
        if let Some(words) = untold(comparison) {
            widgets::empty(ui, &Empty { icon: Icon::File, text: &words, step: "" });
            return;
        }
        if comparison.pipeline.is_none() && is_pipeline(&shown.path) && self.keep.view == View::Canvas {
            let frame = Frame::NONE.inner_margin(theme::of(ui).size.gap);
            frame.show(ui, |ui| {
                message(ui, Glyph::Info, "One of the versions is no pipeline that can be drawn; this is its text.")
            });
        }
        if self.draws() {
            return self.picture.show(ui, &self.catalogue);
        }
        let language = Language::of(&shown.path);
        let half = self.compared.as_ref().filter(|compared| **compared == shown).and_then(|it| it.half);
        let asked = match self.keep.view {
            View::SideBySide if ui.available_width() >= NARROW && comparison.old.present && comparison.new.present => {
                self.text.side_by_side(ui, &self.rows, language, half)
            }
            _ => self.text.unified(ui, &self.rows, language, half),
        };
        if let Some(part) = asked {
            self.part(part, shown.path, cx);
        }
    }

    fn part(&mut self, part: Part, path: String, cx: &Cx<'_>) {
        let (Part::Stage(at) | Part::Unstage(at) | Part::Discard(at)) = part;
        let Some(hunk) = self.rows.hunks.get(at).cloned() else { return };
        match part {
            Part::Stage(_) => self.doing.start(cx, "The part could not be staged.", move |studio| {
                studio.git_stage_hunk(&path, &hunk).map(|()| Done::quietly())
            }),
            Part::Unstage(_) => self.doing.start(cx, "The part could not be unstaged.", move |studio| {
                studio.git_unstage_hunk(&path, &hunk).map(|()| Done::quietly())
            }),
            Part::Discard(_) => self.doing.start(cx, "The part could not be discarded.", move |studio| {
                let kept = studio.git_discard_hunk(&path, &hunk)?;
                Ok(Done::kept(format!("Discarded a part of {}", words::split(&path).0), kept))
            }),
        }
    }

    fn answer_page(&mut self, ask: Ask, path: String, cx: &mut Cx<'_>) {
        let change = self.worktree.value().and_then(|it| it.changes.iter().find(|it| it.path == path)).cloned();
        let names = |half| change.as_ref().map_or_else(|| vec![path.clone()], |it| super::list::names(it, half));
        match ask {
            Ask::Stage => self.stage(names(Half::Unstaged), cx),
            Ask::Unstage => self.unstage(names(Half::Staged), cx),
            Ask::Discard => self.discard(names(Half::Unstaged), cx),
            Ask::History => self.open_history(path, None),
            Ask::OpenDesigner => cx.open(Subject::Pipeline { path }),
            Ask::Restore(version) => self.restore(path, version, cx),
        }
    }

    /// A pipeline's old version becomes an edit in the Designer; another file is written, and what it held is kept.
    fn restore(&mut self, path: String, version: Version, cx: &Cx<'_>) {
        if !is_pipeline(&path) {
            return self.doing.start(cx, "The old version could not be restored.", move |studio| {
                let kept = studio.restore_version(&path, &version)?;
                Ok(Done::kept(format!("Restored {}", words::split(&path).0), kept))
            });
        }
        self.restoring.ask(cx.backend, move |studio: &Arc<Studio>| {
            let pipeline = studio.pipeline_version(&path, &version)?;
            if studio.pipeline_version(&path, &Version::Worktree).is_err() {
                // The file is gone, or no pipeline any more: there is nothing that an edit could change.
                studio.restore_version(&path, &version)?;
            }
            Ok::<_, studio::Error>((path, pipeline))
        });
    }

    fn restored(&mut self, cx: &mut Cx<'_>) {
        match self.restoring.take() {
            Some(Ok((path, pipeline))) => {
                let pipeline: Arc<Pipeline> = Arc::new(pipeline);
                cx.send(Action::Restore { path, pipeline });
            }
            Some(Err(failure)) => cx.failed(failure.message),
            None => {}
        }
    }
}

/// What can be done, from the right edge.
fn actions(ui: &mut Ui, shown: &super::Shown, of_file: bool, pipeline: bool) -> Option<Ask> {
    let mut asked = None;
    match shown.half {
        Some(Half::Unstaged) => {
            if ui.add(Button::secondary("Stage").hint("Let the next commit have it")).clicked() {
                asked = Some(Ask::Stage);
            }
            if ui.add(Button::secondary("Discard").hint("Back to what is staged; it can be undone")).clicked() {
                asked = Some(Ask::Discard);
            }
        }
        Some(Half::Staged) => {
            if ui.add(Button::secondary("Unstage").hint("Leave it out of the next commit")).clicked() {
                asked = Some(Ask::Unstage);
            }
        }
        None => {
            if let Version::Commit { .. } | Version::Run(_) = shown.new {
                let hint = if pipeline {
                    "As an edit in the Designer, which Undo takes back"
                } else {
                    "What the file holds now is kept"
                };
                if ui.add(Button::secondary("Restore this version").hint(hint)).clicked() {
                    asked = Some(Ask::Restore(shown.new.clone()));
                }
            }
        }
    }
    if pipeline && ui.add(Button::icon(Icon::Edit, "Open in the Designer")).clicked() {
        asked = Some(Ask::OpenDesigner);
    }
    if !of_file && ui.add(Button::icon(Icon::Clock, "History of this file")).clicked() {
        asked = Some(Ask::History);
    }
    asked
}

/// How the difference is shown; as a drawing only where there is one.
fn views(ui: &mut Ui, view: &mut View, drawn: bool) {
    let all = [
        (View::SideBySide, Icon::Compare, "Side by side"),
        (View::Unified, Icon::Code, "One below the other"),
        (View::Canvas, Icon::Designer, "As a drawing"),
    ];
    for (this, icon, name) in all.into_iter().filter(|(this, ..)| drawn || *this != View::Canvas) {
        // Text without a drawing is shown one below the other.
        let selected = *view == this || (!drawn && *view == View::Canvas && this == View::Unified);
        if ui.add(Button::icon(icon, name).selected(selected)).clicked() {
            *view = this;
        }
    }
}

/// Why there are no lines to show, if there are none.
fn untold(comparison: &VersionComparison) -> Option<String> {
    let (old, new) = (&comparison.old, &comparison.new);
    if !old.present && !new.present {
        return Some("Neither version has this file".to_owned());
    }
    let hidden = |side: &studio::Side| side.present && side.text.is_none();
    if hidden(old) || hidden(new) {
        let size =
            |side: &studio::Side| if side.present { format::bytes(side.size as u64) } else { "nothing".to_owned() };
        return Some(format!("This is no text, or too much of it to show: {} before, {} after", size(old), size(new)));
    }
    let same = comparison.hunks.is_empty() && comparison.pipeline.as_ref().is_none_or(|it| it.diff.is_empty());
    same.then(|| match (old.present, new.present) {
        (true, true) => "Both versions are the same".to_owned(),
        (false, _) => "An empty file that is new".to_owned(),
        (_, false) => "An empty file that was deleted".to_owned(),
    })
}

pub(super) fn is_pipeline(path: &str) -> bool {
    path.starts_with("pipelines/") && (path.ends_with(".yaml") || path.ends_with(".yml"))
}
