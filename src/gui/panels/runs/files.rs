//! The files that were logged with a run: a tree of them, and the chosen one as far as it can be looked at.

use std::{collections::BTreeSet, sync::Arc};

use egui::{
    Align2, ColorImage, Image, Layout, ScrollArea, StrokeKind, TextureHandle, TextureOptions, Ui, UiBuilder, vec2,
};
use studio::{ArtifactContent, RunFile, Studio};

use super::page::decode;
use crate::{
    backend::{Failure, Request},
    icons::Icon,
    panels::{Action, Cx, Saved},
    table::{Cell, Column, Table, TableSource, TableState},
    theme,
    widgets::{self, Button, CodeLine, CodeView, Empty, ListRow, format},
};

const WIDTH: f32 = 260.0;
/// Pixels that an image is shown with along its longer side.
const SIDE: u32 = 2048;
/// Letters of a line of text; longer ones go on in the next.
const LONGEST: usize = 2_000;
/// How far a file stands to the right of its folder.
const INDENT: f32 = 16.0;

/// A line of the tree.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    path: String,
    title: String,
    depth: usize,
    /// Bytes of a file; none for a folder.
    size: Option<u64>,
}

/// A file's content, ready to be drawn.
enum Looked {
    Image(Arc<ColorImage>, Option<TextureHandle>),
    Text(Vec<String>),
    Table(Box<Cells>),
    /// Nothing that can be looked at.
    Bytes,
}

struct Cells {
    columns: Vec<Column>,
    cells: Vec<Vec<String>>,
    rows: u64,
    state: TableState,
}

/// The tree, what is closed in it and what is chosen.
#[derive(Default)]
pub struct Files {
    files: Request<Vec<RunFile>>,
    lines: Vec<Line>,
    /// The answer that `lines` were made of, and after how many foldings.
    of: Option<(u64, usize)>,
    folded: usize,
    closed: BTreeSet<String>,
    chosen: Option<String>,
    /// What a file holds, and which one.
    content: Request<(String, Looked)>,
}

impl Files {
    /// Fills what is left of `ui`; `revision` is that of the run.
    pub fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, run: &str, revision: u64) {
        if self.files.is_pending() {
            self.files.poll();
        } else {
            let ask = run.to_owned();
            self.files.ensure_of(run, revision, cx.backend, move |studio: &Arc<Studio>| studio.run_files(&ask));
        }
        self.arrange();
        if self.files.value().is_some_and(Vec::is_empty) {
            let text = "No files yet. What code logs with log_artifact, log_figure, log_table or log_model is here.";
            widgets::empty(ui, &Empty { icon: Icon::File, text, step: "" });
            return;
        }
        let area = ui.available_rect_before_wrap();
        ui.advance_cursor_after_rect(area);
        let (left, right) = area.split_left_right_at_x(area.left() + WIDTH.min(area.width() * 0.4));
        let t = theme::of(ui);
        ui.painter().rect_filled(left, 0.0, t.color.surface2);
        ui.painter().vline(left.right() - 0.5, area.y_range(), t.hairline());
        let inside = left.shrink2(vec2(t.size.grid, t.size.grid));
        let mut child = ui.new_child(UiBuilder::new().max_rect(inside).id_salt("tree"));
        if widgets::requested(&mut child, &self.files, "the files", |_, _| ()) {
            self.files.refresh();
        }
        if self.files.value().is_some_and(|files| files.len() >= studio::RUN_FILES_LISTED) {
            child.label(t.caption(format!("The first {} files", format::count(studio::RUN_FILES_LISTED as u64))));
        }
        self.tree(&mut child);
        let right = right.with_min_x(left.right());
        self.chosen(&mut ui.new_child(UiBuilder::new().max_rect(right).id_salt("content")), cx, run);
    }

    fn arrange(&mut self) {
        let now = Some((self.files.revision(), self.folded));
        let Some(files) = self.files.value().filter(|_| self.of != now) else { return };
        self.lines = lines(files, &self.closed);
        self.of = now;
        let there = |chosen: &String| files.iter().any(|file| file.path == *chosen);
        if !self.chosen.as_ref().is_some_and(there) {
            self.chosen = files.first().map(|file| file.path.clone());
        }
    }

    fn tree(&mut self, ui: &mut Ui) {
        let mut toggled = None;
        let height = theme::of(ui).size.row_compact;
        ui.spacing_mut().item_spacing.y = 0.0;
        ScrollArea::vertical().id_salt("tree").auto_shrink(false).show_rows(
            ui,
            height,
            self.lines.len(),
            |ui, rows| {
                for line in &self.lines[rows] {
                    let closed = self.closed.contains(&line.path);
                    let icon = match line.size {
                        Some(_) => Icon::File,
                        None if closed => Icon::ChevronRight,
                        None => Icon::ChevronDown,
                    };
                    let row = ListRow::new(line.title.as_str())
                        .icon(icon)
                        .indent(INDENT * line.depth as f32)
                        .note(line.size.map(format::bytes).unwrap_or_default())
                        .selected(self.chosen.as_ref() == Some(&line.path))
                        .height(height);
                    if !row.show(ui).on_hover_text(shown(&line.path)).clicked() {
                        continue;
                    }
                    match line.size {
                        Some(_) => self.chosen = Some(line.path.clone()),
                        None => toggled = Some(line.path.clone()),
                    }
                }
            },
        );
        if let Some(folder) = toggled {
            if !self.closed.remove(&folder) {
                self.closed.insert(folder);
            }
            self.folded += 1;
        }
    }

    fn chosen(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, run: &str) {
        let t = theme::of(ui);
        let Some(path) = self.chosen.clone() else { return };
        // A file may be logged again under its path.
        let subject = (run.to_owned(), path.clone());
        let ask = (run.to_owned(), path.clone());
        self.content.ensure_of(subject, self.files.revision(), cx.backend, move |studio: &Arc<Studio>| {
            Ok::<_, Failure>((ask.1.clone(), Looked::read(studio, &ask.0, &ask.1)?))
        });
        egui::Frame::NONE.inner_margin(egui::Margin::symmetric(t.size.pad as i8, t.size.grid as i8)).show(ui, |ui| {
            ui.allocate_ui_with_layout(
                vec2(ui.available_width(), t.size.control),
                Layout::right_to_left(egui::Align::Center),
                |ui| {
                    if ui.add(Button::secondary("Save as…").with_icon(Icon::Download)).clicked() {
                        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
                        let what = Saved::RunFile { run: run.to_owned(), path: path.clone() };
                        cx.send(Action::Save { name, what });
                    }
                    let read = self.content.value().filter(|(of, _)| *of == path);
                    let note = read.map(|(_, content)| content.note()).unwrap_or_default();
                    ui.label(t.caption(note));
                    let rest = ui.available_rect_before_wrap();
                    widgets::paint_text(
                        ui.painter(),
                        rest,
                        Align2::LEFT_CENTER,
                        shown(&path),
                        &t.face.mono,
                        t.color.text1,
                    );
                },
            );
        });
        let failure = self.content.failure().filter(|_| !self.content.is_pending()).cloned();
        match (self.content.value_mut(), failure) {
            (_, Some(failure)) => {
                if widgets::failed(ui, "Could not read the file", &failure, "Try again") {
                    self.content.refresh();
                }
            }
            (Some((of, content)), None) if *of == path => content.show(ui, &path),
            _ => widgets::loading(ui, "Reading the file…"),
        }
    }
}

