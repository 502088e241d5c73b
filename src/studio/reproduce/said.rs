//! What files say whose bytes differ from time to time though they say the same: descriptions of models, and models of
//! scikit-learn as skops writes them.

use std::io::{Cursor, Read};

use serde_json::{Map, Value as Json};
use zip::ZipArchive;

/// What an `MLmodel` file says of when and where it was logged.
const INCIDENTAL: [&str; 6] =
    ["run_id", "model_id", "model_uuid", "utc_time_created", "artifact_path", "model_size_bytes"];
/// How much of the entries of an archive is read, in bytes.
const READ: usize = 64 << 20;
/// The place in memory where an object was, by which skops also names its files.
const PLACE: &str = "__id__";

/// What the file `path` says; none where its bytes are all there is to weigh.
pub(super) fn said(path: &str, bytes: &[u8]) -> Option<Json> {
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.').map_or(name, |(_, ending)| ending) {
        "MLmodel" => {
            let mut model: Json = serde_norway::from_slice(bytes).ok()?;
            let facts = model.as_object_mut()?;
            INCIDENTAL.iter().for_each(|key| drop(facts.remove(*key)));
            Some(model)
        }
        "json" => serde_json::from_slice(bytes).ok(),
        "skops" => skops(bytes),
        _ => None,
    }
}

/// A model as skops writes it: a ZIP archive of `schema.json` and arrays
/// (<https://skops.readthedocs.io/en/stable/persistence.html>). The arrays take the places where the schema names them.
fn skops(bytes: &[u8]) -> Option<Json> {
    let mut archive = Archive { entries: ZipArchive::new(Cursor::new(bytes)).ok()?, left: READ };
    let mut schema: Json = serde_json::from_slice(&archive.entry("schema.json")?).ok()?;
    fill(&mut schema, &mut archive)?;
    Some(schema)
}

struct Archive<'a> {
    entries: ZipArchive<Cursor<&'a [u8]>>,
    /// Bytes that may still be read: nodes may name one entry many times.
    left: usize,
}

impl Archive<'_> {
    fn entry(&mut self, name: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.entries.by_name(name).ok()?.take(self.left as u64 + 1).read_to_end(&mut bytes).ok()?;
        self.left = self.left.checked_sub(bytes.len())?;
        Some(bytes)
    }
}

fn fill(node: &mut Json, archive: &mut Archive<'_>) -> Option<()> {
    match node {
        Json::Array(all) => all.iter_mut().try_for_each(|one| fill(one, archive)),
        Json::Object(facts) => {
            facts.remove(PLACE);
            read(facts, archive)?;
            facts.values_mut().try_for_each(|one| fill(one, archive))
        }
        _ => Some(()),
    }
}

/// Puts what a node has written elsewhere, or as a text, into it.
fn read(facts: &mut Map<String, Json>, archive: &mut Archive<'_>) -> Option<()> {
    if let Some(file) = facts.get("file").and_then(Json::as_str) {
        let bytes = archive.entry(file)?;
        let content = array(&bytes).unwrap_or_else(|| blake3::hash(&bytes).to_hex().to_string().into());
        facts.insert("file".to_owned(), content);
    }
    if facts.get("is_json") == Some(&Json::Bool(true)) {
        let text = facts.get("content").and_then(Json::as_str).unwrap_or_default();
        // NaN and infinities are no JSON; then the text stands for itself.
        if let Ok(value) = serde_json::from_str(text) {
            facts.insert("content".to_owned(), value);
        }
    }
    Some(())
}

/// One field of an array's records.
struct Field {
    kind: u8,
    size: usize,
    /// Bytes between fields hold whatever was in memory.
    padding: bool,
}

/// A NumPy array: its head, and the fields of all records one after the other
/// (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).
fn array(bytes: &[u8]) -> Option<Json> {
    let rest = bytes.strip_prefix(b"\x93NUMPY")?;
    let (long, rest) = (*rest.first()? > 1, rest.get(2..)?);
    let (length, rest) = if long {
        (u32::from_le_bytes(rest.get(..4)?.try_into().ok()?) as usize, rest.get(4..)?)
    } else {
        (usize::from(u16::from_le_bytes(rest.get(..2)?.try_into().ok()?)), rest.get(2..)?)
    };
    let (head, data) = rest.split_at_checked(length)?;
    let head = std::str::from_utf8(head).ok()?.trim();
    let fields = fields(head.split_once("'descr':")?.1.split_once("'fortran_order'")?.0)?;
    let size = fields.iter().try_fold(0_usize, |all, field| all.checked_add(field.size))?;
    if size == 0 || !data.len().is_multiple_of(size) {
        return None;
    }
    let mut values = vec![Json::from(head)];
    let mut rest = data;
    while !rest.is_empty() {
        for field in &fields {
            let (value, after) = rest.split_at_checked(field.size)?;
            rest = after;
            match (field.kind, field.size) {
                _ if field.padding => {}
                // JSON has no word for what is not finite.
                (b'f', 8) => values.push(number(f64::from_le_bytes(value.try_into().ok()?))),
                (b'f', 4) => values.push(number(f64::from(f32::from_le_bytes(value.try_into().ok()?)))),
                (b'i' | b'u' | b'b', 1..=8) => values.push(whole(value, field.kind == b'i').into()),
                _ => values.push(blake3::hash(value).to_hex().to_string().into()),
            }
        }
    }
    Some(values.into())
}

