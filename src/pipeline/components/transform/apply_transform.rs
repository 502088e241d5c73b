use crate::component::{Category, Component, Params, Port, PortKind, RowRelation, Spec, StepError};
use crate::components::prepared::prepared;
use crate::components::tables::{one_table, shape_or_open};
use crate::shape::{Known, Problem, Shape, Shapes, TableShape};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs};

/// Repeats on another table what was learnt from one.
pub struct ApplyTransform;

static SPEC: Spec = Spec {
    id: "apply_transform",
    version: 1,
    title: "Apply transform",
    category: Category::Transform,
    summary: "Repeats on another table what a step learnt from one.",
    docs: "Applies the *Transform* output of *Clean missing data*, *Clip values*, *Normalise*, *Bin*, *One-hot encode* \
        or *Filter based feature selection* to another table, with the figures learnt from the first one.\n\n\
        The usual place is behind the *test* output of *Split data*: what is fitted on training rows must be applied, \
        not fitted again, to test rows.\n\n\
        - The table needs the columns that the transform works on, in the types it was fitted on; others pass \
        through.\n\
        - A model scores raw rows by itself: this step is for tables that you want to look at, export, or evaluate \
        against a prepared table.",
    keywords: &["transform", "fit transform", "test set", "repeat", "preprocess"],
    inputs: &[
        Port::new("transform", "Transform", PortKind::Transform, "What was learnt elsewhere."),
        Port::new("table", "Table", PortKind::Table, "The rows to transform."),
    ],
    outputs: &[Port::new("table", "Transformed", PortKind::Table, "The rows as the transform makes them.")],
    params: &[],
    reusable: true,
};

impl Component for ApplyTransform {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn row_relation(&self, _params: &Params) -> RowRelation {
        RowRelation::Same
    }

    fn caption(&self, _params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        String::new()
    }

    fn infer(
        &self,
        _params: &Params,
        inputs: &Shapes,
        _known: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let table = shape_or_open(inputs, "table");
        let columns = match inputs.get("transform") {
            Some(Some(Shape::Transform { columns })) => columns,
            _ => return Vec::new(),
        };
        if let Some(name) = columns.iter().find(|name| !table.open && !table.schema.contains(name)) {
            let sentence =
                format!("The transform works on a column that this table lacks. {}", table.schema.missing(name));
            problems.push(Problem::error(sentence).at_port("table"));
        }
        // What becomes of the columns it works on is known only to the transform.
        let mut schema = table.schema;
        schema.columns.retain(|column| !columns.contains(&column.name));
        one_table(TableShape { schema, open: true, ..table })
    }

    fn run(&self, _params: &Params, inputs: &Inputs, _context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let transformed = prepared(inputs.table("table")?, inputs.transform("transform")?)?;
        Ok(vec![("table", transformed.into())])
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use data::polars::df;
    use data::prepare::{Preparation, Scaling, scale};

    use super::*;
    use crate::components::testing::Bench;
    use crate::value::Value;

    fn bench(rows: data::polars::prelude::DataFrame) -> Bench {
        let train = df!("x" => [0.0, 10.0]).unwrap();
        let step = scale::fit(&train, &["x".to_owned()], Scaling::MinMax).unwrap();
        let transform = Value::Transform(Arc::new(Preparation(vec![step])));
        let bench = Bench::new(&ApplyTransform).value("transform", transform).table("table", rows);
        bench.shape("transform", Some(Shape::Transform { columns: vec!["x".to_owned()] }))
    }

    #[test]
    fn uses_the_figures_of_the_first_table() {
        let bench = bench(df!("x" => [5.0, 20.0], "k" => [1, 2]).unwrap());
        assert_eq!(bench.reals("table", "x"), [Some(0.5), Some(2.0)]);
        assert_eq!(bench.out("table").preparation.0.len(), 1);
    }

    #[test]
    fn names_the_column_that_is_missing() {
        let bench = bench(df!("X " => [5.0]).unwrap());
        let sentence = "The transform works on a column that this table lacks. There is no column “x”. Did you mean \
            “X ”?";
        assert_eq!(bench.problems(), [sentence]);
        assert_eq!(bench.failure(), "There is no column “x”. Did you mean “X ”?");
    }
}
