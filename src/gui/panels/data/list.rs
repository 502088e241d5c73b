//! The datasets at the left, and the versions of the one that is shown.

use egui::{ScrollArea, Ui};
use jiff::Timestamp;
use studio::{Dataset, DatasetVersion};

use crate::backend::{Backend, Request};
use crate::panels::Cx;
use crate::widgets::{self, ListRow, TextField, format};

#[derive(Default)]
pub struct Datasets {
    all: Request<Vec<Dataset>>,
    versions: Request<Vec<DatasetVersion>>,
    find: String,
}

impl Datasets {
    pub fn ensure(&mut self, backend: &Backend) {
        self.all.ensure((), backend, |studio| studio.all_datasets());
    }

    pub fn refresh(&mut self) {
        self.all.refresh();
        self.versions.refresh();
    }

    pub fn is_known(&self) -> bool {
        self.all.value().is_some()
    }

    fn alive(&self) -> impl Iterator<Item = &Dataset> {
        let all = self.all.value().into_iter().flatten();
        all.filter(|dataset| dataset.deleted_ms.is_none() && dataset.latest.is_some())
    }

    pub fn names(&self) -> impl Iterator<Item = String> {
        self.alive().map(|dataset| dataset.name.clone())
    }

    pub fn first(&self) -> Option<String> {
        self.names().next()
    }

    /// The dataset that was deleted last.
    pub fn deleted(&self) -> Option<(String, i64)> {
        let all = self.all.value().into_iter().flatten();
        all.filter_map(|dataset| Some((dataset.name.clone(), dataset.deleted_ms?))).max_by_key(|(_, at)| *at)
    }

    /// Draws the list; the dataset and version that was clicked.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        current: Option<&(String, Option<u32>)>,
    ) -> Option<(String, Option<u32>)> {
        self.ensure(cx.backend);
        if let Some((name, _)) = current {
            let asked = name.clone();
            self.versions.ensure_of(name, (), cx.backend, move |studio| studio.dataset_versions(&asked));
        }
        let t = cx.theme;
        widgets::bar(ui, |ui| drop(ui.label(t.title("Datasets"))), |_| ());
        ui.spacing_mut().item_spacing.y = 0.0;
        egui::Frame::NONE.inner_margin(t.size.pad).show(ui, |ui| {
            ui.add(TextField::search(&mut self.find, "Find a dataset"));
        });
        let mut clicked = None;
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let find = self.find.to_lowercase();
            for dataset in self.alive().filter(|dataset| dataset.name.to_lowercase().contains(&find)) {
                let chosen = current.is_some_and(|(name, _)| *name == dataset.name);
                if row(ui, dataset, chosen) {
                    clicked = Some((dataset.name.clone(), None));
                }
                if chosen && dataset.versions > 1 {
                    let newest = dataset.latest.as_ref().map(|latest| latest.version);
                    let version = current.and_then(|(_, version)| *version).or(newest);
                    for found in self.versions.value().into_iter().flatten() {
                        if version_row(ui, found, version == Some(found.version)) {
                            clicked = Some((dataset.name.clone(), Some(found.version)));
                        }
                    }
                }
            }
        });
        clicked
    }
}

fn row(ui: &mut Ui, dataset: &Dataset, chosen: bool) -> bool {
    let Some(latest) = &dataset.latest else {
        return false;
    };
    let size = format!(
        "{} · {}",
        format::counted(latest.rows, "row", "rows"),
        format::counted(u64::from(latest.columns), "column", "columns")
    );
    let row = ListRow::new(&dataset.name)
        .note(format!("version {}", latest.version))
        .second(size, age(ui, latest.created_ms));
    row.selected(chosen).show(ui).clicked()
}

fn version_row(ui: &mut Ui, version: &DatasetVersion, chosen: bool) -> bool {
    let row = ListRow::new(format!("    Version {}", version.version)).note(age(ui, version.created_ms));
    row.selected(chosen).quiet().show(ui).clicked()
}

fn age(ui: &Ui, unix_ms: i64) -> String {
    let when = Timestamp::from_millisecond(unix_ms).unwrap_or_default();
    format::ago(when, format::now(ui.ctx()))
}
