//! Small files whose right values are known.

use std::ops::ControlFlow;

use super::import::import_in_blocks;
use super::*;
use crate::grid::Grid;
use crate::scalar::Scalar;
use crate::schema::Kind;
use crate::temporal::DateOrder;

/// What a file is imported as: a line of names and kinds, a line for each row,
/// and what was said.
struct Read {
    lines: Vec<String>,
    notes: String,
}

fn read_as(name: &str, content: &[u8], choices: &ReadChoices) -> Result<Read, String> {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join(name), folder.path().join("out.parquet"));
    std::fs::write(&path, content).unwrap();
    let read = || -> crate::Result<Read> {
        let options = sniff_with(&path, choices)?.options;
        let shown = preview(&path, &options, 1_000)?;
        let on = |_: Progress| ControlFlow::Continue(());
        let done = import_in_blocks(std::slice::from_ref(&path), &options, &out, &on, 64)?;
        let frame = Grid::open(&out)?.rows(0..done.rows, None)?;
        // A preview of a file that is seen whole must not differ.
        if content.len() < 1_000 {
            assert!(shown.rows.equals_missing(&frame), "{} differs from its preview {}", frame, shown.rows);
            assert_eq!(shown.warnings, done.warnings);
        }

        let head = done.schema.columns.iter().map(|column| format!("{}:{}", column.name, column.kind.name()));
        let mut lines = vec![head.collect::<Vec<_>>().join(" | ")];
        for row in 0..frame.height() {
            let cells = frame.columns().iter().map(|column| {
                let value = Scalar::from_any(&column.get(row).unwrap());
                value.map_or_else(|| "∅".to_owned(), |value| value.to_string())
            });
            lines.push(cells.collect::<Vec<_>>().join(" | "));
        }
        Ok(Read { lines, notes: done.warnings.join("\n") })
    };
    read().map_err(|error| error.to_string())
}

/// Fails unless the text is read as these lines, and all of these words are said;
/// with no words, nothing must be said.
#[track_caller]
fn check_with(choices: &ReadChoices, content: impl AsRef<[u8]>, lines: &[&str], said: &[&str]) {
    check_file("t.csv", choices, content, lines, said);
}

#[track_caller]
fn check_file(name: &str, choices: &ReadChoices, content: impl AsRef<[u8]>, lines: &[&str], said: &[&str]) {
    let read = read_as(name, content.as_ref(), choices).unwrap();
    assert_eq!(read.lines, lines, "{}", read.notes);
    assert_eq!(read.notes.is_empty(), said.is_empty(), "{}", read.notes);
    for words in said {
        assert!(read.notes.contains(words), "“{words}” is not said: {}", read.notes);
    }
}

#[track_caller]
fn check(content: impl AsRef<[u8]>, lines: &[&str], said: &[&str]) {
    check_with(&ReadChoices::default(), content, lines, said);
}

#[test]
fn long_ids_keep_their_digits() {
    let ids = ["id:Integer | x:Integer", "1582218195625938945 | 1", "∅ | 2", "1582218195625938947 | 3"];
    check("id,x\n1582218195625938945,1\nnan,2\n1582218195625938947,3\n", &ids, &["line 3: “nan”"]);
    check("id,x\n1582218195625938945,1\n,2\n1582218195625938947,3\n", &ids, &[]);
    check(
        "id\n18446744073709551617\n18446744073709551618\n",
        &["id:Text", "18446744073709551617", "18446744073709551618"],
        &[],
    );
    check(
        "id\n9223372036854775807\n9223372036854775808\n",
        &["id:Text", "9223372036854775807", "9223372036854775808"],
        &[],
    );
    check(
        "id\n1582218195625938945\n2.5\n",
        &["id:Text", "1582218195625938945", "2.5"],
        &["more digits than a real number keeps"],
    );
    // Reals that hold every digit may stand beside.
    check("n\n9007199254740992\n2.5\n", &["n:Real", "9007199254740992", "2.5"], &[]);
}

