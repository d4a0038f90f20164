//! One file a command.

pub mod account;
pub mod agent;
pub mod app;
pub mod apply;
pub mod call_campaign;
pub mod card_profile;
pub mod client;
pub mod do_not_call;
pub mod doctor;
pub mod explain;
pub mod export;
pub mod import;
pub mod migrate;
pub mod openapi;
pub mod ota;
pub mod plan;
pub mod policy;
mod progress;
pub mod prompt;
pub mod serve;
pub mod sim;
pub mod sim_campaign;
pub mod sim_template;
pub mod simulate;

use crate::cli::{Cli, Command};
use crate::failure::Outcome;
use std::process::ExitCode;

/// Runs what was asked.
pub async fn run(cli: Cli) -> Outcome<ExitCode> {
    match cli.command {
        Command::Serve(command) => command.run().await,
        Command::Migrate(command) => command.run().await,
        Command::Doctor(command) => command.run().await,
        Command::App(command) => command.run().await,
        Command::Account(command) => command.run().await,
        Command::Import(command) => command.run().await,
        Command::Plan(command) => command.run().await,
        Command::Apply(command) => command.run().await,
        Command::Export(command) => command.run().await,
        Command::Explain(command) => command.run().await,
        Command::Openapi(command) => command.run(),
        Command::Ota(command) => command.run(),
        Command::Client(command) => command.run().await,
        Command::Agent(command) => command.run().await,
        Command::Prompt(command) => command.run().await,
        Command::Policy(command) => command.run().await,
        Command::CallCampaign(command) => command.run().await,
        Command::DoNotCall(command) => command.run().await,
        Command::CardProfile(command) => command.run().await,
        Command::SimTemplate(command) => command.run().await,
        Command::SimCampaign(command) => command.run().await,
        Command::Sim(command) => command.run().await,
        Command::Simulate(command) => command.run(),
    }
}
