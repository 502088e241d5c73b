//! The bars at the top of the panel, and its commands.

use egui::{Key, Modifiers, Ui};
use studio::RunStatus;

use super::{Runs, Verb, View, bulk, charts, columns, group, menus, query::Scope, words};
use crate::{
    commands::CommandSpec,
    icons::Icon,
    panels::Cx,
    theme,
    widgets::{self, Button, Select, format, status},
};

/// The way back to the list, before the name of what is open; whether it was taken.
pub(super) fn back_to_list(ui: &mut Ui) -> bool {
    let t = theme::of(ui);
    // Its mark, not its margin, stands where the panel's other contents begin.
    ui.add_space(-t.size.pad);
    let back = ui.add(Button::quiet("Runs").with_icon(Icon::ChevronLeft)).clicked();
    // The button's own margin is the air before the stroke.
    ui.add_space(-t.size.gap);
    ui.label(t.caption("/"));
    back
}

/// Above this width of the bar every button has words.
const ROOMY: f32 = 1320.0;
/// Above this width those that are used most are words.
const WORDED: f32 = 1160.0;
/// Below this width even those that need words go without.
const NARROW: f32 = 1000.0;
const OPEN_CHARTS: &str = "Open charts";
const REGISTER: &str = "Register model…";

impl Runs {
    /// The bar of the list; what was asked.
    pub(super) fn list_bar(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> Option<Verb> {
        let t = theme::of(ui);
        let (roomy, narrow) = (ui.available_width() > ROOMY, ui.available_width() < NARROW);
        let compares = self.checked.len() > 1;
        let (registers, why) = self.registers();
        let before = self.filters.clone();
        let selected = self.selected_words(roomy);
        let worded = ui.available_width() > WORDED;
        let checked = !self.checked.is_empty();
        let scope = self.filters.scope.clone();
        let left = |ui: &mut Ui| {
            ui.label(t.title("Runs"));
            self.narrowing(ui, roomy, worded, cx);
        };
        let right = |ui: &mut Ui| {
            let register = Button::primary(REGISTER).enabled(registers).hint(why);
            let register = ui.add(register).clicked() && registers;
            let hint = "Check two runs or more to compare them";
            let compare = Button::secondary("Compare").enabled(compares).hint(hint);
            let compare = ui.add(compare).clicked() && compares;
            // Not the icon of the chooser of charts, which may stand near.
            let page = if narrow { Button::icon(Icon::Fit, OPEN_CHARTS) } else { Button::secondary(OPEN_CHARTS) };
            let page =
                ui.add(page.enabled(checked).hint("Draws the checked runs on a page of charts")).clicked() && checked;
            let button = ui.add(Button::quiet(selected.as_str()).caret().enabled(checked).hint("Check runs first"));
            let bulk = bulk::menu(&button, &scope);
            match (register, compare) {
                (true, _) => Some(Verb::Register),
                (_, true) => Some(Verb::Compare),
                _ if page => Some(Verb::Page),
                _ => bulk,
            }
        };
        let asked = widgets::bar(ui, left, right);
        if self.filters != before {
            self.shown.table.offset = 0.0;
        }
        asked
    }

    fn selected_words(&self, roomy: bool) -> String {
        let checked = format::count(self.checked.len() as u64);
        let total = format::count(self.pages.total().unwrap_or(0) as u64);
        match (roomy, self.checked.len() <= self.pages.total().unwrap_or(0)) {
            (true, true) => format!("{checked} of {total} selected"),
            // Checked runs stay checked while a filter hides them.
            _ => format!("{checked} selected"),
        }
    }

    /// Everything that narrows the list and puts it together.
    fn narrowing(&mut self, ui: &mut Ui, roomy: bool, worded: bool, cx: &Cx<'_>) {
        let scopes = self.scopes();
        Select::new("Which runs").width(132.0).show(ui, &mut self.filters.scope, &scopes);
        let buttons = match (roomy, worded) {
            (true, _) => 400.0,
            (false, true) => 276.0,
            (false, false) => 4.0 * 36.0,
        };
        let width = (ui.available_width() - buttons).max(120.0);
        let revision = self.pages.revision;
        self.field.show(ui, &mut self.filters.text, &self.pages.example, width, revision, cx.backend);
        let button = |ui: &mut Ui, words: &str, short: &str, icon: Icon, worded: bool| {
            let button = if worded { Button::secondary(words).caret() } else { Button::icon(icon, short) };
            ui.add(button)
        };
        let by = self.filters.group.as_ref().map(|by| format!("By {}", menus::sort_title(by)));
        let group = button(ui, by.as_deref().unwrap_or("Group"), "Group", Icon::Collapse, worded);
        group::chooser(&group, &mut self.filters, &mut self.pages);
        let columns = button(ui, "Columns", "Columns", Icon::Columns, worded);
        columns::chooser(&columns, &mut self.shown, &self.pages, &mut self.column_query);
        let charts = button(ui, "Charts", "Charts", Icon::Chart, roomy);
        charts::chooser(&charts, &mut self.shown, &self.pages, &self.together);
        let current = self.views.current(&self.filters, &self.shown).map(str::to_owned);
        let views = button(ui, current.as_deref().unwrap_or("Views"), "Views", Icon::Eye, roomy);
        if let Some(view) = self.views.chooser(&views, &self.filters, &self.shown) {
            (self.filters, self.shown) = (view.filters, view.shown);
        }
    }

    /// Pipelines, experiments where there are several, and what was put away.
    fn scopes(&self) -> Vec<(Scope, String)> {
        let mut all = vec![(Scope::All, "Every run".to_owned())];
        let pipelines = self.pipelines.value().map_or(&[][..], Vec::as_slice);
        all.extend(pipelines.iter().map(|row| (Scope::Pipeline(row.path.clone()), row.title.clone())));
        let experiments = self.experiments.value().map_or(&[][..], Vec::as_slice);
        if experiments.len() > 1 {
            let named = |name: &String| (Scope::Experiment(name.clone()), format!("Experiment {name}"));
            all.extend(experiments.iter().map(named));
        }
        all.extend([(Scope::Archived, "Archived".to_owned()), (Scope::Deleted, "Deleted".to_owned())]);
        all
    }

    /// Returns whether a model can be registered now, and why not.
    fn registers(&self) -> (bool, &'static str) {
        if self.target().is_none() {
            return (false, "Select a run that trained a model");
        }
        if self.focus.detail().is_some() && self.focus.made().is_empty() {
            return (false, "This run made no model");
        }

        // Before the run has been read a click counts too: the dialog opens once it has.
        (true, "Keeps the model of the selected run under a name")
    }

    /// The bar over the open run; what was asked.
    pub(super) fn run_bar(&mut self, ui: &mut Ui) -> Option<Verb> {
        let t = theme::of(ui);
        let row = self.focus.detail().map(|detail| &detail.row);
        let (registers, why) = self.registers();
        let mut asked = None;
        let mut back = false;
        widgets::bar(
            ui,
            |ui| {
                back = back_to_list(ui);
                let Some(row) = row else { return };
                ui.label(t.title(&row.name));
                status(ui, words::run_glyph(row), &words::run_word(row));
            },
            |ui| {
                let mut one = |ui: &mut Ui, button: Button<'_>, verb: Verb| {
                    if ui.add(button).clicked() {
                        asked = Some(verb);
                    }
                };
                // What is registered already is not the next thing to do.
                let again = !self.focus.models().is_empty();
                let register = if again { Button::secondary(REGISTER) } else { Button::primary(REGISTER) };
                one(ui, register.enabled(registers).hint(why), Verb::Register);
                let Some(row) = row else { return };
                // A model of a run is renamed and deleted with its run.
                let is_model = words::model_title(row).is_some();
                if row.status.is_final() {
                    if !is_model {
                        one(ui, Button::icon(Icon::Trash, "Delete"), Verb::Delete);
                    }
                } else {
                    one(ui, Button::secondary("Cancel run"), Verb::Cancel);
                }
                if matches!(row.status, RunStatus::Failed | RunStatus::Cancelled) {
                    one(ui, Button::secondary("Resume"), Verb::Resume);
                }
                if !is_model {
                    one(ui, Button::icon(Icon::Edit, "Rename…"), Verb::Rename);
                }
            },
        );
        if back { Some(Verb::Back) } else { asked }
    }

