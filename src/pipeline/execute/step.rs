//! One step, on its own thread: read the inputs, do the work, keep the outputs.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Ready;
use super::outputs::{self, Passed};
use crate::component::{Component, StepError};
use crate::journal::{JournalWriter, StepJournal};
use crate::plan::Step;
use crate::store::{Observer, StepContext, Store, Stored, Stream};
use crate::value::Inputs;

pub(super) fn run(
    component: &dyn Component,
    step: &Step,
    ready: &Ready,
    store: &dyn Store,
    observer: &dyn Observer,
    threads: usize,
) -> Result<(Vec<Stored>, StepJournal), StepError> {
    let Ready { inputs, chain, .. } = ready;
    let writer = JournalWriter::new(observer);
    let work = || {
        let mut values = Inputs::new();
        for (port, stored) in inputs {
            values.insert(port.clone(), outputs::open_output(store, stored)?);
        }
        let environment = step.environment.as_ref().map(|name| store.environment(name)).transpose()?;
        let chain = chain.as_ref();
        let context = StepContext { job: &step.job, store, observer: &writer, threads, environment, chain };
        context.check_cancelled()?;
        let made = component.run(&step.params, &values, &context)?;
        context.check_cancelled()?;
        let passed = Passed::new(component.spec(), &step.params, inputs, store)?;
        let mut kept = Vec::new();
        for (port, value) in made {
            kept.push(outputs::keep_output(store, port, value, &passed)?);
        }
        let declared = component.spec().outputs.iter().filter(|port| !port.optional);
        match declared.map(|port| port.name).find(|port| !kept.iter().any(|stored| stored.port == *port)) {
            Some(missing) => Err(StepError::Failed(format!(
                "{} ended without its output “{missing}”. This is a mistake in Atelier; please report it.",
                component.spec().title
            ))),
            None => Ok(kept),
        }
    };
    let made = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let reason = panic_text(panic.as_ref());
        observer.log(&step.job, Stream::Error, &reason);
        Err(StepError::Failed(format!(
            "{} broke off: {reason}. This is a mistake in Atelier; please report it with this step’s log.",
            component.spec().title
        )))
    });
    made.map(|outputs| (outputs, writer.into_journal()))
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "unknown cause".to_owned()).trim_end_matches('.').to_owned()
}
