//! Files: taken in and sent out piece by piece.

use std::io::{Seek, SeekFrom, Write};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use studio::tracking::{Artifact, FilePlace, Tracking};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use super::answer::Answer;
use super::call::Call;
use super::{App, blocking, multipart};
use crate::error::{Code, Error, Result};
use crate::{names, paths};

/// How much of an upload is gathered before it is written.
const PIECE: usize = 256 << 10;
/// Bytes that `upload-artifact` takes.
const MOST_SMALL: usize = 10 << 20;

/// What a body is to become.
pub(super) enum Upload {
    /// The artifact at a path, as the address has it.
    File(String),
    /// A part of a multipart upload: its id and the part's number.
    Part(String, usize),
}

/// Where a request's body goes, if it is a file.
pub(super) fn upload_path(method: &Method, path: &str) -> Option<Upload> {
    if method != Method::PUT {
        return None;
    }
    let path = super::api(path, "mlflow-artifacts/")?;
    if let Some(part) = path.strip_prefix(multipart::PART_ROUTE) {
        let (id, number) = part.split_once('/')?;
        return Some(Upload::Part(id.to_owned(), number.parse().ok()?));
    }
    let path = path.strip_prefix("artifacts/")?;
    let path = percent_decode_str(path).decode_utf8_lossy().into_owned();
    // A name of two lines is no address to MLflow's routes.
    (!path.contains('\n')).then_some(Upload::File(path))
}

/// Stores a body.
pub(super) async fn upload(app: Arc<App>, to: Upload, body: Body) -> Result<Answer> {
    let (file, part) = match to {
        Upload::File(path) => {
            if path.ends_with('/') {
                return Err(Error::invalid("Artifact path must include a filename (cannot end with '/')."));
            }
            (Some(paths::safe(&path)?), None)
        }
        Upload::Part(id, number) => {
            app.uploads.check_part(&id, number)?;
            (None, Some((id, number)))
        }
    };
    let own = Arc::clone(&app);
    let written = receive(&app, body).await?;
    blocking(move || match (file, part) {
        (Some(path), _) => {
            own.studio.tracking().finish_upload(written, &path)?;
            Ok(Answer::Text(StatusCode::OK, ""))
        }
        (_, Some((id, number))) => own.uploads.put_part(&own.studio, &id, number, written).map(Answer::Etag),
        _ => Ok(Answer::Text(StatusCode::OK, "")),
    })
    .await
}

async fn receive(app: &Arc<App>, mut body: Body) -> Result<studio::tracking::Upload> {
    let own = Arc::clone(app);
    let mut upload = blocking(move || Ok(own.studio.tracking().upload()?)).await?;
    let mut piece = Vec::with_capacity(PIECE);
    loop {
        let frame = body.frame().await;
        let ended = frame.is_none();
        if let Some(frame) = frame {
            let frame = frame.map_err(|error| {
                Error::new(Code::BadRequest, format!("The upload broke off, so nothing was kept: {error}."))
            })?;
            if let Some(data) = frame.data_ref() {
                piece.extend_from_slice(data);
            }
        }
        if piece.len() >= PIECE || ended {
            (upload, piece) = blocking(move || {
                upload.write_all(&piece).map_err(|error| {
                    Error::new(Code::InternalError, format!("The file could not be stored: {error}."))
                })?;
                piece.clear();
                Ok((upload, piece))
            })
            .await?;
        }
        if ended {
            return Ok(upload);
        }
    }
}

/// `POST upload-artifact`, which MLflow's own pages use.
pub(super) fn upload_small(store: Tracking<'_>, call: &Call<'_>) -> Result<Answer> {
    let run = call.param("run_uuid").ok_or_else(|| Error::invalid("Request must specify run_uuid."))?;
    let path = call.param("path").ok_or_else(|| Error::invalid("Request must specify path."))?;
    let path = paths::safe(&path)?;
    if call.body.len() > MOST_SMALL {
        return Err(Error::invalid("Artifact size is too large. Max size is 10MB."));
    }
    if call.body.is_empty() {
        return Err(Error::invalid("Request must specify data."));
    }
    let root = paths::of_address(&store.run(&run)?.artifact_uri)?;
    let mut upload = store.upload()?;
    upload
        .write_all(call.body)
        .map_err(|error| Error::new(Code::InternalError, format!("The file could not be stored: {error}.")))?;
    store.finish_upload(upload, &paths::join(&root, &path))?;
    Ok(Answer::Text(StatusCode::OK, ""))
}

