//! A person's own Python.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::exchange::Sent;
use super::{imports, process};
use crate::component::{
    Category, Choice, Code, Component, Default, Param, ParamKind, Params, Port, PortKind, Spec, StepError,
};
use crate::components::tables::scored_of;
use crate::shape::{Known, Problem, Shape, Shapes, TableShape};
use crate::store::{StepContext, Store};
use crate::value::{Inputs, Outputs, Table, Value};

pub struct PythonScript;

/// Calls a script; see its own documentation.
pub(super) const RUNNER: &str = include_str!("runner.py");
/// The modules that it imports, which read and write the tables around a script.
pub(super) const MODULES: [(&str, &str); 3] = [
    ("atelier_tables.py", include_str!("tables.py")),
    ("atelier_columns.py", include_str!("columns.py")),
    ("atelier_values.py", include_str!("values.py")),
];

const INLINE: &str = "def run(table1):\n    return table1\n";

static SPEC: Spec = Spec {
    id: "python_script",
    version: 1,
    title: "Python script",
    category: Category::Code,
    summary: "Runs your own Python on up to three tables.",
    docs: "Calls the script’s function `run` with the connected tables and takes what it returns:\n\n\
        ```python\ndef run(table1, table2, table3):\n    return table1, table2\n```\n\n\
        - Tables come as **pandas** data frames if pandas and pyarrow are installed, else as **polars** data frames, \
        else as **pyarrow** tables; *Tables as* fixes one. A table that is not connected is `None`.\n\
        - Return one table, or two for both outputs: of any of these libraries, a dictionary of columns, or a list of \
        rows. An index of pandas becomes a column if it has a name.\n\
        - Every value comes back as it went. In pandas a column is of numpy’s type where that holds all of its values, \
        and else of a type that does: `Int64` and `boolean` for whole numbers and booleans with gaps, Arrow’s types for \
        decimals, dates, times of day, nested values, and real numbers among which NaN is not the same as missing. A \
        column that comes back in another type than it went is named in the log and on the step; one that no table can \
        hold, such as periods or texts among numbers, is an error that says what to do.\n\
        - What the script prints, and its errors, are in the step’s log while it runs. \
        `import atelier; atelier.progress(0.5)` and `atelier.log_metric(\"loss\", 0.1, step=3)` show in the window.\n\
        - The script runs in the workspace’s folder and can import from its `src` folder. Cancelling kills it and \
        everything it started.\n\n\
        An *environment* is a file under `environments` that lists packages; Atelier installs them and the script runs \
        there instead of in the interpreter.\n\n\
        The result is kept until the script, what it imports from `src`, its environment or its tables change. Switch \
        *Reuse the result* off for a script that reads something else, such as a web page.",
    keywords: &["code", "pandas", "polars", "numpy", "custom", "function"],
    inputs: &[
        Port::new("table1", "Table 1", PortKind::Table, "The first argument of run.").optional(),
        Port::new("table2", "Table 2", PortKind::Table, "The second argument of run.").optional(),
        Port::new("table3", "Table 3", PortKind::Table, "The third argument of run.").optional(),
    ],
    outputs: &[
        Port::new("table", "Result", PortKind::Table, "The first table that run returns."),
        Port::new("table2", "Second result", PortKind::Table, "The second table, if run returns two.").optional(),
    ],
    params: &[
        Param::new(
            "source",
            "Script",
            ParamKind::Choice(&[
                Choice { value: "inline", title: "Written here" },
                Choice { value: "file", title: "A file" },
            ]),
            Default::Text("inline"),
            "Where the script is.",
        ),
        Param::new(
            "script",
            "Code",
            ParamKind::Code { language: "python" },
            Default::Text(INLINE),
            "Defines run, which takes tables and returns tables.",
        )
        .when("source", &["inline"]),
        Param::new(
            "file",
            "File",
            ParamKind::Text,
            Default::None,
            "Relative to the workspace’s folder, such as src/clean.py.",
        )
        .when("source", &["file"]),
        Param::new(
            "library",
            "Tables as",
            ParamKind::Choice(&[
                Choice { value: "auto", title: "Whatever is installed" },
                Choice { value: "pandas", title: "pandas" },
                Choice { value: "polars", title: "polars" },
                Choice { value: "pyarrow", title: "pyarrow" },
            ]),
            Default::Text("auto"),
            "How the script gets its tables.",
        ),
        Param::new(
            "interpreter",
            "Interpreter",
            ParamKind::Text,
            Default::None,
            "A python executable, such as .venv/bin/python. Empty means the workspace’s. An environment goes before it.",
        )
        .optional(),
        Param::new(
            "reuse",
            "Reuse the result",
            ParamKind::Boolean,
            Default::Boolean(true),
            "Off, the script runs every time.",
        )
        .advanced(),
    ],
    reusable: true,
};

