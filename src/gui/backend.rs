//! Asks the studio from background threads, so that a frame never waits.
//!
//! A panel holds one [`Request`] for each thing that it shows. While an answer is on its way the
//! previous one stays, and an answer to a question that is no longer asked is thrown away.
//!
//! ```ignore
//! self.runs.ensure(&self.filter, cx.backend, {
//!     let filter = self.filter.clone();
//!     move |studio| studio.list_runs(&filter)
//! });
//! match self.runs.state() { State::Ready(runs) | State::Pending(Some(runs)) => …, … }
//! ```

use std::{
    collections::VecDeque,
    fmt::Display,
    hash::{Hash, Hasher},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use egui::Context;

/// What the window asks. One name, so that panels need no type parameter.
pub type Service = studio::Studio;

/// The backend that panels see.
pub type Backend = BackendOf<Service>;

/// Questions that may wait; the next frame asks again when there are more.
const QUEUE: usize = 256;

/// What failed, in words for a person: what is wrong, where, what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    pub message: String,
}

impl Failure {
    pub fn new(message: impl Display) -> Self {
        Self { message: message.to_string() }
    }
}

impl From<studio::Error> for Failure {
    fn from(error: studio::Error) -> Self {
        Self { message: error.message }
    }
}

/// Tells a long question that nobody waits for its answer any more.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

type Work<S> = Box<dyn FnOnce(&Arc<S>) + Send>;

struct Job<S> {
    cancel: Cancel,
    work: Work<S>,
}

struct Queue<S> {
    jobs: VecDeque<Job<S>>,
    /// Questions being answered.
    busy: usize,
    closed: bool,
}

struct Shared<S> {
    queue: Mutex<Queue<S>>,
    wake: Condvar,
}

