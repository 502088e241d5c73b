use std::io::Write;

use data::read::{Preview, ReadOptions, preview};

use crate::component::{Category, Component, Default, Param, ParamKind, Params, Port, PortKind, Spec, StepError};
use crate::components::tables::{count, one_table};
use crate::shape::{Known, Problem, Shape, Shapes, TableShape};
use crate::store::StepContext;
use crate::value::{Inputs, Outputs, Table, TableContent};

/// A small table typed by hand.
pub struct EnterData;

const NONE: &str = "Enter a header and at least one row, separated by commas.";
const MOST_BYTES: usize = 512 * 1024;

static SPEC: Spec = Spec {
    id: "enter_data",
    version: 1,
    title: "Enter data",
    category: Category::Data,
    summary: "A small table typed or pasted here.",
    docs: "A table that is part of the pipeline's file: a lookup to join with, a few rows to score, an example.\n\n\
        ```csv\ncity,people\nBonn,330000\nOslo,710000\n```\n\n\
        - The first row holds the names. Commas separate fields; rows pasted from a spreadsheet, with tabs, or with \
        semicolons and no commas, work too.\n\
        - A field with a comma or a line break stands in double quotes.\n\
        - Types are guessed from all rows, as when a file is imported; an empty field is a missing value. Change a \
        type with *Edit metadata*.\n\
        - Half a megabyte at most. Import larger tables as datasets.",
    keywords: &["manual", "type", "paste", "inline", "constant", "csv", "example"],
    inputs: &[],
    outputs: &[Port::new("table", "Table", PortKind::Table, "The rows entered.")],
    params: &[Param::new(
        "data",
        "Data",
        ParamKind::Csv,
        Default::Text(""),
        "Names in the first row, then one line a row.",
    )],
    reusable: true,
};

/// # Errors
/// A sentence with the line.
fn read(text: &str) -> Result<Preview, String> {
    if text.trim().is_empty() {
        return Err(NONE.to_owned());
    }
    if text.len() > MOST_BYTES {
        return Err("This is more than half a megabyte. Save it as a file and import that as a dataset.".to_owned());
    }
    let kept = tempfile::NamedTempFile::new().and_then(|mut file| file.write_all(text.as_bytes()).map(|()| file));
    let file = kept.map_err(|error| format!("The data could not be kept in a temporary file: {error}."))?;
    let options = ReadOptions { delimiter: delimiter(text), ..ReadOptions::default() };
    preview(file.path(), &options, usize::MAX).map_err(|error| match error {
        data::Error::Malformed { line: Some(line), sentence, .. } => format!("Line {line}: {sentence}"),
        data::Error::Malformed { sentence, .. } => sentence,
        error => error.to_string(),
    })
}

/// What separates fields, by the header: tabs from a spreadsheet, semicolons where a comma is decimal, else commas.
fn delimiter(text: &str) -> char {
    let header = text.trim_start().lines().next().unwrap_or_default();
    if header.contains('\t') {
        '\t'
    } else if header.contains(';') && !header.contains(',') {
        ';'
    } else {
        ','
    }
}

impl Component for EnterData {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        let lines = params.text("data").lines().filter(|line| !line.trim().is_empty()).count();
        count(lines.saturating_sub(1), "row")
    }

    fn infer(
        &self,
        params: &Params,
        _inputs: &Shapes,
        _known: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        match read(params.text("data")) {
            Ok(preview) => {
                problems.extend(preview.warnings.iter().map(|sentence| Problem::warning(sentence).at_param("data")));
                let rows = Some(preview.rows.height() as u64);
                one_table(TableShape { schema: preview.schema, rows, ..TableShape::default() })
            }
            Err(sentence) => {
                problems.push(Problem::error(sentence).at_param("data"));
                Vec::new()
            }
        }
    }

    fn run(&self, params: &Params, _inputs: &Inputs, context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let preview = read(params.text("data")).map_err(StepError::Failed)?;
        preview.warnings.iter().for_each(|warning| context.warn(warning));
        Ok(vec![("table", Table::raw(TableContent::from(preview.rows)).into())])
    }
}

#[cfg(test)]
mod tests {
    use data::schema::Kind;

    use super::*;
    use crate::components::testing::{Bench, names};

    fn bench(text: &str) -> Bench {
        Bench::new(&EnterData).set("data", text)
    }

    #[test]
    fn guesses_types_and_delimiters() {
        let cities = bench("city,people,\"size, km²\"\nBonn,330000,141.1\n\"Oslo\",,454.0\n");
        let schema = cities.promised("table").schema;
        let kinds: Vec<Kind> = schema.columns.iter().map(|column| column.kind).collect();
        assert_eq!(kinds, [Kind::Text, Kind::Integer, Kind::Real]);
        assert_eq!(cities.texts("table", "people"), ["330000", "null"]);
        assert_eq!(cities.caption(), "2 rows");
        assert_eq!(names(&bench("a\tb\n1\t2").frame("table")), ["a", "b"]);
        assert_eq!(names(&bench("a;b\n1;2").frame("table")), ["a", "b"]);
    }

    #[test]
    fn mistakes_are_sentences() {
        assert_eq!(bench("").problems(), [NONE]);
        assert_eq!(bench(" \n").failure(), NONE);
        let large = "x\n".repeat(MOST_BYTES);
        assert!(bench(&large).problems()[0].starts_with("This is more than half a megabyte."));
        assert_eq!(bench("a,b\n1,2,3\n").problems().len(), 1, "a row that is too long");
    }
}
