//! `atelier serve` as a client meets it: started over a workspace, asked over one connection after the other.
// Each test program uses what it needs of this.
#![allow(clippy::unwrap_used, clippy::expect_used, dead_code)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Child;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::support::{Desk, kill};

/// A server that ends with the test.
pub struct Served {
    child: Child,
    pub port: u16,
}

impl Served {
    /// Starts a server on any free port and waits until it says where.
    pub fn start(desk: &Desk) -> Self {
        Self::with(desk, &[])
    }

    /// Starts it with more variables in its environment.
    pub fn with(desk: &Desk, variables: &[(&str, &str)]) -> Self {
        let workspace = desk.workspace();
        let mut command = desk.command(&["serve", "--port", "0", "--workspace", workspace.to_str().unwrap()]);
        command.envs(variables.iter().copied());
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().rsplit(':').next().and_then(|port| port.parse().ok());
        Self { child, port: port.unwrap_or_else(|| panic!("no address in {line:?}")) }
    }

    pub fn uri(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends it without asking.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        kill(self.child.id());
        self.child.wait().unwrap();
    }

    pub fn connect(&self) -> Connection {
        Connection::to(self.port).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.end();
    }
}

/// One kept connection.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub fn to(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// The status and body of an answer; an error when the connection breaks.
    pub fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> std::io::Result<(u16, Vec<u8>)> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let stream = self.stream.get_mut();
        stream.write_all(&[head.as_bytes(), body].concat())?;
        let mut line = String::new();
        let broken = || std::io::Error::other("the answer breaks off");
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
        let mut length = 0;
        loop {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(broken());
            }
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().map_err(|_| broken())?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((status, body))
    }

    /// The answer to a call of the protocol, which must succeed.
    #[track_caller]
    pub fn post(&mut self, path: &str, body: &Json) -> Json {
        let (status, answer) =
            self.ask("POST", &format!("/api/2.0/mlflow/{path}"), body.to_string().as_bytes()).unwrap();
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&answer));
        serde_json::from_slice(&answer).unwrap()
    }

    #[track_caller]
    pub fn get(&mut self, path: &str) -> Json {
        let (status, answer) = self.ask("GET", &format!("/api/2.0/mlflow/{path}"), b"").unwrap();
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&answer));
        serde_json::from_slice(&answer).unwrap()
    }

    /// A new run of the first experiment.
    pub fn run(&mut self, name: &str) -> String {
        let run = self.post("runs/create", &json!({"experiment_id": "0", "run_name": name, "start_time": 1}));
        run["run"]["info"]["run_id"].as_str().unwrap().to_owned()
    }
}
