use std::process::ExitCode;

use studio::Studio;
use studio::environments::{BuiltEnvironment, EnvironmentRow, Progress};

use crate::output::{self, Table};

#[derive(clap::Subcommand)]
pub enum Env {
    /// List the environments under environments/
    List,
    /// Install an environment, so that the next run need not wait for it
    Build {
        /// Its file's name without the ending
        name: String,
    },
    /// Show what an environment asks for and what is installed
    Show {
        /// Its file's name without the ending
        name: String,
    },
}

impl Env {
    pub fn act(self, studio: &Studio, json: bool) -> studio::Result<ExitCode> {
        match self {
            Self::List => output::print(&studio.environments()?, json, |rows| list_text(rows))?,
            Self::Build { name } => {
                let bar = super::progress_bar(json);
                let say = |line: &str| super::show_progress(&bar, None, line);
                // A verb is cancelled by ending the program.
                let built = studio.build_environment(&name, Progress { say: &say, cancelled: &|| false });
                bar.finish_and_clear();
                output::print(&built?, json, built_text)?;
            }
            Self::Show { name } => {
                let shown = Shown { environment: studio.environment(&name)?, built: studio.built_environment(&name)? };
                output::print(&shown, json, show_text)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(serde::Serialize)]
struct Shown {
    #[serde(flatten)]
    environment: EnvironmentRow,
    built: Option<BuiltEnvironment>,
}

fn state(row: &EnvironmentRow) -> String {
    match (&row.problem, &row.resolved, row.built) {
        (Some(_), ..) => "cannot be read".to_owned(),
        (_, Some(resolved), true) => format!("ready, {}", &resolved.digest[..12]),
        _ => "not built".to_owned(),
    }
}

fn list_text(rows: &[EnvironmentRow]) -> String {
    if rows.is_empty() {
        return "No environments yet. Write environments/NAME.txt with a package a line.".to_owned();
    }
    let mut table = Table::new(["Name", "File", "Python", "Requirements", "State"]);
    for row in rows {
        let python = row.wanted.python.clone().unwrap_or_default();
        table.row([row.name.clone(), row.file.clone(), python, row.wanted.requirements.len().to_string(), state(row)]);
    }
    let problems = rows.iter().filter_map(|row| row.problem.clone());
    [table.render()].into_iter().chain(problems).collect::<Vec<_>>().join("\n")
}

fn built_text(built: &BuiltEnvironment) -> String {
    let packages = built.packages.iter().map(|(name, version)| format!("{name}=={version}"));
    let head = format!("{}  {}  {}", built.python, built.digest, built.interpreter.display());
    [head].into_iter().chain(packages).collect::<Vec<_>>().join("\n")
}

fn show_text(shown: &Shown) -> String {
    let row = &shown.environment;
    let mut lines = vec![format!("{}  {}  {}", row.name, row.file, state(row))];
    lines.extend(row.problem.clone());
    lines.extend(row.wanted.python.iter().map(|python| format!("Python {python}")));
    lines.extend(row.wanted.requirements.iter().map(|line| format!("asks for {line}")));
    lines.extend(shown.built.as_ref().map(built_text));
    lines.join("\n")
}
