//! Data: the datasets and their versions, the rows with a picture of each column, and importing more.

mod import;
mod inspector;
mod list;

use egui::{Key, Label, Modifiers, Ui};
use studio::{DatasetDetail, Studio};

use super::{Action, Cx, Event, Panel, PlaceId, Subject};
use crate::backend::Request;
use crate::commands::{Command, CommandSpec};
use crate::grid::GridView;
use crate::icons::Icon;
use crate::widgets::{self, Button, Empty, TextField, format};
use import::{Import, Outcome};
use list::Datasets;

const PLACE: PlaceId = "data";

#[derive(Default)]
pub struct Data {
    datasets: Datasets,
    /// The dataset that is shown, and its version; `None` is the newest.
    current: Option<(String, Option<u32>)>,
    opened: Request<Opened>,
    filter: String,
    search: String,
    import: Option<Import>,
    doing: Request<String>,
}

/// A dataset version ready to be shown.
struct Opened {
    detail: DatasetDetail,
    rows: GridView,
}

fn open(studio: &Studio, reference: &str) -> studio::Result<Opened> {
    let detail = studio.dataset(reference)?;
    let rows = GridView::new(studio.grid(reference)?, detail.schema.clone(), detail.profile.clone());
    Ok(Opened { detail, rows })
}

impl Data {
    fn choose(&mut self, name: &str, version: Option<u32>) {
        self.current = Some((name.to_owned(), version));
        self.opened = Request::default();
        self.filter.clear();
        self.search.clear();
        self.import = None;
    }

    fn ensure(&mut self, cx: &Cx<'_>) {
        self.datasets.ensure(cx.backend);
        if self.current.is_none()
            && let Some(first) = self.datasets.first()
        {
            // Not `choose`: files may be waiting to be imported.
            self.current = Some((first, None));
        }
        let Some((name, version)) = &self.current else {
            return;
        };
        let reference = version.map_or_else(|| name.clone(), |version| format!("{name}@{version}"));
        self.opened.ensure(&reference, cx.backend, {
            let reference = reference.clone();
            move |studio| open(studio, &reference)
        });
    }

    fn bar(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let t = cx.theme;
        let Some((name, version)) = &self.current else {
            return;
        };
        let title = name.clone();
        let version = version.or(self.opened.value().map(|opened| opened.detail.version.version));
        // In a narrow window the inspector says how many rows there are.
        let roomy = ui.available_width() > 760.0;
        let note = self.opened.value().filter(|_| roomy).map(|opened| opened.rows.note()).unwrap_or_default();
        let mut narrowed = false;
        widgets::bar(
            ui,
            |ui| {
                ui.add(Label::new(t.title(title)).truncate());
                ui.add(
                    Label::new(t.secondary(version.map(|it| format!("version {it}")).unwrap_or_default())).truncate(),
                );
                ui.add(Label::new(t.secondary(note)).truncate());
            },
            |ui| {
                if ui.add(Button::primary("Import…").shortcut("Ctrl I")).clicked() {
                    cx.run(Command::ImportData);
                }
                let filter = TextField::new(&mut self.filter).name("Filter rows").hint("age > 50").icon(Icon::Filter);
                // The rest is the name's.
                let room = (ui.available_width() * 0.6).clamp(200.0, 400.0);
                narrowed |= ui.add(filter.width(room * 0.6).mono()).changed();
                narrowed |= ui.add(TextField::search(&mut self.search, "Search rows").width(room * 0.4)).changed();
            },
        );
        if narrowed && let Some(opened) = self.opened.value_mut() {
            opened.rows.narrow(cx.backend, &self.filter, &self.search);
        }
    }

    fn rows(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if let Some(failure) = self.opened.failure().cloned()
            && self.opened.value().is_none()
        {
            if widgets::failed(ui, "This dataset could not be opened", &failure, "Try again") {
                self.opened.clear();
            }
            return;
        }
        let Some(opened) = self.opened.value_mut() else {
            return widgets::loading(ui, "Opening…");
        };
        if let Some(problem) = opened.rows.problem().map(str::to_owned) {
            widgets::message(ui, crate::icons::Glyph::Error, &problem);
        }
        let before = opened.rows.selected;
        opened.rows.show(ui, cx.backend);
        if before != opened.rows.selected
            && let Some(column) = opened.rows.selected.and_then(|at| opened.rows.schema().columns.get(at))
        {
            let version = &opened.detail.version;
            let (dataset, column) = (version.dataset.clone(), column.name.clone());
            cx.select(Subject::Column { dataset, version: Some(version.version), column });
        }
    }

