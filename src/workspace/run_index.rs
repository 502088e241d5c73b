//! Every run that is asked for, in order, grouped and nested: what a table of all of them needs before it
//! reads any of them.
//!
//! The index is narrow (24 bytes a run) and is made in one pass over an index of the database for each
//! thing that is asked for, so that 100,000 runs are in order in some milliseconds; the rows on screen are
//! then read by [`Workspace::indexed_runs`].

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::folder::Workspace;
use crate::model_runs::MODEL_TAG;
use crate::run_list::{Query, RunFilter, RunSort, column, conditions, load_rows};
use crate::runs::Run;
use crate::tracking::search::{Candidate, Key, Needs, Places, compare_keys, keep_all};
use crate::tracking::{Condition, PARENT_TAG, RunField};

/// The tag of a run that was put away: hidden from the list until it is asked for.
pub const ARCHIVED_TAG: &str = "atelier.archived";

/// Which runs, in which order, grouped by what.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunListing {
    /// Which runs and their order; `offset` and `limit` are not looked at.
    pub filter: RunFilter,
    /// All of these are met as well.
    pub conditions: Vec<Condition<RunField>>,
    /// The archived ones instead of the others.
    pub archived: bool,
    /// By what runs are grouped.
    pub group: Option<RunSort>,
    /// Whether runs know the runs that they were started within.
    pub nested: bool,
    /// Metrics that are summed up for each group.
    pub measures: Vec<String>,
}

/// A run of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexedRun {
    /// The run's number in the database, for [`Workspace::indexed_runs`].
    pub row: i64,
    /// The place in the index of the run it is nested in.
    pub parent: Option<u32>,
    /// The place of its group.
    pub group: u32,
    /// Whether it is a model of the run it is nested in.
    pub is_model: bool,
}

/// All runs that pass, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunIndex {
    /// The runs.
    pub runs: Vec<IndexedRun>,
    /// Their groups, by the mean of the metric that runs are in the order of, otherwise that of the first run first;
    /// none when runs are not grouped.
    pub groups: Vec<RunGroup>,
}

/// Runs that have a value in common.
#[derive(Debug, Clone, PartialEq)]
pub struct RunGroup {
    /// The value; none for runs that lack it.
    pub value: Option<String>,
    /// How many runs.
    pub runs: usize,
    /// One for each of [`RunListing::measures`].
    pub measures: Vec<Spread>,
}

/// How the finite values of a metric spread over some runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// How many values.
    pub count: usize,
    /// Their mean; 0 without values.
    pub mean: f64,
    /// The least; 0 without values.
    pub least: f64,
    /// The greatest; 0 without values.
    pub greatest: f64,
    /// Sum of squared differences from the mean, by Welford's recurrence.
    squares: f64,
}

impl Spread {
    /// Takes in a value. What is not finite is left out.
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.count += 1;
        if self.count == 1 {
            (self.least, self.greatest) = (value, value);
        }
        (self.least, self.greatest) = (self.least.min(value), self.greatest.max(value));
        let off = value - self.mean;
        self.mean += off / self.count as f64;
        self.squares += off * (value - self.mean);
    }

    /// The standard deviation of the sample; none of fewer than two values.
    pub fn deviation(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.squares / (self.count - 1) as f64).sqrt())
    }
}

