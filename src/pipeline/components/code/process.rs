//! Running an interpreter as a child process that is heard while it runs and ends when it is told to.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, Scope};
use std::time::Duration;

use serde_json::Value as Json;

use crate::child::{kill_group, kill_rest, own_group};
use crate::component::StepError;
use crate::store::{StepContext, Stream};

/// Longer lines are cut into pieces, so that a script without line ends fills no memory.
const LINE: u64 = 64 << 10;

/// What the runner puts around its messages to us.
const MARK: char = '\u{1e}';

/// Runs `interpreter -u runner task` in `folder`; its lines go to the log as they come.
///
/// # Errors
/// When it cannot be started, or the run was cancelled: then the process and all it started are killed.
pub(super) fn run(
    interpreter: &Path,
    arguments: [&Path; 2],
    folder: &Path,
    context: &StepContext<'_>,
) -> Result<ExitStatus, StepError> {
    let mut command = Command::new(interpreter);
    command.arg("-u").args(arguments).current_dir(folder);
    command.env("PYTHONUTF8", "1").env("PYTHONIOENCODING", "utf-8").env("PYTHONUNBUFFERED", "1");
    command.envs(context.observer.variables(context.job));
    // An open pipe tells the runner that we are alive.
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    own_group(&mut command);
    let mut child = command.spawn().map_err(|error| cannot_start(interpreter, &error))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        if let Some(stdout) = stdout {
            listen(scope, "python stdout", stdout, Stream::Stdout, context);
        }
        if let Some(stderr) = stderr {
            listen(scope, "python stderr", stderr, Stream::Stderr, context);
        }
        wait(&mut child, context)
    })
}

fn cannot_start(interpreter: &Path, error: &std::io::Error) -> StepError {
    let hint = "Choose a Python 3.8 or newer in this step or for the workspace.";
    StepError::Failed(format!("Python could not be started: {error}. {hint} Interpreter: {}", interpreter.display()))
}

fn wait(child: &mut Child, context: &StepContext<'_>) -> Result<ExitStatus, StepError> {
    let mut pause = Duration::from_millis(2);
    loop {
        if context.observer.cancelled() {
            kill_group(child);
            return Err(StepError::Cancelled);
        }
        match child.try_wait() {
            Ok(Some(status)) => {
                // What the script left running would keep the pipes open.
                kill_rest(child);
                return Ok(status);
            }
            Ok(None) => thread::sleep(pause),
            Err(error) => {
                kill_group(child);
                return Err(StepError::Failed(format!("Python cannot be watched any more: {error}.")));
            }
        }
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

fn listen<'scope, 'env>(
    scope: &'scope Scope<'scope, 'env>,
    name: &str,
    pipe: impl Read + Send + 'scope,
    stream: Stream,
    context: &'scope StepContext<'_>,
) {
    let read = move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while let Ok(1..) = pipe.by_ref().take(LINE).read_until(b'\n', &mut line) {
            heard(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']), stream, context);
            line.clear();
        }
    };
    if let Err(error) = thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, read) {
        context.warn(&format!("The script’s output cannot be shown: {error}."));
    }
}

/// A line as a person would have seen it: after carriage returns, the last state of a progress bar.
fn heard(line: &str, stream: Stream, context: &StepContext<'_>) {
    if let Some((before, message)) = line.strip_suffix(MARK).and_then(|line| line.split_once(MARK)) {
        if !before.is_empty() {
            context.observer.log(context.job, stream, before);
        }
        told(message, context);
        return;
    }
    let seen = line.rsplit('\r').find(|part| !part.is_empty()).unwrap_or_default();
    context.observer.log(context.job, stream, seen);
}

/// A message of the runner's `atelier` module.
fn told(message: &str, context: &StepContext<'_>) {
    let Ok(message) = serde_json::from_str::<Json>(message) else {
        return;
    };
    if let Some(fraction) = message["progress"].as_f64() {
        let text = message["message"].as_str().unwrap_or_default();
        context.progress(Some(fraction.clamp(0.0, 1.0) as f32), text);
    } else if let (Some(name), Some(value)) = (message["metric"].as_str(), number(&message["value"])) {
        context.observer.metric(context.job, name, value, message["step"].as_i64().unwrap_or_default());
    }
}

/// A number, or the word for one that JSON does not have: `nan`, `inf`, `-inf`.
fn number(value: &Json) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}
