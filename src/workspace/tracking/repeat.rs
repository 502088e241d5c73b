//! Runs that steps' processes logged through the protocol, said again where their steps are reused.

use rusqlite::{Connection, OptionalExtension};

use super::steps::{OWN_TAGS, STEP_TAG, step_artifacts};
use super::{PARENT_TAG, runs::any_run};
use crate::blobs::Blob;
use crate::error::Result;
use crate::run_changes::set_text;
use crate::runs::new_run_id;
use crate::tx::Batch;
use crate::words::RunStatus;

/// How deep runs are nested that are repeated; deeper ones are nobody's.
const DEPTH: usize = 16;

/// The newest run in which a step of a run logged.
const STEP_RUN: &str = "SELECT r.uuid FROM tags p JOIN runs r ON r.id = p.run_id
     JOIN tags s ON s.run_id = r.id AND s.key_id = (SELECT id FROM keys WHERE name = ?3)
     WHERE p.key_id = (SELECT id FROM keys WHERE name = ?1) AND p.value = ?2 AND s.value = ?4 AND r.logged
     ORDER BY r.id DESC LIMIT 1";

impl Batch<'_> {
    /// Remembers with what is kept under `key` that the step's process logged a run, nested in `parent`, if it did.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn keep_step_run(&self, key: &str, parent: &str, step: &str) -> Result<()> {
        let logged = step_run(self.conn, parent, step)?;
        let mut update = self.conn.prepare_cached("UPDATE step_cache SET logged_run = ?2 WHERE key = ?1")?;
        update.execute((key, logged))?;
        Ok(())
    }

    /// Repeats the run `logged` of a step's process, with those nested in it, as that of the step `step` of `parent`.
    /// A step that has a finished run already keeps it.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn repeat_step_run(&self, logged: &str, parent: &str, step: &str, name: &str) -> Result<()> {
        if let Some(own) = step_run(self.conn, parent, step)?
            && status_of(self.conn, &own)? == RunStatus::Done.as_str()
        {
            return Ok(());
        }
        let (run, _) = self.open_step_run(parent, step, name)?;
        self.copy_logged(logged, &run, &OWN_TAGS)?;
        self.copy_nested(logged, &run, DEPTH)
    }

    fn copy_nested(&self, from: &str, to: &str, depth: usize) -> Result<()> {
        if depth == 0 {
            return Ok(());
        }
        let mut nested = self.conn.prepare_cached(
            "SELECT r.uuid FROM tags p JOIN runs r ON r.id = p.run_id
             WHERE p.key_id = (SELECT id FROM keys WHERE name = ?1) AND p.value = ?2 ORDER BY r.id",
        )?;
        let children = nested.query_map((PARENT_TAG, from), |row| row.get(0))?;
        for child in children.collect::<rusqlite::Result<Vec<String>>>()? {
            let run = new_run_id();
            let mut insert = self.conn.prepare_cached(
                "INSERT INTO runs (uuid, experiment_id, created_at, status, started_at, name, user, logged, details)
                 SELECT ?2, experiment_id, ?3, status, ?3, name, user, logged, details FROM runs WHERE uuid = ?1",
            )?;
            set_text(self.conn, insert.insert((&child, &run, self.now))?)?;
            self.set_tags(&run, &[(PARENT_TAG.to_owned(), to.to_owned())])?;
            self.copy_logged(&child, &run, &[PARENT_TAG])?;
            self.copy_nested(&child, &run, depth - 1)?;
        }
        Ok(())
    }

    /// Gives the run `to` what was logged to `from`, but for the tags of these names.
    fn copy_logged(&self, from: &str, to: &str, but: &[&str]) -> Result<()> {
        let (old, new) = (any_run(self.conn, from)?, any_run(self.conn, to)?);
        let (old_start, status): (i64, String) = self
            .conn
            .prepare_cached("SELECT start_time, status FROM runs WHERE id = ?1")?
            .query_row([old], |row| Ok((row.get(0)?, row.get(1)?)))?;
        // Points keep their distance from the start of their run.
        let later = self.now - old_start;
        for statement in [
            "INSERT INTO params (run_id, key_id, value, number) SELECT ?2, key_id, value, number FROM params
             WHERE run_id = ?1 AND ?3 IS NOT NULL",
            "INSERT INTO metrics (run_id, key_id, step, timestamp, n, value)
             SELECT ?2, key_id, step, timestamp + ?3, n, value FROM metrics WHERE run_id = ?1",
            "INSERT INTO latest_metrics (run_id, key_id, step, timestamp, value)
             SELECT ?2, key_id, step, timestamp + ?3, value FROM latest_metrics WHERE run_id = ?1",
            "INSERT INTO run_datasets (run_id, dataset_id, tags, context)
             SELECT ?2, dataset_id, tags, context FROM run_datasets WHERE run_id = ?1 AND ?3 IS NOT NULL",
            "INSERT INTO run_models (run_id, kind, model_id, step)
             SELECT ?2, kind, model_id, step FROM run_models WHERE run_id = ?1 AND ?3 IS NOT NULL",
        ] {
            self.conn.prepare_cached(statement)?.execute((old, new, later))?;
        }
        let mut tags = self.conn.prepare_cached(
            "INSERT OR REPLACE INTO tags (run_id, key_id, value)
             SELECT ?2, t.key_id, t.value FROM tags t JOIN keys k ON k.id = t.key_id
             WHERE t.run_id = ?1 AND k.name NOT IN (SELECT value FROM json_each(?3))",
        )?;
        tags.execute((old, new, serde_json::to_string(but)?))?;
        self.copy_artifacts((old, from), (new, to))?;

        let mut end = self.conn.prepare_cached("UPDATE runs SET status = ?2, ended_at = ?3 WHERE id = ?1")?;
        end.execute((new, status, self.now))?;
        Ok(())
    }

    fn copy_artifacts(&self, from: (i64, &str), to: (i64, &str)) -> Result<()> {
        let (old, new) = (step_artifacts(self.conn, from.0, from.1)?, step_artifacts(self.conn, to.0, to.1)?);
        let (first, end) = super::artifacts::within(&old);
        let mut found =
            self.conn.prepare_cached("SELECT path, digest, size FROM artifacts WHERE path >= ?1 AND path < ?2")?;
        let rows = found.query_map((first, end), |row| {
            let size: i64 = row.get(2)?;
            Ok((row.get::<_, String>(0)?, Blob { digest: row.get(1)?, size: size as u64 }))
        })?;
        for (path, blob) in rows.collect::<rusqlite::Result<Vec<_>>>()? {
            self.put_artifact(&format!("{new}{}", &path[old.len()..]), &blob)?;
        }
        Ok(())
    }
}

