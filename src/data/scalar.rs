//! One value of a table that survives JSON exactly, NaN and infinities included.

use std::fmt;

use polars::prelude::{AnyValue, TimeUnit};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

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
    /// Text, or a category's name.
    Text(String),
    /// Days since 1970-01-01.
    Date(#[serde(with = "date")] i32),
    /// Microseconds since 1970-01-01 00:00.
    DateTime(#[serde(with = "datetime")] i64),
    /// Nanoseconds since midnight.
    Time(#[serde(with = "time")] i64),
    /// Microseconds.
    Duration(i64),
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
            Self::Text(_) => None,
            Self::Date(days) => Some(f64::from(days) * 86_400.0),
            Self::DateTime(micros) | Self::Duration(micros) => Some(micros as f64 / 1e6),
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
            AnyValue::UInt64(value) => i64::try_from(*value).map_or(Self::Real(*value as f64), Self::Integer),
            AnyValue::Date(days) => Self::Date(*days),
            AnyValue::Datetime(value, unit, _) => Self::DateTime(to_micros(*value, *unit)),
            AnyValue::DatetimeOwned(value, unit, _) => Self::DateTime(to_micros(*value, *unit)),
            AnyValue::Duration(value, unit) => Self::Duration(to_micros(*value, *unit)),
            AnyValue::Time(nanos) => Self::Time(*nanos),
            value if value.is_integer() => Self::Integer(value.extract::<i64>()?),
            value => Self::Text(value.get_str()?.to_owned()),
        })
    }

    /// This value as a cell of a polars table.
    pub fn to_any(&self) -> AnyValue<'_> {
        match self {
            Self::Boolean(value) => AnyValue::Boolean(*value),
            Self::Integer(value) => AnyValue::Int64(*value),
            Self::Real(value) => AnyValue::Float64(*value),
            Self::Text(text) => AnyValue::String(text),
            Self::Date(days) => AnyValue::Date(*days),
            Self::DateTime(micros) => AnyValue::Datetime(*micros, TimeUnit::Microseconds, None),
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
            Self::Text(text) => f.write_str(text),
            Self::Date(days) => f.write_str(&temporal::format_date(i64::from(*days))),
            Self::DateTime(micros) => f.write_str(&temporal::format_datetime(*micros)),
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

macro_rules! iso {
    ($module:ident, $type:ty, $format:expr, $parse:expr) => {
        mod $module {
            use super::*;

            pub fn serialize<S: Serializer>(value: &$type, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&$format(*value))
            }

            pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<$type, D::Error> {
                let text = String::deserialize(d)?;
                $parse(text.as_str()).ok_or_else(|| de::Error::custom(format!("“{text}” is no ISO 8601 value")))
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

    #[test]
    fn json_round_trips_what_json_has_no_number_for() {
        let values = [
            Scalar::Real(f64::INFINITY),
            Scalar::Real(f64::NEG_INFINITY),
            Scalar::Real(0.1 + 0.2),
            Scalar::Integer(i64::MIN),
            Scalar::Text("nan".into()),
            Scalar::Date(-1),
            Scalar::DateTime(1_234_567_890_123_456),
            Scalar::Time(86_399_999_999_999),
            Scalar::Duration(-5),
            Scalar::Boolean(true),
        ];
        for value in values {
            let json = serde_json::to_string(&value).unwrap();
            assert_eq!(serde_json::from_str::<Scalar>(&json).unwrap(), value, "{json}");
        }
        let nan: Scalar = serde_json::from_str(r#"{"real":"nan"}"#).unwrap();
        assert!(matches!(nan, Scalar::Real(value) if value.is_nan()));
        assert!(serde_json::from_str::<Scalar>(r#"{"real":"many"}"#).is_err());
    }
}
