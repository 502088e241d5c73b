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

/// What an expression gives over a table, as text.
fn computed(text: &str, frame: &polars::prelude::DataFrame) -> Result<Vec<Option<String>>, String> {
    let compiled = compile(text, &Schema::of(frame)).map_err(|error| error.to_string())?;
    let alone = frame.clone().lazy();
    let result = match compiled.aggregates {
        true => alone.select([compiled.expr.alias("value")]),
        false => alone.with_column(compiled.expr.alias("value")),
    };
    let result = result.collect().map_err(|error| crate::Error::from(error).to_string())?;
    let value = result.column("value").unwrap();
    assert_eq!(*value.dtype(), compiled.dtype, "{text}");
    let value = match value.dtype() {
        DataType::Duration(_) => value.cast(&DataType::Int64).unwrap(),
        _ => value.clone(),
    };
    let texts = crate::checked::convert::texts(&value).unwrap();
    Ok(texts.iter().map(|text| text.map(str::to_owned)).collect())
}

#[test]
fn every_function_and_operator_gives_what_duckdb_gives() {
    use crate::golden::expressions::{agrees, cases, table};

    let (table, cases) = (table(), cases());
    let mut wrong = Vec::new();
    for case in &cases {
        let text = &case.expression;
        match computed(text, &table) {
            Err(sentence) => wrong.push(format!("{text}: {sentence}")),
            Ok(found) => {
                let same = found.len() == case.values.len()
                    && found
                        .iter()
                        .zip(&case.values)
                        .all(|(found, expected)| agrees(found.as_deref(), expected.as_deref()));
                if !same {
                    wrong.push(format!("{text}: {found:?} instead of {:?}", case.values));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// Holds random expressions against DuckDB's values (`golden/random_expressions.py`).
#[test]
#[ignore = "needs a file made by golden/random_expressions.py"]
fn random_expressions_give_what_duckdb_gives() {
    let table = crate::golden::expressions::table();
    crate::golden::expressions::hold_random_against(|text| computed(text, &table));
}

#[test]
fn everything_documented_has_a_case() {
    let cases = crate::golden::expressions::cases();
    for function in FUNCTIONS {
        let call = format!("{}(", function.name);
        let shown = cases.iter().any(|case| case.expression.to_lowercase().contains(&call));
        assert!(shown, "no case of {} in golden/expressions.py", function.name);
    }
    for operator in OPERATORS {
        let shown = cases.iter().any(|case| case.form.as_deref() == Some(operator.form));
        assert!(shown, "no case of {} in golden/expressions.py", operator.form);
    }
    let forms: Vec<&str> = OPERATORS.iter().map(|operator| operator.form).collect();
    for case in cases.iter().filter_map(|case| case.form.as_deref()) {
        assert!(forms.contains(&case), "{case} is not documented");
    }
}

#[test]
fn a_category_is_its_name_and_narrow_numbers_are_wide() {
    use polars::df;
    let frame = df!("g" => ["a", "b"], "u" => [200_u8, 1], "i" => [i32::MAX, 1], "f" => [0.5_f32, 1.5]).unwrap();
    let mut frame = frame;
    frame.apply("g", |column| column.cast(&Kind::Category.dtype()).unwrap()).unwrap();
    let texts = |text: &str| computed(text, &frame).unwrap().into_iter().flatten().collect::<Vec<_>>();
    assert_eq!(texts("g = 'a'"), ["true", "false"]);
    assert_eq!(texts("g IN ('a', 'c')"), ["true", "false"]);
    assert_eq!(texts("g || '!'"), ["a!", "b!"]);
    assert_eq!(texts("upper(g)"), ["A", "B"]);
    assert_eq!(texts("CASE WHEN u > 100 THEN g ELSE 'other' END"), ["a", "other"]);
    assert_eq!(texts("1 - u"), ["-199", "0"]);
    assert_eq!(texts("i + i"), ["4294967294", "2"]);
    assert_eq!(texts("f + 1"), ["1.5", "2.5"]);
}

#[test]
fn what_does_not_fit_is_an_error_that_names_the_values() {
    use polars::df;
    let frame = df!("x" => [i64::MAX], "y" => [0_i64], "t" => ["many"], "r" => [1e300]).unwrap();
    for (text, said) in [
        ("x + 1", "9223372036854775807 + 1 does not fit"),
        ("x * 2", "9223372036854775807 * 2 does not fit"),
        ("-x - 2", "-9223372036854775807 - 2 does not fit"),
        ("abs(-9223372036854775808 + y)", "abs(-9223372036854775808) does not fit"),
        ("x // y", "divides by zero"),
        ("x % y", "divides by zero"),
        ("div(r, 2)", "is no whole number of 64 bits"),
        ("CAST(t AS BIGINT)", "“many” cannot become a whole number"),
        ("CAST(r AS BIGINT)", "cannot become a whole number"),
        ("date(t)", "“many” cannot become a date"),
        ("coalesce(r, x)", "9223372036854775807 has more digits than a real number holds"),
        ("day + x", "There is no column “day”"),
    ] {
        let found = computed(text, &frame);
        // Only the row that takes the value converts it.
        if text.starts_with("coalesce") {
            assert_eq!(found.unwrap(), [Some("1e+300".to_owned())]);
            continue;
        }
        let sentence = found.unwrap_err();
        assert!(sentence.contains(said) && sentence.ends_with('.'), "{text}: {sentence}");
    }
}

#[test]
fn what_is_missing_takes_the_type_beside_it() {
    use polars::df;
    let frame = df!("x" => [1_i64, 2], "t" => ["a", "b"]).unwrap();
    for text in [
        "x // nullif(NULL, 0)",
        "x + CASE WHEN x > 1 THEN NULL END",
        "greatest(NULL, NULL) * 2",
        "t || coalesce(NULL, NULL)",
        "abs(if(x > 1, NULL, NULL))",
        "round(NULL, 1)",
        "NULL",
    ] {
        assert_eq!(computed(text, &frame).unwrap(), [None, None], "{text}");
    }
}

#[test]
fn moments_with_a_zone_compare_by_their_local_hour_or_instant() {
    use polars::df;
    let berlin = DataType::Datetime(
        polars::prelude::TimeUnit::Microseconds,
        polars::prelude::TimeZone::opt_try_new(Some("Europe/Berlin")).unwrap(),
    );
    let mut frame = df!("at" => [1_704_067_200_000_000_i64]).unwrap();
    frame.apply("at", |column| column.cast(&berlin).unwrap()).unwrap();
    let text = |text: &str| computed(text, &frame).unwrap().remove(0).unwrap();
    assert_eq!(text("CAST(at AS TEXT)"), "2024-01-01 01:00:00+01:00");
    assert_eq!(text("at = '2024-01-01 01:00'"), "true");
    assert_eq!(text("at = '2024-01-01 00:00Z'"), "true");
    assert_eq!(text("at IN ('2024-01-01 01:00', '2024-01-02')"), "true");
    assert_eq!(text("extract(hour FROM at)"), "1");
    assert_eq!(text("CAST(at AS TIMESTAMP)"), "2024-01-01 01:00:00");
    assert_eq!(text("CAST(at AS DATE)"), "2024-01-01");
    assert_eq!(text("at - DATE '2024-01-01'"), "3600000000");
}

#[test]
fn the_columns_used_are_those_of_the_grammar() {
    let used = |text: &str| columns_used(text).unwrap();
    assert_eq!(used("CAST(x AS DOUBLE) * `mean radius` + x"), ["x", "mean radius"]);
    assert_eq!(used("CASE WHEN \"AS\" IS NULL THEN 'y' ELSE lower(name) END"), ["AS", "name"]);
    assert_eq!(used("EXTRACT(year FROM day) > 3 AND t LIKE 'a b'"), ["day", "t"]);
    assert_eq!(used("a IN (1, b) AND day > DATE '2024-01-31'"), ["a", "b", "day"]);
    assert!(columns_used("x +").is_err());
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
