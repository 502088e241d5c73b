//! What MLflow's tracking and registry protocol asks of a workspace, over the same runs and models as ours.
//!
//! [`Studio::tracking`] is the door. Values are plain; errors are sentences in MLflow's words, with the kind
//! that tells its codes apart. Everything a call changes is on the disk when it returns, in a transaction that
//! clients of the same moment share, with one event; what a person would call a change (not each logged point)
//! also leaves one audit entry.

mod artifacts;
mod elsewhere;
mod log;
mod registry;

use workspace::{Batch, Change, Tx, Workspace};

use crate::{Result, Studio};

pub use artifacts::Upload;
pub use elsewhere::{FilePlace, knows_buckets};
pub(crate) use registry::versions_tag;
pub use workspace::tracking::*;
pub use workspace::{Blob, MetricPoint, RunStatus, new_run_id as new_id};

/// A workspace as the protocol sees it.
#[derive(Clone, Copy)]
pub struct Tracking<'a>(&'a Workspace);

/// A moment as "2026-11-30 17:05 UTC".
pub fn utc_text(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map_or_else(|_| String::new(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

impl Studio {
    /// The workspace as MLflow's protocol sees it.
    pub fn tracking(&self) -> Tracking<'_> {
        Tracking(&self.workspace)
    }
}

impl Tracking<'_> {
    /// A change that the audit trail tells of.
    fn change<T: Send + 'static>(
        self,
        action: &str,
        subject: impl ToString,
        f: impl FnOnce(&Tx<'_>) -> workspace::Result<T> + Send + 'static,
    ) -> Result<T> {
        Ok(self.0.write_grouped(Change::new(action, subject.to_string()), f)?)
    }

    /// What clients do many times a second.
    fn batch<T: Send + 'static>(
        self,
        kind: &str,
        subject: &str,
        f: impl FnOnce(&Batch<'_>) -> workspace::Result<T> + Send + 'static,
    ) -> Result<T> {
        Ok(self.0.batch_grouped(kind, subject, f)?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::ModelContent;

    fn studio() -> (tempfile::TempDir, Studio) {
        let dir = tempfile::tempdir().unwrap();
        let studio = Studio::create(dir.path(), "Test").unwrap();
        (dir, studio)
    }

    #[test]
    fn a_version_that_a_client_registered_says_what_it_is() {
        let (_dir, studio) = studio();
        let store = studio.tracking();
        let run = store.create_run(NewTrackedRun { name: "r".into(), ..NewTrackedRun::default() }).unwrap();
        let text = b"flavors:\n  sklearn:\n    sklearn_version: 1.9.1\n";
        let mut upload = store.upload().unwrap();
        upload.write_all(text).unwrap();
        store.finish_upload(upload, &format!("0/{}/artifacts/model/MLmodel", run.id)).unwrap();
        store.create_model("iris", "", Vec::new()).unwrap();
        let register = |source: String| {
            let new = NewRegisteredVersion {
                model: "iris".into(),
                source,
                run: Some(run.id.clone()),
                ..NewRegisteredVersion::default()
            };
            store.create_version(new).unwrap()
        };
        register(format!("runs:/{}/model", run.id));
        register("s3://bucket/model".into());
        let ModelContent::Files(files) = studio.model("iris@1").unwrap().content else { panic!("no files") };
        assert!(files.here);
        assert_eq!((files.title(), files.bytes()), ("sklearn 1.9.1".to_owned(), text.len() as u64));
        let ModelContent::Files(files) = studio.model("iris").unwrap().content else { panic!("no files") };
        assert!(!files.here && files.files.is_empty());
        assert_eq!(studio.models_of_run(&run.id).unwrap().len(), 2);
        assert!(studio.check(&|_| ()).unwrap().is_empty());
    }

    #[test]
    fn each_change_is_told_once_and_what_is_logged_needs_no_audit() {
        let (_dir, studio) = studio();
        let store = studio.tracking();
        let run = store.create_run(NewTrackedRun { name: "r".into(), ..NewTrackedRun::default() }).unwrap().id;
        let before = studio.last_change().unwrap();
        store.log_param(&run, "a", "1").unwrap();
        store.update_run(&run, RunUpdate { name: Some("s".into()), ..RunUpdate::default() }).unwrap();
        let kinds: Vec<String> = studio.changes_since(before).unwrap().into_iter().map(|event| event.kind).collect();
        assert_eq!(kinds, ["run.logged", "run.updated"]);
        let audit = studio.workspace.audit(Some(&run), None, 10).unwrap();
        let actions: Vec<&str> = audit.iter().map(|entry| entry.action.as_str()).collect();
        assert_eq!(actions, ["run.updated", "run.created"]);
        let refused = store.log_param(&run, "a", "2").unwrap_err();
        assert_eq!(refused.kind, crate::ErrorKind::Invalid);
    }
}
