use super::Which;
use crate::failure::{Failure, Outcome};
use crate::output::print;
use crate::services::{dialler_refused, while_open};
use clap::Args;
use muster_app::usecases::dialler;

/// Arguments of `muster call-campaign delete`.
#[derive(Debug, Args)]
pub(super) struct Delete {
    #[command(flatten)]
    which: Which,
    /// Delete it although it is started
    #[arg(long)]
    force: bool,
}

impl Delete {
    pub(super) async fn run(self) -> Outcome<()> {
        let deleted = while_open(&self.which.store, async |services| {
            let found = self.which.find(services).await?;
            if found.active && !self.force {
                return Err(Failure::new(self.which.attempted("delete"), "it is started")
                    .advise("stop it, or say --force"));
            }
            dialler::delete_campaign(services, found.client, found.id)
                .await
                .map_err(|error| dialler_refused(self.which.attempted("delete"), &error))?;
            Ok(found)
        })
        .await?;
        print(&format!("Call campaign  {} (id {}) deleted\n", deleted.name, deleted.id));
        Ok(())
    }
}
