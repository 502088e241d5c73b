//! Runs: charts over a table of every run, a run by itself, and several beside each other.
//!
//! One colour a run across charts and table: [`checked`] gives it.

mod act;
mod bar;
mod bulk;
mod charts;
mod checked;
mod columns;
mod compare;
mod dialog;
pub(crate) mod doing;
mod field;
mod files;
mod focus;
mod group;
mod inspector;
mod lines;
mod list;
mod logs;
mod menus;
#[cfg(test)]
mod models_tests;
mod note;
mod opened;
mod outputs;
mod page;
mod pages;
mod parallel;
mod purge;
mod query;
mod reproduce;
mod sparks;
mod surroundings;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod views;
pub(crate) mod words;

use std::{ops::Range, sync::Arc};

use egui::Ui;
use studio::{PipelineRow, RunListing, RunStatus, Studio};

use self::{
    charts::Together, checked::Checked, columns::Shown, compare::Compare, dialog::Dialog, doing::Doing,
    field::FilterField, focus::Focus, note::Notes, opened::Opened, pages::Pages, query::Filters, views::Views,
};
use super::{Cx, Event, Panel, PlaceId, Subject};
use crate::{
    backend::Request,
    commands::{Command, CommandSpec},
    icons::Icon,
    widgets::{self, Empty},
};

/// The setting that the panel's columns and charts are kept in.
const SETTING: &str = "window.runs";
/// Runs that are checked at first, so that there is something to see.
const AT_FIRST: usize = 6;
/// Runs that are drawn and compared at most.
const CHARTED: usize = 100;
/// Seconds between two looks at a run that goes on.
const LIVE: f64 = 1.0;

/// What can be asked of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verb {
    Open,
    Back,
    Check,
    Uncheck,
    Compare,
    Register,
    Rename,
    CopyId,
    Cancel,
    Resume,
    Delete,
    Restore,
    /// For good.
    Purge,
    Archive,
    Star,
    Unstar,
    Tag,
    CheckAll,
    Undo,
    Charts,
    /// The page of charts of the checked runs.
    Page,
}

const VERBS: [(Verb, &str); 21] = [
    (Verb::Open, "open"),
    (Verb::Back, "back"),
    (Verb::Check, "check"),
    (Verb::Uncheck, "uncheck"),
    (Verb::Compare, "compare"),
    (Verb::Register, "register"),
    (Verb::Rename, "rename"),
    (Verb::CopyId, "copy-id"),
    (Verb::Cancel, "cancel"),
    (Verb::Resume, "resume"),
    (Verb::Delete, "delete"),
    (Verb::Restore, "restore"),
    (Verb::Purge, "purge"),
    (Verb::Archive, "archive"),
    (Verb::Star, "star"),
    (Verb::Unstar, "unstar"),
    (Verb::Tag, "tag"),
    (Verb::CheckAll, "check-all"),
    (Verb::Undo, "undo"),
    (Verb::Charts, "charts"),
    (Verb::Page, "page"),
];

impl Verb {
    fn word(self) -> &'static str {
        VERBS.iter().find(|(verb, _)| *verb == self).map_or("", |(_, word)| word)
    }
}

enum View {
    List,
    Run(Box<Opened>),
    Compare(Box<Compare>),
    Charts,
}

/// The panel.
pub struct Runs {
    view: View,
    filters: Filters,
    field: FilterField,
    /// The runs that were asked for last: what is shown while the filter says nothing.
    listing: RunListing,
    pages: Pages,
    views: Views,
    notes: Notes,
    /// Rows on screen.
    visible: Range<usize>,
    pipelines: Request<Vec<PipelineRow>>,
    experiments: Request<Vec<String>>,
    shown: Shown,
    /// What the workspace remembers of `shown`; `None` before it was read.
    kept: Option<Shown>,
    setting: Request<Option<serde_json::Value>>,
    keeping: Request<()>,
    checked: Checked,
    /// Whether runs were checked by a person or at first.
    settled: bool,
    /// The run that the inspector shows.
    current: Option<String>,
    /// Where a range of checks begins.
    anchor: Option<u64>,
    hovered: Option<String>,
    together: Together,
    page: page::Page,
    focus: Focus,
    dialog: Option<Dialog>,
    /// The run whose model is to be registered once its steps are known.
    registering: Option<String>,
    doing: Doing,
    column_query: String,
    /// Seconds of the last frame, for what happens between frames.
    time: f64,
    looked: f64,
}

