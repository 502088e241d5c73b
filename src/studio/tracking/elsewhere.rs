//! Files of runs and logged models wherever they lie: among the artifacts here, in a folder of this machine, or in a
//! bucket of S3.
//!
//! Clients name these places, and the server reads them for whoever asks. So nothing is read but what lies below
//! `…/ID/artifacts`, where ID is that of the run or the logged model itself, which no client chooses; a link that leads
//! out of there is not followed. Folders and buckets that hold anything else are out of reach, whatever an experiment
//! calls its place.

use std::fs::{self, File};
use std::io::{ErrorKind as IoKind, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path as Key;
use object_store::{ClientOptions, ObjectStore, ObjectStoreExt, RetryConfig};

use super::*;
use crate::Error;

/// What addresses of files kept here begin with.
const HERE: &str = "mlflow-artifacts:";
/// Bytes of a stored object that are fetched at once.
const PIECE: u64 = 8 << 20;
/// How long a bucket has to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Variables of which one must be set before a bucket is asked: without them the address of a cloud's own machines would
/// be asked for credentials.
const CREDENTIALS: [&str; 4] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/// Where the files of a run or a logged model lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilePlace {
    /// Among the artifacts here, below this path.
    Kept(String),
    /// In this folder, which is named `ID/artifacts`.
    Folder(PathBuf),
    /// In a bucket, below this prefix, which ends with `ID/artifacts`.
    Bucket {
        /// The bucket's name.
        name: String,
        /// Without slashes around it.
        prefix: String,
    },
    /// Somewhere that is not looked at.
    Unreachable(String),
}

impl FilePlace {
    /// The place that an address stands for; `owner` is the id of the run or the logged model whose files lie there.
    pub fn of(address: &str, owner: &str) -> Self {
        let unreachable = || Self::Unreachable(address.to_owned());
        if let Some(path) = address.strip_prefix(HERE) {
            return match path.strip_prefix("//") {
                Some(_) => unreachable(),
                None => Self::Kept(path.trim_matches('/').to_owned()),
            };
        }
        let end = format!("/{owner}/artifacts");
        let bare = address.split(['?', '#']).next().unwrap_or(address).trim_end_matches('/');
        if owner.is_empty() || !bare.ends_with(&end) || bare.split('/').any(|part| part == "..") {
            return unreachable();
        }
        if let Some((name, prefix)) = bare.strip_prefix("s3://").and_then(|rest| rest.split_once('/')) {
            let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
            if !name.is_empty() && name.chars().all(named) {
                return Self::Bucket { name: name.to_owned(), prefix: prefix.trim_matches('/').to_owned() };
            }
        }
        match local_path(bare) {
            Some(path) => Self::Folder(path),
            None => unreachable(),
        }
    }
}

/// The path of an address of this machine: `file:///a`, `file:/a`, `/a`.
fn local_path(address: &str) -> Option<PathBuf> {
    let path = match address.strip_prefix("file:") {
        Some(rest) => {
            let path = rest.strip_prefix("//localhost").or_else(|| rest.strip_prefix("//")).unwrap_or(rest);
            percent_decoded(path)
        }
        None => address.to_owned(),
    };
    let path = PathBuf::from(path);
    path.is_absolute().then_some(path)
}

/// `%20` and the like of an address; what is no UTF-8 then stays as it was written.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

