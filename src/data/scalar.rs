//! One value of a table that survives JSON exactly, NaN and infinities included.

use std::fmt;
use std::sync::Arc;

use polars::prelude::{AnyValue, TimeUnit, TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::decimal::{Decimal, MAX_DIGITS};
use crate::temporal;

/// One value. In JSON it is tagged with its kind (`{"real": 1.5}`), a date or
/// time is ISO 8601 text, and a real that JSON has no number for is one of the
/// strings `"nan"`, `"inf"`, `"-inf"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scalar {
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A floating-point number, NaN and infinities included.
    Real(#[serde(with = "real")] f64),
    /// An exact decimal number, as text in JSON.
    Decimal(Decimal),
    /// Text, or a category's name.
    Text(String),
    /// Days since 1970-01-01.
    Date(#[serde(with = "date")] i32),
    /// Microseconds since 1970-01-01 00:00.
    DateTime(#[serde(with = "datetime")] i64),
    /// A moment with its time zone.
    ZonedDateTime(ZonedDateTime),
    /// Nanoseconds since midnight.
    Time(#[serde(with = "time")] i64),
    /// Microseconds.
    Duration(i64),
}

/// A moment, and the zone whose clock shows it. In JSON it is ISO 8601 in UTC
/// with the zone in brackets, as in RFC 9557: `2024-07-01 10:00:00Z[Europe/Berlin]`;
/// beyond the year 9999 its microseconds stand before the brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZonedDateTime {
    /// Microseconds since 1970-01-01 00:00 UTC.
    pub micros: i64,
    /// A name of the IANA time zone database.
    pub zone: String,
}

impl ZonedDateTime {
    /// Largest distance from 1970 that the calendar behind time zones can show.
    const SHOWN_MICROS: u64 = 8_000_000_000_000_000_000;

    fn zone(&self) -> Option<TimeZone> {
        TimeZone::opt_try_new(Some(self.zone.as_str())).ok().flatten()
    }
}

/// The local hour and the zone's abbreviation: `2024-07-01 12:00:00 CEST`.
impl fmt::Display for ZonedDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.zone() {
            Some(zone) if self.micros.unsigned_abs() < Self::SHOWN_MICROS => {
                write!(f, "{}", AnyValue::Datetime(self.micros, TimeUnit::Microseconds, Some(&zone)))
            }
            _ => write!(f, "{} UTC", temporal::format_datetime(self.micros)),
        }
    }
}

impl Serialize for ZonedDateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = temporal::format_datetime(self.micros);
        if temporal::parse_datetime(&time, None) == Some((self.micros, false)) {
            serializer.collect_str(&format_args!("{time}Z[{}]", self.zone))
        } else {
            serializer.collect_str(&format_args!("{}[{}]", self.micros, self.zone))
        }
    }
}

impl<'de> Deserialize<'de> for ZonedDateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parts = text.strip_suffix(']').and_then(|text| text.split_once('['));
        let read = parts.and_then(|(time, zone)| {
            let read = temporal::parse_datetime(time, None).map(|(micros, _)| micros);
            Some(Self { micros: read.or_else(|| time.parse().ok())?, zone: zone.to_owned() })
        });
        read.ok_or_else(|| de::Error::custom(format!("“{text}” is no moment with a time zone")))
    }
}