impl Default for Runs {
    fn default() -> Self {
        Self {
            view: View::List,
            filters: Filters::default(),
            field: FilterField::default(),
            listing: RunListing::default(),
            pages: Pages::default(),
            views: Views::default(),
            notes: Notes::default(),
            visible: 0..1,
            pipelines: Request::default(),
            experiments: Request::default(),
            shown: Shown::default(),
            kept: None,
            setting: Request::default(),
            keeping: Request::default(),
            checked: Checked::default(),
            settled: false,
            current: None,
            anchor: None,
            hovered: None,
            together: Together::default(),
            page: page::Page::default(),
            focus: Focus::default(),
            dialog: None,
            registering: None,
            doing: Doing::default(),
            column_query: String::new(),
            time: 0.0,
            looked: 0.0,
        }
    }
}

impl Panel for Runs {
    fn id(&self) -> PlaceId {
        "runs"
    }

    fn title(&self) -> &'static str {
        "Runs"
    }

    fn icon(&self) -> Icon {
        Icon::Runs
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        self.time = ui.input(|input| input.time);
        self.remember(ui, cx);
        self.ask(ui, cx);
        self.ask_register(cx);
        if self.doing.poll(cx) {
            self.pages.revision += 1;
        }
        let asked = match self.view {
            View::List => {
                if let Some(failure) = self.views.ensure(cx.backend) {
                    cx.failed(failure);
                }
                self.list(ui, cx)
            }
            View::Run(_) => self.run(ui, cx),
            View::Compare(_) => self.comparison(ui, cx),
            View::Charts => self.charts_page(ui, cx),
        };
        if let Some((verb, id)) = asked {
            self.act(verb, id, cx);
        }
        self.doing.show(ui, cx);
        if let Some(dialog) = &mut self.dialog
            && let Some(outcome) = dialog.show(ui, cx)
        {
            self.dialog = None;
            self.finish(outcome, cx);
        }
    }

    fn has_inspector(&self, _cx: &Cx<'_>) -> bool {
        match &self.view {
            View::List => self.current.is_some(),
            View::Run(_) => true,
            View::Compare(_) => false,
            View::Charts => self.page.has_inspector(),
        }
    }

    fn inspector(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if matches!(self.view, View::Charts) {
            return self.page.inspector(ui);
        }
        let opened = matches!(self.view, View::Run(_));
        let Some(id) = self.target() else { return };
        let left = self.notes.leave(Some(&id));
        self.keep(left.into_iter().collect(), cx);
        let detail = self.focus.detail();
        let row = detail.map(|detail| &detail.row).or_else(|| self.pages.find(&id));
        let Some(row) = row else {
            match self.focus.request().failure() {
                Some(failure) => {
                    widgets::message(ui, crate::icons::Glyph::Error, &failure.message);
                }
                None => widgets::loading(ui, "Reading the run…"),
            }
            return;
        };
        let models = self.focus.models();
        let verb = inspector::show(ui, cx, row, detail, models, opened);
        let changes = self.notes.show(ui, row);
        if let Some(verb) = verb {
            self.act(verb, Some(id), cx);
        }
        self.keep(changes, cx);
    }

    fn commands(&self, _cx: &Cx<'_>) -> Vec<CommandSpec> {
        let mut all = self.offered();
        match self.view {
            View::Charts => all.extend(self.page.commands()),
            _ => all.push(page::command(self.checked.len())),
        }
        all
    }

    fn places_to_go(&self, _cx: &Cx<'_>) -> Vec<CommandSpec> {
        let runs = self.pages.first().into_iter().take(50);
        runs.map(|run| {
            let subject = Subject::Run { id: run.id.clone() };
            CommandSpec::new(Command::Open(subject), format!("Open run {}", run.name))
                .icon(Icon::Runs)
                .detail(words::pipeline_title(run))
        })
        .collect()
    }

    fn on_event(&mut self, event: &Event, cx: &mut Cx<'_>) {
        match event {
            Event::Command(command) => {
                let verb = VERBS.iter().find(|(_, word)| *word == command.verb);
                if let Some((verb, _)) = verb {
                    // The palette's deletion is of the selected run; that of all checked ones is in their own menu.
                    let id = matches!(verb, Verb::Delete | Verb::Purge).then(|| self.target()).flatten();
                    self.act(*verb, id, cx);
                }
            }
            Event::Open(Subject::Run { id }) => self.open(id, None),
            Event::Open(Subject::RunStep { run, step }) => self.open(run, Some(step.clone())),
            Event::Selected(Some(Subject::Run { id })) => self.current = Some(id.clone()),
            Event::Changed(kind) => {
                if matches!(kind.as_str(), "" | "runs" | "results" | "models") {
                    self.pages.revision += 1;
                }
                if matches!(kind.as_str(), "" | "pipelines") {
                    self.pipelines.refresh();
                }
                if matches!(kind.as_str(), "" | "runs") {
                    self.experiments.refresh();
                }
                if matches!(kind.as_str(), "" | "settings") {
                    self.views.again();
                }
            }
            Event::Shown => self.pages.revision += 1,
            Event::Workspace => *self = Self::default(),
            _ => {}
        }
    }
}

