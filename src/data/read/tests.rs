use std::cell::Cell;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use polars::prelude::{DataFrame, IpcWriter, ParquetWriter, SerWriter};
use proptest::prelude::*;
use tempfile::TempDir;

use super::import::import_in_blocks;
use super::*;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::schema::Kind;
use crate::temporal::DateOrder;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn out(&self) -> PathBuf {
        self.0.path().join("out.parquet")
    }

    /// Everything that an import may have left beside its sources.
    fn is_clean(&self) -> bool {
        std::fs::read_dir(self.0.path()).unwrap().all(|entry| {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            !name.starts_with("out")
        })
    }
}

fn on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Sniffs and imports in blocks of 64 bytes, so that small files have many.
fn imported(folder: &Folder, path: &Path) -> Result<(Imported, DataFrame)> {
    let options = sniff(path)?.options;
    imported_with(folder, path, &options)
}

fn imported_with(folder: &Folder, path: &Path, options: &ReadOptions) -> Result<(Imported, DataFrame)> {
    let done = import_in_blocks(&[path.to_owned()], options, &folder.out(), &on, 64)?;
    let grid = Grid::open(&folder.out())?;
    let frame = grid.rows(0..grid.len(), None)?;
    assert_eq!(done.schema, Schema::of(&frame));
    assert_eq!((done.rows, done.profile.rows), (grid.len(), grid.len()));
    Ok((done, frame))
}

fn read(content: impl AsRef<[u8]>) -> Result<(Imported, DataFrame)> {
    let folder = Folder::new();
    let path = folder.file("t.csv", content);
    let result = imported(&folder, &path);
    if result.is_err() {
        assert!(folder.is_clean(), "a failed import left something behind");
    }
    result
}

fn fails(content: impl AsRef<[u8]>) -> String {
    read(content).unwrap_err().to_string()
}

fn texts(frame: &DataFrame, name: &str) -> Vec<Option<String>> {
    let column = frame.column(name).unwrap().cast(&Kind::Text.dtype()).unwrap();
    column.str().unwrap().iter().map(|text| text.map(str::to_owned)).collect()
}

fn kinds(imported: &Imported) -> Vec<Kind> {
    imported.schema.columns.iter().map(|column| column.kind).collect()
}

#[test]
fn every_kind_is_guessed() {
    let (done, frame) = read(
        "n,x,t,b,d,at,clock,none,zip\n\
         1,1.5,a,true,2024-01-31,2024-01-31T10:00:00Z,10:30,,00123\n\
         ,NA,\"b, \"\"c\"\"\",False,2024-02-01,2024-01-31 10:00:00.5Z,23:59:59,NA,04567\n",
    )
    .unwrap();
    use Kind::{Boolean, Date, DateTime, Integer, Real, Text, Time};
    assert_eq!(kinds(&done), [Integer, Real, Text, Boolean, Date, DateTime, Time, Text, Text]);
    assert_eq!(texts(&frame, "t"), [Some("a".into()), Some("b, \"c\"".into())]);
    assert_eq!(texts(&frame, "zip")[0].as_deref(), Some("00123"));
    assert_eq!(done.profile.get("n").unwrap().missing, 1);
    assert!(done.warnings.iter().any(|warning| warning.contains("in UTC")));
}

#[test]
fn a_late_contradiction_widens_and_warns() {
    let mut text = "n,m,late\n".to_owned();
    for row in 0..2_000 {
        text.push_str(&format!("{row},{row},\n"));
    }
    text.push_str("1.5,nine,2024-01-01\n");
    let (done, frame) = read(&text).unwrap();
    assert_eq!(kinds(&done), [Kind::Real, Kind::Text, Kind::Date]);
    assert_eq!(frame.height(), 2_001);
    let warned = done.warnings.join(" ");
    assert!(warned.contains("“m” was widened from integer to text, since line 2002"), "{warned}");
    assert!(warned.contains("holds “nine”") && !warned.contains("“late”"), "{warned}");
}