impl<'a> Tracking<'a> {
    /// The folder of the workspace, which relative addresses are below.
    pub fn folder(self) -> &'a Path {
        self.0.folder()
    }

    /// The place that an address of a model's files lies in, and its path within that: `runs:/RUN/model`, an address
    /// below the artifacts of a run or of a logged model. None where it cannot be reached.
    pub fn resolve(self, address: &str) -> Option<(FilePlace, String)> {
        if let Some(path) = address.strip_prefix("runs:/") {
            let (run, inside) = path.trim_matches('/').split_once('/')?;
            let place = FilePlace::of(&self.run(run).ok()?.artifact_uri, run);
            return reachable(place).map(|place| (place, inside.to_owned()));
        }
        if let kept @ FilePlace::Kept(_) = FilePlace::of(address, "") {
            return Some((kept, String::new()));
        }
        // Whose files they are is in the address, and what is known of it says where its files really lie.
        let parts: Vec<&str> = address.split('/').collect();
        let at = parts.iter().rposition(|part| *part == "artifacts").filter(|at| *at > 0)?;
        let owner = parts[at - 1];
        let root = match owner.starts_with("m-") {
            true => self.logged_model(owner, true).ok()?.artifact_location,
            false => self.run(owner).ok()?.artifact_uri,
        };
        let inside = address.strip_prefix(root.trim_end_matches('/'))?.trim_matches('/');
        reachable(FilePlace::of(&root, owner)).map(|place| (place, inside.to_owned()))
    }

    /// What lies directly in a folder of a place; the empty path is the place itself.
    ///
    /// # Errors
    /// A place that cannot be reached, a folder that cannot be read.
    pub fn files_in(self, place: &FilePlace, folder: &str) -> Result<Vec<ArtifactEntry>> {
        match place {
            FilePlace::Kept(root) => self.artifacts_in(&joined(root, folder)),
            FilePlace::Folder(root) => folder_entries(root, folder),
            FilePlace::Bucket { name, prefix } => bucket_entries(name, &joined(prefix, folder)),
            FilePlace::Unreachable(address) => Err(unreachable(address)),
        }
    }

    /// A file of a place, and its bytes to be read. What does not lie here has a tag in the place of its digest.
    ///
    /// # Errors
    /// A path where nothing is, or a folder; a place that cannot be reached.
    pub fn open_file(self, place: &FilePlace, path: &str) -> Result<(Artifact, File)> {
        match place {
            FilePlace::Kept(root) => self.open_artifact(&joined(root, path)),
            FilePlace::Folder(root) => open_in_folder(root, path),
            FilePlace::Bucket { name, prefix } => self.fetch(name, &joined(prefix, path)),
            FilePlace::Unreachable(address) => Err(unreachable(address)),
        }
    }

    /// Copies an object of a bucket into a file that goes when it is closed.
    fn fetch(self, bucket: &str, key: &str) -> Result<(Artifact, File)> {
        let store = bucket_of(bucket)?;
        let failed = |error: object_store::Error| bucket_error(bucket, key, &error);
        let mut file = tempfile::tempfile_in(self.0.private_folder().join("tmp"))
            .map_err(|error| Error::storage(format!("A temporary file cannot be made: {error}.")))?;
        let meta = wait_for(async {
            let path = key_of(key);
            let meta = store.head(&path).await.map_err(failed)?;
            let mut start = 0;
            while start < meta.size {
                let end = meta.size.min(start + PIECE);
                let bytes = store.get_range(&path, start..end).await.map_err(failed)?;
                file.write_all(&bytes).map_err(|error| {
                    Error::storage(format!("The copy of s3://{bucket}/{key} cannot be kept: {error}."))
                })?;
                start = end;
            }
            Ok(meta)
        })?;
        file.rewind()
            .map_err(|error| Error::storage(format!("The copy of s3://{bucket}/{key} cannot be read: {error}.")))?;
        let tag = meta.e_tag.unwrap_or_default().replace('"', "");
        let blob = Blob { digest: format!("s3-{tag}"), size: meta.size };
        Ok((Artifact { path: key.to_owned(), blob, created_ms: meta.last_modified.timestamp_millis() }, file))
    }
}

fn reachable(place: FilePlace) -> Option<FilePlace> {
    match &place {
        FilePlace::Unreachable(_) => None,
        FilePlace::Bucket { .. } => knows_buckets().then_some(place),
        _ => Some(place),
    }
}

fn joined(root: &str, path: &str) -> String {
    match (root, path) {
        (root, "") => root.to_owned(),
        ("", path) => path.to_owned(),
        (root, path) => format!("{root}/{path}"),
    }
}

fn unreachable(address: &str) -> Error {
    Error::invalid(format!("The artifacts at '{address}' are not kept by this server. Read them from there."))
}

fn missing(path: &str) -> Error {
    Error::not_found(format!("No such artifact: '{path}'"))
}

/// The real path of something in a folder; none where it is not there or a link leads out of the folder.
fn real_path(root: &Path, path: &str) -> Option<PathBuf> {
    let named = |path: &Path| {
        let mut parts = path.components().rev().map(|part| part.as_os_str().to_owned());
        (parts.next(), parts.next())
    };
    let real_root = root.canonicalize().ok()?;
    // A link in the place of the folder itself leads elsewhere too.
    if named(&real_root) != named(root) || path.split(['/', '\\']).any(|part| part == "..") {
        return None;
    }
    let real = real_root.join(path.trim_matches('/')).canonicalize().ok()?;
    real.starts_with(&real_root).then_some(real)
}

