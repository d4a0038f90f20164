use super::Id;
use crate::cli::StoreFlags;
use crate::failure::{Failure, Outcome};
use crate::output::print;
use crate::services::{refused, while_open};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use muster_api_management::connectivity::SimCampaignOutput;
use muster_app::Services;
use muster_app::ports::Versioned;
use muster_app::usecases::connectivity::operators::{self, Overview};
use muster_domain::participant::ParticipantStatus;
use muster_domain::sim_campaign::SimCampaign;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;

/// How often a watched campaign is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Arguments of `muster sim-campaign status`.
#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    store: StoreFlags,
    #[command(flatten)]
    id: Id,
    /// Go on until the campaign has ended: a bar on a terminal, a line for each change elsewhere
    #[arg(long)]
    watch: bool,
    /// Print one JSON object instead of text
    #[arg(long, conflicts_with = "watch")]
    json: bool,
}

/// A campaign and where it stands.
struct Seen {
    stored: Versioned<SimCampaign>,
    overview: Overview,
}

impl Status {
    pub(super) async fn run(self) -> Outcome<ExitCode> {
        let seen = while_open(&self.store, async |services| {
            if self.watch { self.watch(services).await } else { self.look(services).await }
        })
        .await?;
        let text = if self.json {
            let output = SimCampaignOutput::of(&seen.stored, &seen.overview);
            serde_json::to_string_pretty(&output)
                .map_err(|error| Failure::new(format!("show the SIM campaign {}", self.id.id), error))?
        } else {
            as_text(&seen)
        };
        print(&format!("{}\n", text.trim_end()));
        Ok(ExitCode::SUCCESS)
    }

    async fn look(&self, services: &Services) -> Outcome<Seen> {
        let stored = self.id.find(services).await?;
        let overview = operators::overview(services, &stored.value)
            .await
            .map_err(|error| refused(&format!("look at the SIM campaign {}", self.id.id), &error))?;
        Ok(Seen { stored, overview })
    }

    async fn watch(&self, services: &Services) -> Outcome<Seen> {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len}  {msg}")
                .expect("the template is one of indicatif's");
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style)
        });
        let mut told = String::new();
        loop {
            let seen = self.look(services).await?;
            let line = one_line(&seen);
            if let Some(bar) = &bar {
                bar.set_length(seen.overview.participants);
                bar.set_position(ended(&seen.overview));
                bar.set_message(line);
            } else if line != told {
                crate::output::tell(&line);
                told = line;
            }
            if seen.stored.value.status.is_terminal() {
                if let Some(bar) = &bar {
                    bar.finish();
                }
                return Ok(seen);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// Participants with an outcome.
fn ended(overview: &Overview) -> u64 {
    let ended = overview.by_status.iter().filter(|(status, _)| ParticipantStatus::is_terminal(*status));
    ended.map(|(_, count)| count).sum()
}

fn counts(overview: &Overview) -> String {
    let counts = overview.by_status.iter().map(|(status, count)| format!("{count} {}", status.name()));
    counts.collect::<Vec<_>>().join(", ")
}

fn one_line(seen: &Seen) -> String {
    let campaign = &seen.stored.value;
    let because = if campaign.reason.is_empty() { String::new() } else { format!(" ({})", campaign.reason) };
    format!("{}{because}: {}", campaign.status.name(), counts(&seen.overview))
}

fn as_text(seen: &Seen) -> String {
    let (campaign, overview) = (&seen.stored.value, &seen.overview);
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "SIM campaign  {} (id {})", campaign.name, campaign.id);
    let _ = writeln!(text, "Status        {}", campaign.status.name());
    if !campaign.reason.is_empty() {
        let _ = writeln!(text, "              {}", campaign.reason);
    }
    let at = muster_api_management::document::rfc3339;
    let _ =
        writeln!(text, "Window        {} to {}", at(campaign.window.starts_at), at(campaign.window.ends_at));
    let _ = writeln!(text, "Cards         {}", overview.participants);
    for (status, count) in &overview.by_status {
        let _ = writeln!(text, "  {:<11} {count}", status.name());
    }
    for (index, wave) in overview.waves.iter().enumerate() {
        let _ = writeln!(
            text,
            "Wave {:<8} {} cards, {} succeeded, {} failed{}",
            index + 1,
            wave.cards,
            wave.counts.succeeded,
            wave.counts.failed,
            if wave.is_open { "" } else { ", not begun" }
        );
    }
    text
}
