//! Artifacts: files by their path below `mlflow-artifacts:/`.

use std::fs::File;
use std::io::{self, Write};

use workspace::BlobWriter;

use super::*;

/// A file on its way into the artifacts. Dropped before [`Tracking::finish_upload`], it leaves nothing.
pub struct Upload(BlobWriter);

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Tracking<'_> {
    /// Begins to store a file, piece by piece.
    ///
    /// # Errors
    /// A read-only workspace, a full disk.
    pub fn upload(self) -> Result<Upload> {
        Ok(Upload(self.0.blob_writer()?))
    }

    /// Puts what was written at a path, in place of the file there, if any.
    ///
    /// # Errors
    /// A path that cannot be or that is a folder, a full disk.
    pub fn finish_upload(self, upload: Upload, path: &str) -> Result<()> {
        let blob = self.0.put_written(upload.0)?;
        let own = path.to_owned();
        let (kind, subject) = event(path);
        self.batch(kind, subject, move |tx| {
            tx.put_artifact(&own, &blob)?;
            tx.settle_blob(&blob.digest)
        })?;
        self.sweep();
        Ok(())
    }

    /// Frees what the change before wrote over or removed. What cannot be freed now is freed at the next time.
    fn sweep(self) {
        if let Err(error) = self.0.sweep() {
            tracing::warn!("what nothing refers to could not be removed: {error}");
        }
    }

    /// Stores what was written without a path: a part of something that is to be joined. Whoever asked says with
    /// [`Tracking::drop_parts`] when it has served; where it cannot, it goes by itself within about an hour.
    ///
    /// # Errors
    /// A full disk.
    pub fn keep_part(self, upload: Upload) -> Result<Blob> {
        Ok(self.0.put_written(upload.0)?)
    }

    /// Frees parts that were joined or are no longer wanted.
    pub fn drop_parts(self, parts: &[Blob]) {
        let digests: Vec<String> = parts.iter().map(|part| part.digest.clone()).collect();
        if let Err(error) = self.0.abandon_blobs(&digests) {
            tracing::warn!("parts of an upload stay for an hour: {error}");
        }
        self.sweep();
    }

    /// The bytes of a part.
    ///
    /// # Errors
    /// A part that is gone by now.
    pub fn read_part(self, part: &Blob) -> Result<File> {
        Ok(self.0.open_blob(&part.digest)?)
    }

    /// The file at a path, and its bytes to be read.
    ///
    /// # Errors
    /// A path where nothing is, or a folder.
    pub fn open_artifact(self, path: &str) -> Result<(Artifact, File)> {
        let mut artifact = self.0.artifact(path)?;
        loop {
            match self.0.open_blob(&artifact.blob.digest) {
                Ok(file) => return Ok((artifact, file)),
                Err(error) => {
                    // It may have been written over since, and the bytes from before be gone.
                    let now = self.0.artifact(path)?;
                    if now.blob == artifact.blob {
                        return Err(error.into());
                    }
                    artifact = now;
                }
            }
        }
    }

    /// What lies directly in a folder; the empty path is the root.
    pub fn artifacts_in(self, folder: &str) -> Result<Vec<ArtifactEntry>> {
        Ok(self.0.artifacts_in(folder)?)
    }

    /// Removes a file, or a folder with everything in it.
    pub fn delete_artifacts(self, path: &str) -> Result<()> {
        let own = path.to_owned();
        self.change("artifact.deleted", path, move |tx| {
            tx.note("files", tx.delete_artifacts(&own)?);
            Ok(())
        })?;
        self.sweep();
        Ok(())
    }
}

/// Who hears of a new file: `EXPERIMENT/RUN/artifacts/…` is something that a run logged.
fn event(path: &str) -> (&'static str, &str) {
    let mut parts = path.split('/').skip(1);
    match (parts.next(), parts.next()) {
        (Some(run), Some("artifacts")) => ("run.logged", run),
        (Some("models"), Some(model)) => ("model.logged", model),
        _ => ("artifact.logged", path),
    }
}