#[test]
fn codes_stay_text() {
    check("zip\n02134\n90210\n", &["zip:Text", "02134", "90210"], &[]);
    check("zip\n\"02134\"\n\"90210\"\n", &["zip:Text", "02134", "90210"], &[]);
    check("icd\n001.0\n042.9\n250.1\n", &["icd:Text", "001.0", "042.9", "250.1"], &[]);
    check("code\n47583311587E590003\n12E4567\n", &["code:Text", "47583311587E590003", "12E4567"], &[]);
    check("code\n5E-999\n1.5\n", &["code:Text", "5E-999", "1.5"], &[]);
    check("lot\n1E5\n2E3\n", &["lot:Text", "1E5", "2E3"], &["a serial number"]);
    check("x\n1E5\n2.5\n", &["x:Real", "100000", "2.5"], &[]);
    check("x\n1e-3\n2e+05\n", &["x:Real", "0.001", "200000"], &[]);
    check("tel\n+4915112345678\n+12025550100\n", &["tel:Text", "+4915112345678", "+12025550100"], &["the plus"]);
    check("change\n+3\n-2\n", &["change:Integer", "3", "-2"], &[]);
    check(
        "tax;n\n123 456 789;1\n987 654 321;2\n",
        &["tax:Text | n:Integer", "123 456 789 | 1", "987 654 321 | 2"],
        &["a code"],
    );
    check("v\n1.10\n1.9\n", &["v:Real", "1.1", "1.9"], &["“1.10”; the zeros are not kept"]);
    check("v\n1.9\n1.10\n", &["v:Real", "1.9", "1.1"], &["the zeros are not kept"]);
    check("v\n1.90\n1.10\n", &["v:Real", "1.9", "1.1"], &[]);
    check("v\n1.2.3\n1.10.0\n", &["v:Text", "1.2.3", "1.10.0"], &[]);
}

#[test]
fn thousands_and_decimals() {
    let tabs = "city\tpeople\nArden\t1,234\nBrill\t12,345\nCorvo\t987\nDelft\t104,500\n";
    let people = ["city:Text | people:Integer", "Arden | 1234", "Brill | 12345", "Corvo | 987", "Delft | 104500"];
    check_file("t.tsv", &ReadChoices::default(), tabs, &people, &["“people” the comma was read as thousands"]);
    let chosen = ReadChoices { decimal: Some('.'), ..ReadChoices::default() };
    check_file("t.tsv", &chosen, tabs, &people, &["“people” the comma was read as thousands"]);

    let either = "city\tpeople\nArden\t1,234\nBrill\t12,345\nCorvo\t987\n";
    let text = ["city:Text | people:Text", "Arden | 1,234", "Brill | 12,345", "Corvo | 987"];
    check_file("t.tsv", &ReadChoices::default(), either, &text, &["“people” stays text", "thousands"]);
    let chosen = ReadChoices { decimal: Some(','), ..ReadChoices::default() };
    let reals = ["city:Text | people:Real", "Arden | 1.234", "Brill | 12.345", "Corvo | 987"];
    check_file("t.tsv", &chosen, either, &reals, &[]);
    let chosen = ReadChoices { thousands: Some(Mark(Some(','))), ..ReadChoices::default() };
    check_file("t.tsv", &chosen, either, &people[..4], &["read as thousands"]);

    check("id\tpair\n1\t3,4\n2\t5,12\n", &["id:Integer | pair:Text", "1 | 3,4", "2 | 5,12"], &["one number or two"]);
    check("price\n1,000\n2,500\n", &["price:Text", "1,000", "2,500"], &["“price” stays text"]);
    check("price\n1,50\n2,25\n", &["price:Real", "1.5", "2.25"], &[]);
    check("x\tt\na\t1,5\nb\t-0,125\n", &["x:Text | t:Real", "a | 1.5", "b | -0.125"], &[]);
    check("x;t\na;28,7\nb;28,95\n", &["x:Text | t:Real", "a | 28.7", "b | 28.95"], &[]);
    check("x\tt\na\t28,7\nb\t29,08\n", &["x:Text | t:Real", "a | 28.7", "b | 29.08"], &[]);
    check(
        "c;people\nA;1.234\nB;12.345\nC;987\n",
        &["c:Text | people:Text", "A | 1.234", "B | 12.345", "C | 987"],
        &["“people” stays text"],
    );
    check(
        "c;people;t\nA;1.234;1,5\nB;12.345;2,5\nC;987;3,25\n",
        &["c:Text | people:Integer | t:Real", "A | 1234 | 1.5", "B | 12345 | 2.5", "C | 987 | 3.25"],
        &["the dot was read as thousands"],
    );
    check(
        "i;price\nA;1.234,56\nB;12,50\nC;7,00\n",
        &["i:Text | price:Real", "A | 1234.56", "B | 12.5", "C | 7"],
        &["thousands"],
    );
    check("i,price\nA,\"1,234.56\"\nB,12.50\n", &["i:Text | price:Real", "A | 1234.56", "B | 12.5"], &["thousands"]);
    check("i,n\nA,\"1,234\"\nB,\"12,345\"\n", &["i:Text | n:Integer", "A | 1234", "B | 12345"], &["thousands"]);
    check("i,p\nA,\"3,4\"\nB,\"5,12\"\n", &["i:Text | p:Text", "A | 3,4", "B | 5,12"], &["one number or two"]);
    check("x\n1.234\n5.678\n", &["x:Real", "1.234", "5.678"], &[]);
    check(
        "a;fw;c\nx;1.10;28,7\ny;1.9;28,95\n",
        &["a:Text | fw:Text | c:Real", "x | 1.10 | 28.7", "y | 1.9 | 28.95"],
        &["“fw” stays text"],
    );
    check("a;b\n7.4;0.70\n7.8;0.88\n", &["a:Real | b:Real", "7.4 | 0.7", "7.8 | 0.88"], &[]);
    check("id;n\n1;1 234,50\n2;7,00\n", &["id:Integer | n:Real", "1 | 1234.5", "2 | 7"], &["the space was read"]);
    check("id,n\n1,1'234.50\n2,7.00\n", &["id:Integer | n:Real", "1 | 1234.5", "2 | 7"], &["the apostrophe was read"]);
    check("id;n\n1;1.5\n2;\"1,5\"\n", &["id:Integer | n:Text", "1 | 1.5", "2 | 1,5"], &["different styles"]);
}

