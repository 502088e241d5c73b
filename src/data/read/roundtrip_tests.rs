//! Tables written in many ways and read back.

use std::ops::ControlFlow;
use std::path::Path;

use polars::prelude::{DataFrame, IntoLazy, NamedFrom, Series};
use proptest::prelude::*;

use super::*;
use crate::grid::Grid;
use crate::schema::Kind;
use crate::temporal::{DateOrder, civil_from_days, format_date, format_datetime, format_time};
use crate::write::{FileFormat, write};

/// One row of every kind of value.
#[derive(Clone, Debug)]
struct Row {
    whole: Option<i64>,
    real: Option<f64>,
    text: Option<String>,
    flag: Option<bool>,
    day: Option<i32>,
    moment: Option<i64>,
    clock: Option<i64>,
    code: String,
}

fn some_row(texts: &'static str) -> impl Strategy<Value = Row> {
    let reals = prop_oneof![
        any::<f64>().prop_filter("a number", |value| value.is_finite()),
        (-99_999_i64..99_999, 0_u32..4).prop_map(|(units, scale)| units as f64 / 10_f64.powi(scale as i32)),
        Just(f64::NAN),
    ];
    // Years of four digits.
    let days = -700_000_i32..2_900_000;
    let moments = -60_000_000_000_000_000_i64..250_000_000_000_000_000;
    let clocks = (0_i64..86_400_000_000).prop_map(|micros| micros * 1_000);
    let maybe = proptest::option::weighted::<BoxedStrategy<i64>>;
    (
        maybe(0.8, prop_oneof![any::<i64>(), -2_000_i64..2_000].boxed()),
        proptest::option::weighted(0.8, reals),
        proptest::option::weighted(0.8, texts),
        proptest::option::weighted(0.8, any::<bool>()),
        proptest::option::weighted(0.8, days),
        maybe(0.8, moments.boxed()),
        maybe(0.8, clocks.boxed()),
        "[0-9]{1,19}|NA|nan|[?]|null|2024-01-0[1-9]|1e5|true|",
    )
        .prop_map(|(whole, real, text, flag, day, moment, clock, code)| Row {
            whole,
            real,
            text,
            flag,
            day,
            moment,
            clock,
            code,
        })
}

/// A first row with a value of every kind, as a column of none has no kind.
fn first_row() -> Row {
    Row {
        whole: Some(1),
        real: Some(0.25),
        text: Some("rose".into()),
        flag: Some(true),
        day: Some(19_000),
        moment: Some(1_700_000_000_500_000),
        clock: Some(45_296_000_000_000),
        code: "007".into(),
    }
}

fn table(rows: &[Row]) -> DataFrame {
    let column = |name: &str, values: Vec<Option<i64>>, kind: Kind| {
        Series::new(name.into(), values).cast(&kind.dtype()).unwrap().into()
    };
    let moments: Vec<Option<i64>> = rows.iter().map(|row| row.moment).collect();
    let columns = vec![
        Series::new("row".into(), (0..rows.len() as i64).collect::<Vec<_>>()).into(),
        column("whole", rows.iter().map(|row| row.whole).collect(), Kind::Integer),
        Series::new("real".into(), rows.iter().map(|row| row.real).collect::<Vec<_>>()).into(),
        Series::new("text".into(), rows.iter().map(|row| row.text.as_deref()).collect::<Vec<_>>()).into(),
        Series::new("flag".into(), rows.iter().map(|row| row.flag).collect::<Vec<_>>()).into(),
        Series::new("day".into(), rows.iter().map(|row| row.day).collect::<Vec<_>>())
            .cast(&Kind::Date.dtype())
            .unwrap()
            .into(),
        column("moment", moments, Kind::DateTime),
        column("clock", rows.iter().map(|row| row.clock).collect(), Kind::Time),
        Series::new("code".into(), rows.iter().map(|row| row.code.as_str()).collect::<Vec<_>>()).into(),
    ];
    DataFrame::new(rows.len(), columns).unwrap()
}

