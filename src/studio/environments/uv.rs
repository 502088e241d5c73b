//! Finding and running uv, which resolves and installs packages.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use pipeline::child::{kill_group, kill_rest, own_group};

use crate::{Error, ErrorKind, Result};

/// How often a person who cancels is heard.
const LOOK: Duration = Duration::from_millis(100);
/// Lines that may wait to be shown.
const LINES: usize = 256;
/// Longer lines are cut into pieces, in bytes.
const LINE: u64 = 64 << 10;
/// How long what a program has written last is waited for.
const REST: Duration = Duration::from_secs(2);
/// Lines of a program that are kept.
const LAST: usize = 20;
/// How much of what failed is quoted.
const QUOTED: usize = 600;

/// Hears how long work goes on, and may stop it.
#[derive(Clone, Copy)]
pub struct Progress<'a> {
    /// Told a line for a person.
    pub say: &'a (dyn Fn(&str) + Sync),
    /// Asked every tenth of a second whether to stop.
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
}

impl Progress<'_> {
    /// # Errors
    /// [`ErrorKind::Cancelled`] once someone asked to stop.
    pub fn check(&self) -> Result<()> {
        if (self.cancelled)() { Err(Error::new(ErrorKind::Cancelled, "It was stopped.")) } else { Ok(()) }
    }
}

/// uv, ready to be run.
pub(crate) struct Uv {
    program: PathBuf,
    arguments: Vec<OsString>,
}

impl Uv {
    /// The uv of `ATELIER_UV`, the one in `PATH`, the module of `python`, or one of our own in `cache`, which is
    /// fetched from PyPI when it is missing.
    ///
    /// # Errors
    /// A sentence when there is none and none can be had.
    pub(crate) fn find(python: &Path, cache: &Path, progress: Progress<'_>) -> Result<Self> {
        let named = std::env::var_os("ATELIER_UV").map(PathBuf::from);
        let direct = Self { program: named.unwrap_or_else(|| PathBuf::from("uv")), arguments: Vec::new() };
        let module = |python: PathBuf| Self { program: python, arguments: vec!["-m".into(), "uv".into()] };
        let folder = cache.join("uv");
        let own = || module(python_of(&folder));
        let ready = [direct, module(python.to_owned()), own()].into_iter().find(Self::works);
        if let Some(ready) = ready {
            return Ok(ready);
        }
        let lock = locked(&cache.join("uv.lock"), "Another process is fetching uv", progress)?;
        if !own().works() {
            fetch(python, &folder, progress).map_err(|error| missing(python, &error))?;
        }
        drop(lock);
        Ok(own())
    }

    fn works(&self) -> bool {
        let mut command = self.command();
        command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        // What a person set for their shell must not change what an environment is.
        for name in ["VIRTUAL_ENV", "UV_PYTHON", "PYTHONPATH", "PYTHONHOME", "CONDA_PREFIX"] {
            command.env_remove(name);
        }
        command.env("UV_NO_PROGRESS", "1").env("NO_COLOR", "1").env("UV_NO_CONFIG", "1");
        command
    }
}

/// The interpreter of a virtual environment.
pub(crate) fn python_of(folder: &Path) -> PathBuf {
    if cfg!(windows) { folder.join("Scripts").join("python.exe") } else { folder.join("bin").join("python") }
}

fn fetch(python: &Path, folder: &Path, progress: Progress<'_>) -> Result<()> {
    (progress.say)("Fetching uv, which installs packages");
    // What an earlier try left.
    let _ = std::fs::remove_dir_all(folder);
    let mut venv = Command::new(python);
    venv.arg("-m").arg("venv").arg(folder);
    run(venv, progress)?;
    let mut pip = Command::new(python_of(folder));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"]);
    run(pip, progress).map(drop)
}

fn missing(python: &Path, error: &Error) -> Error {
    if error.kind == ErrorKind::Cancelled {
        return error.clone();
    }
    Error::invalid(format!(
        "Environments are made with uv, which is not installed and could not be fetched with {}: {} Install it as \
         docs.astral.sh/uv says, or with “pip install uv”.",
        python.display(),
        error.message
    ))
}