impl<S> Shared<S> {
    fn lock(&self) -> MutexGuard<'_, Queue<S>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next question that somebody still waits for; `None` when the window has gone.
    fn next(&self) -> Option<Job<S>> {
        let mut queue = self.lock();
        loop {
            while let Some(job) = queue.jobs.pop_front() {
                if !job.cancel.is_cancelled() {
                    queue.busy += 1;
                    return Some(job);
                }
            }
            if queue.closed {
                return None;
            }
            queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Closes the queue when the last handle goes, so that the threads end.
struct Owner<S>(Arc<Shared<S>>);

impl<S> Drop for Owner<S> {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.wake.notify_all();
    }
}

/// Named threads over a bounded queue, and the service that they ask.
pub struct BackendOf<S> {
    service: Arc<S>,
    owner: Arc<Owner<S>>,
    ctx: Context,
}

impl<S> Clone for BackendOf<S> {
    fn clone(&self) -> Self {
        Self { service: self.service.clone(), owner: self.owner.clone(), ctx: self.ctx.clone() }
    }
}

impl<S: Send + Sync + 'static> BackendOf<S> {
    /// Starts `threads` threads; an answer repaints `ctx`.
    pub fn new(service: Arc<S>, ctx: Context, threads: usize) -> Self {
        let queue = Mutex::new(Queue { jobs: VecDeque::new(), busy: 0, closed: false });
        let shared = Arc::new(Shared { queue, wake: Condvar::new() });
        for number in 1..=threads.max(1) {
            let (shared, service) = (shared.clone(), service.clone());
            let started = std::thread::Builder::new().name(format!("ask-{number}")).spawn(move || {
                while let Some(job) = shared.next() {
                    (job.work)(&service);
                    shared.lock().busy -= 1;
                }
            });
            if let Err(error) = started {
                tracing::error!("no thread to ask from: {error}");
            }
        }
        Self { service, owner: Arc::new(Owner(shared)), ctx }
    }

    /// The service itself, for code that is on a thread of its own already.
    pub fn service(&self) -> &Arc<S> {
        &self.service
    }

    /// Whether nothing is being asked.
    pub fn is_idle(&self) -> bool {
        let queue = self.owner.0.lock();
        queue.jobs.is_empty() && queue.busy == 0
    }

    /// Does something whose outcome nobody waits for; `false` when the queue is full.
    pub fn run(&self, work: impl FnOnce(&Arc<S>) + Send + 'static) -> bool {
        let shared = &self.owner.0;
        let mut queue = shared.lock();
        if queue.jobs.len() >= QUEUE {
            return false;
        }
        queue.jobs.push_back(Job { cancel: Cancel::default(), work: Box::new(work) });
        drop(queue);
        shared.wake.notify_one();
        true
    }

    /// Asks; `None` when the queue is full.
    fn submit<T, E>(&self, ask: impl FnOnce(&Arc<S>, &Cancel) -> Result<T, E> + Send + 'static) -> Option<Ticket<T>>
    where
        T: Send + 'static,
        E: Display,
    {
        let ticket = Ticket { slot: Arc::default(), cancel: Cancel::default() };
        let (slot, cancel, ctx) = (ticket.slot.clone(), ticket.cancel.clone(), self.ctx.clone());
        let work: Work<S> = Box::new(move |service| {
            let answer = catch_unwind(AssertUnwindSafe(|| ask(service, &cancel)));
            let answer = match answer {
                Ok(answer) => answer.map_err(Failure::new),
                Err(_) => Err(Failure::new(
                    "The program made a mistake while it answered. The log has the details; trying again may help.",
                )),
            };
            if !cancel.is_cancelled() {
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
                ctx.request_repaint();
            }
        });
        let shared = &self.owner.0;
        let mut queue = shared.lock();
        if queue.jobs.len() >= QUEUE {
            self.ctx.request_repaint_after(Duration::from_millis(50));
            return None;
        }
        queue.jobs.push_back(Job { cancel: ticket.cancel.clone(), work });
        shared.wake.notify_one();
        Some(ticket)
    }
}

/// A question on its way. Dropping it cancels.
#[derive(Debug)]
struct Ticket<T> {
    slot: Arc<Mutex<Option<Result<T, Failure>>>>,
    cancel: Cancel,
}

impl<T> Ticket<T> {
    fn take(&self) -> Option<Result<T, Failure>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<T> Drop for Ticket<T> {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// How a question stands.
#[derive(Debug, PartialEq)]
pub enum State<'a, T> {
    /// Not asked yet.
    Idle,
    /// On its way; the answer before it, if there was one.
    Pending(Option<&'a T>),
    Ready(&'a T),
    /// The failure, and the last answer that came.
    Failed(&'a Failure, Option<&'a T>),
}

/// One question and its newest answer.
#[derive(Debug)]
pub struct Request<T> {
    value: Option<T>,
    failure: Option<Failure>,
    pending: Option<Ticket<T>>,
    subject: Option<u64>,
    key: Option<u64>,
    revision: u64,
}

impl<T> Default for Request<T> {
    fn default() -> Self {
        Self { value: None, failure: None, pending: None, subject: None, key: None, revision: 0 }
    }
}

impl<T: Send + 'static> Request<T> {
    /// Asks, once for each value of `key`, and takes in the answer. Call it every frame.
    /// Returns whether an answer has just come.
    pub fn ensure<S, E>(
        &mut self,
        key: impl Hash,
        backend: &BackendOf<S>,
        ask: impl FnOnce(&Arc<S>) -> Result<T, E> + Send + 'static,
    ) -> bool
    where
        S: Send + Sync + 'static,
        E: Display,
    {
        let key = hash_of(&key);
        if self.key != Some(key) && self.ask(backend, ask) {
            self.key = Some(key);
        }
        self.poll()
    }

    /// As [`Self::ensure`], about a subject that may become another one: then what was known of the
    /// former subject goes at once. Without this a panel would show, or act on, the answer about one
    /// thing under the name of another until the new answer has come.
    pub fn ensure_of<S, E>(
        &mut self,
        subject: impl Hash,
        key: impl Hash,
        backend: &BackendOf<S>,
        ask: impl FnOnce(&Arc<S>) -> Result<T, E> + Send + 'static,
    ) -> bool
    where
        S: Send + Sync + 'static,
        E: Display,
    {
        let subject = hash_of(&subject);
        if self.subject != Some(subject) {
            let revision = self.revision + 1;
            *self = Self { subject: Some(subject), revision, ..Self::default() };
        }
        self.ensure(key, backend, ask)
    }

    /// Asks now, whatever was asked before; an answer still on its way is dropped. Returns false
    /// when too much is being asked, and then nothing changed.
    pub fn ask<S, E>(
        &mut self,
        backend: &BackendOf<S>,
        ask: impl FnOnce(&Arc<S>) -> Result<T, E> + Send + 'static,
    ) -> bool
    where
        S: Send + Sync + 'static,
        E: Display,
    {
        self.ask_cancellable(backend, |service, _| ask(service))
    }

    /// As [`Self::ask`], for long work that looks at `Cancel` now and then.
    pub fn ask_cancellable<S, E>(
        &mut self,
        backend: &BackendOf<S>,
        ask: impl FnOnce(&Arc<S>, &Cancel) -> Result<T, E> + Send + 'static,
    ) -> bool
    where
        S: Send + Sync + 'static,
        E: Display,
    {
        let Some(ticket) = backend.submit(ask) else {
            return false;
        };
        self.pending = Some(ticket);
        true
    }
}

fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl<T> Request<T> {
    /// A request that has its answer already.
    pub fn ready(value: T) -> Self {
        Self { value: Some(value), ..Self::default() }
    }

    /// Takes in the answer if it has come; true when it just did.
    pub fn poll(&mut self) -> bool {
        let Some(answer) = self.pending.as_ref().and_then(Ticket::take) else {
            return false;
        };
        self.pending = None;
        self.revision += 1;
        match answer {
            Ok(value) => {
                self.value = Some(value);
                self.failure = None;
            }
            Err(failure) => self.failure = Some(failure),
        }
        true
    }

    /// Makes the next [`Self::ensure`] ask again; what is shown stays.
    pub fn refresh(&mut self) {
        self.key = None;
    }

    /// Forgets everything, as before the first question.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub fn state(&self) -> State<'_, T> {
        match (&self.pending, &self.failure, &self.value) {
            (Some(_), _, value) => State::Pending(value.as_ref()),
            (None, Some(failure), value) => State::Failed(failure, value.as_ref()),
            (None, None, Some(value)) => State::Ready(value),
            (None, None, None) => State::Idle,
        }
    }

    /// The newest answer, even while another is on its way.
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// The newest answer, to be changed before the next one comes (an edit shown at once).
    pub fn value_mut(&mut self) -> Option<&mut T> {
        self.value.as_mut()
    }

    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// Counts answers, to key what is computed from the newest.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// For things done rather than shown: the answer, once, when it has come.
    pub fn take(&mut self) -> Option<Result<T, Failure>> {
        self.poll();
        if self.pending.is_some() {
            return None;
        }
        match self.failure.take() {
            Some(failure) => Some(Err(failure)),
            None => self.value.take().map(Ok),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Instant};

    use super::*;

    fn backend() -> BackendOf<u32> {
        BackendOf::new(Arc::new(41), Context::default(), 1)
    }

    fn wait<T>(request: &mut Request<T>) {
        let start = Instant::now();
        while !request.poll() {
            assert!(start.elapsed() < Duration::from_secs(10), "no answer came");
            std::thread::yield_now();
        }
    }

    #[test]
    fn an_answer_comes_and_the_previous_one_stays_meanwhile() {
        let backend = backend();
        let mut request = Request::default();
        assert_eq!(request.state(), State::Idle);
        request.ask(&backend, |n| Ok::<_, Failure>(**n + 1));
        wait(&mut request);
        assert_eq!(request.state(), State::Ready(&42));

        let (go, gate) = mpsc::sync_channel::<()>(1);
        request.ask(&backend, move |_| {
            gate.recv().ok();
            Err::<u32, _>("the disk is full")
        });
        assert_eq!(request.state(), State::Pending(Some(&42)));
        go.send(()).unwrap();
        wait(&mut request);
        assert_eq!(request.state(), State::Failed(&Failure::new("the disk is full"), Some(&42)));
    }

    #[test]
    fn a_stale_answer_is_dropped() {
        let backend = backend();
        let mut request = Request::default();
        let (go, gate) = mpsc::sync_channel::<()>(1);
        let (seen, cancelled) = mpsc::sync_channel(1);
        let (began, started) = mpsc::sync_channel(1);
        request.ask_cancellable(&backend, move |_, cancel| {
            began.send(()).ok();
            gate.recv().ok();
            seen.send(cancel.is_cancelled()).ok();
            Ok::<_, Failure>(1)
        });
        started.recv().unwrap();
        request.ask(&backend, |_| Ok::<_, Failure>(2));
        go.send(()).unwrap();
        wait(&mut request);
        assert_eq!(request.value(), Some(&2));
        assert!(cancelled.recv().unwrap());
    }

    #[test]
    fn ensure_asks_once_for_a_key() {
        let backend = backend();
        let mut request = Request::default();
        let (count, asked) = mpsc::sync_channel(8);
        for key in [1, 1, 1, 2] {
            let count = count.clone();
            request.ensure(key, &backend, move |_| {
                count.send(()).ok();
                Ok::<_, Failure>(key)
            });
            if request.is_pending() {
                wait(&mut request);
            }
        }
        assert_eq!((request.value(), asked.try_iter().count()), (Some(&2), 2));
    }

    #[test]
    fn an_answer_about_another_subject_is_never_shown() {
        let backend = backend();
        let mut request = Request::default();
        request.ensure_of("one", 1, &backend, |_| Ok::<_, Failure>(1));
        // The answer may have come within the call.
        if request.is_pending() {
            wait(&mut request);
        }

        // Asked anew about the same subject, the former answer stays meanwhile.
        let (go, gate) = mpsc::sync_channel::<()>(1);
        let waits = move |_: &Arc<u32>| {
            gate.recv().ok();
            Ok::<_, Failure>(2)
        };
        request.ensure_of("one", 2, &backend, waits);
        assert_eq!(request.state(), State::Pending(Some(&1)));

        request.ensure_of("two", 2, &backend, |_| Ok::<_, Failure>(3));
        assert_eq!(request.state(), State::Pending(None));
        go.send(()).unwrap();
        wait(&mut request);
        assert_eq!(request.value(), Some(&3));
    }

    #[test]
    fn a_panic_becomes_a_failure_and_the_thread_lives_on() {
        let backend = backend();
        let mut request = Request::<u32>::default();
        request.ask(&backend, |_| -> Result<u32, Failure> { panic!("on purpose") });
        wait(&mut request);
        assert!(request.failure().is_some());
        request.ask(&backend, |n| Ok::<_, Failure>(**n));
        wait(&mut request);
        assert_eq!(request.state(), State::Ready(&41));
    }

    #[test]
    fn a_full_queue_refuses_and_changes_nothing() {
        let backend = backend();
        let (go, gate) = mpsc::sync_channel::<()>(1);
        let mut first = Request::default();
        first.ask(&backend, move |_| gate.recv().map_err(|e| e.to_string()));
        let mut others = Vec::new();
        let refused = (0..QUEUE + 2).any(|_| {
            let mut request = Request::default();
            let taken = request.ask(&backend, |n| Ok::<_, Failure>(**n));
            others.push(request);
            !taken
        });
        assert!(refused && others.last().unwrap().state() == State::Idle);
        go.send(()).unwrap();
    }
}