impl Workspace {
    /// The runs that pass, in order.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn run_index(&self, listing: &RunListing) -> Result<RunIndex> {
        self.db.read(|conn| {
            let models = model_parents(conn)?;
            let (mut rows, valued) = in_order(conn, listing, passing(conn, listing, &models)?)?;
            if listing.nested {
                rows = raise_parents(rows, valued, &models);
            }
            let places = Places::new(rows.iter().copied());
            let mut runs: Vec<IndexedRun> =
                rows.into_iter().map(|row| IndexedRun { row, parent: None, group: 0, is_model: false }).collect();
            if listing.nested {
                nest(conn, &places, &mut runs)?;
                for (child, parent) in &models {
                    if let (Some(child), Some(_)) = (places.of(*child), places.of(*parent)) {
                        runs[child].is_model = true;
                    }
                }
            }
            let groups = match &listing.group {
                Some(by) => group(conn, &places, by, &mut runs, &listing.measures)?,
                None => Vec::new(),
            };
            let mut index = RunIndex { runs, groups };
            if let (RunSort::Metric(key), true) = (&listing.filter.sort, index.groups.len() > 1) {
                let spreads = spreads(conn, &places, &index.runs, index.groups.len(), key)?;
                order_groups(&mut index, &spreads, listing.filter.descending);
            }
            Ok(index)
        })
    }

    /// The runs with these numbers of an index, in this order, with params, latest metrics and tags; those
    /// that have gone since are left out.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn indexed_runs(&self, rows: &[i64]) -> Result<Vec<(i64, Run)>> {
        self.db.read(|conn| load_rows(conn, rows))
    }

    /// Values that runs have of a parameter or a tag, the commonest first, at most `limit`.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn run_values(&self, of: &RunSort, limit: usize) -> Result<Vec<String>> {
        let (table, key) = match of {
            RunSort::Param(key) => ("params", key),
            RunSort::Tag(key) => ("tags", key),
            _ => return Ok(Vec::new()),
        };
        self.db.read(|conn| {
            let mut statement = conn.prepare_cached(&format!(
                "SELECT value FROM {table} WHERE key_id = (SELECT id FROM keys WHERE name = ?1)
                 GROUP BY value ORDER BY count(*) DESC, value LIMIT ?2"
            ))?;
            let found = statement.query_map((key, limit as i64), |row| row.get(0))?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }
}

/// The rows of the runs that pass, in the order of a column of theirs; the newest first where they are to be in
/// another order.
fn passing(conn: &Connection, listing: &RunListing, models: &HashMap<i64, i64>) -> Result<Vec<i64>> {
    let filter = &listing.filter;
    let needs = Needs::of_conditions(&listing.conditions);
    let whole = listing.conditions.is_empty();
    let columns = if whole { "r.id".to_owned() } else { needs.columns() };
    let direction = if table_of(&filter.sort).is_some() { "DESC" } else { filter.direction() };
    let mut query = Query::default();
    let passing = conditions(filter);
    query.push(&format!("SELECT {columns} FROM runs r WHERE {}", passing.sql), passing.values);
    query.push(&format!(" ORDER BY {} {direction} NULLS LAST, r.id {direction}", column(&filter.sort)), []);
    let mut statement = conn.prepare_cached(&query.sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(&query.values))?;
    let mut found: Vec<i64> = Vec::new();
    let mut candidates: Vec<Candidate> = Vec::new();
    while let Some(row) = rows.next()? {
        match whole {
            true => found.push(row.get(0)?),
            false => candidates.push(needs.candidate(row)?),
        }
    }
    if !whole {
        keep_all(conn, &mut candidates, &listing.conditions)?;
        found = candidates.into_iter().map(|candidate| candidate.row).collect();
    }
    let mut archived = HashSet::new();
    scan(conn, "tags", ARCHIVED_TAG, "", |row, _| {
        archived.insert(row);
        Ok(())
    })?;
    // A run is put away with its models.
    let with_run: Vec<i64> =
        models.iter().filter(|(_, parent)| archived.contains(*parent)).map(|(model, _)| *model).collect();
    archived.extend(with_run);
    if listing.archived || !archived.is_empty() {
        found.retain(|row| archived.contains(row) == listing.archived);
    }
    Ok(found)
}

