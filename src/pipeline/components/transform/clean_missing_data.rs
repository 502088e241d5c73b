use data::polars::prelude::{DataFrame, DataType, Expr, IntoLazy, all_horizontal, len, lit};
use data::prepare::impute::{Strategy, fit};
use data::prepare::{Fitted, Preparation, Step};
use data::scalar::Scalar;
use data::schema::{Kind, Schema};

use crate::component::{
    Accept, Category, Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, RowRelation, Spec,
    StepError,
};
use crate::components::prepared::{features, fitted, fitted_shapes, report_none, rows_to_fit};
use crate::components::tables::{chosen_or, col, count, name_some, percent, require, shape_or_open};
use crate::shape::{Known, Problem, Shape, Shapes, TableShape};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, Table, TableContent, Value};

/// Fills missing values, or leaves out the rows or columns that have them.
pub struct CleanMissingData;

const NONE: &str = "There is no column that this method can fill. Choose columns, or another method.";

static METHODS: [Choice; 8] = [
    Choice { value: "mean", title: "Fill with the mean" },
    Choice { value: "median", title: "Fill with the median" },
    Choice { value: "mode", title: "Fill with the most frequent value" },
    Choice { value: "minimum", title: "Fill with the minimum" },
    Choice { value: "maximum", title: "Fill with the maximum" },
    Choice { value: "constant", title: "Fill with a constant" },
    Choice { value: "drop_rows", title: "Drop rows" },
    Choice { value: "drop_columns", title: "Drop columns" },
];

const FILLS: &[&str] = &["mean", "median", "mode", "minimum", "maximum", "constant"];

static SPEC: Spec = Spec {
    id: "clean_missing_data",
    version: 1,
    title: "Clean missing data",
    category: Category::Transform,
    summary: "Fills missing values, or drops the rows or columns that have them.",
    docs: "Most algorithms refuse missing values. This step fills them with a figure learnt from each column, or drops \
        the rows or columns that have them. NaN counts as missing.\n\n\
        | method | columns | |\n|---|---|---|\n\
        | mean, median | numbers | a column of whole numbers becomes one of real numbers |\n\
        | most frequent value | any | of several the smallest |\n\
        | minimum, maximum | numbers | |\n\
        | constant | those that can hold it | |\n\
        | drop rows | any | a row goes when one of the columns is missing |\n\
        | drop columns | any | a column goes when a larger share is missing than allowed |\n\n\
        - Filling and dropping columns travel with a model trained on the result, which then takes raw rows; dropping \
        rows does not, since a row to be scored cannot be left out.\n\
        - Fit it on training rows only: put it behind the *train* output of *Split data*.\n\
        - *Mark what was missing* adds a column `name_missing` for each column that has missing values, so that a \
        model can learn from their absence.\n\
        - Without chosen columns every feature that suits the method is filled, but no label, weight or id. Dropping \
        looks at all columns.",
    keywords: &["imputation", "impute", "missing values", "null", "nan", "na", "fillna", "dropna", "fill"],
    inputs: &[Port::new("table", "Table", PortKind::Table, "The rows to learn from and to clean.")],
    outputs: &[
        Port::new("table", "Cleaned", PortKind::Table, "The rows without missing values."),
        Port::new("transform", "Transform", PortKind::Transform, "The values that were learnt."),
    ],
    params: &[
        Param::new(
            "columns",
            "Columns",
            ParamKind::Columns { port: "table", accept: Accept::Any, empty: "All that suit the method" },
            Default::EmptyList,
            "The columns to look at.",
        ),
        Param::new(
            "method",
            "Method",
            ParamKind::Choice(&METHODS),
            Default::Text("median"),
            "What is done about a missing value.",
        ),
        Param::new(
            "constant",
            "Constant",
            ParamKind::Text,
            Default::Text("0"),
            "The value to fill with; a number, a text, true or false, or a date such as 2024-02-29.",
        )
        .when("method", &["constant"]),
        Param::new(
            "allowed_share",
            "Allowed share",
            ParamKind::Real { min: 0.0, max: 1.0, unit: "" },
            Default::Real(0.5),
            "A column goes when a larger share of its values is missing; 0 drops every column with a missing value.",
        )
        .when("method", &["drop_columns"]),
        Param::new(
            "indicators",
            "Mark what was missing",
            ParamKind::Boolean,
            Default::Boolean(false),
            "Adds a true or false column for each column that has missing values.",
        )
        .when("method", FILLS),
    ],
    reusable: true,
};

