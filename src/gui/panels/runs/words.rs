//! Runs, steps, metrics and times in words and shapes.

use std::{collections::HashMap, time::Duration};

use jiff::Timestamp;
use studio::{Run, RunStatus, Step, StepStatus};

use crate::{icons::Glyph, widgets::format};

/// The shape of a run's status.
pub fn run_glyph(run: &Run) -> Glyph {
    match run.status {
        RunStatus::Waiting => Glyph::Waiting,
        RunStatus::Running => match run.progress {
            Some(share) if share > 0.0 => Glyph::Progress(share as f32),
            _ => Glyph::Running,
        },
        RunStatus::Done => Glyph::Ok,
        RunStatus::Failed => Glyph::Error,
        RunStatus::Cancelled => Glyph::Stopped,
    }
}

/// Its status in words: "Running, 62 %".
pub fn run_word(run: &Run) -> String {
    match run.status {
        RunStatus::Waiting => "Waiting for a worker".to_owned(),
        RunStatus::Running if run.cancel_requested => "Stopping".to_owned(),
        RunStatus::Running => match run.progress {
            Some(share) if share > 0.0 => format!("Running, {}", format::percent(share)),
            _ => "Running".to_owned(),
        },
        status => status_word(status).to_owned(),
    }
}

pub fn status_word(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Waiting => "Waiting",
        RunStatus::Running => "Running",
        RunStatus::Done => "Done",
        RunStatus::Failed => "Failed",
        RunStatus::Cancelled => "Cancelled",
    }
}

pub fn step_glyph(step: &Step) -> Glyph {
    match step.status {
        StepStatus::Waiting | StepStatus::Skipped => Glyph::Waiting,
        StepStatus::Running if step.progress > 0.0 => Glyph::Progress(step.progress as f32),
        StepStatus::Running => Glyph::Running,
        StepStatus::Reused => Glyph::Reused,
        StepStatus::Done => Glyph::Ok,
        StepStatus::Failed => Glyph::Error,
        StepStatus::Cancelled => Glyph::Stopped,
    }
}

/// How long a step took, or how it stands.
pub fn step_word(step: &Step, now_ms: i64) -> String {
    let took = step.started_ms.map(|from| millis(step.ended_ms.unwrap_or(now_ms) - from));
    match step.status {
        StepStatus::Waiting => "waiting".to_owned(),
        StepStatus::Reused => "reused".to_owned(),
        StepStatus::Skipped => "skipped".to_owned(),
        StepStatus::Cancelled => "stopped".to_owned(),
        StepStatus::Running | StepStatus::Done | StepStatus::Failed => took.unwrap_or_default(),
    }
}

/// What trained: the details' algorithm, or the pipeline's title.
pub fn algorithm(run: &Run) -> &str {
    let named = run.details.get("algorithm").and_then(|name| name.as_str()).filter(|name| !name.is_empty());
    named.unwrap_or("")
}

/// Whether a run makes several models, each of which has what was measured of it.
pub fn has_models(run: &Run) -> bool {
    run.details.get("models").is_some()
}

/// What a run that is a model of another one is called among that run's models.
pub fn model_title(run: &Run) -> Option<&str> {
    run.details.get("model")?.get("title")?.as_str()
}

pub fn pipeline_title(run: &Run) -> &str {
    run.pipeline_title.as_deref().or(run.pipeline.as_deref()).unwrap_or("")
}

/// Seven digits of a commit.
pub fn short_commit(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}

pub fn millis(ms: i64) -> String {
    if ms <= 0 {
        return "<1\u{202F}ms".to_owned();
    }
    format::duration(Duration::from_millis(ms.max(0).unsigned_abs()))
}

