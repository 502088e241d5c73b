use data::checked::{self, Lossy, convert};
use data::decimal::MAX_DIGITS;
use data::polars::prelude::{DataType, Expr, LazyFrame, UnionArgs, concat, concat_lf_diagonal};
use data::schema::{Column, Kind, Schema};

use crate::component::{
    Category, Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, Spec, StepError,
};
use crate::components::tables::{col, count, one_table, roles_in};
use crate::shape::{Known, Problem, Shape, Shapes, TableShape, table};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs, Table, TableContent};

/// Puts the rows of two or three tables below each other.
pub struct AppendRows;

const PORTS: [(&str, &str); 3] = [("first", "first"), ("second", "second"), ("third", "third")];

static MODES: [Choice; 3] = [
    Choice { value: "union", title: "By name, all columns" },
    Choice { value: "strict", title: "By name, the same columns" },
    Choice { value: "position", title: "By position" },
];

static SPEC: Spec = Spec {
    id: "append_rows",
    version: 2,
    title: "Append rows",
    category: Category::Transform,
    summary: "Puts the rows of two or three tables below each other.",
    docs: "Puts the rows of the second (and third) table below those of the first.\n\n\
        | columns are matched | |\n|---|---|\n\
        | by name, all columns | the result has every column of any table; where a table lacks one, values are \
        missing |\n\
        | by name, the same columns | refuses tables whose column names differ; their order may differ |\n\
        | by position | takes the first table's names; the others must have as many columns |\n\n\
        - Whole numbers and real numbers become real numbers (a whole number with more digits than a real one holds is \
        an error), whole numbers and decimals become decimals; dates and date-times become date-times; text and \
        categories become text. Other differences of type are refused: change one with *Edit metadata*.\n\
        - If every table was prepared by the same steps (imputed, scaled, …) the result counts as prepared so; \
        otherwise its rows count as raw.",
    keywords: &["union", "concatenate", "stack", "rbind", "vertical"],
    inputs: &[
        Port::new("first", "First", PortKind::Table, "The rows that come first."),
        Port::new("second", "Second", PortKind::Table, "The rows below them."),
        Port::new("third", "Third", PortKind::Table, "The rows below those.").optional(),
    ],
    outputs: &[Port::new("table", "All rows", PortKind::Table, "The rows of every input.")],
    params: &[Param::new(
        "match",
        "Match columns",
        ParamKind::Choice(&MODES),
        Default::Text("union"),
        "How columns of different tables are put together.",
    )],
    reusable: true,
};

/// The type that holds the values of both, if there is one.
fn common_type(left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::{Date, Datetime, Decimal, Float64, Int64};
    Some(match (left, right) {
        (left, right) if left == right => left.clone(),
        (Int64 | Decimal(..), Float64) | (Float64, Int64 | Decimal(..)) => Float64,
        (Int64, Decimal(_, scale)) | (Decimal(_, scale), Int64) => Decimal(MAX_DIGITS, *scale),
        (Decimal(_, left), Decimal(_, right)) => Decimal(MAX_DIGITS, *left.max(right)),
        (Date, Datetime(unit, None)) | (Datetime(unit, None), Date) => Datetime(*unit, None),
        (left, right) if Kind::of(left).is_textual() && Kind::of(right).is_textual() => DataType::String,
        _ => return None,
    })
}

/// A column's values in the type of the result, which holds them exactly or refuses.
fn converted(name: &str, from: &DataType, to: &DataType) -> Expr {
    match to {
        to if to == from => col(name).strict_cast(to.clone()),
        DataType::Float64 => checked::exact_real(col(name)),
        DataType::Decimal(digits, scale) => convert::to_decimal(col(name), *digits, *scale, Lossy::Refuse),
        to => col(name).cast(to.clone()),
    }
}

/// The columns of all tables together.
///
/// # Errors
/// A sentence naming the table and column that do not fit.
fn combined(mode: &str, tables: &[(&str, TableShape)]) -> Result<Schema, String> {
    let Some((_, first)) = tables.first() else {
        return Ok(Schema::default());
    };
    let mut all = first.schema.clone();
    for (which, shape) in &tables[1..] {
        let named = match mode {
            "position" => by_position(&first.schema, &shape.schema, which)?,
            _ => shape.schema.clone(),
        };
        if mode == "strict" && !first.open && !shape.open {
            same_names(&first.schema, &shape.schema, which)?;
        }
        for column in named.columns {
            merge(&mut all, column, which)?;
        }
    }
    Ok(all)
}

