//! Importing with something to say about the files: by flags and in the window's form, which are one list; kept for
//! the next version; and the question when its columns are others.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};

use gui::panels::Action;
use serde_json::{Value as Json, json};
use support::{Desk, Outcome, text};
use ui_tests::{Theme, Window};

const SIZE: [f32; 2] = [1440.0, 900.0];

impl Desk {
    fn add(&self, name: &str, file: &Path, flags: &[&str]) -> Outcome {
        self.atelier(&[&["data", "add", name, file.to_str().unwrap()], flags].concat())
    }

    fn rows(&self, reference: &str) -> Json {
        self.atelier(&["data", "head", reference, "-n", "1000", "--json"]).json()
    }

    /// Columns with their types.
    fn columns(&self, reference: &str) -> Vec<(String, String)> {
        let shown = self.atelier(&["data", "show", reference, "--json"]).json();
        let columns = shown["schema"]["columns"].as_array().unwrap().clone();
        columns.iter().map(|column| (text(&column["name"]), text(&column["kind"]))).collect()
    }

    fn temporary_files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.workspace().join(".atelier/tmp")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    fn import_page(&self, file: &Path) -> Window {
        let mut window = Window::open(&self.workspace(), Theme::Light, SIZE);
        window.send(Action::Import(vec![file.to_owned()]));
        window.wait_for("Dataset name");
        window
    }
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())).collect()
}

#[test]
fn what_is_said_is_in_force_before_anything_is_guessed() {
    let desk = Desk::new();
    let spaces = desk.file("spaces.txt", "1 2.5 x\n2 3.5 y\n3 4.5 z\n");
    desk.add("spaces", &spaces, &["--delimiter", "space", "--header", "no"]).succeeds();
    assert_eq!(desk.columns("spaces"), pairs(&[("column_1", "integer"), ("column_2", "real"), ("column_3", "text")]));
    assert_eq!(desk.rows("spaces")[0], json!({"column_1": 1, "column_2": 2.5, "column_3": "x"}));

    // Numbers as names look like a row of values.
    let years = desk.file("years.csv", "2019,2020,2021\n1.5,2.5,3.5\n4.5,5.5,6.5\n");
    desk.add("years", &years, &["--header", "yes"]).succeeds();
    assert_eq!(desk.columns("years"), pairs(&[("2019", "real"), ("2020", "real"), ("2021", "real")]));

    // Nothing in these bytes tells that each letter has two of them.
    let letters: Vec<u8> = "名,数\n東京,1\n大阪,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let wide = desk.file("wide.csv", letters);
    desk.add("wide", &wide, &["--encoding", "utf-16le"]).succeeds();
    assert_eq!(desk.rows("wide")[1], json!({"名": "大阪", "数": 2}));

    // A caret beside commas that belong to the texts.
    let carets = desk.file("carets.csv", "a^b\nx, y^1,5\nz, w^2,5\n");
    desk.add("carets", &carets, &["--delimiter", "^", "--decimal", "comma"]).succeeds();
    assert_eq!(desk.rows("carets")[0], json!({"a": "x, y", "b": 1.5}));
}

#[test]
fn types_orders_and_missing_values_can_be_said() {
    let desk = Desk::new();
    let file = desk.file("t.csv", "zip,day,n\n01234,03/04/2024,5\n12345,05/04/2024,-99\n");
    let flags = ["--type", "zip=text", "--date-order", "day-first", "--null", "-99", "--type", "day=date"];
    desk.add("t", &file, &flags).succeeds();
    assert_eq!(desk.columns("t"), pairs(&[("zip", "text"), ("day", "date"), ("n", "integer")]));
    assert_eq!(
        desk.rows("t"),
        json!([
            {"zip": "01234", "day": "2024-04-03", "n": 5},
            {"zip": "12345", "day": "2024-04-05", "n": null},
        ])
    );
    desk.add("t", &file, &["--type", "zip=txt"]).fails(4, &["Types", "Did you mean “text”?"]);
    desk.add("t", &file, &["--type", "zap=text"]).fails(4, &["zap", "zip"]);
    desk.add("t", &file, &["--delimiter", "::"]).fails(4, &["Separator", "no single character"]);
    desk.add("t", &file, &["--encoding", "utf-9"]).fails(4, &["no text encoding"]);
    assert_eq!(desk.temporary_files(), Vec::<PathBuf>::new());
    let help = desk.run(&["data", "add", "--help"]).succeeds().stdout;
    for field in &studio::data::read::READ_FIELDS {
        assert!(help.contains(&format!("--{}", field.flag)), "{} is missing in {help}", field.flag);
    }
}

