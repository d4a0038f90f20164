//! `muster import customers`: a file of customers into an organization.

use super::checkpoint::{Checkpoint, Mark};
use super::rows::Rows;
use crate::cli::StoreFlags;
use crate::commands::progress::Progress;
use crate::failure::Outcome;
use crate::output::print;
use crate::{services, store};
use clap::Args;
use muster_app::catalog::OrganizationSnapshot;
use muster_app::usecases::customers::{IMPORT_BATCH_MAX, ImportRow, UpsertKind, upsert_customers};
use muster_app::{AppError, Services};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `muster import customers`.
#[derive(Debug, Args)]
pub(super) struct Customers {
    #[command(flatten)]
    store: StoreFlags,
    /// A .csv file whose first line names the columns, or an .ndjson (.jsonl) file with one object a line
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Name of the organization
    #[arg(long, value_name = "NAME")]
    organization: String,
    /// Raise the platform event of a new customer for each one created, as the API does
    #[arg(long)]
    announce: bool,
    /// Begin at the first row, even if an earlier run got further
    #[arg(long)]
    from_the_start: bool,
}

/// What became of the rows so far, earlier runs included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Tally {
    created: u64,
    updated: u64,
    unchanged: u64,
    refused: u64,
}

impl Tally {
    fn rows(self) -> u64 {
        self.created + self.updated + self.unchanged + self.refused
    }
}

impl Customers {
    /// Does what was asked.
    pub(super) async fn run(self) -> Outcome<ExitCode> {
        let config = self.store.load()?;
        let place = store::place(&config)?.to_string();
        let rows = Rows::open(&self.file)?;
        let services = services::offline(&config).await?;
        let outcome = self.import(&services, rows, place).await;
        services.store.close().await;
        let tally = outcome?;
        print(&format!(
            "{}: {} rows: {} created, {} updated, {} unchanged, {} refused\n",
            self.file.display(),
            tally.rows(),
            tally.created,
            tally.updated,
            tally.unchanged,
            tally.refused
        ));
        Ok(if tally.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn import(&self, services: &Services, mut rows: Rows, place: String) -> Outcome<Tally> {
        let organization = services::organization(services, &self.organization)?;
        let mut checkpoint =
            Checkpoint::of(&self.file, place, format!("customers of organization {}", organization.id()))?;
        let mut tally = Tally::default();
        let mut progress = Progress::start(rows.size_bytes());
        if !self.from_the_start
            && let Some(mark) = checkpoint.read()?
        {
            rows.resume(mark.position)?;
            tally = mark.tally;
            progress
                .note(&format!("going on after {} rows, where an earlier run was interrupted", tally.rows()));
        }
        loop {
            let mut batch = Vec::with_capacity(IMPORT_BATCH_MAX);
            let mut lines = Vec::with_capacity(IMPORT_BATCH_MAX);
            let mut at_end = false;
            while batch.len() < IMPORT_BATCH_MAX {
                let Some((line, row)) = rows.next()? else {
                    at_end = true;
                    break;
                };
                match row {
                    Ok(row) => {
                        batch.push(ImportRow { announce: self.announce, ..row });
                        lines.push(line);
                    }
                    Err(reason) => {
                        tally.refused += 1;
                        progress.note(&format!("line {line}: {reason}"));
                    }
                }
            }
            self.commit(services, &organization, batch, &lines, &mut tally, &progress).await?;
            progress.advance(rows.position().byte, tally.rows());
            if at_end {
                progress.finish();
                checkpoint.forget()?;
                return Ok(tally);
            }
            checkpoint.write(Mark { position: rows.position(), tally })?;
        }
    }

    async fn commit(
        &self,
        services: &Services,
        organization: &OrganizationSnapshot,
        batch: Vec<ImportRow>,
        lines: &[u64],
        tally: &mut Tally,
        progress: &Progress,
    ) -> Outcome<()> {
        for (line, answer) in lines.iter().zip(upsert_customers(services, organization, batch).await) {
            match answer {
                Ok(upserted) => match upserted.kind {
                    UpsertKind::Created => tally.created += 1,
                    UpsertKind::Updated => tally.updated += 1,
                    UpsertKind::Unchanged => tally.unchanged += 1,
                },
                // Not the row's fault: the next row would fare no better, and a later run goes on from here.
                Err(AppError::Store(error)) => {
                    let attempted = format!("import line {line} of {}", self.file.display());
                    return Err(store::explain(&attempted, &error));
                }
                Err(error) => {
                    tally.refused += 1;
                    progress.note(&format!("line {line}: {error}"));
                }
            }
        }
        Ok(())
    }
}