/// A file on its way to a client.
pub(super) struct FileAnswer {
    artifact: Artifact,
    file: std::fs::File,
}

impl FileAnswer {
    /// The file at a safe path of the store.
    pub(super) fn open(store: Tracking<'_>, path: &str) -> Result<Answer> {
        let (artifact, file) = store.open_artifact(path)?;
        Ok(Answer::File(Box::new(Self { artifact, file })))
    }

    /// The file at a safe path of a place.
    fn open_at(store: Tracking<'_>, place: &FilePlace, path: &str) -> Result<Answer> {
        let (artifact, file) = store.open_file(place, path)?;
        Ok(Answer::File(Box::new(Self { artifact, file })))
    }

    /// The whole file, or the one range that was asked for.
    pub(super) fn response(mut self, range: Option<&str>) -> Response {
        let size = self.artifact.blob.size;
        let (status, first, length) = match range.map(|range| one_range(range, size)) {
            None | Some(Range::Whole) => (StatusCode::OK, 0, size),
            Some(Range::Part(first, last)) => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
            Some(Range::Outside) => {
                let range = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
                return (StatusCode::RANGE_NOT_SATISFIABLE, range).into_response();
            }
        };
        if first > 0 && self.file.seek(SeekFrom::Start(first)).is_err() {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        let name = self.artifact.path.rsplit('/').next().unwrap_or_default();
        let reader = tokio::fs::File::from_std(self.file).take(length);
        let mut response = Response::new(Body::from_stream(ReaderStream::with_capacity(reader, PIECE)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
        headers.insert(header::CONTENT_LENGTH, length.into());
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        let texts = [
            (header::CONTENT_DISPOSITION, attachment(name)),
            (header::ETAG, format!("\"{}\"", self.artifact.blob.digest)),
        ];
        for (key, text) in texts {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(key, value);
            }
        }
        if status == StatusCode::PARTIAL_CONTENT
            && let Ok(value) = HeaderValue::from_str(&format!("bytes {first}-{}/{size}", first + length - 1))
        {
            headers.insert(header::CONTENT_RANGE, value);
        }
        response
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Range {
    Whole,
    Part(u64, u64),
    Outside,
}

/// `bytes=0-99`, `bytes=100-`, `bytes=-5`; anything else is the whole.
fn one_range(text: &str, size: u64) -> Range {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Range::Whole;
    };
    let (first, last) = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.min(size.saturating_sub(1))),
        (Ok(first), Err(_)) if last.trim().is_empty() => (first, size.saturating_sub(1)),
        (Err(_), Ok(count)) if first.trim().is_empty() => (size.saturating_sub(count), size.saturating_sub(1)),
        _ => return Range::Whole,
    };
    if first >= size { Range::Outside } else { Range::Part(first, last) }
}

/// The type that MLflow gives: what people write is plain text, so that no browser runs it.
fn content_type(name: &str) -> &'static str {
    const TEXTS: [&str; 26] = [
        "txt",
        "log",
        "err",
        "cfg",
        "conf",
        "cnf",
        "cf",
        "ini",
        "properties",
        "prop",
        "hocon",
        "toml",
        "yaml",
        "yml",
        "xml",
        "json",
        "js",
        "py",
        "py3",
        "csv",
        "tsv",
        "md",
        "rst",
        "ipynb",
        "MLmodel",
        "mlproject",
    ];
    let extension = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => extension,
        _ => name,
    };
    if TEXTS.contains(&extension) {
        return "text/plain";
    }
    mime_guess::from_path(name).first_raw().unwrap_or("application/octet-stream")
}

