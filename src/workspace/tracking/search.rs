//! The search of runs.
//!
//! SQLite reads narrow indexes here and decides only plain comparisons: the runs of the experiments in their natural
//! order, and for each metric, parameter or tag that is asked for, its values. Other conditions are met and
//! the page is chosen in memory, so that a search costs one pass over an index for each thing it names,
//! whatever it says of it. Only the runs of the page are read whole.

use std::cmp::{Ordering, Reverse};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};

use super::runs::{self, TrackedRun, protocol_status};
use super::{Condition, Operator, Order, Page, RUN_NAME_TAG, Value, View};
use crate::error::Result;
use crate::folder::Workspace;
use crate::words::RunStatus;

/// With no more candidates than this, each is looked up by itself.
const FEW: usize = 1000;

/// How many runs are looked at one by one, best first, before all are read at once.
const PROBES: usize = 1500;

/// By what runs are searched.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum RunField {
    Metric(String),
    Param(String),
    Tag(String),
    Id,
    Name,
    Status,
    User,
    ArtifactUri,
    Start,
    End,
    DatasetName,
    DatasetDigest,
    DatasetContext,
}

/// Which runs, in which order: at the end those that started last first, then by id.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunSearch {
    /// Of these experiments.
    pub experiments: Vec<i64>,
    /// All of these are met.
    pub conditions: Vec<Condition<RunField>>,
    /// In this order. Runs with NaN come after the others, those without a value last.
    pub order: Vec<Order<RunField>>,
    /// Deleted or not.
    pub view: View,
    /// How many to leave out.
    pub offset: usize,
    /// How many to return at most.
    pub limit: usize,
}

/// A run that may be on the page.
pub(crate) struct Candidate {
    pub(crate) row: i64,
    start: i64,
    uuid: u128,
    status: RunStatus,
    end: Option<i64>,
    /// Name, user and artifact address, where they are asked for.
    texts: [Option<String>; 3],
}

/// What a run is ordered by. The first number puts NaN after values and what is missing last.
pub(crate) enum Key {
    Number(u8, f64),
    Text(u8, String),
}

impl Workspace {
    /// The runs that meet all conditions, a page of them with their data.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn search_runs(&self, search: &RunSearch) -> Result<Page<TrackedRun>> {
        self.db.read(|conn| {
            let (rows, more) = page(conn, search)?;
            Ok(Page { items: runs::load(conn, &rows)?, more })
        })
    }
}

/// The rows of the page, and whether more follow.
fn page(conn: &Connection, search: &RunSearch) -> Result<(Vec<i64>, bool)> {
    // Ordering by start, last first, is what happens anyway.
    let order = match search.order.as_slice() {
        [Order { field: RunField::Start, ascending: false }] => &[],
        order => order,
    };
    let end = search.offset.saturating_add(search.limit);
    let natural = search.conditions.is_empty() && order.is_empty();
    let found = match best(conn, search, order, end.saturating_add(1))? {
        Some(found) => found,
        None => {
            let mut found = candidates(conn, search, natural.then_some(end.saturating_add(1)))?;
            keep_all(conn, &mut found, &search.conditions)?;
            found
        }
    };
    let mut places: Vec<u32> = (0..found.len() as u32).collect();
    if !order.is_empty() {
        let keys = order.iter().map(|clause| keys(conn, &found, &clause.field)).collect::<Result<Vec<_>>>()?;
        let compare = |a: &u32, b: &u32| {
            for (clause, keys) in order.iter().zip(&keys) {
                let ordering = compare_keys(&keys[*a as usize], &keys[*b as usize], clause.ascending);
                if ordering != Ordering::Equal {
                    return ordering;
                }
            }
            // Candidates stand in their natural order.
            a.cmp(b)
        };
        let wanted = end.saturating_add(1);
        if places.len() > wanted {
            places.select_nth_unstable_by(wanted - 1, compare);
            places.truncate(wanted);
        }
        places.sort_unstable_by(compare);
    }
    let more = places.len() > end;
    let rows = places.iter().skip(search.offset).take(search.limit).map(|place| found[*place as usize].row);
    Ok((rows.collect(), more))
}

