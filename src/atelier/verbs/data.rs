use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use studio::data::profile::Profile;
use studio::data::read::{Ragged, TextEncoding};
use studio::{Error, Studio};

use crate::output::{self, Table, time};

#[derive(clap::Subcommand)]
pub enum Data {
    /// Import files as the next version of a dataset
    Add {
        name: String,
        /// Files, folders or globs: CSV, TSV, Parquet, Arrow IPC, JSON lines
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        reading: Reading,
    },
    /// List the datasets
    List,
    /// Show a dataset's versions and columns
    Show {
        /// NAME or NAME@VERSION
        dataset: String,
    },
    /// Show a profile of each column
    Profile {
        /// NAME or NAME@VERSION
        dataset: String,
    },
}

/// What is guessed of text files, and can be said instead.
#[derive(clap::Args)]
pub struct Reading {
    /// The character between fields ("\t" for a tab)
    #[arg(long)]
    delimiter: Option<String>,
    /// The text encoding, by its WHATWG name (utf-8, windows-1252, utf-16le)
    #[arg(long)]
    encoding: Option<String>,
    /// The first line holds data, not names
    #[arg(long)]
    no_header: bool,
    /// Accept lines with too few or too many fields
    #[arg(long)]
    ragged: bool,
}

impl Data {
    pub fn act(self, studio: &Studio, json: bool) -> studio::Result<ExitCode> {
        match self {
            Self::Add { name, files, reading } => add(studio, &name, &files, &reading, json)?,
            Self::List => list(studio, json)?,
            Self::Show { dataset } => show(studio, &dataset, json)?,
            Self::Profile { dataset } => {
                output::print(&studio.dataset(&dataset)?.profile, json, profile_text)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn add(studio: &Studio, name: &str, files: &[PathBuf], reading: &Reading, json: bool) -> studio::Result<()> {
    let mut draft = studio.sniff(files)?;
    reading.apply(&mut draft)?;
    let bar = super::progress_bar(json);
    let imported = studio.import_dataset(name, &draft, &|progress| {
        super::show_progress(&bar, progress.fraction, &progress.message);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    let imported = imported?;
    for warning in &imported.warnings {
        eprintln!("atelier: {warning}");
    }
    output::print(&imported.version, json, |version| {
        format!("{} version {}, {} rows, {} columns", version.dataset, version.version, version.rows, version.columns)
    })
}

fn list(studio: &Studio, json: bool) -> studio::Result<()> {
    output::print(&studio.datasets()?, json, |datasets| {
        let mut table = Table::new(["Dataset", "Version", "Rows", "Columns", "Imported"]);
        for dataset in datasets {
            let Some(latest) = &dataset.latest else { continue };
            table.row([
                dataset.name.clone(),
                latest.version.to_string(),
                latest.rows.to_string(),
                latest.columns.to_string(),
                time(latest.created_ms),
            ]);
        }
        if datasets.is_empty() {
            "No datasets yet. Import one with: atelier data add NAME FILES…".to_owned()
        } else {
            table.render()
        }
    })
}

fn show(studio: &Studio, reference: &str, json: bool) -> studio::Result<()> {
    let detail = studio.dataset(reference)?;
    let versions = studio.dataset_versions(&detail.version.dataset)?;
    let shown = serde_json::json!({ "version": detail.version, "schema": detail.schema, "versions": versions });
    output::print(&shown, json, |_| {
        let version = &detail.version;
        let mut text = format!(
            "{} version {} of {}\n{} rows, {} columns, imported {} by {}\n\n",
            version.dataset,
            version.version,
            versions.len(),
            version.rows,
            version.columns,
            time(version.created_ms),
            version.created_by
        );
        let mut table = Table::new(["Column", "Type"]);
        for column in &detail.schema.columns {
            table.row([column.name.clone(), column.kind.to_string()]);
        }
        text.push_str(&table.render());
        text
    })
}

fn profile_text(profile: &Profile) -> String {
    let number = |value: Option<f64>| value.map(|value| format!("{value:.4}")).unwrap_or_default();
    let mut table = Table::new(["Column", "Type", "Missing", "Distinct", "Mean", "Std"]);
    for column in &profile.columns {
        table.row([
            column.name.clone(),
            column.kind.to_string(),
            column.missing.to_string(),
            column.distinct.to_string(),
            number(column.mean),
            number(column.std),
        ]);
    }
    format!("{} rows\n\n{}", profile.rows, table.render())
}

impl Reading {
    fn apply(&self, draft: &mut studio::ImportDraft) -> studio::Result<()> {
        let options = &mut draft.options;
        if let Some(delimiter) = &self.delimiter {
            let mut characters = delimiter.chars();
            options.delimiter = match (delimiter.as_str(), characters.next(), characters.next()) {
                ("\\t", ..) => '\t',
                (_, Some(one), None) if one.is_ascii() => one,
                _ => return Err(Error::invalid(format!("“{delimiter}” is no delimiter; give one ASCII character."))),
            };
        }
        if let Some(encoding) = &self.encoding {
            options.encoding = TextEncoding(encoding.clone());
        }
        if self.no_header {
            options.header = false;
        }
        if self.ragged {
            options.ragged = Ragged::PadAndTruncate;
        }
        Ok(())
    }
}
