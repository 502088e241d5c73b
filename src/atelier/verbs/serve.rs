use std::process::ExitCode;

use server::Options;
use studio::Studio;

use crate::output;

#[derive(clap::Args)]
pub struct Serve {
    /// Where to listen; others than 127.0.0.1 need a token
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// 0 takes any that is free
    #[arg(long, default_value_t = 5000)]
    port: u16,
    /// What clients must show, as MLFLOW_TRACKING_TOKEN or MLFLOW_TRACKING_PASSWORD; ATELIER_TOKEN when left out, which
    /// others on this machine cannot see
    #[arg(long)]
    token: Option<String>,
    /// Another name that clients may call this machine by
    #[arg(long, value_name = "NAME")]
    allowed_host: Vec<String>,
}

impl Serve {
    pub fn act(self, studio: Studio, json: bool) -> studio::Result<ExitCode> {
        let Self { host, port, token, allowed_host } = self;
        let token = token.or_else(|| std::env::var("ATELIER_TOKEN").ok()).filter(|token| !token.is_empty());
        let name = studio.name().to_owned();
        let server =
            server::start(studio, Options { host, port, token, allowed_hosts: allowed_host, ..Options::default() })?;
        let uri = server.uri();
        let said = serde_json::json!({ "uri": uri, "port": server.address().port() });
        output::print(&said, json, |_| format!("Serving {name} at {uri}"))?;
        server.wait();
        Ok(ExitCode::FAILURE)
    }
}
