//! What a node shows beside its title: how its last run went and what is wrong with it.

use std::collections::HashMap;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Status {
    /// Never run.
    #[default]
    Idle,
    /// Changed since its last result.
    Outdated,
    Waiting,
    /// `fraction` 0 to 1, or unknown.
    Running {
        fraction: Option<f32>,
    },
    Reused,
    Done {
        seconds: f64,
    },
    Failed,
    Cancelled,
    Skipped,
}

/// One node's state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeState {
    pub status: Status,
    /// The second line: what the step is set to do.
    pub caption: String,
    /// The reason of a failure, or the step's last message.
    pub message: String,
    /// Whole sentences, found without running.
    pub errors: Vec<String>,
    pub warnings: Vec<String>,
    /// What each output holds, for its tooltip: "398 rows · 31 columns".
    pub outputs: HashMap<String, String>,
}

/// By job name; a job that is absent was never run and has no problems.
pub type States = HashMap<String, NodeState>;

/// The mark beside a title. Every one has its own shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mark {
    Check,
    Cross,
    Triangle,
    Reused,
    Ring,
    /// A pie filled to this share.
    Pie(f32),
    Dash,
}

/// The colour that a mark is drawn in, by meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Quiet,
    Ok,
    Warn,
    Error,
    Info,
    Accent,
}

impl NodeState {
    /// Mark, colour and words at the right of the title; problems come before how the last run went.
    pub fn badge(&self) -> Option<(Mark, Tone, String)> {
        if let Status::Running { fraction } = self.status {
            let text =
                fraction.map_or_else(|| "running".to_owned(), |it| format!("{:.0} %", it.clamp(0.0, 1.0) * 100.0));
            return Some((Mark::Pie(fraction.unwrap_or(0.25)), Tone::Accent, text));
        }
        if !self.errors.is_empty() {
            return Some((Mark::Cross, Tone::Error, count(self.errors.len(), "problem")));
        }
        let badge = match self.status {
            Status::Failed => (Mark::Cross, Tone::Error, "failed".to_owned()),
            _ if !self.warnings.is_empty() => (Mark::Triangle, Tone::Warn, count(self.warnings.len(), "warning")),
            Status::Idle | Status::Running { .. } => return None,
            Status::Outdated => (Mark::Ring, Tone::Quiet, "changed".to_owned()),
            Status::Waiting => (Mark::Ring, Tone::Quiet, "waiting".to_owned()),
            Status::Reused => (Mark::Reused, Tone::Info, "reused".to_owned()),
            Status::Done { seconds } => (Mark::Check, Tone::Ok, seconds_text(seconds)),
            Status::Cancelled => (Mark::Dash, Tone::Quiet, "stopped".to_owned()),
            Status::Skipped => (Mark::Dash, Tone::Quiet, "skipped".to_owned()),
        };
        Some(badge)
    }

    /// Everything that a tooltip says: problems first, then the reason of a failure.
    pub fn sentences(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.errors.iter().chain(&self.warnings).map(String::as_str).collect();
        if !self.message.is_empty() {
            all.push(&self.message);
        }
        all
    }

    /// The words after the title for a screen reader.
    pub fn spoken(&self) -> String {
        let mut spoken = match (self.badge(), &self.status) {
            // The tick is not heard.
            (Some((Mark::Check, _, time)), Status::Done { .. }) => format!("done in {time}"),
            (badge, _) => badge.map(|(_, _, text)| text).unwrap_or_default(),
        };
        for sentence in self.sentences() {
            if !spoken.is_empty() {
                spoken.push_str(", ");
            }
            spoken.push_str(sentence);
        }
        spoken
    }
}

fn count(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// "0.1 s", "2.4 s", "3 min", "1.2 h".
pub fn seconds_text(seconds: f64) -> String {
    if seconds < 10.0 {
        format!("{seconds:.1}\u{202f}s")
    } else if seconds < 90.0 {
        format!("{seconds:.0}\u{202f}s")
    } else if seconds < 5400.0 {
        format!("{:.0}\u{202f}min", seconds / 60.0)
    } else {
        format!("{:.1}\u{202f}h", seconds / 3600.0)
    }
}