impl Component for PythonScript {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn caption(&self, params: &Params, _: &Shapes, _: &dyn Known) -> String {
        if params.text("source") == "file" {
            return params.maybe_text("file").unwrap_or("No file chosen").to_owned();
        }
        let lines = params.text("script").lines().filter(|line| !line.trim().is_empty()).count();
        if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") }
    }

    fn infer(
        &self,
        params: &Params,
        _: &Shapes,
        _: &dyn Known,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        let script = params.text("script");
        let defined = script.lines().any(|line| line.starts_with("def run") || line.starts_with("run"))
            || script.contains("import run");
        if params.text("source") == "inline" && !script.trim().is_empty() && !defined {
            let sentence = "The script should define a function run. Write def run(table1): and return a table.";
            problems.push(Problem::error(sentence).at_param("script"));
        }
        let open = || Shape::Table(TableShape { open: true, ..TableShape::default() });
        vec![("table", open()), ("table2", open())]
    }

    fn run(&self, params: &Params, inputs: &Inputs, context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let script = Script::of(params, context.store)?;
        let interpreter = match &context.environment {
            Some(environment) => environment.interpreter.clone(),
            None => interpreter(params, context.store)?,
        };
        let work = Work::new(context.store)?;
        let outputs: BTreeMap<&str, PathBuf> =
            SPEC.outputs.iter().map(|port| (port.name, work.path(&format!("{}.parquet", port.name)))).collect();
        let (tables_in, sent) = Sent::of(inputs, |name| work.path(name))?;
        let task = json!({
            "name": script.name,
            "source": script.text,
            "folder": context.store.folder(),
            "library": params.text("library"),
            "inputs": tables_in,
            "outputs": outputs,
            "result": work.path("result.json"),
        });
        let result = work.carry_out(&interpreter, &task, context)?;

        let roles = roles(inputs);
        let is_made = |port: &&Port| result["outputs"].as_array().is_some_and(|made| made.contains(&json!(port.name)));
        let mut said: Vec<String> = result["notes"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|note| Some(note.as_str()?.to_owned()))
            .collect();
        let given: Vec<&Table> = inputs.values().filter_map(as_table).collect();
        let mut tables = Outputs::new();
        for port in SPEC.outputs.iter().filter(is_made) {
            // The work folder goes with this function, so the file is moved to a place that stays.
            let kept = context.store.scratch_file("parquet")?;
            let (mut table, changes) = sent.returned(&outputs[port.name], kept)?;
            said.extend(changes);

            let schema = table.schema()?;
            table.scored = scored_of(&given, &schema)?;
            table.roles =
                roles.iter().filter(|(name, _)| schema.contains(name)).map(|(n, r)| (n.clone(), *r)).collect();
            tables.push((port.name, Value::Table(table)));
        }
        say(&said, context);
        Ok(tables)
    }

    fn code_digest(&self, params: &Params, store: &dyn Store) -> Result<Option<String>, StepError> {
        let mut hasher = blake3::Hasher::new();
        if !params.boolean("reuse") {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            hasher.update(&now.as_nanos().to_le_bytes());
        }
        let script = Script::of(params, store)?;
        hasher.update(script.text.as_bytes());
        hasher.update(RUNNER.as_bytes());
        for (_, text) in MODULES {
            hasher.update(text.as_bytes());
        }
        // Without an interpreter the step fails when it runs, with a sentence of its own.
        if let Ok(interpreter) = interpreter(params, store) {
            hasher.update(interpreter.to_string_lossy().as_bytes());
        }
        for file in imports::own_modules(&script.text, &store.folder().join("src")) {
            hasher.update(file.to_string_lossy().as_bytes());
            hasher.update(&fs::read(&file).unwrap_or_default());
        }
        Ok(Some(hasher.finalize().to_hex().to_string()))
    }

    fn takes_environment(&self) -> bool {
        true
    }

    fn code(&self, params: &Params, store: &dyn Store) -> Option<Code> {
        let mut files = Vec::new();
        if params.text("source") == "file" && !params.text("file").is_empty() {
            files.push(store.folder().join(params.text("file")));
        }
        // A script that cannot be read imports nothing; the step says why when it runs.
        let text = Script::of(params, store).map(|script| script.text).unwrap_or_default();
        files.extend(imports::own_modules(&text, &store.folder().join("src")));
        files.dedup();
        Some(Code { files, interpreter: interpreter(params, store).ok() })
    }
}

