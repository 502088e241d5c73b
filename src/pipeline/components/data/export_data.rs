use std::path::Path;

use data::write::FileFormat;

use crate::component::{
    Category, Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, Spec, StepError,
};
use crate::components::tables::shape_or_open;
use crate::shape::{Known, Problem, Shape, Shapes};
use crate::store::StepContext;
use crate::value::{Inputs, InputsExt, Outputs};

/// Writes a table to a file.
pub struct ExportData;

const NO_PATH: &str = "Name the file to write, such as exports/result.csv.";

static FORMATS: [Choice; 5] = [
    Choice { value: "auto", title: "By the file's ending" },
    Choice { value: "csv", title: "CSV" },
    Choice { value: "parquet", title: "Parquet" },
    Choice { value: "arrow", title: "Arrow IPC" },
    Choice { value: "json_lines", title: "JSON lines" },
];

static DELIMITERS: [Choice; 4] = [
    Choice { value: "comma", title: "Comma" },
    Choice { value: "semicolon", title: "Semicolon" },
    Choice { value: "tab", title: "Tab" },
    Choice { value: "bar", title: "Vertical bar" },
];

static SPEC: Spec = Spec {
    id: "export_data",
    version: 1,
    title: "Export data",
    category: Category::Data,
    summary: "Writes a table to a file as CSV, Parquet, Arrow IPC or JSON lines.",
    docs: "Writes the rows to a file for other programs. A path is relative to the workspace's folder unless it is \
        absolute; folders are made as needed.\n\n\
        | ending | format |\n|---|---|\n\
        | `.csv`, `.tsv`, `.txt` | delimited text in UTF-8 with a header |\n\
        | `.parquet`, `.pq` | Parquet |\n\
        | `.arrow`, `.feather`, `.ipc` | Arrow IPC |\n\
        | `.jsonl`, `.ndjson` | one JSON object a line |\n\n\
        Reading the file back gives the same values: numbers have all their digits, dates and times are ISO 8601, \
        a missing value is an empty field, and a text such as `NA`, `12` or an empty one stands in quotes. In JSON \
        lines NaN and infinities are written as Python writes them.\n\n\
        - A file that is there already is replaced, but only once the new one is complete.\n\
        - Delimited text has no place for nested values: write such columns as Parquet, Arrow IPC or JSON lines.\n\
        - The step runs every time, even if nothing changed.",
    keywords: &["write", "save", "output", "download", "csv", "parquet", "feather", "json", "sink"],
    inputs: &[Port::new("table", "Table", PortKind::Table, "The rows to write.")],
    outputs: &[],
    params: &[
        Param::new(
            "path",
            "File",
            ParamKind::Text,
            Default::Text(""),
            "Where to write, such as exports/result.csv in the workspace, or an absolute path.",
        ),
        Param::new("format", "Format", ParamKind::Choice(&FORMATS), Default::Text("auto"), "How the file is written."),
        Param::new(
            "delimiter",
            "Delimiter",
            ParamKind::Choice(&DELIMITERS),
            Default::Text("comma"),
            "What separates two fields of a CSV file. A .tsv file always has tabs.",
        )
        .when("format", &["auto", "csv"])
        .advanced(),
    ],
    reusable: false,
};

/// # Errors
/// A sentence when the file's ending says nothing.
fn format(params: &Params) -> Result<FileFormat, Problem> {
    let path = params.text("path").trim();
    if path.is_empty() {
        return Err(Problem::error(NO_PATH).at_param("path"));
    }
    let of_ending = FileFormat::of_path(Path::new(path));
    let delimiter = match (of_ending, params.text("delimiter")) {
        (Some(FileFormat::Delimited(b'\t')), _) | (_, "tab") => b'\t',
        (_, "semicolon") => b';',
        (_, "bar") => b'|',
        _ => b',',
    };
    let chosen = match params.text("format") {
        "csv" => Some(FileFormat::Delimited(delimiter)),
        "parquet" => Some(FileFormat::Parquet),
        "arrow" => Some(FileFormat::ArrowIpc),
        "json_lines" => Some(FileFormat::JsonLines),
        _ => match of_ending {
            Some(FileFormat::Delimited(_)) => Some(FileFormat::Delimited(delimiter)),
            other => other,
        },
    };
    chosen.ok_or_else(|| {
        let sentence =
            "The file's ending says no format. End it in .csv, .parquet, .arrow or .jsonl, or choose a format.";
        Problem::error(sentence).at_param("path")
    })
}