/// Runs a program to its end and returns what it wrote; what it says on standard error is told line by line.
///
/// # Errors
/// A program that cannot be started or fails, with what it said; a person who cancelled, and then it is killed.
pub(crate) fn run(mut command: Command, progress: Progress<'_>) -> Result<String> {
    progress.check()?;
    let name = command.get_program().to_string_lossy().into_owned();
    let failed = |error: std::io::Error| Error::invalid(format!("{name} could not be run: {error}."));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let (sender, lines) = sync_channel(LINES);
    let err = child.stderr.take().map(|pipe| listen("tool stderr", pipe, sender)).transpose().map_err(failed)?;
    let out = child.stdout.take().map(|pipe| collect("tool stdout", pipe)).transpose().map_err(failed)?;
    let said = match hear(&lines, progress) {
        Ok(said) => said,
        Err(error) => {
            // Both fail only for a process that has ended already.
            let _ = child.kill();
            let _ = child.wait();
            return Err(error);
        }
    };
    let status = child.wait().map_err(failed)?;
    if let Some(thread) = err {
        let _ = thread.join();
    }
    let written = out.and_then(|thread| thread.join().ok()).unwrap_or_default();
    if status.success() {
        return Ok(written);
    }
    Err(Error::invalid(reason(&said)))
}

/// Runs a program to its end and tells every line it writes; returns how it ended, and its last lines.
///
/// # Errors
/// A program that cannot be started; a person who cancelled, and then it is killed with all it started.
pub(crate) fn follow(mut command: Command, progress: Progress<'_>) -> Result<(ExitStatus, Vec<String>)> {
    progress.check()?;
    let name = command.get_program().to_string_lossy().into_owned();
    let failed = |error: std::io::Error| Error::invalid(format!("{name} could not be run: {error}."));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    own_group(&mut command);
    let mut child = command.spawn().map_err(failed)?;
    let (sender, lines) = sync_channel(LINES);
    if let Some(pipe) = child.stdout.take() {
        listen("program stdout", pipe, sender.clone()).map_err(failed)?;
    }
    if let Some(pipe) = child.stderr.take() {
        listen("program stderr", pipe, sender).map_err(failed)?;
    }
    let mut last: VecDeque<String> = VecDeque::new();
    let mut ended: Option<(ExitStatus, Instant)> = None;
    loop {
        match lines.recv_timeout(LOOK) {
            Ok(line) => {
                // Of a progress bar its last state.
                let seen = line.rsplit('\r').find(|part| !part.trim().is_empty()).unwrap_or_default();
                (progress.say)(seen);
                if last.len() == LAST {
                    last.pop_front();
                }
                last.push_back(seen.to_owned());
            }
            Err(RecvTimeoutError::Disconnected) => break,
            // Whatever still has its pipes open is not it.
            Err(RecvTimeoutError::Timeout) if ended.is_some() => break,
            Err(RecvTimeoutError::Timeout) => {}
        }
        match ended {
            Some((_, since)) if since.elapsed() > REST => break,
            Some(_) => {}
            None => {
                if let Some(status) = child.try_wait().map_err(failed)? {
                    kill_rest(&child);
                    ended = Some((status, Instant::now()));
                }
            }
        }
        if let Err(error) = progress.check() {
            kill_group(&mut child);
            return Err(error);
        }
    }
    let status = ended.map_or_else(|| child.wait(), |(status, _)| Ok(status)).map_err(failed)?;
    Ok((status, last.into()))
}

type Reader<T> = std::io::Result<std::thread::JoinHandle<T>>;

fn listen(name: &str, pipe: impl Read + Send + 'static, to: SyncSender<String>) -> Reader<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while let Ok(1..) = pipe.by_ref().take(LINE).read_until(b'\n', &mut line) {
            if to.send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err() {
                return;
            }
            line.clear();
        }
    })
}

