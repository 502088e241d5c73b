use polars::df;
use polars::prelude::{CategoricalPhysical, Categories, NamedFrom};
use proptest::prelude::*;

use super::*;
use crate::scalar::Scalar;

fn one(name: &str, series: Series) -> DataFrame {
    DataFrame::new(series.len(), vec![series.with_name(name.into()).into_column()]).unwrap()
}

fn dtype_of(frame: &DataFrame, name: &str) -> DataType {
    frame.column(name).unwrap().dtype().clone()
}

#[test]
fn narrow_numbers_are_widened() {
    let frame = df!(
        "a" => [i8::MIN, i8::MAX], "b" => [0_u8, u8::MAX], "c" => [i32::MIN, i32::MAX], "d" => [0, u32::MAX],
        "e" => [1.5_f32, f32::MAX],
    )
    .unwrap();
    let stored = to_stored_types(&frame).unwrap();
    assert_eq!(stored.frame.column("b").unwrap().i64().unwrap().get(1), Some(255));
    assert_eq!(stored.frame.column("c").unwrap().i64().unwrap().get(0), Some(-2_147_483_648));
    assert_eq!(stored.frame.column("e").unwrap().f64().unwrap().get(1), Some(f64::from(f32::MAX)));
    assert!(stored.notes.is_empty() && is_stored(&stored.frame) && !is_stored(&frame));
}

#[test]
fn unsigned_numbers_beyond_64_bits_become_decimals() {
    let small = to_stored_types(&df!("u" => [Some(7_u64), None]).unwrap()).unwrap().frame;
    assert_eq!(dtype_of(&small, "u"), DataType::Int64);
    let large = to_stored_types(&df!("u" => [Some(u64::MAX), None, Some(1)]).unwrap()).unwrap().frame;
    assert_eq!(dtype_of(&large, "u"), DataType::Decimal(MAX_DIGITS, 0));
    let first = Scalar::from_any(&large.column("u").unwrap().get(0).unwrap()).unwrap();
    assert_eq!(first.to_string(), "18446744073709551615");
    assert_eq!(large.column("u").unwrap().null_count(), 1);

    let wide = one("w", Series::new("w".into(), [i128::from(u64::MAX) * 10, 5]));
    assert_eq!(dtype_of(&to_stored_types(&wide).unwrap().frame, "w"), DataType::Decimal(MAX_DIGITS, 0));
    let too_wide = one("w", Series::new("w".into(), [i128::MAX, 5]));
    let error = to_stored_types(&too_wide).unwrap_err().to_string();
    assert!(error.contains("“w”") && error.contains("more than 38 digits"), "{error}");
}

#[test]
fn moments_keep_their_zone_and_say_what_is_cut() {
    let zone = TimeZone::opt_try_new(Some("Europe/Berlin")).unwrap();
    let nanos = Series::new("t".into(), [Some(1_234_567_890_123_456_789_i64), Some(-1), Some(2_000), None]);
    let frame = one("t", nanos.cast(&DataType::Datetime(TimeUnit::Nanoseconds, zone.clone())).unwrap());
    let stored = to_stored_types(&frame).unwrap();
    assert_eq!(dtype_of(&stored.frame, "t"), DataType::Datetime(TimeUnit::Microseconds, zone));
    let physical = stored.frame.column("t").unwrap().to_physical_repr();
    let held: Vec<Option<i64>> = physical.i64().unwrap().iter().collect();
    assert_eq!(held, [Some(1_234_567_890_123_456), Some(-1), Some(2), None]);
    let said = "2 values of column “t” were finer than a microsecond; the nanoseconds were cut off.";
    assert_eq!(stored.notes, [said]);

    let far = Series::new("t".into(), [i64::MAX / 2]).cast(&DataType::Datetime(TimeUnit::Milliseconds, None)).unwrap();
    assert!(to_stored_types(&one("t", far)).unwrap_err().to_string().contains("290,000 years"));
}

#[test]
fn categories_share_one_list() {
    let own = Categories::new("colours".into(), "here".into(), CategoricalPhysical::U8);
    let colours = Series::new("c".into(), [Some("red"), None, Some("blue"), Some("red")]);
    let frame = one("c", colours.cast(&DataType::from_categories(own)).unwrap());
    let stored = to_stored_types(&frame).unwrap().frame;
    assert_eq!(dtype_of(&stored, "c"), Kind::Category.dtype());
    let texts = stored.column("c").unwrap().cast(&DataType::String).unwrap();
    assert_eq!(texts.str().unwrap().iter().collect::<Vec<_>>(), [Some("red"), None, Some("blue"), Some("red")]);
}

