//! The files that clients logged with a run.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use data::polars::prelude::{CsvParseOptions, CsvReadOptions, DataFrame, ParquetReader, SerReader};
use serde_json::Value as Json;

use super::{ArtifactContent, ArtifactKind, ROWS, RunArtifact, TEXT, cells, cut};
use crate::models::LoggedBy;
use crate::tracking::{Artifact, FilePlace, knows_buckets};
use crate::{Error, Result, Studio};

/// What the paths of a run's own files begin with, and those of the models that it logged.
pub(super) const FILES: &str = "files";
const MODELS: &str = "models";
/// Files of a run that are listed at most.
pub const LISTED: usize = 5_000;
/// Bytes of a file that is shown at most.
const MOST: u64 = 64 << 20;

/// A file that a client logged with a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFile {
    /// `files/…`, or `models/NAME/…` for what belongs to a model that the run logged.
    pub path: String,
    /// In bytes.
    pub size: u64,
}

impl RunFile {
    /// The file's name, and of an image that was logged for a step its key and step: "sample, step 3.png".
    pub fn title(&self) -> String {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        match super::keyed(name) {
            Some((key, step)) => {
                let ending = name.rsplit_once('.').map(|(_, ending)| format!(".{ending}")).unwrap_or_default();
                format!("{key}, step {step}{ending}")
            }
            None => name.to_owned(),
        }
    }
}

