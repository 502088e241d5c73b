//! Files of other programs that carry types, against what those programs put
//! into them; `golden/files.py` made them.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use polars::prelude::{DataFrame, DataType, TimeUnit};

use super::options::{Format, ReadChoices, ReadOptions};
use super::*;
use crate::error::Result;
use crate::golden::file_of_others;
use crate::grid::{Digits, Grid, format_value};
use crate::scalar::Scalar;
use crate::schema::Kind;

struct Read {
    done: Imported,
    frame: DataFrame,
}

impl Read {
    /// The cells of a column as a person sees them, with all digits; "-" for missing.
    fn cells(&self, name: &str) -> Vec<String> {
        let column = self.frame.column(name).unwrap();
        let cell = |row| format_value(&column.get(row).unwrap(), Digits::Full).unwrap_or_else(|| "-".into());
        (0..column.len()).map(cell).collect()
    }

    fn kind(&self, name: &str) -> Kind {
        self.done.schema.get(name).unwrap().kind
    }

    fn dtype(&self, name: &str) -> DataType {
        self.frame.column(name).unwrap().dtype().clone()
    }

    #[track_caller]
    fn says(&self, part: &str) {
        assert!(self.done.warnings.iter().any(|said| said.contains(part)), "{part}: {:?}", self.done.warnings);
    }
}

fn read_with(paths: &[PathBuf], choices: &ReadChoices) -> Result<Read> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.parquet");
    let options = sniff_with(&paths[0], choices)?.options;
    let shown = preview(&paths[0], &options, 100)?;
    let done = import(paths, &options, &out, &|_| ControlFlow::Continue(()))?;
    let frame = Grid::open(&out).unwrap().rows(0..1_000, None).unwrap();
    if paths.len() == 1 {
        assert_eq!(shown.schema, done.schema, "the preview shows what is imported");
    }
    Ok(Read { done, frame })
}