/// Which columns of a run a search needs beside its row; each costs time for every run there is.
#[derive(Default)]
pub(crate) struct Needs {
    /// When runs of several experiments are merged, or ids are asked for.
    uuid: bool,
    start: bool,
    status: bool,
    end: bool,
    texts: [bool; 3],
}

impl Needs {
    fn of(search: &RunSearch, experiments: usize) -> Self {
        let fields = search.conditions.iter().map(|c| &c.field).chain(search.order.iter().map(|o| &o.field));
        Self { uuid: experiments > 1, start: experiments > 1, ..Self::default() }.with(fields)
    }

    /// What conditions on these fields need.
    pub(crate) fn of_conditions(conditions: &[Condition<RunField>]) -> Self {
        Self::default().with(conditions.iter().map(|condition| &condition.field))
    }

    fn with<'a>(self, fields: impl Iterator<Item = &'a RunField>) -> Self {
        let mut needs = self;
        for field in fields {
            match field {
                field if is_name(field) => needs.texts[0] = true,
                RunField::User => needs.texts[1] = true,
                RunField::ArtifactUri => needs.texts[2] = true,
                RunField::Id => needs.uuid = true,
                RunField::Start => needs.start = true,
                RunField::Status => needs.status = true,
                RunField::End => needs.end = true,
                _ => {}
            }
        }
        needs
    }

    fn sql(&self, view: View) -> String {
        format!(
            "SELECT {} FROM runs r INDEXED BY runs_by_start
             WHERE r.experiment_id = ?1 AND {} ORDER BY r.start_time DESC, r.uuid LIMIT ?2",
            self.columns(),
            view.sql("r.deleted_at")
        )
    }

    fn sql_of_one(&self, view: View) -> String {
        let (columns, shown) = (self.columns(), view.sql("r.deleted_at"));
        format!("SELECT {columns}, r.experiment_id FROM runs r WHERE r.id = ?1 AND {shown}")
    }

    pub(crate) fn columns(&self) -> String {
        const URI: &str = "coalesce(r.artifact_uri, (SELECT coalesce(e.artifact_location, 'mlflow-artifacts:/' || e.id)
            FROM experiments e WHERE e.id = r.experiment_id) || '/' || r.uuid || '/artifacts')";
        let asked = |needed: bool, column: &'static str| if needed { column } else { "NULL" };
        format!(
            "r.id, {}, {}, {}, {}, {}, {}, {}",
            asked(self.start, "r.start_time"),
            asked(self.uuid, "r.uuid"),
            asked(self.status, "r.status"),
            asked(self.end, "r.ended_at"),
            asked(self.texts[0], "r.name"),
            asked(self.texts[1], "r.user"),
            asked(self.texts[2], URI),
        )
    }

    pub(crate) fn candidate(&self, row: &Row<'_>) -> rusqlite::Result<Candidate> {
        let text = |place: usize| if self.texts[place] { row.get(5 + place) } else { Ok(None) };
        Ok(Candidate {
            row: row.get(0)?,
            start: if self.start { row.get(1)? } else { 0 },
            // 32 hex digits, so that their order as a number is that of the text.
            uuid: match self.uuid {
                true => u128::from_str_radix(row.get_ref(2)?.as_str()?, 16).unwrap_or_default(),
                false => 0,
            },
            status: if self.status { row.get(3)? } else { RunStatus::Waiting },
            end: if self.end { row.get(4)? } else { None },
            texts: [text(0)?, text(1)?, text(2)?],
        })
    }
}

/// The runs of the experiments in their natural order, at most `limit`.
fn candidates(conn: &Connection, search: &RunSearch, limit: Option<usize>) -> Result<Vec<Candidate>> {
    let mut experiments = search.experiments.clone();
    experiments.sort_unstable();
    experiments.dedup();
    let needs = Needs::of(search, experiments.len());
    let mut statement = conn.prepare_cached(&needs.sql(search.view))?;
    let limit = limit.map_or(-1, |limit| limit as i64);
    let mut found = Vec::new();
    for experiment in &experiments {
        let mut rows = statement.query((experiment, limit))?;
        while let Some(row) = rows.next()? {
            found.push(needs.candidate(row)?);
        }
    }
    if experiments.len() > 1 {
        found.sort_unstable_by_key(|candidate| (Reverse(candidate.start), candidate.uuid));
    }
    Ok(found)
}