#[test]
fn late_rows_decide_too() {
    let late = |first: &str, last: &str| format!("s;c\n{}{last}\n", format!("a;{first}\n").repeat(600));
    let read = |text: String| read_as("t.csv", text.as_bytes(), &ReadChoices::default()).unwrap();
    let found = read(late("28", "b;28,95"));
    assert_eq!((found.lines[0].as_str(), found.lines[601].as_str()), ("s:Text | c:Real", "b | 28.95"));
    let found = read(late("01/02/2024", "b;25/02/2024"));
    assert_eq!((found.lines[1].as_str(), found.lines[601].as_str()), ("a | 2024-02-01", "b | 2024-02-25"));
    let found = read(late("01/13/2024", "b;25/02/2024"));
    assert_eq!((found.lines[1].as_str(), found.lines[601].as_str()), ("a | 01/13/2024", "b | 25/02/2024"));
    assert!(found.notes.contains("no one order of day, month and year"), "{}", found.notes);
    let found = read(late("1.234", "b;1.5"));
    assert_eq!((found.lines[1].as_str(), found.lines[601].as_str()), ("a | 1.234", "b | 1.5"));
    let found = read(late("1", "b;007"));
    assert_eq!((found.lines[1].as_str(), found.lines[601].as_str()), ("a | 1", "b | 007"));
}

#[test]
fn names_that_are_values() {
    check(
        "country,2021,2022,2023\nNorland,1.5,2.5,3.5\nSudland,4.5,5.5,6.5\n",
        &["country:Text | 2021:Real | 2022:Real | 2023:Real", "Norland | 1.5 | 2.5 | 3.5", "Sudland | 4.5 | 5.5 | 6.5"],
        &["taken for names"],
    );
    check(
        "gene,1,2,3\nabc,10,20,30\ndef,11,21,31\n",
        &["gene:Text | 1:Integer | 2:Integer | 3:Integer", "abc | 10 | 20 | 30", "def | 11 | 21 | 31"],
        &["taken for names"],
    );
    check("true,false\n5,6\n7,8\n", &["true:Integer | false:Integer", "5 | 6", "7 | 8"], &[]);
    check("yes,no\nyes,no\nno,yes\n", &["yes:Text | no:Text", "yes | no", "no | yes"], &["taken for names"]);
    check("name\nPedro\nMaria\n", &["name:Text", "Pedro", "Maria"], &[]);
    check("1,a\n2,b\n", &["column_1:Integer | column_2:Text", "1 | a", "2 | b"], &["columns are numbered"]);
    let none = ReadChoices { header: Some(false), ..ReadChoices::default() };
    check_with(&none, "yes,no\nno,yes\n", &["column_1:Text | column_2:Text", "yes | no", "no | yes"], &[]);
    let some = ReadChoices { header: Some(true), ..ReadChoices::default() };
    check_with(&some, "1,2\n3,4\n", &["1:Integer | 2:Integer", "3 | 4"], &[]);
}

