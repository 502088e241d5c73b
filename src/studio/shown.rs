//! What MLflow's clients see of a pipeline's step: its outputs as artifacts, and a trained model as a logged one.

use data::schema::Kind;
use pipeline::component::PortKind;
use pipeline::meta::{Meta, ModelMeta};
use pipeline::store::Stored;
use serde_json::Value as Json;
use workspace::tracking::{MODEL_FILE, TrainedModel};
use workspace::{Batch, Output, Workspace};

use crate::Result;
use crate::store::stored;

/// What is shown of one step.
pub(crate) struct Shown {
    /// Paths below the run's artifacts, with the digests of their bytes.
    files: Vec<(String, String)>,
    models: Vec<TrainedModel>,
    /// The run nested in this one that has the models, where the run makes several.
    nested: Option<String>,
}

impl Shown {
    /// Puts together what is shown, and stores the files that describe models.
    ///
    /// # Errors
    /// A full disk.
    pub(crate) fn of(
        workspace: &Workspace,
        run: &str,
        job: &str,
        outputs: &[Output],
        nested: Option<&str>,
    ) -> Result<Self> {
        let mut shown = Self { files: Vec::new(), models: Vec::new(), nested: nested.map(str::to_owned) };
        for output in outputs.iter().cloned().filter_map(stored) {
            let name = format!("{}.{}", output.port, extension(output.kind));
            shown.files.push((format!("{job}/{name}"), output.digest.clone()));
            if let Some(Meta::Model(meta)) = Meta::of(&output) {
                shown.models.push(model(workspace, run, job, &output, &meta)?);
            }
        }
        Ok(shown)
    }

    /// Writes it down with what else is known of the step.
    pub(crate) fn write(&self, batch: &Batch<'_>, run: &str) -> workspace::Result<()> {
        for (path, digest) in &self.files {
            batch.show_output(run, path, digest)?;
        }
        for model in &self.models {
            batch.show_model(run, model)?;
            if let Some(nested) = &self.nested {
                batch.add_model_output(nested, &model.id)?;
            }
        }
        Ok(())
    }
}

fn extension(kind: PortKind) -> &'static str {
    match kind {
        PortKind::Table => "parquet",
        PortKind::Model => "model",
        PortKind::Estimator | PortKind::Transform | PortKind::Report => "json",
    }
}

/// A trained model as a logged one. Its id is the same whenever it is asked for.
///
/// # Errors
/// A full disk.
pub(crate) fn model(
    workspace: &Workspace,
    run: &str,
    job: &str,
    output: &Stored,
    meta: &ModelMeta,
) -> Result<TrainedModel> {
    let id = model_id(run, job, &output.port);
    let text = ml_model(&id, run, MODEL_FILE, meta);
    let bytes = workspace.blob(&output.digest)?;
    let mut files = vec![("MLmodel".to_owned(), workspace.put_bytes(text.as_bytes())?)];
    files.extend(bytes.map(|bytes| (MODEL_FILE.to_owned(), bytes)));
    Ok(TrainedModel { id, name: job.to_owned(), kind: meta.algorithm.clone(), params: params(&meta.estimator), files })
}

/// The id of the logged model that a step's output is: always the same for the same port of the same run.
pub(crate) fn model_id(run: &str, job: &str, port: &str) -> String {
    let name = format!("{run} {job} {port}");
    format!("m-{}", &blake3::hash(name.as_bytes()).to_hex()[..32])
}

/// MLflow's description of a model's folder. The flavor is our own: only this program reads it.
fn ml_model(id: &str, run: &str, file: &str, meta: &ModelMeta) -> String {
    let column = |name: &str, kind: &str| serde_json::json!({ "name": name, "required": true, "type": kind });
    let inputs: Vec<Json> = match meta.input.is_empty() {
        // A model from before its raw columns were known for certain.
        true => meta.features.iter().map(|name| column(name, "any")).collect(),
        false => meta.input.columns.iter().map(|it| column(&it.name, mlflow_type(it.kind))).collect(),
    };
    let inputs = Json::from(inputs).to_string();
    let created = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S.%6f");
    // JSON is YAML: a text in quotes is one whatever it holds.
    let text = |value: &str| Json::from(value).to_string();
    format!(
        "flavors:\n  atelier:\n    algorithm: {}\n    data: {file}\n    label: {}\n    task: {}\nmodel_id: {id}\nrun_id: {run}\n\
         signature:\n  inputs: {}\nutc_time_created: '{created}'\n",
        text(&meta.algorithm),
        meta.label.as_deref().map_or_else(|| "null".to_owned(), text),
        serde_json::to_value(meta.task).unwrap_or_default(),
        text(&inputs),
    )
}

/// What MLflow calls a kind of column.
fn mlflow_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Boolean => "boolean",
        Kind::Integer => "long",
        Kind::Real | Kind::Decimal => "double",
        Kind::Text | Kind::Category => "string",
        Kind::Date | Kind::DateTime => "datetime",
        Kind::Time | Kind::Duration | Kind::Other => "any",
    }
}

/// The estimator's settings, as deep as they go: `depth`, `booster.rate`.
fn params(estimator: &Json) -> Vec<(String, String)> {
    fn collect(prefix: &str, value: &Json, found: &mut Vec<(String, String)>) {
        match value {
            Json::Object(fields) => {
                for (key, value) in fields {
                    let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                    collect(&key, value, found);
                }
            }
            Json::Null => {}
            Json::String(text) => found.push((prefix.to_owned(), text.clone())),
            other => found.push((prefix.to_owned(), other.to_string())),
        }
    }
    // The outermost name is the algorithm's.
    let inner = estimator.as_object().filter(|fields| fields.len() == 1).and_then(|fields| fields.values().next());
    let mut found = Vec::new();
    collect("", inner.filter(|inner| inner.is_object()).unwrap_or(estimator), &mut found);
    found.retain(|(key, _)| !key.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_named_by_their_place() {
        let settings = serde_json::json!({"forest": {"trees": 100, "depth": null, "of": {"seed": 7, "kind": "gini"}}});
        let expected = [("of.kind", "gini"), ("of.seed", "7"), ("trees", "100")];
        let mut found = params(&settings);
        found.sort();
        assert_eq!(found, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }
}