fn by_position(first: &Schema, other: &Schema, which: &str) -> Result<Schema, String> {
    if first.len() != other.len() {
        return Err(format!(
            "The first table has {} but the {which} has {}. Match them by name, or drop some with Select columns.",
            count(first.len(), "column"),
            other.len()
        ));
    }
    let renamed = first.names().zip(&other.columns);
    Ok(renamed.map(|(name, column)| Column { name: name.to_owned(), ..column.clone() }).collect())
}

fn same_names(first: &Schema, other: &Schema, which: &str) -> Result<(), String> {
    let lacking = |from: &Schema, within: &Schema| from.names().find(|name| !within.contains(name)).map(str::to_owned);
    if let Some(name) = lacking(first, other) {
        let sentence = other.missing(&name).to_string();
        return Err(format!("The {which} table lacks a column of the first. {sentence}"));
    }
    match lacking(other, first) {
        Some(name) => Err(format!("The {which} table has a column “{name}” that the first table lacks.")),
        None => Ok(()),
    }
}

fn merge(all: &mut Schema, column: Column, which: &str) -> Result<(), String> {
    let Some(known) = all.columns.iter_mut().find(|known| known.name == column.name) else {
        all.columns.push(column);
        return Ok(());
    };
    let Some(dtype) = common_type(&known.dtype(), &column.dtype()) else {
        let phrase = |column: &Column| match (&column.zone, column.kind) {
            (Some(zone), _) => format!("{} of the zone {zone}", column.kind.phrase()),
            (None, kind) => kind.phrase().to_owned(),
        };
        return Err(format!(
            "The column “{}” is {} in the {which} table but {} above it. Change one with Edit metadata.",
            column.name,
            phrase(&column),
            phrase(known)
        ));
    };
    *known = Column { role: known.role, ..Column::of(known.name.as_str(), &dtype) };
    known.role = known.role.or(column.role);
    Ok(())
}

/// A table's rows under the names and in the kinds of the result.
fn fitted(table: &Table, schema: &Schema, all: &Schema, mode: &str) -> Result<LazyFrame, StepError> {
    let positions: Vec<&Column> = all.columns.iter().collect();
    let as_in_result = schema.columns.iter().enumerate().map(|(at, column)| {
        let target = match mode {
            "position" => positions.get(at).copied(),
            _ => all.get(&column.name),
        };
        match target {
            Some(target) if target.kind != Kind::Other => {
                converted(&column.name, &column.dtype(), &target.dtype()).alias(target.name.as_str())
            }
            Some(target) => col(&column.name).alias(target.name.as_str()),
            None => col(&column.name),
        }
    });
    Ok(table.lazy()?.select(as_in_result.collect::<Vec<_>>()))
}

impl Component for AppendRows {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        let mode = params.text("match");
        MODES.iter().find(|choice| choice.value == mode).map_or(mode, |choice| choice.title).to_owned()
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _known: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let known = PORTS.iter().filter_map(|(port, which)| table(inputs, port).map(|shape| (*which, shape.clone())));
        let known: Vec<_> = known.collect();
        let all_known = known.len() == inputs.len();
        let (mode, open) = (params.text("match"), known.iter().any(|(_, shape)| shape.open));
        if mode == "position" && open {
            return Vec::new();
        }
        match combined(mode, &known) {
            Ok(schema) if all_known => {
                let rows = known.iter().map(|(_, shape)| shape.rows).sum();
                one_table(TableShape { schema, open, rows, ..TableShape::default() })
            }
            Ok(_) => Vec::new(),
            Err(sentence) => {
                problems.push(Problem::error(sentence));
                Vec::new()
            }
        }
    }

    fn run(&self, params: &Params, inputs: &Inputs, _context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let mode = params.text("match");
        let mut tables = vec![inputs.table("first")?, inputs.table("second")?];
        tables.extend(inputs.maybe_table("third"));
        let schemas = tables.iter().map(|table| table.schema()).collect::<Result<Vec<_>, _>>()?;
        let shapes = PORTS.iter().zip(&schemas);
        let shapes: Vec<_> = shapes.map(|((_, which), schema)| (*which, TableShape::closed(schema.clone()))).collect();
        let all = combined(mode, &shapes).map_err(StepError::Failed)?;
        let parts = tables.iter().zip(&schemas).map(|(table, schema)| fitted(table, schema, &all, mode));
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        let args = UnionArgs { to_supertypes: true, ..UnionArgs::default() };
        let appended = match mode {
            "position" => concat(parts, args)?,
            _ => concat_lf_diagonal(parts, args)?,
        };
        let alike = tables.iter().all(|table| table.preparation == tables[0].preparation);
        let preparation = if alike { tables[0].preparation.clone() } else { std::default::Default::default() };
        let raw = tables[0].raw.clone().filter(|_| alike);
        let scored = tables[0].scored.clone().filter(|_| tables.iter().all(|it| it.scored == tables[0].scored));
        let appended = Table::raw(TableContent::from(appended));
        let table = Table { roles: roles_in(&all), preparation, raw, scored, ..appended };
        Ok(vec![("table", table.into())])
    }
}

