use data::polars::prelude::DataFrame;
use data::prepare::one_hot::fit;
use data::schema::Kind;

use crate::component::{
    Accept, Category, Component, Default, Param, ParamKind, Params, Port, PortKind, RowRelation, Spec, StepError,
};
use crate::components::prepared::{features, fitted, fitted_shapes, report_none, rows_to_fit};
use crate::components::tables::{count, name_some, shape_or_open};
use crate::shape::{Known, Problem, Shape, Shapes};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs};

/// One 0/1 column for each category.
pub struct OneHotEncode;

const NONE: &str = "There is no text or category feature to encode. Choose columns, or leave this step out.";

static SPEC: Spec = Spec {
    id: "one_hot_encode",
    version: 2,
    title: "One-hot encode",
    category: Category::Transform,
    summary: "Replaces each category by a column of zeros and ones.",
    docs: "Replaces a column by one column for each of its categories, named `column_category`: 1 in the rows of that \
        category, 0 in all others. Linear models, k-nearest neighbours and k-means need categories as numbers.\n\n\
        - Categories come in ascending order. *Drop the first* leaves out the first one's column, which the others \
        imply; linear models without a penalty need that.\n\
        - A missing value, and a category that was not seen here, gives zeros everywhere.\n\
        - A column with more categories than allowed is refused, since it is rather free text or an id.\n\
        - What is learnt here travels with a model trained on the result. To encode another table in the same way \
        connect *Transform* to *Apply transform*.\n\
        - Without chosen columns every text and category feature is encoded, but no label or id.",
    keywords: &["dummy variables", "dummies", "indicator", "categorical", "encoder", "one hot", "onehot"],
    inputs: &[Port::new("table", "Table", PortKind::Table, "The rows to learn from and to encode.")],
    outputs: &[
        Port::new("table", "Encoded", PortKind::Table, "The rows with a column for each category."),
        Port::new("transform", "Transform", PortKind::Transform, "The categories that were learnt."),
    ],
    params: &[
        Param::new(
            "columns",
            "Columns",
            ParamKind::Columns { port: "table", accept: Accept::Any, empty: "All text and category features" },
            Default::EmptyList,
            "The columns to encode.",
        ),
        Param::new(
            "drop_first",
            "Drop the first",
            ParamKind::Boolean,
            Default::Boolean(false),
            "Leaves out the column of each first category.",
        ),
        Param::new(
            "max_categories",
            "Most categories",
            ParamKind::Integer { min: 1, max: 10_000 },
            Default::Integer(100),
            "A column with more categories is refused.",
        ),
    ],
    reusable: true,
};

impl Component for OneHotEncode {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn row_relation(&self, _params: &Params) -> RowRelation {
        RowRelation::Same
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        name_some(&params.texts("columns"), "All text")
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _known: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let mut shape = shape_or_open(inputs, "table");
        let columns = features(params, &shape.schema, Kind::is_textual);
        report_none(&columns, &shape, NONE, problems);
        shape.schema.columns.retain(|column| !columns.contains(&column.name));
        shape.open = true;
        fitted_shapes(Some(shape), columns)
    }

    fn run(&self, params: &Params, inputs: &Inputs, context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let table = inputs.table("table")?;
        let columns = features(params, &table.schema()?, Kind::is_textual);
        let rows: DataFrame = rows_to_fit(table, &columns, NONE)?;
        let limit = usize::try_from(params.integer("max_categories")).unwrap_or(usize::MAX);
        let step = fit(&rows, &columns, params.boolean("drop_first"), limit)?;
        let made = step.output_schema(&data::schema::Schema::of(&rows))?.len();
        context.note(&format!("Made {} of {}.", count(made, "column"), count(columns.len(), "column")));
        fitted(table, vec![step])
    }
}

#[cfg(test)]
mod tests {
    use data::polars::df;
    use data::schema::Role;
    use serde_json::json;

    use super::*;
    use crate::components::testing::{Bench, integers, names};

    fn bench() -> Bench {
        let rows = df!("g" => [Some("b"), Some("a"), None], "n" => [2i64, 10, 2], "y" => ["p", "q", "p"]).unwrap();
        Bench::new(&OneHotEncode).table("table", rows).role("table", "y", Role::Label)
    }

    #[test]
    fn a_missing_value_gives_zeros_and_labels_stay() {
        let encoded = bench().frame("table");
        assert_eq!(names(&encoded), ["g_a", "g_b", "n", "y"]);
        assert_eq!((integers(&encoded, "g_a"), integers(&encoded, "g_b")), (vec![0, 1, 0], vec![1, 0, 0]));
        assert_eq!(bench().log(), ["Made 2 columns of 1 column."]);
    }

    #[test]
    fn numbers_are_categories_in_their_own_order() {
        let bench = bench().set("columns", json!(["n", "g"]));
        assert_eq!(names(&bench.frame("table")), ["g_a", "g_b", "n_2", "n_10", "y"]);
        assert_eq!(names(&bench.set("drop_first", true).frame("table")), ["g_b", "n_10", "y"]);
    }

    #[test]
    fn too_many_categories_are_refused() {
        let sentence = bench().set("max_categories", 1).failure();
        assert!(sentence.starts_with("Column “g” has 2 categories; at most 1 are allowed."), "{sentence}");
        let numbers = Bench::new(&OneHotEncode).table("table", df!("n" => [1]).unwrap());
        assert_eq!(numbers.problems(), [NONE]);
    }
}