/// The runs that meet all conditions, best first by the metric that the order begins with: `wanted` of
/// them and all that tie with the last, in their natural order. `None` when that is not such an order, or
/// takes so many looks that reading everything is cheaper.
fn best(
    conn: &Connection,
    search: &RunSearch,
    order: &[Order<RunField>],
    wanted: usize,
) -> Result<Option<Vec<Candidate>>> {
    let Some(Order { field: RunField::Metric(key), ascending }) = order.first() else { return Ok(None) };
    let of_datasets =
        |field: &RunField| matches!(field, RunField::DatasetName | RunField::DatasetDigest | RunField::DatasetContext);
    if wanted > FEW || search.conditions.iter().any(|condition| of_datasets(&condition.field)) {
        return Ok(None);
    }
    let direction = if *ascending { "ASC" } else { "DESC" };
    let mut ranked = conn.prepare_cached(&format!(
        "SELECT run_id, value FROM latest_metrics WHERE key_id = (SELECT id FROM keys WHERE name = ?1)
             AND value IS NOT NULL ORDER BY value {direction}"
    ))?;
    let mut rows = ranked.query([key])?;
    let needs = Needs { uuid: true, start: true, status: true, end: true, ..Needs::of(search, 2) };
    let mut one = conn.prepare_cached(&needs.sql_of_one(search.view))?;
    let mut found: Vec<Candidate> = Vec::new();
    let (mut probes, mut part, mut last) = (0, Vec::new(), None);
    loop {
        let next = match rows.next()? {
            Some(row) => Some((row.get::<_, i64>(0)?, row.get::<_, f64>(1)?)),
            None => None,
        };
        // A part ends where the value changes, so that ties are never cut.
        let full = part.len() >= wanted.max(64) && next.is_none_or(|(_, value)| Some(value) != last);
        if full || next.is_none() {
            for condition in &search.conditions {
                keep(conn, &mut part, condition)?;
            }
            found.append(&mut part);
            if found.len() >= wanted {
                found.sort_unstable_by_key(|candidate| (Reverse(candidate.start), candidate.uuid));
                return Ok(Some(found));
            }
            // At this rate it would take too many.
            if found.len() * PROBES < wanted * probes {
                return Ok(None);
            }
        }
        let Some((row, value)) = next else { return Ok(None) };
        probes += 1;
        if probes > PROBES {
            return Ok(None);
        }
        last = Some(value);
        let run = one.query_row([row], |row| Ok((row.get::<_, i64>(8)?, needs.candidate(row)?))).optional()?;
        if let Some((_, candidate)) = run.filter(|(experiment, _)| search.experiments.contains(experiment)) {
            part.push(candidate);
        }
    }
}

/// Leaves only those that meet all conditions.
pub(crate) fn keep_all(
    conn: &Connection,
    found: &mut Vec<Candidate>,
    conditions: &[Condition<RunField>],
) -> Result<()> {
    // What leaves few goes first: few are looked up one by one.
    let mut conditions: Vec<_> = conditions.iter().collect();
    conditions.sort_by_key(|condition| condition.operator != Operator::Equal);
    conditions.into_iter().try_for_each(|condition| keep(conn, found, condition))
}

/// Leaves only those that meet the condition.
fn keep(conn: &Connection, found: &mut Vec<Candidate>, condition: &Condition<RunField>) -> Result<()> {
    let flags = match &condition.field {
        RunField::DatasetName | RunField::DatasetDigest | RunField::DatasetContext => {
            Some(dataset_flags(conn, found, condition)?)
        }
        field if is_name(field) => None,
        field => value_flags(conn, found, condition, field)?,
    };
    match flags {
        Some(flags) => {
            let mut flags = flags.into_iter();
            found.retain(|_| flags.next() == Some(true));
        }
        None => found.retain(|candidate| meets(candidate, condition)),
    }
    Ok(())
}

/// Whether what the run itself says meets the condition.
fn meets(run: &Candidate, condition: &Condition<RunField>) -> bool {
    match &condition.field {
        RunField::Id => condition.meets_text(&format!("{:032x}", run.uuid)),
        RunField::Status => condition.meets_text(protocol_status(run.status)),
        RunField::Start => condition.meets_integer(run.start),
        RunField::End => run.end.is_some_and(|end| condition.meets_integer(end)),
        RunField::User => condition.meets(run.texts[1].as_deref()),
        RunField::ArtifactUri => condition.meets(run.texts[2].as_deref()),
        _ => condition.meets(run.texts[0].as_deref()),
    }
}

