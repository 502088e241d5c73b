//! What is done when something is asked of runs.

use studio::{ARCHIVED_TAG, Studio};

use super::{
    Runs, Verb, View,
    columns::{self, Field},
    dialog::{Dialog, Outcome, Register, Rename, TagDialog},
    menus::Asked,
    note::TagChange,
    purge::PurgeDialog,
    query::Scope,
    table::STAR_TAG,
};
use crate::{
    panels::{Cx, Subject},
    table::Sort,
};

impl Runs {
    pub(super) fn act(&mut self, verb: Verb, id: Option<String>, cx: &mut Cx<'_>) {
        match verb {
            Verb::Back => self.view = View::List,
            Verb::Uncheck => self.checked.clear(),
            Verb::CheckAll => self.check_all(cx),
            Verb::Undo if matches!(self.view, View::Charts) && self.page.can_undo() => self.page.undo(),
            Verb::Undo => self.doing.undo(cx),
            Verb::Page => self.view = View::Charts,
            Verb::Charts => self.shown.charts_hidden ^= true,
            Verb::Compare if self.checked.len() > 1 => self.view = View::Compare(Box::default()),
            Verb::Compare => {}
            Verb::Star | Verb::Unstar | Verb::Tag | Verb::Archive | Verb::Delete | Verb::Restore | Verb::Purge => {
                let ids = self.about(id);
                if !ids.is_empty() {
                    self.act_on_all(verb, ids, cx);
                }
            }
            _ => {
                if let Some(id) = id.or_else(|| self.target()) {
                    self.act_on(verb, id, cx);
                }
            }
        }
    }

    fn act_on(&mut self, verb: Verb, id: String, cx: &mut Cx<'_>) {
        let name = self.name_of(&id);
        match verb {
            Verb::Open => {
                self.open(&id, None);
                cx.select(Subject::Run { id });
            }
            Verb::Check => self.toggle_checks(&id),
            Verb::CopyId => cx.copy(id),
            Verb::Rename => {
                let fresh = true;
                self.dialog = Some(Dialog::Rename(Rename { id, name, fresh }));
            }
            Verb::Register => {
                self.registering = Some(id.clone());
                self.current = Some(id.clone());
                cx.select(Subject::Run { id });
            }
            Verb::Cancel => {
                self.doing.start(cx, "The run could not be stopped.", format!("{name} is stopping"), move |studio| {
                    studio.cancel_run(&id)
                })
            }
            Verb::Resume => {
                self.doing.start(cx, "The run could not be resumed.", format!("{name} goes on"), move |studio| {
                    studio.resume_run(&id)
                })
            }
            _ => {}
        }
    }

    fn act_on_all(&mut self, verb: Verb, ids: Vec<String>, cx: &mut Cx<'_>) {
        let name = self.name_of_all(&ids);
        match verb {
            Verb::Star => self.tag(cx, ids, STAR_TAG, Some("true")),
            Verb::Unstar => self.tag(cx, ids, STAR_TAG, None),
            Verb::Tag => self.dialog = Some(Dialog::Tag(TagDialog::new(ids, name))),
            Verb::Archive => self.archive(ids, &name, cx),
            Verb::Delete => self.delete(ids, &name, cx),
            Verb::Purge => self.dialog = Some(Dialog::Purge(Box::new(PurgeDialog::new(ids, name)))),
            Verb::Restore => {
                let failed = "They could not be brought back.";
                self.doing.start(cx, failed, format!("Brought back {name}"), move |studio| studio.restore_runs(&ids));
            }
            _ => {}
        }
    }

    fn tag(&mut self, cx: &Cx<'_>, ids: Vec<String>, key: &'static str, value: Option<&'static str>) {
        let work = move |studio: &Studio| studio.tag_runs(&ids, key, value);
        self.doing.start(cx, "The tag could not be changed.", "", work);
    }

    /// Puts runs away, or takes them out again where the archive is what is shown.
    fn archive(&mut self, ids: Vec<String>, name: &str, cx: &Cx<'_>) {
        let (value, back, words) = match self.filters.scope {
            Scope::Archived => (None, Some("true"), format!("Took {name} out of the archive")),
            _ => (Some("true"), None, format!("Archived {name}")),
        };
        let undone = ids.clone();
        self.doing.offer_undo(self.time, words, move |studio| studio.tag_runs(&undone, ARCHIVED_TAG, back));
        let work = move |studio: &Studio| studio.tag_runs(&ids, ARCHIVED_TAG, value);
        self.doing.start(cx, "The archive could not be changed.", "", work);
    }

    fn delete(&mut self, ids: Vec<String>, name: &str, cx: &mut Cx<'_>) {
        ids.iter().flat_map(|id| self.pages.measured_runs(id)).for_each(|id| self.checked.remove(&id));
        if self.current.as_ref().is_some_and(|current| ids.contains(current)) {
            self.current = None;
            cx.select(None);
        }
        if matches!(&self.view, View::Run(opened) if ids.contains(&opened.id)) {
            self.view = View::List;
        }
        let back = ids.clone();
        let words = format!("Deleted {name}");
        self.doing.offer_undo(self.time, words, move |studio| studio.restore_runs(&back));
        let failed = if ids.len() > 1 { "The runs could not be deleted." } else { "The run could not be deleted." };
        self.doing.start(cx, failed, "", move |studio| studio.delete_runs(&ids));
    }

