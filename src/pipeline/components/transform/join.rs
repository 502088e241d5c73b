use std::collections::HashSet;

use data::checked::Lossy;
use data::checked::convert;
use data::decimal::MAX_DIGITS;
use data::polars::prelude::{DataType, Expr, JoinArgs, JoinCoalesce, JoinType, LazyFrame, MaintainOrderJoin};
use data::schema::{Column, Kind, Schema};

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
    version: 2,
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
        - Keys are compared exactly. Whole numbers match real ones only if those are whole and have at most 15 digits; \
        any other real number beside them is an error that names it. A text never equals a number, nor a time with a \
        zone one without: change one with *Edit metadata* first.\n\
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
    /// How the keys of each pair are compared.
    rules: Vec<KeyRule>,
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
            rules: Vec::new(),
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
            let rule = match (left.schema.get(from), right.schema.get(to)) {
                (Some(left), Some(right)) => KeyRule::of(left, right).ok_or_else(|| mismatch(left, right))?,
                _ => KeyRule::AsTheyAre,
            };
            plan.rules.push(rule);
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
        let keys = |names: &[String], side: Side| -> Vec<Expr> {
            names.iter().zip(&self.rules).map(|(name, rule)| rule.key(name, side)).collect()
        };
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
            return left.join(right, keys(&self.left, Side::Left), keys(&self.right, Side::Right), args);
        }
        // Only columns, not expressions, become one.
        args.coalesce = JoinCoalesce::CoalesceColumns;
        let left = left.with_columns(keys(&self.left, Side::Left));
        let right = right.with_columns(keys(&self.right, Side::Right));
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// How two keys are compared: never as real numbers unless both are.
enum KeyRule {
    AsTheyAre,
    /// Both in one type, which holds either exactly.
    Converted(DataType),
    /// Whole numbers beside reals, which must be whole and small enough to have kept their digits.
    WholeReals(Side),
    /// Decimals of different digits, or whole numbers beside them.
    Decimals(usize),
}

impl KeyRule {
    /// The rule for two columns; `None` when they cannot be compared exactly.
    fn of(left: &Column, right: &Column) -> Option<Self> {
        let scale = |column: &Column| usize::from(column.scale.unwrap_or(0));
        match (left.kind, right.kind) {
            (Kind::Integer, Kind::Integer) => Some(Self::Converted(DataType::Int64)),
            (Kind::Real, Kind::Real) => Some(Self::Converted(DataType::Float64)),
            (Kind::Real, Kind::Integer) => Some(Self::WholeReals(Side::Left)),
            (Kind::Integer, Kind::Real) => Some(Self::WholeReals(Side::Right)),
            (Kind::Decimal, Kind::Decimal | Kind::Integer) | (Kind::Integer, Kind::Decimal) => {
                Some(Self::Decimals(scale(left).max(scale(right))))
            }
            (Kind::Text, Kind::Text) => Some(Self::AsTheyAre),
            (from, to) if from.is_textual() && to.is_textual() => Some(Self::Converted(DataType::String)),
            // Instants are equal in any zone; a local hour is none.
            (Kind::DateTime, Kind::DateTime) if left.zone.is_some() != right.zone.is_some() => None,
            (Kind::DateTime | Kind::Duration, to) if left.kind == to => Some(Self::Converted(left.dtype())),
            (Kind::Other, _) => None,
            (from, to) => (from == to).then_some(Self::AsTheyAre),
        }
    }

    fn key(&self, name: &str, side: Side) -> Expr {
        match self {
            Self::AsTheyAre => col(name),
            Self::Converted(dtype) => col(name).strict_cast(dtype.clone()),
            Self::WholeReals(real) if *real == side => convert::exact_whole(col(name), name),
            Self::WholeReals(_) => col(name).strict_cast(DataType::Int64),
            Self::Decimals(scale) => convert::to_decimal(col(name), MAX_DIGITS, *scale, Lossy::Refuse),
        }
    }
}

