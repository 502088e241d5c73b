//! Making an environment real: what is wanted is resolved into exact versions, and those are installed into a virtual
//! environment of their own, once.
//!
//! ```text
//! .atelier/cache/environments/
//!   resolved/DIGEST.json     what a wish came to: wish -> exact versions
//!   DIGEST/                  a virtual environment; DIGEST is of the interpreter's version and the exact versions
//!     environment.json       written last: a folder without it is half-built and never used
//!   DIGEST.lock              held while it is built
//! ```
//! All of it may be deleted at any time: what a run needs to come by the same environment again is in the run.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::file::Wanted;
use super::uv::{self, Progress, Uv};
use crate::interpreter::{self, Interpreter};
use crate::{Error, Result};

const RECORD: &str = "environment.json";

/// Exact versions for one kind of interpreter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// Digest of all that follows but for `interpreter`.
    pub digest: String,
    /// `CPython 3.11.7`
    pub python: String,
    /// `linux-x86_64`
    pub platform: String,
    /// Every package with its exact version, as a requirements file has them, in order.
    pub pins: Vec<String>,
    /// Where packages come from besides PyPI.
    #[serde(default)]
    pub options: Vec<String>,
    /// The interpreter that the virtual environment is made from.
    pub interpreter: PathBuf,
}

/// An environment that is ready to be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltEnvironment {
    pub digest: String,
    /// The virtual environment's own.
    pub interpreter: PathBuf,
    /// `CPython 3.11.7`
    pub python: String,
    pub platform: String,
    /// What was asked to be installed.
    pub pins: Vec<String>,
    /// Where packages come from besides PyPI.
    pub options: Vec<String>,
    /// What is installed: version by name.
    pub packages: IndexMap<String, String>,
}

impl Resolved {
    /// These exact versions for an interpreter.
    pub(crate) fn new(base: &Interpreter, mut pins: Vec<String>, options: Vec<String>) -> Self {
        pins.sort();
        let python = format!("{} {}", base.implementation, base.version);
        let parts = serde_json::json!([python, base.platform, pins, options]);
        let digest = blake3::hash(parts.to_string().as_bytes()).to_hex().to_string();
        let interpreter = PathBuf::from(&base.path);
        Self { digest, python, platform: base.platform.clone(), pins, options, interpreter }
    }
}

/// Where environments are made, and from what.
pub(crate) struct Builder {
    /// `.atelier/cache`
    pub(crate) cache: PathBuf,
    /// The workspace's interpreter.
    pub(crate) python: PathBuf,
}

impl Builder {
    fn folder(&self) -> PathBuf {
        self.cache.join("environments")
    }

