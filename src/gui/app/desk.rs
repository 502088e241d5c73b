//! What the bars show, from the studio.

use std::sync::Arc;

use jiff::Timestamp;
use studio::git::ChangeKind;
use studio::{Run, RunQuery, RunStatus, Studio};

use super::tracking::Tracking;
use crate::backend::Failure;
use crate::icons::Glyph;
use crate::panels::Subject;
use crate::shell::{Change, Desk, GitState, Job, Notice, Status};

/// Ended runs that are looked through for notices.
const LOOKED_AT: usize = 30;
/// The setting that lists the notices a person dismissed.
const DISMISSED: &str = "notices.dismissed";

pub struct StudioDesk {
    studio: Arc<Studio>,
    cores: usize,
    tracking: Tracking,
}

impl StudioDesk {
    pub fn new(studio: Arc<Studio>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { studio, cores, tracking: Tracking::default() }
    }

    fn dismissed(&self) -> Result<Vec<String>, Failure> {
        let kept = self.studio.setting(DISMISSED)?;
        Ok(kept.and_then(|list| serde_json::from_value(list).ok()).unwrap_or_default())
    }
}

impl Desk for StudioDesk {
    fn status(&self) -> Result<Status, Failure> {
        let page = self.studio.runs(&RunQuery { limit: LOOKED_AT, ..RunQuery::default() })?;
        let (running, ended): (Vec<Run>, Vec<Run>) = page.runs.into_iter().partition(|run| !run.status.is_final());
        let dismissed = self.dismissed()?;
        let notices = ended.iter().filter(|run| run.status == RunStatus::Failed).map(notice);
        Ok(Status {
            workspace: self.studio.name().to_owned(),
            git: git_state(&self.studio),
            jobs: running.iter().map(|run| job(&self.studio, run)).collect(),
            notices: notices.filter(|notice| !dismissed.contains(&notice.id)).collect(),
            worker: worker(running.len(), self.cores),
            saved: !self.studio.is_read_only(),
            tracking: self.tracking.state(&self.studio)?,
        })
    }

    fn track(&self, port: Option<u16>) -> Result<String, Failure> {
        self.tracking.switch(&self.studio, port)
    }

    fn cancel_job(&self, id: &str) -> Result<(), Failure> {
        Ok(self.studio.cancel_run(id)?)
    }

    fn dismiss_notice(&self, id: &str) -> Result<(), Failure> {
        let mut dismissed = self.dismissed()?;
        dismissed.push(id.to_owned());
        Ok(self.studio.set_setting(DISMISSED, &dismissed.into())?)
    }
}

fn worker(running: usize, cores: usize) -> String {
    match running {
        0 => format!("Local worker idle · {cores} cores"),
        1 => format!("1 run on this machine · {cores} cores"),
        more => format!("{more} runs on this machine · {cores} cores"),
    }
}

/// `None` outside of a repository, or when it cannot be read.
fn git_state(studio: &Studio) -> Option<GitState> {
    let status = studio.git_status().ok()?;
    let commit = status.head.map(|head| head.id.chars().take(7).collect::<String>());
    Some(GitState {
        branch: status.branch.or_else(|| commit.clone()).unwrap_or_default(),
        commit,
        changes: status
            .changed
            .into_iter()
            .map(|changed| Change { path: changed.path, kind: word(changed.kind).to_owned() })
            .collect(),
    })
}

/// What happened to a file, in a word.
fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added | ChangeKind::Untracked => "new",
        ChangeKind::Modified => "changed",
        ChangeKind::Deleted => "deleted",
        ChangeKind::Renamed => "renamed",
        ChangeKind::Conflicted => "in conflict",
    }
}

fn job(studio: &Studio, run: &Run) -> Job {
    Job {
        id: run.id.clone(),
        title: run.name.clone(),
        detail: run.pipeline_title.clone().unwrap_or_default(),
        progress: run.progress.map(|progress| progress as f32),
        left: studio.time_left(&run.id).ok().flatten(),
        can_cancel: !run.cancel_requested,
        subject: Some(Subject::Run { id: run.id.clone() }),
    }
}

fn notice(run: &Run) -> Notice {
    let why = run.error.clone().unwrap_or_else(|| "It says no reason.".to_owned());
    Notice {
        id: format!("failed {}", run.id),
        glyph: Glyph::Error,
        text: format!("{} failed. {why}", run.name),
        when: run.ended_ms.and_then(|at| Timestamp::from_millisecond(at).ok()).unwrap_or_default(),
        subject: Some(Subject::Run { id: run.id.clone() }),
    }
}
