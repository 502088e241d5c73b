//! Places that exist in tests only: they use every widget, so that the shell can be driven and
//! looked at without a workspace.

use std::sync::Arc;

use egui::{Ui, vec2};

use crate::{
    backend::{Backend, BackendOf, Failure},
    chart::{self, BarRow, LineChart, Series},
    commands::CommandSpec,
    icons::{self, Glyph, Icon},
    panels::{Cx, DrawerTab, Event, Panel, PlaceId, Subject},
    shell::{Change, Desk, GitState, Job, Layout, Notice, Shell, Status, TrackingState},
    table::{Cell, Column, Table, TableSource, TableState},
    theme,
    widgets::{self, Button, Chip, CodeLine, CodeView, Confirm, ListRow, Select, TextField, Tone, format},
};

/// A desk that answers at once.
#[derive(Default)]
pub struct TestDesk;

impl Desk for TestDesk {
    fn status(&self) -> Result<Status, Failure> {
        let change = |path: &str| Change { path: path.to_owned(), kind: "changed".to_owned() };
        Ok(Status {
            workspace: "Breast cancer study".to_owned(),
            git: Some(GitState {
                branch: "main".to_owned(),
                commit: Some("a41f09c".to_owned()),
                changes: vec![change("pipelines/diagnosis.yaml"), change("src/clean.py")],
            }),
            jobs: vec![Job {
                id: "1".to_owned(),
                title: "brisk-heron-64".to_owned(),
                detail: "Train model, round 187 of 300".to_owned(),
                progress: Some(0.62),
                left: Some(std::time::Duration::from_secs(40)),
                can_cancel: true,
                subject: Some(Subject::Run { id: "brisk-heron-64".to_owned() }),
            }],
            notices: ["The run fern-otter-67 failed", "A newer version of diagnosis is registered"]
                .into_iter()
                .enumerate()
                .map(|(at, text)| Notice {
                    id: at.to_string(),
                    glyph: if at == 0 { Glyph::Error } else { Glyph::Info },
                    text: text.to_owned(),
                    when: now(),
                    subject: None,
                })
                .collect(),
            worker: "Local worker idle · 2 of 2 cores free".to_owned(),
            saved: true,
            tracking: TrackingState { uri: Some("http://127.0.0.1:5000".to_owned()), port: 5000, failure: None },
        })
    }

    fn track(&self, _port: Option<u16>) -> Result<String, Failure> {
        Ok(String::new())
    }

    fn cancel_job(&self, _id: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn dismiss_notice(&self, _id: &str) -> Result<(), Failure> {
        Err(Failure::new("It is gone already."))
    }
}

pub fn now() -> jiff::Timestamp {
    "2026-11-20T14:02:00Z".parse().unwrap()
}

/// A studio over an empty workspace, whose folder stays until the tests end.
fn studio() -> studio::Studio {
    let folder = tempfile::tempdir().unwrap().keep();
    studio::Studio::create(&folder.join("workspace"), "Test").unwrap()
}

pub fn backend(ctx: &egui::Context) -> Backend {
    BackendOf::new(Arc::new(studio()), ctx.clone(), 1)
}

pub fn shell(ctx: &egui::Context, desk: Arc<TestDesk>, layout: Layout) -> Shell {
    format::freeze(ctx, now());
    let place = |id, title, icon| -> Box<dyn Panel> { Box::new(Plain { id, title, icon, files: Vec::new() }) };
    let panels: Vec<Box<dyn Panel>> = vec![
        place("home", "Home", Icon::Home),
        place("data", "Data", Icon::Data),
        place("label", "Label", Icon::Label),
        place("source", "Source", Icon::Branch),
        Box::<Bench>::default(),
        Box::<Curves>::default(),
        place("models", "Models", Icon::Models),
        place("endpoints", "Endpoints", Icon::Endpoints),
        place("monitor", "Monitor", Icon::Monitor),
    ];
    Shell::new(ctx, backend(ctx), desk, panels, layout)
}

/// An empty place.
struct Plain {
    id: PlaceId,
    title: &'static str,
    icon: Icon,
    files: Vec<std::path::PathBuf>,
}

impl Panel for Plain {
    fn id(&self) -> PlaceId {
        self.id
    }

