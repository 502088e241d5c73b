//! Training, scoring and judging models.

mod cross_validate;
mod evaluate_model;
mod load_model;
mod score_model;
mod train_model;
mod tune_threshold;

use std::sync::{Mutex, PoisonError};

use data::schema::{Column, Kind, Role, Schema};
use indexmap::IndexMap;
use learn::model::{LabelAs, TrainOptions};
use learn::{Estimator, Task};

pub use cross_validate::CrossValidate;
pub use evaluate_model::{COMPARED_REPORT, EvaluateModel, drop_compared, name_compared};
pub use load_model::LoadModel;
pub use score_model::ScoreModel;
pub use train_model::TrainModel;
pub use tune_threshold::TuneThreshold;

use crate::component::{Accept, Choice, Default, Param, ParamKind, Params, StepError};
use crate::shape::{EstimatorTask, Problem, Shape, Shapes, table};
use crate::store::StepContext;
use crate::value::Table;

const LABEL: Param = Param::new(
    "label",
    "Label column",
    ParamKind::Column { port: "table", accept: Accept::Any },
    Default::None,
    "What to predict. Empty takes the column that Edit metadata marked as label; clustering needs none.",
)
.optional();

const WEIGHT: Param = Param::new(
    "weight",
    "Weight column",
    ParamKind::Column { port: "table", accept: Accept::NumericOrBoolean },
    Default::None,
    "How much each row counts. Empty takes the column marked as weight, or counts all rows alike.",
)
.optional();

const POSITIVE: Param = Param::new(
    "positive",
    "Positive class",
    ParamKind::Text,
    Default::None,
    "Of two classes, the one that precision, recall and the curves are about. Empty means the second in order.",
)
.optional();

const THRESHOLD: Param = Param::new(
    "threshold",
    "Threshold",
    ParamKind::Real { min: 0.0, max: 1.0, unit: "" },
    Default::None,
    "Of two classes: from which probability the positive one is predicted. Empty predicts the likelier class. It travels \
     with the model; Tune threshold finds a good one.",
)
.optional()
.advanced();

const LABEL_AS: Param = Param::new(
    "label_as",
    "Take the label as",
    ParamKind::Choice(&[
        Choice { value: "auto", title: "What it looks like" },
        Choice { value: "class", title: "Classes" },
        Choice { value: "number", title: "A number" },
    ]),
    Default::Text("auto"),
    "Text and booleans are classes; numbers are numbers, unless they are all 0 or 1.",
)
.advanced();

const FEATURES: Param = Param::new(
    "features",
    "Features",
    ParamKind::Columns { port: "table", accept: Accept::Any, empty: "All but label, weight, id and ignored" },
    Default::EmptyList,
    "The columns to learn from.",
)
.advanced();

const MAX_CATEGORIES: Param = Param::new(
    "max_categories",
    "Categories at most",
    ParamKind::Integer { min: 2, max: 100_000 },
    Default::Integer(100),
    "A text feature with more different values is refused: it is rather a name than a category.",
)
.advanced();

const SEED: Param = Param::new(
    "seed",
    "Seed",
    ParamKind::Integer { min: 0, max: i64::MAX },
    Default::Integer(42),
    "The same seed gives the same result again.",
);

fn label_as(params: &Params) -> LabelAs {
    match params.text("label_as") {
        "class" => LabelAs::Class,
        "number" => LabelAs::Number,
        _ => LabelAs::Auto,
    }
}

/// What of the table to learn.
fn train_options(params: &Params, table: &Table) -> Result<TrainOptions, StepError> {
    let chosen = |name: &str| params.maybe_text(name).map(str::to_owned);
    let features = params.texts("features");
    Ok(TrainOptions {
        label: chosen("label"),
        label_as: label_as(params),
        positive: chosen("positive"),
        weight: chosen("weight"),
        features: (!features.is_empty()).then_some(features),
        roles: table.roles.clone(),
        preparation: table.preparation.clone(),
        raw: table.raw_schema()?.map(|raw| (*raw).clone()),
        threshold: params.maybe_real("threshold"),
        max_categories: usize::try_from(params.integer("max_categories")).unwrap_or(100),
    })
}

/// The estimator with another seed, where it draws at all.
fn seeded(mut estimator: Estimator, seed: i64) -> Estimator {
    let seed = seed.unsigned_abs();
    match &mut estimator {
        Estimator::DecisionTree(tree) => tree.seed = seed,
        Estimator::RandomForest(forest) => forest.seed = seed,
        Estimator::GradientBoosting(boosting) => boosting.seed = seed,
        Estimator::KMeans(clusters) => clusters.seed = seed,
        Estimator::LinearRegression(_) | Estimator::LogisticRegression(_) | Estimator::KNearestNeighbours(_) => {}
    }
    estimator
}

/// The label that training would take: the chosen column, or else the one marked as label.
fn label_column<'a>(params: &Params, schema: &'a Schema) -> Option<&'a Column> {
    match params.maybe_text("label") {
        Some(name) => schema.get(name),
        None => schema.with_role(Role::Label).next(),
    }
}

