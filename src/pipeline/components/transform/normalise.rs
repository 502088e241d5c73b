use data::prepare::{ScaleColumn, Scaling, Step, scale};
use data::schema::Kind;

use crate::component::{
    Accept, Category, Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, RowRelation, Spec,
    StepError,
};
use crate::components::prepared::{features, fitted, fitted_shapes, report_none, rows_to_fit, shape_after};
use crate::components::tables::{name_some, shape_or_open};
use crate::shape::{Known, Problem, Shape, Shapes};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs};

/// Brings numeric columns to a common scale.
pub struct Normalise;

const NONE: &str = "There is no numeric feature to normalise. Choose columns, or leave this step out.";

static METHODS: [Choice; 3] = [
    Choice { value: "z_score", title: "Z-score" },
    Choice { value: "min_max", title: "Minimum to maximum" },
    Choice { value: "robust", title: "Robust" },
];

static SPEC: Spec = Spec {
    id: "normalise",
    version: 1,
    title: "Normalise",
    category: Category::Transform,
    summary: "Brings numeric columns to a common scale.",
    docs: "Shifts and stretches each numeric column so that columns of different units can be compared.\n\n\
        | method | result |\n|---|---|\n\
        | z-score | mean 0, standard deviation 1 |\n\
        | minimum to maximum | from 0 to 1 |\n\
        | robust | median 0, distance between the quartiles 1; extreme values hardly matter |\n\n\
        Linear models, k-nearest neighbours and k-means need it; trees do not.\n\n\
        - What is learnt here travels with a model trained on the result, which then takes raw rows. To scale another \
        table in the same way connect *Transform* to *Apply transform*.\n\
        - Fit it on training rows only: put it behind the *train* output of *Split data*.\n\
        - Missing values stay missing and, like infinite ones, are left out when the scale is learnt. A constant \
        column becomes 0.\n\
        - Without chosen columns every numeric feature is normalised, but no label, weight or id.",
    keywords: &["normalize", "standardise", "standardize", "scale", "scaler", "z-score", "min-max", "robust"],
    inputs: &[Port::new("table", "Table", PortKind::Table, "The rows to learn from and to normalise.")],
    outputs: &[
        Port::new("table", "Normalised", PortKind::Table, "The rows on the new scale."),
        Port::new("transform", "Transform", PortKind::Transform, "The scale that was learnt."),
    ],
    params: &[
        Param::new(
            "columns",
            "Columns",
            ParamKind::Columns { port: "table", accept: Accept::NumericOrBoolean, empty: "All numeric features" },
            Default::EmptyList,
            "The columns to normalise.",
        ),
        Param::new(
            "method",
            "Method",
            ParamKind::Choice(&METHODS),
            Default::Text("z_score"),
            "What the values are compared with.",
        ),
    ],
    reusable: true,
};

fn scaling(params: &Params) -> Scaling {
    match params.text("method") {
        "min_max" => Scaling::MinMax,
        "robust" => Scaling::Robust,
        _ => Scaling::ZScore,
    }
}

impl Component for Normalise {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn row_relation(&self, _params: &Params) -> RowRelation {
        RowRelation::Same
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        let method = METHODS.iter().find(|choice| choice.value == params.text("method"));
        let method = method.map_or("", |choice| choice.title);
        format!("{method} · {}", name_some(&params.texts("columns"), "all numeric"))
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _known: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let input = shape_or_open(inputs, "table");
        let columns = features(params, &input.schema, Kind::is_numeric);
        report_none(&columns, &input, NONE, problems);
        let entry =
            |name: &String| ScaleColumn { column: name.clone(), scaling: scaling(params), center: 0.0, scale: 1.0 };
        let step = Step::Scale { columns: columns.iter().map(entry).collect() };
        fitted_shapes(shape_after(step, &input, "columns", problems), columns)
    }

    fn run(&self, params: &Params, inputs: &Inputs, _context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let table = inputs.table("table")?;
        let columns = features(params, &table.schema()?, Kind::is_numeric);
        let rows = rows_to_fit(table, &columns, NONE)?;
        fitted(table, vec![scale::fit(&rows, &columns, scaling(params))?])
    }
}

#[cfg(test)]
mod tests {
    use data::polars::df;
    use data::polars::prelude::DataFrame;
    use data::schema::Role;
    use serde_json::json;

    use super::*;
    use crate::components::testing::{Bench, reals};

    fn rows() -> DataFrame {
        df!("x" => [1i64, 2, 3], "y" => [Some(10.0), None, Some(30.0)], "t" => ["a", "b", "c"]).unwrap()
    }

    #[test]
    fn every_numeric_feature_but_no_label() {
        let bench = Bench::new(&Normalise).table("table", rows()).role("table", "y", Role::Label);
        let scaled = bench.frame("table");
        let deviation = (2.0f64 / 3.0).sqrt();
        assert_eq!(reals(&scaled, "x"), [Some(-1.0 / deviation), Some(0.0), Some(1.0 / deviation)]);
        assert_eq!(reals(&scaled, "y"), [Some(10.0), None, Some(30.0)]);
        assert_eq!(bench.out("table").preparation.0.len(), 1);
        assert_eq!(bench.caption(), "Z-score · all numeric");
    }

    #[test]
    fn chosen_columns_by_other_methods() {
        let bench = Bench::new(&Normalise).table("table", rows()).set("columns", json!(["y"]));
        let scaled = bench.clone().set("method", "min_max").frame("table");
        assert_eq!(reals(&scaled, "y"), [Some(0.0), None, Some(1.0)]);
        let scaled = bench.set("method", "robust").frame("table");
        assert_eq!(reals(&scaled, "y"), [Some(-1.0), None, Some(1.0)]);
    }

    #[test]
    fn nothing_to_do_is_a_mistake() {
        let bench = Bench::new(&Normalise).table("table", df!("t" => ["a"]).unwrap());
        assert_eq!(bench.problems(), [NONE]);
        assert_eq!(bench.failure(), NONE);
        let empty = Bench::new(&Normalise).table("table", df!("x" => [None::<f64>]).unwrap());
        assert!(empty.failure().starts_with("Column “x” has no values to learn from."));
    }
}