    fn title(&self) -> &'static str {
        self.title
    }

    fn icon(&self) -> Icon {
        self.icon
    }

    fn has_inspector(&self, _cx: &Cx<'_>) -> bool {
        false
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let text =
            if self.files.is_empty() { "No datasets yet".to_owned() } else { format!("{} files", self.files.len()) };
        if widgets::empty(ui, &widgets::Empty { icon: self.icon, text: &text, step: "Import data…" }) {
            cx.run(crate::commands::Command::ImportData);
        }
    }

    fn on_event(&mut self, event: &Event, _cx: &mut Cx<'_>) {
        if let Event::Files(files) = event {
            self.files.clone_from(files);
        }
    }
}

/// Palette, inspector and drawer, as the designer has them.
struct Bench {
    find: String,
    label: usize,
    seed: String,
    suggest: bool,
    table: TableState,
    ran: usize,
}

impl Default for Bench {
    fn default() -> Self {
        Self { find: String::new(), label: 0, seed: "42".into(), suggest: true, table: TableState::default(), ran: 0 }
    }
}

impl Panel for Bench {
    fn id(&self) -> PlaceId {
        "designer"
    }

    fn title(&self) -> &'static str {
        "Designer"
    }

    fn icon(&self) -> Icon {
        Icon::Designer
    }

    fn side_width(&self) -> Option<f32> {
        Some(200.0)
    }

    fn side(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        egui::Frame::NONE.inner_margin(12.0).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.add(TextField::search(&mut self.find, "Find a component").shortcut("Tab"));
            ui.add_space(8.0);
            let groups = [
                ("Data", 0, ["Import dataset", "Enter data manually", "Export data"]),
                ("Transform", 2, ["Select columns", "Clean missing data", "Filter rows"]),
                ("Learn", 1, ["Logistic regression", "Random forest", "Gradient boosting"]),
            ];
            for (group, color, rows) in groups {
                widgets::section(ui, group);
                for row in rows {
                    ListRow::new(row).swatch(cx.theme.data(color)).height(28.0).quiet().show(ui);
                }
                ui.add_space(8.0);
            }
        });
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let t = cx.theme;
        widgets::bar(
            ui,
            |ui| {
                ui.label(t.title("Diagnosis, boosted trees"));
                ui.label(t.secondary("pipelines/diagnosis.yaml"));
            },
            |ui| {
                if ui.add(Button::primary("Run").shortcut("F5")).clicked() {
                    self.ran += 1;
                }
                ui.add(Button::secondary("Fit"));
                ui.add(Button::secondary("Tidy"));
                ui.add(Button::secondary("Undo"));
                ui.add(Button::icon(Icon::Redo, "Redo").shortcut("Ctrl Y"));
            },
        );
        egui::Frame::NONE.inner_margin(16.0).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 8.0;
            ui.horizontal_wrapped(|ui| {
                ui.add(Chip::new("Production 7").glyph(Glyph::Dot(t.color.ok)));
                ui.add(Chip::new("task = screening"));
                ui.add(Chip::new("Diagnosis").caret());
                ui.add(Chip::new("Selected").click().selected(true));
                ui.add(Button::quiet("Quiet").with_icon(Icon::Filter));
                ui.add(Button::secondary("Disabled").enabled(false));
                ui.add(Button::primary("Disabled").enabled(false));
                let delete = ui.add(Button::quiet("Delete…").with_icon(Icon::Trash));
                let what = Confirm {
                    title: "Delete 3 runs?",
                    detail: "Their metrics, logs and outputs go. Registered models stay.",
                    verb: "Delete",
                };
                if widgets::confirm(&delete, &what) {
                    self.ran = 0;
                }
                ui.label(t.small(format!("ran {} times", self.ran)));
            });
            ui.horizontal_wrapped(|ui| {
                for (glyph, word) in [
                    (Glyph::Ok, "done"),
                    (Glyph::Reused, "reused"),
                    (Glyph::Progress(0.62), "62 %"),
                    (Glyph::Progress(0.25), "25 %"),
                    (Glyph::Running, "running"),
                    (Glyph::Waiting, "waiting"),
                    (Glyph::Warn, "drifted"),
                    (Glyph::Error, "failed"),
                    (Glyph::Info, "info"),
                    (Glyph::Stopped, "cancelled"),
                ] {
                    widgets::status(ui, glyph, word);
                }
            });
            ui.horizontal_wrapped(|ui| {
                for &icon in Icon::ALL {
                    icons::show(ui, icon, t.color.text2);
                }
            });
            ui.horizontal(|ui| {
                widgets::checkbox(ui, &mut self.suggest, "Shuffle");
                widgets::radio(ui, &mut self.label, 0, "Stratified");
                widgets::radio(ui, &mut self.label, 1, "By time");
                widgets::number(ui, 1_234.567_89);
                widgets::time(ui, now());
                widgets::link(ui, "brisk-heron-64");
                widgets::key_caps(ui, "Ctrl+Shift+K");
            });
            widgets::message(ui, Glyph::Error, "The column diagnosis does not exist in breast_cancer version 3.");
            widgets::message(ui, Glyph::Warn, "4 columns have missing values; clean them first.");
            ui.columns(2, |columns| {
                widgets::card(&mut columns[0], "What it looks at", |ui| {
                    let t = theme::of(ui);
                    let row = |name: &'static str, value| BarRow { name: name.into(), value, color: t.data(0) };
                    let rows =
                        [row("worst perimeter", 0.212), row("worst concave points", 0.188), row("area error", 0.031)];
                    chart::bars(ui, "importance", &rows);
                });
                widgets::card(&mut columns[1], "Confusion", |ui| {
                    let counts = [vec![92, 2, 5], vec![3, 94, 2], vec![6, 1, 88]];
                    chart::confusion(ui, &["Petal", "Centre", "Leaf"], &counts);
                });
            });
        });
    }

    fn inspector(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let t = cx.theme;
        ui.horizontal(|ui| {
            let (rect, _) = ui.allocate_exact_size(vec2(20.0, 20.0), egui::Sense::hover());
            icons::paint_letter(ui.painter(), rect, "T", t.data(1), t.color.surface2);
            ui.label(t.title("Train model"));
        });
        ui.label(t.secondary("Fits an untrained model to a table. The fitted preparation upstream travels with it."));
        ui.add_space(4.0);
        let options = [(0, "diagnosis"), (1, "mean radius"), (2, "mean texture")];
        widgets::field_row(ui, "Label column", |ui| Select::new("Label column").show(ui, &mut self.label, &options));
        widgets::field_row(ui, "Seed", |ui| ui.add(TextField::new(&mut self.seed)));
        widgets::toggle_row(ui, "Suggest labels", &mut self.suggest);
        widgets::separator(ui);
        widgets::section(ui, "Progress");
        widgets::key_value(ui, "Round 187 of 300", t.secondary("2.4 s · 1.5 s left"));
        widgets::progress(ui, 0.62, "Training");
        ui.add_space(8.0);
        let training: Vec<f64> = (0..300).map(|i| 0.04 + 0.6 * (-f64::from(i) / 80.0).exp()).collect();
        let validation: Vec<f64> = (0..300).map(|i| 0.12 + 0.5 * (-f64::from(i) / 60.0).exp()).collect();
        let series = [Series::new("training", t.data(0), &training), Series::new("validation", t.data(1), &validation)];
        LineChart::new("loss", &series).height(120.0).show(ui);
        widgets::separator(ui);
        widgets::section(ui, "mean radius · input");
        let counts = [6, 16, 33, 62, 80, 88, 71, 52, 38, 28, 18, 12, 8, 4, 2];
        let edges: Vec<f64> = (0..=15).map(|i| 6.98 + f64::from(i) * 1.408).collect();
        chart::histogram(ui, 74.0, &edges, &counts, "median 13.4", Some(6));
        widgets::separator(ui);
        widgets::section(ui, "Lineage");
        widgets::key_value(ui, "Commit", t.mono("a41f09c"));
        widgets::key_value(ui, "Environment", t.mono("built in"));
    }

    fn drawer_tabs(&self, _cx: &Cx<'_>) -> Vec<DrawerTab> {
        vec![
            DrawerTab::new("preview", "Preview · Split data, train"),
            DrawerTab::new("log", "Log"),
            DrawerTab::new("problems", "Problems").count(2),
        ]
    }

    fn drawer_note(&self, _tab: &str, _cx: &Cx<'_>) -> String {
        "100,000,000 rows · 8 columns".to_owned()
    }

    fn drawer(&mut self, tab: &str, ui: &mut Ui, _cx: &mut Cx<'_>) {
        if tab == "log" {
            let tones = [Tone::Plain, Tone::Quiet, Tone::Good, Tone::Warn, Tone::Error];
            CodeView::new("log", 100_000).show(ui, |at| CodeLine {
                gutter: "14:02:07",
                text: "Epoch finished, validation log loss 0.118",
                tone: tones[at % tones.len()],
            });
            return;
        }
        let names =
            ["mean radius", "mean texture", "mean perimeter", "mean area", "smoothness", "compactness", "concavity"];
        let mut columns: Vec<Column> =
            names.iter().map(|&name| Column::new(name, name, 128.0).right().sortable()).collect();
        columns.push(Column::new("diagnosis", "diagnosis", 110.0).grows());
        Table::new("preview", &columns).head_extra(22.0).show(ui, &mut self.table, &mut Cells);
    }

    fn commands(&self, _cx: &Cx<'_>) -> Vec<CommandSpec> {
        vec![
            CommandSpec::panel("designer", "run", "Run pipeline")
                .icon(Icon::Run)
                .key(egui::Modifiers::NONE, egui::Key::F5),
            CommandSpec::panel("designer", "tidy", "Tidy the graph").icon(Icon::Tidy),
        ]
    }

    fn on_event(&mut self, event: &Event, _cx: &mut Cx<'_>) {
        if let Event::Command(command) = event
            && command.verb == "run"
        {
            self.ran += 1;
        }
    }
}

