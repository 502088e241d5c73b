use std::process::ExitCode;
use std::time::Duration;

use studio::pipeline::plan::Target;
use studio::{Error, ErrorKind, RunDetail, RunRequest, RunStatus, Studio};

use crate::output;

#[derive(clap::Args)]
pub struct Run {
    /// The pipeline's file, in the workspace or from here, such as pipelines/diagnosis.yaml
    pipeline: String,
    /// Change a parameter for this run only, such as jobs.split.fraction=0.3
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Run only what this job needs
    #[arg(long, value_name = "JOB")]
    up_to: Option<String>,
    /// Run every step again, even where its result is known
    #[arg(long)]
    force: bool,
    /// Print the run's id and return at once
    #[arg(long)]
    detach: bool,
}

/// How often the run's state is asked for.
const TICK: Duration = Duration::from_millis(20);

impl Run {
    pub fn act(self, studio: &Studio, json: bool) -> studio::Result<ExitCode> {
        let request = RunRequest {
            target: self.up_to.map_or(Target::All, Target::UpTo),
            force: self.force,
            set: self.set.iter().map(|text| assignment(text)).collect::<studio::Result<_>>()?,
            name: None,
        };
        let id = studio.start_run(&studio.find_pipeline(&self.pipeline), &request)?;
        if self.detach {
            output::print(&serde_json::json!({ "id": id }), json, |_| id.clone())?;
            return Ok(ExitCode::SUCCESS);
        }
        follow(studio, &id, json)
    }
}

fn assignment(text: &str) -> studio::Result<(String, String)> {
    text.split_once('=').map(|(path, value)| (path.to_owned(), value.to_owned())).ok_or_else(|| {
        Error::new(ErrorKind::Invalid, format!("'{text}' sets nothing; write it as jobs.split.fraction=0.3"))
    })
}

/// Shows a run until it ends; the exit code says how.
pub fn follow(studio: &Studio, id: &str, json: bool) -> studio::Result<ExitCode> {
    let detail = wait(studio, id, json)?;
    output::print(&detail, json, super::runs::detail_text)?;
    Ok(match detail.row.status {
        RunStatus::Done => ExitCode::SUCCESS,
        RunStatus::Cancelled => ExitCode::from(130),
        _ => ExitCode::FAILURE,
    })
}

fn wait(studio: &Studio, id: &str, json: bool) -> studio::Result<RunDetail> {
    let bar = super::progress_bar(json);
    let mut seen = 0;
    loop {
        for line in studio.run_logs(id, None, seen)? {
            seen = line.seq;
            bar.suspend(|| eprintln!("{}  {}", line.step.as_deref().unwrap_or_default(), line.text));
        }
        let row = studio.run_row(id)?;
        super::show_progress(&bar, row.progress.map(|progress| progress as f32), &row.name);
        if row.status.is_final() {
            bar.finish_and_clear();
            return studio.run(id);
        }
        std::thread::sleep(TICK);
    }
}
