use std::cmp::Ordering;

use polars::df;
use polars::prelude::{DataFrame, IntoLazy, col, lit};

use super::convert::whole_literal as typed_lit;
use proptest::prelude::*;

use super::*;

/// What an expression gives over two columns of whole numbers.
fn computed(expr: Expr, x: &[Option<i64>], y: &[Option<i64>]) -> Result<Vec<Option<i64>>, String> {
    let frame = df!("x" => x, "y" => y).unwrap();
    let result = frame.lazy().select([expr.alias("z")]).collect().map_err(|error| error.to_string())?;
    Ok(result.column("z").unwrap().i64().unwrap().iter().collect())
}

/// The result by integers without bounds, as Python's are; `None` when it does not fit.
fn expected(operation: Arithmetic, x: i64, y: i64) -> Option<i64> {
    let (x, y) = (i128::from(x), i128::from(y));
    let result = match operation {
        Arithmetic::Add => x + y,
        Arithmetic::Subtract => x - y,
        Arithmetic::Multiply => x * y,
        Arithmetic::DivideWhole if y != 0 => x / y,
        Arithmetic::Remainder if y != 0 => x % y,
        _ => return None,
    };
    i64::try_from(result).ok()
}

fn any_whole() -> impl Strategy<Value = i64> {
    prop_oneof![
        any::<i64>(),
        -5_i64..5,
        Just(i64::MIN),
        Just(i64::MAX),
        Just(i64::MIN + 1),
        (0_u32..63).prop_map(|bit| 1 << bit),
    ]
}

