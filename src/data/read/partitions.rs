//! Columns that are written in the names of folders, as Hive does:
//! `year=2024/country=DE/part-0.parquet`.

use std::path::{Path, PathBuf};

use polars::prelude::{Column, DataFrame, DataType, IntoColumn, NamedFrom, Series};

use super::options::ReadOptions;
use crate::error::{Error, Result};
use crate::prepare::convert;
use crate::schema::Kind;
use crate::temporal;

/// What Hive writes for a missing value.
const MISSING: &str = "__HIVE_DEFAULT_PARTITION__";

/// The columns that the folders of all files name.
pub(super) struct Partitions {
    columns: Vec<Partition>,
}

struct Partition {
    /// One value a file.
    values: Column,
    /// Numbers with leading zeros were kept as text.
    zeros: bool,
}

impl Partitions {
    /// The columns of files, unless these `known` names have them already.
    ///
    /// # Errors
    /// Files of which only some lie in such folders.
    pub(super) fn of(paths: &[PathBuf], known: &[String], options: &ReadOptions) -> Result<Self> {
        let named: Vec<Vec<(String, Option<String>)>> = paths.iter().map(|path| pairs_in(path)).collect();
        let mut columns = Vec::new();
        for (at, (name, _)) in named.first().into_iter().flatten().enumerate() {
            let same = |pairs: &&Vec<(String, Option<String>)>| pairs.get(at).is_some_and(|(own, _)| own == name);
            if let Some(other) = named.iter().position(|pairs| !same(&pairs)) {
                let sentence = format!(
                    "The folders of this file name other columns than those of {}, which give “{name}”. Import them \
                     apart.",
                    paths[0].display()
                );
                return Err(Error::malformed(&paths[other], None, sentence));
            }
            if known.contains(name) {
                continue;
            }
            let values: Vec<Option<&str>> = named.iter().map(|pairs| pairs[at].1.as_deref()).collect();
            columns.push(Partition::of(name, &values, options)?);
        }
        Ok(Self { columns })
    }

    /// Adds the columns to rows of the file with that number.
    pub(super) fn extend(&self, file: usize, frame: &mut DataFrame) -> Result<()> {
        for partition in &self.columns {
            let height = frame.height();
            frame.with_column(partition.values.new_from_index(file, height))?;
        }
        Ok(())
    }

    /// What was added, each a sentence.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.columns.is_empty() {
            let names: Vec<String> = self.columns.iter().map(|one| format!("“{}”", one.values.name())).collect();
            let (noun, verb) = if names.len() == 1 { ("Column", "was") } else { ("Columns", "were") };
            notes.push(format!("{noun} {} {verb} read from the names of folders.", names.join(", ")));
        }
        for partition in self.columns.iter().filter(|partition| partition.zeros) {
            notes.push(format!(
                "Column “{}” from the names of folders has leading zeros and stays text. Choose the type Integer to \
                 read numbers.",
                partition.values.name()
            ));
        }
        notes
    }
}

/// Returns whether the text is a number with a leading zero, as codes are.
fn zero_led(text: &&str) -> bool {
    let digits = text.trim_start_matches('-');
    digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}

impl Partition {
    fn of(name: &str, values: &[Option<&str>], options: &ReadOptions) -> Result<Self> {
        let texts = Series::new(name.into(), values);
        let chosen = options.kinds.get(name).copied();
        let zeros = chosen.is_none() && values.iter().flatten().any(zero_led);
        let whole = |text: &&str| !zero_led(text) && text.parse::<i64>().is_ok_and(|value| value.to_string() == **text);
        let all =
            |fits: &dyn Fn(&&str) -> bool| values.iter().any(Option::is_some) && values.iter().flatten().all(fits);

        let kind = match chosen {
            Some(kind) => kind,
            None if all(&whole) => Kind::Integer,
            None if all(&|text| temporal::parse_date(text, None).is_some()) => Kind::Date,
            None => Kind::Text,
        };
        let values = match kind {
            Kind::Text => texts.cast(&DataType::String)?.into_column(),
            kind => convert(&texts.into_column(), kind)?.into_column(),
        };
        Ok(Self { values, zeros })
    }
}

/// Names of the columns in the folders of a path.
pub(super) fn names_in(path: &Path) -> Vec<String> {
    pairs_in(path).into_iter().map(|(name, _)| name).collect()
}

/// The options without choices for columns that the folders of a path name and
/// that are not among the `known` ones of the file.
pub(super) fn without_choices(options: &ReadOptions, path: &Path, known: &[String]) -> ReadOptions {
    let names = names_in(path);
    let mut others = options.clone();
    others.kinds.retain(|name, _| known.contains(name) || !names.contains(name));
    others
}

/// Whether a folder's name is a column's name and its value.
pub(super) fn is_partition(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| pair(&name.to_string_lossy()).is_some())
}

fn pairs_in(path: &Path) -> Vec<(String, Option<String>)> {
    let folders = path.parent().into_iter().flat_map(Path::components);
    folders.filter_map(|part| pair(&part.as_os_str().to_string_lossy())).collect()
}

fn pair(folder: &str) -> Option<(String, Option<String>)> {
    let (name, value) = folder.split_once('=')?;
    if name.is_empty() {
        return None;
    }
    let value = (value != MISSING).then(|| unescaped(value));
    Some((unescaped(name), value))
}

/// Text with `%3A` and the like as the characters they stand for.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let hex = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partitions(paths: &[&str]) -> Result<Partitions> {
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        Partitions::of(&paths, &[], &ReadOptions::default())
    }

    fn kinds(partitions: &Partitions) -> Vec<Kind> {
        partitions.columns.iter().map(|one| Kind::of(one.values.dtype())).collect()
    }

    #[test]
    fn folders_name_columns_and_values() {
        let found = partitions(&[
            "t/year=2022/month=01/day=2022-01-05/at=a%3Ab/p.parquet",
            "t/year=2023/month=12/day=__HIVE_DEFAULT_PARTITION__/at=c/p.parquet",
        ]);
        let found = found.unwrap();
        assert_eq!(kinds(&found), [Kind::Integer, Kind::Text, Kind::Date, Kind::Text]);
        assert_eq!(found.columns[2].values.null_count(), 1);
        assert_eq!(found.columns[3].values.str().unwrap().get(0), Some("a:b"));
        assert!(found.notes()[1].contains("“month”") && found.notes()[1].contains("leading zeros"));
        assert!(partitions(&["a/b.csv", "a/c.csv"]).unwrap().notes().is_empty());
    }

    #[test]
    fn all_files_lie_in_such_folders_or_none() {
        let error = partitions(&["t/a=1/p.csv", "t/b=1/p.csv"]).err().unwrap().to_string();
        assert!(error.contains("name other columns"), "{error}");
        let error = partitions(&["t/a=1/p.csv", "t/p.csv"]).err().unwrap().to_string();
        assert!(error.contains("“a”"), "{error}");
    }
}
