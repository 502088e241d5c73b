//! Importing files: a form of everything that can be said about their reading, the first rows as they will be
//! stored, and the import with progress. Each change of the form is looked at with the files again.

mod ask;
mod form;
mod preview;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use egui::Ui;
use studio::data::read::ReadChoices;
use studio::data::write::text_cells;
use studio::{Error, ImportDraft, ImportProgress, Imported, PreparedImport, StagedImport, Studio};

use crate::backend::{Cancel, Request};
use crate::icons::Glyph;
use crate::panels::Cx;
use crate::theme;
use crate::widgets::{self, Button, format};
use ask::Asking;
use form::Form;
use preview::PreviewTable;

/// Rows of the preview.
const ROWS: usize = 100;
/// Notes shown before a person asks for all.
const NOTES: usize = 3;

pub enum Outcome {
    Going,
    Cancelled,
    Done(Box<Imported>),
}

pub struct Import {
    files: Vec<PathBuf>,
    form: Form,
    /// What is known with the form as it stands.
    prepared: Request<Prepared>,
    table: PreviewTable,
    all_notes: bool,
    import: Request<Step>,
    /// The files were read, and the columns differ from those of the version before.
    asking: Option<Asking>,
    progress: Arc<Mutex<Option<ImportProgress>>>,
}

/// What the studio says of the files with the form as it stands.
struct Prepared {
    import: PreparedImport,
    /// The first rows as text.
    cells: Vec<Vec<Option<String>>>,
}

/// How far an import got.
enum Step {
    Done(Box<Imported>),
    /// The columns differ, which a person has to agree with.
    Asks(Box<StagedImport>),
}

fn prepare(
    studio: &Studio,
    files: &[PathBuf],
    name: Option<&str>,
    chosen: Option<&ReadChoices>,
) -> studio::Result<Prepared> {
    let import = studio.prepare_import(name, files, chosen, ROWS)?;
    let cells = text_cells(&import.preview.rows).map_err(|error| Error::invalid(error.to_string()))?;
    Ok(Prepared { import, cells })
}