    /// Checks a run, or each of its models; unchecks what is checked as a whole.
    fn toggle_checks(&mut self, id: &str) {
        let ids = self.pages.measured_runs(id);
        if ids.iter().all(|id| self.checked.has(id)) {
            ids.iter().for_each(|id| self.checked.remove(id));
        } else {
            ids.iter().for_each(|id| self.checked.add(id));
        }
    }

    fn check_all(&mut self, cx: &mut Cx<'_>) {
        let listed: Vec<String> = self.pages.listed().into_iter().map(str::to_owned).collect();
        listed.iter().flat_map(|id| self.pages.measured_runs(id)).for_each(|id| self.checked.add(&id));
        if self.pages.total().is_some_and(|total| total > listed.len()) {
            let words = format!("Checked the {} runs that were read. Narrow the list to check all.", listed.len());
            cx.send(crate::panels::Action::Toast(crate::icons::Glyph::Warn, words));
        }
    }

    /// What was asked in the table.
    pub(super) fn asked(&mut self, asked: Asked, fields: &[Field], cx: &mut Cx<'_>) {
        match asked {
            Asked::Act(verb, id) => self.act(verb, Some(id), cx),
            Asked::Star(id, on) => self.act(if on { Verb::Star } else { Verb::Unstar }, Some(id), cx),
            Asked::Toggle(line) => {
                self.pages.open(line as usize, None);
            }
            Asked::Narrow(comparison) => self.filters.narrow(&comparison),
            Asked::Scope(scope) => self.filters.scope = scope,
            Asked::Group(group) => self.filters.group = group,
            Asked::Sort(field, descending) => {
                self.shown.table.sort = Some(Sort { column: field.id(), descending });
            }
            Asked::Pin(field, true) => self.shown.pinned.push(field.id()),
            Asked::Pin(field, false) => self.shown.pinned.retain(|id| *id != field.id()),
            Asked::Hide(field) => columns::choose(&mut self.shown, fields, &field, false),
        }
    }

    /// Keeps what was written beside a run.
    pub(super) fn keep(&mut self, changes: Vec<TagChange>, cx: &Cx<'_>) {
        for TagChange { run, key, value } in changes {
            let work = move |studio: &Studio| studio.tag_runs(&[run], &key, value.as_deref());
            self.doing.start(cx, "What was written could not be kept.", "", work);
        }
    }

    /// Opens the dialog that was asked for as soon as the run and what it was registered as have
    /// been read. Selecting another run meanwhile takes the wish back.
    pub(super) fn ask_register(&mut self, cx: &mut Cx<'_>) {
        let Some(id) = self.registering.clone() else { return };
        if self.target().as_ref() != Some(&id) {
            self.registering = None;
            return;
        }
        if let Some(failure) = self.focus.failure() {
            self.registering = None;
            return cx.failed(format!("The run could not be read, so its model cannot be registered. {failure}"));
        }
        let Some(detail) = self.focus.whole() else { return };

        self.registering = None;
        let name = detail.row.name.clone();
        let made = self.focus.made().to_vec();
        if made.is_empty() {
            return cx.failed(format!("{name} trained no model"));
        }
        let model = self.focus.model_name();
        self.dialog = Some(Dialog::Register(Box::new(Register::new(&id, &name, made, model))));
    }

    pub(super) fn finish(&mut self, outcome: Outcome, cx: &mut Cx<'_>) {
        self.pages.revision += 1;
        match outcome {
            Outcome::Closed => {}
            Outcome::Registered(version) => {
                let words = format!("Registered {} version {}", version.model, version.version);
                cx.done(words);
            }
            Outcome::Renamed { id, name } => {
                self.doing.start(cx, "The run could not be renamed.", String::new(), move |studio| {
                    studio.rename_run(&id, &name)
                })
            }
            Outcome::Purged { ids, name } => {
                ids.iter().for_each(|id| self.checked.remove(id));
                if self.current.as_ref().is_some_and(|current| ids.contains(current)) {
                    self.current = None;
                    cx.select(None);
                }
                if matches!(&self.view, View::Run(opened) if ids.contains(&opened.id)) {
                    self.view = View::List;
                }
                let failed = "They could not be deleted for good.";
                self.doing.start(cx, failed, format!("Deleted {name} for good"), move |studio| {
                    studio.purge(&studio::Purge::Runs(ids)).map(drop)
                });
            }
            Outcome::Tagged { ids, key, value } => {
                let work = move |studio: &Studio| studio.tag_runs(&ids, &key, Some(&value));
                self.doing.start(cx, "The tag could not be set.", "", work);
            }
        }
    }
}
