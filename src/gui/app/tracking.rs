//! The tracking server of the window: on while the window is open, if a person switched it on.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use server::{Options, Server};
use studio::Studio;

use crate::backend::Failure;
use crate::shell::TrackingState;

/// The setting that keeps whether it is on, and its port, with the workspace.
const SETTING: &str = "window.server";

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
struct Kept {
    on: bool,
    port: u16,
}

impl Default for Kept {
    fn default() -> Self {
        Self { on: false, port: Options::default().port }
    }
}

/// The switch, and the server while it is on.
#[derive(Default)]
pub struct Tracking(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    /// As the workspace kept it; unknown before the first look.
    kept: Option<Kept>,
    server: Option<Server>,
    /// Why it is off though it should be on.
    failure: Option<String>,
}

impl Tracking {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it stands. The first look starts it, where a person had left it on.
    pub fn state(&self, studio: &Studio) -> Result<TrackingState, Failure> {
        let mut inner = self.lock();
        let kept = match inner.kept {
            Some(kept) => kept,
            None => {
                let kept: Kept =
                    studio.setting(SETTING)?.and_then(|json| serde_json::from_value(json).ok()).unwrap_or_default();
                inner.kept = Some(kept);
                if kept.on {
                    inner.start(studio, kept.port);
                }
                kept
            }
        };
        let uri = inner.server.as_ref().map(Server::uri);
        Ok(TrackingState { uri, port: kept.port, failure: inner.failure.clone() })
    }

    /// Starts it on a port, or stops it; the words say what was done.
    pub fn switch(&self, studio: &Studio, port: Option<u16>) -> Result<String, Failure> {
        let mut inner = self.lock();
        inner.server = None;
        inner.failure = None;
        let before = inner.kept.unwrap_or_default();
        let kept = Kept { on: port.is_some(), port: port.unwrap_or(before.port) };
        inner.kept = Some(kept);
        if kept.on {
            inner.start(studio, kept.port);
        }
        studio.set_setting(SETTING, &serde_json::to_value(kept).unwrap_or_default())?;
        match (&inner.server, &inner.failure) {
            (_, Some(failure)) => Err(Failure::new(failure)),
            (Some(server), None) => Ok(format!("The tracking server answers at {}", server.uri())),
            (None, None) => Ok("The tracking server is off".to_owned()),
        }
    }
}

impl Inner {
    fn start(&mut self, studio: &Studio, port: u16) {
        match server::start(studio.clone(), Options { port, ..Options::default() }) {
            Ok(server) => self.server = Some(server),
            Err(error) => self.failure = Some(error.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_on_for_the_next_window() {
        let folder = tempfile::tempdir().unwrap();
        let studio = Studio::create(folder.path(), "Test").unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let first = Tracking::default();
        assert_eq!(first.state(&studio).unwrap().uri, None);
        assert!(first.switch(&studio, Some(free)).unwrap().contains(&free.to_string()));
        let second = Tracking::default();
        let state = second.state(&studio).unwrap();
        assert!(state.uri.is_none() && state.failure.unwrap().contains("taken by another program"));
        drop(first);
        let third = Tracking::default();
        assert_eq!(third.state(&studio).unwrap().uri, Some(format!("http://127.0.0.1:{free}")));
        third.switch(&studio, None).unwrap();
        assert_eq!(Tracking::default().state(&studio).unwrap(), TrackingState { uri: None, port: free, failure: None });
    }
}