/// How values are learnt; `None` when rows or columns are dropped.
fn strategy(params: &Params) -> Option<Strategy> {
    Some(match params.text("method") {
        "mean" => Strategy::Mean,
        "median" => Strategy::Median,
        "mode" => Strategy::Mode,
        "minimum" => Strategy::Minimum,
        "maximum" => Strategy::Maximum,
        "constant" => Strategy::Constant(Scalar::from(params.text("constant"))),
        _ => return None,
    })
}

/// Whether a column of this kind can be filled so.
fn suits(kind: Kind, strategy: &Strategy) -> bool {
    match strategy {
        Strategy::Mode => kind != Kind::Other,
        Strategy::Constant(_) => fit_constant(&Schema::new([("x", kind)]), &["x".to_owned()], strategy).is_ok(),
        _ => kind.is_numeric(),
    }
}

/// A constant needs no rows to be learnt from.
fn fit_constant(schema: &Schema, columns: &[String], strategy: &Strategy) -> data::Result<Fitted> {
    fit(&schema.empty_frame(), columns, strategy, false)
}

/// Mean and median are real numbers, whatever this table's happen to be: the columns' types must not depend on rows.
fn as_real(step: &Fitted, strategy: &Strategy) -> data::Result<Fitted> {
    let Step::Impute { columns } = step.step() else {
        return Ok(step.clone());
    };
    let mut columns = columns.clone();
    for entry in &mut columns {
        if let (Scalar::Integer(value), Strategy::Mean | Strategy::Median) = (&entry.value, strategy) {
            entry.value = Scalar::Real(*value as f64);
        }
    }
    Fitted::new(Step::Impute { columns })
}

fn filled_schema(mut schema: Schema, columns: &[String], strategy: &Strategy) -> data::Result<Schema> {
    match strategy {
        Strategy::Constant(_) => fit_constant(&schema, columns, strategy)?.output_schema(&schema),
        Strategy::Mean | Strategy::Median => {
            for column in &mut schema.columns {
                if matches!(column.kind, Kind::Integer | Kind::Decimal) && columns.contains(&column.name) {
                    *column = column.clone().with_kind(Kind::Real);
                }
            }
            Ok(schema)
        }
        _ => Ok(schema),
    }
}

/// Null, or NaN where there can be one.
fn is_missing(name: &str, schema: &Schema) -> Expr {
    let value = col(name);
    match schema.get(name).map(|column| column.kind) {
        Some(Kind::Real) => value.clone().is_null().or(value.is_nan().fill_null(lit(true))),
        _ => value.is_null(),
    }
}

fn fill(params: &Params, strategy: &Strategy, table: &Table, context: &StepContext<'_>) -> Result<Outputs, StepError> {
    let columns = features(params, &table.schema()?, |kind| suits(kind, strategy));
    let rows: DataFrame = rows_to_fit(table, &columns, NONE)?;
    let step = as_real(&fit(&rows, &columns, strategy, params.boolean("indicators"))?, strategy)?;
    let schema = Schema::of(&rows);
    let missing = columns.iter().map(|name| is_missing(name, &schema).sum().cast(DataType::Int64).alias(name.as_str()));
    let missing = rows.lazy().select(missing.collect::<Vec<_>>()).collect()?;
    let counts = missing.columns().iter().filter_map(|column| column.get(0).ok()?.extract::<usize>());
    let counts: Vec<usize> = counts.filter(|count| *count > 0).collect();
    let (values, columns) = (count(counts.iter().sum(), "value"), count(counts.len(), "column"));
    context.note(&format!("Filled {values} in {columns}."));
    fitted(table, vec![step])
}