#[cfg(test)]
mod tests {
    use data::polars::df;
    use data::polars::prelude::DataFrame;
    use data::schema::Role;

    use super::*;
    use crate::components::testing::{Bench, names, reals, texts};

    fn first() -> DataFrame {
        df!("id" => [1i64, 2], "name" => ["a", "b"]).unwrap()
    }

    fn bench(second: DataFrame) -> Bench {
        Bench::new(&AppendRows).table("first", first()).table("second", second)
    }

    #[test]
    fn a_union_has_every_column_and_widens_numbers() {
        let bench = bench(df!("age" => [7i64], "id" => [2.5]).unwrap()).role("first", "id", Role::Id);
        let all = bench.table("third", df!("id" => [9i32]).unwrap()).frame("table");
        assert_eq!(names(&all), ["id", "name", "age"]);
        assert_eq!(reals(&all, "id"), [Some(1.0), Some(2.0), Some(2.5), Some(9.0)]);
        assert_eq!(reals(&all, "age"), [None, None, Some(7.0), None]);
        assert_eq!(texts(&all, "name"), ["a", "b", "null", "null"]);
    }

    #[test]
    fn long_whole_numbers_are_not_made_real() {
        let long =
            DataFrame::new(1, vec![data::polars::prelude::Column::new("id".into(), [9_007_199_254_740_993_i64])]);
        let bench = Bench::new(&AppendRows).table("first", long.unwrap()).table("second", df!("id" => [0.5]).unwrap());
        let sentence = bench.failure();
        assert!(sentence.starts_with("The whole number 9007199254740993 has more digits"), "{sentence}");
    }

    #[test]
    fn decimals_keep_their_digits() {
        use data::polars::prelude::IntoLazy;
        let price = |text: &str, scale: usize| {
            let frame = df!("p" => [text]).unwrap().lazy();
            frame.with_column(col("p").cast(DataType::Decimal(38, scale))).collect().unwrap()
        };
        let bench = Bench::new(&AppendRows).table("first", price("0.10", 2)).table("second", price("0.125", 3));
        let all = bench.table("third", df!("p" => [7_i32]).unwrap());
        assert_eq!(all.texts("table", "p"), ["0.100", "0.125", "7.000"]);
    }

    #[test]
    fn by_position_takes_the_first_names() {
        let bench = bench(df!("key" => [3i64], "label" => ["c"]).unwrap()).set("match", "position");
        assert_eq!(bench.texts("table", "name"), ["a", "b", "c"]);
        let three = df!("a" => [1i64], "b" => ["c"], "c" => [1i64]).unwrap();
        let sentence = "The first table has 2 columns but the second has 3. Match them by name, or drop some with \
            Select columns.";
        assert_eq!(bench.table("second", three).problems(), [sentence]);
    }

    #[test]
    fn strict_names_the_difference() {
        let other = df!("id" => [1i64], "nam" => ["c"]).unwrap();
        let sentence = "The second table lacks a column of the first. There is no column “name”. Did you mean “nam”?";
        assert_eq!(bench(other).set("match", "strict").problems(), [sentence]);
        let swapped = df!("name" => ["c"], "id" => [3i64]).unwrap();
        assert_eq!(bench(swapped).set("match", "strict").texts("table", "name"), ["a", "b", "c"]);
    }

    #[test]
    fn unlike_types_are_refused() {
        let bench = bench(df!("id" => ["x"], "name" => ["c"]).unwrap());
        let sentence = "The column “id” is a text in the second table but a whole number above it. Change one with \
            Edit metadata.";
        assert_eq!(bench.problems(), [sentence]);
        assert_eq!(bench.failure(), sentence);
    }
}