impl Studio {
    /// Every file that was logged with a run, and those of the models it logged, by path: here, in a folder of this
    /// machine, or in S3 where the environment has credentials. No more than 5,000 are listed.
    ///
    /// # Errors
    /// A run that is not there.
    pub fn run_files(&self, run: &str) -> Result<Vec<RunFile>> {
        let mut found = Vec::new();
        for (name, place) in self.places(run)? {
            self.files_below(&name, &place, &mut found, |_| true)?;
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    /// The content of one of [`Self::run_files`]; none when it is neither an image nor a table nor a text.
    ///
    /// # Errors
    /// A path that the run does not have, a file that is not what its name says, one too large to be shown.
    pub fn read_run_file(&self, run: &str, path: &str) -> Result<Option<ArtifactContent>> {
        let (_, mut file) = self.open_run_file(run, path)?;
        let Some(known) = RunArtifact::at(path) else {
            let bytes = beginning(path, &mut file, TEXT as u64 + 1)?;
            return Ok(plain(bytes).map(|text| ArtifactContent::Text(cut(text))));
        };
        let bytes = beginning(path, &mut file, MOST + 1)?;
        if bytes.len() as u64 > MOST {
            let words = format!("“{path}” is larger than 64 MiB, which is too much to be shown here. Save it instead.");
            return Err(Error::invalid(words));
        }
        Ok(Some(match known.kind {
            ArtifactKind::Image => ArtifactContent::Image(bytes),
            ArtifactKind::Table => table(path, bytes)?,
            ArtifactKind::Text => text(&bytes),
        }))
    }

    /// Copies one of [`Self::run_files`] to a file outside the workspace, whole or not at all.
    ///
    /// # Errors
    /// A path that the run does not have, a full disk, a folder that may not be written.
    pub fn save_run_file(&self, run: &str, path: &str, to: &Path) -> Result<()> {
        Ok(workspace::copy_atomically(to, &mut self.open_run_file(run, path)?.1)?)
    }

    /// The images, texts and tables among a run's own files.
    pub(super) fn logged_artifacts(&self, run: &str) -> Result<Vec<RunArtifact>> {
        let place = FilePlace::of(&self.tracking().run(run)?.artifact_uri, run);
        // The list of artifacts is asked for often, and a bucket answers slowly.
        if !matches!(place, FilePlace::Kept(_) | FilePlace::Folder(_)) {
            return Ok(Vec::new());
        }
        // Called as the code that logged it calls it.
        let known = |path: &str| RunArtifact::at(path.strip_prefix(FILES)?.trim_start_matches('/'));
        let mut found = Vec::new();
        self.files_below(FILES, &place, &mut found, |path| known(path).is_some())?;
        let artifact = |file: RunFile| Some(RunArtifact { path: file.path.clone(), ..known(&file.path)? });
        Ok(found.into_iter().filter_map(artifact).collect())
    }

    /// Adds the files of a place that are `wanted`, until there are too many.
    fn files_below(
        &self,
        name: &str,
        place: &FilePlace,
        found: &mut Vec<RunFile>,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<()> {
        let mut folders = vec![(name.to_owned(), String::new())];
        while let Some((shown, folder)) = folders.pop() {
            for entry in self.tracking().files_in(place, &folder)? {
                let path = format!("{shown}/{}", entry.name);
                let inside = if folder.is_empty() { entry.name.clone() } else { format!("{folder}/{}", entry.name) };
                match entry.size {
                    None => folders.push((path, inside)),
                    Some(_) if !wanted(&path) => {}
                    Some(size) if found.len() < LISTED => found.push(RunFile { path, size }),
                    Some(_) => return Ok(()),
                }
            }
        }
        Ok(())
    }

    pub(crate) fn open_run_file(&self, run: &str, path: &str) -> Result<(Artifact, File)> {
        let missing = || Error::not_found(format!("This run has no file “{path}”."));
        for (name, place) in self.places(run)? {
            if let Some(inside) = path.strip_prefix(&name).and_then(|rest| rest.strip_prefix('/')) {
                return self.tracking().open_file(&place, inside);
            }
        }
        Err(missing())
    }

    /// Where a run's files lie, as far as they can be reached, with what their paths are to begin with.
    fn places(&self, run: &str) -> Result<Vec<(String, FilePlace)>> {
        let own = (FILES.to_owned(), FilePlace::of(&self.tracking().run(run)?.artifact_uri, run));
        let of_model = |model: LoggedBy| {
            (format!("{MODELS}/{}", model.title.replace('/', "-")), FilePlace::of(&model.location, &model.id))
        };
        let mut places: Vec<_> = std::iter::once(own).chain(self.logged_by(run)?.into_iter().map(of_model)).collect();
        places.retain(|(_, place)| match place {
            FilePlace::Kept(_) | FilePlace::Folder(_) => true,
            FilePlace::Bucket { .. } => knows_buckets(),
            FilePlace::Unreachable(_) => false,
        });
        Ok(places)
    }
}

/// Writes a file outside the workspace, whole or not at all.
///
/// # Errors
/// A full disk, a folder that may not be written.
pub fn save_bytes(to: &Path, bytes: &[u8]) -> Result<()> {
    Ok(workspace::write_atomically(to, bytes)?)
}

fn beginning(path: &str, file: &mut File, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let unread = |error: std::io::Error| Error::storage(format!("“{path}” cannot be read: {error}."));
    file.take(most).read_to_end(&mut bytes).map_err(unread)?;
    Ok(bytes)
}

/// The text that these bytes are, whose last character may be cut off; none when they are something else.
fn plain(bytes: Vec<u8>) -> Option<String> {
    let end = match std::str::from_utf8(&bytes) {
        Ok(_) => bytes.len(),
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Err(_) => return None,
    };
    let text = std::str::from_utf8(&bytes[..end]).ok()?;
    (!text.contains('\0')).then(|| text.to_owned())
}

fn table(path: &str, bytes: Vec<u8>) -> Result<ArtifactContent> {
    let wrong = |error: data::polars::prelude::PolarsError| {
        Error::invalid(format!("“{path}” cannot be read as a table: {error}."))
    };
    let bytes = Cursor::new(bytes);
    let frame: DataFrame = if path.to_lowercase().ends_with(".parquet") {
        ParquetReader::new(bytes).finish().map_err(wrong)?
    } else {
        let separator = if path.to_lowercase().ends_with(".tsv") { b'\t' } else { b',' };
        let parse = CsvParseOptions::default().with_separator(separator);
        // As texts: a table that is looked at needs no kinds, and a wrong guess would fail.
        let options = CsvReadOptions::default().with_parse_options(parse).with_infer_schema_length(Some(0));
        options.into_reader_with_file_handle(bytes).finish().map_err(wrong)?
    };
    let rows = frame.height() as u64;
    Ok(cells(&frame.head(Some(ROWS as usize)), rows))
}

/// A text, or the table that MLflow's `log_table` writes as JSON.
fn text(bytes: &[u8]) -> ArtifactContent {
    let text = String::from_utf8_lossy(bytes);
    let split: Option<(Vec<String>, Vec<Vec<String>>, u64)> =
        serde_json::from_str(&text).ok().and_then(|json: Json| {
            let object = json.as_object().filter(|object| object.len() == 2)?;
            let columns = object.get("columns")?.as_array()?.iter().map(shown).collect();
            let data = object.get("data")?.as_array()?;
            let row = |row: &Json| row.as_array().map(|cells| cells.iter().map(shown).collect());
            let cells = data.iter().take(ROWS as usize).map(row).collect::<Option<Vec<_>>>()?;
            Some((columns, cells, data.len() as u64))
        });
    match split {
        Some((columns, cells, rows)) => ArtifactContent::Table { columns, cells, rows },
        None => ArtifactContent::Text(cut(text.into_owned())),
    }
}

fn shown(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::tracking::{ModelOutput, NewLoggedModel, NewTrackedRun};

    fn logged(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Studio, String) {
        let folder = tempfile::tempdir().unwrap();
        let studio = Studio::create(folder.path(), "Test").unwrap();
        let run = studio.tracking().create_run(NewTrackedRun { name: "r".into(), ..NewTrackedRun::default() }).unwrap();
        let root = run.artifact_uri.strip_prefix("mlflow-artifacts:/").unwrap().to_owned();
        for (path, bytes) in files {
            let mut upload = studio.tracking().upload().unwrap();
            upload.write_all(bytes).unwrap();
            studio.tracking().finish_upload(upload, &format!("{root}/{path}")).unwrap();
        }
        (folder, studio, run.id)
    }

    #[test]
    fn logged_files_are_listed_and_read() {
        let split = br#"{"columns": ["a", "b"], "data": [[1, "x"], [null, "y"]]}"#;
        let (_folder, studio, run) = logged(&[
            ("notes.txt", b"hello"),
            ("deep/er/table.json", split),
            ("rows.csv", b"n,name\n1,\xc3\xa9\n2,z\n"),
            ("plots/loss_3.png", b"\x89PNG"),
            ("model.pkl", b"\x80"),
        ]);
        let artifacts = studio.run_artifacts(&run).unwrap();
        assert_eq!((artifacts[0].name.as_str(), artifacts[0].step), ("plots/loss.png", Some(3)));
        let paths: Vec<String> = artifacts.into_iter().map(|it| it.path).collect();
        let expected = ["files/plots/loss_3.png", "files/deep/er/table.json", "files/notes.txt", "files/rows.csv"];
        assert_eq!(paths, expected);
        let read = |path: &str| studio.read_run_artifact(&run, path).unwrap();
        assert_eq!(read("files/notes.txt"), ArtifactContent::Text("hello".into()));
        let table = |columns: [&str; 2], cells: [[&str; 2]; 2]| ArtifactContent::Table {
            columns: columns.map(str::to_owned).to_vec(),
            cells: cells.iter().map(|row| row.map(str::to_owned).to_vec()).collect(),
            rows: 2,
        };
        assert_eq!(read("files/deep/er/table.json"), table(["a", "b"], [["1", "x"], ["", "y"]]));
        assert_eq!(read("files/rows.csv"), table(["n", "name"], [["1", "é"], ["2", "z"]]));
        assert_eq!(read("files/plots/loss_3.png"), ArtifactContent::Image(b"\x89PNG".to_vec()));
        for path in ["files/../notes.txt", "files/none.txt", "files", "notes.txt", "files/model.pkl"] {
            assert!(studio.read_run_artifact(&run, path).is_err(), "{path}");
        }
    }

    #[test]
    fn every_file_is_listed_and_can_be_taken_out() {
        let (folder, studio, run) = logged(&[("MLmodel", "run_id: ä".as_bytes()), ("a/model.pkl", b"\x80\x04")]);
        let files = studio.run_files(&run).unwrap();
        let listed: Vec<_> = files.iter().map(|file| (file.path.as_str(), file.size)).collect();
        assert_eq!(listed, [("files/MLmodel", 10), ("files/a/model.pkl", 2)]);
        let read = |path: &str| studio.read_run_file(&run, path).unwrap();
        assert_eq!(read("files/MLmodel"), Some(ArtifactContent::Text("run_id: ä".into())));
        assert_eq!(read("files/a/model.pkl"), None);
        let out = folder.path().join("out.pkl");
        studio.save_run_file(&run, "files/a/model.pkl", &out).unwrap();
        assert_eq!(std::fs::read(&out).unwrap(), b"\x80\x04");
        assert!(studio.save_run_file(&run, "files/a/model.pkl", &folder.path().join("none/out.pkl")).is_err());
        assert!(studio.save_run_file(&run, "files/none", &folder.path().join("none.pkl")).is_err());
        assert!(!folder.path().join("none.pkl").exists());
    }

    #[test]
    fn files_of_logged_models_stand_beside_those_of_their_run() {
        let (_folder, studio, run) = logged(&[("notes.txt", b"hello")]);
        for _ in 0..2 {
            let new =
                NewLoggedModel { name: "tree".into(), source_run: Some(run.clone()), ..NewLoggedModel::default() };
            let model = studio.tracking().create_logged_model(new).unwrap();
            let output = ModelOutput { model_id: model.id.clone(), step: 0 };
            studio.tracking().log_outputs(&run, vec![output]).unwrap();
            let mut upload = studio.tracking().upload().unwrap();
            upload.write_all(model.id.as_bytes()).unwrap();
            let root = model.artifact_location.strip_prefix("mlflow-artifacts:/").unwrap();
            studio.tracking().finish_upload(upload, &format!("{root}/MLmodel")).unwrap();
        }
        let files = studio.run_files(&run).unwrap();
        assert_eq!(files.len(), 3, "{files:?}");
        assert!(files[1].path.starts_with("models/tree m-") && files[1].path.ends_with("/MLmodel"), "{files:?}");
        assert!(files[2].path.starts_with("models/tree m-") && files[2].path != files[1].path, "{files:?}");
    }

    #[test]
    fn a_text_may_end_within_a_character() {
        assert_eq!(plain("aä".as_bytes()[..2].to_vec()).as_deref(), Some("a"));
        assert_eq!(plain(b"a\0b".to_vec()), None);
        assert_eq!(plain(b"\x80\x04\x95".to_vec()), None);
    }
}
