//! `muster plan`: what a folder of campaigns would change.

use crate::as_code::{Folder, Plan as Planned};
use crate::cli::StoreFlags;
use crate::failure::Outcome;
use crate::output::print;
use crate::services;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// The exit code that says "there are changes": 0 is none, 1 is a failure.
const CHANGES: u8 = 2;

/// Arguments of `muster plan`.
#[derive(Debug, Args)]
pub struct Plan {
    #[command(flatten)]
    store: StoreFlags,
    /// Folder with organization.yaml and campaigns/
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Show campaigns that the folder does not mention as deleted
    #[arg(long)]
    prune: bool,
}

impl Plan {
    /// Prints the difference; the exit code is 0 without changes and 2 with some.
    pub async fn run(self) -> Outcome<ExitCode> {
        let config = self.store.load()?;
        let folder = Folder::read(&self.folder)?;
        let services = services::offline(&config).await?;
        let planned = Planned::make(&services, &folder, self.prune);
        services.store.close().await;
        let planned = planned?;
        print(&planned.to_string());
        Ok(if planned.has_changes() { ExitCode::from(CHANGES) } else { ExitCode::SUCCESS })
    }
}
