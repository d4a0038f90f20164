//! `muster import sims`: a table of SIM cards into an account.

use super::checkpoint::{Checkpoint, Mark};
use super::sim_rows::{SimRow, SimRows};
use crate::cli::StoreFlags;
use crate::commands::progress::Progress;
use crate::failure::{Failure, Outcome};
use crate::output::print;
use crate::services::refused;
use crate::{services, store};
use clap::Args;
use muster_app::Services;
use muster_app::usecases::connectivity::ConnectivityError;
use muster_app::usecases::connectivity::operators::{self, IMPORT_SIMS_MAX, Imported};
use muster_domain::account::Account;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `muster import sims`.
#[derive(Debug, Args)]
pub(super) struct Sims {
    #[command(flatten)]
    store: StoreFlags,
    /// A .csv file whose first line names the columns: iccid and imsi, and as far as they are known msisdn, kvn,
    /// kic_algorithm, kic, kid_algorithm, kid, counter, profile, time_zone and label. A card with several key sets has
    /// several lines; counter is the one that the card has stored
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Name of the organization
    #[arg(long, value_name = "NAME")]
    organization: String,
    /// The account that the cards come to: its id, or its name
    #[arg(long, value_name = "ACCOUNT")]
    account: String,
    /// Card profile of cards whose line names none
    #[arg(long, value_name = "NAME", default_value = "default")]
    profile: String,
    /// Take ICCIDs whose last digit is not their check digit
    #[arg(long)]
    no_check_digit: bool,
    /// Begin at the first row, even if an earlier run got further
    #[arg(long)]
    from_the_start: bool,
}

/// What became of the rows so far, earlier runs included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Tally {
    created: u64,
    keys_added: u64,
    unchanged: u64,
    refused: u64,
}

impl Tally {
    fn rows(self) -> u64 {
        self.created + self.keys_added + self.unchanged + self.refused
    }
}

impl Sims {
    /// Does what was asked.
    pub(super) async fn run(self) -> Outcome<ExitCode> {
        let config = self.store.load()?;
        let place = store::place(&config)?.to_string();
        let rows = SimRows::open(&self.file, &self.profile, !self.no_check_digit)?;
        let services = services::offline(&config).await?;
        let outcome = self.import(&services, rows, place).await;
        services.store.close().await;
        let tally = outcome?;
        print(&format!(
            "{}: {} rows: {} cards created, {} more key sets, {} unchanged, {} refused\n",
            self.file.display(),
            tally.rows(),
            tally.created,
            tally.keys_added,
            tally.unchanged,
            tally.refused
        ));
        Ok(if tally.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn import(&self, services: &Services, mut rows: SimRows, place: String) -> Outcome<Tally> {
        let organization = services::organization(services, &self.organization)?;
        let account = services::account(services, &organization, &self.account).await?;
        self.check_profile(services, &account).await?;
        let target = format!("SIM cards of account {}, profile {}", account.id, self.profile);
        let mut checkpoint = Checkpoint::of(&self.file, place, target)?;
        let (mut tally, mut seen) = (Tally::default(), Seen::default());
        let mut progress = Progress::start(rows.size_bytes());
        if !self.from_the_start
            && let Some(mark) = checkpoint.read()?
        {
            // What was imported is read over once more, so that a card given twice is noticed across runs.
            while rows.position().byte < mark.position.byte {
                let Some(SimRow { line, sim: Ok(sim) }) = rows.next()? else { continue };
                let _ = seen.note(&sim, line);
            }
            tally = mark.tally;
            progress.resume(tally.rows());
            progress
                .note(&format!("going on after {} rows, where an earlier run was interrupted", tally.rows()));
        }
        loop {
            let (mut batch, mut lines) = (Vec::new(), Vec::new());
            let mut at_end = false;
            while batch.len() < IMPORT_SIMS_MAX {
                let Some(SimRow { line, sim }) = rows.next()? else {
                    at_end = true;
                    break;
                };
                match sim.and_then(|sim| seen.note(&sim, line).map(|()| sim)) {
                    Ok(sim) => {
                        batch.push(sim);
                        lines.push(line);
                    }
                    Err(reason) => {
                        tally.refused += 1;
                        progress.note(&format!("line {line}: {reason}"));
                    }
                }
            }
            let attempted = || match lines.first() {
                Some(line) => format!("import line {line} and the next ones of {}", self.file.display()),
                None => format!("import {}", self.file.display()),
            };
            // A failure is not the rows' fault: the next ones would fare no better, and a later run goes on from here.
            let answers = operators::import_sims(services, &account, &batch)
                .await
                .map_err(|error| refused(&attempted(), &error))?;
            for (line, answer) in lines.iter().zip(answers) {
                match answer {
                    Ok(Imported::Created) => tally.created += 1,
                    Ok(Imported::KeysAdded) => tally.keys_added += 1,
                    Ok(Imported::Unchanged) => tally.unchanged += 1,
                    Err(error) => {
                        tally.refused += 1;
                        progress.note(&format!("line {line}: {error}"));
                    }
                }
            }
            progress.advance(rows.position().byte, tally.rows());
            if at_end {
                progress.finish();
                checkpoint.forget()?;
                return Ok(tally);
            }
            checkpoint.write(Mark { position: rows.position(), tally })?;
        }
    }

    async fn check_profile(&self, services: &Services, account: &Account) -> Outcome<()> {
        let attempted = format!("use the card profile {:?}", self.profile);
        let found = operators::card_profile(services, account.organization, &self.profile).await;
        match found.map_err(|error: ConnectivityError| refused(&attempted, &error))? {
            Some(_) => Ok(()),
            None => Err(Failure::new(attempted, "the organization has none of that name")
                .advise("`muster card-profile put` makes one")),
        }
    }
}

/// Which cards were named in which line, by key set.
#[derive(Default)]
struct Seen {
    /// Serial number and key version in one number, to the line; tables have millions of lines.
    lines: HashMap<u128, u64>,
}

impl Seen {
    /// Notes a row, unless an earlier one told the same card and key set.
    fn note(&mut self, sim: &muster_app::usecases::connectivity::NewSim, line: u64) -> Result<(), String> {
        let kvn = sim.key_sets.first().map_or(0, |set| set.kvn);
        // A leading 1 keeps the leading zeros of the others.
        let number: u128 = format!("1{}", sim.iccid).parse().unwrap_or_default();
        match self.lines.insert(number * 16 + u128::from(kvn), line) {
            None => Ok(()),
            Some(first) => {
                self.lines.insert(number * 16 + u128::from(kvn), first);
                Err(match kvn {
                    0 => format!("iccid: {} is in line {first} already", sim.iccid),
                    _ => format!("iccid: {} with key set {kvn} is in line {first} already", sim.iccid),
                })
            }
        }
    }
}
