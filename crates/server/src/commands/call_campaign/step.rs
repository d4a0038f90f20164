//! Starting and stopping a campaign.

use super::{Which, one_line};
use crate::failure::Outcome;
use crate::output::print;
use crate::services::{dialler_refused, while_open};
use muster_app::usecases::dialler;

pub(super) async fn start(which: &Which) -> Outcome<()> {
    let campaign = while_open(&which.store, async |services| {
        let found = which.find(services).await?;
        dialler::start_campaign(services, found.client, found.id)
            .await
            .map_err(|error| dialler_refused(which.attempted("start"), &error))
    })
    .await?;
    print(&one_line(&campaign));
    Ok(())
}

pub(super) async fn stop(which: &Which) -> Outcome<()> {
    let campaign = while_open(&which.store, async |services| {
        let found = which.find(services).await?;
        dialler::stop_campaign(services, found.client, found.id)
            .await
            .map_err(|error| dialler_refused(which.attempted("stop"), &error))
    })
    .await?;
    print(&one_line(&campaign));
    Ok(())
}
