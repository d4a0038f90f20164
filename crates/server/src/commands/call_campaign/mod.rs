//! `muster call-campaign`: campaigns that call people, from the making to the results.

mod copy;
mod create;
mod delete;
mod document;
mod export;
mod list;
mod set;
mod status;
mod step;

use super::client::ClientFlag;
use crate::cli::StoreFlags;
use crate::failure::{Failure, Outcome};
use crate::services;
use crate::store;
use clap::{Args, Subcommand};
use muster_app::Services;
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::ids::{CallCampaignId, ClientId};
use std::process::ExitCode;

/// Arguments of `muster call-campaign`.
#[derive(Debug, Args)]
pub struct CallCampaignArgs {
    #[command(subcommand)]
    command: CallCampaignCommand,
}

#[derive(Debug, Subcommand)]
enum CallCampaignCommand {
    /// Make a campaign from a YAML or JSON file
    Create(create::Create),
    /// List the campaigns of a client account
    List(list::List),
    /// Change a campaign by a file like the one that makes one
    Set(set::Set),
    /// Let it call
    Start(Which),
    /// Let it begin no more calls; those under way come to their end
    Stop(Which),
    /// Show where it stands
    Status(status::Status),
    /// Print the results of all contacts, or all calls, as CSV
    Export(export::Export),
    /// Make a copy without contacts, not started
    Clone(copy::Copy),
    /// Delete it with its contacts and calls
    Delete(delete::Delete),
}

impl CallCampaignArgs {
    /// Does what was asked.
    pub async fn run(self) -> Outcome<ExitCode> {
        match self.command {
            CallCampaignCommand::Create(create) => create.run().await?,
            CallCampaignCommand::List(list) => list.run().await?,
            CallCampaignCommand::Set(set) => set.run().await?,
            CallCampaignCommand::Start(which) => step::start(&which).await?,
            CallCampaignCommand::Stop(which) => step::stop(&which).await?,
            CallCampaignCommand::Status(status) => status.run().await?,
            CallCampaignCommand::Export(export) => export.run().await?,
            CallCampaignCommand::Clone(copy) => copy.run().await?,
            CallCampaignCommand::Delete(delete) => delete.run().await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Which campaign is meant.
#[derive(Debug, Args)]
struct Which {
    #[command(flatten)]
    store: StoreFlags,
    /// The campaign's id; or its name, with --client
    #[arg(value_name = "CAMPAIGN")]
    campaign: String,
    /// The client account: its ClientsID
    #[arg(long, value_name = "ID")]
    client: Option<i64>,
}

impl Which {
    /// Completes the sentence "cannot …".
    fn attempted(&self, what: &str) -> String {
        format!("{what} the call campaign {:?}", self.campaign)
    }

    async fn find(&self, services: &Services) -> Outcome<CallCampaign> {
        if let Some(client) = self.client {
            return services::call_campaign(services, ClientId(client), &self.campaign).await;
        }
        let attempted = self.attempted("find");
        let Ok(id) = self.campaign.parse() else {
            return Err(Failure::new(attempted, "names are unique in a client account only")
                .advise("name the client account by --client, or the campaign by its id"));
        };
        let found = services.calls.campaign(CallCampaignId(id)).await;
        let found = found.map_err(|error| store::explain(&attempted, &error))?;
        found.map(|found| found.value).ok_or_else(|| {
            Failure::new(attempted, "the store does not have it")
                .advise("`muster call-campaign list` shows them")
        })
    }
}

/// One line about a campaign.
fn one_line(campaign: &CallCampaign) -> String {
    let state = if campaign.active { "started" } else { "stopped" };
    format!("Call campaign  {} (id {}), {}, {state}\n", campaign.name, campaign.id, campaign.mode.name())
}