fn read(name: &str) -> Read {
    read_with(&[file_of_others(name)], &ReadChoices::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn fails(path: &Path) -> String {
    read_with(&[path.to_owned()], &ReadChoices::default()).err().unwrap().to_string()
}

fn chosen(kinds: &[(&str, Kind)]) -> ReadChoices {
    ReadChoices {
        kinds: kinds.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect(),
        ..ReadChoices::default()
    }
}

#[test]
fn decimals_are_exact() {
    let table = read("decimal.parquet");
    assert_eq!(table.dtype("amount"), DataType::Decimal(38, 2));
    assert_eq!(table.cells("amount"), ["12.50", "0.30", "-", "−7.00"]);
    assert_eq!(table.cells("key"), ["1", "2", "3", "100,000,000,000,000,000"]);
    let profile = table.done.profile.get("amount").unwrap();
    assert_eq!((profile.kind, profile.missing, profile.distinct, profile.negatives), (Kind::Decimal, 1, 3, 1));
    assert_eq!(profile.max, Some(Scalar::Decimal("12.50".parse().unwrap())));
    assert_eq!(profile.min.as_ref().unwrap().to_string(), "-7.00");
    assert!((profile.mean.unwrap() - 5.8 / 3.0).abs() < 1e-12);
}

#[test]
fn zones_keep_instant_and_hour() {
    let table = read("zones.parquet");
    assert_eq!(table.cells("berlin"), ["2024-07-01 12:00:00 CEST", "-"]);
    assert_eq!(table.cells("fixed")[0], "2024-07-01 12:00:00 +02");
    assert_eq!(table.cells("odd")[0], "2024-07-01 10:00:00 UTC");
    assert_eq!(table.cells("local")[0], "2024-07-01 10:00:00");
    table.says("The time zone “+05:30” of column “odd” is not known here");
    table.says("The time zone “Mars/Phobos” of column “unknown”");
    assert_eq!(table.done.schema.get("berlin").unwrap().zone.as_deref(), Some("Europe/Berlin"));
    let profile = table.done.profile.get("berlin").unwrap();
    assert_eq!(profile.min.as_ref().unwrap().to_string(), "2024-07-01 12:00:00 CEST");
    assert_eq!(profile.zone.as_deref(), Some("Europe/Berlin"));
}

#[test]
fn times_of_96_bits_reach_every_year() {
    let expected = ["1500-03-01 01:02:03", "2900-12-31 23:59:59.999999", "2024-06-01 12:00:00"];
    for name in ["int96.parquet", "int96_bare.parquet"] {
        assert_eq!(read(name).cells("ts"), expected, "{name}");
    }
    let nested = read("int96_nested.parquet");
    let inner = nested.frame.column("l").unwrap().get(1).unwrap().to_string();
    assert!(inner.contains("2900-12-31"), "{inner}");
}

#[test]
fn narrow_and_unsigned_numbers_keep_their_values() {
    let table = read("narrow.parquet");
    assert_eq!(table.cells("u"), ["18,446,744,073,709,551,615", "1", "-"]);
    assert_eq!(table.cells("u8"), ["255", "0", "-"]);
    assert_eq!(table.cells("i8"), ["−128", "127", "-"]);
    assert_eq!(table.cells("f16"), ["1.5", "2.5", "∞"]);
    assert_eq!(table.cells("f32"), ["0.10000000149011612", "2.5", "-"]);
    let kinds = ["u", "u8", "f16"].map(|name| table.kind(name));
    assert_eq!(kinds, [Kind::Decimal, Kind::Integer, Kind::Real]);
    let profile = table.done.profile.get("u").unwrap();
    assert_eq!((profile.missing, profile.distinct), (1, 2));
    assert_eq!(profile.max.as_ref().unwrap().to_string(), "18446744073709551615");
    assert_eq!(read("half_bare.parquet").cells("f16"), ["1.5", "2.5", "∞"]);
}

#[test]
fn decimals_of_256_bits_are_decimals_or_text() {
    let table = read("wide.parquet");
    assert_eq!(table.cells("fits"), ["123,456,789,012,345,678,901,234,567,890.12", "−0.50", "-"]);
    assert_eq!(table.cells("long"), ["1".repeat(60), "2".into(), "-".into()]);
    assert_eq!(table.cells("short"), ["1.50", "2.25", "-"]);
    let kinds = ["fits", "long", "short"].map(|name| table.kind(name));
    assert_eq!(kinds, [Kind::Decimal, Kind::Text, Kind::Decimal]);
    table.says("Column “long” holds decimal numbers of more than 38 digits; it is kept as text.");
}

#[test]
fn types_of_other_programs_are_read_or_said() {
    let period = read("period.parquet");
    assert_eq!(period.cells("p"), ["648", "649"]);
    period.says("the type “pandas.period”, which is not known here");

    let categories = read("dictionary.parquet");
    assert_eq!((categories.kind("c"), categories.kind("i")), (Kind::Category, Kind::Integer));
    assert_eq!(
        (categories.cells("c"), categories.cells("i")),
        (vec!["a".into(), "b".into(), "-".into()], vec!["20".to_owned(), "10".into(), "20".into()])
    );

    let nested = read("nested.parquet");
    assert!(["l", "s", "m", "b", "fixed", "h"].iter().all(|name| nested.kind(name) == Kind::Other));
    assert_eq!(nested.frame.column("s").unwrap().null_count(), 1);

    assert_eq!(read("uuid.parquet").cells("id")[0], "00010203-0405-0607-0809-0a0b0c0d0e0f");
    assert_eq!(read("json.parquet").cells("j"), ["{\"a\": 1}", "-"]);
}

#[test]
fn seconds_that_were_written_as_milliseconds() {
    let table = read("seconds.parquet");
    assert_eq!(table.cells("t"), ["01:02:03", "-"]);
    assert!(table.cells("l")[0].contains("2024-07-01 10:00:00"), "{:?}", table.cells("l"));
    let nested = &table.cells("s")[0];
    assert!(nested.contains("2024-07-01 10:00:00") && nested.contains("01:02:03"), "{nested}");
}

#[test]
fn times_of_every_unit() {
    let table = read("times.parquet");
    assert_eq!((table.kind("none"), table.cells("none")[0].as_str()), (Kind::Text, "-"));
    assert_eq!(table.cells("tm")[0], "01:02:03.000004");
    assert_eq!(table.cells("tms")[0], "01:02:03");
    assert_eq!(table.cells("t32")[0], "00:00:07");
    assert_eq!(table.cells("tns")[0], "01:02:03.000000004");
    assert_eq!(
        (table.dtype("du"), table.cells("du")[0].as_str()),
        (DataType::Duration(TimeUnit::Microseconds), "1 d 00:00:00")
    );
    assert_eq!(table.cells("d")[0], "0001-01-01");
    assert_eq!(table.cells("d64")[0], "2024-07-01 00:00:00");
    assert_eq!(table.cells("ns")[0], "2024-07-01 10:00:00.123456");
    assert_eq!(table.cells("s")[0], "2024-07-01 10:00:00");
    table.says("1 value of column “ns” was finer than a microsecond");
}

#[test]
fn doubled_and_empty_names_are_told_apart() {
    let table = read("doubled.parquet");
    let names: Vec<&str> = table.done.schema.names().collect();
    assert_eq!(names, ["a", "a_2", "column_3"]);
    assert_eq!(
        (table.cells("a"), table.cells("a_2"), table.cells("column_3")),
        (vec!["1".to_owned()], vec!["x".to_owned()], vec!["3.5".to_owned()])
    );
    table.says("Two columns are named “a”");
    assert!(fails(&file_of_others("doubled.arrow")).contains("same name"));
    assert!(fails(&file_of_others("empty.parquet")).contains("no rows"));
}

#[test]
fn the_order_of_files_does_not_matter() {
    let (first, second) = (file_of_others("first.parquet"), file_of_others("second.parquet"));
    let one = read_with(&[first.clone(), second.clone()], &ReadChoices::default()).unwrap();
    let two = read_with(&[second, first], &ReadChoices::default()).unwrap();
    assert_eq!(one.cells("n"), ["1", "2", "3,000,000,000", "4"]);
    assert_eq!(two.cells("n"), ["3,000,000,000", "4", "1", "2"]);
    assert_eq!(one.cells("u"), ["18,446,744,073,709,551,615", "1", "2", "3"]);
    for name in ["u", "c", "n"] {
        assert_eq!(one.dtype(name), two.dtype(name), "{name}");
    }
    assert_eq!(two.cells("c"), ["z", "b", "a", "b"]);
}

#[test]
fn chosen_kinds_are_kept_and_misfits_are_said() {
    let path = [file_of_others("narrow.parquet")];
    let table = read_with(&path, &chosen(&[("u", Kind::Text), ("i8", Kind::Real), ("f32", Kind::Decimal)])).unwrap();
    assert_eq!(table.cells("u"), ["18446744073709551615", "1", "-"]);
    assert_eq!((table.kind("i8"), table.cells("i8")[0].as_str()), (Kind::Real, "−128"));
    assert_eq!((table.kind("f32"), table.cells("f32")[1].as_str()), (Kind::Decimal, "2.50000000000000000"));

    let path = [file_of_others("dictionary.parquet")];
    let table = read_with(&path, &chosen(&[("d", Kind::Text), ("c", Kind::Text)])).unwrap();
    assert_eq!((table.cells("d"), table.kind("c")), (vec!["1".into(), "2".into(), "3".into()], Kind::Text));
    let error = read_with(&path, &chosen(&[("q", Kind::Text)])).err().unwrap().to_string();
    assert!(error.contains("no column “q”"), "{error}");

    let path = [file_of_others("decimal.parquet")];
    let table = read_with(&path, &chosen(&[("amount", Kind::Integer), ("y", Kind::Integer)])).unwrap();
    assert_eq!(
        (table.cells("amount"), table.cells("y")[3].as_str()),
        (vec!["-".into(), "-".into(), "-".into(), "−7".into()], "4")
    );
    table.says(
        "2 values of column “amount” did not fit the chosen type and became missing, the first in row 1: “12.50”",
    );

    let path = [file_of_others("nested.parquet")];
    let error = read_with(&path, &chosen(&[("l", Kind::Other)])).err().unwrap().to_string();
    assert!(error.contains("Choose another type"), "{error}");
}

#[test]
fn arrow_files_and_streams() {
    for name in ["types.arrow", "types.arrows"] {
        let table = read(name);
        assert_eq!(table.done.rows, 3, "{name}");
        assert_eq!(table.cells("u"), ["18,446,744,073,709,551,615", "1", "-"]);
        assert_eq!(table.cells("f16"), ["1.5", "2.5", "3.5"]);
        assert_eq!(table.cells("long"), ["1".repeat(60), "-2".into(), "-".into()]);
        assert_eq!(table.cells("at")[0], "2024-07-01 12:00:00 CEST");
        assert_eq!((table.cells("c"), table.kind("c")), (vec!["x".into(), "y".into(), "x".into()], Kind::Category));
        assert_eq!(table.cells("amount"), ["1.50", "-", "2.25"]);
        assert_eq!(table.kind("month"), Kind::Other);
        table.says("“pandas.period”");
    }
}

#[test]
fn columns_without_a_text_and_missing_categories() {
    for name in ["gaps.feather", "gaps_zstd.feather"] {
        let table = read(name);
        assert_eq!((table.kind("none"), table.cells("none")), (Kind::Text, vec!["-".into(), "-".into()]), "{name}");
        assert_eq!(table.cells("empty"), ["", ""], "{name}");
        assert_eq!((table.kind("c"), table.cells("c")), (Kind::Category, vec!["a".into(), "-".into()]), "{name}");
        assert_eq!((table.kind("n"), table.cells("n")), (Kind::Integer, vec!["20".into(), "-".into()]), "{name}");
        assert_eq!(table.cells("when"), ["2024-01-01 00:00:00", "-"], "{name}");
    }
}

#[test]
fn folders_that_name_columns() {
    let folder = tempfile::tempdir().unwrap();
    for (place, row) in [("year=2022/month=01", "1"), ("year=2022/month=11", "2"), ("year=2023/month=01", "3")] {
        let inner = folder.path().join(place);
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::copy(file_of_others("half_bare.parquet"), inner.join("p.parquet")).unwrap();
        std::fs::write(inner.join("_SUCCESS"), row).unwrap();
    }
    let files = expand(&[folder.path().to_owned()]).unwrap();
    assert_eq!(files.len(), 3);
    let table = read_with(&files, &ReadChoices::default()).unwrap();
    let names: Vec<&str> = table.done.schema.names().collect();
    assert_eq!(names, ["f16", "year", "month"]);
    assert_eq!((table.kind("year"), table.kind("month")), (Kind::Integer, Kind::Text));
    assert_eq!(table.cells("month")[2..4], ["01".to_owned(), "11".into()]);
    assert_eq!(table.done.profile.get("year").unwrap().distinct, 2);
    table.says("Columns “year”, “month” were read from the names of folders.");
    let table = read_with(&files, &chosen(&[("month", Kind::Integer)])).unwrap();
    assert_eq!(table.cells("month")[8], "1");
}

#[test]
fn folders_of_text_files_name_columns_too() {
    let folder = tempfile::tempdir().unwrap();
    for (place, row) in [("at=2024-01-01/p=x", "1"), ("at=2024-01-02/p=__HIVE_DEFAULT_PARTITION__", "2.5")] {
        let inner = folder.path().join(place);
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(inner.join("part.csv"), format!("v\n{row}\n")).unwrap();
    }
    let files = expand(&[folder.path().to_owned()]).unwrap();
    let table = read_with(&files, &chosen(&[("p", Kind::Category), ("v", Kind::Text)])).unwrap();
    assert_eq!(table.cells("v"), ["1", "2.5"]);
    assert_eq!(table.cells("at"), ["2024-01-01", "2024-01-02"]);
    assert_eq!((table.kind("p"), table.cells("p")), (Kind::Category, vec!["x".into(), "-".into()]));
    table.says("Columns “at”, “p” were read from the names of folders.");
}

#[test]
fn statistics_programs() {
    for name in ["people.dta", "people.sav", "people.zsav", "people.xpt"] {
        let table = read(name);
        assert_eq!(table.done.rows, 3, "{name}");
        let column = |wanted: &str| {
            let found = table.done.schema.names().find(|name| name.eq_ignore_ascii_case(wanted));
            table.cells(found.unwrap_or_else(|| panic!("{name}: {wanted}")))
        };
        assert_eq!(column("id"), ["1", "2", "3"], "{name}");
        assert_eq!(column("x"), ["1.5", "-", "−2"], "{name}");
        assert_eq!(column("name"), ["é", "-", "zz"], "{name}");
        assert_eq!(column("sex"), ["1", "2", "1"], "{name}");
        assert_eq!(column("day"), ["2024-02-29", "-", "1900-01-01"], "{name}");
        assert_eq!(column("at"), ["2024-07-01 12:00:00", "1960-01-01 00:00:00", "-"], "{name}");
        if name != "people.xpt" {
            table.says("The codes of column “sex” have labels (1 = male, 2 = female); the codes were kept.");
        }
    }
}

#[test]
fn damaged_files_give_a_sentence_and_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let names = [
        "narrow.parquet",
        "nested.parquet",
        "types.arrow",
        "types.arrows",
        "people.dta",
        "people.sav",
        "people.zsav",
        "people.xpt",
        "sheets.xlsx",
    ];
    for name in names {
        let whole = std::fs::read(file_of_others(name)).unwrap();
        let path = folder.path().join(name);
        for part in 1..12 {
            let mut bytes = whole[..whole.len() * part / 12].to_vec();
            std::fs::write(&path, &bytes).unwrap();
            if let Err(error) = read_with(std::slice::from_ref(&path), &ReadChoices::default()) {
                assert!(error.to_string().contains(name), "{name} {part}: {error}");
            }
            bytes = whole.clone();
            let at = whole.len() * part / 12;
            bytes[at..(at + 8).min(whole.len())].fill(0xff);
            std::fs::write(&path, &bytes).unwrap();
            if let Err(error) = read_with(std::slice::from_ref(&path), &ReadChoices::default()) {
                assert!(!error.to_string().is_empty(), "{name} {part}");
            }
        }
    }
}

#[test]
fn formats_are_found_by_content() {
    let folder = tempfile::tempdir().unwrap();
    for (name, format) in [
        ("narrow.parquet", Format::Parquet),
        ("types.arrow", Format::ArrowIpc),
        ("types.arrows", Format::ArrowIpc),
        ("people.dta", Format::Stata),
        ("people.sav", Format::Spss),
        ("people.xpt", Format::Sas),
        ("sheets.xlsx", Format::Workbook),
    ] {
        let path = folder.path().join("table.csv");
        std::fs::copy(file_of_others(name), &path).unwrap();
        assert_eq!(sniff(&path).unwrap().options.format, format, "{name}");
    }
}

#[test]
fn packed_text_is_read() {
    for name in ["c13.zip", "c13.csv.bz2", "c13.csv.xz"] {
        let table = read(name);
        assert_eq!(
            (table.cells("id"), table.cells("x")),
            (vec!["1".into(), "2".into()], vec!["a".into(), "b".into()]),
            "{name}"
        );
    }
    let sniffed = sniff(&file_of_others("c13.zip")).unwrap();
    assert!(
        sniffed.compressed
            && sniffed.options == ReadOptions { notes: sniffed.options.notes.clone(), ..ReadOptions::default() }
    );
}

mod every_type {
    //! Tables of every type, written by the table engine, imported and exported.

    use polars::prelude::{
        Column, Int64Chunked, Int128Chunked, IntoColumn, IntoSeries, IpcWriter, NamedFrom, NewChunkedArray,
        ParquetReader, ParquetWriter, SerReader, SerWriter, Series, TimeZone,
    };
    use proptest::prelude::*;

    use super::*;
    use crate::normalize::to_stored_types;

    /// A column of one of the types that tables hold, from numbers.
    fn column(name: &str, kind: usize, numbers: &[Option<i64>]) -> Column {
        let integers = Int64Chunked::from_iter_options(name.into(), numbers.iter().copied()).into_series();
        let cut = |bits: u32| {
            let cut = numbers.iter().map(|number| number.map(|number| number >> (64 - bits)));
            Int64Chunked::from_iter_options(name.into(), cut).into_series()
        };
        let texts = || {
            let texts: Vec<Option<String>> =
                numbers.iter().map(|number| number.map(|n| format!("é{}", n % 7))).collect();
            Series::new(name.into(), texts)
        };
        let zone = TimeZone::opt_try_new(Some("America/New_York")).unwrap();
        let series = match kind {
            0 => cut(8).cast(&DataType::Int8).unwrap(),
            1 => cut(32).cast(&DataType::Int32).unwrap(),
            2 => integers,
            3 => integers
                .cast(&DataType::Int64)
                .unwrap()
                .to_physical_repr()
                .into_owned()
                .cast(&DataType::Int128)
                .unwrap(),
            4 => {
                let unsigned: Vec<Option<u64>> =
                    numbers.iter().map(|number| number.map(|number| number as u64)).collect();
                Series::new(name.into(), unsigned)
            }
            5 => integers.cast(&DataType::Float32).unwrap(),
            6 => {
                let reals: Vec<Option<f64>> =
                    numbers.iter().map(|number| number.map(|number| f64::from_bits(number as u64))).collect();
                Series::new(name.into(), reals)
            }
            7 => {
                let units = numbers.iter().map(|number| number.map(i128::from));
                Int128Chunked::from_iter_options(name.into(), units).into_decimal_unchecked(25, 3).into_series()
            }
            8 => cut(22).cast(&DataType::Int32).unwrap().cast(&DataType::Date).unwrap(),
            9 => cut(60).cast(&DataType::Datetime(TimeUnit::Microseconds, None)).unwrap(),
            10 => cut(50).cast(&DataType::Datetime(TimeUnit::Milliseconds, zone)).unwrap(),
            11 => cut(60).cast(&DataType::Datetime(TimeUnit::Nanoseconds, None)).unwrap(),
            12 => cut(50).cast(&DataType::Duration(TimeUnit::Milliseconds)).unwrap(),
            13 => {
                let nanos: Vec<Option<i64>> =
                    numbers.iter().map(|number| number.map(|number| number.rem_euclid(86_400_000_000_000))).collect();
                Series::new(name.into(), nanos).cast(&DataType::Time).unwrap()
            }
            14 => texts(),
            15 => texts().cast(&Kind::Category.dtype()).unwrap(),
            16 => {
                let truths: Vec<Option<bool>> =
                    numbers.iter().map(|number| number.map(|number| number % 2 == 0)).collect();
                Series::new(name.into(), truths)
            }
            17 => texts().cast(&DataType::Binary).unwrap(),
            _ => {
                let lists: Vec<Option<Series>> =
                    numbers.iter().map(|number| number.map(|number| Series::new("".into(), [number, 1]))).collect();
                Series::new(name.into(), lists)
            }
        };
        series.with_name(name.into()).into_column()
    }

    const KINDS: usize = 19;

    fn import_from(folder: &Path, name: &str, frame: &DataFrame) -> DataFrame {
        let path = folder.join(name);
        let file = std::fs::File::create(&path).unwrap();
        let mut frame = frame.clone();
        if name.ends_with("parquet") {
            ParquetWriter::new(file).finish(&mut frame).unwrap();
        } else {
            IpcWriter::new(file).finish(&mut frame).unwrap();
        }
        let options = sniff(&path).unwrap().options;
        let out = folder.join("out");
        import(&[path], &options, &out, &|_| ControlFlow::Continue(())).unwrap();
        ParquetReader::new(std::fs::File::open(&out).unwrap()).finish().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn every_type_is_imported_and_exported_exactly(
            numbers in proptest::collection::vec(proptest::option::weighted(0.8, any::<i64>()), 1..12),
        ) {
            let columns = (0..KINDS).map(|kind| column(&format!("c{kind}"), kind, &numbers)).collect();
            let frame = DataFrame::new(numbers.len(), columns).unwrap();
            let stored = to_stored_types(&frame).unwrap().frame;
            let folder = tempfile::tempdir().unwrap();
            for name in ["t.parquet", "t.arrow"] {
                let back = import_from(folder.path(), name, &frame);
                for (expected, found) in stored.columns().iter().zip(back.columns()) {
                    prop_assert_eq!(expected.dtype(), found.dtype(), "{} {}", name, expected.name());
                    prop_assert!(expected.equals_missing(found), "{name} {}: {expected:?} {found:?}", expected.name());
                }
                // What was exported is imported as it was.
                let again = import_from(folder.path(), name, &back);
                prop_assert!(again.equals_missing(&back), "{name}");
            }
        }
    }
}
