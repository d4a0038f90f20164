use super::document::Document;
use super::{ClientFlag, one_line};
use crate::cli::StoreFlags;
use crate::failure::Outcome;
use crate::output::print;
use crate::services::{dialler_refused, while_open};
use clap::Args;
use muster_app::Services;
use muster_app::usecases::dialler::{self, CampaignInput, DiallerResult};
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::ids::CallCampaignId;
use serde_json::json;
use std::path::PathBuf;

/// Arguments of `muster call-campaign create`.
#[derive(Debug, Args)]
pub(super) struct Create {
    #[command(flatten)]
    store: StoreFlags,
    #[command(flatten)]
    client: ClientFlag,
    /// File with the fields of the dialler contract, such as Name, Mode and nMaxParallelLines, and under `dialling` the
    /// settings beyond it, such as pacing, policy, message, script and outcomes
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
}

impl Create {
    pub(super) async fn run(self) -> Outcome<()> {
        let document = Document::read(&self.file)?;
        let attempted = format!("make the campaign of {}", self.file.display());
        let made = while_open(&self.store, async |services| {
            self.make(services, document).await.map_err(|error| dialler_refused(&attempted, &error))
        })
        .await?;
        print(&if self.json {
            format!("{}\n", json!({ "id": made.id, "name": made.name, "active": made.active }))
        } else {
            one_line(&made)
        });
        Ok(())
    }

    /// The whole campaign or none.
    async fn make(&self, services: &Services, document: Document) -> DiallerResult<CallCampaign> {
        let Document { fields, dialling } = document;
        // It must not call before it has all its settings.
        let is_to_start = fields.active == Some(true);
        let made =
            dialler::create_campaign(services, self.client.id(), CampaignInput { active: None, ..fields })
                .await?;
        let finish = async || {
            let mut campaign = made.clone();
            if let Some(dialling) = &dialling {
                campaign = dialler::put_dialling(services, made.client, made.id, dialling).await?;
            }
            if is_to_start {
                campaign = dialler::start_campaign(services, made.client, made.id).await?;
            }
            DiallerResult::Ok(campaign)
        };
        match finish().await {
            Ok(campaign) => Ok(campaign),
            Err(error) => {
                self.take_back(services, made.id).await?;
                Err(error)
            }
        }
    }

    async fn take_back(&self, services: &Services, id: CallCampaignId) -> DiallerResult<()> {
        dialler::delete_campaign(services, self.client.id(), id).await
    }
}