    pub(super) fn compare_bar(&mut self, ui: &mut Ui) -> Option<Verb> {
        let t = theme::of(ui);
        let count = self.checked.len();
        let mut back = false;
        widgets::bar(
            ui,
            |ui| {
                back = back_to_list(ui);
                ui.label(t.title(format!("Compare {count} runs")));
                ui.add_space(t.size.pad);
                if let View::Compare(compare) = &mut self.view {
                    compare.tabs(ui);
                }
            },
            |_| {},
        );
        back.then_some(Verb::Back)
    }

    /// What can be done here now.
    pub(super) fn offered(&self) -> Vec<CommandSpec> {
        let target = self.target();
        let row = target.as_ref().and_then(|id| {
            let focused = self.focus.detail().map(|detail| &detail.row);
            focused.filter(|row| row.id == *id).or_else(|| self.pages.find(id))
        });
        let ended = row.is_some_and(|row| row.status.is_final());
        let live = row.is_some_and(|row| !row.status.is_final());
        let resumes = row.is_some_and(|row| matches!(row.status, RunStatus::Failed | RunStatus::Cancelled));
        let (registers, why) = self.registers();
        let one = |verb: Verb, title: &str, icon: Icon| {
            let spec = CommandSpec::panel("runs", verb.word(), title).icon(icon);
            spec.detail(row.map(|row| row.name.clone()).unwrap_or_default())
        };
        let none = "Select a run first";
        let mut all = vec![
            one(Verb::Register, "Register model…", Icon::Models).disabled_if(!registers, why),
            one(Verb::Compare, "Compare the checked runs", Icon::Compare)
                .detail(format!("{} checked", self.checked.len()))
                .disabled_if(self.checked.len() < 2, "Check two runs or more"),
            one(Verb::Rename, "Rename run…", Icon::Edit).disabled_if(row.is_none(), none),
            one(Verb::CopyId, "Copy the run's id", Icon::Copy).disabled_if(row.is_none(), none),
            one(Verb::Cancel, "Cancel run", Icon::Stop).disabled_if(!live, "Select a run that goes on"),
            one(Verb::Resume, "Resume run", Icon::Run)
                .disabled_if(!resumes, "Select a run that failed or was cancelled"),
            one(Verb::Delete, "Delete run", Icon::Trash).disabled_if(!ended, "Select a run that has ended"),
            one(Verb::Archive, "Archive the checked runs", Icon::Folder).detail(""),
            one(Verb::Tag, "Tag the checked runs…", Icon::Tag).detail(""),
            one(Verb::Uncheck, "Uncheck every run", Icon::Close).detail(""),
            one(Verb::Charts, "Show or hide the charts of runs", Icon::Chart).detail(""),
        ];
        if !matches!(self.view, View::Run(_)) {
            let open = one(Verb::Open, "Open run", Icon::Runs);
            all.insert(0, open.disabled_if(row.is_none(), none));
        }
        if !matches!(self.view, View::List) {
            let back = one(Verb::Back, "Back to the list of runs", Icon::ChevronLeft);
            all.insert(0, back.detail("").key(Modifiers::ALT, Key::ArrowLeft));
        }
        if let Some(words) = self.doing.undoes() {
            all.push(one(Verb::Undo, "Take back the deletion", Icon::Undo).detail(words));
        }
        all
    }
}
