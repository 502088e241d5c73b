//! The runs of this pipeline, and the commits that changed its file.

use egui::{ScrollArea, Ui};
use studio::git::Commit;
use studio::{Run, RunQuery};

use crate::backend::Request;
use crate::icons::Icon;
use crate::panels::designer::document::Document;
use crate::panels::designer::inspector::run_row;
use crate::panels::{Cx, Subject};
use crate::theme;
use crate::widgets::{self, ListRow, format};

const RUNS: usize = 100;
const COMMITS: usize = 100;

#[derive(Default)]
pub struct History {
    runs: Request<Vec<Run>>,
    commits: Request<Vec<Commit>>,
}

impl History {
    pub fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, document: &Document) {
        let path = document.path.clone();
        let key = (document.run.clone(), document.is_running());
        self.runs.ensure_of(&path, key, cx.backend, {
            let query = RunQuery { pipeline: Some(path.clone()), limit: RUNS, ..RunQuery::default() };
            move |studio| studio.runs(&query).map(|page| page.runs)
        });
        let commit = cx.status.git.as_ref().and_then(|git| git.commit.clone());
        self.commits.ensure_of(&path, commit, cx.backend, {
            let path = path.clone();
            move |studio| studio.git_log(Some(&path), COMMITS)
        });
        ui.columns_const(|[left, right]| {
            list(left, "Runs", "runs", |ui| self.run_list(ui, cx));
            list(right, "Commits of the file", "commits", |ui| self.commit_list(ui, cx, &path));
        });
    }

    fn run_list(&self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let t = theme::of(ui);
        let runs = self.runs.value().map_or(&[][..], Vec::as_slice);
        if runs.is_empty() && !self.runs.is_pending() {
            ui.label(t.secondary("None yet. F5 runs the pipeline."));
        }
        for run in runs {
            if run_row(ui, run) {
                cx.open(Subject::Run { id: run.id.clone() });
            }
        }
    }

    fn commit_list(&self, ui: &mut Ui, cx: &mut Cx<'_>, path: &str) {
        let t = theme::of(ui);
        let commits = self.commits.value().map_or(&[][..], Vec::as_slice);
        if commits.is_empty() && !self.commits.is_pending() {
            ui.label(t.secondary("The file was not committed yet."));
        }
        for commit in commits {
            let note = format!("{} · {}", commit.short, format::ago(commit.time, format::now(ui)));
            let row = ListRow::new(&commit.summary).icon(Icon::Commit).note(note).height(t.size.control);
            let row = row.show(ui).on_hover_text(format!("{}, {}", commit.author, format::date_time(commit.time)));
            if row.clicked() {
                cx.open(Subject::History { path: path.to_owned(), commit: Some(commit.id.clone()) });
            }
        }
    }
}

fn list(ui: &mut Ui, title: &str, id: &str, contents: impl FnOnce(&mut Ui)) {
    let t = theme::of(ui);
    egui::Frame::NONE.inner_margin(t.size.gap).show(ui, |ui| {
        widgets::section(ui, title);
        ScrollArea::vertical().id_salt(id).auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            contents(ui);
        });
    });
}
