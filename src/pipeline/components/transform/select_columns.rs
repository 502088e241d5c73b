use data::prepare::Step;
use data::schema::{Kind, Schema};

use crate::component::{
    Accept, Category, Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, RowRelation, Spec,
    StepError,
};
use crate::components::prepared::{prepared_by, shape_after};
use crate::components::tables::{name_some, one_table, require, shape_or_open};
use crate::shape::{Known, Problem, Shape, Shapes, TableShape};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs};

/// Keeps or drops columns.
pub struct SelectColumns;

const NONE_LEFT: &str = "No column is left. Keep at least one.";
const NONE_CHOSEN: &str = "Choose at least one column.";

static ACTIONS: [Choice; 2] = [Choice { value: "keep", title: "Keep" }, Choice { value: "drop", title: "Drop" }];

static BY: [Choice; 2] = [Choice { value: "name", title: "By name" }, Choice { value: "kind", title: "By type" }];

static KINDS: [Choice; 5] = [
    Choice { value: "numeric", title: "Numbers" },
    Choice { value: "text", title: "Text and categories" },
    Choice { value: "boolean", title: "True or false" },
    Choice { value: "temporal", title: "Dates and times" },
    Choice { value: "other", title: "Nested and binary values" },
];

static SPEC: Spec = Spec {
    id: "select_columns",
    version: 1,
    title: "Select columns",
    category: Category::Transform,
    summary: "Keeps or drops columns, by name or by type.",
    docs: "Keeps the chosen columns, or drops them and keeps the others.\n\n\
        - Kept by name, the columns come in the order in which they are chosen; otherwise they keep their order.\n\
        - Use it to leave out what a model must not learn from: names of rows, or columns that give the answer away. \
        To carry such columns along unused, give them a role with *Edit metadata* instead.\n\
        - The choice travels with a model trained on the result, which then takes raw rows.",
    keywords: &["project", "subset", "drop columns", "keep columns", "choose", "exclude"],
    inputs: &[Port::new("table", "Table", PortKind::Table, "The columns to choose from.")],
    outputs: &[Port::new("table", "Selected", PortKind::Table, "The columns that are kept.")],
    params: &[
        Param::new(
            "action",
            "Action",
            ParamKind::Choice(&ACTIONS),
            Default::Text("keep"),
            "Whether the chosen columns stay or go.",
        ),
        Param::new("by", "Choose", ParamKind::Choice(&BY), Default::Text("name"), "How columns are chosen."),
        Param::new(
            "columns",
            "Columns",
            ParamKind::Columns { port: "table", accept: Accept::Any, empty: "No columns" },
            Default::EmptyList,
            "The columns to keep or drop.",
        )
        .when("by", &["name"]),
        Param::new(
            "kind",
            "Type",
            ParamKind::Choice(&KINDS),
            Default::Text("numeric"),
            "Columns of this type are kept or dropped.",
        )
        .when("by", &["kind"]),
    ],
    reusable: true,
};

fn is_of(kind: Kind, group: &str) -> bool {
    match group {
        "numeric" => kind.is_numeric(),
        "text" => kind.is_textual(),
        "boolean" => kind == Kind::Boolean,
        "temporal" => kind.is_temporal(),
        _ => kind == Kind::Other,
    }
}

/// # Errors
/// A sentence when nothing is chosen or nothing is left.
fn step(params: &Params, schema: &Schema, open: bool) -> Result<Step, &'static str> {
    let by_kind = params.text("by") == "kind";
    let columns = match by_kind {
        true => {
            let of_kind = schema.columns.iter().filter(|column| is_of(column.kind, params.text("kind")));
            of_kind.map(|column| column.name.clone()).collect()
        }
        false => params.texts("columns"),
    };
    if columns.is_empty() && !by_kind {
        return Err(NONE_CHOSEN);
    }
    let drop = params.text("action") == "drop";
    let left = if drop {
        schema.names().any(|name| !columns.iter().any(|column| column == name))
    } else {
        !columns.is_empty()
    };
    if !left && !open {
        return Err(NONE_LEFT);
    }
    Ok(if drop { Step::Drop { columns } } else { Step::Select { columns } })
}

impl Component for SelectColumns {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn row_relation(&self, _params: &Params) -> RowRelation {
        RowRelation::Same
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        let action = if params.text("action") == "drop" { "Drop" } else { "Keep" };
        let kind = KINDS.iter().find(|choice| choice.value == params.text("kind"));
        match (params.text("by"), kind) {
            ("kind", Some(kind)) => format!("{action} {}", kind.title.to_lowercase()),
            _ => format!("{action} {}", name_some(&params.texts("columns"), "nothing yet")),
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
        let step = match step(params, &input.schema, input.open) {
            Ok(step) => step,
            Err(sentence) => {
                problems.push(Problem::error(sentence).at_param("columns"));
                return Vec::new();
            }
        };
        let keeps_named = matches!(step, Step::Select { .. }) && params.text("by") == "name";
        let Some(shape) = shape_after(step, &input, "columns", problems) else {
            return Vec::new();
        };
        one_table(TableShape { open: shape.open && !keeps_named, ..shape })
    }

    fn run(&self, params: &Params, inputs: &Inputs, _context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let table = inputs.table("table")?;
        let schema = table.schema()?;
        if params.text("by") == "name" {
            require(&schema, params.texts("columns"))?;
        }
        prepared_by(table, step(params, &schema, false).map_err(StepError::failed)?)
    }
}

#[cfg(test)]
mod tests {
    use data::polars::df;
    use data::schema::Role;
    use serde_json::json;

    use super::*;
    use crate::components::testing::{Bench, names};

    fn bench() -> Bench {
        let rows = df!("a" => [1i64], "b" => ["x"], "c" => [0.5], "d" => [true]).unwrap();
        Bench::new(&SelectColumns).table("table", rows).role("table", "c", Role::Label)
    }

    #[test]
    fn by_name_and_by_type_kept_and_dropped() {
        let some = bench().set("columns", json!(["c", "a"]));
        assert_eq!(names(&some.frame("table")), ["c", "a"]);
        assert_eq!(names(&some.clone().set("action", "drop").frame("table")), ["b", "d"]);
        let numeric = bench().set("by", "kind");
        assert_eq!(names(&numeric.frame("table")), ["a", "c"]);
        assert_eq!(names(&numeric.clone().set("action", "drop").frame("table")), ["b", "d"]);
        assert_eq!(numeric.caption(), "Keep numbers");
        assert_eq!(some.caption(), "Keep c, a");
    }

    #[test]
    fn something_must_be_left() {
        assert_eq!(bench().problems(), [NONE_CHOSEN]);
        let all = bench().set("columns", json!(["a", "b", "c", "d"])).set("action", "drop");
        assert_eq!(all.problems(), [NONE_LEFT]);
        assert_eq!(all.failure(), NONE_LEFT);
        assert_eq!(bench().set("columns", json!(["bb"])).failure(), "There is no column “bb”.");
    }

    #[test]
    fn an_open_table_is_closed_by_naming_columns() {
        let mut open = bench().promised_input("table");
        open.open = true;
        let bench = bench().shape("table", Some(Shape::Table(open)));
        assert!(!bench.clone().set("columns", json!(["a"])).promised("table").open);
        assert!(bench.set("columns", json!(["a"])).set("action", "drop").promised("table").open);
    }
}
