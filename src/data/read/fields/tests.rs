use super::*;
use crate::read::Ragged;
use crate::schema::Kind;
use crate::temporal::DateOrder;

fn set(flag: &str, values: &[&str]) -> Result<ReadChoices> {
    let mut choices = ReadChoices::default();
    ReadField::find(flag).unwrap().set(&mut choices, values)?;
    Ok(choices)
}

#[test]
fn names_are_unique_and_every_field_says_what_it_is() {
    for (at, field) in READ_FIELDS.iter().enumerate() {
        let others = &READ_FIELDS[at + 1..];
        assert!(others.iter().all(|other| other.flag != field.flag && other.title != field.title));
        assert!(!field.help.is_empty() && !field.help.ends_with('.'), "{}", field.flag);
        assert!(field.chosen(&ReadChoices::default()).is_empty(), "{}", field.flag);
        assert!(!field.in_force(&ReadOptions::default()).is_empty(), "{}", field.flag);
        assert_eq!(ReadField::find(field.flag).unwrap().title, field.title);
    }
}

#[test]
fn what_is_offered_can_be_chosen_and_is_shown_as_it_was_typed() {
    for field in &READ_FIELDS {
        let values = match field.editor {
            FieldEditor::Choice(offered) => offered().into_iter().map(|choice| choice.value).collect(),
            FieldEditor::Number => vec!["3".to_owned()],
            FieldEditor::Columns => vec!["a=b=date-time".to_owned()],
            FieldEditor::List => vec!["-99".to_owned()],
            FieldEditor::Text if field.flag == "fixed" => vec!["0,8,20".to_owned(), "none".to_owned()],
            FieldEditor::Text if field.flag == "date-format" => vec!["%d.%m.%Y".to_owned()],
            FieldEditor::Text => vec!["A1".to_owned()],
        };
        for value in values {
            let mut choices = set(field.flag, &[&value]).unwrap();
            assert_eq!(field.chosen(&choices), [value.as_str()], "{}", field.flag);
            let kept = serde_json::to_string(&choices).unwrap();
            assert_eq!(serde_json::from_str::<ReadChoices>(&kept).unwrap(), choices, "{kept}");
            field.set(&mut choices, &[]).unwrap();
            assert!(choices.is_empty(), "{}", field.flag);
        }
    }
}

#[test]
fn people_and_shells_write_values_in_many_ways() {
    for tab in ["tab", "\\t", "\t", "TAB"] {
        assert_eq!(set("delimiter", &[tab]).unwrap().delimiter, Some('\t'));
    }
    assert_eq!(set("quote", &["none"]).unwrap().quote.unwrap().0, None);
    assert_eq!(set("quote", &["'"]).unwrap().quote.unwrap().0, Some('\''));
    assert_eq!(set("date-order", &["DMY"]).unwrap().date_order, Some(DateOrder::DayFirst));
    assert_eq!(set("date-order", &["month_first"]).unwrap().date_order, Some(DateOrder::MonthFirst));
    assert_eq!(set("ragged", &["pad"]).unwrap().ragged, Some(Ragged::PadAndTruncate));
    assert_eq!(set("header", &["no", "yes"]).unwrap().header, Some(true));
    let kinds = set("type", &["zip=text", "n=int", "when=datetime", "zip=guess"]).unwrap().kinds;
    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        [("n".to_owned(), Kind::Integer), ("when".to_owned(), Kind::DateTime)]
    );
}

#[test]
fn values_that_are_none_are_refused_in_sentences() {
    let refused = |flag: &str, value: &str| set(flag, &[value]).unwrap_err().to_string();
    assert_eq!(
        refused("delimiter", "::"),
        "“Separator”: “::” is no single character. Give one, or a word such as tab, space or comma."
    );
    assert!(refused("delimiter", "é").contains("cannot separate fields"));
    assert!(refused("type", "zip").contains("COLUMN=TYPE"));
    assert!(refused("type", "zip=txt").contains("Did you mean “text”?"), "{}", refused("type", "zip=txt"));
    assert!(refused("encoding", "utf8x").contains("is no text encoding"));
    assert!(refused("header", "maybe").contains("neither yes nor no"));
    assert!(refused("fixed", "8,0").contains("does not go up"));
    assert!(refused("date-format", "DD.MM.YYYY").contains("%d.%m.%Y"));
    assert!(refused("decimal", ";").contains("dot or comma"));
    assert!(refused("skip-rows", "-1").contains("no whole number"));
}

#[test]
fn a_choice_without_a_say_is_told() {
    let choices = set("delimiter", &["tab"]).unwrap();
    assert!(choices.without_effect(Format::Csv).is_empty());
    let told = choices.without_effect(Format::Parquet);
    assert_eq!(told, ["“Separator” was chosen, but has no say in a file of the format Parquet."]);
    assert_eq!(choices.described(), ["Separator: tab"]);
}
