//! Which columns the table has, chosen by a person or by what the runs have in common.

use egui::{Popup, PopupCloseBehavior, Response, ScrollArea, Ui};
use serde::{Deserialize, Serialize};
use studio::RunSort;

use super::{pages::Pages, words};
use crate::{
    table::{Column, Sort, TableState},
    theme,
    widgets::{self, TextField, link},
};

/// What a column shows of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    Check,
    Name,
    Model,
    Pipeline,
    Metric(String),
    /// A metric over its steps, small.
    Spark(String),
    Param(String),
    Tag(String),
    Status,
    Experiment,
    Commit,
    Branch,
    User,
    Duration,
    Started,
}

/// Those that every run has.
const SYSTEM: [Field; 9] = [
    Field::Model,
    Field::Status,
    Field::Experiment,
    Field::Pipeline,
    Field::Commit,
    Field::Branch,
    Field::User,
    Field::Duration,
    Field::Started,
];

/// What is remembered of the panel, with the workspace.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Shown {
    /// Ids of the chosen columns; `None` leaves the choice to us.
    pub columns: Option<Vec<String>>,
    /// Ids of the columns that stay at the left.
    pub pinned: Vec<String>,
    pub table: TableState,
    /// Keys of the curves that have a chart; `None` leaves the choice to us.
    pub charts: Option<Vec<String>>,
    pub charts_hidden: bool,
}

impl Field {
    pub fn id(&self) -> String {
        match self {
            Self::Metric(key) => format!("metric:{key}"),
            Self::Spark(key) => format!("curve:{key}"),
            Self::Param(key) => format!("param:{key}"),
            Self::Tag(key) => format!("tag:{key}"),
            other => other.title().to_lowercase(),
        }
    }

    fn of(id: &str) -> Option<Self> {
        let keyed = |prefix: &str| id.strip_prefix(prefix).map(str::to_owned);
        keyed("metric:")
            .map(Self::Metric)
            .or_else(|| keyed("curve:").map(Self::Spark))
            .or_else(|| keyed("param:").map(Self::Param))
            .or_else(|| keyed("tag:").map(Self::Tag))
            .or_else(|| SYSTEM.into_iter().find(|field| field.id() == id))
    }

    /// The name under which a run has what is shown.
    fn key(&self) -> Option<&str> {
        match self {
            Self::Metric(key) | Self::Spark(key) | Self::Param(key) => Some(key),
            _ => None,
        }
    }

    pub fn title(&self) -> String {
        match self {
            Self::Check => String::new(),
            Self::Name => "Run".to_owned(),
            Self::Model => "Model".to_owned(),
            Self::Pipeline => "Pipeline".to_owned(),
            Self::Metric(key) => words::key_title(key),
            Self::Spark(key) => format!("{} over steps", words::key_title(key)),
            Self::Param(key) => words::key_title(key),
            Self::Tag(key) => key.clone(),
            Self::Status => "Status".to_owned(),
            Self::Experiment => "Experiment".to_owned(),
            Self::Commit => "Commit".to_owned(),
            Self::Branch => "Branch".to_owned(),
            Self::User => "User".to_owned(),
            Self::Duration => "Duration".to_owned(),
            Self::Started => "Started".to_owned(),
        }
    }

    pub fn column(&self) -> Column {
        let column = |width: f32| Column::new(self.id(), self.title(), width);
        match self {
            Self::Check => Column { title: "✓".to_owned(), ..column(34.0).pinned(true) },
            Self::Name => column(190.0).grows().sortable().pinned(true),
            Self::Model => column(170.0).grows(),
            Self::Pipeline => column(170.0).grows().sortable(),
            Self::Metric(_) => column(96.0).right().sortable(),
            Self::Spark(_) => column(170.0),
            Self::Param(_) => column(96.0).right().sortable(),
            Self::Tag(_) => column(120.0).sortable(),
            Self::Status => column(96.0).sortable(),
            Self::Experiment => column(130.0).sortable(),
            Self::Commit => column(90.0).sortable(),
            Self::Branch => column(110.0).sortable(),
            Self::User => column(110.0).sortable(),
            Self::Duration => column(96.0).right().sortable(),
            Self::Started => column(120.0).sortable(),
        }
    }
}

