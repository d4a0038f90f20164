//! `muster sim-campaign`: campaigns that change SIM cards, from the making to the results.

mod create;
mod dry_run;
mod enrol;
mod export;
mod list;
mod retry;
mod status;
mod step;

use crate::failure::{Failure, Outcome};
use crate::services::refused;
use crate::store;
use clap::{Args, Subcommand};
use muster_app::Services;
use muster_app::ports::Versioned;
use muster_app::usecases::connectivity::operators;
use muster_domain::ids::{OrganizationId, SimCampaignId};
use muster_domain::sim_campaign::SimCampaign;
use std::process::ExitCode;

/// Arguments of `muster sim-campaign`.
#[derive(Debug, Args)]
pub struct SimCampaignArgs {
    #[command(subcommand)]
    command: SimCampaignCommand,
}

#[derive(Debug, Subcommand)]
enum SimCampaignCommand {
    /// Make a campaign from a YAML or JSON file; it does nothing until it is started
    Create(create::Create),
    /// Enrol cards: by a file, by what they are, or by how they fared in another campaign
    Enrol(enrol::Enrol),
    /// Tell what the campaign would send, without sending anything
    DryRun(dry_run::DryRunArgs),
    /// Run it for the first time
    Start(step::StepArgs),
    /// Pause it
    Suspend(step::StepArgs),
    /// Run it again after a pause
    Resume(step::StepArgs),
    /// End it for good
    Cancel(step::StepArgs),
    /// List the campaigns of an account
    List(list::List),
    /// Show where it stands
    Status(status::Status),
    /// Print the results of all participants as CSV
    Export(export::Export),
    /// Make a new campaign of the same template and plan with the participants that failed
    RetryFailed(retry::Retry),
}

impl SimCampaignArgs {
    /// Does what was asked.
    pub async fn run(self) -> Outcome<ExitCode> {
        use operators::Step;
        match self.command {
            SimCampaignCommand::Create(create) => create.run().await,
            SimCampaignCommand::Enrol(enrol) => enrol.run().await,
            SimCampaignCommand::DryRun(dry_run) => dry_run.run().await,
            SimCampaignCommand::Start(step) => step.run(Step::Start).await,
            SimCampaignCommand::Suspend(step) => step.run(Step::Suspend).await,
            SimCampaignCommand::Resume(step) => step.run(Step::Resume).await,
            SimCampaignCommand::Cancel(step) => step.run(Step::Cancel).await,
            SimCampaignCommand::List(list) => list.run().await,
            SimCampaignCommand::Status(status) => status.run().await,
            SimCampaignCommand::Export(export) => export.run().await,
            SimCampaignCommand::RetryFailed(retry) => retry.run().await,
        }
    }
}

/// Which campaign is meant.
#[derive(Debug, Clone, Copy, Args)]
struct Id {
    /// The campaign's id
    #[arg(value_name = "ID")]
    id: i64,
}

impl Id {
    const fn of(self) -> SimCampaignId {
        SimCampaignId(self.id)
    }

    /// The campaign, of whatever organization.
    async fn find(self, services: &Services) -> Outcome<Versioned<SimCampaign>> {
        let attempted = format!("find the SIM campaign {}", self.id);
        let found = services.sims.sim_campaign(self.of()).await;
        let found = found.map_err(|error| store::explain(&attempted, &error))?;
        found.ok_or_else(|| Failure::new(attempted, "the store does not have it"))
    }
}

/// What became of cards that were to be enrolled.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    enrolled: u64,
    already: u64,
    refused: u64,
}

impl Counts {
    fn add(&mut self, done: &operators::Enrolled) {
        self.enrolled += done.enrolled;
        self.already += done.already;
        self.refused += done.refused.len() as u64;
    }
}

/// Enrols participants of one campaign in another, all of them.
async fn enrol_from(
    services: &Services,
    organization: OrganizationId,
    id: SimCampaignId,
    source: &operators::FromCampaign,
) -> Outcome<Counts> {
    let mut all = Counts::default();
    let mut from = 0;
    loop {
        let (done, next) = operators::enrol_from(services, organization, id, source, from, PIECE)
            .await
            .map_err(|error| refused(&format!("enrol in campaign {id}"), &error))?;
        all.add(&done);
        match next {
            Some(next) => from = next,
            None => return Ok(all),
        }
    }
}

/// Cards that are looked at between two signs of progress.
const PIECE: u64 = 10_000;
