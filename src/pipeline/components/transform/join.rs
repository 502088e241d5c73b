use std::collections::HashSet;

use data::polars::prelude::{DataType, Expr, JoinArgs, JoinCoalesce, JoinType, LazyFrame, MaintainOrderJoin};
use data::schema::{Kind, Schema};

use crate::component::{
    Accept, Category, Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, Spec, StepError,
};
use crate::components::tables::{
    adopt_roles, col, cols, count, empty_query, new_rows, one_table, planned_schema, require, shape_or_open,
};
use crate::shape::{Known, Problem, Shape, Shapes, TableShape};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, TableContent};

/// Puts the columns of two tables side by side where their keys are equal.
pub struct Join;

static HOW: [Choice; 7] = [
    Choice { value: "inner", title: "Inner: rows with a match" },
    Choice { value: "left", title: "Left: every left row" },
    Choice { value: "right", title: "Right: every right row" },
    Choice { value: "outer", title: "Outer: every row of both" },
    Choice { value: "semi", title: "Semi: left rows that have a match" },
    Choice { value: "anti", title: "Anti: left rows that have none" },
    Choice { value: "cross", title: "Cross: every pair of rows" },
];

const KEYED: &[&str] = &["inner", "left", "right", "outer", "semi", "anti"];

static PARAMS: [Param; 5] = [
    Param::new("how", "Join type", ParamKind::Choice(&HOW), Default::Text("inner"), "Which rows the result has."),
    Param::new(
        "left_keys",
        "Left keys",
        ParamKind::Columns { port: "left", accept: Accept::Any, empty: "No keys" },
        Default::EmptyList,
        "The columns of the left table that must equal the right keys.",
    )
    .when("how", KEYED),
    Param::new(
        "right_keys",
        "Right keys",
        ParamKind::Columns { port: "right", accept: Accept::Any, empty: "The same names as the left keys" },
        Default::EmptyList,
        "As many columns as left keys, in the same order.",
    )
    .when("how", KEYED),
    Param::new(
        "suffix",
        "Suffix",
        ParamKind::Text,
        Default::Text("_right"),
        "Put behind the name of a right column when the left table has one of the same name.",
    )
    .when("how", &["inner", "left", "right", "outer", "cross"]),
    Param::new(
        "match_missing",
        "Missing keys match",
        ParamKind::Boolean,
        Default::Boolean(false),
        "Whether a missing key equals another missing key. In SQL it does not.",
    )
    .when("how", KEYED)
    .advanced(),
];

static SPEC: Spec = Spec {
    id: "join",
    version: 1,
    title: "Join",
    category: Category::Transform,
    summary: "Puts the columns of two tables side by side where their keys are equal.",
    docs: "Finds, for each row of the left table, the rows of the right table whose keys are equal, and puts their \
        columns side by side.\n\n\
        | type | rows of the result |\n|---|---|\n\
        | inner | pairs that match |\n\
        | left | every left row, with missing values where nothing matches |\n\
        | right | every right row, likewise |\n\
        | outer | every row of both |\n\
        | semi | left rows that have a match, each once, without right columns |\n\
        | anti | left rows that have no match |\n\
        | cross | every left row with every right row |\n\n\
        - A row with several matches appears once for each.\n\
        - Keys of different number types are compared as numbers; a text never equals a number, so change one with \
        *Edit metadata* first.\n\
        - The joined rows count as new: what was imputed or scaled before the join is not repeated when a model \
        trained after it scores raw rows. Prepare columns after the join.",
    keywords: &["merge", "lookup", "vlookup", "combine", "left join", "inner join", "foreign key"],
    inputs: &[
        Port::new("left", "Left", PortKind::Table, "The table whose columns come first."),
        Port::new("right", "Right", PortKind::Table, "The table to look up."),
    ],
    outputs: &[Port::new("table", "Joined", PortKind::Table, "The rows side by side.")],
    params: &PARAMS,
    reusable: true,
};

/// What the parameters ask for, once they fit the tables.
struct Plan {
    how: JoinType,
    left: Vec<String>,
    right: Vec<String>,
    /// The type that both keys of a pair are compared in, where they differ.
    compare_as: Vec<Option<DataType>>,
    suffix: String,
    match_missing: bool,
}

