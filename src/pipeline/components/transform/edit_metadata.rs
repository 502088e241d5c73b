use data::checked::convert;
use data::prepare::{Fitted, Preparation, Step};
use data::schema::{Kind, Role, Schema};

use crate::component::{
    Accept, Category, Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, RowRelation, Spec,
    StepError,
};
use crate::components::prepared::prepared;
use crate::components::tables::{cols, count, one_table, require, shape_or_open};
use crate::shape::{Known, Problem, Shape, Shapes, TableShape};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, Table};

/// Renames columns, changes their types, and says what they are for.
pub struct EditMetadata;

static KINDS: [Choice; 10] = [
    Choice { value: "keep", title: "As it is" },
    Choice { value: "boolean", title: "True or false" },
    Choice { value: "integer", title: "Whole number" },
    Choice { value: "real", title: "Real number" },
    Choice { value: "decimal", title: "Decimal number" },
    Choice { value: "text", title: "Text" },
    Choice { value: "category", title: "Category" },
    Choice { value: "date", title: "Date" },
    Choice { value: "date_time", title: "Date and time" },
    Choice { value: "time", title: "Time of day" },
];

static ROLES: [Choice; 8] = [
    Choice { value: "keep", title: "As it is" },
    Choice { value: "feature", title: "Feature: models learn from it" },
    Choice { value: "label", title: "Label: models predict it" },
    Choice { value: "weight", title: "Weight: how much a row counts" },
    Choice { value: "id", title: "Id: names the row" },
    Choice { value: "time", title: "Time: when it happened" },
    Choice { value: "ignore", title: "Ignore: carried along unused" },
    Choice { value: "none", title: "None" },
];

static FIELDS: [Param; 4] = [
    Param::new(
        "column",
        "Column",
        ParamKind::Column { port: "table", accept: Accept::Any },
        Default::None,
        "The column to change.",
    ),
    Param::new("name", "New name", ParamKind::Text, Default::None, "Its new name; empty keeps the old one.").optional(),
    Param::new("kind", "Type", ParamKind::Choice(&KINDS), Default::Text("keep"), "What its values become."),
    Param::new("role", "Role", ParamKind::Choice(&ROLES), Default::Text("keep"), "What it is for."),
];

static SPEC: Spec = Spec {
    id: "edit_metadata",
    version: 2,
    title: "Edit metadata",
    category: Category::Transform,
    summary: "Renames columns, changes their types, and says what they are for.",
    docs: "Changes the names, types and roles of columns; rows stay.\n\n\
        - **Type**: a value that cannot be converted becomes missing, and the log says how many did; a real number \
        loses its fraction as a whole one (1.7 becomes 1), and the log says how many had one. Dates and times are read as ISO 8601 (`2024-02-29 13:05:00`); true and false also as yes and no, 1 and 0.\n\
        - **Role**: *Train* takes the label for its target when it is not told another, weighs rows by the weight, \
        and leaves ids, times and ignored columns out of the features.\n\
        - Names are changed all at once, so two columns may swap names.\n\
        - The changes travel with a model trained on the result, which then takes raw rows.",
    keywords: &["rename", "cast", "convert", "type", "role", "label", "target", "dtype"],
    inputs: &[Port::new("table", "Table", PortKind::Table, "The columns to change.")],
    outputs: &[Port::new("table", "Edited", PortKind::Table, "The same rows under the new names and types.")],
    params: &[Param::new(
        "edits",
        "Columns",
        ParamKind::Rows { fields: &FIELDS },
        Default::EmptyList,
        "One row for each column to change.",
    )],
    reusable: true,
};

/// A row of the form; `None` keeps what is.
struct Edit {
    column: String,
    name: Option<String>,
    kind: Option<Kind>,
    role: Option<Option<Role>>,
}

impl Edit {
    fn of(row: &Params) -> Option<Self> {
        let column = row.maybe_text("column")?.to_owned();
        let name = row.maybe_text("name").map(str::trim).filter(|name| !name.is_empty() && *name != column);
        let role = match row.text("role") {
            "none" => Some(None),
            word => Role::ALL.into_iter().find(|role| role.name().to_lowercase() == word).map(Some),
        };
        Some(Self { name: name.map(str::to_owned), kind: kind(row.text("kind")), role, column })
    }

    fn new_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.column)
    }
}

fn kind(word: &str) -> Option<Kind> {
    Some(match word {
        "boolean" => Kind::Boolean,
        "integer" => Kind::Integer,
        "real" => Kind::Real,
        "decimal" => Kind::Decimal,
        "text" => Kind::Text,
        "category" => Kind::Category,
        "date" => Kind::Date,
        "date_time" => Kind::DateTime,
        "time" => Kind::Time,
        _ => return None,
    })
}

fn edits(params: &Params) -> Vec<Edit> {
    params.rows("edits", &FIELDS).iter().filter_map(Edit::of).collect()
}

