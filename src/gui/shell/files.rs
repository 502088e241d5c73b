//! Files from outside, dropped on the window or chosen in the system's dialog, and files that leave it.

use std::{path::PathBuf, sync::Arc};

use egui::{Align2, Context, Id, LayerId, Order, StrokeKind};
use studio::Studio;

use super::Notifier;
use crate::{
    icons::Glyph,
    panels::{Action, Event, Saved},
    theme,
};

/// What a dialog is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ask {
    ImportData,
    OpenWorkspace,
    NewWorkspace,
}

/// Opens the system's dialog; what is chosen comes as an [`Event::Files`] or by `chosen`.
///
/// On macOS a dialog belongs to the main thread; elsewhere it waits on one of its own, so that
/// the window goes on drawing.
pub fn ask(what: Ask, notifier: Notifier, chosen: impl FnOnce(PathBuf, &Notifier) + Send + 'static) {
    let run = move || {
        let dialog = rfd::FileDialog::new();
        match what {
            Ask::ImportData => {
                let tables = studio::data::read::table_endings();
                let dialog =
                    dialog.set_title("Import data").add_filter("Tables", &tables).add_filter("All files", &["*"]);
                if let Some(files) = dialog.pick_files() {
                    notifier.tell(Event::Files(files));
                }
            }
            Ask::OpenWorkspace | Ask::NewWorkspace => {
                let title = if what == Ask::OpenWorkspace { "Open workspace" } else { "Folder for the new workspace" };
                if let Some(folder) = dialog.set_title(title).pick_folder() {
                    chosen(folder, &notifier);
                }
            }
        }
    };
    if cfg!(target_os = "macos") {
        run();
    } else if let Err(error) = std::thread::Builder::new().name("file-dialog".to_owned()).spawn(run) {
        tracing::error!("no thread for the file dialog: {error}");
    }
}

/// Asks where to save a file and saves it there; `folder` is where it goes without being asked about. A toast says how
/// it ended.
pub fn save(name: String, what: Saved, studio: Arc<Studio>, folder: Option<PathBuf>, notifier: Notifier) {
    let run = move || {
        let chosen = match folder {
            Some(folder) => Some(folder.join(&name)),
            None => {
                let ending = name.rsplit('.').next().unwrap_or_default().to_owned();
                let dialog = rfd::FileDialog::new().set_title("Save").set_file_name(&name);
                dialog.add_filter(ending.to_uppercase(), &[&ending]).add_filter("All files", &["*"]).save_file()
            }
        };
        let Some(path) = chosen else { return };
        let place = path.display().to_string();
        let saved = match what {
            Saved::Bytes(bytes) => studio::save_bytes(&path, &bytes),
            Saved::RunFile { run, path: file } => studio.save_run_file(&run, &file, &path),
        };
        let told = match saved {
            Ok(()) => Action::Toast(Glyph::Ok, format!("Saved {place}")),
            Err(error) => Action::Toast(Glyph::Error, error.to_string()),
        };
        notifier.act(told);
    };
    if cfg!(target_os = "macos") {
        run();
    } else if let Err(error) = std::thread::Builder::new().name("file-dialog".to_owned()).spawn(run) {
        tracing::error!("no thread for the file dialog: {error}");
    }
}

/// Files that were dropped in this frame.
pub fn dropped(ctx: &Context) -> Vec<PathBuf> {
    ctx.input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect())
}

/// While files are held over the window: says what dropping them does.
pub fn overlay(ctx: &Context) {
    let count = ctx.input(|input| input.raw.hovered_files.len());
    if count == 0 {
        return;
    }
    let t = theme::of(ctx);
    let painter = ctx.layer_painter(LayerId::new(Order::Tooltip, Id::unique("gui::drop")));
    let rect = ctx.content_rect();
    painter.rect_filled(rect, 0.0, t.color.scrim);
    let card = egui::Rect::from_center_size(rect.center(), egui::vec2(t.size.inspector, t.size.row * 3.0));
    painter.rect(card, t.size.radius_card, t.color.surface3, t.focus_ring(), StrokeKind::Inside);
    let words = if count == 1 { "Drop to import the file".to_owned() } else { format!("Drop to import {count} files") };
    painter.text(card.center(), Align2::CENTER_CENTER, words, t.face.title.font(), t.color.text1);
}
