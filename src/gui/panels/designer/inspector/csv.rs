//! A small table typed by hand. The value is CSV text with a header; the editor is a grid, or the text itself.

use egui::{FontSelection, Frame, Grid, Id, Margin, ScrollArea, TextEdit, Ui, vec2};
use serde_json::Value as Json;

use super::form::Typing;
use crate::icons::Icon;
use crate::theme;
use crate::widgets::{Button, TextField};

/// Rows drawn as a grid; more are edited as text.
const GRID_ROWS: usize = 200;
/// Width of a cell.
const CELL: f32 = 84.0;

pub fn show(ui: &mut Ui, value: &Json, typing: &mut Typing, id: Id) -> Option<Json> {
    let text = value.as_str().unwrap_or_default();
    let key = id.with("as text");
    let mut as_text = ui.data(|data| data.get_temp::<bool>(key)).unwrap_or_default();
    let mut table = parse(text);
    if table.is_empty() {
        table = vec![vec!["column".to_owned()], vec![String::new()]];
    }
    let large = table.len() > GRID_ROWS;
    let mut changed = None;
    if as_text || large {
        changed = raw(ui, text, typing, id);
    } else if grid(ui, &mut table) {
        changed = Some(Json::from(write(&table)));
    }
    ui.horizontal(|ui| {
        let words = if as_text { "Edit as a table" } else { "Edit as text" };
        if !large && ui.add(Button::quiet(words)).clicked() {
            as_text = !as_text;
            ui.data_mut(|data| data.insert_temp(key, as_text));
        }
    });
    changed
}

fn raw(ui: &mut Ui, text: &str, typing: &mut Typing, id: Id) -> Option<Json> {
    let mut typed = typing.text(id, text);
    let response = ui.add(TextField::new(&mut typed).rows(8).mono().id(id).hint("name,age\nAda,36"));
    typing.keep(id, typed.clone(), response.has_focus());
    response.changed().then(|| Json::from(typed))
}

/// The cells; true when one changed.
fn grid(ui: &mut Ui, table: &mut Vec<Vec<String>>) -> bool {
    let t = theme::of(ui);
    let columns = table.iter().map(Vec::len).max().unwrap_or(1);
    for row in table.iter_mut() {
        row.resize(columns, String::new());
    }
    let mut changed = false;
    let mut gone: Option<Gone> = None;
    ScrollArea::horizontal().show(ui, |ui| {
        Grid::new("cells").spacing([2.0, 2.0]).show(ui, |ui| {
            for (row, cells) in table.iter_mut().enumerate() {
                for (column, cell) in cells.iter_mut().enumerate() {
                    let face = if row == 0 { &t.face.mono_strong } else { &t.face.mono };
                    let name = if row == 0 {
                        format!("Name of column {}", column + 1)
                    } else {
                        format!("Row {row}, column {}", column + 1)
                    };
                    let frame =
                        Frame::NONE.fill(t.color.surface1).stroke(t.hairline()).inner_margin(Margin::symmetric(4, 2));
                    let edit = TextEdit::singleline(cell).font(FontSelection::FontId(face.font())).frame(frame);
                    changed |= ui.add_sized(vec2(CELL, t.size.hit), edit).accessible_name(name).changed();
                }
                if row > 0 && ui.add(Button::icon(Icon::Close, format!("Take out row {row}"))).clicked() {
                    gone = Some(Gone::Row(row));
                }
                ui.end_row();
            }
            for column in 0..columns {
                let response = ui.add(Button::icon(Icon::Close, format!("Take out column {}", column + 1)));
                if columns > 1 && response.clicked() {
                    gone = Some(Gone::Column(column));
                }
            }
            ui.end_row();
        });
    });
    ui.horizontal(|ui| {
        if ui.add(Button::quiet("Add row").with_icon(Icon::Plus)).clicked() {
            table.push(vec![String::new(); columns]);
            changed = true;
        }
        if ui.add(Button::quiet("Add column").with_icon(Icon::Plus)).clicked() {
            for (row, cells) in table.iter_mut().enumerate() {
                cells.push(if row == 0 { format!("column_{}", columns + 1) } else { String::new() });
            }
            changed = true;
        }
    });
    match gone {
        Some(Gone::Row(row)) => {
            table.remove(row);
        }
        Some(Gone::Column(column)) => table.iter_mut().for_each(|row| {
            row.remove(column);
        }),
        None => return changed,
    }
    true
}

enum Gone {
    Row(usize),
    Column(usize),
}

/// RFC 4180: quotes around fields with commas, quotes or line ends; a quote doubled within.
fn parse(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let (mut row, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' if quoted || cell.is_empty() => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            letter => cell.push(letter),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}

fn write(table: &[Vec<String>]) -> String {
    let cell = |cell: &String| {
        // A lone empty cell is quoted, since an empty line would be no row at all.
        if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
    };
    let line = |row: &Vec<String>| match row.as_slice() {
        [only] if only.is_empty() => "\"\"\n".to_owned(),
        row => row.iter().map(cell).collect::<Vec<_>>().join(",") + "\n",
    };
    table.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_quotes_and_both_line_ends() {
        assert_eq!(parse("a,b\r\n\"1,5\",\"say \"\"hi\"\"\"\n"), [vec!["a", "b"], vec!["1,5", "say \"hi\""]]);
        assert_eq!(parse("a\n1"), [vec!["a"], vec!["1"]]);
        assert!(parse("").is_empty());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(table in prop::collection::vec(prop::collection::vec("[a-c,\"\n ]{0,4}", 2), 1..5)) {
            prop_assert_eq!(parse(&write(&table)), table);
        }
    }
}
