use super::{Which, one_line};
use crate::failure::Outcome;
use crate::output::print;
use crate::services::{dialler_refused, while_open};
use clap::Args;
use muster_app::usecases::dialler::{self, CloneOrder};

/// Arguments of `muster call-campaign clone`.
#[derive(Debug, Args)]
pub(super) struct Copy {
    #[command(flatten)]
    which: Which,
    /// Name of the copy
    #[arg(value_name = "NAME")]
    name: String,
    /// UserData of the copy
    #[arg(long, value_name = "TEXT")]
    user_data: Option<String>,
}

impl Copy {
    pub(super) async fn run(self) -> Outcome<()> {
        let copy = while_open(&self.which.store, async |services| {
            let source = self.which.find(services).await?;
            let order = CloneOrder {
                source: source.name,
                destination: self.name.clone(),
                user_data: self.user_data.clone(),
                valid_from: None,
                valid_to: None,
            };
            dialler::clone_campaign(services, source.client, order)
                .await
                .map_err(|error| dialler_refused(self.which.attempted("copy"), &error))
        })
        .await?;
        print(&one_line(&copy));
        Ok(())
    }
}
