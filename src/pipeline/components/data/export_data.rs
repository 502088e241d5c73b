use std::path::{Path, PathBuf};
use std::sync::Arc;

use data::polars::prelude::{
    CsvWriterOptions, Engine, FileWriteFormat, IpcWriterOptions, NDJsonWriterOptions, ParquetWriteOptions, PlRefPath,
    SerializeOptions, SinkDestination, SinkTarget, UnifiedSinkArgs,
};
use data::schema::{Kind, Schema};

use crate::component::{
    Category, Choice, Component, Default, Param, ParamKind, Params, Port, PortKind, Spec, StepError,
};
use crate::components::tables::{height, shape_or_open};
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
        | `.csv`, `.tsv`, `.txt` | delimited text in UTF-8 with a header, dates and times as ISO 8601 |\n\
        | `.parquet`, `.pq` | Parquet |\n\
        | `.arrow`, `.feather`, `.ipc` | Arrow IPC |\n\
        | `.jsonl`, `.ndjson` | one JSON object a line |\n\n\
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv(u8),
    Parquet,
    Arrow,
    JsonLines,
}

/// # Errors
/// A sentence when the file's ending says nothing.
fn format(params: &Params) -> Result<Format, Problem> {
    let path = params.text("path").trim();
    if path.is_empty() {
        return Err(Problem::error(NO_PATH).at_param("path"));
    }
    let ending = Path::new(path).extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let delimiter = match params.text("delimiter") {
        _ if ending == "tsv" => b'\t',
        "semicolon" => b';',
        "tab" => b'\t',
        "bar" => b'|',
        _ => b',',
    };
    let of_ending = |ending: &str| {
        Some(match ending {
            "csv" | "tsv" | "txt" => Format::Csv(delimiter),
            "parquet" | "pq" => Format::Parquet,
            "arrow" | "feather" | "ipc" => Format::Arrow,
            "jsonl" | "ndjson" | "json" => Format::JsonLines,
            _ => return None,
        })
    };
    let chosen = match params.text("format") {
        "csv" => Some(Format::Csv(delimiter)),
        "parquet" => Some(Format::Parquet),
        "arrow" => Some(Format::Arrow),
        "json_lines" => Some(Format::JsonLines),
        _ => of_ending(&ending),
    };
    chosen.ok_or_else(|| {
        let sentence =
            "The file's ending says no format. End it in .csv, .parquet, .arrow or .jsonl, or choose a format.";
        Problem::error(sentence).at_param("path")
    })
}

/// # Errors
/// A sentence naming a column that the format cannot hold.
fn check_columns(format: Format, schema: &Schema) -> Result<(), Problem> {
    let nested = schema.columns.iter().find(|column| column.kind == Kind::Other);
    match (format, nested) {
        (Format::Csv(_), Some(column)) => {
            let sentence = format!(
                "The column “{}” holds nested or binary values, which CSV cannot. Write Parquet, or drop the column.",
                column.name
            );
            Err(Problem::error(sentence).at_port("table"))
        }
        _ => Ok(()),
    }
}

fn writer(format: Format) -> FileWriteFormat {
    match format {
        Format::Csv(separator) => {
            let serialize_options = Arc::new(SerializeOptions { separator, ..SerializeOptions::default() });
            FileWriteFormat::Csv(CsvWriterOptions {
                serialize_options,
                check_extension: false,
                ..CsvWriterOptions::default()
            })
        }
        Format::Parquet => FileWriteFormat::Parquet(Arc::new(ParquetWriteOptions::default())),
        Format::Arrow => FileWriteFormat::Ipc(IpcWriterOptions::default()),
        Format::JsonLines => {
            FileWriteFormat::NDJson(NDJsonWriterOptions { check_extension: false, ..NDJsonWriterOptions::default() })
        }
    }
}

/// A name beside the file for what is not complete yet.
fn unfinished(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.{}.part", std::process::id()))
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
        problems.extend(format(params).and_then(|format| check_columns(format, &schema)).err());
        Vec::new()
    }

    fn run(&self, params: &Params, inputs: &Inputs, context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let table = inputs.table("table")?;
        let schema = table.schema()?;
        let format = format(params).and_then(|format| check_columns(format, &schema).map(|()| format));
        let format = format.map_err(|problem| StepError::failed(problem.message))?;
        let path = context.store.folder().join(params.text("path").trim());
        if path.is_dir() {
            let sentence = format!("There is a folder of that name. Name a file in it. Folder: {}", path.display());
            return Err(StepError::failed(sentence));
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| refused(&path, &error))?;
        }
        let part = unfinished(&path);
        let target = SinkTarget::Path(PlRefPath::new(part.to_string_lossy()));
        let sink = table.lazy()?.sink(SinkDestination::File { target }, writer(format), UnifiedSinkArgs::default())?;
        let written = sink.collect_with_engine(Engine::Streaming);
        let finished = written.map_err(StepError::from).and_then(|_| {
            context.check_cancelled()?;
            std::fs::rename(&part, &path).map_err(|error| refused(&path, &error))
        });
        if finished.is_err() {
            // The failure is what matters; a leftover is only untidy.
            let _ = std::fs::remove_file(&part);
        }
        finished?;
        let rows = height(table)?;
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