impl Looked {
    /// On a background thread.
    fn read(studio: &Studio, run: &str, path: &str) -> Result<Self, Failure> {
        Ok(match studio.read_run_file(run, path)? {
            None => Self::Bytes,
            Some(ArtifactContent::Image(bytes)) => {
                let pixels = decode(&bytes, SIDE).map_err(|why| Failure::new(format!("{path} is no image: {why}")))?;
                Self::Image(Arc::new(pixels), None)
            }
            Some(ArtifactContent::Text(text)) => Self::Text(text.lines().flat_map(folded).collect()),
            Some(ArtifactContent::Table { columns, cells, rows }) => {
                Self::Table(Box::new(Cells::new(&columns, cells, rows)))
            }
        })
    }

    fn note(&self) -> String {
        match self {
            Self::Image(pixels, _) => format!("{} × {}", pixels.source_size.x, pixels.source_size.y),
            Self::Text(lines) => format::counted(lines.len() as u64, "line", "lines"),
            Self::Table(cells) if cells.rows > cells.cells.len() as u64 => {
                format!("The first {} of {} rows", format::count(cells.cells.len() as u64), format::count(cells.rows))
            }
            Self::Table(cells) => format::counted(cells.rows, "row", "rows"),
            Self::Bytes => String::new(),
        }
    }

    fn show(&mut self, ui: &mut Ui, path: &str) {
        let t = theme::of(ui);
        match self {
            Self::Image(pixels, texture) => {
                let texture = texture
                    .get_or_insert_with(|| ui.ctx().load_texture(path, Arc::clone(pixels), TextureOptions::LINEAR));
                egui::Frame::NONE.inner_margin(t.size.pad).show(ui, |ui| {
                    let room = ui.available_size();
                    let fit = Image::new(&*texture).fit_to_original_size(1.0).max_size(room).alt_text(path);
                    let shown = ui.centered_and_justified(|ui| ui.add(fit)).inner;
                    ui.painter().rect_stroke(shown.rect, 0.0, t.hairline(), StrokeKind::Outside);
                });
            }
            Self::Text(lines) => {
                egui::Frame::NONE.fill(t.color.surface1).inner_margin(t.size.pad).show(ui, |ui| {
                    CodeView::new("text", lines.len())
                        .show(ui, |at| CodeLine { text: &lines[at], ..CodeLine::default() });
                });
            }
            Self::Table(cells) => {
                let Cells { columns, cells, state, .. } = &mut **cells;
                Table::new("cells", columns).compact(true, ui).show(ui, state, &mut Rows { columns, cells });
            }
            Self::Bytes => widgets::loading(ui, "Files of this kind are not shown here. Save it to open it elsewhere."),
        }
    }
}