    /// What this wish came to before, if it did and nobody cleared the cache since.
    pub(crate) fn known(&self, wanted: &Wanted) -> Option<Resolved> {
        let text = std::fs::read(self.resolution(wanted)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// The environment of that digest, if it was built to its end.
    pub(crate) fn built(&self, digest: &str) -> Option<BuiltEnvironment> {
        let text = std::fs::read(self.folder().join(digest).join(RECORD)).ok()?;
        let built: BuiltEnvironment = serde_json::from_slice(&text).ok()?;
        built.interpreter.is_file().then_some(built)
    }

    /// Where it is kept what a wish came to. The interpreter counts only where no version of Python is wished for.
    fn resolution(&self, wanted: &Wanted) -> PathBuf {
        let mut requirements = wanted.requirements.clone();
        requirements.sort();
        let own = wanted.python.is_none().then(|| {
            let path = interpreter::on_path(&self.python);
            let changed = std::fs::metadata(&path).and_then(|meta| meta.modified()).ok();
            let changed = changed.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
            (path, changed.unwrap_or_default().as_nanos().to_string())
        });
        let parts = serde_json::json!([wanted.python, requirements, wanted.options, own]);
        let digest = blake3::hash(parts.to_string().as_bytes()).to_hex();
        self.folder().join("resolved").join(format!("{digest}.json"))
    }

    /// Resolves and builds what is wanted; at once where both was done before.
    ///
    /// # Errors
    /// A sentence: no such version of Python, a package that is not there or fits no other, no network.
    pub(crate) fn make(&self, wanted: &Wanted, progress: Progress<'_>) -> Result<BuiltEnvironment> {
        let resolved = match self.known(wanted) {
            Some(resolved) => resolved,
            None => self.resolve(wanted, progress)?,
        };
        self.build(&resolved, progress)
    }

    fn resolve(&self, wanted: &Wanted, progress: Progress<'_>) -> Result<Resolved> {
        let file = self.resolution(wanted);
        let lock = uv::locked(&file.with_extension("lock"), "Another process resolves this environment", progress)?;
        if let Some(resolved) = self.known(wanted) {
            return Ok(resolved);
        }
        let uv = Uv::find(&self.python, &self.cache, progress)?;
        let base = self.base(&uv, wanted.python.as_deref(), progress)?;
        (progress.say)(&format!("Resolving {} requirements", wanted.requirements.len()));
        let input = file.with_extension("in");
        let lines = [wanted.options.as_slice(), &wanted.requirements].concat();
        write(&input, &lines)?;
        let mut compile = uv.command();
        compile.args(["pip", "compile", "--quiet", "--no-header", "--no-annotate", "--emit-index-url"]);
        compile.arg("--python").arg(&base.path).arg(&input);
        let found = uv::run(compile, progress);
        let _ = std::fs::remove_file(&input);
        let found = found?;
        let lines = found.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let pins = lines.filter(|line| !line.starts_with('-')).map(str::to_owned).collect();
        let resolved = Resolved::new(&base, pins, wanted.options.clone());
        record(&file, &resolved)?;
        drop(lock);
        Ok(resolved)
    }

    /// An interpreter of the version that is wanted: the workspace's own, else one that uv finds or fetches.
    fn base(&self, uv: &Uv, wanted: Option<&str>, progress: Progress<'_>) -> Result<Interpreter> {
        let own = interpreter::describe(&self.python, &self.cache);
        let fits = |version: &str| own.version == version || own.version.starts_with(&format!("{version}."));
        let path = match wanted {
            None => None,
            Some(version) if own.problem.is_none() && fits(version) => None,
            Some(version) => Some(find_python(uv, version, progress)?),
        };
        let base = path.map_or(own, |path| interpreter::describe(&path, &self.cache));
        match &base.problem {
            Some(problem) => Err(Error::invalid(format!("The interpreter {} cannot be used. {problem}", base.path))),
            None => Ok(base),
        }
    }

    /// The environment that a run used: these exact versions for this version of Python.
    ///
    /// # Errors
    /// As [`Self::make`].
    pub(crate) fn rebuild(
        &self,
        python: &str,
        pins: Vec<String>,
        options: Vec<String>,
        progress: Progress<'_>,
    ) -> Result<BuiltEnvironment> {
        let uv = Uv::find(&self.python, &self.cache, progress)?;
        let base = self.base(&uv, Some(python), progress)?;
        self.build(&Resolved::new(&base, pins, options), progress)
    }

    pub(crate) fn build(&self, resolved: &Resolved, progress: Progress<'_>) -> Result<BuiltEnvironment> {
        if let Some(built) = self.built(&resolved.digest) {
            return Ok(built);
        }
        let folder = self.folder().join(&resolved.digest);
        let lock = uv::locked(&folder.with_extension("lock"), "Another process builds this environment", progress)?;
        if let Some(built) = self.built(&resolved.digest) {
            return Ok(built);
        }
        // What was begun and not ended.
        if folder.exists() {
            let failed =
                |e| Error::storage(format!("A half-built environment cannot be removed: {e}. {}", folder.display()));
            std::fs::remove_dir_all(&folder).map_err(failed)?;
        }
        let uv = Uv::find(&self.python, &self.cache, progress)?;
        (progress.say)(&format!("Making an environment for {}", resolved.python));
        let mut venv = uv.command();
        venv.args(["venv", "--quiet", "--no-project", "--python"]).arg(&resolved.interpreter).arg(&folder);
        uv::run(venv, progress)?;
        let built = install(&uv, &folder, resolved, &self.cache, progress)?;
        record(&folder.join(RECORD), &built)?;
        drop(lock);
        (progress.say)(&format!("{} packages are installed", built.packages.len()));
        Ok(built)
    }
}

fn find_python(uv: &Uv, version: &str, progress: Progress<'_>) -> Result<PathBuf> {
    let find = || {
        let mut find = uv.command();
        find.args(["python", "find", "--quiet", "--no-project", version]);
        find
    };
    let silent = Progress { say: &|_| (), ..progress };
    let found = match uv::run(find(), silent) {
        Ok(found) => Ok(found),
        Err(_) => {
            progress.check()?;
            (progress.say)(&format!("Fetching Python {version}"));
            let mut fetch = uv.command();
            fetch.args(["python", "install", version]);
            uv::run(fetch, progress).and_then(|_| uv::run(find(), silent))
        }
    };
    let found = found.map_err(|error| Error {
        message: format!("Python {version} is not installed here and could not be fetched: {}", error.message),
        ..error
    })?;
    Ok(PathBuf::from(found.trim()))
}

/// Installs the exact versions and nothing besides, and asks the interpreter what it has now.
fn install(
    uv: &Uv,
    folder: &Path,
    resolved: &Resolved,
    cache: &Path,
    progress: Progress<'_>,
) -> Result<BuiltEnvironment> {
    let interpreter = uv::python_of(folder);
    if !resolved.pins.is_empty() {
        (progress.say)(&format!("Installing {} packages", resolved.pins.len()));
        let pins = folder.join("requirements.txt");
        write(&pins, &[resolved.options.as_slice(), &resolved.pins].concat())?;
        let mut install = uv.command();
        install.args(["pip", "install", "--no-deps", "--python"]).arg(&interpreter).arg("--requirements").arg(&pins);
        uv::run(install, progress)?;
    }
    let has = interpreter::describe(&interpreter, cache);
    if let Some(problem) = has.problem {
        return Err(Error::invalid(format!("The environment was made and its interpreter does not run. {problem}")));
    }
    Ok(BuiltEnvironment {
        digest: resolved.digest.clone(),
        interpreter,
        python: resolved.python.clone(),
        platform: resolved.platform.clone(),
        pins: resolved.pins.clone(),
        options: resolved.options.clone(),
        packages: has.packages,
    })
}

fn write(file: &Path, lines: &[String]) -> Result<()> {
    if let Some(folder) = file.parent() {
        let failed = |e| Error::storage(format!("The folder {} cannot be made: {e}.", folder.display()));
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    Ok(workspace::write_atomically(file, (lines.join("\n") + "\n").as_bytes())?)
}

fn record(file: &Path, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Error::storage(error.to_string()))?;
    write(file, &[text])
}