fn status_of(conn: &Connection, run: &str) -> Result<String> {
    Ok(conn.prepare_cached("SELECT status FROM runs WHERE uuid = ?1")?.query_row([run], |row| row.get(0))?)
}

fn step_run(conn: &Connection, parent: &str, step: &str) -> Result<Option<String>> {
    let mut found = conn.prepare_cached(STEP_RUN)?;
    Ok(found.query_row((PARENT_TAG, parent, STEP_TAG, step), |row| row.get(0)).optional()?)
}

#[cfg(test)]
mod tests {
    use crate::MetricPoint;
    use crate::test_support::{change, insert_run, workspace};
    use crate::words::RunStatus;

    #[test]
    fn a_reused_step_has_what_its_process_had_logged() {
        let (_dir, workspace) = workspace();
        let (first, second) = (insert_run(&workspace, "heron"), insert_run(&workspace, "crane"));
        let (logged, _) = workspace.write(change(), |tx| tx.open_step_run(&first, "fit", "Fit")).unwrap();
        let blob = workspace.put_bytes(b"picture").unwrap();
        let point = |step, value| MetricPoint { key: "loss".into(), value, timestamp_ms: 100 + step, step };
        workspace
            .write(change(), |tx| {
                tx.log_metrics(&logged, &[point(1, 0.5), point(2, f64::NAN), point(2, 0.25)])?;
                tx.log_params(&logged, &[("depth".into(), "3".into())])?;
                tx.set_tags(&logged, &[("team".into(), "red".into())])?;
                tx.put_artifact(&format!("0/{logged}/artifacts/loss.png"), &blob)?;
                let (child, _) = tx.open_step_run(&logged, "trial", "Trial")?;
                tx.log_metrics(&child, &[point(1, 0.75)])?;
                tx.close_step_runs(&logged, None, RunStatus::Failed)?;
                tx.remember_step("key", None, None, &[])?;
                tx.close_step_runs(&first, Some("fit"), RunStatus::Done)?;
                tx.keep_step_run("key", &first, "fit")
            })
            .unwrap();
        let entry = workspace.cached_step("key").unwrap().unwrap();
        assert_eq!(entry.logged_run.as_deref(), Some(logged.as_str()));

        for _ in 0..2 {
            workspace.write(change(), |tx| tx.repeat_step_run(&logged, &second, "train", "Train")).unwrap();
        }
        let runs = workspace.step_runs(&second).unwrap();
        assert_eq!(runs.len(), 1, "a step that has a run keeps it");
        let (step, copy) = &runs[0];
        let run = workspace.tracked_run(copy).unwrap();
        assert_eq!((step.as_str(), run.name.as_str(), run.status), ("train", "Train", RunStatus::Done));
        assert_eq!(run.params, [("depth".to_owned(), "3".to_owned())]);
        let tag = |key: &str| run.tags.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
        assert_eq!((tag("team"), tag("mlflow.parentRunId")), (Some("red"), Some(second.as_str())));
        let curve = |run: &str| workspace.metric_columns(run, "loss").unwrap();
        let (old, new) = (curve(&logged), curve(copy));
        assert_eq!(new.steps, old.steps);
        assert_eq!(format!("{:?}", new.values), format!("{:?}", old.values));
        assert_eq!(new.times_ms[1] - new.times_ms[0], 1);
        assert_eq!(workspace.artifacts_in(&format!("0/{copy}/artifacts")).unwrap()[0].size, Some(7));
        let children = workspace.step_runs(copy).unwrap();
        assert_eq!((children.len(), children[0].0.as_str()), (1, "trial"));
        assert_eq!(curve(&children[0].1).values, [0.75]);
    }

