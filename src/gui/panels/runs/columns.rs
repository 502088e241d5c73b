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
    Commit,
    Branch,
    User,
    Duration,
    Started,
}

/// Those that every run has.
const SYSTEM: [Field; 7] =
    [Field::Model, Field::Pipeline, Field::Commit, Field::Branch, Field::User, Field::Duration, Field::Started];

/// What is remembered of the panel, with the workspace.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Shown {
    /// Ids of the chosen columns; `None` leaves the choice to us.
    pub columns: Option<Vec<String>>,
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
            other => other.title().to_lowercase(),
        }
    }

    fn of(id: &str) -> Option<Self> {
        let keyed = |prefix: &str| id.strip_prefix(prefix).map(str::to_owned);
        keyed("metric:")
            .map(Self::Metric)
            .or_else(|| keyed("curve:").map(Self::Spark))
            .or_else(|| keyed("param:").map(Self::Param))
            .or_else(|| SYSTEM.into_iter().find(|field| field.id() == id))
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
            Self::Commit => column(90.0),
            Self::Branch => column(110.0),
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
    let mut metrics: Vec<(&String, usize)> = pages.metrics.iter().map(|(k, n)| (k, *n)).collect();
    metrics.retain(|(key, _)| !pages.curves.contains_key(*key));
    metrics.sort_by_key(|(key, count)| (words::rank(key), std::cmp::Reverse(*count)));
    let mut fields = vec![Field::Model];
    fields.extend(metrics.iter().take(2).map(|(key, _)| Field::Metric((*key).clone())));
    fields.extend(common_curve(pages).map(Field::Spark));
    fields.extend(pages.telling_params().into_iter().take(3).map(Field::Param));
    fields.extend([Field::Commit, Field::Duration, Field::Started]);
    fields
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

/// What the database sorts by for the table's sort.
pub fn sort(sort: Option<&Sort>) -> (RunSort, bool) {
    let Some(sort) = sort else {
        return (RunSort::Created, true);
    };
    let by = match sort.column.as_str() {
        "run" => RunSort::Name,
        "pipeline" => RunSort::Pipeline,
        "user" => RunSort::User,
        "duration" => RunSort::Duration,
        "started" => RunSort::Started,
        id => match Field::of(id) {
            Some(Field::Metric(key)) => RunSort::Metric(key),
            Some(Field::Param(key)) => RunSort::Param(key),
            _ => return (RunSort::Created, true),
        },
    };
    (by, sort.descending)
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
            ScrollArea::vertical().max_height(t.size.popover * 1.2).show(ui, |ui| list(ui, shown, pages, query));
            widgets::separator(ui);
            if link(ui, "Back to the usual columns").clicked() {
                shown.columns = None;
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
    ];
    let needle = query.to_lowercase();
    for (title, fields) in groups {
        let fits = |field: &&Field| {
            needle.is_empty() || field.title().to_lowercase().contains(&needle) || field.id().contains(&needle)
        };
        let fits: Vec<&Field> = fields.iter().filter(fits).collect();
        if fits.is_empty() {
            continue;
        }
        ui.add_space(theme::of(ui).size.grid);
        widgets::section(ui, title);
        for field in fits {
            let mut on = now.contains(field);
            if widgets::checkbox(ui, &mut on, &field.title()).changed() {
                let mut chosen: Vec<Field> = now.iter().skip(2).cloned().collect();
                if on {
                    chosen.push(field.clone());
                } else {
                    chosen.retain(|other| other != field);
                }
                shown.columns = Some(chosen.iter().map(Field::id).collect());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_found_by_its_id() {
        let keyed =
            [Field::Metric("a.b".to_owned()), Field::Spark("a:b".to_owned()), Field::Param("metric".to_owned())];
        for field in SYSTEM.into_iter().chain(keyed) {
            assert_eq!(Field::of(&field.id()), Some(field));
        }
        assert_eq!(Field::of("nothing"), None);
    }

    #[test]
    fn heads_sort_in_the_database() {
        let by = |column: &str| sort(Some(&Sort { column: column.to_owned(), descending: false }));
        assert_eq!(by("metric:auc"), (RunSort::Metric("auc".to_owned()), false));
        assert_eq!(by("run"), (RunSort::Name, false));
        assert_eq!(sort(None), (RunSort::Created, true));
    }
}
