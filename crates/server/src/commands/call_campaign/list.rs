use super::ClientFlag;
use crate::cli::StoreFlags;
use crate::failure::Outcome;
use crate::output::print;
use crate::services::{dialler_refused, while_open};
use clap::Args;
use muster_app::usecases::dialler;
use std::fmt::Write as _;

/// Arguments of `muster call-campaign list`.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    store: StoreFlags,
    #[command(flatten)]
    client: ClientFlag,
}

impl List {
    pub(super) async fn run(self) -> Outcome<()> {
        let campaigns = while_open(&self.store, async |services| {
            self.client.find(services).await?;
            dialler::campaigns(services, self.client.id())
                .await
                .map_err(|error| dialler_refused("list call campaigns", &error))
        })
        .await?;
        let mut text = String::new();
        for campaign in campaigns {
            let state = match (campaign.active, campaign.waits_for.as_str()) {
                (false, _) => "stopped".to_owned(),
                (true, "") => "started".to_owned(),
                (true, reason) => format!("started, waits: {reason}"),
            };
            // Writing to a String cannot fail.
            let _ =
                writeln!(text, "{:<8}{:<8}{}  ({state})", campaign.id, campaign.mode.name(), campaign.name);
        }
        print(&text);
        Ok(())
    }
}