/// A line in parts that are short enough to be laid out in a frame.
fn folded(line: &str) -> Vec<String> {
    let letters: Vec<char> = line.chars().collect();
    match letters.len() {
        0 => vec![String::new()],
        _ => letters.chunks(LONGEST).map(|part| part.iter().collect()).collect(),
    }
}

impl Cells {
    fn new(columns: &[String], cells: Vec<Vec<String>>, rows: u64) -> Self {
        const LETTER: f32 = 7.0;
        const WIDEST: usize = 40;
        let column = |(at, title): (usize, &String)| {
            let texts = || cells.iter().take(200).filter_map(|row| row.get(at));
            let longest = texts().map(|text| text.chars().count()).max().unwrap_or(0).max(title.chars().count());
            let width = LETTER * longest.clamp(6, WIDEST) as f32 + 28.0;
            let column = Column::new(format!("{at} {title}"), title, width);
            let is_number = |text: &String| text.is_empty() || text.parse::<f64>().is_ok();
            if texts().all(is_number) { column.right() } else { column }
        };
        Self { columns: columns.iter().enumerate().map(column).collect(), cells, rows, state: TableState::default() }
    }
}

struct Rows<'a> {
    columns: &'a [Column],
    cells: &'a [Vec<String>],
}

impl Rows<'_> {
    fn text(&self, row: u64, column: usize) -> Option<&String> {
        self.cells.get(row as usize)?.get(column)
    }
}

impl TableSource for Rows<'_> {
    fn rows(&self) -> u64 {
        self.cells.len() as u64
    }

    fn cell(&mut self, cell: &mut Cell<'_>) {
        if let Some(text) = self.text(cell.row, cell.column) {
            cell.mono(text);
        }
    }

    fn value(&self, row: u64, column: usize) -> Option<(String, bool)> {
        let number = self.columns.get(column)?.align == egui::Align::Max;
        Some((self.text(row, column)?.clone(), number))
    }
}

/// The tree of these files, which are in the order of their paths: folders before files, without what lies in closed
/// ones.
fn lines(files: &[RunFile], closed: &BTreeSet<String>) -> Vec<Line> {
    let mut lines = Vec::new();
    // The run's own files stand at the top; those of its models below a folder of theirs.
    let (own, models): (Vec<&RunFile>, Vec<&RunFile>) = files.iter().partition(|file| file.path.starts_with(OWN));
    level(&own, OWN, 0, closed, &mut lines);
    level(&models, "", 0, closed, &mut lines);
    lines
}

const OWN: &str = "files/";

/// The path as code that logged the file knows it.
fn shown(path: &str) -> &str {
    path.strip_prefix(OWN).unwrap_or(path)
}

fn level(files: &[&RunFile], above: &str, depth: usize, closed: &BTreeSet<String>, lines: &mut Vec<Line>) {
    let below = |file: &RunFile| file.path[above.len()..].split_once('/').map(|(name, _)| name.to_owned());
    for inside in files.chunk_by(|a, b| below(a).is_some() && below(a) == below(b)) {
        let Some(name) = below(inside[0]) else { continue };
        let path = format!("{above}{name}");
        lines.push(Line { path: path.clone(), title: name, depth, size: None });
        if !closed.contains(&path) {
            level(inside, &format!("{path}/"), depth + 1, closed, lines);
        }
    }
    let here = files.iter().filter(|file| below(file).is_none());
    lines.extend(here.map(|file| Line { path: file.path.clone(), title: file.title(), depth, size: Some(file.size) }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(paths: &[&str], closed: &[&str]) -> Vec<(String, usize)> {
        let files: Vec<_> = paths.iter().map(|path| RunFile { path: (*path).to_owned(), size: 1 }).collect();
        let closed = closed.iter().map(|path| (*path).to_owned()).collect();
        lines(&files, &closed).into_iter().map(|line| (line.title, line.depth)).collect()
    }

    #[test]
    fn folders_come_before_files_and_closed_ones_hide_theirs() {
        let paths = ["files/a.txt", "files/plots/deep/x.png", "files/plots/y.png", "models/tree/MLmodel"];
        let all: Vec<_> = [("plots", 0), ("deep", 1), ("x.png", 2), ("y.png", 1), ("a.txt", 0)]
            .into_iter()
            .chain([("models", 0), ("tree", 1), ("MLmodel", 2)])
            .map(|(name, depth)| (name.to_owned(), depth))
            .collect();
        assert_eq!(tree(&paths, &[]), all);
        let closed = tree(&paths, &["files/plots", "models"]);
        let closed: Vec<&str> = closed.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(closed, ["plots", "a.txt", "models"]);
    }
}
