use data::polars::prelude::SortMultipleOptions;

use crate::component::{
    Accept, Category, Component, Default, Param, ParamKind, Params, Port, PortKind, RowRelation, Spec, StepError,
};
use crate::components::tables::{col, one_table, require, shape_or_open};
use crate::shape::{Known, Problem, Shape, Shapes};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, TableContent};

/// Orders rows by one or more columns.
pub struct SortRows;

const NONE: &str = "Choose at least one column to sort by.";

static FIELDS: [Param; 2] = [
    Param::new(
        "column",
        "Column",
        ParamKind::Column { port: "table", accept: Accept::Any },
        Default::None,
        "What to order by. Later rows decide between equal values of earlier ones.",
    ),
    Param::new(
        "descending",
        "Descending",
        ParamKind::Boolean,
        Default::Boolean(false),
        "Largest, latest or last in the alphabet first.",
    ),
];

static SPEC: Spec = Spec {
    id: "sort_rows",
    version: 1,
    title: "Sort rows",
    category: Category::Transform,
    summary: "Orders the rows by one or more columns.",
    docs: "Orders the rows by the given columns, the first one counting most.\n\n\
        Use it before *Sample* (first rows), *Remove duplicates* (which row stays) or *Export data*.\n\n\
        - Missing values come last, ascending or descending.\n\
        - Rows that are equal in every given column keep their order.\n\
        - Text is ordered by its code points: capitals before small letters.",
    keywords: &["order by", "arrange", "rank", "ascending", "descending"],
    inputs: &[Port::new("table", "Table", PortKind::Table, "The rows to order.")],
    outputs: &[Port::new("table", "Sorted", PortKind::Table, "The same rows in order.")],
    params: &[Param::new(
        "by",
        "Sort by",
        ParamKind::Rows { fields: &FIELDS },
        Default::EmptyList,
        "The columns to order by, the most important first.",
    )],
    reusable: true,
};

/// Columns with whether each descends.
fn keys(params: &Params) -> Vec<(String, bool)> {
    let rows = params.rows("by", &FIELDS);
    let key = |row: &Params| row.maybe_text("column").map(|name| (name.to_owned(), row.boolean("descending")));
    rows.iter().filter_map(key).collect()
}

impl Component for SortRows {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn row_relation(&self, _params: &Params) -> RowRelation {
        RowRelation::Some
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        let arrow = |(name, descending): &(String, bool)| format!("{name} {}", if *descending { "↓" } else { "↑" });
        keys(params).iter().map(arrow).collect::<Vec<_>>().join(", ")
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _known: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        if params.rows("by", &FIELDS).is_empty() {
            problems.push(Problem::error(NONE).at_param("by"));
        }
        one_table(shape_or_open(inputs, "table"))
    }

    fn run(&self, params: &Params, inputs: &Inputs, _context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let table = inputs.table("table")?;
        let keys = keys(params);
        require(&table.schema()?, keys.iter().map(|(name, _)| name))?;
        if keys.is_empty() {
            return Err(StepError::failed(NONE));
        }
        let (names, descending): (Vec<_>, Vec<_>) =
            keys.iter().map(|(name, descending)| (col(name), *descending)).unzip();
        let options = SortMultipleOptions::default()
            .with_order_descending_multi(descending)
            .with_nulls_last(true)
            .with_maintain_order(true);
        let sorted = table.lazy()?.sort_by_exprs(names, options);
        Ok(vec![("table", table.with(TableContent::from(sorted)).into())])
    }
}

#[cfg(test)]
mod tests {
    use data::polars::df;
    use serde_json::json;

    use super::*;
    use crate::components::testing::Bench;

    #[test]
    fn missing_values_come_last_either_way() {
        let rows = df!("g" => [Some("b"), None, Some("a"), Some("b")], "x" => [1, 2, 3, 4]).unwrap();
        let bench = Bench::new(&SortRows).table("table", rows);
        let by = json!([{"column": "g", "descending": true}, {"column": "x", "descending": true}]);
        assert_eq!(bench.clone().set("by", by).integers("table", "x"), [4, 1, 3, 2]);
        assert_eq!(bench.set("by", json!([{"column": "g"}])).integers("table", "x"), [3, 1, 4, 2]);
    }

    #[test]
    fn says_what_is_missing() {
        let bench = Bench::new(&SortRows).table("table", df!("price" => [1]).unwrap());
        assert_eq!(bench.problems(), [NONE]);
        let sentence = bench.set("by", json!([{"column": "prise"}])).failure();
        assert_eq!(sentence, "There is no column “prise”. Did you mean “price”?");
    }
}
