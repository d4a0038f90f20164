use super::Id;
use crate::cli::StoreFlags;
use crate::failure::{Failure, Outcome};
use crate::services::{refused, while_open};
use clap::{Args, ValueEnum};
use muster_app::usecases::connectivity::operators;
use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

/// Arguments of `muster sim-campaign export`.
#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    store: StoreFlags,
    #[command(flatten)]
    id: Id,
    /// A line for each participant with its last attempt, or a line for each attempt
    #[arg(long, value_enum, default_value = "last")]
    attempts: Attempts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Attempts {
    Last,
    All,
}

impl Export {
    pub(super) async fn run(self) -> Outcome<ExitCode> {
        let attempted = format!("export the results of the SIM campaign {}", self.id.id);
        while_open(&self.store, async |services| {
            let campaign = self.id.find(services).await?.value;
            let mut from = Some(0);
            while let Some(at) = from {
                let piece = operators::results(services, &campaign, at, self.attempts == Attempts::All)
                    .await
                    .map_err(|error| refused(&attempted, &error))?;
                let mut out = std::io::stdout().lock();
                match out.write_all(&piece.csv).and_then(|()| out.flush()) {
                    Ok(()) => from = piece.next,
                    // Whoever closed it has seen enough.
                    Err(error) if error.kind() == ErrorKind::BrokenPipe => break,
                    // A part must not be taken for the whole.
                    Err(error) => return Err(Failure::new(&attempted, error)),
                }
            }
            Ok(())
        })
        .await?;
        Ok(ExitCode::SUCCESS)
    }
}
