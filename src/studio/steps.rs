//! Where the processes of a run's steps log through MLflow's protocol: into runs of their own, nested in theirs.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use workspace::{RunStatus, Workspace};

use crate::{Result, Studio};

/// A server of MLflow's protocol, for as long as it is kept.
pub struct Served {
    /// Where it listens.
    pub uri: String,
    /// What it must be shown.
    pub token: String,
    /// Stops it when dropped.
    pub server: Box<dyn Any + Send + Sync>,
}

impl Served {
    /// The variables by which `mlflow` in a process that is started finds the server, and nothing of another one.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let local = "127.0.0.1,localhost";
        let unproxied = std::env::var("NO_PROXY").map_or_else(|_| local.to_owned(), |known| format!("{known},{local}"));
        let variables = [
            ("MLFLOW_TRACKING_URI", self.uri.clone()),
            ("MLFLOW_TRACKING_TOKEN", self.token.clone()),
            // A person's own name and password for another server would be sent in place of the token.
            ("MLFLOW_TRACKING_USERNAME", "atelier".to_owned()),
            ("MLFLOW_TRACKING_PASSWORD", self.token.clone()),
            ("NO_PROXY", unproxied.clone()),
            ("no_proxy", unproxied),
        ];
        variables.map(|(key, value)| (key.to_owned(), value)).to_vec()
    }
}

/// Starts a server over a workspace. The server is a crate above this one, so it is handed down.
pub type Serve = fn(&Studio) -> Result<Served>;

/// What the steps of one run are told, and the runs that were opened for them.
pub(crate) struct StepLogs {
    studio: Studio,
    run: String,
    titles: BTreeMap<String, String>,
    serve: Option<Serve>,
    /// Started when the first step asks; `None` when it could not be.
    served: OnceLock<Option<Served>>,
    opened: Mutex<Vec<String>>,
}

impl StepLogs {
    /// `titles` are what people call the steps.
    pub(crate) fn new(studio: Studio, run: &str, titles: BTreeMap<String, String>, serve: Option<Serve>) -> Self {
        let (served, opened) = (OnceLock::new(), Mutex::default());
        Self { studio, run: run.to_owned(), titles, serve, served, opened }
    }

    fn workspace(&self) -> &Arc<Workspace> {
        &self.studio.workspace
    }

    /// The variables by which `mlflow` in a step's process logs into the step's own run. None when there is no
    /// server: a step must not fail for want of one.
    pub(crate) fn variables(&self, job: &str) -> Vec<(String, String)> {
        match self.open(job) {
            Ok(variables) => variables,
            Err(error) => {
                tracing::warn!("a step cannot log through MLflow: {error}");
                Vec::new()
            }
        }
    }

    fn open(&self, job: &str) -> Result<Vec<(String, String)>> {
        let start = || {
            let served = self.serve?(&self.studio);
            served.inspect_err(|error| tracing::warn!("no server for the steps of a run: {error}")).ok()
        };
        let Some(served) = self.served.get_or_init(start) else { return Ok(Vec::new()) };
        let title = self.titles.get(job).map_or(job, String::as_str);
        let (id, experiment) =
            self.workspace().batch("run.created", &self.run, |batch| batch.open_step_run(&self.run, job, title))?;
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).push(job.to_owned());
        let own = [("MLFLOW_RUN_ID", id), ("MLFLOW_EXPERIMENT_ID", experiment.to_string())];
        let own = own.map(|(key, value)| (key.to_owned(), value));
        Ok(served.variables().into_iter().chain(own).collect())
    }

    /// Ends the run of a step that has ended; one that nothing was logged to leaves no trace. `key` is what the step's
    /// result is kept under: reused, its run is repeated.
    pub(crate) fn close(&self, job: &str, status: RunStatus, key: Option<&str>) {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = opened.iter().position(|open| open == job) else { return };
        opened.swap_remove(place);
        drop(opened);
        let closed = self.workspace().batch("run.finished", &self.run, |batch| {
            batch.close_step_runs(&self.run, Some(job), status)?;
            key.map_or(Ok(()), |key| batch.keep_step_run(key, &self.run, job))
        });
        // What stays open is closed with the whole run.
        if let Err(error) = closed {
            tracing::warn!("a step's run could not be closed: {error}");
        }
    }

    /// Repeats the run to which the process of a step logged that is reused now.
    pub(crate) fn repeat(&self, job: &str, key: &str) {
        let repeated = self.workspace().cached_step(key).and_then(|entry| {
            let Some(logged) = entry.and_then(|entry| entry.logged_run) else { return Ok(()) };
            let title = self.titles.get(job).map_or(job, String::as_str);
            self.workspace()
                .batch("run.created", &self.run, |batch| batch.repeat_step_run(&logged, &self.run, job, title))
        });
        if let Err(error) = repeated {
            tracing::warn!("what a reused step had logged could not be repeated: {error}");
        }
    }
}
