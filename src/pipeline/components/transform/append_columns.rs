use std::collections::HashSet;

use data::polars::prelude::{HConcatOptions, LazyFrame, PolarsResult, concat_lf_horizontal};
use data::schema::{Column, Schema};

use crate::component::{
    Category, Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, Spec, StepError,
};
use crate::components::tables::{col, height, one_table, roles_in, shape_or_open};
use crate::shape::{Known, Problem, Shape, Shapes, TableShape};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, Table, TableContent};

/// Puts the columns of two tables side by side, row by row.
pub struct AppendColumns;

static LENGTHS: [Choice; 2] = [
    Choice { value: "refuse", title: "Stop with an error" },
    Choice { value: "fill", title: "Fill with missing values" },
];

static SPEC: Spec = Spec {
    id: "append_columns",
    version: 1,
    title: "Append columns",
    category: Category::Transform,
    summary: "Puts the columns of two tables side by side, row by row.",
    docs: "Puts the right table's columns behind the left table's: the first row beside the first, the second beside \
        the second. Nothing is compared; to match rows by a key use *Join*.\n\n\
        - A right column whose name the left table already has gets the suffix, and a number if that is taken too.\n\
        - Tables of different length are refused unless you choose to fill the shorter one with missing values.\n\
        - The rows count as raw: what was imputed or scaled before is not repeated when a model trained after this \
        step scores new rows.",
    keywords: &["concatenate", "cbind", "horizontal", "zip", "add columns"],
    inputs: &[
        Port::new("left", "Left", PortKind::Table, "The columns that come first."),
        Port::new("right", "Right", PortKind::Table, "The columns behind them."),
    ],
    outputs: &[Port::new("table", "All columns", PortKind::Table, "The columns of both.")],
    params: &[
        Param::new(
            "suffix",
            "Suffix",
            ParamKind::Text,
            Default::Text("_right"),
            "Put behind the name of a right column when the left table has one of the same name.",
        ),
        Param::new(
            "lengths",
            "Different lengths",
            ParamKind::Choice(&LENGTHS),
            Default::Text("refuse"),
            "What happens when one table has more rows than the other.",
        ),
    ],
    reusable: true,
};

/// The right table's columns under names that the left table does not have.
fn renamed(left: &Schema, right: &Schema, suffix: &str) -> Schema {
    let suffix = if suffix.is_empty() { "_right" } else { suffix };
    let mut taken: HashSet<String> = left.names().chain(right.names()).map(str::to_owned).collect();
    let rename = |column: &Column| {
        if !left.contains(&column.name) {
            return column.clone();
        }
        let wanted = format!("{}{suffix}", column.name);
        let numbered = (2..).map(|number| format!("{wanted}_{number}"));
        let name = std::iter::once(wanted.clone()).chain(numbered).find(|name| !taken.contains(name));
        let name = name.unwrap_or(wanted);
        taken.insert(name.clone());
        Column { name, ..column.clone() }
    };
    right.columns.iter().map(rename).collect()
}

fn side_by_side(
    left: LazyFrame,
    right: LazyFrame,
    from: &Schema,
    to: &Schema,
    strict: bool,
) -> PolarsResult<LazyFrame> {
    let renames = from.names().zip(to.names()).map(|(old, new)| col(old).alias(new));
    let right = right.select(renames.collect::<Vec<_>>());
    concat_lf_horizontal([left, right], HConcatOptions { strict, ..HConcatOptions::default() })
}

fn joined(left: Schema, right: Schema) -> Schema {
    left.columns.into_iter().chain(right.columns).collect()
}

impl Component for AppendColumns {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        if params.text("lengths") == "fill" { "Filling the shorter table".to_owned() } else { String::new() }
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _known: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let (left, right) = (shape_or_open(inputs, "left"), shape_or_open(inputs, "right"));
        let fill = params.text("lengths") == "fill";
        let rows = match (left.rows, right.rows) {
            (Some(left), Some(right)) if left != right && !fill => {
                problems.push(Problem::error(uneven(left, right)).at_param("lengths"));
                None
            }
            (Some(left), Some(right)) => Some(left.max(right)),
            _ => None,
        };
        let open = left.open || right.open;
        let right = renamed(&left.schema, &right.schema, params.text("suffix"));
        one_table(TableShape { schema: joined(left.schema, right), open, rows, ..TableShape::default() })
    }

    fn run(&self, params: &Params, inputs: &Inputs, _context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let (left, right) = (inputs.table("left")?, inputs.table("right")?);
        let (left_schema, right_schema) = (left.schema()?, right.schema()?);
        let fill = params.text("lengths") == "fill";
        if !fill {
            let (left, right) = (height(left)?, height(right)?);
            if left != right {
                return Err(StepError::Failed(uneven(left, right)));
            }
        }
        let names = renamed(&left_schema, &right_schema, params.text("suffix"));
        let query = side_by_side(left.lazy()?, right.lazy()?, &right_schema, &names, !fill)?;
        let roles = roles_in(&joined(left_schema, names));
        Ok(vec![("table", Table { roles, ..Table::raw(TableContent::from(query)) }.into())])
    }
}

fn uneven(left: u64, right: u64) -> String {
    format!(
        "The left table has {left} rows but the right table has {right}. Match rows with Join, or fill the shorter \
         table with missing values."
    )
}

#[cfg(test)]
mod tests {
    use data::polars::df;

    use super::*;
    use crate::components::testing::{Bench, names, reals};

    fn bench(rows: usize) -> Bench {
        let left = df!("id" => [1i64, 2], "id_right" => [5i64, 6]).unwrap();
        let right = df!("id" => [7i64, 8, 9], "x" => [0.5, 1.5, 2.5]).unwrap().head(Some(rows));
        Bench::new(&AppendColumns).table("left", left).table("right", right)
    }

    #[test]
    fn duplicate_names_are_numbered() {
        assert_eq!(names(&bench(2).frame("table")), ["id", "id_right", "id_right_2", "x"]);
    }

    #[test]
    fn the_shorter_table_is_filled_on_request_only() {
        let sentence = "The left table has 2 rows but the right table has 3. Match rows with Join, or fill the shorter \
            table with missing values.";
        assert_eq!(bench(3).problems(), [sentence]);
        assert_eq!(bench(3).failure(), sentence);
        let filled = bench(3).set("lengths", "fill").frame("table");
        assert_eq!(reals(&filled, "id"), [Some(1.0), Some(2.0), None]);
        // One row is a row, not a value for every row.
        let filled = bench(1).set("lengths", "fill").frame("table");
        assert_eq!(reals(&filled, "x"), [Some(0.5), None]);
    }
}
