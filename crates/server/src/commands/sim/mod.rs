//! `muster sim`: stand-ins for what Muster talks to, to try it out and to test it.

mod cards;
mod contacts;
mod phones;
mod smsc;

use crate::failure::Outcome;
use clap::{Args, Subcommand};
use std::error::Error;
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
    /// Make up contacts with numbers that nobody has and print their table: one to import
    Contacts(contacts::Contacts),
    /// Be a message centre (SMPP 3.4) with SIM cards behind it that execute what they are sent
    Smsc(smsc::SmscCommand),
    /// Be a carrier's trunk (SIP) with people behind it, and the phones on agents' desks
    Phones(Box<phones::PhonesCommand>),
}

impl Sim {
    /// Does what was asked.
    pub async fn run(self) -> Outcome<ExitCode> {
        match self.command {
            SimCommand::Cards(cards) => cards.run(),
            SimCommand::Contacts(contacts) => contacts.run(),
            SimCommand::Smsc(smsc) => smsc.run().await,
            SimCommand::Phones(phones) => phones.run().await,
        }
    }
}

/// An error and what caused it, in one line.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text.replace('\n', " ")
}
