use crate::cli::StoreFlags;
use crate::failure::Outcome;
use crate::output::print;
use crate::services::{self, refused, while_open};
use clap::Args;
use muster_app::Services;
use muster_app::ports::PageOf;
use muster_app::usecases::connectivity::operators;
use std::fmt::Write as _;
use std::process::ExitCode;

/// Campaigns that are read at a time.
const PAGE: u32 = 500;

/// Arguments of `muster sim-campaign list`.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    store: StoreFlags,
    /// Name of the organization
    #[arg(long, value_name = "NAME")]
    organization: String,
    /// The account that sees them: its id, or its name
    #[arg(long, value_name = "ACCOUNT")]
    account: String,
}

impl List {
    pub(super) async fn run(self) -> Outcome<ExitCode> {
        print(&while_open(&self.store, async |services| self.list(services).await).await?);
        Ok(ExitCode::SUCCESS)
    }

    async fn list(&self, services: &Services) -> Outcome<String> {
        let organization = services::organization(services, &self.organization)?;
        let account = services::account(services, &organization, &self.account).await?;
        let mut text = String::new();
        let mut page = PageOf { number: 1, size: PAGE };
        loop {
            let found = operators::page_campaigns(services, organization.id(), account.id, page)
                .await
                .map_err(|error| refused("list SIM campaigns", &error))?;
            for campaign in found.rows {
                // Writing to a String cannot fail.
                let _ =
                    writeln!(text, "{:>6}  {:<9}  {}", campaign.id, campaign.status.name(), campaign.name);
            }
            if page.skip() + u64::from(PAGE) >= found.total {
                return Ok(text);
            }
            page.number += 1;
        }
    }
}