#[test]
fn doubts_are_printed_and_kept_with_the_version() {
    let desk = Desk::new();
    let file = desk.file("doubt.csv", "when,n\n03/04/2024,1\n05/06/2024,2\n");
    let said = desk.add("doubt", &file, &[]).succeeds().stderr;
    assert!(said.contains("when") && said.contains("atelier: "), "{said}");
    let sentence = said.lines().find_map(|line| line.strip_prefix("atelier: ")).unwrap();
    let shown = desk.atelier(&["data", "show", "doubt"]).succeeds().stdout;
    assert!(shown.contains("Notes of the import") && shown.contains(sentence), "{shown}");
    let json = desk.atelier(&["data", "show", "doubt", "--json"]).json();
    assert!(json["version"]["source"]["warnings"].as_array().unwrap().contains(&json!(sentence)));
}

#[test]
fn the_next_version_is_read_as_the_last_and_other_columns_are_told_or_refused() {
    let desk = Desk::new();
    let first = desk.file("first.csv", "zip;price\n1234;1,5\n2345;2,5\n");
    desk.add("shop", &first, &["--type", "zip=text", "--decimal", "comma"]).succeeds();
    let shown = desk.atelier(&["data", "show", "shop"]).succeeds().stdout;
    assert!(shown.contains("Decimal mark: comma") && shown.contains("Types: zip=text"), "{shown}");

    let second = desk.file("second.csv", "zip;price\n3456;3,5\n");
    let said = desk.add("shop", &second, &["--same-schema"]).succeeds().stderr;
    assert!(said.contains("Read as version 1 was") && said.contains("zip=text"), "{said}");
    assert_eq!(desk.rows("shop@2"), json!([{"zip": "3456", "price": 3.5}]));

    let third = desk.file("third.csv", "price;area\n3,5;north\n");
    desk.add("shop", &third, &["--same-schema"]).fails(5, &["--same-schema", "“zip” is gone", "“area” is new, a text"]);
    assert_eq!(desk.atelier(&["data", "show", "shop", "--json"]).json()["versions"].as_array().unwrap().len(), 2);
    assert_eq!(desk.temporary_files(), Vec::<PathBuf>::new());
    let said = desk.add("shop", &third, &[]).succeeds().stderr;
    assert!(said.contains("differ from those of version 2") && said.contains("“zip” is gone"), "{said}");
    let shown = desk.atelier(&["data", "show", "shop"]).succeeds().stdout;
    assert!(shown.contains("“zip” is gone."), "{shown}");

    // What was said is forgotten on demand.
    let said = desk.add("shop", &first, &["--guess-anew"]).succeeds().stderr;
    assert!(!said.contains("Read as version"), "{said}");
    assert_eq!(desk.columns("shop")[0], ("zip".to_owned(), "integer".to_owned()));
    desk.is_whole();
}

#[test]
fn an_import_that_fails_leaves_nothing() {
    let desk = Desk::new();
    let uneven = desk.file("uneven.csv", "a,b\n1,2\n3\n");
    desk.add("uneven", &uneven, &[]).fails(4, &["uneven.csv"]);
    assert_eq!(desk.datasets(), Vec::<String>::new());
    assert_eq!(desk.temporary_files(), Vec::<PathBuf>::new());
    desk.add("uneven", &uneven, &["--ragged=skip"]).succeeds();
    assert_eq!(desk.rows("uneven"), json!([{"a": 1, "b": 2}]));
    desk.is_whole();
}

