use super::Id;
use crate::cli::StoreFlags;
use crate::failure::{Failure, Outcome};
use crate::output::print;
use crate::services::{refused, while_open};
use clap::Args;
use muster_api_management::connectivity::DryRunOutput;
use muster_app::usecases::connectivity::operators::{self, DryRun};
use std::fmt::Write as _;
use std::process::ExitCode;

/// Arguments of `muster sim-campaign dry-run`.
#[derive(Debug, Args)]
pub(super) struct DryRunArgs {
    #[command(flatten)]
    store: StoreFlags,
    #[command(flatten)]
    id: Id,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
}

impl DryRunArgs {
    pub(super) async fn run(self) -> Outcome<ExitCode> {
        let attempted = format!("make a dry run of the SIM campaign {}", self.id.id);
        let report = while_open(&self.store, async |services| {
            let campaign = self.id.find(services).await?.value;
            operators::dry_run(services, &campaign, &services.settings.routes, u64::MAX)
                .await
                .map_err(|error| refused(&attempted, &error))
        })
        .await?;
        let text = if self.json {
            serde_json::to_string_pretty(&DryRunOutput::of(report))
                .map_err(|error| Failure::new(attempted, error))?
        } else {
            as_text(&report)
        };
        print(&format!("{}\n", text.trim_end()));
        Ok(ExitCode::SUCCESS)
    }
}

fn as_text(report: &DryRun) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "Cards     {} enrolled, {} would be sent to", report.participants, report.ready);
    if report.ended > 0 {
        let _ = writeln!(text, "          {} have their outcome already", report.ended);
    }
    let _ = writeln!(text, "Packets   {} in {} messages", report.packets, report.segments);
    let _ = match (report.duration_s, report.fits_window) {
        (Some(seconds), Some(true)) => writeln!(text, "Duration  about {}", duration(seconds)),
        (Some(seconds), _) => {
            writeln!(text, "Duration  about {}: longer than the campaign's window", duration(seconds))
        }
        (None, _) => writeln!(text, "Duration  unknown: there is no route (sim.routes)"),
    };
    for obstacle in &report.obstacles {
        let _ = writeln!(
            text,
            "Not sent  {} cards: {} ({})",
            obstacle.cards,
            obstacle.reason,
            obstacle.examples.join(", ")
        );
    }
    text
}

fn duration(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min {seconds} s"),
        _ => format!("{hours} h {minutes} min"),
    }
}
