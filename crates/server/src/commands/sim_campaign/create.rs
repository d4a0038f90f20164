use crate::as_code::read_document;
use crate::cli::StoreFlags;
use crate::failure::{Failure, Outcome};
use crate::output::print;
use crate::services::{self, refused, while_open};
use clap::Args;
use muster_api_management::connectivity::SimCampaignDocument;
use muster_app::usecases::authoring::forget;
use muster_app::usecases::connectivity::operators;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `muster sim-campaign create`.
#[derive(Debug, Args)]
pub(super) struct Create {
    #[command(flatten)]
    store: StoreFlags,
    /// File with name, template (its id), starts_at, ends_at, max_retries and plan
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Name of the organization
    #[arg(long, value_name = "NAME")]
    organization: String,
    /// The account that it belongs to: its id, or its name
    #[arg(long, value_name = "ACCOUNT")]
    account: String,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
}

impl Create {
    pub(super) async fn run(self) -> Outcome<ExitCode> {
        let document: SimCampaignDocument = read_document(&self.file)?;
        let attempted = format!("make the campaign of {}", self.file.display());
        let made = while_open(&self.store, async |services| {
            let organization = services::organization(services, &self.organization)?;
            let account = services::account(services, &organization, &self.account).await?;
            let new = document
                .read(services.clock.now())
                .map_err(|error| Failure::new(format!("read {}", self.file.display()), error))?;
            operators::create_campaign(services, &account, new, &forget)
                .await
                .map_err(|error| refused(&attempted, &error))
        })
        .await?;
        print(&if self.json {
            format!("{}\n", json!({ "id": made.id, "name": made.name, "status": made.status }))
        } else {
            format!("SIM campaign  {} (id {}), {}\n", made.name, made.id, made.status.name())
        });
        Ok(ExitCode::SUCCESS)
    }
}