#[test]
fn a_column_of_nothing_is_text() {
    let stored = to_stored_types(&one("n", Series::new_null("n".into(), 3))).unwrap().frame;
    assert_eq!(dtype_of(&stored, "n"), DataType::String);
    assert_eq!(stored.column("n").unwrap().null_count(), 3);
}

#[test]
fn numbers_of_two_files_meet_without_loss() {
    let of = |dtype: DataType| StoredType::of(&dtype);
    let joined = |left: DataType, right: DataType| of(left).joined(&of(right)).map(|joined| joined.dtype().clone());
    assert_eq!(joined(DataType::Int32, DataType::Int64), Some(DataType::Int64));
    assert_eq!(joined(DataType::Int8, DataType::Decimal(10, 2)), Some(DataType::Decimal(MAX_DIGITS, 2)));
    assert_eq!(joined(DataType::Decimal(5, 1), DataType::Decimal(9, 3)), Some(DataType::Decimal(MAX_DIGITS, 3)));
    assert_eq!(joined(DataType::Float32, DataType::Int8), Some(DataType::Float64));
    assert_eq!(joined(DataType::String, DataType::Int8), None);
    let long = Series::new("id".into(), [(1_i64 << 53) + 1]).into_column();
    let error = of(DataType::Float64).apply(&long, &mut Losses::default()).unwrap_err().to_string();
    assert!(error.contains("9007199254740993") && error.contains("lose digits"), "{error}");
}

#[test]
fn texts_and_reals_become_decimals_of_their_own_digits() {
    let texts = Series::new("p".into(), [Some("12.50"), Some("0.3"), Some("x"), None]);
    let decimals = to_decimal(&texts).unwrap();
    assert_eq!(decimals.dtype(), &DataType::Decimal(MAX_DIGITS, 2));
    assert_eq!(units_at(&decimals, 2).unwrap().iter().collect::<Vec<_>>(), [Some(1_250), Some(30), None, None]);
    let reals = Series::new("p".into(), [0.1, 1e22, f64::NAN]);
    let decimals = to_decimal(&reals).unwrap();
    let held = units_at(&decimals, 1).unwrap().iter().collect::<Vec<_>>();
    assert_eq!(held, [Some(1), Some(10_i128.pow(23)), None]);
}

#[test]
fn a_local_time_that_no_clock_shows_is_refused() {
    let zone = TimeZone::opt_try_new(Some("Europe/Berlin")).unwrap().unwrap();
    let local = |micros: i64| {
        let series = Series::new("t".into(), [micros]);
        series.cast(&DataType::Datetime(TimeUnit::Microseconds, None)).unwrap()
    };
    // 2024-07-01 12:00 in Berlin is 10:00 UTC.
    let noon = local_to_zone(&local(1_719_835_200_000_000), &zone).unwrap();
    assert_eq!(noon.to_physical_repr().i64().unwrap().get(0), Some(1_719_828_000_000_000));
    // 2024-03-31 02:30 was skipped.
    let error = local_to_zone(&local(1_711_852_200_000_000), &zone).unwrap_err().to_string();
    assert!(error.contains("skips or shows twice"), "{error}");
}

proptest! {
    #[test]
    fn whole_numbers_of_any_width_keep_their_value(
        values in proptest::collection::vec(proptest::option::of(any::<u64>()), 1..20),
    ) {
        let stored = to_stored_types(&df!("u" => &values).unwrap()).unwrap().frame;
        let series = stored.column("u").unwrap().as_materialized_series().clone();
        let held: Vec<Option<i128>> = units_at(&series, 0).unwrap().iter().collect();
        let expected: Vec<Option<i128>> = values.iter().map(|value| value.map(i128::from)).collect();
        prop_assert_eq!(held, expected);
    }

    #[test]
    fn decimals_of_any_precision_keep_their_units(
        units in proptest::collection::vec(proptest::option::of(-99_999_i128..99_999), 1..20), scale in 0_usize..5,
    ) {
        let narrow = Int128Chunked::from_iter_options("d".into(), units.iter().copied());
        let frame = one("d", narrow.into_decimal_unchecked(5, scale).into_series());
        let stored = to_stored_types(&frame).unwrap().frame;
        prop_assert_eq!(dtype_of(&stored, "d"), DataType::Decimal(MAX_DIGITS, scale));
        let series = stored.column("d").unwrap().as_materialized_series().clone();
        prop_assert_eq!(units_at(&series, scale).unwrap().iter().collect::<Vec<_>>(), units);
    }
}
