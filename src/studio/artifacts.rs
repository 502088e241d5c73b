//! What runs left behind that can be looked at: images, texts and tables, wherever they are kept.
//!
//! [`Studio::run_artifacts`] lists them and [`Studio::read_run_artifact`] reads one. A source of them is one function of
//! each kind: the outputs of pipeline steps are in this file, the files that clients logged in [`files`], which also
//! lists every file of a run and copies one out of the workspace.

mod files;

pub use files::{LISTED as RUN_FILES_LISTED, RunFile, save_bytes};

use pipeline::component::PortKind;
use serde::{Deserialize, Serialize};

use crate::{Error, Output, Result, Studio};

/// Rows of a table that are shown beside those of other runs.
const ROWS: u64 = 1_000;
/// Bytes of a text that are shown.
const TEXT: usize = 1 << 20;
/// Between the parts of an output's path: `outputs/train/model`.
const OUTPUTS: &str = "outputs";

/// How an artifact is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArtifactKind {
    Image,
    Text,
    Table,
}

/// Something that a run left behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunArtifact {
    /// Within the run, with `/`.
    pub path: String,
    /// What it is called in every run and at every step: the path without the step's number.
    pub name: String,
    pub kind: ArtifactKind,
    /// Of a series of images, which one.
    pub step: Option<i64>,
}

/// An artifact's content.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum ArtifactContent {
    /// The bytes of a PNG or JPEG file.
    Image(Vec<u8>),
    Text(String),
    /// The first rows, as text; `rows` is how many there are in all.
    Table {
        columns: Vec<String>,
        cells: Vec<Vec<String>>,
        rows: u64,
    },
}

/// A line of a text beside that of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiffLine {
    pub change: Difference,
    /// Without its end.
    pub text: String,
}

/// How a line differs from the first text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    Same,
    Added,
    /// The first text has it, and this one does not.
    Gone,
}

/// `this` line by line beside `first`, by Myers' algorithm ("An O(ND) difference algorithm and its variations", 1986).
pub fn diff_lines(first: &str, this: &str) -> Vec<DiffLine> {
    let diff = similar::TextDiff::from_lines(first, this);
    let line = |change: similar::Change<&str>| DiffLine {
        change: match change.tag() {
            similar::ChangeTag::Equal => Difference::Same,
            similar::ChangeTag::Insert => Difference::Added,
            similar::ChangeTag::Delete => Difference::Gone,
        },
        text: change.value().trim_end_matches(['\n', '\r']).to_owned(),
    };
    diff.iter_all_changes().map(line).collect()
}

impl RunArtifact {
    /// An artifact by its path; nothing for kinds of files that are not looked at here.
    pub fn at(path: &str) -> Option<Self> {
        let ending = path.rsplit('.').next().unwrap_or_default().to_lowercase();
        let kind = match ending.as_str() {
            "png" | "jpg" | "jpeg" => ArtifactKind::Image,
            "txt" | "md" | "json" | "yaml" | "yml" | "log" | "py" | "toml" => ArtifactKind::Text,
            "csv" | "tsv" | "parquet" => ArtifactKind::Table,
            _ => return None,
        };
        let (name, step) = series(path);
        Some(Self { path: path.to_owned(), name, kind, step })
    }
}

/// The key and the step of an image as MLflow's `log_image` spells them.
fn keyed(path: &str) -> Option<(String, i64)> {
    ['%', '+'].into_iter().find_map(|mark| {
        let parts: Vec<&str> = path.split(mark).collect();
        let at = parts.iter().position(|part| *part == "step").filter(|at| *at > 0)?;
        let step = parts.get(at + 1)?.parse().ok()?;
        Some((parts[..at].join(&mark.to_string()), step))
    })
}

/// The series that a path belongs to and its step: MLflow's `images/KEY%step%3%timestamp%…%….png` (in a URL's or a
/// file's spelling), or a number before the ending (`plots/loss_0003.png`, `plots/3.png`).
fn series(path: &str) -> (String, Option<i64>) {
    if let Some((key, step)) = keyed(path) {
        return (key, Some(step));
    }
    let (stem, ending) = path.rsplit_once('.').unwrap_or((path, ""));
    let name = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    match stem[name.len()..].parse() {
        Ok(step) => (format!("{}.{ending}", name.trim_end_matches(['_', '-', '/'])), Some(step)),
        Err(_) => (path.to_owned(), None),
    }
}

