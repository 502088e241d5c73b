//! The steps between rows that nothing was learnt from and a table, and carrying them out again on parts of the rows.
//!
//! A step that divides its rows again and again (cross-validation) must not let a part see what was learnt from the
//! others. So it does not divide the table it is given, but the one at the beginning of the chain of steps that made it,
//! and lets each part go through the chain by itself. The rows of both tables are told to be the same by their numbers:
//! steps that change columns keep the order of rows, and those that choose rows are carried out once more with the
//! numbers beside them.

use std::collections::BTreeMap;

use data::polars::prelude::{Column, DataFrame, DataType, IdxCa, IdxSize, NewChunkedArray};
use data::prepare::Preparation;
use data::schema::Role;
use serde_json::{Value as Json, json};

use crate::component::{Component, ParamKind, Params, RowRelation, StepError};
use crate::components;
use crate::execute::outputs::open_output;
use crate::execute::{carried, decisive};
use crate::meta::Meta;
use crate::plan::{Plan, Source, Step};
use crate::store::{Observer, StepContext, StepEvent, Store, Stored, Stream};
use crate::value::{Inputs, InputsExt, Table, TableContent, Value};

/// The input and output that rows pass through from step to step.
const TABLE: &str = "table";

/// The steps from rows that nothing was learnt from to a table.
#[derive(Clone)]
pub struct Chain {
    /// The rows before the first step.
    pub root: Stored,
    /// In the order they are carried out.
    links: Vec<Link>,
    /// Titles of steps that learnt from the rows, or from more of them, and cannot be carried out again.
    pub beyond: Vec<String>,
}

/// One step of a chain.
#[derive(Clone)]
struct Link {
    component: &'static dyn Component,
    params: Params,
    /// The output that the chain goes on from.
    output: String,
    /// What came in, by port.
    inputs: BTreeMap<String, Stored>,
}

impl Link {
    fn relation(&self) -> RowRelation {
        self.component.row_relation(&self.params)
    }

    fn learns(&self) -> bool {
        self.component.learns(&self.params)
    }

    fn title(&self) -> &'static str {
        self.component.spec().title
    }
}

/// Finds what a job gave on a port.
type Computed<'a> = &'a dyn Fn(&str, &str) -> Option<Stored>;

impl Chain {
    /// The chain behind the input that a step divides; none where the step divides nothing, or where nothing was learnt
    /// from the rows and none of them comes twice.
    pub fn of(plan: &Plan, step: &Step, computed: Computed) -> Option<Self> {
        let port = components::find(&step.component)?.refits()?;
        let mut source = step.inputs.iter().find(|source| source.port == port)?;
        let mut backwards: Vec<(&Step, Link)> = Vec::new();
        // A plan has no circle: each step stands after those it needs.
        while let Some((producer, link)) = link(plan, source, computed) {
            let Some(before) = producer.inputs.iter().find(|source| source.port == TABLE) else { break };
            if link.relation() == RowRelation::New {
                break;
            }
            backwards.push((producer, link));
            source = before;
        }

        let matters = |link: &Link| link.learns() || link.relation() == RowRelation::Drawn;
        let first = backwards.iter().rposition(|(_, link)| matters(link));
        backwards.truncate(first.map_or(0, |first| first + 1));
        let beyond = beyond(plan, step, port, &backwards);
        let root = match backwards.last() {
            Some((_, link)) => link.inputs.get(TABLE)?.clone(),
            None if beyond.is_empty() => return None,
            None => {
                let source = step.inputs.iter().find(|source| source.port == port)?;
                computed(&source.job, &source.output)?
            }
        };
        let links = backwards.into_iter().rev().map(|(_, link)| link).collect();
        Some(Self { root, links, beyond })
    }

    /// What of the chain decides a result.
    ///
    /// # Errors
    /// When a step's code cannot be found.
    pub(crate) fn key(&self, store: &dyn Store) -> Result<Json, StepError> {
        let mut links = Vec::new();
        for link in &self.links {
            let spec = link.component.spec();
            let inputs: BTreeMap<&str, &str> =
                link.inputs.iter().map(|(port, stored)| (port.as_str(), stored.digest.as_str())).collect();
            let code = link.component.code_digest(&link.params, store)?;
            links.push(json!([spec.id, spec.version, decisive(spec, &link.params), link.output, inputs, code]));
        }
        let carried = match Meta::of(&self.root) {
            Some(Meta::Table(table)) => carried(&table),
            _ => Json::Null,
        };
        Ok(json!([self.root.digest, carried, links, self.beyond]))
    }

