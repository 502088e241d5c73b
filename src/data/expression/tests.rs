use super::*;
use proptest::prelude::*;

fn schema() -> Schema {
    Schema::new([
        ("mean radius", Kind::Real),
        ("radius", Kind::Real),
        ("count", Kind::Integer),
        ("diagnosis", Kind::Text),
        ("day", Kind::Date),
        ("at", Kind::DateTime),
        ("שם", Kind::Text),
        ("ok", Kind::Boolean),
    ])
}

fn fails(text: &str) -> ExpressionError {
    validate(text, &schema()).unwrap_err()
}

fn spanned<'a>(text: &'a str, error: &ExpressionError) -> &'a str {
    &text[error.span.clone().unwrap()]
}

#[test]
fn kinds_of_good_expressions() {
    for (text, kind) in [
        ("radius > 3 AND diagnosis = 'benign'", Kind::Boolean),
        ("\"mean radius\" * 2", Kind::Real),
        ("`mean radius` + count", Kind::Real),
        ("upper(diagnosis)", Kind::Text),
        ("diagnosis LIKE 'b%' OR NOT ok", Kind::Boolean),
        ("count IN (1, 2, 3)", Kind::Boolean),
        ("radius IS NULL", Kind::Boolean),
        ("radius BETWEEN 1 AND 2", Kind::Boolean),
        ("CASE WHEN radius > 1 THEN 'a' ELSE 'b' END", Kind::Text),
        ("CAST(count AS DOUBLE)", Kind::Real),
        ("day >= '2024-01-31'", Kind::Boolean),
        ("at < '2024-01-31 12:00'", Kind::Boolean),
        ("day BETWEEN '2024-01-01' AND '2024-12-31'", Kind::Boolean),
        ("extract(year FROM day)", Kind::Integer),
        ("\"שם\" = 'דן'", Kind::Boolean),
        ("round(radius, 1)", Kind::Real),
        ("length(diagnosis) > 3", Kind::Boolean),
    ] {
        match validate(text, &schema()) {
            Ok(found) => assert_eq!(found, kind, "{text}"),
            Err(error) => panic!("{text}: {error}"),
        }
    }
}

#[test]
fn every_function_offered_exists() {
    let schema = Schema::new([("x", Kind::Real), ("y", Kind::Real), ("t", Kind::Text), ("d", Kind::Date)]);
    for function in FUNCTIONS {
        let call = function
            .signature
            .replace(", …", "")
            .replace("condition", "x > 1")
            .replace("text", "t")
            .replace("separator", "'-'")
            .replace("pattern", "'a.*'")
            .replace("part)", "'a')")
            .replace("fill", "' '")
            .replace("old", "'a'")
            .replace("new", "'b'")
            .replace("length)", "2)")
            .replace("length,", "2,")
            .replace("start,", "1,")
            .replace("decimals", "2")
            .replace("base", "2")
            .replace(", n)", ", 1)");
        let dated = matches!(function.name, "date_part" | "extract" | "strftime");
        let call = if dated { call.replace('x', "d").replace("edtract", "extract") } else { call };
        let compiled = compile(&call, &schema).unwrap_or_else(|e| panic!("{call}: {e}"));
        assert_eq!(compiled.aggregates, function.aggregates, "{call}");
    }
}

#[test]
fn unknown_columns_are_pointed_at() {
    let text = "radius > 3 AND diagnoses = 'benign'";
    let error = fails(text);
    assert_eq!(error.sentence, "There is no column “diagnoses”. Did you mean “diagnosis”?");
    assert_eq!(spanned(text, &error), "diagnoses");
    assert_eq!(error.suggestion.as_deref(), Some("diagnosis"));

    let error = fails("mean_radius > 3");
    assert_eq!(error.suggestion.as_deref(), Some("\"mean radius\""));
}

#[test]
fn unknown_functions_are_pointed_at() {
    let text = "radius + suqrt(count)";
    let error = fails(text);
    assert_eq!(error.sentence, "There is no function suqrt. Did you mean sqrt?");
    assert_eq!(spanned(text, &error), "suqrt");
}

#[test]
fn grammar_mistakes_have_a_place() {
    let text = "radius > ";
    assert_eq!(spanned(text, &fails(text)), ">");
    let text = "radius > 3 count";
    assert_eq!(spanned(text, &fails(text)), "count");
    let text = "(radius > 3";
    assert!(fails(text).sentence.contains("closing parenthesis"), "{}", fails(text));
    let text = "radius = 'x";
    assert_eq!(spanned(text, &fails(text)), "'x");
    let text = "radius > > 3";
    assert!(fails(text).span.is_some());
    assert!(fails("").sentence.contains("Enter an expression"));
    assert!(fails("SELECT radius FROM t").sentence.contains("query"));
}

#[test]
fn kinds_that_do_not_go_together() {
    for text in ["diagnosis > 3", "radius AND ok", "radius LIKE 'x%'", "day > 'soon'"] {
        match validate(text, &schema()) {
            Ok(kind) => panic!("{text} gives {kind}"),
            Err(error) => assert!(error.sentence.ends_with('.'), "{text}: {error}"),
        }
    }
    assert!(fails("diagnosis > 3").sentence.contains("compared with a number"));
}

#[test]
fn filters_need_conditions_and_single_rows() {
    assert!(validate_filter("radius > 1", &schema()).is_ok());
    let error = validate_filter("radius + 1", &schema()).unwrap_err();
    assert!(error.sentence.contains("true or false"));
    let text = "radius > avg(radius)";
    let error = validate_filter(text, &schema()).unwrap_err();
    assert_eq!(spanned(text, &error), "avg");
    assert!(validate("avg(radius)", &schema()).is_ok());
}

#[test]
fn the_condition_filters() {
    use polars::df;
    let frame = df!("x" => [Some(1.0), None, Some(5.0)], "t" => ["a", "b", "c"]).unwrap();
    let expr = filter("x > 2 OR t = 'b'", &Schema::of(&frame)).unwrap();
    assert_eq!(frame.lazy().filter(expr).collect().unwrap().height(), 2);
}

proptest! {
    #[test]
    fn never_panics(text in "[a-z0-9 '\"`()<>=+,.*|:-]{0,24}|\\PC{0,12}") {
        let schema = Schema::new([("a", Kind::Real), ("b", Kind::Text)]);
        if let Err(error) = validate(&text, &schema) {
            prop_assert!(!error.sentence.is_empty());
            if let Some(span) = error.span {
                prop_assert!(text.get(span).is_some());
            }
        }
    }

    #[test]
    fn quoted_names_read_back(name in "\\PC{1,12}") {
        let text = tokens::quoted(&name);
        let found = tokenize(&text);
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(found[0].name(&text), Some(name));
    }
}
