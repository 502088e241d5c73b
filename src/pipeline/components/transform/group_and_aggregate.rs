use std::collections::HashSet;

use data::checked;
use data::polars::prelude::{DataType, Expr, LazyFrame, QuantileMethod, SortMultipleOptions, len, lit};
use data::schema::{Kind, Role, Schema};

use crate::component::{
    Accept, Category, Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, Spec, StepError,
};
use crate::components::tables::{
    adopt_roles, col, cols, count, empty_query, name_some, one_table, planned_schema, require, shape_or_open,
};
use crate::shape::{Known, Problem, Shape, Shapes, TableShape};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, Table, TableContent};

/// One row for each group, with figures about it.
pub struct GroupAndAggregate;

static FUNCTIONS: [Choice; 13] = [
    Choice { value: "count", title: "Count of rows, or of values" },
    Choice { value: "missing", title: "Count of missing values" },
    Choice { value: "distinct", title: "Count of distinct values" },
    Choice { value: "sum", title: "Sum" },
    Choice { value: "mean", title: "Mean" },
    Choice { value: "median", title: "Median" },
    Choice { value: "min", title: "Minimum" },
    Choice { value: "max", title: "Maximum" },
    Choice { value: "std", title: "Standard deviation" },
    Choice { value: "var", title: "Variance" },
    Choice { value: "quantile", title: "Quantile" },
    Choice { value: "first", title: "First" },
    Choice { value: "last", title: "Last" },
];

static FIELDS: [Param; 4] = [
    Param::new(
        "function",
        "Function",
        ParamKind::Choice(&FUNCTIONS),
        Default::Text("mean"),
        "What to compute of each group.",
    ),
    Param::new(
        "column",
        "Column",
        ParamKind::Column { port: "table", accept: Accept::Any },
        Default::None,
        "What to compute it of. Only a count can do without.",
    )
    .optional(),
    Param::new(
        "name",
        "Name",
        ParamKind::Text,
        Default::None,
        "The new column's name. Without one it is the column's name and the function, such as income_mean.",
    )
    .optional(),
    Param::new(
        "quantile",
        "Quantile",
        ParamKind::Real { min: 0.0, max: 1.0, unit: "" },
        Default::Real(0.5),
        "From 0 (the minimum) to 1 (the maximum).",
    )
    .when("function", &["quantile"]),
];

static SPEC: Spec = Spec {
    id: "group_and_aggregate",
    version: 2,
    title: "Group and aggregate",
    category: Category::Transform,
    summary: "One row for each group, with counts, means and other figures of its rows.",
    docs: "Puts rows with equal values in the grouping columns together and computes figures of each group. Without \
        grouping columns the whole table is one group. Without figures the result is the groups themselves.\n\n\
        - The groups come in ascending order of their columns; a missing value is a group of its own, the last.\n\
        - Missing values count for nothing, except for *count* without a column, *count of missing values*, *first* \
        and *last*. A figure of no values at all is missing; a sum of none is 0.\n\
        - Standard deviation and variance are those of a sample (divided by n − 1). A quantile is interpolated \
        linearly.\n\
        - Sums are exact: one that needs more than 64 bits is an error. A sum of decimals keeps their digits; means and \
        deviations are real numbers.\n\
        - NaN is a number here: the mean of a group that holds one is NaN. Use *Clean missing data* first.\n\
        - The result's rows count as raw.",
    keywords: &["group by", "pivot", "summary", "aggregate", "mean", "count", "sum"],
    inputs: &[Port::new("table", "Table", PortKind::Table, "The rows to group.")],
    outputs: &[Port::new("table", "Groups", PortKind::Table, "One row a group.")],
    params: &[
        Param::new(
            "keys",
            "Group by",
            ParamKind::Columns { port: "table", accept: Accept::Any, empty: "One group" },
            Default::EmptyList,
            "Rows that are equal in these columns form a group.",
        ),
        Param::new(
            "figures",
            "Figures",
            ParamKind::Rows { fields: &FIELDS },
            Default::EmptyList,
            "What to compute of each group.",
        ),
    ],
    reusable: true,
};

