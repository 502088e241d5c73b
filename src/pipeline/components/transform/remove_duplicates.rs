use data::polars::prelude::UniqueKeepStrategy;

use crate::component::{
    Accept, Category, Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, RowRelation, Spec,
    StepError,
};
use crate::components::tables::{cols, name_some, one_table, require, shape_or_open};
use crate::shape::{Known, Problem, Shape, Shapes, TableShape};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, TableContent};

/// Leaves out rows that repeat others.
pub struct RemoveDuplicates;

static KEEP: [Choice; 3] = [
    Choice { value: "first", title: "The first" },
    Choice { value: "last", title: "The last" },
    Choice { value: "none", title: "None of them" },
];

static SPEC: Spec = Spec {
    id: "remove_duplicates",
    version: 1,
    title: "Remove duplicates",
    category: Category::Transform,
    summary: "Leaves out rows that repeat others.",
    docs: "Leaves out rows whose values in the given columns were seen before. Without columns, rows must be equal in \
        every column.\n\n\
        Use it before *Split data*: a row that is in both parts makes the evaluation look better than it is.\n\n\
        - Two missing values are equal.\n\
        - The remaining rows keep their order. Put *Sort rows* before this step to decide which row is the first.",
    keywords: &["distinct", "unique", "deduplicate", "drop duplicates"],
    inputs: &[Port::new("table", "Table", PortKind::Table, "The rows to look through.")],
    outputs: &[Port::new("table", "Unique rows", PortKind::Table, "The rows without repetitions.")],
    params: &[
        Param::new(
            "columns",
            "Columns",
            ParamKind::Columns { port: "table", accept: Accept::Any, empty: "All columns" },
            Default::EmptyList,
            "Rows are duplicates when they are equal in these columns.",
        ),
        Param::new(
            "keep",
            "Keep",
            ParamKind::Choice(&KEEP),
            Default::Text("first"),
            "Which of several equal rows stays.",
        ),
    ],
    reusable: true,
};

impl Component for RemoveDuplicates {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn row_relation(&self, _params: &Params) -> RowRelation {
        RowRelation::Some
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        format!("By {}", name_some(&params.texts("columns"), "all columns"))
    }

    fn infer(
        &self,
        _params: &Params,
        inputs: &Shapes,
        _known: &dyn Known,
        _problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        one_table(TableShape { rows: None, ..shape_or_open(inputs, "table") })
    }

    fn run(&self, params: &Params, inputs: &Inputs, _context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let table = inputs.table("table")?;
        let columns = params.texts("columns");
        require(&table.schema()?, &columns)?;
        let keep = match params.text("keep") {
            "last" => UniqueKeepStrategy::Last,
            "none" => UniqueKeepStrategy::None,
            _ => UniqueKeepStrategy::First,
        };
        let subset = (!columns.is_empty()).then(|| cols(&columns));
        let unique = table.lazy()?.unique_stable_generic(subset, keep);
        Ok(vec![("table", table.with(TableContent::from(unique)).into())])
    }
}

#[cfg(test)]
mod tests {
    use data::polars::df;
    use serde_json::json;

    use super::*;
    use crate::components::testing::Bench;

    fn bench() -> Bench {
        let rows = df!("g" => [Some("a"), None, Some("a"), None, Some("b")], "x" => [1, 2, 3, 2, 5]).unwrap();
        Bench::new(&RemoveDuplicates).table("table", rows)
    }

    #[test]
    fn keeps_first_last_or_none() {
        assert_eq!(bench().integers("table", "x"), [1, 2, 3, 5]);
        let by_group = bench().set("columns", json!(["g"]));
        assert_eq!(by_group.clone().integers("table", "x"), [1, 2, 5]);
        assert_eq!(by_group.clone().set("keep", "last").integers("table", "x"), [3, 2, 5]);
        assert_eq!(by_group.clone().set("keep", "none").integers("table", "x"), [5]);
        assert_eq!(by_group.caption(), "By g");
    }

    #[test]
    fn names_a_missing_column() {
        let sentence = bench().set("columns", json!(["gg"])).failure();
        assert!(sentence.starts_with("There is no column “gg”."), "{sentence}");
    }
}
