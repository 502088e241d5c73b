//! Polars SQL over up to three tables.

use data::polars::prelude::LazyFrame;
use data::polars::sql::extract_table_identifiers;

use crate::component::{Category, Component, Default, Param, ParamKind, Params, Port, PortKind, Spec, StepError};
use crate::components::tables::{adopt_roles, empty_query, new_rows, one_table, planned_schema, shorten};
use crate::shape::{Known, Problem, Shape, Shapes, TableShape, table};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, Table};

/// A query over the input tables.
pub struct Sql;

const TABLES: [&str; 3] = ["t1", "t2", "t3"];

static SPEC: Spec = Spec {
    id: "sql_query",
    version: 2,
    title: "SQL query",
    category: Category::Code,
    summary: "Makes a table out of up to three others with SQL.",
    docs: "Runs one `SELECT` over the inputs, which are named `t1`, `t2` and `t3`.\n\n\
        ```sql\nSELECT t1.city, COUNT(*) AS people, AVG(t1.age) AS age\nFROM t1\nJOIN t2 ON t1.city = t2.city\n\
        WHERE t1.age >= 18\nGROUP BY t1.city\nORDER BY people DESC\n```\n\n\
        The dialect is Polars SQL: joins, grouping, window functions, `WITH`, `UNION`, `CASE`, `DISTINCT ON`, \
        `LIMIT`, and functions for text, dates and numbers, which are those of *Add column*. Put names with spaces in \
        double quotes and text in single quotes.\n\n\
        - Sums and arithmetic of whole numbers and decimals are exact: what does not fit is an error that names the \
        values. `/` gives a real number, `//` the whole part.\n\
        - Columns are joined only where they can be compared exactly: not a whole number with a real one.\n\
        - Without `ORDER BY` the order of the rows is not promised.\n\
        - Functions that read files are refused: bring files in with *Import dataset*, so that the run knows what it \
        read.\n\
        - The rows count as raw: what was imputed or scaled before is not repeated when a model trained after this \
        step scores new rows.",
    keywords: &["select", "query", "database", "polars", "where", "group by"],
    inputs: &[
        Port::new("t1", "t1", PortKind::Table, "The table t1 of the query."),
        Port::new("t2", "t2", PortKind::Table, "The table t2 of the query.").optional(),
        Port::new("t3", "t3", PortKind::Table, "The table t3 of the query.").optional(),
    ],
    outputs: &[Port::new("table", "Result", PortKind::Table, "The rows that the query selects.")],
    params: &[Param::new(
        "query",
        "Query",
        ParamKind::Code { language: "sql" },
        Default::Text("SELECT *\nFROM t1"),
        "One SELECT over t1, t2 and t3.",
    )],
    reusable: true,
};

/// Plans a query over tables by name, as the component and `atelier data query` run it.
///
/// # Errors
/// A sentence about the query.
pub fn plan(query: &str, tables: Vec<(&str, LazyFrame)>) -> Result<LazyFrame, String> {
    refuse_other_statements(query)?;
    let connected: Vec<&str> = tables.iter().map(|(name, _)| *name).collect();
    data::query::plan(query, tables).map_err(|error| {
        let named = extract_table_identifiers(query, false, true).unwrap_or_default();
        let absent = named.iter().find(|name| TABLES.contains(&name.as_str()) && !connected.contains(&name.as_str()));
        match absent {
            Some(name) => {
                format!("The query reads {name}, but nothing is connected to that input.")
            }
            None => refused(&error),
        }
    })
}

/// A mistake in a query as a sentence: ours as it is, the engine's own words behind a beginning.
fn refused(error: &data::Error) -> String {
    let sentence = error.to_string();
    match sentence.strip_prefix(data::error::ENGINE_START) {
        Some(words) => format!("The query cannot be carried out: {words}"),
        None => sentence,
    }
}

fn refuse_other_statements(query: &str) -> Result<(), String> {
    let code = without_comments_and_text(query).to_lowercase();
    let first = code.split(|letter: char| !letter.is_alphanumeric()).find(|word| !word.is_empty());
    match first {
        None => return Err("Write a query, such as SELECT * FROM t1.".to_owned()),
        Some("select" | "with" | "values" | "from" | "table") => {}
        Some(word) => {
            return Err(format!("A query begins with SELECT or WITH, not with {}.", word.to_uppercase()));
        }
    }
    let readers = ["read_csv", "read_parquet", "read_ipc", "read_json", "read_ndjson"];
    match readers.iter().find(|reader| code.contains(*reader)) {
        Some(reader) => Err(format!(
            "The function {reader} is refused here. Bring the file in with Import dataset, so that the run knows what \
             it read."
        )),
        None => Ok(()),
    }
}

/// The query with comments and quoted text blanked, so that words can be looked for.
fn without_comments_and_text(query: &str) -> String {
    let mut code = String::with_capacity(query.len());
    let mut letters = query.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            ('-', Some('-')) => {
                letters.by_ref().find(|&letter| letter == '\n');
                code.push(' ');
            }
            ('/', Some('*')) => {
                let mut before = ' ';
                letters.next();
                for letter in letters.by_ref() {
                    if before == '*' && letter == '/' {
                        break;
                    }
                    before = letter;
                }
                code.push(' ');
            }
            ('\'' | '"', _) => {
                letters.by_ref().find(|&end| end == letter);
                code.push(' ');
            }
            _ => code.push(letter),
        }
    }
    code
}

