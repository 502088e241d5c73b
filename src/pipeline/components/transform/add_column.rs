use data::expression;
use data::prepare::{ComputedColumn, Step};
use data::schema::Column;

use crate::component::{
    Category, Component, Default, Param, ParamKind, Params, Port, PortKind, RowRelation, Spec, StepError,
};
use crate::components::prepared::prepared_by;
use crate::components::tables::{one_table, report_expression, shape_or_open, shorten};
use crate::shape::{Known, Problem, Shape, Shapes};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs};

/// Computes a column from others in the same row.
pub struct AddColumn;

const NO_NAME: &str = "Name the new column.";

static SPEC: Spec = Spec {
    id: "add_column",
    version: 2,
    title: "Add column",
    category: Category::Transform,
    summary: "Computes a column from others in the same row.",
    docs: "Adds a column computed from the others in the same row, or replaces one of that name.\n\n\
        ```sql\nweight / (height * height)\nCASE WHEN age < 18 THEN 'minor' ELSE 'adult' END\n\
        LOWER(name) || ' of ' || city\nEXTRACT(YEAR FROM started)\n```\n\n\
        - The computation travels with a model trained on the result, which then takes raw rows.\n\
        - If a value that the expression reads is missing, so is the result, unless the expression says otherwise \
        (`COALESCE(a, 0)`).\n\
        - Arithmetic is exact: a whole number that needs more than 64 bits, and a whole number divided by zero \
        (`//`, `%`), are errors that name the values. `/` gives a real number. Numbers of different types compare \
        exactly; `IN` and `NOT IN` treat missing values as SQL does.\n\
        - A branch of `CASE` or `if` is computed only for its own rows: `CASE WHEN n <> 0 THEN m // n END` does not \
        divide by zero.\n\
        - Figures of several rows (`AVG`, `MAX`) cannot stand here: use *Group and aggregate* or *SQL query*.",
    keywords: &["expression", "formula", "compute", "calculate", "derive", "mutate", "feature engineering"],
    inputs: &[Port::new("table", "Table", PortKind::Table, "The rows to compute from.")],
    outputs: &[Port::new("table", "With column", PortKind::Table, "The rows with the new column.")],
    params: &[
        Param::new("name", "Name", ParamKind::Text, Default::Text(""), "The new column's name."),
        Param::new(
            "expression",
            "Expression",
            ParamKind::Expression { port: "table" },
            Default::Text(""),
            "What to compute, such as weight / (height * height).",
        ),
    ],
    reusable: true,
};

impl Component for AddColumn {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn row_relation(&self, _params: &Params) -> RowRelation {
        RowRelation::Same
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        format!("{} = {}", params.text("name"), shorten(params.text("expression"), 32))
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _known: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let mut shape = shape_or_open(inputs, "table");
        let name = params.text("name").trim();
        if name.is_empty() {
            problems.push(Problem::error(NO_NAME).at_param("name"));
        }
        let checked = expression::row_wise(params.text("expression"), &shape.schema);
        let Some(compiled) = report_expression(checked, &shape, params, "expression", problems) else {
            return Vec::new();
        };
        match shape.schema.position(name) {
            Some(at) => {
                let role = shape.schema.columns[at].role;
                shape.schema.columns[at] = Column { role, ..compiled.column(name) };
            }
            None => shape.schema.columns.push(compiled.column(name)),
        }
        one_table(shape)
    }

    fn run(&self, params: &Params, inputs: &Inputs, _context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let name = params.text("name").trim().to_owned();
        if name.is_empty() {
            return Err(StepError::failed(NO_NAME));
        }
        let column = ComputedColumn { name, expression: params.text("expression").to_owned() };
        prepared_by(inputs.table("table")?, Step::Compute { columns: vec![column] })
    }
}

#[cfg(test)]
mod tests {
    use data::polars::df;

    use super::*;
    use crate::components::testing::{Bench, names};

    fn bench(name: &str, expression: &str) -> Bench {
        let rows = df!("w" => [80.0, 60.0], "h" => [Some(2.0), None]).unwrap();
        Bench::new(&AddColumn).table("table", rows).set("name", name).set("expression", expression)
    }

    #[test]
    fn computes_adds_and_replaces() {
        let bmi = bench("bmi", "w / (h * h)");
        assert_eq!(bmi.reals("table", "bmi"), [Some(20.0), None]);
        assert_eq!(bmi.out("table").preparation.0.len(), 1);
        assert_eq!(names(&bench("w", "w * 2").frame("table")), ["w", "h"]);
        assert_eq!(bmi.caption(), "bmi = w / (h * h)");
    }

    #[test]
    fn mistakes_are_found_without_data() {
        assert_eq!(bench("", "w").problems(), [NO_NAME]);
        assert_eq!(bench("", "w").failure(), NO_NAME);
        assert!(bench("x", "weight").problems()[0].starts_with("There is no column “weight”."));
        assert!(bench("x", "AVG(w)").problems()[0].starts_with("This looks at several rows"));
    }
}
