//! Importing files: what was guessed about them with a preview, all of it changeable, then the import with progress.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use egui::Ui;
use studio::data::grid::{Digits, format_value};
use studio::data::read::{Format, Preview, Ragged, TextEncoding};
use studio::data::schema::Kind;
use studio::{DatasetVersion, ImportDraft, ImportProgress};

use crate::backend::Request;
use crate::icons::Glyph;
use crate::panels::Cx;
use crate::table::{Cell, Column, Table, TableSource, TableState};
use crate::widgets::{self, Button, Select, TextField, format};

/// Rows of the preview.
const ROWS: usize = 100;
const DELIMITERS: [(char, &str); 5] = [(',', "Comma"), (';', "Semicolon"), ('\t', "Tab"), ('|', "Bar"), (' ', "Space")];
const QUOTES: [(Option<char>, &str); 3] = [(Some('"'), "Double quotes"), (Some('\''), "Single quotes"), (None, "None")];
const RAGGED: [(Ragged, &str); 3] = [
    (Ragged::Refuse, "Stop and say where"),
    (Ragged::PadAndTruncate, "Fill up or cut off"),
    (Ragged::Skip, "Leave out"),
];
const KINDS: [(Option<Kind>, &str); 9] = [
    (None, "As guessed"),
    (Some(Kind::Boolean), "True or false"),
    (Some(Kind::Integer), "Integer"),
    (Some(Kind::Real), "Real"),
    (Some(Kind::Text), "Text"),
    (Some(Kind::Category), "Category"),
    (Some(Kind::Date), "Date"),
    (Some(Kind::DateTime), "Date and time"),
    (Some(Kind::Time), "Time"),
];

pub enum Outcome {
    Going,
    Cancelled,
    Done(Box<DatasetVersion>),
}

pub struct Import {
    files: Vec<PathBuf>,
    /// What was guessed, until a person changes it.
    draft: Request<ImportDraft>,
    name: String,
    preview: Request<Preview>,
    table: TableState,
    import: Request<DatasetVersion>,
    progress: Arc<Mutex<Option<ImportProgress>>>,
}

impl Import {
    pub fn new(files: Vec<PathBuf>) -> Self {
        Self {
            files,
            draft: Request::default(),
            name: String::new(),
            preview: Request::default(),
            table: TableState::default(),
            import: Request::default(),
            progress: Arc::default(),
        }
    }

    pub fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> Outcome {
        let files = self.files.clone();
        if self.draft.ensure((), cx.backend, move |studio| studio.sniff(&files))
            && let Some(draft) = self.draft.value()
        {
            self.name.clone_from(&draft.suggested_name);
        }
        if let Some(failure) = self.draft.failure().cloned() {
            return if widgets::failed(ui, "These files cannot be imported", &failure, "Back") {
                Outcome::Cancelled
            } else {
                Outcome::Going
            };
        }
        if self.draft.value().is_none() {
            widgets::loading(ui, "Looking at the files…");
            return Outcome::Going;
        }
        self.import.poll();
        if let Some(version) = self.import.value() {
            return Outcome::Done(Box::new(version.clone()));
        }
        let outcome = self.bar(ui, cx);
        self.form(ui, cx);
        self.rows(ui, cx);
        outcome
    }