/// The runs that are models of others, each with the run that it is a model of.
fn model_parents(conn: &Connection) -> Result<HashMap<i64, i64>> {
    let mut statement = conn.prepare_cached(
        "SELECT m.run_id, p.id FROM tags m
         JOIN tags t ON t.run_id = m.run_id AND t.key_id = (SELECT id FROM keys WHERE name = ?2)
         JOIN runs p ON p.uuid = t.value
         WHERE m.key_id = (SELECT id FROM keys WHERE name = ?1)",
    )?;
    let pairs = statement.query_map([MODEL_TAG, PARENT_TAG], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(pairs.collect::<rusqlite::Result<_>>()?)
}

/// Puts runs that have no value of their own, as their metrics belong to their models, where the first of their models
/// stands. The first `valued` rows have a value.
fn raise_parents(rows: Vec<i64>, valued: usize, models: &HashMap<i64, i64>) -> Vec<i64> {
    if models.is_empty() || valued == 0 {
        return rows;
    }
    let without: HashSet<i64> = rows[valued..].iter().copied().collect();
    let mut raised = HashSet::new();
    let mut ordered = Vec::with_capacity(rows.len());
    for (place, row) in rows.into_iter().enumerate() {
        if raised.contains(&row) {
            continue;
        }
        if let Some(parent) = models.get(&row).filter(|parent| place < valued && without.contains(*parent))
            && raised.insert(*parent)
        {
            ordered.push(*parent);
        }
        ordered.push(row);
    }
    ordered
}

/// These rows in the order that was asked for, straight from an index of values, and how many have a value; those
/// without one follow as they are.
fn in_order(conn: &Connection, listing: &RunListing, rows: Vec<i64>) -> Result<(Vec<i64>, usize)> {
    let Some((table, key)) = table_of(&listing.filter.sort) else { return Ok((rows, 0)) };
    let direction = listing.filter.direction();
    let by = match table {
        // Numbers before words.
        "params" => format!("number {direction} NULLS LAST, value {direction}"),
        _ => format!("value {direction}"),
    };
    let places = Places::new(rows.iter().copied());
    let mut rest = vec![true; rows.len()];
    let mut ordered = Vec::with_capacity(rows.len());
    let order = format!("AND value IS NOT NULL ORDER BY {by}, run_id {direction}");
    scan(conn, table, key, &order, |row, _| {
        if let Some(place) = places.of(row) {
            rest[place] = false;
            ordered.push(row);
        }
        Ok(())
    })?;
    let valued = ordered.len();
    ordered.extend(rows.into_iter().zip(rest).filter_map(|(row, rest)| rest.then_some(row)));
    Ok((ordered, valued))
}

/// Gives `visit` the row of each run that has a value of this name, and the value.
fn scan(
    conn: &Connection,
    table: &str,
    key: &str,
    order: &str,
    mut visit: impl FnMut(i64, ValueRef<'_>) -> Result<()>,
) -> Result<()> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT run_id, value FROM {table} WHERE key_id = (SELECT id FROM keys WHERE name = ?1) {order}"
    ))?;
    let mut rows = statement.query([key])?;
    while let Some(row) = rows.next()? {
        visit(row.get(0)?, row.get_ref(1)?)?;
    }
    Ok(())
}

fn table_of(sort: &RunSort) -> Option<(&'static str, &str)> {
    match sort {
        RunSort::Metric(key) => Some(("latest_metrics", key)),
        RunSort::Param(key) => Some(("params", key)),
        RunSort::Tag(key) => Some(("tags", key)),
        _ => None,
    }
}

/// Tells each run its parent, where that passes too.
fn nest(conn: &Connection, places: &Places, runs: &mut [IndexedRun]) -> Result<()> {
    let mut statement = conn.prepare_cached(
        "SELECT t.run_id, p.id FROM tags t JOIN runs p ON p.uuid = t.value
         WHERE t.key_id = (SELECT id FROM keys WHERE name = ?1)",
    )?;
    let mut rows = statement.query([PARENT_TAG])?;
    while let Some(row) = rows.next()? {
        if let (Some(child), Some(parent)) = (places.of(row.get(0)?), places.of(row.get(1)?))
            && child != parent
        {
            runs[child].parent = Some(parent as u32);
        }
    }
    Ok(())
}

