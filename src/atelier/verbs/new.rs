use std::path::PathBuf;
use std::process::ExitCode;

use studio::Studio;

use crate::output;

#[derive(clap::Args)]
pub struct New {
    /// The folder to make; it may exist if it is empty
    folder: PathBuf,
    /// Fill it with the sample data and two finished pipelines
    #[arg(long)]
    sample: bool,
    /// What people read; the folder's name by default
    #[arg(long)]
    name: Option<String>,
}

impl New {
    pub fn act(self, json: bool) -> studio::Result<ExitCode> {
        let studio = if self.sample {
            let bar = super::progress_bar(json);
            let made = Studio::create_sample(&self.folder, &|message| bar.set_message(message.to_owned()));
            bar.finish_and_clear();
            made?
        } else {
            let name = self.name.or_else(|| self.folder.file_name().map(|name| name.to_string_lossy().into_owned()));
            Studio::create(&self.folder, name.as_deref().unwrap_or("Workspace"))?
        };
        let made = serde_json::json!({ "folder": studio.folder(), "name": studio.name() });
        output::print(&made, json, |_| format!("Made {} in {}", studio.name(), studio.folder().display()))?;
        Ok(ExitCode::SUCCESS)
    }
}
