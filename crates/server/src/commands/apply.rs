//! `muster apply`: makes an organization what a folder says.

use crate::as_code::{Folder, Plan};
use crate::cli::StoreFlags;
use crate::failure::{Failure, Outcome};
use crate::output::print;
use crate::services;
use clap::Args;
use muster_app::Services;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `muster apply`.
#[derive(Debug, Args)]
pub struct Apply {
    #[command(flatten)]
    store: StoreFlags,
    /// Folder with organization.yaml and campaigns/
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Delete campaigns that the folder does not mention
    #[arg(long)]
    prune: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Apply {
    /// Shows the difference, asks, and applies it in one transaction.
    pub async fn run(self) -> Outcome<ExitCode> {
        let config = self.store.load()?;
        let folder = Folder::read(&self.folder)?;
        let services = services::offline(&config).await?;
        let applied = self.apply(&services, &folder).await;
        services.store.close().await;
        applied
    }

    async fn apply(&self, services: &Services, folder: &Folder) -> Outcome<ExitCode> {
        let plan = Plan::make(services, folder, self.prune)?;
        print(&plan.to_string());
        if !plan.has_changes() {
            return Ok(ExitCode::SUCCESS);
        }
        if !self.yes && !confirmed()? {
            print("Nothing was changed.\n");
            return Ok(ExitCode::FAILURE);
        }
        plan.apply(services).await?;
        print("Applied.\n");
        Ok(ExitCode::SUCCESS)
    }
}

fn confirmed() -> Outcome<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new("ask whether to apply this", "nobody is at a terminal")
            .advise("give --yes once the plan is what you want"));
    }
    print("Apply this? Type yes: ");
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(|error| Failure::new("read the answer", error))?;
    Ok(answer.trim() == "yes")
}