fn drop_rows(params: &Params, table: &Table, context: &StepContext<'_>) -> Result<Outputs, StepError> {
    let schema = table.schema()?;
    let columns = chosen_or(params, "columns", &schema, |_| true);
    require(&schema, &columns)?;
    let present: Vec<Expr> = columns.iter().map(|name| is_missing(name, &schema).not()).collect();
    let complete = if present.is_empty() { lit(true) } else { all_horizontal(present)? };
    let counts = table
        .lazy()?
        .select([len().cast(DataType::Int64).alias("all"), complete.clone().sum().cast(DataType::Int64).alias("kept")]);
    let counts = counts.collect()?;
    let number =
        |name: &str| counts.column(name).ok().and_then(|column| column.get(0).ok()?.extract::<i64>()).unwrap_or(0);
    let (all, kept) = (number("all"), number("kept"));
    context.note(&format!("Dropped {} of {all} rows.", all - kept));
    let cleaned = table.with(TableContent::from(table.lazy()?.filter(complete)));
    Ok(vec![("table", cleaned.into()), ("transform", Value::Transform(Preparation::default().into()))])
}

fn drop_columns(params: &Params, table: &Table, context: &StepContext<'_>) -> Result<Outputs, StepError> {
    let schema = table.schema()?;
    let columns = chosen_or(params, "columns", &schema, |_| true);
    require(&schema, &columns)?;
    let share = |name: &String| is_missing(name, &schema).cast(DataType::Float64).mean().alias(name.as_str());
    let shares = table.lazy()?.select(columns.iter().map(share).collect::<Vec<_>>()).collect()?;
    let allowed = params.real("allowed_share");
    let too_many = |name: &&String| {
        let share = shares.column(name).ok().and_then(|column| column.get(0).ok()?.extract::<f64>());
        share.is_some_and(|share| share > allowed)
    };
    let dropped: Vec<String> = columns.iter().filter(too_many).cloned().collect();
    if dropped.len() == schema.len() {
        let sentence = "Every column has more missing values than allowed. Raise the allowed share.";
        return Err(StepError::failed(sentence));
    }
    if dropped.is_empty() {
        context.note("No column has more missing values than allowed.");
        return fitted(table, Vec::new());
    }
    context.note(&format!("Dropped {}: {}.", count(dropped.len(), "column"), dropped.join(", ")));
    fitted(table, vec![Fitted::new(Step::Drop { columns: dropped })?])
}

impl Component for CleanMissingData {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn row_relation(&self, params: &Params) -> RowRelation {
        if params.text("method") == "drop_rows" { RowRelation::Some } else { RowRelation::Same }
    }

    fn learns(&self, params: &Params) -> bool {
        !matches!(params.text("method"), "constant" | "drop_rows")
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        let method = match params.text("method") {
            "constant" => format!("Fill with {}", params.text("constant")),
            "drop_columns" => format!("Drop columns over {}", percent(params.real("allowed_share"))),
            method => {
                METHODS.iter().find(|choice| choice.value == method).map_or(method, |choice| choice.title).to_owned()
            }
        };
        format!("{method} · {}", name_some(&params.texts("columns"), "all columns"))
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _known: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let input = shape_or_open(inputs, "table");
        let Some(strategy) = strategy(params) else {
            // Which columns go depends on the rows; those that stay are as they were.
            let open = input.open || params.text("method") == "drop_columns";
            let columns = chosen_or(params, "columns", &input.schema, |_| open);
            let rows = input.rows.filter(|_| params.text("method") == "drop_columns");
            return fitted_shapes(Some(TableShape { open, rows, ..input }), columns);
        };
        let columns = features(params, &input.schema, |kind| suits(kind, &strategy));
        report_none(&columns, &input, NONE, problems);
        if columns.iter().any(|name| !input.schema.contains(name)) {
            return fitted_shapes(None, columns);
        }
        let unsuited = columns.iter().find_map(|name| input.schema.get(name).filter(|c| !suits(c.kind, &strategy)));
        if let Some(column) = unsuited.filter(|_| !matches!(strategy, Strategy::Constant(_))) {
            let sentence = format!(
                "Column “{}” is {}, but a number is needed for this method.",
                column.name,
                column.kind.phrase()
            );
            problems.push(Problem::error(sentence).at_param("columns"));
            return fitted_shapes(None, columns);
        }
        match filled_schema(input.schema.clone(), &columns, &strategy) {
            Ok(schema) => {
                let open = input.open || params.boolean("indicators");
                fitted_shapes(Some(TableShape { schema, open, ..input }), columns)
            }
            Err(error) => {
                problems.push(Problem::error(error.to_string()).at_param("constant"));
                fitted_shapes(None, columns)
            }
        }
    }