impl Plan {
    /// # Errors
    /// What is wrong with the keys. Keys that the schemas do not have are passed over.
    fn new(params: &Params, left: &TableShape, right: &TableShape) -> Result<Self, Problem> {
        let how = join_type(params.text("how"));
        let mut plan = Self {
            left: params.texts("left_keys"),
            right: params.texts("right_keys"),
            compare_as: Vec::new(),
            suffix: params.text("suffix").to_owned(),
            match_missing: params.boolean("match_missing"),
            how,
        };
        if plan.how == JoinType::Cross {
            plan.left.clear();
            plan.right.clear();
        } else if plan.left.is_empty() {
            return Err(Problem::error("Choose the columns to join on.").at_param("left_keys"));
        }
        if plan.right.is_empty() {
            plan.right.clone_from(&plan.left);
        }
        if plan.left.len() != plan.right.len() {
            let sentence = format!(
                "There are {} but {}. Choose as many right keys as left keys.",
                count(plan.left.len(), "left key"),
                count(plan.right.len(), "right key")
            );
            return Err(Problem::error(sentence).at_param("right_keys"));
        }
        for (from, to) in plan.left.iter().zip(&plan.right) {
            if params.texts("right_keys").is_empty() && !right.open && !right.schema.contains(to) {
                let missing = right.schema.missing(to);
                let sentence = format!("The right table lacks a left key. {missing}");
                return Err(Problem::error(sentence).at_param("right_keys"));
            }
            let kind = |shape: &TableShape, name: &str| shape.schema.get(name).map(|key| key.kind);
            let common = match (kind(left, from), kind(right, to)) {
                (Some(a), Some(b)) => common_key(a, b).ok_or_else(|| mismatch(from, a, to, b))?,
                _ => None,
            };
            plan.compare_as.push(common);
        }
        plan.check_names(&left.schema, &right.schema)?;
        Ok(plan)
    }

    /// # Errors
    /// When a right column's name would be taken even with the suffix.
    fn check_names(&self, left: &Schema, right: &Schema) -> Result<(), Problem> {
        let without = |schema: &Schema, keys: &[String]| -> HashSet<String> {
            let names = schema.names().filter(|name| !keys.iter().any(|key| key == name));
            names.map(str::to_owned).collect()
        };
        // Both keys of a pair become one column, named as the left one or, in a right join, as the right one.
        let (lefts, rights) = match self.how {
            JoinType::Semi | JoinType::Anti => return Ok(()),
            JoinType::Right => (without(left, &self.left), without(right, &[])),
            _ => (without(left, &[]), without(right, &self.right)),
        };
        let clashing = lefts.intersection(&rights).map(|name| format!("{name}{}", self.suffix()));
        let taken = clashing.filter(|name| lefts.contains(name) || rights.contains(name)).min();
        match taken {
            Some(name) => {
                let sentence = format!("The result would have two columns named “{name}”. Choose another suffix.");
                Err(Problem::error(sentence).at_param("suffix"))
            }
            None => Ok(()),
        }
    }

    fn suffix(&self) -> &str {
        if self.suffix.is_empty() { "_right" } else { &self.suffix }
    }

    fn apply(&self, left: LazyFrame, right: LazyFrame) -> LazyFrame {
        let key = |(name, dtype): (&String, &Option<DataType>)| match dtype {
            Some(dtype) => col(name).cast(dtype.clone()),
            None => col(name),
        };
        let keys = |names: &[String]| -> Vec<Expr> { names.iter().zip(&self.compare_as).map(key).collect() };
        let mut args = JoinArgs::new(self.how.clone()).with_suffix(Some(self.suffix().into()));
        if self.how == JoinType::Cross {
            return left.join(right, Vec::new(), Vec::new(), args);
        }
        args.nulls_equal = self.match_missing;
        args.maintain_order = match self.how {
            JoinType::Right => MaintainOrderJoin::RightLeft,
            _ => MaintainOrderJoin::LeftRight,
        };
        if self.keeps_rows() {
            return left.join(right, keys(&self.left), keys(&self.right), args);
        }
        // Only columns, not expressions, become one.
        args.coalesce = JoinCoalesce::CoalesceColumns;
        let (left, right) = (left.with_columns(keys(&self.left)), right.with_columns(keys(&self.right)));
        left.join(right, cols(&self.left), cols(&self.right), args)
    }

    /// Semi and anti joins only leave rows out.
    fn keeps_rows(&self) -> bool {
        matches!(self.how, JoinType::Semi | JoinType::Anti)
    }
}