#[test]
fn quotes_around_some_values_only() {
    check(
        "n,zip\n1,\"90210\"\n2,\"10001\"\n",
        &["n:Integer | zip:Text", "1 | 90210", "2 | 10001"],
        &["“zip” stays text", "“90210”"],
    );
    check("\"n\",\"zip\"\n\"1\",\"90210\"\n", &["n:Integer | zip:Integer", "1 | 90210"], &[]);
    check(
        "n,p\n1,\"$1,234.50\"\n2,\"($20.00)\"\n",
        &["n:Integer | p:Real", "1 | 1234.5", "2 | -20"],
        &["amounts in $"],
    );
    check("n,p\n1,\"1,234.56\"\n2,\"12.50\"\n", &["n:Integer | p:Real", "1 | 1234.56", "2 | 12.5"], &["thousands"]);
    check("n,p\n1,\"1,234.50\"\n2,\"2,345.00\"\n", &["n:Integer | p:Real", "1 | 1234.5", "2 | 2345"], &["thousands"]);
    check("\"2021\",\"2022\"\n5,6\n7,8\n", &["2021:Integer | 2022:Integer", "5 | 6", "7 | 8"], &[]);
}

#[test]
fn lines_around_the_table() {
    let table = ["region:Text | units:Integer", "north | 5", "south | 6"];
    let text = "region,units\nnorth,5\nsouth,6\n";
    check(
        format!("Report of sales\nMade on 2024-05-01\n\n{text}"),
        &table,
        &["3 lines seem to stand before the table"],
    );
    check(
        "Sensor v2\nSerial: 123, Model: X\n\nTime,Temp\n[s],[C]\n0,20.5\n1,20.7\n\n# end\n",
        &["Time:Integer | Temp:Real", "0 | 20.5", "1 | 20.7"],
        &["3 lines seem to stand before", "units ([s], [C])", "“# end”"],
    );
    check("a,b\n1,2\n\nc,d\n3,4\n", &["a:Text | b:Text", "1 | 2", "c | d", "3 | 4"], &[]);
    check("t,s\n5,1\nTotal,3\n", &["t:Text | s:Integer", "5 | 1", "Total | 3"], &["The last row begins with “Total”"]);
    check(format!("Report\n{text}"), &table, &["“Report”, seems to stand before"]);
    check(format!("# made by a robot\n# two, \"lines\n{text}"), &table, &["begin with #"]);
    check(format!("\n\n{text}"), &table, &[]);
    check(format!("sep=;\n{}", text.replace(',', ";")), &table, &[]);
    check(format!("{text}Total: 11 units\n"), &table, &["“Total: 11 units”, is shorter"]);
    check(format!("{text}\nsource: me\nsecond\n"), &table, &["The last 2 rows"]);
    check("time,volt\ns,V\n0.0,1.1\n0.1,1.2\n", &["time:Real | volt:Real", "0 | 1.1", "0.1 | 1.2"], &["units (s, V)"]);
    check(
        "\"a\",\"b\"\n\"r1\",1,2\n\"r2\",3,4\n",
        &["column_1:Text | a:Integer | b:Integer", "r1 | 1 | 2", "r2 | 3 | 4"],
        &["Column 1 has no name"],
    );
    check(
        format!("{text}# a remark\nwest,7\n"),
        &["region:Text | units:Integer", "north | 5", "south | 6", "west | 7"],
        &["begin with #", "1 line was left out"],
    );
    check("#id\tn\nx\t1\ny\t2\n", &["#id:Text | n:Integer", "x | 1", "y | 2"], &[]);

    let cut = read_as("t.csv", format!("{text}west").as_bytes(), &ReadChoices::default()).err().unwrap();
    assert!(cut.contains("1 field where the table has 2"), "{cut}");
    let chosen = ReadChoices { footer: Some(2), skip_rows: Some(1), ..ReadChoices::default() };
    check_with(&chosen, format!("x\n{text}a,1\n\nb,2\n\n"), &table, &[]);
    let chosen = ReadChoices { comment: Some(Mark(Some('%'))), ..ReadChoices::default() };
    check_with(&chosen, "region,units\nnorth,5\n%,9\nsouth,6\n", &table, &["1 line was left out"]);
    let chosen = ReadChoices { skip_after_names: Some(1), ..ReadChoices::default() };
    check_with(&chosen, "region,units\nx,7\nnorth,5\nsouth,6\n", &table, &[]);
}

