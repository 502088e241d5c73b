//! Arrow types that the table engine does not read, and which plain ones stand
//! in for them.

use polars::prelude::{ArrowDataType, ArrowField, TimeZone};

/// What a column's values stand for where it is read as a plainer type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// What they are.
    Plain,
    /// Reals of 16 bits, read as two bytes.
    Half,
    /// Decimals of more than 38 digits, read as a big- or little-endian whole
    /// number with a sign; so many digits stand behind the point.
    WideDecimal { scale: usize, big_endian: bool },
    /// 16 bytes that are written as 32 hexadecimal digits in groups.
    Uuid,
}

/// The field as it can be read, with sentences about what that leaves out.
pub(super) fn readable(field: &ArrowField, notes: &mut Vec<String>) -> ArrowField {
    let mut field = field.clone();
    let name = field.name.to_string();
    field.dtype = plain(field.dtype, &name, notes);
    field
}

/// The type without parts that the engine stops at. `name` is the column's.
fn plain(dtype: ArrowDataType, name: &str, notes: &mut Vec<String>) -> ArrowDataType {
    let inner = |mut field: Box<ArrowField>, notes: &mut Vec<String>| {
        field.dtype = plain(field.dtype, name, notes);
        field
    };
    match dtype {
        ArrowDataType::Extension(extension) => {
            notes.push(format!(
                "Column “{name}” holds values of the type “{}”, which is not known here; what it stores them as was \
                 read.",
                extension.name
            ));
            plain(extension.inner, name, notes)
        }
        ArrowDataType::Timestamp(unit, Some(zone)) => {
            if TimeZone::opt_try_new(Some(zone.clone())).is_ok() {
                return ArrowDataType::Timestamp(unit, Some(zone));
            }
            notes.push(format!(
                "The time zone “{zone}” of column “{name}” is not known here; its times are shown in UTC."
            ));
            ArrowDataType::Timestamp(unit, Some("UTC".into()))
        }
        ArrowDataType::List(field) => ArrowDataType::List(inner(field, notes)),
        ArrowDataType::LargeList(field) => ArrowDataType::LargeList(inner(field, notes)),
        ArrowDataType::FixedSizeList(field, size) => ArrowDataType::FixedSizeList(inner(field, notes), size),
        ArrowDataType::Map(field, sorted) => ArrowDataType::Map(inner(field, notes), sorted),
        ArrowDataType::Struct(fields) => {
            let fields = fields.into_iter().map(|mut field| {
                field.dtype = plain(field.dtype, name, notes);
                field
            });
            ArrowDataType::Struct(fields.collect())
        }
        other => other,
    }
}

/// The name of a part of a type that nothing can stand in for.
pub(super) fn unreadable(dtype: &ArrowDataType) -> Option<&'static str> {
    match dtype {
        ArrowDataType::Union(_) => Some("unions"),
        ArrowDataType::Unknown => Some("values of an unknown type"),
        ArrowDataType::List(field)
        | ArrowDataType::LargeList(field)
        | ArrowDataType::FixedSizeList(field, _)
        | ArrowDataType::Map(field, _) => unreadable(&field.dtype),
        ArrowDataType::Struct(fields) => fields.iter().find_map(|field| unreadable(&field.dtype)),
        _ => None,
    }
}