impl Scalar {
    /// The value on a line of numbers: dates and date-times in seconds since
    /// 1970-01-01, times in seconds since midnight, durations in seconds,
    /// booleans as 0 and 1. `None` for text.
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Self::Boolean(value) => Some(f64::from(u8::from(value))),
            Self::Integer(value) => Some(value as f64),
            Self::Real(value) => Some(value),
            Self::Decimal(value) => Some(value.to_f64()),
            Self::Text(_) => None,
            Self::Date(days) => Some(f64::from(days) * 86_400.0),
            Self::DateTime(micros) | Self::Duration(micros) => Some(micros as f64 / 1e6),
            Self::ZonedDateTime(ref moment) => Some(moment.micros as f64 / 1e6),
            Self::Time(nanos) => Some(nanos as f64 / 1e9),
        }
    }

    /// The value of a table's cell; `None` for null and for nested values.
    pub fn from_any(value: &AnyValue) -> Option<Self> {
        Some(match value {
            AnyValue::Boolean(value) => Self::Boolean(*value),
            AnyValue::String(text) => Self::Text((*text).to_owned()),
            AnyValue::StringOwned(text) => Self::Text(text.to_string()),
            AnyValue::Float32(value) => Self::Real(f64::from(*value)),
            AnyValue::Float64(value) => Self::Real(*value),
            AnyValue::Float16(value) => Self::Real(f64::from(*value)),
            AnyValue::Decimal(units, _, scale) => Self::Decimal(Decimal::new(*units, *scale)?),
            AnyValue::UInt64(value) => Self::whole(i128::from(*value))?,
            AnyValue::Int128(value) => Self::whole(*value)?,
            AnyValue::UInt128(value) => Self::whole(i128::try_from(*value).ok()?)?,
            AnyValue::Date(days) => Self::Date(*days),
            AnyValue::Datetime(value, unit, zone) => Self::moment(to_micros(*value, *unit), *zone),
            AnyValue::DatetimeOwned(value, unit, zone) => Self::moment(to_micros(*value, *unit), zone.as_deref()),
            AnyValue::Duration(value, unit) => Self::Duration(to_micros(*value, *unit)),
            AnyValue::Time(nanos) => Self::Time(*nanos),
            value if value.is_integer() => Self::Integer(value.extract::<i64>()?),
            value => Self::Text(value.get_str()?.to_owned()),
        })
    }

    /// A moment with or without a zone.
    fn moment(micros: i64, zone: Option<&TimeZone>) -> Self {
        match zone {
            Some(zone) => Self::ZonedDateTime(ZonedDateTime { micros, zone: zone.to_string() }),
            None => Self::DateTime(micros),
        }
    }

    /// A whole number, as a decimal where 64 bits are too few; `None` where it
    /// has more than 38 digits.
    fn whole(value: i128) -> Option<Self> {
        match i64::try_from(value) {
            Ok(value) => Some(Self::Integer(value)),
            Err(_) => Decimal::new(value, 0).map(Self::Decimal),
        }
    }

    /// This value as a cell of a polars table.
    pub fn to_any(&self) -> AnyValue<'_> {
        match self {
            Self::Boolean(value) => AnyValue::Boolean(*value),
            Self::Integer(value) => AnyValue::Int64(*value),
            Self::Real(value) => AnyValue::Float64(*value),
            Self::Decimal(value) => AnyValue::Decimal(value.units(), MAX_DIGITS, value.scale()),
            Self::Text(text) => AnyValue::String(text),
            Self::Date(days) => AnyValue::Date(*days),
            Self::DateTime(micros) => AnyValue::Datetime(*micros, TimeUnit::Microseconds, None),
            Self::ZonedDateTime(moment) => {
                AnyValue::DatetimeOwned(moment.micros, TimeUnit::Microseconds, moment.zone().map(Arc::new))
            }
            Self::Time(nanos) => AnyValue::Time(*nanos),
            Self::Duration(micros) => AnyValue::Duration(*micros, TimeUnit::Microseconds),
        }
    }
}

/// A count in a polars time unit as microseconds.
pub(crate) fn to_micros(value: i64, unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Nanoseconds => value.div_euclid(1_000),
        TimeUnit::Microseconds => value,
        TimeUnit::Milliseconds => value.saturating_mul(1_000),
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Real(value) => write!(f, "{value}"),
            Self::Decimal(value) => write!(f, "{value}"),
            Self::Text(text) => f.write_str(text),
            Self::Date(days) => f.write_str(&temporal::format_date(i64::from(*days))),
            Self::DateTime(micros) => f.write_str(&temporal::format_datetime(*micros)),
            Self::ZonedDateTime(moment) => write!(f, "{moment}"),
            Self::Time(nanos) => f.write_str(&temporal::format_time(*nanos)),
            Self::Duration(micros) => f.write_str(&temporal::format_duration(*micros)),
        }
    }
}