#[test]
fn a_footer_of_a_long_file_is_found_at_its_end() {
    let text = format!("region,units\n{}Total: 5 units\n", "north,5\n".repeat(60_000));
    let read = read_as("t.csv", text.as_bytes(), &ReadChoices::default()).unwrap();
    assert_eq!((read.lines.len(), read.lines[60_000].as_str()), (60_001, "north | 5"));
    assert!(read.notes.contains("Total: 5 units"), "{}", read.notes);
}

#[test]
fn dialects() {
    let table = ["id:Integer | note:Text", "1 | a\nb", "2 | c"];
    check("id,note\r1,\"a\nb\"\r2,c\r", &table, &[]);
    check("id,note\r1,\"a\rb\"\r2,c\r", &table, &[]);
    check("id,note\r\r\n1,a\r\r\n2,\"b\"\r\r\n", &["id:Integer | note:Text", "1 | a", "2 | b"], &[]);
    check(
        "id,note\n1,\"a \\\"quoted\\\" word\"\n2,c\n",
        &["id:Integer | note:Text", "1 | a \"quoted\" word", "2 | c"],
        &["backslash"],
    );
    check("id,note\n1,\"C:\\\\\"\n2,\"D:\\\"\n", &["id:Integer | note:Text", "1 | C:\\\\", "2 | D:\\"], &[]);
    check("id,note\n1,'a, b'\n2,'c'\n", &["id:Integer | note:Text", "1 | a, b", "2 | c"], &["single quotes"]);
    check("id,size\n1,5\"\n2,\"6\"\" wide\"\n", &["id:Integer | size:Text", "1 | 5\"", "2 | 6\" wide"], &[]);
    check("a^b\n1^x\n2^y\n", &["a:Integer | b:Text", "1 | x", "2 | y"], &[]);
    check(
        "1 2\n3 4\n5 6\n",
        &["column_1:Integer | column_2:Integer", "1 | 2", "3 | 4", "5 | 6"],
        &["fixed places", "numbered"],
    );
    check("a b\n10 2\n3 40\n", &["a:Integer | b:Integer", "10 | 2", "3 | 40"], &["separated by spaces"]);
    check(
        "id   name  x\n1    ann   2.5\n22   bob   3.5\n",
        &["id:Integer | name:Text | x:Real", "1 | ann | 2.5", "22 | bob | 3.5"],
        &["fixed places"],
    );
    check("note\nto be or\nnot to be\n", &["note:Text", "to be or", "not to be"], &[]);
    let fixed = ReadChoices { fixed_columns: Some(vec![0, 2, 5]), ..ReadChoices::default() };
    check_with(
        &fixed,
        "a b  c\n12345x\n1     \n",
        &["a:Integer | b:Integer | c:Text", "12 | 345 | x", "1 | ∅ | ∅"],
        &[],
    );
    let caret = ReadChoices { delimiter: Some('^'), decimal: Some(','), ..ReadChoices::default() };
    check_with(&caret, "a^b\n1,5^2,5\n3,5^4,25\n", &["a:Real | b:Real", "1.5 | 2.5", "3.5 | 4.25"], &[]);
    let escape = ReadChoices { escape: Some(Mark(Some('\\'))), ..ReadChoices::default() };
    check_with(&escape, "a,b\nx\\,y,1\n\"p\\\"q\",2\n", &["a:Text | b:Integer", "x,y | 1", "p\"q | 2"], &[]);
}

