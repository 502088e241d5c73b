//! Multipart uploads, as MLflow's proxied ones go: a client asks for addresses to put parts to, puts them in
//! any order, and has them joined.
//!
//! Parts are files on their way that nothing refers to: they go when the upload is completed or aborted, when nobody
//! goes on with it for an hour, and where the server was killed, an hour later. The id is a secret, so that an address
//! needs no other.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use studio::Studio;
use studio::tracking::Blob;

use super::call::Call;
use super::nothing;
use crate::error::{Code, Error, Result};
use crate::messages::{CreateMultipart, EndMultipart};
use crate::paths;

/// Before a part's upload and number.
pub(super) const PART_ROUTE: &str = "mpu/part/";
/// Parts of one upload.
const MOST_PARTS: i64 = 10_000;
/// Uploads at once.
const MOST_UPLOADS: usize = 1000;
/// How long an upload waits for its next part: as long as `gc` leaves a blob alone that nothing refers to.
const PATIENCE: Duration = Duration::from_secs(3600);

/// The uploads under way.
#[derive(Default)]
pub(super) struct Uploads(Mutex<HashMap<String, Pending>>);

struct Pending {
    path: String,
    /// The stored bytes of each part that came.
    parts: Vec<Option<Blob>>,
    touched: Instant,
}

impl Uploads {
    /// Answers `mpu/ACTION/FOLDER`; `None` for what is not there.
    pub(super) fn answer(&self, studio: &Studio, action: &str, folder: &str, call: &Call<'_>) -> Option<Result<Value>> {
        if call.method != axum::http::Method::POST {
            return None;
        }
        Some(match action {
            "create" => self.create(studio, folder, call),
            "complete" => self.complete(studio, folder, call),
            "abort" => self.abort(studio, folder, call),
            _ => return None,
        })
    }

    fn pending(&self) -> MutexGuard<'_, HashMap<String, Pending>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn create(&self, studio: &Studio, folder: &str, call: &Call<'_>) -> Result<Value> {
        let asked: CreateMultipart = call.message()?;
        let path = destination(folder, &asked.path)?;
        let count = asked.num_parts.unwrap_or(1);
        if !(1..=MOST_PARTS).contains(&count) {
            return Err(Error::invalid(format!("An upload has 1 to {MOST_PARTS} parts, not {count}.")));
        }
        let mut pending = self.pending();
        let stale = pending.extract_if(|_, upload| upload.touched.elapsed() >= PATIENCE);
        let stale: Vec<Blob> = stale.flat_map(|(_, upload)| upload.parts.into_iter().flatten()).collect();
        if !stale.is_empty() {
            studio.tracking().drop_parts(&stale);
        }
        if pending.len() >= MOST_UPLOADS {
            let message = format!("{MOST_UPLOADS} uploads are under way. Complete or abort some.");
            return Err(Error::new(Code::ResourceExhausted, message));
        }
        let id = studio::tracking::new_id();
        let parts = vec![None; usize::try_from(count).unwrap_or(1)];
        pending.insert(id.clone(), Pending { path, parts, touched: Instant::now() });
        let address = format!("http://{}/api/2.0/mlflow-artifacts/{PART_ROUTE}{id}", call.host);
        let credential = |part| json!({"url": format!("{address}/{part}"), "part_number": part, "headers": {}});
        Ok(json!({"upload_id": id, "credentials": (1..=count).map(credential).collect::<Value>()}))
    }

    /// Refuses a part before its body is read.
    pub(super) fn check_part(&self, id: &str, number: usize) -> Result<()> {
        let mut pending = self.pending();
        let upload = pending.get_mut(id).ok_or_else(|| unknown(id))?;
        upload.touched = Instant::now();
        match number {
            1.. if number <= upload.parts.len() => Ok(()),
            _ => {
                Err(Error::invalid(format!("The upload has {} parts; there is no part {number}.", upload.parts.len())))
            }
        }
    }

    /// Keeps a part, in place of the one that came before under its number, and returns its tag.
    pub(super) fn put_part(
        &self,
        studio: &Studio,
        id: &str,
        number: usize,
        written: studio::tracking::Upload,
    ) -> Result<String> {
        let blob = studio.tracking().keep_part(written)?;
        let tag = format!("\"{}\"", blob.digest);
        let mut pending = self.pending();
        let upload = pending.get_mut(id).ok_or_else(|| unknown(id))?;
        let place = upload.parts.get_mut(number.wrapping_sub(1)).ok_or_else(|| unknown(id))?;
        let before = place.replace(blob);
        drop(pending);
        if let Some(before) = before {
            studio.tracking().drop_parts(&[before]);
        }
        Ok(tag)
    }

    fn complete(&self, studio: &Studio, folder: &str, call: &Call<'_>) -> Result<Value> {
        let asked: EndMultipart = call.message()?;
        let path = destination(folder, &asked.path)?;
        let missing =
            self.pending().get(&asked.upload_id).and_then(|upload| upload.parts.iter().position(Option::is_none));
        if let Some(place) = missing {
            return Err(Error::invalid(format!("Part {} of the upload never came.", place + 1)));
        }
        let parts = self.take(&asked, folder)?;
        let joined = join_parts(studio, &parts, &path);
        studio.tracking().drop_parts(&parts);
        Ok(nothing(joined?))
    }

    fn abort(&self, studio: &Studio, folder: &str, call: &Call<'_>) -> Result<Value> {
        let asked: EndMultipart = call.message()?;
        studio.tracking().drop_parts(&self.take(&asked, folder)?);
        Ok(json!({}))
    }

    /// The parts of an upload that ends.
    fn take(&self, asked: &EndMultipart, folder: &str) -> Result<Vec<Blob>> {
        let path = destination(folder, &asked.path)?;
        let mut pending = self.pending();
        match pending.get(&asked.upload_id) {
            Some(upload) if upload.path == path => {}
            _ => return Err(unknown(&asked.upload_id)),
        }
        let upload = pending.remove(&asked.upload_id).ok_or_else(|| unknown(&asked.upload_id))?;
        Ok(upload.parts.into_iter().flatten().collect())
    }
}

fn join_parts(studio: &Studio, parts: &[Blob], path: &str) -> Result<()> {
    let broken = |error| Error::new(Code::InternalError, format!("The parts could not be joined: {error}."));
    let store = studio.tracking();
    let mut whole = store.upload()?;
    for part in parts {
        std::io::copy(&mut store.read_part(part)?, &mut whole).map_err(broken)?;
    }
    whole.flush().map_err(broken)?;
    Ok(store.finish_upload(whole, path)?)
}

fn unknown(id: &str) -> Error {
    Error::new(Code::ResourceDoesNotExist, format!("There is no upload '{id}', or nobody went on with it."))
}

/// The artifact that a client's file becomes: only its last name counts.
fn destination(folder: &str, file: &str) -> Result<String> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let path = paths::join(&paths::safe(folder)?, &paths::safe(name)?);
    if path.is_empty() { Err(Error::invalid("Invalid path")) } else { Ok(path) }
}