/// A table of 100 million rows, made up from their numbers.
struct Cells;

impl TableSource for Cells {
    fn rows(&self) -> u64 {
        100_000_000
    }

    fn cell(&mut self, cell: &mut Cell<'_>) {
        let value = (cell.row * 31 + cell.column as u64 * 17) % 1000;
        if cell.column == 7 {
            let t = theme::of(cell.ui);
            let rect = cell.inside();
            cell.ui.painter().circle_filled(rect.left_center() + vec2(4.0, 0.0), 3.5, t.data(2));
            cell.set_in(rect.with_min_x(rect.left() + 14.0), "benign", &t.face.mono, t.color.text1);
        } else {
            cell.mono(&format!("{:.2}", value as f64 / 10.0));
        }
    }

    fn head(&mut self, cell: &mut Cell<'_>) {
        let t = theme::of(cell.ui);
        let rect = cell.inside();
        if cell.column == 7 {
            let bar = egui::Rect::from_min_size(rect.left_center(), vec2(90.0, 5.0));
            widgets::paint_proportions(cell.ui.painter(), bar, &[(357, t.data(2)), (212, t.data(3))]);
        } else {
            let rect = rect.with_min_x(rect.right() - 90.0);
            widgets::paint_histogram(cell.ui.painter(), rect, &[1, 3, 6, 9, 10, 8, 6, 4, 2, 1], None);
        }
    }
}