#[test]
fn choices_come_before_the_guess() {
    let cjk: Vec<u8> = "品名,数量\n苹果,5\n橘子,6\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let chosen = ReadChoices { encoding: Some(TextEncoding("utf-16le".into())), ..ReadChoices::default() };
    check_with(&chosen, &cjk, &["品名:Text | 数量:Integer", "苹果 | 5", "橘子 | 6"], &[]);
    let space = ReadChoices { delimiter: Some(' '), ..ReadChoices::default() };
    check_with(&space, "1 2\n3 4\n", &["column_1:Integer | column_2:Integer", "1 | 2", "3 | 4"], &["numbered"]);
    let (polish, _, _) = encoding_rs::WINDOWS_1250.encode("miasto,x\nŁódź,1\nGdańsk,2\n");
    let chosen = ReadChoices { encoding: Some(TextEncoding("windows-1250".into())), ..ReadChoices::default() };
    check_with(&chosen, &polish, &["miasto:Text | x:Integer", "Łódź | 1", "Gdańsk | 2"], &[]);
    let guessed = read_as("t.csv", &polish, &ReadChoices::default()).unwrap();
    assert!(guessed.notes.contains("The encoding seems to be"), "{}", guessed.notes);
}

#[test]
fn dates_by_column() {
    check("d\n11/03/2011\n20/10/2011\n", &["d:Date", "2011-03-11", "2011-10-20"], &[]);
    check("d\n11/03/2011\n03/05/2011\n", &["d:Text", "11/03/2011", "03/05/2011"], &["“d” stays text", "two ways"]);
    check("d\n20/10/2011\n10/20/2011\n", &["d:Text", "20/10/2011", "10/20/2011"], &["no one order"]);
    check(
        "us,eu\n03/04/2024,25/12/2024\n05/06/2024,01/02/2024\n",
        &["us:Text | eu:Date", "03/04/2024 | 2024-12-25", "05/06/2024 | 2024-02-01"],
        &["“us” stays text"],
    );
    let month = ReadChoices { date_order: Some(DateOrder::MonthFirst), ..ReadChoices::default() };
    check_with(
        &month,
        "us,eu\n03/04/2024,25/12/2024\n",
        &["us:Date | eu:Date", "2024-03-04 | 2024-12-25"],
        &["“eu” do not fit the chosen order"],
    );
    check(
        "t\n12/31/2024 11:59:00 PM\n1/5/2025 12:30:00 AM\n",
        &["t:Date and time", "2024-12-31 23:59:00", "2025-01-05 00:30:00"],
        &[],
    );
    check("d\n31/12/24\n01/01/70\n", &["d:Date", "2024-12-31", "1970-01-01"], &["00 to 68"]);
    check("d\n24-12-31\n25-01-02\n", &["d:Text", "24-12-31", "25-01-02"], &["two ways"]);
    check("d\n99-12-31\n25-01-02\n", &["d:Date", "1999-12-31", "2025-01-02"], &["two digits"]);
    check("d\n05-Jan-2024\n31-Dec-2023\n", &["d:Date", "2024-01-05", "2023-12-31"], &[]);
    check("d\n12.31.2024\n01.02.2024\n", &["d:Date", "2024-12-31", "2024-01-02"], &[]);
    check("d\n01.02.2024\n03.04.2024\n", &["d:Date", "2024-02-01", "2024-04-03"], &["the day first"]);
    check("d\n01/01/2024\n02/02/2024\n", &["d:Date", "2024-01-01", "2024-02-02"], &[]);
    check("d\n2024-02-28\n2024-02-30\n", &["d:Text", "2024-02-28", "2024-02-30"], &[]);
    check("d\n20240105\n20231231\n", &["d:Integer", "20240105", "20231231"], &[]);
    let pattern = ReadChoices { date_format: Some("%Y%m%d".into()), ..ReadChoices::default() };
    check_with(
        &pattern,
        "d,n\n20240105,1\n20231231,20241301\n",
        &["d:Date | n:Integer", "2024-01-05 | 1", "2023-12-31 | 20241301"],
        &[],
    );
    let kinds = [("d".to_owned(), Kind::Date)];
    let chosen = ReadChoices { kinds: kinds.clone().into(), ..ReadChoices::default() };
    check_with(&chosen, "d\n20240105\n20231231\n", &["d:Date", "2024-01-05", "2023-12-31"], &[]);
    let undecided = read_as("t.csv", b"d\n03/04/2024\n", &chosen).err().unwrap();
    assert!(undecided.contains("Choose the order of dates"), "{undecided}");
    let decided = ReadChoices { kinds: kinds.into(), date_order: Some(DateOrder::DayFirst), ..ReadChoices::default() };
    check_with(&decided, "d\n03/04/2024\nsoon\n", &["d:Date", "2024-04-03", "∅"], &["line 3: “soon”"]);
}

