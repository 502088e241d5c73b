//! Source: what changed since the last commit, branches, and the history of the workspace and of each of its files.
//!
//! [`list`] is the column at the left (changes and the commit, or the history), [`page`] the two versions beside each
//! other in the middle, as text ([`text`]) or, for a pipeline, as a drawing ([`picture`]). The panel has no place on the
//! rail: the branch in the top bar leads here.

mod branches;
mod commit;
mod doing;
mod history;
mod inspector;
mod list;
mod page;
mod picture;
mod rows;
mod text;
mod words;

use std::sync::Arc;

use egui::{Key, KeyboardShortcut, Modifiers, Ui};
use serde::{Deserialize, Serialize};
use studio::git::{Branch, ChangeKind, FileDiff};
use studio::pipeline::graph::Pipeline;
use studio::{HistoryRow, Studio, Version, VersionComparison, VersionRow, Worktree};

use self::branches::Branches;
use self::commit::CommitBox;
use self::doing::Doing;
use self::picture::Picture;
use super::designer::catalogue::Catalogue;
use super::{Cx, Event, Panel, PlaceId, Subject};
use crate::backend::Request;
use crate::commands::CommandSpec;
use crate::icons::Icon;

/// The panel's name among the places.
pub const ID: PlaceId = "source";
/// The setting that keeps the message being written, and how differences are shown.
const SETTING: &str = "window.source";
const SIDE: f32 = 292.0;
/// Commits that a history begins with, and that "Show more" adds.
const COMMITS: usize = 200;

/// What the column at the left shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tab {
    #[default]
    Changes,
    History,
}

/// How two versions are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum View {
    /// Of a pipeline; other files are shown as text.
    #[default]
    Canvas,
    Unified,
    SideBySide,
}

/// Which half of a change is shown, and so what can be done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Half {
    Staged,
    Unstaged,
}

/// Two versions of a file.
#[derive(Clone, Debug, PartialEq)]
struct Shown {
    path: String,
    old: Version,
    new: Version,
    /// Of a change that is not committed.
    half: Option<Half>,
}

/// What is kept between sessions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Keep {
    message: String,
    view: View,
}

/// The panel.
#[derive(Default)]
pub struct Source {
    tab: Tab,
    keep: Keep,
    kept: Option<Keep>,
    setting: Request<Option<serde_json::Value>>,
    keeping: Request<()>,
    worktree: Request<Arc<Worktree>>,
    branches: Request<Vec<Branch>>,
    menu: Branches,
    commit_box: CommitBox,
    history: Request<Vec<HistoryRow>>,
    /// Commits asked for.
    limit: usize,
    /// The history is that of this file.
    of: Option<String>,
    /// The commit that is looked at.
    commit: Option<String>,
    row: Request<HistoryRow>,
    files: Request<Vec<FileDiff>>,
    shown: Option<Shown>,
    versions: Request<Vec<VersionRow>>,
    comparison: Request<VersionComparison>,
    /// An old version on its way to the Designer.
    restoring: Request<(String, Pipeline)>,
    /// What the comparison on screen was asked for.
    compared: Option<Shown>,
    rows: rows::Rows,
    text: text::TextView,
    picture: Picture,
    catalogue: Catalogue,
    doing: Doing,
    revision: u64,
    time: f64,
}

impl Panel for Source {
    fn id(&self) -> PlaceId {
        ID
    }

    fn title(&self) -> &'static str {
        "Source"
    }

    fn icon(&self) -> Icon {
        Icon::Branch
    }

    fn on_rail(&self) -> bool {
        false
    }

    fn shortcut(&self) -> Option<KeyboardShortcut> {
        Some(KeyboardShortcut::new(Modifiers::COMMAND | Modifiers::SHIFT, Key::G))
    }

    fn side_width(&self) -> Option<f32> {
        self.worktree.value().is_some().then_some(SIDE)
    }

    fn side(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        self.list(ui, cx);
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        self.time = ui.input(|input| input.time);
        self.remember(ui, cx);
        let committed = self.commit_box.poll(&mut self.keep.message, cx);
        if self.doing.poll(cx, self.time) || committed {
            self.revision += 1;
        }
        self.ask(cx);
        self.follow();
        self.page(ui, cx);
        self.doing.show(ui, cx);
    }

    fn has_inspector(&self, _cx: &Cx<'_>) -> bool {
        (self.tab == Tab::History && self.commit.is_some()) || self.draws()
    }

    fn inspector(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        self.inspect(ui, cx);
    }

    fn commands(&self, _cx: &Cx<'_>) -> Vec<CommandSpec> {
        let one = |verb, title: &str, icon| CommandSpec::panel(ID, verb, title).icon(icon);
        let (staged, unstaged) = self.counts();
        let mut all = vec![
            one("changes", "Show changes that are not committed", Icon::Edit),
            one("history", "Show the history of the workspace", Icon::Clock),
            one("branches", "Switch or make a branch…", Icon::Branch),
            one("stage-all", "Stage all changes", Icon::Plus).disabled_if(unstaged == 0, "Nothing is left to stage"),
            one("unstage-all", "Unstage all changes", Icon::Minus).disabled_if(staged == 0, "Nothing is staged"),
            one("unified", "Differences one below the other", Icon::Code),
            one("side-by-side", "Differences side by side", Icon::Compare),
            one("canvas", "Differences of a pipeline as a drawing", Icon::Designer),
            one("refresh", "Look at the repository again", Icon::Refresh),
        ];
        if let Some(words) = self.doing.undoes() {
            all.push(one("undo", "Take back what was just done", Icon::Undo).detail(words));
        }
        all
    }

    fn on_event(&mut self, event: &Event, cx: &mut Cx<'_>) {
        match event {
            Event::Command(command) => self.command(command.verb, cx),
            Event::Open(Subject::Commit { id }) => self.open_commit(id.clone()),
            Event::Open(Subject::History { path, commit }) => self.open_history(path.clone(), commit.clone()),
            Event::Shown => self.revision += 1,
            Event::Changed(kind) if matches!(kind.as_str(), "" | "git" | "pipelines" | "runs") => self.revision += 1,
            Event::Workspace => *self = Self::default(),
            _ => {}
        }
    }
}