impl From<f64> for Scalar {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<i64> for Scalar {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<Decimal> for Scalar {
    fn from(value: Decimal) -> Self {
        Self::Decimal(value)
    }
}

impl From<bool> for Scalar {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<&str> for Scalar {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

/// Reals in JSON: a number, or one of the strings "nan", "inf", "-inf".
pub(crate) mod real {
    use super::*;

    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            serializer.serialize_f64(*value)
        } else if value.is_nan() {
            serializer.serialize_str("nan")
        } else {
            serializer.serialize_str(if *value > 0.0 { "inf" } else { "-inf" })
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(f64),
            Word(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(value) => Ok(value),
            Written::Word(word) => match word.as_str() {
                "nan" => Ok(f64::NAN),
                "inf" => Ok(f64::INFINITY),
                "-inf" => Ok(f64::NEG_INFINITY),
                _ => Err(de::Error::custom(format!("“{word}” is not a number"))),
            },
        }
    }
}

/// A date or time in JSON: ISO 8601 text, or its number where ISO 8601 has no
/// four digits for the year.
#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenTime {
    Text(String),
    Number(i64),
}

macro_rules! iso {
    ($module:ident, $type:ty, $format:expr, $parse:expr) => {
        mod $module {
            use super::*;

            pub fn serialize<S: Serializer>(value: &$type, serializer: S) -> Result<S::Ok, S::Error> {
                let text = $format(*value);
                if $parse(text.as_str()) == Some(*value) {
                    serializer.serialize_str(&text)
                } else {
                    serializer.serialize_i64(i64::from(*value))
                }
            }

            pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                match WrittenTime::deserialize(deserializer)? {
                    WrittenTime::Text(text) => {
                        $parse(text.as_str()).ok_or_else(|| de::Error::custom(format!("“{text}” is no ISO 8601 value")))
                    }
                    WrittenTime::Number(number) => <$type>::try_from(number).map_err(de::Error::custom),
                }
            }
        }
    };
}

iso!(date, i32, |days| temporal::format_date(i64::from(days)), |text| temporal::parse_date(text, None));
iso!(datetime, i64, temporal::format_datetime, |text| {
    temporal::parse_datetime(text, None).map(|(micros, _)| micros)
});
iso!(time, i64, temporal::format_time, temporal::parse_time);

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin(micros: i64) -> ZonedDateTime {
        ZonedDateTime { micros, zone: "Europe/Berlin".into() }
    }

    #[test]
    fn a_moment_shows_the_hour_of_its_zone() {
        assert_eq!(berlin(1_719_828_000_000_000).to_string(), "2024-07-01 12:00:00 CEST");
        assert_eq!(berlin(1_704_103_200_000_000).to_string(), "2024-01-01 11:00:00 CET");
        // No calendar reaches that far, but nothing may panic.
        assert!(berlin(i64::MAX).to_string().ends_with(" UTC"));
        assert!(berlin(i64::MIN).to_string().ends_with(" UTC"));
    }

    #[test]
    fn json_round_trips_what_json_has_no_number_for() {
        let values = [
            Scalar::Real(f64::INFINITY),
            Scalar::Real(f64::NEG_INFINITY),
            Scalar::Real(0.1 + 0.2),
            Scalar::Integer(i64::MIN),
            Scalar::Decimal("18446744073709551615".parse().unwrap()),
            Scalar::Decimal("-0.30".parse().unwrap()),
            Scalar::Text("nan".into()),
            Scalar::Date(-1),
            Scalar::DateTime(1_234_567_890_123_456),
            Scalar::ZonedDateTime(berlin(1_719_828_000_000_000)),
            Scalar::Date(5_000_000),
            Scalar::DateTime(i64::MIN),
            Scalar::ZonedDateTime(berlin(i64::MAX)),
            Scalar::Time(86_399_999_999_999),
            Scalar::Duration(-5),
            Scalar::Boolean(true),
        ];
        for value in values {
            let json = serde_json::to_string(&value).unwrap();
            assert_eq!(serde_json::from_str::<Scalar>(&json).unwrap(), value, "{json}");
        }
        let large = Scalar::from_any(&AnyValue::UInt64(u64::MAX)).unwrap();
        assert_eq!(large.to_string(), "18446744073709551615");
        assert_eq!(Scalar::from_any(&AnyValue::UInt128(u128::MAX)), None);
        let nan: Scalar = serde_json::from_str(r#"{"real":"nan"}"#).unwrap();
        assert!(matches!(nan, Scalar::Real(value) if value.is_nan()));
        assert!(serde_json::from_str::<Scalar>(r#"{"real":"many"}"#).is_err());
    }
}