#[test]
fn zones() {
    let mixed = ["t:Text", "2024-07-01T10:00:00", "2024-07-01T10:00:00+02:00"];
    check("t\n2024-07-01T10:00:00\n2024-07-01T10:00:00+02:00\n", &mixed, &["“t” stays text", "offset or a zone"]);
    check(
        "t\n2024-03-31T01:30:00+01:00\n2024-03-31T03:30:00+02:00\n",
        &["t:Date and time", "2024-03-31 00:30:00 UTC", "2024-03-31 01:30:00 UTC"],
        &["from +01:00 to +02:00"],
    );
    check("t\n2024-07-01 10:00:00 UTC\n", &["t:Date and time", "2024-07-01 10:00:00 UTC"], &["are in UTC"]);
    check("t\n2024-07-01T10:00:00-05:30\n", &["t:Date and time", "2024-07-01 15:30:00 UTC"], &["the offset -05:30"]);
    check(
        "t\n2024-07-01T10:00:00.123456789\n2024-07-01T10:00:00.123456999\n",
        &["t:Date and time", "2024-07-01 10:00:00.123456", "2024-07-01 10:00:00.123456"],
        &["finer than microseconds"],
    );
    check(
        "t\n2024-01-01 24:00:00\n2024-01-02 01:00:00\n",
        &["t:Text", "2024-01-01 24:00:00", "2024-01-02 01:00:00"],
        &[],
    );
}

#[test]
fn words_that_mean_missing() {
    check("c,n\nNA,1\nDE,2\n", &["c:Text | n:Integer", "NA | 1", "DE | 2"], &["“NA” in column “c” is kept"]);
    check("c,n\nNA,1\n\"DE\",2\n\"FR\",3\n", &["c:Text | n:Integer", "∅ | 1", "DE | 2", "FR | 3"], &["“NA”"]);
    check("c,n\n\"NA\",1\nDE,NA\n,3\n", &["c:Text | n:Integer", "NA | 1", "DE | ∅", "∅ | 3"], &[]);
    check(
        "c\nnull\nx\nN/A\n",
        &["c:Text", "∅", "x", "∅"],
        &["2 words of the text column “c” became missing", "“null”"],
    );
    let named = ReadChoices { null_values: vec!["NA".into(), "-99".into()], ..ReadChoices::default() };
    check_with(&named, "c,n\nNA,-99\nDE,2\n", &["c:Text | n:Integer", "∅ | ∅", "DE | 2"], &[]);
    check(
        "age,bp\n30,120\n?,130\n41,?\n",
        &["age:Integer | bp:Integer", "30 | 120", "∅ | 130", "41 | ∅"],
        &["line 3: “?”", "line 4: “?”"],
    );
    check(
        "age,bp\n30,120\n.,130\n41,-\n",
        &["age:Integer | bp:Integer", "30 | 120", "∅ | 130", "41 | ∅"],
        &["“.”", "“-”"],
    );
    check("x\n1.5\nnan\n?\n", &["x:Real", "1.5", "NaN", "∅"], &["“?”"]);
    check("d\n2024-01-01\nNaT\n", &["d:Date", "2024-01-01", "∅"], &["“NaT”"]);
    check("mark\n?\n-\n", &["mark:Text", "?", "-"], &[]);
    check("answer\nyes\n?\n", &["answer:Text", "yes", "?"], &[]);
    check("b\nTrue\nNone\n", &["b:Boolean", "true", "∅"], &["“None”"]);
    check("x,y\n1, \n2,5\n", &["x:Integer | y:Integer", "1 | ∅", "2 | 5"], &["“ ”"]);
}

