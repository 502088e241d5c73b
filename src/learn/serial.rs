//! Numbers in JSON that survive NaN and infinity: those are written as the strings
//! `"NaN"`, `"Infinity"` and `"-Infinity"`, all others as numbers.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

/// A number as it stands in JSON.
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            v if v.is_finite() || !serializer.is_human_readable() => serializer.serialize_f64(v),
            v if v.is_nan() => serializer.serialize_str("NaN"),
            v if v > 0.0 => serializer.serialize_str("Infinity"),
            _ => serializer.serialize_str("-Infinity"),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Number;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a number, \"NaN\", \"Infinity\" or \"-Infinity\"")
            }
            fn visit_f64<E: Error>(self, v: f64) -> Result<Number, E> {
                Ok(Number(v))
            }
            fn visit_i64<E: Error>(self, v: i64) -> Result<Number, E> {
                Ok(Number(v as f64))
            }
            fn visit_u64<E: Error>(self, v: u64) -> Result<Number, E> {
                Ok(Number(v as f64))
            }
            fn visit_unit<E: Error>(self) -> Result<Number, E> {
                Ok(Number(f64::NAN))
            }
            fn visit_str<E: Error>(self, v: &str) -> Result<Number, E> {
                match v {
                    "NaN" => Ok(Number(f64::NAN)),
                    "Infinity" => Ok(Number(f64::INFINITY)),
                    "-Infinity" => Ok(Number(f64::NEG_INFINITY)),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(v), &self)),
                }
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// For `#[serde(with = "serial::numbers")]` on a `Vec<f64>`.
pub(crate) mod numbers {
    use super::*;
    pub fn serialize<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|v| Number(*v)))
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        Ok(Vec::<Number>::deserialize(deserializer)?.into_iter().map(|n| n.0).collect())
    }
}

/// For `#[serde(with = "serial::pairs")]` on a `Vec<[f64; 2]>`.
pub(crate) mod pairs {
    use super::*;
    pub fn serialize<S: Serializer>(values: &[[f64; 2]], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|[a, b]| [Number(*a), Number(*b)]))
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<[f64; 2]>, D::Error> {
        Ok(Vec::<[Number; 2]>::deserialize(deserializer)?.into_iter().map(|[a, b]| [a.0, b.0]).collect())
    }
}

/// For `#[serde(with = "serial::maybe")]` on an `Option<f64>`; a NaN is read back as NaN, none as none.
pub(crate) mod maybe {
    use super::*;
    pub fn serialize<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(Number).serialize(serializer)
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
        Ok(Option::<Number>::deserialize(deserializer)?.map(|n| n.0))
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Serialize, Deserialize)]
    struct Sample {
        #[serde(with = "super::numbers")]
        numbers: Vec<f64>,
        #[serde(with = "super::pairs")]
        pairs: Vec<[f64; 2]>,
        #[serde(with = "super::maybe")]
        maybe: Option<f64>,
    }

    #[test]
    fn nan_and_infinity_survive_json() {
        let numbers = vec![1.0, -0.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300];
        let sample = Sample { pairs: vec![[f64::INFINITY, 0.5]], maybe: Some(f64::NAN), numbers };
        let json = serde_json::to_string(&sample).unwrap();
        let back: Sample = serde_json::from_str(&json).unwrap();
        assert!(back.numbers.iter().zip(&sample.numbers).all(|(a, b)| a.to_bits() == b.to_bits()), "{json}");
        assert_eq!(back.pairs, sample.pairs);
        assert!(back.maybe.unwrap().is_nan());
        assert_eq!(serde_json::from_str::<Sample>(r#"{"numbers":[3],"pairs":[],"maybe":null}"#).unwrap().maybe, None);
        assert!(serde_json::from_str::<Sample>(r#"{"numbers":["x"],"pairs":[],"maybe":null}"#).is_err());
    }
}