fn stage(
    studio: &Studio,
    name: &str,
    draft: &ImportDraft,
    shared: &Mutex<Option<ImportProgress>>,
    cancel: &Cancel,
) -> studio::Result<Step> {
    let progress = |so_far: ImportProgress| {
        *shared.lock().unwrap_or_else(PoisonError::into_inner) = Some(so_far);
        if cancel.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let staged = studio.stage_import(name, draft, &progress)?;
    match staged.changes {
        Some(_) => Ok(Step::Asks(Box::new(staged))),
        None => studio.commit_import(staged).map(|imported| Step::Done(Box::new(imported))),
    }
}

impl Import {
    pub fn new(files: Vec<PathBuf>) -> Self {
        Self {
            files,
            form: Form::default(),
            prepared: Request::default(),
            table: PreviewTable::default(),
            all_notes: false,
            import: Request::default(),
            asking: None,
            progress: Arc::default(),
        }
    }

    pub fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> Outcome {
        self.look(cx);
        match self.import.take() {
            Some(Ok(Step::Done(imported))) => return Outcome::Done(imported),
            Some(Ok(Step::Asks(staged))) => self.asking = Some(Asking::new(*staged)),
            Some(Err(failure)) => self.form.failure = Some(failure.message),
            None => {}
        }
        if self.prepared.value().is_none() && self.prepared.failure().is_none() {
            widgets::loading(ui, "Looking at the files…");
            return Outcome::Going;
        }

        let outcome = self.bar(ui, cx);
        let going = self.import.is_pending();
        let prepared = self.prepared.value().map(|prepared| &prepared.import.draft);
        ui.add_enabled_ui(!going, |ui| self.form.show(ui, prepared));
        self.notes(ui);
        self.rows(ui);
        self.ask(ui, cx);
        outcome
    }

    /// Asks the studio about the files with the form as it stands.
    fn look(&mut self, cx: &Cx<'_>) {
        let (name, chosen) = (self.form.typed_name(), self.form.chosen.clone());
        let key = (name.clone(), chosen.as_ref().map(|choices| serde_json::to_string(choices).unwrap_or_default()));
        let files = self.files.clone();
        let answered = self
            .prepared
            .ensure(key, cx.backend, move |studio| prepare(studio, &files, name.as_deref(), chosen.as_ref()));
        if answered && let Some(prepared) = self.prepared.value() {
            self.form.suggest(&prepared.import.draft.suggested_name);
            self.table.learn(&prepared.import);
        }
    }

    fn bar(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> Outcome {
        let t = cx.theme;
        let mut outcome = Outcome::Going;
        let going = self.import.is_pending();
        let what = match self.files.as_slice() {
            [one] => one.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            more => format!("{} files", more.len()),
        };
        // What is shown must be what is imported.
        let settled = !self.prepared.is_pending() && self.prepared.failure().is_none();
        let ready = settled && !going && self.asking.is_none() && self.form.is_complete();
        widgets::bar(
            ui,
            |ui| {
                ui.label(t.title("Import"));
                ui.label(t.secondary(what));
            },
            |ui| {
                if ui.add(Button::primary("Import").enabled(ready)).clicked() {
                    self.start(cx);
                }
                if ui.add(Button::secondary("Cancel")).clicked() {
                    // Dropping the request cancels it; nothing stays.
                    outcome = Outcome::Cancelled;
                }
            },
        );
        if going {
            let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone();
            egui::Frame::NONE.inner_margin(t.size.pad).show(ui, |ui| {
                let (share, rows) = progress.map_or((0.0, 0), |it| (it.fraction.unwrap_or(0.0), it.rows));
                ui.label(t.secondary(format!("{} read", format::counted(rows, "row", "rows"))));
                widgets::progress(ui, share, "Import");
            });
            ui.ctx().request_repaint_after(std::time::Duration::from_millis(100));
        }
        outcome
    }

    fn start(&mut self, cx: &mut Cx<'_>) {
        let Some(prepared) = self.prepared.value() else {
            return;
        };
        let draft = prepared.import.draft.clone();
        let (name, shared) = (self.form.name.trim().to_owned(), Arc::clone(&self.progress));
        self.form.failure = None;
        self.import.ask_cancellable(cx.backend, move |studio, cancel| stage(studio, &name, &draft, &shared, cancel));
    }

    /// Why the form cannot be followed, what differs from the version before, and what the guess is not sure of.
    fn notes(&mut self, ui: &mut Ui) {
        let t = theme::of(ui);
        let side = t.size.pad_panel as i8;
        let margin = egui::Margin { left: side, right: side, top: 0, bottom: t.size.gap as i8 };
        egui::Frame::NONE.inner_margin(margin).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = t.size.grid;
            self.failures(ui);
            self.difference(ui);
            self.doubts(ui);
        });
    }

    fn failures(&self, ui: &mut Ui) {
        let looking = self.prepared.failure().map(|failure| failure.message.as_str());
        for failure in self.form.failure.as_deref().into_iter().chain(looking) {
            widgets::message(ui, Glyph::Error, failure);
        }
    }

    /// What is kept of the version before, and how the columns differ from its.
    fn difference(&mut self, ui: &mut Ui) {
        let Some(prepared) = self.prepared.value() else {
            return;
        };
        let import = &prepared.import;
        if let Some(version) = import.draft.kept_from {
            let kept = import.draft.choices.described().join(" · ");
            let row = ui.horizontal(|ui| {
                widgets::message(ui, Glyph::Info, &format!("Read as version {version} was. {kept}"));
                widgets::link(ui, "Guess anew").clicked()
            });
            if row.inner {
                self.form.forget();
            }
        }
        if let Some(changes) = &import.changes {
            widgets::message(ui, Glyph::Warn, &changes.sentences().join(" "));
        }
    }

    fn doubts(&mut self, ui: &mut Ui) {
        let Some(prepared) = self.prepared.value() else {
            return;
        };
        let import = &prepared.import;
        let notes: Vec<&String> = import.draft.notes.iter().chain(&import.preview.warnings).collect();
        let shown = if self.all_notes { notes.len() } else { notes.len().min(NOTES) };
        for note in &notes[..shown] {
            widgets::message(ui, Glyph::Warn, note);
        }
        let hidden = (notes.len() - shown) as u64;
        if hidden > 0
            && widgets::link(ui, &format!("Show {}", format::counted(hidden, "more note", "more notes"))).clicked()
        {
            self.all_notes = true;
        }
    }

    fn rows(&mut self, ui: &mut Ui) {
        let Some(prepared) = self.prepared.value() else {
            return;
        };
        let draft = &prepared.import.draft;
        let mut choices = self.form.chosen.clone().unwrap_or_else(|| draft.choices.clone());
        if self.table.show(ui, &prepared.import.preview, &prepared.cells, &mut choices) {
            self.form.chosen = Some(choices);
        }
    }

    /// Asks whether columns that differ may become the next version.
    fn ask(&mut self, ui: &Ui, cx: &Cx<'_>) {
        let Some(asking) = &mut self.asking else {
            return;
        };
        let Some(agreed) = asking.show(ui.ctx(), cx.theme) else {
            return;
        };
        let Some(staged) = self.asking.take().map(Asking::into_staged) else {
            return;
        };
        if agreed {
            self.import.ask(cx.backend, move |studio| {
                studio.commit_import(staged).map(|imported| Step::Done(Box::new(imported)))
            });
        } else {
            // Its file goes with it, which is no work for a frame.
            cx.backend.run(move |_| drop(staged));
        }
    }
}
