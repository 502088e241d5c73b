//! A store and an observer without a workspace: for tests, and for running a pipeline in a temporary folder.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use data::polars::prelude::{DataFrame, ParquetWriter};
use data::schema::Schema;

use crate::component::StepError;
use crate::journal::StepJournal;
use crate::meta::ModelMeta;
use crate::shape::{Known, KnownDataset, KnownModel};
use crate::store::{Dataset, Environment, Observer, RegisteredModel, StepEvent, Store, Stored, Stream};

/// Keeps everything in a folder that goes when it is dropped.
pub struct MemoryStore {
    folder: tempfile::TempDir,
    datasets: Mutex<BTreeMap<(String, u32), Dataset>>,
    models: Mutex<Vec<RegisteredModel>>,
    kept: Mutex<HashMap<String, (Vec<Stored>, StepJournal)>>,
    scratch: AtomicU64,
    python: Option<PathBuf>,
    environments: BTreeMap<String, Environment>,
}

impl MemoryStore {
    /// # Errors
    /// When no temporary folder can be made.
    pub fn new() -> Result<Self, StepError> {
        let folder = tempfile::tempdir().map_err(|error| failed("A temporary folder cannot be made", &error))?;
        for part in ["blobs", "scratch"] {
            fs::create_dir(folder.path().join(part)).map_err(|error| failed("A folder cannot be made", &error))?;
        }
        Ok(Self {
            folder,
            datasets: Mutex::default(),
            models: Mutex::default(),
            kept: Mutex::default(),
            scratch: AtomicU64::default(),
            python: None,
            environments: BTreeMap::new(),
        })
    }

    /// The interpreter of Python steps that name none.
    pub fn with_python(mut self, interpreter: impl Into<PathBuf>) -> Self {
        self.python = Some(interpreter.into());
        self
    }

    /// An environment that is ready.
    pub fn with_environment(mut self, name: &str, digest: &str, interpreter: impl Into<PathBuf>) -> Self {
        let environment = Environment { digest: digest.to_owned(), interpreter: interpreter.into() };
        self.environments.insert(name.to_owned(), environment);
        self
    }

    /// Adds the next version of a dataset.
    ///
    /// # Errors
    /// When the rows cannot be written.
    pub fn add_dataset(&self, name: &str, frame: &DataFrame) -> Result<Dataset, StepError> {
        let path = self.scratch_file("parquet")?;
        let file = fs::File::create(&path).map_err(|error| failed("The dataset cannot be written", &error))?;
        ParquetWriter::new(file).finish(&mut frame.clone())?;
        let digest = self.put_file(path)?;
        let mut datasets = lock(&self.datasets);
        let version = 1 + datasets.keys().filter(|(known, _)| known == name).count() as u32;
        let dataset = Dataset {
            name: name.to_owned(),
            version,
            path: self.path(&digest)?,
            digest,
            schema: Schema::of(frame),
            rows: frame.height() as u64,
        };
        datasets.insert((name.to_owned(), version), dataset.clone());
        Ok(dataset)
    }

    /// Registers a model as the next version of a name.
    ///
    /// # Errors
    /// When the model cannot be written.
    pub fn add_model(&self, name: &str, model: &learn::Model) -> Result<RegisteredModel, StepError> {
        let digest = self.put_bytes(&model.to_bytes()?)?;
        let mut models = lock(&self.models);
        let version = 1 + models.iter().filter(|model| model.name == name).count() as u32;
        let added = RegisteredModel { name: name.to_owned(), version, path: self.path(&digest)?, digest };
        models.push(added.clone());
        Ok(added)
    }

    /// How many results are kept.
    pub fn kept(&self) -> usize {
        lock(&self.kept).len()
    }
}