impl Runs {
    /// Reads the kept columns and charts, and keeps them when they changed.
    fn remember(&mut self, ui: &Ui, cx: &Cx<'_>) {
        self.keeping.poll();
        let Some(kept) = &self.kept else {
            let ask = |studio: &Arc<Studio>| studio.setting(SETTING);
            if self.setting.ensure((), cx.backend, ask) {
                let found = self.setting.value_mut().and_then(Option::take);
                if let Some(found) = found.and_then(|json| serde_json::from_value(json).ok()) {
                    self.shown = found;
                }
                self.kept = Some(self.shown.clone());
            }
            return;
        };
        // A width that is being dragged is kept once.
        let idle = !ui.input(|input| input.pointer.any_down());
        if idle && *kept != self.shown && !self.keeping.is_pending() {
            self.kept = Some(self.shown.clone());
            if let Ok(json) = serde_json::to_value(&self.shown) {
                self.keeping.ask(cx.backend, move |studio: &Arc<Studio>| studio.set_setting(SETTING, &json));
            }
        }
    }

    /// Asks for what is on screen, again and again while a run goes on.
    fn ask(&mut self, ui: &Ui, cx: &Cx<'_>) {
        let live = self.pages.is_live(self.visible.clone()) || self.focus.is_live() || self.page.is_live();
        if live {
            if self.time - self.looked >= LIVE {
                self.looked = self.time;
                self.pages.revision += 1;
            }
            ui.request_repaint_after_secs(LIVE as f32);
        }
        let ask = |studio: &Arc<Studio>| studio.pipelines();
        self.pipelines.ensure((), cx.backend, ask);
        let ask = |studio: &Arc<Studio>| studio.experiments();
        self.experiments.ensure((), cx.backend, ask);
        // The page of charts needs no list once it is known which runs are checked.
        let listed = match self.view {
            View::List | View::Compare(_) => true,
            View::Charts => !self.settled,
            View::Run(_) => false,
        };
        if listed {
            self.relist();
            self.pages.ensure(&self.listing, self.visible.clone(), cx.backend);
            self.pages.ensure_sparks(self.visible.clone(), cx);
            self.check_at_first();
            let revision = self.pages.revision;
            let mut ids = self.checked.ids();
            ids.truncate(CHARTED);
            self.together.ensure(ids, revision, cx.backend);
        }
        let target = self.target();
        self.focus.ensure(target.as_deref(), self.pages.revision, cx.backend);
    }

    /// What the filter and the table's heads say now; as before, while the filter says nothing.
    fn relist(&mut self) {
        let (sort, descending) = columns::sort(self.shown.table.sort.as_ref());
        let measures = match &self.filters.group {
            Some(_) => columns::metrics(&columns::fields(&self.shown, &self.pages)),
            None => Vec::new(),
        };
        if let Some(listing) = self.filters.listing(sort, descending, measures) {
            self.listing = listing;
        }
    }

