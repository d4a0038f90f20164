//! `muster do-not-call`: numbers that nobody of a client account may call.

use super::client::ClientFlag;
use super::import::NumberRows;
use super::progress::Progress;
use crate::cli::StoreFlags;
use crate::failure::{Failure, Outcome};
use crate::output::print;
use crate::services::{dialler_refused, while_open};
use clap::{Args, Subcommand};
use muster_app::Services;
use muster_app::usecases::dialler::{self, SUPPRESSION_MAX};
use muster_domain::calls::number::E164;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Numbers that are listed at once.
const PAGE: u32 = 1000;

/// Arguments of `muster do-not-call`.
#[derive(Debug, Args)]
pub struct DoNotCallArgs {
    #[command(subcommand)]
    command: DoNotCallCommand,
}

#[derive(Debug, Subcommand)]
enum DoNotCallCommand {
    /// Forbid calls to numbers
    Add(Add),
    /// Allow calls to numbers again
    Remove(Remove),
    /// List the numbers with their reasons
    List(List),
    /// Forbid calls to the numbers of a file: one a line, or a column of a table
    Import(Import),
}

#[derive(Debug, Args)]
struct Common {
    #[command(flatten)]
    store: StoreFlags,
    #[command(flatten)]
    client: ClientFlag,
    /// ISO 3166 code of the country whose numbers stand without a country code; the client account's if absent
    #[arg(long, value_name = "CODE")]
    region: Option<String>,
}

#[derive(Debug, Args)]
struct Add {
    #[command(flatten)]
    common: Common,
    /// The numbers
    #[arg(value_name = "NUMBER", required = true)]
    numbers: Vec<String>,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "by an operator")]
    reason: String,
}

#[derive(Debug, Args)]
struct Remove {
    #[command(flatten)]
    common: Common,
    /// The numbers
    #[arg(value_name = "NUMBER", required = true)]
    numbers: Vec<String>,
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    store: StoreFlags,
    #[command(flatten)]
    client: ClientFlag,
}

#[derive(Debug, Args)]
struct Import {
    #[command(flatten)]
    common: Common,
    /// The file: numbers in its first column, or in the one that its first line calls PhoneNumber, Number or Phone
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "by a list")]
    reason: String,
    /// Encoding of the file, such as utf-8, utf-16le or windows-1252; found out if absent
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
}

impl DoNotCallArgs {
    /// Does what was asked.
    pub async fn run(self) -> Outcome<ExitCode> {
        match self.command {
            DoNotCallCommand::Add(add) => add.run().await?,
            DoNotCallCommand::Remove(remove) => remove.run().await?,
            DoNotCallCommand::List(list) => list.run().await?,
            DoNotCallCommand::Import(import) => return import.run().await,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Common {
    /// The country whose numbers stand without a country code.
    async fn region(&self, services: &Services) -> Outcome<String> {
        let client = self.client.find(services).await?;
        Ok(self.region.clone().unwrap_or(client.region))
    }

    async fn read(&self, services: &Services, texts: &[String]) -> Outcome<Vec<E164>> {
        let region = self.region(services).await?;
        let read = |text: &String| {
            dialler::read_number(text, &region)
                .map_err(|why| Failure::new(format!("read the number {text:?}"), why))
        };
        texts.iter().map(read).collect()
    }
}

impl Add {
    async fn run(self) -> Outcome<()> {
        let count = while_open(&self.common.store, async |services| {
            let numbers = self.common.read(services, &self.numbers).await?;
            for piece in numbers.chunks(SUPPRESSION_MAX) {
                dialler::suppress(services, self.common.client.id(), piece, &self.reason)
                    .await
                    .map_err(|error| dialler_refused("forbid calls to these numbers", &error))?;
            }
            Ok(numbers.len())
        })
        .await?;
        print(&format!("{count} numbers are not called any more\n"));
        Ok(())
    }
}

impl Remove {
    async fn run(self) -> Outcome<()> {
        let count = while_open(&self.common.store, async |services| {
            let numbers = self.common.read(services, &self.numbers).await?;
            for piece in numbers.chunks(SUPPRESSION_MAX) {
                dialler::unsuppress(services, self.common.client.id(), piece)
                    .await
                    .map_err(|error| dialler_refused("allow calls to these numbers", &error))?;
            }
            Ok(numbers.len())
        })
        .await?;
        print(&format!("{count} numbers may be called again\n"));
        Ok(())
    }
}

impl List {
    async fn run(self) -> Outcome<()> {
        while_open(&self.store, async |services| {
            let mut after: Option<String> = None;
            loop {
                let page = dialler::page_suppressed(services, self.client.id(), after.as_deref(), PAGE)
                    .await
                    .map_err(|error| dialler_refused("list the numbers that are not called", &error))?;
                let mut text = String::new();
                for record in &page {
                    // Writing to a String cannot fail.
                    let _ = writeln!(
                        text,
                        "+{:<15}  {}",
                        record.number,
                        record.suppressed.as_deref().unwrap_or_default()
                    );
                }
                print(&text);
                after = page.last().map(|record| record.number.clone());
                if page.len() < PAGE as usize {
                    return Ok(());
                }
            }
        })
        .await
    }
}

impl Import {
    async fn run(self) -> Outcome<ExitCode> {
        let (taken, refused) =
            while_open(&self.common.store, async |services| self.import(services).await).await?;
        print(&format!(
            "{}: {taken} numbers are not called any more, {refused} rows refused\n",
            self.file.display()
        ));
        Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Forbidding once more changes nothing, so an interrupted run is simply begun anew.
    async fn import(&self, services: &Services) -> Outcome<(u64, u64)> {
        let region = self.common.region(services).await?;
        let mut rows = NumberRows::open(&self.file, self.encoding.as_deref())?;
        let mut progress = Progress::start(rows.size_bytes());
        let (mut taken, mut refused) = (0, 0);
        let mut batch = Vec::new();
        loop {
            let row = rows.next()?;
            let at_end = row.is_none();
            if let Some((line, text)) = row {
                match dialler::read_number(&text, &region) {
                    Ok(number) => batch.push(number),
                    Err(why) => {
                        refused += 1;
                        progress.note(&format!("line {line}: {why}"));
                    }
                }
            }
            if batch.len() == SUPPRESSION_MAX || (at_end && !batch.is_empty()) {
                dialler::suppress(services, self.common.client.id(), &batch, &self.reason).await.map_err(
                    |error| dialler_refused(format!("take the numbers of {}", self.file.display()), &error),
                )?;
                taken += batch.len() as u64;
                batch.clear();
                progress.advance(rows.taken(), taken + refused);
            }
            if at_end {
                progress.finish();
                return Ok((taken, refused));
            }
        }
    }
}
