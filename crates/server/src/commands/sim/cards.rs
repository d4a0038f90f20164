//! `muster sim cards`

use crate::failure::{Failure, Outcome};
use crate::output::print;
use clap::Args;
use muster_peers::provision::{generate_cards, write_cards};
use std::process::ExitCode;

/// Arguments of `muster sim cards`.
#[derive(Debug, Args)]
pub(super) struct Cards {
    /// How many
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    count: u32,
    /// Decides numbers and keys: the same seed makes the same cards
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
}

impl Cards {
    /// Prints the table.
    pub(super) fn run(&self) -> Outcome<ExitCode> {
        let cards = generate_cards(self.seed, self.count as usize);
        let mut table = Vec::new();
        write_cards(&mut table, &cards).map_err(|error| Failure::new("make the table of cards", error))?;
        print(&String::from_utf8_lossy(&table));
        Ok(ExitCode::SUCCESS)
    }
}
