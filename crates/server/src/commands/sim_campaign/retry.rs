use super::enrol::Fared;
use super::{Id, enrol_from};
use crate::cli::StoreFlags;
use crate::failure::Outcome;
use crate::output::print;
use crate::services::{refused, while_open};
use clap::Args;
use muster_app::usecases::authoring::forget;
use muster_app::usecases::connectivity::operators;
use serde_json::json;
use std::process::ExitCode;

/// Arguments of `muster sim-campaign retry-failed`.
#[derive(Debug, Args)]
pub(super) struct Retry {
    #[command(flatten)]
    store: StoreFlags,
    #[command(flatten)]
    id: Id,
    /// Name of the new campaign; without it the old one's and "(retry)"
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    fared: Fared,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
}

impl Retry {
    pub(super) async fn run(self) -> Outcome<ExitCode> {
        let attempted = format!("make another try of the SIM campaign {}", self.id.id);
        let (made, done) = while_open(&self.store, async |services| {
            let organization = self.id.find(services).await?.value.organization;
            let name = self.name.clone();
            let made = operators::retry_failed(services, organization, self.id.of(), name, &forget)
                .await
                .map_err(|error| refused(&attempted, &error))?;
            let done = enrol_from(services, organization, made.id, &self.fared.of(self.id.of())).await?;
            Ok((made, done))
        })
        .await?;
        print(&if self.json {
            format!("{}\n", json!({ "id": made.id, "name": made.name, "enrolled": done.enrolled }))
        } else {
            format!("SIM campaign  {} (id {}), {} cards enrolled\n", made.name, made.id, done.enrolled)
        });
        Ok(ExitCode::SUCCESS)
    }
}
