use super::Id;
use crate::cli::StoreFlags;
use crate::failure::Outcome;
use crate::output::print;
use crate::services::{refused, while_open};
use clap::Args;
use muster_app::usecases::authoring::forget;
use muster_app::usecases::connectivity::operators::{self, Step};
use std::process::ExitCode;

/// Arguments of the steps in a campaign's life.
#[derive(Debug, Args)]
pub(super) struct StepArgs {
    #[command(flatten)]
    store: StoreFlags,
    #[command(flatten)]
    id: Id,
}

impl StepArgs {
    pub(super) async fn run(self, step: Step) -> Outcome<ExitCode> {
        let attempted = format!("{} the SIM campaign {}", verb(step), self.id.id);
        let taken = while_open(&self.store, async |services| {
            let organization = self.id.find(services).await?.value.organization;
            operators::take_step(services, organization, self.id.of(), step, None, &forget)
                .await
                .map_err(|error| refused(&attempted, &error))
        })
        .await?
        .value;
        let because = if taken.reason.is_empty() { String::new() } else { format!(": {}", taken.reason) };
        print(&format!("SIM campaign {} is in status {}{because}\n", taken.id, taken.status.name()));
        Ok(ExitCode::SUCCESS)
    }
}

const fn verb(step: Step) -> &'static str {
    match step {
        Step::Start => "start",
        Step::Suspend => "suspend",
        Step::Resume => "resume",
        Step::Cancel => "cancel",
    }
}
