//! The bars at the top of the panel, and its commands.

use egui::{Key, Modifiers, Ui};
use studio::RunStatus;

use super::{Runs, Verb, View, charts, columns, words};
use crate::{
    commands::CommandSpec,
    icons::Icon,
    theme,
    widgets::{self, Button, Select, TextField, format, status},
};

const STATUSES: [RunStatus; 5] =
    [RunStatus::Waiting, RunStatus::Running, RunStatus::Done, RunStatus::Failed, RunStatus::Cancelled];

impl Runs {
    /// The bar of the list; what was asked.
    pub(super) fn list_bar(&mut self, ui: &mut Ui) -> Option<Verb> {
        let t = theme::of(ui);
        let total = self.pages.total().unwrap_or(0) as u64;
        let count = format!("{} of {} selected", format::count(self.checked.len() as u64), format::count(total));
        let compares = self.checked.len() > 1;
        let (registers, why) = self.registers();
        let pipelines = self.pipelines.value().map_or(&[][..], Vec::as_slice);
        let mut paths: Vec<(Option<String>, &str)> = vec![(None, "Every pipeline")];
        paths.extend(pipelines.iter().map(|row| (Some(row.path.clone()), row.title.as_str())));
        let mut statuses = vec![(None, "Any status")];
        statuses.extend(STATUSES.map(|status| (Some(status), words::status_word(status))));
        let before = self.filters.clone();
        // Every filter stays in narrow windows; the count of what is selected goes first.
        let roomy = ui.available_width() > 1080.0;
        let Self { filters, shown, pages, together, column_query, .. } = self;
        let asked = widgets::bar(
            ui,
            |ui| {
                ui.label(t.title("Runs"));
                Select::new("Pipeline").width(140.0).show(ui, &mut filters.pipeline, &paths);
                // The status and two buttons follow.
                let spare = ui.available_width() - 310.0;
                let search = TextField::search(&mut filters.text, "Find a run")
                    .icon(Icon::Search)
                    .width(spare.clamp(90.0, 480.0));
                ui.add(search);
                Select::new("Status").width(110.0).show(ui, &mut filters.status, &statuses);
                let button = ui.add(Button::secondary("Columns"));
                columns::chooser(&button, shown, pages, column_query);
                let button = ui.add(Button::secondary("Charts"));
                charts::chooser(&button, shown, pages, together);
            },
            |ui| {
                let register = Button::primary("Register model…").enabled(registers).hint(why);
                let register = ui.add(register).clicked() && registers;
                let hint = "Check two runs or more to compare them";
                let compare = Button::secondary("Compare").enabled(compares).hint(hint);
                let compare = ui.add(compare).clicked() && compares;
                if roomy {
                    ui.label(t.caption(&count));
                }
                match (register, compare) {
                    (true, _) => Some(Verb::Register),
                    (_, true) => Some(Verb::Compare),
                    _ => None,
                }
            },
        );
        if self.filters != before {
            self.pages.changed_query();
            self.shown.table.offset = 0.0;
        }
        asked
    }

    /// Whether a model can be registered now, or why not.
    fn registers(&self) -> (bool, &'static str) {
        if self.target().is_none() {
            return (false, "Select a run that trained a model");
        }
        match self.focus.detail() {
            None => (false, "Reading the run…"),
            Some(_) if self.focus.ports().is_empty() => (false, "This run trained no model"),
            Some(_) => (true, "Keeps the model of the selected run under a name"),
        }
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
                back = ui.add(Button::quiet("Runs").with_icon(Icon::ChevronLeft)).clicked();
                ui.label(t.caption("/"));
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
                let register = Button::primary("Register model…").enabled(registers).hint(why);
                one(ui, register, Verb::Register);
                let Some(row) = row else { return };
                if row.status.is_final() {
                    one(ui, Button::icon(Icon::Trash, "Delete"), Verb::Delete);
                } else {
                    one(ui, Button::secondary("Cancel run"), Verb::Cancel);
                }
                if matches!(row.status, RunStatus::Failed | RunStatus::Cancelled) {
                    one(ui, Button::secondary("Resume"), Verb::Resume);
                }
                one(ui, Button::icon(Icon::Edit, "Rename…"), Verb::Rename);
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
                back = ui.add(Button::quiet("Runs").with_icon(Icon::ChevronLeft)).clicked();
                ui.label(t.caption("/"));
                ui.label(t.title(format!("Compare {count} runs")));
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