    fn bar(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> Outcome {
        let t = cx.theme;
        let mut outcome = Outcome::Going;
        let going = self.import.is_pending();
        let what = match self.files.as_slice() {
            [one] => one.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            more => format!("{} files", more.len()),
        };
        widgets::bar(
            ui,
            |ui| {
                ui.label(t.title("Import"));
                ui.label(t.secondary(what));
            },
            |ui| {
                let ready = !going && !self.name.trim().is_empty() && self.preview.failure().is_none();
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
        if let Some(failure) = self.import.failure() {
            widgets::message(ui, Glyph::Error, &failure.message);
        }
        outcome
    }

    fn start(&mut self, cx: &mut Cx<'_>) {
        let Some(draft) = self.draft.value().cloned() else {
            return;
        };
        let (name, shared) = (self.name.trim().to_owned(), Arc::clone(&self.progress));
        self.import.ask_cancellable(cx.backend, move |studio, cancel| {
            let progress = |so_far: ImportProgress| {
                *shared.lock().unwrap_or_else(PoisonError::into_inner) = Some(so_far);
                if cancel.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            studio.import_dataset(&name, &draft, &progress).map(|imported| imported.version)
        });
    }

    /// Name and reading, in two columns.
    fn form(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let t = cx.theme;
        let Some(draft) = self.draft.value_mut() else {
            return;
        };
        let name = &mut self.name;
        egui::Frame::NONE.inner_margin(t.size.pad_panel).show(ui, |ui| {
            ui.set_max_width(880.0);
            ui.columns(2, |columns| {
                let [left, right] = columns else { return };
                widgets::field_row(left, "Dataset name", |ui| ui.add(TextField::new(name).name("Dataset name")));
                let formats: Vec<(Format, &str)> = Format::ALL.iter().map(|format| (*format, format.name())).collect();
                widgets::field_row(left, "Format", |ui| {
                    Select::new("Format").show(ui, &mut draft.options.format, &formats)
                });
                if draft.options.format == Format::Csv {
                    text_fields(left, right, draft);
                }
            });
        });
    }

    fn rows(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(draft) = self.draft.value().cloned() else {
            return;
        };
        let key = serde_json::to_string(&draft.options).unwrap_or_default();
        self.preview.ensure(key, cx.backend, move |studio| studio.preview_import(&draft, ROWS));
        if let Some(failure) = self.preview.failure() {
            widgets::message(ui, Glyph::Error, &failure.message);
        }
        let Some(preview) = self.preview.value() else {
            return widgets::loading(ui, "Reading the first rows…");
        };
        for warning in preview.warnings.iter().take(3) {
            widgets::message(ui, Glyph::Warn, warning);
        }
        let Some(draft) = self.draft.value_mut() else {
            return;
        };
        let columns = preview.schema.columns.iter().map(|column| {
            let it = Column::new(&column.name, &column.name, 136.0);
            if column.kind.is_numeric() { it.right() } else { it }
        });
        let columns: Vec<Column> = columns.collect();
        let mut source = Shown { preview, draft };
        Table::new("Preview", &columns).head_extra(32.0).show(ui, &mut self.table, &mut source);
    }
}

fn text_fields(left: &mut Ui, right: &mut Ui, draft: &mut ImportDraft) {
    let options = &mut draft.options;
    let encodings: Vec<(TextEncoding, &str)> =
        TextEncoding::COMMON.iter().map(|name| (TextEncoding((*name).to_owned()), *name)).collect();
    widgets::field_row(left, "Separator", |ui| Select::new("Separator").show(ui, &mut options.delimiter, &DELIMITERS));
    widgets::field_row(left, "Quotes", |ui| Select::new("Quotes").show(ui, &mut options.quote, &QUOTES));
    widgets::field_row(right, "Encoding", |ui| Select::new("Encoding").show(ui, &mut options.encoding, &encodings));
    widgets::field_row(right, "Uneven lines", |ui| Select::new("Uneven lines").show(ui, &mut options.ragged, &RAGGED));
    widgets::toggle_row(right, "First line holds names", &mut options.header);
    let mut comma = options.decimal == Some(',');
    widgets::toggle_row(right, "Decimal comma", &mut comma);
    options.decimal = comma.then_some(',');
}

/// The first rows, with a choice of the type in each head.
struct Shown<'a> {
    preview: &'a Preview,
    draft: &'a mut ImportDraft,
}

impl TableSource for Shown<'_> {
    fn rows(&self) -> u64 {
        self.preview.rows.height() as u64
    }

    fn cell(&mut self, cell: &mut Cell<'_>) {
        let column = self.preview.rows.columns().get(cell.column);
        let value = column.and_then(|column| column.get(cell.row as usize).ok());
        match value.and_then(|value| format_value(&value, Digits::Short)) {
            Some(text) => cell.mono(&text),
            None => cell.quiet("missing"),
        }
    }

    fn head(&mut self, cell: &mut Cell<'_>) {
        let Some(column) = self.preview.schema.columns.get(cell.column) else {
            return;
        };
        let kinds = &mut self.draft.options.kinds;
        let mut kind = kinds.get(&column.name).copied();
        let guessed = column.kind.to_string();
        let name = format!("Type of {}", column.name);
        let shown = cell.show(|ui| {
            let options =
                KINDS.map(|(kind, words)| (kind, if kind.is_none() { guessed.clone() } else { words.to_owned() }));
            Select::new(name).show(ui, &mut kind, &options)
        });
        if shown.changed() {
            match kind {
                Some(kind) => drop(kinds.insert(column.name.clone(), kind)),
                None => drop(kinds.shift_remove(&column.name)),
            }
        }
    }
}
