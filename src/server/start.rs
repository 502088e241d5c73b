//! Starting and stopping a server.

use std::net::{IpAddr, SocketAddr, TcpListener, ToSocketAddrs};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::serve::ListenerExt;
use studio::{Clients, ErrorKind, Served, Studio, Upkeep};
use tokio::sync::oneshot;

use crate::guard::Guard;
use crate::http;

/// How long answers under way may take after the server was told to stop.
const GRACE: Duration = Duration::from_secs(2);
/// Threads that carry out requests: as many clients as write at once share one commit.
const WORKERS: usize = 128;

/// Where and for whom a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// A name or address of this machine.
    pub host: String,
    /// 0 for any that is free.
    pub port: u16,
    /// What clients must show; must be there when `host` is not loopback.
    pub token: Option<String>,
    /// Other names that clients may call this machine by.
    pub allowed_hosts: Vec<String>,
    /// Look at the programs of this machine that log: their command, interpreter and code become what is known of their
    /// runs.
    pub watch: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { host: "127.0.0.1".to_owned(), port: 5000, token: None, allowed_hosts: Vec::new(), watch: true }
    }
}

/// A server that answers until it is stopped or dropped.
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Keeps the workspace free of what nothing refers to as long as clients may log.
    _upkeep: Upkeep,
}

impl Server {
    /// Where it listens, with the port that was chosen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What clients are to set as `MLFLOW_TRACKING_URI`.
    pub fn uri(&self) -> String {
        let address = self.address;
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => format!("http://127.0.0.1:{}", address.port()),
            IpAddr::V6(ip) if ip.is_unspecified() => format!("http://[::1]:{}", address.port()),
            _ => format!("http://{address}"),
        }
    }

    /// Takes no more requests and waits a moment for those under way.
    pub fn stop(self) {}

    /// Waits until the server ends, which it does only when it breaks.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It may have ended by itself.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Starts to answer MLflow's protocol over a workspace. The port is open when this returns.
///
/// # Errors
/// A port that is taken, a name that is no address of this machine, no token where others can reach it.
pub fn start(studio: Studio, options: Options) -> studio::Result<Server> {
    let listener = listen(&options)?;
    let broken = |error: std::io::Error| studio::Error::storage(format!("The server could not be started: {error}."));
    let address = listener.local_addr().map_err(broken)?;
    listener.set_nonblocking(true).map_err(broken)?;
    let mut names = options.allowed_hosts;
    names.push(options.host);
    let upkeep = Upkeep::start(studio.clone()).map_err(broken)?;
    let watched = options.watch.then(|| Clients::watch(studio.clone(), address.port()));
    let guard = Guard::new(address, &names, options.token);
    let router = http::router(studio, guard, watched.transpose().map_err(broken)?)
        .into_make_service_with_connect_info::<SocketAddr>();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(WORKERS)
        .thread_name("server")
        .enable_all()
        .build()
        .map_err(broken)?;
    let (stop, stopped) = oneshot::channel::<()>();
    let serve = move || {
        runtime.block_on(async {
            let listener = match tokio::net::TcpListener::from_std(listener) {
                // Small answers go at once; it is only slower where that fails.
                Ok(listener) => listener.tap_io(|stream| {
                    let _ = stream.set_nodelay(true);
                }),
                Err(error) => return tracing::error!("the server ended: {error}"),
            };
            tokio::select! {
                ended = axum::serve(listener, router).into_future() => {
                    if let Err(error) = ended {
                        tracing::error!("the server ended: {error}");
                    }
                }
                _ = stopped => {}
            }
        });
        runtime.shutdown_timeout(GRACE);
    };
    let thread = std::thread::Builder::new().name("server".to_owned()).spawn(serve).map_err(broken)?;
    Ok(Server { address, stop: Some(stop), thread: Some(thread), _upkeep: upkeep })
}

/// A server for programs that this one starts: on loopback, for whoever has the token that they are given. What they
/// are is known.
///
/// # Errors
/// Those of [`start`].
pub fn start_for_own(studio: &Studio) -> studio::Result<Served> {
    let token = studio::tracking::new_id();
    let options = Options { port: 0, token: Some(token.clone()), watch: false, ..Options::default() };
    let server = start(studio.clone(), options)?;
    Ok(Served { uri: server.uri(), token, server: Box::new(server) })
}

fn listen(options: &Options) -> studio::Result<TcpListener> {
    let Options { host, port, .. } = options;
    let bare = host.trim_matches(['[', ']']);
    let addresses: Vec<SocketAddr> = (bare, *port).to_socket_addrs().map(Iterator::collect).unwrap_or_default();
    if addresses.is_empty() {
        return Err(studio::Error::invalid(format!("“{host}” is no address of this machine. Use 127.0.0.1.")));
    }
    let reachable = addresses.iter().any(|address| !address.ip().is_loopback());
    if reachable && options.token.as_deref().is_none_or(str::is_empty) {
        return Err(studio::Error::invalid(format!(
            "Others can reach {host}, so clients must show a token. Choose one with --token or ATELIER_TOKEN, or \
             listen on 127.0.0.1."
        )));
    }
    TcpListener::bind(addresses.as_slice()).map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => studio::Error::new(
            ErrorKind::Conflict,
            format!("Port {port} is taken by another program. Choose another port; 0 takes any that is free."),
        ),
        _ => studio::Error::invalid(format!("The server cannot listen on {host}, port {port}: {error}.")),
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::*;

    fn studio() -> (tempfile::TempDir, Studio) {
        let dir = tempfile::tempdir().unwrap();
        let studio = Studio::create(dir.path(), "Test").unwrap();
        (dir, studio)
    }

    fn ask(address: SocketAddr, path: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    #[test]
    fn a_server_answers_until_it_is_stopped() {
        let (_dir, studio) = studio();
        let server = start(studio.clone(), Options { port: 0, ..Options::default() }).unwrap();
        let address = server.address();
        assert!(ask(address, "/health").unwrap().ends_with("OK"));
        let taken = start(studio.clone(), Options { port: address.port(), ..Options::default() }).err().unwrap();
        assert_eq!(taken.kind, ErrorKind::Conflict);
        assert!(taken.message.contains("is taken by another program"), "{taken}");
        server.stop();
        assert!(ask(address, "/health").is_err());
        drop(start(studio, Options { port: address.port(), ..Options::default() }).unwrap());
    }

    #[test]
    fn others_reach_it_only_with_a_token() {
        let (_dir, studio) = studio();
        let open = Options { host: "0.0.0.0".into(), port: 0, ..Options::default() };
        assert!(start(studio.clone(), open.clone()).err().unwrap().message.contains("--token"));
        let server = start(studio, Options { token: Some("s3cret".into()), ..open }).unwrap();
        let address = SocketAddr::new([127, 0, 0, 1].into(), server.address().port());
        assert!(ask(address, "/api/2.0/mlflow/experiments/search").unwrap().starts_with("HTTP/1.1 401"));
        assert_eq!(server.uri(), format!("http://127.0.0.1:{}", address.port()));
    }
}