fn join_type(how: &str) -> JoinType {
    match how {
        "left" => JoinType::Left,
        "right" => JoinType::Right,
        "outer" => JoinType::Full,
        "semi" => JoinType::Semi,
        "anti" => JoinType::Anti,
        "cross" => JoinType::Cross,
        _ => JoinType::Inner,
    }
}

/// The type to compare keys of two kinds in: `None` when they cannot be compared, `Some(None)` as they are.
fn common_key(left: Kind, right: Kind) -> Option<Option<DataType>> {
    match (left, right) {
        (Kind::Integer, Kind::Integer) => Some(Some(DataType::Int64)),
        (left, right) if left.is_numeric() && right.is_numeric() => Some(Some(DataType::Float64)),
        (Kind::Text, Kind::Text) => Some(None),
        (left, right) if left.is_textual() && right.is_textual() => Some(Some(DataType::String)),
        (Kind::DateTime | Kind::Duration, _) if left == right => Some(Some(left.dtype())),
        (left, right) => (left == right).then_some(None),
    }
}

fn mismatch(from: &str, left: Kind, to: &str, right: Kind) -> Problem {
    let sentence = format!(
        "The key “{from}” is {} in the left table, but “{to}” is {} in the right. Change one with Edit metadata.",
        left.phrase(),
        right.phrase()
    );
    Problem::error(sentence).at_param("right_keys")
}

/// The result's columns, as the engine would make them.
fn joined_shape(plan: &Plan, left: &TableShape, right: &TableShape) -> Option<TableShape> {
    let known = |shape: &TableShape, keys: &[String]| keys.iter().all(|key| shape.schema.contains(key));
    if !known(left, &plan.left) || !known(right, &plan.right) {
        return None;
    }
    let schema = planned_schema(&plan.apply(empty_query(left), empty_query(right))).ok()?;
    let rows = match plan.how {
        JoinType::Cross => left.rows.zip(right.rows).map(|(left, right)| left.saturating_mul(right)),
        _ => None,
    };
    let open = left.open || (right.open && !plan.keeps_rows());
    Some(TableShape { schema: adopt_roles(schema, &[&left.schema, &right.schema]), open, rows })
}

impl Component for Join {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        let how = params.text("how");
        let title = HOW.iter().find(|choice| choice.value == how).map_or(how, |choice| choice.title);
        let title = title.split(':').next().unwrap_or(title);
        let keys = params.texts("left_keys");
        if how == "cross" || keys.is_empty() { title.to_owned() } else { format!("{title} on {}", keys.join(", ")) }
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _known: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let (left, right) = (shape_or_open(inputs, "left"), shape_or_open(inputs, "right"));
        match Plan::new(params, &left, &right) {
            Ok(plan) => joined_shape(&plan, &left, &right).map(one_table).unwrap_or_default(),
            Err(problem) => {
                problems.push(problem);
                Vec::new()
            }
        }
    }

    fn run(&self, params: &Params, inputs: &Inputs, _context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let (left, right) = (inputs.table("left")?, inputs.table("right")?);
        let (left_shape, right_shape) = (TableShape::closed(left.schema()?), TableShape::closed(right.schema()?));
        let plan = Plan::new(params, &left_shape, &right_shape);
        let plan = plan.map_err(|problem| StepError::failed(problem.message))?;
        require(&left_shape.schema, &plan.left)?;
        require(&right_shape.schema, &plan.right)?;
        let joined = plan.apply(left.lazy()?, right.lazy()?);
        let table = match plan.keeps_rows() {
            true => left.with(TableContent::from(joined)),
            false => new_rows(joined, &[left, right])?,
        };
        Ok(vec![("table", table.into())])
    }
}

#[cfg(test)]
mod tests {
    use data::polars::df;
    use data::polars::prelude::DataFrame;
    use serde_json::json;

    use super::*;
    use crate::components::testing::{Bench, names, texts};

    fn people() -> DataFrame {
        df!("id" => [1i32, 2, 3], "name" => ["Ada", "Ben", "Cyd"], "city" => [Some(10i64), None, Some(30)]).unwrap()
    }

    fn cities() -> DataFrame {
        df!("city" => [Some(10i64), Some(20), None], "name" => ["Bonn", "Oslo", "Nowhere"]).unwrap()
    }

