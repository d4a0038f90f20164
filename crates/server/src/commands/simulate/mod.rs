//! `muster simulate`: what would happen, in virtual time.

mod call_campaign;
mod table;

use crate::failure::Outcome;
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// Arguments of `muster simulate`.
#[derive(Debug, Args)]
pub struct Simulate {
    #[command(subcommand)]
    command: SimulateCommand,
}

#[derive(Debug, Subcommand)]
enum SimulateCommand {
    /// Simulate shifts of a call campaign: how busy agents would be, and how many who answer would find none of them
    CallCampaign(call_campaign::CallCampaign),
}

impl Simulate {
    /// Does what was asked.
    pub fn run(self) -> Outcome<ExitCode> {
        match self.command {
            SimulateCommand::CallCampaign(command) => command.run(),
        }
    }
}
