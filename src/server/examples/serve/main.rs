//! Serves a new workspace to a real client: `cargo run -p server --example serve -- FOLDER PORT`.

mod double;

use std::sync::Arc;

use workspace::Workspace;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().ok_or("say which folder")?;
    let port: u16 = args.next().ok_or("say which port")?.parse()?;
    let workspace = match Workspace::open(&folder) {
        Ok(workspace) => workspace,
        Err(_) => Workspace::create(&folder, "Served")?,
    };
    let router = server::http::router(Arc::new(double::Double(workspace)));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
        println!("ready");
        axum::serve(listener, router).await?;
        Ok(())
    })
}