    fn bench(how: &str) -> Bench {
        let keys = json!(if how == "cross" { vec![] } else { vec!["city"] });
        Bench::new(&Join).table("left", people()).table("right", cities()).set("how", how).set("left_keys", keys)
    }

    #[test]
    fn every_type_gives_the_rows_its_table_names() {
        let expect = [
            ("inner", vec!["Ada"]),
            ("left", vec!["Ada", "Ben", "Cyd"]),
            ("right", vec!["Ada", "null", "null"]),
            ("outer", vec!["Ada", "Ben", "Cyd", "null", "null"]),
            ("semi", vec!["Ada"]),
            ("anti", vec!["Ben", "Cyd"]),
            ("cross", vec!["Ada", "Ada", "Ada", "Ben", "Ben", "Ben", "Cyd", "Cyd", "Cyd"]),
        ];
        for (how, expected) in expect {
            assert_eq!(bench(how).texts("table", "name"), expected, "{how}");
        }
    }

    #[test]
    fn equal_names_get_the_suffix_and_missing_keys_match_on_request() {
        let joined = bench("left").set("suffix", " of city").set("match_missing", true).frame("table");
        assert_eq!(names(&joined), ["id", "name", "city", "name of city"]);
        assert_eq!(texts(&joined, "name of city"), ["Bonn", "Nowhere", "null"]);
        assert_eq!(bench("semi").set("match_missing", true).texts("table", "name"), ["Ada", "Ben"]);
    }

    #[test]
    fn numbers_of_different_types_are_compared_as_numbers() {
        let right = df!("key" => [1.0, 3.0], "score" => [5i64, 6]).unwrap();
        let bench = Bench::new(&Join).table("left", people()).table("right", right);
        let bench = bench.set("left_keys", json!(["id"])).set("right_keys", json!(["key"]));
        assert_eq!(bench.texts("table", "name"), ["Ada", "Cyd"]);
        assert_eq!(bench.caption(), "Inner on id");
    }

    #[test]
    fn finds_mistakes_without_data() {
        let bench = Bench::new(&Join).table("left", people()).table("right", cities());
        assert_eq!(bench.problems(), ["Choose the columns to join on."]);
        let uneven = bench.clone().set("left_keys", json!(["id", "city"])).set("right_keys", json!(["city"]));
        assert_eq!(
            uneven.problems(),
            ["There are 2 left keys but 1 right key. Choose as many right keys as left keys."]
        );
        let unlike = bench.set("left_keys", json!(["id"])).set("right_keys", json!(["name"]));
        let sentence = "The key “id” is a whole number in the left table, but “name” is a text in the right. Change one \
            with Edit metadata.";
        assert_eq!(unlike.problems(), [sentence]);
        assert_eq!(unlike.failure(), sentence);
    }

    #[test]
    fn a_name_that_is_taken_even_with_the_suffix() {
        let right = df!("city" => [10i64], "name" => ["Bonn"], "name_right" => ["?"]).unwrap();
        let bench = bench("left").table("right", right);
        let sentence = "The result would have two columns named “name_right”. Choose another suffix.";
        assert_eq!(bench.problems(), [sentence]);
        assert_eq!(bench.failure(), sentence);
        assert!(bench.set("suffix", "_2").problems().is_empty());
    }

    #[test]
    fn a_left_key_that_the_right_table_lacks() {
        let bench = bench("inner").table("right", df!("town" => [1i64], "City" => [1i64]).unwrap());
        let sentence = "The right table lacks a left key. There is no column “city”. Did you mean “City”?";
        assert_eq!(bench.problems(), [sentence]);
        assert_eq!(bench.failure(), sentence);
    }

    #[test]
    fn a_semi_join_changes_no_type_and_keeps_the_preparation() {
        let right = df!("key" => [1.0, 3.0]).unwrap();
        let bench = Bench::new(&Join).table("left", people()).table("right", right).set("how", "semi");
        let bench = bench.set("left_keys", json!(["id"])).set("right_keys", json!(["key"]));
        let kept = bench.out("table");
        assert_eq!(kept.schema().unwrap().get("id").unwrap().kind, Kind::Integer);
        assert_eq!(texts(&kept.frame().unwrap(), "name"), ["Ada", "Cyd"]);
    }

    #[test]
    fn what_is_unknown_is_no_mistake() {
        let bench = bench("inner").shape("right", None);
        assert!(bench.problems().is_empty());
    }
}
