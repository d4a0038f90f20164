//! `muster sim`: stand-ins for what Muster talks to, to try it out and to test it.

mod cards;
mod smsc;

use crate::failure::Outcome;
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// Arguments of `muster sim`.
#[derive(Debug, Args)]
pub struct Sim {
    #[command(subcommand)]
    command: SimCommand,
}

#[derive(Debug, Subcommand)]
enum SimCommand {
    /// Make up SIM cards and print their table: the one to import and to give to `sim smsc`
    Cards(cards::Cards),
    /// Be a message centre (SMPP 3.4) with SIM cards behind it that execute what they are sent
    Smsc(smsc::SmscCommand),
}

impl Sim {
    /// Does what was asked.
    pub async fn run(self) -> Outcome<ExitCode> {
        match self.command {
            SimCommand::Cards(cards) => cards.run(),
            SimCommand::Smsc(smsc) => smsc.run().await,
        }
    }
}
