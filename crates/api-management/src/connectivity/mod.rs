//! SIM templates and SIM campaigns as they are written and shown, by the management API and by the command line.

mod campaign;
mod dry_run;
mod template;

pub use campaign::{SimCampaignDocument, SimCampaignOutput};
pub use dry_run::DryRunOutput;
pub use template::{SimTemplateDocument, SimTemplateOutput};
