use std::process::ExitCode;

use studio::environments::Progress;
use studio::reproduce::{Outcome, ReproduceOptions, Reproduction, Verdict};
use studio::{Error, Studio};

use crate::output::{self, Table};

#[derive(clap::Args)]
pub struct Reproduce {
    /// A run's id or name
    run: String,
    /// Keep the clean folder that it ran in
    #[arg(long)]
    keep: bool,
    /// What numbers may differ by and still be equal, in proportion to the larger one, or absolutely below 1
    #[arg(long, default_value_t = 1e-9)]
    tolerance: f64,
}

impl Reproduce {
    pub fn act(self, studio: &Studio, json: bool) -> studio::Result<ExitCode> {
        if !self.tolerance.is_finite() || self.tolerance < 0.0 {
            return Err(Error::invalid("A tolerance is a number such as 1e-9, and not below 0."));
        }
        let id = studio.find_run(&self.run)?;
        let options =
            ReproduceOptions { keep: self.keep, tolerance: self.tolerance, serve: Some(server::start_for_own) };
        let bar = super::progress_bar(json);
        let say = |line: &str| super::show_progress(&bar, None, line);
        let report = studio.reproduce(&id, &options, Progress { say: &say, cancelled: &|| false });
        bar.finish_and_clear();
        let report = report?;
        output::print(&report, json, text)?;
        Ok(match report.verdict {
            Verdict::Identical | Verdict::Equal => ExitCode::SUCCESS,
            // Of a logged run there is only code, and that was brought back.
            Verdict::NotRun if report.missing.is_empty() => ExitCode::SUCCESS,
            Verdict::NotRun => ExitCode::from(4),
            Verdict::Different | Verdict::Failed => ExitCode::FAILURE,
        })
    }
}

fn text(report: &Reproduction) -> String {
    let mut lines = vec![format!("{}: {}", report.run_name, report.verdict.word())];
    lines.extend(report.missing.iter().map(|line| format!("Missing: {line}")));
    lines.extend(report.notes.iter().map(|line| format!("Note: {line}")));
    lines.extend(report.error.iter().map(|line| format!("The second run failed: {line}")));
    if !report.outputs.is_empty() {
        let mut table = Table::new(["Output", "Kind", "Outcome"]);
        for output in &report.outputs {
            // A program's files are of no step.
            let name = [output.step.as_str(), &output.port].into_iter().filter(|part| !part.is_empty());
            table.row([name.collect::<Vec<_>>().join("."), output.kind.clone(), words(&output.outcome)]);
        }
        lines.push(table.render());
    }
    if !report.metrics.is_empty() {
        let mut table = Table::new(["Metric", "Then", "Now", "Outcome"]);
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        for metric in &report.metrics {
            table.row([metric.key.clone(), number(metric.first), number(metric.second), words(&metric.outcome)]);
        }
        lines.push(table.render());
    }
    lines.extend(report.folder.iter().map(|folder| format!("Kept in {}", folder.display())));
    lines.join("\n")
}

fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Identical { bytes: true } => "identical".to_owned(),
        Outcome::Identical { bytes: false } => "identical content".to_owned(),
        Outcome::Equal { difference } => format!("equal, by at most {difference:.1e}"),
        Outcome::Different { how, difference: Some(difference) } => format!("different by {difference:.1e}: {how}"),
        Outcome::Different { how, difference: None } => format!("different: {how}"),
        Outcome::Missing { how } => format!("missing: {how}"),
    }
}