    /// Titles of the steps that each part of the rows goes through by itself.
    pub fn refitted(&self) -> Vec<&'static str> {
        self.links.iter().filter(|link| link.learns()).map(Link::title).collect()
    }
}

/// The step that gives a source, as a link.
fn link<'a>(plan: &'a Plan, source: &Source, computed: Computed) -> Option<(&'a Step, Link)> {
    let producer = plan.steps.iter().find(|step| step.job == source.job)?;
    let component = components::find(&producer.component)?;
    let input = |source: &Source| Some((source.port.clone(), computed(&source.job, &source.output)?));
    let inputs: Option<BTreeMap<String, Stored>> = producer.inputs.iter().map(input).collect();
    let link = Link { component, params: producer.params.clone(), output: source.output.clone(), inputs: inputs? };
    Some((producer, link))
}

/// Titles of the steps before a table that learnt from rows and are not part of its chain.
fn beyond(plan: &Plan, step: &Step, port: &str, chain: &[(&Step, Link)]) -> Vec<String> {
    let in_chain = |job: &str| chain.iter().any(|(step, _)| step.job == job);
    let mut titles = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let mut open: Vec<&Source> = step.inputs.iter().filter(|source| source.port == port).collect();
    while let Some(source) = open.pop() {
        let Some(producer) = plan.steps.iter().find(|step| step.job == source.job) else { continue };
        if !seen.insert(producer.job.as_str()) {
            continue;
        }
        open.extend(&producer.inputs);
        let Some(component) = components::find(&producer.component) else { continue };
        if component.learns(&producer.params) && !in_chain(&producer.job) {
            titles.push(component.spec().title.to_owned());
        }
    }
    titles.sort();
    titles.dedup();
    titles
}

/// Rows of a chain's beginning, ready to be divided and sent through the chain.
pub struct Replay<'a> {
    chain: &'a Chain,
    context: &'a StepContext<'a>,
    root: Table,
    rows: DataFrame,
    /// By row of the table at the chain's end, the number of its row at the beginning.
    origins: Vec<usize>,
}

impl<'a> Replay<'a> {
    /// Reads the rows, and finds out which of them those at the chain's end are; there are `height` of those.
    ///
    /// # Errors
    /// When rows cannot be read, or a step that chooses rows does not choose the same again.
    pub fn new(chain: &'a Chain, context: &'a StepContext<'a>, height: usize) -> Result<Self, StepError> {
        let Value::Table(root) = open_output(context.store, &chain.root)? else {
            return Err(StepError::failed("The rows to divide are no table."));
        };
        let rows = root.frame()?;
        let mut origins: Vec<usize> = (0..height).collect();
        for link in chain.links.iter().rev() {
            if matches!(link.relation(), RowRelation::Some | RowRelation::Drawn) {
                let chosen = chosen_rows(link, context)?;
                let before = origins.iter().map(|&row| chosen.get(row).copied());
                origins = before.collect::<Option<_>>().ok_or_else(|| not_again(link))?;
            }
        }
        let mut highest = 0;
        origins.iter().for_each(|&row| highest = highest.max(row + 1));
        if highest > rows.height() {
            return Err(StepError::failed(
                "The rows do not fit those that they were made of. Run the pipeline again without reusing results.",
            ));
        }
        Ok(Self { chain, context, root, rows, origins })
    }

    /// By row of the table, what row of the beginning it is.
    pub fn origins(&self) -> &[usize] {
        &self.origins
    }