/// Which of `found` meet a condition on a metric, a parameter or a tag; none for other fields.
fn value_flags(
    conn: &Connection,
    found: &[Candidate],
    condition: &Condition<RunField>,
    field: &RunField,
) -> Result<Option<Vec<bool>>> {
    let Some((table, key)) = table_of(field) else { return Ok(None) };
    let mut flags = vec![condition.operator == Operator::IsNull; found.len()];
    if let Some((operator, value)) = narrowed(condition).filter(|_| found.len() > FEW) {
        let places = Places::of_candidates(found);
        let mut matching = conn.prepare_cached(&format!(
            "SELECT run_id FROM {table} WHERE key_id = (SELECT id FROM keys WHERE name = ?1) AND value {operator} ?2"
        ))?;
        let mut rows = matching.query((key, value))?;
        while let Some(row) = rows.next()? {
            if let Some(place) = places.of(row.get(0)?) {
                flags[place] = true;
            }
        }
        return Ok(Some(flags));
    }
    values(conn, found, table, key, |place, value| {
        flags[place] = match (condition.operator, value) {
            (Operator::IsNull, _) => false,
            (Operator::IsNotNull, _) => true,
            (_, ValueRef::Text(_)) => condition.meets_text(value.as_str()?),
            // SQLite keeps NaN as NULL.
            _ => condition.meets_number(value.as_f64_or_null()?.unwrap_or(f64::NAN)),
        };
        Ok(())
    })?;
    Ok(Some(flags))
}

/// A comparison that SQLite decides as [`Condition`] does, over an index by value: then only the runs that
/// meet it are read. NULL, which is NaN, meets none of these on either side.
fn narrowed(condition: &Condition<RunField>) -> Option<(&'static str, rusqlite::types::Value)> {
    let operator = match condition.operator {
        Operator::Equal => "=",
        Operator::Less => "<",
        Operator::LessEqual => "<=",
        Operator::Greater => ">",
        Operator::GreaterEqual => ">=",
        _ => return None,
    };
    match (&condition.value, &condition.field) {
        (Value::Number(number), RunField::Metric(_)) if !number.is_nan() => Some((operator, (*number).into())),
        (Value::Integer(number), RunField::Metric(_)) => Some((operator, (*number as f64).into())),
        (Value::Text(text), RunField::Param(_) | RunField::Tag(_)) if operator == "=" => {
            Some((operator, text.clone().into()))
        }
        _ => None,
    }
}

/// Whether the field is the run's name, which its tag stands for.
fn is_name(field: &RunField) -> bool {
    match field {
        RunField::Name => true,
        RunField::Tag(key) => key == RUN_NAME_TAG,
        _ => false,
    }
}

fn table_of(field: &RunField) -> Option<(&'static str, &str)> {
    match field {
        RunField::Metric(key) => Some(("latest_metrics", key)),
        RunField::Param(key) => Some(("params", key)),
        RunField::Tag(key) => Some(("tags", key)),
        _ => None,
    }
}