pub fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A metric's or parameter's key as people write it: `train.roc_auc` is "ROC AUC".
pub fn key_title(key: &str) -> String {
    let name = key.rsplit('.').next().unwrap_or(key);
    let words = name.split('_').map(|word| match word {
        "auc" | "roc" | "rmse" | "mae" | "mse" | "mape" | "mcc" | "smape" => word.to_uppercase(),
        "r2" => "R²".to_owned(),
        "f1" => "F1".to_owned(),
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A key as people write it with what stands before it, where it stands by itself: "ROC AUC · evaluate_2".
pub fn long_title(key: &str) -> String {
    match key.rsplit_once('.') {
        Some((before, _)) => format!("{} · {before}", key_title(key)),
        None => key_title(key),
    }
}

/// Titles of keys that stand together: two that read alike have what stands before them added, as in
/// "ROC AUC · evaluate_2".
pub fn told_apart<'a>(keys: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let keys: Vec<&str> = keys.into_iter().collect();
    let titles: Vec<String> = keys.iter().map(|key| key_title(key)).collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for title in &titles {
        *counts.entry(title).or_default() += 1;
    }
    let told_apart = |(key, title): (&&str, &String)| {
        if counts[title.as_str()] > 1 { long_title(key) } else { title.clone() }
    };
    keys.iter().zip(&titles).map(told_apart).collect()
}

/// Whether a smaller value of this metric is better; `None` where neither is.
pub fn lower_is_better(key: &str) -> Option<bool> {
    let name = key.rsplit('.').next().unwrap_or(key);
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["rows", "count", "threshold", "prevalence", "clusters"]) {
        return None;
    }
    Some(
        has(&["loss", "error", "brier", "inertia", "davies", "deviance", "false_"])
            || matches!(name, "rmse" | "mae" | "mse" | "mape" | "smape" | "bias"),
    )
}

/// Where a metric stands among those shown without being asked for: the smaller the earlier.
pub fn rank(key: &str) -> usize {
    const FIRST: [&str; 13] = [
        "roc_auc",
        "auc",
        "r2",
        "roc_auc_macro",
        "log_loss",
        "root_mean_squared_error",
        "rmse",
        "accuracy",
        "f1",
        "f1_macro",
        "mean_absolute_error",
        "average_precision",
        "silhouette",
    ];
    let name = key.rsplit('.').next().unwrap_or(key);
    FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len())
}

/// The place of the best among `values`, if they differ and one is better.
pub fn best(key: &str, values: &[Option<f64>]) -> Option<usize> {
    let lower = lower_is_better(key)?;
    let known =
        values.iter().enumerate().filter_map(|(at, value)| Some((at, value.filter(|value| value.is_finite())?)));
    let known: Vec<(usize, f64)> = known.collect();
    if known.len() < 2 || known.windows(2).all(|pair| pair[0].1 == pair[1].1) {
        return None;
    }
    let order = |a: &&(usize, f64), b: &&(usize, f64)| a.1.total_cmp(&b.1);
    let found = if lower { known.iter().min_by(order) } else { known.iter().max_by(order) };
    found.map(|(at, _)| *at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_is_lowest_for_losses_and_highest_for_scores() {
        let values = [Some(0.3), None, Some(0.1), Some(f64::NAN)];
        assert_eq!(best("eval.log_loss", &values), Some(2));
        assert_eq!(best("roc_auc", &values), Some(0));
        assert_eq!(best("rows", &values), None);
        assert_eq!(best("roc_auc", &[Some(1.0), Some(1.0)]), None);
    }

    #[test]
    fn keys_read_as_words() {
        assert_eq!(key_title("evaluate.roc_auc"), "ROC AUC");
        assert_eq!(key_title("training_log_loss"), "training log loss");
        assert_eq!(key_title("r2"), "R²");
    }

    #[test]
    fn keys_that_read_alike_are_told_apart() {
        let keys = ["judge.roc_auc", "judge_2.roc_auc", "roc_auc", "train.log_loss"];
        assert_eq!(told_apart(keys), ["ROC AUC · judge", "ROC AUC · judge_2", "ROC AUC", "log loss"]);
    }
}
