//! `muster export`: an organization's campaigns as a folder.

use crate::as_code;
use crate::cli::StoreFlags;
use crate::failure::Outcome;
use crate::output::print;
use crate::services;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `muster export`.
#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    store: StoreFlags,
    /// Folder to write; must be empty or not exist
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Name of the organization
    #[arg(long, value_name = "NAME")]
    organization: String,
}

impl Export {
    /// Writes the folder. `muster plan` over it shows no change.
    pub async fn run(self) -> Outcome<ExitCode> {
        let config = self.store.load()?;
        let services = services::offline(&config).await?;
        let written = services::organization(&services, &self.organization)
            .and_then(|snapshot| as_code::export(&snapshot, &self.folder));
        services.store.close().await;
        for file in written? {
            print(&format!("{}\n", file.display()));
        }
        Ok(ExitCode::SUCCESS)
    }
}
