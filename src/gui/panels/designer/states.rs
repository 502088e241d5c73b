//! What each node shows, from the check and from the newest runs.

use std::collections::BTreeMap;

use studio::pipeline::check::Checked;
use studio::pipeline::graph::Pipeline;
use studio::pipeline::shape::{Severity, Shape};
use studio::{JobState, Step, StepStatus};

use super::canvas::{NodeState, States, Status};
use crate::widgets::format;

/// The states of all steps. `live` are the steps of the run that is under way.
pub fn of(
    pipeline: &Pipeline,
    checked: Option<&Checked>,
    made: Option<&BTreeMap<String, JobState>>,
    live: Option<&[Step]>,
) -> States {
    let state = |job: &String| {
        let step = live.and_then(|steps| steps.iter().find(|step| step.name == *job));
        let before = made.and_then(|made| made.get(job));
        let mut state = match (step, before) {
            (Some(step), _) => of_step(step),
            (None, Some(before)) => of_result(before),
            (None, None) => NodeState::default(),
        };
        if let Some(checked) = checked {
            add_check(&mut state, checked, job);
        }
        state
    };
    pipeline.jobs.keys().map(|job| (job.clone(), state(job))).collect()
}

fn add_check(state: &mut NodeState, checked: &Checked, job: &str) {
    state.caption = checked.captions.get(job).cloned().unwrap_or_default();
    for problem in checked.problems(job) {
        let list = if problem.severity == Severity::Error { &mut state.errors } else { &mut state.warnings };
        list.push(problem.message.clone());
    }
    for (port, shape) in checked.shapes.get(job).into_iter().flatten() {
        state.outputs.insert(port.clone(), words(shape));
    }
}

fn of_step(step: &Step) -> NodeState {
    let fraction = (step.progress > 0.0).then_some(step.progress as f32);
    let status = match step.status {
        StepStatus::Waiting => Status::Waiting,
        StepStatus::Running => Status::Running { fraction },
        StepStatus::Reused => Status::Reused,
        StepStatus::Done => Status::Done { seconds: seconds(step) },
        StepStatus::Failed => Status::Failed,
        StepStatus::Cancelled => Status::Cancelled,
        StepStatus::Skipped => Status::Skipped,
    };
    NodeState { status, message: step.error.clone().unwrap_or_default(), ..NodeState::default() }
}

/// A result of an earlier run: still good, or outdated by an edit since.
fn of_result(before: &JobState) -> NodeState {
    let mut state = of_step(&before.step);
    let good = matches!(before.step.status, StepStatus::Done | StepStatus::Reused);
    if good && !before.current {
        state.status = Status::Outdated;
    }
    state
}

pub fn seconds(step: &Step) -> f64 {
    match (step.started_ms, step.ended_ms) {
        (Some(started), Some(ended)) => (ended - started).max(0) as f64 / 1000.0,
        _ => 0.0,
    }
}

/// "398 rows · 31 columns".
pub fn words(shape: &Shape) -> String {
    match shape {
        Shape::Table(table) => {
            let columns = format::counted(table.schema.len() as u64, "column", "columns");
            let columns = if table.open { format!("{columns} or more") } else { columns };
            match table.rows {
                Some(rows) => format!("{} · {columns}", format::counted(rows, "row", "rows")),
                None => columns,
            }
        }
        Shape::Estimator { title, .. } => title.clone(),
        Shape::Model(model) => match &model.label {
            Some(label) => {
                format!("predicts {label} from {}", format::counted(model.features.len() as u64, "column", "columns"))
            }
            None => format::counted(model.features.len() as u64, "feature", "features"),
        },
        Shape::Transform { columns } => format::counted(columns.len() as u64, "column", "columns"),
        Shape::Report { .. } => "metrics and charts".to_owned(),
    }
}