    fn import_page(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(import) = &mut self.import else {
            return;
        };
        match import.show(ui, cx) {
            Outcome::Going => {}
            Outcome::Cancelled => self.import = None,
            Outcome::Done(imported) => {
                let version = &imported.version;
                cx.done(format!(
                    "{} version {}, {}",
                    version.dataset,
                    version.version,
                    format::counted(version.rows, "row", "rows")
                ));
                self.datasets.refresh();
                self.choose(&version.dataset, None);
            }
        }
    }
}

impl Panel for Data {
    fn id(&self) -> PlaceId {
        PLACE
    }

    fn title(&self) -> &'static str {
        "Data"
    }

    fn icon(&self) -> Icon {
        Icon::Data
    }

    fn side_width(&self) -> Option<f32> {
        Some(264.0)
    }

    fn side(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let current = self.current.clone();
        if let Some((name, version)) = self.datasets.show(ui, cx, current.as_ref()) {
            self.choose(&name, version);
            cx.select(Subject::Dataset { name, version });
        }
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        self.ensure(cx);
        if let Some(answer) = self.doing.take() {
            match answer {
                Ok(done) => cx.done(done),
                Err(failure) => cx.failed(failure.message),
            }
        }
        if self.import.is_some() {
            return self.import_page(ui, cx);
        }
        if self.current.is_none() {
            let text =
                "A dataset is a table in versions: drop a CSV, JSON, Excel, Parquet, Arrow or statistics file here";
            if self.datasets.is_known() && widgets::empty(ui, &Empty { icon: Icon::Data, text, step: "Import data…" })
            {
                cx.run(Command::ImportData);
            }
            return;
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        self.bar(ui, cx);
        self.rows(ui, cx);
    }

    fn has_inspector(&self, _cx: &Cx<'_>) -> bool {
        self.opened.value().is_some() && self.import.is_none()
    }

    fn inspector(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(opened) = self.opened.value() else {
            return;
        };
        match opened.rows.selected.and_then(|column| opened.rows.column_profile(column)) {
            Some(profile) => inspector::column(ui, profile, opened.detail.version.rows),
            None => {
                if inspector::dataset(ui, &opened.detail) {
                    let name = opened.detail.version.dataset.clone();
                    self.current = None;
                    self.opened = Request::default();
                    self.doing.ask(cx.backend, move |studio| {
                        studio.delete_dataset(&name)?;
                        Ok::<_, studio::Error>(format!(
                            "Deleted {name}; import it again, or restore it from the palette"
                        ))
                    });
                }
            }
        }
    }

    fn commands(&self, _cx: &Cx<'_>) -> Vec<CommandSpec> {
        let import = CommandSpec::new(Command::ImportData, "Import data…").icon(Icon::Plus);
        let mut all = vec![import.key(Modifiers::COMMAND, Key::I)];
        if let Some((name, _)) = self.datasets.deleted() {
            let title = format!("Restore dataset {name}");
            all.push(CommandSpec::panel(PLACE, "restore", title).argument(name));
        }
        all
    }

    fn places_to_go(&self, _cx: &Cx<'_>) -> Vec<CommandSpec> {
        let subject = |name: String| CommandSpec::open(Subject::Dataset { name, version: None });
        self.datasets.names().map(subject).collect()
    }

    fn on_event(&mut self, event: &Event, cx: &mut Cx<'_>) {
        match event {
            Event::Files(files) => self.import = Some(Import::new(files.clone())),
            Event::Open(Subject::Dataset { name, version }) => self.choose(&name.clone(), *version),
            Event::Open(Subject::Column { dataset, version, .. }) => self.choose(&dataset.clone(), *version),
            Event::Command(command) if command.verb == "restore" => {
                let name = command.argument.clone();
                self.doing.ask(cx.backend, move |studio| {
                    studio.restore_dataset(&name)?;
                    Ok::<_, studio::Error>(format!("Restored {name}"))
                });
            }
            Event::Changed(kind) if kind.is_empty() || kind == "datasets" => self.datasets.refresh(),
            Event::Workspace => *self = Self::default(),
            Event::Shown => cx.send(Action::Select(None)),
            _ => {}
        }
    }
}