fn mismatch(left: &Column, right: &Column) -> Problem {
    let phrase = |column: &Column| match &column.zone {
        Some(zone) => format!("{} of the zone {zone}", column.kind.phrase()),
        None => column.kind.phrase().to_owned(),
    };
    let sentence = format!(
        "The key “{}” is {} in the left table, but “{}” is {} in the right. Change one with Edit metadata.",
        left.name,
        phrase(left),
        right.name,
        phrase(right)
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
    Some(TableShape {
        schema: adopt_roles(schema, &[&left.schema, &right.schema]),
        open,
        rows,
        scored: left.scored.or(right.scored),
    })
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
    fn long_ids_match_digit_by_digit() {
        let ids = [1_582_218_195_625_938_945_i64, 1_582_218_195_625_938_946, 1_582_218_195_625_938_947];
        let left = df!("id" => ids, "v" => ["a", "b", "c"]).unwrap();
        let right = df!("id" => [Some(ids[1]), None], "w" => ["B", "N"]).unwrap();
        let bench = Bench::new(&Join).table("left", left).set("left_keys", json!(["id"]));
        assert_eq!(bench.clone().table("right", right).texts("table", "v"), ["b"]);
        // As a real number the id has lost digits already, and would match three rows.
        let reals = df!("id" => [1_582_218_195_625_938_946_f64, f64::NAN], "w" => ["B", "N"]).unwrap();
        let bench = bench.table("right", reals);
        assert!(bench.problems().is_empty());
        let sentence = bench.failure();
        assert!(sentence.starts_with("The column “id” holds the real number 1582218195625939"), "{sentence}");
        assert!(sentence.contains("may have lost digits"), "{sentence}");
    }

    #[test]
    fn real_numbers_beside_whole_ones_must_be_whole() {
        let left = df!("k" => [1_i32, 2, 3], "v" => ["a", "b", "c"]).unwrap();
        let bench = |right: [Option<f64>; 3], how: &str| {
            let right = df!("k" => right, "w" => ["x", "y", "z"]).unwrap();
            let bench = Bench::new(&Join).table("left", left.clone()).table("right", right);
            bench.set("left_keys", json!(["k"])).set("how", how)
        };
        for how in ["inner", "left", "right", "outer", "semi", "anti"] {
            let whole = bench([Some(2.0), Some(9.0), None], how);
            assert_eq!(whole.promised("table").schema, whole.out("table").schema().unwrap(), "{how}");
        }
        assert_eq!(bench([Some(2.0), Some(9.0), None], "outer").texts("table", "k"), ["1", "2", "3", "9", "null"]);
        let sentence = bench([Some(2.5), None, None], "left").failure();
        assert!(
            sentence.contains("holds the real number 2.5 beside whole numbers: no whole number equals it"),
            "{sentence}"
        );
    }

    #[test]
    fn decimals_match_whatever_their_digits_and_zones_by_instant() {
        use data::polars::prelude::{IntoLazy, TimeUnit, TimeZone};

        let typed = |texts: &[&str], dtype: &DataType, name: &str| {
            let frame = df!("k" => texts, name => texts).unwrap().lazy();
            frame.with_column(col("k").cast(dtype.clone())).collect().unwrap()
        };
        let left = typed(&["1.10", "2.00", "3.05"], &DataType::Decimal(38, 2), "v");
        let bench = Bench::new(&Join).set("left_keys", json!(["k"]));
        let decimals = bench.clone().table("left", left.clone());
        let finer = typed(&["1.100", "3.051"], &DataType::Decimal(38, 3), "w");
        assert_eq!(decimals.clone().table("right", finer).texts("table", "v"), ["1.10"]);
        assert_eq!(decimals.clone().table("right", df!("k" => [2_i64]).unwrap()).texts("table", "v"), ["2.00"]);
        assert!(decimals.table("right", df!("k" => [2.0]).unwrap()).problems()[0].contains("Change one with"));

        let moment = |zone: Option<&str>| {
            let zone = zone.and_then(|zone| TimeZone::opt_try_new(Some(zone)).unwrap());
            let frame = df!("k" => [1_704_067_200_000_000_i64]).unwrap().lazy();
            frame.with_column(col("k").cast(DataType::Datetime(TimeUnit::Microseconds, zone))).collect().unwrap()
        };
        let bench = bench.table("left", moment(Some("Europe/Berlin")));
        assert_eq!(bench.clone().table("right", moment(Some("Asia/Tokyo"))).frame("table").height(), 1);
        let sentence = "The key “k” is a date and time of the zone Europe/Berlin in the left table, but “k” is a date \
            and time in the right. Change one with Edit metadata.";
        assert_eq!(bench.table("right", moment(None)).problems(), [sentence]);
    }

    #[test]
    fn what_is_unknown_is_no_mistake() {
        let bench = bench("inner").shape("right", None);
        assert!(bench.problems().is_empty());
    }
}