/// Conversions first, under the old names; roles last, under the new ones.
fn steps(edits: &[Edit]) -> data::Result<Preparation> {
    let casts = edits.iter().filter_map(|edit| Some((edit.column.clone(), edit.kind?)));
    let renames = edits.iter().filter_map(|edit| Some((edit.column.clone(), edit.name.clone()?)));
    let roles = edits.iter().filter_map(|edit| Some((edit.new_name().to_owned(), edit.role?)));
    let all = [
        Step::Cast { columns: casts.collect() },
        Step::Rename { columns: renames.collect() },
        Step::SetRole { columns: roles.collect() },
    ];
    let used = all.into_iter().filter(|step| match step {
        Step::Cast { columns } => !columns.is_empty(),
        Step::Rename { columns } => !columns.is_empty(),
        Step::SetRole { columns } => !columns.is_empty(),
        _ => false,
    });
    Ok(Preparation(used.map(Fitted::new).collect::<data::Result<_>>()?))
}

/// # Errors
/// A sentence when a column is edited twice.
fn check(edits: &[Edit]) -> Result<(), String> {
    for (at, edit) in edits.iter().enumerate() {
        if edits[..at].iter().any(|before| before.column == edit.column) {
            return Err(format!("The column “{}” is in two rows. Put its changes into one.", edit.column));
        }
    }
    Ok(())
}

/// What the conversions lose, a sentence for each column: values that become missing, fractions that are cut
/// off, digits that a real number does not hold.
fn lost(table: &Table, schema: &Schema, edits: &[Edit]) -> Result<Vec<String>, StepError> {
    let converted: Vec<(&Edit, Kind, Kind)> = edits
        .iter()
        .filter_map(|edit| {
            let (from, to) = (schema.get(&edit.column)?.kind, edit.kind?);
            may_lose(from, to).then_some((edit, from, to))
        })
        .collect();
    if converted.is_empty() {
        return Ok(Vec::new());
    }

    let names: Vec<String> = converted.iter().map(|(edit, ..)| edit.column.clone()).collect();
    let before = table.lazy()?.select(cols(&names)).collect()?;
    let casts = converted.iter().map(|(edit, _, to)| (edit.column.clone(), *to)).collect();
    let after = Fitted::new(Step::Cast { columns: casts })?.apply(&before)?;
    let mut sentences = Vec::new();
    for (edit, from, to) in converted {
        let (before, after) = (before.column(&edit.column)?, after.column(&edit.column)?);
        let gone = after.null_count().saturating_sub(before.null_count());
        if gone > 0 {
            let how = if from.is_textual() { "be read as" } else { "become" };
            let values = count(gone, "value");
            sentences.push(format!(
                "{values} of “{}” could not {how} {} and became missing.",
                edit.column,
                to.phrase()
            ));
        }
        if from.is_numeric() && to.is_numeric() {
            let moved = convert::compared(before, after)?;
            let what = if to == Kind::Integer { "had a fraction, which was cut off" } else { "lost digits" };
            if let Some((was, is)) = moved.first {
                let values = count(moved.count, "value");
                sentences.push(format!("{values} of “{}” {what}: {was} became {is}.", edit.column));
            }
        }
    }
    Ok(sentences)
}

fn may_lose(from: Kind, to: Kind) -> bool {
    match (from, to) {
        (from, to) if from == to => false,
        (from, to) if from.is_textual() => !to.is_textual(),
        (from, to) => from.is_numeric() && to.is_numeric(),
    }
}

impl Component for EditMetadata {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn row_relation(&self, _params: &Params) -> RowRelation {
        RowRelation::Same
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        match &edits(params)[..] {
            [only] => match (&only.name, only.role.flatten()) {
                (Some(name), _) => format!("{} → {name}", only.column),
                (None, Some(role)) => {
                    format!("{} is the {}", only.column, role.name().to_lowercase())
                }
                (None, None) => only.column.clone(),
            },
            several => count(several.len(), "column"),
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
        let edits = edits(params);
        let changed = check(&edits).and_then(|()| {
            let known = edits.iter().all(|edit| input.schema.contains(&edit.column));
            let schema = || steps(&edits)?.output_schema(&input.schema);
            known.then(schema).transpose().map_err(|error| error.to_string())
        });
        match changed {
            Ok(Some(schema)) => one_table(TableShape { schema, ..input }),
            Ok(None) => Vec::new(),
            Err(sentence) => {
                problems.push(Problem::error(sentence).at_param("edits"));
                Vec::new()
            }
        }
    }

    fn run(&self, params: &Params, inputs: &Inputs, context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let table = inputs.table("table")?;
        let schema = table.schema()?;
        let edits = edits(params);
        check(&edits).map_err(StepError::Failed)?;
        require(&schema, edits.iter().map(|edit| &edit.column))?;
        let edited = prepared(table, &steps(&edits)?)?;
        for sentence in lost(table, &schema, &edits)? {
            context.warn(&sentence);
        }
        Ok(vec![("table", edited.into())])
    }
}

#[cfg(test)]
mod tests {
    use data::polars::df;
    use serde_json::json;

    use super::*;
    use crate::components::testing::{Bench, names, reals};