proptest! {
    #[test]
    fn whole_numbers_compute_as_integers_without_bounds_or_refuse(x in any_whole(), y in any_whole()) {
        for operation in [
            Arithmetic::Add,
            Arithmetic::Subtract,
            Arithmetic::Multiply,
            Arithmetic::DivideWhole,
            Arithmetic::Remainder,
        ] {
            let found = computed(arithmetic(operation, col("x"), col("y")), &[Some(x), None], &[Some(y), Some(1)]);
            let beside = computed(arithmetic(operation, col("x"), typed_lit(y)), &[Some(x), None], &[None, None]);
            match expected(operation, x, y) {
                Some(value) => {
                    prop_assert_eq!(found, Ok(vec![Some(value), None]));
                    prop_assert_eq!(beside, Ok(vec![Some(value), None]));
                }
                None => {
                    let sentence = found.unwrap_err();
                    let sentence = sentence_in(&sentence).unwrap();
                    prop_assert!(sentence.contains(&x.to_string()) && sentence.ends_with('.'), "{}", sentence);
                    prop_assert!(beside.is_err());
                }
            }
        }
    }

    #[test]
    fn sums_are_exact_or_refused(values in prop::collection::vec(any_whole(), 0..6)) {
        let total: i128 = values.iter().copied().map(i128::from).sum();
        let column: Vec<Option<i64>> = values.iter().copied().map(Some).collect();
        let found = computed(sum(col("x")), &column, &column);
        match i64::try_from(total) {
            Ok(total) => prop_assert_eq!(found, Ok(vec![Some(total)])),
            Err(_) => prop_assert!(found.unwrap_err().contains("does not fit")),
        }
        let mut running = 0_i128;
        let partial: Vec<i128> = values.iter().map(|value| { running += i128::from(*value); running }).collect();
        let fits = partial.iter().all(|sum| i64::try_from(*sum).is_ok());
        let found = computed(cumulative_sum(col("x"), false), &column, &column);
        prop_assert_eq!(found.is_ok(), fits);
        if let Ok(found) = found {
            prop_assert_eq!(found, partial.iter().map(|sum| i64::try_from(*sum).ok()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn signs_do_not_wrap(x in any_whole()) {
        prop_assert_eq!(computed(negate(col("x")), &[Some(x)], &[None]).ok(), x.checked_neg().map(|x| vec![Some(x)]));
        prop_assert_eq!(computed(absolute(col("x")), &[Some(x)], &[None]).ok(), x.checked_abs().map(|x| vec![Some(x)]));
    }

    #[test]
    fn whole_numbers_compare_exactly_with_reals(x in any_whole(), y in any::<f64>(), near in -2_i64..3) {
        for real in [y, x as f64, (x as f64) + near as f64, f64::NAN, f64::INFINITY] {
            let order = exact_order(x, real);
            let frame = df!("x" => [x], "y" => [real]).unwrap();
            for (comparison, holds) in [
                (Comparison::Equal, order.is_eq()),
                (Comparison::NotEqual, order.is_ne()),
                (Comparison::Less, order.is_lt()),
                (Comparison::GreaterOrEqual, order.is_ge()),
            ] {
                let found = frame.clone().lazy().select([compare(comparison, col("x"), col("y")).alias("z")]);
                let found = found.collect().unwrap().column("z").unwrap().bool().unwrap().get(0);
                prop_assert_eq!(found, Some(holds), "{} {:?} {}", x, comparison, real);
            }
        }
    }
}

/// By decimal digits, without any of the code under test.
fn exact_order(whole: i64, real: f64) -> Ordering {
    if real.is_nan() || real == f64::INFINITY {
        return Ordering::Less;
    }
    if real == f64::NEG_INFINITY || real.abs() >= 1e19 {
        return if real < 0.0 { Ordering::Greater } else { Ordering::Less };
    }
    let floor = real.floor();
    let below: i128 = format!("{floor:.0}").parse().unwrap();
    i128::from(whole).cmp(&below).then(if real > floor { Ordering::Less } else { Ordering::Equal })
}

fn decimals(units: &[Option<i128>], scale: usize) -> polars::prelude::Series {
    use polars::prelude::{Int128Chunked, IntoSeries, NewChunkedArray};
    let units = Int128Chunked::from_iter_options("d".into(), units.iter().copied());
    units.into_decimal(38, scale).unwrap().into_series()
}

fn texts_of(frame: &DataFrame, name: &str) -> Vec<String> {
    let texts = convert::texts(frame.column(name).unwrap()).unwrap();
    texts.iter().map(|text| text.unwrap_or("missing").to_owned()).collect()
}

#[test]
fn decimals_compute_digit_by_digit() {
    let left = decimals(&[Some(110), Some(-110), None], 2);
    let right = decimals(&[Some(1500), Some(300), Some(1)], 3).with_name("e".into());
    let frame = DataFrame::new(3, vec![left.into(), right.into()]).unwrap();
    let results = [
        (Arithmetic::Add, ["2.600", "-0.800", "missing"]),
        (Arithmetic::Subtract, ["-0.400", "-1.400", "missing"]),
        (Arithmetic::Multiply, ["1.65000", "-0.33000", "missing"]),
        (Arithmetic::Remainder, ["1.100", "-0.200", "missing"]),
        (Arithmetic::DivideWhole, ["0", "-3", "missing"]),
        (Arithmetic::Divide, ["0.7333333333333334", "-3.666666666666667", "missing"]),
    ];
    for (operation, expected) in results {
        let result = frame.clone().lazy().select([arithmetic(operation, col("d"), col("e")).alias("z")]);
        let result = result.collect().unwrap();
        assert_eq!(texts_of(&result, "z"), expected, "{operation:?}");
    }
    let rounded = frame.lazy().select([
        round(col("e"), typed_lit(1_i64)).alias("round"),
        floor(col("d")).alias("floor"),
        ceiling(col("d")).alias("ceiling"),
        sum(col("d")).alias("sum"),
        absolute(col("d")).alias("abs"),
        compare(Comparison::Less, col("d"), col("e")).alias("less"),
    ]);
    let rounded = rounded.collect().unwrap();
    assert_eq!(texts_of(&rounded, "round"), ["1.500", "0.300", "0.000"]);
    assert_eq!(texts_of(&rounded, "floor"), ["1.00", "-2.00", "missing"]);
    assert_eq!(texts_of(&rounded, "ceiling"), ["2.00", "-1.00", "missing"]);
    assert_eq!(texts_of(&rounded, "sum"), ["0.00", "0.00", "0.00"]);
    assert_eq!(texts_of(&rounded, "abs"), ["1.10", "1.10", "missing"]);
    assert_eq!(texts_of(&rounded, "less"), ["true", "true", "missing"]);
}

#[test]
fn decimals_refuse_what_does_not_fit() {
    let large = decimals(&[Some(10_i128.pow(38) - 1), Some(1)], 0);
    let frame = DataFrame::new(2, vec![large.into()]).unwrap();
    for expr in [
        arithmetic(Arithmetic::Add, col("d"), typed_lit(1_i64)),
        arithmetic(Arithmetic::Multiply, col("d"), col("d")),
        sum(arithmetic(Arithmetic::Multiply, col("d"), typed_lit(1_i64))),
    ] {
        let error = frame.clone().lazy().select([expr]).collect().unwrap_err().to_string();
        assert!(sentence_in(&error).unwrap().contains("38 digits"), "{error}");
    }
}

#[test]
fn narrow_and_unsigned_integers_are_widened() {
    let frame = df!("a" => [200_u8, 0], "b" => [1_u8, 1], "c" => [i32::MAX, 1], "d" => [u64::MAX, 0]).unwrap();
    let query = frame.clone().lazy().select([
        arithmetic(Arithmetic::Subtract, col("b"), col("a")).alias("difference"),
        arithmetic(Arithmetic::Add, col("c"), col("c")).alias("double"),
    ]);
    let result = query.collect().unwrap();
    assert_eq!(texts_of(&result, "difference"), ["-199", "1"]);
    assert_eq!(texts_of(&result, "double"), ["4294967294", "2"]);
    let error = frame.lazy().select([arithmetic(Arithmetic::Add, col("d"), col("b"))]).collect().unwrap_err();
    assert!(error.to_string().contains("18446744073709551615 does not fit"), "{error}");
}

#[test]
fn real_numbers_become_whole_ones_as_in_sql() {
    let frame = df!("x" => [Some(1.7), Some(2.5), Some(3.5), Some(-0.5), None]).unwrap();
    let whole = frame.lazy().select([convert::to_whole(col("x"), Lossy::Refuse)]).collect().unwrap();
    assert_eq!(texts_of(&whole, "x"), ["2", "2", "4", "0", "missing"]);
    let large = df!("x" => [1e300, f64::NAN]).unwrap().lazy();
    let error = large.clone().select([convert::to_whole(col("x"), Lossy::Refuse)]).collect().unwrap_err();
    assert!(error.to_string().contains("cannot become a whole number"), "{error}");
    let missing = large.select([convert::to_whole(col("x"), Lossy::Missing)]).collect().unwrap();
    assert_eq!(texts_of(&missing, "x"), ["missing", "missing"]);
}

#[test]
fn a_literal_alone_is_one_row_and_an_empty_table_none() {
    let expr = || arithmetic(Arithmetic::Add, typed_lit(1_i64), typed_lit(2_i64)).alias("z");
    let frame = df!("x" => [1, 2, 3]).unwrap();
    let result = frame.clone().lazy().with_column(expr()).collect().unwrap();
    assert_eq!(texts_of(&result, "z"), ["3", "3", "3"]);
    let empty = frame.head(Some(0)).lazy();
    assert_eq!(empty.clone().with_column(expr()).collect().unwrap().height(), 0);
    let beside = arithmetic(Arithmetic::Add, col("x"), lit(2_i64)).alias("z");
    assert_eq!(empty.with_column(beside).collect().unwrap().height(), 0);
}

#[test]
fn the_guard_mends_what_polars_planned() {
    use polars::sql::SQLContext;
    let frame = df!("x" => [i64::MAX, 1], "y" => [-7_i64, 2], "r" => [2.5, 0.0]).unwrap();
    let run = |query: &str| {
        let mut context = SQLContext::new();
        context.register("t", frame.clone().lazy());
        let planned = guard(context.execute(query).unwrap())?;
        planned.collect().map(|result| texts_of(&result, "z"))
    };
    assert_eq!(run("SELECT y // 2 AS z FROM t").unwrap(), ["-3", "1"]);
    assert_eq!(run("SELECT y % 3 AS z FROM t").unwrap(), ["-1", "2"]);
    assert_eq!(run("SELECT CAST(r AS BIGINT) AS z FROM t").unwrap(), ["2", "0"]);
    assert_eq!(run("SELECT COUNT(*) AS z FROM t WHERE x > 9223372036854775806.0").unwrap(), ["0"]);
    for query in [
        "SELECT x + 1 AS z FROM t",
        "SELECT SUM(x) AS z FROM t",
        "SELECT y, SUM(x) OVER (ORDER BY y DESC) AS z FROM t",
        "SELECT z FROM (SELECT x * 2 AS z FROM t) AS s WHERE z > 0",
        "SELECT SUM(x) AS z FROM t GROUP BY r > 9",
        "SELECT y AS z FROM t ORDER BY x + 1",
    ] {
        let error = run(query).unwrap_err().to_string();
        assert!(error.contains("does not fit"), "{query}: {error}");
    }
    let mut context = SQLContext::new();
    context.register("t", frame.clone().lazy());
    context.register("u", frame.clone().lazy());
    let refused = context.execute("SELECT t.x AS z FROM t JOIN u ON t.x = u.r").and_then(guard);
    let error = refused.err().unwrap().to_string();
    assert!(error.contains("join keys don't match") || error.contains("cannot be compared exactly"), "{error}");
}
