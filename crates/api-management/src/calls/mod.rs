//! Client accounts, call campaigns, contacts and calls as they are written and shown.

mod campaign;
mod client;
mod contact_rows;
mod desk;
mod results;
mod status;

pub(crate) use campaign::CallCampaignOutput;
pub(crate) use client::ClientOutput;
pub(crate) use contact_rows::read_contact;
pub(crate) use desk::AgentAtDeskOutput;
pub(crate) use results::{CALL_COLUMNS, CONTACT_COLUMNS, CallResultOutput, ContactResultOutput};
pub(crate) use status::CallStatusOutput;