impl Source {
    /// Reads the kept message and view, and keeps them when nobody is typing.
    fn remember(&mut self, ui: &Ui, cx: &Cx<'_>) {
        self.keeping.poll();
        let Some(kept) = &self.kept else {
            if self.setting.ensure((), cx.backend, |studio: &Arc<Studio>| studio.setting(SETTING)) {
                let found = self.setting.value_mut().and_then(Option::take);
                if let Some(found) = found.and_then(|json| serde_json::from_value(json).ok()) {
                    self.keep = found;
                }
                self.kept = Some(self.keep.clone());
            }
            return;
        };
        // Words that are being typed are kept when the hand rests, not at every letter.
        let idle = !ui.input(|input| input.pointer.any_down() || !input.keys_down.is_empty());
        if idle && *kept != self.keep && !self.keeping.is_pending() {
            self.kept = Some(self.keep.clone());
            if let Ok(json) = serde_json::to_value(&self.keep) {
                self.keeping.ask(cx.backend, move |studio: &Arc<Studio>| studio.set_setting(SETTING, &json));
            }
        }
    }

    fn ask(&mut self, cx: &Cx<'_>) {
        let revision = self.revision;
        self.worktree.ensure(revision, cx.backend, |studio: &Arc<Studio>| studio.git_worktree().map(Arc::new));
        self.branches.ensure(revision, cx.backend, |studio: &Arc<Studio>| studio.git_branches());
        if self.tab == Tab::History {
            self.ask_history(cx, revision);
        }
        let Some(shown) = self.shown.clone() else {
            return;
        };
        let path = shown.path.clone();
        self.versions
            .ensure_of(&shown.path, revision, cx.backend, move |studio: &Arc<Studio>| studio.file_versions(&path));
        let asked = shown.clone();
        let key = (&shown.path, &shown.old, &shown.new, revision);
        let came = self.comparison.ensure(key, cx.backend, move |studio: &Arc<Studio>| {
            studio.compare_versions(&asked.path, &asked.old, &asked.new)
        });
        if came {
            self.take_in(shown);
        }
    }

    fn ask_history(&mut self, cx: &Cx<'_>, revision: u64) {
        let (of, limit) = (self.of.clone(), self.limit.max(COMMITS));
        let came = self.history.ensure((&self.of, limit, revision), cx.backend, move |studio: &Arc<Studio>| {
            studio.git_history(of.as_deref(), limit)
        });
        let Some(commit) = self.commit.clone() else {
            return;
        };
        let here = |version: &Version| matches!(version, Version::Commit { id, .. } if *id == commit);
        if came && self.shown.as_ref().is_some_and(|shown| here(&shown.new)) && self.of.is_some() {
            // The names that the file had are known now.
            self.show_commit(commit.clone());
        }
        let id = commit.clone();
        self.row.ensure_of(&commit, revision, cx.backend, move |studio: &Arc<Studio>| studio.git_commit_row(&id));
        let id = commit.clone();
        self.files.ensure_of(&commit, (), cx.backend, move |studio: &Arc<Studio>| studio.git_commit_files(&id));
    }

    /// What has come is laid out once.
    fn take_in(&mut self, shown: Shown) {
        let Some(comparison) = self.comparison.value() else {
            return;
        };
        let other = self.compared.as_ref().is_none_or(|before| before.path != shown.path || before.old != shown.old);
        self.rows = rows::Rows::of(&comparison.hunks);
        self.picture.take_in(comparison.pipeline.as_ref(), &self.catalogue, other);
        if other {
            self.text = text::TextView::default();
        }
        self.compared = Some(shown);
    }