/// The columns in order, and those of the table.
pub fn fields(shown: &Shown, pages: &Pages) -> Vec<Field> {
    let mut fields = vec![Field::Check, Field::Name];
    match &shown.columns {
        Some(chosen) => fields.extend(chosen.iter().filter_map(|id| Field::of(id))),
        None => fields.extend(usual(pages)),
    }
    fields
}

/// The metrics that most runs have, their curve, and the parameters that differ.
fn usual(pages: &Pages) -> Vec<Field> {
    let mut fields = vec![Field::Model];
    fields.extend(telling_metrics(pages).into_iter().take(2).map(Field::Metric));
    fields.extend(common_curve(pages).map(Field::Spark));
    fields.extend(pages.telling_params().into_iter().take(3).map(Field::Param));
    fields.extend([Field::Commit, Field::Duration, Field::Started]);
    fields
}

/// The metrics that say how good the runs on the lines are, the most telling first.
pub fn telling_metrics(pages: &Pages) -> Vec<String> {
    let mut metrics: Vec<(&String, usize)> = pages.seen_metrics.iter().map(|(k, n)| (k, *n)).collect();
    metrics.retain(|(key, _)| !pages.curves.contains_key(*key));
    let most = metrics.iter().map(|(_, count)| *count).max().unwrap_or(0);
    // A metric that few runs have makes a column of dashes.
    metrics.sort_by_key(|(key, count)| (count * 4 < most, words::rank(key), std::cmp::Reverse(*count)));
    metrics.into_iter().map(|(key, _)| key.clone()).collect()
}

/// Curves by how many runs have them, those of validation before those of training.
pub fn curve_keys(pages: &Pages) -> Vec<String> {
    let mut keys: Vec<(&String, &usize)> = pages.curves.iter().collect();
    keys.sort_by_key(|(key, count)| (std::cmp::Reverse(**count), !key.contains("valid"), *key));
    keys.into_iter().map(|(key, _)| key.clone()).collect()
}

fn common_curve(pages: &Pages) -> Option<String> {
    curve_keys(pages).into_iter().next()
}

impl Field {
    /// What runs are sorted or grouped by for this column.
    pub fn sort(&self) -> Option<RunSort> {
        Some(match self {
            Self::Name => RunSort::Name,
            Self::Metric(key) => RunSort::Metric(key.clone()),
            Self::Param(key) => RunSort::Param(key.clone()),
            Self::Tag(key) => RunSort::Tag(key.clone()),
            Self::Status => RunSort::Status,
            Self::Experiment => RunSort::Experiment,
            Self::Pipeline => RunSort::Pipeline,
            Self::Commit => RunSort::Commit,
            Self::Branch => RunSort::Branch,
            Self::User => RunSort::User,
            Self::Duration => RunSort::Duration,
            Self::Started => RunSort::Started,
            Self::Check | Self::Model | Self::Spark(_) => return None,
        })
    }

    /// Whether runs may be put into groups by what the column shows.
    pub fn groups(&self) -> bool {
        matches!(
            self,
            Self::Param(_)
                | Self::Tag(_)
                | Self::Status
                | Self::Experiment
                | Self::Pipeline
                | Self::Commit
                | Self::Branch
                | Self::User
        )
    }
}

/// What the database sorts by for the table's sort.
pub fn sort(sort: Option<&Sort>) -> (RunSort, bool) {
    let usual = (RunSort::Created, true);
    let Some(sort) = sort else { return usual };
    let field = if sort.column == Field::Name.id() { Some(Field::Name) } else { Field::of(&sort.column) };
    field.and_then(|field| field.sort()).map_or(usual, |by| (by, sort.descending))
}

/// The table's columns for these fields.
pub fn columns(fields: &[Field], shown: &Shown) -> Vec<Column> {
    let titles = titles(fields);
    let column = |(field, title): (&Field, String)| {
        let mut column = field.column();
        column.pinned |= shown.pinned.contains(&column.id);
        // The column of boxes has a sign for its title.
        if !matches!(field, Field::Check) {
            column.title = title;
        }
        column
    };
    fields.iter().zip(titles).map(column).collect()
}

/// What the fields of a list are called; those that read alike have what stands before their keys added.
fn titles(fields: &[Field]) -> Vec<String> {
    let plain: Vec<String> = fields.iter().map(Field::title).collect();
    let told_apart = |(field, title): (&Field, &String)| {
        let is_alone = plain.iter().filter(|other| *other == title).count() < 2;
        let before = field.key().and_then(|key| key.rsplit_once('.')).map(|(before, _)| before);
        match before {
            Some(before) if !is_alone => format!("{title} · {before}"),
            _ => title.clone(),
        }
    };
    fields.iter().zip(&plain).map(told_apart).collect()
}

