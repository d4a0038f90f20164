//! `muster card-profile`: how cards of a make want to be spoken to.

use crate::as_code::read_document;
use crate::cli::StoreFlags;
use crate::failure::{Failure, Outcome};
use crate::output::print;
use crate::services::{self, refused, while_open};
use clap::{Args, Subcommand};
use muster_app::usecases::authoring::forget;
use muster_app::usecases::connectivity::operators;
use muster_domain::sim::CardProfile;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `muster card-profile`.
#[derive(Debug, Args)]
pub struct CardProfileArgs {
    #[command(subcommand)]
    command: CardProfileCommand,
}

#[derive(Debug, Subcommand)]
enum CardProfileCommand {
    /// Create or replace a profile from a YAML or JSON file; what the file leaves out has its default
    Put(Put),
    /// Print the profiles of an organization as JSON
    List(List),
}

#[derive(Debug, Args)]
struct Put {
    #[command(flatten)]
    store: StoreFlags,
    /// File with the profile; its name is in it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Name of the organization
    #[arg(long, value_name = "NAME")]
    organization: String,
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    store: StoreFlags,
    /// Name of the organization
    #[arg(long, value_name = "NAME")]
    organization: String,
}

impl CardProfileArgs {
    /// Does what was asked.
    pub async fn run(self) -> Outcome<ExitCode> {
        match self.command {
            CardProfileCommand::Put(put) => put.run().await?,
            CardProfileCommand::List(list) => list.run().await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Put {
    async fn run(self) -> Outcome<()> {
        let profile: CardProfile = read_document(&self.file)?;
        let attempted = format!("put the card profile {:?}", profile.name);
        let put = while_open(&self.store, async |services| {
            let organization = services::organization(services, &self.organization)?;
            operators::put_card_profile(services, organization.id(), profile, &forget)
                .await
                .map_err(|error| refused(&attempted, &error))
        })
        .await?;
        print(&format!("Card profile  {}\n", put.name));
        Ok(())
    }
}

impl List {
    async fn run(self) -> Outcome<()> {
        let attempted = "list card profiles";
        let profiles = while_open(&self.store, async |services| {
            let organization = services::organization(services, &self.organization)?;
            operators::card_profiles(services, organization.id())
                .await
                .map_err(|error| refused(attempted, &error))
        })
        .await?;
        let text = serde_json::to_string_pretty(&profiles).map_err(|error| Failure::new(attempted, error))?;
        print(&format!("{text}\n"));
        Ok(())
    }
}
