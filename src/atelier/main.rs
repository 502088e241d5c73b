//! `atelier` opens the window; `atelier VERB` does the same work without one.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use studio::{Error, ErrorKind, Studio};

mod output;
mod verbs;

/// A studio for the whole machine-learning lifecycle on one machine.
///
/// Without a verb the window opens: on FOLDER, else on the workspace opened last, else on the sample workspace.
#[derive(Parser)]
#[command(name = "atelier", version, subcommand_precedence_over_arg = true, disable_help_subcommand = true)]
#[command(after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// A workspace's folder, or the atelier.toml in it
    folder: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

#[derive(clap::Args)]
struct Common {
    /// The workspace's folder; the one this folder lies in by default
    #[arg(long, global = true, value_name = "W")]
    workspace: Option<PathBuf>,
    /// Print JSON for programs instead of text for people
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Verb {
    /// Make a workspace
    New(verbs::new::New),
    /// Open a workspace in the window
    Open { folder: PathBuf },
    /// Import datasets, look at them, query and export them
    #[command(subcommand)]
    Data(verbs::data::Data),
    /// Check, format and draw pipelines
    #[command(subcommand)]
    Pipelines(verbs::pipelines::Pipelines),
    /// Look up what pipelines are made of
    #[command(subcommand)]
    Components(verbs::components::Components),
    /// Run a pipeline and wait for it
    Run(verbs::run::Run),
    /// Look at runs
    #[command(subcommand)]
    Runs(verbs::runs::Runs),
    /// Bring a run's code, data and environment back, run it again, and compare
    Reproduce(verbs::reproduce::Reproduce),
    /// Look at environments of Python steps, and install them
    #[command(subcommand)]
    Env(verbs::env::Env),
    /// Register and look at models
    #[command(subcommand)]
    Models(verbs::models::Models),
    /// Let anything that speaks MLflow log to this workspace
    Serve(verbs::serve::Serve),
    /// Verify every file, every reference and the database
    Check,
    /// Remove what nothing refers to, and for good what was deleted before a time
    Gc(verbs::upkeep::Gc),
    /// Execute a run that was started before; the studio starts this by itself
    #[command(hide = true)]
    Worker { run: String },
}

const EXIT_CODES: &str = "Exit codes: 0 done; 1 a run failed or a check found problems; 2 wrong usage; 3 not found; \
                          4 invalid input; 5 conflict, such as a file that is there already or other columns under \
                          --same-schema; 6 storage; 130 cancelled.";

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_env("ATELIER_LOG"))
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let json = arguments.common.json;
    match act(arguments) {
        Ok(code) => code,
        Err(error) => {
            output::print_error(&error, json);
            ExitCode::from(exit_code(error.kind))
        }
    }
}

fn act(arguments: Arguments) -> studio::Result<ExitCode> {
    let Arguments { verb, folder, common } = arguments;
    let Some(verb) = verb else { return open_window(folder.or(common.workspace)) };
    let json = common.json;
    let open = || open_workspace(common.workspace.as_deref());
    match verb {
        Verb::New(new) => new.act(json),
        Verb::Open { folder } => open_window(Some(folder)),
        Verb::Data(data) => data.act(&open()?, json),
        Verb::Pipelines(pipelines) => pipelines.act(&open()?, json),
        Verb::Components(components) => components.act(json),
        Verb::Run(run) => run.act(&open()?, json),
        Verb::Runs(runs) => runs.act(&open()?, json),
        Verb::Reproduce(reproduce) => reproduce.act(&open()?, json),
        Verb::Env(env) => env.act(&open()?, json),
        Verb::Models(models) => models.act(&open()?, json),
        Verb::Serve(serve) => serve.act(open()?, json),
        Verb::Check => verbs::upkeep::check(&open()?, json),
        Verb::Gc(gc) => gc.act(&open()?, json),
        Verb::Worker { run } => {
            studio::worker::work(open()?, &run, Some(server::start_for_own)).map(|()| ExitCode::SUCCESS)
        }
    }
}

fn open_workspace(folder: Option<&Path>) -> studio::Result<Studio> {
    match folder {
        Some(folder) => Studio::open(folder),
        None => Studio::open_around(&std::env::current_dir().map_err(|error| {
            Error::storage(format!("The current folder cannot be read: {error}. Name one with --workspace."))
        })?),
    }
}

/// The named workspace, else the one opened last, else the sample, which is made on first start.
fn open_window(folder: Option<PathBuf>) -> studio::Result<ExitCode> {
    if let Some(missing) = folder.as_ref().filter(|folder| !folder.exists()) {
        let missing = missing.display();
        return Err(Error::not_found(format!("There is neither a folder nor a verb “{missing}”. See atelier --help.")));
    }
    gui::run(folder).map_err(|error| Error::storage(error.to_string()))?;
    Ok(ExitCode::SUCCESS)
}

fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::RunFailed => 1,
        ErrorKind::NotFound => 3,
        ErrorKind::Invalid => 4,
        ErrorKind::Conflict | ErrorKind::State | ErrorKind::Busy => 5,
        ErrorKind::Storage | ErrorKind::ReadOnly => 6,
        ErrorKind::Cancelled => 130,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
