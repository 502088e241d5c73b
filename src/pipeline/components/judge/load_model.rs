//! A model that was trained before.

use std::fs;
use std::sync::Arc;

use crate::component::{Category, Component, Default, Param, ParamKind, Params, Port, PortKind, Spec, StepError};
use crate::shape::{Known, Problem, Shape, Shapes};
use crate::store::{RegisteredModel, StepContext, Store};
use crate::value::{Inputs, Outputs, Value};

/// A registered model of the workspace.
pub struct LoadModel;

const NONE: &str = "Choose a registered model.";

static SPEC: Spec = Spec {
    id: "load_model",
    version: 1,
    title: "Load model",
    category: Category::Judge,
    summary: "A registered model, in its newest version, a fixed one, or the one that an alias stands for.",
    docs: "Brings a registered model into the pipeline, so that new rows can be scored or evaluated without training.\n\n\
        - `name` takes the newest version. The run records which version that was.\n\
        - `name@3` takes version 3 for good, so that a later run gives the same result.\n\
        - `name@champion` takes the version that the alias *champion* stands for when the run starts.\n\
        - Models are registered from a run on the Runs page. Models that a program logged through MLflow are its own and \
        cannot be scored here.\n\n\
        The model brings its preparation along and takes raw rows, see *Score model*.",
    keywords: &["registered model", "registry", "import model", "batch scoring", "inference", "predict", "alias"],
    inputs: &[],
    outputs: &[Port::new("model", "Trained model", PortKind::Model, "Connect it to Score model or Evaluate model.")],
    params: &[Param::new(
        "model",
        "Model",
        ParamKind::Model,
        Default::Text(""),
        "A registered model's name, name@version for a fixed version, or name@alias.",
    )],
    reusable: true,
};

fn find(params: &Params, store: &dyn Store) -> Result<RegisteredModel, StepError> {
    store.model(params.maybe_text("model").ok_or_else(|| StepError::failed(NONE))?)
}

impl Component for LoadModel {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn caption(&self, params: &Params, _inputs: &Shapes, known: &dyn Known) -> String {
        let reference = params.text("model");
        match (known.model(reference), reference.split_once('@')) {
            _ if reference.is_empty() => "No model chosen".to_owned(),
            (Ok(model), None) => format!("{} · newest, version {}", model.name, model.version),
            (Ok(model), Some((_, which))) if which != model.version.to_string() => {
                format!("{} · {which}, version {}", model.name, model.version)
            }
            (Ok(model), Some(_)) => format!("{} · version {}", model.name, model.version),
            (Err(_), _) => reference.to_owned(),
        }
    }

    fn infer(
        &self,
        params: &Params,
        _inputs: &Shapes,
        known: &dyn Known,
        _problems: &mut Vec<Problem>,
    ) -> Vec<(&'static str, Shape)> {
        // A model that is missing was reported with the parameter.
        match known.model(params.text("model")) {
            Ok(model) => vec![("model", Shape::Model(model.shape))],
            Err(_) => Vec::new(),
        }
    }

    fn run(&self, params: &Params, _inputs: &Inputs, context: &StepContext<'_>) -> Result<Outputs, StepError> {
        let registered = find(params, context.store)?;
        let bytes = fs::read(&registered.path).map_err(|error| {
            StepError::Failed(format!(
                "The model “{}” cannot be read: {error}. File: {}",
                registered.name,
                registered.path.display()
            ))
        })?;
        let model = learn::Model::from_bytes(&bytes)?;
        let (name, version) = (&registered.name, registered.version);
        context.note(&format!("{name}, version {version}: {}.", model.estimator.title()));
        Ok(vec![("model", Value::Model(Arc::new(model)))])
    }

    fn code_digest(&self, params: &Params, store: &dyn Store) -> Result<Option<String>, StepError> {
        Ok(Some(find(params, store)?.digest))
    }
}
