mod reading;
mod rows;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use studio::data::profile::Profile;
use studio::{Error, ErrorKind, Studio};

use crate::output::{self, Table, time};
use reading::Reading;
use rows::Printed;

#[derive(clap::Subcommand)]
pub enum Data {
    /// Import files as the next version of a dataset
    ///
    /// What is said about the reading of the files is kept: the next version is read in the same way, but
    /// for what is said anew. Whatever is not said is guessed from the files, and the guesses that are not
    /// certain are printed.
    Add(Add),
    /// List the datasets
    List,
    /// Show a dataset's versions and columns, and how it was read
    Show {
        /// NAME or NAME@VERSION
        dataset: String,
    },
    /// Show a profile of each column
    Profile {
        /// NAME or NAME@VERSION
        dataset: String,
    },
    /// Print the first rows, exactly
    Head {
        /// NAME or NAME@VERSION
        dataset: String,
        /// How many rows
        #[arg(short = 'n', long, default_value_t = 10, value_name = "N")]
        rows: u64,
        /// Print CSV
        #[arg(long, conflicts_with = "json")]
        csv: bool,
    },
    /// Print the rows that a query in SQL selects, exactly
    ///
    /// The dataset is called by its name in the query, others by theirs, and one version as "NAME@VERSION" in
    /// double quotes: atelier data query sales "SELECT a.id FROM sales AS a JOIN \"sales@1\" AS b ON a.id = b.id"
    Query {
        /// NAME or NAME@VERSION
        dataset: String,
        /// One SELECT; the dialect is that of the component sql_query
        query: String,
        /// Print CSV
        #[arg(long, conflicts_with = "json")]
        csv: bool,
    },
    /// Write a dataset to a file, so that reading it again gives the same values
    Export {
        /// NAME or NAME@VERSION
        dataset: String,
        /// The file; its ending says the format: .csv, .tsv, .parquet, .arrow or .jsonl
        file: PathBuf,
        /// Write over a file that is there already
        #[arg(long)]
        replace: bool,
    },
}

#[derive(clap::Args)]
pub struct Add {
    name: String,
    /// Files, folders or globs: delimited text, JSON, Parquet, Arrow, workbooks, SAS, Stata or SPSS; what they are is
    /// seen from their content, and text may be packed (gz, bz2, xz, zst, zip)
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Fail with exit code 5 if columns are new, gone or of another type than in the version before
    #[arg(long)]
    same_schema: bool,
    /// Forget what was said about the version before
    #[arg(long)]
    guess_anew: bool,
    #[command(flatten)]
    reading: Reading,
}

impl Data {
    pub fn act(self, studio: &Studio, json: bool) -> studio::Result<ExitCode> {
        match self {
            Self::Add(add) => add.act(studio, json)?,
            Self::List => list(studio, json)?,
            Self::Show { dataset } => show(studio, &dataset, json)?,
            Self::Profile { dataset } => {
                output::print(&studio.dataset(&dataset)?.profile, json, profile_text)?;
            }
            Self::Head { dataset, rows, csv } => rows::head(studio, &dataset, rows, Printed::of(csv, json))?,
            Self::Query { dataset, query, csv } => rows::query(studio, &dataset, &query, Printed::of(csv, json))?,
            Self::Export { dataset, file, replace } => rows::export(studio, &dataset, &file, replace, json)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Add {
    fn act(&self, studio: &Studio, json: bool) -> studio::Result<()> {
        let choose = |choices: &mut studio::data::read::ReadChoices| {
            if self.guess_anew {
                *choices = Default::default();
            }
            self.reading.choose(choices)
        };
        let draft = studio.draft_next_version(&self.name, &self.files, choose)?;
        if let Some(version) = draft.kept_from {
            eprintln!("atelier: Read as version {version} was ({}).", draft.choices.described().join("; "));
        }

        let bar = super::progress_bar(json);
        let staged = studio.stage_import(&self.name, &draft, &|progress| {
            super::show_progress(&bar, progress.fraction, &progress.message);
            ControlFlow::Continue(())
        });
        bar.finish_and_clear();
        let staged = staged?;
        if let Some(changes) = staged.changes.as_ref().filter(|_| self.same_schema) {
            let sentences = changes.sentences().join(" ");
            let sentence = format!("Nothing was imported, as --same-schema asks. {sentences}");
            return Err(Error::new(ErrorKind::Conflict, sentence));
        }

        let imported = studio.commit_import(staged)?;
        for sentence in &imported.warnings {
            eprintln!("atelier: {sentence}");
        }
        if !imported.warnings.is_empty() {
            eprintln!("atelier: What is wrong there can be said with a flag: atelier data add --help");
        }
        for sentence in imported.changes.iter().flat_map(studio::VersionChanges::sentences) {
            eprintln!("atelier: {sentence}");
        }
        output::print(&imported.version, json, |version| {
            let (dataset, number) = (&version.dataset, version.version);
            format!("{dataset} version {number}, {} rows, {} columns", version.rows, version.columns)
        })
    }
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
        text.push_str(&reading_text(version));
        text
    })
}

/// The reading of a version: the choices made for it, and the notes of the import.
fn reading_text(version: &studio::DatasetVersion) -> String {
    let mut text = String::new();
    let choices = version.source.get("choices").cloned().unwrap_or_default();
    let choices: studio::data::read::ReadChoices = serde_json::from_value(choices).unwrap_or_default();
    if !choices.is_empty() {
        text.push_str("\n\nSaid about the files\n");
        text.push_str(&choices.described().join("\n"));
    }
    let sentences: Vec<&str> = ["warnings", "changes"]
        .into_iter()
        .flat_map(|key| version.source.get(key).and_then(|list| list.as_array()).into_iter().flatten())
        .filter_map(|sentence| sentence.as_str())
        .collect();
    if !sentences.is_empty() {
        text.push_str("\n\nNotes of the import\n");
        text.push_str(&sentences.join("\n"));
    }
    text
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