/// Charts over a table, as runs have them.
struct Curves {
    table: TableState,
    curves: Vec<Vec<f64>>,
    selected: Option<u64>,
}

impl Default for Curves {
    fn default() -> Self {
        let curve = |run: i32| {
            let wobble = |i: i32| f64::from((i * 7919 + run * 104_729) % 97) / 97.0 * 0.02;
            let step = |i: i32| (0.92 - 0.02 * f64::from(run)) * (1.0 - (-f64::from(i) / 60.0).exp()) + wobble(i);
            (0..400).map(step).collect()
        };
        Self { table: TableState::default(), curves: (0..6).map(curve).collect(), selected: Some(1) }
    }
}

impl Panel for Curves {
    fn id(&self) -> PlaceId {
        "runs"
    }

    fn title(&self) -> &'static str {
        "Runs"
    }

    fn icon(&self) -> Icon {
        Icon::Runs
    }

    fn has_inspector(&self, _cx: &Cx<'_>) -> bool {
        false
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let t = cx.theme;
        let mut query = "metrics.auc > 0.96 and params.rate != '0.3'".to_owned();
        widgets::bar(
            ui,
            |ui| {
                ui.label(t.title("Runs"));
                ui.add(Chip::new("Diagnosis").caret());
                ui.add(TextField::new(&mut query).name("Filter").mono().width(480.0));
                ui.add(Chip::new("Columns").click());
            },
            |ui| {
                ui.add(Button::primary("Register model…"));
                ui.add(Button::secondary("Compare"));
                ui.label(t.secondary("6 of 1,284 selected"));
            },
        );
        let series: Vec<Series<'_>> = self
            .curves
            .iter()
            .enumerate()
            .map(|(at, curve)| Series::new(format!("run {at}"), t.data(at), curve).strong(at == 1))
            .collect();
        egui::Frame::NONE.inner_margin(16.0).show(ui, |ui| {
            ui.columns(3, |columns| {
                for (at, ui) in columns.iter_mut().enumerate() {
                    widgets::card(ui, ["auc · validation", "log loss · validation", "auc · test"][at], |ui| {
                        LineChart::new(["auc", "log loss", "test"][at], &series).labels(at == 2).height(252.0).show(ui);
                    });
                }
            });
        });
        let columns = [
            Column::new("on", "", 40.0),
            Column::new("run", "Run", 232.0),
            Column::new("model", "Model", 230.0).grows().sortable(),
            Column::new("auc", "auc", 100.0).right().sortable(),
            Column::new("spark", "auc over rounds", 160.0),
            Column::new("commit", "Commit", 120.0),
            Column::new("started", "Started", 130.0),
        ];
        egui::Frame::NONE.fill(t.color.surface2).show(ui, |ui| {
            let mut rows = Rows { curves: &self.curves, selected: self.selected };
            let shown = Table::new("runs", &columns).show(ui, &mut self.table, &mut rows);
            if let Some(row) = shown.clicked {
                self.selected = Some(row);
            }
        });
    }
}

