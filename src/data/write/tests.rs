use polars::df;
use polars::prelude::{Column, DataFrame, IntoColumn, IntoLazy, IntoSeries, NamedFrom, Series};

use super::*;

fn written(frame: &DataFrame, format: TextFormat) -> String {
    let mut out = Vec::new();
    let names = frame.get_column_names().iter().map(|name| name.to_string()).collect();
    let mut writer = RowWriter::new(&mut out, format, names).unwrap();
    writer.push(frame).unwrap();
    writer.finish().unwrap();
    String::from_utf8(out).unwrap()
}

fn csv(frame: &DataFrame) -> String {
    written(frame, TextFormat::Delimited(b','))
}

#[test]
fn texts_that_look_like_something_else_are_quoted() {
    let texts = [
        Some("NA"),
        None,
        Some(""),
        Some("null"),
        Some("12"),
        Some("true"),
        Some("rose"),
        Some("a,b"),
        Some("say \"so\""),
        Some(" x"),
        Some("May 5 2024"),
        Some("Zürich"),
    ];
    let frame = df!("t" => texts, "n" => vec![1_i64; texts.len()]).unwrap();
    let expected = "t,n\n\"NA\",1\n,1\n\"\",1\n\"null\",1\n\"12\",1\n\"true\",1\nrose,1\n\"a,b\",1\n\
                    \"say \"\"so\"\"\",1\n\" x\",1\n\"May 5 2024\",1\nZürich,1\n";
    assert_eq!(csv(&frame), expected);
}

#[test]
fn a_missing_value_alone_in_its_row_is_still_a_row() {
    let frame = df!("t" => [Some("a"), None, Some("NA")]).unwrap();
    assert_eq!(csv(&frame), "t\na\nNULL\n\"NA\"\n");
}

#[test]
fn numbers_keep_every_digit() {
    let frame = df!(
        "i" => [i64::MIN, 9_007_199_254_740_993],
        "u" => [u64::MAX, 0],
        "r" => [0.1 + 0.2, 1e300],
        "w" => [2.0, -0.0],
    )
    .unwrap();
    let expected = "i,u,r,w\n-9223372036854775808,18446744073709551615,0.30000000000000004,2.0\n\
                    9007199254740993,0,1.0e300,-0.0\n";
    assert_eq!(csv(&frame), expected);
    let lines = written(&frame.head(Some(1)), TextFormat::JsonLines);
    assert_eq!(lines, "{\"i\":-9223372036854775808,\"u\":18446744073709551615,\"r\":0.30000000000000004,\"w\":2.0}\n");
}

#[test]
fn what_json_has_no_number_for_is_written_as_python_does() {
    let frame = df!("r" => [Some(f64::NAN), Some(f64::INFINITY), Some(f64::NEG_INFINITY), None]).unwrap();
    let expected = "[\n{\"r\":NaN},\n{\"r\":Infinity},\n{\"r\":-Infinity},\n{\"r\":null}\n]\n";
    assert_eq!(written(&frame, TextFormat::JsonList), expected);
    assert_eq!(csv(&frame), "r\nNaN\ninf\n-inf\nNULL\n");
    assert_eq!(written(&frame.head(Some(0)), TextFormat::JsonList), "[]\n");
}

#[test]
fn decimals_and_times_are_exact() {
    let text = |value: AnyValue| cell_text(&value).unwrap();
    use polars::prelude::{AnyValue, TimeUnit};
    assert_eq!(text(AnyValue::Decimal(-5, 10, 2)), "-0.05");
    assert_eq!(text(AnyValue::Decimal(12_345, 10, 0)), "12345");
    assert_eq!(text(AnyValue::Decimal(100, 10, 2)), "1.00");
    assert_eq!(text(AnyValue::Date(-1)), "1969-12-31");
    assert_eq!(text(AnyValue::Datetime(-1, TimeUnit::Nanoseconds, None)), "1969-12-31T23:59:59.999999999");
    assert_eq!(text(AnyValue::Datetime(1_500, TimeUnit::Milliseconds, None)), "1970-01-01T00:00:01.5");
    assert_eq!(text(AnyValue::Time(1)), "00:00:00.000000001");
    assert_eq!(text(AnyValue::Duration(-90_061_500_000, TimeUnit::Microseconds)), "-P1DT1H1M1.5S");
    assert_eq!(text(AnyValue::Duration(0, TimeUnit::Microseconds)), "PT0S");
}

