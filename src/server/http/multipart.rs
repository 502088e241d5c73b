//! Multipart uploads, as MLflow's proxied ones go: a client asks for addresses to put parts to, puts them in
//! any order, and has them joined.
//!
//! Parts are files on their way that nothing refers to: when the server ends, or nobody goes on with an upload
//! for an hour, they may go. The id is a secret, so that an address needs no other.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use studio::Studio;

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
    parts: Vec<Option<studio::tracking::Blob>>,
    touched: Instant,
}

impl Uploads {
    /// Answers `mpu/ACTION/FOLDER`; `None` for what is not there.
    pub(super) fn answer(&self, studio: &Studio, action: &str, folder: &str, call: &Call<'_>) -> Option<Result<Value>> {
        if call.method != axum::http::Method::POST {
            return None;
        }
        Some(match action {
            "create" => self.create(folder, call),
            "complete" => self.complete(studio, folder, call),
            "abort" => self.abort(folder, call),
            _ => return None,
        })
    }

    fn pending(&self) -> MutexGuard<'_, HashMap<String, Pending>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn create(&self, folder: &str, call: &Call<'_>) -> Result<Value> {
        let asked: CreateMultipart = call.message()?;
        let path = destination(folder, &asked.path)?;
        let count = asked.num_parts.unwrap_or(1);
        if !(1..=MOST_PARTS).contains(&count) {
            return Err(Error::invalid(format!("An upload has 1 to {MOST_PARTS} parts, not {count}.")));
        }
        let mut pending = self.pending();
        pending.retain(|_, upload| upload.touched.elapsed() < PATIENCE);
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
        *place = Some(blob);
        Ok(tag)
    }

    fn complete(&self, studio: &Studio, folder: &str, call: &Call<'_>) -> Result<Value> {
        let asked: EndMultipart = call.message()?;
        let upload = self.take(&asked, folder)?;
        let store = studio.tracking();
        let mut whole = store.upload()?;
        for (place, part) in upload.parts.iter().enumerate() {
            let Some(part) = part else {
                return Err(Error::invalid(format!("Part {} of the upload never came.", place + 1)));
            };
            let mut bytes = store.read_part(part)?;
            std::io::copy(&mut bytes, &mut whole)
                .map_err(|error| Error::new(Code::InternalError, format!("The parts could not be joined: {error}.")))?;
        }
        whole
            .flush()
            .map_err(|error| Error::new(Code::InternalError, format!("The parts could not be joined: {error}.")))?;
        Ok(nothing(store.finish_upload(whole, &upload.path)?))
    }

    fn abort(&self, folder: &str, call: &Call<'_>) -> Result<Value> {
        let asked: EndMultipart = call.message()?;
        self.take(&asked, folder)?;
        Ok(json!({}))
    }

    fn take(&self, asked: &EndMultipart, folder: &str) -> Result<Pending> {
        let path = destination(folder, &asked.path)?;
        let mut pending = self.pending();
        match pending.get(&asked.upload_id) {
            Some(upload) if upload.path == path => {}
            _ => return Err(unknown(&asked.upload_id)),
        }
        pending.remove(&asked.upload_id).ok_or_else(|| unknown(&asked.upload_id))
    }
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
