//! `muster serve`

use crate::cli::{self, StoreFlags};
use crate::config::{Config, Overrides, Store};
use crate::failure::{Failure, Outcome};
use crate::{logging, serve};
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use tempfile::TempDir;

/// Arguments of `muster serve`.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    store: StoreFlags,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// What links in answers begin with, such as `https://campaigns.example.org`
    #[arg(long, value_name = "URL")]
    public_base_url: Option<String>,
    /// PEM file with the certificate chain; with it and the key the listener speaks TLS only
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// PEM file with the certificate's private key
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Load the demo organization, with credentials that everybody knows; this machine only. Kept in a temporary
    /// folder unless a store is named
    #[arg(long)]
    demo: bool,
}

impl Serve {
    /// Serves until a signal asks to stop.
    pub async fn run(self) -> Outcome<ExitCode> {
        let mut config = cli::load(&Overrides {
            listen: self.listen,
            public_base_url: self.public_base_url,
            tls_certificate: self.tls_cert,
            tls_key: self.tls_key,
            ..self.store.overrides()
        })?;
        logging::start(&config.log)?;
        if self.demo && !config.server.listen.ip().to_canonical().is_loopback() {
            let reason = format!(
                "other machines can reach {}, and everybody knows its credentials",
                config.server.listen
            );
            return Err(
                Failure::new("serve the demo", reason).advise("leave out --demo, or listen on 127.0.0.1")
            );
        }
        // Lives as long as the server does; who names a store keeps the demo.
        let _temporary = if self.demo { temporary_store(&mut config)? } else { None };
        serve::serve(&config, self.demo).await?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Points settings that name no store to a folder that goes with the value.
fn temporary_store(config: &mut Config) -> Outcome<Option<TempDir>> {
    if config.store.database_url.is_some() || config.store.data_dir != Store::default().data_dir {
        return Ok(None);
    }
    let made = tempfile::Builder::new().prefix("muster-demo-").tempdir();
    let folder = made.map_err(|error| Failure::new("make a temporary folder for the demo", error))?;
    folder.path().clone_into(&mut config.store.data_dir);
    Ok(Some(folder))
}