/// Puts each run into the group of its value and sums the groups up.
fn group(
    conn: &Connection,
    places: &Places,
    by: &RunSort,
    runs: &mut [IndexedRun],
    measures: &[String],
) -> Result<Vec<RunGroup>> {
    let mut values = Values::default();
    let mut of_runs: Vec<Option<u32>> = vec![None; runs.len()];
    let mut take = |row: i64, value: ValueRef<'_>| {
        if let Some(place) = places.of(row) {
            of_runs[place] = Some(values.number(value)?);
        }
        Ok(())
    };
    match table_of(by) {
        Some((table, key)) => scan(conn, table, key, "", take)?,
        None => {
            let mut statement = conn.prepare_cached(&format!("SELECT r.id, {} FROM runs r", column(by)))?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                take(row.get(0)?, row.get_ref(1)?)?;
            }
        }
    }
    let none = values.number(ValueRef::Null)?;
    let mut groups: Vec<RunGroup> = Vec::new();
    let mut of_values: Vec<Option<u32>> = vec![None; values.texts.len()];
    for (run, value) in runs.iter_mut().zip(of_runs) {
        let value = value.unwrap_or(none) as usize;
        run.group = *of_values[value].get_or_insert_with(|| {
            groups.push(RunGroup { value: values.texts[value].take(), runs: 0, measures: Vec::new() });
            groups.len() as u32 - 1
        });
        groups[run.group as usize].runs += 1;
    }
    // A group counts whole runs; the models among them are seen below their own.
    for run in runs.iter().filter(|run| run.is_model) {
        let of_run = run.parent.and_then(|parent| runs.get(parent as usize));
        if of_run.is_some_and(|whole| whole.group == run.group) {
            groups[run.group as usize].runs -= 1;
        }
    }
    for key in measures {
        let spreads = spreads(conn, places, runs, groups.len(), key)?;
        groups.iter_mut().zip(spreads).for_each(|(group, spread)| group.measures.push(spread));
    }
    Ok(groups)
}

/// The different values of many runs, numbered. Equal ones mostly follow each other, as they come from an index.
#[derive(Default)]
struct Values {
    texts: Vec<Option<String>>,
    known: HashMap<Option<String>, u32>,
    last: u32,
}

impl Values {
    fn number(&mut self, value: ValueRef<'_>) -> Result<u32> {
        let same = match (self.texts.get(self.last as usize), value) {
            (Some(Some(last)), ValueRef::Text(text)) => last.as_bytes() == text,
            (Some(None), ValueRef::Null) => true,
            _ => false,
        };
        if !same {
            let text = text_of(value)?;
            self.last = *self.known.entry(text).or_insert_with_key(|text| {
                self.texts.push(text.clone());
                self.texts.len() as u32 - 1
            });
        }
        Ok(self.last)
    }
}

/// How a metric spreads over the runs of each group.
fn spreads(conn: &Connection, places: &Places, runs: &[IndexedRun], groups: usize, key: &str) -> Result<Vec<Spread>> {
    let mut spreads = vec![Spread::default(); groups];
    scan(conn, "latest_metrics", key, "", |row, value| {
        if let Some(place) = places.of(row) {
            spreads[runs[place].group as usize].add(value.as_f64_or_null()?.unwrap_or(f64::NAN));
        }
        Ok(())
    })?;
    Ok(spreads)
}

/// Puts the groups into the order of these means, one for each; groups without one last.
fn order_groups(index: &mut RunIndex, spreads: &[Spread], descending: bool) {
    let key = |at: &u32| {
        let spread = &spreads[*at as usize];
        if spread.count > 0 { Key::Number(0, spread.mean) } else { Key::Number(3, 0.0) }
    };
    let mut order: Vec<u32> = (0..index.groups.len() as u32).collect();
    order.sort_by(|a, b| compare_keys(&key(a), &key(b), !descending));
    let mut now = vec![0; order.len()];
    order.iter().enumerate().for_each(|(at, before)| now[*before as usize] = at as u32);
    index.runs.iter_mut().for_each(|run| run.group = now[run.group as usize]);
    let mut groups: Vec<_> = std::mem::take(&mut index.groups).into_iter().map(Some).collect();
    index.groups = order.iter().filter_map(|at| groups[*at as usize].take()).collect();
}

fn text_of(value: ValueRef<'_>) -> Result<Option<String>> {
    Ok(match value {
        ValueRef::Null => None,
        ValueRef::Integer(value) => Some(value.to_string()),
        ValueRef::Real(value) => Some(value.to_string()),
        _ => Some(value.as_str()?.to_owned()),
    })
}

#[cfg(test)]
#[path = "run_index_tests.rs"]
mod tests;