    #[test]
    fn a_step_whose_run_is_gone_for_good_is_not_reused() {
        let (_dir, workspace) = workspace();
        let run = insert_run(&workspace, "heron");
        let (logged, _) = workspace.write(change(), |tx| tx.open_step_run(&run, "fit", "Fit")).unwrap();
        workspace
            .write(change(), |tx| {
                tx.remember_step("key", None, None, &[])?;
                tx.keep_step_run("key", &run, "fit")
            })
            .unwrap();
        assert!(workspace.cached_step("key").unwrap().is_some());
        // Nothing was logged to it, so it leaves no trace.
        workspace.write(change(), |tx| tx.close_step_runs(&run, None, RunStatus::Done)).unwrap();
        assert!(workspace.tracked_run(&logged).is_err());
        assert_eq!(workspace.cached_step("key").unwrap(), None);
    }

    #[test]
    fn what_a_step_said_is_kept_with_it() {
        let (_dir, workspace) = workspace();
        let journal = serde_json::json!({"lines": [["info", "Removed 2 rows."]]});
        workspace.write(change(), |tx| tx.remember_step("key", None, None, &[])).unwrap();
        assert_eq!(workspace.step_journal("key").unwrap(), None);
        workspace.write(change(), |tx| tx.keep_step_journal("key", &journal)).unwrap();
        assert_eq!(workspace.step_journal("key").unwrap(), Some(journal));
        workspace.write(change(), |tx| tx.remember_step("key", None, None, &[])).unwrap();
        assert_eq!(workspace.step_journal("key").unwrap(), None, "another result says other things");
    }
}