/// Gives `visit` the place in `found` and the value of each run that has a value of this name.
fn values(
    conn: &Connection,
    found: &[Candidate],
    table: &str,
    key: &str,
    mut visit: impl FnMut(usize, ValueRef<'_>) -> Result<()>,
) -> Result<()> {
    let key: Option<i64> =
        conn.prepare_cached("SELECT id FROM keys WHERE name = ?1")?.query_row([key], |row| row.get(0)).optional()?;
    let Some(key) = key else { return Ok(()) };
    if found.len() <= FEW {
        let mut one = conn.prepare_cached(&format!("SELECT value FROM {table} WHERE run_id = ?1 AND key_id = ?2"))?;
        for (place, run) in found.iter().enumerate() {
            let mut rows = one.query((run.row, key))?;
            if let Some(row) = rows.next()? {
                visit(place, row.get_ref(0)?)?;
            }
        }
        return Ok(());
    }
    let places = Places::of_candidates(found);
    let mut all = conn.prepare_cached(&format!("SELECT run_id, value FROM {table} WHERE key_id = ?1"))?;
    let mut rows = all.query([key])?;
    while let Some(row) = rows.next()? {
        if let Some(place) = places.of(row.get(0)?) {
            visit(place, row.get_ref(1)?)?;
        }
    }
    Ok(())
}

/// Where each row stands among those that were found. Rows are numbered almost without gaps, so that a plain
/// array is smaller and faster than a map.
pub(crate) struct Places {
    first: i64,
    places: Vec<u32>,
}

impl Places {
    pub(crate) fn new(rows: impl Iterator<Item = i64> + Clone) -> Self {
        let first = rows.clone().min().unwrap_or(0);
        let last = rows.clone().max().unwrap_or(0);
        let mut places = vec![u32::MAX; (last - first + 1) as usize];
        for (place, row) in rows.enumerate() {
            places[(row - first) as usize] = place as u32;
        }
        Self { first, places }
    }

    fn of_candidates(found: &[Candidate]) -> Self {
        Self::new(found.iter().map(|run| run.row))
    }

    pub(crate) fn of(&self, row: i64) -> Option<usize> {
        let offset = usize::try_from(row.checked_sub(self.first)?).ok()?;
        self.places.get(offset).filter(|place| **place != u32::MAX).map(|place| *place as usize)
    }
}

/// Which of `found` read a dataset that meets the condition: one that its client described, or a version
/// of ours.
fn dataset_flags(conn: &Connection, found: &[Candidate], condition: &Condition<RunField>) -> Result<Vec<bool>> {
    let (logged, own) = match condition.field {
        RunField::DatasetName => ("d.name", "dataset"),
        RunField::DatasetDigest => ("d.digest", "substr(digest, 1, 32)"),
        _ => ("i.context", "step"),
    };
    let mut flags = vec![false; found.len()];
    let places = Places::of_candidates(found);
    let mut statement = conn.prepare_cached(&format!(
        "SELECT i.run_id, {logged} FROM run_datasets i JOIN logged_datasets d ON d.id = i.dataset_id
         UNION ALL SELECT run_id, {own} FROM run_inputs"
    ))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let text = row.get_ref(1)?.as_str_or_null()?;
        if let (Some(place), Some(text)) = (places.of(row.get(0)?), text) {
            flags[place] = flags[place] || condition.meets_text(text);
        }
    }
    Ok(flags)
}

/// What each candidate is ordered by.
fn keys(conn: &Connection, found: &[Candidate], field: &RunField) -> Result<Vec<Key>> {
    let missing = || Key::Number(2, 0.0);
    let text = |value: Option<&str>| value.map_or_else(missing, |value| Key::Text(0, value.to_owned()));
    let number = |value: Option<i64>| value.map_or_else(missing, |value| Key::Number(0, value as f64));
    let Some((table, key)) = table_of(field).filter(|_| !is_name(field)) else {
        let own = |run: &Candidate| match field {
            RunField::Id => Key::Text(0, format!("{:032x}", run.uuid)),
            RunField::Status => text(Some(protocol_status(run.status))),
            RunField::User => text(run.texts[1].as_deref()),
            RunField::ArtifactUri => text(run.texts[2].as_deref()),
            RunField::Start => number(Some(run.start)),
            RunField::End => number(run.end),
            _ => text(run.texts[0].as_deref()),
        };
        return Ok(found.iter().map(own).collect());
    };
    let mut keys: Vec<Key> = found.iter().map(|_| missing()).collect();
    values(conn, found, table, key, |place, value| {
        keys[place] = match value {
            ValueRef::Text(_) => Key::Text(0, value.as_str()?.to_owned()),
            ValueRef::Null => Key::Number(1, 0.0),
            _ => Key::Number(0, value.as_f64()?),
        };
        Ok(())
    })?;
    Ok(keys)
}

pub(crate) fn compare_keys(a: &Key, b: &Key, ascending: bool) -> Ordering {
    let class = |key: &Key| match key {
        Key::Number(class, _) | Key::Text(class, _) => *class,
    };
    let ordering = match (a, b) {
        (Key::Number(0, a), Key::Number(0, b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
        (Key::Text(_, a), Key::Text(_, b)) => a.cmp(b),
        // Classes keep their order whichever way values go.
        _ => return class(a).cmp(&class(b)),
    };
    if ascending { ordering } else { ordering.reverse() }
}