    fn bench(edits: serde_json::Value) -> Bench {
        let rows = df!("a" => ["1.5", "two", " 3 "], "b" => [1i64, 2, 3], "c" => ["x", "y", "x"]).unwrap();
        Bench::new(&EditMetadata).table("table", rows).set("edits", edits)
    }

    #[test]
    fn converts_renames_and_sets_roles() {
        let bench = bench(json!([
            {"column": "a", "name": "size", "kind": "real"},
            {"column": "c", "role": "label", "kind": "category"},
            {"column": "b", "role": "id"},
        ]));
        let table = bench.out("table");
        let frame = table.frame().unwrap();
        assert_eq!(names(&frame), ["size", "b", "c"]);
        assert_eq!(reals(&frame, "size"), [Some(1.5), None, Some(3.0)]);
        assert_eq!(table.schema().unwrap().get("c").unwrap().kind, Kind::Category);
        assert_eq!(table.roles.get("c"), Some(&Role::Label));
        assert_eq!(table.preparation.0.len(), 3);
        assert_eq!(bench.log(), ["1 value of “a” could not be read as a real number and became missing."]);
        assert_eq!(bench.caption(), "3 columns");
    }

    #[test]
    fn what_a_conversion_of_numbers_loses_is_said() {
        let rows = df!("x" => [Some(1.7), Some(-0.5), Some(1e300), Some(4.0), None], "id" => [9_007_199_254_740_993_i64, 2, 3, 4, 5]);
        let edits = json!([{"column": "x", "kind": "integer"}, {"column": "id", "kind": "real"}]);
        let bench = Bench::new(&EditMetadata).table("table", rows.unwrap()).set("edits", edits);
        assert_eq!(bench.texts("table", "x"), ["1", "0", "null", "4", "null"]);
        assert_eq!(
            bench.log(),
            [
                "1 value of “x” could not become a whole number and became missing.",
                "2 values of “x” had a fraction, which was cut off: 1.7 became 1.",
                "1 value of “id” lost digits: 9007199254740993 became 9007199254740992.0.",
            ]
        );
    }

    #[test]
    fn decimals_become_other_numbers() {
        use data::polars::prelude::{DataType, IntoLazy, col};
        let prices = df!("p" => ["1.10", "-2.50", "3.00"]).unwrap().lazy();
        let prices = prices.with_column(col("p").cast(DataType::Decimal(38, 2))).collect().unwrap();
        let as_kind = |kind: &str| {
            let edits = json!([{"column": "p", "kind": kind}]);
            Bench::new(&EditMetadata).table("table", prices.clone()).set("edits", edits)
        };
        assert_eq!(reals(&as_kind("real").frame("table"), "p"), [Some(1.1), Some(-2.5), Some(3.0)]);
        assert!(as_kind("real").log().is_empty());
        assert_eq!(as_kind("text").texts("table", "p"), ["1.10", "-2.50", "3.00"]);
        let whole = as_kind("integer");
        assert_eq!(whole.texts("table", "p"), ["1", "-2", "3"]);
        assert_eq!(whole.log(), ["2 values of “p” had a fraction, which was cut off: 1.10 became 1."]);
    }

    #[test]
    fn texts_become_decimals_of_their_own_digits() {
        let rows = df!("p" => [Some("1.10"), Some("x"), Some("-2.5"), None], "n" => [1_i64, 2, 3, 4]).unwrap();
        let edits = json!([{"column": "p", "kind": "decimal"}, {"column": "n", "kind": "decimal"}]);
        let bench = Bench::new(&EditMetadata).table("table", rows).set("edits", edits);
        assert_eq!(bench.texts("table", "p"), ["1.10", "null", "-2.50", "null"]);
        assert_eq!(bench.texts("table", "n"), ["1", "2", "3", "4"]);
        let schema = bench.out("table").schema().unwrap();
        assert!(schema.columns.iter().all(|column| column.kind == Kind::Decimal));
        assert_eq!(bench.log(), ["1 value of “p” could not be read as a decimal number and became missing."]);
    }

    #[test]
    fn names_may_swap_and_roles_follow_them() {
        let swap = json!([{"column": "a", "name": "b"}, {"column": "b", "name": "a"}]);
        let bench = bench(swap).role("table", "a", Role::Id);
        assert_eq!(bench.out("table").roles.get("b"), Some(&Role::Id));
        assert_eq!(bench.integers("table", "a"), [1, 2, 3]);
    }

    #[test]
    fn mistakes_are_found_without_data() {
        let twice = bench(json!([{"column": "a", "kind": "real"}, {"column": "a", "name": "x"}]));
        assert_eq!(twice.problems(), ["The column “a” is in two rows. Put its changes into one."]);
        let clash = bench(json!([{"column": "a", "name": "b"}]));
        assert!(clash.problems()[0].contains("two columns named “b”"), "{:?}", clash.problems());
        let impossible = bench(json!([{"column": "b", "kind": "category"}]));
        assert_eq!(impossible.problems(), ["Column “b” is a whole number and cannot become a category."]);
        assert_eq!(bench(json!([{"column": "aa"}])).failure(), "There is no column “aa”.");
    }
}