/// What training an estimator on a table will be, and what is wrong with it.
struct Lesson {
    label: Option<String>,
    label_kind: Option<Kind>,
    task: Option<Task>,
    /// Known only when all columns are.
    features: Vec<String>,
}

impl Lesson {
    fn of(params: &Params, inputs: &Shapes, problems: &mut Vec<Problem>) -> Self {
        let estimator = match inputs.get("estimator") {
            Some(Some(Shape::Estimator { title, task })) => Some((title.as_str(), *task)),
            _ => None,
        };
        let clustering = matches!(estimator, Some((_, EstimatorTask::Clustering)));
        let chosen = params.maybe_text("label").map(str::to_owned).filter(|_| !clustering);
        let Some(shape) = table(inputs, "table") else {
            let task = clustering.then_some(Task::Clustering);
            return Self { label: chosen, label_kind: None, task, features: Vec::new() };
        };
        let column = label_column(params, &shape.schema).filter(|_| !clustering);
        let label = column.map(|column| column.name.clone()).or(chosen);
        if estimator.is_some() && !clustering && label.is_none() && !shape.open {
            problems.push(Problem::error("Choose the label column, the one to predict.").at_param("label"));
        }
        if let (Some(column), Some((title, task))) = (column, estimator) {
            problems.extend(misfit(column, title, task));
        }
        let features = features(params, &shape.schema, label.as_deref());
        problems.extend(unusable(&features));
        Self {
            label,
            label_kind: column.map(|column| column.kind),
            task: if clustering { Some(Task::Clustering) } else { column.and_then(|column| task(params, column)) },
            features: features.iter().map(|column| column.name.clone()).collect(),
        }
    }
}

fn misfit(label: &Column, estimator: &str, task: EstimatorTask) -> Option<Problem> {
    let (name, found) = (&label.name, label.kind.phrase());
    let problem = match task {
        EstimatorTask::Regression if !label.kind.is_numeric() && label.kind != Kind::Boolean => {
            format!(
                "{estimator} predicts numbers, but the label “{name}” holds {found} in each row. Use Logistic regression \
             or another classifier."
            )
        }
        _ if label.kind.is_temporal() || label.kind == Kind::Other => {
            format!("The label “{name}” holds {found} in each row. A label is a number, a text or a boolean.")
        }
        _ => return None,
    };
    Some(Problem::error(problem).at_param("label"))
}

/// Columns that training would learn from.
fn features<'a>(params: &Params, schema: &'a Schema, label: Option<&str>) -> Vec<&'a Column> {
    let (chosen, weight) = (params.texts("features"), params.maybe_text("weight"));
    let by_default = |column: &&Column| {
        let name = Some(column.name.as_str());
        name != label && name != weight && matches!(column.role, None | Some(Role::Feature))
    };
    if chosen.is_empty() {
        return schema.columns.iter().filter(by_default).collect();
    }
    chosen.iter().filter_map(|name| schema.get(name)).collect()
}

fn unusable(features: &[&Column]) -> Option<Problem> {
    let wrong = features.iter().find(|column| column.kind.is_temporal() || column.kind == Kind::Other)?;
    let (name, found) = (&wrong.name, wrong.kind.phrase());
    Some(Problem::error(format!(
        "The column “{name}” holds {found} in each row, which no model learns from. Take it out with Select columns, \
         or compute a number from it with Add column."
    )))
}

/// What is known of the task before the rows are: how many classes there are is not.
fn task(params: &Params, label: &Column) -> Option<Task> {
    match (label_as(params), label.kind) {
        (_, Kind::Boolean) => Some(Task::Binary),
        (LabelAs::Number, _) | (LabelAs::Auto, Kind::Real | Kind::Decimal) => Some(Task::Regression),
        _ => None,
    }
}

fn task_name(task: Task) -> &'static str {
    match task {
        Task::Regression => "Regression",
        Task::Binary => "Binary",
        Task::Multiclass => "Multi-class",
        Task::Clustering => "Clustering",
    }
}

/// Passes what an algorithm reports on to the run, and remembers where each curve ended.
struct Watch<'a> {
    context: &'a StepContext<'a>,
    last: Mutex<IndexMap<String, f64>>,
}

impl<'a> Watch<'a> {
    fn new(context: &'a StepContext<'a>) -> Self {
        Self { context, last: Mutex::default() }
    }

    fn last(self) -> IndexMap<String, f64> {
        self.last.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl learn::Observer for Watch<'_> {
    fn progress(&self, fraction: f64, message: &str) {
        self.context.progress(Some(fraction as f32), message);
    }

    fn metric(&self, name: &str, value: f64, step: u64) {
        let step = i64::try_from(step).unwrap_or(i64::MAX);
        self.context.observer.metric(self.context.job, name, value, step);
        self.last.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), value);
    }

    fn cancelled(&self) -> bool {
        self.context.observer.cancelled()
    }
}

#[cfg(test)]
mod tests;
