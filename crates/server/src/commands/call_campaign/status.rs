use super::Which;
use crate::failure::Outcome;
use crate::output::print;
use crate::services::{dialler_refused, while_open};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use muster_app::Services;
use muster_app::usecases::dialler::{self, CampaignStatus};
use muster_domain::calls::result_code::Language;
use muster_domain::participant::ParticipantStatus;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::time::Duration;

/// How often a watched campaign is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Arguments of `muster call-campaign status`.
#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    which: Which,
    /// Go on until every contact is closed, or until Ctrl-C: redrawn on a terminal, a line for each change elsewhere
    #[arg(long)]
    watch: bool,
    /// Print one JSON object instead of text
    #[arg(long, conflicts_with = "watch")]
    json: bool,
}

impl Status {
    pub(super) async fn run(self) -> Outcome<()> {
        let seen = while_open(&self.which.store, async |services| {
            if self.watch { self.watch(services).await } else { self.look(services).await }
        })
        .await?;
        print(&if self.json { format!("{}\n", as_json(&seen)) } else { as_text(&seen) });
        Ok(())
    }

    async fn look(&self, services: &Services) -> Outcome<CampaignStatus> {
        let found = self.which.find(services).await?;
        dialler::campaign_status(services, found.client, found.id)
            .await
            .map_err(|error| dialler_refused(self.which.attempted("look at"), &error))
    }

    async fn watch(&self, services: &Services) -> Outcome<CampaignStatus> {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len} contacts closed\n{msg}")
                .expect("the template is one of indicatif's");
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style)
        });
        let interrupted = tokio::signal::ctrl_c();
        tokio::pin!(interrupted);
        let mut told = String::new();
        loop {
            let seen = self.look(services).await?;
            let (closed, total) = (closed(&seen), seen.counts.total());
            if let Some(bar) = &bar {
                bar.set_length(total);
                bar.set_position(closed);
                bar.set_message(as_text(&seen).trim_end().to_owned());
            } else {
                let line = one_line(&seen);
                if line != told {
                    crate::output::tell(&line);
                    told = line;
                }
            }
            let is_over = closed == total && seen.counts.open_calls == 0;
            let is_interrupted = !is_over
                && tokio::select! {
                    // Where the signal cannot be listened for, it ends the process as ever.
                    heard = &mut interrupted => heard.is_ok(),
                    () = tokio::time::sleep(LOOK_EVERY) => false,
                };
            if is_over || is_interrupted {
                if let Some(bar) = &bar {
                    bar.finish_and_clear();
                }
                return Ok(seen);
            }
        }
    }
}

/// Statuses of contacts, with their counts where there are any.
fn by_status(seen: &CampaignStatus) -> impl Iterator<Item = (ParticipantStatus, u64)> {
    let counted = ParticipantStatus::ALL.into_iter().map(|status| (status, seen.counts.of(status)));
    counted.filter(|(_, count)| *count > 0)
}

/// Contacts that are never called again.
fn closed(seen: &CampaignStatus) -> u64 {
    by_status(seen).filter(|(status, _)| status.is_terminal()).map(|(_, count)| count).sum()
}

/// Result codes that contacts have, by key, with their texts.
fn results(seen: &CampaignStatus) -> Vec<(&str, &str, u64)> {
    let code = |id| seen.codes.iter().find(|code| code.id == id);
    let named = seen.counts.results.iter().filter(|(_, count)| **count > 0).filter_map(|(id, count)| {
        code(*id).map(|code| (code.export_key.as_str(), code.content(Language::English), *count))
    });
    named.collect()
}

fn one_line(seen: &CampaignStatus) -> String {
    let contacts: Vec<_> =
        by_status(seen).map(|(status, count)| format!("{count} {}", status.name())).collect();
    let outcomes: Vec<_> =
        seen.counts.outcomes.iter().map(|(outcome, count)| format!("{count} {}", outcome.name())).collect();
    let mut line = format!("contacts: {}; {} calls open", contacts.join(", "), seen.counts.open_calls);
    if !outcomes.is_empty() {
        let _ = write!(line, "; calls: {}", outcomes.join(", "));
    }
    if seen.campaign.active && !seen.campaign.waits_for.is_empty() {
        let _ = write!(line, "; waits: {}", seen.campaign.waits_for);
    }
    line
}

fn as_text(seen: &CampaignStatus) -> String {
    let campaign = &seen.campaign;
    let mut text = super::one_line(campaign);
    // Writing to a String cannot fail.
    if campaign.active && !campaign.waits_for.is_empty() {
        let _ = writeln!(text, "Waits          {}", campaign.waits_for);
    }
    if let Some(at) = seen.next_due {
        let _ = writeln!(text, "Next due       {}", muster_api_management::document::rfc3339(at));
    }
    let _ = writeln!(text, "Contacts       {}", seen.counts.total());
    for (status, count) in by_status(seen) {
        let _ = writeln!(text, "  {:<18}{count:>8}", status.name());
    }
    let over: u64 = seen.counts.outcomes.values().sum();
    let _ =
        writeln!(text, "Calls          {} ({} open)", over + seen.counts.open_calls, seen.counts.open_calls);
    for (outcome, count) in &seen.counts.outcomes {
        let _ = writeln!(text, "  {:<18}{count:>8}", outcome.name());
    }
    let results = results(seen);
    if !results.is_empty() {
        text.push_str("Results\n");
    }
    for (key, content, count) in results {
        let _ = writeln!(text, "  {key:<18}{count:>8}  {content}");
    }
    text
}

fn as_json(seen: &CampaignStatus) -> Value {
    let contacts: Map<_, _> =
        by_status(seen).map(|(status, count)| (status.name().to_owned(), count.into())).collect();
    let outcomes = seen.counts.outcomes.iter();
    let outcomes: Map<_, _> =
        outcomes.map(|(outcome, count)| (outcome.name().to_owned(), (*count).into())).collect();
    let results: Map<_, _> =
        results(seen).into_iter().map(|(key, _, count)| (key.to_owned(), count.into())).collect();
    json!({
        "id": seen.campaign.id,
        "name": seen.campaign.name,
        "active": seen.campaign.active,
        "waits_for": seen.campaign.waits_for,
        "next_due": seen.next_due.map(muster_api_management::document::rfc3339),
        "contacts": contacts,
        "total": seen.counts.total(),
        "calls": outcomes,
        "open_calls": seen.counts.open_calls,
        "results": results,
    })
}
