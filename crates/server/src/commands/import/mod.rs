//! `muster import`: files into the store, in batches, resumable.
//!
//! Repeating an import changes nothing, so a batch that was committed but not yet noted is simply done again.

mod checkpoint;
mod contact_cells;
mod contact_rows;
mod contacts;
mod customers;
mod number_rows;
mod rows;
mod sim_rows;
mod sims;
mod text;

pub(super) use number_rows::NumberRows;

use crate::failure::{Failure, Outcome};
use clap::{Args, Subcommand};
use std::path::Path;
use std::process::ExitCode;

/// Arguments of `muster import`.
#[derive(Debug, Args)]
pub struct Import {
    #[command(subcommand)]
    command: ImportCommand,
}

#[derive(Debug, Subcommand)]
enum ImportCommand {
    /// Create or update customers from a CSV or NDJSON file, found by id, external_id or email
    Customers(customers::Customers),
    /// Take contacts from a CSV file of whatever encoding into a call campaign
    Contacts(contacts::Contacts),
    /// Take SIM cards, with the keys of their cards or without, from a CSV file into an account
    Sims(sims::Sims),
}

impl Import {
    /// Does what was asked.
    pub async fn run(self) -> Outcome<ExitCode> {
        match self.command {
            ImportCommand::Customers(customers) => customers.run().await,
            ImportCommand::Contacts(contacts) => contacts.run().await,
            ImportCommand::Sims(sims) => sims.run().await,
        }
    }
}

/// A failure to read the input file.
fn unreadable(file: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::new(format!("read {}", file.display()), error)
}