    /// The training rows after the chain, which learns from them alone, and the test rows after what it learnt.
    ///
    /// # Errors
    /// A step that cannot learn from the training rows.
    pub fn part(&self, train: &[usize], test: &[usize]) -> Result<[DataFrame; 2], StepError> {
        let content = TableContent::Frame(self.take(train)?);
        let mut table = self.root.with(content);
        for link in &self.chain.links {
            if link.relation() == RowRelation::Same {
                table = self.run(link, table)?;
            }
        }
        let learnt = Preparation(table.preparation.0[self.root.preparation.0.len()..].to_vec());
        let test = learnt.apply(&self.take(test)?)?;
        Ok([table.frame()?, test])
    }

    fn take(&self, rows: &[usize]) -> Result<DataFrame, StepError> {
        let numbers = rows.iter().map(|&row| self.origins[row] as IdxSize);
        Ok(self.rows.take(&IdxCa::from_iter_values("".into(), numbers))?)
    }

    fn run(&self, link: &Link, table: Table) -> Result<Table, StepError> {
        let mut inputs = Inputs::new();
        for (port, stored) in link.inputs.iter().filter(|(port, _)| *port != TABLE) {
            inputs.insert(port.clone(), open_output(self.context.store, stored)?);
        }
        inputs.insert(TABLE.to_owned(), table.into());
        run_quietly(link, &link.params, &inputs, self.context)
    }
}

/// Carries out a link without a word, and gives the output that the chain goes on from.
fn run_quietly(link: &Link, params: &Params, inputs: &Inputs, context: &StepContext<'_>) -> Result<Table, StepError> {
    let quiet = Quiet(context.observer);
    let context = StepContext {
        job: context.job,
        store: context.store,
        observer: &quiet,
        threads: 1,
        environment: None,
        chain: None,
    };
    let outputs = link.component.run(params, inputs, &context)?;
    match outputs.into_iter().find(|(port, _)| *port == link.output) {
        Some((_, Value::Table(table))) => Ok(table),
        _ => Err(not_again(link)),
    }
}

/// The numbers of the rows that a link chose from its input.
fn chosen_rows(link: &Link, context: &StepContext<'_>) -> Result<Vec<usize>, StepError> {
    let mut inputs = Inputs::new();
    for (port, stored) in &link.inputs {
        inputs.insert(port.clone(), open_output(context.store, stored)?);
    }
    let table = inputs.table(TABLE)?.clone();
    let mut frame = table.frame()?;
    let names: Vec<String> = frame.get_column_names().into_iter().map(|name| name.to_string()).collect();
    let mut name = "row".to_owned();
    while names.contains(&name) {
        name.push('_');
    }
    frame.with_column(Column::new(name.as_str().into(), (0..frame.height() as i64).collect::<Vec<_>>()))?;
    let mut numbered = table.with(TableContent::Frame(frame));
    // Ids are looked at by nothing that looks at features.
    numbered.roles.insert(name.clone(), Role::Id);
    inputs.insert(TABLE.to_owned(), numbered.into());

    // An empty choice of columns means all of them, and the numbers are none of them.
    let mut params = link.params.clone();
    for param in link.component.spec().params {
        let is_columns = matches!(param.kind, ParamKind::Columns { .. });
        if is_columns && params.texts(param.name).is_empty() {
            params = params.with(param.name, names.clone());
        }
    }
    let chosen = run_quietly(link, &params, &inputs, context)?;
    let numbers = chosen.lazy()?.select([components::column(&name)]).collect()?;
    let numbers = numbers.column(&name)?.cast(&DataType::Int64)?;
    let rows = numbers.i64()?.iter().map(|row| usize::try_from(row?).ok());
    rows.collect::<Option<_>>().ok_or_else(|| not_again(link))
}

fn not_again(link: &Link) -> StepError {
    StepError::Failed(format!(
        "{} does not give the same rows again, so its rows cannot be divided before it. Put it behind the \
         cross-validation, or leave it out.",
        link.title()
    ))
}

/// Passes on the wish to stop, and nothing else.
struct Quiet<'a>(&'a dyn Observer);

impl Observer for Quiet<'_> {
    fn progress(&self, _job: &str, _fraction: Option<f32>, _message: &str) {}

    fn metric(&self, _job: &str, _name: &str, _value: f64, _step: i64) {}

    fn log(&self, _job: &str, _stream: Stream, _line: &str) {}

    fn step(&self, _event: StepEvent) {}

    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}