fn folder_entries(root: &Path, folder: &str) -> Result<Vec<ArtifactEntry>> {
    // Nothing is listed for what is not there, as nothing was logged yet.
    let Some(real) = real_path(root, folder).filter(|real| real.is_dir()) else { return Ok(Vec::new()) };
    let failed =
        |error: std::io::Error| Error::storage(format!("The folder {} cannot be read: {error}.", real.display()));
    let mut found = Vec::new();
    for entry in fs::read_dir(&real).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let Some(meta) = real_path(root, &joined(folder, &name)).and_then(|real| fs::metadata(real).ok()) else {
            continue;
        };
        let size = (!meta.is_dir()).then_some(meta.len());
        found.push(ArtifactEntry { name, size });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn open_in_folder(root: &Path, path: &str) -> Result<(Artifact, File)> {
    let real = real_path(root, path).ok_or_else(|| missing(path))?;
    let failed = |error: std::io::Error| match error.kind() {
        IoKind::NotFound => missing(path),
        _ => Error::storage(format!("The file {} cannot be read: {error}.", real.display())),
    };
    let meta = fs::metadata(&real).map_err(failed)?;
    if meta.is_dir() {
        return Err(Error::invalid(format!("Artifact path refers to a directory, not a file: '{path}'")));
    }
    // Nothing waits for a pipe that somebody put there.
    if !meta.is_file() {
        return Err(missing(path));
    }
    let file = File::open(&real).map_err(failed)?;
    // Between looking and opening, a link may have been put in the way.
    if !is_at(&file, &real) {
        return Err(missing(path));
    }
    let meta = file.metadata().map_err(failed)?;
    let modified = meta.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    let modified = modified.map_or(0, |at| at.as_millis() as i64);
    let blob = Blob { digest: format!("file-{modified}-{}", meta.len()), size: meta.len() };
    Ok((Artifact { path: path.to_owned(), blob, created_ms: modified }, file))
}

#[cfg(target_os = "linux")]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::fd::AsRawFd;
    fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).map_or(true, |real| real == path)
}

#[cfg(not(target_os = "linux"))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

/// Whether the environment has credentials for S3.
pub fn knows_buckets() -> bool {
    CREDENTIALS.iter().any(|name| std::env::var_os(name).is_some())
}

fn bucket_of(name: &str) -> Result<AmazonS3> {
    if !knows_buckets() {
        return Err(Error::invalid(format!(
            "The files lie in s3://{name}, and the environment has no credentials for it. Set AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY before Atelier starts, and AWS_ENDPOINT_URL for a server of your own."
        )));
    }
    let retry = RetryConfig { max_retries: 2, retry_timeout: PATIENCE, ..RetryConfig::default() };
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(name).with_retry(retry);
    let endpoint = ["MLFLOW_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];
    if let Some(url) = endpoint.iter().find_map(|name| std::env::var(name).ok()).filter(|url| !url.is_empty()) {
        let plain = url.starts_with("http://");
        builder = builder.with_endpoint(url).with_allow_http(plain);
    }
    let client = ClientOptions::new().with_timeout(PATIENCE).with_allow_http(true);
    let build = builder.with_client_options(client).build();
    build.map_err(|error| Error::invalid(format!("The bucket s3://{name} cannot be reached: {error}.")))
}

fn key_of(key: &str) -> Key {
    Key::parse(key).unwrap_or_else(|_| Key::from(key))
}

fn bucket_entries(bucket: &str, prefix: &str) -> Result<Vec<ArtifactEntry>> {
    let store = bucket_of(bucket)?;
    let listed = wait_for(async {
        let prefix = key_of(prefix);
        store.list_with_delimiter(Some(&prefix)).await.map_err(|error| bucket_error(bucket, prefix.as_ref(), &error))
    })?;
    let name = |key: &Key| key.filename().map(str::to_owned).filter(|name| !name.is_empty());
    let folders = listed.common_prefixes.iter().filter_map(|key| Some(ArtifactEntry { name: name(key)?, size: None }));
    let files = listed
        .objects
        .iter()
        .filter_map(|meta| Some(ArtifactEntry { name: name(&meta.location)?, size: Some(meta.size) }));
    let mut found: Vec<ArtifactEntry> = folders.chain(files).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn bucket_error(bucket: &str, key: &str, error: &object_store::Error) -> Error {
    match error {
        object_store::Error::NotFound { .. } => missing(key),
        error => Error::storage(format!("s3://{bucket}/{key} cannot be read: {error}.")),
    }
}

/// Waits for an answer from a network, on this thread.
fn wait_for<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Error::storage(format!("The network cannot be used: {error}.")))?.block_on(work)
}

#[cfg(test)]
#[path = "elsewhere_tests.rs"]
mod tests;