    fn run(&self, params: &Params, inputs: &Inputs, context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let table = inputs.table("table")?;
        match (strategy(params), params.text("method")) {
            (Some(strategy), _) => fill(params, &strategy, table, context),
            (None, "drop_columns") => drop_columns(params, table, context),
            (None, _) => drop_rows(params, table, context),
        }
    }
}

#[cfg(test)]
mod tests {
    use data::polars::df;
    use data::schema::Role;
    use serde_json::json;

    use super::*;
    use crate::components::testing::{Bench, names};

    fn bench(method: &str) -> Bench {
        let rows = df!(
            "x" => [Some(1i64), None, Some(4), Some(4)],
            "r" => [Some(f64::NAN), Some(1.0), Some(2.0), None],
            "t" => [Some("b"), Some("a"), None, Some("b")],
            "y" => [None, Some(1.0), None, Some(1.0)],
        );
        let bench = Bench::new(&CleanMissingData).table("table", rows.unwrap()).role("table", "y", Role::Label);
        bench.set("method", method)
    }

    #[test]
    fn fills_features_that_suit_the_method() {
        let mean = bench("mean");
        assert_eq!(mean.reals("table", "x"), [Some(1.0), Some(3.0), Some(4.0), Some(4.0)]);
        assert_eq!(mean.reals("table", "r"), [Some(1.5), Some(1.0), Some(2.0), Some(1.5)]);
        assert_eq!(mean.texts("table", "t")[2], "null");
        assert_eq!(mean.reals("table", "y")[0], None);
        assert_eq!(mean.log(), ["Filled 3 values in 2 columns."]);
        assert_eq!(mean.caption(), "Fill with the mean · all columns");
        assert_eq!(bench("mode").texts("table", "t")[2], "b");
        assert_eq!(bench("mode").integers("table", "x"), [1, 4, 4, 4]);
        assert_eq!(bench("median").reals("table", "x")[1], Some(4.0));
        assert_eq!(bench("maximum").integers("table", "x")[1], 4);
    }

    #[test]
    fn a_constant_goes_where_it_fits() {
        let number = bench("constant").set("constant", "0.5");
        assert_eq!(number.reals("table", "r")[3], Some(0.5));
        assert_eq!(number.reals("table", "x")[1], None);
        assert_eq!(number.texts("table", "t")[2], "0.5");
        let text = bench("constant").set("constant", "none");
        assert_eq!(text.texts("table", "t")[2], "none");
        assert_eq!(text.texts("table", "x")[1], "null");
    }

    #[test]
    fn marks_what_was_missing() {
        let marked = bench("median").set("indicators", true).set("columns", json!(["x"]));
        assert_eq!(names(&marked.frame("table")), ["x", "r", "t", "y", "x_missing"]);
        assert_eq!(marked.texts("table", "x_missing"), ["false", "true", "false", "false"]);
    }

    #[test]
    fn drops_rows_and_columns() {
        let rows = bench("drop_rows");
        assert_eq!(rows.frame("table").height(), 0);
        assert_eq!(rows.clone().set("columns", json!(["x", "r"])).integers("table", "x"), [4]);
        assert_eq!(rows.log(), ["Dropped 4 of 4 rows."]);
        assert!(rows.out("table").preparation.is_empty());
        let columns = bench("drop_columns").set("allowed_share", 0.25);
        assert_eq!(columns.log(), ["Dropped 2 columns: r, y."]);
        let every = bench("drop_columns").set("allowed_share", 0.0).failure();
        assert_eq!(every, "Every column has more missing values than allowed. Raise the allowed share.");
    }

    #[test]
    fn mistakes_are_found_without_data() {
        let text = bench("mean").set("columns", json!(["t"]));
        assert_eq!(text.problems(), ["Column “t” is a text, but a number is needed for this method."]);
        let constant = bench("constant").set("constant", "abc").set("columns", json!(["x"]));
        assert_eq!(constant.problems(), ["Column “x” is a whole number and cannot be filled with “abc”."]);
        assert_eq!(constant.failure(), constant.problems()[0]);
    }
}