fn collect(name: &str, mut pipe: impl Read + Send + 'static) -> Reader<String> {
    std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Passes lines on until the pipe is closed; returns them all.
fn hear(lines: &Receiver<String>, progress: Progress<'_>) -> Result<Vec<String>> {
    let mut said = Vec::new();
    loop {
        match lines.recv_timeout(LOOK) {
            Ok(line) => {
                if !line.trim().is_empty() {
                    (progress.say)(line.trim());
                }
                said.push(line);
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(said),
            Err(RecvTimeoutError::Timeout) => {}
        }
        progress.check()?;
    }
}

/// What uv or pip said, in one sentence or two.
fn reason(said: &[String]) -> String {
    let words: String = said.join(" ").replace(['×', '╰', '─', '▶', '│', '├'], " ");
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let from = words.find("error: ").map_or(0, |at| at + "error: ".len());
    let quoted: String = words[from..].chars().take(QUOTED).collect();
    let offline = [
        "dns error",
        "failed to lookup address",
        "Connection refused",
        "Network is unreachable",
        "Temporary failure in name resolution",
        "error sending request",
        "network connectivity is disabled",
    ];
    if offline.iter().any(|sign| words.to_lowercase().contains(&sign.to_lowercase())) {
        // What else was said is about each of several attempts.
        return "PyPI cannot be reached, so nothing can be installed. Connect this machine and try again.".to_owned();
    }
    if quoted.is_empty() { "It ended without a word.".to_owned() } else { format!("{}.", quoted.trim_end_matches('.')) }
}

/// Waits until no other process holds the lock; it is given up when the file is dropped.
///
/// # Errors
/// A folder that cannot be written, a person who cancelled.
pub(crate) fn locked(path: &Path, waiting: &str, progress: Progress<'_>) -> Result<File> {
    let failed = |error: std::io::Error| Error::storage(format!("{} cannot be locked: {error}.", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let file = File::options().create(true).truncate(false).write(true).open(path).map_err(failed)?;
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => {}
            Err(std::fs::TryLockError::Error(error)) => return Err(failed(error)),
        }
        if !told {
            (progress.say)(waiting);
            told = true;
        }
        progress.check()?;
        std::thread::sleep(LOOK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Progress<'static> = Progress { say: &|_| (), cancelled: &|| false };

    #[test]
    #[cfg(unix)]
    fn what_a_tool_says_is_heard_and_its_failure_quoted() {
        let shell = |script: &str| {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", script]);
            command
        };
        let heard = std::sync::Mutex::new(Vec::new());
        let say = |line: &str| heard.lock().unwrap().push(line.to_owned());
        let progress = Progress { say: &say, cancelled: &|| false };
        assert_eq!(run(shell("echo out; echo one >&2; echo two >&2"), progress).unwrap(), "out\n");
        assert_eq!(*heard.lock().unwrap(), ["one", "two"]);
        let error = run(shell("echo '  × No solution found:' >&2; echo '  ╰─▶ because x.' >&2; exit 1"), QUIET);
        assert_eq!(error.unwrap_err().message, "No solution found: because x.");
        let error = run(shell("echo 'error: dns error' >&2; exit 2"), QUIET).unwrap_err();
        assert!(error.message.starts_with("PyPI cannot be reached"), "{error}");
        let begun = std::time::Instant::now();
        let stopped = run(shell("exec sleep 30"), Progress { say: &|_| (), cancelled: &|| begun.elapsed() > LOOK });
        assert_eq!(stopped.unwrap_err().kind, ErrorKind::Cancelled);
        assert!(begun.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_lock_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.lock");
        let held = locked(&path, "", QUIET).unwrap();
        let asked = std::sync::atomic::AtomicUsize::new(0);
        let cancelled = || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 1;
        let stopped = locked(&path, "waiting", Progress { say: &|_| (), cancelled: &cancelled });
        assert_eq!(stopped.unwrap_err().kind, ErrorKind::Cancelled);
        drop(held);
        assert!(locked(&path, "", QUIET).is_ok());
    }
}