struct Rows<'a> {
    curves: &'a [Vec<f64>],
    selected: Option<u64>,
}

impl TableSource for Rows<'_> {
    fn rows(&self) -> u64 {
        100_000
    }

    fn is_selected(&self, row: u64) -> bool {
        self.selected == Some(row)
    }

    fn row_name(&self, row: u64) -> String {
        format!("brisk-heron-{row}")
    }

    fn cell(&mut self, cell: &mut Cell<'_>) {
        let t = theme::of(cell.ui);
        let rect = cell.inside();
        let shown = (cell.row as usize) < self.curves.len();
        let color = if shown { t.data(cell.row as usize) } else { t.color.text3 };
        match cell.column {
            0 => {
                let mark = egui::Rect::from_center_size(rect.center(), vec2(10.0, 10.0));
                cell.ui.painter().rect_filled(mark, 3.0, color);
            }
            1 => {
                let glyph = if cell.row % 5 == 3 { Glyph::Error } else { Glyph::Ok };
                icons::paint_glyph(cell.ui.painter(), &t, glyph, rect.left_center() + vec2(5.0, 0.0));
                let text = format!("brisk-heron-{}", cell.row);
                cell.set_in(rect.with_min_x(rect.left() + 17.0), &text, &t.face.small, t.color.text1);
            }
            2 => cell.secondary("Gradient boosting"),
            3 => cell.text(&format::metric(0.981_6 - cell.row as f64 * 0.000_3)),
            4 => {
                let curve = &self.curves[cell.row as usize % self.curves.len()];
                let area = rect.with_max_x(rect.left() + 76.0).shrink2(vec2(0.0, 8.0));
                widgets::paint_sparkline(cell.ui.painter(), area, &curve[..80], color);
            }
            5 => cell.mono("a41f09c"),
            _ => cell.quiet("3 min ago"),
        }
    }
}
