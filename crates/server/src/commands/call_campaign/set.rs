use super::document::Document;
use super::{Which, one_line};
use crate::failure::Outcome;
use crate::output::print;
use crate::services::{dialler_refused, while_open};
use clap::Args;
use muster_app::Services;
use muster_app::usecases::dialler::{self, DiallerResult};
use muster_domain::calls::campaign::CallCampaign;
use std::path::PathBuf;

/// Arguments of `muster call-campaign set`.
#[derive(Debug, Args)]
pub(super) struct Set {
    #[command(flatten)]
    which: Which,
    /// File like the one that makes a campaign: fields that it leaves out stay, and a `dialling` in it replaces all
    /// settings of dialling
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Set {
    pub(super) async fn run(self) -> Outcome<()> {
        let document = Document::read(&self.file)?;
        let attempted =
            format!("make the call campaign {:?} what {} says", self.which.campaign, self.file.display());
        let campaign = while_open(&self.which.store, async |services| {
            let before = self.which.find(services).await?;
            change(services, before, &document).await.map_err(|error| dialler_refused(&attempted, &error))
        })
        .await?;
        print(&one_line(&campaign));
        Ok(())
    }
}

/// Both parts of the file or none.
async fn change(
    services: &Services,
    before: CallCampaign,
    document: &Document,
) -> DiallerResult<CallCampaign> {
    if let Some(dialling) = &document.dialling {
        dialler::put_dialling(services, before.client, before.id, dialling).await?;
    }
    match dialler::change_campaign(services, before.client, before.id, &document.fields).await {
        Ok(campaign) => Ok(campaign),
        Err(error) => {
            if document.dialling.is_some() {
                dialler::put_dialling(services, before.client, before.id, &before.dialling).await?;
            }
            Err(error)
        }
    }
}