fn refused(path: &Path, error: &std::io::Error) -> StepError {
    StepError::failed(format!("The file could not be written: {error}. File: {}", path.display()))
}

impl Component for ExportData {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, _known: &dyn Known) -> String {
        params.maybe_text("path").unwrap_or("No file named").to_owned()
    }

    fn infer(
        &self,
        params: &Params,
        inputs: &Shapes,
        _known: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let schema = shape_or_open(inputs, "table").schema;
        match format(params) {
            Ok(format) => {
                let refusal = format.planned_refusal(&schema);
                problems.extend(refusal.map(|sentence| Problem::error(sentence).at_port("table")));
            }
            Err(problem) => problems.push(problem),
        }
        Vec::new()
    }

    fn run(&self, params: &Params, inputs: &Inputs, context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let table = inputs.table("table")?;
        let format = format(params).map_err(|problem| StepError::failed(problem.message))?;
        let path = context.store.folder().join(params.text("path").trim());
        if path.is_dir() {
            let sentence = format!("There is a folder of that name. Name a file in it. Folder: {}", path.display());
            return Err(StepError::failed(sentence));
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| refused(&path, &error))?;
        }
        let cancelled = || context.check_cancelled().is_err();
        let rows = data::write::write(table.lazy()?, format, &path, &cancelled)?;
        context.note(&format!("Wrote {rows} {} to {}", if rows == 1 { "row" } else { "rows" }, path.display()));
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use data::polars::df;
    use data::polars::prelude::{IntoColumn, IpcReader, NamedFrom, ParquetReader, SerReader, Series};

    use super::*;
    use crate::components::testing::Bench;

    fn bench(folder: &tempfile::TempDir, path: &str) -> Bench {
        let rows = df!("name" => [Some("a,b"), None], "x" => [1.5, -2.0]).unwrap();
        Bench::new(&ExportData).table("table", rows).folder(folder.path().to_owned()).set("path", path)
    }

    #[test]
    fn writes_every_format_and_replaces_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir(at("out")).unwrap();
        fs::write(at("out/t.csv"), "old").unwrap();
        bench(&folder, "out/t.csv").run();
        assert_eq!(fs::read_to_string(at("out/t.csv")).unwrap(), "name,x\n\"a,b\",1.5\n,-2.0\n");
        bench(&folder, "t.tsv").run();
        assert_eq!(fs::read_to_string(at("t.tsv")).unwrap(), "name\tx\na,b\t1.5\n\t-2.0\n");
        bench(&folder, "new/t.jsonl").run();
        let lines = fs::read_to_string(at("new/t.jsonl")).unwrap();
        assert_eq!(lines, "{\"name\":\"a,b\",\"x\":1.5}\n{\"name\":null,\"x\":-2.0}\n");
        bench(&folder, "t.parquet").run();
        assert_eq!(ParquetReader::new(fs::File::open(at("t.parquet")).unwrap()).finish().unwrap().height(), 2);
        bench(&folder, "t.bin").set("format", "arrow").run();
        assert_eq!(IpcReader::new(fs::File::open(at("t.bin")).unwrap()).finish().unwrap().height(), 2);
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(names.into_iter().all(|name| !name.to_string_lossy().ends_with(".part")));
    }

    #[test]
    fn an_absolute_path_and_the_log() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = elsewhere.path().join("t.csv");
        let bench = bench(&folder, path.to_str().unwrap());
        assert_eq!(bench.log(), [format!("Wrote 2 rows to {}", path.display())]);
        assert!(path.exists());
    }

    #[test]
    fn mistakes_are_sentences() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(bench(&folder, " ").problems(), [NO_PATH]);
        assert!(bench(&folder, "result").problems()[0].starts_with("The file's ending says no format."));
        fs::create_dir(folder.path().join("t.csv")).unwrap();
        assert!(bench(&folder, "t.csv").failure().starts_with("There is a folder of that name."));
        let list = Series::new("l".into(), [Series::new("".into(), [1, 2])]).into_column();
        let nested = data::polars::prelude::DataFrame::new(1, vec![list]).unwrap();
        let bench = bench(&folder, "n.csv").table("table", nested);
        let sentence =
            "The column “l” holds nested or binary values, which CSV cannot. Write Parquet, or drop the column.";
        assert_eq!(bench.problems(), [sentence]);
        assert_eq!(bench.failure(), sentence);
    }
}