/// What a script is called in tracebacks, and its text.
struct Script {
    name: String,
    text: String,
}

impl Script {
    fn of(params: &Params, store: &dyn Store) -> Result<Self, StepError> {
        if params.text("source") != "file" {
            return Ok(Self { name: "<script>".to_owned(), text: params.text("script").to_owned() });
        }
        let name = params.text("file").to_owned();
        if name.is_empty() {
            return Err(StepError::Failed("No script is chosen. Write the path of one under src.".to_owned()));
        }
        let path = store.folder().join(&name);
        let text = fs::read_to_string(&path).map_err(|error| {
            StepError::Failed(format!("The script cannot be read: {error}. File: {}", path.display()))
        })?;
        Ok(Self { name, text })
    }
}

fn interpreter(params: &Params, store: &dyn Store) -> Result<PathBuf, StepError> {
    match params.maybe_text("interpreter") {
        // A path is relative to the workspace; a bare name is looked for in PATH.
        Some(name) if name.contains(['/', '\\']) => Ok(store.folder().join(name)),
        Some(name) => Ok(PathBuf::from(name)),
        None => store.python(),
    }
}

/// Longer lines of a script are cut where an error quotes them.
const QUOTED: usize = 80;

/// "The script failed on line 3 (“return row["area"]”): KeyError: 'area'"
fn failure(error: &str, result: &Json) -> String {
    if result["raised"].as_bool() != Some(true) {
        return error.to_owned();
    }
    let mut place = String::new();
    if let Some(line) = result["line"].as_u64() {
        place.push_str(&format!(" on line {line}"));
    }
    if let Some(code) = result["code"].as_str().filter(|code| !code.is_empty()) {
        let short: String = code.chars().take(QUOTED).collect();
        let more = if short.len() < code.len() { "…" } else { "" };
        place.push_str(&format!(" (“{short}{more}”)"));
    }
    if let (Some(file), Some(line)) = (result["inside"]["file"].as_str(), result["inside"]["line"].as_u64()) {
        place.push_str(&format!(", in line {line} of {file}"));
    }
    format!("The script failed{place}: {error}")
}

/// Puts what happened to the tables on the way into the log and onto the step.
fn say(said: &[String], context: &StepContext<'_>) {
    said.iter().for_each(|sentence| context.warn(sentence));
    match said {
        [] => {}
        [only] => context.progress(None, only),
        [first, rest @ ..] => context.progress(None, &format!("{first} And {} more, see the log.", rest.len())),
    }
}

fn as_table(value: &Value) -> Option<&Table> {
    match value {
        Value::Table(table) => Some(table),
        _ => None,
    }
}

/// The roles that the inputs give to their columns; the first one wins.
fn roles(inputs: &Inputs) -> BTreeMap<String, data::schema::Role> {
    let mut roles = BTreeMap::new();
    for table in inputs.values() {
        if let Value::Table(table) = table {
            for (name, role) in &table.roles {
                roles.entry(name.clone()).or_insert(*role);
            }
        }
    }
    roles
}

/// A folder for one run of a script, gone afterwards.
struct Work {
    folder: PathBuf,
}

impl Work {
    fn new(store: &dyn Store) -> Result<Self, StepError> {
        let folder = store.scratch_file("python")?;
        fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
        Ok(Self { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Runs a task to its end and returns what its process left behind.
    ///
    /// # Errors
    /// A sentence when Python cannot be started or ends early, or when the script fails.
    fn carry_out(&self, interpreter: &Path, task: &Json, context: &StepContext<'_>) -> Result<Json, StepError> {
        let (runner, task_path) = (self.path("runner.py"), self.path("task.json"));
        write(&runner, RUNNER)?;
        MODULES.iter().try_for_each(|(name, text)| write(&self.path(name), text))?;
        write(&task_path, &task.to_string())?;

        let status = process::run(interpreter, [&runner, &task_path], &context.store.folder(), context)?;
        let result = fs::read_to_string(self.path("result.json")).ok();
        let Some(result) = result.and_then(|text| serde_json::from_str::<Json>(&text).ok()) else {
            return Err(StepError::Failed(format!(
                "Python ended early ({status}). Its last lines in the log may say why; it may have run out of memory."
            )));
        };
        match result["error"].as_str() {
            Some(error) => Err(StepError::Failed(failure(error, &result))),
            None => Ok(result),
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // What stays is swept with the other temporary files.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn write(path: &Path, text: &str) -> Result<(), StepError> {
    fs::write(path, text).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> StepError {
    StepError::Failed(format!("A temporary file cannot be written: {error}. File: {}", path.display()))
}