#[test]
fn delimiters_decimal_commas_and_date_orders() {
    let (done, frame) = read("a;b;d\n1,5;x;31/12/2024\n-2,25;y;01/02/2024\n").unwrap();
    assert_eq!(kinds(&done), [Kind::Real, Kind::Text, Kind::Date]);
    assert_eq!(frame.column("a").unwrap().f64().unwrap().get(1), Some(-2.25));
    assert_eq!(texts(&frame, "d")[1].as_deref(), Some("2024-02-01"));
    let (done, _) = read("a\tb\n1\t2\n").unwrap();
    assert_eq!(kinds(&done), [Kind::Integer, Kind::Integer]);
    let folder = Folder::new();
    let path = folder.file("t.csv", "d\n03/04/2024\n");
    let mut options = sniff(&path).unwrap().options;
    let (done, _) = imported_with(&folder, &path, &options).unwrap();
    assert_eq!(kinds(&done), [Kind::Text]);
    assert!(done.warnings[0].contains("two ways"), "{:?}", done.warnings);
    options.date_order = Some(DateOrder::MonthFirst);
    let (_, frame) = imported_with(&folder, &path, &options).unwrap();
    assert_eq!(texts(&frame, "d")[0].as_deref(), Some("2024-03-04"));
}

#[test]
fn encodings() {
    let text = "name,n\r\nJosé Müller,1\r\nZoë,2\r\n";
    let utf16 = |little: bool, mark: bool| {
        let units = mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
        units.flat_map(|u| if little { u.to_le_bytes() } else { u.to_be_bytes() }).collect::<Vec<u8>>()
    };
    let files: Vec<Vec<u8>> = vec![
        text.into(),
        [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
        encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
        utf16(true, true),
        utf16(false, true),
        utf16(true, false),
        text.replace("\r\n", "\r").into(),
        gzip(text.as_bytes()),
    ];
    for (number, file) in files.iter().enumerate() {
        let (done, frame) = read(file).unwrap_or_else(|e| panic!("file {number}: {e}"));
        assert_eq!(kinds(&done), [Kind::Text, Kind::Integer], "file {number}");
        let names = texts(&frame, "name");
        assert_eq!(names, [Some("José Müller".into()), Some("Zoë".into())], "file {number}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn the_wrong_encoding_is_pointed_at() {
    let mut text = "a,b\n".repeat(300_000 / 4).into_bytes();
    text.extend_from_slice(b"caf\xE9,1\n");
    let error = fails(&text);
    assert!(error.contains("not UTF-8") && error.contains("line 75001"), "{error}");
    let folder = Folder::new();
    let path = folder.file("t.csv", b"a\nx\n\x81\x82\xFF\n");
    let options = ReadOptions { encoding: TextEncoding("shift_jis".into()), ..ReadOptions::default() };
    let error = imported_with(&folder, &path, &options).unwrap_err().to_string();
    assert!(error.contains("not Shift_JIS") && error.contains("line 3"), "{error}");
    let options = ReadOptions { encoding: TextEncoding("klingon".into()), ..ReadOptions::default() };
    let error = imported_with(&folder, &path, &options).unwrap_err().to_string();
    assert!(error.contains("klingon"), "{error}");
}

#[test]
fn bad_files_fail_with_a_sentence() {
    assert!(fails("").contains("empty"));
    assert!(fails("\n \n").contains("empty"));
    assert!(fails("a,b\n").contains("no rows"));
    assert!(fails(b"a,b\n1,\x00\x01\x02\n".repeat(20)).contains("binary"));
    assert!(fails(b"PK\x03\x04rest of a workbook").contains("workbook"));
    let late = [b"a,b\n".as_slice(), &b"1,2\n".repeat(80_000), b"1,\x00\n"].concat();
    assert!(fails(late).contains("zero bytes"));
    let error = fails("a,b\n1,2\n\"3,4\n5,6\n");
    assert!(error.contains("never closed") && error.ends_with("line 3"), "{error}");
    let folder = Folder::new();
    let error = sniff(&folder.0.path().join("none.csv")).unwrap_err().to_string();
    assert!(error.contains("none.csv"), "{error}");
    assert!(sniff(folder.0.path()).unwrap_err().to_string().contains("folder"));
    let cut = gzip(&b"a,b\n1,2\n".repeat(10_000));
    assert!(fails(&cut[..cut.len() / 2]).contains("t.csv"));
    assert!(fails(gzip(b"PAR1")).contains("Unpack it first"));
    let path = folder.file("t.csv", "a,b\n1,2\n");
    let nowhere = folder.0.path().join("none/out.parquet");
    let error = import(&[path], &ReadOptions::default(), &nowhere, &on).unwrap_err().to_string();
    assert!(error.starts_with("Creating failed") && error.contains("none"), "{error}");
    let path = folder.file("t.parquet", "not it");
    assert!(sniff(&path).unwrap_err().to_string().contains("PAR1"));
    let path = folder.file("t.csv", "a,b\n1,2\n");
    let same = ReadOptions { delimiter: '"', ..ReadOptions::default() };
    assert!(imported_with(&folder, &path, &same).is_err());
    let wide = ReadOptions { delimiter: '→', ..ReadOptions::default() };
    assert!(imported_with(&folder, &path, &wide).unwrap_err().to_string().contains("ASCII"));
}

#[test]
fn ragged_rows_are_refused_padded_or_left_out() {
    let text = "a,b,c\n1,2,3\n4,\"5\n5\"\n6,7,8,9\n10,11,12,\n";
    let error = fails(text);
    assert!(error.contains("2 fields where the table has 3") && error.ends_with("line 3"), "{error}");
    let folder = Folder::new();
    let path = folder.file("t.csv", text);
    let options = |ragged| ReadOptions { ragged, ..ReadOptions::default() };
    let (done, frame) = imported_with(&folder, &path, &options(Ragged::PadAndTruncate)).unwrap();
    assert_eq!(texts(&frame, "c"), [Some("3".into()), None, Some("8".into()), Some("12".into())]);
    assert!(done.warnings[0].contains("2 rows had the wrong number of fields, the first on line 3"));
    let (done, _) = imported_with(&folder, &path, &options(Ragged::Skip)).unwrap();
    assert_eq!(done.rows, 2);
    let shown = preview(&path, &options(Ragged::Refuse), 10).unwrap();
    assert_eq!(shown.rows.height(), 4);
    assert!(shown.warnings[0].contains("would stop"), "{:?}", shown.warnings);
}

#[test]
fn names_are_kept_filled_and_made_unique() {
    let (done, _) = read("x,x,,שם,x_2, spaced ,x\n1,2,3,4,5,6,7\n").unwrap();
    let names: Vec<&str> = done.schema.names().collect();
    assert_eq!(names, ["x", "x_3", "column_3", "שם", "x_2", "spaced", "x_4"]);
    assert_eq!(done.warnings.len(), 3, "{:?}", done.warnings);
    let (done, _) = read("1,a\n2,b\n").unwrap();
    assert_eq!(done.schema.names().collect::<Vec<_>>(), ["column_1", "column_2"]);
    assert_eq!(done.rows, 2);
}

#[test]
fn ten_thousand_columns() {
    let names: Vec<String> = (0..10_000).map(|at| format!("c{at}")).collect();
    let row = vec!["1"; 10_000].join(",");
    let folder = Folder::new();
    let path = folder.file("t.csv", format!("{}\n{row}\n{row}\n", names.join(",")));
    let options = sniff(&path).unwrap().options;
    let done = import(&[path], &options, &folder.out(), &on).unwrap();
    assert_eq!((done.schema.len(), done.rows), (10_000, 2));
}

#[test]
fn chosen_kinds_win_and_misfits_are_reported() {
    let folder = Folder::new();
    let path = folder.file("t.csv", "zip,n,c\n007,1,red\n8x,2,blue\n9,yes,red\n");
    let mut options = sniff(&path).unwrap().options;
    options.kinds =
        [("zip".to_owned(), Kind::Integer), ("n".to_owned(), Kind::Boolean), ("c".to_owned(), Kind::Category)].into();
    let (done, frame) = imported_with(&folder, &path, &options).unwrap();
    assert_eq!(kinds(&done), [Kind::Integer, Kind::Boolean, Kind::Category]);
    assert_eq!(texts(&frame, "zip"), [Some("7".into()), None, Some("9".into())]);
    assert_eq!(texts(&frame, "c")[1].as_deref(), Some("blue"));
    assert_eq!(done.warnings.len(), 2, "{:?}", done.warnings);
    assert!(done.warnings[0].contains("line 3: “8x”"), "{:?}", done.warnings);
    options.kinds = [("zap".to_owned(), Kind::Integer)].into();
    let error = imported_with(&folder, &path, &options).unwrap_err().to_string();
    assert!(error.contains("Did you mean “zip”"), "{error}");
}

#[test]
fn skipped_lines_null_words_and_quotes_off() {
    let folder = Folder::new();
    let path = folder.file("t.csv", "made by a machine\n\na,b\n1,-99\n\"2,x\n");
    let mut options = ReadOptions { skip_rows: 2, quote: None, ..ReadOptions::default() };
    options.null_values.push("-99".into());
    let (done, frame) = imported_with(&folder, &path, &options).unwrap();
    assert_eq!(done.rows, 2);
    assert_eq!(texts(&frame, "a"), [Some("1".into()), Some("\"2".into())]);
    assert_eq!(texts(&frame, "b"), [None, Some("x".into())]);
}

#[test]
fn cancelling_leaves_nothing() {
    let folder = Folder::new();
    let path = folder.file("t.csv", "a,b\n".to_owned() + &"1,2\n".repeat(5_000));
    let told = Cell::new(0);
    let stop = |progress: Progress| {
        assert!(progress.share() <= 1.0 && progress.pass == 1);
        told.set(told.get() + 1);
        if told.get() > 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let stopped = import_in_blocks(&[path], &ReadOptions::default(), &folder.out(), &stop, 64);
    assert!(matches!(stopped, Err(Error::Cancelled)));
    assert!(folder.is_clean());
}

#[test]
fn files_of_a_folder_must_agree() {
    let folder = Folder::new();
    let first = folder.file("1.csv", "a,b\n1,x\n");
    let second = folder.file("2.csv", "b,a\ny,2.5\n");
    folder.file("notes.txt", "no table");
    let files = expand(&[folder.0.path().to_owned()]).unwrap();
    assert_eq!(files, [first.clone(), second]);
    let done = import(&files, &ReadOptions::default(), &folder.out(), &on).unwrap();
    assert_eq!((done.rows, kinds(&done)), (2, vec![Kind::Real, Kind::Text]));
    let third = folder.file("3.csv", "a,c\n1,2\n");
    let error = import(&[first, third], &ReadOptions::default(), &folder.out(), &on).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("column “c”") && error.contains("3.csv"), "{error}");
    let pattern = folder.0.path().join("[12].csv");
    assert_eq!(expand(&[pattern]).unwrap().len(), 2);
    assert!(expand(&[folder.0.path().join("*.arrow")]).is_err());
    let empty = tempfile::tempdir().unwrap();
    assert!(expand(&[empty.path().to_owned()]).unwrap_err().to_string().contains("no tables"));
}

#[test]
fn json_lines() {
    let folder = Folder::new();
    let mut text = String::new();
    for row in 0..200 {
        text.push_str(&format!("{{\"n\": {row}, \"code\": \"{row}\", \"ok\": true}}\n"));
    }
    text.push_str("{\"n\": 1.5, \"day\": \"2024-01-31\", \"nested\": {\"a\": [1, 2]}, \"code\": null}\n");
    let path = folder.file("t.jsonl", &text);
    let (done, frame) = imported(&folder, &path).unwrap();
    let expected =
        [("n", Kind::Real), ("code", Kind::Text), ("ok", Kind::Boolean), ("day", Kind::Date), ("nested", Kind::Text)];
    assert_eq!(done.schema, Schema::new(expected));
    assert_eq!(texts(&frame, "nested")[200].as_deref(), Some("{\"a\":[1,2]}"));
    assert_eq!(texts(&frame, "ok")[200], None);
    let path = folder.file("bad.jsonl", "{\"a\": 1}\n{\"a\": }\n");
    let error = imported(&folder, &path).unwrap_err().to_string();
    assert!(error.contains("not JSON") && error.ends_with("line 2"), "{error}");
}

#[test]
fn parquet_and_arrow() {
    let folder = Folder::new();
    let mut frame = polars::df!("n" => [1_i32, 2, 3], "t" => ["a", "b", "c"]).unwrap();
    let parquet = folder.0.path().join("t.parquet");
    ParquetWriter::new(std::fs::File::create(&parquet).unwrap()).finish(&mut frame).unwrap();
    let arrow = folder.0.path().join("t.arrow");
    IpcWriter::new(std::fs::File::create(&arrow).unwrap()).finish(&mut frame).unwrap();
    for path in [&parquet, &arrow] {
        let (done, back) = imported(&folder, path).unwrap();
        assert_eq!(kinds(&done), [Kind::Integer, Kind::Text]);
        assert_eq!(back, frame, "{}", path.display());
        let options = sniff(path).unwrap().options;
        assert_eq!(preview(path, &options, 2).unwrap().rows.height(), 2);
    }
    let mut other = polars::df!("n" => ["x"], "t" => ["d"]).unwrap();
    let second = folder.0.path().join("u.parquet");
    ParquetWriter::new(std::fs::File::create(&second).unwrap()).finish(&mut other).unwrap();
    let options = ReadOptions { format: Format::Parquet, ..ReadOptions::default() };
    let error = import(&[parquet, second], &options, &folder.out(), &on).unwrap_err().to_string();
    assert!(error.contains("“n” is a text here") && error.contains("u.parquet"), "{error}");
    std::fs::write(&arrow, &std::fs::read(&arrow).unwrap()[..40]).unwrap();
    assert!(imported(&folder, &arrow).is_err());
}

#[test]
fn previews_show_the_first_rows() {
    let path = crate::golden::sample_path("diabetes.csv");
    let options = sniff(&path).unwrap().options;
    let shown = preview(&path, &options, 5).unwrap();
    assert_eq!((shown.rows.height(), shown.schema.len()), (5, 11));
    assert!(shown.warnings.is_empty(), "{:?}", shown.warnings);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the block size cuts through, the table is the same.
    #[test]
    fn block_size_does_not_matter(
        rows in proptest::collection::vec(("[a-c,\"\n ]{0,8}", -50_i64..50), 1..40),
        size in 1_usize..200,
    ) {
        // A column of nothing but empty texts would be missing throughout.
        let mut rows = rows;
        rows.push(("text".to_owned(), 0));
        let folder = Folder::new();
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let lines: Vec<String> = rows.iter().map(|(t, n)| format!("{},{n}", quoted(t))).collect();
        let path = folder.file("t.csv", format!("t,n\n{}", lines.join("\n")));
        let options = ReadOptions::default();
        import_in_blocks(&[path], &options, &folder.out(), &on, size).unwrap();
        let frame = Grid::open(&folder.out()).unwrap().rows(0..1_000, None).unwrap();
        let found = texts(&frame, "t");
        let expected: Vec<Option<String>> = rows.iter().map(|(text, _)| Some(text.clone())).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn any_bytes_give_a_table_or_a_sentence(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        match read(&bytes) {
            Ok((done, _)) => prop_assert!(done.rows > 0),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
