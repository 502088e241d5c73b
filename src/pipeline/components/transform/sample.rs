use data::ops::{Amount, SplitBy, sample_rows, split_rows};
use data::polars::prelude::{IdxCa, IdxSize};

use crate::component::{
    Accept, Category, Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, RowRelation, Spec,
    StepError,
};
use crate::components::tables::{col, height, mask_of, masked, one_table, percent, require, shape_or_open};
use crate::shape::{Known, Problem, Shape, Shapes, TableShape};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, Table, TableContent};

/// Some of the rows.
pub struct Sample;

const STRATIFIED_WITH_REPLACEMENT: &str =
    "Rows cannot be drawn both with replacement and stratified. Switch one of the two off.";

static METHODS: [Choice; 3] = [
    Choice { value: "fraction", title: "A random share" },
    Choice { value: "rows", title: "A random number of rows" },
    Choice { value: "head", title: "The first rows" },
];

static PARAMS: [Param; 6] = [
    Param::new("method", "Method", ParamKind::Choice(&METHODS), Default::Text("fraction"), "Which rows stay."),
    Param::new(
        "fraction",
        "Share",
        ParamKind::Real { min: 0.0, max: 100.0, unit: "" },
        Default::Real(0.1),
        "The share of rows that stay; above 1 only with replacement.",
    )
    .when("method", &["fraction"]),
    Param::new(
        "rows",
        "Rows",
        ParamKind::Integer { min: 0, max: 1_000_000_000_000 },
        Default::Integer(1000),
        "How many rows stay. If there are fewer, all do.",
    )
    .when("method", &["rows", "head"]),
    Param::new(
        "replacement",
        "With replacement",
        ParamKind::Boolean,
        Default::Boolean(false),
        "Whether a row may be drawn more than once, as for a bootstrap.",
    )
    .when("method", &["fraction", "rows"]),
    Param::new(
        "stratify_by",
        "Stratify by",
        ParamKind::Column { port: "table", accept: Accept::Any },
        Default::None,
        "The sample gets the same mixture of this column's values as the whole.",
    )
    .optional()
    .when("method", &["fraction", "rows"]),
    Param::new(
        "seed",
        "Seed",
        ParamKind::Integer { min: 0, max: i64::MAX },
        Default::Integer(42),
        "The same seed gives the same sample; another seed another one.",
    )
    .when("method", &["fraction", "rows"]),
];

static SPEC: Spec = Spec {
    id: "sample",
    version: 1,
    title: "Sample",
    category: Category::Transform,
    summary: "Keeps some of the rows: the first, or a random choice.",
    docs: "Keeps a random share of the rows, a random number of them, or the first ones. Use it to try a pipeline out \
        on few rows, or with replacement for a bootstrap.\n\n\
        - Without replacement rows keep their order; with replacement they come in the order in which they were \
        drawn.\n\
        - *Stratify by* draws from each value of a column in proportion, so that rare values are not lost by chance.\n\
        - A sample depends on the seed and the number of rows, and is the same on every machine.",
    keywords: &["subsample", "head", "limit", "top", "bootstrap", "random rows", "take"],
    inputs: &[Port::new("table", "Table", PortKind::Table, "The rows to choose from.")],
    outputs: &[Port::new("table", "Sample", PortKind::Table, "The rows that stay.")],
    params: &PARAMS,
    reusable: true,
};

/// How many rows a sample of so many has, where that is known.
fn sampled(params: &Params, rows: u64) -> u64 {
    let wanted = params.integer("rows").unsigned_abs();
    match (params.text("method"), params.boolean("replacement")) {
        ("fraction", _) => (rows as f64 * params.real("fraction")).round() as u64,
        ("rows", true) => wanted,
        _ => wanted.min(rows),
    }
}

/// # Errors
/// When the parameters contradict each other.
fn check(params: &Params) -> Result<(), Problem> {
    let (replacement, fraction) = (params.boolean("replacement"), params.real("fraction"));
    match params.text("method") {
        "head" => Ok(()),
        _ if replacement && params.maybe_text("stratify_by").is_some() => {
            Err(Problem::error(STRATIFIED_WITH_REPLACEMENT).at_param("stratify_by"))
        }
        "fraction" if fraction > 1.0 && !replacement => {
            let sentence =
                format!("A share of {fraction} is more than all rows. Draw with replacement, or enter 1 at most.");
            Err(Problem::error(sentence).at_param("fraction"))
        }
        _ => Ok(()),
    }
}