/// Always an attachment: a page among the artifacts must not run as one of this server's.
fn attachment(name: &str) -> String {
    /// What RFC 5987 leaves as it is.
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'!')
        .remove(b'#')
        .remove(b'$')
        .remove(b'&')
        .remove(b'+')
        .remove(b'-')
        .remove(b'.')
        .remove(b'^')
        .remove(b'_')
        .remove(b'`')
        .remove(b'|')
        .remove(b'~');
    let quoted = |text: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        match !text.is_empty() && text.chars().all(plain) {
            true => text.to_owned(),
            false => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        }
    };
    if name.is_ascii() {
        return format!("attachment; filename={}", quoted(name));
    }
    let ascii: String = name.chars().filter(char::is_ascii).collect();
    let fallback = if ascii.is_empty() { "download" } else { &ascii };
    format!("attachment; filename={}; filename*=UTF-8''{}", quoted(fallback), utf8_percent_encode(name, KEPT))
}

fn asked_path(call: &Call<'_>, name: &str) -> Result<String> {
    let path = call
        .param(name)
        .ok_or_else(|| Error::new(Code::BadRequest, format!("Request must include the \"{name}\" query parameter.")))?;
    paths::safe(&path)
}

/// `GET /get-artifact`.
pub(super) fn of_run(store: Tracking<'_>, call: &Call<'_>) -> Result<Answer> {
    let path = asked_path(call, "path")?;
    let run = call.param("run_id").or_else(|| call.param("run_uuid")).unwrap_or_default();
    let place = place_of(&store.run(&run)?.artifact_uri, &run)?;
    FileAnswer::open_at(store, &place, &path)
}

/// The place of the files of a run or a logged model: here, or where their address leads that can be read.
pub(super) fn place_of(address: &str, owner: &str) -> Result<FilePlace> {
    match paths::of_address(address) {
        Ok(path) => Ok(FilePlace::Kept(path)),
        Err(refused) => match FilePlace::of(address, owner) {
            place @ (FilePlace::Folder(_) | FilePlace::Bucket { .. }) => Ok(place),
            FilePlace::Kept(_) | FilePlace::Unreachable(_) => Err(refused),
        },
    }
}

/// `GET /model-versions/get-artifact`.
pub(super) fn of_version(store: Tracking<'_>, call: &Call<'_>) -> Result<Answer> {
    let path = asked_path(call, "path")?;
    let name = call.param("name").unwrap_or_default();
    names::model_name(&name)?;
    let version = names::model_version(&call.param("version").unwrap_or_default())?;
    let address = super::versions::place(&store.version(&name, version)?);
    match paths::of_address(&address) {
        Ok(root) => FileAnswer::open(store, &paths::join(&root, &path)),
        Err(refused) => {
            let (place, inside) = store.resolve(&address).ok_or(refused)?;
            FileAnswer::open_at(store, &place, &paths::join(&inside, &path))
        }
    }
}

/// `GET logged-models/{model_id}/artifacts/files`.
pub(super) fn of_logged_model(store: Tracking<'_>, id: &str, call: &Call<'_>) -> Result<Answer> {
    let path = asked_path(call, "artifact_file_path")?;
    let place = place_of(&store.logged_model(id, false)?.artifact_location, id)?;
    FileAnswer::open_at(store, &place, &path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CVE-2023-6568 and its kin: nothing that is stored is shown as a page of this server.
    #[test]
    fn a_file_is_an_attachment_of_a_type_that_nothing_runs() {
        assert_eq!(content_type("a.js"), "text/plain");
        assert_eq!(content_type("MLmodel"), "text/plain");
        assert_eq!(content_type("a.png"), "image/png");
        assert_eq!(content_type("a.unheard"), "application/octet-stream");
        assert_eq!(attachment("a.txt"), "attachment; filename=a.txt");
        assert_eq!(attachment("a b\".txt"), "attachment; filename=\"a b\\\".txt\"");
        assert_eq!(attachment("é.txt"), "attachment; filename=.txt; filename*=UTF-8''%C3%A9.txt");
    }

    #[test]
    fn one_range_is_served() {
        assert_eq!(one_range("bytes=0-4", 10), Range::Part(0, 4));
        assert_eq!(one_range("bytes=8-99", 10), Range::Part(8, 9));
        assert_eq!(one_range("bytes=-3", 10), Range::Part(7, 9));
        assert_eq!(one_range("bytes=10-", 10), Range::Outside);
        assert_eq!(one_range("bytes=0-", 0), Range::Outside);
        assert_eq!(one_range("bytes=0-1,4-5", 10), Range::Whole);
        assert_eq!(one_range("lines=1-2", 10), Range::Whole);
    }
}