fn failed(what: &str, error: &std::io::Error) -> StepError {
    StepError::Failed(format!("{what}: {error}."))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store for MemoryStore {
    fn dataset(&self, name: &str, version: Option<u32>) -> Result<Dataset, StepError> {
        let datasets = lock(&self.datasets);
        let mut versions = datasets.values().filter(|dataset| dataset.name == name);
        let found = match version {
            Some(version) => versions.find(|dataset| dataset.version == version),
            None => versions.next_back(),
        };
        found.cloned().ok_or_else(|| StepError::Failed(format!("There is no dataset “{name}”.")))
    }

    fn model(&self, reference: &str) -> Result<RegisteredModel, StepError> {
        let (name, version) = match reference.rsplit_once('@') {
            Some((name, version)) => (name, version.parse().ok()),
            None => (reference, None),
        };
        let models = lock(&self.models);
        let wanted = |model: &&RegisteredModel| model.name == name && version.is_none_or(|it: u32| it == model.version);
        let found = models.iter().rev().find(wanted).cloned();
        found.ok_or_else(|| StepError::Failed(format!("There is no registered model “{reference}”.")))
    }

    fn find(&self, key: &str) -> Result<Option<Vec<Stored>>, StepError> {
        let found = lock(&self.kept).get(key).map(|(outputs, _)| outputs.clone());
        Ok(found.filter(|outputs| outputs.iter().all(|stored| self.path(&stored.digest).is_ok())))
    }

    fn journal(&self, key: &str) -> Result<StepJournal, StepError> {
        Ok(lock(&self.kept).get(key).map(|(_, journal)| journal.clone()).unwrap_or_default())
    }

    fn keep(&self, key: &str, outputs: &[Stored], journal: &StepJournal) -> Result<(), StepError> {
        lock(&self.kept).insert(key.to_owned(), (outputs.to_vec(), journal.clone()));
        Ok(())
    }

    fn put_file(&self, path: PathBuf) -> Result<String, StepError> {
        let bytes = fs::read(&path).map_err(|error| failed("A finished file cannot be read", &error))?;
        let digest = self.put_bytes(&bytes)?;
        fs::remove_file(&path).map_err(|error| failed("A finished file cannot be moved", &error))?;
        Ok(digest)
    }

    fn put_bytes(&self, bytes: &[u8]) -> Result<String, StepError> {
        let digest = blake3::hash(bytes).to_hex().to_string();
        let path = self.folder.path().join("blobs").join(&digest);
        fs::write(path, bytes).map_err(|error| failed("A result cannot be written", &error))?;
        Ok(digest)
    }

    fn path(&self, digest: &str) -> Result<PathBuf, StepError> {
        let path = self.folder.path().join("blobs").join(digest);
        if path.exists() { Ok(path) } else { Err(StepError::Failed(format!("The bytes {digest} are gone."))) }
    }

    fn scratch_file(&self, extension: &str) -> Result<PathBuf, StepError> {
        let number = self.scratch.fetch_add(1, Ordering::Relaxed);
        Ok(self.folder.path().join("scratch").join(format!("{number}.{extension}")))
    }

    fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    fn python(&self) -> Result<PathBuf, StepError> {
        let missing = || StepError::Failed("No Python interpreter is chosen for this workspace.".to_owned());
        self.python.clone().ok_or_else(missing)
    }

    fn environment(&self, name: &str) -> Result<Environment, StepError> {
        let missing = || StepError::Failed(format!("There is no environment “{name}” here."));
        self.environments.get(name).cloned().ok_or_else(missing)
    }
}

impl Known for MemoryStore {
    fn dataset(&self, reference: &str) -> Result<KnownDataset, String> {
        let (name, version) = match reference.split_once('@') {
            Some((name, version)) => (name, version.parse().ok()),
            None => (reference, None),
        };
        let Dataset { name, version, schema, rows, .. } =
            Store::dataset(self, name, version).map_err(|error| error.to_string())?;
        Ok(KnownDataset { name, version, schema, rows })
    }

    fn model(&self, reference: &str) -> Result<KnownModel, String> {
        let found = Store::model(self, reference).map_err(|error| error.to_string())?;
        let bytes = fs::read(&found.path).map_err(|error| failed("The model cannot be read", &error).to_string())?;
        let model = learn::Model::from_bytes(&bytes).map_err(|error| error.to_string())?;
        Ok(KnownModel { name: found.name, version: found.version, shape: ModelMeta::of(&model).shape() })
    }
}

/// Writes down everything it hears.
#[derive(Default)]
pub struct Recorder {
    pub events: Mutex<Vec<StepEvent>>,
    /// (job, stream, line)
    pub lines: Mutex<Vec<(String, Stream, String)>>,
    /// (job, name, value, step)
    pub points: Mutex<Vec<(String, String, f64, i64)>>,
    /// (job, fraction, message)
    pub marks: Mutex<Vec<(String, Option<f32>, String)>>,
    cancelled: AtomicBool,
}

impl Recorder {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// What became of each job: "finished", "reused", "failed: …", "skipped: …", "cancelled".
    pub fn fates(&self) -> BTreeMap<String, String> {
        let mut fates = BTreeMap::new();
        for event in lock(&self.events).iter() {
            let (job, fate) = match event {
                StepEvent::Started { job } => (job, "started".to_owned()),
                StepEvent::Reused { job, .. } => (job, "reused".to_owned()),
                StepEvent::Finished { job, .. } => (job, "finished".to_owned()),
                StepEvent::Failed { job, message } => (job, format!("failed: {message}")),
                StepEvent::Skipped { job, why } => (job, format!("skipped: {why}")),
                StepEvent::Cancelled { job } => (job, "cancelled".to_owned()),
            };
            fates.insert(job.clone(), fate);
        }
        fates
    }

    /// What a job gave on a port.
    pub fn output(&self, job: &str, port: &str) -> Option<Stored> {
        lock(&self.events).iter().rev().find_map(|event| match event {
            StepEvent::Finished { job: name, outputs, .. } | StepEvent::Reused { job: name, outputs, .. }
                if name == job =>
            {
                outputs.iter().find(|stored| stored.port == port).cloned()
            }
            _ => None,
        })
    }

    /// A job's log as one text.
    pub fn log(&self, job: &str) -> String {
        let lines = lock(&self.lines);
        lines.iter().filter(|line| line.0 == job).map(|line| format!("{}\n", line.2)).collect()
    }
}

impl Observer for Recorder {
    fn progress(&self, job: &str, fraction: Option<f32>, message: &str) {
        lock(&self.marks).push((job.to_owned(), fraction, message.to_owned()));
    }

    fn metric(&self, job: &str, name: &str, value: f64, step: i64) {
        lock(&self.points).push((job.to_owned(), name.to_owned(), value, step));
    }

    fn log(&self, job: &str, stream: Stream, line: &str) {
        lock(&self.lines).push((job.to_owned(), stream, line.to_owned()));
    }

    fn step(&self, event: StepEvent) {
        if let StepEvent::Reused { job, journal, .. } = &event {
            journal.replay(job, self);
        }
        lock(&self.events).push(event);
    }

    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}