fn read_back(path: &Path, choices: &ReadChoices) -> (DataFrame, Vec<String>) {
    let out = path.with_extension("out");
    let options = sniff_with(path, choices).unwrap().options;
    let on = |_: Progress| ControlFlow::Continue(());
    let done = super::import::import_in_blocks(&[path.to_owned()], &options, &out, &on, 256);
    let done =
        done.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&std::fs::read(path).unwrap())));
    (Grid::open(&out).unwrap().rows(0..done.rows, None).unwrap(), done.warnings)
}

#[track_caller]
fn assert_same(found: &DataFrame, expected: &DataFrame, path: &Path, notes: &[String]) {
    let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    assert_eq!(found.schema(), expected.schema(), "{notes:?}\n{text}");
    assert!(found.equals_missing(expected), "{found}\nis not\n{expected}\n{notes:?}\n{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// What this program writes, it reads back.
    #[test]
    fn written_tables_read_back(
        rows in proptest::collection::vec(some_row("[a-z?NAul,;\"'#%=\\\\\n\r é.0-9-]{0,9}"), 0..12),
        delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|']),
    ) {
        let rows: Vec<Row> = std::iter::once(first_row()).chain(rows).collect();
        let expected = table(&rows);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        write(expected.clone().lazy(), FileFormat::Delimited(delimiter), &path, &|| false).unwrap();
        let (found, notes) = read_back(&path, &ReadChoices::default());
        assert_same(&found, &expected, &path, &notes);
    }

    #[test]
    fn written_json_reads_back(rows in proptest::collection::vec(some_row("x[a-z0-9\"\\\\\n\u{1}-\u{1f} é.{}-]{0,9}"), 0..12)) {
        let rows: Vec<Row> = std::iter::once(first_row()).chain(rows).collect();
        let expected = table(&rows);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.jsonl");
        write(expected.clone().lazy(), FileFormat::JsonLines, &path, &|| false).unwrap();
        let (found, notes) = read_back(&path, &ReadChoices::default());
        assert_same(&found, &expected, &path, &notes);
    }
}

/// A way in which some program writes a table.
#[derive(Clone, Debug)]
struct Manner {
    delimiter: char,
    line_end: &'static str,
    quote_all: bool,
    backslash: bool,
    encoding: &'static str,
    comma: bool,
    grouped: bool,
    order: Option<DateOrder>,
    separator: char,
    preamble: bool,
    footer: bool,
}

fn some_manner() -> impl Strategy<Value = Manner> {
    (
        prop::sample::select(vec![',', ';', '\t', '|']),
        prop::sample::select(vec!["\n", "\r\n", "\r", "\r\r\n"]),
        any::<(bool, bool, bool, bool)>(),
        prop::sample::select(vec!["utf-8", "utf-8-bom", "utf-16le", "windows-1252"]),
        prop::sample::select(vec![None, Some(DateOrder::DayFirst), Some(DateOrder::MonthFirst)]),
        prop::sample::select(vec!['/', '-', '.']),
        any::<(bool, bool)>(),
    )
        .prop_map(
            |(delimiter, line_end, (quote_all, backslash, comma, grouped), encoding, order, separator, more)| Manner {
                delimiter,
                line_end,
                quote_all,
                backslash,
                encoding,
                comma,
                grouped,
                order,
                separator,
                preamble: more.0,
                footer: more.1,
            },
        )
}

impl Manner {
    fn field(&self, text: &str, out: &mut String) {
        let needs = text.contains([self.delimiter, '"', '\n', '\r', '\\', '#']) || text.trim() != text;
        if !needs && !self.quote_all {
            return out.push_str(text);
        }
        let inner =
            if self.backslash { text.replace('\\', "\\\\").replace('"', "\\\"") } else { text.replace('"', "\"\"") };
        out.push_str(&format!("\"{inner}\""));
    }

    fn number(&self, units: i64, scale: usize) -> String {
        let digits = format!("{:0>width$}", units.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let (group, mark) = if self.comma { ('.', ',') } else { (',', '.') };
        let mut text = String::new();
        for (at, digit) in whole.chars().enumerate() {
            if self.grouped && at > 0 && (whole.len() - at) % 3 == 0 {
                text.push(group);
            }
            text.push(digit);
        }
        let sign = if units < 0 { "-" } else { "" };
        if scale == 0 { format!("{sign}{text}") } else { format!("{sign}{text}{mark}{fraction}") }
    }

    fn date(&self, days: i32) -> String {
        let (year, month, day) = civil_from_days(i64::from(days));
        let it = self.separator;
        match self.order {
            None => format_date(i64::from(days)),
            Some(DateOrder::DayFirst) => format!("{day:02}{it}{month:02}{it}{year:04}"),
            Some(DateOrder::MonthFirst) => format!("{month}{it}{day}{it}{year:04}"),
        }
    }

    /// What a person would have to say of such a file.
    fn choices(&self) -> ReadChoices {
        ReadChoices {
            decimal: Some(if self.comma { ',' } else { '.' }),
            date_order: self.order,
            escape: Some(Mark(self.backslash.then_some('\\'))),
            encoding: (self.encoding == "windows-1252").then(|| TextEncoding(self.encoding.to_owned())),
            ..ReadChoices::default()
        }
    }

    fn write(&self, path: &Path, records: &[Vec<String>]) {
        let mut text = String::new();
        if self.preamble {
            text.push_str("A report\n\n");
        }
        for record in records {
            for (at, cell) in record.iter().enumerate() {
                if at > 0 {
                    text.push(self.delimiter);
                }
                self.field(cell, &mut text);
            }
            text.push('\n');
        }
        if self.footer {
            text.push_str("The end\n");
        }
        let text = text.replace('\n', self.line_end);
        let bytes = match self.encoding {
            "utf-8-bom" => [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            "utf-16le" => std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
            "windows-1252" => encoding_rs::WINDOWS_1252.encode(&text).0.into_owned(),
            _ => text.into_bytes(),
        };
        std::fs::write(path, bytes).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Whatever program wrote a table, the table is the same.
    #[test]
    fn tables_of_every_manner_read_back(
        manner in some_manner(),
        rows in proptest::collection::vec(
            ("[a-zé,;\"\\\\ '|]{0,8}", -9_999_999_i64..9_999_999, any::<i64>(), -25_000_i32..25_000, 0_i64..86_400),
            1..9,
        ),
    ) {
        let header = ["name", "amount", "id", "day", "at"].map(str::to_owned).to_vec();
        let records = rows.iter().map(|(text, units, id, day, second)| {
            let moment = format!("{} {}", manner.date(*day), format_time(second * 1_000_000_000));
            vec![format!("x{text}"), manner.number(*units, 2), id.to_string(), manner.date(*day), moment]
        });
        let records: Vec<Vec<String>> = std::iter::once(header).chain(records).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        manner.write(&path, &records);

        let (found, notes) = read_back(&path, &manner.choices());
        let kinds: Vec<Kind> = Schema::of(&found).columns.iter().map(|column| column.kind).collect();
        let said = format!("{notes:?} {manner:?} {records:?}");
        prop_assert_eq!(kinds, [Kind::Text, Kind::Real, Kind::Integer, Kind::Date, Kind::DateTime], "{}", said);
        prop_assert_eq!(found.height(), rows.len(), "{}", said);
        for (at, (text, units, id, day, second)) in rows.iter().enumerate() {
            let cells: Vec<String> = found
                .columns()
                .iter()
                .map(|column| crate::Scalar::from_any(&column.get(at).unwrap()).unwrap().to_string())
                .collect();
            let moment = i64::from(*day) * 86_400_000_000 + second * 1_000_000;
            // Line breaks within texts are the file's.
            let expected = [
                format!("x{text}"),
                (*units as f64 / 100.0).to_string(),
                id.to_string(),
                format_date(i64::from(*day)),
                format_datetime(moment),
            ];
            prop_assert_eq!(cells, expected, "{}", said);
        }
    }
}