impl Component for Sql {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        shorten(params.text("query"), 40)
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _known: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let query = params.text("query");
        if let Err(sentence) = refuse_other_statements(query) {
            problems.push(Problem::error(sentence).at_param("query"));
            return Vec::new();
        }
        let shapes: Vec<_> = TABLES.iter().filter_map(|name| table(inputs, name).map(|shape| (*name, shape))).collect();
        if shapes.is_empty() || shapes.len() != inputs.len() || shapes.iter().any(|(_, shape)| shape.open) {
            return Vec::new();
        }
        let empty = shapes.iter().map(|(name, shape)| (*name, empty_query(shape))).collect();
        let planned = plan(query, empty)
            .and_then(|planned| planned_schema(&planned).map_err(|error| refused(&data::Error::from(error))));
        match planned {
            Ok(schema) => {
                let from: Vec<_> = shapes.iter().map(|(_, shape)| &shape.schema).collect();
                one_table(TableShape::closed(adopt_roles(schema, &from)))
            }
            Err(sentence) => {
                problems.push(Problem::error(sentence).at_param("query"));
                Vec::new()
            }
        }
    }

    fn run(&self, params: &Params, inputs: &Inputs, _context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let tables: Vec<(&str, &Table)> =
            TABLES.iter().filter_map(|name| inputs.maybe_table(name).map(|table| (*name, table))).collect();
        let queries = tables.iter().map(|(name, table)| Ok((*name, table.lazy()?)));
        let queries = queries.collect::<Result<Vec<_>, StepError>>()?;
        let planned = plan(params.text("query"), queries).map_err(StepError::Failed)?;
        let from: Vec<&Table> = tables.iter().map(|(_, table)| *table).collect();
        Ok(vec![("table", new_rows(planned, &from)?.into())])
    }
}

#[cfg(test)]
mod tests {
    use data::polars::df;
    use data::schema::Role;

    use super::*;
    use crate::components::testing::{Bench, integers, names, reals};

    fn bench(query: &str) -> Bench {
        let people = df!("name" => ["Ada", "Ben", "Cyd"], "city" => [1i64, 1, 2], "age" => [30i64, 50, 20]);
        Bench::new(&Sql).table("t1", people.unwrap()).set("query", query)
    }

    #[test]
    fn joins_groups_and_orders() {
        let cities = df!("city" => [1i64, 2], "label" => ["Bonn", "Oslo"]).unwrap();
        let query = "SELECT t2.label, COUNT(*) AS people, AVG(t1.age) AS age FROM t1 JOIN t2 ON t1.city = t2.city \
            GROUP BY t2.label ORDER BY people DESC";
        let bench = bench(query).table("t2", cities).role("t2", "label", Role::Label);
        let result = bench.frame("table");
        assert_eq!(names(&result), ["label", "people", "age"]);
        assert_eq!(integers(&result, "people"), [2, 1]);
        assert_eq!(reals(&result, "age"), [Some(40.0), Some(20.0)]);
        assert_eq!(bench.caption(), "SELECT t2.label, COUNT(*) AS people, AV…");
    }

    #[test]
    fn a_wrong_query_is_found_without_data() {
        let wrong = |query: &str| bench(query).problems().join(" ");
        assert!(wrong("SELECT nme FROM t1").contains("nme"), "{}", wrong("SELECT nme FROM t1"));
        assert!(wrong("SELECT FROM WHERE").starts_with("The query cannot be carried out: "));
        assert_eq!(wrong("  -- nothing\n"), "Write a query, such as SELECT * FROM t1.");
        assert_eq!(wrong("DROP TABLE t1"), "A query begins with SELECT or WITH, not with DROP.");
        assert_eq!(wrong("SELECT * FROM t2"), "The query reads t2, but nothing is connected to that input.");
        assert_eq!(bench("SELECT * FROM t2").failure(), wrong("SELECT * FROM t2"));
    }

    #[test]
    fn files_come_in_by_import_only() {
        let refused = bench("SELECT * FROM READ_CSV('x.csv')");
        assert!(refused.problems()[0].starts_with("The function read_csv is refused here."));
        assert!(refused.failure().starts_with("The function read_csv is refused here."));
        let harmless = bench("SELECT 'read_csv' AS how, name FROM t1 -- read_csv");
        assert_eq!(harmless.frame("table").height(), 3);
    }

    #[test]
    fn columns_that_are_not_known_yet_are_no_mistake() {
        let unknown = bench("SELECT whatever FROM t1").shape("t1", None);
        assert!(unknown.problems().is_empty());
        let open = Shape::Table(TableShape { open: true, ..TableShape::default() });
        assert!(bench("SELECT whatever FROM t1").shape("t1", Some(open)).problems().is_empty());
    }
}