/// One new column.
struct Figure {
    function: String,
    column: Option<String>,
    name: String,
    quantile: f64,
}

impl Figure {
    fn of(row: &Params) -> Self {
        let function = row.text("function").to_owned();
        let column = row.maybe_text("column").map(str::to_owned);
        let automatic = || match &column {
            Some(column) => format!("{column}_{function}"),
            None => function.clone(),
        };
        let name = row.maybe_text("name").map_or_else(automatic, str::to_owned);
        Self { quantile: row.real("quantile"), function, column, name }
    }

    /// # Errors
    /// A sentence when the column is of a kind that the function cannot use.
    fn check(&self, schema: &Schema) -> Result<(), String> {
        let Some(column) = &self.column else {
            return match self.function.as_str() {
                "count" => Ok(()),
                _ => Err(format!("Choose the column to compute the figure “{}” of.", self.name)),
            };
        };
        let Some(kind) = schema.get(column).map(|column| column.kind) else {
            return Ok(());
        };
        let (fits, needed) = match self.function.as_str() {
            "sum" | "mean" | "median" | "std" | "var" | "quantile" => {
                (kind.is_numeric() || kind == Kind::Boolean, "a number")
            }
            "min" | "max" => (kind != Kind::Other, "a value with an order"),
            "distinct" => (kind != Kind::Other, "a plain value"),
            _ => return Ok(()),
        };
        if fits {
            return Ok(());
        }
        Err(format!("The figure “{}” needs {needed}, but “{column}” is {}.", self.name, kind.phrase()))
    }

    fn expression(&self) -> Expr {
        let Some(column) = &self.column else {
            return len().cast(DataType::Int64).alias(self.name.as_str());
        };
        let value = col(column);
        let number = || value.clone().cast(DataType::Float64);
        let figure = match self.function.as_str() {
            "count" => value.count().cast(DataType::Int64),
            "missing" => value.null_count().cast(DataType::Int64),
            "distinct" => value.drop_nulls().n_unique().cast(DataType::Int64),
            "sum" => checked::sum(value),
            "mean" => number().mean(),
            "median" => number().median(),
            "min" => value.min(),
            "max" => value.max(),
            "std" => number().std(1),
            "var" => number().var(1),
            "quantile" => number().quantile(lit(self.quantile), QuantileMethod::Linear),
            "last" => value.last(),
            _ => value.first(),
        };
        figure.alias(self.name.as_str())
    }
}

struct Plan {
    keys: Vec<String>,
    figures: Vec<Figure>,
}

impl Plan {
    fn new(params: &Params, schema: &Schema) -> Result<Self, Problem> {
        let keys = params.texts("keys");
        let figures: Vec<Figure> = params.rows("figures", &FIELDS).iter().map(Figure::of).collect();
        if keys.is_empty() && figures.is_empty() {
            return Err(Problem::error("Choose columns to group by, or figures to compute.").at_param("keys"));
        }
        let mut names: HashSet<&str> = keys.iter().map(String::as_str).collect();
        for figure in &figures {
            let taken = !names.insert(&figure.name);
            let twice = || format!("Two columns of the result would be named “{}”. Name one otherwise.", figure.name);
            let checked = if taken { Err(twice()) } else { figure.check(schema) };
            checked.map_err(|sentence| Problem::error(sentence).at_param("figures"))?;
        }
        Ok(Self { keys, figures })
    }

    /// The columns of the input that the plan names.
    fn columns(&self) -> impl Iterator<Item = &String> {
        self.keys.iter().chain(self.figures.iter().filter_map(|figure| figure.column.as_ref()))
    }