impl Studio {
    /// What can be looked at of a run, by path.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn run_artifacts(&self, run: &str) -> Result<Vec<RunArtifact>> {
        let mut found = self.output_artifacts(run)?;
        // The outputs of a pipeline's steps are files to clients, too.
        if found.is_empty() {
            found = self.logged_artifacts(run)?;
        }
        found.sort_by(|a, b| (a.kind, &a.name, a.step).cmp(&(b.kind, &b.name, b.step)));
        Ok(found)
    }

    /// The content of one of [`Self::run_artifacts`].
    ///
    /// # Errors
    /// A path that the run does not have, bytes that cannot be read.
    pub fn read_run_artifact(&self, run: &str, path: &str) -> Result<ArtifactContent> {
        match path.split('/').collect::<Vec<_>>()[..] {
            [OUTPUTS, job, port] => self.read_output_artifact(run, job, port),
            [files::FILES, ..] => match self.read_run_file(run, path)? {
                Some(content) => Ok(content),
                None => Err(Error::invalid(format!("“{path}” holds neither an image nor a text nor a table."))),
            },
            _ => Err(Error::not_found(format!("This run has no artifact “{path}”."))),
        }
    }

    /// What the steps of a pipeline run put out: tables as tables, all else as text.
    fn output_artifacts(&self, run: &str) -> Result<Vec<RunArtifact>> {
        let steps = self.workspace.run(run)?.steps;
        let outputs = steps.into_iter().flat_map(|step| {
            let stored = step.outputs.into_iter().filter_map(crate::store::stored);
            stored.map(move |output| (step.name.clone(), output))
        });
        let artifact = |(job, output): (String, pipeline::store::Stored)| {
            let path = format!("{OUTPUTS}/{job}/{}", output.port);
            let kind = if output.kind == PortKind::Table { ArtifactKind::Table } else { ArtifactKind::Text };
            RunArtifact { name: format!("{job}, {}", output.port.replace('_', " ")), path, kind, step: None }
        };
        Ok(outputs.map(artifact).collect())
    }

    fn read_output_artifact(&self, run: &str, job: &str, port: &str) -> Result<ArtifactContent> {
        let stored = self.stored_output(run, job, port)?;
        if stored.kind == PortKind::Table {
            return table(&self.output_grid(run, job, port)?);
        }
        let text = match self.open_output(&stored)? {
            Output::Table { .. } => return table(&self.output_grid(run, job, port)?),
            Output::Transform { steps } => steps.join("\n"),
            Output::Estimator(estimator) => yaml(&estimator)?,
            Output::Model(model) => yaml(&model)?,
            Output::Report(report) => metrics(&report),
        };
        Ok(ArtifactContent::Text(cut(text)))
    }
}

/// A report's metrics, a line each: what of it is text. Its charts are drawn.
fn metrics(report: &learn::Report) -> String {
    let value = |value: Option<f64>| value.map_or_else(|| "n/a".to_owned(), |value| value.to_string());
    let lines = report.metrics.iter().map(|metric| format!("{}: {}\n", metric.label, value(metric.value)));
    lines.chain(report.notes.iter().map(|note| format!("{note}\n"))).collect()
}

fn yaml(value: &impl Serialize) -> Result<String> {
    serde_norway::to_string(value).map_err(|error| Error::storage(error.to_string()))
}

/// As much of a text as is shown, whole characters of it.
fn cut(mut text: String) -> String {
    if text.len() > TEXT {
        let end = (0..=TEXT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push_str("\n…");
    }
    text
}

fn table(grid: &data::grid::Grid) -> Result<ArtifactContent> {
    Ok(cells(&grid.rows(0..ROWS, None)?, grid.len()))
}

/// The cells of a frame, which is the beginning of a table of so many rows.
fn cells(frame: &data::polars::prelude::DataFrame, rows: u64) -> ArtifactContent {
    use data::grid::{Digits, format_value};
    let columns = frame.columns();
    let cell = |column: &data::polars::prelude::Column, row: usize| {
        column.get(row).ok().and_then(|value| format_value(&value, Digits::Full)).unwrap_or_default()
    };
    ArtifactContent::Table {
        columns: columns.iter().map(|column| column.name().to_string()).collect(),
        cells: (0..frame.height()).map(|row| columns.iter().map(|column| cell(column, row)).collect()).collect(),
        rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_a_series_share_a_name() {
        let found = |path: &str| RunArtifact::at(path).map(|artifact| (artifact.name, artifact.step));
        assert_eq!(found("images/dogs%step%12%timestamp%1732%a1b2.png"), Some(("images/dogs".to_owned(), Some(12))));
        assert_eq!(found("images/dogs+step+3+timestamp+1+a.png"), Some(("images/dogs".to_owned(), Some(3))));
        assert_eq!(found("plots/loss_0003.png"), Some(("plots/loss.png".to_owned(), Some(3))));
        assert_eq!(found("figure.png"), Some(("figure.png".to_owned(), None)));
        assert_eq!(found("model.pkl"), None);
        assert_eq!(RunArtifact::at("a/b.csv").unwrap().kind, ArtifactKind::Table);
    }

    #[test]
    fn lines_that_came_and_went_are_marked() {
        let found = diff_lines("trees: 10\nrate: 0.1\n", "trees: 20\nrate: 0.1\r\nseed: 1");
        let changes: Vec<_> = found.iter().map(|line| (line.change, line.text.as_str())).collect();
        assert!(
            changes.contains(&(Difference::Gone, "trees: 10")) && changes.contains(&(Difference::Added, "trees: 20"))
        );
        assert!(changes.contains(&(Difference::Added, "seed: 1")));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = cut("ä".repeat(TEXT));
        assert!(text.len() <= TEXT + 5 && text.ends_with("\n…"));
    }
}
