use data::expression;

use crate::component::{
    Category, Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, RowRelation, Spec, StepError,
};
use crate::components::tables::{one_table, report_expression, shape_or_open, shorten};
use crate::shape::{Known, Problem, Shape, Shapes, TableShape};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, TableContent};

/// Keeps the rows that a condition is true for.
pub struct FilterRows;

static KEEP: [Choice; 2] = [
    Choice { value: "matching", title: "Rows that match" },
    Choice { value: "others", title: "Rows that do not match" },
];

static SPEC: Spec = Spec {
    id: "filter_rows",
    version: 2,
    title: "Filter rows",
    category: Category::Transform,
    summary: "Keeps the rows that a condition is true for.",
    docs: "Keeps the rows for which a condition is true, or those for which it is not.\n\n\
        ```sql\nage >= 18 AND \"home city\" IN ('Bonn', 'Oslo')\nincome IS NOT NULL\n\
        started BETWEEN '2024-01-01' AND '2024-12-31'\nname LIKE 'A%'\n```\n\n\
        Names with spaces stand in double quotes, text in single quotes, dates as ISO 8601 text.\n\n\
        - A condition about a missing value is neither true nor false, as in SQL. Such rows count as not matching: \
        they are left out of the matching rows and kept among the others. Ask with `IS NULL`.\n\
        - The rows keep their order.",
    keywords: &["where", "condition", "query", "subset", "drop rows"],
    inputs: &[Port::new("table", "Table", PortKind::Table, "The rows to choose from.")],
    outputs: &[Port::new("table", "Filtered", PortKind::Table, "The rows that are kept.")],
    params: &[
        Param::new(
            "condition",
            "Condition",
            ParamKind::Expression { port: "table" },
            Default::Text(""),
            "True for the rows that match, such as age >= 18.",
        ),
        Param::new("keep", "Keep", ParamKind::Choice(&KEEP), Default::Text("matching"), "Which rows stay."),
    ],
    reusable: true,
};

impl Component for FilterRows {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn row_relation(&self, _params: &Params) -> RowRelation {
        RowRelation::Some
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        let condition = shorten(params.text("condition"), 40);
        if params.text("keep") == "others" { format!("Not: {condition}") } else { condition }
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _known: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let input = shape_or_open(inputs, "table");
        let checked = expression::validate_filter(params.text("condition"), &input.schema);
        report_expression(checked, &input, params, "condition", problems);
        one_table(TableShape { rows: None, ..input })
    }

    fn run(&self, params: &Params, inputs: &Inputs, _context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let table = inputs.table("table")?;
        let condition = expression::filter(params.text("condition"), &table.schema()?).map_err(data::Error::from)?;
        let condition = condition.fill_null(data::polars::prelude::lit(false));
        let kept = match params.text("keep") {
            "others" => table.lazy()?.filter(condition.not()),
            _ => table.lazy()?.filter(condition),
        };
        Ok(vec![("table", table.with(TableContent::from(kept)).into())])
    }
}

#[cfg(test)]
mod tests {
    use data::polars::df;
    use data::schema::Role;

    use super::*;
    use crate::components::testing::Bench;

    fn bench(condition: &str) -> Bench {
        let rows = df!("age" => [Some(10i64), Some(30), None, Some(50)], "id" => [1, 2, 3, 4]).unwrap();
        Bench::new(&FilterRows).table("table", rows).role("table", "id", Role::Id).set("condition", condition)
    }

    #[test]
    fn a_missing_value_does_not_match() {
        assert_eq!(bench("age > 20").integers("table", "id"), [2, 4]);
        assert_eq!(bench("age > 20").set("keep", "others").integers("table", "id"), [1, 3]);
        assert_eq!(bench("age IS NULL OR id = 1").integers("table", "id"), [1, 3]);
    }

    #[test]
    fn mistakes_are_found_without_data() {
        assert_eq!(bench("agee > 20").problems(), ["There is no column “agee”. Did you mean “age”?"]);
        assert_eq!(bench("agee > 20").failure(), "There is no column “agee”. Did you mean “age”?");
        assert!(bench("age + 1").problems()[0].starts_with("A filter needs a condition"));
        assert!(bench("other > 1").shape("table", None).problems().is_empty());
        assert_eq!(bench("").failure(), "Enter an expression, for example “x > 3”.");
    }
}