    /// Shows something where nothing was chosen, and follows a change that went from one half to the other.
    fn follow(&mut self) {
        let Some(worktree) = self.worktree.value() else {
            return;
        };
        if self.tab == Tab::History {
            return self.follow_history();
        }
        let there = |path: &str, half: Half| {
            worktree.changes.iter().any(|it| it.path == path && words::half(it, half).is_some())
        };
        let gone = match &self.shown {
            Some(Shown { path, half: Some(half), .. }) if !there(path, *half) => {
                let other = if *half == Half::Staged { Half::Unstaged } else { Half::Staged };
                Some(there(path, other).then(|| (path.clone(), other)))
            }
            Some(_) => None,
            None => Some(None),
        };
        let Some(next) = gone else { return };
        let first = || {
            let first =
                |half: Half| worktree.changes.iter().find(|it| words::half(it, half).is_some()).map(|it| (it, half));
            first(Half::Unstaged).or_else(|| first(Half::Staged)).map(|(it, half)| (it.path.clone(), half))
        };
        match next.or_else(first) {
            Some((path, half)) => self.show_change(&path, half),
            None => self.shown = None,
        }
    }

    /// The newest commit until one is chosen, and of a commit its first file.
    fn follow_history(&mut self) {
        if self.commit.is_none() && self.shown.is_none() {
            let first = self.history.value().and_then(|rows| rows.first()).map(|row| row.commit.id.clone());
            if let Some(id) = first {
                self.show_commit(id);
            }
        }
        if self.shown.is_none()
            && self.of.is_none()
            && let Some(file) = self.files.value().and_then(|files| files.first()).cloned()
            && self.row.value().map(|row| &row.commit.id) == self.commit.as_ref()
        {
            self.show_file(&file);
        }
    }

    fn show_change(&mut self, path: &str, half: Half) {
        let change = self.worktree.value().and_then(|it| it.changes.iter().find(|it| it.path == path));
        let head = Version::Commit { id: "HEAD".to_owned(), path: change.and_then(|it| it.old_path.clone()) };
        let born = self.worktree.value().is_some_and(|it| it.status.head.is_some());
        let (old, new) = match half {
            Half::Staged if born => (head, Version::Staged),
            Half::Staged => (Version::Nothing, Version::Staged),
            Half::Unstaged => (Version::Staged, Version::Worktree),
        };
        self.shown = Some(Shown { path: path.to_owned(), old, new, half: Some(half) });
    }

    fn show_commit(&mut self, id: String) {
        if self.commit.as_ref() != Some(&id) {
            self.files.clear();
            self.shown = None;
        }
        if let Some(path) = self.of.clone() {
            let row = self.history.value().and_then(|rows| rows.iter().find(|row| row.commit.id == id));
            let then = row.and_then(|row| row.path.clone()).filter(|then| *then != path);
            let before = row.and_then(|row| row.renamed_from.clone()).or_else(|| then.clone());
            let old = Version::Before { commit: id.clone(), path: before };
            let new = Version::Commit { id: id.clone(), path: then };
            self.shown = Some(Shown { path, old, new, half: None });
        }
        self.commit = Some(id);
    }

    /// A file of the commit that is looked at.
    fn show_file(&mut self, file: &FileDiff) {
        let Some(id) = self.commit.clone() else { return };
        let old = Version::Before { commit: id.clone(), path: file.old_path.clone() };
        let new = match file.kind {
            ChangeKind::Deleted => Version::Nothing,
            _ => Version::Commit { id, path: None },
        };
        self.shown = Some(Shown { path: file.path.clone(), old, new, half: None });
    }

    fn open_commit(&mut self, id: String) {
        self.turn_to(Tab::History);
        self.of = None;
        self.show_commit(id);
    }

    fn open_history(&mut self, path: String, commit: Option<String>) {
        self.turn_to(Tab::History);
        if self.of.as_ref() != Some(&path) {
            self.history.clear();
        }
        self.of = Some(path);
        (self.commit, self.shown) = (None, None);
        if let Some(commit) = commit {
            self.show_commit(commit);
        }
    }

    fn turn_to(&mut self, tab: Tab) {
        if self.tab != tab {
            self.tab = tab;
            (self.shown, self.commit) = (None, None);
        }
    }

    /// Files that are staged, and files that are not.
    fn counts(&self) -> (usize, usize) {
        let changes = self.worktree.value().map_or(&[][..], |it| it.changes.as_slice());
        let count = |half| changes.iter().filter(|it| words::half(it, half).is_some()).count();
        (count(Half::Staged), count(Half::Unstaged))
    }

    fn command(&mut self, verb: &str, cx: &mut Cx<'_>) {
        match verb {
            "changes" => self.turn_to(Tab::Changes),
            "history" => {
                self.of = None;
                self.turn_to(Tab::History);
            }
            "commit" => {
                self.turn_to(Tab::Changes);
                self.commit_box.focus();
            }
            "branches" => self.menu.open(),
            "stage-all" => self.stage_all(cx),
            "unstage-all" => self.unstage_all(cx),
            "unified" => self.keep.view = View::Unified,
            "side-by-side" => self.keep.view = View::SideBySide,
            "canvas" => self.keep.view = View::Canvas,
            "refresh" => self.revision += 1,
            "undo" => self.doing.undo(cx),
            _ => tracing::warn!("source knows no command {verb}"),
        }
    }
}
