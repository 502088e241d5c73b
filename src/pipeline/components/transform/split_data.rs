use data::expression;
use data::ops::{SplitBy, split_rows};
use data::polars::prelude::{DataFrame, lit};
use data::schema::{Role, Schema};

use crate::component::{
    Accept, Category, Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, RowRelation, Spec,
    StepError,
};
use crate::components::tables::{
    col, column_or_role, height, mask_of, masked, percent, report_expression, require, shape_or_open, shorten,
};
use crate::shape::{Known, Problem, Shape, Shapes, TableShape};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, Table, TableContent};

/// Divides rows into a training and a test part.
pub struct SplitData;

const NO_STRATA: &str = "Choose the column to stratify by, or give one the role label with Edit metadata.";
const NO_TIME: &str = "Choose the column to order by, or give one the role time with Edit metadata.";

static METHODS: [Choice; 4] = [
    Choice { value: "random", title: "At random" },
    Choice { value: "stratified", title: "At random, stratified" },
    Choice { value: "time", title: "By time" },
    Choice { value: "expression", title: "By a condition" },
];

static PARAMS: [Param; 6] = [
    Param::new(
        "method",
        "Method",
        ParamKind::Choice(&METHODS),
        Default::Text("random"),
        "How it is decided which rows train.",
    ),
    Param::new(
        "fraction",
        "Training share",
        ParamKind::Real { min: 0.0, max: 1.0, unit: "" },
        Default::Real(0.7),
        "The share of rows that go to the training part; the others test.",
    )
    .when("method", &["random", "stratified", "time"]),
    Param::new(
        "stratify_by",
        "Stratify by",
        ParamKind::Column { port: "table", accept: Accept::Any },
        Default::None,
        "Both parts get the same mixture of this column's values. Without one it is the label.",
    )
    .optional()
    .when("method", &["stratified"]),
    Param::new(
        "time",
        "Time",
        ParamKind::Column { port: "table", accept: Accept::Any },
        Default::None,
        "The earliest rows by this date, time or number train. Without one it is the column with the role time.",
    )
    .optional()
    .when("method", &["time"]),
    Param::new(
        "condition",
        "Condition",
        ParamKind::Expression { port: "table" },
        Default::Text(""),
        "Rows for which it is true train, such as year < 2024.",
    )
    .when("method", &["expression"]),
    Param::new(
        "seed",
        "Seed",
        ParamKind::Integer { min: 0, max: i64::MAX },
        Default::Integer(42),
        "The same seed gives the same split; another seed another one.",
    )
    .when("method", &["random", "stratified"]),
];

static SPEC: Spec = Spec {
    id: "split_data",
    version: 2,
    title: "Split data",
    category: Category::Transform,
    summary: "Divides the rows into a training and a test part.",
    docs: "Divides the rows in two, so that a model is judged on rows it has not seen.\n\n\
        | method | training rows |\n|---|---|\n\
        | at random | a random share |\n\
        | stratified | a random share of each value of a column, so that both parts have the same mixture; the choice \
        for a label with rare classes |\n\
        | by time | the earliest share: the past predicts the future |\n\
        | by a condition | those for which an expression is true |\n\n\
        - Rows keep their order in both parts. A split depends on the seed and the number of rows, and is the same on \
        every machine.\n\
        - Rows for which a condition is unknown, because a value is missing, go to the test part.\n\
        - Put this step before everything that learns from the rows (*Normalise*, *Clean missing data*, …), so that \
        nothing of the test rows leaks into training.",
    keywords: &["train test split", "holdout", "partition", "validation", "stratify"],
    inputs: &[Port::new("table", "Table", PortKind::Table, "The rows to divide.")],
    outputs: &[
        Port::new("train", "Train", PortKind::Table, "The rows to train on."),
        Port::new("test", "Test", PortKind::Table, "All other rows."),
    ],
    params: &PARAMS,
    reusable: true,
};

/// How to split, once the parameters fit the table.
fn split_by(params: &Params, schema: &Schema) -> Result<SplitBy, Problem> {
    let fraction = params.real("fraction");
    let seed = params.integer("seed").unsigned_abs();
    Ok(match params.text("method") {
        "stratified" => {
            let column = column_or_role(params, "stratify_by", schema, Role::Label, NO_STRATA);
            let column = column.map_err(|sentence| Problem::error(sentence).at_param("stratify_by"))?;
            SplitBy::Stratified { column, fraction, seed }
        }
        "time" => {
            let column = column_or_role(params, "time", schema, Role::Time, NO_TIME);
            let column = column.map_err(|sentence| Problem::error(sentence).at_param("time"))?;
            if let Some(found) = schema.get(&column).filter(|found| !found.kind.is_ordered()) {
                let kind = found.kind.phrase();
                let sentence = format!("Rows are ordered by a date, a time or a number, but “{column}” is {kind}.");
                return Err(Problem::error(sentence).at_param("time"));
            }
            SplitBy::Time { column, fraction }
        }
        "expression" => SplitBy::Expression { condition: params.text("condition").to_owned() },
        _ => SplitBy::Random { fraction, seed },
    })
}

