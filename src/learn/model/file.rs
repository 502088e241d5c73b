//! The model file.
//!
//! All integers are little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `ATELIERM` |
//! | 4 | `u32`: version of the format, now 1 |
//! | 8 | `u64`: length of the header |
//! | … | the header: UTF-8 JSON, an object of `created_by`, `preparation`, `input`, `exact_input`, `features`, `label`, `estimator` and `training`, the public fields of [`Model`] as serde writes them |
//! | 8 | `u64`: length of the payload |
//! | … | the payload: [MessagePack](https://github.com/msgpack/msgpack/blob/master/spec.md) of [`Fitted`], structures as maps of field names, floats as float 64 |
//! | 32 | BLAKE3 of everything before |
//!
//! A reader refuses versions that it does not know. A later version may add keys to the header and fields to the
//! payload's maps without a new number, as long as an old reader may ignore them.

use super::{Encoding, FORMAT, Feature, Label, Model, Training};
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::fitted::Fitted;
use data::prepare::Preparation;
use data::schema::Schema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

const MAGIC: &[u8; 8] = b"ATELIERM";
const DIGEST: usize = 32;

#[derive(Serialize, Deserialize)]
struct Header<'a> {
    created_by: Cow<'a, str>,
    preparation: Cow<'a, Preparation>,
    input: Cow<'a, Schema>,
    #[serde(default)]
    exact_input: bool,
    features: Cow<'a, [Feature]>,
    label: Option<Cow<'a, Label>>,
    estimator: Cow<'a, Estimator>,
    training: Cow<'a, Training>,
}

fn refuse<T>(sentence: &str) -> Result<T> {
    Err(Error::File(sentence.to_owned()))
}

impl Model {
    /// The model as a file's content.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let header = Header {
            created_by: Cow::Borrowed(&self.created_by),
            preparation: Cow::Borrowed(&self.preparation),
            input: Cow::Borrowed(&self.input),
            exact_input: self.exact_input,
            features: Cow::Borrowed(&self.features),
            label: self.label.as_ref().map(Cow::Borrowed),
            estimator: Cow::Borrowed(&self.estimator),
            training: Cow::Borrowed(&self.training),
        };
        let cannot = |e: &dyn std::fmt::Display| Error::File(format!("The model cannot be written: {e}."));
        let header = serde_json::to_vec(&header).map_err(|e| cannot(&e))?;
        let payload = rmp_serde::to_vec_named(&self.fitted).map_err(|e| cannot(&e))?;
        let mut bytes = Vec::with_capacity(header.len() + payload.len() + 64);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        for part in [&header, &payload] {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        let digest = blake3::hash(&bytes);
        bytes.extend_from_slice(digest.as_bytes());
        Ok(bytes)
    }

    /// The model in a file's content.
    ///
    /// # Errors
    /// A sentence for anything that is not a whole model file of a version that this program knows.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut rest = bytes;
        if take(&mut rest, MAGIC.len())? != MAGIC {
            return refuse("This is not a model file of Atelier.");
        }
        let format = u32::from_le_bytes(array(take(&mut rest, 4)?));
        if format > FORMAT {
            return Err(Error::File(format!(
                "The model file has format {format}, but this program knows formats up to {FORMAT}. It was written \
                 by a newer version of Atelier; update the program to use it."
            )));
        }
        if format == 0 {
            return refuse("The model file is damaged: its format is 0. Get it again from where it came.");
        }
        let header = part(&mut rest)?;
        let payload = part(&mut rest)?;
        let signed = bytes.len() - rest.len();
        if rest.len() != DIGEST || blake3::hash(&bytes[..signed]).as_bytes()[..] != *rest {
            return refuse("The model file is damaged: its digest does not fit. Get it again from where it came.");
        }
        let cannot = |e: &dyn std::fmt::Display| Error::File(format!("The model file cannot be understood: {e}."));
        let header: Header = serde_json::from_slice(header).map_err(|e| cannot(&e))?;
        let fitted: Fitted = rmp_serde::from_slice(payload).map_err(|e| cannot(&e))?;
        let model = Self {
            format,
            created_by: header.created_by.into_owned(),
            preparation: header.preparation.into_owned(),
            input: header.input.into_owned(),
            exact_input: header.exact_input,
            features: header.features.into_owned(),
            label: header.label.map(Cow::into_owned),
            estimator: header.estimator.into_owned(),
            fitted,
            training: header.training.into_owned(),
        };
        model.check()?;
        Ok(model)
    }

    /// Refuses a model whose parts do not fit each other, so that predicting cannot go wrong.
    fn check(&self) -> Result<()> {
        let width: usize = self.features.iter().map(|feature| Encoding::width(&feature.encoding)).sum();
        let classes = self.label.as_ref().map_or(0, |label| label.classes.len());
        let threshold = self.label.as_ref().and_then(|label| label.threshold);
        let sound = threshold.is_none_or(|threshold| (0.0..=1.0).contains(&threshold));
        if !sound || width != self.fitted.features() || classes != self.fitted.classes() || !self.fitted.is_sound() {
            return refuse("The model file is damaged: its parts do not fit each other.");
        }
        Ok(())
    }
}

fn take<'a>(rest: &mut &'a [u8], n: usize) -> Result<&'a [u8]> {
    let Some((taken, left)) = rest.split_at_checked(n) else {
        return refuse("This is not a whole model file of Atelier: it ends too early.");
    };
    *rest = left;
    Ok(taken)
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    array
}

/// A length and that many bytes.
fn part<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8]> {
    let length = u64::from_le_bytes(array(take(rest, 8)?));
    take(rest, usize::try_from(length).unwrap_or(usize::MAX))
}