    /// The newest runs of the pipeline that ran most, before anybody has checked any.
    fn check_at_first(&mut self) {
        if self.settled || self.pages.first().is_empty() {
            return;
        }
        self.settled = true;
        let done = |runs: Vec<&'_ studio::Run>| -> Vec<studio::Run> {
            let done = runs.into_iter().filter(|run| run.status == RunStatus::Done && !run.metrics.is_empty());
            done.cloned().collect()
        };
        // What is coloured is to be seen in the list, so nested runs only where there is little else.
        let mut found = done(self.pages.on_lines());
        if found.len() < 2 {
            found = done(self.pages.first());
        }
        let done = found;
        let alike = |one: &studio::Run| {
            let same = done.iter().filter(|run| run.pipeline == one.pipeline);
            same.count()
        };
        // Of pipelines that ran as often, the one that ran last.
        let common = done.iter().rev().max_by_key(|run| alike(run));
        let Some(pipeline) = common.map(|run| &run.pipeline) else {
            return;
        };
        let of_it = done.iter().filter(|run| run.pipeline == *pipeline);
        let ids: Vec<String> = of_it.take(AT_FIRST).map(|run| run.id.clone()).collect();
        ids.iter().for_each(|id| self.checked.add(id));
        self.pages.reveal(&ids);
    }

    /// The run that commands mean: the open one, the selected one, or the only one checked.
    fn target(&self) -> Option<String> {
        if let View::Run(opened) = &self.view {
            return Some(opened.id.clone());
        }
        self.current.clone().or_else(|| {
            let mut ids = self.checked.ids();
            (ids.len() == 1).then(|| ids.remove(0))
        })
    }

    fn open(&mut self, id: &str, step: Option<String>) {
        self.current = Some(id.to_owned());
        match &mut self.view {
            View::Run(opened) if opened.id == id => opened.step = step.or(opened.step.take()),
            view => *view = View::Run(Box::new(Opened::new(id, step))),
        }
    }

    fn name_of(&self, id: &str) -> String {
        let focused = self.focus.detail().filter(|detail| detail.row.id == id);
        let named = focused.map(|detail| &detail.row).or_else(|| self.pages.find(id));
        named.map_or_else(|| "the run".to_owned(), |run| run.name.clone())
    }

    /// Draws the open run; what was asked.
    fn run(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> Option<(Verb, Option<String>)> {
        let asked = self.run_bar(ui);
        if let View::Run(opened) = &mut self.view {
            opened.show(ui, cx, &mut self.focus, self.pages.revision);
        }
        asked.map(|verb| (verb, None))
    }

    fn comparison(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> Option<(Verb, Option<String>)> {
        let asked = self.compare_bar(ui);
        if let View::Compare(compare) = &mut self.view
            && compare.show(ui, &self.together, &self.checked, cx.backend)
        {
            self.pages.revision += 1;
        }
        asked.map(|verb| (verb, None))
    }

    fn charts_page(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> Option<(Verb, Option<String>)> {
        let scene = page::Scene { checked: &self.checked, hovered: &mut self.hovered, revision: self.pages.revision };
        let asked = self.page.show(ui, cx, scene);
        asked.map(|verb| (verb, None))
    }

    fn is_unfiltered(&self) -> bool {
        self.filters == Filters::default()
    }

    /// Nothing to list: why, and the first step.
    fn nothing(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if self.is_unfiltered() {
            let what = Empty {
                icon: Icon::Runs,
                text: "No runs yet. A run is what comes of running a pipeline, or of code that logs with mlflow: its metrics, logs and outputs.",
                step: "Go to Designer",
            };
            if widgets::empty(ui, &what) {
                cx.run(Command::GoTo("designer"));
            }
            return;
        }
        let what = Empty { icon: Icon::Search, text: "No run fits what is looked for.", step: "Show every run" };
        if widgets::empty(ui, &what) {
            self.filters = Filters::default();
        }
    }
}
