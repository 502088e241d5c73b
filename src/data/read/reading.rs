//! The ways in which a field of text can be read, as a set of bits.
//!
//! A column can be read in the ways that all of its fields share, so sets are
//! intersected, in whatever order the fields come.

/// A set of ways to read a field.
pub(super) type Readings = u32;

/// `true` or `false`.
pub(super) const BOOLEAN: Readings = 1;
/// A whole number of 64 bits, written as digits alone.
pub(super) const INTEGER: Readings = 1 << 1;
/// `1234.5`
pub(super) const DOT: Readings = 1 << 2;
/// `1234,5`
pub(super) const COMMA: Readings = 1 << 3;
/// `1,234.5`
pub(super) const GROUP_COMMA: Readings = 1 << 4;
/// `1.234,5`
pub(super) const GROUP_DOT: Readings = 1 << 5;
/// `1 234.5`
pub(super) const GROUP_SPACE: Readings = 1 << 6;
/// `1 234,5`
pub(super) const GROUP_SPACE_COMMA: Readings = 1 << 7;
/// `1'234.5`
pub(super) const GROUP_APOSTROPHE: Readings = 1 << 8;
/// `2024-12-31`
pub(super) const YEAR_FIRST: Readings = 1 << 9;
/// `31/12/2024`
pub(super) const DAY_FIRST: Readings = 1 << 10;
/// `12/31/2024`
pub(super) const MONTH_FIRST: Readings = 1 << 11;
/// `31 Dec 2024`
pub(super) const MONTH_NAMED: Readings = 1 << 12;
/// As the pattern says that a person gave.
pub(super) const PATTERN: Readings = 1 << 13;
/// A time of day.
pub(super) const TIME: Readings = 1 << 14;
/// `="00123"`, with which spreadsheets keep a text a text.
pub(super) const FORMULA: Readings = 1 << 15;

/// Every style of a number.
pub(super) const NUMBERS: Readings = INTEGER | DOT | COMMA | GROUPED;
/// Styles with groups of three digits.
pub(super) const GROUPED: Readings = GROUP_COMMA | GROUP_DOT | GROUP_SPACE | GROUP_SPACE_COMMA | GROUP_APOSTROPHE;
/// Every order of a date.
pub(super) const DATES: Readings = YEAR_FIRST | DAY_FIRST | MONTH_FIRST | MONTH_NAMED | PATTERN;
/// Every way.
pub(super) const ALL: Readings = BOOLEAN | NUMBERS | DATES | TIME | FORMULA;
