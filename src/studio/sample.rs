//! The sample workspace: real tables, finished pipelines, runs to compare and registered models.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use crate::{Error, Result, RunRequest, RunStatus, Studio};

const NAME: &str = "Breast cancer study";

/// (dataset, file name, content)
const TABLES: [(&str, &str, &[u8]); 2] = [
    ("breast_cancer", "breast_cancer.csv", include_bytes!("../../assets/samples/breast_cancer.csv")),
    ("diabetes", "diabetes.csv", include_bytes!("../../assets/samples/diabetes.csv")),
];
const ATTRIBUTION: &str = include_str!("../../assets/samples/README.md");
const PIPELINES: [(&str, &str); 2] = [
    ("pipelines/diagnosis.yaml", include_str!("sample/diagnosis.yaml")),
    ("pipelines/progression.yaml", include_str!("sample/progression.yaml")),
];
/// Runs of the pipelines with other parameters, so that there is something to compare. The last of each is registered.
const RUNS: [(&str, &[(&str, &str)]); 5] = [
    ("pipelines/diagnosis.yaml", &[("jobs.boosting.trees", "60"), ("jobs.boosting.learning_rate", "0.05")]),
    ("pipelines/diagnosis.yaml", &[("jobs.boosting.trees", "120"), ("jobs.boosting.learning_rate", "0.3")]),
    ("pipelines/diagnosis.yaml", &[]),
    ("pipelines/progression.yaml", &[("jobs.forest.max_depth", "3")]),
    ("pipelines/progression.yaml", &[]),
];
/// (model, pipeline, job)
const MODELS: [(&str, &str, &str); 2] =
    [("diagnosis", "pipelines/diagnosis.yaml", "train"), ("progression", "pipelines/progression.yaml", "train")];

impl Studio {
    /// Makes the sample workspace in `folder`; `on` hears what is being done.
    ///
    /// # Errors
    /// Those of [`Studio::create`].
    pub fn create_sample(folder: &Path, on: &dyn Fn(&str)) -> Result<Self> {
        on("Making the workspace");
        let studio = Self::create(folder, NAME)?;
        for (name, file, content) in TABLES {
            on(&format!("Importing {name}"));
            studio.import_sample(name, file, content)?;
        }
        for (path, text) in PIPELINES {
            workspace::write_atomically(&folder.join(path), text.as_bytes())?;
        }
        workspace::write_atomically(&folder.join("data/README.md"), ATTRIBUTION.as_bytes())?;
        studio.repository()?.commit("Start the study", None)?;
        for (number, (path, set)) in RUNS.iter().enumerate() {
            on(&format!("Running {path}, {} of {}", number + 1, RUNS.len()));
            studio.run_sample(path, set)?;
        }
        Ok(studio)
    }

    /// The file stays in the workspace, where the dataset says it came from.
    fn import_sample(&self, name: &str, file: &str, content: &[u8]) -> Result<()> {
        let folder = self.folder().join("data");
        std::fs::create_dir_all(&folder)
            .map_err(|error| Error::storage(format!("{} cannot be made: {error}", folder.display())))?;
        let path = folder.join(file);
        workspace::write_atomically(&path, content)?;
        let draft = self.sniff(&[path])?;
        self.import_dataset(name, &draft, &|_| ControlFlow::Continue(())).map(drop)
    }

    /// Runs a pipeline in this process and registers what its last run trained.
    fn run_sample(&self, path: &str, set: &[(&str, &str)]) -> Result<()> {
        let set: Vec<_> = set.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let last = set.is_empty();
        let run = self.run_in_process(path, &RunRequest { set, ..RunRequest::default() })?;
        let done = self.run_row(&run)?.status == RunStatus::Done;
        if let Some((model, _, job)) = MODELS.iter().find(|(_, pipeline, _)| last && done && *pipeline == path) {
            let place = self.model_made(&run, Some(job))?;
            self.register_model(&run, &place, model, "", BTreeMap::new())?;
        }
        Ok(())
    }
}
