//! Paths and addresses of artifacts, as clients write them.
//!
//! An artifact's path is a key of the store and never one of the disk's; these checks answer what MLflow's
//! `validate_path_is_safe` refuses (`mlflow/utils/uri.py` of 3.17), so that a client is told the same.

use percent_encoding::percent_decode_str;

use crate::error::{Code, Error, Result};

/// How often a path may be encoded over itself.
const MOST_DECODINGS: usize = 10;

/// Below this path of a server lie the files of `mlflow-artifacts:/`.
pub const ROUTE: &str = "/api/2.0/mlflow-artifacts/artifacts";

/// A path that names something below a root: decoded until nothing is left to decode, with `.` and doubled
/// slashes taken out. Empty for the root.
///
/// # Errors
/// `..`, an absolute path, a drive, a fragment, a `file:` address; encoded or not. A backslash is a letter like others,
/// unless it would make one of these on Windows.
pub fn safe(path: &str) -> Result<String> {
    let invalid = || Error::invalid("Invalid path");
    // Python's `urlsplit`, which MLflow decodes with, takes these three out wherever they are.
    let decoded = decode(path).ok_or_else(invalid)?.replace(['\t', '\r', '\n'], "");
    let path = escape_controls(&decoded);
    let bytes = path.as_bytes();
    let drive = bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':';
    let drive = drive && bytes.get(2).is_none_or(|next| matches!(*next, b'/' | b'\\'));
    let scheme = path.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("file:"));
    let up = path.split(['/', '\\']).any(|part| part == "..");
    if path.contains('#') || path.starts_with(['/', '\\']) || drive || scheme || up {
        return Err(invalid());
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    Ok(parts.join("/"))
}

/// A path below a folder; both are safe.
pub fn join(folder: &str, path: &str) -> String {
    match (folder, path) {
        ("", path) => path.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, path) => format!("{folder}/{path}"),
    }
}

/// Decodes until nothing changes. `None` for what is encoded too often.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut text = text.to_owned();
    for _ in 0..MOST_DECODINGS {
        let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if decoded == text {
            return Some(text);
        }
        text = decoded;
    }
    None
}

fn escape_controls(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if (c as u32) < 0x20 || c as u32 == 0x7f => out.push_str(&format!("%{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

/// The parts of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    /// In letters as written; empty for a plain path.
    pub scheme: &'a str,
    /// Host and port.
    pub authority: &'a str,
    /// Without query and fragment.
    pub path: &'a str,
}

impl<'a> Address<'a> {
    /// Splits as RFC 3986 does. A letter before the colon is a drive, not a scheme.
    pub(crate) fn of(text: &'a str) -> Self {
        let named = |scheme: &&str| {
            scheme.len() > 1
                && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        };
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest)) if named(&scheme) => (scheme, rest),
            _ => ("", text),
        };
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        match rest.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find('/').unwrap_or(rest.len());
                Self { scheme, authority: &rest[..end], path: &rest[end..] }
            }
            None => Self { scheme, authority: "", path: rest },
        }
    }

    pub(crate) fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }
}

/// The path below `mlflow-artifacts:/` that an address of artifacts stands for.
///
/// # Errors
/// An address elsewhere, which this server never reads, whatever it is; one that leads out of its root.
pub fn of_address(address: &str) -> Result<String> {
    let parts = Address::of(address);
    let path = if parts.is("mlflow-artifacts") {
        Some(parts.path)
    } else if parts.is("http") || parts.is("https") {
        parts.path.split_once(ROUTE).map(|(_, below)| below)
    } else {
        None
    };
    let path = path.ok_or_else(|| {
        let message = format!("The artifacts at '{address}' are not kept by this server. Read them from there.");
        Error::new(Code::InvalidParameterValue, message)
    })?;
    safe(path.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// From `tests/utils/test_uri.py` of MLflow, and what advisories were about.
    #[test]
    fn what_leads_out_is_refused() {
        for path in [
            "..",
            "../a",
            "a/..",
            "a/../b",
            "/a",
            "//a",
            "%2e%2e/a",
            "%2E%2E%2fa",
            "%252e%252e%252fa",
            "%25252e%25252e/a",
            "..%2f..%2fetc",
            "a%5c..%5cb",
            "..\\a",
            "\\a",
            "C:\\a",
            "c:/a",
            "C:",
            "c%3a/a",
            "file:///etc/passwd",
            "file:a",
            "FILE:/a",
            "file%3a///etc",
            "a#/../../b",
            "a%23b",
            "%2fetc/passwd",
        ] {
            assert!(safe(path).is_err(), "{path} was taken for {:?}", safe(path));
        }
    }

    #[test]
    fn what_stays_inside_is_kept() {
        let cases = [
            ("", ""),
            ("a/b.txt", "a/b.txt"),
            ("./a//b/", "a/b"),
            ("a..b/..c", "a..b/..c"),
            ("a%20b", "a b"),
            ("é/ü", "é/ü"),
            ("a%00b", "a%00b"),
            ("a:b", "a:b"),
            ("a?b", "a?b"),
        ];
        for (path, expected) in cases {
            assert_eq!(safe(path).unwrap(), expected, "{path}");
        }
    }

    #[test]
    fn an_address_is_a_path_only_if_it_is_ours() {
        assert_eq!(of_address("mlflow-artifacts:/0/run/artifacts").unwrap(), "0/run/artifacts");
        assert_eq!(of_address("mlflow-artifacts://host:5000/0/run").unwrap(), "0/run");
        assert_eq!(of_address("http://h/x/api/2.0/mlflow-artifacts/artifacts/0/run").unwrap(), "0/run");
        for elsewhere in [
            "/etc",
            "file:///etc",
            "s3://bucket/a",
            "etc",
            "http://h/etc",
            "dbfs:/a",
            "C:/a",
            "mlflow-artifacts:/../etc",
            "mlflow-artifacts:/%2e%2e/etc",
        ] {
            assert!(of_address(elsewhere).is_err(), "{elsewhere} was read");
        }
    }

    proptest! {
        #[test]
        fn no_path_leads_out(path in "[./%\\\\:a-z0-9#~]{0,24}") {
            if let Ok(kept) = safe(&path) {
                prop_assert!(!kept.starts_with('/'));
                prop_assert!(kept.is_empty() || kept.split('/').all(|part| !matches!(part, "" | "." | "..")));
                prop_assert_eq!(safe(&kept).unwrap(), kept);
            }
        }
    }
}