/// The list of columns below `button`, each with its box.
pub fn chooser(button: &Response, shown: &mut Shown, pages: &Pages, query: &mut String) {
    Popup::from_toggle_button_response(button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .accessible_name("Columns")
        .show(|ui| {
            let t = theme::of(ui);
            ui.set_width(t.size.popover);
            ui.add(TextField::search(query, "Find a column"));
            ScrollArea::vertical()
                .auto_shrink([false, true])
                .max_height(t.size.popover * 1.2)
                .show(ui, |ui| list(ui, shown, pages, query));
            widgets::separator(ui);
            if link(ui, "Back to the usual columns").clicked() {
                shown.columns = None;
                shown.pinned.clear();
                shown.table.order.clear();
                shown.table.widths.clear();
            }
        });
}

fn list(ui: &mut Ui, shown: &mut Shown, pages: &Pages, query: &str) {
    let now = fields(shown, pages);
    let keys = |tally: &super::pages::Tally, make: fn(String) -> Field| -> Vec<Field> {
        tally.keys().cloned().map(make).collect()
    };
    let groups = [
        ("Every run", SYSTEM.to_vec()),
        ("Metrics", keys(&pages.metrics, Field::Metric)),
        ("Curves", keys(&pages.curves, Field::Spark)),
        ("Parameters", keys(&pages.params, Field::Param)),
        ("Tags", keys(&pages.tags, Field::Tag)),
    ];
    let needle = query.to_lowercase();
    for (title, fields) in groups {
        let fits = |field: &&Field| {
            needle.is_empty() || field.title().to_lowercase().contains(&needle) || field.id().contains(&needle)
        };
        let fits: Vec<Field> = fields.iter().filter(fits).cloned().collect();
        if fits.is_empty() {
            continue;
        }
        ui.add_space(theme::of(ui).size.grid);
        widgets::section(ui, title);
        for (field, title) in fits.iter().zip(titles(&fits)) {
            let mut on = now.contains(field);
            if widgets::checkbox(ui, &mut on, &title).changed() {
                choose(shown, &now, field, on);
            }
        }
    }
}

/// The metrics among the fields, for sums of groups.
pub fn metrics(fields: &[Field]) -> Vec<String> {
    let key = |field: &Field| match field {
        Field::Metric(key) => Some(key.clone()),
        _ => None,
    };
    fields.iter().filter_map(key).collect()
}

/// Adds a column to those that are shown `now`, or takes it away.
pub fn choose(shown: &mut Shown, now: &[Field], field: &Field, on: bool) {
    let mut chosen: Vec<Field> = now.iter().skip(2).cloned().collect();
    if on {
        chosen.push(field.clone());
    } else {
        chosen.retain(|other| other != field);
    }
    shown.columns = Some(chosen.iter().map(Field::id).collect());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_found_by_its_id() {
        let keyed = [
            Field::Metric("a.b".to_owned()),
            Field::Spark("a:b".to_owned()),
            Field::Param("metric".to_owned()),
            Field::Tag("mlflow.user".to_owned()),
        ];
        for field in SYSTEM.into_iter().chain(keyed) {
            assert_eq!(Field::of(&field.id()), Some(field));
        }
        assert_eq!(Field::of("nothing"), None);
    }

    #[test]
    fn columns_that_read_alike_are_told_apart() {
        let keys = ["judge.roc_auc", "judge_2.roc_auc", "roc_auc", "judge.f1"];
        let fields = keys.map(|key| Field::Metric(key.to_owned()));
        let titles: Vec<String> = columns(&fields, &Shown::default()).into_iter().map(|column| column.title).collect();
        assert_eq!(titles, ["ROC AUC · judge", "ROC AUC · judge_2", "ROC AUC", "F1"]);
    }

    #[test]
    fn heads_sort_in_the_database() {
        let by = |column: &str| sort(Some(&Sort { column: column.to_owned(), descending: false }));
        assert_eq!(by("metric:auc"), (RunSort::Metric("auc".to_owned()), false));
        assert_eq!(by("run"), (RunSort::Name, false));
        assert_eq!(sort(None), (RunSort::Created, true));
    }
}