/// A whole number of up to eight bytes, the lowest first. The largest without a sign come out below zero, always alike.
fn whole(bytes: &[u8], signed: bool) -> i64 {
    let negative = signed && bytes.last().is_some_and(|byte| *byte > 127);
    let mut all = [if negative { 255 } else { 0 }; 8];
    all[..bytes.len()].copy_from_slice(bytes);
    i64::from_le_bytes(all)
}

fn number(value: f64) -> Json {
    if value.is_finite() { value.into() } else { value.to_string().into() }
}

/// `'<f8'`, or `[('left', '<i8'), ('', '|V7')]`. None for what has other shapes.
fn fields(descr: &str) -> Option<Vec<Field>> {
    let descr = descr.trim().trim_end_matches(',');
    let words: Vec<&str> = descr.split('\'').skip(1).step_by(2).collect();
    let field = |name: &str, kind: &str| {
        let (order, kind) = kind.split_at_checked(1)?;
        let (letter, size) = kind.split_at_checked(1)?;
        let letter = *letter.as_bytes().first()?;
        // Characters take four bytes; arrays of objects and the other order of bytes are not read.
        let wide = if letter == b'U' { 4 } else { 1 };
        let size = size.parse::<usize>().ok()?.checked_mul(wide)?;
        (matches!(order, "<" | "|") && letter != b'O').then_some(Field {
            kind: letter,
            size,
            padding: name.is_empty() && letter == b'V',
        })
    };
    match words.as_slice() {
        [kind] if !descr.starts_with('[') => Some(vec![field("x", kind)?]),
        pairs if descr.starts_with('[') && !descr.contains("', (") && pairs.len() % 2 == 0 => {
            pairs.chunks(2).map(|pair| field(pair[0], pair[1])).collect()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use serde_json::json;
    use zip::write::{SimpleFileOptions, ZipWriter};

    use super::*;

    fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let head = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((head.len() as u16).to_le_bytes());
        bytes.extend(head.as_bytes());
        bytes.extend(data);
        bytes
    }

    /// A model of one array, as it would be written with its objects at `place`.
    fn model(place: u64, depth: &str, array: &[u8]) -> Vec<u8> {
        let schema = json!({
            "__class__": "Tree", PLACE: place,
            "content": {
                "depth": {"content": depth, "is_json": true, PLACE: place + 1},
                "nodes": {"type": "numpy", "file": format!("{place}.npy"), PLACE: place},
            },
        });
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        for (name, content) in [(format!("{place}.npy"), array), ("schema.json".into(), schema.to_string().as_bytes())]
        {
            archive.start_file(name, stored).unwrap();
            archive.write_all(content).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn models_say_the_same_wherever_they_were_in_memory() {
        let floats = |last: f64| npy("'<f8'", "(2,)", &[1.0f64.to_le_bytes(), last.to_le_bytes()].concat());
        let said = |place, depth, last| said("models/m/model.skops", &model(place, depth, &floats(last))).unwrap();
        assert_eq!(said(1_000, "3", 2.0), said(2_000, "3", 2.0));
        assert_ne!(said(1_000, "3", 2.0), said(1_000, "4", 2.0));
        assert_ne!(said(1_000, "3", 2.0), said(1_000, "3", 2.5));
        assert_eq!(
            said(1_000, "3", 2.0)["content"]["nodes"]["file"].as_array().unwrap()[1..],
            [json!(1.0), json!(2.0)]
        );
    }

    #[test]
    fn what_lies_between_fields_counts_for_nothing() {
        let nodes = |left: i64, between: u8| {
            let record = [&left.to_le_bytes()[..], &[1], &[between; 7]].concat();
            array(&npy("[('left', '<i8'), ('missing', '|u1'), ('', '|V7')]", "(1,)", &record)).unwrap()
        };
        assert_eq!(nodes(3, 0), nodes(3, 255));
        assert_ne!(nodes(3, 0), nodes(4, 0));
        assert_eq!(nodes(-3, 0).as_array().unwrap()[1..], [json!(-3), json!(1)]);
        let small = array(&npy("[('a', '<i2'), ('b', '|b1')]", "(2,)", &[254, 255, 1, 3, 0, 0])).unwrap();
        assert_eq!(small.as_array().unwrap()[1..], [json!(-2), json!(1), json!(3), json!(0)]);
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        assert_eq!(said("files/a.bin", b"{}"), None);
        assert_eq!(said("files/a.json", b"{"), None);
        assert_eq!(said("models/m/model.skops", b"PK"), None);
        for wrong in [&b""[..], b"\x93NUMPY", b"\x93NUMPY\x01\x00\xff\xff", &npy("'|O'", "(1,)", b"12345678")] {
            assert_eq!(array(wrong), None);
        }
        assert_eq!(array(&npy("[('x', '<f8', (2,))]", "(1,)", &[0; 16])), None);
        assert_eq!(array(&npy("'<f8'", "(1,)", &[0; 7])), None);
        assert!(array(&npy("'<f8'", "(1,)", &f64::NAN.to_le_bytes())).unwrap()[1].is_string());
    }

    #[test]
    fn descriptions_of_models_say_nothing_of_when() {
        let model = |id: &str, depth: u32| {
            said("models/m/MLmodel", format!("model_id: {id}\nflavors:\n  sklearn:\n    depth: {depth}\n").as_bytes())
        };
        assert_eq!(model("a", 1), model("b", 1));
        assert_ne!(model("a", 1), model("a", 2));
        assert_eq!(said("files/a.json", br#"{"a":1}"#), Some(json!({"a": 1})));
    }
}
