use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;

use polars::prelude::DataFrame;

use super::*;
use crate::golden::file_of_others;
use crate::grid::{Digits, format_value};
use crate::read::{Imported, ReadChoices, import, preview, sniff_with};
use crate::schema::Kind;

fn read(path: &Path, choices: &ReadChoices) -> Result<(Imported, DataFrame)> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.parquet");
    let options = sniff_with(path, choices)?.options;
    let done = import(&[path.to_owned()], &options, &out, &|_| ControlFlow::Continue(()))?;
    let frame = preview(path, &options, 1_000)?.rows;
    assert_eq!(frame.height() as u64, done.rows);
    Ok((done, frame))
}

fn cells(frame: &DataFrame, name: &str) -> Vec<String> {
    let column = frame.column(name).unwrap();
    let cell = |row| format_value(&column.get(row).unwrap(), Digits::Full).unwrap_or_else(|| "-".into());
    (0..column.len()).map(cell).collect()
}

fn sheet(name: &str) -> ReadChoices {
    ReadChoices { sheet: Some(name.to_owned()), ..ReadChoices::default() }
}

fn sheets() -> PathBuf {
    file_of_others("sheets.xlsx")
}

#[test]
fn cells_keep_their_types() {
    let (done, table) = read(&sheets(), &ReadChoices::default()).unwrap();
    assert_eq!(cells(&table, "id"), ["1", "2", "3"]);
    assert_eq!(cells(&table, "code"), ["00123", "00007", "NA"]);
    assert_eq!(cells(&table, "share"), ["0.125", "0.5", "-"]);
    assert_eq!(cells(&table, "day"), ["2024-02-29", "1900-03-01", "-"]);
    assert_eq!(cells(&table, "at"), ["2024-07-01 12:30:00", "1999-12-31 23:59:59", "-"]);
    assert_eq!(cells(&table, "clock"), ["10:30:00", "00:00:00", "-"]);
    assert_eq!(cells(&table, "ok"), ["true", "false", "-"]);
    assert_eq!(cells(&table, "mixed"), ["1", "two", "-"]);
    assert_eq!(cells(&table, "amount"), ["12.5", "3", "4.25"]);
    assert_eq!(cells(&table, "err"), ["5", "-", "-"]);
    let kinds: Vec<Kind> = done.schema.columns.iter().map(|column| column.kind).collect();
    use Kind::{Boolean, Date, DateTime, Integer, Real, Text, Time};
    assert_eq!(kinds, [Integer, Text, Real, Date, DateTime, Time, Boolean, Text, Real, Integer, Text]);

    let said = done.warnings.join(" ");
    for part in [
        "The workbook has 5 sheets; “rows” was read",
        "1 row between others had no values",
        "1 cell of column “err” holds the error #DIV/0!; it is missing",
        "1 cell of column “share” with words such as NA",
        "Column “mixed” is text: 1 of its cells hold text beside 1 of other kinds",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn sheets_and_ranges_are_chosen() {
    let choices = ReadChoices { range: Some("B3:C5".into()), ..sheet("offset") };
    let (done, table) = read(&sheets(), &choices).unwrap();
    assert_eq!((cells(&table, "a"), cells(&table, "b")), (vec!["1".into(), "3".into()], vec!["2".into(), "4".into()]));
    assert!(done.warnings.is_empty(), "{:?}", done.warnings);
    let choices = ReadChoices { skip_rows: Some(2), footer: Some(1), ..sheet("3") };
    assert_eq!(cells(&read(&sheets(), &choices).unwrap().1, "b"), ["2", "4"]);

    let (done, table) = read(&sheets(), &sheet("merged")).unwrap();
    assert_eq!(cells(&table, "a"), ["x", "-"]);
    assert!(done.warnings[0].contains("has merged cells"), "{:?}", done.warnings);

    let fails = |choices: &ReadChoices| read(&sheets(), choices).unwrap_err().to_string();
    assert!(fails(&sheet("rowz")).contains("Its sheets are “empty”, “rows”"));
    assert!(fails(&sheet("empty")).contains("no values in sheet “empty”"));
    assert!(fails(&sheet("names only")).contains("no rows"));
    let choices = ReadChoices { range: Some("Z100".into()), ..sheet("rows") };
    assert!(fails(&choices).contains("no values in the chosen cells"));
    let choices = ReadChoices { range: Some("what".into()), ..sheet("rows") };
    assert!(fails(&choices).contains("names no cells"));
}

#[test]
fn a_sheet_without_names() {
    let choices = ReadChoices { header: Some(false), range: Some("B4:C5".into()), ..sheet("offset") };
    let (_, table) = read(&sheets(), &choices).unwrap();
    assert_eq!(cells(&table, "column_2"), ["2", "4"]);
    let guessed = ReadChoices { header: None, ..choices };
    assert_eq!(cells(&read(&sheets(), &guessed).unwrap().1, "column_1"), ["1", "3"]);
    let (_, plain) = read(&file_of_others("c13.xlsx"), &ReadChoices::default()).unwrap();
    assert!(plain.height() > 0);
}

/// An OpenDocument spreadsheet with these rows of `<table:table-cell …>`.
fn open_document(rows: &str) -> Vec<u8> {
    let content = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><office:document-content
        xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
        xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
        xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>
        <table:table table:name="Tabelle1">{rows}</table:table></office:spreadsheet></office:body>
        </office:document-content>"#
    );
    let manifest = r#"<?xml version="1.0"?><manifest:manifest
        xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>"#;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let parts = [
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", &content),
        ("META-INF/manifest.xml", manifest),
    ];
    for (name, text) in parts {
        let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        writer.start_file(name, stored).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn open_documents() {
    let text = |text: &str| {
        format!(r#"<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>"#)
    };
    let value = |kind: &str, attribute: &str, value: &str| {
        format!(r#"<table:table-cell office:value-type="{kind}" office:{attribute}="{value}"/>"#)
    };
    let row = |cells: &[String]| format!("<table:table-row>{}</table:table-row>", cells.concat());
    let names = ["id", "code", "day", "at", "ok", "clock"].map(text);
    let rows = [
        row(&names),
        row(&[
            value("float", "value", "1"),
            text("007"),
            value("date", "date-value", "2024-02-29"),
            value("date", "date-value", "2024-07-01T12:30:00"),
            value("boolean", "boolean-value", "true"),
            value("time", "time-value", "PT10H30M00S"),
        ]),
        row(&[value("float", "value", "2"), text("x")]),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.ods");
    std::fs::write(&path, open_document(&rows.concat())).unwrap();
    let (_, table) = read(&path, &ReadChoices::default()).unwrap();
    assert_eq!(
        (cells(&table, "id"), cells(&table, "code")),
        (vec!["1".into(), "2".into()], vec!["007".into(), "x".into()])
    );
    assert_eq!(cells(&table, "day"), ["2024-02-29", "-"]);
    assert_eq!(cells(&table, "at"), ["2024-07-01 12:30:00", "-"]);
    assert_eq!(cells(&table, "ok"), ["true", "-"]);
    assert_eq!(cells(&table, "clock"), ["10:30:00", "-"]);
}

#[test]
fn protected_and_huge_workbooks_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.xlsx");
    let stream: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let container = [&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1][..], &[0; 600], &stream, &[0; 600]].concat();
    std::fs::write(&path, container).unwrap();
    let error = read(&path, &ReadChoices::default()).unwrap_err().to_string();
    assert!(error.contains("protected by a password"), "{error}");

    // Two cells far apart take no room for those between.
    let corner =
        Cells::of_places(vec![(0, 0, calamine::Data::Bool(true)), (1_048_575, 16_383, calamine::Data::Bool(true))]);
    let table = corner.dense(0, &path).unwrap();
    assert_eq!((table.rows, table.columns.len(), table.blank_rows), (2, 16_384, 1_048_574));
}
