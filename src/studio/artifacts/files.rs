//! The files that clients logged with a run, as far as they can be looked at.

use std::io::{Cursor, Read};

use data::polars::prelude::{CsvParseOptions, CsvReadOptions, DataFrame, ParquetReader, SerReader};
use serde_json::Value as Json;

use super::{ArtifactContent, ArtifactKind, ROWS, RunArtifact, cells, cut};
use crate::{Error, Result, Studio};

/// What the paths of these artifacts begin with.
pub(super) const FILES: &str = "files";
/// Files of a run that are listed at most.
const LISTED: usize = 5_000;
/// Bytes of a file that is shown at most.
const MOST: u64 = 64 << 20;
/// What addresses of files kept here begin with.
const HERE: &str = "mlflow-artifacts:/";

impl Studio {
    /// The images, texts and tables among a run's files. Files that lie elsewhere are not looked for.
    pub(super) fn logged_artifacts(&self, run: &str) -> Result<Vec<RunArtifact>> {
        let Some(root) = self.artifact_root(run)? else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            let inside = if folder.is_empty() { root.clone() } else { format!("{root}/{folder}") };
            for entry in self.tracking().artifacts_in(&inside)? {
                let path = if folder.is_empty() { entry.name } else { format!("{folder}/{}", entry.name) };
                match entry.size {
                    None => folders.push(path),
                    Some(_) if found.len() < LISTED => found.extend(RunArtifact::at(&path)),
                    Some(_) => return Ok(named(found)),
                }
            }
        }
        Ok(named(found))
    }

    pub(super) fn read_logged_artifact(&self, run: &str, path: &str) -> Result<ArtifactContent> {
        let missing = || Error::not_found(format!("This run has no artifact “{path}”."));
        let inside = path.strip_prefix(FILES).and_then(|path| path.strip_prefix('/')).ok_or_else(missing)?;
        let root = self.artifact_root(run)?.ok_or_else(missing)?;
        let known = RunArtifact::at(inside).ok_or_else(missing)?;
        let (_, file) = self.tracking().open_artifact(&format!("{root}/{inside}"))?;
        let mut bytes = Vec::new();
        let unread = |error: std::io::Error| Error::storage(format!("“{inside}” cannot be read: {error}."));
        file.take(MOST + 1).read_to_end(&mut bytes).map_err(unread)?;
        if bytes.len() as u64 > MOST {
            return Err(Error::invalid(format!(
                "“{inside}” is larger than 64 MiB, which is too much to be shown here."
            )));
        }
        match known.kind {
            ArtifactKind::Image => Ok(ArtifactContent::Image(bytes)),
            ArtifactKind::Table => table(inside, bytes),
            ArtifactKind::Text => Ok(text(&bytes)),
        }
    }

    /// The path below which a run's files lie here; none when they lie elsewhere.
    fn artifact_root(&self, run: &str) -> Result<Option<String>> {
        let uri = self.tracking().run(run)?.artifact_uri;
        Ok(uri.strip_prefix(HERE).map(|path| path.trim_matches('/').to_owned()))
    }
}

fn named(found: Vec<RunArtifact>) -> Vec<RunArtifact> {
    found.into_iter().map(|artifact| RunArtifact { path: format!("{FILES}/{}", artifact.path), ..artifact }).collect()
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
    use crate::tracking::NewTrackedRun;

    fn logged(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Studio, String) {
        let folder = tempfile::tempdir().unwrap();
        let studio = Studio::create(folder.path(), "Test").unwrap();
        let run = studio.tracking().create_run(NewTrackedRun { name: "r".into(), ..NewTrackedRun::default() }).unwrap();
        let root = run.artifact_uri.strip_prefix(HERE).unwrap().to_owned();
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
        let paths: Vec<String> = studio.run_artifacts(&run).unwrap().into_iter().map(|it| it.path).collect();
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
        assert!(studio.read_run_artifact(&run, "files/../notes.txt").is_err());
        assert!(studio.read_run_artifact(&run, "files/none.txt").is_err());
    }
}