#[test]
fn a_time_with_a_zone_shows_its_local_hour_and_offset() {
    let frame = df!("t" => [1_709_211_900_500_000_i64, 1_719_792_000_000_000]).unwrap();
    let utc = frame.column("t").unwrap().cast(&DataType::Datetime(
        polars::prelude::TimeUnit::Microseconds,
        polars::prelude::TimeZone::opt_try_new(Some("Europe/Berlin")).unwrap(),
    ));
    let frame = DataFrame::new(2, vec![utc.unwrap()]).unwrap();
    assert_eq!(csv(&frame), "t\n2024-02-29T14:05:00.500+01:00\n2024-07-01T02:00:00+02:00\n");
}

fn nested() -> DataFrame {
    let list = Series::new("l".into(), [Series::new("".into(), [1_i64, 2])]).into_column();
    let parts = df!("a" => [Some("x")], "b" => [None::<i64>]).unwrap();
    let record = parts.into_struct("s".into()).into_series().into_column();
    DataFrame::new(1, vec![list, record]).unwrap()
}

#[test]
fn nested_values_are_json_and_no_csv() {
    assert_eq!(written(&nested(), TextFormat::JsonLines), "{\"l\":[1,2],\"s\":{\"a\":\"x\",\"b\":null}}\n");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let refused = write(nested().lazy(), FileFormat::Delimited(b','), &path, &|| false).unwrap_err();
    assert!(refused.to_string().starts_with("The column “l” holds nested or binary values"), "{refused}");
    let bytes = Column::new("b".into(), [&b"x"[..]]);
    let frame = DataFrame::new(1, vec![bytes]).unwrap();
    let refused = write(frame.lazy(), FileFormat::JsonLines, &path, &|| false).unwrap_err();
    assert!(refused.to_string().starts_with("The column “b” holds binary values"), "{refused}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn files_of_every_format_hold_all_rows_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let numbers: Vec<i64> = (0..100_000).collect();
    let frame = df!("n" => &numbers).unwrap();
    for name in ["t.csv", "t.tsv", "t.jsonl", "t.parquet", "t.arrow"] {
        let path = folder.path().join(name);
        let format = FileFormat::of_path(&path).unwrap();
        assert_eq!(write(frame.clone().lazy(), format, &path, &|| false).unwrap(), 100_000, "{name}");
    }
    let lines = std::fs::read_to_string(folder.path().join("t.csv")).unwrap();
    let read: Vec<i64> = lines.lines().skip(1).map(|line| line.parse().unwrap()).collect();
    assert_eq!(read, numbers);
    let cancelled = write(frame.lazy(), FileFormat::Parquet, &folder.path().join("c.parquet"), &|| true);
    assert!(matches!(cancelled, Err(Error::Cancelled)));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 5);
}

#[test]
fn cells_for_people_tell_empty_from_missing() {
    let frame = df!("t" => [Some(""), None, Some("a\tb"), Some("plain")], "x" => [1.5, 2.0, 1e20, -3.0]).unwrap();
    let rows = text_cells(&frame).unwrap();
    let texts: Vec<Option<&str>> = rows.iter().map(|row| row[0].as_deref()).collect();
    assert_eq!(texts, [Some("\"\""), None, Some("\"a\\tb\""), Some("plain")]);
    assert_eq!(rows[1][1].as_deref(), Some("2.0"));
}
