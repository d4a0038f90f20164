//! `muster migrate`

use crate::cli::StoreFlags;
use crate::failure::Outcome;
use crate::output::print;
use crate::store;
use clap::Args;
use std::process::ExitCode;

/// Arguments of `muster migrate`.
#[derive(Debug, Args)]
pub struct Migrate {
    #[command(flatten)]
    store: StoreFlags,
}

impl Migrate {
    /// Opening a store brings it up to date; this does that and nothing else.
    pub async fn run(self) -> Outcome<ExitCode> {
        let config = self.store.load()?;
        let place = store::place(&config)?;
        let opened = store::open(&config).await?;
        opened.close().await;
        let version = muster_storage::newest_schema();
        print(&format!("{place} has schema version {version}, the newest this program knows\n"));
        Ok(ExitCode::SUCCESS)
    }
}