    fn apply(&self, query: LazyFrame) -> LazyFrame {
        let figures: Vec<Expr> = self.figures.iter().map(Figure::expression).collect();
        if self.keys.is_empty() {
            return query.select(figures);
        }
        let order = SortMultipleOptions::default().with_nulls_last(true);
        query.group_by(cols(&self.keys)).agg(figures).sort_by_exprs(cols(&self.keys), order)
    }

    /// Keys keep their role; of the figures, first and last under their old name would too, but nobody expects it.
    fn roles<'a>(&'a self, role_of: impl Fn(&str) -> Option<Role> + 'a) -> impl Iterator<Item = (String, Role)> + 'a {
        self.keys.iter().filter_map(move |key| role_of(key).map(|role| (key.clone(), role)))
    }
}

impl Component for GroupAndAggregate {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        let figures = count(params.rows("figures", &FIELDS).len(), "figure");
        format!("{} · {figures}", name_some(&params.texts("keys"), "One group"))
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _known: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let input = shape_or_open(inputs, "table");
        let plan = match Plan::new(params, &input.schema) {
            Ok(plan) => plan,
            Err(problem) => {
                problems.push(problem);
                return Vec::new();
            }
        };
        if plan.columns().any(|name| !input.schema.contains(name)) {
            return Vec::new();
        }
        let Ok(planned) = planned_schema(&plan.apply(empty_query(&input))) else {
            return Vec::new();
        };
        let keys: Schema = input.schema.columns.iter().filter(|c| plan.keys.contains(&c.name)).cloned().collect();
        let rows = plan.keys.is_empty().then_some(1);
        one_table(TableShape { schema: adopt_roles(planned, &[&keys]), rows, ..TableShape::default() })
    }

    fn run(&self, params: &Params, inputs: &Inputs, _context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let table = inputs.table("table")?;
        let schema = table.schema()?;
        let plan = Plan::new(params, &schema).map_err(|problem| StepError::failed(problem.message))?;
        require(&schema, plan.columns())?;
        let groups = plan.apply(table.lazy()?);
        let roles = plan.roles(|name| table.roles.get(name).copied()).collect();
        Ok(vec![("table", Table { roles, ..Table::raw(TableContent::from(groups)) }.into())])
    }
}

#[cfg(test)]
mod tests {
    use data::polars::df;
    use data::polars::prelude::IntoLazy;
    use serde_json::json;

    use super::*;
    use crate::components::testing::{Bench, integers, names, reals, texts};

    fn bench() -> Bench {
        let rows = df!(
            "g" => [Some("b"), Some("a"), None, Some("b"), Some("a")],
            "x" => [Some(1i64), Some(2), Some(3), Some(4), None],
            "t" => ["p", "q", "r", "p", "s"],
        );
        Bench::new(&GroupAndAggregate).table("table", rows.unwrap())
    }

    #[test]
    fn groups_come_in_order_with_the_missing_one_last() {
        let figures = json!([
            {"function": "count"},
            {"function": "count", "column": "x"},
            {"function": "missing", "column": "x"},
            {"function": "mean", "column": "x"},
            {"function": "sum", "column": "x", "name": "total"},
            {"function": "std", "column": "x"},
            {"function": "distinct", "column": "t"},
            {"function": "quantile", "column": "x", "quantile": 0.25},
            {"function": "first", "column": "t"},
            {"function": "last", "column": "t"},
            {"function": "median", "column": "x"},
            {"function": "min", "column": "t"},
            {"function": "max", "column": "x"},
            {"function": "var", "column": "x"},
        ]);
        let bench = bench().role("table", "g", Role::Id).set("keys", json!(["g"])).set("figures", figures);
        let groups = bench.frame("table");
        assert_eq!(texts(&groups, "g"), ["a", "b", "null"]);
        assert_eq!(integers(&groups, "count"), [2, 2, 1]);
        assert_eq!(integers(&groups, "x_count"), [1, 2, 1]);
        assert_eq!(integers(&groups, "x_missing"), [1, 0, 0]);
        assert_eq!(integers(&groups, "total"), [2, 5, 3]);
        assert_eq!(integers(&groups, "t_distinct"), [2, 1, 1]);
        assert_eq!(reals(&groups, "x_mean"), [Some(2.0), Some(2.5), Some(3.0)]);
        assert_eq!(reals(&groups, "x_std"), [None, Some(4.5f64.sqrt()), None]);
        assert_eq!(reals(&groups, "x_quantile"), [Some(2.0), Some(1.75), Some(3.0)]);
        assert_eq!(texts(&groups, "t_first"), ["q", "p", "r"]);
        assert_eq!(texts(&groups, "t_last"), ["s", "p", "r"]);
        assert_eq!(bench.caption(), "g · 14 figures");
    }