#[test]
fn the_form_shows_at_once_what_each_choice_makes_of_the_file() {
    let desk = Desk::new();
    let file = desk.file("sales.csv", "zip;price\n01234;0,30000000000000004\n12345;-99\n");
    let mut window = desk.import_page(&file);
    // Types and guesses are said plainly, values are not rounded.
    window.wait_for("Type of price");
    assert!(window.value_says("Type of price", "As guessed (real)"), "{:?}", window.labels());
    assert!(window.value_says("Type of zip", "As guessed (text)"), "{:?}", window.labels());
    assert!(window.value_says("Separator", "As guessed (semicolon)"), "{:?}", window.labels());
    assert!(window.says("Row 1: zip 01234, price 0.30000000000000004"), "{:?}", window.labels());

    window.choose("Separator", "Vertical bar");
    window.wait_for("Type of zip;price");
    window.choose("Separator", "Semicolon");
    window.wait_for("Type of zip");
    window.choose("First row holds names", "No");
    window.wait_for("Type of column_1");
    window.choose("First row holds names", "Yes");
    window.wait_for("Type of price");
    window.fill("Missing values", "-99");
    window.wait_until("the missing value", |window| window.says("zip 12345, price missing"));
    window.choose("Type of price", "Text");
    window.wait_until("the price as text", |window| window.says("0,30000000000000004"));

    // What cannot be is said at the field, and nothing can be imported meanwhile.
    window.click("More options");
    window.fill("Lines before the table", "x");
    assert!(window.says("no whole number"), "{:?}", window.labels());
    window.click("Import");
    assert!(window.has("Dataset name"));
    window.fill("Lines before the table", "0");
    window.fill("Dataset name", "shop");
    window.click("Import");
    window.wait_for("Rows");
    let source = desk.atelier(&["data", "show", "shop", "--json"]).json()["version"]["source"].clone();
    assert_eq!(source["choices"]["kinds"]["price"], "text");
    assert_eq!((&source["choices"]["delimiter"], &source["choices"]["null_values"]), (&json!(";"), &json!(["-99"])));
}

#[test]
fn options_survive_an_import_that_fails() {
    let desk = Desk::new();
    let file = desk.file("uneven.csv", "a,b\n1,2\n3\n");
    let mut window = desk.import_page(&file);
    window.wait_for("Type of a");
    window.fill("Missing values", "-7");
    window.fill("Dataset name", "mine");
    window.click("Import");
    window.wait_until("the failure", |window| window.says("fields"));
    assert!(window.value_says("Missing values", "-7") && window.value_says("Dataset name", "mine"));
    window.click("More options");
    window.choose("Uneven rows", "Leave out");
    window.wait_for("Type of a");
    window.click("Import");
    window.wait_for("Rows");
    assert_eq!(desk.rows("mine"), json!([{"a": 1, "b": 2}]));
}

#[test]
fn other_columns_than_before_are_asked_about() {
    let desk = Desk::new();
    let first = desk.file("first.csv", "zip,n\n1234,1\n2345,2\n");
    desk.add("shop", &first, &["--type", "zip=text"]).succeeds();
    let second = desk.file("shop.csv", "zip,m\n3456,1\n");

    let mut window = desk.import_page(&second);
    // The name of the file is the dataset's: what was said of its last version is in force.
    window.wait_until("the kept choice", |window| window.says("Read as version 1 was"));
    assert!(window.value_says("Type of zip", "Text"), "{:?}", window.labels());
    assert!(window.says("“n” is gone"), "{:?}", window.labels());
    window.click("Import");
    window.wait_for("Other columns than before");
    assert_eq!(desk.atelier(&["data", "show", "shop", "--json"]).json()["versions"].as_array().unwrap().len(), 1);
    window.click("Back to the form");
    window.wait_gone("Other columns than before");
    assert_eq!(desk.temporary_files(), Vec::<PathBuf>::new());

    window.click("Import");
    window.wait_for("Other columns than before");
    window.click("Import these columns");
    window.wait_for("Rows");
    assert_eq!(desk.rows("shop@2"), json!([{"zip": "3456", "m": 1}]));
    // The inspector goes on saying so.
    assert!(window.says("“n” is gone"), "{:?}", window.labels());
    assert!(window.says("How it was read"), "{:?}", window.labels());
}

#[test]
fn what_is_kept_can_be_given_up_in_the_form() {
    let desk = Desk::new();
    let file = desk.file("shop.csv", "zip,n\n1234,1\n");
    desk.add("shop", &file, &["--type", "zip=text"]).succeeds();
    let mut window = desk.import_page(&file);
    window.wait_until("the kept choice", |window| window.says("Read as version 1 was"));
    window.click("Guess anew");
    window.wait_until("the guess", |window| window.value_says("Type of zip", "As guessed (integer)"));
    assert!(window.says("“zip” was a text and is now a whole number"), "{:?}", window.labels());
    // Under a name that is free it is a first version, to which nothing is kept.
    window.fill("Dataset name", "another");
    window.wait_until("no difference", |window| !window.says("“zip” was a text"));
}