/// The two parts. Only the column that decides is read.
fn split(table: &Table, by: &SplitBy) -> Result<[Table; 2], StepError> {
    let schema = table.schema()?;
    let deciding = match by {
        SplitBy::Expression { condition } => {
            let condition = expression::filter(condition, &schema).map_err(data::Error::from)?.fill_null(lit(false));
            let first = table.lazy()?.filter(condition.clone());
            let second = table.lazy()?.filter(condition.not());
            return Ok([first, second].map(|query| table.with(TableContent::from(query))));
        }
        SplitBy::Random { .. } => DataFrame::empty_with_height(usize::try_from(height(table)?).unwrap_or_default()),
        SplitBy::Stratified { column, .. } | SplitBy::Time { column, .. } => {
            require(&schema, [column])?;
            table.lazy()?.select([col(column)]).collect()?
        }
    };
    let mask = mask_of(&split_rows(&deciding, by)?.first, deciding.height());
    let others = mask.iter().map(|kept| !kept).collect();
    let (first, second) = (masked(table, mask)?, masked(table, others)?);
    Ok([first, second].map(|query| table.with(TableContent::from(query))))
}

fn shapes(input: &TableShape, by: &SplitBy) -> Vec<(&'static str, Shape)> {
    let rows = match by {
        SplitBy::Random { fraction, .. } | SplitBy::Stratified { fraction, .. } | SplitBy::Time { fraction, .. } => {
            input.rows.map(|rows| (rows as f64 * fraction).round() as u64)
        }
        SplitBy::Expression { .. } => None,
    };
    let part = |rows| Shape::Table(TableShape { rows, ..input.clone() });
    let others = input.rows.zip(rows).map(|(all, rows)| all.saturating_sub(rows));
    vec![("train", part(rows)), ("test", part(others))]
}

impl Component for SplitData {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn row_relation(&self, _params: &Params) -> RowRelation {
        RowRelation::Some
    }

    fn holds_out(&self) -> bool {
        true
    }

    fn caption(&self, params: &Params, inputs: &Shapes, _known: &dyn Known) -> String {
        let share = percent(params.real("fraction"));
        let schema = shape_or_open(inputs, "table").schema;
        match split_by(params, &schema) {
            Ok(SplitBy::Expression { condition }) => format!("Train: {}", shorten(&condition, 32)),
            Ok(SplitBy::Stratified { column, .. }) => {
                format!("{share} train · stratified by {column}")
            }
            Ok(SplitBy::Time { column, .. }) => format!("{share} train · by {column}"),
            _ => format!("{share} train"),
        }
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _known: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let input = shape_or_open(inputs, "table");
        match split_by(params, &input.schema) {
            Ok(by) => {
                if let SplitBy::Expression { condition } = &by {
                    let checked = expression::validate_filter(condition, &input.schema);
                    report_expression(checked, &input, params, "condition", problems);
                }
                shapes(&input, &by)
            }
            Err(_) if input.open => Vec::new(),
            Err(problem) => {
                problems.push(problem);
                Vec::new()
            }
        }
    }

    fn run(&self, params: &Params, inputs: &Inputs, context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let table = inputs.table("table")?;
        let by = split_by(params, &table.schema()?).map_err(|problem| StepError::failed(problem.message))?;
        let [train, test] = split(table, &by)?;
        let (rows, others) = (height(&train)?, height(&test)?);
        context.note(&format!("{rows} rows train, {others} test."));
        if rows == 0 || others == 0 {
            context.warn("One of the parts has no rows.");
        }
        Ok(vec![("train", train.into()), ("test", test.into())])
    }
}

#[cfg(test)]
mod tests {
    use data::polars::df;
    use serde_json::json;

    use super::*;
    use crate::components::testing::Bench;

    fn bench(method: &str) -> Bench {
        let id: Vec<i64> = (0..100).collect();
        let class: Vec<&str> = (0..100).map(|row| if row % 10 == 0 { "rare" } else { "common" }).collect();
        let rows = df!("id" => id, "class" => class).unwrap();
        Bench::new(&SplitData).table("table", rows).set("method", method)
    }

    #[test]
    fn a_random_split_is_seeded_and_loses_nothing() {
        let train = bench("random").integers("train", "id");
        assert_eq!(train.len(), 70);
        assert!(train.is_sorted());
        assert_eq!(bench("random").integers("train", "id"), train);
        assert_ne!(bench("random").set("seed", 1).integers("train", "id"), train);
        let mut all = [train, bench("random").integers("test", "id")].concat();
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<_>>());
        assert_eq!(bench("random").log(), ["70 rows train, 30 test."]);
    }

    #[test]
    fn strata_keep_their_shares_and_the_label_is_the_default() {
        let bench = bench("stratified");
        assert_eq!(bench.problems(), [NO_STRATA]);
        assert_eq!(bench.failure(), NO_STRATA);
        let bench = bench.role("table", "class", Role::Label);
        let rare = bench.texts("train", "class").iter().filter(|class| *class == "rare").count();
        assert_eq!(rare, 7);
        assert_eq!(bench.caption(), "70\u{2009}% train · stratified by class");
    }

    #[test]
    fn by_time_and_by_condition() {
        let time = bench("time").set("time", "id").set("fraction", 0.25);
        assert_eq!(time.integers("train", "id"), (0..25).collect::<Vec<_>>());
        let text = bench("time").set("time", "class").problems();
        assert_eq!(text, ["Rows are ordered by a date, a time or a number, but “class” is a text."]);
        let condition = bench("expression").set("condition", "id >= 98 OR class = 'rare'");
        assert_eq!(condition.integers("train", "id").len(), 12);
        assert!(bench("expression").set("condition", "ids > 1").problems()[0].contains("Did you mean “id”?"));
    }

    #[test]
    fn an_empty_part_is_warned_of() {
        assert_eq!(bench("random").set("fraction", json!(1)).log()[1], "One of the parts has no rows.");
    }
}