/// A random sample.
fn drawn(params: &Params, table: &Table) -> Result<TableContent, StepError> {
    let seed = params.integer("seed").unsigned_abs();
    let all = usize::try_from(height(table)?).unwrap_or(usize::MAX);
    let amount = match params.text("method") {
        "rows" => Amount::Rows(usize::try_from(params.integer("rows")).unwrap_or_default()),
        _ => Amount::Fraction(params.real("fraction")),
    };
    if let Some(column) = params.maybe_text("stratify_by") {
        require(&table.schema()?, [column])?;
        let fraction = match amount {
            Amount::Fraction(fraction) => fraction,
            Amount::Rows(_) if all == 0 => 0.0,
            Amount::Rows(rows) => rows.min(all) as f64 / all as f64,
        };
        let by = SplitBy::Stratified { column: column.to_owned(), fraction, seed };
        let parts = split_rows(&table.lazy()?.select([col(column)]).collect()?, &by)?;
        return Ok(masked(table, mask_of(&parts.first, all))?.into());
    }
    let replacement = params.boolean("replacement");
    let rows = sample_rows(all, amount, replacement, seed)?;
    if replacement {
        return Ok(table.frame()?.take(&IdxCa::from_vec("".into(), rows))?.into());
    }
    Ok(masked(table, mask_of(&rows, all))?.into())
}

impl Component for Sample {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn row_relation(&self, params: &Params) -> RowRelation {
        let repeats = params.boolean("replacement") && params.text("method") != "head";
        if repeats { RowRelation::Drawn } else { RowRelation::Some }
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        let amount = match params.text("method") {
            "fraction" => format!("{} of the rows", percent(params.real("fraction"))),
            "head" => return format!("First {} rows", params.integer("rows")),
            _ => format!("{} rows", params.integer("rows")),
        };
        match params.maybe_text("stratify_by") {
            Some(column) => format!("{amount} · stratified by {column}"),
            None if params.boolean("replacement") => format!("{amount} · with replacement"),
            None => amount,
        }
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _known: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        problems.extend(check(params).err());
        let input = shape_or_open(inputs, "table");
        let rows = input.rows.map(|rows| sampled(params, rows));
        one_table(TableShape { rows, ..input })
    }

    fn run(&self, params: &Params, inputs: &Inputs, _context: &StepContext<'_>) -> Result<Outputs, StepError> {
        check(params).map_err(|problem| StepError::failed(problem.message))?;
        let table = inputs.table("table")?;
        let content = match params.text("method") {
            "head" => {
                let rows = IdxSize::try_from(params.integer("rows")).unwrap_or(IdxSize::MAX);
                TableContent::from(table.lazy()?.limit(rows))
            }
            _ => drawn(params, table)?,
        };
        Ok(vec![("table", table.with(content).into())])
    }
}

#[cfg(test)]
mod tests {
    use data::polars::df;

    use super::*;
    use crate::components::testing::Bench;

    fn bench(method: &str) -> Bench {
        let id: Vec<i64> = (0..100).collect();
        let class: Vec<&str> = (0..100).map(|row| if row % 10 == 0 { "rare" } else { "common" }).collect();
        Bench::new(&Sample).table("table", df!("id" => id, "class" => class).unwrap()).set("method", method)
    }

    #[test]
    fn a_share_or_a_number_of_rows_in_their_order() {
        let share = bench("fraction").integers("table", "id");
        assert_eq!(share.len(), 10);
        assert!(share.is_sorted());
        assert_eq!(bench("fraction").integers("table", "id"), share);
        assert_eq!(bench("rows").set("rows", 7).frame("table").height(), 7);
        assert_eq!(bench("rows").set("rows", 700).frame("table").height(), 100);
        assert_eq!(bench("head").set("rows", 3).integers("table", "id"), [0, 1, 2]);
        assert_eq!(bench("head").set("rows", 3).caption(), "First 3 rows");
    }

    #[test]
    fn with_replacement_there_may_be_more_rows_than_before() {
        let drawn = bench("rows").set("rows", 300).set("replacement", true).integers("table", "id");
        assert_eq!(drawn.len(), 300);
        assert!(!drawn.is_sorted());
        assert_eq!(bench("fraction").set("fraction", 1.5).set("replacement", true).frame("table").height(), 150);
    }

    #[test]
    fn strata_keep_their_shares() {
        let sample = bench("rows").set("rows", 20).set("stratify_by", "class");
        let rare = sample.texts("table", "class").iter().filter(|class| *class == "rare").count();
        assert_eq!((sample.frame("table").height(), rare), (20, 2));
        assert_eq!(sample.caption(), "20 rows · stratified by class");
    }

    #[test]
    fn contradictions_are_found_without_data() {
        let both = bench("rows").set("replacement", true).set("stratify_by", "class");
        assert_eq!(both.problems(), [STRATIFIED_WITH_REPLACEMENT]);
        assert_eq!(both.failure(), STRATIFIED_WITH_REPLACEMENT);
        assert!(bench("fraction").set("fraction", 2).problems()[0].starts_with("A share of 2 is more than all rows."));
        assert!(bench("rows").set("stratify_by", "clas").failure().contains("Did you mean “class”?"));
    }
}