#[test]
fn money_per_cent_and_spreadsheets() {
    check(
        "i,p,r\nA,$1.50,5%\nB,$2.00,7.5%\n",
        &["i:Text | p:Real | r:Real", "A | 1.5 | 5", "B | 2 | 7.5"],
        &["amounts in $", "per cent"],
    );
    check(
        "i;p\nA;1.234,50 €\nB;-3,00 €\n",
        &["i:Text | p:Real", "A | 1234.5", "B | -3"],
        &["amounts in €", "thousands"],
    );
    check(
        "i\tp\nA\t¥1,000\nB\t¥2,500\n",
        &["i:Text | p:Integer", "A | 1000", "B | 2500"],
        &["amounts in ¥", "thousands"],
    );
    check(
        "i;p\nA;1.000 €\nB;2.500 €\n",
        &["i:Text | p:Integer", "A | 1000", "B | 2500"],
        &["amounts in €", "thousands"],
    );
    check("p\n$1.50\n€2.00\n", &["p:Text", "$1.50", "€2.00"], &["several currencies"]);
    check("p\n5%\n0.05\n", &["p:Text", "5%", "0.05"], &["per cent"]);
    check("id,n\n1,(12.50)\n2,7.00\n", &["id:Integer | n:Real", "1 | -12.5", "2 | 7"], &["parentheses"]);
    check("n\n(1)\n(2)\n", &["n:Text", "(1)", "(2)"], &["numbered item"]);
    check(
        "id,c\n1,=\"00123\"\n2,=\"00456\"\n",
        &["id:Integer | c:Text", "1 | 00123", "2 | 00456"],
        &["what stands in the quotes"],
    );
    let chosen = ReadChoices { kinds: [("p".to_owned(), Kind::Decimal)].into(), ..ReadChoices::default() };
    check_with(&chosen, "p\n1.50\n12345678901234567.891\n", &["p:Decimal", "1.500", "12345678901234567.891"], &[]);
}

#[test]
fn json() {
    let check =
        |text: &str, lines: &[&str], said: &[&str]| check_file("t.json", &ReadChoices::default(), text, lines, said);
    check(
        "{\"id\": 36893488147419103233}\n{\"id\": 36893488147419103234}\n",
        &["id:Text", "36893488147419103233", "36893488147419103234"],
        &[],
    );
    check("{\"id\": 18446744073709551615}\n", &["id:Text", "18446744073709551615"], &[]);
    check("[{\"a\": 1}, {\"a\": 2}]", &["a:Integer", "1", "2"], &[]);
    check("{\n  \"a\": 1,\n  \"b\": [1,\n 2]\n}\n", &["a:Integer | b:Text", "1 | [1,2]"], &[]);
    check("{\"a\": NaN}\n{\"a\": 1.0}\n{\"a\": -Infinity}\n", &["a:Real", "NaN", "1", "-inf"], &[]);
    check(
        "{\"a\": 1}\n{\"a\": \"one\"}\n{\"a\": 2.50}\n{\"a\": true}\n{\"a\": null}\n",
        &["a:Text", "1", "one", "2.50", "true", "∅"],
        &[],
    );
    check(
        "{\"p\": 0.10}\n{\"p\": 12345678901234567.89}\n",
        &["p:Text", "0.10", "12345678901234567.89"],
        &["more digits"],
    );
    check("{\"a\": \"\"}\n{\"a\": \"NA\"}\n{\"a\": null}\n", &["a:Text", "", "NA", "∅"], &[]);
    check("{\"a\": 1, \"a\": 2}\n", &["a:Integer", "2"], &["more than once"]);
    check("{\"a\": 1.234}\n{\"a\": 5}\n", &["a:Real", "1.234", "5"], &[]);
    check(
        "{\"z\": \"1\", \"y\": {\"b\": 1, \"a\": 36893488147419103233}}\n",
        &["z:Text | y:Text", "1 | {\"b\":1,\"a\":36893488147419103233}"],
        &[],
    );
    let error = read_as("t.json", b"[{\"a\": 1},\n 7]", &ReadChoices::default()).err().unwrap();
    assert!(error.contains("no JSON object") && error.ends_with("line 2"), "{error}");
}
