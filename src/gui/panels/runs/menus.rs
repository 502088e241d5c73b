//! The menus of rows and heads, and what can be asked with them.

use egui::Ui;
use studio::{Run, RunSort, RunStatus, tracking::protocol_status};

use super::{
    Verb,
    columns::Field,
    query::{Scope, compare_text, named},
    table::param,
    words,
};
use crate::{
    icons::Icon,
    theme,
    widgets::{ListRow, separator},
};

/// What was asked in the table.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    Act(Verb, String),
    Star(String, bool),
    /// Opens or closes a line.
    Toggle(u64),
    /// One more comparison.
    Narrow(String),
    Scope(Scope),
    Group(Option<RunSort>),
    Sort(Field, bool),
    Pin(Field, bool),
    Hide(Field),
}

/// The menu of a run; `field` is what the pointer was on.
pub fn of_run(ui: &mut Ui, run: &Run, field: Option<&Field>, scope: &Scope) -> Option<Asked> {
    let running = !run.status.is_final();
    let resumes = matches!(run.status, RunStatus::Failed | RunStatus::Cancelled) && run.plan.is_some();
    let deleted = *scope == Scope::Deleted;
    let archived = *scope == Scope::Archived;
    // A model of a run is renamed, put away and deleted with its run.
    let is_model = words::model_title(run).is_some();
    let archive = if archived { "Take out of the archive" } else { "Archive" };
    let all = [
        (Verb::Open, "Open", Icon::Runs, true),
        (Verb::Check, "Check or uncheck", Icon::Check, true),
        (Verb::Register, "Register model…", Icon::Models, !running),
        (Verb::Rename, "Rename…", Icon::Edit, !is_model),
        (Verb::Tag, "Tag…", Icon::Tag, true),
        (Verb::CopyId, "Copy the run's id", Icon::Copy, true),
        (Verb::Cancel, "Cancel", Icon::Stop, running && run.plan.is_some()),
        (Verb::Resume, "Resume", Icon::Run, resumes),
        (Verb::Archive, archive, Icon::Folder, !deleted && !is_model),
        (Verb::Restore, "Bring back", Icon::Undo, deleted && !is_model),
        (Verb::Purge, "Delete for good…", Icon::Trash, deleted && !is_model),
        (Verb::Delete, "Delete", Icon::Trash, !running && !deleted && !is_model),
    ];
    ui.set_width(theme::of(ui).size.popover);
    let mut asked = None;
    for (verb, title, icon, there) in all {
        if there && entry(ui, title, icon) {
            asked = Some(Asked::Act(verb, run.id.clone()));
        }
    }
    let narrowing = field.map(|field| narrowing(run, field)).unwrap_or_default();
    if !narrowing.is_empty() {
        separator(ui);
    }
    for (title, what) in narrowing {
        if entry(ui, &title, Icon::Filter) {
            asked = Some(what);
        }
    }
    asked
}

/// The filters that the value of a field suggests, in words.
pub fn narrowing(run: &Run, field: &Field) -> Vec<(String, Asked)> {
    let text = |entity: &str, key: &str, title: &str, value: &str| -> Vec<(String, Asked)> {
        let one = |words: &str, operator: &str| {
            let comparison = compare_text(entity, key, operator, value)?;
            Some((format!("{words} {title} {}", param(value)), Asked::Narrow(comparison)))
        };
        [one("Only", "="), one("Without", "!=")].into_iter().flatten().collect()
    };
    match field {
        Field::Param(key) => {
            run.params.get(key).map(|value| text("params", key, &field.title(), value)).unwrap_or_default()
        }
        Field::Tag(key) => run.tags.get(key).map(|value| text("tags", key, key, value)).unwrap_or_default(),
        Field::Status => text("attributes", "status", "status", protocol_status(run.status)),
        Field::User => run.user.as_deref().map(|user| text("attributes", "user_id", "user", user)).unwrap_or_default(),
        Field::Metric(key) => run.metrics.get(key).filter(|value| value.is_finite()).map_or_else(Vec::new, |value| {
            let shown = crate::widgets::format::metric(*value);
            let one = |words: &str, operator: &str| {
                let comparison = format!("{} {operator} {value:?}", named("metrics", key));
                (format!("{} {words} {shown}", field.title()), Asked::Narrow(comparison))
            };
            vec![one("at least", ">="), one("at most", "<=")]
        }),
        Field::Experiment => {
            vec![(
                format!("Only experiment {}", run.experiment),
                Asked::Scope(Scope::Experiment(run.experiment.clone())),
            )]
        }
        Field::Pipeline => run.pipeline.as_ref().map_or_else(Vec::new, |path| {
            vec![(format!("Only {}", words::pipeline_title(run)), Asked::Scope(Scope::Pipeline(path.clone())))]
        }),
        _ => Vec::new(),
    }
}

/// The menu of a column's head.
pub fn of_head(ui: &mut Ui, field: &Field, pinned: bool) -> Option<Asked> {
    ui.set_width(theme::of(ui).size.palette);
    let mut asked = None;
    if field.sort().is_some() {
        if entry(ui, "Greatest first", Icon::ArrowDown) {
            asked = Some(Asked::Sort(field.clone(), true));
        }
        if entry(ui, "Least first", Icon::ArrowUp) {
            asked = Some(Asked::Sort(field.clone(), false));
        }
    }
    if field.groups() && entry(ui, &format!("Group by {}", field.title()), Icon::Collapse) {
        asked = Some(Asked::Group(field.sort()));
    }
    if matches!(field, Field::Check | Field::Name) {
        return asked;
    }
    if entry(ui, if pinned { "Unpin" } else { "Pin at the left" }, Icon::Pin) {
        asked = Some(Asked::Pin(field.clone(), !pinned));
    }
    if entry(ui, "Hide", Icon::EyeOff) {
        asked = Some(Asked::Hide(field.clone()));
    }
    asked
}

/// An entry of a menu, which closes it.
pub fn entry(ui: &mut Ui, title: &str, icon: Icon) -> bool {
    let clicked = ListRow::new(title).icon(icon).height(theme::of(ui).size.control).show(ui).clicked();
    if clicked {
        ui.close();
    }
    clicked
}

/// What runs are sorted or grouped by, in words.
pub fn sort_title(sort: &RunSort) -> String {
    match sort {
        RunSort::Param(key) | RunSort::Metric(key) => words::key_title(key),
        RunSort::Tag(key) => key.clone(),
        RunSort::Status => "status".to_owned(),
        RunSort::Experiment => "experiment".to_owned(),
        RunSort::Pipeline => "pipeline".to_owned(),
        RunSort::User => "user".to_owned(),
        RunSort::Branch => "branch".to_owned(),
        RunSort::Commit => "commit".to_owned(),
        _ => String::new(),
    }
}