    #[test]
    fn sums_are_exact_in_any_width_or_refused() {
        let narrow = df!("g" => ["a", "a"], "x" => [i32::MAX, i32::MAX], "u" => [200_u8, 100], "b" => [true, true]);
        let figures = json!([
            {"function": "sum", "column": "x"}, {"function": "sum", "column": "u"}, {"function": "sum", "column": "b"},
        ]);
        let bench = Bench::new(&GroupAndAggregate).set("keys", json!(["g"])).set("figures", figures);
        let sums = bench.clone().table("table", narrow.unwrap()).frame("table");
        assert_eq!(integers(&sums, "x_sum"), [4_294_967_294]);
        assert_eq!((integers(&sums, "u_sum"), integers(&sums, "b_sum")), (vec![300], vec![2]));
        let large = df!("g" => ["a", "a"], "x" => [i64::MAX, 1], "u" => [0, 0], "b" => [true, true]).unwrap();
        let sentence = bench.table("table", large).failure();
        assert!(sentence.starts_with("9223372036854775808 does not fit into a whole number"), "{sentence}");
    }

    #[test]
    fn decimals_keep_their_digits() {
        let prices = df!("p" => ["0.10", "0.20", "-0.05"]).unwrap().lazy();
        let prices = prices.with_column(col("p").cast(DataType::Decimal(38, 2))).collect().unwrap();
        let figures = ["sum", "min", "max", "mean", "distinct"].map(|name| json!({"function": name, "column": "p"}));
        let figures = Bench::new(&GroupAndAggregate).table("table", prices).set("figures", json!(figures));
        let figures = figures.frame("table");
        let texts = |name: &str| texts(&figures, name).remove(0);
        assert_eq!((texts("p_sum"), texts("p_min"), texts("p_max")), ("0.25".into(), "-0.05".into(), "0.20".into()));
        assert!((reals(&figures, "p_mean")[0].unwrap() - 0.25 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn no_keys_is_one_group_and_no_figures_are_the_groups() {
        let whole = bench().set("figures", json!([{"function": "max", "column": "x"}]));
        assert_eq!(whole.integers("table", "x_max"), [4]);
        let groups = bench().set("keys", json!(["t"])).frame("table");
        assert_eq!((names(&groups), groups.height()), (vec!["t".to_owned()], 4));
    }

    #[test]
    fn finds_mistakes_without_data() {
        let check = |figures| bench().set("keys", json!(["g"])).set("figures", figures).problems();
        assert_eq!(bench().problems(), ["Choose columns to group by, or figures to compute."]);
        let sentence = "The figure “t_mean” needs a number, but “t” is a text.";
        assert_eq!(check(json!([{"column": "t"}])), [sentence]);
        let sentence = "Two columns of the result would be named “g”. Name one otherwise.";
        assert_eq!(check(json!([{"column": "x", "name": "g"}])), [sentence]);
        assert_eq!(check(json!([{"function": "sum"}])), ["Choose the column to compute the figure “sum” of."]);
        let wrong = bench().set("figures", json!([{"column": "xx"}])).failure();
        assert!(wrong.starts_with("There is no column “xx”."), "{wrong}");
    }
}
